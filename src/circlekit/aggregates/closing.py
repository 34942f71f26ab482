"""
Whether a circle is open, closed for the time being, or archived for good.
"""

from datetime import datetime
from typing import assert_never

from attrs import define

from circlekit.events.closing import (
    CircleArchived,
    CircleClosed,
    CircleReopened,
    ClosingEvent,
)
from circlekit.ids import MemberId
from circlekit.policies.closing import Standing, may_archive, may_reopen, still_open
from circlekit.verdict import Verdict, require

Events = tuple[ClosingEvent, ...]


@define
class Closing:
    """
    The part of a circle that says whether anything still happens in it.
    """

    standing: Standing = "open"

    # Commands: may refuse, never change anything.

    def close(
        self, *, reason: str, owner: Verdict, by: MemberId, at: datetime
    ) -> Events:
        """
        Close the circle; *owner* says whether it is the owner who does.
        """
        require(owner, still_open(self.standing))
        return (CircleClosed(reason=reason, by=by, at=at),)

    def reopen(self, *, owner: Verdict, by: MemberId, at: datetime) -> Events:
        """
        Open the circle again.
        """
        require(owner, may_reopen(self.standing))
        return (CircleReopened(by=by, at=at),)

    def archive(
        self, *, reason: str, owner: Verdict, by: MemberId, at: datetime
    ) -> Events:
        """
        Close the circle for good.
        """
        require(owner, may_archive(self.standing))
        return (CircleArchived(reason=reason, by=by, at=at),)

    # History: never refuses, whatever today's rules say.

    def evolve(self, event: ClosingEvent) -> None:
        """
        Take in what happened.
        """
        match event:
            case CircleClosed():
                self.standing = "closed"
            case CircleReopened():
                self.standing = "open"
            case CircleArchived():
                self.standing = "archived"
            case _:
                assert_never(event)
