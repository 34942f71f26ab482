"""
What can happen to a to-do.
"""

from attrs import field, frozen

from circlekit.clock import Moment
from circlekit.events.personal import PERSONAL
from circlekit.ids import CircleId, MemberId


@frozen(kw_only=True)
class TodoAssigned:
    """
    Something is to be done in a circle, by each of some members.
    """

    circle: CircleId
    title: str = field(metadata=PERSONAL)
    to: tuple[MemberId, ...]
    due_at: Moment | None = None
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class TodoDone:
    """
    A member did their part.
    """

    by: MemberId
    at: Moment


@frozen(kw_only=True)
class TodoReopened:
    """
    A member's part is to be done again.
    """

    member: MemberId
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class TodoReassigned:
    """
    A member's part was given to another.
    """

    member: MemberId
    to: MemberId
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class TodoDueMoved:
    """
    It is to be done by another moment, or at any time.
    """

    due_at: Moment | None
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class TodoCancelled:
    """
    It is no longer to be done.
    """

    by: MemberId
    at: Moment


TodoEvent = (
    TodoAssigned
    | TodoDone
    | TodoReopened
    | TodoReassigned
    | TodoDueMoved
    | TodoCancelled
)
