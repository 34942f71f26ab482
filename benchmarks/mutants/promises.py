"""
What every aggregate promises: commands change nothing, events are taken in.
"""

from datetime import datetime
from typing import Any

from benchmarks.mutants.planting import CIRCLE, GROUP, Kept, bends
from circlekit.aggregates.circle import Circle
from circlekit.aggregates.history import HasHistory
from circlekit.events.circle import PostReacted
from circlekit.testing.machines.machine import Machine
from circlekit.verdict import RefusedError


@bends(Circle, "leave", CIRCLE)
def command_applies(kept: Kept, self: Circle, *args: Any, **asked: Any) -> Any:
    """
    A command takes its own events in.
    """
    events = kept(self, *args, **asked)
    for event in events:
        self.apply(event)
    return events


@bends(Circle, "pin", CIRCLE)
def command_remembers(kept: Kept, self: Circle, post: Any, **asked: Any) -> Any:
    """
    A command that refuses has changed something all the same.
    """
    try:
        return kept(self, post, **asked)
    except RefusedError:
        self.removed.discard(post.version)
        raise


@bends(HasHistory, "apply", CIRCLE)
def version_forgotten(kept: Kept, self: HasHistory, event: Any) -> None:
    """
    One kind of event is taken in without counting its place.
    """
    kept(self, event)
    if isinstance(event, PostReacted):
        self.version -= 1


@bends(HasHistory, "apply", CIRCLE)
def moment_forgotten(kept: Kept, self: HasHistory, event: Any) -> None:
    """
    A circle does not remember the moment of its newest event.
    """
    before = self.last_at
    kept(self, event)
    self.last_at = before


@bends(HasHistory, "apply", GROUP)
def moment_forgotten_by_groups(kept: Kept, self: HasHistory, event: Any) -> None:
    """
    A group does not remember the moment of its newest event.
    """
    before = self.last_at
    kept(self, event)
    self.last_at = before


@bends(Machine, "at", CIRCLE)
def clock_goes_back(_kept: Kept, self: Machine[Any]) -> datetime:
    """
    Commands are given the host's clock as it is, even when it has gone back.
    """
    return self.clock
