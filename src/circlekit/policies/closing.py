"""
Is this circle still open?

A closed circle may be opened again, an archived one may not. Nothing is written in
either, and nobody new comes in; but what was written can be read, and people may
read, acknowledge, go, be taken out, or be made the owner.

Source: ours.
"""

from typing import Literal

from circlekit.verdict import ALLOWED, Verdict, refused

Standing = Literal["open", "closed", "archived"]


def still_open(standing: Standing) -> Verdict:
    """
    Something happens only in a circle that is open.

    >>> str(still_open("closed"))
    'circle-closed: this circle is closed'
    """
    match standing:
        case "closed":
            return refused("circle-closed", "this circle is closed")
        case "archived":
            return refused("circle-archived", "this circle is archived")
    return ALLOWED


def may_reopen(standing: Standing) -> Verdict:
    """
    Only what is closed can be opened again, and not what is archived.

    >>> str(may_reopen("open"))
    'not-closed: this circle is open'
    """
    if standing == "open":
        return refused("not-closed", "this circle is open")
    return may_archive(standing)


def may_archive(standing: Standing) -> Verdict:
    """
    A circle is archived once, whether it was closed before or not.

    >>> may_archive("closed").allowed
    True
    """
    return still_open(standing) if standing == "archived" else ALLOWED
