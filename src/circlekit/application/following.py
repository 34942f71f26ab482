"""
Followers: a host's own code that is shown every event, in commit order.

A follower has a name, under which the store keeps how far it has come. It asks for
what is new; that nobody has to tell it is why it misses nothing, whoever wrote, in
whichever process, while it was away.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from threading import Event
from typing import Any, Final, Protocol

from attrs import define, field, frozen

from circlekit.application.deciding import Deciding
from circlekit.clock import as_utc, from_micros, micros
from circlekit.errors import BusyError, CorruptEventError, InvalidInputError
from circlekit.events.names import NAME_OF
from circlekit.events.record import Recorded
from circlekit.projections.read_model import Rows
from circlekit.store import ConnectionLostError, Transaction, following
from circlekit.store.following import Waiting
from circlekit.text import checked_id, visible

_LONGEST_ERROR: Final = 1_000
_BLOCK: Final = 500
_NO_LIMIT: Final = 2**62
_FOREIGN: Final = re.compile(
    r"\bcirclekit_|^\s*(abort|begin|commit|end|release|rollback|savepoint|start)\b",
    re.IGNORECASE,
)


class HostRows(Rows, Protocol):
    """
    The rows of a host's own tables, inside one transaction of the kit's.
    """

    def run(self, sql: str, **values: Any) -> int:
        """
        Run a statement and return how many rows it touched.
        """


@frozen
class ExactlyOnce:
    """
    A handler that writes rows of the host's, in the transaction that moves it on.
    """

    write: Callable[[Recorded, HostRows], object]

    def __call__(self, recorded: Recorded, rows: HostRows) -> None:
        """
        Handle one event.
        """
        self.write(recorded, rows)


def exactly_once(write: Callable[[Recorded, HostRows], object]) -> ExactlyOnce:
    """
    Mark a handler whose work is in the database, and nowhere else.

    It is given the event and the rows of the host's own tables. What it writes there
    is committed together with its position, so that it is there once, whatever
    happens to the process. It may also carry out commands of the same kit.
    """
    return ExactlyOnce(write)


Handler = Callable[[Recorded], object] | ExactlyOnce


@frozen(kw_only=True)
class Parked:
    """
    An event that a follower could not take in, or that comes after such a one.

    Attributes:
        follower: Whose it is.

        position: Place among all events of the store.

        stream: The history it stands in.

        version: Place in that history.

        error: What went wrong; None if it only waits for one before it.

        attempts: How often it was tried.

        at: When it was parked, or last tried.
    """

    follower: str
    position: int
    stream: str
    version: int
    error: str | None
    attempts: int
    at: datetime


@define
class _Follower:
    name: str
    handler: Handler
    wanted: frozenset[str] | None
    block: int
    # What a plain one was shown, as long as that is not kept in the store.
    shown: int = 0
    aside: list[tuple[Waiting, str | None]] = field(factory=list)


@frozen
class _HostRows:
    # Only for the host's own tables: a handler that ended the transaction, or wrote
    # in ours, would take back what the kit promises.
    _transaction: Transaction

    def run(self, sql: str, **values: Any) -> int:
        """
        Run a statement and return how many rows it touched.
        """
        return self._transaction.run(_own(sql), **values)

    def all(self, sql: str, **values: Any) -> Sequence[tuple[Any, ...]]:
        """
        Run a query and return its rows.
        """
        return self._transaction.all(_own(sql), **values)


@define(eq=False, repr=False)
class Following(Deciding):
    """
    What hosts do with events, beside what the kit does.
    """

    def follow(
        self,
        name: str,
        handler: Handler,
        *,
        kinds: Iterable[type] | None = None,
        after: int = 0,
        block: int = _BLOCK,
        poll: float = 1.0,
        stop: Event | None = None,
    ) -> None:
        """
        Show a follower every event, what is there and what will come, until stopped.

        A plain handler is shown each event at least once: its position is kept at
        the end of a block, so whatever it did since is done again if the process
        dies. One that is marked with :func:`exactly_once` is shown each once.

        An event it raises on is parked, with everything after it in the same
        history; other histories go on. See :meth:`retry_parked`.

        Args:
            name: Lasting name, under which the position is kept.
            handler: Is called with each event.
            kinds: Only events of these classes; None means all.
            after: Where a follower that is new begins; later it has no meaning.
            block: How many events are taken in with one transaction, at most.
            poll: Seconds to wait before asking again, if there was nothing new; on
                PostgreSQL, where the server tells of news, at most so long.
            stop: Ends it after the event it is at, if set.

        Raises:
            InvalidInputError: If an argument is not accepted.
            BusyError: If the store is busy for too long when it begins or ends; in
                between it waits and asks again, also if the connection is lost.
        """
        if poll <= 0:
            raise InvalidInputError("poll", f"is {poll!r}", "more than 0 seconds")
        ended = Event() if stop is None else stop
        follower = self._follower(name, handler, kinds, block)
        self._enrol(follower, after)
        with self._store.waking() as waking:
            while not ended.is_set():
                if not self._go_on(follower, ended.is_set):
                    waking.wait(poll, ended)
        self._keep(follower)

    def catch_up(
        self,
        name: str,
        handler: Handler,
        *,
        kinds: Iterable[type] | None = None,
        after: int = 0,
        block: int = _BLOCK,
    ) -> int:
        """
        Show a follower what is there, as :meth:`follow` would, and return.

        Returns:
            The position it is at now.
        """
        follower = self._follower(name, handler, kinds, block)
        self._enrol(follower, after)
        while self._take_block(follower, _never):
            pass
        with self._store.reading() as transaction:
            return following.position_of(transaction, name)

    def followers(self) -> dict[str, int]:
        """
        Return every follower with the position it is at, by name.
        """
        with self._store.reading() as transaction:
            return dict(following.positions(transaction))

    def parked(self, name: str | None = None) -> tuple[Parked, ...]:
        """
        Return the events that followers have parked, in commit order.

        Args:
            name: Only those of this follower.
        """
        if name is not None:
            checked_id("name", name)
        with self._store.reading() as transaction:
            rows = following.parked(transaction, name, after=0, limit=_NO_LIMIT)
        return tuple(
            Parked(
                follower=follower,
                position=position,
                stream=stream,
                version=version,
                error=error,
                attempts=attempts,
                at=from_micros(at),
            )
            for follower, position, stream, version, error, attempts, at in rows
        )

    def retry_parked(self, name: str, handler: Handler) -> int:
        """
        Show a follower again what it has parked, in order, and return how many it took.

        Where it raises again, the rest of that history stays parked. What is marked
        with :func:`exactly_once` is done exactly once here, too.
        """
        follower = self._follower(name, handler, None, _BLOCK)
        stuck: set[str] = set()
        taken = after = 0
        more = True
        while more:
            if isinstance(handler, ExactlyOnce):
                with self._transaction() as transaction:
                    following.hold(transaction, name)
                    retried = self._parked_after(transaction, name, after)
                    taken += self._retry_exactly_once(
                        transaction, follower, handler, retried, stuck
                    )
            else:
                with self._store.reading() as transaction:
                    retried = self._parked_after(transaction, name, after)
                taken += self._retry(follower, handler, retried, stuck)
            more = len(retried) == _BLOCK
            after = retried[-1].position if retried else after
        return taken

    def forget_follower(self, name: str) -> None:
        """
        Forget how far a follower has come, and what it parked; it begins anew then.

        In one :meth:`batch` with emptying its tables, that is how they are filled
        again.
        """
        checked_id("name", name)
        with self._transaction() as transaction:
            following.forget(transaction, name)

    @contextmanager
    def rows(self) -> Iterator[HostRows]:
        """
        Write and read the host's own tables in the kit's database, in one transaction.

        Inside a :meth:`batch`, in the transaction of that; what is raised here undoes
        only what was done here.
        """
        with self.batch(), self._transaction() as transaction:
            yield _HostRows(transaction)

    def _follower(
        self, name: str, handler: Handler, kinds: Iterable[type] | None, block: int
    ) -> _Follower:
        checked_id("name", name)
        if type(block) is not int or block < 1:
            raise InvalidInputError("block", f"is {block!r}", "1 or more")
        wanted = None if kinds is None else frozenset(_name_of(it) for it in kinds)
        return _Follower(name, handler, wanted, block)

    def _enrol(self, follower: _Follower, after: int) -> None:
        if type(after) is not int or after < 0:
            raise InvalidInputError("after", f"is {after!r}", "a position, 0 or more")
        with self._store.reading() as transaction:
            if follower.name in dict(following.positions(transaction)):
                return
        with self._store.writing() as transaction:
            following.enrol(transaction, follower.name, after)

    def _go_on(self, follower: _Follower, stopped: Callable[[], bool]) -> bool:
        try:
            return self._take_block(follower, stopped)
        except (BusyError, ConnectionLostError):
            return False  # and ask again later, as if there were nothing new

    def _take_block(self, follower: _Follower, stopped: Callable[[], bool]) -> bool:
        # Return whether there may be more already.
        self._keep(follower)
        with self._store.reading() as transaction:
            position = following.position_of(transaction, follower.name)
            if transaction.head() <= position:
                return False
            if not isinstance(follower.handler, ExactlyOnce):
                parked = following.parked_streams(transaction, follower.name)
                block = following.waiting(
                    transaction, position, follower.block, follower.wanted
                )
        if isinstance(follower.handler, ExactlyOnce):
            return self._take_exactly_once(follower, follower.handler, stopped)
        self._take_at_least_once(follower, follower.handler, block, parked, stopped)
        return len(block) == follower.block

    def _take_exactly_once(
        self, follower: _Follower, handler: ExactlyOnce, stopped: Callable[[], bool]
    ) -> bool:
        name = follower.name
        with self._transaction() as transaction:
            following.hold(transaction, name)
            # Only now: another process of that name may have been quicker.
            position = following.position_of(transaction, name)
            parked = following.parked_streams(transaction, name)
            block = following.waiting(
                transaction, position, follower.block, follower.wanted
            )
            for it in block:
                if stopped():
                    break
                error = None
                if it.found is not None and it.stream not in parked:
                    error = self._attempt(transaction, handler, it)
                if error is not None:
                    parked.add(it.stream)
                if it.found is not None and it.stream in parked:
                    at = self._now()
                    following.park(transaction, name, it, error=error, at=at)
                position = it.position
            following.move(transaction, name, position)
        return len(block) == follower.block

    def _take_at_least_once(
        self,
        follower: _Follower,
        handler: Callable[[Recorded], object],
        block: Iterable[Waiting],
        parked: set[str],
        stopped: Callable[[], bool],
    ) -> None:
        try:
            for it in block:
                if stopped():
                    break
                error = None
                if it.found is not None and it.stream not in parked:
                    error = _show(handler, it.found)
                if error is not None:
                    parked.add(it.stream)
                if it.found is not None and it.stream in parked:
                    follower.aside.append((it, error))
                follower.shown = it.position
        finally:
            # Also if the handler was interrupted: what it was shown, it was shown.
            self._keep(follower)

    def _keep(self, follower: _Follower) -> None:
        # Should the store be busy, this is done later, and nothing is shown again.
        if not follower.shown:
            return
        with self._store.writing() as transaction:
            for it, error in follower.aside:
                at = self._now()
                following.park(transaction, follower.name, it, error=error, at=at)
            following.move(transaction, follower.name, follower.shown)
        follower.shown = 0
        follower.aside.clear()

    @staticmethod
    def _parked_after(transaction: Transaction, name: str, after: int) -> list[Waiting]:
        rows = following.parked(transaction, name, after=after, limit=_BLOCK)
        return [
            # Where it was parked, not where an altered row says that it is.
            following.at(transaction, position)._replace(stream=stream)
            for _, position, stream, *_ in rows
        ]

    def _retry_exactly_once(
        self,
        transaction: Transaction,
        follower: _Follower,
        handler: ExactlyOnce,
        retried: Iterable[Waiting],
        stuck: set[str],
    ) -> int:
        taken = 0
        for it in retried:
            if it.stream in stuck:
                continue
            error = self._attempt(transaction, handler, it)
            taken += self._retried(transaction, follower, it, error, stuck)
        return taken

    def _retry(
        self,
        follower: _Follower,
        handler: Callable[[Recorded], object],
        retried: Iterable[Waiting],
        stuck: set[str],
    ) -> int:
        taken = 0
        for it in retried:
            if it.stream in stuck or it.found is None:
                continue
            error = _show(handler, it.found)
            with self._store.writing() as transaction:
                taken += self._retried(transaction, follower, it, error, stuck)
        return taken

    def _retried(
        self,
        transaction: Transaction,
        follower: _Follower,
        it: Waiting,
        error: str | None,
        stuck: set[str],
    ) -> bool:
        if error is None:
            following.release(transaction, follower.name, it.position)
            return True
        at = self._now()
        following.park_again(
            transaction, follower.name, it.position, error=error, at=at
        )
        stuck.add(it.stream)
        return False

    def _attempt(
        self, transaction: Transaction, handler: ExactlyOnce, it: Waiting
    ) -> str | None:
        # A batch within ours: what a handler wrote before it raised is taken back.
        try:
            with self.batch():
                handler(_readable(it.found), _HostRows(transaction))
        except Exception as error:  # noqa: BLE001 - whatever it is, others go on
            return _told(error)
        return None

    def _now(self) -> int:
        return micros(as_utc("clock", self._clock()))


def _show(
    handler: Callable[[Recorded], object], found: Recorded | CorruptEventError
) -> str | None:
    try:
        handler(_readable(found))
    except Exception as error:  # noqa: BLE001 - whatever it is, others go on
        return _told(error)
    return None


def _readable(found: Recorded | CorruptEventError | None) -> Recorded:
    if isinstance(found, Recorded):
        return found
    raise found or CorruptEventError("the log", 0, "is missing")


def _told(error: Exception) -> str:
    # It may quote what members wrote, and goes into a text column and to terminals.
    return visible(f"{type(error).__name__}: {error}")[:_LONGEST_ERROR]


def _own(sql: str) -> str:
    if found := _FOREIGN.search(sql):
        problem = f"has {found.group().strip()!r}"
        accepted = "statements on the host's own tables, inside the kit's transaction"
        raise InvalidInputError("sql", problem, accepted)
    return sql


def _name_of(kind: type) -> str:
    if kind not in NAME_OF:
        accepted = "classes of events, as in circlekit.events.circle"
        raise InvalidInputError("kinds", f"has {kind!r}", accepted)
    return NAME_OF[kind]


def _never() -> bool:
    return False
