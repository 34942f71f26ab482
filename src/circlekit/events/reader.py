"""
What a reader did with what was shown to them, and what they were reminded of.
"""

from attrs import frozen

from circlekit.clock import Moment
from circlekit.events.attention import AttentionEvent
from circlekit.events.guardian import GuardianEvent
from circlekit.events.relay import CommentRelayChosen
from circlekit.ids import CircleId, MemberId


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
class MustSeeReminded:
    """
    A member was reminded of a must-see they have yet to acknowledge.
    """

    circle: CircleId
    post: int
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class MinorAttested:
    """
    The host attested until when somebody is a minor, and where their days begin.
    """

    until: Moment
    zone: str
    at: Moment


ReaderEvent = (
    PostsRead
    | MustSeeAcknowledged
    | MustSeeReminded
    | MinorAttested
    | GuardianEvent
    | CommentRelayChosen
    | AttentionEvent
)
