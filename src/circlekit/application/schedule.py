"""
What is written now and published later.
"""

from collections.abc import Sequence
from datetime import datetime

from attrs import Factory, define, frozen

from circlekit.application.deciding import (
    Deciding,
    Work,
    command,
    nothing,
)
from circlekit.application.posts import Content
from circlekit.clock import as_utc
from circlekit.errors import NotFoundError
from circlekit.events.circle import PostPublished
from circlekit.events.record import Recorded, stream_of
from circlekit.events.schedule import (
    MustSeeScheduled,
    PostScheduled,
    ScheduledDropped,
)
from circlekit.ids import CircleId, GroupId, MemberId, PostId, ScheduledId
from circlekit.projections.schedule import Scheduled
from circlekit.store import SCHEDULE, must_be_switch
from circlekit.text import checked_id
from circlekit.verdict import RefusedError, Verdict

_WORKER = MemberId("circlekit")


@frozen(kw_only=True)
class ReleaseReport:
    """
    What became of everything that was due.

    Attributes:
        released: What is published now, by what it was scheduled as.

        held: Must-sees that go on waiting, with what they wait for and until when.

        dropped: What is not published, because whoever scheduled it no longer may.
    """

    released: dict[ScheduledId, PostId] = Factory(dict)
    held: dict[ScheduledId, Verdict] = Factory(dict)
    dropped: dict[ScheduledId, Verdict] = Factory(dict)


@define(eq=False, repr=False)
class Schedules(Deciding):
    """
    Use cases of a circle's schedule.
    """

    @command
    def schedule_post(
        self,
        circle: CircleId | str,
        *,
        release_at: datetime,
        by: MemberId | str,
        text: str = "",
        images: Sequence[str] = (),
        videos: Sequence[str] = (),
        topic: str | None = None,
        sync: bool | None = None,
        groups: Sequence[GroupId | str] | None = None,
        command_id: str | None = None,
    ) -> ScheduledId:
        """
        Write a post that :meth:`release_due` publishes when its moment has come.

        Args:
            circle: The circle.
            release_at: When to publish it; to come, and at most 366 days ahead.
            by: The author, a member now and then.
            text: Up to 20,000 characters; may be empty beside images or videos.
            images: References that the host understands.
            videos: The same.
            topic: What it is about.
            sync: Whether to send it on to groups; None goes by the circle's switch
                when it is published.
            groups: Which groups to send it on to; None means all that are linked
                then, and one that was let go by then is left out.
            command_id: Makes the call safe to repeat.

        Raises:
            RefusedError: ``not-a-member``, ``convention-not-accepted``,
                ``not-in-the-future``, ``too-far-ahead``,
                ``group-not-linked``.
            InvalidInputError: If the content or the moment cannot be accepted.
        """
        content = Content.checked(text, images, videos, topic, groups)
        when = as_utc("release_at", release_at)
        if sync is not None:
            must_be_switch("sync", sync)

        def plan(work: Work) -> None:
            it = work.circle(CircleId(circle))
            scheduled = it.schedule_post(
                release_at=when,
                text=content.text,
                images=content.images,
                videos=content.videos,
                topic=content.topic,
                sync=sync,
                groups=content.groups,
                by=MemberId(by),
                at=work.at(it),
            )
            work.record(it, scheduled)

        return self._decide(
            "schedule_post",
            plan,
            _what_is_scheduled,
            about=stream_of("circle", circle),
            by=by,
            said=(when, *content.said(), sync),
            command_id=command_id,
        )

    @command
    def schedule_must_see(
        self,
        circle: CircleId | str,
        *,
        release_at: datetime,
        by: MemberId | str,
        text: str = "",
        images: Sequence[str] = (),
        videos: Sequence[str] = (),
        topic: str | None = None,
        groups: Sequence[GroupId | str] | None = None,
        command_id: str | None = None,
    ) -> ScheduledId:
        """
        Write a must-see for later, and reserve its share of the quota of that day.

        From now on it counts as used, also against a must-see that would come too
        shortly before it. Cancelled in time, its share is free again.

        Where the quota refuses, ``retry_at`` is the next ``release_at`` with room.

        Args:
            circle: The circle.
            release_at: When to send it; to come, and at most 366 days ahead.
            by: The owner or a manager, now and then.
            text: Up to 20,000 characters; may be empty beside images or videos.
            images: References that the host understands.
            videos: The same.
            topic: What it is about.
            groups: Which groups to send it to; None means all that are linked then,
                and one that was let go by then is left out.
            command_id: Makes the call safe to repeat.

        Raises:
            RefusedError: ``not-a-manager``, ``not-in-the-future``,
                ``too-far-ahead``, ``must-see-month``, ``must-see-spacing`` (or as the
                rule book names its budgets), ``group-not-linked``.
            InvalidInputError: If the content or the moment cannot be accepted.
        """
        content = Content.checked(text, images, videos, topic, groups)
        when = as_utc("release_at", release_at)

        def plan(work: Work) -> None:
            it = work.circle(CircleId(circle))
            scheduled = it.schedule_must_see(
                release_at=when,
                text=content.text,
                images=content.images,
                videos=content.videos,
                topic=content.topic,
                groups=content.groups,
                by=MemberId(by),
                at=work.at(it),
            )
            work.record(it, scheduled)

        return self._decide(
            "schedule_must_see",
            plan,
            _what_is_scheduled,
            about=stream_of("circle", circle),
            by=by,
            said=(when, *content.said()),
            command_id=command_id,
        )

    @command
    def move_scheduled(
        self,
        scheduled: ScheduledId | str,
        release_at: datetime,
        *,
        by: MemberId | str,
        command_id: str | None = None,
    ) -> None:
        """
        Publish what waits at another moment, decided as if it were scheduled anew.

        Refused, it keeps the moment and the share it has.

        Args:
            scheduled: What waits.
            release_at: When to publish it; to come, and at most 366 days ahead.
            by: Whoever scheduled it, the owner or a manager.
            command_id: Makes the call safe to repeat.

        Raises:
            RefusedError: As :meth:`schedule_must_see`, but ``not-the-author`` where
                it is somebody else's, and ``unknown-scheduled``.
            InvalidInputError: If the moment cannot be accepted.
        """
        where = ScheduledId.of(scheduled)
        when = as_utc("release_at", release_at)

        def plan(work: Work) -> None:
            it = work.circle(where.circle)
            moved = it.move_scheduled(
                where.version, when, by=MemberId(by), at=work.at(it)
            )
            work.record(it, moved)

        self._decide(
            "move_scheduled",
            plan,
            nothing,
            about=stream_of("circle", where.circle),
            by=by,
            said=(where.version, when),
            command_id=command_id,
        )

    @command
    def cancel_scheduled(
        self,
        scheduled: ScheduledId | str,
        *,
        by: MemberId | str,
        command_id: str | None = None,
    ) -> None:
        """
        Do not publish what waits; what it has reserved is free at once.

        Raises:
            RefusedError: ``unknown-scheduled``, ``not-the-author``.
        """
        where = ScheduledId.of(scheduled)

        def plan(work: Work) -> None:
            it = work.circle(where.circle)
            cancelled = it.cancel_scheduled(
                where.version, by=MemberId(by), at=work.at(it)
            )
            work.record(it, cancelled)

        self._decide(
            "cancel_scheduled",
            plan,
            nothing,
            about=stream_of("circle", where.circle),
            by=by,
            said=(where.version,),
            command_id=command_id,
        )

    def release_due(self) -> ReleaseReport:
        """
        Publish everything whose moment has come, the longest due first.

        Each is published in a transaction of its own, once, however many processes
        call this at the same time. Call it as often as moments should be kept to, or
        leave that to ``circlekit work``.

        A must-see is sent at the moment of the call. If it, or one before it, is
        late and the two would come too close, it is held and waits on. If whoever
        scheduled it is no longer a manager, or a post's author no longer a member,
        it is dropped: that is recorded, and its share of the quota is free.
        """
        now = as_utc("clock", self._clock())
        with self._store.read(SCHEDULE) as (rows, _):
            due = SCHEDULE.due(rows, at=now)
        report = ReleaseReport()
        for scheduled in due:
            self._release(scheduled, report)
        return report

    def scheduled(self, circle: CircleId | str) -> tuple[Scheduled, ...]:
        """
        Return what waits in a circle, the next one first.

        Raises:
            NotFoundError: If the circle is not known.
        """
        checked_id("circle", circle)
        with self._store.reading() as transaction:
            if transaction.last_of(stream_of("circle", circle)) is None:
                raise NotFoundError("circle", circle)
        with self._store.read(SCHEDULE) as (rows, _):
            return SCHEDULE.waiting(rows, CircleId(circle))

    def _release(self, scheduled: ScheduledId, report: ReleaseReport) -> None:
        held: list[Verdict] = []
        dropped: list[Verdict] = []

        def plan(work: Work) -> None:
            held.clear()
            dropped.clear()
            it = work.circle(scheduled.circle)
            at = work.at(it)
            planned = it.schedule.due(scheduled.version, at=at)
            if planned is None:  # another process was quicker
                return
            cited = work.cited(it, scheduled.version)
            try:
                events = it.release_scheduled(cited, at=at)
            except RefusedError as refusal:
                held.append(refusal.verdict)
                return
            work.record(it, events)
            if isinstance(events[0], ScheduledDropped):
                verdict = it.may_be_published(planned)
                dropped.append(verdict)
                work.skip("release_due", it, verdict, by=planned.by, at=at)

        post = self._decide(
            "release_due",
            plan,
            _the_post,
            about=stream_of("circle", scheduled.circle),
            by=_WORKER,
            said=(scheduled.version,),
            command_id=None,
        )
        if post is not None:
            report.released[scheduled] = post
        elif held:
            report.held[scheduled] = held[0]
        elif dropped:
            report.dropped[scheduled] = dropped[0]


def _what_is_scheduled(recorded: Sequence[Recorded]) -> ScheduledId:
    first = next(
        it for it in recorded if isinstance(it.event, PostScheduled | MustSeeScheduled)
    )
    return ScheduledId(CircleId(first.subject), first.version)


def _the_post(recorded: Sequence[Recorded]) -> PostId | None:
    for it in recorded:
        if isinstance(it.event, PostPublished):
            return PostId(CircleId(it.subject), it.version)
    return None
