"""
What one member still has to do, over all their circles or one.

A must-see is everybody's duty in its circle until they acknowledge it, also of who
joins later: what the top of a feed asks to be acknowledged is here. It is kept once,
however many members there are, and who has acknowledged it is left out when somebody
asks. Every other duty is one person's, and is kept for that person; it is open until
it is done. Either is a duty only while they are a member of its circle, and what
nobody can do in a circle that is closed is none until it is opened again.

Duties are sorted by when they came to be, which never changes; what somebody got by
one event, as who joins gets all homework of their role, by which it is. A page goes
on below the last duty of the page before, and none comes up twice, or never, whatever
is done in between.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any, ClassVar, Final, Literal, get_args

from attrs import frozen
from sqlalchemy import Column, Index, Integer, MetaData, Table

from circlekit.clock import from_micros, from_micros_if_any, micros, micros_if_any
from circlekit.events.approval import (
    ApprovalClosed,
    ApprovalDelegated,
    ApprovalStarted,
    ApprovalStepDecided,
)
from circlekit.events.circle import (
    CircleFounded,
    MemberJoined,
    MemberLeft,
    MemberRemoved,
    MustSeeSent,
    PostEdited,
    PostPublished,
    PostRemoved,
)
from circlekit.events.closing import CircleArchived, CircleClosed, CircleReopened
from circlekit.events.reader import MustSeeAcknowledged
from circlekit.events.record import Recorded
from circlekit.events.roles import RoleExpired, RoleVerified
from circlekit.events.todo import (
    TodoAssigned,
    TodoCancelled,
    TodoDone,
    TodoDueMoved,
    TodoReassigned,
    TodoReopened,
)
from circlekit.ids import CircleId, MemberId, PostId
from circlekit.projections import homework_duties
from circlekit.projections.cursor import Cursor
from circlekit.projections.homework_duties import NOT_CLOSED, Giving
from circlekit.projections.read_model import TEXT, WHOLE_NUMBER, ReadModel, Rows

DutyKind = Literal["must-see", "to-do", "homework", "grading", "approval"]
KINDS: Final[tuple[DutyKind, ...]] = get_args(DutyKind)
LONGEST_TITLE: Final = 100

_TABLES: Final = MetaData()
Table(
    "circlekit_duty_member",
    _TABLES,
    Column("member", TEXT, primary_key=True),
    Column("circle", TEXT, primary_key=True),
    Column("acknowledged", Integer, nullable=False),
    Index("circlekit_duty_member_circle", "circle"),
    sqlite_with_rowid=False,
)
# How many must-sees a circle ever had: who acknowledged as many since they came is
# not asked about any of them.
Table(
    "circlekit_duty_circle",
    _TABLES,
    Column("circle", TEXT, primary_key=True),
    Column("must_sees", Integer, nullable=False),
    sqlite_with_rowid=False,
)
Table(
    "circlekit_duty_closed",
    _TABLES,
    Column("circle", TEXT, primary_key=True),
)
Table(
    "circlekit_duty_post",
    _TABLES,
    Column("circle", TEXT, primary_key=True),
    Column("post", Integer, primary_key=True),
    Column("title", TEXT, nullable=False),
)
Table(
    "circlekit_duty_must_see",
    _TABLES,
    Column("position", WHOLE_NUMBER, primary_key=True, autoincrement=False),
    Column("circle", TEXT, nullable=False),
    Column("post", Integer, nullable=False),
    Column("at", WHOLE_NUMBER, nullable=False),
    Index("circlekit_duty_must_see_place", "circle", "post", unique=True),
    Index("circlekit_duty_must_see_newest", "circle", "at", "position"),
)
Table(
    "circlekit_duty_acknowledged",
    _TABLES,
    Column("circle", TEXT, primary_key=True),
    Column("post", Integer, primary_key=True),
    Column("member", TEXT, primary_key=True),
    sqlite_with_rowid=False,
)
Table(
    "circlekit_duty_own",
    _TABLES,
    Column("member", TEXT, primary_key=True),
    Column("kind", TEXT, primary_key=True),
    Column("ref", TEXT, primary_key=True),
    Column("circle", TEXT, nullable=False),
    Column("title", TEXT, nullable=False),
    Column("at", WHOLE_NUMBER, nullable=False),
    Column("position", WHOLE_NUMBER, nullable=False),
    Column("due", WHOLE_NUMBER),
    Column("open", Integer, nullable=False),
    Index("circlekit_duty_own_newest", "member", "open", "at", "position", "ref"),
    Index("circlekit_duty_own_ref", "kind", "ref"),
)
# Whom an approval asks in which order, while it asks.
Table(
    "circlekit_duty_step",
    _TABLES,
    Column("approval", TEXT, primary_key=True),
    Column("step", Integer, primary_key=True),
    Column("member", TEXT, nullable=False),
)
homework_duties.add_tables(_TABLES)


@frozen(kw_only=True)
class Duty:
    """
    One thing that a member still has to do.

    Attributes:
        kind: ``must-see``, ``to-do``, ``homework`` to hand in, ``grading`` of what was
            handed in, or ``approval``.

        ref: Which one, by the id that its kind's commands take; of a must-see the
            post, as text.

        circle: Where it is to be done.

        title: Its first line, at most 100 characters; empty if it has no words.

        since: When it became this member's, or everybody's, to do, UTC.

        due_at: Until when, UTC; None if there is no hurry. At that very moment it
            is late.

        overdue: Whether it is late at the moment of asking.
    """

    kind: DutyKind
    ref: str
    circle: CircleId
    title: str
    since: datetime
    due_at: datetime | None = None
    overdue: bool = False


@frozen
class InboxPage:
    """
    Some duties, newest first, and the cursor that asks for the ones after them.

    Attributes:
        next: Hand it back to get the next page; None if this is the last.
    """

    items: tuple[Duty, ...]
    next: str | None


class Duties(ReadModel):
    """
    Everybody's open duties.
    """

    name: ClassVar[str] = "duties"
    tables: ClassVar[MetaData] = _TABLES
    kinds: ClassVar[frozenset[type]] = frozenset(
        {
            CircleFounded,
            CircleClosed,
            CircleReopened,
            CircleArchived,
            MemberJoined,
            MemberLeft,
            MemberRemoved,
            RoleVerified,
            RoleExpired,
            PostPublished,
            PostEdited,
            PostRemoved,
            MustSeeSent,
            MustSeeAcknowledged,
            TodoAssigned,
            TodoDone,
            TodoReopened,
            TodoReassigned,
            TodoDueMoved,
            TodoCancelled,
            ApprovalStarted,
            ApprovalStepDecided,
            ApprovalDelegated,
            ApprovalClosed,
            *homework_duties.KINDS,
        }
    )

    def apply(self, rows: Rows, recorded: Recorded) -> None:
        """
        Take in one event of a circle, of a reader, or of what is to be done.
        """
        event, subject = recorded.event, recorded.subject
        match event:
            case PostPublished():
                rows.run(
                    _PUBLISH,
                    circle=subject,
                    post=recorded.version,
                    title=title_of(event.text),
                )
            case MustSeeAcknowledged():
                place = {"circle": event.circle, "post": event.post, "member": subject}
                rows.run(_COUNT_ACKNOWLEDGED, **place)
                rows.run(_ACKNOWLEDGE, **place)
            case MemberJoined():
                rows.run(_JOIN, member=event.member, circle=subject)
                HOMEWORK.came(rows, recorded, event)
            case MemberLeft() | MemberRemoved():
                rows.run(_LEAVE, member=event.member, circle=subject)
                HOMEWORK.went(rows, event, subject)
            case RoleVerified() | RoleExpired():
                if recorded.stream.startswith("circle/"):
                    HOMEWORK.verified(rows, recorded, event)
            case PostEdited():
                rows.run(
                    _EDIT, circle=subject, post=event.post, title=title_of(event.text)
                )
            case PostRemoved():
                for statement in _REMOVE:
                    rows.run(statement, circle=subject, post=event.post)
            case MustSeeSent():
                rows.run(
                    _MUST_SEE,
                    position=recorded.position,
                    circle=subject,
                    post=event.post,
                    at=micros(event.at),
                )
                rows.run(_COUNT_MUST_SEE, circle=subject)
            case CircleFounded():
                rows.run(_NOTHING_YET, circle=subject)
                rows.run(_JOIN, member=event.by, circle=subject)
            case CircleClosed() | CircleArchived():
                rows.run(_CLOSE, circle=subject)
            case CircleReopened():
                rows.run(_REOPEN, circle=subject)
            case TodoAssigned():
                for member in event.to:
                    begin(
                        rows,
                        recorded,
                        member=member,
                        kind="to-do",
                        ref=subject,
                        circle=event.circle,
                        title=event.title,
                        due=event.due_at,
                    )
            case TodoDone():
                end(rows, kind="to-do", ref=subject, member=event.by)
            case TodoReopened():
                begin_again(
                    rows, recorded, kind="to-do", ref=subject, member=event.member
                )
            case TodoReassigned():
                hand_over(
                    rows,
                    recorded,
                    kind="to-do",
                    ref=subject,
                    member=event.member,
                    to=event.to,
                )
            case TodoDueMoved():
                move(rows, kind="to-do", ref=subject, due=event.due_at)
            case TodoCancelled():
                end(rows, kind="to-do", ref=subject)
            case ApprovalStarted():
                _ask(rows, recorded, event)
            case ApprovalStepDecided():
                _ask_the_next(rows, recorded, event)
            case ApprovalDelegated():
                rows.run(_ASK_ANOTHER, ref=subject, step=event.step, member=event.to)
                hand_over(
                    rows,
                    recorded,
                    kind="approval",
                    ref=subject,
                    member=event.by,
                    to=event.to,
                )
            case ApprovalClosed():
                rows.run(_ASK_NOBODY, ref=subject)
                end(rows, kind="approval", ref=subject)
            case _:
                HOMEWORK.take_in(rows, recorded)

    def page(
        self,
        rows: Rows,
        member: MemberId,
        *,
        circle: CircleId | None = None,
        kinds: Collection[DutyKind] = KINDS,
        after: str | None = None,
        limit: int = 20,
        at: datetime,
    ) -> InboxPage:
        """
        Return the next *limit* open duties of a member, late ones marked as of *at*.
        """
        cursor = Cursor.read(after, with_ref=True)
        asked = [kind if kind in kinds else None for kind in KINDS]
        found = rows.all(
            _OPEN,
            member=member,
            circle=circle,
            **dict(zip(("a", "b", "c", "d", "e"), asked, strict=True)),
            now=micros(at),
            at=cursor.at,
            position=cursor.position,
            ref=cursor.ref,
            limit=limit + 1,
        )
        last = None
        if len(found) > limit:
            _, ref, *_, since, _, position = found[limit - 1]
            last = Cursor(since, position, ref or "").write()
        return InboxPage(tuple(_duty(row, at) for row in found[:limit]), last)

    def waiting_for(self, rows: Rows, post: PostId) -> tuple[MemberId, ...]:
        """
        Return the members who have yet to acknowledge a must-see, by their ids.
        """
        found = rows.all(_WAITING_FOR, circle=post.circle, post=post.version)
        return tuple(MemberId(member) for (member,) in found)


def title_of(text: str) -> str:
    r"""
    Return the first line of a text that says anything, cut to 100 characters.

    >>> title_of("  Bring a pen. \nAnd paper.")
    'Bring a pen.'
    """
    lines = (line.strip() for line in text.splitlines())
    return next((line for line in lines if line), "")[:LONGEST_TITLE]


# One person's duties: called by whatever case of `apply` begins or ends one.


def begin(
    rows: Rows,
    recorded: Recorded,
    *,
    member: str,
    kind: DutyKind,
    ref: str,
    circle: str,
    title: str,
    due: datetime | None = None,
) -> None:
    """
    Give somebody a duty, or give it to them anew.
    """
    rows.run(
        _BEGIN,
        member=member,
        kind=kind,
        ref=ref,
        circle=circle,
        title=title_of(title),
        at=micros(recorded.event.at),
        position=recorded.position,
        due=micros_if_any(due),
    )


def move(rows: Rows, *, kind: DutyKind, ref: str, due: datetime | None) -> None:
    """
    Change until when something is to be done.
    """
    rows.run(_MOVE, kind=kind, ref=ref, due=micros_if_any(due))


def begin_again(
    rows: Rows, recorded: Recorded, *, kind: DutyKind, ref: str, member: str
) -> None:
    """
    Give a member a duty once more that was taken from them.
    """
    rows.run(
        _BEGIN_AGAIN,
        kind=kind,
        ref=ref,
        member=member,
        at=micros(recorded.event.at),
        position=recorded.position,
    )


def hand_over(
    rows: Rows,
    recorded: Recorded,
    *,
    kind: DutyKind,
    ref: str,
    member: str,
    to: str,
) -> None:
    """
    Give a duty of one member to another; nothing if the first does not have it.
    """
    rows.run(
        _HAND_OVER,
        kind=kind,
        ref=ref,
        member=member,
        to=to,
        at=micros(recorded.event.at),
        position=recorded.position,
    )
    end(rows, kind=kind, ref=ref, member=member)


def end(rows: Rows, *, kind: DutyKind, ref: str, member: str | None = None) -> None:
    """
    Take a duty from one member, or from everybody who still has it.
    """
    rows.run(_END, kind=kind, ref=ref, member=member)


HOMEWORK: Final = Giving(begin, end, move)


def _ask(rows: Rows, recorded: Recorded, event: ApprovalStarted) -> None:
    for number, step in enumerate(event.steps):
        if not event.parallel:
            rows.run(_ASK, ref=recorded.subject, step=number, member=step.approver)
        if event.parallel or number == 0:
            begin(
                rows,
                recorded,
                member=step.approver,
                kind="approval",
                ref=recorded.subject,
                circle=event.circle,
                title=event.title,
                due=event.due_at,
            )


def _ask_the_next(rows: Rows, recorded: Recorded, event: ApprovalStepDecided) -> None:
    ref = recorded.subject
    following = rows.all(_ASKED, ref=ref, step=event.step + 1)
    for (member,) in following:
        hand_over(rows, recorded, kind="approval", ref=ref, member=event.by, to=member)
    end(rows, kind="approval", ref=ref, member=event.by)


def _duty(row: tuple[Any, ...], at: datetime) -> Duty:
    kind, ref, post, circle, title, since, due, _ = row
    until = from_micros_if_any(due)
    return Duty(
        kind=kind,
        ref=str(PostId(circle, post)) if ref is None else ref,
        circle=circle,
        title=title,
        since=from_micros(since),
        due_at=until,
        overdue=until is not None and at >= until,
    )


_PUBLISH: Final = """
INSERT INTO circlekit_duty_post (circle, post, title) VALUES (:circle, :post, :title)
"""
_EDIT: Final = """
UPDATE circlekit_duty_post SET title = :title WHERE circle = :circle AND post = :post
"""
_REMOVE: Final = (
    "DELETE FROM circlekit_duty_post WHERE circle = :circle AND post = :post",
    "DELETE FROM circlekit_duty_must_see WHERE circle = :circle AND post = :post",
    "DELETE FROM circlekit_duty_acknowledged WHERE circle = :circle AND post = :post",
)
_MUST_SEE: Final = """
INSERT INTO circlekit_duty_must_see (position, circle, post, at)
VALUES (:position, :circle, :post, :at)
"""
_ACKNOWLEDGE: Final = """
INSERT INTO circlekit_duty_acknowledged (circle, post, member)
VALUES (:circle, :post, :member) ON CONFLICT DO NOTHING
"""
_COUNT_ACKNOWLEDGED: Final = """
UPDATE circlekit_duty_member SET acknowledged = acknowledged + 1
WHERE member = :member AND circle = :circle AND NOT EXISTS (
    SELECT 1 FROM circlekit_duty_acknowledged a
    WHERE a.circle = :circle AND a.post = :post AND a.member = :member)
"""
_NOTHING_YET: Final = """
INSERT INTO circlekit_duty_circle (circle, must_sees) VALUES (:circle, 0)
"""
_COUNT_MUST_SEE: Final = """
UPDATE circlekit_duty_circle SET must_sees = must_sees + 1 WHERE circle = :circle
"""
_JOIN: Final = """
INSERT INTO circlekit_duty_member (member, circle, acknowledged)
VALUES (:member, :circle, 0)
"""
_LEAVE: Final = """
DELETE FROM circlekit_duty_member WHERE member = :member AND circle = :circle
"""
_CLOSE: Final = """
INSERT INTO circlekit_duty_closed (circle) VALUES (:circle) ON CONFLICT DO NOTHING
"""
_REOPEN: Final = "DELETE FROM circlekit_duty_closed WHERE circle = :circle"
_ANEW: Final = """
ON CONFLICT (member, kind, ref) DO UPDATE SET circle = excluded.circle,
title = excluded.title, at = excluded.at, position = excluded.position,
due = excluded.due, open = 1
"""
_BEGIN: Final = f"""
INSERT INTO circlekit_duty_own
(member, kind, ref, circle, title, at, position, due, open)
VALUES (:member, :kind, :ref, :circle, :title, :at, :position, :due, 1)
{_ANEW}
"""
_BEGIN_AGAIN: Final = """
UPDATE circlekit_duty_own SET open = 1, at = :at, position = :position
WHERE kind = :kind AND ref = :ref AND member = :member
"""
_HAND_OVER: Final = f"""
INSERT INTO circlekit_duty_own
(member, kind, ref, circle, title, at, position, due, open)
SELECT :to, kind, ref, circle, title, :at, :position, due, 1
FROM circlekit_duty_own
WHERE kind = :kind AND ref = :ref AND member = :member AND open = 1
{_ANEW}
"""
_MOVE: Final = """
UPDATE circlekit_duty_own SET due = :due WHERE kind = :kind AND ref = :ref
"""
_END: Final = """
UPDATE circlekit_duty_own SET open = 0
WHERE kind = :kind AND ref = :ref AND member = coalesce(:member, member)
"""
_ASK: Final = """
INSERT INTO circlekit_duty_step (approval, step, member) VALUES (:ref, :step, :member)
"""
_ASK_ANOTHER: Final = """
UPDATE circlekit_duty_step SET member = :member WHERE approval = :ref AND step = :step
"""
_ASK_NOBODY: Final = "DELETE FROM circlekit_duty_step WHERE approval = :ref"
_ASKED: Final = """
SELECT member FROM circlekit_duty_step WHERE approval = :ref AND step = :step
"""
_WAITING_FOR: Final = """
SELECT m.member FROM circlekit_duty_must_see u
JOIN circlekit_duty_member m ON m.circle = u.circle
WHERE u.circle = :circle AND u.post = :post AND NOT EXISTS (
    SELECT 1 FROM circlekit_duty_acknowledged a
    WHERE a.circle = u.circle AND a.post = u.post AND a.member = m.member)
ORDER BY m.member
"""
# An approval that has expired can no longer be done, whether or not it was closed.
# Of must-sees only those circles are asked that had more than the member acknowledged.
# CROSS JOIN has SQLite, and DISTINCT has PostgreSQL, find those first.
_OPEN: Final = f"""
SELECT * FROM (
    SELECT o.kind, o.ref, 0 AS post, o.circle, o.title, o.at, o.due, o.position
    FROM circlekit_duty_own o
    WHERE o.member = :member AND o.open = 1 AND o.kind IN (:a, :b, :c, :d, :e)
    AND o.circle = coalesce(:circle, o.circle)
    AND EXISTS (
        SELECT 1 FROM circlekit_duty_member m
        WHERE m.member = o.member AND m.circle = o.circle)
    AND NOT EXISTS (SELECT 1 FROM circlekit_duty_closed c WHERE c.circle = o.circle)
    AND (o.kind <> 'approval' OR o.due IS NULL OR o.due > :now)
    AND {NOT_CLOSED}
    AND (o.at, o.position, o.ref) < (:at, :position, :ref)
    ORDER BY o.at DESC, o.position DESC, o.ref DESC LIMIT :limit) AS own
UNION ALL
SELECT 'must-see' AS kind, NULL AS ref, n.post, n.circle, p.title, n.at,
CAST(NULL AS BIGINT) AS due, n.position
FROM (
    SELECT u.circle, u.post, u.at, u.position
    FROM (
        SELECT DISTINCT m.circle
        FROM circlekit_duty_member m CROSS JOIN circlekit_duty_circle c
        WHERE m.member = :member AND m.circle = coalesce(:circle, m.circle)
        AND c.circle = m.circle AND c.must_sees > m.acknowledged) w
    CROSS JOIN circlekit_duty_must_see u
    WHERE 'must-see' IN (:a, :b, :c, :d, :e)
    AND u.circle = w.circle AND (u.at, u.position) < (:at, :position)
    AND NOT EXISTS (
        SELECT 1 FROM circlekit_duty_acknowledged a
        WHERE a.circle = u.circle AND a.post = u.post AND a.member = :member)
    ORDER BY u.at DESC, u.position DESC LIMIT :limit) AS n
CROSS JOIN circlekit_duty_post p WHERE p.circle = n.circle AND p.post = n.post
ORDER BY 6 DESC, 8 DESC, 2 DESC LIMIT :limit
"""
