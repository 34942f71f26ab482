"""
A live: the groups it goes to, whether it is on, and who watches now.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import assert_never

from attrs import Factory, define

from circlekit.aggregates.history import HasHistory
from circlekit.events.live import (
    LiveCancelled,
    LiveEnded,
    LiveEvent,
    LiveJoined,
    LiveLeft,
    LiveLiked,
    LiveScheduled,
    LiveStarted,
    ReplayPublished,
)
from circlekit.ids import CircleId, GroupId, MemberId
from circlekit.policies.live import (
    LiveStatus,
    Minor,
    Watched,
    comes_by,
    is_watching,
    may_watch_until,
    not_yet_watching,
    now_running,
    replay_due,
    still_scheduled,
    within_live_minutes,
)
from circlekit.verdict import ALLOWED, Verdict, refused, require

Events = tuple[LiveEvent, ...]


@define
class Live(HasHistory):
    """
    What must be remembered of a live to decide what happens next.

    Who may do what in its circle and groups is asked there, and handed over as
    verdicts.

    Attributes:
        circle: The circle it belongs to.

        groups: The groups it goes to, in the order they were named.

        status: None before it was planned.

        watching: Everybody who watches now.

        replay: Whether the replay was published.
    """

    circle: CircleId | None = None
    groups: tuple[GroupId, ...] = ()
    status: LiveStatus | None = None
    watching: set[str] = Factory(set)
    replay: bool = False

    # Commands: may refuse, never change anything.

    def schedule(
        self,
        circle: CircleId,
        groups: tuple[GroupId, ...],
        *,
        title: str,
        starts_at: datetime | None = None,
        there: Iterable[Verdict],
        by: MemberId,
        at: datetime,
    ) -> Events:
        """
        Plan it for some groups; *starts_at* None for no set time.
        """
        require(
            ALLOWED
            if self.version == 0
            else refused("already-scheduled", f"{self.id} was planned already"),
            *there,
        )
        return (
            LiveScheduled(
                circle=circle,
                groups=groups,
                title=title,
                starts_at=starts_at,
                by=by,
                at=at,
            ),
        )

    def start(self, *, there: Iterable[Verdict], by: MemberId, at: datetime) -> Events:
        """
        Begin, in all groups at once.
        """
        require(still_scheduled(self.status), *there)
        return (LiveStarted(by=by, at=at),)

    def cancel(
        self, *, reason: str | None, there: Verdict, by: MemberId, at: datetime
    ) -> Events:
        """
        Call it off before it has begun.
        """
        require(still_scheduled(self.status), there)
        return (LiveCancelled(reason=reason, by=by, at=at),)

    def end(self, *, there: Verdict, by: MemberId, at: datetime) -> Events:
        """
        Be over, for everybody.
        """
        require(now_running(self.status), there)
        return (LiveEnded(by=by, at=at),)

    def join(
        self,
        member: MemberId,
        *,
        group: GroupId | None,
        inside: Collection[GroupId],
        there: Verdict,
        minor: Minor | None,
        watched: Sequence[Watched],
        limit: int | None,
        at: datetime,
    ) -> Events:
        """
        Come to watch by way of a group.

        Args:
            member: Who comes.
            group: By which group; None for the first of those they are in.
            inside: The groups of this live that the member is in.
            there: Whether members of the circle may do anything.
            minor: None for somebody who is not attested to be one.
            watched: What they watched in any live, as far as it may be of today.
            limit: Minutes a minor may watch a day, None for no limit.
            at: The moment.
        """
        require(
            there,
            now_running(self.status),
            comes_by(group, member, inside=inside),
            not_yet_watching(member, self.watching),
            within_live_minutes(watched, limit=limit, minor=minor, at=at),
        )
        first = next(it for it in self.groups if it in inside)
        return (
            LiveJoined(
                member=member,
                group=first if group is None else group,
                until=may_watch_until(watched, limit=limit, minor=minor, at=at),
                at=at,
            ),
        )

    def leave(self, member: MemberId, *, at: datetime) -> Events:
        """
        Stop watching.
        """
        require(is_watching(member, self.watching))
        return (LiveLeft(member=member, at=at),)

    def like(self, member: MemberId, *, times: int, at: datetime) -> Events:
        """
        Like it while watching, as often as one taps.
        """
        require(is_watching(member, self.watching))
        return (LiveLiked(member=member, times=times, at=at),)

    def publish_replay(
        self, reference: str, *, there: Verdict, by: MemberId, at: datetime
    ) -> Events:
        """
        Let the recording be watched.
        """
        require(replay_due(self.status, published=self.replay), there)
        return (ReplayPublished(reference=reference, by=by, at=at),)

    # History: never refuses, whatever today's rules say.

    def _evolve(self, event: LiveEvent) -> None:
        match event:
            case LiveJoined():
                self.watching.add(event.member)
            case LiveLeft():
                self.watching.discard(event.member)
            case LiveLiked():
                pass
            case LiveScheduled():
                self.circle = event.circle
                self.groups = event.groups
                self.status = "scheduled"
            case LiveStarted():
                self.status = "running"
            case LiveEnded():
                self.status = "ended"
                self.watching.clear()
            case LiveCancelled():
                self.status = "cancelled"
            case ReplayPublished():
                self.replay = True
            case _:
                assert_never(event)
