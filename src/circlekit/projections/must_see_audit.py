"""
The must-see audit: every attempt, replayed against the rule of its day.

The audit reads the history alone, in commit order and in constant memory for
each circle. It proves again what was decided: nothing may have been sent beyond
the rule in force, unless by the right to override, and each such use is shown.

Asked "what if", it decides the same attempts again under other numbers or in
another zone. That is first-order only: with other answers people would have
acted differently, and the attempts would not have been the same.
"""

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import ClassVar, Final

from attrs import Factory, define, evolve, field, frozen
from attrs import validators as check

from circlekit.budget import (
    CALENDAR_MONTH,
    Budget,
    Spend,
    earliest_that_counts,
    usage,
)
from circlekit.clock import zone_named
from circlekit.events.circle import CircleFounded, MustSeeSent
from circlekit.events.record import Recorded, is_about
from circlekit.events.refusal import CommandRefused
from circlekit.events.rules import RuleBookAdopted
from circlekit.ids import CircleId
from circlekit.rulebook import RuleBook

ATTEMPTS: Final = frozenset({"send_must_see", "promote_to_must_see"})
AUDITED: Final = (CircleFounded, RuleBookAdopted, MustSeeSent, CommandRefused)


@frozen(kw_only=True)
class WhatIf:
    """
    Other numbers, or another zone, to decide the same attempts by.

    Attributes:
        per_month: Most in a calendar month, None to leave it as it was.

        gap: Least time between two, None to leave it as it was; zero for none.

        zone: IANA zone to count months in, None to leave it as it was.
    """

    per_month: int | None = field(default=None, validator=check.optional(check.ge(0)))
    gap: timedelta | None = field(
        default=None, validator=check.optional(check.ge(timedelta(0)))
    )
    zone: str | None = None

    def __attrs_post_init__(self) -> None:
        """
        Refuse a zone that does not exist.
        """
        if self.zone is not None:
            zone_named(self.zone)

    def budgets(self, book: RuleBook) -> tuple[Budget, ...]:
        """
        Return a rule book's must-see budgets with the numbers put in.
        """
        budgets = []
        for budget in book.must_see:
            match budget.window.kind:
                case "calendar-month" if self.per_month is not None:
                    budgets.append(evolve(budget, limit=self.per_month))
                case "rolling" if self.gap is not None and budget.limit == 1:
                    if self.gap:
                        seconds = int(self.gap.total_seconds())
                        window = evolve(budget.window, seconds=seconds)
                        budgets.append(evolve(budget, window=window))
                case _:
                    budgets.append(budget)
        return tuple(budgets)


@frozen(kw_only=True)
class Violation:
    """
    A must-see that the rule of its day did not allow, and no override excused.
    """

    circle: CircleId
    version: int
    at: datetime
    rule: str
    used: int
    limit: int


@frozen(kw_only=True)
class Override:
    """
    A use of the right to go beyond the quota.
    """

    circle: CircleId
    version: int
    at: datetime
    by: str
    reason: str


@define(kw_only=True)
class CircleMonth:
    """
    One circle in one month of its zone.

    Attributes:
        month: As in ``2020-03``.

        allowance: Most the month's rule allows, None if no rule counts months.

        left: What of it was not used, None likewise.

        closest_gap_seconds: Least time between a must-see sent in this month
            and the one before it, None if there was none before.
    """

    circle: CircleId
    month: str
    zone: str
    allowance: int | None
    sent: int = 0
    refused: int = 0
    closest_gap_seconds: float | None = None

    @property
    def left(self) -> int | None:
        """
        Return what of the allowance was not used, never below zero.
        """
        return None if self.allowance is None else max(0, self.allowance - self.sent)


@define(kw_only=True)
class MustSeeAudit:
    """
    What became of every attempt to send a must-see.

    Attributes:
        attempts: All of them, sent or refused.

        refused_by: How many each combination of rules refused, the names
            sorted and joined by ``+``.

        what_if: The other numbers the attempts were decided by, None if they
            were audited as they were.
    """

    FIRST_ORDER: ClassVar[str] = (
        "first-order only: under other numbers people would have acted differently"
    )

    what_if: WhatIf | None = None
    attempts: int = 0
    sent: int = 0
    refused: int = 0
    refused_by: Counter[str] = Factory(Counter)
    circles: list[CircleMonth] = Factory(list)
    violations: list[Violation] = Factory(list)
    overrides: list[Override] = Factory(list)


def budgets_ever(
    adopted: Iterable[Recorded], what_if: WhatIf | None = None
) -> Mapping[str, Sequence[Budget]]:
    """
    Return, by circle, every must-see budget that was ever in force there.

    What the longest of them can still see is all that an audit has to remember.
    """
    budgets: dict[str, list[Budget]] = {}
    for recorded in adopted:
        if is_about(recorded.stream, "circle"):
            known = budgets.setdefault(recorded.subject, [])
            book = recorded.event.book
            asked = (what_if or WhatIf()).budgets(book)
            known += (budget for budget in asked if budget not in known)
    return budgets


def audit_must_sees(
    history: Iterable[Recorded],
    *,
    budgets: Mapping[str, Sequence[Budget]],
    what_if: WhatIf | None = None,
) -> MustSeeAudit:
    """
    Audit a history, given in commit order; events of no interest are passed over.

    Args:
        history: Every event of the kinds ``AUDITED``.
        budgets: What :func:`budgets_ever` says of the same history.
        what_if: Other numbers to decide the same attempts by.
    """
    audit = MustSeeAudit(what_if=what_if)
    ledgers: dict[str, _Ledger] = {}
    for recorded in history:
        if not is_about(recorded.stream, "circle"):
            continue
        ledger = ledgers.setdefault(
            recorded.subject,
            _Ledger(
                CircleId(recorded.subject),
                what_if or WhatIf(),
                budgets.get(recorded.subject, ()),
            ),
        )
        ledger.take(recorded, audit)
    for ledger in ledgers.values():
        audit.circles += ledger.months.values()
    audit.circles.sort(key=lambda row: (row.circle, row.month))
    return audit


@define
class _Ledger:
    """
    What the audit must remember of one circle.
    """

    circle: CircleId
    what_if: WhatIf
    ever: Sequence[Budget]
    zone: str = "UTC"
    budgets: tuple[Budget, ...] = ()
    spends: deque[Spend] = Factory(deque)
    last_sent: datetime | None = None
    months: dict[str, CircleMonth] = Factory(dict)

    def take(self, recorded: Recorded, audit: MustSeeAudit) -> None:
        event = recorded.event
        match event:
            case CircleFounded():
                self.zone = self.what_if.zone or event.zone
            case RuleBookAdopted():
                self.budgets = self.what_if.budgets(event.book)
            case MustSeeSent():
                self._sent(recorded, event, audit)
            case CommandRefused() if event.command in ATTEMPTS:
                self._refused(recorded, event, audit)

    def _sent(
        self, recorded: Recorded, event: MustSeeSent, audit: MustSeeAudit
    ) -> None:
        over = list(self._over(event.at))
        if event.override is not None:
            audit.overrides.append(
                Override(
                    circle=self.circle,
                    version=recorded.version,
                    at=event.at,
                    by=event.by,
                    reason=event.override,
                )
            )
        elif over and audit.what_if is not None:
            self._count_refused(event.at, {rule for rule, _, _ in over}, audit)
            return
        else:
            audit.violations += [
                Violation(
                    circle=self.circle,
                    version=recorded.version,
                    at=event.at,
                    rule=rule,
                    used=used,
                    limit=limit,
                )
                for rule, used, limit in over
            ]
        self._count_sent(Spend(event.at, recorded.version), audit)

    def _refused(
        self, recorded: Recorded, event: CommandRefused, audit: MustSeeAudit
    ) -> None:
        rules = {reason.rule for reason in event.reasons}
        if audit.what_if is not None:
            # Reasons that count something are the quota's; they are asked again.
            rules = {r.rule for r in event.reasons if r.window_start is None}
            rules |= {rule for rule, _, _ in self._over(event.at)}
            if not rules:
                self._count_sent(Spend(event.at, recorded.version), audit)
                return
        self._count_refused(event.at, rules, audit)

    def _over(self, at: datetime) -> Iterator[tuple[str, int, int]]:
        for budget in self.budgets:
            used = usage(budget, self.spends, zone=self.zone, at=at)
            if not used.left:
                yield budget.rule, used.used, budget.limit

    def _count_sent(self, spend: Spend, audit: MustSeeAudit) -> None:
        audit.attempts += 1
        audit.sent += 1
        month = self._month(spend.at)
        month.sent += 1
        if self.last_sent is not None:
            gap = (spend.at - self.last_sent).total_seconds()
            closest = month.closest_gap_seconds
            month.closest_gap_seconds = gap if closest is None else min(closest, gap)
        self.last_sent = spend.at
        # A rule book of a later day may look back further than today's.
        since = earliest_that_counts(self.ever, zone=self.zone, at=spend.at)
        while self.spends and self.spends[0].at < since:
            self.spends.popleft()
        self.spends.append(spend)

    def _count_refused(
        self, at: datetime, rules: set[str], audit: MustSeeAudit
    ) -> None:
        audit.attempts += 1
        audit.refused += 1
        audit.refused_by["+".join(sorted(rules))] += 1
        self._month(at).refused += 1

    def _month(self, at: datetime) -> CircleMonth:
        name = f"{at.astimezone(zone_named(self.zone)):%Y-%m}"
        allowance = next(
            (it.limit for it in self.budgets if it.window == CALENDAR_MONTH), None
        )
        month = self.months.get(name)
        if month is None:
            month = self.months[name] = CircleMonth(
                circle=self.circle, month=name, zone=self.zone, allowance=allowance
            )
        month.allowance = allowance
        return month
