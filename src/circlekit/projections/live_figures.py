"""
Lives: when they were, how many watched, how long, and by which group they came.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar, Final, Literal

from attrs import frozen
from sqlalchemy import Column, Index, Integer, MetaData, Table

from circlekit.clock import from_micros, from_micros_if_any, micros, micros_if_any
from circlekit.events.live import (
    LiveCancelled,
    LiveEnded,
    LiveJoined,
    LiveLeft,
    LiveLiked,
    LiveScheduled,
    LiveStarted,
    ReplayPublished,
)
from circlekit.events.record import Recorded, is_about
from circlekit.events.refusal import CommandRefused
from circlekit.ids import CircleId, GroupId, LiveId, MemberId
from circlekit.projections.read_model import TEXT, WHOLE_NUMBER, ReadModel, Rows

_TABLES: Final = MetaData()
Table(
    "circlekit_live_class",
    _TABLES,
    Column("live", TEXT, primary_key=True),
    Column("circle", TEXT, nullable=False),
    Column("position", WHOLE_NUMBER, nullable=False),
    Column("title", TEXT, nullable=False),
    Column("status", TEXT, nullable=False),
    Column("starts_at", WHOLE_NUMBER),
    Column("planned_by", TEXT, nullable=False),
    Column("started_by", TEXT),
    Column("started_at", WHOLE_NUMBER),
    Column("ended_at", WHOLE_NUMBER),
    Column("replay", TEXT),
    Column("present", Integer, nullable=False),
    Column("peak", Integer, nullable=False),
    Index("circlekit_live_circle", "circle", "position"),
)
Table(
    "circlekit_live_group",
    _TABLES,
    Column("live", TEXT, primary_key=True),
    Column("group_id", TEXT, primary_key=True),
    Column("place", Integer, nullable=False),
    Column("present", Integer, nullable=False),
    Column("peak", Integer, nullable=False),
    Column("likes", WHOLE_NUMBER, nullable=False),
)
Table(
    "circlekit_live_visit",
    _TABLES,
    Column("live", TEXT, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("member", TEXT, nullable=False),
    Column("group_id", TEXT, nullable=False),
    Column("came", WHOLE_NUMBER, nullable=False),
    Column("went", WHOLE_NUMBER),
    Index("circlekit_live_visit_member", "member", "went"),
    Index("circlekit_live_visit_open", "live", "member", "went"),
)
Table(
    "circlekit_live_refused",
    _TABLES,
    Column("live", TEXT, primary_key=True),
    Column("member", TEXT, primary_key=True),
)

Status = Literal["scheduled", "running", "ended", "cancelled"]


@frozen(kw_only=True)
class LiveGroup:
    """
    What came to a live by way of one group.

    Attributes:
        group: The group.

        joined: How many people came by it, each counted once.

        present: How many of them watch now.

        peak: Most of them who watched at once.

        seconds: How long they watched, all together.

        likes: How often they liked it.
    """

    group: GroupId
    joined: int
    present: int
    peak: int
    seconds: float
    likes: int


@frozen(kw_only=True)
class LiveFigures:
    """
    A live, and how it was watched.

    Attributes:
        live: The live.

        circle: The circle it belongs to.

        title: What it is about.

        status: ``scheduled``, ``running``, ``ended`` or ``cancelled``.

        starts_at: When it was planned to begin, UTC, None for no set time.

        planned_by: Who planned it.

        started_by: Who began it, None if nobody yet.

        started_at: When it began, UTC.

        ended_at: When it ended, UTC.

        replay: The host's reference to the recording, None if there is none.

        joined: How many people came, each counted once by whatever group.

        present: How many watch now.

        peak: Most who watched at once.

        seconds: How long they watched, all together, up to now for who still does.

        likes: How often it was liked.

        minors_refused: How many minors were turned away as their minutes of the
            day were used up, each counted once.

        groups: The same by group; who came by two of them counts in both.
    """

    live: LiveId
    circle: CircleId
    title: str
    status: Status
    starts_at: datetime | None
    planned_by: MemberId
    started_by: MemberId | None
    started_at: datetime | None
    ended_at: datetime | None
    replay: str | None
    joined: int
    present: int
    peak: int
    seconds: float
    likes: int
    minors_refused: int
    groups: tuple[LiveGroup, ...]

    @property
    def mean_seconds(self) -> float:
        """
        Return how long a person watched on average, 0 if nobody did.
        """
        return self.seconds / self.joined if self.joined else 0.0


class Lives(ReadModel):
    """
    Every live with its groups, and every stretch of time somebody watched.
    """

    name: ClassVar[str] = "live-figures"
    tables: ClassVar[MetaData] = _TABLES
    kinds: ClassVar[frozenset[type]] = frozenset(
        {
            LiveScheduled,
            LiveStarted,
            LiveCancelled,
            LiveJoined,
            LiveLeft,
            LiveLiked,
            LiveEnded,
            ReplayPublished,
            CommandRefused,
        }
    )

    def apply(self, rows: Rows, recorded: Recorded) -> None:
        """
        Take in one event of a live, or of who was turned away.
        """
        event, live = recorded.event, recorded.subject
        match event:
            case LiveJoined():
                rows.run(
                    _COME,
                    live=live,
                    version=recorded.version,
                    member=event.member,
                    group=event.group,
                    came=micros(event.at),
                )
                rows.run(_ONE_MORE, live=live)
                rows.run(_ONE_MORE_THERE, live=live, group=event.group)
            case LiveLeft():
                rows.run(_ONE_LESS, live=live)
                rows.run(_ONE_LESS_THERE, live=live, member=event.member)
                rows.run(_GO, live=live, member=event.member, went=micros(event.at))
            case LiveLiked():
                rows.run(_LIKE, live=live, member=event.member, times=event.times)
            case CommandRefused():
                if _turned_away(recorded):
                    rows.run(_TURN_AWAY, live=live, member=event.by)
            case LiveScheduled():
                self._plan(rows, recorded, event)
            case LiveStarted():
                rows.run(_START, live=live, by=event.by, at=micros(event.at))
            case LiveCancelled():
                rows.run(_CANCEL, live=live)
            case LiveEnded():
                rows.run(_END, live=live, at=micros(event.at))
                rows.run(_NOBODY_THERE, live=live)
                rows.run(_ALL_GO, live=live, went=micros(event.at))
            case ReplayPublished():
                rows.run(_REPLAY, live=live, replay=event.reference)

    @staticmethod
    def _plan(rows: Rows, recorded: Recorded, event: LiveScheduled) -> None:
        rows.run(
            _PLAN,
            live=recorded.subject,
            circle=event.circle,
            position=recorded.position,
            title=event.title,
            starts_at=micros_if_any(event.starts_at),
            by=event.by,
        )
        for place, group in enumerate(event.groups):
            rows.run(_PLAN_THERE, live=recorded.subject, group=group, place=place)

    def figures(self, rows: Rows, live: LiveId, *, at: datetime) -> LiveFigures | None:
        """
        Return a live and its figures, None if it is not known.
        """
        found = _figures(rows, rows.all(_ONE, live=live), at=at)
        return found[0] if found else None

    def of_circle(
        self,
        rows: Rows,
        circle: CircleId,
        *,
        before: LiveId | None,
        limit: int,
        at: datetime,
    ) -> tuple[LiveFigures, ...]:
        """
        Return a circle's lives, the one planned last first.
        """
        found = rows.all(_OF_CIRCLE, circle=circle, before=before, limit=limit)
        return _figures(rows, found, at=at)

    def watched(
        self, rows: Rows, member: MemberId, *, since: datetime
    ) -> list[tuple[datetime, datetime | None]]:
        """
        Return the times somebody watched any live, as far as they reach past *since*.

        Each with its end, None for a live they watch now.
        """
        return [
            (from_micros(came), from_micros_if_any(went))
            for came, went in rows.all(_WATCHED, member=member, since=micros(since))
        ]


def _turned_away(recorded: Recorded) -> bool:
    return (
        recorded.event.command == "join_live"
        and is_about(recorded.stream, "live")
        and any(it.rule == "minor-live-minutes" for it in recorded.event.reasons)
    )


def _figures(
    rows: Rows, found: Sequence[tuple[Any, ...]], *, at: datetime
) -> tuple[LiveFigures, ...]:
    if not found:
        return ()
    # One query for all lives of a page: they are next to one another in position.
    span = {"first": min(it[2] for it in found), "last": max(it[2] for it in found)}
    now = micros(at)
    groups: dict[str, list[LiveGroup]] = {}
    for live, group, present, peak, likes, joined, watched in rows.all(
        _BY_GROUP, circle=found[0][1], now=now, **span
    ):
        groups.setdefault(live, []).append(
            LiveGroup(
                group=GroupId(group),
                joined=joined,
                present=present,
                peak=peak,
                seconds=int(watched) / 1_000_000,
                likes=likes,
            )
        )
    people = dict(rows.all(_PEOPLE, circle=found[0][1], **span))
    turned_away = dict(rows.all(_TURNED_AWAY, circle=found[0][1], **span))
    return tuple(
        LiveFigures(
            live=LiveId(live),
            circle=CircleId(circle),
            title=title,
            status=status,
            starts_at=from_micros_if_any(starts_at),
            planned_by=MemberId(planned_by),
            started_by=None if started_by is None else MemberId(started_by),
            started_at=from_micros_if_any(started_at),
            ended_at=from_micros_if_any(ended_at),
            replay=replay,
            joined=people.get(live, 0),
            present=present,
            peak=peak,
            seconds=sum(it.seconds for it in groups[live]),
            likes=sum(it.likes for it in groups[live]),
            minors_refused=turned_away.get(live, 0),
            groups=tuple(groups[live]),
        )
        for (
            live,
            circle,
            _,
            title,
            status,
            starts_at,
            planned_by,
            started_by,
            started_at,
            ended_at,
            replay,
            present,
            peak,
        ) in found
    )


_PLAN: Final = """
INSERT INTO circlekit_live_class
  (live, circle, position, title, status, starts_at, planned_by, present, peak)
VALUES (:live, :circle, :position, :title, 'scheduled', :starts_at, :by, 0, 0)
"""
_PLAN_THERE: Final = """
INSERT INTO circlekit_live_group (live, group_id, place, present, peak, likes)
VALUES (:live, :group, :place, 0, 0, 0)
"""
_START: Final = """
UPDATE circlekit_live_class SET status = 'running', started_by = :by, started_at = :at
WHERE live = :live
"""
_CANCEL: Final = (
    "UPDATE circlekit_live_class SET status = 'cancelled' WHERE live = :live"
)
_END: Final = """
UPDATE circlekit_live_class SET status = 'ended', ended_at = :at, present = 0
WHERE live = :live
"""
_NOBODY_THERE: Final = """
UPDATE circlekit_live_group SET present = 0 WHERE live = :live
"""
_REPLAY: Final = "UPDATE circlekit_live_class SET replay = :replay WHERE live = :live"
_COME: Final = """
INSERT INTO circlekit_live_visit (live, version, member, group_id, came)
VALUES (:live, :version, :member, :group, :came)
"""
_GO: Final = """
UPDATE circlekit_live_visit SET went = :went
WHERE live = :live AND member = :member AND went IS NULL
"""
_ALL_GO: Final = """
UPDATE circlekit_live_visit SET went = :went WHERE live = :live AND went IS NULL
"""
_ONE_MORE: Final = """
UPDATE circlekit_live_class SET present = present + 1,
  peak = CASE WHEN present + 1 > peak THEN present + 1 ELSE peak END
WHERE live = :live
"""
_ONE_MORE_THERE: Final = """
UPDATE circlekit_live_group SET present = present + 1,
  peak = CASE WHEN present + 1 > peak THEN present + 1 ELSE peak END
WHERE live = :live AND group_id = :group
"""
_ONE_LESS: Final = """
UPDATE circlekit_live_class SET present = present - 1 WHERE live = :live
"""
_CAME_BY: Final = """
(SELECT group_id FROM circlekit_live_visit
 WHERE live = :live AND member = :member AND went IS NULL)
"""
_ONE_LESS_THERE: Final = f"""
UPDATE circlekit_live_group SET present = present - 1
WHERE live = :live AND group_id = {_CAME_BY}
"""
_LIKE: Final = f"""
UPDATE circlekit_live_group SET likes = likes + :times
WHERE live = :live AND group_id = {_CAME_BY}
"""
_TURN_AWAY: Final = """
INSERT INTO circlekit_live_refused (live, member) VALUES (:live, :member)
ON CONFLICT DO NOTHING
"""
_LIVE: Final = """
SELECT live, circle, position, title, status, starts_at, planned_by, started_by,
  started_at, ended_at, replay, present, peak
FROM circlekit_live_class
"""
_ONE: Final = f"{_LIVE} WHERE live = :live"
_OF_CIRCLE: Final = f"""
{_LIVE}
WHERE circle = :circle AND position < coalesce(
  (SELECT position FROM circlekit_live_class WHERE live = :before), {2**62})
ORDER BY position DESC LIMIT :limit
"""
_THESE: Final = """
c.circle = :circle AND c.position BETWEEN :first AND :last
"""
_BY_GROUP: Final = f"""
SELECT g.live, g.group_id, g.present, g.peak, g.likes, count(DISTINCT v.member),
  coalesce(sum(CASE WHEN v.went IS NOT NULL THEN v.went
    WHEN v.came < :now THEN :now ELSE v.came END - v.came), 0)
FROM circlekit_live_class c JOIN circlekit_live_group g ON g.live = c.live
LEFT JOIN circlekit_live_visit v ON v.live = g.live AND v.group_id = g.group_id
WHERE {_THESE}
GROUP BY g.live, g.group_id, g.place, g.present, g.peak, g.likes
ORDER BY g.live, g.place
"""
_PEOPLE: Final = f"""
SELECT v.live, count(DISTINCT v.member)
FROM circlekit_live_class c JOIN circlekit_live_visit v ON v.live = c.live
WHERE {_THESE} GROUP BY v.live
"""
_TURNED_AWAY: Final = f"""
SELECT r.live, count(*)
FROM circlekit_live_class c JOIN circlekit_live_refused r ON r.live = c.live
WHERE {_THESE} GROUP BY r.live
"""
_WATCHED: Final = """
SELECT came, went FROM circlekit_live_visit
WHERE member = :member AND (went IS NULL OR went > :since)
ORDER BY came
"""
