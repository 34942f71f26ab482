"""
Every rule that every command can meet: refused whole, by name, and written beside.
"""

from datetime import timedelta

import pytest

from circlekit.application.deciding import COMMANDS
from circlekit.events.refusal import CommandRefused
from tests.application.town import MARCH_1, everything, history, outcome


def _call(*args, **kwargs):
    return args, kwargs


def _post_cases(*more, by="mei"):
    # A post that is not there, one that is a comment, and one that was removed.
    return (
        ("unknown-post", lambda t: _call("club/999", *more, by=by)),
        ("unknown-post", lambda t: _call(t.comment, *more, by=by)),
        ("unknown-post", lambda t: _call("club/0", *more, by=by)),
        ("post-removed", lambda t: _call(t.removed, *more, by=by)),
    )


def _mute(town):
    town.kit.mute_group("club", by="mei")


def _block(town):
    town.kit.block_private_chat("club", by="mei")


def _close(town):
    town.kit.close_circle("club", by="mei", reason="Holidays")


def _archive(town):
    town.kit.archive_circle("club", by="mei", reason="Over")


def _days_of_must_sees(town):
    for day in range(1, 4):
        town.clock.now = MARCH_1 + timedelta(days=2 * day)
        town.kit.send_must_see("club", by="mei", text=f"News {day}")
    town.clock.forward(days=2)


def _pins(town):
    for _ in range(10):
        town.kit.pin_post(town.kit.publish_post("club", by="mei", text="x"), by="mei")


def _moments(source, days):
    def show(town):
        for day in range(days):
            town.clock.now = MARCH_1 + timedelta(days=day)
            town.kit.show_moment(f"m{day}", "c1", source=source, by="sun")

    return show


def _hundred(town):
    town.kit.adopt_rule_book("club", "wecom_2020", by="mei")
    with town.kit.batch():
        for number in range(95):
            town.kit.join_circle("club", f"guest {number}")
        town.kit.leave_group("club", "ben")
        town.kit.join_circle("club", "the hundredth")


CASES = {
    "found_circle": [
        (
            "already-founded",
            lambda t: _call(name="Again", kind="community", by="ben", circle="club"),
        ),
        (
            "already-founded",
            lambda t: _call(
                name="New", kind="community", by="ben", circle="new", group="side"
            ),
        ),
        (
            "organisation-required",
            lambda t: _call(name="New", kind="internal", by="ben", circle="new"),
        ),
        (
            "already-founded organisation-required",
            lambda t: _call(name="New", kind="internal", by="ben", circle="club"),
        ),
    ],
    "adopt_rule_book": [
        ("not-the-owner", lambda t: _call("club", "wecom_2020", by="lin")),
        ("not-the-owner", lambda t: _call("club", "wecom_2020", by="stranger")),
    ],
    "join_circle": [
        ("already-a-member", lambda t: _call("club", "tao")),
        ("already-a-member", lambda t: _call("club", "mei")),
        ("internal-staff-only", lambda t: _call("firm", "new")),
        ("internal-staff-only", lambda t: _call("firm", "new", staff_of="other")),
        ("internal-staff-only", lambda t: _call("firm", "new", invited_by="boss")),
        ("business-by-invitation", lambda t: _call("shop", "new")),
        ("business-by-invitation", lambda t: _call("shop", "new", invited_by="clerk")),
        ("business-by-invitation", lambda t: _call("shop", "new", invited_by="mei")),
        ("teaching-verified-role", lambda t: _call("school", "new")),
        (
            "already-a-member internal-staff-only",
            lambda t: _call("firm", "boss"),
        ),
    ],
    "leave_circle": [
        ("not-a-member", lambda t: _call("club", "stranger")),
        ("owner-stays", lambda t: _call("club", "mei")),
    ],
    "remove_member": [
        ("not-a-manager", lambda t: _call("club", "ben", by="tao")),
        ("not-a-member", lambda t: _call("club", "stranger", by="lin")),
        ("owner-stays", lambda t: _call("club", "mei", by="lin")),
        ("not-the-owner", lambda t: _call("club", "wu", by="lin")),
        ("not-a-manager not-a-member", lambda t: _call("club", "x", by="tao")),
        ("not-a-manager not-the-owner", lambda t: _call("club", "wu", by="tao")),
    ],
    "appoint_manager": [
        ("not-the-owner", lambda t: _call("club", "tao", by="lin")),
        ("not-a-member", lambda t: _call("club", "stranger", by="mei")),
        ("already-a-manager", lambda t: _call("club", "lin", by="mei")),
        ("already-a-manager", lambda t: _call("club", "mei", by="mei")),
        ("not-a-member not-the-owner", lambda t: _call("club", "x", by="tao")),
    ],
    "dismiss_manager": [
        ("not-the-owner", lambda t: _call("club", "wu", by="lin")),
        ("not-a-manager", lambda t: _call("club", "tao", by="mei")),
        ("not-a-manager", lambda t: _call("club", "mei", by="mei")),
    ],
    "hand_over_circle": [
        ("not-the-owner", lambda t: _call("club", "lin", by="lin")),
        ("not-a-member", lambda t: _call("club", "stranger", by="mei")),
        ("already-the-owner", lambda t: _call("club", "mei", by="mei")),
    ],
    "grant_override": [
        ("not-the-owner", lambda t: _call("club", "lin", by="lin")),
        ("not-a-member", lambda t: _call("club", "stranger", by="mei")),
        (
            "already-granted",
            lambda t: _call("club", "tao", by="mei"),
            lambda t: t.kit.grant_override("club", "tao", by="mei"),
        ),
    ],
    "revoke_override": [
        ("not-granted", lambda t: _call("club", "tao", by="mei")),
        (
            "not-the-owner",
            lambda t: _call("club", "tao", by="tao"),
            lambda t: t.kit.grant_override("club", "tao", by="mei"),
        ),
    ],
    "switch_post_sync": [
        ("not-a-manager", lambda t: _call("club", on=False, by="tao")),
        ("already-so", lambda t: _call("club", on=True, by="mei")),
    ],
    "link_group": [
        ("not-a-manager", lambda t: _call("club", by="tao", name="Mine")),
        ("group-linked", lambda t: _call("club", by="mei", group="guild")),
        ("group-linked", lambda t: _call("club", by="mei", group="side")),
        (
            "group-linked not-a-manager",
            lambda t: _call("guild", by="mei", group="side"),
        ),
    ],
    "unlink_group": [
        ("not-a-manager", lambda t: _call("club", "side", by="tao")),
        ("group-not-linked", lambda t: _call("club", "lone", by="mei")),
        ("group-not-linked", lambda t: _call("club", "guild", by="mei")),
        ("bound-group-stays", lambda t: _call("club", "club", by="mei")),
    ],
    "publish_post": [
        ("not-a-member", lambda t: _call("club", by="ana", text="Hello")),
        (
            "group-not-linked",
            lambda t: _call("club", by="tao", text="Hello", groups=["side", "guild"]),
        ),
    ],
    "edit_post": [
        ("not-the-author", lambda t: _call(t.post, by="ben", text="Mine")),
        ("not-the-author", lambda t: _call(t.post, by="ana", text="Mine")),
        ("not-the-author post-removed", lambda t: _call(t.removed, by="ben", text="M")),
        ("unknown-post", lambda t: _call("club/999", by="tao", text="Mine")),
        ("post-removed", lambda t: _call(t.removed, by="tao", text="Mine")),
        (
            "not-the-author",  # an author who left is a stranger
            lambda t: _call(t.post, by="tao", text="Mine"),
            lambda t: t.kit.leave_circle("club", "tao"),
        ),
    ],
    "remove_post": [
        ("not-the-author", lambda t: _call(t.post, by="ben")),
        *_post_cases(),
    ],
    "add_comment": [
        ("not-a-member", lambda t: _call(t.post, by="ana", text="Hello")),
        ("unknown-post", lambda t: _call("club/999", by="tao", text="Hello")),
        ("post-removed", lambda t: _call(t.removed, by="tao", text="Hello")),
        (
            "unknown-comment",
            lambda t: _call(t.post, by="tao", text="Hello", reply_to="club/999"),
        ),
        (
            "unknown-comment",  # that comment is on another post
            lambda t: _call(t.must_see, by="tao", text="Hello", reply_to=t.comment),
        ),
        (
            "comment-removed",
            lambda t: _call(t.post, by="tao", text="Yes", reply_to=t.removed_comment),
        ),
        ("not-a-member post-removed", lambda t: _call(t.removed, by="ana", text="Yes")),
    ],
    "remove_comment": [
        ("unknown-comment", lambda t: _call("club/999", by="mei")),
        ("unknown-comment", lambda t: _call(t.post, by="mei")),
        ("comment-removed", lambda t: _call(t.removed_comment, by="mei")),
        ("not-the-author", lambda t: _call(t.comment, by="tao")),
    ],
    "react": [
        ("not-a-member", lambda t: _call(t.post, "+1", by="ana")),
        *_post_cases("+1"),
    ],
    "withdraw_reaction": [
        ("not-a-member", lambda t: _call(t.post, "+1", by="ana")),
        *_post_cases("+1"),
    ],
    "pin_post": [
        ("not-a-manager", lambda t: _call(t.post, by="tao")),
        (
            "already-pinned",
            lambda t: _call(t.post, by="mei"),
            lambda t: t.kit.pin_post(t.post, by="lin"),
        ),
        ("pin-limit", lambda t: _call(t.post, by="mei"), _pins),
        *_post_cases(),
    ],
    "unpin_post": [
        (
            "not-a-manager",
            lambda t: _call(t.post, by="tao"),
            lambda t: t.kit.pin_post(t.post, by="lin"),
        ),
        ("not-pinned", lambda t: _call(t.post, by="mei")),
        ("not-pinned unknown-post", lambda t: _call("club/999", by="mei")),
        ("not-pinned post-removed", lambda t: _call(t.removed, by="mei")),
    ],
    "send_must_see": [
        ("must-see-spacing", lambda t: _call("club", by="mei", text="More")),
        (
            "must-see-month",
            lambda t: _call("club", by="lin", text="M"),
            _days_of_must_sees,
        ),
        ("not-a-manager must-see-spacing", lambda t: _call("club", by="tao", text="M")),
        (
            "must-see-month must-see-spacing",
            lambda t: _call("club", by="mei", text="More"),
            lambda t: (_days_of_must_sees(t), t.clock.forward(days=-1, hours=-12)),
        ),
        ("not-a-manager", lambda t: _call("guild", by="mei", text="More")),
        (
            "no-override-right",
            lambda t: _call("club", by="mei", text="More", override="A storm"),
        ),
        (
            "group-not-linked",
            lambda t: _call("guild", by="ana", text="More", groups=["club"]),
        ),
        (
            "group-not-linked must-see-spacing",
            lambda t: _call("club", by="mei", text="More", groups=["guild"]),
        ),
    ],
    "promote_to_must_see": [
        ("must-see-spacing", lambda t: _call(t.post, by="mei")),
        ("not-a-manager must-see-spacing", lambda t: _call(t.post, by="tao")),
        ("already-a-must-see must-see-spacing", lambda t: _call(t.must_see, by="mei")),
        (
            "already-a-must-see",
            lambda t: _call(t.must_see, by="mei"),
            lambda t: t.clock.forward(hours=24),
        ),
        ("must-see-spacing unknown-post", lambda t: _call("club/999", by="mei")),
        ("must-see-spacing post-removed", lambda t: _call(t.removed, by="mei")),
        ("no-override-right", lambda t: _call(t.post, by="mei", override="A storm")),
    ],
    "acknowledge": [
        ("not-a-member", lambda t: _call(t.must_see, by="ana")),
        ("not-a-must-see", lambda t: _call(t.post, by="tao")),
        ("not-a-must-see", lambda t: _call("club/999", by="tao")),
        (
            "already-acknowledged",
            lambda t: _call(t.must_see, by="tao"),
            lambda t: t.kit.acknowledge(t.must_see, by="tao"),
        ),
    ],
    "mark_read": [
        ("not-a-member", lambda t: _call(t.post, by="ana")),
        ("not-a-member", lambda t: _call([t.post, t.elsewhere], by="tao")),
        ("unknown-post", lambda t: _call([t.post, t.comment], by="tao")),
        ("post-removed", lambda t: _call([t.removed, t.post], by="tao")),
        (
            "post-removed unknown-post",
            lambda t: _call([t.removed, "club/999"], by="tao"),
        ),
    ],
    "join_group": [
        ("not-a-member", lambda t: _call("side", "ana")),
        ("already-in-the-group", lambda t: _call("side", "tao")),
        ("group-full", lambda t: _call("club", "ben"), _hundred),
        ("already-in-the-group group-full", lambda t: _call("club", "tao"), _hundred),
        ("not-a-member", lambda t: _call("lone", "ben")),  # nobody runs that one
    ],
    "leave_group": [("not-in-the-group", lambda t: _call("side", "ben"))],
    "remove_from_group": [
        ("not-a-manager", lambda t: _call("side", "tao", by="tao")),
        ("not-in-the-group", lambda t: _call("side", "ben", by="lin")),
        ("not-a-manager", lambda t: _call("lone", "mei", by="mei")),
    ],
    "send_message": [
        ("group-not-linked", lambda t: _call("lone", by="mei", text="Anybody?")),
        ("not-in-the-group", lambda t: _call("side", by="ben", text="Hello")),
        ("group-muted", lambda t: _call("club", by="tao", text="Hello"), _mute),
        (
            "unknown-message",
            lambda t: _call("club", by="tao", text="Yes", reply_to="club/1"),
        ),
        (
            "group-muted not-in-the-group unknown-message",
            lambda t: _call("club", by="ana", text="Yes", reply_to="club/1"),
            _mute,
        ),
    ],
    "react_to_message": [
        ("not-in-the-group", lambda t: _call(t.message, "+1", by="ana")),
        ("unknown-message", lambda t: _call("club/999", "+1", by="tao")),
        ("group-not-linked unknown-message", lambda t: _call("lone/1", "+1", by="mei")),
    ],
    "set_announcement": [
        ("not-a-manager", lambda t: _call("club", by="tao", text="Mine")),
        ("group-not-linked not-a-manager", lambda t: _call("lone", by="mei", text="M")),
    ],
    "mute_group": [
        ("not-a-manager", lambda t: _call("club", by="tao")),
        ("mute-already-over", lambda t: _call("club", by="mei", until=MARCH_1)),
        ("group-not-linked not-a-manager", lambda t: _call("lone", by="mei")),
    ],
    "unmute_group": [
        ("not-a-manager", lambda t: _call("club", by="tao"), _mute),
        ("not-muted", lambda t: _call("club", by="mei")),
        (
            "group-not-linked not-a-manager not-muted",
            lambda t: _call("lone", by="mei"),
        ),
    ],
    "block_private_chat": [
        ("not-a-manager", lambda t: _call("club", by="tao")),
        ("already-blocked", lambda t: _call("club", by="lin"), _block),
        ("group-not-linked not-a-manager", lambda t: _call("lone", by="mei")),
    ],
    "allow_private_chat": [
        ("not-a-manager", lambda t: _call("club", by="tao"), _block),
        ("not-blocked", lambda t: _call("club", by="lin")),
        (
            "group-not-linked not-a-manager not-blocked",
            lambda t: _call("lone", by="mei"),
        ),
    ],
    "open_private_chat": [
        ("private-chat-blocked", lambda t: _call("club", by="tao", to="ben"), _block),
        ("same-person", lambda t: _call("club", by="tao", to="tao")),
        ("not-in-the-group", lambda t: _call("side", by="tao", to="ben")),
        ("not-in-the-group", lambda t: _call("side", by="ben", to="tao")),
        (
            "group-not-linked not-in-the-group",
            lambda t: _call("lone", by="mei", to="tao"),
        ),
    ],
    "send_friend_request": [
        ("private-chat-blocked", lambda t: _call("club", by="ben", to="tao"), _block),
        ("same-person", lambda t: _call("club", by="tao", to="tao")),
        ("not-in-the-group", lambda t: _call("side", by="tao", to="ben")),
        (
            "group-not-linked not-in-the-group",
            lambda t: _call("lone", by="mei", to="tao"),
        ),
    ],
    "add_customer": [
        ("already-a-customer", lambda t: _call("c1", channel="splash", by="sun")),
    ],
    "complete_profile": [
        (
            "profile-complete",
            lambda t: _call("c1", by="sun"),
            lambda t: t.kit.complete_profile("c1", by="sun"),
        ),
    ],
    "close_circle": [
        ("not-the-owner", lambda t: _call("club", by="lin", reason="x")),
        ("circle-closed", lambda t: _call("club", by="mei", reason="x"), _close),
        ("circle-archived", lambda t: _call("club", by="mei", reason="x"), _archive),
        (
            "circle-closed not-the-owner",
            lambda t: _call("club", by="lin", reason="x"),
            _close,
        ),
    ],
    "reopen_circle": [
        ("not-closed", lambda t: _call("club", by="mei")),
        ("not-the-owner", lambda t: _call("club", by="lin"), _close),
        ("circle-archived", lambda t: _call("club", by="mei"), _archive),
        ("not-closed not-the-owner", lambda t: _call("club", by="lin")),
    ],
    "archive_circle": [
        ("not-the-owner", lambda t: _call("club", by="lin", reason="x")),
        ("circle-archived", lambda t: _call("club", by="mei", reason="x"), _archive),
    ],
    "tag_customer": [
        (
            "already-tagged",
            lambda t: _call("c1", "regular", by="sun"),
            lambda t: t.kit.tag_customer("c1", "regular", by="sun"),
        ),
    ],
    "untag_customer": [("not-tagged", lambda t: _call("c1", "regular", by="sun"))],
    "assign_customer": [
        (
            "already-assigned",
            lambda t: _call("c1", "zoe", by="sun"),
            lambda t: t.kit.assign_customer("c1", "zoe", by="sun"),
        ),
    ],
    "show_moment": [
        (
            "moment-day",
            lambda t: _call("other", "c1", source="member", by="sun"),
            _moments("member", 1),
        ),
        (
            "moment-month",
            lambda t: _call("other", "c1", source="enterprise", by="sun"),
            _moments("enterprise", 4),
        ),
        (
            "moment-already-shown",
            lambda t: _call("m0", "c1", source="enterprise", by="sun"),
            _moments("member", 1),
        ),
        (
            "moment-already-shown moment-day",
            lambda t: _call("m0", "c1", source="member", by="sun"),
            _moments("member", 1),
        ),
    ],
}


def _all():
    for command, cases in CASES.items():
        for number, (rules, call, *before) in enumerate(cases):
            yield pytest.param(
                command,
                tuple(sorted(rules.split())),
                call,
                before[0] if before else None,
                id=f"{command}-{number}-{rules.replace(' ', '+')}",
            )


@pytest.mark.parametrize(("command", "rules", "call", "before"), list(_all()))
def test_refused_whole(town, command, rules, call, before):
    """
    A refused command names every rule in the way, and changes no history.

    It leaves one record beside it; asked beforehand, the answer is the same.
    """
    if before is not None:
        before(town)
    args, kwargs = call(town)
    before_it, records = history(town.kit), len(everything(town.kit))

    asked = town.ask(command, *args, **kwargs)
    told = outcome(getattr(town.kit, command), *args, **kwargs)

    assert rules == told.rules
    assert asked == told
    assert before_it == history(town.kit)
    (record,) = everything(town.kit)[records:]
    by = kwargs.get("by", args[1] if len(args) > 1 else None)
    assert record.stream.startswith("refused:")
    assert record.event == CommandRefused(
        command=command, reasons=told.reasons, by=by, at=record.event.at
    )


def test_every_command_is_tried():
    """
    No command is left out of the cases above.
    """
    assert set(COMMANDS) == set(CASES)
