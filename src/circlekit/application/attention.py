"""
Pushes: whom a must-see interrupts, whom later, and whom not at all.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from itertools import islice
from typing import Final, get_args

from attrs import Factory, define, frozen

from circlekit.application.deciding import Deciding, Work, command, nothing
from circlekit.clock import EPOCH, as_utc, zone_named
from circlekit.errors import InvalidInputError
from circlekit.events.attention import (
    Context,
    PushDemoted,
    PushHeld,
    PushMade,
    QuietContext,
)
from circlekit.events.circle import PostPublished
from circlekit.events.record import Recorded, stream_of
from circlekit.ids import CircleId, MemberId, PostId
from circlekit.policies.attention import QuietHours
from circlekit.policies.authority import override_right
from circlekit.policies.membership import members_only
from circlekit.policies.must_see import is_a_must_see
from circlekit.policies.posts import post_is_there
from circlekit.projections.attention import Interruptions, PushFigures
from circlekit.store import ATTENTION, must_be_switch
from circlekit.text import checked_id, checked_text
from circlekit.verdict import Verdict, all_of, require

_HOUR: Final = re.compile("([01][0-9]|2[0-3]):[0-5][0-9]")
_BATCH: Final = 500
_MOST_PUSHES: Final = 1_000


@frozen(kw_only=True)
class PushReport:
    """
    What is to be done for each reader now; the host does it.

    Attributes:
        pushed: Whom to interrupt.

        held: Whose quiet hours it waits for, and until when.

        demoted: Who is not interrupted, and why; it stays unread in their feed.
    """

    pushed: list[MemberId] = Factory(list)
    held: dict[MemberId, datetime] = Factory(dict)
    demoted: dict[MemberId, Verdict] = Factory(dict)

    def note(self, recorded: Iterable[Recorded]) -> None:
        """
        Take in what was recorded of some readers.
        """
        for it in recorded:
            reader, event = MemberId(it.subject), it.event
            match event:
                case PushMade():
                    self.pushed.append(reader)
                case PushHeld():
                    self.held[reader] = event.until
                case PushDemoted():
                    self.demoted[reader] = Verdict(event.reasons)


@define(eq=False, repr=False)
class Attentions(Deciding):
    """
    Use cases of what interrupts readers, and of what they want.
    """

    @command
    def set_quiet_hours(
        self,
        by: MemberId | str,
        *,
        context: QuietContext,
        starts: str | None = None,
        ends: str | None = None,
        zone: str | None = None,
        consumer_too: bool = True,
        command_id: str | None = None,
    ) -> None:
        """
        Say between which hours of the wall clock nothing may interrupt a reader.

        Args:
            by: The reader.
            context: ``work`` or ``consumer``: for pushes of such circles; or
                ``minor``: for all pushes, while the host attests that they are one.
            starts: When they begin, as in ``22:00``; None ends quiet hours.
            ends: When they end, the next day if that is not later.
            zone: IANA zone of the reader's wall clock.
            consumer_too: Whether those of ``work`` hold for consumer pushes as well.
            command_id: Makes the call safe to repeat.

        Raises:
            RefusedError: ``already-so``.
            InvalidInputError: If the hours or the zone cannot be accepted.
        """
        _one_of("context", context, get_args(QuietContext))
        must_be_switch("consumer_too", consumer_too)
        hours = _quiet_hours(starts, ends, zone, consumer_too=consumer_too)

        def plan(work: Work) -> None:
            reader = work.reader(MemberId(by))
            at = work.at(reader)
            events = reader.attention.set_quiet_hours(context, hours, at=at)
            work.record(reader, events)

        self._of_reader(
            "set_quiet_hours",
            plan,
            by,
            (context, starts, ends, zone, consumer_too),
            command_id,
        )

    @command
    def set_attention_budget(
        self,
        by: MemberId | str,
        *,
        context: Context,
        pushes: int | None,
        zone: str = "Asia/Shanghai",
        command_id: str | None = None,
    ) -> None:
        """
        Say how many pushes a day may interrupt a reader; three is a good number.

        Beyond it nothing is lost: a must-see stays unread at the top of the feed.

        Args:
            by: The reader.
            context: ``work`` or ``consumer``: for pushes of such circles.
            pushes: Most in a calendar day, over all circles; None for any number.
            zone: IANA zone of the reader's day.
            command_id: Makes the call safe to repeat.

        Raises:
            RefusedError: ``already-so``.
            InvalidInputError: If the number or the zone cannot be accepted.
        """
        _one_of("context", context, get_args(Context))
        zone_named(zone)
        if pushes is not None and (
            type(pushes) is not int or not 0 <= pushes <= _MOST_PUSHES
        ):
            accepted = f"0 to {_MOST_PUSHES}, or None"
            raise InvalidInputError("pushes", f"is {pushes!r}", accepted)
        limit = None if pushes is None else (pushes, zone)

        def plan(work: Work) -> None:
            reader = work.reader(MemberId(by))
            at = work.at(reader)
            work.record(reader, reader.attention.set_budget(context, limit, at=at))

        self._of_reader(
            "set_attention_budget", plan, by, (context, pushes, zone), command_id
        )

    @command
    def mute_circle(
        self,
        circle: CircleId | str,
        *,
        by: MemberId | str,
        on: bool = True,
        command_id: str | None = None,
    ) -> None:
        """
        Want no pushes of a circle, or want them again; its must-sees stay in the feed.

        Raises:
            RefusedError: ``not-a-member``, ``already-so``.
        """
        must_be_switch("on", on)
        checked_id("circle", circle)

        def plan(work: Work) -> None:
            it = work.circle(CircleId(circle))
            reader = work.reader(MemberId(by))
            muted = reader.attention.mute(
                CircleId(circle),
                on=on,
                there=members_only(it.role(by), by=by),
                at=work.at(reader),
            )
            work.record(reader, muted)

        self._of_reader("mute_circle", plan, by, (circle, on), command_id)

    @command
    def label_circle(
        self,
        circle: CircleId | str,
        context: Context,
        *,
        by: MemberId | str,
        command_id: str | None = None,
    ) -> None:
        """
        Say whether a circle is for ``work`` or ``consumer``; its pushes go by that.

        By itself a community is ``consumer``, and every other kind is ``work``.

        Raises:
            RefusedError: ``not-the-owner``, ``already-so``.
            InvalidInputError: If it is neither.
        """
        _one_of("context", context, get_args(Context))

        def plan(work: Work) -> None:
            it = work.circle(CircleId(circle))
            work.record(it, it.label_as(context, by=MemberId(by), at=work.at(it)))

        self._decide(
            "label_circle",
            plan,
            nothing,
            about=stream_of("circle", circle),
            by=by,
            said=(context,),
            command_id=command_id,
        )

    def push(
        self,
        post: PostId | str,
        *,
        by: MemberId | str,
        emergency: str | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> PushReport:
        """
        Decide for each reader of a must-see whether it interrupts them now.

        Each is decided once: called again, it answers only for those who were not
        decided, as whoever joined since. Nobody loses anything: whoever is not
        interrupted has the must-see unread at the top of their feed and inbox.

        Args:
            post: A must-see.
            by: The owner or a manager.
            emergency: The reason for going beyond what readers want, by whoever was
                granted the override right; it is recorded for every reader, and also
                reaches whom an earlier push did not.
            progress: Called after each batch with the number decided so far.

        Raises:
            RefusedError: ``not-a-manager``, ``no-override-right``, ``unknown-post``,
                ``post-removed``, ``not-a-must-see``.
            InvalidInputError: If the reason cannot be accepted.
        """
        where = PostId.of(post)
        reason = None if emergency is None else checked_text("emergency", emergency)
        readers = iter(self._readers(where, MemberId(by), reason))
        report, done = PushReport(), 0
        while batch := list(islice(readers, _BATCH)):
            self._push(where, batch, MemberId(by), reason, report)
            done += len(batch)
            if progress is not None:
                progress(done)
        return report

    def release_held(self) -> dict[PostId, PushReport]:
        """
        Decide again on what was held and whose quiet hours are over, each once.

        Whoever has acknowledged it by now, muted the circle or left it is not
        interrupted. Call it as often as quiet hours should be kept to.
        """
        now = as_utc("clock", self._clock())
        with self._store.read(ATTENTION) as (rows, _):
            due = ATTENTION.due(rows, at=now)
        waiting: dict[PostId, list[MemberId]] = {}
        for reader, post in due:
            waiting.setdefault(post, []).append(reader)
        reports: dict[PostId, PushReport] = {}
        for post, readers in waiting.items():
            report = reports.setdefault(post, PushReport())
            them = iter(readers)
            while batch := list(islice(them, _BATCH)):
                self._push(post, batch, MemberId("circlekit"), None, report)
        return reports

    def push_figures(self, post: PostId | str) -> PushFigures:
        """
        Return how many readers a must-see interrupted, and how many it did not.
        """
        where = PostId.of(post)
        with self._store.read(ATTENTION) as (rows, _):
            return ATTENTION.figures(rows, where)

    def interruptions(
        self,
        member: MemberId | str,
        *,
        zone: str = "Asia/Shanghai",
        since: datetime = EPOCH,
    ) -> tuple[Interruptions, ...]:
        """
        Return how often a reader was interrupted on each day, the newest first.

        Args:
            member: The reader.
            zone: IANA zone of their days.
            since: Nothing from before this moment.
        """
        checked_id("member", member)
        zone_named(zone)
        start = as_utc("since", since)
        with self._store.read(ATTENTION) as (rows, _):
            return ATTENTION.interruptions(
                rows, MemberId(member), zone=zone, since=start
            )

    def _readers(
        self, post: PostId, by: MemberId, emergency: str | None
    ) -> list[MemberId]:
        readers: list[MemberId] = []

        def plan(work: Work) -> None:
            it = work.circle(post.circle)
            cited = work.cited(it, post.version)
            require(
                it.manager_acts(by)
                if emergency is None
                else override_right(it.override_holders, by=by),
                post_is_there(
                    post.version,
                    found=isinstance(cited.event, PostPublished),
                    removed=it.removed,
                ),
                is_a_must_see(post.version, it.must_see_posts),
            )
            author = cited.event.by
            readers[:] = [MemberId(who) for who in it.members if who != author]

        self._decide(
            "push",
            plan,
            nothing,
            about=stream_of("circle", post.circle),
            by=by,
            said=(post.version, emergency),
            command_id=None,
        )
        return readers

    def _push(
        self,
        post: PostId,
        readers: Sequence[MemberId],
        by: MemberId,
        emergency: str | None,
        report: PushReport,
    ) -> None:
        def plan(work: Work) -> None:
            it = work.circle(post.circle)
            present = post_is_there(post.version, found=True, removed=it.removed)
            for who in readers:
                reader = work.reader(who)
                pushed = reader.push(
                    post.circle,
                    post.version,
                    context=it.context,
                    emergency=emergency,
                    there=all_of(members_only(it.role(who), by=who), present),
                    by=by,
                    at=work.at(reader),
                )
                if pushed:
                    work.record(reader, pushed)

        def answer(recorded: Sequence[Recorded]) -> None:
            report.note(recorded)

        self._decide(
            "push",
            plan,
            answer,
            about=stream_of("circle", post.circle),
            by=by,
            said=(post.version, emergency, readers),
            command_id=None,
        )

    def _of_reader(
        self,
        name: str,
        plan: Callable[[Work], None],
        by: MemberId | str,
        said: Sequence[object],
        command_id: str | None,
    ) -> None:
        self._decide(
            name,
            plan,
            nothing,
            about=stream_of("reader", by),
            by=by,
            said=said,
            command_id=command_id,
        )


def _one_of(field: str, value: object, accepted: Sequence[str]) -> None:
    if value not in accepted:
        raise InvalidInputError(field, f"{value!r} is none", ", ".join(accepted))


def _quiet_hours(
    starts: str | None, ends: str | None, zone: str | None, *, consumer_too: bool
) -> QuietHours | None:
    if starts is None and ends is None and zone is None:
        return None
    begins, over = _hour("starts", starts), _hour("ends", ends)
    if begins == over:
        raise InvalidInputError("ends", f"is {ends!r} as well", "another hour")
    if not isinstance(zone, str):
        raise InvalidInputError("zone", f"is {zone!r}", "an IANA zone name")
    zone_named(zone)
    return QuietHours(begins, over, zone, consumer_too)


def _hour(field: str, value: object) -> str:
    if not isinstance(value, str) or _HOUR.fullmatch(value) is None:
        accepted = "an hour of the wall clock, as in '22:00'"
        raise InvalidInputError(field, f"is {value!r}", accepted)
    return value
