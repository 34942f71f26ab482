"""
Who may be told of a child, and how often?

Who looks after whom, the host attests. A guardian is told of a child at most once a
day, in one digest instead of a push for everything. The day is that of the zone
given for the guardian; where they are named again with another zone, the day they
were last told on is over in both zones before they are told again.

Source: 001_91e06b73f5afe1ab:69 (parents overloaded with supervision); the digest
and its day are circlekit's decisions.
"""

from collections.abc import Container
from datetime import datetime

from attrs import frozen

from circlekit.budget import CALENDAR_DAY, window_bounds
from circlekit.clock import zone_named
from circlekit.verdict import ALLOWED, Reason, Verdict, refused


@frozen(kw_only=True)
class Told:
    """
    The last time that a guardian was told of a child.

    Attributes:
        zone: The guardian's zone then.

        day: The day of that zone.

        at: The moment, UTC.

        place: The place of the digest in the child's history.
    """

    zone: str
    day: str
    at: datetime
    place: int


def not_yet_a_guardian(guardian: str, guardians: Container[str]) -> Verdict:
    """
    Nobody is named twice.
    """
    if guardian in guardians:
        return refused("already-a-guardian", f"{guardian} is a guardian already")
    return ALLOWED


def guardians_only(guardian: str, guardians: Container[str]) -> Verdict:
    """
    Only who looks after the child.
    """
    if guardian in guardians:
        return ALLOWED
    return refused("not-a-guardian", f"{guardian} is no guardian of this child")


def two_people(child: str, guardian: str) -> Verdict:
    """
    Nobody looks after themselves.
    """
    if child != guardian:
        return ALLOWED
    return refused("own-guardian", f"{child} cannot be their own guardian")


def day_of(zone: str, at: datetime) -> str:
    """
    Return the calendar day of a zone that a moment belongs to.

    >>> from datetime import UTC
    >>> day_of("Asia/Shanghai", datetime(2026, 3, 9, 16, tzinfo=UTC))
    '2026-03-10'
    """
    starts, ends = window_bounds(CALENDAR_DAY, zone=zone, at=at)
    # Where clocks go back across midnight the date on the wall is for a while that
    # of the day before; in the middle of a day it never is.
    middle = starts + (ends - starts) / 2
    return f"{middle.astimezone(zone_named(zone)):%Y-%m-%d}"


def one_digest_a_day(last: Told | None, *, zone: str, at: datetime) -> Verdict:
    """
    One digest in a day of the guardian's zone, and of the zone the last was sent by.

    >>> from datetime import UTC
    >>> noon = datetime(2026, 3, 9, 12, tzinfo=UTC)
    >>> last = Told(zone="Asia/Shanghai", day="2026-03-09", at=noon, place=4)
    >>> str(one_digest_a_day(last, zone="Asia/Shanghai", at=noon))
    'guardian-digest-day: told on 2026-03-09; free again 2026-03-09 16:00 UTC'
    """
    if last is None:
        return ALLOWED
    starts, over_there = window_bounds(CALENDAR_DAY, zone=last.zone, at=last.at)
    _, over_here = window_bounds(CALENDAR_DAY, zone=zone, at=last.at)
    free_at = max(over_there, over_here)
    while day_of(zone, free_at) <= last.day:
        _, free_at = window_bounds(CALENDAR_DAY, zone=zone, at=free_at)
    if at >= free_at:
        return ALLOWED
    return Verdict(
        (
            Reason(
                rule="guardian-digest-day",
                because=(
                    f"told on {last.day}; free again {free_at:%Y-%m-%d %H:%M} UTC"
                ),
                used=1,
                limit=1,
                window_start=starts,
                window_end=free_at,
                used_by=(last.place,),
                retry_at=free_at,
            ),
        )
    )
