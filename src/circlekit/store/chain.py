"""
The chain that events are linked by, and its head.

Each event's digest covers its place, its name, its bytes and the digest of the
event before it in its history. The log's head is rolled on with each of them. Who
alters one event alters every digest after it, and the head; who keeps a head
somewhere else can tell.
"""

from collections.abc import Iterable
from hashlib import sha256
from struct import Struct, error
from typing import Final, Self

from attrs import frozen

from circlekit.errors import InvalidInputError

FIRST: Final = bytes(32)
# Position and version, then how long the stream, the name and the body are: no two
# different rows are the same bytes.
_FRAME: Final = Struct(">qqQQQ")
_HEX: Final = frozenset("0123456789abcdef")


@frozen
class Head:
    """
    The newest position of a log, and a digest over everything up to it.

    >>> Head.read("0:" + 64 * "0") == Head()
    True
    """

    position: int = 0
    digest: bytes = FIRST

    def __str__(self) -> str:
        """
        Return it as it is printed and kept: the position, a colon, the digest.
        """
        return f"{self.position}:{self.digest.hex()}"

    @classmethod
    def read(cls, text: str) -> Self:
        """
        Return the head that was printed.

        Raises:
            InvalidInputError: If it is none.
        """
        position, _, digest = str(text).partition(":")
        if (
            not (position.isascii() and position.isdecimal() and len(position) < 19)  # noqa: PLR2004 - fits 64 bits
            or len(digest) != 2 * len(FIRST)
            or not _HEX.issuperset(digest)
        ):
            accepted = "what `circlekit verify` printed, as in 12:6f1e..."
            raise InvalidInputError("head", f"{text!r} is none", accepted)
        return cls(int(position), bytes.fromhex(digest))

    def after(self, position: int, digest: bytes) -> "Head":
        """
        Return the head once one more event stands in the log.
        """
        return Head(position, sha256(self.digest + digest).digest())

    def after_each(self, digests: Iterable[bytes]) -> "Head":
        """
        Return the head once more events stand in the log, one behind the other.
        """
        position, rolled = self.position, self.digest
        for digest in digests:
            position += 1
            rolled = sha256(rolled + digest).digest()
        return Head(position, rolled)


def digest_of(
    before: bytes, position: int, stream: str, version: int, name: str, body: bytes
) -> bytes:
    """
    Return the digest of an event.

    Args:
        before: The digest of the event before it in its history, or
            :data:`FIRST`.
        position: Its place in the log.
        stream: Its history.
        version: Its place there.
        name: Its stored name.
        body: Its bytes.

    Raises:
        ValueError: If these are not even of the kinds that are written.
    """
    in_stream, called = stream.encode(), name.encode()
    try:
        frame = _FRAME.pack(position, version, len(in_stream), len(called), len(body))
    except error as problem:
        raise ValueError(str(problem)) from problem
    return sha256(b"".join((before, frame, in_stream, called, body))).digest()
