"""
How long people wait before they act: often to the very edge.
"""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final, Literal
from zoneinfo import ZoneInfo

from attrs import frozen
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from circlekit.testing.strategies import SPANS, clock_changes

Edge = Literal["month", "day", "month in UTC", "clock change", "free"]
MICROSECOND: Final = timedelta(microseconds=1)
_DAYS: Final = 40


@frozen
class Until:
    """
    Wait until the next such edge, or until just before it.

    Attributes:
        edge: Where a ``month``, a ``day`` or other clock time begins, also where
            a month begins in UTC, which ought not to matter; or where the last
            refusal says that there is room again: ``free``.

        early: Stop this much short of it.
    """

    edge: Edge
    early: timedelta = timedelta(0)

    def after(self, now: datetime, *, zone: str, free_at: datetime | None) -> datetime:
        """
        Return that moment, in UTC.
        """
        return self._found(now, zone, free_at) - self.early

    def _found(self, now: datetime, zone: str, free_at: datetime | None) -> datetime:
        match self.edge:
            case "month":
                return _next_month(now.astimezone(ZoneInfo(zone)))
            case "month in UTC":
                return _next_month(now)
            case "day":
                today = _midnight(now.astimezone(ZoneInfo(zone)))
                return (today + timedelta(days=1)).astimezone(UTC)
            case "clock change":
                changes = (change for change in clock_changes(zone) if change > now)
                return next(changes, now)
            case "free":
                return now if free_at is None else free_at


def _next_month(now: datetime) -> datetime:
    next_month = _midnight(now).replace(day=28) + timedelta(days=4)
    return next_month.replace(day=1).astimezone(UTC)


def _midnight(now: datetime) -> datetime:
    return now.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)


Wait = timedelta | Until


@lru_cache(maxsize=256)
def waits(windows: frozenset[int]) -> SearchStrategy[Wait]:
    """
    Return how long to wait, given the lengths of rolling windows in seconds.
    """
    early = (timedelta(0), MICROSECOND)
    exact: list[Wait] = [
        timedelta(seconds=seconds) - by for seconds in sorted(windows) for by in early
    ]
    edges: tuple[Edge, ...] = (
        "month",
        "free",
        "day",
        "month in UTC",
        "clock change",
    )
    untils = [Until(edge, by) for edge in edges for by in early]
    return st.one_of(
        st.sampled_from([*SPANS, *exact, *untils]),
        st.integers(0, _DAYS * 24 * 3_600).map(lambda n: timedelta(seconds=n)),
    )


@lru_cache(maxsize=256)
def several_waits(windows: frozenset[int]) -> SearchStrategy[list[Wait]]:
    """
    Return how long to wait before each of several acts.
    """
    return st.lists(waits(windows), min_size=2, max_size=4)
