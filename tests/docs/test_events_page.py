"""
The page of events says what the code stores.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs
import pytest

from circlekit.budget import Budget, Window
from circlekit.events.approval import ApprovalStep, FormField
from circlekit.events.homework import Scale
from circlekit.events.mass_send import Share
from circlekit.events.names import NAMES, SINCE
from circlekit.rulebook import MUST_SEE_REMINDERS, RuleBook
from circlekit.verdict import Reason

PAGE = (Path(__file__).parents[2] / "docs" / "events.md").read_text(encoding="utf-8")
VALUES = {
    "Rule book": RuleBook,
    "Budget": Budget,
    "Window": Window,
    "Reason": Reason,
    "Scale": Scale,
    "Share": Share,
    "Form field": FormField,
    "Approval step": ApprovalStep,
}
DEFAULTS: Mapping[Any, str] = {
    attrs.NOTHING: "",
    None: "null",
    False: "no",
    True: "yes",
    (): "empty",
    "": "empty",
    attrs.Factory(dict): "empty",
    MUST_SEE_REMINDERS: "3 in 24 hours, 1 in 5 minutes",
}


def sections() -> Iterator[tuple[str, str]]:
    parts = re.split(r"^#{2,3} (.+)$", PAGE, flags=re.MULTILINE)
    return zip(parts[1::2], parts[2::2], strict=True)


def rows(title: str) -> list[list[str]]:
    (text,) = [text for heading, text in sections() if heading == title]
    lines = [line for line in text.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def default(field: attrs.Attribute) -> str:
    if isinstance(field.default, str) and field.default:
        return f"`{field.default}`"
    if isinstance(field.default, int) and not isinstance(field.default, bool):
        return str(field.default)
    if isinstance(field.default, tuple) and field.default not in DEFAULTS:
        return ", ".join(f"`{value}`" for value in field.default)
    return DEFAULTS[field.default]


def test_every_stored_event_has_its_place_on_the_page():
    """
    The page has a section for each stored event, once, and for nothing else.
    """
    single_words = [title for title, _ in sections() if re.fullmatch(r"\w+", title)]
    on_the_page = sorted(set(single_words) - {"Refusals"} - set(VALUES))

    assert sorted(NAMES) == on_the_page
    assert len(single_words) == len(set(single_words))


@pytest.mark.parametrize("name", sorted(NAMES))
def test_the_page_says_since_when_an_event_is_stored(name):
    """
    Each event says which release brought it.
    """
    (text,) = [text for title, text in sections() if title == name]

    assert [SINCE[name]] == re.findall(r"^Since (.+)\.$", text, flags=re.MULTILINE)


@pytest.mark.parametrize("name", [*sorted(NAMES), *VALUES])
def test_the_page_names_every_field_and_its_default(name):
    """
    Fields and defaults of an event are on the page, in the order of the code.
    """
    fields = attrs.fields(NAMES.get(name) or VALUES[name])

    assert [[f"`{it.name}`", default(it)] for it in fields] == [
        [field, otherwise] for field, _, otherwise, _ in rows(name)
    ]


@pytest.mark.parametrize("name", [*sorted(NAMES), *VALUES])
def test_the_page_says_what_may_be_missing_and_what_is_personal(name):
    """
    A field that may be null, or holds what a person wrote, says so on the page.
    """
    fields = attrs.fields(NAMES.get(name) or VALUES[name])

    assert [
        (
            it.name,
            "None" in str(it.type) or "Optional" in str(it.type),
            "personal" in it.metadata,
        )
        for it in fields
    ] == [
        (field.strip("`"), "null" in kind, "personal" in kind)
        for field, kind, _, _ in rows(name)
    ]
