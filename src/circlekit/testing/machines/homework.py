"""
Drive homework at random, beside a model of it.
"""

from datetime import datetime, timedelta
from typing import Any, Final, Literal

from attrs import Factory, define
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule
from hypothesis.strategies import SearchStrategy

from circlekit.aggregates.homework import Homework
from circlekit.aggregates.roles import Verified
from circlekit.events.circle import VerifiedRole
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
from circlekit.ids import CircleId, MemberId
from circlekit.testing.machines.machine import Machine, a_wait, a_zone
from circlekit.testing.machines.waiting import MICROSECOND, Until, Wait
from circlekit.testing.strategies import moments
from circlekit.verdict import ALLOWED, Verdict, refused

_LIN: Final = MemberId("lin")
_CLASS: Final = (MemberId("tao"), MemberId("wei"), MemberId("bo"))
_STUDENTS: Final = st.sampled_from(_CLASS)
_MOSTLY: Final = st.sampled_from((True, True, True, False))
_SCALES: Final = (
    Scale("points", most=3),
    Scale("letters", letters=("A", "B")),
    Scale("passed"),
)
_MARKS: Final = st.sampled_from((0, 3, 4, "A", "C", True, False))
_LATER: Final = st.sampled_from(
    (
        timedelta(0),
        timedelta(microseconds=1),
        timedelta(hours=1),
        timedelta(days=1),
        timedelta(days=3),
        timedelta(days=-1),
    )
)
_MAYBE_LATER: Final[SearchStrategy[timedelta | None]] = st.one_of(st.none(), _LATER)
_AT_ONCE: Final = timedelta(0)
_EARLIER: Final = timedelta(days=-1)


@define
class _Handed:
    """
    What the model knows of one student: their tries and what became of them.
    """

    places: list[int] = Factory(list)
    counts_at: datetime | None = None
    marked: bool = False
    back: bool = False
    until: datetime | None = None
    returned: list[int] = Factory(list)


class HomeworkMachine(Machine[Homework]):
    """
    Drive homework: set, handed in, taken back, graded, handed back, called off.
    """

    def __init__(self) -> None:
        super().__init__()
        self.to: tuple[MemberId, ...] = ()
        self.role: VerifiedRole | None = None
        self.scale = _SCALES[0]
        self.due: list[tuple[datetime, datetime]] = []
        self.closes: datetime | None = None
        self.off = False
        self.work: dict[MemberId, _Handed] = {}

    def blank(self) -> Homework:
        """
        Return the homework before it was set.
        """
        return Homework("essay")

    @initialize(
        zone=a_zone(),
        at=moments(),
        to=st.sets(_STUDENTS, max_size=2).map(sorted).map(tuple),
        role=st.sampled_from((None, "student", "student", "parent")),
        scale=st.sampled_from(_SCALES),
        late=_MAYBE_LATER,
    )
    def assign(
        self,
        zone: str,
        at: datetime,
        to: tuple[MemberId, ...],
        role: VerifiedRole | None,
        scale: Scale,
        late: timedelta | None,
    ) -> None:
        """
        Set it, having tried to set it too late, and try to set it twice.
        """
        self.clock, self.zone = at, zone
        closes = None if late is None else at + timedelta(days=1) + abs(late)
        self._assign(to, role, scale, at, closes)
        self._assign(to, role, scale, at + timedelta(days=1), closes)
        self._assign(to, role, scale, at + timedelta(days=2), None)

    @rule(
        wait=a_wait(),
        by=_STUDENTS,
        member=_MOSTLY,
        began=_MAYBE_LATER,
        ended=_MAYBE_LATER,
    )
    def hand_in(
        self,
        wait: Wait,
        by: MemberId,
        *,
        member: bool,
        began: timedelta | None,
        ended: timedelta | None = None,
    ) -> None:
        """
        Wait, then hand something in, as a student from when to when, or as none.
        """
        self.wait(wait)
        at, handed = self.at, self.work.get(by)
        verified, in_time = self._a_student(began, ended)
        answering = handed is not None and (handed.back or bool(handed.returned))
        closes = handed.until if handed is not None and answering else self.closes
        if self.ask(
            lambda at: self.it.submit(
                text="x",
                there=_if(member, "not-a-member"),
                verified=verified,
                by=by,
                at=at,
            ),
            refused_if={
                "not-a-member": not member,
                "homework-cancelled": self.off,
                "not-assigned": by not in self.to
                and not (self.role == "student" and in_time),
                "homework-closed": closes is not None and not at < closes,
                "already-graded": handed is not None and handed.marked,
            },
            then=[HomeworkSubmitted(text="x", by=by, at=at)],
        ):
            place = len(self.history)
            if handed is None:
                self.work[by] = _Handed([place], at)
            elif handed.back:
                handed.returned.append(handed.places[-1])
                handed.places.append(place)
                handed.back = False
            else:
                handed.places.append(place)
                if not handed.returned:
                    handed.counts_at, handed.until = at, None

    @rule(by=_STUDENTS, member=_MOSTLY)
    def withdraw(self, by: MemberId, *, member: bool) -> None:
        """
        Take back what was handed in.
        """
        handed = self.work.get(by)
        if self.ask(
            lambda at: self.it.withdraw(
                there=_if(member, "not-a-member"), by=by, at=at
            ),
            refused_if={
                "not-a-member": not member,
                "homework-cancelled": self.off,
                "nothing-handed-in": handed is None or handed.back,
                "already-graded": handed is not None and handed.marked,
            },
            then=[HomeworkWithdrawn(by=by, at=self.at)],
        ):
            if handed is not None and handed.returned:
                handed.places.append(handed.returned.pop())
                handed.returned.clear()
                handed.back = True
            else:
                del self.work[by]

    @rule(
        student=_STUDENTS,
        mark=_MARKS,
        teaches=_MOSTLY,
        seen=st.sampled_from(("nothing", "newest", "older")),
        wait=a_wait(),
    )
    def grade(
        self,
        student: MemberId,
        mark: Mark,
        seen: Literal["nothing", "newest", "older"],
        wait: Wait,
        *,
        teaches: bool,
    ) -> None:
        """
        Give a mark, sometimes for what is no longer there.
        """
        self.wait(wait)
        handed = self.work.get(student)
        newest = handed.places[-1] if handed is not None else 0
        submission = {"nothing": None, "newest": newest, "older": newest - 1}[seen]
        fits: dict[str, tuple[Any, ...]] = {
            "points": (0, 1, 2, 3),
            "letters": ("A", "B"),
            "passed": (True, False),
        }
        right = [(type(each), each) for each in fits[self.scale.kind]]
        if self.ask(
            lambda at: self.it.grade(
                student,
                mark=mark,
                submission=submission,
                teacher=_if(teaches, "not-a-teacher"),
                by=_LIN,
                at=at,
            ),
            refused_if={
                "not-a-teacher": not teaches,
                "homework-cancelled": self.off,
                "nothing-handed-in": handed is None or handed.back,
                "submission-changed": handed is not None and seen == "older",
                "mark-off-the-scale": (type(mark), mark) not in right,
            },
            then=[
                HomeworkGraded(
                    student=student, submission=newest, mark=mark, by=_LIN, at=self.at
                )
            ],
        ):
            self.work[student].marked = True

    @rule(student=_STUDENTS, teaches=_MOSTLY, wait=a_wait(), until=_MAYBE_LATER)
    def hand_back(
        self,
        student: MemberId,
        wait: Wait,
        until: timedelta | None,
        *,
        teaches: bool,
    ) -> None:
        """
        Hand a student's work back.
        """
        self.wait(wait)
        handed = self.work.get(student)
        ends = None if until is None else self.at + until
        newest = handed.places[-1] if handed is not None else 0
        if self.ask(
            lambda at: self.it.hand_back(
                student,
                comment=None,
                until=ends,
                teacher=_if(teaches, "not-a-teacher"),
                by=_LIN,
                at=at,
            ),
            refused_if={
                "not-a-teacher": not teaches,
                "homework-cancelled": self.off,
                "nothing-handed-in": handed is None or handed.back,
                "due-has-passed": ends is not None and not ends > self.at,
            },
            then=[
                HomeworkReturned(
                    student=student,
                    submission=newest,
                    until=ends,
                    by=_LIN,
                    at=self.at,
                )
            ],
        ):
            back = self.work[student]
            back.back, back.marked, back.until = True, False, ends
            self.free_at = ends or self.free_at
            back.returned.clear()

    @rule(
        student=_STUDENTS, mark=_MARKS, until=_MAYBE_LATER, wait=a_wait(), again=_MOSTLY
    )
    def go_all_the_way(
        self,
        student: MemberId,
        mark: Mark,
        until: timedelta | None,
        wait: Wait,
        *,
        again: bool,
    ) -> None:
        """
        Hand something in, have it graded and handed back, and answer.

        What may not be done in between is tried as well.
        """
        marks: dict[str, Mark] = {"points": 3, "letters": "A", "passed": True}
        fits = marks[self.scale.kind]
        self.hand_in(_AT_ONCE, student, member=True, began=_EARLIER)
        self.grade(student, mark, "older", _AT_ONCE, teaches=True)
        self.grade(student, mark, "newest", _AT_ONCE, teaches=True)
        self.grade(student, fits, "newest", _AT_ONCE, teaches=True)
        self.hand_in(_AT_ONCE, student, member=True, began=_EARLIER)
        self.withdraw(student, member=True)
        self.hand_back(student, _AT_ONCE, until, teaches=True)
        self.grade(student, fits, "newest", _AT_ONCE, teaches=True)
        if again:
            self.hand_in(wait, student, member=True, began=_EARLIER)
            self.hand_in(_AT_ONCE, student, member=True, began=_EARLIER)
            self.withdraw(student, member=True)
        self.withdraw(student, member=True)

    @rule(student=_STUDENTS)
    def hand_in_at_the_end(self, student: MemberId) -> None:
        """
        Hand something in just before nothing is taken in any more, and just then.
        """
        for early in (MICROSECOND, _AT_ONCE):
            self.hand_in(Until("free", early), student, member=True, began=_EARLIER)

    @rule(student=_STUDENTS)
    def begin_too_late(self, student: MemberId) -> None:
        """
        Hand something in as a student since it was due, also once it is due later.
        """
        set_at, due = self.due[-1]
        self.hand_in(_AT_ONCE, student, member=True, began=due - set_at)
        self.clock = max(self.clock, due)
        self.move_due(timedelta(days=3), None, teaches=True)
        self.hand_in(_AT_ONCE, student, member=True, began=due - self.due[-1][0])

    @rule(student=_STUDENTS, there=_MOSTLY)
    def comment(self, student: MemberId, *, there: bool) -> None:
        """
        Say something about a student's work.
        """
        self.ask(
            lambda at: self.it.comment(
                student, text="Why?", there=_if(there, "not-a-member"), by=_LIN, at=at
            ),
            refused_if={
                "not-a-member": not there,
                "homework-cancelled": self.off,
                "nothing-handed-in": student not in self.work,
            },
            then=[HomeworkCommented(student=student, text="Why?", by=_LIN, at=self.at)],
        )

    @rule(by=_LATER, closing=_MAYBE_LATER, teaches=_MOSTLY)
    def move_due(
        self, by: timedelta, closing: timedelta | None, *, teaches: bool
    ) -> None:
        """
        Give more time, or try to give less.
        """
        due = self.due[-1][1] + by
        closes = None if closing is None else due + abs(closing)
        less = due < self.due[-1][1] or (
            closes is not None and (self.closes is None or closes < self.closes)
        )
        same = (due, closes) == (self.due[-1][1], self.closes)
        if self.ask(
            lambda at: self.it.move_due(
                due,
                late_until=closes,
                teacher=_if(teaches, "not-a-teacher"),
                by=_LIN,
                at=at,
            ),
            refused_if={
                "not-a-teacher": not teaches,
                "homework-cancelled": self.off,
                "due-not-later": less,
                "already-so": same,
                "due-has-passed": bool(by) and not due > self.at,
            },
            then=[HomeworkDueMoved(due_at=due, late_until=closes, by=_LIN, at=self.at)],
        ):
            self.due.append((self.it.last_at, due))
            self.closes = closes
            self.free_at = closes or due

    @rule(teaches=_MOSTLY, really=st.sampled_from((False, False, False, True)))
    def call_off(self, *, teaches: bool, really: bool) -> None:
        """
        Call it off, seldom.
        """
        if not really:
            return
        if self.ask(
            lambda at: self.it.cancel(
                reason=None, teacher=_if(teaches, "not-a-teacher"), by=_LIN, at=at
            ),
            refused_if={
                "not-a-teacher": not teaches,
                "homework-cancelled": self.off,
            },
            then=[HomeworkCancelled(by=_LIN, at=self.at)],
        ):
            self.off = True

    def at_the_end(self) -> None:
        """
        Move the moment that it closes, and hand in just before it and just then.
        """
        behind = max(timedelta(0), self.at - self.due[-1][1])
        closing = max(self.due[-1][1], self.closes or self.due[-1][1])
        self.move_due(
            behind + timedelta(days=1), closing - self.due[-1][1], teaches=True
        )
        self.state_agrees()
        for student in _CLASS:
            self.hand_in_at_the_end(student)
            for mark in (4, "C", True, False):
                self.grade(student, mark, "newest", _AT_ONCE, teaches=True)

    @invariant()
    def state_agrees(self) -> None:
        """
        Check that what is remembered of the homework is what the model has.
        """
        self.check_state(
            to=frozenset(self.to),
            role=self.role,
            scale=self.scale,
            dues=self.due,
            late_until=self.closes,
            cancelled=self.off,
        )
        told = {
            student: (piece.place, piece.handed_in_at, piece.state)
            for student, piece in self.it.pieces.items()
        }
        expected = {
            student: (
                handed.places[-1],
                handed.counts_at,
                "returned"
                if handed.back
                else "graded"
                if handed.marked
                else "submitted",
            )
            for student, handed in self.work.items()
        }
        if told != expected:
            self.fail(f"pieces are {told}, and by the model {expected}")

    def _a_student(
        self, began: timedelta | None, ended: timedelta | None
    ) -> tuple[Verified | None, bool]:
        # From when to when, and whether they have by it what is set to students.
        if began is None:
            return None, False
        since = self.due[-1][0] + began
        until = None if ended is None else self.due[0][0] + ended
        standing = [due for set_at, due in self.due if set_at < since]
        in_time = since < (standing[-1] if standing else self.due[0][1])
        # Set when they were no longer one, it was not set to them.
        was_one = ended is None or ended > timedelta(0)
        return Verified("student", since, until), in_time and was_one

    def _assign(
        self,
        to: tuple[MemberId, ...],
        role: VerifiedRole | None,
        scale: Scale,
        due: datetime,
        closes: datetime | None,
    ) -> None:
        at = self.at
        circle = CircleId("school")
        if self.ask(
            lambda at: self.it.assign(
                circle,
                title="Essay",
                to=to,
                role=role,
                scale=scale,
                due_at=due,
                late_until=closes,
                there=ALLOWED,
                by=_LIN,
                at=at,
            ),
            refused_if={
                "homework-there": bool(self.history),
                "due-has-passed": not due > at,
            },
            then=[
                HomeworkAssigned(
                    circle=circle,
                    title="Essay",
                    to=to,
                    role=role,
                    scale=scale,
                    due_at=due,
                    late_until=closes,
                    by=_LIN,
                    at=at,
                )
            ],
        ):
            self.to, self.role, self.scale = to, role, scale
            self.due.append((at, due))
            self.closes = closes
            # So that people wait until just then.
            self.free_at = closes or due


def _if(so: bool, rule_name: str) -> Verdict:  # noqa: FBT001
    return ALLOWED if so else refused(rule_name, "said the circle")
