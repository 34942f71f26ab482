"""
To-dos: who gives them, who has done them, and by when.
"""

from datetime import datetime
from typing import Any

from benchmarks.mutants.planting import MICROSECOND, TODO, Kept, bends
from circlekit.aggregates.todo import Todo
from circlekit.events.todo import TodoReassigned, TodoReopened
from circlekit.policies import todos as policy
from circlekit.verdict import ALLOWED, refused


@bends(policy, "still_ahead", TODO)
def due_at_this_moment(kept: Kept, due_at: datetime | None, *, at: datetime) -> Any:
    """
    Something is to be done by the moment that it is.
    """
    return kept(due_at, at=at - MICROSECOND)


@bends(Todo, "assign", TODO)
def members_give(kept: Kept, self: Todo, *args: Any, **asked: Any) -> Any:
    """
    Any member gives others something to do.
    """
    return kept(self, *args, **{**asked, "manager": asked["member"]})


@bends(Todo, "assign", TODO)
def nobody_gives_themselves(kept: Kept, self: Todo, *args: Any, **asked: Any) -> Any:
    """
    Only the owner and managers give themselves something to do.
    """
    return kept(self, *args, **{**asked, "member": asked["manager"]})


@bends(policy, "not_yet_done", TODO)
def done_by_one(_kept: Kept, *members: str, parts: Any) -> Any:
    """
    What one of several has done is done.
    """
    if any(parts.get(member, False) for member in members):
        return refused("already-done", "one of them has done this already")
    return ALLOWED


@bends(policy, "not_yet_done", TODO)
def done_twice(_kept: Kept, *_members: str, **_asked: Any) -> Any:
    """
    A part may be done twice, and given away when it is done.
    """
    return ALLOWED


@bends(Todo, "reopen", TODO)
def anybody_reopens(kept: Kept, self: Todo, who: Any, **asked: Any) -> Any:
    """
    Any member has another's part done again.
    """
    return kept(self, who, **{**asked, "manager": asked["member"]})


@bends(Todo, "cancel", TODO)
def giver_has_no_say(kept: Kept, self: Todo, **asked: Any) -> Any:
    """
    Whoever gave a to-do cannot call it off, unless they run the circle.
    """
    return kept(self, **{**asked, "member": asked["manager"]})


@bends(policy, "has_no_part_in", TODO)
def given_twice(_kept: Kept, *_args: Any) -> Any:
    """
    A part is given to somebody who has one.
    """
    return ALLOWED


@bends(Todo, "_evolve", TODO)
def given_away_and_kept(kept: Kept, self: Todo, event: Any) -> None:
    """
    Whoever's part was given to another has it still.
    """
    kept(self, event)
    if isinstance(event, TodoReassigned):
        self.parts[event.member] = False


@bends(Todo, "_evolve", TODO)
def reopened_for_all(kept: Kept, self: Todo, event: Any) -> None:
    """
    When one part is to be done again, all are.
    """
    kept(self, event)
    if isinstance(event, TodoReopened):
        self.parts = dict.fromkeys(self.parts, False)
