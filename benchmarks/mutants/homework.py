"""
Homework: whom it is set to, in which time, and its marks.
"""

from datetime import datetime
from typing import Any

from attrs import evolve

from benchmarks.mutants.planting import HOMEWORK, MICROSECOND, Kept, bends
from circlekit.aggregates.homework import Homework
from circlekit.events import pieces as pieces_module
from circlekit.events.homework import HomeworkDueMoved
from circlekit.events.pieces import Piece
from circlekit.policies import homework as policy
from circlekit.verdict import ALLOWED


@bends(policy, "still_open", HOMEWORK)
def taken_in_at_its_end(
    kept: Kept, piece: Any, *, late_until: Any, at: datetime
) -> Any:
    """
    Something is still taken in at the very moment that homework closes.
    """
    return kept(piece, late_until=late_until, at=at - MICROSECOND)


@bends(policy, "still_open", HOMEWORK)
def no_more_time(kept: Kept, _piece: Any, **asked: Any) -> Any:
    """
    Whoever has their work back has no more time than the others.
    """
    return kept(None, **asked)


@bends(policy, "not_yet_graded", HOMEWORK)
def graded_and_replaced(_kept: Kept, *_args: Any) -> Any:
    """
    What has a mark can be replaced.
    """
    return ALLOWED


@bends(policy, "more_time", HOMEWORK)
def less_time(kept: Kept, due_at: Any, late_until: Any, **asked: Any) -> Any:
    """
    Homework can be made to close earlier, as long as it is not due earlier.
    """
    asked["than_late_until"] = late_until
    same = due_at == asked["than_due_at"]
    return ALLOWED if same else kept(due_at, late_until, **asked)


@bends(policy, "on_the_scale", HOMEWORK)
def passed_is_a_point(kept: Kept, mark: Any, scale: Any) -> Any:
    """
    To have passed is taken for one point.
    """
    points = scale.kind == "points" and isinstance(mark, bool)
    return kept(int(mark) if points else mark, scale)


@bends(policy, "on_the_scale", HOMEWORK)
def one_point_too_many(kept: Kept, mark: Any, scale: Any) -> Any:
    """
    A mark has one point more than the most.
    """
    if scale.kind == "points":
        scale = evolve(scale, most=scale.most + 1)
    return kept(mark, scale)


@bends(Homework, "is_set_to", HOMEWORK)
def set_to_latecomers(_kept: Kept, self: Homework, member: str, verified: Any) -> Any:
    """
    Whoever comes into the role after it was due has the homework to do as well.
    """
    in_the_role = verified is not None and verified.role == self.role
    return member in self.to or in_the_role


@bends(pieces_module, "is_set_by_role", HOMEWORK)
def set_after_they_were(kept: Kept, dues: Any, *, since: Any, until: Any) -> Any:
    """
    Whoever was in the role has what is set to it once they are in it no longer.
    """
    del until
    return kept(dues, since=since)


@bends(pieces_module, "due_then", HOMEWORK)
def due_as_of_now(_kept: Kept, dues: Any, _at: datetime) -> Any:
    """
    Whoever joined too late has homework to do once it is due later.
    """
    return dues[-1][1]


@bends(policy, "not_replaced", HOMEWORK)
def graded_unseen(_kept: Kept, *_args: Any, **_asked: Any) -> Any:
    """
    A mark is given to something else than the grader was shown.
    """
    return ALLOWED


@bends(pieces_module, "_handed_in", HOMEWORK)
def late_by_the_answer(_kept: Kept, _piece: Any, place: int, at: datetime) -> Any:
    """
    Whoever answers a return has handed in only then.
    """
    return Piece(place=place, handed_in_at=at)


@bends(pieces_module, "_taken_back", HOMEWORK)
def all_taken_back(_kept: Kept, _piece: Any) -> Any:
    """
    Whoever takes an answer back has handed in nothing at all.
    """
    return None


@bends(policy, "handed_in", HOMEWORK)
def returned_is_graded(
    kept: Kept, piece: Any, *, student: str, returned: bool = False
) -> Any:
    """
    What was handed back can be graded before it is handed in again.
    """
    del returned
    return kept(piece, student=student, returned=True)


@bends(Homework, "_evolve", HOMEWORK)
def closes_as_before(kept: Kept, self: Homework, event: Any) -> None:
    """
    Homework that is due later closes as before.
    """
    before = self.late_until
    kept(self, event)
    if isinstance(event, HomeworkDueMoved):
        self.late_until = before
