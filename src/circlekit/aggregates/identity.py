"""
An identity in another system, and whose it is.
"""

from datetime import datetime
from typing import assert_never

from attrs import define

from circlekit.aggregates.history import HasHistory
from circlekit.events.identity import (
    IdentityAttached,
    IdentityDetached,
    IdentityEvent,
)
from circlekit.ids import MemberId
from circlekit.policies.identities import free_to_attach, is_attached
from circlekit.verdict import require

Events = tuple[IdentityEvent, ...]


@define
class Identity(HasHistory):
    """
    What must be remembered of an identity elsewhere: the member it belongs to.
    """

    member: MemberId | None = None

    # Commands: may refuse, never change anything.

    def attach(
        self,
        member: MemberId,
        *,
        system: str,
        external_id: str,
        attested: str,
        by: MemberId,
        at: datetime,
    ) -> Events:
        """
        Become a member's.
        """
        require(free_to_attach(system, member=member, holder=self.member))
        return (
            IdentityAttached(
                member=member,
                system=system,
                external_id=external_id,
                attested=attested,
                by=by,
                at=at,
            ),
        )

    def detach(self, *, by: MemberId, at: datetime) -> Events:
        """
        Be nobody's again.
        """
        require(is_attached(self.member))
        return tuple(
            IdentityDetached(member=member, by=by, at=at)
            for member in (self.member,)
            if member is not None
        )

    # History: never refuses, whatever today's rules say.

    def _evolve(self, event: IdentityEvent) -> None:
        match event:
            case IdentityAttached():
                self.member = event.member
            case IdentityDetached():
                self.member = None
            case _:
                assert_never(event)
