"""
Drive an organisation at random, beside a model of it.
"""

from datetime import datetime, timedelta
from typing import Final

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from circlekit.aggregates.organisation import Organisation
from circlekit.aggregates.roles import Roles, Verified
from circlekit.events.circle import CircleKind, VerifiedRole
from circlekit.events.organisation import (
    CircleAttached,
    OrganisationRegistered,
    StaffJoined,
    StaffLeft,
)
from circlekit.events.relay import OrganisationRelaySet
from circlekit.events.roles import RoleExpired, RoleVerified
from circlekit.ids import CircleId, MemberId
from circlekit.settings import CommentRelay
from circlekit.testing.machines.machine import CAST, Machine, a_wait, a_zone
from circlekit.testing.machines.waiting import Wait
from circlekit.testing.strategies import moments

_HR: Final = MemberId("hr")
_PEOPLE: Final = st.sampled_from(CAST)
_SOME: Final = st.lists(_PEOPLE, max_size=4)
_CIRCLES: Final = st.sampled_from((CircleId("all"), CircleId("firm"), CircleId("shop")))
_KINDS: Final[st.SearchStrategy[CircleKind]] = st.sampled_from(
    ("internal", "teaching", "business")
)
_ROLES: Final[st.SearchStrategy[VerifiedRole]] = st.sampled_from(
    ("teacher", "parent", "student")
)
_RELAYS: Final[st.SearchStrategy[CommentRelay | None]] = st.sampled_from(
    ("all", "digest", "off", None)
)
_LASTS: Final = st.sampled_from(
    (None, timedelta(0), timedelta(microseconds=1), timedelta(days=30))
)


class OrganisationMachine(Machine[Organisation]):
    """
    Drive an organisation: its staff, circles, verified roles and comment relay.
    """

    def __init__(self) -> None:
        super().__init__()
        self.staff: dict[str, datetime] = {}
        self.circles: dict[str, CircleKind] = {}
        self.roles: dict[str, Verified] = {}
        self.relay: CommentRelay | None = None

    def blank(self) -> Organisation:
        """
        Return the organisation before it is registered.
        """
        return Organisation("acme")

    @initialize(zone=a_zone(), at=moments())
    def register(self, zone: str, at: datetime) -> None:
        """
        Register it, and try it twice, which changes nothing.
        """
        self.clock, self.zone = at, zone
        mei, all_staff = CAST[0], CircleId("all")
        for due in (
            [
                OrganisationRegistered(
                    name="Acme", zone=zone, all_staff=all_staff, by=mei, at=at
                ),
                CircleAttached(circle=all_staff, kind="internal", by=mei, at=at),
                StaffJoined(member=mei, by=mei, at=at),
            ],
            [],
        ):
            self.ask(
                lambda at: self.it.register(
                    name="Acme", zone=self.zone, all_staff=all_staff, by=mei, at=at
                ),
                refused_if={},
                then=due,
            )
        self.staff = {mei: at}
        self.circles = {all_staff: "internal"}

    @rule(circle=_CIRCLES, kind=_KINDS)
    def attach(self, circle: CircleId, kind: CircleKind) -> None:
        """
        Take a circle in, which may be there.
        """
        new = [CircleAttached(circle=circle, kind=kind, by=_HR, at=self.at)]
        self.ask(
            lambda at: self.it.attach(circle, kind, by=_HR, at=at),
            refused_if={},
            then=[] if circle in self.circles else new,
        )
        self.circles.setdefault(circle, kind)

    @rule(members=_SOME, wait=a_wait())
    def take_on(self, members: list[MemberId], wait: Wait) -> None:
        """
        Wait, then let people come, some of them twice.
        """
        self.wait(wait)
        at = self.at
        new = [who for who in dict.fromkeys(members) if who not in self.staff]
        self.ask(
            lambda at: self.it.take_on(members, by=_HR, at=at),
            refused_if={},
            then=[StaffJoined(member=who, by=_HR, at=at) for who in new],
        )
        self.staff.update(dict.fromkeys(new, at))

    @rule(members=_SOME)
    def part_with(self, members: list[MemberId]) -> None:
        """
        Let people go, some of them twice.
        """
        gone = [who for who in dict.fromkeys(members) if who in self.staff]
        self.ask(
            lambda at: self.it.part_with(members, by=_HR, at=at),
            refused_if={},
            then=[StaffLeft(member=who, by=_HR, at=self.at) for who in gone],
        )
        for who in gone:
            del self.staff[who]

    @rule(member=_PEOPLE, role=_ROLES, lasts=_LASTS)
    def verify_role(
        self, member: MemberId, role: VerifiedRole, lasts: timedelta | None
    ) -> None:
        """
        Verify somebody's role, perhaps for a while.
        """
        until = None if lasts is None else self.at + lasts
        known, held = self.roles.get(member), self._holds_role(member)
        since = known.since if known is not None and held == role else None
        if self.ask(
            lambda at: self.it.verify_role(member, role, until=until, by=_HR, at=at),
            refused_if={"role-already-over": lasts == timedelta(0)},
            then=[
                RoleVerified(
                    member=member,
                    role=role,
                    until=until,
                    since=since,
                    by=_HR,
                    at=self.at,
                )
            ],
        ):
            self.roles[member] = Verified(role, since or self.at, until)

    @rule(member=_PEOPLE, role=_ROLES)
    def expire_role(self, member: MemberId, role: VerifiedRole) -> None:
        """
        Let somebody's role end, which they may not have, or no longer.
        """
        held = self._holds_role(member)
        if self.ask(
            lambda at: self.it.expire_role(member, role, by=_HR, at=at),
            refused_if={"role-not-verified": held != role},
            then=[RoleExpired(member=member, role=role, by=_HR, at=self.at)],
        ):
            del self.roles[member]

    def at_the_end(self) -> None:
        """
        Verify somebody, and let another role of theirs end.
        """
        tao = MemberId("tao")
        self.verify_role(tao, "teacher", None)
        self.expire_role(tao, "student")

    def _holds_role(self, member: str) -> VerifiedRole | None:
        known = self.roles.get(member)
        over = known is not None and known.until is not None and known.until <= self.at
        return known.role if known and not over else None

    @rule(relay=_RELAYS, may_choose=st.booleans())
    def set_comment_relay(
        self, relay: CommentRelay | None, *, may_choose: bool
    ) -> None:
        """
        Say how much of the comments its circles show.
        """
        if self.ask(
            lambda at: self.it.set_comment_relay(
                relay, may_choose=may_choose, by=_HR, at=at
            ),
            refused_if={
                "comment-relay-fixed": not may_choose,
                "already-so": relay == self.relay,
            },
            then=[OrganisationRelaySet(relay=relay, by=_HR, at=self.at)],
        ):
            self.relay = relay

    @invariant()
    def state_agrees(self) -> None:
        """
        Check that the organisation remembers what the model remembers.
        """
        self.check_state(
            all_staff="all",
            circles=self.circles,
            staff=self.staff,
            roles=Roles(self.roles),
            comment_relay=self.relay,
        )
