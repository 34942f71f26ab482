"""
Guardians: who looks after a child, and one digest a day instead of every push.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from attrs import define, frozen

from circlekit.application.deciding import Deciding, Work, command, nothing
from circlekit.clock import as_utc, zone_named
from circlekit.errors import NotFoundError
from circlekit.events.guardian import GuardianDigestSent
from circlekit.events.record import Recorded, stream_of
from circlekit.ids import MemberId, PostId
from circlekit.policies.live import Watched, seconds_between
from circlekit.projections.guardians import Guardian
from circlekit.projections.homework import HomeworkNews, NewsKind
from circlekit.store import GUARDIAN_VIEW, HOMEWORK_VIEW, LIVES, MEMBER_FEED
from circlekit.text import checked_id
from circlekit.verdict import RefusedError, Verdict

_BLOCK: Final = 200


@frozen(kw_only=True)
class GuardianDigest:
    """
    What a guardian is told of a child at once.

    Attributes:
        since: It tells what happened after this moment, UTC.

        until: Up to this moment, which is included.

        homework: What happened with the child's homework, oldest first.

        must_sees: The must-sees of the child's circles, oldest first.

        live_minutes: How many whole minutes the child watched lives meanwhile.
    """

    child: MemberId
    guardian: MemberId
    since: datetime
    until: datetime
    homework: tuple[HomeworkNews, ...] = ()
    must_sees: tuple[PostId, ...] = ()
    live_minutes: int = 0

    @property
    def empty(self) -> bool:
        """
        Return whether there is nothing to tell.
        """
        return not (self.homework or self.must_sees or self.live_minutes)

    def count(self, what: NewsKind) -> int:
        """
        Return how much there is of one kind of news.
        """
        return sum(news.what == what for news in self.homework)


@frozen(kw_only=True)
class DigestReport:
    """
    Which guardians were told, and which were not and why.

    Attributes:
        sent: The digests that the host delivers now.

        skipped: Who was not told, by child and guardian, each with the rules in the
            way. Whoever there was nothing to tell is not among them.
    """

    sent: tuple[GuardianDigest, ...]
    skipped: Mapping[tuple[MemberId, MemberId], Verdict]


@define(eq=False, repr=False)
class GuardianDigests(Deciding):
    """
    Use cases of guardians.
    """

    @command
    def name_guardian(
        self,
        child: MemberId | str,
        guardian: MemberId | str,
        *,
        by: MemberId | str,
        zone: str = "Asia/Shanghai",
        command_id: str | None = None,
    ) -> None:
        """
        Attest that somebody looks after a child.

        Args:
            child: The child.
            guardian: Who looks after them.
            by: Whoever attests it.
            zone: IANA zone of the guardian's days.
            command_id: Makes the call safe to repeat.

        Raises:
            RefusedError: ``already-a-guardian``, ``own-guardian``.
            InvalidInputError: If the zone is not known.
        """
        who = MemberId(checked_id("child", child))
        named = MemberId(checked_id("guardian", guardian))
        zone_named(zone)

        def plan(work: Work) -> None:
            reader = work.reader(who)
            happened = reader.guardians.name(
                named, child=who, zone=zone, by=MemberId(by), at=work.at(reader)
            )
            work.record(reader, happened)

        self._decide(
            "name_guardian",
            plan,
            nothing,
            about=stream_of("reader", who),
            by=by,
            said=(named, zone),
            command_id=command_id,
        )

    @command
    def dismiss_guardian(
        self,
        child: MemberId | str,
        guardian: MemberId | str,
        *,
        by: MemberId | str,
        command_id: str | None = None,
    ) -> None:
        """
        Attest that somebody looks after a child no longer.

        Raises:
            RefusedError: ``not-a-guardian``.
        """
        who = MemberId(checked_id("child", child))
        named = MemberId(checked_id("guardian", guardian))

        def plan(work: Work) -> None:
            reader = work.reader(who)
            happened = reader.guardians.dismiss(
                named, by=MemberId(by), at=work.at(reader)
            )
            work.record(reader, happened)

        self._decide(
            "dismiss_guardian",
            plan,
            nothing,
            about=stream_of("reader", who),
            by=by,
            said=(named,),
            command_id=command_id,
        )

    @command
    def send_guardian_digest(
        self,
        child: MemberId | str,
        guardian: MemberId | str,
        *,
        by: MemberId | str,
        command_id: str | None = None,
    ) -> GuardianDigest:
        """
        Have a guardian told what happened since they last were; once a day.

        That it was sent is recorded, the host delivers it.

        Args:
            child: The child.
            guardian: Who looks after them.
            by: The host's worker.
            command_id: Makes the call safe to repeat.

        Raises:
            RefusedError: ``not-a-guardian``, ``guardian-digest-day``.
        """
        who = MemberId(checked_id("child", child))
        named = MemberId(checked_id("guardian", guardian))

        def plan(work: Work) -> None:
            reader = work.reader(who)
            at = work.at(reader)
            since = reader.guardians.told_since(named)
            told = {}
            if since is not None and not getattr(self._asking, "now", False):
                # Nobody else writes now: what the read models have not taken in
                # yet has not happened yet.
                told = _counted(self._digest(who, named, since, at))
            sent = reader.guardians.send_digest(
                named, told=told, by=MemberId(by), at=at
            )
            work.record(reader, sent)

        return self._decide(
            "send_guardian_digest",
            plan,
            lambda recorded: self._sent(who, recorded),
            about=stream_of("reader", who),
            by=by,
            said=(named,),
            command_id=command_id,
        )

    def send_guardian_digests(
        self,
        *,
        by: MemberId | str,
        progress: Callable[[int], None] | None = None,
    ) -> DigestReport:
        """
        Have every guardian told who was not told today and has something to be told.

        For a worker of the host's. Run again on the same day, it tells only those
        it did not come to.

        Args:
            by: The worker.
            progress: Called after each block with the number of guardians so far.

        Raises:
            InvalidInputError: If *by* cannot name anybody.
        """
        checked_id("by", by)
        sent: list[GuardianDigest] = []
        skipped: dict[tuple[MemberId, MemberId], Verdict] = {}
        seen = 0
        for block in self._every_guardian():
            for it in block:
                now = as_utc("clock", self._clock())
                if self._digest(it.child, it.guardian, it.untold_since, now).empty:
                    continue
                pair = (it.child, it.guardian)
                # Asked first, so that a worker that comes often writes no refusals.
                verdict = self.would_allow("send_guardian_digest", *pair, by=by)
                try:
                    if verdict.allowed:
                        sent.append(self.send_guardian_digest(*pair, by=by))
                except RefusedError as refusal:  # another worker came first
                    verdict = refusal.verdict
                if not verdict.allowed:
                    skipped[pair] = verdict
            seen += len(block)
            if progress is not None:
                progress(seen)
        return DigestReport(sent=tuple(sent), skipped=skipped)

    def guardian_digest(
        self, child: MemberId | str, guardian: MemberId | str
    ) -> GuardianDigest:
        """
        Return what a guardian would be told now; nothing is sent.

        Raises:
            NotFoundError: If they are no guardian of that child.
        """
        who = MemberId(checked_id("child", child))
        checked_id("guardian", guardian)
        for it in self.guardians(who):
            if it.guardian == guardian:
                now = max(as_utc("clock", self._clock()), it.untold_since)
                return self._digest(who, it.guardian, it.untold_since, now)
        raise NotFoundError("guardian", guardian)

    def guardians(self, child: MemberId | str) -> tuple[Guardian, ...]:
        """
        Return who looks after a child now, by id.
        """
        who = MemberId(checked_id("child", child))
        with self._store.read(GUARDIAN_VIEW) as (rows, _):
            return GUARDIAN_VIEW.guardians(rows, who)

    def children(self, guardian: MemberId | str) -> tuple[Guardian, ...]:
        """
        Return whom somebody looks after now, by id.
        """
        who = MemberId(checked_id("guardian", guardian))
        with self._store.read(GUARDIAN_VIEW) as (rows, _):
            return GUARDIAN_VIEW.children(rows, who)

    def _every_guardian(self) -> Iterator[tuple[Guardian, ...]]:
        child = guardian = ""
        while True:
            with self._store.read(GUARDIAN_VIEW) as (rows, _):
                block = GUARDIAN_VIEW.after(rows, child, guardian, limit=_BLOCK)
            if not block:
                return
            yield block
            child, guardian = block[-1].child, block[-1].guardian

    def _digest(
        self, child: MemberId, guardian: MemberId, since: datetime, until: datetime
    ) -> GuardianDigest:
        with self._store.read(HOMEWORK_VIEW) as (rows, _):
            homework = HOMEWORK_VIEW.told(rows, child, since=since, until=until)
        with self._store.read(MEMBER_FEED) as (rows, _):
            must_sees = MEMBER_FEED.must_sees_sent(
                rows, child, since=since, until=until
            )
        with self._store.read(LIVES) as (rows, _):
            watched = [Watched(*it) for it in LIVES.watched(rows, child, since=since)]
        return GuardianDigest(
            child=child,
            guardian=guardian,
            since=since,
            until=until,
            homework=homework,
            must_sees=must_sees,
            live_minutes=int(seconds_between(watched, since, until)) // 60,
        )

    def _sent(self, child: MemberId, recorded: Sequence[Recorded]) -> GuardianDigest:
        event: GuardianDigestSent = recorded[0].event
        return self._digest(child, event.guardian, event.since, event.until)


def _counted(digest: GuardianDigest) -> dict[str, int]:
    kinds: tuple[NewsKind, ...] = (
        "assigned",
        "submitted",
        "late",
        "graded",
        "returned",
        "missing",
    )
    return {
        **{kind: digest.count(kind) for kind in kinds},
        "must_sees": len(digest.must_sees),
        "live_minutes": digest.live_minutes,
    }
