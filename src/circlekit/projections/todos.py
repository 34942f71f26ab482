"""
To-dos as they stand: what somebody was given, and what they gave.
"""

from datetime import datetime
from typing import Any, ClassVar, Final, Literal

from attrs import frozen
from sqlalchemy import Column, Index, MetaData, Table

from circlekit.clock import from_micros, from_micros_if_any, micros, micros_if_any
from circlekit.events.record import Recorded
from circlekit.events.todo import (
    TodoAssigned,
    TodoCancelled,
    TodoDone,
    TodoDueMoved,
    TodoReassigned,
    TodoReopened,
)
from circlekit.ids import CircleId, MemberId, TodoId
from circlekit.projections.cursor import Cursor
from circlekit.projections.read_model import TEXT, WHOLE_NUMBER, ReadModel, Rows

TodoSide = Literal["assigned", "given"]

_TABLES: Final = MetaData()
Table(
    "circlekit_todo_item",
    _TABLES,
    Column("todo", TEXT, primary_key=True),
    Column("circle", TEXT, nullable=False),
    Column("title", TEXT, nullable=False),
    Column("given_by", TEXT, nullable=False),
    Column("at", WHOLE_NUMBER, nullable=False),
    Column("position", WHOLE_NUMBER, nullable=False),
    Column("due", WHOLE_NUMBER),
    Column("cancelled_at", WHOLE_NUMBER),
    Index("circlekit_todo_item_given", "given_by", "at", "position"),
    Index("circlekit_todo_item_circle", "circle", "at", "position"),
)
Table(
    "circlekit_todo_part",
    _TABLES,
    Column("todo", TEXT, primary_key=True),
    Column("member", TEXT, primary_key=True),
    Column("done_at", WHOLE_NUMBER),
    Index("circlekit_todo_part_member", "member"),
)


@frozen(kw_only=True)
class TodoPart:
    """
    One member's part of a to-do.

    Attributes:
        done_at: When they did it, UTC; None if it is still to be done.
    """

    member: MemberId
    done_at: datetime | None = None


@frozen(kw_only=True)
class TodoEntry:
    """
    A to-do as it stands.

    Attributes:
        given_by: Who gave it.

        at: When it was given, UTC.

        parts: Whose it is, by their ids, and when each did their part.

        due_at: Until when, UTC; None if there is no hurry.

        cancelled_at: When it was called off, UTC; None if it was not.

        overdue: Whether somebody is late with it at the moment of asking.
    """

    todo: TodoId
    circle: CircleId
    title: str
    given_by: MemberId
    at: datetime
    parts: tuple[TodoPart, ...]
    due_at: datetime | None = None
    cancelled_at: datetime | None = None
    overdue: bool = False

    @property
    def done(self) -> bool:
        """
        Return whether everybody has done their part.
        """
        return all(part.done_at is not None for part in self.parts)


@frozen
class TodoPage:
    """
    Some to-dos, newest first, and the cursor that asks for the ones after them.

    Attributes:
        next: Hand it back to get the next page; None if this is the last.
    """

    items: tuple[TodoEntry, ...]
    next: str | None


class Todos(ReadModel):
    """
    Every to-do there ever was.
    """

    name: ClassVar[str] = "todos"
    tables: ClassVar[MetaData] = _TABLES
    kinds: ClassVar[frozenset[type]] = frozenset(
        {
            TodoAssigned,
            TodoDone,
            TodoReopened,
            TodoReassigned,
            TodoDueMoved,
            TodoCancelled,
        }
    )

    def apply(self, rows: Rows, recorded: Recorded) -> None:
        """
        Take in one event of a to-do.
        """
        event, todo = recorded.event, recorded.subject
        match event:
            case TodoAssigned():
                rows.run(
                    _ASSIGN,
                    todo=todo,
                    circle=event.circle,
                    title=event.title,
                    given_by=event.by,
                    at=micros(event.at),
                    position=recorded.position,
                    due=micros_if_any(event.due_at),
                )
                for member in event.to:
                    rows.run(_GIVE, todo=todo, member=member)
            case TodoDone():
                rows.run(_DO, todo=todo, member=event.by, at=micros(event.at))
            case TodoReopened():
                rows.run(_DO, todo=todo, member=event.member, at=None)
            case TodoReassigned():
                rows.run(_TAKE, todo=todo, member=event.member)
                rows.run(_GIVE, todo=todo, member=event.to)
            case TodoDueMoved():
                rows.run(_MOVE, todo=todo, due=micros_if_any(event.due_at))
            case TodoCancelled():
                rows.run(_CANCEL, todo=todo, at=micros(event.at))

    def entry(self, rows: Rows, todo: TodoId, *, at: datetime) -> TodoEntry | None:
        """
        Return a to-do, late or not as of *at*; None if there is none of that id.
        """
        found = rows.all(_ONE, todo=todo)
        return _entry(rows, found[0], at) if found else None

    def page(
        self,
        rows: Rows,
        member: MemberId,
        *,
        side: TodoSide = "assigned",
        circle: CircleId | None = None,
        open_only: bool = False,
        after: str | None = None,
        limit: int = 20,
        at: datetime,
    ) -> TodoPage:
        """
        Return the next *limit* to-dos that somebody was given, or gave.
        """
        cursor = Cursor.read(after)
        found = rows.all(
            _ASSIGNED if side == "assigned" else _GIVEN,
            member=member,
            circle=circle,
            closed=0 if open_only else 1,
            at=cursor.at,
            position=cursor.position,
            limit=limit + 1,
        )
        last = None
        if len(found) > limit:
            last = Cursor(found[limit - 1][4], found[limit - 1][5]).write()
        items = (_entry(rows, row, at) for row in found[:limit])
        return TodoPage(tuple(items), last)

    def newest(
        self, rows: Rows, circle: CircleId, *, limit: int, at: datetime
    ) -> tuple[TodoEntry, ...]:
        """
        Return the newest to-dos of a circle, whoever gave them and to whom.
        """
        found = rows.all(_OF_CIRCLE, circle=circle, limit=limit)
        return tuple(_entry(rows, row, at) for row in found)


def _entry(rows: Rows, row: tuple[Any, ...], now: datetime) -> TodoEntry:
    todo, circle, title, given_by, at, _, due, cancelled_at = row
    parts = tuple(
        TodoPart(member=member, done_at=from_micros_if_any(done_at))
        for member, done_at in rows.all(_PARTS, todo=todo)
    )
    due_at = from_micros_if_any(due)
    return TodoEntry(
        todo=todo,
        circle=circle,
        title=title,
        given_by=given_by,
        at=from_micros(at),
        parts=parts,
        due_at=due_at,
        cancelled_at=from_micros_if_any(cancelled_at),
        overdue=due_at is not None
        and now >= due_at
        and cancelled_at is None
        and any(part.done_at is None for part in parts),
    )


_ASSIGN: Final = """
INSERT INTO circlekit_todo_item (todo, circle, title, given_by, at, position, due)
VALUES (:todo, :circle, :title, :given_by, :at, :position, :due)
"""
_GIVE: Final = """
INSERT INTO circlekit_todo_part (todo, member) VALUES (:todo, :member)
"""
_TAKE: Final = """
DELETE FROM circlekit_todo_part WHERE todo = :todo AND member = :member
"""
_DO: Final = """
UPDATE circlekit_todo_part SET done_at = :at WHERE todo = :todo AND member = :member
"""
_MOVE: Final = "UPDATE circlekit_todo_item SET due = :due WHERE todo = :todo"
_CANCEL: Final = "UPDATE circlekit_todo_item SET cancelled_at = :at WHERE todo = :todo"
_ROW: Final = """
i.todo, i.circle, i.title, i.given_by, i.at, i.position, i.due, i.cancelled_at
"""
_ONE: Final = f"SELECT {_ROW} FROM circlekit_todo_item i WHERE i.todo = :todo"
_PARTS: Final = """
SELECT member, done_at FROM circlekit_todo_part WHERE todo = :todo ORDER BY member
"""
_NEWEST: Final = """
AND i.circle = coalesce(:circle, i.circle) AND (i.at, i.position) < (:at, :position)
ORDER BY i.at DESC, i.position DESC LIMIT :limit
"""
_OF_CIRCLE: Final = f"""
SELECT {_ROW} FROM circlekit_todo_item i WHERE i.circle = :circle
ORDER BY i.at DESC, i.position DESC LIMIT :limit
"""
_ASSIGNED: Final = f"""
SELECT {_ROW} FROM circlekit_todo_part p
JOIN circlekit_todo_item i ON i.todo = p.todo
WHERE p.member = :member
AND (:closed = 1 OR (i.cancelled_at IS NULL AND p.done_at IS NULL))
{_NEWEST}
"""
_GIVEN: Final = f"""
SELECT {_ROW} FROM circlekit_todo_item i
WHERE i.given_by = :member
AND (:closed = 1 OR (i.cancelled_at IS NULL AND EXISTS (
    SELECT 1 FROM circlekit_todo_part p
    WHERE p.todo = i.todo AND p.done_at IS NULL)))
{_NEWEST}
"""
