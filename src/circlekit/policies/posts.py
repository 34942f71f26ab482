"""
May this post or comment still be answered, changed or pinned?

Posts stay open to comments until they are removed. Ten may be pinned at once;
no source gives a number for pins.

Source: 000_5ed45e92f4bb09bc:35,41 (posts, comments, pins).
"""

from collections.abc import Container, Sequence

from circlekit.verdict import ALLOWED, Reason, Verdict, refused


def post_is_there(version: int, *, found: bool, removed: Container[int]) -> Verdict:
    """
    Only a post that was published and not removed can be acted on.
    """
    if not found:
        return refused("unknown-post", f"there is no post {version} in this circle")
    if version in removed:
        return refused("post-removed", f"post {version} was removed")
    return ALLOWED


def comment_is_there(version: int, *, found: bool, removed: Container[int]) -> Verdict:
    """
    Only a comment that was made and not removed can be acted on.
    """
    if not found:
        return refused(
            "unknown-comment", f"there is no comment {version} in this circle"
        )
    if version in removed:
        return refused("comment-removed", f"comment {version} was removed")
    return ALLOWED


def may_pin(post: int, pinned: Sequence[int], *, limit: int) -> Verdict:
    """
    Pin while there is room, and nothing twice.

    >>> str(may_pin(9, [3, 4], limit=2))
    'pin-limit: 2 of 2 pins in use'
    """
    if post in pinned:
        return refused("already-pinned", f"post {post} is pinned already")
    if len(pinned) < limit:
        return ALLOWED
    return Verdict(
        (
            Reason(
                rule="pin-limit",
                because=f"{len(pinned)} of {limit} pins in use",
                used=len(pinned),
                limit=limit,
                used_by=tuple(pinned),
            ),
        )
    )


def is_pinned(post: int, pinned: Container[int]) -> Verdict:
    """
    Only a pinned post is unpinned.
    """
    if post in pinned:
        return ALLOWED
    return refused("not-pinned", f"post {post} is not pinned")
