"""
What every aggregate has: an id, a place in its history, and its last moment.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from datetime import datetime
from typing import Any, TypeVar

from attrs import define

from circlekit.clock import EPOCH


@define
class HasHistory(ABC):
    """
    Something that came to be what it is by the events of one history.

    Commands answer with events, or refuse; they never change anything. Events
    are taken in by :meth:`apply`, which never refuses: what has happened cannot
    be rejected, whatever today's rules say.

    Attributes:
        id: Whose history it is.

        version: How many events were taken in.

        last_at: The moment of the newest of them, UTC.
    """

    id: str
    version: int = 0
    last_at: datetime = EPOCH

    def apply(self, event: Any) -> None:
        """
        Take in the next event of the history.
        """
        self.version += 1
        self.last_at = event.at
        self._evolve(event)

    @abstractmethod
    def _evolve(self, event: Any) -> None: ...


_T = TypeVar("_T", bound=HasHistory)


def replay(blank: _T, history: Iterable[Any]) -> _T:
    """
    Take *history* in, event by event, and return *blank* grown by it.
    """
    for event in history:
        blank.apply(event)
    return blank
