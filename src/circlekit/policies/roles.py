"""
Does somebody's verified role hold at this moment?

A role holds from when it was verified until, and not at, the moment it ends. Whoever
is in a circle by it stays and reads on; what needs the role is refused.

Source: 001_91e06b73f5afe1ab:24 (verification as parent or teacher); that it ends is
circlekit's decision.
"""

from datetime import datetime

from circlekit.verdict import ALLOWED, Verdict, refused


def holds(until: datetime | None, *, at: datetime) -> bool:
    """
    Say whether a role that was verified holds at a moment; None lasts.

    >>> from datetime import UTC
    >>> summer = datetime(2026, 7, 1, tzinfo=UTC)
    >>> holds(summer, at=summer)
    False
    """
    return until is None or at < until


def ends_later(until: datetime | None, *, at: datetime) -> Verdict:
    """
    A role that is verified now does not end before.
    """
    if holds(until, at=at):
        return ALLOWED
    return refused("role-already-over", f"a role that ends at {until} is over already")


def still_verified(held: str | None, role: str, *, member: str) -> Verdict:
    """
    Only a role that somebody has can expire.

    >>> str(still_verified(None, "teacher", member="lin"))
    'role-not-verified: lin is not verified as teacher'
    """
    if held == role:
        return ALLOWED
    return refused("role-not-verified", f"{member} is not verified as {role}")
