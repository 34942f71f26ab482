"""
Events are opened by the block, as they would be one by one.
"""

from itertools import islice

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from circlekit import CorruptEventError
from circlekit.store import log
from circlekit.store.mapper import decode_block
from tests.fuzz.target import SEEDS, made

AT = b'"at":"2020-03-01T12:00:00Z"'
LEFT = b'{%s,"member":"tao"}' % AT
# What is written today, and what is an event all the same.
LATER_FIELDS = b'{"name":"x","kind":"community","zone":"UTC","by":"mei",%s}' % AT
QUARTER_PAST = b'{%s,"by":"mei","groups":null,"text":"Come at 7:00"}' % AT
TWENTY_DIGITS = b'{%s,"by":"mei","text":"12345678901234567890"}' % AT
SPACED = b'{"member": "tao", %s}' % AT


def one_by_one(rows):
    for row in rows:
        yield log.opened(row)


def outcome(events):
    """
    What was told before the end, and the error that was the end, if it was one.
    """
    told = []
    try:
        for it in events:
            told.append(it)  # noqa: PERF402 - what came before an error counts
    except CorruptEventError as error:
        return told, str(error), (error.stream, error.version, error.position)
    return told, None, None


def row(position, name, body, *, stream="circle/club", version=None):
    version = position if version is None else version
    try:
        written = log.checksum(stream, version, name, body)
    except UnicodeError:
        written = 0
    return position, stream, version, name, body, written


@st.composite
def blocks(draw):
    """
    Rows of a block, nearly all of them as they were written.
    """
    rows = []
    for position in range(1, draw(st.integers(1, 24)) + 1):
        if draw(st.integers(0, 9)) == 0:
            stream, version, name, body = made(
                lambda below: draw(st.integers(0, below - 1))
            )
            rows.append(row(position, name, body, stream=stream, version=version))
        else:
            rows.append(row(position, *draw(st.sampled_from(SEEDS))))
    return rows


@given(rows=blocks(), change=st.none() | st.integers(0, 30), by=st.integers(0, 5))
def test_by_the_block(rows, change, by):
    """
    A block of events is told as each of them is, up to the same one that was altered.
    """
    if change is not None and change < len(rows):
        altered = list(rows[change])
        altered[by] = [-1, "circle/cafe", 99, "MemberLeft", b"{}", 7][by]
        rows[change] = tuple(altered)

    assert outcome(one_by_one(rows)) == outcome(log.opened_each(rows))


@pytest.mark.parametrize("names", [1, 2])
@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("CircleFounded", LATER_FIELDS),
        ("PostPublished", QUARTER_PAST),
        ("PostPublished", TWENTY_DIGITS),
        ("MemberLeft", SPACED),
        ("MemberLeft", SPACED + b"\n"),
        ("MemberLeft", b"\n" + SPACED),
        ("MemberLeft", b'{"member":"tao",\n%s}' % AT),
        ("MemberLeft", LEFT + b"\n" + LEFT),
        ("MemberLeft", LEFT + LEFT),
        ("MemberLeft", LEFT + b"," + LEFT),
        ("MemberLeft", b""),
        ("MemberLeft", b" "),
        ("MemberLeft", b"\n"),
        ("MemberLeft", None),
        ("MemberLeft", "text"),
        ("MemberLeft", b"[" * 100_000),
        ("MemberLeft", b'{"member":"tao",%s,"why":1}' % AT),
        ("MemberLeft", b'{"member":"tao","at":"2020-03-01T17:00:00+05:00"}'),
        ("PostRemoved", b'{%s,"by":"mei","post":9223372036854775808}' % AT),
        ("PostPublished", b'{%s,"by":"mei","text":"%s"}' % (AT, b"x" * 2**23)),
        ("NoSuchEvent", LEFT),
        ("", LEFT),
    ],
    ids=range(22),
)
def test_one_in_the_midst(names, name, body):
    """
    What is odd in the midst of others is told or refused as it is by itself.
    """
    others = [("MemberLeft", LEFT), ("PostPublished", QUARTER_PAST)][:names]
    bodies = [*others * 6, (name, body), *others * 6]
    rows = [
        row(position, *it)
        if isinstance(it[1], bytes)
        else (position, "circle/club", position, *it, 0)
        for position, it in enumerate(bodies, start=1)
    ]

    assert outcome(one_by_one(rows)) == outcome(log.opened_each(rows))


@given(st.lists(st.sampled_from(SEEDS), min_size=1))
@example([("CircleFounded", LATER_FIELDS), ("PostPublished", QUARTER_PAST)])
@example([("MemberLeft", SPACED), ("PostPublished", TWENTY_DIGITS)])
def test_nothing_is_left_to_be_asked_again(events):
    """
    What was ever written is opened by the block, also by an earlier release.
    """
    names, bodies = zip(*events, strict=True)

    found = decode_block(names, bodies)

    assert found is not None
    assert [*islice(names, len(found))] == [type(it).__name__ for it in found]


def test_a_block_of_none():
    """
    Where there are no events, none are told.
    """
    assert [] == [*log.opened_each([])]
