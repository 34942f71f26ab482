"""
One store: histories, the outcomes of named commands, and read models.

One writer works at a time. A command is decided inside the write transaction, on
state brought up to date there, so it can neither lose a race nor be refused from
stale state.
"""

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from threading import RLock, get_ident
from typing import Any, Final

from attrs import define, field

from circlekit.errors import (
    CirclekitError,
    CorruptEventError,
    OutcomeUnknownError,
    StoreError,
)
from circlekit.events.names import NAME_OF
from circlekit.events.record import Recorded
from circlekit.projections.read_model import ReadModel
from circlekit.store import log
from circlekit.store.chain import FIRST, Head
from circlekit.store.mapper import encode
from circlekit.store.rebuilding import Beside, let_others_write
from circlekit.store.session import (
    ConnectionLostError,
    Database,
    Session,
    Waking,
)

_OUTCOME: Final = "SELECT said, first, last FROM circlekit_command WHERE id = :id"
_KEEP_OUTCOME: Final = """
INSERT INTO circlekit_command (id, said, first, last)
VALUES (:id, :said, :first, :last)
"""
_POSITIONS: Final = "SELECT model, position FROM circlekit_reading"
_MOVE_ON: Final = """
INSERT INTO circlekit_reading (model, position) VALUES (:model, :position)
ON CONFLICT (model) DO UPDATE SET position = excluded.position
"""


@define
class Transaction:
    """
    What is read and written together; also the rows that read models are given.

    Attributes:
        holds_lock: Whether nobody else can write until it ends.
    """

    session: Session
    _head: Head
    holds_lock: bool = True
    _added: tuple[int, bytes] | None = None
    _marks: list[tuple[Head, Head, tuple[int, bytes] | None]] = field(factory=list)
    _kept: Head = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._kept = self._head

    @property
    def at(self) -> Head:
        """
        Return the log's head, with what was added here.
        """
        return self._head

    @property
    def newest_digest(self) -> bytes | None:
        """
        Return the digest of the newest event that was added here.
        """
        return None if self._added is None else self._added[1]

    def append(
        self,
        stream: str,
        version: int,
        events: Iterable[object],
        *,
        before: bytes | None = None,
    ) -> list[Recorded]:
        """
        Write events after the *version* their history stands at.

        Args:
            stream: Their history.
            version: Where it stands.
            events: What to write.
            before: The digest of the event that stands there, if it is known.

        Raises:
            CorruptEventError: If it does not reach so far.
        """
        self._hold()
        if before is None:
            before = self._digest_at_end(stream, version)
        recorded: list[Recorded] = []
        rows: list[log.NewRow] = []
        position = self._head.position
        for place, event in enumerate(events, start=version + 1):
            position += 1
            name, body = NAME_OF[type(event)], encode(event)
            row = log.new_row(before, position, stream, place, name, body)
            before = row["digest"]
            rows.append(row)
            recorded.append(Recorded(position, stream, place, event))
            if len(rows) == log.BLOCK:
                self._put_down(rows)
                rows = []
        if rows:
            self._put_down(rows)
        return recorded

    def put(
        self,
        stream: str,
        version: int,
        name: str,
        body: bytes,
        *,
        position: int | None = None,
    ) -> int:
        """
        Write one event as it is stored, and return its position.

        Args:
            stream: Its history.
            version: Its place there.
            name: Its stored name.
            body: Its bytes.
            position: Its place in the log, if not the next one.

        Raises:
            StoreError: If a place is taken.
        """
        self._hold()
        if position is None:
            position = self._head.position + 1
        elif position <= self._head.position:
            raise StoreError(f"position {position} of the log is taken")
        before = log.digest_before(self.session, stream, version)
        self._put_down([log.new_row(before, position, stream, version, name, body)])
        return position

    def keep_head(self) -> None:
        """
        Keep the log's head, if anything was added to the log.
        """
        self._hold()
        if self._head != self._kept:
            log.move_head(self.session, self._head)
            self._kept = self._head

    def is_written(self, session: Session) -> bool:
        """
        Return whether the newest event that was added here is there, for others too.
        """
        if self._added is None:
            return False
        position, digest = self._added
        return digest == log.digest_at(session, position)

    def must_stand(self) -> None:
        """
        Go on if what was added here has not been undone behind our back.

        Raises:
            StoreError: If it has.
        """
        if self._added is not None and not self.is_written(self.session):
            raise StoreError(
                "what this batch wrote was undone before its end; "
                "accepted: to go back to a savepoint outside of it"
            )

    def mark(self) -> None:
        """
        Remember how things stand, to be able to come back to it.
        """
        self._hold()
        self.session.run("SAVEPOINT circlekit")
        self._marks.append((self._head, self._kept, self._added))

    def back_to_mark(self) -> None:
        """
        Undo what was written since the newest mark.
        """
        self._hold()
        self.session.run("ROLLBACK TO circlekit")
        self._head, self._kept, self._added = self._marks[-1]
        self.forget_mark()

    def forget_mark(self) -> None:
        """
        Go on without the newest mark.
        """
        self.session.run("RELEASE circlekit")
        self._marks.pop()

    def history(self, stream: str, *, after: int = 0) -> Iterator[Recorded]:
        """
        Return the events of one history, from just after a place.
        """
        return log.history(self.session, stream, after=after)

    def histories(self, streams: Sequence[str]) -> dict[str, list[Recorded]]:
        """
        Return the events of many histories, a block of them with each query.
        """
        return log.histories(self.session, streams)

    def at_place(self, stream: str, version: int) -> Recorded | None:
        """
        Return the event at one place of a history, None if nothing stands there.
        """
        return log.at_place(self.session, stream, version)

    def last_of(self, stream: str) -> Recorded | None:
        """
        Return the newest event of a history, None if there is none.
        """
        return log.last_of(self.session, stream)

    def span(self, first: int, last: int) -> list[Recorded]:
        """
        Return the events from one position to another, both included.
        """
        return log.span(self.session, first, last)

    def head(self) -> int:
        """
        Return the newest position, 0 in an empty store.
        """
        return log.newest(self.session)

    def outcome(self, command_id: str) -> tuple[str, int, int] | None:
        """
        Return what a named command said and the positions it wrote, if it came.
        """
        rows = self.session.all(_OUTCOME, {"id": command_id})
        if not rows:
            return None
        ((said, first, last),) = rows
        return said, first, last

    def keep_outcome(self, command_id: str, said: str, first: int, last: int) -> None:
        """
        Remember what a named command said and the positions it wrote.
        """
        self._hold()
        self.session.run(
            _KEEP_OUTCOME,
            {"id": command_id, "said": said, "first": first, "last": last},
        )

    def run(self, sql: str, **values: Any) -> int:
        """
        Run a read model's statement and return how many rows it touched.
        """
        self._hold()
        return self.session.run(sql, values)

    def all(self, sql: str, **values: Any) -> Sequence[tuple[Any, ...]]:
        """
        Run a read model's query and return its rows.
        """
        return self.session.all(sql, values)

    def _digest_at_end(self, stream: str, version: int) -> bytes:
        digest = log.digest_before(self.session, stream, version + 1)
        if version and digest == FIRST:
            raise CorruptEventError(stream, version, "is missing")
        return digest

    def _put_down(self, rows: Sequence[log.NewRow]) -> None:
        log.put(self.session, rows)
        # Only now: a statement that failed may be looked away from.
        for row in rows:
            self._head = self._head.after(row["position"], row["digest"])
        self._added = self._head.position, rows[-1]["digest"]

    def _hold(self) -> None:
        # On a full disk SQLite undoes the whole transaction by itself; what came
        # after would be written on its own.
        if not self.session.in_transaction():
            raise StoreError(
                "a command broke off; the database has undone the transaction"
            )


@define(eq=False, repr=False)
class Store:
    """
    A database with one circlekit in it.
    """

    _database: Database
    _lock: Any = field(factory=RLock)
    _writer: Session | None = None
    _writing: Transaction | None = None
    _writing_thread: int = 0
    _elsewhere: set[int] = field(factory=set)

    @property
    def remembers(self) -> bool:
        """
        Return whether what was read once is there from then on.
        """
        return True

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
            OutcomeUnknownError: If the connection was lost during the commit, and
                nobody could be asked afterwards.
        """
        self._must_be_here()
        with self._lock:
            if self._writing is not None:
                yield self._writing
                return
            session, head = self._begun_writing()
            self._writing = Transaction(session, head)
            self._writing_thread = get_ident()
            try:
                yield self._writing
                self._writing.keep_head()
                self._commit(self._writing)
            except BaseException:
                session.rollback()
                if undone is not None:
                    undone()
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
        if self._database.shared:
            with self.writing() as transaction:
                yield transaction
            return
        self._must_be_here()
        if self._writing_thread == get_ident() and self._writing is not None:
            yield self._writing
            return
        session = self._begun_reading()
        try:
            yield Transaction(session, Head(), holds_lock=False)
        finally:
            session.rollback()
            session.close()

    def positions(self) -> dict[str, int]:
        """
        Return the position of every read model that has one, by name.
        """
        with self.reading() as transaction:
            return dict(transaction.all(_POSITIONS))

    @contextmanager
    def elsewhere(self) -> Iterator[Database]:
        """
        Let this thread work in the database by other means than this store.

        What it asked of the store meanwhile would wait for the lock that the thread
        holds there.

        Raises:
            StoreError: If it does so already, or is in a transaction of the store.
        """
        thread = get_ident()
        if thread == self._writing_thread:
            raise StoreError(
                "a batch is open in this thread, on a connection of the kit's own; "
                "accepted: to join the host's transaction outside of it"
            )
        self._must_be_here()
        self._elsewhere.add(thread)
        try:
            yield self._database
        finally:
            self._elsewhere.discard(thread)

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
        told = progress if self._database.shared else let_others_write(progress)
        with self.writing() as transaction:
            beside.begin(transaction)
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
    def may_lose_replies(self) -> bool:
        """
        Return whether what the database answers to a commit may not arrive.
        """
        return self._database.may_lose_replies

    @contextmanager
    def waking(self) -> Iterator[Waking]:
        """
        Lend a way to wait for news.
        """
        waking = self._database.waking()
        try:
            yield waking
        finally:
            waking.close()

    @property
    def is_writing_here(self) -> bool:
        """
        Return whether this thread is in a write transaction.
        """
        return self._writing_thread == get_ident() and self._writing is not None

    @property
    def url(self) -> str:
        """
        Return where the store is, without any password.
        """
        return self._database.url

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
                rows = log.rows_after(transaction.session, position, log.BLOCK)
            for row in rows:
                position = row[0]
                if position <= newest:
                    yield log.verified(row)
            if progress is not None:
                progress(min(position, newest), newest)

    def firsts(self) -> Iterator[Recorded]:
        """
        Return the first event of every history, in commit order.

        Raises:
            CorruptEventError: If one was altered.
        """
        position = 0
        while True:
            with self.reading() as transaction:
                rows = log.firsts_after(transaction.session, position, log.BLOCK)
            yield from map(log.opened, rows)
            if len(rows) < log.BLOCK:
                return
            position = rows[-1][0]

    def links(
        self, *, progress: Callable[[int, int], None] | None = None
    ) -> Iterator[tuple[log.ChainedRow, Head]]:
        """
        Return every event as it is written down, each with the log's head at it.

        Ends at the event that is the newest when it begins; all that comes before
        is checked to be there, and as it was written.

        Args:
            progress: Called after each block with the position and the newest.

        Raises:
            CorruptEventError: If one was altered, moved, put in or taken out.
        """
        with self.reading() as transaction:
            transaction.keep_head()
            kept = log.head(transaction.session)
        at = Head()
        ends: dict[str, tuple[int, bytes]] = {}
        while at.position < kept.position:
            with self.reading() as transaction:
                rows = log.chained_after(transaction.session, at.position, log.BLOCK)
            for row in rows[: kept.position - at.position]:
                at = at.after(at.position + 1, _linked(row, at.position + 1, ends))
                yield row, at
            if not rows:
                raise CorruptEventError("the log", at.position + 1, "is missing")
            if progress is not None:
                progress(at.position, kept.position)
        if at != kept:
            raise CorruptEventError("the log", kept.position, _NOT_ITS_HEAD)

    def take_in(self, rows: Iterable[tuple[int, str, int, str, bytes]]) -> None:
        """
        Write events of another store, each at the places that it has there.

        Args:
            rows: Position, stream, version, name and body of each.

        Raises:
            StoreError: If a place is taken.
        """
        with self.writing() as transaction:
            for position, stream, version, name, body in rows:
                transaction.put(stream, version, name, body, position=position)

    def verify(
        self,
        head: str | None = None,
        *,
        progress: Callable[[int], None] | None = None,
    ) -> str:
        """
        Read every event and check that all are there, and as they were written.

        Without a head that was kept elsewhere, what was cut off the end together
        with the head beside the log, or rewritten with all that follows, cannot be
        told from what was always so.

        Args:
            head: What an earlier call answered: the log must have come by there.
            progress: Called after each block with the position it ends at.

        Returns:
            The log's head: the newest position and a digest over all events.

        Raises:
            CorruptEventError: If one was altered, moved, put in or taken out.
            InvalidInputError: If *head* is none.
        """
        anchor = Head() if head is None else Head.read(head)
        with self.reading() as transaction:
            transaction.keep_head()
            kept = log.head(transaction.session)
            ever = max(
                kept.position,
                anchor.position,
                transaction.session.newest_ever(),
                transaction.head(),
            )
        if anchor.position == 0 and anchor != Head():
            raise CorruptEventError("the log", 0, _NOT_FROM_THERE)
        at = Head()
        ends: dict[str, tuple[int, bytes]] = {}
        while True:
            with self.reading() as transaction:
                rows = log.chained_after(transaction.session, at.position, log.BLOCK)
            for row in rows:
                if at.position == ever:
                    break
                at = at.after(at.position + 1, _linked(row, at.position + 1, ends))
                if at.position == anchor.position and at != anchor:
                    raise CorruptEventError("the log", at.position, _NOT_FROM_THERE)
            if progress is not None:
                progress(at.position)
            if len(rows) < log.BLOCK or at.position == ever:
                break
        if at.position < ever:
            raise CorruptEventError("the log", at.position + 1, "is missing")
        if at != kept:
            raise CorruptEventError("the log", kept.position, _NOT_ITS_HEAD)
        return str(at)

    def back_up(
        self, path: Path, *, progress: Callable[[int, int], None] | None = None
    ) -> None:
        """
        Copy the store to a new file, as it is at one moment.

        Args:
            path: The file; there must be none yet.
            progress: Called with the pages that are done, and all there are.

        Raises:
            StoreError: If it cannot be copied, or not there.
        """
        with self.reading() as transaction:
            transaction.session.back_up(path, progress=progress)

    def close(self) -> None:
        """
        Let go of every connection.
        """
        with self._lock:
            if self._writer is not None:
                self._writer.close()
                self._writer = None
            self._database.close()

    def _must_be_here(self) -> None:
        if get_ident() in self._elsewhere:
            raise StoreError(
                "this thread has joined the host's transaction; accepted: to use "
                "what `joined_to` gave, until the end of its block"
            )

    def _begun_writing(self) -> tuple[Session, Head]:
        if self._writer is None:
            self._writer = self._database.session()
        try:
            rows = self._writer.begin_writing()
        except ConnectionLostError:
            self._writer = None
            self._writer = self._database.new_session()
            rows = self._writer.begin_writing()
        try:
            return self._writer, log.head_of(rows)
        except BaseException:
            self._writer.rollback()
            raise

    def _commit(self, transaction: Transaction) -> None:
        try:
            transaction.session.commit()
        except OutcomeUnknownError:
            if not self._was_committed(transaction):
                message = "the connection was lost; nothing was written"
                raise ConnectionLostError(message) from None

    def _was_committed(self, transaction: Transaction) -> bool:
        # Whoever has the write lock knows what became of the one who had it before;
        # and no two events have one digest.
        transaction.session.close()
        self._writer = None
        try:
            session = self._database.new_session()
            session.begin_writing()
            written = transaction.is_written(session)
        except CirclekitError:
            raise OutcomeUnknownError from None
        session.rollback()
        self._writer = session
        return written

    def _begun_reading(self) -> Session:
        session = self._database.session()
        try:
            session.begin_reading()
        except ConnectionLostError:
            session = self._database.new_session()
            session.begin_reading()
        except BaseException:
            session.close()
            raise
        return session

    def _named(self, name: str, newest: int) -> Iterator[log.Row]:
        after = 0
        while True:
            with self.reading() as transaction:
                rows = log.rows_named(
                    transaction.session,
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
        rows = log.rows_after(transaction.session, position, log.BLOCK)
        for row in rows:
            # Every row: one whose name was altered must not pass unnoticed.
            if log.verified(row)[3] in wanted:
                model.apply(transaction, log.decoded(row))
        if rows:
            position = rows[-1][0]
            transaction.run(_MOVE_ON, model=model.name, position=position)
        return position


_NOT_FROM_THERE: Final = "is not what the head that was kept elsewhere says"
_NOT_ITS_HEAD: Final = "is not what the head beside it says"


def _linked(
    row: log.ChainedRow, position: int, ends: dict[str, tuple[int, bytes]]
) -> bytes:
    # *ends* has each history's newest version and digest, up to here.
    if log.verified(row[:6])[0] != position:
        raise CorruptEventError("the log", position, "is missing")
    stream, version = row[1], row[2]
    newest, before = ends.get(stream, (0, FIRST))
    if version != newest + 1:
        raise CorruptEventError(stream, newest + 1, "is missing")
    digest = log.in_chain(row, before)
    ends[stream] = version, digest
    return digest
