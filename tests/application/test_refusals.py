"""
Refused commands are kept beside the history, unless the host wants none of it.
"""

from datetime import timedelta

import pytest

from circlekit import CircleKit, RefusedError
from circlekit.events.refusal import CommandRefused
from tests.application.town import (
    MARCH_1,
    everything,
    history,
    refusals,
    settle,
    written,
)


def test_beside_the_stream(town):
    """
    A refusal is recorded in a stream of its own, beside the history.

    It has all the reasons, who asked and when; the circle's history does not have
    it.
    """
    town.clock.forward(hours=1)
    before = history(town.kit)

    with pytest.raises(RefusedError) as caught:
        town.kit.send_must_see("club", by="tao", text="More")

    assert before == history(town.kit)
    assert [
        (
            "refused:circle/club",
            CommandRefused(
                command="send_must_see",
                reasons=caught.value.verdict.reasons,
                by="tao",
                at=MARCH_1 + timedelta(hours=1),
            ),
        )
    ] == refusals(town.kit)


def test_in_their_own_order(town):
    """
    Refusals beside one circle are numbered from one, without a gap.
    """
    for text in ("One", "Two", "Three"):
        with pytest.raises(RefusedError):
            town.kit.send_must_see("club", by="tao", text=text)
    with pytest.raises(RefusedError):
        town.kit.leave_circle("guild", "ana")

    assert [
        ("refused:circle/club", 1),
        ("refused:circle/club", 2),
        ("refused:circle/club", 3),
        ("refused:circle/guild", 1),
    ] == [
        (it.stream, it.version)
        for it in everything(town.kit)
        if it.stream.startswith("refused:")
    ]


def test_what_was_said_is_not_kept(town):
    """
    A refusal's record holds no word of what somebody wanted to write.
    """
    with pytest.raises(RefusedError):
        town.kit.send_must_see("club", by="tao", text="My secret recipe")

    bodies = [row[4] for row in written(town.kit)[0]]
    assert not any(b"secret recipe" in body for body in bodies)


def test_switched_off(url, clock):
    """
    Switched off, a refused command leaves nothing at all, and is refused the same.
    """
    with CircleKit(url, clock=clock, record_refusals=False) as kit:
        settle(kit, clock)
        before = written(kit)

        with pytest.raises(RefusedError) as caught:
            kit.send_must_see("club", by="mei", text="More")
        with pytest.raises(RefusedError):
            kit.leave_circle("club", "mei", command_id="one")

        assert ("must-see-spacing",) == caught.value.verdict.rules
        assert before == written(kit)
        assert 1 == kit.audit_must_sees("club").attempts


def test_told_in_words(town):
    """
    A refusal explains itself, in numbers and in words.

    It tells the rule, how much is used of what, by which events, over which window,
    and when to ask again.
    """
    with pytest.raises(RefusedError) as caught:
        town.kit.send_must_see("club", by="mei", text="More")

    (reason,) = caught.value.verdict.reasons
    assert "must-see-spacing" == reason.rule
    assert (1, 1) == (reason.used, reason.limit)
    assert (MARCH_1 - timedelta(days=1), MARCH_1) == (
        reason.window_start,
        reason.window_end,
    )
    assert MARCH_1 + timedelta(days=1) == reason.retry_at
    (place,) = reason.used_by
    with town.kit._store.reading() as transaction:
        sent = transaction.at_place("circle/club", place).event
    assert ("mei", MARCH_1) == (sent.by, sent.at)
    assert (
        "must-see-spacing: 1 of 1 used within 24 hours; free again 2020-03-02 12:00 UTC"
    ) == str(caught.value)


@pytest.mark.parametrize("ids", [("shop", "shop"), ("shop/a", "a")])
def test_no_mixing(kit, ids):
    """
    What is refused of a circle is not kept with a group or customer of that id.
    """
    circle, customer = ids
    kit.found_circle(name="Shop", kind="community", by="mei", circle=circle)
    kit.add_customer(customer, channel="qr", by="sun")
    for refuse in (
        lambda: kit.leave_circle(circle, "mei"),
        lambda: kit.untag_customer(customer, "regular", by="sun"),
        lambda: kit.unmute_group(circle, by="mei"),
    ):
        with pytest.raises(RefusedError):
            refuse()

    assert [
        f"refused:circle/{circle}",
        f"refused:customer/{customer}",
        f"refused:group/{circle}",
    ] == [stream for stream, _ in refusals(kit)]
