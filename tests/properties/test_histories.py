"""
Whole histories are drawn that could have happened.
"""

from datetime import timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import Phase, find, given, settings

from circlekit.events.circle import GroupLinked, MustSeeSent
from circlekit.events.customer import MomentShown
from circlekit.events.group import GroupMuted
from circlekit.rulebook import DINGTALK_2020
from circlekit.testing import (
    circle_histories,
    clock_changes,
    customer_histories,
    group_histories,
)
from circlekit.testing.machines.counting import Spent, used_up

# Found is enough; how small they can be made is Hypothesis's business.
STEADY = settings(
    database=None, derandomize=True, max_examples=20_000, phases=[Phase.generate]
)


def must_sees(history):
    return [
        Spent(event.at, place)
        for place, event in enumerate(history.events, start=1)
        if isinstance(event, MustSeeSent) and event.override is None
    ]


@pytest.mark.parametrize(
    "histories", [circle_histories, customer_histories, group_histories]
)
def test_in_order(histories):
    """
    Moments never run backwards, and every event has its place.
    """

    @settings(database=None)
    @given(histories())
    def check(history):
        assert all(
            earlier.at <= later.at for earlier, later in pairwise(history.events)
        )
        assert len(history.events) == history.replayed().version

    check()


@settings(database=None)
@given(circle_histories(rule_book=DINGTALK_2020))
def test_allowed(history):
    """
    No must-see is in a history that was not within the rule book's numbers.

    Those that were sent by override use the quota up as well.
    """
    every = [
        Spent(event.at, place)
        for place, event in enumerate(history.events, start=1)
        if isinstance(event, MustSeeSent)
    ]
    for spent in must_sees(history):
        before = [it for it in every if it.place < spent.place]
        assert [] == used_up(DINGTALK_2020.must_see, before, history.zone, spent.at)


def over_a_clock_change(history):
    changes = clock_changes(history.zone)
    return any(
        one.at < change <= other.at < one.at + timedelta(days=3)
        for one, other in pairwise(must_sees(history))
        for change in changes
    )


def over_a_year_end(history):
    years = [it.at.astimezone(ZoneInfo(history.zone)).year for it in must_sees(history)]
    return len(set(years)) > 1


@pytest.mark.parametrize(
    ("histories", "shown"),
    [
        (circle_histories(zone="America/New_York"), over_a_clock_change),
        (circle_histories(), over_a_year_end),
        (circle_histories(), lambda it: len(must_sees(it)) > 3),
        (
            circle_histories(),
            lambda it: any(
                isinstance(event, GroupLinked) and not event.bound
                for event in it.events
            ),
        ),
        (
            group_histories(),
            lambda it: any(isinstance(event, GroupMuted) for event in it.events),
        ),
        (
            customer_histories(),
            lambda it: sum(isinstance(event, MomentShown) for event in it.events) > 1,
        ),
    ],
    ids=["clock-change", "year-end", "many", "groups", "mutes", "moments"],
)
def test_reaching(histories, shown):
    """
    Histories go over clock changes and year ends, and have all sorts of things.
    """
    assert shown(find(histories, shown, settings=STEADY))


@settings(database=None, max_examples=20)
@given(circle_histories(zone="Asia/Kathmandu", most=5))
def test_as_wished(history):
    """
    A zone that is asked for is the zone; little that is tried makes it short.
    """
    founding = 3 + 3
    assert "Asia/Kathmandu" == history.zone == history.replayed().zone
    assert len(history.events) <= founding + 2 * 5
