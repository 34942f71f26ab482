"""
Does a host's own policy keep its promises?

A policy decides in every circle whose rule book names it, is recorded there by its
name and numbers, and is asked again by every audit. It can only be trusted with that
if it goes by what it is told and by nothing else, always has an answer, says why,
and tells the truth about when to try again. :func:`assert_policy` puts hundreds of
questions to it, many of them at the edges where clocks are changed and windows end.
"""

import gc
import os
import random
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from datetime import date, datetime, timedelta
from functools import lru_cache
from types import ModuleType
from typing import Any, Final, TypeVar

import attrs
from hypothesis import Phase, Verbosity, find, settings
from hypothesis import strategies as st
from hypothesis.errors import Flaky, NoSuchExample
from hypothesis.strategies import SearchStrategy

from circlekit.clock import EPOCH
from circlekit.errors import CorruptEventError, InvalidInputError
from circlekit.events.circle import CircleKind
from circlekit.events.names import NAME_OF
from circlekit.events.refusal import CommandRefused
from circlekit.events.rules import RuleBookAdopted
from circlekit.ids import MemberId
from circlekit.policies import RULE_NAMES
from circlekit.policies.authority import Role
from circlekit.policies.house import (
    ACTS,
    Act,
    Asked,
    HousePolicy,
    found_again,
    known_policies,
)
from circlekit.rulebook import RuleBook
from circlekit.testing.strategies import (
    EARLIEST,
    LATEST,
    ZONES,
    acceptable_names,
    clock_changes,
    edges,
    moments,
    spans,
    zones,
)
from circlekit.testing.telling import tell_verdict, told, told_moment
from circlekit.text import checked_name, checked_text
from circlekit.verdict import Reason, Verdict

_T = TypeVar("_T")
_Question = tuple[Asked, timedelta]

_EXAMPLES: Final = 300
_STEPS: Final = 8
_HOUR: Final = timedelta(hours=1)
_HOURLY: Final = tuple(hours * _HOUR for hours in range(1, 49))
_MICROSECOND: Final = timedelta(microseconds=1)
_ROLES: Final[tuple[Role | None, ...]] = ("owner", "manager", "member", None)
_SOME_NAMES: Final = st.sampled_from(("mei", "tao", "读书会", "a/b/7", "x" * 200))
_KINDS: Final[tuple[CircleKind, ...]] = (
    "community",
    "internal",
    "teaching",
    "business",
)
# The far ends of the world, written so that they need no table of zones.
_FAR_AWAY: Final = ("EAST-14", "WEST+12")


def assert_policy(
    policy: HousePolicy, *, asked: SearchStrategy[Asked] | None = None
) -> None:
    """
    Hold a host's own policy to what every policy promises.

    It has a lasting name and rules on known acts. Its numbers can be recorded in a
    rule book, and it is found again by them. It goes by the question alone: not by
    the clock, chance, the machine's time zone or what it was asked before. It never
    raises. Where it refuses, it does so under its own name, in words that can be
    stored and shown. If it says when to try again, it refuses right until then and
    not at that moment. If it says that it is ``monotone``, then what it allows stays
    allowed as time alone goes on.

    The questions are some hundreds, the same ones whenever the same program asks.

    Args:
        policy: The policy, with its numbers.
        asked: Which questions to put to it, instead of :func:`questions` about the
            acts it rules on.

    Raises:
        AssertionError: If it breaks a promise: which, and the smallest question
            that shows it.
    """
    __tracebackhide__ = True
    broken = _caught(lambda: _check_as_recorded(policy))
    if broken is None:
        put = questions(policy.acts) if asked is None else asked
        broken = _smallest(policy, put)
    if broken is not None:
        raise AssertionError(broken.told(policy))


def questions(
    acts: Iterable[Act] = ACTS, *, zone: SearchStrategy[str] | None = None
) -> SearchStrategy[Asked]:
    """
    Return questions that a policy may be asked, likely and unlikely ones.

    People in every role and in none, who joined before the act or, by a clock that
    was set back, after it; circles that never sent a must-see or just did; moments
    around every change of clocks, at the ends of days, months and years, and at any
    other time.

    Args:
        acts: The acts to ask about.
        zone: The circles' zones; by default zones that differ in kind.
    """
    where = _zones() if zone is None else zone
    ago = st.one_of(st.integers(0, 48).map(lambda hours: hours * _HOUR), spans())
    return st.builds(
        _asked,
        act=st.sampled_from(sorted(acts)),
        by=st.one_of(_SOME_NAMES, _SOME_NAMES, acceptable_names()),
        role=st.sampled_from(_ROLES),
        member_for=st.one_of(st.none(), ago),
        must_see_ago=st.one_of(st.none(), ago),
        kind=st.sampled_from(_KINDS),
        there=where.flatmap(_moments_in),
    )


def _asked(
    *,
    act: Act,
    by: str,
    role: Role | None,
    member_for: timedelta | None,
    must_see_ago: timedelta | None,
    kind: CircleKind,
    there: tuple[str, datetime],
) -> Asked:
    zone, at = there
    return Asked(
        act=act,
        by=by,
        role=role,
        member_since=None if member_for is None else at - member_for,
        last_must_see_at=None if must_see_ago is None else at - must_see_ago,
        kind=kind,
        zone=zone,
        at=at,
    )


@lru_cache(maxsize=1)
def _zones() -> SearchStrategy[str]:
    # Oftener where clocks are changed: there is more to get wrong.
    return st.one_of(
        zones(), st.sampled_from([it for it in ZONES if clock_changes(it)])
    )


@lru_cache(maxsize=64)
def _moments_in(zone: str) -> SearchStrategy[tuple[str, datetime]]:
    hours = (LATEST - EARLIEST) // _HOUR
    found = [st.integers(0, hours).map(lambda hour: EARLIEST + hour * _HOUR)]
    if changes := clock_changes(zone):
        change = st.sampled_from(changes)
        after = st.sampled_from((timedelta(0), _HOUR / 4, _HOUR / 2))
        found.append(st.builds(lambda at, more: at + more, change, after))
        # The few hours around it, and the nights before and after.
        found += [
            st.builds(
                lambda at, hours, more: at + hours * _HOUR + more,
                change,
                st.integers(-most, most),
                after,
            )
            for most in (3, 36)
        ]
    return st.tuples(st.just(zone), st.one_of(*found, edges(zone), moments()))


# What is wrong, and how it is told


class _BrokenError(Exception):
    """
    A promise was broken.

    Attributes:
        promise: Which, so that the search for a smaller question stays with it.
    """

    def __init__(
        self,
        promise: str,
        sentence: str,
        asked: Asked | None = None,
        *answers: tuple[str, Verdict],
    ) -> None:
        super().__init__(sentence)
        self.promise = promise
        self.sentence = sentence
        self.asked = asked
        self.answers = answers

    def told(self, policy: object) -> str:
        """
        Return the sentence, the question and the answers.
        """
        whose = getattr(type(policy), "name", None)
        if not isinstance(whose, str) or isinstance(policy, type):
            whose = getattr(policy, "__name__", type(policy).__name__)
        lines = [f"{whose}: {self.sentence}"]
        if self.asked is not None:
            lines += _told_question(self.asked)
            for when, verdict in self.answers:
                lines += [when, _told_verdict(verdict, self.asked.zone)]
        return "\n".join(lines)


def _told_question(asked: Asked) -> list[str]:
    return [
        "asked",
        *(
            f"  {field.name:16}  {told(getattr(asked, field.name), asked.zone)}"
            for field in attrs.fields(Asked)
        ),
    ]


def _told_verdict(verdict: Verdict, zone: str) -> str:
    try:
        return tell_verdict(verdict, zone=zone)
    except (AttributeError, TypeError):  # it holds what no verdict may hold
        return f"  {verdict!r}"


def _caught(check: Callable[[], object]) -> _BrokenError | None:
    try:
        check()
    except _BrokenError as broken:
        return broken
    return None


def _smallest(policy: HousePolicy, asked: SearchStrategy[Asked]) -> _BrokenError | None:
    numbers = deepcopy(attrs.asdict(_attrs(policy)))
    first: _BrokenError | None = None

    def is_broken(put: _Question) -> bool:
        nonlocal first
        broken = _caught(lambda: _check(policy, numbers, *put))
        if broken is None:
            return False
        if first is None:
            first = broken
        return broken.promise == first.promise

    try:
        smallest = find(
            st.tuples(asked, spans().map(abs)),
            is_broken,
            settings=settings(
                max_examples=_EXAMPLES,
                derandomize=True,
                database=None,
                deadline=None,
                phases=(Phase.generate, Phase.shrink),
                verbosity=Verbosity.normal,
                print_blob=False,
            ),
        )
    except NoSuchExample:
        return None
    except Flaky:
        return _whimsical(first)
    return _caught(lambda: _check(policy, numbers, *smallest)) or _whimsical(first)


def _whimsical(first: _BrokenError | None) -> _BrokenError:
    # What it answered once, it did not answer when the same was tried again.
    if first is not None and first.promise in {"pure", "same"}:
        return first
    asked = None if first is None else first.asked
    return _BrokenError("same", _OTHERWISE, asked)


_OTHERWISE: Final = "asked the same again, it answers otherwise"


# Before it is asked anything


def _check_as_recorded(policy: HousePolicy) -> None:
    _check_class(policy)
    book = _recorded(policy)
    adopted = RuleBookAdopted(book=book, by=MemberId("mei"), at=EPOCH)
    stored = _stored(adopted, "its numbers cannot be stored")
    try:
        again = found_again(stored.book.house[0], known_policies([type(policy)]))
    except Exception as error:
        problem = error.__cause__ or error
        raise _BrokenError(
            "recorded", f"it cannot be made again from its numbers: {problem}"
        ) from error
    if again != policy:
        raise _BrokenError(
            "recorded",
            f"made again from its numbers it is another: {again!r}, not {policy!r}",
        )


def _check_class(policy: HousePolicy) -> None:
    if isinstance(policy, type):
        raise _BrokenError(
            "named", f"this is a class; give a policy, as in {policy.__name__}()"
        )
    name = getattr(type(policy), "name", None)
    if not isinstance(name, str):
        raise _BrokenError("named", "its class has no `name: ClassVar[str]`")
    try:
        checked_name("name", name)
    except InvalidInputError as error:
        raise _BrokenError("named", str(error)) from error
    if name in RULE_NAMES:
        raise _BrokenError("named", "this is the name of a rule of circlekit's")
    acts = getattr(policy, "acts", None)
    if not isinstance(acts, frozenset) or not acts or not acts <= ACTS:
        accepted = ", ".join(sorted(ACTS))
        shown = sorted(acts) if isinstance(acts, frozenset) else acts
        raise _BrokenError(
            "named", f"it rules on {shown!r}; accepted: a frozenset of {accepted}"
        )
    if not isinstance(monotone := _monotone(policy), bool):
        raise _BrokenError(
            "named", f"its monotone is {monotone!r}; accepted: True or False"
        )


def _recorded(policy: HousePolicy) -> RuleBook:
    if not attrs.has(type(policy)):
        raise _BrokenError(
            "recorded", "it is no attrs class, so that its numbers cannot be recorded"
        )
    try:
        return RuleBook(name="conformance", house=(_attrs(policy),))
    except InvalidInputError as error:
        raise _BrokenError(
            "recorded",
            f"its {error.problem}, which a rule book cannot record; "
            f"accepted: {error.accepted}",
        ) from error


def _attrs(policy: HousePolicy) -> Any:
    # To mypy a policy is not known to be an attrs class.
    return policy


def _monotone(policy: HousePolicy) -> object:
    return getattr(type(policy), "monotone", False)


def _stored(event: _T, problem: str, asked: Asked | None = None) -> _T:
    # Brings the databases with it, for which nobody else here has to wait.
    from circlekit.store.mapper import decode, encode  # noqa: PLC0415

    try:
        stored: _T = decode("conformance", 1, NAME_OF[type(event)], encode(event))
    except (CorruptEventError, OverflowError, TypeError, ValueError) as error:
        words = error.problem if isinstance(error, CorruptEventError) else str(error)
        raise _BrokenError("stored", f"{problem}: {words}", asked) from error
    return stored


# One question, and what follows from its answer


def _check(
    policy: HousePolicy,
    numbers: dict[str, Any],
    asked: Asked,
    later: timedelta,
) -> None:
    verdict = _judged(policy, asked)
    _check_pure(policy, numbers, asked, verdict)
    for reason in verdict.reasons:
        _check_reason(policy, asked, verdict, reason)
    for reason in verdict.reasons:
        if reason.retry_at is not None:
            _check_retry(policy, asked, verdict, reason.retry_at)
    if verdict.allowed and _monotone(policy):
        for span in (*_HOURLY, later):
            _check_monotone(policy, asked, verdict, asked.at + span)


def _judged(policy: HousePolicy, asked: Asked) -> Verdict:
    try:
        verdict: object = policy.judge(asked)
    except Exception as error:
        kind = type(error).__name__
        raise _BrokenError(f"total {kind}", f"it raises {kind}: {error}", asked) from (
            error
        )
    if not isinstance(verdict, Verdict):
        raise _BrokenError(
            "total", f"it answers {verdict!r}, which is no Verdict", asked
        )
    if not all(isinstance(reason, Reason) for reason in verdict.reasons):
        raise _BrokenError("total", f"{verdict.reasons!r} are no Reasons", asked)
    return verdict


def _check_pure(
    policy: HousePolicy,
    numbers: dict[str, Any],
    asked: Asked,
    verdict: Verdict,
) -> None:
    answered = ("it answers", verdict)
    with _watched() as seen:
        again = _judged(policy, asked)
    if seen:
        raise _BrokenError("pure", min(seen), asked, answered)
    elsewhere = []
    for zone in _FAR_AWAY:
        with _machine_in(zone):
            elsewhere.append(_judged(policy, asked))
    for other in _others(asked):
        _judged(policy, other)
    for answer in (again, _judged(policy, asked)):
        if answer != verdict:
            raise _BrokenError("same", _OTHERWISE, asked, answered, ("and", answer))
    for answer in elsewhere:
        if answer != verdict:
            raise _BrokenError(
                "zone",
                "it goes by the time zone of the machine it runs on",
                asked,
                answered,
                ("and elsewhere", answer),
            )
    if attrs.asdict(_attrs(policy)) != numbers:
        raise _BrokenError("unchanged", "judging changes it", asked, answered)


def _others(asked: Asked) -> Iterator[Asked]:
    # Somebody else in another place, half a day on: to be forgotten at once.
    yield attrs.evolve(
        asked,
        by="somebody else",
        role=_ROLES[_ROLES.index(asked.role) - 1],
        member_since=asked.last_must_see_at,
        last_must_see_at=asked.member_since,
        zone="Pacific/Apia",
        at=asked.at + 13 * _HOUR,
    )
    yield attrs.evolve(asked, at=asked.at - 13 * _HOUR)


def _check_reason(
    policy: HousePolicy, asked: Asked, verdict: Verdict, reason: Reason
) -> None:
    answered = ("it answers", verdict)
    if reason.rule != policy.name:
        sentence = f"it refuses as {reason.rule!r}, which is not its name"
        raise _BrokenError("named", sentence, asked, answered)
    try:
        checked_text("because", reason.because)
    except InvalidInputError as error:
        raise _BrokenError("says why", f"it does not say why: {error}", asked) from (
            error
        )
    for field in ("retry_at", "window_start", "window_end"):
        problem = _no_moment(getattr(reason, field))
        if problem is not None:
            sentence = f"its {field} {problem}; accepted: a moment in UTC"
            raise _BrokenError(field, sentence, asked)
    refusal = CommandRefused(
        command=asked.act, reasons=(reason,), by=asked.by, at=asked.at
    )
    if _stored(refusal, "its refusal cannot be stored", asked) != refusal:
        sentence = "its refusal comes back from the store as another"
        raise _BrokenError("stored", sentence, asked, answered)


def _no_moment(moment: object) -> str | None:
    match moment:
        case None:
            return None
        case datetime() if moment.utcoffset() is None:
            return "has no zone"
        case datetime() if moment.utcoffset():
            return f"is in {moment.tzname()}"
        case datetime():
            return None
        case _:
            return f"is {moment!r}"


def _check_retry(
    policy: HousePolicy, asked: Asked, verdict: Verdict, retry_at: datetime
) -> None:
    def at(moment: datetime) -> tuple[str, Verdict]:
        when = f"at {told_moment(moment, asked.zone)} it answers"
        return when, _judged(policy, attrs.evolve(asked, at=moment))

    def broken(sentence: str, *answers: tuple[str, Verdict]) -> _BrokenError:
        return _BrokenError(
            sentence, sentence, asked, ("it answers", verdict), *answers
        )

    if retry_at <= asked.at:
        raise broken("its retry_at is not after the moment it was asked about")
    then = at(retry_at)
    if not then[1].allowed:
        raise broken("asked again at its retry_at, it still refuses", then)
    just_before = at(retry_at - _MICROSECOND)
    if just_before[1].allowed:
        raise broken(
            "asked again a microsecond before its retry_at, it allows already",
            just_before,
        )
    step = (retry_at - asked.at) // _STEPS
    for steps in range(1, _STEPS):
        between = at(asked.at + steps * step)
        if between[1].allowed:
            raise broken("it allows long before its retry_at", between)


def _check_monotone(
    policy: HousePolicy, asked: Asked, verdict: Verdict, later: datetime
) -> None:
    then = _judged(policy, attrs.evolve(asked, at=later))
    if not then.allowed:
        raise _BrokenError(
            "monotone",
            "it says that it is monotone, but refuses later what it allowed",
            asked,
            ("it answers", verdict),
            (f"at {told_moment(later, asked.zone)} it answers", then),
        )


# What a policy must not look at


@contextmanager
def _watched() -> Iterator[set[str]]:
    # An answer that depends on the clock may be the same twice in a row, so what a
    # policy calls is looked at, not only what comes of it.
    seen: set[str] = set()

    # Nobody measures which lines of the watch are run: it is not watched itself.
    def watch(  # pragma: no cover
        _frame: object, event: str, called: Any
    ) -> None:
        if event == "c_call" and (found := _looks_at(called)):
            seen.add(found)

    # Whoever wants to be told when garbage is collected may well look at the clock.
    collects = gc.isenabled()
    gc.disable()
    before = sys.getprofile()
    sys.setprofile(watch)
    try:
        yield seen
    finally:
        sys.setprofile(before)
        if collects:
            gc.enable()


_CLOCKS: Final = frozenset(
    f"{clock}{unit}"
    for clock in ("time", "monotonic", "perf_counter", "process_time", "clock_gettime")
    for unit in ("", "_ns")
)
_CHANCE: Final = getattr(random.random, "__self__", None)


def _looks_at(called: Any) -> str | None:  # pragma: no cover - as above
    name, of = called.__name__, getattr(called, "__self__", None)
    if isinstance(of, type):
        if issubclass(of, date) and name in {"now", "today", "utcnow"}:
            return f"it reads the clock: {of.__name__}.{name}"
    elif isinstance(of, ModuleType):
        if of is time and name in _CLOCKS:
            return f"it reads the clock: time.{name}"
        if name == "urandom":
            return "it asks chance: os.urandom"
    elif of is _CHANCE:
        return f"it asks chance: random.{name}"
    return None


@contextmanager
def _machine_in(zone: str) -> Iterator[None]:
    if sys.platform == "win32":  # pragma: no cover - a process cannot be told there
        yield
        return
    before = os.environ.get("TZ")
    os.environ["TZ"] = zone
    time.tzset()
    try:
        yield
    finally:
        if before is None:
            del os.environ["TZ"]
        else:
            os.environ["TZ"] = before
        time.tzset()
