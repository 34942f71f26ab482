"""
How a store is made, and how one of an earlier version is brought up to date.
"""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import psycopg
import pytest

from circlekit import CircleKit, CorruptEventError, ManualClock, StoreError
from circlekit.store import Migration, migrate, migration_sql
from circlekit.store.migrating import TABLES
from tests.application.town import MARCH_1, everything, settle
from tests.store import workers

STARTS = 60
# A store as version 1 had it: a checksum with every event, and no chain.
_BEFORE_THE_CHAIN = """
ALTER TABLE circlekit_event DROP COLUMN digest;
DROP TABLE circlekit_head;
UPDATE circlekit_schema SET version = 1;
"""


@pytest.fixture
def bare(backend, tmp_path, request):
    """
    The URL of a place where no store is yet.
    """
    if backend == "sqlite":
        yield f"sqlite:///{tmp_path / 'bare.db'}"
        return
    server = request.getfixturevalue("server")
    url = server.database()
    yield url
    server.drop(url)


@pytest.fixture
def earlier(tmp_path):
    path = tmp_path / "kit.db"
    url = f"sqlite:///{path}"
    clock = ManualClock(MARCH_1)
    with CircleKit(url, clock=clock) as kit:
        settle(kit, clock)
        told, head, feed = everything(kit), kit.verify(), kit.feed("tao")
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(_BEFORE_THE_CHAIN)
    return path, url, (told, head, feed)


def test_made_once(bare):
    """
    A store is made by the first migration; the second finds it, and changes nothing.
    """
    assert Migration(before=None, version=2, made=tuple(sorted(TABLES))) == (
        migrate(bare)
    )
    with CircleKit(bare, create=False) as kit:
        kit.found_circle(name="Club", kind="community", by="mei", circle="club")
        head = kit.verify()

    assert Migration(before=2, version=2, made=()) == migrate(bare)
    with CircleKit(bare) as kit:
        assert head == kit.verify()


def test_many_at_once(bare):
    """
    Sixty that make the same new store, and start in it at once, all get to work.
    """

    def start(number):
        migrate(bare)
        with CircleKit(bare) as kit:
            kit.found_circle(
                name="Club", kind="community", by="mei", circle=f"{number}"
            )
            return len(list(kit.history(f"{number}")))

    with ThreadPoolExecutor(STARTS) as pool:
        answers = list(pool.map(start, range(STARTS)))

    assert [3] * STARTS == answers
    with CircleKit(bare) as kit:
        positions = [it.position for it in everything(kit)]
        assert list(range(1, STARTS * 6 + 1)) == positions
        kit.verify()


def test_many_processes_at_once(bare):
    """
    Processes that make the same new store at once do not get into each other's way.
    """
    answers = workers.run(
        workers.migrate_and_post, *((bare, f"{n}") for n in range(12))
    )

    assert [3] * 12 == answers


def test_the_printed_sql(bare, backend):
    """
    A host may run the printed SQL by a tool of its own, as often as it likes.

    What it makes is a store.
    """
    printed = migration_sql(bare)
    for _ in range(2):
        if backend == "sqlite":
            path = bare.removeprefix("sqlite:///")
            with closing(sqlite3.connect(path)) as connection:
                connection.executescript(printed)
        else:
            with psycopg.connect(bare) as connection:
                connection.execute(printed)

    assert Migration(before=2, version=2, made=()) == migrate(bare)
    with CircleKit(bare, create=False) as kit:
        kit.found_circle(name="Club", kind="community", by="mei", circle="club")
        kit.verify()


def test_opening_makes_nothing_on_postgresql(server):
    """
    A worker never makes tables on a server: it says what to run.
    """
    url = server.database()

    for create in (True, False):
        with pytest.raises(StoreError, match="circlekit migrate --store postgresql://"):
            CircleKit(url, create=create)

    with psycopg.connect(url) as connection:
        ((tables,),) = connection.execute(
            "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
        )
    server.drop(url)
    assert 0 == tables


def test_the_version_before_the_chain(earlier):
    """
    A store that had no chain says what to run; that chains it, and loses nothing.
    """
    _, url, (told, head, feed) = earlier
    with pytest.raises(StoreError, match=r"version 1.* needs 2.*circlekit migrate"):
        CircleKit(url)

    progress = []
    done = migrate(url, progress=lambda at, newest: progress.append((at, newest)))

    assert Migration(before=1, version=2, made=("circlekit_head",)) == done
    assert [(len(told), len(told))] == progress
    with CircleKit(url, clock=ManualClock(MARCH_1)) as kit:
        assert (told, head, feed) == (everything(kit), kit.verify(), kit.feed("tao"))
        kit.publish_post("club", by="tao", text="Goes on")
        assert kit.verify(head) == kit.verify()


def test_altered_before_it_was_chained(earlier):
    """
    An event that was altered is not chained as if it were right.

    Nothing of the store is changed.
    """
    path, url, _ = earlier
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE circlekit_event SET body = '{}' WHERE position = 5")

    with pytest.raises(CorruptEventError, match="altered"):
        migrate(url)

    with closing(sqlite3.connect(path)) as connection:
        assert [(1,)] == connection.execute(
            "SELECT version FROM circlekit_schema"
        ).fetchall()
        columns = connection.execute("PRAGMA table_info(circlekit_event)").fetchall()
    assert "digest" not in {column[1] for column in columns}


def test_a_later_version(bare):
    """
    A store of a later release is left as it is.
    """
    migrate(bare)
    with CircleKit(bare) as kit, kit._store.writing() as transaction:
        transaction.run("UPDATE circlekit_schema SET version = 3")

    for way in (migrate, CircleKit):
        with pytest.raises(StoreError, match=r"version 3, this code needs 2"):
            way(bare)


def test_a_read_model_that_has_changed(bare):
    """
    People are shown the same by a read model that has got other tables since.

    They are made and filled anew, and so are those beside them.
    """
    clock = ManualClock(MARCH_1)
    migrate(bare)
    with CircleKit(bare, clock=clock) as kit:
        settle(kit, clock)
        feed = kit.feed("tao")
        with kit._store.writing() as transaction:
            transaction.run("DROP TABLE circlekit_feed_newest")
            for table in ("circlekit_feed_stay", "circlekit_feed_stay_next"):
                transaction.run(f"ALTER TABLE {table} DROP COLUMN until_at")

    made = migrate(bare).made

    assert ("circlekit_feed_newest",) == made
    with CircleKit(bare, clock=clock) as kit:
        assert feed == kit.feed("tao")
        kit.rebuild_read_models()
        assert feed == kit.feed("tao")
