"""
Drive a circle's schedule at random beside a model too simple to be wrong.
"""

from datetime import UTC, datetime, timedelta

import pytest

from circlekit.budget import (
    CALENDAR_DAY,
    CALENDAR_MONTH,
    CALENDAR_WEEK,
    Budget,
    rolling,
)
from circlekit.rulebook import DINGTALK_2020, RuleBook
from circlekit.testing import ScheduleMachine
from tests.people import MEI


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


def test_held_by_one_rule_after_another():
    """
    What is held by one rule may be held by another when the first has let go.

    On Friday the 1st a new month begins, and the week's must-see is still reserved.
    """
    book = RuleBook(
        name="house",
        must_see=(
            Budget("two-a-month", 2, CALENDAR_MONTH),
            Budget("one-a-week", 1, CALENDAR_WEEK),
        ),
    )
    machine, at_once = ScheduleMachine(), timedelta(0)
    founded = datetime(2028, 10, 2, tzinfo=UTC)
    machine.found(
        "community", None, "UTC", book, founded, other_book=book, settled=False
    )
    held = machine.place
    machine.schedule_must_see(at_once, timedelta(days=14), MEI, None)
    machine.clock = datetime(2028, 11, 2, tzinfo=UTC)
    machine.send_must_see(at_once, MEI, None, None)
    machine.schedule_must_see(at_once, timedelta(days=28), MEI, None)
    machine.clock = datetime(2028, 11, 13, tzinfo=UTC)

    machine.release_one(held)

    assert held in machine.planned
    _, verdict = machine.answer(
        lambda at: machine.it.release_scheduled(machine.cited(held), at=at), machine.at
    )
    assert ("two-a-month",) == verdict.rules
    _, verdict = machine.answer(
        lambda at: machine.it.release_scheduled(machine.cited(held), at=at),
        verdict.retry_at,
    )
    assert ("one-a-week",) == verdict.rules
    machine.teardown()
