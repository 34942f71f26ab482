"""
Drive a customer at random beside a model too simple to be wrong.
"""

from circlekit.testing import CustomerMachine

TestCustomer = CustomerMachine.TestCase
