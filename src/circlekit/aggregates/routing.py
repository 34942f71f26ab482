"""
Which of a circle's groups a post goes to, by its topic.
"""

from collections.abc import Mapping

from attrs import Factory, define

from circlekit.events.circle import GroupTopicsSet
from circlekit.ids import GroupId


@define
class Routing:
    """
    What must be remembered of the groups' topics.

    Attributes:
        topics: The topics of each group that has some.
    """

    topics: dict[str, tuple[str, ...]] = Factory(dict)

    def groups_for(
        self, topic: str | None, groups: Mapping[str, bool]
    ) -> tuple[GroupId, ...] | None:
        """
        Return the groups that a post on a topic goes to; None means all of them.

        Those that carry the topic; if there are none, those that are for any topic;
        if there are none of these either, the bound one. True marks it in *groups*.
        """
        if not self.topics:
            return None
        carrying = [it for it in groups if topic in self.topics.get(it, ())]
        for_any = [it for it in groups if it not in self.topics]
        bound = [it for it, is_bound in groups.items() if is_bound]
        return tuple(GroupId(it) for it in carrying or for_any or bound)

    def evolve(self, event: GroupTopicsSet) -> None:
        """
        Take in that a group's topics were set.
        """
        self.topics.pop(event.group, None)
        if event.topics:
            self.topics[event.group] = event.topics

    def forget(self, group: str) -> None:
        """
        Take in that a group is no longer the circle's.
        """
        self.topics.pop(group, None)
