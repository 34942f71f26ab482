"""
What has happened in a community, in plain dicts and lists.

Everything here is done in the way that is easiest to check by reading, however
slow that is.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import pairwise
from typing import Any, Final
from zoneinfo import ZoneInfo

from attrs import Factory, define, frozen

from circlekit.audit import CircleMonth, MustSeeAudit, Override
from circlekit.budget import CALENDAR_MONTH
from circlekit.clock import EPOCH
from circlekit.events.circle import CircleKind
from circlekit.ids import CircleId, MemberId, PostId
from circlekit.policies.house import Act, Asked, HousePolicy
from circlekit.projections.member_feed import CircleEntry, FeedItem
from circlekit.rulebook import RuleBook
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
    """

    author: MemberId
    at: datetime
    text: str
    order: int
    must_see_at: datetime | None = None
    comments: int = 0
    removed: bool = False
    read_by: list[str] = Factory(list)
    acknowledged_by: list[str] = Factory(list)


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

        left: After how many commands somebody left, if they did.

        posts: All that was published, by place.

        sent: Every must-see, also of posts that were removed since.
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
    left: dict[str, int] = Factory(dict)
    may_override: list[str] = Factory(list)
    posts: dict[int, PlainPost] = Factory(dict)
    sent: list[Spent] = Factory(list)

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

    def used(self, at: datetime) -> list[int]:
        """
        Return how many each budget's window holds at a moment.
        """
        return [
            sum(in_one_window(budget, self.zone, one.at, at) for one in self.sent)
            for budget in self.book.must_see
        ]

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
        asked = Asked(
            act=act,
            by=by,
            role=self.people.get(by),  # type: ignore[arg-type] # one of the roles
            member_since=self.since.get(by),
            last_must_see_at=self.sent[-1].at if self.sent else None,
            kind=KIND,
            zone=self.zone,
            at=at,
        )
        return house_says(policies, self.book, asked)

    def came_in(self, who: str, role: str, at: datetime) -> None:
        """
        Remember somebody as a member.
        """
        self.people[who] = role
        self.since[who] = at

    def went(self, who: str, order: int) -> None:
        """
        Forget somebody as a member; what they saw until now they may still see.
        """
        del self.people[who], self.since[who]
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
    """

    circles: dict[CircleId, PlainCircle] = Factory(dict)
    attempts: list[Attempt] = Factory(list)
    given: list[Given] = Factory(list)
    order: int = 0

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
