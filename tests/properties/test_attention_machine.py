"""
Drive a reader's attention at random beside a model too simple to be wrong.
"""

import pytest

from circlekit.testing import AttentionMachine

TestAttention = pytest.mark.covers("P07", "P13", "P31")(AttentionMachine.TestCase)
