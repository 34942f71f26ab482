"""
How people come into a circle, and as what they were verified.
"""

from datetime import datetime

from attrs import Factory, define

from circlekit.events.circle import MemberJoined, VerifiedRole


@define
class Joining:
    """
    The part of a circle that knows how its members came in.

    Attributes:
        verified: The role each member was verified in, if any.
    """

    verified: dict[str, VerifiedRole] = Factory(dict)

    def verified_role(self, member: str, _at: datetime) -> VerifiedRole | None:
        """
        Return the role somebody was verified in, None if in none.
        """
        return self.verified.get(member)

    # History: never refuses, whatever today's rules say.

    def came(self, event: MemberJoined) -> None:
        """
        Take in that somebody came.
        """
        if event.verified_role is not None:
            self.verified[event.member] = event.verified_role

    def went(self, member: str) -> None:
        """
        Take in that somebody went.
        """
        self.verified.pop(member, None)
