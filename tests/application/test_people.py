"""
People come, go, and take a circle over.
"""

from datetime import UTC, datetime, timedelta

import pytest
from attrs import evolve

from circlekit import CircleKit
from circlekit.events.refusal import CommandRefused
from circlekit.rulebook import DINGTALK_2020
from tests.application.town import (
    MARCH_1,
    history,
    outcome,
    refusals,
    refused,
    settle,
)


def _fill(kit, circle, by="mei"):
    kit.adopt_rule_book(circle, "wecom_2020", by=by)
    with kit.batch():
        for number in range(95):
            kit.join_circle(circle, f"guest {number}")


def test_a_full_group(town):
    """
    The hundred-and-first joins the circle, though not the group.

    The group's refusal is answered, and recorded beside the group.
    """
    _fill(town.kit, "club")

    joined = town.kit.join_circle("club", "late")

    assert "club" == joined.circle
    assert ("group-full",) == joined.group.rules
    (reason,) = joined.group.reasons
    assert (100, 100) == (reason.used, reason.limit)
    assert [
        (
            "refused:group/club",
            CommandRefused(
                command="join_group",
                reasons=joined.group.reasons,
                by="late",
                at=MARCH_1,
            ),
        )
    ] == refusals(town.kit)
    assert ["club"] == [it.circle for it in town.kit.circles("late")]
    with refused("not-in-the-group"):
        town.kit.send_message("club", by="late", text="Hello")
    with refused("group-full"):
        town.kit.join_group("club", "late")
    town.kit.leave_group("club", "ben")
    town.kit.join_group("club", "late")
    town.kit.send_message("club", by="late", text="Hello")


def test_a_full_group_that_is_not_recorded(url, clock):
    """
    Also where refusals are not recorded, whoever joins is told that the group is full.
    """
    with CircleKit(url, clock=clock, record_refusals=False) as kit:
        settle(kit, clock)
        _fill(kit, "club")

        joined = kit.join_circle("club", "late")

        assert ("group-full",) == joined.group.rules
        assert [] == refusals(kit)


def test_without_a_limit(town):
    """
    DingTalk's groups of 2020 have no limit here: the hundred-and-first is let in.
    """
    with town.kit.batch():
        answers = [
            town.kit.join_circle("club", f"guest {number}").group.allowed
            for number in range(120)
        ]

    assert all(answers)


def test_leaving(town):
    """
    Who leaves a circle is out of all its groups, and of no other circle's.
    """
    town.kit.join_circle("guild", "tao")

    town.kit.leave_circle("club", "tao")

    for group in ("club", "side"):
        with refused("not-in-the-group"):
            town.kit.send_message(group, by="tao", text="Still here?")
    town.kit.send_message("guild", by="tao", text="Still here")
    assert ["guild"] == [it.circle for it in town.kit.circles("tao")]


def test_removed(town):
    """
    Who is removed is out of all the circle's groups as well.

    They may come back as an ordinary member.
    """
    town.kit.remove_member("club", "lin", by="mei")
    with refused("not-in-the-group"):
        town.kit.send_message("club", by="lin", text="Why?")

    town.kit.join_circle("club", "lin")

    assert ["member"] == [it.role for it in town.kit.circles("lin")]
    with refused("not-a-manager"):
        town.kit.pin_post(town.post, by="lin")


def test_coming_back(town):
    """
    A right to override the quota goes with its holder: who comes back asks again.
    """
    town.kit.grant_override("club", "tao", by="mei")
    town.kit.leave_circle("club", "tao")
    town.kit.join_circle("club", "tao")

    with refused("no-override-right"):
        town.kit.send_must_see("club", by="tao", text="Storm!", override="A storm")


def test_v16_a_new_owner(kit, clock):
    """
    V16: a circle that changes hands after three must-sees has one left.

    The new owner does not begin with four.
    """
    kit.found_circle(name="Club", kind="community", by="mei", circle="club")
    kit.join_circle("club", "tao")
    for day in (1, 8, 15):
        clock.now = datetime(2020, 3, day, 12, tzinfo=UTC)
        kit.send_must_see("club", by="mei", text=f"{day} March")
    kit.hand_over_circle("club", "tao", by="mei")

    clock.now = datetime(2020, 3, 22, 12, tzinfo=UTC)
    kit.send_must_see("club", by="tao", text="Mine now")
    clock.now = datetime(2020, 3, 29, 12, tzinfo=UTC)
    with refused("must-see-month") as refusal:
        kit.send_must_see("club", by="tao", text="One more")

    assert datetime(2020, 3, 31, 16, tzinfo=UTC) == refusal.value.verdict.retry_at
    with refused("must-see-month", "not-a-manager"):
        kit.send_must_see("club", by="mei", text="I was owner")


def test_handed_over(town):
    """
    The old owner stays as an ordinary member, and may go; the new one may not.
    """
    town.kit.hand_over_circle("club", "lin", by="mei")

    assert ["member"] == [it.role for it in town.kit.circles("mei")]
    assert ["owner"] == [it.role for it in town.kit.circles("lin")]
    with refused("owner-stays"):
        town.kit.leave_circle("club", "lin")
    town.kit.leave_circle("club", "mei")


@pytest.mark.parametrize(
    ("hours", "allowed"), [(7 * 24, True), (7 * 24 - 1 / 3600, False)]
)
def test_v17_mute(kit, clock, hours, allowed):
    """
    V17: a mute of seven days ends at its second, and not one second before.

    It is of 11 May 2020 11:32:24 in Shanghai.
    """
    clock.now = datetime(2020, 5, 11, 3, 32, 24, tzinfo=UTC)
    kit.found_circle(name="Club", kind="community", by="mei", circle="club")
    kit.join_circle("club", "tao")
    kit.mute_group("club", by="mei", reason="Ads", until=clock.now + timedelta(days=7))
    clock.forward(hours=hours)

    told = outcome(kit.send_message, "club", by="tao", text="Hello")

    assert allowed == told.allowed
    assert told.retry_at in {None, datetime(2020, 5, 18, 3, 32, 24, tzinfo=UTC)}


def test_a_mute_that_is_over(town):
    """
    A mute that ended by itself needs no lifting.
    """
    town.kit.mute_group(
        "club", by="mei", reason="Ads", until=MARCH_1 + timedelta(hours=1)
    )
    town.clock.forward(hours=1)

    with refused("not-muted"):
        town.kit.unmute_group("club", by="mei")
    town.kit.send_message("club", by="tao", text="Hello")


def test_muted(town):
    """
    In a muted group the owner and managers speak on, and everybody may react.
    """
    town.kit.mute_group("club", by="lin", reason="Ads")

    with refused("group-muted"):
        town.kit.send_message("club", by="tao", text="Buy!")
    town.kit.send_message("club", by="mei", text="Hush")
    town.kit.react_to_message(town.message, "👍", by="ben")


def test_an_unlinked_group(town):
    """
    A group without a circle keeps its people, but nobody can write in it.

    Once a circle links it, that circle's owner runs it.
    """
    kit = town.kit
    kit.unlink_group("club", "side", by="mei")
    with refused("group-not-linked"):
        kit.send_message("side", by="tao", text="Anybody?")

    kit.link_group("guild", by="ana", group="side")

    kit.send_message("side", by="tao", text="Here we are")
    kit.mute_group("side", by="ana", reason="Ads")
    with refused("not-a-manager"):
        kit.unmute_group("side", by="mei")


def test_rules_of_the_day(town):
    """
    A rule book adopted later is what decides from then on; what stands, stands.
    """
    posts = [town.kit.publish_post("club", by="mei", text=f"{n}") for n in range(4)]
    for post in posts[:3]:
        town.kit.pin_post(post, by="mei")
    book = evolve(DINGTALK_2020, name="ours", pins=2, must_see=())

    town.kit.adopt_rule_book("club", book, by="mei")

    with refused("pin-limit") as refusal:
        town.kit.pin_post(posts[3], by="mei")
    (reason,) = refusal.value.verdict.reasons
    assert (3, 2) == (reason.used, reason.limit)
    assert tuple(post.version for post in posts[:3]) == reason.used_by
    for number in range(10):
        town.kit.send_must_see("club", by="mei", text=f"No limit {number}")


def test_founding_needs_no_ids(kit):
    """
    Without ids given, circlekit makes one for the circle, and its group has the same.
    """
    first = kit.found_circle(name="Tea", kind="community", by="ana")
    second = kit.found_circle(name="Tea", kind="community", by="ana")

    assert first != second
    assert {f"circle/{first}", f"group/{first}"} == {
        stream for stream, _ in history(kit) if first in stream
    }
