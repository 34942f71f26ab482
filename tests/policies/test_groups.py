"""
Who may come into a chat group, and who may write in it.
"""

from datetime import UTC, datetime, timedelta

import pytest

from circlekit.policies.groups import (
    free_to_link,
    has_room,
    in_the_group,
    is_muted,
    is_on,
    linked_to,
    may_speak,
    may_unlink,
    not_yet_in_the_group,
)

NOON = datetime(2020, 3, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("members", "capacity", "expected"),
    [
        (0, 1, ()),
        (99, 100, ()),
        (100, 100, ("group-full",)),
        (101, 100, ("group-full",)),
        (10_000, None, ()),
    ],
)
def test_capacity(members, capacity, expected):
    """
    A group takes people until it is full, and the last place counts.
    """
    assert expected == has_room(members, capacity=capacity).rules


def test_being_inside():
    """
    Somebody is in a group or is not: one of the two is always refused.
    """
    group = {"lin"}

    assert () == in_the_group("lin", group).rules
    assert ("not-in-the-group",) == in_the_group("bo", group).rules
    assert ("already-in-the-group",) == not_yet_in_the_group("lin", group).rules
    assert () == not_yet_in_the_group("bo", group).rules


@pytest.mark.parametrize("role", ["owner", "manager", "member", None])
@pytest.mark.parametrize(
    ("muted_at", "muted_until", "muted"),
    [
        (None, None, False),
        (7, None, True),
        (7, NOON, False),
        (7, LATER, True),
    ],
)
def test_speaking_while_muted(role, muted_at, muted_until, muted):
    """
    While a group is muted, only the owner and managers speak.
    """
    verdict = may_speak(role, muted_at=muted_at, muted_until=muted_until, at=NOON)

    assert muted is is_muted(muted_at, muted_until, at=NOON)
    expected = ("group-muted",) if muted and role in {"member", None} else ()
    assert expected == verdict.rules


def test_linking():
    """
    A group is linked to one circle, and only that one runs it.
    """
    assert () == free_to_link(None).rules
    assert ("group-linked",) == free_to_link("chess-club").rules
    assert () == linked_to("book-club", "book-club").rules
    assert ("group-not-linked",) == linked_to("book-club", "chess-club").rules
    assert ("group-not-linked",) == linked_to("book-club", None).rules


def test_unlinking():
    """
    The bound group stays, any other may go.
    """
    assert ("bound-group-stays",) == may_unlink(bound=True).rules
    assert () == may_unlink(bound=False).rules


def test_switches():
    """
    A switch refuses under the name it is given.
    """
    on, off = (is_on(switch, rule="off", because="it is") for switch in (True, False))

    assert () == on.rules
    assert "off: it is" == str(off)
