"""
What goes on in a circle, for those who run it.
"""

from datetime import date, datetime
from typing import Final

from attrs import define

from circlekit.application.deciding import Deciding
from circlekit.clock import as_day, as_utc
from circlekit.errors import InvalidInputError, NotFoundError
from circlekit.ids import CircleId
from circlekit.projections.activity import Activity
from circlekit.store import ACTIVITY
from circlekit.text import checked_id

MOST_DAYS: Final = 366


@define(eq=False, repr=False)
class Operating(Deciding):
    """
    Questions of operators.
    """

    def activity(
        self,
        circle: CircleId | str,
        since: date,
        until: date,
        *,
        as_of: datetime | None = None,
    ) -> Activity:
        """
        Return what went on in a circle, day by day in its zone.

        What is told of a day never changes once the day is over: posts that were
        removed later and members who left later are still in it.

        Args:
            circle: The circle.
            since: The first day.
            until: The day after the last one, at most 366 days later.
            as_of: Only what had happened by then, so that an earlier report is told
                again; None for everything.

        Raises:
            NotFoundError: If the circle is not known.
            InvalidInputError: If a day or moment is not accepted.
        """
        checked_id("circle", circle)
        first, end = as_day("since", since), as_day("until", until)
        if not 0 < (end - first).days <= MOST_DAYS:
            accepted = f"1 to {MOST_DAYS} days after since"
            raise InvalidInputError("until", f"is {end}", accepted)
        moment = None if as_of is None else as_utc("as_of", as_of)
        with self._store.read(ACTIVITY) as (rows, _):
            found = ACTIVITY.report(
                rows, CircleId(circle), since=first, until=end, as_of=moment
            )
        if found is None:
            raise NotFoundError("circle", circle)
        return found
