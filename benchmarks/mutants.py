"""
Bend the rules one by one, and see whether the state machines object.

Run as ``python -m benchmarks.mutants [--runs 100] [--json] [--write]``. Each mutant
replaces one function or method in memory, in a process of its own, and a machine is
driven at random against it. A machine that does not object to a bent rule would not
object to a broken one either. Unbent, nothing may be objected to.
"""

import argparse
import contextlib
import io
import json
import platform
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Any, ClassVar, Final
from unittest.mock import patch
from zoneinfo import ZoneInfo

import hypothesis
from attrs import asdict, evolve, frozen
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from circlekit import budget as budget_module
from circlekit.aggregates import circle as circle_module
from circlekit.aggregates import customer as customer_module
from circlekit.aggregates import group as group_module
from circlekit.aggregates.circle import Circle
from circlekit.aggregates.group import Group
from circlekit.aggregates.history import HasHistory
from circlekit.aggregates.reader import Reader
from circlekit.budget import Budget, Spend, Usage
from circlekit.events.circle import (
    MemberLeft,
    MustSeeSent,
    OwnerChanged,
    PostReacted,
    PostRemoved,
)
from circlekit.events.group import GroupUnmuted
from circlekit.policies import budgets as budgets_policy
from circlekit.policies import groups as groups_policy
from circlekit.policies.house import Act, Asked, no
from circlekit.testing import (
    CircleMachine,
    CustomerMachine,
    GroupMachine,
    ReaderMachine,
    assert_policy,
)
from circlekit.testing.machines.machine import Machine
from circlekit.verdict import (
    ALLOWED,
    RefusedError,
    Verdict,
    all_of,
    refused,
)

PROCESSES: Final = 2
STEPS: Final = 20
MUST_FALL: Final = 20
MICROSECOND: Final = timedelta(microseconds=1)
PAGE: Final = Path(__file__).parents[1] / "docs" / "mutants.md"
BEGIN: Final = "<!-- mutants: begin -->"
END: Final = "<!-- mutants: end -->"

CIRCLE: Final = "CircleMachine"
GROUP: Final = "GroupMachine"
CUSTOMER: Final = "CustomerMachine"
READER: Final = "ReaderMachine"
POLICY: Final = "assert_policy"
MACHINES: Final[dict[str, type[Machine[Any]]]] = {
    CIRCLE: CircleMachine,
    GROUP: GroupMachine,
    CUSTOMER: CustomerMachine,
    READER: ReaderMachine,
}

Kept = Callable[..., Any]


@frozen
class NewMembersWait:
    """
    A host's own policy, to be bent: new members wait a day before they post.
    """

    name: ClassVar[str] = "new-members-wait"
    acts: ClassVar[frozenset[Act]] = frozenset({"post"})
    hours: int = 24

    def judge(self, asked: Asked) -> Verdict:
        """
        Refuse until the wait is over.
        """
        if asked.member_since is None:
            return ALLOWED
        free_at = asked.member_since + timedelta(hours=self.hours)
        if asked.at >= free_at:
            return ALLOWED
        return no(self, f"new members wait {self.hours} hours", retry_at=free_at)


@frozen(kw_only=True)
class Mutant:
    """
    One rule, bent.

    Attributes:
        name: What it is called.

        bent: What is bent, in a sentence.

        caught_by: The machine that is to object, or ``assert_policy``.

        must_fall: Whether it is a fault if nothing objects.

        owner: The module or class whose attribute is replaced.

        attribute: The name of that function or method.

        instead: Called in its place, with the original as its first argument.
    """

    name: str
    bent: str
    caught_by: str
    must_fall: bool
    owner: Any
    attribute: str
    instead: Callable[..., Any]

    @contextlib.contextmanager
    def planted(self) -> Iterator[None]:
        """
        Bend the rule for as long as this lasts.
        """
        kept = getattr(self.owner, self.attribute)
        instead = self.instead
        if isinstance(kept, property):
            new: Any = property(lambda it: instead(kept.fget, it))
        else:

            def new(*args: Any, **kwargs: Any) -> Any:
                return instead(kept, *args, **kwargs)

        with patch.object(self.owner, self.attribute, new):
            yield


@frozen(kw_only=True)
class Outcome:
    """
    What became of a mutant, or of a machine with nothing bent.

    Attributes:
        name: The mutant's name, or the machine's.

        fell: Whether anything objected.

        after: How many runs it took (questions, for a policy), or how many there
            were in all.

        seconds: How long that took.

        said: The first line of the objection.
    """

    name: str
    fell: bool
    after: int
    seconds: float
    said: str = ""


MUTANTS: Final[dict[str, Mutant]] = {}


def bends(
    owner: Any, attribute: str, caught_by: str, *, must_fall: bool = True
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """
    Register what is put in a function's place; its docstring says what is bent.
    """

    def register(instead: Callable[..., Any]) -> Callable[..., Any]:
        name = instead.__name__.replace("_", "-")
        bent = " ".join((instead.__doc__ or "").split())
        MUTANTS[name] = Mutant(
            name=name,
            bent=bent,
            caught_by=caught_by,
            must_fall=must_fall,
            owner=owner,
            attribute=attribute,
            instead=instead,
        )
        return instead

    return register


# How must-sees are counted.


@bends(circle_module, "within_must_see_budgets", CIRCLE)
def month_in_utc(
    kept: Kept, budgets: Any, sent: Any, *, zone: str, at: datetime
) -> Any:
    """
    A month is counted in UTC instead of the circle's zone.
    """
    del zone
    return kept(budgets, sent, zone="UTC", at=at)


@bends(budget_module, "window_bounds", CIRCLE)
def day_not_over(kept: Kept, window: Any, *, zone: str, at: datetime) -> Any:
    """
    Exactly 24 hours later still counts.
    """
    starts, ends = kept(window, zone=zone, at=at)
    return (starts - MICROSECOND if window.kind == "rolling" else starts), ends


@bends(budget_module, "window_bounds", CIRCLE)
def wall_clock_day(kept: Kept, window: Any, *, zone: str, at: datetime) -> Any:
    """
    24 hours are counted on the wall clock, not as time that passed.
    """
    starts, ends = kept(window, zone=zone, at=at)
    if window.kind == "rolling":
        wall = at.astimezone(ZoneInfo(zone)) - timedelta(seconds=window.seconds)
        starts = wall.astimezone(UTC)
    return starts, ends


@bends(budget_module, "_next_start", CIRCLE)
def thirty_day_month(kept: Kept, kind: str, day: Any) -> Any:
    """
    Every month ends after 30 days.
    """
    if kind == "calendar-month":
        return day.replace(day=1) + timedelta(days=30)
    return kept(kind, day)


@bends(circle_module, "within_must_see_budgets", CIRCLE)
def budget_left_out(kept: Kept, budgets: Any, sent: Any, **asked: Any) -> Any:
    """
    The last of the budgets is not asked.
    """
    return kept(tuple(budgets)[:-1], sent, **asked)


@bends(budgets_policy, "room_in", CIRCLE)
def one_too_many(kept: Kept, used: Usage) -> Any:
    """
    One more is allowed than the limit.
    """
    return ALLOWED if used.used <= used.budget.limit else kept(used)


@bends(budgets_policy, "room_in", CIRCLE)
def one_too_few(kept: Kept, used: Usage) -> Any:
    """
    The last of the limit is refused.
    """
    return kept(used if used.left != 1 else evolve(used, used=used.budget.limit))


@bends(Circle, "_evolve", CIRCLE)
def refund_on_removal(kept: Kept, self: Circle, event: Any) -> None:
    """
    A must-see is given back when its post is taken down.
    """
    kept(self, event)
    if isinstance(event, PostRemoved) and event.post in self.must_see_posts:
        self.must_sees.pop()


@bends(Circle, "_evolve", CIRCLE)
def promotion_free(kept: Kept, self: Circle, event: Any) -> None:
    """
    Promoting a post that is there already does not count.
    """
    kept(self, event)
    if isinstance(event, MustSeeSent) and event.post != self.version - 1:
        self.must_sees.pop()


@bends(Circle, "_evolve", CIRCLE)
def override_free(kept: Kept, self: Circle, event: Any) -> None:
    """
    A must-see sent by override does not count.
    """
    kept(self, event)
    if isinstance(event, MustSeeSent) and event.override is not None:
        self.must_sees.pop()


@bends(Circle, "_evolve", CIRCLE)
def new_owner_new_quota(kept: Kept, self: Circle, event: Any) -> None:
    """
    A new owner begins with a quota that is not used.
    """
    kept(self, event)
    if isinstance(event, OwnerChanged):
        self.must_sees.clear()


# When to try again, and which reasons are named.


@bends(budget_module, "_free_at", CIRCLE)
def retry_early(kept: Kept, budget: Budget, counted: Any, ends: datetime) -> Any:
    """
    The moment to try again is one microsecond early.
    """
    free_at = kept(budget, counted, ends)
    return free_at and free_at - MICROSECOND


@bends(budget_module, "_free_at", CIRCLE)
def retry_after_newest(
    kept: Kept, budget: Budget, counted: list[Spend], ends: datetime
) -> Any:
    """
    The moment to try again is reckoned from the newest use.
    """
    free_at = kept(budget, counted, ends)
    if free_at is None or budget.window.seconds is None:
        return free_at
    return counted[-1].at + timedelta(seconds=budget.window.seconds)


@bends(budget_module, "_free_at", CIRCLE, must_fall=False)
def retry_after_oldest(
    kept: Kept, budget: Budget, counted: list[Spend], ends: datetime
) -> Any:
    """
    The moment to try again is reckoned from the oldest use, however many there are.
    """
    free_at = kept(budget, counted, ends)
    if free_at is None or budget.window.seconds is None:
        return free_at
    return counted[0].at + timedelta(seconds=budget.window.seconds)


@bends(Verdict, "retry_at", CIRCLE, must_fall=False)
def retry_when_one_has_room(kept: Kept, self: Verdict) -> Any:
    """
    A refusal by several rules says to try again when the first of them lets go.
    """
    if kept(self) is None:
        return None
    return min(it.retry_at for it in self.reasons if it.retry_at is not None)


@bends(budgets_policy, "room_in", CIRCLE)
def window_told_wrong(kept: Kept, used: Usage) -> Any:
    """
    A refusal names a window that begins an hour late.
    """
    return kept(evolve(used, starts=used.starts + timedelta(hours=1)))


@bends(circle_module, "require", CIRCLE)
def first_reason_only(_kept: Kept, *verdicts: Verdict) -> None:
    """
    Of several reasons, only the first is named.
    """
    reasons = all_of(*verdicts).reasons
    if reasons:
        raise RefusedError(Verdict(reasons[:1]))


# Who may do what in a circle.


@bends(Circle, "_may_send", CIRCLE)
def managers_may_not_send(
    kept: Kept, self: Circle, override: Any, by: Any, at: Any
) -> Any:
    """
    Managers may not send must-sees.
    """
    verdict = kept(self, override, by, at)
    if override is None and self.role(by) == "manager":
        return all_of(refused("not-a-manager", "owners only"), verdict)
    return verdict


@bends(Circle, "_may_send", CIRCLE)
def members_may_send(kept: Kept, self: Circle, override: Any, by: Any, at: Any) -> Any:
    """
    Ordinary members may send must-sees.
    """
    verdict = kept(self, override, by, at)
    if self.role(by) != "member":
        return verdict
    return Verdict(tuple(it for it in verdict.reasons if it.rule != "not-a-manager"))


@bends(circle_module, "outranks", CIRCLE, must_fall=False)
def managers_remove_managers(_kept: Kept, *_args: Any, **_kwargs: Any) -> Any:
    """
    A manager may take another manager out.
    """
    return ALLOWED


@bends(circle_module, "may_pin", CIRCLE)
def one_pin_too_many(kept: Kept, post: int, pinned: Any, *, limit: int) -> Any:
    """
    One more post may be pinned than the limit.
    """
    return kept(post, pinned, limit=limit + (len(pinned) == limit))


@bends(circle_module, "may_pin", CIRCLE)
def one_pin_too_few(kept: Kept, post: int, pinned: Any, *, limit: int) -> Any:
    """
    The last pin of the limit is refused.
    """
    return kept(post, pinned, limit=limit - 1)


@bends(Circle, "add_comment", CIRCLE, must_fall=False)
def removed_post_open(kept: Kept, self: Circle, post: Any, **asked: Any) -> Any:
    """
    A post that was taken down may still be commented on.
    """
    return kept(evolve(self, removed=self.removed - {post.version}), post, **asked)


@bends(Circle, "_comment_there", CIRCLE, must_fall=False)
def comment_of_another_post(
    kept: Kept, self: Circle, comment: Any, *, on: int | None = None
) -> Any:
    """
    A comment may answer one that stands under another post.
    """
    del on
    return kept(self, comment)


@bends(Circle, "_evolve", CIRCLE, must_fall=False)
def right_kept_after_leaving(kept: Kept, self: Circle, event: Any) -> None:
    """
    Who leaves keeps the right to override the quota.
    """
    held = isinstance(event, MemberLeft) and event.member in self.override_holders
    kept(self, event)
    if held:
        self.override_holders.add(event.member)


@bends(Circle, "_evolve", CIRCLE, must_fall=False)
def joined_at_kept(kept: Kept, self: Circle, event: Any) -> None:
    """
    Of who left, it is still remembered when they joined.
    """
    before = dict(self.joined_at)
    kept(self, event)
    if isinstance(event, MemberLeft) and event.member in before:
        self.joined_at[event.member] = before[event.member]


@bends(Circle, "_house", CIRCLE)
def house_not_asked(_kept: Kept, *_args: Any) -> Any:
    """
    The host's own rules are never asked.
    """
    return ALLOWED


# Groups.


@bends(groups_policy, "is_muted", GROUP)
def mute_ends_late(kept: Kept, muted_at: Any, until: Any, *, at: datetime) -> Any:
    """
    A mute ends one microsecond late.
    """
    return kept(muted_at, until and until + MICROSECOND, at=at)


@bends(group_module, "is_muted", GROUP)
def mute_not_over(kept: Kept, muted_at: Any, _until: Any, *, at: datetime) -> Any:
    """
    A mute that is over can still be ended by hand.
    """
    return kept(muted_at, None, at=at)


@bends(Group, "_evolve", GROUP)
def unmute_does_nothing(kept: Kept, self: Group, event: Any) -> None:
    """
    To unmute is recorded, and does nothing.
    """
    if not isinstance(event, GroupUnmuted):
        kept(self, event)


@bends(group_module, "may_reach", GROUP)
def nobody_exempt(kept: Kept, **asked: Any) -> Any:
    """
    A private-chat block stands between owner or managers and members as well.
    """
    return kept(**{**asked, "role": "member", "other_role": "member"})


@bends(group_module, "may_reach", GROUP)
def exempt_one_way(kept: Kept, **asked: Any) -> Any:
    """
    Owner and managers may reach out, and may not be reached.
    """
    return kept(**{**asked, "other_role": "member"})


@bends(group_module, "may_reach", GROUP)
def related_not_exempt(kept: Kept, **asked: Any) -> Any:
    """
    A private-chat block stands between people who know each other as well.
    """
    return kept(**{**asked, "already_related": False})


@bends(group_module, "may_reach", GROUP)
def strict_ignored(kept: Kept, **asked: Any) -> Any:
    """
    Another group in common is a way round the block of a strict rule book too.
    """
    return kept(**{**asked, "strict": False})


@bends(group_module, "has_room", GROUP)
def one_place_too_many(kept: Kept, members: int, *, capacity: int | None) -> Any:
    """
    A group takes one person more than it holds.
    """
    return kept(members, capacity=capacity and capacity + (members == capacity))


@bends(group_module, "has_room", GROUP)
def one_place_too_few(kept: Kept, members: int, *, capacity: int | None) -> Any:
    """
    The last place of a group stays empty.
    """
    return kept(members, capacity=capacity and capacity - 1)


# Customers and readers.


@bends(customer_module, "within_moment_budgets", CUSTOMER)
def moments_shared(kept: Kept, book: Any, **asked: Any) -> Any:
    """
    Staff and company use up one another's moments, whatever the rule book says.
    """
    return kept(evolve(book, moments_share_budgets=True), **asked)


@bends(customer_module, "within_moment_budgets", CUSTOMER)
def moments_apart(kept: Kept, book: Any, **asked: Any) -> Any:
    """
    Staff and company have a budget each, whatever the rule book says.
    """
    return kept(evolve(book, moments_share_budgets=False), **asked)


@bends(customer_module, "not_yet_shown", CUSTOMER)
def moment_shown_twice(_kept: Kept, *_args: Any) -> Any:
    """
    A customer may be shown the same moment twice.
    """
    return ALLOWED


@bends(customer_module, "profile_open", CUSTOMER)
def profile_completed_twice(_kept: Kept, **_asked: Any) -> Any:
    """
    A profile may be completed twice.
    """
    return ALLOWED


@bends(Reader, "acknowledge", READER)
def acknowledged_twice(kept: Kept, self: Reader, *args: Any, **asked: Any) -> Any:
    """
    A must-see may be acknowledged twice.
    """
    return kept(evolve(self, acknowledged=set()), *args, **asked)


@bends(Reader, "acknowledge", READER)
def circles_mixed_up(
    kept: Kept, self: Reader, circle: Any, post: int, **asked: Any
) -> Any:
    """
    Posts at the same place in two circles are taken for one.
    """
    anywhere = {(circle, place) for _, place in self.acknowledged}
    return kept(evolve(self, acknowledged=anywhere), circle, post, **asked)


# What every aggregate promises: commands change nothing, events are taken in.


@bends(Circle, "leave", CIRCLE, must_fall=False)
def command_applies(kept: Kept, self: Circle, *args: Any, **asked: Any) -> Any:
    """
    A command takes its own events in.
    """
    events = kept(self, *args, **asked)
    for event in events:
        self.apply(event)
    return events


@bends(Circle, "pin", CIRCLE)
def command_remembers(kept: Kept, self: Circle, post: Any, **asked: Any) -> Any:
    """
    A command that refuses has changed something all the same.
    """
    try:
        return kept(self, post, **asked)
    except RefusedError:
        self.removed.discard(post.version)
        raise


@bends(HasHistory, "apply", CIRCLE)
def version_forgotten(kept: Kept, self: HasHistory, event: Any) -> None:
    """
    One kind of event is taken in without counting its place.
    """
    kept(self, event)
    if isinstance(event, PostReacted):
        self.version -= 1


@bends(HasHistory, "apply", CIRCLE)
def moment_forgotten(kept: Kept, self: HasHistory, event: Any) -> None:
    """
    A circle does not remember the moment of its newest event.
    """
    before = self.last_at
    kept(self, event)
    self.last_at = before


@bends(HasHistory, "apply", GROUP)
def moment_forgotten_by_groups(kept: Kept, self: HasHistory, event: Any) -> None:
    """
    A group does not remember the moment of its newest event.
    """
    before = self.last_at
    kept(self, event)
    self.last_at = before


@bends(Machine, "at", CIRCLE, must_fall=False)
def clock_goes_back(_kept: Kept, self: Machine[Any]) -> datetime:
    """
    Commands are given the host's clock as it is, even when it has gone back.
    """
    return self.clock


# A host's own policy.


@bends(NewMembersWait, "judge", POLICY)
def policy_retry_early(kept: Kept, self: NewMembersWait, asked: Asked) -> Any:
    """
    A policy's moment to try again is one microsecond early.
    """
    verdict = kept(self, asked)
    return Verdict(
        tuple(
            evolve(it, retry_at=it.retry_at and it.retry_at - MICROSECOND)
            for it in verdict.reasons
        )
    )


@bends(NewMembersWait, "judge", POLICY)
def policy_counts(kept: Kept, self: NewMembersWait, asked: Asked) -> Any:
    """
    A policy goes by what it was asked before.
    """
    again = asked in _ASKED
    _ASKED.append(asked)
    return ALLOWED if again else kept(self, asked)


@bends(NewMembersWait, "judge", POLICY)
def policy_goes_by_the_clock(kept: Kept, self: NewMembersWait, asked: Asked) -> Any:
    """
    A policy goes by the machine's clock instead of the moment of the act.
    """
    return kept(self, evolve(asked, at=datetime.now(UTC)))


@bends(NewMembersWait, "judge", POLICY)
def policy_raises(kept: Kept, self: NewMembersWait, asked: Asked) -> Any:
    """
    A policy has no answer for somebody who is not a member.
    """
    if asked.member_since is None:
        raise TypeError("when did they join?")
    return kept(self, asked)


@bends(NewMembersWait, "judge", POLICY)
def policy_under_another_name(kept: Kept, self: NewMembersWait, asked: Asked) -> Any:
    """
    A policy refuses under the name of another rule.
    """
    reasons = kept(self, asked).reasons
    return Verdict(tuple(evolve(it, rule="must-see-month") for it in reasons))


_ASKED: Final[list[Asked]] = []


def drive(caught_by: str, name: str, runs: int) -> Outcome:
    """
    Drive a machine at random, and tell whether and when it objected.
    """
    began = time.perf_counter()
    counted = {"runs": 0, "fell after": 0}
    said = ""
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            if caught_by == POLICY:
                _put_questions(counted)
            else:
                _run_machine(MACHINES[caught_by], runs, counted)
        except Exception as objection:  # noqa: BLE001 - whatever it is, it is told
            said = f"{type(objection).__name__}: {objection}".split("\n", 1)[0]
            counted["fell after"] = counted["fell after"] or counted["runs"]
    return Outcome(
        name=name,
        fell=bool(said),
        after=counted["fell after"] or counted["runs"],
        seconds=round(time.perf_counter() - began, 2),
        said=said,
    )


def _put_questions(counted: dict[str, int]) -> None:
    judge = NewMembersWait.judge

    def counting(self: NewMembersWait, asked: Asked) -> Verdict:
        counted["runs"] += 1
        return judge(self, asked)

    with patch.object(NewMembersWait, "judge", counting):
        assert_policy(NewMembersWait())


def _run_machine(
    machine: type[Machine[Any]], runs: int, counted: dict[str, int]
) -> None:
    # Hypothesis runs what it found once more, to tell of it; only the first counts.
    class Counted(machine):  # type: ignore[misc, valid-type]
        def __init__(self) -> None:
            super().__init__()
            counted["runs"] += 1

        def fail(self, *args: Any, **kwargs: Any) -> None:
            counted["fell after"] = counted["fell after"] or counted["runs"]
            super().fail(*args, **kwargs)

    run_state_machine_as_test(
        Counted,
        settings=settings(
            max_examples=runs,
            stateful_step_count=STEPS,
            phases=[Phase.generate],
            database=None,
            deadline=None,
            derandomize=True,
            report_multiple_bugs=False,
            print_blob=False,
            suppress_health_check=list(HealthCheck),
        ),
    )


def tried(name: str, runs: int) -> Outcome:
    """
    Bend one rule, or none if it is a machine that is named, and drive.
    """
    mutant = MUTANTS.get(name)
    if mutant is None:
        return drive(name, name, runs)
    with mutant.planted():
        return drive(mutant.caught_by, name, runs)


def told(outcomes: Sequence[Outcome]) -> str:
    """
    Return a plain table.
    """
    lines = []
    for it in outcomes:
        mutant = MUTANTS.get(it.name)
        by = it.name if mutant is None else mutant.caught_by
        what = "nothing bent" if mutant is None else it.name
        became = f"fell after {it.after}" if it.fell else f"stood for {it.after}"
        lines.append(f"{what:30} {by:16} {became:18} {it.seconds:7.2f} s  {it.said}")
    return "\n".join(lines)


def written(outcomes: Sequence[Outcome], runs: int) -> str:
    """
    Return a table for the page.
    """
    rows = []
    for it in outcomes:
        mutant = MUTANTS[it.name]
        unit = " questions" if mutant.caught_by == POLICY else ""
        until = f"{it.after}{unit}" if it.fell else f"stands after {it.after}"
        by = f"`{mutant.caught_by}`" if it.fell else f"not by `{mutant.caught_by}`"
        bent = mutant.bent.removesuffix(".")
        rows.append(f"| {bent} | {by} | {until} | {it.seconds:.1f} |")
    fell = sum(it.fell for it in outcomes)
    head = (
        f"{fell} of {len(outcomes)} fall, with at most {runs} runs of at most {STEPS} "
        f"steps each; Python {platform.python_version()}, "
        f"Hypothesis {hypothesis.__version__}."
    )
    columns = "| what is bent | caught by | runs until it fell | seconds |"
    return "\n".join((head, "", columns, "|---|---|---:|---:|", *rows))


def main() -> int:
    """
    Try every mutant, and every machine with nothing bent.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mutants")
    parser.add_argument("--runs", type=int, default=100, help="most runs for each")
    parser.add_argument("--json", action="store_true", help="print a JSON document")
    parser.add_argument("--write", action="store_true", help=f"put it into {PAGE.name}")
    options = parser.parse_args()
    # Each in a fresh process: nothing that one leaves behind reaches another.
    with ProcessPoolExecutor(
        PROCESSES, get_context("spawn"), max_tasks_per_child=1
    ) as pool:
        names = [*MACHINES, POLICY, *MUTANTS]
        outcomes = list(pool.map(tried, names, [options.runs] * len(names)))
    control = [it for it in outcomes if it.name not in MUTANTS]
    bent = [it for it in outcomes if it.name in MUTANTS]
    fell = sum(it.fell for it in bent)
    wrong = [f"{it.name} objects to what is not bent" for it in control if it.fell]
    wrong += [
        f"{it.name} must fall, and stands"
        for it in bent
        if MUTANTS[it.name].must_fall and not it.fell
    ]
    if fell < MUST_FALL:
        wrong.append(f"only {fell} fall, and {MUST_FALL} must")
    if options.json:
        document = {
            "runs": options.runs,
            "control": [asdict(it) for it in control],
            "mutants": [
                {
                    **asdict(it),
                    "bent": MUTANTS[it.name].bent,
                    "caught_by": MUTANTS[it.name].caught_by,
                    "must_fall": MUTANTS[it.name].must_fall,
                }
                for it in bent
            ],
            "wrong": wrong,
        }
        print(json.dumps(document, indent=2, ensure_ascii=False))
    else:
        print(told(outcomes))
        print(f"{fell} of {len(bent)} fall")
    if options.write:
        before, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
        _, _, after = rest.partition(END)
        table = written(bent, options.runs)
        page = f"{before}{BEGIN}\n\n{table}\n\n{END}{after}"
        PAGE.write_text(page, "utf-8")
    for problem in wrong:
        sys.stderr.write(f"{problem}\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
