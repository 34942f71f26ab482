"""
Names of things.

Members, staff and customers are named by the host; their ids are its own
strings. Circles and groups may be named by the host too; otherwise circlekit
makes a UUIDv7 for them. A post, a comment and a message are named by their
place in the history of their circle or group, so they need no id of their own.
"""

from typing import NewType, Self

from attrs import frozen

from circlekit.errors import InvalidInputError
from circlekit.text import checked_id

CircleId = NewType("CircleId", str)
GroupId = NewType("GroupId", str)
MemberId = NewType("MemberId", str)
CustomerId = NewType("CustomerId", str)
MomentId = NewType("MomentId", str)


@frozen(order=True)
class _Place:
    @classmethod
    def _read(cls, field: str, text: str) -> tuple[str, int]:
        owner, slash, version = text.rpartition("/")
        if not slash or not version.isascii() or not version.isdigit():
            problem = f"{text!r} has no place at its end"
            raise InvalidInputError(field, problem, "an id like 'book-club/7'")
        return checked_id(field, owner), int(version)


@frozen(order=True)
class PostId(_Place):
    """
    A post: its circle, and the place of its ``PostPublished`` in that history.

    >>> str(PostId("book-club", 7))
    'book-club/7'
    """

    circle: CircleId
    version: int

    def __str__(self) -> str:
        """
        Return the id as one text, as in ``book-club/7``.
        """
        return f"{self.circle}/{self.version}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """
        Read a post id from its text.

        Raises:
            InvalidInputError: If the text does not end in a place.
        """
        owner, version = cls._read("post", text)
        return cls(CircleId(owner), version)


@frozen(order=True)
class CommentId(_Place):
    """
    A comment: its circle, and the place of its ``CommentAdded`` in that history.
    """

    circle: CircleId
    version: int

    def __str__(self) -> str:
        """
        Return the id as one text, as in ``book-club/9``.
        """
        return f"{self.circle}/{self.version}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """
        Read a comment id from its text.

        Raises:
            InvalidInputError: If the text does not end in a place.
        """
        owner, version = cls._read("comment", text)
        return cls(CircleId(owner), version)


@frozen(order=True)
class MessageId(_Place):
    """
    A group message: its group, and the place of its ``MessageSent`` there.
    """

    group: GroupId
    version: int

    def __str__(self) -> str:
        """
        Return the id as one text, as in ``readers/12``.
        """
        return f"{self.group}/{self.version}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """
        Read a message id from its text.

        Raises:
            InvalidInputError: If the text does not end in a place.
        """
        owner, version = cls._read("message", text)
        return cls(GroupId(owner), version)
