"""
Does this person decide here?

A circle has one owner, who may appoint managers. Managers may do what the
sources give the owner, except what is the owner's alone: appointing, handing
over and granting rights.

Source: 000_5ed45e92f4bb09bc:33-37 (the owner's operating rights); managers are
circlekit's decision.
"""

from typing import Literal

from circlekit.verdict import ALLOWED, Verdict, refused

Role = Literal["owner", "manager", "member"]


def owner_only(role: Role | None, *, by: str) -> Verdict:
    """
    Only the owner does this.

    >>> str(owner_only("manager", by="tao"))
    'not-the-owner: tao is not the owner of this circle'
    """
    if role == "owner":
        return ALLOWED
    return refused("not-the-owner", f"{by} is not the owner of this circle")


def managers_only(role: Role | None, *, by: str) -> Verdict:
    """
    Only the owner and managers do this.

    >>> str(managers_only("member", by="tao"))
    'not-a-manager: tao is neither owner nor manager of this circle'
    """
    if role in {"owner", "manager"}:
        return ALLOWED
    return refused("not-a-manager", f"{by} is neither owner nor manager of this circle")


def teachers_only(role: Role | None, *, verified: bool, by: str) -> Verdict:
    """
    Only the owner, managers and verified teachers do this.

    >>> teachers_only("member", verified=True, by="lin").allowed
    True
    >>> str(teachers_only("member", verified=False, by="tao"))
    'not-a-teacher: tao is neither owner, manager nor verified teacher here'
    """
    if role in {"owner", "manager"} or (role is not None and verified):
        return ALLOWED
    because = f"{by} is neither owner, manager nor verified teacher here"
    return refused("not-a-teacher", because)


def author_or_manager(role: Role | None, *, author: str, by: str) -> Verdict:
    """
    Only who wrote it, the owner and managers do this; the author while a member.

    >>> author_or_manager("member", author="tao", by="tao").allowed
    True
    """
    if role is not None and by == author:
        return ALLOWED
    if role in {"owner", "manager"}:
        return ALLOWED
    return refused(
        "not-the-author",
        f"{by} is neither the author nor owner or manager of this circle",
    )


def override_right(holders: frozenset[str] | set[str], *, by: str) -> Verdict:
    """
    Only who was granted the right may go beyond the must-see quota.

    Nobody holds it by role: the owner is the one the quota limits.

    >>> str(override_right({"lin"}, by="mei"))
    'no-override-right: mei was not granted the right to override the quota'
    """
    if by in holders:
        return ALLOWED
    return refused(
        "no-override-right",
        f"{by} was not granted the right to override the quota",
    )
