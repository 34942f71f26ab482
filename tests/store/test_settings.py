"""
What a host may choose of how its store is used.
"""

from contextlib import ExitStack

import pytest

from circlekit import BusyError, CircleKit, InvalidInputError
from circlekit.store import open_store

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
    assert not file.exists()
