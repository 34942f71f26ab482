"""
The log of all events: the statements that write and read it.

Every row carries a checksum over its place, its name and its bytes. A row that
was altered, moved or lost is found when it is read, and never becomes a wrong
event.
"""

from collections.abc import Iterator, Sequence
from sqlite3 import Connection, Cursor, OperationalError
from typing import Any, Final
from zlib import crc32

from circlekit.errors import CorruptEventError
from circlekit.events.names import NAME_OF
from circlekit.events.record import Recorded
from circlekit.store.mapper import decode, encode

BLOCK: Final = 500
Row = tuple[int, str, int, str, bytes, int]

COLUMNS: Final = "position, stream, version, name, body, checksum"
_INSERT: Final = """
INSERT INTO circlekit_event (stream, version, name, body, checksum)
VALUES (?, ?, ?, ?, ?)
"""
_PUT: Final = f"INSERT INTO circlekit_event ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)"
_HISTORY: Final = f"""
SELECT {COLUMNS} FROM circlekit_event
WHERE stream = ? AND version > ? ORDER BY version LIMIT ?
"""
_PLACE: Final = f"""
SELECT {COLUMNS} FROM circlekit_event WHERE stream = ? AND version = ?
"""
_LAST: Final = f"""
SELECT {COLUMNS} FROM circlekit_event WHERE stream = ? ORDER BY version DESC LIMIT 1
"""
_SPAN: Final = f"""
SELECT {COLUMNS} FROM circlekit_event
WHERE position BETWEEN ? AND ? ORDER BY position
"""
_AFTER: Final = f"""
SELECT {COLUMNS} FROM circlekit_event WHERE position > ? ORDER BY position LIMIT ?
"""
_NAMED: Final = f"""
SELECT {COLUMNS} FROM circlekit_event
WHERE name = ? AND position > ? AND position <= ? ORDER BY position LIMIT ?
"""
_EVER: Final = "SELECT seq FROM sqlite_sequence WHERE name = 'circlekit_event'"
_HEAD: Final = "SELECT max(position) FROM circlekit_event"


def checksum(stream: str, version: int, name: str, body: bytes) -> int:
    """
    Return the checksum of a row: over its place, its name and its bytes.
    """
    return crc32(body, crc32(f"{stream}\n{version}\n{name}\n".encode()))


def insert(cursor: Cursor, stream: str, version: int, event: object) -> int:
    """
    Write one event and return its position.
    """
    name, body = NAME_OF[type(event)], encode(event)
    return insert_row(cursor, stream, version, name, body)


def insert_row(
    cursor: Cursor, stream: str, version: int, name: str, body: bytes
) -> int:
    """
    Write one row and return its position.
    """
    cursor.execute(
        _INSERT, (stream, version, name, body, checksum(stream, version, name, body))
    )
    position = cursor.lastrowid
    if position is None:  # pragma: no cover - the driver always says
        raise CorruptEventError(stream, version, "was given no position")
    return position


def put_row(
    cursor: Cursor, position: int, stream: str, version: int, name: str, body: bytes
) -> None:
    """
    Write one row at the position that it has in another log.
    """
    written = checksum(stream, version, name, body)
    cursor.execute(_PUT, (position, stream, version, name, body, written))


def history(
    connection: Connection, stream: str, *, after: int = 0
) -> Iterator[Recorded]:
    """
    Return the events of one history, in order, from just after a place.

    Raises:
        CorruptEventError: If one was altered, or one is missing.
    """
    while True:
        block = _rows(connection, _HISTORY, (stream, after, BLOCK))
        for row in block:
            after += 1
            if row[2] != after:
                raise CorruptEventError(stream, after, "is missing")
            yield opened(row)
        if len(block) < BLOCK:
            return


def at_place(connection: Connection, stream: str, version: int) -> Recorded | None:
    """
    Return the event at one place of a history, None if nothing stands there.
    """
    return _one(_rows(connection, _PLACE, (stream, version)))


def last_of(connection: Connection, stream: str) -> Recorded | None:
    """
    Return the newest event of a history, None if there is none.
    """
    return _one(_rows(connection, _LAST, (stream,)))


def span(connection: Connection, first: int, last: int) -> list[Recorded]:
    """
    Return the events from one position to another, both included.
    """
    return [opened(row) for row in _rows(connection, _SPAN, (first, last))]


def rows_after(connection: Connection, position: int, limit: int) -> Sequence[Row]:
    """
    Return the next rows of the whole log, unopened.
    """
    return _rows(connection, _AFTER, (position, limit))


def rows_named(
    connection: Connection, name: str, *, after: int, head: int, limit: int
) -> Sequence[Row]:
    """
    Return the next rows with one name, unopened, up to a position.
    """
    return _rows(connection, _NAMED, (name, after, head, limit))


def rows_never_lost(connection: Connection) -> int:
    """
    Return how many events were ever written, whatever became of their rows.
    """
    counted = connection.execute(_EVER).fetchone()
    return counted[0] if counted else 0


def head(connection: Connection) -> int:
    """
    Return the newest position, 0 in an empty log.
    """
    ((newest,),) = connection.execute(_HEAD)
    return newest or 0


def verified(row: Row) -> Row:
    """
    Return the row if it is what was written.

    Raises:
        CorruptEventError: If its checksum does not fit it.
    """
    _, stream, version, name, body, written = row
    try:
        fits = checksum(stream, version, name, body) == written
    except (TypeError, ValueError, UnicodeError):  # not even of the kinds written
        fits = False
    if not fits:
        problem = "was altered after it was written"
        raise CorruptEventError(str(stream), version, problem)
    return row


def opened(row: Any) -> Recorded:
    """
    Return the event in a row, if it is what was written.

    Raises:
        CorruptEventError: If it is not.
    """
    return decoded(verified(row))


def decoded(row: Row) -> Recorded:
    """
    Return the event in a row that was verified.

    Raises:
        CorruptEventError: If it is none of ours.
    """
    position, stream, version, name, body, _ = row
    return Recorded(position, stream, version, decode(stream, version, name, body))


def _one(rows: Sequence[Row]) -> Recorded | None:
    return opened(rows[0]) if rows else None


def _rows(connection: Connection, sql: str, values: tuple[Any, ...]) -> list[Row]:
    try:
        return connection.execute(sql, values).fetchall()
    except OperationalError:
        # The driver cannot decode some text, and does not say where. Read as far
        # as it goes, the row that was altered no longer fits its checksum.
        connection.text_factory = _as_far_as_it_goes
        try:
            for row in connection.execute(sql, values):
                verified(row)
        finally:
            connection.text_factory = str
        raise


def _as_far_as_it_goes(text: bytes) -> str:
    return text.decode(errors="replace")
