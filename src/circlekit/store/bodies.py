"""
What a stored body may be beyond JSON of the right shape.

A body that is decoded as an event may still hold more than the event shows: a field
that this release does not know, the same field twice, a number that no table takes.
None of that is ever written, so whoever reads it is told.
"""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from circlekit.text import as_plain

LARGEST: Final = 2**23
"""
The bytes of the largest body. What people may send comes to less than a megabyte.
"""

DEEPEST: Final = 16
"""
How deep a body may be nested. A rule book within its event takes five.
"""

_BIG: Final = 2**63
_DIGITS: Final = 19
_STRING: Final = re.compile(rb'"(?:[^"\\]|\\.)*+"?', re.DOTALL)
_BRACKET: Final = re.compile(rb"[\[\]{}]")
_NOUGHTS: Final = bytes.maketrans(b"123456789", b"000000000")
# Perhaps a number beyond 64 bits, perhaps a moment of another zone; perhaps a text.
_LONG, _OFFSET = b"0" * _DIGITS, b':00"'


def is_plain(body: bytes) -> bool:
    """
    Return whether there can be no number and no moment that is not to be there.
    """
    # To search for plain bytes takes a small part of the time of a pattern.
    digits = body.translate(_NOUGHTS)
    return not (_LONG in digits or _OFFSET in digits)


def must_be_sound(body: bytes, event: object) -> None:
    """
    Go on if a body says no more than the event that it was decoded as.

    Raises:
        ValueError: If it does; the message goes on from the event's name.
    """
    if len(body) > LARGEST:
        raise ValueError(f"has {len(body):,} bytes")
    if depth(body) > DEEPEST:
        raise ValueError("is nested too deep")
    told = json.loads(body.decode(), object_pairs_hook=_fields, parse_int=_whole)
    _compare(
        told, msgspec.to_builtins(event, builtin_types=(datetime,), enc_hook=as_plain)
    )


def depth(body: bytes) -> int:
    """
    Return how deep a body is nested.

    >>> depth(b'{"a": [[], "[[["]}')
    3
    """
    deepest = now = 0
    for bracket in _BRACKET.findall(_STRING.sub(b"", body)):
        now += 1 if bracket in b"[{" else -1
        deepest = max(deepest, now)
    return deepest


def _fields(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("has a field twice")
    return fields


def _whole(digits: str) -> int:
    if len(digits.lstrip("-")) > _DIGITS or not -_BIG <= int(digits) < _BIG:
        raise ValueError("has a number beyond 64 bits")
    return int(digits)


def _compare(told: Any, known: Any) -> None:
    if isinstance(known, datetime):
        if known.utcoffset() != timedelta(0):
            raise ValueError(f"has the moment {told}, which is not in UTC")
    elif isinstance(known, Mapping) and isinstance(told, Mapping):
        for name in told:
            if name not in known:
                problem = "which this release does not know: a later one wrote it"
                raise ValueError(f"has the field {name!r}, {problem}")
            _compare(told[name], known[name])
    elif isinstance(known, Sequence) and not isinstance(known, str):
        for one, other in zip(told, known, strict=True):
            _compare(one, other)
