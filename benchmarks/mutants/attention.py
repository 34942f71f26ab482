"""
Attention: quiet hours, budgets of pushes, and mutes.
"""

from datetime import datetime
from typing import Any

from attrs import evolve

from benchmarks.mutants.planting import ATTENTION, Kept, bends
from circlekit.aggregates.attention import Attention
from circlekit.clock import zone_named
from circlekit.events.attention import PushMade
from circlekit.policies import attention as policy
from circlekit.policies.attention import QuietHours
from circlekit.verdict import ALLOWED


@bends(policy, "quiet_until", ATTENTION)
def first_end_only(kept: Kept, hours: Any, context: Any, **asked: Any) -> Any:
    """
    Quiet hours that begin where others end are not waited for.
    """
    ends = [kept({name: it}, context, **asked) for name, it in hours.items()]
    return max((end for end in ends if end is not None), default=None)


@bends(policy, "quiet_until", ATTENTION)
def soonest_end(kept: Kept, hours: Any, context: Any, **asked: Any) -> Any:
    """
    Of several quiet hours, those that are over first are waited for.
    """
    ends = [kept({name: it}, context, **asked) for name, it in hours.items()]
    return min((end for end in ends if end is not None), default=None)


@bends(QuietHours, "until", ATTENTION)
def over_at_midnight(kept: Kept, self: QuietHours, at: datetime) -> Any:
    """
    Quiet hours that go on into the next day are over at midnight.
    """
    wall = at.astimezone(zone_named(self.zone)).strftime("%H:%M")
    if self.ends <= self.starts and wall < self.ends:
        return None
    return kept(self, at)


@bends(QuietHours, "until", ATTENTION)
def quiet_in_utc(kept: Kept, self: QuietHours, at: datetime) -> Any:
    """
    Quiet hours are those of UTC, wherever the reader is.
    """
    return kept(evolve(self, zone="UTC"), at)


@bends(policy, "_holds", ATTENTION)
def work_hours_hold_for_all(
    kept: Kept, name: Any, hours: QuietHours, context: Any, **asked: Any
) -> Any:
    """
    The quiet hours of work hold for consumer pushes, whatever the reader says.
    """
    return kept(name, evolve(hours, consumer_too=True), context, **asked)


@bends(policy, "_holds", ATTENTION)
def minor_for_ever(
    kept: Kept, name: Any, hours: QuietHours, context: Any, *, is_minor: bool
) -> Any:
    """
    A minor's quiet hours hold for somebody who is of age.
    """
    del is_minor
    return kept(name, hours, context, is_minor=True)


@bends(policy, "within_attention", ATTENTION)
def days_in_utc(kept: Kept, limit: Any, pushes: Any, *, at: datetime) -> Any:
    """
    Pushes a day are counted in UTC instead of the reader's zone.
    """
    return kept(limit and (limit[0], "UTC"), pushes, at=at)


@bends(policy, "within_attention", ATTENTION)
def one_push_too_many(kept: Kept, limit: Any, pushes: Any, *, at: datetime) -> Any:
    """
    One push more is made than the reader wants.
    """
    return kept(limit and (limit[0] + 1, limit[1]), pushes, at=at)


@bends(Attention, "evolve", ATTENTION)
def emergencies_free(kept: Kept, self: Attention, event: Any, *, place: int) -> None:
    """
    An emergency does not use up any of the day's pushes.
    """
    kept(self, event, place=place)
    if isinstance(event, PushMade) and event.emergency is not None:
        self.pushes[event.context].pop()


@bends(Attention, "push", ATTENTION)
def emergencies_muted(
    kept: Kept, self: Attention, circle: Any, post: int, **asked: Any
) -> Any:
    """
    A mute keeps back an emergency as well.
    """
    if circle in self.muted:
        asked["emergency"] = None
    return kept(self, circle, post, **asked)


@bends(policy, "not_muted", ATTENTION)
def mute_does_nothing(_kept: Kept, *_args: Any) -> Any:
    """
    A circle that was muted pushes nevertheless.
    """
    return ALLOWED


@bends(Attention, "_is_decided", ATTENTION)
def demoted_is_tried_again(kept: Kept, self: Attention, key: Any, at: datetime) -> Any:
    """
    What was not pushed because there were enough is pushed another day.
    """
    return kept(evolve(self, demoted=set()), key, at)
