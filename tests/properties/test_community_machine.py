"""
Drive whole communities at random, and see broken ones fall.
"""

from datetime import timedelta
from typing import ClassVar
from zoneinfo import ZoneInfo

import pytest
from attrs import frozen
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from circlekit import RULE_BOOKS, Budget, CirclekitError, RuleBook, budget, rolling
from circlekit.aggregates import homework
from circlekit.application import homework as setting
from circlekit.application.deciding import Deciding
from circlekit.policies.house import no
from circlekit.projections.homework_duties import Giving
from circlekit.store import Transaction
from circlekit.testing.community import CommunityMachine
from circlekit.verdict import ALLOWED

# Answers that differ from the model's, or a store that is in disorder.
FALLS = (AssertionError, CirclekitError)
OURS = RuleBook(
    name="ours",
    must_see=(
        Budget("six-in-thirty-days", 6, rolling(days=30)),
        Budget("twelve-hours-apart", 1, rolling(hours=12)),
    ),
    homework_kinds=("community", "teaching"),
)


@frozen
class QuietHours:
    """
    No must-see at night, as the circle's clocks have it.
    """

    name: ClassVar[str] = "quiet-hours"
    acts: ClassVar[frozenset[str]] = frozenset({"must-see"})
    until: int = 8

    def judge(self, asked):
        here = asked.at.astimezone(ZoneInfo(asked.zone))
        if here.hour >= self.until:
            return ALLOWED
        return no(self, f"it is before {self.until}")


@frozen
class NewMembersWait:
    """
    Who has just joined reads first.
    """

    name: ClassVar[str] = "new-members-wait"
    acts: ClassVar[frozenset[str]] = frozenset({"post", "comment"})
    hours: int = 24

    def judge(self, asked):
        if asked.member_since is None:
            return ALLOWED
        free_at = asked.member_since + timedelta(hours=self.hours)
        if asked.at >= free_at:
            return ALLOWED
        return no(self, f"new members wait {self.hours} hours", retry_at=free_at)


class Small(CommunityMachine):
    """
    Communities that go by small numbers, drawn at random.
    """


class Shipped(CommunityMachine):
    """
    Communities that go by the book that is shipped as the default.
    """

    rule_book = RULE_BOOKS["dingtalk_2020"]


class Rolling(CommunityMachine):
    """
    Communities that never count by the calendar.
    """

    rule_book = OURS


class InMemory(CommunityMachine):
    """
    Communities on a store in memory, where there is only one host.
    """

    store_url = "sqlite://"


class WithPolicies(CommunityMachine):
    """
    Communities of a house with rules of its own.
    """

    rule_book = RuleBook(
        name="house", must_see=OURS.must_see, house=(QuietHours(), NewMembersWait())
    )
    policies = (QuietHours, NewMembersWait)
    zones = ("Europe/Lisbon", "Asia/Kathmandu")


class OneAfterTheOther(Shipped):
    """
    Communities in which no two hosts ever ask at once.
    """

    send_the_last_at_once = None


class WithoutCheckIns(Small):
    """
    Communities in which the days of check-ins are not counted.
    """

    check_in = None


def _drive(machine, most=200):
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=most,
            stateful_step_count=25,
            derandomize=True,
            database=None,
            report_multiple_bugs=False,
            phases=[Phase.generate],
        ),
    )


@pytest.mark.parametrize("machine", [Small, Shipped, Rolling, InMemory, WithPolicies])
def test_community(machine):
    """
    Whatever people and hosts do, every answer is what the rule book comes to.
    """
    run_state_machine_as_test(machine, settings=settings(stateful_step_count=20))


def test_months_of_another_zone(monkeypatch):
    """
    Months and days that are counted in UTC are not the circle's.
    """
    bounds = budget.window_bounds

    def of_utc(window, *, zone, at):
        return bounds(window, zone="UTC", at=at)

    monkeypatch.setattr(budget, "window_bounds", of_utc)
    with pytest.raises(AssertionError, match=r"calendar (month|week|day)"):
        _drive(WithoutCheckIns)


def test_a_stale_circle(monkeypatch):
    """
    A host that does not look at what the other host did decides wrongly.
    """
    load = Deciding._load

    def from_memory(kit, transaction, kind, id_):
        known = kit._aggregates.get(f"{kind.__name__.lower()}/{id_}")
        return known.aggregate if known else load(kit, transaction, kind, id_)

    monkeypatch.setattr(Deciding, "_load", from_memory)
    with pytest.raises(FALLS):
        _drive(Shipped)


def test_a_batch_that_is_not_forgotten(monkeypatch):
    """
    A host that believed in a batch which was broken off would notice.

    The newest event that it took in is looked at once more before it decides.
    """
    monkeypatch.setattr(Deciding, "_forget", lambda _: None)
    _drive(Shipped)


def test_a_lost_command_id(monkeypatch):
    """
    A command that comes again is carried out again, once its id is lost.
    """
    monkeypatch.setattr(Transaction, "keep_outcome", lambda *_: None)
    with pytest.raises(AssertionError, match="came again"):
        _drive(OneAfterTheOther)


def test_homework_that_never_closes(monkeypatch):
    """
    Homework that is taken in when nothing is taken in any more is found.
    """
    monkeypatch.setattr(homework, "still_open", lambda *_, **__: ALLOWED)
    with pytest.raises(AssertionError, match=r"against it: .*homework-closed"):
        # One community in about 150 hands in so late.
        _drive(Rolling, most=2_000)


def test_marks_that_anybody_gives(monkeypatch):
    """
    A mark that somebody gives who may not is found.
    """
    monkeypatch.setattr(setting, "teachers_only", lambda *_, **__: ALLOWED)
    with pytest.raises(AssertionError, match=r"against it: .*not-a-teacher"):
        _drive(Rolling)


def test_homework_of_a_role_that_changed(monkeypatch):
    """
    An inbox that does not follow what somebody is verified as later is found.
    """
    monkeypatch.setattr(Giving, "verified", lambda *_: None)
    with pytest.raises(AssertionError, match="has to do by the model"):
        _drive(Rolling)


def test_homework_that_a_newcomer_does_not_see(monkeypatch):
    """
    An inbox in which who joins does not find the homework of their role is found.
    """
    monkeypatch.setattr(Giving, "came", lambda *_: None)
    with pytest.raises(AssertionError, match="has to do by the model"):
        _drive(Rolling)
