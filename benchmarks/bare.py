"""
The limit: the bare drivers, with the same rows, the same durability, the same bytes.

A row takes as much room as one of circlekit's, checksum and digest included. Nothing
is decided, chained or counted; the statements are prepared and nothing is in between.
"""

import itertools
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec
import psycopg

from circlekit.events.names import NAME_OF

ENCODE: Final = msgspec.json.Encoder().encode
_CHECKSUM, _DIGEST = 2**31, bytes(range(32))
_SQLITE_TABLE: Final = """
CREATE TABLE event (
    position INTEGER PRIMARY KEY AUTOINCREMENT, stream TEXT NOT NULL,
    version INTEGER NOT NULL, name TEXT NOT NULL, body BLOB NOT NULL,
    checksum INTEGER NOT NULL, digest BLOB NOT NULL, UNIQUE (stream, version));
CREATE INDEX event_name ON event (name, position);
"""
_POSTGRES_TABLE: Final = """
CREATE TABLE event (
    position BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    stream TEXT COLLATE "C" NOT NULL, version INTEGER NOT NULL,
    name TEXT COLLATE "C" NOT NULL, body BYTEA NOT NULL, checksum BIGINT NOT NULL,
    digest BYTEA NOT NULL, UNIQUE (stream, version));
CREATE INDEX event_name ON event (name, position);
"""
_PUT: Final = """
INSERT INTO event (stream, version, name, body, checksum, digest)
VALUES ({0}, {0}, {0}, {0}, {0}, {0})
"""
PUT_SQLITE, PUT_POSTGRES = _PUT.format("?"), _PUT.format("%s")


def sqlite(path: Path) -> sqlite3.Connection:
    """
    Open a file as a store does: a write-ahead log, and every commit on the disk.
    """
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def sqlite_table(path: Path) -> sqlite3.Connection:
    """
    Make a table of events in a new file.
    """
    connection = sqlite(path)
    connection.executescript(_SQLITE_TABLE)
    return connection


def postgres(url: str) -> psycopg.Connection[Any]:
    """
    Open a database; statements are prepared when they are first met.
    """
    return psycopg.connect(url, autocommit=True, prepare_threshold=0)


def postgres_table(url: str) -> psycopg.Connection[Any]:
    """
    Make a table of events in a new database.
    """
    connection = postgres(url)
    for statement in _POSTGRES_TABLE.split(";")[:-1]:
        connection.execute(statement)
    return connection


def row(stream: str, version: int, event: object) -> tuple[Any, ...]:
    """
    Return an event as the row that is put down for it.
    """
    return stream, version, NAME_OF[type(event)], ENCODE(event), _CHECKSUM, _DIGEST


def putting_sqlite(
    connection: sqlite3.Connection, event: Callable[[], object], stream: str = "bare"
) -> Callable[[], None]:
    """
    Return a function that puts down one event in a transaction of its own.
    """
    versions = itertools.count(1)

    def put() -> None:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(PUT_SQLITE, row(stream, next(versions), event()))
        connection.execute("COMMIT")

    return put


def putting_postgres(
    connection: psycopg.Connection[Any],
    event: Callable[[], object],
    stream: str = "bare",
) -> Callable[[], None]:
    """
    Return a function that puts down one event in a transaction of its own.
    """
    versions = itertools.count(1)

    def put() -> None:
        connection.execute(PUT_POSTGRES, row(stream, next(versions), event()))

    return put
