"""
Closing a circle for a while or for good, and opening it again.
"""

from collections.abc import Callable

from attrs import define

from circlekit.aggregates.circle import Circle, Events
from circlekit.application.deciding import Deciding, Work, command, nothing
from circlekit.events.record import stream_of
from circlekit.ids import CircleId, MemberId
from circlekit.text import checked_text


@define(eq=False, repr=False)
class Closings(Deciding):
    """
    Use cases of circles as a whole.
    """

    @command
    def close_circle(
        self,
        circle: CircleId | str,
        *,
        by: MemberId | str,
        reason: str,
        command_id: str | None = None,
    ) -> None:
        """
        Let nothing more be written in a circle and its groups, and nobody in.

        Everything stays readable. People may still read, acknowledge, leave and be
        taken out, and the circle may be handed over; it can be opened again.

        Raises:
            RefusedError: ``not-the-owner``, ``all-staff-stays``, ``circle-closed``,
                ``circle-archived``.
            InvalidInputError: If the reason cannot be accepted.
        """
        self._end("close_circle", Circle.close, circle, by, command_id, reason)

    @command
    def reopen_circle(
        self,
        circle: CircleId | str,
        *,
        by: MemberId | str,
        command_id: str | None = None,
    ) -> None:
        """
        Open a circle again that was closed.

        Raises:
            RefusedError: ``not-the-owner``, ``not-closed``, ``circle-archived``.
        """

        def plan(work: Work) -> None:
            it = work.circle(CircleId(circle))
            work.record(it, it.reopen(by=MemberId(by), at=work.at(it)))

        self._decide(
            "reopen_circle",
            plan,
            nothing,
            about=stream_of("circle", circle),
            by=by,
            said=(),
            command_id=command_id,
        )

    @command
    def archive_circle(
        self,
        circle: CircleId | str,
        *,
        by: MemberId | str,
        reason: str,
        command_id: str | None = None,
    ) -> None:
        """
        Close a circle for good, as :meth:`close_circle` does for a while.

        Raises:
            RefusedError: ``not-the-owner``, ``all-staff-stays``,
                ``circle-archived``.
            InvalidInputError: If the reason cannot be accepted.
        """
        self._end("archive_circle", Circle.archive, circle, by, command_id, reason)

    def _end(
        self,
        name: str,
        decide: Callable[..., Events],
        circle: CircleId | str,
        by: MemberId | str,
        command_id: str | None,
        reason: str,
    ) -> None:
        checked_text("reason", reason)

        def plan(work: Work) -> None:
            it = work.circle(CircleId(circle))
            ended = decide(it, reason=reason, by=MemberId(by), at=work.at(it))
            work.record(it, ended)

        self._decide(
            name,
            plan,
            nothing,
            about=stream_of("circle", circle),
            by=by,
            said=(reason,),
            command_id=command_id,
        )
