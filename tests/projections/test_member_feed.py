"""
A member's feed.
"""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circlekit import CircleKit, NotFoundError, PostId
from circlekit.projections.member_feed import FeedItem
from tests.application.communities import PEOPLE, opened, scripts, started
from tests.application.town import MARCH_1, everything
from tests.projections import naive

WRITING = (
    "publish_post",
    "publish_post",
    "send_must_see",
    "promote_to_must_see",
    "pin_post",
    "unpin_post",
    "acknowledge",
    "mark_read",
    "add_comment",
    "remove_comment",
    "react",
    "withdraw_reaction",
    "edit_post",
    "remove_post",
    "join_circle",
    "leave_circle",
    "remove_member",
    "hand_over_circle",
)
READING = ("pin_post", "unpin_post", "acknowledge", "mark_read", "publish_post")


def _pages(kit, member, *, limit, circle=None, between=lambda: None):
    cursors, page = set(), kit.feed(member, circle=circle, limit=limit)
    while True:
        assert len(page.items) <= limit
        yield from page.items
        if page.next is None:
            return
        assert len(page.items) == limit
        assert page.next not in cursors  # or there would be no end
        cursors.add(page.next)
        between()
        page = kit.feed(member, circle=circle, limit=limit, after=page.next)


def _texts(page):
    return [item.text for item in page.items]


@given(
    things=scripts(*WRITING, least=20, most=70),
    limit=st.integers(1, 7),
    member=st.sampled_from(PEOPLE),
    circle=st.sampled_from((None, "club")),
)
def test_a_naive_feed(things, limit, member, circle):
    """
    A feed, page by page, is all of history gone through by hand.

    The same items, in the same order, with the same marks and counts.
    """
    clock = started()
    with CircleKit("sqlite://", clock=clock) as kit:
        community = opened(kit, clock)
        for act in things:
            community.do(act)

        pages = list(_pages(kit, member, limit=limit, circle=circle))

        assert naive.feed(everything(kit), member, circle) == pages


@given(
    things=scripts(*WRITING, least=20, most=50),
    later=scripts(
        *READING,
        "add_comment",
        "edit_post",
        "send_must_see",
        "remove_post",
        least=10,
        most=40,
    ),
    limit=st.integers(1, 4),
    member=st.sampled_from(PEOPLE[:3]),
)
def test_pages_while_things_happen(things, later, limit, member):
    """
    Whatever happens between two pages, no item comes twice or is left out.

    Unless it was removed meanwhile; and they come in the order that held when the
    first page was read.
    """
    clock = started()
    with CircleKit("sqlite://", clock=clock) as kit:
        community = opened(kit, clock)
        for act in things:
            community.do(act)
        before = [item.post for item in naive.feed(everything(kit), member)]
        coming = iter(later)

        def meanwhile():
            for act, _ in zip(coming, range(3), strict=False):
                community.do(act)

        shown = [
            item.post for item in _pages(kit, member, limit=limit, between=meanwhile)
        ]

        still = {item.post for item in naive.feed(everything(kit), member)}
        assert len(set(shown)) == len(shown)
        assert [post for post in before if post in shown] == shown
        assert set(before) & still <= set(shown)


@pytest.mark.covers("P03")
@pytest.mark.parametrize("comments", [1, 7])
def test_comments_change_one_item(club, comments):
    """
    However many comments a post gets, they change its one item and add none.
    """
    post = club.publish_post("club", by="mei", text="Read this")
    club.publish_post("club", by="mei", text="And that")
    before = club.feed("tao").items

    for number in range(comments):
        club.add_comment(post, by="ben", text=f"{number}")

    after = club.feed("tao").items
    assert [item.post for item in before] == [item.post for item in after]
    assert [0, comments] == [item.comments for item in after]


def test_one_item(club):
    """
    A post is one item in the feed, whatever surfaces it reached.

    Here the circle, two groups, and every member as a must-see.
    """
    club.link_group("club", by="mei", name="Side", group="side")
    club.join_group("side", "tao")
    post = club.publish_post(
        "club", by="mei", text="Read this", groups=["club", "side"]
    )
    club.promote_to_must_see(post, by="mei")
    club.pin_post(post, by="mei")
    club.add_comment(post, by="ben", text="Done")
    club.react(post, "👍", by="ben")

    page = club.feed("tao")

    assert (
        FeedItem(
            post=post,
            author="mei",
            at=MARCH_1,
            text="Read this",
            pinned=True,
            must_see_at=MARCH_1,
            comments=1,
            reactions={"👍": 1},
        ),
    ) == page.items
    assert page.next is None


def test_what_comes_first(club, clock):
    """
    Pinned posts and must-sees not yet acknowledged come first.

    Newest first among themselves; then all others, newest first.
    """
    for text in ("a", "b", "c", "d", "e"):
        clock.forward(hours=1)
        post = club.publish_post("club", by="mei", text=text)
        if text == "b":
            club.promote_to_must_see(post, by="mei")
            must_see = post
        if text == "c":
            club.pin_post(post, by="lin")
            pinned = post

    assert ["c", "b", "e", "d", "a"] == _texts(club.feed("tao"))
    club.acknowledge(must_see, by="tao")
    assert ["c", "e", "d", "b", "a"] == _texts(club.feed("tao"))
    assert ["c", "b", "e", "d", "a"] == _texts(club.feed("ben"))
    club.unpin_post(pinned, by="mei")
    assert ["e", "d", "c", "b", "a"] == _texts(club.feed("tao"))
    club.pin_post(pinned, by="mei")
    assert ["c", "e", "d", "b", "a"] == _texts(club.feed("tao"))


def test_a_late_joiner(club):
    """
    Who joins late sees the circle's history, all of it unread.

    Must-sees of before are at the top.
    """
    club.send_must_see("club", by="mei", text="Rules")
    club.publish_post("club", by="tao", text="Hello")
    assert () == club.feed("eve").items

    club.join_circle("club", "eve")

    assert [("Rules", True), ("Hello", True)] == [
        (item.text, item.unread) for item in club.feed("eve").items
    ]


def test_who_left(club):
    """
    Who left still sees what was there, and nothing that came afterwards.

    Nothing is at the top any more; who comes back sees it all.
    """
    club.publish_post("club", by="tao", text="Old")
    club.send_must_see("club", by="mei", text="Must")
    club.publish_post("club", by="tao", text="New")
    club.leave_circle("club", "ben")
    club.publish_post("club", by="tao", text="Later")

    assert ["New", "Must", "Old"] == _texts(club.feed("ben"))
    club.join_circle("club", "ben")
    assert ["Must", "Later", "New", "Old"] == _texts(club.feed("ben"))
    club.remove_member("club", "ben", by="mei")
    club.publish_post("club", by="tao", text="Last")
    assert ["Later", "New", "Must", "Old"] == _texts(club.feed("ben"))


def test_leaving_between_pages(club):
    """
    Who leaves between two pages is shown nothing twice.
    """
    for text in ("a", "b", "c", "d"):
        post = club.publish_post("club", by="mei", text=text)
        if text == "b":
            club.pin_post(post, by="mei")

    shown = [
        item.text
        for item in _pages(
            club,
            "tao",
            limit=1,
            between=lambda: (
                "tao" in _members(club) and club.leave_circle("club", "tao")
            ),
        )
    ]

    assert ["b", "d", "c", "a"] == shown


def test_coming_back_between_pages(club):
    """
    Who comes back between two pages misses nothing of what they were being shown.
    """
    for text in ("a", "b", "c"):
        post = club.publish_post("club", by="mei", text=text)
        if text == "a":
            club.pin_post(post, by="mei")
    club.leave_circle("club", "tao")
    first = club.feed("tao", limit=1)
    club.join_circle("club", "tao")

    rest = club.feed("tao", after=first.next)

    assert ["c", "b", "a"] == _texts(first) + _texts(rest)


def _members(kit):
    return [member for member in ("tao", "ben") if kit.circles(member)]


def test_read_anywhere(club):
    """
    What was read on any surface is read everywhere.

    In the one circle's feed as in all of them.
    """
    post = club.publish_post("club", by="mei", text="x")
    assert club.feed("tao").items[0].unread

    club.mark_read(post, by="tao")

    assert not club.feed("tao").items[0].unread
    assert not club.feed("tao", circle="club").items[0].unread
    assert club.feed("ben").items[0].unread


def test_acknowledged_is_read(club):
    """
    To acknowledge a must-see is to have read it; to read it is not to acknowledge it.
    """
    post = club.send_must_see("club", by="mei", text="x")
    club.mark_read(post, by="tao")
    club.acknowledge(post, by="ben")

    (tao,), (ben,) = club.feed("tao").items, club.feed("ben").items

    assert (False, False) == (tao.unread, tao.acknowledged)
    assert (False, True) == (ben.unread, ben.acknowledged)


def test_ones_own(club):
    """
    What one wrote oneself is not unread.

    One's own must-see is still to be acknowledged.
    """
    club.publish_post("club", by="mei", text="Mine")
    club.send_must_see("club", by="mei", text="Mine too")

    must_see, post = club.feed("mei").items

    assert (False, False) == (post.unread, must_see.unread)
    assert ("Mine too", False) == (must_see.text, must_see.acknowledged)


def test_counts(club):
    """
    Comments are counted without the removed ones, reactions once a member and emoji.
    """
    post = club.publish_post("club", by="mei", text="x")
    gone = club.add_comment(post, by="tao", text="1")
    club.add_comment(post, by="tao", text="2", reply_to=gone)
    club.remove_comment(gone, by="tao")
    for by, emoji in (("tao", "👍"), ("tao", "👍"), ("ben", "👍"), ("ben", "🎉")):
        club.react(post, emoji, by=by)
    club.withdraw_reaction(post, "🎉", by="ben")
    club.withdraw_reaction(post, "🎉", by="ben")

    (item,) = club.feed("tao").items

    assert (1, {"👍": 2}) == (item.comments, item.reactions)


def test_removed(club):
    """
    A removed post is gone from every feed, also when it was pinned or a must-see.
    """
    must_see = club.send_must_see("club", by="mei", text="x")
    pinned = club.publish_post("club", by="tao", text="y")
    club.pin_post(pinned, by="mei")
    for post in (must_see, pinned):
        club.remove_post(post, by="mei")

    assert () == club.feed("tao").items
    assert () == club.feed("tao", circle="club").items


def test_edited(club, clock):
    """
    An edited post says what it says now, and when it was changed.

    It stays where it was, and read.
    """
    post = club.publish_post("club", by="tao", text="Teh", topic="Tea")
    club.publish_post("club", by="tao", text="Newer")
    club.mark_read(post, by="ben")
    clock.forward(minutes=5)
    club.edit_post(post, by="tao", text="The", images=["a.png"], videos=["b.mp4"])

    newer, edited = club.feed("ben").items

    assert "Newer" == newer.text
    assert (
        FeedItem(
            post=post,
            author="tao",
            at=MARCH_1,
            text="The",
            images=("a.png",),
            videos=("b.mp4",),
            topic="Tea",
            edited_at=MARCH_1 + timedelta(minutes=5),
            unread=False,
            reactions={},
        )
        == edited
    )


def test_over_all_circles(club, clock):
    """
    A feed goes over all of a member's circles, in one order; or over one of them.
    """
    club.found_circle(name="Guild", kind="community", by="ana", circle="guild")
    club.join_circle("guild", "tao")
    for hour in range(6):
        clock.forward(hours=1)
        circle, by = (("club", "mei"), ("guild", "ana"))[hour % 2]
        club.publish_post(circle, by=by, text=f"{circle} {hour}")

    assert [
        "guild 5",
        "club 4",
        "guild 3",
        "club 2",
        "guild 1",
        "club 0",
    ] == _texts(club.feed("tao"))
    assert ["guild 5", "guild 3", "guild 1"] == _texts(club.feed("tao", circle="guild"))
    assert [] == _texts(club.feed("ben", circle="guild"))


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, 200])
def test_pages(club, limit):
    """
    Pages of any size give the same feed; only the last has no cursor.
    """
    for number in range(4):
        post = club.publish_post("club", by="mei", text=f"{number}")
    club.pin_post(PostId("club", post.version - 2), by="mei")

    assert ["1", "3", "2", "0"] == [
        item.text for item in _pages(club, "tao", limit=limit)
    ]


def test_a_cursor_of_somebody_else(club):
    """
    With somebody else's cursor one still sees nothing but one's own feed.
    """
    for number in range(4):
        club.publish_post("club", by="mei", text=f"{number}")
    cursor = club.feed("tao", limit=2).next

    assert () == club.feed("eve", after=cursor).items
    with pytest.raises(NotFoundError):
        club.feed("tao", circle="nowhere", after=cursor)


def test_a_cursor_keeps(club):
    """
    A cursor asks for the same page as often as it is used.
    """
    for number in range(6):
        club.publish_post("club", by="mei", text=f"{number}")
    cursor = club.feed("tao", limit=2).next
    first = club.feed("tao", limit=2, after=cursor)
    club.publish_post("club", by="mei", text="New")

    assert first == club.feed("tao", limit=2, after=cursor)
    club.rebuild_read_models()
    assert first == club.feed("tao", limit=2, after=cursor)
