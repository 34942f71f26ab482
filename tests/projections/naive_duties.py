"""
Everybody's duties once more, as simply as can be: all of history, every time.
"""

from circlekit import PostId
from circlekit.events import circle as c
from circlekit.events import reader as r
from circlekit.projections.duties import Duty


def inbox(told, member, *, circle=None, kinds=None, now):
    """
    Return all that a member has to do, newest first.
    """
    where, texts, must_sees, acknowledged = set(), {}, {}, set()
    for it in told:
        event = it.event
        match event:
            case c.CircleFounded() if event.by == member:
                where.add(it.subject)
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
    return [
        Duty(
            kind=kind,
            ref=str(ref),
            circle=of,
            title=title(text),
            since=at,
            due=due,
            overdue=due is not None and not now < due,
        )
        for at, _, kind, ref, of, text, due in sorted(found, reverse=True)
        if of in where and circle in {None, of} and (kinds is None or kind in kinds)
    ]


def title(text):
    """
    Return the first line with anything in it, cut.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[0][:100] if lines else ""
