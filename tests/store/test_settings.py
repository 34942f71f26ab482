"""
What a host may choose of how its store is used.
"""

import sqlite3
from contextlib import ExitStack, closing

import pytest

from circlekit import AsyncCircleKit, BusyError, CircleKit, InvalidInputError
from circlekit.store import migrate, open_store

ASKED = {
    "sqlite": "PRAGMA synchronous",
    "postgresql": "SELECT current_setting('synchronous_commit')",
}
# SQLite's own numbers for FULL and NORMAL.
SAID = {
    ("sqlite", "full"): 2,
    ("sqlite", "normal"): 1,
    ("postgresql", "normal"): "off",
}


@pytest.mark.parametrize("durability", ["full", "normal"])
def test_durability(url, backend, durability):
    """
    A command waits for the disk, unless the host chose otherwise.

    What was written is there either way when the store is opened again.
    """
    with CircleKit(url, durability=durability) as kit:
        kit.found_circle(name="Club", kind="community", by="mei", circle="club")
        with kit._store.reading() as reading:
            ((said,),) = reading.all(ASKED[backend])
        with kit._store.writing() as writing:
            ((written,),) = writing.all(ASKED[backend])
    expected = SAID.get((backend, durability), said)
    assert [expected, expected] == [said, written]
    assert "off" != said or durability == "normal"
    with CircleKit(url) as kit:
        assert 6 == kit.newest_position()


def test_most_connections(url):
    """
    No more connections are opened than the host allows.

    Whoever needs another one waits, and is told that the store is busy.
    """
    store = open_store(url, busy_seconds=0.05, most_connections=3)
    with ExitStack() as stack:
        stack.callback(store.close)
        for _ in range(3):
            stack.enter_context(store.reading())

        with pytest.raises(BusyError), store.reading():
            pass


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_closed_while_in_use(url):
    """
    A connection that is in use when the store is closed is closed after it.
    """
    store = open_store(url)
    with store.reading() as transaction:
        connection = transaction.session._connection
        store.close()
        assert 0 == transaction.head()

    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        connection.execute("SELECT 1")


def test_two_are_enough(url):
    """
    With two connections one writes and the other reads.
    """
    with CircleKit(url, most_connections=2) as kit:
        kit.found_circle(name="Club", kind="community", by="mei", circle="club")
        kit.publish_post("club", by="mei", text="Hello")
        kit.rebuild_read_models()
        kit.audit_must_sees()

        assert ["Hello"] == [item.text for item in kit.feed("mei").items]


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("durability", "none"),
        ("durability", ""),
        ("durability", None),
        ("durability", "FULL"),
        ("most_connections", 1),
        ("most_connections", 0),
        ("most_connections", -5),
        ("most_connections", 1_001),
        ("most_connections", 5.0),
        ("most_connections", True),
        ("most_connections", "5"),
        ("busy_seconds", -1),
        ("busy_seconds", -0.001),
        ("busy_seconds", 1_000_001),
        ("busy_seconds", 10**400),
        ("busy_seconds", float("nan")),
        ("busy_seconds", float("inf")),
        ("busy_seconds", True),
        ("busy_seconds", "30"),
        ("busy_seconds", None),
        ("most_loaded", 0),
        ("most_loaded", -1),
        ("most_loaded", 5.0),
        ("most_loaded", float("nan")),
        ("most_loaded", True),
        ("most_loaded", "x"),
        ("most_loaded", None),
        ("record_refusals", "no"),
        ("record_refusals", 0),
        ("record_refusals", None),
        ("create", "no"),
        ("create", 0),
        ("create", None),
        ("clock", None),
        ("clock", "now"),
        ("policies", None),
        ("policies", 5),
        ("policies", "x"),
        ("policies", [5]),
        ("graders", None),
        ("graders", 5),
        ("graders", [5]),
    ],
)
def test_not_accepted(tmp_path, setting, value):
    """
    A setting that no store could be used by is refused by its name.

    Nothing is made then.
    """
    file = tmp_path / "kit.db"

    with pytest.raises(InvalidInputError) as caught:
        CircleKit(f"sqlite:///{file}", **{setting: value})

    assert setting == caught.value.field
    assert caught.value.problem
    assert caught.value.accepted
    assert not file.exists()


@pytest.mark.parametrize("threads", [0, -1, 2.0, float("inf"), True, "10", None])
def test_threads_not_accepted(threads):
    """
    A kit to be awaited has at least one thread, or could answer nothing.
    """
    with pytest.raises(InvalidInputError, match=r"threads: is .*; accepted: a whole"):
        AsyncCircleKit("sqlite://", threads=threads)


@pytest.mark.parametrize(
    ("setting", "value"), [("busy_seconds", True), ("busy_seconds", float("nan"))]
)
def test_migrating_not_accepted(tmp_path, setting, value):
    """
    What cannot be waited for is refused where a store is made as well.
    """
    file = tmp_path / "kit.db"

    with pytest.raises(InvalidInputError, match=setting):
        migrate(f"sqlite:///{file}", **{setting: value})

    assert not file.exists()


@pytest.mark.filterwarnings("error")
def test_nobody_is_waited_for(tmp_path):
    """
    With 0 seconds a store is opened at once, or its being busy is told at once.
    """
    file = tmp_path / "kit.db"
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        for way in (CircleKit, migrate):
            with pytest.raises(BusyError):
                way(f"sqlite:///{file}", busy_seconds=0)

    migrate(f"sqlite:///{file}", busy_seconds=0)
    with CircleKit(f"sqlite:///{file}", busy_seconds=0) as kit:
        assert 0 == kit.newest_position()
