"""
A circle's schedule: the posts and must-sees that wait for their moment.

What they say is not remembered: it stands in the history at the place by which the
waiting one is named.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import assert_never

from attrs import Factory, define, evolve

from circlekit.budget import Budget, Spend
from circlekit.events.circle import MustSeeSent, PostPublished
from circlekit.events.schedule import (
    MustSeeScheduled,
    PostScheduled,
    ScheduledCancelled,
    ScheduledDropped,
    ScheduledMoved,
    ScheduledReleased,
    ScheduleEvent,
)
from circlekit.ids import GroupId, MemberId
from circlekit.policies.schedule import Planned, room_for_release, still_to_come
from circlekit.verdict import ALLOWED, Verdict, require

Events = tuple[ScheduleEvent | PostPublished | MustSeeSent, ...]


@define
class Schedule:
    """
    What a circle must remember of what it has scheduled.

    Each command is handed whether the circle lets somebody do that at all.

    Attributes:
        waiting: What waits, by the place of its event.
    """

    waiting: dict[int, Planned] = Factory(dict)

    def reservations(self, *, but: int | None = None) -> list[Spend]:
        """
        Return the shares that must-sees have reserved, in the order of time.

        Args:
            but: Leave out the one that waits under this place.
        """
        found = (
            Spend(planned.release_at, place, reserved=True)
            for place, planned in self.waiting.items()
            if planned.is_must_see and place != but
        )
        return sorted(found, key=lambda spend: (spend.at, spend.version))

    def due(self, place: int, *, at: datetime) -> Planned | None:
        """
        Return what waits under a place if its moment has come.
        """
        planned = self.waiting.get(place)
        return planned if planned is not None and planned.release_at <= at else None

    # Commands: may refuse, never change anything.

    def plan(
        self,
        wrote: PostScheduled | MustSeeScheduled,
        *,
        there: Verdict,
        fits: Callable[[], Verdict],
        linked: Verdict,
    ) -> Events:
        """
        Write something for later.

        *fits* says whether it may be published at its moment, if that is to come.
        """
        coming = still_to_come(wrote.release_at, at=wrote.at)
        require(coming, there, fits() if coming.allowed else ALLOWED, linked)
        return (wrote,)

    def move(
        self,
        scheduled: int,
        release_at: datetime,
        *,
        there: Verdict,
        fits: Callable[[datetime], Verdict],
        by: MemberId,
        at: datetime,
    ) -> Events:
        """
        Publish what waits at another moment.
        """
        coming = still_to_come(release_at, at=at)
        require(there, coming, fits(release_at) if coming.allowed else ALLOWED)
        return (
            ScheduledMoved(scheduled=scheduled, release_at=release_at, by=by, at=at),
        )

    def cancel(
        self, scheduled: int, *, there: Verdict, by: MemberId, at: datetime
    ) -> Events:
        """
        Do not publish what waits.
        """
        require(there)
        return (ScheduledCancelled(scheduled=scheduled, by=by, at=at),)

    def release(
        self,
        wrote: PostScheduled | MustSeeScheduled,
        planned: Planned,
        *,
        scheduled: int,
        post: int,
        may: Verdict,
        sent: Sequence[Spend],
        zone: str,
        synced: bool,
        groups: tuple[GroupId, ...] | None,
        at: datetime,
    ) -> Events:
        """
        Publish what is due, or drop it if whoever scheduled it no longer may.

        *scheduled* and *post* are the places of what was written, and of the post to
        be; *synced* is the circle's switch.
        """
        if not may.allowed:
            dropped = ScheduledDropped(scheduled=scheduled, rules=may.rules, at=at)
            return (dropped,)
        if isinstance(wrote, MustSeeScheduled):
            synced = True
        elif wrote.sync is not None:
            synced = wrote.sync
        published = (
            ScheduledReleased(scheduled=scheduled, post=post, at=at),
            PostPublished(
                text=wrote.text,
                images=wrote.images,
                videos=wrote.videos,
                topic=wrote.topic,
                synced=synced,
                groups=groups,
                by=wrote.by,
                at=at,
            ),
        )
        if not planned.is_must_see:
            return published
        others = self.reservations(but=scheduled)
        require(room_for_release(planned, sent, others, zone=zone, at=at))
        return (*published, MustSeeSent(post=post, by=planned.by, at=at))

    # History: never refuses, whatever today's rules say.

    def evolve(
        self, event: ScheduleEvent, *, place: int, budgets: tuple[Budget, ...]
    ) -> None:
        """
        Take in an event; *budgets* are those in force for must-sees.
        """
        match event:
            case PostScheduled():
                self.waiting[place] = Planned(release_at=event.release_at, by=event.by)
            case MustSeeScheduled():
                self.waiting[place] = Planned(
                    release_at=event.release_at, by=event.by, promised=(budgets,)
                )
            case ScheduledMoved():
                planned = self.waiting.get(event.scheduled)
                if planned is not None:
                    self.waiting[event.scheduled] = Planned(
                        release_at=event.release_at,
                        by=planned.by,
                        promised=(budgets,) if planned.is_must_see else (),
                    )
            case ScheduledCancelled() | ScheduledReleased() | ScheduledDropped():
                self.waiting.pop(event.scheduled, None)
            case _:
                assert_never(event)

    def promise(self, budgets: tuple[Budget, ...]) -> None:
        """
        Remember that those that wait may also go by another rule book's budgets.
        """
        for place, planned in [*self.waiting.items()]:
            if planned.is_must_see and budgets not in planned.promised:
                promised = (*planned.promised, budgets)
                self.waiting[place] = evolve(planned, promised=promised)

    def excuse(self, sent: int) -> None:
        """
        Remember that those that wait need not wait for a must-see sent by override.
        """
        for place, planned in [*self.waiting.items()]:
            if planned.is_must_see:
                excused = (*planned.excused, sent)
                self.waiting[place] = evolve(planned, excused=excused)
