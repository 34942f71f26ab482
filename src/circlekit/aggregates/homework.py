"""
Homework: whom it is set to, when it is due, and what each handed in.

What was written is not remembered, only where it stands.
"""

from datetime import datetime
from typing import assert_never

from attrs import Factory, define

from circlekit.aggregates.history import HasHistory
from circlekit.aggregates.roles import Verified
from circlekit.events.circle import VerifiedRole
from circlekit.events.homework import (
    HomeworkAssigned,
    HomeworkCancelled,
    HomeworkCommented,
    HomeworkDueMoved,
    HomeworkEvent,
    HomeworkGraded,
    HomeworkReturned,
    HomeworkSubmitted,
    HomeworkWithdrawn,
    Mark,
    Scale,
)
from circlekit.events.pieces import DueSet, Piece, is_set_by_role, piece_after
from circlekit.ids import CircleId, MemberId
from circlekit.policies.homework import (
    assigned_to,
    handed_in,
    more_time,
    not_cancelled,
    not_replaced,
    not_yet_graded,
    on_the_scale,
    still_open,
    still_to_come,
)
from circlekit.verdict import ALLOWED, Verdict, all_of, refused, require

Events = tuple[HomeworkEvent, ...]


@define
class Homework(HasHistory):
    """
    What must be remembered of homework to decide what happens next.

    Attributes:
        to: Whom it was set to by name.

        role: Whoever comes into this role in time has it set as well.

        dues: Every due moment that was set, each with when it was, oldest first.

        pieces: What each student handed in, as it stands.
    """

    circle: CircleId | None = None
    to: frozenset[str] = frozenset()
    role: VerifiedRole | None = None
    scale: Scale = Scale("passed")  # noqa: RUF009 - frozen
    dues: list[DueSet] = Factory(list)
    late_until: datetime | None = None
    cancelled: bool = False
    pieces: dict[str, Piece] = Factory(dict)

    @property
    def due_at(self) -> datetime:
        """
        Return the due moment in force.
        """
        return self.dues[-1][1]

    def is_set_to(self, member: str, verified: Verified | None) -> bool:
        """
        Return whether somebody has it to do, who was verified as something last.
        """
        if member in self.to:
            return True
        if verified is None or verified.role != self.role:
            return False
        return is_set_by_role(self.dues, since=verified.since, until=verified.until)

    # Commands: may refuse, never change anything.

    def assign(
        self,
        circle: CircleId,
        *,
        title: str,
        text: str = "",
        attachments: tuple[str, ...] = (),
        to: tuple[MemberId, ...] = (),
        role: VerifiedRole | None = None,
        scale: Scale,
        due_at: datetime,
        late_until: datetime | None = None,
        there: Verdict,
        by: MemberId,
        at: datetime,
    ) -> Events:
        """
        Set it; *there* says whether that may be done in the circle, to these people.
        """
        require(
            there,
            refused("homework-there", "there is homework of that id already")
            if self.version
            else ALLOWED,
            still_to_come(due_at, at=at),
        )
        return (
            HomeworkAssigned(
                circle=circle,
                title=title,
                text=text,
                attachments=attachments,
                to=to,
                role=role,
                scale=scale,
                due_at=due_at,
                late_until=late_until,
                by=by,
                at=at,
            ),
        )

    def move_due(
        self,
        due_at: datetime,
        *,
        late_until: datetime | None,
        teacher: Verdict,
        by: MemberId,
        at: datetime,
    ) -> Events:
        """
        Give everybody more time.
        """
        require(
            teacher,
            self._goes_on(),
            more_time(
                due_at,
                late_until,
                than_due_at=self.due_at,
                than_late_until=self.late_until,
            ),
            ALLOWED if due_at == self.due_at else still_to_come(due_at, at=at),
        )
        return (HomeworkDueMoved(due_at=due_at, late_until=late_until, by=by, at=at),)

    def cancel(
        self, *, reason: str | None, teacher: Verdict, by: MemberId, at: datetime
    ) -> Events:
        """
        Call it off.
        """
        require(teacher, self._goes_on())
        return (HomeworkCancelled(reason=reason, by=by, at=at),)

    def submit(
        self,
        *,
        text: str = "",
        images: tuple[str, ...] = (),
        attachments: tuple[str, ...] = (),
        there: Verdict,
        verified: Verified | None,
        by: MemberId,
        at: datetime,
    ) -> Events:
        """
        Hand something in, by somebody who was verified as something last.
        """
        piece = self.pieces.get(by)
        require(
            there,
            self._goes_on(),
            assigned_to(by, assigned=self.is_set_to(by, verified)),
            still_open(piece, late_until=self.late_until, at=at),
            not_yet_graded(piece),
        )
        return (
            HomeworkSubmitted(
                text=text, images=images, attachments=attachments, by=by, at=at
            ),
        )

    def withdraw(self, *, there: Verdict, by: MemberId, at: datetime) -> Events:
        """
        Take back what nobody has graded yet.
        """
        piece = self.pieces.get(by)
        require(
            there,
            self._goes_on(),
            handed_in(piece, student=by),
            not_yet_graded(piece),
        )
        return (HomeworkWithdrawn(by=by, at=at),)

    def grade(
        self,
        student: MemberId,
        *,
        mark: Mark,
        comment: str | None = None,
        grader: str | None = None,
        submission: int | None = None,
        teacher: Verdict,
        by: MemberId,
        at: datetime,
    ) -> Events:
        """
        Give a mark, the first or another; *submission* is what the grader was shown.
        """
        require(
            self.may_grade(student, teacher=teacher),
            not_replaced(self.pieces.get(student), submission=submission),
            on_the_scale(mark, self.scale),
        )
        return (
            HomeworkGraded(
                student=student,
                submission=self.pieces[student].place,
                mark=mark,
                comment=comment,
                grader=grader,
                by=by,
                at=at,
            ),
        )

    def may_grade(self, student: MemberId, *, teacher: Verdict) -> Verdict:
        """
        Return whether a student's work may get a mark, whichever it is.
        """
        piece = self.pieces.get(student)
        return all_of(teacher, self._goes_on(), handed_in(piece, student=student))

    def hand_back(
        self,
        student: MemberId,
        *,
        comment: str | None,
        until: datetime | None,
        teacher: Verdict,
        by: MemberId,
        at: datetime,
    ) -> Events:
        """
        Return a student's work for another try.
        """
        require(
            teacher,
            self._goes_on(),
            handed_in(self.pieces.get(student), student=student),
            ALLOWED if until is None else still_to_come(until, at=at),
        )
        return (
            HomeworkReturned(
                student=student,
                submission=self.pieces[student].place,
                comment=comment,
                until=until,
                by=by,
                at=at,
            ),
        )

    def comment(
        self,
        student: MemberId,
        *,
        text: str,
        there: Verdict,
        by: MemberId,
        at: datetime,
    ) -> Events:
        """
        Say something about what a student handed in, also once it was handed back.
        """
        piece = self.pieces.get(student)
        require(
            there, self._goes_on(), handed_in(piece, student=student, returned=True)
        )
        return (HomeworkCommented(student=student, text=text, by=by, at=at),)

    def _goes_on(self) -> Verdict:
        return not_cancelled(cancelled=self.cancelled)

    # History: never refuses, whatever today's rules say.

    def _evolve(self, event: HomeworkEvent) -> None:
        match event:
            case HomeworkSubmitted() | HomeworkWithdrawn():
                self._change(event.by, event)
            case HomeworkGraded() | HomeworkReturned():
                self._change(event.student, event)
            case HomeworkCommented():
                pass
            case HomeworkDueMoved():
                self.dues.append((event.at, event.due_at))
                self.late_until = event.late_until
            case HomeworkCancelled():
                self.cancelled = True
            case HomeworkAssigned():
                self.circle = event.circle
                self.to = frozenset(event.to)
                self.role = event.role
                self.scale = event.scale
                self.dues.append((event.at, event.due_at))
                self.late_until = event.late_until
            case _:
                assert_never(event)

    def _change(self, student: str, event: HomeworkEvent) -> None:
        piece = piece_after(self.pieces.get(student), self.version, event)
        if piece is None:
            self.pieces.pop(student, None)
        else:
            self.pieces[student] = piece
