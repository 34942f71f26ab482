"""
Drive a circle at random beside a model too simple to be wrong.
"""

from circlekit.budget import Budget, rolling
from circlekit.rulebook import DINGTALK_2020, RuleBook
from circlekit.testing import CircleMachine


class DingTalkMachine(CircleMachine):
    """
    By the numbers of the book that is shipped, where they come from.
    """

    rule_book = DINGTALK_2020
    zones = ("Asia/Shanghai",)


class HouseMachine(CircleMachine):
    """
    By a house's own numbers: six in thirty days, half a day apart.
    """

    rule_book = RuleBook(
        name="house",
        must_see=(
            Budget("six-in-thirty-days", 6, rolling(days=30)),
            Budget("half-a-day-apart", 1, rolling(hours=12)),
        ),
    )


TestCircle = CircleMachine.TestCase
TestDingTalk = DingTalkMachine.TestCase
TestHouse = HouseMachine.TestCase
