"""
A reader: which must-sees they have acknowledged.

What people read is kept in a history of their own, so that ten thousand readers
of one must-see never wait for one another, nor for the circle.
"""

from datetime import datetime
from typing import assert_never

from attrs import Factory, define

from circlekit.aggregates.age import Age
from circlekit.aggregates.history import HasHistory
from circlekit.events.reader import (
    MinorAttested,
    MustSeeAcknowledged,
    PostsRead,
    ReaderEvent,
)
from circlekit.ids import CircleId
from circlekit.policies.authority import Role
from circlekit.policies.membership import members_only
from circlekit.policies.must_see import is_a_must_see
from circlekit.verdict import ALLOWED, Verdict, refused, require

Events = tuple[ReaderEvent, ...]


@define
class Reader(HasHistory):
    """
    What must be remembered of a reader to decide what happens next.
    """

    acknowledged: set[tuple[str, int]] = Factory(set)
    age: Age = Factory(Age)

    # Commands: may refuse, never change anything.

    def mark_read(
        self,
        circle: CircleId,
        posts: tuple[int, ...],
        *,
        role: Role | None,
        there: Verdict = ALLOWED,
        at: datetime,
    ) -> Events:
        """
        Have read posts of a circle, on whatever surface.
        """
        require(members_only(role, by=self.id), there)
        return (PostsRead(circle=circle, posts=posts, at=at),)

    def acknowledge(
        self,
        circle: CircleId,
        post: int,
        *,
        must_sees: set[int],
        role: Role | None,
        at: datetime,
    ) -> Events:
        """
        Confirm having seen a must-see; once is enough.
        """
        require(
            members_only(role, by=self.id),
            is_a_must_see(post, must_sees),
            refused("already-acknowledged", f"{self.id} has acknowledged this already")
            if (circle, post) in self.acknowledged
            else ALLOWED,
        )
        return (MustSeeAcknowledged(circle=circle, post=post, at=at),)

    def attest_minor(self, *, until: datetime, zone: str, at: datetime) -> Events:
        """
        Be a minor until then, as the host attests.
        """
        return self.age.attest(until=until, zone=zone, at=at)

    # History: never refuses, whatever today's rules say.

    def _evolve(self, event: ReaderEvent) -> None:
        match event:
            case PostsRead():
                pass
            case MustSeeAcknowledged():
                self.acknowledged.add((event.circle, event.post))
            case MinorAttested():
                self.age.evolve(event)
            case _:
                assert_never(event)
