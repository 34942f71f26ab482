"""
When to try again, and which reasons are named.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from attrs import evolve

from benchmarks.mutants.planting import CIRCLE, MICROSECOND, Kept, bends
from circlekit import budget as budget_module
from circlekit.aggregates import circle as circle_module
from circlekit.budget import Budget, Spend, Usage
from circlekit.policies import budgets as budgets_policy
from circlekit.verdict import RefusedError, Verdict, all_of


@bends(budget_module, "_free_at", CIRCLE)
def retry_early(kept: Kept, budget: Budget, near: Any, **asked: Any) -> Any:
    """
    The moment to try again is one microsecond early.
    """
    return kept(budget, near, **asked) - MICROSECOND


@bends(budget_module, "_free_at", CIRCLE)
def retry_after_newest(
    kept: Kept, budget: Budget, near: Sequence[Spend], **asked: Any
) -> Any:
    """
    The moment to try again is reckoned from the newest use.
    """
    if budget.window.seconds is None:
        return kept(budget, near, **asked)
    return near[-1].at + timedelta(seconds=budget.window.seconds)


@bends(budget_module, "_free_at", CIRCLE)
def retry_after_oldest(
    kept: Kept, budget: Budget, near: Sequence[Spend], **asked: Any
) -> Any:
    """
    The moment to try again is reckoned from the oldest use, however many there are.
    """
    if budget.window.seconds is None:
        return kept(budget, near, **asked)
    return near[0].at + timedelta(seconds=budget.window.seconds)


@bends(Verdict, "retry_at", CIRCLE)
def retry_when_one_has_room(kept: Kept, self: Verdict) -> Any:
    """
    A refusal by several rules says to try again when the first of them lets go.
    """
    if kept(self) is None:
        return None
    return min(it.retry_at for it in self.reasons if it.retry_at is not None)


@bends(budgets_policy, "room_in", CIRCLE)
def window_told_wrong(kept: Kept, used: Usage) -> Any:
    """
    A refusal names a window that begins an hour late.
    """
    return kept(evolve(used, starts=used.starts + timedelta(hours=1)))


@bends(circle_module, "require", CIRCLE)
def first_reason_only(_kept: Kept, *verdicts: Verdict) -> None:
    """
    Of several reasons, only the first is named.
    """
    reasons = all_of(*verdicts).reasons
    if reasons:
        raise RefusedError(Verdict(reasons[:1]))
