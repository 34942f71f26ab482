"""
Close a circle at random, open it again and archive it, beside a model of it.
"""

from typing import Final, Literal

from hypothesis import strategies as st
from hypothesis.stateful import rule

from circlekit.aggregates.circle import Circle
from circlekit.events.closing import CircleArchived, CircleClosed, CircleReopened
from circlekit.ids import MemberId
from circlekit.policies.closing import Standing
from circlekit.testing.machines.machine import RUN_IT, Machine, someone

_WHY: Final = "Summer holidays"
Ending = Literal["close", "reopen", "archive", "for a moment"]
# Mostly for a moment, or little else would be tried in a circle that is open.
_ENDINGS: Final = (*["for a moment"] * 3, "reopen", "reopen", "close", "archive")


class ClosingMachine(Machine[Circle]):
    """
    Drive whether a circle is open, which each of its other commands depends on.
    """

    def __init__(self) -> None:
        super().__init__()
        self.people: dict[str, str] = {}
        self.standing: Standing = "open"

    @rule(what=st.sampled_from(_ENDINGS), by=someone())
    def change_standing(self, what: Ending, by: MemberId) -> None:
        """
        Let somebody close the circle, open it again or archive it.
        """
        match what:
            case "close":
                self.close(by)
            case "reopen":
                self.reopen(by)
            case "archive":
                self.archive(by)
            case "for a moment":
                self.close(by)
                self.close(by)
                self.reopen(by)

    def close(self, by: MemberId) -> None:
        """
        Close the circle.
        """
        if self.ask(
            lambda at: self.it.close(reason=_WHY, by=by, at=at),
            refused_if={
                **self._closed(),
                **self._stays(),
                "not-the-owner": not self._owns(by),
            },
            then=[CircleClosed(reason=_WHY, by=by, at=self.at)],
        ):
            self.standing = "closed"

    def reopen(self, by: MemberId) -> None:
        """
        Open it again.
        """
        if self.ask(
            lambda at: self.it.reopen(by=by, at=at),
            refused_if={
                "not-the-owner": not self._owns(by),
                "not-closed": self.standing == "open",
                "circle-archived": self.standing == "archived",
            },
            then=[CircleReopened(by=by, at=self.at)],
        ):
            self.standing = "open"

    def archive(self, by: MemberId) -> None:
        """
        Close it for good.
        """
        if self.ask(
            lambda at: self.it.archive(reason=_WHY, by=by, at=at),
            refused_if={
                **self._stays(),
                "not-the-owner": not self._owns(by),
                "circle-archived": self.standing == "archived",
            },
            then=[CircleArchived(reason=_WHY, by=by, at=self.at)],
        ):
            self.standing = "archived"

    def _stays(self) -> dict[str, bool]:
        return {}

    def _closed(self) -> dict[str, bool]:
        return {
            "circle-closed": self.standing == "closed",
            "circle-archived": self.standing == "archived",
        }

    def _owns(self, who: str) -> bool:
        return self.people.get(who) == "owner"

    def _runs(self, who: str | None) -> bool:
        return who is not None and self.people.get(who) in RUN_IT
