"""
What other processes do in the tests of the store.
"""

import multiprocessing
import os
import resource
import signal
import sqlite3
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg

from circlekit import CircleKit, CirclekitError, ManualClock, RefusedError, exactly_once
from circlekit.events.circle import MustSeeSent
from circlekit.store import migrate

# Each process is born of a small one that has the library loaded already, and has
# nothing of the test run's threads or connections.
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["tests.store.workers"])
START = datetime(2020, 3, 1, 12, tzinfo=UTC)


def run(work, *each):
    """
    Do *work* in one process for each tuple of arguments, all at once.

    Return their answers in order.
    """
    start = PROCESSES.Barrier(len(each))
    processes, pipes = [], []
    for args in each:
        ours, theirs = PROCESSES.Pipe(duplex=False)
        process = PROCESSES.Process(target=_answer, args=(theirs, start, work, args))
        process.start()
        theirs.close()
        processes.append(process)
        pipes.append(ours)
    answers = [pipe.recv() for pipe in pipes]
    for process, pipe in zip(processes, pipes, strict=True):
        process.join()
        pipe.close()
    return answers


def _answer(pipe, start, work, args):
    start.wait()
    try:
        answer = work(*args)
    except BaseException as error:  # noqa: BLE001
        answer = f"{type(error).__name__}: {error}"
    pipe.send(answer)
    pipe.close()


def open_and_post(url, name):
    """
    Open a store that may not be there yet, and found a circle in it.
    """
    with CircleKit(url) as kit:
        kit.found_circle(name=name, kind="community", by="mei", circle=name)
        return len(list(kit.history(name)))


def migrate_and_post(url, name):
    """
    Make a store, unless another one does, and found a circle in it.
    """
    migrate(url)
    return open_and_post(url, name)


def send_must_sees(url, by, skew, attempts):
    """
    Try to send must-sees to one circle, by a clock of one's own.
    """
    clock = ManualClock(START + timedelta(hours=skew))
    answers = []
    with CircleKit(url, clock=clock) as kit:
        for attempt in range(attempts):
            clock.forward(hours=7)
            try:
                kit.send_must_see("club", by=by, text=f"{by} {attempt}")
            except RefusedError as refusal:
                answers.append(refusal.verdict.rules)
            else:
                answers.append(())
    return answers


def converse(url, by, count):
    """
    Write, and after each message read all of one's own back, and everybody's so far.
    """
    with CircleKit(url) as kit:
        mine = []
        for number in range(count):
            mine.append(str(kit.publish_post("club", by=by, text=f"{by} {number}")))
            seen = [item.post for item in kit.feed(by, limit=200).items]
            if seen != sorted(seen, key=lambda post: -post.version):
                return "out of order"
            if not set(mine) <= {str(post) for post in seen}:
                return "lost"
    return mine


def post_until_killed(pipe, url, name):
    """
    Publish posts, and say of each that it is done, until somebody stops this.
    """
    number = 0
    with CircleKit(url) as kit:
        while True:
            text = f"{name} {number}"
            if number % 3:
                post = kit.publish_post("club", by="mei", text=text)
            else:
                with kit.batch():
                    post = kit.publish_post("club", by="mei", text=text)
                    kit.add_comment(post, by="mei", text=text)
            if number % 5 == 0:
                kit.feed("mei")
            pipe.send((str(post), text))
            number += 1


def hold(pipe, url):
    """
    Keep the store from being written until told to go on.
    """
    with CircleKit(url) as kit, kit.batch():
        kit.publish_post("club", by="mei", text="Mine")
        pipe.send("held")
        pipe.recv()


def is_must_see(recorded):
    """
    Return whether an event is a must-see.
    """
    return isinstance(recorded.event, MustSeeSent)


def fail_to_commit(url):
    """
    Meet a limit on the size of files just as a command is to be committed.
    """
    path = url.removeprefix("sqlite:///")
    with CircleKit(url, clock=ManualClock(START)) as kit:
        kit.publish_post("club", by="mei", text="Before")
        size = Path(f"{path}-wal").stat().st_size
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
        try:
            kit.join_circle("club", "new")
            failed = "nothing"
        except CirclekitError as error:
            failed = type(error).__name__
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        before = [it.role for it in kit.circles("new")]
        asked = kit.would_allow("leave_circle", "club", "new").rules
        kit.publish_post("club", by="mei", text="After")
        after = [it.role for it in kit.circles("new")]
        kit.join_circle("club", "new")
        return [failed, before, asked, after, "joined"]


def follow(url, name, block):
    """
    Note every event in a table of the host's, each with the process that did.
    """

    @exactly_once
    def note(recorded, rows):
        rows.run(
            "INSERT INTO seen VALUES (:position, :process)",
            position=recorded.position,
            process=os.getpid(),
        )

    with CircleKit(url) as kit:
        return kit.catch_up(name, note, block=block)


def follow_until_killed(pipe, url, how, die_at):
    """
    Follow in one of several ways, and say of every event that it is being handled.

    The process ends itself, at once and without a word, at the event *die_at*.
    """
    shown = 0
    late = []

    def show(recorded):
        nonlocal shown
        shown += 1
        if shown == die_at:
            os.kill(os.getpid(), signal.SIGKILL)
        pipe.send(recorded.position)

    def note(rows, recorded):
        rows.run("INSERT INTO seen VALUES (:position, 0)", position=recorded.position)

    @exactly_once
    def together(recorded, rows):
        note(rows, recorded)
        show(recorded)

    def rows_apart(recorded):
        with kit.rows() as rows:
            note(rows, recorded)
        show(recorded)

    def position_apart(recorded):
        late.append(recorded)

    handlers = {
        "together": together,
        "rows apart": rows_apart,
        "position apart": position_apart,
    }
    with CircleKit(url) as kit:
        kit.catch_up("book", handlers[how])
        for recorded in late:
            show(recorded)
            with kit.rows() as rows:
                note(rows, recorded)


def read_on(pipe, url):
    """
    Read everything over and over until told to stop; say what was seen, and how often.
    """
    seen, times = set(), 0
    with CircleKit(url, clock=ManualClock(START)) as kit:
        while not times or not pipe.poll():
            answers = (
                kit.feed("mei", limit=200),
                kit.group_timeline("club", limit=200),
                kit.quota("club"),
            )
            seen.add(repr(answers))
            times += 1
            if times == 1:
                pipe.send("reading")
    pipe.send((seen, times))


def rebuild_until_killed(pipe, url):
    """
    Rebuild the read models, and say each step, until somebody stops this.
    """
    with CircleKit(url) as kit:
        while True:
            kit.rebuild_read_models(progress=lambda *step: pipe.send(step))


def rebuild_once(url):
    """
    Rebuild the read models.
    """
    with CircleKit(url) as kit:
        kit.rebuild_read_models()
        return kit.newest_position()


def write_a_little(url, by):
    """
    Write while others rebuild.
    """
    with CircleKit(url) as kit:
        for number in range(20):
            kit.publish_post("club", by=by, text=f"{by} {number}")
        return 20


@contextmanager
def host_connection(url, *, patience=5):
    """
    Lend a connection as the host's driver makes it.
    """
    if url.startswith("sqlite"):
        path = url.removeprefix("sqlite:///")
        with closing(sqlite3.connect(path, timeout=patience)) as connection:
            yield connection
        return
    with closing(psycopg.connect(url)) as connection:
        yield connection


def order_and_post(pipe, url, number):
    """
    Commit orders with their posts, and then stop short of one more commit.
    """
    with CircleKit(url) as kit, host_connection(url) as connection:
        for order in range(number + 1):
            said = f"order {order}"
            connection.execute(f"INSERT INTO orders (name) VALUES ('{said}')")
            with kit.joined_to(connection) as joined:
                joined.publish_post("club", by="mei", text=said)
            if order < number:
                connection.commit()
        pipe.send("not committed")
        pipe.recv()


def order_and_post_often(url, name, count):
    """
    Commit some orders with their posts and take others back, among posts of the kit.
    """
    done = []
    with CircleKit(url) as kit, host_connection(url, patience=30) as connection:
        for number in range(count):
            said = f"{name} {number}"
            connection.execute(f"INSERT INTO orders (name) VALUES ('{said}')")
            with kit.joined_to(connection) as joined:
                joined.publish_post("club", by="mei", text=said)
            if number % 3:
                connection.commit()
                done.append(said)
            else:
                connection.rollback()
            kit.publish_post("club", by="mei", text=f"{said} by itself")
    return done
