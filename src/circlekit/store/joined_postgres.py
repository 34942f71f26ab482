"""
A connection to a PostgreSQL server that is the host's, in the host's transaction.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import psycopg
from attrs import define, field
from psycopg.pq import TransactionStatus
from psycopg.rows import tuple_row

from circlekit.errors import StoreError
from circlekit.store.postgres import PostgresDatabase, PostgresSession, must_be_one
from circlekit.store.session import ENDED, HEAD, ConnectionLostError, Database, Session

# Which server, which database in it, and which table there.
_WHERE: Final = """
SELECT pg_catalog.pg_postmaster_start_time(), pg_catalog.current_database(),
CAST(pg_catalog.to_regclass('circlekit_head') AS oid)
"""
_PATIENCE: Final = "SELECT pg_catalog.current_setting('lock_timeout')"
_SET_PATIENCE: Final = """
SELECT pg_catalog.set_config('lock_timeout', :patience, true)
"""


@define(eq=False, repr=False)
class JoinedPostgresSession(PostgresSession):
    """
    Savepoints in a transaction that the host ends.
    """

    _ready: Callable[[], None]
    _pool: Any = field(default=None, init=False)
    _pooled: Any = field(default=None, init=False)

    def begin_reading(self) -> None:
        """
        Set a savepoint.
        """
        self._ready()
        self._must_be_fit()
        self.run("SAVEPOINT circlekit_command")

    def begin_writing(self) -> Sequence[tuple[Any, ...]]:
        """
        Set a savepoint, lock the head's row, and return it as it then is.

        How long the host's own statements wait for a lock stays as it was.
        """
        self.begin_reading()
        try:
            ((patience,),) = self.all(_PATIENCE)
            self.all(_SET_PATIENCE, {"patience": f"{self._database.busy_ms}ms"})
            rows = self.all(f"{HEAD} FOR UPDATE")
            self.all(_SET_PATIENCE, {"patience": patience})
        except BaseException:
            self.rollback()
            raise
        return rows

    def later(self, sql: str, values: Mapping[str, Any]) -> None:
        """
        Run a statement at once: what follows may be the host's.
        """
        self.run(sql, values)

    def begin_hurried(self) -> Sequence[tuple[Any, ...]]:
        """
        Begin like any that writes: how the commit waits is the host's to say.
        """
        return self.begin_writing()

    def end_reading(self) -> None:
        """
        Go back to the savepoint: the transaction is the host's to end.
        """
        self.rollback()

    def commit(self) -> None:
        """
        Let go of the savepoint: what was written is now the host's to commit.
        """
        if self._status() is not TransactionStatus.INTRANS:
            raise StoreError(
                "a command broke off; the database has undone the transaction"
            )
        self.run("RELEASE circlekit_command")

    def rollback(self) -> None:
        """
        Go back to the savepoint; without a transaction there is nothing to undo.
        """
        if self.in_transaction():
            try:
                self.run("ROLLBACK TO circlekit_command")
            except StoreError as error:
                raise StoreError(ENDED) from error
            self.run("RELEASE circlekit_command")

    def close(self) -> None:
        """
        Leave the connection to the host.
        """

    def where(self) -> tuple[Any, ...]:
        """
        Return which server, database and table this leads to.
        """
        self.begin_reading()
        try:
            return self.all(_WHERE)[0]
        finally:
            self.end_reading()

    def _executed(
        self, sql: str, values: Mapping[str, Any], *, binary: bool = False
    ) -> psycopg.Cursor[Any]:
        # The host's own may give rows of another shape.
        cursor = psycopg.Cursor(self._connection, row_factory=tuple_row)
        return cursor.execute(sql, values, binary=binary, prepare=must_be_one(sql))

    def _must_be_fit(self) -> None:
        connection = self._connection
        if connection.closed:
            raise StoreError("the connection is closed; accepted: an open one")
        if connection.info.encoding != "utf-8":
            raise StoreError(
                f"the connection's text is {connection.info.encoding}; accepted: utf-8"
            )
        status = self._status()
        if status is TransactionStatus.INERROR:
            raise StoreError(
                "a statement of the host's transaction failed, and the database takes "
                "no more in it; accepted: to roll it back first"
            )
        if connection.autocommit and status is TransactionStatus.IDLE:
            raise StoreError(
                "the connection commits each statement by itself, and there is no "
                "transaction to join; accepted: begin one, as in "
                "`with connection.transaction():`"
            )


def session_over(
    database: Database, connection: object, ready: Callable[[], None]
) -> Session | None:
    """
    Return a session over a connection of psycopg; None if it is of another kind.

    Raises:
        StoreError: If it leads to another database than the store's.
    """
    if not isinstance(connection, psycopg.Connection) or not isinstance(
        database, PostgresDatabase
    ):
        return None
    theirs = JoinedPostgresSession(
        database=database, connection=connection, ready=ready
    )
    found = theirs.where()
    if found != _where_it_is(database):
        raise StoreError(
            "the connection is to another database than the kit's store, or its "
            f"search path leads elsewhere; accepted: one to {database.url}"
        )
    return theirs


def _where_it_is(database: Database) -> tuple[Any, ...]:
    ours = database.session()
    try:
        ours.begin_reading()
    except ConnectionLostError:
        ours = database.new_session()
        ours.begin_reading()
    try:
        return ours.all(_WHERE)[0]
    finally:
        ours.rollback()
        ours.close()
