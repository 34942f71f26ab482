"""
Processes that write to a store until somebody stops or kills them.
"""

import time
from contextlib import contextmanager
from datetime import timedelta

from circlekit import CircleKit, ManualClock, RefusedError, StoreError
from circlekit.store import open_store
from tests.store.workers import PROCESSES, START

PATIENCE = 120
PROCESSES.set_forkserver_preload(["tests.faults.writers"])


def post_on(pipe, url, name):
    """
    Publish posts, and say of each when it is done; on trouble, say it again.

    Every post has a command id, so that to say it again is safe. Stops when it is
    told to, and then says what trouble there was.
    """
    number, troubles = 0, {}
    with patient_kit(url) as kit:
        while not pipe.poll():
            text = f"{name} {number}"
            began = time.monotonic()
            while True:
                try:
                    post = kit.publish_post(
                        "club", by="mei", text=text, command_id=f"{name}-{number}"
                    )
                except StoreError as error:
                    kind = type(error).__name__
                    troubles[kind] = troubles.get(kind, 0) + 1
                    if time.monotonic() > began + PATIENCE:
                        raise
                    time.sleep(0.02)
                else:
                    break
            pipe.send((str(post), text, began, time.monotonic()))
            number += 1
    pipe.send(troubles)


@contextmanager
def patient_kit(url):
    """
    Lend a kit on a store that may be away just now.
    """
    until = time.monotonic() + PATIENCE
    while True:
        try:
            kit = CircleKit(url, busy_seconds=5)
        except StoreError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)
        else:
            break
    with kit:
        yield kit


def quarrel(url, by, skew, count):
    """
    Post and send must-sees beside others, by a clock of one's own.

    Return for each command when it began and ended, and what came of it.
    """
    clock = ManualClock(START + timedelta(hours=skew))
    told = []
    with CircleKit(url, clock=clock, busy_seconds=120) as kit:
        for number in range(count):
            clock.forward(minutes=37)
            name = f"{by}-{number}"
            began = time.monotonic()
            do = kit.publish_post if number % 4 else kit.send_must_see
            try:
                came = do("club", by=by, text=name, command_id=name).version
            except RefusedError:
                came = 0
            told.append((name, began, time.monotonic(), came))
    return told


def tail(pipe, url):
    """
    Read every new event as soon as it is there, and say the positions in order.
    """
    seen, at = [], 0
    store = open_store(url, create=False)
    try:
        while True:
            stop = pipe.poll()
            rows = [row[0] for row in rows_after(store, at)]
            seen += rows
            at = max([at, *rows])
            if stop and not rows:
                break
    finally:
        store.close()
    pipe.send(seen)


def rows_after(store, position):
    """
    Return the rows after a position, as a follower reads them.
    """
    from circlekit.store import log  # noqa: PLC0415 - the store's own

    with store.reading() as transaction:
        return log.rows_after(transaction.session, position, log.BLOCK)
