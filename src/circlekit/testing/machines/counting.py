"""
Counting quotas in the plainest way, for the models.
"""

from calendar import monthrange
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from circlekit.budget import Budget


class Spent(NamedTuple):
    """
    One use of a budget, as a machine remembers it.

    Attributes:
        at: When.

        place: Where in the history.

        beyond: Whether an override let it pass.
    """

    at: datetime
    place: int
    beyond: bool = False


class Full(NamedTuple):
    """
    A budget that has no room.

    Attributes:
        rule: Its name.

        used: How many the window holds.

        limit: How many it may hold.

        used_by: Places of those it holds.
    """

    rule: str
    used: int | None
    limit: int | None
    used_by: tuple[int, ...]


def in_one_window(budget: Budget, zone: str, earlier: datetime, at: datetime) -> bool:
    """
    Return whether a use at *earlier* counts at *at*, by the plainest reckoning.

    >>> from datetime import UTC
    >>> from circlekit.budget import CALENDAR_MONTH
    >>> month = Budget("must-see-month", 4, CALENDAR_MONTH)
    >>> evening = datetime(2020, 3, 31, 15, 59, tzinfo=UTC)
    >>> in_one_window(month, "Asia/Shanghai", evening, evening + timedelta(minutes=1))
    False
    """
    seconds = budget.window.seconds
    if seconds is not None:
        return at - earlier < timedelta(seconds=seconds)
    if budget.window.kind == "calendar-week":
        weeks = [
            moment.astimezone(ZoneInfo(zone)).isocalendar()[:2]
            for moment in (earlier, at)
        ]
        return weeks[0] == weeks[1]
    length = {"calendar-month": len("2020-03"), "calendar-day": len("2020-03-01")}
    dates = [
        f"{moment.astimezone(ZoneInfo(zone)):%Y-%m-%d}" for moment in (earlier, at)
    ]
    return len({date[: length[budget.window.kind]] for date in dates}) == 1


def most(budget: Budget, zone: str, at: datetime) -> int:
    """
    Return how many a budget holds at a moment, by the plainest reckoning.

    >>> from datetime import UTC
    >>> from circlekit.budget import CALENDAR_MONTH
    >>> one_a_day = Budget("mass-send-month", 1, CALENDAR_MONTH, per_day=True)
    >>> most(one_a_day, "UTC", datetime(2028, 2, 10, tzinfo=UTC))
    29
    """
    if not budget.per_day:
        return budget.limit
    here = at.astimezone(ZoneInfo(zone))
    match budget.window.kind:
        case "calendar-month":
            return budget.limit * monthrange(here.year, here.month)[1]
        case "calendar-week":
            return budget.limit * 7
        case _:
            return budget.limit


def used_up(
    budgets: Iterable[Budget], spent: Sequence[Spent], zone: str, at: datetime
) -> list[Full]:
    """
    Return the budgets without room at *at*, in their order.

    Some of what is spent may be still to come: then *at* must not come too shortly
    before it either.
    """
    full = []
    for budget in budgets:
        seconds = budget.window.seconds
        limit = most(budget, zone, at)
        moments = [at]
        if seconds is not None:
            span = timedelta(seconds=seconds)
            moments += sorted(it.at for it in spent if at < it.at < at + span)
        for moment in moments:
            by = tuple(
                it.place
                for it in spent
                if in_one_window(budget, zone, it.at, moment)
                and (seconds is None or it.at <= moment)
            )
            if len(by) >= limit:
                full.append(Full(budget.rule, len(by), limit, by))
                break
    return full


def has_room(
    budgets: Iterable[Budget],
    sent: Sequence[Spent],
    reserved: Sequence[Spent],
    zone: str,
    at: datetime,
) -> bool:
    """
    Return whether what was promised a place finds one when it is released.

    In a rolling window it only waits for what was sent.
    """
    for budget in budgets:
        counted = [*sent, *reserved] if budget.window.seconds is None else [*sent]
        held = sum(in_one_window(budget, zone, it.at, at) for it in counted)
        if held >= most(budget, zone, at):
            return False
    return True
