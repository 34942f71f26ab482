"""
Approvals: asking for them, deciding them, and what became of them.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from math import isfinite

from attrs import define

from circlekit.aggregates.approval import Approval, Events
from circlekit.aggregates.circle import Circle
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
from circlekit.events.approval import Answer, ApprovalStep, FormField
from circlekit.events.record import Recorded, stream_of
from circlekit.ids import ApprovalId, CircleId, MemberId
from circlekit.policies.membership import members_only
from circlekit.projections.approvals import (
    STATES,
    ApprovalEntry,
    ApprovalPage,
    ApprovalState,
)
from circlekit.store import APPROVALS, must_be_switch
from circlekit.text import checked_id, checked_name, checked_text
from circlekit.verdict import RefusedError, all_of

MOST_FIELDS = 50
MOST_STEPS = 50
_LARGEST_NUMBER = 2**53
_AT_ONCE = 500


@define(eq=False, repr=False)
class Approvals(Deciding):
    """
    Use cases of approvals.
    """

    @command
    def start_approval(
        self,
        circle: CircleId | str,
        *,
        by: MemberId | str,
        title: str,
        steps: Sequence[ApprovalStep | tuple[str, str]],
        form: Sequence[FormField] = (),
        answers: Mapping[str, str | float | date] | None = None,
        parallel: bool = False,
        due_at: datetime | None = None,
        approval: ApprovalId | str | None = None,
        command_id: str | None = None,
    ) -> ApprovalId:
        """
        Fill in a form and ask named people of named organisations to approve it.

        Args:
            circle: The circle they are all in.
            by: Who asks, any member.
            title: What is to be approved, in one line.
            steps: 1 to 50, each with a person, another one each time, and the
                organisation that person has to be of.
            form: Up to 50 fields that it asks for.
            answers: What is filled in, by the fields' names: text, a number, one of
                the choices, or a date.
            parallel: Whether all are asked at once, or each after the one before.
            due_at: Until when; at that very moment it has expired.
            approval: Its id; made if not given.
            command_id: Makes the call safe to repeat.

        Raises:
            RefusedError: ``not-a-member``, ``other-organisation``,
                ``already-asked``, ``already-started``, ``due-has-passed``.
            InvalidInputError: If a step, a field or an answer is not accepted.
        """
        checked_name("title", title)
        asked = _steps(steps)
        fields = _form(form)
        filled = _answers(fields, {} if answers is None else answers)
        must_be_switch("parallel", parallel)
        until = None if due_at is None else as_utc("due_at", due_at)
        given = (
            None if approval is None else ApprovalId(checked_id("approval", approval))
        )
        id_ = given or ApprovalId(new_id())

        def plan(work: Work) -> None:
            where = work.circle(CircleId(circle))
            it = work.blank_or_known(Approval, id_)
            there = (
                members_only(where.role(step.approver), by=step.approver)
                for step in asked
                if step.approver != by
            )
            started = it.start(
                CircleId(circle),
                title=title,
                form=fields,
                answers=filled,
                steps=asked,
                parallel=parallel,
                due_at=until,
                member=where.member_acts(by),
                there=all_of(*there),
                organisations=[where.organisation_of(step.approver) for step in asked],
                by=MemberId(by),
                at=work.at(it),
            )
            work.record(it, started)

        def answer(recorded: Sequence[Recorded]) -> ApprovalId:
            return ApprovalId(recorded[0].subject)

        return self._decide(
            "start_approval",
            plan,
            answer,
            about=stream_of("circle", circle),
            by=by,
            said=(title, asked, fields, filled, parallel, until, given),
            command_id=command_id,
        )

    @command
    def decide_approval(
        self,
        approval: ApprovalId | str,
        *,
        by: MemberId | str,
        approve: bool,
        comment: str | None = None,
        command_id: str | None = None,
    ) -> None:
        """
        Approve or reject one's own step; one rejection closes the whole.

        Raises:
            RefusedError: ``not-a-member``, ``not-your-step``, ``step-not-open``,
                ``already-decided``, ``other-organisation``, ``approval-closed``,
                ``approval-expired``.
            InvalidInputError: If the comment cannot be accepted.
        """
        must_be_switch("approve", approve)
        if comment is not None:
            checked_text("comment", comment)

        def decide(it: Approval, where: Circle, at: datetime) -> Events:
            return it.decide(
                approve=approve,
                comment=comment,
                member=where.member_acts(by),
                organisation=where.organisation_of(by),
                by=MemberId(by),
                at=at,
            )

        self._on_approval(
            "decide_approval", decide, approval, by, command_id, approve, comment
        )

    @command
    def delegate_approval(
        self,
        approval: ApprovalId | str,
        to: MemberId | str,
        *,
        by: MemberId | str,
        command_id: str | None = None,
    ) -> None:
        """
        Have another person of one's organisation decide one's step.

        Raises:
            RefusedError: ``not-a-member``, ``not-your-step``, ``already-decided``,
                ``already-asked``, ``other-organisation``, ``approval-closed``,
                ``approval-expired``.
        """
        other = MemberId(checked_id("to", to))

        def decide(it: Approval, where: Circle, at: datetime) -> Events:
            return it.delegate(
                other,
                member=where.member_acts(by),
                there=members_only(where.role(other), by=other),
                organisation=where.organisation_of(by),
                other_organisation=where.organisation_of(other),
                by=MemberId(by),
                at=at,
            )

        self._on_approval("delegate_approval", decide, approval, by, command_id, other)

    @command
    def withdraw_approval(
        self,
        approval: ApprovalId | str,
        *,
        by: MemberId | str,
        command_id: str | None = None,
    ) -> None:
        """
        No longer ask for an approval that one started.

        Raises:
            RefusedError: ``not-a-member``, ``not-the-starter``,
                ``approval-closed``, ``approval-expired``.
        """

        def decide(it: Approval, where: Circle, at: datetime) -> Events:
            return it.withdraw(member=where.member_acts(by), by=MemberId(by), at=at)

        self._on_approval("withdraw_approval", decide, approval, by, command_id)

    @command
    def expire_approval(
        self,
        approval: ApprovalId | str,
        *,
        by: MemberId | str,
        command_id: str | None = None,
    ) -> None:
        """
        Record that an approval's last moment has passed.

        Nobody could decide it any more in any case; this closes it in its history,
        for whoever follows the events.

        Raises:
            RefusedError: ``not-expired``, ``approval-closed``.
        """

        def decide(it: Approval, _where: Circle, at: datetime) -> Events:
            return it.expire(at=at)

        self._on_approval("expire_approval", decide, approval, by, command_id)

    def expire_approvals(self, *, by: MemberId | str) -> tuple[ApprovalId, ...]:
        """
        Record of every approval whose last moment has passed that it expired.

        For a host's worker, as often as it likes.

        Args:
            by: Who asks, as a name of the host's worker.

        Returns:
            Those that it recorded, the longest expired first.
        """
        checked_id("by", by)
        expired: list[ApprovalId] = []
        while late := self._late():
            for approval in late:
                try:
                    self.expire_approval(approval, by=by)
                except RefusedError:
                    continue  # somebody else was faster
                expired.append(approval)
        return tuple(expired)

    def _late(self) -> tuple[ApprovalId, ...]:
        now = as_utc("clock", self._clock())
        with self._store.read(APPROVALS) as (rows, _):
            return APPROVALS.late(rows, at=now, limit=_AT_ONCE)

    def approval(self, approval: ApprovalId | str) -> ApprovalEntry:
        """
        Return an approval as it stands.

        Raises:
            NotFoundError: If it is not known.
        """
        id_ = ApprovalId(checked_id("approval", approval))
        now = as_utc("clock", self._clock())
        with self._store.read(APPROVALS) as (rows, _):
            found = APPROVALS.entry(rows, id_, at=now)
        if found is None:
            raise NotFoundError("approval", id_)
        return found

    def approvals(
        self,
        circle: CircleId | str,
        *,
        state: ApprovalState | None = None,
        after: str | None = None,
        limit: int = 20,
    ) -> ApprovalPage:
        """
        Return a page of a circle's approvals, newest first.

        Args:
            circle: The circle.
            state: Only those that are ``open``, ``approved``, ``rejected``,
                ``withdrawn`` or ``expired``; None means all.
            after: The ``next`` of the page before.
            limit: Most approvals, 1 to 200.

        Raises:
            InvalidInputError: If the state, the cursor or the limit is not accepted.
            NotFoundError: If the circle is not known.
        """
        where = CircleId(checked_id("circle", circle))
        if state is not None and state not in STATES:
            raise InvalidInputError("state", f"{state!r} is none", ", ".join(STATES))
        page_size(limit)
        now = as_utc("clock", self._clock())
        with self._store.read(APPROVALS) as (rows, _):
            if rows.last_of(stream_of("circle", where)) is None:
                raise NotFoundError("circle", where)
            return APPROVALS.page(
                rows, where, state=state, after=after, limit=limit, at=now
            )

    def _on_approval(
        self,
        name: str,
        decide: Callable[[Approval, Circle, datetime], Events],
        approval: ApprovalId | str,
        by: MemberId | str,
        command_id: str | None,
        *said: object,
    ) -> None:
        def plan(work: Work) -> None:
            it = work.approval(ApprovalId(approval))
            where = work.circle(it.circle)
            work.record(it, decide(it, where, work.at(it)))

        self._decide(
            name,
            plan,
            nothing,
            about=stream_of("approval", approval),
            by=by,
            said=said,
            command_id=command_id,
        )


def _steps(steps: object) -> tuple[ApprovalStep, ...]:
    accepted = f"a list of 1 to {MOST_STEPS} people, each with their organisation"
    if not isinstance(steps, list | tuple):
        raise InvalidInputError("steps", f"is {type(steps).__name__}", accepted)
    if not 1 <= len(steps) <= MOST_STEPS:
        raise InvalidInputError("steps", f"holds {len(steps)}", accepted)
    return tuple(_step(f"steps[{place}]", step) for place, step in enumerate(steps))


def _step(field: str, step: object) -> ApprovalStep:
    match step:
        case ApprovalStep(approver, organisation) | (approver, organisation):
            return ApprovalStep(
                MemberId(checked_id(field, approver)), checked_id(field, organisation)
            )
    accepted = "a person and their organisation"
    raise InvalidInputError(field, f"is {step!r}", accepted)


def _form(form: object) -> tuple[FormField, ...]:
    accepted = f"a list of up to {MOST_FIELDS} fields, each with a name of its own"
    if not isinstance(form, list | tuple) or not all(
        isinstance(it, FormField) for it in form
    ):
        raise InvalidInputError("form", "is no list of fields", accepted)
    if len(form) > MOST_FIELDS:
        raise InvalidInputError("form", f"holds {len(form)}", accepted)
    names: list[str] = []
    for place, it in enumerate(form):
        names.append(checked_name(f"form[{place}]", it.name))
        must_be_switch(f"form[{place}]", it.required)
        if names.count(it.name) > 1:
            raise InvalidInputError(f"form[{place}]", f"{it.name!r} twice", accepted)
        if len(it.choices) > MOST_FIELDS:
            problem = f"has {len(it.choices)} choices"
            raise InvalidInputError(f"form[{place}]", problem, f"up to {MOST_FIELDS}")
        for choice in it.choices:
            checked_name(f"form[{place}]", choice)
    return tuple(form)


def _answers(form: tuple[FormField, ...], answers: object) -> dict[str, Answer]:
    if not isinstance(answers, Mapping):
        raise InvalidInputError("answers", "is no mapping", "answers by their fields")
    known = ", ".join(it.name for it in form) or "none, as the form is empty"
    for name in answers:
        if name not in {it.name for it in form}:
            raise InvalidInputError("answers", f"{name!r} is not asked for", known)
    filled: dict[str, Answer] = {}
    for it in form:
        field = f"answers[{it.name}]"
        if it.name in answers:
            filled[it.name] = _answer(field, it, answers[it.name])
        elif it.required:
            raise InvalidInputError(field, "is missing", it.kind)
    return filled


def _answer(field: str, asked: FormField, value: object) -> Answer:
    match asked.kind:
        case "text":
            return checked_text(field, value)
        case "number":
            return _number(field, value)
        case "choice":
            if value not in asked.choices:
                accepted = ", ".join(asked.choices)
                raise InvalidInputError(field, f"{value!r} is none", accepted)
            return str(value)
        case "date":
            return _date(field, value)


def _number(field: str, value: object) -> int | float:
    accepted = "a number of at most 2**53"
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidInputError(field, f"is {type(value).__name__}", accepted)
    if isinstance(value, int) and abs(value) > _LARGEST_NUMBER:
        # It may have more digits than are shown, or than fit a float.
        problem = f"is a number of {value.bit_length()} bits"
        raise InvalidInputError(field, problem, accepted)
    if not isfinite(value) or abs(value) > _LARGEST_NUMBER:
        raise InvalidInputError(field, f"is {value!r}", accepted)
    return value


def _date(field: str, value: object) -> str:
    accepted = "a date, or its text as in 2020-03-01"
    if isinstance(value, datetime) or not isinstance(value, date | str):
        raise InvalidInputError(field, f"is {type(value).__name__}", accepted)
    try:
        day = date.fromisoformat(value) if isinstance(value, str) else value
    except ValueError as error:
        raise InvalidInputError(field, f"{value!r} is none", accepted) from error
    return day.isoformat()
