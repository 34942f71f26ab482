"""
May this live be started, watched or liked?

A live is one class for several groups of a circle, under one id. The owner,
managers and, in a teaching circle, verified teachers start it. In a muted group
an ordinary member starts none, but everybody there may watch and like.

A minor may be kept to so many minutes of live a day, over all circles. A day is
one of the minor's own zone; what was watched across midnight counts on either
day for its part.

Source: 001_91e06b73f5afe1ab:16,18 (one live in several groups), :67 (children
before the screen); that watching stays open in a muted group follows DingTalk's
group mute as described in 2022.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Literal

from attrs import frozen

from circlekit.budget import CALENDAR_DAY, window_bounds
from circlekit.verdict import ALLOWED, Reason, Verdict, refused

LiveStatus = Literal["scheduled", "running", "ended", "cancelled"]


@frozen
class Minor:
    """
    Somebody who is not of age yet, as the host attests.

    Attributes:
        until: When they come of age, UTC.

        zone: The IANA zone their days are counted in.
    """

    until: datetime
    zone: str


@frozen
class Watched:
    """
    A stretch of time in which somebody watched a live, UTC, half-open.

    Attributes:
        since: When they came.

        until: When they left, or the live was over; None while they watch.
    """

    since: datetime
    until: datetime | None = None


def live_open_to(kind: str, kinds: Collection[str]) -> Verdict:
    """
    Only circles of some kinds have live.

    >>> str(live_open_to("community", ("teaching",)))
    'live-not-open: a community circle has no live by its rule book'
    """
    if kind in kinds:
        return ALLOWED
    return refused("live-not-open", f"a {kind} circle has no live by its rule book")


def still_scheduled(status: LiveStatus | None) -> Verdict:
    """
    Only a live that has not begun is started or called off.
    """
    if status == "scheduled":
        return ALLOWED
    return refused("live-not-scheduled", f"this live is {_spoken(status)}")


def now_running(status: LiveStatus | None) -> Verdict:
    """
    Only a live that is on is watched, liked or ended.
    """
    if status == "running":
        return ALLOWED
    return refused("live-not-running", f"this live is {_spoken(status)}")


def replay_due(status: LiveStatus | None, *, published: bool) -> Verdict:
    """
    A replay is published once, when the live is over.
    """
    if published:
        return refused("replay-published", "the replay is published already")
    if status == "ended":
        return ALLOWED
    return refused("live-not-ended", f"this live is {_spoken(status)}")


def comes_by(group: str | None, member: str, *, inside: Collection[str]) -> Verdict:
    """
    Only who is in one of the live's groups watches it.

    *inside* are the live's groups that the member is in; *group* is the one they
    come by, None for any.
    """
    if inside and (group is None or group in inside):
        return ALLOWED
    which = "any of its groups" if group is None else f"{group}, or it is not there"
    return refused("not-in-the-group", f"{member} is not in {which}")


def not_yet_watching(member: str, watching: Collection[str]) -> Verdict:
    """
    Nobody comes in twice, on however many screens.
    """
    if member in watching:
        return refused("already-watching", f"{member} watches this live already")
    return ALLOWED


def is_watching(member: str, watching: Collection[str]) -> Verdict:
    """
    Only who watches likes or leaves.
    """
    if member in watching:
        return ALLOWED
    return refused("not-watching", f"{member} does not watch this live")


def within_live_minutes(
    watched: Iterable[Watched],
    *,
    limit: int | None,
    minor: Minor | None,
    at: datetime,
) -> Verdict:
    """
    A minor watches so many minutes of live a day, and no more.

    >>> from datetime import UTC
    >>> noon = datetime(2020, 3, 2, 4, tzinfo=UTC)
    >>> minor = Minor(until=datetime(2030, 1, 1, tzinfo=UTC), zone="Asia/Shanghai")
    >>> class_ = Watched(noon - timedelta(minutes=40), noon)
    >>> str(within_live_minutes([class_], limit=40, minor=minor, at=noon))
    'minor-live-minutes: 40 of 40 minutes watched today'

    Args:
        watched: What they watched, in any live, as far as it may be of today.
        limit: Minutes a day, None for no limit.
        minor: None for somebody who is not attested to be one.
        at: The moment of asking.
    """
    if limit is None or minor is None or at >= minor.until:
        return ALLOWED
    starts, ends = window_bounds(CALENDAR_DAY, zone=minor.zone, at=at)
    used = seconds_between(watched, starts, min(at, ends))
    if used < limit * 60:
        return ALLOWED
    return Verdict(
        (
            Reason(
                rule="minor-live-minutes",
                because=f"{int(used) // 60} of {limit} minutes watched today",
                used=int(used) // 60,
                limit=limit,
                window_start=starts,
                window_end=ends,
                retry_at=min(ends, minor.until) if limit else minor.until,
            ),
        )
    )


def may_watch_until(
    watched: Sequence[Watched],
    *,
    limit: int | None,
    minor: Minor | None,
    at: datetime,
) -> datetime | None:
    """
    Return when the host ends the stream for who joins now, None if it need not.

    Whoever still watches at midnight begins the new day's minutes there.
    """
    if limit is None or minor is None or at >= minor.until:
        return None
    allowed = timedelta(minutes=limit)
    starts, ends = window_bounds(CALENDAR_DAY, zone=minor.zone, at=at)
    used = seconds_between(watched, starts, at)
    until = at + allowed - timedelta(seconds=used)
    while until >= ends:
        until = ends + allowed
        _, ends = window_bounds(CALENDAR_DAY, zone=minor.zone, at=ends)
    return None if until >= minor.until else until


def seconds_between(
    watched: Iterable[Watched], starts: datetime, ends: datetime
) -> float:
    """
    Return how many seconds were watched in a window, by however many screens.

    Time in two lives at once counts once: it is one pair of eyes.
    """
    total = timedelta(0)
    reached = starts
    for stretch in sorted(watched, key=lambda it: it.since):
        begins = max(stretch.since, reached)
        stops = ends if stretch.until is None else min(stretch.until, ends)
        if stops > begins:
            total += stops - begins
            reached = stops
    return total.total_seconds()


def _spoken(status: LiveStatus | None) -> str:
    return "not planned yet" if status is None else status
