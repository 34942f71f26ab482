"""
How far each of a host's followers has come, and what it could not take in.

Nothing here reads the log in a way of its own: a follower is shown the rows that
everybody is shown, and a row that does not hold what was written is shown as that.
"""

from collections.abc import Container, Sequence
from typing import Any, Final, NamedTuple

from circlekit.errors import CorruptEventError
from circlekit.events.record import Recorded
from circlekit.store import log
from circlekit.store.transaction import Transaction


class Waiting(NamedTuple):
    """
    An event that a follower comes to.

    Attributes:
        position: Place among all events of the store.

        stream: The history it stands in, as the row has it.

        version: Place in that history, as the row has it.

        found: The event; what is wrong with it; or None, if nobody wants it.
    """

    position: int
    stream: str
    version: int
    found: Recorded | CorruptEventError | None


def enrol(transaction: Transaction, name: str, position: int) -> None:
    """
    Let a follower that is new begin just after a position.
    """
    transaction.run(_ENROL, name=name, position=position)


def position_of(transaction: Transaction, name: str) -> int | None:
    """
    Return the position that a follower is at, None if nobody knows it.
    """
    rows = transaction.all(_POSITION, name=name)
    return int(rows[0][0]) if rows else None


def hold(transaction: Transaction, name: str) -> bool:
    """
    Keep everybody else from moving a follower; return whether anybody knows it.
    """
    # To write the row is to lock it, also where several may write at once.
    return transaction.run(_HOLD, name=name) > 0


def move(transaction: Transaction, name: str, position: int) -> None:
    """
    Move a follower on, and never back.
    """
    transaction.run(_MOVE, name=name, position=position)


def forget(transaction: Transaction, name: str) -> None:
    """
    Forget how far a follower has come, and what it has parked.
    """
    transaction.run(_FORGET, name=name)
    transaction.run(_FORGET_PARKED, follower=name)


def positions(transaction: Transaction) -> Sequence[tuple[str, int]]:
    """
    Return all followers with their positions, by name.
    """
    return [(name, position) for name, position in transaction.all(_ALL)]


def waiting(
    transaction: Transaction, after: int, limit: int, wanted: Container[str] | None
) -> list[Waiting]:
    """
    Return what comes after a position.

    Args:
        transaction: Where to read.
        after: The position.
        limit: How many at most.
        wanted: Names of the events to open; None means all. Of the others, too, it
            is seen whether they are what was written.
    """
    try:
        rows = _rows_after(transaction, after, limit)
    except CorruptEventError:
        # One row cannot even be read; each by itself shows which.
        there = transaction.all(_PLACES, after=after, limit=limit)
        return [at(transaction, position, wanted) for (position,) in there]
    return [_opened(row, wanted) for row in rows]


def at(
    transaction: Transaction, position: int, wanted: Container[str] | None = None
) -> Waiting:
    """
    Return what stands at a position.
    """
    try:
        rows = _rows_after(transaction, position - 1, 1)
    except CorruptEventError as error:
        return Waiting(position, error.stream, error.version, error)
    if not rows or rows[0][0] != position:
        missing = CorruptEventError("the log", position, "is missing")
        return Waiting(position, missing.stream, missing.version, missing)
    return _opened(rows[0], wanted)


def park(
    transaction: Transaction, name: str, it: Waiting, *, error: str | None, at: int
) -> None:
    """
    Put an event aside for a follower, with what went wrong, if anything has yet.
    """
    transaction.run(
        _PARK,
        follower=name,
        position=it.position,
        stream=it.stream,
        version=it.version,
        error=error,
        attempts=0 if error is None else 1,
        at=at,
    )


def park_again(
    transaction: Transaction, name: str, position: int, *, error: str, at: int
) -> None:
    """
    Note what went wrong with a parked event this time.
    """
    transaction.run(_PARK_AGAIN, follower=name, position=position, error=error, at=at)


def release(transaction: Transaction, name: str, position: int) -> None:
    """
    Take an event out of those that are parked.
    """
    transaction.run(_RELEASE, follower=name, position=position)


def parked_streams(transaction: Transaction, name: str) -> set[str]:
    """
    Return the histories that a follower has parked events of.
    """
    return {stream for (stream,) in transaction.all(_STREAMS, follower=name)}


def parked(
    transaction: Transaction, name: str | None, *, after: int, limit: int
) -> Sequence[tuple[Any, ...]]:
    """
    Return parked events in commit order, of one follower or of all.
    """
    return transaction.all(_PARKED, follower=name, after=after, limit=limit)


def _rows_after(
    transaction: Transaction, position: int, limit: int
) -> Sequence[log.Row]:
    return log.rows_after(transaction.session, position, limit)


def _opened(row: log.Row, wanted: Container[str] | None) -> Waiting:
    position, stream, version, name, *_ = row
    found: Recorded | CorruptEventError | None = None
    try:
        log.verified(row)
        if wanted is None or name in wanted:
            found = log.decoded(row)
    except CorruptEventError as error:
        found = error
    return Waiting(position, str(stream), version, found)


_ENROL: Final = """
INSERT INTO circlekit_follower (name, position) VALUES (:name, :position)
ON CONFLICT (name) DO NOTHING
"""
_POSITION: Final = "SELECT position FROM circlekit_follower WHERE name = :name"
_HOLD: Final = "UPDATE circlekit_follower SET position = position WHERE name = :name"
_MOVE: Final = """
UPDATE circlekit_follower SET position = :position
WHERE name = :name AND position < :position
"""
_FORGET: Final = "DELETE FROM circlekit_follower WHERE name = :name"
_FORGET_PARKED: Final = "DELETE FROM circlekit_parked WHERE follower = :follower"
_ALL: Final = "SELECT name, position FROM circlekit_follower ORDER BY name"
_PLACES: Final = """
SELECT position FROM circlekit_event WHERE position > :after
ORDER BY position LIMIT :limit
"""
_PARK: Final = """
INSERT INTO circlekit_parked
(follower, position, stream, version, error, attempts, at)
VALUES (:follower, :position, :stream, :version, :error, :attempts, :at)
ON CONFLICT (follower, position) DO NOTHING
"""
_PARK_AGAIN: Final = """
UPDATE circlekit_parked SET error = :error, attempts = attempts + 1, at = :at
WHERE follower = :follower AND position = :position
"""
_RELEASE: Final = """
DELETE FROM circlekit_parked WHERE follower = :follower AND position = :position
"""
_STREAMS: Final = """
SELECT DISTINCT stream FROM circlekit_parked WHERE follower = :follower
"""
_PARKED: Final = """
SELECT follower, position, stream, version, error, attempts, at
FROM circlekit_parked
WHERE follower = coalesce(:follower, follower) AND position > :after
ORDER BY position, follower LIMIT :limit
"""
