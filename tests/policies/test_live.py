"""
How long a minor may watch.
"""

from datetime import timedelta

import pytest

from circlekit.policies.live import (
    Minor,
    Watched,
    may_watch_until,
    seconds_between,
    within_live_minutes,
)
from circlekit.verdict import ALLOWED
from tests.people import MICROSECOND, in_zone, shanghai

MINUTE = timedelta(minutes=1)
SAM = Minor(until=shanghai(3, 20, 0), zone="Asia/Shanghai")
NOON = shanghai(3, 1, 12)


@pytest.mark.covers("P14")
def test_to_the_microsecond():
    """
    A minor is turned away once the last of the minutes is full, and not before.
    """
    full = [Watched(NOON - 40 * MINUTE, NOON)]
    nearly = [Watched(NOON - 40 * MINUTE + MICROSECOND, NOON)]

    assert ALLOWED == within_live_minutes(nearly, limit=40, minor=SAM, at=NOON)
    verdict = within_live_minutes(full, limit=40, minor=SAM, at=NOON)
    assert ("minor-live-minutes",) == verdict.rules
    assert shanghai(3, 2, 0) == verdict.retry_at


@pytest.mark.parametrize(
    ("limit", "minor", "at"),
    [(None, SAM, NOON), (40, None, NOON), (40, SAM, SAM.until)],
)
def test_nobody_is_counted(limit, minor, at):
    """
    Without a cap, or for somebody of age, nothing is counted.
    """
    all_day = [Watched(at - timedelta(days=1))]

    assert ALLOWED == within_live_minutes(all_day, limit=limit, minor=minor, at=at)
    assert None is may_watch_until(all_day, limit=limit, minor=minor, at=at)


def test_no_live_at_all():
    """
    A cap of no minutes lets a minor in only when they are of age.
    """
    verdict = within_live_minutes([], limit=0, minor=SAM, at=NOON)

    assert SAM.until == verdict.retry_at


@pytest.mark.parametrize(
    ("watched", "seconds"),
    [
        ([], 0),
        ([(0, 10)], 600),
        ([(0, 10), (20, 30)], 1_200),
        ([(0, 10), (5, 15)], 900),
        ([(0, 30), (5, 15)], 1_800),
        ([(5, 15), (0, 30)], 1_800),
        ([(-30, 10)], 600),
        ([(50, None)], 600),
        ([(50, 90), (55, None)], 600),
        ([(70, 90)], 0),
        ([(-30, -10)], 0),
    ],
)
def test_seconds_in_an_hour(watched, seconds):
    """
    What was watched within a window is counted once, however many screens.
    """
    stretches = [
        Watched(NOON + since * MINUTE, None if until is None else NOON + until * MINUTE)
        for since, until in watched
    ]

    assert seconds == seconds_between(stretches, NOON, NOON + 60 * MINUTE)


def test_a_short_day():
    """
    In a day of 23 hours a cap of nearly a day is not reached; on the next it is.
    """
    zone = "America/New_York"
    minor = Minor(until=in_zone(zone, 2030, 1, 1), zone=zone)
    evening = in_zone(zone, 2026, 3, 7, 22)

    until = may_watch_until([], limit=1_430, minor=minor, at=evening)

    assert in_zone(zone, 2026, 3, 9, 23, 50) == until
