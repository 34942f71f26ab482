"""
A group's timeline.
"""

from datetime import timedelta

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from circlekit import CircleKit
from circlekit.projections.group_timeline import TimelineEntry
from circlekit.rulebook import DINGTALK_2020
from tests.application.communities import GROUPS, opened, scripts, started
from tests.application.town import MARCH_1, everything
from tests.projections import naive

HAPPENING = (
    "publish_post",
    "publish_post",
    "send_must_see",
    "promote_to_must_see",
    "edit_post",
    "remove_post",
    "add_comment",
    "add_comment",
    "remove_comment",
    "send_message",
    "react_to_message",
    "set_announcement",
    "mute_group",
    "unmute_group",
    "block_private_chat",
    "allow_private_chat",
    "link_group",
    "link_group",
    "unlink_group",
    "unlink_group",
    "switch_post_sync",
    "adopt_rule_book",
    "redirect_thread",
    "set_slow_mode",
    "set_announcements_only",
    "lift_announcements_only",
    "set_group_topics",
    "set_comment_relay",
    "set_organisation_comment_relay",
    "choose_comment_relay",
    "join_group",
)
QUIET = evolve(DINGTALK_2020, name="quiet", comment_relay="off")


@pytest.fixture
def side(club):
    club.link_group("club", by="mei", name="Side room", group="side")
    club.join_group("side", "tao")
    return club


def _pages(kit, group, limit, reader=None):
    before, page = None, kit.group_timeline(group, limit=limit, reader=reader)
    while True:
        assert len(page.entries) <= limit
        yield from page.entries
        if page.next is None:
            return
        assert before is None or page.next < before  # or there would be no end
        before = page.next
        page = kit.group_timeline(group, limit=limit, before=before, reader=reader)


def _seen(kit, group):
    return [(it.kind, it.text) for it in kit.group_timeline(group).entries]


@pytest.mark.covers("A051")
@given(
    things=scripts(*HAPPENING, least=20, most=70),
    limit=st.integers(1, 7),
    group=st.sampled_from(GROUPS),
    reader=st.sampled_from((None, "tao", "lin", "mei")),
)
def test_a_naive_timeline(things, limit, group, reader):
    """
    A timeline, page by page, is all of history gone through by hand.

    So it is as each reader is shown it, who may have asked for less of the comments.
    """
    clock = started()
    with CircleKit("sqlite://", clock=clock) as kit:
        community = opened(kit, clock)
        for act in things:
            community.do(act)
            kit.send_due_digests()

        pages = list(_pages(kit, group, limit, reader))

        assert naive.timeline(everything(kit), group, reader) == pages


@pytest.mark.covers("A051", "A052")
def test_everything_once(side, clock):
    """
    Everything stands in one timeline, newest first.

    Messages, posts, comments, must-sees and notices, each with what it is about.
    """
    message = side.send_message("club", by="tao", text="Morning", images=["a.png"])
    side.react_to_message(message, "👍", by="ben")
    side.react_to_message(message, "👍", by="mei")
    post = side.publish_post("club", by="tao", text="Emma?", videos=["b.mp4"])
    comment = side.add_comment(post, by="ben", text="Yes")
    must_see = side.send_must_see("club", by="lin", text="Friday!")
    side.set_announcement("club", by="mei", text="Be kind")
    side.mute_group("club", by="mei", reason="Ads")
    side.unmute_group("club", by="mei")
    side.block_private_chat("club", by="lin")
    clock.forward(hours=1)
    side.allow_private_chat("club", by="lin")
    said = {"at": MARCH_1, "reactions": {}}

    page = side.group_timeline("club")

    assert page.next is None
    assert (
        TimelineEntry(
            kind="private-chat-allowed",
            by="lin",
            at=MARCH_1 + timedelta(hours=1),
            reactions={},
        ),
        TimelineEntry(kind="private-chat-blocked", by="lin", **said),
        TimelineEntry(kind="unmuted", by="mei", **said),
        TimelineEntry(kind="muted", by="mei", text="Ads", **said),
        TimelineEntry(kind="announcement", by="mei", text="Be kind", **said),
        TimelineEntry(kind="must-see", by="lin", text="Friday!", post=must_see, **said),
        TimelineEntry(
            kind="comment", by="ben", text="Yes", post=post, comment=comment, **said
        ),
        TimelineEntry(
            kind="post",
            by="tao",
            text="Emma?",
            videos=("b.mp4",),
            post=post,
            **said,
        ),
        TimelineEntry(
            kind="message",
            by="tao",
            at=MARCH_1,
            text="Morning",
            images=("a.png",),
            message=message,
            reactions={"👍": 2},
        ),
    ) == page.entries
    assert [
        ("must-see", "Friday!"),
        ("comment", "Yes"),
        ("post", "Emma?"),
    ] == _seen(side, "side")


@pytest.mark.covers("A049")
def test_every_comment(side):
    """
    By DingTalk's book of 2020 every comment is shown in the groups.

    Even one on a post that was not sent on itself.
    """
    post = side.publish_post("club", by="tao", text="Quiet", sync=False)
    assert [] == _seen(side, "club")

    side.add_comment(post, by="ben", text="Loud")

    assert [("comment", "Loud")] == _seen(side, "club") == _seen(side, "side")


def test_comments_not_relayed(side):
    """
    By a book that relays no comments none is shown.

    The day the book changes decides for each, and what was shown stays.
    """
    post = side.publish_post("club", by="tao", text="Post")
    side.add_comment(post, by="ben", text="Shown")
    side.adopt_rule_book("club", QUIET, by="mei")
    side.add_comment(post, by="ben", text="Not shown")
    side.adopt_rule_book("club", "dingtalk_2020", by="mei")
    side.add_comment(post, by="ben", text="Shown again")

    assert [
        ("comment", "Shown again"),
        ("comment", "Shown"),
        ("post", "Post"),
    ] == _seen(side, "club")


@pytest.mark.covers("A047", "A048")
def test_the_switch(side):
    """
    Posts go by the circle's switch unless they say otherwise.

    Switching it later recalls nothing.
    """
    side.publish_post("club", by="tao", text="On by default")
    side.switch_post_sync("club", on=False, by="mei")
    side.publish_post("club", by="tao", text="Off by now")
    side.publish_post("club", by="tao", text="On for this one", sync=True)

    assert [("post", "On for this one"), ("post", "On by default")] == _seen(
        side, "side"
    )


def test_a_must_see_is_one_entry(side, clock):
    """
    A post that becomes a must-see is one entry, and stands where the must-see does.
    """
    post = side.publish_post("club", by="tao", text="Read this")
    side.send_message("club", by="tao", text="Hello")
    clock.forward(hours=1)
    side.promote_to_must_see(post, by="mei")

    entries = side.group_timeline("club").entries

    assert [("must-see", "Read this"), ("message", "Hello")] == _seen(side, "club")
    assert ("mei", MARCH_1 + timedelta(hours=1)) == (entries[0].by, entries[0].at)


@pytest.mark.covers("A037")
def test_a_must_see_always_goes_out(side):
    """
    A must-see goes to the groups though its post was not sent on.
    """
    side.switch_post_sync("club", on=False, by="mei")
    quiet = side.publish_post("club", by="tao", text="Quiet")
    side.promote_to_must_see(quiet, by="mei")

    assert [("must-see", "Quiet")] == _seen(side, "club")


@pytest.mark.covers("A024")
def test_named_groups(side):
    """
    A post to named groups is shown in those, with its comments.

    One that was sent to none of them is shown in none.
    """
    post = side.publish_post("club", by="tao", text="For the side", groups=["side"])
    side.add_comment(post, by="ben", text="Aside")
    nowhere = side.publish_post("club", by="tao", text="For nobody", groups=[])
    side.add_comment(nowhere, by="ben", text="Nobody")
    side.send_must_see("club", by="mei", text="Must", groups=["club"])

    assert [("must-see", "Must")] == _seen(side, "club")
    assert [("comment", "Aside"), ("post", "For the side")] == _seen(side, "side")


def test_a_group_named_twice(side):
    """
    A group that is named twice is shown the post once.
    """
    side.publish_post("club", by="tao", text="Twice", groups=["side", "side"])

    assert [("post", "Twice")] == _seen(side, "side")
    assert ["Twice"] == [item.text for item in side.feed("tao").items]


def test_linked_for_a_while(side):
    """
    A group shows what its circle sent while the two were linked.

    Nothing of before, between or afterwards; its own messages stay.
    """
    side.publish_post("club", by="tao", text="1")
    side.send_message("side", by="tao", text="mine")
    side.unlink_group("club", "side", by="mei")
    side.publish_post("club", by="tao", text="2")
    side.link_group("club", by="mei", group="side")
    side.publish_post("club", by="tao", text="3")
    side.unlink_group("club", "side", by="mei")
    side.publish_post("club", by="tao", text="4")

    assert [("post", "3"), ("message", "mine"), ("post", "1")] == _seen(side, "side")
    assert ["4", "3", "2", "1"] == [text for _, text in _seen(side, "club")]


def test_linked_to_another_circle(side):
    """
    A group that goes over to another circle shows what each sent in its time.
    """
    side.found_circle(name="Guild", kind="community", by="ana", circle="guild")
    side.publish_post("club", by="tao", text="club")
    side.unlink_group("club", "side", by="mei")
    side.link_group("guild", by="ana", group="side")
    side.publish_post("club", by="tao", text="too late")
    side.publish_post("guild", by="ana", text="guild")

    assert [("post", "guild"), ("post", "club")] == _seen(side, "side")


@pytest.mark.parametrize("groups", [["side"], None], ids=["named", "all"])
def test_comments_after_unlinking(side, groups):
    """
    A group that was unlinked is shown nothing more of the posts it had.

    No comment on one and no must-see made of one, whether it named the group or
    went to all.
    """
    post = side.publish_post("club", by="tao", text="Post", groups=groups)
    other = side.publish_post("club", by="tao", text="Other", groups=groups)
    side.unlink_group("club", "side", by="mei")

    side.add_comment(post, by="ben", text="Comment")
    side.promote_to_must_see(other, by="mei")

    assert {("comment", "Comment"), ("must-see", "Other")}.isdisjoint(
        _seen(side, "side")
    )


def test_edited_and_removed(side):
    """
    An edited post says what it says now, a removed one is gone.

    Its comments go with it; a removed comment goes by itself.
    """
    post = side.publish_post("club", by="tao", text="Teh", images=["a.png"])
    first = side.add_comment(post, by="ben", text="First")
    side.add_comment(post, by="ben", text="Second")
    side.edit_post(post, by="tao", text="The", images=["b.png"])
    side.remove_comment(first, by="ben")

    assert [("comment", "Second"), ("post", "The")] == _seen(side, "club")
    assert ("b.png",) == side.group_timeline("club").entries[1].images
    side.promote_to_must_see(post, by="mei")
    side.edit_post(post, by="tao", text="That")
    assert [("must-see", "That"), ("comment", "Second")] == _seen(side, "club")
    side.remove_post(post, by="tao")
    assert [] == _seen(side, "club") == _seen(side, "side")


def test_pages_do_not_move(side):
    """
    What is written between two pages comes before the first, and shifts nothing.
    """
    for number in range(6):
        side.send_message("club", by="tao", text=f"{number}")
    first = side.group_timeline("club", limit=2)
    for number in range(3):
        side.send_message("club", by="tao", text=f"new {number}")

    rest = side.group_timeline("club", limit=10, before=first.next)

    assert ["5", "4", "3", "2", "1", "0"] == [
        it.text for it in first.entries + rest.entries
    ]
    assert rest.next is None


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 200])
def test_pages(side, limit):
    """
    Pages of any size give the same timeline.

    Through every time that the group was linked.
    """
    for number in range(3):
        side.publish_post("club", by="tao", text=f"{number}")
        side.unlink_group("club", "side", by="mei")
        side.link_group("club", by="mei", group="side")
        side.send_message("side", by="tao", text=f"m{number}")

    assert ["m2", "2", "m1", "1", "m0", "0"] == [
        it.text for it in _pages(side, "side", limit)
    ]
