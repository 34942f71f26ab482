"""
Every group of a circle at a glance, and whom a circle reaches in them.
"""

from datetime import timedelta

import pytest
from hypothesis import given

from circlekit import CircleKit
from circlekit.events import circle as c
from circlekit.events import group as g
from circlekit.events import pace as pc
from circlekit.events import redirection as rd
from circlekit.projections.group_console import GroupState, Hold
from circlekit.projections.relayed import Reach
from tests.application.communities import CIRCLES, opened, scripts, started
from tests.application.town import MARCH_1, everything, refused

DAY = timedelta(days=1)
HAPPENING = (
    "link_group",
    "link_group",
    "unlink_group",
    "set_group_topics",
    "set_group_topics",
    "join_circle",
    "join_group",
    "leave_group",
    "leave_circle",
    "mute_group",
    "unmute_group",
    "manage_groups",
    "set_slow_mode",
    "lift_slow_mode",
    "set_announcements_only",
    "lift_announcements_only",
    "set_announcement",
    "block_private_chat",
    "allow_private_chat",
    "send_message",
    "send_message",
    "redirect_thread",
)


def naive(told, circle, at):  # noqa: C901, PLR0912 - a case for each event
    """
    Return how a circle's groups stand, by going through all of history by hand.
    """
    linked, names, inside, holds, topics = {}, {}, {}, {}, {}
    said, blocked, gone = {}, set(), {}
    for it in told:
        event, where = it.event, it.subject
        match event:
            case c.GroupLinked():
                linked[event.group] = where, event.bound
            case c.GroupUnlinked():
                linked.pop(event.group)
                topics.pop(event.group, None)
            case c.GroupTopicsSet():
                topics[event.group] = event.topics
            case g.GroupFounded():
                names[where], inside[where] = event.name, set()
                holds[where], gone[where] = {}, []
            case g.GroupJoined():
                inside[where].add(event.member)
            case g.GroupLeft():
                inside[where].discard(event.member)
            case g.AnnouncementSet():
                said[where] = event.text
            case g.PrivateChatBlocked():
                blocked.add(where)
            case g.PrivateChatAllowed():
                blocked.discard(where)
            case rd.ThreadRedirected():
                gone[where].append(len(event.messages))
            case g.GroupMuted() | pc.SlowModeSet() | pc.AnnouncementsOnlySet():
                holds[where][type(event)] = event
            case g.GroupUnmuted():
                del holds[where][g.GroupMuted]
            case pc.SlowModeLifted():
                del holds[where][pc.SlowModeSet]
            case pc.AnnouncementsOnlyLifted():
                del holds[where][pc.AnnouncementsOnlySet]

    def hold(group, kind):
        event = holds[group].get(kind)
        if event is None or (event.until is not None and event.until <= at):
            return None
        return Hold(
            reason=event.reason,
            until=event.until,
            by=event.by,
            at=event.at,
            seconds=getattr(event, "seconds", None),
        )

    states = [
        GroupState(
            group=group,
            name=names[group],
            bound=bound,
            topics=topics.get(group, ()),
            members=len(inside[group]),
            announcement=said.get(group),
            mute=hold(group, g.GroupMuted),
            slow_mode=hold(group, pc.SlowModeSet),
            announcements_only=hold(group, pc.AnnouncementsOnlySet),
            blocks_private_chat=group in blocked,
            off_topic_threads=len(gone[group]),
            off_topic_messages=sum(gone[group]),
        )
        for group, (of, bound) in linked.items()
        if of == circle
    ]
    return tuple(sorted(states, key=lambda it: (not it.bound, it.name, it.group)))


@given(things=scripts(*HAPPENING, least=20, most=70))
def test_a_naive_console(things):
    """
    The console is all of history gone through by hand, also filled again.
    """
    clock = started()
    with CircleKit("sqlite://", clock=clock) as kit:
        community = opened(kit, clock)
        for number, act in enumerate(things):
            community.do(act)
            if number % 7 == 0:
                kit.groups("club")

        read = {circle: kit.groups(circle) for circle in CIRCLES}
        kit.rebuild_read_models()
        again = {circle: kit.groups(circle) for circle in CIRCLES}

        told = everything(kit)
        by_hand = {circle: naive(told, circle, clock.now) for circle in CIRCLES}
        assert by_hand == read == again


@pytest.mark.covers("A024", "A027", "A038", "P27", "P28")
def test_the_console(club, clock):
    """
    Whoever runs a circle sees all its groups: their topics, how they stand and why.

    And how many off-topic threads and messages had to leave each.
    """
    club.link_group("club", by="mei", name="Side room", group="side")
    club.set_group_topics("club", "side", ["Trade"], by="mei")
    first = club.send_message("club", by="tao", text="Cakes for sale")
    club.send_message("club", by="ben", text="How much?", reply_to=first)
    club.redirect_thread(first, "side", by="mei", reason="Off topic")
    club.set_announcement("club", by="mei", text="Be kind")
    club.set_slow_mode("club", by="lin", seconds=60, reason="Ads")
    club.mute_group("side", by="mei", reason="Night", until=MARCH_1 + DAY)
    club.block_private_chat("side", by="mei")
    plain = {"slow_mode": None, "announcements_only": None}
    muted = Hold(reason="Night", until=MARCH_1 + DAY, by="mei", at=MARCH_1)

    assert (
        GroupState(
            group="club",
            name="Book club",
            bound=True,
            topics=(),
            members=4,
            announcement="Be kind",
            mute=None,
            slow_mode=Hold(reason="Ads", until=None, by="lin", at=MARCH_1, seconds=60),
            announcements_only=None,
            blocks_private_chat=False,
            off_topic_threads=1,
            off_topic_messages=2,
        ),
        GroupState(
            group="side",
            name="Side room",
            bound=False,
            topics=("Trade",),
            members=1,
            announcement=None,
            mute=muted,
            blocks_private_chat=True,
            off_topic_threads=0,
            off_topic_messages=0,
            **plain,
        ),
    ) == club.groups("club")
    clock.forward(days=1)
    assert club.groups("club")[1].mute is None


@pytest.mark.covers("P04", "P07")
def test_reach_and_noise(club, clock):
    """
    Whom a circle reaches, and how often it interrupts them, are two numbers.

    A hundred comments interrupt everybody a hundred times; in a digest, once. Who is
    in two groups is reached once, and interrupted in both.
    """
    club.link_group("club", by="mei", group="side")
    club.join_group("side", "tao")

    def day_of_comments():
        begun = clock.now
        post = club.publish_post("club", by="mei", text="Emma?")
        for _ in range(100):
            club.add_comment(post, by="ben", text="Yes")
        clock.forward(minutes=10)
        club.send_due_digests()
        clock.forward(days=1, minutes=-10)
        return club.reach("club", since=begun, until=begun + DAY)

    loud = day_of_comments()
    club.adopt_rule_book("club", "circlekit_2026", by="mei")
    gentle = day_of_comments()
    club.choose_comment_relay("off", by="tao")
    chosen = day_of_comments()

    # The post is shown to lin, ben and twice to tao; each comment, or digest of them,
    # to lin and twice to mei and tao.
    assert Reach(readers=4, interruptions=504, most=202, a_day=126.0) == loud
    assert Reach(readers=4, interruptions=9, most=4, a_day=2.25) == gentle
    assert Reach(readers=4, interruptions=7, most=2, a_day=1.75) == chosen


def test_reach_of_nothing(club, clock):
    """
    A circle that showed nothing reached nobody.
    """
    soon = clock.now + DAY

    assert Reach(readers=0, interruptions=0, most=0, a_day=0.0) == club.reach(
        "club", since=clock.now, until=soon
    )


def test_who_came_later(club, clock):
    """
    Who was not in the group when something was shown was not reached by it.
    """
    begun = clock.now
    club.publish_post("club", by="mei", text="One")
    club.leave_group("club", "tao")
    club.publish_post("club", by="mei", text="Two")
    club.join_group("club", "tao")
    with refused("already-in-the-group"):
        club.join_group("club", "tao")
    club.publish_post("club", by="mei", text="Three")

    assert Reach(readers=3, interruptions=8, most=3, a_day=8 / 3) == club.reach(
        "club", since=begun, until=begun + DAY
    )
