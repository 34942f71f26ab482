"""
Commands in a transaction of the host's own, beside the host's own rows.
"""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from threading import Event

import psycopg
import pytest
from psycopg.rows import dict_row
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from circlekit import BusyError, CircleKit, ManualClock, NotFoundError, StoreError
from circlekit.errors import CommandIdReusedError
from tests.application.town import MARCH_1, everything, refused
from tests.store import workers
from tests.store.workers import PROCESSES, host_connection

on_sqlite = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
on_postgresql = pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
every_way = pytest.mark.parametrize("way", ["driver", "sqlalchemy", "orm"])


class StopItError(Exception):
    """
    What the host stops at.
    """


@pytest.fixture
def kit(url):
    with CircleKit(url, clock=ManualClock(MARCH_1)) as opened:
        opened.found_circle(name="Club", kind="community", by="mei", circle="club")
        yield opened


@pytest.fixture
def engine(url, kit):
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE orders (name TEXT PRIMARY KEY)"))
    yield engine
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE orders"))
    engine.dispose()


class Host:
    """
    A host's connection, of any kind, and what it does with it.
    """

    def __init__(self, connection, run):
        self.connection = connection
        self.run = run

    @property
    def handed_in(self):
        # A session has another connection after each of its transactions.
        is_session = isinstance(self.connection, Session)
        return self.connection.connection() if is_session else self.connection

    def order(self, name):
        self.run(f"INSERT INTO orders (name) VALUES ('{name}')")


@contextmanager
def host_of(way, engine, url):
    if way == "driver":
        with host_connection(url) as connection:
            yield Host(connection, connection.execute)
        return
    with engine.connect() if way == "sqlalchemy" else Session(engine) as connection:
        yield Host(connection, lambda sql: connection.execute(text(sql)))


@pytest.fixture
def way():
    return "driver"


@pytest.fixture
def host(way, engine, url):
    with host_of(way, engine, url) as opened:
        yield opened


def _texts(kit):
    return [
        it.event.text
        for it in kit.history("club")
        if type(it.event).__name__ == "PostPublished"
    ]


def _orders(engine):
    with engine.connect() as connection:
        return sorted(connection.scalars(text("SELECT name FROM orders")))


@every_way
@pytest.mark.parametrize("first", ["host", "kit"])
def test_committed_together(kit, host, engine, first):
    """
    What the host and the kit wrote in one transaction is there when it commits.

    Not before; in whichever order they wrote.
    """
    before = kit.newest_position()
    if first == "host":
        host.order("one")
    with kit.joined_to(host.handed_in) as joined:
        joined.publish_post("club", by="mei", text="One")
        assert ["One"] == _texts(joined)
        assert ["One"] == [it.text for it in joined.feed("mei").items]
    if first == "kit":
        host.order("one")

    assert before == kit.newest_position()
    assert [] == _texts(kit)
    host.connection.commit()

    assert ["One"] == _texts(kit)
    assert ["One"] == [it.text for it in kit.feed("mei").items]
    assert ["one"] == _orders(engine)
    kit.verify()


@every_way
def test_rolled_back_together(kit, host, engine):
    """
    When the host rolls back, neither is there, and nobody believes it was.

    Not the kit, nor what it lends afterwards.
    """
    told = everything(kit)
    host.order("one")
    with kit.joined_to(host.handed_in) as joined:
        joined.publish_post("club", by="mei", text="One")
        joined.join_circle("club", "tao")
        joined.send_must_see("club", by="mei", text="Friday")
        joined.feed("mei")
    host.connection.rollback()

    assert told == everything(kit)
    assert [] == _orders(engine)
    assert () == kit.feed("mei").items
    with kit.joined_to(host.handed_in) as joined, refused("not-a-member"):
        joined.publish_post("club", by="tao", text="Am I in?")
    host.connection.commit()
    kit.join_circle("club", "tao")
    kit.send_must_see("club", by="mei", text="Friday")
    kit.verify()


@every_way
def test_a_refusal(kit, host, engine):
    """
    A refused command changes nothing, and the host's rows stand.

    It is kept beside the history, with the host's commit.
    """
    host.order("one")
    with kit.joined_to(host.handed_in) as joined:
        joined.send_must_see("club", by="mei", text="First")
        with refused("must-see-spacing"):
            joined.send_must_see("club", by="mei", text="Second")
        joined.publish_post("club", by="mei", text="After it")
    host.connection.commit()

    assert ["one"] == _orders(engine)
    assert ["First", "After it"] == _texts(kit)
    assert 2 == kit.audit_must_sees("club").attempts
    kit.verify()


def test_what_was_written_before(kit, host):
    """
    A command is decided on all that was committed before it, by anybody.
    """
    kit.send_must_see("club", by="mei", text="First")
    with kit.joined_to(host.handed_in) as joined:
        with refused("must-see-spacing"):
            joined.send_must_see("club", by="mei", text="Second")
        assert ("must-see-spacing",) == joined.would_allow(
            "send_must_see", "club", by="mei", text="Second"
        ).rules


def test_an_exception_inside(kit, host, engine):
    """
    An exception ends the block, and the transaction stays the host's to end.

    A command that failed changed nothing.
    """

    def stopped():
        with kit.joined_to(host.handed_in) as joined:
            joined.publish_post("club", by="mei", text="One")
            with pytest.raises(NotFoundError):
                joined.publish_post("nowhere", by="mei", text="Two")
            raise StopItError

    host.order("one")
    with pytest.raises(StopItError):
        stopped()
    host.order("two")
    host.connection.commit()

    assert ["one", "two"] == _orders(engine)
    assert ["One"] == _texts(kit)
    kit.verify()


def test_half_a_command(kit, host, engine):
    """
    A command that breaks off half-way is undone whole, and the host's rows stand.
    """
    kit.join_circle("club", "tao")
    for number in range(3):
        room = f"room{number}"
        kit.link_group("club", by="mei", name=room, group=room)
        kit.join_group(room, "tao")
    host.order("one")
    with kit.joined_to(host.handed_in) as joined:
        told = everything(joined)
        store = joined._store
        with store.writing() as transaction:
            written = transaction.session.run
        # The third event meets a place that is taken.
        taken = "INSERT INTO circlekit_event (position, stream, version, name, body, "
        taken += "checksum, digest) VALUES (:place, 'x', 1, 'x', :none, 0, :none)"
        with store.writing():
            written(taken, {"place": told[-1].position + 3, "none": b""})
        with pytest.raises(StoreError):
            joined.leave_circle("club", "tao")
        with store.writing():
            written("DELETE FROM circlekit_event WHERE stream = 'x'")
        assert told == everything(joined)
        joined.publish_post("club", by="tao", text="Still here")
    host.connection.commit()

    assert ["one"] == _orders(engine)
    assert ["Still here"] == _texts(kit)
    positions = [it.position for it in everything(kit)]
    assert list(range(1, len(positions) + 1)) == positions


def test_command_ids(kit, host):
    """
    A command id is one command's, in the host's transaction and out of it.

    Whether it was carried out before is answered by what was committed.
    """
    post = {"by": "mei", "text": "One"}
    with kit.joined_to(host.handed_in) as joined:
        joined.publish_post("club", **post, command_id="a")
    host.connection.rollback()
    with kit.joined_to(host.handed_in) as joined:
        first = joined.publish_post("club", **post, command_id="a")
        assert first == joined.publish_post("club", **post, command_id="a")
    host.connection.commit()

    assert first == kit.publish_post("club", **post, command_id="a")
    with kit.joined_to(host.handed_in) as joined:
        assert first == joined.publish_post("club", **post, command_id="a")
        with pytest.raises(CommandIdReusedError):
            joined.publish_post("club", by="mei", text="Two", command_id="a")
    assert ["One"] == _texts(kit)


def test_a_batch_inside(kit, host, engine):
    """
    A batch within the host's transaction is undone by itself.
    """

    def stopped(joined):
        with joined.batch():
            joined.publish_post("club", by="mei", text="Not this")
            joined.publish_post("club", by="mei", text="Nor this")
            raise StopItError

    host.order("one")
    with kit.joined_to(host.handed_in) as joined:
        joined.publish_post("club", by="mei", text="One")
        with pytest.raises(StopItError):
            stopped(joined)
        with joined.batch():
            joined.publish_post("club", by="mei", text="Two")
            joined.publish_post("club", by="mei", text="Three")
    host.connection.commit()

    assert ["One", "Two", "Three"] == _texts(kit)
    assert ["one"] == _orders(engine)
    kit.verify()


def test_a_savepoint_of_the_hosts(kit, host):
    """
    What the host undoes by going back to a savepoint is not believed any longer.
    """
    with kit.joined_to(host.handed_in) as joined:
        joined.publish_post("club", by="mei", text="One")
        host.run("SAVEPOINT mine")
        joined.join_circle("club", "tao")
        joined.publish_post("club", by="tao", text="Undone")
        host.run("ROLLBACK TO SAVEPOINT mine")
        with refused("not-a-member"):
            joined.publish_post("club", by="tao", text="Am I in?")
        joined.publish_post("club", by="mei", text="Two")
    host.connection.commit()

    assert ["One", "Two"] == _texts(kit)
    kit.verify()


@pytest.mark.parametrize("undo", ["ROLLBACK TO SAVEPOINT mine", "ROLLBACK"])
def test_undone_within_a_batch(kit, host, undo):
    """
    A batch does not go on upon what the host undid beneath it.
    """

    def undone():
        with kit.joined_to(host.handed_in) as joined, joined.batch():
            host.run("SAVEPOINT mine")
            joined.publish_post("club", by="mei", text="Undone")
            host.run(undo)
            joined.publish_post("club", by="mei", text="After it")

    with pytest.raises(StoreError, match=r"undone|broke off|has ended its"):
        undone()
    host.connection.commit()

    assert [] == _texts(kit)
    kit.publish_post("club", by="mei", text="Goes on")
    kit.verify()


def test_committed_within_a_batch(kit, host):
    """
    A host that commits within a batch leaves a log that is whole.
    """

    def committed():
        with kit.joined_to(host.handed_in) as joined, joined.batch():
            joined.publish_post("club", by="mei", text="One")
            host.connection.commit()
            joined.publish_post("club", by="mei", text="Two")

    with pytest.raises(StoreError):
        committed()
    host.connection.rollback()

    assert ["One"] == _texts(kit)
    kit.publish_post("club", by="mei", text="Goes on")
    kit.verify()


@pytest.mark.parametrize("way", ["driver", "sqlalchemy"])
def test_several_transactions(kit, host, engine):
    """
    A host that commits within the block goes on in its next transaction.

    A session of SQLAlchemy's ORM gives its connection back then, and joins again.
    """
    with kit.joined_to(host.handed_in) as joined:
        host.order("one")
        joined.publish_post("club", by="mei", text="One")
        host.connection.commit()
        joined.publish_post("club", by="mei", text="Two")
        host.order("two")
        host.connection.commit()
        joined.publish_post("club", by="mei", text="Three")
        host.order("three")
        host.connection.rollback()

    assert ["One", "Two"] == _texts(kit)
    assert ["one", "two"] == _orders(engine)
    kit.verify()


def test_after_the_block(kit, host):
    """
    What was lent is of no use after the block; the kit itself is again.
    """
    with kit.joined_to(host.handed_in) as joined:
        joined.publish_post("club", by="mei", text="One")
        events = joined.history("club")
        next(events)
    host.connection.commit()

    for late in (
        lambda: joined.publish_post("club", by="mei", text="Two"),
        lambda: joined.feed("mei"),
        lambda: list(joined.history("club")),
    ):
        with pytest.raises(StoreError, match="has ended"):
            late()
    joined.close()
    kit.publish_post("club", by="mei", text="Two")
    assert ["One", "Two"] == _texts(kit)


def test_the_kit_inside(kit, host):
    """
    The kit itself is not used within the block: it would wait for its own lock.
    """
    with kit.joined_to(host.handed_in) as joined:
        for inside in (
            lambda: kit.publish_post("club", by="mei", text="Two"),
            lambda: kit.feed("mei"),
            lambda: kit.would_allow("leave_circle", "club", "mei"),
            lambda: list(kit.history("club")),
            lambda: kit.batch().__enter__(),
            lambda: kit.joined_to(host.handed_in).__enter__(),
        ):
            with pytest.raises(StoreError, match="has joined"):
                inside()
        with pytest.raises(StoreError, match=r"in memory|a connection"):
            joined.joined_to(host.handed_in).__enter__()
        joined.publish_post("club", by="mei", text="One")
    host.connection.commit()

    assert ["One"] == _texts(kit)


def test_a_batch_outside(kit, host):
    """
    Within a batch of the kit the thread holds the store already.
    """
    with (
        kit.batch(),
        pytest.raises(StoreError, match="batch"),
        kit.joined_to(host.handed_in),
    ):
        pass


def test_another_thread(kit, host, engine):
    """
    Another thread keeps to the kit's own connections, and waits for its turn.

    The host may join again while it waits: nobody waits for the one who waits.
    """
    waiting = Event()

    def post():
        waiting.set()
        return kit.publish_post("club", by="mei", text="From the thread")

    with ThreadPoolExecutor() as pool:
        with kit.joined_to(host.handed_in) as joined:
            joined.publish_post("club", by="mei", text="One")
            assert [] == pool.submit(_texts, kit).result()
            posted = pool.submit(post)
            waiting.wait()
            joined.publish_post("club", by="mei", text="Two")
        with kit.joined_to(host.handed_in) as joined:
            joined.publish_post("club", by="mei", text="Three")
        host.order("one")
        assert not posted.done()
        host.connection.commit()
        posted.result()

    assert ["One", "Two", "Three", "From the thread"] == _texts(kit)
    assert ["one"] == _orders(engine)
    kit.verify()


def test_a_thread_that_waits_in_vain(url, kit, host):
    """
    A thread that waits too long for the host is told so, and nothing is written.
    """
    with CircleKit(url, clock=ManualClock(MARCH_1), busy_seconds=0.05) as hasty:
        with hasty.joined_to(host.handed_in) as joined, ThreadPoolExecutor() as pool:
            joined.publish_post("club", by="mei", text="One")
            late = pool.submit(hasty.publish_post, "club", by="mei", text="Late")
            with pytest.raises(BusyError):
                late.result()
            joined.publish_post("club", by="mei", text="Two")
        host.connection.commit()

        assert ["One", "Two"] == _texts(hasty)


def test_the_host_waits_in_vain(url, kit, engine):
    """
    A host that has to wait too long is told so, and its rows stand.
    """
    ours, theirs = PROCESSES.Pipe()
    with (
        CircleKit(url, clock=ManualClock(MARCH_1), busy_seconds=0.05) as hasty,
        host_connection(url, patience=0.05) as connection,
    ):
        if isinstance(connection, psycopg.Connection):
            connection.execute("INSERT INTO orders (name) VALUES ('one')")
        process = PROCESSES.Process(target=workers.hold, args=(theirs, url))
        process.start()
        theirs.close()
        assert "held" == ours.recv()
        with pytest.raises(BusyError), hasty.joined_to(connection):
            pass
        ours.send("go on")
        ours.close()
        process.join()
        if not isinstance(connection, psycopg.Connection):
            connection.execute("INSERT INTO orders (name) VALUES ('one')")
        with hasty.joined_to(connection) as joined:
            joined.publish_post("club", by="mei", text="Two")
        connection.commit()

    assert ["Mine", "Two"] == _texts(kit)
    assert ["one"] == _orders(engine)


@pytest.mark.parametrize("round_", range(3))
def test_killed_before_the_commit(url, kit, engine, round_):
    """
    A host that is killed before it commits leaves neither its row nor the events.

    After the commit, both.
    """
    ours, theirs = PROCESSES.Pipe()
    process = PROCESSES.Process(
        target=workers.order_and_post, args=(theirs, url, round_)
    )
    process.start()
    theirs.close()
    assert "not committed" == ours.recv()
    process.kill()
    process.join()
    ours.close()

    done = [f"order {number}" for number in range(round_)]
    assert done == _orders(engine)
    assert done == _texts(kit)
    kit.publish_post("club", by="mei", text="Goes on")
    kit.verify()


def test_many_hosts_at_once(url, kit, engine):
    """
    Hosts in several processes, with and without transactions of their own, lose none.

    What one of them took back is in neither table.
    """
    answers = workers.run(
        workers.order_and_post_often, *((url, name, 12) for name in ("a", "b", "c"))
    )

    done = sorted(said for one in answers for said in one)
    assert 24 == len(done)
    assert done == _orders(engine)
    alone = "by itself"
    assert done == sorted(said for said in _texts(kit) if alone not in said)
    assert 36 == sum(alone in said for said in _texts(kit))
    kit.verify()


def _joins(kit, connection):
    with kit.joined_to(connection):
        pass


def test_another_store(kit, host, tmp_path, backend, request):
    """
    A connection that leads to another store than the kit's is turned away.

    Though there is a circlekit in it as well.
    """
    if backend == "sqlite":
        url = f"sqlite:///{tmp_path / 'other.db'}"
        with (
            CircleKit(url),
            host_connection(url) as connection,
            pytest.raises(StoreError, match="another file"),
        ):
            _joins(kit, connection)
        return
    with (
        request.getfixturevalue("server").store() as url,
        host_connection(url) as connection,
        pytest.raises(StoreError, match="another database"),
    ):
        _joins(kit, connection)


def test_in_another_folder(tmp_path, monkeypatch):
    """
    A file that was named from one folder is the same when the host is in another.
    """
    (tmp_path / "later").mkdir()
    monkeypatch.chdir(tmp_path)
    with CircleKit("sqlite:///kit.db", clock=ManualClock(MARCH_1)) as kit:
        monkeypatch.chdir("later")
        with closing(sqlite3.connect(tmp_path / "kit.db")) as host:
            with kit.joined_to(host) as joined:
                joined.found_circle(name="Club", kind="community", by="mei")
            host.commit()

        assert 6 == kit.newest_position()
    assert [] == list((tmp_path / "later").iterdir())


@on_sqlite
def test_no_store(kit, tmp_path):
    """
    So is one to a file without a circlekit in it, and one to no file at all.
    """
    for place in (tmp_path / "empty.db", ":memory:"):
        with (
            closing(sqlite3.connect(place)) as connection,
            pytest.raises(StoreError, match="another file"),
        ):
            _joins(kit, connection)


@on_postgresql
def test_no_store_there(kit, server):
    """
    So is one to a database without a circlekit in it, or with another search path.
    """
    url = server.database()
    try:
        with (
            psycopg.connect(url) as connection,
            pytest.raises(StoreError, match="another database"),
        ):
            _joins(kit, connection)
    finally:
        server.drop(url)


@on_postgresql
def test_another_schema(kit, host):
    """
    A connection whose search path does not lead to the tables is turned away.

    The host's transaction goes on.
    """
    host.run("SET LOCAL search_path = pg_catalog")
    with pytest.raises(StoreError, match="search path"):
        _joins(kit, host.handed_in)
    host.run("SET LOCAL search_path = public")
    _joins(kit, host.handed_in)


def test_another_version(kit, host):
    """
    A store that was brought to another version meanwhile is not written.
    """
    host.run("UPDATE circlekit_schema SET version = 99")
    host.connection.commit()

    with pytest.raises(StoreError, match="version 99"):
        _joins(kit, host.handed_in)


@every_way
def test_a_closed_connection(kit, way, engine, url):
    """
    A connection that was closed is a typed error.
    """
    with host_of(way, engine, url) as host:
        handed_in = host.handed_in
    with pytest.raises(StoreError, match="closed"):
        _joins(kit, handed_in)


def test_no_connection(kit, backend, engine):
    """
    What is no connection, or one of another kind, is a typed error.
    """
    other = sqlite3 if backend == "postgresql" else psycopg
    for wrong in (None, "sqlite:///kit.db", engine, other):
        with pytest.raises(StoreError, match="a connection of SQLAlchemy"):
            _joins(kit, wrong)


def test_in_memory():
    """
    A store in memory has one connection, and it is not the host's.
    """
    with (
        CircleKit("sqlite://") as kit,
        closing(sqlite3.connect(":memory:")) as connection,
        pytest.raises(StoreError, match="in memory"),
    ):
        _joins(kit, connection)


@on_sqlite
@pytest.mark.parametrize("level", ["", "DEFERRED", "IMMEDIATE", "EXCLUSIVE"])
def test_a_driver_that_begins(kit, url, engine, level):
    """
    Where the driver begins transactions by itself, so do we, and the host commits.
    """
    path = url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(path, isolation_level=level)) as connection:
        assert not connection.in_transaction
        with kit.joined_to(connection) as joined:
            joined.publish_post("club", by="mei", text="One")
        assert connection.in_transaction
        connection.execute("INSERT INTO orders (name) VALUES ('one')")
        connection.commit()

    assert ["One"] == _texts(kit)
    assert ["one"] == _orders(engine)


def test_a_driver_that_commits(kit, url, engine):
    """
    A connection that commits every statement by itself has to begin first.
    """
    with host_connection(url) as connection:
        if isinstance(connection, psycopg.Connection):
            connection.autocommit = True
        else:
            connection.isolation_level = None
        with pytest.raises(StoreError, match="commits each statement"):
            _joins(kit, connection)
        for begin, end in (("BEGIN", "ROLLBACK"), ("BEGIN", "COMMIT")):
            connection.execute(begin)
            connection.execute("INSERT INTO orders (name) VALUES ('one')")
            with kit.joined_to(connection) as joined:
                joined.publish_post("club", by="mei", text="One")
            connection.execute(end)

    assert ["One"] == _texts(kit)
    assert ["one"] == _orders(engine)


def test_an_engine_that_commits(kit, engine):
    """
    So does one of SQLAlchemy in the mode that commits every statement.
    """
    with (
        engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection,
        pytest.raises(StoreError, match="commits each statement"),
    ):
        _joins(kit, connection)


@on_sqlite
def test_a_transaction_that_has_read(kit, url):
    """
    SQLite lets a transaction that began by reading write if nobody has since.

    Otherwise it is a typed error, which says how to begin.
    """
    path = url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN")
        connection.execute("SELECT * FROM circlekit_event").fetchall()
        with kit.joined_to(connection) as joined:
            joined.publish_post("club", by="mei", text="One")
        connection.execute("COMMIT")
        connection.execute("BEGIN")
        connection.execute("SELECT * FROM circlekit_event").fetchall()
        kit.publish_post("club", by="mei", text="Two")
        with pytest.raises(StoreError, match="BEGIN IMMEDIATE"):
            _joins(kit, connection)
        connection.execute("ROLLBACK")

    assert ["One", "Two"] == _texts(kit)


@on_sqlite
def test_rows_of_another_shape(kit, url, engine):
    """
    A host may have its rows and its text in whatever shape, and keeps it.
    """
    path = url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory, connection.text_factory = sqlite3.Row, bytes
        with kit.joined_to(connection) as joined:
            joined.publish_post("club", by="mei", text="One")
            assert ["One"] == _texts(joined)
        assert (sqlite3.Row, bytes) == (connection.row_factory, connection.text_factory)
        connection.commit()

    assert ["One"] == _texts(kit)


@on_postgresql
def test_what_is_set_on_a_connection(kit, url):
    """
    So on a server, where neither its patience nor its rows' shape are changed.
    """
    with psycopg.connect(url, row_factory=dict_row) as connection:
        connection.execute("SET lock_timeout = '1234ms'")
        with kit.joined_to(connection) as joined:
            joined.publish_post("club", by="mei", text="One")
        found = connection.execute("SHOW lock_timeout").fetchone()
        assert {"lock_timeout": "1234ms"} == found

    assert ["One"] == _texts(kit)


@on_postgresql
def test_a_transaction_block(kit, url, engine):
    """
    The driver's own blocks, one in another, are transactions like any.
    """
    with (
        psycopg.connect(url, autocommit=True) as connection,
        connection.transaction(),
    ):
        connection.execute("INSERT INTO orders (name) VALUES ('one')")
        with kit.joined_to(connection) as joined:
            joined.publish_post("club", by="mei", text="One")
            with connection.transaction(force_rollback=True):
                joined.publish_post("club", by="mei", text="Undone")
            joined.publish_post("club", by="mei", text="Two")

    assert ["One", "Two"] == _texts(kit)
    assert ["one"] == _orders(engine)
    kit.verify()


@on_postgresql
@pytest.mark.parametrize("level", ["REPEATABLE READ", "SERIALIZABLE"])
def test_a_transaction_that_sees_one_moment(kit, url, level):
    """
    A transaction that sees one moment only cannot write once others have since.

    That is a typed error, and the transaction goes on.
    """
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"BEGIN ISOLATION LEVEL {level}")
        connection.execute("SELECT * FROM circlekit_event")
        kit.publish_post("club", by="mei", text="One")
        with pytest.raises(BusyError):
            _joins(kit, connection)
        connection.execute("SELECT * FROM circlekit_event")
        connection.execute("COMMIT")
        connection.execute(f"BEGIN ISOLATION LEVEL {level}")
        with kit.joined_to(connection) as joined:
            joined.publish_post("club", by="mei", text="Two")
        connection.execute("COMMIT")

    assert ["One", "Two"] == _texts(kit)
    kit.verify()


@on_postgresql
def test_a_transaction_that_failed(kit, url):
    """
    A transaction in which a statement failed takes no commands.
    """
    with psycopg.connect(url) as connection:
        with pytest.raises(psycopg.Error):
            connection.execute("SELECT nothing FROM nowhere")
        with pytest.raises(StoreError, match="roll it back"):
            _joins(kit, connection)
        connection.rollback()
        _joins(kit, connection)


@on_postgresql
def test_a_lost_connection(kit, url):
    """
    A connection that is lost on the way takes the host's transaction with it.
    """

    def lost():
        with psycopg.connect(url) as connection, kit.joined_to(connection) as joined:
            joined.publish_post("club", by="mei", text="One")
            with psycopg.connect(url, autocommit=True) as other:
                pid = connection.info.backend_pid
                other.execute("SELECT pg_terminate_backend(%s)", (pid,))
            joined.publish_post("club", by="mei", text="Two")

    with pytest.raises(StoreError, match="lost"):
        lost()

    assert [] == _texts(kit)
    kit.publish_post("club", by="mei", text="Goes on")


@on_postgresql
def test_text_of_another_encoding(kit, url):
    """
    A connection with text of another encoding is a typed error.
    """
    with (
        psycopg.connect(url, client_encoding="LATIN1") as connection,
        pytest.raises(StoreError, match="utf-8"),
    ):
        _joins(kit, connection)
