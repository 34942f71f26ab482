"""
What a member has to do, in one inbox.
"""

from datetime import timedelta
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circlekit import CircleKit, NotFoundError, RuleBook
from circlekit.projections.duties import KINDS, Duty
from tests.application.communities import PEOPLE, opened, scripts, started
from tests.application.town import MARCH_1, everything
from tests.projections import naive_duties

WRITING = (
    "publish_post",
    "send_must_see",
    "send_must_see",
    "promote_to_must_see",
    "promote_to_must_see",
    "acknowledge",
    "edit_post",
    "remove_post",
    "join_circle",
    "leave_circle",
    "remove_member",
    "hand_over_circle",
    "assign_todo",
    "assign_todo",
    "complete_todo",
    "complete_todo",
    "reopen_todo",
    "reassign_todo",
    "reassign_todo",
    "move_todo_due",
    "cancel_todo",
    "start_approval",
    "start_approval",
    "decide_approval",
    "decide_approval",
    "delegate_approval",
    "withdraw_approval",
    "expire_approval",
    "close_circle",
    "reopen_circle",
    "reopen_circle",
    "reopen_circle",
)


def _pages(kit, member, *, limit, between=lambda: None, **asked):
    page = kit.inbox(member, limit=limit, **asked)
    while True:
        yield from page.items
        if page.next is None:
            return
        assert len(page.items) == limit
        between()
        page = kit.inbox(member, limit=limit, after=page.next, **asked)


def _titles(page):
    return [duty.title for duty in page.items]


COUNTED_HERE = tuple(kind for kind in KINDS if kind not in {"homework", "grading"})


@pytest.mark.covers("P10")
@given(
    things=scripts(*WRITING, least=20, most=70),
    limit=st.integers(1, 7),
    member=st.sampled_from(PEOPLE),
    circle=st.sampled_from((None, "club")),
    kinds=st.sets(st.sampled_from(COUNTED_HERE)),
)
def test_a_naive_inbox(things, limit, member, circle, kinds):
    """
    An inbox, page by page, is all of history gone through by hand.

    But for homework, which test_homework counts by hand.
    """
    clock = started()
    with CircleKit("sqlite://", clock=clock) as kit:
        community = opened(kit, clock)
        community.live(things)

        pages = list(_pages(kit, member, limit=limit, circle=circle, kinds=kinds))

        expected = naive_duties.inbox(
            everything(kit), member, circle=circle, kinds=kinds, now=clock.now
        )
        assert expected == pages


@given(
    things=scripts(*WRITING, least=20, most=50),
    later=scripts(*WRITING, least=10, most=40),
    limit=st.integers(1, 4),
    member=st.sampled_from(PEOPLE[:3]),
)
def test_pages_while_things_happen(things, later, limit, member):
    """
    Whatever happens between two pages, no duty comes twice, and none is left out.

    Unless it was done meanwhile; and they come newest first.
    """
    clock = started()
    with CircleKit("sqlite://", clock=clock) as kit:
        community = opened(kit, clock)
        community.live(things)
        before = _known(kit, member, clock)
        coming = iter(later)

        def meanwhile():
            community.live(islice(coming, 3))

        shown = list(_pages(kit, member, limit=limit, between=meanwhile))

        refs = [(duty.kind, duty.ref) for duty in shown]
        assert len(set(refs)) == len(refs)
        assert sorted((duty.since for duty in shown), reverse=True) == [
            duty.since for duty in shown
        ]
        assert before & _known(kit, member, clock) <= set(refs)


def _known(kit, member, clock):
    told = everything(kit)
    return {
        (duty.kind, duty.ref)
        for duty in naive_duties.inbox(told, member, now=clock.now)
    }


@pytest.mark.covers("P09", "P10")
def test_one_call(club, clock):
    """
    One call returns the must-sees of all a member's circles, newest first.
    """
    club.found_circle(name="Chess", kind="community", by="ana", circle="chess")
    club.join_circle("chess", "tao")
    first = club.send_must_see("club", by="mei", text="\n  Read this \n and that")
    clock.forward(hours=1)
    second = club.send_must_see("chess", by="ana", images=["board.png"])

    page = club.inbox("tao")

    assert (
        Duty(
            kind="must-see",
            ref=str(second),
            circle="chess",
            title="",
            since=MARCH_1 + timedelta(hours=1),
        ),
        Duty(
            kind="must-see",
            ref=str(first),
            circle="club",
            title="Read this",
            since=MARCH_1,
        ),
    ) == page.items
    assert page.next is None


@pytest.mark.covers("A058")
def test_by_circle(club):
    """
    The inbox of one circle has what is to be done there, and nothing else.
    """
    club.found_circle(name="Chess", kind="community", by="ana", circle="chess")
    club.join_circle("chess", "tao")
    club.send_must_see("club", by="mei", text="Books")
    club.send_must_see("chess", by="ana", text="Boards")

    assert ["Books"] == _titles(club.inbox("tao", circle="club"))
    assert ["Boards"] == _titles(club.inbox("tao", circle="chess"))
    assert [] == _titles(club.inbox("ben", circle="chess"))
    with pytest.raises(NotFoundError):
        club.inbox("tao", circle="nowhere")


@pytest.mark.covers("P03")
def test_by_kind(club):
    """
    A section of the inbox is asked for by the kinds in it.
    """
    club.send_must_see("club", by="mei", text="Books")

    assert ["Books"] == _titles(club.inbox("tao", kinds=["must-see"]))
    assert [] == _titles(club.inbox("tao", kinds=["to-do", "homework", "approval"]))
    assert [] == _titles(club.inbox("tao", kinds=[]))


def test_until_acknowledged(club):
    """
    A must-see is everybody's duty until they acknowledge it, each for themselves.
    """
    post = club.send_must_see("club", by="mei", text="Books")

    club.acknowledge(post, by="tao")

    assert [] == _titles(club.inbox("tao"))
    assert ["Books"] == _titles(club.inbox("ben"))


def test_removed(club):
    """
    A must-see that was taken down is nobody's duty, and an edited one is told anew.
    """
    post = club.send_must_see("club", by="mei", text="Books")
    club.edit_post(post, by="mei", text="Two books")
    assert ["Two books"] == _titles(club.inbox("tao"))

    club.remove_post(post, by="mei")

    assert [] == _titles(club.inbox("tao"))


def test_who_left(club):
    """
    Who leaves a circle has nothing to do there; who comes back has what is left.
    """
    club.send_must_see("club", by="mei", text="Books")

    club.leave_circle("club", "tao")
    assert [] == _titles(club.inbox("tao"))

    club.join_circle("club", "tao")
    assert ["Books"] == _titles(club.inbox("tao"))


def test_who_comes_late(club):
    """
    Must-sees from before somebody came are theirs to do, however little they see.
    """
    club.adopt_rule_book(
        "club", RuleBook(name="ours", newcomers_see="nothing"), by="mei"
    )
    club.publish_post("club", by="mei", text="Tea")
    club.send_must_see("club", by="mei", text="Books")

    club.join_circle("club", "new")

    assert ["Books"] == _titles(club.inbox("new"))
    assert ["Books"] == [item.text for item in club.feed("new").items]


def test_many_members(club):
    """
    A must-see in a circle of many is one row, not one for each of them.
    """
    with club.batch():
        for number in range(200):
            club.join_circle("club", f"guest {number}")
    club.send_must_see("club", by="mei", text="Books")

    assert ["Books"] == _titles(club.inbox("guest 7"))
    with club._store.reading() as rows:
        ((must_sees, own),) = rows.all(
            "SELECT (SELECT count(*) FROM circlekit_duty_must_see), "
            "(SELECT count(*) FROM circlekit_duty_own)"
        )
    assert (1, 0) == (must_sees, own)
