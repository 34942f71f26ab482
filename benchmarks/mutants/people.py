"""
Customers and readers, and who looks after them.
"""

from datetime import datetime, timedelta
from typing import Any

from attrs import evolve

from benchmarks.mutants.planting import CUSTOMER, READER, Kept, bends
from circlekit.aggregates.guardians import Guardians
from circlekit.aggregates.reader import Reader
from circlekit.events.guardian import GuardianDismissed
from circlekit.policies import customers as customers_policy
from circlekit.policies import guardians as guardians_policy
from circlekit.policies import moments as moments_policy
from circlekit.verdict import ALLOWED, refused


@bends(moments_policy, "within_moment_budgets", CUSTOMER)
def moments_shared(kept: Kept, book: Any, **asked: Any) -> Any:
    """
    Staff and company use up one another's moments, whatever the rule book says.
    """
    return kept(evolve(book, moments_share_budgets=True), **asked)


@bends(moments_policy, "within_moment_budgets", CUSTOMER)
def moments_apart(kept: Kept, book: Any, **asked: Any) -> Any:
    """
    Staff and company have a budget each, whatever the rule book says.
    """
    return kept(evolve(book, moments_share_budgets=False), **asked)


@bends(moments_policy, "not_yet_shown", CUSTOMER)
def moment_shown_twice(_kept: Kept, *_args: Any) -> Any:
    """
    A customer may be shown the same moment twice.
    """
    return ALLOWED


@bends(customers_policy, "profile_open", CUSTOMER)
def profile_completed_twice(_kept: Kept, **_asked: Any) -> Any:
    """
    A profile may be completed twice.
    """
    return ALLOWED


@bends(Reader, "acknowledge", READER)
def acknowledged_twice(kept: Kept, self: Reader, *args: Any, **asked: Any) -> Any:
    """
    A must-see may be acknowledged twice.
    """
    return kept(evolve(self, acknowledged=set()), *args, **asked)


@bends(Reader, "acknowledge", READER)
def circles_mixed_up(
    kept: Kept, self: Reader, circle: Any, post: int, **asked: Any
) -> Any:
    """
    Posts at the same place in two circles are taken for one.
    """
    anywhere = {(circle, place) for _, place in self.acknowledged}
    return kept(evolve(self, acknowledged=anywhere), circle, post, **asked)


@bends(Reader, "remind", READER)
def reminded_of_all_together(
    kept: Kept, self: Reader, circle: Any, post: int, **asked: Any
) -> Any:
    """
    Reminders of all must-sees are counted together.
    """
    every = sorted(
        (spend for sent in self.reminders.values() for spend in sent),
        key=lambda spend: spend.version,
    )
    return kept(evolve(self, reminders={(circle, post): every}), circle, post, **asked)


@bends(guardians_policy, "one_digest_a_day", READER)
def digest_day_in_utc(kept: Kept, last: Any, *, zone: str, at: datetime) -> Any:
    """
    A guardian is told once in a day of UTC.
    """
    del zone
    return kept(last and evolve(last, zone="UTC"), zone="UTC", at=at)


@bends(guardians_policy, "one_digest_a_day", READER)
def digest_in_24_hours(_kept: Kept, last: Any, *, zone: str, at: datetime) -> Any:
    """
    A guardian is told again 24 hours later, and not on the next day.
    """
    del zone
    if last is None or at - last.at >= timedelta(days=1):
        return ALLOWED
    return refused("guardian-digest-day", f"told at {last.at}")


@bends(Guardians, "evolve", READER)
def named_again_told_again(
    kept: Kept, self: Guardians, event: Any, version: int
) -> None:
    """
    A guardian who is dismissed and named again is told twice on one day.
    """
    kept(self, event, version)
    if isinstance(event, GuardianDismissed):
        self.told.pop(event.guardian, None)
