"""
How people come into a circle, and as what they are verified.
"""

from datetime import datetime

from attrs import Factory, define

from circlekit.aggregates.roles import Roles, Verified
from circlekit.events.circle import MemberJoined
from circlekit.events.roles import VerifiedRole


@define
class Joining:
    """
    The part of a circle that knows how its members came in.

    Attributes:
        roles: What each member was verified as.
    """

    roles: Roles = Factory(Roles)

    def verified_role(self, member: str, at: datetime) -> VerifiedRole | None:
        """
        Return what a member is verified as at a moment, None if nothing.
        """
        known = self.roles.at(member, at)
        return known.role if known else None

    # History: never refuses, whatever today's rules say.

    def came(self, event: MemberJoined) -> None:
        """
        Take in that somebody came.
        """
        if event.verified_role is not None:
            self.roles.verified[event.member] = Verified(event.verified_role)

    def went(self, member: str) -> None:
        """
        Take in that somebody went.
        """
        self.roles.forget(member)
