"""
Positions are given once, and are the same after every way to copy a file.
"""

import sqlite3
from contextlib import closing

import pytest

from circlekit import CircleKit, ManualClock
from tests.store.workers import START


def _dumped(source, to):
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(to)) as new:
        new.executescript("\n".join(old.iterdump()))


def _vacuumed_into(source, to):
    with closing(sqlite3.connect(source)) as old:
        old.execute("VACUUM INTO ?", (str(to),))


def _backed_up(source, to):
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(to)) as new:
        old.backup(new)


def _vacuumed(source, to):
    _backed_up(source, to)
    with closing(sqlite3.connect(to)) as connection:
        connection.execute("VACUUM")


def _events(path):
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(
            "SELECT position, stream, version, digest FROM circlekit_event "
            "ORDER BY position"
        ).fetchall()


@pytest.mark.parametrize("copy", [_dumped, _vacuumed_into, _backed_up, _vacuumed])
def test_copied(tmp_path, copy):
    """
    A copy has every event at its position, verifies by the same head, and goes on.
    """
    source, to = tmp_path / "club.db", tmp_path / "copy.db"
    with CircleKit(f"sqlite:///{source}", clock=ManualClock(START)) as kit:
        kit.found_circle(name="Club", kind="community", by="mei", circle="club")
        kit.join_circle("club", "tao")
        head, newest = kit.verify(), kit.newest_position()

    copy(source, to)

    assert _events(source) == _events(to)
    with CircleKit(f"sqlite:///{to}", clock=ManualClock(START)) as kit:
        assert head == kit.verify(head)
        kit.join_circle("club", "lin")
        kit.verify(head)
    assert [*range(1, newest + 3)] == [position for position, *_ in _events(to)]


def test_never_again(tmp_path):
    """
    A position whose row somebody took out is not given to another event.
    """
    path = tmp_path / "club.db"
    with CircleKit(f"sqlite:///{path}", clock=ManualClock(START)) as kit:
        kit.found_circle(name="Club", kind="community", by="mei", circle="club")
        kit.join_circle("club", "tao")
        newest = kit.newest_position()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DELETE FROM circlekit_event WHERE position = ?", (newest,))

    with CircleKit(f"sqlite:///{path}", clock=ManualClock(START)) as kit:
        kit.found_circle(name="Choir", kind="community", by="mei", circle="choir")

    positions = [position for position, *_ in _events(path)]
    assert newest not in positions
    assert newest + 1 in positions
