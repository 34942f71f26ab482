"""
Lives, and how long a minor watches.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from attrs import evolve

from benchmarks.mutants.planting import LIVE, Kept, bends
from circlekit.aggregates.live import Live
from circlekit.clock import zone_named
from circlekit.events.live import LiveEnded
from circlekit.policies import live as policy
from circlekit.policies.live import Minor, Watched
from circlekit.verdict import ALLOWED

_FAR = datetime(2200, 1, 1, tzinfo=UTC)


def _of_today(watched: Sequence[Watched], minor: Minor, at: datetime) -> list[Watched]:
    home = zone_named(minor.zone)
    today = at.astimezone(home).date()
    return [it for it in watched if it.since.astimezone(home).date() == today]


@bends(policy, "within_live_minutes", LIVE)
def day_it_began(
    kept: Kept, watched: Any, *, minor: Minor | None, at: datetime, **asked: Any
) -> Any:
    """
    What was watched across midnight counts for the day it began on, and no other.
    """
    if minor is not None:
        watched = _of_today(watched, minor, at)
    return kept(watched, minor=minor, at=at, **asked)


@bends(policy, "within_live_minutes", LIVE)
def minutes_in_utc(
    kept: Kept, watched: Any, *, minor: Minor | None, **asked: Any
) -> Any:
    """
    A minor's days are counted in UTC.
    """
    return kept(watched, minor=minor and evolve(minor, zone="UTC"), **asked)


@bends(policy, "within_live_minutes", LIVE)
def one_minute_too_many(
    kept: Kept, watched: Any, *, limit: int | None, **asked: Any
) -> Any:
    """
    A minor watches one minute more than the limit.
    """
    return kept(watched, limit=limit and limit + 1, **asked)


@bends(policy, "within_live_minutes", LIVE)
def never_of_age(kept: Kept, watched: Any, *, minor: Minor | None, **asked: Any) -> Any:
    """
    Somebody who has come of age is kept to a minor's minutes.
    """
    return kept(watched, minor=minor and evolve(minor, until=_FAR), **asked)


@bends(policy, "seconds_between", LIVE)
def counted_twice(kept: Kept, watched: Any, starts: datetime, ends: datetime) -> Any:
    """
    Time in two lives at once counts twice.
    """
    return sum(kept([one], starts, ends) for one in watched)


@bends(policy, "may_watch_until", LIVE)
def ends_with_today(
    kept: Kept, watched: Any, *, limit: Any, minor: Any, at: datetime
) -> Any:
    """
    Whoever still watches at midnight has no more than the minutes of the day before.
    """
    if kept(watched, limit=limit, minor=minor, at=at) is None:
        return None
    midnight = at.astimezone(zone_named(minor.zone)).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    used = policy.seconds_between(watched, midnight.astimezone(UTC), at)
    return at + timedelta(minutes=limit, seconds=-used)


@bends(policy, "may_watch_until", LIVE)
def watched_forgotten(kept: Kept, _watched: Any, **asked: Any) -> Any:
    """
    When the stream ends does not go by what was watched before.
    """
    return kept([], **asked)


@bends(policy, "comes_by", LIVE)
def by_any_group(kept: Kept, group: Any, member: str, *, inside: Any) -> Any:
    """
    Whoever is in one of its groups comes to a live by any other.
    """
    return kept(None if inside else group, member, inside=inside)


@bends(policy, "replay_due", LIVE)
def replay_while_it_runs(kept: Kept, status: Any, *, published: bool) -> Any:
    """
    A replay is published while the live still goes on.
    """
    return kept("ended" if status == "running" else status, published=published)


@bends(policy, "not_yet_watching", LIVE)
def on_two_screens(_kept: Kept, *_args: Any) -> Any:
    """
    Somebody who watches may come in once more.
    """
    return ALLOWED


@bends(Live, "_evolve", LIVE)
def watches_on(kept: Kept, self: Live, event: Any) -> None:
    """
    Whoever was there when a live ended watches on.
    """
    there = {*self.watching}
    kept(self, event)
    if isinstance(event, LiveEnded):
        self.watching |= there


@bends(policy, "still_scheduled", LIVE)
def started_again(kept: Kept, status: Any) -> Any:
    """
    A live that was called off can be started.
    """
    return kept("scheduled" if status == "cancelled" else status)
