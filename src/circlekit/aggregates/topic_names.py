"""
The names of a circle's topics: which topic goes by which.

Kept in a history of their own, so that making a topic keeps nobody from posting.
"""

from datetime import datetime
from typing import assert_never
from unicodedata import normalize

from attrs import Factory, define

from circlekit.aggregates.history import HasHistory
from circlekit.events.topic import TopicNameEvent, TopicNameFreed, TopicNameTaken
from circlekit.ids import MemberId, TopicId
from circlekit.policies.topics import name_is_free
from circlekit.verdict import Verdict, require

Events = tuple[TopicNameEvent, ...]


@define
class TopicNames(HasHistory):
    """
    What must be remembered of a circle's topics so that no two share a name.

    Attributes:
        names: Which topic goes by a name, by that name folded.
    """

    names: dict[str, TopicId] = Factory(dict)

    def free_for(self, name: str, topic: TopicId) -> Verdict:
        """
        Return whether a topic may go by a name.
        """
        taken_by = self.names.get(folded(name))
        return name_is_free(name, topic=topic, taken_by=taken_by)

    # Commands: may refuse, never change anything.

    def take(self, name: str, *, topic: TopicId, by: MemberId, at: datetime) -> Events:
        """
        Let a topic go by a name, and no longer by the one it had.
        """
        require(self.free_for(name, topic))
        return (TopicNameTaken(topic=topic, name=name, by=by, at=at),)

    def free(self, *, topic: TopicId, by: MemberId, at: datetime) -> Events:
        """
        Let the name of a topic go.
        """
        return (TopicNameFreed(topic=topic, by=by, at=at),)

    # History: never refuses, whatever today's rules say.

    def _evolve(self, event: TopicNameEvent) -> None:
        for name in [it for it, topic in self.names.items() if topic == event.topic]:
            del self.names[name]
        match event:
            case TopicNameTaken():
                self.names[folded(event.name)] = event.topic
            case TopicNameFreed():
                pass
            case _:
                assert_never(event)


def folded(name: str) -> str:
    """
    Return what all spellings of a name have in common.

    >>> folded(" Running") == folded("RUNNING")
    True
    """
    return normalize("NFKC", name).casefold().strip()
