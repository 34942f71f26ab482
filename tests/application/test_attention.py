"""
Pushes: whom a must-see interrupts now, whom later, and who has it in the feed only.
"""

from datetime import date, timedelta

import pytest

from circlekit import CircleKit, PostId
from circlekit.events.attention import PushDemoted, PushHeld, PushMade
from circlekit.projections.attention import Interruptions, PushFigures
from tests.application.town import MARCH_1, history, refused

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def _pushes(kit):
    return [
        (stream.removeprefix("reader/"), type(event).__name__)
        for stream, event in history(kit)
        if isinstance(event, PushMade | PushHeld | PushDemoted)
    ]


def _must_see(town, days):
    town.clock.now = MARCH_1 + days * DAY
    return town.kit.send_must_see("club", by="mei", text=f"Day {days}")


@pytest.mark.covers("A037", "P07")
def test_everybody(town):
    """
    Who wants nothing else is pushed, but for the author, and each of them once.
    """
    kit = town.kit

    report = kit.push(town.must_see, by="lin")

    assert ["lin", "wu", "tao", "ben"] == report.pushed
    assert ({}, {}) == (report.held, report.demoted)
    kit.join_circle("club", "new")
    assert ["new"] == kit.push(town.must_see, by="mei").pushed
    assert [] == kit.push(town.must_see, by="mei").pushed
    assert PushFigures(pushed=5, held=0, demoted=0) == kit.push_figures(town.must_see)


def test_who_may(town):
    """
    The owner and managers push, and only a must-see that is there.
    """
    kit = town.kit

    with refused("not-a-manager"):
        kit.push(town.must_see, by="tao")
    with refused("not-a-must-see"):
        kit.push(town.post, by="mei")
    with refused("no-override-right"):
        kit.push(town.must_see, by="mei", emergency="fire")
    kit.remove_post(town.must_see, by="mei")
    with refused("post-removed"):
        kit.push(town.must_see, by="mei")
    assert [] == _pushes(kit)


@pytest.mark.covers("P07", "P31")
def test_the_budget(town):
    """
    Beyond what a reader wants a day it is demoted, with the numbers, and never lost.

    It stays unread at the top of their feed; the next day is another day.
    """
    kit, clock = town.kit, town.clock
    kit.set_attention_budget("tao", context="consumer", pushes=1, zone="UTC")
    kit.push(town.must_see, by="mei")
    kit.join_circle("guild", "tao")
    hammers = kit.send_must_see("guild", by="ana", text="Nails")

    report = kit.push(hammers, by="ana")

    (reason,) = report.demoted["tao"].reasons
    assert ("attention-budget", 1, 1) == (reason.rule, reason.used, reason.limit)
    assert (date(2020, 3, 1), date(2020, 3, 2)) == (
        reason.window_start.date(),
        reason.window_end.date(),
    )
    first = kit.feed("tao").items[0]
    assert (hammers, True, False) == (first.post, first.unread, first.acknowledged)
    assert (Interruptions(day=date(2020, 3, 1), pushed=1, demoted=1),) == (
        kit.interruptions("tao", zone="UTC")
    )
    again = _must_see(town, 1)
    assert "tao" in kit.push(again, by="mei").pushed
    assert clock.now == MARCH_1 + DAY


@pytest.mark.covers("P31")
def test_contexts(town):
    """
    A budget for consumer pushes leaves those of work alone; a label decides which.
    """
    kit = town.kit
    kit.set_attention_budget("tao", context="consumer", pushes=0)
    assert ["tao"] == list(kit.push(town.must_see, by="mei").demoted)
    kit.label_circle("club", "work", by="mei")

    assert "tao" in kit.push(_must_see(town, 1), by="mei").pushed


@pytest.mark.covers("P13")
def test_quiet_hours(town):
    """
    In quiet hours it waits, is told until when, and is pushed once after them.
    """
    kit, clock = town.kit, town.clock
    kit.set_quiet_hours(
        "tao", context="consumer", starts="11:00", ends="13:00", zone="UTC"
    )

    report = kit.push(town.must_see, by="mei")

    assert {"tao": MARCH_1 + HOUR} == report.held
    assert ["lin", "wu", "ben"] == report.pushed
    assert {} == kit.push(town.must_see, by="mei").held
    assert {} == kit.release_held()
    assert 1 == kit.push_figures(town.must_see).held
    clock.forward(hours=1)
    (released,) = kit.release_held().values()
    assert ["tao"] == released.pushed
    assert {} == kit.release_held()
    assert [("tao", "PushHeld"), ("tao", "PushMade")] == [
        it for it in _pushes(kit) if it[0] == "tao"
    ]


def test_what_became_of_it(town):
    """
    Who has seen it in the meantime, left, or muted the circle is not interrupted.
    """
    kit, clock = town.kit, town.clock
    for reader in ("tao", "ben", "wu"):
        kit.set_quiet_hours(
            reader, context="work", starts="11:00", ends="13:00", zone="UTC"
        )
    kit.push(town.must_see, by="mei")
    kit.acknowledge(town.must_see, by="tao")
    kit.leave_circle("club", "ben")
    kit.mute_circle("club", by="wu")
    clock.forward(hours=1)

    (released,) = kit.release_held().values()

    assert [] == released.pushed
    assert {
        "tao": ("already-acknowledged",),
        "ben": ("not-a-member",),
        "wu": ("circle-muted",),
    } == {who: verdict.rules for who, verdict in released.demoted.items()}
    assert {} == kit.release_held()


@pytest.mark.covers("A037")
def test_a_mute_of_ones_own(town):
    """
    A reader who has muted a circle is not interrupted, and has it in the feed.
    """
    kit = town.kit
    kit.mute_circle("club", by="tao")

    report = kit.push(town.must_see, by="mei")

    assert ("circle-muted",) == report.demoted["tao"].rules
    assert town.must_see == str(kit.feed("tao").items[0].post)
    kit.mute_circle("club", by="tao", on=False)
    assert "tao" in kit.push(_must_see(town, 1), by="mei").pushed


@pytest.mark.covers("C6")
def test_an_emergency(town):
    """
    An emergency reaches everybody, also whom an earlier push did not, and says why.

    It is the right to go beyond the quota that is used, and counts as a push.
    """
    kit = town.kit
    kit.grant_override("club", "lin", by="mei")
    kit.mute_circle("club", by="tao")
    kit.set_quiet_hours("ben", context="work", starts="11:00", ends="13:00", zone="UTC")
    kit.push(town.must_see, by="mei")

    report = kit.push(town.must_see, by="lin", emergency="fire")

    assert ["tao", "ben"] == report.pushed
    assert ["fire", "fire"] == [
        event.emergency
        for _, event in history(kit)
        if isinstance(event, PushMade) and event.emergency
    ]
    assert {} == kit.release_held()
    assert [] == kit.push(town.must_see, by="lin", emergency="fire").pushed


@pytest.mark.covers("P13")
def test_minors(town):
    """
    Quiet hours of a minor hold while the host attests that they are one.
    """
    kit = town.kit
    kit.set_quiet_hours(
        "tao", context="minor", starts="11:00", ends="13:00", zone="UTC"
    )
    kit.attest_minor("tao", until=MARCH_1 + DAY)

    assert ["tao"] == list(kit.push(town.must_see, by="mei").held)
    assert "tao" in kit.push(_must_see(town, 2), by="mei").pushed


def test_many(url, clock):
    """
    A thousand readers are decided in batches, and the host is told how far it is.
    """
    with CircleKit(url, clock=clock) as kit:
        kit.found_circle(name="Firm", kind="community", by="mei", circle="firm")
        with kit.batch():
            for number in range(1_000):
                kit.join_circle("firm", f"m{number}")
        post = kit.send_must_see("firm", by="mei", text="Now")
        steps = []

        report = kit.push(post, by="mei", progress=steps.append)

        assert [500, 1_000] == steps
        assert [f"m{number}" for number in range(1_000)] == report.pushed
        assert PostId("firm", post.version) == post
