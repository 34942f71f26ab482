"""
A topic of a circle, and who checked in on it on which day.

A day counts once for each member. What a member says with a check-in is a post in
the circle; if that is taken down, so is the check-in.
"""

from collections.abc import Container
from datetime import date, datetime
from typing import Final, NamedTuple, assert_never

from attrs import Factory, define

from circlekit.aggregates.history import HasHistory
from circlekit.budget import Spend, day_of
from circlekit.clock import EPOCH
from circlekit.events.record import Cited
from circlekit.events.topic import (
    CheckedIn,
    CheckInRemoved,
    TopicClosed,
    TopicEvent,
    TopicKind,
    TopicMade,
    TopicRenamed,
    TopicReopened,
)
from circlekit.ids import CircleId, MemberId
from circlekit.policies.check_ins import (
    check_in_is_there,
    may_make_up,
    once_a_day,
    takes_check_ins,
)
from circlekit.policies.groups import is_on
from circlekit.policies.topics import (
    not_yet_made,
    own_or_run,
    topic_is_closed,
    topic_is_open,
)
from circlekit.rulebook import RuleBook
from circlekit.verdict import ALLOWED, Verdict, require

Events = tuple[TopicEvent, ...]
_NOWHERE: Final = CircleId("")


class Counted(NamedTuple):
    """
    The check-in that counts for a member and day.

    Attributes:
        version: Its place in the topic's history.

        post: The post it is told in, by its place in the circle's history.
    """

    version: int
    post: int | None


@define
class Topic(HasHistory):
    """
    What a topic must remember to decide what happens next.

    Who may act in its circle, and which of its posts are gone, the circle says.

    Attributes:
        counted: The check-in that counts, by member and day.

        made_up: When each member made up for a missed day, oldest first.

        removed: Check-ins that were taken back, by their place.
    """

    circle: CircleId = _NOWHERE
    zone: str = "UTC"
    name: str = ""
    kind: TopicKind = "talk"
    maker: MemberId | None = None
    made_at: datetime = EPOCH
    closed: bool = False
    counted: dict[str, dict[date, Counted]] = Factory(dict)
    made_up: dict[str, list[Spend]] = Factory(dict)
    removed: set[int] = Factory(set)

    # Commands: may refuse, never change anything.

    def make(
        self,
        *,
        circle: CircleId,
        name: str,
        kind: TopicKind,
        zone: str,
        there: Verdict,
        by: MemberId,
        at: datetime,
    ) -> Events:
        """
        Make the topic; *there* says what circle and names have against it.
        """
        require(not_yet_made(self.version, topic=self.id), there)
        return (
            TopicMade(circle=circle, name=name, kind=kind, zone=zone, by=by, at=at),
        )

    def rename(
        self,
        name: str,
        *,
        free: Verdict,
        member: Verdict,
        run: Verdict,
        by: MemberId,
        at: datetime,
    ) -> Events:
        """
        Go by another name.
        """
        require(
            self._own(member, run, by),
            topic_is_open(self.name, closed=self.closed),
            is_on(
                name != self.name,
                rule="already-so",
                because=f"the topic is called {name} already",
            ),
            free,
        )
        return (TopicRenamed(name=name, by=by, at=at),)

    def close(
        self, *, member: Verdict, run: Verdict, by: MemberId, at: datetime
    ) -> Events:
        """
        Take nothing more.
        """
        require(
            self._own(member, run, by), topic_is_open(self.name, closed=self.closed)
        )
        return (TopicClosed(by=by, at=at),)

    def reopen(
        self,
        *,
        free: Verdict,
        member: Verdict,
        run: Verdict,
        by: MemberId,
        at: datetime,
    ) -> Events:
        """
        Take check-ins again; *free* says whether its name is still to be had.
        """
        require(
            self._own(member, run, by),
            topic_is_closed(self.name, closed=self.closed),
            free,
        )
        return (TopicReopened(by=by, at=at),)

    def check_in(
        self,
        *,
        post: int | None = None,
        value: int | None = None,
        place: str | None = None,
        gone: Container[int] = (),
        there: Verdict = ALLOWED,
        by: MemberId,
        at: datetime,
    ) -> Events:
        """
        Check in for the day it is; it counts if that day does not yet.

        *gone* are the circle's removed posts, *there* is what the circle has
        against it.
        """
        require(there, *self._takes_check_ins())
        day = day_of(at, zone=self.zone)
        used_by = self._counted_on(day, by, gone)
        return (
            CheckedIn(
                day=day,
                counted=not used_by,
                used_by=used_by,
                post=post,
                value=value,
                place=place,
                by=by,
                at=at,
            ),
        )

    def make_up(
        self,
        day: date,
        *,
        book: RuleBook,
        joined_at: datetime | None,
        post: int | None = None,
        value: int | None = None,
        place: str | None = None,
        gone: Container[int] = (),
        there: Verdict = ALLOWED,
        by: MemberId,
        at: datetime,
    ) -> Events:
        """
        Check in for an earlier day that was missed.
        """
        since = max(self.made_at, joined_at or self.made_at)
        used_by = self._counted_on(day, by, gone)
        require(
            there,
            *self._takes_check_ins(),
            may_make_up(
                day,
                book=book,
                made_up=self.made_up.get(by, ()),
                since=day_of(since, zone=self.zone),
                zone=self.zone,
                at=at,
            ),
            once_a_day(used_by, day=day, zone=self.zone, today=False),
        )
        return (
            CheckedIn(
                day=day,
                made_up=True,
                post=post,
                value=value,
                place=place,
                by=by,
                at=at,
            ),
        )

    def remove_check_in(
        self,
        check_in: Cited,
        *,
        gone: Container[int] = (),
        member: Verdict,
        run: Verdict,
        by: MemberId,
        at: datetime,
    ) -> Events:
        """
        Take a check-in back; a month's share of making up stays used.
        """
        made = check_in.event
        found = isinstance(made, CheckedIn)
        require(
            check_in_is_there(
                check_in.version,
                found=found,
                removed=check_in.version in self.removed
                or (found and made.post is not None and made.post in gone),
            ),
            own_or_run(by, made.by, member=member, run=run) if found else ALLOWED,
        )
        return (
            CheckInRemoved(
                check_in=check_in.version, member=made.by, day=made.day, by=by, at=at
            ),
        )

    def _own(self, member: Verdict, run: Verdict, by: MemberId) -> Verdict:
        return own_or_run(by, self.maker, member=member, run=run)

    def _takes_check_ins(self) -> tuple[Verdict, Verdict]:
        return (
            topic_is_open(self.name, closed=self.closed),
            takes_check_ins(self.kind, topic=self.name),
        )

    def _counted_on(
        self, day: date, member: MemberId, gone: Container[int]
    ) -> tuple[int, ...]:
        known = self.counted.get(member, {}).get(day)
        if known is None or (known.post is not None and known.post in gone):
            return ()
        return (known.version,)

    # History: never refuses, whatever today's rules say.

    def _evolve(self, event: TopicEvent) -> None:
        match event:
            case CheckedIn():
                if event.counted:
                    days = self.counted.setdefault(event.by, {})
                    days[event.day] = Counted(self.version, event.post)
                if event.made_up:
                    spends = self.made_up.setdefault(event.by, [])
                    spends.append(Spend(event.at, self.version))
            case CheckInRemoved():
                self.removed.add(event.check_in)
                days = self.counted.get(event.member, {})
                known = days.get(event.day)
                if known is not None and known.version == event.check_in:
                    del days[event.day]
            case TopicRenamed():
                self.name = event.name
            case TopicClosed():
                self.closed = True
            case TopicReopened():
                self.closed = False
            case TopicMade():
                self.circle, self.zone = event.circle, event.zone
                self.name, self.kind = event.name, event.kind
                self.maker, self.made_at = event.by, event.at
            case _:
                assert_never(event)
