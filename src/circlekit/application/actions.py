"""
What somebody may do in a circle now, and why the rest is closed to them.

Every command is asked about, by its own parameters: a parameter's name says what is
put in, as in ``post``, and each command is tried with the newest of what is there.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from inspect import Parameter, signature
from itertools import islice, product
from typing import Any, Final

from attrs import define, frozen

from circlekit.aggregates.circle import Circle
from circlekit.aggregates.group import Group
from circlekit.application.approvals import Approvals
from circlekit.application.deciding import _COMMANDS
from circlekit.application.homework import Homeworks
from circlekit.application.lives import Lives
from circlekit.application.schedule import Schedules
from circlekit.application.todos import Todos
from circlekit.application.topics import Topics
from circlekit.budget import day_of
from circlekit.clock import as_utc
from circlekit.errors import NotFoundError
from circlekit.events.circle import CommentAdded, PostPublished
from circlekit.events.group import MessageSent
from circlekit.events.joining import InvitationMade
from circlekit.events.record import Recorded, stream_of
from circlekit.ids import (
    CircleId,
    CommentId,
    GroupId,
    InvitationId,
    MemberId,
    MessageId,
    PostId,
)
from circlekit.policies.actions import nothing_there
from circlekit.policies.authority import Role
from circlekit.projections.todos import TodoEntry, TodoSide
from circlekit.store import TODOS, Transaction
from circlekit.text import checked_id
from circlekit.verdict import Verdict

_NEWEST: Final = 200
_FEW: Final = 5
_MOST_GROUPS: Final = 20
_MOST_TRIED: Final = 60
_ROLES: Final[tuple[Role, ...]] = ("member", "manager", "owner")


@frozen
class Action:
    """
    A command, and whether it is open to somebody in a circle.

    Attributes:
        command: The method's name, as in ``send_must_see``.

        verdict: Allowed, or the rules in the way of what was tried.

        tried: What it was asked with: the first that is allowed, otherwise the one
            with the fewest rules in the way; empty if there is nothing to act on.
    """

    command: str
    verdict: Verdict
    tried: Mapping[str, Any]


@define
class _Here:
    """
    What a circle has that somebody might act on.
    """

    circle: Circle
    by: MemberId
    at: datetime
    groups: Sequence[Group]
    written: Sequence[Recorded]
    said: Mapping[str, Sequence[Recorded]]
    things: Mapping[str, Sequence[Any]]

    def people(self) -> list[MemberId]:
        """
        Return another member of each role, and somebody who is none.
        """
        found: dict[Role, MemberId] = {}
        for member, role in self.circle.members.items():
            if member != self.by:
                found.setdefault(role, MemberId(member))
        known = [found[role] for role in _ROLES if role in found]
        return [*known, MemberId(f"not-{self.by}"[:200])]

    def everybody(self) -> list[MemberId]:
        """
        Return the same, and oneself.
        """
        return [*self.people(), self.by]

    def posts(self) -> list[PostId]:
        """
        Return the newest post of one's own and of others, a pin and a must-see.
        """
        there = [it for it in self.written if isinstance(it.event, PostPublished)]
        marked = [*self.circle.pinned[-1:], *sorted(self.circle.must_see_posts)[-1:]]
        places = [*self._newest(there), *marked]
        return [
            PostId(CircleId(self.circle.id), place)
            for place in dict.fromkeys(places)
            if place not in self.circle.removed
        ]

    def comments(self) -> list[CommentId]:
        """
        Return the newest comment of one's own and of others.
        """
        there = [it for it in self.written if isinstance(it.event, CommentAdded)]
        return [
            CommentId(CircleId(self.circle.id), place) for place in self._newest(there)
        ]

    def messages(self) -> list[MessageId]:
        """
        Return the newest messages of one's own and of others, group by group.
        """
        return [
            MessageId(GroupId(group), place)
            for group, said in self.said.items()
            for place in self._newest(said)
        ]

    def invitations(self) -> list[InvitationId]:
        """
        Return the newest invitation of one's own and of others.
        """
        there = [it for it in self.written if isinstance(it.event, InvitationMade)]
        return [
            InvitationId(CircleId(self.circle.id), place)
            for place in self._newest(there)
        ]

    def _newest(self, there: Sequence[Recorded]) -> list[int]:
        standing = [it for it in there if it.version not in self.circle.removed]
        own = [it.version for it in standing if it.event.by == self.by]
        others = [it.version for it in standing if it.event.by != self.by]
        return [*own[-1:], *others[-1:]]


Offer = Callable[[_Here], Iterable[Any]]

_ABOUT: Final[Mapping[str, Offer]] = {
    "circle": lambda here: [here.circle.id],
    "group": lambda here: [group.id for group in here.groups],
    "post": _Here.posts,
    "posts": _Here.posts,
    "must_see": _Here.posts,
    "comment": _Here.comments,
    "message": _Here.messages,
    "invitation": _Here.invitations,
    "approval": lambda here: here.things["approval"],
    "check_in": lambda here: here.things["check_in"],
    "homework": lambda here: here.things["homework"],
    "live": lambda here: here.things["live"],
    "scheduled": lambda here: here.things["scheduled"],
    "todo": lambda here: here.things["todo"],
    "topic": lambda here: here.things["topic"],
}
_SAID: Final[Mapping[str, Offer]] = {
    "action": lambda _: ["set_announcement"],
    "approve": lambda _: [True],
    "channel": lambda _: ["link"],
    "context": lambda _: ["work", "consumer"],
    "day": lambda here: [day_of(here.at, zone=here.circle.zone) - timedelta(days=1)],
    "due_at": lambda here: [here.at + timedelta(days=30)],
    "emoji": lambda _: ["👍"],
    "grader": lambda here: here.things["grader"],
    "industries": lambda _: [["…"]],
    "mark": lambda _: [True, 1],
    "member": _Here.people,
    "name": lambda _: ["…"],
    "on": lambda _: [True, False],
    "organisation": lambda here: [*sorted(here.circle.joining.partners), "…"],
    "reader": _Here.people,
    "reason": lambda _: ["…"],
    "reference": lambda _: ["…"],
    "relay": lambda _: ["off", "digest", "all", None],
    "release_at": lambda here: [here.at + timedelta(days=2)],
    "role": lambda _: ["student"],
    "rules": lambda here: [here.circle.book],
    "seconds": lambda _: [60],
    "steps": lambda here: [
        [(who, where)]
        for who in here.people()
        if (where := here.circle.organisation_of(who)) is not None
    ],
    "student": _Here.people,
    "text": lambda _: ["…"],
    "title": lambda _: ["…"],
    "to": _Here.people,
    "topics": lambda _: [["…"]],
    "version": lambda here: [here.circle.book.convention or "…"],
}
OFFERED: Final[Mapping[str, Offer]] = {**_ABOUT, **_SAID}
"""
What is put in for a parameter, by its name.
"""

_ELSE: Final[Mapping[tuple[str, str], Offer]] = {
    ("grant_override", "member"): _Here.everybody,
    ("revoke_override", "member"): _Here.everybody,
    ("verify_role", "member"): _Here.everybody,
    ("approve_request", "member"): lambda here: list(here.circle.joining.requests),
    ("decline_request", "member"): lambda here: list(here.circle.joining.requests),
    ("reassign_todo", "member"): lambda here: here.things["has_todo"],
    ("reopen_todo", "member"): lambda here: here.things["has_todo"],
    ("redirect_thread", "to"): _ABOUT["group"],
}
"""
What is put in where a command means something else by the name.
"""

ALWAYS_SAID: Final = frozenset({"channel", "on", "text"})
"""
Parameters that are given although they need not be: a post may not be empty.

So are those that mean something else in a command.
"""


@define(eq=False, repr=False)
class Actions(Schedules, Homeworks, Todos, Approvals, Lives, Topics):
    """
    What is possible.
    """

    def available_actions(
        self, member: MemberId | str, circle: CircleId | str
    ) -> tuple[Action, ...]:
        """
        Return every command about a circle, allowed or refused, by name.

        A command that acts on something is tried on the newest of it, one's own and
        others'; it is allowed if any of these is. Refused are also commands for which
        there is nothing to act on: ``nothing-there``.

        >>> from circlekit import CircleKit
        >>> kit = CircleKit("sqlite://")
        >>> club = kit.found_circle(name="Book club", kind="community", by="mei")
        >>> may = {it.command: it.verdict for it in kit.available_actions("mei", club)}
        >>> may["send_must_see"].allowed
        True
        >>> may["add_comment"].rules
        ('nothing-there',)

        Args:
            member: Who would act; need not be a member.
            circle: The circle.

        Raises:
            NotFoundError: If the circle is not known.
        """
        by = MemberId(checked_id("member", member))
        self._known("circle", circle)
        things = self._things(CircleId(circle), by)
        with self._store.alone() as transaction:
            here = self._here(transaction, CircleId(circle), by, things)
        return tuple(self._action(name, here) for name in sorted(commands_here()))

    def _things(self, circle: CircleId, by: MemberId) -> dict[str, list[Any]]:
        topics = [it.topic for it in self.topics(circle)][:_FEW]
        todos = self._todos(circle, by)
        return {
            "approval": [it.approval for it in self.approvals(circle).items],
            "check_in": [
                it.check_in for topic in topics for it in self.check_ins(topic, limit=2)
            ],
            "grader": list(self._graders),
            "homework": [
                it.homework for it in self.homework_report(circle=circle).lines
            ][-_FEW:],
            "live": [it.live for it in self.lives(circle)],
            "scheduled": [it.scheduled for it in self.scheduled(circle)][:_FEW],
            "has_todo": list(
                dict.fromkeys(
                    [by, *(part.member for it in todos for part in it.parts[:1])]
                )
            )[:_FEW],
            "todo": [it.todo for it in todos],
            "topic": topics,
        }

    def _todos(self, circle: CircleId, by: MemberId) -> list[TodoEntry]:
        sides: tuple[TodoSide, ...] = ("assigned", "given")
        now = as_utc("clock", self._clock())
        with self._store.read(TODOS) as (rows, _):
            others = TODOS.newest(rows, circle, limit=_FEW, at=now)
        own = (
            it
            for side in sides
            for it in self.todos(by, side=side, circle=circle).items
        )
        return list({it.todo: it for it in (*own, *others)}.values())

    def _here(
        self,
        transaction: Transaction,
        circle: CircleId,
        by: MemberId,
        things: dict[str, list[Any]],
    ) -> _Here:
        it = self._load(transaction, Circle, circle)
        if not isinstance(it, Circle) or it.version == 0:
            raise NotFoundError("circle", circle)
        groups, said = [], {}
        for group in islice(it.groups, _MOST_GROUPS):
            chat = self._load(transaction, Group, group)
            if isinstance(chat, Group):
                groups.append(chat)
            said[group] = [
                found
                for found in _newest(transaction, stream_of("group", group))
                if isinstance(found.event, MessageSent)
            ]
        return _Here(
            circle=it,
            by=by,
            at=max(as_utc("clock", self._clock()), it.last_at),
            things=things,
            groups=groups,
            written=list(_newest(transaction, stream_of("circle", circle))),
            said=said,
        )

    def _action(self, name: str, here: _Here) -> Action:
        nearest: Action | None = None
        for said in islice(_calls(name, here), _MOST_TRIED):
            try:
                verdict = self.would_allow(name, **said)
            except NotFoundError:
                continue
            if nearest is None or len(verdict.reasons) < len(nearest.verdict.reasons):
                nearest = Action(name, verdict, said)
            if verdict.allowed:
                break
        return nearest or Action(name, nothing_there(name), {})


def commands_here() -> list[str]:
    """
    Return the commands that are about a circle, or something in it.
    """
    return [name for name in _COMMANDS if next(iter(_parameters(name))) in _ABOUT]


def _parameters(name: str) -> Mapping[str, Parameter]:
    return {
        field: parameter
        for field, parameter in signature(_COMMANDS[name]).parameters.items()
        if field != "self"
    }


def _calls(name: str, here: _Here) -> Iterator[dict[str, Any]]:
    parameters = _parameters(name)
    actor = "by" if "by" in parameters else "member"
    fields = [
        field
        for field, parameter in parameters.items()
        if parameter.default is Parameter.empty
        or field in ALWAYS_SAID
        or (name, field) in _ELSE
    ]
    offers = [
        [here.by]
        if field == actor
        else list(_ELSE.get((name, field), OFFERED[field])(here))
        for field in fields
    ]
    for values in product(*offers):
        yield dict(zip(fields, values, strict=True))


def _newest(transaction: Transaction, stream: str) -> Iterator[Recorded]:
    newest = transaction.last_of(stream)
    if newest is not None:
        yield from transaction.history(stream, after=max(0, newest.version - _NEWEST))
