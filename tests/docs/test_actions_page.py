"""
The page of actions says who may do what, in every state it names.
"""

import pytest

from circlekit.application.actions import commands_here
from circlekit.application.deciding import _COMMANDS
from tests.docs.actions_page import PAGE, STATES, cells, page

ABOUT_NO_CIRCLE = {
    "add_customer",
    "assign_customer",
    "attach_identity",
    "attest_minor",
    "cancel_mass_send",
    "choose_comment_relay",
    "complete_profile",
    "confirm_mass_send",
    "contact_customer",
    "create_mass_send",
    "detach_identity",
    "dismiss_guardian",
    "found_circle",
    "friendship_begun",
    "friendship_ended",
    "name_guardian",
    "publish_moment",
    "register_organisation",
    "remind_mass_send",
    "role_expired",
    "role_verified",
    "send_guardian_digest",
    "set_attention_budget",
    "set_organisation_comment_relay",
    "set_quiet_hours",
    "show_moment",
    "staff_joined",
    "staff_left",
    "tag_customer",
    "untag_customer",
}


@pytest.mark.covers("P08")
def test_every_command_is_there():
    """
    What is possible names every command but those that are about no circle.
    """
    assert set(_COMMANDS) - ABOUT_NO_CIRCLE == set(commands_here())
    assert set(_COMMANDS) - ABOUT_NO_CIRCLE == set(cells(STATES["In a lively circle"]))


@pytest.mark.covers("A015", "P08")
@pytest.mark.parametrize("state", STATES)
def test_every_cell_is_decided(state):
    """
    In every state each command is open to each role, or says which rules refuse it.
    """
    decided = {
        (name, len(verdicts), all(it.allowed or it.rules for it in verdicts))
        for name, verdicts in cells(STATES[state]).items()
    }

    assert {(name, 4, True) for name in commands_here()} == decided


def test_every_command_is_open_to_somebody():
    """
    There is no command that nobody could carry out in any of the states.
    """
    open_to_somebody = {
        name
        for states in STATES.values()
        for name, verdicts in cells(states).items()
        if any(verdict.allowed for verdict in verdicts)
    }

    assert [] == sorted(set(commands_here()) - open_to_somebody)


def test_the_page_is_made_from_the_code():
    """
    The page is what `python -m tests.docs.actions_page` writes.
    """
    assert page() == PAGE.read_text(encoding="utf-8")
