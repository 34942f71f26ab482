"""
Which numbers are in force.
"""

from attrs import frozen

from circlekit.clock import Moment
from circlekit.ids import MemberId
from circlekit.rulebook import RuleBook


@frozen(kw_only=True)
class RuleBookAdopted:
    """
    From here on these numbers are in force; earlier acts keep theirs.
    """

    book: RuleBook
    by: MemberId
    at: Moment
