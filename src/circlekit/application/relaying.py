"""
How much of the comments groups and readers are shown, and who decided that.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from itertools import islice
from types import MappingProxyType
from typing import Final, cast

from attrs import frozen

from circlekit.aggregates.circle import Circle
from circlekit.aggregates.digests import Waiting
from circlekit.application.deciding import Deciding, Work, command, nothing
from circlekit.clock import as_utc
from circlekit.errors import InvalidInputError
from circlekit.events.record import Recorded, stream_of
from circlekit.events.relay import CommentDigestSent
from circlekit.ids import CircleId, CommentId, GroupId, MemberId, PostId
from circlekit.settings import COMMENT_RELAYS, CommentRelay, Setting, comment_relay
from circlekit.store import GROUP_TIMELINE
from circlekit.text import checked_id
from circlekit.verdict import ALLOWED

_BATCH: Final = 100
_WORKER: Final = "circlekit"


@frozen(kw_only=True)
class SentDigest:
    """
    A digest that a group was shown.

    Attributes:
        group: The group.

        post: The post that was commented on.

        comments: The comments it stands for, oldest first.

        at: When it was sent.
    """

    group: GroupId
    post: PostId
    comments: tuple[CommentId, ...]
    at: datetime


class Relaying(Deciding):
    """
    Use cases of the relay of comments.
    """

    @command
    def set_comment_relay(
        self,
        circle: CircleId | str,
        relay: CommentRelay | None,
        *,
        by: MemberId | str,
        command_id: str | None = None,
    ) -> None:
        """
        Say how much of a circle's comments its groups are shown at most.

        Args:
            circle: The circle.
            relay: ``all``, ``digest`` or ``off``; None goes by the circle's
                organisation again, or else by the rule book.
            by: The owner.
            command_id: Makes the call safe to repeat.

        Raises:
            RefusedError: ``not-the-owner``, ``comment-relay-fixed``, ``already-so``.
            InvalidInputError: If *relay* is none of these.
        """
        _checked(relay)

        def plan(work: Work) -> None:
            it = work.circle(CircleId(circle))
            said = it.set_comment_relay(relay, by=MemberId(by), at=work.at(it))
            work.record(it, said)

        self._decide(
            "set_comment_relay",
            plan,
            nothing,
            about=stream_of("circle", circle),
            by=by,
            said=(relay,),
            command_id=command_id,
        )

    @command
    def set_organisation_comment_relay(
        self,
        organisation: str,
        relay: CommentRelay | None,
        *,
        by: MemberId | str,
        command_id: str | None = None,
    ) -> None:
        """
        Report how much of the comments an organisation's circles show at most.

        It counts for comments written from then on, in those of its circles that
        set nothing themselves and whose rule book leaves a choice. The organisation
        itself goes by the rule book of its circle of all staff.

        Args:
            organisation: The organisation.
            relay: ``all``, ``digest`` or ``off``; None goes by the rule books again.
            by: Who reports it.
            command_id: Makes the call safe to repeat.

        Raises:
            RefusedError: ``comment-relay-fixed``, ``already-so``.
            InvalidInputError: If *relay* is none of these.
            NotFoundError: If the organisation was not registered.
        """
        _checked(relay)

        def plan(work: Work) -> None:
            it = work.organisation(organisation)
            staff = work.circle(cast("CircleId", it.all_staff))
            said = it.set_comment_relay(
                relay,
                may_choose=staff.book.comment_relay_choice,
                by=MemberId(by),
                at=work.at(it),
            )
            work.record(it, said)

        self._decide(
            "set_organisation_comment_relay",
            plan,
            nothing,
            about=stream_of("organisation", organisation),
            by=by,
            said=(relay,),
            command_id=command_id,
        )

    @command
    def choose_comment_relay(
        self,
        relay: CommentRelay | None,
        *,
        by: MemberId | str,
        circle: CircleId | str | None = None,
        command_id: str | None = None,
    ) -> None:
        """
        Ask to be shown less of the comments in group timelines; others still are.

        Args:
            relay: ``all``, ``digest`` or ``off``; None takes back what was asked.
            by: The reader.
            circle: Only in this circle, which goes before what is asked of all;
                None asks it of all circles, as far as their rule books let readers.
            command_id: Makes the call safe to repeat.

        Raises:
            RefusedError: ``not-a-member``, ``comment-relay-fixed``,
                ``comment-relay-above``, ``already-so``.
            InvalidInputError: If *relay* is none of these.
        """
        _checked(relay)
        if circle is not None:
            checked_id("circle", circle)

        def plan(work: Work) -> None:
            reader = work.reader(MemberId(by))
            there = ALLOWED
            if circle is not None:
                it = work.circle(CircleId(circle))
                there = it.may_ask_for(
                    relay, organisation=_of_organisation(work, it), by=by
                )
            chosen = reader.choose_comment_relay(
                relay,
                circle=None if circle is None else CircleId(circle),
                there=there,
                at=work.at(reader),
            )
            work.record(reader, chosen)

        self._decide(
            "choose_comment_relay",
            plan,
            nothing,
            about=stream_of("reader", by),
            by=by,
            said=(relay, circle),
            command_id=command_id,
        )

    def explain_setting(
        self,
        reader: MemberId | str,
        setting: str,
        *,
        circle: CircleId | str | None = None,
    ) -> Setting:
        """
        Return a setting of a reader's, and which level decided it.

        >>> from circlekit import CircleKit
        >>> kit = CircleKit("sqlite://")
        >>> club = kit.found_circle(
        ...     name="Club", kind="community", by="mei", rules="circlekit_2026"
        ... )
        >>> kit.choose_comment_relay("off", by="mei")
        >>> relay = kit.explain_setting("mei", "comment_relay", circle=club)
        >>> relay.value, relay.decided_by
        ('off', 'reader')

        Args:
            reader: Whose.
            setting: Its name: ``comment_relay``.
            circle: In which circle, for a setting that circles have a say in.

        Raises:
            InvalidInputError: If there is no such setting, or the circle is missing.
            NotFoundError: If the circle is not known.
        """
        checked_id("reader", reader)
        if setting not in tuple(_SETTINGS):
            problem = f"{setting!r} is no setting"
            raise InvalidInputError("setting", problem, ", ".join(_SETTINGS))
        if circle is not None:
            checked_id("circle", circle)
        with self._store.alone() as transaction:
            work = self._work(transaction)
            return _SETTINGS[setting](
                work, MemberId(reader), None if circle is None else CircleId(circle)
            )

    def send_due_digests(self) -> tuple[SentDigest, ...]:
        """
        Send every digest of comments that is due, and return them.

        Whoever runs the host calls it every now and then, as ``circlekit work``
        does. Comments on one post are gathered for as long as the rule book says,
        from the first of them on, and are then one message in each group. Called
        twice, or in two places at once, it sends nothing twice.

        Raises:
            BusyError: If another process kept the store for too long; what was sent
                until then is sent.
        """
        now = as_utc("clock", self._clock())
        with self._store.read(GROUP_TIMELINE) as (rows, _):
            waiting = iter(GROUP_TIMELINE.due_digests(rows, at=now))
        sent: list[SentDigest] = []
        while block := list(islice(waiting, _BATCH)):
            with self.batch():
                sent += [
                    digest
                    for group, circle, post in block
                    for digest in self._send_digest(group, circle, post)
                ]
        return tuple(sent)

    def _send_digest(
        self, group: GroupId, circle: CircleId, post: int
    ) -> tuple[SentDigest, ...]:
        def plan(work: Work) -> None:
            chat = work.group(group)
            # Read again: somebody else may just have sent it.
            with self._store.read(GROUP_TIMELINE) as (rows, _):
                waiting = GROUP_TIMELINE.waiting(rows, group, circle, post)
            digest = chat.send_digest(
                circle,
                post,
                [Waiting(comment, at) for comment, at in waiting.comments],
                window=waiting.window,
                at=work.at(chat),
            )
            if digest:
                work.record(chat, digest)

        return self._decide(
            "send_due_digests",
            plan,
            lambda recorded: tuple(map(_sent, recorded)),
            about=stream_of("group", group),
            by=_WORKER,
            said=(circle, post),
            command_id=None,
        )


def _sent(recorded: Recorded) -> SentDigest:
    event: CommentDigestSent = recorded.event
    return SentDigest(
        group=GroupId(recorded.subject),
        post=PostId(event.circle, event.post),
        comments=tuple(CommentId(event.circle, it) for it in event.comments),
        at=event.at,
    )


def _checked(relay: object) -> None:
    if relay is not None and relay not in COMMENT_RELAYS:
        accepted = ", ".join((*COMMENT_RELAYS, "None"))
        raise InvalidInputError("relay", f"is {relay!r}", accepted)


def _of_organisation(work: Work, circle: Circle) -> CommentRelay | None:
    organisation = work.registered(circle.organisation)
    return organisation.comment_relay if organisation else None


def _comment_relay(work: Work, reader: MemberId, circle: CircleId | None) -> Setting:
    if circle is None:
        raise InvalidInputError("circle", "is missing", "a circle's id")
    it = work.circle(circle)
    chosen = work.reader(reader).relays
    return comment_relay(
        book=it.book.comment_relay,
        may_choose=it.book.comment_relay_choice,
        organisation=_of_organisation(work, it),
        circle=it.own_relay,
        reader=chosen.now(None),
        reader_in_circle=chosen.now(circle),
    )


_SETTINGS: Final[Mapping[str, Callable[[Work, MemberId, CircleId | None], Setting]]] = (
    MappingProxyType({"comment_relay": _comment_relay})
)
