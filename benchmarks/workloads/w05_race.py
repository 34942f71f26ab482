"""
Eight senders race: what does one must-see cost?

Eight threads, each with a connection of its own, send a must-see to one circle at the
same moment; one of them may. A round lasts until all have their answer: one post with
its must-see, and seven refusals that are recorded. Beside it, the bare driver does the
same with a row lock: it counts under the lock, and writes as many rows.
"""

import itertools
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from threading import Barrier
from typing import Any, Final

from benchmarks import bare
from benchmarks.bench import Bench
from benchmarks.measuring import Line, in_turns
from benchmarks.profiling import Profile, profiled
from circlekit import CircleKit, ManualClock, RefusedError
from circlekit.events.circle import MustSeeSent, PostPublished
from circlekit.events.refusal import CommandRefused
from circlekit.ids import MemberId

NAME: Final = "W5"
QUESTION: Final = "Eight senders race: what does one must-see cost?"

SENDERS: Final = 8
TEXT: Final = "The meeting begins at six, and not at seven."
NOW: Final = datetime(2026, 3, 9, 12, tzinfo=UTC)
_MEI: Final = MemberId("mei")
_QUOTA: Final = "CREATE TABLE quota (circle TEXT PRIMARY KEY, used INTEGER NOT NULL)"
_LOCK: Final = "SELECT used FROM quota WHERE circle = %s FOR UPDATE"
_USE: Final = "UPDATE quota SET used = used + 1 WHERE circle = %s"
_VERSION: Final = "SELECT coalesce(max(version), 0) FROM event WHERE stream = %s"


def measure(bench: Bench) -> list[Line]:
    """
    Return how long it takes until all eight are answered.
    """
    rounds = bench.some(200, 20)
    warm_up = 10
    database, other = bench.migrated(), bench.server.database()
    bare.postgres_table(other).close()
    with ExitStack() as stack:
        pool = stack.enter_context(ThreadPoolExecutor(SENDERS))
        kits = [
            stack.enter_context(CircleKit(database, clock=ManualClock(NOW)))
            for _ in range(SENDERS)
        ]
        connections = [stack.enter_context(bare.postgres(other)) for _ in kits]
        bench.say(f"founding {rounds + warm_up} circles")
        _found(kits[0], rounds + warm_up)
        _count_for(connections[0], rounds + warm_up)
        times = in_turns(
            {
                "a bare row lock": _racing(pool, _locking(connections)),
                "circlekit": _racing(pool, _sending(kits)),
            },
            rounds=rounds,
            warm_up=warm_up,
        )
        alone = [
            Line(what=f"a refusal alone, processor time, {who}", value=taken)
            for who, taken in (
                ("a bare row lock", _processor_time(_locking(connections))),
                ("circlekit", _processor_time(_sending(kits))),
            )
        ]
        sent = kits[0].audit_must_sees().sent
    if sent != rounds + warm_up:
        raise SystemExit(f"{sent} must-sees were sent in {rounds + warm_up} rounds")
    over = "a bare row lock"
    what = f"{SENDERS} senders, one accepted, all answered, PostgreSQL"
    return [
        times.line(over),
        times.line("circlekit", what=what, over=over, at_most=1.5),
        *alone,
    ]


def profiles(bench: Bench) -> list[Profile]:
    """
    Return where the time of a refusal goes, after another kit wrote.

    That is what the others wait for in a race, seven times of eight.
    """
    database, times = bench.migrated(), bench.some(400, 40)
    with ExitStack() as stack:
        kits = [
            stack.enter_context(CircleKit(database, clock=ManualClock(NOW)))
            for _ in range(2)
        ]
        _found(kits[0], 1)
        turns, send = itertools.cycle(range(2)), _sending(kits)
        what = "a must-see, refused after another kit wrote, PostgreSQL"
        return [profiled(what, lambda: send(0, next(turns)), times=times)]


Sending = Callable[[int, int], bool]


def _processor_time(send: Sending) -> float:
    # Each answer follows one that another connection was given.
    times = 200
    for sender in range(2):
        send(0, sender)
    began = time.thread_time()
    for number in range(times):
        send(0, number % 2)
    return (time.thread_time() - began) / times


def _racing(pool: ThreadPoolExecutor, send: Sending) -> Callable[[], None]:
    circles = iter(range(1_000_000))
    begun = Barrier(SENDERS)

    def one(circle: int, sender: int) -> bool:
        begun.wait()
        return send(circle, sender)

    def race() -> None:
        circle = next(circles)
        accepted = list(pool.map(one, [circle] * SENDERS, range(SENDERS)))
        if sum(accepted) != 1:
            raise SystemExit(f"{sum(accepted)} must-sees were accepted, not one")

    return race


def _sending(kits: list[CircleKit]) -> Sending:
    def send(circle: int, sender: int) -> bool:
        try:
            kits[sender].send_must_see(f"circle-{circle}", by=_MEI, text=TEXT)
        except RefusedError:
            return False
        return True

    return send


def _locking(connections: list[Any]) -> Sending:
    post = PostPublished(text=TEXT, by=_MEI, at=NOW)
    must_see = MustSeeSent(post=1, by=_MEI, at=NOW)
    refused = CommandRefused(command="send_must_see", reasons=(), by=_MEI, at=NOW)

    def send(circle: int, sender: int) -> bool:
        connection, name = connections[sender], f"circle-{circle}"
        with connection.transaction():
            ((used,),) = connection.execute(_LOCK, [name]).fetchall()
            events = (refused,) if used else (post, must_see)
            stream = f"refused:{name}" if used else name
            ((version,),) = connection.execute(_VERSION, [stream]).fetchall()
            for place, event in enumerate(events, start=version + 1):
                connection.execute(bare.PUT_POSTGRES, bare.row(stream, place, event))
            if not used:
                connection.execute(_USE, [name])
        return not used

    return send


def _found(kit: CircleKit, circles: int) -> None:
    with kit.batch():
        for number in range(circles):
            name = f"circle-{number}"
            kit.found_circle(name=name, kind="community", by=_MEI, circle=name)


def _count_for(connection: Any, circles: int) -> None:
    connection.execute(_QUOTA)
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO quota VALUES (%s, 0)",
            [(f"circle-{number}",) for number in range(circles)],
        )
