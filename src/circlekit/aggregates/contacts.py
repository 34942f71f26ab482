"""
Who of the staff had to do with a customer, and when last.
"""

from datetime import datetime

from attrs import Factory, define

from circlekit.ids import MemberId
from circlekit.policies.mass_send import sender_of


@define
class Contacts:
    """
    The part of a customer that knows who of the staff had to do with them.

    Attributes:
        added_by: Who took them in.

        last: When each member of staff last had to do with them.
    """

    added_by: MemberId | None = None
    last: dict[str, datetime] = Factory(dict)

    def sender(self, owner: MemberId | None) -> MemberId:
        """
        Return who sends to them what goes out to many.
        """
        return MemberId(sender_of(self.last, owner=owner, otherwise=str(self.added_by)))

    # History: never refuses, whatever today's rules say.

    def met(self, member: str, at: datetime) -> None:
        """
        Take in that somebody had to do with them.
        """
        self.last[member] = at
