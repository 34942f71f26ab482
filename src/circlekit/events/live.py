"""
What can happen to a live class: who started it, who watched, and the replay.

The pictures and the sound are the host's.
"""

from attrs import field, frozen

from circlekit.clock import Moment
from circlekit.events.personal import PERSONAL
from circlekit.ids import CircleId, GroupId, MemberId


@frozen(kw_only=True)
class LiveScheduled:
    """
    A live was planned for one or several groups of a circle.
    """

    circle: CircleId
    groups: tuple[GroupId, ...]
    title: str = field(metadata=PERSONAL)
    starts_at: Moment | None = None
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class LiveStarted:
    """
    The live began, in all its groups at once.
    """

    by: MemberId
    at: Moment


@frozen(kw_only=True)
class LiveCancelled:
    """
    The live was called off before it began.
    """

    reason: str | None = field(default=None, metadata=PERSONAL)
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class LiveJoined:
    """
    Somebody came to watch, by way of one of the groups.

    For a minor under a cap it says until when they may watch.
    """

    member: MemberId
    group: GroupId
    until: Moment | None = None
    at: Moment


@frozen(kw_only=True)
class LiveLeft:
    """
    Somebody stopped watching.
    """

    member: MemberId
    at: Moment


@frozen(kw_only=True)
class LiveLiked:
    """
    Somebody who watched liked it, as often as they tapped.
    """

    member: MemberId
    times: int = 1
    at: Moment


@frozen(kw_only=True)
class LiveEnded:
    """
    The live is over, also for everybody who still watched.
    """

    by: MemberId
    at: Moment


@frozen(kw_only=True)
class ReplayPublished:
    """
    The recording can be watched; the reference is the host's.
    """

    reference: str = field(metadata=PERSONAL)
    by: MemberId
    at: Moment


LiveEvent = (
    LiveScheduled
    | LiveStarted
    | LiveCancelled
    | LiveJoined
    | LiveLeft
    | LiveLiked
    | LiveEnded
    | ReplayPublished
)
