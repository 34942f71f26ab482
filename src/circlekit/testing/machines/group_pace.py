"""
Drive a group's pace at random: slow mode, and announcements only.
"""

from datetime import datetime, timedelta
from typing import Final, Literal

from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from circlekit.events.pace import (
    AnnouncementsOnlyLifted,
    AnnouncementsOnlySet,
    SlowModeLifted,
    SlowModeSet,
)
from circlekit.ids import MemberId
from circlekit.policies.authority import Role
from circlekit.testing.machines.group_model import GroupModel, a_message
from circlekit.testing.machines.machine import ROLES, RUN_IT, someone
from circlekit.testing.machines.waiting import MICROSECOND
from circlekit.testing.strategies import spans

_SECONDS: Final = st.sampled_from((1, 30, 3_600))


class GroupPace(GroupModel):
    """
    Slow mode and announcements only, beside lists of who wrote when.
    """

    def __init__(self) -> None:
        super().__init__()
        self.slow: tuple[int, datetime | None] | None = None
        self.slow_messages: list[tuple[str, datetime, int]] = []
        self.announcing: tuple[int, datetime | None] | None = None
        self.open_thread: list[int] = []

    @rule(
        seconds=_SECONDS,
        lasts=st.one_of(st.none(), st.none(), spans()),
        role=ROLES,
        by=someone(),
    )
    def set_slow_mode(
        self, seconds: int, lasts: timedelta | None, role: Role | None, by: MemberId
    ) -> None:
        """
        Put slow mode in force, for a while or until it is lifted.
        """
        until = None if lasts is None else self.at + lasts
        if self.ask(
            lambda at: self.it.set_slow_mode(
                seconds=seconds,
                reason="ads",
                until=until,
                role=role,
                by=by,
                there=self.there,
                at=at,
            ),
            refused_if={
                **self.may_not_run(role),
                "already-over": lasts is not None and lasts <= timedelta(0),
            },
            then=[
                SlowModeSet(
                    seconds=seconds, reason="ads", until=until, by=by, at=self.at
                )
            ],
        ):
            self.slow = seconds, until

    @rule(
        lasts=st.one_of(st.none(), spans()),
        open_thread=st.one_of(st.none(), a_message()),
        role=ROLES,
        by=someone(),
    )
    def set_announcements_only(
        self,
        lasts: timedelta | None,
        open_thread: int | None,
        role: Role | None,
        by: MemberId,
    ) -> None:
        """
        Keep the group to announcements, with a thread left open or none.
        """
        until = None if lasts is None else self.at + lasts
        place = self.place
        thread = None if open_thread is None else self.cited(open_thread)
        if self.ask(
            lambda at: self.it.set_announcements_only(
                reason="news",
                until=until,
                open_thread=thread,
                role=role,
                by=by,
                there=self.there,
                at=at,
            ),
            refused_if={
                **self.may_not_run(role),
                "already-over": lasts is not None and lasts <= timedelta(0),
                "unknown-message": open_thread is not None
                and open_thread not in (*self.messages, *self.received),
                "thread-redirected": open_thread in self.redirected,
            },
            then=[
                AnnouncementsOnlySet(
                    reason="news",
                    until=until,
                    open_thread=open_thread,
                    by=by,
                    at=self.at,
                )
            ],
        ):
            self.announcing = place, until
            self.open_thread = [] if open_thread is None else [open_thread]

    @rule(
        what=st.sampled_from(("slow mode", "announcements only")),
        role=ROLES,
        by=someone(),
    )
    def lift(
        self,
        what: Literal["slow mode", "announcements only"],
        role: Role | None,
        by: MemberId,
    ) -> None:
        """
        Lift what is in force, or is not.
        """
        if what == "slow mode":
            if self.ask(
                lambda at: self.it.lift_slow_mode(
                    role=role, by=by, there=self.there, at=at
                ),
                refused_if={
                    **self.may_not_run(role),
                    "not-slowed": not self._holds(self.slow),
                },
                then=[SlowModeLifted(by=by, at=self.at)],
            ):
                self.slow, self.slow_messages = None, []
        elif self.ask(
            lambda at: self.it.lift_announcements_only(
                role=role, by=by, there=self.there, at=at
            ),
            refused_if={
                **self.may_not_run(role),
                "not-announcements-only": not self._holds(self.announcing),
            },
            then=[AnnouncementsOnlyLifted(by=by, at=self.at)],
        ):
            self.announcing, self.open_thread = None, []

    @rule(
        seconds=_SECONDS,
        early=st.sampled_from((MICROSECOND, timedelta(0))),
        lasts=st.one_of(st.none(), st.timedeltas(MICROSECOND, timedelta(hours=1))),
        role=st.sampled_from(("member", "member", "manager")),
        by=someone(),
    )
    def write_twice(
        self,
        seconds: int,
        early: timedelta,
        lasts: timedelta | None,
        role: Role,
        by: MemberId,
    ) -> None:
        """
        Write in slow mode, at once again, and as soon as one may, or just before.
        """
        self.set_slow_mode(seconds, lasts, "owner", by)
        self.send_message(timedelta(0), None, role, by)
        self.send_message(timedelta(0), None, role, by)
        self.send_message(timedelta(seconds=seconds) - early, None, role, by)

    @rule(by=someone())
    def ask_a_question(self, by: MemberId) -> None:
        """
        Leave one thread open, and write in it and beside it.
        """
        if not self.messages or self.messages[-1] in self.redirected:
            return
        thread = self.messages[-1]
        self.set_announcements_only(None, thread, "owner", by)
        self.send_message(timedelta(0), thread, "member", by)
        self.send_message(timedelta(0), self.messages[-1], "member", by)
        self.send_message(timedelta(0), None, "member", by)

    def pace_says(
        self, role: Role | None, by: MemberId, reply_to: int | None
    ) -> dict[str, bool]:
        """
        Return what the pace has against a message.
        """
        if role in RUN_IT:
            return {}
        slow = False
        mine = [wrote for who, wrote, _ in self.slow_messages if who == by]
        if self.slow is not None and self._holds(self.slow) and mine:
            slow = (self.at - mine[-1]).total_seconds() < self.slow[0]
        return {
            "slow-mode": slow,
            "announcements-only": self._holds(self.announcing)
            and reply_to not in self.open_thread,
        }

    def wrote(self, by: MemberId, place: int, reply_to: int | None) -> None:
        """
        Remember that somebody wrote.
        """
        if self.slow is not None:
            self.slow_messages.append((by, self.it.last_at, place))
        if reply_to in self.open_thread:
            self.open_thread.append(place)

    @invariant()
    def pace_agrees(self) -> None:
        """
        Check that the group remembers its pace as the model does.
        """
        pace = self.it.pace
        slow = None if pace.slow is None else (pace.slow.seconds, pace.slow.until)
        announcing = None
        if pace.announcing is not None:
            announcing = pace.announcing.set_at, pace.announcing.until
        last = {who: (wrote, place) for who, wrote, place in self.slow_messages}
        for name, actual, expected in (
            ("slow", slow, self.slow),
            ("last_sent", pace.last_sent, last),
            ("announcing", announcing, self.announcing),
            ("open_thread", pace.open_thread, set(self.open_thread)),
        ):
            if actual != expected:
                self.fail(f"{name} is {actual}, and by the model {expected}")

    def _holds(self, set_: tuple[int, datetime | None] | None) -> bool:
        return set_ is not None and (set_[1] is None or self.at < set_[1])
