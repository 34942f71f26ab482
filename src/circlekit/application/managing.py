"""
Running a circle's groups: topics, pace, threads that are off topic, many at once.
"""

from collections.abc import Sequence
from datetime import datetime

from attrs import frozen

from circlekit.aggregates.group import Group
from circlekit.application.deciding import Deciding, Work, command, nothing
from circlekit.application.group_acts import (
    GroupAct,
    act_named,
    keep_to_announcements,
    slow_down,
)
from circlekit.application.posts import checked_groups
from circlekit.clock import as_utc
from circlekit.errors import InvalidInputError, NotFoundError
from circlekit.events.group import MessageSent
from circlekit.events.record import Cited, Recorded, stream_of
from circlekit.events.refusal import CommandRefused
from circlekit.ids import CircleId, GroupId, MemberId, MessageId
from circlekit.policies.groups import linked_to
from circlekit.projections.group_console import GroupState
from circlekit.projections.relayed import Reach
from circlekit.store import GROUP_CONSOLE, GROUP_TIMELINE
from circlekit.text import checked_id, checked_list, checked_name, checked_text
from circlekit.verdict import RefusedError, Verdict, require

MOST_TOPICS = 50


@frozen
class GroupsReport:
    """
    What became of one act on many groups.

    Attributes:
        done: The groups it was done to.

        skipped: The others, with everything that stood in the way.
    """

    done: tuple[GroupId, ...]
    skipped: dict[GroupId, Verdict]


class Managing(Deciding):
    """
    Use cases of whoever runs a circle's groups.
    """

    @command
    def set_group_topics(
        self,
        circle: CircleId | str,
        group: GroupId | str,
        topics: Sequence[str],
        *,
        by: MemberId | str,
        command_id: str | None = None,
    ) -> None:
        """
        Say which topics one of the circle's groups is for; none at all means any.

        A post that names no groups goes to those that carry its topic; if there are
        none, to those for any topic; if there are none of these, to the bound one.
        Must-sees go to all groups.

        Args:
            circle: The circle.
            group: One of its groups.
            topics: At most 50, each a line of at most 200 characters.
            by: The owner or a manager.
            command_id: Makes the call safe to repeat.

        Raises:
            RefusedError: ``not-a-manager``, ``group-not-linked``, ``already-so``.
            InvalidInputError: If a topic cannot be accepted.
        """
        chosen = _topics(topics)
        checked_id("group", group)

        def plan(work: Work) -> None:
            it = work.circle(CircleId(circle))
            said = it.set_topics(
                GroupId(group), chosen, by=MemberId(by), at=work.at(it)
            )
            work.record(it, said)

        self._decide(
            "set_group_topics",
            plan,
            nothing,
            about=stream_of("circle", circle),
            by=by,
            said=(group, chosen),
            command_id=command_id,
        )

    @command
    def set_slow_mode(
        self,
        group: GroupId | str,
        *,
        by: MemberId | str,
        seconds: int,
        reason: str,
        until: datetime | None = None,
        command_id: str | None = None,
    ) -> None:
        """
        Let each member write once in so many seconds; the owner and managers always.

        Args:
            group: The group.
            by: The owner or a manager.
            seconds: How much time passes between two messages, 1 to 86,400.
            reason: Shown with the notice.
            until: When it ends by itself; None lasts until it is lifted.
            command_id: Makes the call safe to repeat.

        Raises:
            RefusedError: ``group-not-linked``, ``not-a-manager``, ``already-over``.
            InvalidInputError: If the seconds or the reason cannot be accepted, or
                *until* has no zone.
        """
        act = slow_down(seconds=seconds, reason=reason, until=until)
        self._on_group("set_slow_mode", group, act, by, command_id)

    @command
    def lift_slow_mode(
        self,
        group: GroupId | str,
        *,
        by: MemberId | str,
        command_id: str | None = None,
    ) -> None:
        """
        Let members write as often as they like again.

        Raises:
            RefusedError: ``group-not-linked``, ``not-a-manager``, ``not-slowed``.
        """
        act = GroupAct(Group.lift_slow_mode)
        self._on_group("lift_slow_mode", group, act, by, command_id)

    @command
    def set_announcements_only(
        self,
        group: GroupId | str,
        *,
        by: MemberId | str,
        reason: str,
        until: datetime | None = None,
        open_thread: MessageId | str | None = None,
        command_id: str | None = None,
    ) -> None:
        """
        Let only the owner and managers write, but for answers in one thread.

        Args:
            group: The group.
            by: The owner or a manager.
            reason: Shown with the notice.
            until: When it ends by itself; None lasts until it is lifted.
            open_thread: A message that everybody may answer, and its answers.
            command_id: Makes the call safe to repeat.

        Raises:
            RefusedError: ``group-not-linked``, ``not-a-manager``, ``already-over``,
                ``unknown-message``, ``thread-redirected``.
            InvalidInputError: If the reason cannot be accepted, *until* has no zone,
                or the thread is in another group.
        """
        act = keep_to_announcements(reason=reason, until=until)
        asked = None
        if open_thread is not None:
            asked = MessageId.of(open_thread, field="open_thread")

        def plan(work: Work) -> None:
            chat = work.group(GroupId(group))
            (role,) = work.run_by(chat, MemberId(by))
            thread = None
            if asked is not None:
                thread = message_in(work, chat, asked, field="open_thread")
            decided = act.decide(
                chat,
                open_thread=thread,
                role=role,
                by=MemberId(by),
                there=work.there(chat),
                at=work.at(chat),
            )
            work.record(chat, decided)

        self._decide(
            "set_announcements_only",
            plan,
            nothing,
            about=stream_of("group", group),
            by=by,
            said=(*act.said, None if asked is None else str(asked)),
            command_id=command_id,
        )

    @command
    def lift_announcements_only(
        self,
        group: GroupId | str,
        *,
        by: MemberId | str,
        command_id: str | None = None,
    ) -> None:
        """
        Let everybody write in the group again.

        Raises:
            RefusedError: ``group-not-linked``, ``not-a-manager``,
                ``not-announcements-only``.
        """
        act = GroupAct(Group.lift_announcements_only)
        self._on_group("lift_announcements_only", group, act, by, command_id)

    @command
    def redirect_thread(
        self,
        message: MessageId | str,
        to: GroupId | str,
        *,
        by: MemberId | str,
        reason: str,
        command_id: str | None = None,
    ) -> None:
        """
        Send a message and its replies on to another group of the same circle.

        They keep their ids, are shown there, and are answered there from now on.

        Args:
            message: The message that is off topic, or began it.
            to: The other group.
            by: The owner or a manager.
            reason: Shown where the thread was.
            command_id: Makes the call safe to repeat.

        Raises:
            RefusedError: ``group-not-linked``, ``not-a-manager``, ``same-group``,
                ``unknown-message``, ``already-redirected``.
            InvalidInputError: If the reason cannot be accepted.
        """
        where = MessageId.of(message)
        checked_id("to", to)
        checked_text("reason", reason)

        def plan(work: Work) -> None:
            chat, other = work.group(where.group), work.group(GroupId(to))
            (role,) = work.run_by(chat, MemberId(by))
            at = work.at(chat, other)
            cited = work.cited(chat, where.version)
            redirected = chat.redirect(
                cited,
                _replies(work, cited, stream_of("group", where.group)),
                to=GroupId(to),
                linked=other.circle,
                there=work.there(chat),
                reason=reason,
                role=role,
                by=MemberId(by),
                at=at,
            )
            work.record(chat, redirected)
            (gone,) = redirected
            received = other.receive(
                gone.messages, group=where.group, by=MemberId(by), at=at
            )
            work.record(other, received)

        self._decide(
            "redirect_thread",
            plan,
            nothing,
            about=stream_of("group", where.group),
            by=by,
            said=(where.version, to, reason),
            command_id=command_id,
        )

    @command
    def manage_groups(
        self,
        circle: CircleId | str,
        action: str,
        *,
        by: MemberId | str,
        groups: Sequence[GroupId | str] | None = None,
        text: str | None = None,
        seconds: int | None = None,
        reason: str | None = None,
        until: datetime | None = None,
        command_id: str | None = None,
    ) -> GroupsReport:
        """
        Do one thing to several of the circle's groups, each by itself.

        A group that refuses is skipped, with its reasons; the others are done.

        >>> from circlekit import CircleKit
        >>> kit = CircleKit("sqlite://")
        >>> club = kit.found_circle(
        ...     name="Club", kind="community", by="mei", circle="club"
        ... )
        >>> side = kit.link_group(club, by="mei", group="side")
        >>> kit.manage_groups(club, "mute_group", by="mei", reason="exams").done
        ('club', 'side')
        >>> kit.unmute_group(side, by="mei")
        >>> kit.manage_groups(club, "unmute_group", by="mei").skipped["side"].rules
        ('not-muted',)

        Args:
            circle: The circle.
            action: The command that does it to one group: ``mute_group``,
                ``unmute_group``, ``set_slow_mode``, ``lift_slow_mode``,
                ``set_announcements_only``, ``lift_announcements_only``,
                ``set_announcement``, ``block_private_chat``,
                ``allow_private_chat``.
            by: The owner or a manager.
            groups: Which of its groups; None means all of them.
            text: Of an announcement.
            seconds: Of slow mode.
            reason: Why it is done, where that command asks for a reason.
            until: When it ends by itself, where it may.
            command_id: Makes the call safe to repeat. If refusals are not kept, a
                repeated call cannot say why a group was skipped, and leaves it out.

        Raises:
            RefusedError: ``not-a-manager``.
            InvalidInputError: If there is no such action, or it is given too little
                or too much.
            NotFoundError: If a group is not known.
        """
        act = act_named(action, text=text, seconds=seconds, reason=reason, until=until)
        named = None if groups is None else checked_groups(groups)
        skipped: dict[GroupId, Verdict] = {}

        def plan(work: Work) -> None:
            it = work.circle(CircleId(circle))
            require(it.manager_acts(by))
            for group in named if named is not None else map(GroupId, it.groups):
                chat = work.group(group)
                at = work.at(chat)
                try:
                    require(linked_to(circle, chat.circle))
                    work.record(
                        chat,
                        act.decide(chat, role=it.role(by), by=MemberId(by), at=at),
                    )
                except RefusedError as refusal:
                    skipped[group] = refusal.verdict
                    work.skip(action, chat, refusal.verdict, by=by, at=at)

        def answer(recorded: Sequence[Recorded]) -> GroupsReport:
            kept = {
                GroupId(it.subject): Verdict(it.event.reasons)
                for it in recorded
                if isinstance(it.event, CommandRefused)
            }
            done = (it for it in recorded if not isinstance(it.event, CommandRefused))
            return GroupsReport(
                tuple(dict.fromkeys(GroupId(it.subject) for it in done)),
                kept | skipped,
            )

        return self._decide(
            "manage_groups",
            plan,
            answer,
            about=stream_of("circle", circle),
            by=by,
            said=(action, named, act.said),
            command_id=command_id,
        )

    def groups(self, circle: CircleId | str) -> tuple[GroupState, ...]:
        """
        Return how a circle's groups stand now, its own first, then by name.

        Raises:
            NotFoundError: If the circle is not known.
        """
        self._must_be_known("circle", circle)
        now = as_utc("clock", self._clock())
        with self._store.read(GROUP_CONSOLE) as (rows, _):
            return GROUP_CONSOLE.groups(rows, CircleId(circle), at=now)

    def reach(
        self, circle: CircleId | str, *, since: datetime, until: datetime
    ) -> Reach:
        """
        Return whom a circle reached in its groups, and how often it interrupted them.

        Args:
            circle: The circle.
            since: The first moment that counts.
            until: The first that counts no longer.

        Raises:
            NotFoundError: If the circle is not known.
            InvalidInputError: If a moment has no zone, or nothing lies between them.
        """
        start, end = as_utc("since", since), as_utc("until", until)
        if start >= end:
            raise InvalidInputError("until", f"is {until}", f"later than {since}")
        self._must_be_known("circle", circle)
        with self._store.read(GROUP_TIMELINE) as (rows, _):
            return GROUP_TIMELINE.reach(rows, CircleId(circle), since=start, until=end)

    def _must_be_known(self, kind: str, id_: str) -> None:
        checked_id(kind, id_)
        with self._store.reading() as transaction:
            if transaction.last_of(stream_of(kind, id_)) is None:
                raise NotFoundError(kind, id_)

    def _on_group(
        self,
        name: str,
        group: GroupId | str,
        act: GroupAct,
        by: MemberId | str,
        command_id: str | None,
    ) -> None:
        def plan(work: Work) -> None:
            chat = work.group(GroupId(group))
            (role,) = work.run_by(chat, MemberId(by))
            decided = act.decide(
                chat,
                role=role,
                by=MemberId(by),
                there=work.there(chat),
                at=work.at(chat),
            )
            work.record(chat, decided)

        self._decide(
            name,
            plan,
            nothing,
            about=stream_of("group", group),
            by=by,
            said=act.said,
            command_id=command_id,
        )


def message_in(work: Work, chat: Group, message: MessageId, *, field: str) -> Cited:
    """
    Return a message as a group's history has it: written there, or come there.

    Raises:
        InvalidInputError: If it belongs to another group and never came here.
    """
    if message.group == chat.id:
        return work.cited(chat, message.version)
    place = chat.redirections.received.get((message.group, message.version))
    if place is None:
        accepted = "a message of the same group"
        raise InvalidInputError(field, f"{message} is elsewhere", accepted)
    return work.cited(chat, place)


def _replies(work: Work, message: Cited, stream: str) -> list[int]:
    if not isinstance(message.event, MessageSent):
        return []
    thread = {message.version}
    for recorded in work.transaction.history(stream, after=message.version):
        event = recorded.event
        if isinstance(event, MessageSent) and event.reply_to in thread:
            thread.add(recorded.version)
    return sorted(thread - {message.version})


def _topics(topics: Sequence[str]) -> tuple[str, ...]:
    many = checked_list("topics", topics, of="topics")
    if len(many) > MOST_TOPICS:
        problem = f"holds {len(many)} topics"
        raise InvalidInputError("topics", problem, f"at most {MOST_TOPICS}")
    named = (
        checked_name(f"topics[{place}]", topic) for place, topic in enumerate(many)
    )
    return tuple(dict.fromkeys(named))
