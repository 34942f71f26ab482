"""
A store that somebody else keeps, and a disk that takes no more.
"""

import sqlite3
from contextlib import closing, suppress
from datetime import timedelta

import pytest

from circlekit import BusyError, CircleKit, ManualClock, StoreError
from tests.application.town import MARCH_1, settle, undone, written
from tests.store import workers
from tests.store.workers import PROCESSES

# A file can be held by any program, and a disk be full of anything.
on_sqlite = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


@pytest.fixture
def kit(url):
    clock = ManualClock(MARCH_1)
    with CircleKit(url, clock=clock, busy_seconds=0.05) as opened:
        settle(opened, clock)
        yield opened


@pytest.fixture
def held(url, kit):
    ours, theirs = PROCESSES.Pipe()
    process = PROCESSES.Process(target=workers.hold, args=(theirs, url))
    process.start()
    theirs.close()
    assert "held" == ours.recv()
    yield ours
    if not ours.closed:
        ours.send("go on")
        ours.close()
    process.join()


def test_busy(kit, held):
    """
    A store that another process keeps for too long is a typed error.

    Nothing has changed: not the file, and not what the kit remembers.
    """
    before = written(kit)

    for command in (
        lambda: kit.publish_post("club", by="tao", text="x"),
        lambda: kit.join_circle("club", "new", command_id="one"),
        lambda: kit.leave_circle("club", "mei"),  # to be refused, and recorded
        lambda: kit.send_must_see("guild", by="ana", text="x"),
    ):
        with pytest.raises(BusyError):
            command()
    with pytest.raises(BusyError), kit.batch():
        kit.publish_post("club", by="tao", text="x")

    assert before == written(kit)
    assert kit.would_allow("join_circle", "club", "new").allowed
    assert kit.would_allow("send_must_see", "guild", by="ana", text="x").allowed


def test_reading_goes_on(kit, held):
    """
    While somebody else writes, what is up to date can be read.

    And what happened before can be asked.
    """
    assert 13 == next(
        it.version
        for it in kit.history("club")
        if type(it.event).__name__ == "PostPublished"
    )
    assert 1 == kit.audit_must_sees().attempts
    assert not kit.would_allow("leave_circle", "club", "mei").allowed


def test_afterwards(kit, held):
    """
    When the other is done, everything goes on, on top of what it did.
    """
    with pytest.raises(BusyError):
        kit.publish_post("club", by="tao", text="x")
    held.send("go on")
    with pytest.raises(EOFError):
        held.recv()
    held.close()

    post = kit.publish_post("club", by="tao", text="x")

    texts = [
        it.event.text
        for it in kit.history("club")
        if type(it.event).__name__ == "PostPublished"
    ]
    assert ["Mine", "x"] == texts[-2:]
    assert post.version == list(kit.history("club"))[-1].version


@on_sqlite
def test_held_by_another_program(kit, url):
    """
    Whoever holds the file's write lock, be it another program, the error is the same.
    """
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
        connection.execute("BEGIN IMMEDIATE")
        with pytest.raises(BusyError):
            kit.publish_post("club", by="tao", text="x")
        connection.rollback()

    kit.publish_post("club", by="tao", text="x")


@on_sqlite
def test_who_reads_waits_as_ever(kit):
    """
    A connection that took the write lock by our own waiting waits by SQLite's again.
    """
    database = kit._store._database
    asked = []
    for _ in range(2):
        session = database.session()
        asked.append(session.all("PRAGMA busy_timeout"))
        session.begin_writing()
        asked.append(session.all("PRAGMA busy_timeout"))
        session.rollback()
        session.close()

    assert [[(50,)], [(0,)], [(50,)], [(0,)]] == asked


def _fill(kit, free):
    """
    Leave the file only so many pages to grow by.
    """
    with kit._store.writing() as transaction:
        ((pages,),) = transaction.all("PRAGMA page_count")
        transaction.all(f"PRAGMA max_page_count = {pages + free}")


def _empty(kit):
    with kit._store.writing() as transaction:
        transaction.all("PRAGMA max_page_count = 1073741823")


@on_sqlite
@pytest.mark.parametrize("free", range(4))
def test_a_full_disk(kit, free):
    """
    A write for which there is no room is a typed error.

    Nothing of it is there, and what the kit remembers is what is in the file.
    """
    before = written(kit)
    _fill(kit, free)

    def too_much():
        with kit.batch():
            kit.join_circle("club", "new")
            kit.appoint_manager("club", "new", by="mei")
            for _ in range(10):
                kit.publish_post("club", by="new", text="字" * 20_000)

    with pytest.raises(StoreError):
        too_much()

    assert before == written(kit)
    _empty(kit)
    assert ("not-a-member",) == kit.would_allow("leave_circle", "club", "new").rules
    kit.join_circle("club", "new")
    kit.publish_post("club", by="new", text="字" * 20_000)


def _many_rooms(kit):
    with kit.batch():
        for number in range(60):
            kit.link_group("club", by="mei", name="Room", group=f"room {number}")
            kit.join_group(f"room {number}", "tao")


def _break_off(kit):
    """
    Let a command break off with half of its events written.
    """
    _fill(kit, 0)
    with pytest.raises((StoreError, sqlite3.Error)):
        kit.leave_circle("club", "tao")
    _empty(kit)


@on_sqlite
def test_typed_in_a_batch(kit):
    """
    Trouble with the file is the same typed error within a batch.
    """
    _many_rooms(kit)
    _fill(kit, 0)

    def leave():
        with kit.batch(), pytest.raises(StoreError, match="full"):
            kit.leave_circle("club", "tao")

    with pytest.raises(StoreError):
        leave()


@on_sqlite
def test_half_a_command(kit):
    """
    A command that broke off half-way is not committed, though the host caught it.

    Neither is what came before or after it in the batch.
    """
    _many_rooms(kit)
    before = written(kit)

    def caught():
        with kit.batch():
            kit.publish_post("club", by="ben", text="Before")
            _break_off(kit)
            kit.publish_post("club", by="ben", text="After")

    with pytest.raises(StoreError, match="broke off"):
        caught()

    assert before == written(kit)
    kit.leave_circle("club", "tao")
    assert 1 + 60 + 2 == len(written(kit)[0]) - len(before[0])


@on_sqlite
def test_half_a_command_and_an_inner_batch(kit):
    """
    A batch that is undone by itself does not make half a command before it whole.
    """
    _many_rooms(kit)
    before = written(kit)

    def caught():
        with kit.batch():
            _break_off(kit)
            with undone(kit.batch()):
                kit.publish_post("club", by="ben", text="Inner")

    with pytest.raises(StoreError, match="broke off"):
        caught()

    assert before == written(kit)


@on_sqlite
def test_half_a_command_in_an_inner_batch(kit):
    """
    A full disk within an inner batch undoes the outer one too.

    SQLite has then let go of the whole transaction: nothing after it may be written
    as if it were still there.
    """
    _many_rooms(kit)
    before = written(kit)

    def outer():
        with kit.batch():
            kit.publish_post("club", by="ben", text="Before")
            with suppress(StoreError, sqlite3.Error), kit.batch():
                _break_off(kit)
                raise StoreError("the host gives up")
            kit.publish_post("club", by="ben", text="After")

    with pytest.raises(StoreError):
        outer()

    assert before == written(kit)
    kit.leave_circle("club", "tao")
    assert [] == [it.circle for it in kit.circles("tao")]


@on_sqlite
def test_a_commit_that_fails(url, kit):
    """
    When the very commit fails, the command was not carried out.

    The kit does not go on as if it had been.
    """
    answers = workers.run(workers.fail_to_commit, (url,))

    assert ["StoreError", [], ("not-a-member",), [], "joined"] == answers[0]
    with CircleKit(url, clock=ManualClock(MARCH_1 + timedelta(days=1))) as other:
        assert ["member"] == [it.role for it in other.circles("new")]
