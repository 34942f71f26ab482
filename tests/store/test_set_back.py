"""
A store that is set back to an earlier state is believed, not what was known of it.
"""

import sqlite3
from contextlib import closing

import pytest

from circlekit import CircleKit, CorruptEventError, ManualClock
from circlekit.events.circle import MemberLeft
from circlekit.store import open_store
from tests.store.workers import START


@pytest.fixture
def path(tmp_path):
    return tmp_path / "club.db"


def put_back(path, copy):
    """
    Put an earlier copy in a store's place, while others have it open.
    """
    with closing(sqlite3.connect(copy)) as source, closing(sqlite3.connect(path)) as to:
        source.backup(to)


def test_restored_under_a_running_kit(path, tmp_path):
    """
    A kit that goes on after a restore goes on from what was restored.

    What was lost is not counted, and its place is given again.
    """
    with CircleKit(f"sqlite:///{path}", clock=ManualClock(START)) as kit:
        kit.found_circle(name="Club", kind="community", by="mei", circle="club")
        kit.back_up(tmp_path / "copy.db")
        lost = kit.send_must_see("club", by="mei", text="Lost")
        kit.join_circle("club", "tao")

        put_back(path, tmp_path / "copy.db")
        again = kit.send_must_see("club", by="mei", text="Again")

        assert lost == again
        assert ["must-see-spacing"] == [
            *kit.would_allow("send_must_see", "club", by="mei", text="Too soon").rules
        ]
        kit.join_circle("club", "tao")
        assert 1 == kit.audit_must_sees().sent
        kit.verify()


def test_other_events_at_the_same_places(path, tmp_path):
    """
    Where others have written on after a restore, theirs are the events that count.
    """
    with CircleKit(f"sqlite:///{path}", clock=ManualClock(START)) as kit:
        kit.found_circle(name="Club", kind="community", by="mei", circle="club")
        kit.back_up(tmp_path / "copy.db")
        kit.join_circle("club", "tao")
        kit.join_circle("club", "lin")

        put_back(path, tmp_path / "copy.db")
        with CircleKit(f"sqlite:///{path}", clock=ManualClock(START)) as other:
            for member in ("ben", "sun", "ana"):
                other.join_circle("club", member)

        assert ("already-a-member",) == kit.would_allow(
            "join_circle", "club", "sun"
        ).rules
        kit.join_circle("club", "tao")
        kit.verify()


LEFT = MemberLeft(member="tao", at=START)
BEYOND = {
    "append": lambda it, stream, end: it.append(stream, end + 1, [LEFT]),
    "append_to_each": lambda it, stream, end: it.append_to_each(
        [(stream, end + 1, None, [LEFT])]
    ),
}


@pytest.mark.parametrize("long", [0, 1, 2])
@pytest.mark.parametrize("way", BEYOND)
def test_writing_beyond_the_end(path, way, long):
    """
    Nothing is written after a place at which there is nothing, so no gap is left.
    """
    CircleKit(f"sqlite:///{path}").close()
    with closing(open_store(f"sqlite:///{path}")) as store:
        with store.writing() as it:
            it.append("circle/club", 0, [LEFT] * long)
        before = store.verify()

        with (
            pytest.raises(CorruptEventError, match=f"event {long + 1} .* is missing"),
            store.writing() as it,
        ):
            BEYOND[way](it, "circle/club", long)

        assert before == store.verify()
