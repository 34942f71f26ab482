"""
May this homework be set, handed in, graded?

Homework is a capability of teaching circles; a rule book may offer it in circles of
other kinds, or in none. In a teaching circle only verified
teachers set and grade it; where a rule book offers it elsewhere, the owner and
managers do as well, because nobody there need be verified.

What counts is the moment: handed in before it is due is in time, at that very
moment it is late, and from ``late_until`` on nothing is taken in any more. Nobody
ever gets less time than they were given.

Source: 001_91e06b73f5afe1ab:48 (homework in teaching circles), :18 (set, comment
and grade); who teaches, the moments and all else are circlekit's decisions.
"""

from collections.abc import Container
from datetime import datetime

from circlekit.events.circle import CircleKind, VerifiedRole
from circlekit.events.homework import Mark, Scale
from circlekit.events.pieces import Piece
from circlekit.policies.authority import Role
from circlekit.verdict import ALLOWED, Verdict, refused


def homework_offered(kind: CircleKind, kinds: Container[CircleKind]) -> Verdict:
    """
    Homework is set in the kinds of circles that the rule book says.

    >>> homework_offered("teaching", ("teaching",)).allowed
    True
    >>> str(homework_offered("business", ("teaching",)))
    'homework-not-offered: there is no homework in this business circle'
    """
    if kind in kinds:
        return ALLOWED
    return refused(
        "homework-not-offered", f"there is no homework in this {kind} circle"
    )


def teachers_only(
    kind: CircleKind, role: Role | None, verified: VerifiedRole | None, *, by: str
) -> Verdict:
    """
    Only teachers do this; outside of teaching circles the owner and managers too.

    >>> teachers_only("teaching", "member", "teacher", by="lin").allowed
    True
    >>> str(teachers_only("teaching", "owner", None, by="mei"))
    'not-a-teacher: mei is no verified teacher here'
    """
    if role is not None and verified == "teacher":
        return ALLOWED
    if kind != "teaching" and role in {"owner", "manager"}:
        return ALLOWED
    return refused("not-a-teacher", f"{by} is no verified teacher here")


def still_to_come(moment: datetime, *, at: datetime) -> Verdict:
    """
    A moment to do something by has not come yet.
    """
    if moment > at:
        return ALLOWED
    return refused("due-has-passed", f"{moment:%Y-%m-%d %H:%M} UTC has passed")


def more_time(
    due_at: datetime,
    late_until: datetime | None,
    *,
    than_due_at: datetime,
    than_late_until: datetime | None,
) -> Verdict:
    """
    Nobody gets less time than they were given.
    """
    closes_earlier = late_until is not None and (
        than_late_until is None or late_until < than_late_until
    )
    if due_at < than_due_at or closes_earlier:
        return refused("due-not-later", "nobody gets less time than they were given")
    if (due_at, late_until) == (than_due_at, than_late_until):
        return refused("already-so", "that is the time everybody has already")
    return ALLOWED


def not_cancelled(*, cancelled: bool) -> Verdict:
    """
    Nothing is done about homework that was called off.
    """
    if cancelled:
        return refused("homework-cancelled", "this homework was called off")
    return ALLOWED


def assigned_to(member: str, *, assigned: bool) -> Verdict:
    """
    Only whom it was set to hands something in.
    """
    if assigned:
        return ALLOWED
    return refused("not-assigned", f"this homework was not set to {member}")


def still_open(
    piece: Piece | None, *, late_until: datetime | None, at: datetime
) -> Verdict:
    """
    Something is handed in before the homework closes, or before a return does.
    """
    answering = piece is not None and (
        piece.state == "returned" or piece.answers is not None
    )
    closes = piece.until if piece is not None and answering else late_until
    if closes is None or at < closes:
        return ALLOWED
    return refused(
        "homework-closed", f"nothing was taken in from {closes:%Y-%m-%d %H:%M} UTC on"
    )


def not_yet_graded(piece: Piece | None) -> Verdict:
    """
    What has a mark stays as it is, until it is handed back.
    """
    if piece is not None and piece.state == "graded":
        return refused("already-graded", "it is graded already", (piece.place,))
    return ALLOWED


def handed_in(piece: Piece | None, *, student: str, returned: bool = False) -> Verdict:
    """
    Something of the student's is there, and was not handed back unless that counts.
    """
    if piece is None or (piece.state == "returned" and not returned):
        return refused("nothing-handed-in", f"nothing of {student}'s is handed in")
    return ALLOWED


def not_replaced(piece: Piece | None, *, submission: int | None) -> Verdict:
    """
    What is graded is what the grader was shown.
    """
    if piece is None or submission in {None, piece.place}:
        return ALLOWED
    return refused(
        "submission-changed", "something else was handed in meanwhile", (piece.place,)
    )


def on_the_scale(mark: Mark, scale: Scale) -> Verdict:
    """
    A mark is one of the homework's scale.
    """
    if scale.holds(mark):
        return ALLOWED
    return refused("mark-off-the-scale", f"{mark!r} is not of {scale}")
