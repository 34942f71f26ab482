"""
An export that is there: its events, looked at before anything is done with them.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec
from attrs import define

from circlekit.archive import columns, lines
from circlekit.archive.belonging import OF_PEOPLE, kind_of
from circlekit.archive.manifest import Manifest
from circlekit.archive.places import Place, place_at, weighed
from circlekit.errors import CorruptEventError, ExportError
from circlekit.events.record import Recorded
from circlekit.store import log
from circlekit.store.chain import FIRST, Head

Told = Callable[[int, int], None]
_EVERY: Final = 500
_READERS: Final = {"ndjson": lines.read_lines, "parquet": columns.read_columns}
EVENTS: Final = {"ndjson": lines.FILE, "parquet": columns.FILE}


@define
class Export:
    """
    An export, opened to be read.

    Attributes:
        place: Where its files are.

        manifest: What it says of itself.
    """

    place: Place
    manifest: Manifest

    def checked(self, *, progress: Told) -> Iterator[Recorded]:
        """
        Return every event, and find whatever was altered on the way to the last.

        Args:
            progress: Told how many are looked at, and of how many.

        Raises:
            CorruptEventError: If an event is not what was once written.
            ExportError: If a file was altered or cut off.
        """
        for name, written in self.manifest.files.items():
            if name != self.events_file and weighed(self.place, name) != written:
                raise ExportError(f"has a file {name!r} that was altered")
        at, count = Head(), 0
        ends: dict[str, tuple[int, bytes]] = {}
        for where, row in self._read():
            count += 1
            recorded = _sound(where, row)
            if self.manifest.circle is None and row[0] != count:
                raise CorruptEventError("the log", count, f"is missing at {where}")
            if not self.is_part(row[1]):
                at = at.after(row[0], _linked(where, row, ends))
            if count % _EVERY == 0:
                progress(count, self.manifest.events)
            yield recorded
        progress(count, self.manifest.events)
        if count != self.manifest.events:
            problem = f"has {count:,} events of {self.manifest.events:,}"
            raise ExportError(problem)
        if self.manifest.circle is None and str(at) != self.manifest.head:
            raise ExportError("has other events than its manifest says")
        name = self.events_file
        if weighed(self.place, name) != self.manifest.files[name]:
            raise ExportError(f"has a file {name!r} that was altered")

    def rows(self) -> Iterator[log.ChainedRow]:
        """
        Return every event as it is written down, once all were checked.
        """
        return (row for _, row in self._read())

    def is_part(self, stream: str) -> bool:
        """
        Return whether only some events of a history are here.
        """
        return self.manifest.circle is not None and kind_of(stream) in OF_PEOPLE

    def answers(self, name: str, shape: type = dict) -> Iterator[Any]:
        """
        Return what is in a file of answers, line by line.

        Raises:
            ExportError: If a line is none.
        """
        decode: Callable[[bytes], Any] = msgspec.json.Decoder(shape).decode
        with self.place.open(name) as file:
            for number, text in enumerate(file, start=1):
                try:
                    yield decode(text)
                except (ValueError, RecursionError) as error:
                    problem = f"has no answer in line {number} of {name}: {error}"
                    raise ExportError(problem) from error

    @property
    def events_file(self) -> str:
        """
        Return which of its files has the events.
        """
        return EVENTS[self.manifest.form]

    def _read(self) -> Iterator[tuple[str, log.ChainedRow]]:
        with self.place.open(self.events_file) as file:
            yield from _READERS[self.manifest.form](file)


@contextmanager
def opened(path: Path) -> Iterator[Export]:
    """
    Open an export.

    Raises:
        ExportError: If there is none, or one of another version.
    """
    with place_at(path) as place:
        manifest = Manifest.read(place)
        export = Export(place, manifest)
        if export.events_file not in manifest.files:
            raise ExportError("has no events")
        yield export


def _sound(where: str, row: log.ChainedRow) -> Recorded:
    try:
        return log.opened(row[:6])
    except CorruptEventError as error:
        raise CorruptEventError(
            error.stream,
            error.version,
            f"{error.problem} ({where})",
            position=error.position,
        ) from error


def _linked(
    where: str, row: log.ChainedRow, ends: dict[str, tuple[int, bytes]]
) -> bytes:
    position, stream, version = row[:3]
    newest, before = ends.get(stream, (0, FIRST))
    if version != newest + 1:
        problem = f"is missing ({where})"
        raise CorruptEventError(stream, newest + 1, problem, position=position)
    try:
        digest = log.in_chain(row, before)
    except CorruptEventError as error:
        problem = f"{error.problem} ({where})"
        raise CorruptEventError(stream, version, problem, position=position) from error
    ends[stream] = version, digest
    return digest
