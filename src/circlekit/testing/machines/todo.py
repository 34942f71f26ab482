"""
Drive a to-do at random, beside a model of it.
"""

from datetime import datetime, timedelta

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from circlekit.aggregates.todo import Todo
from circlekit.events.todo import (
    TodoAssigned,
    TodoCancelled,
    TodoDone,
    TodoDueMoved,
    TodoReassigned,
    TodoReopened,
)
from circlekit.ids import CircleId, MemberId
from circlekit.policies.authority import Role
from circlekit.testing.machines.machine import (
    CAST,
    PEOPLE,
    ROLES,
    RUN_IT,
    Machine,
    a_wait,
    a_zone,
)
from circlekit.testing.machines.waiting import Wait
from circlekit.testing.strategies import moments
from circlekit.verdict import ALLOWED, Verdict, refused

_CLUB = CircleId("book-club")
_SOME = st.lists(PEOPLE, min_size=1, max_size=3, unique=True).map(tuple)
# Until when, seen from the moment of asking: not at all, later, now, and too late.
_LEFT = st.sampled_from(
    (
        None,
        None,
        timedelta(days=1),
        timedelta(hours=1),
        timedelta(microseconds=1),
        timedelta(0),
        timedelta(hours=-1),
    )
)


class TodoMachine(Machine[Todo]):
    """
    Drive a to-do: whose it is, who has done it, until when.
    """

    def __init__(self) -> None:
        super().__init__()
        self.giver = ""
        self.undone: list[str] = []
        self.done: list[str] = []
        self.due_at: datetime | None = None
        self.over = False

    def blank(self) -> Todo:
        """
        Return the to-do before it was given.
        """
        return Todo("chairs")

    @initialize(zone=a_zone(), at=moments())
    def begin(self, zone: str, at: datetime) -> None:
        """
        Begin somewhere, at some time.
        """
        self.clock, self.zone = at, zone

    @rule(
        to=_SOME,
        left=_LEFT,
        by=PEOPLE,
        role=ROLES,
        there=st.sampled_from((True, False)),
    )
    def assign(
        self,
        to: tuple[MemberId, ...],
        left: timedelta | None,
        by: MemberId,
        role: Role | None,
        *,
        there: bool,
    ) -> None:
        """
        Give it, which is done once.
        """
        due_at = None if left is None else self.at + left
        to_oneself = to == (by,)
        member, manager = _says(role)
        if self.ask(
            lambda at: self.it.assign(
                _CLUB,
                title="Bring chairs",
                to=to,
                due_at=due_at,
                member=member,
                manager=manager,
                there=ALLOWED if there else refused("not-a-member", "gone"),
                by=by,
                at=at,
            ),
            refused_if={
                "already-given": bool(self.history),
                "not-a-member": (to_oneself and role is None) or not there,
                "not-a-manager": not to_oneself and role not in RUN_IT,
                "due-has-passed": due_at is not None and due_at <= self.at,
            },
            then=[
                TodoAssigned(
                    circle=_CLUB,
                    title="Bring chairs",
                    to=to,
                    due_at=due_at,
                    by=by,
                    at=self.at,
                )
            ],
        ):
            self.giver, self.undone, self.due_at = by, list(to), due_at

    @precondition(lambda machine: machine.history)
    @rule(wait=a_wait(), by=PEOPLE, role=ROLES)
    def complete(self, wait: Wait, by: MemberId, role: Role | None) -> None:
        """
        Wait, then have done one's part.
        """
        self.wait(wait)
        member, _ = _says(role)
        if self.ask(
            lambda at: self.it.complete(member=member, by=by, at=at),
            refused_if={
                "not-a-member": role is None,
                "to-do-cancelled": self.over,
                "not-assigned": by not in self.undone + self.done,
                "already-done": by in self.done,
            },
            then=[TodoDone(by=by, at=self.at)],
        ):
            self.undone.remove(by)
            self.done.append(by)

    @rule(to=_SOME, who=PEOPLE, by=PEOPLE)
    def do_together(
        self, to: tuple[MemberId, ...], who: MemberId, by: MemberId
    ) -> None:
        """
        Give it to some, and on to another; let all do their part, and one again.
        """
        self.assign(to, None, by, "owner", there=True)
        self.reassign(to[0], who, by, "owner", there=True)
        for member in CAST:
            self.complete(timedelta(0), member, "member")
        self.cancel(by, "owner")
        self.reopen(who, by, "owner")

    @precondition(lambda machine: machine.history)
    @rule(who=PEOPLE, by=PEOPLE, role=ROLES)
    def reopen(self, who: MemberId, by: MemberId, role: Role | None) -> None:
        """
        Have somebody's part done again.
        """
        member, manager = _says(role)
        theirs = by in {who, self.giver}
        if self.ask(
            lambda at: self.it.reopen(
                who, member=member, manager=manager, by=by, at=at
            ),
            refused_if={
                "not-a-member": theirs and role is None,
                "not-a-manager": not theirs and role not in RUN_IT,
                "to-do-cancelled": self.over,
                "not-assigned": who not in self.undone + self.done,
                "not-done": who in self.undone,
            },
            then=[TodoReopened(member=who, by=by, at=self.at)],
        ):
            self.done.remove(who)
            self.undone.append(who)

    @precondition(lambda machine: machine.history)
    @rule(
        who=PEOPLE,
        to=PEOPLE,
        by=PEOPLE,
        role=ROLES,
        there=st.sampled_from((True, True, False)),
    )
    def reassign(
        self,
        who: MemberId,
        to: MemberId,
        by: MemberId,
        role: Role | None,
        *,
        there: bool,
    ) -> None:
        """
        Give somebody's part to another.
        """
        _, manager = _says(role)
        if self.ask(
            lambda at: self.it.reassign(
                who,
                to,
                manager=manager,
                there=ALLOWED if there else refused("not-a-member", "gone"),
                by=by,
                at=at,
            ),
            refused_if={
                "not-a-manager": role not in RUN_IT,
                "not-a-member": not there,
                "to-do-cancelled": self.over,
                "not-assigned": who not in self.undone + self.done,
                "already-done": who in self.done,
                "already-assigned": to in self.undone + self.done,
            },
            then=[TodoReassigned(member=who, to=to, by=by, at=self.at)],
        ):
            self.undone.remove(who)
            self.undone.append(to)

    @precondition(lambda machine: machine.history)
    @rule(left=_LEFT, by=PEOPLE, role=ROLES)
    def move_due(self, left: timedelta | None, by: MemberId, role: Role | None) -> None:
        """
        Have it done by another moment.
        """
        due_at = None if left is None else self.at + left
        member, manager = _says(role)
        if self.ask(
            lambda at: self.it.move_due(
                due_at, member=member, manager=manager, by=by, at=at
            ),
            refused_if={
                **self._not_theirs(by, role),
                "to-do-cancelled": self.over,
                "already-done": not self.undone,
                "due-has-passed": due_at is not None and due_at <= self.at,
                "already-so": due_at == self.due_at,
            },
            then=[TodoDueMoved(due_at=due_at, by=by, at=self.at)],
        ):
            self.due_at = due_at

    @precondition(lambda machine: machine.history)
    @rule(by=st.sampled_from((*CAST, *CAST[1:])), role=ROLES)
    def cancel(self, by: MemberId, role: Role | None) -> None:
        """
        Call it off.
        """
        member, manager = _says(role)
        if self.ask(
            lambda at: self.it.cancel(member=member, manager=manager, by=by, at=at),
            refused_if={
                **self._not_theirs(by, role),
                "to-do-cancelled": self.over,
                "already-done": not self.undone,
            },
            then=[TodoCancelled(by=by, at=self.at)],
        ):
            self.over = True

    def _not_theirs(self, by: str, role: Role | None) -> dict[str, bool]:
        gave = by == self.giver
        return {
            "not-a-member": gave and role is None,
            "not-a-manager": not gave and role not in RUN_IT,
        }

    @invariant()
    def state_agrees(self) -> None:
        """
        Check that the to-do remembers what the model remembers.
        """
        self.check_state(
            given_by=self.giver,
            parts={
                **dict.fromkeys(self.undone, False),
                **dict.fromkeys(self.done, True),
            },
            due_at=self.due_at,
            cancelled=self.over,
        )


def _says(role: Role | None) -> tuple[Verdict, Verdict]:
    # What a circle says of somebody in that role: as a member, and as one who runs it.
    return (
        refused("not-a-member", "no member") if role is None else ALLOWED,
        ALLOWED if role in RUN_IT else refused("not-a-manager", "no manager"),
    )
