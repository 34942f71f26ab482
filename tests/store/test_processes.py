"""
Several processes on one store.
"""

import os
import sqlite3
from collections import Counter
from contextlib import closing
from datetime import timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from circlekit import CircleKit, ManualClock, StoreError
from tests.application.town import everything
from tests.store import workers
from tests.store.workers import PROCESSES, START


@pytest.fixture
def club(url):
    with CircleKit(url, clock=ManualClock(START)) as kit:
        kit.found_circle(name="Club", kind="community", by="mei", circle="club")
        for member in ("lin", "tao", "ben"):
            kit.join_circle("club", member)
            kit.appoint_manager("club", member, by="mei")
    return url


def test_a_new_file(url):
    """
    Twenty processes that open the same new file at once all get to work in it.
    """
    answers = workers.run(
        workers.open_and_post, *((url, f"circle {number}") for number in range(20))
    )

    assert [3] * 20 == answers
    with CircleKit(url) as kit:
        assert 20 * 6 == kit.newest_position()


@pytest.mark.parametrize(
    "skews", [(0, 0, 0, 0), (0, 25, -25, 700)], ids=["shared", "skewed"]
)
def test_must_sees(club, skews):
    """
    Four processes that send must-sees to one circle keep to its quota.

    Whatever their clocks say, they meet nothing but refusals.
    """
    people = ("mei", "lin", "tao", "ben")
    answers = workers.run(
        workers.send_must_sees,
        *((club, by, skew, 60) for by, skew in zip(people, skews, strict=True)),
    )

    with CircleKit(club) as kit:
        told = list(kit.history("club"))
        sent = [it.event.at for it in told if workers.is_must_see(it)]
        audit = kit.audit_must_sees()
    home = ZoneInfo("Asia/Shanghai")
    months = Counter(at.astimezone(home).strftime("%Y-%m") for at in sent)
    outcomes = Counter(rules for one in answers for rules in one)
    assert {
        (),
        ("must-see-month",),
        ("must-see-month", "must-see-spacing"),
        ("must-see-spacing",),
    } >= set(outcomes)
    assert 240 == sum(outcomes.values()) == audit.attempts
    assert outcomes[()] == len(sent) == audit.sent
    assert max(months.values()) <= 4
    assert all(
        later - earlier >= timedelta(hours=24) for earlier, later in pairwise(sent)
    )
    assert list(range(1, len(told) + 1)) == [it.version for it in told]
    assert [] == audit.violations
    assert len(sent) >= 4


def test_reading_each_other(club):
    """
    What one process was told is done, every other one sees from then on.

    Nobody's post is lost or shown twice.
    """
    people = ("mei", "lin", "tao", "ben")

    answers = workers.run(workers.converse, *((club, by, 12) for by in people))

    posts = [post for mine in answers for post in mine]
    with CircleKit(club) as kit:
        assert 48 == len(set(posts))
        assert set(posts) == {
            str(item.post) for item in kit.feed("mei", limit=200).items
        }
        positions = [it.position for it in everything(kit)]
        assert list(range(1, len(positions) + 1)) == positions


@pytest.mark.parametrize("round_", range(8))
def test_killed(club, round_):
    """
    Processes that are killed lose nothing they were told was done.

    A batch is there whole or not at all, and the file is sound.
    """
    kills = (round_, 2 * round_ + 1)
    told = []
    running = []
    for number, after in enumerate(kills):
        ours, theirs = PROCESSES.Pipe(duplex=False)
        process = PROCESSES.Process(
            target=workers.post_until_killed, args=(theirs, club, f"p{number}")
        )
        process.start()
        theirs.close()
        running.append((process, ours, after))
    for process, pipe, after in running:
        told += [pipe.recv() for _ in range(after)]
        process.kill()
        process.join()
        while True:
            try:
                told.append(pipe.recv())
            except EOFError:
                break
        pipe.close()

    if club.startswith("sqlite"):
        with closing(sqlite3.connect(club.removeprefix("sqlite:///"))) as connection:
            assert [("ok",)] == connection.execute("PRAGMA integrity_check").fetchall()
    with CircleKit(club) as kit:
        history = list(kit.history("club"))
        texts = {
            f"club/{it.version}": it.event.text
            for it in history
            if type(it.event).__name__ == "PostPublished"
        }
        comments = [
            it.event.text for it in history if type(it.event).__name__ == "CommentAdded"
        ]
        assert dict(told).items() <= texts.items()
        assert len(told) == len(dict(told))
        # At most the one that each was at when it was killed is there unsaid.
        assert len(texts) - len(told) in {0, 1, 2}
        assert len(set(texts.values())) == len(texts)
        assert sorted(comments) == sorted(
            text for text in texts.values() if int(text.split()[1]) % 3 == 0
        )
        assert texts == {str(item.post): item.text for item in _whole_feed(kit)}
        kit.publish_post("club", by="tao", text="Life goes on")


def _whole_feed(kit):
    page = kit.feed("mei", limit=200)
    while True:
        yield from page.items
        if page.next is None:
            return
        page = kit.feed("mei", limit=200, after=page.next)


def _told_after_a_fork(attempts):
    # What a forked process is told by each attempt, one line for each.
    reading, writing = os.pipe()
    child = os.fork()
    if child:
        os.close(writing)
        with os.fdopen(reading, encoding="utf-8") as told:
            lines = told.read().splitlines()
        os.waitpid(child, 0)
        return lines
    try:
        for attempt in attempts:
            try:
                answer = str(attempt())
            except StoreError as error:
                answer = str(error)
            os.write(writing, f"{answer}\n".encode())
    finally:
        os._exit(0)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="nobody forks here")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_forked(club):
    """
    A kit is of no use in a process forked after it was opened, and takes no harm there.
    """
    forked = (
        "this kit was opened before the process was forked; "
        "accepted: a kit that is opened in the process that uses it"
    )

    def opened_there():
        with CircleKit(club) as another:
            return another.publish_post("club", by="mei", text="There")

    with CircleKit(club) as kit:
        kit.publish_post("club", by="mei", text="Before")
        told = _told_after_a_fork(
            [
                lambda: kit.publish_post("club", by="mei", text="Lost"),
                lambda: kit.feed("mei"),
                lambda: kit.would_allow("publish_post", "club", by="mei", text="No"),
                lambda: kit.back_up("copy.db"),
                kit.close,
                opened_there,
            ]
        )
        there = told.pop()
        after = kit.publish_post("club", by="mei", text="After")

        assert [forked] * 4 + ["None"] == told
        assert [there, str(after)] == [str(it.post) for it in kit.feed("mei").items][
            1::-1
        ]
        kit.verify()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="nobody forks here")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_forked_in_memory():
    """
    A store in memory is another one in a process that was forked.
    """
    with CircleKit("sqlite://") as kit:
        kit.found_circle(name="Club", kind="community", by="mei", circle="club")
        there = kit.newest_position()
        told = _told_after_a_fork(
            [
                lambda: kit.publish_post("club", by="mei", text="There"),
                kit.newest_position,
            ]
        )
        assert str(there + 1) == told[1]
        assert there == kit.newest_position()
