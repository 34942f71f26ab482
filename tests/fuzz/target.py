"""
What is fuzzed: whatever the bytes, a valid event or the one typed error.
"""

import sys
from pathlib import Path

from circlekit import CorruptEventError
from circlekit.events.names import NAMES
from circlekit.store.mapper import decode, decode_block, encode

GOLDEN = Path(__file__).parents[1] / "golden"
SEEDS = tuple(
    (path.stem, path.read_bytes().removesuffix(b"\n"))
    for path in sorted(GOLDEN.glob("*.json"))
)
# Names of modules that are there, and that nothing here imports.
IMPORTS = ("this", "this:s", "antigravity", "os:system", "builtins.eval", "../NAMES")
OTHERS = ("", "memberleft", "MemberLeft ", "MemberLeft\x00", "tests.fuzz:target")
STREAMS = ("circle/club", "", "\x00", "refused:circle/club", "circle/\ud800")
VERSIONS = (1, 0, -1, 2**63)
PIECES = (
    *(b"{", b"}", b"[", b"]", b'"', b",", b":", b"\\", b"\x00", b"\xff", b" "),
    *(b"null", b"true", b"NaN", b"-Infinity", b"1e999", b"-0", b"0.5", b"{}", b"[]"),
    *(b"9223372036854775808", b"-9223372036854775809", b"9" * 400, b"9" * 5_000),
    *(b'"at":', b'"extra":1,', b'"by":"x",', b'"\\ud800"', b"+05:00", b"0001-01-01"),
    *(b"[" * 20, b"[" * 5_000, b'{"a":' * 5_000, b'"at":"9999-12-31T23:59:59-23:59",'),
)


def made(choose):
    """
    Make a stream, a version, a name and a body out of what was once stored.

    Args:
        choose: Returns a number from 0 up to, and without, the one it is given.
    """
    name, body = SEEDS[choose(len(SEEDS))]
    for _ in range(choose(6)):
        body = _altered(body, choose)
    kind = choose(10)
    if kind == 0:
        name = (*IMPORTS, *OTHERS)[choose(len(IMPORTS) + len(OTHERS))]
    elif kind == 1:
        name = SEEDS[choose(len(SEEDS))][0]
    return STREAMS[choose(len(STREAMS))], VERSIONS[choose(len(VERSIONS))], name, body


def _altered(body, choose):
    start = choose(len(body) + 1)
    end = start + choose(min(40, len(body) - start) + 1)
    match choose(6):
        case 0:
            return body[:start] + bytes([choose(256)]) + body[start + 1 :]
        case 1:
            return body[:start] + body[end:]
        case 2:
            return body[:end] + body[start:end] + body[end:]
        case 3:
            return body[:start] + PIECES[choose(len(PIECES))] + body[start:]
        case 4:
            return body[:start] + PIECES[choose(len(PIECES))] + body[end:]
        case _:
            other = SEEDS[choose(len(SEEDS))][1]
            return body[:start] + other[choose(len(other)) :]


def check(stream, version, name, body):
    """
    Decode, and return whether it was an event.

    Raises:
        AssertionError: If it is neither an event that is stored and read as the
            same again, nor the one error; or if anything was imported.
    """
    loaded = len(sys.modules)
    try:
        event = decode(stream, version, name, body, position=7)
    except CorruptEventError as error:
        event, place = None, (error.stream, error.version, error.position)
    before, after = SEEDS[0], SEEDS[-1]
    block = decode_block(
        [before[0], name, name, after[0]], [before[1], body, body, after[1]]
    )
    assert loaded == len(sys.modules)
    # By the block it may have to be asked again, but is never believed any sooner.
    assert block is None or [event, event] == block[1:3]
    if event is None:
        assert block is None
        assert (stream, version, 7) == place
        return False
    assert type(event) is NAMES[name]
    assert event == decode(stream, version, name, encode(event))
    return True
