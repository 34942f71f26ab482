"""
What was asked for and refused: kept beside a history, never in it.
"""

from attrs import frozen

from circlekit.clock import Moment
from circlekit.verdict import Reason


@frozen(kw_only=True)
class CommandRefused:
    """
    Rules refused a command; it changed nothing.

    ``command`` is the use case's name, ``reasons`` are all the rules in the way.
    """

    command: str
    reasons: tuple[Reason, ...]
    by: str
    at: Moment
