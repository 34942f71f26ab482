"""
What does one moment to 90,000 customers cost?

Each customer has budgets of their own and a short history: taken in, a rule book, a
tag, a moment by the company, and one by staff, which for a tenth was today: they are
skipped. First all is only asked, then it is published and recorded.

Beside it a bare loop reads the same rows through the same index, in blocks, decodes
them with msgspec, counts them against each customer's own limit in plain Python, and
puts down the same rows with ``executemany``, in one transaction. It checks nothing of
what it reads, and chains nothing of what it writes. A frugal one knows beforehand what
it will count, and decodes nothing else.
"""

import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec
import psycopg
from attrs import define, field

from benchmarks import bare
from benchmarks.bench import Bench
from benchmarks.measuring import Line, Times, in_turns
from circlekit import CircleKit, ManualClock
from circlekit.events.customer import (
    CustomerAdded,
    CustomerTagged,
    MomentPublished,
    MomentShown,
)
from circlekit.events.names import NAMES
from circlekit.events.refusal import CommandRefused
from circlekit.events.rules import RuleBookAdopted
from circlekit.ids import MemberId, MomentId
from circlekit.rulebook import WECOM_2020
from circlekit.store import Addition, migrate, open_store
from circlekit.verdict import Reason

NAME: Final = "W7"
QUESTION: Final = "What does one moment to 90,000 customers cost?"

NOW: Final = datetime(2026, 3, 9, 12, tzinfo=UTC)
TODAY: Final = datetime(2026, 3, 8, 16, tzinfo=UTC)  # midnight in Shanghai
EVENTS: Final = 5
STAFF: Final = 200
BLOCK: Final = 500
BY: Final = MemberId("hq")
MOMENT: Final = MomentId("tea")

_READ: Final = """
SELECT stream, version, name, body FROM circlekit_event
WHERE stream IN ({}) ORDER BY stream, version
"""
_PUT: Final = """
INSERT INTO circlekit_event (position, stream, version, name, body, checksum, digest)
VALUES ({0}, {0}, {0}, {0}, {0}, {0}, {0})
"""
_CHECKSUM, _DIGEST = 2**31, bytes(range(32))
_PREVIEW: Final = "asked beforehand"
_PUBLISH: Final = "published"
_BARE, _FRUGAL = "a bare loop", "a frugal one"
Rows = Sequence[tuple[Any, ...]]


def measure(bench: Bench) -> list[Line]:
    """
    Return what it takes to ask and to publish, on SQLite and PostgreSQL.
    """
    few, many = bench.some(9_000, 500), bench.some(90_000, 3_000)
    return [
        *_on_sqlite(bench, few, (_BARE, _FRUGAL), rounds=bench.some(5, 2)),
        *_on_sqlite(bench, many, (_BARE,), rounds=bench.some(3, 2)),
        *_on_postgres(bench, few, (_BARE, _FRUGAL), rounds=bench.some(3, 2)),
    ]


def _on_sqlite(
    bench: Bench, customers: int, named: Sequence[str], *, rounds: int
) -> list[Line]:
    path, copy = bench.file("kit.db"), bench.file("bare.db")
    bench.say(f"taking in {customers:,} customers")
    _fill(f"sqlite:///{path}", customers)
    shutil.copy(path, copy)
    with CircleKit(f"sqlite:///{path}", clock=ManualClock(NOW)) as kit:
        connection, ours = bare.sqlite(copy), bare.sqlite(path)
        loops = _loops(connection, "?", customers, named)
        times = _times(kit, ours, loops, customers, rounds)
        connection.close()
        ours.close()
    for it in (path, copy):
        it.unlink()
    return _lines(times, named, f"{customers:,} customers, SQLite")


def _on_postgres(
    bench: Bench, customers: int, named: Sequence[str], *, rounds: int
) -> list[Line]:
    url, copy = bench.server.database(), bench.server.database()
    bench.say(f"taking in {customers:,} customers")
    for it in (url, copy):
        migrate(it)
        _fill(it, customers)
    with CircleKit(url, clock=ManualClock(NOW)) as kit:
        connection, ours = bare.postgres(copy), bare.postgres(url)
        loops = _loops(connection, "%s", customers, named)
        times = _times(kit, ours, loops, customers, rounds)
        connection.close()
        ours.close()
    return _lines(times, named, f"{customers:,} customers, PostgreSQL")


def _lines(times: Times, named: Sequence[str], where: str) -> list[Line]:
    lines = []
    for what, goal in ((_PREVIEW, 1.5), (_PUBLISH, 2.0)):
        ours = f"a moment {what}, {where}"
        for loop in named:
            name = f"{loop}, {what}"
            at_most = goal if loop == _BARE else None
            lines += [
                times.line(name, what=f"{name}, {where}"),
                times.line(what, what=ours, over=name, at_most=at_most),
            ]
    return lines


def _times(
    kit: CircleKit,
    ours: Any,
    loops: Mapping[str, "_Loop"],
    customers: int,
    rounds: int,
) -> Times:
    ids = [_id(number) for number in range(customers)]
    skipped = -(-customers // 10)
    said: dict[str, Any] = {"source": "member", "by": BY, "moment": MOMENT}

    def preview() -> None:
        _must_be(skipped, len(kit.preview_moment(ids, **said).skipped))

    def publish() -> None:
        report = kit.publish_moment(ids, **said, text="Tea is here.")
        _must_be(skipped, len(report.skipped))

    contenders: dict[str, Callable[[], object]] = {
        _PREVIEW: preview,
        _PUBLISH: publish,
    }
    for name, loop in loops.items():
        contenders[f"{name}, {_PREVIEW}"] = loop.preview
        contenders[f"{name}, {_PUBLISH}"] = loop.publish
    head = ours.execute("SELECT position, digest FROM circlekit_head").fetchone()
    theirs = loops[_BARE].connection

    def set_back(name: str) -> None:
        # To what it was before anything was published.
        connection = ours if name in {_PREVIEW, _PUBLISH} else theirs
        newest = connection.execute("SELECT max(position) FROM circlekit_event")
        if newest.fetchone()[0] > head[0]:
            _set_back(connection, *head)

    # Where a round takes so long, nothing is left to warm up.
    warm_up = 1 if customers < 50_000 else 0  # noqa: PLR2004 - the large size
    return in_turns(contenders, rounds=rounds, warm_up=warm_up, before=set_back)


def _must_be(expected: int, skipped: int) -> None:
    if expected != skipped:
        raise RuntimeError(f"{skipped} were skipped, not {expected}")


def _set_back(connection: Any, position: int, digest: str) -> None:
    for statement in (
        "BEGIN",
        f"DELETE FROM circlekit_event WHERE position > {position}",
        "DELETE FROM circlekit_command",
        f"UPDATE circlekit_head SET position = {position}, digest = '{digest}'",
        "COMMIT",
    ):
        connection.execute(statement)
    if isinstance(connection, psycopg.Connection):
        connection.execute("VACUUM ANALYZE circlekit_event")
    else:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _id(number: int) -> str:
    return f"customer-{number:06}"


def _fill(url: str, customers: int) -> None:
    store = open_store(url)
    for first in range(0, customers, 5_000):
        with store.writing() as transaction:
            transaction.append_to_each(
                _history(number)
                for number in range(first, min(first + 5_000, customers))
            )
    store.close()


def _history(number: int) -> Addition:
    by = MemberId(f"staff-{number % STAFF}")
    came = NOW - timedelta(days=400, seconds=number)
    lately = timedelta(hours=2) if number % 10 == 0 else timedelta(days=2)
    return (
        f"customer/{_id(number)}",
        0,
        None,
        (
            CustomerAdded(channel="qr", zone="Asia/Shanghai", by=by, at=came),
            RuleBookAdopted(book=WECOM_2020, by=by, at=came),
            CustomerTagged(tag="regular", by=by, at=came + timedelta(days=1)),
            MomentShown(
                moment=MomentId("spring"),
                source="enterprise",
                by=BY,
                at=NOW - timedelta(days=60),
            ),
            MomentShown(
                moment=MomentId(f"staff-{number % STAFF}"),
                source="member",
                by=by,
                at=NOW - lately,
            ),
        ),
    )


def _loops(
    connection: Any, mark: str, customers: int, named: Sequence[str]
) -> dict[str, "_Loop"]:
    streams = [f"customer/{_id(number)}" for number in range(customers)]
    decoders = {_BARE: _TYPED, _FRUGAL: _NEEDED}
    return {name: _Loop(connection, mark, streams, decoders[name]) for name in named}


@define(eq=False)
class _Loop:
    """
    What somebody would write for this one purpose.
    """

    connection: Any
    mark: str
    streams: Sequence[str]
    decoders: Mapping[str, Callable[[bytes], Any]]
    read: str = field(init=False)
    put: str = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.read = _READ.format(", ".join([self.mark] * BLOCK))
        self.put = _PUT.format(self.mark)

    def preview(self) -> None:
        self.connection.execute("BEGIN")
        shown, skipped = [], {}
        for stream, _, reasons in self._decided():
            if reasons:
                skipped[stream] = reasons
            else:
                shown.append(stream)
        self.connection.execute("COMMIT")
        _must_be(-(-len(self.streams) // 10), len(skipped))

    def publish(self) -> None:
        connection = self.connection
        connection.execute(
            "BEGIN IMMEDIATE" if isinstance(connection, sqlite3.Connection) else "BEGIN"
        )
        newest = "SELECT position FROM circlekit_head"
        position = connection.execute(newest).fetchone()[0] + 1
        rows = [_row(position, f"moment/{MOMENT}", 1, "MomentPublished", _PUBLISHED)]
        for stream, version, reasons in self._decided():
            position += 1
            if reasons:
                refused = CommandRefused(
                    command="show_moment", reasons=reasons, by=BY, at=NOW
                )
                beside = f"refused:{stream}"
                rows.append(_row(position, beside, 1, "CommandRefused", refused))
            else:
                shown = MomentShown(moment=MOMENT, source="member", by=BY, at=NOW)
                rows.append(_row(position, stream, version + 1, "MomentShown", shown))
        connection.cursor().executemany(self.put, rows)
        connection.execute("COMMIT")

    def _decided(self) -> Iterator[tuple[str, int, tuple[Reason, ...]]]:
        decoders = self.decoders
        version, limit, spent = 0, 0, 0
        for first in range(0, len(self.streams), BLOCK):
            block = self.streams[first : first + BLOCK]
            block = [*block, *block[-1:] * (BLOCK - len(block))]
            stream = None
            for of, place, name, body in self.connection.execute(self.read, block):
                if of != stream:
                    if stream is not None:
                        yield stream, version, _reasons(spent, limit)
                    stream, limit, spent = of, 0, 0
                version = place
                event = decoders[name](body)
                if name == "MomentShown":
                    spent += event.source == "member" and event.at >= TODAY
                elif name == "RuleBookAdopted":
                    limit = event.book.member_moments[0].limit
            if stream is not None:
                yield stream, version, _reasons(spent, limit)


def _reasons(spent: int, limit: int) -> tuple[Reason, ...]:
    if spent < limit:
        return ()
    because = f"{spent} of {limit} used in this calendar day; free again {_FREE}"
    return (
        Reason(
            rule="moment-day",
            because=because,
            used=spent,
            limit=limit,
            window_start=TODAY,
            window_end=_TOMORROW,
            used_by=(EVENTS,),
            retry_at=_TOMORROW,
        ),
    )


def _row(
    position: int, stream: str, version: int, name: str, event: object
) -> tuple[Any, ...]:
    return position, stream, version, name, bare.ENCODE(event), _CHECKSUM, _DIGEST


class _Budget(msgspec.Struct):
    limit: int


class _Book(msgspec.Struct):
    member_moments: list[_Budget]


class _Adopted(msgspec.Struct):
    book: _Book


class _Shown(msgspec.Struct):
    source: str
    at: datetime


class _Anything(msgspec.Struct):
    at: datetime


_TOMORROW: Final = TODAY + timedelta(days=1)
_FREE: Final = "2026-03-09 16:00 UTC"
_PUBLISHED: Final = MomentPublished(source="member", text="Tea is here.", by=BY, at=NOW)
_TYPED: Final = {
    name: msgspec.json.Decoder(kind).decode for name, kind in NAMES.items()
}
_NEEDED: Final = {
    name: msgspec.json.Decoder(kind).decode
    for name, kind in (
        ("CustomerAdded", _Anything),
        ("CustomerTagged", _Anything),
        ("RuleBookAdopted", _Adopted),
        ("MomentShown", _Shown),
    )
}
