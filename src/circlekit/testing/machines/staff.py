"""
Let a directory say who is in a circle, and roles be verified, beside a model of it.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from hypothesis import strategies as st
from hypothesis.stateful import rule

from circlekit.aggregates.roles import Verified
from circlekit.events.circle import (
    AllStaffDesignated,
    CircleEvent,
    MemberJoined,
    MemberLeft,
    OwnerSucceeded,
    VerifiedRole,
)
from circlekit.events.closing import CircleArchived
from circlekit.events.roles import RoleExpired, RoleVerified
from circlekit.ids import MemberId
from circlekit.testing.machines.closing import ClosingMachine
from circlekit.testing.machines.machine import CAST

_HR: Final = MemberId("hr")
_WHY: Final = "left the organisation"
_PEOPLE: Final = st.sampled_from((*CAST, MemberId("sun")))
_SOME: Final = st.lists(_PEOPLE, min_size=1, max_size=3, unique=True)
_ROLES: Final[st.SearchStrategy[VerifiedRole]] = st.sampled_from(
    ("teacher", "parent", "student")
)
_LASTS: Final = st.sampled_from(
    (None, timedelta(0), timedelta(microseconds=1), timedelta(days=30))
)


class StaffMachine(ClosingMachine):
    """
    Drive what a directory reports to a circle, which no rule of its own refuses.
    """

    def __init__(self) -> None:
        super().__init__()
        self.joined: dict[str, datetime] = {}
        self.verified: dict[str, Verified] = {}
        self.all_staff = False
        self.organisation: str | None = None

    @rule(members=_SOME, often=st.sampled_from((False, False, True)))
    def change_staff(self, members: list[MemberId], *, often: bool) -> None:
        """
        Let people come, and go again; sometimes all of them.
        """
        self.part_with([*CAST, MemberId("sun")] if often else members)
        self.take_on(members)

    @rule(really=st.sampled_from((False, False, True)))
    def follow_directory(self, *, really: bool) -> None:
        """
        Be the circle of all staff, if it could be; seldom, for it stays so.
        """
        if really and self.standing == "open" and self.organisation is not None:
            self.ask(
                lambda at: self.it.follow_directory(by=_HR, at=at),
                refused_if={},
                then=[AllStaffDesignated(by=_HR, at=self.at)],
            )
            self.all_staff = True

    @rule(members=_SOME)
    def change_all_staff(self, members: list[MemberId]) -> None:
        """
        Be the circle of all staff, of whom all go, and others come.
        """
        self.follow_directory(really=True)
        if self.all_staff:
            self.part_with([*CAST, MemberId("sun")])
            self.take_on(members)

    def take_on(self, members: Sequence[MemberId]) -> None:
        """
        Let staff come.
        """
        new = [member for member in members if member not in self.people]
        nobody_owns = "owner" not in self.people.values()
        due: list[CircleEvent] = [
            MemberJoined(member=member, staff_of=self.organisation, at=self.at)
            for member in new
        ]
        if nobody_owns and new:
            reason = "the first of the staff"
            due.append(OwnerSucceeded(owner=new[0], reason=reason, by=_HR, at=self.at))
        if self.ask(
            lambda at: self.it.take_on(members, by=_HR, at=at),
            refused_if={},
            then=due,
        ):
            for member in new:
                self._came(member, self.organisation, None)
            if nobody_owns and new:
                self.people[new[0]] = "owner"

    def part_with(self, members: Sequence[MemberId]) -> None:
        """
        Let staff go, and the owner be followed.
        """
        gone = [member for member in members if member in self.people]
        owner = next((who for who in gone if self._owns(who)), None)
        heirs = self._heirs(without=gone)
        due: list[CircleEvent] = []
        if owner and heirs:
            due.append(OwnerSucceeded(owner=heirs[0], reason=_WHY, by=_HR, at=self.at))
        elif owner and not self.all_staff and self.standing != "archived":
            due.append(CircleArchived(reason=_WHY, by=owner, at=self.at))
        archived = bool(due) and not heirs
        due += [MemberLeft(member=member, at=self.at) for member in gone]
        if self.ask(
            lambda at: self.it.part_with(members, reason=_WHY, by=_HR, at=at),
            refused_if={},
            then=due,
        ):
            for member in gone:
                self._gone(member)
            if owner and heirs:
                self.people[heirs[0]] = "owner"
            if archived:
                self.standing = "archived"

    @rule(heir=st.one_of(st.none(), _PEOPLE))
    def succeed_owner(self, heir: MemberId | None) -> None:
        """
        Let the owner be followed by somebody, who may be named.
        """
        owner = next((MemberId(who) for who in self.people if self._owns(who)), None)
        heirs = self._heirs(without=[owner] if owner else [])
        follows = heir or (heirs[0] if heirs else MemberId("nobody"))
        if self.ask(
            lambda at: self.it.succeed_owner(heir, reason=_WHY, by=_HR, at=at),
            refused_if={
                "all-staff-stays": self.all_staff,
                "no-successor": heir is None and not heirs,
                "not-a-member": heir is not None and heir not in self.people,
                "already-the-owner": heir is not None and heir == owner,
            },
            then=[
                OwnerSucceeded(owner=follows, reason=_WHY, by=_HR, at=self.at),
                MemberLeft(member=owner or MemberId(""), at=self.at),
            ],
        ):
            self._gone(owner or MemberId(""))
            self.people[follows] = "owner"

    @rule(member=_PEOPLE, role=_ROLES, lasts=_LASTS)
    def verify_role(
        self, member: MemberId, role: VerifiedRole, lasts: timedelta | None
    ) -> None:
        """
        Let somebody's role be verified, perhaps for a while.
        """
        until = None if lasts is None else self.at + lasts
        known = self.verified.get(member)
        goes_on = self.holds_role(member) == role
        since = known.since if known is not None and goes_on else None
        if self.ask(
            lambda at: self.it.verify_role(member, role, until=until, by=_HR, at=at),
            refused_if={
                "not-a-member": member not in self.people,
                "role-already-over": lasts == timedelta(0),
            },
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
            self.verified[member] = Verified(role, since or self.at, until)

    @rule(member=_PEOPLE, role=_ROLES)
    def expire_role(self, member: MemberId, role: VerifiedRole) -> None:
        """
        Let somebody's role end, which they may not have.
        """
        held = self.holds_role(member)
        if held != self.it.verified_role(member, self.at):
            self.fail(f"{member} is verified as {held} by the model")
        if self.ask(
            lambda at: self.it.expire_role(member, role, by=_HR, at=at),
            refused_if={"role-not-verified": held != role},
            then=[RoleExpired(member=member, role=role, by=_HR, at=self.at)],
        ):
            del self.verified[member]

    def holds_role(self, member: str) -> VerifiedRole | None:
        """
        Return what somebody is verified as now, by the model.
        """
        known = self.verified.get(member)
        if known is None or (known.until is not None and known.until <= self.at):
            return None
        return known.role

    def _heirs(self, *, without: Sequence[MemberId]) -> list[MemberId]:
        there = [MemberId(who) for who in self.people if who not in without]
        managers = [who for who in there if self.people[who] == "manager"]
        return sorted(managers or there, key=lambda who: (self.joined[who], who))

    def _came(
        self, member: MemberId, _staff_of: str | None, role: VerifiedRole | None
    ) -> None:
        self.people[member] = "member"
        self.joined[member] = self.it.last_at
        if role is not None:
            self.verified[member] = Verified(role, self.at)

    def _stays(self) -> dict[str, bool]:
        return {"all-staff-stays": self.all_staff}

    def _gone(self, who: str) -> None:
        del self.people[who], self.joined[who]
        self.verified.pop(who, None)
