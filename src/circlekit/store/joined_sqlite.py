"""
A connection to an SQLite file that is the host's, in the host's transaction.
"""

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NoReturn

from attrs import define, field

from circlekit.errors import BusyError, CirclekitError, StoreError
from circlekit.store.session import ENDED, HEAD, NOTHING
from circlekit.store.sqlite import SqliteDatabase, SqliteSession, typed

_IMMEDIATE: Final = "begin the transaction with BEGIN IMMEDIATE"
# Touches no row, and makes the transaction the one that may write.
_LOCK: Final = "DELETE FROM circlekit_head WHERE id = 0"
_LEGACY: Final = -1  # sqlite3.LEGACY_TRANSACTION_CONTROL, from Python 3.12 on


@define(eq=False, repr=False)
class JoinedSqliteSession(SqliteSession):
    """
    Savepoints in a transaction that the host ends.

    The host's connection is given back as it came: with its rows in the shape that
    the host has them, and its text decoded the host's way.
    """

    _ready: Callable[[], None]
    _pooled: Any = field(default=None, init=False)
    _busy_seconds: float = field(default=0.0, init=False)
    _is_of_use: Any = field(default=None, init=False)

    def begin_writing(self) -> Sequence[tuple[Any, ...]]:
        """
        Set a savepoint, with the file's write lock, and return the head's rows.
        """
        self._ready()
        self._begin_if_the_driver_would()
        self.run("SAVEPOINT circlekit_command")
        try:
            with _as_ours(self._connection):
                self._connection.execute(_LOCK)
        except sqlite3.Error as error:
            self.rollback()
            raise _not_locked(error) from error
        return self.all(HEAD)

    def begin_hurried(self) -> Sequence[tuple[Any, ...]]:
        """
        Begin like any that writes: how the commit waits is the host's to say.
        """
        return self.begin_writing()

    def all(
        self, sql: str, values: Mapping[str, Any] = NOTHING, *, lenient: bool = False
    ) -> Sequence[tuple[Any, ...]]:
        """
        Run a query and return its rows.
        """
        with _as_ours(self._connection):
            return super().all(sql, values, lenient=lenient)

    def commit(self) -> None:
        """
        Let go of the savepoint: what was written is now the host's to commit.
        """
        self.run("RELEASE circlekit_command")

    def rollback(self) -> None:
        """
        Go back to the savepoint; on a full disk SQLite has undone all by itself.
        """
        if self._connection.in_transaction:
            try:
                self.run("ROLLBACK TO circlekit_command")
            except StoreError as error:
                raise StoreError(ENDED) from error
            self.run("RELEASE circlekit_command")

    def close(self) -> None:
        """
        Leave the connection to the host.
        """

    def back_up(
        self,
        path: Path,  # noqa: ARG002 - nothing is written
        *,
        progress: Callable[[int, int], None] | None = None,  # noqa: ARG002
    ) -> NoReturn:
        """
        Refuse: a copy would have what the host may still undo.
        """
        raise StoreError(
            "what the host's transaction wrote may still be undone; "
            "accepted: to copy the store by the kit itself, when that has ended"
        )

    def _begin_if_the_driver_would(self) -> None:
        connection: Any = self._connection
        try:
            if connection.in_transaction:
                return
            legacy = getattr(connection, "autocommit", _LEGACY) == _LEGACY
            begins = legacy and connection.isolation_level is not None
        except sqlite3.Error as error:
            raise typed(error) from error
        if not begins:
            raise StoreError(
                "the connection commits each statement by itself, and there is no "
                f"transaction to join; accepted: {_IMMEDIATE}"
            )
        # As the driver does by itself before the host's first INSERT.
        self.run("BEGIN IMMEDIATE")


def must_be_its_file(database: SqliteDatabase, connection: sqlite3.Connection) -> None:
    """
    Go on if a connection leads to the file of a store.

    Raises:
        StoreError: If it leads elsewhere, or is closed.
    """
    try:
        with _as_ours(connection):
            found = connection.execute("PRAGMA database_list").fetchall()
    except sqlite3.Error as error:
        raise typed(error) from error
    named = {name: file for _, name, file in found}
    if not named["main"] or not _same(Path(named["main"]), Path(str(database.path))):
        raise StoreError(
            "the connection is to another file than the kit's store; "
            f"accepted: one to {str(database.path)!r}"
        )


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False


def _not_locked(error: sqlite3.Error) -> CirclekitError:
    said = typed(error)
    if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_BUSY_SNAPSHOT:
        return StoreError(
            "the host's transaction has read what others have changed since, and "
            f"cannot write any more; accepted: {_IMMEDIATE}"
        )
    if isinstance(said, BusyError):
        # One that has read before is not let wait by SQLite.
        return BusyError(f"{said}; if the host has read before, {_IMMEDIATE}")
    return said


@contextmanager
def _as_ours(connection: sqlite3.Connection) -> Iterator[None]:
    rows, text = connection.row_factory, connection.text_factory
    connection.row_factory, connection.text_factory = None, str
    try:
        yield
    finally:
        connection.row_factory, connection.text_factory = rows, text
