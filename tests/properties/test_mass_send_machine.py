"""
Drive a mass send at random beside a model of it.
"""

from circlekit.testing import MassSendMachine

TestMassSend = MassSendMachine.TestCase
