"""
What all state machines share: a clock, a history, and how to ask.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, ClassVar, Final, Generic, NoReturn, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant
from hypothesis.strategies import SearchStrategy

from circlekit.aggregates.history import HasHistory, replay
from circlekit.budget import Budget
from circlekit.events.record import Cited
from circlekit.ids import MemberId
from circlekit.policies.authority import Role
from circlekit.rulebook import RuleBook
from circlekit.testing.machines.counting import (
    Full,
    Spent,
    in_one_window,
    most,
    used_up,
)
from circlekit.testing.machines.waiting import (
    MICROSECOND,
    Until,
    Wait,
    several_waits,
    waits,
)
from circlekit.testing.strategies import ZONES
from circlekit.testing.telling import tell_history, tell_verdict
from circlekit.verdict import ALLOWED, Reason, RefusedError, Verdict

_A = TypeVar("_A", bound=HasHistory)
_T = TypeVar("_T")

_NOWHERE: Final = 999
_FIRST: Final = datetime(2000, 1, 1, tzinfo=UTC)
_LAST: Final = datetime(2100, 1, 1, tzinfo=UTC)

CAST: Final = (MemberId("mei"), MemberId("tao"), MemberId("lin"))
PEOPLE: Final = st.sampled_from(CAST)
ROLES: Final[SearchStrategy[Role | None]] = st.sampled_from(
    (None, "member", "manager", "owner")
)
EMOJI: Final = ("👍", "🌱")
RUN_IT: Final = frozenset({"owner", "manager"})


# What a strategy offers may depend on the machine: its zones, its rule book, and
# what has happened so far. Hypothesis looks each new strategy over before it draws
# from it, which takes longer than all the rest; so they are made once.


def a_zone() -> SearchStrategy[str]:
    """
    Return one of the machine's zones.
    """
    return st.runner().flatmap(lambda machine: sample(tuple(machine.zones)))


def a_rule_book() -> SearchStrategy[RuleBook]:
    """
    Return the machine's rule book, or a small one if it has none.
    """
    return st.runner().flatmap(
        lambda machine: (
            machine.small_books()
            if machine.rule_book is None
            else sample((machine.rule_book,))
        )
    )


def a_wait() -> SearchStrategy[Wait]:
    """
    Return how long to wait, with the windows of the rule book in mind.
    """
    return st.runner().flatmap(lambda machine: waits(machine.windows()))


def some_waits() -> SearchStrategy[list[Wait]]:
    """
    Return how long to wait before each of several acts, likewise.
    """
    return st.runner().flatmap(lambda machine: several_waits(machine.windows()))


def someone() -> SearchStrategy[MemberId]:
    """
    Return somebody to act.
    """
    return st.runner().flatmap(lambda machine: sample(tuple(machine.actors())))


def mostly(right: Iterable[int], wrong: Iterable[int] = ()) -> SearchStrategy[int]:
    """
    Return mostly a place that is right, sometimes a wrong one, or none at all.
    """
    newest_first = sorted(right, reverse=True)[:4]
    return sample((*newest_first * 3, *wrong, 1, _NOWHERE))


@lru_cache(maxsize=4096)
def sample(values: tuple[_T, ...]) -> SearchStrategy[_T]:
    """
    Return one of some values.
    """
    return st.sampled_from(values)


class Machine(RuleBasedStateMachine, Generic[_A]):
    """
    What all machines share: a clock, a history, and how to ask.

    Attributes:
        rule_book: The numbers to go by; None draws small ones at random.

        zones: The zones to draw from.
    """

    rule_book: ClassVar[RuleBook | None] = None
    zones: ClassVar[Sequence[str]] = ZONES

    def __init__(self) -> None:
        super().__init__()
        self.clock = datetime(2020, 1, 1, tzinfo=UTC)
        self.zone = "UTC"
        self.book = RuleBook(name="none")
        self.history: list[Any] = []
        self.it = self.blank()
        # Takes the same events in and is never asked anything: what commands
        # must not have changed, and what a replay comes to.
        self.replayed = self.blank()
        self.free_at: datetime | None = None
        self.failed = False

    def blank(self) -> _A:
        """
        Return the aggregate before anything has happened to it.
        """
        raise NotImplementedError

    def small_books(self) -> SearchStrategy[RuleBook]:
        """
        Return rule books to draw from, with small numbers that are soon used up.
        """
        raise NotImplementedError

    def actors(self) -> Iterable[MemberId]:
        """
        Return whom to draw from when somebody does something.
        """
        return CAST

    @property
    def at(self) -> datetime:
        """
        Return the next command's moment: the clock's, but never before the last.
        """
        return max(self.clock, self.it.last_at)

    @property
    def place(self) -> int:
        """
        Return the place in the history that the next event will have.
        """
        return len(self.history) + 1

    def windows(self) -> frozenset[int]:
        """
        Return the lengths of the rolling windows in the rule book, in seconds.
        """
        budgets = (
            *self.book.must_see,
            *self.book.member_moments,
            *self.book.enterprise_moments,
            *self.book.member_mass_sends,
            *self.book.enterprise_mass_sends,
            *self.book.mass_send_reminders,
            *self.book.must_see_reminders,
        )
        return frozenset(
            budget.window.seconds for budget in budgets if budget.window.seconds
        )

    def ask(
        self,
        command: Callable[[datetime], Sequence[Any]],
        *,
        refused_if: Mapping[str, bool],
        then: Sequence[Any],
        budgets: Sequence[Budget] = (),
        spent: Sequence[Spent] = (),
        when: datetime | None = None,
    ) -> bool:
        """
        Give a command, and compare its answer with what the model says.

        Args:
            command: Called with the moment of asking.
            refused_if: Each rule that may refuse, and whether the model says so.
            then: The events that are due if nothing refuses.
            budgets: Budgets that must have room besides.
            spent: What has used them up so far.
            when: The moment asked about, if it is another than that of asking.

        Returns:
            Whether it was allowed; the events have then been taken in.
        """
        at = self.at if when is None else when
        full = used_up(budgets, spent, self.zone, at)
        in_the_way = {name for name, says_no in refused_if.items() if says_no}
        in_the_way |= {budget.rule for budget in full}
        events, verdict = self.answer(command, at)
        if set(verdict.rules) != in_the_way:
            expected = ", ".join(sorted(in_the_way)) or "nothing"
            self.fail(f"at {at} the model has against it: {expected}", verdict)
        if verdict.allowed:
            if tuple(events) != tuple(then):
                due = tell_history(then, zone=self.zone, first=self.place)
                told = tell_history(events, zone=self.zone, first=self.place)
                self.fail(f"due at {at}:\n{due}\nanswered:\n{told}", verdict)
            self.take_in(events)
            return True
        counting = {budget.rule: budget for budget in budgets}
        counted = [
            Full(reason.rule, reason.used, reason.limit, reason.used_by)
            for reason in verdict.reasons
            if reason.rule in counting
        ]
        if counted != full:
            self.fail(f"full at {at} are by the model {full}", verdict)
        for reason in verdict.reasons:
            self._check_retry(command, reason, at)
            budget = counting.get(reason.rule)
            if budget is not None:
                self._check_free(budget, reason.retry_at, spent, verdict)
                moments = {at, *(spend.at for spend in spent)}
                self._check_window(budget, reason, verdict, at, moments)
        self._check_common_retry(verdict)
        self.free_at = verdict.retry_at or self.free_at
        return False

    def take_in(self, events: Iterable[Any]) -> None:
        """
        Let events happen.
        """
        for event in events:
            self.history.append(event)
            self.it.apply(event)
            self.replayed.apply(event)

    def fail(self, problem: str, verdict: Verdict = ALLOWED) -> NoReturn:
        """
        Stop, and tell the history that led here.

        Raises:
            AssertionError: Always.
        """
        self.failed = True
        history = tell_history(self.history, zone=self.zone) or "  nothing"
        answer = tell_verdict(verdict, zone=self.zone)
        raise AssertionError(
            f"{problem}\n\nthe answer was\n{answer}\n\nin {self.zone}, after\n{history}"
        )

    @invariant()
    def replay_agrees(self) -> None:
        """
        Check that no command changed anything, and that history alone decides.
        """
        if self.it != self.replayed:
            self.fail("what was asked differs from what its history comes to")

    def teardown(self) -> None:
        """
        End with what matters most, then check the history as a whole.

        Replayed from blank it comes to the same, and no limit was ever gone beyond.
        """
        if self.history and not self.failed:
            self.at_the_end()
        if replay(self.blank(), self.history) != self.it:
            self.fail("the history replayed from blank comes to something else")
        self.check_limits()

    def at_the_end(self) -> None:
        """
        Do what every run ends with: what chance alone would seldom get round to.
        """

    def check_limits(self) -> None:
        """
        Check that no window ever held more than its limit.
        """

    def check_state(self, **expected: object) -> None:
        """
        Compare what is remembered with what the model has, once it has begun.
        """
        if not self.history:
            return
        expected["version"] = len(self.history)
        expected["last_at"] = self.history[-1].at
        for name, value in expected.items():
            actual = getattr(self.it, name)
            if actual != value:
                self.fail(f"{name} is {actual}, and by the model {value}")

    def cited(self, place: int) -> Cited:
        """
        Return what stands at a place of the history, as a command is given it.
        """
        event = self.history[place - 1] if place <= len(self.history) else None
        return Cited(place, event)

    def wait(self, wait: Wait) -> None:
        """
        Move the host's clock, sometimes back.
        """
        if isinstance(wait, Until):
            to = wait.after(self.clock, zone=self.zone, free_at=self.free_at)
        else:
            to = self.clock + wait
        self.clock = min(max(to, _FIRST), _LAST)

    def answer(
        self, command: Callable[[datetime], Sequence[Any]], at: datetime
    ) -> tuple[Sequence[Any], Verdict]:
        """
        Return what a command answers at a moment: its events, or its refusal.
        """
        try:
            return command(at), ALLOWED
        except RefusedError as refusal:
            if refusal.verdict.allowed:
                self.fail("a refusal names no rule")
            return (), refusal.verdict

    def _check_retry(
        self,
        command: Callable[[datetime], Sequence[Any]],
        reason: Reason,
        at: datetime,
    ) -> None:
        again = reason.retry_at
        if again is None:
            return
        if again <= at:
            self.fail(f"{reason.rule} is to be asked again at {again}, not after {at}")
        _, then = self.answer(command, again)
        if reason.rule in then.rules:
            self.fail(f"{reason.rule} still refuses at its own retry_at {again}", then)
        just_before = again - MICROSECOND
        _, then = self.answer(command, just_before)
        if reason.rule not in then.rules:
            self.fail(
                f"{reason.rule} has let go by {just_before}, before {again}", then
            )

    def _check_common_retry(self, verdict: Verdict) -> None:
        moments = [reason.retry_at for reason in verdict.reasons]
        known = [moment for moment in moments if moment is not None]
        common = max(known) if len(known) == len(moments) else None
        if verdict.retry_at != common:
            self.fail(f"all rules have let go by {common}", verdict)

    def _check_free(
        self,
        budget: Budget,
        again: datetime | None,
        spent: Sequence[Spent],
        verdict: Verdict,
    ) -> None:
        if (again is None) != (budget.limit == 0):
            self.fail(f"{budget.rule} can tell when it has room again", verdict)
        if again is None:
            return
        if used_up([budget], spent, self.zone, again):
            self.fail(f"{budget.rule} has no room at {again}", verdict)
        if not used_up([budget], spent, self.zone, again - MICROSECOND):
            self.fail(f"{budget.rule} has room before {again}", verdict)

    def _check_window(
        self,
        budget: Budget,
        reason: Reason,
        verdict: Verdict,
        at: datetime,
        moments: set[datetime],
    ) -> None:
        def counts(moment: datetime) -> bool:
            return in_one_window(budget, self.zone, moment, at)

        starts, ends = reason.window_start, reason.window_end
        if starts is None or ends is None:
            self.fail(f"{budget.rule} names no window", verdict)
        if budget.window.kind == "rolling":
            # What happened at its start, exactly so long ago, counts no more.
            # It ends at the moment asked, or at a use to come that is too near to it.
            span = timedelta(seconds=budget.window.seconds or 0)
            right = ends - starts == span and at <= ends < at + span and ends in moments
        else:
            right = counts(starts) and counts(ends - MICROSECOND)
            right = right and not counts(starts - MICROSECOND) and not counts(ends)
        if not right:
            self.fail(f"{budget.rule} names another window", verdict)

    def check_never_over(
        self, budgets: Iterable[Budget], newest: Spent, spent: Iterable[Spent]
    ) -> None:
        """
        Check that a use was within every limit, with all that came before it.
        """
        for budget in budgets:
            held = [
                str(spend.place)
                for spend in spent
                if spend.place <= newest.place
                and in_one_window(budget, self.zone, spend.at, newest.at)
            ]
            if len(held) > most(budget, self.zone, newest.at):
                places = ", ".join(held)
                self.fail(f"{budget.rule} is overdrawn by the events at {places}")
