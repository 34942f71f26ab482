"""
A circle that is closed or archived: nothing is written in it, all of it is read.
"""

import pytest

from circlekit import RefusedError
from circlekit.application.deciding import _COMMANDS
from tests.application import test_done
from tests.application.town import history, outcome, refused

# What is still done in a circle that is closed, or is about no circle.
STILL = {
    "acknowledge",
    "add_customer",
    "archive_circle",
    "assign_customer",
    "attach_identity",
    "attest_minor",
    "cancel_mass_send",
    "choose_comment_relay",
    "complete_profile",
    "confirm_mass_send",
    "contact_customer",
    "create_mass_send",
    "decline_invitation",
    "detach_identity",
    "dismiss_guardian",
    "expire_approval",
    "found_circle",
    "friendship_begun",
    "friendship_ended",
    "hand_over_circle",
    "leave_circle",
    "leave_group",
    "leave_live",
    "like_live",
    "mark_read",
    "mute_circle",
    "name_guardian",
    "register_organisation",
    "remind_mass_send",
    "remove_from_group",
    "remove_member",
    "reopen_circle",
    "revoke_invitation",
    "role_expired",
    "role_verified",
    "send_guardian_digest",
    "set_attention_budget",
    "set_organisation_comment_relay",
    "set_quiet_hours",
    "show_moment",
    "staff_joined",
    "staff_left",
    "succeed_owner",
    "tag_customer",
    "untag_customer",
    "verify_role",
    "withdraw_request",
}
CIRCLES = {
    "club": "mei",
    "guild": "ana",
    "firm": "boss",
    "school": "head",
    "shop": "keeper",
}


def _close(town):
    for circle, owner in CIRCLES.items():
        if town.ask("close_circle", circle, by=owner, reason="Over").allowed:
            town.kit.close_circle(circle, by=owner, reason="Over")


def _archive(town):
    for circle, owner in CIRCLES.items():
        town.kit.archive_circle(circle, by=owner, reason="Over")


@pytest.mark.parametrize(
    ("end", "rule"), [(_close, "circle-closed"), (_archive, "circle-archived")]
)
@pytest.mark.parametrize(
    ("command", "call", "before"),
    [
        pytest.param(
            command,
            call,
            before[0] if before else lambda _: None,
            id=f"{command}-{number}",
        )
        for command, cases in test_done.CASES.items()
        for number, (call, _, _, *before) in enumerate(cases)
        if command not in STILL
    ],
)
def test_nothing_is_written(town, end, rule, command, call, before):
    """
    What could be done in a circle is refused once it is closed, or archived.
    """
    before(town)
    args, kwargs = call(town)
    end(town)
    so_far = history(town.kit)

    verdict = outcome(town.do, command, *args, **kwargs)

    assert rule in verdict.rules
    assert verdict == town.ask(command, *args, **kwargs)
    assert so_far == history(town.kit)


def test_what_goes_on():
    """
    Every command that a closed circle lets through is one, and named above.
    """
    assert set(_COMMANDS) >= STILL


@pytest.mark.parametrize("end", [_close, _archive])
def test_people_go_on(town, end):
    """
    In a closed circle people read, acknowledge, go, are taken out and hand over.
    """
    kit = town.kit
    end(town)

    kit.mark_read(town.post, by="ben")
    kit.acknowledge(town.must_see, by="ben")
    kit.leave_group("side", "tao")
    kit.remove_from_group("club", "tao", by="lin")
    kit.leave_circle("club", "tao")
    kit.remove_member("club", "ben", by="mei")
    kit.hand_over_circle("club", "lin", by="mei")
    kit.leave_circle("club", "mei")

    assert ["guild"] == [entry.circle for entry in kit.circles("ana")]
    assert [] == [*kit.circles("tao"), *kit.circles("ben"), *kit.circles("mei")]
    assert ["owner"] == [entry.role for entry in kit.circles("lin")]


@pytest.mark.parametrize("end", [_close, _archive])
def test_everything_is_read(town, end):
    """
    Feed, comments, timeline, quota, history and audit answer as before.
    """
    kit = town.kit

    def answers():
        return (
            kit.feed("tao"),
            kit.comments(town.post),
            kit.group_timeline("club"),
            kit.quota("club"),
            kit.acknowledgements(town.must_see),
            kit.audit_must_sees("club"),
        )

    before = answers()
    so_far = list(kit.history("club"))

    end(town)

    assert before == answers()
    assert so_far == list(kit.history("club"))[:-1]


def test_opened_again(town):
    """
    What was refused while a circle was closed is done once it is open again.
    """
    kit = town.kit
    kit.close_circle("club", by="mei", reason="Holidays")
    with refused("circle-closed"):
        kit.publish_post("club", by="tao", text="Anybody here?")
    kit.hand_over_circle("club", "lin", by="mei")
    with refused("not-the-owner"):
        kit.reopen_circle("club", by="mei")

    kit.reopen_circle("club", by="lin")
    post = kit.publish_post("club", by="tao", text="Anybody here?")

    assert post == kit.feed("ben", circle="club").items[1].post


def test_a_closed_circle_lets_a_group_go_nowhere(town):
    """
    A group of a closed circle stays its group, and another circle cannot take it.
    """
    kit = town.kit
    kit.close_circle("club", by="mei", reason="Holidays")

    with refused("circle-closed"):
        kit.unlink_group("club", "side", by="mei")
    with refused("group-linked"):
        kit.link_group("guild", by="ana", group="side")


def test_closing_is_repeated_safely(town):
    """
    Closing again under the same command id answers the same and writes nothing.
    """
    kit = town.kit
    kit.close_circle("club", by="mei", reason="Holidays", command_id="one")
    so_far = history(kit)

    kit.close_circle("club", by="mei", reason="Holidays", command_id="one")

    assert so_far == history(kit)
    with pytest.raises(RefusedError, match="circle-closed"):
        kit.close_circle("club", by="mei", reason="Holidays", command_id="two")
