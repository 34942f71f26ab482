"""
Who has which identity in another system.
"""

from datetime import datetime
from typing import ClassVar, Final

from attrs import frozen
from sqlalchemy import Column, Index, MetaData, Table

from circlekit.clock import from_micros, micros
from circlekit.events.identity import IdentityAttached, IdentityDetached
from circlekit.events.record import Recorded
from circlekit.ids import MemberId
from circlekit.projections.read_model import TEXT, WHOLE_NUMBER, ReadModel, Rows

_TABLES: Final = MetaData()
Table(
    "circlekit_identity_attached",
    _TABLES,
    Column("stream", TEXT, primary_key=True),
    Column("member", TEXT, nullable=False),
    Column("system", TEXT, nullable=False),
    Column("external_id", TEXT, nullable=False),
    Column("attested", TEXT, nullable=False),
    Column("at", WHOLE_NUMBER, nullable=False),
    Index("circlekit_identity_attached_member", "member"),
)


@frozen(kw_only=True)
class IdentityEntry:
    """
    An identity that a member has in another system.

    Attributes:
        system: The system.

        external_id: Who they are there.

        attested: The host's word for how it made sure.

        at: Since when it is attached, UTC.
    """

    system: str
    external_id: str
    attested: str
    at: datetime


class Identities(ReadModel):
    """
    Identities in other systems, by themselves and by their members.
    """

    name: ClassVar[str] = "identities"
    tables: ClassVar[MetaData] = _TABLES
    kinds: ClassVar[frozenset[type]] = frozenset({IdentityAttached, IdentityDetached})

    def apply(self, rows: Rows, recorded: Recorded) -> None:
        """
        Take in one event of an identity.
        """
        event = recorded.event
        match event:
            case IdentityAttached():
                rows.run(
                    _ATTACH,
                    stream=recorded.stream,
                    member=event.member,
                    system=event.system,
                    external_id=event.external_id,
                    attested=event.attested,
                    at=micros(event.at),
                )
            case IdentityDetached():
                rows.run(_DETACH, stream=recorded.stream)

    def member(self, rows: Rows, stream: str) -> MemberId | None:
        """
        Return whose an identity is, None if it is nobody's.
        """
        known = rows.all(_MEMBER, stream=stream)
        return known[0][0] if known else None

    def of(self, rows: Rows, member: MemberId) -> tuple[IdentityEntry, ...]:
        """
        Return what identities a member has, by system.
        """
        return tuple(
            IdentityEntry(
                system=system,
                external_id=external_id,
                attested=attested,
                at=from_micros(at),
            )
            for system, external_id, attested, at in rows.all(_OF, member=member)
        )


_ATTACH: Final = """
INSERT INTO circlekit_identity_attached
(stream, member, system, external_id, attested, at)
VALUES (:stream, :member, :system, :external_id, :attested, :at)
"""
_DETACH: Final = "DELETE FROM circlekit_identity_attached WHERE stream = :stream"
_MEMBER: Final = """
SELECT member FROM circlekit_identity_attached WHERE stream = :stream
"""
_OF: Final = """
SELECT system, external_id, attested, at FROM circlekit_identity_attached
WHERE member = :member ORDER BY system, external_id
"""
