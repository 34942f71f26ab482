"""
The topics of a circle, who checked in on them, and who did most.

Days are kept as numbers, one more for each day, so that a streak is a run of them.
A check-in that was taken back, or whose post was removed, is kept with the moment of
that and counts no longer.
"""

from collections.abc import Sequence
from datetime import date, datetime
from itertools import pairwise
from typing import ClassVar, Final, Literal

from attrs import frozen
from sqlalchemy import Column, Index, Integer, MetaData, Table

from circlekit.clock import from_micros, from_micros_if_any, micros
from circlekit.events.circle import PostRemoved
from circlekit.events.record import Recorded
from circlekit.events.topic import (
    CheckedIn,
    CheckInRemoved,
    TopicClosed,
    TopicKind,
    TopicMade,
    TopicRenamed,
    TopicReopened,
)
from circlekit.ids import CheckInId, CircleId, MemberId, PostId, TopicId
from circlekit.projections.read_model import TEXT, WHOLE_NUMBER, ReadModel, Rows

Measure = Literal["days", "streak", "value"]

_TABLES: Final = MetaData()
Table(
    "circlekit_board_topic",
    _TABLES,
    Column("topic", TEXT, primary_key=True),
    Column("circle", TEXT, nullable=False),
    Column("name", TEXT, nullable=False),
    Column("kind", TEXT, nullable=False),
    Column("zone", TEXT, nullable=False),
    Column("made_by", TEXT, nullable=False),
    Column("at", WHOLE_NUMBER, nullable=False),
    Column("closed", WHOLE_NUMBER),
    Index("circlekit_board_topic_circle", "circle"),
)
Table(
    "circlekit_board_check_in",
    _TABLES,
    Column("topic", TEXT, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("circle", TEXT, nullable=False),
    Column("member", TEXT, nullable=False),
    Column("day", Integer, nullable=False),
    Column("counted", Integer, nullable=False),
    Column("made_up", Integer, nullable=False),
    Column("value", WHOLE_NUMBER),
    Column("place", TEXT),
    Column("post", Integer),
    Column("at", WHOLE_NUMBER, nullable=False),
    Column("removed", WHOLE_NUMBER),
    Index("circlekit_board_check_in_member", "topic", "member", "day"),
    Index("circlekit_board_check_in_post", "circle", "post"),
)


@frozen(kw_only=True)
class TopicEntry:
    """
    A topic of a circle.

    Attributes:
        topic: Its id.

        name: What it is called now.

        kind: ``talk``, or what people check in with: ``sport``, ``results``,
            ``mood`` or ``help``.

        made_by: Who made it.

        at: When it was made, UTC.

        closed_at: When it was closed, UTC; None while it is open.

        members: How many members have days that count.

        days: How many days count, over all members.
    """

    topic: TopicId
    name: str
    kind: TopicKind
    made_by: MemberId
    at: datetime
    closed_at: datetime | None
    members: int
    days: int


@frozen(kw_only=True)
class CheckInEntry:
    """
    A check-in as people read it.

    Attributes:
        check_in: Its id.

        member: Who checked in.

        day: For which day of the topic's zone.

        counted: Whether it counts for that day.

        made_up: Whether it was made up for later.

        value: The number given with it, in whatever unit the topic has.

        place: The host's word for where it was.

        post: The post it is told in, if there is one.

        at: When it was made, UTC.
    """

    check_in: CheckInId
    member: MemberId
    day: date
    counted: bool
    made_up: bool
    value: int | None
    place: str | None
    post: PostId | None
    at: datetime


@frozen(kw_only=True)
class Streak:
    """
    How many days in a row somebody checked in.

    Attributes:
        current: Days of the run that is still going: it reaches today, or yesterday
            as long as today is not over.

        longest: Days of the longest run ever.

        days: All days that count.

        last_day: The newest of them, None if there is none.

        today: The day it is in the topic's zone.
    """

    current: int
    longest: int
    days: int
    last_day: date | None
    today: date


@frozen(kw_only=True)
class Standing:
    """
    Somebody's place on a leaderboard.

    Attributes:
        rank: From 1; who has the same figure has the same rank.

        member: Whose place it is.

        figure: What is measured: days, days in a row, or the sum of values.
    """

    rank: int
    member: MemberId
    figure: int


class TopicBoard(ReadModel):
    """
    Topics, and the check-ins on them.
    """

    name: ClassVar[str] = "topic-board"
    tables: ClassVar[MetaData] = _TABLES
    kinds: ClassVar[frozenset[type]] = frozenset(
        {
            TopicMade,
            TopicRenamed,
            TopicClosed,
            TopicReopened,
            CheckedIn,
            CheckInRemoved,
            PostRemoved,
        }
    )

    def apply(self, rows: Rows, recorded: Recorded) -> None:
        """
        Take in one event of a topic, or the removal of a post.
        """
        event, about = recorded.event, recorded.subject
        match event:
            case CheckedIn():
                rows.run(
                    _CHECK_IN,
                    topic=about,
                    version=recorded.version,
                    member=event.by,
                    day=event.day.toordinal(),
                    counted=int(event.counted),
                    made_up=int(event.made_up),
                    value=event.value,
                    place=event.place,
                    post=event.post,
                    at=micros(event.at),
                )
            case CheckInRemoved():
                rows.run(
                    _REMOVE, topic=about, version=event.check_in, at=micros(event.at)
                )
            case PostRemoved():
                rows.run(
                    _REMOVE_WITH, circle=about, post=event.post, at=micros(event.at)
                )
            case TopicMade():
                rows.run(
                    _MAKE,
                    topic=about,
                    circle=event.circle,
                    name=event.name,
                    kind=event.kind,
                    zone=event.zone,
                    by=event.by,
                    at=micros(event.at),
                )
            case TopicRenamed():
                rows.run(_NAME, topic=about, name=event.name)
            case TopicClosed():
                rows.run(_CLOSE, topic=about, at=micros(event.at))
            case TopicReopened():
                rows.run(_CLOSE, topic=about, at=None)

    def topics(self, rows: Rows, circle: CircleId) -> tuple[TopicEntry, ...]:
        """
        Return the topics of a circle, the open ones first, each by name.
        """
        return tuple(
            TopicEntry(
                topic=topic,
                name=name,
                kind=kind,
                made_by=by,
                at=from_micros(at),
                closed_at=from_micros_if_any(closed),
                members=members,
                days=days,
            )
            for topic, name, kind, by, at, closed, members, days in rows.all(
                _TOPICS, circle=circle
            )
        )

    def zone(self, rows: Rows, topic: TopicId) -> str | None:
        """
        Return the zone that a topic's days are counted in, None if it is not known.
        """
        known = rows.all(_ZONE, topic=topic)
        return known[0][0] if known else None

    def check_ins(
        self,
        rows: Rows,
        topic: TopicId,
        *,
        member: MemberId | None,
        before: int,
        limit: int,
    ) -> tuple[CheckInEntry, ...]:
        """
        Return check-ins that were not taken back, newest first.
        """
        one = "" if member is None else "AND member = :member"
        return tuple(
            CheckInEntry(
                check_in=CheckInId(topic, version),
                member=who,
                day=date.fromordinal(day),
                counted=bool(counted),
                made_up=bool(made_up),
                value=value,
                place=place,
                post=None if post is None else PostId(circle, post),
                at=from_micros(at),
            )
            for (
                version,
                circle,
                who,
                day,
                counted,
                made_up,
                value,
                place,
                post,
                at,
            ) in rows.all(
                _CHECK_INS.format(one=one),
                topic=topic,
                before=before,
                limit=limit,
                **({} if member is None else {"member": member}),
            )
        )

    def streak(
        self, rows: Rows, topic: TopicId, member: MemberId, *, today: date
    ) -> Streak:
        """
        Return how many days in a row a member checked in.
        """
        days = [day for (day,) in rows.all(_DAYS, topic=topic, member=member)]
        runs = _runs(days)
        goes_on = bool(days) and days[-1] >= today.toordinal() - 1
        return Streak(
            current=runs[-1] if goes_on else 0,
            longest=max(runs, default=0),
            days=len(days),
            last_day=date.fromordinal(days[-1]) if days else None,
            today=today,
        )

    def leaderboard(
        self,
        rows: Rows,
        topic: TopicId,
        *,
        by: Measure,
        since: date,
        until: date,
        limit: int,
    ) -> tuple[Standing, ...]:
        """
        Return who did most from *since* to just before *until*.
        """
        return tuple(
            Standing(rank=int(rank), member=member, figure=int(figure))
            for rank, member, figure in rows.all(
                _RANKED.format(figures=_FIGURES[by]),
                topic=topic,
                since=since.toordinal(),
                until=until.toordinal(),
                limit=limit,
            )
        )


def _runs(days: Sequence[int]) -> list[int]:
    """
    Return how long each run of days is, in their order.

    >>> _runs([1, 2, 3, 7, 8])
    [3, 2]
    """
    runs = [1] if days else []
    for earlier, later in pairwise(days):
        if later == earlier + 1:
            runs[-1] += 1
        else:
            runs.append(1)
    return runs


_MAKE: Final = """
INSERT INTO circlekit_board_topic (topic, circle, name, kind, zone, made_by, at)
VALUES (:topic, :circle, :name, :kind, :zone, :by, :at)
"""
_NAME: Final = "UPDATE circlekit_board_topic SET name = :name WHERE topic = :topic"
_CLOSE: Final = "UPDATE circlekit_board_topic SET closed = :at WHERE topic = :topic"
_CHECK_IN: Final = """
INSERT INTO circlekit_board_check_in
(topic, version, circle, member, day, counted, made_up, value, place, post, at)
VALUES (:topic, :version,
    (SELECT circle FROM circlekit_board_topic WHERE topic = :topic),
    :member, :day, :counted, :made_up, :value, :place, :post, :at)
"""
_REMOVE: Final = """
UPDATE circlekit_board_check_in SET removed = :at
WHERE topic = :topic AND version = :version AND removed IS NULL
"""
_REMOVE_WITH: Final = """
UPDATE circlekit_board_check_in SET removed = :at
WHERE circle = :circle AND post = :post AND removed IS NULL
"""
_TOPICS: Final = """
SELECT t.topic, t.name, t.kind, t.made_by, t.at, t.closed,
    COUNT(DISTINCT c.member), COUNT(c.version)
FROM circlekit_board_topic AS t
LEFT JOIN circlekit_board_check_in AS c
    ON c.topic = t.topic AND c.counted = 1 AND c.removed IS NULL
WHERE t.circle = :circle
GROUP BY t.topic, t.name, t.kind, t.made_by, t.at, t.closed
ORDER BY CASE WHEN t.closed IS NULL THEN 0 ELSE 1 END, t.name, t.topic
"""
_ZONE: Final = "SELECT zone FROM circlekit_board_topic WHERE topic = :topic"
_CHECK_INS: Final = """
SELECT version, circle, member, day, counted, made_up, value, place, post, at
FROM circlekit_board_check_in
WHERE topic = :topic AND version < :before AND removed IS NULL {one}
ORDER BY version DESC LIMIT :limit
"""
_DAYS: Final = """
SELECT day FROM circlekit_board_check_in
WHERE topic = :topic AND member = :member AND counted = 1 AND removed IS NULL
ORDER BY day
"""
# Each answers with the member, the figure, and the place in the history where they
# reached it: whoever was there first stands first among equals.
_COUNTING: Final = """
FROM circlekit_board_check_in
WHERE topic = :topic AND counted = 1 AND removed IS NULL
    AND day >= :since AND day < :until
"""
_FIGURES: Final[dict[Measure, str]] = {
    "days": f"SELECT member, COUNT(*) AS figure, MAX(version) AS reached {_COUNTING}"
    "GROUP BY member",
    "value": f"SELECT member, SUM(value) AS figure, MAX(version) AS reached {_COUNTING}"
    "AND value IS NOT NULL GROUP BY member",
    # Days in a row, less their number in the member's order, are the same number.
    "streak": f"""
SELECT member, figure, reached FROM (
    SELECT member, figure, reached, ROW_NUMBER() OVER (
        PARTITION BY member ORDER BY figure DESC, reached
    ) AS best
    FROM (
        SELECT member, COUNT(*) AS figure, MAX(version) AS reached
        FROM (
            SELECT member, version,
                day - ROW_NUMBER() OVER (PARTITION BY member ORDER BY day) AS run
            {_COUNTING}
        ) AS numbered
        GROUP BY member, run
    ) AS runs
) AS ordered
WHERE best = 1
""",
}
_RANKED: Final = """
SELECT RANK() OVER (ORDER BY figure DESC), member, figure
FROM ({figures}) AS figures
ORDER BY figure DESC, reached, member LIMIT :limit
"""
