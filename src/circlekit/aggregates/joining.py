"""
How people come into a circle, as what, and what they accept before they write.
"""

from datetime import datetime
from typing import assert_never, cast

from attrs import Factory, define

from circlekit.aggregates.roles import Roles, Verified
from circlekit.events.circle import CircleKind, MemberJoined
from circlekit.events.joining import (
    ConventionAccepted,
    InvitationDeclined,
    InvitationMade,
    InvitationRevoked,
    JoinChannel,
    JoiningEvent,
    JoinRequested,
    PartnerAdmitted,
    PartnershipEnded,
    RequestApproved,
    RequestDeclined,
    RequestWithdrawn,
)
from circlekit.events.record import Cited
from circlekit.events.roles import RoleVerified, VerifiedRole
from circlekit.ids import MemberId
from circlekit.policies.joining import (
    has_accepted,
    invitation_holds,
    is_invited,
    is_partner,
    may_accept,
    may_be_partner,
    not_yet_requested,
    requested,
)
from circlekit.policies.membership import may_join
from circlekit.verdict import ALLOWED, Verdict, all_of, refused, require

Events = tuple[JoiningEvent, ...]
CameIn = tuple[RequestApproved | MemberJoined | RoleVerified, ...]


@define
class Joining:
    """
    The part of a circle that knows how its members came in.

    Each command is handed whether the circle lets somebody do that at all.

    Attributes:
        roles: What each member was verified as.

        works_for: The organisation of each member, as far as it was attested.

        requests: Who asked to be let in, and waits.

        personal: Invitations of one person, by their place.

        over: Invitations that were used, declined or taken back, by their place.

        accepted: Which version of the convention each member accepted.

        partners: Organisations whose staff are invited by being that.
    """

    roles: Roles = Factory(Roles)
    works_for: dict[str, str] = Factory(dict)
    requests: dict[str, JoinRequested] = Factory(dict)
    personal: set[int] = Factory(set)
    over: set[int] = Factory(set)
    accepted: dict[str, str] = Factory(dict)
    partners: set[str] = Factory(set)

    def verified_role(self, member: str, at: datetime) -> VerifiedRole | None:
        """
        Return what a member is verified as at a moment, None if nothing.
        """
        known = self.roles.at(member, at)
        return known.role if known else None

    def holds(self, invitation: Cited, member: str, *, at: datetime) -> Verdict:
        """
        Return whether somebody may come in by an invitation at a moment.
        """
        return all_of(
            invitation_holds(
                invitation.version, invitation.event, over=self.over, at=at
            ),
            is_invited(invitation.event, member=member),
        )

    def may_write(self, member: str, convention: str | None) -> Verdict:
        """
        Return whether somebody has accepted what is accepted first.
        """
        return has_accepted(self.accepted.get(member), convention)

    # Commands: may refuse, never change anything.

    def join(
        self,
        member: MemberId,
        *,
        staff_of: str | None,
        invited_by: MemberId | None,
        verified_role: VerifiedRole | None,
        verified_until: datetime | None,
        channel: JoinChannel | None,
        source: str | None,
        there: Verdict,
        at: datetime,
    ) -> CameIn:
        """
        Become a member, with what the host attests.
        """
        require(there)
        joined = MemberJoined(
            member=member,
            staff_of=staff_of,
            invited_by=invited_by,
            verified_role=verified_role,
            channel=channel,
            source=source,
            at=at,
        )
        return (joined, *_until(joined, verified_until))

    def accept(
        self,
        invitation: Cited,
        member: MemberId,
        *,
        staff_of: str | None,
        verified_role: VerifiedRole | None,
        verified_until: datetime | None,
        there: Verdict,
        at: datetime,
    ) -> CameIn:
        """
        Become a member by an invitation, with what the host attests.
        """
        require(there, self.holds(invitation, member, at=at))
        made = cast("InvitationMade", invitation.event)
        joined = MemberJoined(
            member=member,
            staff_of=staff_of,
            invited_by=made.by,
            verified_role=verified_role,
            channel=made.channel,
            source=made.source,
            invitation=invitation.version,
            at=at,
        )
        return (joined, *_until(joined, verified_until))

    def approve(
        self,
        member: MemberId,
        *,
        kind: CircleKind,
        organisation: str | None,
        staff_of: str | None,
        verified_role: VerifiedRole | None,
        verified_until: datetime | None,
        there: Verdict,
        by: MemberId,
        at: datetime,
    ) -> CameIn:
        """
        Let somebody in who asked, with what is attested of them now.
        """
        require(
            there,
            requested(member, self.requests),
            may_join(
                kind,
                organisation=organisation,
                staff_of=staff_of,
                inviter_role="manager",
                verified_role=verified_role,
            )
            if member in self.requests
            else ALLOWED,
        )
        asked = self.requests[member]
        joined = MemberJoined(
            member=member,
            staff_of=staff_of,
            verified_role=verified_role,
            channel=asked.channel,
            source=asked.source,
            at=at,
        )
        approved = RequestApproved(member=member, by=by, at=at)
        return (approved, joined, *_until(joined, verified_until))

    def request(
        self,
        member: MemberId,
        *,
        staff_of: str | None,
        verified_role: VerifiedRole | None,
        channel: JoinChannel | None,
        source: str | None,
        there: Verdict,
        at: datetime,
    ) -> Events:
        """
        Ask to be let in.
        """
        require(there, not_yet_requested(member, self.requests))
        return (
            JoinRequested(
                member=member,
                staff_of=staff_of,
                verified_role=verified_role,
                channel=channel,
                source=source,
                at=at,
            ),
        )

    def withdraw(self, member: MemberId, *, at: datetime) -> Events:
        """
        No longer ask to be let in.
        """
        require(requested(member, self.requests))
        return (RequestWithdrawn(member=member, at=at),)

    def decline(
        self, member: MemberId, *, there: Verdict, by: MemberId, at: datetime
    ) -> Events:
        """
        Do not let somebody in who asked.
        """
        require(there, requested(member, self.requests))
        return (RequestDeclined(member=member, by=by, at=at),)

    def invite(
        self,
        *,
        channel: JoinChannel | None,
        source: str | None,
        member: MemberId | None,
        until: datetime | None,
        there: Verdict,
        by: MemberId,
        at: datetime,
    ) -> Events:
        """
        Invite somebody, or whoever comes through a channel.
        """
        ended = until is not None and until <= at
        require(
            there,
            refused("invitation-over", "an invitation ends after it is made")
            if ended
            else ALLOWED,
        )
        return (
            InvitationMade(
                channel=channel,
                source=source,
                member=member,
                until=until,
                by=by,
                at=at,
            ),
        )

    def decline_invitation(
        self, invitation: Cited, *, by: MemberId, at: datetime
    ) -> Events:
        """
        Do not come in by an invitation of one's own.
        """
        made = invitation.event
        anybodys = isinstance(made, InvitationMade) and made.member is None
        require(
            self.holds(invitation, by, at=at),
            refused("not-the-invited", f"this invitation is not {by}'s own")
            if anybodys
            else ALLOWED,
        )
        return (InvitationDeclined(invitation=invitation.version, by=by, at=at),)

    def revoke(
        self, invitation: Cited, *, manager: Verdict, by: MemberId, at: datetime
    ) -> Events:
        """
        Take an invitation back; who made it may, and who runs the circle.
        """
        made = invitation.event
        own = isinstance(made, InvitationMade) and made.by == by
        require(
            invitation_holds(
                invitation.version, invitation.event, over=self.over, at=at
            ),
            ALLOWED if own else manager,
        )
        return (InvitationRevoked(invitation=invitation.version, by=by, at=at),)

    def accept_convention(
        self,
        version: str,
        *,
        convention: str | None,
        there: Verdict,
        by: MemberId,
        at: datetime,
    ) -> Events:
        """
        Accept the convention in force.
        """
        require(there, may_accept(version, self.accepted.get(by), convention))
        return (ConventionAccepted(version=version, by=by, at=at),)

    def admit_partner(
        self,
        organisation: str,
        *,
        kind: CircleKind,
        there: Verdict,
        by: MemberId,
        at: datetime,
    ) -> Events:
        """
        Invite all staff of another organisation.
        """
        require(there, may_be_partner(kind, organisation, self.partners))
        return (PartnerAdmitted(organisation=organisation, by=by, at=at),)

    def end_partnership(
        self, organisation: str, *, there: Verdict, by: MemberId, at: datetime
    ) -> Events:
        """
        Invite them no longer; who is in stays.
        """
        require(there, is_partner(organisation, self.partners))
        return (PartnershipEnded(organisation=organisation, by=by, at=at),)

    # History: never refuses, whatever today's rules say.

    def evolve(self, event: JoiningEvent, place: int) -> None:
        """
        Take in what happened, at a place of the circle's history.
        """
        match event:
            case JoinRequested():
                self.requests[event.member] = event
            case RequestWithdrawn() | RequestApproved() | RequestDeclined():
                self.requests.pop(event.member, None)
            case InvitationDeclined() | InvitationRevoked():
                self.over.add(event.invitation)
            case ConventionAccepted():
                self.accepted[event.by] = event.version
            case PartnerAdmitted():
                self.partners.add(event.organisation)
            case PartnershipEnded():
                self.partners.discard(event.organisation)
            case InvitationMade():
                if event.member is not None:
                    self.personal.add(place)
            case _:
                assert_never(event)

    def came(self, event: MemberJoined) -> None:
        """
        Take in that somebody came.
        """
        self.requests.pop(event.member, None)
        if event.verified_role is not None:
            self.roles.verified[event.member] = Verified(event.verified_role, event.at)
        if event.staff_of is not None:
            self.works_for[event.member] = event.staff_of
        if event.invitation in self.personal:
            self.over.add(event.invitation)

    def went(self, member: str) -> None:
        """
        Take in that somebody went.
        """
        self.roles.forget(member)
        self.accepted.pop(member, None)
        self.works_for.pop(member, None)


def _until(joined: MemberJoined, until: datetime | None) -> tuple[RoleVerified, ...]:
    if joined.verified_role is None or until is None:
        return ()
    return (
        RoleVerified(
            member=joined.member,
            role=joined.verified_role,
            until=until,
            by=joined.member,
            at=joined.at,
        ),
    )
