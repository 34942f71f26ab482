"""
Drive homework at random beside a model too simple to be wrong.
"""

import pytest

from circlekit.testing import HomeworkMachine

TestHomework = pytest.mark.covers("A010", "A064", "A065")(HomeworkMachine.TestCase)
