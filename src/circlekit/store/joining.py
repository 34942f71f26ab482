"""
A store that is written over a connection of the host's, in the host's transaction.

The host began the transaction, and ends it. Each command is a savepoint in it.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from sqlite3 import Connection as SqliteConnection
from typing import Any, ClassVar, Final

from attrs import define, field
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.exc import SQLAlchemyError

from circlekit.errors import StoreError
from circlekit.store.database import Store
from circlekit.store.joined_sqlite import JoinedSqliteSession, must_be_its_file
from circlekit.store.migrating import must_be_ours, version_of
from circlekit.store.session import Database, Question, Session
from circlekit.store.sqlite import SqliteDatabase
from circlekit.store.transaction import Transaction

_ACCEPTED: Final = "a connection of SQLAlchemy, sqlite3 or psycopg to the kit's store"


@contextmanager
def joined(store: Store, connection: object) -> Iterator[Store]:
    """
    Lend a store that writes over *connection*, in the transaction that is open there.

    It has the write lock until that transaction ends.

    Args:
        store: Where the same is kept.
        connection: A connection of SQLAlchemy, of sqlite3 or of psycopg.

    Raises:
        StoreError: If the connection is closed, to another database, or in no
            transaction that could be joined.
        BusyError: If somebody else kept the store for too long.
    """
    with store.elsewhere() as database:
        if database.shared:
            raise StoreError(
                "a store in memory cannot be reached by a connection of the host's; "
                "accepted: a file or a server"
            )
        session = _session(database, connection)
        session.begin_writing()
        try:
            must_be_ours(version_of(session, {"circlekit_schema"}) or 0)
        except BaseException:
            session.rollback()
            raise
        session.commit()
        theirs = JoinedStore(JoinedDatabase(database, session))
        try:
            yield theirs
        finally:
            theirs.close()


class JoinedStore(Store):
    """
    A store in a transaction that somebody else ends, or goes back in.
    """

    @property
    def remembers(self) -> bool:
        """
        Return False: the host may have undone what the last command wrote.
        """
        return False

    @contextmanager
    def writing(
        self,
        *,
        undone: Callable[[], None] | None = None,
        waits: bool = True,
        ahead: Sequence[Question] = (),
    ) -> Iterator[Transaction]:
        """
        Read and write between two savepoints; inside, join them.
        """
        with super().writing(undone=undone, waits=waits, ahead=ahead) as transaction:
            transaction.must_stand()
            yield transaction
            # Within a batch too: if the host commits there, its head is the log's.
            transaction.keep_head()


@define(eq=False, repr=False)
class JoinedDatabase(Database):
    """
    A database over the one connection that was handed in.
    """

    makes_tables: ClassVar[bool] = False
    # To commit, and to hear of it, is the host's.
    may_lose_replies: ClassVar[bool] = False
    shared: bool = field(default=True, init=False)
    _database: Database
    _session: Session | None

    @property
    def dialect(self) -> Dialect:
        """
        Return in which words tables are made here.
        """
        return self._database.dialect

    @property
    def url(self) -> str:
        """
        Return where it is, without any password.
        """
        return self._database.url

    @property
    def busy_seconds(self) -> float:
        """
        Return how long somebody else is waited for.
        """
        return self._database.busy_seconds

    def session(self) -> Session:
        """
        Return the session over that connection, until the block ends.
        """
        if self._session is None:
            raise StoreError(
                "the block that joined the host's transaction has ended; "
                "accepted: the kit itself, or to join again"
            )
        return self._session

    def new_session(self) -> Session:
        """
        Refuse: the transaction is lost with the host's connection.
        """
        raise StoreError("the host's connection was lost, and its transaction with it")

    def close(self) -> None:
        """
        Let go of the connection; it stays the host's.
        """
        self._session = None


def _session(database: Database, connection: object) -> Session:
    driver, ready = _unwrapped(connection)
    if isinstance(database, SqliteDatabase):
        if not isinstance(driver, SqliteConnection):
            raise StoreError(f"{_named(connection)} is none to SQLite; {_accepted()}")
        must_be_its_file(database, driver)
        return JoinedSqliteSession(connection=driver, ready=ready)
    from circlekit.store.joined_postgres import (  # noqa: PLC0415 - the extra's
        session_over,
    )

    session = session_over(database, driver, ready)
    if session is None:
        raise StoreError(f"{_named(connection)} is none to PostgreSQL; {_accepted()}")
    return session


def _unwrapped(connection: object) -> tuple[Any, Callable[[], None]]:
    if not isinstance(connection, Connection):
        return connection, _nothing

    def ready() -> None:
        # What SQLAlchemy does not know to have begun, it does not commit.
        try:
            if not connection.in_transaction():
                connection.begin()
        except SQLAlchemyError as error:
            raise StoreError(f"the connection cannot be used: {error}") from error

    if connection.closed or connection.invalidated:
        raise StoreError(f"the connection is closed; {_accepted()}")
    return connection.connection.driver_connection, ready


def _nothing() -> None:
    pass


def _named(connection: object) -> str:
    kind = type(connection)
    return f"a {kind.__module__}.{kind.__qualname__}"


def _accepted() -> str:
    return f"accepted: {_ACCEPTED}"
