"""
What does circlekit weigh?

How long a fresh interpreter takes to import it, net of the interpreter itself, in
processor time; how much memory a loaded circle of 10,000 members takes, beside a dict
of the same ids; and how large a store of 1,000,000 events is, beside their JSON.

That is what the events say, one a line: position, stream, version, name and body,
without the checksum and the digest that a store also keeps, and without its indexes.
"""

import gc
import os
import sqlite3
import sys
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from benchmarks.bench import Bench
from benchmarks.many_circles import fill
from benchmarks.measuring import Line, Spread, Times
from circlekit.aggregates.circle import Circle
from circlekit.events.circle import CircleFounded, MemberJoined
from circlekit.events.rules import RuleBookAdopted
from circlekit.ids import MemberId
from circlekit.rulebook import DINGTALK_2020
from circlekit.store.mapper import decode, encode

NAME: Final = "W9"
QUESTION: Final = "What does circlekit weigh?"

_NOTHING: Final = "pass"
_BARE: Final = "import attrs, msgspec, sqlite3"
_RULES: Final = "import circlekit"
_KIT: Final = "from circlekit import CircleKit"
_BEGAN: Final = datetime(2020, 3, 1, 12, tzinfo=UTC)
_MEMBERS: Final = 10_000
# What the export of a store says of an event, but for checksum and digest.
_JSON: Final = """
SELECT sum(length(CAST('{"position":' || position || ',"stream":"' || stream ||
    '","version":' || version || ',"name":"' || name || '","body":' AS BLOB)) +
    length(body) + length('}') + 1)
FROM circlekit_event
"""


def measure(bench: Bench) -> list[Line]:
    """
    Return what it takes to import, to remember and to keep.
    """
    return [*_imports(bench), *_memory(), *_size(bench)]


def _imports(bench: Bench) -> list[Line]:
    statements = (_NOTHING, _BARE, _RULES, _KIT)
    taken: dict[str, list[float]] = {it: [] for it in statements}
    for number in range(bench.some(21, 3) + 1):
        took = {it: _in_a_new_process(it) for it in statements}
        if number:  # the first finds the files for the others
            for it in statements:
                taken[it].append(took[it] - took[_NOTHING])
    times = Times({f"{it}, net": taken[it] for it in statements[1:]})
    over = f"{_BARE}, net"
    return [
        times.line(over),
        times.line(f"{_RULES}, net", over=over, at_most=2.5),
        times.line(f"{_KIT}, net", over=over),
    ]


def _in_a_new_process(statement: str) -> float:
    arguments = [sys.executable, "-c", statement]
    child = os.posix_spawn(sys.executable, arguments, os.environ)
    _, status, used = os.wait4(child, 0)
    if status:
        raise AssertionError(f"{statement!r} ended with {status}")
    return used.ru_utime + used.ru_stime


def _memory() -> list[Line]:
    ids = f"a dict of {_MEMBERS:,} ids and their roles"
    plain, attested = (
        f"a circle of {_MEMBERS:,} members",
        "the same, each of an organisation and verified",
    )
    held = {
        ids: _held(_dict_of_ids),
        plain: _held(_circle),
        attested: _held(lambda: _circle(staff_of="school", verified_role="teacher")),
    }
    return [
        Line(what=ids, value=held[ids], unit="B"),
        _beside(plain, held[plain], ids, held[ids], at_most=3),
        _beside(attested, held[attested], ids, held[ids]),
    ]


def _held(make: Callable[[], object]) -> int:
    make()  # what is made once and kept, such as zones, is not counted
    gc.collect()
    tracemalloc.start()
    made = make()
    gc.collect()
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del made
    return held


def _dict_of_ids() -> dict[str, str]:
    return {f"member-{number:08}": "member" for number in range(_MEMBERS)}


def _circle(**attested: Any) -> Circle:
    # Each event is read from its bytes, as when a circle is loaded.
    circle = Circle("club")
    for version, event in enumerate(
        (
            CircleFounded(
                name="x", kind="teaching", zone="UTC", by=MemberId("mei"), at=_BEGAN
            ),
            RuleBookAdopted(book=DINGTALK_2020, by=MemberId("mei"), at=_BEGAN),
        ),
        start=1,
    ):
        circle.apply(
            decode("circle/club", version, type(event).__name__, encode(event))
        )
    for number in range(_MEMBERS):
        event = MemberJoined(
            member=MemberId(f"member-{number:08}"),
            at=_BEGAN + timedelta(seconds=number),
            **attested,
        )
        circle.apply(decode("circle/club", number + 3, "MemberJoined", encode(event)))
    return circle


def _size(bench: Bench) -> list[Line]:
    events = bench.some(1_000_000, 20_000)
    url = bench.sqlite_url("weight")
    fill(url, events, progress=bench.progress(f"filling {events:,} events"))
    file = Path(url.removeprefix("sqlite:///"))
    connection = sqlite3.connect(file)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    ((told,),) = connection.execute(_JSON).fetchall()
    ((bodies,),) = connection.execute(
        "SELECT sum(length(body)) FROM circlekit_event"
    ).fetchall()
    connection.close()
    size = file.stat().st_size
    said = f"the JSON of {events:,} events"
    return [
        Line(what=said, value=told, unit="B"),
        _beside("their bodies alone", bodies, said, told),
        _beside(
            f"a store of {events:,} events",
            size,
            said,
            told,
            at_most=1.3,
        ),
    ]


def _beside(
    what: str, value: float, over: str, other: float, *, at_most: float | None = None
) -> Line:
    ratio = Spread.of([value / other])
    return Line(
        what=what, value=value, unit="B", over=over, ratio=ratio, at_most=at_most
    )
