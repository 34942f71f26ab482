"""
Telling what happened to people: a line for each event, and for each no.

Used where a test fails, so that it reads like the history of a community and
not like a wall of constructors.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Final

import attrs

from circlekit.budget import Budget
from circlekit.clock import zone_named
from circlekit.errors import InvalidInputError
from circlekit.events.names import NAME_OF
from circlekit.events.record import Event
from circlekit.rulebook import RuleBook
from circlekit.text import visible
from circlekit.verdict import Reason, Verdict

_LONGEST: Final = 40


def tell_history(history: Iterable[Event], *, zone: str = "UTC", first: int = 1) -> str:
    """
    Return a line for each event: its place, its moment in *zone*, what it was.

    >>> from datetime import UTC
    >>> from circlekit.events.circle import MemberLeft
    >>> noon = datetime(2020, 3, 1, 12, tzinfo=UTC)
    >>> print(tell_history([MemberLeft(member="tao", at=noon)], zone="Asia/Shanghai"))
      1  2020-03-01 20:00:00+08:00  MemberLeft  member=tao
    """
    rows = [
        (str(place), told_moment(event.at, zone), name_of(event), _fields(event, zone))
        for place, event in enumerate(history, start=first)
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)][:3]
    return "\n".join(
        f"  {place:>{widths[0]}}  {moment:<{widths[1]}}  {name:<{widths[2]}}  {said}"
        for place, moment, name, said in rows
    )


def tell_verdict(verdict: Verdict, *, zone: str = "UTC") -> str:
    """
    Return a line for each rule in the way, with its numbers below it.
    """
    if verdict.allowed:
        return "  allowed"
    return "\n".join(
        line for reason in verdict.reasons for line in _reason(reason, zone)
    )


def told_moment(moment: datetime, zone: str) -> str:
    """
    Return a moment as the clocks of *zone* showed it, with their offset.
    """
    try:
        return moment.astimezone(zone_named(zone)).isoformat(" ")
    except InvalidInputError:
        return moment.isoformat(" ")


def differences(expected: object, actual: object, *, zone: str = "UTC") -> list[str]:
    """
    Return a line for each field in which two events or reasons differ.
    """
    kind: Any = type(expected)
    if kind is not type(actual) or not attrs.has(kind):
        return []
    return [
        f"  {name_of(expected)}.{field.name}: expected "
        f"{told(getattr(expected, field.name), zone)}, "
        f"actual {told(getattr(actual, field.name), zone)}"
        for field in attrs.fields(kind)
        if getattr(expected, field.name) != getattr(actual, field.name)
    ]


def name_of(event: object) -> str:
    """
    Return an event's lasting name; for anything else, its class's name.
    """
    return NAME_OF.get(type(event), type(event).__name__)


def told(value: object, zone: str) -> str:
    """
    Return a value in few words.
    """
    match value:
        case datetime():
            words = told_moment(value, zone)
        case str():
            words = _quoted(value)
        case RuleBook():
            must_see = ", ".join(map(_budget, value.must_see)) or "no must-see budget"
            words = f"{_quoted(value.name)} ({must_see})"
        case Budget():
            words = _budget(value)
        case Reason():
            words = value.rule
        case tuple():
            words = f"[{', '.join(told(item, zone) for item in value)}]"
        case _:
            words = str(value)
    return words


def _fields(event: Event, zone: str) -> str:
    return " ".join(
        f"{field.name}={told(value, zone)}"
        for field, value in _values(event)
        if field.name != "at" and value != field.default
    )


def _values(event: Event) -> Iterator[tuple["attrs.Attribute[Any]", object]]:
    kind: Any = type(event)
    for field in attrs.fields(kind):
        yield field, getattr(event, field.name)


def _reason(reason: Reason, zone: str) -> Iterator[str]:
    yield f"  {reason.rule}: {visible(reason.because)}"
    if reason.limit is not None:
        window = ""
        if reason.window_start is not None and reason.window_end is not None:
            starts = told_moment(reason.window_start, zone)
            window = f" from {starts} to {told_moment(reason.window_end, zone)}"
        yield f"    {reason.used} of {reason.limit} used{window}"
    if reason.used_by:
        yield f"    by the events at {', '.join(map(str, reason.used_by))}"
    if reason.retry_at is not None:
        yield f"    no longer at {told_moment(reason.retry_at, zone)}"


def _budget(budget: Budget) -> str:
    each = " for each day" if budget.per_day else ""
    return f"{budget.rule} {budget.limit}{each} per {budget.window}"


def _quoted(text: str) -> str:
    # One event is one line, so line ends are spelled out here as well.
    shown = visible(text).replace("\n", "\\n").replace("\t", "\\t")
    if len(shown) > _LONGEST:
        shown = f"{shown[:_LONGEST]}…"
    plain = shown and not any(sign.isspace() or sign in "\"'=[]," for sign in shown)
    return shown if plain else f"'{shown}'"
