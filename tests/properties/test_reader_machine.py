"""
Drive a reader at random beside a model too simple to be wrong.
"""

from circlekit.testing import ReaderMachine

TestReader = ReaderMachine.TestCase
