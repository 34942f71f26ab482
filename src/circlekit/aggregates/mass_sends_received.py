"""
The mass sends that a customer or a group received.
"""

from datetime import datetime

from attrs import Factory, define

from circlekit.events.mass_send import MassSendDelivered, MassSendSource
from circlekit.ids import MassSendId, MemberId
from circlekit.policies.mass_send import (
    Received,
    within_mass_send_budgets,
)
from circlekit.rulebook import RuleBook
from circlekit.verdict import Verdict, require


@define
class MassSendsReceived:
    """
    The part of a customer or a group that knows which mass sends it received.

    Attributes:
        received: All of them, oldest first.

        ids: The same by their ids.
    """

    received: list[Received] = Factory(list)
    ids: set[str] = Factory(set)

    def receive(
        self,
        mass_send: MassSendId,
        *verdicts: Verdict,
        source: MassSendSource,
        book: RuleBook,
        zone: str,
        by: MemberId,
        at: datetime,
    ) -> tuple[MassSendDelivered, ...]:
        """
        Receive one, if the budgets leave room for it and *verdicts* all allow it.

        Received again, nothing new has happened.
        """
        if mass_send in self.ids:
            return ()
        require(
            *verdicts,
            within_mass_send_budgets(
                book, self.received, source=source, by=by, zone=zone, at=at
            ),
        )
        return (MassSendDelivered(mass_send=mass_send, source=source, by=by, at=at),)

    # History: never refuses, whatever today's rules say.

    def evolve(self, event: MassSendDelivered, version: int) -> None:
        """
        Take in that one was received.
        """
        self.ids.add(event.mass_send)
        self.received.append(Received(event.at, version, event.source, event.by))
