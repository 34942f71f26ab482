"""
Given what has happened, when somebody asks, then this is the answer.

    given(Circle("book-club"), *history)
        .when(lambda circle: circle.send_must_see(text="Meet", by=MEI, at=NOON))
        .then_refused("must-see-spacing")

Whole events and whole verdicts are compared. What fails is told as a history.
"""

from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Any, Generic, TypeVar

import attrs
from attrs import frozen

from circlekit.aggregates.history import HasHistory, replay
from circlekit.events.record import Event
from circlekit.testing.telling import (
    differences,
    tell_history,
    tell_verdict,
    told,
)
from circlekit.verdict import ALLOWED, RefusedError, Verdict

_A = TypeVar("_A", bound=HasHistory)


@frozen(eq=False)
class Given(Generic[_A]):
    """
    A history, and whom it happened to.
    """

    _blank: _A
    _history: tuple[Event, ...]
    _zone: str | None

    def when(self, command: Callable[[_A], Sequence[Any]]) -> "Outcome[_A]":
        """
        Ask for something, once the history has been taken in.

        Raises:
            AssertionError: If the command changed what it was asked of.
        """
        __tracebackhide__ = True
        asked = replay(deepcopy(self._blank), self._history)
        before = deepcopy(asked)
        events: tuple[Any, ...] = ()
        verdict = ALLOWED
        try:
            events = tuple(command(asked))
        except RefusedError as refusal:
            verdict = refusal.verdict
        if asked != before:
            raise AssertionError(
                "a command answers with events and changes nothing, but this one "
                f"changed {', '.join(_changed(before, asked))}"
            )
        zone = self._zone or str(getattr(asked, "zone", "UTC"))
        return Outcome(self, events, verdict, zone)

    def _and_then(self, events: tuple[Event, ...]) -> "Given[_A]":
        return Given(self._blank, (*self._history, *events), self._zone)

    def _tell(self, zone: str) -> str:
        whose = f"{type(self._blank).__name__} {told(self._blank.id, zone)}"
        history = tell_history(self._history, zone=zone) or "  nothing"
        return f"{whose}, moments as in {zone}\n\ngiven\n{history}"


@frozen(eq=False)
class Outcome(Generic[_A]):
    """
    What came of asking: the events that would be recorded, or a refusal.
    """

    _given: Given[_A]
    _events: tuple[Any, ...]
    _verdict: Verdict
    _zone: str

    def then(self, *events: Event) -> Given[_A]:
        """
        Expect exactly these events; the story may go on from them.

        Raises:
            AssertionError: If it was refused, or the events are others.
        """
        __tracebackhide__ = True
        if not self._verdict.allowed or events != self._events:
            raise AssertionError(self._story(self._told(events), events=events))
        return self._given._and_then(events)  # noqa: SLF001 - two halves of one

    def then_refused(self, *rules: str) -> Given[_A]:
        """
        Expect a refusal that names exactly these rules, in any order.

        Raises:
            AssertionError: If it was allowed, or other rules are in the way.
        """
        __tracebackhide__ = True
        if not rules:
            raise TypeError(
                "name the rules that refuse, or use then() or then_verdict()"
            )
        if set(rules) != set(self._verdict.rules):
            names = ", ".join(sorted(rules))
            raise AssertionError(self._story(f"  refused by {names}"))
        return self._given

    def then_verdict(self, verdict: Verdict) -> Given[_A]:
        """
        Expect this whole verdict, with every number and moment in it.

        Raises:
            AssertionError: If the verdict is another.
        """
        __tracebackhide__ = True
        if verdict != self._verdict:
            expected = tell_verdict(verdict, zone=self._zone)
            raise AssertionError(self._story(expected, reasons=verdict.reasons))
        return self._given

    def _told(self, events: Sequence[Event]) -> str:
        first = len(self._given._history) + 1  # noqa: SLF001 - two halves of one
        return tell_history(events, zone=self._zone, first=first) or "  no event"

    def _story(
        self,
        expected: str,
        *,
        events: Sequence[object] = (),
        reasons: Sequence[object] = (),
    ) -> str:
        given_ = self._given._tell(self._zone)  # noqa: SLF001 - two halves of one
        if self._verdict.allowed:
            actual = f"  allowed\n{self._told(self._events)}"
        else:
            actual = tell_verdict(self._verdict, zone=self._zone)
        pairs = [
            *zip(events, self._events, strict=False),
            *zip(reasons, self._verdict.reasons, strict=False),
        ]
        differing = [
            line for pair in pairs for line in differences(*pair, zone=self._zone)
        ]
        tail = "\n\ndiffers in\n" + "\n".join(differing) if differing else ""
        return f"{given_}\n\nexpected\n{expected}\n\nactual\n{actual}{tail}"


def given(blank: _A, *history: Event, zone: str | None = None) -> Given[_A]:
    """
    Begin with whom it is about, before anything happened, and what then did.

    Args:
        blank: As in ``Circle("book-club")``.
        history: Events, oldest first; they are not judged.
        zone: In which to tell moments; by default the circle's or customer's.
    """
    return Given(blank, history, zone)


def _changed(before: HasHistory, after: HasHistory) -> list[str]:
    return [
        field.name
        for field in attrs.fields(type(before))
        if getattr(before, field.name) != getattr(after, field.name)
    ]
