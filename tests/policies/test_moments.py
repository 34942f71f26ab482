"""
Whether a customer may be shown another moment.
"""

from datetime import timedelta

import pytest

from circlekit.budget import Spend
from circlekit.policies.moments import not_yet_shown, within_moment_budgets
from circlekit.rulebook import DINGTALK_2020, SEED_LITERAL, WECOM_2020
from tests.people import shanghai

NOON = shanghai(3, 2, 12)
NOTHING = []
TODAY = [Spend(NOON, 9)]
THIS_MONTH = [Spend(NOON - timedelta(days=1), version) for version in (5, 6, 7, 8)]


@pytest.mark.parametrize(
    ("book", "source", "by_members", "by_enterprise", "expected"),
    [
        (WECOM_2020, "member", NOTHING, NOTHING, ()),
        (WECOM_2020, "member", TODAY, NOTHING, ("moment-day",)),
        (WECOM_2020, "member", NOTHING, THIS_MONTH, ()),
        (WECOM_2020, "enterprise", TODAY, NOTHING, ()),
        (WECOM_2020, "enterprise", NOTHING, TODAY, ()),
        (WECOM_2020, "enterprise", NOTHING, THIS_MONTH, ("moment-month",)),
        (WECOM_2020, "enterprise", THIS_MONTH, NOTHING, ()),
        (SEED_LITERAL, "member", NOTHING, TODAY, ("moment-day",)),
        (SEED_LITERAL, "enterprise", TODAY, NOTHING, ("moment-day",)),
        (SEED_LITERAL, "enterprise", THIS_MONTH, NOTHING, ("moment-month",)),
        (SEED_LITERAL, "member", TODAY, THIS_MONTH, ("moment-day", "moment-month")),
        (DINGTALK_2020, "member", TODAY, THIS_MONTH, ()),
    ],
)
def test_budgets(book, source, by_members, by_enterprise, expected):
    """
    Staff and company have a budget each, unless the book has one for both.
    """
    verdict = within_moment_budgets(
        book,
        source=source,
        by_members=by_members,
        by_enterprise=by_enterprise,
        zone="Asia/Shanghai",
        at=NOON,
    )

    assert expected == verdict.rules


def test_one_budget_for_both_names_all_in_the_order_of_history():
    """
    Where staff and company share a budget, its uses are named as they happened.
    """
    verdict = within_moment_budgets(
        SEED_LITERAL,
        source="member",
        by_members=[Spend(NOON, 3), Spend(NOON, 6)],
        by_enterprise=[Spend(NOON, 4), Spend(NOON, 5)],
        zone="Asia/Shanghai",
        at=NOON,
    )

    assert [(3, 4, 5, 6)] * 2 == [reason.used_by for reason in verdict.reasons]


def test_once_each():
    """
    Nobody is shown the same moment twice.
    """
    assert () == not_yet_shown("spring", set()).rules
    assert ("moment-already-shown",) == not_yet_shown("spring", {"spring"}).rules
