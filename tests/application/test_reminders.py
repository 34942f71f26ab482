"""
Reminders of a must-see: a few for each reader, and none for who has acknowledged.
"""

from datetime import timedelta

import pytest

from circlekit import CALENDAR_DAY, Budget, RuleBook
from circlekit.events.reader import MustSeeReminded
from tests.application.town import MARCH_1, history, refused


def _rules(report):
    return {who: verdict.rules for who, verdict in report.skipped.items()}


def test_everybody_who_waits(town):
    """
    Everybody is reminded who has yet to acknowledge it, each in their own history.
    """
    town.kit.acknowledge(town.must_see, by="tao")

    report = town.kit.remind(town.must_see, by="wu")

    assert ("ben", "lin", "mei", "wu") == report.reminded
    assert {} == report.skipped
    version = report.must_see.version
    assert [
        (
            f"reader/{who}",
            MustSeeReminded(circle="club", post=version, by="wu", at=MARCH_1),
        )
        for who in report.reminded
    ] == history(town.kit)[-4:]


def test_three_a_day_and_five_minutes_apart(town):
    """
    Nobody is reminded more than three times in 24 hours, nor within five minutes.

    Whoever is skipped is told when there is room again.
    """
    told = []
    for _ in range(5):
        report = town.kit.remind(town.must_see, by="mei", readers=["tao"])
        retry_at = [it.retry_at for it in report.skipped.values()]
        told.append((report.reminded, _rules(report), retry_at))
        town.clock.forward(seconds=299 if len(told) == 1 else 300)

    again = MARCH_1 + timedelta(minutes=5)
    tomorrow = MARCH_1 + timedelta(days=1)
    assert [
        (("tao",), {}, []),
        ((), {"tao": ("must-see-reminder-spacing",)}, [again]),
        (("tao",), {}, []),
        (("tao",), {}, []),
        ((), {"tao": ("must-see-reminder-day",)}, [tomorrow]),
    ] == told
    town.clock.now = tomorrow
    assert ("tao",) == town.kit.remind(
        town.must_see, by="mei", readers=["tao"]
    ).reminded


def test_each_by_themselves(town):
    """
    Who cannot be reminded is skipped with the reason, and the others are reminded.
    """
    town.kit.acknowledge(town.must_see, by="tao")
    town.kit.remind_reader(town.must_see, "ben", by="mei")
    counted = []

    report = town.kit.remind(
        town.must_see,
        by="mei",
        readers=["tao", "ben", "stranger", "lin", "lin"],
        progress=counted.append,
    )

    assert ("lin",) == report.reminded
    assert {
        "tao": ("already-acknowledged",),
        "ben": ("must-see-reminder-spacing",),
        "stranger": ("not-a-member",),
    } == _rules(report)
    assert [4] == counted


def test_only_who_runs_the_circle(town):
    """
    Only the owner and managers remind, and only of a must-see that is there.
    """
    with refused("not-a-manager"):
        town.kit.remind(town.must_see, by="tao")
    with refused("not-a-must-see"):
        town.kit.remind(town.post, by="mei")
    town.kit.remove_post(town.must_see, by="mei")
    with refused("post-removed"):
        town.kit.remind(town.must_see, by="mei")


def test_said_again(town):
    """
    Under the same command id nobody is reminded twice, whenever it comes again.
    """
    said = {"by": "mei", "readers": ["tao", "ben"], "command_id": "one"}
    first = town.kit.remind(town.must_see, **said)
    before = history(town.kit)
    town.clock.forward(hours=1)

    assert first == town.kit.remind(town.must_see, **said)
    assert before == history(town.kit)
    assert ("tao",) == town.kit.remind(
        town.must_see, by="mei", readers=["tao"], command_id="two"
    ).reminded


def test_the_numbers_of_the_book(town):
    """
    A circle's rule book may have other numbers, or none.
    """
    once = RuleBook(
        name="once", must_see_reminders=(Budget("one-a-day", 1, CALENDAR_DAY),)
    )
    town.kit.adopt_rule_book("club", once, by="mei")
    town.kit.remind_reader(town.must_see, "tao", by="mei")
    with refused("one-a-day"):
        town.kit.remind_reader(town.must_see, "tao", by="mei")
    town.kit.adopt_rule_book(
        "club", RuleBook(name="free", must_see_reminders=()), by="mei"
    )
    town.kit.remind_reader(town.must_see, "tao", by="mei")


@pytest.mark.parametrize("members", [1_200])
def test_many_readers(town, members):
    """
    However many there are, each is decided once and none twice.
    """
    with town.kit.batch():
        for number in range(members):
            town.kit.join_circle("club", f"guest {number:04}")
    counted = []

    report = town.kit.remind(town.must_see, by="mei", progress=counted.append)

    assert members + 5 == len(report.reminded) == len(set(report.reminded))
    assert [500, 1_000, 1_205] == counted
