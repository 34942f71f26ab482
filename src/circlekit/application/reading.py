"""
What people, hosts and auditors read.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

from attrs import define

from circlekit.application.deciding import Deciding
from circlekit.audit import (
    MustSeeAudit,
    WhatIf,
    audit_must_sees,
    rules_ever,
)
from circlekit.clock import as_utc
from circlekit.errors import InvalidInputError, NotFoundError
from circlekit.events.record import Recorded, refusals_beside, stream_of
from circlekit.events.rules import RuleBookAdopted
from circlekit.ids import CircleId, CommentId, CustomerId, GroupId, MemberId, PostId
from circlekit.projections.group_timeline import TimelinePage
from circlekit.projections.member_feed import (
    Acknowledgement,
    CircleEntry,
    Comment,
    FeedPage,
)
from circlekit.projections.quota_view import Quota
from circlekit.store import GROUP_TIMELINE, MEMBER_FEED, QUOTA_VIEW, READ_MODELS
from circlekit.text import checked_id

LONGEST_PAGE = 200
_NO_POSITION = 2**62


@define(eq=False, repr=False)
class Reading(Deciding):
    """
    Questions; they change nothing.
    """

    def feed(
        self,
        member: MemberId | str,
        *,
        circle: CircleId | str | None = None,
        after: str | None = None,
        limit: int = 20,
    ) -> FeedPage:
        """
        Return a page of a member's feed, over all their circles or one.

        Pinned posts and must-sees the member has not acknowledged come first,
        then the rest, newest first.

        Args:
            member: Whose feed.
            circle: Only this circle.
            after: The ``next`` of the page before.
            limit: Most items, 1 to 200.

        Raises:
            InvalidInputError: If the cursor or the limit is not accepted.
            NotFoundError: If the circle is not known.
        """
        checked_id("member", member)
        page_size(limit)
        if circle is not None:
            self._known("circle", circle)
        with self._store.read(MEMBER_FEED) as (rows, head):
            return MEMBER_FEED.page(
                rows,
                MemberId(member),
                circle=None if circle is None else CircleId(circle),
                after=after,
                limit=limit,
                head=head,
                in_process=self._store.in_process,
            )

    def comments(
        self,
        post: PostId | str,
        *,
        after: CommentId | str | None = None,
        limit: int = 100,
    ) -> tuple[Comment, ...]:
        """
        Return a post's comments, oldest first, from just after one of them.

        Raises:
            InvalidInputError: If an id or the limit is not accepted.
        """
        where = PostId.of(post)
        last = None if after is None else CommentId.of(after, field="after")
        page_size(limit)
        with self._store.read(MEMBER_FEED) as (rows, _):
            return MEMBER_FEED.comments(
                rows, where, after=last.version if last else 0, limit=limit
            )

    def circles(self, member: MemberId | str) -> tuple[CircleEntry, ...]:
        """
        Return the circles somebody is a member of now, by name.
        """
        with self._store.read(MEMBER_FEED) as (rows, _):
            return MEMBER_FEED.circles(rows, MemberId(checked_id("member", member)))

    def acknowledgements(self, post: PostId | str) -> tuple[Acknowledgement, ...]:
        """
        Return who acknowledged a must-see, in the order they did.
        """
        where = PostId.of(post)
        with self._store.read(MEMBER_FEED) as (rows, _):
            return MEMBER_FEED.acknowledgements(rows, where)

    def group_timeline(
        self,
        group: GroupId | str,
        *,
        reader: MemberId | str | None = None,
        before: int | None = None,
        limit: int = 50,
    ) -> TimelinePage:
        """
        Return a page of what a group was shown, newest first.

        Args:
            group: The group.
            reader: Show of comments what this reader asked for, where it is less.
            before: The ``next`` of the page before.
            limit: Most entries, 1 to 200.

        Raises:
            NotFoundError: If the group is not known.
            InvalidInputError: If the limit is not accepted.
        """
        page_size(limit)
        if before is not None and (
            type(before) is not int or not 0 <= before < _NO_POSITION
        ):
            accepted = "the `next` of an earlier page"
            raise InvalidInputError("before", f"is {before!r}", accepted)
        if reader is not None:
            checked_id("reader", reader)
        self._known("group", group)
        with self._store.read(GROUP_TIMELINE) as (rows, _):
            return GROUP_TIMELINE.page(
                rows,
                GroupId(group),
                reader=None if reader is None else MemberId(reader),
                before=before,
                limit=limit,
            )

    def quota(
        self,
        holder: CircleId | CustomerId | str | None = None,
        *,
        circle: CircleId | str | None = None,
        customer: CustomerId | str | None = None,
        group: GroupId | str | None = None,
        member: MemberId | str | None = None,
    ) -> Quota:
        """
        Return every budget of a circle, customer or group: used, left, when free.

        Args:
            holder: A circle's or a customer's id, if only one of them has it.
            circle: A circle's id.
            customer: A customer's id.
            group: A group's id.
            member: A member of staff, whose own mass sends to the customer or group
                are counted; None leaves out what each has of their own.

        Raises:
            NotFoundError: If nobody of that id is known.
            InvalidInputError: If none, or more than one of them, is named, or a
                circle and a customer share the id.
        """
        named = [
            (None, holder),
            ("circle", circle),
            ("customer", customer),
            ("group", group),
        ]
        given = [(kind, id_) for kind, id_ in named if id_ is not None]
        if len(given) != 1:
            problem = f"{len(given)} holders are named"
            raise InvalidInputError("holder", problem, "one circle, customer or group")
        ((kind, id_),) = given
        checked_id("holder", id_)
        if member is not None:
            checked_id("member", member)
        kinds = ("circle", "customer") if kind is None else (kind,)
        now = as_utc("clock", self._clock())
        found = []
        with self._store.read(QUOTA_VIEW) as (rows, _):
            for each in kinds:
                stream = stream_of(each, id_)
                at = max(now, self._last_at(rows, stream))
                quota = QUOTA_VIEW.quota(
                    rows,
                    stream,
                    id_,
                    at=at,
                    member=None if member is None else MemberId(member),
                )
                if quota is not None:
                    found.append(quota)
        if not found:
            raise NotFoundError(kind or "circle or customer", id_)
        if len(found) > 1:
            problem = f"{id_!r} is a circle and a customer"
            raise InvalidInputError("holder", problem, "circle=... or customer=...")
        return found[0]

    def audit_must_sees(
        self,
        circle: CircleId | str | None = None,
        *,
        what_if: WhatIf | None = None,
        verify: bool = True,
        progress: Callable[[int], None] | None = None,
    ) -> MustSeeAudit:
        """
        Replay the history and account for every attempt to send a must-see.

        Every event of the store is read first, and checked to be there and to be
        what was written: otherwise a must-see could be hidden from the audit.

        Args:
            circle: Only this circle.
            what_if: Decide the same attempts by other numbers, first-order only.
            verify: Whether to check the store first; without, the database picks
                the few events that matter, which is much faster.
            progress: Called with the position of each event that is come to, from
                the first to the newest, twice if the store is checked.

        Raises:
            NotFoundError: If the circle is not known.
            InvalidInputError: If *what_if* is no :class:`~circlekit.WhatIf`.
            CorruptEventError: If a stored event was altered.
        """
        if what_if is not None and not isinstance(what_if, WhatIf):
            raise InvalidInputError("what_if", f"is {what_if!r}", "a WhatIf, or None")
        streams = None
        if circle is not None:
            self._known("circle", circle)
            stream = stream_of("circle", circle)
            streams = frozenset({stream, refusals_beside(stream)})
        if verify:
            self._store.verify(progress=progress)
        adopted = self._store.events_named([RuleBookAdopted], streams=streams)
        ever = rules_ever(adopted, what_if)
        events = self._store.events_named(
            ever.kinds, streams=streams, progress=progress
        )
        return audit_must_sees(
            events, ever=ever, policies=self._policies, what_if=what_if
        )

    def history(self, circle: CircleId | str) -> Iterator[Recorded]:
        """
        Return everything that happened to a circle, in order.

        Raises:
            NotFoundError: If the circle is not known.
            CorruptEventError: If a stored event was altered.
        """
        self._known("circle", circle)
        return self._store.history(stream_of("circle", circle))

    def became_of(self, command_id: str) -> tuple[Recorded, ...] | None:
        """
        Return what a command with that id wrote, None if none ever came.

        A refused one wrote a single ``CommandRefused``; one that had nothing to
        write is an empty answer.
        """
        checked_id("command_id", command_id)
        with self._store.reading() as transaction:
            outcome = transaction.outcome(command_id)
            if outcome is None:
                return None
            _, first, last = outcome
            return tuple(transaction.span(first, last))

    def verify(
        self,
        head: str | None = None,
        *,
        progress: Callable[[int], None] | None = None,
    ) -> str:
        """
        Check that every event is there and as it was written; return the log's head.

        Events are chained, each to the one before it in its history and all of them
        in the log. A head that is kept somewhere else, and given here later, also
        finds what was cut off the end, or rewritten with everything after it.

        >>> from circlekit import CircleKit
        >>> kit = CircleKit("sqlite://")
        >>> empty = kit.verify()
        >>> empty.startswith("0:")
        True

        Args:
            head: What it answered earlier.
            progress: Called after each block with the position it ends at.

        Raises:
            CorruptEventError: If an event was altered, moved, put in or taken out.
            InvalidInputError: If *head* is none.
        """
        return self._store.verify(head, progress=progress)

    def back_up(
        self, file: Path | str, *, progress: Callable[[int, int], None] | None = None
    ) -> None:
        """
        Copy an SQLite store to a new file while others go on writing.

        The copy is the store as it was at one moment, and is a store itself.

        Args:
            file: Where to; nothing may be there.
            progress: Called with the pages that are copied, and all there are.

        Raises:
            StoreError: If the file is there, cannot be written, or the store is on
                PostgreSQL, whose own tools copy it; or if this thread is in a batch.
        """
        self._store.back_up(Path(file), progress=progress)

    def newest_position(self) -> int:
        """
        Return the position of the newest event, 0 if there is none.
        """
        with self._store.reading() as transaction:
            return transaction.head()

    def read_models(self) -> dict[str, int]:
        """
        Return the position up to which each read model has read, by name.
        """
        positions = self._store.positions()
        return {model.name: positions.get(model.name, 0) for model in READ_MODELS}

    def read_ahead(
        self, *, progress: Callable[[str, int, int], None] | None = None
    ) -> None:
        """
        Bring every read model up to the newest event, so that no reader has to.

        Args:
            progress: Called after each block with the name of each read model that
                moved, the position it is at, and the newest.

        Raises:
            CorruptEventError: If a stored event was altered; none is left out.
        """
        self._store.all_up_to_date(READ_MODELS, progress=progress)

    def rebuild_read_models(
        self, *, progress: Callable[[str, int, int], None] | None = None
    ) -> None:
        """
        Fill every read model again from the events, beside the one that is read.

        When all are complete, each takes the other's place, in one transaction:
        whoever reads meanwhile reads on as before. Stopped before that, it has changed
        nothing.

        Args:
            progress: Called after each block with each read model's name, the
                position it is at, and the newest.
        """
        self._store.rebuild(READ_MODELS, progress=progress)

    def _known(self, kind: str, id_: str) -> None:
        checked_id(kind, id_)
        with self._store.reading() as transaction:
            if transaction.last_of(stream_of(kind, id_)) is None:
                raise NotFoundError(kind, id_)


def page_size(limit: int) -> None:
    """
    Accept how many items a page may have.

    Raises:
        InvalidInputError: If it is not 1 to 200.
    """
    if type(limit) is not int or not 1 <= limit <= LONGEST_PAGE:
        raise InvalidInputError("limit", f"is {limit!r}", f"1 to {LONGEST_PAGE}")
