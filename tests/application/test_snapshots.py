"""
Snapshots: what a long history has come to, kept so that it is not read again.
"""

import sqlite3
import zipfile
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest

import circlekit
from circlekit import CircleKit, RefusedError
from circlekit.application import snapshots
from circlekit.events.circle import CommentAdded, MemberJoined
from circlekit.ids import MemberId
from circlekit.store import Transaction

NOON = datetime(2026, 3, 9, 12, tzinfo=UTC)


@pytest.fixture
def long(url):
    """
    A store with a circle of many events, its owner, its members and its must-see.
    """
    with CircleKit(url) as kit:
        kit.found_circle(name="Club", kind="community", by="mei", circle="club")
        kit.publish_post("club", by="mei", text="Where it begins")
        kit.send_must_see("club", by="mei", text="We meet")
        _fill(kit, members=450, comments=200)
    return url


def _fill(kit, *, members, comments):
    with kit.batch():
        for number in range(members):
            kit.join_circle("club", f"member-{number}")
        for number in range(comments):
            kit.add_comment("club/4", by="mei", text=f"{number}")


def _undone(kit):
    with kit.batch():
        _fill(kit, members=0, comments=400)
        raise ZeroDivisionError


@contextmanager
def reading(monkeypatch):
    """
    Note from where on histories are read.
    """
    kept, noted = Transaction.history, []

    def history(self, stream, *, after=0):
        noted.append((stream, after))
        return kept(self, stream, after=after)

    with monkeypatch.context() as patched:
        patched.setattr(Transaction, "history", history)
        yield noted


def _snapshots(kit):
    with kit._store.reading() as rows:
        return rows.all("SELECT stream, version FROM circlekit_snapshot")


def _alter(kit, change):
    with kit._store.writing() as rows:
        rows.run(f"UPDATE circlekit_snapshot SET {change}")


def test_taken_every_so_often(long):
    """
    A history that comes by a multiple of 500 events has a snapshot from there.
    """
    with CircleKit(long) as kit:
        assert [("circle/club", 500)] == list(_snapshots(kit))
        _fill(kit, members=0, comments=400)

        assert [("circle/club", 1000)] == list(_snapshots(kit))


def test_read_from_there(long, monkeypatch):
    """
    Another process reads the history from its snapshot on, and answers the same.
    """
    with CircleKit(long) as kit, reading(monkeypatch) as noted:
        comment = kit.add_comment("club/4", by="member-449", text="As ever")
        with pytest.raises(RefusedError) as caught:
            kit.send_must_see("club", by="mei", text="Again")

    assert [("circle/club", 500)] == noted
    assert 657 == comment.version
    assert ("must-see-spacing",) == caught.value.verdict.rules


def test_without_any(long, monkeypatch):
    """
    Without its snapshot a history is read from the beginning, and has one again.
    """
    with CircleKit(long) as kit:
        with kit._store.writing() as rows:
            rows.run("DELETE FROM circlekit_snapshot")
        with reading(monkeypatch) as noted:
            kit.add_comment("club/4", by="mei", text="As ever")

        assert [("circle/club", 0)] == noted
        assert [("circle/club", 656)] == list(_snapshots(kit))


@pytest.mark.parametrize(
    "change",
    [
        "version = 499",
        "form = 'of another release'",
        "checksum = checksum + 1",
        "body = (SELECT body FROM circlekit_event WHERE position = 1)",
        "digest = (SELECT digest FROM circlekit_event WHERE position = 1)",
    ],
)
def test_one_that_does_not_fit(long, monkeypatch, change):
    """
    A snapshot of another release, of another event or altered is passed over.
    """
    with CircleKit(long) as kit:
        _alter(kit, change)
        with reading(monkeypatch) as noted:
            kit.add_comment("club/4", by="member-449", text="As ever")

    assert [("circle/club", 0)] == noted


def test_a_question_keeps_none(long):
    """
    A question writes nothing, no snapshot either.
    """
    with CircleKit(long) as kit:
        with kit._store.writing() as rows:
            rows.run("DELETE FROM circlekit_snapshot")
        assert kit.would_allow("add_comment", "club/4", by="mei", text="May I?")

        assert [] == list(_snapshots(kit))


def test_one_that_was_undone(long):
    """
    A snapshot of what was undone is undone with it.
    """
    with CircleKit(long) as kit:
        with pytest.raises(ZeroDivisionError):
            _undone(kit)

        assert [("circle/club", 500)] == list(_snapshots(kit))


def test_a_store_that_was_set_back(tmp_path):
    """
    A snapshot whose event is gone is not believed.
    """
    file = tmp_path / "kit.db"
    with CircleKit(f"sqlite:///{file}") as kit:
        kit.found_circle(name="Club", kind="community", by="mei", circle="club")
        kit.publish_post("club", by="mei", text="Where it begins")
        kit.back_up(tmp_path / "earlier.db")
        _fill(kit, members=0, comments=600)
    later = sqlite3.connect(file)
    kept = later.execute("SELECT * FROM circlekit_snapshot").fetchall()
    later.close()
    earlier = sqlite3.connect(tmp_path / "earlier.db")
    with earlier:
        earlier.executemany(
            "INSERT INTO circlekit_snapshot VALUES (?, ?, ?, ?, ?, ?)", kept
        )
    earlier.close()

    with CircleKit(f"sqlite:///{tmp_path / 'earlier.db'}") as kit:
        assert 5 == kit.add_comment("club/4", by="mei", text="Anew").version
        kit.verify()


def test_the_code_names_the_form():
    """
    The form is named the same each time, and by nothing but the code.
    """
    assert snapshots.form() == snapshots.form.__wrapped__()
    assert 32 == len(snapshots.form())


@contextmanager
def read_from(place, monkeypatch):
    """
    Let the sources be looked for in another place.
    """
    with monkeypatch.context() as patched:
        patched.setattr(snapshots.resources, "files", lambda _package: place)
        patched.setattr(snapshots, "form", cache(snapshots.form.__wrapped__))
        yield


def test_in_an_archive(tmp_path, monkeypatch):
    """
    The form has the same name where the sources are in an archive.
    """
    package = Path(circlekit.__file__).parent
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        for file in package.rglob("*.py"):
            archive.write(file, file.relative_to(package.parent))

    with read_from(zipfile.Path(tmp_path / "all.zip", "circlekit/"), monkeypatch):
        named = snapshots.form()

    assert snapshots.form() == named


def test_without_sources(long, tmp_path, monkeypatch):
    """
    Where there are no sources histories are read whole, and nothing is kept.
    """
    for folder in ("aggregates", "events", "policies"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "__init__.pyc").touch()
    with CircleKit(long) as kit, reading(monkeypatch) as noted:
        for place in (tmp_path, tmp_path / "nowhere"):
            with read_from(place, monkeypatch):
                _fill(kit, members=0, comments=500)
                kit._aggregates.clear()
                kit.add_comment("club/4", by="mei", text="As ever")

        assert [("circle/club", 500)] == list(_snapshots(kit))
    assert {("circle/club", 0)} == set(noted)


def test_every_kind_can_be_kept():
    """
    What is kept of a blank aggregate of each kind is that aggregate.
    """
    blanks = [kind("it") for kind in snapshots.KINDS]
    grown = snapshots.KINDS[0]("it")
    grown.apply(MemberJoined(member=MemberId("mei"), at=NOON))
    grown.apply(CommentAdded(post=4, text="Hm", by=MemberId("mei"), at=NOON))

    for it in (*blanks, grown):
        assert it == snapshots.read(type(it), snapshots.written(it))
