"""
Asking to be let in, inviting, and accepting the convention.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final, get_args

from attrs import define

from circlekit.aggregates.circle import Circle, Events
from circlekit.application.circles import Attested, Joined, came_in, let_in
from circlekit.application.deciding import Deciding, Work, command, nothing
from circlekit.clock import as_utc
from circlekit.errors import InvalidInputError
from circlekit.events.circle import VerifiedRole
from circlekit.events.joining import InvitationMade, JoinChannel
from circlekit.events.record import Recorded, stream_of
from circlekit.ids import CircleId, InvitationId, MemberId
from circlekit.text import checked_id, checked_name

CHANNELS: Final[tuple[JoinChannel, ...]] = get_args(JoinChannel)


@define(eq=False, repr=False)
class Joins(Deciding):
    """
    Use cases of coming in.
    """

    @command
    def request_to_join(
        self,
        circle: CircleId | str,
        member: MemberId | str,
        *,
        staff_of: str | None = None,
        verified_role: VerifiedRole | None = None,
        channel: JoinChannel | None = None,
        source: str | None = None,
        command_id: str | None = None,
    ) -> None:
        """
        Ask to be let in; the owner or a manager approves it or not.

        Args:
            circle: The circle.
            member: Who asks.
            staff_of: As for :meth:`join_circle`, like all that follow.
            verified_role: ``teacher``, ``parent`` or ``student``, if verified.
            channel: ``qr``, ``link``, ``splash`` or ``product-page``.
            source: Which code, link, screen or page it was.
            command_id: Makes the call safe to repeat.

        Raises:
            RefusedError: ``already-requested``, ``already-a-member``,
                ``internal-staff-only``, ``teaching-verified-role``,
                ``all-staff-stays``.
            InvalidInputError: If an id, the role or the channel is not accepted.
        """
        who = Attested.checked(member, staff_of, verified_role)
        checked_channel(channel, source)

        def plan(work: Work) -> None:
            it = work.circle(CircleId(circle))
            at = work.at(it)
            works_for, known = who.of(work, it, at)
            asked = it.request_to_join(
                who.member,
                staff_of=works_for,
                verified_role=known.role if known else None,
                channel=channel,
                source=source,
                at=at,
            )
            work.record(it, asked)

        self._decide(
            "request_to_join",
            plan,
            nothing,
            about=stream_of("circle", circle),
            by=member,
            said=(staff_of, verified_role, channel, source),
            command_id=command_id,
        )

    @command
    def withdraw_request(
        self,
        circle: CircleId | str,
        member: MemberId | str,
        *,
        command_id: str | None = None,
    ) -> None:
        """
        No longer ask to be let in.

        Raises:
            RefusedError: ``no-request``.
        """
        who = MemberId(checked_id("member", member))

        def decide(it: Circle, work: Work) -> Events:
            return it.withdraw_request(who, at=work.at(it))

        self._on("withdraw_request", circle, decide, member, command_id)

    @command
    def approve_request(
        self,
        circle: CircleId | str,
        member: MemberId | str,
        *,
        by: MemberId | str,
        command_id: str | None = None,
    ) -> Joined:
        """
        Let somebody in who asked, and into the bound group if it has room.

        What the host attested when they asked counts; what a directory says, as of now.

        Raises:
            RefusedError: ``not-a-manager``, ``no-request``, ``internal-staff-only``,
                ``teaching-verified-role``.
        """
        who = MemberId(checked_id("member", member))

        def plan(work: Work) -> None:
            it = work.circle(CircleId(circle))
            chat = work.group(it.bound_group)
            at = work.at(it, chat)
            asked = it.joining.requests.get(who)
            attested = Attested(
                who,
                asked.staff_of if asked else None,
                asked.verified_role if asked else None,
            )
            works_for, known = attested.of(work, it, at)
            approved = it.approve_request(
                who,
                staff_of=works_for,
                verified_role=known.role if known else None,
                verified_until=known.until if known else None,
                by=MemberId(by),
                at=at,
            )
            let_in(work, it, chat, who, approved, at)

        return self._decide(
            "approve_request",
            plan,
            came_in(CircleId(circle)),
            about=stream_of("circle", circle),
            by=by,
            said=(member,),
            command_id=command_id,
        )

    @command
    def decline_request(
        self,
        circle: CircleId | str,
        member: MemberId | str,
        *,
        by: MemberId | str,
        command_id: str | None = None,
    ) -> None:
        """
        Do not let somebody in who asked; they may ask again.

        Raises:
            RefusedError: ``not-a-manager``, ``no-request``.
        """
        who = MemberId(checked_id("member", member))

        def decide(it: Circle, work: Work) -> Events:
            return it.decline_request(who, by=MemberId(by), at=work.at(it))

        self._on("decline_request", circle, decide, by, command_id, member)

    @command
    def invite(
        self,
        circle: CircleId | str,
        *,
        by: MemberId | str,
        channel: JoinChannel | None = None,
        source: str | None = None,
        member: MemberId | str | None = None,
        until: datetime | None = None,
        command_id: str | None = None,
    ) -> InvitationId:
        """
        Invite somebody, or whoever comes through a channel.

        Every member may in an internal or an open circle, else only the owner and
        managers. One person's invitation is used up by coming in.

        Args:
            circle: The circle.
            by: Who invites.
            channel: ``qr``, ``link``, ``splash`` or ``product-page``; may be left out
                where one person is invited.
            source: Which code, link, screen or page it is on.
            member: Who is invited; None for whoever comes through the channel.
            until: The moment from which it no longer holds; None if it lasts.
            command_id: Makes the call safe to repeat.

        Raises:
            RefusedError: ``not-a-member``, ``not-a-manager``, ``invitation-over``,
                ``all-staff-stays``.
            InvalidInputError: If an id or the channel is not accepted, or *until* has
                no zone.
        """
        checked_channel(channel, source)
        guest = None if member is None else MemberId(checked_id("member", member))
        if channel is None and guest is None:
            accepted = ", ".join(CHANNELS)
            raise InvalidInputError("channel", "is missing, and so is who", accepted)
        ends = None if until is None else as_utc("until", until)

        def plan(work: Work) -> None:
            it = work.circle(CircleId(circle))
            invited = it.invite(
                channel=channel,
                source=source,
                member=guest,
                until=ends,
                by=MemberId(by),
                at=work.at(it),
            )
            work.record(it, invited)

        def answer(recorded: Sequence[Recorded]) -> InvitationId:
            place = next(
                item.version
                for item in recorded
                if isinstance(item.event, InvitationMade)
            )
            return InvitationId(CircleId(circle), place)

        return self._decide(
            "invite",
            plan,
            answer,
            about=stream_of("circle", circle),
            by=by,
            said=(channel, source, guest, ends),
            command_id=command_id,
        )

    @command
    def accept_invitation(
        self,
        invitation: InvitationId | str,
        member: MemberId | str,
        *,
        staff_of: str | None = None,
        verified_role: VerifiedRole | None = None,
        command_id: str | None = None,
    ) -> Joined:
        """
        Come in by an invitation, and into the bound group if it has room.

        Args:
            invitation: The invitation.
            member: Who comes.
            staff_of: As for :meth:`join_circle`, like the next.
            verified_role: ``teacher``, ``parent`` or ``student``, if verified.
            command_id: Makes the call safe to repeat.

        Raises:
            RefusedError: ``unknown-invitation``, ``invitation-over``,
                ``not-the-invited``, ``already-a-member``, ``internal-staff-only``,
                ``teaching-verified-role``, ``all-staff-stays``.
            InvalidInputError: If an id or the role is not accepted.
        """
        where = InvitationId.of(invitation)
        who = Attested.checked(member, staff_of, verified_role)

        def plan(work: Work) -> None:
            it = work.circle(where.circle)
            chat = work.group(it.bound_group)
            at = work.at(it, chat)
            works_for, known = who.of(work, it, at)
            accepted = it.accept_invitation(
                work.cited(it, where.version),
                who.member,
                staff_of=works_for,
                verified_role=known.role if known else None,
                verified_until=known.until if known else None,
                at=at,
            )
            let_in(work, it, chat, who.member, accepted, at)

        return self._decide(
            "accept_invitation",
            plan,
            came_in(where.circle),
            about=stream_of("circle", where.circle),
            by=member,
            said=(where.version, staff_of, verified_role),
            command_id=command_id,
        )

    @command
    def decline_invitation(
        self,
        invitation: InvitationId | str,
        *,
        by: MemberId | str,
        command_id: str | None = None,
    ) -> None:
        """
        Do not come by an invitation of one's own, which is then used up.

        Raises:
            RefusedError: ``unknown-invitation``, ``invitation-over``,
                ``not-the-invited``.
        """
        where = InvitationId.of(invitation)

        def decide(it: Circle, work: Work) -> Events:
            cited = work.cited(it, where.version)
            return it.decline_invitation(cited, by=MemberId(by), at=work.at(it))

        self._on(
            "decline_invitation", where.circle, decide, by, command_id, where.version
        )

    @command
    def revoke_invitation(
        self,
        invitation: InvitationId | str,
        *,
        by: MemberId | str,
        command_id: str | None = None,
    ) -> None:
        """
        Take an invitation back: its maker, the owner and managers may.

        Raises:
            RefusedError: ``unknown-invitation``, ``invitation-over``,
                ``not-a-manager``.
        """
        where = InvitationId.of(invitation)

        def decide(it: Circle, work: Work) -> Events:
            cited = work.cited(it, where.version)
            return it.revoke_invitation(cited, by=MemberId(by), at=work.at(it))

        self._on(
            "revoke_invitation", where.circle, decide, by, command_id, where.version
        )

    @command
    def accept_convention(
        self,
        circle: CircleId | str,
        version: str,
        *,
        by: MemberId | str,
        command_id: str | None = None,
    ) -> None:
        """
        Accept the convention in force, which the rule book names.

        Raises:
            RefusedError: ``not-a-member``, ``not-the-convention``,
                ``already-accepted``.
            InvalidInputError: If the version is no name.
        """
        checked_name("version", version)

        def decide(it: Circle, work: Work) -> Events:
            return it.accept_convention(version, by=MemberId(by), at=work.at(it))

        self._on("accept_convention", circle, decide, by, command_id, version)

    @command
    def admit_partner(
        self,
        circle: CircleId | str,
        organisation: str,
        *,
        by: MemberId | str,
        command_id: str | None = None,
    ) -> None:
        """
        Invite all staff of another organisation to a business circle.

        Raises:
            RefusedError: ``not-a-manager``, ``no-business-circle``,
                ``already-a-partner``.
        """
        checked_id("organisation", organisation)

        def decide(it: Circle, work: Work) -> Events:
            return it.admit_partner(organisation, by=MemberId(by), at=work.at(it))

        self._on("admit_partner", circle, decide, by, command_id, organisation)

    @command
    def end_partnership(
        self,
        circle: CircleId | str,
        organisation: str,
        *,
        by: MemberId | str,
        command_id: str | None = None,
    ) -> None:
        """
        Invite staff of another organisation no longer; who is in stays.

        Raises:
            RefusedError: ``not-a-manager``, ``not-a-partner``.
        """
        checked_id("organisation", organisation)

        def decide(it: Circle, work: Work) -> Events:
            return it.end_partnership(organisation, by=MemberId(by), at=work.at(it))

        self._on("end_partnership", circle, decide, by, command_id, organisation)

    def _on(
        self,
        name: str,
        circle: CircleId | str,
        decide: Callable[[Circle, Work], Events],
        by: MemberId | str,
        command_id: str | None,
        *said: object,
    ) -> None:
        def plan(work: Work) -> None:
            it = work.circle(CircleId(circle))
            work.record(it, decide(it, work))

        self._decide(
            name,
            plan,
            nothing,
            about=stream_of("circle", circle),
            by=by,
            said=said,
            command_id=command_id,
        )


def checked_channel(channel: object, source: object) -> None:
    """
    Accept a channel and what it was, or neither.

    Raises:
        InvalidInputError: If the channel is none, or the source is no name.
    """
    if channel is not None and channel not in CHANNELS:
        raise InvalidInputError("channel", f"{channel!r} is none", ", ".join(CHANNELS))
    if source is not None:
        checked_name("source", source)
