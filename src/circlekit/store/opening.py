"""
Open a store by its URL, and make its tables the first time.
"""

import sqlite3
from pathlib import Path
from typing import Any, Final

import stamina
from sqlalchemy import create_engine, event
from sqlalchemy.engine import URL, Engine, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import QueuePool, StaticPool
from sqlalchemy.schema import CreateIndex, CreateTable

from circlekit.errors import BusyError, StoreError
from circlekit.projections.read_model import ReadModel
from circlekit.store.database import Store
from circlekit.store.schema import HISTORY, READ_MODELS, SCHEMA_VERSION

_THERE: Final = "accepted: a store that is there, as in sqlite:///path/to/file.db"
_ALL: Final = (HISTORY, *(model.tables for model in READ_MODELS))
_ACCEPTED: Final = "accepted: sqlite:///path/to/file.db, or sqlite:// for memory"


def open_store(url: str, *, busy_seconds: float = 30.0, create: bool = True) -> Store:
    """
    Open the store at *url*, making its tables if it is new.

    Args:
        url: ``sqlite:///file.db``, or ``sqlite://`` for a store in memory.
        busy_seconds: How long to wait for another process that is writing.
        create: Whether to make a store where there is none.

    Raises:
        StoreError: If the URL is no store, or the store is of another version.
        BusyError: If another process kept the store for too long.
    """
    parsed = _parsed(url)
    in_memory = parsed.database in {None, "", ":memory:"}
    if not create:
        _must_be_there(parsed, in_memory=in_memory)
    engine = create_engine(
        parsed,
        poolclass=StaticPool if in_memory else QueuePool,
        connect_args={
            "timeout": busy_seconds,
            "isolation_level": None,
            "check_same_thread": False,
            "cached_statements": 256,
        },
    )
    event.listen(engine, "connect", _settings)
    store = Store(engine, shared=in_memory)
    try:
        # Several processes may make the same file at the same moment.
        for attempt in stamina.retry_context(
            on=BusyError, attempts=None, timeout=busy_seconds, wait_max=0.5
        ):
            with attempt:
                _prepare(store, engine, create=create)
    except BaseException:
        store.close()
        raise
    return store


def _parsed(url: str) -> URL:
    # An error must not carry the URL along: there may be a password in it.
    try:
        parsed = make_url(url)
    except (ArgumentError, AttributeError, ValueError):
        raise StoreError(f"this is no store's URL; {_ACCEPTED}") from None
    if parsed.get_backend_name() != "sqlite":
        name = parsed.get_backend_name()
        raise StoreError(f"{name!r} is not supported yet; {_ACCEPTED}")
    if parsed.host or parsed.username or parsed.password or parsed.query:
        raise StoreError(f"an SQLite file has no host and no options; {_ACCEPTED}")
    if parsed.database and not Path(parsed.database).absolute().parent.is_dir():
        raise StoreError(f"the folder of {parsed.database!r} does not exist")
    return parsed.set(drivername="sqlite+pysqlite")


def _must_be_there(url: URL, *, in_memory: bool) -> None:
    if in_memory:
        raise StoreError(f"a store in memory has nothing to read yet; {_THERE}")
    if not Path(str(url.database)).is_file():
        raise StoreError(f"there is no store at {url.database!r}; {_THERE}")


def _prepare(store: Store, engine: Engine, *, create: bool) -> None:
    # A read model may be newer than the file: its tables are made when missing.
    needed = {name for tables in _ALL for name in tables.tables}
    with store.reading() as transaction:
        found = transaction.all("SELECT name FROM sqlite_master WHERE type = 'table'")
    tables = {name for (name,) in found}
    if not create and "circlekit_schema" not in tables:
        raise StoreError(f"there is no circlekit store in that file; {_THERE}")
    if needed - tables:
        with store.writing() as transaction:
            _make_tables(transaction.connection, engine, tables)
    with store.reading() as transaction:
        versions = transaction.all("SELECT version FROM circlekit_schema")
    if versions != [(SCHEMA_VERSION,)]:
        message = f"the store has version {versions}, this code needs {SCHEMA_VERSION}"
        raise StoreError(message)


def _begin_anew(
    connection: sqlite3.Connection, model: ReadModel, found: set[str]
) -> None:
    # A read model that misses a table is filled again from the first event.
    own = set(model.tables.tables)
    if "circlekit_reading" in found and own - found:
        for name in own & found:
            connection.execute(f"DELETE FROM {name}")
        connection.execute(
            "DELETE FROM circlekit_reading WHERE model = ?", (model.name,)
        )


def _make_tables(
    connection: sqlite3.Connection, engine: Engine, found: set[str]
) -> None:
    # Inside our own write transaction, so that nobody ever sees half of them.
    for model in READ_MODELS:
        _begin_anew(connection, model, found)
    for tables in _ALL:
        for table in tables.sorted_tables:
            create: Any = CreateTable(table, if_not_exists=True)
            connection.execute(str(create.compile(engine)))
            for index in table.indexes:
                make: Any = CreateIndex(index, if_not_exists=True)
                connection.execute(str(make.compile(engine)))
    connection.execute(
        "INSERT OR IGNORE INTO circlekit_schema (version) VALUES (?)",
        (SCHEMA_VERSION,),
    )


def _settings(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
