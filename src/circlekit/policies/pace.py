"""
How fast may be written in a group, and by whom at all?

There are three steps, from the mildest: slow mode, announcements only with perhaps
one thread for questions, and mute. Each is put in force with a reason, and ends at
a moment or when it is lifted. The owner and managers write as they like.

Source: 002_3b5c3f96a53bf9b0:6 (a group that was muted as a whole, and a blunt
answer that was); the milder steps are circlekit's.
"""

from collections.abc import Container
from datetime import datetime, timedelta

from circlekit.policies.authority import Role
from circlekit.verdict import ALLOWED, Reason, Verdict, refused


def slow_enough(
    role: Role | None,
    *,
    seconds: int,
    last: tuple[datetime, int] | None,
    until: datetime | None,
    at: datetime,
) -> Verdict:
    """
    In slow mode so many seconds pass between two messages of one member.

    *last* is when the member wrote last, and where that message stands.

    >>> from datetime import UTC
    >>> noon = datetime(2026, 3, 9, 12, tzinfo=UTC)
    >>> str(slow_enough("member", seconds=30, last=(noon, 7), until=None, at=noon))
    'slow-mode: one message in 30 seconds; again at 2026-03-09 12:00:30 UTC'
    """
    if role in {"owner", "manager"} or last is None:
        return ALLOWED
    wrote_at, place = last
    again = wrote_at + timedelta(seconds=seconds)
    if at >= again or not in_force(until, at=at):
        return ALLOWED
    again = again if until is None else min(again, until)
    return Verdict(
        (
            Reason(
                rule="slow-mode",
                because=f"one message in {seconds} seconds; "
                f"again at {again:%Y-%m-%d %H:%M:%S} UTC",
                used=1,
                limit=1,
                window_start=at - timedelta(seconds=seconds),
                window_end=at,
                used_by=(place,),
                retry_at=again,
            ),
        )
    )


def announces_or_asks(
    role: Role | None,
    *,
    set_at: int,
    until: datetime | None,
    reply_to: int | None,
    open_thread: Container[int],
    at: datetime,
) -> Verdict:
    """
    A group for announcements hears its members only in the thread that stays open.
    """
    if role in {"owner", "manager"} or not in_force(until, at=at):
        return ALLOWED
    if reply_to in open_thread:
        return ALLOWED
    ends = f" until {until:%Y-%m-%d %H:%M} UTC" if until else ""
    return Verdict(
        (
            Reason(
                rule="announcements-only",
                because=f"this group is for announcements only{ends}",
                used_by=(set_at,),
                retry_at=until,
            ),
        )
    )


def in_force(until: datetime | None, *, at: datetime) -> bool:
    """
    Return whether what ends at *until* still holds; None ends when it is lifted.
    """
    return until is None or at < until


def ends_later(until: datetime | None, *, at: datetime) -> Verdict:
    """
    What is put in force ends after it begins.
    """
    if in_force(until, at=at):
        return ALLOWED
    return refused("already-over", "it ends before it begins")


def in_slow_mode(*, slow: bool) -> Verdict:
    """
    Only slow mode that is in force can be lifted.
    """
    return ALLOWED if slow else refused("not-slowed", "this group is not in slow mode")


def for_announcements(*, only: bool) -> Verdict:
    """
    Only a group that is for announcements only can be opened again.
    """
    if only:
        return ALLOWED
    return refused("not-announcements-only", "this group is for everybody's messages")
