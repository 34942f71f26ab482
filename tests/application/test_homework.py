"""
Homework from setting it to its last mark, by people and by graders.
"""

from datetime import timedelta

import pytest

from circlekit import (
    CircleKit,
    Grade,
    GraderError,
    InvalidInputError,
    RuleBook,
    Scale,
    StoreError,
)
from tests.application.town import (
    GRADERS,
    MARCH_1,
    Moody,
    everything,
    history,
    refused,
    written,
)

DUE = MARCH_1 + timedelta(days=7)
CLOSES = MARCH_1 + timedelta(days=9)
TICK = timedelta(microseconds=1)


def _work(town, student, homework="essay"):
    (found,) = [
        work for work in town.kit.submissions(homework) if work.student == student
    ]
    return found


@pytest.mark.covers("A009", "A010", "A060", "A064")
def test_only_teachers_of_a_teaching_circle(town):
    """
    In a teaching circle verified teachers set homework, and nobody else does.
    """
    kit = town.kit
    kit.join_circle("school", "dad", verified_role="parent")
    given = {"title": "Sums", "due_at": DUE}

    for nobody in ("head", "yan", "dad"):
        with refused("not-a-teacher"):
            kit.assign_homework("school", by=nobody, **given)
    kit.appoint_manager("school", "dad", by="head")
    with refused("not-a-teacher"):
        kit.assign_homework("school", by="dad", **given)
    kit.assign_homework("school", by="wei", **given)


@pytest.mark.covers("A010", "P18")
def test_the_kind_offers_it_unless_the_rule_book_says(town):
    """
    Only teaching circles have homework, until a rule book switches it.
    """
    kit = town.kit
    given = {"title": "Sums", "due_at": DUE, "to": ["tao"]}
    for by in ("mei", "lin"):
        with refused("homework-not-offered"):
            kit.assign_homework("club", by=by, **given)

    kit.adopt_rule_book(
        "club", RuleBook(name="learning", homework_kinds=("community",)), by="mei"
    )
    for by in ("mei", "lin"):
        kit.assign_homework("club", by=by, **given)
    with refused("not-a-teacher"):
        kit.assign_homework("club", by="ben", **given)
    kit.adopt_rule_book("school", RuleBook(name="play", homework_kinds=()), by="head")
    with refused("homework-not-offered"):
        kit.assign_homework("school", by="wei", title="Sums", due_at=DUE)


@pytest.mark.covers("A064")
def test_whom_it_is_set_to(town):
    """
    A role is everybody in it now and who joins in it before it is due; names are names.
    """
    kit, clock = town.kit, town.clock
    kit.join_circle("school", "dad", verified_role="parent")
    kit.assign_homework(
        "school", by="wei", title="A", due_at=DUE, to=["yan"], homework="named"
    )
    kit.assign_homework(
        "school", by="wei", title="B", due_at=DUE, role="parent", homework="parents"
    )
    clock.now = DUE - TICK
    kit.join_circle("school", "new", verified_role="student")
    clock.now = DUE
    kit.join_circle("school", "tardy", verified_role="student")

    def told(homework):
        return [work.student for work in kit.submissions(homework)]

    assert ["bo", "new", "yan"] == told("essay")
    assert ["yan"] == told("named")
    assert ["dad"] == told("parents")
    for student, homework in (("tardy", "essay"), ("bo", "named"), ("yan", "parents")):
        with refused("not-assigned"):
            kit.submit_homework(homework, by=student, text="x")


@pytest.mark.covers("A064")
def test_who_leaves_has_it_no_longer(town):
    """
    Who leaves owes nothing, and what they handed in stays; who was named has it again.
    """
    kit = town.kit
    for student in ("yan", "bo"):
        kit.leave_circle("school", student)

    assert ["yan"] == [work.student for work in kit.submissions("essay")]
    with refused("not-a-member"):
        kit.submit_homework("essay", by="bo", text="x")
    town.clock.now = DUE
    kit.join_circle("school", "bo", verified_role="student")
    kit.submit_homework("essay", by="bo", text="x")
    assert _work(town, "bo").late


def test_who_came_too_late_for_the_first_due_moment(town):
    """
    Who joined when it was due has nothing to do, though others get more time later.
    """
    kit, clock = town.kit, town.clock
    clock.now = DUE
    kit.join_circle("school", "tardy", verified_role="student")
    kit.move_homework_due("essay", DUE + timedelta(days=5), by="wei")
    clock.now = DUE + TICK
    kit.join_circle("school", "new", verified_role="student")

    assert ["bo", "new", "yan"] == [it.student for it in kit.submissions("essay")]
    with refused("not-assigned"):
        kit.submit_homework("essay", by="tardy", text="x")
    kit.submit_homework("essay", by="new", text="x")


@pytest.mark.covers("A065", "P15")
def test_late_is_what_the_moment_says(town):
    """
    Before the due moment is in time, at it is late, and nothing comes in at the end.
    """
    kit, clock = town.kit, town.clock
    clock.now = DUE - TICK
    kit.submit_homework("essay", by="bo", text="In time")
    assert not _work(town, "bo").late
    clock.now = DUE
    kit.submit_homework("essay", by="bo", text="Late")
    assert _work(town, "bo").late
    clock.now = CLOSES - TICK
    kit.submit_homework("essay", by="bo", text="At the last moment")
    clock.now = CLOSES
    with refused("homework-closed"):
        kit.submit_homework("essay", by="bo", text="Too late")

    assert ("At the last moment", 3) == (
        _work(town, "bo").text,
        _work(town, "bo").tries,
    )


@pytest.mark.covers("A065")
def test_answering_a_return(town):
    """
    Who answers a return keeps their moment, and may until it ends, whatever closes.
    """
    kit, clock = town.kit, town.clock
    clock.now = CLOSES
    ends = CLOSES + timedelta(days=1)
    kit.grade_homework("essay", "yan", 5, by="wei")
    kit.return_homework("essay", "yan", by="wei", until=ends)
    assert ["essay"] == [duty.homework for duty in kit.homework_to_do("yan")]
    clock.now = ends - TICK
    kit.submit_homework("essay", by="yan", text="Better")
    again = _work(town, "yan")
    assert ("submitted", False, None, MARCH_1) == (
        again.state,
        again.late,
        again.mark,
        again.handed_in_at,
    )
    kit.withdraw_homework("essay", by="yan")
    assert "returned" == _work(town, "yan").state
    clock.now = ends
    with refused("homework-closed"):
        kit.submit_homework("essay", by="yan", text="Best")
    assert () == kit.homework_to_do("yan")


@pytest.mark.covers("A065")
def test_another_mark(town):
    """
    A mark may be given again; the history has both, and people read the last.
    """
    kit = town.kit
    kit.grade_homework("essay", "yan", 5, by="wei", comment="Short")
    kit.grade_homework("essay", "yan", 7, by="wei")

    marks = [
        event.mark
        for stream, event in history(kit)
        if stream == "homework/essay" and type(event).__name__ == "HomeworkGraded"
    ]
    assert [5, 7] == marks
    assert (7, None, "wei") == (
        _work(town, "yan").mark,
        _work(town, "yan").comment,
        _work(town, "yan").graded_by,
    )


@pytest.mark.parametrize(
    ("scale", "right", "wrong"),
    [
        (Scale("points", most=2), [0, 1, 2], [3, True, "A"]),
        (Scale("letters", letters="AB"), ["A", "B"], ["C", 1, False]),
        (Scale("passed"), [True, False], [0, 1, "passed"]),
    ],
)
def test_scales(town, scale, right, wrong):
    """
    A mark is one of the scale's and of its type: one point is not passed.
    """
    kit = town.kit
    kit.assign_homework(
        "school", by="wei", title="A", due_at=DUE, scale=scale, homework="a"
    )
    kit.submit_homework("a", by="bo", text="x")

    for mark in right:
        kit.grade_homework("a", "bo", mark, by="wei")
        assert (type(mark), mark) == (
            type(_work(town, "bo", "a").mark),
            _work(town, "bo", "a").mark,
        )
    for mark in wrong:
        with refused("mark-off-the-scale"):
            kit.grade_homework("a", "bo", mark, by="wei")


@pytest.mark.parametrize(
    "scale",
    [
        ("points",),
        ("points", 0),
        ("points", True),
        ("points", 5, ("A",)),
        ("letters",),
        ("letters", None, 5),
        ("letters", None, ("A", "A")),
        ("letters", 3, ("A",)),
        ("passed", 3),
        ("stars", 5),
    ],
)
def test_no_scale(scale):
    """
    A scale that no mark would fit, or that is of two kinds, is none.
    """
    with pytest.raises(InvalidInputError) as caught:
        Scale(*scale)

    assert "scale" == caught.value.field


@pytest.mark.covers("A061")
def test_a_grader(town):
    """
    A grader's mark is recorded under its name, with who asked, and counts like any.
    """
    assert Grade(2, "2 words") == town.kit.grade_with(
        "essay", "yan", grader="word-count", by="wei"
    )

    work = _work(town, "yan")
    assert (2, "2 words", "word-count", "wei") == (
        work.mark,
        work.comment,
        work.grader,
        work.graded_by,
    )
    assert 1 == town.kit.homework_report("essay").total.graded


class _Asked:
    """
    A grader that answers what it was made with, and does something first.
    """

    name = "asked"

    def __init__(self, answer, first=lambda: None):
        self.answer, self.first, self.times = answer, first, 0

    def grade(self, submission):
        self.times += 1
        self.first()
        return self.answer


def _with(town, url, grader):
    return CircleKit(url, clock=town.clock, graders=[grader])


@pytest.mark.covers("A061")
def test_a_grader_that_fails(town):
    """
    A grader that raises is a typed error with its cause, and nothing is written.
    """
    before = written(town.kit)

    with pytest.raises(GraderError) as caught:
        town.kit.grade_with("essay", "yan", grader="moody", by="wei", command_id="x")

    assert ("moody", "raised TimeoutError") == (
        caught.value.grader,
        caught.value.problem,
    )
    assert isinstance(caught.value.__cause__, TimeoutError)
    assert before == written(town.kit)


@pytest.mark.parametrize(
    "answer",
    [None, 12, Grade(21), Grade("A"), Grade(mark=True), Grade(3, ""), Grade(3, 7)],
)
def test_no_grade(town, url, answer):
    """
    What is no grade of the homework's scale is a typed error, and nothing is written.
    """
    before = written(town.kit)
    with (
        _with(town, url, _Asked(answer)) as kit,
        pytest.raises(GraderError, match="'asked'"),
    ):
        kit.grade_with("essay", "yan", grader="asked", by="wei")

    assert before == written(town.kit)


def test_a_grader_works_outside_of_any_transaction(town, url):
    """
    While a grader works others write; what replaced its submission is not graded.
    """

    def replace():
        town.kit.submit_homework("essay", by="yan", text="My river")

    with (
        _with(town, url, _Asked(Grade(9), replace)) as kit,
        refused("submission-changed"),
    ):
        kit.grade_with("essay", "yan", grader="asked", by="wei")

    assert "submitted" == _work(town, "yan").state


def test_a_grader_is_not_asked_in_a_batch(town):
    """
    In a batch nobody else could write while a grader works, so it is not asked.
    """
    before = written(town.kit)
    with pytest.raises(StoreError, match="outside of a batch"), town.kit.batch():
        town.kit.grade_with("essay", "yan", grader="word-count", by="wei")

    assert before == written(town.kit)


def test_a_grader_is_asked_once(town, url):
    """
    A repeated command, and one that is refused or asked about, asks no grader.
    """
    grader = _Asked(Grade(9, "Nine"))
    with _with(town, url, grader) as kit:
        asked = {"grader": "asked", "by": "wei"}
        assert kit.would_allow("grade_with", "essay", "yan", **asked).allowed
        with refused("nothing-handed-in"):
            kit.grade_with("essay", "bo", **asked, command_id="two")
        assert 0 == grader.times
        first = kit.grade_with("essay", "yan", **asked, command_id="one")
        kit.return_homework("essay", "yan", by="wei")
        after = history(kit)

        assert first == kit.grade_with("essay", "yan", **asked, command_id="one")
        assert 1 == grader.times
        with refused("nothing-handed-in"):
            kit.grade_with("essay", "bo", **asked, command_id="two")
        assert after == history(kit)


@pytest.mark.parametrize("graders", [[object()], [Moody(), Moody()]])
def test_graders_have_names(url, graders):
    """
    A grader without a name, or two of one name, are no graders.
    """
    with pytest.raises(InvalidInputError) as caught:
        CircleKit(url, graders=graders)

    assert "graders" == caught.value.field


def test_repeats(town):
    """
    Each command about homework that comes again is answered again and done once.
    """
    kit = town.kit
    said = [
        lambda: kit.assign_homework(
            "school", by="wei", title="Sums", due_at=DUE, command_id="1"
        ),
        lambda: kit.submit_homework("essay", by="bo", text="x", command_id="2"),
        lambda: kit.grade_homework("essay", "bo", 5, by="wei", command_id="3"),
        lambda: kit.return_homework("essay", "bo", by="wei", command_id="4"),
        lambda: kit.comment_on_homework(
            "essay", "bo", by="wei", text="x", command_id="5"
        ),
        lambda: kit.withdraw_homework("essay", by="yan", command_id="6"),
        lambda: kit.move_homework_due("essay", CLOSES, by="wei", command_id="7"),
        lambda: kit.cancel_homework("essay", by="wei", command_id="8"),
    ]
    first = [again() for again in said]
    after = written(kit)

    assert first == [again() for again in said]
    assert after == written(kit)


@pytest.mark.covers("A066", "A067")
def test_what_is_shared_beside_homework(town):
    """
    In a teaching circle a teacher shares resources and students short posts: as posts.
    """
    kit = town.kit
    shared = kit.publish_post(
        "school", by="wei", text="Read on", images=["map.png"], topic="Resources"
    )
    told = kit.publish_post("school", by="yan", text="I learn words by singing them.")

    assert {shared, told} <= {item.post for item in kit.feed("bo").items}


def test_a_kit_without_graders(town, url):
    """
    A kit that was given no graders says where they are given.
    """
    with (
        CircleKit(url, clock=town.clock) as kit,
        pytest.raises(InvalidInputError, match="graders="),
    ):
        kit.grade_with("essay", "yan", grader=GRADERS[0].name, by="wei")

    assert everything(town.kit)
