"""
What is asked with the lock of a server is answered as if it were asked after it.
"""

from threading import Thread

import pytest

from circlekit import BusyError, CircleKit, ManualClock, RefusedError
from circlekit.events.circle import PostPublished
from circlekit.ids import MemberId
from circlekit.store import asking_end, asking_history, open_store
from tests.application.town import MARCH_1

CLUB = "circle/club"


@pytest.fixture
def store(server_url):
    opened = open_store(server_url)
    with opened.writing() as transaction:
        transaction.append(CLUB, 0, [_post("One")])
    yield opened
    opened.close()


def _post(text):
    return PostPublished(text=text, by=MemberId("mei"), at=MARCH_1)


def _said(recorded):
    return [it.event.text for it in recorded]


AHEAD = (asking_history(CLUB, after=0), asking_end(CLUB))


def test_what_came_while_the_lock_was_waited_for(server_url, store):
    """
    What somebody committed while the lock was waited for is in the answers.
    """
    found = []

    def write():
        with store.writing(ahead=AHEAD) as transaction:
            found.append(_said(transaction.history(CLUB)))
            found.append(_said([transaction.last_of(CLUB)]))

    other = open_store(server_url)
    with other.writing() as transaction:
        waiting = Thread(target=write)
        waiting.start()
        _until_somebody_waits(transaction)
        transaction.append(CLUB, 1, [_post("Two")])
    waiting.join()
    other.close()

    assert [["One", "Two"], ["Two"]] == found


def test_what_was_written_since(store):
    """
    What this transaction wrote itself is in the answers.
    """
    with store.writing(ahead=AHEAD) as transaction:
        transaction.append(CLUB, 1, [_post("Two")])

        assert ["One", "Two"] == _said(transaction.history(CLUB))
        assert ["Two"] == _said([transaction.last_of(CLUB)])


def test_asked_twice(store):
    """
    Each question is asked, and answered alike, as often as one likes.
    """
    with store.writing(ahead=AHEAD) as transaction:
        read = [_said(transaction.history(CLUB)) for _ in range(3)]

    assert [["One"]] * 3 == read


def test_what_nobody_asked_then(store):
    """
    Answers that nobody wanted are gone with their transaction.
    """
    with store.writing(ahead=AHEAD):
        pass
    with store.writing() as transaction:
        transaction.append(CLUB, 1, [_post("Two")])
    with store.writing() as transaction:
        assert ["One", "Two"] == _said(transaction.history(CLUB))


def test_a_lock_that_does_not_come(server_url, store):
    """
    Who waits for the lock in vain is told so, and can write when it is free.
    """
    hasty = open_store(server_url, busy_seconds=0.2)
    with (
        store.writing(),
        pytest.raises(BusyError),
        hasty.writing(ahead=AHEAD),
    ):
        pytest.fail("it was not waited for")
    with hasty.writing(ahead=AHEAD) as transaction:
        transaction.append(CLUB, 1, [_post("Two")])
    hasty.close()

    with store.reading() as transaction:
        assert ["One", "Two"] == _said(transaction.history(CLUB))


def test_two_kits(server_url):
    """
    Of kits that take turns, each decides by what the other did, refusals included.
    """
    clock = ManualClock(MARCH_1)
    with (
        CircleKit(server_url, clock=clock) as one,
        CircleKit(server_url, clock=clock) as other,
    ):
        one.found_circle(name="Club", kind="community", by="mei", circle="club")
        one.send_must_see("club", by="mei", text="Now")
        for number in range(4):
            kit = (other, one)[number % 2]
            with pytest.raises(RefusedError, match="24"):
                kit.send_must_see("club", by="mei", text="Again")
            kit.publish_post("club", by="mei", text=f"{number}")

        assert 4 == one.audit_must_sees().refused
        assert ["Now", "0", "1", "2", "3"] == [
            it.event.text
            for it in other.history("club")
            if isinstance(it.event, PostPublished)
        ]
        one.verify()


def _until_somebody_waits(transaction):
    waiting = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock'
    """
    while transaction.all(waiting) == [(0,)]:
        # The server shows each transaction one state of this view, unless told.
        transaction.all("SELECT 1 FROM pg_stat_clear_snapshot()")
