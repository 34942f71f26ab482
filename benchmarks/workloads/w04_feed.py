"""
What does the first page of a feed cost?

Twenty posts for one reader, over all their circles: in 5, in 30, in 500, and in 50
where nothing was written for long. Every circle has had must-sees and some have a
pin; the newest posts have comments and reactions. Beside it stands what one would
write by hand for this page, over the same tables, on a bare connection.
"""

import itertools
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

from attrs import define

from benchmarks import bare
from benchmarks.bench import Bench
from benchmarks.measuring import Line, in_turns
from circlekit import CircleKit, ManualClock
from circlekit.clock import from_micros, micros
from circlekit.events.circle import (
    CommentAdded,
    MustSeeSent,
    PostPinned,
    PostPublished,
    PostReacted,
)
from circlekit.events.reader import MustSeeAcknowledged, PostsRead
from circlekit.events.record import Recorded
from circlekit.events.todo import TodoAssigned
from circlekit.ids import CircleId, MemberId
from circlekit.projections.read_model import from_json
from circlekit.store import DUTIES, MEMBER_FEED, migrate, open_store

NAME: Final = "W4"
QUESTION: Final = "What does the first page of a feed cost?"

CIRCLES: Final = 500
QUIET: Final = 50
BUSY: Final = 25
FEW, SOME, MANY = "5 circles", "30 circles", "500 circles"
READERS: Final = {
    FEW: range(0, CIRCLES, 100),
    SOME: range(0, 480, 16),
    MANY: range(CIRCLES),
    "50 quiet circles": range(CIRCLES, CIRCLES + QUIET),
}
TEXT: Final = "We meet on Thursday at seven, and read the third chapter. "
NOW: Final = datetime(2026, 3, 9, 12, tzinfo=UTC)
MEI, TAO, BEN = MemberId("mei"), MemberId("tao"), MemberId("ben")
PAGE: Final = 20
_PACE: Final = timedelta(seconds=7)
_FIRST_AT: Final = micros(NOW)
_PACE_MICROS: Final = 7_000_000
_BEFORE: Final = 1_000
_LATE: Final = 2 * CIRCLES
_TALKED_ABOUT: Final = 500
_MUST_SEES: Final = 3
_TODOS: Final = 30
_COLUMNS: Final = (
    "position, circle, version, author, at, text, images, videos, comments"
)


def measure(bench: Bench) -> list[Line]:
    """
    Return what a page takes on SQLite, in two sizes, and on PostgreSQL.
    """
    must_be_same_by_hand(bench)
    few, many = bench.some(200_000, 20_000), bench.some(2_000_000, 40_000)
    lines = []
    with ExitStack() as stack:
        kits = {}
        for posts in (few, many):
            file, where = bench.file("feed.db"), f"SQLite, {posts:,} posts"
            kit = _filled(bench, f"sqlite:///{file}", posts, stack)
            connection = stack.enter_context(closing(bare.sqlite(file)))
            lines += _pages(bench, kit, BySqlite(connection), where)
            kits[where] = kit
        lines.append(_growth(bench, kits))
        lines += _by_circles(bench, next(iter(kits.values())), "SQLite")
        url = bench.server.database()
        migrate(url)
        kit = _filled(bench, url, few, stack)
        connected = stack.enter_context(closing(bare.postgres(url)))
        for setting in ("plan_cache_mode = force_generic_plan", "jit = off"):
            connected.execute(f"SET {setting}")
        connected.execute("VACUUM ANALYZE")
        lines += _pages(bench, kit, ByPostgres(connected), f"PostgreSQL, {few:,} posts")
        lines += _by_circles(bench, kit, "PostgreSQL")
    return lines


def _filled(bench: Bench, url: str, posts: int, stack: ExitStack) -> CircleKit:
    bench.say(f"writing {posts:,} posts")
    filled(url, posts)
    return stack.enter_context(CircleKit(url))


def _pages(bench: Bench, kit: CircleKit, by_hand: "ByHand", where: str) -> list[Line]:
    lines = []
    for reader in READERS:
        _must_be_the_same(kit, by_hand, reader)
        over, what = f"by hand, {reader}, {where}", f"a page, {reader}, {where}"
        times = in_turns(
            {over: partial(by_hand.page, reader), what: partial(kit.feed, reader)},
            rounds=bench.some(500, 50),
            warm_up=20,
        )
        lines += [times.line(over), times.line(what, over=over, at_most=1.5)]
    return lines


def _growth(bench: Bench, kits: dict[str, CircleKit]) -> Line:
    few, many = kits
    times = in_turns(
        {where: partial(kit.feed, SOME) for where, kit in kits.items()},
        rounds=bench.some(500, 50),
        warm_up=20,
    )
    return times.line(many, over=few, what=f"a page, {SOME}, {many}", at_most=1.2)


def _by_circles(bench: Bench, kit: CircleKit, where: str) -> list[Line]:
    lines = []
    for what, ask in (("a page", kit.feed), ("an inbox", kit.inbox)):
        few, many = f"{what}, {FEW}, {where}", f"{what}, {MANY}, {where}"
        times = in_turns(
            {few: partial(ask, FEW), many: partial(ask, MANY)},
            rounds=bench.some(500, 50),
            warm_up=20,
        )
        lines += [times.line(few), times.line(many, over=few)]
    return lines


def _must_be_the_same(kit: CircleKit, by_hand: "ByHand", reader: str) -> None:
    shown = [
        Item(
            post=f"{it.post.circle}/{it.post.version}",
            **{name: getattr(it, name) for name in _SHOWN},
        )
        for it in kit.feed(reader).items
    ]
    if shown != by_hand.page(reader):
        raise SystemExit(f"by hand, {reader} are shown another page")


@define(kw_only=True)
class Item:
    """
    One post as it is shown.
    """

    post: str
    author: str
    at: datetime
    text: str
    images: tuple[str, ...]
    videos: tuple[str, ...]
    topic: str | None
    edited_at: datetime | None
    must_see_at: datetime | None
    comments: int
    pinned: bool
    unread: bool
    acknowledged: bool
    reactions: dict[str, int]


_SHOWN: Final = tuple(name for name in Item.__slots__ if name[0] != "_")[1:]


class ByHand:
    """
    The page as one would write it: two questions, and objects made of the rows.
    """

    keys: str
    mark: str

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._page = (self.keys + _BODIES).replace(":member", self.mark)
        places = ", ".join(["?" if self.mark[0] == ":" else "%s"] * PAGE)
        self._reactions = _REACTIONS.format(places)

    def page(self, reader: str) -> list[Item]:
        """
        Return the first twenty posts.
        """
        rows = self._connection.execute(self._page, {"member": reader}).fetchall()
        given: dict[int, dict[str, int]] = {}
        for position, emoji, count in self._connection.execute(
            self._reactions, [row[0] for row in rows]
        ).fetchall():
            given.setdefault(position, {})[emoji] = count
        return [
            Item(
                post=f"{row[1]}/{row[2]}",
                author=row[3],
                at=from_micros(row[4]),
                text=row[5],
                images=() if row[6] == "[]" else from_json(row[6], tuple[str, ...]),
                videos=() if row[7] == "[]" else from_json(row[7], tuple[str, ...]),
                topic=row[8],
                edited_at=None if row[9] is None else from_micros(row[9]),
                must_see_at=None if row[10] is None else from_micros(row[10]),
                comments=row[11],
                pinned=bool(row[12]),
                unread=not row[13] and row[3] != reader,
                acknowledged=bool(row[14]),
                reactions=given.get(row[0], {}),
            )
            for row in rows
        ]


_TOP: Final = """
top AS (
    SELECT p.at, p.position FROM (
        SELECT n.circle AS circle, n.post AS post
        FROM circlekit_feed_member m CROSS JOIN circlekit_feed_pin n
        WHERE m.member = :member AND n.circle = m.circle AND n.until IS NULL
        UNION
        SELECT u.circle, u.post
        FROM circlekit_feed_member m CROSS JOIN circlekit_feed_must_see u
        WHERE m.member = :member AND u.circle = m.circle AND NOT EXISTS (
            SELECT 1 FROM circlekit_feed_acknowledged a
            WHERE a.circle = u.circle AND a.post = u.post AND a.member = :member)) t
    CROSS JOIN circlekit_feed_post p WHERE p.circle = t.circle AND p.version = t.post)
"""
_HEADS: Final = f"""
l AS (
    SELECT m.circle, c.at, c.position
    FROM circlekit_feed_member m CROSS JOIN circlekit_feed_newest c
    WHERE m.member = :member AND c.circle = m.circle
    ORDER BY c.at DESC, c.position DESC LIMIT {PAGE}),
bar AS (SELECT CASE WHEN count(*) = {PAGE} THEN min(at) ELSE 0 END AS at FROM l)
"""
_OF_EACH: Final = f"""
SELECT x.at, x.position FROM circlekit_feed_post x
WHERE x.circle = l.circle AND x.at >= bar.at
ORDER BY x.at DESC, x.position DESC LIMIT {PAGE}
"""
_WHOLE: Final = """
page AS (
    SELECT 1 AS first, at, position FROM top
    UNION ALL SELECT 0, at, position FROM rest
    WHERE position NOT IN (SELECT position FROM top)
    ORDER BY 1 DESC, 2 DESC, 3 DESC LIMIT 20)
"""
_BODIES: Final = """
SELECT p.position, p.circle, p.version, p.author, p.at, p.text, p.images, p.videos,
p.topic, p.edited_at, p.must_see_at, p.comments,
EXISTS (SELECT 1 FROM circlekit_feed_pin n
        WHERE n.circle = p.circle AND n.post = p.version AND n.until IS NULL),
EXISTS (SELECT 1 FROM circlekit_feed_read r
        WHERE r.member = :member AND r.circle = p.circle AND r.post = p.version),
EXISTS (SELECT 1 FROM circlekit_feed_acknowledged a
        WHERE a.circle = p.circle AND a.post = p.version AND a.member = :member)
FROM page k CROSS JOIN circlekit_feed_post p WHERE p.position = k.position
ORDER BY k.first DESC, p.at DESC, p.position DESC
"""
_REACTIONS: Final = """
SELECT p.position, r.emoji, count(*)
FROM circlekit_feed_post p
JOIN circlekit_feed_reaction r ON r.circle = p.circle AND r.post = p.version
WHERE p.position IN ({}) GROUP BY p.position, r.emoji ORDER BY r.emoji
"""


class BySqlite(ByHand):
    """
    By hand on SQLite.
    """

    keys = f"""
    WITH {_TOP}, {_HEADS},
    rest AS (
        SELECT q.at, q.position FROM bar CROSS JOIN l CROSS JOIN circlekit_feed_post q
        WHERE q.position IN (SELECT position FROM ({_OF_EACH}))),
    {_WHOLE}
    """
    mark = ":member"


class ByPostgres(ByHand):
    """
    By hand on PostgreSQL.
    """

    keys = f"""
    WITH {_TOP}, {_HEADS},
    rest AS (
        SELECT q.at, q.position FROM bar CROSS JOIN l CROSS JOIN LATERAL
        ({_OF_EACH}) q),
    {_WHOLE}
    """
    mark = "%(member)s"


def filled(url: str, posts: int, *, by_hand: bool = True) -> None:
    """
    Fill the feed with so many posts, and what was done with some of them.

    The log beside it has only the circles and their members: no page reads it.

    Args:
        url: A store with nothing in it.
        posts: How many.
        by_hand: Whether to put the rows of most posts down at once, and not by the
            model.
    """
    _begun(url)
    with closing(open_store(url)) as store, store.writing() as transaction:
        head = transaction.head()
        last = head + posts
        late = max(posts - _LATE, 0) if by_hand else 0
        places = _places(posts)
        models: list[_Place] = []

        def by_itself() -> Iterator[tuple[Any, ...]]:
            # What is no circle's newest has no trace but its own row.
            for it in itertools.islice(places, late):
                if it[1] < CIRCLES:
                    yield _row(head + 1, *it)
                else:
                    models.append(it)

        _put_down(transaction.session, by_itself())
        models += places
        for it in models:
            MEMBER_FEED.apply(transaction, _post(head + 1, *it))
        for recorded in _happened(last, _at(posts), models[-_TALKED_ABOUT:]):
            MEMBER_FEED.apply(transaction, recorded)
            last = recorded.position
        for recorded in _to_do(last, _at(posts)):
            DUTIES.apply(transaction, recorded)
            last = recorded.position
        transaction.run("UPDATE circlekit_reading SET position = :last", last=last)


def must_be_same_by_hand(bench: Bench) -> None:
    """
    Make sure that rows put down by hand are those that the model writes.
    """
    found = []
    for by_hand in (True, False):
        url = bench.sqlite_url("small")
        filled(url, 2 * _LATE, by_hand=by_hand)
        with closing(open_store(url)) as store, store.reading() as transaction:
            names = sorted(MEMBER_FEED.tables.tables)
            found.append([set(transaction.all(f"SELECT * FROM {it}")) for it in names])
    if found[0] != found[1]:
        raise SystemExit("what is put down by hand is not what the model writes")


def _begun(url: str) -> None:
    with CircleKit(url, clock=ManualClock(NOW)) as kit:
        with kit.batch():
            for number in range(CIRCLES + QUIET):
                name = f"c{number}"
                kit.found_circle(name=name, kind="community", by=MEI, circle=name)
            for reader, circles in READERS.items():
                for number in circles:
                    kit.join_circle(f"c{number}", reader)
        kit.feed(MEI)
        kit.inbox(MEI)


_Place = tuple[int, int, int]
"""
A post: its number, its circle's, and its place in that circle's history.
"""


def _places(posts: int) -> Iterator[_Place]:
    versions = [_BEFORE] * (CIRCLES + QUIET)
    for number in range(posts):
        circle = _circle(number, posts)
        versions[circle] += 1
        yield number, circle, versions[circle]


def _circle(number: int, posts: int) -> int:
    # Half of all is written in a few busy ones; the quiet ones fall silent early.
    if number < posts // 20 and number % 4 == 0:
        return CIRCLES + number // 4 % QUIET
    return number // 2 % (BUSY if number % 2 else CIRCLES)


def _at(number: int) -> datetime:
    return NOW + number * _PACE


def _row(first: int, number: int, circle: int, version: int) -> tuple[Any, ...]:
    at = _FIRST_AT + number * _PACE_MICROS
    text = f"{TEXT}{number % 100}"
    return first + number, f"c{circle}", version, MEI, at, text, "[]", "[]", 0


def _post(first: int, number: int, circle: int, version: int) -> Recorded:
    text = f"{TEXT}{number % 100}"
    event = PostPublished(text=text, by=MEI, at=_at(number))
    return Recorded(first + number, f"circle/c{circle}", version, event)


def _happened(
    position: int, at: datetime, latest: Sequence[_Place]
) -> Iterator[Recorded]:
    # What came of some posts. Of what is no post, the feed does not keep the place.
    positions = itertools.count(position + 1)

    def of(stream: str, event: Any, version: int = 1) -> Recorded:
        return Recorded(next(positions), stream, version, event)

    for number in range(CIRCLES + QUIET):
        name = CircleId(f"c{number}")
        if number % 100 == 0:
            pinned = PostPinned(post=_BEFORE + 4, by=MEI, at=at)
            yield of(f"circle/{name}", pinned)
        for stream, event in _must_sees(number, at):
            yield of(stream, event)
    for number, (_, circle, post) in enumerate(latest):
        name = CircleId(f"c{circle}")
        said = CommentAdded(post=post, text="I will be there", by=TAO, at=at)
        yield of(f"circle/{name}", said, 10_000_000 + number)
        for emoji, by in (("👍", TAO), ("👍", BEN), ("🎉", BEN)):
            reacted = PostReacted(post=post, emoji=emoji, by=by, at=at)
            yield of(f"circle/{name}", reacted)
        for reader in READERS if number % 3 == 0 else ():
            read = PostsRead(circle=name, posts=(post,), at=at)
            yield of(f"reader/{reader}", read)


def _to_do(position: int, at: datetime) -> Iterator[Recorded]:
    positions = itertools.count(position + 1)
    for number in range(CIRCLES + QUIET):
        for version in range(_BEFORE + 1, _BEFORE + 1 + _MUST_SEES):
            yield _post(next(positions), 0, number, version)
        for stream, event in _must_sees(number, at):
            yield Recorded(next(positions), stream, 1, event)
    for reader, circles in READERS.items():
        for number in range(_TODOS):
            circle = CircleId(f"c{circles[number % len(circles)]}")
            given = TodoAssigned(
                circle=circle,
                title="Bring a pen",
                to=(MemberId(reader),),
                by=MEI,
                at=at,
            )
            yield Recorded(next(positions), f"todo/{reader} {number}", 1, given)


def _must_sees(number: int, at: datetime) -> Iterator[tuple[str, Any]]:
    name = CircleId(f"c{number}")
    sent = range(_BEFORE + 1, _BEFORE + 1 + _MUST_SEES)
    for post in sent:
        yield f"circle/{name}", MustSeeSent(post=post, by=MEI, at=at)
    for reader, circles in READERS.items():
        # In two of their circles one waits to be acknowledged.
        seen = sent[1:] if number in circles[:2] else sent
        for post in seen if number in circles else ():
            done = MustSeeAcknowledged(circle=name, post=post, at=at)
            yield f"reader/{reader}", done


def _put_down(session: Any, rows: Iterator[tuple[Any, ...]]) -> None:
    connection = session._connection  # noqa: SLF001 - a store has no use for bulk
    if isinstance(connection, sqlite3.Connection):
        # Every circle grows at a place of its own in the indexes.
        connection.execute("PRAGMA cache_size = -500000")
        places = ", ".join("?" * 9)
        connection.executemany(
            f"INSERT INTO circlekit_feed_post ({_COLUMNS}) VALUES ({places})", rows
        )
    else:
        copying = f"COPY circlekit_feed_post ({_COLUMNS}) FROM STDIN"
        with connection.cursor().copy(copying) as copy:
            for row in rows:
                copy.write_row(row)
