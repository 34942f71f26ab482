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
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import ClassVar, Final

from attrs import Factory, define, evolve, field, frozen

from circlekit.budget import (
    CALENDAR_MONTH,
    Budget,
    Spend,
    earliest_that_counts,
    window_bounds,
)
from circlekit.clock import zone_named
from circlekit.errors import InvalidInputError
from circlekit.events.circle import (
    CircleFounded,
    CircleKind,
    ManagerAppointed,
    ManagerDismissed,
    MemberJoined,
    MemberLeft,
    MemberRemoved,
    MustSeeSent,
    OwnerChanged,
    OwnerSucceeded,
)
from circlekit.events.record import Recorded, is_about
from circlekit.events.refusal import CommandRefused
from circlekit.events.rules import RuleBookAdopted
from circlekit.events.schedule import (
    MustSeeScheduled,
    ScheduledCancelled,
    ScheduledDropped,
    ScheduledMoved,
    ScheduledReleased,
)
from circlekit.ids import CircleId, MemberId
from circlekit.policies.authority import Role
from circlekit.policies.budgets import within_budgets
from circlekit.policies.house import Asked, Policies, house_allows
from circlekit.policies.schedule import Planned, room_for_release
from circlekit.rulebook import HouseRule, RuleBook
from circlekit.verdict import Reason, observers

ATTEMPTS: Final = frozenset(
    {"send_must_see", "promote_to_must_see", "schedule_must_see"}
)
AUDITED: Final = (
    CircleFounded,
    RuleBookAdopted,
    MustSeeSent,
    CommandRefused,
    MustSeeScheduled,
    ScheduledMoved,
    ScheduledCancelled,
    ScheduledReleased,
    ScheduledDropped,
)
# Who was what since when: needed only where a house has rules of its own.
PEOPLE: Final = (
    MemberJoined,
    MemberLeft,
    MemberRemoved,
    ManagerAppointed,
    ManagerDismissed,
    OwnerChanged,
    OwnerSucceeded,
)
_LONGEST_GAP: Final = timedelta(days=100_000)
_DAY_AND_HOUR: Final = timedelta(hours=25)
_MOST_SENT: Final = 64


def _names(names: Iterable[str]) -> tuple[str, ...]:
    """
    Return names as the values that they are kept as.
    """
    return tuple(names)


@frozen(kw_only=True)
class WhatIf:
    """
    Other numbers, or another zone, to decide the same attempts by.

    Attributes:
        per_month: Most in a calendar month, None to leave it as it was.

        gap: Least time between two, None to leave it as it was; zero for none;
            at most 100,000 days.

        zone: IANA zone to count months in, None to leave it as it was.

        without: Names of rules to leave out, budgets or the house's own.

        rules: Another rule book in place of whatever was in force.
    """

    per_month: int | None = None
    gap: timedelta | None = None
    zone: str | None = None
    without: tuple[str, ...] = field(default=(), converter=_names)
    rules: RuleBook | None = None

    def __attrs_post_init__(self) -> None:
        """
        Refuse numbers that no rule could go by, and a zone that does not exist.

        Raises:
            InvalidInputError: If one of them is.
        """
        if self.per_month is not None and self.per_month < 0:
            raise InvalidInputError("per_month", f"is {self.per_month}", "0 or more")
        if self.gap is not None and (
            self.gap.microseconds or not timedelta(0) <= self.gap <= _LONGEST_GAP
        ):
            accepted = f"whole seconds, up to {_LONGEST_GAP.days} days"
            raise InvalidInputError("gap", f"is {self.gap}", accepted)
        if self.zone is not None:
            zone_named(self.zone)

    def budgets(self, book: RuleBook) -> tuple[Budget, ...]:
        """
        Return a rule book's must-see budgets with the numbers put in.
        """
        budgets = []
        for budget in (self.rules or book).must_see:
            if budget.rule in self.without:
                continue
            match budget.window.kind:
                case "calendar-month" if self.per_month is not None:
                    budgets.append(evolve(budget, limit=self.per_month, per_day=False))
                case "rolling" if self.gap is not None and budget.limit == 1:
                    if self.gap:
                        seconds = int(self.gap.total_seconds())
                        window = evolve(budget.window, seconds=seconds)
                        budgets.append(evolve(budget, window=window))
                case _:
                    budgets.append(budget)
        return tuple(budgets)

    def house(self, book: RuleBook) -> tuple[HouseRule, ...]:
        """
        Return a rule book's own rules without those to leave out.
        """
        rules = (self.rules or book).house
        return tuple(rule for rule in rules if rule.name not in self.without)


@frozen(kw_only=True)
class Violation:
    """
    A must-see that the rule of its day did not allow, and no override excused.
    """

    circle: CircleId
    version: int
    at: datetime
    rule: str
    used: int | None
    limit: int | None


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

        not_judged: The house's own rules whose policy was not given, so that
            nothing could be said of them.
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
    not_judged: set[str] = Factory(set)


@define
class RulesEver:
    """
    What was ever in force, by circle: all that an audit has to look out for.

    Attributes:
        budgets: Every must-see budget; the longest says what has to be remembered.

        has_house: Whether any circle had rules of the house.
    """

    budgets: dict[str, list[Budget]] = Factory(dict)
    has_house: bool = False

    @property
    def kinds(self) -> tuple[type, ...]:
        """
        Return the kinds of events that an audit has to read.
        """
        return (*AUDITED, *PEOPLE) if self.has_house else AUDITED


def rules_ever(adopted: Iterable[Recorded], what_if: WhatIf | None = None) -> RulesEver:
    """
    Look through every ``RuleBookAdopted`` of a history.
    """
    asked = what_if or WhatIf()
    ever = RulesEver()
    for recorded in adopted:
        if is_about(recorded.stream, "circle"):
            book = recorded.event.book
            known = ever.budgets.setdefault(recorded.subject, [])
            known += (it for it in asked.budgets(book) if it not in known)
            ever.has_house |= bool(book.house or asked.house(book))
    return ever


def audit_must_sees(
    history: Iterable[Recorded],
    *,
    ever: RulesEver,
    policies: Policies,
    what_if: WhatIf | None = None,
) -> MustSeeAudit:
    """
    Audit a history, given in commit order; events of no interest are passed over.

    Args:
        history: Every event of the kinds that *ever* asks for.
        ever: What :func:`rules_ever` says of the same history.
        policies: The host's own policies; a rule whose policy is not among them
            is not judged, and the audit says so.
        what_if: Other numbers to decide the same attempts by.
    """
    audit = MustSeeAudit(what_if=what_if)
    ledgers: dict[str, _Ledger] = {}
    months_of: dict[str, _Month] = {}
    # A circle is known by the names of two streams: its own, and that of its refusals.
    of_stream: dict[str, _Ledger] = {}
    for recorded in history:
        _, stream, version, event = recorded
        ledger = of_stream.get(stream)
        if ledger is None:
            if not is_about(stream, "circle"):
                continue
            circle = recorded.subject
            if circle not in ledgers:
                known = ever.budgets.get(circle, ())
                asked = what_if or WhatIf()
                ledgers[circle] = _Ledger(
                    CircleId(circle), asked, known, policies, months_of
                )
            ledger = of_stream[stream] = ledgers[circle]
        if type(event) is MustSeeSent and ledger.count_with_room(event, version):
            continue
        ledger.take(recorded, audit)
    for ledger in ledgers.values():
        audit.circles += ledger.months.values()
    audit.circles.sort(key=lambda row: (row.circle, row.month))
    audit.sent = sum(row.sent for row in audit.circles)
    audit.refused = sum(row.refused for row in audit.circles)
    audit.attempts = audit.sent + audit.refused
    return audit


@frozen
class _Month:
    """
    A month of a zone: its name, when it starts, and what is surely within it.

    That begins and ends so far from its ends that no clock that is put forward or back
    could make it another month.
    """

    name: str
    starts: datetime
    begins: datetime
    ends: datetime

    @classmethod
    def of(cls, zone: str, at: datetime) -> "_Month":
        """
        Return the month that holds *at*.
        """
        name = f"{at.astimezone(zone_named(zone)):%Y-%m}"
        starts, ends = window_bounds(CALENDAR_MONTH, zone=zone, at=at)
        # No clock was ever moved by more than a day.
        begins, ends = starts + _DAY_AND_HOUR, ends - _DAY_AND_HOUR
        if begins <= at < ends:
            return cls(name, starts, begins, ends)
        return cls(name, starts, at, at)


_NEVER: Final = _Month("", *3 * [datetime.max.replace(tzinfo=UTC)])


@define
class _Ledger:
    """
    What the audit must remember of one circle.

    Most must-sees were sent with room to spare, in the midst of a month and with
    nothing scheduled: that is seen in a few steps. All else is counted as it was when
    it was decided.
    """

    circle: CircleId
    what_if: WhatIf
    ever: Sequence[Budget]
    policies: Policies
    months_of: dict[str, _Month]
    zone: str = "UTC"
    kind: CircleKind = "community"
    budgets: tuple[Budget, ...] = ()
    house: tuple[HouseRule, ...] = ()
    asked_again: frozenset[str] = frozenset()
    roles: dict[str, Role] = Factory(dict)
    joined_at: dict[str, datetime] = Factory(dict)
    sent_at: deque[datetime] = Factory(deque)
    sent_as: deque[int] = Factory(deque)
    most_sent: int = _MOST_SENT
    waiting: dict[int, Planned] = Factory(dict)
    released: dict[int, Planned] = Factory(dict)
    turned_away: set[int] = Factory(set)
    not_sent: set[int] = Factory(set)
    months: dict[str, CircleMonth] = Factory(dict)
    is_plain: bool = False
    rolling: tuple[tuple[int, timedelta], ...] = ()
    monthly: tuple[int, ...] = ()
    of_month: Budget | None = None
    month: CircleMonth | None = None
    calm: _Month = _NEVER

    def take(  # noqa: C901 - one case for each event
        self, recorded: Recorded, audit: MustSeeAudit
    ) -> None:
        event = recorded.event
        match event:
            case MustSeeSent():
                self._sent(recorded, event, audit)
            case (
                MustSeeScheduled()
                | ScheduledMoved()
                | ScheduledCancelled()
                | ScheduledReleased()
                | ScheduledDropped()
            ):
                self._scheduled(recorded.version, event, audit)
            case CommandRefused():
                if event.command in ATTEMPTS:
                    self._refused(recorded, event, audit)
            case RuleBookAdopted():
                self._adopt(event.book)
            case CircleFounded():
                self.zone = self.what_if.zone or event.zone
                self.kind = event.kind
                self._go_by()
                self._set_role(event.by, "owner", event.at)
            case MemberJoined():
                self._set_role(event.member, "member", event.at)
            case MemberLeft() | MemberRemoved():
                self.roles.pop(event.member, None)
                self.joined_at.pop(event.member, None)
            case ManagerAppointed():
                self.roles[event.member] = "manager"
            case ManagerDismissed():
                self.roles[event.member] = "member"
            case OwnerChanged() | OwnerSucceeded():
                self.roles = {
                    member: "member" if role == "owner" else role
                    for member, role in self.roles.items()
                }
                self.roles[event.owner] = "owner"

    def _set_role(self, member: str, role: Role, at: datetime) -> None:
        self.roles[member] = role
        self.joined_at[member] = at

    def _adopt(self, book: RuleBook) -> None:
        self.budgets = self.what_if.budgets(book)
        self.house = self.what_if.house(book)
        self._go_by()
        for place, planned in self.waiting.items():
            if self.budgets not in planned.promised:
                promised = (*planned.promised, self.budgets)
                self.waiting[place] = evolve(planned, promised=promised)
        # What a rule of that day refused, today's numbers may allow.
        self.asked_again = frozenset(
            (*(it.rule for it in book.must_see), *(it.name for it in book.house))
        )

    def _scheduled(self, place: int, event: object, audit: MustSeeAudit) -> None:
        match event:
            case MustSeeScheduled():
                self._reserve(place, event.release_at, event.by, audit)
            case ScheduledMoved():
                planned = self.waiting.pop(event.scheduled, None)
                if planned is not None:
                    self._reserve(event.scheduled, event.release_at, planned.by, audit)
            case ScheduledReleased():
                planned = self.waiting.pop(event.scheduled, None)
                if planned is not None:
                    self.released[event.post] = planned
                elif event.scheduled in self.turned_away:
                    self.turned_away.remove(event.scheduled)
                    self.not_sent.add(event.post)
            case ScheduledCancelled() | ScheduledDropped():
                self.waiting.pop(event.scheduled, None)
                self.turned_away.discard(event.scheduled)

    def _reserve(
        self, place: int, release_at: datetime, by: MemberId, audit: MustSeeAudit
    ) -> None:
        in_the_way = self._in_the_way(by, release_at, audit)
        if in_the_way and audit.what_if is not None:
            self._count_refused(release_at, {it.rule for it in in_the_way}, audit)
            self.turned_away.add(place)
            return
        audit.violations += [
            Violation(
                circle=self.circle,
                version=place,
                at=release_at,
                rule=reason.rule,
                used=reason.used,
                limit=reason.limit,
            )
            for reason in in_the_way
        ]
        self.waiting[place] = Planned(
            release_at=release_at, by=by, promised=(self.budgets,)
        )

    def _sent(
        self, recorded: Recorded, event: MustSeeSent, audit: MustSeeAudit
    ) -> None:
        if event.post in self.not_sent:
            self.not_sent.remove(event.post)
            return
        planned = self.released.pop(event.post, None)
        in_the_way = (
            self._in_the_way(event.by, event.at, audit)
            if planned is None
            else room_for_release(
                planned,
                self._spends(),
                self._reserved(),
                zone=self.zone,
                at=event.at,
            ).reasons
        )
        if event.override is not None:
            for place, waits in self.waiting.items():
                excused = (*waits.excused, recorded.version)
                self.waiting[place] = evolve(waits, excused=excused)
            audit.overrides.append(
                Override(
                    circle=self.circle,
                    version=recorded.version,
                    at=event.at,
                    by=event.by,
                    reason=event.override,
                )
            )
        elif in_the_way and audit.what_if is not None:
            self._count_refused(event.at, {it.rule for it in in_the_way}, audit)
            return
        else:
            audit.violations += [
                Violation(
                    circle=self.circle,
                    version=recorded.version,
                    at=event.at,
                    rule=reason.rule,
                    used=reason.used,
                    limit=reason.limit,
                )
                for reason in in_the_way
            ]
        self._count_sent(self._month(event.at), event.at, recorded.version)

    def _refused(
        self, recorded: Recorded, event: CommandRefused, audit: MustSeeAudit
    ) -> None:
        rules = {reason.rule for reason in event.reasons}
        # Who asked for an override did not ask whether there was room; and for which
        # moment somebody asked to schedule, a refusal does not say.
        asked_now = (
            event.command != "schedule_must_see" and "no-override-right" not in rules
        )
        if audit.what_if is not None and asked_now:
            rules -= self.asked_again
            asked = self._in_the_way(event.by, event.at, audit)
            rules |= {reason.rule for reason in asked}
            if not rules:
                self._count_sent(self._month(event.at), event.at, recorded.version)
                return
        self._count_refused(event.at, rules, audit)

    def _in_the_way(
        self, by: str, at: datetime, audit: MustSeeAudit
    ) -> tuple[Reason, ...]:
        spends = self._spends()
        if reserved := self._reserved():
            spends = sorted(spends + reserved, key=lambda spend: spend.at)
        budgets = within_budgets(self.budgets, spends, zone=self.zone, at=at)
        known = []
        for rule in self.house:
            if rule.name in self.policies:
                known.append(rule)
            else:
                audit.not_judged.add(rule.name)
        if not known:
            return budgets.reasons
        asked = Asked(
            act="must-see",
            by=by,
            role=self.roles.get(by),
            member_since=self.joined_at.get(by),
            last_must_see_at=max(
                (
                    *(spend.at for spend in reserved if spend.at <= at),
                    *((self.sent_at[-1],) if self.sent_at else ()),
                ),
                default=None,
            ),
            kind=self.kind,
            zone=self.zone,
            at=at,
        )
        return budgets.reasons + house_allows(known, self.policies, asked).reasons

    def _spends(self) -> list[Spend]:
        return [*map(Spend, self.sent_at, self.sent_as)]

    def _reserved(self) -> list[Spend]:
        return sorted(
            (
                Spend(planned.release_at, place, reserved=True)
                for place, planned in self.waiting.items()
            ),
            key=lambda spend: (spend.at, spend.version),
        )

    def count_with_room(self, event: MustSeeSent, version: int) -> bool:
        """
        Count a must-see that surely had room, or return False: then look closely.

        A budget has room if as many uses ago as it holds is outside of its window.
        Whoever counts them all comes to the same, in thirty times as many steps; and
        as most of what an audit sees is this, it is all in one place.
        """
        if (
            not self.is_plain
            or event.override is not None
            or self.waiting
            or self.released
            or self.not_sent
        ):
            return False
        at = event.at
        calm, month = self.calm, self.month
        if month is None or not calm.begins <= at < calm.ends:
            month = self._month(at)
            calm = self.calm
        sent = self.sent_at
        held = len(sent)
        for limit, span in self.rolling:
            if held >= limit and at - sent[-limit] < span:
                return False
        for limit in self.monthly:
            if held >= limit and sent[-limit] >= calm.starts:
                return False
        self._count_sent(month, at, version)
        return True

    def _count_sent(self, month: CircleMonth, at: datetime, version: int) -> None:
        sent = self.sent_at
        month.sent += 1
        if sent:
            gap = (at - sent[-1]).total_seconds()
            closest = month.closest_gap_seconds
            if closest is None or gap < closest:
                month.closest_gap_seconds = gap
        sent.append(at)
        self.sent_as.append(version)
        if len(sent) > self.most_sent:
            self._forget(at)

    def _forget(self, at: datetime) -> None:
        # A rule book of a later day may look back further than today's. To look now
        # and then is enough: what does not count any more is not counted.
        since = earliest_that_counts(self.ever, zone=self.zone, at=at)
        while self.sent_at and self.sent_at[0] < since:
            self.sent_at.popleft()
            self.sent_as.popleft()
        self.most_sent = max(_MOST_SENT, 2 * len(self.sent_at))

    def _count_refused(
        self, at: datetime, rules: set[str], audit: MustSeeAudit
    ) -> None:
        audit.refused_by["+".join(sorted(rules))] += 1
        self._month(at).refused += 1

    def _month(self, at: datetime) -> CircleMonth:
        if self.month is not None and self.calm.begins <= at < self.calm.ends:
            return self.month
        # The other circles of the zone have come to that month too.
        calm = self.months_of.get(self.zone)
        if calm is None or not calm.begins <= at < calm.ends:
            calm = _Month.of(self.zone, at)
            if calm.begins < calm.ends:
                self.months_of[self.zone] = calm
        allowance = (
            None
            if self.of_month is None
            else self.of_month.limit_at(zone=self.zone, at=at)
        )
        month = self.months.get(calm.name)
        if month is None:
            month = self.months[calm.name] = CircleMonth(
                circle=self.circle, month=calm.name, zone=self.zone, allowance=allowance
            )
        month.allowance = allowance
        self.month, self.calm = month, calm
        return month

    def _go_by(self) -> None:
        # What follows from the budgets and the zone, worked out once.
        self.month, self.calm = None, _NEVER
        of_month = [it for it in self.budgets if it.window == CALENDAR_MONTH]
        self.of_month = of_month[0] if of_month else None
        self.monthly = tuple(it.limit for it in of_month)
        self.rolling = tuple(
            (it.limit, timedelta(seconds=it.window.seconds))
            for it in self.budgets
            if it.window.seconds is not None
        )
        self.is_plain = (
            len(self.monthly) + len(self.rolling) == len(self.budgets)
            and all(it.limit and not it.per_day for it in self.budgets)
            and not self.house
            and not observers  # who watches is told of every budget
        )
