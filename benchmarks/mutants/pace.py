"""
The pace of a group, threads on the move, and digests of comments.
"""

from datetime import datetime, timedelta
from typing import Any

from attrs import evolve

from benchmarks.mutants.planting import GROUP, MICROSECOND, Kept, bends
from circlekit.aggregates.digests import Digests
from circlekit.aggregates.group import Group
from circlekit.aggregates.pace import Pace
from circlekit.events.pace import AnnouncementsOnlySet, SlowModeSet
from circlekit.policies import pace as policy
from circlekit.policies import redirection as redirection_policy
from circlekit.verdict import ALLOWED


@bends(policy, "slow_enough", GROUP)
def slow_a_moment_longer(kept: Kept, role: Any, *, at: datetime, **asked: Any) -> Any:
    """
    In slow mode one waits a microsecond longer than it says.
    """
    return kept(role, at=at - MICROSECOND, **asked)


@bends(policy, "slow_enough", GROUP)
def managers_are_slow(kept: Kept, role: Any, **asked: Any) -> Any:
    """
    Slow mode holds for the owner and managers as well.
    """
    return kept(role and "member", **asked)


@bends(Pace, "may_write", GROUP)
def slow_for_all_together(kept: Kept, self: Pace, role: Any, **asked: Any) -> Any:
    """
    In slow mode one waits for what anybody wrote.
    """
    last = max(self.last_sent.values(), default=None)
    sent = {} if last is None else {asked["by"]: last}
    return kept(evolve(self, last_sent=sent), role, **asked)


@bends(policy, "slow_enough", GROUP)
def slow_beyond_its_end(
    kept: Kept, role: Any, *, until: Any, at: datetime, **asked: Any
) -> Any:
    """
    A refusal names a moment after which slow mode has long ended.
    """
    if policy.in_force(until, at=at):
        until = None
    return kept(role, until=until, at=at, **asked)


@bends(Pace, "evolve", GROUP)
def slow_anew(kept: Kept, self: Pace, event: Any, *, place: int) -> None:
    """
    When slow mode is put in force again, what was written before is forgotten.
    """
    kept(self, event, place=place)
    if isinstance(event, SlowModeSet):
        self.last_sent.clear()


@bends(policy, "announces_or_asks", GROUP)
def managers_are_silent(kept: Kept, role: Any, **asked: Any) -> Any:
    """
    Where there are only announcements, the owner and managers make none.
    """
    return kept(role and "member", **asked)


@bends(Pace, "take_in", GROUP)
def thread_not_followed(kept: Kept, self: Pace, message: Any, *, place: int) -> None:
    """
    In a thread that stays open only its first message is answered.
    """
    thread = {*self.open_thread}
    kept(self, message, place=place)
    self.open_thread = thread


@bends(Pace, "evolve", GROUP)
def old_thread_stays_open(kept: Kept, self: Pace, event: Any, *, place: int) -> None:
    """
    When another thread is left open, the one before it stays open.
    """
    thread = {*self.open_thread}
    kept(self, event, place=place)
    if isinstance(event, AnnouncementsOnlySet):
        self.open_thread |= thread


@bends(policy, "in_force", GROUP)
def pace_ends_late(kept: Kept, until: datetime | None, *, at: datetime) -> Any:
    """
    Slow mode and announcements only end a microsecond late.
    """
    return kept(until and until + MICROSECOND, at=at)


@bends(redirection_policy, "still_answered_here", GROUP)
def answered_where_it_was(_kept: Kept, *_args: Any) -> Any:
    """
    A thread that went elsewhere is still answered where it was.
    """
    return ALLOWED


@bends(redirection_policy, "not_yet_redirected", GROUP)
def redirected_twice(_kept: Kept, *_args: Any) -> Any:
    """
    A message that went to another group goes once more.
    """
    return ALLOWED


@bends(Group, "redirect", GROUP)
def replies_stay(
    kept: Kept, self: Group, message: Any, _replies: Any, **asked: Any
) -> Any:
    """
    A message goes to another group, and its replies do not.
    """
    return kept(self, message, (), **asked)


@bends(Group, "redirect", GROUP)
def to_any_group(kept: Kept, self: Group, *args: Any, **asked: Any) -> Any:
    """
    A thread goes to a group of another circle.
    """
    if asked["linked"] is not None and self.circle is not None:
        asked["linked"] = self.circle
    return kept(self, *args, **asked)


@bends(Digests, "due", GROUP)
def gathered_from_the_last(
    kept: Kept, self: Digests, circle: Any, post: int, waiting: Any, **asked: Any
) -> Any:
    """
    Comments are gathered from the newest of them on.
    """
    newest = sorted(waiting, key=lambda it: it.at)[-1:]
    return kept(self, circle, post, newest, **asked)


@bends(Digests, "evolve", GROUP)
def digest_at_once(kept: Kept, self: Digests, event: Any) -> None:
    """
    The next digest does not wait for the window of the one before.
    """
    kept(self, event)
    self.free_at.clear()


@bends(Digests, "due", GROUP)
def one_digest_for_all_posts(
    kept: Kept, self: Digests, *args: Any, **asked: Any
) -> Any:
    """
    A digest of one post holds back those of all others.
    """
    until = max(self.free_at.values(), default=None)
    return kept(self, *args, **asked) and (until is None or until <= asked["at"])


@bends(Digests, "due", GROUP)
def digest_a_second_early(
    kept: Kept, self: Digests, *args: Any, window: timedelta, **asked: Any
) -> Any:
    """
    Comments are gathered for a second less than the window.
    """
    return kept(self, *args, window=window - timedelta(seconds=1), **asked)
