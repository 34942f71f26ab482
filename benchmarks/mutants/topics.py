"""
Topics, and check-ins on them.
"""

from datetime import date, datetime, timedelta
from typing import Any

from attrs import evolve

from benchmarks.mutants.planting import NAMES, TOPIC, Kept, bends
from circlekit import budget as budget_module
from circlekit.aggregates import topic_names as names_module
from circlekit.aggregates.topic import Topic
from circlekit.aggregates.topic_names import TopicNames
from circlekit.events.topic import CheckedIn, CheckInRemoved, TopicNameFreed
from circlekit.policies import check_ins as policy
from circlekit.policies import topics as topics_policy


@bends(budget_module, "day_of", TOPIC)
def check_ins_in_utc(kept: Kept, at: datetime, *, zone: str) -> Any:
    """
    A check-in is of the day that it is in UTC.
    """
    del zone
    return kept(at, zone="UTC")


@bends(Topic, "_counted_on", TOPIC)
def each_check_in_counts(_kept: Kept, *_args: Any) -> Any:
    """
    Every check-in of a day counts.
    """
    return ()


@bends(Topic, "_counted_on", TOPIC)
def removed_posts_count(
    kept: Kept, self: Topic, day: date, member: Any, _gone: Any
) -> Any:
    """
    A check-in goes on counting when its post was taken down.
    """
    return kept(self, day, member, ())


@bends(Topic, "_evolve", TOPIC)
def taken_back_and_counts(kept: Kept, self: Topic, event: Any) -> None:
    """
    A check-in that was taken back goes on counting.
    """
    if isinstance(event, CheckInRemoved):
        self.removed.add(event.check_in)
    else:
        kept(self, event)


@bends(Topic, "_evolve", TOPIC)
def make_up_given_back(kept: Kept, self: Topic, event: Any) -> None:
    """
    A day that was made up for is given back when that is taken back.
    """
    kept(self, event)
    if isinstance(event, CheckInRemoved) and self.made_up.get(event.member):
        self.made_up[event.member].pop()


@bends(Topic, "_evolve", TOPIC)
def check_in_uses_a_make_up(kept: Kept, self: Topic, event: Any) -> None:
    """
    Making up is counted for all members together.
    """
    kept(self, event)
    if isinstance(event, CheckedIn) and event.made_up:
        together = self.made_up[event.by]
        for member in ("mei", "tao", "lin"):
            self.made_up[member] = together


@bends(policy, "_in_time", TOPIC)
def one_day_too_far(kept: Kept, day: date, *, limit: int, **asked: Any) -> Any:
    """
    A day is made up for that is one day too far back.
    """
    return kept(day, limit=limit + 1, **asked)


@bends(policy, "_in_time", TOPIC)
def today_made_up(kept: Kept, day: date, *, at: datetime, **asked: Any) -> Any:
    """
    The day that it is may be made up for.
    """
    return kept(day, at=at + timedelta(days=1), **asked)


@bends(policy, "_in_time", TOPIC)
def before_one_came(kept: Kept, day: date, *, since: date, **asked: Any) -> Any:
    """
    Days are made up for on which there was nothing to miss.
    """
    return kept(day, since=since - timedelta(days=7), **asked)


@bends(policy, "may_make_up", TOPIC)
def always_enabled(kept: Kept, day: date, *, book: Any, **asked: Any) -> Any:
    """
    Missed days are made up for where the rule book does not enable it.
    """
    return kept(day, book=evolve(book, make_up_days=book.make_up_days or 7), **asked)


@bends(policy, "may_make_up", TOPIC)
def one_make_up_too_many(kept: Kept, day: date, *, book: Any, **asked: Any) -> Any:
    """
    One day more than the limit is made up for in a month.
    """
    more = evolve(book, make_ups_a_month=book.make_ups_a_month + 1)
    return kept(day, book=more, **asked)


@bends(topics_policy, "topic_is_open", TOPIC)
def closed_topic_goes_on(kept: Kept, name: str, *, closed: bool) -> Any:
    """
    A topic that was closed takes check-ins.
    """
    del closed
    return kept(name, closed=False)


@bends(topics_policy, "own_or_run", TOPIC)
def makers_have_no_say(
    kept: Kept, by: str, _owner: Any, *, member: Any, run: Any
) -> Any:
    """
    Only whoever runs the circle renames and closes topics, and not who made them.
    """
    return kept(by, None, member=member, run=run)


@bends(names_module, "folded", NAMES)
def spelled_otherwise(_kept: Kept, name: str) -> Any:
    """
    A name that is spelled otherwise is another name.
    """
    return name


@bends(TopicNames, "_evolve", NAMES)
def freed_and_taken(kept: Kept, self: TopicNames, event: Any) -> None:
    """
    The name of a topic that was closed stays taken.
    """
    if not isinstance(event, TopicNameFreed):
        kept(self, event)


@bends(topics_policy, "name_is_free", NAMES)
def own_name_taken(kept: Kept, name: str, *, topic: str, taken_by: Any) -> Any:
    """
    A topic cannot be named as it is, spelled otherwise.
    """
    del topic
    return kept(name, topic="", taken_by=taken_by)
