"""
How a thread that is off topic gets to another group.
"""

from attrs import field, frozen

from circlekit.clock import Moment
from circlekit.events.personal import PERSONAL
from circlekit.ids import GroupId, MemberId


@frozen(kw_only=True)
class ThreadRedirected:
    """
    A message and its replies went to another group, where they keep their ids.

    ``messages`` are their places in this history, the one that was named first.
    """

    messages: tuple[int, ...]
    to: GroupId
    reason: str = field(metadata=PERSONAL)
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class ThreadReceived:
    """
    A thread came from another group; who answers it here names this place.
    """

    group: GroupId
    messages: tuple[int, ...]
    by: MemberId
    at: Moment


RedirectionEvent = ThreadRedirected | ThreadReceived
