"""
Two hosts on one store: how they are started, asked, and compared with the model.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar, Final

from attrs import evolve, frozen
from hypothesis.stateful import RuleBasedStateMachine

from circlekit.application import CircleKit
from circlekit.application.circles import Joined
from circlekit.application.topics import CheckInAnswer
from circlekit.budget import Budget
from circlekit.events.circle import VerifiedRole
from circlekit.ids import CircleId, MemberId
from circlekit.policies.house import Act, HousePolicy, known_policies
from circlekit.rulebook import RuleBook
from circlekit.testing.community.plain import Given, PlainCircle, PlainCommunity
from circlekit.testing.machines.counting import Full, Spent, used_up
from circlekit.testing.machines.waiting import MICROSECOND, Until, Wait
from circlekit.testing.strategies import ZONES
from circlekit.testing.telling import tell_history, tell_verdict
from circlekit.verdict import ALLOWED, Reason, RefusedError, Verdict

_FIRST: Final = datetime(2000, 1, 1, tzinfo=UTC)
_FILE: Final = "sqlite:///"
_MEMORY: Final = "/dev/shm"  # noqa: S108 - a folder of its own is made in it
_LAST: Final = datetime(2100, 1, 1, tzinfo=UTC)


@frozen
class Wanted:
    """
    What the model makes of a command.

    Attributes:
        at: The moment it counts as given.

        against: Each rule that may refuse, and whether it does.

        due: What the command returns if nothing refuses; of joining, the circle
            and the rules that keep somebody out of its group.

        act: What the house's own policies are asked about, if anything.

        budgets: Budgets that must have room besides.

        spent: What has used them up so far; None for the circle's must-sees.

        asked_at: The moment of asking, if *at* is another that is asked about.

        beside: Whether a refusal is kept beside the circle's history.
    """

    at: datetime
    against: Mapping[str, bool]
    due: object = None
    act: Act | None = None
    budgets: Sequence[Budget] = ()
    spent: Sequence[Spent] | None = None
    asked_at: datetime | None = None
    beside: bool = True


class TwoHosts(RuleBasedStateMachine):
    """
    Two kits on one store, and a model of all that they were asked.
    """

    rule_book: ClassVar[RuleBook | None] = None
    policies: ClassVar[Sequence[type[HousePolicy]]] = ()
    zones: ClassVar[Sequence[str]] = ZONES
    store_url: ClassVar[str] = "sqlite:///{folder}/community.db"

    def __init__(self) -> None:
        super().__init__()
        self.community = PlainCommunity()
        self.hosts: list[CircleKit] = []
        self.clock = datetime(2020, 1, 1, tzinfo=UTC)
        self.apart = timedelta(0)
        self.free_at: datetime | None = None
        self.zone_of: dict[CircleId, str] = {}
        self.book_of: dict[CircleId, RuleBook | None] = {}
        self.settled = False
        self._folder: TemporaryDirectory[str] | None = None
        self._known = known_policies(self.policies)
        self._told_by = 0
        self.ids = 0

    def now(self, host: int) -> datetime:
        """
        Return the moment it is by a host's clock.
        """
        return self.clock + self.apart * host

    def kit(self, host: int) -> CircleKit:
        """
        Return a host's kit; of a store in memory there is only one.
        """
        self._told_by = host % len(self.hosts)
        return self.hosts[self._told_by]

    def windows(self) -> frozenset[int]:
        """
        Return the lengths of the rolling windows in all rule books, in seconds.
        """
        return frozenset(
            budget.window.seconds
            for it in self.community.circles.values()
            for budget in (*it.book.must_see, *it.book.must_see_reminders)
            if budget.window.seconds
        )

    def fail(
        self, problem: str, it: PlainCircle | None = None, verdict: Verdict = ALLOWED
    ) -> None:
        """
        Stop, and tell the history that led here.

        Raises:
            AssertionError: Always.
        """
        if it is None:
            raise AssertionError(problem)
        recorded = self.hosts[self._told_by].history(it.id)
        history = tell_history([one.event for one in recorded], zone=it.zone)
        answer = tell_verdict(verdict, zone=it.zone)
        raise AssertionError(
            f"{problem}\n\nthe answer was\n{answer}\n\n{it.id}, in {it.zone}\n{history}"
        )

    def start(self, apart: timedelta) -> None:
        """
        Start the hosts on a fresh store, the second one's clock *apart*.
        """
        if "{folder}" in self.store_url:
            self._folder = TemporaryDirectory(prefix="circlekit-", dir=_quick_folder())
            url = self.store_url.replace("{folder}", self._folder.name)
            if url.startswith(_FILE):
                Path(url.removeprefix(_FILE)).write_bytes(_empty_store())
            self.hosts = [self._started(0), self._started(1)]
            self.apart = apart
        else:
            self.hosts = [self._started(0)]

    def start_again(self, host: int) -> None:
        """
        Stop a host and start it again; one in memory would forget everything.
        """
        if self._folder is not None:
            self.kit(host).close()
            self.hosts[host] = self._started(host)

    def teardown(self) -> None:
        """
        Compare everything with the model a last time, and stop the hosts.
        """
        try:
            # Not if something is wrong already: that is what is to be told.
            if sys.exc_info()[0] is None:
                for host in range(len(self.hosts)):
                    self.check_everything(host)
        finally:
            for kit in self.hosts:
                kit.close()
            if self._folder is not None:
                self._folder.cleanup()

    def check_everything(self, host: int) -> None:
        """
        Compare all that a host can be asked with the model.
        """

    # What several kinds of acts are made of.

    def join(
        self,
        circle: CircleId,
        member: MemberId,
        host: int,
        role: VerifiedRole | None = None,
    ) -> None:
        """
        Let somebody in, perhaps in a verified role.
        """
        raise NotImplementedError

    def remove_member(
        self, circle: CircleId, member: MemberId, by: MemberId | None, host: int
    ) -> None:
        """
        Take a member out.
        """
        raise NotImplementedError

    def look_into_the_inbox(self, member: MemberId, host: int) -> None:
        """
        Look at what somebody has to do.
        """
        raise NotImplementedError

    def _who(
        self, circle: CircleId, by: MemberId | None, host: int
    ) -> tuple[PlainCircle, MemberId]:
        raise NotImplementedError

    def _founded(self, name: CircleId, host: int) -> PlainCircle:
        raise NotImplementedError

    def _carried_out(self, it: PlainCircle, at: datetime, events: int = 1) -> None:
        raise NotImplementedError

    def _act(self, act: str, circle: CircleId, by: MemberId | None, host: int) -> None:
        raise NotImplementedError

    def wait(self, wait: Wait, zone: str) -> None:
        """
        Move the hosts' clocks, sometimes back.
        """
        if isinstance(wait, Until):
            to = wait.after(self.clock, zone=zone, free_at=self.free_at)
        else:
            to = self.clock + wait
        self.clock = min(max(to, _FIRST), _LAST)

    def at(self, it: PlainCircle, host: int) -> datetime:
        """
        Return a command's moment: the host's, but never before a circle's last.
        """
        return max(self.now(host), it.last_at)

    def command(self, command_name: str, /, *args: object, **kwargs: object) -> Given:
        """
        Return a command, every other one with an id, so that it can come again.
        """
        self.ids += 1
        if self.ids % 2:
            kwargs.setdefault("command_id", f"command {self.ids}")
        return Given(command_name, args, kwargs)

    def give(self, host: int, command: Given) -> Given:
        """
        Give a command to a host, and return it with the answer.
        """
        ask = getattr(self.kit(host), command.name)
        try:
            result = ask(*command.args, **command.kwargs)
        except RefusedError as refusal:
            return evolve(command, result=None, verdict=refusal.verdict)
        return evolve(command, result=result, verdict=ALLOWED)

    def ask(
        self, host: int, it: PlainCircle | None, command: Given, wanted: Wanted
    ) -> bool:
        """
        Give a command, compare the answer, and return whether it was allowed.
        """
        return self.judge(it, self.give(host, command), wanted)

    def judge(self, it: PlainCircle | None, given: Given, wanted: Wanted) -> bool:
        """
        Compare an answer with the model, and return whether it was allowed.

        Args:
            it: The circle that the command is about, None if it is about a reader.
            given: The command with its answer.
            wanted: What the model makes of it.
        """
        verdict, at = given.verdict, wanted.at
        full: list[Full] = []
        house: list[Reason] = []
        spent: Sequence[Spent] = ()
        if it is not None:
            spent = it.spent if wanted.spent is None else wanted.spent
            full = used_up(wanted.budgets, spent, it.zone, at)
        if it is not None and wanted.act is not None:
            house = it.house_refuses(self.policies, wanted.act, given.kwargs["by"], at)
        in_the_way = {rule for rule, refuses in wanted.against.items() if refuses}
        in_the_way |= {budget.rule for budget in full}
        in_the_way |= {reason.rule for reason in house}
        if set(verdict.rules) != in_the_way:
            names = ", ".join(sorted(in_the_way)) or "nothing"
            told = f"{given}\nat {at} the model has against it: {names}"
            self.fail(told, it, verdict)
        if "command_id" in given.kwargs:
            self.community.given.append(given)
        if verdict.allowed:
            result = _plain(given.result)
            if result != wanted.due:
                self.fail(f"{given}\nshould return {wanted.due}, not {result}", it)
            return True
        self.free_at = verdict.retry_at or self.free_at
        if it is not None:
            self._check_full(it, given, wanted.budgets, spent, full)
            self._check_house(it, given, house)
            if wanted.beside:
                it.refused_at = max(wanted.asked_at or at, it.refused_at)
        return False

    def _check_full(
        self,
        it: PlainCircle,
        given: Given,
        budgets: Sequence[Budget],
        spent: Sequence[Spent],
        full: list[Full],
    ) -> None:
        names = {budget.rule: budget for budget in budgets}
        found = [one for one in given.verdict.reasons if one.rule in names]
        counted = [Full(one.rule, one.used, one.limit, one.used_by) for one in found]
        if counted != full:
            told = f"{given}\nfull are by the model {full}"
            self.fail(told, it, given.verdict)
        for reason in found:
            again, budget = reason.retry_at, names[reason.rule]
            if again is None:
                told = f"{given}\n{reason.rule} has room again at some time"
                wrong = budget.limit > 0
            else:
                told = f"{given}\n{again} is not when {reason.rule} has room again"
                wrong = bool(used_up([budget], spent, it.zone, again)) or not used_up(
                    [budget], spent, it.zone, again - MICROSECOND
                )
            if wrong:
                self.fail(told, it, given.verdict)

    def _check_house(self, it: PlainCircle, given: Given, house: list[Reason]) -> None:
        judged = [one for one in given.verdict.reasons if one.rule in self._known]
        if judged != house:
            told = tell_verdict(Verdict(tuple(house)), zone=it.zone)
            problem = f"{given}\nthe house's own policies say\n{told}"
            self.fail(problem, it, given.verdict)

    def _started(self, host: int) -> CircleKit:
        url = self.store_url
        if self._folder is not None:
            url = url.replace("{folder}", self._folder.name)
        return CircleKit(url, clock=partial(self.now, host), policies=self.policies)


@lru_cache(maxsize=1)
def _empty_store() -> bytes:
    # To copy the tables is much quicker than to make them.
    with TemporaryDirectory(prefix="circlekit-", dir=_quick_folder()) as folder:
        path = Path(folder) / "empty.db"
        CircleKit(f"{_FILE}{path}").close()
        return path.read_bytes()


def _quick_folder() -> str | None:
    # A file that nobody wants to find again after a power cut need not wait for a
    # disk; where memory can hold files, it is put there.
    return _MEMORY if os.access(_MEMORY, os.W_OK) else None


def _plain(result: object) -> object:
    match result:
        case Joined():
            return result.circle, result.group.rules
        case CheckInAnswer():
            rules = result.counted.rules
            return result.check_in, result.post, result.day, rules
    return result
