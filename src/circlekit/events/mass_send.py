"""
What can happen to a mass send: one message to many groups and customers.
"""

from typing import Literal

from attrs import field, frozen

from circlekit.clock import Moment
from circlekit.events.personal import PERSONAL
from circlekit.events.rules import RuleBookAdopted
from circlekit.ids import CustomerId, GroupId, MassSendId, MemberId
from circlekit.verdict import Reason

MassSendSource = Literal["member", "enterprise"]


@frozen(kw_only=True)
class Share:
    """
    Those of a mass send's recipients that one member of staff sends it to.
    """

    sender: MemberId
    customers: tuple[CustomerId, ...] = ()
    groups: tuple[GroupId, ...] = ()


@frozen(kw_only=True)
class MassSendCreated:
    """
    A message was written for many; nobody has it before its senders confirm.
    """

    source: MassSendSource
    text: str = field(metadata=PERSONAL)
    images: tuple[str, ...] = field(default=(), metadata=PERSONAL)
    shares: tuple[Share, ...]
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class MassSendConfirmed:
    """
    A sender let it go out to their share.
    """

    by: MemberId
    at: Moment


@frozen(kw_only=True)
class MassSendSkipped:
    """
    It was not sent to one customer or group, and will not be.
    """

    customer: CustomerId | None = None
    group: GroupId | None = None
    reasons: tuple[Reason, ...]
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class MassSendReminded:
    """
    The senders who had not confirmed yet were reminded.
    """

    senders: tuple[MemberId, ...]
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class MassSendCancelled:
    """
    It was called off before any sender had confirmed; nobody will have it.
    """

    reason: str | None = field(default=None, metadata=PERSONAL)
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class MassSendDelivered:
    """
    It was sent to whom this is the history of; this is what uses the budgets up.
    """

    mass_send: MassSendId
    source: MassSendSource
    by: MemberId
    at: Moment


MassSendEvent = (
    MassSendCreated
    | RuleBookAdopted
    | MassSendConfirmed
    | MassSendSkipped
    | MassSendReminded
    | MassSendCancelled
)
