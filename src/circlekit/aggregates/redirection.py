"""
The threads that went from a group to another, and those that came.
"""

from typing import assert_never

from attrs import Factory, define

from circlekit.events.redirection import (
    RedirectionEvent,
    ThreadReceived,
    ThreadRedirected,
)


@define
class Redirections:
    """
    What must be remembered of threads on the move.

    Attributes:
        moved: Where each message went that is no longer here, by its place.

        received: Where in this history each message came in, by the group that it
            has its id from and its place there.
    """

    moved: dict[int, str] = Factory(dict)
    received: dict[tuple[str, int], int] = Factory(dict)

    def evolve(self, event: RedirectionEvent, *, place: int) -> None:
        """
        Take in that a thread went or came.
        """
        match event:
            case ThreadRedirected():
                self.moved.update(dict.fromkeys(event.messages, event.to))
            case ThreadReceived():
                self.received.update(
                    {(event.group, message): place for message in event.messages}
                )
            case _:
                assert_never(event)
