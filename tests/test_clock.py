"""
Moments, zones, and a clock that can be moved.
"""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circlekit.clock import (
    EPOCH,
    ManualClock,
    as_utc,
    from_micros,
    from_micros_if_any,
    micros,
    micros_if_any,
    zone_named,
)
from circlekit.errors import InvalidInputError
from circlekit.testing import ZONES, moments
from tests.people import in_zone, shanghai

NOON = datetime(2020, 3, 1, 12, tzinfo=UTC)


@given(moments(), st.integers(-14 * 60, 14 * 60))
def test_moments_are_kept_in_utc(at, minutes):
    """
    However a moment is written down, it is the same instant, in UTC.
    """
    somewhere = at.astimezone(timezone(timedelta(minutes=minutes)))
    kept = as_utc("at", somewhere)

    assert at == kept
    assert UTC is kept.tzinfo


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (datetime(2020, 3, 1, 12), "2020-03-01T12:00:00 has no zone"),  # noqa: DTZ001
        (
            datetime.min.replace(tzinfo=timezone(timedelta(hours=8))),
            "0001-01-01T00:00:00+08:00 is beyond what UTC can say",
        ),
        (date(2020, 3, 1), "is date"),
        ("2020-03-01T12:00:00Z", "is str"),
        (1_583_064_000, "is int"),
        (None, "is NoneType"),
    ],
)
def test_what_is_no_moment(value, problem):
    """
    A moment without a zone could be meant anywhere, so it is not accepted.
    """
    with pytest.raises(InvalidInputError) as trouble:
        as_utc("at", value)

    accepted = "a datetime with a zone, as in datetime.now(UTC)"
    assert ("at", problem, accepted) == (
        trouble.value.field,
        trouble.value.problem,
        trouble.value.accepted,
    )


@pytest.mark.parametrize("zone", ZONES)
def test_zones_are_known_by_name(zone):
    """
    A zone is known by its IANA name.
    """
    assert zone == zone_named(zone).key


@pytest.mark.parametrize(
    "name",
    ["", "Mars/Olympus", "../etc/passwd", "/etc/localtime", "Asia", "a\x00b", None],
)
def test_what_is_no_zone(name):
    """
    What is no zone's name is refused, and never a file is opened for it.
    """
    with pytest.raises(InvalidInputError) as trouble:
        zone_named(name)

    assert ("zone", f"{name!r} is not known") == (
        trouble.value.field,
        trouble.value.problem,
    )


@pytest.mark.parametrize("value", [["Asia/Shanghai"], {"zone": "UTC"}])
def test_what_is_no_text_is_no_zone(value):
    """
    What is no text at all is no zone's name either, and is refused in the same way.
    """
    with pytest.raises(InvalidInputError) as trouble:
        zone_named(value)

    assert "zone" == trouble.value.field


@given(moments())
def test_whole_microseconds(at):
    """
    A moment kept as a number comes back as it was.
    """
    assert at == from_micros(micros(at))


def test_the_number_of_a_moment():
    """
    Moments are numbered in microseconds since 1970, before it too.
    """
    assert 0 == micros(EPOCH)
    assert 1_583_064_000_000_001 == micros(NOON.replace(microsecond=1))
    assert -1 == micros(EPOCH - timedelta(microseconds=1))


def test_the_number_of_no_moment():
    """
    No moment is kept as no number, and 1970 itself as a moment.
    """
    for at in (None, EPOCH, NOON):
        assert at == from_micros_if_any(micros_if_any(at))
    assert micros_if_any(None) is None


def test_a_clock_that_is_moved():
    """
    The clock of a test stands still, and moves on by elapsed time.
    """
    clock = ManualClock(in_zone("America/New_York", 2026, 3, 7, 12))
    clock.forward(days=1, hours=1, minutes=1, seconds=1)

    expected = in_zone("America/New_York", 2026, 3, 8, 14, 1, 1)
    assert [expected, expected] == [clock(), clock()]


def test_a_clock_tells_utc():
    """
    It may be set in any zone, and tells UTC.
    """
    clock = ManualClock(NOON.astimezone(zone_named("Asia/Shanghai")))
    assert UTC is clock().tzinfo
    clock.now = shanghai(3, 2).astimezone(zone_named("Asia/Shanghai"))

    assert (shanghai(3, 2), UTC) == (clock(), clock().tzinfo)


def test_a_clock_without_a_zone():
    """
    It is not set to a moment without a zone.
    """
    with pytest.raises(InvalidInputError):
        ManualClock(datetime(2020, 3, 1, 12))  # noqa: DTZ001
