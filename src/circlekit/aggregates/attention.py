"""
A reader's attention: when they want to be left alone, and what became of pushes.
"""

from datetime import datetime, timedelta
from typing import Any, Final, assert_never

from attrs import Factory, define

from circlekit.budget import Spend
from circlekit.events.attention import (
    AttentionBudgetSet,
    AttentionEvent,
    CircleMuted,
    Context,
    PushDemoted,
    PushHeld,
    PushMade,
    QuietContext,
    QuietHoursSet,
)
from circlekit.ids import CircleId, MemberId
from circlekit.policies.attention import (
    QuietHours,
    not_muted,
    quiet_until,
    within_attention,
)
from circlekit.verdict import ALLOWED, Verdict, all_of, refused, require

Events = tuple[AttentionEvent, ...]
_LONGEST_DAY: Final = timedelta(days=3)


@define
class Attention:
    """
    The part of a reader that says when they may be interrupted.

    Attributes:
        quiet: Quiet hours, by what they are for.

        limits: Pushes a day and the zone of the day, by context.

        muted: Circles whose pushes are not wanted.

        pushes: Pushes of the last days, by context, oldest first.

        pushed: Posts that interrupted the reader, each once.

        demoted: Posts that did not, and will not.

        held: Posts that wait, and until when.
    """

    quiet: dict[QuietContext, QuietHours] = Factory(dict)
    limits: dict[Context, tuple[int, str]] = Factory(dict)
    muted: set[str] = Factory(set)
    pushes: dict[Context, list[Spend]] = Factory(dict)
    pushed: set[tuple[str, int]] = Factory(set)
    demoted: set[tuple[str, int]] = Factory(set)
    held: dict[tuple[str, int], datetime] = Factory(dict)

    def set_quiet_hours(
        self, context: QuietContext, hours: QuietHours | None, *, at: datetime
    ) -> Events:
        """
        Be left alone between these hours; None ends that.
        """
        require(_changes(self.quiet.get(context), hours))
        if hours is None:
            return (QuietHoursSet(context=context, at=at),)
        return (
            QuietHoursSet(
                context=context,
                starts=hours.starts,
                ends=hours.ends,
                zone=hours.zone,
                consumer_too=hours.consumer_too,
                at=at,
            ),
        )

    def set_budget(
        self, context: Context, limit: tuple[int, str] | None, *, at: datetime
    ) -> Events:
        """
        Be interrupted so many times a day at most; None for any number.
        """
        require(_changes(self.limits.get(context), limit))
        pushes, zone = (None, None) if limit is None else limit
        return (AttentionBudgetSet(context=context, pushes=pushes, zone=zone, at=at),)

    def mute(
        self, circle: CircleId, *, on: bool, there: Verdict, at: datetime
    ) -> Events:
        """
        Want no pushes of a circle, or want them again.
        """
        require(there, _changes(circle in self.muted, on))
        return (CircleMuted(circle=circle, on=on, at=at),)

    def push(
        self,
        circle: CircleId,
        post: int,
        *,
        context: Context,
        is_minor: bool,
        emergency: str | None,
        there: Verdict,
        by: MemberId,
        at: datetime,
    ) -> Events:
        """
        Decide once whether a must-see interrupts the reader now, later or not at all.

        Nothing where that was decided; an emergency overrules all but a push. Whatever
        is no longer *there* to be seen interrupts nobody.
        """
        key = (circle, post)
        of: Any = {
            "circle": circle,
            "post": post,
            "context": context,
            "by": by,
            "at": at,
        }
        if not there.allowed:
            return (
                (PushDemoted(reasons=there.reasons, **of),) if key in self.held else ()
            )
        if emergency is not None:
            made = PushMade(emergency=emergency, **of)
            return () if key in self.pushed else (made,)
        if self._is_decided(key, at):
            return ()
        muted = not_muted(circle, self.muted)
        until = quiet_until(self.quiet, context, is_minor=is_minor, at=at)
        if muted.allowed and until is not None:
            return (PushHeld(until=until, **of),)
        room = within_attention(
            self.limits.get(context), self.pushes.get(context, []), at=at
        )
        verdict = all_of(muted, room)
        if verdict.allowed:
            return (PushMade(**of),)
        return (PushDemoted(reasons=verdict.reasons, **of),)

    def _is_decided(self, key: tuple[str, int], at: datetime) -> bool:
        if key in self.pushed or key in self.demoted:
            return True
        return key in self.held and at < self.held[key]

    # History: never refuses, whatever today's rules say.

    def evolve(self, event: AttentionEvent, *, place: int) -> None:
        """
        Take in what the reader wants, or what became of a push.
        """
        match event:
            case PushMade():
                key = (event.circle, event.post)
                self.held.pop(key, None)
                self.demoted.discard(key)
                self.pushed.add(key)
                recent = [
                    it
                    for it in self.pushes.get(event.context, [])
                    if it.at > event.at - _LONGEST_DAY
                ]
                self.pushes[event.context] = [*recent, Spend(event.at, place)]
            case PushHeld():
                self.held[event.circle, event.post] = event.until
            case PushDemoted():
                self.held.pop((event.circle, event.post), None)
                self.demoted.add((event.circle, event.post))
            case QuietHoursSet():
                if event.starts is None or event.ends is None or event.zone is None:
                    self.quiet.pop(event.context, None)
                else:
                    self.quiet[event.context] = QuietHours(
                        event.starts, event.ends, event.zone, event.consumer_too
                    )
            case AttentionBudgetSet():
                if event.pushes is None or event.zone is None:
                    self.limits.pop(event.context, None)
                else:
                    self.limits[event.context] = (event.pushes, event.zone)
            case CircleMuted():
                if event.on:
                    self.muted.add(event.circle)
                else:
                    self.muted.discard(event.circle)
            case _:
                assert_never(event)


def _changes(was: object, now: object) -> Verdict:
    return ALLOWED if was != now else refused("already-so", "this is so already")
