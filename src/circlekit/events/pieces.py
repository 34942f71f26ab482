"""
What became of the piece of work that one student handed in.

The decision and the read model both go by :func:`piece_after`, so they cannot come
to different figures.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from attrs import evolve, frozen

from circlekit.events.homework import (
    HomeworkEvent,
    HomeworkGraded,
    HomeworkReturned,
    HomeworkSubmitted,
    HomeworkWithdrawn,
)

PieceState = Literal["submitted", "graded", "returned"]
DueSet = tuple[datetime, datetime]


@frozen(kw_only=True)
class Piece:
    """
    What one student has handed in, as it stands.

    Attributes:
        place: The place of what was handed in last.

        handed_in_at: The moment that counts for being late, UTC. Whoever replaces
            what nobody has looked at hands in at that moment; whoever answers a
            return keeps the moment they had.

        state: ``submitted`` and waiting for a mark, ``graded``, or ``returned``.

        until: Until when a return may be answered, UTC, exclusive; None for ever.

        answers: The place of what was handed back, if this answers it.
    """

    place: int
    handed_in_at: datetime
    state: PieceState = "submitted"
    until: datetime | None = None
    answers: int | None = None


def piece_after(piece: Piece | None, place: int, event: HomeworkEvent) -> Piece | None:
    """
    Return what a student's piece is after an event about it, None if there is none.
    """
    match event:
        case HomeworkSubmitted():
            return _handed_in(piece, place, event.at)
        case HomeworkWithdrawn():
            return _taken_back(piece)
        case HomeworkGraded() if piece is not None:
            return evolve(piece, state="graded")
        case HomeworkReturned() if piece is not None:
            return evolve(piece, state="returned", until=event.until, answers=None)
    return piece


def due_then(dues: Sequence[DueSet], at: datetime) -> datetime:
    """
    Return which due moment stood just before *at*, of those set, oldest first.

    Before the first was set, it is the first. What was set at that very moment may
    have been set after whatever else happened then, so it does not stand yet.
    """
    standing = dues[0][1]
    for set_at, due_at in dues:
        if set_at < at:
            standing = due_at
    return standing


def is_set_by_role(
    dues: Sequence[DueSet], *, since: datetime, until: datetime | None = None
) -> bool:
    """
    Return whether somebody who is in its role has homework that was set to the role.

    Whoever was in the role when it was set has it by name, whatever this says.

    Args:
        dues: When it was set to be due, and at which moment; oldest first.
        since: When they began to be in the role: before it was due, to have it.
        until: From when on they no longer are, as far as is known; what is set
            later than that they do not have.
    """
    set_at, _ = dues[0]
    return since < due_then(dues, since) and (until is None or set_at < until)


def _handed_in(piece: Piece | None, place: int, at: datetime) -> Piece:
    if piece is not None and piece.state == "returned":
        return evolve(piece, place=place, state="submitted", answers=piece.place)
    if piece is not None and piece.answers is not None:
        return evolve(piece, place=place, state="submitted")
    return Piece(place=place, handed_in_at=at)


def _taken_back(piece: Piece | None) -> Piece | None:
    if piece is None or piece.answers is None:
        return None
    return evolve(piece, place=piece.answers, state="returned", answers=None)
