"""
What can happen to a circle as a whole: closed, opened again, archived.
"""

from attrs import field, frozen

from circlekit.clock import Moment
from circlekit.events.personal import PERSONAL
from circlekit.ids import MemberId


@frozen(kw_only=True)
class CircleClosed:
    """
    The owner closed the circle for the time being.
    """

    reason: str = field(metadata=PERSONAL)
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class CircleReopened:
    """
    The owner opened the circle again.
    """

    by: MemberId
    at: Moment


@frozen(kw_only=True)
class CircleArchived:
    """
    The owner closed the circle for good.
    """

    reason: str = field(metadata=PERSONAL)
    by: MemberId
    at: Moment


ClosingEvent = CircleClosed | CircleReopened | CircleArchived
