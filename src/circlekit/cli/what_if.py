"""
Reading ``--what-if``: other numbers for an audit, written in one word.
"""

import re
from datetime import timedelta
from typing import Final

from circlekit.audit import WhatIf
from circlekit.errors import InvalidInputError

_ACCEPTED: Final = (
    "per-month=N, gap=SPAN, zone=NAME and without=RULE joined by commas, as in "
    "per-month=2,gap=48h,zone=UTC; a span is a number up to 99999 and d, h, m or s"
)
_NUMBER: Final = re.compile(r"[0-9]{1,5}")
_SPAN: Final = re.compile(r"([0-9]{1,5})([dhms])")
_SECONDS: Final = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}


def read_what_if(text: str) -> WhatIf:
    """
    Return what *text* asks for.

    >>> read_what_if("per-month=2,gap=90m").gap
    datetime.timedelta(seconds=5400)

    Raises:
        InvalidInputError: If some part of it is not understood.
    """
    parts: dict[str, str] = {}
    without: list[str] = []
    for part in text.split(","):
        name, _, value = (piece.strip() for piece in part.partition("="))
        if name == "without" and value:
            without.append(value)
            continue
        if name not in {"per-month", "gap", "zone"} or not value:
            raise _not_understood(f"{part!r} is none of them")
        if name in parts:
            raise _not_understood(f"{name} stands there twice")
        parts[name] = value
    return WhatIf(
        per_month=_number(parts.get("per-month")),
        gap=_span(parts.get("gap")),
        zone=parts.get("zone"),
        without=without,
    )


def _number(text: str | None) -> int | None:
    if text is None:
        return None
    if not _NUMBER.fullmatch(text):
        raise _not_understood(f"{text!r} is no number up to 99999")
    return int(text)


def _span(text: str | None) -> timedelta | None:
    if text is None:
        return None
    found = _SPAN.fullmatch(text)
    if found is None:
        raise _not_understood(f"{text!r} is no span of time")
    number, unit = found.groups()
    return timedelta(seconds=int(number) * _SECONDS[unit])


def _not_understood(problem: str) -> InvalidInputError:
    return InvalidInputError("what-if", problem, _ACCEPTED)
