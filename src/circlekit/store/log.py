"""
The log of all events: the statements that write and read it.

Every row carries a checksum over its place, its name and its bytes. A row that
was altered, moved or lost is found when it is read, and never becomes a wrong
event. Its digest chains it to the others, and is looked at when the whole store is
verified.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain, islice, repeat
from typing import Any, Final, NamedTuple
from zlib import crc32

from circlekit.errors import CorruptEventError
from circlekit.events.record import Recorded
from circlekit.store.chain import FIRST, Head, digest_of
from circlekit.store.mapper import decode, decode_block
from circlekit.store.session import HEAD, Question, Session

BLOCK: Final = 500
_FEW: Final = 4
# What read models take in at a time. So long the write lock is held: for all of them at
# once a tenth of a second, of which a commit and its wait for the disk are the least.
AHEAD: Final = 2_000
Row = tuple[int, str, int, str, bytes, int]
ChainedRow = tuple[int, str, int, str, bytes, int, bytes]

NewRow = dict[str, Any]

COLUMNS: Final = "position, stream, version, name, body, checksum"
_CHAINED: Final = f"{COLUMNS}, digest"
_PUT: Final = f"""
INSERT INTO circlekit_event ({_CHAINED})
VALUES (:position, :stream, :version, :name, :body, :checksum, :digest)
"""
_BEFORE: Final = """
SELECT digest, version FROM circlekit_event
WHERE stream = :stream AND version < :version ORDER BY version DESC LIMIT 1
"""
_DIGEST: Final = "SELECT digest FROM circlekit_event WHERE position = :position"
_HISTORY: Final = f"""
SELECT {COLUMNS} FROM circlekit_event
WHERE stream = :stream AND version > :after ORDER BY version LIMIT :limit
"""
# A statement has room for so many names, always. More at once would save next to
# nothing, and so many new objects would keep Python's collector busy.
_AT_ONCE: Final = 50
_NAMES: Final = [f"stream_{number}" for number in range(_AT_ONCE)]
_MANY: Final = ", ".join(f":{name}" for name in _NAMES)
_HISTORIES: Final = f"""
SELECT {_CHAINED} FROM circlekit_event
WHERE stream IN ({_MANY}) ORDER BY stream, version
"""
_NEWEST_OF_EACH: Final = f"""
SELECT {_CHAINED} FROM circlekit_event JOIN (
    SELECT stream AS history, max(version) AS newest FROM circlekit_event
    WHERE stream IN ({_MANY}) GROUP BY stream
) AS ends ON stream = history AND version = newest
"""
_PLACE: Final = f"""
SELECT {COLUMNS} FROM circlekit_event WHERE stream = :stream AND version = :version
"""
_END: Final = f"""
SELECT {_CHAINED} FROM circlekit_event
WHERE stream = :stream ORDER BY version DESC LIMIT 1
"""
_NEWER: Final = f"""
SELECT {COLUMNS} FROM circlekit_event
WHERE stream = :stream AND version > coalesce((
    SELECT s.version FROM circlekit_snapshot s
    WHERE s.stream = :stream AND s.form = :form), 0)
ORDER BY version LIMIT :limit
"""
_SPAN: Final = f"""
SELECT {COLUMNS} FROM circlekit_event
WHERE position BETWEEN :first AND :last ORDER BY position
"""
_AFTER: Final = f"""
SELECT {COLUMNS} FROM circlekit_event
WHERE position > :position ORDER BY position LIMIT :limit
"""
_CHAINED_AFTER: Final = f"""
SELECT {_CHAINED} FROM circlekit_event
WHERE position > :position ORDER BY position LIMIT :limit
"""
_FIRSTS: Final = f"""
SELECT {COLUMNS} FROM circlekit_event
WHERE version = 1 AND position > :position ORDER BY position LIMIT :limit
"""
_NAMED: Final = f"""
SELECT {COLUMNS} FROM circlekit_event
WHERE name IN ({{names}}) AND position > :after AND position <= :upto
ORDER BY position
"""
_NEXT_NAMED: Final = """
SELECT min(position) FROM circlekit_event
WHERE name IN ({names}) AND position > :after AND position <= :upto
"""
_NEWEST: Final = "SELECT max(position) FROM circlekit_event"
_STANDING: Final = """
SELECT (SELECT max(position) FROM circlekit_event),
(SELECT position FROM circlekit_reading WHERE model = :model)
"""


class History(NamedTuple):
    """
    A history as it was read.

    Attributes:
        stream: Its name.

        events: What happened, in order; nothing, if there is no such history.

        digest: That of the newest event, which the next one is chained to.
    """

    stream: str
    events: list[Any]
    digest: bytes


def checksum(stream: str, version: int, name: str, body: bytes) -> int:
    """
    Return the checksum of a row: over its place, its name and its bytes.
    """
    return crc32(body, crc32(f"{stream}\n{version}\n{name}\n".encode()))


def new_row(
    before: bytes, position: int, stream: str, version: int, name: str, body: bytes
) -> NewRow:
    """
    Return a row as it is written, chained to the one before it in its history.
    """
    return {
        "position": position,
        "stream": stream,
        "version": version,
        "name": name,
        "body": body,
        "checksum": checksum(stream, version, name, body),
        "digest": digest_of(before, position, stream, version, name, body),
    }


def put(session: Session, rows: Sequence[NewRow]) -> None:
    """
    Write a few rows, or many at once.
    """
    if len(rows) <= _FEW:
        for row in rows:
            session.later(_PUT, row)
    else:
        session.run_each(_PUT, rows)


def digest_before(
    session: Session, stream: str, version: int, *, gaps: bool = False
) -> bytes:
    """
    Return the digest that a place of a history is chained to.

    Raises:
        CorruptEventError: If nothing stands just before it, and there may be no gaps.
    """
    found = session.all(_BEFORE, {"stream": stream, "version": version})
    digest: Any
    digest, newest = found[0] if found else (FIRST, 0)
    if newest != version - 1 and not gaps:
        raise CorruptEventError(stream, newest + 1, "is missing")
    if not isinstance(digest, bytes):
        raise CorruptEventError(stream, version - 1, _ALTERED)
    return digest


def digest_at(session: Session, position: int) -> bytes | None:
    """
    Return the digest of the event at a position, None if there is none.
    """
    found = session.all(_DIGEST, {"position": position})
    return found[0][0] if found else None


def head(session: Session) -> Head:
    """
    Return the log's head, as it is kept beside the log.

    Raises:
        CorruptEventError: If it is not there, or is none.
    """
    return head_of(session.all(HEAD))


def head_of(rows: Sequence[tuple[Any, ...]]) -> Head:
    """
    Return the head in the rows that the query for it found.

    Raises:
        CorruptEventError: If there is none.
    """
    try:
        ((position, digest),) = rows
        return Head(position + 0, bytes.fromhex(digest))
    except (TypeError, ValueError):
        raise CorruptEventError("the log", 0, "has lost its head") from None


def move_head(session: Session, to: Head) -> None:
    """
    Keep a new head.
    """
    session.move_head(to.position, to.digest.hex())


def history(session: Session, stream: str, *, after: int = 0) -> Iterator[Recorded]:
    """
    Return the events of one history, in order, from just after a place.

    Raises:
        CorruptEventError: If one was altered, or one is missing.
    """
    while True:
        block = _rows(session, *asking_history(stream, after=after))
        found = _opened_block(block)
        for number, row in enumerate(block):
            after += 1
            if row[2] != after:
                raise CorruptEventError(stream, after, "is missing")
            yield opened(row) if found is None else found[number]
        if len(block) < BLOCK:
            return


def asking_history(stream: str, *, after: int) -> Question:
    """
    Return what :func:`history` asks first.
    """
    return _HISTORY, {"stream": stream, "after": after, "limit": BLOCK}


def asking_end(stream: str) -> Question:
    """
    Return what :func:`end_of` asks.
    """
    return _END, {"stream": stream}


def asking_short_history(stream: str, form: str) -> Question:
    """
    Return what :func:`short_history` asks.
    """
    return _NEWER, {"stream": stream, "form": form, "limit": BLOCK}


def histories(session: Session, streams: Iterable[str]) -> Iterator[History]:
    """
    Return many histories, in the order asked for; one query for each block.

    Raises:
        CorruptEventError: If an event was altered, or one is missing.
    """
    for block in _blocks(streams):
        rows = _rows(session, _HISTORIES, _named(block))
        found: dict[str, list[Any]] = {}
        ends: dict[str, bytes] = {}
        begun: str | None = None
        events: list[Any] = []
        recorded = opened_each([row[:6] for row in rows])
        for (_, stream, version, event), row in zip(recorded, rows, strict=True):
            if stream != begun:
                begun = stream
                found[stream] = events = []
            events.append(event)
            if version != len(events):
                raise CorruptEventError(stream, len(events), "is missing")
            ends[stream] = row[6]
        for stream in block:
            yield History(stream, found.get(stream, []), ends.get(stream, FIRST))


def newest_of_each(
    session: Session, streams: Iterable[str]
) -> dict[str, tuple[Recorded, bytes]]:
    """
    Return the newest events of many histories, each with its digest, by name.

    Raises:
        CorruptEventError: If one was altered.
    """
    return {
        row[1]: (opened(row[:6]), row[6])
        for block in _blocks(streams)
        for row in _rows(session, _NEWEST_OF_EACH, _named(block))
    }


def at_place(session: Session, stream: str, version: int) -> Recorded | None:
    """
    Return the event at one place of a history, None if nothing stands there.
    """
    return _one(_rows(session, _PLACE, {"stream": stream, "version": version}))


def last_of(session: Session, stream: str) -> Recorded | None:
    """
    Return the newest event of a history, None if there is none.
    """
    end = end_of(session, stream)
    return None if end is None else end[0]


def end_of(session: Session, stream: str) -> tuple[Recorded, bytes] | None:
    """
    Return the newest event of a history and its digest, None if there is none.
    """
    for *row, digest in _rows(session, *asking_end(stream)):
        newest = opened(tuple(row))
        if not isinstance(digest, bytes):
            raise CorruptEventError(stream, newest.version, _ALTERED)
        return newest, digest
    return None


def short_history(session: Session, stream: str, form: str) -> list[Recorded] | None:
    """
    Return a history that is short and has no snapshot; None if it is another.

    One question tells: what comes after the snapshot, if there is one, and begins with
    the first event if there is none.
    """
    rows = _rows(session, *asking_short_history(stream, form))
    if not rows or len(rows) == BLOCK or rows[0][2] != 1:
        return None
    for version, row in enumerate(rows, start=1):
        if row[2] != version:
            raise CorruptEventError(stream, version, "is missing")
    return [opened(row) for row in rows]


def span(session: Session, first: int, last: int) -> list[Recorded]:
    """
    Return the events from one position to another, both included.
    """
    return [*opened_each(_rows(session, _SPAN, {"first": first, "last": last}))]


def rows_after(session: Session, position: int, limit: int) -> Sequence[Row]:
    """
    Return the next rows of the whole log, unopened.
    """
    return _rows(session, _AFTER, {"position": position, "limit": limit})


def chained_after(session: Session, position: int, limit: int) -> Sequence[ChainedRow]:
    """
    Return the next rows of the whole log, unopened, each with its digest.
    """
    return _rows(session, _CHAINED_AFTER, {"position": position, "limit": limit})


def firsts_after(session: Session, position: int, limit: int) -> Sequence[Row]:
    """
    Return the next rows that begin a history, unopened.
    """
    return _rows(session, _FIRSTS, {"position": position, "limit": limit})


def rows_named(
    session: Session, names: Sequence[str], *, after: int, upto: int
) -> Sequence[Row]:
    """
    Return the rows with one of some names, unopened, from after a position to one.
    """
    return _rows(session, *_with_names(_NAMED, names, after, upto))


def next_named(
    session: Session, names: Sequence[str], *, after: int, upto: int
) -> int | None:
    """
    Return where the next row with one of some names stands, None if there is none.
    """
    sql, values = _with_names(_NEXT_NAMED, names, after, upto)
    ((position,),) = session.all(sql, values)
    found: int | None = position
    return found


def _with_names(
    sql: str, names: Sequence[str], after: int, upto: int
) -> tuple[str, dict[str, Any]]:
    named = {f"name_{number}": name for number, name in enumerate(names)}
    places = ", ".join(f":{it}" for it in named)
    return sql.format(names=places), {**named, "after": after, "upto": upto}


def newest(session: Session) -> int:
    """
    Return the newest position, 0 in an empty log.

    Raises:
        CorruptEventError: If one was altered, and is no number any more.
    """
    ((position,),) = session.all(_NEWEST)
    return _number(position)


def standing(session: Session, model: str) -> tuple[int, int]:
    """
    Return the newest position and the one a read model is at, 0 where there is none.

    Raises:
        CorruptEventError: If the newest was altered, and is no number any more.
    """
    ((newest_of_all, position),) = session.all(_STANDING, {"model": model})
    return _number(newest_of_all), position or 0


def verified(row: Row) -> Row:
    """
    Return the row if it is what was written.

    Raises:
        CorruptEventError: If its checksum does not fit it.
    """
    position, stream, version, name, body, written = row
    try:
        fits = position >= 0 and checksum(stream, version, name, body) == written
    except (TypeError, ValueError, UnicodeError):  # not even of the kinds written
        fits = False
    if not fits:
        raise CorruptEventError(str(stream), version, _ALTERED, position=position)
    return row


def in_chain(row: ChainedRow, before: bytes) -> bytes:
    """
    Return the digest of a verified row, if it is chained to the one before it.

    Raises:
        CorruptEventError: If it is not.
    """
    position, stream, version, name, body, _, written = row
    try:
        digest = digest_of(before, position, stream, version, name, body)
    except (AttributeError, TypeError, ValueError):
        digest = b""
    if digest != written:
        raise CorruptEventError(stream, version, _ALTERED, position=position)
    return digest


_ALTERED: Final = "was altered after it was written"


def opened(row: Any) -> Recorded:
    """
    Return the event in a row, if it is what was written.

    Raises:
        CorruptEventError: If it is not.
    """
    return decoded(verified(row))


def opened_each(rows: Sequence[Row]) -> Iterator[Recorded]:
    """
    Return the event in each of some rows, in order, if it is what was written.

    Raises:
        CorruptEventError: Where the first is come to that is not.
    """
    # Many at once take half the time; so many that the garbage collector has not yet a
    # reason to look at them. Where anything is amiss each is opened by itself, which
    # finds the same, and says it.
    for first in range(0, len(rows), _AT_A_TIME):
        block = rows[first : first + _AT_A_TIME]
        found = _opened_block(block)
        yield from map(opened, block) if found is None else found


def _opened_block(rows: Sequence[Row]) -> list[Recorded] | None:
    if len(rows) < _ONE_BY_ONE:
        return None
    positions, streams, versions, names, bodies, written = zip(*rows, strict=True)
    try:
        sums = [
            crc32(body, crc32(f"{stream}\n{version}\n{name}\n".encode()))
            for _, stream, version, name, body, _ in rows
        ]
        fits = sums == [*written] and min(positions) >= 0
    except (TypeError, ValueError, UnicodeError):  # not even of the kinds written
        fits = False
    events = decode_block(names, bodies) if fits else None
    if events is None:
        return None
    return [*map(_RECORDED, zip(positions, streams, versions, events, strict=True))]


_AT_A_TIME: Final = 100
# So few are as quickly opened one by one.
_ONE_BY_ONE: Final = 8
# As `Recorded(...)` makes one, without a call in Python for each.
_RECORDED: Final = partial(tuple.__new__, Recorded)


def decoded(row: Row) -> Recorded:
    """
    Return the event in a row that was verified.

    Raises:
        CorruptEventError: If it is none of ours.
    """
    position, stream, version, name, body, _ = row
    event = decode(stream, version, name, body, position=position)
    return Recorded(position, stream, version, event)


def _number(position: object) -> int:
    if not isinstance(position, int | None):
        raise CorruptEventError("the log", 0, f"has {position!r} for a position")
    return position or 0


def _blocks(streams: Iterable[str]) -> Iterator[list[str]]:
    waiting = iter(streams)
    while block := list(islice(waiting, _AT_ONCE)):
        yield block


def _named(block: Sequence[str]) -> dict[str, str]:
    # The last is named again to fill the block up, so that the statement stays.
    filled = chain(block, repeat(block[-1]))
    return dict(zip(_NAMES, filled, strict=False))


def _one(rows: Sequence[Row]) -> Recorded | None:
    return opened(rows[0]) if rows else None


def _rows(session: Session, sql: str, values: Mapping[str, Any]) -> Sequence[Any]:
    # Who reads an event's row compares its checksum before anything else.
    return session.all(sql, values, lenient=True)
