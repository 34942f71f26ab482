"""
What can happen to a topic, and to the names of a circle's topics.
"""

from datetime import date
from typing import Literal

from attrs import field, frozen

from circlekit.clock import Moment
from circlekit.events.personal import PERSONAL
from circlekit.ids import CircleId, MemberId, TopicId

TopicKind = Literal["talk", "sport", "results", "mood", "help"]


@frozen(kw_only=True)
class TopicMade:
    """
    A member made a topic in a circle; its days are counted in the zone.
    """

    circle: CircleId
    name: str
    kind: TopicKind
    zone: str
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class TopicRenamed:
    """
    Its maker or a manager gave a topic another name.
    """

    name: str
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class TopicClosed:
    """
    Its maker or a manager closed a topic.
    """

    by: MemberId
    at: Moment


@frozen(kw_only=True)
class TopicReopened:
    """
    Its maker or a manager opened a topic again.
    """

    by: MemberId
    at: Moment


@frozen(kw_only=True)
class CheckedIn:
    """
    A member checked in on a topic, for a day of its zone.

    ``used_by`` names the check-in that the day had already, if this one is not
    counted. ``post`` is the one it is told in, a place in the circle's history.
    """

    day: date
    counted: bool = True
    used_by: tuple[int, ...] = ()
    made_up: bool = False
    post: int | None = None
    value: int | None = None
    place: str | None = field(default=None, metadata=PERSONAL)
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class CheckInRemoved:
    """
    Who made it or a manager took a check-in back; its day no longer counts.
    """

    check_in: int
    member: MemberId
    day: date
    by: MemberId
    at: Moment


TopicEvent = (
    TopicMade | TopicRenamed | TopicClosed | TopicReopened | CheckedIn | CheckInRemoved
)


@frozen(kw_only=True)
class TopicNameTaken:
    """
    A topic took a name among those of its circle, and let go of the one it had.
    """

    topic: TopicId
    name: str
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class TopicNameFreed:
    """
    A topic let go of its name, which another may take now.
    """

    topic: TopicId
    by: MemberId
    at: Moment


TopicNameEvent = TopicNameTaken | TopicNameFreed
