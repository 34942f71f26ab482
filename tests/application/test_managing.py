"""
Running a circle's groups: topics, pace, off-topic threads, many groups at once.
"""

from datetime import timedelta

import pytest

from circlekit import CircleKit, MessageId
from circlekit.application.managing import GroupsReport
from circlekit.verdict import Reason, Verdict
from tests.application.town import MARCH_1, everything, history, refused, settle

AN_HOUR = timedelta(hours=1)


def _shown(kit, group):
    return [entry.text for entry in kit.group_timeline(group).entries]


@pytest.mark.covers("A024", "A025")
def test_by_topic(town):
    """
    A post goes to the groups that carry its topic.

    One that none of them carries goes to those for any topic, like one without.
    """
    for group in ("tea", "news"):
        town.kit.link_group("club", by="mei", group=group)
    town.kit.set_group_topics("club", "tea", ["Tea", "Cake"], by="mei")
    town.kit.set_group_topics("club", "side", ["Tea"], by="lin")
    before = {group: _shown(town.kit, group) for group in ("club", "side", "tea")}

    for topic in ("Tea", "Cake", "Chess", None):
        town.kit.publish_post("club", by="tao", text=f"{topic}", topic=topic)
    town.kit.publish_post("club", by="tao", text="Both", topic="Tea", groups=["news"])

    assert ["None", "Chess", *before["club"]] == _shown(town.kit, "club")
    assert ["Cake", "Tea", *before["tea"]] == _shown(town.kit, "tea")
    assert ["Tea", *before["side"]] == _shown(town.kit, "side")
    assert ["Both", "None", "Chess"] == _shown(town.kit, "news")


@pytest.mark.covers("A025")
def test_by_topic_where_all_have_topics(town):
    """
    Where no group is for any topic, the bound one takes what nobody carries.

    A group that was let go and comes back has no topics any more.
    """
    town.kit.set_group_topics("club", "club", ["News"], by="mei")
    town.kit.set_group_topics("club", "side", ["Tea"], by="mei")
    town.kit.publish_post("club", by="tao", text="Chess!", topic="Chess")
    assert "Chess!" == _shown(town.kit, "club")[0]
    assert "Chess!" not in _shown(town.kit, "side")

    town.kit.unlink_group("club", "side", by="mei")
    town.kit.link_group("club", by="mei", group="side")
    town.kit.publish_post("club", by="tao", text="Go!", topic="Go")

    assert "Go!" == _shown(town.kit, "side")[0]


@pytest.mark.covers("A024", "A037")
def test_a_must_see_for_all(town):
    """
    A must-see goes to every group, whatever its topic.
    """
    town.kit.set_group_topics("club", "side", ["Tea"], by="mei")
    town.clock.forward(days=2)
    town.kit.send_must_see("club", by="mei", text="Chess!", topic="Chess")

    assert "Chess!" == _shown(town.kit, "side")[0] == _shown(town.kit, "club")[0]


@pytest.mark.covers("P28")
def test_slow_mode(town):
    """
    In slow mode a member writes once in so many seconds, and is told when again.

    The owner and managers write as they like.
    """
    town.kit.set_slow_mode("club", by="mei", seconds=60, reason="Ads")
    town.kit.send_message("club", by="tao", text="One")
    town.kit.send_message("club", by="ben", text="Me too")
    town.kit.send_message("club", by="lin", text="One")
    town.kit.send_message("club", by="lin", text="Two")
    town.clock.forward(seconds=59)
    with refused("slow-mode") as caught:
        town.kit.send_message("club", by="tao", text="Two")

    (reason,) = caught.value.verdict.reasons
    (place,) = reason.used_by
    now = MARCH_1 + timedelta(seconds=59)
    assert (
        Reason(
            rule="slow-mode",
            because="one message in 60 seconds; again at 2020-03-01 12:01:00 UTC",
            used=1,
            limit=1,
            window_start=now - timedelta(seconds=60),
            window_end=now,
            used_by=(place,),
            retry_at=MARCH_1 + timedelta(seconds=60),
        )
        == reason
    )
    town.clock.forward(seconds=1)
    town.kit.send_message("club", by="tao", text="Two")
    assert MessageId("club", place) in {
        entry.message
        for entry in town.kit.group_timeline("club").entries
        if entry.text == "One"
    }


@pytest.mark.covers("P28")
@pytest.mark.parametrize("how", ["lifted", "over"])
def test_slow_mode_ends(town, how):
    """
    Slow mode ends at its moment, or when it is lifted.
    """
    town.kit.set_slow_mode(
        "club", by="mei", seconds=86_400, reason="Ads", until=MARCH_1 + AN_HOUR
    )
    town.kit.send_message("club", by="tao", text="One")
    if how == "lifted":
        town.kit.lift_slow_mode("club", by="lin")
    else:
        town.clock.forward(hours=1, seconds=-1)
        with refused("slow-mode") as caught:
            town.kit.send_message("club", by="tao", text="Two")
        assert MARCH_1 + AN_HOUR == caught.value.verdict.retry_at
        town.clock.forward(seconds=1)
        with refused("not-slowed"):
            town.kit.lift_slow_mode("club", by="lin")

    town.kit.send_message("club", by="tao", text="Two")


@pytest.mark.covers("P28")
def test_announcements_only(town):
    """
    Members only write in the thread that stays open, and in answer to that.
    """
    town.kit.set_announcements_only(
        "club", by="mei", reason="News", open_thread=town.message
    )
    town.kit.send_message("club", by="lin", text="News")
    with refused("announcements-only"):
        town.kit.send_message("club", by="tao", text="Hello")
    asked = town.kit.send_message("club", by="tao", text="When?", reply_to=town.message)
    town.kit.send_message("club", by="ben", text="At six", reply_to=asked)

    town.kit.lift_announcements_only("club", by="mei")

    town.kit.send_message("club", by="tao", text="Hello")
    with refused("not-announcements-only"):
        town.kit.lift_announcements_only("club", by="mei")


@pytest.mark.covers("P28")
def test_each_with_its_reason(town):
    """
    Everything that quiets a group stands in its timeline with its reason.
    """
    later = MARCH_1 + AN_HOUR
    town.kit.set_slow_mode("side", by="mei", seconds=9, reason="1", until=later)
    town.kit.set_announcements_only("side", by="mei", reason="2")
    town.kit.mute_group("side", by="mei", reason="3")
    town.kit.lift_slow_mode("side", by="mei")
    town.kit.lift_announcements_only("side", by="mei")

    assert [
        ("announcements-only-lifted", None),
        ("slow-mode-lifted", None),
        ("muted", "3"),
        ("announcements-only", "2"),
        ("slow-mode", "1"),
    ] == [(it.kind, it.text) for it in town.kit.group_timeline("side").entries][:5]


@pytest.mark.covers("P27")
def test_a_redirected_thread(town):
    """
    A message and its replies keep their ids in the group that they go to.

    They are no longer where they were, which has a notice of it instead.
    """
    first = town.kit.send_message("club", by="ben", text="Who sells tea?")
    other = town.kit.send_message("club", by="tao", text="Which book?")
    answer = town.kit.send_message("club", by="tao", text="I do", reply_to=first)
    more = town.kit.send_message("club", by="ben", text="Much?", reply_to=answer)
    town.kit.react_to_message(answer, "👍", by="ben")

    town.kit.redirect_thread(first, "side", by="lin", reason="Off topic")

    here = town.kit.group_timeline("club").entries
    assert ("thread-redirected", "lin", "Off topic", first, "side") == (
        here[0].kind,
        here[0].by,
        here[0].text,
        here[0].message,
        here[0].group,
    )
    assert other == here[1].message
    assert {first, answer, more}.isdisjoint(it.message for it in here[1:])
    there = town.kit.group_timeline("side").entries
    assert [
        ("thread-received", first, "club", {}),
        ("message", more, "club", {}),
        ("message", answer, "club", {"👍": 1}),
        ("message", first, "club", {}),
    ] == [(it.kind, it.message, it.group, it.reactions) for it in there][:4]


@pytest.mark.covers("P27")
def test_answered_where_it_went(town):
    """
    A redirected thread is answered in the group that it went to, and not before.
    """
    town.kit.redirect_thread(town.message, "side", by="mei", reason="Off topic")
    with refused("thread-redirected"):
        town.kit.send_message("club", by="tao", text="Hm", reply_to=town.message)

    answer = town.kit.send_message("side", by="tao", text="Hm", reply_to=town.message)

    assert "side" == answer.group
    town.kit.set_announcements_only(
        "side", by="mei", reason="News", open_thread=town.message
    )
    town.kit.send_message("side", by="tao", text="And?", reply_to=town.message)
    with refused("announcements-only"):
        town.kit.send_message("side", by="tao", text="Hello")


@pytest.mark.covers("P27")
def test_redirected_once(town):
    """
    What went is not sent on twice; a thread leaves behind what went before it.
    """
    reply = town.kit.send_message("club", by="ben", text="Hm", reply_to=town.message)
    town.kit.redirect_thread(reply, "side", by="mei", reason="Off topic")
    with refused("already-redirected"):
        town.kit.redirect_thread(reply, "side", by="mei", reason="Again")

    town.kit.redirect_thread(town.message, "side", by="mei", reason="All of it")

    gone = [it.event for it in everything(town.kit) if it.stream == "group/side"]
    assert [(reply.version,), (MessageId.of(town.message).version,)] == [
        event.messages for event in gone[-2:]
    ]


@pytest.mark.covers("A026", "A027")
def test_many_groups(town):
    """
    One command is one result a group: done, or skipped with everything in the way.

    What is skipped is recorded beside its group.
    """
    town.kit.mute_group("side", by="mei", reason="Ads")
    report = town.kit.manage_groups(
        "club", "unmute_group", by="lin", groups=["side", "club", "lone", "side"]
    )

    assert ("side",) == report.done
    assert {"club": ("not-muted",), "lone": ("group-not-linked",)} == {
        group: verdict.rules for group, verdict in report.skipped.items()
    }
    assert [
        ("refused:group/club", "unmute_group", ("not-muted",)),
        ("refused:group/lone", "unmute_group", ("group-not-linked",)),
    ] == [
        (it.stream, it.event.command, Verdict(it.event.reasons).rules)
        for it in everything(town.kit)
        if it.stream.startswith("refused:")
    ]


@pytest.mark.covers("A027")
@pytest.mark.parametrize("kept", [True, False])
def test_many_groups_again(url, clock, kept):
    """
    The same command again does nothing more, and answers the same.

    Where refusals are not kept, it only knows what was done.
    """
    with CircleKit(url, clock=clock, record_refusals=kept) as kit:
        town = settle(kit, clock)
        town.kit.mute_group("side", by="mei", reason="Ads")
        said = {"by": "mei", "command_id": "one"}
        first = kit.manage_groups("club", "unmute_group", **said)
        before = history(kit)

        again = kit.manage_groups("club", "unmute_group", **said)

        assert before == history(kit)
        assert ("side",) == first.done == again.done
        assert ("not-muted",) == first.skipped["club"].rules
        assert (first if kept else GroupsReport(("side",), {})) == again


@pytest.mark.covers("A041", "A042")
def test_private_chat_in_all_groups(town):
    """
    Private chat is blocked in all groups of a circle at once.
    """
    town.kit.join_group("side", "ben")
    report = town.kit.manage_groups("club", "block_private_chat", by="mei")

    assert GroupsReport(("club", "side"), {}) == report
    with refused("private-chat-blocked"):
        town.kit.open_private_chat("side", by="tao", to="ben")
    with refused("private-chat-blocked"):
        town.kit.send_friend_request("club", by="tao", to="ben")
