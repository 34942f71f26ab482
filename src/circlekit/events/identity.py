"""
What can happen to an identity that somebody has in another system.
"""

from attrs import field, frozen

from circlekit.clock import Moment
from circlekit.events.personal import OF_THE_MEMBER
from circlekit.ids import MemberId


@frozen(kw_only=True)
class IdentityAttached:
    """
    An identity in another system was found to be a member's.

    ``attested`` is the host's word for how it made sure.
    """

    member: MemberId
    system: str
    external_id: str = field(metadata=OF_THE_MEMBER)
    attested: str
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class IdentityDetached:
    """
    An identity in another system is no longer the member's.
    """

    member: MemberId
    by: MemberId
    at: Moment


IdentityEvent = IdentityAttached | IdentityDetached
