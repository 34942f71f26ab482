"""
One line of somebody else's history, before it is taken in.
"""

from typing import Literal

from attrs import frozen

from circlekit.clock import Moment

Action = Literal[
    "message", "post", "comment", "announce", "react", "pin", "join", "leave"
]


@frozen(kw_only=True)
class Line:
    """
    What somebody once did, in the words of the import format.

    Attributes:
        at: When, with a zone.

        actor: Who.

        action: What.

        circle: The workspace or forum.

        group: The channel, None if the source has none.

        post: The line's own id; for a reaction or a pin, the id of its target.

        in_reply_to: For a comment, the id of what it answers.

        text: What was said; for a reaction, the emoji; None means the same as "".
    """

    at: Moment
    actor: str
    action: Action
    circle: str
    group: str | None = None
    post: str | None = None
    in_reply_to: str | None = None
    text: str | None = ""

    @property
    def said(self) -> str:
        """
        Return its text, empty if it has none.
        """
        return self.text or ""


@frozen
class BadLine:
    """
    A line that could not be read, and why.
    """

    problem: str


@frozen
class Numbered:
    """
    A line and where it stood: a line number, or the place in an export.

    Attributes:
        done: How much of the source is read with it, in the source's own unit.
    """

    where: str
    line: Line | BadLine
    done: int
