"""
A store in an SQLite file, or in memory.
"""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep
from typing import Any, ClassVar, Final

from attrs import define, field
from sqlalchemy import create_engine, event
from sqlalchemy.engine import URL, Dialect, Engine
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import PoolProxiedConnection, QueuePool, StaticPool

from circlekit.errors import BusyError, CirclekitError, StoreError
from circlekit.store.session import (
    ACCEPTED,
    HEAD,
    NOTHING,
    Database,
    Durability,
    Session,
    Settings,
)

_BUSY: Final = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_EVER: Final = "SELECT seq FROM sqlite_sequence WHERE name = 'circlekit_event'"
_PAGES: Final = 1_000
_LOOK_AGAIN: Final = 0.001  # seconds


@define(eq=False, repr=False)
class SqliteSession(Session):
    """
    A connection to an SQLite file.
    """

    _pooled: PoolProxiedConnection
    _connection: sqlite3.Connection
    _busy_seconds: float
    _is_of_use: Callable[[], bool]
    _waits: int | None = field(default=None, init=False)
    _leaves_waiting: bool = field(default=True, init=False)

    def begin_reading(self) -> None:
        """
        Begin; the first query decides at which moment the file is seen.
        """
        self.run("BEGIN")

    def begin_writing(self) -> Sequence[tuple[Any, ...]]:
        """
        Begin, with the file's write lock, and return the head's rows.
        """
        # Whoever was in a hurry before may have been interrupted in the midst of it.
        self._wait_again()
        return self._begun_writing()

    def begin_hurried(self) -> Sequence[tuple[Any, ...]]:
        """
        Begin like any that writes; the commit need not wait for the disk.
        """
        self._wait_again()
        ((self._waits,),) = self.all("PRAGMA synchronous")
        try:
            self.run("PRAGMA synchronous = NORMAL")
            return self._begun_writing()
        except BaseException:
            self._wait_again()
            raise

    def begin_changing(self) -> None:
        """
        Begin, with the file's write lock: it is for tables too.
        """
        self._take_lock()

    def all(
        self, sql: str, values: Mapping[str, Any] = NOTHING, *, lenient: bool = False
    ) -> Sequence[tuple[Any, ...]]:
        """
        Run a query and return its rows.
        """
        try:
            return self._connection.execute(sql, values).fetchall()
        except sqlite3.OperationalError as error:
            if not lenient:
                raise typed(error) from error
        except sqlite3.Error as error:
            raise typed(error) from error
        # The driver cannot decode some text, and does not say where. Read as far
        # as it goes, the row that was altered no longer fits its checksum.
        self._connection.text_factory = _as_far_as_it_goes
        try:
            return self._connection.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            raise typed(error) from error
        finally:
            self._connection.text_factory = str

    def run(self, sql: str, values: Mapping[str, Any] = NOTHING) -> int:
        """
        Run a statement and return how many rows it touched.
        """
        try:
            return self._connection.execute(sql, values).rowcount
        except sqlite3.Error as error:
            raise typed(error) from error

    def run_each(self, sql: str, values: Sequence[Mapping[str, Any]]) -> None:
        """
        Run a statement once for each set of parameters.
        """
        try:
            self._connection.executemany(sql, values)
        except sqlite3.Error as error:
            raise typed(error) from error

    def commit(self) -> None:
        """
        Commit.
        """
        try:
            self._connection.commit()
        except sqlite3.Error as error:
            raise typed(error) from error
        self._wait_again()

    def rollback(self) -> None:
        """
        Undo the transaction; on a full disk SQLite has done so by itself.
        """
        self._connection.rollback()
        self._wait_again()

    def in_transaction(self) -> bool:
        """
        Return whether the transaction is still there.
        """
        return self._connection.in_transaction

    def close(self) -> None:
        """
        Give the connection back.
        """
        try:
            if not self._leaves_waiting:
                self.run(f"PRAGMA busy_timeout = {int(1_000 * self._busy_seconds)}")
                self._leaves_waiting = True
        finally:
            if not self._is_of_use():
                self._pooled.invalidate()
            self._pooled.close()

    def tables(self) -> set[str]:
        """
        Return the names of the file's tables.
        """
        found = self.all("SELECT name FROM sqlite_master WHERE type = 'table'")
        return {name for (name,) in found}

    def newest_ever(self) -> int:
        """
        Return the newest position that was ever given, even if its row is gone.
        """
        counted = self.all(_EVER)
        return counted[0][0] if counted else 0

    def _begun_writing(self) -> Sequence[tuple[Any, ...]]:
        self._take_lock()
        try:
            return self.all(HEAD)
        except BaseException:
            self.rollback()
            raise

    def _take_lock(self) -> None:
        # SQLite waits by itself, but soon looks again only every twentieth, then every
        # tenth of a second: of many processes most would sleep while nobody writes.
        if self._leaves_waiting:
            self.run("PRAGMA busy_timeout = 0")
            self._leaves_waiting = False
        until = monotonic() + self._busy_seconds
        while True:
            try:
                self.run("BEGIN IMMEDIATE")
            except BusyError:
                if monotonic() >= until:
                    raise
                sleep(_LOOK_AGAIN)
            else:
                return

    def _wait_again(self) -> None:
        if self._waits is not None:
            self.run(f"PRAGMA synchronous = {self._waits}")
            self._waits = None

    def back_up(
        self, path: Path, *, progress: Callable[[int, int], None] | None = None
    ) -> None:
        """
        Copy the file, page by page, as it is at one moment.
        """

        def told(_status: int, remaining: int, pages: int) -> None:
            if progress is not None:
                progress(pages - remaining, pages)

        if path.exists():
            raise StoreError(f"{str(path)!r} is there already; accepted: a new file")
        try:
            # In a folder of its own, which goes with half a copy and its journal:
            # where the disk is full, they would keep it so.
            with TemporaryDirectory(
                dir=path.parent, prefix=".backup-", ignore_cleanup_errors=True
            ) as folder:
                unfinished = Path(folder) / path.name
                # A transaction of our own holds the moment still: others may write,
                # and the copy does not begin again when they do.
                self.all("SELECT count(*) FROM sqlite_master")
                with closing(sqlite3.connect(unfinished)) as copy:
                    self._connection.backup(copy, pages=_PAGES, progress=told)
                unfinished.rename(path)
        except sqlite3.Error as error:
            raise typed(error) from error
        except OSError as error:
            raise StoreError(f"{str(path)!r} cannot be written: {error}") from error


@define(eq=False, repr=False)
class SqliteDatabase(Database):
    """
    An SQLite file that may still have to be made.
    """

    makes_tables: ClassVar[bool] = True
    may_lose_replies: ClassVar[bool] = False
    shared: bool
    _engine: Engine
    _settings: Settings
    _file: Path | None

    @classmethod
    def at(cls, url: URL, settings: Settings) -> "SqliteDatabase":
        """
        Return the database that a URL names.

        Raises:
            StoreError: If it names none.
        """
        if url.host or url.username or url.password or url.query:
            raise StoreError(
                f"an SQLite file has no host and no options; accepted: {ACCEPTED}"
            )
        if url.database and not Path(url.database).absolute().parent.is_dir():
            raise StoreError(f"the folder of {url.database!r} does not exist")
        in_memory = url.database in {None, "", ":memory:"}
        engine = create_engine(
            url.set(drivername="sqlite+pysqlite"),
            poolclass=StaticPool if in_memory else QueuePool,
            connect_args={
                "timeout": settings.busy_seconds,
                "isolation_level": None,
                "check_same_thread": False,
                "cached_statements": 256,
            },
            **({} if in_memory else _pool(settings)),
        )
        event.listen(engine, "connect", partial(_set_up, settings.durability))
        # As the engine does: where the process goes later makes no difference.
        file = None if in_memory else Path(str(url.database)).absolute()
        return cls(in_memory, engine, settings, file)

    @property
    def dialect(self) -> Dialect:
        """
        Return in which words tables are made here.
        """
        return self._engine.dialect

    @property
    def url(self) -> str:
        """
        Return where the file is.
        """
        return self._engine.url.set(drivername="sqlite").render_as_string()

    @property
    def busy_seconds(self) -> float:
        """
        Return how long another process is waited for.
        """
        return self._settings.busy_seconds

    @property
    def path(self) -> Path | None:
        """
        Return the file, None for a store in memory.
        """
        return self._file

    @property
    def named(self) -> str:
        """
        Return the file as the URL names it.
        """
        return str(self._engine.url.database)

    def session(self) -> Session:
        """
        Return a session on a connection of the pool.
        """
        pool = self._engine.pool
        try:
            pooled = self._engine.raw_connection()
        except sqlite3.Error as error:
            raise typed(error) from error
        except PoolTimeoutError:
            message = "all connections to the store were in use for too long"
            raise BusyError(message) from None
        connection: Any = pooled.driver_connection

        def is_of_use() -> bool:
            # Not if the kit was closed while it was in use.
            return pool is self._engine.pool

        return SqliteSession(pooled, connection, self.busy_seconds, is_of_use)

    def new_session(self) -> Session:
        """
        Return one like any other: a file's connection is not lost.
        """
        return self.session()

    def close(self) -> None:
        """
        Close every connection.
        """
        self._engine.dispose()


def typed(error: sqlite3.Error) -> CirclekitError:
    """
    Return the error of this package that says the same.
    """
    # The lowest byte is the plain code; the others only say more about it.
    if getattr(error, "sqlite_errorcode", 0) & 0xFF in _BUSY:
        return BusyError(f"the store was busy for too long: {error}")
    return StoreError(f"the store could not be used: {error}")


def _pool(settings: Settings) -> dict[str, Any]:
    return {
        "pool_size": settings.kept_open,
        "max_overflow": settings.more,
        "pool_timeout": settings.busy_seconds,
    }


def _set_up(
    durability: Durability, connection: sqlite3.Connection, _record: object
) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(f"PRAGMA synchronous = {durability.upper()}")


def _as_far_as_it_goes(text: bytes) -> str:
    return text.decode(errors="replace")
