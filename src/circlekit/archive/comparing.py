"""
Where two answers differ.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Final

from attrs import frozen

_LONGEST_SAID: Final = 160
# What an item of a list goes by, as far as it has these.
_NAMED_BY: Final = (
    *("kind", "comment", "message", "post", "source", "rule"),
    *("circle", "month", "version"),
)


@frozen
class Difference:
    """
    One thing that today's code answers otherwise.

    Attributes:
        answer: What was asked, as in ``feed of mei, readers/8, pinned``.

        expected: What the file says, as JSON has it; None for nothing.

        actual: What is answered now.
    """

    answer: str
    expected: Any
    actual: Any

    def __str__(self) -> str:
        """
        Return it in words, long values cut short.

        >>> str(Difference("feed of mei, readers/8, pinned", True, False))
        'feed of mei, readers/8, pinned: expected true, actual false'
        """
        expected, actual = _said(self.expected), _said(self.actual)
        return f"{self.answer}: expected {expected}, actual {actual}"


def differing(where: str, expected: Any, actual: Any) -> Iterator[Difference]:
    """
    Return where two answers, as JSON has them, are not the same.
    """
    if expected == actual:
        return
    match expected, actual:
        case dict(), dict():
            for name in {**expected, **actual}:
                yield from differing(
                    f"{where}, {name}", expected.get(name), actual.get(name)
                )
        case list(), list() if _are_items([*expected, *actual]):
            yield from _differing_items(where, _by_name(expected), _by_name(actual))
        case _:
            yield Difference(where, expected, actual)


def _differing_items(
    where: str, expected: dict[str, Any], actual: dict[str, Any]
) -> Iterator[Difference]:
    for name in {**expected, **actual}:
        if name in expected and name in actual:
            yield from differing(f"{where}, {name}", expected[name], actual[name])
        else:
            yield Difference(f"{where}, {name}", expected.get(name), actual.get(name))
    was = [name for name in expected if name in actual]
    now = [name for name in actual if name in expected]
    if was != now:
        yield Difference(f"{where}, order", was, now)


def _are_items(values: Iterable[Any]) -> bool:
    return all(isinstance(value, dict) for value in values)


def _by_name(items: Iterable[dict[str, Any]]) -> dict[str, Any]:
    named: dict[str, Any] = {}
    seen: Counter[str] = Counter()
    for item in items:
        name = " ".join(str(item[key]) for key in _NAMED_BY if item.get(key))
        seen[name] += 1
        named[name if seen[name] == 1 else f"{name} ({seen[name]})"] = item
    return named


def _said(value: Any) -> str:
    if value is None:
        return "nothing"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST_SAID else f"{text[:_LONGEST_SAID]}…"
