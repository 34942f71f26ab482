"""
Drive an identity in another system at random, beside a model of it.
"""

from datetime import datetime

from hypothesis.stateful import initialize, invariant, rule

from circlekit.aggregates.identity import Identity
from circlekit.events.identity import IdentityAttached, IdentityDetached
from circlekit.ids import MemberId
from circlekit.testing.machines.machine import PEOPLE, Machine, a_wait, someone
from circlekit.testing.machines.waiting import Wait
from circlekit.testing.strategies import moments


class IdentityMachine(Machine[Identity]):
    """
    Drive an identity: attached to one member after the other.
    """

    def __init__(self) -> None:
        super().__init__()
        self.owners: list[MemberId] = []

    def blank(self) -> Identity:
        """
        Return the identity before it was anybody's.
        """
        return Identity("wechat:123")

    @initialize(at=moments())
    def begin(self, at: datetime) -> None:
        """
        Begin at some time.
        """
        self.clock = at

    @rule(wait=a_wait(), member=PEOPLE, by=someone())
    def attach(self, wait: Wait, member: MemberId, by: MemberId) -> None:
        """
        Wait, then find that the identity is somebody's.
        """
        self.wait(wait)
        if self.ask(
            lambda at: self.it.attach(
                member,
                system="wechat",
                external_id="o-123",
                attested="oauth",
                by=by,
                at=at,
            ),
            refused_if={
                "identity-attached": self.owners == [member],
                "identity-taken": self.owners not in ([], [member]),
            },
            then=[
                IdentityAttached(
                    member=member,
                    system="wechat",
                    external_id="o-123",
                    attested="oauth",
                    by=by,
                    at=self.at,
                )
            ],
        ):
            self.owners.append(member)

    @rule(wait=a_wait(), by=someone())
    def detach(self, wait: Wait, by: MemberId) -> None:
        """
        Wait, then find that it is nobody's.
        """
        self.wait(wait)
        if self.ask(
            lambda at: self.it.detach(by=by, at=at),
            refused_if={"identity-not-attached": not self.owners},
            then=[
                IdentityDetached(member=member, by=by, at=self.at)
                for member in self.owners
            ],
        ):
            self.owners.clear()

    @invariant()
    def state_agrees(self) -> None:
        """
        Check that the identity is whose the model says.
        """
        self.check_state(member=self.owners[0] if self.owners else None)
