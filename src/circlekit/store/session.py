"""
What the store needs of a database: sessions, and one write lock.

Everything that SQLite and PostgreSQL do differently is behind these two classes.
Statements are SQL that both read, with named parameters written ``:name``.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from threading import Event
from typing import Any, ClassVar, Final, Literal

from attrs import frozen
from sqlalchemy.engine import Dialect

from circlekit.errors import InvalidInputError, StoreError
from circlekit.store.chain import Head

ACCEPTED: Final = (
    "sqlite:///path/to/file.db, sqlite:// for memory, "
    "or postgresql://user@host:5432/database"
)
ENDED: Final = (
    "the host has ended its transaction within a batch; "
    "accepted: to end it when the batch is over"
)
HEAD: Final = "SELECT position, digest FROM circlekit_head WHERE id = 1"
MOVE_HEAD: Final = """
UPDATE circlekit_head SET position = :position, digest = :digest WHERE id = 1
"""
NOTHING: Final[Mapping[str, Any]] = {}

# A query that reads events, and its parameters.
Question = tuple[str, Mapping[str, Any]]

Durability = Literal["full", "normal"]
FEWEST_CONNECTIONS: Final = 2  # one is kept to write
MOST_CONNECTIONS: Final = 1_000
KEPT_OPEN: Final = 5
MOST_SECONDS: Final = 1_000_000  # in milliseconds no database takes much more


@frozen(kw_only=True)
class Settings:
    """
    What a host may choose of how a database is used.

    Attributes:
        busy_seconds: How long somebody else is waited for, 0 to 1,000,000.

        durability: ``full``: what was answered is on the disk. ``normal``: what was
            answered last may be lost if the machine goes down, and nothing else.

        most_connections: How many connections there are at most, 2 to 1,000; five
            are kept open.
    """

    busy_seconds: float = 30.0
    durability: Durability = "full"
    most_connections: int = 15

    def __attrs_post_init__(self) -> None:
        """
        Refuse what no database could be used by.

        Raises:
            InvalidInputError: If one of them is not accepted.
        """
        _must_be_seconds("busy_seconds", self.busy_seconds)
        if self.durability not in ("full", "normal"):
            problem = f"is {self.durability!r}"
            raise InvalidInputError("durability", problem, "'full' or 'normal'")
        if (
            type(self.most_connections) is not int
            or not FEWEST_CONNECTIONS <= self.most_connections <= MOST_CONNECTIONS
        ):
            accepted = f"{FEWEST_CONNECTIONS} to {MOST_CONNECTIONS:,}"
            problem = f"is {self.most_connections!r}"
            raise InvalidInputError("most_connections", problem, accepted)

    @property
    def kept_open(self) -> int:
        """
        Return how many connections are kept when nobody uses them.
        """
        return min(KEPT_OPEN, self.most_connections)

    @property
    def more(self) -> int:
        """
        Return how many more there may be while they are used.
        """
        return self.most_connections - self.kept_open


def must_be_switch(setting: str, value: object) -> None:
    """
    Go on if it is said yes or no, and not by what merely counts as one of them.

    Raises:
        InvalidInputError: If it is neither.
    """
    if type(value) is not bool:
        raise InvalidInputError(setting, f"is {value!r}", "True, False")


def must_be_some(setting: str, value: object) -> None:
    """
    Go on if a setting says how many, and that is one at least.

    Raises:
        InvalidInputError: If it does not.
    """
    if type(value) is not int or value < 1:
        accepted = "a whole number, 1 or more"
        raise InvalidInputError(setting, f"is {value!r}", accepted)


def _must_be_seconds(setting: str, value: object) -> None:
    if (
        not isinstance(value, int | float)
        or isinstance(value, bool)
        or not 0 <= value <= MOST_SECONDS
    ):
        accepted = f"a number of seconds, 0 to {MOST_SECONDS:,}"
        raise InvalidInputError(setting, f"is {value!r}", accepted)


class ConnectionLostError(StoreError):
    """
    The connection broke while nothing was committed; nothing was written.
    """


class Session(ABC):
    """
    One connection, which does one transaction after another.

    Whatever the driver raises comes out as an error of this package.
    """

    @abstractmethod
    def begin_reading(self) -> None:
        """
        Begin a transaction that sees the store as it is at one moment.
        """

    def end_reading(self) -> None:
        """
        End a transaction that wrote nothing.
        """
        self.rollback()

    def ask_with_lock(  # noqa: B027 - in a file, to ask is next to nothing
        self, questions: Sequence[Question]
    ) -> None:
        """
        Foresee what will be asked first once the write lock is there.

        Where each question is a way to a server and back, they go with the lock, and
        are answered by what is there when it is. What is then not asked, or asked
        after something was written, makes no difference.
        """

    @abstractmethod
    def begin_writing(self) -> Sequence[tuple[Any, ...]]:
        """
        Begin a transaction, wait for the write lock, and return the head's rows.

        Raises:
            BusyError: If somebody else kept it for too long.
        """

    def begin_hurried(self) -> Sequence[tuple[Any, ...]]:
        """
        Begin like :meth:`begin_writing`; the commit need not wait for the disk.

        For what can be read again from the events. After a crash it is there whole or
        not at all, and never without what was committed before it.

        Raises:
            BusyError: If somebody else kept the lock for too long.
        """
        return self.begin_writing()

    @abstractmethod
    def begin_changing(self) -> None:
        """
        Begin a transaction, and wait until nobody else makes or changes tables.

        Raises:
            BusyError: If somebody else did so for too long.
        """

    @abstractmethod
    def all(
        self, sql: str, values: Mapping[str, Any] = NOTHING, *, lenient: bool = False
    ) -> Sequence[tuple[Any, ...]]:
        """
        Run a query and return its rows.

        Args:
            sql: The query.
            values: Its parameters.
            lenient: Whether text that is no text is read as far as it goes.
        """

    @abstractmethod
    def run(self, sql: str, values: Mapping[str, Any] = NOTHING) -> int:
        """
        Run a statement and return how many rows it touched.
        """

    def later(self, sql: str, values: Mapping[str, Any]) -> None:
        """
        Run a statement, at the latest before the next query or the commit.

        Where a statement is a way to a server and back, several go together.
        """
        self.run(sql, values)

    def run_each(self, sql: str, values: Sequence[Mapping[str, Any]]) -> None:
        """
        Run a statement once for each set of parameters.
        """
        for each in values:
            self.run(sql, each)

    def write_if(
        self,
        before: Head,
        after: Head,
        rows: Sequence[Mapping[str, Any]],
        outcome: Mapping[str, Any] | None,
    ) -> bool:
        """
        Write events and a command's outcome by one statement, outside of a transaction.

        Only where :attr:`Database.tries` says so.

        Args:
            before: What the log's head must be.
            after: What it is then.
            rows: The events.
            outcome: What a command came to, if it is to be kept.

        Returns:
            Whether the head was that; if not, nothing was written.

        Raises:
            OutcomeUnknownError: If the connection was lost meanwhile.
        """
        raise NotImplementedError

    def move_head(self, position: int, digest: str) -> None:
        """
        Keep a new head of the log.
        """
        self.run(MOVE_HEAD, {"position": position, "digest": digest})

    @abstractmethod
    def commit(self) -> None:
        """
        Commit; what was written is then on the disk.
        """

    @abstractmethod
    def rollback(self) -> None:
        """
        Undo the transaction, if there still is one.
        """

    @abstractmethod
    def in_transaction(self) -> bool:
        """
        Return whether the transaction is still there.
        """

    def must_be_sound(self) -> None:  # noqa: B027 - in a file, one always is
        """
        Go on if no statement has failed since the newest savepoint, where that counts.

        Raises:
            StoreError: If the database takes no more before it goes back there.
        """

    @abstractmethod
    def close(self) -> None:
        """
        Give the connection back.
        """

    @abstractmethod
    def tables(self) -> set[str]:
        """
        Return the names of the tables that are there.
        """

    @abstractmethod
    def newest_ever(self) -> int:
        """
        Return the newest position the database itself remembers, 0 if it does not.
        """

    @abstractmethod
    def back_up(
        self, path: Path, *, progress: Callable[[int, int], None] | None = None
    ) -> None:
        """
        Copy the whole database to a new file, as it is at one moment.

        Args:
            path: The file.
            progress: Called with the pages that are done, and all there are.
        """


class Waking:
    """
    A way to wait for news, for somebody who asks again in any case.

    Here nobody is told of any, so there is only waiting.
    """

    def wait(self, seconds: float, ended: Event) -> None:
        """
        Wait so long, or until something may be new, or until *ended* is set.
        """
        ended.wait(seconds)

    def close(self) -> None:
        """
        Let go of whatever news came by.
        """


class Database(ABC):
    """
    A place where a store can be: opens sessions to it.

    Attributes:
        makes_tables: Whether a store is made by opening it.

        tries: Whether commands are tried before anybody holds the lock.

        may_lose_replies: Whether there is a way to it on which answers are lost.

        shared: Whether all work goes over one connection, as in memory.
    """

    makes_tables: ClassVar[bool]
    tries: ClassVar[bool] = False
    may_lose_replies: ClassVar[bool]
    shared: bool

    @property
    @abstractmethod
    def dialect(self) -> Dialect:
        """
        Return in which words tables are made here.
        """

    @property
    @abstractmethod
    def url(self) -> str:
        """
        Return where it is, without any password.
        """

    @property
    @abstractmethod
    def busy_seconds(self) -> float:
        """
        Return how long somebody else is waited for.
        """

    @abstractmethod
    def session(self) -> Session:
        """
        Return a session, on a connection that may have been used before.
        """

    def waking(self) -> Waking:
        """
        Return a way to wait for news.
        """
        return Waking()

    @abstractmethod
    def new_session(self) -> Session:
        """
        Return a session on a new connection, after others were lost.

        Waits for a server that is starting.
        """

    @abstractmethod
    def close(self) -> None:
        """
        Let go of every connection.
        """
