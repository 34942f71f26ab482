"""
A circle's schedule: the posts and must-sees that wait for their moment.

What they say is not remembered: it stands in the history at the place by which the
waiting one is named.
"""

from datetime import datetime
from typing import assert_never

from attrs import Factory, define, evolve

from circlekit.budget import Budget, Spend
from circlekit.events.schedule import (
    MustSeeScheduled,
    PostScheduled,
    ScheduledCancelled,
    ScheduledDropped,
    ScheduledMoved,
    ScheduledReleased,
    ScheduleEvent,
)
from circlekit.policies.schedule import Planned


@define
class Schedule:
    """
    What a circle must remember of what it has scheduled.

    Attributes:
        waiting: What waits, by the place of its event.
    """

    waiting: dict[int, Planned] = Factory(dict)

    def reservations(self, *, but: int | None = None) -> list[Spend]:
        """
        Return the shares that must-sees have reserved, in the order of time.

        Args:
            but: Leave out the one that waits under this place.
        """
        found = (
            Spend(planned.release_at, place, reserved=True)
            for place, planned in self.waiting.items()
            if planned.is_must_see and place != but
        )
        return sorted(found, key=lambda spend: (spend.at, spend.version))

    def due(self, place: int, *, at: datetime) -> Planned | None:
        """
        Return what waits under a place if its moment has come.
        """
        planned = self.waiting.get(place)
        return planned if planned is not None and planned.release_at <= at else None

    # History: never refuses, whatever today's rules say.

    def evolve(
        self, event: ScheduleEvent, *, place: int, budgets: tuple[Budget, ...]
    ) -> None:
        """
        Take in an event; *budgets* are those in force for must-sees.
        """
        match event:
            case PostScheduled():
                self.waiting[place] = Planned(release_at=event.release_at, by=event.by)
            case MustSeeScheduled():
                self.waiting[place] = Planned(
                    release_at=event.release_at, by=event.by, promised=(budgets,)
                )
            case ScheduledMoved():
                planned = self.waiting.get(event.scheduled)
                if planned is not None:
                    self.waiting[event.scheduled] = Planned(
                        release_at=event.release_at,
                        by=planned.by,
                        promised=(budgets,) if planned.is_must_see else (),
                    )
            case ScheduledCancelled() | ScheduledReleased() | ScheduledDropped():
                self.waiting.pop(event.scheduled, None)
            case _:
                assert_never(event)

    def promise(self, budgets: tuple[Budget, ...]) -> None:
        """
        Remember that those that wait may also go by another rule book's budgets.
        """
        for place, planned in [*self.waiting.items()]:
            if planned.is_must_see and budgets not in planned.promised:
                promised = (*planned.promised, budgets)
                self.waiting[place] = evolve(planned, promised=promised)

    def excuse(self, sent: int) -> None:
        """
        Remember that those that wait need not wait for a must-see sent by override.
        """
        for place, planned in [*self.waiting.items()]:
            if planned.is_must_see:
                excused = (*planned.excused, sent)
                self.waiting[place] = evolve(planned, excused=excused)
