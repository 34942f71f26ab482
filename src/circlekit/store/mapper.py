"""
Between events and the bytes they are stored as.

The library's own mapper needs ``vars()``, builds objects past their validators
and imports whatever a stored name says. This one keeps a closed table of names,
and one compiled decoder for each.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final

import msgspec

from circlekit.clock import Moment
from circlekit.errors import CirclekitError, CorruptEventError, InvalidInputError
from circlekit.events.names import NAME_OF, NAMES
from circlekit.events.rules import RuleBookAdopted
from circlekit.ids import MemberId
from circlekit.rulebook import RuleBook
from circlekit.store.bodies import DEEPEST, LARGEST, depth, is_plain, must_be_sound
from circlekit.text import as_plain

_NOT_ONE: Final = (msgspec.DecodeError, CirclekitError, ValueError, TypeError)
_ENCODER: Final = msgspec.json.Encoder(enc_hook=as_plain)
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
    if name == _ADOPTED:
        adopted = _with_known_book(body)
        if adopted is not None:
            return adopted
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
    if _ADOPTED in names:
        return _decode_with_books(names, bodies)
    return _decode_lines(names, bodies)


def _decode_with_books(
    names: Sequence[str], bodies: Sequence[bytes]
) -> list[Any] | None:
    events: list[Any] = [
        _with_known_book(body) if name == _ADOPTED else None
        for name, body in zip(names, bodies, strict=True)
    ]
    places = [place for place, event in enumerate(events) if event is None]
    others = _decode_lines(
        [names[place] for place in places], [bodies[place] for place in places]
    )
    if others is None:
        return None
    for place, event in zip(places, others, strict=True):
        events[place] = event
    return events


def _decode_lines(names: Sequence[str], bodies: Sequence[bytes]) -> list[Any] | None:
    if not bodies:
        return []
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


class _Rest(msgspec.Struct):
    # `RuleBookAdopted` as it is written, with nothing in place of the book.
    at: Moment
    book: None
    by: MemberId


def _with_known_book(body: bytes) -> RuleBookAdopted | None:
    # A rule book is most of its event, and thousands adopt the same. Where one stands
    # that was read before, byte for byte, only the rest is read. Anything that is not
    # plain is for who reads it all.
    before, begins, after = body.partition(_BOOK)
    written, ends, after = after.rpartition(_BY)
    rest = b"".join((before, begins, b"null", ends, after))
    if not (begins and ends) or len(written) > _LONG_BOOK or not is_plain(rest):
        return None
    try:
        read = _READ_REST(rest)
        if _ENCODE(read) != rest:
            return None
        return RuleBookAdopted(book=_book(written), by=read.by, at=read.at)
    except (*_NOT_ONE, RecursionError):
        return None


@lru_cache(maxsize=256)
def _book(written: bytes) -> RuleBook:
    book = _READ_BOOK(written)
    if not is_plain(written) or _ENCODE(book) != written:
        raise ValueError("is not plain")
    return book


_ADOPTED: Final = NAME_OF[RuleBookAdopted]
_BOOK: Final = b'"book":'
_BY: Final = b',"by":'
_LONG_BOOK: Final = 2**14
_READ_REST: Final = msgspec.json.Decoder(_Rest).decode
_READ_BOOK: Final = msgspec.json.Decoder(RuleBook).decode
