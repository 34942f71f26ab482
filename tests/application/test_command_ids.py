"""
Commands that come again: the first outcome, and nothing done twice.
"""

from datetime import timedelta

import pytest

from circlekit import CircleKit, CommandIdReusedError, PostId
from circlekit.application.circles import Joined
from tests.application.town import (
    MARCH_1,
    everything,
    history,
    outcome,
    refused,
    settle,
    undone,
    written,
)


def test_v15_a_repeat(town):
    """
    V15: a command that comes again gets the first outcome, and uses nothing up.
    """
    said = {"by": "ana", "text": "A hall!", "command_id": "one"}
    first = town.kit.send_must_see("guild", **said)
    after = written(town.kit)

    again = [town.kit.send_must_see("guild", **said) for _ in range(3)]

    assert [first] * 3 == again
    assert after == written(town.kit)
    assert 3 == town.kit.quota("guild").lines[0].left


def test_a_repeat_later(town, url):
    """
    A repeat is a repeat in another kit and another year.

    Whatever has happened to the circle since, the answer is about what was done
    then.
    """
    said = {"by": "tao", "text": "Hello", "command_id": "one"}
    first = town.kit.publish_post("club", **said)
    town.kit.remove_post(first, by="tao")
    town.kit.leave_circle("club", "tao")
    after = written(town.kit)
    town.clock.forward(days=400)

    with CircleKit(url, clock=town.clock) as other:
        assert first == other.publish_post("club", **said)
        assert after == written(other)


def test_a_repeated_refusal(town):
    """
    A refused command that comes again is refused in the same words.

    Even when the rule no longer stands against it; and it is recorded once.
    """
    said = {"by": "mei", "text": "More", "command_id": "one"}
    first = outcome(town.kit.send_must_see, "club", **said)
    after = written(town.kit)
    town.clock.forward(days=2)

    again = outcome(town.kit.send_must_see, "club", **said)

    assert ("must-see-spacing",) == first.rules
    assert first == again
    assert after == written(town.kit)
    assert PostId("club", 21) == town.kit.send_must_see(
        "club", **(said | {"command_id": "two"})
    )


def test_a_repeat_that_may_not_be_recorded(url, clock):
    """
    Where refusals are not kept, a refused command that comes again is asked anew.
    """
    with CircleKit(url, clock=clock, record_refusals=False) as kit:
        settle(kit, clock)
        said = {"by": "mei", "text": "More", "command_id": "one"}

        assert ("must-see-spacing",) == outcome(kit.send_must_see, "club", **said).rules
        clock.forward(days=2)
        assert PostId("club", 21) == kit.send_must_see("club", **said)


def test_founding_again(kit):
    """
    Founding again under one command id gives the same circle and group.

    Though circlekit chose their ids.
    """
    said = {"name": "Tea", "kind": "community", "by": "ana", "command_id": "one"}
    first = kit.found_circle(**said)
    after = written(kit)

    assert first == kit.found_circle(**said)
    assert after == written(kit)


def test_linking_again(town):
    """
    A new group that is linked again under one command id is one group.
    """
    said = {"by": "mei", "name": "Attic", "command_id": "one"}
    first = town.kit.link_group("club", **said)
    after = written(town.kit)

    assert first == town.kit.link_group("club", **said)
    assert after == written(town.kit)


def test_joining_again(town):
    """
    Whoever joins again is told again that the group was full.
    """
    town.kit.adopt_rule_book("club", "wecom_2020", by="mei")
    with town.kit.batch():
        for number in range(95):
            town.kit.join_circle("club", f"guest {number}")
    first = town.kit.join_circle("club", "late", command_id="one")
    after = written(town.kit)

    again = town.kit.join_circle("club", "late", command_id="one")

    assert ("group-full",) == first.group.rules
    assert Joined("club", first.group) == again
    assert after == written(town.kit)


@pytest.mark.parametrize(
    ("command", "args", "changed"),
    [
        ("publish_post", ("club",), {"text": "Bye"}),
        ("publish_post", ("club",), {"by": "ben"}),
        ("publish_post", ("guild",), {}),
        ("publish_post", ("club",), {"topic": "x"}),
        ("publish_post", ("club",), {"sync": False}),
        ("publish_post", ("club",), {"groups": ["side"]}),
        ("publish_post", ("club",), {"images": ["a.png"]}),
        ("send_message", ("club",), {}),
        ("add_comment", ("club/14",), {}),
    ],
    ids=range(9),
)
def test_another_command(town, command, args, changed):
    """
    A command id names one command; another one under it is an error.

    It is no answer, and nothing is done.
    """
    said = {"by": "tao", "text": "Hello", "command_id": "one"}
    town.kit.publish_post("club", **said)
    before = written(town.kit)

    with pytest.raises(CommandIdReusedError) as caught:
        town.do(command, *args, **(said | changed))

    assert "one" == caught.value.command_id
    assert before == written(town.kit)


def test_after_bad_input(town):
    """
    A command that could not even be asked leaves its id free.
    """
    with pytest.raises(ValueError, match="text"):
        town.kit.publish_post("club", by="tao", text="", command_id="one")
    with pytest.raises(LookupError):
        town.kit.publish_post("nowhere", by="tao", text="x", command_id="one")

    post = town.kit.publish_post("club", by="tao", text="Hello", command_id="one")

    assert post == town.kit.publish_post(
        "club", by="tao", text="Hello", command_id="one"
    )


def test_undone_in_a_batch(town):
    """
    A command that was undone with its batch was not carried out: it may come again.
    """
    said = {"by": "tao", "text": "Hello", "command_id": "one"}
    before = written(town.kit)
    with undone(town.kit.batch()):
        town.kit.publish_post("club", **said)
    assert before == written(town.kit)

    post = town.kit.publish_post("club", **said)

    assert 1 == sum(
        getattr(event, "text", None) == "Hello" for _, event in history(town.kit)
    )
    assert post == town.kit.publish_post("club", **said)


def test_asking_uses_no_id(town):
    """
    To ask beforehand under a command id is not to use it up.
    """
    said = {"by": "tao", "text": "Hello", "command_id": "one"}

    assert town.kit.would_allow("publish_post", "club", **said).allowed
    assert PostId("club", 21) == town.kit.publish_post("club", **said)


def test_what_became_of_it(town):
    """
    What a command wrote can be asked by its id: its events, its refusal, or nothing.
    """
    kit = town.kit
    kit.send_must_see("guild", by="ana", text="A hall!", command_id="sent")
    with refused("must-see-spacing") as refusal:
        kit.send_must_see("guild", by="ana", text="More", command_id="refused")
    kit.mark_read([], by="tao", command_id="nothing")

    assert tuple(everything(kit)[-3:-1]) == kit.became_of("sent")
    (record,) = kit.became_of("refused")
    assert refusal.value.verdict.reasons == record.event.reasons
    assert () == kit.became_of("nothing")
    assert kit.became_of("never came") is None
    with pytest.raises(ValueError, match="command_id"):
        kit.became_of("")


def test_reading_nothing(town):
    """
    A command that had nothing to record comes again as well.
    """
    before = len(history(town.kit))

    for _ in range(2):
        town.kit.mark_read([], by="tao", command_id="one")

    assert before == len(history(town.kit))


def test_v13_no_refund(kit, clock):
    """
    V13: a must-see that is removed at once has still used its share.
    """
    kit.found_circle(name="Club", kind="community", by="mei", circle="club")
    kit.remove_post(kit.send_must_see("club", by="mei", text="Oops"), by="mei")
    clock.forward(minutes=1)

    with refused("must-see-spacing") as refusal:
        kit.send_must_see("club", by="mei", text="Better")

    assert MARCH_1 + timedelta(days=1) == refusal.value.verdict.retry_at
