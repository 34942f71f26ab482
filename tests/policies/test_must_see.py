"""
Whether a circle may send another must-see.
"""

from datetime import timedelta

import pytest

from circlekit.budget import Spend
from circlekit.policies.must_see import (
    is_a_must_see,
    not_yet_a_must_see,
    within_must_see_budgets,
)
from circlekit.rulebook import RULE_BOOKS
from tests.people import DAY, SECOND, shanghai

MARCH_1 = shanghai(3, 1)


@pytest.mark.covers("A035", "A036")
@pytest.mark.parametrize("book", RULE_BOOKS.values(), ids=lambda book: book.name)
@pytest.mark.parametrize(
    ("days", "wait", "expected"),
    [
        ([], timedelta(0), ()),
        ([0], timedelta(0), ("must-see-spacing",)),
        ([0], DAY - SECOND, ("must-see-spacing",)),
        ([0], DAY, ()),
        ([0, 1, 2], DAY, ()),
        ([0, 1, 2, 3], DAY, ("must-see-month",)),
        ([0, 1, 2, 3], DAY - SECOND, ("must-see-month", "must-see-spacing")),
        ([0, 1, 2, 3], 28 * DAY, ()),
        ([], 40 * DAY, ()),
    ],
)
def test_four_a_month_and_one_a_day(book, days, wait, expected):
    """
    Every book that is shipped allows four a month, with a day between them.
    """
    sent = [Spend(MARCH_1 + day * DAY, 9 + day) for day in days]
    last = sent[-1].at if sent else MARCH_1

    verdict = within_must_see_budgets(
        book.must_see, sent, zone="Asia/Shanghai", at=last + wait
    )

    assert expected == verdict.rules


def test_once_a_post():
    """
    A post becomes a must-see once, and only then is it acknowledged.
    """
    assert () == not_yet_a_must_see(8, {9}).rules
    assert ("already-a-must-see",) == not_yet_a_must_see(9, {9}).rules
    assert (9,) == not_yet_a_must_see(9, {9}).reasons[0].used_by
    assert () == is_a_must_see(9, {9}).rules
    assert ("not-a-must-see",) == is_a_must_see(8, {9}).rules
