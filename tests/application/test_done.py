"""
What every command leaves in the history, and what it answers.
"""

from datetime import date, timedelta
from hashlib import blake2b

import pytest
from attrs import evolve

from circlekit import (
    CheckInId,
    CommentId,
    Grade,
    InvitationId,
    MessageId,
    PostId,
    RuleBook,
    Scale,
    ScheduledId,
)
from circlekit.application.circles import Joined
from circlekit.application.deciding import _COMMANDS
from circlekit.application.lives import Admission
from circlekit.application.managing import GroupsReport
from circlekit.application.mass_sends import Reached
from circlekit.application.organisations import StaffReport
from circlekit.application.topics import CheckInAnswer
from circlekit.events import attention as a
from circlekit.events import circle as c
from circlekit.events import closing as cl
from circlekit.events import customer as cu
from circlekit.events import group as g
from circlekit.events import guardian as gu
from circlekit.events import homework as h
from circlekit.events import identity as idt
from circlekit.events import joining as j
from circlekit.events import live as li
from circlekit.events import mass_send as ms
from circlekit.events import organisation as o
from circlekit.events import pace as pc
from circlekit.events import reader as r
from circlekit.events import redirection as rd
from circlekit.events import relay as rl
from circlekit.events import roles as ro
from circlekit.events import schedule as sc
from circlekit.events import topic as to
from circlekit.events.rules import RuleBookAdopted
from circlekit.rulebook import DINGTALK_2020, SEED_LITERAL, WECOM_2020, WECOM_2025
from circlekit.verdict import ALLOWED
from tests.application import duty_cases
from tests.application.town import MARCH_1, history, refusals

AT = MARCH_1
_HR = {"by": "hr", "at": AT}
TOMORROW = MARCH_1 + timedelta(days=1)
DUE = MARCH_1 + timedelta(days=7)


def _call(*args, **kwargs):
    return args, kwargs


def _request(town):
    town.kit.request_to_join("club", "new", channel="qr", source="door")


def _invite(town):
    town.ids["invitation"] = town.kit.invite(
        "club", by="tao", channel="link", source="mail", member="new"
    )


def _acme(town):
    town.kit.register_organisation("acme", name="Acme", by="boss", circle="all")
    town.kit.staff_joined("acme", ["zoe"], by="hr")


def _version(id_):
    return int(str(id_).rpartition("/")[2])


def _waits(town):
    town.ids["waits"] = town.kit.schedule_post(
        "club", by="tao", text="Soon", release_at=TOMORROW
    )


def _next(town, stream="circle/club"):
    return 1 + sum(it == stream for it, _ in history(town.kit))


def _live(town, *, started=False, ended=False):
    town.kit.link_group("school", by="head", name="Homework", group="homework")
    town.kit.join_circle("school", "ann", verified_role="teacher")
    town.kit.join_circle("school", "sam", verified_role="student")
    town.kit.join_group("homework", "sam")
    town.kit.schedule_live("school", by="ann", title="Sums", live="sums")
    if started:
        town.kit.start_live("sums", by="ann")
        town.kit.join_live("sums", "head")
    if ended:
        town.kit.end_live("sums", by="ann")


def _started(town):
    _live(town, started=True)


def _ended(town):
    _live(town, started=True, ended=True)


def _capped(town):
    _started(town)
    book = evolve(DINGTALK_2020, name="ours", minor_live_minutes=40)
    town.kit.adopt_rule_book("school", book, by="head")
    town.kit.attest_minor("sam", until=AT + timedelta(days=900))


def _sale(town):
    town.kit.contact_customer("c1", by="zoe")
    town.kit.create_mass_send(
        source="enterprise",
        by="hq",
        text="Sale",
        images=["tea.png"],
        customers=["c1"],
        groups=["side"],
        mass_send="sale",
    )


def _days_later(town):
    book = RuleBook(name="make-up", make_up_days=3, make_ups_a_month=1)
    town.kit.adopt_rule_book("club", book, by="mei")
    town.clock.forward(days=1)


# Of each command: what it is given, what it answers, what it records, and what has
# to happen before.
CASES = {
    "attach_identity": [
        (
            lambda t: _call(
                "tao", system="shop", external_id="77", attested="sms", by="desk"
            ),
            None,
            lambda t: [
                (
                    f"identity/shop:{blake2b(b'77', digest_size=16).hexdigest()}",
                    idt.IdentityAttached(
                        member="tao",
                        system="shop",
                        external_id="77",
                        attested="sms",
                        by="desk",
                        at=AT,
                    ),
                ),
            ],
        ),
    ],
    "detach_identity": [
        (
            lambda t: _call("wechat", "o-123", by="tao"),
            None,
            lambda t: [
                (
                    f"identity/wechat:{blake2b(b'o-123', digest_size=16).hexdigest()}",
                    idt.IdentityDetached(member="tao", by="tao", at=AT),
                ),
            ],
        ),
    ],
    "make_topic": [
        (
            lambda t: _call("club", name="读书", by="ben", topic="read"),
            lambda t: "read",
            lambda t: [
                (
                    "topic/read",
                    to.TopicMade(
                        circle="club",
                        name="读书",
                        kind="talk",
                        zone="Asia/Shanghai",
                        by="ben",
                        at=AT,
                    ),
                ),
                (
                    "topic-names/club",
                    to.TopicNameTaken(topic="read", name="读书", by="ben", at=AT),
                ),
            ],
        ),
    ],
    "rename_topic": [
        (
            lambda t: _call("run", "RUNNING", by="lin"),
            None,
            lambda t: [
                ("topic/run", to.TopicRenamed(name="RUNNING", by="lin", at=AT)),
                (
                    "topic-names/club",
                    to.TopicNameTaken(topic="run", name="RUNNING", by="lin", at=AT),
                ),
            ],
        ),
    ],
    "close_topic": [
        (
            lambda t: _call("run", by="tao"),
            None,
            lambda t: [
                ("topic/run", to.TopicClosed(by="tao", at=AT)),
                ("topic-names/club", to.TopicNameFreed(topic="run", by="tao", at=AT)),
            ],
        ),
    ],
    "reopen_topic": [
        (
            lambda t: _call("run", by="lin"),
            None,
            lambda t: [
                ("topic/run", to.TopicReopened(by="lin", at=AT)),
                (
                    "topic-names/club",
                    to.TopicNameTaken(topic="run", name="Running", by="lin", at=AT),
                ),
            ],
            lambda t: t.kit.close_topic("run", by="tao"),
        ),
    ],
    "check_in": [
        (
            lambda t: _call("run", by="ben", text="5 km", images=["a.png"], value=5),
            lambda t: CheckInAnswer(
                check_in=CheckInId("run", _next(t, "topic/run")),
                post=PostId("club", _next(t)),
                day=date(2020, 3, 1),
                counted=ALLOWED,
            ),
            lambda t: [
                (
                    "circle/club",
                    c.PostPublished(
                        text="5 km", images=("a.png",), topic="Running", by="ben", at=AT
                    ),
                ),
                (
                    "topic/run",
                    to.CheckedIn(
                        day=date(2020, 3, 1), post=_next(t), value=5, by="ben", at=AT
                    ),
                ),
            ],
        ),
        (
            lambda t: _call("run", by="ben", place="West gate"),
            lambda t: CheckInAnswer(
                check_in=CheckInId("run", _next(t, "topic/run")),
                post=None,
                day=date(2020, 3, 1),
                counted=ALLOWED,
            ),
            lambda t: [
                (
                    "topic/run",
                    to.CheckedIn(
                        day=date(2020, 3, 1), place="West gate", by="ben", at=AT
                    ),
                ),
            ],
        ),
    ],
    "make_up_check_in": [
        (
            lambda t: _call("run", date(2020, 3, 1), by="ben"),
            lambda t: CheckInAnswer(
                check_in=CheckInId("run", _next(t, "topic/run")),
                post=None,
                day=date(2020, 3, 1),
                counted=ALLOWED,
            ),
            lambda t: [
                (
                    "topic/run",
                    to.CheckedIn(
                        day=date(2020, 3, 1), made_up=True, by="ben", at=TOMORROW
                    ),
                ),
            ],
            _days_later,
        ),
    ],
    "remove_check_in": [
        (
            lambda t: _call(t.check_in, by="lin"),
            None,
            lambda t: [
                (
                    "topic/run",
                    to.CheckInRemoved(
                        check_in=_version(t.check_in),
                        member="tao",
                        day=date(2020, 3, 1),
                        by="lin",
                        at=AT,
                    ),
                ),
            ],
        ),
    ],
    "found_circle": [
        (
            lambda t: _call(name="Tea", kind="community", by="ana", circle="tea"),
            lambda t: "tea",
            lambda t: [
                (
                    "circle/tea",
                    c.CircleFounded(
                        name="Tea",
                        kind="community",
                        zone="Asia/Shanghai",
                        organisation=None,
                        by="ana",
                        at=AT,
                    ),
                ),
                ("circle/tea", RuleBookAdopted(book=DINGTALK_2020, by="ana", at=AT)),
                ("circle/tea", c.GroupLinked(group="tea", bound=True, by="ana", at=AT)),
                ("group/tea", g.GroupFounded(name="Tea", by="ana", at=AT)),
                ("group/tea", g.CircleLinked(circle="tea", by="ana", at=AT)),
                ("group/tea", g.GroupJoined(member="ana", at=AT)),
            ],
        ),
        (
            lambda t: _call(
                name="Works",
                kind="internal",
                by="ana",
                organisation="acme",
                zone="Europe/Berlin",
                rules="wecom_2020",
                circle="works",
                group="works chat",
            ),
            lambda t: "works",
            lambda t: [
                (
                    "circle/works",
                    c.CircleFounded(
                        name="Works",
                        kind="internal",
                        zone="Europe/Berlin",
                        organisation="acme",
                        by="ana",
                        at=AT,
                    ),
                ),
                ("circle/works", RuleBookAdopted(book=WECOM_2020, by="ana", at=AT)),
                (
                    "circle/works",
                    c.GroupLinked(group="works chat", bound=True, by="ana", at=AT),
                ),
                ("group/works chat", g.GroupFounded(name="Works", by="ana", at=AT)),
                ("group/works chat", g.CircleLinked(circle="works", by="ana", at=AT)),
                ("group/works chat", g.GroupJoined(member="ana", at=AT)),
            ],
        ),
    ],
    "adopt_rule_book": [
        (
            lambda t: _call("club", "wecom_2020", by="mei"),
            None,
            lambda t: [
                ("circle/club", RuleBookAdopted(book=WECOM_2020, by="mei", at=AT))
            ],
        ),
        (
            lambda t: _call(
                "club", evolve(DINGTALK_2020, name="ours", pins=2), by="mei"
            ),
            None,
            lambda t: [
                (
                    "circle/club",
                    RuleBookAdopted(
                        book=evolve(DINGTALK_2020, name="ours", pins=2),
                        by="mei",
                        at=AT,
                    ),
                )
            ],
        ),
    ],
    "join_circle": [
        (
            lambda t: _call("club", "new"),
            lambda t: Joined("club", ALLOWED),
            lambda t: [
                ("circle/club", c.MemberJoined(member="new", at=AT)),
                ("group/club", g.GroupJoined(member="new", at=AT)),
            ],
        ),
        (
            lambda t: _call("firm", "new", staff_of="acme"),
            lambda t: Joined("firm", ALLOWED),
            lambda t: [
                (
                    "circle/firm",
                    c.MemberJoined(member="new", staff_of="acme", at=AT),
                ),
                ("group/firm", g.GroupJoined(member="new", at=AT)),
            ],
        ),
        (
            lambda t: _call("shop", "new", invited_by="keeper"),
            lambda t: Joined("shop", ALLOWED),
            lambda t: [
                (
                    "circle/shop",
                    c.MemberJoined(member="new", invited_by="keeper", at=AT),
                ),
                ("group/shop", g.GroupJoined(member="new", at=AT)),
            ],
        ),
        (
            lambda t: _call("school", "new", verified_role="parent"),
            lambda t: Joined("school", ALLOWED),
            lambda t: [
                (
                    "circle/school",
                    c.MemberJoined(member="new", verified_role="parent", at=AT),
                ),
                ("group/school", g.GroupJoined(member="new", at=AT)),
            ],
        ),
    ],
    "leave_circle": [
        (
            lambda t: _call("club", "tao"),
            None,
            lambda t: [
                ("circle/club", c.MemberLeft(member="tao", at=AT)),
                ("group/club", g.GroupLeft(member="tao", by="tao", at=AT)),
                ("group/side", g.GroupLeft(member="tao", by="tao", at=AT)),
            ],
        )
    ],
    "remove_member": [
        (
            lambda t: _call("club", "tao", by="lin"),
            None,
            lambda t: [
                ("circle/club", c.MemberRemoved(member="tao", by="lin", at=AT)),
                ("group/club", g.GroupLeft(member="tao", by="lin", at=AT)),
                ("group/side", g.GroupLeft(member="tao", by="lin", at=AT)),
            ],
        ),
        (
            lambda t: _call("club", "lin", by="mei"),
            None,
            lambda t: [
                ("circle/club", c.MemberRemoved(member="lin", by="mei", at=AT)),
                ("group/club", g.GroupLeft(member="lin", by="mei", at=AT)),
            ],
        ),
    ],
    "appoint_manager": [
        (
            lambda t: _call("club", "tao", by="mei"),
            None,
            lambda t: [
                ("circle/club", c.ManagerAppointed(member="tao", by="mei", at=AT))
            ],
        )
    ],
    "dismiss_manager": [
        (
            lambda t: _call("club", "lin", by="mei"),
            None,
            lambda t: [
                ("circle/club", c.ManagerDismissed(member="lin", by="mei", at=AT))
            ],
        )
    ],
    "hand_over_circle": [
        (
            lambda t: _call("club", "tao", by="mei"),
            None,
            lambda t: [("circle/club", c.OwnerChanged(owner="tao", by="mei", at=AT))],
        )
    ],
    "grant_override": [
        (
            lambda t: _call("club", "tao", by="mei"),
            None,
            lambda t: [
                ("circle/club", c.OverrideGranted(member="tao", by="mei", at=AT))
            ],
        )
    ],
    "revoke_override": [
        (
            lambda t: _call("club", "tao", by="mei"),
            None,
            lambda t: [
                ("circle/club", c.OverrideRevoked(member="tao", by="mei", at=AT))
            ],
            lambda t: t.kit.grant_override("club", "tao", by="mei"),
        )
    ],
    "switch_post_sync": [
        (
            lambda t: _call("club", on=False, by="lin"),
            None,
            lambda t: [("circle/club", c.PostSyncSwitched(on=False, by="lin", at=AT))],
        )
    ],
    "link_group": [
        (
            lambda t: _call("club", by="lin", name="Attic", group="attic"),
            lambda t: "attic",
            lambda t: [
                ("circle/club", c.GroupLinked(group="attic", by="lin", at=AT)),
                ("group/attic", g.GroupFounded(name="Attic", by="lin", at=AT)),
                ("group/attic", g.CircleLinked(circle="club", by="lin", at=AT)),
                ("group/attic", g.GroupJoined(member="lin", at=AT)),
            ],
        ),
        (
            lambda t: _call("guild", by="ana", group="lone"),
            lambda t: "lone",
            lambda t: [
                ("circle/guild", c.GroupLinked(group="lone", by="ana", at=AT)),
                ("group/lone", g.CircleLinked(circle="guild", by="ana", at=AT)),
            ],
        ),
    ],
    "unlink_group": [
        (
            lambda t: _call("club", "side", by="lin"),
            None,
            lambda t: [
                ("circle/club", c.GroupUnlinked(group="side", by="lin", at=AT)),
                ("group/side", g.CircleUnlinked(circle="club", by="lin", at=AT)),
            ],
        )
    ],
    "publish_post": [
        (
            lambda t: _call("club", by="ben", text="Hello"),
            lambda t: PostId("club", _next(t)),
            lambda t: [("circle/club", c.PostPublished(text="Hello", by="ben", at=AT))],
        ),
        (
            lambda t: _call(
                "club",
                by="ben",
                images=["a.png", "b.png"],
                videos=("c.mp4",),
                topic="Summer",
                sync=False,
                groups=["side"],
            ),
            lambda t: PostId("club", _next(t)),
            lambda t: [
                (
                    "circle/club",
                    c.PostPublished(
                        text="",
                        images=("a.png", "b.png"),
                        videos=("c.mp4",),
                        topic="Summer",
                        synced=False,
                        groups=("side",),
                        by="ben",
                        at=AT,
                    ),
                )
            ],
        ),
        (
            lambda t: _call("club", by="ben", text="Quiet"),
            lambda t: PostId("club", _next(t)),
            lambda t: [
                (
                    "circle/club",
                    c.PostPublished(text="Quiet", synced=False, by="ben", at=AT),
                )
            ],
            lambda t: t.kit.switch_post_sync("club", on=False, by="mei"),
        ),
    ],
    "edit_post": [
        (
            lambda t: _call(t.post, by="tao", text="Which one?", images=["a.png"]),
            None,
            lambda t: [
                (
                    "circle/club",
                    c.PostEdited(
                        post=_version(t.post),
                        text="Which one?",
                        images=("a.png",),
                        by="tao",
                        at=AT,
                    ),
                )
            ],
        ),
        (
            lambda t: _call(t.post, by="lin", text="Which one?"),
            None,
            lambda t: [
                (
                    "circle/club",
                    c.PostEdited(
                        post=_version(t.post), text="Which one?", by="lin", at=AT
                    ),
                )
            ],
        ),
    ],
    "remove_post": [
        (
            lambda t: _call(t.post, by="tao"),
            None,
            lambda t: [
                ("circle/club", c.PostRemoved(post=_version(t.post), by="tao", at=AT))
            ],
        ),
        (
            lambda t: _call(t.post, by="lin"),
            None,
            lambda t: [
                ("circle/club", c.PostRemoved(post=_version(t.post), by="lin", at=AT))
            ],
        ),
    ],
    "add_comment": [
        (
            lambda t: _call(t.post, by="tao", text="Good", reply_to=t.comment),
            lambda t: CommentId("club", _next(t)),
            lambda t: [
                (
                    "circle/club",
                    c.CommentAdded(
                        post=_version(t.post),
                        text="Good",
                        reply_to=_version(t.comment),
                        by="tao",
                        at=AT,
                    ),
                )
            ],
        ),
        (
            lambda t: _call(PostId.parse(t.post), by="mei", text="Good"),
            lambda t: CommentId("club", _next(t)),
            lambda t: [
                (
                    "circle/club",
                    c.CommentAdded(post=_version(t.post), text="Good", by="mei", at=AT),
                )
            ],
        ),
    ],
    "remove_comment": [
        (
            lambda t: _call(t.comment, by="lin"),
            None,
            lambda t: [
                (
                    "circle/club",
                    c.CommentRemoved(
                        comment=_version(t.comment),
                        post=_version(t.post),
                        by="lin",
                        at=AT,
                    ),
                )
            ],
        )
    ],
    "react": [
        (
            lambda t: _call(t.post, "👍", by="ben"),
            None,
            lambda t: [
                (
                    "circle/club",
                    c.PostReacted(post=_version(t.post), emoji="👍", by="ben", at=AT),
                )
            ],
        )
    ],
    "withdraw_reaction": [
        (
            lambda t: _call(t.post, "👍", by="ben"),
            None,
            lambda t: [
                (
                    "circle/club",
                    c.ReactionWithdrawn(
                        post=_version(t.post), emoji="👍", by="ben", at=AT
                    ),
                )
            ],
        )
    ],
    "pin_post": [
        (
            lambda t: _call(t.post, by="lin"),
            None,
            lambda t: [
                ("circle/club", c.PostPinned(post=_version(t.post), by="lin", at=AT))
            ],
        )
    ],
    "unpin_post": [
        (
            lambda t: _call(t.post, by="mei"),
            None,
            lambda t: [
                ("circle/club", c.PostUnpinned(post=_version(t.post), by="mei", at=AT))
            ],
            lambda t: t.kit.pin_post(t.post, by="lin"),
        )
    ],
    "send_must_see": [
        (
            lambda t: _call("guild", by="ana", text="A hall!", topic="Halls"),
            lambda t: PostId("guild", _next(t, "circle/guild")),
            lambda t: [
                (
                    "circle/guild",
                    c.PostPublished(text="A hall!", topic="Halls", by="ana", at=AT),
                ),
                (
                    "circle/guild",
                    c.MustSeeSent(post=_next(t, "circle/guild"), by="ana", at=AT),
                ),
            ],
        ),
        (
            lambda t: _call("club", by="tao", text="Storm!", override="A storm"),
            lambda t: PostId("club", _next(t)),
            lambda t: [
                ("circle/club", c.PostPublished(text="Storm!", by="tao", at=AT)),
                (
                    "circle/club",
                    c.MustSeeSent(post=_next(t), override="A storm", by="tao", at=AT),
                ),
            ],
            lambda t: t.kit.grant_override("club", "tao", by="mei"),
        ),
    ],
    "promote_to_must_see": [
        (
            lambda t: _call(t.post, by="lin"),
            None,
            lambda t: [
                (
                    "circle/club",
                    c.MustSeeSent(post=_version(t.post), by="lin", at=TOMORROW),
                )
            ],
            lambda t: t.clock.forward(hours=24),
        )
    ],
    "acknowledge": [
        (
            lambda t: _call(t.must_see, by="ben"),
            None,
            lambda t: [
                (
                    "reader/ben",
                    r.MustSeeAcknowledged(
                        circle="club", post=_version(t.must_see), at=AT
                    ),
                )
            ],
        )
    ],
    "mark_read": [
        (
            lambda t: _call(t.post, by="ben"),
            None,
            lambda t: [
                (
                    "reader/ben",
                    r.PostsRead(circle="club", posts=(_version(t.post),), at=AT),
                )
            ],
        ),
        (
            lambda t: _call(iter([t.must_see, t.elsewhere, t.post]), by="ana"),
            None,
            lambda t: [
                (
                    "reader/ana",
                    r.PostsRead(
                        circle="club",
                        posts=(_version(t.must_see), _version(t.post)),
                        at=AT,
                    ),
                ),
                (
                    "reader/ana",
                    r.PostsRead(circle="guild", posts=(_version(t.elsewhere),), at=AT),
                ),
            ],
            lambda t: t.kit.join_circle("club", "ana"),
        ),
    ],
    "join_group": [
        (
            lambda t: _call("side", "ben"),
            None,
            lambda t: [("group/side", g.GroupJoined(member="ben", at=AT))],
        )
    ],
    "leave_group": [
        (
            lambda t: _call("side", "tao"),
            None,
            lambda t: [("group/side", g.GroupLeft(member="tao", by="tao", at=AT))],
        )
    ],
    "remove_from_group": [
        (
            lambda t: _call("side", "tao", by="lin"),
            None,
            lambda t: [("group/side", g.GroupLeft(member="tao", by="lin", at=AT))],
        )
    ],
    "send_message": [
        (
            lambda t: _call(
                "club", by="ben", text="Hi", images=["a.png"], reply_to=t.message
            ),
            lambda t: MessageId("club", _next(t, "group/club")),
            lambda t: [
                (
                    "group/club",
                    g.MessageSent(
                        text="Hi",
                        images=("a.png",),
                        reply_to=_version(t.message),
                        by="ben",
                        at=AT,
                    ),
                )
            ],
        ),
        (
            lambda t: _call("club", by="lin", text="Silence, please"),
            lambda t: MessageId("club", _next(t, "group/club")),
            lambda t: [
                ("group/club", g.MessageSent(text="Silence, please", by="lin", at=AT))
            ],
            lambda t: t.kit.mute_group("club", by="mei", reason="Ads"),
        ),
    ],
    "react_to_message": [
        (
            lambda t: _call(t.message, "👍", by="ben"),
            None,
            lambda t: [
                (
                    "group/club",
                    g.MessageReacted(
                        message=_version(t.message), emoji="👍", by="ben", at=AT
                    ),
                )
            ],
        )
    ],
    "set_announcement": [
        (
            lambda t: _call("club", by="lin", text="Be kind"),
            None,
            lambda t: [
                ("group/club", g.AnnouncementSet(text="Be kind", by="lin", at=AT))
            ],
        )
    ],
    "mute_group": [
        (
            lambda t: _call("club", by="lin", reason="Ads", until=TOMORROW),
            None,
            lambda t: [
                (
                    "group/club",
                    g.GroupMuted(reason="Ads", until=TOMORROW, by="lin", at=AT),
                )
            ],
        ),
        (
            lambda t: _call("club", by="mei", reason="Exams"),
            None,
            lambda t: [("group/club", g.GroupMuted(reason="Exams", by="mei", at=AT))],
            lambda t: t.kit.mute_group("club", by="mei", reason="Ads", until=TOMORROW),
        ),
    ],
    "unmute_group": [
        (
            lambda t: _call("club", by="lin"),
            None,
            lambda t: [("group/club", g.GroupUnmuted(by="lin", at=AT))],
            lambda t: t.kit.mute_group("club", by="mei", reason="Ads"),
        )
    ],
    "block_private_chat": [
        (
            lambda t: _call("club", by="lin"),
            None,
            lambda t: [("group/club", g.PrivateChatBlocked(by="lin", at=AT))],
        )
    ],
    "allow_private_chat": [
        (
            lambda t: _call("club", by="lin"),
            None,
            lambda t: [("group/club", g.PrivateChatAllowed(by="lin", at=AT))],
            lambda t: t.kit.block_private_chat("club", by="mei"),
        )
    ],
    "open_private_chat": [
        (
            lambda t: _call("club", by="tao", to="ben"),
            None,
            lambda t: [("group/club", g.PrivateChatOpened(to="ben", by="tao", at=AT))],
        )
    ],
    "send_friend_request": [
        (
            lambda t: _call("club", by="tao", to="ben"),
            None,
            lambda t: [("group/club", g.FriendRequestSent(to="ben", by="tao", at=AT))],
        )
    ],
    "set_group_topics": [
        (
            lambda t: _call("club", "side", ["Tea", "Tea", "Chess"], by="lin"),
            None,
            lambda t: [
                (
                    "circle/club",
                    c.GroupTopicsSet(
                        group="side", topics=("Tea", "Chess"), by="lin", at=AT
                    ),
                )
            ],
        ),
        (
            lambda t: _call("club", "side", [], by="lin"),
            None,
            lambda t: [
                (
                    "circle/club",
                    c.GroupTopicsSet(group="side", topics=(), by="lin", at=AT),
                )
            ],
            lambda t: t.kit.set_group_topics("club", "side", ["Tea"], by="mei"),
        ),
    ],
    "set_slow_mode": [
        (
            lambda t: _call("club", by="lin", seconds=30, reason="Ads", until=TOMORROW),
            None,
            lambda t: [
                (
                    "group/club",
                    pc.SlowModeSet(
                        seconds=30, reason="Ads", until=TOMORROW, by="lin", at=AT
                    ),
                )
            ],
        ),
    ],
    "lift_slow_mode": [
        (
            lambda t: _call("club", by="lin"),
            None,
            lambda t: [("group/club", pc.SlowModeLifted(by="lin", at=AT))],
            lambda t: t.kit.set_slow_mode("club", by="mei", seconds=30, reason="Ads"),
        )
    ],
    "set_announcements_only": [
        (
            lambda t: _call(
                "club", by="lin", reason="News", open_thread=t.message, until=TOMORROW
            ),
            None,
            lambda t: [
                (
                    "group/club",
                    pc.AnnouncementsOnlySet(
                        reason="News",
                        until=TOMORROW,
                        open_thread=_version(t.message),
                        by="lin",
                        at=AT,
                    ),
                )
            ],
        ),
    ],
    "lift_announcements_only": [
        (
            lambda t: _call("club", by="lin"),
            None,
            lambda t: [("group/club", pc.AnnouncementsOnlyLifted(by="lin", at=AT))],
            lambda t: t.kit.set_announcements_only("club", by="mei", reason="News"),
        )
    ],
    "redirect_thread": [
        (
            lambda t: _call(t.message, "side", by="lin", reason="Off topic"),
            None,
            lambda t: [
                (
                    "group/club",
                    rd.ThreadRedirected(
                        messages=(_version(t.message), _version(t.message) + 1),
                        to="side",
                        reason="Off topic",
                        by="lin",
                        at=AT,
                    ),
                ),
                (
                    "group/side",
                    rd.ThreadReceived(
                        group="club",
                        messages=(_version(t.message), _version(t.message) + 1),
                        by="lin",
                        at=AT,
                    ),
                ),
            ],
            lambda t: t.kit.send_message(
                "club", by="ben", text="Morning!", reply_to=t.message
            ),
        )
    ],
    "manage_groups": [
        (
            lambda t: _call("club", "set_announcement", by="lin", text="Be kind"),
            lambda t: GroupsReport(("club", "side"), {}),
            lambda t: [
                (f"group/{it}", g.AnnouncementSet(text="Be kind", by="lin", at=AT))
                for it in ("club", "side")
            ],
        ),
        (
            lambda t: _call(
                "club",
                "set_slow_mode",
                by="lin",
                groups=["side"],
                seconds=9,
                reason="x",
            ),
            lambda t: GroupsReport(("side",), {}),
            lambda t: [
                ("group/side", pc.SlowModeSet(seconds=9, reason="x", by="lin", at=AT))
            ],
        ),
    ],
    "set_comment_relay": [
        (
            lambda t: _call("club", "all", by="mei"),
            None,
            lambda t: [
                ("circle/club", rl.CommentRelaySet(relay="all", by="mei", at=AT))
            ],
            lambda t: t.kit.adopt_rule_book("club", "circlekit_2026", by="mei"),
        )
    ],
    "set_organisation_comment_relay": [
        (
            lambda t: _call("acme", "digest", by="hr"),
            None,
            lambda t: [
                (
                    "organisation/acme",
                    rl.OrganisationRelaySet(relay="digest", by="hr", at=AT),
                )
            ],
            lambda t: (
                _acme(t),
                t.kit.adopt_rule_book("all", "circlekit_2026", by="boss"),
            ),
        )
    ],
    "choose_comment_relay": [
        (
            lambda t: _call("off", by="tao"),
            None,
            lambda t: [("reader/tao", rl.CommentRelayChosen(relay="off", at=AT))],
        ),
        (
            lambda t: _call("digest", by="tao", circle="club"),
            None,
            lambda t: [
                (
                    "reader/tao",
                    rl.CommentRelayChosen(relay="digest", circle="club", at=AT),
                )
            ],
            lambda t: t.kit.adopt_rule_book("club", "circlekit_2026", by="mei"),
        ),
    ],
    "add_customer": [
        (
            lambda t: _call("c2", channel="splash", by="sun"),
            lambda t: "c2",
            lambda t: [
                (
                    "customer/c2",
                    cu.CustomerAdded(
                        channel="splash", zone="Asia/Shanghai", by="sun", at=AT
                    ),
                ),
                ("customer/c2", RuleBookAdopted(book=WECOM_2020, by="sun", at=AT)),
            ],
        ),
        (
            lambda t: _call(
                "c2",
                channel="splash",
                by="sun",
                organisation="acme",
                zone="UTC",
                rules="seed_literal",
            ),
            lambda t: "c2",
            lambda t: [
                (
                    "customer/c2",
                    cu.CustomerAdded(
                        channel="splash",
                        organisation="acme",
                        zone="UTC",
                        by="sun",
                        at=AT,
                    ),
                ),
                ("customer/c2", RuleBookAdopted(book=SEED_LITERAL, by="sun", at=AT)),
            ],
        ),
    ],
    "assign_homework": [
        (
            lambda t: _call(
                "school", by="wei", title="Sums", due_at=TOMORROW, homework="sums"
            ),
            lambda t: "sums",
            lambda t: [
                (
                    "homework/sums",
                    h.HomeworkAssigned(
                        circle="school",
                        title="Sums",
                        to=("yan", "bo"),
                        role="student",
                        scale=Scale("passed"),
                        due_at=TOMORROW,
                        by="wei",
                        at=AT,
                    ),
                )
            ],
        ),
        (
            lambda t: _call(
                "school",
                by="wei",
                title="Sums",
                text="Ten of them",
                attachments=["sums.pdf"],
                to=["bo", "bo"],
                scale=Scale("letters", letters=["A", "B"]),
                due_at=TOMORROW,
                late_until=TOMORROW,
                command_id="sums",
            ),
            lambda t: "sums",
            lambda t: [
                (
                    "homework/sums",
                    h.HomeworkAssigned(
                        circle="school",
                        title="Sums",
                        text="Ten of them",
                        attachments=("sums.pdf",),
                        to=("bo",),
                        scale=Scale("letters", letters=("A", "B")),
                        due_at=TOMORROW,
                        late_until=TOMORROW,
                        by="wei",
                        at=AT,
                    ),
                )
            ],
        ),
    ],
    "move_homework_due": [
        (
            lambda t: _call("essay", DUE + timedelta(days=1), by="wei"),
            None,
            lambda t: [
                (
                    "homework/essay",
                    h.HomeworkDueMoved(
                        due_at=DUE + timedelta(days=1),
                        late_until=DUE + timedelta(days=2),
                        by="wei",
                        at=AT,
                    ),
                )
            ],
        ),
        (
            lambda t: _call("essay", DUE + timedelta(days=9), by="wei"),
            None,
            lambda t: [
                (
                    "homework/essay",
                    h.HomeworkDueMoved(
                        due_at=DUE + timedelta(days=9),
                        late_until=DUE + timedelta(days=9),
                        by="wei",
                        at=AT,
                    ),
                )
            ],
        ),
    ],
    "cancel_homework": [
        (
            lambda t: _call("essay", by="wei", reason="Snow"),
            None,
            lambda t: [
                (
                    "homework/essay",
                    h.HomeworkCancelled(reason="Snow", by="wei", at=AT),
                )
            ],
        )
    ],
    "submit_homework": [
        (
            lambda t: _call("essay", by="bo", text="My river"),
            lambda t: 3,
            lambda t: [
                (
                    "homework/essay",
                    h.HomeworkSubmitted(text="My river", by="bo", at=AT),
                )
            ],
        ),
        (
            lambda t: _call("essay", by="yan", images=["a.png"], attachments=["b"]),
            lambda t: 4,
            lambda t: [
                (
                    "homework/essay",
                    h.HomeworkSubmitted(
                        images=("a.png",), attachments=("b",), by="yan", at=AT
                    ),
                )
            ],
            lambda t: t.kit.return_homework("essay", "yan", by="wei"),
        ),
    ],
    "withdraw_homework": [
        (
            lambda t: _call("essay", by="yan"),
            None,
            lambda t: [("homework/essay", h.HomeworkWithdrawn(by="yan", at=AT))],
        )
    ],
    "grade_homework": [
        (
            lambda t: _call("essay", "yan", 17, by="wei", comment="Good"),
            None,
            lambda t: [
                (
                    "homework/essay",
                    h.HomeworkGraded(
                        student="yan",
                        submission=2,
                        mark=17,
                        comment="Good",
                        by="wei",
                        at=AT,
                    ),
                )
            ],
        )
    ],
    "grade_with": [
        (
            lambda t: _call("essay", "yan", grader="word-count", by="wei"),
            lambda t: Grade(2, "2 words"),
            lambda t: [
                (
                    "homework/essay",
                    h.HomeworkGraded(
                        student="yan",
                        submission=2,
                        mark=2,
                        comment="2 words",
                        grader="word-count",
                        by="wei",
                        at=AT,
                    ),
                )
            ],
        )
    ],
    "return_homework": [
        (
            lambda t: _call("essay", "yan", by="wei", comment="More", until=TOMORROW),
            None,
            lambda t: [
                (
                    "homework/essay",
                    h.HomeworkReturned(
                        student="yan",
                        submission=2,
                        comment="More",
                        until=TOMORROW,
                        by="wei",
                        at=AT,
                    ),
                )
            ],
        )
    ],
    "comment_on_homework": [
        (
            lambda t, by=by: _call("essay", "yan", by=by, text="Which?"),
            None,
            lambda t, by=by: [
                (
                    "homework/essay",
                    h.HomeworkCommented(student="yan", text="Which?", by=by, at=AT),
                )
            ],
        )
        for by in ("wei", "yan")
    ],
    "name_guardian": [
        (
            lambda t: _call("bo", "ana", by="head", zone="UTC"),
            None,
            lambda t: [
                (
                    "reader/bo",
                    gu.GuardianNamed(guardian="ana", zone="UTC", by="head", at=AT),
                )
            ],
        )
    ],
    "dismiss_guardian": [
        (
            lambda t: _call("yan", "ana", by="head"),
            None,
            lambda t: [
                ("reader/yan", gu.GuardianDismissed(guardian="ana", by="head", at=AT))
            ],
        )
    ],
    "send_guardian_digest": [
        (
            lambda t: _call("yan", "ana", by="worker"),
            lambda t: t.kit.guardian_digest("yan", "ana"),
            lambda t: [
                (
                    "reader/yan",
                    gu.GuardianDigestSent(
                        guardian="ana",
                        day="2020-03-01",
                        since=AT,
                        until=AT,
                        by="worker",
                        at=AT,
                    ),
                )
            ],
        )
    ],
    "complete_profile": [
        (
            lambda t: _call("c1", by="sun"),
            None,
            lambda t: [("customer/c1", cu.ProfileCompleted(by="sun", at=AT))],
        )
    ],
    "tag_customer": [
        (
            lambda t: _call("c1", "regular", by="sun"),
            None,
            lambda t: [
                ("customer/c1", cu.CustomerTagged(tag="regular", by="sun", at=AT))
            ],
        )
    ],
    "untag_customer": [
        (
            lambda t: _call("c1", "regular", by="sun"),
            None,
            lambda t: [
                ("customer/c1", cu.CustomerUntagged(tag="regular", by="sun", at=AT))
            ],
            lambda t: t.kit.tag_customer("c1", "regular", by="sun"),
        )
    ],
    "assign_customer": [
        (
            lambda t: _call("c1", "zoe", by="sun"),
            None,
            lambda t: [
                ("customer/c1", cu.CustomerAssigned(owner="zoe", by="sun", at=AT))
            ],
        )
    ],
    "request_to_join": [
        (
            lambda t: _call("club", "new", channel="qr", source="door"),
            None,
            lambda t: [
                (
                    "circle/club",
                    j.JoinRequested(member="new", channel="qr", source="door", at=AT),
                )
            ],
        )
    ],
    "withdraw_request": [
        (
            lambda t: _call("club", "new"),
            None,
            lambda t: [("circle/club", j.RequestWithdrawn(member="new", at=AT))],
            _request,
        )
    ],
    "approve_request": [
        (
            lambda t: _call("club", "new", by="lin"),
            lambda t: Joined("club", ALLOWED),
            lambda t: [
                ("circle/club", j.RequestApproved(member="new", by="lin", at=AT)),
                (
                    "circle/club",
                    c.MemberJoined(member="new", channel="qr", source="door", at=AT),
                ),
                ("group/club", g.GroupJoined(member="new", at=AT)),
            ],
            _request,
        )
    ],
    "decline_request": [
        (
            lambda t: _call("club", "new", by="lin"),
            None,
            lambda t: [
                ("circle/club", j.RequestDeclined(member="new", by="lin", at=AT))
            ],
            _request,
        )
    ],
    "invite": [
        (
            lambda t: _call("club", by="tao", member="new", until=TOMORROW),
            lambda t: InvitationId("club", _next(t)),
            lambda t: [
                (
                    "circle/club",
                    j.InvitationMade(member="new", until=TOMORROW, by="tao", at=AT),
                )
            ],
        )
    ],
    "accept_invitation": [
        (
            lambda t: _call(t.ids["invitation"], "new"),
            lambda t: Joined("club", ALLOWED),
            lambda t: [
                (
                    "circle/club",
                    c.MemberJoined(
                        member="new",
                        invited_by="tao",
                        channel="link",
                        source="mail",
                        invitation=t.ids["invitation"].version,
                        at=AT,
                    ),
                ),
                ("group/club", g.GroupJoined(member="new", at=AT)),
            ],
            _invite,
        )
    ],
    "decline_invitation": [
        (
            lambda t: _call(t.ids["invitation"], by="new"),
            None,
            lambda t: [
                (
                    "circle/club",
                    j.InvitationDeclined(
                        invitation=t.ids["invitation"].version, by="new", at=AT
                    ),
                )
            ],
            _invite,
        )
    ],
    "revoke_invitation": [
        (
            lambda t: _call(t.ids["invitation"], by="lin"),
            None,
            lambda t: [
                (
                    "circle/club",
                    j.InvitationRevoked(
                        invitation=t.ids["invitation"].version, by="lin", at=AT
                    ),
                )
            ],
            _invite,
        )
    ],
    "accept_convention": [
        (
            lambda t: _call("club", "v1", by="tao"),
            None,
            lambda t: [
                ("circle/club", j.ConventionAccepted(version="v1", by="tao", at=AT))
            ],
            lambda t: t.kit.adopt_rule_book(
                "club", evolve(DINGTALK_2020, name="ours", convention="v1"), by="mei"
            ),
        )
    ],
    "admit_partner": [
        (
            lambda t: _call("shop", "acme", by="keeper"),
            None,
            lambda t: [
                (
                    "circle/shop",
                    j.PartnerAdmitted(organisation="acme", by="keeper", at=AT),
                )
            ],
        )
    ],
    "end_partnership": [
        (
            lambda t: _call("shop", "acme", by="keeper"),
            None,
            lambda t: [
                (
                    "circle/shop",
                    j.PartnershipEnded(organisation="acme", by="keeper", at=AT),
                )
            ],
            lambda t: t.kit.admit_partner("shop", "acme", by="keeper"),
        )
    ],
    "register_organisation": [
        (
            lambda t: _call("acme", name="Acme", by="amy", circle="all"),
            lambda t: "all",
            lambda t: [
                (
                    "organisation/acme",
                    o.OrganisationRegistered(
                        name="Acme",
                        zone="Asia/Shanghai",
                        all_staff="all",
                        by="amy",
                        at=AT,
                    ),
                ),
                (
                    "organisation/acme",
                    o.CircleAttached(circle="all", kind="internal", by="amy", at=AT),
                ),
                ("organisation/acme", o.StaffJoined(member="amy", by="amy", at=AT)),
                (
                    "organisation/acme",
                    o.CircleAttached(circle="firm", kind="internal", by="amy", at=AT),
                ),
                ("organisation/acme", o.StaffJoined(member="boss", by="amy", at=AT)),
                (
                    "circle/all",
                    c.CircleFounded(
                        name="Acme",
                        kind="internal",
                        zone="Asia/Shanghai",
                        organisation="acme",
                        by="amy",
                        at=AT,
                    ),
                ),
                ("circle/all", RuleBookAdopted(book=DINGTALK_2020, by="amy", at=AT)),
                ("circle/all", c.GroupLinked(group="all", bound=True, by="amy", at=AT)),
                ("circle/all", c.AllStaffDesignated(by="amy", at=AT)),
                ("circle/all", c.MemberJoined(member="boss", staff_of="acme", at=AT)),
                ("group/all", g.GroupFounded(name="Acme", by="amy", at=AT)),
                ("group/all", g.CircleLinked(circle="all", by="amy", at=AT)),
                ("group/all", g.GroupJoined(member="amy", at=AT)),
                ("group/all", g.GroupJoined(member="boss", at=AT)),
            ],
        )
    ],
    "staff_joined": [
        (
            lambda t: _call("acme", ["amy", "boss", "amy"], by="hr"),
            lambda t: StaffReport(("amy",)),
            lambda t: [
                ("organisation/acme", o.StaffJoined(member="amy", by="hr", at=AT)),
                ("circle/all", c.MemberJoined(member="amy", staff_of="acme", at=AT)),
                ("group/all", g.GroupJoined(member="amy", at=AT)),
            ],
            _acme,
        )
    ],
    "staff_left": [
        (
            lambda t: _call("acme", ["zoe", "amy"], by="hr"),
            lambda t: StaffReport(("zoe",)),
            lambda t: [
                ("organisation/acme", o.StaffLeft(member="zoe", by="hr", at=AT)),
                ("circle/all", c.MemberLeft(member="zoe", at=AT)),
                ("group/all", g.GroupLeft(member="zoe", by="zoe", at=AT)),
            ],
            _acme,
        )
    ],
    "role_verified": [
        (
            lambda t: _call("acme", "zoe", "teacher", by="hr", until=TOMORROW),
            None,
            lambda t: [
                (
                    stream,
                    ro.RoleVerified(
                        member="zoe", role="teacher", until=TOMORROW, by="hr", at=AT
                    ),
                )
                for stream in ("organisation/acme", "circle/all")
            ],
            _acme,
        )
    ],
    "role_expired": [
        (
            lambda t: _call("acme", "zoe", "teacher", by="hr"),
            None,
            lambda t: [
                (stream, ro.RoleExpired(member="zoe", role="teacher", by="hr", at=AT))
                for stream in ("organisation/acme", "circle/all")
            ],
            lambda t: (_acme(t), t.kit.role_verified("acme", "zoe", "teacher", by="h")),
        )
    ],
    "verify_role": [
        (
            lambda t: _call("club", "tao", "parent", by="hr"),
            None,
            lambda t: [
                ("circle/club", ro.RoleVerified(member="tao", role="parent", **_HR)),
            ],
        )
    ],
    "succeed_owner": [
        (
            lambda t: _call("club", by="hr", reason="Moved"),
            None,
            lambda t: [
                ("circle/club", c.OwnerSucceeded(owner="lin", reason="Moved", **_HR)),
                ("circle/club", c.MemberLeft(member="mei", at=AT)),
                ("group/club", g.GroupLeft(member="mei", by="mei", at=AT)),
                ("group/side", g.GroupLeft(member="mei", by="mei", at=AT)),
            ],
        )
    ],
    "close_circle": [
        (
            lambda t: _call("club", by="mei", reason="Holidays"),
            None,
            lambda t: [
                ("circle/club", cl.CircleClosed(reason="Holidays", by="mei", at=AT))
            ],
        )
    ],
    "reopen_circle": [
        (
            lambda t: _call("club", by="mei"),
            None,
            lambda t: [("circle/club", cl.CircleReopened(by="mei", at=AT))],
            lambda t: t.kit.close_circle("club", by="mei", reason="Holidays"),
        )
    ],
    "archive_circle": [
        (
            lambda t: _call("club", by="mei", reason="Over"),
            None,
            lambda t: [
                ("circle/club", cl.CircleArchived(reason="Over", by="mei", at=AT))
            ],
        ),
        (
            lambda t: _call("club", by="mei", reason="Over"),
            None,
            lambda t: [
                ("circle/club", cl.CircleArchived(reason="Over", by="mei", at=AT))
            ],
            lambda t: t.kit.close_circle("club", by="mei", reason="Holidays"),
        ),
    ],
    "schedule_live": [
        (
            lambda t: _call(
                "school",
                by="head",
                title="Letters",
                groups=["school"],
                starts_at=TOMORROW,
                live="letters",
            ),
            lambda t: "letters",
            lambda t: [
                (
                    "live/letters",
                    li.LiveScheduled(
                        circle="school",
                        groups=("school",),
                        title="Letters",
                        starts_at=TOMORROW,
                        by="head",
                        at=AT,
                    ),
                )
            ],
        ),
        (
            lambda t: _call("school", by="ann", title="Letters", live="letters"),
            lambda t: "letters",
            lambda t: [
                (
                    "live/letters",
                    li.LiveScheduled(
                        circle="school",
                        groups=("school", "homework"),
                        title="Letters",
                        by="ann",
                        at=AT,
                    ),
                )
            ],
            _live,
        ),
    ],
    "start_live": [
        (
            lambda t: _call("sums", by="head"),
            None,
            lambda t: [("live/sums", li.LiveStarted(by="head", at=AT))],
            _live,
        )
    ],
    "cancel_live": [
        (
            lambda t: _call("sums", by="head", reason="Snow"),
            None,
            lambda t: [
                ("live/sums", li.LiveCancelled(reason="Snow", by="head", at=AT))
            ],
            _live,
        )
    ],
    "end_live": [
        (
            lambda t: _call("sums", by="head"),
            None,
            lambda t: [("live/sums", li.LiveEnded(by="head", at=AT))],
            _started,
        )
    ],
    "join_live": [
        (
            lambda t: _call("sums", "sam"),
            lambda t: Admission("sums", "school", AT),
            lambda t: [
                ("live/sums", li.LiveJoined(member="sam", group="school", at=AT))
            ],
            _started,
        ),
        (
            lambda t: _call("sums", "sam", group="homework"),
            lambda t: Admission(
                "sums", "homework", AT, until=AT + timedelta(minutes=40)
            ),
            lambda t: [
                (
                    "live/sums",
                    li.LiveJoined(
                        member="sam",
                        group="homework",
                        until=AT + timedelta(minutes=40),
                        at=AT,
                    ),
                )
            ],
            _capped,
        ),
    ],
    "leave_live": [
        (
            lambda t: _call("sums", "head"),
            None,
            lambda t: [("live/sums", li.LiveLeft(member="head", at=AT))],
            _started,
        )
    ],
    "like_live": [
        (
            lambda t: _call("sums", "head", times=7),
            None,
            lambda t: [("live/sums", li.LiveLiked(member="head", times=7, at=AT))],
            _started,
        )
    ],
    "publish_replay": [
        (
            lambda t: _call("sums", "sums.mp4", by="ann"),
            None,
            lambda t: [
                (
                    "live/sums",
                    li.ReplayPublished(reference="sums.mp4", by="ann", at=AT),
                )
            ],
            _ended,
        )
    ],
    "contact_customer": [
        (
            lambda t: _call("c1", by="zoe"),
            None,
            lambda t: [("customer/c1", cu.CustomerContacted(by="zoe", at=AT))],
        )
    ],
    "create_mass_send": [
        (
            lambda t: _call(
                source="member",
                by="mei",
                text="Sale",
                images=["tea.png"],
                customers=["c1", "c1"],
                groups=("side", "guild"),
                rules="wecom_2025",
                mass_send="sale",
            ),
            lambda t: "sale",
            lambda t: [
                (
                    "mass-send/sale",
                    ms.MassSendCreated(
                        source="member",
                        text="Sale",
                        images=("tea.png",),
                        shares=(
                            ms.Share(
                                sender="mei",
                                customers=("c1",),
                                groups=("side", "guild"),
                            ),
                        ),
                        by="mei",
                        at=AT,
                    ),
                ),
                ("mass-send/sale", RuleBookAdopted(book=WECOM_2025, by="mei", at=AT)),
            ],
        ),
        (
            lambda t: _call(
                source="enterprise",
                by="hq",
                text="Sale",
                customers=["c1"],
                groups=["side", "guild"],
                mass_send="sale",
            ),
            lambda t: "sale",
            lambda t: [
                (
                    "mass-send/sale",
                    ms.MassSendCreated(
                        source="enterprise",
                        text="Sale",
                        shares=(
                            ms.Share(sender="sun", customers=("c1",)),
                            ms.Share(sender="mei", groups=("side",)),
                            ms.Share(sender="ana", groups=("guild",)),
                        ),
                        by="hq",
                        at=AT,
                    ),
                ),
                ("mass-send/sale", RuleBookAdopted(book=WECOM_2020, by="hq", at=AT)),
            ],
        ),
    ],
    "confirm_mass_send": [
        (
            lambda t: _call("sale", by="zoe"),
            lambda t: Reached(customers=["c1"]),
            lambda t: [
                ("mass-send/sale", ms.MassSendConfirmed(by="zoe", at=AT)),
                (
                    "customer/c1",
                    ms.MassSendDelivered(
                        mass_send="sale", source="enterprise", by="zoe", at=AT
                    ),
                ),
            ],
            _sale,
        ),
        (
            lambda t: _call("sale", by="mei"),
            lambda t: Reached(groups=["side"]),
            lambda t: [
                ("mass-send/sale", ms.MassSendConfirmed(by="mei", at=AT)),
                (
                    "group/side",
                    g.MessageSent(text="Sale", images=("tea.png",), by="mei", at=AT),
                ),
                (
                    "group/side",
                    ms.MassSendDelivered(
                        mass_send="sale", source="enterprise", by="mei", at=AT
                    ),
                ),
            ],
            _sale,
        ),
    ],
    "friendship_begun": [
        (
            lambda t: _call("c1", "zoe", by="wecom"),
            None,
            lambda t: [
                (
                    "customer/c1",
                    cu.FriendshipBegun(member="zoe", by="wecom", at=AT),
                )
            ],
        )
    ],
    "friendship_ended": [
        (
            lambda t: _call("c1", "sun", by="wecom"),
            None,
            lambda t: [
                (
                    "customer/c1",
                    cu.FriendshipEnded(member="sun", by="wecom", at=AT),
                )
            ],
        ),
        (
            lambda t: _call("c1", by="wecom"),
            None,
            lambda t: [("customer/c1", cu.FriendshipEnded(by="wecom", at=AT))],
        ),
    ],
    "cancel_mass_send": [
        (
            lambda t: _call("sale", by="hq", reason="Sold out"),
            None,
            lambda t: [
                (
                    "mass-send/sale",
                    ms.MassSendCancelled(reason="Sold out", by="hq", at=AT),
                )
            ],
            _sale,
        )
    ],
    "remind_mass_send": [
        (
            lambda t: _call("sale", by="hq"),
            lambda t: ("zoe", "mei"),
            lambda t: [
                (
                    "mass-send/sale",
                    ms.MassSendReminded(senders=("zoe", "mei"), by="hq", at=AT),
                )
            ],
            _sale,
        )
    ],
    "attest_minor": [
        (
            lambda t: _call("sam", until=TOMORROW, zone="Europe/Berlin"),
            None,
            lambda t: [
                (
                    "reader/sam",
                    r.MinorAttested(until=TOMORROW, zone="Europe/Berlin", at=AT),
                )
            ],
        )
    ],
    "show_moment": [
        (
            lambda t: _call("m1", "c1", source="member", by="sun"),
            None,
            lambda t: [
                (
                    "customer/c1",
                    cu.MomentShown(moment="m1", source="member", by="sun", at=AT),
                )
            ],
        )
    ],
    "schedule_post": [
        (
            lambda t: _call(
                "club",
                by="tao",
                text="Soon",
                images=["a.png"],
                videos=["b.mp4"],
                topic="Books",
                sync=False,
                groups=["side", "side"],
                release_at=TOMORROW,
            ),
            lambda t: ScheduledId("club", _next(t)),
            lambda t: [
                (
                    "circle/club",
                    sc.PostScheduled(
                        release_at=TOMORROW,
                        text="Soon",
                        images=("a.png",),
                        videos=("b.mp4",),
                        topic="Books",
                        sync=False,
                        groups=("side",),
                        by="tao",
                        at=AT,
                    ),
                )
            ],
        )
    ],
    "schedule_must_see": [
        (
            lambda t: _call("club", by="lin", text="Soon", release_at=TOMORROW),
            lambda t: ScheduledId("club", _next(t)),
            lambda t: [
                (
                    "circle/club",
                    sc.MustSeeScheduled(
                        release_at=TOMORROW, text="Soon", by="lin", at=AT
                    ),
                )
            ],
        )
    ],
    "move_scheduled": [
        (
            lambda t: _call(t.ids["waits"], TOMORROW + timedelta(1), by="tao"),
            None,
            lambda t: [
                (
                    "circle/club",
                    sc.ScheduledMoved(
                        scheduled=_version(t.ids["waits"]),
                        release_at=TOMORROW + timedelta(1),
                        by="tao",
                        at=AT,
                    ),
                )
            ],
            _waits,
        )
    ],
    "cancel_scheduled": [
        (
            lambda t: _call(str(t.ids["waits"]), by="wu"),
            None,
            lambda t: [
                (
                    "circle/club",
                    sc.ScheduledCancelled(
                        scheduled=_version(t.ids["waits"]), by="wu", at=AT
                    ),
                )
            ],
            _waits,
        )
    ],
    "set_quiet_hours": [
        (
            lambda t: _call(
                "tao", context="work", starts="22:00", ends="07:00", zone="UTC"
            ),
            None,
            lambda t: [
                (
                    "reader/tao",
                    a.QuietHoursSet(
                        context="work", starts="22:00", ends="07:00", zone="UTC", at=AT
                    ),
                )
            ],
        ),
        (
            lambda t: _call("tao", context="minor"),
            None,
            lambda t: [("reader/tao", a.QuietHoursSet(context="minor", at=AT))],
            lambda t: t.kit.set_quiet_hours(
                "tao", context="minor", starts="20:00", ends="07:00", zone="UTC"
            ),
        ),
    ],
    "set_attention_budget": [
        (
            lambda t: _call("tao", context="work", pushes=3),
            None,
            lambda t: [
                (
                    "reader/tao",
                    a.AttentionBudgetSet(
                        context="work", pushes=3, zone="Asia/Shanghai", at=AT
                    ),
                )
            ],
        )
    ],
    "mute_circle": [
        (
            lambda t: _call("club", by="tao"),
            None,
            lambda t: [("reader/tao", a.CircleMuted(circle="club", on=True, at=AT))],
        )
    ],
    "label_circle": [
        (
            lambda t: _call("club", "work", by="mei"),
            None,
            lambda t: [
                ("circle/club", c.CircleLabelled(context="work", by="mei", at=AT))
            ],
        )
    ],
    "set_industries": [
        (
            lambda t: _call("club", ["Tea", "Tea", "Books"], by="mei"),
            None,
            lambda t: [
                (
                    "circle/club",
                    c.IndustriesSet(industries=("Tea", "Books"), by="mei", at=AT),
                )
            ],
        ),
        (
            lambda t: _call("club", [], by="mei"),
            None,
            lambda t: [
                ("circle/club", c.IndustriesSet(industries=(), by="mei", at=AT))
            ],
            lambda t: t.kit.set_industries("club", ["Tea"], by="mei"),
        ),
    ],
}

CASES |= duty_cases.DONE


def _all():
    for command, cases in CASES.items():
        for number, (call, answer, facts, *before) in enumerate(cases):
            yield pytest.param(
                command,
                call,
                answer or (lambda _: None),
                facts,
                before[0] if before else None,
                id=f"{command}-{number}",
            )


@pytest.mark.covers("A006", "A015", "A029", "A030", "A031", "A039")
@pytest.mark.parametrize(("command", "call", "answer", "facts", "before"), list(_all()))
def test_done(town, command, call, answer, facts, before):
    """
    A command that nothing stands against records these facts and no others.

    When it was asked about before, it was allowed.
    """
    if before is not None:
        before(town)
    already, expected = history(town.kit), answer(town)
    new = facts(town)
    asked = town.ask(command, *call(town)[0], **call(town)[1])

    args, kwargs = call(town)
    answered = town.do(command, *args, **kwargs)

    assert ALLOWED == asked
    assert expected == answered
    assert already + new == history(town.kit)
    assert [] == refusals(town.kit)


def test_every_command_is_done():
    """
    No command is left out of the cases above.
    """
    assert set(_COMMANDS) == set(CASES)
