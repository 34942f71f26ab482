"""
What is possible is found, whoever made what it is tried on.
"""

from datetime import UTC, datetime

import pytest

from circlekit import CircleKit, ManualClock


@pytest.fixture
def kit():
    clock = ManualClock(datetime(2026, 3, 9, 12, tzinfo=UTC))
    with CircleKit("sqlite://", clock=clock) as kit:
        kit.found_circle(name="Club", kind="community", by="mei", circle="club")
        yield kit


def action(kit, member, command):
    """
    Return how a command is answered to somebody.
    """
    return {it.command: it for it in kit.available_actions(member, "club")}[command]


@pytest.mark.parametrize(
    "command", ["cancel_todo", "move_todo_due", "reassign_todo", "reopen_todo"]
)
@pytest.mark.parametrize("giver", ["mei", "tao"])
def test_what_others_have_to_do(kit, command, giver):
    """
    Whoever runs the circle may change to-dos in which they have no part.
    """
    for member in ("ana", "tao", "lin"):
        kit.join_circle("club", member)
    kit.appoint_manager("club", "lin", by="mei")
    kit.assign_todo("club", by=giver, title="Tea", to=["tao"], todo="tea")
    if command == "reopen_todo":
        kit.complete_todo("tea", by="tao")

    found = action(kit, "lin", command)

    assert found.verdict.allowed
    assert "tea" == found.tried["todo"]
    assert kit.would_allow(command, **found.tried).allowed
    assert not action(kit, "ana", command).verdict.allowed


@pytest.mark.parametrize("command", ["grant_override", "verify_role"])
def test_all_alone(kit, command):
    """
    What somebody may do to themselves is open to them with nobody else there.
    """
    assert action(kit, "mei", command).verdict.allowed


def test_a_right_of_ones_own(kit):
    """
    An owner may take the right back that they gave themselves.
    """
    kit.grant_override("club", "mei", by="mei")

    assert action(kit, "mei", "revoke_override").verdict.allowed


def test_a_muted_circle(kit):
    """
    Who has muted a circle may hear it again.
    """
    kit.mute_circle("club", by="mei")

    found = action(kit, "mei", "mute_circle")

    assert found.verdict.allowed
    assert found.tried["on"] is False
