"""
An organisation: its staff directory, its circles, and who was verified as what.

The directory is the host's to report. It is believed, not judged: to report again
what is known already changes nothing.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import assert_never

from attrs import Factory, define

from circlekit.aggregates.history import HasHistory
from circlekit.aggregates.roles import Roles, Verified
from circlekit.events.circle import CircleKind
from circlekit.events.organisation import (
    CircleAttached,
    OrganisationEvent,
    OrganisationRegistered,
    StaffJoined,
    StaffLeft,
)
from circlekit.events.relay import OrganisationRelaySet
from circlekit.events.roles import RoleExpired, RoleVerified, VerifiedRole
from circlekit.ids import CircleId, MemberId
from circlekit.policies.relay import relay_changes, relay_may_change
from circlekit.settings import CommentRelay
from circlekit.verdict import require

Events = tuple[OrganisationEvent, ...]


@define
class Organisation(HasHistory):
    """
    What an organisation must remember to decide what happens next.

    Attributes:
        all_staff: The circle of all its staff, None before it is registered.

        circles: Its circles, that one among them, by id.

        staff: Everybody who works for it, and since when that is known.

        roles: Who was verified as what.

        comment_relay: What its circles show of comments, None if it says nothing.
    """

    all_staff: CircleId | None = None
    circles: dict[str, CircleKind] = Factory(dict)
    staff: dict[str, datetime] = Factory(dict)
    roles: Roles = Factory(Roles)
    comment_relay: CommentRelay | None = None

    def verified(self, member: str, at: datetime) -> Verified | None:
        """
        Return what somebody is verified as at a moment, None if nothing.
        """
        return self.roles.at(member, at)

    def internal_circles(self) -> tuple[CircleId, ...]:
        """
        Return the circles that only its staff are in.
        """
        return tuple(
            CircleId(circle)
            for circle, kind in self.circles.items()
            if kind == "internal"
        )

    # Commands: may refuse, never change anything.

    def register(
        self,
        *,
        name: str,
        zone: str,
        all_staff: CircleId,
        by: MemberId,
        at: datetime,
    ) -> Events:
        """
        Come in, with a circle of all staff; who registers it works for it.

        Once it is registered there is nothing left to do.
        """
        if self.version:
            return ()
        return (
            OrganisationRegistered(
                name=name, zone=zone, all_staff=all_staff, by=by, at=at
            ),
            CircleAttached(circle=all_staff, kind="internal", by=by, at=at),
            StaffJoined(member=by, by=by, at=at),
        )

    def attach(
        self, circle: CircleId, kind: CircleKind, *, by: MemberId, at: datetime
    ) -> Events:
        """
        Take a circle that names this organisation among its circles.
        """
        if circle in self.circles:
            return ()
        return (CircleAttached(circle=circle, kind=kind, by=by, at=at),)

    def take_on(
        self, members: Iterable[MemberId], *, by: MemberId, at: datetime
    ) -> Events:
        """
        Take people into the directory who are not in it.
        """
        return tuple(
            StaffJoined(member=member, by=by, at=at)
            for member in dict.fromkeys(members)
            if member not in self.staff
        )

    def part_with(
        self, members: Iterable[MemberId], *, by: MemberId, at: datetime
    ) -> Events:
        """
        Take people out of the directory who are in it.
        """
        return tuple(
            StaffLeft(member=member, by=by, at=at)
            for member in dict.fromkeys(members)
            if member in self.staff
        )

    def verify_role(
        self,
        member: MemberId,
        role: VerifiedRole,
        *,
        until: datetime | None,
        by: MemberId,
        at: datetime,
    ) -> Events:
        """
        Verify somebody's role, who need not be staff: a pupil, or a parent.
        """
        return self.roles.verify(member, role, until=until, by=by, at=at)

    def expire_role(
        self, member: MemberId, role: VerifiedRole, *, by: MemberId, at: datetime
    ) -> Events:
        """
        Let a verified role end now.
        """
        return self.roles.expire(member, role, by=by, at=at)

    def set_comment_relay(
        self,
        relay: CommentRelay | None,
        *,
        may_choose: bool,
        by: MemberId,
        at: datetime,
    ) -> Events:
        """
        Say how much of the comments its circles show at most; None says nothing.
        """
        require(
            relay_may_change(may_choose=may_choose),
            relay_changes(self.comment_relay, relay),
        )
        return (OrganisationRelaySet(relay=relay, by=by, at=at),)

    # History: never refuses, whatever today's rules say.

    def _evolve(self, event: OrganisationEvent) -> None:
        match event:
            case StaffJoined():
                self.staff[event.member] = event.at
            case StaffLeft():
                self.staff.pop(event.member, None)
            case RoleVerified() | RoleExpired():
                self.roles.evolve(event)
            case OrganisationRelaySet():
                self.comment_relay = event.relay
            case CircleAttached():
                self.circles[event.circle] = event.kind
            case OrganisationRegistered():
                self.all_staff = event.all_staff
            case _:
                assert_never(event)
