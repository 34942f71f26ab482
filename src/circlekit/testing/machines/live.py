"""
Drive a live at random, beside a model of it.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule
from hypothesis.strategies import SearchStrategy

from circlekit.aggregates.live import Live
from circlekit.events.live import (
    LiveCancelled,
    LiveEnded,
    LiveJoined,
    LiveLeft,
    LiveLiked,
    LiveScheduled,
    LiveStarted,
    ReplayPublished,
)
from circlekit.ids import CircleId, GroupId, MemberId
from circlekit.policies.live import LiveStatus, Minor, Watched
from circlekit.testing.machines.machine import Machine, a_wait, a_zone, someone
from circlekit.testing.machines.waiting import Until, Wait
from circlekit.testing.strategies import moments
from circlekit.verdict import ALLOWED, Verdict, refused

_SCHOOL: Final = CircleId("school")
_GROUPS: Final = (GroupId("class 1"), GroupId("class 2"))
_NO_TEACHER: Final = refused("not-a-teacher", "no teacher")
_MINUTE: Final = timedelta(minutes=1)
_ELSEWHERE: Final = st.lists(
    st.tuples(st.integers(1, 90), st.integers(1, 60)), max_size=2
)
_FEW_MINUTES: Final[SearchStrategy[Wait]] = st.sampled_from(
    (
        *(_MINUTE * minutes for minutes in (0, 1, 39, 40, 41, 89, 600)),
        Until("day"),
        Until("day", 20 * _MINUTE),
    )
)
Act = Literal["schedule", "start", "cancel", "end", "publish replay"]
# Mostly what keeps it on: little can be tried with one that is over.
_ACTS: Final[tuple[Act, ...]] = (
    "start",
    "start",
    "start",
    "schedule",
    "cancel",
    "end",
    "publish replay",
)


class LiveMachine(Machine[Live]):
    """
    Drive a live: planned, on and over, who watches, and how long minors may.

    The model adds up the minutes of a minor by asking of each minute whether it was
    today, by the local date.
    """

    def __init__(self) -> None:
        super().__init__()
        self.status: LiveStatus | None = None
        self.watching: list[str] = []
        self.replay = False
        self.stretches: dict[str, list[tuple[datetime, datetime | None]]] = {}

    def blank(self) -> Live:
        """
        Return the live before it was planned.
        """
        return Live("sums")

    @initialize(zone=a_zone(), at=moments())
    def plan(self, zone: str, at: datetime) -> None:
        """
        Plan it somewhere, at some time.
        """
        # Whole minutes, so that the model may count them.
        self.clock = at.replace(second=0, microsecond=0)
        self.zone = zone
        self.change("schedule", MemberId("mei"), teaches=True)

    @rule(acts=st.lists(st.sampled_from(_ACTS), max_size=3), by=someone())
    def change_again(self, acts: list[Act], by: MemberId) -> None:
        """
        Let a teacher do several of these, one after the other.
        """
        for act in acts:
            self.change(act, by, teaches=True)

    @rule(act=st.sampled_from(_ACTS), by=someone(), teaches=st.booleans())
    def change(self, act: Act, by: MemberId, *, teaches: bool) -> None:
        """
        Let somebody plan it, begin it, call it off or end it.
        """
        there = ALLOWED if teaches else _NO_TEACHER
        match act:
            case "schedule":
                self._schedule(there, by)
            case "start":
                self._start(there, by)
            case "cancel":
                self._cancel(there, by)
            case "end":
                self._end(there, by)
            case "publish replay":
                self._publish_replay(there, by)

    @rule(
        wait=a_wait(),
        member=someone(),
        inside=st.sampled_from((_GROUPS, _GROUPS, _GROUPS[1:], ())),
        group=st.sampled_from((None, None, *_GROUPS, GroupId("elsewhere"))),
        open_=st.sampled_from((True, True, True, False)),
        limit=st.sampled_from((None, 0, 1, 40, 90, 1_439)),
        minor_days=st.sampled_from((None, 0, 1, 400)),
        elsewhere=_ELSEWHERE,
    )
    def join(
        self,
        wait: Wait,
        member: MemberId,
        inside: tuple[GroupId, ...],
        group: GroupId | None,
        *,
        open_: bool,
        limit: int | None,
        minor_days: int | None,
        elsewhere: Sequence[tuple[int, int]] = (),
    ) -> None:
        """
        Wait, then let somebody come to watch.

        *elsewhere* they watched another live: since how many minutes, and how many.
        """
        self.wait(wait)
        self._whole_minute()
        now = self.at
        minor = (
            None
            if minor_days is None
            else Minor(until=now + timedelta(days=minor_days), zone=self.zone)
        )
        there = ALLOWED if open_ else refused("circle-closed", "closed")
        seen = [
            *self.stretches.get(member, ()),
            *(
                (now - back * _MINUTE, _ended(now, back, long))
                for back, long in elsewhere
            ),
        ]
        watched = [Watched(*it) for it in seen]
        is_capped = limit is not None and minor is not None and now < minor.until
        used = self._minutes_today(seen, now) if is_capped else 0
        comes_by = group if group is not None else next(iter(inside), None)
        until = None
        if is_capped and limit is not None and minor is not None and used < limit:
            until = self._until(now, limit, used)
            if until is not None and until >= minor.until:
                until = None
        if self.ask(
            lambda at: self.it.join(
                member,
                group=group,
                inside=inside,
                there=there,
                minor=minor,
                watched=watched,
                limit=limit,
                at=at,
            ),
            refused_if={
                "circle-closed": not open_,
                "live-not-running": self.status != "running",
                "not-in-the-group": comes_by not in inside,
                "already-watching": member in self.watching,
                "minor-live-minutes": is_capped and limit is not None and used >= limit,
            },
            then=[
                LiveJoined(
                    member=member, group=comes_by or _GROUPS[0], until=until, at=now
                )
            ],
        ):
            self.watching.append(member)
            self.stretches.setdefault(member, []).append((now, None))

    @rule(
        waits=st.lists(_FEW_MINUTES, min_size=2, max_size=4),
        member=someone(),
        limit=st.sampled_from((1, 40, 90)),
        elsewhere=_ELSEWHERE,
        stays=st.booleans(),
    )
    def watch_again_and_again(
        self,
        waits: list[Wait],
        member: MemberId,
        limit: int,
        elsewhere: list[tuple[int, int]],
        *,
        stays: bool,
    ) -> None:
        """
        Let a minor come and go, who may watch so many minutes a day.
        """
        self.change("start", member, teaches=True)
        for wait in waits:
            self.join(
                wait,
                member,
                _GROUPS,
                None,
                open_=True,
                limit=limit,
                minor_days=400,
                elsewhere=elsewhere,
            )
            if not stays:
                self.watch_on(waits[0], member, "leave")
        if stays:
            self.change("end", member, teaches=True)

    @rule(wait=a_wait(), member=someone(), what=st.sampled_from(("leave", "like")))
    def watch_on(
        self, wait: Wait, member: MemberId, what: Literal["leave", "like"]
    ) -> None:
        """
        Wait, then let somebody like it or leave.
        """
        self.wait(wait)
        self._whole_minute()
        is_gone = {"not-watching": member not in self.watching}
        if what == "like":
            self.ask(
                lambda at: self.it.like(member, times=2, at=at),
                refused_if=is_gone,
                then=[LiveLiked(member=member, times=2, at=self.at)],
            )
        elif self.ask(
            lambda at: self.it.leave(member, at=at),
            refused_if=is_gone,
            then=[LiveLeft(member=member, at=self.at)],
        ):
            self._stop(member)
            self.watching.remove(member)

    def at_the_end(self) -> None:
        """
        Try to publish a replay meanwhile, and let a minor watch to the last minute.
        """
        mei = MemberId("mei")
        for act in ("start", "publish replay"):
            self.change(act, mei, teaches=True)
        waits: list[Wait] = [40 * _MINUTE, timedelta(0)]
        self.watch_on(timedelta(0), mei, "leave")
        self.watch_again_and_again(waits, mei, 40, [], stays=False)
        for act in ("end", "publish replay"):
            self.change(act, mei, teaches=True)

    @invariant()
    def state_agrees(self) -> None:
        """
        Check that what is remembered of the live is what the model has.
        """
        self.check_state(
            circle=_SCHOOL,
            groups=_GROUPS,
            status=self.status,
            watching=set(self.watching),
            replay=self.replay,
        )

    def _schedule(self, there: Verdict, by: MemberId) -> None:
        if self.ask(
            lambda at: self.it.schedule(
                _SCHOOL, _GROUPS, title="Sums", there=[there], by=by, at=at
            ),
            refused_if={
                "already-scheduled": bool(self.history),
                "not-a-teacher": there != ALLOWED,
            },
            then=[
                LiveScheduled(
                    circle=_SCHOOL, groups=_GROUPS, title="Sums", by=by, at=self.at
                )
            ],
        ):
            self.status = "scheduled"

    def _start(self, there: Verdict, by: MemberId) -> None:
        if self.ask(
            lambda at: self.it.start(there=[there], by=by, at=at),
            refused_if={
                "not-a-teacher": there != ALLOWED,
                "live-not-scheduled": self.status != "scheduled",
            },
            then=[LiveStarted(by=by, at=self.at)],
        ):
            self.status = "running"

    def _cancel(self, there: Verdict, by: MemberId) -> None:
        if self.ask(
            lambda at: self.it.cancel(reason=None, there=there, by=by, at=at),
            refused_if={
                "not-a-teacher": there != ALLOWED,
                "live-not-scheduled": self.status != "scheduled",
            },
            then=[LiveCancelled(by=by, at=self.at)],
        ):
            self.status = "cancelled"

    def _end(self, there: Verdict, by: MemberId) -> None:
        if self.ask(
            lambda at: self.it.end(there=there, by=by, at=at),
            refused_if={
                "not-a-teacher": there != ALLOWED,
                "live-not-running": self.status != "running",
            },
            then=[LiveEnded(by=by, at=self.at)],
        ):
            self.status = "ended"
            for member in self.watching:
                self._stop(member)
            self.watching = []

    def _publish_replay(self, there: Verdict, by: MemberId) -> None:
        if self.ask(
            lambda at: self.it.publish_replay("sums.mp4", there=there, by=by, at=at),
            refused_if={
                "not-a-teacher": there != ALLOWED,
                "replay-published": self.replay,
                "live-not-ended": not self.replay and self.status != "ended",
            },
            then=[ReplayPublished(reference="sums.mp4", by=by, at=self.at)],
        ):
            self.replay = True

    def _stop(self, member: str) -> None:
        came, _ = self.stretches[member].pop()
        self.stretches[member].append((came, self.it.last_at))

    def _whole_minute(self) -> None:
        self.clock = self.at.replace(second=0, microsecond=0)

    def _minutes_today(
        self, stretches: Sequence[tuple[datetime, datetime | None]], now: datetime
    ) -> int:
        today = now.astimezone(ZoneInfo(self.zone)).date()
        return sum(
            any(
                came <= minute and (went is None or minute < went)
                for came, went in stretches
            )
            for minute in _minutes_until(now)
            if minute.astimezone(ZoneInfo(self.zone)).date() == today
        )

    def _until(self, now: datetime, limit: int, used: int) -> datetime | None:
        # Minute by minute: each belongs to the day that its local date says.
        home, seen = ZoneInfo(self.zone), used
        day, minute = now.astimezone(home).date(), now
        for _ in range(3 * 24 * 60):
            date = minute.astimezone(home).date()
            if date > day:
                day, seen = date, 0
            if seen == limit:
                return minute
            minute, seen = minute + _MINUTE, seen + 1
        return None


def _ended(now: datetime, back: int, long: int) -> datetime:
    return now - max(0, back - long) * _MINUTE


def _minutes_until(now: datetime) -> list[datetime]:
    return [now - _MINUTE * (1 + back) for back in range(26 * 60)]
