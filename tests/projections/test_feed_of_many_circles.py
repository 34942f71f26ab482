"""
The feed of somebody in many circles, some of them left, some joined late.
"""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circlekit import CircleKit, ManualClock, RefusedError, RuleBook
from tests.application.town import MARCH_1, everything
from tests.projections import naive

CIRCLES = 4
WHERE = st.integers(0, CIRCLES - 1)
# Minutes until then, what the owner of a circle does, or the reader, and where; what is
# done with a post is done with one of the newest.
ACTS = st.lists(
    st.tuples(
        st.sampled_from((0, 1, 1)),
        st.sampled_from(
            (
                "post",
                "post",
                "post",
                "pin",
                "pin",
                "unpin",
                "must-see",
                "must-see",
                "acknowledge",
                "acknowledge",
                "remove",
                "remove",
                "leave",
                "join",
                "join",
                "look",
                "look",
            )
        ),
        WHERE,
        st.sampled_from((0, 0, 0, 1, 2)),
    ),
    min_size=30,
    max_size=90,
)


class Town:
    """
    Circles of one owner, and a reader who comes and goes.
    """

    def __init__(self, kit, clock):
        self.kit, self.clock = kit, clock
        self.posts = {f"c{number}": [] for number in range(CIRCLES)}
        self.must_sees = {name: [] for name in self.posts}
        book = RuleBook(name="ours", must_see=())
        for name in self.posts:
            kit.found_circle(
                name=name, kind="community", by="mei", circle=name, rules=book
            )

    def do(self, minutes, act, where, which):
        """
        Do something, unless a rule is in the way.
        """
        name = f"c{where}"
        posts = (self.must_sees if act == "acknowledge" else self.posts)[name]
        self.clock.forward(minutes=minutes)
        with suppress(RefusedError):
            match act:
                case "post":
                    text = f"{name} {len(posts)}"
                    posts.append(self.kit.publish_post(name, by="mei", text=text))
                case "join":
                    self.kit.join_circle(name, "tao")
                case "leave":
                    self.kit.leave_circle(name, "tao")
                case _ if act != "look" and which < len(posts):
                    self._about(act, posts[-1 - which])

    def _about(self, act, post):
        match act:
            case "pin":
                self.kit.pin_post(post, by="mei")
            case "unpin":
                self.kit.unpin_post(post, by="mei")
            case "must-see":
                self.kit.promote_to_must_see(post, by="mei")
                self.must_sees[post.circle].append(post)
            case "acknowledge":
                self.kit.acknowledge(post, by="tao")
            case "remove":
                self.kit.remove_post(post, by="mei")
                self.posts[post.circle].remove(post)


def pages(kit, limit):
    """
    Return a reader's whole feed, page by page.
    """
    items, after = [], None
    while True:
        page = kit.feed("tao", after=after, limit=limit)
        items += page.items
        after = page.next
        if after is None:
            return items


@pytest.mark.covers("A018", "A020", "P09")
@given(acts=ACTS, limit=st.sampled_from((1, 2, 3, 200)))
def test_over_many_circles(acts, limit):
    """
    A feed over many circles is all their history gone through by hand.

    However few of them are on a page; and read again, once it is filled anew.
    """
    clock = ManualClock(MARCH_1)
    with CircleKit("sqlite://", clock=clock) as kit:
        town = Town(kit, clock)
        for where in range(CIRCLES):
            kit.join_circle(f"c{where}", "tao")
        for act in acts:
            town.do(*act)
            if "look" in act:
                assert naive.feed(everything(kit), "tao") == pages(kit, limit)

        expected = naive.feed(everything(kit), "tao")
        assert expected == pages(kit, limit)
        kit.rebuild_read_models()
        assert expected == pages(kit, limit)
