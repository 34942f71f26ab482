"""
May this reader be interrupted now?

A must-see is pushed, unless the reader has muted the circle or has had as many
pushes today as they want: then it is not, and stays unread at the top of their feed.
In their quiet hours it waits until those are over. An emergency goes beyond all three.

Quiet hours are of the wall clock of a zone. They begin when it first reads the one
hour, and end when it last reads the other; an hour that clocks skip is the moment at
which they skip it. The quiet hours of work hold for consumer pushes too, unless the
reader says otherwise; those of a minor hold for every push.

Source: 000:79, 002:13, 003:11 say what people suffer from; the rules are ours.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from attrs import frozen

from circlekit.budget import CALENDAR_DAY, Budget, Spend
from circlekit.clock import zone_named
from circlekit.events.attention import Context, QuietContext
from circlekit.events.circle import CircleKind
from circlekit.policies.budgets import within_budgets
from circlekit.verdict import ALLOWED, Verdict, refused

_MOST_TURNS: Final = 16
_SECOND: Final = timedelta(seconds=1)


@frozen
class QuietHours:
    """
    Between which hours of the wall clock nothing may interrupt.

    Attributes:
        starts: When they begin, as in ``22:00``.

        ends: When they end, the next day if it is not after they begin.

        zone: IANA zone of the wall clock.

        consumer_too: Whether those of work hold for consumer pushes as well.
    """

    starts: str
    ends: str
    zone: str
    consumer_too: bool = True

    def until(self, at: datetime) -> datetime | None:
        """
        Return when the quiet hours that hold *at* are over, None if none do.

        >>> night = QuietHours("22:00", "07:00", "Asia/Shanghai")
        >>> midnight = datetime(2020, 3, 1, 16, tzinfo=UTC)
        >>> night.until(midnight).isoformat()
        '2020-03-01T23:00:00+00:00'
        >>> night.until(night.until(midnight)) is None
        True
        """
        home = zone_named(self.zone)
        today = at.astimezone(home).date()
        starts, ends = _wall(self.starts), _wall(self.ends)
        for days in (-2, -1, 0, 1):
            day = today + timedelta(days=days)
            over = day if ends > starts else day + timedelta(days=1)
            begins = _moment(day, starts, self.zone, last=False)
            is_over = _moment(over, ends, self.zone, last=True)
            if begins <= at < is_over:
                return is_over
        return None


def context_of(kind: CircleKind) -> Context:
    """
    Return what a circle of this kind is for, unless its owner says otherwise.

    >>> context_of("teaching"), context_of("community")
    ('work', 'consumer')
    """
    return "consumer" if kind == "community" else "work"


def not_muted(circle: str, muted: Iterable[str]) -> Verdict:
    """
    Not where the reader has muted the circle.
    """
    if circle in muted:
        return refused("circle-muted", "the reader has muted this circle")
    return ALLOWED


def within_attention(
    limit: tuple[int, str] | None, pushes: Sequence[Spend], *, at: datetime
) -> Verdict:
    """
    Not beyond what the reader wants in a day of their own zone.

    Args:
        limit: How many a day, and in which zone; None for no limit.
        pushes: Those made in the same context, oldest first.
        at: The moment of the next one.
    """
    if limit is None:
        return ALLOWED
    most, zone = limit
    budget = Budget(rule="attention-budget", limit=most, window=CALENDAR_DAY)
    return within_budgets([budget], pushes, zone=zone, at=at)


def quiet_until(
    hours: Mapping[QuietContext, QuietHours],
    context: Context,
    *,
    is_minor: bool,
    at: datetime,
) -> datetime | None:
    """
    Return when all quiet hours that hold *at* are over, None if none do.

    Those that begin where others end are waited for as well.
    """
    asked = [
        it for name, it in hours.items() if _holds(name, it, context, is_minor=is_minor)
    ]
    moment = at
    for _ in range(_MOST_TURNS):
        over = [end for it in asked if (end := it.until(moment)) is not None]
        if not over:
            break
        moment = max(over)
    return moment if moment > at else None


def _holds(
    name: QuietContext, hours: QuietHours, context: Context, *, is_minor: bool
) -> bool:
    if name == "minor":
        return is_minor
    return name == context or (name == "work" and hours.consumer_too)


def _wall(hour: str) -> time:
    hours, _, minutes = hour.partition(":")
    return time(int(hours), int(minutes))


def _moment(day: date, wall: time, zone: str, *, last: bool) -> datetime:
    home = zone_named(zone)
    first, second = (
        datetime.combine(day, wall.replace(fold=fold), tzinfo=home).astimezone(UTC)
        for fold in (0, 1)
    )
    if first <= second:
        return second if last else first
    # Clocks skip this hour: the moment at which they do is between the two.
    after = first.astimezone(home).utcoffset()
    low, high = second, first
    while high - low > _SECOND:
        middle = low + (high - low) // 2
        if middle.astimezone(home).utcoffset() == after:
            high = middle
        else:
            low = middle
    return high.replace(microsecond=0)
