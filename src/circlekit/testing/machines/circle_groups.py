"""
Drive what a circle says of its groups at random: their topics, and the relay.
"""

from typing import Final

from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from circlekit.events.circle import GroupTopicsSet
from circlekit.events.relay import CommentRelaySet
from circlekit.ids import GroupId, MemberId
from circlekit.settings import CommentRelay
from circlekit.testing.machines.closing import ClosingMachine
from circlekit.testing.machines.machine import RUN_IT, someone

A_TOPIC: Final = st.sampled_from((None, "tea", "chess"))
_RELAYS: Final = st.sampled_from((None, "off", "digest", "all"))


class CircleGroups(ClosingMachine):
    """
    Topics and the relay of comments, beside a dict of each group's topics.
    """

    groups: dict[str, bool]

    def __init__(self) -> None:
        super().__init__()
        self.topics: dict[str, list[str]] = {}
        self.own_relay: CommentRelay | None = None

    @rule(
        group=st.sampled_from([GroupId(name) for name in ("own", "more", "other")]),
        topics=st.sampled_from(((), ("tea",), ("chess",), ("tea", "chess"))),
        by=someone(),
    )
    def set_topics(self, group: GroupId, topics: tuple[str, ...], by: MemberId) -> None:
        """
        Say which topics a group is for.
        """
        if self.ask(
            lambda at: self.it.set_topics(group, topics, by=by, at=at),
            refused_if={
                **self._closed(),
                "not-a-manager": self.people.get(by) not in RUN_IT,
                "group-not-linked": group not in self.groups,
                "already-so": list(topics) == self.topics.get(group, []),
            },
            then=[GroupTopicsSet(group=group, topics=topics, by=by, at=self.at)],
        ):
            self.topics[group] = list(topics)

    @rule(relay=_RELAYS, company=_RELAYS, asked_for=_RELAYS, by=someone())
    def set_comment_relay(
        self,
        relay: CommentRelay | None,
        company: CommentRelay | None,
        asked_for: CommentRelay | None,
        by: MemberId,
    ) -> None:
        """
        Say how much of the comments is shown; somebody asks for less, or more.

        What its organisation says changes from one time to the next.
        """
        if self.ask(
            lambda at: self.it.set_comment_relay(relay, by=by, at=at),
            refused_if={
                **self._closed(),
                "not-the-owner": self.people.get(by) != "owner",
                "comment-relay-fixed": not self.book.comment_relay_choice,
                "already-so": relay == self.own_relay,
            },
            then=[CommentRelaySet(relay=relay, by=by, at=self.at)],
        ):
            self.own_relay = relay
        amounts = {"off": 0, "digest": 1, "all": 2}
        shown = self.book.comment_relay
        if self.book.comment_relay_choice:
            shown = self.own_relay or company or shown
        rules = {
            **self._closed(),
            "not-a-member": by not in self.people,
            "comment-relay-fixed": not self.book.comment_relay_choice,
            "comment-relay-above": asked_for is not None
            and amounts[asked_for] > amounts[shown],
        }
        verdict = self.it.may_ask_for(asked_for, organisation=company, by=by)
        if set(verdict.rules) != {name for name, no in rules.items() if no}:
            self.fail(f"{by} asks for {asked_for}, shown is {shown}", verdict)

    def routed(self, topic: str | None) -> tuple[GroupId, ...] | None:
        """
        Return the groups that a post on a topic goes to, None for all.
        """
        topics = {group: self.topics.get(group, []) for group in self.groups}
        if not any(topics.values()):
            return None
        for found in (
            [group for group in topics if topic in topics[group]],
            [group for group in topics if not topics[group]],
            [group for group in topics if self.groups[group]],
        ):
            if found:
                return tuple(map(GroupId, found))
        return ()

    @invariant()
    def relay_agrees(self) -> None:
        """
        Check that the circle remembers what was said of its groups.
        """
        topics = {group: tuple(its) for group, its in self.topics.items() if its}
        said = (topics, self.own_relay)
        remembered = (self.it.routing.topics, self.it.own_relay)
        if said != remembered:
            self.fail(f"it remembers {remembered}, and by the model {said}")
