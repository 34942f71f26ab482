"""
Approvals: whom they ask, in which order, and until when.
"""

from datetime import datetime
from typing import Any

from benchmarks.mutants.planting import APPROVAL, MICROSECOND, Kept, bends
from circlekit.aggregates.approval import Approval
from circlekit.events.approval import ApprovalClosed, ApprovalDelegated
from circlekit.policies import approvals as policy
from circlekit.verdict import ALLOWED


@bends(policy, "in_time", APPROVAL)
def decided_at_its_end(kept: Kept, due_at: datetime | None, *, at: datetime) -> Any:
    """
    At the very moment that an approval expires, somebody still decides.
    """
    return kept(due_at and due_at + MICROSECOND, at=at)


@bends(policy, "has_expired", APPROVAL)
def expired_early(kept: Kept, due_at: datetime | None, *, at: datetime) -> Any:
    """
    An approval is recorded as expired a microsecond before it is.
    """
    return kept(due_at and due_at - MICROSECOND, at=at)


@bends(policy, "step_is_open", APPROVAL)
def out_of_order(kept: Kept, step: int, *, decided: int, parallel: bool) -> Any:
    """
    Nobody waits for whoever comes before them.
    """
    del parallel
    return kept(step, decided=decided, parallel=True)


@bends(policy, "step_is_open", APPROVAL)
def one_step_ahead(kept: Kept, step: int, *, decided: int, parallel: bool) -> Any:
    """
    The step after the next one is open as well.
    """
    return kept(step, decided=decided + 1, parallel=parallel)


@bends(policy, "step_is_open", APPROVAL)
def all_in_order(kept: Kept, step: int, *, decided: int, parallel: bool) -> Any:
    """
    All wait for one another, also where they are asked at once.
    """
    del parallel
    return kept(step, decided=decided, parallel=False)


@bends(policy, "of_the_organisation", APPROVAL)
def of_another_organisation(_kept: Kept, *_args: Any, **_asked: Any) -> Any:
    """
    Whoever has changed their organisation still decides for it.
    """
    return ALLOWED


@bends(Approval, "_may_stand_in", APPROVAL)
def strangers_stand_in(kept: Kept, self: Approval, to: Any, *_: Any, for_: Any) -> Any:
    """
    A step may be given to somebody of another organisation.
    """
    named = [it.organisation for it in self.steps if it.approver == for_]
    return kept(self, to, *named[:1] or [None], for_=for_)


@bends(policy, "one_step_each", APPROVAL)
def two_steps_each(_kept: Kept, *_args: Any) -> Any:
    """
    Somebody may have two steps of one approval.
    """
    return ALLOWED


@bends(policy, "their_own", APPROVAL)
def anybody_withdraws(_kept: Kept, *_args: Any) -> Any:
    """
    Anybody may withdraw an approval.
    """
    return ALLOWED


@bends(Approval, "decide", APPROVAL)
def first_approval_counts(kept: Kept, self: Approval, **asked: Any) -> Any:
    """
    Where all are asked at once, the first who approves is enough.
    """
    decided, *closed = kept(self, **asked)
    if self.parallel and not closed:
        return decided, ApprovalClosed(outcome="approved", at=asked["at"])
    return decided, *closed


@bends(Approval, "decide", APPROVAL)
def rejected_and_open(kept: Kept, self: Approval, **asked: Any) -> Any:
    """
    A rejection does not close the approval.
    """
    events = kept(self, **asked)
    return events if asked["approve"] else events[:1]


@bends(Approval, "_evolve", APPROVAL)
def delegated_and_kept(kept: Kept, self: Approval, event: Any) -> None:
    """
    Whoever gives a step away keeps it.
    """
    if not isinstance(event, ApprovalDelegated):
        kept(self, event)
