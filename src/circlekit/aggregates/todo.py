"""
A to-do: whose it is, which of them have done their part, and until when.
"""

from datetime import datetime
from typing import Final, assert_never

from attrs import Factory, define

from circlekit.aggregates.history import HasHistory
from circlekit.events.todo import (
    TodoAssigned,
    TodoCancelled,
    TodoDone,
    TodoDueMoved,
    TodoEvent,
    TodoReassigned,
    TodoReopened,
)
from circlekit.ids import CircleId, MemberId
from circlekit.policies.todos import (
    another_moment,
    has_no_part_in,
    is_done,
    is_part_of,
    not_called_off,
    not_yet_done,
    not_yet_given,
    still_ahead,
)
from circlekit.verdict import Verdict, require

Events = tuple[TodoEvent, ...]
_NONE: Final = CircleId("")


@define
class Todo(HasHistory):
    """
    What a to-do must remember to decide what happens next.

    What its circle says of whoever acts is handed to each command: ``member``
    whether they may do there what every member may, ``manager`` whether they may do
    what the owner and managers may.

    Attributes:
        given_by: Who gave it.

        parts: Everybody who was given it, and whether they have done their part.

        due_at: Until when, None if there is no hurry.
    """

    circle: CircleId = _NONE
    given_by: MemberId | None = None
    parts: dict[str, bool] = Factory(dict)
    due_at: datetime | None = None
    cancelled: bool = False

    # Commands: may refuse, never change anything.

    def assign(
        self,
        circle: CircleId,
        *,
        title: str,
        to: tuple[MemberId, ...],
        due_at: datetime | None = None,
        member: Verdict,
        manager: Verdict,
        there: Verdict,
        by: MemberId,
        at: datetime,
    ) -> Events:
        """
        Give it to oneself, or to others; *there* says whether those are members.
        """
        require(
            not_yet_given(self.version),
            member if to == (by,) else manager,
            there,
            still_ahead(due_at, at=at),
        )
        return (
            TodoAssigned(
                circle=circle, title=title, to=to, due_at=due_at, by=by, at=at
            ),
        )

    def complete(self, *, member: Verdict, by: MemberId, at: datetime) -> Events:
        """
        Have done one's own part.
        """
        require(
            member,
            not_called_off(cancelled=self.cancelled),
            is_part_of(by, self.parts),
            not_yet_done(by, parts=self.parts),
        )
        return (TodoDone(by=by, at=at),)

    def reopen(
        self,
        who: MemberId,
        *,
        member: Verdict,
        manager: Verdict,
        by: MemberId,
        at: datetime,
    ) -> Events:
        """
        Have a part done again: one's own, or anybody's by who gave it.
        """
        require(
            member if by in {who, self.given_by} else manager,
            not_called_off(cancelled=self.cancelled),
            is_part_of(who, self.parts),
            is_done(who, self.parts),
        )
        return (TodoReopened(member=who, by=by, at=at),)

    def reassign(
        self,
        who: MemberId,
        to: MemberId,
        *,
        manager: Verdict,
        there: Verdict,
        by: MemberId,
        at: datetime,
    ) -> Events:
        """
        Give a part that is not done to another; *there*: whether they are a member.
        """
        require(
            manager,
            there,
            not_called_off(cancelled=self.cancelled),
            is_part_of(who, self.parts),
            not_yet_done(who, parts=self.parts),
            has_no_part_in(to, self.parts),
        )
        return (TodoReassigned(member=who, to=to, by=by, at=at),)

    def move_due(
        self,
        due_at: datetime | None,
        *,
        member: Verdict,
        manager: Verdict,
        by: MemberId,
        at: datetime,
    ) -> Events:
        """
        Have it done by another moment, or at any time.
        """
        require(
            member if by == self.given_by else manager,
            not_called_off(cancelled=self.cancelled),
            not_yet_done(*self.parts, parts=self.parts),
            still_ahead(due_at, at=at),
            another_moment(due_at, self.due_at),
        )
        return (TodoDueMoved(due_at=due_at, by=by, at=at),)

    def cancel(
        self, *, member: Verdict, manager: Verdict, by: MemberId, at: datetime
    ) -> Events:
        """
        Call it off, unless everybody has done their part.
        """
        require(
            member if by == self.given_by else manager,
            not_called_off(cancelled=self.cancelled),
            not_yet_done(*self.parts, parts=self.parts),
        )
        return (TodoCancelled(by=by, at=at),)

    # History: never refuses, whatever today's rules say.

    def _evolve(self, event: TodoEvent) -> None:
        match event:
            case TodoAssigned():
                self.circle = event.circle
                self.given_by = event.by
                self.parts = dict.fromkeys(event.to, False)
                self.due_at = event.due_at
            case TodoDone():
                self.parts[event.by] = True
            case TodoReopened():
                self.parts[event.member] = False
            case TodoReassigned():
                self.parts.pop(event.member, None)
                self.parts[event.to] = False
            case TodoDueMoved():
                self.due_at = event.due_at
            case TodoCancelled():
                self.cancelled = True
            case _:
                assert_never(event)
