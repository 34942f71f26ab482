"""
What does a post cost?

One post a commit, to 20 circles in turn, each commit on the disk. Beside it, the same
row is put down by the bare driver, and by the eventsourcing library as its
documentation teaches: an aggregate that is got from the repository and saved. A kit
whose durability is ``normal`` says what waiting for the disk costs.
"""

import itertools
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event

from benchmarks import bare
from benchmarks.bench import Bench
from benchmarks.measuring import Line, in_turns
from benchmarks.profiling import Profile, profiled
from circlekit import CircleKit
from circlekit.events.circle import PostPublished
from circlekit.ids import MemberId

NAME: Final = "W1"
QUESTION: Final = "What does a post cost?"

CIRCLES: Final = 20
TEXT: Final = "We meet on Thursday at seven, and read the third chapter. " * 3
NOW: Final = datetime(2026, 3, 9, 12, tzinfo=UTC)


def measure(bench: Bench) -> list[Line]:
    """
    Return what a post takes on SQLite and PostgreSQL.
    """
    return [*_on_sqlite(bench), *_on_postgres(bench)]


def profiles(bench: Bench) -> list[Profile]:
    """
    Return where the time of a post goes.
    """
    times = bench.some(4_000, 200)
    found = []
    for where, url in (
        ("SQLite", bench.sqlite_url("posts")),
        ("PostgreSQL", bench.migrated()),
    ):
        with CircleKit(url) as kit:
            found.append(profiled(f"a post, {where}", posting(kit), times=times))
    return found


def post() -> PostPublished:
    """
    Return what the bare drivers put down.
    """
    return PostPublished(text=TEXT, by=MemberId("mei"), at=NOW)


def posting(kit: CircleKit) -> Callable[[], None]:
    """
    Return a function that posts to one of 20 new circles after the other.
    """
    for number in range(CIRCLES):
        name = f"circle-{number}"
        kit.found_circle(name=name, kind="community", by="mei", circle=name)
    turns = itertools.cycle(range(CIRCLES))

    def publish() -> None:
        kit.publish_post(f"circle-{next(turns)}", by="mei", text=TEXT)

    return publish


def _on_sqlite(bench: Bench) -> list[Line]:
    connection = bare.sqlite_table(bench.file("bare.db"))
    library = _as_taught(
        {
            "PERSISTENCE_MODULE": "eventsourcing.sqlite",
            "SQLITE_DBNAME": str(bench.file("library.db")),
        }
    )
    with (
        CircleKit(bench.sqlite_url("posts")) as kit,
        CircleKit(bench.sqlite_url("normal"), durability="normal") as normal,
    ):
        times = in_turns(
            {
                "a bare insert, SQLite": bare.putting_sqlite(connection, post),
                "a post, SQLite": posting(kit),
                "a post with durability normal, SQLite": posting(normal),
                "eventsourcing as taught, SQLite": library,
            },
            rounds=bench.some(2_000, 100),
            warm_up=40,
        )
    connection.close()
    over = "a bare insert, SQLite"
    return [
        times.line(over),
        times.line("a post, SQLite", over=over, at_most=1.25),
        times.line("a post with durability normal, SQLite", over="a post, SQLite"),
        times.line("eventsourcing as taught, SQLite", over=over),
    ]


def _on_postgres(bench: Bench) -> list[Line]:
    database, other = bench.migrated(), bench.migrated()
    connection = bare.postgres_table(bench.server.database())
    with CircleKit(database) as kit, CircleKit(other, durability="normal") as normal:
        times = in_turns(
            {
                "a bare insert, PostgreSQL": bare.putting_postgres(connection, post),
                "a post, PostgreSQL": posting(kit),
                "a post with durability normal, PostgreSQL": posting(normal),
            },
            rounds=bench.some(2_000, 100),
            warm_up=40,
        )
    connection.close()
    over = "a bare insert, PostgreSQL"
    return [
        times.line(over),
        times.line("a post, PostgreSQL", over=over, at_most=1.6),
        times.line(
            "a post with durability normal, PostgreSQL", over="a post, PostgreSQL"
        ),
    ]


class _Club(Aggregate):
    posts: list[str]

    @event("Founded")
    def __init__(self) -> None:
        self.posts = []

    @event("Posted")
    def post(self, text: str) -> None:
        """
        Remember a post.
        """
        self.posts.append(text)


def _as_taught(env: dict[str, str]) -> Callable[[], None]:
    application: Application[UUID] = Application(env)
    clubs: list[Any] = [_Club() for _ in range(CIRCLES)]
    for club in clubs:
        application.save(club)
    turns = itertools.cycle(club.id for club in clubs)

    def publish() -> None:
        club: Any = application.repository.get(next(turns))
        club.post(TEXT)
        application.save(club)

    return publish
