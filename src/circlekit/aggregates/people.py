"""
Who is in a circle and as what, and who follows an owner that goes.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import assert_never, cast

from attrs import Factory, define

from circlekit.events.circle import (
    AllStaffDesignated,
    CircleFounded,
    ManagerAppointed,
    ManagerDismissed,
    MemberJoined,
    MemberLeft,
    MemberRemoved,
    OverrideGranted,
    OverrideRevoked,
    OwnerChanged,
    OwnerSucceeded,
)
from circlekit.events.closing import CircleArchived
from circlekit.ids import MemberId
from circlekit.policies.authority import Role, managers_only, owner_only
from circlekit.policies.closing import Standing
from circlekit.policies.groups import is_on
from circlekit.policies.membership import (
    all_staff_stays,
    heir_of,
    may_be_appointed,
    may_be_dismissed,
    members_only,
    not_the_owner,
    outranks,
    somebody_follows,
)
from circlekit.verdict import ALLOWED, Verdict, refused, require

PeopleEvent = (
    MemberJoined
    | MemberLeft
    | MemberRemoved
    | ManagerAppointed
    | ManagerDismissed
    | OwnerChanged
    | OwnerSucceeded
    | OverrideGranted
    | OverrideRevoked
    | AllStaffDesignated
)
Events = tuple[PeopleEvent | CircleArchived, ...]


@define
class People:
    """
    The part of a circle that knows its people and their roles.

    Where only the owner of an open circle may, a command is handed whether it is.

    Attributes:
        owner: Who owns it, None if nobody is left to.

        members: Everybody in it, with their role.

        joined_at: When each member joined.

        override_holders: Who may go beyond the must-see quota.

        all_staff: Whether they are all the staff of its organisation.
    """

    owner: MemberId | None = None
    members: dict[str, Role] = Factory(dict)
    joined_at: dict[str, datetime] = Factory(dict)
    override_holders: set[str] = Factory(set)
    all_staff: bool = False

    def role(self, member: str) -> Role | None:
        """
        Return somebody's role, None if they are no member.
        """
        return self.members.get(member)

    # Commands: may refuse, never change anything.

    def leave(self, member: MemberId, *, at: datetime) -> Events:
        """
        Stop being a member.
        """
        require(
            members_only(self.role(member), by=member),
            not_the_owner(self.role(member), member=member),
            self._all_staff_stays(),
        )
        return (MemberLeft(member=member, at=at),)

    def remove(self, member: MemberId, *, by: MemberId, at: datetime) -> Events:
        """
        Take a member out.
        """
        require(
            managers_only(self.role(by), by=by),
            members_only(self.role(member), by=member),
            not_the_owner(self.role(member), member=member),
            outranks(self.role(by), self.role(member), member=member),
            self._all_staff_stays(),
        )
        return (MemberRemoved(member=member, by=by, at=at),)

    def take_on(
        self,
        members: Iterable[MemberId],
        *,
        staff_of: str | None,
        by: MemberId,
        at: datetime,
    ) -> Events:
        """
        Take in staff; if nobody owns the circle, the first of them does.
        """
        new = [member for member in members if member not in self.members]
        came = tuple(
            MemberJoined(member=member, staff_of=staff_of, at=at) for member in new
        )
        if self.owner is not None or not new:
            return came
        reason = "the first of the staff"
        return (*came, OwnerSucceeded(owner=new[0], reason=reason, by=by, at=at))

    def part_with(
        self,
        members: Iterable[MemberId],
        *,
        standing: Standing,
        reason: str,
        by: MemberId,
        at: datetime,
    ) -> Events:
        """
        Let people go; if nobody stays, the circle is archived.
        """
        gone = [member for member in members if member in self.members]
        return (
            *self._succession(gone, standing=standing, reason=reason, by=by, at=at),
            *(MemberLeft(member=member, at=at) for member in gone),
        )

    def succeed_owner(
        self, heir: MemberId | None, *, reason: str, by: MemberId, at: datetime
    ) -> Events:
        """
        Let the owner go who is there no longer; the heir follows them.
        """
        owner = cast("MemberId", self.owner)
        follows = heir or heir_of(self.members, self.joined_at, gone={owner})
        require(
            self._all_staff_stays(),
            somebody_follows(follows),
            members_only(self.role(heir), by=heir) if heir else ALLOWED,
            self._not_yet_owner(heir) if heir else ALLOWED,
        )
        return (
            OwnerSucceeded(owner=MemberId(follows or ""), reason=reason, by=by, at=at),
            MemberLeft(member=owner, at=at),
        )

    def appoint(
        self, member: MemberId, *, owner: Verdict, by: MemberId, at: datetime
    ) -> Events:
        """
        Make a member a manager.
        """
        require(owner, may_be_appointed(self.role(member), member=member))
        return (ManagerAppointed(member=member, by=by, at=at),)

    def dismiss(
        self, member: MemberId, *, owner: Verdict, by: MemberId, at: datetime
    ) -> Events:
        """
        Make a manager an ordinary member again.
        """
        require(owner, may_be_dismissed(self.role(member), member=member))
        return (ManagerDismissed(member=member, by=by, at=at),)

    def hand_over(self, owner: MemberId, *, by: MemberId, at: datetime) -> Events:
        """
        Make another member the owner; the old one stays as an ordinary member.
        """
        require(
            owner_only(self.role(by), by=by),
            members_only(self.role(owner), by=owner),
            self._not_yet_owner(owner),
        )
        return (OwnerChanged(owner=owner, by=by, at=at),)

    def grant_override(
        self, member: MemberId, *, owner: Verdict, by: MemberId, at: datetime
    ) -> Events:
        """
        Give a member the right to go beyond the must-see quota, with a reason.
        """
        require(
            owner,
            members_only(self.role(member), by=member),
            is_on(
                member not in self.override_holders,
                rule="already-granted",
                because=f"{member} has this right already",
            ),
        )
        return (OverrideGranted(member=member, by=by, at=at),)

    def revoke_override(
        self, member: MemberId, *, owner: Verdict, by: MemberId, at: datetime
    ) -> Events:
        """
        Take that right back.
        """
        require(
            owner,
            is_on(
                member in self.override_holders,
                rule="not-granted",
                because=f"{member} does not have this right",
            ),
        )
        return (OverrideRevoked(member=member, by=by, at=at),)

    def _succession(
        self,
        gone: Sequence[MemberId],
        *,
        standing: Standing,
        reason: str,
        by: MemberId,
        at: datetime,
    ) -> Events:
        if self.owner is None or self.owner not in gone:
            return ()
        heir = heir_of(self.members, self.joined_at, gone=frozenset(gone))
        if heir is not None:
            return (OwnerSucceeded(owner=MemberId(heir), reason=reason, by=by, at=at),)
        if self.all_staff or standing == "archived":
            return ()
        return (CircleArchived(reason=reason, by=self.owner, at=at),)

    def _all_staff_stays(self) -> Verdict:
        return all_staff_stays(all_staff=self.all_staff)

    def _not_yet_owner(self, member: str) -> Verdict:
        if member != self.owner:
            return ALLOWED
        return refused("already-the-owner", f"{member} owns this circle already")

    # History: never refuses, whatever today's rules say.

    def founded(self, event: CircleFounded) -> None:
        """
        Take in that the circle was founded.
        """
        self.owner = event.by
        self.members[event.by] = "owner"
        self.joined_at[event.by] = event.at

    def evolve(self, event: PeopleEvent) -> None:
        """
        Take in what happened.
        """
        match event:
            case MemberJoined():
                self.members[event.member] = "member"
                self.joined_at[event.member] = event.at
            case MemberLeft() | MemberRemoved():
                self.members.pop(event.member, None)
                self.joined_at.pop(event.member, None)
                if event.member == self.owner:
                    self.owner = None
                self.override_holders.discard(event.member)
            case ManagerAppointed():
                self.members[event.member] = "manager"
            case ManagerDismissed():
                self.members[event.member] = "member"
            case OwnerChanged() | OwnerSucceeded():
                if self.owner is not None:
                    self.members[self.owner] = "member"
                self.owner = event.owner
                self.members[event.owner] = "owner"
            case OverrideGranted():
                self.override_holders.add(event.member)
            case OverrideRevoked():
                self.override_holders.discard(event.member)
            case AllStaffDesignated():
                self.all_staff = True
            case _:
                assert_never(event)
