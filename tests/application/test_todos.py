"""
To-dos: given, done, handed on, and found again on one's own page.
"""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circlekit import CircleKit
from circlekit.projections.todos import TodoEntry, TodoPart
from tests.application.communities import PEOPLE, opened, scripts, started
from tests.application.town import MARCH_1, everything
from tests.projections import naive_duties

HOUR = MARCH_1 + timedelta(hours=1)
DOING = (
    "assign_todo",
    "assign_todo",
    "complete_todo",
    "complete_todo",
    "reopen_todo",
    "reassign_todo",
    "move_todo_due",
    "cancel_todo",
    "leave_circle",
    "join_circle",
)


def _titles(page):
    return [entry.title for entry in page.items]


def _pages(kit, member, **asked):
    page = kit.todos(member, **asked)
    yield from page.items
    while page.next is not None:
        page = kit.todos(member, after=page.next, **asked)
        yield from page.items


@pytest.mark.covers("A057")
def test_one_part_each(town):
    """
    A to-do of several members is done when each has done their part.
    """
    todo = town.kit.assign_todo(
        "club", by="lin", title="Bring chairs", to=["tao", "ben"], due_at=HOUR
    )
    town.kit.complete_todo(todo, by="tao")
    town.clock.forward(hours=1)

    half = TodoEntry(
        todo=todo,
        circle="club",
        title="Bring chairs",
        given_by="lin",
        at=MARCH_1,
        parts=(
            TodoPart(member="ben", done_at=None),
            TodoPart(member="tao", done_at=MARCH_1),
        ),
        due_at=HOUR,
        overdue=True,
    )
    assert half == town.kit.todo(todo)
    assert not half.done
    town.kit.complete_todo(todo, by="ben")
    whole = town.kit.todo(todo)
    assert (True, False) == (whole.done, whole.overdue)


@pytest.mark.covers("A057", "A058")
def test_the_home_page(town):
    """
    One page has what somebody was given, another what they gave, over all circles.

    Or in one circle, and without what is done or was called off.
    """
    kit, clock = town.kit, town.clock
    kit.assign_todo("club", by="mei", title="Chairs", to=["tao", "ben"], todo="1")
    clock.forward(hours=1)
    kit.join_circle("guild", "mei")
    kit.assign_todo("guild", by="mei", title="Hammer", todo="2")
    clock.forward(hours=1)
    kit.assign_todo("club", by="tao", title="Emma", todo="3")
    kit.complete_todo("1", by="tao")

    assert ["Emma", "Chairs"] == _titles(kit.todos("tao"))
    assert ["Emma"] == _titles(kit.todos("tao", open_only=True))
    assert ["Hammer", "Chairs"] == _titles(kit.todos("mei", side="given"))
    assert ["Chairs"] == _titles(kit.todos("mei", side="given", circle="club"))
    assert ["Hammer", "Chairs"] == _titles(
        kit.todos("mei", side="given", open_only=True)
    )
    kit.cancel_todo("1", by="mei")
    assert ["Hammer"] == _titles(kit.todos("mei", side="given", open_only=True))


@pytest.mark.covers("P10")
def test_in_the_inbox(town):
    """
    A to-do is in the inbox until it is done, late from its very moment on.
    """
    kit = town.kit
    kit.assign_todo("club", by="tao", title="Emma", due_at=HOUR, todo="emma")

    def inbox():
        return [
            (duty.ref, duty.since, duty.due_at, duty.overdue)
            for duty in kit.inbox("tao", kinds=["to-do"]).items
        ]

    assert [("emma", MARCH_1, HOUR, False)] == inbox()
    town.clock.forward(hours=1)
    assert [("emma", MARCH_1, HOUR, True)] == inbox()
    kit.complete_todo("emma", by="tao")
    assert [] == inbox()
    kit.reopen_todo("emma", by="tao")
    assert [("emma", HOUR, HOUR, True)] == inbox()


@pytest.mark.parametrize("side", ["assigned", "given"])
@given(
    things=scripts(*DOING, least=20, most=60),
    member=st.sampled_from(PEOPLE),
    circle=st.sampled_from((None, "club")),
    open_only=st.booleans(),
    limit=st.integers(1, 4),
)
def test_a_naive_page(side, things, member, circle, open_only, limit):
    """
    The pages are all of history gone through by hand.
    """
    clock = started()
    with CircleKit("sqlite://", clock=clock) as kit:
        community = opened(kit, clock)
        community.live(things)

        pages = list(
            _pages(
                kit, member, side=side, circle=circle, open_only=open_only, limit=limit
            )
        )

        def listed(entry):
            parts = {part.member: part.done_at for part in entry.parts}
            if circle not in {None, entry.circle}:
                return False
            if side == "given":
                is_open, theirs = None in parts.values(), entry.given_by == member
            else:
                is_open, theirs = parts.get(member) is None, member in parts
            return theirs and (
                not open_only or (is_open and entry.cancelled_at is None)
            )

        told = naive_duties.todos(everything(kit), now=clock.now)
        assert [entry for entry, _ in told if listed(entry)] == pages


def test_an_id_of_our_own(town):
    """
    Whoever gives no id is given one, the same when the command comes again.
    """
    said = {"by": "tao", "title": "Emma", "command_id": "one"}
    first = town.kit.assign_todo("club", **said)

    assert first == town.kit.assign_todo("club", **said)
    assert ["Emma"] == _titles(town.kit.todos("tao"))


def test_in_a_closed_circle(town):
    """
    What nobody can do while a circle is closed is in no inbox until it is opened.
    """
    kit = town.kit
    kit.assign_todo("club", by="tao", title="Emma", todo="emma")
    kit.close_circle("club", by="mei", reason="Summer")

    assert ("circle-closed",) == town.ask("complete_todo", "emma", by="tao").rules
    assert () == kit.inbox("tao", kinds=["to-do"]).items
    kit.reopen_circle("club", by="mei")
    assert ["Emma"] == [duty.title for duty in kit.inbox("tao").items][:1]
