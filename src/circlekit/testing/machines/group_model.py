"""
What a group's machine remembers, and what all its parts ask.
"""

from datetime import datetime

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from circlekit.aggregates.group import Group
from circlekit.ids import MemberId
from circlekit.policies.authority import Role
from circlekit.testing.machines.machine import RUN_IT, Machine, mostly
from circlekit.testing.machines.waiting import Wait
from circlekit.verdict import ALLOWED


def a_message() -> SearchStrategy[int]:
    """
    Return mostly the place of a message.
    """
    return st.runner().flatmap(lambda machine: mostly(machine.messages))


class GroupModel(Machine[Group]):
    """
    A group as the models have it: plain lists, and what happened to it last.
    """

    def __init__(self) -> None:
        super().__init__()
        self.circle: str | None = None
        self.inside: list[str] = []
        self.messages: list[int] = []
        self.mute: tuple[int, datetime | None] | None = None
        self.block: int | None = None
        self.redirected: dict[int, str] = {}
        self.received: list[int] = []
        self.there = ALLOWED

    def blank(self) -> Group:
        """
        Return the group before it is made.
        """
        return Group("readers")

    def send_message(
        self, wait: Wait, reply_to: int | None, role: Role | None, by: MemberId
    ) -> None:
        """
        Wait, then write in the group.
        """
        raise NotImplementedError

    def may_not_run(self, role: Role | None) -> dict[str, bool]:
        """
        Return what keeps somebody from running the group.
        """
        return {
            **self._closed(),
            "group-not-linked": self.circle is None,
            "not-a-manager": role not in RUN_IT,
        }

    def _closed(self) -> dict[str, bool]:
        return dict.fromkeys(self.there.rules, True)
