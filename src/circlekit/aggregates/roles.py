"""
What people were verified as, and until when.
"""

from datetime import datetime
from typing import assert_never

from attrs import Factory, define, frozen

from circlekit.events.roles import RoleEvent, RoleExpired, RoleVerified, VerifiedRole
from circlekit.ids import MemberId
from circlekit.policies.roles import ends_later, holds, still_verified
from circlekit.verdict import ALLOWED, Verdict, require

Events = tuple[RoleEvent, ...]


@frozen
class Verified:
    """
    A role that somebody was verified in.

    Attributes:
        since: When they began to be that without a break, UTC.

        until: The moment from which it no longer holds, UTC; None if it lasts.
    """

    role: VerifiedRole
    since: datetime
    until: datetime | None = None


@define
class Roles:
    """
    The part of a circle, or of an organisation, that knows verified roles.

    Attributes:
        verified: What each was verified as last, whether or not it still holds.
    """

    verified: dict[str, Verified] = Factory(dict)

    def at(self, member: str, at: datetime) -> Verified | None:
        """
        Return what somebody is verified as at a moment, None if nothing.
        """
        known = self.verified.get(member)
        return known if known and holds(known.until, at=at) else None

    # Commands: may refuse, never change anything.

    def verify(
        self,
        member: MemberId,
        role: VerifiedRole,
        *,
        until: datetime | None,
        there: Verdict = ALLOWED,
        by: MemberId,
        at: datetime,
    ) -> Events:
        """
        Verify somebody's role; *there* says whether they can have one here.
        """
        require(there, ends_later(until, at=at))
        known = self.at(member, at)
        return (
            RoleVerified(
                member=member,
                role=role,
                until=until,
                since=known.since if known and known.role == role else None,
                by=by,
                at=at,
            ),
        )

    def expire(
        self,
        member: MemberId,
        role: VerifiedRole,
        *,
        by: MemberId,
        at: datetime,
    ) -> Events:
        """
        Let a verified role end now.
        """
        known = self.at(member, at)
        require(still_verified(known.role if known else None, role, member=member))
        return (RoleExpired(member=member, role=role, by=by, at=at),)

    # History: never refuses, whatever today's rules say.

    def evolve(self, event: RoleEvent) -> None:
        """
        Take in what happened.
        """
        match event:
            case RoleVerified():
                since = event.since or event.at
                self.verified[event.member] = Verified(event.role, since, event.until)
            case RoleExpired():
                self.verified.pop(event.member, None)
            case _:
                assert_never(event)

    def forget(self, member: str) -> None:
        """
        Take in that somebody is here no longer.
        """
        self.verified.pop(member, None)
