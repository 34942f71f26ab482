"""
How a rule answers: allowed, or refused with everything that stands in the way.
"""

from datetime import datetime
from typing import Final, Protocol

from attrs import frozen

from circlekit.clock import Moment
from circlekit.errors import CirclekitError


@frozen(kw_only=True)
class Reason:
    """
    One rule that says no.

    Attributes:
        rule: The rule's lasting name, safe to match on.

        because: The reason, in words for people.

        used: How much of the rule's limit is used, where it has one.

        limit: The limit itself.

        window_start: Start of the window counted, UTC.

        window_end: End of that window, UTC, exclusive.

        used_by: Places, in the history that decided, of the events that used
            the limit up or put the rule in force.

        retry_at: The next moment at which this rule no longer refuses, None
            if no moment alone will change its answer.
    """

    rule: str
    because: str
    used: int | None = None
    limit: int | None = None
    window_start: Moment | None = None
    window_end: Moment | None = None
    used_by: tuple[int, ...] = ()
    retry_at: Moment | None = None


@frozen
class Verdict:
    """
    The answer to "may this happen?", with every reason against it.
    """

    reasons: tuple[Reason, ...] = ()

    @property
    def allowed(self) -> bool:
        """
        Return whether nothing stands in the way.
        """
        return not self.reasons

    @property
    def rules(self) -> tuple[str, ...]:
        """
        Return the names of the rules in the way, sorted.
        """
        return tuple(sorted({reason.rule for reason in self.reasons}))

    @property
    def retry_at(self) -> datetime | None:
        """
        Return when every rule that refuses has let go.

        None if allowed, or if some rule cannot be waited out. Where must-sees are
        reserved further ahead, another rule may refuse by then.
        """
        moments = [reason.retry_at for reason in self.reasons]
        known = [moment for moment in moments if moment is not None]
        return max(known) if known and len(known) == len(moments) else None

    def __str__(self) -> str:
        """
        Return the whole answer in words.
        """
        return (
            "; ".join(f"{reason.rule}: {reason.because}" for reason in self.reasons)
            or "allowed"
        )


ALLOWED: Final = Verdict()


def refused(rule: str, because: str, used_by: tuple[int, ...] = ()) -> Verdict:
    """
    Return a verdict with one reason that counts nothing.
    """
    return Verdict((Reason(rule=rule, because=because, used_by=used_by),))


def all_of(*verdicts: Verdict) -> Verdict:
    """
    Return one verdict with the reasons of them all, in their order.
    """
    reasons = [reason for verdict in verdicts for reason in verdict.reasons]
    return Verdict(tuple(reasons)) if reasons else ALLOWED


class RefusedError(CirclekitError):
    """
    Rules refuse a command; nothing was changed.

    Attributes:
        verdict: All the rules in the way.
    """

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(str(verdict))
        self.verdict = verdict


class Observer(Protocol):
    """
    Somebody who watches rules being asked, as a report of a test run does.
    """

    def decided(self, verdicts: tuple[Verdict, ...]) -> None:
        """
        Take note of the verdicts that an act stands or falls by.
        """

    def judged(self, rule: str, verdict: Verdict) -> None:
        """
        Take note of what a budget, or a policy of the host's own, answered.
        """


observers: Final[list[Observer]] = []
"""
Who is told of every verdict in this process: nobody, until somebody is put in.
"""


def noted(rule: str, verdict: Verdict) -> Verdict:
    """
    Return the verdict of a rule whose name is data, once observers are told of it.
    """
    for observer in observers:
        observer.judged(rule, verdict)
    return verdict


def require(*verdicts: Verdict) -> None:
    """
    Do nothing if every verdict allows.

    Raises:
        RefusedError: With the reasons of every verdict that does not.
    """
    for observer in observers:
        observer.decided(verdicts)
    for verdict in verdicts:
        if verdict.reasons:
            raise RefusedError(all_of(*verdicts))
