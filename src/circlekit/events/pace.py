"""
What slows a chat group down, or keeps it to announcements.
"""

from attrs import field, frozen

from circlekit.clock import Moment
from circlekit.events.personal import PERSONAL
from circlekit.ids import MemberId


@frozen(kw_only=True)
class SlowModeSet:
    """
    A member may write again only so many seconds after their last message.
    """

    seconds: int
    reason: str = field(metadata=PERSONAL)
    until: Moment | None = None
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class SlowModeLifted:
    """
    Members may write as often as they like again.
    """

    by: MemberId
    at: Moment


@frozen(kw_only=True)
class AnnouncementsOnlySet:
    """
    Only owner and managers write, and whoever asks in the thread that stays open.
    """

    reason: str = field(metadata=PERSONAL)
    until: Moment | None = None
    open_thread: int | None = None
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class AnnouncementsOnlyLifted:
    """
    The group is for everybody's messages again.
    """

    by: MemberId
    at: Moment


PaceEvent = (
    SlowModeSet | SlowModeLifted | AnnouncementsOnlySet | AnnouncementsOnlyLifted
)
