"""
Names of things.

Members, staff and customers are named by the host; their ids are its own
strings. Circles and groups may be named by the host too; otherwise circlekit
makes a UUIDv7 for them. A post, a comment and a message are named by their
place in the history of their circle or group, so they need no id of their own.
"""

import re
from typing import Any, ClassVar, Final, NewType, Self

from attrs import frozen

from circlekit.errors import InvalidInputError
from circlekit.text import checked_id

CircleId = NewType("CircleId", str)
GroupId = NewType("GroupId", str)
MemberId = NewType("MemberId", str)
CustomerId = NewType("CustomerId", str)
MomentId = NewType("MomentId", str)
HomeworkId = NewType("HomeworkId", str)
ApprovalId = NewType("ApprovalId", str)
TodoId = NewType("TodoId", str)
LiveId = NewType("LiveId", str)
TopicId = NewType("TopicId", str)
MassSendId = NewType("MassSendId", str)


_PLACE: Final = re.compile("[0-9]{1,18}")


def _text(value: object) -> Any:
    return str(value) if isinstance(value, _Place) else value


@frozen(order=True)
class _Place:
    @classmethod
    def _read(cls, field: str, text: object) -> tuple[str, int]:
        accepted = "an id like 'book-club/7'"
        if not isinstance(text, str):
            raise InvalidInputError(field, f"is {type(text).__name__}", accepted)
        owner, slash, version = text.rpartition("/")
        if not slash or not _PLACE.fullmatch(version):
            raise InvalidInputError(field, f"{text!r} has no place", accepted)
        return checked_id(field, owner), int(version)


@frozen(order=True)
class _InCircle(_Place):
    circle: CircleId
    version: int

    _FIELD: ClassVar[str]

    def __str__(self) -> str:
        """
        Return the id as one text, as in ``book-club/7``.
        """
        return f"{self.circle}/{self.version}"

    @classmethod
    def parse(cls, text: str, *, field: str | None = None) -> Self:
        """
        Read an id from its text; *field* is what an error calls it.

        Raises:
            InvalidInputError: If the text does not end in a place.
        """
        owner, version = cls._read(field or cls._FIELD, text)
        return cls(CircleId(owner), version)

    @classmethod
    def of(cls, value: Self | str, *, field: str | None = None) -> Self:
        """
        Return an id, given as one or as its text.

        Raises:
            InvalidInputError: If it is neither, or nothing of its kind can have it.
        """
        return cls.parse(_text(value), field=field)


@frozen(order=True)
class PostId(_InCircle):
    """
    A post: its circle, and the place of its ``PostPublished`` in that history.

    >>> str(PostId("book-club", 7))
    'book-club/7'
    """

    _FIELD: ClassVar[str] = "post"


@frozen(order=True)
class CommentId(_InCircle):
    """
    A comment: its circle, and the place of its ``CommentAdded`` in that history.
    """

    _FIELD: ClassVar[str] = "comment"


@frozen(order=True)
class InvitationId(_InCircle):
    """
    An invitation: its circle, and the place of its ``InvitationMade`` there.
    """

    _FIELD: ClassVar[str] = "invitation"


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
    def parse(cls, text: str, *, field: str = "message") -> Self:
        """
        Read a message id from its text; *field* is what an error calls it.

        Raises:
            InvalidInputError: If the text does not end in a place.
        """
        owner, version = cls._read(field, text)
        return cls(GroupId(owner), version)

    @classmethod
    def of(cls, value: Self | str, *, field: str = "message") -> Self:
        """
        Return a message id, given as one or as its text.

        Raises:
            InvalidInputError: If it is neither, or no message can have it.
        """
        return cls.parse(_text(value), field=field)


@frozen(order=True)
class CheckInId(_Place):
    """
    A check-in: its topic, and the place of its ``CheckedIn`` in that history.

    >>> str(CheckInId("running", 3))
    'running/3'
    """

    topic: TopicId
    version: int

    def __str__(self) -> str:
        """
        Return the id as one text, as in ``running/3``.
        """
        return f"{self.topic}/{self.version}"

    @classmethod
    def parse(cls, text: str, *, field: str = "check_in") -> Self:
        """
        Read a check-in's id from its text; *field* is what an error calls it.

        Raises:
            InvalidInputError: If the text does not end in a place.
        """
        owner, version = cls._read(field, text)
        return cls(TopicId(owner), version)

    @classmethod
    def of(cls, value: Self | str, *, field: str = "check_in") -> Self:
        """
        Return a check-in's id, given as one or as its text.

        Raises:
            InvalidInputError: If it is neither, or no check-in can have it.
        """
        return cls.parse(_text(value), field=field)


@frozen(order=True)
class ScheduledId(_InCircle):
    """
    What is scheduled: its circle, and the place of its event in that history.
    """

    _FIELD: ClassVar[str] = "scheduled"
