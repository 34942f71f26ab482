"""
Open a store by its URL.
"""

from collections.abc import Callable
from typing import Final

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from circlekit.errors import BusyError, StoreError
from circlekit.store.database import Store
from circlekit.store.migrating import (
    TABLES,
    Migration,
    bring_up_to_date,
    must_be_ours,
    statements,
    version_of,
)
from circlekit.store.patience import attempts
from circlekit.store.session import (
    ACCEPTED,
    Database,
    Durability,
    Settings,
    must_be_switch,
)
from circlekit.store.sqlite import SqliteDatabase

_POSTGRES: Final = {"postgresql", "postgres", "postgresql+psycopg"}
_THERE: Final = "accepted: a store that is there, as in sqlite:///path/to/file.db"


def open_store(
    url: str,
    *,
    busy_seconds: float = 30.0,
    create: bool = True,
    durability: Durability = "full",
    most_connections: int = 15,
) -> Store:
    """
    Open the store at *url*; an SQLite store that is new is made.

    Args:
        url: ``sqlite:///file.db``, ``sqlite://`` for a store in memory, or
            ``postgresql://user@host/database``.
        busy_seconds: How long to wait for another process that is writing; with 0
            nobody is waited for.
        create: Whether to make an SQLite store where there is none.
        durability: ``full``, or ``normal``: then what was answered last may be lost
            if the machine goes down.
        most_connections: How many connections to the store there are at most.

    Raises:
        InvalidInputError: If one of these is not accepted.
        StoreError: If the URL is no store, or the store is of another version.
        BusyError: If another process kept the store for too long.
    """
    must_be_switch("create", create)
    settings = Settings(
        busy_seconds=busy_seconds,
        durability=durability,
        most_connections=most_connections,
    )
    database = database_at(url, settings)
    try:
        if not create:
            _must_be_there(database)
        # Several processes may make the same file at the same moment.
        for attempt in attempts(BusyError, busy_seconds):
            with attempt:
                _prepare(database, create=create)
    except BaseException:
        database.close()
        raise
    return Store(database)


def migrate(
    url: str,
    *,
    busy_seconds: float = 30.0,
    progress: Callable[[int, int], None] | None = None,
) -> Migration:
    """
    Make a store, or bring one of an earlier version up to date; safe to repeat.

    Args:
        url: Where, as for :func:`open_store`.
        busy_seconds: How long to wait for somebody else who is writing.
        progress: Called with the events that are brought up to date, and all.

    Raises:
        InvalidInputError: If nobody could wait so long.
        StoreError: If the URL is no store, or one of a later version.
        CorruptEventError: If an event of an earlier version was altered.
        BusyError: If somebody else kept the store for too long.
    """
    database = database_at(url, Settings(busy_seconds=busy_seconds))
    try:
        for attempt in attempts(BusyError, busy_seconds):
            with attempt:
                session = database.session()
                try:
                    done = bring_up_to_date(
                        session, database.dialect, progress=progress
                    )
                finally:
                    session.close()
    finally:
        database.close()
    return done


def migration_sql(url: str) -> str:
    """
    Return the SQL that makes a store there; nothing is opened and nothing changed.

    For a host that makes its tables by a tool of its own. Run where there is a
    store of this version, it changes nothing.

    Raises:
        StoreError: If the URL is no store.
    """
    database = database_at(url, Settings(busy_seconds=0))
    return "".join(f"{statement};\n\n" for statement in statements(database.dialect))


def database_at(url: str, settings: Settings) -> Database:
    """
    Return the database that a URL names; nothing is opened yet.

    Raises:
        StoreError: If it names none.
    """
    # An error must not carry the URL along: there may be a password in it.
    if str(url).partition("://")[0] in _POSTGRES:
        try:
            from circlekit.store.postgres import (  # noqa: PLC0415 - the extra's
                PostgresDatabase,
            )
        except ImportError:
            extra = "install circlekit with the extra `postgres`"
            raise StoreError(f"PostgreSQL needs psycopg; {extra}") from None
        return PostgresDatabase.at(url, settings)
    try:
        parsed = make_url(url)
    except (ArgumentError, AttributeError, ValueError):
        raise StoreError(f"this is no store's URL; accepted: {ACCEPTED}") from None
    name = parsed.get_backend_name()
    if name != "sqlite":
        raise StoreError(f"{name!r} is not supported; accepted: {ACCEPTED}")
    return SqliteDatabase.at(parsed, settings)


def _must_be_there(database: Database) -> None:
    if not isinstance(database, SqliteDatabase):
        return
    if database.path is None:
        raise StoreError(f"a store in memory has nothing to read yet; {_THERE}")
    if not database.path.is_file():
        raise StoreError(f"there is no store at {database.named!r}; {_THERE}")


def _prepare(database: Database, *, create: bool) -> None:
    session = database.session()
    try:
        session.begin_reading()
        found = session.tables()
        version = version_of(session, found)
        session.rollback()
        if version is None and database.makes_tables and not create:
            raise StoreError(f"there is no circlekit store in that file; {_THERE}")
        if version is not None:
            must_be_ours(version)
        if TABLES - found:
            if not database.makes_tables:
                raise StoreError(
                    "there is no circlekit store, or not a whole one; "
                    f"run `circlekit migrate --store {database.url}` first"
                )
            bring_up_to_date(session, database.dialect)
    finally:
        session.rollback()
        session.close()
