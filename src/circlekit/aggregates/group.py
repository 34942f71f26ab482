"""
A chat group: who is in it, whether it is muted, and whether it blocks private chat.

A group is run by the owner and managers of its circle; their roles and the
numbers of the circle's rule book are handed to each command, and as *there* whether
the circle is still open.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import assert_never, cast

from attrs import Factory, define

from circlekit.aggregates.digests import Digests, Waiting
from circlekit.aggregates.history import HasHistory
from circlekit.aggregates.mass_sends_received import MassSendsReceived
from circlekit.aggregates.pace import Pace
from circlekit.aggregates.redirection import Redirections
from circlekit.events.group import (
    AnnouncementSet,
    CircleLinked,
    CircleUnlinked,
    FriendRequestSent,
    GroupEvent,
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
from circlekit.events.mass_send import MassSendDelivered, MassSendSource
from circlekit.events.pace import (
    AnnouncementsOnlyLifted,
    AnnouncementsOnlySet,
    SlowModeLifted,
    SlowModeSet,
)
from circlekit.events.record import Cited
from circlekit.events.redirection import ThreadReceived, ThreadRedirected
from circlekit.events.relay import CommentDigestSent
from circlekit.ids import CircleId, GroupId, MassSendId, MemberId
from circlekit.policies.authority import Role, managers_only
from circlekit.policies.groups import (
    has_room,
    in_the_group,
    is_muted,
    is_on,
    linked_to,
    may_speak,
    not_yet_in_the_group,
)
from circlekit.policies.membership import members_only
from circlekit.policies.pace import ends_later, for_announcements, in_slow_mode
from circlekit.policies.private_chat import may_reach, two_people
from circlekit.policies.redirection import (
    another_group,
    not_yet_redirected,
    still_answered_here,
)
from circlekit.rulebook import RuleBook
from circlekit.verdict import ALLOWED, Verdict, refused, require

Events = tuple[GroupEvent, ...]


@define
class Group(HasHistory):
    """
    What a group must remember to decide what happens next.

    Attributes:
        circle: The circle it is linked to, None if to none.

        members: Everybody in it.

        muted_at: Place of the mute in force, None if there is none.

        muted_until: When that mute ends, None if it lasts until unmuted.

        blocked_at: Place of the private-chat block in force, None if none.

        mass_sends: The mass sends that came into it.

        pace: Its slow mode, and whether it is for announcements only.

        redirections: The threads that went to other groups, or came from them.

        digests: The digests of comments that it was shown lately.
    """

    circle: CircleId | None = None
    members: set[str] = Factory(set)
    muted_at: int | None = None
    muted_until: datetime | None = None
    blocked_at: int | None = None
    mass_sends: MassSendsReceived = Factory(MassSendsReceived)
    pace: Pace = Factory(Pace)
    redirections: Redirections = Factory(Redirections)
    digests: Digests = Factory(Digests)

    # Commands: may refuse, never change anything.

    def found(
        self, *, name: str, circle: CircleId, by: MemberId, at: datetime
    ) -> Events:
        """
        Make the group, linked to a circle, with whoever makes it inside.
        """
        require(
            is_on(
                self.version == 0,
                rule="already-founded",
                because="this group was made already",
            )
        )
        return (
            GroupFounded(name=name, by=by, at=at),
            CircleLinked(circle=circle, by=by, at=at),
            GroupJoined(member=by, at=at),
        )

    def link(self, circle: CircleId, *, by: MemberId, at: datetime) -> Events:
        """
        Come under a circle.
        """
        return (CircleLinked(circle=circle, by=by, at=at),)

    def unlink(self, *, by: MemberId, at: datetime) -> Events:
        """
        Leave the circle.
        """
        require(self._linked())
        circle = cast("CircleId", self.circle)
        return (CircleUnlinked(circle=circle, by=by, at=at),)

    def join(
        self,
        member: MemberId,
        *,
        role: Role | None,
        capacity: int | None,
        there: Verdict = ALLOWED,
        at: datetime,
    ) -> Events:
        """
        Come into the group.
        """
        require(
            there,
            members_only(role, by=member),
            not_yet_in_the_group(member, self.members),
            has_room(len(self.members), capacity=capacity),
        )
        return (GroupJoined(member=member, at=at),)

    def take_in(
        self, members: Sequence[MemberId], *, capacity: int | None, at: datetime
    ) -> Events:
        """
        Let in as many of the circle's new members as there is room for.
        """
        new = [member for member in members if member not in self.members]
        room = len(new) if capacity is None else max(0, capacity - len(self.members))
        return tuple(GroupJoined(member=member, at=at) for member in new[:room])

    def leave(
        self, member: MemberId, *, by: MemberId | None = None, at: datetime
    ) -> Events:
        """
        Go out of the group; *by* says who took them out of the circle, if anybody.
        """
        require(in_the_group(member, self.members))
        return (GroupLeft(member=member, by=by or member, at=at),)

    def take_out(
        self, member: MemberId, *, role: Role | None, by: MemberId, at: datetime
    ) -> Events:
        """
        Take a member out of the group.
        """
        require(managers_only(role, by=by), in_the_group(member, self.members))
        return (GroupLeft(member=member, by=by, at=at),)

    def send_message(
        self,
        *,
        text: str,
        images: tuple[str, ...] = (),
        videos: tuple[str, ...] = (),
        reply_to: Cited | None = None,
        role: Role | None,
        by: MemberId,
        there: Verdict = ALLOWED,
        at: datetime,
    ) -> Events:
        """
        Write in the group.
        """
        require(
            self._linked(),
            there,
            in_the_group(by, self.members),
            may_speak(
                role, muted_at=self.muted_at, muted_until=self.muted_until, at=at
            ),
            *self.pace.may_write(
                role, by=by, reply_to=reply_to.version if reply_to else None, at=at
            ),
            _answerable(reply_to) if reply_to else ALLOWED,
            still_answered_here(
                reply_to.version if reply_to else None, self.redirections.moved
            ),
        )
        return (
            MessageSent(
                text=text,
                images=images,
                videos=videos,
                reply_to=reply_to.version if reply_to else None,
                by=by,
                at=at,
            ),
        )

    def react(
        self,
        message: Cited,
        emoji: str,
        *,
        by: MemberId,
        there: Verdict = ALLOWED,
        at: datetime,
    ) -> Events:
        """
        React to a message.
        """
        require(
            self._linked(),
            there,
            in_the_group(by, self.members),
            _message_there(message),
        )
        return (MessageReacted(message=message.version, emoji=emoji, by=by, at=at),)

    def announce(
        self,
        text: str,
        *,
        role: Role | None,
        by: MemberId,
        there: Verdict = ALLOWED,
        at: datetime,
    ) -> Events:
        """
        Put up the announcement, in place of the one before.
        """
        require(self._linked(), there, managers_only(role, by=by))
        return (AnnouncementSet(text=text, by=by, at=at),)

    def mute(
        self,
        *,
        reason: str | None,
        until: datetime | None,
        role: Role | None,
        by: MemberId,
        there: Verdict = ALLOWED,
        at: datetime,
    ) -> Events:
        """
        Let only the owner and managers write; a new mute replaces the old one.
        """
        require(
            self._linked(),
            there,
            managers_only(role, by=by),
            is_on(
                until is None or until > at,
                rule="mute-already-over",
                because="a mute ends after it begins",
            ),
        )
        return (GroupMuted(reason=reason, until=until, by=by, at=at),)

    def unmute(
        self, *, role: Role | None, by: MemberId, there: Verdict = ALLOWED, at: datetime
    ) -> Events:
        """
        Let everybody write again.
        """
        require(
            self._linked(),
            there,
            managers_only(role, by=by),
            is_on(
                self.is_muted(at),
                rule="not-muted",
                because="this group is not muted",
            ),
        )
        return (GroupUnmuted(by=by, at=at),)

    def set_slow_mode(
        self,
        *,
        seconds: int,
        reason: str,
        until: datetime | None,
        role: Role | None,
        by: MemberId,
        there: Verdict = ALLOWED,
        at: datetime,
    ) -> Events:
        """
        Let each member write once in so many seconds; replaces what was set before.
        """
        require(
            self._linked(), there, managers_only(role, by=by), ends_later(until, at=at)
        )
        return (SlowModeSet(seconds=seconds, reason=reason, until=until, by=by, at=at),)

    def lift_slow_mode(
        self, *, role: Role | None, by: MemberId, there: Verdict = ALLOWED, at: datetime
    ) -> Events:
        """
        Let members write as often as they like again.
        """
        require(
            self._linked(),
            there,
            managers_only(role, by=by),
            in_slow_mode(slow=self.pace.is_slow(at)),
        )
        return (SlowModeLifted(by=by, at=at),)

    def set_announcements_only(
        self,
        *,
        reason: str,
        until: datetime | None,
        open_thread: Cited | None,
        role: Role | None,
        by: MemberId,
        there: Verdict = ALLOWED,
        at: datetime,
    ) -> Events:
        """
        Let only the owner and managers write, but for answers in one thread.
        """
        require(
            self._linked(),
            there,
            managers_only(role, by=by),
            ends_later(until, at=at),
            _answerable(open_thread) if open_thread else ALLOWED,
            still_answered_here(
                open_thread.version if open_thread else None, self.redirections.moved
            ),
        )
        return (
            AnnouncementsOnlySet(
                reason=reason,
                until=until,
                open_thread=open_thread.version if open_thread else None,
                by=by,
                at=at,
            ),
        )

    def lift_announcements_only(
        self, *, role: Role | None, by: MemberId, there: Verdict = ALLOWED, at: datetime
    ) -> Events:
        """
        Let everybody write again, unless something else stands in the way.
        """
        require(
            self._linked(),
            there,
            managers_only(role, by=by),
            for_announcements(only=self.pace.is_announcing(at)),
        )
        return (AnnouncementsOnlyLifted(by=by, at=at),)

    def redirect(
        self,
        message: Cited,
        replies: Sequence[int],
        *,
        to: GroupId,
        linked: CircleId | None,
        reason: str,
        role: Role | None,
        by: MemberId,
        there: Verdict = ALLOWED,
        at: datetime,
    ) -> tuple[ThreadRedirected]:
        """
        Send a message and its replies on to another group of the same circle.

        *linked* is the circle that the other group is linked to, None if to none.
        """
        require(
            self._linked(),
            there,
            managers_only(role, by=by),
            linked_to(self.circle, linked) if self.circle else ALLOWED,
            another_group(self.id, to),
            _message_there(message),
            not_yet_redirected(message.version, self.redirections.moved),
        )
        gone = self.redirections.moved
        return (
            ThreadRedirected(
                messages=(message.version, *(it for it in replies if it not in gone)),
                to=to,
                reason=reason,
                by=by,
                at=at,
            ),
        )

    def receive(
        self,
        messages: tuple[int, ...],
        *,
        group: GroupId,
        by: MemberId,
        at: datetime,
    ) -> Events:
        """
        Take in a thread that another group of the circle sent on.
        """
        return (ThreadReceived(group=group, messages=messages, by=by, at=at),)

    def send_digest(
        self,
        circle: CircleId,
        post: int,
        waiting: Sequence[Waiting],
        *,
        window: timedelta,
        at: datetime,
    ) -> Events:
        """
        Show the comments on a post that wait for it as one, if it is time.
        """
        if self.circle != circle:
            return ()
        if not self.digests.due(circle, post, waiting, window=window, at=at):
            return ()
        return (
            CommentDigestSent(
                circle=circle,
                post=post,
                comments=tuple(it.comment for it in waiting),
                seconds=window // timedelta(seconds=1),
                at=at,
            ),
        )

    def block_private_chat(
        self, *, role: Role | None, by: MemberId, there: Verdict = ALLOWED, at: datetime
    ) -> Events:
        """
        Keep members from reaching one another in private by way of the group.
        """
        require(
            self._linked(),
            there,
            managers_only(role, by=by),
            is_on(
                self.blocked_at is None,
                rule="already-blocked",
                because="this group blocks private chat already",
            ),
        )
        return (PrivateChatBlocked(by=by, at=at),)

    def allow_private_chat(
        self, *, role: Role | None, by: MemberId, there: Verdict = ALLOWED, at: datetime
    ) -> Events:
        """
        Let members reach one another in private again.
        """
        require(
            self._linked(),
            there,
            managers_only(role, by=by),
            is_on(
                self.blocked_at is not None,
                rule="not-blocked",
                because="this group does not block private chat",
            ),
        )
        return (PrivateChatAllowed(by=by, at=at),)

    def open_private_chat(
        self,
        to: MemberId,
        *,
        role: Role | None,
        other_role: Role | None,
        already_related: bool,
        other_common_group: bool,
        strict: bool,
        by: MemberId,
        there: Verdict = ALLOWED,
        at: datetime,
    ) -> Events:
        """
        Open a private chat with another member by way of the group.
        """
        require(
            *self._may_reach(
                to,
                role=role,
                other_role=other_role,
                already_related=already_related,
                other_common_group=other_common_group,
                strict=strict,
                by=by,
                there=there,
            )
        )
        return (PrivateChatOpened(to=to, by=by, at=at),)

    def send_friend_request(
        self,
        to: MemberId,
        *,
        role: Role | None,
        other_role: Role | None,
        already_related: bool,
        other_common_group: bool,
        strict: bool,
        by: MemberId,
        there: Verdict = ALLOWED,
        at: datetime,
    ) -> Events:
        """
        Ask another member for friendship by way of the group.
        """
        require(
            *self._may_reach(
                to,
                role=role,
                other_role=other_role,
                already_related=already_related,
                other_common_group=other_common_group,
                strict=strict,
                by=by,
                there=there,
            )
        )
        return (FriendRequestSent(to=to, by=by, at=at),)

    def receive_mass_send(
        self,
        mass_send: MassSendId,
        *,
        text: str,
        images: tuple[str, ...] = (),
        source: MassSendSource,
        role: Role | None,
        there: Verdict,
        book: RuleBook,
        zone: str,
        by: MemberId,
        at: datetime,
    ) -> Events:
        """
        Receive a mass send as a message, if the budgets leave room for it.

        Whether its sender runs the circle or teaches there, *there* says.
        """
        delivered = self.mass_sends.receive(
            mass_send,
            self._linked(),
            there,
            may_speak(
                role, muted_at=self.muted_at, muted_until=self.muted_until, at=at
            ),
            *self.pace.may_write(role, by=by, reply_to=None, at=at),
            source=source,
            book=book,
            zone=zone,
            by=by,
            at=at,
        )
        message = MessageSent(text=text, images=images, by=by, at=at)
        return (message, *delivered) if delivered else ()

    def is_muted(self, at: datetime) -> bool:
        """
        Return whether only owner and managers may write at that moment.
        """
        return is_muted(self.muted_at, self.muted_until, at=at)

    def _may_reach(
        self,
        to: MemberId,
        *,
        role: Role | None,
        other_role: Role | None,
        already_related: bool,
        other_common_group: bool,
        strict: bool,
        by: MemberId,
        there: Verdict,
    ) -> tuple[Verdict, ...]:
        return (
            self._linked(),
            there,
            two_people(by, to),
            in_the_group(by, self.members),
            in_the_group(to, self.members),
            may_reach(
                blocked_at=self.blocked_at,
                role=role,
                other_role=other_role,
                already_related=already_related,
                other_common_group=other_common_group,
                strict=strict,
                group=self.id,
            ),
        )

    def _linked(self) -> Verdict:
        if self.circle is not None:
            return ALLOWED
        return refused("group-not-linked", "this group is not linked to any circle")

    # History: never refuses, whatever today's rules say.

    def _evolve(self, event: GroupEvent) -> None:
        match event:
            case MessageSent():
                self.pace.take_in(event, place=self.version)
            case MessageReacted():
                pass
            case MassSendDelivered():
                self.mass_sends.evolve(event, self.version)
            case CommentDigestSent():
                self.digests.evolve(event)
            case GroupJoined():
                self.members.add(event.member)
            case GroupLeft():
                self.members.discard(event.member)
            case GroupMuted():
                self.muted_at = self.version
                self.muted_until = event.until
            case GroupUnmuted():
                self.muted_at = self.muted_until = None
            case PrivateChatBlocked():
                self.blocked_at = self.version
            case PrivateChatAllowed():
                self.blocked_at = None
            case CircleLinked():
                self.circle = event.circle
            case CircleUnlinked():
                self.circle = None
            case (
                SlowModeSet()
                | SlowModeLifted()
                | AnnouncementsOnlySet()
                | AnnouncementsOnlyLifted()
            ):
                self.pace.evolve(event, place=self.version)
            case ThreadRedirected() | ThreadReceived():
                self.redirections.evolve(event, place=self.version)
            case (
                GroupFounded()
                | AnnouncementSet()
                | PrivateChatOpened()
                | FriendRequestSent()
            ):
                pass
            case _:
                assert_never(event)


def _answerable(message: Cited) -> Verdict:
    # What came from another group is answered by the place at which it came.
    if isinstance(message.event, ThreadReceived):
        return ALLOWED
    return _message_there(message)


def _message_there(message: Cited) -> Verdict:
    if isinstance(message.event, MessageSent):
        return ALLOWED
    return refused(
        "unknown-message", f"there is no message {message.version} in this group"
    )
