"""
What becomes of a community when something breaks: experiments, and their counts.

Each takes how often, does it to real processes, files and servers, and answers with
what it counted. ``lost`` and ``doubled`` are of what somebody was told is done.
"""

import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack, closing, contextmanager
from itertools import pairwise
from pathlib import Path

from circlekit import CircleKit, ManualClock
from circlekit.events.circle import MustSeeSent, PostPublished
from circlekit.events.refusal import CommandRefused
from circlekit.rulebook import DINGTALK_2020
from circlekit.store import migrate
from circlekit.testing.machines.counting import Spent, used_up
from tests.faults import writers
from tests.faults.servers import Server, short_folder
from tests.store import workers
from tests.store.workers import PROCESSES, START

ZONE = "Asia/Shanghai"


def nothing(_done, _all):
    """
    Show nobody how far an experiment is.
    """


@contextmanager
def a_club(where):
    """
    Lend the URL of a store with one circle in it, on ``sqlite`` or ``postgres``.
    """
    with ExitStack() as stack:
        if where == "sqlite":
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            url = f"sqlite:///{folder}/club.db"
        else:
            server = a_server(stack)
            url = server.url
        found_club(url)
        yield url


def a_server(stack, **settings):
    """
    Return a new server that is stopped with the stack.
    """
    server = Server(stack.enter_context(short_folder()), **settings)
    stack.callback(server.stop)
    server.make()
    return server


def found_club(url, members=()):
    """
    Make a store and found a circle in it.
    """
    migrate(url)
    with CircleKit(url, clock=ManualClock(START)) as kit:
        kit.found_circle(name="Club", kind="community", by="mei", circle="club")
        for member in members:
            kit.join_circle("club", member)
            kit.appoint_manager("club", member, by="mei")


class Running:
    """
    Processes that post to a club, and all they said.
    """

    def __init__(self, url, count, prefix=""):
        self.told = []
        self.troubles = Counter()
        self._running = []
        for number in range(count):
            ours, theirs = PROCESSES.Pipe()
            process = PROCESSES.Process(
                target=writers.post_on, args=(theirs, url, f"{prefix}w{number}")
            )
            process.start()
            theirs.close()
            self._running.append((process, ours))

    def wait_for(self, more):
        """
        Wait until each has said that much more.
        """
        for _, pipe in self._running:
            self.told += [pipe.recv() for _ in range(more)]

    def kill(self):
        """
        Kill them all, wherever they are.
        """
        for process, _ in self._running:
            process.kill()
        self._hear_out()

    def stop(self):
        """
        Tell them all to come to an end.
        """
        for _, pipe in self._running:
            pipe.send("stop")
        self._hear_out()

    def _hear_out(self):
        for process, pipe in self._running:
            while True:
                try:
                    said = pipe.recv()
                except (EOFError, ConnectionResetError):
                    break
                if isinstance(said, dict):
                    self.troubles.update(said)
                else:
                    self.told.append(said)
            process.join()
            pipe.close()


def compared(url, told):
    """
    Count what was said to be done and is not there, or is there twice.
    """
    with CircleKit(url) as kit:
        texts = Counter(
            it.event.text
            for it in kit.history("club")
            if isinstance(it.event, PostPublished)
        )
        posts = {
            f"club/{it.version}": it.event.text
            for it in kit.history("club")
            if isinstance(it.event, PostPublished)
        }
        kit.verify()
    said = {post: text for post, text, _, _ in told}
    return {
        "told": len(told),
        "lost": sum(posts.get(post) != text for post, text in said.items()),
        "doubled": sum(count - 1 for count in texts.values()),
        "stored_unsaid": len(texts.keys() - set(said.values())),
    }


def longest_pause(told):
    """
    Return the longest time, in seconds, in which nobody was told anything.
    """
    ends = sorted(end for *_, end in told)
    pauses = (later - earlier for earlier, later in pairwise(ends))
    return round(max(pauses, default=0), 2)


def killed_writers(where, rounds, progress=nothing):
    """
    Kill two writing processes at some moment, again and again.
    """
    told = []
    with a_club(where) as url:
        for round_ in range(rounds):
            running = Running(url, 2, prefix=f"{round_}")
            running.wait_for(1 + round_ % 7)
            running.kill()
            told += running.told
            progress(round_ + 1, rounds)
        if where == "sqlite":
            with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as file:
                ((sound,),) = file.execute("PRAGMA integrity_check")
                if sound != "ok":
                    raise AssertionError(sound)
        return {"kills": 2 * rounds, **compared(url, told)}


def killed_server(rounds, progress=nothing):
    """
    Kill the PostgreSQL server under three writers, and start it again.
    """
    with ExitStack() as stack:
        server = a_server(stack)
        found_club(server.url)
        running = Running(server.url, 3)
        for round_ in range(rounds):
            running.wait_for(5 + round_ % 5)
            server.kill()
            server.start()
            progress(round_ + 1, rounds)
        running.wait_for(5)
        running.stop()
        return {
            "kills": rounds,
            **compared(server.url, running.told),
            "longest_pause_seconds": longest_pause(running.told),
            "troubles": dict(running.troubles),
        }


def failover(rounds, *, synchronous=True, progress=nothing):
    """
    Kill the primary under load and promote its standby.

    A synchronous standby has whatever was acknowledged; an asynchronous one may
    not, and how much it lacked is what this counts.
    """
    total = Counter()
    pause = 0.0
    for round_ in range(rounds):
        with ExitStack() as stack:
            primary = a_server(stack)
            found_club(primary.url)
            standby = Server(stack.enter_context(short_folder()))
            stack.callback(standby.stop)
            standby.copy_of(primary)
            if synchronous:
                # Only now, and not in its files: the standby is to have none itself.
                primary.stop()
                primary.settings["synchronous_standby_names"] = "*"
                primary.start()
                primary.wait_until(_has_a_standby)
            both = (
                "postgresql://postgres@/postgres?target_session_attrs=read-write"
                f"&host={primary.folder}&host={standby.folder}"
            )
            running = Running(both, 3)
            running.wait_for(20)
            if not synchronous:
                # It falls behind: nobody waits for it.
                standby.kill()
                running.wait_for(20)
            primary.kill()
            if not synchronous:
                standby.start()
            standby.ask("SELECT pg_promote(true)")
            running.wait_for(10)
            running.stop()
            total.update(compared(standby.url, running.told))
            pause = max(pause, longest_pause(running.told))
        progress(round_ + 1, rounds)
    return {"failovers": rounds, **total, "longest_pause_seconds": pause}


def _has_a_standby(connection):
    sql = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'"
    ((count,),) = connection.execute(sql)
    return count == 1


def contention(where, each, progress=nothing):
    """
    Let eight processes post and send must-sees at once, by clocks that differ.

    Then check the history: quota, order, and one event for each command.
    """
    people = [f"p{number}" for number in range(8)]
    skews = (0, 1, -1, 5, -7, 13, 25, -25)
    with ExitStack() as stack:
        if where == "sqlite":
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            url = f"sqlite:///{folder}/club.db"
        else:
            url = a_server(stack).url
        found_club(url, people)
        answers = workers.run(
            writers.quarrel,
            *((url, by, skew, each) for by, skew in zip(people, skews, strict=True)),
        )
        progress(1, 2)
        broken = [answer for answer in answers if isinstance(answer, str)]
        if broken:
            raise RuntimeError(broken[0])
        told = [one for answer in answers for one in answer]
        found = _history_checked(url, told)
        progress(2, 2)
    return found


def _history_checked(url, told):
    with CircleKit(url) as kit:
        history = list(kit.history("club"))
        refused = list(kit._store.history("refused:circle/club"))
        audit = kit.audit_must_sees()
        kit.verify()
    violations = []
    by_text = Counter(
        it.event.text for it in history if isinstance(it.event, PostPublished)
    )
    place_of = {
        it.event.text: it.version
        for it in history
        if isinstance(it.event, PostPublished)
    }
    for name, _, _, came in told:
        if by_text[name] != (came > 0) or place_of.get(name, 0) != came:
            violations.append(f"{name} came to {came}, and is there {by_text[name]} x")
    # Whoever began after another was told that it is done comes after it.
    done = sorted((end, came) for _, _, end, came in told if came)
    newest, at = 0, 0
    for _, began, _, came in sorted(told, key=lambda one: one[1]):
        while at < len(done) and done[at][0] < began:
            newest = max(newest, done[at][1])
            at += 1
        if came and came <= newest:
            violations.append(f"{came} came after {newest}, which was done before")
    moments = [it.event.at for it in history]
    violations += ["time ran back"] * (moments != sorted(moments))
    violations += [str(it) for it in audit.violations]
    sent = []
    for it in sorted([*history, *refused], key=lambda one: one.position):
        full = used_up(DINGTALK_2020.must_see, sent, ZONE, it.event.at)
        if isinstance(it.event, MustSeeSent):
            violations += [f"sent at {it.version} beyond {full}"] * bool(full)
            sent.append(Spent(it.event.at, it.version))
        elif isinstance(it.event, CommandRefused) and not full:
            violations.append(f"refused at {it.position} for nothing")
    return {
        "commands": len(told),
        "appends": len(history),
        "must_sees": len(sent),
        "refused": len(refused),
        "violations": violations,
    }


def tailed(where, seconds, progress=nothing):
    """
    Read the log to its end, over and over, beside eight writers.
    """
    with a_club(where) as url:
        ours, theirs = PROCESSES.Pipe()
        reader = PROCESSES.Process(target=writers.tail, args=(theirs, url))
        reader.start()
        theirs.close()
        running = Running(url, 8)
        began = time.monotonic()
        while time.monotonic() < began + seconds:
            running.wait_for(5)
            progress(min(seconds, int(time.monotonic() - began)), seconds)
        running.stop()
        ours.send("stop")
        seen = ours.recv()
        reader.join()
        with CircleKit(url) as kit:
            newest = kit.newest_position()
    return {
        "events": newest,
        "skipped": newest - len(set(seen)),
        "out_of_order": seen != sorted(set(seen)),
        "troubles": dict(running.troubles),
    }


def disk_full(refusals, progress=nothing):
    """
    Write until a small disk is full, go on trying, then make room.

    Needs a small disk to fill: a file system in memory, in a name space of its own.
    Returns None where the machine does not allow to make one.
    """
    here = Path(__file__).resolve().parents[2]
    with tempfile.TemporaryDirectory() as folder:
        script = (
            f"mount -t tmpfs -o size=6m none {folder} && "
            f"exec {sys.executable} -m tests.faults.filling {folder} {refusals}"
        )
        command = ["unshare", "--map-root-user", "--mount", "sh", "-c", script]
        try:
            done = subprocess.run(
                command,
                check=False,
                capture_output=True,
                text=True,
                cwd=here,
                env={**os.environ, "PYTHONPATH": str(here)},
            )
        except FileNotFoundError:
            return None
    if done.returncode and ("unshare" in done.stderr or "mount" in done.stderr):
        return None
    if done.returncode:
        raise AssertionError(done.stderr)
    counted = dict(line.split("=") for line in done.stdout.split())
    return {name: int(count) for name, count in counted.items()}
