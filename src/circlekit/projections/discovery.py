"""
Circles as those find them who are not in them, and by what people came.
"""

from datetime import date
from typing import Any, ClassVar, Final, Literal

from attrs import frozen
from sqlalchemy import Column, Index, Integer, MetaData, Table

from circlekit.budget import day_of
from circlekit.events.circle import (
    CircleFounded,
    CircleKind,
    IndustriesSet,
    MemberJoined,
    MemberLeft,
    MemberRemoved,
)
from circlekit.events.closing import CircleArchived, CircleClosed, CircleReopened
from circlekit.events.joining import JoinChannel
from circlekit.events.record import Recorded, is_about
from circlekit.events.rules import RuleBookAdopted
from circlekit.ids import CircleId
from circlekit.projections.read_model import (
    TEXT,
    ReadModel,
    Rows,
    as_json,
    from_json,
)

WayIn = Literal["open", "application", "invitation", "verified-role", "staff"]
_WAYS_IN: Final[dict[CircleKind, WayIn]] = {
    "internal": "staff",
    "teaching": "verified-role",
    "business": "invitation",
    "community": "open",
}

_TABLES: Final = MetaData()
Table(
    "circlekit_discovery_circle",
    _TABLES,
    Column("circle", TEXT, primary_key=True),
    Column("name", TEXT, nullable=False),
    Column("kind", TEXT, nullable=False),
    Column("zone", TEXT, nullable=False),
    Column("by_application", Integer, nullable=False),
    Column("members", Integer, nullable=False),
    Column("is_open", Integer, nullable=False),
    Column("industries", TEXT),
    Index("circlekit_discovery_circle_name", "name", "circle"),
)
# With the name, so that a page of one industry is read from here in order.
Table(
    "circlekit_discovery_industry",
    _TABLES,
    Column("industry", TEXT, primary_key=True),
    Column("name", TEXT, primary_key=True),
    Column("circle", TEXT, primary_key=True),
    Index("circlekit_discovery_industry_circle", "circle"),
)
# Empty text stands for no channel and no source; neither can be empty.
Table(
    "circlekit_discovery_join",
    _TABLES,
    Column("circle", TEXT, primary_key=True),
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("channel", TEXT, primary_key=True),
    Column("source", TEXT, primary_key=True),
    Column("joined", Integer, nullable=False),
)


@frozen(kw_only=True)
class FoundCircle:
    """
    A circle as somebody finds it who may want to join.

    Attributes:
        circle: Its id.

        name: What people call it.

        kind: Of which kind it is.

        industries: Under what it is found, in the owner's order.

        members: How many members it has now.

        way_in: How one joins. ``open``: whoever wants to. ``application``: by asking.
            ``invitation``: whom the owner or a manager invited. ``verified-role``:
            as a teacher, parent or student. ``staff``: who works for its organisation.
    """

    circle: CircleId
    name: str
    kind: CircleKind
    industries: tuple[str, ...]
    members: int
    way_in: WayIn


@frozen
class FoundPage:
    """
    Some circles, by name, and the cursor that asks for the ones after them.

    Attributes:
        next: Hand it back to get the next page; None if this is the last.
    """

    items: tuple[FoundCircle, ...]
    next: CircleId | None


@frozen(kw_only=True)
class ChannelJoins:
    """
    How many joined a circle by one channel from one source.

    Attributes:
        channel: What brought them, None if nobody said.

        source: Which one, as in the poster; None if nobody said.

        joined: How often somebody joined; who left and came again counts again.
    """

    channel: JoinChannel | None
    source: str | None
    joined: int


class DiscoveryView(ReadModel):
    """
    Circles by their industries, and joins by their channels.
    """

    name: ClassVar[str] = "discovery"
    tables: ClassVar[MetaData] = _TABLES
    kinds: ClassVar[frozenset[type]] = frozenset(
        {
            CircleArchived,
            CircleClosed,
            CircleFounded,
            CircleReopened,
            IndustriesSet,
            MemberJoined,
            MemberLeft,
            MemberRemoved,
            RuleBookAdopted,
        }
    )

    def apply(self, rows: Rows, recorded: Recorded) -> None:
        """
        Take in one event of a circle.
        """
        event, circle = recorded.event, recorded.subject
        match event:
            case MemberJoined():
                rows.run(_COUNT, circle=circle, more=1)
                ((zone,),) = rows.all(_ZONE, circle=circle)
                rows.run(
                    _JOINED,
                    circle=circle,
                    day=day_of(event.at, zone=zone).toordinal(),
                    channel=event.channel or "",
                    source=event.source or "",
                )
            case MemberLeft() | MemberRemoved():
                rows.run(_COUNT, circle=circle, more=-1)
            case RuleBookAdopted() if is_about(recorded.stream, "circle"):
                asks = event.book.community_joining == "application"
                rows.run(_ADOPT, circle=circle, by_application=int(asks))
            case IndustriesSet():
                _set_industries(rows, circle, event.industries)
            case CircleClosed() | CircleArchived():
                rows.run(_OPEN, circle=circle, is_open=0)
            case CircleReopened():
                rows.run(_OPEN, circle=circle, is_open=1)
            case CircleFounded():
                rows.run(
                    _FOUND,
                    circle=circle,
                    name=event.name,
                    kind=event.kind,
                    zone=event.zone,
                )

    def page(
        self,
        rows: Rows,
        *,
        industry: str | None,
        kind: CircleKind | None,
        after: CircleId | None,
        limit: int,
    ) -> FoundPage | None:
        """
        Return the next *limit* circles; None if *after* is no circle.
        """
        sql, order = _FIND, "c.name, c.circle"
        asked: dict[str, Any] = {"limit": limit + 1}
        if industry is not None:
            sql, order = _FIND_BY_INDUSTRY, "f.name, f.circle"
            asked["industry"] = industry
        if kind is not None:
            sql, asked["kind"] = f"{sql} AND c.kind = :kind", kind
        if after is not None:
            name = rows.all(_NAME, circle=after)
            if not name:
                return None
            sql = f"{sql} AND ({order}) > (:name, :circle)"
            asked |= {"name": name[0][0], "circle": after}
        found = rows.all(f"{sql} ORDER BY {order} LIMIT :limit", **asked)
        items = tuple(
            FoundCircle(
                circle=CircleId(circle),
                name=name,
                kind=its_kind,
                industries=from_json(industries, tuple[str, ...]),
                members=members,
                way_in=_way_in(its_kind, by_application=bool(by_application)),
            )
            for (
                circle,
                name,
                its_kind,
                industries,
                members,
                by_application,
            ) in found[:limit]
        )
        return FoundPage(items, items[-1].circle if len(found) > limit else None)

    def joins(
        self, rows: Rows, circle: CircleId, *, since: date, until: date
    ) -> tuple[ChannelJoins, ...] | None:
        """
        Return how many joined by which channel; None if the circle is not known.
        """
        if not rows.all(_ZONE, circle=circle):
            return None
        return tuple(
            ChannelJoins(
                channel=channel or None, source=source or None, joined=int(joined)
            )
            for channel, source, joined in rows.all(
                _JOINS,
                circle=circle,
                since=since.toordinal(),
                until=until.toordinal(),
            )
        )


def _way_in(kind: CircleKind, *, by_application: bool) -> WayIn:
    if kind == "community" and by_application:
        return "application"
    return _WAYS_IN[kind]


def _set_industries(rows: Rows, circle: str, industries: tuple[str, ...]) -> None:
    rows.run(_CLEAR, circle=circle)
    listed = as_json(industries) if industries else None
    rows.run(_LIST, circle=circle, industries=listed)
    for industry in industries:
        rows.run(_ENTER, circle=circle, industry=industry)


_FOUND: Final = """
INSERT INTO circlekit_discovery_circle
(circle, name, kind, zone, by_application, members, is_open)
VALUES (:circle, :name, :kind, :zone, 0, 1, 1)
"""
_COUNT: Final = """
UPDATE circlekit_discovery_circle SET members = members + :more WHERE circle = :circle
"""
_ADOPT: Final = """
UPDATE circlekit_discovery_circle SET by_application = :by_application
WHERE circle = :circle
"""
_OPEN: Final = """
UPDATE circlekit_discovery_circle SET is_open = :is_open WHERE circle = :circle
"""
_LIST: Final = """
UPDATE circlekit_discovery_circle SET industries = :industries WHERE circle = :circle
"""
_CLEAR: Final = "DELETE FROM circlekit_discovery_industry WHERE circle = :circle"
_ENTER: Final = """
INSERT INTO circlekit_discovery_industry (industry, name, circle)
SELECT :industry, name, circle FROM circlekit_discovery_circle WHERE circle = :circle
"""
_ZONE: Final = "SELECT zone FROM circlekit_discovery_circle WHERE circle = :circle"
_NAME: Final = "SELECT name FROM circlekit_discovery_circle WHERE circle = :circle"
_JOINED: Final = """
INSERT INTO circlekit_discovery_join (circle, day, channel, source, joined)
VALUES (:circle, :day, :channel, :source, 1)
ON CONFLICT (circle, day, channel, source)
DO UPDATE SET joined = circlekit_discovery_join.joined + 1
"""
_SELECT: Final = """
SELECT c.circle, c.name, c.kind, c.industries, c.members, c.by_application
"""
_FIND: Final = f"""
{_SELECT} FROM circlekit_discovery_circle AS c
WHERE c.is_open = 1 AND c.industries IS NOT NULL
"""
_FIND_BY_INDUSTRY: Final = f"""
{_SELECT} FROM circlekit_discovery_industry AS f
JOIN circlekit_discovery_circle AS c ON c.circle = f.circle
WHERE f.industry = :industry AND c.is_open = 1
"""
_JOINS: Final = """
SELECT channel, source, SUM(joined) FROM circlekit_discovery_join
WHERE circle = :circle AND day >= :since AND day < :until
GROUP BY channel, source ORDER BY channel, source
"""
