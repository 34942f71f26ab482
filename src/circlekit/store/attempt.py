"""
A command that is decided before anybody holds the write lock.

Where each question costs a way to a server and back, most of a command's time is
waiting: for the lock, for each answer, for the commit. Nearly always nobody else
writes meanwhile. So a command is tried first: it is decided by what is in memory,
and by what is read on the way, and one statement writes it if the log's head is still
the one that it was decided by. If not, nothing is written, and the command is decided
again with the lock.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final, NoReturn

from attrs import define, field

from circlekit.events.record import Recorded
from circlekit.store import log
from circlekit.store.transaction import Addition, Transaction

MOST_ROWS: Final = 4
"""
How many events one statement takes: it is prepared for each number of them.
"""


class NeedsLockError(Exception):
    """
    A command cannot be tried, or was tried in vain; nothing was written.
    """


@define
class Attempt(Transaction):
    """
    What one command reads and is to write, while nobody holds the lock.

    What is read may be newer than the head. Then the head has moved, and nothing
    that was decided by it is written.
    """

    _rows: list[log.NewRow] = field(factory=list)
    _outcome: dict[str, Any] | None = None
    _then: list[Callable[[], None]] = field(factory=list)

    @property
    def holds_lock(self) -> bool:
        """
        Return False: others may write meanwhile.
        """
        return False

    def must_hold_lock(self) -> NoReturn:
        """
        Refuse.
        """
        self._refuse()

    def write(self) -> None:
        """
        Write what was decided, if the head is still the one it was decided by.

        Raises:
            NeedsLockError: If it is not; nothing was written.
            OutcomeUnknownError: If the connection was lost meanwhile.
        """
        if self._rows:
            written = self.session.write_if(
                self._kept, self._head, self._rows, self._outcome
            )
        else:
            # A refusal that is not recorded is a refusal by the newest state, too.
            written = log.head(self.session) == self._kept and self._outcome is None
        if not written:
            raise NeedsLockError("somebody else wrote meanwhile")

    def settle(self) -> None:
        """
        Do what was to follow, now that all is written.
        """
        for do in self._then:
            do()

    def then(self, do: Callable[[], None]) -> None:
        """
        Do something once all is written.
        """
        self._then.append(do)

    def history(self, stream: str, *, after: int = 0) -> Iterator[Recorded]:
        """
        Return the events of one history, from just after a place.
        """
        self._must_be_unwritten(stream)
        return super().history(stream, after=after)

    def end_of(self, stream: str) -> tuple[Recorded, bytes] | None:
        """
        Return the newest event of a history and its digest, None if there is none.
        """
        self._must_be_unwritten(stream)
        return super().end_of(stream)

    def short_history(self, stream: str, form: str) -> list[Recorded] | None:
        """
        Return a history that is short and has no snapshot; None if it is another.
        """
        self._must_be_unwritten(stream)
        return super().short_history(stream, form)

    def keep_outcome(self, command_id: str, said: str, first: int, last: int) -> None:
        """
        Remember what a named command said and the positions it wrote.
        """
        self._outcome = {
            "id": command_id,
            "said": said,
            "first": first,
            "last": last,
        }

    def histories(self, streams: Iterable[str]) -> NoReturn:
        """
        Refuse: what concerns many is decided with the lock.
        """
        self._refuse(streams)

    def keep_snapshot(self, *given: Any) -> NoReturn:
        """
        Refuse: what takes longer to write is written with the lock.
        """
        self._refuse(given)

    def newest_of_each(self, streams: Iterable[str]) -> NoReturn:
        """
        Refuse: what concerns many is decided with the lock.
        """
        self._refuse(streams)

    def append_to_each(self, additions: Iterable[Addition]) -> NoReturn:
        """
        Refuse: what concerns many is decided with the lock.
        """
        self._refuse(additions)

    def put(self, *given: Any, **more: Any) -> NoReturn:
        """
        Refuse: what stands elsewhere is taken in with the lock.
        """
        self._refuse(given, more)

    def run(self, sql: str, **values: Any) -> NoReturn:
        """
        Refuse: read models are written with the lock.
        """
        self._refuse(sql, values)

    def all(self, sql: str, **values: Any) -> NoReturn:
        """
        Refuse: read models have a position of their own.
        """
        self._refuse(sql, values)

    def span(self, first: int, last: int) -> NoReturn:
        """
        Refuse: what a repeated command came to is looked up with the lock.
        """
        self._refuse(first, last)

    def head(self) -> NoReturn:
        """
        Refuse: whoever asks wants the newest.
        """
        self._refuse()

    def mark(self) -> NoReturn:
        """
        Refuse: a batch within a batch has the lock.
        """
        self._refuse()

    def _put_down(self, rows: Sequence[log.NewRow]) -> None:
        if len(self._rows) + len(rows) > MOST_ROWS:
            self._refuse()
        self._rows += rows
        for row in rows:
            self._head = self._head.after(row["position"], row["digest"])
        self._added = self._head.position, rows[-1]["digest"]

    def _hold(self) -> None:
        pass

    def _must_be_unwritten(self, stream: str) -> None:
        if any(row["stream"] == stream for row in self._rows):
            self._refuse(stream)

    def _refuse(self, *_given: object) -> NoReturn:
        raise NeedsLockError("this command is decided with the lock")
