"""
The feed of one member, over all their circles or one.

A post is one item, whatever surfaces it reached, and being read on any of them
marks it read. Pinned posts and must-sees that the member has not acknowledged
come first, then the rest, newest first. A page's cursor remembers up to which
event the first page was made, and the later pages are made as of then, so
nothing moves from one page to another in between and comes up twice.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any, ClassVar, Final

from attrs import frozen
from sqlalchemy import Column, Index, Integer, MetaData, Table

from circlekit.clock import from_micros, from_micros_if_any, micros
from circlekit.errors import InvalidInputError
from circlekit.events.circle import (
    CircleFounded,
    CommentAdded,
    CommentRemoved,
    ManagerAppointed,
    ManagerDismissed,
    MemberJoined,
    MemberLeft,
    MemberRemoved,
    MustSeeSent,
    OwnerChanged,
    OwnerSucceeded,
    PostEdited,
    PostPinned,
    PostPublished,
    PostReacted,
    PostRemoved,
    PostUnpinned,
    ReactionWithdrawn,
)
from circlekit.events.reader import MustSeeAcknowledged, PostsRead
from circlekit.events.record import Recorded
from circlekit.events.rules import RuleBookAdopted
from circlekit.ids import CircleId, CommentId, MemberId, PostId
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
    "circlekit_feed_circle",
    _TABLES,
    Column("circle", TEXT, primary_key=True),
    Column("name", TEXT, nullable=False),
    Column("kind", TEXT, nullable=False),
    Column("zone", TEXT, nullable=False),
    Column("organisation", TEXT),
    Column("newcomers_see", TEXT, nullable=False),
    Column("newcomers_see_number", Integer, nullable=False),
    Index("circlekit_feed_circle_organisation", "organisation"),
)
Table(
    "circlekit_feed_member",
    _TABLES,
    Column("member", TEXT, primary_key=True),
    Column("circle", TEXT, primary_key=True),
    Column("role", TEXT, nullable=False),
    Index("circlekit_feed_member_circle", "circle"),
)
# How many must-sees were acknowledged in a stay: at most as many as there were.
Table(
    "circlekit_feed_stay",
    _TABLES,
    Column("member", TEXT, primary_key=True),
    Column("circle", TEXT, primary_key=True),
    Column("since", WHOLE_NUMBER, primary_key=True),
    Column("until", WHOLE_NUMBER),
    Column("until_at", WHOLE_NUMBER),
    Column("first_at", WHOLE_NUMBER, nullable=False),
    Column("first", WHOLE_NUMBER, nullable=False),
    Column("acknowledged", Integer, nullable=False),
    sqlite_with_rowid=False,
)
# The newest post of each circle, how many are pinned in it, and how many must-sees
# there ever were: who is in many circles need not look into each of them.
Table(
    "circlekit_feed_newest",
    _TABLES,
    Column("circle", TEXT, primary_key=True),
    Column("at", WHOLE_NUMBER, nullable=False),
    Column("position", WHOLE_NUMBER, nullable=False),
    Column("pins", Integer, nullable=False),
    Column("must_sees", Integer, nullable=False),
    sqlite_with_rowid=False,
)
Table(
    "circlekit_feed_post",
    _TABLES,
    Column("position", WHOLE_NUMBER, primary_key=True, autoincrement=False),
    Column("circle", TEXT, nullable=False),
    Column("version", Integer, nullable=False),
    Column("author", TEXT, nullable=False),
    Column("at", WHOLE_NUMBER, nullable=False),
    Column("text", TEXT, nullable=False),
    Column("images", TEXT, nullable=False),
    Column("videos", TEXT, nullable=False),
    Column("topic", TEXT),
    Column("edited_at", WHOLE_NUMBER),
    Column("must_see_at", WHOLE_NUMBER),
    Column("comments", Integer, nullable=False),
    Index("circlekit_feed_post_place", "circle", "version", unique=True),
    Index("circlekit_feed_post_newest", "circle", "at", "position"),
)
Table(
    "circlekit_feed_must_see",
    _TABLES,
    Column("circle", TEXT, primary_key=True),
    Column("post", Integer, primary_key=True),
    Column("since", WHOLE_NUMBER, nullable=False),
    sqlite_with_rowid=False,
)
Table(
    "circlekit_feed_pin",
    _TABLES,
    Column("circle", TEXT, primary_key=True),
    Column("post", Integer, primary_key=True),
    Column("since", WHOLE_NUMBER, primary_key=True),
    Column("until", WHOLE_NUMBER),
    sqlite_with_rowid=False,
)
Table(
    "circlekit_feed_comment",
    _TABLES,
    Column("circle", TEXT, primary_key=True),
    Column("post", Integer, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("author", TEXT, nullable=False),
    Column("at", WHOLE_NUMBER, nullable=False),
    Column("text", TEXT, nullable=False),
    Column("reply_to", Integer),
)
Table(
    "circlekit_feed_reaction",
    _TABLES,
    Column("circle", TEXT, primary_key=True),
    Column("post", Integer, primary_key=True),
    Column("emoji", TEXT, primary_key=True),
    Column("member", TEXT, primary_key=True),
    sqlite_with_rowid=False,
)
Table(
    "circlekit_feed_read",
    _TABLES,
    Column("member", TEXT, primary_key=True),
    Column("circle", TEXT, primary_key=True),
    Column("post", Integer, primary_key=True),
    sqlite_with_rowid=False,
)
Table(
    "circlekit_feed_acknowledged",
    _TABLES,
    Column("circle", TEXT, primary_key=True),
    Column("post", Integer, primary_key=True),
    Column("member", TEXT, primary_key=True),
    Column("position", WHOLE_NUMBER, nullable=False),
    Column("at", WHOLE_NUMBER, nullable=False),
    sqlite_with_rowid=False,
)


@frozen(kw_only=True)
class FeedItem:
    """
    One post, as one member sees it.

    Attributes:
        pinned: Whether it is pinned to the top of its circle.

        must_see_at: When it was sent as a must-see, None if it was not.

        acknowledged: Whether this member acknowledged the must-see.

        unread: Whether this member, not its author, has yet to read it.

        reactions: How often each emoji was given, by emoji.
    """

    post: PostId
    author: MemberId
    at: datetime
    text: str
    images: tuple[str, ...] = ()
    videos: tuple[str, ...] = ()
    topic: str | None = None
    edited_at: datetime | None = None
    pinned: bool = False
    must_see_at: datetime | None = None
    acknowledged: bool = False
    unread: bool = True
    comments: int = 0
    reactions: dict[str, int]


@frozen
class FeedPage:
    """
    Some items, and the cursor that asks for the ones after them.

    Attributes:
        next: Hand it back to get the next page; None if this is the last.
    """

    items: tuple[FeedItem, ...]
    next: str | None


@frozen(kw_only=True)
class Comment:
    """
    One comment on a post.
    """

    comment: CommentId
    author: MemberId
    at: datetime
    text: str
    reply_to: CommentId | None = None


@frozen(kw_only=True)
class CircleEntry:
    """
    One of a member's circles.
    """

    circle: CircleId
    name: str
    kind: str
    zone: str
    organisation: str | None
    role: str


@frozen(kw_only=True)
class Acknowledgement:
    """
    Somebody confirmed having seen a must-see.
    """

    member: MemberId
    at: datetime


class MemberFeed(ReadModel):
    """
    Posts, who may see them, and what each reader has read.
    """

    name: ClassVar[str] = "member-feed"
    tables: ClassVar[MetaData] = _TABLES
    kinds: ClassVar[frozenset[type]] = frozenset(
        {
            CircleFounded,
            RuleBookAdopted,
            MemberJoined,
            MemberLeft,
            MemberRemoved,
            ManagerAppointed,
            ManagerDismissed,
            OwnerChanged,
            OwnerSucceeded,
            PostPublished,
            PostEdited,
            PostRemoved,
            PostPinned,
            PostUnpinned,
            CommentAdded,
            CommentRemoved,
            PostReacted,
            ReactionWithdrawn,
            MustSeeSent,
            PostsRead,
            MustSeeAcknowledged,
        }
    )

    def apply(self, rows: Rows, recorded: Recorded) -> None:
        """
        Take in one event of a circle or of a reader.
        """
        event, circle = recorded.event, recorded.subject
        match event:
            case PostReacted():
                rows.run(
                    _REACT,
                    circle=circle,
                    post=event.post,
                    emoji=event.emoji,
                    member=event.by,
                )
            case CommentAdded():
                rows.run(
                    _COMMENT,
                    circle=circle,
                    post=event.post,
                    version=recorded.version,
                    author=event.by,
                    at=micros(event.at),
                    text=event.text,
                    reply_to=event.reply_to,
                )
                rows.run(_COUNT_COMMENT, circle=circle, post=event.post)
            case PostPublished():
                place = {
                    "circle": circle,
                    "at": micros(event.at),
                    "position": recorded.position,
                }
                rows.run(
                    _PUBLISH,
                    version=recorded.version,
                    author=event.by,
                    text=event.text,
                    images=as_json(event.images),
                    videos=as_json(event.videos),
                    topic=event.topic,
                    **place,
                )
                rows.run(_IS_NEWEST, **place)
            case PostsRead():
                for post in event.posts:
                    rows.run(_READ, member=circle, circle=event.circle, post=post)
            case MustSeeAcknowledged():
                place = {"member": circle, "circle": event.circle, "post": event.post}
                rows.run(_READ, **place)
                rows.run(_COUNT_ACKNOWLEDGED, **place)
                rows.run(
                    _ACKNOWLEDGE,
                    position=recorded.position,
                    at=micros(event.at),
                    **place,
                )
            case MemberJoined():
                _come_in(rows, recorded, event.member, "member")
            case MemberLeft() | MemberRemoved():
                place = {"member": event.member, "circle": circle}
                rows.run(_LEAVE, **place)
                rows.run(
                    _END_STAY,
                    position=recorded.position,
                    at=micros(event.at),
                    **place,
                )
            case PostEdited():
                rows.run(
                    _EDIT,
                    circle=circle,
                    post=event.post,
                    text=event.text,
                    images=as_json(event.images),
                    videos=as_json(event.videos),
                    at=micros(event.at),
                )
            case PostRemoved():
                for statement in _REMOVE:
                    rows.run(statement, circle=circle, post=event.post)
                rows.run(_FIND_NEWEST, circle=circle)
                rows.run(_COUNT_PINS, circle=circle)
            case CommentRemoved():
                for statement in _UNCOMMENT:
                    rows.run(
                        statement,
                        circle=circle,
                        post=event.post,
                        version=event.comment,
                    )
            case ReactionWithdrawn():
                rows.run(
                    _UNREACT,
                    circle=circle,
                    post=event.post,
                    emoji=event.emoji,
                    member=event.by,
                )
            case PostPinned():
                rows.run(
                    _PIN, circle=circle, post=event.post, position=recorded.position
                )
                rows.run(_COUNT_PINS, circle=circle)
            case PostUnpinned():
                rows.run(
                    _UNPIN, circle=circle, post=event.post, position=recorded.position
                )
                rows.run(_COUNT_PINS, circle=circle)
            case MustSeeSent():
                place = {"circle": circle, "post": event.post}
                rows.run(_MUST_SEE, position=recorded.position, **place)
                rows.run(_MARK_MUST_SEE, at=micros(event.at), **place)
                rows.run(_COUNT_MUST_SEE, circle=circle)
            case ManagerAppointed():
                rows.run(_ROLE, member=event.member, circle=circle, role="manager")
            case ManagerDismissed():
                rows.run(_ROLE, member=event.member, circle=circle, role="member")
            case OwnerChanged() | OwnerSucceeded():
                rows.run(_FORMER_OWNER, circle=circle)
                rows.run(_ROLE, member=event.owner, circle=circle, role="owner")
            case RuleBookAdopted():
                # Customers adopt rule books, too; none of them is a circle here.
                if recorded.stream.startswith("circle/"):
                    rows.run(
                        _NEWCOMERS_SEE,
                        circle=circle,
                        see=event.book.newcomers_see,
                        number=event.book.newcomers_see_number,
                    )
            case CircleFounded():
                rows.run(
                    _FOUND,
                    circle=circle,
                    name=event.name,
                    kind=event.kind,
                    zone=event.zone,
                    organisation=event.organisation,
                )
                rows.run(_NOTHING_YET, circle=circle)
                _come_in(rows, recorded, event.by, "owner")

    def page(
        self,
        rows: Rows,
        member: MemberId,
        *,
        circle: CircleId | None = None,
        after: str | None = None,
        limit: int = 20,
        head: int,
        in_process: bool = False,
    ) -> FeedPage:
        """
        Return the next *limit* items; *head* is the newest event taken in.

        A database that is *in_process* is asked in another way, for the same.
        """
        cursor = _Cursor.start(head) if after is None else _Cursor.read(after)
        # In the first section the rest is still to come from its beginning.
        below = _Cursor.start(head) if cursor.first else cursor
        asked = {
            "member": member,
            "circle": circle,
            "as_of": cursor.as_of,
            "top_at": cursor.at if cursor.first else -_END_OF_TIME,
            "top_position": cursor.position,
            "at": below.at,
            "position": below.position,
            "limit": limit + 1,
        }
        of_all = circle is None
        if after is None:
            guesses = of_all and in_process
            found = rows.all(_GUESSED if guesses else _NOW[of_all], **asked)
            # Few pages reach down to where somebody joined who does not see it all, and
            # few guesses are wrong.
            if not found or found[0][1]:
                found = rows.all(_NOW_WITH_BEFORE[of_all], **asked)
        else:
            found = rows.all(_THEN[of_all], **asked)
        last = None
        if len(found) > limit:
            first, _, position, _, _, _, at, *_ = found[limit - 1]
            last = _Cursor(cursor.as_of, first, at, position).write()
        return FeedPage(_items(rows, member, found[:limit]), last)

    def must_sees_sent(
        self, rows: Rows, member: MemberId, *, since: datetime, until: datetime
    ) -> tuple[PostId, ...]:
        """
        Return the must-sees of a member's circles sent after *since*, up to *until*.
        """
        return tuple(
            PostId(circle, version)
            for circle, version in rows.all(
                _SENT_IN, member=member, since=micros(since), until=micros(until)
            )
        )

    def comments(
        self, rows: Rows, post: PostId, *, after: int = 0, limit: int = 100
    ) -> tuple[Comment, ...]:
        """
        Return a post's comments, oldest first, from just after a place.
        """
        return tuple(
            Comment(
                comment=CommentId(post.circle, version),
                author=author,
                at=from_micros(at),
                text=text,
                reply_to=None if to is None else CommentId(post.circle, to),
            )
            for version, author, at, text, to in rows.all(
                _COMMENTS,
                circle=post.circle,
                post=post.version,
                after=after,
                limit=limit,
            )
        )

    def circles(self, rows: Rows, member: MemberId) -> tuple[CircleEntry, ...]:
        """
        Return the circles somebody is a member of now, by name.
        """
        return tuple(
            CircleEntry(
                circle=circle,
                name=name,
                kind=kind,
                zone=zone,
                organisation=organisation,
                role=role,
            )
            for circle, name, kind, zone, organisation, role in rows.all(
                _CIRCLES, member=member
            )
        )

    def circles_of(self, rows: Rows, organisation: str) -> tuple[CircleId, ...]:
        """
        Return the circles that name an organisation, by id.
        """
        return tuple(
            circle for (circle,) in rows.all(_CIRCLES_OF, organisation=organisation)
        )

    def acknowledgements(self, rows: Rows, post: PostId) -> tuple[Acknowledgement, ...]:
        """
        Return who acknowledged a must-see, in the order they did.
        """
        return tuple(
            Acknowledgement(member=member, at=from_micros(at))
            for member, at in rows.all(
                _ACKNOWLEDGED, circle=post.circle, post=post.version
            )
        )


@frozen
class _Cursor:
    """
    Where a page ended: in the first section or the rest, and as of which event.
    """

    as_of: int
    first: int
    at: int
    position: int

    @classmethod
    def start(cls, head: int, first: int = 1) -> "_Cursor":
        return cls(head, first, _END_OF_TIME, _END_OF_TIME)

    @classmethod
    def read(cls, text: str) -> "_Cursor":
        try:
            as_of, first, at, position = map(_number, text.split("."))
        except (ValueError, TypeError, AttributeError) as error:
            accepted = "the `next` of an earlier page"
            raise InvalidInputError("after", f"{text!r} is none", accepted) from error
        return cls(as_of, first, at, position)

    def write(self) -> str:
        return f"{self.as_of}.{self.first}.{self.at}.{self.position}"


_END_OF_TIME: Final = 2**62
_DAY: Final = 24 * 60 * 60 * 1_000_000


def _number(text: str) -> int:
    number = int(text)
    if abs(number) > _END_OF_TIME:
        raise ValueError(text)
    return number


_Key = tuple[int, int]
"""
By what a feed is ordered: the moment of a post, and its position.
"""


def _items(
    rows: Rows, member: str, found: Sequence[tuple[Any, ...]]
) -> tuple[FeedItem, ...]:
    if not found:
        return ()
    asked = {f"at_{number}": row[2] for number, row in enumerate(found)}
    reactions: dict[int, dict[str, int]] = {}
    for position, emoji, count in rows.all(_reactions(len(found)), **asked):
        reactions.setdefault(position, {})[emoji] = count
    return tuple(
        FeedItem(
            post=PostId(circle, version),
            author=author,
            at=from_micros(at),
            text=text,
            images=_names(images),
            videos=_names(videos),
            topic=topic,
            edited_at=from_micros_if_any(edited_at),
            pinned=bool(pinned),
            must_see_at=from_micros_if_any(must_see_at),
            acknowledged=bool(acknowledged),
            unread=author != member and not read,
            comments=comments,
            reactions=reactions.get(position, {}),
        )
        for (
            _,
            _,
            position,
            circle,
            version,
            author,
            at,
            text,
            images,
            videos,
            topic,
            edited_at,
            must_see_at,
            comments,
            pinned,
            read,
            acknowledged,
        ) in found
    )


def _names(written: str) -> tuple[str, ...]:
    # Most posts have none of them, and a page asks twice for each post.
    if written == "[]":
        return ()
    names: tuple[str, ...] = from_json(written, tuple[str, ...])
    return names


def _come_in(rows: Rows, recorded: Recorded, member: str, role: str) -> None:
    place = {"member": member, "circle": recorded.subject}
    rows.run(_JOIN, role=role, **place)
    first_at, first = _first_seen(rows, recorded)
    rows.run(
        _BEGIN_STAY,
        position=recorded.position,
        first_at=first_at,
        first=first,
        **place,
    )


def _first_seen(rows: Rows, recorded: Recorded) -> _Key:
    # The first post of the past that the rule book of this moment lets be seen.
    circle, now = recorded.subject, (micros(recorded.event.at), recorded.position)
    ((see, number),) = rows.all(_SEEN_BY_NEWCOMERS, circle=circle)
    match see:
        case "all":
            return (-_END_OF_TIME, 0)
        case "newest" if number:
            found = rows.all(_NTH_NEWEST, circle=circle, skip=number - 1)
            return found[0] if found else (-_END_OF_TIME, 0)
        case "days":
            # Of no days: what follows at this very moment all the same.
            return min(now, (now[0] - number * _DAY + 1, 0))
        case _:
            return now


_JOIN: Final = """
INSERT INTO circlekit_feed_member (member, circle, role)
VALUES (:member, :circle, :role)
"""
_LEAVE: Final = """
DELETE FROM circlekit_feed_member WHERE member = :member AND circle = :circle
"""
_BEGIN_STAY: Final = """
INSERT INTO circlekit_feed_stay
(member, circle, since, first_at, first, acknowledged)
VALUES (:member, :circle, :position, :first_at, :first, 0)
"""
_END_STAY: Final = """
UPDATE circlekit_feed_stay SET until = :position, until_at = :at
WHERE member = :member AND circle = :circle AND until IS NULL
"""
_ROLE: Final = """
UPDATE circlekit_feed_member SET role = :role
WHERE member = :member AND circle = :circle
"""
_FORMER_OWNER: Final = """
UPDATE circlekit_feed_member SET role = 'member'
WHERE circle = :circle AND role = 'owner'
"""
_FOUND: Final = """
INSERT INTO circlekit_feed_circle
(circle, name, kind, zone, organisation, newcomers_see, newcomers_see_number)
VALUES (:circle, :name, :kind, :zone, :organisation, 'all', 0)
"""
_NEWCOMERS_SEE: Final = """
UPDATE circlekit_feed_circle
SET newcomers_see = :see, newcomers_see_number = :number WHERE circle = :circle
"""
_SEEN_BY_NEWCOMERS: Final = """
SELECT newcomers_see, newcomers_see_number FROM circlekit_feed_circle
WHERE circle = :circle
"""
_NTH_NEWEST: Final = """
SELECT at, position FROM circlekit_feed_post WHERE circle = :circle
ORDER BY at DESC, position DESC LIMIT 1 OFFSET :skip
"""
_PUBLISH: Final = """
INSERT INTO circlekit_feed_post
(position, circle, version, author, at, text, images, videos, topic, comments)
VALUES (:position, :circle, :version, :author, :at, :text, :images, :videos, :topic, 0)
"""
_NOTHING_YET: Final = f"""
INSERT INTO circlekit_feed_newest (circle, at, position, pins, must_sees)
VALUES (:circle, {-_END_OF_TIME}, 0, 0, 0)
"""
_IS_NEWEST: Final = """
UPDATE circlekit_feed_newest SET at = :at, position = :position
WHERE circle = :circle
"""
_OF_THE_NEWEST: Final = """
FROM circlekit_feed_post p WHERE p.circle = :circle
ORDER BY p.at DESC, p.position DESC LIMIT 1
"""
_FIND_NEWEST: Final = f"""
UPDATE circlekit_feed_newest SET
at = coalesce((SELECT p.at {_OF_THE_NEWEST}), {-_END_OF_TIME}),
position = coalesce((SELECT p.position {_OF_THE_NEWEST}), 0)
WHERE circle = :circle
"""
_COUNT_PINS: Final = """
UPDATE circlekit_feed_newest SET pins = (
    SELECT count(*) FROM circlekit_feed_pin n
    WHERE n.circle = :circle AND n.until IS NULL)
WHERE circle = :circle
"""
_COUNT_MUST_SEE: Final = """
UPDATE circlekit_feed_newest SET must_sees = must_sees + 1 WHERE circle = :circle
"""
_COUNT_ACKNOWLEDGED: Final = """
UPDATE circlekit_feed_stay SET acknowledged = acknowledged + 1
WHERE member = :member AND circle = :circle AND until IS NULL AND NOT EXISTS (
    SELECT 1 FROM circlekit_feed_acknowledged a
    WHERE a.circle = :circle AND a.post = :post AND a.member = :member)
"""
_EDIT: Final = """
UPDATE circlekit_feed_post
SET text = :text, images = :images, videos = :videos, edited_at = :at
WHERE circle = :circle AND version = :post
"""
_REMOVE: Final = (
    "DELETE FROM circlekit_feed_post WHERE circle = :circle AND version = :post",
    "DELETE FROM circlekit_feed_must_see WHERE circle = :circle AND post = :post",
    "DELETE FROM circlekit_feed_pin WHERE circle = :circle AND post = :post",
    "DELETE FROM circlekit_feed_comment WHERE circle = :circle AND post = :post",
    "DELETE FROM circlekit_feed_reaction WHERE circle = :circle AND post = :post",
)
_COMMENT: Final = """
INSERT INTO circlekit_feed_comment
(circle, post, version, author, at, text, reply_to)
VALUES (:circle, :post, :version, :author, :at, :text, :reply_to)
"""
_UNCOMMENT: Final = (
    """
UPDATE circlekit_feed_post SET comments = comments - 1
WHERE circle = :circle AND version = :post AND EXISTS (
    SELECT 1 FROM circlekit_feed_comment
    WHERE circle = :circle AND post = :post AND version = :version)
""",
    """
DELETE FROM circlekit_feed_comment
WHERE circle = :circle AND post = :post AND version = :version
""",
)
_COUNT_COMMENT: Final = """
UPDATE circlekit_feed_post SET comments = comments + 1
WHERE circle = :circle AND version = :post
"""
_REACT: Final = """
INSERT INTO circlekit_feed_reaction (circle, post, emoji, member)
VALUES (:circle, :post, :emoji, :member) ON CONFLICT DO NOTHING
"""
_UNREACT: Final = """
DELETE FROM circlekit_feed_reaction
WHERE circle = :circle AND post = :post AND emoji = :emoji AND member = :member
"""
_PIN: Final = """
INSERT INTO circlekit_feed_pin (circle, post, since, until)
VALUES (:circle, :post, :position, NULL)
"""
_UNPIN: Final = """
UPDATE circlekit_feed_pin SET until = :position
WHERE circle = :circle AND post = :post AND until IS NULL
"""
_MUST_SEE: Final = """
INSERT INTO circlekit_feed_must_see (circle, post, since)
VALUES (:circle, :post, :position)
"""
_MARK_MUST_SEE: Final = """
UPDATE circlekit_feed_post SET must_see_at = :at
WHERE circle = :circle AND version = :post
"""
_READ: Final = """
INSERT INTO circlekit_feed_read (member, circle, post)
VALUES (:member, :circle, :post) ON CONFLICT DO NOTHING
"""
_ACKNOWLEDGE: Final = """
INSERT INTO circlekit_feed_acknowledged (circle, post, member, position, at)
VALUES (:circle, :post, :member, :position, :at) ON CONFLICT DO NOTHING
"""
_COMMENTS: Final = """
SELECT version, author, at, text, reply_to FROM circlekit_feed_comment
WHERE circle = :circle AND post = :post AND version > :after
ORDER BY version LIMIT :limit
"""
_SENT_IN: Final = """
SELECT p.circle, p.version
FROM circlekit_feed_member m JOIN circlekit_feed_post p ON p.circle = m.circle
WHERE m.member = :member AND p.must_see_at > :since AND p.must_see_at <= :until
ORDER BY p.must_see_at, p.position
"""
_CIRCLES: Final = """
SELECT c.circle, c.name, c.kind, c.zone, c.organisation, m.role
FROM circlekit_feed_member m JOIN circlekit_feed_circle c ON c.circle = m.circle
WHERE m.member = :member
ORDER BY c.name, c.circle
"""
_CIRCLES_OF: Final = """
SELECT circle FROM circlekit_feed_circle
WHERE organisation = :organisation ORDER BY circle
"""
_ACKNOWLEDGED: Final = """
SELECT member, at FROM circlekit_feed_acknowledged
WHERE circle = :circle AND post = :post ORDER BY position
"""
# Of the posts at some positions: what a page has most of are positions of one size,
# which PostgreSQL prepares as one question.
_REACTIONS: Final = """
SELECT p.position, r.emoji, count(*)
FROM circlekit_feed_post p CROSS JOIN circlekit_feed_reaction r
WHERE p.position IN ({}) AND r.circle = p.circle AND r.post = p.version
GROUP BY p.position, r.emoji ORDER BY r.emoji
"""


@cache
def _reactions(posts: int) -> str:
    return _REACTIONS.format(", ".join(f":at_{number}" for number in range(posts)))


# A page is one question, for each answer is a round trip on a server:
# - `h` has the circles somebody is in, or was when they left, up to which of its posts
#   they see, and the newest of those;
# - `top` has what stands at the top, pins and must-sees not acknowledged;
# - `bar` is the moment down to which so many circles have their newest post that the
#   page is full even if some of these are at the top: nothing older is on the page;
# - `l` has the circles that have posts from then on, and from when on each is seen;
# - `fill` is the latest moment down to which one circle alone would fill the page;
# - `before` has must-sees from before somebody joined, which no rule book hides.
# CROSS JOIN has SQLite join in the order of the text; else it would walk through all
# posts of a circle, or of the store.
_PAGE: Final = """
WITH {floor}h AS ({heads}),
top AS (
    SELECT p.at, p.position FROM (
        SELECT n.circle AS circle, n.post AS post
        FROM h CROSS JOIN circlekit_feed_pin n
        WHERE h.stays AND h.pins > 0 AND n.circle = h.circle AND {pinned}
        UNION
        SELECT u.circle, u.post FROM h CROSS JOIN circlekit_feed_must_see u
        WHERE h.stays AND h.must_sees > h.acknowledged
        AND u.circle = h.circle AND {unacknowledged}) t
    CROSS JOIN circlekit_feed_post p WHERE p.circle = t.circle AND p.version = t.post),
bar AS (
    SELECT coalesce((
        SELECT h.at FROM h WHERE h.at >= h.first_at AND h.position >= h.first
        ORDER BY h.at DESC LIMIT 1 OFFSET {reach} - 1), {long_ago}) AS at),
l AS (
    SELECT h.*, CASE WHEN bar.at > h.first_at THEN bar.at ELSE h.first_at END AS down_to
    FROM bar CROSS JOIN h
    WHERE h.at >= bar.at AND h.at >= h.first_at AND h.position >= h.first),
fill AS (
    SELECT max((
        SELECT q.at FROM circlekit_feed_post q
        WHERE q.circle = l.circle AND q.at >= l.down_to
        AND +q.position >= l.first AND {seen}
        ORDER BY q.at DESC, q.position DESC LIMIT 1 OFFSET {reach})) AS at
    FROM l),
rest AS (
    SELECT q.at, q.position
    FROM fill CROSS JOIN l CROSS JOIN circlekit_feed_post q
    WHERE q.circle = l.circle
    AND q.at >= CASE WHEN fill.at > l.down_to THEN fill.at ELSE l.down_to END
    AND +q.position >= l.first AND {seen} AND NOT (l.stays AND {above})),
{before}page AS (
    SELECT 1 AS first, at, position FROM top
    WHERE (at, position) < (:top_at, :top_position)
    UNION ALL SELECT 0, at, position FROM rest{and_before}
    ORDER BY 1 DESC, 2 DESC, 3 DESC LIMIT :limit)
SELECT k.first, {more}, p.position, p.circle, p.version, p.author, p.at, p.text,
p.images, p.videos, p.topic, p.edited_at, p.must_see_at, p.comments,
EXISTS (SELECT 1 FROM circlekit_feed_pin n
        WHERE n.circle = p.circle AND n.post = p.version AND n.until IS NULL),
EXISTS (SELECT 1 FROM circlekit_feed_read r
        WHERE r.member = :member AND r.circle = p.circle AND r.post = p.version),
EXISTS (SELECT 1 FROM circlekit_feed_acknowledged a
        WHERE a.circle = p.circle AND a.post = p.version AND a.member = :member)
FROM page k CROSS JOIN circlekit_feed_post p WHERE p.position = k.position
ORDER BY k.first DESC, p.at DESC, p.position DESC
"""
# Must-sees from before somebody joined, which no rule book hides.
_BEFORE: Final = """before AS (
    SELECT q.at, q.position FROM bar CROSS JOIN h AS l
    CROSS JOIN circlekit_feed_must_see w CROSS JOIN circlekit_feed_post q
    WHERE l.first_at > {long_ago} AND l.first_at >= bar.at
    AND w.circle = l.circle AND w.since <= l.up_to
    AND q.circle = w.circle AND q.version = w.post
    AND (q.at < l.first_at OR q.position < l.first)
    AND {seen} AND NOT (l.stays AND {above})),
"""
_AND_BEFORE: Final = """
    UNION ALL SELECT 0, at, position FROM before"""
_MAY_BE_BEFORE: Final = """
EXISTS (SELECT 1 FROM bar CROSS JOIN h
        WHERE h.first_at > {long_ago} AND h.first_at >= bar.at AND h.must_sees > 0)
"""
# Who is in hundreds of circles is shown posts of few. So one membership in eleven is
# looked at first, for a moment that the newest posts of some sixty circles have
# reached, and circles that have not are left out unless something is at their top.
# That is a guess, which the page itself proves: if its bar is no lower, whatever was
# left out is older than all that is on it. By 76 and 97, those looked at are far from
# one another, also for who came to many circles in turn, which are written in in turn.
# On a server, whose joins are cheaper and whose questions dearer, it gains nothing.
_FLOOR: Final = """floor AS (
    SELECT coalesce((
        SELECT c.at FROM circlekit_feed_stay s CROSS JOIN circlekit_feed_newest c
        WHERE s.member = :member AND s.since * 76 % 97 < 9
        AND s.until IS NULL AND c.circle = s.circle
        ORDER BY c.at DESC LIMIT 1 OFFSET :limit * 2 / 11 + 3), {long_ago}) AS at),
"""
_BELOW_FLOOR: Final = " OR (SELECT at FROM bar) < (SELECT at FROM floor)"
_ABOVE_FLOOR: Final = """
AND (c.at >= (SELECT at FROM floor) OR c.pins > 0 OR c.must_sees > l.acknowledged)
"""
# The index is walked by moments alone; PostgreSQL takes the wrong one if it is also
# offered positions.
_SEEN: Final = "q.at <= l.up_at AND +q.position <= l.up_to"
_STILL_BELOW: Final = " AND (q.at < :at OR q.position < :position)"
_ABOVE: Final = """
((l.pins > 0 AND EXISTS (
    SELECT 1 FROM circlekit_feed_pin n
    WHERE n.circle = q.circle AND n.post = q.version AND {pinned}))
OR (l.must_sees > l.acknowledged AND EXISTS (
    SELECT 1 FROM circlekit_feed_must_see u
    WHERE u.circle = q.circle AND u.post = q.version AND {unacknowledged})))
"""
_NOT_ACKNOWLEDGED: Final = """
NOT EXISTS (
    SELECT 1 FROM circlekit_feed_acknowledged a
    WHERE a.circle = u.circle AND a.post = u.post AND a.member = :member{then})
"""
_NEWEST_SEEN: Final = f"""
FROM circlekit_feed_post q WHERE q.circle = l.circle AND {_SEEN}{{below}}
ORDER BY q.at DESC, q.position DESC LIMIT 1
"""
# The first page, as things stand: most circles have nothing at the top, and what is
# kept of each says so.
_HEADS_NOW: Final = f"""
SELECT l.*, c.pins, c.must_sees,
CASE WHEN l.stays THEN c.at
ELSE (SELECT q.at {_NEWEST_SEEN.format(below="")}) END AS at,
CASE WHEN l.stays THEN c.position
ELSE (SELECT q.position {_NEWEST_SEEN.format(below="")}) END AS position
FROM (
    SELECT s.circle, s.until IS NULL AS stays, s.first_at, s.first, s.acknowledged,
    coalesce(s.until_at, {_END_OF_TIME}) AS up_at,
    coalesce(s.until, {_END_OF_TIME}) AS up_to
    FROM circlekit_feed_stay s
    WHERE s.member = :member{{of_one}} AND (s.until IS NULL OR NOT EXISTS (
        SELECT 1 FROM circlekit_feed_stay t
        WHERE t.member = s.member AND t.circle = s.circle AND t.since > s.since))) l
CROSS JOIN circlekit_feed_newest c WHERE c.circle = l.circle
"""
# A later page, as of the event that was the newest at the first. Of most circles the
# newest post is on a page further on: only the others are looked into.
_HEADS_THEN: Final = f"""
SELECT l.*, 1 AS pins, c.must_sees,
CASE WHEN c.at < l.up_at AND c.position <= l.up_to THEN c.at
ELSE (SELECT q.at {_NEWEST_SEEN.format(below=_STILL_BELOW)}) END AS at,
CASE WHEN c.at < l.up_at AND c.position <= l.up_to THEN c.position
ELSE (SELECT q.position {_NEWEST_SEEN.format(below=_STILL_BELOW)}) END AS position
FROM (
    SELECT s.circle, s.until IS NULL OR s.until > :as_of AS stays, s.first_at, s.first,
    0 AS acknowledged,
    CASE WHEN s.until <= :as_of AND s.until_at < :at THEN s.until_at ELSE :at END
    AS up_at,
    CASE WHEN s.until <= :as_of THEN s.until ELSE :as_of END AS up_to
    FROM circlekit_feed_stay s
    WHERE s.member = :member{{of_one}} AND s.since <= :as_of
    AND (s.until IS NULL OR s.until > :as_of OR NOT EXISTS (
        SELECT 1 FROM circlekit_feed_stay t
        WHERE t.member = s.member AND t.circle = s.circle
        AND t.since > s.since AND t.since <= :as_of))) l
CROSS JOIN circlekit_feed_newest c WHERE c.circle = l.circle
"""


def _page(
    *, is_first: bool, of_all: bool, with_before: bool, guesses: bool = False
) -> str:
    pinned, unacknowledged = "n.until IS NULL", _NOT_ACKNOWLEDGED.format(then="")
    heads, seen, reach = _HEADS_NOW, _SEEN, ":limit"
    if not is_first:
        pinned = "n.since <= :as_of AND (n.until IS NULL OR n.until > :as_of)"
        then = _NOT_ACKNOWLEDGED.format(then=" AND a.position <= :as_of")
        unacknowledged = f"u.since <= :as_of AND {then}"
        heads, seen = _HEADS_THEN, _SEEN + _STILL_BELOW
        reach = ":limit + (SELECT count(*) FROM top)"
    words = {
        "heads": heads.format(of_one="" if of_all else " AND s.circle = :circle")
        + (_ABOVE_FLOOR if guesses else ""),
        "pinned": pinned,
        "unacknowledged": unacknowledged,
        "above": _ABOVE.format(pinned=pinned, unacknowledged=unacknowledged),
        "seen": seen,
        "reach": reach,
        "long_ago": -_END_OF_TIME,
    }
    more = "1 = 0" if with_before else _MAY_BE_BEFORE.format(**words)
    if guesses:
        more += _BELOW_FLOOR
    return _PAGE.format(
        floor=_FLOOR.format(**words) if guesses else "",
        before=_BEFORE.format(**words) if with_before else "",
        and_before=_AND_BEFORE if with_before else "",
        more=more,
        **words,
    )


_NOW, _NOW_WITH_BEFORE, _THEN = (
    {
        of_all: _page(is_first=is_first, of_all=of_all, with_before=with_before)
        for of_all in (True, False)
    }
    for is_first, with_before in ((True, False), (True, True), (False, True))
)
_GUESSED: Final = _page(is_first=True, of_all=True, with_before=False, guesses=True)
