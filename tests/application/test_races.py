"""
Two at once: threads on one kit, and kits on one file.
"""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest

from circlekit import CircleKit, ManualClock
from tests.application.town import MARCH_1, outcome, refused


def _three_used(kit, clock):
    kit.found_circle(name="Club", kind="community", by="mei", circle="club")
    kit.join_circle("club", "lin")
    kit.appoint_manager("club", "lin", by="mei")
    for day in range(3):
        clock.now = MARCH_1 + timedelta(days=2 * day)
        kit.send_must_see("club", by="mei", text=f"News {day}")
    clock.forward(days=2)


@pytest.mark.parametrize("round_", range(10))
def test_v12_two_threads(url, clock, round_):
    """
    V12: with three of four used, two who send at the same instant get one yes.
    """
    with CircleKit(url, clock=clock) as kit:
        _three_used(kit, clock)
        start = Barrier(2)

        def send(by):
            start.wait()
            return outcome(kit.send_must_see, "club", by=by, text="Mine").rules

        with ThreadPoolExecutor(2) as pool:
            answers = sorted(pool.map(send, ("mei", "lin")))

        assert [(), ("must-see-month", "must-see-spacing")] == answers
        assert 4 == kit.audit_must_sees().sent


@pytest.mark.parametrize("round_", range(10))
def test_v12_two_kits(url, clock, round_):
    """
    V12: the same with two kits on one file, each with the circle in its memory.
    """
    with CircleKit(url, clock=clock) as one, CircleKit(url, clock=clock) as other:
        _three_used(one, clock)
        assert other.would_allow("send_must_see", "club", by="lin", text="M").allowed
        start = Barrier(2)

        def send(kit_and_by):
            kit, by = kit_and_by
            start.wait()
            return outcome(kit.send_must_see, "club", by=by, text="Mine").rules

        with ThreadPoolExecutor(2) as pool:
            answers = sorted(pool.map(send, ((one, "mei"), (other, "lin"))))

        assert [(), ("must-see-month", "must-see-spacing")] == answers
        assert 4 == one.audit_must_sees().sent == other.audit_must_sees().sent


def test_what_another_wrote_before_what_needs_no_memory(url, clock):
    """
    What another kit wrote is known, also if ours then did what needs no memory.

    To publish a moment to nobody looks at no circle.
    """
    with CircleKit(url, clock=clock) as one, CircleKit(url, clock=clock) as other:
        one.found_circle(name="Club", kind="community", by="mei", circle="club")
        one.join_circle("club", "tao")
        other.send_must_see("club", by="mei", text="Theirs")
        one.publish_moment([], source="member", by="sun", text="Tea")

        with refused("must-see-spacing"):
            one.send_must_see("club", by="mei", text="Ours")
        one.publish_post("club", by="tao", text="Hello")

        assert 1 == one.audit_must_sees().sent


def test_two_clocks(url):
    """
    Two kits whose clocks are a day apart still count as one circle does.

    What is recorded never goes back in time.
    """
    early, late = ManualClock(MARCH_1), ManualClock(MARCH_1 + timedelta(days=1))
    with CircleKit(url, clock=late) as one, CircleKit(url, clock=early) as other:
        one.found_circle(name="Club", kind="community", by="mei", circle="club")
        one.send_must_see("club", by="mei", text="First")

        told = outcome(other.send_must_see, "club", by="mei", text="Second")

    assert ("must-see-spacing",) == told.rules
    assert MARCH_1 + timedelta(days=2) == told.retry_at


def test_one_joins_once(url, clock):
    """
    Of many who let the same person in at once, one does, and the rest are told so.
    """
    with CircleKit(url, clock=clock) as kit:
        kit.found_circle(name="Club", kind="community", by="mei", circle="club")
        with ThreadPoolExecutor(8) as pool:
            answers = list(
                pool.map(
                    lambda _: outcome(kit.join_circle, "club", "tao").rules, range(24)
                )
            )

        assert [(), *[("already-a-member",)] * 23] == sorted(answers)


def test_the_last_place(url, clock):
    """
    Of many who want the last place in a group, one gets it.
    """
    with CircleKit(url, clock=clock) as one, CircleKit(url, clock=clock) as other:
        one.found_circle(
            name="Club", kind="community", by="mei", circle="club", rules="wecom_2020"
        )
        with one.batch():
            for number in range(98):
                one.join_circle("club", f"guest {number}")
        kits = {f"late {number}": (one, other)[number % 2] for number in range(8)}

        with ThreadPoolExecutor(8) as pool:
            joined = list(
                pool.map(lambda who: kits[who].join_circle("club", who), kits)
            )

        assert 1 == sum(it.group.allowed for it in joined)
        assert 7 == sum(it.group.rules == ("group-full",) for it in joined)
        assert 107 == sum(
            type(it.event).__name__ in {"CircleFounded", "MemberJoined"}
            for it in one.history("club")
        )


def test_one_command_id_from_many(url, clock):
    """
    One command that arrives many times at once, on two kits, is done once.

    Everybody gets the same answer.
    """
    with CircleKit(url, clock=clock) as one, CircleKit(url, clock=clock) as other:
        one.found_circle(name="Club", kind="community", by="mei", circle="club")

        def send(number):
            kit = (one, other)[number % 2]
            return kit.send_must_see("club", by="mei", text="Once", command_id="same")

        with ThreadPoolExecutor(8) as pool:
            posts = set(pool.map(send, range(24)))

        assert 1 == len(posts)
        assert 1 == one.audit_must_sees().attempts


def test_reading_beside_writing(url, clock):
    """
    Who reads while others write sees whole commands, and never an error.
    """
    with CircleKit(url, clock=clock) as one, CircleKit(url, clock=clock) as other:
        one.found_circle(name="Club", kind="community", by="mei", circle="club")

        def write(number):
            return one.publish_post("club", by="mei", text=f"{number}")

        def read(number):
            kit = (one, other)[number % 2]
            texts = [int(item.text) for item in kit.feed("mei", limit=200).items]
            return texts == sorted(texts, reverse=True)

        with ThreadPoolExecutor(1) as writer, ThreadPoolExecutor(4) as readers:
            posts = writer.map(write, range(100))
            assert all(readers.map(read, range(100)))
            assert 100 == len(list(posts))

        assert [item.post for item in one.feed("mei", limit=200).items] == [
            item.post for item in other.feed("mei", limit=200).items
        ]
