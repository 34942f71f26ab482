"""
Random communities: people who do whatever comes into their heads, through the kit.
"""

from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from attrs import Factory, define, evolve, frozen
from hypothesis import strategies as st

from circlekit import (
    CALENDAR_MONTH,
    Budget,
    CircleKit,
    ManualClock,
    NotFoundError,
    Scale,
    rolling,
)
from circlekit.policies.graders import known_graders
from circlekit.rulebook import CIRCLEKIT_2026, DINGTALK_2020, SEED_LITERAL, WECOM_2020
from circlekit.verdict import Verdict
from tests.application.town import GRADERS, outcome

START = datetime(2020, 2, 25, 12, tzinfo=UTC)
PEOPLE = ("mei", "lin", "tao", "ben", "eve")
CIRCLES = ("club", "guild")
LIVES = ("sums", "words")
GROUPS = ("side", "club", "side", "guild")
CUSTOMERS = ("c1", "c2")
CHANNELS = ("qr", "link", "splash", "product-page", None)
STUDENTS = ("tao", "ben", "tao", "eve")
HOMEWORK = ("essay", "essay", "sums")
TOPICS = ("run", "run", "read", "well")
ORGANISATIONS = ("acme", "other")
EMOJI = ("👍", "🎉")
RELAYS = ("off", "digest", "all", None)
SUBJECTS = (None, "Tea", "Chess")
BOOKS = (
    DINGTALK_2020,
    WECOM_2020,
    SEED_LITERAL,
    evolve(
        DINGTALK_2020,
        name="quiet",
        comment_relay="off",
        pins=2,
        community_joining="application",
        convention="v1",
    ),
    CIRCLEKIT_2026,
    evolve(CIRCLEKIT_2026, name="loud", comment_relay="all", comment_digest_seconds=60),
    evolve(
        DINGTALK_2020,
        name="small",
        group_capacity=4,
        strict_private_chat=True,
        make_up_days=3,
        make_ups_a_month=2,
        must_see=(
            Budget("must-see-month", 2, CALENDAR_MONTH),
            Budget("must-see-week", 3, rolling(days=7)),
        ),
    ),
)
SCHOOL = evolve(DINGTALK_2020, name="school", minor_live_minutes=45)
# From a moment to more than a month.
PAUSES = (0, 0, 1, 3_600, 12 * 3_600, 86_399, 86_400, 3 * 86_400, 20 * 86_400)


@frozen
class Act:
    """
    One thing somebody does; the numbers pick whom and what it is about.
    """

    command: str
    pause: int
    who: int
    other: int
    circle: int
    thing: int
    switch: int


def scripts(*commands: str, least: int, most: int) -> st.SearchStrategy[list[Act]]:
    """
    Return lists of things that people do, by any of some commands, or of all.

    Only the seed and the length are Hypothesis's: left to draw each act, it does the
    same few over and over. A failing script shrinks to its shortest beginning.
    """

    def script(seed: int, length: int) -> list[Act]:
        dice = Random(seed)  # noqa: S311
        return [an_act(dice, commands or tuple(COMMANDS)) for _ in range(length)]

    return st.builds(
        script, seed=st.integers(0, 2**32 - 1), length=st.integers(least, most)
    )


def an_act(dice: Random, commands: tuple[str, ...]) -> Act:
    """
    Return something that somebody does by one of some commands.
    """
    return Act(
        command=dice.choice(commands),
        pause=dice.choice(PAUSES),
        who=dice.choice((0, 0, 0, 0, 1, 2, 3, 4)),  # mostly the owner
        other=dice.randrange(8),
        circle=dice.choice((0, 0, 0, 1)),
        thing=dice.randrange(8),
        switch=dice.randrange(8),
    )


@define
class Community:
    """
    Two circles, three groups and some people, and everything they have written.
    """

    kit: CircleKit
    clock: ManualClock
    posts: list[Any] = Factory(list)
    comments: list[Any] = Factory(list)
    messages: list[Any] = Factory(list)
    invitations: list[Any] = Factory(list)
    check_ins: list[Any] = Factory(list)

    def settle(self) -> None:
        """
        Found it.
        """
        kit = self.kit
        kit.found_circle(
            name="Club",
            kind="community",
            by="mei",
            circle="club",
            zone="UTC",
            organisation="acme",
        )
        for member in ("lin", "tao"):
            kit.join_circle("club", member, staff_of="acme")
        kit.appoint_manager("club", "lin", by="mei")
        kit.found_circle(name="Guild", kind="community", by="mei", circle="guild")
        kit.join_circle("guild", "tao")
        kit.link_group("club", by="mei", name="Side room", group="side")
        kit.join_group("side", "tao")
        kit.add_customer("c1", channel="qr", by="mei")
        kit.found_circle(
            name="School", kind="teaching", by="mei", circle="school", zone="UTC"
        )
        kit.join_circle("school", "lin", verified_role="teacher")
        kit.join_circle("school", "tao", verified_role="student")
        kit.assign_homework(
            "school",
            by="lin",
            title="Homework",
            due_at=self.clock.now + timedelta(days=2),
            scale=Scale("points", most=5),
            homework="essay",
        )
        kit.name_guardian("tao", "eve", by="host", zone="UTC")
        kit.found_circle(
            name="Class", kind="teaching", by="mei", circle="class", rules=SCHOOL
        )
        kit.join_circle("class", "lin", verified_role="teacher")
        kit.join_circle("class", "tao", verified_role="student")
        kit.link_group("class", by="mei", name="Homework", group="homework")
        kit.join_group("homework", "tao")
        kit.schedule_live("class", by="lin", title="Sums", live="sums")
        kit.start_live("sums", by="lin")
        kit.register_organisation(
            "acme", name="Acme", by="mei", circle="all 0", rules=CIRCLEKIT_2026
        )
        self.posts.append(kit.publish_post("club", by="tao", text="Welcome"))
        self.comments.append(kit.add_comment(self.posts[0], by="lin", text="Thanks"))
        self.messages.append(kit.send_message("club", by="tao", text="Hello"))
        kit.assign_todo("club", by="mei", title="Thing", to=["tao"], todo="to-do 0")
        kit.start_approval(
            "club",
            by="mei",
            title="Plan",
            steps=[("tao", "acme"), ("lin", "acme")],
            approval="approval 0",
        )
        kit.make_topic("club", name="Running", kind="sport", by="tao", topic="run")
        self.check_ins.append(kit.check_in("run", by="tao").check_in)
        kit.attach_identity(
            "tao", system="wechat", external_id="id 0", attested="oauth", by="tao"
        )

    def asked(self, act: Act) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
        """
        Return the command, and what it is given.
        """
        args, kwargs = COMMANDS[act.command](self, act)
        return act.command, args, kwargs

    def live(self, acts: Iterable[Act]) -> None:
        """
        Do one act after another, but for those about something that is not there.
        """
        for act in acts:
            with suppress(NotFoundError):
                self.do(act)

    def do(self, act: Act) -> Verdict:
        """
        Let time pass, do it, and return how it was answered.
        """
        self.clock.forward(seconds=act.pause)
        return self.do_now(act)

    def do_now(self, act: Act) -> Verdict:
        """
        Do it, and return how it was answered.
        """
        name, args, kwargs = self.asked(act)

        def carry_out() -> None:
            answer = getattr(self.kit, name)(*args, **kwargs)
            if name in {"publish_post", "send_must_see"}:
                self.posts.append(answer)
            elif name == "add_comment":
                self.comments.append(answer)
            elif name == "invite":
                self.invitations.append(answer)
            elif name == "send_message":
                self.messages.append(answer)
            elif name in {"check_in", "make_up_check_in"}:
                self.check_ins.append(answer.check_in)
                self.posts += [answer.post] if answer.post else []

        return outcome(carry_out)

    def post(self, act: Act) -> Any:
        """
        Return one of the newest posts.
        """
        return _newest(self.posts, act.thing)


def opened(kit: CircleKit, clock: ManualClock) -> Community:
    """
    Return a community that has just been founded.
    """
    # Random people know one grader, whatever the kit that they are given was given.
    kit._graders = known_graders(GRADERS)
    community = Community(kit, clock)
    community.settle()
    return community


def started() -> ManualClock:
    """
    Return a clock at which communities begin.
    """
    return ManualClock(START)


def _newest(things: list[Any], number: int) -> Any:
    return things[-1 - number % len(things)]


def _by(act: Act) -> str:
    return PEOPLE[act.who]


def _other(act: Act) -> str:
    return PEOPLE[act.other % len(PEOPLE)]


def _circle(act: Act) -> str:
    return CIRCLES[act.circle]


def _group(act: Act) -> str:
    return GROUPS[act.thing % len(GROUPS)]


def _topic(act: Act) -> str:
    return TOPICS[act.thing % len(TOPICS)]


def _topic_name(act: Act) -> str:
    return ("Running", "running", "Books", "Well-being")[act.other % 4]


def _customer(act: Act) -> str:
    return CUSTOMERS[act.thing % len(CUSTOMERS)]


def _on_member(it: Community, act: Act) -> Any:
    return (_circle(act), _other(act)), {"by": _by(act)}


def _on_post(it: Community, act: Act) -> Any:
    return (it.post(act),), {"by": _by(act)}


def _on_group(it: Community, act: Act) -> Any:
    return (_group(act),), {"by": _by(act)}


def _on_customer(it: Community, act: Act) -> Any:
    return (_customer(act),), {"by": _by(act)}


def _emoji(it: Community, act: Act) -> Any:
    return (it.post(act), EMOJI[act.switch % 2]), {"by": _by(act)}


def _reach(it: Community, act: Act) -> Any:
    more = {"already_related": True} if act.switch == 0 else {}
    return (_group(act),), {"by": _by(act), "to": _other(act), **more}


def _content(it: Community, act: Act) -> dict[str, Any]:
    content: dict[str, Any] = {
        "by": _by(act),
        "text": f"Word {len(it.posts)}.{act.switch}",
    }
    if act.other == 1:
        content["images"] = ("one.png",)
        content["videos"] = ("two.mp4",)
    if act.other == 2:
        content["groups"] = [_group(act)]
    if act.other == 3:
        content["groups"] = [_group(act), _circle(act), _group(act)]
    if act.other == 4:
        content["groups"] = ()
    return content


def _publish(it: Community, act: Act) -> Any:
    sync = (None, None, True, False)[act.switch % 4]
    topic = SUBJECTS[act.switch % 3]
    return (_circle(act),), {**_content(it, act), "sync": sync, "topic": topic}


def _must_see(it: Community, act: Act) -> Any:
    override = "A storm" if act.switch == 0 else None
    return (_circle(act),), {**_content(it, act), "override": override}


def _promote(it: Community, act: Act) -> Any:
    override = "A storm" if act.switch == 0 else None
    return (it.post(act),), {"by": _by(act), "override": override}


def _comment(it: Community, act: Act) -> Any:
    where = it.post(act)
    to = _newest(it.comments, act.other) if act.switch % 2 else None
    if to is not None and to.circle != where.circle:
        to = None
    text = f"Comment {len(it.comments)}"
    return (where,), {"by": _by(act), "text": text, "reply_to": to}


def _message(it: Community, act: Act) -> Any:
    to = _newest(it.messages, act.other) if act.switch % 2 else None
    if to is not None and to.group != _group(act):
        to = None
    text = f"Message {len(it.messages)}"
    more = {"videos": ["three.mp4"]} if act.other == 1 else {}
    return (_group(act),), {"by": _by(act), "text": text, "reply_to": to, **more}


def _for_a_while(it: Community, act: Act) -> dict[str, Any]:
    until = None if act.switch % 2 else it.clock.now + timedelta(hours=act.other)
    return {"reason": "Ads", "until": until}


def _announcements_only(it: Community, act: Act) -> Any:
    thread = _newest(it.messages, act.other) if act.switch % 2 else None
    if thread is not None and thread.group != _group(act):
        thread = None
    more = {"open_thread": thread, **_for_a_while(it, act)}
    return (_group(act),), {"by": _by(act), **more}


def _mute(it: Community, act: Act) -> Any:
    until = None if act.switch % 2 else it.clock.now + timedelta(hours=act.other)
    return (_group(act),), {"by": _by(act), "reason": "Ads", "until": until}


def _make_topic(it: Community, act: Act) -> Any:
    kind = ("sport", "results", "mood", "help", "talk")[act.switch % 5]
    return (_circle(act),), {
        "name": _topic_name(act),
        "by": _by(act),
        "kind": kind,
        "topic": _topic(act),
    }


def _check_in(it: Community, act: Act) -> Any:
    text = f"Done {len(it.check_ins)}" if act.switch % 2 else ""
    value = None if act.switch == 0 else act.switch * act.other
    place = "Gate" if act.other == 0 else None
    said = {"by": _by(act), "text": text, "value": value, "place": place}
    return (_topic(act),), said


def _make_up(it: Community, act: Act) -> Any:
    (topic,), said = _check_in(it, act)
    day = it.clock.now.date() - timedelta(days=act.other % 5)
    return (topic, day), said


def _link(it: Community, act: Act) -> Any:
    return (_circle(act),), {"by": _by(act), "name": "Room", "group": _group(act)}


def _circle_or_school(act: Act) -> str:
    return "school" if act.switch in {0, 1, 2} else _circle(act)


def _join(it: Community, act: Act) -> Any:
    circle = _circle_or_school(act)
    role = ("student", "student", "teacher", None)[act.thing % 4]
    if circle == "school":
        return (circle, _other(act)), {"verified_role": role}
    return (circle, _other(act)), {"staff_of": ("acme", None)[act.switch % 2]}


def _homework(act: Act) -> str:
    return HOMEWORK[act.thing % len(HOMEWORK)]


def _assign(it: Community, act: Act) -> Any:
    due_at = it.clock.now + timedelta(days=act.other)
    late = (None, timedelta(0), timedelta(days=2))[act.switch % 3]
    to = {"to": [_by(act), _other(act)]} if act.switch == 7 else {}
    return (("school", "school", "club")[act.thing % 3],), {
        "by": _teacher(act),
        "title": f"Homework {act.switch}",
        "due_at": due_at,
        "late_until": None if late is None else due_at + late,
        "scale": Scale("points", most=5),
        "homework": _homework(act),
        **to,
    }


def _teacher(act: Act) -> str:
    return "mei" if act.switch == 0 else "lin"


def _student(act: Act) -> str:
    return STUDENTS[act.other % len(STUDENTS)]


def _child(act: Act) -> Any:
    return (_student(act), _by(act)), {"by": "host"}


def _todo(act: Act) -> str:
    return f"to-do {act.thing % 3}"


def _approval(act: Act) -> str:
    return f"approval {act.thing % 3}"


def _soon(it: Community, act: Act) -> datetime | None:
    return None if act.other < 4 else it.clock.now + timedelta(hours=act.other - 5)


def _assign_todo(it: Community, act: Act) -> Any:
    to = [_other(act), _by(act)][: 1 + act.switch % 2]
    return (_circle(act),), {
        "by": _by(act),
        "title": f"Thing {act.switch}",
        "to": None if act.switch == 0 else to,
        "due_at": _soon(it, act),
        "todo": _todo(act),
    }


def _start(it: Community, act: Act) -> Any:
    asked = ((_by(act), "acme"), (_other(act), "acme"), ("tao", "acme"))
    return (_circle(act),), {
        "by": _by(act),
        "title": f"Plan {act.switch}",
        "steps": asked[act.switch % 2 :],
        "parallel": act.switch > 3,
        "due_at": _soon(it, act),
        "approval": _approval(act),
    }


def _live(it: Community, act: Act) -> str:
    return LIVES[act.thing % len(LIVES)]


def _on_live(it: Community, act: Act) -> Any:
    return (_live(it, act),), {"by": _by(act)}


def _at_live(it: Community, act: Act) -> Any:
    return (_live(it, act), _other(act)), {}


def _later(it: Community, act: Act) -> dict[str, Any]:
    hours = (0, 1, 12, 24, 25, 72, 24 * 20, 24 * 367)[act.switch]
    return {"release_at": it.clock.now + timedelta(hours=hours)}


def _schedule_post(it: Community, act: Act) -> Any:
    sync = (None, None, True, False)[act.switch % 4]
    return (_circle(act),), {**_content(it, act), **_later(it, act), "sync": sync}


def _scheduled(it: Community, act: Act) -> Any:
    # One of the newest that wait there, else a place where nothing does.
    found = [one.scheduled for one in it.kit.scheduled(_circle(act))]
    return found[act.thing % len(found)] if found else f"{_circle(act)}/1"


def _on_staff(it: Community, act: Act) -> Any:
    people = [_other(act), PEOPLE[act.switch % len(PEOPLE)]]
    return ("acme", people), {"by": _by(act)}


def _on_role(it: Community, act: Act) -> Any:
    until = None if act.switch % 2 else it.clock.now + timedelta(days=act.thing)
    return ("acme", _other(act), "teacher"), {"by": _by(act), "until": until}


def _verify(it: Community, act: Act) -> Any:
    role = ("student", "student", "teacher", "parent")[act.thing % 4]
    until = None if act.switch % 2 else it.clock.now + timedelta(days=act.other)
    return (_circle_or_school(act), _other(act), role), {"by": "hr", "until": until}


def _invitation(it: Community, act: Act) -> Any:
    return _newest(it.invitations or ["club/999"], act.thing)


COMMANDS: dict[str, Any] = {
    "found_circle": lambda it, act: (
        (),
        {
            "name": "Tea",
            "kind": "community",
            "by": _by(act),
            "circle": ("club", "tea", "chess", "go")[act.thing % 4],
            "group": ("club", "tea", "chess", None)[act.switch % 4],
        },
    ),
    "adopt_rule_book": lambda it, act: (
        (_circle(act), BOOKS[act.thing % len(BOOKS)]),
        {"by": _by(act)},
    ),
    "join_circle": _join,
    "leave_circle": lambda it, act: ((_circle_or_school(act), _other(act)), {}),
    "remove_member": lambda it, act: (
        (_circle_or_school(act), _other(act)),
        {"by": _by(act)},
    ),
    "appoint_manager": _on_member,
    "dismiss_manager": _on_member,
    "hand_over_circle": _on_member,
    "grant_override": _on_member,
    "revoke_override": _on_member,
    "switch_post_sync": lambda it, act: (
        (_circle(act),),
        {"on": bool(act.switch % 2), "by": _by(act)},
    ),
    "link_group": _link,
    "unlink_group": lambda it, act: ((_circle(act), _group(act)), {"by": _by(act)}),
    "publish_post": _publish,
    "edit_post": lambda it, act: (
        (it.post(act),),
        {"by": _by(act), "text": f"Edited {act.switch}", "videos": ["new.mp4"]},
    ),
    "remove_post": _on_post,
    "add_comment": _comment,
    "remove_comment": lambda it, act: (
        (_newest(it.comments, act.thing),),
        {"by": _by(act)},
    ),
    "react": _emoji,
    "withdraw_reaction": _emoji,
    "pin_post": _on_post,
    "unpin_post": _on_post,
    "send_must_see": _must_see,
    "promote_to_must_see": _promote,
    "acknowledge": lambda it, act: ((it.post(act),), {"by": _by(act)}),
    "mark_read": lambda it, act: (
        ([it.post(act), it.posts[-1]],),
        {"by": _by(act)},
    ),
    "join_group": lambda it, act: ((_group(act), _other(act)), {}),
    "leave_group": lambda it, act: ((_group(act), _other(act)), {}),
    "remove_from_group": lambda it, act: (
        (_group(act), _other(act)),
        {"by": _by(act)},
    ),
    "send_message": _message,
    "react_to_message": lambda it, act: (
        (_newest(it.messages, act.thing), EMOJI[act.switch % 2]),
        {"by": _by(act)},
    ),
    "set_announcement": lambda it, act: (
        (_group(act),),
        {"by": _by(act), "text": f"Announced {act.switch}"},
    ),
    "mute_group": _mute,
    "unmute_group": _on_group,
    "block_private_chat": _on_group,
    "allow_private_chat": _on_group,
    "open_private_chat": _reach,
    "send_friend_request": _reach,
    "set_group_topics": lambda it, act: (
        (_circle(act), _group(act), (("Tea",), ("Chess",), (), ())[act.switch % 4]),
        {"by": _by(act)},
    ),
    "set_slow_mode": lambda it, act: (
        (_group(act),),
        {"by": _by(act), "seconds": 1 + 3_600 * act.switch, **_for_a_while(it, act)},
    ),
    "lift_slow_mode": _on_group,
    "set_announcements_only": _announcements_only,
    "lift_announcements_only": _on_group,
    "redirect_thread": lambda it, act: (
        (_newest(it.messages, act.other), _group(act)),
        {"by": _by(act), "reason": "Off topic"},
    ),
    "manage_groups": lambda it, act: (
        (_circle(act), ("mute_group", "unmute_group")[act.switch % 2]),
        {
            "by": _by(act),
            "groups": (None, [_group(act)])[act.other % 2],
            "reason": ("Ads", None)[act.switch % 2],
        },
    ),
    "set_comment_relay": lambda it, act: (
        (_circle(act), RELAYS[act.switch % 4]),
        {"by": _by(act)},
    ),
    "set_organisation_comment_relay": lambda it, act: (
        ("acme", RELAYS[act.switch % 4]),
        {"by": _by(act)},
    ),
    "choose_comment_relay": lambda it, act: (
        (RELAYS[act.switch % 4],),
        {"by": _by(act), "circle": (None, _circle(act))[act.other % 2]},
    ),
    "assign_homework": _assign,
    "move_homework_due": lambda it, act: (
        (_homework(act), it.clock.now + timedelta(days=act.other)),
        {"by": _teacher(act)},
    ),
    "cancel_homework": lambda it, act: ((_homework(act),), {"by": _teacher(act)}),
    "submit_homework": lambda it, act: (
        (_homework(act),),
        {"by": _student(act), "text": f"Word {act.switch}"},
    ),
    "withdraw_homework": lambda it, act: ((_homework(act),), {"by": _student(act)}),
    "grade_homework": lambda it, act: (
        (_homework(act), _student(act), act.switch),
        {"by": _teacher(act), "comment": "So so"},
    ),
    "grade_with": lambda it, act: (
        (_homework(act), _student(act)),
        {"by": _teacher(act), "grader": "word-count"},
    ),
    "return_homework": lambda it, act: (
        (_homework(act), _student(act)),
        {
            "by": _teacher(act),
            "until": None
            if act.switch % 2
            else it.clock.now + timedelta(days=act.switch),
        },
    ),
    "comment_on_homework": lambda it, act: (
        (_homework(act), _student(act)),
        {"by": _teacher(act), "text": "Which?"},
    ),
    "name_guardian": lambda it, act: (
        (_student(act), _by(act)),
        {"by": "host", "zone": ("UTC", "Asia/Shanghai")[act.switch % 2]},
    ),
    "dismiss_guardian": lambda it, act: _child(act),
    "send_guardian_digest": lambda it, act: _child(act),
    "make_topic": _make_topic,
    "rename_topic": lambda it, act: (
        (_topic(act), _topic_name(act)),
        {"by": _by(act)},
    ),
    "close_topic": lambda it, act: ((_topic(act),), {"by": _by(act)}),
    "reopen_topic": lambda it, act: ((_topic(act),), {"by": _by(act)}),
    "check_in": _check_in,
    "make_up_check_in": _make_up,
    "remove_check_in": lambda it, act: (
        (_newest(it.check_ins, act.thing),),
        {"by": _by(act)},
    ),
    "attach_identity": lambda it, act: (
        (_other(act),),
        {
            "system": ("wechat", "shop")[act.switch % 2],
            "external_id": f"id {act.thing}",
            "attested": "oauth",
            "by": _by(act),
        },
    ),
    "detach_identity": lambda it, act: (
        (("wechat", "shop")[act.switch % 2], f"id {act.thing}"),
        {"by": _by(act)},
    ),
    "add_customer": lambda it, act: (
        (_customer(act),),
        {
            "channel": "qr",
            "by": _by(act),
            "rules": BOOKS[act.switch % 3],
            "zone": "America/New_York",
        },
    ),
    "complete_profile": _on_customer,
    "request_to_join": lambda it, act: (
        (_circle(act), _other(act)),
        {"channel": CHANNELS[act.switch % 5]},
    ),
    "withdraw_request": lambda it, act: ((_circle(act), _other(act)), {}),
    "approve_request": _on_member,
    "decline_request": _on_member,
    "invite": lambda it, act: (
        (_circle(act),),
        {
            "by": _by(act),
            "channel": CHANNELS[act.switch % 4],
            "member": None if act.thing % 2 else _other(act),
        },
    ),
    "accept_invitation": lambda it, act: ((_invitation(it, act), _other(act)), {}),
    "decline_invitation": lambda it, act: (
        (_invitation(it, act),),
        {"by": _other(act)},
    ),
    "revoke_invitation": lambda it, act: ((_invitation(it, act),), {"by": _by(act)}),
    "accept_convention": lambda it, act: (
        (_circle(act), ("v1", "v2")[act.switch % 2]),
        {"by": _other(act)},
    ),
    "admit_partner": lambda it, act: ((_circle(act), "acme"), {"by": _by(act)}),
    "end_partnership": lambda it, act: ((_circle(act), "acme"), {"by": _by(act)}),
    "schedule_live": lambda it, act: (
        ("class" if act.other else _circle(act),),
        {
            "by": _by(act),
            "title": f"Class {act.switch}",
            "live": _live(it, act),
            "groups": (None, ["class"], ["homework", "class"], ["side"])[
                act.switch % 4
            ],
        },
    ),
    "start_live": _on_live,
    "cancel_live": lambda it, act: (
        (_live(it, act),),
        {"by": _by(act), "reason": "Ill"},
    ),
    "end_live": _on_live,
    "join_live": lambda it, act: (
        (_live(it, act), _other(act)),
        {"group": (None, None, None, "homework")[act.switch % 4]},
    ),
    "leave_live": _at_live,
    "like_live": lambda it, act: (
        (_live(it, act), _other(act)),
        {"times": 1 + act.switch},
    ),
    "publish_replay": lambda it, act: (
        (_live(it, act), "replay.mp4"),
        {"by": _by(act)},
    ),
    "contact_customer": _on_customer,
    "friendship_begun": lambda it, act: (
        (_customer(act), _other(act)),
        {"by": _by(act)},
    ),
    "friendship_ended": lambda it, act: (
        (_customer(act), _other(act) if act.switch else None),
        {"by": _by(act)},
    ),
    "create_mass_send": lambda it, act: (
        (),
        {
            "by": _by(act),
            "source": ("member", "enterprise")[act.switch % 2],
            "text": f"Sale {act.thing % 4}",
            "customers": CUSTOMERS[: act.other % 3],
            "groups": ["club", "side"] if act.switch > 1 else ["class"],
            "mass_send": f"sale {act.thing % 4}",
        },
    ),
    "confirm_mass_send": lambda it, act: (
        (f"sale {act.thing % 4}",),
        {"by": _by(act)},
    ),
    "cancel_mass_send": lambda it, act: (
        (f"sale {act.thing % 4}",),
        {"by": _by(act)},
    ),
    "remind_mass_send": lambda it, act: (
        (f"sale {act.thing % 4}",),
        {"by": _by(act)},
    ),
    "attest_minor": lambda it, act: (
        (_other(act),),
        {"until": it.clock.now + timedelta(days=act.switch - 1), "zone": "UTC"},
    ),
    "register_organisation": lambda it, act: (
        (ORGANISATIONS[act.thing % 2],),
        {"name": "Acme", "by": _by(act), "circle": f"all {act.thing % 2}"},
    ),
    "staff_joined": _on_staff,
    "staff_left": _on_staff,
    "role_verified": _on_role,
    "role_expired": lambda it, act: (
        ("acme", _other(act), "teacher"),
        {"by": _by(act)},
    ),
    "verify_role": _verify,
    "succeed_owner": lambda it, act: (
        (_circle(act),),
        {
            "by": _by(act),
            "reason": "Gone",
            "to": None if act.switch % 2 else _other(act),
        },
    ),
    "close_circle": lambda it, act: (
        (_circle(act),),
        {"by": _by(act), "reason": "Holidays"},
    ),
    "reopen_circle": lambda it, act: ((_circle(act),), {"by": _by(act)}),
    "archive_circle": lambda it, act: (
        ("guild",),
        {"by": _by(act), "reason": "Over"},
    ),
    "tag_customer": lambda it, act: ((_customer(act), "regular"), {"by": _by(act)}),
    "untag_customer": lambda it, act: ((_customer(act), "regular"), {"by": _by(act)}),
    "assign_customer": lambda it, act: (
        (_customer(act), _other(act)),
        {"by": _by(act)},
    ),
    "show_moment": lambda it, act: (
        (f"moment {act.other}", _customer(act)),
        {"by": _by(act), "source": ("member", "enterprise")[act.switch % 2]},
    ),
    "schedule_post": _schedule_post,
    "schedule_must_see": lambda it, act: (
        (_circle(act),),
        {**_content(it, act), **_later(it, act)},
    ),
    "move_scheduled": lambda it, act: (
        (_scheduled(it, act), _later(it, act)["release_at"]),
        {"by": _by(act)},
    ),
    "cancel_scheduled": lambda it, act: ((_scheduled(it, act),), {"by": _by(act)}),
    "remind_reader": lambda it, act: ((it.post(act), _other(act)), {"by": _by(act)}),
    "assign_todo": _assign_todo,
    "complete_todo": lambda it, act: ((_todo(act),), {"by": _by(act)}),
    "reopen_todo": lambda it, act: ((_todo(act), _other(act)), {"by": _by(act)}),
    "reassign_todo": lambda it, act: (
        (_todo(act), _other(act), PEOPLE[act.switch % len(PEOPLE)]),
        {"by": _by(act)},
    ),
    "move_todo_due": lambda it, act: ((_todo(act), _soon(it, act)), {"by": _by(act)}),
    "cancel_todo": lambda it, act: ((_todo(act),), {"by": _by(act)}),
    "start_approval": _start,
    "decide_approval": lambda it, act: (
        (_approval(act),),
        {"by": _by(act), "approve": act.switch > 1},
    ),
    "delegate_approval": lambda it, act: (
        (_approval(act), _other(act)),
        {"by": _by(act)},
    ),
    "withdraw_approval": lambda it, act: ((_approval(act),), {"by": _by(act)}),
    "expire_approval": lambda it, act: ((_approval(act),), {"by": _by(act)}),
    "set_quiet_hours": lambda it, act: (
        (_by(act),),
        {
            "context": ("work", "consumer", "minor")[act.other % 3],
            "starts": ("22:00", "12:30", None)[act.switch % 3],
            "ends": ("07:00", "13:30", None)[act.switch % 3],
            "zone": ("Asia/Shanghai", "America/New_York", None)[act.switch % 3],
        },
    ),
    "set_attention_budget": lambda it, act: (
        (_by(act),),
        {
            "context": ("work", "consumer")[act.other % 2],
            "pushes": (None, 0, 1, 3)[act.switch % 4],
        },
    ),
    "mute_circle": lambda it, act: (
        (_circle(act),),
        {"by": _by(act), "on": bool(act.switch % 2)},
    ),
    "label_circle": lambda it, act: (
        (_circle(act), ("work", "consumer")[act.switch % 2]),
        {"by": _by(act)},
    ),
    "set_industries": lambda it, act: (
        (
            _circle(act),
            (("Tea",), ("Books", "Tea"), ("Tea", "Books"), ())[act.switch % 4],
        ),
        {"by": _by(act)},
    ),
}
