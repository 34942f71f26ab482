"""
Which texts may be sent, and how they are shown.
"""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circlekit.errors import InvalidInputError
from circlekit.testing import (
    acceptable_names,
    acceptable_text,
    unacceptable_names,
    unacceptable_text,
)
from circlekit.text import (
    LONGEST_ID,
    LONGEST_NAME,
    LONGEST_REFERENCE,
    LONGEST_TEXT,
    MOST_REFERENCES,
    checked_id,
    checked_ids,
    checked_name,
    checked_references,
    checked_text,
    visible,
)

ANYTHING = st.one_of(
    st.text(st.characters()), st.text(st.characters(categories=("Cc", "Cf", "Cs")))
)


def outcome(check):
    try:
        return check()
    except InvalidInputError as problem:
        return str(problem)


def trouble_with(check, *args, **kwargs):
    with pytest.raises(InvalidInputError) as trouble:
        check(*args, **kwargs)
    return trouble.value


@given(acceptable_text())
def test_text_is_kept_as_it_was_sent(text):
    """
    What may be sent is kept to the letter, and can be written as UTF-8.
    """
    assert text is checked_text("text", text)
    assert text == text.encode().decode()


@given(acceptable_names())
def test_names_are_kept_as_they_were_given(name):
    """
    So are names and ids.
    """
    assert name is checked_name("name", name)
    assert name is checked_id("id", name)
    assert (name,) == checked_references("images", [name])


@given(unacceptable_text())
def test_text_that_may_not_be_sent(value):
    """
    What may not be sent is refused with its field and with what may be.
    """
    trouble = trouble_with(checked_text, "text", value)

    assert "text" == trouble.field
    assert trouble.problem
    assert trouble.accepted.startswith(f"text of 1 to {LONGEST_TEXT} characters")
    expected = f"text: {trouble.problem}; accepted: {trouble.accepted}"
    assert expected == str(trouble)


@given(unacceptable_names())
def test_names_that_may_not_be_given(value):
    """
    A name is one line, and not longer than a line.
    """
    name = trouble_with(checked_name, "name", value)
    id_ = trouble_with(checked_id, "id", value)

    assert ("name", "id") == (name.field, id_.field)
    assert name.accepted.startswith(f"text of 1 to {LONGEST_NAME} characters")
    assert id_.accepted.startswith(f"text of 1 to {LONGEST_ID} characters")


@given(ANYTHING)
def test_any_text_is_either_kept_or_refused(text):
    """
    There is no third way, whatever people send.
    """
    try:
        kept = checked_text("text", text)
    except InvalidInputError as trouble:
        assert "text" == trouble.field  # noqa: PT017
        assert text.strip() == "" or any(
            unicodedata.category(sign) in {"Cc", "Cs"} for sign in text
        )
    else:
        assert text is kept
        assert text == text.encode().decode()


@given(before=st.text(st.sampled_from("ab 长\n"), max_size=9), code=st.integers(0, 31))
def test_the_place_of_what_is_wrong(before, code):
    """
    A refusal names the character and its place.
    """
    if chr(code) in "\t\n\r":
        assert checked_text("text", f"x{chr(code)}")
        return
    trouble = trouble_with(checked_text, "text", f"x{before}{chr(code)}y")

    expected = (
        f"has U+{code:04X} (control character or lone surrogate) "
        f"at place {len(before) + 1}"
    )
    assert expected == trouble.problem
    assert trouble.accepted.endswith(", without that character")


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("", "is empty"),
        (" \n", "is empty"),
        ("\u3000", "is empty"),
        ("长" * (LONGEST_TEXT + 1), "has 20001 characters"),
        (None, "is NoneType"),
        (b"bytes", "is bytes"),
        (7, "is int"),
        ("a\ud800", "has U+D800 (control character or lone surrogate) at place 1"),
        ("\x7f", "has U+007F (control character or lone surrogate) at place 0"),
        ("a\x85", "has U+0085 (control character or lone surrogate) at place 1"),
    ],
)
def test_problems_with_text(value, problem):
    """
    Each problem has words of its own.
    """
    assert problem == trouble_with(checked_text, "text", value).problem


def test_a_name_of_two_lines():
    """
    In a name, a line end is named for what it is.
    """
    trouble = trouble_with(checked_name, "name", "two\u2028lines")

    assert "has U+2028 (LINE SEPARATOR) at place 3" == trouble.problem


def test_the_longest():
    """
    The longest that may be is accepted, in characters and not in bytes.
    """
    assert checked_text("text", "长" * LONGEST_TEXT)
    assert checked_name("name", "长" * LONGEST_NAME)
    assert checked_id("id", "长" * LONGEST_ID)


def test_text_that_may_be_empty():
    """
    Beside pictures a text may be empty, and then the refusal says so.
    """
    assert "" == checked_text("text", "", empty=True)
    assert "  " == checked_text("text", "  ", empty=True)
    trouble = trouble_with(checked_text, "text", None, empty=True)
    assert "text of 0 to 20000 characters" == trouble.accepted


def test_references():
    """
    A list of references is kept in its order, and may be empty.
    """
    assert () == checked_references("images", [])
    assert ("a.png", "b.png") == checked_references("images", ["a.png", "b.png"])
    assert MOST_REFERENCES == len(
        checked_references("images", ["x" * LONGEST_REFERENCE] * MOST_REFERENCES)
    )


@pytest.mark.parametrize(
    ("values", "field", "problem"),
    [
        ("a.png", "images", "is one text, not a list of references"),
        (["a.png"] * 51, "images", "holds 51 references"),
        (["a.png", ""], "images[1]", "is empty"),
        (["a.png", "b.png", None], "images[2]", "is NoneType"),
        (["x" * 2001], "images[0]", "has 2001 characters"),
        (
            ["a\npng"],
            "images[0]",
            "has U+000A (control character or lone surrogate) at place 1",
        ),
    ],
)
def test_references_that_are_none(values, field, problem):
    """
    A reference that cannot be accepted is named by its place in the list.
    """
    trouble = trouble_with(checked_references, "images", values)

    assert (field, problem) == (trouble.field, trouble.problem)


@given(ANYTHING)
def test_shown_safely(text):
    """
    What is shown can neither move the cursor nor reorder the words around it.
    """
    shown = visible(text)

    assert shown == shown.encode().decode()
    for sign in shown:
        assert unicodedata.category(sign) not in {"Cs", "Zl", "Zp"}
        assert unicodedata.category(sign) != "Cc" or sign in "\t\n"
        assert unicodedata.bidirectional(sign) not in {
            "LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI",
        }  # fmt: skip
        assert sign not in "\u061c\u200e\u200f\ufeff"


@given(acceptable_text())
def test_shown_as_it_is_where_that_is_safe(text):
    """
    Words, emoji and every script are shown as they are.
    """
    kept = [sign for sign in text if unicodedata.category(sign) not in {"Cc", "Cf"}]
    shown = visible("".join(kept))

    if not {"\u2028", "\u2029"} & set(kept):
        assert "".join(kept) == shown


@given(ANYTHING)
def test_shown_twice(text):
    """
    What has been made visible stays as it is when it is shown again.
    """
    assert visible(text) == visible(visible(text))


@given(
    ids=st.lists(
        st.one_of(
            acceptable_names(),
            unacceptable_names(),
            ANYTHING,
            st.sampled_from(["", " ", "\u3000", "a", "a" * 200, "a" * 201]),
            st.integers(),
        ),
        max_size=4,
    )
)
def test_many_ids(ids):
    """
    Many ids are accepted as each by itself is, each once; or the first bad one named.
    """

    def one_by_one():
        named = (checked_id(f"ids[{place}]", value) for place, value in enumerate(ids))
        return tuple(dict.fromkeys(named))

    assert outcome(one_by_one) == outcome(lambda: checked_ids("ids", ids))


def test_no_list_of_ids():
    """
    One text is not a list of its letters.
    """
    assert "ids" == trouble_with(checked_ids, "ids", "abc").field
