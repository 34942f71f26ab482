"""
A group's timeline: what was said in it and what its circle sent into it.

What a circle sends to all its groups is kept once, under the circle; a group
shows it for as long as the two were linked. A post that is sent as a must-see is
one entry: it moves to where the must-see stands.
"""

import heapq
from collections.abc import Iterable
from datetime import datetime
from itertools import islice
from typing import Any, ClassVar, Final

from attrs import frozen
from sqlalchemy import Column, Index, Integer, MetaData, Table

from circlekit.clock import from_micros, micros
from circlekit.events.circle import (
    CircleFounded,
    CommentAdded,
    CommentRemoved,
    MustSeeSent,
    PostEdited,
    PostPublished,
    PostRemoved,
)
from circlekit.events.group import (
    AnnouncementSet,
    CircleLinked,
    CircleUnlinked,
    GroupJoined,
    GroupLeft,
    GroupMuted,
    GroupUnmuted,
    MessageReacted,
    MessageSent,
    PrivateChatAllowed,
    PrivateChatBlocked,
)
from circlekit.events.pace import (
    AnnouncementsOnlyLifted,
    AnnouncementsOnlySet,
    SlowModeLifted,
    SlowModeSet,
)
from circlekit.events.record import Recorded, is_about
from circlekit.events.redirection import ThreadReceived, ThreadRedirected
from circlekit.events.relay import (
    CommentDigestSent,
    CommentRelayChosen,
    CommentRelaySet,
    OrganisationRelaySet,
)
from circlekit.events.rules import RuleBookAdopted
from circlekit.ids import CircleId, CommentId, GroupId, MemberId, MessageId, PostId
from circlekit.projections import relayed
from circlekit.projections.read_model import (
    TEXT,
    WHOLE_NUMBER,
    ReadModel,
    Rows,
    as_json,
    from_json,
)

_TABLES: Final = relayed.TABLES
Table(
    "circlekit_timeline_entry",
    _TABLES,
    Column("scope", TEXT, primary_key=True),
    Column("position", WHOLE_NUMBER, primary_key=True),
    Column("kind", TEXT, nullable=False),
    Column("by", TEXT, nullable=False),
    Column("at", WHOLE_NUMBER, nullable=False),
    Column("text", TEXT),
    Column("images", TEXT),
    Column("videos", TEXT),
    Column("circle", TEXT),
    Column("post", Integer),
    Column("place", Integer, nullable=False),
    Column("grp", TEXT),
    Column("lowers", Integer, nullable=False),
    Index("circlekit_timeline_entry_post", "circle", "post"),
)
Table(
    "circlekit_timeline_post",
    _TABLES,
    Column("circle", TEXT, primary_key=True),
    Column("post", Integer, primary_key=True),
    Column("sent_to", TEXT, nullable=False),
    Column("text", TEXT, nullable=False),
    Column("images", TEXT, nullable=False),
    Column("videos", TEXT, nullable=False),
)
Table(
    "circlekit_timeline_reaction",
    _TABLES,
    Column("grp", TEXT, primary_key=True),
    Column("message", Integer, primary_key=True),
    Column("emoji", TEXT, primary_key=True),
    Column("member", TEXT, primary_key=True),
)
Table(
    "circlekit_timeline_block",
    _TABLES,
    Column("grp", TEXT, primary_key=True),
)

_NOTICES: Final = {
    AnnouncementSet: "announcement",
    GroupMuted: "muted",
    GroupUnmuted: "unmuted",
    PrivateChatBlocked: "private-chat-blocked",
    PrivateChatAllowed: "private-chat-allowed",
    SlowModeSet: "slow-mode",
    SlowModeLifted: "slow-mode-lifted",
    AnnouncementsOnlySet: "announcements-only",
    AnnouncementsOnlyLifted: "announcements-only-lifted",
}


@frozen(kw_only=True)
class TimelineEntry:
    """
    One thing a group was shown.

    Attributes:
        kind: ``message``, ``post``, ``must-see``, ``comment``, ``digest``,
            ``announcement``, ``muted``, ``unmuted``, ``slow-mode``,
            ``slow-mode-lifted``, ``announcements-only``,
            ``announcements-only-lifted``, ``private-chat-blocked``,
            ``private-chat-allowed``, ``thread-redirected`` or
            ``thread-received``.

        by: Whose it is; of a digest, who wrote the newest comment in it.

        post: The post it is, or is a comment on, or a digest of comments on.

        comment: The comment it is.

        message: The message it is, or that was redirected.

        reactions: How often each emoji was given to a message, by emoji.

        comments: The comments that a digest stands for, oldest first.

        group: The group that a redirected message or thread came from, or that a
            redirected thread went to.
    """

    kind: str
    by: MemberId
    at: datetime
    text: str | None = None
    images: tuple[str, ...] = ()
    videos: tuple[str, ...] = ()
    post: PostId | None = None
    comment: CommentId | None = None
    message: MessageId | None = None
    reactions: dict[str, int]
    comments: tuple[CommentId, ...] = ()
    group: GroupId | None = None


@frozen
class TimelinePage:
    """
    Some entries, newest first, and the cursor that asks for older ones.

    Attributes:
        next: Hand it back to get the next page; None if this is the last.
    """

    entries: tuple[TimelineEntry, ...]
    next: int | None


class GroupTimeline(ReadModel):
    """
    Messages, posts sent on, comments, must-sees and notices of every group.
    """

    name: ClassVar[str] = "group-timeline"
    tables: ClassVar[MetaData] = _TABLES
    kinds: ClassVar[frozenset[type]] = frozenset(
        {
            MessageSent,
            MessageReacted,
            CommentAdded,
            CommentRemoved,
            PostPublished,
            PostEdited,
            PostRemoved,
            MustSeeSent,
            RuleBookAdopted,
            CircleFounded,
            CircleLinked,
            CircleUnlinked,
            GroupJoined,
            GroupLeft,
            ThreadRedirected,
            ThreadReceived,
            CommentRelaySet,
            OrganisationRelaySet,
            CommentRelayChosen,
            CommentDigestSent,
            *_NOTICES,
        }
    )

    def apply(self, rows: Rows, recorded: Recorded) -> None:
        """
        Take in one event of a group or of a circle.
        """
        event, subject = recorded.event, recorded.subject
        match event:
            case MessageSent():
                _add(
                    rows,
                    recorded,
                    [_group(subject)],
                    "message",
                    text=event.text,
                    images=as_json(event.images),
                    videos=as_json(event.videos),
                )
            case MessageReacted():
                rows.run(
                    _REACT,
                    grp=subject,
                    message=event.message,
                    emoji=event.emoji,
                    member=event.by,
                )
            case CommentAdded():
                _take_comment(rows, recorded)
            case CommentDigestSent():
                _add(
                    rows,
                    recorded,
                    [_group(subject)],
                    "digest",
                    circle=event.circle,
                    post=event.post,
                    by=relayed.gather(rows, recorded),
                )
            case PostPublished():
                _take_post(rows, recorded)
            case MustSeeSent():
                scopes, text, images, videos = _content(rows, subject, event.post)
                rows.run(_MOVE_AWAY, circle=subject, post=event.post)
                _add(
                    rows,
                    recorded,
                    scopes,
                    "must-see",
                    text=text,
                    images=images,
                    videos=videos,
                    circle=subject,
                    post=event.post,
                )
            case PostEdited():
                changed = {
                    "text": event.text,
                    "images": as_json(event.images),
                    "videos": as_json(event.videos),
                }
                for statement in _EDIT:
                    rows.run(statement, circle=subject, post=event.post, **changed)
            case PostRemoved():
                relayed.forget_post(rows, subject, event.post)
                for statement in _REMOVE:
                    rows.run(statement, circle=subject, post=event.post)
            case CommentRemoved():
                relayed.forget_comment(rows, subject, event.comment)
                for statement in _UNCOMMENT:
                    rows.run(
                        statement,
                        circle=subject,
                        post=event.post,
                        place=event.comment,
                    )
            case CircleLinked():
                rows.run(
                    _LINK, grp=subject, since=recorded.position, circle=event.circle
                )
            case CircleUnlinked():
                rows.run(_UNLINK, grp=subject, until=recorded.position)
                relayed.forget_group(rows, subject)
            case RuleBookAdopted() if not is_about(recorded.stream, "circle"):
                pass  # a customer's
            case (
                CircleFounded()
                | RuleBookAdopted()
                | CommentRelaySet()
                | OrganisationRelaySet()
                | CommentRelayChosen()
            ):
                relayed.take_setting(rows, recorded)
            case ThreadRedirected():
                _move_thread(rows, recorded)
            case ThreadReceived():
                _add(
                    rows,
                    recorded,
                    [_group(subject)],
                    "thread-received",
                    place=event.messages[0],
                    group=event.group,
                )
            case GroupJoined():
                relayed.come_in(rows, recorded)
            case GroupLeft():
                relayed.go_out(rows, recorded)
            case _ if type(event) in _NOTICES:
                if isinstance(event, PrivateChatBlocked):
                    rows.run(_BLOCK, grp=subject)
                elif isinstance(event, PrivateChatAllowed):
                    rows.run(_UNBLOCK, grp=subject)
                said = getattr(event, "text", getattr(event, "reason", None))
                _add(
                    rows, recorded, [_group(subject)], _NOTICES[type(event)], text=said
                )

    def meet_in_the_open(
        self, rows: Rows, one: MemberId, other: MemberId, *, besides: GroupId
    ) -> bool:
        """
        Return whether two people share another linked group without a block.
        """
        return bool(rows.all(_IN_THE_OPEN, one=one, other=other, besides=besides))

    def due_digests(
        self, rows: Rows, *, at: datetime
    ) -> list[tuple[GroupId, CircleId, int]]:
        """
        Return the groups and posts whose comments have waited long enough.
        """
        return relayed.due(rows, at=at)

    def waiting(
        self, rows: Rows, group: GroupId, circle: CircleId, post: int
    ) -> relayed.WaitingComments:
        """
        Return the comments on a post that wait for a group's digest.
        """
        return relayed.waiting(rows, group, circle, post)

    def reach(
        self, rows: Rows, circle: CircleId, *, since: datetime, until: datetime
    ) -> relayed.Reach:
        """
        Return whom a circle reached in its groups, and how often it interrupted them.
        """
        return relayed.reach(rows, circle, since=since, until=until)

    def page(
        self,
        rows: Rows,
        group: GroupId,
        *,
        reader: MemberId | None = None,
        before: int | None = None,
        limit: int = 50,
    ) -> TimelinePage:
        """
        Return up to *limit* entries older than *before*, newest first.

        Of comments it has what the circle shows, or less if *reader* asked for less.
        """
        newest = _END if before is None else before
        spans = [(_group(group), 0, newest)]
        spans += [
            (_circle(circle), since, newest if until is None else min(newest, until))
            for circle, since, until in rows.all(_LINKS, grp=group)
        ]
        found = heapq.merge(
            *(
                rows.all(
                    _SPAN,
                    scope=scope,
                    since=since,
                    until=until,
                    limit=limit + 1,
                    reader=reader,
                )
                for scope, since, until in spans
            ),
            key=lambda row: -row[0],
        )
        # A group that was unlinked and linked again has a span for each time.
        entries = list(islice(found, limit + 1))
        following = entries[limit - 1][0] if len(entries) > limit else None
        return TimelinePage(
            tuple(_entry(rows, group, reader, row) for row in entries[:limit]),
            following,
        )


_END: Final = 2**62


def _group(group: str) -> str:
    return f"group/{group}"


def _circle(circle: str) -> str:
    return f"circle/{circle}"


def _take_post(rows: Rows, recorded: Recorded) -> None:
    event, circle = recorded.event, recorded.subject
    images, videos = as_json(event.images), as_json(event.videos)
    rows.run(
        _POST,
        circle=circle,
        post=recorded.version,
        sent_to=as_json(event.groups),
        text=event.text,
        images=images,
        videos=videos,
    )
    if event.synced:
        _add(
            rows,
            recorded,
            _scopes(circle, event.groups),
            "post",
            text=event.text,
            images=images,
            videos=videos,
            circle=circle,
            post=recorded.version,
        )


def _take_comment(rows: Rows, recorded: Recorded) -> None:
    event, circle = recorded.event, recorded.subject
    relay = relayed.relay_of(rows, circle)
    if relay.value == "off":
        return
    named = _named(rows, circle, event.post)
    relayed.wait_for_digest(rows, recorded, relay, named)
    if relay.value == "all":
        _add(
            rows,
            recorded,
            _scopes(circle, named),
            "comment",
            text=event.text,
            circle=circle,
            post=event.post,
            lowers=relay.may_choose,
        )


def _move_thread(rows: Rows, recorded: Recorded) -> None:
    event, group = recorded.event, recorded.subject
    for message in event.messages:
        rows.run(
            _REDIRECT,
            here=_group(group),
            there=_group(event.to),
            grp=group,
            place=message,
        )
    _add(
        rows,
        recorded,
        [_group(group)],
        "thread-redirected",
        text=event.reason,
        place=event.messages[0],
        group=event.to,
    )


def _scopes(circle: str, groups: Iterable[str] | None) -> list[str]:
    if groups is None:
        return [_circle(circle)]
    return [_group(group) for group in groups]


def _named(rows: Rows, circle: str, post: int) -> list[str] | None:
    ((groups,),) = rows.all(_SENT_TO, circle=circle, post=post)
    named = from_json(groups, list[str] | None)
    if named is None:
        return None
    # Those of them that are still the circle's.
    linked = {group for (group,) in rows.all(_LINKED, circle=circle)}
    return [group for group in named if group in linked]


def _content(rows: Rows, circle: str, post: int) -> tuple[list[str], str, str, str]:
    ((text, images, videos),) = rows.all(_POSTED, circle=circle, post=post)
    return _scopes(circle, _named(rows, circle, post)), text, images, videos


def _add(
    rows: Rows,
    recorded: Recorded,
    scopes: Iterable[str],
    kind: str,
    *,
    text: str | None = None,
    images: str | None = None,
    videos: str | None = None,
    circle: str | None = None,
    post: int | None = None,
    by: str | None = None,
    place: int | None = None,
    group: str | None = None,
    lowers: bool = False,
) -> None:
    for scope in scopes:
        rows.run(
            _ENTER,
            scope=scope,
            position=recorded.position,
            kind=kind,
            by=recorded.event.by if by is None else by,
            at=micros(recorded.event.at),
            text=text,
            images=images,
            videos=videos,
            circle=circle,
            post=post,
            place=recorded.version if place is None else place,
            grp=group,
            lowers=int(lowers),
        )


def _entry(
    rows: Rows, group: GroupId, reader: MemberId | None, row: tuple[Any, ...]
) -> TimelineEntry:
    position, kind, by, at, text, images, videos, circle, post, place, other = row
    # A message keeps the id that it has from the group it was written in.
    home = GroupId(other) if other and kind != "thread-redirected" else group
    is_message = kind in _OF_MESSAGES
    comments: tuple[CommentId, ...] = ()
    if kind == "digest":
        comments, by = relayed.gathered(rows, position, reader)
    return TimelineEntry(
        kind=kind,
        by=by,
        at=from_micros(at),
        text=text,
        images=from_json(images, tuple[str, ...]) if images else (),
        videos=from_json(videos, tuple[str, ...]) if videos else (),
        post=None if post is None else PostId(circle, post),
        comment=CommentId(circle, place) if kind == "comment" else None,
        message=MessageId(home, place) if is_message else None,
        reactions=dict(
            rows.all(_REACTIONS, grp=home, message=place) if kind == "message" else ()
        ),
        comments=comments,
        group=None if other is None else GroupId(other),
    )


_OF_MESSAGES: Final = frozenset({"message", "thread-redirected", "thread-received"})
_ENTER: Final = """
INSERT INTO circlekit_timeline_entry
(scope, position, kind, "by", at, text, images, videos, circle, post, place,
 grp, lowers)
VALUES (:scope, :position, :kind, :by, :at, :text, :images, :videos,
        :circle, :post, :place, :grp, :lowers)
"""
_REDIRECT: Final = """
UPDATE circlekit_timeline_entry SET scope = :there, grp = :grp
WHERE scope = :here AND kind = 'message' AND place = :place AND grp IS NULL
"""
_REACT: Final = """
INSERT INTO circlekit_timeline_reaction (grp, message, emoji, member)
VALUES (:grp, :message, :emoji, :member) ON CONFLICT DO NOTHING
"""
_POST: Final = """
INSERT INTO circlekit_timeline_post (circle, post, sent_to, text, images, videos)
VALUES (:circle, :post, :sent_to, :text, :images, :videos)
"""
_POSTED: Final = """
SELECT text, images, videos FROM circlekit_timeline_post
WHERE circle = :circle AND post = :post
"""
_SENT_TO: Final = """
SELECT sent_to FROM circlekit_timeline_post
WHERE circle = :circle AND post = :post
"""
_MOVE_AWAY: Final = """
DELETE FROM circlekit_timeline_entry
WHERE circle = :circle AND post = :post AND kind = 'post'
"""
_EDIT: Final = (
    """
    UPDATE circlekit_timeline_post SET text = :text, images = :images, videos = :videos
    WHERE circle = :circle AND post = :post
    """,
    """
    UPDATE circlekit_timeline_entry SET text = :text, images = :images, videos = :videos
    WHERE circle = :circle AND post = :post AND kind IN ('post', 'must-see')
    """,
)
_REMOVE: Final = (
    "DELETE FROM circlekit_timeline_post WHERE circle = :circle AND post = :post",
    "DELETE FROM circlekit_timeline_entry WHERE circle = :circle AND post = :post",
)
_UNCOMMENT: Final = (
    """
    DELETE FROM circlekit_timeline_entry
    WHERE circle = :circle AND post = :post AND place = :place AND kind = 'comment'
    """,
    """
    DELETE FROM circlekit_timeline_entry
    WHERE circle = :circle AND post = :post AND kind = 'digest'
    AND NOT EXISTS (SELECT 1 FROM circlekit_timeline_digested d
                    WHERE d.position = circlekit_timeline_entry.position)
    """,
)
_LINK: Final = """
INSERT INTO circlekit_timeline_link (grp, since, circle, until)
VALUES (:grp, :since, :circle, NULL)
"""
_UNLINK: Final = """
UPDATE circlekit_timeline_link SET until = :until
WHERE grp = :grp AND until IS NULL
"""
_LINKS: Final = """
SELECT circle, since, until FROM circlekit_timeline_link WHERE grp = :grp
ORDER BY since
"""
_LINKED: Final = """
SELECT grp FROM circlekit_timeline_link WHERE circle = :circle AND until IS NULL
"""
_SPAN: Final = f"""
SELECT e.position, e.kind, e."by", e.at, e.text, e.images, e.videos, e.circle, e.post,
e.place, e.grp
FROM circlekit_timeline_entry e
WHERE e.scope = :scope AND e.position > :since AND e.position < :until
AND {relayed.SHOWN_TO_READER}
ORDER BY e.position DESC LIMIT :limit
"""
_REACTIONS: Final = """
SELECT emoji, count(*) FROM circlekit_timeline_reaction
WHERE grp = :grp AND message = :message GROUP BY emoji ORDER BY emoji
"""
_BLOCK: Final = """
INSERT INTO circlekit_timeline_block (grp) VALUES (:grp) ON CONFLICT DO NOTHING
"""
_UNBLOCK: Final = "DELETE FROM circlekit_timeline_block WHERE grp = :grp"
_IN_THE_OPEN: Final = """
SELECT 1 FROM circlekit_timeline_member m
JOIN circlekit_timeline_member n ON n.grp = m.grp AND n.member = :other
JOIN circlekit_timeline_link l ON l.grp = m.grp AND l.until IS NULL
WHERE m.member = :one AND m.grp <> :besides
AND NOT EXISTS (SELECT 1 FROM circlekit_timeline_block b WHERE b.grp = m.grp)
LIMIT 1
"""
