"""
Quotas: how much is used and left, over which window, and when there is room again.
"""

from datetime import datetime
from typing import ClassVar, Final

from attrs import frozen
from sqlalchemy import Column, Index, Integer, MetaData, Table

from circlekit.budget import Budget, Spend, Usage, earliest_that_counts, usage
from circlekit.clock import from_micros, micros
from circlekit.events.circle import CircleFounded, MustSeeSent
from circlekit.events.customer import CustomerAdded, MomentShown
from circlekit.events.group import CircleLinked, CircleUnlinked
from circlekit.events.mass_send import MassSendDelivered, MassSendSource
from circlekit.events.record import Recorded, stream_of
from circlekit.events.rules import RuleBookAdopted
from circlekit.events.schedule import (
    MustSeeScheduled,
    ScheduledCancelled,
    ScheduledDropped,
    ScheduledMoved,
    ScheduledReleased,
)
from circlekit.ids import MemberId
from circlekit.projections.read_model import (
    TEXT,
    WHOLE_NUMBER,
    ReadModel,
    Rows,
    as_json,
    from_json,
)
from circlekit.rulebook import RuleBook

_TABLES: Final = MetaData()
Table(
    "circlekit_quota_holder",
    _TABLES,
    Column("stream", TEXT, primary_key=True),
    Column("zone", TEXT, nullable=False),
    Column("book", TEXT),
)
Table(
    "circlekit_quota_spend",
    _TABLES,
    Column("stream", TEXT, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("at", WHOLE_NUMBER, nullable=False),
    Column("source", TEXT, nullable=False),
    Index("circlekit_quota_spend_at", "stream", "at"),
)
Table(
    "circlekit_quota_mass_send",
    _TABLES,
    Column("stream", TEXT, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("at", WHOLE_NUMBER, nullable=False),
    Column("source", TEXT, nullable=False),
    Column("sender", TEXT, nullable=False),
    Index("circlekit_quota_mass_send_at", "stream", "at"),
)
# A group goes by the rule book and the zone of its circle.
Table(
    "circlekit_quota_group",
    _TABLES,
    Column("stream", TEXT, primary_key=True),
    Column("circle", TEXT, nullable=False),
)

_RESERVED: Final = "must-see reserved"


@frozen(kw_only=True)
class QuotaLine:
    """
    One budget at a moment.

    Attributes:
        rule: The rule's lasting name.

        source: What the budget is for: ``must-see``, moments by ``member`` or
            ``enterprise``, or mass sends: ``member-mass-send``,
            ``enterprise-mass-send``.

        used: How many the window holds, also those that are only reserved.

        left: How many more it can hold.

        limit: How many it can hold in all.

        window: The window in words, as in ``24 hours``.

        starts: Start of the window, UTC.

        ends: End of the window, UTC, exclusive; for a rolling one the moment asked.

        next_allowed: The next moment this budget has room, the moment asked if
            it has room now, None if it never will.

        reserved: How many of those used are scheduled and not yet sent.
    """

    rule: str
    source: str
    used: int
    left: int
    limit: int
    window: str
    starts: datetime
    ends: datetime
    next_allowed: datetime | None
    reserved: int = 0


@frozen(kw_only=True)
class Quota:
    """
    Every budget of a circle, customer or group at a moment.

    Attributes:
        holder: The circle, customer or group.

        rules: Name of the rule book in force.

        zone: The zone that calendar windows are counted in.

        at: The moment asked, UTC.

        lines: The budgets, in the rule book's order.
    """

    holder: str
    rules: str
    zone: str
    at: datetime
    lines: tuple[QuotaLine, ...]

    @property
    def next_allowed(self) -> datetime | None:
        """
        Return when every budget that is used up has room again, None if never.

        Where must-sees are reserved further ahead, another may be used up by then.
        """
        moments = [line.next_allowed for line in self.lines]
        known = [moment for moment in moments if moment is not None]
        if len(known) < len(moments):
            return None
        return max(known, default=self.at)


class QuotaView(ReadModel):
    """
    Who has which budgets, and what was spent of them.
    """

    name: ClassVar[str] = "quota-view"
    tables: ClassVar[MetaData] = _TABLES
    kinds: ClassVar[frozenset[type]] = frozenset(
        {
            CircleFounded,
            CustomerAdded,
            RuleBookAdopted,
            MustSeeSent,
            MomentShown,
            MustSeeScheduled,
            ScheduledMoved,
            ScheduledCancelled,
            ScheduledReleased,
            ScheduledDropped,
            MassSendDelivered,
            CircleLinked,
            CircleUnlinked,
        }
    )

    def apply(self, rows: Rows, recorded: Recorded) -> None:
        """
        Take in one event of a circle, customer or group.
        """
        event = recorded.event
        match event:
            case MustSeeSent() | MomentShown():
                source = event.source if isinstance(event, MomentShown) else "must-see"
                rows.run(
                    _SPEND,
                    stream=recorded.stream,
                    version=recorded.version,
                    at=micros(event.at),
                    source=source,
                )
            case MustSeeScheduled():
                rows.run(
                    _SPEND,
                    stream=recorded.stream,
                    version=recorded.version,
                    at=micros(event.release_at),
                    source=_RESERVED,
                )
            case ScheduledMoved():
                rows.run(
                    _MOVE,
                    stream=recorded.stream,
                    version=event.scheduled,
                    at=micros(event.release_at),
                )
            case ScheduledCancelled() | ScheduledReleased() | ScheduledDropped():
                rows.run(_FREE, stream=recorded.stream, version=event.scheduled)
            case RuleBookAdopted():
                rows.run(_ADOPT, stream=recorded.stream, book=as_json(event.book))
            case CircleFounded() | CustomerAdded():
                rows.run(_HOLD, stream=recorded.stream, zone=event.zone)
            case MassSendDelivered():
                rows.run(
                    _RECEIVE,
                    stream=recorded.stream,
                    version=recorded.version,
                    at=micros(event.at),
                    source=event.source,
                    sender=event.by,
                )
            case CircleLinked():
                circle = stream_of("circle", event.circle)
                rows.run(_LINK, stream=recorded.stream, circle=circle)
            case CircleUnlinked():
                rows.run(_UNLINK, stream=recorded.stream)

    def quota(
        self,
        rows: Rows,
        stream: str,
        holder: str,
        *,
        at: datetime,
        member: MemberId | None = None,
    ) -> Quota | None:
        """
        Return every budget of whom *stream* is about, None if nothing is known.

        *member* is whose own mass sends are counted, where each has budgets.
        """
        known = rows.all(_HOLDER, stream=stream) or rows.all(_ITS_CIRCLE, stream=stream)
        if not known:
            return None
        ((zone, stored),) = known
        book = from_json(stored, RuleBook)
        lines = tuple(
            _line(rows, stream, source, budget, counted, zone=zone, at=at)
            for source, budget, counted in _budgets(stream, book)
        )
        if not stream.startswith("circle/"):
            lines += tuple(
                _mass_send_line(rows, stream, source, budget, book, member, zone, at)
                for source, budget in _mass_send_budgets(book, member)
            )
        return Quota(holder=holder, rules=book.name, zone=zone, at=at, lines=lines)


def _budgets(stream: str, book: RuleBook) -> list[tuple[str, Budget, tuple[str, str]]]:
    # Two sources to count for each budget: the same one twice unless shared.
    if stream.startswith("circle/"):
        return [
            ("must-see", budget, ("must-see", _RESERVED)) for budget in book.must_see
        ]
    if stream.startswith("group/"):
        return []
    every = ("member", "enterprise")
    return [
        (source, budget, every if book.moments_share_budgets else (source, source))
        for source, budgets in zip(
            every, (book.member_moments, book.enterprise_moments), strict=True
        )
        for budget in budgets
    ]


def _line(
    rows: Rows,
    stream: str,
    source: str,
    budget: Budget,
    counted: tuple[str, str],
    *,
    zone: str,
    at: datetime,
) -> QuotaLine:
    since = earliest_that_counts([budget], zone=zone, at=at)
    spends = [
        Spend(from_micros(moment), version, reserved=what == _RESERVED)
        for moment, version, what in rows.all(
            _SPENT,
            stream=stream,
            since=micros(since),
            one=counted[0],
            other=counted[1],
        )
    ]
    return _told(source, usage(budget, spends, zone=zone, at=at), at)


_OTHER: Final[dict[MassSendSource, MassSendSource]] = {
    "member": "enterprise",
    "enterprise": "member",
}


def _mass_send_budgets(
    book: RuleBook, member: MemberId | None
) -> list[tuple[MassSendSource, Budget]]:
    # What each of the staff may send is nobody's in particular, if nobody is named.
    own = book.mass_sends_by_member and not book.mass_sends_share_budgets
    by_members = () if own and member is None else book.member_mass_sends
    lines: list[tuple[MassSendSource, Budget]] = [
        ("member", budget) for budget in by_members
    ]
    return lines + [("enterprise", budget) for budget in book.enterprise_mass_sends]


def _mass_send_line(
    rows: Rows,
    stream: str,
    source: MassSendSource,
    budget: Budget,
    book: RuleBook,
    member: MemberId | None,
    zone: str,
    at: datetime,
) -> QuotaLine:
    shared = book.mass_sends_share_budgets
    own = book.mass_sends_by_member and not shared and source == "member"
    since = earliest_that_counts([budget], zone=zone, at=at)
    spends = [
        Spend(from_micros(moment), version)
        for moment, version, by in rows.all(
            _RECEIVED,
            stream=stream,
            since=micros(since),
            one=source,
            other=_OTHER[source] if shared else source,
        )
        if by == member or not own
    ]
    used = usage(budget, spends, zone=zone, at=at)
    return _told(f"{source}-mass-send", used, at)


def _told(source: str, used: Usage, at: datetime) -> QuotaLine:
    budget = used.budget
    return QuotaLine(
        rule=budget.rule,
        source=source,
        used=used.used,
        left=used.left,
        limit=used.limit,
        window=str(budget.window),
        starts=used.starts,
        ends=used.ends,
        next_allowed=at if used.left else used.free_at,
        reserved=used.reserved,
    )


_HOLD: Final = """
INSERT INTO circlekit_quota_holder (stream, zone) VALUES (:stream, :zone)
"""
_ADOPT: Final = """
UPDATE circlekit_quota_holder SET book = :book WHERE stream = :stream
"""
_SPEND: Final = """
INSERT INTO circlekit_quota_spend (stream, version, at, source)
VALUES (:stream, :version, :at, :source)
"""
_RECEIVE: Final = """
INSERT INTO circlekit_quota_mass_send (stream, version, at, source, sender)
VALUES (:stream, :version, :at, :source, :sender)
"""
_LINK: Final = """
INSERT INTO circlekit_quota_group (stream, circle) VALUES (:stream, :circle)
ON CONFLICT (stream) DO UPDATE SET circle = excluded.circle
"""
_UNLINK: Final = "DELETE FROM circlekit_quota_group WHERE stream = :stream"
_ITS_CIRCLE: Final = """
SELECT zone, book FROM circlekit_quota_group g
JOIN circlekit_quota_holder h ON h.stream = g.circle
WHERE g.stream = :stream
"""
_RECEIVED: Final = """
SELECT at, version, sender FROM circlekit_quota_mass_send
WHERE stream = :stream AND at >= :since AND source IN (:one, :other)
ORDER BY version
"""
_HOLDER: Final = """
SELECT zone, book FROM circlekit_quota_holder WHERE stream = :stream
"""
_SPENT: Final = """
SELECT at, version, source FROM circlekit_quota_spend
WHERE stream = :stream AND at >= :since AND source IN (:one, :other)
ORDER BY at, version
"""
_MOVE: Final = """
UPDATE circlekit_quota_spend SET at = :at
WHERE stream = :stream AND version = :version
"""
_FREE: Final = """
DELETE FROM circlekit_quota_spend WHERE stream = :stream AND version = :version
"""
