"""
Does a comment cost more in a circle with a long history?

Circles of 20,000 and of 200,000 events, with 10,000 members each, stand in one file.
Comments are added to both in turn, each in a transaction of its own; beside them the
bare driver puts down the same row. The first comment of a new process, which has
nothing in memory, is timed by itself.
"""

import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from typing import Final

from benchmarks import bare
from benchmarks.bench import Bench
from benchmarks.filling import OWNER, START, long_circle
from benchmarks.measuring import Line, Spread, Times, in_turns
from benchmarks.profiling import Profile, profiled
from circlekit import CircleKit, PostId
from circlekit.application import snapshots
from circlekit.events.circle import CommentAdded

NAME: Final = "W2"
QUESTION: Final = "Does a comment cost more in a circle with a long history?"

TEXT: Final = "I shall be there, and bring the third chapter along."
# A new process opens the kit, and tells how long its first comment takes.
_COLD: Final = """
import sys, time
from circlekit import CircleKit
with CircleKit(sys.argv[1]) as kit:
    began = time.perf_counter()
    kit.add_comment(sys.argv[2], by="owner", text=sys.argv[3])
    print(time.perf_counter() - began)
"""


def measure(bench: Bench) -> list[Line]:
    """
    Return what a comment takes, warm and cold, on SQLite and PostgreSQL.
    """
    return [*_on_sqlite(bench), *_on_postgres(bench)]


def profiles(bench: Bench) -> list[Profile]:
    """
    Return where the time of a comment goes, warm, and first of all.
    """
    found = []
    for where, url in (
        ("SQLite", bench.sqlite_url("comments")),
        ("PostgreSQL", bench.migrated()),
    ):
        with CircleKit(url) as kit:
            bench.say("filling a circle")
            members = bench.some(10_000, 1_000)
            post = long_circle(kit, "long", members=members, events=2 * members)
            comment = partial(kit.add_comment, post, by=OWNER, text=TEXT)
            times = bench.some(3_000, 60)
            found.append(profiled(f"a comment, {where}", comment, times=times))
        found.append(_profiled_cold(bench, url, post, where))
    return found


def _profiled_cold(bench: Bench, url: str, post: PostId, where: str) -> Profile:
    # Each kit is as new as if its process were; but Python has run the code before.
    times = bench.some(20, 3)
    with ExitStack() as stack:
        kits = [stack.enter_context(CircleKit(url)) for _ in range(2 * times + 1)]
        new = iter(kits)

        def comment() -> None:
            snapshots.form.cache_clear()
            next(new).add_comment(post, by=OWNER, text=TEXT)

        return profiled(f"a kit's first comment, {where}", comment, times=times)


def _on_sqlite(bench: Bench) -> list[Line]:
    url = bench.sqlite_url("comments")
    connection = bare.sqlite_table(bench.file("bare.db"))
    with CircleKit(url) as kit:
        circles = _circles(bench, kit)
        times = _warm(
            circles, kit, bare.putting_sqlite(connection, _comment), bench, "SQLite"
        )
    connection.close()
    return [*_lines(times, "SQLite"), *_cold(bench, url, circles, times, "SQLite")]


def _on_postgres(bench: Bench) -> list[Line]:
    url = bench.migrated()
    connection = bare.postgres_table(bench.server.database())
    with CircleKit(url) as kit:
        circles = _circles(bench, kit)
        put = bare.putting_postgres(connection, _comment)
        times = _warm(circles, kit, put, bench, "PostgreSQL")
    connection.close()
    return [
        *_lines(times, "PostgreSQL"),
        *_cold(bench, url, circles, times, "PostgreSQL"),
    ]


def _circles(bench: Bench, kit: CircleKit) -> dict[str, PostId]:
    few = bench.some(20_000, 2_000)
    members = bench.some(10_000, 1_000)
    bench.say(f"filling circles of {few:,} and {10 * few:,} events")
    return {
        size: long_circle(kit, size, members=members, events=events)
        for size, events in (("short", few), ("long", 10 * few))
    }


def _comment() -> CommentAdded:
    return CommentAdded(post=4, text=TEXT, by=OWNER, at=START)


def _warm(
    circles: dict[str, PostId],
    kit: CircleKit,
    put: Callable[[], None],
    bench: Bench,
    where: str,
) -> Times:
    def commenting(size: str) -> Callable[[], None]:
        post = circles[size]

        def comment() -> None:
            kit.add_comment(post, by=OWNER, text=TEXT)

        return comment

    return in_turns(
        {
            f"a bare insert, {where}": put,
            f"a comment, short history, {where}": commenting("short"),
            f"a comment, long history, {where}": commenting("long"),
        },
        rounds=bench.some(1_000, 60),
        warm_up=20,
    )


def _lines(times: Times, where: str) -> list[Line]:
    over, short = f"a bare insert, {where}", f"a comment, short history, {where}"
    long = f"a comment, long history, {where}"
    return [
        times.line(over),
        times.line(short, over=over, at_most=1.5),
        times.line(long, over=over, at_most=1.5),
        times.line(long, over=short, at_most=1.1),
    ]


def _cold(
    bench: Bench, url: str, circles: dict[str, PostId], times: Times, where: str
) -> list[Line]:
    warm = f"a comment, long history, {where}"
    took = [_first(url, circles["long"]) for _ in range(bench.some(5, 1))]
    usual = times.line(warm).value
    return [
        Line(
            what=f"the first comment of a process, long history, {where}",
            value=Spread.of(took).median,
            over=warm,
            ratio=Spread.of([it / usual for it in took]),
            at_most=20,
        )
    ]


def _first(url: str, post: PostId) -> float:
    done = subprocess.run(  # noqa: S603 - our own words, in our own interpreter
        [sys.executable, "-c", _COLD, url, str(post), TEXT],
        check=True,
        capture_output=True,
        text=True,
    )
    return float(done.stdout)
