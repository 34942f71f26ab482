"""
A feed's rows, written without circlekit: by a bare loop, and by the library as taught.

Both write the rows that ``member-feed`` writes of what happens in ``benchmarks.town``,
into the same tables, and neither checks what it reads.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar, Final
from uuid import NAMESPACE_URL, UUID, uuid5

import msgspec
from eventsourcing.application import Application
from eventsourcing.dispatch import singledispatchmethod
from eventsourcing.domain import DomainEvent
from eventsourcing.persistence import Tracking
from eventsourcing.projection import Projection, ProjectionRunner
from eventsourcing.sqlite import SQLiteTrackingRecorder
from eventsourcing.utils import get_topic

from benchmarks import bare
from circlekit.clock import micros
from circlekit.events.circle import (
    CommentAdded,
    MemberJoined,
    MustSeeSent,
    PostPublished,
    PostReacted,
)
from circlekit.events.reader import MustSeeAcknowledged, PostsRead
from circlekit.events.record import Recorded, subject_of

MODEL: Final = "member-feed"
_PATIENCE: Final = 600
_ALL_OF_IT: Final = -(2**62)
AFTER: Final = """
SELECT position, stream, version, name, body FROM circlekit_event
WHERE position > ? ORDER BY position LIMIT ?
"""
MOVE: Final = "INSERT OR REPLACE INTO circlekit_reading VALUES (?, ?)"
_CIRCLE: Final = """
INSERT INTO circlekit_feed_circle
(circle, name, kind, zone, organisation, newcomers_see, newcomers_see_number)
VALUES (?, ?, ?, ?, ?, 'all', 0)
"""
_MEMBER: Final = "INSERT INTO circlekit_feed_member VALUES (?, ?, ?)"
_STAY: Final = """
INSERT INTO circlekit_feed_stay (member, circle, since, first_at, first, acknowledged)
VALUES (?, ?, ?, ?, 0, 0)
"""
_NO_POST: Final = "INSERT INTO circlekit_feed_newest VALUES (?, ?, 0, 0, 0)"
_NEWEST: Final = """
UPDATE circlekit_feed_newest SET at = ?, position = ? WHERE circle = ?
"""
_MUST_SEES: Final = """
UPDATE circlekit_feed_newest SET must_sees = must_sees + 1 WHERE circle = ?
"""
_ACKNOWLEDGE: Final = """
UPDATE circlekit_feed_stay SET acknowledged = acknowledged + 1
WHERE member = ?1 AND circle = ?2 AND until IS NULL AND NOT EXISTS (
    SELECT 1 FROM circlekit_feed_acknowledged a
    WHERE a.circle = ?2 AND a.post = ?3 AND a.member = ?1)
"""
_POST: Final = """
INSERT INTO circlekit_feed_post
(position, circle, version, author, at, text, images, videos, topic, comments)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0)
"""
_COMMENT: Final = "INSERT INTO circlekit_feed_comment VALUES (?, ?, ?, ?, ?, ?, ?)"
_COUNT: Final = """
UPDATE circlekit_feed_post SET comments = comments + 1
WHERE circle = ? AND version = ?
"""
_REACTION: Final = """
INSERT OR IGNORE INTO circlekit_feed_reaction VALUES (?, ?, ?, ?)
"""
_MUST_SEE: Final = "INSERT INTO circlekit_feed_must_see VALUES (?, ?, ?)"
_MARK: Final = """
UPDATE circlekit_feed_post SET must_see_at = ? WHERE circle = ? AND version = ?
"""
_READ: Final = "INSERT OR IGNORE INTO circlekit_feed_read VALUES (?, ?, ?)"
_ACKNOWLEDGED: Final = """
INSERT OR IGNORE INTO circlekit_feed_acknowledged VALUES (?, ?, ?, ?, ?)
"""


class _Founded(msgspec.Struct):
    name: str
    kind: str
    zone: str
    by: str
    organisation: str | None = None


class _Joined(msgspec.Struct):
    member: str


class _Posted(msgspec.Struct):
    text: str
    by: str
    at: datetime
    images: msgspec.Raw = msgspec.Raw(b"[]")
    videos: msgspec.Raw = msgspec.Raw(b"[]")
    topic: str | None = None


class _Commented(msgspec.Struct):
    post: int
    text: str
    by: str
    at: datetime
    reply_to: int | None = None


class _Reacted(msgspec.Struct):
    post: int
    emoji: str
    by: str


class _MustSee(msgspec.Struct):
    post: int
    at: datetime


class _Read(msgspec.Struct):
    circle: str
    posts: tuple[int, ...]


class _Seen(msgspec.Struct):
    circle: str
    post: int
    at: datetime


_DECODE: Final = {
    name: msgspec.json.Decoder(kind).decode
    for name, kind in {
        "CircleFounded": _Founded,
        "MemberJoined": _Joined,
        "PostPublished": _Posted,
        "CommentAdded": _Commented,
        "PostReacted": _Reacted,
        "MustSeeSent": _MustSee,
        "PostsRead": _Read,
        "MustSeeAcknowledged": _Seen,
    }.items()
}


def opened(path: Path) -> sqlite3.Connection:
    """
    Open a store as read models are written: no commit waits for the disk.
    """
    connection = bare.sqlite(path)
    connection.execute("PRAGMA synchronous = NORMAL")
    return connection


def catch_up(path: Path, *, block: int) -> None:
    """
    Write the feed's rows of a store with a bare loop, a block in a transaction.
    """
    connection, position = opened(path), 0
    while rows := connection.execute(AFTER, (position, block)).fetchall():
        connection.execute("BEGIN IMMEDIATE")
        for sql, values in _statements(rows):
            connection.executemany(sql, values)
        position = rows[-1][0]
        connection.execute(MOVE, (MODEL, position))
        connection.execute("COMMIT")
    connection.close()


def _statements(  # noqa: C901 - in one piece, as a bare loop is
    rows: Sequence[tuple[int, str, int, str, bytes]],
) -> list[tuple[str, list[Any]]]:
    circles, members, stays = list[Any](), list[Any](), list[Any]()
    posts, comments, counts = list[Any](), list[Any](), list[Any]()
    reactions, must_sees, marks = list[Any](), list[Any](), list[Any]()
    reads, seen, newest = list[Any](), list[Any](), dict[str, tuple[int, int]]()
    for position, stream, version, name, body in rows:
        decode = _DECODE.get(name)
        if decode is None:
            continue
        it, who = decode(body), stream.partition("/")[2]
        match name:
            case "CommentAdded":
                at = micros(it.at)
                comments.append(
                    (who, it.post, version, it.by, at, it.text, it.reply_to)
                )
                counts.append((who, it.post))
            case "PostReacted":
                reactions.append((who, it.post, it.emoji, it.by))
            case "PostsRead":
                reads += [(who, it.circle, post) for post in it.posts]
            case "PostPublished":
                at, images, videos = micros(it.at), _text(it.images), _text(it.videos)
                post = position, who, version, it.by, at, it.text, images, videos
                posts.append((*post, it.topic))
                newest[who] = at, position
            case "MustSeeAcknowledged":
                reads.append((who, it.circle, it.post))
                seen.append((it.circle, it.post, who, position, micros(it.at)))
            case "MustSeeSent":
                must_sees.append((who, it.post, position))
                marks.append((micros(it.at), who, it.post))
            case "MemberJoined":
                members.append((it.member, who, "member"))
                stays.append((it.member, who, position, _ALL_OF_IT))
            case "CircleFounded":
                circles.append((who, it.name, it.kind, it.zone, it.organisation))
                members.append((it.by, who, "owner"))
                stays.append((it.by, who, position, _ALL_OF_IT))
    return [
        (_CIRCLE, circles),
        (_MEMBER, members),
        (_STAY, stays),
        (_NO_POST, [(circle[0], _ALL_OF_IT) for circle in circles]),
        (_POST, posts),
        (_NEWEST, [(*at, who) for who, at in newest.items()]),
        (_COMMENT, comments),
        (_COUNT, counts),
        (_REACTION, reactions),
        (_MUST_SEE, must_sees),
        (_MARK, marks),
        (_MUST_SEES, [(who,) for who, *_ in must_sees]),
        (_READ, reads),
        (_ACKNOWLEDGE, [(who, circle, post) for circle, post, who, *_ in seen]),
        (_ACKNOWLEDGED, seen),
    ]


def _text(raw: msgspec.Raw) -> str:
    return bytes(raw).decode()


# The library, as its documentation teaches: a view with a method for every kind of
# event, which writes its rows and the tracking in one transaction.


class Joined(DomainEvent):
    """
    Somebody came.
    """

    circle: str
    member: str
    position: int


class Posted(DomainEvent):
    """
    Somebody wrote a post.
    """

    circle: str
    place: int
    text: str
    by: str
    position: int


class Commented(DomainEvent):
    """
    Somebody wrote a comment.
    """

    circle: str
    place: int
    post: int
    text: str
    by: str


class Reacted(DomainEvent):
    """
    Somebody gave an emoji.
    """

    circle: str
    post: int
    emoji: str
    by: str


class MustSee(DomainEvent):
    """
    A post was sent to everybody.
    """

    circle: str
    post: int
    position: int


class Read(DomainEvent):
    """
    Somebody read some posts.
    """

    member: str
    circle: str
    posts: list[int]


class Seen(DomainEvent):
    """
    Somebody acknowledged a must-see.
    """

    member: str
    circle: str
    post: int
    position: int


class Town(Application[UUID]):
    """
    Where it is recorded.
    """


class FeedView(SQLiteTrackingRecorder):
    """
    The feed's rows.
    """

    def write(
        self, statements: Sequence[tuple[str, Sequence[Any]]], tracking: Tracking
    ) -> None:
        """
        Write the rows of one event, and that it was taken in.
        """
        with self.datastore.transaction(commit=True) as cursor:
            for sql, values in statements:
                cursor.execute(sql, values)
            self._insert_tracking(cursor, tracking)


class Feed(Projection[FeedView]):
    """
    What of the feed changes by which event.
    """

    name = "feed"

    topics: ClassVar[tuple[str, ...]] = tuple(  # type: ignore[misc]
        get_topic(it)
        for it in (Joined, Posted, Commented, Reacted, MustSee, Read, Seen)
    )

    @singledispatchmethod
    def process_event(self, domain_event: Any, tracking: Tracking) -> None:
        """
        Take in nothing else.
        """

    @process_event.register
    def _(self, it: Joined, tracking: Tracking) -> None:
        stay = it.member, it.circle, it.position, _ALL_OF_IT
        member = it.member, it.circle, "member"
        self.view.write([(_MEMBER, member), (_STAY, stay)], tracking)

    @process_event.register
    def _(self, it: Posted, tracking: Tracking) -> None:
        at = micros(it.timestamp)
        post = it.position, it.circle, it.place, it.by, at, it.text, "[]", "[]", None
        newest = at, it.position, it.circle
        self.view.write([(_POST, post), (_NEWEST, newest)], tracking)

    @process_event.register
    def _(self, it: Commented, tracking: Tracking) -> None:
        at = micros(it.timestamp)
        comment = it.circle, it.post, it.place, it.by, at, it.text, None
        self.view.write([(_COMMENT, comment), (_COUNT, comment[:2])], tracking)

    @process_event.register
    def _(self, it: Reacted, tracking: Tracking) -> None:
        reaction = it.circle, it.post, it.emoji, it.by
        self.view.write([(_REACTION, reaction)], tracking)

    @process_event.register
    def _(self, it: MustSee, tracking: Tracking) -> None:
        marked = micros(it.timestamp), it.circle, it.post
        must_see = it.circle, it.post, it.position
        counted = _MUST_SEES, (it.circle,)
        self.view.write([(_MUST_SEE, must_see), (_MARK, marked), counted], tracking)

    @process_event.register
    def _(self, it: Read, tracking: Tracking) -> None:
        read = [(_READ, (it.member, it.circle, post)) for post in it.posts]
        self.view.write(read, tracking)

    @process_event.register
    def _(self, it: Seen, tracking: Tracking) -> None:
        seen = it.circle, it.post, it.member, it.position, micros(it.timestamp)
        read = it.member, it.circle, it.post
        counted = _ACKNOWLEDGE, read
        self.view.write([(_READ, read), counted, (_ACKNOWLEDGED, seen)], tracking)


def recorded(happened: Sequence[Recorded]) -> Town:
    """
    Return the library's application, in memory, with what a feed takes in.

    Its recorder for SQLite has no subscriptions, which a projection needs.
    """
    town = Town({"PERSISTENCE_MODULE": "eventsourcing.popo"})
    for it in happened:
        town.save(*_as_taught(it))
    return town


def project(town: Town, path: Path) -> None:
    """
    Run the library's projection into a file until it has taken in everything.
    """

    class Filled(Town):
        # The runner makes the application itself.
        def construct_recorder(self) -> Any:
            return town.recorder

    env = {
        "PERSISTENCE_MODULE": "eventsourcing.popo",
        "FEED_PERSISTENCE_MODULE": "eventsourcing.sqlite",
        "FEED_SQLITE_DBNAME": str(path),
    }
    with ProjectionRunner(
        application_class=Filled, projection_class=Feed, view_class=FeedView, env=env
    ) as runner:
        runner.wait(town.recorder.max_notification_id(), timeout=_PATIENCE)


def _as_taught(recorded: Recorded) -> Iterator[DomainEvent]:
    # As it stands, if it is anything that a feed takes in.
    position, stream, version, event = recorded
    who = subject_of(stream)
    place = {
        "originator_id": uuid5(NAMESPACE_URL, stream),
        "originator_version": version,
        "timestamp": event.at,
    }
    match event:
        case MemberJoined(member=member):
            yield Joined(**place, circle=who, member=member, position=position)
        case PostPublished(text=text, by=by):
            yield Posted(
                **place, circle=who, place=version, text=text, by=by, position=position
            )
        case CommentAdded(post=post, text=text, by=by):
            yield Commented(
                **place, circle=who, place=version, post=post, text=text, by=by
            )
        case PostReacted(post=post, emoji=emoji, by=by):
            yield Reacted(**place, circle=who, post=post, emoji=emoji, by=by)
        case MustSeeSent(post=post):
            yield MustSee(**place, circle=who, post=post, position=position)
        case PostsRead(circle=circle, posts=posts):
            yield Read(**place, member=who, circle=circle, posts=list(posts))
        case MustSeeAcknowledged(circle=circle, post=post):
            yield Seen(**place, member=who, circle=circle, post=post, position=position)
