"""
Drive a live at random beside a model of it.
"""

from circlekit.testing import LiveMachine

TestLive = LiveMachine.TestCase
