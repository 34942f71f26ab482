"""
What can happen to a store on a server: lost connections, lost replies, odd URLs.
"""

import logging
import socket
import subprocess
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from queue import Queue
from threading import Event, Thread

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from circlekit import BusyError, CircleKit, ManualClock, StoreError
from circlekit.errors import OutcomeUnknownError
from circlekit.store import open_store
from circlekit.store.migrating import TABLES
from circlekit.store.opening import database_at
from circlekit.store.session import Settings
from tests.application.town import MARCH_1, everything
from tests.store.proxy import Proxy

CANARY = "s3cr3t-canary"
SEND_AWAY = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'circlekit'
"""


@pytest.fixture
def proxy(server_url):
    between = Proxy(server_url)
    yield between
    between.close()


@pytest.fixture
def kit(proxy):
    with CircleKit(proxy.url, clock=ManualClock(MARCH_1)) as opened:
        opened.found_circle(name="Club", kind="community", by="mei", circle="club")
        yield opened


def _posts(kit):
    return [
        it.event.text
        for it in kit.history("club")
        if type(it.event).__name__ == "PostPublished"
    ]


def test_sent_away_between_commands(kit, server_url):
    """
    A server that ended all connections between two commands is asked again.

    Nobody notices: not who writes, and not who reads.
    """
    for number in range(3):
        with psycopg.connect(server_url) as connection:
            connection.execute(SEND_AWAY)
        kit.publish_post("club", by="mei", text=f"{number}")
        with psycopg.connect(server_url) as connection:
            connection.execute(SEND_AWAY)
        assert f"{number}" == kit.feed("mei").items[0].text

    assert ["0", "1", "2"] == _posts(kit)
    kit.verify()


def test_cut_between_commands(kit, proxy):
    """
    So is one that could not be reached for a moment.
    """
    proxy.cut()
    kit.publish_post("club", by="mei", text="One")
    proxy.cut()

    assert ["One"] == _posts(kit)


def test_cut_within_a_command(kit, proxy):
    """
    A connection that is lost before the commit is a typed error.

    Nothing was written, and the kit does not believe otherwise.
    """

    def cut_off(then):
        with kit.batch():
            kit.publish_post("club", by="mei", text="Lost")
            kit.join_circle("club", "tao")
            proxy.cut()
            then()

    for then in (
        lambda: kit.publish_post("club", by="mei", text="Lost as well"),
        lambda: None,
    ):
        with pytest.raises(StoreError, match="nothing was written"):
            cut_off(then)

    assert [] == _posts(kit)
    kit.join_circle("club", "tao")
    kit.publish_post("club", by="tao", text="Goes on")
    kit.verify()


def test_a_lost_reply(kit, proxy):
    """
    A COMMIT to which the server's answer is lost is done once, and answered.

    The kit asks the server what became of it.
    """
    posts = []
    for number in range(25):
        proxy.eat_replies = 1
        posts.append(kit.publish_post("club", by="mei", text=f"{number}"))
        assert 0 == proxy.eat_replies

    assert [f"{number}" for number in range(25)] == _posts(kit)
    assert posts == [item.post for item in reversed(kit.feed("mei", limit=50).items)]
    kit.verify()


def test_a_lost_reply_to_a_batch(kit, proxy):
    """
    A batch whose COMMIT is not answered is there whole, and once.
    """
    proxy.eat_replies = 1
    with kit.batch():
        for number in range(3):
            kit.publish_post("club", by="mei", text=f"{number}")

    assert ["0", "1", "2"] == _posts(kit)


def test_a_lost_reply_to_a_named_command(kit, proxy):
    """
    A command with an id whose COMMIT is not answered may be repeated as ever.
    """
    proxy.eat_replies = 1
    post = kit.send_must_see("club", by="mei", text="Once", command_id="one")

    assert post == kit.send_must_see("club", by="mei", text="Once", command_id="one")
    assert 1 == kit.audit_must_sees().sent


def test_an_id_that_the_kit_made(server_url):
    """
    A command that the host gave no id has one of the kit's, which the error names.
    """
    between = Proxy(server_url)
    with CircleKit(between.url, busy_seconds=0.2) as kit:
        kit.found_circle(name="Club", kind="community", by="mei", circle="club")
        between.eat_replies = 1
        between._listening.shutdown(socket.SHUT_RDWR)
        with pytest.raises(OutcomeUnknownError) as caught:
            kit.send_must_see("club", by="mei", text="Once")
    between.close()

    with CircleKit(server_url) as kit:
        post = kit.send_must_see(
            "club", by="mei", text="Once", command_id=caught.value.command_id
        )
        assert [post] == [item.post for item in kit.feed("mei").items]
        assert 1 == kit.audit_must_sees().sent


@contextmanager
def following(kit, poll):
    """
    Follow in a thread, and lend what was shown, with a way to wait for more.
    """
    stop, shown = Event(), Queue()
    thread = Thread(
        target=kit.follow,
        args=("news", lambda it: shown.put(it.position)),
        kwargs={"poll": poll, "stop": stop},
    )
    thread.start()
    try:
        yield shown
    finally:
        stop.set()
        thread.join()


def test_woken(server_url):
    """
    A follower that would look in an hour is told by the server that there is news.
    """
    with CircleKit(server_url) as kit, following(kit, poll=3_600) as shown:
        for member in ("mei", "tao", "lin"):
            kit.found_circle(name="Club", kind="community", by=member, circle=member)
            newest = kit.newest_position()
            while shown.get(timeout=60) < newest:
                pass

        assert newest == 3 * 6


def test_following_over_a_broken_connection(server_url):
    """
    A follower whose connections break asks again, and is shown what it missed.
    """
    between = Proxy(server_url)
    with (
        CircleKit(between.url) as kit,
        CircleKit(server_url) as other,
        following(kit, poll=0.05) as shown,
    ):
        for member in ("mei", "tao", "lin"):
            other.found_circle(name="Club", kind="community", by=member, circle=member)
            newest = other.newest_position()
            while shown.get(timeout=60) < newest:
                pass
            between.cut()
    between.close()

    assert newest == 3 * 6


def test_a_lost_commit(kit, proxy):
    """
    A COMMIT that does not arrive is told from one that does: nothing was written.
    """
    for _ in range(20):
        # One that is tried without the lock, and one with it.
        proxy.eat_commits = 2
        with pytest.raises(StoreError, match="nothing was written") as caught:
            kit.publish_post("club", by="mei", text="Lost")
        assert not isinstance(caught.value, OutcomeUnknownError)
    proxy.eat_commits = 0

    assert [] == _posts(kit)
    post = kit.publish_post("club", by="mei", text="Found")
    assert 4 == post.version


def test_nobody_to_ask(server_url):
    """
    If the server is gone for good, that nobody knows is what the host is told.

    The same command with its id is then answered by what became of it.
    """
    between = Proxy(server_url)
    with CircleKit(between.url, busy_seconds=0.2) as kit:
        kit.found_circle(name="Club", kind="community", by="mei", circle="club")

        def lose():
            with kit.batch():
                kit.publish_post("club", by="mei", text="Once", command_id="one")
                between.eat_replies = 1
                between._listening.shutdown(socket.SHUT_RDWR)

        with pytest.raises(OutcomeUnknownError, match="command id"):
            lose()
    between.close()

    with CircleKit(server_url) as kit:
        kit.publish_post("club", by="mei", text="Once", command_id="one")
        assert ["Once"] == _posts(kit)


def test_a_follower(server_url):
    """
    Whoever follows the log while many write misses no event, and sees none twice.
    """
    writers, each = 4, 40
    with CircleKit(server_url) as kit:
        kit.found_circle(name="Club", kind="community", by="mei", circle="club")
    seen = []

    def write(_number):
        with CircleKit(server_url) as kit:
            for _ in range(each):
                kit.publish_post("club", by="mei", text="x")

    def follow():
        store = open_store(server_url)
        while len(seen) < 6 + writers * each:
            with store.reading() as transaction:
                newest = seen[-1] if seen else 0
                seen.extend(
                    it.position for it in transaction.span(newest + 1, newest + 50)
                )
        store.close()

    with ThreadPoolExecutor(writers + 1) as pool:
        following = pool.submit(follow)
        list(pool.map(write, range(writers)))
        following.result()

    assert list(range(1, 6 + writers * each + 1)) == seen


def test_a_session_in_the_way(server_url, kit):
    """
    Whoever holds the head's row, be it another program, the error is typed.
    """
    with (
        CircleKit(server_url, busy_seconds=0.05) as other,
        psycopg.connect(server_url) as connection,
    ):
        connection.execute("SELECT * FROM circlekit_head FOR UPDATE")
        with pytest.raises(BusyError):
            other.publish_post("club", by="mei", text="x")
        connection.rollback()
        other.publish_post("club", by="mei", text="x")


def test_all_connections_in_use(server_url, kit):
    """
    Who waits in vain for one of a kit's connections is told that it is busy.
    """
    with CircleKit(server_url, busy_seconds=0.05) as other:
        sessions = [other._store._database.session() for _ in range(15)]
        with pytest.raises(BusyError):
            other.circles("mei")
        for session in sessions:
            session.close()
        assert ["Club"] == [it.name for it in other.circles("mei")]


def test_what_fails_with_the_commit(kit, server_url):
    """
    What fails only when it is sent, with the commit, fails as the command that said it.

    Nothing of it is there, and the connection is as good as before.
    """
    before = everything(kit)
    with psycopg.connect(server_url, autocommit=True) as host:
        # Where the next event would stand; the head knows nothing of it.
        host.execute(_PUT_IN_THE_WAY)
        for _ in range(3):
            with pytest.raises(StoreError):
                kit.publish_post("club", by="mei", text="Tried without the lock")
            with pytest.raises(StoreError):
                kit.join_circle("club", "lin")
            with pytest.raises(StoreError):
                _three_join(kit)
        host.execute("DELETE FROM circlekit_event WHERE stream = 'in/the-way'")
        states = host.execute(_STATES).fetchall()

    assert {("idle",)} >= set(states)
    assert before == everything(kit)
    kit.join_circle("club", "lin")
    kit.publish_post("club", by="lin", text="Hello")
    kit.verify()


def _three_join(kit):
    with kit.batch():
        kit.join_circle("club", "lin")
        with suppress(StoreError):
            kit.join_circle("club", "ada")
        with suppress(StoreError), kit.batch():
            kit.join_circle("club", "ben")


_PUT_IN_THE_WAY = """
INSERT INTO circlekit_event
SELECT position + 1, 'in/the-way', 1, name, body, checksum, digest
FROM circlekit_event ORDER BY position DESC LIMIT 1
"""
_STATES = """
SELECT state FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'circlekit'
"""


def test_another_database(server):
    """
    A database that does not keep text as UTF-8 is not made a store of.
    """
    options = conninfo_to_dict(server.url)
    with psycopg.connect(**{**options, "autocommit": True}) as connection:
        connection.execute("DROP DATABASE IF EXISTS circlekit_latin")
        connection.execute(
            "CREATE DATABASE circlekit_latin TEMPLATE template0 "
            "ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'"
        )
    latin = database_at(server.url, Settings(busy_seconds=1))
    latin._options["dbname"] = "circlekit_latin"
    session = latin.session()
    try:
        with pytest.raises(StoreError, match="LATIN1"):
            session.begin_changing()
    finally:
        session.close()
        latin.close()
        with psycopg.connect(**{**options, "autocommit": True}) as connection:
            connection.execute("DROP DATABASE circlekit_latin")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://kit@db:5433/club", "postgresql://kit@db:5433/club"),
        ("postgres://db/club", "postgresql://db/club"),
        ("postgresql+psycopg://db/club?sslmode=require", "postgresql://db/club"),
        (
            "postgresql://kit:secret@one:5432,two:5433/club?target_session_attrs=any",
            "postgresql://kit@one:5432,two:5433/club",
        ),
        (
            "postgresql:///club?host=one:5432&host=two:5433&password=secret",
            "postgresql://one:5432,two:5433/club",
        ),
        (
            "postgresql://%2Frun%2Fpostgresql/club",
            "postgresql://%2Frun%2Fpostgresql/club",
        ),
    ],
)
def test_urls(url, shown):
    """
    A URL may name several hosts, a socket's folder, and anything that libpq knows.

    What is shown of it has no password.
    """
    database = database_at(url, Settings(busy_seconds=1))

    assert shown == database.url


def test_options_reach_the_driver():
    """
    What a URL says of hosts, sessions and TLS is handed on as it is.
    """
    database = database_at(
        "postgresql://kit@one,two:5433/club?target_session_attrs=read-write"
        "&sslmode=verify-full&sslrootcert=/etc/ca.pem",
        Settings(busy_seconds=1),
    )

    assert {
        "user": "kit",
        "host": "one,two",
        "port": ",5433",
        "dbname": "club",
        "target_session_attrs": "read-write",
        "sslmode": "verify-full",
        "sslrootcert": "/etc/ca.pem",
    } == database._options


def test_the_second_host(server_url, proxy):
    """
    If the first of two hosts is not there, the second one is asked.
    """
    options = conninfo_to_dict(proxy.url)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        nobody = listening.getsockname()[1]
    who = f"{options['user']}:{options.get('password', '')}"
    where = f"127.0.0.1:{nobody},127.0.0.1:{options['port']}"
    asked = "sslmode=disable&gssencmode=disable&target_session_attrs=read-write"
    several = f"postgresql://{who}@{where}/{options['dbname']}?{asked}"

    with CircleKit(several) as kit:
        kit.found_circle(name="Club", kind="community", by="mei", circle="club")
        kit.verify()


@pytest.mark.parametrize(
    "rest",
    [
        f"kit:{CANARY}@127.0.0.1:1/kit",
        f"kit:{CANARY}@127.0.0.1:1/kit?sslmode=wrong",
        f"kit:{CANARY}@127.0.0.1:99999999/kit",
        f"kit:{CANARY}@127.0.0.1:port/kit",
        f"kit:{CANARY}@127.0.0.1:1,127.0.0.1:2,127.0.0.1/kit",
        f"kit:{CANARY}@[::1/kit",
        f"kit:{CANARY}%00@127.0.0.1:1/kit",
        f"kit:{CANARY}%zz@127.0.0.1:1/kit",
        f"kit:{CANARY}@127.0.0.1:1/kit?no_such_option=1",
        f"/kit?host=127.0.0.1&port=1&password={CANARY}",
        f"/kit?host=127.0.0.1&port=1&password={CANARY}&sslpassword={CANARY}&sslmode=no",
        f"/kit?hostaddr=none&port=1&password={CANARY}",
    ],
)
@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_passwords(scheme, rest, caplog):
    """
    A password is in no word of an error, nor of the errors behind it, nor logged.
    """
    caplog.set_level(logging.DEBUG)
    url = f"{scheme}://{rest}"

    with pytest.raises(StoreError) as caught:
        CircleKit(url, busy_seconds=0.1).close()

    told = "".join(
        traceback.TracebackException.from_exception(caught.value).format(chain=True)
    )
    assert CANARY not in told
    assert CANARY not in repr(caught.value)
    assert CANARY not in caplog.text
    behind = caught.value.__context__ or caught.value.__cause__
    assert CANARY not in repr(behind)


def test_passwords_of_a_store_in_use(proxy, caplog):
    """
    Neither is it in what a kit shows of itself, or says of a lost connection.
    """
    caplog.set_level(logging.DEBUG)
    with CircleKit(f"{proxy.url}&password={CANARY}", busy_seconds=0.2) as kit:
        kit.found_circle(name="Club", kind="community", by="mei", circle="club")
        shown = [repr(kit), repr(kit._store), str(kit._store.url)]
        proxy.close()
        for ask in (
            lambda: kit.publish_post("club", by="mei", text="x"),
            lambda: kit.feed("mei"),
            kit.verify,
        ):
            with pytest.raises(StoreError) as caught:
                ask()
            shown += traceback.TracebackException.from_exception(caught.value).format()

    assert CANARY not in "".join(shown)
    assert CANARY not in caplog.text


def test_without_the_driver():
    """
    Without psycopg the kit works on SQLite, and says what PostgreSQL needs.
    """
    code = (
        "import sys; sys.modules['psycopg'] = None; from circlekit import *\n"
        "CircleKit('sqlite://').close()\n"
        "try: CircleKit('postgresql://db/club')\n"
        "except StoreError as error: print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, text=True
    )

    assert "the extra `postgres`" in done.stdout


def test_the_driver_is_loaded_late():
    """
    Whoever keeps their store in SQLite does not wait for PostgreSQL's driver.
    """
    code = (
        "import sys; from circlekit import CircleKit; CircleKit('sqlite://').close();"
        "print('psycopg' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, text=True
    )

    assert "False\n" == done.stdout


def test_a_worker_with_few_rights(server, server_url):
    """
    A worker needs no more rights than to read and write the rows of our tables.
    """
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute("DROP ROLE IF EXISTS circlekit_worker")
        connection.execute("CREATE ROLE circlekit_worker")
        for table in TABLES:
            connection.execute(
                f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO circlekit_worker"
            )
    try:
        with CircleKit(f"{server_url}&options=-crole%3Dcirclekit_worker") as kit:
            kit.found_circle(name="Club", kind="community", by="mei", circle="club")
            kit.publish_post("club", by="mei", text="Welcome")
            assert ["Welcome"] == [item.text for item in kit.feed("mei").items]
            kit.rebuild_read_models()
            kit.verify()
            with (
                pytest.raises(StoreError, match="must be owner"),
                kit._store.writing() as transaction,
            ):
                transaction.run("DROP TABLE circlekit_event")
    finally:
        with psycopg.connect(server_url, autocommit=True) as connection:
            connection.execute("DROP OWNED BY circlekit_worker")
            connection.execute("DROP ROLE circlekit_worker")
