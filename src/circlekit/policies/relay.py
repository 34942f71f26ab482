"""
Who may say how much of the comments groups are shown?

The owner, or else the circle's organisation, sets the most that its groups are
shown: all comments, a digest or none. A reader may ask for less, never for more. A
rule book may leave no choice, as DingTalk did.

Source: 000_5ed45e92f4bb09bc:73,77 (every comment in the group, and no switch), :81
(settings that are hard to find); the choice is circlekit's.
"""

from circlekit.settings import COMMENT_RELAYS, CommentRelay
from circlekit.verdict import ALLOWED, Verdict, refused


def relay_may_change(*, may_choose: bool) -> Verdict:
    """
    Under some rule books nobody switches the relay of comments.

    >>> relay_may_change(may_choose=False).rules
    ('comment-relay-fixed',)
    """
    if may_choose:
        return ALLOWED
    return refused(
        "comment-relay-fixed", "the rule book does not let anybody switch this"
    )


def relay_is_lower(asked_for: CommentRelay | None, *, maximum: CommentRelay) -> Verdict:
    """
    A reader may ask for as much as their circle shows, or less.
    """
    if asked_for is None:
        return ALLOWED
    if COMMENT_RELAYS.index(asked_for) <= COMMENT_RELAYS.index(maximum):
        return ALLOWED
    return refused("comment-relay-above", f"this circle shows {maximum!r} at most")


def relay_changes(now: CommentRelay | None, to: CommentRelay | None) -> Verdict:
    """
    A relay is set to something else than it is.
    """
    if now == to:
        return refused("already-so", f"it is {now or 'nothing'} already")
    return ALLOWED
