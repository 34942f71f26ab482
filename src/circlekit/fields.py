"""
What the fields of a value accept, said where the value is made.

Validators of attrs that refuse with the field's name and what would be accepted. A
number is a whole number and no truth value, whatever Python makes of ``True``.
"""

from collections.abc import Callable, Sequence
from typing import Any

from attrs import Attribute

from circlekit.errors import InvalidInputError

Validator = Callable[[Any, "Attribute[Any]", Any], None]


def whole(least: int, most: int | None = None, *, or_none: bool = False) -> Validator:
    """
    Accept a whole number from *least* to *most*.
    """
    accepted = f"a whole number from {least:,}"
    accepted += " on" if most is None else f" to {most:,}"

    def is_one(value: Any) -> bool:
        return type(value) is int and least <= value and (most is None or value <= most)

    return _accept(is_one, accepted, or_none=or_none)


def word(*, or_none: bool = False) -> Validator:
    """
    Accept a text that is not empty.
    """

    def is_one(value: Any) -> bool:
        return isinstance(value, str) and bool(value)

    return _accept(is_one, "a text that is not empty", or_none=or_none)


def yes_or_no() -> Validator:
    """
    Accept ``True`` or ``False``, and nothing that merely counts as one of them.
    """
    return _accept(lambda value: isinstance(value, bool), "True or False")


def one_of(words: Sequence[str]) -> Validator:
    """
    Accept one of some words.
    """
    return _accept(
        lambda value: isinstance(value, str) and value in words, ", ".join(words)
    )


def several_of(words: Sequence[str]) -> Validator:
    """
    Accept a list of some words.
    """

    def are_some(values: Any) -> bool:
        return isinstance(values, (tuple, list)) and all(
            isinstance(value, str) and value in words for value in values
        )

    return _accept(are_some, f"a list of {', '.join(words)}")


def several(kind: type) -> Validator:
    """
    Accept a list of values of one kind.
    """

    def are_some(values: Any) -> bool:
        return isinstance(values, (tuple, list)) and all(
            isinstance(value, kind) for value in values
        )

    return _accept(are_some, f"a list of {kind.__name__}")


def a(kind: type) -> Validator:
    """
    Accept a value of one kind.
    """
    return _accept(lambda value: isinstance(value, kind), f"a {kind.__name__}")


def _accept(
    accepts: Callable[[Any], bool], accepted: str, *, or_none: bool = False
) -> Validator:
    words = f"{accepted}, or None" if or_none else accepted

    def validate(_instance: Any, attribute: "Attribute[Any]", value: Any) -> None:
        if not accepts(value) and not (or_none and value is None):
            raise InvalidInputError(attribute.name, f"is {value!r}", words)

    return validate
