"""
What a reader did with what was shown to them.
"""

from attrs import frozen

from circlekit.clock import Moment
from circlekit.ids import CircleId


@frozen(kw_only=True)
class PostsRead:
    """
    A member read posts of a circle, wherever they came upon them.
    """

    circle: CircleId
    posts: tuple[int, ...]
    at: Moment


@frozen(kw_only=True)
class MustSeeAcknowledged:
    """
    A member confirmed having seen a must-see.
    """

    circle: CircleId
    post: int
    at: Moment


@frozen(kw_only=True)
class MinorAttested:
    """
    The host attested until when somebody is a minor, and where their days begin.
    """

    until: Moment
    zone: str
    at: Moment


ReaderEvent = PostsRead | MustSeeAcknowledged | MinorAttested
