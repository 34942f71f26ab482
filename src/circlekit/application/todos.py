"""
To-dos: giving them, doing them, and the page of one's own.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from attrs import define

from circlekit.aggregates.circle import Circle
from circlekit.aggregates.todo import Events, Todo
from circlekit.application.deciding import (
    Deciding,
    Work,
    command,
    new_id,
    nothing,
)
from circlekit.application.reading import page_size
from circlekit.clock import as_utc
from circlekit.errors import InvalidInputError, NotFoundError
from circlekit.events.record import Recorded, stream_of
from circlekit.ids import CircleId, MemberId, TodoId
from circlekit.policies.membership import members_only
from circlekit.projections.todos import TodoEntry, TodoPage, TodoSide
from circlekit.store import TODOS, must_be_switch
from circlekit.text import checked_id, checked_ids, checked_name
from circlekit.verdict import all_of

MOST_ASSIGNED = 1_000
_SIDES: tuple[TodoSide, ...] = ("assigned", "given")


@define(eq=False, repr=False)
class Todos(Deciding):
    """
    Use cases of to-dos.
    """

    @command
    def assign_todo(
        self,
        circle: CircleId | str,
        *,
        by: MemberId | str,
        title: str,
        to: Iterable[MemberId | str] | None = None,
        due_at: datetime | None = None,
        todo: TodoId | str | None = None,
        command_id: str | None = None,
    ) -> TodoId:
        """
        Give something to do to oneself or to other members, each their own part.

        Args:
            circle: The circle it is to be done in.
            by: Who gives it: the owner or a manager, or any member to themselves.
            title: What is to be done, in one line.
            to: Up to 1,000 members; None means oneself.
            due_at: Until when; at that very moment it is late.
            todo: Its id; made if not given.
            command_id: Makes the call safe to repeat.

        Raises:
            RefusedError: ``not-a-member``, ``not-a-manager``, ``already-given``,
                ``due-has-passed``.
            InvalidInputError: If the title, the moment or a member is not accepted.
        """
        checked_name("title", title)
        whom = (MemberId(by),) if to is None else _members(to)
        until = None if due_at is None else as_utc("due_at", due_at)
        given = None if todo is None else TodoId(checked_id("todo", todo))
        id_ = given or TodoId(new_id())

        def plan(work: Work) -> None:
            where = work.circle(CircleId(circle))
            it = work.blank_or_known(Todo, id_)
            others = (
                members_only(where.role(member), by=member)
                for member in whom
                if member != by
            )
            assigned = it.assign(
                CircleId(circle),
                title=title,
                to=whom,
                due_at=until,
                member=where.member_acts(by),
                manager=where.manager_acts(by),
                there=all_of(*others),
                by=MemberId(by),
                at=work.at(it),
            )
            work.record(it, assigned)

        def answer(recorded: Sequence[Recorded]) -> TodoId:
            return TodoId(recorded[0].subject)

        return self._decide(
            "assign_todo",
            plan,
            answer,
            about=stream_of("circle", circle),
            by=by,
            said=(title, whom, until, given),
            command_id=command_id,
        )

    @command
    def complete_todo(
        self,
        todo: TodoId | str,
        *,
        by: MemberId | str,
        command_id: str | None = None,
    ) -> None:
        """
        Have done one's own part of a to-do; late is done as well.

        Raises:
            RefusedError: ``not-a-member``, ``not-assigned``, ``already-done``,
                ``to-do-cancelled``.
        """

        def decide(it: Todo, where: Circle, at: datetime) -> Events:
            return it.complete(member=where.member_acts(by), by=MemberId(by), at=at)

        self._on_todo("complete_todo", decide, todo, by, command_id)

    @command
    def reopen_todo(
        self,
        todo: TodoId | str,
        member: MemberId | str | None = None,
        *,
        by: MemberId | str,
        command_id: str | None = None,
    ) -> None:
        """
        Have a part done again, and put it into the inbox anew.

        Args:
            todo: The to-do.
            member: Whose part; None means one's own.
            by: Whose part it is, who gave it, the owner or a manager.
            command_id: Makes the call safe to repeat.

        Raises:
            RefusedError: ``not-a-member``, ``not-a-manager``, ``not-assigned``,
                ``not-done``, ``to-do-cancelled``.
        """
        who = MemberId(by if member is None else checked_id("member", member))

        def decide(it: Todo, where: Circle, at: datetime) -> Events:
            return it.reopen(
                who,
                member=where.member_acts(by),
                manager=where.manager_acts(by),
                by=MemberId(by),
                at=at,
            )

        self._on_todo("reopen_todo", decide, todo, by, command_id, who)

    @command
    def reassign_todo(
        self,
        todo: TodoId | str,
        member: MemberId | str,
        to: MemberId | str,
        *,
        by: MemberId | str,
        command_id: str | None = None,
    ) -> None:
        """
        Give a part that is not done yet to another member.

        Args:
            todo: The to-do.
            member: Whose part it is; they may have left.
            to: Whose it is from now on.
            by: The owner or a manager.
            command_id: Makes the call safe to repeat.

        Raises:
            RefusedError: ``not-a-manager``, ``not-a-member``, ``not-assigned``,
                ``already-assigned``, ``already-done``, ``to-do-cancelled``.
        """
        who = MemberId(checked_id("member", member))
        other = MemberId(checked_id("to", to))

        def decide(it: Todo, where: Circle, at: datetime) -> Events:
            return it.reassign(
                who,
                other,
                manager=where.manager_acts(by),
                there=members_only(where.role(other), by=other),
                by=MemberId(by),
                at=at,
            )

        self._on_todo("reassign_todo", decide, todo, by, command_id, who, other)

    @command
    def move_todo_due(
        self,
        todo: TodoId | str,
        due_at: datetime | None,
        *,
        by: MemberId | str,
        command_id: str | None = None,
    ) -> None:
        """
        Have a to-do done by another moment, or at any time.

        Args:
            todo: The to-do.
            due_at: Until when; None means that there is no hurry.
            by: Who gave it, the owner or a manager.
            command_id: Makes the call safe to repeat.

        Raises:
            RefusedError: ``not-a-member``, ``not-a-manager``, ``already-done``,
                ``already-so``, ``due-has-passed``, ``to-do-cancelled``.
            InvalidInputError: If the moment has no zone.
        """
        until = None if due_at is None else as_utc("due_at", due_at)

        def decide(it: Todo, where: Circle, at: datetime) -> Events:
            return it.move_due(
                until,
                member=where.member_acts(by),
                manager=where.manager_acts(by),
                by=MemberId(by),
                at=at,
            )

        self._on_todo("move_todo_due", decide, todo, by, command_id, until)

    @command
    def cancel_todo(
        self,
        todo: TodoId | str,
        *,
        by: MemberId | str,
        command_id: str | None = None,
    ) -> None:
        """
        Call a to-do off, unless everybody has done their part.

        Raises:
            RefusedError: ``not-a-member``, ``not-a-manager``, ``already-done``,
                ``to-do-cancelled``.
        """

        def decide(it: Todo, where: Circle, at: datetime) -> Events:
            return it.cancel(
                member=where.member_acts(by),
                manager=where.manager_acts(by),
                by=MemberId(by),
                at=at,
            )

        self._on_todo("cancel_todo", decide, todo, by, command_id)

    def todo(self, todo: TodoId | str) -> TodoEntry:
        """
        Return a to-do as it stands.

        Raises:
            NotFoundError: If it is not known.
        """
        id_ = TodoId(checked_id("todo", todo))
        now = as_utc("clock", self._clock())
        with self._store.read(TODOS) as (rows, _):
            found = TODOS.entry(rows, id_, at=now)
        if found is None:
            raise NotFoundError("todo", id_)
        return found

    def todos(
        self,
        member: MemberId | str,
        *,
        side: TodoSide = "assigned",
        circle: CircleId | str | None = None,
        open_only: bool = False,
        after: str | None = None,
        limit: int = 20,
    ) -> TodoPage:
        """
        Return a page of the to-dos that somebody was given, or gave, newest first.

        Over all circles, also those they are no longer in.

        Args:
            member: Whose.
            side: ``assigned``, those with a part of theirs; or ``given``, those
                they gave, to themselves or to others.
            circle: Only those of this circle.
            open_only: Leave out what was called off, and what is done: by them, or
                by everybody if they gave it.
            after: The ``next`` of the page before.
            limit: Most to-dos, 1 to 200.

        Raises:
            InvalidInputError: If the side, the cursor or the limit is not accepted.
            NotFoundError: If the circle is not known.
        """
        who = MemberId(checked_id("member", member))
        if side not in _SIDES:
            raise InvalidInputError("side", f"{side!r} is none", ", ".join(_SIDES))
        must_be_switch("open_only", open_only)
        page_size(limit)
        where = None if circle is None else CircleId(checked_id("circle", circle))
        now = as_utc("clock", self._clock())
        with self._store.read(TODOS) as (rows, _):
            if where and rows.last_of(stream_of("circle", where)) is None:
                raise NotFoundError("circle", where)
            return TODOS.page(
                rows,
                who,
                side=side,
                circle=where,
                open_only=open_only,
                after=after,
                limit=limit,
                at=now,
            )

    def _on_todo(
        self,
        name: str,
        decide: Callable[[Todo, Circle, datetime], Events],
        todo: TodoId | str,
        by: MemberId | str,
        command_id: str | None,
        *said: object,
    ) -> None:
        def plan(work: Work) -> None:
            it = work.todo(TodoId(todo))
            where = work.circle(it.circle)
            work.record(it, decide(it, where, work.at(it)))

        self._decide(
            name,
            plan,
            nothing,
            about=stream_of("todo", todo),
            by=by,
            said=said,
            command_id=command_id,
        )


def _members(to: Iterable[MemberId | str]) -> tuple[MemberId, ...]:
    accepted = f"a list of 1 to {MOST_ASSIGNED:,} members"
    members = tuple(MemberId(member) for member in checked_ids("to", to))
    if not 1 <= len(members) <= MOST_ASSIGNED:
        raise InvalidInputError("to", f"names {len(members):,}", accepted)
    return members
