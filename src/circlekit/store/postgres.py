"""
A store on a PostgreSQL server.

The row of ``circlekit_head`` is the one write lock: every write transaction begins
by locking it. So events get their positions in the order of commits, without a gap,
and a command is decided on the newest state, just as on SQLite.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any, ClassVar, Final
from urllib.parse import parse_qsl, quote, urlsplit

import psycopg
from attrs import define, field
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import TransactionStatus
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import PoolProxiedConnection, QueuePool

from circlekit.errors import (
    BusyError,
    CirclekitError,
    OutcomeUnknownError,
    StoreError,
)
from circlekit.store.chain import Head
from circlekit.store.patience import attempts
from circlekit.store.session import (
    ACCEPTED,
    HEAD,
    MOVE_HEAD,
    NOTHING,
    ConnectionLostError,
    Database,
    Question,
    Session,
    Settings,
    Waking,
)

_SECRETS: Final = ("password", "sslpassword", "oauth_client_secret")
# Lock not available, query cancelled, not serializable, deadlock, too many clients.
_BUSY: Final = {"55P03", "57014", "40001", "40P01", "53300"}
# The server shuts down, crashed, or is starting; the connection is broken.
_LOST: Final = {"57P01", "57P02", "57P03", "08000", "08003", "08006"}
# Not in a text, a name, a comment or a cast.
_PARAMETER: Final = re.compile(
    r"""'[^']*'|"[^"]*"|--[^\n]*|/\*(?:[^*]|\*(?!/))*\*/|(?<![:\w]):([A-Za-z_]\w*)"""
)
_READ: Final = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_WRITE: Final = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
# Every statement goes by an index, whatever its parameters: to plan it once is enough,
# and to compile it never pays.
_PLANS: Final = "SET plan_cache_mode = force_generic_plan; SET jit = off"
# Any number will do, so long as it is always this one.
_MIGRATING: Final = 0x636972636C65
_NOT_WAITING: Final = "SET synchronous_commit = off"
_LOCK: Final = f"{HEAD} FOR UPDATE"
_CHANNEL: Final = "circlekit"
_MOVE_HEAD: Final = f"""
WITH moved AS ({MOVE_HEAD} RETURNING id)
SELECT pg_notify('{_CHANNEL}', '') FROM moved
"""
# Waits for the head's row no longer than it must, takes it if it is as expected, and
# hangs all that is written on that. What comes of it is one row, or none.
_WRITE_IF: Final = f"""
WITH patience AS MATERIALIZED (
    SELECT pg_catalog.set_config('lock_timeout', :patience, true)),
moved AS (
    UPDATE circlekit_head SET position = :position, digest = :digest FROM patience
    WHERE id = 1 AND position = :position_before AND digest = :digest_before
    RETURNING id),
put AS (
    INSERT INTO circlekit_event
    (position, stream, version, name, body, checksum, digest)
    SELECT row.* FROM moved CROSS JOIN (VALUES {{}}) AS row)
    {{}}
SELECT pg_notify('{_CHANNEL}', '') FROM moved
"""
_ROW_IF: Final = (
    "(CAST(:position_{0} AS bigint), :stream_{0}, CAST(:version_{0} AS integer), "
    ":name_{0}, CAST(:body_{0} AS bytea), CAST(:checksum_{0} AS bigint), "
    "CAST(:digest_{0} AS bytea))"
)
_OUTCOME_IF: Final = """
, said AS (
    INSERT INTO circlekit_command (id, said, first, last)
    SELECT :id, :said, CAST(:first AS bigint), CAST(:last AS bigint) FROM moved)
"""
# So many need no way of their own to the server.
_FEW: Final = 4
# How often somebody who listens looks whether they are to stop.
_LOOK_UP: Final = 0.1
_TABLES: Final = """
SELECT relname FROM pg_catalog.pg_class
WHERE relkind IN ('r', 'p') AND pg_catalog.pg_table_is_visible(oid)
AND starts_with(relname, 'circlekit_')
"""

_Asked = tuple[str, tuple[Any, ...]]


@define(eq=False, repr=False)
class PostgresSession(Session):
    """
    A connection to a PostgreSQL server.
    """

    _database: "PostgresDatabase"
    _pool: QueuePool
    _pooled: PoolProxiedConnection
    _connection: psycopg.Connection[Any]
    _waiting: list[tuple[str, Mapping[str, Any]]] = field(factory=list, init=False)
    _to_ask: Sequence[Question] = field(default=(), init=False)
    _answers: dict[_Asked, Sequence[tuple[Any, ...]]] = field(factory=dict, init=False)

    def begin_reading(self) -> None:
        """
        Begin; the first query decides at which moment the tables are seen.
        """
        self._begin(_READ)

    def end_reading(self) -> None:
        """
        End the transaction, and keep the statements that were prepared in it.
        """
        # The driver forgets them all at a rollback, and the server then plans the
        # same question anew each time, which takes longer than to answer it.
        if self._status() is not TransactionStatus.INTRANS:
            self.rollback()
            return
        try:
            self._connection.commit()
        except psycopg.Error:
            self._connection.close()

    def ask_with_lock(self, questions: Sequence[Question]) -> None:
        """
        Foresee what will be asked first once the head's row is locked.
        """
        self._to_ask = questions

    def begin_writing(self) -> Sequence[tuple[Any, ...]]:
        """
        Begin, lock the head's row, and return it as it then is.
        """
        if self._to_ask:
            return self._begin_and_ask()
        return self._begin(f"{_WRITE}; {self._patience()}; {_LOCK}")

    def begin_hurried(self) -> Sequence[tuple[Any, ...]]:
        """
        Begin like any that writes; the commit need not wait for the disk.
        """
        hurry = "SET LOCAL synchronous_commit = off"
        return self._begin(f"{_WRITE}; {self._patience()}; {hurry}; {_LOCK}")

    def begin_changing(self) -> None:
        """
        Begin, with a lock that only those take who make or change tables.
        """
        lock = f"SELECT pg_advisory_xact_lock({_MIGRATING})"
        self._begin(f"{_WRITE}; {self._patience()}; {lock}")
        ((encoding,),) = self.all("SHOW server_encoding")
        if encoding != "UTF8":
            self.rollback()
            message = f"the database keeps text as {encoding}; accepted: UTF8"
            raise StoreError(message)

    def all(
        self,
        sql: str,
        values: Mapping[str, Any] = NOTHING,
        *,
        lenient: bool = False,
    ) -> Sequence[tuple[Any, ...]]:
        """
        Run a query and return its rows.
        """
        if self._answers and (asked := _asked(sql, values)) in self._answers:
            return self._answers.pop(asked)
        # The server keeps no text that is none. Who asks that way asks for events, and
        # their bytes come as they are instead of twice as many digits.
        try:
            sent = self._executed(_translated(sql), values, binary=lenient)
            return sent.fetchall()
        except psycopg.Error as error:
            problem = self._typed(error)
        raise problem

    def run(self, sql: str, values: Mapping[str, Any] = NOTHING) -> int:
        """
        Run a statement and return how many rows it touched.
        """
        self._answers.clear()
        try:
            return self._executed(_translated(sql), values).rowcount
        except psycopg.Error as error:
            problem = self._typed(error)
        raise problem

    def later(self, sql: str, values: Mapping[str, Any]) -> None:
        """
        Send a statement with the next query, or with the commit.
        """
        self._answers.clear()
        self._waiting.append((_translated(sql), values))

    def run_each(self, sql: str, values: Sequence[Mapping[str, Any]]) -> None:
        """
        Run a statement once for each set of parameters, all in one go.
        """
        if len(values) <= _FEW:
            for each in values:
                self.later(sql, each)
            return
        self._answers.clear()
        try:
            self._executed_each(_translated(sql), values)
        except psycopg.Error as error:
            problem = self._typed(error)
        else:
            return
        raise problem

    def write_if(
        self,
        before: Head,
        after: Head,
        rows: Sequence[Mapping[str, Any]],
        outcome: Mapping[str, Any] | None,
    ) -> bool:
        """
        Write if the head is as expected: one way to the server and back.
        """
        values = {
            "patience": f"{self._database.busy_ms}ms",
            "position_before": before.position,
            "digest_before": before.digest.hex(),
            "position": after.position,
            "digest": after.digest.hex(),
            **(outcome or {}),
        }
        for number, row in enumerate(rows):
            values |= {f"{name}_{number}": value for name, value in row.items()}
        sql = _write_if(len(rows), keeps=outcome is not None)
        try:
            return self._executed(sql, values).rowcount == 1
        except psycopg.Error as error:
            problem = self._typed(error)
        if isinstance(problem, ConnectionLostError):
            raise OutcomeUnknownError
        raise problem

    def move_head(self, position: int, digest: str) -> None:
        """
        Keep a new head of the log, and wake who waits for one once it is committed.
        """
        self.later(_MOVE_HEAD, {"position": position, "digest": digest})

    def commit(self) -> None:
        """
        Commit.

        Raises:
            OutcomeUnknownError: If the server did not say whether it did.
        """
        self._answers.clear()
        # A COMMIT after a failed statement is a rollback, and no error.
        if self._status() is not TransactionStatus.INTRANS:
            raise StoreError(
                "a command broke off; the database has undone the transaction"
            )
        try:
            if self._waiting:
                self._send("COMMIT")
            else:
                self._connection.commit()
        except psycopg.Error as error:
            problem = self._typed(error)
        else:
            return
        if isinstance(problem, ConnectionLostError):
            raise OutcomeUnknownError
        raise problem

    def rollback(self) -> None:
        """
        Undo the transaction; the server does so by itself if it has lost us.
        """
        self._waiting.clear()
        self._answers.clear()
        try:
            self._connection.rollback()
        except psycopg.Error:
            self._connection.close()

    def in_transaction(self) -> bool:
        """
        Return whether the transaction is still there, be it failed.
        """
        return self._status() in {TransactionStatus.INTRANS, TransactionStatus.INERROR}

    def must_be_sound(self) -> None:
        """
        Go on if no statement has failed, whoever looked away from that.
        """
        if self._status() is TransactionStatus.INERROR:
            raise StoreError(
                "a statement failed, and what was done with it is undone; "
                "accepted: to let the error go up, or a block of `rows()` around it"
            )

    def close(self) -> None:
        """
        Give the connection back, if it is still good and there is a use for it.
        """
        if not self._pooled.is_valid:
            return  # given back already
        if self._connection.closed or not self._database.takes_back(self._pool):
            self._pooled.invalidate()
        self._pooled.close()

    def tables(self) -> set[str]:
        """
        Return the names of our tables that the search path leads to.
        """
        return {name for (name,) in self.all(_TABLES)}

    def newest_ever(self) -> int:
        """
        Return 0: positions are counted nowhere but in the head.
        """
        return 0

    def back_up(
        self,
        path: Path,  # noqa: ARG002 - nothing is written
        *,
        progress: Callable[[int, int], None] | None = None,  # noqa: ARG002
    ) -> None:
        """
        Refuse: the server's own tools copy its databases.
        """
        raise StoreError("a PostgreSQL store is backed up with pg_dump")

    def _send(self, *then: str) -> None:
        waiting, self._waiting = self._waiting, []
        with self._connection.pipeline():
            for sql, values in waiting:
                self._connection.execute(sql, values)
            for sql in then:
                self._connection.execute(sql)

    def _executed(
        self, sql: str, values: Mapping[str, Any], *, binary: bool = False
    ) -> psycopg.Cursor[Any]:
        if self._waiting:
            self._send()
        return self._connection.execute(
            sql, values, binary=binary, prepare=must_be_one(sql)
        )

    def _executed_each(self, sql: str, values: Sequence[Mapping[str, Any]]) -> None:
        if self._waiting:
            self._send()
        psycopg.Cursor(self._connection).executemany(sql, values)

    def _begin(self, sql: str) -> Sequence[tuple[Any, ...]]:
        try:
            cursor = self._connection.execute(sql)
            while cursor.nextset():
                pass
            return cursor.fetchall() if cursor.description else ()
        except psycopg.Error as error:
            problem = self._typed(error)
        raise self._not_begun(problem)

    def _begin_and_ask(self) -> Sequence[tuple[Any, ...]]:
        # Each statement sees what was committed before it began, and all but the
        # first begin when the lock is there.
        questions, self._to_ask = self._to_ask, ()
        send = self._connection.execute
        try:
            with self._connection.pipeline():
                send(_WRITE)
                send(self._patience())
                head = send(_LOCK)
                asked = [
                    (_asked(sql, values), send(_translated(sql), values, binary=True))
                    for sql, values in questions
                ]
            self._answers = {each: answer.fetchall() for each, answer in asked}
            return head.fetchall()
        except psycopg.Error as error:
            problem = self._typed(error)
        raise self._not_begun(problem)

    def _not_begun(self, problem: CirclekitError) -> CirclekitError:
        self.rollback()
        if isinstance(problem, ConnectionLostError):
            self._connection.close()
            self.close()
        return problem

    def _patience(self) -> str:
        return f"SET LOCAL lock_timeout = {self._database.busy_ms}"

    def _status(self) -> TransactionStatus:
        return self._connection.info.transaction_status

    def _typed(self, error: psycopg.Error) -> CirclekitError:
        # Not the driver's error: what it quotes are rows that people wrote.
        said = error.diag.message_primary or str(error)
        if self._connection.closed or error.sqlstate in _LOST:
            message = "the connection was lost before the commit; nothing was written"
            return ConnectionLostError(f"{message}: {self._database.hushed(said)}")
        if error.sqlstate in _BUSY:
            return BusyError(f"the store was busy for too long: {said}")
        return StoreError(f"the store could not be used: {self._database.hushed(said)}")


@define(eq=False, repr=False)
class PostgresDatabase(Database):
    """
    A database of a PostgreSQL server; its tables are made by migrating only.
    """

    makes_tables: ClassVar[bool] = False
    tries: ClassVar[bool] = True
    may_lose_replies: ClassVar[bool] = True
    shared: bool = field(default=False, init=False)
    _options: dict[str, Any]
    _settings: Settings
    _pool: QueuePool = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._pool = QueuePool(
            self._connected,
            pool_size=self._settings.kept_open,
            max_overflow=self._settings.more,
            timeout=self.busy_seconds,
            # We roll back ourselves, before a connection is given back.
            reset_on_return=None,
            use_lifo=True,
        )

    @classmethod
    def at(cls, url: str, settings: Settings) -> "PostgresDatabase":
        """
        Return the database that a URL names; all its options go to libpq.

        Raises:
            StoreError: If it names none.
        """
        _, _, rest = url.partition("://")
        try:
            options = dict(conninfo_to_dict(f"postgresql://{rest}"))
            hosts = [
                value.rpartition(":") if ":" in value else (value, "", "")
                for name, value in parse_qsl(urlsplit(f"//{rest}").query)
                if name == "host"
            ]
        except (psycopg.Error, ValueError):
            options, hosts = {}, []
        if not options:
            # The driver quotes the URL, and there may be a password in it.
            raise StoreError(f"this is no store's URL; accepted: {ACCEPTED}")
        # libpq keeps only the last of several; elsewhere it is how to give them.
        if len(hosts) > 1:
            options["host"] = ",".join(host for host, *_ in hosts)
            if any(port for *_, port in hosts):
                options["port"] = ",".join(port for *_, port in hosts)
        return cls(options, settings)

    @property
    def dialect(self) -> Dialect:
        """
        Return in which words tables are made here.
        """
        dialect: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
        return dialect

    @property
    def url(self) -> str:
        """
        Return where it is: user, hosts and database, and nothing else.
        """
        known = {name: str(value) for name, value in self._options.items() if value}
        hosts = known.get("host", known.get("hostaddr", "")).split(",")
        ports = known.get("port", "").split(",")
        if len(ports) < len(hosts):
            ports *= len(hosts)
        places = ",".join(
            f"{quote(host, safe='')}:{port}" if port else quote(host, safe="")
            for host, port in zip(hosts, ports, strict=False)
        )
        user = f"{quote(known['user'])}@" if "user" in known else ""
        return f"postgresql://{user}{places}/{quote(known.get('dbname', ''))}"

    @property
    def busy_seconds(self) -> float:
        """
        Return how long another process is waited for.
        """
        return self._settings.busy_seconds

    @property
    def busy_ms(self) -> int:
        """
        Return the same in milliseconds, at least one: 0 would be for ever.
        """
        return max(1, int(self.busy_seconds * 1_000))

    def session(self) -> Session:
        """
        Return a session on a connection of the pool.
        """
        pool = self._pool
        try:
            pooled = pool.connect()
        except PoolTimeoutError:
            message = "all connections to the store were in use for too long"
            raise BusyError(message) from None
        connection: Any = pooled.driver_connection
        return PostgresSession(self, pool, pooled, connection)

    def new_session(self) -> Session:
        """
        Return a session on a new connection; the others are likely lost as well.
        """
        self.close()
        for attempt in attempts(StoreError, self.busy_seconds):
            with attempt:
                session = self.session()
        return session

    def waking(self) -> Waking:
        """
        Return a way to wait for news, which listens on a connection of its own.
        """
        return _Listening(self)

    def listening(self) -> psycopg.Connection[Any]:
        """
        Return a new connection that is told of every new head.
        """
        connection: psycopg.Connection[Any] = self._connected()
        try:
            connection.execute(f"LISTEN {_CHANNEL}")
        except BaseException:
            connection.close()
            raise
        return connection

    def close(self) -> None:
        """
        Close every connection; those in use, when they are given back.
        """
        former, self._pool = self._pool, self._pool.recreate()
        former.dispose()

    def takes_back(self, pool: QueuePool) -> bool:
        """
        Return whether a connection of that pool is of use to anybody.
        """
        return pool is self._pool

    def hushed(self, said: str) -> str:
        """
        Return what the driver said, without any password.
        """
        for name in _SECRETS:
            secret = self._options.get(name)
            if secret:
                said = said.replace(str(secret), "***")
        return said

    def _connected(self) -> Any:
        options = {
            "application_name": "circlekit",
            # libpq waits for ever unless told otherwise.
            "connect_timeout": max(2, int(self.busy_seconds)),
            **self._options,
            "client_encoding": "UTF8",
        }
        try:
            connection = psycopg.connect(autocommit=True, **options)
            if self._settings.durability == "normal":
                connection.execute(_NOT_WAITING)
            connection.execute(_PLANS)
        except (psycopg.Error, ValueError, UnicodeError) as error:
            said = self.hushed(str(error))
        else:
            return connection
        raise ConnectionLostError(f"the store could not be reached: {said}")


@define(eq=False, repr=False)
class _Listening(Waking):
    _database: PostgresDatabase
    _connection: psycopg.Connection[Any] | None = None

    def wait(self, seconds: float, ended: Event) -> None:
        """
        Wait so long, or until something is new, or until *ended* is set.

        Without the server there is only waiting.
        """
        until = monotonic() + seconds
        try:
            if self._connection is None:
                # What came before nobody told; it is asked for once more.
                self._connection = self._database.listening()
                return
            while not ended.wait(0) and (left := until - monotonic()) > 0:
                news = self._connection.notifies(
                    timeout=min(left, _LOOK_UP), stop_after=1
                )
                if list(news):
                    return
        except (psycopg.Error, StoreError):
            self.close()
            ended.wait(max(0, until - monotonic()))

    def close(self) -> None:
        """
        Close the connection.
        """
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def must_be_one(sql: str) -> bool | None:
    """
    Return True if a statement has to be prepared, None if it may be.

    What is prepared is one statement: another one behind it could be a COMMIT.
    """
    return True if ";" in sql else None


def _asked(sql: str, values: Mapping[str, Any]) -> _Asked:
    return sql, tuple(values.values())


@cache
def _write_if(rows: int, *, keeps: bool) -> str:
    put = ", ".join(_ROW_IF.format(number) for number in range(rows))
    return _translated(_WRITE_IF.format(put, _OUTCOME_IF if keeps else ""))


@cache
def _translated(sql: str) -> str:
    return _PARAMETER.sub(_marked, sql.replace("%", "%%"))


def _marked(found: re.Match[str]) -> str:
    return f"%({found[1]})s" if found[1] else found[0]
