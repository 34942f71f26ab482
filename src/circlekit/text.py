"""
Text that people send: what is accepted, and how it is shown safely.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any, Final

from circlekit.errors import InvalidInputError

LONGEST_ID: Final = 200
LONGEST_NAME: Final = 200
LONGEST_TEXT: Final = 20_000
LONGEST_REFERENCE: Final = 2_000
MOST_REFERENCES: Final = 50

# Tab, line feed and carriage return are how people lay out text; every other
# C0 and C1 control only ever breaks something, and a lone surrogate cannot be
# written as UTF-8 at all.
_UNACCEPTED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_UNACCEPTED_IN_NAMES = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029]")
# The same, and what reorders or hides the text around it (bidi controls).
_UNSHOWN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e"
    "\u2028\u2029\u2066-\u2069\ufeff\ud800-\udfff]"
)

_NOT_ASCII: Final = re.compile("[^\x00-\x7e]")


def checked_text(
    field: str, value: object, *, longest: int = LONGEST_TEXT, empty: bool = False
) -> str:
    """
    Return *value* unchanged if people may send it.

    Lengths are in code points. Nothing is stripped or normalised: what is
    stored is what was sent.

    Raises:
        InvalidInputError: If it is no text, empty, too long, or holds a
            control character or a lone surrogate.
    """
    return _checked(field, value, _UNACCEPTED, longest=longest, empty=empty)


def checked_name(field: str, value: object) -> str:
    """
    Return *value* unchanged if it can be a name: one line, 1 to 200 characters.

    Raises:
        InvalidInputError: If it is no text, blank, too long, or holds a
            control character, a line break or a lone surrogate.
    """
    return _checked(field, value, _UNACCEPTED_IN_NAMES, longest=LONGEST_NAME)


def checked_id(field: str, value: object) -> str:
    """
    Return *value* unchanged if it can name something: the host's own string.

    Raises:
        InvalidInputError: If it is no text, blank, longer than 200 characters,
            or holds a control character, a line break or a lone surrogate.
    """
    return _checked(field, value, _UNACCEPTED_IN_NAMES, longest=LONGEST_ID)


def checked_list(field: str, values: object, *, of: str) -> tuple[Any, ...]:
    """
    Return what a list holds as a tuple; what that is, is not looked at.

    Raises:
        InvalidInputError: If it is one text, or nothing that holds several.
    """
    if isinstance(values, str):
        problem = f"is one text, not a list of {of}"
    elif isinstance(values, Iterable):
        return tuple(values)
    else:
        problem = f"is {type(values).__name__}, not a list of {of}"
    raise InvalidInputError(field, problem, f"a list or tuple of {of}")


def checked_ids(field: str, values: Iterable[object]) -> tuple[str, ...]:
    """
    Return ids as a tuple, each once, in the order in which they come first.

    Raises:
        InvalidInputError: If it is no list, or one cannot name anything; the field
            then names its place, as in ``customers[3]``.
    """
    checked: dict[str, None] = {}
    for place, value in enumerate(checked_list(field, values, of="ids")):
        # Of thousands nearly all are seen at a look to be ids.
        if (
            isinstance(value, str)
            and len(value) <= LONGEST_ID
            and value.isprintable()
            and value.strip()
        ):
            checked[value] = None
        else:
            checked[checked_id(f"{field}[{place}]", value)] = None
    return tuple(checked)


def checked_references(field: str, values: Sequence[str]) -> tuple[str, ...]:
    """
    Return image or video references as a tuple: at most 50, 2,000 characters each.

    Raises:
        InvalidInputError: If it is no list, there are too many, or one cannot be
            accepted; the field then names its place, as in ``images[3]``.
    """
    references = checked_list(field, values, of="references")
    if len(references) > MOST_REFERENCES:
        problem = f"holds {len(references)} references"
        raise InvalidInputError(field, problem, f"at most {MOST_REFERENCES}")
    return tuple(
        _checked(
            f"{field}[{place}]",
            value,
            _UNACCEPTED_IN_NAMES,
            longest=LONGEST_REFERENCE,
        )
        for place, value in enumerate(references)
    )


def as_plain(value: object) -> str:
    """
    Return a text of a class of the host's own as text and no more, for an encoder.

    Encoders look at the very class, and templates and arrays of text have their own.

    Raises:
        TypeError: If it is no text.
    """
    if isinstance(value, str):
        return str.__str__(value)
    raise TypeError(f"{type(value).__name__} cannot be encoded")


def visible(text: str) -> str:
    r"""
    Return *text* with control and bidi characters made visible.

    For terminals and logs: what a member wrote can then neither move the
    cursor nor reorder the words around it.

    >>> visible("safe\x1b[2J\u202egpj.exe")
    'safe\\x1b[2J\\u202egpj.exe'
    """
    return _UNSHOWN.sub(_escaped, text)


def visible_json(document: str) -> str:
    r"""
    Return a JSON text that says the same, with such characters escaped.

    Letters of all scripts stand as they are.

    >>> print(visible_json('"你好\u202e"'))
    "你好\u202e"
    """
    if visible(document) == document:
        return document
    return _NOT_ASCII.sub(_escaped_json, document)


def _checked(
    field: str,
    value: object,
    unaccepted: re.Pattern[str],
    *,
    longest: int,
    empty: bool = False,
) -> str:
    without = ""
    if not isinstance(value, str):
        problem = f"is {type(value).__name__}"
    elif not empty and not value.strip():
        problem = "is empty"
    elif len(value) > longest:
        problem = f"has {len(value)} characters"
    elif found := unaccepted.search(value):
        character = found.group()
        name = unicodedata.name(character, "control character or lone surrogate")
        problem = f"has U+{ord(character):04X} ({name}) at place {found.start()}"
        without = ", without that character"
    else:
        return value
    accepted = f"text of {0 if empty else 1} to {longest} characters{without}"
    raise InvalidInputError(field, problem, accepted)


def _escaped(match: re.Match[str]) -> str:
    return match.group().encode("unicode_escape", "surrogatepass").decode("ascii")


def _escaped_json(match: re.Match[str]) -> str:
    character = match.group()
    if visible(character) == character:
        return character
    return f"\\u{ord(character):04x}"
