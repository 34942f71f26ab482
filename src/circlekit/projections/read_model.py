"""
What a read model is: some tables, and how events change them.

A read model is handed its rows by whoever keeps them; it opens nothing. It takes
events in the order they were committed, each exactly once, and never judges
them: a fact is not decided again.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, Protocol

import msgspec
from sqlalchemy import BigInteger, Integer, MetaData, Text

from circlekit.events.record import Recorded
from circlekit.text import as_plain

# SQLite keeps 64 bits in every INTEGER, and only that word makes a row's key.
WHOLE_NUMBER = BigInteger().with_variant(Integer, "sqlite")
# SQLite sorts text by its code points. PostgreSQL sorts it as a country does, unless
# it is told to answer the same.
TEXT = Text().with_variant(Text(collation="C"), "postgresql")


class Rows(Protocol):
    """
    The rows of all read models, inside one transaction.

    Statements are SQL that SQLite and PostgreSQL both read, with named
    parameters written ``:name``.
    """

    def run(self, sql: str, **values: Any) -> object:
        """
        Run a statement, now or before anything asks for what it changes.
        """

    def all(self, sql: str, **values: Any) -> Sequence[tuple[Any, ...]]:
        """
        Run a query and return its rows.
        """


class ReadModel(ABC):
    """
    Tables that can be dropped and filled again from the events at any time.

    Attributes:
        name: Lasting name, under which its position is kept.

        tables: The tables that are its own.

        kinds: The events it takes in.
    """

    name: ClassVar[str]
    tables: ClassVar[MetaData]
    kinds: ClassVar[frozenset[type]]

    @abstractmethod
    def apply(self, rows: Rows, recorded: Recorded) -> None:
        """
        Take in one event.
        """


def as_json(value: Any) -> str:
    """
    Return a value as the text that tables keep it in.
    """
    return msgspec.json.encode(value, enc_hook=as_plain).decode()


def from_json(text: str, kind: Any) -> Any:
    """
    Return the value that :func:`as_json` wrote.
    """
    return msgspec.json.decode(text, type=kind)
