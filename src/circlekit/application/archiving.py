"""
Exports: a whole history, or one circle's, taken out and taken in elsewhere.
"""

import json
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib.metadata import version as version_of
from itertools import groupby, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Annotated, Any, Final

import msgspec
from attrs import NOTHING, Factory, define, fields, frozen

from circlekit.application.answers import (
    QUESTIONS,
    Answer,
    Asked,
    Asking,
    Gathered,
    Question,
    Scope,
)
from circlekit.application.answers import audit as audited
from circlekit.application.deciding import Deciding, own_command_id
from circlekit.application.reading import LONGEST_PAGE, Reading
from circlekit.archive import columns, lines
from circlekit.archive.belonging import Belonging, kind_of
from circlekit.archive.comparing import Difference, differing
from circlekit.archive.export import EVENTS, Export, opened
from circlekit.archive.manifest import FORMS, Form, Manifest
from circlekit.archive.places import Folder, new_place
from circlekit.clock import ManualClock
from circlekit.errors import AlreadyThereError, ExportError, InvalidInputError
from circlekit.events.record import stream_of
from circlekit.ids import CircleId
from circlekit.store import Store, Transaction, log, must_be_switch, open_store
from circlekit.store.chain import Head

Progress = Callable[[str, int, int], None]

BATCH: Final = 500
"""
How many events of a circle are taken in by one transaction. An import that is run
again knows by it what is there: it never changes.
"""

_WRITERS: Final[dict[Form, type[lines.LineWriter] | type[columns.ColumnWriter]]] = {
    "ndjson": lines.LineWriter,
    "parquet": columns.ColumnWriter,
}
_AUDIT: Final = "answers/must-see-audit.json"
_STREAMS: Final = "streams.ndjson"
_COMMANDS: Final = "commands.ndjson"
_MOST_DIFFERENCES: Final = 1_000
_Place = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]


@frozen
class _Command:
    """
    A line of what commands came to.
    """

    id: str
    said: str
    first: _Place
    last: _Place


@frozen
class _Stream:
    """
    A line of which histories there are.
    """

    stream: str
    whole: bool


@frozen(kw_only=True)
class Exported:
    """
    What an export has in it.

    Attributes:
        path: Where it is.

        circle: The one circle that it is of, None if it is of everything.

        events: How many events it has.

        streams: Of how many histories.

        head: The head of the log that it was taken from.

        answers: How many answers of each sort stand beside the events.
    """

    path: Path
    circle: CircleId | None
    events: int
    streams: int
    head: str
    answers: dict[str, int]


@frozen(kw_only=True)
class Imported:
    """
    What became of an export that was taken in.

    Attributes:
        circle: The one circle that it is of, None if it is of everything.

        events: How many events were taken in.

        repeated: How many had been taken in by an earlier run.

        head: The head of the log now.

        differences: Every answer that is another here, the first thousand; None if
            none were compared.
    """

    circle: CircleId | None
    events: int
    repeated: int
    head: str
    differences: tuple[Difference, ...] | None


@define(eq=False, repr=False)
class Archiving(Reading):
    """
    Taking histories out, and in.
    """

    def export(
        self,
        path: Path | str,
        circle: CircleId | str | None = None,
        *,
        format: Form = "ndjson",  # noqa: A002 - what everybody calls it
        with_answers: bool = True,
        feed_items: int | None = LONGEST_PAGE,
        progress: Progress | None = None,
    ) -> Exported:
        """
        Write a history, and every answer read from it, to files of an open format.

        Everything, or one circle with its groups, what was begun there, and what
        was read there. The files hold what members wrote; ``docs/how-to/export.md``
        says what is in each. The store may be written to meanwhile: the export is
        what was there when it began.

        Args:
            path: A new folder, or a new file that ends in ``.zip``.
            circle: Only this circle.
            format: ``ndjson``, or ``parquet``, which needs that extra.
            with_answers: Whether the answers are read, too, which takes longer.
            feed_items: How many items of each member's feed, None for all.
            progress: Told what is being done, how much of it, and of how much.

        Raises:
            InvalidInputError: If something is there already, or an argument is not
                accepted.
            NotFoundError: If the circle is not known.
            CorruptEventError: If a stored event was altered, or one is missing.
            ExportError: If the extra is not installed.
        """
        if format not in FORMS:
            raise InvalidInputError("format", f"is {format!r}", ", ".join(FORMS))
        must_be_switch("with_answers", with_answers)
        _some_or_all("feed_items", feed_items)
        told = progress or _nothing
        kept = Belonging()
        if circle is not None:
            self._known("circle", circle)
            kept = Belonging.of(
                CircleId(circle),
                self._store.history(stream_of("circle", circle)),
                self._store.firsts(),
            )
        if format == "parquet":
            columns.arrow()
        with new_place(Path(path)) as folder, _scratch() as replayed:
            writing = _Writing(self._store, kept, folder, replayed, told)
            # Nobody else will ever look there: one transaction is enough.
            with replayed.writing():
                head, asked = writing.events(format)
                counted = {}
                if with_answers:
                    counted = writing.answers(
                        _asking(self, replayed, asked), asked, feed_items
                    )
            Manifest(
                circlekit=version_of("circlekit"),
                circle=kept.circle,
                form=format,
                at=asked.at,
                head=str(head),
                events=sum(writing.streams.values()),
                kinds=writing.kinds,
                feed_items=feed_items,
                files=dict(sorted(folder.written.items())),
            ).write(folder)
        return Exported(
            path=Path(path),
            circle=kept.circle,
            events=sum(writing.streams.values()),
            streams=len(writing.streams),
            head=str(head),
            answers=counted,
        )

    def import_export(
        self,
        path: Path | str,
        *,
        compare: bool = True,
        progress: Progress | None = None,
    ) -> Imported:
        """
        Take an export in, and compare what is answered here with its answers.

        One of everything goes into an empty store, at the places it had: the log's
        head is then what it was there. One of a circle goes to the end of any store
        that has none of its histories. All of it is checked before any of it is
        taken in; stopped anywhere, it is gone on with by the same call.

        Args:
            path: The folder, or the zip file.
            compare: Whether to compare the answers, if it has any.
            progress: Told what is being done, how much of it, and of how much.

        Raises:
            ExportError: If it was altered, or is of another version.
            CorruptEventError: If an event was altered.
            AlreadyThereError: If the store has another history in its place.
        """
        told = progress or _nothing
        with opened(Path(path)) as export:
            gathered = Gathered()
            for recorded in export.checked(progress=partial(told, "Checking events")):
                gathered.take(recorded)
            if export.manifest.circle is None:
                repeated = self._take_everything(export, told)
            else:
                repeated = self._take_circle(export, told)
            differences = None
            if compare and _AUDIT in export.manifest.files:
                found = self._differences(export, gathered.asked, told)
                differences = tuple(islice(found, _MOST_DIFFERENCES))
            with self._store.reading() as transaction:
                head = log.head(transaction.session)
            return Imported(
                circle=export.manifest.circle,
                events=export.manifest.events - repeated,
                repeated=repeated,
                head=str(head),
                differences=differences,
            )

    def _take_everything(self, export: Export, told: Progress) -> int:
        with self._store.reading() as transaction:
            there = log.head(transaction.session)
        at = Head()
        rows = export.rows()
        for row in islice(rows, there.position):
            at = at.after(row[0], row[6])
        if at != there:
            raise AlreadyThereError("the log", _OTHER)
        deque(_commands_of(export), maxlen=0)  # bad ones, before anything is taken in
        done, events = there.position, export.manifest.events
        for batch in _batches(rows):
            with self._store.writing() as transaction:
                if transaction.head() != done:
                    raise AlreadyThereError("the log", _OTHER)
                for position, stream, version, name, body, _, _ in batch:
                    transaction.put(stream, version, name, body, position=position)
                done = batch[-1][0]
            told("Taking events in", done, events)
        for commands in _batches(_commands_of(export)):
            with self._store.writing() as transaction:
                for it in commands:
                    if transaction.outcome(it.id) is None:
                        transaction.keep_outcome(it.id, it.said, it.first, it.last)
        return there.position

    def _take_circle(self, export: Export, told: Progress) -> int:
        seal = export.manifest.files[export.events_file].sha256
        done = repeated = 0
        for batch in _batches(export.rows()):
            own = own_command_id("import", seal, str(done))
            with self._store.writing() as transaction:
                if transaction.outcome(own) is not None:
                    repeated += len(batch)
                else:
                    if done == 0:
                        _must_be_new(transaction, export)
                    first = transaction.head() + 1
                    _put_at_the_end(transaction, export, batch)
                    transaction.keep_outcome(own, seal, first, transaction.head())
            done += len(batch)
            told("Taking events in", done, export.manifest.events)
        return repeated

    def _differences(
        self, export: Export, asked: Asked, told: Progress
    ) -> Iterator[Difference]:
        kit = _asking(self, self._store, asked)
        _read_ahead(kit, told)
        scope = Scope(export.manifest.circle, export.manifest.feed_items)
        for question in QUESTIONS:
            lines_ = export.answers(_file_of(question))
            whom = question.whom(asked)
            for done, (whose, expected) in enumerate(
                _by_owner(lines_, question.about, whom), start=1
            ):
                actual = list(question.ask(kit, whose, scope))
                where = question.words.format(whose)
                yield from differing(where, expected, actual)
                told(f"Comparing {question.name}", done, len(whom))
        audits = list(export.answers(_AUDIT))
        if len(audits) != 1:
            raise ExportError(f"has {len(audits)} answers in {_AUDIT}, not one")
        yield from differing("must-see audit", audits[0], audited(kit, scope.circle))


@define
class _Writing:
    """
    An export while it is written.
    """

    store: Store
    kept: Belonging
    folder: Folder
    replayed: Store
    told: Progress
    streams: Counter[str] = Factory(Counter)
    kinds: Counter[str] = Factory(Counter)

    def events(self, form: Form) -> tuple[Head, Asked]:
        """
        Write the events, and put them beside the store to be asked about.
        """
        gathered, head = Gathered(), Head()
        with self.folder.new(EVENTS[form]) as file:
            writer = _WRITERS[form](file)
            links = self.store.links(progress=partial(self.told, "Writing events"))
            for block in _batches(links):
                head = block[-1][1]
                chosen = [
                    (row, recorded)
                    for row, _ in block
                    if self.kept.has(recorded := log.decoded(row[:6]))
                ]
                for row, recorded in chosen:
                    writer.write(row, recorded.event)
                    gathered.take(recorded)
                    self.streams[recorded.stream] += 1
                    self.kinds[kind_of(recorded.stream)] += 1
                self.replayed.take_in(row[:5] for row, _ in chosen)
            writer.close()
        self._write_lines(
            _STREAMS,
            (
                {"stream": it, "events": number, "whole": self.kept.as_a_whole(it)}
                for it, number in sorted(self.streams.items())
            ),
        )
        if self.kept.circle is None:
            self._write_lines(_COMMANDS, self._commands(head.position))
        return head, gathered.asked

    def answers(
        self, kit: Asking, asked: Asked, feed_items: int | None
    ) -> dict[str, int]:
        """
        Write what is answered of these events, and return how many answers.
        """
        scope = Scope(self.kept.circle, feed_items)
        _read_ahead(kit, self.told)
        counted = {
            question.name: self._write_lines(
                _file_of(question), self._answers(kit, question, asked, scope)
            )
            for question in QUESTIONS
        }
        self._write_lines(_AUDIT, [audited(kit, scope.circle)])
        return counted

    def _answers(
        self, kit: Asking, question: Question, asked: Asked, scope: Scope
    ) -> Iterator[Answer]:
        whom = question.whom(asked)
        for done, whose in enumerate(whom, start=1):
            for answer in question.ask(kit, whose, scope):
                yield {question.about: whose, **answer}
            self.told(f"Asking for {question.name}", done, len(whom))

    def _commands(self, newest: int) -> Iterator[Answer]:
        after = ""
        while True:
            with self.store.reading() as transaction:
                found = transaction.all(_OUTCOMES, after=after, limit=log.BLOCK)
            for id_, said, first, last in found:
                if last <= newest:
                    yield {"id": id_, "said": said, "first": first, "last": last}
            if len(found) < log.BLOCK:
                return
            after = found[-1][0]

    def _write_lines(self, name: str, documents: Iterable[Answer]) -> int:
        written = 0
        with self.folder.new(name) as file:
            for document in documents:
                _write_line(file, document)
                written += 1
        return written


def _file_of(question: Question) -> str:
    return f"answers/{question.name}.ndjson"


def _write_line(file: IO[bytes], document: Any) -> None:
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    file.write(text.encode() + b"\n")


@contextmanager
def _scratch() -> Iterator[Store]:
    # In a file: a history may be larger than what a machine remembers.
    with TemporaryDirectory(prefix="circlekit-") as folder:
        store = open_store(f"sqlite:///{folder}/replayed.db")
        try:
            yield store
        finally:
            store.close()


def _asking(kit: Deciding, store: Store, asked: Asked) -> Asking:
    # As the host's kit in all that was given to it, but for the store and the clock:
    # quotas are those of the last recorded moment, whenever they are asked for.
    given: dict[str, Any] = {
        str(field.alias): getattr(kit, field.name)
        for field in fields(Deciding)
        if field.default is NOTHING
    }
    return Asking(**{**given, "store": store, "clock": ManualClock(asked.at)})


def _read_ahead(kit: Asking, told: Progress) -> None:
    kit.read_ahead(progress=lambda name, at, of: told(f"Reading {name}", at, of))


def _commands_of(export: Export) -> Iterator[_Command]:
    if _COMMANDS in export.manifest.files:
        yield from export.answers(_COMMANDS, _Command)


def _by_owner(
    found: Iterator[Answer], key: str, everybody: Iterable[str]
) -> Iterator[tuple[str, list[Answer]]]:
    # The lines are in the order of those who are asked about; some have none.
    by_owner = groupby(found, key=lambda line: line.pop(key, None))
    following = next(by_owner, None)
    for whose in everybody:
        if following is not None and following[0] == whose:
            yield whose, list(following[1])
            following = next(by_owner, None)
        else:
            yield whose, []
    if following is not None:
        raise ExportError(f"has answers of {following[0]!r}, who is not in its events")


def _must_be_new(transaction: Transaction, export: Export) -> None:
    for it in export.answers(_STREAMS, _Stream):
        if it.whole and transaction.last_of(it.stream) is not None:
            raise AlreadyThereError(it.stream, _TAKEN)


def _put_at_the_end(
    transaction: Transaction, export: Export, batch: Iterable[log.ChainedRow]
) -> None:
    ends: dict[str, int] = {}
    for _, stream, version, name, body, _, _ in batch:
        if stream not in ends:
            newest = transaction.last_of(stream)
            ends[stream] = 0 if newest is None else newest.version
        ends[stream] += 1
        if ends[stream] != version and not export.is_part(stream):
            raise AlreadyThereError(stream, _TAKEN)
        transaction.put(stream, ends[stream], name, body)


def _batches(things: Iterable[Any]) -> Iterator[list[Any]]:
    rest = iter(things)
    while batch := list(islice(rest, BATCH)):
        yield batch


def _some_or_all(field: str, value: object) -> None:
    if value is not None and (type(value) is not int or value < 0):
        raise InvalidInputError(field, f"is {value!r}", "0 or more, None for all")


def _nothing(_what: str, _done: int, _of: int) -> None:
    pass


_OTHER: Final = (
    "holds another history; accepted: an empty store, or one where an import of the "
    "same export was stopped"
)
_TAKEN: Final = (
    "is in this store already; accepted: a store without any of the export's "
    "circles and groups"
)
_OUTCOMES: Final = """
SELECT id, said, first, last FROM circlekit_command
WHERE id > :after ORDER BY id LIMIT :limit
"""
