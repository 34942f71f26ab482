"""
Budgets: so many in a window, counted the same way everywhere.

A window is either a calendar day, week or month of a zone, half-open from one local
midnight to another, or a rolling span of elapsed time: what happened at ``T``
counts while ``now < T + span`` and no longer at ``now == T + span``.

The decision, the quota view and the audit all count with :func:`usage`, so they
cannot come to different numbers.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final, Literal, get_args
from zoneinfo import ZoneInfo

from attrs import field, frozen

from circlekit.clock import zone_named
from circlekit.errors import InvalidInputError
from circlekit.fields import a, one_of, whole, word, yes_or_no

_THREE_DAYS: Final = 3 * 86_400
WindowKind = Literal["calendar-day", "calendar-week", "calendar-month", "rolling"]


@frozen
class Window:
    """
    The stretch of time a budget is counted over.

    Attributes:
        kind: ``calendar-day``, ``calendar-week``, which begins on a Monday,
            ``calendar-month`` or ``rolling``.

        seconds: Length of a rolling window in elapsed seconds; None otherwise.
    """

    kind: WindowKind = field(validator=one_of(get_args(WindowKind)))
    seconds: int | None = None

    def __attrs_post_init__(self) -> None:
        """
        Refuse a rolling window without length, and a calendar one with.
        """
        has_length = type(self.seconds) is int and self.seconds > 0
        if has_length != (self.kind == "rolling") or (
            self.seconds is not None and not has_length
        ):
            raise InvalidInputError(
                "window",
                f"{self.kind} with {self.seconds} seconds",
                "a rolling window of 1 second or more, or a calendar one without any",
            )

    def __str__(self) -> str:
        """
        Return words for people, as in ``24 hours``.
        """
        match self.kind:
            case "calendar-day":
                return "calendar day"
            case "calendar-week":
                return "calendar week"
            case "calendar-month":
                return "calendar month"
            case "rolling":
                return spoken(timedelta(seconds=self.seconds or 0))


CALENDAR_DAY: Final = Window("calendar-day")
CALENDAR_WEEK: Final = Window("calendar-week")
CALENDAR_MONTH: Final = Window("calendar-month")


def rolling(*, days: int = 0, hours: int = 0, seconds: int = 0) -> Window:
    """
    Return a rolling window of that much elapsed time.
    """
    return Window("rolling", days * 86_400 + hours * 3_600 + seconds)


@frozen
class Budget:
    """
    A limit that may be used up within a window.

    Attributes:
        rule: The rule's lasting name, as in ``must-see-month``.

        limit: How many the window holds.

        window: The stretch of time they are counted over.

        per_day: Whether the limit is for each day of the window, which then is
            one of the calendar: a month of 28 days holds 28 times as many.
    """

    rule: str = field(validator=word())
    limit: int = field(validator=whole(0))
    window: Window = field(validator=a(Window))
    per_day: bool = field(default=False, validator=yes_or_no())

    def __attrs_post_init__(self) -> None:
        """
        Refuse to count the days of a rolling window: it may begin within one.
        """
        if self.per_day and self.window.kind == "rolling":
            problem = f"for each day of {self.window}"
            raise InvalidInputError("limit", problem, "a window of the calendar")

    def limit_at(self, *, zone: str, at: datetime) -> int:
        """
        Return how many the window holds that holds *at*.

        >>> a_day_each = Budget("mass-send-month", 1, CALENDAR_MONTH, per_day=True)
        >>> a_day_each.limit_at(zone="UTC", at=datetime(2028, 2, 3, tzinfo=UTC))
        29
        """
        if not self.per_day:
            return self.limit
        starts, ends = window_bounds(self.window, zone=zone, at=at)
        home = zone_named(zone)
        days = ends.astimezone(home).date() - starts.astimezone(home).date()
        return self.limit * days.days


@frozen
class Spend:
    """
    One use of a budget: when, and the place of its event in the history.

    Attributes:
        reserved: Whether it is still to come: something scheduled for that moment.
    """

    at: datetime
    version: int
    reserved: bool = False


@frozen(kw_only=True)
class Usage:
    """
    How much of a budget is used at a moment.

    Attributes:
        budget: The budget that was counted.

        limit: How many the window holds at most.

        used: How many the window holds at that moment; with uses still to come,
            the fullest window that the moment asked would be in.

        starts: Start of the window, inclusive for calendars; for a rolling
            window the moment after which uses still count.

        ends: End of the window, exclusive; for a rolling window the moment asked,
            or that of a later use which the moment asked is too near to.

        used_by: Places of the events that were counted, oldest first.

        free_at: The next moment at which this budget has room, None if it has
            room now or never will.

        reserved: How many of those used are still to come.
    """

    budget: Budget
    limit: int
    used: int
    starts: datetime
    ends: datetime
    used_by: tuple[int, ...]
    free_at: datetime | None
    reserved: int = 0

    @property
    def left(self) -> int:
        """
        Return how many more the window holds, never below zero.
        """
        return max(0, self.limit - self.used)


def usage(budget: Budget, spends: Sequence[Spend], *, zone: str, at: datetime) -> Usage:
    """
    Count the uses of *budget* in the window that holds *at*.

    *spends* are in the order of time. They are looked at from the end, so a long
    history costs no more than what is in the window. Some may still be to come:
    then *at* is tried in every window that it would share with them.

    >>> spacing = Budget("must-see-spacing", 1, rolling(hours=24))
    >>> noon = datetime(2020, 3, 1, 12, tzinfo=UTC)
    >>> sent = [Spend(noon, 5)]
    >>> usage(spacing, sent, zone="UTC", at=noon + timedelta(hours=23)).left
    0
    >>> usage(spacing, sent, zone="UTC", at=noon + timedelta(hours=24)).left
    1
    """
    starts, ends = window_bounds(budget.window, zone=zone, at=at)
    is_rolling = budget.window.kind == "rolling"
    near: list[Spend] = []
    for spend in reversed(spends):
        if spend.at < starts or (is_rolling and spend.at == starts):
            break
        near.append(spend)
    near.reverse()
    if is_rolling:
        starts, ends, counted = _fullest(budget, near, at)
    else:
        counted = [spend for spend in near if spend.at < ends]
    limit = budget.limit_at(zone=zone, at=at)
    full = len(counted) >= limit > 0
    return Usage(
        budget=budget,
        limit=limit,
        used=len(counted),
        starts=starts,
        ends=ends,
        used_by=tuple(spend.version for spend in counted),
        free_at=_free_at(budget, near, zone=zone, at=at) if full else None,
        reserved=sum(spend.reserved for spend in counted),
    )


def has_room_at_once(
    budget: Budget, spends: Sequence[Spend], *, zone: str, at: datetime
) -> bool:
    """
    Return True if a look is enough to see that a budget has room; else count.

    No window holds more than all uses there were; nor one that holds *at*, what
    came before it begins. *spends* are in the order of time.
    """
    if len(spends) < budget.limit:
        return True
    if not budget.limit:
        return False
    starts, _ = window_bounds(budget.window, zone=zone, at=at)
    return spends[-budget.limit].at < starts


def window_bounds(
    window: Window, *, zone: str, at: datetime
) -> tuple[datetime, datetime]:
    """
    Return start and end, in UTC, of the window that holds *at*.
    """
    if window.kind == "rolling":
        return at - timedelta(seconds=window.seconds or 0), at
    home = zone_named(zone)
    day = at.astimezone(home).date()
    starts, ends = _calendar_bounds(window.kind, home, day)
    # Where clocks go back across midnight the local date is for a while the
    # day before; the instants decide, not the date on the wall.
    if at >= ends:
        return _calendar_bounds(window.kind, home, _next_start(window.kind, day))
    return starts, ends


def day_of(at: datetime, *, zone: str) -> date:
    """
    Return the calendar day of *zone* that holds *at*.

    >>> day_of(datetime(2020, 3, 31, 16, tzinfo=UTC), zone="Asia/Shanghai").isoformat()
    '2020-04-01'
    """
    starts, _ = window_bounds(CALENDAR_DAY, zone=zone, at=at)
    return starts.astimezone(zone_named(zone)).date()


def day_bounds(day: date, *, zone: str) -> tuple[datetime, datetime]:
    """
    Return start and end, in UTC, of a calendar day of *zone*; the end is exclusive.

    >>> starts, ends = day_bounds(date(2026, 3, 8), zone="America/New_York")
    >>> str(ends - starts)
    '23:00:00'
    """
    return _calendar_bounds("calendar-day", zone_named(zone), day)


def earliest_that_counts(
    budgets: Sequence[Budget], *, zone: str, at: datetime
) -> datetime:
    """
    Return the moment before which no use can matter to any of *budgets* at *at*.
    """
    bounds = (window_bounds(budget.window, zone=zone, at=at) for budget in budgets)
    return min((starts for starts, _ in bounds), default=at)


def spoken(span: timedelta) -> str:
    """
    Return a span in words, in the largest unit that says it exactly.

    >>> spoken(timedelta(hours=48)), spoken(timedelta(seconds=1))
    ('48 hours', '1 second')
    """
    seconds = int(span.total_seconds())
    if seconds >= _THREE_DAYS and seconds % 86_400 == 0:
        return _counted(seconds // 86_400, "days")
    for size, unit in ((3_600, "hours"), (60, "minutes")):
        if seconds and seconds % size == 0:
            return _counted(seconds // size, unit)
    return _counted(seconds, "seconds")


def _counted(number: int, unit: str) -> str:
    return f"{number} {unit if number != 1 else unit.removesuffix('s')}"


def _fullest(
    budget: Budget, near: Sequence[Spend], at: datetime
) -> tuple[datetime, datetime, list[Spend]]:
    # A rolling window ends at each use. One more at *at* would be in the window that
    # ends there, and in those that end at later uses less than the span away.
    span = timedelta(seconds=budget.window.seconds or 0)
    windows = []
    for ends in (at, *(spend.at for spend in near if at < spend.at < at + span)):
        held = [spend for spend in near if ends - span < spend.at <= ends]
        windows.append((ends - span, ends, held))
    return max(windows, key=lambda window: min(len(window[2]), budget.limit))


def _free_at(
    budget: Budget, near: Sequence[Spend], *, zone: str, at: datetime
) -> datetime:
    # Room comes only where a calendar's next window begins, or where a use leaves
    # the rolling window; what is still to come may be in the way there as well.
    if budget.window.kind == "rolling":
        span = timedelta(seconds=budget.window.seconds or 0)
        return next(
            spend.at + span
            for spend in near
            if len(_fullest(budget, near, spend.at + span)[2]) < budget.limit
        )
    _, again = window_bounds(budget.window, zone=zone, at=at)
    while True:
        starts, ends = window_bounds(budget.window, zone=zone, at=again)
        limit = budget.limit_at(zone=zone, at=again)
        if sum(starts <= spend.at < ends for spend in near) < limit:
            return again
        again = ends


def _next_start(kind: WindowKind, day: date) -> date:
    if kind == "calendar-day":
        return day + timedelta(days=1)
    if kind == "calendar-week":
        return day + timedelta(days=7 - day.weekday())
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


@lru_cache(maxsize=4096)
def _calendar_bounds(
    kind: WindowKind, zone: ZoneInfo, day: date
) -> tuple[datetime, datetime]:
    first = day if kind == "calendar-day" else day.replace(day=1)
    if kind == "calendar-week":
        first = day - timedelta(days=day.weekday())
    return _midnight(first, zone), _midnight(_next_start(kind, day), zone)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    # fold=0 takes the first of two midnights, and for a midnight that clocks
    # skip, the instant of the skip: both are where the day begins.
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
