"""
Reads the rows of a store past the library, and compares them with what was due.
"""

import json
import sqlite3
import struct
from collections import Counter
from datetime import datetime
from hashlib import sha256

from attrs import define, field

from tests.simulation.plain import EARLY, Happened

_EVENTS = """
SELECT position, stream, version, name, body, digest FROM circlekit_event
WHERE position > ? ORDER BY position
"""
_OUTCOMES = """
SELECT id, first, last FROM circlekit_command WHERE last > ? ORDER BY first
"""


class ViolationError(Exception):
    """
    Something is not as it was promised.
    """


def demand(held, problem):
    """
    Stop if something does not hold.
    """
    if not held:
        raise ViolationError(problem)


@define(eq=False)
class Request:
    """
    One thing that somebody wants done, however often it is asked for.

    Attributes:
        id: Its command id.

        about: What it says, as the plain model reads it.

        answer: What was answered, once an answer came that counts.

        outcome: What became of it by the log: its answer, and its positions.

        moments: The hosts' clocks of the attempts that are under way.

        tries: How often it was given.
    """

    id: str
    name: str
    by: str
    about: dict
    answer: tuple | None = None
    outcome: tuple | None = None
    span: tuple[int, int] | None = None
    moments: list[datetime] = field(factory=list)
    tries: int = 0

    def __str__(self):
        said = ", ".join(f"{key}={value}" for key, value in self.about.items())
        return f"[{self.id}] {self.name} by {self.by} ({said})"


@define(eq=False)
class Checker:
    """
    Follows the log row by row, beside the plain model.

    Attributes:
        releasing: The clocks of the hosts that release what is due just now.

        released: What was released in the end, and the post it became, None if it was
            dropped.
    """

    path: str
    plain: object
    requests: dict[str, Request]
    position: int = 0
    head: bytes = bytes(32)
    heads: list[str] = field(factory=list)
    rows: list[tuple] = field(factory=list)
    ends: dict[str, bytes] = field(factory=dict)
    newest: dict[str, datetime] = field(factory=dict)
    releasing: list[datetime] = field(factory=list)
    released: list[tuple[str, str | None]] = field(factory=list)
    _connection: sqlite3.Connection = field(init=False)

    def __attrs_post_init__(self):
        self._connection = sqlite3.connect(self.path, isolation_level=None)

    def catch_up(self):
        """
        Take in what was committed since, and compare it with what was due.
        """
        before = self.position
        rows = self._connection.execute(_EVENTS, (before,)).fetchall()
        if not rows:
            return
        outcomes = self._connection.execute(_OUTCOMES, (before,)).fetchall()
        happened = [self._in_its_place(row) for row in rows]
        at = before
        for id_, first, last in outcomes:
            at = self._was_released(happened, before, at, first - 1)
            demand(first == at + 1, f"nobody answers for event {at + 1}")
            part = happened[first - before - 1 : last - before]
            self._was_due(id_, first, last, part)
            at = last
        at = self._was_released(happened, before, at, self.position)
        demand(at == self.position, f"nobody answers for event {at + 1}")

    def compare_all(self):
        """
        Read everything again: nothing has changed, and nobody has two outcomes.
        """
        rows = self._connection.execute(_EVENTS, (0,)).fetchall()
        demand(rows == self.rows, "what was written has changed")
        kept = self._connection.execute(
            "SELECT id, first, last FROM circlekit_command ORDER BY first"
        ).fetchall()
        had = sorted(
            (it.span[0], it.span[1], it.id)
            for it in self.requests.values()
            if it.span is not None
        )
        kept = [(first, last, id_) for id_, first, last in kept]
        demand(kept == had, f"outcomes are kept of {kept}, and were of {had}")

    def tally(self):
        """
        Return how many events each history has.
        """
        return Counter(row[1] for row in self.rows)

    def read(self, sql):
        """
        Return the rows of a query, past the library.
        """
        return self._connection.execute(sql).fetchall()

    def close(self):
        """
        Let go of the file.
        """
        self._connection.close()

    def _in_its_place(self, row):
        position, stream, version, name, body, digest = row
        demand(position == self.position + 1, f"event {self.position + 1} is missing")
        due = self.plain.lengths[stream] + sum(
            it[1] == stream for it in self.rows[self.plain_position :]
        )
        demand(version == due + 1, f"{stream} has {version} after {due}")
        said = json.loads(body)
        at = datetime.fromisoformat(said["at"])
        before = self.newest.get(stream, EARLY)
        demand(at >= before, f"{stream} goes back from {before} to {at} at {version}")
        texts = stream.encode(), name.encode(), body
        frame = struct.pack(">qqQQQ", position, version, *map(len, texts))
        chained = sha256(b"".join((self.ends.get(stream, bytes(32)), frame, *texts)))
        demand(chained.digest() == digest, f"event {position} is not chained")
        self.position, self.newest[stream], self.ends[stream] = position, at, digest
        self.head = sha256(self.head + digest).digest()
        self.heads.append(f"{position}:{self.head.hex()}")
        self.rows.append(row)
        return Happened(position, stream, version, name, at, said)

    @property
    def plain_position(self):
        """
        Return up to which position the plain model has come.
        """
        return sum(self.plain.lengths.values())

    def _was_released(self, happened, before, at, until):
        # Nobody gives a command to release what is due; hosts do so by the clock.
        while at < until:
            first = happened[at - before]
            place = first.said.get("scheduled")
            if first.name not in {"ScheduledReleased", "ScheduledDropped"}:
                break
            club = first.stream.partition("/")[2]
            dues = [self.plain.released(club, place, it) for it in self.releasing]
            fitting = []
            for due in dues:
                part = happened[at - before :][: len(due.events) if due else 0]
                if due is not None and _fits(due, part):
                    fitting.append(part)
            demand(fitting, f"{first.stream} {first.name} {first.said}: due was {dues}")
            for row in fitting[0]:
                self.plain.take(row)
            post = first.said.get("post")
            became = None if post is None else f"{club}/{post}"
            self.released.append((f"{club}/{place}", became))
            at += len(fitting[0])
        return at

    def _was_due(self, id_, first, last, part):
        request = self.requests.get(id_)
        demand(request is not None, f"nobody gave a command {id_!r}")
        demand(request.outcome is None, f"{request} came to something twice")
        dues = [
            self.plain.due(request.name, request.about, request.by, moment)
            for moment in request.moments
        ]
        fitting = [due for due in dues if due is not None and _fits(due, part)]
        if not fitting:
            wrote = "\n    ".join(f"{it.stream} {it.name} {it.said}" for it in part)
            raise ViolationError(
                f"{request}\n  wrote\n    {wrote}\n  and due was\n    "
                + "\n    ".join(map(str, dues))
            )
        request.span = first, last
        request.outcome = self._answer(request, fitting[0], part)
        for row in part:
            self.plain.take(row)

    @staticmethod
    def _answer(request, due, part):
        club = request.about["circle"]
        if due.rules:
            return "refused", due.rules
        match request.name:
            case "found_circle":
                return "done", club
            case "assign_todo":
                return "done", request.about["todo"]
            case "assign_homework":
                return "done", request.about["homework"]
            case "submit_homework":
                return "done", f"{part[0].version}"
            case "make_topic":
                return "done", request.about["topic"]
            case "check_in":
                *posts, made = part
                told = f"{club}/{posts[0].version}" if posts else None
                place = f"{request.about['topic']}/{made.version}"
                counted = made.said.get("counted", True)
                rules = "" if counted else "check-in-day"
                return "done", f"{place} {told} {made.said['day']} {rules}".strip()
            case (
                "publish_post"
                | "send_must_see"
                | "add_comment"
                | "schedule_post"
                | "schedule_must_see"
            ):
                return "done", f"{club}/{part[0].version}"
            case "join_circle":
                full = part[1].name == "CommandRefused"
                return "done", f"{club} {'group-full' if full else ''}".strip()
        return "done", ""


def _fits(due, part):
    if len(due.events) != len(part):
        return False
    for (stream, name, at, said), row in zip(due.events, part, strict=True):
        if (stream, name, at) != (row.stream, row.name, row.at):
            return False
        if any(row.said.get(key) != value for key, value in said.items()):
            return False
    if due.rules:
        told = tuple(sorted({it["rule"] for it in part[0].said["reasons"]}))
        return told == due.rules
    return True
