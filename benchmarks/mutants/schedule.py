"""
What is scheduled for later, and what is released.
"""

from datetime import datetime
from typing import Any

from attrs import evolve

from benchmarks.mutants.planting import MICROSECOND, SCHEDULE, Kept, bends
from circlekit.aggregates.schedule import Schedule
from circlekit.policies import authority as authority_policy
from circlekit.policies import schedule as policy
from circlekit.policies.schedule import Planned
from circlekit.verdict import ALLOWED


@bends(policy, "still_to_come", SCHEDULE)
def for_this_moment(kept: Kept, release_at: datetime, *, at: datetime) -> Any:
    """
    Something may be scheduled for the moment that it is.
    """
    return ALLOWED if release_at == at else kept(release_at, at=at)


@bends(policy, "still_to_come", SCHEDULE)
def for_any_year(kept: Kept, release_at: datetime, *, at: datetime) -> Any:
    """
    Something may be scheduled for any year to come.
    """
    return ALLOWED if release_at > at else kept(release_at, at=at)


@bends(policy, "still_to_come", SCHEDULE)
def last_moment_refused(kept: Kept, release_at: datetime, *, at: datetime) -> Any:
    """
    The last moment for which something may be scheduled is refused.
    """
    if release_at > at:
        return kept(release_at + MICROSECOND, at=at)
    return kept(release_at, at=at)


@bends(Schedule, "reservations", SCHEDULE)
def nothing_reserved(_kept: Kept, _self: Schedule, **_asked: Any) -> Any:
    """
    A must-see that waits reserves nothing.
    """
    return []


@bends(Schedule, "reservations", SCHEDULE)
def in_its_own_way(kept: Kept, self: Schedule, *, but: int | None = None) -> Any:
    """
    A must-see that is moved stands in its own way.
    """
    del but
    return kept(self)


@bends(policy, "room_for_release", SCHEDULE)
def newest_book_decides(kept: Kept, planned: Planned, *args: Any, **asked: Any) -> Any:
    """
    What was promised a place is held to the newest rule book.
    """
    return kept(evolve(planned, promised=planned.promised[-1:]), *args, **asked)


@bends(policy, "room_for_release", SCHEDULE)
def late_takes_a_place(
    kept: Kept, planned: Planned, sent: Any, _others: Any, **asked: Any
) -> Any:
    """
    What is released late takes the place that another was promised.
    """
    return kept(planned, sent, (), **asked)


@bends(policy, "room_for_release", SCHEDULE)
def waits_for_an_override(
    kept: Kept, planned: Planned, *args: Any, **asked: Any
) -> Any:
    """
    What was promised a place waits for a must-see that was sent by override.
    """
    return kept(evolve(planned, excused=()), *args, **asked)


@bends(policy, "room_for_release", SCHEDULE)
def released_anyway(_kept: Kept, *_args: Any, **_asked: Any) -> Any:
    """
    What is released late waits for nothing.
    """
    return ALLOWED


@bends(Schedule, "due", SCHEDULE)
def due_early(kept: Kept, self: Schedule, place: int, *, at: datetime) -> Any:
    """
    Something is released a microsecond before its moment.
    """
    return kept(self, place, at=at + MICROSECOND)


@bends(Schedule, "promise", SCHEDULE)
def promise_forgotten(_kept: Kept, *_args: Any) -> None:
    """
    What waits is not released by a rule book that came later.
    """


@bends(authority_policy, "author_or_manager", SCHEDULE)
def anybody_changes(_kept: Kept, *_args: Any, **_asked: Any) -> Any:
    """
    Any member may move or cancel what another has scheduled.
    """
    return ALLOWED
