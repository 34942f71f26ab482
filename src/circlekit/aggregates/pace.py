"""
The pace of a group: slow mode, and announcements only.
"""

from datetime import datetime
from typing import assert_never

from attrs import Factory, define, frozen

from circlekit.events.group import MessageSent
from circlekit.events.pace import (
    AnnouncementsOnlyLifted,
    AnnouncementsOnlySet,
    PaceEvent,
    SlowModeLifted,
    SlowModeSet,
)
from circlekit.policies.authority import Role
from circlekit.policies.pace import announces_or_asks, in_force, slow_enough
from circlekit.verdict import ALLOWED, Verdict


@frozen
class SlowMode:
    """
    Slow mode in force: how many seconds, and when it ends by itself.
    """

    seconds: int
    until: datetime | None


@frozen
class AnnouncementsOnly:
    """
    Announcements only: the place of its event, and when it ends by itself.
    """

    set_at: int
    until: datetime | None


@define
class Pace:
    """
    What must be remembered of a group's pace.

    Attributes:
        slow: The slow mode that was put in force last, None if lifted.

        last_sent: When and where each member wrote last, in slow mode.

        announcing: The same of announcements only.

        open_thread: The messages of the thread that stays open, by their place.
    """

    slow: SlowMode | None = None
    last_sent: dict[str, tuple[datetime, int]] = Factory(dict)
    announcing: AnnouncementsOnly | None = None
    open_thread: set[int] = Factory(set)

    def may_write(
        self, role: Role | None, *, by: str, reply_to: int | None, at: datetime
    ) -> tuple[Verdict, Verdict]:
        """
        Return whether the pace lets somebody write at that moment.
        """
        slow = announcing = ALLOWED
        if self.slow is not None:
            slow = slow_enough(
                role,
                seconds=self.slow.seconds,
                last=self.last_sent.get(by),
                until=self.slow.until,
                at=at,
            )
        if self.announcing is not None:
            announcing = announces_or_asks(
                role,
                set_at=self.announcing.set_at,
                until=self.announcing.until,
                reply_to=reply_to,
                open_thread=self.open_thread,
                at=at,
            )
        return slow, announcing

    def is_slow(self, at: datetime) -> bool:
        """
        Return whether slow mode holds at that moment.
        """
        return self.slow is not None and in_force(self.slow.until, at=at)

    def is_announcing(self, at: datetime) -> bool:
        """
        Return whether the group is for announcements only at that moment.
        """
        return self.announcing is not None and in_force(self.announcing.until, at=at)

    def take_in(self, message: MessageSent, *, place: int) -> None:
        """
        Take in that a message was written.
        """
        if self.slow is not None:
            self.last_sent[message.by] = message.at, place
        if message.reply_to in self.open_thread:
            self.open_thread.add(place)

    def evolve(self, event: PaceEvent, *, place: int) -> None:
        """
        Take in that the pace was changed.
        """
        match event:
            case SlowModeSet():
                self.slow = SlowMode(event.seconds, event.until)
            case SlowModeLifted():
                self.slow = None
                self.last_sent.clear()
            case AnnouncementsOnlySet():
                self.announcing = AnnouncementsOnly(place, event.until)
                self.open_thread.clear()
                if event.open_thread is not None:
                    self.open_thread.add(event.open_thread)
            case AnnouncementsOnlyLifted():
                self.announcing = None
                self.open_thread.clear()
            case _:
                assert_never(event)
