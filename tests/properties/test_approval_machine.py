"""
Drive an approval at random beside a model too simple to be wrong.
"""

from circlekit.testing import ApprovalMachine

TestApproval = ApprovalMachine.TestCase
