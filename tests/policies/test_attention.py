"""
When quiet hours begin and end, by the wall clock of a zone.
"""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circlekit.policies.attention import QuietHours, quiet_until
from circlekit.testing import moments, zones

HOURS = st.integers(0, 24 * 60 - 1).map(lambda it: f"{it // 60:02}:{it % 60:02}")
TICK = timedelta(microseconds=1)


def _utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("hours", "at", "until"),
    [
        # Half-open, over midnight.
        (("22:00", "07:00", "UTC"), "2026-03-01 21:59:59", None),
        (("22:00", "07:00", "UTC"), "2026-03-01 22:00", "2026-03-02 07:00"),
        (("22:00", "07:00", "UTC"), "2026-03-02 06:59:59", "2026-03-02 07:00"),
        (("22:00", "07:00", "UTC"), "2026-03-02 07:00", None),
        # Within a day.
        (("12:00", "13:30", "UTC"), "2026-03-01 13:29", "2026-03-01 13:30"),
        (("12:00", "13:30", "UTC"), "2026-03-01 11:59", None),
        # New York skips 2:00 to 3:00 on 8 March 2026, at 7:00 UTC.
        (
            ("22:00", "02:30", "America/New_York"),
            "2026-03-08 06:59",
            "2026-03-08 07:00",
        ),
        (("22:00", "02:30", "America/New_York"), "2026-03-08 07:00", None),
        (("02:30", "06:00", "America/New_York"), "2026-03-08 06:59", None),
        (
            ("02:30", "06:00", "America/New_York"),
            "2026-03-08 07:00",
            "2026-03-08 10:00",
        ),
        # It has 1:00 to 2:00 twice on 1 November 2026, at 5:00 and 6:00 UTC.
        (
            ("22:00", "01:30", "America/New_York"),
            "2026-11-01 05:45",
            "2026-11-01 06:30",
        ),
        (("22:00", "01:30", "America/New_York"), "2026-11-01 06:30", None),
        (
            ("01:30", "06:00", "America/New_York"),
            "2026-11-01 05:30",
            "2026-11-01 11:00",
        ),
        (("01:30", "06:00", "America/New_York"), "2026-11-01 05:29", None),
        # Half an hour is skipped on Lord Howe, at 15:30 UTC on 3 October 2026.
        (
            ("22:00", "02:15", "Australia/Lord_Howe"),
            "2026-10-03 15:29",
            "2026-10-03 15:30",
        ),
    ],
)
@pytest.mark.covers("P13")
def test_the_wall_clock(hours, at, until):
    """
    Quiet hours begin when the clock first reads so, and end when it last does.

    An hour that is skipped is the moment of the skip.
    """
    assert (until and _utc(until)) == QuietHours(*hours).until(_utc(at))


@given(starts=HOURS, ends=HOURS, zone=zones(), at=moments())
def test_they_end(starts, ends, zone, at):
    """
    Whatever they are, they end within two days, where they are quiet no longer.

    Until just before that they are quiet, and name the same end.
    """
    if starts == ends:
        return
    hours = QuietHours(starts, ends, zone)
    until = hours.until(at)
    if until is None:
        return

    assert at < until <= at + timedelta(days=2)
    assert until == hours.until(until - TICK)
    assert hours.until(until) is None or hours.until(until) > until


WORK = QuietHours("20:00", "08:00", "UTC")
OPEN = QuietHours("20:00", "08:00", "UTC", consumer_too=False)
CONSUMER = QuietHours("08:00", "18:00", "UTC")
EVENING, MORNING = _utc("2026-03-01 21:00"), _utc("2026-03-02 08:00")


@pytest.mark.covers("P31", "P13")
@pytest.mark.parametrize(
    ("hours", "context", "is_minor", "until"),
    [
        ({"work": WORK}, "work", False, MORNING),
        ({"work": WORK}, "consumer", False, MORNING),
        ({"work": OPEN}, "work", False, MORNING),
        ({"work": OPEN}, "consumer", False, None),
        ({"consumer": WORK}, "work", False, None),
        ({"minor": WORK}, "work", False, None),
        ({"minor": WORK}, "work", True, MORNING),
        ({"minor": WORK}, "consumer", True, MORNING),
        # One begins where the other ends.
        (
            {"work": WORK, "consumer": CONSUMER},
            "consumer",
            False,
            _utc("2026-03-02 18:00"),
        ),
        ({}, "work", True, None),
    ],
)
def test_which_hours_hold(hours, context, is_minor, until):
    """
    A consumer push waits in the quiet hours of work too, unless the reader opted in.

    Those of a minor hold for a minor alone, and for every push.
    """
    assert until == quiet_until(hours, context, is_minor=is_minor, at=EVENING)
