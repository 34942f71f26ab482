"""
Opening a store: what is one, what is none, and what each is told.
"""

import sqlite3
import traceback
from contextlib import closing

import pytest

from circlekit import CircleKit, ManualClock, StoreError
from circlekit.store import READ_MODELS, migrate, open_store
from circlekit.store.schema import SCHEMA_VERSION
from tests.application.town import MARCH_1, everything, settle

CANARY = "s3cr3t-canary"


def test_reopened(url):
    """
    A file that is opened again has everything that was in it, and goes on from there.
    """
    clock = ManualClock(MARCH_1)
    with CircleKit(url, clock=clock) as kit:
        town = settle(kit, clock)
        told, feed = everything(kit), kit.feed("tao")

    with CircleKit(url, clock=clock) as kit:
        assert told == everything(kit)
        assert feed == kit.feed("tao")
        kit.publish_post("club", by="tao", text="Again")
        assert len(told) + 1 == kit.newest_position()
    assert "club/13" == town.post


def test_in_memory():
    """
    Each store in memory is one of its own, and gone with its kit.
    """
    with CircleKit("sqlite://") as one, CircleKit("sqlite://") as other:
        one.found_circle(name="Club", kind="community", by="mei", circle="club")
        assert (6, 0) == (one.newest_position(), other.newest_position())
    with CircleKit("sqlite:///:memory:") as kit:
        assert 0 == kit.newest_position()


@pytest.mark.parametrize(
    "content", [b"Dear diary,\n" * 100, b"\x00" * 5_000, b"SQLite format 3\x00oops"]
)
def test_not_a_store(tmp_path, content):
    """
    A file of another kind is refused by name, and not touched.
    """
    path = tmp_path / "diary.txt"
    path.write_bytes(content)

    with pytest.raises(StoreError):
        CircleKit(f"sqlite:///{path}")

    assert content == path.read_bytes()


def test_a_file_that_was_cut(tmp_path):
    """
    A file that was cut in the middle is no store any more.

    It never gives half of an answer.
    """
    path = tmp_path / "kit.db"
    clock = ManualClock(MARCH_1)
    with CircleKit(f"sqlite:///{path}", clock=clock) as kit:
        settle(kit, clock)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    with pytest.raises(StoreError), CircleKit(f"sqlite:///{path}", clock=clock) as kit:
        list(kit.history("club"))


def test_an_empty_file(tmp_path):
    """
    An empty file is a store in which nothing has happened.
    """
    path = tmp_path / "kit.db"
    path.touch()

    with CircleKit(f"sqlite:///{path}") as kit:
        assert 0 == kit.newest_position()


def test_nothing_is_made(tmp_path):
    """
    Whoever only wants to look is told that nothing is there, and no file is made.
    """
    path = tmp_path / "kit.db"
    other = tmp_path / "other.db"
    with closing(sqlite3.connect(other)) as connection, connection:
        connection.execute("CREATE TABLE users (name TEXT)")

    for url in (f"sqlite:///{path}", "sqlite://", f"sqlite:///{other}"):
        with pytest.raises(StoreError, match=r"there is no|in memory"):
            CircleKit(url, create=False)
    assert not path.exists()

    CircleKit(f"sqlite:///{path}").close()
    with CircleKit(f"sqlite:///{path}", create=False) as kit:
        assert 0 == kit.newest_position()


def test_beside_other_tables(tmp_path):
    """
    A database that a host has its own tables in may be a store as well; those stay.
    """
    path = tmp_path / "host.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE users (name TEXT)")
        connection.execute("INSERT INTO users VALUES ('mei')")

    with CircleKit(f"sqlite:///{path}") as kit:
        kit.found_circle(name="Club", kind="community", by="mei", circle="club")

    with closing(sqlite3.connect(path)) as connection:
        assert [("mei",)] == connection.execute("SELECT name FROM users").fetchall()


@pytest.mark.parametrize("version", [SCHEMA_VERSION + 1, 99, 0])
def test_another_version(tmp_path, version):
    """
    A store of another version is refused, with both numbers, and not touched.
    """
    path = tmp_path / "kit.db"
    CircleKit(f"sqlite:///{path}").close()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE circlekit_schema SET version = ?", (version,))

    with pytest.raises(StoreError) as caught:
        CircleKit(f"sqlite:///{path}")

    assert str(version) in str(caught.value)
    assert str(SCHEMA_VERSION) in str(caught.value)
    with closing(sqlite3.connect(path)) as connection:
        assert [(version,)] == connection.execute(
            "SELECT version FROM circlekit_schema"
        ).fetchall()


def test_no_such_folder(tmp_path):
    """
    In a folder that does not exist no store is made, nor the folder.
    """
    folder = tmp_path / "nowhere"

    with pytest.raises(StoreError, match="nowhere"):
        CircleKit(f"sqlite:///{folder / 'kit.db'}")

    assert not folder.exists()


def test_a_folder(tmp_path):
    """
    A folder is no store.
    """
    with pytest.raises(StoreError):
        CircleKit(f"sqlite:///{tmp_path}")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "kit.db",
        "/var/kit.db",
        "file:///var/kit.db",
        "nonsense://",
        "sqlite",
        "sqlite:",
        "sqlite:/kit.db",
        "sqlite://kit.db",  # one stroke too few
        "sqlite://localhost/kit.db",
        "sqlite:///kit.db?no_such_option=1",
        "mysql://localhost/kit",
        "postgresql://localhost:port/kit?no_such_option=1",
        "postgresql+asyncpg://localhost/kit",
        "redis://localhost",
        None,
        7,
        b"sqlite://",
    ],
)
def test_no_url(url, tmp_path, monkeypatch):
    """
    What is no store's URL is refused, and what is accepted is said; no file is made.
    """
    monkeypatch.chdir(tmp_path)

    with pytest.raises(StoreError) as caught:
        CircleKit(url).close()

    assert "sqlite:///" in str(caught.value)
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://kit:{CANARY}@db.example/kit",
        f"postgresql+psycopg://kit:{CANARY}@db.example:99999999/kit",
        f"mysql://kit:{CANARY}@db.example/kit",
        f"nonsense://kit:{CANARY}@db.example/kit",
        f"sqlite://kit:{CANARY}@db.example/kit.db",
        f"post gres://kit:{CANARY}@db.example/kit",
        f"postgresql://kit:{CANARY}@db.example:port/kit",
        f"kit:{CANARY}@db.example",
        f"sqlite:////no/such/folder/kit.db?password={CANARY}",
    ],
)
def test_passwords(url):
    """
    A password in a URL is in no word of the error, nor of the errors behind it.
    """
    with pytest.raises(StoreError) as caught:
        CircleKit(url).close()

    told = "".join(traceback.TracebackException.from_exception(caught.value).format())
    assert CANARY not in told.replace(f"CircleKit({url!r})", "")
    assert CANARY not in repr(caught.value)


def test_what_a_kit_shows_of_itself(url):
    """
    A kit that is printed shows nothing of the communities in it.
    """
    with CircleKit(url) as kit:
        kit.found_circle(name=CANARY, kind="community", by=CANARY, circle=CANARY)
        kit.publish_post(CANARY, by=CANARY, text=CANARY)
        assert CANARY not in repr(kit)


@pytest.mark.parametrize("model", READ_MODELS, ids=lambda model: model.name)
def test_dropped_tables(url, model):
    """
    The tables of a read model may be dropped.

    The store makes them again when it is opened, or on PostgreSQL when it is migrated,
    and rebuilding fills them with the same rows.
    """
    clock = ManualClock(MARCH_1)
    with CircleKit(url, clock=clock) as kit:
        settle(kit, clock)
        kit.rebuild_read_models()
        before = _rows(kit, model)
        for table in model.tables.sorted_tables:
            with kit._store.writing() as transaction:
                transaction.run(f"DROP TABLE {table.name}")

    _make_again(url)
    with CircleKit(url, clock=clock) as kit:
        kit.rebuild_read_models()
        assert before == _rows(kit, model)


def _make_again(url):
    if url.startswith("postgresql"):
        with pytest.raises(StoreError, match="circlekit migrate"):
            CircleKit(url)
        migrate(url)


def _rows(kit, model):
    with kit._store.reading() as transaction:
        return {
            table.name: sorted(
                transaction.all(f"SELECT * FROM {table.name}"),
                key=repr,
            )
            for table in model.tables.sorted_tables
        }


def test_dropped_and_read(url):
    """
    A read model whose tables were dropped is read as if they never had been.

    Nobody has to ask for a rebuild.
    """
    clock = ManualClock(MARCH_1)
    with CircleKit(url, clock=clock) as kit:
        settle(kit, clock)
        feed = kit.feed("tao")
        with kit._store.writing() as transaction:
            for model in READ_MODELS:
                for table in model.tables.sorted_tables:
                    transaction.run(f"DROP TABLE {table.name}")

    _make_again(url)
    with CircleKit(url, clock=clock) as kit:
        assert feed == kit.feed("tao")


def test_durable(tmp_path):
    """
    What is acknowledged is on the disk: the log is written ahead and synced in full.
    """
    with closing(open_store(f"sqlite:///{tmp_path / 'kit.db'}")) as store:
        for way in (store.reading, store.writing):
            with way() as transaction:
                assert [("wal",)] == transaction.all("PRAGMA journal_mode")
                assert [(2,)] == transaction.all("PRAGMA synchronous")


def test_closed_twice(url):
    """
    A kit may be closed more than once.
    """
    kit = CircleKit(url)
    kit.found_circle(name="Club", kind="community", by="mei", circle="club")
    kit.close()
    kit.close()
