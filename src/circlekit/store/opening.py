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
        _prepare(store, engine, create=create)
    except BaseException:
        store.close()
        raise
    return store


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, AttributeError) as error:
        message = f"this is no store's URL; {_ACCEPTED}"
        raise StoreError(message) from error
    if parsed.get_backend_name() != "sqlite":
        message = f"{parsed.get_backend_name()!r} is not supported yet; {_ACCEPTED}"
        raise StoreError(message)
    if parsed.database and not Path(parsed.database).absolute().parent.is_dir():
        message = f"the folder of {parsed.database!r} does not exist"
        raise StoreError(message)
    return parsed.set(drivername="sqlite+pysqlite")


def _must_be_there(url: URL, *, in_memory: bool) -> None:
    if in_memory:
        raise StoreError(f"a store in memory has nothing to read yet; {_THERE}")
    if not Path(str(url.database)).is_file():
        raise StoreError(f"there is no store at {url.database!r}; {_THERE}")


# Several processes may make the same file at the same moment.
@stamina.retry(on=BusyError, timeout=30.0, attempts=None, wait_max=0.5)
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
            _make_tables(transaction.connection, engine)
    with store.reading() as transaction:
        versions = transaction.all("SELECT version FROM circlekit_schema")
    if versions != [(SCHEMA_VERSION,)]:
        message = f"the store has version {versions}, this code needs {SCHEMA_VERSION}"
        raise StoreError(message)


def _make_tables(connection: sqlite3.Connection, engine: Engine) -> None:
    # Inside our own write transaction, so that nobody ever sees half of them.
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
