"""
Homework: who has it to do, what came in, and the teachers' figures.

What happened is kept with its moment, so figures can be counted as of any moment
that has passed, and come to what they came to then.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final, Literal

from attrs import asdict, evolve, frozen
from sqlalchemy import Column, Index, Integer, MetaData, Table

from circlekit.clock import from_micros, from_micros_if_any, micros, micros_if_any
from circlekit.events.circle import (
    MemberJoined,
    MemberLeft,
    MemberRemoved,
    VerifiedRole,
)
from circlekit.events.homework import (
    HomeworkAssigned,
    HomeworkCancelled,
    HomeworkCommented,
    HomeworkDueMoved,
    HomeworkGraded,
    HomeworkReturned,
    HomeworkSubmitted,
    HomeworkWithdrawn,
    Mark,
    Scale,
)
from circlekit.events.names import NAME_OF, NAMES
from circlekit.events.pieces import Piece, PieceState, piece_after
from circlekit.events.record import Recorded
from circlekit.events.roles import RoleExpired, RoleVerified
from circlekit.ids import CircleId, HomeworkId, MemberId
from circlekit.projections.homework_duties import Term, term_of
from circlekit.projections.read_model import (
    TEXT,
    WHOLE_NUMBER,
    ReadModel,
    Rows,
    as_json,
    from_json,
)

_TABLES: Final = MetaData()
Table(
    "circlekit_homework_sheet",
    _TABLES,
    Column("homework", TEXT, primary_key=True),
    Column("circle", TEXT, nullable=False),
    Column("title", TEXT, nullable=False),
    Column("text", TEXT, nullable=False),
    Column("attachments", TEXT, nullable=False),
    Column("role", TEXT),
    Column("scale", TEXT, nullable=False),
    Column("teacher", TEXT, nullable=False),
    Column("at", WHOLE_NUMBER, nullable=False),
    Column("due_at", WHOLE_NUMBER, nullable=False),
    Column("late_until", WHOLE_NUMBER),
    Column("cancelled_at", WHOLE_NUMBER),
    Index("circlekit_homework_sheet_circle", "circle", "at"),
    Index("circlekit_homework_sheet_teacher", "teacher"),
)
Table(
    "circlekit_homework_due",
    _TABLES,
    Column("homework", TEXT, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("at", WHOLE_NUMBER, nullable=False),
    Column("due_at", WHOLE_NUMBER, nullable=False),
    Column("late_until", WHOLE_NUMBER),
)
# Whom it is set to, from when until when: a student who leaves has it no longer.
Table(
    "circlekit_homework_set",
    _TABLES,
    Column("homework", TEXT, primary_key=True),
    Column("student", TEXT, primary_key=True),
    Column("position", WHOLE_NUMBER, primary_key=True),
    Column("circle", TEXT, nullable=False),
    Column("by_name", Integer, nullable=False),
    Column("since", WHOLE_NUMBER, nullable=False),
    Column("until", WHOLE_NUMBER),
    Index("circlekit_homework_set_student", "student", "circle"),
)
Table(
    "circlekit_homework_step",
    _TABLES,
    Column("homework", TEXT, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("student", TEXT, nullable=False),
    Column("at", WHOLE_NUMBER, nullable=False),
    Column("name", TEXT, nullable=False),
    Column("event", TEXT, nullable=False),
    Index("circlekit_homework_step_student", "student", "at"),
)
# What stands now, so that an inbox need not go through all that happened.
Table(
    "circlekit_homework_piece",
    _TABLES,
    Column("homework", TEXT, primary_key=True),
    Column("student", TEXT, primary_key=True),
    Column("state", TEXT, nullable=False),
    Column("until", WHOLE_NUMBER),
    Column("piece", TEXT, nullable=False),
)

NewsKind = Literal["assigned", "submitted", "late", "graded", "returned", "missing"]


@frozen(kw_only=True)
class HomeworkFigures:
    """
    How far students are, counted in students and pieces of homework.

    Everybody it is set to has handed in in time or late, or is awaited until it is
    due and missing from then on. What was handed in waits for a mark, has one, or
    was handed back.

    Attributes:
        homework: How many pieces of homework are counted.

        assigned: How many were to hand something in.

        submitted: How many did in time.

        late: How many did late.

        missing: How many did not, and it is due.

        awaited: How many did not, and it is not due yet.

        ungraded: How many wait for a mark.

        graded: How many have one.

        returned: How many have theirs back for another try.

        marks: How many submissions ever got a mark.

        median_to_grade: Median time from a submission to its first mark, exact to
            the microsecond, and half a one less where it falls between two; None
            if nothing was ever graded.
    """

    homework: int = 0
    assigned: int = 0
    submitted: int = 0
    late: int = 0
    missing: int = 0
    awaited: int = 0
    ungraded: int = 0
    graded: int = 0
    returned: int = 0
    marks: int = 0
    median_to_grade: timedelta | None = None


@frozen(kw_only=True)
class HomeworkLine:
    """
    One piece of homework in a report.
    """

    homework: HomeworkId
    circle: CircleId
    title: str
    due_at: datetime
    figures: HomeworkFigures


@frozen(kw_only=True)
class HomeworkReport:
    """
    The figures of each piece of homework, in the order it was set, and of all.

    Attributes:
        as_of: The moment counted at, UTC.
    """

    as_of: datetime
    lines: tuple[HomeworkLine, ...]
    total: HomeworkFigures


@frozen(kw_only=True)
class HomeworkSheet:
    """
    What homework says.

    Attributes:
        role: Whoever joins in this role before it is due has it as well.

        late_until: From when on nothing is taken in, None for never.

        cancelled_at: When it was called off, None if it was not.
    """

    homework: HomeworkId
    circle: CircleId
    title: str
    text: str
    attachments: tuple[str, ...]
    role: VerifiedRole | None
    scale: Scale
    teacher: MemberId
    assigned_at: datetime
    due_at: datetime
    late_until: datetime | None
    cancelled_at: datetime | None


@frozen(kw_only=True)
class Remark:
    """
    A comment on what a student handed in.
    """

    by: MemberId
    at: datetime
    text: str


@frozen(kw_only=True)
class StudentWork:
    """
    How far one student is with one piece of homework.

    Attributes:
        state: None while nothing is handed in.

        submission: The place of what was handed in last, to be named when grading.

        tries: How often something was handed in.

        handed_in_at: The moment that counts for being late, UTC.

        mark: The last mark of what is handed in; None if it has none.

        grader: Which of the host's graders gave it, None if a person did.
    """

    student: MemberId
    state: PieceState | None = None
    submission: int | None = None
    tries: int = 0
    handed_in_at: datetime | None = None
    late: bool = False
    text: str = ""
    images: tuple[str, ...] = ()
    attachments: tuple[str, ...] = ()
    mark: Mark | None = None
    comment: str | None = None
    grader: str | None = None
    graded_by: MemberId | None = None
    graded_at: datetime | None = None
    remarks: tuple[Remark, ...] = ()


@frozen(kw_only=True)
class HomeworkDuty:
    """
    Homework that somebody has something to do about.

    Attributes:
        closes_at: From when on it cannot be done, None if it can for ever.

        waiting: How many wait for a mark; 0 for whoever has it to do.

        returned: Whether it was handed back for another try.
    """

    homework: HomeworkId
    circle: CircleId
    title: str
    assigned_at: datetime
    due_at: datetime
    closes_at: datetime | None = None
    waiting: int = 0
    returned: bool = False


@frozen(kw_only=True)
class HomeworkNews:
    """
    Something that a guardian is told of a child's homework.

    Attributes:
        what: ``assigned``, ``submitted``, ``late``, ``graded``, ``returned``, or
            ``missing`` once it is due and was not handed in.

        at: When it happened, UTC.
    """

    what: NewsKind
    homework: HomeworkId
    circle: CircleId
    title: str
    due_at: datetime
    at: datetime
    mark: Mark | None = None
    comment: str | None = None


class HomeworkView(ReadModel):
    """
    Homework, whom it is set to, and every step that was taken with it.
    """

    name: ClassVar[str] = "homework"
    tables: ClassVar[MetaData] = _TABLES
    kinds: ClassVar[frozenset[type]] = frozenset(
        {
            HomeworkAssigned,
            HomeworkDueMoved,
            HomeworkCancelled,
            HomeworkSubmitted,
            HomeworkWithdrawn,
            HomeworkGraded,
            HomeworkReturned,
            HomeworkCommented,
            MemberJoined,
            MemberLeft,
            MemberRemoved,
            RoleVerified,
            RoleExpired,
        }
    )

    def apply(self, rows: Rows, recorded: Recorded) -> None:
        """
        Take in one event of homework, or of who is in a circle.
        """
        event, homework = recorded.event, recorded.subject
        match event:
            case HomeworkSubmitted() | HomeworkWithdrawn():
                _step(rows, recorded, event.by)
            case HomeworkGraded() | HomeworkReturned() | HomeworkCommented():
                _step(rows, recorded, event.student)
            case HomeworkAssigned():
                _assign(rows, recorded, event)
            case HomeworkDueMoved():
                _due(rows, recorded, event)
                rows.run(
                    _MOVE,
                    homework=homework,
                    due_at=micros(event.due_at),
                    late_until=micros_if_any(event.late_until),
                )
            case HomeworkCancelled():
                rows.run(_CANCEL, homework=homework, at=micros(event.at))
            case MemberJoined():
                _come_in(rows, recorded, event)
            case RoleVerified() | RoleExpired():
                if recorded.stream.startswith("circle/"):
                    _verified(rows, recorded, event)
            case MemberLeft() | MemberRemoved():
                rows.run(
                    _LEAVE,
                    circle=recorded.subject,
                    student=event.member,
                    at=micros(event.at),
                )

    def sheet(self, rows: Rows, homework: HomeworkId) -> HomeworkSheet | None:
        """
        Return what homework says, None if there is none.
        """
        for found in rows.all(_SHEET, homework=homework):
            circle, title, text, files, role, scale, teacher, *moments = found
            at, due_at, late_until, cancelled_at = moments
            return HomeworkSheet(
                homework=homework,
                circle=circle,
                title=title,
                text=text,
                attachments=from_json(files, tuple[str, ...]),
                role=role,
                scale=from_json(scale, Scale),
                teacher=teacher,
                assigned_at=from_micros(at),
                due_at=from_micros(due_at),
                late_until=from_micros_if_any(late_until),
                cancelled_at=from_micros_if_any(cancelled_at),
            )
        return None

    def submissions(
        self, rows: Rows, homework: HomeworkId
    ) -> tuple[StudentWork, ...] | None:
        """
        Return how far each student is, by name; None if there is no such homework.
        """
        sheet = self.sheet(rows, homework)
        if sheet is None:
            return None
        works = {
            student: StudentWork(student=student)
            for (student,) in rows.all(_STILL_SET, homework=homework)
        }
        for student, steps in _by_student(_steps(rows, homework, None)).items():
            work = _work_of(student, steps, sheet.due_at)
            if work.state is not None or student in works:
                works[student] = work
        return tuple(works[student] for student in sorted(works))

    def to_do(
        self, rows: Rows, student: MemberId, *, at: datetime
    ) -> tuple[HomeworkDuty, ...]:
        """
        Return what a student may still hand in at a moment, next due first.
        """
        duties = []
        for found in rows.all(_TO_DO, student=student, at=micros(at)):
            homework, circle, title, *moments, state, until = found
            assigned_at, due_at, late_until = moments
            returned = state == "returned"
            duties.append(
                HomeworkDuty(
                    homework=homework,
                    circle=circle,
                    title=title,
                    assigned_at=from_micros(assigned_at),
                    due_at=from_micros(due_at),
                    closes_at=from_micros_if_any(until if returned else late_until),
                    returned=returned,
                )
            )
        return tuple(duties)

    def to_grade(self, rows: Rows, teacher: MemberId) -> tuple[HomeworkDuty, ...]:
        """
        Return what a teacher set and has to grade, oldest due first.
        """
        return tuple(
            HomeworkDuty(
                homework=homework,
                circle=circle,
                title=title,
                assigned_at=from_micros(assigned_at),
                due_at=from_micros(due_at),
                waiting=waiting,
            )
            for homework, circle, title, assigned_at, due_at, waiting in rows.all(
                _TO_GRADE, teacher=teacher
            )
        )

    def told(
        self, rows: Rows, child: MemberId, *, since: datetime, until: datetime
    ) -> tuple[HomeworkNews, ...]:
        """
        Return what happened with a child's homework after *since*, up to *until*.
        """
        span = {"student": child, "since": micros(since), "until": micros(until)}
        news = [
            HomeworkNews(what="assigned", at=from_micros(at), **_named(named))
            for at, *named in rows.all(_SET_IN, **span)
        ]
        for homework, circle, title, due_at in rows.all(_WORKED_ON_IN, **span):
            named = _named((homework, circle, title, due_at))
            steps = rows.all(_STEPS_OF, homework=homework, student=child)
            piece: Piece | None = None
            for version, name, stored in steps:
                event = from_json(stored, NAMES[name])
                piece = piece_after(piece, version, event)
                told = _news(event, piece, named)
                if told is not None and since < event.at <= until:
                    news.append(told)
        news += [
            HomeworkNews(what="missing", at=from_micros(at), **_named(named))
            for at, *named in rows.all(_MISSED_IN, **span)
        ]
        return tuple(sorted(news, key=lambda it: it.at))

    def report(
        self,
        rows: Rows,
        *,
        homework: HomeworkId | None,
        circle: CircleId | None,
        since: datetime | None,
        until: datetime | None,
        as_of: datetime | None,
        now: datetime,
    ) -> HomeworkReport:
        """
        Count what had happened by a moment, or all that has.
        """
        sheets = rows.all(
            _SHEETS if homework is None else _ONE_SHEET,
            id=circle if homework is None else homework,
            since=micros_if_any(since),
            until=micros_if_any(until),
            as_of=micros_if_any(as_of),
        )
        newest = [
            moment
            for which, *_ in sheets
            for (moment,) in rows.all(_NEWEST, homework=which)
        ]
        at = max([now, *map(from_micros, newest)]) if as_of is None else as_of
        lines: list[HomeworkLine] = []
        every: list[timedelta] = []
        for which, where, title in sheets:
            dues = [
                (from_micros(set_at), from_micros(due_at))
                for set_at, due_at in rows.all(
                    _DUES, homework=which, as_of=micros_if_any(as_of)
                )
            ]
            # By another clock somebody may have come later than it is by this one.
            have_it = (
                rows.all(_STILL_SET, homework=which)
                if as_of is None
                else rows.all(_SET_TO, homework=which, at=micros(at))
            )
            students = {student for (student,) in have_it}
            by_student = _by_student(_steps(rows, which, as_of))
            figures, waits = _figures(students, by_student, dues[-1][1], at)
            every += waits
            lines.append(
                HomeworkLine(
                    homework=which,
                    circle=where,
                    title=title,
                    due_at=dues[-1][1],
                    figures=figures,
                )
            )
        return HomeworkReport(as_of=at, lines=tuple(lines), total=_sum(lines, every))


def _assign(rows: Rows, recorded: Recorded, event: HomeworkAssigned) -> None:
    rows.run(
        _ASSIGN,
        homework=recorded.subject,
        circle=event.circle,
        title=event.title,
        text=event.text,
        attachments=as_json(event.attachments),
        role=event.role,
        scale=as_json(event.scale),
        teacher=event.by,
        at=micros(event.at),
        due_at=micros(event.due_at),
        late_until=micros_if_any(event.late_until),
    )
    _due(rows, recorded, event)
    for student in event.to:
        _set_to(rows, recorded, recorded.subject, student, event.circle, by_name=1)


def _due(
    rows: Rows, recorded: Recorded, event: HomeworkAssigned | HomeworkDueMoved
) -> None:
    rows.run(
        _DUE,
        homework=recorded.subject,
        version=recorded.version,
        at=micros(event.at),
        due_at=micros(event.due_at),
        late_until=micros_if_any(event.late_until),
    )


def _come_in(rows: Rows, recorded: Recorded, event: MemberJoined) -> None:
    place = {"circle": recorded.subject, "student": event.member}
    named = {homework for (homework,) in rows.all(_BY_NAME, **place)}
    for homework in sorted(named):
        _set_to(rows, recorded, homework, event.member, recorded.subject, by_name=1)
    for homework in _set_by_role(rows, recorded.subject, term_of(event)):
        if homework not in named:
            _set_to(rows, recorded, homework, event.member, recorded.subject, by_name=0)


def _verified(
    rows: Rows, recorded: Recorded, event: RoleVerified | RoleExpired
) -> None:
    place = {"circle": recorded.subject, "student": event.member}
    had = dict(rows.all(_HAD, **place))
    has = _set_by_role(rows, recorded.subject, term_of(event))
    for homework, by_name in had.items():
        if not by_name and homework not in has:
            rows.run(
                _TAKE, homework=homework, student=event.member, at=micros(event.at)
            )
    for homework in has:
        if homework not in had:
            _set_to(rows, recorded, homework, event.member, recorded.subject, by_name=0)


def _set_by_role(rows: Rows, circle: str, term: Term | None) -> list[str]:
    if term is None:
        return []
    return [
        homework
        for (homework,) in rows.all(_FOR_ROLE, circle=circle, role=term.role)
        if term.has(rows.all(_DUES, homework=homework, as_of=None))
    ]


def _set_to(
    rows: Rows,
    recorded: Recorded,
    homework: str,
    student: str,
    circle: str,
    *,
    by_name: int,
) -> None:
    rows.run(
        _SET,
        homework=homework,
        student=student,
        position=recorded.position,
        circle=circle,
        by_name=by_name,
        at=micros(recorded.event.at),
    )


def _step(rows: Rows, recorded: Recorded, student: str) -> None:
    event, place = recorded.event, {"homework": recorded.subject, "student": student}
    rows.run(
        _STEP,
        version=recorded.version,
        at=micros(event.at),
        name=NAME_OF[type(event)],
        event=as_json(event),
        **place,
    )
    if isinstance(event, HomeworkCommented):
        return
    known = rows.all(_PIECE, **place)
    before = from_json(known[0][0], Piece) if known else None
    after = piece_after(before, recorded.version, event)
    rows.run(_DROP_PIECE, **place)
    if after is not None:
        rows.run(
            _KEEP_PIECE,
            state=after.state,
            until=micros_if_any(after.until),
            piece=as_json(after),
            **place,
        )


_Steps = list[tuple[int, Any]]


def _steps(
    rows: Rows, homework: str, as_of: datetime | None
) -> Iterable[tuple[str, int, Any]]:
    for student, version, name, event in rows.all(
        _STEPS, homework=homework, as_of=micros_if_any(as_of)
    ):
        yield student, version, from_json(event, NAMES[name])


def _by_student(steps: Iterable[tuple[str, int, Any]]) -> dict[MemberId, _Steps]:
    found: dict[MemberId, _Steps] = {}
    for student, version, event in steps:
        found.setdefault(MemberId(student), []).append((version, event))
    return found


def _work_of(student: MemberId, steps: _Steps, due_at: datetime) -> StudentWork:
    piece: Piece | None = None
    work = StudentWork(student=student)
    for version, event in steps:
        piece = piece_after(piece, version, event)
        match event:
            case HomeworkSubmitted():
                work = evolve(work, tries=work.tries + 1)
            case HomeworkCommented():
                remark = Remark(by=event.by, at=event.at, text=event.text)
                work = evolve(work, remarks=(*work.remarks, remark))
    if piece is None:
        return work
    at_place = dict(steps)
    said: HomeworkSubmitted = at_place[piece.place]
    work = evolve(
        work,
        state=piece.state,
        submission=piece.place,
        handed_in_at=piece.handed_in_at,
        late=piece.handed_in_at >= due_at,
        text=said.text,
        images=said.images,
        attachments=said.attachments,
    )
    marks = [
        event
        for _, event in steps
        if isinstance(event, HomeworkGraded) and event.submission == piece.place
    ]
    if not marks:
        return work
    return evolve(
        work,
        mark=marks[-1].mark,
        comment=marks[-1].comment,
        grader=marks[-1].grader,
        graded_by=marks[-1].by,
        graded_at=marks[-1].at,
    )


def _figures(
    students: set[str],
    by_student: dict[MemberId, _Steps],
    due_at: datetime,
    at: datetime,
) -> tuple[HomeworkFigures, list[timedelta]]:
    pieces: dict[str, Piece] = {}
    waits: list[timedelta] = []
    for student, steps in by_student.items():
        piece: Piece | None = None
        submitted: dict[int, datetime] = {}
        for version, event in steps:
            piece = piece_after(piece, version, event)
            match event:
                case HomeworkSubmitted():
                    submitted[version] = event.at
                case HomeworkGraded() if event.submission in submitted:
                    waits.append(event.at - submitted.pop(event.submission))
        if piece is not None:
            pieces[student] = piece
    states = [piece.state for piece in pieces.values()]
    late = sum(piece.handed_in_at >= due_at for piece in pieces.values())
    to_come = len(students - pieces.keys())
    return (
        HomeworkFigures(
            homework=1,
            assigned=len(students | pieces.keys()),
            submitted=len(pieces) - late,
            late=late,
            missing=to_come if due_at <= at else 0,
            awaited=0 if due_at <= at else to_come,
            ungraded=states.count("submitted"),
            graded=states.count("graded"),
            returned=states.count("returned"),
            marks=len(waits),
            median_to_grade=_median(waits),
        ),
        waits,
    )


def _sum(lines: Sequence[HomeworkLine], waits: list[timedelta]) -> HomeworkFigures:
    added = {
        name: sum(getattr(line.figures, name) for line in lines)
        for name in asdict(HomeworkFigures())
        if name != "median_to_grade"
    }
    return HomeworkFigures(median_to_grade=_median(waits), **added)


def _median(spans: list[timedelta]) -> timedelta | None:
    if not spans:
        return None
    ordered, middle = sorted(spans), len(spans) // 2
    if len(ordered) % 2:
        return ordered[middle]
    return (ordered[middle - 1] + ordered[middle]) // 2


def _news(event: Any, piece: Piece | None, named: dict[str, Any]) -> Any:
    match event:
        case HomeworkSubmitted() if piece is not None:
            late = piece.handed_in_at >= named["due_at"]
            what: NewsKind = "late" if late else "submitted"
            return HomeworkNews(what=what, at=event.at, **named)
        case HomeworkGraded():
            return HomeworkNews(
                what="graded",
                at=event.at,
                mark=event.mark,
                comment=event.comment,
                **named,
            )
        case HomeworkReturned():
            return HomeworkNews(
                what="returned", at=event.at, comment=event.comment, **named
            )
        case _:
            return None


def _named(found: Sequence[Any]) -> dict[str, Any]:
    homework, circle, title, due_at = found
    return {
        "homework": homework,
        "circle": circle,
        "title": title,
        "due_at": from_micros(due_at),
    }


_ASSIGN: Final = """
INSERT INTO circlekit_homework_sheet
(homework, circle, title, text, attachments, role, scale, teacher, at, due_at,
 late_until)
VALUES (:homework, :circle, :title, :text, :attachments, :role, :scale, :teacher,
 :at, :due_at, :late_until)
"""
_DUE: Final = """
INSERT INTO circlekit_homework_due (homework, version, at, due_at, late_until)
VALUES (:homework, :version, :at, :due_at, :late_until)
"""
_MOVE: Final = """
UPDATE circlekit_homework_sheet SET due_at = :due_at, late_until = :late_until
WHERE homework = :homework
"""
_CANCEL: Final = """
UPDATE circlekit_homework_sheet SET cancelled_at = :at WHERE homework = :homework
"""
_SET: Final = """
INSERT INTO circlekit_homework_set
(homework, student, position, circle, by_name, since)
VALUES (:homework, :student, :position, :circle, :by_name, :at)
"""
_LEAVE: Final = """
UPDATE circlekit_homework_set SET until = :at
WHERE student = :student AND circle = :circle AND until IS NULL
"""
_TAKE: Final = """
UPDATE circlekit_homework_set SET until = :at
WHERE homework = :homework AND student = :student AND until IS NULL
"""
_HAD: Final = """
SELECT homework, by_name FROM circlekit_homework_set
WHERE student = :student AND circle = :circle AND until IS NULL
ORDER BY homework
"""
_BY_NAME: Final = """
SELECT DISTINCT homework FROM circlekit_homework_set
WHERE student = :student AND circle = :circle AND by_name = 1
"""
_FOR_ROLE: Final = """
SELECT homework FROM circlekit_homework_sheet
WHERE circle = :circle AND role = :role ORDER BY homework
"""
_STEP: Final = """
INSERT INTO circlekit_homework_step (homework, version, student, at, name, event)
VALUES (:homework, :version, :student, :at, :name, :event)
"""
_PIECE: Final = """
SELECT piece FROM circlekit_homework_piece
WHERE homework = :homework AND student = :student
"""
_DROP_PIECE: Final = """
DELETE FROM circlekit_homework_piece
WHERE homework = :homework AND student = :student
"""
_KEEP_PIECE: Final = """
INSERT INTO circlekit_homework_piece (homework, student, state, until, piece)
VALUES (:homework, :student, :state, :until, :piece)
"""
_SHEET: Final = """
SELECT circle, title, text, attachments, role, scale, teacher, at, due_at,
late_until, cancelled_at
FROM circlekit_homework_sheet WHERE homework = :homework
"""
_STILL_SET: Final = """
SELECT student FROM circlekit_homework_set
WHERE homework = :homework AND until IS NULL
"""
_STEPS: Final = """
SELECT student, version, name, event FROM circlekit_homework_step
WHERE homework = :homework AND at <= coalesce(:as_of, at)
ORDER BY version
"""
_DUES: Final = """
SELECT at, due_at FROM circlekit_homework_due
WHERE homework = :homework AND at <= coalesce(:as_of, at)
ORDER BY version
"""
_SET_TO: Final = """
SELECT DISTINCT student FROM circlekit_homework_set
WHERE homework = :homework AND since <= :at AND (until IS NULL OR until > :at)
"""
_COUNTED: Final = """
AND at >= coalesce(:since, at) AND at < coalesce(:until, at + 1)
AND at <= coalesce(:as_of, at)
AND (cancelled_at IS NULL OR cancelled_at > :as_of)
ORDER BY at, homework
"""
_ONE_SHEET: Final = f"""
SELECT homework, circle, title FROM circlekit_homework_sheet
WHERE homework = :id {_COUNTED}
"""
_SHEETS: Final = f"""
SELECT homework, circle, title FROM circlekit_homework_sheet
WHERE circle = :id {_COUNTED}
"""
_NEWEST: Final = """
SELECT max(at) FROM circlekit_homework_step WHERE homework = :homework
HAVING max(at) IS NOT NULL
"""
_TO_DO: Final = """
SELECT h.homework, h.circle, h.title, h.at, h.due_at, h.late_until, p.state, p.until
FROM circlekit_homework_set s
JOIN circlekit_homework_sheet h ON h.homework = s.homework
LEFT JOIN circlekit_homework_piece p
ON p.homework = s.homework AND p.student = s.student
WHERE s.student = :student AND s.until IS NULL AND h.cancelled_at IS NULL
AND ((p.state IS NULL AND (h.late_until IS NULL OR h.late_until > :at))
     OR (p.state = 'returned' AND (p.until IS NULL OR p.until > :at)))
ORDER BY h.due_at, h.homework
"""
_TO_GRADE: Final = """
SELECT h.homework, h.circle, h.title, h.at, h.due_at, count(*)
FROM circlekit_homework_sheet h
JOIN circlekit_homework_piece p ON p.homework = h.homework
WHERE h.teacher = :teacher AND h.cancelled_at IS NULL AND p.state = 'submitted'
GROUP BY h.homework, h.circle, h.title, h.at, h.due_at
ORDER BY h.due_at, h.homework
"""
_NAMED: Final = "h.homework, h.circle, h.title, h.due_at"
_SET_IN: Final = f"""
SELECT s.since, {_NAMED}
FROM circlekit_homework_set s
JOIN circlekit_homework_sheet h ON h.homework = s.homework
WHERE s.student = :student AND s.since > :since AND s.since <= :until
AND s.until IS NULL AND h.cancelled_at IS NULL
"""
_MISSED_IN: Final = f"""
SELECT h.due_at, {_NAMED}
FROM circlekit_homework_set s
JOIN circlekit_homework_sheet h ON h.homework = s.homework
WHERE s.student = :student AND h.due_at > :since AND h.due_at <= :until
AND s.until IS NULL AND h.cancelled_at IS NULL
AND NOT EXISTS (
    SELECT 1 FROM circlekit_homework_piece p
    WHERE p.homework = s.homework AND p.student = s.student)
"""
_WORKED_ON_IN: Final = f"""
SELECT {_NAMED} FROM circlekit_homework_sheet h
WHERE h.cancelled_at IS NULL AND h.homework IN (
    SELECT t.homework FROM circlekit_homework_step t
    WHERE t.student = :student AND t.at > :since AND t.at <= :until)
ORDER BY h.at, h.homework
"""
_STEPS_OF: Final = """
SELECT version, name, event FROM circlekit_homework_step
WHERE homework = :homework AND student = :student ORDER BY version
"""
