"""
Drive a reader at random, beside a model of it.
"""

from datetime import datetime

from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    invariant,
    rule,
)

from circlekit.aggregates.age import Age
from circlekit.aggregates.reader import Reader
from circlekit.events.reader import MinorAttested, MustSeeAcknowledged, PostsRead
from circlekit.ids import CircleId
from circlekit.policies.authority import Role
from circlekit.policies.live import Minor
from circlekit.testing.machines.machine import (
    ROLES,
    Machine,
    a_wait,
    a_zone,
)
from circlekit.testing.machines.waiting import Wait
from circlekit.testing.strategies import moments
from circlekit.verdict import ALLOWED, refused


class ReaderMachine(Machine[Reader]):
    """
    Drive a reader: what they read, and the must-sees they acknowledge.
    """

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, int]] = []
        self.minor: Minor | None = None

    def blank(self) -> Reader:
        """
        Return the reader before they read anything.
        """
        return Reader("lin")

    @initialize(zone=a_zone(), at=moments())
    def open_the_app(self, zone: str, at: datetime) -> None:
        """
        Begin somewhere, at some time.
        """
        self.clock, self.zone = at, zone

    @rule(
        circle=st.sampled_from([CircleId("book-club"), CircleId("chess-club")]),
        posts=st.lists(st.integers(1, 9), min_size=1, max_size=3).map(tuple),
        role=ROLES,
        there=st.sampled_from((True, True, False)),
    )
    def mark_read(
        self,
        circle: CircleId,
        posts: tuple[int, ...],
        role: Role | None,
        *,
        there: bool,
    ) -> None:
        """
        Have read some posts.
        """
        posts_are = ALLOWED if there else refused("unknown-post", "there is no post")
        self.ask(
            lambda at: self.it.mark_read(
                circle, posts, role=role, there=posts_are, at=at
            ),
            refused_if={"not-a-member": role is None, "unknown-post": not there},
            then=[PostsRead(circle=circle, posts=posts, at=self.at)],
        )

    @rule(
        wait=a_wait(),
        circle=st.sampled_from([CircleId("book-club"), CircleId("chess-club")]),
        post=st.integers(1, 4),
        must_sees=st.sets(st.integers(1, 4)),
        role=ROLES,
    )
    def acknowledge(
        self,
        wait: Wait,
        circle: CircleId,
        post: int,
        must_sees: set[int],
        role: Role | None,
    ) -> None:
        """
        Wait, then confirm having seen a must-see.
        """
        self.wait(wait)
        if self.ask(
            lambda at: self.it.acknowledge(
                circle, post, must_sees=must_sees, role=role, at=at
            ),
            refused_if={
                "not-a-member": role is None,
                "not-a-must-see": post not in must_sees,
                "already-acknowledged": (circle, post) in self.seen,
            },
            then=[MustSeeAcknowledged(circle=circle, post=post, at=self.at)],
        ):
            self.seen.append((circle, post))

    @rule(until=moments(), zone=a_zone())
    def attest_minor(self, until: datetime, zone: str) -> None:
        """
        Let the host attest until when they are a minor.
        """
        self.ask(
            lambda at: self.it.attest_minor(until=until, zone=zone, at=at),
            refused_if={},
            then=[MinorAttested(until=until, zone=zone, at=self.at)],
        )
        self.minor = Minor(until=until, zone=zone)

    @invariant()
    def state_agrees(self) -> None:
        """
        Check that the reader remembers what the model remembers.
        """
        self.check_state(acknowledged=set(self.seen), age=Age(self.minor))
