"""
Everything that a history can be asked, and the answers as JSON has them.

These shapes are part of the formats of golden histories and of exports: a key that
is added here is a new version of both.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, Final

import msgspec
from attrs import define, field, frozen

from circlekit.application.approvals import Approvals
from circlekit.application.duties import Duties
from circlekit.application.homework import Homeworks
from circlekit.application.lives import Lives
from circlekit.application.reading import LONGEST_PAGE, Reading
from circlekit.application.todos import Todos
from circlekit.application.topics import Topics
from circlekit.audit import CircleMonth, MustSeeAudit
from circlekit.clock import EPOCH, written, written_if_any
from circlekit.events.approval import ApprovalStarted
from circlekit.events.circle import CircleFounded, MemberJoined
from circlekit.events.customer import CustomerAdded
from circlekit.events.group import GroupFounded
from circlekit.events.homework import HomeworkAssigned
from circlekit.events.live import LiveScheduled
from circlekit.events.record import Recorded
from circlekit.events.todo import TodoAssigned
from circlekit.events.topic import TopicMade
from circlekit.projections.duties import Duty
from circlekit.projections.group_timeline import TimelineEntry
from circlekit.projections.member_feed import FeedItem
from circlekit.projections.quota_view import Quota

Answer = dict[str, Any]


@define(eq=False, repr=False)
class Asking(Approvals, Duties, Homeworks, Lives, Todos, Topics):
    """
    Whoever is asked, and nothing but asked.
    """


@define
class Asked:
    """
    Who is asked about, and as of when.

    Attributes:
        members: Whoever was ever a member of a circle.

        groups: Every group.

        holders: Everybody with budgets, by their history.

        homework: Every piece of homework.

        lives: Every live.

        topics: Every topic.

        todos: Every to-do.

        approvals: Every approval.

        at: The last recorded moment.
    """

    members: Sequence[str] = ()
    groups: Sequence[str] = ()
    holders: Sequence[str] = ()
    at: datetime = EPOCH
    homework: Sequence[str] = ()
    lives: Sequence[str] = ()
    topics: Sequence[str] = ()
    todos: Sequence[str] = ()
    approvals: Sequence[str] = ()

    @classmethod
    def about(cls, history: Iterable[Recorded]) -> "Asked":
        """
        Return who is in a history.
        """
        gathered = Gathered()
        for recorded in history:
            gathered.take(recorded)
        return gathered.asked


@define
class Gathered:
    """
    Who has come up in a history so far.
    """

    members: set[str] = field(factory=set)
    groups: set[str] = field(factory=set)
    holders: set[str] = field(factory=set)
    homework: set[str] = field(factory=set)
    lives: set[str] = field(factory=set)
    topics: set[str] = field(factory=set)
    todos: set[str] = field(factory=set)
    approvals: set[str] = field(factory=set)
    at: datetime = EPOCH

    def take(self, recorded: Recorded) -> None:
        """
        Take in one more event.
        """
        event = recorded.event
        self.at = max(self.at, event.at)
        match event:
            case CircleFounded():
                self.members.add(event.by)
                self.holders.add(recorded.stream)
            case MemberJoined():
                self.members.add(event.member)
            case GroupFounded():
                self.groups.add(recorded.subject)
            case CustomerAdded():
                self.holders.add(recorded.stream)
            case HomeworkAssigned():
                self.homework.add(recorded.subject)
            case LiveScheduled():
                self.lives.add(recorded.subject)
            case TopicMade():
                self.topics.add(recorded.subject)
            case TodoAssigned():
                self.todos.add(recorded.subject)
            case ApprovalStarted():
                self.approvals.add(recorded.subject)

    @property
    def asked(self) -> Asked:
        """
        Return them in order.
        """
        return Asked(
            members=sorted(self.members),
            groups=sorted(self.groups),
            holders=sorted(self.holders),
            at=self.at,
            homework=sorted(self.homework),
            lives=sorted(self.lives),
            topics=sorted(self.topics),
            todos=sorted(self.todos),
            approvals=sorted(self.approvals),
        )


def feed(
    kit: Reading, member: str, *, circle: str | None = None, most: int | None = None
) -> Iterator[Answer]:
    """
    Return a member's feed, item by item.

    Args:
        kit: Who is asked.
        member: Whose feed.
        circle: Only this circle.
        most: How many items at most, None for all.
    """
    return islice(_feed(kit, member, circle), most)


def inbox(kit: Duties, member: str, *, circle: str | None = None) -> Iterator[Answer]:
    """
    Return what a member has to do, duty by duty, over all their circles or one.
    """
    after = None
    while True:
        page = kit.inbox(member, circle=circle, after=after, limit=LONGEST_PAGE)
        yield from map(_duty, page.items)
        after = page.next
        if after is None:
            return


def timeline(kit: Reading, group: str) -> Iterator[Answer]:
    """
    Return a group's timeline, entry by entry.
    """
    before = None
    while True:
        page = kit.group_timeline(group, before=before, limit=LONGEST_PAGE)
        yield from map(_timeline_entry, page.entries)
        before = page.next
        if before is None:
            return


def _feed(kit: Reading, member: str, circle: str | None) -> Iterator[Answer]:
    after = None
    while True:
        page = kit.feed(member, circle=circle, after=after, limit=LONGEST_PAGE)
        yield from map(_feed_item, page.items)
        after = page.next
        if after is None:
            return


def _feed_item(item: FeedItem) -> dict[str, Any]:
    return {
        "post": str(item.post),
        "pinned": item.pinned,
        "must_see_at": written_if_any(item.must_see_at),
        "acknowledged": item.acknowledged,
        "unread": item.unread,
        "comments": item.comments,
        "reactions": item.reactions,
    }


def _duty(duty: Duty) -> dict[str, Any]:
    return {
        "kind": duty.kind,
        "ref": duty.ref,
        "circle": duty.circle,
        "title": duty.title,
        "since": written(duty.since),
        "due_at": written_if_any(duty.due_at),
        "overdue": duty.overdue,
    }


def _timeline_entry(entry: TimelineEntry) -> dict[str, Any]:
    return {
        "kind": entry.kind,
        "by": entry.by,
        "at": written(entry.at),
        "text": entry.text,
        "images": list(entry.images),
        "videos": list(entry.videos),
        "post": None if entry.post is None else str(entry.post),
        "comment": None if entry.comment is None else str(entry.comment),
        "message": None if entry.message is None else str(entry.message),
        "reactions": entry.reactions,
    }


def quota(kit: Reading, holder: str) -> Answer:
    """
    Return every budget of a circle or customer, named by their history.
    """
    kind, _, id_ = holder.partition("/")
    found: Quota = kit.quota(**{kind: id_})
    return {
        "rules": found.rules,
        "zone": found.zone,
        "lines": [
            {
                "source": line.source,
                "rule": line.rule,
                "used": line.used,
                "left": line.left,
                "limit": line.limit,
                "window": line.window,
                "starts": written(line.starts),
                "ends": written(line.ends),
                "next_allowed": written_if_any(line.next_allowed),
            }
            for line in found.lines
        ],
    }


def audit(kit: Reading, circle: str | None = None) -> Answer:
    """
    Return what became of every attempt to send a must-see.
    """
    # The events were checked when they were saved, and are perhaps not all there.
    found: MustSeeAudit = kit.audit_must_sees(circle, verify=False)
    return {
        "attempts": found.attempts,
        "sent": found.sent,
        "refused": found.refused,
        "refused_by": dict(sorted(found.refused_by.items())),
        "circles": [_circle_month(row) for row in found.circles],
        "violations": [
            {
                "circle": it.circle,
                "version": it.version,
                "rule": it.rule,
                "at": written(it.at),
                "used": it.used,
                "limit": it.limit,
            }
            for it in found.violations
        ],
        "overrides": [
            {
                "circle": used.circle,
                "version": used.version,
                "at": written(used.at),
                "by": used.by,
                "reason": used.reason,
            }
            for used in found.overrides
        ],
        "not_judged": sorted(found.not_judged),
    }


def _circle_month(row: CircleMonth) -> dict[str, Any]:
    return {
        "circle": row.circle,
        "month": row.month,
        "zone": row.zone,
        "allowance": row.allowance,
        "sent": row.sent,
        "refused": row.refused,
        "left": row.left,
        "closest_gap_seconds": row.closest_gap_seconds,
    }


def homework(kit: Homeworks, id_: str) -> Iterator[Answer]:
    """
    Return how far each student is with a piece of homework.
    """
    return map(_plain, kit.submissions(id_))


def live(kit: Lives, id_: str) -> Iterator[Answer]:
    """
    Return how a live was watched.
    """
    figures = _plain(kit.live(id_))
    del figures["live"]
    yield figures


def topic(kit: Topics, id_: str) -> Iterator[Answer]:
    """
    Return the leaderboard of a topic, by days; of talk there is none.
    """
    return map(_plain, kit.leaderboard(id_, limit=LONGEST_PAGE))


def todo(kit: Todos, id_: str) -> Iterator[Answer]:
    """
    Return who has done their part of a to-do.
    """
    entry = _plain(kit.todo(id_))
    del entry["todo"]
    yield entry


def approval(kit: Approvals, id_: str) -> Iterator[Answer]:
    """
    Return what was decided of an approval, step by step.
    """
    entry = _plain(kit.approval(id_))
    del entry["approval"]
    yield entry


def _plain(found: object) -> Answer:
    answer: Answer = msgspec.json.decode(msgspec.json.encode(found))
    return answer


@frozen
class Scope:
    """
    How much is asked.

    Attributes:
        circle: Only this circle, None for all.

        feed_items: How many items of each feed at most, None for all.
    """

    circle: str | None
    feed_items: int | None


@frozen
class Question:
    """
    What is asked about everybody, or everything, of some kind.

    Attributes:
        name: What the answers are called, as in ``feeds``.

        about: What each is about, as in ``member``.

        whom: Who is asked about.

        words: One of the answers in words, as in ``feed of {}``.

        ask: Returns the answer about one, line by line.
    """

    name: str
    about: str
    whom: Callable[[Asked], Sequence[str]]
    words: str
    ask: Callable[[Asking, str, Scope], Iterator[Answer]]


QUESTIONS: Final = (
    Question(
        "feeds",
        "member",
        lambda asked: asked.members,
        "feed of {}",
        lambda kit, whose, of: feed(kit, whose, circle=of.circle, most=of.feed_items),
    ),
    Question(
        "inboxes",
        "member",
        lambda asked: asked.members,
        "inbox of {}",
        lambda kit, whose, of: inbox(kit, whose, circle=of.circle),
    ),
    Question(
        "timelines",
        "group",
        lambda asked: asked.groups,
        "timeline of {}",
        lambda kit, whose, _: timeline(kit, whose),
    ),
    Question(
        "quotas",
        "holder",
        lambda asked: asked.holders,
        "quota of {}",
        lambda kit, whose, _: iter([quota(kit, whose)]),
    ),
    Question(
        "homework",
        "homework",
        lambda asked: asked.homework,
        "homework {}",
        lambda kit, it, _: homework(kit, it),
    ),
    Question(
        "lives",
        "live",
        lambda asked: asked.lives,
        "live {}",
        lambda kit, it, _: live(kit, it),
    ),
    Question(
        "check-ins",
        "topic",
        lambda asked: asked.topics,
        "leaderboard of {}",
        lambda kit, it, _: topic(kit, it),
    ),
    Question(
        "to-dos",
        "todo",
        lambda asked: asked.todos,
        "to-do {}",
        lambda kit, it, _: todo(kit, it),
    ),
    Question(
        "approvals",
        "approval",
        lambda asked: asked.approvals,
        "approval {}",
        lambda kit, it, _: approval(kit, it),
    ),
)
"""
Everything that is asked, but for the must-see audit.
"""
