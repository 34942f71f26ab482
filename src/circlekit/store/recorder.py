"""
The log in the shape that the eventsourcing library's own parts expect.

With :class:`EventRecorder` and :class:`EventMapper` a store can be read by any tool
made for that library, and its recorder test kit can be run against ours. Nothing else
needs the library, so that a kit opens without it.
"""

from collections.abc import Sequence
from typing import Any, Final, cast
from uuid import UUID

from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import (
    ApplicationRecorder,
    IntegrityError,
    Mapper,
    Notification,
    StoredEvent,
    Subscription,
)

from circlekit.errors import StoreError
from circlekit.events.names import NAME_OF
from circlekit.events.record import Recorded
from circlekit.store import log
from circlekit.store.database import Store
from circlekit.store.mapper import decode, encode

_NO_LIMIT: Final = 2**62


class EventMapper(Mapper[str]):
    """
    Between events and stored events.
    """

    def __init__(self) -> None:
        """
        Need no transcoder: every event class has its own.
        """

    def to_stored_event(self, domain_event: DomainEventProtocol[str]) -> StoredEvent:
        """
        Encode an event that knows its place.
        """
        recorded = cast("Recorded", domain_event)
        return StoredEvent(
            originator_id=recorded.stream,
            originator_version=recorded.version,
            topic=NAME_OF[type(recorded.event)],
            state=encode(recorded.event),
        )

    def to_domain_event(self, stored_event: StoredEvent) -> DomainEventProtocol[str]:
        """
        Decode an event, with its place.
        """
        stream = str(stored_event.originator_id)
        version = stored_event.originator_version
        position = getattr(stored_event, "id", 0)
        event = decode(
            stream,
            version,
            stored_event.topic,
            stored_event.state,
            position=position or None,
        )
        return cast(
            "DomainEventProtocol[str]", Recorded(position, stream, version, event)
        )


class EventRecorder(ApplicationRecorder):
    """
    Writes and reads stored events of one store.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def insert_events(
        self, stored_events: Sequence[StoredEvent], **_kwargs: Any
    ) -> Sequence[int]:
        """
        Write events in one transaction and return their positions.

        Raises:
            IntegrityError: If one of the places is taken.
        """
        try:
            with self._store.writing() as transaction:
                return [
                    transaction.put(
                        str(event.originator_id),
                        event.originator_version,
                        event.topic,
                        event.state,
                    )
                    for event in stored_events
                ]
        except StoreError as error:
            raise IntegrityError(str(error)) from error

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        """
        Return stored events of one history.
        """
        order = "DESC" if desc else "ASC"
        sql = f"""
        SELECT {log.COLUMNS} FROM circlekit_event
        WHERE stream = :stream AND version > coalesce(:gt, version - 1)
        AND version <= coalesce(:lte, version)
        ORDER BY version {order} LIMIT :limit
        """
        with self._store.reading() as transaction:
            rows = transaction.all(
                sql,
                stream=str(originator_id),
                gt=gt,
                lte=lte,
                limit=_NO_LIMIT if limit is None else limit,
            )
        return [_notification(row) for row in rows]

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        """
        Return stored events of all histories, in commit order.
        """
        after = 0 if start is None else start - inclusive_of_start
        names = {f"name_{place}": topic for place, topic in enumerate(topics)}
        named = f"AND name IN ({', '.join(f':{name}' for name in names)})"
        sql = f"""
        SELECT {log.COLUMNS} FROM circlekit_event
        WHERE position > :after AND position <= coalesce(:stop, position)
        {named if names else ""}
        ORDER BY position LIMIT :limit
        """
        with self._store.reading() as transaction:
            rows = transaction.all(sql, after=after, stop=stop, limit=limit, **names)
        return [_notification(row) for row in rows]

    def max_notification_id(self) -> int | None:
        """
        Return the newest position, None in an empty store.
        """
        with self._store.reading() as transaction:
            return transaction.head() or None

    def subscribe(
        self, gt: int | None = None, topics: Sequence[str] = ()
    ) -> Subscription[ApplicationRecorder]:
        """
        Not offered: SQLite tells nobody of a new event, so followers ask.
        """
        raise NotImplementedError("followers of an SQLite store ask for new events")


def _notification(row: Any) -> Notification:
    position, stream, version, name, body, _ = log.verified(row)
    return Notification(
        id=position,
        originator_id=stream,
        originator_version=version,
        topic=name,
        state=body,
    )
