"""
What has happened in a community, in plain dicts and lists.

Everything here is done in the way that is easiest to check by reading, however
slow that is.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from attrs import Factory, define, frozen

from circlekit.audit import CircleMonth, MustSeeAudit, Override
from circlekit.budget import CALENDAR_MONTH, Budget
from circlekit.clock import EPOCH
from circlekit.events.circle import CircleKind, VerifiedRole
from circlekit.ids import CircleId, HomeworkId, MemberId, PostId, TodoId, TopicId
from circlekit.policies.house import Act, Asked, HousePolicy
from circlekit.projections.member_feed import CircleEntry, FeedItem
from circlekit.rulebook import RuleBook
from circlekit.testing.community.plain_homework import (
    PlainHomework,
    PlainRole,
    Since,
)
from circlekit.testing.machines.counting import Spent, in_one_window
from circlekit.testing.machines.house import house_says
from circlekit.verdict import ALLOWED, Reason, Verdict

KIND: Final[CircleKind] = "community"


@frozen
class Given:
    """
    A command, and what was answered.

    Attributes:
        result: What the command returned, None if it was refused.

        verdict: Why it was refused, or that it was allowed.
    """

    name: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    result: object = None
    verdict: Verdict = ALLOWED

    def __str__(self) -> str:
        """
        Return the call, as a host writes it.
        """
        said = [repr(value) for value in self.args]
        said += (f"{name}={value!r}" for name, value in self.kwargs.items())
        return f"{self.name}({', '.join(said)})"


@frozen(kw_only=True)
class Attempt:
    """
    Somebody asked for a must-see.

    Attributes:
        rules: The rules that refused it, none if it was sent.

        place: Where in the history it was sent, 0 if it was refused.

        override: The reason for going beyond the quota, if it was gone beyond.

        allowance: Most that a month held by the rule book of the day.
    """

    circle: CircleId
    by: MemberId
    at: datetime = EPOCH
    rules: tuple[str, ...] = ()
    place: int = 0
    override: str | None = None
    allowance: int | None = None


@define
class PlainPost:
    """
    A post, and what came of it.

    Attributes:
        order: How many commands had come before it, in all circles.

        must_see_order: The same of when it became a must-see.
    """

    author: MemberId
    at: datetime
    text: str
    order: int
    topic: str | None = None
    must_see_at: datetime | None = None
    must_see_order: int = 0
    comments: int = 0
    removed: bool = False
    read_by: list[str] = Factory(list)
    acknowledged_by: list[str] = Factory(list)


@define
class PlainInvitation:
    """
    An invitation: of whom, None for whoever comes, until when, and whether it is over.
    """

    member: MemberId | None
    until: datetime | None
    used: bool = False


@define
class PlainWaiting:
    """
    A post or must-see that waits for its moment.

    Attributes:
        order: How many commands had come before it, in all circles.

        books: The budgets that were in force since; none for a post.

        excused: Places of must-sees sent by override since.
    """

    release_at: datetime
    by: MemberId
    text: str
    order: int
    books: list[tuple[Budget, ...]]
    excused: list[int] = Factory(list)


@define
class PlainTodo:
    """
    A to-do: since when each has it to do who was given it, None if they have done it.
    """

    circle: CircleId
    by: MemberId
    last_at: datetime
    parts: dict[MemberId, Since | None]
    cancelled: bool = False

    def done(self) -> list[MemberId]:
        """
        Return who has done their part.
        """
        return [who for who, since in self.parts.items() if since is None]


class Made(NamedTuple):
    """
    A check-in that counts: whose, for which day, and the post it is told in.
    """

    by: MemberId
    day: date
    post: int | None


@define
class PlainTopic:
    """
    A topic, and the check-ins on it that counted when they were made.
    """

    circle: CircleId
    name: str
    kind: str
    by: MemberId
    last_at: datetime
    length: int = 1
    closed: bool = False
    counted: list[Made] = Factory(list)

    def took(
        self, by: MemberId, day: date, post: int | None, at: datetime, *, counts: bool
    ) -> None:
        """
        Remember a check-in.
        """
        self.length, self.last_at = self.length + 1, at
        if counts:
            self.counted.append(Made(by, day, post))


@define
class PlainCircle:
    """
    A circle, as the model has it.

    Attributes:
        books: Every rule book it went by, and from which place on.

        length: How many events its history has.

        last_at: The moment of the newest of them.

        chat_at: The same of its group.

        refused_at: The same of what was refused.

        chat: Who is in its group.

        people: Everybody in it, with their role.

        since: When they joined.

        joined: After how many commands they did.

        verified: What they were verified as last, if anything.

        left: After how many commands somebody left, if they did.

        posts: All that was published, by place.

        sent: Every must-see, also of posts that were removed since.

        promised: Which of them had waited for their moment, by place.

        closed: Whether it is closed for the time being.

        requests: Who asked to be let in, and waits.

        invitations: Every invitation, by place.

        waiting: What waits for its moment, by place.

        topics_at: The moment of the newest event about the names of its topics.
    """

    id: CircleId
    zone: str
    books: list[tuple[int, RuleBook]]
    last_at: datetime
    chat_at: datetime
    refused_at: datetime
    length: int = 3
    chat: list[str] = Factory(list)
    people: dict[str, str] = Factory(dict)
    since: dict[str, datetime] = Factory(dict)
    joined: dict[str, int] = Factory(dict)
    verified: dict[str, PlainRole] = Factory(dict)
    left: dict[str, int] = Factory(dict)
    may_override: list[str] = Factory(list)
    posts: dict[int, PlainPost] = Factory(dict)
    sent: list[Spent] = Factory(list)
    promised: list[int] = Factory(list)
    closed: bool = False
    requests: list[MemberId] = Factory(list)
    invitations: dict[int, PlainInvitation] = Factory(dict)
    waiting: dict[int, PlainWaiting] = Factory(dict)
    topics_at: datetime = EPOCH

    @property
    def book(self) -> RuleBook:
        """
        Return the rule book in force.
        """
        return self.books[-1][1]

    @property
    def owner(self) -> MemberId:
        """
        Return who owns it.
        """
        return next(MemberId(who) for who in self.people if self.owns(who))

    @property
    def allowance(self) -> int | None:
        """
        Return the most that a calendar month holds, None if no rule counts months.
        """
        monthly = [it for it in self.book.must_see if it.window == CALENDAR_MONTH]
        return monthly[0].limit if monthly else None

    @property
    def reserved(self) -> list[Spent]:
        """
        Return what must-sees that wait have reserved, in the order of time.
        """
        found = [
            Spent(waits.release_at, place)
            for place, waits in self.waiting.items()
            if waits.books
        ]
        return sorted(found)

    @property
    def spent(self) -> list[Spent]:
        """
        Return what was sent and what is reserved, in the order of time.
        """
        return sorted([*self.sent, *self.reserved], key=lambda spend: spend.at)

    def used(self, at: datetime) -> list[int]:
        """
        Return how many each budget's window holds at a moment.

        A rolling window may end at a use to come that is near: the fullest counts.
        """
        used = []
        for budget in self.book.must_see:
            seconds = budget.window.seconds
            moments = [at]
            if seconds is not None:
                span = timedelta(seconds=seconds)
                moments += [it.at for it in self.spent if at < it.at < at + span]
            held = [
                sum(
                    in_one_window(budget, self.zone, it.at, moment)
                    for it in self.spent
                    if seconds is None or it.at <= moment
                )
                for moment in moments
            ]
            limit = budget.limit
            used.append(max(held, key=lambda number: min(number, limit)))
        return used

    def shut(self) -> dict[str, bool]:
        """
        Return the rule that refuses whatever is done in a closed circle.
        """
        return {"circle-closed": self.closed}

    def keeps_back(self, waits: PlainWaiting) -> tuple[str, ...]:
        """
        Return the rules by which something that is due is not published.
        """
        rules = [name for name, refuses in self.shut().items() if refuses]
        if waits.books and not self.runs(waits.by):
            rules.append("not-a-manager")
        if not waits.books and waits.by not in self.people:
            rules.append("not-a-member")
        return tuple(sorted(rules))

    def overridden(self, place: int) -> None:
        """
        Remember that what waits need not wait for a must-see sent by override.
        """
        for waits in self.waiting.values():
            waits.excused.append(place)

    def adopted(self, book: RuleBook) -> None:
        """
        Go by another rule book, by which what waits may be released as well.
        """
        self.books.append((self.length, book))
        for waits in self.waiting.values():
            if waits.books and book.must_see not in waits.books:
                waits.books.append(book.must_see)

    def owns(self, who: str) -> bool:
        """
        Return whether somebody owns it.
        """
        return self.people.get(who) == "owner"

    def runs(self, who: str) -> bool:
        """
        Return whether somebody owns it or is a manager.
        """
        return self.people.get(who) in {"owner", "manager"}

    def not_there(self, place: int) -> dict[str, bool]:
        """
        Return the rules about what is spoken of, and which of them refuse.
        """
        post = self.posts.get(place)
        return {
            "unknown-post": post is None,
            "post-removed": post is not None and post.removed,
        }

    def house_refuses(
        self,
        policies: Iterable[type[HousePolicy]],
        act: Act,
        by: str,
        at: datetime,
    ) -> list[Reason]:
        """
        Return what the house's own policies have against it, asked one by one.
        """
        earlier = [spend.at for spend in self.spent if spend.at <= at]
        asked = Asked(
            act=act,
            by=by,
            role=self.people.get(by),  # type: ignore[arg-type] # one of the roles
            member_since=self.since.get(by),
            last_must_see_at=earlier[-1] if earlier else None,
            kind=KIND,
            zone=self.zone,
            at=at,
        )
        return house_says(policies, self.book, asked)

    def came_in(
        self,
        who: str,
        role: str,
        at: datetime,
        order: int,
        verified: VerifiedRole | None = None,
    ) -> None:
        """
        Remember somebody as a member.
        """
        self.people[who] = role
        self.since[who] = at
        self.joined[who] = order
        if verified is not None:
            self.verified[who] = PlainRole(verified, at)
        self.requests = [it for it in self.requests if it != who]

    def went(self, who: str, order: int) -> None:
        """
        Forget somebody as a member; what they saw until now they may still see.
        """
        del self.people[who], self.since[who], self.joined[who]
        self.verified.pop(who, None)
        self.left[who] = order
        self.may_override = [it for it in self.may_override if it != who]
        self.chat = [it for it in self.chat if it != who]


@define
class PlainCommunity:
    """
    All circles, and what was tried in them.

    Attributes:
        order: How many commands were carried out.

        given: Every command that carried an id, with its answer.

        todos: Every to-do, by its id; topics and homework the same.

        reminded: When each reader was reminded of which must-see.

        read_at: The moment of the newest event of each reader.

        read_events: How many events the history of each reader has.
    """

    circles: dict[CircleId, PlainCircle] = Factory(dict)
    attempts: list[Attempt] = Factory(list)
    given: list[Given] = Factory(list)
    order: int = 0
    todos: dict[TodoId, PlainTodo] = Factory(dict)
    topics: dict[TopicId, PlainTopic] = Factory(dict)
    homework: dict[HomeworkId, PlainHomework] = Factory(dict)
    reminded: dict[tuple[MemberId, CircleId, int], list[Spent]] = Factory(dict)
    read_at: dict[MemberId, datetime] = Factory(dict)
    read_events: Counter[MemberId] = Factory(Counter)

    def has_read(self, reader: MemberId, at: datetime) -> None:
        """
        Remember that something was kept in a reader's own history.
        """
        self.read_at[reader] = at
        self.read_events[reader] += 1

    def inbox(
        self, member: MemberId, now: datetime
    ) -> list[tuple[str, str, CircleId, datetime]]:
        """
        Return all that somebody has to do at a moment, newest first.
        """
        found: list[tuple[Since, tuple[str, str, CircleId, datetime]]] = []
        for it in self.circles.values():
            if member not in it.people:
                continue
            for place, post in it.posts.items():
                at = post.must_see_at
                if at is None or post.removed or member in post.acknowledged_by:
                    continue
                ref = str(PostId(it.id, place))
                found.append(((at, post.must_see_order), ("must-see", ref, it.id, at)))
            for todo, its in self.todos.items():
                since = its.parts.get(member)
                here = its.circle == it.id and not it.closed and not its.cancelled
                if here and since is not None:
                    found.append((since, ("to-do", todo, it.id, since[0])))
            for kind, id_, since in self._homework_of(it, member, now):
                found.append((since, (kind, id_, it.id, since[0])))
        # Who joins has all homework of their role since the same moment.
        found.sort(key=lambda pair: (pair[0], pair[1][1]), reverse=True)
        return [duty for _, duty in found]

    def homework_in(self, it: PlainCircle) -> list[PlainHomework]:
        """
        Return the homework of a circle.
        """
        return [each for each in self.homework.values() if each.circle == it.id]

    def homework_to_do(
        self, member: MemberId, now: datetime
    ) -> list[tuple[HomeworkId, datetime, datetime | None, bool]]:
        """
        Return what somebody may still hand in at a moment, next due first.
        """
        found = []
        for id_, homework in self.homework.items():
            it = self.circles[homework.circle]
            if member in it.people and homework.to_do_since(member, it, now):
                back = member in homework.work
                row = id_, homework.due_at, homework.closes_for(member), back
                found.append(row)
        return sorted(found, key=lambda row: (row[1], row[0]))

    def homework_to_grade(
        self, member: MemberId
    ) -> list[tuple[HomeworkId, datetime, int]]:
        """
        Return the homework somebody set that waits for marks, next due first.
        """
        found = [
            (id_, homework.due_at, len(homework.waiting()))
            for id_, homework in self.homework.items()
            if homework.by == member and homework.waiting() and not homework.cancelled
        ]
        return sorted(found, key=lambda row: (row[1], row[0]))

    def feed(self, member: MemberId) -> list[FeedItem]:
        """
        Return all that somebody may see, each post once.
        """
        found = []
        for it in self.circles.values():
            for place, post in it.posts.items():
                if not self._sees(it, member, post):
                    continue
                acknowledged = member in post.acknowledged_by
                first = (
                    member in it.people
                    and post.must_see_at is not None
                    and not acknowledged
                )
                item = FeedItem(
                    post=PostId(it.id, place),
                    author=post.author,
                    at=post.at,
                    text=post.text,
                    topic=post.topic,
                    must_see_at=post.must_see_at,
                    acknowledged=acknowledged,
                    unread=member not in (post.author, *post.read_by),
                    comments=post.comments,
                    reactions={},
                )
                found.append(((first, post.at, post.order), item))
        found.sort(key=lambda pair: pair[0], reverse=True)
        return [item for _, item in found]

    def entries(self, member: MemberId) -> tuple[CircleEntry, ...]:
        """
        Return the circles somebody is in, by name.
        """
        return tuple(
            CircleEntry(
                circle=it.id,
                name=it.id,
                kind=KIND,
                zone=it.zone,
                organisation=None,
                role=it.people[member],
            )
            for _, it in sorted(self.circles.items())
            if member in it.people
        )

    def audit(self) -> MustSeeAudit:
        """
        Return what an audit must come to.
        """
        refused = [it for it in self.attempts if it.rules]
        return MustSeeAudit(
            attempts=len(self.attempts),
            sent=len(self.attempts) - len(refused),
            refused=len(refused),
            refused_by=Counter("+".join(it.rules) for it in refused),
            circles=[
                row
                for _, it in sorted(self.circles.items())
                for row in self._months(it)
            ],
            overrides=[
                Override(
                    circle=it.circle,
                    version=it.place,
                    at=it.at,
                    by=it.by,
                    reason=it.override,
                )
                for it in self.attempts
                if it.override is not None and not it.rules
            ],
        )

    def _homework_of(
        self, it: PlainCircle, member: MemberId, now: datetime
    ) -> Iterator[tuple[str, HomeworkId, Since]]:
        for id_, homework in self.homework.items():
            if homework.circle != it.id or it.closed or homework.cancelled:
                continue
            since = homework.to_do_since(member, it, now)
            if since is not None:
                yield "homework", id_, since
            if homework.by == member and homework.waiting() and homework.grading_since:
                yield "grading", id_, homework.grading_since

    def _sees(self, it: PlainCircle, member: MemberId, post: PlainPost) -> bool:
        if post.removed:
            return False
        return member in it.people or post.order < it.left.get(member, 0)

    def _months(self, it: PlainCircle) -> Iterator[CircleMonth]:
        by_month: dict[str, list[Attempt]] = {}
        for attempt in self.attempts:
            if attempt.circle == it.id:
                month = f"{attempt.at.astimezone(ZoneInfo(it.zone)):%Y-%m}"
                by_month.setdefault(month, []).append(attempt)
        sent_at = [spend.at for spend in it.sent]
        for month, attempts in sorted(by_month.items()):
            gaps = [
                (later - earlier).total_seconds()
                for earlier, later in pairwise(sent_at)
                if f"{later.astimezone(ZoneInfo(it.zone)):%Y-%m}" == month
            ]
            yield CircleMonth(
                circle=it.id,
                month=month,
                zone=it.zone,
                allowance=attempts[-1].allowance,
                sent=sum(not attempt.rules for attempt in attempts),
                refused=sum(bool(attempt.rules) for attempt in attempts),
                closest_gap_seconds=min(gaps, default=None),
            )
