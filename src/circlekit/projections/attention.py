"""
Interruptions: what waits for quiet hours to end, and how often readers were pushed.
"""

from collections import Counter
from datetime import date, datetime
from typing import ClassVar, Final

from attrs import frozen
from sqlalchemy import Column, Index, Integer, MetaData, Table

from circlekit.budget import day_of
from circlekit.clock import from_micros, micros
from circlekit.events.attention import PushDemoted, PushHeld, PushMade
from circlekit.events.record import Recorded
from circlekit.ids import MemberId, PostId
from circlekit.projections.read_model import TEXT, WHOLE_NUMBER, ReadModel, Rows

_TABLES: Final = MetaData()
Table(
    "circlekit_attention_push",
    _TABLES,
    Column("reader", TEXT, primary_key=True),
    Column("circle", TEXT, primary_key=True),
    Column("post", Integer, primary_key=True),
    Column("outcome", TEXT, nullable=False),
    Column("at", WHOLE_NUMBER, nullable=False),
    Column("until", WHOLE_NUMBER),
    Index("circlekit_attention_until", "until"),
    Index("circlekit_attention_post", "circle", "post"),
)


@frozen(kw_only=True)
class Interruptions:
    """
    What a reader was shown in one day.

    Attributes:
        day: The day, in the zone that was asked for.

        pushed: How many must-sees interrupted them.

        demoted: How many did not, and only stand unread in their feed.
    """

    day: date
    pushed: int
    demoted: int


@frozen(kw_only=True)
class PushFigures:
    """
    How far a must-see has come: whom it interrupted, and whom it only reached.
    """

    pushed: int
    held: int
    demoted: int


class AttentionView(ReadModel):
    """
    What became of each push.
    """

    name: ClassVar[str] = "attention"
    tables: ClassVar[MetaData] = _TABLES
    kinds: ClassVar[frozenset[type]] = frozenset({PushMade, PushHeld, PushDemoted})

    def apply(self, rows: Rows, recorded: Recorded) -> None:
        """
        Take in one event of a reader.
        """
        event = recorded.event
        outcome, until = "demoted", None
        match event:
            case PushMade():
                outcome = "pushed"
            case PushHeld():
                outcome, until = "held", micros(event.until)
        rows.run(
            _PUT,
            reader=recorded.subject,
            circle=event.circle,
            post=event.post,
            outcome=outcome,
            at=micros(event.at),
            until=until,
        )

    def due(self, rows: Rows, *, at: datetime) -> tuple[tuple[MemberId, PostId], ...]:
        """
        Return the held pushes whose quiet hours are over, the longest over first.
        """
        return tuple(
            (MemberId(reader), PostId(circle, post))
            for reader, circle, post in rows.all(_DUE, at=micros(at))
        )

    def figures(self, rows: Rows, post: PostId) -> PushFigures:
        """
        Return how far a must-see has come.
        """
        found = dict(rows.all(_FIGURES, circle=post.circle, post=post.version))
        return PushFigures(
            pushed=found.get("pushed", 0),
            held=found.get("held", 0),
            demoted=found.get("demoted", 0),
        )

    def interruptions(
        self, rows: Rows, reader: MemberId, *, zone: str, since: datetime
    ) -> tuple[Interruptions, ...]:
        """
        Return a reader's days with a push or without one that was meant, newest first.
        """
        counted: Counter[tuple[date, str]] = Counter(
            (day_of(from_micros(at), zone=zone), outcome)
            for outcome, at in rows.all(_OF_READER, reader=reader, since=micros(since))
        )
        return tuple(
            Interruptions(
                day=day,
                pushed=counted[day, "pushed"],
                demoted=counted[day, "demoted"],
            )
            for day in sorted({day for day, _ in counted}, reverse=True)
        )


_PUT: Final = """
INSERT INTO circlekit_attention_push (reader, circle, post, outcome, at, until)
VALUES (:reader, :circle, :post, :outcome, :at, :until)
ON CONFLICT (reader, circle, post) DO UPDATE
SET outcome = excluded.outcome, at = excluded.at, until = excluded.until
"""
_DUE: Final = """
SELECT reader, circle, post FROM circlekit_attention_push WHERE until <= :at
ORDER BY until, reader, circle, post
"""
_FIGURES: Final = """
SELECT outcome, COUNT(*) FROM circlekit_attention_push
WHERE circle = :circle AND post = :post GROUP BY outcome
"""
_OF_READER: Final = """
SELECT outcome, at FROM circlekit_attention_push
WHERE reader = :reader AND at >= :since AND outcome != 'held'
"""
