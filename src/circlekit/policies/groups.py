"""
Who may come into a chat group, and who may write in it?

A group takes members of its circle until it is full. While it is muted, only
the owner and managers write. The group made with a circle stays with it.

Source: 000_5ed45e92f4bb09bc:33,39,49 (bound and linked groups), :97 (a hundred
people); 002_3b5c3f96a53bf9b0:6 (a muted group). That owner and managers still
speak follows DingTalk's group mute as described in 2022.
"""

from collections.abc import Container
from datetime import datetime

from circlekit.policies.authority import Role
from circlekit.verdict import ALLOWED, Reason, Verdict, refused


def has_room(members: int, *, capacity: int | None) -> Verdict:
    """
    A group holds so many people and no more.

    >>> str(has_room(100, capacity=100))
    'group-full: 100 of 100 places taken'
    """
    if capacity is None or members < capacity:
        return ALLOWED
    return Verdict(
        (
            Reason(
                rule="group-full",
                because=f"{members} of {capacity} places taken",
                used=members,
                limit=capacity,
            ),
        )
    )


def in_the_group(member: str, members: Container[str]) -> Verdict:
    """
    Only who is in the group takes part in it.
    """
    if member in members:
        return ALLOWED
    return refused("not-in-the-group", f"{member} is not in this group")


def not_yet_in_the_group(member: str, members: Container[str]) -> Verdict:
    """
    Nobody comes in twice.
    """
    if member in members:
        return refused("already-in-the-group", f"{member} is in this group already")
    return ALLOWED


def may_speak(
    role: Role | None,
    *,
    muted_at: int | None,
    muted_until: datetime | None,
    at: datetime,
) -> Verdict:
    """
    In a muted group only the owner and managers speak; a mute ends at its moment.
    """
    if role in {"owner", "manager"} or not is_muted(muted_at, muted_until, at=at):
        return ALLOWED
    until = f" until {muted_until:%Y-%m-%d %H:%M} UTC" if muted_until else ""
    return Verdict(
        (
            Reason(
                rule="group-muted",
                because=f"this group is muted{until}",
                used_by=() if muted_at is None else (muted_at,),
                retry_at=muted_until,
            ),
        )
    )


def is_muted(
    muted_at: int | None, muted_until: datetime | None, *, at: datetime
) -> bool:
    """
    Return whether a mute still holds; the moment it ends is no longer part of it.
    """
    return muted_at is not None and (muted_until is None or at < muted_until)


def linked_to(circle: str, linked: str | None) -> Verdict:
    """
    A circle runs only the groups that are linked to it.
    """
    if linked == circle:
        return ALLOWED
    return refused("group-not-linked", f"this group is not linked to {circle}")


def free_to_link(linked: str | None) -> Verdict:
    """
    A group belongs to one circle at a time.
    """
    if linked is None:
        return ALLOWED
    return refused("group-linked", f"this group is linked to {linked}")


def may_unlink(*, bound: bool) -> Verdict:
    """
    The group that was made with the circle stays with it.
    """
    if bound:
        return refused("bound-group-stays", "the circle's own group cannot be unlinked")
    return ALLOWED


def is_on(switch: bool, *, rule: str, because: str) -> Verdict:  # noqa: FBT001
    """
    Only what is on can be switched off, and the other way round.
    """
    return ALLOWED if switch else refused(rule, because)
