"""
Followers that are killed: no event is missed, and none is taken in twice.

Six kills over 4,000 events, or as many as CIRCLEKIT_KILLS says, and events to match.
"""

import os
import random
from collections import Counter

import pytest

from circlekit import CircleKit, ManualClock, exactly_once
from tests.store import workers
from tests.store.workers import PROCESSES, START

KILLS = int(os.environ.get("CIRCLEKIT_KILLS", "6"))
EVENTS = KILLS * 40_000 // 60


@pytest.fixture
def url(url):
    with CircleKit(url, clock=ManualClock(START)) as kit:
        with kit.rows() as rows:
            rows.run("DROP TABLE IF EXISTS seen")  # of another test, on a server
            rows.run("CREATE TABLE seen (position INTEGER, process INTEGER)")
        with kit.batch():
            kit.found_circle(name="Club", kind="community", by="mei", circle="club")
            for number in range(kit.newest_position(), EVENTS):
                kit.publish_post("club", by="mei", text=f"{number}")
        assert EVENTS == kit.newest_position()
    return url


def follow(url, how, *, die_at=None, kill_after=None):
    """
    Follow in a process of its own, and say whether it came to its end.
    """
    ours, theirs = PROCESSES.Pipe(duplex=False)
    process = PROCESSES.Process(
        target=workers.follow_until_killed, args=(theirs, url, how, die_at)
    )
    process.start()
    theirs.close()
    told = 0
    while True:
        try:
            ours.recv()
        except EOFError:
            break
        told += 1
        if told == kill_after:
            process.kill()
    process.join()
    ours.close()
    return process.exitcode == 0


def missing_and_doubled(url):
    """
    How many events a follower has no row of, and how many rows it has too many.
    """
    with CircleKit(url) as kit, kit.rows() as rows:
        seen = Counter(
            position for (position,) in rows.all("SELECT position FROM seen")
        )
        newest = kit.newest_position()
    assert seen.keys() <= set(range(1, newest + 1))
    return newest - len(seen), sum(seen.values()) - len(seen)


def test_killed_from_outside(url):
    """
    Killed over and over, at any moment, a follower has every event once in the end.
    """
    chance = random.Random(2_020)  # noqa: S311 - nobody is to be kept from guessing
    for _ in range(KILLS):
        follow(url, "together", kill_after=chance.randint(1, 2 * EVENTS // KILLS))

    assert follow(url, "together")
    assert (0, 0) == missing_and_doubled(url)


@pytest.mark.parametrize("die_at", [1, 2, 499, 500, 501, 777])
def test_killed_at_an_event(url, die_at):
    """
    Wherever in a block it dies, what it wrote of that block is gone with it.
    """
    assert not follow(url, "together", die_at=die_at)

    missing, doubled = missing_and_doubled(url)
    assert (EVENTS - (die_at - 1) // 500 * 500, 0) == (missing, doubled)
    assert follow(url, "together")
    assert (0, 0) == missing_and_doubled(url)


def test_rows_apart_are_found(url):
    """
    A follower that commits its rows before its position has some twice.
    """
    assert not follow(url, "rows apart", die_at=300)
    assert follow(url, "rows apart")

    assert (0, 300) == missing_and_doubled(url)


def test_a_position_apart_is_found(url):
    """
    A follower that commits its position before its rows misses some.
    """
    assert not follow(url, "position apart", die_at=300)
    assert follow(url, "position apart")

    assert (EVENTS - 299, 0) == missing_and_doubled(url)


@pytest.mark.parametrize("block", [7, 500])
def test_several_under_one_name(url, block):
    """
    Processes that follow under one name share the events, and double none.
    """
    answers = workers.run(workers.follow, *(3 * [(url, "book", block)]))

    assert 3 * [EVENTS] == answers
    assert (0, 0) == missing_and_doubled(url)


def test_poison_and_kills(url):
    """
    What a killed follower has parked is parked once, and shown again once.
    """
    poison = EVENTS // 2

    def unbearable(recorded, rows):
        if recorded.position == poison:
            raise ValueError(recorded.position)
        note(recorded, rows)

    def note(recorded, rows):
        rows.run("INSERT INTO seen VALUES (:position, 0)", position=recorded.position)

    assert not follow(url, "together", die_at=poison - 3)
    with CircleKit(url) as kit:
        kit.catch_up("book", exactly_once(unbearable))
        assert list(range(poison, EVENTS + 1)) == [it.position for it in kit.parked()]
    assert (EVENTS + 1 - poison, 0) == missing_and_doubled(url)

    with CircleKit(url) as kit:
        assert EVENTS + 1 - poison == kit.retry_parked("book", exactly_once(note))
    assert (0, 0) == missing_and_doubled(url)
