"""
Between events and the bytes they are stored as.

The library's own mapper needs ``vars()``, builds objects past their validators
and imports whatever a stored name says. This one keeps a closed table of names,
and one compiled decoder for each.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, cast

import msgspec
from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import Mapper, StoredEvent

from circlekit.errors import CirclekitError, CorruptEventError
from circlekit.events.names import NAME_OF, NAMES
from circlekit.events.record import Recorded

# A body nested deeper than Python goes is no event either.
_NOT_ONE: Final = (
    msgspec.DecodeError,
    CirclekitError,
    ValueError,
    TypeError,
    RecursionError,
)
_ENCODE: Final = msgspec.json.Encoder().encode
_DECODERS: Final[Mapping[str, msgspec.json.Decoder[Any]]] = MappingProxyType(
    {name: msgspec.json.Decoder(kind) for name, kind in NAMES.items()}
)


def encode(event: object) -> bytes:
    """
    Return an event's fields as JSON.
    """
    return _ENCODE(event)


def decode(stream: str, version: int, name: str, body: bytes) -> Any:
    """
    Return the event that *body* holds.

    Raises:
        CorruptEventError: If the name is not ours or the body is no such event.
    """
    decoder = _DECODERS.get(name)
    if decoder is None:
        raise CorruptEventError(stream, version, f"{name!r} is no event's name")
    try:
        return decoder.decode(body)
    except _NOT_ONE as error:
        raise CorruptEventError(stream, version, f"no {name}: {error}") from error


class EventMapper(Mapper[str]):
    """
    The same, in the shape that the eventsourcing library's own parts expect.
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
        event = decode(stream, version, stored_event.topic, stored_event.state)
        position = getattr(stored_event, "id", 0)
        return cast(
            "DomainEventProtocol[str]", Recorded(position, stream, version, event)
        )
