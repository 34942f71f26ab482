"""
Whether a post or comment may still be answered, changed or pinned.
"""

import pytest

from circlekit.policies.posts import (
    comment_is_there,
    is_pinned,
    may_pin,
    post_is_there,
)


@pytest.mark.parametrize(
    ("found", "removed", "problem"),
    [
        (True, set(), None),
        (True, {7}, None),
        (True, {8}, "removed"),
        (False, set(), "unknown"),
        (False, {8}, "unknown"),
    ],
)
def test_being_there(found, removed, problem):
    """
    Only what was written and not taken down is there.
    """
    expected = {
        None: ((), ()),
        "removed": (("post-removed",), ("comment-removed",)),
        "unknown": (("unknown-post",), ("unknown-comment",)),
    }[problem]
    assert expected == (
        post_is_there(8, found=found, removed=removed).rules,
        comment_is_there(8, found=found, removed=removed).rules,
    )


@pytest.mark.parametrize(
    ("pinned", "limit", "expected"),
    [
        ([], 1, ()),
        ([], 0, ("pin-limit",)),
        ([3], 1, ("pin-limit",)),
        ([3, 4], 1, ("pin-limit",)),
        ([8], 1, ("already-pinned",)),
        ([8], 2, ("already-pinned",)),
        ([3], 2, ()),
    ],
)
def test_pinning(pinned, limit, expected):
    """
    A post is pinned once, while there is room.
    """
    assert expected == may_pin(8, pinned, limit=limit).rules


def test_the_pins_in_the_way_are_named():
    """
    Without room, the refusal names what is pinned.
    """
    (reason,) = may_pin(8, [3, 4], limit=2).reasons

    assert (2, 2, (3, 4), None) == (
        reason.used,
        reason.limit,
        reason.used_by,
        reason.retry_at,
    )


def test_unpinning():
    """
    Only what is pinned is taken from the top.
    """
    assert () == is_pinned(8, [8]).rules
    assert ("not-pinned",) == is_pinned(8, [3]).rules
