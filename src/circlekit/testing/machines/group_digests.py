"""
Send a group digests of comments at random.
"""

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from hypothesis import strategies as st
from hypothesis.stateful import rule

from circlekit.aggregates.digests import Waiting
from circlekit.events.relay import CommentDigestSent
from circlekit.ids import CircleId
from circlekit.testing.machines.group_model import GroupModel
from circlekit.testing.machines.machine import a_wait
from circlekit.testing.machines.waiting import Wait

_SOON: Final = [timedelta(seconds=it) for it in (0, 59, 60, 61, 599, 600, 601)]


class GroupDigests(GroupModel):
    """
    Digests of comments, beside a list of those that were sent.
    """

    def __init__(self) -> None:
        super().__init__()
        self.sent_digests: list[tuple[str, int, datetime, int]] = []

    @rule(
        wait=st.one_of(a_wait(), st.sampled_from(_SOON)),
        circle=st.sampled_from([CircleId("book-club"), CircleId("chess-club")]),
        post=st.integers(1, 2),
        ages=st.lists(st.sampled_from((0, 1, 59, 60, 599, 600, 9_000)), max_size=3),
        seconds=st.sampled_from((60, 600)),
    )
    def send_digest(
        self, wait: Wait, circle: CircleId, post: int, ages: list[int], seconds: int
    ) -> None:
        """
        Wait, then send a digest of comments that are so old, in seconds.
        """
        self.wait(wait)
        waiting = [
            Waiting(place, self.at - timedelta(seconds=age))
            for place, age in enumerate(sorted(ages, reverse=True), start=1)
        ]
        held_back = any(
            (self.at - at).total_seconds() < held
            for where, about, at, held in self.sent_digests
            if (where, about) == (circle, post)
        )
        due = self.circle == circle and max(ages, default=-1) >= seconds
        then = [
            CommentDigestSent(
                circle=circle,
                post=post,
                comments=tuple(range(1, len(ages) + 1)),
                seconds=seconds,
                at=self.at,
            )
        ]
        self.ask(
            lambda at: self.it.send_digest(
                circle, post, waiting, window=timedelta(seconds=seconds), at=at
            ),
            refused_if={},
            then=then if due and not held_back else [],
        )
        if due and not held_back:
            self.sent_digests.append((circle, post, self.it.last_at, seconds))

    @rule(
        circle=st.sampled_from([CircleId("book-club"), CircleId("chess-club")]),
        seconds=st.sampled_from((60, 600)),
    )
    def send_digests(self, circle: CircleId, seconds: int) -> None:
        """
        Send digests of two posts as soon as they may be, and a second before.
        """
        now, early = timedelta(0), timedelta(seconds=seconds - 1)
        self.send_digest(now, circle, 1, [seconds - 1], seconds)
        self.send_digest(now, circle, 1, [0, seconds], seconds)
        self.send_digest(now, circle, 2, [seconds], seconds)
        self.send_digest(early, circle, 1, [seconds], seconds)
        self.send_digest(timedelta(seconds=1), circle, 1, [seconds], seconds)

    def at_the_end(self) -> None:
        """
        Send digests as soon as they may be.
        """
        super().at_the_end()
        self.send_digests(self.circle or CircleId("book-club"), 60)

    def check_limits(self) -> None:
        """
        Check that no window held two digests of one post.
        """
        super().check_limits()
        posts = {(circle, post) for circle, post, _, _ in self.sent_digests}
        for post in posts:
            mine = [it for it in self.sent_digests if it[:2] == post]
            for (_, _, one, seconds), (_, _, other, _) in pairwise(mine):
                if other - one < timedelta(seconds=seconds):
                    self.fail(f"two digests of {post} at {one} and {other}")
