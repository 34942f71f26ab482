"""
An approval: whom it asks, who has decided what, and until when.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, assert_never

from attrs import Factory, define, evolve

from circlekit.aggregates.history import HasHistory
from circlekit.events.approval import (
    Answer,
    ApprovalClosed,
    ApprovalDelegated,
    ApprovalEvent,
    ApprovalExpired,
    ApprovalStarted,
    ApprovalStep,
    ApprovalStepDecided,
    ApprovalWithdrawn,
    FormField,
    Outcome,
)
from circlekit.ids import CircleId, MemberId
from circlekit.policies.approvals import (
    all_of_their_organisations,
    ends_later,
    has_expired,
    in_time,
    not_yet_decided,
    not_yet_started,
    of_the_organisation,
    one_step_each,
    step_is_open,
    still_undecided,
    their_own,
    their_step,
)
from circlekit.verdict import ALLOWED, Verdict, require

Events = tuple[ApprovalEvent, ...]
_NONE: Final = CircleId("")


@define
class Approval(HasHistory):
    """
    What an approval must remember to decide what happens next.

    What its circle says of people is handed to each command: ``member`` whether who
    acts may do there what every member may, ``there`` whether others are members,
    and the organisation each is of, None if of none.

    Attributes:
        steps: Whom it asks, with those who stand in for somebody.

        decided: The steps that were decided, by their number.

        due_at: Until when, None if there is no hurry.

        outcome: What it came to, None while it is undecided.
    """

    circle: CircleId = _NONE
    started_by: MemberId | None = None
    steps: list[ApprovalStep] = Factory(list)
    parallel: bool = False
    decided: set[int] = Factory(set)
    due_at: datetime | None = None
    outcome: Outcome | None = None

    # Commands: may refuse, never change anything.

    def start(
        self,
        circle: CircleId,
        *,
        title: str,
        form: tuple[FormField, ...],
        answers: dict[str, Answer],
        steps: tuple[ApprovalStep, ...],
        parallel: bool,
        due_at: datetime | None,
        member: Verdict,
        there: Verdict,
        organisations: Sequence[str | None],
        by: MemberId,
        at: datetime,
    ) -> Events:
        """
        Ask for it; *organisations* are those of the steps' approvers.
        """
        require(
            not_yet_started(self.version),
            member,
            there,
            *all_of_their_organisations(steps, organisations),
            ends_later(due_at, at=at),
        )
        return (
            ApprovalStarted(
                circle=circle,
                title=title,
                form=form,
                answers=answers,
                steps=steps,
                parallel=parallel,
                due_at=due_at,
                by=by,
                at=at,
            ),
        )

    def decide(
        self,
        *,
        approve: bool,
        comment: str | None,
        member: Verdict,
        organisation: str | None,
        by: MemberId,
        at: datetime,
    ) -> Events:
        """
        Approve or reject one's own step; *organisation* is that of who decides.
        """
        require(
            member, self._undecided(at), *self._may_decide(by, organisation, now=True)
        )
        step = self._approvers().index(by)
        decided = ApprovalStepDecided(
            step=step, approved=approve, comment=comment, by=by, at=at
        )
        if not approve:
            return decided, ApprovalClosed(outcome="rejected", at=at)
        if len(self.decided) + 1 == len(self.steps):
            return decided, ApprovalClosed(outcome="approved", at=at)
        return (decided,)

    def delegate(
        self,
        to: MemberId,
        *,
        member: Verdict,
        there: Verdict,
        organisation: str | None,
        other_organisation: str | None,
        by: MemberId,
        at: datetime,
    ) -> Events:
        """
        Have another person of the same organisation decide one's step.
        """
        require(
            member,
            there,
            self._undecided(at),
            *self._may_decide(by, organisation, now=False),
            *self._may_stand_in(to, other_organisation, for_=by),
        )
        step = self._approvers().index(by)
        return (ApprovalDelegated(step=step, to=to, by=by, at=at),)

    def withdraw(self, *, member: Verdict, by: MemberId, at: datetime) -> Events:
        """
        No longer ask for it.
        """
        require(member, their_own(by, self.started_by), self._undecided(at))
        return (
            ApprovalWithdrawn(by=by, at=at),
            ApprovalClosed(outcome="withdrawn", at=at),
        )

    def expire(self, *, at: datetime) -> Events:
        """
        Record that its last moment has passed.
        """
        require(still_undecided(self.outcome), has_expired(self.due_at, at=at))
        return ApprovalExpired(at=at), ApprovalClosed(outcome="expired", at=at)

    def _approvers(self) -> list[MemberId]:
        return [step.approver for step in self.steps]

    def _undecided(self, at: datetime) -> Verdict:
        if self.outcome is not None:
            return still_undecided(self.outcome)
        return in_time(self.due_at, at=at)

    def _may_decide(
        self, by: MemberId, organisation: str | None, *, now: bool
    ) -> list[Verdict]:
        asked = their_step(by, self._approvers())
        if not asked.allowed:
            return [asked]
        step = self._approvers().index(by)
        named = self.steps[step].organisation
        done = len(self.decided)
        return [
            not_yet_decided(by, decided=step in self.decided),
            step_is_open(step, decided=done, parallel=self.parallel)
            if now
            else ALLOWED,
            of_the_organisation(by, organisation, named=named),
        ]

    def _may_stand_in(
        self, to: MemberId, organisation: str | None, *, for_: MemberId
    ) -> list[Verdict]:
        named = [it.organisation for it in self.steps if it.approver == for_]
        return [
            one_step_each(to, self._approvers()),
            *(of_the_organisation(to, organisation, named=it) for it in named),
        ]

    # History: never refuses, whatever today's rules say.

    def _evolve(self, event: ApprovalEvent) -> None:
        match event:
            case ApprovalStarted():
                self.circle = event.circle
                self.started_by = event.by
                self.steps = list(event.steps)
                self.parallel = event.parallel
                self.due_at = event.due_at
            case ApprovalStepDecided():
                self.decided.add(event.step)
            case ApprovalDelegated():
                step = self.steps[event.step]
                self.steps[event.step] = evolve(step, approver=event.to)
            case ApprovalClosed():
                self.outcome = event.outcome
            case ApprovalWithdrawn() | ApprovalExpired():
                pass
            case _:
                assert_never(event)
