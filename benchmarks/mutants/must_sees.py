"""
How must-sees are counted.
"""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from attrs import evolve

from benchmarks.mutants.planting import CIRCLE, MICROSECOND, Kept, bends
from circlekit import budget as budget_module
from circlekit.aggregates.circle import Circle
from circlekit.budget import Usage
from circlekit.events.circle import MustSeeSent, OwnerChanged, PostRemoved
from circlekit.policies import budgets as budgets_policy
from circlekit.policies import must_see as must_see_policy
from circlekit.verdict import ALLOWED


@bends(must_see_policy, "within_must_see_budgets", CIRCLE)
def month_in_utc(
    kept: Kept, budgets: Any, sent: Any, *, zone: str, at: datetime
) -> Any:
    """
    A month is counted in UTC instead of the circle's zone.
    """
    del zone
    return kept(budgets, sent, zone="UTC", at=at)


@bends(budget_module, "usage", CIRCLE)
def day_not_over(
    kept: Kept, budget: Any, spends: Any, *, zone: str, at: datetime
) -> Any:
    """
    Exactly 24 hours later still counts.
    """
    if budget.window.kind == "rolling":
        spends = [evolve(spend, at=spend.at + MICROSECOND) for spend in spends]
    return kept(budget, spends, zone=zone, at=at)


@bends(budget_module, "usage", CIRCLE)
def wall_clock_day(
    kept: Kept, budget: Any, spends: Any, *, zone: str, at: datetime
) -> Any:
    """
    24 hours are counted on the wall clock, not as time that passed.
    """
    if budget.window.kind == "rolling":
        spends = [
            evolve(spend, at=spend.at + _offset(spend.at, zone) - _offset(at, zone))
            for spend in spends
        ]
    return kept(budget, spends, zone=zone, at=at)


def _offset(at: datetime, zone: str) -> timedelta:
    return at.astimezone(ZoneInfo(zone)).utcoffset() or timedelta(0)


@bends(budget_module, "_next_start", CIRCLE)
def thirty_day_month(kept: Kept, kind: str, day: Any) -> Any:
    """
    Every month ends after 30 days.
    """
    if kind == "calendar-month":
        return day.replace(day=1) + timedelta(days=30)
    return kept(kind, day)


@bends(must_see_policy, "within_must_see_budgets", CIRCLE)
def budget_left_out(kept: Kept, budgets: Any, sent: Any, **asked: Any) -> Any:
    """
    The last of the budgets is not asked.
    """
    return kept(tuple(budgets)[:-1], sent, **asked)


@bends(budgets_policy, "room_in", CIRCLE)
def one_too_many(kept: Kept, used: Usage) -> Any:
    """
    One more is allowed than the limit.
    """
    return ALLOWED if used.used <= used.budget.limit else kept(used)


@bends(budgets_policy, "room_in", CIRCLE)
def one_too_few(kept: Kept, used: Usage) -> Any:
    """
    The last of the limit is refused.
    """
    return kept(used if used.left != 1 else evolve(used, used=used.budget.limit))


@bends(Circle, "_evolve", CIRCLE)
def refund_on_removal(kept: Kept, self: Circle, event: Any) -> None:
    """
    A must-see is given back when its post is taken down.
    """
    kept(self, event)
    if isinstance(event, PostRemoved) and event.post in self.must_see_posts:
        self.must_sees.pop()


@bends(Circle, "_evolve", CIRCLE)
def promotion_free(kept: Kept, self: Circle, event: Any) -> None:
    """
    Promoting a post that is there already does not count.
    """
    kept(self, event)
    if isinstance(event, MustSeeSent) and event.post != self.version - 1:
        self.must_sees.pop()


@bends(Circle, "_evolve", CIRCLE)
def override_free(kept: Kept, self: Circle, event: Any) -> None:
    """
    A must-see sent by override does not count.
    """
    kept(self, event)
    if isinstance(event, MustSeeSent) and event.override is not None:
        self.must_sees.pop()


@bends(Circle, "_evolve", CIRCLE)
def new_owner_new_quota(kept: Kept, self: Circle, event: Any) -> None:
    """
    A new owner begins with a quota that is not used.
    """
    kept(self, event)
    if isinstance(event, OwnerChanged):
        self.must_sees.clear()
