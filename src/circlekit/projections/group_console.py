"""
The group console: every group of a circle at a glance, for whoever runs them.
"""

from datetime import datetime
from typing import Any, ClassVar, Final

from attrs import frozen
from sqlalchemy import Column, Index, Integer, MetaData, Table

from circlekit.clock import from_micros, from_micros_if_any, micros, micros_if_any
from circlekit.events.circle import GroupLinked, GroupTopicsSet, GroupUnlinked
from circlekit.events.group import (
    AnnouncementSet,
    GroupFounded,
    GroupJoined,
    GroupLeft,
    GroupMuted,
    GroupUnmuted,
    PrivateChatAllowed,
    PrivateChatBlocked,
)
from circlekit.events.pace import (
    AnnouncementsOnlyLifted,
    AnnouncementsOnlySet,
    SlowModeLifted,
    SlowModeSet,
)
from circlekit.events.record import Recorded
from circlekit.events.redirection import ThreadRedirected
from circlekit.ids import CircleId, GroupId, MemberId
from circlekit.projections.read_model import (
    TEXT,
    WHOLE_NUMBER,
    ReadModel,
    Rows,
    as_json,
    from_json,
)

_TABLES: Final = MetaData()
Table(
    "circlekit_console_group",
    _TABLES,
    Column("grp", TEXT, primary_key=True),
    Column("name", TEXT, nullable=False),
    Column("circle", TEXT),
    Column("bound", Integer, nullable=False),
    Column("topics", TEXT, nullable=False),
    Column("members", Integer, nullable=False),
    Column("announcement", TEXT),
    Column("blocked", Integer, nullable=False),
    Column("threads", Integer, nullable=False),
    Column("messages", Integer, nullable=False),
    Index("circlekit_console_group_circle", "circle"),
)
Table(
    "circlekit_console_hold",
    _TABLES,
    Column("grp", TEXT, primary_key=True),
    Column("kind", TEXT, primary_key=True),
    Column("reason", TEXT),
    Column("until", WHOLE_NUMBER),
    Column("by", TEXT, nullable=False),
    Column("at", WHOLE_NUMBER, nullable=False),
    Column("seconds", Integer),
)

_HOLDS: Final = {
    GroupMuted: "mute",
    SlowModeSet: "slow mode",
    AnnouncementsOnlySet: "announcements only",
}
_LIFTS: Final = {
    GroupUnmuted: "mute",
    SlowModeLifted: "slow mode",
    AnnouncementsOnlyLifted: "announcements only",
}


@frozen(kw_only=True)
class Hold:
    """
    Something that quiets a group.

    Attributes:
        reason: Why; None only of a mute without a reason.

        until: When it ends by itself, exclusive; None lasts until it is lifted.

        by: Who put it in force.

        at: Since when.

        seconds: Of slow mode, how much time passes between two messages.
    """

    reason: str | None
    until: datetime | None
    by: MemberId
    at: datetime
    seconds: int | None = None


@frozen(kw_only=True)
class GroupState:
    """
    How one group of a circle stands.

    Attributes:
        bound: Whether it is the one made with the circle.

        topics: What it is for; none at all means any topic.

        members: How many are in it.

        announcement: The text it shows as its notice.

        mute: The mute in force, None if there is none.

        slow_mode: The same of slow mode.

        announcements_only: The same of announcements only.

        blocks_private_chat: Whether it does.

        off_topic_threads: How many threads were redirected to other groups.

        off_topic_messages: How many messages these had.
    """

    group: GroupId
    name: str
    bound: bool
    topics: tuple[str, ...]
    members: int
    announcement: str | None
    mute: Hold | None
    slow_mode: Hold | None
    announcements_only: Hold | None
    blocks_private_chat: bool
    off_topic_threads: int
    off_topic_messages: int


class GroupConsole(ReadModel):
    """
    Names, topics, sizes and standing of all groups.
    """

    name: ClassVar[str] = "group-console"
    tables: ClassVar[MetaData] = _TABLES
    kinds: ClassVar[frozenset[type]] = frozenset(
        {
            GroupFounded,
            GroupLinked,
            GroupUnlinked,
            GroupTopicsSet,
            GroupJoined,
            GroupLeft,
            AnnouncementSet,
            PrivateChatBlocked,
            PrivateChatAllowed,
            ThreadRedirected,
            *_HOLDS,
            *_LIFTS,
        }
    )

    def apply(self, rows: Rows, recorded: Recorded) -> None:
        """
        Take in one event of a group, or of a circle about one.
        """
        event, subject = recorded.event, recorded.subject
        match event:
            case GroupLinked():
                # It comes before the group's own events, if the group is new.
                rows.run(_NEW, grp=event.group)
                rows.run(_LINK, grp=event.group, circle=subject, bound=int(event.bound))
            case GroupUnlinked():
                rows.run(_UNLINK, grp=event.group)
            case GroupTopicsSet():
                rows.run(_TOPICS, grp=event.group, topics=as_json(event.topics))
            case GroupFounded():
                rows.run(_NEW, grp=subject)
                rows.run(_NAME, grp=subject, name=event.name)
            case GroupJoined():
                rows.run(_COUNT, grp=subject, step=1)
            case GroupLeft():
                rows.run(_COUNT, grp=subject, step=-1)
            case AnnouncementSet():
                rows.run(_ANNOUNCE, grp=subject, text=event.text)
            case PrivateChatBlocked() | PrivateChatAllowed():
                blocked = isinstance(event, PrivateChatBlocked)
                rows.run(_BLOCK, grp=subject, blocked=int(blocked))
            case ThreadRedirected():
                rows.run(_REDIRECT, grp=subject, messages=len(event.messages))
            case GroupMuted() | SlowModeSet() | AnnouncementsOnlySet():
                kind = _HOLDS[type(event)]
                rows.run(_LIFT, grp=subject, kind=kind)
                rows.run(
                    _HOLD,
                    grp=subject,
                    kind=kind,
                    reason=event.reason,
                    until=micros_if_any(event.until),
                    by=event.by,
                    at=micros(event.at),
                    seconds=event.seconds if isinstance(event, SlowModeSet) else None,
                )
            case _:
                rows.run(_LIFT, grp=subject, kind=_LIFTS[type(event)])

    def groups(
        self, rows: Rows, circle: CircleId, *, at: datetime
    ) -> tuple[GroupState, ...]:
        """
        Return how a circle's groups stand, the bound one first, then by name.
        """
        return tuple(
            _state(row, _held(rows, row[0], at))
            for row in rows.all(_GROUPS, circle=circle)
        )


def _held(rows: Rows, group: str, at: datetime) -> dict[str, Hold]:
    return {
        kind: Hold(
            reason=reason,
            until=from_micros_if_any(until),
            by=MemberId(by),
            at=from_micros(since),
            seconds=seconds,
        )
        for kind, reason, until, by, since, seconds in rows.all(_HELD, grp=group)
        if until is None or micros(at) < until
    }


def _state(row: tuple[Any, ...], held: dict[str, Hold]) -> GroupState:
    group, name, bound, topics, members, announcement, blocked, threads, messages = row
    return GroupState(
        group=GroupId(group),
        name=name,
        bound=bool(bound),
        topics=from_json(topics, tuple[str, ...]),
        members=members,
        announcement=announcement,
        mute=held.get("mute"),
        slow_mode=held.get("slow mode"),
        announcements_only=held.get("announcements only"),
        blocks_private_chat=bool(blocked),
        off_topic_threads=threads,
        off_topic_messages=messages,
    )


_NEW: Final = """
INSERT INTO circlekit_console_group
(grp, name, circle, bound, topics, members, announcement, blocked, threads, messages)
VALUES (:grp, '', NULL, 0, '[]', 0, NULL, 0, 0, 0) ON CONFLICT DO NOTHING
"""
_LINK: Final = """
UPDATE circlekit_console_group SET circle = :circle, bound = :bound WHERE grp = :grp
"""
_UNLINK: Final = """
UPDATE circlekit_console_group SET circle = NULL, topics = '[]' WHERE grp = :grp
"""
_TOPICS: Final = """
UPDATE circlekit_console_group SET topics = :topics WHERE grp = :grp
"""
_NAME: Final = "UPDATE circlekit_console_group SET name = :name WHERE grp = :grp"
_COUNT: Final = """
UPDATE circlekit_console_group SET members = members + :step WHERE grp = :grp
"""
_ANNOUNCE: Final = """
UPDATE circlekit_console_group SET announcement = :text WHERE grp = :grp
"""
_BLOCK: Final = """
UPDATE circlekit_console_group SET blocked = :blocked WHERE grp = :grp
"""
_REDIRECT: Final = """
UPDATE circlekit_console_group
SET threads = threads + 1, messages = messages + :messages WHERE grp = :grp
"""
_HOLD: Final = """
INSERT INTO circlekit_console_hold (grp, kind, reason, until, "by", at, seconds)
VALUES (:grp, :kind, :reason, :until, :by, :at, :seconds)
"""
_LIFT: Final = """
DELETE FROM circlekit_console_hold WHERE grp = :grp AND kind = :kind
"""
_GROUPS: Final = """
SELECT grp, name, bound, topics, members, announcement, blocked, threads, messages
FROM circlekit_console_group WHERE circle = :circle ORDER BY bound DESC, name, grp
"""
_HELD: Final = """
SELECT kind, reason, until, "by", at, seconds FROM circlekit_console_hold
WHERE grp = :grp
"""
