"""
Time is taken once per command, and never runs backwards within a history.
"""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circlekit import CircleKit, ManualClock, RefusedError, RuleBook
from tests.application.town import MARCH_1, everything, history, refused

YESTERDAY = MARCH_1 - timedelta(days=1)


def test_clamped(town):
    """
    When the clock goes back, a history stays at its last recorded moment.

    Another history goes by the clock.
    """
    town.clock.now = YESTERDAY

    town.kit.publish_post("club", by="tao", text="Late")
    town.kit.add_customer("c2", channel="qr", by="sun")

    moments = {stream: event.at for stream, event in history(town.kit)}
    assert MARCH_1 == moments["circle/club"]
    assert YESTERDAY == moments["customer/c2"]


def test_a_quota_cannot_be_wound_back(town):
    """
    Winding the clock back a month does not open that month's quota again.
    """
    town.clock.now = MARCH_1 - timedelta(days=40)

    with refused("must-see-spacing"):
        town.kit.send_must_see("club", by="mei", text="In January")


def test_two_histories_of_one_command(town):
    """
    A command that touches two histories has one moment in both.

    It is the later of what they had.
    """
    town.clock.forward(hours=1)
    town.kit.send_message("club", by="tao", text="An hour later")
    town.clock.now = YESTERDAY

    town.kit.join_circle("club", "new")

    (_, joined), (_, entered) = history(town.kit)[-2:]
    assert MARCH_1 + timedelta(hours=1) == joined.at == entered.at


def test_what_is_set_aside(url):
    """
    That a full group kept somebody out has the moment of their joining the circle.

    It is never before what was refused there earlier, wherever the clock went.
    """
    clock = ManualClock(MARCH_1)
    one_place = RuleBook(name="one place", group_capacity=1)
    with CircleKit(url, clock=clock) as kit:
        kit.found_circle(
            name="Club", kind="community", by="mei", circle="club", rules=one_place
        )
        clock.forward(hours=5)
        kit.join_circle("club", "tao")
        clock.now = YESTERDAY
        kit.join_circle("club", "lin")

        moments = [recorded.event.at for recorded in everything(kit)[-4:]]

    assert [MARCH_1 + timedelta(hours=5)] * 4 == moments


def test_one_moment_a_command(url):
    """
    A command takes its moment once, however often it looks at it.
    """
    ticks = iter(range(1_000))

    def clock():
        return MARCH_1 + timedelta(seconds=next(ticks))

    with CircleKit(url, clock=clock) as kit:
        kit.found_circle(name="Club", kind="community", by="mei", circle="club")
        assert {MARCH_1} == {event.at for _, event in history(kit)}
        kit.send_must_see("club", by="mei", text="News")
        published, sent = history(kit)[-2:]
        assert published[1].at == sent[1].at == MARCH_1 + timedelta(seconds=1)


def test_refusals_in_order(town):
    """
    The record of refusals never goes back in time either.
    """
    for hours in (10, 5, 12):
        town.clock.now = MARCH_1 + timedelta(hours=hours)
        with pytest.raises(RefusedError):
            town.kit.send_must_see("club", by="mei", text="More")

    moments = [
        it.event.at for it in everything(town.kit) if it.stream == "refused:circle/club"
    ]
    assert sorted(moments) == moments


def test_stored_in_utc(url):
    """
    A clock may run in any zone; what is recorded is UTC.
    """
    shanghai = timezone(timedelta(hours=8))
    with CircleKit(url, clock=lambda: MARCH_1.astimezone(shanghai)) as kit:
        kit.found_circle(name="Club", kind="community", by="mei", circle="club")
        kit.mute_group(
            "club",
            by="mei",
            reason="Ads",
            until=datetime(2020, 3, 2, 20, tzinfo=shanghai),
        )

    with CircleKit(url) as kit:
        muted = history(kit)[-1][1]
        assert {UTC} == {event.at.tzinfo for _, event in history(kit)}
        assert (MARCH_1, UTC) == (muted.at, muted.until.tzinfo)
        assert datetime(2020, 3, 2, 12, tzinfo=UTC) == muted.until


@given(steps=st.lists(st.integers(-50 * 3_600, 50 * 3_600), min_size=1, max_size=30))
def test_any_clock(steps):
    """
    Whatever the clock does, histories move on in time and quotas hold.

    Must-sees stand a day apart, and no month has more than four.
    """
    clock = ManualClock(datetime(2020, 3, 28, tzinfo=UTC))
    with CircleKit("sqlite://", clock=clock) as kit:
        kit.found_circle(
            name="Club", kind="community", by="mei", circle="club", zone="UTC"
        )
        for step in steps:
            clock.forward(seconds=step)
            try:
                kit.send_must_see("club", by="mei", text="News")
            except RefusedError as refusal:
                assert refusal.verdict.retry_at > clock.now  # noqa: PT017
        moments = [it.event.at for it in kit.history("club")]
        assert sorted(moments) == moments
        audit = kit.audit_must_sees()
        assert [] == audit.violations
        assert len(steps) == audit.attempts
        assert all(month.sent <= 4 for month in audit.circles)
        assert all(
            month.closest_gap_seconds is None or month.closest_gap_seconds >= 86_400
            for month in audit.circles
        )
