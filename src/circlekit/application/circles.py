"""
Founding circles, and who is in them as what.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import cast, get_args

from attrs import define, frozen

from circlekit.aggregates.circle import Circle, Events
from circlekit.aggregates.group import Group
from circlekit.aggregates.organisation import Organisation
from circlekit.aggregates.roles import Verified
from circlekit.application.deciding import (
    Deciding,
    Work,
    command,
    new_id,
    nothing,
)
from circlekit.clock import zone_named
from circlekit.errors import InvalidInputError
from circlekit.events.circle import CircleKind, GroupLinked, VerifiedRole
from circlekit.events.group import GroupJoined
from circlekit.events.joining import JoinChannel
from circlekit.events.record import Recorded, stream_of
from circlekit.events.refusal import CommandRefused
from circlekit.ids import CircleId, GroupId, MemberId
from circlekit.policies.membership import staff_only
from circlekit.rulebook import RuleBook, rule_book
from circlekit.store import must_be_switch
from circlekit.text import checked_id, checked_name
from circlekit.verdict import ALLOWED, RefusedError, Verdict, refused

_CIRCLE_KINDS: tuple[CircleKind, ...] = (
    "internal",
    "teaching",
    "business",
    "community",
)
_CHANNELS: tuple[JoinChannel, ...] = get_args(JoinChannel)
_VERIFIED_ROLES: tuple[VerifiedRole, ...] = ("teacher", "parent", "student")


@frozen
class Joined:
    """
    What became of joining a circle.

    Attributes:
        circle: The circle, which the member is in now.

        group: Whether the bound group had room, with the reason if not.
    """

    circle: CircleId
    group: Verdict


@frozen
class Attested:
    """
    Who wants to come in, and what the host attests of them.
    """

    member: MemberId
    staff_of: str | None = None
    verified_role: VerifiedRole | None = None

    @classmethod
    def checked(
        cls, member: object, staff_of: object, verified_role: object
    ) -> "Attested":
        """
        Return it, if all of it is accepted.

        Raises:
            InvalidInputError: If an id or the role is not accepted.
        """
        if verified_role is not None:
            _one_of("verified_role", verified_role, _VERIFIED_ROLES)
        return cls(
            MemberId(checked_id("member", member)),
            None if staff_of is None else checked_id("staff_of", staff_of),
            cast("VerifiedRole | None", verified_role),
        )

    def of(
        self, work: Work, circle: Circle, at: datetime
    ) -> tuple[str | None, Verified | None]:
        """
        Return for whom they work and as what they are verified, as a circle sees it.

        Where an organisation was registered, its directory says who works for it; and
        what it verified somebody as counts where the host attests nothing.
        """
        named = circle.organisation if circle.kind == "internal" else self.staff_of
        works_for = self.staff_of
        directory = work.registered(named)
        if directory is not None:
            works_for = directory.id if self.member in directory.staff else None
        if self.verified_role is not None:
            return works_for, Verified(self.verified_role, at)
        school = work.registered(circle.organisation)
        return works_for, school.verified(self.member, at) if school else None


@define(eq=False, repr=False)
class Circles(Deciding):
    """
    Use cases of circles and their people.
    """

    @command
    def found_circle(
        self,
        *,
        name: str,
        kind: CircleKind,
        by: MemberId | str,
        zone: str = "Asia/Shanghai",
        organisation: str | None = None,
        rules: RuleBook | str = "dingtalk_2020",
        circle: CircleId | str | None = None,
        group: GroupId | str | None = None,
        command_id: str | None = None,
    ) -> CircleId:
        """
        Found a circle, and its bound group with it; whoever founds it owns it.

        Args:
            name: What people call it.
            kind: ``internal``, ``teaching``, ``business`` or ``community``.
            by: The owner.
            zone: IANA zone in which its calendar windows are counted.
            organisation: Required for the internal kind.
            rules: A rule book, or the name of one that is shipped.
            circle: The circle's id; made if not given.
            group: The bound group's id; made if not given.
            command_id: Makes the call safe to repeat.

        Raises:
            RefusedError: ``already-founded``, ``organisation-required``,
                ``internal-staff-only``.
            InvalidInputError: If a name, kind, zone or rule book is not accepted.
        """
        checked_name("name", name)
        _one_of("kind", kind, _CIRCLE_KINDS)
        zone_named(zone)
        book = rule_book(rules)
        if organisation is not None:
            checked_id("organisation", organisation)
        made = CircleId(_named("circle", circle, command_id))
        bound = GroupId(made if group is None else checked_id("group", group))

        def plan(work: Work) -> None:
            blank = work.blank_or_known(Circle, made)
            chat = work.blank_or_known(Group, bound)
            directory = work.registered(organisation)
            at = work.at(blank, chat, *([directory] if directory else []))
            founded = blank.found(
                name=name,
                kind=kind,
                zone=zone,
                organisation=organisation,
                book=book,
                group=bound,
                staff=_on_the_staff(directory, kind, by),
                by=MemberId(by),
                at=at,
            )
            opened = chat.found(name=name, circle=made, by=MemberId(by), at=at)
            work.record(blank, founded)
            work.record(chat, opened)
            if directory is not None:
                work.record(
                    directory, directory.attach(made, kind, by=MemberId(by), at=at)
                )

        return self._decide(
            "found_circle",
            plan,
            lambda _: made,
            about=stream_of("circle", made),
            by=by,
            said=(name, kind, zone, organisation, book, bound),
            command_id=command_id,
        )

    @command
    def adopt_rule_book(
        self,
        circle: CircleId | str,
        rules: RuleBook | str,
        *,
        by: MemberId | str,
        command_id: str | None = None,
    ) -> None:
        """
        Put other numbers in force from now on; what was sent keeps its rule.

        Raises:
            RefusedError: ``not-the-owner``.
            InvalidInputError: If the rule book is not accepted.
        """
        book = rule_book(rules)

        def plan(work: Work) -> None:
            it = work.circle(CircleId(circle))
            work.record(it, it.adopt_rule_book(book, by=MemberId(by), at=work.at(it)))

        self._decide(
            "adopt_rule_book",
            plan,
            nothing,
            about=stream_of("circle", circle),
            by=by,
            said=(book,),
            command_id=command_id,
        )

    @command
    def join_circle(
        self,
        circle: CircleId | str,
        member: MemberId | str,
        *,
        staff_of: str | None = None,
        invited_by: MemberId | str | None = None,
        verified_role: VerifiedRole | None = None,
        channel: JoinChannel | None = None,
        source: str | None = None,
        command_id: str | None = None,
    ) -> Joined:
        """
        Make somebody a member, and let them into the bound group if it has room.

        Args:
            circle: The circle.
            member: Who joins.
            staff_of: The organisation the host attests they work for. Of one that was
                registered, its directory says who works for it.
            invited_by: Who invited them.
            verified_role: ``teacher``, ``parent`` or ``student``, if verified; not
                given, it is what the circle's organisation reported, if it did.
            channel: What brought them: ``qr``, ``link``, ``splash`` or
                ``product-page``.
            source: Which code, link, screen or page it was.
            command_id: Makes the call safe to repeat.

        Raises:
            RefusedError: ``already-a-member``, ``internal-staff-only``,
                ``business-by-invitation``, ``teaching-verified-role``,
                ``by-application``, ``all-staff-stays``.
            InvalidInputError: If an id, the role or the channel is not accepted.
        """
        who = Attested.checked(member, staff_of, verified_role)
        if invited_by is not None:
            checked_id("invited_by", invited_by)
        if channel is not None:
            _one_of("channel", channel, _CHANNELS)
        if source is not None:
            checked_name("source", source)

        def plan(work: Work) -> None:
            it = work.circle(CircleId(circle))
            chat = work.group(it.bound_group)
            at = work.at(it, chat)
            works_for, known = who.of(work, it, at)
            joined = it.join(
                who.member,
                staff_of=works_for,
                invited_by=MemberId(invited_by) if invited_by else None,
                verified_role=known.role if known else None,
                verified_until=known.until if known else None,
                channel=channel,
                source=source,
                at=at,
            )
            let_in(work, it, chat, who.member, joined, at)

        return self._decide(
            "join_circle",
            plan,
            came_in(CircleId(circle)),
            about=stream_of("circle", circle),
            by=member,
            said=(staff_of, invited_by, verified_role, channel, source),
            command_id=command_id,
        )

    @command
    def leave_circle(
        self,
        circle: CircleId | str,
        member: MemberId | str,
        *,
        command_id: str | None = None,
    ) -> None:
        """
        Let a member go of their own accord, out of the circle's groups too.

        Raises:
            RefusedError: ``not-a-member``, ``owner-stays``, ``all-staff-stays``.
        """
        who = MemberId(checked_id("member", member))

        def plan(work: Work) -> None:
            it = work.circle(CircleId(circle))
            left = it.leave(who, at=work.at(it))
            _leave_with_groups(work, it, who, left, by=who)

        self._decide(
            "leave_circle",
            plan,
            nothing,
            about=stream_of("circle", circle),
            by=member,
            said=(),
            command_id=command_id,
        )

    @command
    def remove_member(
        self,
        circle: CircleId | str,
        member: MemberId | str,
        *,
        by: MemberId | str,
        command_id: str | None = None,
    ) -> None:
        """
        Take a member out of the circle and its groups.

        Raises:
            RefusedError: ``not-a-manager``, ``not-a-member``, ``owner-stays``,
                ``not-the-owner`` (a manager is removed by the owner alone),
                ``all-staff-stays``.
        """
        who = MemberId(checked_id("member", member))

        def plan(work: Work) -> None:
            it = work.circle(CircleId(circle))
            removed = it.remove_member(who, by=MemberId(by), at=work.at(it))
            _leave_with_groups(work, it, who, removed, by=MemberId(by))

        self._decide(
            "remove_member",
            plan,
            nothing,
            about=stream_of("circle", circle),
            by=by,
            said=(member,),
            command_id=command_id,
        )

    @command
    def appoint_manager(
        self,
        circle: CircleId | str,
        member: MemberId | str,
        *,
        by: MemberId | str,
        command_id: str | None = None,
    ) -> None:
        """
        Make a member a manager.

        Raises:
            RefusedError: ``not-the-owner``, ``not-a-member``, ``already-a-manager``.
        """
        self._on_member(
            "appoint_manager", Circle.appoint_manager, circle, member, by, command_id
        )

    @command
    def dismiss_manager(
        self,
        circle: CircleId | str,
        member: MemberId | str,
        *,
        by: MemberId | str,
        command_id: str | None = None,
    ) -> None:
        """
        Make a manager an ordinary member again.

        Raises:
            RefusedError: ``not-the-owner``, ``not-a-manager``.
        """
        self._on_member(
            "dismiss_manager", Circle.dismiss_manager, circle, member, by, command_id
        )

    @command
    def hand_over_circle(
        self,
        circle: CircleId | str,
        member: MemberId | str,
        *,
        by: MemberId | str,
        command_id: str | None = None,
    ) -> None:
        """
        Make another member the owner; what was used of quotas stays used.

        Raises:
            RefusedError: ``not-the-owner``, ``not-a-member``, ``already-the-owner``.
        """
        self._on_member(
            "hand_over_circle", Circle.hand_over, circle, member, by, command_id
        )

    @command
    def grant_override(
        self,
        circle: CircleId | str,
        member: MemberId | str,
        *,
        by: MemberId | str,
        command_id: str | None = None,
    ) -> None:
        """
        Give a member the right to send a must-see beyond the quota.

        Raises:
            RefusedError: ``not-the-owner``, ``not-a-member``, ``already-granted``.
        """
        self._on_member(
            "grant_override", Circle.grant_override, circle, member, by, command_id
        )

    @command
    def revoke_override(
        self,
        circle: CircleId | str,
        member: MemberId | str,
        *,
        by: MemberId | str,
        command_id: str | None = None,
    ) -> None:
        """
        Take the right to go beyond the quota back.

        Raises:
            RefusedError: ``not-the-owner``, ``not-granted``.
        """
        self._on_member(
            "revoke_override", Circle.revoke_override, circle, member, by, command_id
        )

    @command
    def switch_post_sync(
        self,
        circle: CircleId | str,
        *,
        on: bool,
        by: MemberId | str,
        command_id: str | None = None,
    ) -> None:
        """
        Send the circle's posts on to its groups by default, or no longer.

        Raises:
            RefusedError: ``not-a-manager``, ``already-so``.
        """
        must_be_switch("on", on)

        def plan(work: Work) -> None:
            it = work.circle(CircleId(circle))
            work.record(it, it.switch_post_sync(on=on, by=MemberId(by), at=work.at(it)))

        self._decide(
            "switch_post_sync",
            plan,
            nothing,
            about=stream_of("circle", circle),
            by=by,
            said=(on,),
            command_id=command_id,
        )

    @command
    def link_group(
        self,
        circle: CircleId | str,
        *,
        by: MemberId | str,
        name: str | None = None,
        group: GroupId | str | None = None,
        command_id: str | None = None,
    ) -> GroupId:
        """
        Bring a group under the circle: a new one, or one that has no circle.

        Args:
            circle: The circle.
            by: The owner or a manager, who is in a new group from the start.
            name: What people call a new group; the circle's id if not given.
            group: The group's id; made if not given.
            command_id: Makes the call safe to repeat.

        Raises:
            RefusedError: ``not-a-manager``, ``group-linked``.
        """
        checked_name("name", name if name is not None else circle)
        made = GroupId(_named("group", group, command_id))

        def plan(work: Work) -> None:
            it = work.circle(CircleId(circle))
            chat = work.blank_or_known(Group, made)
            at = work.at(it, chat)
            linked = it.link_group(made, linked=chat.circle, by=MemberId(by), at=at)
            if chat.version:
                came = chat.link(CircleId(circle), by=MemberId(by), at=at)
            else:
                came = chat.found(
                    name=name or circle,
                    circle=CircleId(circle),
                    by=MemberId(by),
                    at=at,
                )
            work.record(it, linked)
            work.record(chat, came)

        def answer(recorded: Sequence[Recorded]) -> GroupId:
            return next(
                item.event.group
                for item in recorded
                if isinstance(item.event, GroupLinked)
            )

        return self._decide(
            "link_group",
            plan,
            answer,
            about=stream_of("circle", circle),
            by=by,
            said=(name, group),
            command_id=command_id,
        )

    @command
    def unlink_group(
        self,
        circle: CircleId | str,
        group: GroupId | str,
        *,
        by: MemberId | str,
        command_id: str | None = None,
    ) -> None:
        """
        Let a group go from the circle; its own bound group stays.

        Raises:
            RefusedError: ``not-a-manager``, ``group-not-linked``,
                ``bound-group-stays``.
        """

        def plan(work: Work) -> None:
            it = work.circle(CircleId(circle))
            chat = work.group(GroupId(group))
            at = work.at(it, chat)
            unlinked = it.unlink_group(GroupId(group), by=MemberId(by), at=at)
            work.record(it, unlinked)
            work.record(chat, chat.unlink(by=MemberId(by), at=at))

        self._decide(
            "unlink_group",
            plan,
            nothing,
            about=stream_of("circle", circle),
            by=by,
            said=(group,),
            command_id=command_id,
        )

    def _on_member(
        self,
        name: str,
        decide: Callable[..., Events],
        circle: CircleId | str,
        member: MemberId | str,
        by: MemberId | str,
        command_id: str | None,
    ) -> None:
        checked_id("member", member)

        def plan(work: Work) -> None:
            it = work.circle(CircleId(circle))
            decided = decide(it, MemberId(member), by=MemberId(by), at=work.at(it))
            work.record(it, decided)

        self._decide(
            name,
            plan,
            nothing,
            about=stream_of("circle", circle),
            by=by,
            said=(member,),
            command_id=command_id,
        )


def let_in(
    work: Work,
    circle: Circle,
    chat: Group,
    member: MemberId,
    joined: Sequence[object],
    at: datetime,
) -> None:
    """
    Keep that somebody came, and let them into the bound group if it has room.
    """
    work.record(circle, joined)
    try:
        entered = chat.join(
            member, role="member", capacity=circle.group_capacity, at=at
        )
    except RefusedError as full:
        work.skip("join_group", chat, full.verdict, by=member, at=at)
    else:
        work.record(chat, entered)


def came_in(circle: CircleId) -> Callable[[Sequence[Recorded]], Joined]:
    """
    Return how to answer that somebody came into a circle.
    """
    return lambda recorded: Joined(circle, _entered(recorded))


def _on_the_staff(
    directory: Organisation | None, kind: CircleKind, by: MemberId | str
) -> Verdict:
    if directory is None or kind != "internal":
        return ALLOWED
    return staff_only(directory.id, staff=by in directory.staff)


def _leave_with_groups(
    work: Work,
    circle: Circle,
    member: MemberId,
    gone: Sequence[object],
    *,
    by: MemberId,
) -> None:
    work.record(circle, gone)
    for group in circle.groups:
        chat = work.group(GroupId(group))
        if member in chat.members:
            work.record(chat, chat.leave(member, by=by, at=work.at(circle, chat)))


def _entered(recorded: Sequence[Recorded]) -> Verdict:
    for item in recorded:
        if isinstance(item.event, GroupJoined):
            return ALLOWED
        if isinstance(item.event, CommandRefused):
            return Verdict(item.event.reasons)
    # Refusals are not kept, so this is all that is known of it.
    return refused("group-full", "the circle's own group had no place left")


def _named(field: str, given: str | None, command_id: str | None) -> str:
    # With a command id the id comes from it: a repeat then means the same thing.
    if given is None:
        return new_id() if command_id is None else checked_id("command_id", command_id)
    return checked_id(field, given)


def _one_of(field: str, value: object, accepted: Sequence[str]) -> None:
    if value not in accepted:
        raise InvalidInputError(field, f"{value!r} is none", ", ".join(accepted))
