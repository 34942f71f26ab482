"""
One store: histories, the outcomes of named commands, and read models.

One writer works at a time. A command is decided inside the write transaction, on
state brought up to date there, so it can neither lose a race nor be refused from
stale state.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import islice
from os import getpid
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
from circlekit.store.attempt import Attempt, NeedsLockError
from circlekit.store.batched import BatchedRows
from circlekit.store.chain import FIRST, Head
from circlekit.store.rebuilding import Beside, let_others_write
from circlekit.store.session import (
    ConnectionLostError,
    Database,
    Question,
    Session,
    Waking,
)
from circlekit.store.transaction import Transaction

_POSITIONS: Final = "SELECT model, position FROM circlekit_reading"
_MOVE_ON: Final = """
INSERT INTO circlekit_reading (model, position) VALUES (:model, :position)
ON CONFLICT (model) DO UPDATE SET position = excluded.position
"""

_LONGEST_STRETCH: Final = 40 * log.BLOCK


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
    _taken_in: dict[str, int] = field(factory=dict)
    _process: int = field(factory=getpid)

    @property
    def remembers(self) -> bool:
        """
        Return whether what was read once is there from then on.
        """
        return True

    @contextmanager
    def writing(
        self,
        *,
        undone: Callable[[], None] | None = None,
        waits: bool = True,
        ahead: Sequence[Question] = (),
    ) -> Iterator[Transaction]:
        """
        Read and write in one transaction; inside one, join it.

        Args:
            undone: Called if nothing of the transaction was written after all.
            waits: Whether it is on the disk when it is done. What was committed before
                it is there in any case, if it is.
            ahead: What will be asked first.

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
            session, head = self._begun_writing(waits=waits, ahead=ahead)
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

    @property
    def tries(self) -> bool:
        """
        Return whether commands are tried here before anybody holds the lock.
        """
        return self._database.tries

    @contextmanager
    def attempting(
        self,
        left: Callable[[], Head | None],
        *,
        undone: Callable[[], None] | None = None,
    ) -> Iterator[Attempt]:
        """
        Decide a command without the lock, and write it if nobody else wrote meanwhile.

        Args:
            left: Asked once no other thread writes here: the log's head, as this
                process left it, None if it is not known.
            undone: Called if it broke off, before any other thread writes here: what
                was to follow from what was written may not be believed.

        Raises:
            NeedsLockError: If it has to be decided with the lock; nothing was written.
            OutcomeUnknownError: If the connection was lost while it was written, and
                nobody could be asked afterwards.
        """
        self._must_be_here()
        with self._lock:
            head = left()
            if self._writer is None or head is None:
                raise NeedsLockError("there is nothing yet to try it with")
            attempt = Attempt(self._writer, head)
            self._writing, self._writing_thread = attempt, get_ident()
            try:
                try:
                    yield attempt
                except CirclekitError as error:
                    # It may be the newest state that makes the difference.
                    raise NeedsLockError(str(error)) from error
                self._write(attempt)
                attempt.settle()
            except BaseException:
                if undone is not None:
                    undone()
                raise
            finally:
                self._writing, self._writing_thread = None, 0

    @contextmanager
    def alone(self) -> Iterator[Transaction]:
        """
        Read while nobody in this process writes.
        """
        self._must_be_here()
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
        if (joined := self.writing_here) is not None:
            yield joined
            return
        session = self._begun_reading()
        try:
            yield Transaction(session, Head(), decides=False)
        finally:
            session.end_reading()
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

        Args:
            model: The read model.
            progress: Called after each block with the position and the newest.
        """

        def told(_name: str, position: int, newest: int) -> None:
            if progress is not None:
                progress(position, newest)

        self.all_up_to_date([model], progress=told)

    def all_up_to_date(
        self,
        models: Sequence[ReadModel],
        *,
        progress: Callable[[str, int, int], None] | None = None,
        politely: bool = False,
    ) -> None:
        """
        Bring read models up to the newest event, in blocks, each read once for all.

        Rows and positions move in one transaction, so a reader that is stopped
        anywhere goes on where it was.

        Args:
            models: The read models, wherever each of them is.
            progress: Called after each block with the name of each that moved, its
                position and the newest.
            politely: Whether to leave others a moment to write after each block.
        """
        with self.reading() as transaction:
            newest = transaction.head()
            at = dict(transaction.all(_POSITIONS))
        while any(at.get(model.name, 0) < newest for model in models):
            limit = log.BLOCK if politely else log.AHEAD
            # Lost rows are read again from the events: no reader waits for the disk.
            with self.writing(waits=False) as transaction:
                moved = self._take_block(transaction, *models, limit=limit)
            at.update(moved)
            if progress is not None:
                for name, position in moved.items():
                    progress(name, position, newest)
            if politely:
                let_others_write()

    @contextmanager
    def read(self, model: ReadModel) -> Iterator[tuple[Transaction, int]]:
        """
        Read a read model, brought up to date; also say up to which position.
        """
        # Most often it is up to date. What comes while it is brought there is not
        # waited for: that could go on for ever.
        with self.reading() as transaction:
            newest, position = log.standing(transaction.session, model.name)
            if position >= newest:
                yield transaction, position
                return
        self._take_in(model, newest)
        with self.reading() as transaction:
            position = log.standing(transaction.session, model.name)[1]
            if position >= newest:
                yield transaction, position
                return
        # What another thread took in was undone, or somebody had it begin again.
        self._taken_in.pop(model.name, None)
        self.up_to_date(model)
        with self.reading() as transaction:
            yield transaction, log.standing(transaction.session, model.name)[1]

    def _take_in(self, model: ReadModel, newest: int) -> None:
        # Of many threads that wait for the lock here, the first does it for all.
        while True:
            with self._lock:
                if self._taken_in.get(model.name, 0) >= newest:
                    return
                with self.writing(waits=False) as transaction:
                    moved = self._take_block(transaction, model, limit=log.AHEAD)
                self._taken_in.update(moved)

    def rebuild(
        self,
        models: Sequence[ReadModel],
        *,
        progress: Callable[[str, int, int], None] | None = None,
    ) -> None:
        """
        Fill read models again beside themselves, and put that in their places.

        Until then the old rows are read. Whoever is stopped here leaves those as
        they were, but for the models that were complete.

        Args:
            models: The read models.
            progress: Called after each block with the name of each that moved, its
                position and the newest.
        """
        besides = [Beside(model) for model in models]
        name_of = {
            it.name: model.name for it, model in zip(besides, models, strict=True)
        }
        politely = not self._database.shared

        def told(name: str, position: int, newest: int) -> None:
            if progress is not None:
                progress(name_of[name], position, newest)

        with self.writing() as transaction:
            for beside in besides:
                beside.begin(transaction)
        self.all_up_to_date(besides, progress=told, politely=politely)
        for beside in besides:
            while not self._taken_over(beside):
                self.all_up_to_date([beside], progress=told, politely=politely)

    def _taken_over(self, beside: Beside) -> bool:
        with self.writing() as transaction:
            moved = self._take_block(transaction, beside, limit=log.BLOCK)
            if moved[beside.name] < transaction.head():
                return False
            beside.take_over(transaction)
            return True

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
        for rows in self._named([NAME_OF[kind] for kind in kinds], newest):
            mine = rows if streams is None else [it for it in rows if it[1] in streams]
            found = log.opened_each(mine)
            if progress is None:
                yield from found
                continue
            for row in rows:
                progress(row[0])
                if streams is None or row[1] in streams:
                    yield next(found)

    @property
    def in_process(self) -> bool:
        """
        Return whether questions are answered in this process, and not by a server.
        """
        return self._database.dialect.name == "sqlite"

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
    def writing_here(self) -> Transaction | None:
        """
        Return the write transaction that this thread is in, None if it is in none.
        """
        return self._writing if self._writing_thread == get_ident() else None

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
            yield from log.opened_each(rows)
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
            StoreError: If it cannot be copied, or not there; or if this thread is in
                a batch.
        """
        if self.writing_here is not None:
            raise StoreError(
                "a batch is open in this thread, and what it wrote may still be "
                "undone; accepted: to copy the store when it is over"
            )
        if not self._database.shared:
            with self.reading() as transaction:
                transaction.session.back_up(path, progress=progress)
            return
        # To read in memory is to hold the write lock, and the database would wait for
        # that to be free before it copies. Ours keeps the moment still.
        with self._lock:
            session = self._database.session()
            try:
                session.back_up(path, progress=progress)
            finally:
                session.close()

    def close(self) -> None:
        """
        Let go of every connection.
        """
        if self._is_elsewhere:
            return  # to the process that opened it they are still of use
        with self._lock:
            if self._writer is not None:
                self._writer.close()
                self._writer = None
            self._database.close()

    @property
    def _is_elsewhere(self) -> bool:
        # Two processes that speak over one connection answer each other's questions.
        return getpid() != self._process and not self._database.shared

    def _must_be_here(self) -> None:
        if self._is_elsewhere:
            raise StoreError(
                "this kit was opened before the process was forked; "
                "accepted: a kit that is opened in the process that uses it"
            )
        if get_ident() in self._elsewhere:
            raise StoreError(
                "this thread has joined the host's transaction; accepted: to use "
                "what `joined_to` gave, until the end of its block"
            )

    def _begun_writing(
        self, *, waits: bool, ahead: Sequence[Question]
    ) -> tuple[Session, Head]:
        if self._writer is None:
            self._writer = self._database.session()
        self._writer.ask_with_lock(ahead)
        try:
            rows = _begun(self._writer, waits=waits)
        except ConnectionLostError:
            self._writer = None
            self._writer = self._database.new_session()
            rows = _begun(self._writer, waits=waits)
        try:
            return self._writer, log.head_of(rows)
        except BaseException:
            self._writer.rollback()
            raise

    def _write(self, attempt: Attempt) -> None:
        try:
            attempt.write()
        except OutcomeUnknownError:
            if not self._was_committed(attempt):
                raise NeedsLockError("the connection was lost") from None
        except CirclekitError as error:
            raise NeedsLockError(str(error)) from error

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

    def _named(self, names: Sequence[str], newest: int) -> Iterator[Sequence[log.Row]]:
        # A stretch of the log at a time, sorted there: to sort all of them would take
        # all of them into memory. It is so long that it holds about a block or two.
        after, stretch = 0, log.BLOCK
        while after < newest:
            upto = min(newest, after + stretch)
            with self.reading() as transaction:
                rows = log.rows_named(
                    transaction.session, names, after=after, upto=upto
                )
                # A position that was altered may be as far away as numbers go.
                following = (
                    upto + 1
                    if rows
                    else log.next_named(
                        transaction.session, names, after=upto, upto=newest
                    )
                )
            yield rows
            if following is None:
                return
            after = following - 1
            if len(rows) < log.BLOCK:
                stretch = min(2 * stretch, _LONGEST_STRETCH)
            elif len(rows) > 2 * log.BLOCK:
                stretch = max(stretch // 2, log.BLOCK)

    @staticmethod
    def _take_block(
        transaction: Transaction, *models: ReadModel, limit: int
    ) -> dict[str, int]:
        # Those that are furthest behind take in the next block, up to where another
        # stands, which then goes on with them. Return where they are now.
        #
        # Read again under the write lock: somebody else may have been quicker.
        known = dict(transaction.all(_POSITIONS))
        at: dict[str, int] = {it.name: known.get(it.name, 0) for it in models}
        last = min(at.values())
        moving = [model for model in models if at[model.name] == last]
        next_stop = min((it for it in at.values() if it > last), default=None)
        rows = log.rows_after(transaction.session, last, limit)
        if rows:
            last = rows[-1][0]
        if next_stop is not None and last > next_stop:
            # There, even if the event that it took in there is lost.
            rows, last = [row for row in rows if row[0] <= next_stop], next_stop
        block = _wanted(rows, moving)
        here = {type(recorded.event) for recorded in block}
        for model in moving:
            kinds, apply = model.kinds, model.apply
            if kinds.isdisjoint(here):
                continue
            batched = BatchedRows.of(model, transaction.session)
            for recorded in block:
                if type(recorded.event) in kinds:
                    apply(batched, recorded)
            batched.send()
        if last != at[moving[0].name]:
            for model in moving:
                transaction.run(_MOVE_ON, model=model.name, position=last)
        return {model.name: last for model in moving}


def _wanted(rows: Sequence[log.Row], models: Iterable[ReadModel]) -> list[Recorded]:
    names = frozenset[str]().union(*(_names_of(it.kinds) for it in models))
    for row in rows:
        # Each is looked at: one whose name was altered must not pass unnoticed.
        if row[3] not in names:
            log.verified(row)
    return [*log.opened_each([row for row in rows if row[3] in names])]


@cache
def _names_of(kinds: frozenset[type]) -> frozenset[str]:
    return frozenset(NAME_OF[kind] for kind in kinds)


def _begun(session: Session, *, waits: bool) -> Sequence[tuple[Any, ...]]:
    return session.begin_writing() if waits else session.begin_hurried()


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
