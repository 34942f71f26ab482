"""
Is there anything to act on?
"""

from circlekit.verdict import Verdict, refused


def nothing_there(command: str) -> Verdict:
    """
    Say that there is nothing yet that a command acts on; no command refuses so.

    >>> nothing_there("unpin_post").rules
    ('nothing-there',)
    """
    return refused("nothing-there", f"there is nothing here yet that {command} acts on")
