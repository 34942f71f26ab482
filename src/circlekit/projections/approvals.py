"""
Approvals as they stand: what was asked, who has decided what, what it came to.
"""

from datetime import datetime
from typing import Any, ClassVar, Final, Literal, get_args

from attrs import field, frozen
from sqlalchemy import Column, Index, Integer, MetaData, Table

from circlekit.clock import from_micros, from_micros_if_any, micros, micros_if_any
from circlekit.events.approval import (
    Answer,
    ApprovalClosed,
    ApprovalDelegated,
    ApprovalStarted,
    ApprovalStepDecided,
    FormField,
)
from circlekit.events.record import Recorded
from circlekit.ids import ApprovalId, CircleId, MemberId
from circlekit.projections.cursor import Cursor
from circlekit.projections.read_model import (
    TEXT,
    WHOLE_NUMBER,
    ReadModel,
    Rows,
    as_json,
    from_json,
)

ApprovalState = Literal["open", "approved", "rejected", "withdrawn", "expired"]
STATES: Final[tuple[ApprovalState, ...]] = get_args(ApprovalState)

_TABLES: Final = MetaData()
Table(
    "circlekit_approval_item",
    _TABLES,
    Column("approval", TEXT, primary_key=True),
    Column("circle", TEXT, nullable=False),
    Column("title", TEXT, nullable=False),
    Column("form", TEXT, nullable=False),
    Column("answers", TEXT, nullable=False),
    Column("parallel", Integer, nullable=False),
    Column("started_by", TEXT, nullable=False),
    Column("at", WHOLE_NUMBER, nullable=False),
    Column("position", WHOLE_NUMBER, nullable=False),
    Column("due", WHOLE_NUMBER),
    Column("outcome", TEXT),
    Column("closed_at", WHOLE_NUMBER),
    Index("circlekit_approval_item_newest", "circle", "at", "position"),
    Index("circlekit_approval_item_due", "outcome", "due"),
)
Table(
    "circlekit_approval_step",
    _TABLES,
    Column("approval", TEXT, primary_key=True),
    Column("step", Integer, primary_key=True),
    Column("approver", TEXT, nullable=False),
    Column("organisation", TEXT, nullable=False),
    Column("approved", Integer),
    Column("comment", TEXT),
    Column("decided_at", WHOLE_NUMBER),
)


@frozen(kw_only=True)
class StepEntry:
    """
    One step of an approval, as it stands.

    Attributes:
        approver: Who decides, or did; whoever stands in, if it was delegated.

        open: Whether it can be decided now.

        approved: What was decided, None if nothing was.
    """

    approver: MemberId
    organisation: str
    open: bool = False
    approved: bool | None = None
    comment: str | None = None
    decided_at: datetime | None = None


@frozen(kw_only=True)
class ApprovalEntry:
    """
    An approval as it stands.

    Attributes:
        at: When it was started, UTC.

        due_at: Until when, UTC; None if there is no hurry.

        state: ``open``, or what it came to. It has expired from its last moment on,
            also where nobody has recorded that yet.

        closed_at: When it came to its end, UTC; None while it has not been recorded.
    """

    approval: ApprovalId
    circle: CircleId
    title: str
    form: tuple[FormField, ...] = ()
    answers: dict[str, Answer] = field(factory=dict)
    started_by: MemberId
    at: datetime
    steps: tuple[StepEntry, ...]
    parallel: bool = False
    due_at: datetime | None = None
    state: ApprovalState = "open"
    closed_at: datetime | None = None


@frozen
class ApprovalPage:
    """
    Some approvals, newest first, and the cursor that asks for the ones after them.

    Attributes:
        next: Hand it back to get the next page; None if this is the last.
    """

    items: tuple[ApprovalEntry, ...]
    next: str | None


class Approvals(ReadModel):
    """
    Every approval there ever was.
    """

    name: ClassVar[str] = "approvals"
    tables: ClassVar[MetaData] = _TABLES
    kinds: ClassVar[frozenset[type]] = frozenset(
        {ApprovalStarted, ApprovalStepDecided, ApprovalDelegated, ApprovalClosed}
    )

    def apply(self, rows: Rows, recorded: Recorded) -> None:
        """
        Take in one event of an approval.
        """
        event, approval = recorded.event, recorded.subject
        match event:
            case ApprovalStarted():
                rows.run(
                    _START,
                    approval=approval,
                    circle=event.circle,
                    title=event.title,
                    form=as_json(event.form),
                    answers=as_json(event.answers),
                    parallel=int(event.parallel),
                    started_by=event.by,
                    at=micros(event.at),
                    position=recorded.position,
                    due=micros_if_any(event.due_at),
                )
                for number, step in enumerate(event.steps):
                    rows.run(
                        _ASK,
                        approval=approval,
                        step=number,
                        approver=step.approver,
                        organisation=step.organisation,
                    )
            case ApprovalStepDecided():
                rows.run(
                    _DECIDE,
                    approval=approval,
                    step=event.step,
                    approved=int(event.approved),
                    comment=event.comment,
                    at=micros(event.at),
                )
            case ApprovalDelegated():
                rows.run(
                    _DELEGATE, approval=approval, step=event.step, approver=event.to
                )
            case ApprovalClosed():
                rows.run(
                    _CLOSE,
                    approval=approval,
                    outcome=event.outcome,
                    at=micros(event.at),
                )

    def entry(
        self, rows: Rows, approval: ApprovalId, *, at: datetime
    ) -> ApprovalEntry | None:
        """
        Return an approval, expired or not as of *at*; None if none has that id.
        """
        found = rows.all(_ONE, approval=approval)
        return _entry(rows, found[0], at) if found else None

    def page(
        self,
        rows: Rows,
        circle: CircleId,
        *,
        state: ApprovalState | None = None,
        after: str | None = None,
        limit: int = 20,
        at: datetime,
    ) -> ApprovalPage:
        """
        Return the next *limit* approvals of a circle.
        """
        cursor = Cursor.read(after)
        found = rows.all(
            _NEWEST,
            circle=circle,
            state=state,
            now=micros(at),
            at=cursor.at,
            position=cursor.position,
            limit=limit + 1,
        )
        last = None
        if len(found) > limit:
            last = Cursor(found[limit - 1][7], found[limit - 1][8]).write()
        items = (_entry(rows, row, at) for row in found[:limit])
        return ApprovalPage(tuple(items), last)

    def late(
        self, rows: Rows, *, at: datetime, limit: int = 500
    ) -> tuple[ApprovalId, ...]:
        """
        Return those that have expired, where nobody has recorded it yet.
        """
        found = rows.all(_LATE, now=micros(at), limit=limit)
        return tuple(ApprovalId(approval) for (approval,) in found)


def _entry(rows: Rows, row: tuple[Any, ...], now: datetime) -> ApprovalEntry:
    (
        approval,
        circle,
        title,
        form,
        answers,
        parallel,
        started_by,
        at,
        _position,
        due,
        outcome,
        closed_at,
    ) = row
    due_at = from_micros_if_any(due)
    expired = due_at is not None and now >= due_at
    state: ApprovalState = outcome or ("expired" if expired else "open")
    return ApprovalEntry(
        approval=approval,
        circle=circle,
        title=title,
        form=from_json(form, tuple[FormField, ...]),
        answers=from_json(answers, dict[str, Answer]),
        started_by=started_by,
        at=from_micros(at),
        steps=_steps(rows, approval, is_open=state == "open", parallel=bool(parallel)),
        parallel=bool(parallel),
        due_at=due_at,
        state=state,
        closed_at=from_micros_if_any(closed_at),
    )


def _steps(
    rows: Rows, approval: str, *, is_open: bool, parallel: bool
) -> tuple[StepEntry, ...]:
    steps = []
    for approver, organisation, approved, comment, decided_at in rows.all(
        _STEPS, approval=approval
    ):
        steps.append(
            StepEntry(
                approver=approver,
                organisation=organisation,
                open=is_open and approved is None,
                approved=None if approved is None else bool(approved),
                comment=comment,
                decided_at=from_micros_if_any(decided_at),
            )
        )
        # In order, nobody after one who has not decided is asked yet.
        is_open = is_open and (parallel or approved is not None)
    return tuple(steps)


_START: Final = """
INSERT INTO circlekit_approval_item
(approval, circle, title, form, answers, parallel, started_by, at, position, due)
VALUES (:approval, :circle, :title, :form, :answers, :parallel, :started_by, :at,
:position, :due)
"""
_ASK: Final = """
INSERT INTO circlekit_approval_step (approval, step, approver, organisation)
VALUES (:approval, :step, :approver, :organisation)
"""
_DECIDE: Final = """
UPDATE circlekit_approval_step
SET approved = :approved, comment = :comment, decided_at = :at
WHERE approval = :approval AND step = :step
"""
_DELEGATE: Final = """
UPDATE circlekit_approval_step SET approver = :approver
WHERE approval = :approval AND step = :step
"""
_CLOSE: Final = """
UPDATE circlekit_approval_item SET outcome = :outcome, closed_at = :at
WHERE approval = :approval
"""
_ROW: Final = """
approval, circle, title, form, answers, parallel, started_by, at, position, due,
outcome, closed_at
"""
_ONE: Final = f"SELECT {_ROW} FROM circlekit_approval_item WHERE approval = :approval"
_STEPS: Final = """
SELECT approver, organisation, approved, comment, decided_at
FROM circlekit_approval_step WHERE approval = :approval ORDER BY step
"""
_STATE: Final = """
coalesce(outcome, CASE WHEN due <= :now THEN 'expired' ELSE 'open' END)
"""
_NEWEST: Final = f"""
SELECT {_ROW} FROM circlekit_approval_item
WHERE circle = :circle AND {_STATE} = coalesce(:state, {_STATE})
AND (at, position) < (:at, :position)
ORDER BY at DESC, position DESC LIMIT :limit
"""
_LATE: Final = """
SELECT approval FROM circlekit_approval_item
WHERE outcome IS NULL AND due <= :now ORDER BY due, position LIMIT :limit
"""
