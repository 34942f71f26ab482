"""
May this thread go to another group?

An off-topic thread goes on in another group of the same circle, under the ids that
its messages have. It goes once, as a whole, and is then answered where it went.

Source: 002_3b5c3f96a53bf9b0:6 (peers turned a brand's group into an industry chat);
what to do about it is circlekit's.
"""

from collections.abc import Mapping

from circlekit.verdict import ALLOWED, Verdict, refused


def another_group(group: str, to: str) -> Verdict:
    """
    A thread is not redirected to where it is.
    """
    if group == to:
        return refused("same-group", f"the thread is in {group} already")
    return ALLOWED


def not_yet_redirected(message: int, moved: Mapping[int, str]) -> Verdict:
    """
    A message is redirected once.
    """
    if message in moved:
        return refused("already-redirected", f"it went to {moved[message]} already")
    return ALLOWED


def still_answered_here(message: int | None, moved: Mapping[int, str]) -> Verdict:
    """
    A thread that was redirected is answered in the group it went to.

    >>> str(still_answered_here(7, {7: "peers"}))
    'thread-redirected: this thread goes on in peers'
    """
    if message is not None and message in moved:
        return refused("thread-redirected", f"this thread goes on in {moved[message]}")
    return ALLOWED
