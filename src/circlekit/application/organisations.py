"""
Organisations: their staff directory, and the circles that follow it.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Final, cast, get_args

from attrs import define, frozen

from circlekit.aggregates.circle import Circle
from circlekit.aggregates.group import Group
from circlekit.aggregates.history import replay
from circlekit.aggregates.organisation import Organisation
from circlekit.application.deciding import (
    Deciding,
    Work,
    command,
    new_id,
    nothing,
)
from circlekit.clock import as_utc, zone_named
from circlekit.errors import InvalidInputError
from circlekit.events.circle import VerifiedRole
from circlekit.events.organisation import (
    OrganisationRegistered,
    StaffJoined,
    StaffLeft,
)
from circlekit.events.record import Recorded, stream_of
from circlekit.events.refusal import CommandRefused
from circlekit.ids import CircleId, GroupId, MemberId
from circlekit.policies.groups import has_room
from circlekit.rulebook import RuleBook, rule_book
from circlekit.store import MEMBER_FEED
from circlekit.text import checked_id, checked_list, checked_name, checked_text

ROLES: Final[tuple[VerifiedRole, ...]] = get_args(VerifiedRole)
_DEPARTED: Final = "left the organisation"


@frozen
class StaffReport:
    """
    What a report of staff changed.

    Attributes:
        changed: Who was not in the directory and is now, or the other way round.

        no_room: How many of them found no room in the group of the all-staff circle.
    """

    changed: tuple[MemberId, ...]
    no_room: int = 0


@define(eq=False, repr=False)
class Organisations(Deciding):
    """
    Use cases of organisations.

    What a host reports of its directory is believed, whoever reports it.
    """

    @command
    def register_organisation(
        self,
        organisation: str,
        *,
        name: str,
        by: MemberId | str,
        zone: str = "Asia/Shanghai",
        rules: RuleBook | str = "dingtalk_2020",
        circle: CircleId | str | None = None,
        command_id: str | None = None,
    ) -> CircleId:
        """
        Take an organisation in, make the circle of all its staff, and return that.

        From here on the directory that the host reports says who may join its
        internal circles. Whoever is in one of those already, attested when they
        joined, is staff from the start. Registering again changes nothing.

        Args:
            organisation: The organisation's id, the host's own.
            name: What people call it, and its circle of all staff.
            by: The owner of that circle, and the first of the staff.
            zone: IANA zone in which that circle's calendar windows are counted.
            rules: That circle's rule book, or the name of one that is shipped.
            circle: That circle's id, and its group's; made if not given.
            command_id: Makes the call safe to repeat.

        Raises:
            RefusedError: ``already-founded``.
            InvalidInputError: If a name, id, zone or rule book is not accepted.
        """
        checked_id("organisation", organisation)
        checked_name("name", name)
        zone_named(zone)
        book = rule_book(rules)
        given = new_id() if circle is None else checked_id("circle", circle)
        made, founder = CircleId(given), MemberId(by)

        def plan(work: Work) -> None:
            it = work.blank_or_known(Organisation, organisation)
            if it.version:
                return
            blank = work.blank_or_known(Circle, made)
            chat = work.blank_or_known(Group, GroupId(made))
            earlier = self._circles_of(work, organisation)
            at = work.at(it, blank, chat, *earlier)
            founded = blank.found(
                name=name,
                kind="internal",
                zone=zone,
                organisation=organisation,
                book=book,
                group=GroupId(made),
                by=founder,
                at=at,
            )
            opened = chat.found(name=name, circle=made, by=founder, at=at)
            registered = it.register(
                name=name, zone=zone, all_staff=made, by=founder, at=at
            )
            # What they will be then decides who comes in now.
            circle = replay(Circle(made), founded)
            group = replay(Group(made), opened)
            company = replay(Organisation(organisation), registered)
            staff = _members(each for each in earlier if each.kind == "internal")
            new = _of(company.take_on(staff, by=founder, at=at), StaffJoined)
            for each in earlier:
                registered += it.attach(CircleId(each.id), each.kind, by=founder, at=at)
            work.record(it, (*registered, *company.take_on(new, by=founder, at=at)))
            came = circle.take_on(new, by=founder, at=at)
            follows = blank.follow_directory(by=founder, at=at)
            work.record(blank, (*founded, *follows, *came))
            entered = group.take_in(new, capacity=book.all_staff_capacity, at=at)
            work.record(chat, (*opened, *entered))
            _no_room(work, chat, new, entered, book.all_staff_capacity, at)

        def answer(recorded: Sequence[Recorded]) -> CircleId:
            for item in recorded:
                if isinstance(item.event, OrganisationRegistered):
                    return item.event.all_staff
            return self.all_staff_circle(organisation)

        return self._decide(
            "register_organisation",
            plan,
            answer,
            about=stream_of("organisation", organisation),
            by=by,
            said=(name, zone, book, circle),
            command_id=command_id,
        )

    @command
    def staff_joined(
        self,
        organisation: str,
        members: Iterable[MemberId | str],
        *,
        by: MemberId | str,
        command_id: str | None = None,
    ) -> StaffReport:
        """
        Report that people work for an organisation; they are then in its circle.

        Whoever is in the directory already is left as they are. Once the circle's
        group is full, the others are in the circle without it.

        Args:
            organisation: The organisation.
            members: Whoever came, ten thousand at once if need be.
            by: Who reports it.
            command_id: Makes the call safe to repeat.

        Raises:
            InvalidInputError: If an id is not accepted.
            NotFoundError: If the organisation was not registered.
        """
        people = _people(members)

        def plan(work: Work) -> None:
            it = work.organisation(organisation)
            circle = work.circle(_registered(it))
            chat = work.group(circle.bound_group)
            at = work.at(it, circle, chat)
            joined = it.take_on(people, by=MemberId(by), at=at)
            new = _of(joined, StaffJoined)
            entered = chat.take_in(new, capacity=circle.group_capacity, at=at)
            work.record(it, joined)
            work.record(circle, circle.take_on(new, by=MemberId(by), at=at))
            work.record(chat, entered)
            _no_room(work, chat, new, entered, circle.book.all_staff_capacity, at)

        return self._reported(
            "staff_joined", plan, organisation, by, people, StaffJoined, command_id
        )

    @command
    def staff_left(
        self,
        organisation: str,
        members: Iterable[MemberId | str],
        *,
        by: MemberId | str,
        command_id: str | None = None,
    ) -> StaffReport:
        """
        Report that people no longer work for an organisation.

        They are then out of all its internal circles and their groups. A circle that
        one of them owned goes to the manager who has been in it longest, or else to
        the member who has; one that nobody is left in is archived.

        Args:
            organisation: The organisation.
            members: Whoever went.
            by: Who reports it.
            command_id: Makes the call safe to repeat.

        Raises:
            InvalidInputError: If an id is not accepted.
            NotFoundError: If the organisation was not registered.
        """
        people = _people(members)

        def plan(work: Work) -> None:
            it = work.organisation(organisation)
            left = it.part_with(people, by=MemberId(by), at=work.at(it))
            work.record(it, left)
            gone = _of(left, StaffLeft)
            for id_ in it.internal_circles():
                circle = work.circle(id_)
                parted = circle.part_with(
                    gone, reason=_DEPARTED, by=MemberId(by), at=work.at(circle)
                )
                work.record(circle, parted)
                _leave_groups(work, circle, gone)

        return self._reported(
            "staff_left", plan, organisation, by, people, StaffLeft, command_id
        )

    @command
    def role_verified(
        self,
        organisation: str,
        member: MemberId | str,
        role: VerifiedRole,
        *,
        by: MemberId | str,
        until: datetime | None = None,
        command_id: str | None = None,
    ) -> None:
        """
        Report what an organisation verified somebody as, whether staff or not.

        It holds in every circle of the organisation that they are in or join.

        Args:
            organisation: The organisation, as in a school.
            member: A teacher, parent or student.
            role: Which of these.
            by: Who reports it.
            until: The moment from which it no longer holds; None if it lasts.
            command_id: Makes the call safe to repeat.

        Raises:
            RefusedError: ``role-already-over``.
            InvalidInputError: If an id or the role is not accepted, or *until* has
                no zone.
            NotFoundError: If the organisation was not registered.
        """
        who, ends = MemberId(checked_id("member", member)), _verified(role, until)

        def plan(work: Work) -> None:
            it = work.organisation(organisation)
            circles = _circles_with(work, it, who)
            at = work.at(it, *circles)
            verified = it.verify_role(who, role, until=ends, by=MemberId(by), at=at)
            work.record(it, verified)
            for circle in circles:
                passed_on = circle.verify_role(
                    who, role, until=ends, by=MemberId(by), at=at
                )
                work.record(circle, passed_on)

        self._on_role(
            "role_verified", plan, organisation, by, command_id, who, role, ends
        )

    @command
    def role_expired(
        self,
        organisation: str,
        member: MemberId | str,
        role: VerifiedRole,
        *,
        by: MemberId | str,
        command_id: str | None = None,
    ) -> None:
        """
        Report that what an organisation verified somebody as no longer holds.

        Raises:
            RefusedError: ``role-not-verified``.
            InvalidInputError: If an id or the role is not accepted.
            NotFoundError: If the organisation was not registered.
        """
        who = MemberId(checked_id("member", member))
        _verified(role, None)

        def plan(work: Work) -> None:
            it = work.organisation(organisation)
            circles = _circles_with(work, it, who)
            at = work.at(it, *circles)
            work.record(it, it.expire_role(who, role, by=MemberId(by), at=at))
            for circle in circles:
                if circle.verified_role(who, at) == role:
                    ended = circle.expire_role(who, role, by=MemberId(by), at=at)
                    work.record(circle, ended)

        self._on_role("role_expired", plan, organisation, by, command_id, who, role)

    @command
    def verify_role(
        self,
        circle: CircleId | str,
        member: MemberId | str,
        role: VerifiedRole,
        *,
        by: MemberId | str,
        until: datetime | None = None,
        command_id: str | None = None,
    ) -> None:
        """
        Report what a member of one circle was verified as, in place of before.

        Args:
            circle: The circle.
            member: The member.
            role: ``teacher``, ``parent`` or ``student``.
            by: Who reports it.
            until: The moment from which it no longer holds; None if it lasts.
            command_id: Makes the call safe to repeat.

        Raises:
            RefusedError: ``not-a-member``, ``role-already-over``.
            InvalidInputError: If an id or the role is not accepted, or *until* has
                no zone.
        """
        who, ends = MemberId(checked_id("member", member)), _verified(role, until)

        def plan(work: Work) -> None:
            it = work.circle(CircleId(circle))
            at = work.at(it)
            work.record(
                it, it.verify_role(who, role, until=ends, by=MemberId(by), at=at)
            )

        self._decide(
            "verify_role",
            plan,
            nothing,
            about=stream_of("circle", circle),
            by=by,
            said=(who, role, ends),
            command_id=command_id,
        )

    @command
    def succeed_owner(
        self,
        circle: CircleId | str,
        *,
        by: MemberId | str,
        reason: str,
        to: MemberId | str | None = None,
        command_id: str | None = None,
    ) -> None:
        """
        Report that a circle's owner is gone; another member owns it, and they leave.

        For owners that no directory speaks of. Whoever still can hands over instead.

        Args:
            circle: The circle.
            by: Who reports it.
            reason: Why the owner is gone.
            to: Who follows; if not given, the manager who has been in the circle
                longest, or else the member who has.
            command_id: Makes the call safe to repeat.

        Raises:
            RefusedError: ``all-staff-stays``, ``no-successor``, ``not-a-member``,
                ``already-the-owner``.
            InvalidInputError: If an id or the reason cannot be accepted.
        """
        checked_text("reason", reason)
        heir = None if to is None else MemberId(checked_id("to", to))

        def plan(work: Work) -> None:
            it = work.circle(CircleId(circle))
            owner = it.owner
            followed = it.succeed_owner(
                heir, reason=reason, by=MemberId(by), at=work.at(it)
            )
            work.record(it, followed)
            _leave_groups(work, it, [owner] if owner else [])

        self._decide(
            "succeed_owner",
            plan,
            nothing,
            about=stream_of("circle", circle),
            by=by,
            said=(reason, heir),
            command_id=command_id,
        )

    def all_staff_circle(self, organisation: str) -> CircleId:
        """
        Return the circle of all of an organisation's staff.

        Raises:
            NotFoundError: If the organisation was not registered.
        """
        with self._store.alone() as transaction:
            return _registered(self._work(transaction).organisation(organisation))

    def staff(self, organisation: str) -> tuple[MemberId, ...]:
        """
        Return everybody in an organisation's directory, by id.

        Raises:
            NotFoundError: If the organisation was not registered.
        """
        with self._store.alone() as transaction:
            it = self._work(transaction).organisation(organisation)
            return tuple(MemberId(member) for member in sorted(it.staff))

    def _circles_of(self, work: Work, organisation: str) -> list[Circle]:
        with self._store.read(MEMBER_FEED) as (rows, _):
            found = MEMBER_FEED.circles_of(rows, organisation)
        return [work.circle(circle) for circle in found]

    def _reported(
        self,
        name: str,
        plan: Callable[[Work], None],
        organisation: str,
        by: str,
        people: tuple[MemberId, ...],
        kind: type[StaffJoined | StaffLeft],
        command_id: str | None,
    ) -> StaffReport:
        def answer(recorded: Sequence[Recorded]) -> StaffReport:
            events = [item.event for item in recorded]
            refusals = sum(isinstance(event, CommandRefused) for event in events)
            return StaffReport(_of(events, kind), refusals)

        return self._decide(
            name,
            plan,
            answer,
            about=stream_of("organisation", organisation),
            by=by,
            said=people,
            command_id=command_id,
        )

    def _on_role(
        self,
        name: str,
        plan: Callable[[Work], None],
        organisation: str,
        by: str,
        command_id: str | None,
        *said: object,
    ) -> None:
        self._decide(
            name,
            plan,
            nothing,
            about=stream_of("organisation", organisation),
            by=by,
            said=said,
            command_id=command_id,
        )


def _registered(organisation: Organisation) -> CircleId:
    return cast("CircleId", organisation.all_staff)


def _people(members: Iterable[MemberId | str]) -> tuple[MemberId, ...]:
    many = checked_list("members", members, of="members")
    return tuple(
        dict.fromkeys(MemberId(checked_id("members", member)) for member in many)
    )


def _verified(role: object, until: datetime | None) -> datetime | None:
    if role not in ROLES:
        raise InvalidInputError("role", f"{role!r} is none", ", ".join(ROLES))
    return None if until is None else as_utc("until", until)


def _members(circles: Iterable[Circle]) -> list[MemberId]:
    return [MemberId(member) for circle in circles for member in circle.members]


def _of(
    events: Iterable[object], kind: type[StaffJoined | StaffLeft]
) -> tuple[MemberId, ...]:
    return tuple(event.member for event in events if isinstance(event, kind))


def _circles_with(
    work: Work, organisation: Organisation, member: MemberId
) -> list[Circle]:
    circles = [work.circle(CircleId(circle)) for circle in organisation.circles]
    return [circle for circle in circles if circle.role(member) is not None]


def _no_room(
    work: Work,
    chat: Group,
    came: Sequence[MemberId],
    entered: Sequence[object],
    capacity: int,
    at: datetime,
) -> None:
    full = has_room(capacity, capacity=capacity)
    for member in came[len(entered) :]:
        work.skip("join_group", chat, full, by=member, at=at)


def _leave_groups(work: Work, circle: Circle, gone: Sequence[MemberId]) -> None:
    for group in circle.groups:
        chat = work.group(GroupId(group))
        at = work.at(circle, chat)
        inside = [member for member in gone if member in chat.members]
        work.record(chat, [event for who in inside for event in chat.leave(who, at=at)])
