"""
Posts, comments, reactions, pins, must-sees, and what readers make of them.
"""

from collections.abc import Callable, Iterable, Sequence

from attrs import define, frozen

from circlekit.aggregates.circle import Circle, Events
from circlekit.application.deciding import (
    Deciding,
    Work,
    command,
    nothing,
)
from circlekit.errors import InvalidInputError
from circlekit.events.circle import CommentAdded, PostPublished
from circlekit.events.reader import ReaderEvent
from circlekit.events.record import Recorded, stream_of
from circlekit.ids import CircleId, CommentId, GroupId, MemberId, PostId
from circlekit.policies.posts import post_is_there
from circlekit.store import must_be_switch
from circlekit.text import (
    checked_ids,
    checked_list,
    checked_name,
    checked_references,
    checked_text,
)
from circlekit.verdict import all_of

LONGEST_EMOJI = 64


@define(eq=False, repr=False)
class Posts(Deciding):
    """
    Use cases of what is written in a circle.
    """

    @command
    def publish_post(
        self,
        circle: CircleId | str,
        *,
        by: MemberId | str,
        text: str = "",
        images: Sequence[str] = (),
        videos: Sequence[str] = (),
        topic: str | None = None,
        sync: bool | None = None,
        groups: Sequence[GroupId | str] | None = None,
        command_id: str | None = None,
    ) -> PostId:
        """
        Publish a post.

        Args:
            circle: The circle.
            by: The author, a member.
            text: Up to 20,000 characters; may be empty beside images or videos.
            images: References that the host understands.
            videos: The same.
            topic: What it is about.
            sync: Whether to send it on to groups; None goes by the circle's switch.
            groups: Which groups to send it on to; None means all linked ones.
            command_id: Makes the call safe to repeat.

        Raises:
            RefusedError: ``convention-not-accepted``,
                ``not-a-member``, ``group-not-linked``.
            InvalidInputError: If the content cannot be accepted.
        """
        content = Content.checked(text, images, videos, topic, groups)
        if sync is not None:
            must_be_switch("sync", sync)

        def plan(work: Work) -> None:
            it = work.circle(CircleId(circle))
            published = it.publish(
                text=content.text,
                images=content.images,
                videos=content.videos,
                topic=content.topic,
                sync=sync,
                groups=content.groups,
                by=MemberId(by),
                at=work.at(it),
            )
            work.record(it, published)

        return self._decide(
            "publish_post",
            plan,
            _the_post,
            about=stream_of("circle", circle),
            by=by,
            said=(*content.said(), sync),
            command_id=command_id,
            light=True,
        )

    @command
    def edit_post(
        self,
        post: PostId | str,
        *,
        by: MemberId | str,
        text: str = "",
        images: Sequence[str] = (),
        videos: Sequence[str] = (),
        command_id: str | None = None,
    ) -> None:
        """
        Replace what a post says.

        Raises:
            RefusedError: ``unknown-post``, ``post-removed``, ``not-the-author``.
            InvalidInputError: If the content cannot be accepted.
        """
        where = PostId.of(post)
        content = Content.checked(text, images, videos, None, None)

        def plan(work: Work) -> None:
            it = work.circle(where.circle)
            edited = it.edit_post(
                work.cited(it, where.version),
                text=content.text,
                images=content.images,
                videos=content.videos,
                by=MemberId(by),
                at=work.at(it),
            )
            work.record(it, edited)

        self._decide(
            "edit_post",
            plan,
            nothing,
            about=stream_of("circle", where.circle),
            by=by,
            said=(where.version, *content.said()),
            command_id=command_id,
        )

    @command
    def remove_post(
        self,
        post: PostId | str,
        *,
        by: MemberId | str,
        command_id: str | None = None,
    ) -> None:
        """
        Take a post down; a must-see's share of the quota stays used.

        Raises:
            RefusedError: ``unknown-post``, ``post-removed``, ``not-the-author``.
        """
        self._on_post("remove_post", Circle.remove_post, post, by, command_id)

    @command
    def add_comment(
        self,
        post: PostId | str,
        *,
        by: MemberId | str,
        text: str,
        reply_to: CommentId | str | None = None,
        command_id: str | None = None,
    ) -> CommentId:
        """
        Comment on a post, or answer another comment on it.

        Raises:
            RefusedError: ``convention-not-accepted``,
                ``not-a-member``, ``unknown-post``, ``post-removed``,
                ``unknown-comment``, ``comment-removed``.
            InvalidInputError: If the text cannot be accepted.
        """
        where = PostId.of(post)
        checked_text("text", text)
        parent = None if reply_to is None else CommentId.of(reply_to, field="reply_to")
        if parent is not None and parent.circle != where.circle:
            accepted = "a comment on the same post"
            raise InvalidInputError("reply_to", f"{parent} is elsewhere", accepted)

        def plan(work: Work) -> None:
            it = work.circle(where.circle)
            added = it.add_comment(
                work.cited(it, where.version),
                text=text,
                reply_to=work.cited(it, parent.version) if parent else None,
                by=MemberId(by),
                at=work.at(it),
            )
            work.record(it, added)

        return self._decide(
            "add_comment",
            plan,
            _the_comment,
            about=stream_of("circle", where.circle),
            by=by,
            said=(where.version, text, parent.version if parent else None),
            command_id=command_id,
            light=True,
        )

    @command
    def remove_comment(
        self,
        comment: CommentId | str,
        *,
        by: MemberId | str,
        command_id: str | None = None,
    ) -> None:
        """
        Take a comment down.

        Raises:
            RefusedError: ``unknown-comment``, ``comment-removed``,
                ``not-the-author``.
        """
        where = CommentId.of(comment)

        def plan(work: Work) -> None:
            it = work.circle(where.circle)
            removed = it.remove_comment(
                work.cited(it, where.version), by=MemberId(by), at=work.at(it)
            )
            work.record(it, removed)

        self._decide(
            "remove_comment",
            plan,
            nothing,
            about=stream_of("circle", where.circle),
            by=by,
            said=(where.version,),
            command_id=command_id,
        )

    @command
    def react(
        self,
        post: PostId | str,
        emoji: str,
        *,
        by: MemberId | str,
        command_id: str | None = None,
    ) -> None:
        """
        React to a post; the same emoji from the same member counts once.

        Raises:
            RefusedError: ``not-a-member``, ``unknown-post``, ``post-removed``.
        """
        sign = checked_text("emoji", emoji, longest=LONGEST_EMOJI)
        self._on_post("react", Circle.react, post, by, command_id, sign)

    @command
    def withdraw_reaction(
        self,
        post: PostId | str,
        emoji: str,
        *,
        by: MemberId | str,
        command_id: str | None = None,
    ) -> None:
        """
        Take a reaction back.

        Raises:
            RefusedError: ``not-a-member``, ``unknown-post``, ``post-removed``.
        """
        sign = checked_text("emoji", emoji, longest=LONGEST_EMOJI)
        self._on_post(
            "withdraw_reaction", Circle.withdraw_reaction, post, by, command_id, sign
        )

    @command
    def pin_post(
        self,
        post: PostId | str,
        *,
        by: MemberId | str,
        command_id: str | None = None,
    ) -> None:
        """
        Pin a post to the top of its circle.

        Raises:
            RefusedError: ``not-a-manager``, ``unknown-post``, ``post-removed``,
                ``already-pinned``, ``pin-limit``.
        """
        self._on_post("pin_post", Circle.pin, post, by, command_id)

    @command
    def unpin_post(
        self,
        post: PostId | str,
        *,
        by: MemberId | str,
        command_id: str | None = None,
    ) -> None:
        """
        Take a post from the top of its circle.

        Raises:
            RefusedError: ``not-a-manager``, ``unknown-post``, ``post-removed``,
                ``not-pinned``.
        """
        self._on_post("unpin_post", Circle.unpin, post, by, command_id)

    @command
    def send_must_see(
        self,
        circle: CircleId | str,
        *,
        by: MemberId | str,
        text: str = "",
        images: Sequence[str] = (),
        videos: Sequence[str] = (),
        topic: str | None = None,
        groups: Sequence[GroupId | str] | None = None,
        override: str | None = None,
        command_id: str | None = None,
    ) -> PostId:
        """
        Publish a post and push it to every member.

        Args:
            circle: The circle.
            by: The owner or a manager.
            text: Up to 20,000 characters; may be empty beside images or videos.
            images: References that the host understands.
            videos: The same.
            topic: What it is about.
            groups: Which groups to send it to; None means all linked ones.
            override: The reason for going beyond the quota, by whoever was
                granted that right; it counts as used and every audit shows it.
            command_id: Makes the call safe to repeat.

        Raises:
            RefusedError: ``convention-not-accepted``,
                ``not-a-manager``, ``must-see-month``,
                ``must-see-spacing`` (or as the rule book names its budgets),
                ``no-override-right``, ``group-not-linked``.
            InvalidInputError: If the content cannot be accepted.
        """
        content = Content.checked(text, images, videos, topic, groups)
        reason = _reason(override)

        def plan(work: Work) -> None:
            it = work.circle(CircleId(circle))
            sent = it.send_must_see(
                text=content.text,
                images=content.images,
                videos=content.videos,
                topic=content.topic,
                groups=content.groups,
                override=reason,
                by=MemberId(by),
                at=work.at(it),
            )
            work.record(it, sent)

        return self._decide(
            "send_must_see",
            plan,
            _the_post,
            about=stream_of("circle", circle),
            by=by,
            said=(*content.said(), reason),
            command_id=command_id,
            light=True,
        )

    @command
    def promote_to_must_see(
        self,
        post: PostId | str,
        *,
        by: MemberId | str,
        override: str | None = None,
        command_id: str | None = None,
    ) -> None:
        """
        Push a post that is there already to every member; it counts the same.

        Raises:
            RefusedError: ``convention-not-accepted``,
                As :meth:`send_must_see`, and ``unknown-post``,
                ``post-removed``, ``already-a-must-see``.
        """
        where = PostId.of(post)
        reason = _reason(override)

        def plan(work: Work) -> None:
            it = work.circle(where.circle)
            promoted = it.promote(
                work.cited(it, where.version),
                override=reason,
                by=MemberId(by),
                at=work.at(it),
            )
            work.record(it, promoted)

        self._decide(
            "promote_to_must_see",
            plan,
            nothing,
            about=stream_of("circle", where.circle),
            by=by,
            said=(where.version, reason),
            command_id=command_id,
        )

    @command
    def acknowledge(
        self,
        post: PostId | str,
        *,
        by: MemberId | str,
        command_id: str | None = None,
    ) -> None:
        """
        Confirm having seen a must-see; it is then read as well.

        Raises:
            RefusedError: ``not-a-member``, ``not-a-must-see``,
                ``already-acknowledged``.
        """
        where = PostId.of(post)

        def plan(work: Work) -> None:
            it = work.circle(where.circle)
            reader = work.reader(MemberId(by))
            acknowledged = reader.acknowledge(
                where.circle,
                where.version,
                must_sees=it.must_see_posts,
                role=it.role(by),
                at=work.at(reader),
            )
            work.record(reader, acknowledged)

        self._decide(
            "acknowledge",
            plan,
            nothing,
            about=stream_of("reader", by),
            by=by,
            said=(where.circle, where.version),
            command_id=command_id,
        )

    @command
    def mark_read(
        self,
        posts: PostId | str | Iterable[PostId | str],
        *,
        by: MemberId | str,
        command_id: str | None = None,
    ) -> None:
        """
        Mark posts as read by a member, wherever they came upon them.

        Raises:
            RefusedError: ``not-a-member``, ``unknown-post``, ``post-removed``.
            InvalidInputError: If one is no post's id, or they are no list.
        """
        many = [posts] if isinstance(posts, PostId | str) else posts
        named = [PostId.of(post) for post in checked_list("posts", many, of="posts")]
        by_circle: dict[CircleId, list[int]] = {}
        for post in named:
            by_circle.setdefault(post.circle, []).append(post.version)

        def plan(work: Work) -> None:
            reader = work.reader(MemberId(by))
            read: list[ReaderEvent] = []
            for circle, versions in by_circle.items():
                it = work.circle(circle)
                cited = [work.cited(it, version) for version in versions]
                there = (
                    post_is_there(
                        post.version,
                        found=isinstance(post.event, PostPublished),
                        removed=it.removed,
                    )
                    for post in cited
                )
                read += reader.mark_read(
                    circle,
                    tuple(versions),
                    role=it.role(by),
                    there=all_of(*there),
                    at=work.at(reader),
                )
            work.record(reader, read)

        self._decide(
            "mark_read",
            plan,
            nothing,
            about=stream_of("reader", by),
            by=by,
            said=(by_circle,),
            command_id=command_id,
        )

    def _on_post(
        self,
        name: str,
        decide: Callable[..., Events],
        post: PostId | str,
        by: MemberId | str,
        command_id: str | None,
        *said: str,
    ) -> None:
        where = PostId.of(post)

        def plan(work: Work) -> None:
            it = work.circle(where.circle)
            cited = work.cited(it, where.version)
            work.record(it, decide(it, cited, *said, by=MemberId(by), at=work.at(it)))

        self._decide(
            name,
            plan,
            nothing,
            about=stream_of("circle", where.circle),
            by=by,
            said=(where.version, *said),
            command_id=command_id,
        )


@frozen
class Content:
    """
    What is written in a post, once it is accepted.
    """

    text: str
    images: tuple[str, ...]
    videos: tuple[str, ...]
    topic: str | None
    groups: tuple[GroupId, ...] | None

    @classmethod
    def checked(
        cls,
        text: str,
        images: Sequence[str],
        videos: Sequence[str],
        topic: str | None,
        groups: Sequence[GroupId | str] | None,
    ) -> "Content":
        """
        Return it, as it is kept.

        Raises:
            InvalidInputError: If some of it cannot be accepted.
        """
        seen, watched = (
            checked_references("images", images),
            checked_references("videos", videos),
        )
        return cls(
            checked_text("text", text, empty=bool(seen or watched)),
            seen,
            watched,
            None if topic is None else checked_name("topic", topic),
            None if groups is None else checked_groups(groups),
        )

    def said(self) -> tuple[object, ...]:
        """
        Return it as part of what a command said.
        """
        return (self.text, self.images, self.videos, self.topic, self.groups)


def checked_groups(groups: Sequence[GroupId | str]) -> tuple[GroupId, ...]:
    """
    Return group ids as they may be named in a command, each once.

    Raises:
        InvalidInputError: If one cannot be an id, or they are no list.
    """
    return tuple(GroupId(group) for group in checked_ids("groups", groups))


def _reason(override: str | None) -> str | None:
    return None if override is None else checked_text("override", override)


def _the_post(recorded: Sequence[Recorded]) -> PostId:
    first = next(it for it in recorded if isinstance(it.event, PostPublished))
    return PostId(CircleId(first.subject), first.version)


def _the_comment(recorded: Sequence[Recorded]) -> CommentId:
    first = next(it for it in recorded if isinstance(it.event, CommentAdded))
    return CommentId(CircleId(first.subject), first.version)
