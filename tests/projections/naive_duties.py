"""
Everybody's duties once more, as simply as can be: all of history, every time.
"""

from attrs import evolve

from circlekit import PostId
from circlekit.events import approval as a
from circlekit.events import circle as c
from circlekit.events import closing as cl
from circlekit.events import reader as r
from circlekit.events import todo as d
from circlekit.projections.approvals import ApprovalEntry, StepEntry
from circlekit.projections.duties import Duty
from circlekit.projections.todos import TodoEntry, TodoPart


def inbox(told, member, *, circle=None, kinds=None, now):  # noqa: C901, PLR0912
    """
    Return all that a member has to do, newest first.
    """
    where, texts, must_sees, acknowledged = set(), {}, {}, set()
    closed = set()
    for it in told:
        event = it.event
        match event:
            case c.CircleFounded() if event.by == member:
                where.add(it.subject)
            case cl.CircleClosed() | cl.CircleArchived():
                closed.add(it.subject)
            case cl.CircleReopened():
                closed.remove(it.subject)
            case c.MemberJoined() if event.member == member:
                where.add(it.subject)
            case c.MemberLeft() | c.MemberRemoved() if event.member == member:
                where.remove(it.subject)
            case c.PostPublished():
                texts[PostId(it.subject, it.version)] = event.text
            case c.PostEdited():
                texts[PostId(it.subject, event.post)] = event.text
            case c.PostRemoved():
                del texts[PostId(it.subject, event.post)]
            case c.MustSeeSent():
                must_sees[PostId(it.subject, event.post)] = it
            case r.MustSeeAcknowledged() if it.subject == member:
                acknowledged.add(PostId(event.circle, event.post))
    found = [
        (sent.event.at, sent.position, "must-see", post, post.circle, texts[post], None)
        for post, sent in must_sees.items()
        if post in texts and post not in acknowledged
    ]
    for entry, since in todos(told, now=now):
        mine = [part for part in entry.parts if part.member == member]
        if entry.cancelled_at is None and mine and mine[0].done_at is None:
            found.append((*since[member], "to-do", entry.todo, *_shown(entry)))
    for entry, since in approvals(told, now=now):
        for place, step in enumerate(entry.steps):
            if step.open and step.approver == member:
                mine = (*since[place], "approval", entry.approval)
                found.append((*mine, *_shown(entry)))
    return [
        Duty(
            kind=kind,
            ref=str(ref),
            circle=of,
            title=title(text),
            since=at,
            due_at=due,
            overdue=due is not None and not now < due,
        )
        for at, _, kind, ref, of, text, due in sorted(found, reverse=True)
        if of in where
        and (kind == "must-see" or of not in closed)
        and circle in {None, of}
        and (kinds is None or kind in kinds)
    ]


def _shown(entry):
    return entry.circle, entry.title, entry.due_at


def title(text):
    """
    Return the first line with anything in it, cut.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[0][:100] if lines else ""


def todos(told, *, now):
    """
    Return every to-do, newest first, and since when each has their part of it.
    """
    found, given = {}, {}
    for it in told:
        event, todo = it.event, it.subject
        when = (event.at, it.position)
        match event:
            case d.TodoAssigned():
                found[todo] = TodoEntry(
                    todo=todo,
                    circle=event.circle,
                    title=event.title,
                    given_by=event.by,
                    at=event.at,
                    parts=(),
                    due_at=event.due_at,
                )
                given[todo] = (
                    when,
                    dict.fromkeys(event.to),
                    dict.fromkeys(event.to, when),
                )
            case d.TodoDone():
                given[todo][1][event.by] = event.at
            case d.TodoReopened():
                given[todo][1][event.member] = None
                given[todo][2][event.member] = when
            case d.TodoReassigned():
                del given[todo][1][event.member]
                given[todo][1][event.to] = None
                given[todo][2][event.to] = when
            case d.TodoDueMoved():
                found[todo] = evolve(found[todo], due_at=event.due_at)
            case d.TodoCancelled():
                found[todo] = evolve(found[todo], cancelled_at=event.at)
    entries = []
    for todo, (_, parts, since) in sorted(
        given.items(), key=lambda of: of[1][0], reverse=True
    ):
        entry = found[todo]
        late = entry.due_at is not None and not now < entry.due_at
        entry = evolve(
            entry,
            parts=tuple(
                TodoPart(member=member, done_at=parts[member])
                for member in sorted(parts)
            ),
            overdue=late and entry.cancelled_at is None and None in parts.values(),
        )
        entries.append((entry, since))
    return entries


def approvals(told, *, now):
    """
    Return every approval, newest first, and since when each step is open.
    """
    found, since = {}, {}
    for it in told:
        event, approval = it.event, it.subject
        when = (event.at, it.position)
        match event:
            case a.ApprovalStarted():
                found[approval] = (
                    when,
                    ApprovalEntry(
                        approval=approval,
                        circle=event.circle,
                        title=event.title,
                        form=event.form,
                        answers=event.answers,
                        started_by=event.by,
                        at=event.at,
                        steps=tuple(
                            StepEntry(
                                approver=step.approver, organisation=step.organisation
                            )
                            for step in event.steps
                        ),
                        parallel=event.parallel,
                        due_at=event.due_at,
                    ),
                )
                since[approval] = dict.fromkeys(range(len(event.steps)), when)
            case a.ApprovalStepDecided():
                _change(
                    found,
                    approval,
                    event.step,
                    approved=event.approved,
                    comment=event.comment,
                    decided_at=event.at,
                )
                if not found[approval][1].parallel:
                    since[approval][event.step + 1] = when
            case a.ApprovalDelegated():
                _change(found, approval, event.step, approver=event.to)
                waits = not found[approval][1].parallel and any(
                    step.approved is None
                    for step in found[approval][1].steps[: event.step]
                )
                if not waits:
                    since[approval][event.step] = when
            case a.ApprovalClosed():
                first, entry = found[approval]
                found[approval] = (
                    first,
                    evolve(entry, state=event.outcome, closed_at=event.at),
                )
    entries = []
    for _, entry in sorted(found.values(), key=lambda of: of[0], reverse=True):
        late = entry.due_at is not None and not now < entry.due_at
        if entry.state == "open" and late:
            entry = evolve(entry, state="expired")  # noqa: PLW2901
        undecided = [
            place for place, step in enumerate(entry.steps) if step.approved is None
        ]
        asked = undecided if entry.parallel else undecided[:1]
        entry = evolve(  # noqa: PLW2901
            entry,
            steps=tuple(
                evolve(step, open=entry.state == "open" and place in asked)
                for place, step in enumerate(entry.steps)
            ),
        )
        entries.append((entry, since[entry.approval]))
    return entries


def _change(found, approval, place, **changes):
    first, entry = found[approval]
    steps = list(entry.steps)
    steps[place] = evolve(steps[place], **changes)
    found[approval] = (first, evolve(entry, steps=tuple(steps)))
