"""
How long until the read models know what happened?

A store is filled with what happens in 30 circles, and one read model, then all of
them, are brought up to date from the beginning. Beside one, a bare loop writes the
feed's rows into the same tables: it reads as many events at a time, decodes those that
it needs, and sends its rows many at once. Beside all, what all of them write was noted
before, and a bare loop reads and decodes the events and sends those notes: it has
nothing to find out. The library's projection is run as its documentation teaches, each
event in a transaction of its own, on fewer events, of which it is handed those that it
wants; what it took is scaled up.
"""

import re
import shutil
import sqlite3
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final, cast

import msgspec
from attrs import define, field

from benchmarks import bare, feeds, town
from benchmarks.bench import Bench
from benchmarks.measuring import Line, Times, in_turns
from circlekit import CircleKit
from circlekit.events.names import NAMES
from circlekit.store import MEMBER_FEED, READ_MODELS, log, open_store
from circlekit.store.batched import BatchedRows
from circlekit.store.session import Session

NAME: Final = "W6"
QUESTION: Final = "How long until the read models know what happened?"

# By then people have joined, and begin to write.
_SETTLED: Final = 2_000
_ALL: Final = f"all {len(READ_MODELS)} read models"
_PARAMETER: Final = re.compile(r":[a-z_0-9]+")
_TABLES: Final = tuple(sorted(name for it in READ_MODELS for name in it.tables.tables))
_DECODE: Final = {name: msgspec.json.Decoder(it).decode for name, it in NAMES.items()}
_FEEDS_TABLES: Final = """
SELECT sql FROM sqlite_master WHERE tbl_name LIKE 'circlekit_feed_%'
AND tbl_name NOT LIKE '%_next' AND sql IS NOT NULL ORDER BY type DESC
"""
# What is sent in one transaction: the statements, each with all its values.
_Block = list[tuple[str, Sequence[Any]]]


def measure(bench: Bench) -> list[Line]:
    """
    Return what so many events take, and ten times as many.
    """
    few, many = bench.some(30_000, 3_000), bench.some(300_000, 30_000)
    taught = bench.some(1_500, 200)
    return [
        *_caught_up(bench, few, taught=taught, rounds=bench.some(4, 2)),
        *_caught_up(bench, many, taught=taught, rounds=bench.some(2, 1)),
    ]


def _caught_up(bench: Bench, events: int, *, taught: int, rounds: int) -> list[Line]:
    ours, theirs = bench.file("ours.db"), bench.file("bare.db")
    tell = bench.progress(f"filling a store with {events:,} events")
    town.fill(f"sqlite:///{ours}", events, told=tell)
    shutil.copy(ours, theirs)
    bench.say("noting what is written")
    blocks = _noted(theirs)
    library = _Library(bench, ours, taught)
    so_many = f"of {events:,} events"
    loop, feed = f"a bare loop, the feed {so_many}", f"member-feed {so_many}"
    notes, every = f"a bare loop, noted rows {so_many}", f"{_ALL} {so_many}"
    as_taught = f"eventsourcing's ProjectionRunner, the feed {so_many}"

    def emptied(name: str) -> None:
        library.begin()
        _empty(ours if name in {feed, every} else theirs)

    bench.say(f"catching up {so_many}")
    one = in_turns(
        {
            loop: partial(feeds.catch_up, theirs, block=log.AHEAD),
            feed: partial(_catch_up, ours),
            as_taught: library.project,
        },
        rounds=rounds,
        warm_up=0,
        before=emptied,
    )
    both = in_turns(
        {notes: partial(_play, theirs, blocks), every: partial(_catch_up_all, ours)},
        rounds=rounds,
        warm_up=0,
        before=emptied,
    )
    if _rows(ours) != _rows(theirs):
        raise SystemExit("the bare loop does not write the same rows")
    one = _scaled(one, as_taught, events / library.events)
    return [
        one.line(loop),
        one.line(feed, over=loop, at_most=2),
        one.line(as_taught, over=feed, at_least=15),
        both.line(notes),
        both.line(every, over=notes, at_most=2),
    ]


def _catch_up(path: Path) -> None:
    store = open_store(f"sqlite:///{path}")
    store.up_to_date(MEMBER_FEED)
    store.close()


def _catch_up_all(path: Path) -> None:
    with CircleKit(f"sqlite:///{path}") as kit:
        kit.read_ahead()


def _empty(path: Path) -> None:
    connection = bare.sqlite(path)
    connection.execute("BEGIN IMMEDIATE")
    for table in (*_TABLES, "circlekit_reading"):
        connection.execute(f"DELETE FROM {table}")
    connection.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def _rows(path: Path) -> dict[str, list[Any]]:
    connection = sqlite3.connect(path)
    found = {
        table: sorted(connection.execute(f"SELECT * FROM {table}"), key=repr)
        for table in (*_TABLES, "circlekit_reading")
    }
    connection.close()
    return found


def _scaled(times: Times, name: str, by: float) -> Times:
    return Times({**times.taken, name: [it * by for it in times.taken[name]]})


# What all read models write: noted once, then sent by a loop that only reads, decodes
# and sends.


@define
class _Noting:
    session: Session
    block: _Block = field(factory=list)

    def all(self, sql: str, values: Mapping[str, Any]) -> Sequence[tuple[Any, ...]]:
        return self.session.all(sql, values)

    def run_each(self, sql: str, values: Sequence[Mapping[str, Any]]) -> None:
        self.session.run_each(sql, values)
        names = [it[1:] for it in _PARAMETER.findall(sql)]
        plain = _PARAMETER.sub("?", sql)
        self.block.append((plain, [tuple(map(it.get, names)) for it in values]))


def _noted(path: Path) -> list[_Block]:
    store = open_store(f"sqlite:///{path}")
    blocks, position = [], 0
    while True:
        with store.writing() as transaction:
            block = transaction.span(position + 1, position + log.AHEAD)
            noting = _Noting(transaction.session)
            for model in READ_MODELS:
                rows = BatchedRows.of(model, cast("Session", noting))
                for recorded in block:
                    if type(recorded.event) in model.kinds:
                        model.apply(rows, recorded)
                rows.send()
        if not block:
            store.close()
            return blocks
        position = block[-1].position
        blocks.append(noting.block)


def _play(path: Path, blocks: Sequence[_Block]) -> None:
    connection, position = feeds.opened(path), 0
    for block in blocks:
        rows = connection.execute(feeds.AFTER, (position, log.AHEAD)).fetchall()
        for _, _, _, name, body in rows:
            _DECODE[name](body)
        position = rows[-1][0]
        connection.execute("BEGIN IMMEDIATE")
        for sql, values in block:
            connection.executemany(sql, values)
        for model in READ_MODELS:
            connection.execute(feeds.MOVE, (model.name, position))
        connection.execute("COMMIT")
    connection.close()


class _Library:
    # The eventsourcing library, with so many events of a store.

    def __init__(self, bench: Bench, path: Path, events: int) -> None:
        self._bench = bench
        self._path = path
        store = open_store(f"sqlite:///{path}")
        with store.reading() as transaction:
            some = transaction.span(_SETTLED + 1, _SETTLED + events)
            self._town = feeds.recorded(some)
        store.close()
        self.events = events

    def begin(self) -> None:
        self._view = self._bench.file("library.db")
        with sqlite3.connect(self._path) as store:
            made = store.execute(_FEEDS_TABLES).fetchall()
        store.close()
        with sqlite3.connect(self._view) as view:
            for (statement,) in made:
                view.execute(statement)
        view.close()

    def project(self) -> None:
        feeds.project(self._town, self._view)
