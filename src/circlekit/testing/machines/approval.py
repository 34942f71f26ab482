"""
Drive an approval at random, beside a model of it.
"""

from datetime import datetime, timedelta

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from circlekit.aggregates.approval import Approval
from circlekit.events.approval import (
    ApprovalClosed,
    ApprovalDelegated,
    ApprovalExpired,
    ApprovalStarted,
    ApprovalStep,
    ApprovalStepDecided,
    ApprovalWithdrawn,
    FormField,
    Outcome,
)
from circlekit.ids import CircleId, MemberId
from circlekit.testing.machines.machine import Machine, a_wait, a_zone
from circlekit.testing.machines.waiting import MICROSECOND, Wait
from circlekit.testing.strategies import moments
from circlekit.verdict import ALLOWED, Verdict, refused

_SHOP = CircleId("shop")
_FORM = (FormField("amount", "number"),)
_FIRMS = ("acme", "bolt")
_STAFF = tuple(MemberId(name) for name in ("mei", "tao", "lin", "wei", "ana"))
_AT_ONCE = timedelta(0)
_ANYBODY = st.sampled_from(_STAFF)
_MOSTLY = st.sampled_from((True, True, True, True, False))
_LEFT = st.sampled_from(
    (
        None,
        None,
        timedelta(days=1),
        timedelta(days=30),
        timedelta(microseconds=1),
        timedelta(0),
    )
)


class ApprovalMachine(Machine[Approval]):
    """
    Drive an approval: whom it asks, what they decide, what it comes to.
    """

    def __init__(self) -> None:
        super().__init__()
        # The firm that each is of; the host may attest another one at any time.
        self.firms: dict[str, str] = dict.fromkeys(_STAFF, "acme")
        self.asked: list[tuple[str, str]] = []
        self.said: dict[int, bool] = {}
        self.starter = ""
        self.at_once = False
        self.due_at: datetime | None = None
        self.ended: str | None = None

    def blank(self) -> Approval:
        """
        Return the approval before it was started.
        """
        return Approval("lease")

    @initialize(
        zone=a_zone(),
        at=moments(),
        firms=st.lists(st.sampled_from(_FIRMS), min_size=5, max_size=5),
        people=st.lists(_ANYBODY, min_size=1, max_size=3, unique=True),
        parallel=st.booleans(),
        left=st.sampled_from((None, None, timedelta(days=30))),
    )
    def begin(
        self,
        zone: str,
        at: datetime,
        firms: list[str],
        people: list[MemberId],
        left: timedelta | None,
        *,
        parallel: bool,
    ) -> None:
        """
        Ask some people, somewhere and at some time, who are of some organisations.
        """
        self.clock, self.zone = at, zone
        self.firms = dict(zip(_STAFF, firms, strict=True))
        self.start(
            people,
            left,
            _STAFF[0],
            right=True,
            parallel=parallel,
            member=True,
            there=True,
        )

    @rule(
        people=st.lists(_ANYBODY, min_size=1, max_size=3),
        right=_MOSTLY,
        parallel=st.booleans(),
        left=_LEFT,
        by=_ANYBODY,
        member=_MOSTLY,
        there=_MOSTLY,
    )
    def start(
        self,
        people: list[MemberId],
        left: timedelta | None,
        by: MemberId,
        *,
        right: bool,
        parallel: bool,
        member: bool,
        there: bool,
    ) -> None:
        """
        Ask some people, which is done once.
        """
        due_at = None if left is None else self.at + left
        steps = tuple(ApprovalStep(it, self.firms[it]) for it in people)
        if not right:
            steps = (*steps[:-1], ApprovalStep(people[-1], "nobody's"))
        if self.ask(
            lambda at: self.it.start(
                _SHOP,
                title="Lease",
                form=_FORM,
                answers={"amount": 7},
                steps=steps,
                parallel=parallel,
                due_at=due_at,
                member=_member(member),
                there=_member(there),
                organisations=[self.firms[it] for it in people],
                by=by,
                at=at,
            ),
            refused_if={
                "already-started": bool(self.history),
                "not-a-member": not (member and there),
                "other-organisation": not right,
                "already-asked": len(set(people)) < len(people),
                "due-has-passed": due_at is not None and due_at <= self.at,
            },
            then=[
                ApprovalStarted(
                    circle=_SHOP,
                    title="Lease",
                    form=_FORM,
                    answers={"amount": 7},
                    steps=steps,
                    parallel=parallel,
                    due_at=due_at,
                    by=by,
                    at=self.at,
                )
            ],
        ):
            self.asked = [(it, self.firms[it]) for it in people]
            self.starter, self.at_once, self.due_at = by, parallel, due_at

    @rule(who=_ANYBODY, firm=st.sampled_from(_FIRMS))
    def move_on(self, who: MemberId, firm: str) -> None:
        """
        Let somebody work for another organisation.
        """
        self.firms[who] = firm

    @precondition(lambda machine: machine.history)
    @rule(
        wait=a_wait(),
        by=st.one_of(_ANYBODY, st.integers(0, 2)),
        approve=_MOSTLY,
        member=_MOSTLY,
    )
    def decide(
        self, wait: Wait, by: MemberId | int, *, approve: bool, member: bool
    ) -> None:
        """
        Wait, then approve or reject; mostly whoever is asked.
        """
        self.wait(wait)
        who = self._somebody(by)
        place = self._place_of(who)
        asked = place is not None
        waits = (
            place is not None
            and not self.at_once
            and any(earlier not in self.said for earlier in range(place))
        )
        outcome: Outcome | None = None
        if not approve:
            outcome = "rejected"
        elif len(self.said) + 1 == len(self.asked):
            outcome = "approved"
        then = [
            ApprovalStepDecided(
                step=place or 0, approved=approve, comment=None, by=who, at=self.at
            ),
            *([ApprovalClosed(outcome=outcome, at=self.at)] if outcome else []),
        ]
        if self.ask(
            lambda at: self.it.decide(
                approve=approve,
                comment=None,
                member=_member(member),
                organisation=self.firms[who],
                by=who,
                at=at,
            ),
            refused_if={
                "not-a-member": not member,
                **self._ended(),
                "not-your-step": not asked,
                "already-decided": place in self.said,
                "step-not-open": waits,
                "other-organisation": asked
                and (who, self.firms[who]) != self.asked[place or 0],
            },
            then=then,
        ):
            self.said[place or 0] = approve
            self.ended = outcome

    @precondition(lambda machine: machine.history)
    @rule(order=st.permutations(range(3)), last=_MOSTLY)
    def decide_in_turn(self, order: list[int], *, last: bool) -> None:
        """
        Let all who are asked decide, in some order; perhaps the last of them rejects.
        """
        for number in order:
            approve = last or number != order[-1]
            self.decide(_AT_ONCE, number, approve=approve, member=True)

    @precondition(lambda machine: machine.history)
    @rule(by=st.integers(0, 2))
    def come_to_its_end(self, by: int) -> None:
        """
        Decide, and record that it has expired, just before it does and just then.
        """
        if self.due_at is None:
            return
        for early in (MICROSECOND, _AT_ONCE):
            self.clock = max(self.clock, self.due_at - early)
            self.decide(_AT_ONCE, by, approve=True, member=True)
            self.expire(_AT_ONCE)

    @precondition(lambda machine: machine.history)
    @rule(
        by=st.one_of(_ANYBODY, st.integers(0, 2)),
        to=_ANYBODY,
        member=_MOSTLY,
        there=_MOSTLY,
    )
    def delegate(
        self, by: MemberId | int, to: MemberId, *, member: bool, there: bool
    ) -> None:
        """
        Have another person decide.
        """
        who = self._somebody(by)
        place = self._place_of(who)
        named = None if place is None else self.asked[place][1]
        if self.ask(
            lambda at: self.it.delegate(
                to,
                member=_member(member),
                there=_member(there),
                organisation=self.firms[who],
                other_organisation=self.firms[to],
                by=who,
                at=at,
            ),
            refused_if={
                "not-a-member": not (member and there),
                **self._ended(),
                "not-your-step": place is None,
                "already-decided": place in self.said,
                "already-asked": self._place_of(to) is not None,
                "other-organisation": named is not None
                and {self.firms[who], self.firms[to]} != {named},
            },
            then=[ApprovalDelegated(step=place or 0, to=to, by=who, at=self.at)],
        ):
            self.asked[place or 0] = (to, self.firms[to])

    @precondition(lambda machine: machine.history)
    @rule(by=_ANYBODY, member=_MOSTLY)
    def withdraw(self, by: MemberId, *, member: bool) -> None:
        """
        No longer ask.
        """
        if self.ask(
            lambda at: self.it.withdraw(member=_member(member), by=by, at=at),
            refused_if={
                "not-a-member": not member,
                "not-the-starter": by != self.starter,
                **self._ended(),
            },
            then=[
                ApprovalWithdrawn(by=by, at=self.at),
                ApprovalClosed(outcome="withdrawn", at=self.at),
            ],
        ):
            self.ended = "withdrawn"

    @precondition(lambda machine: machine.history)
    @rule(wait=a_wait())
    def expire(self, wait: Wait) -> None:
        """
        Wait, then notice that it has expired.
        """
        self.wait(wait)
        if self.ask(
            lambda at: self.it.expire(at=at),
            refused_if={
                "approval-closed": self.ended is not None,
                "not-expired": self.due_at is None or self.at < self.due_at,
            },
            then=[
                ApprovalExpired(at=self.at),
                ApprovalClosed(outcome="expired", at=self.at),
            ],
        ):
            self.ended = "expired"

    def _somebody(self, by: MemberId | int) -> MemberId:
        if isinstance(by, int):
            return MemberId(self.asked[by % len(self.asked)][0])
        return by

    def _place_of(self, who: str) -> int | None:
        places = [place for place, (name, _) in enumerate(self.asked) if name == who]
        return places[0] if places else None

    def _ended(self) -> dict[str, bool]:
        late = self.due_at is not None and self.at >= self.due_at
        return {
            "approval-closed": self.ended is not None,
            "approval-expired": self.ended is None and late,
        }

    @invariant()
    def state_agrees(self) -> None:
        """
        Check that the approval remembers what the model remembers.
        """
        self.check_state(
            started_by=self.starter,
            steps=[ApprovalStep(MemberId(who), firm) for who, firm in self.asked],
            parallel=self.at_once,
            decided=set(self.said),
            due_at=self.due_at,
            outcome=self.ended,
        )


def _member(yes: bool) -> Verdict:  # noqa: FBT001
    return ALLOWED if yes else refused("not-a-member", "no member")
