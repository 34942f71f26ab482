"""
What does a must-see audit cost?

A history of 200 circles, one event in 20 of it about a must-see, is audited by replay.
Beside it the bare driver picks the rows of the same kinds through the index on names,
decodes only those, and counts what was sent and refused in each circle and month of its
zone; and once more with all rows decoded. Neither checks a checksum, nor whether a
must-see was allowed.
"""

import gc
import sqlite3
import tracemalloc
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from benchmarks import bare
from benchmarks.bench import Bench
from benchmarks.many_circles import fill
from benchmarks.measuring import Line, Spread, Times, in_turns
from benchmarks.profiling import Profile, profiled
from circlekit import CircleKit
from circlekit.audit import AUDITED
from circlekit.events.names import NAME_OF, NAMES
from circlekit.events.record import subject_of

NAME: Final = "W3"
QUESTION: Final = "What does a must-see audit cost?"

_DECODE: Final[dict[str, Any]] = {
    name: msgspec.json.Decoder(it).decode for name, it in NAMES.items()
}
_KINDS: Final = tuple(NAME_OF[kind] for kind in AUDITED)
_ALL: Final = "SELECT stream, name, body FROM circlekit_event"
_NAMED: Final = f"{_ALL} WHERE name IN ({', '.join('?' * len(_KINDS))})"


def measure(bench: Bench) -> list[Line]:
    """
    Return what an audit takes, and how much memory, in two sizes.
    """
    few = bench.some(200_000, 20_000)
    short = _in_size(bench, few, rounds=bench.some(15, 3))
    return short + _in_size(bench, 10 * few, rounds=3, before=short)


def profiles(bench: Bench) -> list[Profile]:
    """
    Return where the time of an audit goes.
    """
    url, events = bench.sqlite_url("audit"), bench.some(200_000, 20_000)
    fill(url, events, progress=bench.progress(f"filling {events:,} events"))
    with CircleKit(url) as kit:
        audit = partial(kit.audit_must_sees, verify=False)
        return [profiled(f"an audit, {events:,} events", audit, times=5)]


def _in_size(
    bench: Bench, events: int, *, rounds: int, before: list[Line] | None = None
) -> list[Line]:
    url = bench.sqlite_url(f"audit-{events}")
    fill(url, events, progress=bench.progress(f"filling {events:,} events"))
    connection = bare.sqlite(Path(url.removeprefix("sqlite:///")))
    picked, every = f"a bare query by kind, {events:,}", f"all decoded, {events:,}"
    audit = f"an audit, {events:,} events"
    checked = f"all verified, then an audit, {events:,} events"
    more: list[Line] = []
    with CircleKit(url) as kit:
        _must_agree(kit, connection)
        contenders: dict[str, Any] = {
            picked: lambda: _counted(connection, _NAMED, _KINDS),
            every: lambda: _counted(connection, _ALL),
            audit: lambda: kit.audit_must_sees(verify=False),
        }
        times = in_turns(contenders, rounds=rounds)
        if before is None:
            whole = in_turns({checked: kit.audit_must_sees}, rounds=1, warm_up=0)
            more = [_against(whole, checked, times, every)]
        memory = _memory(kit, f"memory beside the answer, {events:,} events", before)
    connection.close()
    return [
        times.line(picked),
        times.line(every),
        times.line(audit, over=picked, at_most=1.3),
        times.line(audit, over=every, at_most=0.1),
        *more,
        memory,
    ]


def _counted(
    connection: sqlite3.Connection, sql: str, names: tuple[str, ...] = ()
) -> tuple[Counter[Any], Counter[Any]]:
    zones: dict[str, ZoneInfo] = {}
    sent: Counter[Any] = Counter()
    refused: Counter[Any] = Counter()
    for stream, name, body in connection.execute(sql, names):
        event = _DECODE[name](body)
        if name == "MustSeeSent":
            at = event.at.astimezone(zones[stream])
            sent[stream, at.year, at.month] += 1
        elif name == "CommandRefused":
            circle = f"circle/{subject_of(stream)}"
            at = event.at.astimezone(zones[circle])
            refused[circle, at.year, at.month] += 1
        elif name == "CircleFounded":
            zones[stream] = ZoneInfo(event.zone)
    return sent, refused


def _must_agree(kit: CircleKit, connection: sqlite3.Connection) -> None:
    audit = kit.audit_must_sees(verify=False)
    for sent, refused in (
        _counted(connection, _NAMED, _KINDS),
        _counted(connection, _ALL),
    ):
        if (audit.sent, audit.refused) != (sent.total(), refused.total()):
            raise AssertionError(f"{audit.sent} sent, but counted {sent.total()}")
    if audit.violations:
        raise AssertionError(f"violations: {audit.violations[:3]}")


def _memory(kit: CircleKit, what: str, before: list[Line] | None) -> Line:
    gc.collect()
    tracemalloc.start()
    answer = kit.audit_must_sees(verify=False)
    gc.collect()
    held, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    beside = peak - held
    del answer
    if before is None:
        return Line(what=what, value=beside, unit="B")
    return Line(
        what=what,
        value=beside,
        unit="B",
        over=before[-1].what,
        ratio=Spread.of([beside / before[-1].value]),
    )


def _against(whole: Times, name: str, times: Times, over: str) -> Line:
    took, usual = whole.line(name).value, times.line(over).value
    return Line(what=name, value=took, over=over, ratio=Spread.of([took / usual]))
