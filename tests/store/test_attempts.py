"""
Commands that are decided before anybody holds the lock, on a server.
"""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from itertools import chain
from threading import Barrier

import psycopg
import pytest

from circlekit import BusyError, CircleKit, RefusedError
from circlekit.store import NeedsLockError, Store
from circlekit.store.postgres import PostgresSession
from tests.store.proxy import Proxy


@pytest.fixture
def kit(server_url):
    with CircleKit(server_url) as kit:
        kit.found_circle(name="Club", kind="community", by="mei", circle="club")
        yield kit


@contextmanager
def counting(monkeypatch):
    """
    Count how often a write was tried, and how often it stood.
    """
    kept, counted = PostgresSession.write_if, Counter()

    def write_if(*given):
        counted[written := kept(*given)] += 1
        return written

    with monkeypatch.context() as patched:
        patched.setattr(PostgresSession, "write_if", write_if)
        yield counted


def _texts(kit):
    return [item.text for item in kit.feed("mei", limit=200).items]


def test_alone(kit, monkeypatch):
    """
    Where nobody else writes, every post and comment is written at the first try.
    """
    with counting(monkeypatch) as tried:
        post = kit.publish_post("club", by="mei", text="One")
        kit.add_comment(post, by="mei", text="Indeed")
        kit.send_must_see("club", by="mei", text="Two")

    assert Counter({True: 3}) == tried
    assert ["Two", "One"] == _texts(kit)
    kit.verify()


def test_somebody_else_wrote(kit, server_url, monkeypatch):
    """
    What was decided by a head that has moved is not written, but decided again.
    """
    with CircleKit(server_url) as other:
        other.publish_post("club", by="mei", text="First")
        with counting(monkeypatch) as tried:
            post = kit.publish_post("club", by="mei", text="Second")

    assert Counter({False: 1}) == tried
    assert 5 == post.version
    assert ["Second", "First"] == _texts(kit)
    kit.verify()


def test_a_quota_that_somebody_else_used_up(kit, server_url):
    """
    A must-see is refused for the one that another process sent a moment ago.
    """
    with CircleKit(server_url) as other:
        other.send_must_see("club", by="mei", text="First")
    with pytest.raises(RefusedError) as caught:
        kit.send_must_see("club", by="mei", text="Second")

    assert ("must-see-spacing",) == caught.value.verdict.rules
    assert 1 == kit.audit_must_sees().sent


def test_a_refusal_is_by_the_newest_state(server_url):
    """
    A refusal that nobody records is no refusal by a state that has passed.
    """
    with (
        CircleKit(server_url, record_refusals=False) as kit,
        CircleKit(server_url) as other,
    ):
        kit.found_circle(name="Club", kind="community", by="mei", circle="club")
        with pytest.raises(RefusedError):
            kit.publish_post("club", by="tao", text="Too early")
        other.join_circle("club", "tao")

        assert "club/5" == str(kit.publish_post("club", by="tao", text="In time"))


def test_four_races(server_url):
    """
    Of four processes that post at once every post is written once, none is lost.
    """
    with CircleKit(server_url) as kit:
        kit.found_circle(name="Club", kind="community", by="mei", circle="club")
    begun = Barrier(4)

    def post(who):
        with CircleKit(server_url) as kit:
            begun.wait()
            return [
                kit.publish_post("club", by="mei", text=f"{who}.{number}").version
                for number in range(25)
            ]

    with ThreadPoolExecutor(4) as pool:
        versions = sorted(chain.from_iterable(pool.map(post, range(4))))

    assert list(range(4, 104)) == versions
    with CircleKit(server_url) as kit:
        assert {f"{who}.{n}" for who in range(4) for n in range(25)} == set(_texts(kit))
        kit.verify()


def test_one_that_did_not_arrive(server_url):
    """
    A try that the server never heard of is decided again, and written once.
    """
    between = Proxy(server_url)
    with CircleKit(between.url) as kit:
        kit.found_circle(name="Tea", kind="community", by="mei", circle="tea")
        for number in range(10):
            between.eat_commits = 1
            kit.publish_post("tea", by="mei", text=f"{number}")
            assert 0 == between.eat_commits

        assert [f"{number}" for number in reversed(range(10))] == _texts(kit)
        kit.verify()
    between.close()


def test_a_lock_that_is_kept(server_url):
    """
    A try waits no longer for the lock than any command does.
    """
    with CircleKit(server_url, busy_seconds=0.2) as kit:
        kit.found_circle(name="Club", kind="community", by="mei", circle="club")
        with psycopg.connect(server_url) as host:
            host.execute("SELECT 1 FROM circlekit_head FOR UPDATE")
            with pytest.raises(BusyError):
                kit.publish_post("club", by="mei", text="Waits")
            host.rollback()
        kit.publish_post("club", by="mei", text="Goes on")

        assert ["Goes on"] == _texts(kit)


def test_a_circle_that_was_not_loaded(kit, server_url):
    """
    A circle that is loaded while it is tried is as it is when it is written.
    """
    kit.found_circle(name="Tea", kind="community", by="tao", circle="tea")
    with CircleKit(server_url) as other:
        other.publish_post("tea", by="tao", text="Loads nothing but this")
        other.publish_post("club", by="mei", text="Here loaded on the way")
        assert ["Here loaded on the way"] == _texts(other)


_WITH_THE_LOCK = {
    "a statement": lambda attempt: attempt.run("SELECT 1"),
    "a query": lambda attempt: attempt.all("SELECT 1"),
    "the newest position": lambda attempt: attempt.head(),
    "a batch within": lambda attempt: attempt.mark(),
    "a repeated command": lambda attempt: attempt.span(1, 2),
    "many histories": lambda attempt: attempt.histories(["circle/club"]),
    "an import": lambda attempt: attempt.put("circle/club", 9, "MemberJoined", b"{}"),
}


@pytest.mark.parametrize("do", _WITH_THE_LOCK.values(), ids=_WITH_THE_LOCK)
def test_what_takes_the_lock(kit, do):
    """
    What concerns read models or many histories is not tried without the lock.
    """
    with (
        pytest.raises(NeedsLockError),
        kit._store.attempting(lambda: kit._expected) as attempt,
    ):
        do(attempt)

    kit.verify()


def test_threads_of_one_kit(kit, monkeypatch):
    """
    Threads that share a kit wait for one another, and none of them tries in vain.
    """
    kit.publish_post("club", by="mei", text="The first")
    kept, in_vain = Store.attempting, []

    @contextmanager
    def attempting(*given, **more):
        try:
            with kept(*given, **more) as attempt:
                yield attempt
        except NeedsLockError as error:
            in_vain.append(str(error))
            raise

    monkeypatch.setattr(Store, "attempting", attempting)
    with ThreadPoolExecutor(8) as pool:
        texts = [f"{number}" for number in range(80)]
        list(pool.map(lambda it: kit.publish_post("club", by="mei", text=it), texts))

    posts = [it.event for it in kit.history("club") if hasattr(it.event, "text")]
    assert [] == in_vain
    assert sorted(["The first", *texts]) == sorted(post.text for post in posts)
    kit.verify()


def test_a_batch_that_is_undone_in_between(kit, monkeypatch):
    """
    Nothing is believed of a batch that was undone between a try and the lock.
    """
    kit.publish_post("club", by="mei", text="One", command_id="once")
    kept = Store.attempting

    @contextmanager
    def attempting(*given, **more):
        try:
            with kept(*given, **more) as attempt:
                yield attempt
        except NeedsLockError:
            with ThreadPoolExecutor(1) as pool:
                pool.submit(_undone, kit).result()
            raise

    with monkeypatch.context() as patched:
        patched.setattr(Store, "attempting", attempting)
        kit.publish_post("club", by="mei", text="One", command_id="once")
    kit.join_circle("club", "tao")

    with pytest.raises(RefusedError) as caught:
        kit.add_comment("club/5", by="mei", text="On what was never there")
    assert ("unknown-post",) == caught.value.verdict.rules
    kit.verify()


def _undone(kit):
    with suppress(ZeroDivisionError), kit.batch():
        post = kit.publish_post("club", by="mei", text="Never")
        kit.add_comment(post, by="mei", text="Nor this")
        raise ZeroDivisionError
