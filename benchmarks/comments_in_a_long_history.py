"""
Does a comment cost more in a circle with a long history?

A circle of 100,000 events and 10,000 members stands beside one of 10 members
whose history is as short as it can be. Comments are added to both in turn, each
in a transaction of its own on a file with full durability; a bare insert of one
row with the same durability is timed between them.
"""

import itertools
import sqlite3
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from circlekit import CircleKit, PostId
from circlekit.events.circle import CommentAdded, MemberJoined
from circlekit.events.record import stream_of
from circlekit.ids import MemberId

START = datetime(2026, 1, 1, tzinfo=UTC)


def measure(*, quick: bool) -> dict[str, float]:
    """
    Return medians in microseconds, and their ratios.
    """
    rounds, members, events = (
        (100, 1_000, 10_000) if quick else (1_000, 10_000, 100_000)
    )
    with tempfile.TemporaryDirectory() as folder:
        bare = _bare_insert(Path(folder) / "bare.db")
        with CircleKit(f"sqlite:///{folder}/kit.db") as kit:
            small = _circle(kit, "small", members=10, events=0)
            large = _circle(kit, "large", members=members, events=events)
            # The first comment in each loads the circle; it is not counted.
            cold = {
                name: _timed(lambda post=post: _comment(kit, post))
                for name, post in (("small", small), ("large", large))
            }
            times: dict[str, list[float]] = {"bare": [], "small": [], "large": []}
            for number in range(rounds):
                turns = [
                    ("bare", bare),
                    ("small", lambda: _comment(kit, small)),
                    ("large", lambda: _comment(kit, large)),
                ]
                for name, work in turns[number % 3 :] + turns[: number % 3]:
                    times[name].append(_timed(work))
    medians = {f"{name}_us": round(median(it), 1) for name, it in times.items()}
    return {
        "rounds": rounds,
        "members": members,
        "events": events,
        **medians,
        "large_over_small": _ratio(times["large"], times["small"]),
        "small_over_bare": _ratio(times["small"], times["bare"]),
        "large_over_bare": _ratio(times["large"], times["bare"]),
        "large_cold_ms": round(cold["large"] / 1_000, 1),
    }


def told(found: dict[str, float]) -> str:
    """
    Return the figures in words.
    """
    return (
        f"  a comment in a circle of {found['events']:,} events and "
        f"{found['members']:,} members: {found['large_us']} us\n"
        f"  in one of 10 members:  {found['small_us']} us\n"
        f"  a bare durable insert: {found['bare_us']} us\n"
        f"  large over small: {found['large_over_small']}   "
        f"small over bare: {found['small_over_bare']}   "
        f"large over bare: {found['large_over_bare']}\n"
        f"  the first comment of a process in the large circle: "
        f"{found['large_cold_ms']} ms\n"
        f"  (medians of {found['rounds']} rounds; a ratio is the median over rounds)"
    )


def _circle(kit: CircleKit, name: str, *, members: int, events: int) -> PostId:
    circle = kit.found_circle(name=name, kind="community", by="owner", circle=name)
    post = kit.publish_post(circle, by="owner", text="Where it begins")
    stream = stream_of("circle", name)
    owner = MemberId("owner")
    joined = (
        MemberJoined(member=MemberId(f"member-{n}"), at=START) for n in range(members)
    )
    said = (
        CommentAdded(post=post.version, text=f"Comment {n}", by=owner, at=START)
        for n in range(max(0, events - members))
    )
    with kit._store.writing() as transaction:  # noqa: SLF001 - a history made ready
        newest = transaction.last_of(stream)
        assert newest is not None  # noqa: S101
        transaction.append(stream, newest.version, itertools.chain(joined, said))
    return post


def _comment(kit: CircleKit, post: PostId) -> None:
    kit.add_comment(post, by="owner", text="One more")


def _bare_insert(path: Path) -> Callable[[], None]:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(
        "CREATE TABLE event (id INTEGER PRIMARY KEY, stream TEXT, version INTEGER, "
        "name TEXT, body BLOB, UNIQUE (stream, version))"
    )
    versions = itertools.count(1)
    body = b'{"at":"2026-01-01T00:00:00Z","by":"owner","post":4,"text":"One more"}'

    def insert() -> None:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(
            "INSERT INTO event (stream, version, name, body) VALUES (?, ?, ?, ?)",
            ("circle/bare", next(versions), "CommentAdded", body),
        )
        connection.execute("COMMIT")

    return insert


def _timed(work: Callable[[], None]) -> float:
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1e6


def _ratio(over: list[float], under: list[float]) -> float:
    return round(median(a / b for a, b in zip(over, under, strict=True)), 2)
