"""
The digests of comments that a group was shown lately.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from attrs import Factory, define, frozen

from circlekit.events.relay import CommentDigestSent
from circlekit.ids import CircleId


@frozen
class Waiting:
    """
    A comment that waits for a digest: its place in its circle, and its moment.
    """

    comment: int
    at: datetime


@define
class Digests:
    """
    What must be remembered of digests: for how long a post has no other.

    Attributes:
        free_at: When there may be another, by circle and post.
    """

    free_at: dict[tuple[str, int], datetime] = Factory(dict)

    def due(
        self,
        circle: CircleId,
        post: int,
        waiting: Sequence[Waiting],
        *,
        window: timedelta,
        at: datetime,
    ) -> bool:
        """
        Return whether comments have been gathered for long enough.

        They are gathered from the first of them on, and never for less than the
        window after the digest before.
        """
        if not waiting or at < min(comment.at for comment in waiting) + window:
            return False
        free_at = self.free_at.get((circle, post))
        return free_at is None or free_at <= at

    def evolve(self, event: CommentDigestSent) -> None:
        """
        Take in that a digest was sent, and forget those that hold nothing back.
        """
        self.free_at = {
            post: free_at
            for post, free_at in self.free_at.items()
            if free_at > event.at
        }
        self.free_at[event.circle, event.post] = event.at + timedelta(
            seconds=event.seconds
        )
