"""
What is read and written together, and what of it is known.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final

from attrs import define, field

from circlekit.errors import StoreError
from circlekit.events.names import NAME_OF
from circlekit.events.record import Recorded
from circlekit.store import log, snapshots
from circlekit.store.chain import FIRST, Head
from circlekit.store.mapper import encode
from circlekit.store.session import Session
from circlekit.store.snapshots import Snapshot

_OUTCOME: Final = "SELECT said, first, last FROM circlekit_command WHERE id = :id"
_KEEP_OUTCOME: Final = """
INSERT INTO circlekit_command (id, said, first, last)
VALUES (:id, :said, :first, :last)
"""

# A history, the version that it stands at, the digest of the event there if it is
# known, and what comes after it.
Addition = tuple[str, int, bytes | None, Sequence[object]]


@define
class Transaction:
    """
    What is read and written together; also the rows that read models are given.

    Attributes:
        decides: Whether what is decided here is decided by the newest state, or is not
            written at all.
    """

    session: Session
    _head: Head
    decides: bool = True
    _added: tuple[int, bytes] | None = None
    _not_there: str | None = None
    _marks: list[tuple[Head, Head, tuple[int, bytes] | None]] = field(factory=list)
    _kept: Head = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._kept = self._head

    @property
    def holds_lock(self) -> bool:
        """
        Return whether nobody else can write until it ends.
        """
        return self.decides

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
            before: The digest of the event that stands there, if it is known. Then
                it is believed that their history reaches so far: nothing is asked.

        Raises:
            CorruptEventError: If it does not reach so far.
            StoreError: If it reaches further.
        """
        self._hold()
        if before is None:
            before = log.digest_before(self.session, stream, version + 1)
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

    def append_after(
        self,
        end: tuple[Recorded, bytes] | None,
        stream: str,
        events: Iterable[object],
    ) -> list[Recorded]:
        """
        Write events after the newest of their history, as :meth:`end_of` told it.
        """
        if end is None:
            return self.append(stream, 0, events, before=FIRST)
        newest, digest = end
        return self.append(stream, newest.version, events, before=digest)

    def append_to_each(self, additions: Iterable[Addition]) -> None:
        """
        Write events of many histories, in this order, a block with each statement.

        Args:
            additions: What is added to each history; none is named twice. One that
                begins, or whose digest is known, is believed to stand there.

        Raises:
            CorruptEventError: If a history does not reach as far as it is said to.
        """
        self._hold()
        rows: list[log.NewRow] = []
        position = self._head.position
        for stream, version, known, events in additions:
            before = known
            if before is None:
                before = (
                    log.digest_before(self.session, stream, version + 1)
                    if version
                    else FIRST
                )
            for place, event in enumerate(events, start=version + 1):
                position += 1
                name, body = NAME_OF[type(event)], encode(event)
                row = log.new_row(before, position, stream, place, name, body)
                before = row["digest"]
                rows.append(row)
            if len(rows) >= log.BLOCK:
                self._put_down(rows)
                rows = []
        if rows:
            self._put_down(rows)

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

        Its place may be beyond the end of its history, as the eventsourcing library
        has it; verifying finds the gap, if nobody fills it.

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
        before = log.digest_before(self.session, stream, version, gaps=True)
        self._put_down([log.new_row(before, position, stream, version, name, body)])
        return position

    def must_hold_lock(self) -> None:
        """
        Go on if what follows is written by more than one statement, as it is here.
        """

    def then(self, do: Callable[[], None]) -> None:
        """
        Do what follows from what was written: at once, for it is undone with it.
        """
        do()

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

    def histories(self, streams: Iterable[str]) -> Iterator[log.History]:
        """
        Return many histories, in the order asked for, a block with each query.
        """
        return log.histories(self.session, streams)

    def snapshot(self, stream: str, form: str) -> Snapshot | None:
        """
        Return what a history had come to, None if that was not kept in this form.
        """
        return snapshots.kept(self.session, stream, form)

    def keep_snapshot(
        self, newest: Recorded, digest: bytes | None, form: str, body: bytes
    ) -> None:
        """
        Keep what a history has come to at its newest event.
        """
        self._hold()
        if digest is None:
            digest = log.digest_before(self.session, newest.stream, newest.version + 1)
        snapshots.keep(self.session, newest, digest, form, body)

    def newest_of_each(
        self, streams: Iterable[str]
    ) -> dict[str, tuple[Recorded, bytes]]:
        """
        Return the newest events of many histories, each with its digest.
        """
        return log.newest_of_each(self.session, streams)

    def at_place(self, stream: str, version: int) -> Recorded | None:
        """
        Return the event at one place of a history, None if nothing stands there.
        """
        return log.at_place(self.session, stream, version)

    def last_of(self, stream: str) -> Recorded | None:
        """
        Return the newest event of a history, None if there is none.
        """
        end = self.end_of(stream)
        return None if end is None else end[0]

    def end_of(self, stream: str) -> tuple[Recorded, bytes] | None:
        """
        Return the newest event of a history and its digest, None if there is none.
        """
        return log.end_of(self.session, stream)

    def short_history(self, stream: str, form: str) -> list[Recorded] | None:
        """
        Return a history that is short and has no snapshot; None if it is another.
        """
        return log.short_history(self.session, stream, form)

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
        # Who asks first whether a command came, and then gives it, asks twice.
        if self.decides and command_id == self._not_there:
            return None
        rows = self.session.all(_OUTCOME, {"id": command_id})
        if not rows:
            self._not_there = command_id
            return None
        ((said, first, last),) = rows
        return said, first, last

    def keep_outcome(self, command_id: str, said: str, first: int, last: int) -> None:
        """
        Remember what a named command said and the positions it wrote.
        """
        self._hold()
        self._not_there = None
        self.session.later(
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
