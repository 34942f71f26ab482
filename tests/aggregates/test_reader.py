"""
What a reader may do with what they were shown.
"""

import pytest

from circlekit.aggregates.history import replay
from circlekit.aggregates.reader import Reader
from circlekit.events.reader import MustSeeAcknowledged, PostsRead
from circlekit.testing import given
from circlekit.verdict import refused
from tests.people import BOOK_CLUB, LIN, shanghai

NOON = shanghai(3, 1, 12)
GONE = refused("post-removed", "post 9 was removed")


def lin(*events):
    return given(Reader(LIN), *events)


class TestMarkRead:
    @pytest.mark.parametrize("role", ["member", "manager", "owner"])
    def test_a_member(self, role):
        """
        Who is in a circle reads its posts.
        """
        (
            lin()
            .when(lambda r: r.mark_read(BOOK_CLUB, (8, 9), role=role, at=NOON))
            .then(PostsRead(circle=BOOK_CLUB, posts=(8, 9), at=NOON))
        )

    def test_a_stranger(self):
        """
        Who is not does not.
        """
        (
            lin()
            .when(lambda r: r.mark_read(BOOK_CLUB, (8,), role=None, at=NOON))
            .then_refused("not-a-member")
        )

    def test_what_is_not_there(self):
        """
        What is gone is not read, and a stranger hears that as well.
        """
        (
            lin()
            .when(
                lambda r: r.mark_read(BOOK_CLUB, (9,), role=None, there=GONE, at=NOON)
            )
            .then_refused("not-a-member", "post-removed")
        )


class TestAcknowledge:
    def acknowledge(self, *, role="member", must_sees=(8,)):
        return lambda r: r.acknowledge(
            BOOK_CLUB, 8, must_sees=set(must_sees), role=role, at=NOON
        )

    def test_a_must_see(self):
        """
        A member confirms having seen a must-see.
        """
        (
            lin()
            .when(self.acknowledge())
            .then(MustSeeAcknowledged(circle=BOOK_CLUB, post=8, at=NOON))
        )

    def test_a_stranger(self):
        """
        Who is not a member does not.
        """
        lin().when(self.acknowledge(role=None)).then_refused("not-a-member")

    def test_an_ordinary_post(self):
        """
        Only a must-see is acknowledged.
        """
        lin().when(self.acknowledge(must_sees=(9,))).then_refused("not-a-must-see")

    def test_twice(self):
        """
        Once is enough.
        """
        (
            lin(MustSeeAcknowledged(circle=BOOK_CLUB, post=8, at=NOON))
            .when(self.acknowledge())
            .then_refused("already-acknowledged")
        )

    def test_the_same_place_in_another_circle(self):
        """
        A post of the same place in another circle is another post.
        """
        (
            lin(MustSeeAcknowledged(circle="chess-club", post=8, at=NOON))
            .when(self.acknowledge())
            .then(MustSeeAcknowledged(circle=BOOK_CLUB, post=8, at=NOON))
        )

    def test_everything_in_the_way(self):
        """
        All that stands in the way is named together.
        """
        (
            lin(MustSeeAcknowledged(circle=BOOK_CLUB, post=8, at=NOON))
            .when(self.acknowledge(role=None, must_sees=()))
            .then_refused("already-acknowledged", "not-a-member", "not-a-must-see")
        )


def test_history_is_not_judged():
    """
    A must-see acknowledged twice was acknowledged.
    """
    seen = MustSeeAcknowledged(circle=BOOK_CLUB, post=8, at=NOON)
    read = PostsRead(circle=BOOK_CLUB, posts=(8,), at=NOON)

    expected = Reader(LIN, version=3, last_at=NOON, acknowledged={(BOOK_CLUB, 8)})
    assert expected == replay(Reader(LIN), [read, seen, seen])
