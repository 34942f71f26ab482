"""
Drive an identity at random beside a model too simple to be wrong.
"""

from circlekit.testing import IdentityMachine

TestIdentity = IdentityMachine.TestCase
