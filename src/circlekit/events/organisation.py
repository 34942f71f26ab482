"""
What can happen to an organisation: who works for it, and which circles it has.
"""

from attrs import frozen

from circlekit.clock import Moment
from circlekit.events.circle import CircleKind
from circlekit.events.relay import OrganisationRelaySet
from circlekit.events.roles import RoleExpired, RoleVerified
from circlekit.ids import CircleId, MemberId


@frozen(kw_only=True)
class OrganisationRegistered:
    """
    An organisation came in; from here on its directory says who its staff are.

    ``all_staff`` is the one circle of all its staff, made with it.
    """

    name: str
    zone: str
    all_staff: CircleId
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class CircleAttached:
    """
    A circle became one of the organisation's.
    """

    circle: CircleId
    kind: CircleKind
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class StaffJoined:
    """
    The host reported that somebody works for the organisation.
    """

    member: MemberId
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class StaffLeft:
    """
    The host reported that somebody no longer works for the organisation.
    """

    member: MemberId
    by: MemberId
    at: Moment


OrganisationEvent = (
    OrganisationRegistered
    | CircleAttached
    | StaffJoined
    | StaffLeft
    | OrganisationRelaySet
    | RoleVerified
    | RoleExpired
)
