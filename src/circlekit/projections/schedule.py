"""
Schedules: what waits for its moment, in the order of the moments.
"""

from datetime import datetime
from typing import Any, ClassVar, Final, Literal

from attrs import frozen
from sqlalchemy import Column, Index, Integer, MetaData, Table

from circlekit.clock import from_micros, micros
from circlekit.events.record import Recorded
from circlekit.events.schedule import (
    MustSeeScheduled,
    PostScheduled,
    ScheduledCancelled,
    ScheduledDropped,
    ScheduledMoved,
    ScheduledReleased,
)
from circlekit.ids import CircleId, MemberId, ScheduledId
from circlekit.projections.read_model import (
    TEXT,
    WHOLE_NUMBER,
    ReadModel,
    Rows,
    as_json,
    from_json,
)

ScheduledKind = Literal["post", "must-see"]

_TABLES: Final = MetaData()
Table(
    "circlekit_schedule_waiting",
    _TABLES,
    Column("circle", TEXT, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("position", WHOLE_NUMBER, nullable=False),
    Column("kind", TEXT, nullable=False),
    Column("author", TEXT, nullable=False),
    Column("text", TEXT, nullable=False),
    Column("images", TEXT, nullable=False),
    Column("videos", TEXT, nullable=False),
    Column("topic", TEXT),
    Column("release_at", WHOLE_NUMBER, nullable=False),
    Index("circlekit_schedule_at", "release_at", "position"),
)


@frozen(kw_only=True)
class Scheduled:
    """
    A post or must-see that waits for its moment.

    Attributes:
        scheduled: By which it is cancelled or moved.

        kind: ``post`` or ``must-see``.

        author: Who scheduled it, and publishes it.

        release_at: The moment it is for, UTC; in the past if it is due.
    """

    scheduled: ScheduledId
    kind: ScheduledKind
    author: MemberId
    text: str
    images: tuple[str, ...] = ()
    videos: tuple[str, ...] = ()
    topic: str | None = None
    release_at: datetime


class ScheduleView(ReadModel):
    """
    What waits in all circles.
    """

    name: ClassVar[str] = "schedule"
    tables: ClassVar[MetaData] = _TABLES
    kinds: ClassVar[frozenset[type]] = frozenset(
        {
            PostScheduled,
            MustSeeScheduled,
            ScheduledMoved,
            ScheduledCancelled,
            ScheduledReleased,
            ScheduledDropped,
        }
    )

    def apply(self, rows: Rows, recorded: Recorded) -> None:
        """
        Take in one event of a circle.
        """
        event, circle = recorded.event, recorded.subject
        match event:
            case PostScheduled() | MustSeeScheduled():
                rows.run(
                    _PUT,
                    circle=circle,
                    version=recorded.version,
                    position=recorded.position,
                    kind="post" if isinstance(event, PostScheduled) else "must-see",
                    author=event.by,
                    text=event.text,
                    images=as_json(event.images),
                    videos=as_json(event.videos),
                    topic=event.topic,
                    release_at=micros(event.release_at),
                )
            case ScheduledMoved():
                rows.run(
                    _MOVE,
                    circle=circle,
                    version=event.scheduled,
                    release_at=micros(event.release_at),
                )
            case _:
                rows.run(_TAKE, circle=circle, version=event.scheduled)

    def waiting(self, rows: Rows, circle: CircleId) -> tuple[Scheduled, ...]:
        """
        Return what waits in a circle, the next one first.
        """
        return tuple(_scheduled(row) for row in rows.all(_OF_CIRCLE, circle=circle))

    def due(self, rows: Rows, *, at: datetime) -> tuple[ScheduledId, ...]:
        """
        Return what is due in any circle, the longest due first.
        """
        return tuple(
            ScheduledId(circle, version)
            for circle, version in rows.all(_DUE, at=micros(at))
        )


def _scheduled(row: tuple[Any, ...]) -> Scheduled:
    circle, version, kind, author, text, images, videos, topic, release_at = row
    return Scheduled(
        scheduled=ScheduledId(circle, version),
        kind=kind,
        author=author,
        text=text,
        images=from_json(images, tuple[str, ...]),
        videos=from_json(videos, tuple[str, ...]),
        topic=topic,
        release_at=from_micros(release_at),
    )


_PUT: Final = """
INSERT INTO circlekit_schedule_waiting (
    circle, version, position, kind, author, text, images, videos, topic, release_at
) VALUES (
    :circle, :version, :position, :kind, :author, :text, :images, :videos, :topic,
    :release_at
)
"""
_MOVE: Final = """
UPDATE circlekit_schedule_waiting SET release_at = :release_at
WHERE circle = :circle AND version = :version
"""
_TAKE: Final = """
DELETE FROM circlekit_schedule_waiting WHERE circle = :circle AND version = :version
"""
_OF_CIRCLE: Final = """
SELECT circle, version, kind, author, text, images, videos, topic, release_at
FROM circlekit_schedule_waiting WHERE circle = :circle ORDER BY release_at, position
"""
_DUE: Final = """
SELECT circle, version FROM circlekit_schedule_waiting WHERE release_at <= :at
ORDER BY release_at, position
"""
