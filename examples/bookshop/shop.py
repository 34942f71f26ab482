"""
A bookshop whose customers meet in reading circles.

All of circlekit that the shop's own program needs: a rule book with the shop's
numbers, two rules of the house, and the few things that its readers do.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import ClassVar, Final
from zoneinfo import ZoneInfo

from attrs import frozen

from circlekit import Budget, CircleId, CircleKit, PostId, RuleBook, Verdict, rolling
from circlekit.clock import Clock
from circlekit.events.circle import MustSeeSent, PostRemoved
from circlekit.policies.house import Act, Asked, no
from circlekit.verdict import ALLOWED

# A mistake to plant, for the tests to find: one of those that the README names.
BUG: Final = os.environ.get("BOOKSHOP_BUG", "")


@frozen
class QuietHours:
    """
    Nobody is sent an announcement at night, as the clocks of their circle have it.
    """

    name: ClassVar[str] = "quiet-hours"
    acts: ClassVar[frozenset[Act]] = frozenset({"must-see"})
    begin: int = 22
    end: int = 8

    def judge(self, asked: Asked) -> Verdict:
        """
        Refuse until the morning.
        """
        zone = "UTC" if BUG == "quiet-hours-utc" else asked.zone
        here = asked.at.astimezone(ZoneInfo(zone))
        if self.end <= here.hour < self.begin:
            return ALLOWED
        day = here + timedelta(days=here.hour >= self.begin)
        morning = day.replace(hour=self.end, minute=0, second=0, microsecond=0, fold=0)
        because = f"it is {here:%H:%M}; quiet from {self.begin} to {self.end}"
        return no(self, because, retry_at=morning.astimezone(UTC))


@frozen
class NewReadersWait:
    """
    Who has just joined reads for a while before they write.
    """

    name: ClassVar[str] = "new-readers-wait"
    acts: ClassVar[frozenset[Act]] = frozenset({"post"})
    monotone: ClassVar[bool] = True
    hours: int = 24

    def judge(self, asked: Asked) -> Verdict:
        """
        Refuse for the first hours; the owner never was new.
        """
        if asked.member_since is None or asked.role == "owner":
            return ALLOWED
        free_at = asked.member_since + timedelta(hours=self.hours)
        if asked.at >= free_at:
            return ALLOWED
        return no(self, f"new readers wait {self.hours} hours", retry_at=free_at)


POLICIES: Final = (QuietHours, NewReadersWait)
BOOKSHOP_2026: Final = RuleBook(
    name="bookshop_2026",
    must_see=(
        Budget("announcements-a-month", 6, rolling(days=30)),
        Budget("announcements-apart", 1, rolling(hours=12)),
    ),
    house=(QuietHours(), NewReadersWait()),
)


@frozen
class Bookshop:
    """
    The shop's reading circles.
    """

    kit: CircleKit

    def open_circle(self, name: str, *, host: str, zone: str) -> CircleId:
        """
        Open a circle, which a bookseller hosts.
        """
        return self.kit.found_circle(
            name=name, kind="community", by=host, zone=zone, rules=BOOKSHOP_2026
        )

    def join(self, circle: CircleId, reader: str) -> None:
        """
        Let a reader in.
        """
        self.kit.join_circle(circle, reader)

    def announce(self, circle: CircleId, event: str, *, by: str) -> PostId:
        """
        Announce a reading to every member: a must-see.
        """
        return self.kit.send_must_see(circle, by=by, text=event)

    def post(self, circle: CircleId, text: str, *, by: str) -> PostId:
        """
        Write to the circle.
        """
        return self.kit.publish_post(circle, by=by, text=text)

    def comment(self, post: PostId, text: str, *, by: str) -> None:
        """
        Answer a post.
        """
        self.kit.add_comment(post, by=by, text=text)

    def announcements_left(self, circle: CircleId) -> int:
        """
        Return how many more may be sent in these thirty days.
        """
        left = self.kit.quota(circle=circle).lines[0].left
        if BUG == "forgets-removed":
            # Nobody can read it any more, so it does not count?
            events = [recorded.event for recorded in self.kit.history(circle)]
            removed = {it.post for it in events if isinstance(it, PostRemoved)}
            sent = {it.post for it in events if isinstance(it, MustSeeSent)}
            left += len(sent & removed)
        return left


def now() -> datetime:
    """
    Return the moment it is.
    """
    return datetime.now(UTC)


@contextmanager
def open_shop(url: str, *, clock: Clock = now) -> Iterator[Bookshop]:
    """
    Open the shop, for as long as a ``with`` block lasts.
    """
    with CircleKit(url, clock=clock, policies=POLICIES) as kit:
        yield Bookshop(kit)
