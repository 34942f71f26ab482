"""
Posts and must-sees for later: reserved when scheduled, published when due, once.
"""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given

from circlekit import CALENDAR_MONTH, Budget, CircleKit, PostId, RuleBook, WhatIf
from circlekit.application.schedule import ReleaseReport
from circlekit.events.circle import MustSeeSent, PostPublished
from circlekit.events.refusal import CommandRefused
from circlekit.events.schedule import ScheduledDropped, ScheduledReleased
from circlekit.projections.schedule import Scheduled
from tests.application.communities import opened, scripts, started
from tests.application.town import MARCH_1, history, outcome, refusals, refused

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SCHEDULING = (
    "schedule_must_see",
    "schedule_must_see",
    "schedule_post",
    "move_scheduled",
    "cancel_scheduled",
    "send_must_see",
    "promote_to_must_see",
    "grant_override",
    "adopt_rule_book",
    "leave_circle",
    "join_circle",
)


def _later(club, days, *, by="mei", circle="guild"):
    return club.schedule_must_see(
        circle, by=by, text=f"In {days}", release_at=MARCH_1 + days * DAY
    )


def _sent(kit, circle="guild"):
    return [
        event.at
        for stream, event in history(kit)
        if isinstance(event, MustSeeSent) and stream == f"circle/{circle}"
    ]


@pytest.mark.covers("A034", "A037", "A040")
def test_what_is_released(town):
    """
    What is due is published as if its author had just published it.

    Recorded are that it was released, the post, and the must-see.
    """
    kit, clock = town.kit, town.clock
    post = kit.schedule_post("club", by="tao", text="Soon", release_at=MARCH_1 + HOUR)
    later = _later(kit, 2, by="lin", circle="club")
    already, records = history(kit), refusals(kit)
    clock.now = MARCH_1 + 2 * DAY

    report = kit.release_due()

    place = sum(it == "circle/club" for it, _ in already)
    assert (
        ReleaseReport(
            released={
                post: PostId("club", place + 2),
                later: PostId("club", place + 4),
            }
        )
        == report
    )
    at = clock.now
    assert [
        ScheduledReleased(scheduled=post.version, post=place + 2, at=at),
        PostPublished(text="Soon", by="tao", at=at),
        ScheduledReleased(scheduled=later.version, post=place + 4, at=at),
        PostPublished(text="In 2", by="lin", at=at),
        MustSeeSent(post=place + 4, by="lin", at=at),
    ] == [event for _, event in history(kit)[len(already) :]]
    assert records == refusals(kit)
    assert ReleaseReport() == kit.release_due()
    assert () == kit.scheduled("club")


def test_what_waits(town):
    """
    What waits is told in the order of its moments, with all that it says.
    """
    kit = town.kit
    later = _later(kit, 3)
    sooner = kit.schedule_post(
        "guild",
        by="ana",
        images=["a.png"],
        videos=["b.mp4"],
        topic="Tools",
        release_at=MARCH_1 + DAY,
    )

    assert (
        Scheduled(
            scheduled=sooner,
            kind="post",
            author="ana",
            text="",
            images=("a.png",),
            videos=("b.mp4",),
            topic="Tools",
            release_at=MARCH_1 + DAY,
        ),
        Scheduled(
            scheduled=later,
            kind="must-see",
            author="mei",
            text="In 3",
            release_at=MARCH_1 + 3 * DAY,
        ),
    ) == kit.scheduled("guild")
    assert () == kit.scheduled("club")


@pytest.fixture
def town(town):
    town.kit.join_circle("guild", "mei")
    town.kit.appoint_manager("guild", "mei", by="ana")
    town.kit.join_circle("guild", "tao")
    return town


@pytest.mark.covers("A036", "C16")
def test_one_that_would_come_too_shortly_before(town):
    """
    A must-see within the 24 hours before a reserved one is refused because of it.

    Exactly 24 hours before it there is room, and so there is once it is cancelled.
    """
    kit, clock = town.kit, town.clock
    reserved = _later(kit, 2)
    clock.now = MARCH_1 + DAY + HOUR

    with refused("must-see-spacing") as refusal:
        kit.send_must_see("guild", by="mei", text="Now")

    (reason,) = refusal.value.verdict.reasons
    assert "1 of 1 reserved within 24 hours; free again 2020-03-04 12:00 UTC" == (
        reason.because
    )
    assert (reserved.version,) == reason.used_by
    assert (MARCH_1 + DAY, MARCH_1 + 2 * DAY) == (
        reason.window_start,
        reason.window_end,
    )
    assert MARCH_1 + 3 * DAY == reason.retry_at
    clock.now = MARCH_1 + DAY
    assert kit.would_allow("send_must_see", "guild", by="mei", text="Now").allowed
    clock.now = MARCH_1 + DAY + HOUR
    kit.cancel_scheduled(reserved, by="mei")
    assert kit.would_allow("send_must_see", "guild", by="mei", text="Now").allowed


@pytest.mark.covers("A035", "C16")
def test_reserved_is_used(town):
    """
    Four reserved in a month leave nothing of it, and the view and the refusal agree.
    """
    kit, clock = town.kit, town.clock
    waiting = [_later(kit, days) for days in (2, 4, 6, 8)]

    month, spacing = kit.quota("guild").lines
    assert (4, 4, 0) == (month.used, month.reserved, month.left)
    assert (0, 0, 1) == (spacing.used, spacing.reserved, spacing.left)
    with refused("must-see-month") as refusal:
        kit.send_must_see("guild", by="mei", text="Now")
    assert month.next_allowed == refusal.value.verdict.retry_at

    clock.now = MARCH_1 + 2 * DAY
    kit.release_due()

    month, spacing = kit.quota("guild").lines
    assert (4, 3, 0) == (month.used, month.reserved, month.left)
    assert (1, 0, 0) == (spacing.used, spacing.reserved, spacing.left)
    kit.cancel_scheduled(waiting[-1], by="ana")
    assert 1 == kit.quota("guild").lines[0].left


@pytest.mark.covers("A036")
def test_moving(town):
    """
    Moved, it is counted at its new moment; refused, it keeps the old one.
    """
    kit = town.kit
    one, _ = _later(kit, 2), _later(kit, 5)

    with refused("must-see-spacing"):
        kit.move_scheduled(one, MARCH_1 + 5 * DAY + HOUR, by="mei")
    assert MARCH_1 + 2 * DAY == kit.scheduled("guild")[0].release_at
    kit.move_scheduled(one, MARCH_1 + 2 * DAY + HOUR, by="mei")
    kit.move_scheduled(one, MARCH_1 + 6 * DAY, by="ana")

    assert [5, 6] == [(it.release_at - MARCH_1).days for it in kit.scheduled("guild")]
    assert kit.would_allow(
        "schedule_must_see",
        "guild",
        by="mei",
        text="x",
        release_at=MARCH_1 + 2 * DAY,
    ).allowed


@pytest.mark.covers("A036")
def test_late(town):
    """
    Two that are due together are 24 hours apart all the same, and both are sent.

    The second says what it waits for; nothing is recorded of its waiting.
    """
    kit, clock = town.kit, town.clock
    first, second = _later(kit, 2), _later(kit, 3)
    clock.now = MARCH_1 + 3 * DAY + HOUR
    before = refusals(kit)

    report = kit.release_due()

    assert [first] == list(report.released)
    assert [second] == list(report.held)
    assert ("must-see-spacing",) == report.held[second].rules
    assert clock.now + DAY == report.held[second].retry_at
    assert before == refusals(kit)
    clock.now += DAY - timedelta(microseconds=1)
    assert {} == kit.release_due().released
    clock.now += timedelta(microseconds=1)
    assert [second] == list(kit.release_due().released)
    assert [DAY] == [late - early for early, late in pairwise(_sent(kit))]
    assert [] == kit.audit_must_sees().violations


def test_late_into_another_month(town):
    """
    One that is late takes no place in the next month that others have reserved.
    """
    kit, clock = town.kit, town.clock
    late = _later(kit, 30)
    in_april = [_later(kit, days) for days in (32, 34, 36, 38)]
    clock.now = MARCH_1 + 31 * DAY

    held = kit.release_due().held

    assert [late] == list(held)
    assert ("must-see-month",) == held[late].rules
    for days, scheduled in zip((32, 34, 36, 38), in_april, strict=True):
        clock.now = MARCH_1 + days * DAY
        assert [scheduled] == list(kit.release_due().released)
    clock.now = held[late].retry_at
    assert [late] == list(kit.release_due().released)
    assert [] == kit.audit_must_sees().violations


@pytest.mark.covers("A035")
def test_what_was_promised(town):
    """
    Neither another rule book nor one sent by override takes a reserved place away.

    The audit finds it right: it was allowed by the rule of the day it was reserved.
    """
    kit, clock = town.kit, town.clock
    waiting = [_later(kit, 2), _later(kit, 4)]
    kit.adopt_rule_book(
        "guild",
        RuleBook(name="none", must_see=(Budget("must-see-month", 0, CALENDAR_MONTH),)),
        by="ana",
    )
    kit.grant_override("guild", "mei", by="ana")
    clock.now = MARCH_1 + 2 * DAY - HOUR
    kit.send_must_see("guild", by="mei", text="Fire", override="fire")

    for days in (2, 4):
        clock.now = MARCH_1 + days * DAY
        assert waiting.pop(0) in kit.release_due().released

    audit = kit.audit_must_sees("guild")
    assert (3, 1, []) == (audit.sent, len(audit.overrides), audit.violations)


def test_no_longer_in_charge(town):
    """
    What is due of somebody who may no longer publish it is dropped, and recorded.

    Its share is free again, and the others go on.
    """
    kit, clock = town.kit, town.clock
    waiting = _later(kit, 2)
    post = kit.schedule_post("guild", by="tao", text="x", release_at=MARCH_1 + DAY)
    other = kit.schedule_post("guild", by="mei", text="x", release_at=MARCH_1 + DAY)
    kit.leave_circle("guild", "tao")
    kit.dismiss_manager("guild", "mei", by="ana")
    clock.now = MARCH_1 + 2 * DAY

    report = kit.release_due()

    assert [other] == list(report.released)
    assert {post: ("not-a-member",), waiting: ("not-a-manager",)} == {
        it: verdict.rules for it, verdict in report.dropped.items()
    }
    assert [
        ScheduledDropped(scheduled=post.version, rules=("not-a-member",), at=clock.now),
        ScheduledDropped(
            scheduled=waiting.version, rules=("not-a-manager",), at=clock.now
        ),
    ] == [event for _, event in history(kit) if isinstance(event, ScheduledDropped)]
    assert [
        CommandRefused(
            command="release_due", reasons=verdict.reasons, by=by, at=clock.now
        )
        for by, verdict in zip(("tao", "mei"), report.dropped.values(), strict=True)
    ] == [event for _, event in refusals(kit)][-2:]
    assert 4 == kit.quota("guild").lines[0].left
    assert ReleaseReport() == kit.release_due()


def test_groups_that_were_let_go(town):
    """
    A group that was let go in the meantime is left out, and nobody waits for it.
    """
    kit, clock = town.kit, town.clock
    kit.schedule_must_see(
        "club",
        by="mei",
        text="x",
        groups=["side", "club"],
        release_at=MARCH_1 + 2 * DAY,
    )
    kit.unlink_group("club", "side", by="mei")
    clock.now = MARCH_1 + 2 * DAY

    (post,) = kit.release_due().released.values()

    (published,) = [
        it.event for it in kit.history("club") if it.version == post.version
    ]
    assert ("club",) == published.groups


def test_a_repeat(town):
    """
    To schedule again under one command id is to have scheduled once.
    """
    kit = town.kit
    said = {"by": "mei", "text": "x", "release_at": MARCH_1 + 2 * DAY}

    first = kit.schedule_must_see("guild", **said, command_id="one")

    assert first == kit.schedule_must_see("guild", **said, command_id="one")
    assert 1 == kit.quota("guild").lines[0].used


def test_several_workers(url, clock):
    """
    However many processes release at once, each thing is published once.
    """
    with CircleKit(url, clock=clock) as kit:
        kit.found_circle(name="Guild", kind="community", by="mei", circle="guild")
        waiting = {
            kit.schedule_post("guild", by="mei", text=f"{n}", release_at=MARCH_1 + DAY)
            for n in range(12)
        }
        clock.now = MARCH_1 + DAY

        def release(_worker):
            with CircleKit(url, clock=clock) as worker:
                return list(worker.release_due().released)

        with ThreadPoolExecutor(4) as workers:
            released = [it for told in workers.map(release, range(4)) for it in told]

        assert sorted(waiting) == sorted(released)
        assert [f"{n}" for n in range(12)] == [
            event.text for _, event in history(kit) if isinstance(event, PostPublished)
        ]


def test_what_if(town):
    """
    Asked "what if nothing were different", the audit comes to the same.

    Under other numbers a reservation is refused when it was made, with its release.
    """
    kit, clock = town.kit, town.clock
    for days in (2, 4, 6):
        _later(kit, days)
    outcome(kit.send_must_see, "guild", by="mei", text="Now")
    clock.now = MARCH_1 + 3 * DAY + HOUR
    outcome(kit.send_must_see, "guild", by="mei", text="Now")
    for days in (2, 4, 6):
        clock.now = MARCH_1 + days * DAY
        kit.release_due()

    plain = kit.audit_must_sees("guild")
    same = kit.audit_must_sees("guild", what_if=WhatIf())
    fewer = kit.audit_must_sees("guild", what_if=WhatIf(per_month=2))

    assert (4, 1) == (plain.sent, plain.refused)
    assert (plain.sent, plain.refused, plain.refused_by) == (
        same.sent,
        same.refused,
        same.refused_by,
    )
    assert (2, 3) == (fewer.sent, fewer.refused)


@pytest.mark.covers("A035", "A036", "C16")
@given(things=scripts(*SCHEDULING, least=20, most=50))
def test_whatever_is_scheduled(things):
    """
    Whatever people schedule, move, cancel, send and release, the audit is content.

    What waits is what the circle remembers, and nothing due is left but what is held.
    """
    clock = started()
    with CircleKit("sqlite://", clock=clock) as kit:
        community = opened(kit, clock)
        for number, act in enumerate(things):
            community.do(act)
            if number % 3 == 0:
                report = kit.release_due()
                left = {
                    one.scheduled
                    for circle in ("club", "guild")
                    for one in kit.scheduled(circle)
                    if one.release_at <= clock.now
                }
                assert set(report.held) == left
        for circle in ("club", "guild"):
            known = kit._aggregates[f"circle/{circle}"].aggregate
            assert known.schedule.waiting.keys() == {
                one.scheduled.version for one in kit.scheduled(circle)
            }
        assert [] == kit.audit_must_sees().violations
