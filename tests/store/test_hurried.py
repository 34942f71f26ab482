"""
Read models are written in a hurry; no command is, whatever came in between.
"""

from contextlib import contextmanager

import pytest

from circlekit import BusyError, CircleKit, StoreError
from circlekit.projections.member_feed import MemberFeed
from circlekit.store.postgres import PostgresSession
from circlekit.store.sqlite import SqliteSession

ASKED = {
    "sqlite": "PRAGMA synchronous",
    "postgresql": "SELECT current_setting('synchronous_commit')",
}
SESSION = {"sqlite": SqliteSession, "postgresql": PostgresSession}
# SQLite's own numbers for FULL and NORMAL.
WAITS = {"sqlite": 2, "postgresql": "on"}
HURRIES = {"sqlite": 1, "postgresql": "off"}


@pytest.fixture
def kit(url):
    with CircleKit(url, busy_seconds=0.2) as kit:
        kit.found_circle(name="Club", kind="community", by="mei", circle="club")
        yield kit


def how(kit, backend, **asked):
    """
    How a transaction waits for the disk.
    """
    with kit._store.writing(**asked) as rows:
        return rows.all(ASKED[backend])[0][0]


@contextmanager
def a_commit_that_fails(monkeypatch, backend, _url):
    def commit(_session):
        raise StoreError("it failed")

    monkeypatch.setattr(SESSION[backend], "commit", commit)
    yield StoreError


@contextmanager
def a_model_that_breaks_off(monkeypatch, _backend, _url):
    def apply(_model, _rows, _recorded):
        raise KeyboardInterrupt

    monkeypatch.setattr(MemberFeed, "apply", apply)
    yield KeyboardInterrupt


@contextmanager
def a_lock_that_is_kept(_monkeypatch, _backend, url):
    with CircleKit(url) as other, other._store.writing():
        yield BusyError


@contextmanager
def no_way_to_begin(monkeypatch, backend, _url):
    name = {"sqlite": "_begun_writing", "postgresql": "_begin"}[backend]
    kept = getattr(SESSION[backend], name)

    def begin(session, *given):
        if given and "READ ONLY" in given[0]:
            return kept(session, *given)
        raise KeyboardInterrupt

    monkeypatch.setattr(SESSION[backend], name, begin)
    yield KeyboardInterrupt


@pytest.mark.parametrize(
    "breaks",
    [
        a_commit_that_fails,
        a_model_that_breaks_off,
        a_lock_that_is_kept,
        no_way_to_begin,
    ],
    ids=lambda it: it.__name__,
)
def test_no_command_is_in_a_hurry(kit, url, backend, monkeypatch, breaks):
    """
    A command waits for the disk, however the reading before it came to its end.
    """
    with (
        monkeypatch.context() as patched,
        breaks(patched, backend, url) as error,
        pytest.raises(error),
    ):
        kit.feed("mei")

    assert WAITS[backend] == how(kit, backend)
    kit.publish_post("club", by="mei", text="Hello")
    assert ["Hello"] == [item.text for item in kit.feed("mei").items]
    assert WAITS[backend] == how(kit, backend)
    assert HURRIES[backend] == how(kit, backend, waits=False)
    assert WAITS[backend] == how(kit, backend)


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_interrupted_in_the_midst(kit, backend, monkeypatch):
    """
    Who is interrupted and cannot even say to wait again leaves no command in a hurry.
    """
    kept = SqliteSession.run

    def run(session, sql, *given):
        if sql.startswith("BEGIN") or sql.endswith("= 2"):
            raise KeyboardInterrupt
        return kept(session, sql, *given)

    for waits in (False, True):
        with monkeypatch.context() as patched:
            patched.setattr(SqliteSession, "run", run)
            with pytest.raises(KeyboardInterrupt):
                how(kit, backend, waits=False)

        expected = WAITS if waits else HURRIES
        assert expected[backend] == how(kit, backend, waits=waits)
        assert WAITS[backend] == how(kit, backend)
