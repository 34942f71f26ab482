"""
What people have to do: one inbox over all their circles, and being reminded.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from itertools import islice

from attrs import define, frozen

from circlekit.application.deciding import (
    Deciding,
    Work,
    command,
    nothing,
    own_command_id,
)
from circlekit.application.reading import page_size
from circlekit.clock import as_utc
from circlekit.errors import InvalidInputError, NotFoundError
from circlekit.events.record import stream_of
from circlekit.ids import CircleId, MemberId, PostId
from circlekit.policies.must_see import still_a_must_see
from circlekit.projections.duties import KINDS, DutyKind, InboxPage
from circlekit.store import DUTIES
from circlekit.text import checked_id, checked_list
from circlekit.verdict import RefusedError, Verdict, require

_BATCH = 500


@frozen
class ReminderReport:
    """
    Who was reminded of a must-see, and who was skipped and why.

    Attributes:
        must_see: The must-see.

        reminded: Members who were reminded.

        skipped: Those who were not, each with the rules in the way.
    """

    must_see: PostId
    reminded: tuple[MemberId, ...]
    skipped: Mapping[MemberId, Verdict]


@define(eq=False, repr=False)
class Duties(Deciding):
    """
    Use cases of what is to be done.
    """

    def inbox(
        self,
        member: MemberId | str,
        *,
        circle: CircleId | str | None = None,
        kinds: Collection[DutyKind] | None = None,
        after: str | None = None,
        limit: int = 20,
    ) -> InboxPage:
        """
        Return a page of what a member has to do, over all their circles or one.

        Must-sees they have not acknowledged, those from before they joined too, and
        everything that was given to them and is not done, newest first. Nothing comes
        up on two pages, whatever is done, given or taken away in between.

        Args:
            member: Whose duties.
            circle: Only those of this circle.
            kinds: Only these, of ``must-see``, ``to-do``, ``homework``, ``grading``
                and ``approval``; None means all.
            after: The ``next`` of the page before.
            limit: Most duties, 1 to 200.

        Raises:
            InvalidInputError: If a kind, the cursor or the limit is not accepted.
            NotFoundError: If the circle is not known.
        """
        who = MemberId(checked_id("member", member))
        wanted = _kinds(kinds)
        page_size(limit)
        where = None if circle is None else CircleId(checked_id("circle", circle))
        now = as_utc("clock", self._clock())
        with self._store.read(DUTIES) as (rows, _):
            if where and rows.last_of(stream_of("circle", where)) is None:
                raise NotFoundError("circle", where)
            return DUTIES.page(
                rows,
                who,
                circle=where,
                kinds=wanted,
                after=after,
                limit=limit,
                at=now,
            )

    @command
    def remind_reader(
        self,
        must_see: PostId | str,
        reader: MemberId | str,
        *,
        by: MemberId | str,
        command_id: str | None = None,
    ) -> None:
        """
        Remind one member of a must-see they have yet to acknowledge.

        Args:
            must_see: The must-see.
            reader: Whom to remind.
            by: The owner or a manager.
            command_id: Makes the call safe to repeat.

        Raises:
            RefusedError: ``not-a-manager``, ``not-a-member``, ``not-a-must-see``,
                ``post-removed``, ``already-acknowledged``,
                ``must-see-reminder-day``, ``must-see-reminder-spacing`` (or as the
                rule book names its budgets).
        """
        where = PostId.of(must_see, field="must_see")
        whom = MemberId(checked_id("reader", reader))

        def plan(work: Work) -> None:
            it = work.circle(where.circle)
            of = work.reader(whom)
            reminded = of.remind(
                where.circle,
                where.version,
                manager=it.manager_acts(by),
                there=still_a_must_see(where.version, it.must_see_posts, it.removed),
                role=it.role(whom),
                budgets=it.book.must_see_reminders,
                zone=it.zone,
                by=MemberId(by),
                at=work.at(of),
            )
            work.record(of, reminded)

        self._decide(
            "remind_reader",
            plan,
            nothing,
            about=stream_of("reader", whom),
            by=by,
            said=(where.circle, where.version),
            command_id=command_id,
        )

    def remind(
        self,
        must_see: PostId | str,
        *,
        by: MemberId | str,
        readers: Iterable[MemberId | str] | None = None,
        command_id: str | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> ReminderReport:
        """
        Remind everybody who has yet to acknowledge a must-see, or some of them.

        Each is decided by themselves and kept in a history of their own: whoever was
        reminded often enough is skipped with the reason, and nobody waits for
        anybody else.

        Args:
            must_see: The must-see.
            by: The owner or a manager.
            readers: Whom; None means every member who has not acknowledged it.
            command_id: Makes the call safe to repeat: nobody is reminded twice
                under the same id.
            progress: Called after each batch with the number decided so far.

        Raises:
            RefusedError: ``not-a-manager``, ``not-a-must-see``, ``post-removed``;
                nobody is reminded then.
            InvalidInputError: If the readers are no list.
        """
        where = PostId.of(must_see, field="must_see")
        if readers is not None:
            readers = checked_list("readers", readers, of="members")
        if command_id is not None:
            checked_id("command_id", command_id)
        self._may_remind(where, by)
        if readers is None:
            with self._store.read(DUTIES) as (rows, _):
                readers = DUTIES.waiting_for(rows, where)
        reminded: list[MemberId] = []
        skipped: dict[MemberId, Verdict] = {}
        waiting = iter(dict.fromkeys(map(MemberId, readers)))
        while batch := list(islice(waiting, _BATCH)):
            with self.batch():
                for reader in batch:
                    # So that a call that was cut short can be made again.
                    own = command_id and own_command_id("remind", command_id, reader)
                    try:
                        self.remind_reader(where, reader, by=by, command_id=own)
                    except RefusedError as refusal:
                        skipped[reader] = refusal.verdict
                    else:
                        reminded.append(reader)
            if progress is not None:
                progress(len(reminded) + len(skipped))
        return ReminderReport(where, tuple(reminded), skipped)

    def _may_remind(self, must_see: PostId, by: MemberId | str) -> None:
        def plan(work: Work) -> None:
            it = work.circle(must_see.circle)
            require(
                it.manager_acts(by),
                still_a_must_see(must_see.version, it.must_see_posts, it.removed),
            )

        self._decide(
            "remind",
            plan,
            nothing,
            about=stream_of("circle", must_see.circle),
            by=by,
            said=(must_see.version,),
            command_id=None,
        )


def _kinds(kinds: Collection[DutyKind] | None) -> Collection[DutyKind]:
    if kinds is None:
        return KINDS
    accepted = "a list of " + ", ".join(KINDS)
    wanted = checked_list("kinds", kinds, of=", ".join(KINDS))
    for kind in wanted:
        if kind not in KINDS:
            raise InvalidInputError("kinds", f"{kind!r} is none", accepted)
    return wanted
