"""
Drive a to-do at random beside a model too simple to be wrong.
"""

from circlekit.testing import TodoMachine

TestTodo = TodoMachine.TestCase
