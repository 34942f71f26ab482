"""
The events of an export, one JSON object a line.

A body stands there byte for byte as it is stored, so that its checksum and its
digest can be computed again from the line.
"""

import json
from collections.abc import Iterator
from typing import IO, Any, Final

import msgspec
from attrs import frozen

from circlekit.errors import CorruptEventError
from circlekit.store.log import ChainedRow

FILE: Final = "events.ndjson"


@frozen
class _Line:
    position: int
    stream: str
    version: int
    name: str
    body: msgspec.Raw
    checksum: int
    digest: str


_READ: Final = msgspec.json.Decoder(_Line).decode
_BREAKS: Final = (b"\n", b"\r")


class LineWriter:
    """
    Writes events to a file, one a line.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def write(self, row: ChainedRow, _event: Any) -> None:
        """
        Write one event.
        """
        position, stream, version, name, body, checksum, digest = row
        if any(it in body for it in _BREAKS):
            # Not one line as it is: then it is the text of itself.
            body = _said(body.decode())
        self._file.write(
            b'{"position":%d,"stream":%b,"version":%d,"name":%b,'
            b'"body":%b,"checksum":%d,"digest":"%b"}\n'
            % (
                position,
                _said(stream),
                version,
                _said(name),
                body,
                checksum,
                digest.hex().encode(),
            )
        )

    def close(self) -> None:
        """
        Nothing is held back.
        """


def read_lines(file: IO[bytes]) -> Iterator[tuple[str, ChainedRow]]:
    """
    Return every event with where it stands, as in ``line 12``; nothing is compared.

    Raises:
        CorruptEventError: If a line is no event.
    """
    for number, text in enumerate(file, start=1):
        where = f"line {number}"
        try:
            line = _READ(text)
            body = bytes(line.body)
            if body.startswith(b'"'):
                body = msgspec.json.decode(body, type=str).encode()
            digest = bytes.fromhex(line.digest)
        except (ValueError, msgspec.DecodeError, RecursionError) as error:
            problem = f"is no line of an export: {error}"
            raise CorruptEventError(FILE, number, problem) from error
        yield (
            where,
            (
                line.position,
                line.stream,
                line.version,
                line.name,
                body,
                line.checksum,
                digest,
            ),
        )


def _said(text: str) -> bytes:
    return json.dumps(text, ensure_ascii=False).encode()
