"""
Mass sends: to how many, by whom, and how often.
"""

from typing import Any

from attrs import evolve

from benchmarks.mutants.planting import CUSTOMER, MASS_SEND, Kept, bends
from circlekit.aggregates.mass_send import MassSend
from circlekit.aggregates.mass_sends_received import MassSendsReceived
from circlekit.events.mass_send import MassSendConfirmed
from circlekit.policies import mass_send as policy
from circlekit.verdict import ALLOWED


@bends(policy, "not_too_many", MASS_SEND)
def groups_are_customers(kept: Kept, customers: int, groups: int, *, book: Any) -> Any:
    """
    Groups are counted among the customers.
    """
    return kept(customers + groups, groups, book=book)


@bends(policy, "not_too_many", MASS_SEND)
def one_recipient_too_many(
    kept: Kept, customers: int, groups: int, *, book: Any
) -> Any:
    """
    A mass send goes to one customer more than it may.
    """
    return kept(customers - 1, groups, book=book)


@bends(policy, "is_a_sender", MASS_SEND)
def anybody_confirms(_kept: Kept, *_args: Any) -> Any:
    """
    Somebody who has nothing to send confirms all the same.
    """
    return ALLOWED


@bends(MassSend, "waiting", MASS_SEND)
def all_reminded(_kept: Kept, self: MassSend) -> Any:
    """
    Senders are reminded who have confirmed.
    """
    return tuple(share.sender for share in self.shares.values())


@bends(MassSend, "_evolve", MASS_SEND)
def reminders_forgotten(kept: Kept, self: MassSend, event: Any) -> None:
    """
    Reminders are counted anew when somebody confirms.
    """
    kept(self, event)
    if isinstance(event, MassSendConfirmed):
        self.reminders.clear()


@bends(MassSend, "confirm", MASS_SEND)
def confirmed_twice(kept: Kept, self: MassSend, **asked: Any) -> Any:
    """
    Whoever confirms twice sends twice.
    """
    return kept(evolve(self, confirmed={}), **asked)


@bends(policy, "within_mass_send_budgets", CUSTOMER)
def sends_shared(kept: Kept, book: Any, received: Any, **asked: Any) -> Any:
    """
    Staff and company use up one another's mass sends, whatever the rule book says.
    """
    return kept(evolve(book, mass_sends_share_budgets=True), received, **asked)


@bends(policy, "within_mass_send_budgets", CUSTOMER)
def senders_shared(kept: Kept, book: Any, received: Any, **asked: Any) -> Any:
    """
    All staff use up one budget, where each has one of their own.
    """
    return kept(evolve(book, mass_sends_by_member=False), received, **asked)


@bends(MassSendsReceived, "receive", CUSTOMER)
def received_twice(
    kept: Kept, self: MassSendsReceived, *args: Any, **asked: Any
) -> Any:
    """
    A mass send that comes again is received again.
    """
    return kept(evolve(self, ids=set()), *args, **asked)
