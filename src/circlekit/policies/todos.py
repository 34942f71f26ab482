"""
May this to-do be given, done, or changed?

Every member gives themselves something to do; the owner and managers also give it
to others. Whoever was given it does their own part of it. Who gave it, the owner
and managers call it off or move its moment; only the owner and managers hand a part
on, for that is giving it to somebody.

What is done late is done: the moment only says since when it is late. At that very
moment it is.

Source: 000_5ed45e92f4bb09bc:63 (to-dos of the home page, by circle); who may what
is circlekit's decision.
"""

from collections.abc import Mapping
from datetime import datetime

from circlekit.verdict import ALLOWED, Verdict, refused


def not_yet_given(version: int) -> Verdict:
    """
    A to-do is given once.
    """
    if version == 0:
        return ALLOWED
    return refused("already-given", "this to-do was given already")


def still_ahead(due_at: datetime | None, *, at: datetime) -> Verdict:
    """
    Nothing is to be done by a moment that has passed.
    """
    if due_at is None or due_at > at:
        return ALLOWED
    return refused("due-has-passed", f"{due_at:%Y-%m-%d %H:%M} UTC has passed")


def not_called_off(*, cancelled: bool) -> Verdict:
    """
    Nothing is done about a to-do that was called off.
    """
    if cancelled:
        return refused("to-do-cancelled", "this to-do was called off")
    return ALLOWED


def is_part_of(member: str, parts: Mapping[str, bool]) -> Verdict:
    """
    Only whoever was given it has a part in it.
    """
    if member in parts:
        return ALLOWED
    return refused("not-assigned", f"{member} was not given this to-do")


def has_no_part_in(member: str, parts: Mapping[str, bool]) -> Verdict:
    """
    Nobody is given the same to-do twice.
    """
    if member in parts:
        return refused("already-assigned", f"{member} was given this to-do already")
    return ALLOWED


def not_yet_done(*members: str, parts: Mapping[str, bool]) -> Verdict:
    """
    Somebody's part is still to be done; who has none is none's concern here.

    >>> str(not_yet_done("tao", parts={"tao": True, "lin": False}))
    'already-done: tao has done this already'
    >>> not_yet_done("tao", "lin", parts={"tao": True, "lin": False}).allowed
    True
    """
    if all(parts.get(member, False) for member in members):
        who = ", ".join(members)
        return refused("already-done", f"{who} has done this already")
    return ALLOWED


def is_done(member: str, parts: Mapping[str, bool]) -> Verdict:
    """
    Only what was done is to be done again.
    """
    if parts.get(member, True):
        return ALLOWED
    return refused("not-done", f"{member} has not done this yet")


def another_moment(due_at: datetime | None, than: datetime | None) -> Verdict:
    """
    A moment is moved to another.
    """
    if due_at == than:
        return refused("already-so", "it is to be done by then already")
    return ALLOWED
