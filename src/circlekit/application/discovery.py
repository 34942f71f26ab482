"""
Circles that are found by industry, and what brought their members.
"""

from collections.abc import Sequence
from datetime import date
from typing import Final, get_args

from attrs import define

from circlekit.application.deciding import Deciding, Work, command, nothing
from circlekit.application.reading import page_size
from circlekit.clock import as_day
from circlekit.errors import InvalidInputError, NotFoundError
from circlekit.events.circle import CircleKind
from circlekit.events.record import stream_of
from circlekit.ids import CircleId, MemberId
from circlekit.projections.discovery import ChannelJoins, FoundPage
from circlekit.store import DISCOVERY
from circlekit.text import checked_id, checked_list, checked_name

MOST_INDUSTRIES: Final = 10


@define(eq=False, repr=False)
class Discovering(Deciding):
    """
    Use cases of whoever looks for a circle, or wants theirs found.
    """

    @command
    def set_industries(
        self,
        circle: CircleId | str,
        industries: Sequence[str],
        *,
        by: MemberId | str,
        command_id: str | None = None,
    ) -> None:
        """
        Say of which industries a circle is; it is found by these from here on.

        A circle without any is not found, whoever looks for it.

        Args:
            circle: The circle.
            industries: At most 10, each a line of at most 200 characters, in place of
                those before.
            by: The owner.
            command_id: Makes the call safe to repeat.

        Raises:
            RefusedError: ``not-the-owner``, ``already-so``.
            InvalidInputError: If an industry cannot be accepted.
        """
        chosen = _industries(industries)

        def plan(work: Work) -> None:
            it = work.circle(CircleId(circle))
            said = it.set_industries(chosen, by=MemberId(by), at=work.at(it))
            work.record(it, said)

        self._decide(
            "set_industries",
            plan,
            nothing,
            about=stream_of("circle", circle),
            by=by,
            said=(chosen,),
            command_id=command_id,
        )

    # Questions; they change nothing.

    def find_circles(
        self,
        industry: str | None = None,
        *,
        kind: CircleKind | None = None,
        after: CircleId | str | None = None,
        limit: int = 20,
    ) -> FoundPage:
        """
        Return a page of the circles that are found by an industry, by name.

        They are those whose owner named industries, while they are open.

        Args:
            industry: Only those that named this one, written the same; None for all.
            kind: Only those of this kind.
            after: The ``next`` of the page before.
            limit: Most circles, 1 to 200.

        Raises:
            InvalidInputError: If the industry, kind, cursor or limit is not accepted.
        """
        if industry is not None:
            checked_name("industry", industry)
        if kind is not None and kind not in get_args(CircleKind):
            accepted = ", ".join(get_args(CircleKind))
            raise InvalidInputError("kind", f"{kind!r} is none", accepted)
        last = None if after is None else CircleId(checked_id("after", after))
        page_size(limit)
        with self._store.read(DISCOVERY) as (rows, _):
            page = DISCOVERY.page(
                rows, industry=industry, kind=kind, after=last, limit=limit
            )
        if page is None:
            raise InvalidInputError("after", f"is {after!r}", "the next of a page")
        return page

    def joins_by_channel(
        self,
        circle: CircleId | str,
        *,
        since: date | None = None,
        until: date | None = None,
    ) -> tuple[ChannelJoins, ...]:
        """
        Return how many joined a circle by which channel, from which source.

        They come in the order of channels, then sources; first those of whom nobody
        said what brought them. The founder did not join.

        Args:
            circle: The circle.
            since: The first day, in the circle's zone; None for the earliest.
            until: The day after the last one; None for no end.

        Raises:
            NotFoundError: If the circle is not known.
            InvalidInputError: If a day is not accepted.
        """
        where = CircleId(checked_id("circle", circle))
        first = date.min if since is None else as_day("since", since)
        end = date.max if until is None else as_day("until", until)
        with self._store.read(DISCOVERY) as (rows, _):
            found = DISCOVERY.joins(rows, where, since=first, until=end)
        if found is None:
            raise NotFoundError("circle", circle)
        return found


def _industries(industries: Sequence[str]) -> tuple[str, ...]:
    """
    Return industries as a tuple, each once.

    Raises:
        InvalidInputError: If it is no list, there are too many, or one cannot be
            accepted; the field then names its place, as in ``industries[3]``.
    """
    many = checked_list("industries", industries, of="industries")
    if len(many) > MOST_INDUSTRIES:
        problem = f"holds {len(many)} industries"
        raise InvalidInputError("industries", problem, f"at most {MOST_INDUSTRIES}")
    named = (
        checked_name(f"industries[{place}]", industry)
        for place, industry in enumerate(many)
    )
    return tuple(dict.fromkeys(named))
