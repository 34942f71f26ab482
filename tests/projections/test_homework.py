"""
Teachers' figures: as counted by hand, at every moment that has passed.
"""

from contextlib import suppress
from datetime import timedelta

import pytest
from attrs import asdict
from hypothesis import given
from hypothesis import strategies as st

from circlekit import (
    CircleKit,
    InvalidInputError,
    ManualClock,
    NotFoundError,
    RefusedError,
    Scale,
)
from circlekit.projections.homework import HomeworkFigures
from circlekit.store import log
from tests.application.communities import opened, scripts, started
from tests.application.town import MARCH_1, everything
from tests.projections import naive_homework

DOING = (
    *("submit_homework",) * 6,
    *("grade_homework",) * 4,
    "grade_with",
    *("return_homework",) * 2,
    "withdraw_homework",
    "assign_homework",
    "assign_homework",
    "move_homework_due",
    "cancel_homework",
    "comment_on_homework",
    "join_circle",
    "join_circle",
    "verify_role",
    "leave_circle",
    "remove_member",
)
TICK = timedelta(microseconds=1)


def _figures(found, waits):
    return HomeworkFigures(**found, median_to_grade=naive_homework.median(waits))


def _by_hand(kit, at):
    found, every, total = {}, [], dict(naive_homework.NOTHING)
    for homework in ("essay", "sums"):
        figures, waits = naive_homework.counted(everything(kit), homework, at)
        found[homework] = _figures(figures, waits)
        every += waits
        total = {name: total[name] + figures[name] for name in total}
    return found, _figures(total, every)


def _school(kit, **asked):
    report = kit.homework_report(circle="school", **asked)
    return {line.homework: line.figures for line in report.lines}, report.total


@pytest.mark.covers("A065", "P15", "P17")
@given(
    things=scripts(*DOING, least=20, most=60),
    looks=st.sets(st.integers(0, 7), max_size=3),
    block=st.sampled_from((1, 7, 500)),
)
def test_by_hand_at_any_past_moment(things, looks, block):
    """
    Figures are those counted by hand, and as of a past moment those of that moment.

    However often the read model was read in between, in whatever blocks, or filled
    anew.
    """
    clock, then = started(), []
    with (
        pytest.MonkeyPatch.context() as patch,
        CircleKit("sqlite://", clock=clock) as kit,
    ):
        patch.setattr(log, "AHEAD", block)
        community = opened(kit, clock)
        for act in things:
            try:
                community.do(act)
            except NotFoundError:
                continue
            if act.switch in looks:
                then.append((clock.now, _school(kit)))
                clock.forward(seconds=TICK.total_seconds())
        found, total = _by_hand(kit, clock.now)
        in_school = {
            homework: figures
            for homework, figures in found.items()
            if figures.homework and _is_in(kit, homework, "school")
        }
        lines, sum_of_lines = _school(kit)
        for homework, figures in found.items():
            if figures.homework:
                assert figures == kit.homework_report(homework).total
        assert in_school == lines
        if set(in_school) == {name for name, it in found.items() if it.homework}:
            assert total == sum_of_lines

        for rebuilt in (False, True):
            if rebuilt:
                kit.rebuild_read_models()
            for at, told in then:
                assert told == _school(kit, as_of=at)


def _is_in(kit, homework, circle):
    return kit.homework(homework).circle == circle


@given(things=scripts(*DOING, least=20, most=60))
def test_what_is_to_do(things):
    """
    A student has to do exactly what the kit would let them hand in and has no mark.

    Work that waits for a mark may be replaced, and is no longer to be done.
    """
    clock = started()
    with CircleKit("sqlite://", clock=clock) as kit:
        community = opened(kit, clock)
        community.live(things)
        for student in ("tao", "ben", "eve", "mei"):
            told = {duty.homework for duty in kit.homework_to_do(student)}
            assert told == {
                homework
                for homework in ("essay", "sums")
                if _may_hand_in(kit, homework, student)
                and not _waits(kit, homework, student)
            }
            assert told == {
                duty.ref for duty in kit.inbox(student, kinds=["homework"]).items
            }
        for teacher in ("lin", "mei"):
            grading = {it.ref for it in kit.inbox(teacher, kinds=["grading"]).items}
            told = {it.homework: it.waiting for it in kit.homework_to_grade(teacher)}
            assert told == {
                homework: waiting
                for homework in ("essay", "sums")
                if (waiting := _waiting(kit, homework, teacher))
            }
            member = {entry.circle for entry in kit.circles(teacher)}
            assert grading == {it for it in told if kit.homework(it).circle in member}


def _may_hand_in(kit, homework, student):
    try:
        return kit.would_allow(
            "submit_homework", homework, by=student, text="x"
        ).allowed
    except NotFoundError:
        return False


def _waits(kit, homework, student):
    return any(
        work.student == student and work.state == "submitted"
        for work in kit.submissions(homework)
    )


def _waiting(kit, homework, teacher):
    try:
        sheet = kit.homework(homework)
    except NotFoundError:
        return 0
    if sheet.teacher != teacher or sheet.cancelled_at is not None:
        return 0
    return sum(work.state == "submitted" for work in kit.submissions(homework))


@pytest.fixture
def school(kit):
    kit.found_circle(name="School", kind="teaching", by="mei", circle="school")
    kit.join_circle("school", "lin", verified_role="teacher")
    for student in ("tao", "ben", "wu"):
        kit.join_circle("school", student, verified_role="student")
    kit.assign_homework(
        "school",
        by="lin",
        title="Essay",
        due_at=MARCH_1 + timedelta(days=2),
        scale=Scale("points", most=20),
        homework="essay",
    )
    return kit


@pytest.mark.covers("A065")
def test_in_the_inbox(school, clock):
    """
    Students find in their inbox what they have to hand in, teachers what to grade.
    """
    due_at = MARCH_1 + timedelta(days=2)

    def told(member):
        return [
            (duty.kind, duty.ref, duty.title, duty.since, duty.due_at)
            for duty in school.inbox(member).items
        ]

    first = [("homework", "essay", "Essay", MARCH_1, due_at)]
    assert [first, first, []] == [told(it) for it in ("tao", "ben", "lin")]
    clock.forward(hours=1)
    school.submit_homework("essay", by="tao", text="x")
    handed_in = clock.now
    clock.forward(hours=1)
    school.submit_homework("essay", by="ben", text="x")
    grading = [("grading", "essay", "Essay", handed_in, due_at)]
    assert [[], [], grading] == [told(it) for it in ("tao", "ben", "lin")]
    school.grade_homework("essay", "tao", 3, by="lin")
    assert grading == told("lin")
    school.return_homework("essay", "ben", by="lin")
    again = [("homework", "essay", "Essay", clock.now, due_at)]
    assert [[], again, []] == [told(it) for it in ("tao", "ben", "lin")]
    school.cancel_homework("essay", by="lin")
    assert [[], [], []] == [told(it) for it in ("tao", "ben", "lin")]


def test_several_at_once(school, clock):
    """
    Who joins finds all homework of their role, also when they look page by page.
    """
    due_at = clock.now + timedelta(days=2)
    for homework in ("sums", "map"):
        school.assign_homework(
            "school", by="lin", title="More", due_at=due_at, homework=homework
        )
    school.join_circle("school", "new", verified_role="student")

    told, after = [], None
    for _ in range(3):
        page = school.inbox("new", after=after, limit=1)
        told += [duty.ref for duty in page.items]
        after = page.next

    assert (["sums", "map", "essay"], None) == (told, after)


def test_no_page_ended_there(school):
    """
    What names a duty in no page's end is not taken for one.
    """
    for after in ("1.2:", "1.2:\n", "1:essay", "1.b:essay", "1.2.essay"):
        with pytest.raises(InvalidInputError, match="after"):
            school.inbox("tao", after=after)
    with pytest.raises(InvalidInputError, match="after"):
        school.todos("tao", after="1.2:essay")


def test_back_with_a_mark(school):
    """
    Who comes back need not hand in again what has a mark.
    """
    school.join_circle("school", "new", verified_role="student")
    school.submit_homework("essay", by="new", text="x")
    school.grade_homework("essay", "new", 3, by="lin")
    school.leave_circle("school", "new")

    school.join_circle("school", "new", verified_role="student")

    assert () == school.inbox("new").items


def test_back_in_another_role(school):
    """
    What was handed back is to be done again while it is set to somebody, as a student.
    """
    school.join_circle("school", "new", verified_role="student")
    school.submit_homework("essay", by="new", text="x")
    school.return_homework("essay", "new", by="lin")
    told = []
    for role in ("parent", "student"):
        school.leave_circle("school", "new")
        school.join_circle("school", "new", verified_role=role)
        told.append([duty.ref for duty in school.inbox("new").items])

    assert [[], ["essay"]] == told


def test_joined_just_as_it_moved(school, clock):
    """
    Who joins late has nothing to hand in, also if it is given more time just then.
    """
    clock.forward(days=2)
    school.move_homework_due("essay", clock.now + timedelta(days=1), by="lin")

    school.join_circle("school", "new", verified_role="student")

    assert () == school.inbox("new").items
    asked = school.would_allow("submit_homework", "essay", by="new", text="x")
    assert ("not-assigned",) == asked.rules


def _has(kit, member):
    """
    Return what a member has to hand in, told in three ways that come to the same.
    """
    told = sorted(duty.ref for duty in kit.inbox(member, kinds=["homework"]).items)
    assert told == sorted(duty.homework for duty in kit.homework_to_do(member))
    assert told == [it for it in HOMEWORK if _may_hand_in(kit, it, member)]
    return told


def _assign(kit, clock, homework):
    kit.assign_homework(
        "school",
        by="lin",
        title="More",
        homework=homework,
        due_at=clock.now + timedelta(days=2),
    )


def test_verified_later(school, clock):
    """
    Who becomes a student later has what was set to students and is not due yet.
    """
    school.join_circle("school", "new", verified_role="parent")
    clock.forward(days=1)
    _assign(school, clock, "map")
    assert [] == _has(school, "new")
    clock.forward(days=1)

    school.verify_role("school", "new", "student", by="hr")

    assert ["map"] == _has(school, "new")
    assert [clock.now] == [duty.since for duty in school.inbox("new").items]
    assert ["ben", "new", "tao", "wu"] == [
        work.student for work in school.submissions("map")
    ]


def test_no_longer_a_student(school, clock):
    """
    Who becomes something else keeps what was set while they were a student.
    """
    school.join_circle("school", "new", verified_role="student")
    _assign(school, clock, "map")
    assert ["essay", "map"] == _has(school, "new")
    clock.forward(hours=1)

    school.verify_role("school", "new", "parent", by="hr")
    _assign(school, clock, "sums")

    assert ["map"] == _has(school, "new")


def test_a_role_that_runs_out(school, clock):
    """
    A role that is verified again in time goes on; after a break it begins anew.

    Who was a student until some day keeps what they had. What is set after that day
    they have once they are a student again, as any newcomer would.
    """
    school.join_circle("school", "new", verified_role="student")
    school.verify_role(
        "school", "new", "student", until=clock.now + timedelta(days=3), by="hr"
    )
    clock.forward(days=2)
    school.verify_role(
        "school", "new", "student", until=clock.now + timedelta(days=3), by="hr"
    )
    assert ["essay"] == _has(school, "new")
    clock.forward(days=3)
    _assign(school, clock, "sums")
    assert ["essay"] == _has(school, "new")
    clock.forward(days=1)

    school.verify_role("school", "new", "student", by="hr")

    assert ["sums"] == _has(school, "new")


HOMEWORK = ("essay", "map", "sums")
A_DAY = timedelta(days=1)
CHANGES = st.lists(
    st.tuples(
        st.sampled_from(
            ("join", "leave", *["verify"] * 4, "expire", "move", "map", "sums")
        ),
        st.sampled_from(("student", "student", "parent", "teacher")),
        st.sampled_from((None, None, TICK, A_DAY, 2 * A_DAY)),
        st.sampled_from((0, 0, 12, 24)),
    ),
    max_size=14,
)


@given(came_as=st.sampled_from(("student", "parent")), changes=CHANGES)
def test_whatever_becomes_of_a_role(came_as, changes):
    """
    Inbox, list and decision agree on what a member has, whatever they are verified as.
    """
    clock = ManualClock(MARCH_1)
    with CircleKit("sqlite://", clock=clock) as kit:
        kit.register_organisation("acme", name="School", by="mei", circle="all")
        kit.found_circle(
            name="School",
            kind="teaching",
            by="mei",
            circle="school",
            organisation="acme",
        )
        kit.join_circle("school", "lin", verified_role="teacher")
        _assign(kit, clock, "essay")
        kit.join_circle("school", "new", verified_role=came_as)
        for what, role, lasts, hours in changes:
            clock.forward(hours=hours)
            until = None if lasts is None else clock.now + lasts
            with suppress(RefusedError, NotFoundError):
                match what:
                    case "join":
                        kit.join_circle("school", "new", verified_role=role)
                    case "leave":
                        kit.leave_circle("school", "new")
                    case "verify":
                        kit.verify_role("school", "new", role, until=until, by="hr")
                    case "expire":
                        kit.role_verified("acme", "new", role, until=until, by="hr")
                        kit.role_expired("acme", "new", role, by="hr")
                    case "move":
                        due_at = clock.now + 2 * A_DAY
                        kit.move_homework_due("essay", due_at, by="lin")
                    case _:
                        _assign(kit, clock, what)
            _has(kit, "new")


def test_reported_by_a_clock_that_is_slow(school, clock):
    """
    Who joined by a clock ahead of this one counts in a report of all that happened.
    """
    school.join_circle("school", "new", verified_role="student")
    clock.forward(hours=-1)

    assert 4 == school.homework_report("essay").total.assigned


@pytest.mark.covers("P15")
def test_a_median_to_the_microsecond(school, clock):
    """
    The median time to a mark is exact, and of two in the middle the mean.
    """
    for student in ("tao", "ben"):
        school.submit_homework("essay", by=student, text="x")
    clock.now += TICK * 3
    school.grade_homework("essay", "tao", 9, by="lin")
    assert TICK * 3 == school.homework_report("essay").total.median_to_grade
    clock.now += TICK * 4
    school.grade_homework("essay", "ben", 9, by="lin")
    clock.now += TICK * 4
    school.grade_homework("essay", "tao", 10, by="lin")

    assert TICK * 5 == school.homework_report("essay").total.median_to_grade
    assert 2 == school.homework_report("essay").total.marks


def test_a_period(school, clock):
    """
    A report of a period has what was set within it, its end excluded.
    """
    clock.forward(days=1)
    second = clock.now
    school.assign_homework(
        "school",
        by="lin",
        title="Sums",
        due_at=second + timedelta(days=1),
        homework="sums",
    )

    def told(**period):
        report = school.homework_report(circle="school", **period)
        assert len(report.lines) == report.total.homework
        return [line.homework for line in report.lines]

    assert ["essay", "sums"] == told()
    assert ["essay", "sums"] == told(since=MARCH_1, until=second + TICK)
    assert ["essay"] == told(until=second)
    assert ["sums"] == told(since=second)
    assert [] == told(since=second + TICK)
    assert ["essay"] == told(as_of=second - TICK)


def test_called_off(school, clock):
    """
    Homework that was called off is in no report from then on, and is before.
    """
    clock.forward(days=1)
    school.cancel_homework("essay", by="lin")

    assert HomeworkFigures() == school.homework_report("essay").total
    assert 3 == school.homework_report("essay", as_of=MARCH_1).total.awaited
    assert MARCH_1 + timedelta(days=1) == school.homework("essay").cancelled_at


def test_more_time(school, clock):
    """
    Who was late is in time once the due moment is moved past theirs, from then on.
    """
    clock.forward(days=3)
    school.submit_homework("essay", by="tao", text="x")
    late = clock.now
    clock.forward(hours=1)
    school.move_homework_due("essay", MARCH_1 + timedelta(days=5), by="lin")

    def told(**asked):
        figures = asdict(school.homework_report("essay", **asked).total)
        return {name: figures[name] for name in ("submitted", "late", "missing")}

    assert {"submitted": 0, "late": 1, "missing": 2} == told(as_of=late)
    assert {"submitted": 1, "late": 0, "missing": 0} == told()


def test_an_earlier_clock(school, clock):
    """
    Asked by a clock that went back, a report is that of the newest event.
    """
    clock.forward(days=3)
    school.submit_homework("essay", by="tao", text="x")
    newest = clock.now
    clock.now = MARCH_1

    assert newest == school.homework_report("essay").as_of
    assert 1 == school.homework_report("essay").total.late
