"""
What can happen to a customer, and the moments shown to customers.
"""

from typing import Literal

from attrs import field, frozen

from circlekit.clock import Moment
from circlekit.events.mass_send import MassSendDelivered
from circlekit.events.personal import PERSONAL
from circlekit.events.rules import RuleBookAdopted
from circlekit.ids import MemberId, MomentId

MomentSource = Literal["member", "enterprise"]


@frozen(kw_only=True)
class CustomerAdded:
    """
    A customer came in through a channel.
    """

    channel: str
    organisation: str | None = None
    zone: str
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class ProfileCompleted:
    """
    The customer's profile is complete: follow-up may begin.
    """

    by: MemberId
    at: Moment


@frozen(kw_only=True)
class CustomerTagged:
    """
    Staff put a tag on the customer.
    """

    tag: str
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class CustomerUntagged:
    """
    Staff took a tag off the customer.
    """

    tag: str
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class CustomerAssigned:
    """
    A member of staff became the customer's one owner.
    """

    owner: MemberId
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class CustomerContacted:
    """
    A member of staff had to do with the customer, as the host reports.
    """

    by: MemberId
    at: Moment


@frozen(kw_only=True)
class FriendshipBegun:
    """
    The customer and a member of staff became friends, as the host reports.
    """

    member: MemberId
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class FriendshipEnded:
    """
    They are friends no longer, as the host reports, whichever of the two ended it.

    ``member`` None means all of the staff.
    """

    member: MemberId | None = None
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class MomentShown:
    """
    A moment reached the customer; this is what uses the budgets up.
    """

    moment: MomentId
    source: MomentSource
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class MomentPublished:
    """
    Staff or the company published a moment; whom it reached is recorded there.
    """

    source: MomentSource
    text: str = field(metadata=PERSONAL)
    images: tuple[str, ...] = field(default=(), metadata=PERSONAL)
    by: MemberId
    at: Moment


CustomerEvent = (
    CustomerAdded
    | RuleBookAdopted
    | ProfileCompleted
    | CustomerTagged
    | CustomerUntagged
    | CustomerAssigned
    | CustomerContacted
    | FriendshipBegun
    | FriendshipEnded
    | MomentShown
    | MassSendDelivered
)
