"""
Moments and zones.

Every moment inside circlekit is UTC. A naive datetime is never accepted: it
could be meant in any zone.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Annotated, Final
from zoneinfo import ZoneInfo

import msgspec
from attrs import define, field

from circlekit.errors import InvalidInputError

Moment = Annotated[datetime, msgspec.Meta(tz=True)]
Clock = Callable[[], datetime]
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def as_utc(field_name: str, value: object) -> datetime:
    """
    Return an aware moment in UTC.

    Raises:
        InvalidInputError: If it is no datetime, or a naive one.
    """
    accepted = "a datetime with a zone, as in datetime.now(UTC)"
    if not isinstance(value, datetime):
        raise InvalidInputError(field_name, f"is {type(value).__name__}", accepted)
    if value.utcoffset() is None:
        problem = f"{value.isoformat()} has no zone"
        raise InvalidInputError(field_name, problem, accepted)
    try:
        moment = value.astimezone(UTC)
    except OverflowError as error:
        problem = f"{value.isoformat()} is beyond what UTC can say"
        raise InvalidInputError(field_name, problem, accepted) from error
    if type(moment) is datetime:
        return moment
    # Of a class of the host's own, which nobody else writes or reads.
    return datetime.combine(moment.date(), moment.time(), UTC)


def as_day(field_name: str, value: object) -> date:
    """
    Return a calendar day unchanged.

    Raises:
        InvalidInputError: If it is anything else, such as a datetime, which could be
            meant in any zone; or at an end of the calendar, where UTC has no moments.
    """
    accepted = "a date without a time, as in date(2020, 3, 1)"
    if type(value) is not date:
        raise InvalidInputError(field_name, f"is {type(value).__name__}", accepted)
    if value.year in {date.min.year, date.max.year}:
        raise InvalidInputError(field_name, f"{value} is too far away", accepted)
    return value


def zone_named(name: str) -> ZoneInfo:
    """
    Return the IANA zone of that name.

    Raises:
        InvalidInputError: If no such zone is known.
    """
    accepted = "an IANA zone name, as in 'Asia/Shanghai'"
    try:
        return _zone(name)
    except (KeyError, ValueError, OSError, TypeError) as error:
        raise InvalidInputError("zone", f"{name!r} is not known", accepted) from error


@lru_cache(maxsize=1024)
def _zone(name: object) -> ZoneInfo:
    # What has several parts is looked for by the last of them.
    if not isinstance(name, str):
        raise TypeError
    return ZoneInfo(name)


def micros(moment: datetime) -> int:
    """
    Return whole microseconds since 1970, UTC: how tables keep moments.
    """
    return (moment - EPOCH) // _MICROSECOND


def from_micros(value: int) -> datetime:
    """
    Return the moment that :func:`micros` made this number of.
    """
    return EPOCH + timedelta(microseconds=value)


def micros_if_any(moment: datetime | None) -> int | None:
    """
    Return what :func:`micros` makes of a moment, or None for none.
    """
    return None if moment is None else micros(moment)


def from_micros_if_any(value: int | None) -> datetime | None:
    """
    Return the moment that :func:`micros_if_any` made this of.
    """
    return None if value is None else from_micros(value)


def written(moment: datetime) -> str:
    """
    Return a UTC moment as JSON has it.

    >>> written(datetime(2020, 3, 1, 12, tzinfo=UTC))
    '2020-03-01T12:00:00Z'
    """
    return moment.isoformat().removesuffix("+00:00") + "Z"


def written_if_any(moment: datetime | None) -> str | None:
    """
    Return a UTC moment as JSON has it, or None for none.
    """
    return None if moment is None else written(moment)


def _now(value: datetime) -> datetime:
    return as_utc("now", value)


@define
class ManualClock:
    """
    A clock that stands still until it is moved; for tests, imports and demos.

    >>> clock = ManualClock(datetime(2020, 3, 1, 20, tzinfo=UTC))
    >>> clock.forward(hours=24)
    >>> clock().isoformat()
    '2020-03-02T20:00:00+00:00'
    """

    now: datetime = field(converter=_now)

    def __call__(self) -> datetime:
        """
        Return the moment it stands at.
        """
        return self.now

    def forward(
        self,
        *,
        days: float = 0,
        hours: float = 0,
        minutes: float = 0,
        seconds: float = 0,
    ) -> None:
        """
        Move on by elapsed time.
        """
        self.now += timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
