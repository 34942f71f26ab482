"""
Topics that members make, and checking in on them.
"""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Final, get_args

from attrs import define, frozen

from circlekit.aggregates.circle import Circle
from circlekit.aggregates.circle import Events as CircleEvents
from circlekit.aggregates.topic import Topic
from circlekit.aggregates.topic_names import TopicNames
from circlekit.application.deciding import Work, command, new_id, nothing
from circlekit.application.reading import Reading, page_size
from circlekit.budget import day_of
from circlekit.clock import as_day, as_utc
from circlekit.errors import InvalidInputError, NotFoundError
from circlekit.events.circle import PostPublished
from circlekit.events.record import Recorded, stream_of
from circlekit.events.topic import CheckedIn, TopicKind, TopicMade
from circlekit.ids import CheckInId, CircleId, MemberId, PostId, TopicId
from circlekit.policies.check_ins import once_a_day
from circlekit.projections.topic_board import (
    CheckInEntry,
    Measure,
    Standing,
    Streak,
    TopicEntry,
)
from circlekit.store import TOPIC_BOARD
from circlekit.text import checked_id, checked_name, checked_references, checked_text
from circlekit.verdict import ALLOWED, RefusedError, Verdict, all_of

MOST_VALUE: Final = 10**12
_NO_PLACE: Final = 2**31 - 1


@frozen(kw_only=True)
class CheckInAnswer:
    """
    What became of a check-in.

    Attributes:
        check_in: Its id.

        post: The post it is told in, None if nothing was said with it.

        day: The day it is for, in the zone of the topic.

        counted: Whether it counts, with the reason if not.
    """

    check_in: CheckInId
    post: PostId | None
    day: date
    counted: Verdict


@define(eq=False, repr=False)
class Topics(Reading):
    """
    Use cases of topics and check-ins.
    """

    @command
    def make_topic(
        self,
        circle: CircleId | str,
        *,
        name: str,
        by: MemberId | str,
        kind: TopicKind = "talk",
        topic: TopicId | str | None = None,
        command_id: str | None = None,
    ) -> TopicId:
        """
        Make a topic in a circle.

        Args:
            circle: The circle.
            name: What it is called, unlike any other open topic of the circle; case
                and width of letters make no difference.
            by: Who makes it, any member.
            kind: ``talk``, or what people check in with: ``sport``, ``results``,
                ``mood`` or ``help``.
            topic: The topic's id; made if not given.
            command_id: Makes the call safe to repeat.

        Raises:
            RefusedError: ``not-a-member``, ``topic-name-taken``, ``topic-exists``.
            InvalidInputError: If the name, kind or id is not accepted.
        """
        checked_name("name", name)
        if kind not in get_args(TopicKind):
            accepted = ", ".join(get_args(TopicKind))
            raise InvalidInputError("kind", f"{kind!r} is none", accepted)
        given = None if topic is None else TopicId(checked_id("topic", topic))
        made = TopicId(new_id()) if given is None else given

        def plan(work: Work) -> None:
            around = work.circle(CircleId(circle))
            it = work.blank_or_known(Topic, made)
            names = work.blank_or_known(TopicNames, circle)
            at = work.at(around, it, names)
            free = names.free_for(name, made)
            events = it.make(
                circle=CircleId(circle),
                name=name,
                kind=kind,
                zone=around.zone,
                there=all_of(around.member_acts(by), free),
                by=MemberId(by),
                at=at,
            )
            work.record(it, events)
            work.record(names, names.take(name, topic=made, by=MemberId(by), at=at))

        def answer(recorded: Sequence[Recorded]) -> TopicId:
            first = next(it for it in recorded if isinstance(it.event, TopicMade))
            return TopicId(first.subject)

        return self._decide(
            "make_topic",
            plan,
            answer,
            about=stream_of("circle", circle),
            by=by,
            said=(name, kind, given),
            command_id=command_id,
        )

    @command
    def rename_topic(
        self,
        topic: TopicId | str,
        name: str,
        *,
        by: MemberId | str,
        command_id: str | None = None,
    ) -> None:
        """
        Give a topic another name; posts that were made keep the one they have.

        Raises:
            RefusedError: ``not-a-member`` if who made it has left,
                ``not-a-manager`` for anybody else, ``topic-closed``,
                ``already-so``, ``topic-name-taken``.
            InvalidInputError: If the name is not accepted.
        """
        checked_name("name", name)

        def plan(work: Work) -> None:
            it = work.topic(TopicId(topic))
            around = work.circle(it.circle)
            names = work.blank_or_known(TopicNames, it.circle)
            at = work.at(around, it, names)
            events = it.rename(
                name,
                free=names.free_for(name, TopicId(topic)),
                member=around.member_acts(by),
                run=around.manager_acts(by),
                by=MemberId(by),
                at=at,
            )
            work.record(it, events)
            taken = names.take(name, topic=TopicId(topic), by=MemberId(by), at=at)
            work.record(names, taken)

        self._decide(
            "rename_topic",
            plan,
            nothing,
            about=stream_of("topic", topic),
            by=by,
            said=(name,),
            command_id=command_id,
        )

    @command
    def close_topic(
        self,
        topic: TopicId | str,
        *,
        by: MemberId | str,
        command_id: str | None = None,
    ) -> None:
        """
        Close a topic: nobody checks in on it, and its name is free.

        It can be opened again with :meth:`reopen_topic`.

        Raises:
            RefusedError: ``not-a-member`` if who made it has left,
                ``not-a-manager`` for anybody else, ``topic-closed``.
        """

        def plan(work: Work) -> None:
            it = work.topic(TopicId(topic))
            around = work.circle(it.circle)
            names = work.blank_or_known(TopicNames, it.circle)
            at = work.at(around, it, names)
            events = it.close(
                member=around.member_acts(by),
                run=around.manager_acts(by),
                by=MemberId(by),
                at=at,
            )
            work.record(it, events)
            freed = names.free(topic=TopicId(topic), by=MemberId(by), at=at)
            work.record(names, freed)

        self._decide(
            "close_topic",
            plan,
            nothing,
            about=stream_of("topic", topic),
            by=by,
            said=(),
            command_id=command_id,
        )

    @command
    def reopen_topic(
        self,
        topic: TopicId | str,
        *,
        by: MemberId | str,
        command_id: str | None = None,
    ) -> None:
        """
        Open a closed topic again, under the name it had.

        What was checked in on it before stands as it did, and a day on which it was
        closed is a day without a check-in.

        Raises:
            RefusedError: ``not-a-member`` if who made it has left,
                ``not-a-manager`` for anybody else, ``topic-not-closed``,
                ``topic-name-taken`` if another topic goes by its name now.
        """

        def plan(work: Work) -> None:
            it = work.topic(TopicId(topic))
            around = work.circle(it.circle)
            names = work.blank_or_known(TopicNames, it.circle)
            at = work.at(around, it, names)
            events = it.reopen(
                free=names.free_for(it.name, TopicId(topic)),
                member=around.member_acts(by),
                run=around.manager_acts(by),
                by=MemberId(by),
                at=at,
            )
            work.record(it, events)
            taken = names.take(it.name, topic=TopicId(topic), by=MemberId(by), at=at)
            work.record(names, taken)

        self._decide(
            "reopen_topic",
            plan,
            nothing,
            about=stream_of("topic", topic),
            by=by,
            said=(),
            command_id=command_id,
        )

    @command
    def check_in(
        self,
        topic: TopicId | str,
        *,
        by: MemberId | str,
        text: str = "",
        images: Sequence[str] = (),
        videos: Sequence[str] = (),
        value: int | None = None,
        place: str | None = None,
        command_id: str | None = None,
    ) -> CheckInAnswer:
        """
        Check in on a topic; the first of a member and day counts.

        What is said with it becomes a post of the circle, about the topic by its name.
        Whoever takes that post down takes the check-in back with it.

        Args:
            topic: The topic, of any kind but ``talk``.
            by: Who checks in, a member of the circle.
            text: Up to 20,000 characters; without text, images and videos there is
                no post.
            images: References that the host understands.
            videos: The same.
            value: What leaderboards add up, in whatever unit the topic has: 0 to
                1,000,000,000,000.
            place: The host's word for where it was, for checking in offline.
            command_id: Makes the call safe to repeat.

        Raises:
            RefusedError: ``not-a-member``, ``topic-closed``,
                ``not-a-check-in-topic``, or what the circle has against the post.
            InvalidInputError: If what is said cannot be accepted.
        """
        said = _Said.checked(text, images, videos, value, place)

        def decide(
            work: Work, it: Topic, around: Circle, post: int | None, there: Verdict
        ) -> None:
            events = it.check_in(
                post=post,
                value=value,
                place=place,
                gone=around.removed,
                there=there,
                by=MemberId(by),
                at=work.at(it, around),
            )
            work.record(it, events)

        return self._check_in("check_in", topic, said, decide, by, command_id)

    @command
    def make_up_check_in(
        self,
        topic: TopicId | str,
        day: date,
        *,
        by: MemberId | str,
        text: str = "",
        images: Sequence[str] = (),
        videos: Sequence[str] = (),
        value: int | None = None,
        place: str | None = None,
        command_id: str | None = None,
    ) -> CheckInAnswer:
        """
        Check in for an earlier day that was missed, if the rule book enables it.

        Args:
            topic: The topic, of any kind but ``talk``.
            day: The day that was missed, in the zone of the topic.
            by: Who checks in, a member of the circle.
            text: As for :meth:`check_in`, like all that follow.
            images: References that the host understands.
            videos: The same.
            value: What leaderboards add up.
            place: The host's word for where it was.
            command_id: Makes the call safe to repeat.

        Raises:
            RefusedError: As :meth:`check_in`, and ``make-up-not-enabled``,
                ``make-up-not-past``, ``make-up-before-start``,
                ``make-up-too-late``, ``make-up-month``, ``check-in-day``.
            InvalidInputError: If what is said cannot be accepted.
        """
        missed = as_day("day", day)
        said = _Said.checked(text, images, videos, value, place)

        def decide(
            work: Work, it: Topic, around: Circle, post: int | None, there: Verdict
        ) -> None:
            events = it.make_up(
                missed,
                book=around.book,
                joined_at=around.joined_at.get(by),
                post=post,
                value=value,
                place=place,
                gone=around.removed,
                there=there,
                by=MemberId(by),
                at=work.at(it, around),
            )
            work.record(it, events)

        return self._check_in(
            "make_up_check_in", topic, said, decide, by, command_id, missed
        )

    @command
    def remove_check_in(
        self,
        check_in: CheckInId | str,
        *,
        by: MemberId | str,
        command_id: str | None = None,
    ) -> None:
        """
        Take a check-in back, with its post: its day no longer counts.

        Raises:
            RefusedError: ``unknown-check-in``, ``check-in-removed``,
                ``not-a-member`` if who made it has left, ``not-a-manager`` for
                anybody else, or what the circle has against removing the post.
        """
        where = CheckInId.of(check_in)

        def plan(work: Work) -> None:
            it = work.topic(where.topic)
            around = work.circle(it.circle)
            cited = work.cited(it, where.version)
            events = it.remove_check_in(
                cited,
                gone=around.removed,
                member=around.member_acts(by),
                run=around.manager_acts(by),
                by=MemberId(by),
                at=work.at(it, around),
            )
            work.record(it, events)
            if cited.event.post is not None:
                post = work.cited(around, cited.event.post)
                at = work.at(it, around)
                work.record(around, around.remove_post(post, by=MemberId(by), at=at))

        self._decide(
            "remove_check_in",
            plan,
            nothing,
            about=stream_of("topic", where.topic),
            by=by,
            said=(where.version,),
            command_id=command_id,
        )

    # Questions; they change nothing.

    def topics(self, circle: CircleId | str) -> tuple[TopicEntry, ...]:
        """
        Return the topics of a circle, the open ones first, each by name.

        Raises:
            NotFoundError: If the circle is not known.
        """
        self._known("circle", circle)
        with self._store.read(TOPIC_BOARD) as (rows, _):
            return TOPIC_BOARD.topics(rows, CircleId(circle))

    def check_ins(
        self,
        topic: TopicId | str,
        *,
        member: MemberId | str | None = None,
        before: CheckInId | str | None = None,
        limit: int = 50,
    ) -> tuple[CheckInEntry, ...]:
        """
        Return the check-ins on a topic, newest first, without those taken back.

        Args:
            topic: The topic.
            member: Only those of one member.
            before: The last one of the page before.
            limit: Most check-ins, 1 to 200.

        Raises:
            NotFoundError: If the topic is not known.
            InvalidInputError: If an id or the limit is not accepted.
        """
        self._known("topic", topic)
        page_size(limit)
        if member is not None:
            checked_id("member", member)
        last = None if before is None else CheckInId.of(before, field="before")
        with self._store.read(TOPIC_BOARD) as (rows, _):
            return TOPIC_BOARD.check_ins(
                rows,
                TopicId(topic),
                member=None if member is None else MemberId(member),
                before=_NO_PLACE if last is None else min(last.version, _NO_PLACE),
                limit=limit,
            )

    def streak(self, topic: TopicId | str, member: MemberId | str) -> Streak:
        """
        Return how many days in a row somebody checked in, now and at best.

        Raises:
            NotFoundError: If the topic is not known.
        """
        self._known("topic", topic)
        checked_id("member", member)
        now = as_utc("clock", self._clock())
        with self._store.read(TOPIC_BOARD) as (rows, _):
            # Decisions are never made before what is recorded, so nor are answers.
            at = max(now, self._last_at(rows, stream_of("topic", topic)))
            zone = TOPIC_BOARD.zone(rows, TopicId(topic))
            if zone is None:  # pragma: no cover - known a moment ago
                raise NotFoundError("topic", topic)
            today = day_of(at, zone=zone)
            return TOPIC_BOARD.streak(
                rows, TopicId(topic), MemberId(member), today=today
            )

    def leaderboard(
        self,
        topic: TopicId | str,
        *,
        since: date | None = None,
        until: date | None = None,
        measure: Measure = "days",
        limit: int = 20,
    ) -> tuple[Standing, ...]:
        """
        Return who did most on a topic, over days that count, best first.

        Who has the same figure has the same rank, and stands in the order in which
        they came to it. Whoever has left the circle since stands here as before.

        Args:
            topic: The topic.
            since: The first day, in the zone of the topic; None for the earliest.
            until: The day after the last one; None for no end.
            measure: ``days``, ``streak`` for the longest run of them, or ``value``
                for the sum of what was given with them.
            limit: Most members, 1 to 200.

        Raises:
            NotFoundError: If the topic is not known.
            InvalidInputError: If a day, the measure or the limit is not accepted.
        """
        self._known("topic", topic)
        if measure not in get_args(Measure):
            accepted = ", ".join(get_args(Measure))
            raise InvalidInputError("measure", f"{measure!r} is none", accepted)
        page_size(limit)
        with self._store.read(TOPIC_BOARD) as (rows, _):
            return TOPIC_BOARD.leaderboard(
                rows,
                TopicId(topic),
                by=measure,
                since=date.min if since is None else as_day("since", since),
                until=date.max if until is None else as_day("until", until),
                limit=limit,
            )

    def _check_in(
        self,
        name: str,
        topic: TopicId | str,
        said: "_Said",
        decide: Callable[[Work, Topic, Circle, int | None, Verdict], None],
        by: MemberId | str,
        command_id: str | None,
        *more: object,
    ) -> CheckInAnswer:
        def plan(work: Work) -> None:
            it = work.topic(TopicId(topic))
            around = work.circle(it.circle)
            published, there = said.published(around, it, work, MemberId(by))
            post = around.version + 1 if published else None
            if published:
                work.record(around, published)
            decide(work, it, around, post, there)

        recorded = self._decide(
            name,
            plan,
            tuple,
            about=stream_of("topic", topic),
            by=by,
            said=(*said.said(), *more),
            command_id=command_id,
        )
        return self._answer(recorded)

    def _answer(self, recorded: Sequence[Recorded]) -> CheckInAnswer:
        made = next(it for it in recorded if isinstance(it.event, CheckedIn))
        posts = [it for it in recorded if isinstance(it.event, PostPublished)]
        counted = ALLOWED
        if made.event.used_by:
            with self._transaction() as transaction:
                first = transaction.at_place(made.stream, 1)
            if first is not None:
                counted = once_a_day(
                    made.event.used_by,
                    day=made.event.day,
                    zone=first.event.zone,
                    today=True,
                )
        return CheckInAnswer(
            check_in=CheckInId(TopicId(made.subject), made.version),
            post=PostId(CircleId(posts[0].subject), posts[0].version)
            if posts
            else None,
            day=made.event.day,
            counted=counted,
        )


@frozen
class _Said:
    text: str
    images: tuple[str, ...]
    videos: tuple[str, ...]
    value: int | None
    place: str | None

    @classmethod
    def checked(
        cls,
        text: str,
        images: Sequence[str],
        videos: Sequence[str],
        value: int | None,
        place: str | None,
    ) -> "_Said":
        if value is not None and (
            type(value) is not int or not 0 <= value <= MOST_VALUE
        ):
            accepted = f"a whole number from 0 to {MOST_VALUE:,}"
            raise InvalidInputError("value", f"is {value!r}", accepted)
        seen = checked_references("images", images)
        watched = checked_references("videos", videos)
        may_be_blank = bool(seen or watched) or text == ""
        return cls(
            checked_text("text", text, empty=may_be_blank),
            seen,
            watched,
            value,
            None if place is None else checked_name("place", place),
        )

    def said(self) -> tuple[object, ...]:
        return (self.text, self.images, self.videos, self.value, self.place)

    def published(
        self, around: Circle, topic: Topic, work: Work, by: MemberId
    ) -> tuple[CircleEvents, Verdict]:
        """
        Return the post that this makes, and what the circle has against it.
        """
        if not (self.text or self.images or self.videos):
            return (), around.member_acts(by)
        try:
            published = around.publish(
                text=self.text,
                images=self.images,
                videos=self.videos,
                topic=topic.name,
                by=by,
                at=work.at(around, topic),
            )
        except RefusedError as refusal:
            return (), refusal.verdict
        return published, ALLOWED
