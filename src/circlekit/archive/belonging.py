"""
What of a log belongs to one circle.

A history belongs to a circle if it is the circle's own, that of a group it ever had,
or one whose first event names something that belongs to it: the circle, one of its
groups, or anything that was begun there. What was refused beside such a history goes
with it. The histories of people belong to no circle; of them the events are taken
that name it.
"""

from collections.abc import Iterable
from typing import Any, Final

from attrs import Factory, define, fields

from circlekit.events.circle import GroupLinked
from circlekit.events.record import Recorded, refusals_beside, stream_of
from circlekit.ids import CircleId

REFUSED: Final = refusals_beside("")
OF_PEOPLE: Final = frozenset({"reader"})
"""
The kinds of histories that are about a person, over all their circles.
"""


def kind_of(stream: str) -> str:
    """
    Return the kind of thing that a history, or the refusals beside it, is about.

    >>> kind_of("refused:circle/book-club")
    'circle'
    """
    return stream.removeprefix(REFUSED).partition("/")[0]


@define
class Belonging:
    """
    Which events are a circle's; without a circle, all are.

    Attributes:
        circle: The circle, None for everything.

        whole: The histories that belong to it as a whole.
    """

    circle: CircleId | None = None
    whole: set[str] = Factory(set)

    @classmethod
    def of(
        cls, circle: CircleId, history: Iterable[Recorded], firsts: Iterable[Recorded]
    ) -> "Belonging":
        """
        Return what belongs to a circle.

        Args:
            circle: The circle.
            history: Everything that happened to it.
            firsts: The first event of every history of the store, in commit order.
        """
        found = cls(circle, {stream_of("circle", circle)})
        for recorded in history:
            if isinstance(recorded.event, GroupLinked):
                found.whole.add(stream_of("group", recorded.event.group))
        for recorded in firsts:
            stream = recorded.stream
            if kind_of(stream) not in OF_PEOPLE and found._is_named_by(recorded.event):
                found.whole.add(stream)
        return found

    def as_a_whole(self, stream: str) -> bool:
        """
        Return whether a history belongs to it from beginning to end.
        """
        return self.circle is None or stream.removeprefix(REFUSED) in self.whole

    def has(self, recorded: Recorded) -> bool:
        """
        Return whether an event is among what belongs to it.
        """
        if self.as_a_whole(recorded.stream):
            return True
        return kind_of(recorded.stream) in OF_PEOPLE and self._is_named_by(
            recorded.event
        )

    def _is_named_by(self, event: Any) -> bool:
        # Fields are called after what they name: `circle`, `group`, and so on.
        circle = getattr(event, "circle", None)
        if circle is not None:
            return bool(circle == self.circle)
        return any(
            isinstance(value := getattr(event, field.name), str)
            and stream_of(field.name, value) in self.whole
            for field in fields(type(event))
        )
