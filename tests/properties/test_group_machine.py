"""
Drive a group at random beside a model too simple to be wrong.
"""

from circlekit.testing import GroupMachine

TestGroup = GroupMachine.TestCase
