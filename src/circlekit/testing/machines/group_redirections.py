"""
Drive threads from one group to another at random.
"""

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule
from hypothesis.strategies import SearchStrategy

from circlekit.events.group import MessageSent
from circlekit.events.redirection import ThreadReceived, ThreadRedirected
from circlekit.ids import CircleId, GroupId, MemberId
from circlekit.policies.authority import Role
from circlekit.testing.machines.group_model import GroupModel, a_message
from circlekit.testing.machines.machine import ROLES, mostly, someone


def a_received_thread() -> SearchStrategy[int]:
    """
    Return mostly the place at which a thread came.
    """
    return st.runner().flatmap(lambda machine: mostly(machine.received))


class GroupRedirections(GroupModel):
    """
    Threads that go and come, beside a dict of where each message went.
    """

    @rule(
        message=a_message(),
        to=st.sampled_from([GroupId("peers"), GroupId("peers"), GroupId("readers")]),
        role=ROLES,
        elsewhere=st.sampled_from((False, False, True)),
        by=someone(),
    )
    def redirect(
        self,
        message: int,
        to: GroupId,
        role: Role | None,
        by: MemberId,
        *,
        elsewhere: bool,
    ) -> None:
        """
        Send a message and its replies to another group, of the same circle or not.
        """
        there = CircleId("another") if elsewhere else None
        if there is None and self.circle is not None:
            there = CircleId(self.circle)
        thread = self._thread(message)
        gone = tuple(it for it in thread if it not in self.redirected)
        if self.ask(
            lambda at: self.it.redirect(
                self.cited(message),
                thread[1:],
                to=to,
                linked=there,
                there=self.there,
                reason="off topic",
                role=role,
                by=by,
                at=at,
            ),
            refused_if={
                **self.may_not_run(role),
                "group-not-linked": self.circle is None or elsewhere,
                "same-group": to == "readers",
                "unknown-message": message not in self.messages,
                "already-redirected": message in self.redirected,
            },
            then=[
                ThreadRedirected(
                    messages=gone, to=to, reason="off topic", by=by, at=self.at
                )
            ],
        ):
            self.redirected.update(dict.fromkeys(gone, to))

    @rule(by=someone())
    def move_a_thread(self, by: MemberId) -> None:
        """
        Begin a thread, send it elsewhere, and go on with it here all the same.
        """
        self.send_message(timedelta(0), None, "owner", by)
        thread = self.messages[-1] if self.messages else 1
        self.send_message(timedelta(0), thread, "owner", by)
        reply = self.messages[-1] if self.messages else 1
        for message in (thread, thread, reply):
            self.redirect(message, GroupId("peers"), "owner", by, elsewhere=False)
        self.send_message(timedelta(0), thread, "owner", by)
        self.send_message(timedelta(0), reply, "owner", by)

    @rule(
        messages=st.lists(st.integers(1, 9), min_size=1, max_size=3, unique=True),
        by=someone(),
    )
    def receive(self, messages: list[int], by: MemberId) -> None:
        """
        Take a thread in.
        """
        place, came = self.place, tuple(messages)
        self.ask(
            lambda at: self.it.receive(came, group=GroupId("peers"), by=by, at=at),
            refused_if={},
            then=[
                ThreadReceived(group=GroupId("peers"), messages=came, by=by, at=self.at)
            ],
        )
        self.received.append(place)

    @invariant()
    def redirections_agree(self) -> None:
        """
        Check that the group remembers where its messages went.
        """
        if self.it.redirections.moved != self.redirected:
            moved = self.it.redirections.moved
            self.fail(f"moved is {moved}, and by the model {self.redirected}")

    def _thread(self, message: int) -> list[int]:
        # Whoever answers comes later, so one look at each message is enough.
        thread = [message]
        for place, event in enumerate(self.history, start=1):
            if isinstance(event, MessageSent) and event.reply_to in thread:
                thread.append(place)
        return thread
