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
from typing import Any, ClassVar, Final

from attrs import frozen
from sqlalchemy import Column, Index, Integer, MetaData, Table

from circlekit.clock import from_micros, micros
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
Table(
    "circlekit_feed_stay",
    _TABLES,
    Column("member", TEXT, primary_key=True),
    Column("circle", TEXT, primary_key=True),
    Column("since", WHOLE_NUMBER, primary_key=True),
    Column("until", WHOLE_NUMBER),
    Column("first_at", WHOLE_NUMBER, nullable=False),
    Column("first", WHOLE_NUMBER, nullable=False),
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
)
Table(
    "circlekit_feed_pin",
    _TABLES,
    Column("circle", TEXT, primary_key=True),
    Column("post", Integer, primary_key=True),
    Column("since", WHOLE_NUMBER, primary_key=True),
    Column("until", WHOLE_NUMBER),
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
)
Table(
    "circlekit_feed_read",
    _TABLES,
    Column("member", TEXT, primary_key=True),
    Column("circle", TEXT, primary_key=True),
    Column("post", Integer, primary_key=True),
)
Table(
    "circlekit_feed_acknowledged",
    _TABLES,
    Column("circle", TEXT, primary_key=True),
    Column("post", Integer, primary_key=True),
    Column("member", TEXT, primary_key=True),
    Column("position", WHOLE_NUMBER, nullable=False),
    Column("at", WHOLE_NUMBER, nullable=False),
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
                rows.run(_COUNT_COMMENT, circle=circle, post=event.post, step=1)
            case PostPublished():
                rows.run(
                    _PUBLISH,
                    position=recorded.position,
                    circle=circle,
                    version=recorded.version,
                    author=event.by,
                    at=micros(event.at),
                    text=event.text,
                    images=as_json(event.images),
                    videos=as_json(event.videos),
                    topic=event.topic,
                )
            case PostsRead():
                for post in event.posts:
                    rows.run(_READ, member=circle, circle=event.circle, post=post)
            case MustSeeAcknowledged():
                place = {"member": circle, "circle": event.circle, "post": event.post}
                rows.run(_READ, **place)
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
                rows.run(_END_STAY, position=recorded.position, **place)
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
            case CommentRemoved():
                if rows.run(
                    _UNCOMMENT,
                    circle=circle,
                    post=event.post,
                    version=event.comment,
                ):
                    rows.run(_COUNT_COMMENT, circle=circle, post=event.post, step=-1)
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
            case PostUnpinned():
                rows.run(
                    _UNPIN, circle=circle, post=event.post, position=recorded.position
                )
            case MustSeeSent():
                place = {"circle": circle, "post": event.post}
                rows.run(_MUST_SEE, position=recorded.position, **place)
                rows.run(_MARK_MUST_SEE, at=micros(event.at), **place)
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
    ) -> FeedPage:
        """
        Return the next *limit* items; *head* is the newest event taken in.
        """
        cursor = _Cursor.start(head) if after is None else _Cursor.read(after)
        found: list[_Key] = []
        if cursor.first:
            found = list(_keys(rows, _FIRST, member, circle, cursor, limit + 1))
        above = len(found)
        if above <= limit:
            rest = cursor if not cursor.first else _Cursor.start(cursor.as_of, 0)
            found += _rest(rows, member, circle, rest, limit + 1 - above)
        last = None
        if len(found) > limit:
            at, position = found[limit - 1]
            last = _Cursor(cursor.as_of, int(limit <= above), at, position).write()
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


def _keys(
    rows: Rows,
    sql: str,
    member: str,
    circle: str | None,
    cursor: _Cursor,
    limit: int,
) -> Sequence[tuple[Any, ...]]:
    return rows.all(
        sql,
        member=member,
        circle=circle,
        as_of=cursor.as_of,
        at=cursor.at,
        position=cursor.position,
        limit=limit,
    )


def _rest(
    rows: Rows, member: str, circle: str | None, cursor: _Cursor, limit: int
) -> Sequence[_Key]:
    # As many circles as items, those with the newest ones: no others can have any
    # on the page.
    live = _keys(rows, _LIVELIEST, member, circle, cursor, limit)
    asked: dict[str, Any] = {"circle": circle}
    parts = [_FROM_BEFORE]
    for number, (name, left_after, first_at, first) in enumerate(live):
        asked[f"first_at_{number}"] = first_at
        asked[f"first_{number}"] = first
        asked[f"circle_{number}"] = name
        asked[f"up_to_{number}"] = cursor.as_of if left_after is None else left_after
        below = _BELOW if left_after is None else _BELOW_TO_WHO_LEFT
        parts.append(below.format(number=number))
    return rows.all(
        f"{_EACH_OF.join(parts)} {_NEWEST_FIRST}",
        member=member,
        as_of=cursor.as_of,
        at=cursor.at,
        position=cursor.position,
        limit=limit,
        **asked,
    )


def _items(rows: Rows, member: str, found: Sequence[_Key]) -> tuple[FeedItem, ...]:
    if not found:
        return ()
    asked = {f"at_{number}": position for number, (_, position) in enumerate(found)}
    places = ", ".join(f":{name}" for name in asked)
    reactions: dict[int, dict[str, int]] = {}
    for position, emoji, count in rows.all(_REACTIONS.format(places), **asked):
        reactions.setdefault(position, {})[emoji] = count
    items = {}
    for (
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
    ) in rows.all(_BODIES.format(places), member=member, **asked):
        items[position] = FeedItem(
            post=PostId(circle, version),
            author=author,
            at=from_micros(at),
            text=text,
            images=from_json(images, tuple[str, ...]),
            videos=from_json(videos, tuple[str, ...]),
            topic=topic,
            edited_at=None if edited_at is None else from_micros(edited_at),
            pinned=bool(pinned),
            must_see_at=None if must_see_at is None else from_micros(must_see_at),
            acknowledged=bool(acknowledged),
            unread=author != member and not read,
            comments=comments,
            reactions=reactions.get(position, {}),
        )
    return tuple(items[position] for _, position in found)


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
            return (now[0] - number * _DAY + 1, 0)
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
INSERT INTO circlekit_feed_stay (member, circle, since, first_at, first)
VALUES (:member, :circle, :position, :first_at, :first)
"""
_END_STAY: Final = """
UPDATE circlekit_feed_stay SET until = :position
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
_UNCOMMENT: Final = """
DELETE FROM circlekit_feed_comment
WHERE circle = :circle AND post = :post AND version = :version
"""
_COUNT_COMMENT: Final = """
UPDATE circlekit_feed_post SET comments = comments + :step
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
# Of the posts at some positions, which are put in.
_REACTIONS: Final = """
SELECT p.position, r.emoji, count(*)
FROM circlekit_feed_post p
JOIN circlekit_feed_reaction r ON r.circle = p.circle AND r.post = p.version
WHERE p.position IN ({}) GROUP BY p.position, r.emoji ORDER BY r.emoji
"""
_BODIES: Final = """
SELECT p.position, p.circle, p.version, p.author, p.at, p.text, p.images, p.videos,
p.topic, p.edited_at, p.must_see_at, p.comments,
EXISTS (SELECT 1 FROM circlekit_feed_pin n
        WHERE n.circle = p.circle AND n.post = p.version AND n.until IS NULL),
EXISTS (SELECT 1 FROM circlekit_feed_read r
        WHERE r.member = :member AND r.circle = p.circle AND r.post = p.version),
EXISTS (SELECT 1 FROM circlekit_feed_acknowledged a
        WHERE a.circle = p.circle AND a.post = p.version AND a.member = :member)
FROM circlekit_feed_post p WHERE p.position IN ({})
"""
# Where somebody was as of one event, and up to which event they see posts there,
# null while they stayed.
_WAS_IN: Final = """
SELECT s.circle, CASE WHEN s.until <= :as_of THEN s.until END AS left_after,
s.first_at, s.first
FROM circlekit_feed_stay s
WHERE s.member = :member AND s.since <= :as_of
AND s.circle = coalesce(:circle, s.circle)
AND NOT EXISTS (
    SELECT 1 FROM circlekit_feed_stay t
    WHERE t.member = s.member AND t.circle = s.circle
    AND t.since > s.since AND t.since <= :as_of)
"""
# What stands at the top as of one event: pins and must-sees not acknowledged.
_PINNED: Final = """
n.since <= :as_of AND (n.until IS NULL OR n.until > :as_of)
"""
_UNACKNOWLEDGED: Final = """
u.since <= :as_of AND NOT EXISTS (
    SELECT 1 FROM circlekit_feed_acknowledged a
    WHERE a.circle = u.circle AND a.post = u.post
    AND a.member = :member AND a.position <= :as_of)
"""
_FIRST: Final = f"""
WITH m AS ({_WAS_IN})
SELECT p.at, p.position FROM circlekit_feed_post p
WHERE (p.circle, p.version) IN (
    SELECT n.circle, n.post FROM m
    JOIN circlekit_feed_pin n ON n.circle = m.circle
    WHERE m.left_after IS NULL AND {_PINNED}
    UNION
    SELECT u.circle, u.post FROM m
    JOIN circlekit_feed_must_see u ON u.circle = m.circle
    WHERE m.left_after IS NULL AND {_UNACKNOWLEDGED})
AND (p.at, p.position) < (:at, :position)
ORDER BY p.at DESC, p.position DESC LIMIT :limit
"""
# What goes on below the top, circle by circle; the index has it in this order.
_FURTHER_DOWN: Final = "(q.at, q.position) < (:at, :position)"
_NOT_ABOVE: Final = f"""
NOT EXISTS (
    SELECT 1 FROM circlekit_feed_pin n
    WHERE n.circle = q.circle AND n.post = q.version AND {_PINNED})
AND NOT EXISTS (
    SELECT 1 FROM circlekit_feed_must_see u
    WHERE u.circle = q.circle AND u.post = q.version AND {_UNACKNOWLEDGED})
"""
_NEWEST_OF_EACH: Final = f"""
SELECT q.position FROM circlekit_feed_post q
WHERE q.circle = m.circle AND {_FURTHER_DOWN}
AND q.at >= m.first_at AND q.position >= m.first
AND q.position <= coalesce(m.left_after, :as_of)
AND (m.left_after IS NOT NULL OR ({_NOT_ABOVE}))
ORDER BY q.at DESC, q.position DESC LIMIT 1
"""
_LIVELIEST: Final = f"""
WITH m AS ({_WAS_IN})
SELECT h.circle, h.left_after, h.first_at, h.first
FROM (SELECT m.circle, m.left_after, m.first_at, m.first,
      ({_NEWEST_OF_EACH}) AS newest FROM m) h
JOIN circlekit_feed_post p ON p.position = h.newest
ORDER BY p.at DESC, p.position DESC LIMIT :limit
"""
_BELOW_TO_WHO_LEFT: Final = f"""
SELECT * FROM (
    SELECT q.at AS at, q.position AS position FROM circlekit_feed_post q
    WHERE q.circle = :circle_{{number}} AND {_FURTHER_DOWN}
    AND q.position <= :up_to_{{number}}
    AND q.at >= :first_at_{{number}} AND q.position >= :first_{{number}}
    ORDER BY q.at DESC, q.position DESC LIMIT :limit) AS of_{{number}}
"""
_BELOW: Final = _BELOW_TO_WHO_LEFT.replace("ORDER BY", f"AND {_NOT_ABOVE} ORDER BY", 1)
# Must-sees from before somebody joined, which no rule book hides. SQLite joins these
# in the order they stand in; it would else walk through all posts of a circle.
_FROM_BEFORE: Final = f"""
SELECT * FROM (
    SELECT q.at AS at, q.position AS position FROM ({_WAS_IN}) m
    CROSS JOIN circlekit_feed_must_see w CROSS JOIN circlekit_feed_post q
    WHERE m.first_at > {-_END_OF_TIME} AND w.circle = m.circle
    AND q.circle = w.circle AND q.version = w.post
    AND (q.at < m.first_at OR q.position < m.first) AND {_FURTHER_DOWN}
    AND w.since <= coalesce(m.left_after, :as_of)
    AND (m.left_after IS NOT NULL OR ({_NOT_ABOVE}))) AS of_before
"""
_EACH_OF: Final = "UNION ALL"
_NEWEST_FIRST: Final = "ORDER BY at DESC, position DESC LIMIT :limit"
