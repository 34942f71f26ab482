"""
An event and where it stands.
"""

from datetime import datetime
from typing import Any, NamedTuple, Protocol


class Event(Protocol):
    """
    Any of circlekit's events: they all say when they happened, in UTC.
    """

    @property
    def at(self) -> datetime:
        """
        Return the moment it happened, UTC.
        """


class Recorded(NamedTuple):
    """
    An event with its place: in its own history, and among all events of a store.

    Attributes:
        position: Place among all events of the store, growing in commit order.

        stream: The history it stands in, as in ``circle/book-club``.

        version: Place in that history, from 1.

        event: What happened.
    """

    position: int
    stream: str
    version: int
    event: Any

    @property
    def originator_id(self) -> str:
        """
        Return the stream, by the name the eventsourcing library has for it.
        """
        return self.stream

    @property
    def originator_version(self) -> int:
        """
        Return the version, by the name the eventsourcing library has for it.
        """
        return self.version

    @property
    def subject(self) -> str:
        """
        Return the id of whom the history is about.
        """
        return subject_of(self.stream)


def stream_of(kind: str, id_: str) -> str:
    """
    Return the history of one circle, group, customer, reader or moment.

    >>> stream_of("circle", "book-club")
    'circle/book-club'
    """
    return f"{kind}/{id_}"


def refusals_beside(stream: str) -> str:
    """
    Return the stream that keeps what was refused beside *stream*.

    >>> refusals_beside("circle/book-club")
    'refused:circle/book-club'
    """
    return f"refused:{stream}"


def subject_of(stream: str) -> str:
    """
    Return the id within a stream's name, also within that of its refusals.

    >>> subject_of("refused:circle/book-club")
    'book-club'
    """
    return stream.partition("/")[2]


def is_about(stream: str, kind: str) -> bool:
    """
    Return whether a stream, or the refusals beside it, is about a *kind* of thing.

    >>> is_about("refused:circle/book-club", "circle")
    True
    """
    return stream.removeprefix("refused:").startswith(f"{kind}/")


class Cited(NamedTuple):
    """
    The earlier event that a command speaks of, fetched by its place.

    Attributes:
        version: The place that was named.

        event: What stands there, None if nothing does.
    """

    version: int
    event: Any
