"""
Rows of a real file, with values of any kind in any of their columns.
"""

import sqlite3
import sys
from contextlib import closing, contextmanager

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from circlekit import CircleKit, CorruptEventError, ManualClock
from circlekit.events.names import NAMES
from circlekit.store import log, open_store
from tests.application.town import MARCH_1, everything, settle
from tests.fuzz.target import IMPORTS, made

COLUMNS = ("position", "stream", "version", "name", "body", "checksum", "digest")
# What keeps odd values out of a column is not kept to by a bad disk.
UNGUARDED = """
CREATE TABLE kept AS SELECT * FROM circlekit_event;
DROP TABLE circlekit_event;
ALTER TABLE kept RENAME TO circlekit_event;
"""
VALUES = (
    st.none()
    | st.integers(-(2**63), 2**63 - 1)
    | st.integers(-2, 60)
    | st.floats(allow_nan=False)
    | st.text(max_size=20)
    | st.binary(max_size=40)
    | st.sampled_from(["circle/club", "", "\x00", *NAMES, *IMPORTS, b"x" * 2**24])
)


class File:
    """
    A town's file, and what was told in it.
    """

    def __init__(self, path, told):
        self.path = path
        self.told = told

    @contextmanager
    def altered(self, rowid, changes):
        columns = ", ".join(COLUMNS)
        with closing(sqlite3.connect(self.path, isolation_level=None)) as connection:
            find = f"SELECT {columns} FROM circlekit_event WHERE rowid = ?"
            (was,) = connection.execute(find, (rowid,))
            now = {**dict(zip(COLUMNS, was, strict=True)), **changes}
            values = ", ".join(f"{column} = :{column}" for column in COLUMNS)
            write = f"UPDATE circlekit_event SET {values} WHERE rowid = :rowid"
            connection.execute(write, {**now, "rowid": rowid})
            (becomes,) = connection.execute(find, (rowid,))
            try:
                # A column of numbers makes a number of a text that is one.
                yield becomes != was
            finally:
                back = dict(zip(COLUMNS, was, strict=True))
                connection.execute(write, {**back, "rowid": rowid})


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("rows") / "town.db"
    clock = ManualClock(MARCH_1)
    with CircleKit(f"sqlite:///{path}", clock=clock) as kit:
        settle(kit, clock)
        told = everything(kit)
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(UNGUARDED)
    return File(path, told)


def _answers(store, streams):
    yield store.verify
    yield lambda: list(store.rows())
    yield lambda: list(store.events_named(NAMES.values()))
    for stream in streams:
        yield lambda stream=stream: list(store.history(stream))
    for stream in streams:
        yield lambda stream=stream: _last(store, stream)


def _last(store, stream):
    with store.reading() as transaction:
        return [it for it in [transaction.last_of(stream)] if it is not None]


def _found(file):
    """
    Return what is told of a file, and how often it was the one error.
    """
    told, errors, loaded = [], 0, set(sys.modules)
    streams = sorted({it.stream for it in file.told})
    with closing(open_store(f"sqlite:///{file.path}")) as store:
        for answer in _answers(store, streams):
            try:
                found = answer()
            except CorruptEventError:
                errors += 1
            else:
                told += [it for it in found if hasattr(it, "event")]
    assert loaded == set(sys.modules)
    return told, errors


@given(row=st.integers(0, 200), column=st.sampled_from(COLUMNS), value=VALUES)
@example(row=3, column="version", value="3")
@example(row=3, column="version", value=3.5)
@example(row=3, column="position", value="4")
@example(row=3, column="position", value=2**62)
@example(row=3, column="position", value=None)
@example(row=3, column="position", value=1e300)
@example(row=-1, column="position", value=b"")
@example(row=-1, column="position", value="x")
@example(row=3, column="digest", value=None)
@example(row=3, column="stream", value=None)
def test_any_value(file, row, column, value):
    """
    Whatever is in a column, only what was written is told, or it is the one error.

    To verify the store always is.
    """
    rowid = row % len(file.told) + 1
    with file.altered(rowid, {column: value}) as changed:
        told, errors = _found(file)

    assert bool(errors) == changed
    if column not in {"position", "stream"}:
        assert all(it in file.told for it in told)


@given(data=st.data())
def test_any_event_with_its_checksum(file, data):
    """
    Somebody who can compute the checksum makes no more of it than an event.
    """
    stream, version, name, body = made(
        lambda below: data.draw(st.integers(0, below - 1))
    )
    rowid = data.draw(st.integers(1, len(file.told)))
    stream, version = stream.replace("\ud800", "?"), min(version, 2**63 - 1)
    if data.draw(st.booleans()):
        stream, version = file.told[rowid - 1].stream, file.told[rowid - 1].version
    fits = {
        "stream": stream,
        "version": version,
        "name": name,
        "body": body,
        "checksum": log.checksum(stream, version, name, body),
    }
    with file.altered(rowid, fits) as changed:
        told, errors = _found(file)

    assert bool(errors) == changed
    assert all(type(it.event) in NAMES.values() for it in told)
