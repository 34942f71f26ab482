"""
When a reader wants to be left alone, and what became of each push.

It stands in the reader's history.
"""

from typing import Literal

from attrs import field, frozen

from circlekit.clock import Moment
from circlekit.events.personal import PERSONAL
from circlekit.ids import CircleId, MemberId
from circlekit.verdict import Reason

Context = Literal["work", "consumer"]
QuietContext = Literal["work", "consumer", "minor"]


@frozen(kw_only=True)
class QuietHoursSet:
    """
    A reader said between which hours nothing may interrupt them, or that any may.

    The hours are of the wall clock of ``zone``, as in ``22:00`` and ``07:00``; all
    three are null where there are none any longer.
    """

    context: QuietContext
    starts: str | None = None
    ends: str | None = None
    zone: str | None = None
    consumer_too: bool = True
    at: Moment


@frozen(kw_only=True)
class AttentionBudgetSet:
    """
    A reader said how many pushes a day they want at most; null for no limit.
    """

    context: Context
    pushes: int | None = None
    zone: str | None = None
    at: Moment


@frozen(kw_only=True)
class CircleMuted:
    """
    A reader wants no pushes of a circle, or wants them again.
    """

    circle: CircleId
    on: bool
    at: Moment


@frozen(kw_only=True)
class PushMade:
    """
    The host is to interrupt a reader with a must-see now.

    ``emergency`` holds the reason given for going beyond what the reader wants.
    """

    circle: CircleId
    post: int
    context: Context
    emergency: str | None = field(default=None, metadata=PERSONAL)
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class PushHeld:
    """
    A push waits until the reader's quiet hours are over.
    """

    circle: CircleId
    post: int
    context: Context
    until: Moment
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class PushDemoted:
    """
    A reader is not interrupted; the must-see stays unread at the top of their feed.
    """

    circle: CircleId
    post: int
    context: Context
    reasons: tuple[Reason, ...]
    by: MemberId
    at: Moment


AttentionEvent = (
    QuietHoursSet | AttentionBudgetSet | CircleMuted | PushMade | PushHeld | PushDemoted
)
