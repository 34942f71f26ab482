"""
Drive topics at random beside models too simple to be wrong.
"""

from circlekit.testing import TopicMachine, TopicNamesMachine

TestTopic = TopicMachine.TestCase
TestTopicNames = TopicNamesMachine.TestCase
