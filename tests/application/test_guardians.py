"""
Guardians: told of a child at most once a day, and of everything.
"""

from collections import Counter
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circlekit import CircleKit, ManualClock, Scale
from circlekit.events.guardian import GuardianDigestSent
from circlekit.testing import ZONES, moments, spans
from circlekit.verdict import Reason
from tests.application.town import (
    MARCH_1,
    everything,
    outcome,
    refusals,
    refused,
    written,
)

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


def _kinds(digest):
    return [news.what for news in digest.homework]


@pytest.mark.covers("P16", "P14")
def test_one_digest_of_everything(town):
    """
    A guardian is told once what was set, handed in, graded, missed and must be seen.
    """
    kit, clock = town.kit, town.clock
    kit.name_guardian("bo", "ana", by="head", zone="UTC")
    clock.forward(hours=1)
    kit.assign_homework(
        "school",
        by="wei",
        title="Sums",
        due_at=clock.now + HOUR,
        scale=Scale("passed"),
        homework="sums",
    )
    kit.submit_homework("sums", by="yan", text="55")
    post = kit.send_must_see("school", by="head", text="No school")
    clock.forward(hours=1)
    kit.grade_homework("sums", "yan", mark=True, by="wei", comment="Right")

    report = kit.send_guardian_digests(by="worker")

    assert [("bo", "ana"), ("yan", "ana")] == [
        (digest.child, digest.guardian) for digest in report.sent
    ]
    assert {} == report.skipped
    assert [["assigned", "missing"], ["assigned", "submitted", "graded"]] == [
        _kinds(digest) for digest in report.sent
    ]
    assert [(post,), (post,)] == [digest.must_sees for digest in report.sent]
    assert (True, "Right") == (
        report.sent[1].homework[2].mark,
        report.sent[1].homework[2].comment,
    )
    assert [(1, 0, 1, 1), (1, 1, 0, 1)] == [
        (event.assigned, event.submitted, event.missing, event.must_sees)
        for event in _sent(kit)
    ]


@pytest.mark.covers("P16")
def test_a_second_digest_of_a_day(town):
    """
    A second digest of one child on one day is refused, with the moment it may be sent.
    """
    kit, clock = town.kit, town.clock
    kit.send_guardian_digest("yan", "ana", by="worker")
    (place,) = [
        item.version
        for item in everything(kit)
        if isinstance(item.event, GuardianDigestSent)
    ]
    midnight = MARCH_1 + 4 * HOUR

    clock.now = midnight - timedelta(microseconds=1)
    verdict = outcome(kit.send_guardian_digest, "yan", "ana", by="worker")
    clock.now = midnight
    kit.send_guardian_digest("yan", "ana", by="worker")

    assert verdict.reasons == (
        Reason(
            rule="guardian-digest-day",
            because="told on 2020-03-01; free again 2020-03-01 16:00 UTC",
            used=1,
            limit=1,
            window_start=midnight - DAY,
            window_end=midnight,
            used_by=(place,),
            retry_at=midnight,
        ),
    )


def test_nothing_is_told_twice_or_left_out(town):
    """
    Each digest begins where the one before ended.
    """
    kit, clock = town.kit, town.clock
    told = []
    for number in range(4):
        clock.forward(hours=20)
        kit.grade_homework("essay", "yan", number, by="wei")
        told += [
            news.mark
            for digest in kit.send_guardian_digests(by="worker").sent
            for news in digest.homework
        ]

    clock.forward(days=1)
    told += [news.mark for news in kit.guardian_digest("yan", "ana").homework]
    assert [0, 1, 2, 3] == told


@pytest.mark.covers("P14")
def test_live_minutes(town):
    """
    A guardian is told how many minutes a child watched lives since the last digest.
    """
    kit, clock = town.kit, town.clock
    kit.schedule_live("school", by="wei", title="Sums", live="live")
    kit.start_live("live", by="wei")
    kit.join_live("live", "yan")
    clock.forward(minutes=20, seconds=59)
    (first,) = kit.send_guardian_digests(by="worker").sent
    clock.forward(minutes=30)
    kit.leave_live("live", "yan")
    clock.forward(days=1)
    (second,) = kit.send_guardian_digests(by="worker").sent

    assert [20, 30] == [first.live_minutes, second.live_minutes]
    assert [20, 30] == [event.live_minutes for event in _sent(kit)]


def test_late_as_the_figures_say(town):
    """
    What a guardian is told is late is what the teacher's figures call late.
    """
    kit, clock = town.kit, town.clock
    kit.return_homework("essay", "yan", by="wei")
    kit.name_guardian("bo", "ana", by="head")
    clock.forward(days=8)
    for student in ("yan", "bo"):
        kit.submit_homework("essay", by=student, text="x")

    told = {
        digest.child: _kinds(digest)
        for digest in kit.send_guardian_digests(by="worker").sent
    }

    assert {"bo": ["late"], "yan": ["submitted"]} == told
    assert 1 == kit.homework_report("essay").total.late


def test_two_guardians_and_two_children(town):
    """
    The day is one of a guardian and a child: others are told on the same day.
    """
    kit, clock = town.kit, town.clock
    kit.name_guardian("yan", "ben", by="head", zone="America/New_York")
    kit.name_guardian("bo", "ana", by="head")
    clock.forward(hours=1)
    kit.send_must_see("school", by="head", text="No school")

    pairs = [("bo", "ana"), ("yan", "ana"), ("yan", "ben")]
    assert pairs == [
        (it.child, it.guardian) for it in kit.send_guardian_digests(by="worker").sent
    ]
    assert [("yan", "ana"), ("yan", "ben")] == [
        (it.child, it.guardian) for it in kit.guardians("yan")
    ]
    assert [("bo", "ana"), ("yan", "ana")] == [
        (it.child, it.guardian) for it in kit.children("ana")
    ]


def test_a_worker_that_comes_often(town):
    """
    A worker that comes again on the same day sends nothing, and writes nothing.
    """
    kit, clock = town.kit, town.clock
    clock.forward(hours=1)
    kit.send_must_see("school", by="head", text="No school")
    kit.send_guardian_digests(by="worker")
    clock.forward(hours=1)
    kit.grade_homework("essay", "yan", 4, by="wei")
    before = written(kit)
    seen = []

    report = kit.send_guardian_digests(by="worker", progress=seen.append)

    assert () == report.sent
    assert {("yan", "ana"): ("guardian-digest-day",)} == {
        pair: verdict.rules for pair, verdict in report.skipped.items()
    }
    assert before == written(kit)
    assert [1] == seen
    assert [] == refusals(kit)


def test_dismissed(town):
    """
    Who is dismissed is told nothing, and named again only what happened since.
    """
    kit, clock = town.kit, town.clock
    kit.dismiss_guardian("yan", "ana", by="head")
    clock.forward(hours=1)
    kit.grade_homework("essay", "yan", 4, by="wei")
    assert () == kit.send_guardian_digests(by="worker").sent
    assert () == kit.guardians("yan") + kit.children("ana")
    with refused("not-a-guardian"):
        kit.send_guardian_digest("yan", "ana", by="worker")
    kit.name_guardian("yan", "ana", by="head")
    clock.forward(hours=1)
    kit.grade_homework("essay", "yan", 5, by="wei")

    (digest,) = kit.send_guardian_digests(by="worker").sent
    assert [5] == [news.mark for news in digest.homework]


def test_repeats(town):
    """
    Commands about guardians that come again are answered again and done once.
    """
    kit = town.kit
    town.clock.forward(hours=1)
    kit.grade_homework("essay", "yan", 4, by="wei")
    said = [
        lambda: kit.send_guardian_digest("yan", "ana", by="worker", command_id="1"),
        lambda: kit.name_guardian("bo", "ana", by="head", command_id="2"),
        lambda: kit.dismiss_guardian("bo", "ana", by="head", command_id="3"),
    ]
    first = [again() for again in said]
    after = written(kit)
    town.clock.forward(days=2)

    assert first == [again() for again in said]
    assert after == written(kit)
    assert [4] == [news.mark for news in first[0].homework]


@pytest.mark.covers("P16")
@given(
    start=moments(),
    acts=st.lists(
        st.tuples(spans(), st.sampled_from(("tell", "tell", "all", *ZONES))),
        min_size=5,
        max_size=25,
    ),
)
def test_never_two_a_day(start, acts):
    """
    No guardian is told twice of a child on a day, in any zone they ever had.
    """
    clock = ManualClock(start)
    with CircleKit("sqlite://", clock=clock) as kit:
        kit.found_circle(name="School", kind="teaching", by="mei", circle="school")
        kit.join_circle("school", "tao", verified_role="student")
        kit.name_guardian("tao", "ana", by="host", zone="Asia/Shanghai")
        zones = ["Asia/Shanghai"]
        for wait, act in acts:
            clock.now += wait
            outcome(kit.send_must_see, "school", by="mei", text="x")
            if act == "all":
                kit.send_guardian_digests(by="worker")
            elif act == "tell":
                outcome(kit.send_guardian_digest, "tao", "ana", by="worker")
            else:
                kit.dismiss_guardian("tao", "ana", by="host")
                kit.name_guardian("tao", "ana", by="host", zone=act)
                zones.append(act)
            _check(kit, zones[-1])


def _check(kit, zone):
    sent = _sent(kit)
    days = Counter(event.day for event in sent)
    assert all(number == 1 for number in days.values())
    told = kit.would_allow("send_guardian_digest", "tao", "ana", by="worker")
    if not told.allowed:
        last = f"{sent[-1].at.astimezone(ZoneInfo(zone)):%Y-%m-%d}"
        again = f"{told.retry_at.astimezone(ZoneInfo(zone)):%Y-%m-%d}"
        assert again > max(last, sent[-1].day)


def _sent(kit):
    return [
        item.event
        for item in everything(kit)
        if isinstance(item.event, GuardianDigestSent)
    ]
