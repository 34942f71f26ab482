"""
Stored bytes that were altered: one typed error when they are read, never a wrong event.
"""

import shutil
import sqlite3
from contextlib import closing

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from circlekit import CircleKit, CorruptEventError, ManualClock
from circlekit.events.names import NAMES
from circlekit.store import log, open_store
from circlekit.store.mapper import decode, encode
from tests.application.town import MARCH_1, everything, settle

# The tables as they are, but for what keeps odd values out: a hand at the file, or a
# bad disk, keeps to no constraint.
_UNGUARDED = """
CREATE TABLE kept AS SELECT * FROM circlekit_event;
DROP TABLE circlekit_event;
ALTER TABLE kept RENAME TO circlekit_event;
"""


class Altered:
    """
    A town's file, and a hand at it.
    """

    def __init__(self, path, told, post):
        self.path = path
        self.url = f"sqlite:///{path}"
        self.told = told
        self.post = post

    def run(self, script):
        with closing(sqlite3.connect(self.path)) as connection:
            connection.executescript(script)

    def set(self, column, value, *, position, cast=None):
        value_of = "?" if cast is None else f"CAST(? AS {cast})"
        with closing(sqlite3.connect(self.path)) as connection, connection:
            changed = connection.execute(
                f"UPDATE circlekit_event SET {column} = {value_of} WHERE position = ?",
                (value, position),
            )
            assert 1 == changed.rowcount

    def delete(self, position):
        with closing(sqlite3.connect(self.path)) as connection, connection:
            connection.execute(
                "DELETE FROM circlekit_event WHERE position = ?", (position,)
            )

    def of(self, kind, stream="circle/club"):
        return next(
            it
            for it in self.told
            if type(it.event).__name__ == kind and it.stream == stream
        )


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    path = tmp_path_factory.mktemp("whole") / "town.db"
    clock = ManualClock(MARCH_1)
    with CircleKit(f"sqlite:///{path}", clock=clock) as kit:
        town = settle(kit, clock)
        kit.acknowledge(town.must_see, by="tao")
        kit.show_moment("m1", "c1", source="member", by="sun")
        kit.block_private_chat("club", by="mei")
        file = Altered(path, everything(kit), town.post)
    file.run(_UNGUARDED)
    return file


@pytest.fixture
def file(whole, tmp_path):
    path = shutil.copy(whole.path, tmp_path / "town.db")
    return Altered(path, whole.told, whole.post)


READINGS = {
    "history": lambda kit: list(kit.history("club")),
    "command": lambda kit: kit.publish_post("club", by="tao", text="x"),
    "asking": lambda kit: kit.would_allow("leave_circle", "club", "tao"),
    "feed": lambda kit: kit.feed("tao"),
    "timeline": lambda kit: kit.group_timeline("club"),
    "comments": lambda kit: kit.comments("club/14"),
    "rebuilding": lambda kit: kit.rebuild_read_models(),
}
VALUES = {
    "name-another": ("name", "CommentAdded"),
    "name-unknown": ("name", "PostDeleted"),
    "name-empty": ("name", ""),
    "name-case": ("name", "postpublished"),
    "name-null": ("name", None),
    "name-number": ("name", 7),
    "name-blob": ("name", b"PostPublished"),
    "name-no-utf8": ("name", b"Post\xff", "TEXT"),
    "body-empty": ("body", b""),
    "body-no-json": ("body", b"not json"),
    "body-json-null": ("body", b"null"),
    "body-list": ("body", b"[]"),
    "body-object": ("body", b"{}"),
    "body-other-words": (
        "body",
        b'{"text":"Buy!","by":"tao","at":"2020-03-01T12:00Z"}',
    ),
    "body-no-utf8": ("body", b'{"text":"\xff"}'),
    "body-text": ("body", '{"text":"Which book next?"}'),
    "body-number": ("body", 7),
    "body-real": ("body", 1.5),
    "body-null": ("body", None),
    "body-huge": ("body", b'{"text":"' + b"x" * 2_000_000 + b'"}'),
    "checksum-nought": ("checksum", 0),
    "checksum-negative": ("checksum", -1),
    "checksum-big": ("checksum", 2**62),
    "checksum-real": ("checksum", 1.5),
    "checksum-text": ("checksum", "sum"),
    "checksum-null": ("checksum", None),
}


@pytest.mark.parametrize("reading", READINGS)
@pytest.mark.parametrize("altered", VALUES)
def test_altered_column(file, altered, reading):
    """
    However an event's row was altered, that is found when it is next read.

    Whoever reads it; and it is named by its place.
    """
    column, value, *cast = VALUES[altered]
    post = file.of("PostPublished")
    file.set(column, value, position=post.position, cast=cast[0] if cast else None)

    with (
        CircleKit(file.url, clock=ManualClock(MARCH_1)) as kit,
        pytest.raises(CorruptEventError) as caught,
    ):
        READINGS[reading](kit)

    assert (post.stream, post.version) == (caught.value.stream, caught.value.version)


@pytest.mark.parametrize(
    ("stream", "version"),
    [
        ("circle/guild", None),
        ("circle/nowhere", None),
        ("group/club", None),
        ("CIRCLE/club", None),
        (None, 0),
        (None, -3),
        (None, 12),
        (None, 999),
        (None, "eight"),
        (None, 2**62),
    ],
)
def test_moved(file, stream, version):
    """
    An event that was moved is not believed where it is now.

    In another history or at another place; and it is missed where it was.
    """
    post = file.of("PostPublished")
    if stream is not None:
        file.set("stream", stream, position=post.position)
    if version is not None:
        file.set("version", version, position=post.position)

    with CircleKit(file.url, clock=ManualClock(MARCH_1)) as kit:
        with pytest.raises(CorruptEventError):
            list(kit.history("club"))
        with pytest.raises(CorruptEventError):
            kit.publish_post("club", by="tao", text="x")
        with pytest.raises(CorruptEventError):
            kit.feed("tao")


@pytest.mark.parametrize("swapped", ["body", "name", "checksum", "stream", "version"])
def test_swapped(file, swapped):
    """
    Two events that traded anything between them are both found.
    """
    one = file.of("PostPublished")
    other = file.of("MustSeeSent")
    file.run(
        f"""
        CREATE TEMP TABLE pair AS
        SELECT position, {swapped} AS traded FROM circlekit_event
        WHERE position IN ({one.position}, {other.position});
        UPDATE circlekit_event SET {swapped} =
            (SELECT traded FROM pair WHERE position = {other.position})
        WHERE position = {one.position};
        UPDATE circlekit_event SET {swapped} =
            (SELECT traded FROM pair WHERE position = {one.position})
        WHERE position = {other.position};
        """
    )

    with closing(open_store(file.url)) as store, store.reading() as transaction:
        for row in (one, other):
            if swapped == "stream":  # both stand in one
                assert [row] == transaction.span(row.position, row.position)
                continue
            with pytest.raises(CorruptEventError):
                transaction.span(row.position, row.position)


def test_lost(file):
    """
    An event that was taken out of the middle is missed by its place.
    """
    comment = file.of("CommentAdded")
    file.delete(comment.position)

    with CircleKit(file.url, clock=ManualClock(MARCH_1)) as kit:
        for reading in ("history", "command", "asking"):
            with pytest.raises(CorruptEventError, match="missing") as caught:
                READINGS[reading](kit)
            assert ("circle/club", comment.version) == (
                caught.value.stream,
                caught.value.version,
            )


def test_others_go_on(file):
    """
    A history that was altered stops nobody else's: commands on other circles work.
    """
    file.set("body", b"{}", position=file.of("PostPublished").position)

    with CircleKit(file.url, clock=ManualClock(MARCH_1)) as kit:
        kit.publish_post("guild", by="ana", text="Nails")
        assert "Nails" == list(kit.history("guild"))[-1].event.text
        with pytest.raises(CorruptEventError):
            kit.publish_post("club", by="tao", text="x")


@pytest.mark.parametrize(
    ("kind", "stream", "ask"),
    [
        ("MustSeeSent", "circle/club", lambda kit: kit.audit_must_sees()),
        ("MustSeeSent", "circle/club", lambda kit: kit.audit_must_sees("club")),
        ("RuleBookAdopted", "circle/club", lambda kit: kit.audit_must_sees("club")),
        ("MustSeeSent", "circle/club", lambda kit: kit.quota("club")),
        ("MomentShown", "customer/c1", lambda kit: kit.quota("c1")),
        ("MomentShown", "customer/c1", lambda kit: kit.tag_customer("c1", "x", by="s")),
        (
            "MomentShown",
            "customer/c1",
            lambda kit: kit.preview_moment(["c1"], source="member", by="sun"),
        ),
        (
            "RuleBookAdopted",
            "customer/c1",
            lambda kit: kit.publish_moment(["c1"], source="member", by="s", text="x"),
        ),
        ("MessageSent", "group/club", lambda kit: kit.group_timeline("club")),
        ("MustSeeAcknowledged", "reader/tao", lambda kit: kit.feed("tao")),
    ],
    ids=range(10),
)
def test_altered_body(file, kind, stream, ask):
    """
    Every reader of an event finds that it was altered.
    """
    event = file.of(kind, stream)
    file.set("body", encode(event.event) + b" ", position=event.position)

    with (
        CircleKit(file.url, clock=ManualClock(MARCH_1)) as kit,
        pytest.raises(CorruptEventError) as caught,
    ):
        ask(kit)

    assert (stream, event.version) == (caught.value.stream, caught.value.version)


@pytest.mark.parametrize("circle", [None, "club"], ids=["all", "one"])
@pytest.mark.parametrize(
    "hidden", ["name", "unknown name", "stream", "row", "position"]
)
def test_hidden_from_the_audit(file, hidden, circle):
    """
    A must-see cannot be hidden from the audit.

    Not by another name, in another history, nor by taking it out.
    """
    sent = file.of("MustSeeSent")
    match hidden:
        case "name":
            file.set("name", "PostPinned", position=sent.position)
        case "unknown name":
            file.set("name", "Nothing", position=sent.position)
        case "stream":
            file.set("stream", "group/club", position=sent.position)
        case "position":
            file.set("position", 10_000, position=sent.position)
        case "row":
            with CircleKit(file.url, clock=ManualClock(MARCH_1)) as kit:
                kit.publish_post("club", by="tao", text="After it")
            file.delete(sent.position)

    with (
        CircleKit(file.url, clock=ManualClock(MARCH_1)) as kit,
        pytest.raises(CorruptEventError),
    ):
        kit.audit_must_sees(circle)


def test_a_read_model_waits(file):
    """
    A read model that met an altered event has taken in nothing of its block.

    Once the bytes are put right it goes on, and misses nothing.
    """
    post = file.of("PostPublished")
    with CircleKit(file.url, clock=ManualClock(MARCH_1)) as kit:
        file.set("body", b"{}", position=post.position)
        for _ in range(2):
            with pytest.raises(CorruptEventError):
                kit.feed("tao")
        file.set("body", encode(post.event), position=post.position)

        assert ["We meet on Friday", "Which book next?"] == [
            it.text for it in kit.feed("tao").items
        ]


COLUMNS = ("stream", "version", "name", "body", "checksum")


@pytest.fixture(scope="module")
def flipped(whole, tmp_path_factory):
    path = shutil.copy(whole.path, tmp_path_factory.mktemp("flips") / "town.db")
    return Altered(path, whole.told, whole.post)


@given(data=st.data())
def test_any_bit(flipped, data):
    """
    Whichever bit of a row is turned, only what was written is ever told.

    Or a typed error instead.
    """
    row = data.draw(st.sampled_from(flipped.told))
    column = data.draw(st.sampled_from(COLUMNS))
    with closing(sqlite3.connect(flipped.path)) as connection:
        ((was, kind),) = connection.execute(
            f"SELECT CAST({column} AS BLOB), typeof({column}) "
            "FROM circlekit_event WHERE position = ?",
            (row.position,),
        )
    if kind == "integer":
        bit = data.draw(st.integers(0, 62))
        flipped.set(column, int(was) ^ 1 << bit, position=row.position)
    else:
        bit = data.draw(st.integers(0, len(was) * 8 - 1))
        now = bytearray(was)
        now[bit // 8] ^= 1 << bit % 8
        flipped.set(column, bytes(now), position=row.position, cast=kind.upper())
    try:
        _only_the_truth(flipped, row)
    finally:
        if kind == "integer":
            flipped.set(column, int(was), position=row.position)
        else:
            flipped.set(column, was, position=row.position, cast=kind.upper())


def test_every_bit(whole):
    """
    No bit of any field of any row can be turned unseen.
    """
    with closing(sqlite3.connect(whole.path)) as connection:
        rows = connection.execute(
            f"SELECT {log.COLUMNS} FROM circlekit_event ORDER BY position"
        ).fetchall()
    unseen = []
    for row in rows:
        for altered in _turned(row):
            try:
                unseen.append((row, log.opened(altered)))
            except CorruptEventError:
                continue

    assert len(whole.told) == len(rows)
    assert [] == unseen


def _turned(row):
    position, stream, version, name, body, checksum = row
    for bit in range(63):
        yield position, stream, version ^ 1 << bit, name, body, checksum
        yield position, stream, version, name, body, checksum ^ 1 << bit
    for other in _bits(body):
        yield position, stream, version, name, other, checksum
    for other in _texts(name):
        yield position, stream, version, other, body, checksum
    for other in _texts(stream):
        yield position, other, version, name, body, checksum


def _bits(body):
    for bit in range(len(body) * 8):
        other = bytearray(body)
        other[bit // 8] ^= 1 << bit % 8
        yield bytes(other)


def _texts(text):
    for other in _bits(text.encode()):
        try:
            yield other.decode()
        except UnicodeDecodeError:
            continue


def _only_the_truth(file, altered):
    with closing(open_store(file.url)) as store:
        with store.reading() as transaction, pytest.raises(CorruptEventError):
            transaction.span(altered.position, altered.position)
        for stream in {it.stream for it in file.told}:
            expected = [it for it in file.told if it.stream == stream]
            told = []
            try:
                with store.reading() as transaction:
                    told.extend(transaction.history(stream))
            except CorruptEventError:
                whole = False
            else:
                whole = True
            assert expected[: len(told)] == told
            # Only the end of a history can go without being missed.
            assert not whole or altered not in expected[:-1]


@given(
    name=st.sampled_from([*NAMES, "NoSuchEvent", ""]),
    body=st.binary(max_size=60)
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["text", "by", "at", "post", "member", "book"]), inner
            )
        ),
        max_leaves=8,
    ).map(msgspec.json.encode),
)
def test_any_bytes(name, body):
    """
    Bytes with a right checksum may still be no event.

    Then too it is the one typed error; and what is believed can be written again as
    it is.
    """
    try:
        event = decode("circle/club", 7, name, body)
    except CorruptEventError as error:
        event, place = None, (error.stream, error.version)

    if event is None:
        assert ("circle/club", 7) == place
    else:
        assert type(event) is NAMES[name]
        assert event == decode("circle/club", 7, name, encode(event))


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"member":"tao","at":"2020-03-01T12:00:00Z","more":' + b"[" * 100_000,
        b'{"member":"tao","at":"2020-03-01T12:00:00Z","more":'
        + b"[" * 100_000
        + b"]" * 100_000
        + b"}",
        b'{"member":"tao","at":"2020-03-01T12:00:00"}',  # no zone
        b'{"member":"tao","at":1583064000}',
        b'{"member":"tao"}',
        b'{"member":7,"at":"2020-03-01T12:00:00Z"}',
        b'{"member":null,"at":"2020-03-01T12:00:00Z"}',
        b'{"member":"\\ud83d","at":"2020-03-01T12:00:00Z"}',
        b'\xef\xbb\xbf{"member":"tao","at":"2020-03-01T12:00:00Z"}',
    ],
    ids=range(11),
)
def test_no_such_event(body):
    """
    JSON that is too deep, of the wrong kinds, or without a zone is no event.
    """
    with pytest.raises(CorruptEventError):
        decode("circle/club", 7, "MemberLeft", body)


def test_a_rule_book_that_cannot_be():
    """
    Numbers that no rule book may hold are not believed from a file either.
    """
    body = b'{"book":{"name":"x","pins":-1},"by":"mei","at":"2020-03-01T12:00:00Z"}'

    with pytest.raises(CorruptEventError):
        decode("circle/club", 2, "RuleBookAdopted", body)


def test_positions_are_not_used_again(tmp_path):
    """
    The position of an event that was deleted is never given to another.

    Whoever follows the log would miss that one.
    """
    path = tmp_path / "town.db"
    with CircleKit(f"sqlite:///{path}") as kit:
        kit.found_circle(name="Club", kind="community", by="mei", circle="club")
        kit.publish_post("club", by="mei", text="One")
        newest = kit.newest_position()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DELETE FROM circlekit_event WHERE position = ?", (newest,))

    with CircleKit(f"sqlite:///{path}") as kit:
        kit.publish_post("club", by="mei", text="Two")
        assert newest + 1 == kit.newest_position()


def test_the_newest_is_missed(tmp_path):
    """
    Even the newest event of all cannot be taken out unseen: its position was given.
    """
    path = tmp_path / "town.db"
    with CircleKit(f"sqlite:///{path}") as kit:
        kit.found_circle(name="Club", kind="community", by="mei", circle="club")
        kit.send_must_see("club", by="mei", text="News")
        newest = kit.newest_position()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DELETE FROM circlekit_event WHERE position = ?", (newest,))

    with (
        CircleKit(f"sqlite:///{path}") as kit,
        pytest.raises(CorruptEventError, match="missing"),
    ):
        kit.audit_must_sees()


def test_the_checksum_is_over_the_place():
    """
    The same bytes at another place have another checksum.
    """
    sums = {
        log.checksum(stream, version, name, b"{}")
        for stream in ("circle/a", "circle/b")
        for version in (1, 2)
        for name in ("MemberLeft", "MemberJoined")
    }

    assert 8 == len(sums)
