"""
Golden histories: what happened, and what was read from it, kept in one file.

A later release reads the same events and must come to the same answers. A history is
kept as the log has it, not as today's code understands it, and the answers beside it
are those of the code that saved it: every member's feed, every group's timeline,
every quota at the last recorded moment, and the must-see audit.
"""

import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import partial
from hashlib import blake2b
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Any, Final, TypedDict

import msgspec

from circlekit.application import CircleKit
from circlekit.application.answers import (
    Answer,
    Asked,
    audit,
    feed,
    quota,
    timeline,
)
from circlekit.archive.belonging import Belonging
from circlekit.archive.comparing import Difference, differing
from circlekit.clock import ManualClock, written
from circlekit.errors import (
    CirclekitError,
    CorruptEventError,
    GoldenHistoryError,
    InvalidInputError,
)
from circlekit.ids import CircleId
from circlekit.policies.house import HousePolicy, Policies, known_policies
from circlekit.store import READ_MODELS, Store, log
from circlekit.store.mapper import decode
from circlekit.text import visible_json

FORMAT: Final = "circlekit golden history"
FORMAT_VERSION: Final = 1

Document = dict[str, Any]
Progress = Callable[[str, int, int], None]


class _Event(TypedDict):
    position: int
    stream: str
    version: int
    name: str
    body: dict[str, Any]


class _Answers(TypedDict):
    at: datetime
    feeds: dict[str, list[Any]]
    timelines: dict[str, list[Any]]
    quotas: dict[str, dict[str, Any]]
    must_see_audit: dict[str, Any]


class _Golden(TypedDict):
    format: str
    format_version: int
    circlekit: str
    circle: str | None
    events: list[_Event]
    answers: _Answers
    digest: str


def saved(
    kit: CircleKit,
    *,
    circle: CircleId | str | None = None,
    progress: Progress | None = None,
) -> Document:
    """
    Return a store's history with today's answers, as one JSON document.

    It holds what members wrote.

    Args:
        kit: The kit, whose policies the audit is asked with.
        circle: Only this circle, with the groups that were ever linked to it and
            what was read in it.
        progress: Told what is being done, how much of it, and of how much.

    Raises:
        NotFoundError: If the circle is not known.
        CorruptEventError: If a stored event was altered, or one is missing.
    """
    told = progress or _nothing
    store, policies = _inside(kit)
    kept = Belonging()
    if circle is not None:
        kept = Belonging.of(CircleId(circle), kit.history(circle), store.firsts())
    newest = kit.newest_position()
    store.verify(progress=lambda at: told("Checking events", at, newest))
    rows = [
        row
        for row in store.rows(progress=lambda at, of: told("Reading events", at, of))
        if kept.as_a_whole(row[1]) or kept.has(log.opened(row))
    ]
    answers = _answers(
        [row[:5] for row in rows], Asked.about(map(log.opened, rows)), policies, told
    )
    document: Document = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "circlekit": version_of("circlekit"),
        "circle": circle,
        "events": [
            {
                "position": position,
                "stream": stream,
                "version": version,
                "name": name,
                "body": json.loads(body),
            }
            for position, stream, version, name, body, _ in rows
        ],
        "answers": answers,
    }
    return {**document, "digest": _digest(document)}


def check(
    document: Document,
    *,
    policies: Iterable[type[HousePolicy]] = (),
    progress: Progress | None = None,
) -> list[Difference]:
    """
    Return every answer that today's code gives otherwise, none if all are the same.

    The events are put into an empty store in memory, at the places they had;
    nothing is decided again. An event that can no longer be read is a difference,
    too; then nothing else is asked.

    Args:
        document: What :func:`saved` or :func:`read` returned.
        policies: The host's own policies, as the kit had them that saved it.
        progress: Told what is being done, how much of it, and of how much.

    Raises:
        GoldenHistoryError: If it is no golden history, or was altered.
    """
    golden = _golden(document)
    rows = [
        (
            event["position"],
            event["stream"],
            event["version"],
            event["name"],
            json.dumps(event["body"], ensure_ascii=False).encode(),
        )
        for event in golden["events"]
    ]
    if unread := list(_unread(rows)):
        return unread
    expected = document["answers"]
    asked = Asked(
        members=tuple(expected["feeds"]),
        groups=tuple(expected["timelines"]),
        holders=tuple(expected["quotas"]),
        at=golden["answers"]["at"],
    )
    known = known_policies(policies)
    actual = _answers(rows, asked, known, progress or _nothing)
    return [
        difference
        for answers, where in _WHERE.items()
        for difference in _compared(where, expected[answers], actual[answers])
    ]


def write(document: Document, path: str | os.PathLike[str]) -> None:
    """
    Write a golden history to a file: UTF-8, one line for an event or an entry.

    A file that is there is replaced, whole or not at all.

    Raises:
        InvalidInputError: If nothing can be written there.
    """
    target = Path(path)
    beside = target.parent / f".{target.name}.{os.getpid()}"
    text = visible_json(_spread(document)) + "\n"
    try:
        beside.write_bytes(text.encode())
        beside.replace(target)
    except OSError as error:
        with suppress(OSError):
            beside.unlink()
        accepted = "a file in a folder that can be written in"
        raise InvalidInputError("path", str(error.strerror), accepted) from error


def read(path: str | os.PathLike[str]) -> Document:
    """
    Return the golden history in a file.

    Raises:
        GoldenHistoryError: If there is none, or it was altered after it was saved.
    """
    try:
        document: Document = json.loads(Path(path).read_bytes())
    except OSError as error:
        raise GoldenHistoryError(f"cannot be opened: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise GoldenHistoryError(f"is not JSON: {error}") from error
    _golden(document)
    return document


# What is asked of a history


def _answers(
    rows: Iterable[tuple[int, str, int, str, bytes]],
    asked: Asked,
    policies: Policies,
    progress: Progress,
) -> dict[str, Any]:
    with _replayed(rows, asked.at, policies) as kit:
        _fill(_inside(kit)[0], progress)
        questions = [
            *(("feeds", it, _feed) for it in asked.members),
            *(("timelines", it, _timeline) for it in asked.groups),
            *(("quotas", it, quota) for it in asked.holders),
        ]
        answers: dict[str, Any] = {"feeds": {}, "timelines": {}, "quotas": {}}
        for done, (kind, whose, question) in enumerate(questions, start=1):
            answers[kind][whose] = _answered(question, kit, whose)
            progress("Asking", done, len(questions))
        must_sees = _answered(audit, kit)
        return {"at": written(asked.at), **answers, "must_see_audit": must_sees}


def _feed(kit: CircleKit, member: str) -> list[Answer]:
    return list(feed(kit, member))


def _timeline(kit: CircleKit, group: str) -> list[Answer]:
    return list(timeline(kit, group))


def _fill(store: Store, progress: Progress) -> None:
    for model in READ_MODELS:
        # What cannot be filled is said where it is asked for.
        with suppress(CirclekitError):
            store.up_to_date(model, progress=partial(progress, f"Filling {model.name}"))


@contextmanager
def _replayed(
    rows: Iterable[tuple[int, str, int, str, bytes]], at: datetime, policies: Policies
) -> Iterator[CircleKit]:
    clock = ManualClock(at)
    with CircleKit("sqlite://", clock=clock, policies=policies.values()) as kit:
        store, _ = _inside(kit)
        try:
            store.take_in(rows)
        except CirclekitError as error:
            problem = f"has events that cannot be put back: {error}"
            raise GoldenHistoryError(problem) from error
        yield kit


def _inside(kit: CircleKit) -> tuple[Store, Policies]:
    # Nobody else has to do with a whole log, so a kit has no door to it.
    return kit._store, kit._policies  # noqa: SLF001


def _answered(question: Callable[..., Any], *about: Any) -> Any:
    try:
        return question(*about)
    except CirclekitError as error:
        return f"{type(error).__name__}: {error}"


def _unread(
    rows: Iterable[tuple[int, str, int, str, bytes]],
) -> Iterator[Difference]:
    for _, stream, version, name, body in rows:
        try:
            decode(stream, version, name, body)
        except CorruptEventError as error:
            yield Difference(f"event {version} of {stream}", name, error.problem)


# The document: how it is spread over lines, and told from one that was altered


def _golden(document: object) -> _Golden:
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise GoldenHistoryError(f"does not say that it is a {FORMAT}")
    if (found := document.get("format_version")) != FORMAT_VERSION:
        problem = f"is of version {found!r}, and this code reads {FORMAT_VERSION}"
        raise GoldenHistoryError(problem)
    rest = {key: value for key, value in document.items() if key != "digest"}
    if document.get("digest") != _digest(rest):
        raise GoldenHistoryError("was altered after it was saved")
    try:
        return msgspec.convert(document, _Golden)
    except msgspec.ValidationError as error:
        raise GoldenHistoryError(f"is not whole: {error}") from error


def _digest(document: Document) -> str:
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return blake2b(text.encode(), digest_size=16).hexdigest()


def _spread(value: Any, indent: str = "") -> str:
    # An event is one line, and so is whatever else stands in a list.
    within = f"{indent}  "
    match value:
        case [_, *_]:
            parts = [_in_one_line(part) for part in value]
            opening, closing = "[]"
        case dict() if value:
            parts = [
                f"{_in_one_line(key)}: {_spread(part, within)}"
                for key, part in value.items()
            ]
            opening, closing = "{}"
        case _:
            return _in_one_line(value)
    spread = ",".join(f"\n{within}{part}" for part in parts)
    return f"{opening}{spread}\n{indent}{closing}"


def _in_one_line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


# What differs

_WHERE: Final = {
    "feeds": "feed of {}",
    "timelines": "timeline of {}",
    "quotas": "quota of {}",
    "must_see_audit": "must-see audit",
}


def _compared(where: str, expected: Any, actual: Any) -> Iterator[Difference]:
    if "{}" in where:
        for whose, answer in expected.items():
            yield from differing(where.format(whose), answer, actual[whose])
    else:
        yield from differing(where, expected, actual)


def _nothing(_what: str, _done: int, _of: int) -> None:
    pass
