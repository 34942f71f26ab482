"""
Set homework at random, hand it in, grade it, and look at how far everybody is.
"""

from datetime import datetime, timedelta
from typing import Final, Literal

from hypothesis import strategies as st
from hypothesis.stateful import rule

from circlekit.events.circle import VerifiedRole
from circlekit.events.homework import Mark, Scale
from circlekit.ids import CircleId, HomeworkId, MemberId
from circlekit.testing.community.drawn import CIRCLES, HOSTS, NOWHERE, SOMEBODY
from circlekit.testing.community.hosts import TwoHosts, Wanted
from circlekit.testing.community.plain import KIND, PlainCircle
from circlekit.testing.community.plain_homework import (
    PlainHomework,
    PlainRole,
    PlainWork,
)
from circlekit.testing.machines.machine import CAST, PEOPLE, a_wait
from circlekit.testing.machines.waiting import MICROSECOND, Until, Wait

Act = Literal["grade", "return", "withdraw", "comment", "move", "cancel"]
Audience = tuple[tuple[MemberId, ...], VerifiedRole | None]

_AT_ONCE: Final = timedelta(0)
_NUMBERS: Final = st.sampled_from((1, 1, 2))
_TO: Final[st.SearchStrategy[Audience]] = st.sampled_from(
    ((CAST, None), ((), "student"), (CAST[:2], "student"), (CAST[2:], None))
)
_DUES: Final = st.sampled_from(
    [timedelta(days=1)] * 2 + [timedelta(hours=1), timedelta(days=40), _AT_ONCE]
)
_CLOSING: Final = st.sampled_from((None, None, _AT_ONCE, timedelta(days=1)))
_ACTS: Final[st.SearchStrategy[Act]] = st.sampled_from(
    ("grade", "grade", "return", "return", "withdraw", "comment", "move", "cancel")
)
_ROLES: Final[st.SearchStrategy[VerifiedRole | None]] = st.sampled_from(
    ("student", "student", None)
)
_SCALE: Final = Scale("points", most=3)
_MARKS: Final = st.sampled_from((0, 3, 3, 4))
_SEEN: Final = st.sampled_from((False, False, True))


class Homeworks(TwoHosts):
    """
    Homework of members by name and by role, with what each has handed in.
    """

    @rule(
        circle=CIRCLES,
        number=_NUMBERS,
        to=_TO,
        due=_DUES,
        closing=_CLOSING,
        by=SOMEBODY,
        host=HOSTS,
    )
    def set_homework(
        self,
        circle: CircleId,
        number: int,
        to: Audience,
        due: timedelta,
        closing: timedelta | None,
        by: MemberId | None,
        host: int,
    ) -> None:
        """
        Set homework to some people, to students, or to both.
        """
        it, by = self._who(circle, by, host)
        id_, (named, role) = _homework(circle, number), to
        known = self.community.homework.get(id_)
        at = self.at(it, host)
        if known is not None:
            at = max(at, known.last_at)
        due_at = self.now(host) + due
        closes = None if closing is None else due_at + closing
        against = {
            **self._teaches(it, by, at),
            "homework-not-offered": KIND not in it.book.homework_kinds,
            "homework-there": known is not None,
            "due-has-passed": due_at <= at,
        }
        against["not-a-member"] |= any(who not in it.people for who in named)
        command = self.command(
            "assign_homework",
            circle,
            by=by,
            title="Essay",
            due_at=due_at,
            late_until=closes,
            to=named,
            role=role,
            scale=_SCALE,
            homework=id_,
        )
        if self.ask(host, it, command, Wanted(at, against, due=id_, beside=False)):
            in_it = [
                who
                for who, known in it.verified.items()
                if known.role == role and known.holds(at)
            ]
            self.community.homework[id_] = PlainHomework(
                circle=circle,
                by=by,
                since=(at, self.community.order),
                to=[*named, *map(MemberId, in_it)],
                role=role,
                dues=[(at, due_at)],
                closes=closes,
                last_at=at,
            )
            self.community.order += 1
            self.free_at = closes or due_at

    @rule(wait=a_wait(), circle=CIRCLES, number=_NUMBERS, by=PEOPLE, host=HOSTS)
    def hand_in(
        self, wait: Wait, circle: CircleId, number: int, by: MemberId, host: int
    ) -> None:
        """
        Wait, then hand something in, in time, late, or when it is closed.
        """
        self.wait(wait, self.zone_of[circle])
        it, by = self._who(circle, by, host)
        homework = self._there(circle, number, host)
        if homework is None:
            return
        work, at = homework.work.get(by), self._then(it, homework, host)
        closes = homework.closes_for(by)
        against = {
            **it.shut(),
            "not-a-member": by not in it.people,
            "homework-cancelled": homework.cancelled,
            "not-assigned": not homework.is_set_to(by, it),
            "homework-closed": closes is not None and at >= closes,
            "already-graded": work is not None and work.marked,
        }
        place = homework.length + 1
        id_ = _homework(circle, number)
        command = self.command("submit_homework", id_, by=by, text="My village")
        wanted = Wanted(at, against, due=place, beside=False)
        if self.ask(host, it, command, wanted):
            if not homework.waiting():
                homework.grading_since = at, self.community.order
            if work is None:
                homework.work[by] = PlainWork(place, at)
            elif work.returned is None:
                work.place, work.handed_in_at = place, at
            else:
                work.place, work.back = place, False
            homework.unmarked[place] = at
            self._happened(homework, at)

    @rule(
        wait=a_wait(),
        circle=CIRCLES,
        number=_NUMBERS,
        act=_ACTS,
        student=PEOPLE,
        mark=_MARKS,
        seen=_SEEN,
        later=_DUES,
        by=SOMEBODY,
        host=HOSTS,
    )
    def treat_homework(
        self,
        wait: Wait,
        circle: CircleId,
        number: int,
        act: Act,
        student: MemberId,
        mark: Mark,
        later: timedelta,
        by: MemberId | None,
        host: int,
        *,
        seen: bool,
    ) -> None:
        """
        Wait, then grade somebody's work, hand it back, or do something with all of it.
        """
        self.wait(wait, self.zone_of[circle])
        if self._there(circle, number, host) is None:
            return
        match act:
            case "grade":
                self._grade(circle, number, student, mark, by, host, seen=seen)
            case "return":
                until = later if seen else None
                self._return(circle, number, student, until, by, host)
            case "withdraw":
                self._withdraw(circle, number, student, host)
            case "comment":
                self._comment(circle, number, student, by, host)
            case "move":
                self._move(circle, number, later, by, host)
            case "cancel":
                self._cancel(circle, number, by, host)

    @rule(
        waits=st.tuples(a_wait(), a_wait()),
        circle=CIRCLES,
        number=_NUMBERS,
        student=PEOPLE,
        mark=_MARKS,
        until=st.one_of(st.none(), _DUES),
        by=SOMEBODY,
        host=HOSTS,
    )
    def hand_in_until_it_is_right(
        self,
        waits: tuple[Wait, Wait],
        circle: CircleId,
        number: int,
        student: MemberId,
        mark: Mark,
        until: timedelta | None,
        by: MemberId | None,
        host: int,
    ) -> None:
        """
        Hand something in, have it graded and returned, and hand it in again.

        What may not be done in between is tried as well.
        """
        other = 1 - host
        day = timedelta(days=1)
        self.set_homework(circle, number, (CAST, None), day, None, None, host)
        self.hand_in(waits[0], circle, number, student, other)
        if self._there(circle, number, host) is None:
            return
        self._grade(circle, number, student, mark, by, other, seen=True)
        self._grade(circle, number, student, 3, None, host, seen=True)
        self.hand_in(_AT_ONCE, circle, number, student, other)
        self._return(circle, number, student, until, by, other)
        self._return(circle, number, student, until, None, host)
        self._grade(circle, number, student, 3, None, other, seen=True)
        self.hand_in(waits[1], circle, number, student, host)
        self._withdraw(circle, number, student, other)
        self.hand_in(_AT_ONCE, circle, number, student, host)
        self._grade(circle, number, student, 3, by, host, seen=False)

    @rule(circle=CIRCLES, number=_NUMBERS, student=PEOPLE, host=HOSTS)
    def hand_in_at_the_end(
        self, circle: CircleId, number: int, student: MemberId, host: int
    ) -> None:
        """
        Hand something in just before a moment that decides, and just then.
        """
        self.join(circle, student, host)
        to, due = ((student,), None), timedelta(hours=1)
        self.set_homework(circle, number, to, due, _AT_ONCE, None, host)
        for early in (MICROSECOND, _AT_ONCE):
            self.hand_in(Until("free", early), circle, number, student, host)

    @rule(
        waits=st.tuples(a_wait(), a_wait()),
        circle=CIRCLES,
        student=PEOPLE,
        roles=st.tuples(_ROLES, _ROLES),
        act=_ACTS,
        host=HOSTS,
    )
    def come_and_go(
        self,
        waits: tuple[Wait, Wait],
        circle: CircleId,
        student: MemberId,
        roles: tuple[VerifiedRole | None, VerifiedRole | None],
        act: Act,
        host: int,
    ) -> None:
        """
        Join when there is homework, hand in, have it treated, go, and come back.
        """
        self.remove_member(circle, student, None, host)
        for number in (1, 2):
            to, due = ((), "student"), timedelta(days=1)
            self.set_homework(circle, number, to, due, None, None, host)
        for wait, role in zip(waits, roles, strict=True):
            self.remove_member(circle, student, None, 1 - host)
            self.join(circle, student, host, role)
            self.look_into_the_inbox(student, host)
            self.hand_in(wait, circle, 1, student, host)
            self.treat_homework(
                _AT_ONCE,
                circle,
                1,
                act,
                student,
                3,
                timedelta(days=1),
                None,
                host,
                seen=False,
            )
            self.look_into_the_inbox(student, host)

    @rule(
        circle=CIRCLES,
        member=PEOPLE,
        role=st.sampled_from(("student", "student", "parent", "teacher")),
        lasts=st.sampled_from((None, None, MICROSECOND, timedelta(hours=1))),
        host=HOSTS,
    )
    def verify_role(
        self,
        circle: CircleId,
        member: MemberId,
        role: VerifiedRole,
        lasts: timedelta | None,
        host: int,
    ) -> None:
        """
        Verify a member as something, perhaps for a while.
        """
        it = self._founded(circle, host)
        at = self.at(it, host)
        until = None if lasts is None else self.now(host) + lasts
        against = {
            "not-a-member": member not in it.people,
            "role-already-over": until is not None and until <= at,
        }
        command = self.command(
            "verify_role", circle, member, role, by="the host", until=until
        )
        if self.ask(host, it, command, Wanted(at, against)):
            known = it.verified.get(member)
            goes_on = known is not None and known.role == role and known.holds(at)
            since = known.since if known is not None and goes_on else at
            it.verified[member] = PlainRole(role, since, until)
            for homework in self.community.homework_in(it):
                now = at, self.community.order
                homework.came_as(member, it.verified[member], now)
            self._carried_out(it, at)

    @rule(
        waits=st.tuples(a_wait(), a_wait()),
        circle=CIRCLES,
        student=PEOPLE,
        roles=st.tuples(_ROLES, st.sampled_from(("student", "parent"))),
        lasts=st.sampled_from((None, MICROSECOND, timedelta(hours=1))),
        host=HOSTS,
    )
    def become_somebody_else(
        self,
        waits: tuple[Wait, Wait],
        circle: CircleId,
        student: MemberId,
        roles: tuple[VerifiedRole | None, VerifiedRole],
        lasts: timedelta | None,
        host: int,
    ) -> None:
        """
        Join as one thing and be verified as another, with homework before and after.
        """
        self.remove_member(circle, student, None, host)
        for number, became in ((1, roles[1]), (2, "student")):
            to, due = ((), "student"), timedelta(days=1)
            self.set_homework(circle, number, to, due, None, None, host)
            if number == 1:
                self.join(circle, student, 1 - host, roles[0])
            self.verify_role(circle, student, became, lasts, 1 - host)
            self.hand_in(waits[number - 1], circle, 1, student, host)
            self.look_into_the_inbox(student, host)
        self.hand_in(_AT_ONCE, circle, 2, student, host)

    @rule(member=PEOPLE, host=HOSTS)
    def look_at_the_homework(self, member: MemberId, host: int) -> None:
        """
        Look at what somebody has to hand in and to grade, and at everybody's work.
        """
        kit, community = self.kit(host), self.community
        to_do = [
            (duty.homework, duty.due_at, duty.closes_at, duty.returned)
            for duty in kit.homework_to_do(member)
        ]
        expected = community.homework_to_do(member, self.now(host))
        if to_do != expected:
            told = f"{member} has by the model to hand in\n  {expected}"
            self.fail(f"{told}\nand by host {host}\n  {to_do}")
        to_grade = [
            (duty.homework, duty.due_at, duty.waiting)
            for duty in kit.homework_to_grade(member)
        ]
        waiting = community.homework_to_grade(member)
        if to_grade != waiting:
            told = f"{member} has by the model to grade\n  {waiting}"
            self.fail(f"{told}\nand by host {host}\n  {to_grade}")
        for id_, homework in community.homework.items():
            works = [
                (work.student, work.state, work.submission, work.late, work.mark)
                for work in kit.submissions(id_)
            ]
            it = community.circles[homework.circle]
            handed_in = homework.works(it)
            if works != handed_in:
                told = f"{id_} has by the model come in\n  {handed_in}"
                self.fail(f"{told}\nand by host {host}\n  {works}")
            figures = homework.figures(it, self.now(host))
            total = kit.homework_report(id_).total
            if total != figures:
                told = f"the figures of {id_} are by the model\n  {figures}"
                self.fail(f"{told}\nand by host {host}\n  {total}")

    def _grade(
        self,
        circle: CircleId,
        number: int,
        student: MemberId,
        mark: Mark,
        by: MemberId | None,
        host: int,
        *,
        seen: bool,
    ) -> None:
        it, by = self._who(circle, by, host)
        id_ = _homework(circle, number)
        homework = self.community.homework[id_]
        work = homework.work.get(student)
        newest = NOWHERE if work is None else work.place
        submission = newest if seen else NOWHERE if mark == 0 else None
        at = self._then(it, homework, host)
        against = {
            **self._teaches(it, by, at),
            "homework-cancelled": homework.cancelled,
            "nothing-handed-in": work is None or work.back,
            "submission-changed": work is not None
            and submission not in (None, work.place),
            "mark-off-the-scale": mark not in (0, 1, 2, 3),
        }
        command = self.command(
            "grade_homework",
            id_,
            student,
            mark,
            by=by,
            comment="Well written",
            submission=submission,
        )
        if self.ask(host, it, command, Wanted(at, against, beside=False)):
            graded = homework.work[student]
            graded.marks[graded.place], graded.marked = mark, True
            if graded.place in homework.unmarked:
                homework.took.append(at - homework.unmarked.pop(graded.place))
            self._happened(homework, at)

    def _return(
        self,
        circle: CircleId,
        number: int,
        student: MemberId,
        until: timedelta | None,
        by: MemberId | None,
        host: int,
    ) -> None:
        it, by = self._who(circle, by, host)
        id_ = _homework(circle, number)
        homework = self.community.homework[id_]
        work = homework.work.get(student)
        ends = None if until is None else self.now(host) + until
        at = self._then(it, homework, host)
        against = {
            **self._teaches(it, by, at),
            "homework-cancelled": homework.cancelled,
            "nothing-handed-in": work is None or work.back,
            "due-has-passed": ends is not None and ends <= at,
        }
        command = self.command(
            "return_homework", id_, student, by=by, comment="Longer", until=ends
        )
        if self.ask(host, it, command, Wanted(at, against, beside=False)):
            back = homework.work[student]
            back.back, back.marked, back.until = True, False, ends
            back.returned = back.place
            homework.again[student] = at, self.community.order
            self.free_at = ends or self.free_at
            self._happened(homework, at)

    def _withdraw(self, circle: CircleId, number: int, by: MemberId, host: int) -> None:
        it, by = self._who(circle, by, host)
        id_ = _homework(circle, number)
        homework = self.community.homework[id_]
        work = homework.work.get(by)
        against = {
            **it.shut(),
            "not-a-member": by not in it.people,
            "homework-cancelled": homework.cancelled,
            "nothing-handed-in": work is None or work.back,
            "already-graded": work is not None and work.marked,
        }
        at = self._then(it, homework, host)
        command = self.command("withdraw_homework", id_, by=by)
        if self.ask(host, it, command, Wanted(at, against, beside=False)):
            handed = homework.work[by]
            if handed.returned is None:
                del homework.work[by]
            else:
                handed.place, handed.back = handed.returned, True
            homework.again[by] = at, self.community.order
            self._happened(homework, at)

    def _comment(
        self,
        circle: CircleId,
        number: int,
        student: MemberId,
        by: MemberId | None,
        host: int,
    ) -> None:
        it, by = self._who(circle, by, host)
        id_ = _homework(circle, number)
        homework = self.community.homework[id_]
        at = self._then(it, homework, host)
        if by == student:
            there = {**it.shut(), "not-a-member": by not in it.people}
        else:
            there = self._teaches(it, by, at)
        against = {
            **there,
            "homework-cancelled": homework.cancelled,
            "nothing-handed-in": student not in homework.work,
        }
        command = self.command(
            "comment_on_homework", id_, student, by=by, text="Well begun"
        )
        if self.ask(host, it, command, Wanted(at, against, beside=False)):
            self._happened(homework, at)

    def _move(
        self,
        circle: CircleId,
        number: int,
        later: timedelta,
        by: MemberId | None,
        host: int,
    ) -> None:
        it, by = self._who(circle, by, host)
        id_ = _homework(circle, number)
        homework = self.community.homework[id_]
        at = self._then(it, homework, host)
        due_at = self.now(host) + later
        closes = homework.closes and max(homework.closes, due_at)
        against = {
            **self._teaches(it, by, at),
            "homework-cancelled": homework.cancelled,
            "due-not-later": due_at < homework.due_at,
            "already-so": (due_at, closes) == (homework.due_at, homework.closes),
            "due-has-passed": due_at != homework.due_at and due_at <= at,
        }
        command = self.command("move_homework_due", id_, due_at, by=by)
        if self.ask(host, it, command, Wanted(at, against, beside=False)):
            homework.dues.append((at, due_at))
            homework.closes = closes
            self.free_at = closes or due_at
            self._happened(homework, at, worked=False)

    def _cancel(
        self, circle: CircleId, number: int, by: MemberId | None, host: int
    ) -> None:
        it, by = self._who(circle, by, host)
        id_ = _homework(circle, number)
        homework = self.community.homework[id_]
        at = self._then(it, homework, host)
        against = {
            **self._teaches(it, by, at),
            "homework-cancelled": homework.cancelled,
        }
        command = self.command("cancel_homework", id_, by=by, reason="holidays")
        if self.ask(host, it, command, Wanted(at, against, beside=False)):
            homework.cancelled = True
            self._happened(homework, at, worked=False)

    @staticmethod
    def _teaches(it: PlainCircle, by: MemberId, at: datetime) -> dict[str, bool]:
        member, known = by in it.people, it.verified.get(by)
        verified = known is not None and known.role == "teacher" and known.holds(at)
        teaches = it.runs(by) or verified
        return {
            **it.shut(),
            "not-a-member": not member,
            "not-a-teacher": not (member and teaches),
        }

    def _there(self, circle: CircleId, number: int, host: int) -> PlainHomework | None:
        homework = self.community.homework.get(_homework(circle, number))
        if homework is None:
            to, due = (CAST[1:], "student"), timedelta(days=1)
            self.set_homework(circle, number, to, due, None, None, host)
        return homework

    def _then(self, it: PlainCircle, homework: PlainHomework, host: int) -> datetime:
        return max(self.at(it, host), homework.last_at)

    def _happened(
        self, homework: PlainHomework, at: datetime, *, worked: bool = True
    ) -> None:
        homework.length += 1
        if worked:
            homework.worked_at = at
        homework.last_at = at
        self.community.order += 1


def _homework(circle: CircleId, number: int) -> HomeworkId:
    return HomeworkId(f"{circle}-{number}")
