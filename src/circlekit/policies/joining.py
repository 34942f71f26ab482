"""
Was somebody asked, or did they ask, to come in, and may they write yet?

A request waits for the owner or a manager. An invitation is for one person, who
comes in by it once, or for whoever comes through a channel, as often as they come,
until it ends or is taken back. A rule book may demand that its convention is accepted
before the first post.

Source: 001_91e06b73f5afe1ab:48 (partners are invited by the enterprise);
004_5afab510c79021ef (the community's convention); the rest is ours.
"""

from collections.abc import Collection
from datetime import datetime

from circlekit.events.circle import CircleKind
from circlekit.events.joining import InvitationMade
from circlekit.verdict import ALLOWED, Verdict, refused


def not_yet_requested(member: str, requests: Collection[str]) -> Verdict:
    """
    Nobody asks twice while the first request waits.
    """
    if member not in requests:
        return ALLOWED
    return refused("already-requested", f"{member} has asked to be let in already")


def requested(member: str, requests: Collection[str]) -> Verdict:
    """
    Only who asked is let in, or not, by that.

    >>> str(requested("lin", set()))
    'no-request: lin has not asked to be let in'
    """
    if member in requests:
        return ALLOWED
    return refused("no-request", f"{member} has not asked to be let in")


def invitation_holds(
    place: int, invitation: object, *, over: Collection[int], at: datetime
) -> Verdict:
    """
    An invitation is there, was not used or taken back, and has not ended.
    """
    if not isinstance(invitation, InvitationMade):
        return refused("unknown-invitation", f"there is no invitation {place} here")
    if place in over or (invitation.until is not None and at >= invitation.until):
        return refused("invitation-over", f"invitation {place} no longer holds")
    return ALLOWED


def is_invited(invitation: object, *, member: str) -> Verdict:
    """
    An invitation of one person is nobody else's.
    """
    if not isinstance(invitation, InvitationMade):
        return ALLOWED  # refused already, as unknown
    if invitation.member is None or invitation.member == member:
        return ALLOWED
    return refused("not-the-invited", f"this invitation is not for {member}")


def has_accepted(accepted: str | None, convention: str | None) -> Verdict:
    """
    Whoever writes has accepted the convention in force, if there is one.

    >>> str(has_accepted(None, "2026-03"))
    'convention-not-accepted: the convention 2026-03 is accepted first'
    """
    if convention is None or accepted == convention:
        return ALLOWED
    return refused(
        "convention-not-accepted", f"the convention {convention} is accepted first"
    )


def may_accept(version: str, accepted: str | None, convention: str | None) -> Verdict:
    """
    Only the convention in force is accepted, and once.
    """
    if version != convention:
        in_force = "none" if convention is None else convention
        return refused("not-the-convention", f"the convention in force is {in_force}")
    if accepted == version:
        return refused("already-accepted", f"{version} was accepted already")
    return ALLOWED


def may_be_partner(
    kind: CircleKind, organisation: str, partners: Collection[str]
) -> Verdict:
    """
    Partners are of business circles, each of them once.
    """
    if kind != "business":
        return refused("no-business-circle", "only business circles have partners")
    if organisation in partners:
        return refused("already-a-partner", f"{organisation} is a partner already")
    return ALLOWED


def is_partner(organisation: str, partners: Collection[str]) -> Verdict:
    """
    Only with a partner a partnership ends.
    """
    if organisation in partners:
        return ALLOWED
    return refused("not-a-partner", f"{organisation} is no partner of this circle")
