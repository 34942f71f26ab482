"""
Read a history of one JSON object a line, plain or gzipped.
"""

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import msgspec

from circlekit.cli.lines import BadLine, Line, Numbered
from circlekit.errors import InvalidInputError


def size(path: Path) -> int:
    """
    Return how much there is to read, in bytes on disk.
    """
    return path.stat().st_size


def read(path: Path) -> Iterator[Numbered]:
    """
    Return every line that is not blank, with its number.

    Raises:
        InvalidInputError: If the file is no gzip file though it is named so, or
            ends before it should; the lines before that are returned first.
    """
    decode = msgspec.json.Decoder(Line).decode
    with path.open("rb") as raw:
        lines = _unpacked(path, raw)
        for number, text in enumerate(lines, start=1):
            if not text.strip():
                continue
            line: Line | BadLine
            try:
                line = decode(text)
            except (msgspec.DecodeError, ValueError, RecursionError) as error:
                line = BadLine(str(error))
            yield Numbered(f"line {number}", line, raw.tell())


def _unpacked(path: Path, raw: IO[bytes]) -> Iterator[bytes]:
    if path.suffix != ".gz":
        yield from raw
        return
    try:
        with gzip.GzipFile(fileobj=raw) as unpacked:
            yield from unpacked
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise InvalidInputError(str(path), str(error), "a whole gzip file") from error
