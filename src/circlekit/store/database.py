"""
One store: histories, the outcomes of named commands, and read models.

On SQLite one writer works at a time. A command is decided inside the write
transaction, on state brought up to date there, so it can neither lose a race nor
be refused from stale state.
"""

import heapq
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from threading import RLock, get_ident
from typing import Any, Final

from attrs import define, field
from sqlalchemy import Engine

from circlekit.errors import (
    BusyError,
    CirclekitError,
    CorruptEventError,
    StoreError,
)
from circlekit.events.names import NAME_OF
from circlekit.events.record import Recorded
from circlekit.projections.read_model import ReadModel
from circlekit.store import log
from circlekit.store.rebuilding import Beside, let_others_write

_BUSY: Final = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_OUTCOME: Final = "SELECT said, first, last FROM circlekit_command WHERE id = ?"
_KEEP_OUTCOME: Final = """
INSERT INTO circlekit_command (id, said, first, last) VALUES (?, ?, ?, ?)
"""
_POSITIONS: Final = "SELECT model, position FROM circlekit_reading"
_MOVE_ON: Final = """
INSERT INTO circlekit_reading (model, position) VALUES (?, ?)
ON CONFLICT (model) DO UPDATE SET position = excluded.position
"""


@define
class Transaction:
    """
    What is read and written together; also the rows that read models are given.
    """

    connection: sqlite3.Connection

    def append(
        self, stream: str, version: int, events: Iterable[object]
    ) -> list[Recorded]:
        """
        Write events after the *version* their history stands at.
        """
        self._hold()
        cursor = self.connection.cursor()
        return [
            Recorded(log.insert(cursor, stream, place, event), stream, place, event)
            for place, event in enumerate(events, start=version + 1)
        ]

    def mark(self) -> None:
        """
        Remember how things stand, to be able to come back to it.
        """
        self._hold()
        self.connection.execute("SAVEPOINT circlekit")

    def back_to_mark(self) -> None:
        """
        Undo what was written since the newest mark.
        """
        self._hold()
        self.connection.execute("ROLLBACK TO circlekit")
        self.forget_mark()

    def forget_mark(self) -> None:
        """
        Go on without the newest mark.
        """
        self.connection.execute("RELEASE circlekit")

    def history(self, stream: str, *, after: int = 0) -> Iterator[Recorded]:
        """
        Return the events of one history, from just after a place.
        """
        return log.history(self.connection, stream, after=after)

    def at_place(self, stream: str, version: int) -> Recorded | None:
        """
        Return the event at one place of a history, None if nothing stands there.
        """
        return log.at_place(self.connection, stream, version)

    def last_of(self, stream: str) -> Recorded | None:
        """
        Return the newest event of a history, None if there is none.
        """
        return log.last_of(self.connection, stream)

    def span(self, first: int, last: int) -> list[Recorded]:
        """
        Return the events from one position to another, both included.
        """
        return log.span(self.connection, first, last)

    def head(self) -> int:
        """
        Return the newest position, 0 in an empty store.
        """
        return log.head(self.connection)

    def outcome(self, command_id: str) -> tuple[str, int, int] | None:
        """
        Return what a named command said and the positions it wrote, if it came.
        """
        row: tuple[str, int, int] | None = self.connection.execute(
            _OUTCOME, (command_id,)
        ).fetchone()
        return row

    def keep_outcome(self, command_id: str, said: str, first: int, last: int) -> None:
        """
        Remember what a named command said and the positions it wrote.
        """
        self._hold()
        self.connection.execute(_KEEP_OUTCOME, (command_id, said, first, last))

    def run(self, sql: str, **values: Any) -> int:
        """
        Run a read model's statement and return how many rows it touched.
        """
        self._hold()
        return self.connection.execute(sql, values).rowcount

    def all(self, sql: str, **values: Any) -> Sequence[tuple[Any, ...]]:
        """
        Run a read model's query and return its rows.
        """
        return self.connection.execute(sql, values).fetchall()

    def _hold(self) -> None:
        # On a full disk SQLite undoes the whole transaction by itself; what came
        # after would be written on its own.
        if not self.connection.in_transaction:
            raise StoreError(
                "a command broke off; the database has undone the transaction"
            )


@define(eq=False, repr=False)
class Store:
    """
    A database with one circlekit in it.

    Attributes:
        shared: Whether all work goes over one connection, as in memory.
    """

    _engine: Engine
    shared: bool
    _lock: Any = field(factory=RLock)
    _writer: Any = None
    _writing: Transaction | None = None
    _writing_thread: int = 0

    @contextmanager
    def writing(
        self, *, undone: Callable[[], None] | None = None
    ) -> Iterator[Transaction]:
        """
        Read and write in one transaction; inside one, join it.

        Args:
            undone: Called if nothing of the transaction was written after all.

        Raises:
            BusyError: If another process kept the store for too long.
        """
        with self._lock:
            if self._writing is not None:
                yield self._writing
                return
            if self._writer is None:
                self._writer = self._connected()
            connection: sqlite3.Connection = self._writer.driver_connection
            _begin(connection, "BEGIN IMMEDIATE")
            self._writing = Transaction(connection)
            self._writing_thread = get_ident()
            try:
                yield self._writing
                connection.commit()
            except BaseException as error:
                connection.rollback()
                if undone is not None:
                    undone()
                if isinstance(error, sqlite3.Error):
                    raise _typed(error) from error
                raise
            finally:
                self._writing = None
                self._writing_thread = 0

    @contextmanager
    def alone(self) -> Iterator[Transaction]:
        """
        Read while nobody in this process writes.
        """
        with self._lock, self.reading() as transaction:
            yield transaction

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """
        Read at one moment; inside a write transaction, read what it wrote.
        """
        if self.shared:
            with self.writing() as transaction:
                yield transaction
            return
        if self._writing_thread == get_ident() and self._writing is not None:
            yield self._writing
            return
        pooled = self._connected()
        try:
            connection: Any = pooled.driver_connection
            _begin(connection, "BEGIN")
            try:
                yield Transaction(connection)
            except sqlite3.Error as error:
                raise _typed(error) from error
            finally:
                connection.rollback()
        finally:
            pooled.close()

    def positions(self) -> dict[str, int]:
        """
        Return the position of every read model that has one, by name.
        """
        with self.reading() as transaction:
            return dict(transaction.all(_POSITIONS))

    def up_to_date(
        self,
        model: ReadModel,
        *,
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        """
        Bring a read model up to the newest event, in blocks.

        Rows and position move in one transaction, so a reader that is stopped
        anywhere goes on where it was.

        Args:
            model: The read model.
            progress: Called after each block with the position and the newest.
        """
        with self.reading() as transaction:
            newest = transaction.head()
            position = dict(transaction.all(_POSITIONS)).get(model.name, 0)
        while position < newest:
            with self.writing() as transaction:
                position = self._take_block(transaction, model)
            if progress is not None:
                progress(position, newest)

    @contextmanager
    def read(self, model: ReadModel) -> Iterator[tuple[Transaction, int]]:
        """
        Read a read model, brought up to date; also say up to which position.
        """
        self.up_to_date(model)
        with self.reading() as transaction:
            yield transaction, dict(transaction.all(_POSITIONS)).get(model.name, 0)

    def rebuild(
        self, model: ReadModel, *, progress: Callable[[int, int], None] | None = None
    ) -> None:
        """
        Fill a read model again beside itself, and put that in its place.

        Until then the old rows are read. Whoever is stopped here leaves those as
        they were.
        """
        beside = Beside(model)
        told = progress if self.shared else let_others_write(progress)
        with self.writing() as transaction:
            beside.begin(transaction, self._engine.dialect)
        while True:
            self.up_to_date(beside, progress=told)
            with self.writing() as transaction:
                if self._take_block(transaction, beside) == transaction.head():
                    beside.take_over(transaction)
                    return

    def history(self, stream: str) -> Iterator[Recorded]:
        """
        Return the events of one history, in order, a block in each transaction.
        """
        after = 0
        while True:
            with self.reading() as transaction:
                block = list(
                    islice(transaction.history(stream, after=after), log.BLOCK)
                )
            yield from block
            if len(block) < log.BLOCK:
                return
            after = block[-1].version

    def events_named(
        self,
        kinds: Iterable[type],
        *,
        streams: frozenset[str] | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> Iterator[Recorded]:
        """
        Return every event of some kinds, in commit order, in constant memory.

        Ends at the event that is the newest when it begins. The database picks
        the kinds; rows of other streams are passed over unopened.

        Args:
            kinds: The classes of the events.
            streams: Only these histories; None means all.
            progress: Told the position of every event that is come to.
        """
        with self.reading() as transaction:
            newest = transaction.head()
        pages = [self._named(NAME_OF[kind], newest) for kind in kinds]
        for row in heapq.merge(*pages):
            if progress is not None:
                progress(row[0])
            if streams is None or row[1] in streams:
                yield log.opened(row)

    @property
    def url(self) -> str:
        """
        Return where the store is, without any password.
        """
        return self._engine.url.render_as_string(hide_password=True)

    def rows(
        self, *, progress: Callable[[int, int], None] | None = None
    ) -> Iterator[log.Row]:
        """
        Return every event as it is written down, unopened, in commit order.

        Ends at the event that is the newest when it begins.

        Args:
            progress: Called after each block with the position and the newest.

        Raises:
            CorruptEventError: If one was altered.
        """
        with self.reading() as transaction:
            newest = transaction.head()
        position = 0
        while position < newest:
            with self.reading() as transaction:
                rows = log.rows_after(transaction.connection, position, log.BLOCK)
            for row in rows:
                position = row[0]
                if position <= newest:
                    yield log.verified(row)
            if progress is not None:
                progress(min(position, newest), newest)

    def take_in(self, rows: Iterable[tuple[int, str, int, str, bytes]]) -> None:
        """
        Write events of another store, each at the places that it has there.

        Args:
            rows: Position, stream, version, name and body of each.

        Raises:
            StoreError: If a place is taken.
        """
        with self.writing() as transaction:
            cursor = transaction.connection.cursor()
            for row in rows:
                log.put_row(cursor, *row)

    def verify(self, *, progress: Callable[[int], None] | None = None) -> None:
        """
        Read every event and check that all are there, and as they were written.

        Args:
            progress: Called after each block with the position it ends at.

        Raises:
            CorruptEventError: If one was altered, moved or taken out.
        """
        versions: dict[str, int] = {}
        position = 0
        while True:
            with self.reading() as transaction:
                ever = log.rows_never_lost(transaction.connection)
                rows = log.rows_after(transaction.connection, position, log.BLOCK)
            for row in rows:
                position += 1
                if log.verified(row)[0] != position:
                    raise CorruptEventError("the log", position, "is missing")
                stream, version = row[1], row[2]
                expected = versions.get(stream, 0) + 1
                if version != expected:
                    raise CorruptEventError(stream, expected, "is missing")
                versions[stream] = version
            if progress is not None:
                progress(position)
            if len(rows) < log.BLOCK:
                break
        if position < ever:
            raise CorruptEventError("the log", position + 1, "is missing")

    def close(self) -> None:
        """
        Let go of every connection.
        """
        with self._lock:
            if self._writer is not None:
                self._writer.close()
                self._writer = None
            self._engine.dispose()

    def _connected(self) -> Any:
        try:
            return self._engine.raw_connection()
        except sqlite3.Error as error:
            raise _typed(error) from error

    def _named(self, name: str, newest: int) -> Iterator[log.Row]:
        after = 0
        while True:
            with self.reading() as transaction:
                rows = log.rows_named(
                    transaction.connection,
                    name,
                    after=after,
                    head=newest,
                    limit=log.BLOCK,
                )
            yield from rows
            if len(rows) < log.BLOCK:
                return
            after = rows[-1][0]

    @staticmethod
    def _take_block(transaction: Transaction, model: ReadModel) -> int:
        # Read again under the write lock: somebody else may have been quicker.
        position: int = dict(transaction.all(_POSITIONS)).get(model.name, 0)
        wanted = {NAME_OF[kind] for kind in model.kinds}
        rows = log.rows_after(transaction.connection, position, log.BLOCK)
        for row in rows:
            # Every row: one whose name was altered must not pass unnoticed.
            if log.verified(row)[3] in wanted:
                model.apply(transaction, log.decoded(row))
        if rows:
            position = rows[-1][0]
            transaction.connection.execute(_MOVE_ON, (model.name, position))
        return position


def _begin(connection: sqlite3.Connection, how: str) -> None:
    try:
        connection.execute(how)
    except sqlite3.Error as error:
        raise _typed(error) from error


def _typed(error: sqlite3.Error) -> CirclekitError:
    # The lowest byte is the plain code; the others only say more about it.
    if getattr(error, "sqlite_errorcode", 0) & 0xFF in _BUSY:
        return BusyError(f"the store was busy for too long: {error}")
    return StoreError(f"the store could not be used: {error}")
