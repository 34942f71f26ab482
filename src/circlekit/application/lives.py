"""
Lives: one class for several groups, who watches it, and for how long minors may.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from attrs import define, frozen

from circlekit.aggregates.circle import Circle
from circlekit.aggregates.group import Group
from circlekit.aggregates.live import Events, Live
from circlekit.application.deciding import Deciding, Work, command, new_id, nothing
from circlekit.budget import CALENDAR_DAY, window_bounds
from circlekit.clock import as_utc, zone_named
from circlekit.errors import InvalidInputError, NotFoundError
from circlekit.events.live import LiveJoined
from circlekit.events.record import Recorded, stream_of
from circlekit.ids import CircleId, GroupId, LiveId, MemberId
from circlekit.policies.groups import linked_to, may_speak
from circlekit.policies.live import Watched, live_open_to, seconds_between
from circlekit.projections.live_figures import LiveFigures
from circlekit.store import LIVES
from circlekit.text import (
    LONGEST_REFERENCE,
    checked_id,
    checked_list,
    checked_name,
    checked_text,
)
from circlekit.verdict import Verdict

MOST_GROUPS = 1_000
MOST_LIKES = 1_000
LONGEST_PAGE = 200


@frozen
class Admission:
    """
    How somebody came into a live.

    Attributes:
        live: The live, which they watch now.

        group: The group they came by.

        at: When they came, UTC.

        until: For a minor under a cap, when the host ends the stream for them.
    """

    live: LiveId
    group: GroupId
    at: datetime
    until: datetime | None = None

    @property
    def minutes_left(self) -> int | None:
        """
        Return how many whole minutes they may watch, None for no limit.
        """
        if self.until is None:
            return None
        return int((self.until - self.at).total_seconds()) // 60


@frozen(kw_only=True)
class LiveMinutes:
    """
    What somebody watched of lives today.

    Attributes:
        member: Who.

        minor: Whether the host attests that they are not of age.

        zone: The zone their days are counted in.

        starts: When their day began, UTC.

        ends: When it ends, UTC, exclusive.

        seconds: How long they watched, up to now where they still do.
    """

    member: MemberId
    minor: bool
    zone: str
    starts: datetime
    ends: datetime
    seconds: float

    @property
    def minutes(self) -> int:
        """
        Return that in whole minutes.
        """
        return int(self.seconds) // 60


@define(eq=False, repr=False)
class Lives(Deciding):
    """
    Use cases of lives.
    """

    @command
    def schedule_live(
        self,
        circle: CircleId | str,
        *,
        title: str,
        by: MemberId | str,
        groups: Sequence[GroupId | str] | None = None,
        starts_at: datetime | None = None,
        live: LiveId | str | None = None,
        command_id: str | None = None,
    ) -> LiveId:
        """
        Plan a live for several groups of a circle at once.

        Args:
            circle: The circle.
            title: What it is about, one line.
            by: The owner, a manager, or a verified teacher of a teaching circle.
            groups: Which of the circle's groups; None for all of them.
            starts_at: When it is planned to begin; None for no set time.
            live: The live's id; made if not given.
            command_id: Makes the call safe to repeat.

        Raises:
            RefusedError: ``not-a-member``, ``not-a-teacher``, ``live-not-open``,
                ``group-not-linked``, ``already-scheduled``, ``circle-closed``.
            InvalidInputError: If the title, a moment or the groups are not accepted.
        """
        checked_name("title", title)
        moment = None if starts_at is None else as_utc("starts_at", starts_at)
        named = None if groups is None else _groups(groups)
        made = LiveId(new_id() if live is None else checked_id("live", live))

        def plan(work: Work) -> None:
            it = work.circle(CircleId(circle))
            into = tuple(map(GroupId, it.groups)) if named is None else named
            klass = work.blank_or_known(Live, made)
            at = work.at(it, klass)
            there = [it.teacher_acts(by, at), live_open_to(it.kind, it.book.live_kinds)]
            there += (_linked(it, group) for group in into)
            planned = klass.schedule(
                CircleId(circle),
                into,
                title=title,
                starts_at=moment,
                there=there,
                by=MemberId(by),
                at=at,
            )
            work.record(klass, planned)

        def answer(recorded: Sequence[Recorded]) -> LiveId:
            return LiveId(recorded[0].subject)

        return self._decide(
            "schedule_live",
            plan,
            answer,
            about=stream_of("circle", circle),
            by=by,
            said=(title, named, moment, live),
            command_id=command_id,
        )

    @command
    def start_live(
        self,
        live: LiveId | str,
        *,
        by: MemberId | str,
        command_id: str | None = None,
    ) -> None:
        """
        Begin a live in all its groups.

        In a muted group the owner and managers may, a teacher may not.

        Raises:
            RefusedError: ``live-not-scheduled``, ``not-a-member``,
                ``not-a-teacher``, ``live-not-open``, ``group-not-linked``,
                ``group-muted``.
        """

        def decide(it: Live, circle: Circle, work: Work, at: datetime) -> Events:
            groups = [work.group(group) for group in it.groups]
            there = [
                circle.teacher_acts(by, at),
                live_open_to(circle.kind, circle.book.live_kinds),
            ]
            for group in groups:
                there += (
                    _linked(circle, GroupId(group.id)),
                    may_speak(
                        circle.role(by),
                        muted_at=group.muted_at,
                        muted_until=group.muted_until,
                        at=at,
                    ),
                )
            return it.start(there=there, by=MemberId(by), at=at)

        self._on_live("start_live", decide, live, by, command_id)

    @command
    def cancel_live(
        self,
        live: LiveId | str,
        *,
        by: MemberId | str,
        reason: str | None = None,
        command_id: str | None = None,
    ) -> None:
        """
        Call a live off before it has begun.

        Raises:
            RefusedError: ``live-not-scheduled``, ``not-a-member``,
                ``not-a-teacher``.
        """
        if reason is not None:
            checked_text("reason", reason)

        def decide(it: Live, circle: Circle, _work: Work, at: datetime) -> Events:
            there = circle.teacher_acts(by, at)
            return it.cancel(reason=reason, there=there, by=MemberId(by), at=at)

        self._on_live("cancel_live", decide, live, by, command_id, reason)

    @command
    def end_live(
        self,
        live: LiveId | str,
        *,
        by: MemberId | str,
        command_id: str | None = None,
    ) -> None:
        """
        End a live, also for everybody who still watches.

        Raises:
            RefusedError: ``live-not-running``, ``not-a-member``,
                ``not-a-teacher``.
        """

        def decide(it: Live, circle: Circle, _work: Work, at: datetime) -> Events:
            return it.end(there=circle.teacher_acts(by, at), by=MemberId(by), at=at)

        self._on_live("end_live", decide, live, by, command_id)

    @command
    def join_live(
        self,
        live: LiveId | str,
        member: MemberId | str,
        *,
        group: GroupId | str | None = None,
        command_id: str | None = None,
    ) -> Admission:
        """
        Let somebody of its groups watch a live.

        A minor watches as long as the rule book of the live's circle allows in a
        day of the minor's zone, all lives of all circles together; the answer says
        when the host has to end the stream.

        Args:
            live: The live.
            member: Who comes to watch.
            group: By way of which group; None for the first they are in.
            command_id: Makes the call safe to repeat.

        Raises:
            RefusedError: ``live-not-running``, ``not-in-the-group``,
                ``not-a-member``, ``already-watching``, ``minor-live-minutes``.
        """
        who = MemberId(checked_id("member", member))
        by_way = None if group is None else GroupId(checked_id("group", group))

        def plan(work: Work) -> None:
            it = work.live(LiveId(live))
            circle, reader = _home(it, work), work.reader(who)
            at = work.at(it)
            limit, minor = circle.book.minor_live_minutes, reader.age.minor
            capped = limit is not None and minor is not None and at < minor.until
            joined = it.join(
                who,
                group=by_way,
                inside=_inside(it, who, work),
                there=circle.member_acts(who),
                minor=minor,
                watched=self._watched(who, minor.zone, at) if capped and minor else (),
                limit=limit,
                at=at,
            )
            work.record(it, joined)

        return self._decide(
            "join_live",
            plan,
            _admission,
            about=stream_of("live", live),
            by=member,
            said=(by_way,),
            command_id=command_id,
        )

    @command
    def leave_live(
        self,
        live: LiveId | str,
        member: MemberId | str,
        *,
        command_id: str | None = None,
    ) -> None:
        """
        Let somebody stop watching.

        Raises:
            RefusedError: ``not-watching``.
        """
        who = MemberId(checked_id("member", member))

        def decide(it: Live, _circle: Circle, _work: Work, at: datetime) -> Events:
            return it.leave(who, at=at)

        self._on_live("leave_live", decide, live, member, command_id)

    @command
    def like_live(
        self,
        live: LiveId | str,
        member: MemberId | str,
        *,
        times: int = 1,
        command_id: str | None = None,
    ) -> None:
        """
        Like a live while watching it.

        Args:
            live: The live.
            member: Who likes it.
            times: How often they tapped, 1 to 1,000: a host may count for a while.
            command_id: Makes the call safe to repeat.

        Raises:
            RefusedError: ``not-watching``.
            InvalidInputError: If *times* is not accepted.
        """
        who = MemberId(checked_id("member", member))
        if type(times) is not int or not 1 <= times <= MOST_LIKES:
            raise InvalidInputError("times", f"is {times!r}", f"1 to {MOST_LIKES}")

        def decide(it: Live, _circle: Circle, _work: Work, at: datetime) -> Events:
            return it.like(who, times=times, at=at)

        self._on_live("like_live", decide, live, member, command_id, times)

    @command
    def publish_replay(
        self,
        live: LiveId | str,
        reference: str,
        *,
        by: MemberId | str,
        command_id: str | None = None,
    ) -> None:
        """
        Publish the recording of a live that is over.

        Args:
            live: The live.
            reference: What the host finds the recording by.
            by: The owner, a manager, or a verified teacher of a teaching circle.
            command_id: Makes the call safe to repeat.

        Raises:
            RefusedError: ``live-not-ended``, ``replay-published``,
                ``not-a-member``, ``not-a-teacher``.
        """
        checked_text("reference", reference, longest=LONGEST_REFERENCE)

        def decide(it: Live, circle: Circle, _work: Work, at: datetime) -> Events:
            there = circle.teacher_acts(by, at)
            return it.publish_replay(reference, there=there, by=MemberId(by), at=at)

        self._on_live("publish_replay", decide, live, by, command_id, reference)

    @command
    def attest_minor(
        self,
        member: MemberId | str,
        *,
        until: datetime,
        zone: str = "Asia/Shanghai",
        command_id: str | None = None,
    ) -> None:
        """
        Record that somebody is a minor, as the host attests; the newest word holds.

        Args:
            member: Who.
            until: The moment they come of age; one that has passed makes them of age.
            zone: IANA zone in which their days are counted.
            command_id: Makes the call safe to repeat.

        Raises:
            InvalidInputError: If the moment or the zone is not accepted.
        """
        moment = as_utc("until", until)
        zone_named(zone)
        who = MemberId(checked_id("member", member))

        def plan(work: Work) -> None:
            reader = work.reader(who)
            attested = reader.attest_minor(until=moment, zone=zone, at=work.at(reader))
            work.record(reader, attested)

        self._decide(
            "attest_minor",
            plan,
            nothing,
            about=stream_of("reader", who),
            by=who,
            said=(moment, zone),
            command_id=command_id,
        )

    # Questions

    def live(self, live: LiveId | str) -> LiveFigures:
        """
        Return a live: whether it is on, who watched and how long, by group.

        Raises:
            NotFoundError: If the live is not known.
        """
        checked_id("live", live)
        with self._store.read(LIVES) as (rows, _):
            found = LIVES.figures(rows, LiveId(live), at=self._asked_at())
        if found is None:
            raise NotFoundError("live", live)
        return found

    def lives(
        self,
        circle: CircleId | str,
        *,
        before: LiveId | str | None = None,
        limit: int = 20,
    ) -> tuple[LiveFigures, ...]:
        """
        Return a page of a circle's lives, the one planned last first.

        Args:
            circle: The circle.
            before: Only lives that were planned before this one.
            limit: Most lives, 1 to 200.

        Raises:
            InvalidInputError: If the limit is not accepted.
            NotFoundError: If the circle, or *before*, is not known.
        """
        checked_id("circle", circle)
        if type(limit) is not int or not 1 <= limit <= LONGEST_PAGE:
            raise InvalidInputError("limit", f"is {limit!r}", f"1 to {LONGEST_PAGE}")
        if before is not None:
            checked_id("before", before)
            self.live(before)
        with self._store.read(LIVES) as (rows, _):
            if rows.last_of(stream_of("circle", circle)) is None:
                raise NotFoundError("circle", circle)
            return LIVES.of_circle(
                rows,
                CircleId(circle),
                before=None if before is None else LiveId(before),
                limit=limit,
                at=self._asked_at(),
            )

    def live_minutes(
        self, member: MemberId | str, *, zone: str | None = None
    ) -> LiveMinutes:
        """
        Return how long somebody watched lives today, in all circles together.

        Args:
            member: Who.
            zone: IANA zone of their day; None for the one attested with their age,
                or ``Asia/Shanghai``.

        Raises:
            InvalidInputError: If the zone is not known.
        """
        who = MemberId(checked_id("member", member))
        at = self._asked_at()
        if zone is not None:
            zone_named(zone)
        with self._store.alone() as transaction:
            minor = self._work(transaction).reader(who).age.minor
        home = zone or (minor.zone if minor else "Asia/Shanghai")
        starts, ends = window_bounds(CALENDAR_DAY, zone=home, at=at)
        return LiveMinutes(
            member=who,
            minor=minor is not None and at < minor.until,
            zone=home,
            starts=starts,
            ends=ends,
            seconds=seconds_between(self._watched(who, home, at), starts, at),
        )

    def _watched(self, member: MemberId, zone: str, at: datetime) -> list[Watched]:
        today, _ = window_bounds(CALENDAR_DAY, zone=zone, at=at)
        with self._store.read(LIVES) as (rows, _):
            return [Watched(*it) for it in LIVES.watched(rows, member, since=today)]

    def _asked_at(self) -> datetime:
        return as_utc("clock", self._clock())

    def _on_live(
        self,
        name: str,
        decide: Callable[[Live, Circle, Work, datetime], Events],
        live: LiveId | str,
        by: MemberId | str,
        command_id: str | None,
        *said: object,
    ) -> None:
        def plan(work: Work) -> None:
            it = work.live(LiveId(live))
            circle = _home(it, work)
            work.record(it, decide(it, circle, work, work.at(it)))

        self._decide(
            name,
            plan,
            nothing,
            about=stream_of("live", live),
            by=by,
            said=said,
            command_id=command_id,
        )


def _home(live: Live, work: Work) -> Circle:
    # Whoever planned it named the circle.
    return work.circle(CircleId(str(live.circle)))


def _inside(live: Live, member: MemberId, work: Work) -> tuple[GroupId, ...]:
    def has(group: Group) -> bool:
        return group.circle == live.circle and member in group.members

    return tuple(group for group in live.groups if has(work.group(group)))


def _linked(circle: Circle, group: GroupId) -> Verdict:
    return linked_to(circle.id, circle.id if group in circle.groups else None)


def _groups(groups: Sequence[GroupId | str]) -> tuple[GroupId, ...]:
    accepted = f"1 to {MOST_GROUPS} ids of groups, each once"
    named = tuple(
        GroupId(checked_id(f"groups[{place}]", group))
        for place, group in enumerate(checked_list("groups", groups, of="groups"))
    )
    if not 1 <= len(named) <= MOST_GROUPS:
        raise InvalidInputError("groups", f"names {len(named)}", accepted)
    if len(set(named)) < len(named):
        raise InvalidInputError("groups", "names one twice", accepted)
    return named


def _admission(recorded: Sequence[Recorded]) -> Admission:
    (first,) = (it for it in recorded if isinstance(it.event, LiveJoined))
    event = first.event
    return Admission(LiveId(first.subject), event.group, event.at, event.until)
