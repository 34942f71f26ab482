"""
Is there room in these budgets?

One way of counting and one way of saying no for every budget: must-sees of a
circle, moments of a customer.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from circlekit.budget import Budget, Spend, Usage, has_room_at_once, usage
from circlekit.verdict import ALLOWED, Reason, Verdict, all_of, noted


def within_budgets(
    budgets: Iterable[Budget], spends: Sequence[Spend], *, zone: str, at: datetime
) -> Verdict:
    """
    Ask every budget whether it has room at *at*.
    """
    return all_of(
        *[
            noted(budget.rule, _room(budget, spends, zone=zone, at=at))
            for budget in budgets
        ]
    )


def room_in(used: Usage) -> Verdict:
    """
    Refuse where nothing is left, with all that is known of it.
    """
    if used.left > 0:
        return ALLOWED
    budget = used.budget
    again = (
        f"; free again {used.free_at:%Y-%m-%d %H:%M} UTC"
        if used.free_at is not None
        else ""
    )
    return Verdict(
        (
            Reason(
                rule=budget.rule,
                because=f"{used.used} of {used.limit} {_spoken(used)}{again}",
                used=used.used,
                limit=used.limit,
                window_start=used.starts,
                window_end=used.ends,
                used_by=used.used_by,
                retry_at=used.free_at,
            ),
        )
    )


def _room(
    budget: Budget, spends: Sequence[Spend], *, zone: str, at: datetime
) -> Verdict:
    # Of thousands who are asked at once, most have room.
    if has_room_at_once(budget, spends, zone=zone, at=at):
        return ALLOWED
    return room_in(usage(budget, spends, zone=zone, at=at))


def _spoken(used: Usage) -> str:
    window = used.budget.window
    if not used.reserved:
        kind = "used"
    elif used.reserved == used.used:
        kind = "reserved"
    else:
        kind = f"used, {used.reserved} of them reserved,"
    if window.kind == "rolling":
        return f"{kind} within {window}"
    return f"{kind} in this {window}"
