"""
May this circle send another must-see?

A must-see is pushed to every member, so each circle gets few of them: four in a
calendar month of its zone and one in 24 hours. They belong to the circle, not to
whoever sends; a removed must-see has used its share, and so has one sent by
override. A new owner inherits what was used.

Whoever has not acknowledged it may be reminded, a few times and not at once.

Source: 000_5ed45e92f4bb09bc:35 (four a month, one in 24 hours). That the month
is the calendar's, in the circle's zone, and the 24 hours are elapsed time, are
circlekit's decisions. So are the reminders: three in 24 hours and five minutes apart
for each reader, the numbers of two other kinds of reminder of the time.
"""

from collections.abc import Container, Iterable, Sequence
from datetime import datetime

from circlekit.budget import Budget, Spend
from circlekit.policies.budgets import within_budgets
from circlekit.verdict import ALLOWED, Verdict, refused


def within_must_see_budgets(
    budgets: Iterable[Budget], sent: Sequence[Spend], *, zone: str, at: datetime
) -> Verdict:
    """
    Ask every budget; name each one that is used up.

    >>> from datetime import UTC
    >>> from circlekit.rulebook import DINGTALK_2020
    >>> march = datetime(2020, 3, 1, 12, tzinfo=UTC)
    >>> verdict = within_must_see_budgets(
    ...     DINGTALK_2020.must_see, [Spend(march, 5)], zone="UTC", at=march
    ... )
    >>> str(verdict)
    'must-see-spacing: 1 of 1 used within 24 hours; free again 2020-03-02 12:00 UTC'
    """
    return within_budgets(budgets, sent, zone=zone, at=at)


def not_yet_a_must_see(post: int, must_sees: Iterable[int]) -> Verdict:
    """
    A post is a must-see once.
    """
    if post in must_sees:
        return refused("already-a-must-see", "this post is a must-see already", (post,))
    return ALLOWED


def is_a_must_see(post: int, must_sees: Iterable[int]) -> Verdict:
    """
    Only a must-see is acknowledged.
    """
    if post in must_sees:
        return ALLOWED
    return refused("not-a-must-see", "this post is no must-see")


def still_a_must_see(
    post: int, must_sees: Iterable[int], gone: Container[int]
) -> Verdict:
    """
    Nobody is reminded of a must-see that was taken down.
    """
    if post in gone:
        return refused("post-removed", f"post {post} was removed")
    return is_a_must_see(post, must_sees)


def may_be_reminded(
    budgets: Iterable[Budget], reminded: Sequence[Spend], *, zone: str, at: datetime
) -> Verdict:
    """
    Ask every budget of reminders, counted for one must-see and one reader.

    >>> from datetime import UTC, timedelta
    >>> from circlekit.rulebook import DINGTALK_2020
    >>> noon = datetime(2020, 3, 1, 12, tzinfo=UTC)
    >>> verdict = may_be_reminded(
    ...     DINGTALK_2020.must_see_reminders,
    ...     [Spend(noon, 5)],
    ...     zone="UTC",
    ...     at=noon + timedelta(minutes=4),
    ... )
    >>> print(verdict.rules, verdict.retry_at - noon)
    ('must-see-reminder-spacing',) 0:05:00
    """
    return within_budgets(budgets, reminded, zone=zone, at=at)
