"""
Names of posts, comments and messages.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circlekit.errors import InvalidInputError
from circlekit.ids import CommentId, MessageId, PostId
from circlekit.testing import comment_ids, message_ids, post_ids

KINDS = [(PostId, "post"), (CommentId, "comment"), (MessageId, "message")]


@given(st.one_of(post_ids(), comment_ids(), message_ids()))
def test_written_and_read(id_):
    """
    An id written down as one text is read as the same id, slashes and all.
    """
    assert id_ == type(id_).parse(str(id_))


@pytest.mark.parametrize(("kind", "field"), KINDS)
@pytest.mark.parametrize(
    "text",
    [
        "",
        "book-club",
        "book-club/",
        "book-club/seven",
        "book-club/-7",
        "book-club/7.0",
        "book-club/\N{ARABIC-INDIC DIGIT SEVEN}",
        "book-club/²",
        "book-club/1000000000000000000",
        "7",
        "/7",
        " /7",
        "book\nclub/7",
    ],
)
def test_what_is_no_id(kind, field, text):
    """
    A text that does not end in a place names nothing.
    """
    with pytest.raises(InvalidInputError) as trouble:
        kind.parse(text)

    assert field == trouble.value.field


@pytest.mark.parametrize(("kind", "field"), KINDS)
def test_the_words(kind, field):
    """
    The refusal shows what an id looks like.
    """
    with pytest.raises(InvalidInputError) as trouble:
        kind.parse("nothing")

    expected = f"{field}: 'nothing' has no place; accepted: an id like 'book-club/7'"
    assert expected == str(trouble.value)


@pytest.mark.parametrize(("kind", "field"), KINDS)
@pytest.mark.parametrize("value", [None, 7, b"book-club/7", ["book-club/7"]])
def test_what_is_no_text(kind, field, value):
    """
    An id is an id or its text, and nothing else.
    """
    with pytest.raises(InvalidInputError) as trouble:
        kind.of(value)

    assert (field, f"is {type(value).__name__}") == (
        trouble.value.field,
        trouble.value.problem,
    )


@pytest.mark.parametrize("kind", [PostId, CommentId, MessageId])
def test_given_either_way(kind):
    """
    An id may be given as one or as its text.
    """
    id_ = kind("book-club", 7)

    assert [id_, id_] == [kind.of(id_), kind.of("book-club/7")]


@pytest.mark.parametrize("kind", [PostId, CommentId, MessageId])
def test_an_id_that_nothing_can_have(kind):
    """
    An id put together by hand is looked at like any other.
    """
    with pytest.raises(InvalidInputError) as trouble:
        kind.of(kind("two\nlines", 7), field="reply_to")

    assert "reply_to" == trouble.value.field


def test_slashes_in_a_name():
    """
    The place is what follows the last slash.
    """
    assert PostId("acme/book-club", 7) == PostId.parse("acme/book-club/7")


def test_in_the_order_of_history():
    """
    Ids of one circle stand in the order of its history, not of the alphabet.
    """
    later, earlier = PostId("book-club", 10), PostId("book-club", 9)

    assert [earlier, later] == sorted([later, earlier])


def test_kinds_are_not_mixed_up():
    """
    A post and a comment at the same place are two different things.
    """
    assert PostId("book-club", 7) != CommentId("book-club", 7)
