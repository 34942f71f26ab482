"""
What can happen to what a circle has scheduled; it stands in the circle's history.
"""

from attrs import field, frozen

from circlekit.clock import Moment
from circlekit.events.personal import PERSONAL
from circlekit.ids import GroupId, MemberId


@frozen(kw_only=True)
class PostScheduled:
    """
    A member wrote a post that is to be published later.

    ``sync`` None means by the circle's switch when it is published.
    """

    release_at: Moment
    text: str = field(metadata=PERSONAL)
    images: tuple[str, ...] = field(default=(), metadata=PERSONAL)
    videos: tuple[str, ...] = field(default=(), metadata=PERSONAL)
    topic: str | None = None
    sync: bool | None = None
    groups: tuple[GroupId, ...] | None = None
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class MustSeeScheduled:
    """
    A must-see was written for later, and its share of the quota reserved.
    """

    release_at: Moment
    text: str = field(metadata=PERSONAL)
    images: tuple[str, ...] = field(default=(), metadata=PERSONAL)
    videos: tuple[str, ...] = field(default=(), metadata=PERSONAL)
    topic: str | None = None
    groups: tuple[GroupId, ...] | None = None
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class ScheduledMoved:
    """
    What waits is to be published at another moment.
    """

    scheduled: int
    release_at: Moment
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class ScheduledCancelled:
    """
    What waits is not to be published; what it had reserved is free.
    """

    scheduled: int
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class ScheduledReleased:
    """
    What waited was due and is published: the next event is the post.
    """

    scheduled: int
    post: int
    at: Moment


@frozen(kw_only=True)
class ScheduledDropped:
    """
    What waited was due, but whoever scheduled it may no longer publish it.

    ``rules`` name what stood in the way; what it had reserved is free.
    """

    scheduled: int
    rules: tuple[str, ...]
    at: Moment


ScheduleEvent = (
    PostScheduled
    | MustSeeScheduled
    | ScheduledMoved
    | ScheduledCancelled
    | ScheduledReleased
    | ScheduledDropped
)
