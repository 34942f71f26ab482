"""
The feed of somebody who came to a hundred circles, as those of each.
"""

import shutil
from contextlib import contextmanager, suppress
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circlekit import CircleKit, ManualClock, PostId, RefusedError, RuleBook
from circlekit.projections import member_feed
from tests.application.town import MARCH_1, everything

MANY = 110
LOOKED_AT, ALL = "* 76 % 97 < 9", "> 0"
SEE = (("all", 0), ("all", 0), ("nothing", 0), ("newest", 1), ("days", 1))
# Minutes until it happens, what, and in which circle of some that lie side by side.
ACTS = st.lists(
    st.tuples(
        st.sampled_from((0, 1, 1, 3_000)),
        st.sampled_from(
            (
                "post",
                "post",
                "post",
                "pinned",
                "must-see",
                "acknowledge",
                "remove",
                "remove",
                "leave",
                "leave",
                "come back",
            )
        ),
        st.integers(0, 200),
    ),
    min_size=5,
    max_size=40,
)


@pytest.fixture(scope="module", params=["open", "closed"])
def town(request, tmp_path_factory):
    """
    Give out a store of many circles: tao came to all of them, in turn, and mei wrote.

    In some something has long stood at the top, and some tao has left.
    """
    file, clock = tmp_path_factory.mktemp("town") / "town.db", ManualClock(MARCH_1)
    with CircleKit(f"sqlite:///{file}", clock=clock) as kit, kit.batch():
        for number in range(MANY):
            see, many = SEE[number % len(SEE) if request.param == "closed" else 0]
            kit.found_circle(
                name=f"Circle {number}",
                kind="community",
                by="mei",
                circle=f"c{number}",
                rules=RuleBook(
                    name="ours", newcomers_see=see, newcomers_see_number=many
                ),
            )
        for number in range(MANY):
            clock.forward(minutes=number % 2)
            for _ in range(number % 3):
                kit.publish_post(f"c{number}", by="mei", text="Before")
        for number in range(MANY):
            kit.join_circle(f"c{number}", "tao")
        for number in range(0, MANY, 9):
            post = kit.publish_post(f"c{number}", by="mei", text="Top")
            if number % 2:
                kit.pin_post(post, by="mei")
            else:
                kit.promote_to_must_see(post, by="mei")
            kit.publish_post(f"c{number + 1}", by="mei", text="Left")
            kit.leave_circle(f"c{number + 1}", "tao")
        for number in range(MANY):
            clock.forward(minutes=number % 2)
            if number % 4:
                kit.publish_post(f"c{number}", by="mei", text="After")
    return file, clock.now


@contextmanager
def opened(town, tmp_path_factory):
    file, now = town
    copy = tmp_path_factory.mktemp("copy") / "town.db"
    shutil.copy(file, copy)
    clock = ManualClock(now)
    with CircleKit(f"sqlite:///{copy}", clock=clock) as kit:
        yield kit, clock
    copy.unlink()


def looking_at(memberships):
    """
    Have a page look first at other memberships, which may mislead it.
    """
    assert LOOKED_AT in member_feed._GUESSED
    guessed = member_feed._GUESSED.replace(LOOKED_AT, memberships)
    return patch.object(member_feed, "_GUESSED", guessed)


def act(kit, what, circle):
    newest = [it.post for it in kit.feed("tao", circle=circle, limit=3).items]
    match what:
        case "post":
            kit.publish_post(circle, by="mei", text="New")
        case "pinned":
            post = kit.publish_post(circle, by="mei", text="Pinned")
            kit.pin_post(post, by="mei")
        case "must-see":
            post = kit.publish_post(circle, by="mei", text="Must")
            kit.promote_to_must_see(post, by="mei")
        case "acknowledge" if newest:
            kit.acknowledge(newest[0], by="tao")
        case "remove" if newest:
            kit.remove_post(newest[-1], by="mei")
        case "leave":
            kit.leave_circle(circle, "tao")
        case "come back":
            kit.join_circle(circle, "tao")


def each_by_itself(kit):
    """
    Return the feed as the feeds of the circles, each asked by itself, put in order.
    """
    places = {
        PostId(it.subject, it.version): it.position
        for it in everything(kit)
        if it.stream.startswith("circle/")
    }
    staying = {it.circle for it in kit.circles("tao")}
    items = [
        item
        for number in range(MANY)
        for item in kit.feed("tao", circle=f"c{number}", limit=200).items
    ]

    def order(item):
        waits = item.must_see_at is not None and not item.acknowledged
        first = item.post.circle in staying and (item.pinned or waits)
        return first, item.at, places[item.post]

    return sorted(items, key=order, reverse=True)


def pages(kit, limit):
    page = kit.feed("tao", limit=limit)
    yield from page.items
    while page.next is not None:
        page = kit.feed("tao", limit=limit, after=page.next)
        yield from page.items


@pytest.mark.parametrize("memberships", [LOOKED_AT, ALL])
@given(
    acts=ACTS,
    first=st.integers(0, MANY - 1),
    wide=st.sampled_from((3, 8, MANY)),
    limit=st.sampled_from((1, 5, 20, 150)),
)
def test_the_feeds_of_each(
    town, tmp_path_factory, memberships, acts, first, wide, limit
):
    """
    A feed over many circles is that of each circle, in one order, page by page.

    Whatever stands at the top, was removed, was left, or is closed to newcomers; and
    wherever a page begins to look, be it at the circles that mislead it.
    """
    with opened(town, tmp_path_factory) as (kit, clock), looking_at(memberships):
        for minutes, what, where in acts:
            clock.forward(minutes=minutes)
            with suppress(RefusedError):
                act(kit, what, f"c{(first + where % wide) % MANY}")

        assert each_by_itself(kit) == list(pages(kit, limit))


@pytest.mark.parametrize("limit", [2, 3, 20, 60, 150])
def test_a_wrong_guess(town, tmp_path_factory, limit):
    """
    A page that was misled about how far back it reaches is as long, and as right.
    """
    with opened(town, tmp_path_factory) as (kit, _), looking_at(ALL):
        page = kit.feed("tao", limit=limit)

        assert each_by_itself(kit)[:limit] == list(page.items)


def test_written_between_pages(town, tmp_path_factory):
    """
    However much is written in all circles after the first page, the others stand.
    """
    with opened(town, tmp_path_factory) as (kit, clock):
        before = each_by_itself(kit)
        page = kit.feed("tao", limit=5)
        shown = list(page.items)
        for number in range(MANY):
            clock.forward(minutes=1)
            kit.publish_post(f"c{number}", by="mei", text="New")

        while page.next is not None:
            page = kit.feed("tao", limit=20, after=page.next)
            shown += page.items

        assert before == shown
