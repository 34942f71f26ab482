"""
What somebody sees of the past who joins: exactly what the rule book of that day says.
"""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circlekit import CircleKit, ManualClock, RuleBook
from tests.application.town import MARCH_1

SEE = st.one_of(
    st.tuples(st.sampled_from(("all", "nothing")), st.just(0)),
    st.tuples(st.just("newest"), st.integers(0, 5)),
    st.tuples(st.just("days"), st.integers(0, 5)),
)
# Hours until the next post; whether it is pinned, a must-see, removed at once.
POSTS = st.lists(
    st.tuples(
        st.sampled_from((0, 1, 24, 48)),
        st.sampled_from(("post", "post", "pinned", "must-see", "removed")),
    ),
    max_size=8,
)
# All that three such lists may pin.
PINS = 24


def pages(ask, member, limit):
    """
    Return all that a member is shown, page by page.
    """
    items, after = [], None
    while True:
        page = ask(member, after=after, limit=limit)
        items += page.items
        after = page.next
        if after is None:
            return items


def seen(kit, member, limit):
    """
    Return the posts a member sees.
    """
    return [item.post for item in pages(kit.feed, member, limit)]


def write(kit, clock, posts):
    """
    Write posts, and return those that stay: when, what, and how each stands out.
    """
    stay = []
    for hours, how in posts:
        clock.forward(hours=hours)
        post = kit.publish_post("club", by="mei", text="x")
        match how:
            case "pinned":
                kit.pin_post(post, by="mei")
            case "must-see":
                kit.promote_to_must_see(post, by="mei")
            case "removed":
                kit.remove_post(post, by="mei")
        if how != "removed":
            stay.append((clock.now, post, how))
    return stay


@pytest.mark.covers("P11")
@given(see=SEE, before=POSTS, after=POSTS, limit=st.sampled_from((1, 3, 200)))
def test_what_the_policy_says(see, before, after, limit):
    """
    A member who joins sees exactly what the policy says, and all that follows.

    Also once they have acknowledged the must-sees, and when the rule book changes.
    """
    kind, number = see
    book = RuleBook(
        name="ours", pins=PINS, newcomers_see=kind, newcomers_see_number=number
    )
    clock = ManualClock(MARCH_1)
    with CircleKit("sqlite://", clock=clock) as kit:
        kit.found_circle(
            name="Club", kind="community", by="mei", circle="club", rules=book
        )
        past = write(kit, clock, before)
        joined_at = clock.now
        kit.join_circle("club", "new")
        kit.adopt_rule_book("club", RuleBook(name="other", pins=PINS), by="mei")
        later = write(kit, clock, after)

        expected = {post for _, post, how in past if how in {"pinned", "must-see"}}
        match kind:
            case "all":
                expected |= {post for _, post, _ in past}
            case "newest":
                expected |= {post for _, post, _ in past[len(past) - number :]}
            case "days":
                since = joined_at - timedelta(days=number)
                expected |= {post for at, post, _ in past if at > since}
        if kind == "newest" and number > len(past):
            expected |= {post for _, post, _ in past}
        expected |= {post for _, post, _ in later}

        found = seen(kit, "new", limit)
        assert sorted(expected) == sorted(found)
        for _, post, how in past + later:
            if how == "must-see":
                kit.acknowledge(post, by="new")
        assert sorted(expected) == sorted(seen(kit, "new", limit))
        assert sorted(post for _, post, _ in past + later) == sorted(
            seen(kit, "mei", limit)
        )


@pytest.mark.parametrize("kind", ["nothing", "newest", "days"])
def test_at_the_very_moment(kit, kind):
    """
    Who sees nothing of the past sees what is written after they joined.

    Also what is written at the same moment, but nothing that came before them at it.
    """
    book = RuleBook(name="ours", newcomers_see=kind, newcomers_see_number=0)
    kit.found_circle(name="Club", kind="community", by="mei", circle="club", rules=book)
    kit.publish_post("club", by="mei", text="Before")
    kit.join_circle("club", "new")
    after = kit.publish_post("club", by="mei", text="After")

    assert [after] == seen(kit, "new", 20)


@pytest.mark.covers("P10", "P11")
@given(
    see=SEE,
    before=POSTS,
    away=POSTS,
    after=POSTS,
    acknowledged=st.sets(st.integers(0, 12)),
    limit=st.sampled_from((1, 3, 200)),
)
def test_one_rule_for_feed_and_inbox(see, before, away, after, acknowledged, limit):
    """
    The must-sees to do in an inbox are those that the feed shows to be acknowledged.

    Whatever of the past the rule book shows, from before somebody came, from while
    they were gone, and since; and who is gone has none to do.
    """
    kind, number = see
    book = RuleBook(
        name="ours", pins=PINS, newcomers_see=kind, newcomers_see_number=number
    )
    clock = ManualClock(MARCH_1)
    with CircleKit("sqlite://", clock=clock) as kit:
        kit.found_circle(
            name="Club", kind="community", by="mei", circle="club", rules=book
        )
        past = write(kit, clock, before)
        kit.join_circle("club", "new")
        sent = [post for _, post, how in past if how == "must-see"]
        done = {post for place, post in enumerate(sent) if place in acknowledged}
        for post in done:
            kit.acknowledge(post, by="new")
        kit.leave_circle("club", "new")
        assert [] == pages(kit.inbox, "new", limit)
        past += write(kit, clock, away)
        kit.join_circle("club", "new")
        past += write(kit, clock, after)

        expected = [
            str(post) for _, post, how in past if how == "must-see" and post not in done
        ]
        every = [str(post) for _, post, how in past if how == "must-see"]
        kit.join_circle("club", "late")
        for member, to_do in (("new", expected), ("late", every)):
            shown = [
                str(item.post)
                for item in pages(kit.feed, member, limit)
                if item.must_see_at is not None and not item.acknowledged
            ]
            inbox = [duty.ref for duty in pages(kit.inbox, member, limit)]
            assert sorted(to_do) == sorted(inbox)
            assert sorted(shown) == sorted(inbox)
