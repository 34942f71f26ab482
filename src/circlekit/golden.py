"""
Golden histories: what happened, and what was read from it, kept in one file.

A later release reads the same events and must come to the same answers. A history is
kept as the log has it, not as today's code understands it, and the answers beside it
are those of the code that saved it: every member's feed, every group's timeline,
every quota at the last recorded moment, and the must-see audit.
"""

import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import partial
from hashlib import blake2b
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Any, Final, TypedDict

import msgspec
from attrs import define, frozen

from circlekit.application import CircleKit
from circlekit.application.reading import LONGEST_PAGE
from circlekit.audit import CircleMonth, MustSeeAudit
from circlekit.clock import EPOCH, ManualClock, written, written_if_any
from circlekit.errors import (
    CirclekitError,
    CorruptEventError,
    GoldenHistoryError,
    InvalidInputError,
)
from circlekit.events.circle import CircleFounded, GroupLinked, MemberJoined
from circlekit.events.customer import CustomerAdded
from circlekit.events.group import GroupFounded
from circlekit.events.reader import MustSeeAcknowledged, PostsRead
from circlekit.events.record import Recorded, refusals_beside, stream_of
from circlekit.ids import CircleId
from circlekit.policies.house import HousePolicy, Policies, known_policies
from circlekit.projections.group_timeline import TimelineEntry
from circlekit.projections.member_feed import FeedItem
from circlekit.projections.quota_view import Quota
from circlekit.store import READ_MODELS, Store, log
from circlekit.store.mapper import decode
from circlekit.text import visible_json

FORMAT: Final = "circlekit golden history"
FORMAT_VERSION: Final = 1
_LONGEST_SAID: Final = 160

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


@frozen
class Difference:
    """
    One thing that today's code answers otherwise.

    Attributes:
        answer: What was asked, as in ``feed of mei, readers/8, pinned``.

        expected: What the file says, as JSON has it; None for nothing.

        actual: What is answered now.
    """

    answer: str
    expected: Any
    actual: Any

    def __str__(self) -> str:
        """
        Return it in words, long values cut short.

        >>> str(Difference("feed of mei, readers/8, pinned", True, False))
        'feed of mei, readers/8, pinned: expected true, actual false'
        """
        expected, actual = _said(self.expected), _said(self.actual)
        return f"{self.answer}: expected {expected}, actual {actual}"


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
    kept = _Kept() if circle is None else _Kept.of(kit, CircleId(circle))
    newest = kit.newest_position()
    store.verify(progress=lambda at: told("Checking events", at, newest))
    rows = [
        row
        for row in store.rows(progress=lambda at, of: told("Reading events", at, of))
        if kept.has(row)
    ]
    answers = _answers(
        [row[:5] for row in rows], _Asked.about(map(log.opened, rows)), policies, told
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
    asked = _Asked(
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
    beside = target.with_name(f".{target.name}.{os.getpid()}")
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


# What is kept of a history, and what is asked of it


@define
class _Kept:
    """
    Which events a golden history holds.
    """

    circle: CircleId | None = None
    streams: frozenset[str] = frozenset()

    @classmethod
    def of(cls, kit: CircleKit, circle: CircleId) -> "_Kept":
        groups = {
            recorded.event.group
            for recorded in kit.history(circle)
            if isinstance(recorded.event, GroupLinked)
        }
        streams = [stream_of("circle", circle)]
        streams += [stream_of("group", group) for group in groups]
        return cls(circle, frozenset((*streams, *map(refusals_beside, streams))))

    def has(self, row: log.Row) -> bool:
        if self.circle is None or row[1] in self.streams:
            return True
        if not row[1].startswith("reader/"):
            return False
        event = log.opened(row).event
        return (
            isinstance(event, PostsRead | MustSeeAcknowledged)
            and event.circle == self.circle
        )


@define
class _Asked:
    """
    Who is asked about, and as of when.
    """

    members: Sequence[str]
    groups: Sequence[str]
    holders: Sequence[str]
    at: datetime

    @classmethod
    def about(cls, history: Iterable[Recorded]) -> "_Asked":
        members: set[str] = set()
        groups: set[str] = set()
        holders: set[str] = set()
        at = EPOCH
        for recorded in history:
            event = recorded.event
            at = max(at, event.at)
            match event:
                case CircleFounded():
                    members.add(event.by)
                    holders.add(recorded.stream)
                case MemberJoined():
                    members.add(event.member)
                case GroupFounded():
                    groups.add(recorded.subject)
                case CustomerAdded():
                    holders.add(recorded.stream)
        return cls(sorted(members), sorted(groups), sorted(holders), at)


def _answers(
    rows: Iterable[tuple[int, str, int, str, bytes]],
    asked: _Asked,
    policies: Policies,
    progress: Progress,
) -> dict[str, Any]:
    with _replayed(rows, asked.at, policies) as kit:
        _fill(_inside(kit)[0], progress)
        questions = [
            *(("feeds", it, _feed) for it in asked.members),
            *(("timelines", it, _timeline) for it in asked.groups),
            *(("quotas", it, _quota) for it in asked.holders),
        ]
        answers: dict[str, Any] = {"feeds": {}, "timelines": {}, "quotas": {}}
        for done, (kind, whose, question) in enumerate(questions, start=1):
            answers[kind][whose] = _answered(question, kit, whose)
            progress("Asking", done, len(questions))
        audit = _answered(_audit, kit)
        return {"at": written(asked.at), **answers, "must_see_audit": audit}


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


# The answers as JSON has them. These shapes are part of the format: a key that is
# added here is a new version of it.


def _feed(kit: CircleKit, member: str) -> list[dict[str, Any]]:
    items: list[FeedItem] = []
    after = None
    while True:
        page = kit.feed(member, after=after, limit=LONGEST_PAGE)
        items += page.items
        after = page.next
        if after is None:
            return [_feed_item(item) for item in items]


def _feed_item(item: FeedItem) -> dict[str, Any]:
    return {
        "post": str(item.post),
        "pinned": item.pinned,
        "must_see_at": written_if_any(item.must_see_at),
        "acknowledged": item.acknowledged,
        "unread": item.unread,
        "comments": item.comments,
        "reactions": item.reactions,
    }


def _timeline(kit: CircleKit, group: str) -> list[dict[str, Any]]:
    entries: list[TimelineEntry] = []
    before = None
    while True:
        page = kit.group_timeline(group, before=before, limit=LONGEST_PAGE)
        entries += page.entries
        before = page.next
        if before is None:
            return [_timeline_entry(entry) for entry in entries]


def _timeline_entry(entry: TimelineEntry) -> dict[str, Any]:
    return {
        "kind": entry.kind,
        "by": entry.by,
        "at": written(entry.at),
        "text": entry.text,
        "images": list(entry.images),
        "videos": list(entry.videos),
        "post": None if entry.post is None else str(entry.post),
        "comment": None if entry.comment is None else str(entry.comment),
        "message": None if entry.message is None else str(entry.message),
        "reactions": entry.reactions,
    }


def _quota(kit: CircleKit, holder: str) -> dict[str, Any]:
    kind, _, id_ = holder.partition("/")
    quota: Quota = kit.quota(**{kind: id_})
    return {
        "rules": quota.rules,
        "zone": quota.zone,
        "lines": [
            {
                "source": line.source,
                "rule": line.rule,
                "used": line.used,
                "left": line.left,
                "limit": line.limit,
                "window": line.window,
                "starts": written(line.starts),
                "ends": written(line.ends),
                "next_allowed": written_if_any(line.next_allowed),
            }
            for line in quota.lines
        ],
    }


def _audit(kit: CircleKit) -> dict[str, Any]:
    # The events were checked when they were saved, and are perhaps not all there.
    audit: MustSeeAudit = kit.audit_must_sees(verify=False)
    return {
        "attempts": audit.attempts,
        "sent": audit.sent,
        "refused": audit.refused,
        "refused_by": dict(sorted(audit.refused_by.items())),
        "circles": [_circle_month(row) for row in audit.circles],
        "violations": [
            {
                "circle": found.circle,
                "version": found.version,
                "rule": found.rule,
                "at": written(found.at),
                "used": found.used,
                "limit": found.limit,
            }
            for found in audit.violations
        ],
        "overrides": [
            {
                "circle": used.circle,
                "version": used.version,
                "at": written(used.at),
                "by": used.by,
                "reason": used.reason,
            }
            for used in audit.overrides
        ],
        "not_judged": sorted(audit.not_judged),
    }


def _circle_month(row: CircleMonth) -> dict[str, Any]:
    return {
        "circle": row.circle,
        "month": row.month,
        "zone": row.zone,
        "allowance": row.allowance,
        "sent": row.sent,
        "refused": row.refused,
        "left": row.left,
        "closest_gap_seconds": row.closest_gap_seconds,
    }


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
# What an item of a list goes by, as far as it has these.
_NAMED_BY: Final = (
    *("kind", "comment", "message", "post", "source", "rule"),
    *("circle", "month", "version"),
)


def _compared(where: str, expected: Any, actual: Any) -> Iterator[Difference]:
    if "{}" in where:
        for whose, answer in expected.items():
            yield from _differing(where.format(whose), answer, actual[whose])
    else:
        yield from _differing(where, expected, actual)


def _differing(where: str, expected: Any, actual: Any) -> Iterator[Difference]:
    if expected == actual:
        return
    match expected, actual:
        case dict(), dict():
            for name in {**expected, **actual}:
                yield from _differing(
                    f"{where}, {name}", expected.get(name), actual.get(name)
                )
        case list(), list() if _are_items([*expected, *actual]):
            yield from _differing_items(where, _by_name(expected), _by_name(actual))
        case _:
            yield Difference(where, expected, actual)


def _differing_items(
    where: str, expected: dict[str, Any], actual: dict[str, Any]
) -> Iterator[Difference]:
    for name in {**expected, **actual}:
        if name in expected and name in actual:
            yield from _differing(f"{where}, {name}", expected[name], actual[name])
        else:
            yield Difference(f"{where}, {name}", expected.get(name), actual.get(name))
    was = [name for name in expected if name in actual]
    now = [name for name in actual if name in expected]
    if was != now:
        yield Difference(f"{where}, order", was, now)


def _are_items(values: Iterable[Any]) -> bool:
    return all(isinstance(value, dict) for value in values)


def _by_name(items: Iterable[dict[str, Any]]) -> dict[str, Any]:
    named: dict[str, Any] = {}
    seen: Counter[str] = Counter()
    for item in items:
        name = " ".join(str(item[key]) for key in _NAMED_BY if item.get(key))
        seen[name] += 1
        named[name if seen[name] == 1 else f"{name} ({seen[name]})"] = item
    return named


def _said(value: Any) -> str:
    if value is None:
        return "nothing"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST_SAID else f"{text[:_LONGEST_SAID]}…"


def _nothing(_what: str, _done: int, _of: int) -> None:
    pass
