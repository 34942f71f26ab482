"""
What can happen before somebody is in a circle, or before they write in it.
"""

from typing import Literal

from attrs import frozen

from circlekit.clock import Moment
from circlekit.events.roles import VerifiedRole
from circlekit.ids import MemberId

JoinChannel = Literal["qr", "link", "splash", "product-page"]


@frozen(kw_only=True)
class JoinRequested:
    """
    Somebody asked to be let in, with what the host attested of them.
    """

    member: MemberId
    staff_of: str | None = None
    verified_role: VerifiedRole | None = None
    channel: JoinChannel | None = None
    source: str | None = None
    at: Moment


@frozen(kw_only=True)
class RequestWithdrawn:
    """
    Somebody no longer asks to be let in.
    """

    member: MemberId
    at: Moment


@frozen(kw_only=True)
class RequestApproved:
    """
    The owner or a manager let somebody in who had asked.
    """

    member: MemberId
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class RequestDeclined:
    """
    The owner or a manager did not let somebody in who had asked.
    """

    member: MemberId
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class InvitationMade:
    """
    A member invited somebody, or whoever comes through a channel.

    ``member`` is the one who is invited, None if it is anybody; ``source`` says
    which code, link, screen or page it is on; from ``until`` on it no longer holds.
    """

    channel: JoinChannel | None = None
    source: str | None = None
    member: MemberId | None = None
    until: Moment | None = None
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class InvitationDeclined:
    """
    The one who was invited does not come.
    """

    invitation: int
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class InvitationRevoked:
    """
    Who made an invitation, the owner or a manager took it back.
    """

    invitation: int
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class ConventionAccepted:
    """
    A member accepted a version of the convention.
    """

    version: str
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class PartnerAdmitted:
    """
    The owner or a manager invited all staff of another organisation.
    """

    organisation: str
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class PartnershipEnded:
    """
    Staff of another organisation are no longer invited by being that.
    """

    organisation: str
    by: MemberId
    at: Moment


JoiningEvent = (
    JoinRequested
    | RequestWithdrawn
    | RequestApproved
    | RequestDeclined
    | InvitationMade
    | InvitationDeclined
    | InvitationRevoked
    | ConventionAccepted
    | PartnerAdmitted
    | PartnershipEnded
)
