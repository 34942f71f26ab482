"""
What homework gives people to do: students to hand in, teachers to grade.

A part of the inbox. A student has it to do from when it is set to them until they
hand in, and again when it comes back, while it is set to them; a teacher who set it
has it to do while anything waits for a mark.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Final

from attrs import frozen
from sqlalchemy import Column, Index, Integer, MetaData, Table

from circlekit.clock import from_micros, micros, micros_if_any
from circlekit.events.circle import MemberJoined, MemberLeft, MemberRemoved
from circlekit.events.homework import (
    HomeworkAssigned,
    HomeworkCancelled,
    HomeworkDueMoved,
    HomeworkGraded,
    HomeworkReturned,
    HomeworkSubmitted,
    HomeworkWithdrawn,
)
from circlekit.events.pieces import is_set_by_role
from circlekit.events.record import Recorded
from circlekit.events.roles import RoleExpired, RoleVerified, VerifiedRole
from circlekit.ids import MemberId
from circlekit.projections.read_model import TEXT, WHOLE_NUMBER, Rows

KINDS: Final = frozenset(
    {
        HomeworkAssigned,
        HomeworkDueMoved,
        HomeworkCancelled,
        HomeworkSubmitted,
        HomeworkWithdrawn,
        HomeworkGraded,
        HomeworkReturned,
    }
)

Begin = Callable[..., None]
End = Callable[..., None]
Move = Callable[..., None]


def add_tables(tables: MetaData) -> None:
    """
    Add the tables that are needed to know what homework gives whom to do.
    """
    Table(
        "circlekit_duty_homework",
        tables,
        Column("homework", TEXT, primary_key=True),
        Column("circle", TEXT, nullable=False),
        Column("role", TEXT),
        Column("title", TEXT, nullable=False),
        Column("teacher", TEXT, nullable=False),
        Column("due", WHOLE_NUMBER, nullable=False),
        Column("closes", WHOLE_NUMBER),
        Index("circlekit_duty_homework_circle", "circle", "role"),
    )
    # By which moment somebody had to be in its role, to have it by that.
    Table(
        "circlekit_duty_due",
        tables,
        Column("homework", TEXT, primary_key=True),
        Column("version", Integer, primary_key=True),
        Column("at", WHOLE_NUMBER, nullable=False),
        Column("due", WHOLE_NUMBER, nullable=False),
    )
    # Who ever had it, whether it is still set to them, and what they handed in;
    # `closes` is a return's.
    Table(
        "circlekit_duty_student",
        tables,
        Column("homework", TEXT, primary_key=True),
        Column("student", TEXT, primary_key=True),
        Column("by_name", Integer, nullable=False),
        Column("still_set", Integer, nullable=False),
        Column("waits", Integer, nullable=False),
        Column("graded", Integer, nullable=False),
        Column("answers", Integer, nullable=False),
        Column("closes", WHOLE_NUMBER),
        Index("circlekit_duty_student_name", "student"),
    )


@frozen
class Term:
    """
    A verified role, from when to when.
    """

    role: VerifiedRole
    since: datetime
    until: datetime | None = None

    def has(self, dues: Iterable[Sequence[int]]) -> bool:
        """
        Return whether somebody in it has what is set to the role.

        Args:
            dues: When it was set to be due, and at which moment; oldest first.
        """
        stood = [(from_micros(set_at), from_micros(due)) for set_at, due in dues]
        return is_set_by_role(stood, since=self.since, until=self.until)


def term_of(event: MemberJoined | RoleVerified | RoleExpired) -> Term | None:
    """
    Return the role that somebody is in from now on, None if in none.
    """
    match event:
        case MemberJoined() if event.verified_role is not None:
            return Term(event.verified_role, event.at)
        case RoleVerified():
            return Term(event.role, event.since or event.at, event.until)
    return None


@frozen
class Giving:
    """
    How duties are given and taken.
    """

    begin: Begin
    end: End
    move: Move

    def take_in(self, rows: Rows, recorded: Recorded) -> None:
        """
        Give and take what an event gives and takes.
        """
        event, homework = recorded.event, recorded.subject
        match event:
            case HomeworkAssigned():
                self._assign(rows, recorded, event)
            case HomeworkDueMoved():
                rows.run(
                    _MOVE,
                    homework=homework,
                    due=micros(event.due_at),
                    closes=micros_if_any(event.late_until),
                )
                _due(rows, recorded, event)
                self.move(rows, kind="homework", ref=homework, due=event.due_at)
                self.move(rows, kind="grading", ref=homework, due=event.due_at)
            case HomeworkCancelled():
                for kind in ("homework", "grading"):
                    self.end(rows, kind=kind, ref=homework)
                rows.run(_FORGET, homework=homework)
            case HomeworkSubmitted():
                place = {"homework": homework, "student": event.by}
                ((waiting,),) = rows.all(_WAITING, homework=homework)
                rows.run(_HAVE, by_name=0, **place)
                rows.run(_WAIT, **place)
                self.end(rows, kind="homework", ref=homework, member=event.by)
                if not waiting:
                    self._grade(rows, recorded)
            case HomeworkWithdrawn():
                place = {"homework": homework, "student": event.by}
                rows.run(_NO_LONGER_WAIT, graded=0, **place)
                self._hand_in(rows, recorded, event.by)
                self._graded(rows, homework)
            case HomeworkGraded():
                place = {"homework": homework, "student": event.student}
                rows.run(_NO_LONGER_WAIT, graded=1, **place)
                self._graded(rows, homework)
            case HomeworkReturned():
                rows.run(
                    _ANSWER,
                    homework=homework,
                    student=event.student,
                    closes=micros_if_any(event.until),
                )
                self._hand_in(rows, recorded, event.student)
                self._graded(rows, homework)

    def came(self, rows: Rows, recorded: Recorded, event: MemberJoined) -> None:
        """
        Give a newcomer what is set to their role and is not due yet.
        """
        term = term_of(event)
        for homework in self._set_to(rows, recorded.subject, event.member, term):
            self._give(rows, recorded, event.member, homework)

    def verified(
        self, rows: Rows, recorded: Recorded, event: RoleVerified | RoleExpired
    ) -> None:
        """
        Give a member what is set to the role they are in now, and take the rest.
        """
        member, term = event.member, term_of(event)
        had = self._by_role(rows, recorded.subject, member)
        has = self._set_to(rows, recorded.subject, member, term)
        for homework in had:
            if homework not in has:
                self._take(rows, member, homework)
        for homework in has:
            if homework not in had:
                self._give(rows, recorded, member, homework)

    def went(self, rows: Rows, event: MemberLeft | MemberRemoved, circle: str) -> None:
        """
        Take from who left what was set to their role, and not to them by name.
        """
        for homework in self._by_role(rows, circle, event.member):
            self._take(rows, event.member, homework)

    def _set_to(
        self, rows: Rows, circle: str, member: str, term: Term | None
    ) -> list[str]:
        if term is None:
            return []
        found = rows.all(_FOR_ROLE, circle=circle, role=term.role, student=member)
        return [
            homework
            for (homework,) in found
            if term.has(rows.all(_DUES, homework=homework))
        ]

    def _by_role(self, rows: Rows, circle: str, member: str) -> list[str]:
        found = rows.all(_BY_ROLE, circle=circle, student=member)
        return [homework for (homework,) in found]

    def _give(
        self, rows: Rows, recorded: Recorded, member: MemberId, homework: str
    ) -> None:
        rows.run(_HAVE, homework=homework, student=member, by_name=0)
        self._hand_in(rows, recorded, member, homework)

    def _take(self, rows: Rows, member: MemberId, homework: str) -> None:
        self.end(rows, kind="homework", ref=homework, member=member)
        rows.run(_TAKE, homework=homework, student=member)

    def _assign(self, rows: Rows, recorded: Recorded, event: HomeworkAssigned) -> None:
        rows.run(
            _SET,
            homework=recorded.subject,
            circle=event.circle,
            role=event.role,
            title=event.title,
            teacher=event.by,
            due=micros(event.due_at),
            closes=micros_if_any(event.late_until),
        )
        _due(rows, recorded, event)
        for student in event.to:
            rows.run(_HAVE, homework=recorded.subject, student=student, by_name=1)
            self._hand_in(rows, recorded, student)

    def _hand_in(
        self,
        rows: Rows,
        recorded: Recorded,
        student: str,
        homework: str | None = None,
    ) -> None:
        ref = recorded.subject if homework is None else homework
        for circle, title, due in rows.all(_TO_DO, homework=ref, student=student):
            self.begin(
                rows,
                recorded,
                member=student,
                kind="homework",
                ref=ref,
                circle=circle,
                title=title,
                due=from_micros(due),
            )

    def _grade(self, rows: Rows, recorded: Recorded) -> None:
        for circle, title, teacher, due in rows.all(_SHEET, homework=recorded.subject):
            self.begin(
                rows,
                recorded,
                member=teacher,
                kind="grading",
                ref=recorded.subject,
                circle=circle,
                title=title,
                due=from_micros(due),
            )

    def _graded(self, rows: Rows, homework: str) -> None:
        ((waiting,),) = rows.all(_WAITING, homework=homework)
        if not waiting:
            self.end(rows, kind="grading", ref=homework)


def _due(
    rows: Rows, recorded: Recorded, event: HomeworkAssigned | HomeworkDueMoved
) -> None:
    rows.run(
        _DUE,
        homework=recorded.subject,
        version=recorded.version,
        at=micros(event.at),
        due=micros(event.due_at),
    )


# Of homework that can be handed in no longer nothing is to be done: put into the
# question for what is open, about the duty `o` at the moment `:now`.
NOT_CLOSED: Final = """
NOT (o.kind = 'homework' AND EXISTS (
    SELECT 1 FROM circlekit_duty_homework h
    JOIN circlekit_duty_student s ON s.homework = h.homework AND s.student = o.member
    WHERE h.homework = o.ref
    AND CASE WHEN s.answers = 1 THEN s.closes ELSE h.closes END <= :now))
"""

_SET: Final = """
INSERT INTO circlekit_duty_homework
(homework, circle, role, title, teacher, due, closes)
VALUES (:homework, :circle, :role, :title, :teacher, :due, :closes)
"""
_MOVE: Final = """
UPDATE circlekit_duty_homework SET due = :due, closes = :closes
WHERE homework = :homework
"""
_FORGET: Final = "DELETE FROM circlekit_duty_homework WHERE homework = :homework"
_SHEET: Final = """
SELECT circle, title, teacher, due FROM circlekit_duty_homework
WHERE homework = :homework
"""
_DUE: Final = """
INSERT INTO circlekit_duty_due (homework, version, at, due)
VALUES (:homework, :version, :at, :due)
"""
_DUES: Final = """
SELECT at, due FROM circlekit_duty_due WHERE homework = :homework ORDER BY version
"""
_FOR_ROLE: Final = """
SELECT h.homework FROM circlekit_duty_homework h
WHERE h.circle = :circle AND h.role = :role AND NOT EXISTS (
    SELECT 1 FROM circlekit_duty_student s
    WHERE s.homework = h.homework AND s.student = :student AND s.by_name = 1)
ORDER BY h.homework
"""
_HAVE: Final = """
INSERT INTO circlekit_duty_student
(homework, student, by_name, still_set, waits, graded, answers)
VALUES (:homework, :student, :by_name, 1, 0, 0, 0)
ON CONFLICT (homework, student) DO UPDATE SET still_set = 1
"""
_TO_DO: Final = """
SELECT h.circle, h.title, h.due FROM circlekit_duty_student s
JOIN circlekit_duty_homework h ON h.homework = s.homework
WHERE s.homework = :homework AND s.student = :student
AND s.still_set = 1 AND s.waits = 0 AND s.graded = 0
"""
_TAKE: Final = """
UPDATE circlekit_duty_student SET still_set = 0
WHERE homework = :homework AND student = :student
"""
_BY_ROLE: Final = """
SELECT s.homework FROM circlekit_duty_student s
JOIN circlekit_duty_homework h ON h.homework = s.homework
WHERE h.circle = :circle AND s.student = :student AND s.by_name = 0
AND s.still_set = 1
ORDER BY s.homework
"""
_WAIT: Final = """
UPDATE circlekit_duty_student SET waits = 1
WHERE homework = :homework AND student = :student
"""
_NO_LONGER_WAIT: Final = """
UPDATE circlekit_duty_student SET waits = 0, graded = :graded
WHERE homework = :homework AND student = :student
"""
_ANSWER: Final = """
UPDATE circlekit_duty_student SET waits = 0, graded = 0, answers = 1, closes = :closes
WHERE homework = :homework AND student = :student
"""
_WAITING: Final = """
SELECT count(*) FROM circlekit_duty_student
WHERE homework = :homework AND waits = 1
"""
