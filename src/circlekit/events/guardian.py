"""
Who looks after a child, and what they were told each day.
"""

from attrs import frozen

from circlekit.clock import Moment
from circlekit.ids import MemberId


@frozen(kw_only=True)
class GuardianNamed:
    """
    The host attested that somebody looks after the child.

    A guardian's days are those of ``zone``.
    """

    guardian: MemberId
    zone: str
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class GuardianDismissed:
    """
    The host attested that somebody no longer looks after the child.
    """

    guardian: MemberId
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class GuardianDigestSent:
    """
    A guardian was told of a child's day at once, instead of piece by piece.

    ``day`` is the day of the guardian's zone that it was sent on. It covers what
    happened after ``since``, up to and with ``until``; the numbers say how much it
    told of each kind.
    """

    guardian: MemberId
    day: str
    since: Moment
    until: Moment
    assigned: int = 0
    submitted: int = 0
    late: int = 0
    graded: int = 0
    returned: int = 0
    missing: int = 0
    must_sees: int = 0
    live_minutes: int = 0
    by: MemberId
    at: Moment


GuardianEvent = GuardianNamed | GuardianDismissed | GuardianDigestSent
