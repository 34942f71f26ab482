"""
Short forms of the experiments: ``python -m tests.faults --long`` does them in full.
"""

from contextlib import ExitStack
from threading import Barrier, Thread
from unittest.mock import patch

import pytest

from circlekit import CircleKit, CirclekitError
from circlekit.store import postgres
from tests.faults import experiments
from tests.faults.__main__ import ALL, run, wrong


@pytest.mark.parametrize(
    "name", sorted(ALL.keys() - {"disk-full", "failover-asynchronous"})
)
def test_nothing_is_lost(name):
    """
    What somebody was told is done is there once, whoever is killed meanwhile.
    """
    found = run(name)

    assert {} == wrong(name, found)
    assert found.get("told", 1) > 0


def test_an_asynchronous_standby_lacks_what_it_was_not_told():
    """
    What was acknowledged while the standby was away is gone, and the count says so.
    """
    found = run("failover-asynchronous")

    assert found["lost"] > 0
    assert found["doubled"] == 0


def test_a_full_disk():
    """
    On a full disk writes are refused, nothing is lost, and writing resumes.

    Where no small disk can be made, there is nothing to fill.
    """
    found = run("disk-full")

    if found is None:
        pytest.skip("no file system can be mounted here")
    assert {"refused": 20, "lost": 0, "resumed": 1, "unsaid": 0} == {
        key: found[key] for key in ("refused", "lost", "resumed", "unsaid")
    }


def test_writing_without_the_lock():
    """
    Without the lock on the head, writers get in each other's way at once.
    """
    with ExitStack() as stack:
        server = experiments.a_server(stack)
        experiments.found_club(server.url)
        unlocked = postgres._LOCK.removesuffix(" FOR UPDATE")
        stack.enter_context(patch.object(postgres, "_LOCK", unlocked))
        barrier, troubles = Barrier(8), []

        def write():
            with CircleKit(server.url) as kit:
                barrier.wait()
                for number in range(20):
                    try:
                        kit.publish_post("club", by="mei", text=str(number))
                    except CirclekitError as error:
                        troubles.append(error)

        threads = [Thread(target=write) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert troubles
