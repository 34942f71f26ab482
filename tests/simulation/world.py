"""
Some hosts on one store, driven step by step by one seed.

A seed decides everything: what is asked, of whom, when, and what goes wrong. There
is no thread, no clock of the machine and no chance but the seed's.
"""

import os
import random
from collections import Counter
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from attrs import define, field
from sqlalchemy import Column, MetaData, Table
from sqlalchemy.engine import make_url

from circlekit import CircleKit
from circlekit.budget import CALENDAR_MONTH, Budget, rolling
from circlekit.errors import (
    BusyError,
    CommandIdReusedError,
    NotFoundError,
    OutcomeUnknownError,
    StoreError,
)
from circlekit.events.homework import Scale
from circlekit.events.names import NAMES
from circlekit.projections.read_model import TEXT, WHOLE_NUMBER, ReadModel
from circlekit.rulebook import RuleBook
from circlekit.store import Store, log
from circlekit.store.rebuilding import Beside
from circlekit.store.session import Settings
from circlekit.store.sqlite import SqliteDatabase
from circlekit.verdict import RefusedError
from tests.simulation.checker import Checker, Request, ViolationError, demand
from tests.simulation.faults import BEGIN, WRITE, DiedError, Fault, FaultyDatabase
from tests.simulation.plain import OF_HOMEWORK, OF_TODOS, OF_TOPICS, Numbers, Plain

CLUBS = ("book-club", "chess-club")
CAST = ("mei", "tao", "lin", "ben", "ana")
ZONES = ("Asia/Shanghai", "UTC", "America/St_Johns", "Australia/Lord_Howe")
STEPS = 32
_MEMORY = "/dev/shm"  # noqa: S108 - a folder of its own is made in it
_JUMPS = (
    [timedelta(0)] * 3
    + [timedelta(minutes=1), timedelta(hours=5), timedelta(hours=24)]
    + [timedelta(hours=25), timedelta(days=9), timedelta(days=31)]
    + [timedelta(minutes=-1), timedelta(hours=-7), timedelta(days=-40)]
)
_APART = (
    timedelta(0),
    timedelta(0),
    timedelta(seconds=1),
    timedelta(hours=-3),
    timedelta(hours=26),
    timedelta(days=-35),
)
_COMMANDS = (
    ["send_must_see"] * 8
    + ["publish_post", "join_circle"] * 4
    + ["add_comment", "promote_to_must_see", "acknowledge", "mark_read"] * 2
    + ["leave_circle", "remove_member", "appoint_manager", "hand_over_circle"]
    + ["grant_override", "grant_override", "remove_post", "join_circle"]
    + ["schedule_must_see"] * 3
    + ["schedule_post", "cancel_scheduled", "close_circle", "reopen_circle"]
    + ["assign_todo", "complete_todo", "make_topic"] * 2
    + ["check_in"] * 3
    + ["reopen_todo", "cancel_todo", "close_topic"]
    + ["assign_homework", "submit_homework", "grade_homework"] * 2
    + ["return_homework", "withdraw_homework", "cancel_homework"]
)
_ON_MEMBERS = {
    "remove_member",
    "appoint_manager",
    "hand_over_circle",
    "grant_override",
}
_ON_POSTS = {
    "add_comment",
    "promote_to_must_see",
    "acknowledge",
    "mark_read",
    "remove_post",
}
_WITH_WORDS = {"add_comment", "publish_post", "send_must_see"}
_FOR_LATER = {"schedule_must_see", "schedule_post"}
_AHEAD = [timedelta(minutes=1), timedelta(hours=5), timedelta(hours=25)] * 2 + [
    timedelta(days=9),
    timedelta(days=31),
    timedelta(hours=-1),
    timedelta(0),
]
_MARKS = (0, 3, 3, 4)
_TROUBLE = (StoreError, BusyError)

_TABLES = MetaData()
Table(
    "simulation_tally",
    _TABLES,
    Column("stream", TEXT, primary_key=True),
    Column("events", WHOLE_NUMBER, nullable=False),
)


class Tally(ReadModel):
    """
    A follower that must see every event exactly once: it counts them.
    """

    name = "simulation tally"
    tables = _TABLES
    kinds = frozenset(NAMES.values())

    def apply(self, rows, recorded):
        """
        Count one event.
        """
        rows.run(
            "INSERT INTO simulation_tally (stream, events) VALUES (:stream, 1) "
            "ON CONFLICT (stream) DO UPDATE SET events = simulation_tally.events + 1",
            stream=recorded.stream,
        )


TALLY = Tally()


class BrokenOffError(Exception):
    """
    A host's own trouble in the middle of a batch.
    """


class Host(CircleKit):
    """
    A kit as any other, on a store that somebody else has opened.
    """

    def __init__(self, store, clock):
        super(CircleKit, self).__init__(store, clock, True, 3, {})  # noqa: FBT003


@define(eq=False)
class Outside:
    """
    A follower that hears of every event at least once, and keeps its own position.
    """

    heard: list[int] = field(factory=list)
    position: int = 0


@define(eq=False)
class World:
    """
    One run.
    """

    seed: int
    chance: random.Random = field(init=False)
    trace: list[str] = field(factory=list)
    met: Counter = field(factory=Counter)
    base: datetime = datetime(2021, 1, 30, 12, tzinfo=UTC)
    apart: list[timedelta] = field(factory=list)
    hosts: list[Host] = field(factory=list)
    ways: list[FaultyDatabase] = field(factory=list)
    requests: dict[str, Request] = field(factory=dict)
    numbers: dict[str, Numbers] = field(factory=dict)
    outside: Outside = field(factory=Outside)
    kept_heads: list[str] = field(factory=list)
    depth: int = 0
    raced: bool = False
    acting: list[int] = field(factory=list)
    doing: list[tuple] = field(factory=list)
    plain: Plain = field(init=False)
    checker: Checker = field(init=False)
    real: SqliteDatabase = field(init=False)

    def __attrs_post_init__(self):
        self.chance = random.Random(self.seed)  # noqa: S311 - it must come again

    def run(self):
        """
        Run to the end.

        Raises:
            ViolationError: If something is not as it was promised.
        """
        block = self.chance.choice((2, 5, 500))
        with ExitStack() as stack:
            small = stack.enter_context(ExitStack())
            small.enter_context(patch.multiple(log, BLOCK=block, AHEAD=block))
            folder = stack.enter_context(
                TemporaryDirectory(prefix="circlekit-", dir=_quick_folder())
            )
            self._open(Path(folder) / "store.db")
            stack.callback(self._close)
            try:
                for number in range(STEPS):
                    self._tell(f"-- step {number}, {self.base:%Y-%m-%d %H:%M}")
                    self._step()
                self._tell("-- the end")
                small.close()
                self._end()
            except ViolationError:
                raise
            except Exception as error:
                what = f"{type(error).__name__}: {error}"
                raise ViolationError(f"nobody expected {what}") from error

    # The hosts.

    def _open(self, path):
        path.write_bytes(_empty_store())
        self.real = SqliteDatabase.at(
            make_url(f"sqlite:///{path}"), Settings(busy_seconds=0)
        )
        for club in CLUBS:
            self.numbers[club] = Numbers(
                zone=self.chance.choice(ZONES),
                month=self.chance.choice((1, 2, 4)),
                hours=self.chance.choice((1, 24)),
                capacity=self.chance.choice((2, 3, 100)),
            )
        self.plain = Plain(self.numbers)
        self.checker = Checker(str(path), self.plain, self.requests)
        for _ in range(self.chance.choice((2, 3))):
            self.apart.append(self.chance.choice(_APART))
            self.ways.append(None)
            self.hosts.append(None)
            self._start(len(self.hosts) - 1)

    def _start(self, host):
        if self.ways[host] is not None:
            self.ways[host].close()
        self.ways[host] = FaultyDatabase(self.real, lambda: self._race(host))
        self.hosts[host] = self._kit(host, self.ways[host])

    def _kit(self, host, way):
        return Host(Store(way), lambda: self._now(host))

    def _close(self):
        for way in self.ways:
            way.close()
        self.checker.close()
        self.real.close()

    def _now(self, host):
        return self.base + self.apart[host]

    def _tell(self, line):
        self.trace.append("  " * self.depth + line)

    # Steps.

    def _step(self):
        host = self.chance.randrange(len(self.hosts))
        act = self.chance.choices(
            [
                self._command,
                self._resend,
                self._reuse,
                self._batch,
                self._restart,
                self._time,
                self._feed,
                self._ask,
                self._quota,
                self._follow,
                self._listen,
                self._release,
                self._inbox,
            ],
            [43, 14, 2, 15, 3, 12, 7, 5, 3, 5, 3, 6, 4],
        )[0]
        self._with_fault(host, act, rate=0.5)

    def _with_fault(self, host, act, *, rate):
        fault = None
        if act == self._batch and self.chance.random() < 0.5:
            fault = Fault.drawn(self.chance, (WRITE,))
        elif act in self._readers() and self.chance.random() < 0.3:
            # Two that bring one read model up to date at once.
            fault = Fault(BEGIN, self.chance.choice((2, 2, 3)), "race")
        elif self.chance.random() < rate:
            fault = Fault.drawn(self.chance)
        way = self.ways[host]
        way.expect(fault)
        self.acting.append(host)
        self.doing.append((act, None))
        raced, self.raced = self.raced, False
        try:
            act(host)
        except DiedError:
            self._tell(f"host {host} was killed")
            self._start(host)
        finally:
            self.acting.pop()
            self.doing.pop()
            self.raced = raced or self.raced
            if way.met:
                self._tell(f"met: {', '.join(way.met)}")
                self.met.update(it.split(" at ")[0] for it in way.met)
            way.expect(None)
        self.checker.catch_up()

    def _race(self, host):
        others = [it for it in range(len(self.hosts)) if it not in self.acting]
        if not others:
            return
        self.raced = True
        other = self.chance.choice(others)
        same = partial(self._same, *self.doing[-1])
        # Often the same as this one: both feed one read model, or give one command.
        act = self.chance.choice(
            (self._command, self._command, self._resend, same, same)
        )
        self._tell(f"before host {host} goes on, host {other} acts")
        self.depth += 1
        try:
            self._with_fault(other, act, rate=0.2)
        finally:
            self.depth -= 1

    def _readers(self):
        return {self._feed, self._follow, self._release, self._inbox}

    def _same(self, act, request, host):
        if act in self._readers():
            act(host)
        elif request is not None:
            self._give(host, request)

    def _command(self, host):
        self._give(host, self._drawn())

    def _resend(self, host):
        if self.requests:
            self._give(host, self._earlier())

    def _earlier(self):
        known = list(self.requests.values())
        # What was never answered is asked for again, like in earnest.
        open_ = [it for it in known if it.answer is None]
        return self.chance.choice(
            open_ if open_ and self.chance.random() < 0.5 else known
        )

    def _reuse(self, host):
        known = [it for it in self.requests.values() if it.outcome is not None]
        if not known:
            return
        earlier, other = self.chance.choice(known), self._content()
        if (other.name, other.by, other.about) == (
            earlier.name,
            earlier.by,
            earlier.about,
        ):
            return
        try:
            self._call(host, other, earlier.id)
        except CommandIdReusedError:
            self._tell(f"host {host}: {other} with the id of another: not accepted")
        except _TROUBLE as error:
            self._excused(host, other, error)
        except (RefusedError, NotFoundError) as error:
            message = f"{other} under the id of {earlier} was answered {error!r}"
            raise ViolationError(message) from error
        else:
            raise ViolationError(f"{other} was done under the id of {earlier}")

    def _restart(self, host):
        self.hosts[host].close()
        self._start(host)
        self._tell(f"host {host} starts again")

    def _time(self, host):
        if self.chance.random() < 0.2:
            self.apart[host] = self.chance.choice(_APART)
        self.base += self.chance.choice(_JUMPS)
        self._tell(f"it is {self._now(host):%Y-%m-%d %H:%M} at host {host}")

    # Commands.

    def _drawn(self):
        request = self._content()
        request.id = f"c{len(self.requests) + 1}"
        self.requests[request.id] = request
        return request

    def _content(self):
        club = self.chance.choice((CLUBS[0], CLUBS[0], CLUBS[1]))
        it = self.plain.circles.get(club)
        name = self.chance.choice(_COMMANDS)
        if it is not None and it.closed and self.chance.random() < 0.2:
            name = "reopen_circle"
        if self.chance.random() < (0.9 if it is None else 0.03):
            name = "found_circle"
        people = [who for who in CAST if it is not None and who in it.people]
        runs = [who for who in people if it.runs(who)]
        by = self.chance.choice(self.chance.choice((runs, runs, people, CAST)) or CAST)
        if name == "join_circle":
            out = [who for who in CAST if who not in people]
            by = self.chance.choice(self.chance.choice((out, out, CAST)) or CAST)
        about = {"circle": club}
        if name in _ON_MEMBERS:
            some = self.chance.choice((people, people, CAST)) or CAST
            about["member"] = self.chance.choice(some)
        if name in _ON_POSTS:
            there = list(it.posts)[-4:] if it is not None else []
            if name == "acknowledge":
                there = [place for place in there if place in it.pushed]
            about["post"] = self.chance.choice(there * 4 + [3])
        if name in _WITH_WORDS | _FOR_LATER:
            about["text"] = f"text {len(self.requests)}"
        if name in {"promote_to_must_see", "send_must_see"}:
            about["override"] = self.chance.choice((None, None, None, "flood"))
        if name in _FOR_LATER:
            when = self.base + self.chance.choice(_AHEAD)
            about["release_at"] = when.isoformat()
        if name == "cancel_scheduled":
            there = [] if it is None else [*it.waiting]
            about["scheduled"] = self.chance.choice(there * 4 + [3])
        if name in OF_TODOS | {"assign_todo"}:
            by = self._about_todo(name, about, people, by)
        if name in OF_TOPICS | {"make_topic"}:
            self._about_topic(name, about)
        if name in OF_HOMEWORK | {"assign_homework"}:
            by = self._about_homework(name, about, people, by)
        return Request("", name, by, about)

    def _about_todo(self, name, about, people, by):
        number = self.chance.choice((1, 1, 2, 2, 3))
        about["todo"] = f"{about['circle']}-todo-{number}"
        known = self.plain.todos.get(about["todo"])
        if name == "assign_todo":
            about["title"] = f"chairs {number}"
            some = [by] if self.chance.random() < 0.3 else people or [by]
            about["to"] = self.chance.sample(some, min(2, len(some)))
        elif known is not None and self.chance.random() < 0.7:
            by = self.chance.choice([*known.parts])
        if name == "reopen_todo":
            about["member"] = self.chance.choice([*known.parts] if known else CAST)
        return by

    def _about_topic(self, name, about):
        number = self.chance.choice((1, 1, 2, 3))
        about["topic"] = f"{about['circle']}-topic-{number}"
        if name == "make_topic":
            about["name"] = self.chance.choice(("Running", "RUNNING", "Swimming"))
            about["kind"] = self.chance.choice(("sport", "sport", "talk"))
        if name == "check_in":
            about["text"] = self.chance.choice(("", f"text {len(self.requests)}"))

    def _about_homework(self, name, about, people, by):
        number = self.chance.choice((1, 1, 2))
        about["homework"] = f"{about['circle']}-homework-{number}"
        known = self.plain.homework.get(about["homework"])
        students = [*known.to] if known else people or [by]
        ahead = (self.base + self.chance.choice(_AHEAD)).isoformat()
        match name:
            case "assign_homework":
                about["title"] = f"essay {number}"
                some = people or [by]
                about["to"] = self.chance.sample(some, min(3, len(some)))
                about["due_at"] = ahead
                about["late_until"] = self.chance.choice((None, None, ahead))
            case "submit_homework" | "withdraw_homework":
                if self.chance.random() < 0.9:
                    by = self.chance.choice(students)
                if name == "submit_homework":
                    about["text"] = f"text {len(self.requests)}"
            case "grade_homework" | "return_homework":
                handed_in = [*known.pieces] if known else []
                about["student"] = self.chance.choice(handed_in * 3 or students)
                about["comment"] = "well written"
                if name == "return_homework":
                    about["until"] = self.chance.choice((None, None, ahead))
                else:
                    about["mark"] = self.chance.choice(_MARKS)
                    places = [it.place for it in known.pieces.values()] if known else []
                    about["submission"] = self.chance.choice((None, *places))
        return by

    def _call(self, host, request, id_):
        args, said = self._said(request)
        result = getattr(self.hosts[host], request.name)(*args, **said, command_id=id_)
        match request.name:
            case "join_circle":
                return f"{result.circle} {'+'.join(result.group.rules)}".strip()
            case "check_in":
                rules = "+".join(result.counted.rules)
                told = f"{result.check_in} {result.post} {result.day} {rules}"
                return told.strip()
        return "" if result is None else str(result)

    def _said(self, request):
        about, club, by = request.about, request.about["circle"], request.by
        name = request.name
        if name == "found_circle":
            return [], self._founding(club, by)
        if name in {"join_circle", "leave_circle"}:
            return [club, by], {}
        args, said = [club], {"by": by}
        if "post" in about:
            args = [f"{club}/{about['post']}"]
        elif "scheduled" in about:
            args = [f"{club}/{about['scheduled']}"]
        elif name in OF_TODOS:
            args = [about["todo"]]
        elif name in OF_TOPICS:
            args = [about["topic"]]
        elif name in OF_HOMEWORK:
            args = [
                about[key] for key in ("homework", "student", "mark") if key in about
            ]
        else:
            named = ("todo", "topic", "homework")
            said |= {key: about[key] for key in named if key in about}
        if "member" in about:
            args.append(about["member"])
        for key in ("release_at", "due_at", "late_until", "until"):
            if about.get(key) is not None:
                said[key] = datetime.fromisoformat(about[key])
        if name == "assign_homework":
            said["scale"] = Scale("points", most=3)
        if name == "close_circle":
            said["reason"] = "holidays"
        plain = ("text", "override", "title", "to", "name", "kind")
        plain += ("comment", "submission")
        return args, said | {key: about[key] for key in plain if key in about}

    def _founding(self, club, by):
        it = self.numbers[club]
        book = RuleBook(
            name="small",
            must_see=(
                Budget("must-see-month", it.month, CALENDAR_MONTH),
                Budget("must-see-spacing", 1, rolling(hours=it.hours)),
            ),
            group_capacity=it.capacity,
            homework_kinds=("community", "teaching"),
        )
        return {
            "name": club,
            "kind": "community",
            "by": by,
            "zone": it.zone,
            "rules": book,
            "circle": club,
        }

    def _give(self, host, request):
        if self.doing:
            self.doing[-1] = None, request
        request.moments.append(self._now(host))
        try:
            answer = self._attempt(host, request)
            self.checker.catch_up()
        except DiedError:
            self.checker.catch_up()
            raise
        finally:
            request.moments.pop()
        self._settle(request, answer)

    def _attempt(self, host, request):
        request.tries += 1
        tries, before = request.tries, request.outcome
        try:
            answer = "done", self._call(host, request, request.id)
        except RefusedError as refusal:
            answer = "refused", refusal.verdict.rules
        except NotFoundError:
            known = self.plain.knows(request.name, request.about)
            demand(not known or self.raced, f"{request} was answered: not there")
            answer = None
        except _TROUBLE as error:
            self._excused(host, request, error)
            if not isinstance(error, OutcomeUnknownError):
                self.checker.catch_up()
                alone = tries == request.tries and before is None
                held = not alone or request.outcome is None
                demand(held, f"{request} was done, and answered {error!r}")
            return None
        self._tell(f"host {host}: {request}: {answer or 'not there'}")
        return answer

    def _settle(self, request, answer):
        if answer is None:
            return
        demand(request.outcome is not None, f"{request} is answered, and is not there")
        demand(
            answer == request.outcome,
            f"{request} was answered {answer}, and the log says {request.outcome}",
        )
        request.answer = answer

    def _excused(self, host, request, error):
        demand(self.ways[host].met, f"{request} failed without a reason: {error!r}")
        self._tell(f"host {host}: {request}: {type(error).__name__}")

    def _batch(self, host):
        given = []
        acting = self.hosts[host]
        try:
            try:
                with acting.batch():
                    self._tell(f"host {host} begins a batch")
                    self.depth += 1
                    try:
                        self._inside(host, given, self.chance.randint(1, 3))
                        if self.chance.random() < 0.5:
                            self._batch_inside(host, given)
                        self._inside(host, given, self.chance.randint(0, 2))
                    finally:
                        self.depth -= 1
                    if self.chance.random() < 0.3:
                        raise BrokenOffError
            except BrokenOffError:
                self._tell("the batch is broken off")
                stands = None
            except OutcomeUnknownError as error:
                self._excused(host, "the batch", error)
                self.checker.catch_up()
                return
            except _TROUBLE as error:
                self._excused(host, "the batch", error)
                stands = None
            else:
                self._tell("the batch ends")
                stands = True
            self.checker.catch_up()
        except DiedError:
            self.checker.catch_up()
            raise
        finally:
            for request, _, _ in given:
                request.moments.pop()
        counts = {it[0].id for it in given if stands and it[1] is not None}
        for request, answer, before in given:
            if request.id not in counts and before is None:
                demand(request.outcome is None, f"{request} stands, and was undone")
            elif stands:
                self._settle(request, answer)

    def _inside(self, host, given, many):
        for _ in range(many):
            again = self.requests and self.chance.random() < 0.2
            request = self._earlier() if again else self._drawn()
            request.moments.append(self._now(host))
            entry = [request, None, request.outcome]
            given.append(entry)
            try:
                entry[1] = "done", self._call(host, request, request.id)
            except RefusedError as refusal:
                entry[1] = "refused", refusal.verdict.rules
            except NotFoundError:
                pass
            except _TROUBLE as error:
                self._excused(host, request, error)
                # A host may look away from an error, and go on with its batch.
                if self.chance.random() < 0.2:
                    raise
            self._tell(f"host {host}: {request}: {entry[1]}")

    def _batch_inside(self, host, given):
        here = []
        try:
            with self.hosts[host].batch():
                self._inside(host, here, self.chance.randint(1, 2))
                if self.chance.random() < 0.5:
                    raise BrokenOffError
        except BrokenOffError:
            self._tell("the batch within is broken off")
            self._undone(here)
        except _TROUBLE as error:
            self._excused(host, "the batch within", error)
            self._undone(here)
            if self.chance.random() < 0.4:
                raise
        finally:
            given += here

    @staticmethod
    def _undone(here):
        # Whatever was answered no longer counts; they may still not be there.
        for entry in here:
            entry[1] = None

    # Questions.

    def _feed(self, host):
        member, limit = self.chance.choice(CAST), self.chance.choice((1, 3, 200))
        try:
            items, cursor = [], None
            while True:
                page = self.hosts[host].feed(member, after=cursor, limit=limit)
                items += page.items
                cursor = page.next
                if cursor is None:
                    break
        except _TROUBLE as error:
            self._excused(host, f"feed of {member}", error)
            return
        actual = [_told(item) for item in items]
        shown = [item[0] for item in actual]
        demand(len(set(shown)) == len(shown), f"{member} is shown twice: {shown}")
        self._tell(f"host {host} shows {member} {len(actual)} posts")
        if not self.raced:
            expected = self.plain.feed(member)
            demand(
                actual == expected,
                f"host {host} shows {member}\n  {actual}\n  and not\n  {expected}",
            )

    def _inbox(self, host):
        member, limit = self.chance.choice(CAST), self.chance.choice((1, 3, 200))
        try:
            items, cursor = [], None
            while True:
                page = self.hosts[host].inbox(member, after=cursor, limit=limit)
                items += page.items
                cursor = page.next
                if cursor is None:
                    break
        except _TROUBLE as error:
            self._excused(host, f"inbox of {member}", error)
            return
        actual = [(it.kind, it.ref, it.title) for it in items]
        self._tell(f"host {host} shows {member} {len(actual)} duties")
        if not self.raced:
            due = self.plain.inbox(member, self._now(host))
            told = f"{member} has by host {host} to do\n  {actual}\n  and not\n  {due}"
            demand(actual == due, told)

    def _release(self, host):
        moment, before = self._now(host), len(self.checker.released)
        self.checker.releasing.append(moment)
        overdue, report = self.plain.overdue(moment), None
        try:
            try:
                report = self.hosts[host].release_due()
            except _TROUBLE as error:
                self._excused(host, "what is due", error)
            self.checker.catch_up()
        except DiedError:
            self.checker.catch_up()
            raise
        finally:
            self.checker.releasing.remove(moment)
        if report is None:
            return
        told = {str(one): str(post) for one, post in report.released.items()}
        self._tell(
            f"host {host} releases {told}, drops {len(report.dropped)}, "
            f"and {len(report.held)} wait"
        )
        if not self.raced:
            dropped = dict.fromkeys(map(str, report.dropped))
            log = dict(self.checker.released[before:])
            demand(told | dropped == log, f"it released {told}, and the log says {log}")
            held = {*map(str, report.held)}
            due = overdue - {*log}
            demand(held == due, f"{held} are said to wait, and {due} do")
            if not dropped:
                self._compare_held(report.held, moment)

    def _compare_held(self, held, moment):
        # What was dropped leaves its place to others, who come at the next call.
        for waits in held:
            due = self.plain.released(waits.circle, waits.version, moment)
            demand(due is None, f"{waits} is held, and has room")

    def _ask(self, host):
        request = self._content()
        try:
            rules = self._would_allow(self.hosts[host], request)
        except _TROUBLE as error:
            self._excused(host, request, error)
            return
        self._tell(f"host {host} would answer {request}: {rules}")
        if not self.raced:
            due = self._due(host, request)
            demand(rules == due, f"host {host} would answer {request}: {rules}: {due}")

    def _due(self, host, request):
        due = self.plain.due(request.name, request.about, request.by, self._now(host))
        return None if due is None else due.rules

    def _would_allow(self, kit, request):
        args, said = self._said(request)
        try:
            return kit.would_allow(request.name, *args, **said).rules
        except NotFoundError:
            return None

    def _quota(self, host):
        club = self.chance.choice(CLUBS)
        try:
            quota = self.hosts[host].quota(circle=club)
        except NotFoundError:
            known = club in self.plain.circles
            demand(self.raced or not known, f"host {host} does not know {club}")
            return
        except _TROUBLE as error:
            self._excused(host, f"quota of {club}", error)
            return
        if not self.raced:
            at = max(self._now(host), self.plain.last_at[f"circle/{club}"])
            expected = self.plain.circles[club].used(at)
            actual = tuple(line.used for line in quota.lines)
            demand(actual == expected, f"used by {club}: {actual}, not {expected}")

    # Followers.

    def _follow(self, host):
        try:
            self.hosts[host]._store.up_to_date(TALLY)
        except _TROUBLE as error:
            self._excused(host, "the tally", error)
            return
        self._tell(f"host {host} has counted")
        if not self.raced:
            self._compare_tally()

    def _compare_tally(self):
        counted = self.checker.read("SELECT stream, events FROM simulation_tally")
        due = dict(self.checker.tally())
        demand(dict(counted) == due, f"{sorted(counted)} are counted, not {due}")

    def _listen(self, host):
        crashes_after = self.chance.choice((1, 4, None))
        heard = 0
        try:
            for row in self.hosts[host]._store.rows():
                if row[0] <= self.outside.position:
                    continue
                self.outside.heard.append(row[0])
                heard += 1
                if heard == crashes_after:
                    self._tell("the outside follower stops before it moves on")
                    return
                self.outside.position = row[0]
        except _TROUBLE as error:
            self._excused(host, "the outside follower", error)

    # The end.

    def _end(self):
        everywhere = range(len(self.hosts))
        self._answer_all()
        self.checker.catch_up()
        self.checker.compare_all()
        done = [it for it in self.requests.values() if it.outcome is not None]
        for request in self.chance.sample(done, min(8, len(done))):
            self._give(self.chance.choice(everywhere), request)
        self._compare_answers(everywhere)
        self._compare_followers()
        self._compare_reading(everywhere)
        head = self.checker.heads[-1] if self.checker.heads else "0:" + 64 * "0"
        kit = self.hosts[0]
        demand(kit.verify() == head, "the log's head is another one")
        if self.checker.heads:
            kit.verify(self.chance.choice(self.checker.heads))
        self.checker.compare_all()

    def _answer_all(self):
        for request in list(self.requests.values()):
            if request.answer is None:
                self._give(self.chance.randrange(len(self.hosts)), request)

    def _compare_answers(self, everywhere):
        asked = [self._content() for _ in range(3)]
        way = FaultyDatabase(self.real, lambda: None)
        for host, request in product(everywhere, asked):
            rules = self._would_allow(self.hosts[host], request)
            new = self._would_allow(self._kit(host, way), request)
            due = self._due(host, request)
            told = f"{request} would be answered by host {host}"
            demand(rules == new, f"{told} {rules}, started afresh {new}")
            demand(new == due, f"{told} {new}, not {due}")
        way.close()

    def _compare_followers(self):
        self._follow(0)
        self.hosts[0]._store.rebuild([TALLY])
        self._compare_tally()
        while self.outside.position < self.checker.position:
            self._listen(0)
        once = sorted(set(self.outside.heard))
        every = list(range(1, self.checker.position + 1))
        demand(once == every, f"the outside follower heard {once}")

    def _compare_reading(self, everywhere):
        host = self.chance.choice(everywhere)
        self.raced = False
        for club in self.plain.circles:
            self._compare_waiting(host, club)
        before = self._feeds(host)
        self.hosts[0].rebuild_read_models()
        after = self._feeds(0)
        due = [self.plain.feed(member) for member in CAST]
        demand(before == after, f"host {host}'s feeds are not as rebuilt")
        told = [[_told(item) for item in items] for items in after]
        demand(told == due, f"rebuilt feeds are\n  {told}\n  and not\n  {due}")

    def _compare_waiting(self, host, club):
        waiting = self.plain.circles[club].waiting
        due = sorted((it.at, it.position, place) for place, it in waiting.items())
        actual = [it.scheduled.version for it in self.hosts[host].scheduled(club)]
        expected = [place for *_, place in due]
        demand(actual == expected, f"in {club} {actual} wait, and not {expected}")

    def _feeds(self, host):
        return [list(self.hosts[host].feed(who, limit=200).items) for who in CAST]


def run(seed):
    """
    Run one seed, and return the world with what went wrong, None if nothing did.
    """
    world = World(seed)
    try:
        world.run()
    except ViolationError as violation:
        return world, str(violation)
    return world, None


def several(first, after):
    """
    Run some seeds, and return what went wrong, what was met, and how much happened.
    """
    wrong, met, events = {}, Counter(), 0
    for seed in range(first, after):
        world, objection = run(seed)
        if objection is not None:
            wrong[seed] = objection
        met.update(world.met)
        events += world.checker.position
    return wrong, met, events


def _told(item):
    return (
        str(item.post),
        item.must_see_at is not None,
        item.acknowledged,
        item.unread,
        item.comments,
    )


@lru_cache(maxsize=1)
def _empty_store():
    # To copy the tables is much quicker than to make them.
    with TemporaryDirectory(prefix="circlekit-", dir=_quick_folder()) as folder:
        path = Path(folder) / "empty.db"
        CircleKit(f"sqlite:///{path}").close()
        database = SqliteDatabase.at(
            make_url(f"sqlite:///{path}"), Settings(busy_seconds=0)
        )
        with database._engine.begin() as connection:
            _TABLES.create_all(connection)
            Beside(TALLY).tables.create_all(connection)
        database.close()
        return path.read_bytes()


def _quick_folder():
    return _MEMORY if os.access(_MEMORY, os.W_OK) else None
