"""
Lives: one class for several groups, who may start it, and how it was watched.
"""

from datetime import UTC, datetime, timedelta

import pytest
from attrs import evolve

from circlekit.application.lives import Admission
from circlekit.projections.live_figures import LiveFigures, LiveGroup
from circlekit.rulebook import DINGTALK_2020
from tests.application.town import MARCH_1, refused

SCHOOL = evolve(DINGTALK_2020, name="school", minor_live_minutes=40)
OF_AGE = datetime(2027, 9, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def school(kit):
    kit.found_circle(
        name="School", kind="teaching", by="head", circle="school", rules=SCHOOL
    )
    for group in ("class 1", "class 2"):
        kit.link_group("school", by="head", name=group, group=group)
    kit.join_circle("school", "ann", verified_role="teacher")
    kit.join_group("class 1", "ann")
    for pupil, *groups in (
        ("sam", "class 1"),
        ("kim", "class 2"),
        ("uma", "class 1", "class 2"),
    ):
        kit.join_circle("school", pupil, verified_role="student")
        for group in groups:
            kit.join_group(group, pupil)
    return kit


def _on(kit, live, **more):
    kit.schedule_live(
        "school",
        by="ann",
        title="Sums",
        groups=["class 1", "class 2"],
        live=live,
        **more,
    )
    kit.start_live(live, by="ann")


def _rules(kit, *args, **kwargs):
    return kit.would_allow(*args, **kwargs).rules


@pytest.mark.covers("A062")
def test_several_groups_at_once(school, clock):
    """
    One live goes to several groups, and whoever is in two of them counts once.
    """
    _on(school, "sums", starts_at=MARCH_1 + timedelta(hours=1))
    school.join_live("sums", "sam")
    school.join_live("sums", "uma", group="class 2")
    clock.forward(minutes=10)
    school.join_live("sums", "kim")
    school.like_live("sums", "kim", times=3)
    school.like_live("sums", "uma")
    school.leave_live("sums", "uma")
    clock.forward(minutes=5)
    school.join_live("sums", "uma", group="class 1")
    school.like_live("sums", "uma")
    school.leave_live("sums", "sam")
    clock.forward(minutes=15)
    before = school.live("sums")
    school.end_live("sums", by="ann")
    school.publish_replay("sums", "sums.mp4", by="ann")

    found = school.live("sums")

    groups = (
        LiveGroup(
            group="class 1", joined=2, present=0, peak=2, seconds=1_800.0, likes=1
        ),
        LiveGroup(
            group="class 2", joined=2, present=0, peak=2, seconds=1_800.0, likes=4
        ),
    )
    assert (
        LiveFigures(
            live="sums",
            circle="school",
            title="Sums",
            status="ended",
            starts_at=MARCH_1 + timedelta(hours=1),
            planned_by="ann",
            started_by="ann",
            started_at=MARCH_1,
            ended_at=MARCH_1 + 30 * MINUTE,
            replay="sums.mp4",
            joined=3,
            present=0,
            peak=3,
            seconds=3_600.0,
            likes=5,
            minors_refused=0,
            groups=groups,
        )
        == found
    )
    assert 1_200.0 == found.mean_seconds
    assert ("running", 2, 3_600.0) == (before.status, before.present, before.seconds)


@pytest.mark.covers("A060", "A062")
def test_who_may_start(school):
    """
    The owner, managers and verified teachers of a teaching circle start a live.

    Pupils do not, nor do those who are only verified elsewhere.
    """
    school.join_circle("school", "max", verified_role="parent")
    school.appoint_manager("school", "max", by="head")

    plan = ("schedule_live", "school")
    for who in ("head", "max", "ann"):
        assert () == _rules(school, *plan, by=who, title="Sums")
    assert ("not-a-teacher",) == _rules(school, *plan, by="sam", title="Sums")
    assert ("not-a-member", "not-a-teacher") == _rules(
        school, *plan, by="eve", title="Sums"
    )


@pytest.mark.covers("P18")
def test_what_a_kind_of_circle_can(school):
    """
    Only teaching circles have live, unless the rule book opens it to others.

    There the owner and managers start it: nobody is a teacher there.
    """
    school.found_circle(name="Club", kind="community", by="mei", circle="club")
    school.join_circle("club", "tao", verified_role="teacher")
    plan = ("schedule_live", "club")
    assert ("live-not-open",) == _rules(school, *plan, by="mei", title="Talk")

    book = evolve(DINGTALK_2020, name="ours", live_kinds=("teaching", "community"))
    school.adopt_rule_book("club", book, by="mei")

    assert () == _rules(school, *plan, by="mei", title="Talk")
    assert ("not-a-teacher",) == _rules(school, *plan, by="tao", title="Talk")


def test_a_muted_group(school, clock):
    """
    In a muted group everybody may watch and like; only owner and managers start.
    """
    school.schedule_live(
        "school", by="ann", title="Sums", groups=["class 1"], live="sums"
    )
    until = MARCH_1 + timedelta(hours=1)
    school.mute_group("class 1", by="head", reason="Exams", until=until)

    with refused("group-muted") as refusal:
        school.start_live("sums", by="ann")
    assert until == refusal.value.verdict.retry_at

    school.start_live("sums", by="head")
    school.join_live("sums", "sam")
    school.like_live("sums", "sam")
    assert (1, 1) == (school.live("sums").joined, school.live("sums").likes)


def test_leaving_the_group_meanwhile(school):
    """
    Who is in none of the live's groups any more does not come in again.
    """
    _on(school, "sums")
    school.join_live("sums", "sam")
    school.leave_live("sums", "sam")
    school.leave_group("class 1", "sam")

    with refused("not-in-the-group"):
        school.join_live("sums", "sam")


def test_a_group_that_was_let_go(school):
    """
    A group that left the circle brings nobody into its lives.
    """
    _on(school, "sums")
    school.unlink_group("school", "class 1", by="head")

    with refused("not-in-the-group"):
        school.join_live("sums", "sam")
    assert "class 2" == school.join_live("sums", "uma").group


@pytest.mark.covers("P14")
def test_the_minutes_of_a_minor(school, clock):
    """
    A minor watches so long a day and no more, whatever lives it is made up of.

    The refusal has the numbers and the moment to come again; the host is told
    beforehand when to end the stream, and the teacher how many were turned away.
    """
    school.attest_minor("sam", until=OF_AGE)
    _on(school, "sums")
    first = school.join_live("sums", "sam")
    assert (MARCH_1 + 40 * MINUTE, 40) == (first.until, first.minutes_left)
    clock.forward(minutes=25)
    school.leave_live("sums", "sam")
    _on(school, "letters")
    second = school.join_live("letters", "sam")
    assert (MARCH_1 + 40 * MINUTE, 15) == (second.until, second.minutes_left)
    clock.forward(minutes=15)
    school.leave_live("letters", "sam")

    with refused("minor-live-minutes") as refusal:
        school.join_live("sums", "sam")
    with refused("minor-live-minutes"):
        school.join_live("sums", "sam")

    (reason,) = refusal.value.verdict.reasons
    midnight = datetime(2020, 3, 1, 16, tzinfo=UTC)
    assert (40, 40, midnight - timedelta(days=1), midnight, midnight) == (
        reason.used,
        reason.limit,
        reason.window_start,
        reason.window_end,
        reason.retry_at,
    )
    assert 40 == school.live_minutes("sam").minutes
    assert (1, 0) == (
        school.live("sums").minors_refused,
        school.live("letters").minors_refused,
    )
    clock.now = midnight
    assert 40 == school.join_live("sums", "sam").minutes_left
    assert None is school.join_live("sums", "kim").minutes_left


@pytest.mark.covers("P14")
def test_across_midnight(school, clock):
    """
    A live over midnight counts on either day for its part.
    """
    school.attest_minor("sam", until=OF_AGE)
    midnight = datetime(2020, 3, 1, 16, tzinfo=UTC)
    clock.now = midnight - 30 * MINUTE
    _on(school, "sums")

    admitted = school.join_live("sums", "sam")
    clock.now = midnight + 20 * MINUTE

    assert (
        Admission("sums", "class 1", midnight - 30 * MINUTE, midnight + 40 * MINUTE)
        == admitted
    )
    today = school.live_minutes("sam")
    assert (20, True, midnight, "Asia/Shanghai") == (
        today.minutes,
        today.minor,
        today.starts,
        today.zone,
    )
    assert 50 == school.live_minutes("sam", zone="UTC").minutes
    _on(school, "letters")
    assert 20 == school.join_live("letters", "sam").minutes_left
    clock.forward(minutes=5)
    # Two lives at once are one pair of eyes.
    assert 25 == school.live_minutes("sam").minutes


def test_coming_of_age(school, clock):
    """
    From the moment somebody is of age there is no cap for them.
    """
    school.attest_minor("sam", until=MARCH_1 + 50 * MINUTE)
    _on(school, "sums")
    assert 40 == school.join_live("sums", "sam").minutes_left
    clock.forward(minutes=40)
    school.leave_live("sums", "sam")

    with refused("minor-live-minutes") as refusal:
        school.join_live("sums", "sam")
    assert MARCH_1 + 50 * MINUTE == refusal.value.verdict.retry_at

    clock.forward(minutes=10)
    assert None is school.join_live("sums", "sam").until
    assert not school.live_minutes("sam").minor


def test_no_cap(school, clock):
    """
    Without a number in the rule book minors watch as long as anybody.
    """
    school.adopt_rule_book("school", "dingtalk_2020", by="head")
    school.attest_minor("sam", until=OF_AGE)
    _on(school, "sums")
    school.join_live("sums", "sam")
    clock.forward(hours=2)
    school.leave_live("sums", "sam")

    assert None is school.join_live("sums", "sam").until
    assert 120 == school.live_minutes("sam").minutes


def test_somebody_who_never_watched(kit):
    """
    Who has watched nothing has used no minutes.
    """
    found = kit.live_minutes("nobody")

    assert (0.0, False, "Asia/Shanghai") == (found.seconds, found.minor, found.zone)


def test_pages(school):
    """
    A circle's lives come in pages, the one planned last first.
    """
    for number in range(5):
        school.schedule_live("school", by="ann", title="x", live=f"live {number}")
    school.cancel_live("live 3", by="ann")

    first = school.lives("school", limit=2)
    second = school.lives("school", before=first[-1].live)

    assert ["live 4", "live 3"] == [it.live for it in first]
    assert ["live 2", "live 1", "live 0"] == [it.live for it in second]
    assert ["scheduled", "cancelled"] == [it.status for it in first]
    assert 0.0 == first[0].mean_seconds
    assert () == school.lives("school", before="live 0")


def test_said_again(school):
    """
    A command that is said again under its id has the first answer, and does nothing.
    """
    _on(school, "sums")
    school.attest_minor("sam", until=OF_AGE)
    first = school.join_live("sums", "sam", command_id="one")
    school.leave_live("sums", "sam")

    assert first == school.join_live("sums", "sam", command_id="one")
    assert 0 == school.live("sums").present
