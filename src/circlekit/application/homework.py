"""
Homework: setting it, handing it in, grading it.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Final

from attrs import define

from circlekit.aggregates.circle import Circle
from circlekit.aggregates.homework import Events, Homework
from circlekit.application.deciding import (
    Deciding,
    Plan,
    Work,
    command,
    new_id,
    nothing,
)
from circlekit.clock import as_utc
from circlekit.errors import (
    GraderError,
    InvalidInputError,
    NotFoundError,
    StoreError,
)
from circlekit.events.circle import VerifiedRole
from circlekit.events.homework import (
    HomeworkAssigned,
    HomeworkGraded,
    HomeworkSubmitted,
    Mark,
    Scale,
)
from circlekit.events.record import Recorded, stream_of
from circlekit.ids import CircleId, HomeworkId, MemberId
from circlekit.policies.graders import Grade, Grader, Submission
from circlekit.policies.homework import homework_offered, teachers_only
from circlekit.policies.membership import members_only
from circlekit.projections.homework import (
    HomeworkDuty,
    HomeworkReport,
    HomeworkSheet,
    StudentWork,
)
from circlekit.store import HOMEWORK_VIEW
from circlekit.text import (
    checked_id,
    checked_ids,
    checked_name,
    checked_references,
    checked_text,
)
from circlekit.verdict import Verdict, all_of, require

_ROLES: Final = ("teacher", "parent", "student")
_MOST_POINTS: Final = 1_000_000_000
_MOST_LETTERS: Final = 50
_PASSED_OR_NOT: Final = Scale("passed")


@define(eq=False, repr=False)
class Homeworks(Deciding):
    """
    Use cases of homework.
    """

    @command
    def assign_homework(
        self,
        circle: CircleId | str,
        *,
        by: MemberId | str,
        title: str,
        due_at: datetime,
        late_until: datetime | None = None,
        text: str = "",
        attachments: Sequence[str] = (),
        to: Iterable[MemberId | str] | None = None,
        role: VerifiedRole | None = None,
        scale: Scale = _PASSED_OR_NOT,
        homework: HomeworkId | str | None = None,
        command_id: str | None = None,
    ) -> HomeworkId:
        """
        Set homework to some members, or to everybody of a verified role.

        A role means everybody who is in it now, and whoever comes into it before the
        homework is due: who joins in it, or is verified in it. Who is in it now keeps
        the homework, whatever they are verified as later; who came into it later has
        it only while they are verified as nothing else. Named with a role, members
        have it as well as the role.

        Args:
            circle: The circle it is set in.
            by: A verified teacher; outside of teaching circles the owner and
                managers may as well.
            title: One line.
            due_at: What is handed in at that moment or later is late.
            late_until: From that moment on nothing is taken in; None takes in what
                is late for ever.
            text: Up to 20,000 characters.
            attachments: References that the host understands.
            to: Members by name.
            role: ``teacher``, ``parent`` or ``student``; if neither is given, the
                students.
            scale: What marks it can get; passed or not, if not given.
            homework: The homework's id; made if not given.
            command_id: Makes the call safe to repeat.

        Raises:
            RefusedError: ``not-a-member``, ``not-a-teacher``,
                ``homework-not-offered``, ``due-has-passed``, ``homework-there``.
            InvalidInputError: If the content, a moment or the scale is not accepted.
        """
        checked_name("title", title)
        checked_text("text", text, empty=True)
        files = checked_references("attachments", attachments)
        due, closes = _dues(due_at, late_until)
        _scale(scale)
        named = () if to is None else _members(to)
        if role is not None and role not in _ROLES:
            raise InvalidInputError("role", f"{role!r} is none", ", ".join(_ROLES))
        whole: VerifiedRole | None = "student" if role is None and to is None else role
        if not named and whole is None:
            raise InvalidInputError("to", "names nobody", "members, or a role")
        made = HomeworkId(_named(homework, command_id))

        def plan(work: Work) -> None:
            it = work.blank_or_known(Homework, made)
            there = work.circle(CircleId(circle))
            at = work.at(it, there)
            everybody = dict.fromkeys(named)
            if whole is not None:
                everybody |= dict.fromkeys(
                    MemberId(member)
                    for member in there.members
                    if there.verified_role(member, at) == whole
                )
            assigned = it.assign(
                CircleId(circle),
                title=title,
                text=text,
                attachments=files,
                to=tuple(everybody),
                role=whole,
                scale=scale,
                due_at=due,
                late_until=closes,
                there=all_of(
                    homework_offered(there.kind, there.book.homework_kinds),
                    _teaches(there, by, at),
                    *(members_only(there.role(who), by=who) for who in named),
                ),
                by=MemberId(by),
                at=at,
            )
            work.record(it, assigned)

        return self._decide(
            "assign_homework",
            plan,
            lambda _: made,
            about=stream_of("homework", made),
            by=by,
            said=(circle, title, text, files, named, whole, scale, due, closes),
            command_id=command_id,
        )

    @command
    def move_homework_due(
        self,
        homework: HomeworkId | str,
        due_at: datetime,
        *,
        by: MemberId | str,
        late_until: datetime | None = None,
        command_id: str | None = None,
    ) -> None:
        """
        Give everybody more time; what was late is in time if it came before.

        Args:
            homework: The homework.
            due_at: The new due moment, not before the old one.
            by: A teacher of the circle.
            late_until: From when on nothing is taken in; None leaves that as it is,
                or moves it to the new due moment if it came before.
            command_id: Makes the call safe to repeat.

        Raises:
            RefusedError: ``not-a-member``, ``not-a-teacher``,
                ``homework-cancelled``, ``due-not-later``, ``already-so``,
                ``due-has-passed``.
            InvalidInputError: If a moment is not accepted.
        """
        due, closes = _dues(due_at, late_until)

        def decide(it: Homework, circle: Circle, at: datetime) -> Events:
            until = closes
            if until is None and it.late_until is not None:
                until = max(it.late_until, due)
            return it.move_due(
                due,
                late_until=until,
                teacher=_teaches(circle, by, at),
                by=MemberId(by),
                at=at,
            )

        self._on_homework(
            "move_homework_due", homework, decide, by, command_id, due, closes
        )

    @command
    def cancel_homework(
        self,
        homework: HomeworkId | str,
        *,
        by: MemberId | str,
        reason: str | None = None,
        command_id: str | None = None,
    ) -> None:
        """
        Call homework off; it counts in no figures from now on.

        Raises:
            RefusedError: ``not-a-member``, ``not-a-teacher``,
                ``homework-cancelled``.
        """
        _words("reason", reason)

        def decide(it: Homework, circle: Circle, at: datetime) -> Events:
            return it.cancel(
                reason=reason,
                teacher=_teaches(circle, by, at),
                by=MemberId(by),
                at=at,
            )

        self._on_homework("cancel_homework", homework, decide, by, command_id, reason)

    @command
    def submit_homework(
        self,
        homework: HomeworkId | str,
        *,
        by: MemberId | str,
        text: str = "",
        images: Sequence[str] = (),
        attachments: Sequence[str] = (),
        command_id: str | None = None,
    ) -> int:
        """
        Hand something in, or something else as long as there is no mark.

        Args:
            homework: The homework.
            by: Whom it was set to.
            text: Up to 20,000 characters; may be empty beside images or attachments.
            images: References that the host understands.
            attachments: The same.
            command_id: Makes the call safe to repeat.

        Returns:
            The submission's place in the homework's history.

        Raises:
            RefusedError: ``not-a-member``, ``homework-cancelled``,
                ``not-assigned``, ``homework-closed``, ``already-graded``.
            InvalidInputError: If the content cannot be accepted.
        """
        seen = checked_references("images", images)
        files = checked_references("attachments", attachments)
        checked_text("text", text, empty=bool(seen or files))

        def plan(work: Work) -> None:
            it, circle = _both(work, homework)
            at = work.at(it, circle)
            submitted = it.submit(
                text=text,
                images=seen,
                attachments=files,
                there=circle.member_acts(by),
                verified=circle.verified_last(by),
                by=MemberId(by),
                at=at,
            )
            work.record(it, submitted)

        return self._decide(
            "submit_homework",
            plan,
            _the_place,
            about=stream_of("homework", homework),
            by=by,
            said=(text, seen, files),
            command_id=command_id,
        )

    @command
    def withdraw_homework(
        self,
        homework: HomeworkId | str,
        *,
        by: MemberId | str,
        command_id: str | None = None,
    ) -> None:
        """
        Take back what nobody has graded yet.

        What answered a return is returned again.

        Raises:
            RefusedError: ``not-a-member``, ``homework-cancelled``,
                ``nothing-handed-in``, ``already-graded``.
        """

        def decide(it: Homework, circle: Circle, at: datetime) -> Events:
            return it.withdraw(there=circle.member_acts(by), by=MemberId(by), at=at)

        self._on_homework("withdraw_homework", homework, decide, by, command_id)

    @command
    def grade_homework(
        self,
        homework: HomeworkId | str,
        student: MemberId | str,
        mark: Mark,
        *,
        by: MemberId | str,
        comment: str | None = None,
        submission: int | None = None,
        command_id: str | None = None,
    ) -> None:
        """
        Give a student's work a mark, the first or another; the history keeps both.

        Args:
            homework: The homework.
            student: Whose work.
            mark: Whole points, a letter, or True and False, as the scale says.
            by: A teacher of the circle.
            comment: Words with the mark.
            submission: The place of what was looked at, to be sure that it was not
                replaced meanwhile.
            command_id: Makes the call safe to repeat.

        Raises:
            RefusedError: ``not-a-member``, ``not-a-teacher``,
                ``homework-cancelled``, ``nothing-handed-in``,
                ``submission-changed``, ``mark-off-the-scale``.
            InvalidInputError: If the mark or the comment is not accepted.
        """
        checked_id("student", student)
        _mark("mark", mark)
        _words("comment", comment)
        if submission is not None and type(submission) is not int:
            accepted = "a place, as submit_homework answers it"
            raise InvalidInputError("submission", f"is {submission!r}", accepted)

        def decide(it: Homework, circle: Circle, at: datetime) -> Events:
            return it.grade(
                MemberId(student),
                mark=mark,
                comment=comment,
                submission=submission,
                teacher=_teaches(circle, by, at),
                by=MemberId(by),
                at=at,
            )

        self._on_homework(
            "grade_homework",
            homework,
            decide,
            by,
            command_id,
            student,
            mark,
            comment,
            submission,
        )

    @command
    def grade_with(
        self,
        homework: HomeworkId | str,
        student: MemberId | str,
        *,
        grader: str,
        by: MemberId | str,
        command_id: str | None = None,
    ) -> Grade:
        """
        Have a student's work graded by one of the host's own graders.

        The grader works before anything is written and outside of any transaction;
        if it fails, nothing has happened. If something else is handed in meanwhile,
        its grade is not given. A repeated command asks no grader again.

        Args:
            homework: The homework.
            student: Whose work.
            grader: The name of a grader that the kit was given.
            by: The teacher who asks.
            command_id: Makes the call safe to repeat.

        Raises:
            RefusedError: ``not-a-member``, ``not-a-teacher``,
                ``homework-cancelled``, ``nothing-handed-in``,
                ``submission-changed``.
            GraderError: If the grader raised, or gave no grade of the scale.
            InvalidInputError: If the kit was given no grader of that name.
            StoreError: If it is asked for within a batch.
        """
        who = MemberId(checked_id("student", student))
        plugin = self._grader(grader)
        if command_id is not None:
            checked_id("command_id", command_id)
        shown: list[tuple[int, Submission]] = []

        def look(work: Work) -> None:
            it, circle = _both(work, homework)
            at = work.at(it, circle)
            require(it.may_grade(who, teacher=_teaches(circle, by, at)))
            shown.append(_shown(work, it, who))

        plan: Plan = look
        if not self._is_asked() and not self._came_before(command_id):
            if self._store.writing_here is not None:
                message = "a grader may take its time; accepted: outside of a batch"
                raise StoreError(message)
            checked_id("by", by)
            verdict = self._ask(look)
            if verdict.allowed:
                place, submission = shown.pop()
                grade = _graded(plugin, submission)

                def plan(work: Work) -> None:
                    it, circle = _both(work, homework)
                    at = work.at(it, circle)
                    graded = it.grade(
                        who,
                        mark=grade.mark,
                        comment=grade.comment,
                        grader=plugin.name,
                        submission=place,
                        teacher=_teaches(circle, by, at),
                        by=MemberId(by),
                        at=at,
                    )
                    work.record(it, graded)

            else:

                def plan(_work: Work) -> None:
                    require(verdict)

        return self._decide(
            "grade_with",
            plan,
            _the_grade,
            about=stream_of("homework", homework),
            by=by,
            said=(student, grader),
            command_id=command_id,
        )

    @command
    def return_homework(
        self,
        homework: HomeworkId | str,
        student: MemberId | str,
        *,
        by: MemberId | str,
        comment: str | None = None,
        until: datetime | None = None,
        command_id: str | None = None,
    ) -> None:
        """
        Hand a student's work back for another try.

        Whoever answers a return is late only if they were late before.

        Args:
            homework: The homework.
            student: Whose work.
            by: A teacher of the circle.
            comment: What to do better.
            until: From when on no other try is taken in, whenever the homework
                itself closes; None for never.
            command_id: Makes the call safe to repeat.

        Raises:
            RefusedError: ``not-a-member``, ``not-a-teacher``,
                ``homework-cancelled``, ``nothing-handed-in``, ``due-has-passed``.
            InvalidInputError: If the comment or the moment is not accepted.
        """
        checked_id("student", student)
        _words("comment", comment)
        ends = None if until is None else as_utc("until", until)

        def decide(it: Homework, circle: Circle, at: datetime) -> Events:
            return it.hand_back(
                MemberId(student),
                comment=comment,
                until=ends,
                teacher=_teaches(circle, by, at),
                by=MemberId(by),
                at=at,
            )

        self._on_homework(
            "return_homework", homework, decide, by, command_id, student, comment, ends
        )

    @command
    def comment_on_homework(
        self,
        homework: HomeworkId | str,
        student: MemberId | str,
        *,
        by: MemberId | str,
        text: str,
        command_id: str | None = None,
    ) -> None:
        """
        Say something about what a student handed in, as a teacher or that student.

        Raises:
            RefusedError: ``not-a-member``, ``not-a-teacher``,
                ``homework-cancelled``, ``nothing-handed-in``.
            InvalidInputError: If the text is not accepted.
        """
        checked_id("student", student)
        checked_text("text", text)

        def decide(it: Homework, circle: Circle, at: datetime) -> Events:
            own = by == student
            return it.comment(
                MemberId(student),
                text=text,
                there=circle.member_acts(by) if own else _teaches(circle, by, at),
                by=MemberId(by),
                at=at,
            )

        self._on_homework(
            "comment_on_homework", homework, decide, by, command_id, student, text
        )

    def homework(self, homework: HomeworkId | str) -> HomeworkSheet:
        """
        Return what homework says, when it is due, and what came in so far.

        Raises:
            NotFoundError: If it is not known.
        """
        which = HomeworkId(checked_id("homework", homework))
        with self._store.read(HOMEWORK_VIEW) as (rows, _):
            sheet = HOMEWORK_VIEW.sheet(rows, which)
        if sheet is None:
            raise NotFoundError("homework", which)
        return sheet

    def submissions(self, homework: HomeworkId | str) -> tuple[StudentWork, ...]:
        """
        Return how far each student is, by name: what they handed in, and its mark.

        Raises:
            NotFoundError: If the homework is not known.
        """
        which = HomeworkId(checked_id("homework", homework))
        with self._store.read(HOMEWORK_VIEW) as (rows, _):
            found = HOMEWORK_VIEW.submissions(rows, which)
        if found is None:
            raise NotFoundError("homework", which)
        return found

    def homework_to_do(self, student: MemberId | str) -> tuple[HomeworkDuty, ...]:
        """
        Return what a student may still hand in over all circles, next due first.

        What was handed back is among it, what has closed is not.
        """
        who = MemberId(checked_id("student", student))
        now = as_utc("clock", self._clock())
        with self._store.read(HOMEWORK_VIEW) as (rows, _):
            return HOMEWORK_VIEW.to_do(rows, who, at=now)

    def homework_to_grade(self, teacher: MemberId | str) -> tuple[HomeworkDuty, ...]:
        """
        Return the homework a teacher set that waits for marks, oldest due first.
        """
        who = MemberId(checked_id("teacher", teacher))
        with self._store.read(HOMEWORK_VIEW) as (rows, _):
            return HOMEWORK_VIEW.to_grade(rows, who)

    def homework_report(
        self,
        homework: HomeworkId | str | None = None,
        *,
        circle: CircleId | str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        as_of: datetime | None = None,
    ) -> HomeworkReport:
        """
        Return how many handed in in time, late or not at all, and how fast marks came.

        As of a past moment it says what it said then, whatever happened since.

        Args:
            homework: One homework.
            circle: All homework of a circle that was not called off.
            since: Of a circle, only what was set at this moment or later.
            until: Of a circle, only what was set before this moment.
            as_of: Count what had happened by then, that moment included; now, if
                not given.

        Raises:
            NotFoundError: If the homework or circle is not known.
            InvalidInputError: If none or both of them are named, or a moment is not
                accepted.
        """
        if (homework is None) == (circle is None):
            problem = "none or both of homework and circle are named"
            raise InvalidInputError("homework", problem, "one homework or one circle")
        if homework is not None and (since is not None or until is not None):
            problem = "is given for one homework"
            raise InvalidInputError(
                "since" if since is not None else "until", problem, "circle=..."
            )
        now = as_utc("clock", self._clock())
        starts = None if since is None else as_utc("since", since)
        ends = None if until is None else as_utc("until", until)
        then = None if as_of is None else as_utc("as_of", as_of)
        if then is not None and then > now:
            problem = f"{then.isoformat()} is still to come"
            raise InvalidInputError("as_of", problem, "a moment that has passed")
        kind = "circle" if homework is None else "homework"
        id_ = checked_id(kind, circle if homework is None else homework)
        with self._store.read(HOMEWORK_VIEW) as (rows, _):
            if rows.last_of(stream_of(kind, id_)) is None:
                raise NotFoundError(kind, id_)
            return HOMEWORK_VIEW.report(
                rows,
                homework=None if homework is None else HomeworkId(id_),
                circle=None if circle is None else CircleId(id_),
                since=starts,
                until=ends,
                as_of=then,
                now=now,
            )

    def _grader(self, name: str) -> Grader:
        checked_name("grader", name)
        grader = self._graders.get(name)
        if grader is None:
            accepted = ", ".join(sorted(self._graders)) or "CircleKit(..., graders=...)"
            raise InvalidInputError("grader", f"{name!r} is not known", accepted)
        return grader

    def _is_asked(self) -> bool:
        return bool(getattr(self._asking, "now", False))

    def _came_before(self, command_id: str | None) -> bool:
        if command_id is None:
            return False
        with self._store.reading() as transaction:
            return transaction.outcome(command_id) is not None

    def _on_homework(
        self,
        name: str,
        homework: HomeworkId | str,
        decide: Callable[[Homework, Circle, datetime], Events],
        by: MemberId | str,
        command_id: str | None,
        *said: object,
    ) -> None:
        def plan(work: Work) -> None:
            it, circle = _both(work, homework)
            work.record(it, decide(it, circle, work.at(it, circle)))

        self._decide(
            name,
            plan,
            nothing,
            about=stream_of("homework", homework),
            by=by,
            said=said,
            command_id=command_id,
        )


def _both(work: Work, homework: HomeworkId | str) -> tuple[Homework, Circle]:
    it = work.homework(HomeworkId(homework))
    assert it.circle is not None  # noqa: S101 - it was set in one
    return it, work.circle(it.circle)


def _teaches(circle: Circle, by: str, at: datetime) -> Verdict:
    return all_of(
        circle.member_acts(by),
        teachers_only(
            circle.kind, circle.role(by), circle.verified_role(by, at), by=by
        ),
    )


def _shown(work: Work, it: Homework, student: MemberId) -> tuple[int, Submission]:
    piece = it.pieces[student]
    task: HomeworkAssigned = work.cited(it, 1).event
    said: HomeworkSubmitted = work.cited(it, piece.place).event
    return piece.place, Submission(
        homework=HomeworkId(it.id),
        circle=task.circle,
        title=task.title,
        task=task.text,
        scale=it.scale,
        student=student,
        text=said.text,
        images=said.images,
        attachments=said.attachments,
        submitted_at=said.at,
        late=piece.handed_in_at >= it.due_at,
    )


def _graded(grader: Grader, submission: Submission) -> Grade:
    try:
        grade: object = grader.grade(submission)
    except Exception as error:
        raise GraderError(grader.name, f"raised {type(error).__name__}") from error
    if not isinstance(grade, Grade):
        raise GraderError(grader.name, f"answered a {type(grade).__name__}")
    if not submission.scale.holds(grade.mark):
        problem = f"gave {grade.mark!r}, which is not of {submission.scale}"
        raise GraderError(grader.name, problem)
    try:
        _words("comment", grade.comment)
    except InvalidInputError as error:
        raise GraderError(grader.name, f"gave a bad {error.field}") from error
    return grade


def _the_place(recorded: Sequence[Recorded]) -> int:
    return recorded[0].version


def _the_grade(recorded: Sequence[Recorded]) -> Grade:
    event: HomeworkGraded = recorded[0].event
    return Grade(event.mark, event.comment)


def _named(homework: str | None, command_id: str | None) -> str:
    # With a command id the id comes from it: a repeat then means the same thing.
    if homework is None:
        return new_id() if command_id is None else checked_id("command_id", command_id)
    return checked_id("homework", homework)


def _members(to: Iterable[MemberId | str]) -> tuple[MemberId, ...]:
    return tuple(MemberId(member) for member in checked_ids("to", to))


def _dues(
    due_at: datetime, late_until: datetime | None
) -> tuple[datetime, datetime | None]:
    due = as_utc("due_at", due_at)
    if late_until is None:
        return due, None
    closes = as_utc("late_until", late_until)
    if closes < due:
        problem = f"{closes.isoformat()} is before it is due"
        raise InvalidInputError("late_until", problem, "the due moment or a later one")
    return due, closes


def _scale(scale: Scale) -> None:
    accepted = 'a Scale, as in Scale("points", most=20)'
    if not isinstance(scale, Scale):
        raise InvalidInputError("scale", f"is {type(scale).__name__}", accepted)
    if (scale.most or 0) > _MOST_POINTS or len(scale.letters) > _MOST_LETTERS:
        accepted = f"at most {_MOST_POINTS:,} points, or {_MOST_LETTERS} letters"
        raise InvalidInputError("scale", "is too large", accepted)
    for letter in scale.letters:
        checked_name("scale", letter)


def _mark(field: str, mark: object) -> None:
    accepted = "whole points, a letter, True or False"
    if isinstance(mark, str):
        checked_name(field, mark)
    elif not isinstance(mark, int):
        raise InvalidInputError(field, f"is {type(mark).__name__}", accepted)
    elif not 0 <= mark <= _MOST_POINTS:
        problem = "is below 0" if mark < 0 else "is too large"
        accepted = f"points of 0 to {_MOST_POINTS:,}"
        raise InvalidInputError(field, problem, accepted)


def _words(field: str, words: str | None) -> None:
    if words is not None:
        checked_text(field, words)
