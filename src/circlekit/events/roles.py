"""
What somebody was verified as, and until when.

These stand in the history of a circle and in that of an organisation.
"""

from typing import Literal

from attrs import frozen

from circlekit.clock import Moment
from circlekit.ids import MemberId

VerifiedRole = Literal["teacher", "parent", "student"]


@frozen(kw_only=True)
class RoleVerified:
    """
    The host verified somebody's role, in place of the one before.

    ``until`` is the moment from which it no longer holds, None if it lasts. ``since``
    is when they began to be that without a break, None if they begin to be it now.
    """

    member: MemberId
    role: VerifiedRole
    until: Moment | None = None
    since: Moment | None = None
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class RoleExpired:
    """
    The host reported that somebody's verified role no longer holds.
    """

    member: MemberId
    role: VerifiedRole
    by: MemberId
    at: Moment


RoleEvent = RoleVerified | RoleExpired
