"""
A bounded number of altered events, as many as the profile says.
"""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circlekit import CorruptEventError, InvalidInputError
from circlekit.events.circle import MemberLeft, PostPublished, PostRemoved
from circlekit.events.names import NAMES
from circlekit.events.rules import RuleBookAdopted
from circlekit.rulebook import HouseRule, RuleBook
from circlekit.store.bodies import DEEPEST, LARGEST, depth
from circlekit.store.mapper import decode, encode
from circlekit.text import LONGEST_REFERENCE, LONGEST_TEXT, MOST_REFERENCES
from tests.application.town import MARCH_1 as MARCH
from tests.fuzz.target import IMPORTS, SEEDS, check, made

AT = b'"at":"2020-03-01T12:00:00Z"'


@given(data=st.data())
def test_altered(data):
    """
    However a stored event was altered, it is an event or the one typed error.
    """
    check(*made(lambda below: data.draw(st.integers(0, below - 1))))


@given(name=st.sampled_from(sorted(NAMES)), body=st.binary(max_size=200))
def test_any_bytes(name, body):
    """
    So are any bytes, under the name of any event.
    """
    check("circle/club", 1, name, body)


@pytest.mark.parametrize(("name", "body"), SEEDS, ids=[name for name, _ in SEEDS])
def test_the_seeds(name, body):
    """
    What is altered was an event before.
    """
    assert check("circle/club", 1, name, body)


@pytest.mark.parametrize("name", [*IMPORTS, "circlekit.events.circle:MemberLeft"])
def test_names_of_modules(name):
    """
    A name that could be imported is not.
    """
    loaded = set(sys.modules)

    assert not check("circle/club", 1, name, b"{}")
    assert loaded == set(sys.modules)


@pytest.mark.parametrize(
    ("name", "body", "problem"),
    [
        ("MemberLeft", b'{"member":"a",%s,"why":1}' % AT, "a later one wrote it"),
        ("MemberLeft", b'{"member":"a","member":"b",%s}' % AT, "a field twice"),
        ("MemberLeft", b'{"member":"a",%s,%s}' % (AT, AT), "a field twice"),
        (
            "MemberLeft",
            b'{"member":"a","at":"2020-03-01T12:00:00+05:00"}',
            "not in UTC",
        ),
        (
            "MemberLeft",
            b'{"member":"a","at":"0001-01-01T00:00:00+05:00"}',
            "not in UTC",
        ),
        ("PostRemoved", b'{"post":9223372036854775808,"by":"a",%s}' % AT, "64 bits"),
        ("PostRemoved", b'{"post":%s,"by":"a",%s}' % (b"9" * 5_000, AT), "no PostR"),
        ("PostRemoved", b'{"post":NaN,"by":"a",%s}' % AT, "malformed"),
        (
            "MemberLeft",
            b'{"member":"a",%s,"b":%s}' % (AT, b"[" * 17 + b"]" * 17),
            "deep",
        ),
        (
            "MemberLeft",
            b'{"member":"a",%s,"b":%s}' % (AT, b"[" * 99_999 + b"]" * 99_999),
            "deep",
        ),
        (
            "RuleBookAdopted",
            b'{"book":{"name":"a","pinned":9},"by":"b",%s}' % AT,
            "'pinned'",
        ),
        (
            "RuleBookAdopted",
            (
                b'{"book":{"name":"a","must_see":[{"rule":"b","limit":1,"window":'
                b'{"kind":"calendar-day","of":1}}]},"by":"b",%s}' % AT
            ),
            "'of'",
        ),
        (
            "RuleBookAdopted",
            (
                b'{"book":{"name":"a","house":[{"name":"b","settings":'
                b'{"c":1,"c":2}}]},"by":"d",%s}' % AT
            ),
            "a field twice",
        ),
        ("MemberLeft", b'{"member":"a",%s}%s' % (AT, b" " * LARGEST), "bytes"),
    ],
)
def test_more_than_the_event_shows(name, body, problem):
    """
    A body that says more than the event would is not read as if it did not.
    """
    with pytest.raises(CorruptEventError) as caught:
        decode("circle/club", 3, name, body, position=9)

    assert problem in str(caught.value)
    assert ("circle/club", 3, 9) == (
        caught.value.stream,
        caught.value.version,
        caught.value.position,
    )


@pytest.mark.parametrize(
    "body",
    [
        b'{ "by": "a",\n"post":8, %s }' % AT,
        b'{"post":9223372036854775807,"by":"a",%s}' % AT,
        b'{"post":8,"by":"0123456789012345678901234 12:00+01:00",%s}' % AT,
        b'{"post":8,"by":"[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\"[[[",%s}' % AT,
    ],
)
def test_no_more_than_the_event_shows(body):
    """
    One that only looks unusual is read.
    """
    assert check("circle/club", 1, "PostRemoved", body)


def test_near_the_end_of_the_stack():
    """
    An event is not called corrupt because whoever reads it has no stack left.
    """

    def deep(body, left):
        return deep(body, left - 1) if left else decode("a", 1, "PostRemoved", body)

    body = b'{"post":8,"by":"a",%s,"at2":%s}' % (AT, b"[" * 9 + b"]" * 9)
    met = set()
    for left in range(sys.getrecursionlimit()):
        try:
            deep(body, left)
        except (CorruptEventError, RecursionError) as error:
            met.add(str(error).partition("'at2'")[0])
    assert not any("deep" in said and "no PostRemoved" in said for said in met)
    assert {"event 1 of 'a': no PostRemoved: has the field "} < met


def test_the_largest():
    """
    The largest post that people may send is far below the limit.
    """
    references = ("😀" * LONGEST_REFERENCE,) * MOST_REFERENCES
    post = PostPublished(
        text="😀" * LONGEST_TEXT,
        images=references,
        videos=references,
        by="mei",
        at=MARCH,
    )

    assert len(encode(post)) * 8 < LARGEST
    assert post == decode("circle/club", 1, "PostPublished", encode(post))


def test_the_deepest():
    """
    No event is nested nearly as deep as the limit.
    """
    assert max(depth(body) for _, body in SEEDS) * 3 < DEEPEST


@pytest.mark.parametrize(
    "event",
    [
        PostRemoved(post=2**63, by="mei", at=MARCH),
        PostRemoved(post=-(2**63) - 1, by="mei", at=MARCH),
        PostRemoved(post=2**64, by="mei", at=MARCH),
        MemberLeft(member="m" * LARGEST, at=MARCH),
        RuleBookAdopted(
            book=RuleBook(name="b", house=(HouseRule("r", {"n": 10**30}),)),
            by="mei",
            at=MARCH,
        ),
    ],
)
def test_what_could_not_be_read_again(event):
    """
    What would not be read again is not written.
    """
    with pytest.raises(InvalidInputError, match="event"):
        encode(event)


def test_the_program():
    """
    The program fuzzes for as long as it is told to, and says how far it came.
    """
    ran = subprocess.run(
        [sys.executable, "-m", "tests.fuzz", "--seconds", "0.2", "--seed", "1"],
        capture_output=True,
        text=True,
        check=True,
    )

    assert "altered events, " in ran.stdout
