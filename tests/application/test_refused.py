"""
Every rule that every command can meet: refused whole, by name, and written beside.
"""

from datetime import date, timedelta

import pytest
from attrs import evolve

from circlekit import RuleBook
from circlekit.application.deciding import _COMMANDS
from circlekit.events.refusal import CommandRefused
from circlekit.rulebook import DINGTALK_2020
from tests.application import duty_cases
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
    town.kit.mute_group("club", by="mei", reason="Ads")


def _slow(town):
    town.kit.set_slow_mode("club", by="mei", seconds=60, reason="Ads")
    town.kit.send_message("club", by="tao", text="One")


def _announcements_only(town):
    town.kit.set_announcements_only("club", by="mei", reason="News")


def _redirected(town):
    town.kit.redirect_thread(town.message, "side", by="mei", reason="Tea")


def _chosen(relay):
    def choose(town):
        town.kit.adopt_rule_book("club", "circlekit_2026", by="mei")
        town.kit.set_comment_relay("club", relay, by="mei")

    return choose


def _block(town):
    town.kit.block_private_chat("club", by="mei")


def _request(town):
    town.kit.request_to_join("club", "new")


def _invited(town, member="new", *, circle="club", by="tao", revoked=False):
    # Made once, however often the case is asked for.
    made = town.kit.invite(
        circle, by=by, channel="qr", member=member, command_id=f"invite {circle}"
    )
    if revoked:
        town.kit.revoke_invitation(made, by=by, command_id="revoke")
    return made


def _convention(town):
    book = evolve(DINGTALK_2020, name="ours", convention="v1")
    town.kit.adopt_rule_book("club", book, by="mei")


def _by_application(town):
    book = evolve(DINGTALK_2020, name="ours", community_joining="application")
    town.kit.adopt_rule_book("club", book, by="mei")


def _acme(town):
    town.kit.register_organisation("acme", name="Acme", by="boss", circle="all")
    town.kit.staff_joined("acme", ["amy"], by="hr")


def _close(town):
    town.kit.close_circle("club", by="mei", reason="Holidays")


def _archive(town):
    town.kit.archive_circle("club", by="mei", reason="Over")


DUE = MARCH_1 + timedelta(days=7)
TOMORROW = MARCH_1 + timedelta(days=1)
NEXT_MONTH = MARCH_1 + timedelta(days=31)


def _much_later(town):
    town.clock.now = NEXT_MONTH


def _call_off(town):
    town.kit.cancel_homework("essay", by="wei")


def _grade(town):
    town.kit.grade_homework("essay", "yan", 12, by="wei")


def _hand_back(town):
    town.kit.return_homework("essay", "yan", by="wei")


def _hand_back_for_a_day(town):
    town.kit.return_homework("essay", "yan", by="wei", until=TOMORROW)
    town.clock.now = TOMORROW


def _join_when_it_is_due(town):
    town.clock.now = DUE
    town.kit.join_circle("school", "new", verified_role="student")


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


def _close_topic(town):
    town.kit.close_topic("run", by="tao")


def _another_runs(town):
    _close_topic(town)
    town.kit.make_topic("club", name="running", by="ben")


def _leave(town):
    town.kit.leave_circle("club", "tao")


def _may_make_up(town):
    book = RuleBook(name="make-up", make_up_days=3, make_ups_a_month=1)
    town.kit.adopt_rule_book("club", book, by="mei")
    town.clock.forward(days=5)


def _talk(town):
    town.kit.make_topic("club", name="Books", by="mei", topic="books")


def _made_up(town):
    _may_make_up(town)
    town.kit.make_up_check_in("run", date(2020, 3, 4), by="ben")


def _took_back(town):
    town.kit.remove_check_in(town.check_in, by="tao")


def _class(*, muted=False, started=False, ended=False):
    def prepare(town):
        kit = town.kit
        kit.link_group("school", by="head", name="Homework", group="homework")
        kit.join_circle("school", "ann", verified_role="teacher")
        kit.join_circle("school", "sam", verified_role="student")
        kit.schedule_live("school", by="ann", title="Sums", live="sums")
        if muted:
            kit.mute_group("homework", by="head", reason="Ads")
        if started:
            kit.start_live("sums", by="head")
            kit.join_live("sums", "ann")
        if ended:
            kit.end_live("sums", by="head")

    return prepare


def _without_live(town):
    _class()(town)
    book = evolve(DINGTALK_2020, name="no live", live_kinds=())
    town.kit.adopt_rule_book("school", book, by="head")


def _without_homework(town):
    _class()(town)
    town.kit.unlink_group("school", "homework", by="head")


def _sale(town):
    town.kit.create_mass_send(
        source="member", by="sun", text="Sale", customers=["c1"], mass_send="sale"
    )


def _no_sale(town):
    _sale(town)
    town.kit.cancel_mass_send("sale", by="sun")


def _remind(times):
    def prepare(town):
        _sale(town)
        for _ in range(times):
            town.kit.remind_mass_send("sale", by="hq")
            town.clock.forward(hours=7)

    return prepare


def _watched_enough(town):
    _class(started=True)(town)
    book = evolve(DINGTALK_2020, name="half an hour", minor_live_minutes=30)
    town.kit.adopt_rule_book("school", book, by="head")
    town.kit.attest_minor("sam", until=MARCH_1 + timedelta(days=900))
    town.kit.join_live("sums", "sam")
    town.clock.forward(minutes=30)
    town.kit.leave_live("sums", "sam")


SOON, FAR = MARCH_1 + timedelta(hours=1), MARCH_1 + timedelta(days=367)
LATER = MARCH_1 + timedelta(days=3)


def _schedule(by, *days):
    def schedule(town):
        for day in days or (3,):
            town.ids["waits"] = town.kit.schedule_must_see(
                "club", by=by, text="Soon", release_at=MARCH_1 + timedelta(days=day)
            )

    return schedule


def _cancelled(town):
    _schedule("mei")(town)
    town.kit.cancel_scheduled(town.ids["waits"], by="mei")


CASES = {
    "schedule_live": [
        ("not-a-teacher", lambda t: _call("school", by="sam", title="x"), _class()),
        (
            "not-a-member not-a-teacher",
            lambda t: _call("school", by="mei", title="x"),
        ),
        ("live-not-open", lambda t: _call("club", by="mei", title="x")),
        (
            "live-not-open not-a-teacher",
            lambda t: _call("club", by="tao", title="x"),
        ),
        (
            "group-not-linked",
            lambda t: _call("school", by="head", title="x", groups=["side"]),
        ),
        (
            "already-scheduled",
            lambda t: _call("school", by="head", title="x", live="sums"),
            _class(),
        ),
        (
            "circle-closed",
            lambda t: _call("school", by="head", title="x"),
            lambda t: t.kit.close_circle("school", by="head", reason="Summer"),
        ),
    ],
    "start_live": [
        ("not-a-teacher", lambda t: _call("sums", by="sam"), _class()),
        ("group-muted", lambda t: _call("sums", by="ann"), _class(muted=True)),
        ("live-not-open", lambda t: _call("sums", by="ann"), _without_live),
        ("group-not-linked", lambda t: _call("sums", by="ann"), _without_homework),
        (
            "live-not-scheduled",
            lambda t: _call("sums", by="head"),
            _class(started=True),
        ),
    ],
    "cancel_live": [
        ("not-a-teacher", lambda t: _call("sums", by="sam"), _class()),
        (
            "live-not-scheduled",
            lambda t: _call("sums", by="ann"),
            _class(started=True),
        ),
    ],
    "end_live": [
        ("not-a-teacher", lambda t: _call("sums", by="sam"), _class(started=True)),
        ("live-not-running", lambda t: _call("sums", by="ann"), _class()),
    ],
    "join_live": [
        ("live-not-running", lambda t: _call("sums", "sam"), _class()),
        (
            "not-a-member not-in-the-group",
            lambda t: _call("sums", "stranger"),
            _class(started=True),
        ),
        (
            "not-in-the-group",
            lambda t: _call("sums", "sam", group="homework"),
            _class(started=True),
        ),
        (
            "not-in-the-group",
            lambda t: _call("sums", "sam", group="nowhere"),
            _class(started=True),
        ),
        ("already-watching", lambda t: _call("sums", "ann"), _class(started=True)),
        ("minor-live-minutes", lambda t: _call("sums", "sam"), _watched_enough),
    ],
    "leave_live": [
        ("not-watching", lambda t: _call("sums", "sam"), _class(started=True)),
        (
            "not-watching",
            lambda t: _call("sums", "ann"),
            _class(started=True, ended=True),
        ),
    ],
    "like_live": [
        ("not-watching", lambda t: _call("sums", "sam"), _class(started=True)),
    ],
    "publish_replay": [
        ("live-not-ended", lambda t: _call("sums", "a.mp4", by="ann"), _class()),
        (
            "live-not-ended not-a-teacher",
            lambda t: _call("sums", "a.mp4", by="sam"),
            _class(started=True),
        ),
        (
            "replay-published",
            lambda t: _call("sums", "a.mp4", by="ann"),
            lambda t: (
                _class(started=True, ended=True)(t),
                t.kit.publish_replay("sums", "b.mp4", by="head"),
            ),
        ),
    ],
    "attest_minor": [],  # what the host attests is not judged
    "attach_identity": [
        (
            "identity-taken",
            lambda t: _call(
                "ben", system="wechat", external_id="o-123", attested="sms", by="desk"
            ),
        ),
        (
            "identity-attached",
            lambda t: _call(
                "tao", system="wechat", external_id="o-123", attested="sms", by="desk"
            ),
        ),
    ],
    "detach_identity": [
        ("identity-not-attached", lambda t: _call("wechat", "o-124", by="desk")),
    ],
    "make_topic": [
        ("not-a-member", lambda t: _call("club", name="Tea", by="ana")),
        ("topic-name-taken", lambda t: _call("club", name="RUNNING", by="mei")),
        ("topic-exists", lambda t: _call("club", name="Tea", by="tao", topic="run")),
        (
            "not-a-member topic-name-taken",
            lambda t: _call("club", name="Running ", by="ana"),
        ),
    ],
    "rename_topic": [
        ("not-a-manager", lambda t: _call("run", "Tea", by="ben")),
        ("not-a-manager", lambda t: _call("run", "Tea", by="ana")),
        ("not-a-member", lambda t: _call("run", "Tea", by="tao"), _leave),
        ("already-so", lambda t: _call("run", "Running", by="tao")),
        ("topic-closed", lambda t: _call("run", "Tea", by="mei"), _close_topic),
        ("topic-name-taken", lambda t: _call("run", "books", by="tao"), _talk),
    ],
    "close_topic": [
        ("not-a-manager", lambda t: _call("run", by="ben")),
        ("not-a-member", lambda t: _call("run", by="tao"), _leave),
        ("topic-closed", lambda t: _call("run", by="tao"), _close_topic),
    ],
    "reopen_topic": [
        ("topic-not-closed", lambda t: _call("run", by="tao")),
        ("not-a-manager", lambda t: _call("run", by="ben"), _close_topic),
        ("not-a-manager topic-not-closed", lambda t: _call("run", by="ben")),
        ("topic-name-taken", lambda t: _call("run", by="tao"), _another_runs),
    ],
    "check_in": [
        ("not-a-member", lambda t: _call("run", by="ana")),
        ("not-a-member", lambda t: _call("run", by="ana", text="5 km")),
        ("topic-closed", lambda t: _call("run", by="tao", text="5 km"), _close_topic),
        ("not-a-check-in-topic", lambda t: _call("books", by="tao"), _talk),
        (
            "not-a-member topic-closed",
            lambda t: _call("run", by="ana", text="5 km"),
            _close_topic,
        ),
    ],
    "make_up_check_in": [
        (
            "make-up-not-enabled not-a-member",
            lambda t: _call("run", date(2020, 2, 29), by="ana"),
        ),
        ("make-up-not-enabled", lambda t: _call("run", date(2020, 3, 2), by="tao")),
        (
            "make-up-not-past",
            lambda t: _call("run", date(2020, 3, 6), by="tao"),
            _may_make_up,
        ),
        (
            "make-up-before-start",
            lambda t: _call("run", date(2020, 2, 29), by="tao"),
            _may_make_up,
        ),
        (
            "make-up-too-late",
            lambda t: _call("run", date(2020, 3, 2), by="tao"),
            _may_make_up,
        ),
        (
            "make-up-month",
            lambda t: _call("run", date(2020, 3, 5), by="ben"),
            _made_up,
        ),
        (
            "check-in-day make-up-too-late",
            lambda t: _call("run", date(2020, 3, 1), by="tao"),
            _may_make_up,
        ),
        (
            "check-in-day make-up-month",
            lambda t: _call("run", date(2020, 3, 4), by="ben"),
            _made_up,
        ),
    ],
    "remove_check_in": [
        ("unknown-check-in", lambda t: _call("run/1", by="tao")),
        ("unknown-check-in", lambda t: _call("run/99", by="ana")),
        ("check-in-removed", lambda t: _call(t.check_in, by="tao"), _took_back),
        ("not-a-manager", lambda t: _call(t.check_in, by="ben")),
        ("not-a-member", lambda t: _call(t.check_in, by="tao"), _leave),
    ],
    "contact_customer": [],  # nor is what it reports
    "create_mass_send": [
        (
            "already-created",
            lambda t: _call(
                source="member",
                by="sun",
                text="x",
                customers=["c1"],
                mass_send="sale",
            ),
            _sale,
        ),
        (
            "mass-send-customers",
            lambda t: _call(
                source="member",
                by="sun",
                text="x",
                customers=["c1"],
                groups=["side"],
                rules=evolve(DINGTALK_2020, name="none", mass_send_customers=0),
            ),
        ),
        (
            "mass-send-groups",
            lambda t: _call(
                source="member",
                by="sun",
                text="x",
                groups=["side", "guild"],
                rules=evolve(DINGTALK_2020, name="one", mass_send_groups=1),
            ),
        ),
    ],
    "confirm_mass_send": [
        ("not-a-sender", lambda t: _call("sale", by="mei"), _sale),
        ("mass-send-cancelled", lambda t: _call("sale", by="sun"), _no_sale),
    ],
    "friendship_begun": [
        (
            "already-a-friend",
            lambda t: _call("c1", "sun", by="wecom"),
            lambda t: t.kit.friendship_begun("c1", "sun", by="wecom"),
        )
    ],
    "friendship_ended": [
        (
            "not-a-friend",
            lambda t: _call("c1", "sun", by="wecom"),
            lambda t: t.kit.friendship_ended("c1", by="wecom"),
        ),
        (
            "not-a-friend",
            lambda t: _call("c1", by="wecom"),
            lambda t: t.kit.friendship_ended("c1", by="wecom"),
        ),
    ],
    "cancel_mass_send": [
        ("not-the-creator", lambda t: _call("sale", by="mei"), _sale),
        ("mass-send-cancelled", lambda t: _call("sale", by="sun"), _no_sale),
        (
            "mass-send-confirmed",
            lambda t: _call("sale", by="sun"),
            lambda t: (_sale(t), t.kit.confirm_mass_send("sale", by="sun")),
        ),
    ],
    "remind_mass_send": [
        ("mass-send-cancelled", lambda t: _call("sale", by="hq"), _no_sale),
        ("mass-send-reminder", lambda t: _call("sale", by="hq"), _remind(3)),
        (
            "nobody-to-remind",
            lambda t: _call("sale", by="hq"),
            lambda t: (_sale(t), t.kit.confirm_mass_send("sale", by="sun")),
        ),
    ],
    "found_circle": [
        (
            "internal-staff-only",
            lambda t: _call(
                name="New", kind="internal", by="ben", circle="x", organisation="acme"
            ),
            _acme,
        ),
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
        ("all-staff-stays internal-staff-only", lambda t: _call("all", "new"), _acme),
        ("already-a-member", lambda t: _call("club", "tao")),
        ("already-a-member", lambda t: _call("club", "mei")),
        ("by-application", lambda t: _call("club", "new"), _by_application),
        (
            "by-application",
            lambda t: _call("club", "new", invited_by="tao"),
            _by_application,
        ),
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
        ("all-staff-stays", lambda t: _call("all", "amy"), _acme),
        ("not-a-member", lambda t: _call("club", "stranger")),
        ("owner-stays", lambda t: _call("club", "mei")),
    ],
    "remove_member": [
        ("all-staff-stays", lambda t: _call("all", "amy", by="boss"), _acme),
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
        (
            "convention-not-accepted",
            lambda t: _call("club", by="tao", text="x"),
            _convention,
        ),
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
        (
            "convention-not-accepted",
            lambda t: _call(t.post, by="tao", text="x"),
            _convention,
        ),
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
        (
            "convention-not-accepted must-see-spacing",
            lambda t: _call("club", by="mei", text="x"),
            _convention,
        ),
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
        (
            "convention-not-accepted must-see-spacing",
            lambda t: _call(t.post, by="mei"),
            _convention,
        ),
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
        ("slow-mode", lambda t: _call("club", by="tao", text="Two"), _slow),
        (
            "announcements-only",
            lambda t: _call("club", by="tao", text="Hi"),
            _announcements_only,
        ),
        (
            "thread-redirected",
            lambda t: _call("club", by="tao", text="Hi", reply_to=t.message),
            _redirected,
        ),
        (
            "group-muted not-in-the-group unknown-message",
            lambda t: _call("club", by="ana", text="Yes", reply_to="club/1"),
            _mute,
        ),
    ],
    "set_group_topics": [
        ("not-a-manager", lambda t: _call("club", "side", ["Tea"], by="tao")),
        ("already-so", lambda t: _call("club", "side", [], by="mei")),
        ("group-not-linked", lambda t: _call("club", "lone", ["Tea"], by="mei")),
    ],
    "set_slow_mode": [
        (
            "already-over not-a-manager",
            lambda t: _call("club", by="tao", seconds=9, reason="x", until=MARCH_1),
        ),
        (
            "group-not-linked not-a-manager",
            lambda t: _call("lone", by="mei", seconds=9, reason="x"),
        ),
    ],
    "lift_slow_mode": [
        ("not-a-manager not-slowed", lambda t: _call("club", by="tao")),
    ],
    "set_announcements_only": [
        (
            "already-over not-a-manager unknown-message",
            lambda t: _call(
                "club", by="tao", reason="x", until=MARCH_1, open_thread="club/999"
            ),
        ),
        (
            "thread-redirected",
            lambda t: _call("club", by="mei", reason="x", open_thread=t.message),
            _redirected,
        ),
    ],
    "lift_announcements_only": [
        ("not-a-manager not-announcements-only", lambda t: _call("club", by="tao")),
    ],
    "redirect_thread": [
        (
            "not-a-manager same-group unknown-message",
            lambda t: _call("club/999", "club", by="tao", reason="x"),
        ),
        (
            "group-not-linked",
            lambda t: _call(t.message, "guild", by="mei", reason="x"),
        ),
        (
            "already-redirected",
            lambda t: _call(t.message, "side", by="mei", reason="x"),
            _redirected,
        ),
    ],
    "manage_groups": [
        ("not-a-manager", lambda t: _call("club", "lift_slow_mode", by="tao")),
    ],
    "set_comment_relay": [
        ("comment-relay-fixed", lambda t: _call("club", "off", by="mei")),
        ("not-the-owner", lambda t: _call("club", "off", by="lin"), _chosen("all")),
        ("already-so", lambda t: _call("club", "all", by="mei"), _chosen("all")),
    ],
    "set_organisation_comment_relay": [
        ("comment-relay-fixed", lambda t: _call("acme", "off", by="hr"), _acme),
        (
            "already-so comment-relay-fixed",
            lambda t: _call("acme", None, by="hr"),
            _acme,
        ),
        (
            "already-so",
            lambda t: _call("acme", None, by="hr"),
            lambda t: (
                _acme(t),
                t.kit.adopt_rule_book("all", "circlekit_2026", by="boss"),
            ),
        ),
    ],
    "choose_comment_relay": [
        ("comment-relay-fixed", lambda t: _call("off", by="tao", circle="club")),
        (
            "comment-relay-above not-a-member",
            lambda t: _call("all", by="ana", circle="club"),
            _chosen("off"),
        ),
        ("already-so", lambda t: _call(None, by="tao")),
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
        ("not-a-manager", lambda t: _call("club", by="tao", reason="Ads")),
        (
            "mute-already-over",
            lambda t: _call("club", by="mei", reason="Ads", until=MARCH_1),
        ),
        (
            "group-not-linked not-a-manager",
            lambda t: _call("lone", by="mei", reason="Ads"),
        ),
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
    "assign_homework": [
        (
            "not-a-teacher",
            lambda t: _call("school", by="head", title="x", due_at=TOMORROW),
        ),
        (
            "not-a-member not-a-teacher",
            lambda t: _call("school", by="tao", title="x", due_at=TOMORROW),
        ),
        (
            "homework-not-offered",
            lambda t: _call("club", by="mei", title="x", due_at=TOMORROW),
        ),
        (
            "homework-not-offered",
            lambda t: _call("school", by="wei", title="x", due_at=TOMORROW),
            lambda t: t.kit.adopt_rule_book(
                "school", RuleBook(name="no homework", homework_kinds=()), by="head"
            ),
        ),
        (
            "due-has-passed",
            lambda t: _call("school", by="wei", title="x", due_at=MARCH_1),
        ),
        (
            "not-a-member",
            lambda t: _call(
                "school", by="wei", title="x", due_at=TOMORROW, to=["yan", "tao"]
            ),
        ),
        (
            "homework-there",
            lambda t: _call(
                "school", by="wei", title="x", due_at=TOMORROW, homework="essay"
            ),
        ),
    ],
    "move_homework_due": [
        ("not-a-teacher", lambda t: _call("essay", NEXT_MONTH, by="yan")),
        ("due-not-later", lambda t: _call("essay", TOMORROW, by="wei")),
        (
            "due-not-later",
            lambda t: _call("essay", DUE, late_until=DUE, by="wei"),
        ),
        ("already-so", lambda t: _call("essay", DUE, by="wei")),
        (
            "due-has-passed",
            lambda t: _call("essay", DUE + timedelta(days=1), by="wei"),
            _much_later,
        ),
        (
            "homework-cancelled",
            lambda t: _call("essay", NEXT_MONTH, by="wei"),
            _call_off,
        ),
    ],
    "cancel_homework": [
        ("not-a-teacher", lambda t: _call("essay", by="head")),
        ("homework-cancelled", lambda t: _call("essay", by="wei"), _call_off),
    ],
    "submit_homework": [
        ("not-assigned", lambda t: _call("essay", by="wei", text="x")),
        ("not-a-member not-assigned", lambda t: _call("essay", by="tao", text="x")),
        ("homework-closed", lambda t: _call("essay", by="bo", text="x"), _much_later),
        ("already-graded", lambda t: _call("essay", by="yan", text="x"), _grade),
        (
            "homework-closed",
            lambda t: _call("essay", by="yan", text="x"),
            _hand_back_for_a_day,
        ),
        ("homework-cancelled", lambda t: _call("essay", by="bo", text="x"), _call_off),
        (
            "not-assigned",
            lambda t: _call("essay", by="new", text="x"),
            _join_when_it_is_due,
        ),
    ],
    "withdraw_homework": [
        ("nothing-handed-in", lambda t: _call("essay", by="bo")),
        ("not-a-member nothing-handed-in", lambda t: _call("essay", by="tao")),
        ("already-graded", lambda t: _call("essay", by="yan"), _grade),
        ("nothing-handed-in", lambda t: _call("essay", by="yan"), _hand_back),
        ("homework-cancelled", lambda t: _call("essay", by="yan"), _call_off),
    ],
    "grade_homework": [
        ("not-a-teacher", lambda t: _call("essay", "yan", 9, by="head")),
        ("nothing-handed-in", lambda t: _call("essay", "bo", 9, by="wei")),
        ("nothing-handed-in", lambda t: _call("essay", "yan", 9, by="wei"), _hand_back),
        ("mark-off-the-scale", lambda t: _call("essay", "yan", 21, by="wei")),
        (
            "mark-off-the-scale",
            lambda t: _call("essay", "yan", mark=True, by="wei"),
        ),
        ("mark-off-the-scale", lambda t: _call("essay", "yan", "A", by="wei")),
        (
            "submission-changed",
            lambda t: _call("essay", "yan", 9, submission=2, by="wei"),
            lambda t: t.kit.submit_homework("essay", by="yan", text="My river"),
        ),
        (
            "homework-cancelled",
            lambda t: _call("essay", "yan", 9, by="wei"),
            _call_off,
        ),
    ],
    "grade_with": [
        (
            "not-a-teacher",
            lambda t: _call("essay", "yan", grader="word-count", by="yan"),
        ),
        (
            "nothing-handed-in",
            lambda t: _call("essay", "bo", grader="word-count", by="wei"),
        ),
        (
            "homework-cancelled",
            lambda t: _call("essay", "yan", grader="word-count", by="wei"),
            _call_off,
        ),
    ],
    "return_homework": [
        ("not-a-teacher", lambda t: _call("essay", "yan", by="yan")),
        ("nothing-handed-in", lambda t: _call("essay", "bo", by="wei")),
        ("nothing-handed-in", lambda t: _call("essay", "yan", by="wei"), _hand_back),
        ("due-has-passed", lambda t: _call("essay", "yan", by="wei", until=MARCH_1)),
        ("homework-cancelled", lambda t: _call("essay", "yan", by="wei"), _call_off),
    ],
    "comment_on_homework": [
        ("not-a-teacher", lambda t: _call("essay", "yan", by="bo", text="x")),
        ("nothing-handed-in", lambda t: _call("essay", "bo", by="wei", text="x")),
        ("nothing-handed-in", lambda t: _call("essay", "bo", by="bo", text="x")),
        (
            "homework-cancelled",
            lambda t: _call("essay", "yan", by="yan", text="x"),
            _call_off,
        ),
    ],
    "name_guardian": [
        ("already-a-guardian", lambda t: _call("yan", "ana", by="head")),
        ("own-guardian", lambda t: _call("yan", "yan", by="head")),
    ],
    "dismiss_guardian": [
        ("not-a-guardian", lambda t: _call("yan", "tao", by="head")),
    ],
    "send_guardian_digest": [
        ("not-a-guardian", lambda t: _call("yan", "tao", by="worker")),
        (
            "guardian-digest-day",
            lambda t: _call("yan", "ana", by="worker"),
            lambda t: t.kit.send_guardian_digest("yan", "ana", by="worker"),
        ),
    ],
    "complete_profile": [
        (
            "profile-complete",
            lambda t: _call("c1", by="sun"),
            lambda t: t.kit.complete_profile("c1", by="sun"),
        ),
    ],
    "request_to_join": [
        ("already-a-member", lambda t: _call("club", "tao")),
        ("already-requested", lambda t: _call("club", "new"), _request),
        ("internal-staff-only", lambda t: _call("firm", "new", staff_of="other")),
        ("teaching-verified-role", lambda t: _call("school", "new")),
        ("all-staff-stays internal-staff-only", lambda t: _call("all", "new"), _acme),
    ],
    "withdraw_request": [("no-request", lambda t: _call("club", "new"))],
    "approve_request": [
        ("no-request", lambda t: _call("club", "new", by="lin")),
        ("not-a-manager", lambda t: _call("club", "new", by="tao"), _request),
        ("no-request not-a-manager", lambda t: _call("club", "new", by="tao")),
        (
            "internal-staff-only",
            lambda t: _call("firm", "amy", by="boss"),
            lambda t: (
                t.kit.request_to_join("firm", "amy", staff_of="acme"),
                t.kit.register_organisation("acme", name="Acme", by="boss"),
            ),
        ),
    ],
    "decline_request": [
        ("no-request", lambda t: _call("club", "new", by="lin")),
        ("not-a-manager", lambda t: _call("club", "new", by="tao"), _request),
    ],
    "invite": [
        ("not-a-member", lambda t: _call("club", by="stranger", channel="qr")),
        ("not-a-manager", lambda t: _call("shop", by="clerk", channel="qr")),
        ("not-a-manager", lambda t: _call("school", by="stranger", channel="qr")),
        (
            "invitation-over",
            lambda t: _call("club", by="tao", member="x", until=MARCH_1),
        ),
        ("all-staff-stays", lambda t: _call("all", by="boss", channel="qr"), _acme),
    ],
    "accept_invitation": [
        ("unknown-invitation", lambda t: _call("club/999", "new")),
        ("unknown-invitation", lambda t: _call(t.post, "new")),
        ("invitation-over", lambda t: _call(_invited(t, revoked=True), "new")),
        ("not-the-invited", lambda t: _call(_invited(t), "other")),
        ("already-a-member", lambda t: _call(_invited(t, "tao"), "tao")),
        (
            "internal-staff-only",
            lambda t: _call(_invited(t, circle="firm", by="boss"), "new"),
        ),
        (
            "teaching-verified-role",
            lambda t: _call(_invited(t, circle="school", by="head"), "new"),
        ),
        (
            "all-staff-stays internal-staff-only unknown-invitation",
            lambda t: _call("all/1", "new"),
            _acme,
        ),
    ],
    "decline_invitation": [
        ("unknown-invitation", lambda t: _call("club/999", by="new")),
        ("invitation-over", lambda t: _call(_invited(t, revoked=True), by="new")),
        ("not-the-invited", lambda t: _call(_invited(t), by="other")),
        ("not-the-invited", lambda t: _call(_invited(t, None), by="other")),
    ],
    "revoke_invitation": [
        ("not-a-manager unknown-invitation", lambda t: _call("club/999", by="tao")),
        ("invitation-over", lambda t: _call(_invited(t, revoked=True), by="lin")),
        ("not-a-manager", lambda t: _call(_invited(t), by="ben")),
    ],
    "accept_convention": [
        ("not-the-convention", lambda t: _call("club", "v1", by="tao")),
        ("not-the-convention", lambda t: _call("club", "v0", by="tao"), _convention),
        (
            "already-accepted",
            lambda t: _call("club", "v1", by="tao"),
            lambda t: (_convention(t), t.kit.accept_convention("club", "v1", by="tao")),
        ),
        ("not-a-member", lambda t: _call("club", "v1", by="x"), _convention),
    ],
    "admit_partner": [
        ("not-a-manager", lambda t: _call("shop", "acme", by="clerk")),
        ("no-business-circle", lambda t: _call("club", "acme", by="lin")),
        (
            "already-a-partner",
            lambda t: _call("shop", "acme", by="keeper"),
            lambda t: t.kit.admit_partner("shop", "acme", by="keeper"),
        ),
    ],
    "end_partnership": [
        ("not-a-manager not-a-partner", lambda t: _call("shop", "acme", by="clerk")),
        ("not-a-partner", lambda t: _call("shop", "acme", by="keeper")),
    ],
    "register_organisation": [
        (
            "already-founded",
            lambda t: _call("acme", name="Acme", by="boss", circle="club"),
        ),
    ],
    "staff_joined": [],
    "staff_left": [],
    "role_verified": [
        (
            "role-already-over",
            lambda t: _call("acme", "amy", "teacher", by="hr", until=MARCH_1),
            _acme,
        ),
    ],
    "role_expired": [
        (
            "role-not-verified",
            lambda t: _call("acme", "amy", "teacher", by="hr"),
            _acme,
        ),
        (
            "role-not-verified",
            lambda t: _call("acme", "amy", "parent", by="hr"),
            lambda t: (_acme(t), t.kit.role_verified("acme", "amy", "teacher", by="h")),
        ),
    ],
    "verify_role": [
        ("not-a-member", lambda t: _call("club", "amy", "teacher", by="hr")),
        (
            "not-a-member role-already-over",
            lambda t: _call("club", "amy", "teacher", by="hr", until=MARCH_1),
        ),
    ],
    "succeed_owner": [
        ("no-successor", lambda t: _call("guild", by="hr", reason="x")),
        ("not-a-member", lambda t: _call("club", by="hr", reason="x", to="amy")),
        ("already-the-owner", lambda t: _call("club", by="hr", reason="x", to="mei")),
        ("all-staff-stays", lambda t: _call("all", by="hr", reason="x"), _acme),
    ],
    "close_circle": [
        ("all-staff-stays", lambda t: _call("all", by="boss", reason="x"), _acme),
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
        ("all-staff-stays", lambda t: _call("all", by="boss", reason="x"), _acme),
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
    "schedule_post": [
        (rules, lambda t, it=it: _call("club", **{"text": "x", **it}))
        for rules, it in [
            ("not-a-member", {"by": "stranger", "release_at": LATER}),
            ("not-in-the-future", {"by": "tao", "release_at": MARCH_1}),
            ("too-far-ahead", {"by": "tao", "release_at": FAR}),
            (
                "group-not-linked",
                {"by": "tao", "release_at": LATER, "groups": ["lone"]},
            ),
        ]
    ],
    "schedule_must_see": [
        (rules, lambda t, it=it: _call("club", **{"text": "x", **it}), *before)
        for rules, it, *before in [
            ("not-a-manager", {"by": "tao", "release_at": LATER}),
            ("not-in-the-future", {"by": "mei", "release_at": MARCH_1}),
            (
                "not-a-manager not-in-the-future",
                {"by": "tao", "release_at": MARCH_1},
            ),
            ("too-far-ahead", {"by": "mei", "release_at": FAR}),
            ("must-see-spacing", {"by": "mei", "release_at": SOON}),
            ("must-see-spacing", {"by": "mei", "release_at": LATER}, _schedule("mei")),
            (
                "must-see-month",
                {"by": "mei", "release_at": LATER},
                _schedule("mei", 10, 12, 14),
            ),
            (
                "group-not-linked",
                {"by": "mei", "release_at": LATER, "groups": ["lone"]},
            ),
        ]
    ],
    "move_scheduled": [
        ("unknown-scheduled", lambda t: _call(t.post, LATER, by="mei")),
        (
            "unknown-scheduled",
            lambda t: _call(t.ids["waits"], LATER, by="mei"),
            _cancelled,
        ),
        (
            "not-the-author",
            lambda t: _call(t.ids["waits"], LATER, by="tao"),
            _schedule("mei"),
        ),
        (
            "not-in-the-future",
            lambda t: _call(t.ids["waits"], MARCH_1, by="mei"),
            _schedule("mei"),
        ),
        (
            "too-far-ahead",
            lambda t: _call(t.ids["waits"], FAR, by="mei"),
            _schedule("mei"),
        ),
        (
            "must-see-spacing not-the-author",
            lambda t: _call(t.ids["waits"], SOON, by="tao"),
            _schedule("mei"),
        ),
        (
            "must-see-spacing",
            lambda t: _call(t.ids["waits"], LATER, by="mei"),
            _schedule("mei", 3, 10),
        ),
    ],
    "cancel_scheduled": [
        ("unknown-scheduled", lambda t: _call("club/999", by="mei")),
        ("unknown-scheduled", lambda t: _call(t.ids["waits"], by="mei"), _cancelled),
        (
            "not-the-author",
            lambda t: _call(t.ids["waits"], by="tao"),
            _schedule("mei"),
        ),
    ],
    "set_quiet_hours": [("already-so", lambda t: _call(by="tao", context="work"))],
    "set_attention_budget": [
        ("already-so", lambda t: _call(by="tao", context="work", pushes=None))
    ],
    "mute_circle": [
        ("not-a-member", lambda t: _call("club", by="stranger")),
        ("already-so", lambda t: _call("club", by="tao", on=False)),
        ("already-so not-a-member", lambda t: _call("club", by="stranger", on=False)),
    ],
    "label_circle": [
        ("not-the-owner", lambda t: _call("club", "work", by="lin")),
        ("already-so", lambda t: _call("club", "consumer", by="mei")),
    ],
    "set_industries": [
        ("not-the-owner", lambda t: _call("club", ["Tea"], by="lin")),
        ("already-so", lambda t: _call("club", [], by="mei")),
        ("already-so not-the-owner", lambda t: _call("club", [], by="tao")),
    ],
}

CASES |= duty_cases.REFUSED


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
    assert set(_COMMANDS) == set(CASES)
