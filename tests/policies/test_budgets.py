"""
Whether there is room in budgets, and what is said when there is none.
"""

from datetime import UTC, datetime, timedelta

import pytest

from circlekit.budget import CALENDAR_DAY, CALENDAR_MONTH, Budget, Spend, rolling
from circlekit.policies.budgets import within_budgets
from circlekit.verdict import ALLOWED, Reason, Verdict

NOON = datetime(2020, 3, 1, 12, tzinfo=UTC)
MONTH = Budget("month", 2, CALENDAR_MONTH)
SPACING = Budget("spacing", 1, rolling(hours=24))


def test_room():
    """
    While something is left in every budget, nothing stands in the way.
    """
    sent = [Spend(NOON - timedelta(days=1), 4)]
    assert ALLOWED == within_budgets([MONTH, SPACING], sent, zone="UTC", at=NOON)


def test_no_budgets():
    """
    Where nothing is limited, nothing stands in the way.
    """
    sent = [Spend(NOON, 4)] * 10
    assert ALLOWED == within_budgets([], sent, zone="UTC", at=NOON)


def test_every_budget_that_is_used_up():
    """
    Each budget without room gives its own reason, in the book's order.
    """
    sent = [Spend(NOON, 4), Spend(NOON, 5)]

    expected = Verdict(
        (
            Reason(
                rule="month",
                because="2 of 2 used in this calendar month; "
                "free again 2020-04-01 00:00 UTC",
                used=2,
                limit=2,
                window_start=datetime(2020, 3, 1, tzinfo=UTC),
                window_end=datetime(2020, 4, 1, tzinfo=UTC),
                used_by=(4, 5),
                retry_at=datetime(2020, 4, 1, tzinfo=UTC),
            ),
            Reason(
                rule="spacing",
                because="2 of 1 used within 24 hours; free again 2020-03-02 12:00 UTC",
                used=2,
                limit=1,
                window_start=NOON - timedelta(days=1),
                window_end=NOON,
                used_by=(4, 5),
                retry_at=NOON + timedelta(days=1),
            ),
        )
    )
    assert expected == within_budgets([MONTH, SPACING], sent, zone="UTC", at=NOON)


@pytest.mark.parametrize(
    ("window", "words"),
    [
        (CALENDAR_DAY, "1 of 1 used in this calendar day; free again"),
        (CALENDAR_MONTH, "1 of 1 used in this calendar month; free again"),
        (rolling(hours=1), "1 of 1 used within 1 hour; free again"),
        (rolling(days=30), "1 of 1 used within 30 days; free again"),
    ],
)
def test_the_window_in_words(window, words):
    """
    Each kind of window has words of its own.
    """
    verdict = within_budgets(
        [Budget("house", 1, window)], [Spend(NOON, 4)], zone="UTC", at=NOON
    )

    assert verdict.reasons[0].because.startswith(words)


def test_a_limit_of_none():
    """
    Where nothing is allowed at all, no moment is promised.
    """
    verdict = within_budgets(
        [Budget("never", 0, MONTH.window)], [], zone="UTC", at=NOON
    )

    assert ("0 of 0 used in this calendar month", None) == (
        verdict.reasons[0].because,
        verdict.retry_at,
    )
