"""
May this customer be shown another moment?

Limits protect the customer, so they are counted by customer. Staff and company
have a budget each, and neither uses up the other's; the source read to the
letter has one for both. A customer over budget is skipped; the moment is
published all the same.

Source: 004_5afab510c79021ef:22,75 (one a day, four a month); a provider's page of
about 2021 says that the two limits do not affect each other.
"""

from collections.abc import Sequence
from datetime import datetime

from circlekit.budget import Spend
from circlekit.events.customer import MomentSource
from circlekit.policies.budgets import within_budgets
from circlekit.rulebook import RuleBook
from circlekit.verdict import ALLOWED, Verdict, refused


def within_moment_budgets(
    book: RuleBook,
    *,
    source: MomentSource,
    by_members: Sequence[Spend],
    by_enterprise: Sequence[Spend],
    zone: str,
    at: datetime,
) -> Verdict:
    """
    Ask the budgets of whoever publishes, on what the customer was shown.
    """
    budgets = book.member_moments if source == "member" else book.enterprise_moments
    if book.moments_share_budgets:
        shown: Sequence[Spend] = sorted(
            (*by_members, *by_enterprise), key=lambda spend: spend.version
        )
    else:
        shown = by_members if source == "member" else by_enterprise
    return within_budgets(budgets, shown, zone=zone, at=at)


def not_yet_shown(moment: str, shown: frozenset[str] | set[str]) -> Verdict:
    """
    Nobody is shown the same moment twice.
    """
    if moment in shown:
        return refused("moment-already-shown", f"moment {moment} was shown already")
    return ALLOWED
