"""
Input that is no input: one typed error, naming the field and what is accepted.
"""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from circlekit import (
    CircleKit,
    InvalidInputError,
    NotFoundError,
    RuleBook,
    Scale,
)
from tests.application import duty_cases
from tests.application.town import MARCH_1, outcome, refusals, written

MARCH_2 = datetime(2020, 3, 2, 12, tzinfo=UTC)
LATER = MARCH_1 + timedelta(days=1)
NAIVE = datetime(2020, 3, 2, 12)  # noqa: DTZ001
LATER = MARCH_1 + timedelta(days=20)
SOON = datetime(2020, 3, 2, 12, tzinfo=UTC)
BELL, SURROGATE, LINE = "ding\x07", "half \ud83d", "two\nlines"
LONG_ID, LONG_TEXT, LONG_EMOJI = "x" * 201, "x" * 20_001, "x" * 65


def _call(*args, **kwargs):
    return args, kwargs


def _new(**changes):
    found = {"name": "Tea", "kind": "community", "by": "ana", "circle": "tea"}
    return lambda t: _call(**(found | changes))


def _customer(**changes):
    added = {"channel": "qr", "by": "sun"}
    return lambda t: _call("c2", **(added | changes))


def _sums(**changes):
    given = {"by": "wei", "title": "Sums", "due_at": LATER}
    return lambda t: _call("school", **(given | changes))


def _identity(**changes):
    said = {"system": "shop", "external_id": "7", "attested": "oauth", "by": "desk"}
    member = changes.pop("member", "tao")
    return lambda t: _call(member, **(said | changes))


def _mass_send(**changes):
    made = {"source": "member", "by": "sun", "text": "x", "customers": ["c1"]}
    return lambda t: _call(**(made | changes))


# Of each command: the field that is bad, and what it is given.
CASES = {
    "found_circle": [
        ("name", _new(name="")),
        ("name", _new(name=" \t")),
        ("name", _new(name=LINE)),
        ("name", _new(name=LONG_ID)),
        ("name", _new(name=None)),
        ("kind", _new(kind="guild")),
        ("kind", _new(kind=None)),
        ("zone", _new(zone="Mars/Olympus")),
        ("zone", _new(zone="")),
        ("zone", _new(zone="Asia")),
        ("zone", _new(zone="../zones")),
        ("zone", _new(zone="Asia/Shanghai\0")),
        ("zone", _new(zone=None)),
        ("zone", _new(zone=8)),
        ("organisation", _new(organisation="")),
        ("organisation", _new(organisation=BELL)),
        ("rules", _new(rules="dingtalk_2030")),
        ("rules", _new(rules=None)),
        ("circle", _new(circle=LINE)),
        ("circle", _new(circle=LONG_ID)),
        ("circle", _new(circle="")),
        ("group", _new(group=BELL)),
        ("group", _new(group="")),
        ("by", _new(by="")),
        ("by", _new(by=SURROGATE)),
        ("by", _new(by=None)),
    ],
    "adopt_rule_book": [
        ("rules", lambda t: _call("club", "no such book", by="mei")),
        ("rules", lambda t: _call("club", 4, by="mei")),
    ],
    "join_circle": [
        ("channel", lambda t: _call("club", "new", channel="pigeon")),
        ("source", lambda t: _call("club", "new", source=LINE)),
        ("member", lambda t: _call("club", "")),
        ("member", lambda t: _call("club", LINE)),
        ("verified_role", lambda t: _call("club", "new", verified_role="dog")),
        ("staff_of", lambda t: _call("club", "new", staff_of=BELL)),
        ("staff_of", lambda t: _call("club", "new", staff_of=5)),
        ("staff_of", lambda t: _call("club", "new", staff_of=LONG_ID)),
        ("invited_by", lambda t: _call("club", "new", invited_by=SURROGATE)),
        ("invited_by", lambda t: _call("club", "new", invited_by=5)),
    ],
    "request_to_join": [
        ("member", lambda t: _call("club", "")),
        ("staff_of", lambda t: _call("club", "new", staff_of=LINE)),
        ("verified_role", lambda t: _call("club", "new", verified_role="dog")),
        ("channel", lambda t: _call("club", "new", channel="pigeon")),
        ("source", lambda t: _call("club", "new", source="")),
    ],
    "withdraw_request": [("member", lambda t: _call("club", LINE))],
    "approve_request": [("member", lambda t: _call("club", LINE, by="mei"))],
    "decline_request": [("member", lambda t: _call("club", LINE, by="mei"))],
    "invite": [
        ("channel", lambda t: _call("club", by="mei")),
        ("channel", lambda t: _call("club", by="mei", channel="pigeon")),
        ("source", lambda t: _call("club", by="mei", channel="qr", source=BELL)),
        ("member", lambda t: _call("club", by="mei", member="")),
        ("until", lambda t: _call("club", by="mei", channel="qr", until=NAIVE)),
    ],
    "accept_invitation": [
        ("invitation", lambda t: _call("club", "new")),
        ("invitation", lambda t: _call(7, "new")),
        ("member", lambda t: _call("club/7", "")),
        ("verified_role", lambda t: _call("club/7", "new", verified_role="dog")),
    ],
    "decline_invitation": [("invitation", lambda t: _call("club/x", by="new"))],
    "revoke_invitation": [("invitation", lambda t: _call("", by="new"))],
    "accept_convention": [
        ("version", lambda t: _call("club", "", by="tao")),
        ("version", lambda t: _call("club", 1, by="tao")),
    ],
    "admit_partner": [("organisation", lambda t: _call("shop", "", by="keeper"))],
    "end_partnership": [("organisation", lambda t: _call("shop", LINE, by="keeper"))],
    "register_organisation": [
        ("organisation", lambda t: _call("", name="Acme", by="boss")),
        ("organisation", lambda t: _call(5, name="Acme", by="boss")),
        ("name", lambda t: _call("acme", name=LINE, by="boss")),
        ("zone", lambda t: _call("acme", name="Acme", by="boss", zone="Mars")),
        ("rules", lambda t: _call("acme", name="Acme", by="boss", rules="none")),
        ("circle", lambda t: _call("acme", name="Acme", by="boss", circle=BELL)),
        ("by", lambda t: _call("acme", name="Acme", by="")),
    ],
    "staff_joined": [
        ("members", lambda t: _call("acme", "mei", by="hr")),
        ("members", lambda t: _call("acme", ["mei", ""], by="hr")),
        ("members", lambda t: _call("acme", [5], by="hr")),
        ("organisation", lambda t: _call("", ["mei"], by="hr")),
    ],
    "staff_left": [("members", lambda t: _call("acme", [LINE], by="hr"))],
    "role_verified": [
        ("member", lambda t: _call("acme", "", "teacher", by="hr")),
        ("role", lambda t: _call("acme", "mei", "dog", by="hr")),
        ("role", lambda t: _call("acme", "mei", None, by="hr")),
        (
            "until",
            lambda t: _call("acme", "mei", "parent", by="hr", until=NAIVE),
        ),
    ],
    "role_expired": [
        ("member", lambda t: _call("acme", LINE, "teacher", by="hr")),
        ("role", lambda t: _call("acme", "mei", "dog", by="hr")),
    ],
    "verify_role": [
        ("member", lambda t: _call("club", LINE, "teacher", by="hr")),
        ("role", lambda t: _call("club", "tao", "dog", by="hr")),
        ("until", lambda t: _call("club", "tao", "parent", by="hr", until=NAIVE)),
    ],
    "succeed_owner": [
        ("reason", lambda t: _call("club", by="hr", reason="")),
        ("to", lambda t: _call("club", by="hr", reason="x", to="")),
        ("by", lambda t: _call("club", by=LINE, reason="x")),
    ],
    "close_circle": [
        ("reason", lambda t: _call("club", by="mei", reason="")),
        ("reason", lambda t: _call("club", by="mei", reason=BELL)),
        ("reason", lambda t: _call("club", by="mei", reason=None)),
        ("by", lambda t: _call("club", by="", reason="x")),
    ],
    "archive_circle": [
        ("reason", lambda t: _call("club", by="mei", reason="")),
        ("reason", lambda t: _call("club", by="mei", reason="x" * 20_001)),
    ],
    "reopen_circle": [("by", lambda t: _call("club", by=LINE))],
    "leave_circle": [
        ("member", lambda t: _call("club", "")),
        ("member", lambda t: _call("club", LINE)),
    ],
    "remove_member": [
        ("member", lambda t: _call("club", "", by="mei")),
        ("member", lambda t: _call("club", SURROGATE, by="mei")),
        ("member", lambda t: _call("club", LONG_TEXT, by="mei")),
        ("by", lambda t: _call("club", "tao", by=BELL)),
    ],
    "appoint_manager": [("member", lambda t: _call("club", BELL, by="mei"))],
    "dismiss_manager": [("member", lambda t: _call("club", BELL, by="mei"))],
    "hand_over_circle": [("member", lambda t: _call("club", BELL, by="mei"))],
    "grant_override": [("member", lambda t: _call("club", BELL, by="mei"))],
    "revoke_override": [("member", lambda t: _call("club", BELL, by="mei"))],
    "switch_post_sync": [
        ("on", lambda t: _call("club", on=0, by="mei")),
        ("on", lambda t: _call("club", on="no", by="mei")),
    ],
    "link_group": [
        ("name", lambda t: _call("club", by="mei", name="")),
        ("name", lambda t: _call("club", by="mei", name=LINE)),
        ("group", lambda t: _call("club", by="mei", group=BELL)),
        ("group", lambda t: _call("club", by="mei", group="")),
    ],
    "unlink_group": [("group", lambda t: _call("club", LINE, by="mei"))],
    "publish_post": [
        ("text", lambda t: _call("club", by="mei")),
        ("text", lambda t: _call("club", by="mei", text=" \n ")),
        ("text", lambda t: _call("club", by="mei", text=LONG_TEXT)),
        ("text", lambda t: _call("club", by="mei", text=BELL)),
        ("text", lambda t: _call("club", by="mei", text=SURROGATE)),
        ("text", lambda t: _call("club", by="mei", text=b"Hello")),
        ("text", lambda t: _call("club", by="mei", text=BELL, images=["a.png"])),
        ("images", lambda t: _call("club", by="mei", images="a.png")),
        ("images", lambda t: _call("club", by="mei", images=["a.png"] * 51)),
        ("images[1]", lambda t: _call("club", by="mei", images=["a.png", ""])),
        ("images[0]", lambda t: _call("club", by="mei", images=["x" * 2_001])),
        ("images[0]", lambda t: _call("club", by="mei", images=[None])),
        ("videos[0]", lambda t: _call("club", by="mei", videos=[LINE])),
        ("topic", lambda t: _call("club", by="mei", text="x", topic="")),
        ("topic", lambda t: _call("club", by="mei", text="x", topic=LINE)),
        ("sync", lambda t: _call("club", by="mei", text="x", sync="no")),
        ("sync", lambda t: _call("club", by="mei", text="x", sync=1)),
        ("groups", lambda t: _call("club", by="mei", text="x", groups="side")),
        ("groups[1]", lambda t: _call("club", by="mei", text="x", groups=["side", 5])),
        ("by", lambda t: _call("club", by="", text="x")),
        ("circle", lambda t: _call("", by="mei", text="x")),
        ("circle", lambda t: _call(None, by="mei", text="x")),
        ("circle", lambda t: _call(LONG_ID, by="mei", text="x")),
        ("circle", lambda t: _call(SURROGATE, by="mei", text="x")),
    ],
    "schedule_post": [
        ("text", lambda t: _call("club", by="mei", release_at=SOON)),
        ("images", lambda t: _call("club", by="mei", images="x", release_at=SOON)),
        ("sync", lambda t: _call("club", by="mei", text="x", sync=1, release_at=SOON)),
        ("release_at", lambda t: _call("club", by="mei", text="x", release_at=NAIVE)),
        ("release_at", lambda t: _call("club", by="mei", text="x", release_at=5)),
        ("circle", lambda t: _call(LINE, by="mei", text="x", release_at=SOON)),
    ],
    "schedule_must_see": [
        ("text", lambda t: _call("club", by="mei", text=BELL, release_at=SOON)),
        ("release_at", lambda t: _call("club", by="mei", text="x", release_at=NAIVE)),
        ("release_at", lambda t: _call("club", by="mei", text="x", release_at=None)),
        (
            "groups",
            lambda t: _call("club", by="mei", groups="x", release_at=SOON, text="x"),
        ),
    ],
    "move_scheduled": [
        ("scheduled", lambda t: _call("club", SOON, by="mei")),
        ("scheduled", lambda t: _call(7, SOON, by="mei")),
        ("release_at", lambda t: _call("club/7", NAIVE, by="mei")),
    ],
    "cancel_scheduled": [("scheduled", lambda t: _call("club/x", by="mei"))],
    "set_quiet_hours": [
        ("context", lambda t: _call("tao", context="home")),
        ("starts", lambda t: _call("tao", context="work", zone="UTC")),
        ("starts", lambda t: _call("tao", context="work", starts="25:00", ends="7")),
        ("starts", lambda t: _call("tao", context="work", starts="7:00", ends="8")),
        ("ends", lambda t: _call("tao", context="work", starts="07:00")),
        (
            "ends",
            lambda t: _call("tao", context="work", starts="07:00", ends="07:00"),
        ),
        (
            "zone",
            lambda t: _call("tao", context="work", starts="07:00", ends="08:00"),
        ),
        ("consumer_too", lambda t: _call("tao", context="work", consumer_too=1)),
        ("by", lambda t: _call("", context="work")),
    ],
    "set_attention_budget": [
        ("context", lambda t: _call("tao", context="minor", pushes=3)),
        ("pushes", lambda t: _call("tao", context="work", pushes=-1)),
        ("pushes", lambda t: _call("tao", context="work", pushes=True)),
        ("zone", lambda t: _call("tao", context="work", pushes=3, zone="Mars")),
    ],
    "mute_circle": [
        ("circle", lambda t: _call("", by="tao")),
        ("on", lambda t: _call("club", by="tao", on="yes")),
    ],
    "label_circle": [("context", lambda t: _call("club", "play", by="mei"))],
    "set_industries": [
        ("industries", lambda t: _call("club", "Tea", by="mei")),
        ("industries", lambda t: _call("club", ["x"] * 11, by="mei")),
        ("industries[1]", lambda t: _call("club", ["Tea", LINE], by="mei")),
        ("industries[0]", lambda t: _call("club", [""], by="mei")),
        ("industries[0]", lambda t: _call("club", [5], by="mei")),
    ],
    "edit_post": [
        ("post", lambda t: _call("club", by="tao", text="x")),
        ("post", lambda t: _call("club/", by="tao", text="x")),
        ("post", lambda t: _call("club/one", by="tao", text="x")),
        ("post", lambda t: _call("club/-1", by="tao", text="x")),
        ("post", lambda t: _call("/7", by="tao", text="x")),
        ("post", lambda t: _call("club/\u0661", by="tao", text="x")),
        ("post", lambda t: _call(f"club/{2**64}", by="tao", text="x")),
        ("post", lambda t: _call(7, by="tao", text="x")),
        ("post", lambda t: _call(None, by="tao", text="x")),
        ("text", lambda t: _call(t.post, by="tao")),
        ("images[0]", lambda t: _call(t.post, by="tao", images=[BELL])),
    ],
    "remove_post": [("post", lambda t: _call("", by="tao"))],
    "add_comment": [
        ("post", lambda t: _call("club", by="tao", text="x")),
        ("post", lambda t: _call(f"club/{10**30}", by="tao", text="x")),
        ("text", lambda t: _call(t.post, by="tao", text="")),
        ("text", lambda t: _call(t.post, by="tao", text=LONG_TEXT)),
        ("reply_to", lambda t: _call(t.post, by="tao", text="x", reply_to="")),
        ("reply_to", lambda t: _call(t.post, by="tao", text="x", reply_to="guild/4")),
    ],
    "remove_comment": [("comment", lambda t: _call("club", by="tao"))],
    "react": [
        ("emoji", lambda t: _call(t.post, "", by="tao")),
        ("emoji", lambda t: _call(t.post, LONG_EMOJI, by="tao")),
        ("emoji", lambda t: _call(t.post, SURROGATE, by="tao")),
        ("post", lambda t: _call("club/x", "+1", by="tao")),
    ],
    "withdraw_reaction": [("emoji", lambda t: _call(t.post, "", by="tao"))],
    "pin_post": [("post", lambda t: _call("club", by="mei"))],
    "unpin_post": [("post", lambda t: _call("club", by="mei"))],
    "send_must_see": [
        ("text", lambda t: _call("club", by="mei")),
        ("override", lambda t: _call("club", by="mei", text="x", override="")),
        ("groups", lambda t: _call("club", by="mei", text="x", groups="side")),
    ],
    "promote_to_must_see": [
        ("post", lambda t: _call("club", by="mei")),
        ("override", lambda t: _call(t.post, by="mei", override=" ")),
    ],
    "acknowledge": [
        ("post", lambda t: _call("club", by="tao")),
        ("by", lambda t: _call(t.must_see, by="")),
    ],
    "mark_read": [
        ("post", lambda t: _call("club", by="tao")),
        ("post", lambda t: _call([t.post, "club"], by="tao")),
        ("post", lambda t: _call([t.post, None], by="tao")),
        ("post", lambda t: _call(f"club/{2**63}", by="tao")),
        ("by", lambda t: _call(t.post, by=LINE)),
    ],
    "join_group": [
        ("member", lambda t: _call("side", "")),
        ("group", lambda t: _call("", "ben")),
    ],
    "leave_group": [("member", lambda t: _call("side", ""))],
    "remove_from_group": [
        ("member", lambda t: _call("side", SURROGATE, by="mei")),
        ("member", lambda t: _call("side", LONG_TEXT, by="mei")),
    ],
    "send_message": [
        ("text", lambda t: _call("club", by="tao")),
        ("text", lambda t: _call("club", by="tao", text=LONG_TEXT)),
        ("videos[0]", lambda t: _call("club", by="tao", videos=[""])),
        ("reply_to", lambda t: _call("club", by="tao", text="x", reply_to="x")),
        # A message of another group, at a place where this one has a message too.
        (
            "reply_to",
            lambda t: _call(
                "club",
                by="tao",
                text="x",
                reply_to=f"side/{t.message.rpartition('/')[2]}",
            ),
        ),
    ],
    "react_to_message": [
        ("message", lambda t: _call("club", "+1", by="tao")),
        ("message", lambda t: _call(f"club/{2**63}", "+1", by="tao")),
        ("emoji", lambda t: _call(t.message, LONG_EMOJI, by="tao")),
    ],
    "set_announcement": [("text", lambda t: _call("club", by="mei", text=""))],
    "mute_group": [
        ("until", lambda t: _call("club", by="mei", reason="Ads", until=NAIVE)),
        ("until", lambda t: _call("club", by="mei", reason="Ads", until="tomorrow")),
        (
            "until",  # a moment that UTC has no year for
            lambda t: _call(
                "club",
                by="mei",
                reason="Ads",
                until=datetime.max.replace(tzinfo=timezone(timedelta(hours=-8))),
            ),
        ),
        ("reason", lambda t: _call("club", by="mei", reason=None)),
        ("reason", lambda t: _call("club", by="mei", reason="")),
        ("reason", lambda t: _call("club", by="mei", reason=BELL)),
    ],
    "set_group_topics": [
        ("topics", lambda t: _call("club", "side", "Tea", by="mei")),
        ("topics", lambda t: _call("club", "side", ["x"] * 51, by="mei")),
        ("topics[1]", lambda t: _call("club", "side", ["Tea", LINE], by="mei")),
        ("group", lambda t: _call("club", LINE, ["Tea"], by="mei")),
    ],
    "set_slow_mode": [
        ("seconds", lambda t: _call("club", by="mei", seconds=0, reason="x")),
        ("seconds", lambda t: _call("club", by="mei", seconds=86_401, reason="x")),
        ("seconds", lambda t: _call("club", by="mei", seconds=True, reason="x")),
        ("seconds", lambda t: _call("club", by="mei", seconds=1.5, reason="x")),
        ("reason", lambda t: _call("club", by="mei", seconds=1, reason="")),
        (
            "until",
            lambda t: _call("club", by="mei", seconds=1, reason="x", until=NAIVE),
        ),
    ],
    "lift_slow_mode": [("by", lambda t: _call("club", by=""))],
    "set_announcements_only": [
        ("reason", lambda t: _call("club", by="mei", reason=BELL)),
        ("until", lambda t: _call("club", by="mei", reason="x", until=NAIVE)),
        (
            "open_thread",
            lambda t: _call("side", by="mei", reason="x", open_thread=t.message),
        ),
        (
            "open_thread",
            lambda t: _call("side", by="mei", reason="x", open_thread="side"),
        ),
    ],
    "lift_announcements_only": [("group", lambda t: _call(BELL, by="mei"))],
    "redirect_thread": [
        ("message", lambda t: _call("club", "side", by="mei", reason="x")),
        ("to", lambda t: _call(t.message, LINE, by="mei", reason="x")),
        ("reason", lambda t: _call(t.message, "side", by="mei", reason=" ")),
    ],
    "manage_groups": [
        ("action", lambda t: _call("club", "join_group", by="mei")),
        ("reason", lambda t: _call("club", "mute_group", by="mei")),
        ("reason", lambda t: _call("club", "mute_group", by="mei", reason=BELL)),
        (
            "seconds",
            lambda t: _call("club", "mute_group", by="mei", reason="x", seconds=1),
        ),
        ("text", lambda t: _call("club", "unmute_group", by="mei", text="x")),
        ("groups", lambda t: _call("club", "unmute_group", by="mei", groups="side")),
        (
            "groups[0]",
            lambda t: _call("club", "unmute_group", by="mei", groups=[LINE]),
        ),
    ],
    "set_comment_relay": [
        ("relay", lambda t: _call("club", "some", by="mei")),
        ("relay", lambda t: _call("club", 1, by="mei")),
    ],
    "set_organisation_comment_relay": [
        ("relay", lambda t: _call("acme", "some", by="hr")),
        ("organisation", lambda t: _call(LINE, "off", by="hr")),
        ("by", lambda t: _call("acme", "off", by="")),
    ],
    "choose_comment_relay": [
        ("relay", lambda t: _call("loud", by="tao")),
        ("circle", lambda t: _call("off", by="tao", circle=LINE)),
    ],
    "unmute_group": [("by", lambda t: _call("club", by=""))],
    "block_private_chat": [("group", lambda t: _call(BELL, by="mei"))],
    "allow_private_chat": [("group", lambda t: _call(BELL, by="mei"))],
    "open_private_chat": [("to", lambda t: _call("club", by="tao", to=""))],
    "send_friend_request": [("to", lambda t: _call("club", by="tao", to=SURROGATE))],
    "attach_identity": [
        ("member", _identity(member="")),
        ("system", _identity(system="")),
        ("system", _identity(system="we:chat")),
        ("system", _identity(system="x" * 65)),
        ("system", _identity(system=None)),
        ("external_id", _identity(external_id="")),
        ("external_id", _identity(external_id=LINE)),
        ("external_id", _identity(external_id=7)),
        ("external_id", _identity(external_id=SURROGATE)),
        ("external_id", _identity(external_id=LONG_ID)),
        ("attested", _identity(attested="")),
        ("by", _identity(by=BELL)),
    ],
    "detach_identity": [
        ("system", lambda t: _call("a:b", "o-123", by="desk")),
        ("external_id", lambda t: _call("wechat", "", by="desk")),
    ],
    "make_topic": [
        ("name", lambda t: _call("club", name="", by="tao")),
        ("name", lambda t: _call("club", name=LINE, by="tao")),
        ("name", lambda t: _call("club", name=LONG_ID, by="tao")),
        ("kind", lambda t: _call("club", name="Tea", kind="dance", by="tao")),
        ("kind", lambda t: _call("club", name="Tea", kind=None, by="tao")),
        ("topic", lambda t: _call("club", name="Tea", by="tao", topic="")),
        ("topic", lambda t: _call("club", name="Tea", by="tao", topic=BELL)),
        ("by", lambda t: _call("club", name="Tea", by="")),
        ("circle", lambda t: _call(LONG_ID, name="Tea", by="tao")),
    ],
    "rename_topic": [
        ("name", lambda t: _call("run", "", by="tao")),
        ("name", lambda t: _call("run", 7, by="tao")),
        ("topic", lambda t: _call("", "Tea", by="tao")),
    ],
    "close_topic": [("topic", lambda t: _call(LINE, by="tao"))],
    "reopen_topic": [("topic", lambda t: _call(LINE, by="tao"))],
    "check_in": [
        ("topic", lambda t: _call("", by="tao")),
        ("text", lambda t: _call("run", by="tao", text=" ")),
        ("text", lambda t: _call("run", by="tao", text=None)),
        ("text", lambda t: _call("run", by="tao", text=LONG_TEXT)),
        ("images", lambda t: _call("run", by="tao", images="a.png")),
        ("videos[0]", lambda t: _call("run", by="tao", videos=[BELL])),
        ("value", lambda t: _call("run", by="tao", value=-1)),
        ("value", lambda t: _call("run", by="tao", value=10**12 + 1)),
        ("value", lambda t: _call("run", by="tao", value=True)),
        ("value", lambda t: _call("run", by="tao", value=4.2)),
        ("place", lambda t: _call("run", by="tao", place="")),
        ("place", lambda t: _call("run", by="tao", place=LINE)),
        ("by", lambda t: _call("run", by=SURROGATE)),
    ],
    "make_up_check_in": [
        ("day", lambda t: _call("run", MARCH_1, by="tao")),
        ("day", lambda t: _call("run", "2020-03-01", by="tao")),
        ("day", lambda t: _call("run", None, by="tao")),
        ("day", lambda t: _call("run", date.max, by="tao")),
        ("day", lambda t: _call("run", date.min, by="tao")),
        ("value", lambda t: _call("run", date(2020, 2, 29), by="tao", value="5")),
    ],
    "remove_check_in": [
        ("check_in", lambda t: _call("run", by="tao")),
        ("check_in", lambda t: _call(2, by="tao")),
    ],
    "add_customer": [
        ("customer", lambda t: _call("", channel="qr", by="sun")),
        ("channel", _customer(channel="")),
        ("zone", _customer(zone="Nowhere")),
        ("organisation", _customer(organisation=LINE)),
        ("rules", _customer(rules="none")),
    ],
    "complete_profile": [("customer", lambda t: _call(LINE, by="sun"))],
    "tag_customer": [
        ("tag", lambda t: _call("c1", "", by="sun")),
        ("tag", lambda t: _call("c1", LINE, by="sun")),
    ],
    "untag_customer": [("tag", lambda t: _call("c1", "", by="sun"))],
    "assign_customer": [("owner", lambda t: _call("c1", "", by="sun"))],
    "show_moment": [
        ("source", lambda t: _call("m", "c1", source="friend", by="sun")),
        ("moment", lambda t: _call("", "c1", source="member", by="sun")),
    ],
    "schedule_live": [
        ("title", lambda t: _call("school", by="head", title="")),
        ("title", lambda t: _call("school", by="head", title=LINE)),
        ("live", lambda t: _call("school", by="head", title="x", live=BELL)),
        ("groups", lambda t: _call("school", by="head", title="x", groups="side")),
        ("groups", lambda t: _call("school", by="head", title="x", groups=[])),
        ("groups", lambda t: _call("school", by="head", title="x", groups=["a"] * 2)),
        ("groups[1]", lambda t: _call("school", by="head", title="x", groups=["a", 1])),
        (
            "groups",
            lambda t: _call(
                "school", by="head", title="x", groups=[str(it) for it in range(1_001)]
            ),
        ),
        ("starts_at", lambda t: _call("school", by="head", title="x", starts_at=NAIVE)),
        ("starts_at", lambda t: _call("school", by="head", title="x", starts_at=5)),
    ],
    "start_live": [("live", lambda t: _call("", by="head"))],
    "cancel_live": [("reason", lambda t: _call("sums", by="head", reason=BELL))],
    "end_live": [("by", lambda t: _call("sums", by=""))],
    "join_live": [
        ("member", lambda t: _call("sums", "")),
        ("group", lambda t: _call("sums", "sam", group=BELL)),
    ],
    "leave_live": [("member", lambda t: _call("sums", LINE))],
    "like_live": [
        ("member", lambda t: _call("sums", LINE)),
        ("times", lambda t: _call("sums", "sam", times=0)),
        ("times", lambda t: _call("sums", "sam", times=1_001)),
        ("times", lambda t: _call("sums", "sam", times=True)),
        ("times", lambda t: _call("sums", "sam", times=1.0)),
    ],
    "publish_replay": [
        ("reference", lambda t: _call("sums", "", by="head")),
        ("reference", lambda t: _call("sums", "x" * 2_001, by="head")),
    ],
    "contact_customer": [
        ("customer", lambda t: _call("", by="sun")),
        ("by", lambda t: _call("c1", by=BELL)),
    ],
    "create_mass_send": [
        ("source", _mass_send(source="friend")),
        ("text", _mass_send(text="")),
        ("text", _mass_send(text=SURROGATE)),
        ("images[0]", _mass_send(images=[""])),
        ("customers", _mass_send(customers="c1")),
        ("customers[1]", _mass_send(customers=["c1", LINE])),
        ("customers", _mass_send(customers=[])),
        ("groups", _mass_send(groups="side")),
        ("rules", _mass_send(rules="none")),
        ("mass_send", _mass_send(mass_send=LONG_ID)),
        ("by", _mass_send(by="")),
    ],
    "confirm_mass_send": [("by", lambda t: _call("sale", by=""))],
    "friendship_begun": [
        ("customer", lambda t: _call("", "sun", by="wecom")),
        ("member", lambda t: _call("c1", LINE, by="wecom")),
        ("member", lambda t: _call("c1", None, by="wecom")),
    ],
    "friendship_ended": [
        ("member", lambda t: _call("c1", "", by="wecom")),
        ("by", lambda t: _call("c1", "sun", by="")),
    ],
    "cancel_mass_send": [
        ("by", lambda t: _call("sale", by="")),
        ("reason", lambda t: _call("sale", by="hq", reason="")),
    ],
    "remind_mass_send": [("mass-send", lambda t: _call("", by="hq"))],
    "attest_minor": [
        ("member", lambda t: _call("", until=MARCH_2)),
        ("until", lambda t: _call("sam", until=NAIVE)),
        ("until", lambda t: _call("sam", until="2030")),
        ("zone", lambda t: _call("sam", until=MARCH_2, zone="Mars/Olympus")),
    ],
    "publish_moment": [
        ("source", lambda t: _call(["c1"], source="friend", by="sun", text="x")),
        ("text", lambda t: _call(["c1"], source="member", by="sun")),
        ("text", lambda t: _call(["c1"], source="member", by="sun", text=BELL)),
        (
            "images[0]",
            lambda t: _call(["c1"], source="member", by="sun", images=[""]),
        ),
        (
            "moment",
            lambda t: _call(["c1"], source="member", by="sun", text="x", moment=LINE),
        ),
        ("by", lambda t: _call(["c1"], source="member", by="", text="x")),
        ("customers", lambda t: _call("c1", source="member", by="sun", text="x")),
        (
            "customers[1]",
            lambda t: _call(["c1", BELL], source="member", by="sun", text="x"),
        ),
    ],
    "assign_homework": [
        ("title", _sums(title="")),
        ("title", _sums(title=LINE)),
        ("text", _sums(text=BELL)),
        ("text", _sums(text=LONG_TEXT)),
        ("attachments", _sums(attachments="a.pdf")),
        ("attachments[0]", _sums(attachments=[""])),
        ("due_at", _sums(due_at=NAIVE)),
        ("due_at", _sums(due_at="tomorrow")),
        ("late_until", _sums(late_until=NAIVE)),
        ("late_until", _sums(late_until=MARCH_1)),
        ("to", _sums(to="yan")),
        ("to", _sums(to=[])),
        ("to[1]", _sums(to=["yan", ""])),
        ("role", _sums(role="dog")),
        ("scale", _sums(scale="points")),
        ("scale", _sums(scale=Scale("points", most=10**10))),
        ("scale", _sums(scale=Scale("letters", letters=[BELL]))),
        ("homework", _sums(homework=LINE)),
        ("by", _sums(by="")),
    ],
    "move_homework_due": [
        ("due_at", lambda t: _call("essay", NAIVE, by="wei")),
        ("late_until", lambda t: _call("essay", LATER, by="wei", late_until=MARCH_1)),
        ("homework", lambda t: _call("", LATER, by="wei")),
    ],
    "cancel_homework": [
        ("reason", lambda t: _call("essay", by="wei", reason="")),
        ("reason", lambda t: _call("essay", by="wei", reason=SURROGATE)),
    ],
    "submit_homework": [
        ("text", lambda t: _call("essay", by="bo")),
        ("text", lambda t: _call("essay", by="bo", text=LONG_TEXT)),
        ("images", lambda t: _call("essay", by="bo", images="a.png")),
        ("attachments[0]", lambda t: _call("essay", by="bo", attachments=[5])),
        ("homework", lambda t: _call(None, by="bo", text="x")),
    ],
    "withdraw_homework": [("by", lambda t: _call("essay", by=LINE))],
    "grade_homework": [
        ("student", lambda t: _call("essay", "", 9, by="wei")),
        ("mark", lambda t: _call("essay", "yan", None, by="wei")),
        ("mark", lambda t: _call("essay", "yan", 9.5, by="wei")),
        ("mark", lambda t: _call("essay", "yan", -1, by="wei")),
        ("mark", lambda t: _call("essay", "yan", 10**20, by="wei")),
        ("mark", lambda t: _call("essay", "yan", BELL, by="wei")),
        ("comment", lambda t: _call("essay", "yan", 9, by="wei", comment="")),
        ("submission", lambda t: _call("essay", "yan", 9, by="wei", submission="2")),
    ],
    "grade_with": [
        ("student", lambda t: _call("essay", LINE, grader="word-count", by="wei")),
        ("grader", lambda t: _call("essay", "yan", grader="", by="wei")),
        ("grader", lambda t: _call("essay", "yan", grader="nobody", by="wei")),
        ("by", lambda t: _call("essay", "yan", grader="word-count", by="")),
    ],
    "return_homework": [
        ("student", lambda t: _call("essay", BELL, by="wei")),
        ("comment", lambda t: _call("essay", "yan", by="wei", comment=BELL)),
        ("until", lambda t: _call("essay", "yan", by="wei", until=NAIVE)),
    ],
    "comment_on_homework": [
        ("student", lambda t: _call("essay", "", by="wei", text="x")),
        ("text", lambda t: _call("essay", "yan", by="wei", text="")),
    ],
    "name_guardian": [
        ("child", lambda t: _call("", "ana", by="head")),
        ("guardian", lambda t: _call("yan", LINE, by="head")),
        ("zone", lambda t: _call("yan", "tao", by="head", zone="Mars/Olympus")),
    ],
    "dismiss_guardian": [
        ("child", lambda t: _call(BELL, "ana", by="head")),
        ("guardian", lambda t: _call("yan", "", by="head")),
    ],
    "send_guardian_digest": [
        ("child", lambda t: _call("", "ana", by="worker")),
        ("guardian", lambda t: _call("yan", LONG_ID, by="worker")),
    ],
}


QUESTIONS = {
    "member_of": [
        ("system", lambda t: _call("", "o-123")),
        ("external_id", lambda t: _call("wechat", None)),
    ],
    "identities": [("member", lambda t: _call(LINE))],
    "find_circles": [
        ("industry", lambda t: _call("")),
        ("industry", lambda t: _call(LINE)),
        ("kind", lambda t: _call(kind="secret")),
        ("after", lambda t: _call(after=17)),
        ("after", lambda t: _call(after="nowhere")),
        ("limit", lambda t: _call(limit=0)),
        ("limit", lambda t: _call(limit=201)),
    ],
    "joins_by_channel": [
        ("circle", lambda t: _call("")),
        ("since", lambda t: _call("club", since=MARCH_1)),
        ("until", lambda t: _call("club", until="2020-03-02")),
    ],
    "activity": [
        ("circle", lambda t: _call("", date(2020, 3, 1), date(2020, 3, 2))),
        ("since", lambda t: _call("club", MARCH_1, date(2020, 3, 2))),
        ("until", lambda t: _call("club", date(2020, 3, 1), None)),
        ("until", lambda t: _call("club", date(2020, 3, 1), date(2020, 3, 1))),
        ("until", lambda t: _call("club", date(2020, 3, 1), date(2021, 3, 3))),
        (
            "as_of",
            lambda t: _call("club", date(2020, 3, 1), date(2020, 3, 2), as_of=NAIVE),
        ),
    ],
    "check_ins": [
        ("limit", lambda t: _call("run", limit=0)),
        ("before", lambda t: _call("run", before="run")),
        ("member", lambda t: _call("run", member="")),
        ("topic", lambda t: _call("")),
    ],
    "streak": [
        ("topic", lambda t: _call(LINE, "tao")),
        ("member", lambda t: _call("run", "")),
    ],
    "leaderboard": [
        ("measure", lambda t: _call("run", measure="likes")),
        ("since", lambda t: _call("run", since=MARCH_1)),
        ("until", lambda t: _call("run", until="2020-03-02")),
        ("limit", lambda t: _call("run", limit=201)),
    ],
    "feed": [
        ("member", lambda t: _call("")),
        ("circle", lambda t: _call("tao", circle=LINE)),
        ("limit", lambda t: _call("tao", limit=0)),
        ("limit", lambda t: _call("tao", limit=201)),
        ("limit", lambda t: _call("tao", limit=-1)),
        ("limit", lambda t: _call("tao", limit="20")),
        ("limit", lambda t: _call("tao", limit=None)),
        ("limit", lambda t: _call("tao", limit=2.5)),
        ("after", lambda t: _call("tao", after="")),
        ("after", lambda t: _call("tao", after="1.2.3")),
        ("after", lambda t: _call("tao", after="1.2.3.four")),
        ("after", lambda t: _call("tao", after=17)),
        ("after", lambda t: _call("tao", after=f"1.1.1.{2**64}")),
        ("after", lambda t: _call("tao", after=f"{10**30}.0.1.1")),
    ],
    "comments": [
        ("post", lambda t: _call("club")),
        ("post", lambda t: _call(f"club/{2**63}")),
        ("after", lambda t: _call(t.post, after="club")),
        ("limit", lambda t: _call(t.post, limit=0)),
    ],
    "homework": [("homework", lambda t: _call(""))],
    "submissions": [("homework", lambda t: _call(5))],
    "homework_to_do": [("student", lambda t: _call(""))],
    "homework_to_grade": [("teacher", lambda t: _call(LINE))],
    "homework_report": [
        ("homework", lambda t: _call()),
        ("homework", lambda t: _call("essay", circle="school")),
        ("homework", lambda t: _call("")),
        ("circle", lambda t: _call(circle=LINE)),
        ("since", lambda t: _call("essay", since=MARCH_1)),
        ("until", lambda t: _call("essay", until=MARCH_1)),
        ("since", lambda t: _call(circle="school", since=NAIVE)),
        ("until", lambda t: _call(circle="school", until="now")),
        ("as_of", lambda t: _call("essay", as_of=NAIVE)),
        ("as_of", lambda t: _call("essay", as_of=LATER)),
    ],
    "guardians": [("child", lambda t: _call(""))],
    "children": [("guardian", lambda t: _call(LINE))],
    "guardian_digest": [
        ("child", lambda t: _call("", "ana")),
        ("guardian", lambda t: _call("yan", "")),
    ],
    "send_guardian_digests": [("by", lambda t: _call(by=""))],
    "acknowledgements": [("post", lambda t: _call("club"))],
    "circles": [("member", lambda t: _call(""))],
    "group_timeline": [
        ("group", lambda t: _call("")),
        ("limit", lambda t: _call("club", limit=0)),
        ("limit", lambda t: _call("club", limit=201)),
        ("before", lambda t: _call("club", before="x")),
        ("before", lambda t: _call("club", before=2**64)),
        ("reader", lambda t: _call("club", reader=LINE)),
    ],
    "groups": [("circle", lambda t: _call(LINE))],
    "reach": [
        ("circle", lambda t: _call(LINE, since=MARCH_1, until=LATER)),
        ("since", lambda t: _call("club", since=NAIVE, until=LATER)),
        ("until", lambda t: _call("club", since=MARCH_1, until=None)),
        ("until", lambda t: _call("club", since=MARCH_1, until=MARCH_1)),
    ],
    "explain_setting": [
        ("reader", lambda t: _call("", "comment_relay", circle="club")),
        ("setting", lambda t: _call("tao", "loudness", circle="club")),
        ("circle", lambda t: _call("tao", "comment_relay")),
        ("circle", lambda t: _call("tao", "comment_relay", circle=LINE)),
    ],
    "quota": [
        ("holder", lambda t: _call()),
        ("holder", lambda t: _call("club", customer="c1")),
        ("holder", lambda t: _call(circle="club", customer="c1")),
        ("holder", lambda t: _call(LINE)),
    ],
    "live": [("live", lambda t: _call(LINE))],
    "preview_moment": [
        ("source", lambda t: _call(["c1"], source="friend", by="sun")),
        ("by", lambda t: _call(["c1"], source="member", by="")),
        ("customers", lambda t: _call("c1", source="member", by="sun")),
        ("customers[1]", lambda t: _call(["c1", 1], source="member", by="sun")),
        ("moment", lambda t: _call([], source="member", by="sun", moment=LINE)),
    ],
    "preview_mass_send": [
        ("source", lambda t: _call(source="friend", by="sun", customers=["c1"])),
        ("by", lambda t: _call(source="member", by="", customers=["c1"])),
        ("customers", lambda t: _call(source="member", by="sun", customers="c1")),
        ("groups[0]", lambda t: _call(source="member", by="sun", groups=[BELL])),
    ],
    "mass_send": [("mass_send", lambda t: _call(LINE))],
    "lives": [
        ("circle", lambda t: _call("")),
        ("limit", lambda t: _call("school", limit=0)),
        ("limit", lambda t: _call("school", limit=201)),
        ("before", lambda t: _call("school", before="")),
    ],
    "live_minutes": [
        ("member", lambda t: _call("")),
        ("zone", lambda t: _call("sam", zone="Nowhere")),
    ],
    "push": [
        ("post", lambda t: _call("club", by="mei")),
        ("emergency", lambda t: _call(t.must_see, by="mei", emergency="")),
    ],
    "push_figures": [("post", lambda t: _call("club"))],
    "interruptions": [
        ("member", lambda t: _call("")),
        ("zone", lambda t: _call("tao", zone="Mars")),
        ("since", lambda t: _call("tao", since=NAIVE)),
    ],
    "scheduled": [("circle", lambda t: _call(LINE))],
    "would_allow": [("command_name", lambda t: _call("publish_moment", ["c1"]))],
}
CASES |= duty_cases.BAD
QUESTIONS |= duty_cases.BAD_QUESTIONS


def _all(cases):
    return [
        pytest.param(command, field, call, id=f"{command}-{number}-{field}")
        for command, cases_of in cases.items()
        for number, (field, call) in enumerate(cases_of)
    ]


@pytest.mark.parametrize(("command", "field", "call"), _all(CASES))
def test_bad_input(town, command, field, call):
    """
    Bad input is one typed error that names the field and what is accepted.

    Nothing is written, not even that it was refused, and a command id changes
    nothing of it.
    """
    args, kwargs = call(town)
    before = written(town.kit)

    with pytest.raises(InvalidInputError) as caught:
        town.do(command, *args, **kwargs)

    assert field == caught.value.field
    assert caught.value.problem
    assert caught.value.accepted
    assert str(caught.value).startswith(f"{field}: ")
    if command != "publish_moment":
        for again in (
            lambda: town.do(command, *args, **kwargs, command_id="one"),
            lambda: town.ask(command, *args, **kwargs),
        ):
            with pytest.raises(InvalidInputError) as caught:
                again()
            assert field == caught.value.field
    assert before == written(town.kit)


@pytest.mark.parametrize(("question", "field", "call"), _all(QUESTIONS))
def test_bad_question(town, question, field, call):
    """
    A question that cannot be answered is the same typed error.
    """
    args, kwargs = call(town)

    with pytest.raises(InvalidInputError) as caught:
        town.do(question, *args, **kwargs)

    assert field == caught.value.field
    assert caught.value.accepted


LISTS = [
    ("publish_post", "images", _call("club", by="mei", text="x")),
    ("publish_post", "videos", _call("club", by="mei", text="x")),
    ("publish_post", "groups", _call("club", by="mei", text="x")),
    ("mark_read", "posts", _call(by="tao")),
    ("set_group_topics", "topics", _call("club", "side", by="mei")),
    ("manage_groups", "groups", _call("club", "unmute_group", by="mei")),
    ("set_industries", "industries", _call("club", by="mei")),
    ("schedule_live", "groups", _call("school", by="wei", title="Sums")),
    ("assign_homework", "to", _sums()(None)),
    ("assign_homework", "attachments", _sums()(None)),
    ("assign_todo", "to", _call("club", by="mei", title="Tea")),
    ("staff_joined", "members", _call("acme", by="hr")),
    ("staff_left", "members", _call("acme", by="hr")),
    ("create_mass_send", "customers", _mass_send(groups=["side"])(None)),
    ("create_mass_send", "groups", _mass_send()(None)),
    ("preview_moment", "customers", _call(source="member", by="sun")),
    ("remind", "readers", _call("club/8", by="mei")),
    ("inbox", "kinds", _call("tao")),
    ("catch_up", "kinds", _call("bell", print)),
]


@pytest.mark.parametrize("value", [5, object()], ids=["number", "object"])
@pytest.mark.parametrize(
    ("command", "field", "call"), LISTS, ids=[f"{it[0]}-{it[1]}" for it in LISTS]
)
def test_no_list_at_all(town, command, field, call, value):
    """
    What is no list where several are asked for is the same typed error.
    """
    args, kwargs = call
    before = written(town.kit)

    with pytest.raises(InvalidInputError) as caught:
        town.do(command, *args, **{**kwargs, field: value})

    assert field == caught.value.field
    assert caught.value.problem.startswith(f"is {type(value).__name__}, not a list")
    assert before == written(town.kit)


CHOICES = [
    ("found_circle", "rules", _new()(None)),
    ("found_circle", "kind", _new()(None)),
    ("found_circle", "zone", _new()(None)),
    ("adopt_rule_book", "rules", _call("club", by="mei")),
    ("manage_groups", "action", _call("club", by="mei")),
    ("create_mass_send", "source", _mass_send()(None)),
    ("preview_moment", "source", _call(["c1"], by="sun")),
    ("explain_setting", "setting", _call("tao", circle="club")),
    ("live_minutes", "zone", _call("tao")),
    ("parked", "name", _call()),
    ("verify", "head", _call()),
]


@pytest.mark.parametrize("value", [["x"], ("x", "y"), {}], ids=type)
@pytest.mark.parametrize(
    ("command", "field", "call"), CHOICES, ids=[f"{it[0]}-{it[1]}" for it in CHOICES]
)
def test_several_where_one_is_asked_for(town, command, field, call, value):
    """
    A list where one of some words is asked for is the same typed error.
    """
    args, kwargs = call

    with pytest.raises(InvalidInputError) as caught:
        town.do(command, *args, **{**kwargs, field: value})

    assert field == caught.value.field


def test_a_class_that_is_none(town):
    """
    What is no class cannot be a kind of events to follow.
    """
    with pytest.raises(InvalidInputError) as caught:
        town.kit.catch_up("bell", print, kinds=[[]])

    assert "kinds" == caught.value.field


def test_a_generator_is_a_list(town):
    """
    What gives several one after the other is as good as a list of them.
    """
    pictures = (f"{name}.png" for name in "ab")
    post = town.kit.publish_post("club", by="tao", images=pictures)
    everything = town.kit.inbox("tao", kinds=iter(["must-see"]))

    (item,) = (it for it in town.kit.feed("tao").items if it.post == post)
    assert ("a.png", "b.png") == item.images
    assert everything == town.kit.inbox("tao", kinds=["must-see"])
    assert everything.items


def test_the_place_in_a_list(town):
    """
    The field names the place in the list as it was given, whatever comes twice in it.
    """
    with pytest.raises(InvalidInputError) as caught:
        town.kit.assign_todo("club", by="mei", title="Tea", to=["tao", "tao", ""])

    assert "to[2]" == caught.value.field


@pytest.mark.parametrize(
    ("command", "kind", "id_", "call"),
    [
        ("publish_post", "circle", "x", lambda t: _call("x", by="mei", text="Hello")),
        ("join_circle", "circle", "x", lambda t: _call("x", "new")),
        ("leave_circle", "circle", "x", lambda t: _call("x", "mei")),
        ("adopt_rule_book", "circle", "x", lambda t: _call("x", "wecom_2020", by="m")),
        ("add_comment", "circle", "x", lambda t: _call("x/1", by="mei", text="Hello")),
        ("pin_post", "circle", "x", lambda t: _call("x/1", by="mei")),
        ("acknowledge", "circle", "x", lambda t: _call("x/1", by="mei")),
        ("mark_read", "circle", "x", lambda t: _call([t.post, "x/1"], by="tao")),
        ("close_circle", "circle", "x", lambda t: _call("x", by="mei", reason="y")),
        ("reopen_circle", "circle", "x", lambda t: _call("x", by="mei")),
        ("archive_circle", "circle", "x", lambda t: _call("x", by="mei", reason="y")),
        ("link_group", "circle", "x", lambda t: _call("x", by="mei")),
        ("unlink_group", "group", "x", lambda t: _call("club", "x", by="mei")),
        ("join_group", "group", "x", lambda t: _call("x", "tao")),
        ("send_message", "group", "x", lambda t: _call("x", by="tao", text="Hello")),
        ("react_to_message", "group", "x", lambda t: _call("x/1", "+1", by="tao")),
        ("mute_group", "group", "x", lambda t: _call("x", by="mei", reason="Ads")),
        (
            "redirect_thread",
            "group",
            "x",
            lambda t: _call(t.message, "x", by="mei", reason="x"),
        ),
        (
            "manage_groups",
            "group",
            "x",
            lambda t: _call("club", "unmute_group", by="mei", groups=["x"]),
        ),
        ("set_group_topics", "circle", "x", lambda t: _call("x", "y", (), by="mei")),
        ("set_comment_relay", "circle", "x", lambda t: _call("x", "off", by="mei")),
        ("set_industries", "circle", "x", lambda t: _call("x", ["Tea"], by="mei")),
        (
            "set_organisation_comment_relay",
            "organisation",
            "x",
            lambda t: _call("x", "off", by="hr"),
        ),
        (
            "choose_comment_relay",
            "circle",
            "x",
            lambda t: _call("off", by="tao", circle="x"),
        ),
        ("open_private_chat", "group", "x", lambda t: _call("x", by="tao", to="ben")),
        ("schedule_live", "circle", "x", lambda t: _call("x", by="mei", title="y")),
        ("contact_customer", "customer", "x", lambda t: _call("x", by="sun")),
        ("create_mass_send", "customer", "x", _mass_send(customers=["c1", "x"])),
        ("create_mass_send", "group", "x", _mass_send(groups=["side", "x"])),
        ("confirm_mass_send", "mass-send", "x", lambda t: _call("x", by="sun")),
        ("friendship_begun", "customer", "x", lambda t: _call("x", "a", by="sun")),
        ("friendship_ended", "customer", "x", lambda t: _call("x", by="sun")),
        ("cancel_mass_send", "mass-send", "x", lambda t: _call("x", by="sun")),
        ("remind_mass_send", "mass-send", "x", lambda t: _call("x", by="sun")),
        ("start_live", "live", "x", lambda t: _call("x", by="mei")),
        ("join_live", "live", "x", lambda t: _call("x", "tao")),
        ("leave_live", "live", "x", lambda t: _call("x", "tao")),
        ("make_topic", "circle", "x", lambda t: _call("x", name="Tea", by="tao")),
        ("rename_topic", "topic", "x", lambda t: _call("x", "Tea", by="tao")),
        ("close_topic", "topic", "x", lambda t: _call("x", by="tao")),
        ("reopen_topic", "topic", "x", lambda t: _call("x", by="tao")),
        ("check_in", "topic", "x", lambda t: _call("x", by="tao")),
        (
            "make_up_check_in",
            "topic",
            "x",
            lambda t: _call("x", date(2020, 2, 29), by="tao"),
        ),
        ("remove_check_in", "topic", "x", lambda t: _call("x/2", by="tao")),
        ("tag_customer", "customer", "x", lambda t: _call("x", "tag", by="sun")),
        (
            "assign_homework",
            "circle",
            "x",
            lambda t: _call("x", by="wei", title="y", due_at=LATER),
        ),
        ("submit_homework", "homework", "x", lambda t: _call("x", by="bo", text="y")),
        (
            "grade_with",
            "homework",
            "x",
            lambda t: _call("x", "yan", grader="word-count", by="wei"),
        ),
        ("withdraw_homework", "homework", "x", lambda t: _call("x", by="bo")),
        (
            "show_moment",
            "customer",
            "x",
            lambda t: _call("m", "x", source="member", by="sun"),
        ),
        *duty_cases.UNKNOWN,
    ],
)
def test_unknown_ids(town, command, kind, id_, call):
    """
    What was never founded cannot be acted on: the error says what was looked for.
    """
    args, kwargs = call(town)
    before = written(town.kit)

    with pytest.raises(NotFoundError) as caught:
        town.do(command, *args, **kwargs, command_id="one")
    with pytest.raises(NotFoundError):
        town.ask(command, *args, **kwargs)

    assert (kind, id_) == (caught.value.kind, caught.value.id)
    assert before == written(town.kit)


@pytest.mark.parametrize(
    ("question", "kind", "call"),
    [
        ("feed", "circle", lambda t: _call("tao", circle="x")),
        ("group_timeline", "group", lambda t: _call("x")),
        ("groups", "circle", lambda t: _call("x")),
        ("reach", "circle", lambda t: _call("x", since=MARCH_1, until=LATER)),
        (
            "explain_setting",
            "circle",
            lambda t: _call("tao", "comment_relay", circle="x"),
        ),
        ("homework", "homework", lambda t: _call("x")),
        ("submissions", "homework", lambda t: _call("x")),
        ("homework_report", "homework", lambda t: _call("x")),
        ("homework_report", "circle", lambda t: _call(circle="x")),
        ("guardian_digest", "guardian", lambda t: _call("yan", "x")),
        ("quota", "circle or customer", lambda t: _call("x")),
        ("quota", "circle", lambda t: _call(circle="c1")),
        ("quota", "customer", lambda t: _call(customer="club")),
        ("topics", "circle", lambda t: _call("x")),
        (
            "activity",
            "circle",
            lambda t: _call("x", date(2020, 3, 1), date(2020, 3, 2)),
        ),
        ("check_ins", "topic", lambda t: _call("x")),
        ("streak", "topic", lambda t: _call("x", "tao")),
        ("leaderboard", "topic", lambda t: _call("x")),
        ("audit_must_sees", "circle", lambda t: _call("x")),
        ("history", "circle", lambda t: _call("x")),
        *duty_cases.UNKNOWN_QUESTIONS,
        ("live", "live", lambda t: _call("x")),
        ("mass_send", "mass-send", lambda t: _call("x")),
        ("lives", "circle", lambda t: _call("x")),
        ("lives", "live", lambda t: _call("school", before="x")),
    ],
)
def test_unknown_questions(town, question, kind, call):
    """
    Nothing can be asked of what was never founded.
    """
    args, kwargs = call(town)

    with pytest.raises(NotFoundError) as caught:
        # A history comes bit by bit, so it has to be begun.
        list(town.do(question, *args, **kwargs))

    assert kind == caught.value.kind


def test_a_name_for_two(town):
    """
    Where a circle and a customer share an id, the quota must be asked for by kind.
    """
    town.kit.add_customer("club", channel="qr", by="sun")

    with pytest.raises(InvalidInputError) as caught:
        town.kit.quota("club")

    assert "holder" == caught.value.field
    assert "must-see-month" == town.kit.quota(circle="club").lines[0].rule
    assert "moment-day" == town.kit.quota(customer="club").lines[0].rule


@pytest.mark.parametrize("now", [NAIVE, None, 1_583_064_000])
def test_a_bad_clock(url, now):
    """
    A clock that does not know its zone is no clock: nothing is founded by it.
    """
    with CircleKit(url, clock=lambda: now) as kit:
        with pytest.raises(InvalidInputError) as caught:
            kit.found_circle(name="Tea", kind="community", by="ana", circle="tea")

        assert "clock" == caught.value.field
        assert 0 == kit.newest_position()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=60), by=st.text(max_size=8), emoji=st.text(max_size=3))
def test_any_text(town, text, by, emoji):
    """
    Whatever people send is stored as it was sent, or is a typed error.
    """
    kit = town.kit
    fields = [
        _field(kit.publish_post, "club", by="tao", text=text),
        _field(kit.add_comment, town.post, by="tao", text=text),
        _field(outcome, kit.join_circle, "club", by),
        _field(kit.react, town.post, emoji, by="tao"),
    ]

    assert fields[0] == fields[1]
    assert fields[1:] in [
        [one, two, three]
        for one in (None, "text")
        for two in (None, "member")
        for three in (None, "emoji")
    ]
    if fields[0] is None:
        assert text == kit.feed("tao", limit=200).items[1].text
        assert text == _newest_comment(kit, town.post).text
    if fields[2] is None:
        assert ("club",) == tuple(it.circle for it in kit.circles(by))


def _newest_comment(kit, post):
    # One town hears of every example: its comments are soon more than a page.
    page = kit.comments(post, limit=200)
    while more := kit.comments(post, after=page[-1].comment, limit=200):
        page = more
    return page[-1]


def _field(command, *args, **kwargs):
    try:
        command(*args, **kwargs)
    except InvalidInputError as error:
        return error.field
    return None


class Words(str):
    """
    A text of a class of the host's own, as templates and arrays of text have one.
    """

    __slots__ = ()


class Stamp(datetime):
    """
    A moment of a class of the host's own, as libraries of dates have one.
    """


def test_a_text_of_the_hosts_own(town):
    """
    A text or moment of a class that comes from these is stored as any other.
    """
    kit, club, mei = town.kit, Words("club"), Words("mei")
    kit.join_circle(club, Words("new"))
    post = kit.publish_post(club, by=mei, text=Words("Hello"), images=[Words("a.png")])
    kit.react(post, Words("+1"), by=Words("new"))
    kit.attest_minor(Words("new"), until=Stamp(2030, 1, 1, tzinfo=UTC))
    kit.remind(town.must_see, by=mei, readers=[Words("new")])
    todo = kit.assign_todo(
        club, by=mei, title=Words("Tea"), to=[Words("new")], command_id=Words("one")
    )
    again = kit.assign_todo("club", by="mei", title="Tea", to=["new"], command_id="one")

    assert todo == again
    assert ("club",) == tuple(it.circle for it in kit.circles("new"))
    item = next(it for it in kit.feed(Words("new"), limit=200).items if it.post == post)
    assert ("Hello", ("a.png",), {"+1": 1}) == (item.text, item.images, item.reactions)
    assert ["to-do", "must-see"] == [it.kind for it in kit.inbox("new").items]
    kit.adopt_rule_book(club, RuleBook(name=Words("ours")), by=mei)
    kit.verify()


def test_a_clock_of_the_hosts_own(url):
    """
    A clock may tell moments of a class of its own.
    """
    with CircleKit(url, clock=lambda: Stamp(2020, 3, 1, 12, tzinfo=UTC)) as kit:
        kit.found_circle(name="Tea", kind="community", by="ana", circle="tea")

        assert {Stamp(2020, 3, 1, 12, tzinfo=UTC)} == {
            it.event.at for it in kit.history("tea")
        }


def test_longest(town):
    """
    What is just short enough is accepted.
    """
    town.clock.forward(days=1)
    kit, name = town.kit, "\N{GRINNING FACE}" * 200
    post = kit.publish_post("club", by="tao", text="字" * 20_000)
    kit.publish_post("club", by="tao", images=["x" * 2_000] * 50, topic=name)
    kit.react(post, "x" * 64, by="tao")
    kit.join_circle("club", name, command_id="x" * 200)
    circle = kit.found_circle(name=name, kind="community", by=name, circle=name)
    must_see = kit.send_must_see(circle, by=name, text="x")
    kit.acknowledge(must_see, by=name, command_id=name)
    kit.add_customer(name, channel=name, by=name)
    report = kit.publish_moment([name], source="member", by=name, text="x", moment=name)

    assert (name,) == report.shown
    assert [] == refusals(kit)


def test_moment_ids_as_long_as_any(town):
    """
    A moment's id may be as long as any other id.
    """
    report = town.kit.publish_moment(
        ["c1"], source="member", by="sun", text="x", moment="m" * 200
    )

    assert ("c1",) == report.shown
