"""
Who looks after whom, and when each was last told.
"""

from datetime import datetime
from typing import ClassVar, Final

from attrs import frozen
from sqlalchemy import Column, Index, MetaData, Table

from circlekit.clock import from_micros, from_micros_if_any, micros
from circlekit.events.guardian import (
    GuardianDigestSent,
    GuardianDismissed,
    GuardianNamed,
)
from circlekit.events.record import Recorded
from circlekit.ids import MemberId
from circlekit.projections.read_model import TEXT, WHOLE_NUMBER, ReadModel, Rows

_TABLES: Final = MetaData()
Table(
    "circlekit_guardian_of",
    _TABLES,
    Column("child", TEXT, primary_key=True),
    Column("guardian", TEXT, primary_key=True),
    Column("zone", TEXT),
    Column("named_at", WHOLE_NUMBER),
    Column("told_until", WHOLE_NUMBER),
    Column("told_day", TEXT),
    Index("circlekit_guardian_of_guardian", "guardian"),
)


@frozen(kw_only=True)
class Guardian:
    """
    Somebody who looks after a child.

    Attributes:
        zone: The IANA zone of their days.

        named_at: Since when, UTC.

        told_until: Up to which moment they were told what happens, None if they
            never were.

        told_day: The day they were last told on, as in ``2026-03-09``.
    """

    child: MemberId
    guardian: MemberId
    zone: str
    named_at: datetime
    told_until: datetime | None = None
    told_day: str | None = None

    @property
    def untold_since(self) -> datetime:
        """
        Return the moment after which what happens was not told yet.
        """
        return max(self.named_at, self.told_until or self.named_at)


class GuardianView(ReadModel):
    """
    Guardians by child, and children by guardian.
    """

    name: ClassVar[str] = "guardians"
    tables: ClassVar[MetaData] = _TABLES
    kinds: ClassVar[frozenset[type]] = frozenset(
        {GuardianNamed, GuardianDismissed, GuardianDigestSent}
    )

    def apply(self, rows: Rows, recorded: Recorded) -> None:
        """
        Take in one event of a child.
        """
        event = recorded.event
        place = {"child": recorded.subject, "guardian": event.guardian}
        match event:
            case GuardianNamed():
                rows.run(_NAME, zone=event.zone, at=micros(event.at), **place)
            case GuardianDismissed():
                rows.run(_DISMISS, **place)
            case GuardianDigestSent():
                rows.run(_TELL, until=micros(event.until), day=event.day, **place)

    def guardians(self, rows: Rows, child: MemberId) -> tuple[Guardian, ...]:
        """
        Return who looks after a child now, by id.
        """
        return tuple(map(_guardian, rows.all(_OF_CHILD, child=child)))

    def children(self, rows: Rows, guardian: MemberId) -> tuple[Guardian, ...]:
        """
        Return whom somebody looks after now, by id.
        """
        return tuple(map(_guardian, rows.all(_OF_GUARDIAN, guardian=guardian)))

    def after(
        self, rows: Rows, child: str, guardian: str, *, limit: int
    ) -> tuple[Guardian, ...]:
        """
        Return the next guardians of all children, in the order of their ids.
        """
        return tuple(
            map(
                _guardian,
                rows.all(_AFTER, child=child, guardian=guardian, limit=limit),
            )
        )


def _guardian(found: tuple[str, str, str, int, int | None, str | None]) -> Guardian:
    child, guardian, zone, named_at, told_until, told_day = found
    return Guardian(
        child=MemberId(child),
        guardian=MemberId(guardian),
        zone=zone,
        named_at=from_micros(named_at),
        told_until=from_micros_if_any(told_until),
        told_day=told_day,
    )


# Whoever was dismissed keeps a row, because they may be named again on the same day.
_NAME: Final = """
INSERT INTO circlekit_guardian_of (child, guardian, zone, named_at)
VALUES (:child, :guardian, :zone, :at)
ON CONFLICT (child, guardian)
DO UPDATE SET zone = excluded.zone, named_at = excluded.named_at
"""
_DISMISS: Final = """
UPDATE circlekit_guardian_of SET zone = NULL, named_at = NULL
WHERE child = :child AND guardian = :guardian
"""
_TELL: Final = """
UPDATE circlekit_guardian_of SET told_until = :until, told_day = :day
WHERE child = :child AND guardian = :guardian
"""
_COLUMNS: Final = "child, guardian, zone, named_at, told_until, told_day"
_OF_CHILD: Final = f"""
SELECT {_COLUMNS} FROM circlekit_guardian_of
WHERE child = :child AND zone IS NOT NULL ORDER BY guardian
"""
_OF_GUARDIAN: Final = f"""
SELECT {_COLUMNS} FROM circlekit_guardian_of
WHERE guardian = :guardian AND zone IS NOT NULL ORDER BY child
"""
_AFTER: Final = f"""
SELECT {_COLUMNS} FROM circlekit_guardian_of
WHERE (child, guardian) > (:child, :guardian) AND zone IS NOT NULL
ORDER BY child, guardian LIMIT :limit
"""
