"""
What a chat group allows, and what it refuses by which rules.
"""

from datetime import timedelta

import pytest

from circlekit.aggregates.group import Group
from circlekit.aggregates.history import replay
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
from circlekit.events.record import Cited
from circlekit.testing import given
from circlekit.verdict import Reason, Verdict
from tests.people import (
    BO,
    BOOK_CLUB,
    FOUNDING_DAY,
    GROUP,
    LIN,
    MEI,
    MICROSECOND,
    READERS,
    SECOND,
    TAO,
    WEI,
    shanghai,
)

NOON = shanghai(5, 11, 12)
A_WEEK_LATER = NOON + timedelta(days=7)
HELLO = MessageSent(text="Hello", by=MEI, at=FOUNDING_DAY)
THE_MESSAGE = Cited(7, HELLO)
NOTHING_THERE = Cited(99, None)
LEFT_ALONE = CircleUnlinked(circle=BOOK_CLUB, by=MEI, at=FOUNDING_DAY)
BLOCKED = PrivateChatBlocked(by=MEI, at=FOUNDING_DAY)
MUTED = GroupMuted(by=MEI, at=FOUNDING_DAY)
STRANGERS = {
    "role": "member",
    "other_role": "member",
    "already_related": False,
    "other_common_group": False,
    "strict": False,
}


def readers(*events):
    return given(Group(READERS), *GROUP, *events, zone="Asia/Shanghai")


class TestFound:
    def found(self, group):
        return group.found(name="Readers", circle=BOOK_CLUB, by=MEI, at=FOUNDING_DAY)

    def test_with_its_maker_inside(self):
        """
        A group begins under its circle, with whoever made it inside.
        """
        (
            given(Group(READERS))
            .when(self.found)
            .then(
                GroupFounded(name="Readers", by=MEI, at=FOUNDING_DAY),
                CircleLinked(circle=BOOK_CLUB, by=MEI, at=FOUNDING_DAY),
                GroupJoined(member=MEI, at=FOUNDING_DAY),
            )
        )

    def test_twice(self):
        """
        A group is made once.
        """
        readers().when(self.found).then_refused("already-founded")


class TestCircle:
    def test_link(self):
        """
        A group without a circle may come under one.
        """
        (
            readers(LEFT_ALONE)
            .when(lambda g: g.link("chess-club", by=BO, at=NOON))
            .then(CircleLinked(circle="chess-club", by=BO, at=NOON))
        )

    def test_unlink(self):
        """
        A group leaves its circle.
        """
        (
            readers()
            .when(lambda g: g.unlink(by=MEI, at=NOON))
            .then(CircleUnlinked(circle=BOOK_CLUB, by=MEI, at=NOON))
        )

    def test_unlink_without_one(self):
        """
        A group without a circle has none to leave.
        """
        (
            readers(LEFT_ALONE)
            .when(lambda g: g.unlink(by=MEI, at=NOON))
            .then_refused("group-not-linked")
        )


class TestJoin:
    def test_a_member(self):
        """
        A member of the circle comes into the group.
        """
        (
            readers()
            .when(lambda g: g.join(BO, role="member", capacity=None, at=NOON))
            .then(GroupJoined(member=BO, at=NOON))
        )

    def test_the_last_place(self):
        """
        The last place may be taken.
        """
        (
            readers()
            .when(lambda g: g.join(BO, role="member", capacity=5, at=NOON))
            .then(GroupJoined(member=BO, at=NOON))
        )

    def test_a_stranger(self):
        """
        Who is not in the circle does not come in.
        """
        (
            readers()
            .when(lambda g: g.join(BO, role=None, capacity=None, at=NOON))
            .then_refused("not-a-member")
        )

    def test_twice(self):
        """
        Nobody comes in twice.
        """
        (
            readers()
            .when(lambda g: g.join(LIN, role="member", capacity=None, at=NOON))
            .then_refused("already-in-the-group")
        )

    def test_a_full_group(self):
        """
        A full group says how many it holds; nobody knows when there is room.
        """
        (
            readers()
            .when(lambda g: g.join(BO, role="member", capacity=4, at=NOON))
            .then_verdict(
                Verdict(
                    (
                        Reason(
                            rule="group-full",
                            because="4 of 4 places taken",
                            used=4,
                            limit=4,
                        ),
                    )
                )
            )
        )

    def test_everything_in_the_way(self):
        """
        All that stands in the way is named together.
        """
        (
            readers()
            .when(lambda g: g.join(LIN, role=None, capacity=4, at=NOON))
            .then_refused("already-in-the-group", "group-full", "not-a-member")
        )


class TestLeave:
    def test_of_their_own_accord(self):
        """
        A member goes out, also of a group without a circle.
        """
        (
            readers(LEFT_ALONE)
            .when(lambda g: g.leave(LIN, at=NOON))
            .then(GroupLeft(member=LIN, by=LIN, at=NOON))
        )

    def test_by_leaving_the_circle(self):
        """
        Who was taken out of the circle goes out with it, and it is said by whom.
        """
        (
            readers()
            .when(lambda g: g.leave(LIN, by=MEI, at=NOON))
            .then(GroupLeft(member=LIN, by=MEI, at=NOON))
        )

    def test_who_is_not_inside(self):
        """
        Who is outside does not go out.
        """
        readers().when(lambda g: g.leave(BO, at=NOON)).then_refused("not-in-the-group")

    def test_taken_out(self):
        """
        A manager takes a member out.
        """
        (
            readers()
            .when(lambda g: g.take_out(LIN, role="manager", by=TAO, at=NOON))
            .then(GroupLeft(member=LIN, by=TAO, at=NOON))
        )

    @pytest.mark.parametrize("role", [None, "member"])
    def test_taken_out_by_others(self, role):
        """
        Others do not, whoever is meant.
        """
        (
            readers()
            .when(lambda g: g.take_out(BO, role=role, by=WEI, at=NOON))
            .then_refused("not-a-manager", "not-in-the-group")
        )


class TestSendMessage:
    def test_a_member(self):
        """
        Whoever is inside may write, with pictures and videos.
        """
        (
            readers(HELLO)
            .when(
                lambda g: g.send_message(
                    text="Hi",
                    images=("a.png",),
                    videos=("b.mp4",),
                    reply_to=THE_MESSAGE,
                    role="member",
                    by=LIN,
                    at=NOON,
                )
            )
            .then(
                MessageSent(
                    text="Hi",
                    images=("a.png",),
                    videos=("b.mp4",),
                    reply_to=7,
                    by=LIN,
                    at=NOON,
                )
            )
        )

    def test_a_stranger(self):
        """
        Who is outside does not write.
        """
        (
            readers()
            .when(lambda g: g.send_message(text="Hi", role="member", by=BO, at=NOON))
            .then_refused("not-in-the-group")
        )

    def test_without_a_circle(self):
        """
        In a group that left its circle nobody writes.
        """
        (
            readers(LEFT_ALONE)
            .when(lambda g: g.send_message(text="Hi", role="owner", by=MEI, at=NOON))
            .then_refused("group-not-linked")
        )

    def test_in_answer_to_nothing(self):
        """
        An answer answers a message.
        """
        (
            readers(HELLO)
            .when(
                lambda g: g.send_message(
                    text="Hi", reply_to=NOTHING_THERE, role="member", by=LIN, at=NOON
                )
            )
            .then_refused("unknown-message")
        )

    @pytest.mark.parametrize("role", ["owner", "manager"])
    def test_muted_but_in_charge(self, role):
        """
        The owner and managers still speak in a muted group.
        """
        (
            readers(MUTED)
            .when(lambda g: g.send_message(text="Hi", role=role, by=TAO, at=NOON))
            .then(MessageSent(text="Hi", by=TAO, at=NOON))
        )

    def test_muted(self):
        """
        Members do not; the refusal names the mute, and no end it does not have.
        """
        (
            readers(MUTED)
            .when(lambda g: g.send_message(text="Hi", role="member", by=LIN, at=NOON))
            .then_verdict(
                Verdict(
                    (
                        Reason(
                            rule="group-muted",
                            because="this group is muted",
                            used_by=(7,),
                        ),
                    )
                )
            )
        )

    def test_muted_until(self):
        """
        A mute for a week says when it is over.
        """
        (
            readers(GroupMuted(until=A_WEEK_LATER, by=MEI, at=NOON))
            .when(
                lambda g: g.send_message(
                    text="Hi", role="member", by=LIN, at=A_WEEK_LATER - MICROSECOND
                )
            )
            .then_verdict(
                Verdict(
                    (
                        Reason(
                            rule="group-muted",
                            because="this group is muted until 2020-05-18 04:00 UTC",
                            used_by=(7,),
                            retry_at=A_WEEK_LATER,
                        ),
                    )
                )
            )
        )

    def test_no_longer_muted(self):
        """
        At the moment it ends a mute is over.
        """
        (
            readers(GroupMuted(until=A_WEEK_LATER, by=MEI, at=NOON))
            .when(
                lambda g: g.send_message(
                    text="Hi", role="member", by=LIN, at=A_WEEK_LATER
                )
            )
            .then(MessageSent(text="Hi", by=LIN, at=A_WEEK_LATER))
        )

    def test_everything_in_the_way(self):
        """
        All that stands in the way is named together.
        """
        (
            readers(MUTED, LEFT_ALONE)
            .when(
                lambda g: g.send_message(
                    text="Hi", reply_to=NOTHING_THERE, role=None, by=BO, at=NOON
                )
            )
            .then_refused(
                "group-muted", "group-not-linked", "not-in-the-group", "unknown-message"
            )
        )


class TestReact:
    def test_to_a_message(self):
        """
        Whoever is inside reacts to a message, also while the group is muted.
        """
        (
            readers(HELLO, MUTED)
            .when(lambda g: g.react(THE_MESSAGE, "👍", by=LIN, at=NOON))
            .then(MessageReacted(message=7, emoji="👍", by=LIN, at=NOON))
        )

    def test_everything_in_the_way(self):
        """
        A stranger reacting to nothing in a group without circle hears all of it.
        """
        (
            readers(LEFT_ALONE)
            .when(lambda g: g.react(Cited(7, LEFT_ALONE), "👍", by=BO, at=NOON))
            .then_refused("group-not-linked", "not-in-the-group", "unknown-message")
        )


class TestAnnounce:
    def test_by_a_manager(self):
        """
        A manager puts up the announcement.
        """
        (
            readers()
            .when(lambda g: g.announce("Welcome", role="manager", by=TAO, at=NOON))
            .then(AnnouncementSet(text="Welcome", by=TAO, at=NOON))
        )

    def test_everything_in_the_way(self):
        """
        Members do not, nor does anybody without a circle.
        """
        (
            readers(LEFT_ALONE)
            .when(lambda g: g.announce("Welcome", role="member", by=LIN, at=NOON))
            .then_refused("group-not-linked", "not-a-manager")
        )


class TestMute:
    def test_until_unmuted(self):
        """
        The owner mutes the group, with a reason and without an end.
        """
        (
            readers()
            .when(
                lambda g: g.mute(
                    reason="exams", until=None, role="owner", by=MEI, at=NOON
                )
            )
            .then(GroupMuted(reason="exams", by=MEI, at=NOON))
        )

    def test_in_place_of_another(self):
        """
        A new mute takes the place of the one in force.
        """
        (
            readers(MUTED)
            .when(
                lambda g: g.mute(
                    reason=None, until=NOON + SECOND, role="owner", by=MEI, at=NOON
                )
            )
            .then(GroupMuted(until=NOON + SECOND, by=MEI, at=NOON))
            .when(
                lambda g: g.send_message(
                    text="Hi", role="member", by=LIN, at=NOON + SECOND
                )
            )
            .then(MessageSent(text="Hi", by=LIN, at=NOON + SECOND))
        )

    @pytest.mark.parametrize("until", [NOON, NOON - SECOND])
    def test_already_over(self, until):
        """
        A mute ends after it begins.
        """
        (
            readers()
            .when(
                lambda g: g.mute(
                    reason=None, until=until, role="owner", by=MEI, at=NOON
                )
            )
            .then_refused("mute-already-over")
        )

    def test_everything_in_the_way(self):
        """
        A member with a mute that is over, in a group without circle, hears it all.
        """
        (
            readers(LEFT_ALONE)
            .when(
                lambda g: g.mute(
                    reason=None, until=NOON, role="member", by=LIN, at=NOON
                )
            )
            .then_refused("group-not-linked", "mute-already-over", "not-a-manager")
        )


class TestUnmute:
    def test_a_muted_group(self):
        """
        A manager lets everybody write again.
        """
        (
            readers(MUTED)
            .when(lambda g: g.unmute(role="manager", by=TAO, at=NOON))
            .then(GroupUnmuted(by=TAO, at=NOON))
            .when(lambda g: g.send_message(text="Hi", role="member", by=LIN, at=NOON))
            .then(MessageSent(text="Hi", by=LIN, at=NOON))
        )

    @pytest.mark.parametrize(
        "events",
        [
            (),
            (MUTED, GroupUnmuted(by=MEI, at=FOUNDING_DAY)),
            (GroupMuted(until=NOON, by=MEI, at=FOUNDING_DAY),),
        ],
    )
    def test_what_is_not_muted(self, events):
        """
        Only a mute that still holds can be lifted.
        """
        (
            readers(*events)
            .when(lambda g: g.unmute(role="manager", by=TAO, at=NOON))
            .then_refused("not-muted")
        )

    def test_everything_in_the_way(self):
        """
        Members do not lift it, nor does anybody without a circle.
        """
        (
            readers(LEFT_ALONE)
            .when(lambda g: g.unmute(role=None, by=BO, at=NOON))
            .then_refused("group-not-linked", "not-a-manager", "not-muted")
        )


class TestPrivateChatBlock:
    def test_block(self):
        """
        The owner blocks private chat by way of the group.
        """
        (
            readers()
            .when(lambda g: g.block_private_chat(role="owner", by=MEI, at=NOON))
            .then(PrivateChatBlocked(by=MEI, at=NOON))
        )

    def test_block_twice(self):
        """
        It is blocked once, and by who runs the circle.
        """
        (
            readers(BLOCKED, LEFT_ALONE)
            .when(lambda g: g.block_private_chat(role="member", by=LIN, at=NOON))
            .then_refused("already-blocked", "group-not-linked", "not-a-manager")
        )

    def test_allow(self):
        """
        A manager allows it again.
        """
        (
            readers(BLOCKED)
            .when(lambda g: g.allow_private_chat(role="manager", by=TAO, at=NOON))
            .then(PrivateChatAllowed(by=TAO, at=NOON))
        )

    def test_allow_what_is_not_blocked(self):
        """
        Only what is blocked is allowed again, and by who runs the circle.
        """
        (
            readers(BLOCKED, PrivateChatAllowed(by=MEI, at=FOUNDING_DAY), LEFT_ALONE)
            .when(lambda g: g.allow_private_chat(role="member", by=LIN, at=NOON))
            .then_refused("group-not-linked", "not-a-manager", "not-blocked")
        )


REACHING = [
    (Group.open_private_chat, PrivateChatOpened),
    (Group.send_friend_request, FriendRequestSent),
]


@pytest.mark.parametrize(("reach", "event"), REACHING)
class TestReachingOut:
    def test_unblocked(self, reach, event):
        """
        Without a block members reach one another.
        """
        (
            readers()
            .when(lambda g: reach(g, WEI, by=LIN, at=NOON, **STRANGERS))
            .then(event(to=WEI, by=LIN, at=NOON))
        )

    def test_blocked(self, reach, event):
        """
        With a block they do not, and the refusal names it.
        """
        (
            readers(BLOCKED)
            .when(lambda g: reach(g, WEI, by=LIN, at=NOON, **STRANGERS))
            .then_verdict(
                Verdict(
                    (
                        Reason(
                            rule="private-chat-blocked",
                            because="group readers does not let members reach one "
                            "another in private",
                            used_by=(7,),
                        ),
                    )
                )
            )
        )

    @pytest.mark.parametrize(
        "facts",
        [
            {"role": "owner"},
            {"role": "manager"},
            {"other_role": "owner"},
            {"other_role": "manager"},
            {"already_related": True},
            {"other_common_group": True},
            {"already_related": True, "strict": True},
        ],
    )
    def test_exempt(self, reach, event, facts):
        """
        Who runs the circle, who knows the other, and who has another way, may.
        """
        (
            readers(BLOCKED)
            .when(lambda g: reach(g, WEI, by=LIN, at=NOON, **(STRANGERS | facts)))
            .then(event(to=WEI, by=LIN, at=NOON))
        )

    def test_strict(self, reach, event):
        """
        A strict rule book closes the other way as well.
        """
        facts = STRANGERS | {"other_common_group": True, "strict": True}
        (
            readers(BLOCKED)
            .when(lambda g: reach(g, WEI, by=LIN, at=NOON, **facts))
            .then_refused("private-chat-blocked")
        )

    @pytest.mark.parametrize(("by", "to"), [(BO, WEI), (LIN, BO)])
    def test_outside(self, reach, event, by, to):
        """
        Both are in the group.
        """
        (
            readers()
            .when(lambda g: reach(g, to, by=by, at=NOON, **STRANGERS))
            .then_refused("not-in-the-group")
        )

    def test_oneself(self, reach, event):
        """
        Nobody reaches out to themselves.
        """
        (
            readers()
            .when(lambda g: reach(g, LIN, by=LIN, at=NOON, **STRANGERS))
            .then_refused("same-person")
        )

    def test_everything_in_the_way(self, reach, event):
        """
        All that stands in the way is named together.
        """
        (
            readers(BLOCKED, LEFT_ALONE)
            .when(lambda g: reach(g, BO, by=BO, at=NOON, **STRANGERS))
            .then_refused(
                "group-not-linked",
                "not-in-the-group",
                "private-chat-blocked",
                "same-person",
            )
        )


def test_history_is_not_judged():
    """
    What happened beyond today's rules has happened.
    """
    group = replay(
        Group(READERS),
        [
            *GROUP,
            GroupJoined(member=LIN, at=NOON),
            GroupLeft(member=BO, by=BO, at=NOON),
            PrivateChatBlocked(by=BO, at=NOON),
            PrivateChatBlocked(by=BO, at=NOON),
            GroupMuted(until=NOON - SECOND, by=BO, at=NOON),
            AnnouncementSet(text="Hello", by=BO, at=NOON),
            PrivateChatOpened(to=BO, by=BO, at=NOON),
            FriendRequestSent(to=BO, by=BO, at=NOON),
            MessageReacted(message=99, emoji="👍", by=BO, at=NOON),
        ],
    )

    expected = Group(
        READERS,
        version=15,
        last_at=NOON,
        circle=BOOK_CLUB,
        members={MEI, TAO, LIN, WEI},
        muted_at=11,
        muted_until=NOON - SECOND,
        blocked_at=10,
    )
    assert expected == group
