"""
What people have to do: one inbox over all their circles.
"""

from collections.abc import Collection

from attrs import define

from circlekit.application.deciding import Deciding
from circlekit.application.reading import page_size
from circlekit.clock import as_utc
from circlekit.errors import InvalidInputError, NotFoundError
from circlekit.events.record import stream_of
from circlekit.ids import CircleId, MemberId
from circlekit.projections.duties import KINDS, DutyKind, InboxPage
from circlekit.store import DUTIES
from circlekit.text import checked_id


@define(eq=False, repr=False)
class Duties(Deciding):
    """
    Use cases of what is to be done.
    """

    def inbox(
        self,
        member: MemberId | str,
        *,
        circle: CircleId | str | None = None,
        kinds: Collection[DutyKind] | None = None,
        after: str | None = None,
        limit: int = 20,
    ) -> InboxPage:
        """
        Return a page of what a member has to do, over all their circles or one.

        Must-sees they have not acknowledged and everything that was given to them
        and is not done, newest first. Nothing comes up on two pages, whatever is
        done, given or taken away in between.

        Args:
            member: Whose duties.
            circle: Only those of this circle.
            kinds: Only these, of ``must-see``, ``to-do``, ``homework`` and
                ``approval``; None means all.
            after: The ``next`` of the page before.
            limit: Most duties, 1 to 200.

        Raises:
            InvalidInputError: If a kind, the cursor or the limit is not accepted.
            NotFoundError: If the circle is not known.
        """
        who = MemberId(checked_id("member", member))
        wanted = _kinds(kinds)
        page_size(limit)
        where = None if circle is None else CircleId(checked_id("circle", circle))
        now = as_utc("clock", self._clock())
        with self._store.read(DUTIES) as (rows, _):
            if where and rows.last_of(stream_of("circle", where)) is None:
                raise NotFoundError("circle", where)
            return DUTIES.page(
                rows,
                who,
                circle=where,
                kinds=wanted,
                after=after,
                limit=limit,
                at=now,
            )


def _kinds(kinds: Collection[DutyKind] | None) -> Collection[DutyKind]:
    if kinds is None:
        return KINDS
    accepted = "a list of " + ", ".join(KINDS)
    if isinstance(kinds, str):
        raise InvalidInputError("kinds", "is one text", accepted)
    for kind in kinds:
        if kind not in KINDS:
            raise InvalidInputError("kinds", f"{kind!r} is none", accepted)
    return kinds
