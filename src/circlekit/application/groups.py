"""
Chat groups: who is in them, what is said, and who may reach whom in private.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from attrs import define

from circlekit.aggregates.group import Events, Group
from circlekit.application.deciding import Deciding, Work, command, nothing
from circlekit.application.group_acts import announce, mute
from circlekit.application.managing import message_in
from circlekit.application.posts import LONGEST_EMOJI
from circlekit.events.group import MessageSent
from circlekit.events.record import Recorded, stream_of
from circlekit.ids import GroupId, MemberId, MessageId
from circlekit.store import GROUP_TIMELINE
from circlekit.text import checked_id, checked_references, checked_text


@define(eq=False, repr=False)
class Groups(Deciding):
    """
    Use cases of chat groups.
    """

    @command
    def join_group(
        self,
        group: GroupId | str,
        member: MemberId | str,
        *,
        command_id: str | None = None,
    ) -> None:
        """
        Let a member of the circle into one of its groups.

        Raises:
            RefusedError: ``not-a-member``, ``already-in-the-group``, ``group-full``.
        """
        who = MemberId(checked_id("member", member))

        def plan(work: Work) -> None:
            chat = work.group(GroupId(group))
            (role,) = work.run_by(chat, who)
            circle = work.circle(chat.circle) if chat.circle else None
            entered = chat.join(
                who,
                role=role,
                capacity=circle.group_capacity if circle else None,
                there=work.there(chat),
                at=work.at(chat),
            )
            work.record(chat, entered)

        self._decide_on(group, "join_group", plan, by=member, command_id=command_id)

    @command
    def leave_group(
        self,
        group: GroupId | str,
        member: MemberId | str,
        *,
        command_id: str | None = None,
    ) -> None:
        """
        Let somebody go out of a group; they stay in the circle.

        Raises:
            RefusedError: ``not-in-the-group``.
        """
        who = MemberId(checked_id("member", member))

        def plan(work: Work) -> None:
            chat = work.group(GroupId(group))
            work.record(chat, chat.leave(who, at=work.at(chat)))

        self._decide_on(group, "leave_group", plan, by=member, command_id=command_id)

    @command
    def remove_from_group(
        self,
        group: GroupId | str,
        member: MemberId | str,
        *,
        by: MemberId | str,
        command_id: str | None = None,
    ) -> None:
        """
        Take somebody out of a group; they stay in the circle.

        Raises:
            RefusedError: ``not-a-manager``, ``not-in-the-group``.
        """
        who = MemberId(checked_id("member", member))

        def decide(chat: Group, work: Work) -> Events:
            (role,) = work.run_by(chat, MemberId(by))
            return chat.take_out(who, role=role, by=MemberId(by), at=work.at(chat))

        self._simple("remove_from_group", group, decide, by, command_id, member)

    @command
    def send_message(
        self,
        group: GroupId | str,
        *,
        by: MemberId | str,
        text: str = "",
        images: Sequence[str] = (),
        videos: Sequence[str] = (),
        reply_to: MessageId | str | None = None,
        command_id: str | None = None,
    ) -> MessageId:
        """
        Write in a group.

        Args:
            group: The group.
            by: Somebody in it.
            text: Up to 20,000 characters; may be empty beside images or videos.
            images: References that the host understands.
            videos: The same.
            reply_to: The message it answers, of this group or redirected to it.
            command_id: Makes the call safe to repeat.

        Raises:
            RefusedError: ``group-not-linked``, ``not-in-the-group``,
                ``group-muted``, ``slow-mode``, ``announcements-only``,
                ``unknown-message``, ``thread-redirected``.
            InvalidInputError: If the content cannot be accepted.
        """
        seen = checked_references("images", images)
        watched = checked_references("videos", videos)
        checked_text("text", text, empty=bool(seen or watched))
        parent = None if reply_to is None else MessageId.of(reply_to, field="reply_to")

        def plan(work: Work) -> None:
            chat = work.group(GroupId(group))
            (role,) = work.run_by(chat, MemberId(by))
            answered = None
            if parent is not None:
                answered = message_in(work, chat, parent, field="reply_to")
            sent = chat.send_message(
                text=text,
                images=seen,
                videos=watched,
                reply_to=answered,
                role=role,
                by=MemberId(by),
                there=work.there(chat),
                at=work.at(chat),
            )
            work.record(chat, sent)

        return self._decide(
            "send_message",
            plan,
            _the_message,
            about=stream_of("group", group),
            by=by,
            said=(text, seen, watched, _named(parent, group)),
            command_id=command_id,
            light=True,
        )

    @command
    def react_to_message(
        self,
        message: MessageId | str,
        emoji: str,
        *,
        by: MemberId | str,
        command_id: str | None = None,
    ) -> None:
        """
        React to a message; the same emoji from the same member counts once.

        Raises:
            RefusedError: ``group-not-linked``, ``not-in-the-group``,
                ``unknown-message``.
        """
        where = MessageId.of(message)
        sign = checked_text("emoji", emoji, longest=LONGEST_EMOJI)

        def decide(chat: Group, work: Work) -> Events:
            return chat.react(
                work.cited(chat, where.version),
                sign,
                by=MemberId(by),
                there=work.there(chat),
                at=work.at(chat),
            )

        self._simple(
            "react_to_message", where.group, decide, by, command_id, where.version, sign
        )

    @command
    def set_announcement(
        self,
        group: GroupId | str,
        *,
        by: MemberId | str,
        text: str,
        command_id: str | None = None,
    ) -> None:
        """
        Put up the group's announcement, in place of the one before.

        Raises:
            RefusedError: ``group-not-linked``, ``not-a-manager``.
            InvalidInputError: If the text cannot be accepted.
        """
        act = announce(text=text)
        self._switch("set_announcement", act.decide, group, by, command_id, *act.said)

    @command
    def mute_group(
        self,
        group: GroupId | str,
        *,
        by: MemberId | str,
        reason: str,
        until: datetime | None = None,
        command_id: str | None = None,
    ) -> None:
        """
        Let only the owner and managers write.

        Args:
            group: The group.
            by: The owner or a manager.
            reason: Shown with the notice.
            until: When the mute ends by itself; None lasts until unmuted.
            command_id: Makes the call safe to repeat.

        Raises:
            RefusedError: ``group-not-linked``, ``not-a-manager``,
                ``mute-already-over``.
            InvalidInputError: If the reason cannot be accepted, or *until* has no
                zone.
        """
        act = mute(reason=reason, until=until)
        self._switch("mute_group", act.decide, group, by, command_id, *act.said)

    @command
    def unmute_group(
        self,
        group: GroupId | str,
        *,
        by: MemberId | str,
        command_id: str | None = None,
    ) -> None:
        """
        Let everybody in the group write again.

        Raises:
            RefusedError: ``group-not-linked``, ``not-a-manager``, ``not-muted``.
        """
        self._switch("unmute_group", Group.unmute, group, by, command_id)

    @command
    def block_private_chat(
        self,
        group: GroupId | str,
        *,
        by: MemberId | str,
        command_id: str | None = None,
    ) -> None:
        """
        Keep members from reaching one another in private by way of the group.

        Raises:
            RefusedError: ``group-not-linked``, ``not-a-manager``,
                ``already-blocked``.
        """
        self._switch(
            "block_private_chat", Group.block_private_chat, group, by, command_id
        )

    @command
    def allow_private_chat(
        self,
        group: GroupId | str,
        *,
        by: MemberId | str,
        command_id: str | None = None,
    ) -> None:
        """
        Let members reach one another in private again.

        Raises:
            RefusedError: ``group-not-linked``, ``not-a-manager``, ``not-blocked``.
        """
        self._switch(
            "allow_private_chat", Group.allow_private_chat, group, by, command_id
        )

    @command
    def open_private_chat(
        self,
        group: GroupId | str,
        *,
        by: MemberId | str,
        to: MemberId | str,
        already_related: bool = False,
        command_id: str | None = None,
    ) -> None:
        """
        Open a private chat with another member by way of a group.

        Args:
            group: The group they know each other from.
            by: Who opens it.
            to: The other member.
            already_related: Whether the host knows of a direct relation.
            command_id: Makes the call safe to repeat.

        Raises:
            RefusedError: ``group-not-linked``, ``not-in-the-group``,
                ``private-chat-blocked``, ``same-person``.
        """
        self._reach(
            "open_private_chat",
            Group.open_private_chat,
            group,
            by,
            to,
            command_id,
            already_related=already_related,
        )

    @command
    def send_friend_request(
        self,
        group: GroupId | str,
        *,
        by: MemberId | str,
        to: MemberId | str,
        already_related: bool = False,
        command_id: str | None = None,
    ) -> None:
        """
        Ask another member for friendship by way of a group.

        Args:
            group: The group they know each other from.
            by: Who asks.
            to: The other member.
            already_related: Whether the host knows of a direct relation.
            command_id: Makes the call safe to repeat.

        Raises:
            RefusedError: As :meth:`open_private_chat`.
        """
        self._reach(
            "send_friend_request",
            Group.send_friend_request,
            group,
            by,
            to,
            command_id,
            already_related=already_related,
        )

    def _switch(
        self,
        name: str,
        decide: Callable[..., Events],
        group: GroupId | str,
        by: MemberId | str,
        command_id: str | None,
        *said: object,
    ) -> None:
        def switched(chat: Group, work: Work) -> Events:
            (role,) = work.run_by(chat, MemberId(by))
            return decide(
                chat,
                role=role,
                by=MemberId(by),
                there=work.there(chat),
                at=work.at(chat),
            )

        self._simple(name, group, switched, by, command_id, *said)

    def _reach(
        self,
        name: str,
        decide: Callable[..., Events],
        group: GroupId | str,
        by: MemberId | str,
        to: MemberId | str,
        command_id: str | None,
        *,
        already_related: bool,
    ) -> None:
        me, other = MemberId(by), MemberId(checked_id("to", to))

        def reached(chat: Group, work: Work) -> Events:
            role, other_role = work.run_by(chat, me, other)
            circle = work.circle(chat.circle) if chat.circle else None
            return decide(
                chat,
                other,
                role=role,
                other_role=other_role,
                already_related=already_related,
                other_common_group=self._meet_elsewhere(chat, me, other),
                strict=circle.book.strict_private_chat if circle else False,
                by=me,
                there=work.there(chat),
                at=work.at(chat),
            )

        self._simple(name, group, reached, by, command_id, to, already_related)

    def _meet_elsewhere(self, chat: Group, one: MemberId, other: MemberId) -> bool:
        if chat.blocked_at is None:
            return False
        with self._store.read(GROUP_TIMELINE) as (rows, _):
            return GROUP_TIMELINE.meet_in_the_open(
                rows, one, other, besides=GroupId(chat.id)
            )

    def _simple(
        self,
        name: str,
        group: GroupId | str,
        decide: Callable[[Group, Work], Events],
        by: MemberId | str,
        command_id: str | None,
        *said: object,
    ) -> None:
        def plan(work: Work) -> None:
            chat = work.group(GroupId(group))
            work.record(chat, decide(chat, work))

        self._decide_on(group, name, plan, by=by, command_id=command_id, said=said)

    def _decide_on(
        self,
        group: GroupId | str,
        name: str,
        plan: Callable[[Work], None],
        *,
        by: MemberId | str,
        command_id: str | None,
        said: Sequence[object] = (),
    ) -> None:
        self._decide(
            name,
            plan,
            nothing,
            about=stream_of("group", group),
            by=by,
            said=said,
            command_id=command_id,
        )


def _named(message: MessageId | None, group: str) -> int | str | None:
    if message is None or message.group != group:
        return None if message is None else str(message)
    return message.version


def _the_message(recorded: Sequence[Recorded]) -> MessageId:
    first = next(it for it in recorded if isinstance(it.event, MessageSent))
    return MessageId(GroupId(first.subject), first.version)
