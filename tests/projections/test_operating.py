"""
What operators read is what one counts by hand, now and as of any moment before.
"""

from datetime import UTC, date, datetime, timedelta

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from circlekit import CircleKit
from circlekit.events.homework import Scale
from circlekit.projections.activity import Figures, FunnelStage
from circlekit.store import log as stored
from tests.application.communities import opened, scripts, started
from tests.application.town import MARCH_1, everything
from tests.projections.naive_operating import (
    acts,
    counted_days,
    current_run,
    longest_run,
)

CHECKING_IN = (
    "check_in",
    "check_in",
    "check_in",
    "make_up_check_in",
    "remove_check_in",
    "remove_post",
    "adopt_rule_book",
    "make_topic",
    "close_topic",
    "reopen_topic",
    "reopen_topic",
)
TEACHING = (
    "assign_homework",
    "submit_homework",
    "submit_homework",
    "withdraw_homework",
    "grade_homework",
    "grade_homework",
    "return_homework",
    "schedule_live",
    "start_live",
    "join_live",
    "join_live",
    "leave_live",
    "end_live",
    "appoint_manager",
    "dismiss_manager",
    "leave_circle",
    "join_circle",
    "publish_post",
)
STAGES = ("operation", "activity", "feedback", "service")


def played(kit, clock, things):
    opened(kit, clock).live(things)


@pytest.mark.covers("A043")
@given(
    things=scripts(*CHECKING_IN, least=20, most=80),
    since=st.integers(0, 20),
    length=st.integers(1, 60),
)
def test_a_plain_count_of_check_ins(things, since, length):
    """
    Streaks and leaderboards are those that one counts by hand, whatever was removed.
    """
    clock = started()
    with CircleKit("sqlite://", clock=clock) as kit:
        played(kit, clock, things)
        counted = counted_days(everything(kit), "run")
        for who in ("mei", "lin", "tao", "ben", "eve"):
            days = {day for by, day, *_ in counted if by == who}
            told = kit.streak("run", who)
            assert (
                current_run(days, told.today),
                longest_run(days),
                len(days),
                max(days, default=None),
            ) == (told.current, told.longest, told.days, told.last_day)
        first = clock.now.date() - timedelta(days=since)
        until = first + timedelta(days=length)
        within = [it for it in counted if first <= it[1] < until]
        for measure, figure in (
            ("days", len),
            ("streak", lambda mine: longest_run({it[1] for it in mine})),
            ("value", lambda mine: sum(it[2] or 0 for it in mine)),
        ):
            board = kit.leaderboard("run", since=first, until=until, measure=measure)
            expected = {
                who: figure([it for it in within if it[0] == who])
                for who in {it[0] for it in within}
                if measure != "value"
                or any(it[2] is not None for it in within if it[0] == who)
            }
            assert expected == {it.member: it.figure for it in board}
            figures = [it.figure for it in board]
            assert sorted(figures, reverse=True) == figures
            assert [1 + sum(it > mine for it in figures) for mine in figures] == [
                it.rank for it in board
            ]


@pytest.mark.covers("A046", "P12", "P19")
@given(
    things=st.one_of(scripts(least=30, most=90), scripts(*TEACHING, least=30, most=90)),
    circle=st.sampled_from(("club", "guild")),
    length=st.integers(1, 40),
    back=st.integers(0, 40),
    then=st.floats(0, 1),
)
def test_a_plain_count_of_activity(things, circle, length, back, then):
    """
    A report is what one counts by hand from one log, as of now and of any moment.
    """
    clock = started()
    with CircleKit("sqlite://", clock=clock) as kit:
        played(kit, clock, things)
        log = everything(kit)
        until = clock.now.date() + timedelta(days=2 - back)
        since = until - timedelta(days=length)
        moment = log[int(then * (len(log) - 1))].event.at
        for as_of in (None, moment):
            done = [it for it in acts(log, circle) if as_of is None or it[0] <= as_of]
            told = kit.activity(circle, since, until, as_of=as_of)

            assert told.days == tuple(
                (day, figures(done, day, day + timedelta(days=1)))
                for day in (since + timedelta(days=n) for n in range(length))
            )
            assert figures(done, since, until) == told.total
            before = active(done, since - timedelta(days=length), since)
            assert len(before & active(done, since, until)) == told.returning
            assert told.members == sum(
                {"joined": 1, "left": -1}.get(what, 0)
                for _, day, _, what, _ in done
                if day < until
            )
            assert told.funnel == tuple(
                FunnelStage(stage=stage, acts=len(people), people=len(set(people)))
                for stage in STAGES
                for people in (
                    [
                        who
                        for _, day, who, _, of in done
                        if since <= day < until and of == stage
                    ],
                )
            )


def active(done, since, until):
    return {
        who
        for _, day, who, what, _ in done
        if since <= day < until and what not in {"joined", "left"}
    }


def figures(done, since, until):
    within = [what for _, day, _, what, _ in done if since <= day < until]
    counted = {
        it.name: within.count(it.name)
        for it in attrs.fields(Figures)
        if it.name != "active"
    }
    return Figures(**counted, active=len(active(done, since, until)))


@pytest.mark.covers("A046", "P19")
def test_the_loop(club, clock):
    """
    From what operators put out, over what members do and say, to how they are answered.

    Whoever is there in one week and the next has returned.
    """
    club.send_must_see("club", by="mei", text="We run on Sunday")
    club.make_topic("club", name="Running", kind="sport", by="lin", topic="run")
    club.check_in("run", by="tao", place="West gate")
    clock.forward(days=7)
    post = club.publish_post("club", by="tao", text="My knee hurts")
    comment = club.add_comment(post, by="ben", text="Mine too")
    club.add_comment(post, by="lin", text="See the doctor", reply_to=comment)
    club.leave_circle("club", "ben")
    club.remove_post(post, by="mei")

    weeks = [
        club.activity("club", since, since + timedelta(days=7))
        for since in (date(2020, 3, 1), date(2020, 3, 8))
    ]

    assert [[(3, 2), (1, 1), (0, 0), (0, 0)], [(0, 0), (1, 1), (1, 1), (1, 1)]] == [
        [(it.acts, it.people) for it in week.funnel] for week in weeks
    ]
    assert [(4, 0), (3, 2)] == [(it.members, it.returning) for it in weeks]
    assert Figures(posts=1, comments=2, left=1, active=3) == weeks[1].total


@pytest.mark.covers("A046", "P19")
def test_a_school_day(kit, clock):
    """
    Homework that is handed in and graded, and a class that is held live, are activity.

    Who hands in twice, or comes back to a class, has done it twice; who teaches
    without running the circle serves and operates all the same.
    """
    kit.found_circle(name="Class 3", kind="teaching", by="head", circle="class")
    kit.join_circle("class", "ms-wu", verified_role="teacher", invited_by="head")
    for student in ("ann", "bo"):
        kit.join_circle("class", student, verified_role="student")
    work = kit.assign_homework(
        "class",
        by="ms-wu",
        title="Sums",
        to=["ann", "bo"],
        due_at=MARCH_1 + timedelta(days=1),
        scale=Scale("passed"),
    )
    for _ in range(2):
        kit.submit_homework(work, by="ann", text="42")
    kit.grade_homework(work, "ann", mark=True, by="ms-wu")
    live = kit.schedule_live("class", by="ms-wu", title="Sums")
    kit.start_live(live, by="ms-wu")
    for member in ("ann", "bo", "head"):
        kit.join_live(live, member)
    kit.leave_live(live, "bo")
    kit.join_live(live, "bo")
    clock.forward(days=1)
    kit.end_live(live, by="ms-wu")

    told = kit.activity("class", date(2020, 3, 1), date(2020, 3, 3))

    assert (
        Figures(
            homework_submitted=2,
            homework_graded=1,
            lives_started=1,
            lives_joined=4,
            joined=4,
            active=4,
        )
        == told.total
    )
    assert [(1, 1), (5, 2), (0, 0), (1, 1)] == [
        (it.acts, it.people) for it in told.funnel
    ]


def test_a_day_is_the_circles(club, clock):
    """
    What is done just before midnight in the circle's zone is of the day before.
    """
    midnight = datetime(2020, 3, 1, 16, tzinfo=UTC)
    for at in (midnight - timedelta(microseconds=1), midnight):
        clock.now = at
        club.publish_post("club", by="tao", text="Good night")

    told = club.activity("club", date(2020, 3, 1), date(2020, 3, 3))

    assert [(date(2020, 3, 1), 1), (date(2020, 3, 2), 1)] == [
        (day, it.posts) for day, it in told.days
    ]
    assert ("Asia/Shanghai", 4) == (told.zone, told.total.joined)


def test_an_earlier_report(club, clock):
    """
    Asked as of an earlier moment, a report is the one that was given then.
    """
    club.publish_post("club", by="tao", text="Good morning")
    week = date(2020, 3, 1), date(2020, 3, 8)
    then = club.activity("club", *week)
    clock.forward(hours=30)
    club.publish_post("club", by="ben", text="Good evening")
    club.leave_circle("club", "tao")

    assert then == club.activity("club", *week, as_of=MARCH_1)
    assert then != club.activity("club", *week)


def test_blocks(club, clock, monkeypatch):
    """
    A report does not depend on where the reading of the log was interrupted.
    """
    monkeypatch.setattr(stored, "AHEAD", 1)
    club.publish_post("club", by="tao", text="One")
    first = club.activity("club", date(2020, 3, 1), date(2020, 3, 2))

    club.rebuild_read_models()

    assert first == club.activity("club", date(2020, 3, 1), date(2020, 3, 2))
