"""
Many at once: how long do they wait?

Forty threads of one process share a kit, then eight processes have one each. Each of
them posts, reads the first page of a feed, posts again. The bare driver does the same:
it puts down the event and the row that is read, in one transaction, and reads the
newest twenty; every thread has a connection of its own, and waits as long.
"""

import itertools
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from statistics import quantiles
from threading import local
from typing import Any, Final

from attrs import frozen

from benchmarks import bare
from benchmarks.bench import Bench
from benchmarks.measuring import Line, Spread
from benchmarks.profiling import Profile, profiled
from circlekit import CircleKit
from circlekit.events.circle import PostPublished
from circlekit.ids import MemberId

NAME: Final = "W10"
QUESTION: Final = "Many at once: how long do they wait?"

THREADS: Final = 40
PROCESSES: Final = 8
CIRCLES: Final = 20
TEXT: Final = "The next chapter is the one with the ship. " * 3
NOW: Final = datetime(2026, 3, 9, 12, tzinfo=UTC)
_MEI: Final = MemberId("mei")
_POSTS: Final = (
    (
        "CREATE TABLE post (position {} PRIMARY KEY, circle TEXT NOT NULL, "
        "at BIGINT NOT NULL, text TEXT NOT NULL)"
    ),
    "CREATE INDEX post_newest ON post (circle, at)",
)
_PUT_POST: Final = "INSERT INTO post (circle, at, text) VALUES ({0}, {0}, {0})"
_PAGE: Final = """
SELECT position, circle, at, text FROM post ORDER BY position DESC LIMIT 20
"""
_here = local()


@frozen
class Took:
    """
    What each act took, and all of them together.
    """

    acts: Sequence[float]
    together: float

    @property
    def p99(self) -> float:
        """
        Return what all but one in a hundred took at most.
        """
        return quantiles(self.acts, n=100)[98]

    @property
    def rate(self) -> float:
        """
        Return how many were done in a second.
        """
        return len(self.acts) / self.together


def measure(bench: Bench) -> list[Line]:
    """
    Return rates and how long one in a hundred waits, beside the bare driver's.
    """
    return [
        *_threads(bench, "SQLite", bench.sqlite_url("threads")),
        *_threads(bench, "PostgreSQL", bench.migrated()),
        *_processes(bench, "SQLite", bench.sqlite_url("processes")),
        *_processes(bench, "PostgreSQL", bench.migrated()),
    ]


def profiles(bench: Bench) -> list[Profile]:
    """
    Return where the time of posts and pages goes, when nobody else is there.
    """
    found = []
    for where, url in (
        ("SQLite", bench.sqlite_url("alone")),
        ("PostgreSQL", bench.migrated()),
    ):
        with CircleKit(url) as kit:
            _found(kit)
            act = partial(_acts, kit, 10, 0)
            what = f"ten posts and ten pages, {where}"
            found.append(profiled(what, act, times=bench.some(100, 5)))
    return found


def _threads(bench: Bench, where: str, url: str) -> list[Line]:
    place, acts = _bare_place(bench, where), bench.some(50, 5)
    with CircleKit(url) as kit, ThreadPoolExecutor(THREADS) as pool:
        _found(kit)
        both = {
            "bare": lambda: _all(pool, THREADS, partial(_bare_acts, place, acts)),
            "ours": lambda: _all(pool, THREADS, partial(_acts, kit, acts)),
        }
        found = _in_turns(both, bench.some(5, 1))
    return _lines(found, f"{THREADS} threads, {where}")


def _processes(bench: Bench, where: str, url: str) -> list[Line]:
    place, acts = _bare_place(bench, where), bench.some(100, 10)
    with CircleKit(url) as kit:
        _found(kit)
    with ProcessPoolExecutor(PROCESSES, get_context("spawn")) as pool:
        both = {
            "bare": lambda: _all(pool, PROCESSES, partial(_bare_acts, place, acts)),
            "ours": lambda: _all(pool, PROCESSES, partial(_acts_of_one, url, acts)),
        }
        found = _in_turns(both, bench.some(5, 1))
    return _lines(found, f"{PROCESSES} processes, {where}")


def _in_turns(
    both: dict[str, Callable[[], Took]], rounds: int
) -> dict[str, list[Took]]:
    found: dict[str, list[Took]] = {name: [] for name in both}
    for number in range(-1, rounds):
        for name, act in both.items():
            took = act()
            if number >= 0:
                found[name].append(took)
    return found


def _lines(found: dict[str, list[Took]], where: str) -> list[Line]:
    lines = []
    for what, unit, of in (
        ("acts in a second", "acts/s", lambda it: it.rate),
        ("one act in a hundred waits", "s", lambda it: it.p99),
    ):
        bare_ones, ours = ([of(it) for it in found[who]] for who in ("bare", "ours"))
        over = f"the bare driver: {what}, {where}"
        lines += [
            Line(what=over, value=Spread.of(bare_ones).median, unit=unit),
            Line(
                what=f"{what}, {where}",
                value=Spread.of(ours).median,
                unit=unit,
                over=over,
                ratio=Spread.of(
                    [one / other for one, other in zip(ours, bare_ones, strict=True)]
                ),
            ),
        ]
    return lines


def _all(pool: Executor, many: int, act: Callable[[int], list[float]]) -> Took:
    # Processes begin when they are there, so they say themselves when they did.
    began = time.perf_counter()
    took = list(pool.map(act, range(many)))
    return Took([it for each in took for it in each], time.perf_counter() - began)


def _timed(acts: Sequence[Callable[[], object]]) -> list[float]:
    took = []
    for act in acts:
        began = time.perf_counter()
        act()
        took.append(time.perf_counter() - began)
    return took


def _found(kit: CircleKit) -> None:
    for number in range(CIRCLES):
        name = f"circle-{number}"
        kit.found_circle(name=name, kind="community", by=_MEI, circle=name)


def _acts(kit: CircleKit, acts: int, who: int) -> list[float]:
    circle = f"circle-{who % CIRCLES}"
    post = partial(kit.publish_post, circle, by=_MEI, text=TEXT)
    read = partial(kit.feed, _MEI)
    return _timed(list(itertools.islice(itertools.cycle((post, read)), 2 * acts)))


def _acts_of_one(url: str, acts: int, who: int) -> list[float]:
    if not hasattr(_here, "kit"):
        _here.kit = CircleKit(url)
    return _acts(_here.kit, acts, who)


def _bare_place(bench: Bench, where: str) -> tuple[str, str]:
    if where == "SQLite":
        path = str(bench.file("bare.db"))
        connection: Any = bare.sqlite_table(Path(path))
        key = "INTEGER"
    else:
        path = bench.server.database()
        connection = bare.postgres_table(path)
        key = "BIGINT GENERATED ALWAYS AS IDENTITY"
    for statement in _POSTS:
        connection.execute(statement.format(key))
    connection.close()
    return where, path


def _bare_acts(place: tuple[str, str], acts: int, who: int) -> list[float]:
    known = _here.__dict__.setdefault("bare", {})
    if place not in known:
        where, path = place
        known[place] = _bare_sqlite(path) if where == "SQLite" else _bare_server(path)
    post, read = known[place]
    circle = f"circle-{who % CIRCLES}"
    both = (partial(post, circle), read)
    return _timed(list(itertools.islice(itertools.cycle(both), 2 * acts)))


_versions = itertools.count(1)


def _event(circle: str) -> tuple[Any, ...]:
    # Each thread has versions of its own: nobody else writes to its stream.
    if not hasattr(_here, "stream"):
        _here.stream = f"{time.time_ns()}-{next(_versions)}"
        _here.versions = itertools.count(1)
    event = PostPublished(text=TEXT, by=_MEI, at=NOW)
    return bare.row(f"{circle}-{_here.stream}", next(_here.versions), event)


def _bare_sqlite(path: str) -> tuple[Callable[[str], None], Callable[[], object]]:
    connection = bare.sqlite(Path(path))
    connection.execute("PRAGMA busy_timeout = 30000")
    put = _PUT_POST.format("?")

    def post(circle: str) -> None:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(bare.PUT_SQLITE, _event(circle))
        connection.execute(put, (circle, time.time_ns(), TEXT))
        connection.execute("COMMIT")

    return post, lambda: connection.execute(_PAGE).fetchall()


def _bare_server(url: str) -> tuple[Callable[[str], None], Callable[[], object]]:
    connection = bare.postgres(url)
    put = _PUT_POST.format("%s")

    def post(circle: str) -> None:
        with connection.transaction():
            connection.execute(bare.PUT_POSTGRES, _event(circle))
            connection.execute(put, (circle, time.time_ns(), TEXT))

    return post, lambda: connection.execute(_PAGE).fetchall()
