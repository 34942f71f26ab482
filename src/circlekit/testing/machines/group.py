"""
Drive a group at random, beside a model of it.
"""

from datetime import datetime, timedelta
from itertools import product
from typing import Final, Literal

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule
from hypothesis.strategies import SearchStrategy

from circlekit.events.group import (
    AnnouncementSet,
    CircleLinked,
    CircleUnlinked,
    FriendRequestSent,
    GroupFounded,
    GroupJoined,
    GroupLeft,
    GroupMuted,
    GroupUnmuted,
    MessageReacted,
    MessageSent,
    PrivateChatAllowed,
    PrivateChatBlocked,
    PrivateChatOpened,
)
from circlekit.events.mass_send import MassSendDelivered
from circlekit.ids import CircleId, MassSendId, MemberId
from circlekit.policies.authority import Role
from circlekit.rulebook import RuleBook
from circlekit.testing.machines.counting import Spent
from circlekit.testing.machines.group_digests import GroupDigests
from circlekit.testing.machines.group_model import a_message
from circlekit.testing.machines.group_pace import GroupPace
from circlekit.testing.machines.group_redirections import (
    GroupRedirections,
    a_received_thread,
)
from circlekit.testing.machines.machine import (
    CAST,
    EMOJI,
    PEOPLE,
    ROLES,
    RUN_IT,
    a_rule_book,
    a_wait,
    a_zone,
    someone,
)
from circlekit.testing.machines.waiting import MICROSECOND, Wait
from circlekit.testing.strategies import moments, some_budgets, spans
from circlekit.verdict import ALLOWED, Verdict, refused

_CLOSED: Final = refused("circle-closed", "this circle is closed")
Reaching = Literal["open_private_chat", "send_friend_request"]
_BOOKS: Final = st.builds(
    RuleBook,
    name=st.just("small"),
    group_capacity=st.one_of(st.none(), st.integers(1, 4)),
    strict_private_chat=st.booleans(),
    member_mass_sends=some_budgets("mass-send-day"),
)


class GroupMachine(GroupPace, GroupRedirections, GroupDigests):
    """
    Drive a chat group: who is in it, its mute and pace, and its private-chat block.

    Threads go to other groups and come from them, and digests of comments come in.
    """

    def __init__(self) -> None:
        super().__init__()
        self.mass_sent: list[tuple[str, Spent]] = []

    def small_books(self) -> SearchStrategy[RuleBook]:
        """
        Return small rule books, which differ in what concerns a group.
        """
        return _BOOKS

    @initialize(
        book=a_rule_book(),
        zone=a_zone(),
        at=moments(),
        settled=st.sampled_from((False, True, True)),
    )
    def found(self, book: RuleBook, zone: str, at: datetime, *, settled: bool) -> None:
        """
        Make the group, and try it twice; perhaps others have come in.

        Private chat is then blocked.
        """
        self.clock, self.book, self.zone = at, book, zone
        self._found()
        self._found()
        most = self.book.group_capacity
        if settled and (most is None or most >= len(CAST)):
            mei, tao, lin = CAST
            came = [GroupJoined(member=who, at=at) for who in (tao, lin)]
            self.take_in([*came, MessageSent(text="Hello", by=mei, at=at)])
            self.inside += [tao, lin]
            self.messages.append(len(self.history))
            self.take_in([PrivateChatBlocked(by=mei, at=at)])
            self.block = len(self.history)

    def _found(self) -> None:
        by, circle, at = MemberId("mei"), CircleId("book-club"), self.at
        if self.ask(
            lambda at: self.it.found(name="Readers", circle=circle, by=by, at=at),
            refused_if={"already-founded": bool(self.history)},
            then=[
                GroupFounded(name="Readers", by=by, at=at),
                CircleLinked(circle=circle, by=by, at=at),
                GroupJoined(member=by, at=at),
            ],
        ):
            self.circle = circle
            self.inside = [by]

    @rule(what=st.sampled_from(("link", "unlink")), by=someone())
    def change_circle(self, what: Literal["link", "unlink"], by: MemberId) -> None:
        """
        Come under a circle, or leave it, having one or not.
        """
        if what == "link":
            self.link(by)
        elif self.circle is None:
            self.unlink_again(by)
        else:
            self.unlink(by)

    def link(self, by: MemberId) -> None:
        """
        Come under a circle.
        """
        circle = CircleId("chess-club")
        self.ask(
            lambda at: self.it.link(circle, by=by, at=at),
            refused_if={},
            then=[CircleLinked(circle=circle, by=by, at=self.at)],
        )
        self.circle = circle

    def unlink(self, by: MemberId) -> None:
        """
        Leave the circle.
        """
        circle = CircleId(self.circle or "")
        self.ask(
            lambda at: self.it.unlink(by=by, at=at),
            refused_if={},
            then=[CircleUnlinked(circle=circle, by=by, at=self.at)],
        )
        self.circle = None

    def unlink_again(self, by: MemberId) -> None:
        """
        Leave a circle, having none.
        """
        self.ask(
            lambda at: self.it.unlink(by=by, at=at),
            refused_if={"group-not-linked": True},
            then=[],
        )

    @rule(there=st.sampled_from((ALLOWED, _CLOSED)))
    def close_the_circle(self, there: Verdict) -> None:
        """
        Let the circle, of which the group is, be closed or opened again.
        """
        self.there = there

    @rule(
        member=st.one_of(
            PEOPLE, st.sampled_from([MemberId(f"guest-{n}") for n in range(4)])
        ),
        role=ROLES,
    )
    def join(self, member: MemberId, role: Role | None) -> None:
        """
        Come into the group.
        """
        most = self.book.group_capacity
        if self.ask(
            lambda at: self.it.join(
                member, role=role, capacity=most, there=self.there, at=at
            ),
            refused_if={
                **self._closed(),
                "not-a-member": role is None,
                "already-in-the-group": member in self.inside,
                "group-full": most is not None and len(self.inside) >= most,
            },
            then=[GroupJoined(member=member, at=self.at)],
        ):
            self.inside.append(member)

    @rule(
        what=st.sampled_from(("leave", "take out")),
        member=PEOPLE,
        role=ROLES,
        by=st.one_of(st.none(), PEOPLE),
    )
    def change_people(
        self,
        what: Literal["leave", "take out"],
        member: MemberId,
        role: Role | None,
        by: MemberId | None,
    ) -> None:
        """
        Let somebody out of the group, or take them out.
        """
        if what == "leave":
            self.leave(member, by)
        else:
            self.take_out(member, role, by or MemberId("mei"))

    def leave(self, member: MemberId, by: MemberId | None) -> None:
        """
        Go out of the group, perhaps because somebody took them out of the circle.
        """
        if self.ask(
            lambda at: self.it.leave(member, by=by, at=at),
            refused_if={"not-in-the-group": member not in self.inside},
            then=[GroupLeft(member=member, by=by or member, at=self.at)],
        ):
            self.inside.remove(member)

    def take_out(self, member: MemberId, role: Role | None, by: MemberId) -> None:
        """
        Take somebody out of the group.
        """
        if self.ask(
            lambda at: self.it.take_out(member, role=role, by=by, at=at),
            refused_if={
                "not-a-manager": role not in RUN_IT,
                "not-in-the-group": member not in self.inside,
            },
            then=[GroupLeft(member=member, by=by, at=self.at)],
        ):
            self.inside.remove(member)

    @rule(
        wait=a_wait(),
        reply_to=st.one_of(st.none(), a_message(), a_received_thread()),
        role=ROLES,
        by=someone(),
    )
    def send_message(
        self, wait: Wait, reply_to: int | None, role: Role | None, by: MemberId
    ) -> None:
        """
        Wait, then write in the group.
        """
        self.wait(wait)
        place = self.place
        answered = None if reply_to is None else self.cited(reply_to)
        if self.ask(
            lambda at: self.it.send_message(
                text="Hello",
                reply_to=answered,
                role=role,
                by=by,
                there=self.there,
                at=at,
            ),
            refused_if={
                **self._closed(),
                "group-not-linked": self.circle is None,
                "not-in-the-group": by not in self.inside,
                "group-muted": self._muted() and role not in RUN_IT,
                "unknown-message": reply_to is not None
                and reply_to not in (*self.messages, *self.received),
                "thread-redirected": reply_to in self.redirected,
                **self.pace_says(role, by, reply_to),
            },
            then=[MessageSent(text="Hello", reply_to=reply_to, by=by, at=self.at)],
        ):
            self.messages.append(place)
            self.wrote(by, place, reply_to)

    @rule(wait=a_wait(), number=st.integers(1, 9), role=ROLES, teaches=st.booleans())
    def receive_mass_send(
        self, wait: Wait, number: int, role: Role | None, *, teaches: bool
    ) -> None:
        """
        Wait, then send into the group what goes out to many.
        """
        self.wait(wait)
        by, mass_send = MemberId("mei"), MassSendId(f"send-{number}")
        there = ALLOWED if teaches else refused("not-a-teacher", "no teacher")
        again = mass_send in dict(self.mass_sent)
        sent = [
            MessageSent(text="Hello", by=by, at=self.at),
            MassSendDelivered(mass_send=mass_send, source="member", by=by, at=self.at),
        ]
        place = self.place
        in_the_way = {
            "group-not-linked": self.circle is None,
            "not-a-teacher": not teaches,
            "group-muted": self._muted() and role not in RUN_IT,
            **self.pace_says(role, by, None),
        }
        allowed = self.ask(
            lambda at: self.it.receive_mass_send(
                mass_send,
                text="Hello",
                source="member",
                role=role,
                there=there,
                book=self.book,
                zone=self.zone,
                by=by,
                at=at,
            ),
            refused_if={} if again else in_the_way,
            then=[] if again else sent,
            budgets=() if again else self.book.member_mass_sends,
            spent=[spent for _, spent in self.mass_sent],
        )
        if allowed and not again:
            self.messages.append(place)
            spent = Spent(self.it.last_at, len(self.history))
            self.mass_sent.append((mass_send, spent))
            self.wrote(by, place, None)

    @rule(message=a_message(), emoji=st.sampled_from(EMOJI), by=someone())
    def react(self, message: int, emoji: str, by: MemberId) -> None:
        """
        React to a message.
        """
        self.ask(
            lambda at: self.it.react(
                self.cited(message), emoji, by=by, there=self.there, at=at
            ),
            refused_if={
                **self._closed(),
                "group-not-linked": self.circle is None,
                "not-in-the-group": by not in self.inside,
                "unknown-message": message not in self.messages,
            },
            then=[MessageReacted(message=message, emoji=emoji, by=by, at=self.at)],
        )

    @rule(
        what=st.sampled_from(
            ("announce", "unmute_group", "block_private_chat", "allow_private_chat")
        ),
        role=ROLES,
        by=someone(),
    )
    def run_the_group(self, what: str, role: Role | None, by: MemberId) -> None:
        """
        Do what only those who run the circle may do.
        """
        getattr(self, what)(role, by)

    def announce(self, role: Role | None, by: MemberId) -> None:
        """
        Put up an announcement.
        """
        self.ask(
            lambda at: self.it.announce(
                "Welcome", role=role, by=by, there=self.there, at=at
            ),
            refused_if=self.may_not_run(role),
            then=[AnnouncementSet(text="Welcome", by=by, at=self.at)],
        )

    @rule(
        lasts=st.one_of(st.none(), spans()),
        reason=st.sampled_from((None, "exam week")),
        role=ROLES,
        by=someone(),
    )
    def mute_group(
        self,
        lasts: timedelta | None,
        reason: str | None,
        role: Role | None,
        by: MemberId,
    ) -> None:
        """
        Mute the group, for a while or until it is unmuted.
        """
        until = None if lasts is None else self.at + lasts
        if self.ask(
            lambda at: self.it.mute(
                reason=reason, until=until, role=role, by=by, there=self.there, at=at
            ),
            refused_if={
                **self.may_not_run(role),
                "mute-already-over": lasts is not None and lasts <= timedelta(0),
            },
            then=[GroupMuted(reason=reason, until=until, by=by, at=self.at)],
        ):
            self.mute = (len(self.history), until)

    @rule(
        lasts=st.timedeltas(MICROSECOND, timedelta(days=7)),
        early=st.sampled_from((MICROSECOND, timedelta(0))),
        by=someone(),
    )
    def mute_for_a_while(
        self, lasts: timedelta, early: timedelta, by: MemberId
    ) -> None:
        """
        Mute the group; write and unmute it when the mute ends, or just before.
        """
        until = self.at + lasts
        self.mute_group(lasts, None, "owner", by)
        self.send_message(until - early - self.clock, None, "member", by)
        self.unmute_group("owner", by)

    def unmute_group(self, role: Role | None, by: MemberId) -> None:
        """
        Unmute the group.
        """
        if self.ask(
            lambda at: self.it.unmute(role=role, by=by, there=self.there, at=at),
            refused_if={**self.may_not_run(role), "not-muted": not self._muted()},
            then=[GroupUnmuted(by=by, at=self.at)],
        ):
            self.mute = None

    def block_private_chat(self, role: Role | None, by: MemberId) -> None:
        """
        Block private chat by way of the group.
        """
        if self.ask(
            lambda at: self.it.block_private_chat(
                role=role, by=by, there=self.there, at=at
            ),
            refused_if={
                **self.may_not_run(role),
                "already-blocked": self.block is not None,
            },
            then=[PrivateChatBlocked(by=by, at=self.at)],
        ):
            self.block = len(self.history)

    def allow_private_chat(self, role: Role | None, by: MemberId) -> None:
        """
        Allow private chat again.
        """
        if self.ask(
            lambda at: self.it.allow_private_chat(
                role=role, by=by, there=self.there, at=at
            ),
            refused_if={**self.may_not_run(role), "not-blocked": self.block is None},
            then=[PrivateChatAllowed(by=by, at=self.at)],
        ):
            self.block = None

    @rule(
        how=st.sampled_from(("open_private_chat", "send_friend_request")),
        roles=st.one_of(
            st.sampled_from(
                (("member", "member"), ("member", "owner"), ("manager", "member"))
            ),
            st.tuples(ROLES, ROLES),
        ),
    )
    def reach_out(self, how: Reaching, roles: tuple[Role | None, Role | None]) -> None:
        """
        Let all reach out to all by way of the group, however they know one another.
        """
        for by, to in product(CAST, repeat=2):
            for related, another_way in product((False, True), repeat=2):
                self.reach(
                    how,
                    to,
                    by,
                    roles,
                    already_related=related,
                    other_common_group=another_way,
                )

    def reach(
        self,
        how: Reaching,
        to: MemberId,
        by: MemberId,
        roles: tuple[Role | None, Role | None],
        *,
        already_related: bool,
        other_common_group: bool,
    ) -> None:
        """
        Reach out once.
        """
        role, other_role = roles
        strict = self.book.strict_private_chat
        kind = {
            "open_private_chat": PrivateChatOpened,
            "send_friend_request": FriendRequestSent,
        }[how]
        exempt = already_related or role in RUN_IT or other_role in RUN_IT
        another_way = other_common_group and not strict
        self.ask(
            lambda at: getattr(self.it, how)(
                to,
                role=role,
                other_role=other_role,
                already_related=already_related,
                other_common_group=other_common_group,
                strict=strict,
                by=by,
                there=self.there,
                at=at,
            ),
            refused_if={
                **self._closed(),
                "group-not-linked": self.circle is None,
                "same-person": by == to,
                "not-in-the-group": by not in self.inside or to not in self.inside,
                "private-chat-blocked": self.block is not None
                and not exempt
                and not another_way,
            },
            then=[kind(to=to, by=by, at=self.at)],
        )

    @invariant()
    def state_agrees(self) -> None:
        """
        Check that the group remembers what the model remembers.
        """
        self.check_state(
            circle=self.circle,
            members=set(self.inside),
            muted_at=None if self.mute is None else self.mute[0],
            muted_until=None if self.mute is None else self.mute[1],
            blocked_at=self.block,
        )
        if [(it.at, it.version) for it in self.it.mass_sends.received] != [
            (spent.at, spent.place) for _, spent in self.mass_sent
        ]:
            self.fail("the group remembers other mass sends than the model")

    @invariant()
    def never_too_full(self) -> None:
        """
        Check that a group holds no more than its capacity.
        """
        most = self.book.group_capacity
        if most is not None and len(self.it.members) > most:
            self.fail(f"{len(self.it.members)} people are in a group for {most}")

    def _muted(self) -> bool:
        if self.mute is None:
            return False
        _, until = self.mute
        return until is None or self.at < until
