"""
What groups and readers are shown of comments.
"""

from attrs import frozen

from circlekit.clock import Moment
from circlekit.ids import CircleId, MemberId
from circlekit.settings import CommentRelay


@frozen(kw_only=True)
class CommentRelaySet:
    """
    The owner said how much of the comments is shown in groups at most.

    ``relay`` is None where the circle goes by its organisation or rule book again.
    """

    relay: CommentRelay | None
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class OrganisationRelaySet:
    """
    An organisation said how much of the comments its circles show at most.

    It counts for those of them that say nothing themselves. ``relay`` is None where
    they go by their rule books again.
    """

    relay: CommentRelay | None
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class CommentRelayChosen:
    """
    A reader asked to be shown less of the comments, in one circle or in all.

    ``relay`` is None where they take that back.
    """

    relay: CommentRelay | None
    circle: CircleId | None = None
    at: Moment


@frozen(kw_only=True)
class CommentDigestSent:
    """
    A group was shown one message for several comments on a post.

    ``seconds`` is how long they were gathered: until then there is no other.
    """

    circle: CircleId
    post: int
    comments: tuple[int, ...]
    seconds: int
    at: Moment
