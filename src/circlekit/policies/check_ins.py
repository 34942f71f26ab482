"""
May this member check in here, and does it count?

One check-in counts for a member, topic and calendar day of the circle's zone; more
are taken and not counted. Where the rule book enables it, a missed day is made up
for within some days, so many times a month.

Source: 000_5ed45e92f4bb09bc:43,121 (check-ins on topics, online and offline); that
one a day counts, and making up, are ours.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from circlekit.budget import CALENDAR_MONTH, Budget, Spend, day_bounds, day_of
from circlekit.policies.budgets import within_budgets
from circlekit.rulebook import RuleBook
from circlekit.verdict import ALLOWED, Reason, Verdict, all_of, refused


def takes_check_ins(kind: str, *, topic: str) -> Verdict:
    """
    Only some topics are there to check in on.
    """
    if kind != "talk":
        return ALLOWED
    return refused("not-a-check-in-topic", f"{topic} is a topic to talk about")


def once_a_day(
    used_by: tuple[int, ...], *, day: date, zone: str, today: bool
) -> Verdict:
    """
    Count one check-in a day: this says why another is not counted.

    Who checks in for *today* can wait for the day to end.

    >>> print(once_a_day((4,), day=date(2020, 3, 1), zone="UTC", today=True))
    check-in-day: 1 of 1 check-ins counted on 2020-03-01
    """
    if not used_by:
        return ALLOWED
    starts, ends = day_bounds(day, zone=zone)
    return Verdict(
        (
            Reason(
                rule="check-in-day",
                because=f"{len(used_by)} of 1 check-ins counted on {day}",
                used=len(used_by),
                limit=1,
                window_start=starts,
                window_end=ends,
                used_by=used_by,
                retry_at=ends if today else None,
            ),
        )
    )


def may_make_up(
    day: date,
    *,
    book: RuleBook,
    made_up: Sequence[Spend],
    since: date,
    zone: str,
    at: datetime,
) -> Verdict:
    """
    Make up for a missed day: enabled, past, not too long ago, and not too often.

    *since* is the first day on which the member could have checked in.
    """
    if not book.make_up_days:
        return refused(
            "make-up-not-enabled", f"by {book.name} no missed check-in is made up for"
        )
    budget = Budget(
        rule="make-up-month", limit=book.make_ups_a_month, window=CALENDAR_MONTH
    )
    return all_of(
        _in_time(day, since=since, zone=zone, limit=book.make_up_days, at=at),
        within_budgets((budget,), made_up, zone=zone, at=at),
    )


def _in_time(day: date, *, since: date, zone: str, limit: int, at: datetime) -> Verdict:
    today = day_of(at, zone=zone)
    if day >= today:
        _, ends = day_bounds(day, zone=zone)
        return Verdict(
            (
                Reason(
                    rule="make-up-not-past",
                    because=f"{day} is not over yet",
                    retry_at=ends,
                ),
            )
        )
    if day < since:
        return refused("make-up-before-start", f"there was nothing to miss on {day}")
    back = (today - day) // timedelta(days=1)
    if back <= limit:
        return ALLOWED
    return Verdict(
        (
            Reason(
                rule="make-up-too-late",
                because=f"{day} was {back} days ago, of {limit} to make up for it",
                used=back,
                limit=limit,
            ),
        )
    )


def check_in_is_there(version: int, *, found: bool, removed: bool) -> Verdict:
    """
    Only a check-in that was made and not removed is taken back.
    """
    if not found:
        return refused("unknown-check-in", f"there is no check-in {version} here")
    if removed:
        return refused("check-in-removed", f"check-in {version} was removed")
    return ALLOWED
