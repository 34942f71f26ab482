"""
What a reader asked to be shown of comments.
"""

from attrs import Factory, define

from circlekit.events.relay import CommentRelayChosen
from circlekit.settings import CommentRelay


@define
class RelayChoices:
    """
    What must be remembered of a reader's choices.

    Attributes:
        everywhere: What they said of all their circles, None if nothing.

        by_circle: What they said of one.
    """

    everywhere: CommentRelay | None = None
    by_circle: dict[str, CommentRelay] = Factory(dict)

    def now(self, circle: str | None) -> CommentRelay | None:
        """
        Return what they said of a circle, or of all.
        """
        return self.everywhere if circle is None else self.by_circle.get(circle)

    def evolve(self, event: CommentRelayChosen) -> None:
        """
        Take in a choice.
        """
        if event.circle is None:
            self.everywhere = event.relay
        elif event.relay is None:
            self.by_circle.pop(event.circle, None)
        else:
            self.by_circle[event.circle] = event.relay
