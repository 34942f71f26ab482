"""
Between events and the bytes they are stored as.

The library's own mapper needs ``vars()``, builds objects past their validators
and imports whatever a stored name says. This one keeps a closed table of names,
and one compiled decoder for each.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

import msgspec

from circlekit.errors import CirclekitError, CorruptEventError, InvalidInputError
from circlekit.events.names import NAMES
from circlekit.store.bodies import DEEPEST, LARGEST, depth, is_plain, must_be_sound

_NOT_ONE: Final = (msgspec.DecodeError, CirclekitError, ValueError, TypeError)
_ENCODER: Final = msgspec.json.Encoder()
_ENCODE: Final = _ENCODER.encode
_DECODERS: Final[Mapping[str, msgspec.json.Decoder[Any]]] = MappingProxyType(
    {name: msgspec.json.Decoder(kind) for name, kind in NAMES.items()}
)


def encode(event: object) -> bytes:
    """
    Return an event's fields as JSON.

    Raises:
        InvalidInputError: If it could not be read again.
    """
    accepted = f"what fits {LARGEST:,} bytes, with numbers of 64 bits"
    try:
        body = _ENCODE(event)
        if len(body) > LARGEST or not is_plain(body):
            must_be_sound(body, event)
    except (ValueError, OverflowError) as error:
        name = type(event).__name__
        raise InvalidInputError("event", f"this {name} {error}", accepted) from error
    return body


def decode(
    stream: str, version: int, name: str, body: bytes, *, position: int | None = None
) -> Any:
    """
    Return the event that *body* holds.

    Raises:
        CorruptEventError: If the name is not ours or the body is no such event.
    """
    decoder = _DECODERS.get(name)
    if decoder is None:
        problem = f"{name!r} is no event's name"
        raise CorruptEventError(stream, version, problem, position=position)
    try:
        if len(body) > LARGEST:
            raise ValueError(f"has {len(body):,} bytes")
        event = decoder.decode(body)
        # Nearly all are just what is written today, and then nothing is hidden there.
        if not is_plain(body) or _ENCODE(event) != body:
            must_be_sound(body, event)
    except _NOT_ONE as error:
        problem = f"no {name}: {error}"
    except RecursionError:
        # It may be the host that is near the end of its stack.
        if depth(body) <= DEEPEST:
            raise
        problem = f"no {name}: is nested too deep"
    else:
        return event
    raise CorruptEventError(stream, version, problem, position=position)


def decode_block(names: Sequence[str], bodies: Sequence[bytes]) -> list[Any] | None:
    """
    Return the events that many bodies hold, or None: then ask for each by itself.

    The same as :func:`decode` for each, in a fifth of the time: all bodies of one
    name are read as the lines of one text, and all events are written as lines again
    to be compared. Nothing is refused here, so that there is one way to say why.
    """
    try:
        text = b"\n".join(bodies)
        # Without a line's end within a body, its line is all of it.
        if len(text) > LARGEST or text.count(b"\n") != len(bodies) - 1:
            return None
        events = _from_lines(names, bodies, text)
        again = _ENCODER.encode_lines(events)[:-1]
        if again != text or not is_plain(text):
            for body, line, event in zip(
                bodies, again.split(b"\n"), events, strict=True
            ):
                if body != line or not is_plain(body):
                    must_be_sound(body, event)
    except (*_NOT_ONE, KeyError, RecursionError):
        return None
    return events


def _from_lines(
    names: Sequence[str], bodies: Sequence[bytes], text: bytes
) -> list[Any]:
    kinds = set(names)
    if len(kinds) == 1:
        return _read(names[0], text, len(bodies))
    lines: dict[str, list[bytes]] = {kind: [] for kind in kinds}
    for name, body in zip(names, bodies, strict=True):
        lines[name].append(body)
    found = {
        name: iter(_read(name, b"\n".join(those), len(those)))
        for name, those in lines.items()
    }
    return [*map(next, map(found.__getitem__, names))]


def _read(name: str, text: bytes, many: int) -> list[Any]:
    events = _DECODERS[name].decode_lines(text)
    if len(events) != many:
        raise ValueError("a line is empty")
    return events
