"""
The chain of events, and a head that is kept elsewhere: whoever alters, is found.
"""

import random
from contextlib import closing

import pytest

from circlekit import (
    CircleKit,
    CorruptEventError,
    InvalidInputError,
    ManualClock,
    StoreError,
)
from circlekit.events.names import NAMES
from circlekit.store import log, open_store
from circlekit.store.chain import FIRST, Head, digest_of
from tests.application.town import MARCH_1

EACH = 60


@pytest.fixture
def store(url):
    with CircleKit(url, clock=ManualClock(MARCH_1)) as kit:
        kit.found_circle(name="Club", kind="community", by="mei", circle="club")
        for member in ("tao", "lin", "ben"):
            kit.join_circle("club", member)
        post = kit.publish_post("club", by="tao", text="Which book next?")
        for member in ("lin", "ben", "mei"):
            kit.add_comment(post, by=member, text="This one")
            kit.send_message("club", by=member, text="Hello")
        kit.send_must_see("club", by="mei", text="We meet on Friday")
    with closing(open_store(url)) as opened:
        yield opened


def flip(rows, chance):
    place = chance.randrange(len(rows))
    position, stream, version, name, body = rows[place]
    bit = chance.randrange(len(body) * 8)
    turned = bytearray(body)
    turned[bit // 8] ^= 1 << bit % 8
    rows[place] = position, stream, version, name, bytes(turned)


def delete(rows, chance):
    gone = rows.pop(chance.randrange(len(rows) - 1))
    _close_up(rows, gone)


def swap(rows, chance):
    one, other = chance.sample(range(len(rows)), 2)
    rows[one], rows[other] = (
        rows[one][:3] + rows[other][3:],
        rows[other][:3] + rows[one][3:],
    )


def insert(rows, chance):
    place = chance.randrange(len(rows))
    position, stream, version, name, body = rows[place]
    for at in range(place, len(rows)):
        _, other, later, *rest = rows[at]
        rows[at] = rows[at][0] + 1, other, later + (other == stream), *rest
    rows.insert(place, (position, stream, version, name, body[:-1] + b" }"))


def truncate(rows, chance):
    del rows[chance.randrange(len(rows)) :]


def re_version(rows, chance):
    one, other = chance.sample(range(len(rows)), 2)
    versions = rows[one][2], rows[other][2]
    if rows[one][1] != rows[other][1] or versions[0] == versions[1]:
        versions = versions[0] + 100, versions[1]
    else:
        versions = versions[1], versions[0]
    for at, version in zip((one, other), versions, strict=True):
        rows[at] = *rows[at][:2], version, *rows[at][3:]


def re_topic(rows, chance):
    place = chance.randrange(len(rows))
    position, stream, version, name, body = rows[place]
    other = chance.choice(sorted(set(NAMES) - {name}))
    rows[place] = position, stream, version, other, body


def _close_up(rows, gone):
    for at, (position, stream, version, *rest) in enumerate(rows):
        if position > gone[0]:
            rows[at] = position - 1, stream, version - (stream == gone[1]), *rest


EDITS = (flip, delete, swap, insert, truncate, re_version, re_topic)


def _written(transaction):
    return [row[:5] for row in log.rows_after(transaction.session, 0, log.BLOCK)], {
        row[0]: row[6] for row in log.chained_after(transaction.session, 0, log.BLOCK)
    }


def _rewrite(transaction, rows, digests):
    """
    Write rows instead of those that are there, with digests or as they ought to be.
    """
    transaction.session.run("DELETE FROM circlekit_event")
    head, ends = Head(), {}
    for position, stream, version, name, body in rows:
        digest = digests.get(position, FIRST)
        if not digests:
            before = ends.get(stream, FIRST)
            digest = digest_of(before, position, stream, version, name, body)
        ends[stream] = digest
        head = head.after(position, digest)
        transaction.session.run(
            log._PUT,
            {
                "position": position,
                "stream": stream,
                "version": version,
                "name": name,
                "body": body,
                "checksum": log.checksum(stream, version, name, body),
                "digest": digest,
            },
        )
    if not digests:
        log.move_head(transaction.session, head)


@pytest.mark.parametrize("hand", ["careless", "thorough"])
@pytest.mark.parametrize("edit", EDITS, ids=lambda it: it.__name__)
def test_every_edit_is_found(store, edit, hand):
    """
    Whatever is altered, a head that was kept elsewhere finds it, and nothing else.

    Even if whoever did it knows how all checksums, digests and the head are made.
    """
    head = store.verify()
    found, alarms = 0, 0
    with store.writing() as transaction:
        rows, digests = _written(transaction)
        for seed in range(EACH):
            altered = list(rows)
            edit(altered, random.Random(seed))  # noqa: S311
            assert rows != altered
            transaction.mark()
            _rewrite(transaction, altered, {} if hand == "thorough" else digests)
            try:
                store.verify(head)
            except CorruptEventError:
                found += 1
            transaction.back_to_mark()
            alarms += head != store.verify(head)

    assert (EACH, 0) == (found, alarms)


@pytest.mark.parametrize("edit", EDITS, ids=lambda it: it.__name__)
def test_a_careless_hand_is_found_without_a_head(store, edit):
    """
    Who does not mend all that follows is found by the store alone.
    """
    with store.writing() as transaction:
        rows, digests = _written(transaction)
        for seed in range(EACH):
            altered = list(rows)
            edit(altered, random.Random(seed))  # noqa: S311
            transaction.mark()
            _rewrite(transaction, altered, digests)
            with pytest.raises(CorruptEventError):
                store.verify()
            transaction.back_to_mark()


def test_an_earlier_head(store, url):
    """
    A head that was kept once is come by for ever, whatever is added.
    """
    heads = [store.verify()]
    with CircleKit(url, clock=ManualClock(MARCH_1)) as kit:
        for number in range(5):
            kit.publish_post("club", by="tao", text=f"{number}")
            heads.append(kit.verify(heads[0]))

        assert 6 == len(set(heads))
        assert [heads[-1]] * 6 == [kit.verify(head) for head in heads]
        assert heads[-1] == kit.verify(str(Head()))


def test_another_store_has_another_head(store):
    """
    The head of another store, or one that is still to come, is not come by.
    """
    head = Head.read(store.verify())
    for other in (
        Head(head.position, bytes(31) + b"1"),
        Head(head.position + 1, head.digest),
        Head(1, head.digest),
        Head(0, head.digest),
    ):
        with pytest.raises(CorruptEventError):
            store.verify(str(other))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "12",
        ":",
        "12:",
        "12:zz",
        "-1:" + 64 * "0",
        "1:" + 63 * "0",
        "x:" + 64 * "0",
        "1:" + 64 * "A",
        "²:" + 64 * "0",
        "9" * 30 + ":" + 64 * "0",
        7,
        b"13:",
    ],
)
def test_no_head(store, text):
    """
    What nobody printed is no head.
    """
    with pytest.raises(InvalidInputError) as caught:
        store.verify(text)

    assert "head" == caught.value.field


def test_a_lost_head(store):
    """
    A head that was taken out, or is none, is an error of its own kind.

    Nothing is written to such a store.
    """
    for damage in (
        "DELETE FROM circlekit_head",
        "UPDATE circlekit_head SET digest = 'none'",
    ):
        with store.writing() as transaction:
            transaction.mark()
            transaction.session.run(damage)
            with pytest.raises(CorruptEventError, match="head"):
                store.verify()
            transaction.back_to_mark()
    with store.writing() as transaction:
        transaction.session.run("DELETE FROM circlekit_head")

    with pytest.raises(CorruptEventError, match="head"), store.writing():
        pass


def test_a_lost_table(store, url):
    """
    Nor is anything written to a store whose head's table is gone.

    Whoever tries is told the same each time, and goes on when it is back.
    """
    with CircleKit(url, clock=ManualClock(MARCH_1)) as kit:
        with store.writing() as transaction:
            transaction.run("ALTER TABLE circlekit_head RENAME TO gone")
        for _ in range(2):
            with pytest.raises(StoreError, match="circlekit_head"):
                kit.publish_post("club", by="tao", text="x")
        session = store._database.session()
        session.begin_changing()
        session.run("ALTER TABLE gone RENAME TO circlekit_head")
        session.commit()
        session.close()
        kit.publish_post("club", by="tao", text="x")


def test_undone_is_not_chained(url, store):
    """
    What was undone within a batch is in no head; what came after it stands.
    """

    def inner(kit):
        with kit.batch():
            kit.publish_post("club", by="tao", text="Undone")
            kit.verify()
            raise KeyError

    with CircleKit(url, clock=ManualClock(MARCH_1)) as kit:
        with kit.batch():
            kit.publish_post("club", by="tao", text="Before")
            between = kit.verify()
            with pytest.raises(KeyError):
                inner(kit)
            assert between == kit.verify()
            kit.publish_post("club", by="tao", text="After")

        assert kit.verify() == kit.verify(between)
        texts = [
            it.event.text
            for it in kit.history("club")
            if type(it.event).__name__ == "PostPublished"
        ]
    assert ["Before", "After"] == texts[-2:]
    assert store.verify(between) == store.verify()


def test_a_rows_digest_depends_on_everything():
    """
    No two different rows share a digest by running into each other.
    """
    rows = [
        (FIRST, 1, "circle/a", 1, "MemberLeft", b"{}"),
        (bytes([1] * 32), 1, "circle/a", 1, "MemberLeft", b"{}"),
        (FIRST, 2, "circle/a", 1, "MemberLeft", b"{}"),
        (FIRST, 1, "circle/aM", 1, "emberLeft", b"{}"),
        (FIRST, 1, "circle/a", 2, "MemberLeft", b"{}"),
        (FIRST, 1, "circle/a", 1, "MemberLeft{", b"}"),
        (FIRST, 1, "circle/a", 1, "MemberLeft", b""),
    ]

    assert len(rows) == len({digest_of(*row) for row in rows})
