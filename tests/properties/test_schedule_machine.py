"""
Drive a circle's schedule at random beside a model too simple to be wrong.
"""

import pytest

from circlekit.budget import CALENDAR_DAY, Budget, rolling
from circlekit.rulebook import DINGTALK_2020, RuleBook
from circlekit.testing import ScheduleMachine


class DingTalkMachine(ScheduleMachine):
    """
    By the numbers of the book that is shipped, where they come from.
    """

    rule_book = DINGTALK_2020
    zones = ("Asia/Shanghai",)


class HouseMachine(ScheduleMachine):
    """
    By a house's own numbers: two in 36 hours, and one a day where clocks are changed.
    """

    rule_book = RuleBook(
        name="house",
        must_see=(
            Budget("two-in-36-hours", 2, rolling(hours=36)),
            Budget("one-a-day", 1, CALENDAR_DAY),
        ),
    )
    zones = ("America/New_York", "Australia/Lord_Howe")


TestSchedule = pytest.mark.covers("A035", "A036")(ScheduleMachine.TestCase)
TestDingTalk = DingTalkMachine.TestCase
TestHouse = HouseMachine.TestCase
