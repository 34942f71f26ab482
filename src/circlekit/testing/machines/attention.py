"""
Drive a reader's attention at random, beside a model of it.
"""

from datetime import datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from attrs import frozen
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from circlekit.aggregates.reader import Reader
from circlekit.budget import CALENDAR_DAY, Budget
from circlekit.events.attention import (
    AttentionBudgetSet,
    CircleMuted,
    Context,
    PushDemoted,
    PushHeld,
    PushMade,
    QuietContext,
    QuietHoursSet,
)
from circlekit.events.reader import MinorAttested, MustSeeAcknowledged
from circlekit.ids import CircleId, MemberId
from circlekit.policies.attention import QuietHours
from circlekit.testing.machines.counting import Spent, used_up
from circlekit.testing.machines.machine import Machine, a_wait, a_zone
from circlekit.testing.machines.waiting import Wait
from circlekit.testing.strategies import moments
from circlekit.verdict import ALLOWED, refused

_HALF_AN_HOUR: Final = timedelta(minutes=30)
_CIRCLES: Final = st.sampled_from([CircleId("book-club"), CircleId("firm")])
_CONTEXTS: Final = st.sampled_from(("work", "consumer"))
_QUIET: Final = st.sampled_from(("work", "consumer", "minor"))
# None of them holds at three in the afternoon, so that all have an end.
_HOURS: Final = st.sampled_from(
    (("22:00", "07:00"), ("07:00", "09:30"), ("12:00", "13:30"), ("20:00", "12:00"))
)
_IN_TURN: Final = (
    (("22:00", "07:00"), ("07:00", "09:30")),
    (("20:00", "12:00"), ("12:00", "13:30")),
)
_POSTS: Final = st.integers(1, 6)


@frozen
class _Hours:
    starts: str
    ends: str
    consumer_too: bool

    def hold(self, wall: time) -> bool:
        starts, ends = time(int(self.starts[:2])), self.ends
        over = time(int(ends[:2]), int(ends[3:]))
        if starts < over:
            return starts <= wall < over
        return wall >= starts or wall < over


class AttentionMachine(Machine[Reader]):
    """
    Drive a reader's quiet hours, budgets and mutes, and what becomes of each push.

    A push is decided once; it is never made in quiet hours, in a circle that is muted
    or beyond the day's budget, and never lost: it is made, held or demoted.
    """

    # Where clocks are never changed, so that the wall clock is easy to model.
    zones = ("UTC", "Asia/Shanghai", "Asia/Kolkata")

    def __init__(self) -> None:
        super().__init__()
        self.quiet: dict[QuietContext, _Hours] = {}
        self.limits: dict[Context, int] = {}
        self.muted: list[str] = []
        self.minor_until: datetime | None = None
        self.seen: list[tuple[str, int]] = []
        self.pushed: dict[tuple[str, int], tuple[Context, Spent]] = {}
        self.demoted: list[tuple[str, int]] = []
        self.held: dict[tuple[str, int], datetime] = {}

    def blank(self) -> Reader:
        """
        Return the reader before anything reached them.
        """
        return Reader("lin")

    @initialize(zone=a_zone(), at=moments())
    def begin(self, zone: str, at: datetime) -> None:
        """
        Begin somewhere, at some time.
        """
        self.clock, self.zone = at, zone

    @rule(
        context=_QUIET,
        hours=st.one_of(st.none(), _HOURS, _HOURS),
        consumer_too=st.booleans(),
    )
    def set_quiet_hours(
        self,
        context: QuietContext,
        hours: tuple[str, str] | None,
        *,
        consumer_too: bool,
    ) -> None:
        """
        Say when to be left alone, or never.
        """
        new = None if hours is None else _Hours(*hours, consumer_too)
        wanted = None if hours is None else QuietHours(*hours, self.zone, consumer_too)
        due = QuietHoursSet(context=context, at=self.at)
        if hours is not None:
            due = QuietHoursSet(
                context=context,
                starts=hours[0],
                ends=hours[1],
                zone=self.zone,
                consumer_too=consumer_too,
                at=self.at,
            )
        if self.ask(
            lambda at: self.it.attention.set_quiet_hours(context, wanted, at=at),
            refused_if={"already-so": new == self.quiet.get(context)},
            then=[due],
        ):
            self.quiet.pop(context, None)
            if new is not None:
                self.quiet[context] = new

    @rule(context=_CONTEXTS, pushes=st.sampled_from((None, 0, 1, 2)))
    def set_budget(self, context: Context, pushes: int | None) -> None:
        """
        Say how many pushes a day are enough.
        """
        limit = None if pushes is None else (pushes, self.zone)
        if self.ask(
            lambda at: self.it.attention.set_budget(context, limit, at=at),
            refused_if={"already-so": pushes == self.limits.get(context)},
            then=[
                AttentionBudgetSet(
                    context=context,
                    pushes=pushes,
                    zone=None if pushes is None else self.zone,
                    at=self.at,
                )
            ],
        ):
            self.limits.pop(context, None)
            if pushes is not None:
                self.limits[context] = pushes

    @rule(circle=_CIRCLES, on=st.booleans(), there=st.sampled_from((True, True, False)))
    def mute(self, circle: CircleId, *, on: bool, there: bool) -> None:
        """
        Mute a circle, or hear of it again.
        """
        member = ALLOWED if there else refused("not-a-member", "no member")
        if self.ask(
            lambda at: self.it.attention.mute(circle, on=on, there=member, at=at),
            refused_if={
                "not-a-member": not there,
                "already-so": on == (circle in self.muted),
            },
            then=[CircleMuted(circle=circle, on=on, at=self.at)],
        ):
            self.muted = [it for it in self.muted if it != circle]
            if on:
                self.muted.append(circle)

    @rule(days=st.integers(0, 20))
    def attest_minor(self, days: int) -> None:
        """
        Be a minor for some days.
        """
        until = self.at + timedelta(days=days)
        self.ask(
            lambda at: self.it.attest_minor(until=until, zone=self.zone, at=at),
            refused_if={},
            then=[MinorAttested(until=until, zone=self.zone, at=self.at)],
        )
        self.minor_until = until

    @rule(circle=_CIRCLES, post=_POSTS)
    def acknowledge(self, circle: CircleId, post: int) -> None:
        """
        Confirm having seen a must-see.
        """
        if self.ask(
            lambda at: self.it.acknowledge(
                circle, post, must_sees={post}, role="member", at=at
            ),
            refused_if={"already-acknowledged": (circle, post) in self.seen},
            then=[MustSeeAcknowledged(circle=circle, post=post, at=self.at)],
        ):
            self.seen.append((circle, post))

    @rule(
        wait=a_wait(),
        circle=_CIRCLES,
        posts=st.lists(_POSTS, min_size=1, max_size=4),
        context=_CONTEXTS,
        emergency=st.sampled_from((None, None, None, "flood warning")),
        there=st.sampled_from((True, True, True, False)),
    )
    def push(
        self,
        wait: Wait,
        circle: CircleId,
        posts: list[int],
        context: Context,
        emergency: str | None,
        *,
        there: bool,
    ) -> None:
        """
        Wait, then push some must-sees.
        """
        self.wait(wait)
        for post in posts:
            self._push(circle, post, context, emergency, there=there)

    @rule(
        hours=st.one_of(st.sampled_from(_IN_TURN), st.tuples(_HOURS, _HOURS)),
        context=_CONTEXTS,
        both=st.booleans(),
    )
    def push_around_the_clock(
        self,
        hours: tuple[tuple[str, str], tuple[str, str]],
        context: Context,
        *,
        both: bool,
    ) -> None:
        """
        Set quiet hours for work and for all else, then push every two hours.
        """
        work, consumer = hours
        self.set_quiet_hours("work", work, consumer_too=both)
        self.set_quiet_hours("consumer", consumer, consumer_too=True)
        for _ in range(12):
            self.push_anew(timedelta(hours=2), context, None)

    @rule(context=_CONTEXTS, pushes=st.sampled_from((1, 2)))
    def push_all_day(self, context: Context, pushes: int) -> None:
        """
        Want few pushes a day, and be pushed more often; some of it urgent.
        """
        self.set_quiet_hours(context, None, consumer_too=True)
        self.set_budget(context, pushes)
        for hours in (1, 5, 9, 1, 3, 6):
            urgent = "flood warning" if hours == 1 else None
            self.push_anew(timedelta(hours=hours), context, urgent)

    @rule(context=_CONTEXTS)
    def push_where_muted(self, context: Context) -> None:
        """
        Mute a circle, and be pushed in it; what is urgent comes all the same.
        """
        club = CircleId("book-club")
        self.mute(club, on=True, there=True)
        for urgent in (None, "flood warning"):
            self.push_anew(timedelta(0), context, urgent)
        self.mute(club, on=False, there=True)

    def push_anew(self, wait: Wait, context: Context, emergency: str | None) -> None:
        """
        Wait, then push something that was never pushed before.
        """
        self.wait(wait)
        place = 100 + self.place
        self._push(CircleId("book-club"), place, context, emergency, there=True)

    @rule(context=_CONTEXTS)
    def release_held(self, context: Context) -> None:
        """
        Push again what is held, at the very end of its quiet hours and just before.
        """
        for (circle, post), until in [*self.held.items()]:
            for at in (until - timedelta(microseconds=1), until):
                self.clock = max(self.clock, at)
                self._push(CircleId(circle), post, context, None, there=True)

    def at_the_end(self) -> None:
        """
        Come of age, pushed around the clock from the day before to the day after.
        """
        for context in ("work", "consumer"):
            self.set_quiet_hours(context, None, consumer_too=True)
            self.set_budget(context, None)
        self.set_quiet_hours("minor", ("22:00", "07:00"), consumer_too=True)
        self.attest_minor(1)
        for _ in range(24):
            self.push_anew(timedelta(hours=2), "consumer", None)

    @invariant()
    def state_agrees(self) -> None:
        """
        Check that what became of each push is remembered as the model remembers it.
        """
        if not self.history:
            return
        it = self.it.attention
        found = (it.pushed, it.demoted, it.held, it.muted)
        due = (set(self.pushed), set(self.demoted), self.held, set(self.muted))
        if found != due:
            self.fail(f"remembered is {found}, and by the model {due}")

    def check_limits(self) -> None:
        """
        Check that nothing was decided twice, as pushed and as not.
        """
        both = set(self.pushed) & (set(self.demoted) | set(self.held))
        if both:
            self.fail(f"decided twice: {both}")

    def _push(
        self,
        circle: CircleId,
        post: int,
        context: Context,
        emergency: str | None,
        *,
        there: bool,
    ) -> None:
        at, key, by = self.at, (circle, post), MemberId("mei")
        present = ALLOWED if there else refused("post-removed", "it is gone")
        events, _ = self.answer(
            lambda at: self.it.push(
                circle,
                post,
                context=context,
                emergency=emergency,
                there=present,
                by=by,
                at=at,
            ),
            at,
        )
        of: Any = {"circle": circle, "post": post, "context": context, "by": by}
        due, rules = self._outcome(key, context, emergency, there=there)
        told: object = [*events]
        expected: object = []
        if due == "pushed":
            expected = [PushMade(emergency=emergency, **of, at=at)]
        elif due == "demoted":
            expected = rules
            told = [
                reason.rule
                for event in events
                if isinstance(event, PushDemoted)
                for reason in event.reasons
            ]
        elif isinstance(due, datetime):
            expected = [PushHeld(until=due, **of, at=at)]
        if told != expected:
            self.fail(f"due at {at} is {expected}, and answered was {told}")
        place = self.place
        self.take_in(events)
        if due is None:
            return
        self.held.pop(key, None)
        if due == "pushed":
            self.demoted = [it for it in self.demoted if it != key]
            self.pushed[key] = (context, Spent(at, place))
        elif due == "demoted":
            self.demoted.append(key)
        elif isinstance(due, datetime):
            self.held[key] = due

    def _outcome(
        self,
        key: tuple[str, int],
        context: Context,
        emergency: str | None,
        *,
        there: bool,
    ) -> tuple[str | datetime | None, list[str]]:
        gone = [] if there else ["post-removed"]
        if key in self.seen:
            gone.append("already-acknowledged")
        if gone:
            return ("demoted" if key in self.held else None), gone
        if emergency is not None:
            return (None if key in self.pushed else "pushed"), []
        waits = key in self.held and self.at < self.held[key]
        if key in self.pushed or key in self.demoted or waits:
            return None, []
        rules = []
        until = self._quiet_until(context)
        if key[0] in self.muted:
            rules.append("circle-muted")
        elif until > self.at:
            return until, []
        if context in self.limits:
            budget = Budget("attention-budget", self.limits[context], CALENDAR_DAY)
            made = [spent for of, spent in self.pushed.values() if of == context]
            made.sort()
            rules += [it.rule for it in used_up([budget], made, self.zone, self.at)]
        return ("demoted" if rules else "pushed"), rules

    def _quiet_until(self, context: Context) -> datetime:
        # From half hour to half hour, until none of them holds.
        minor = self.minor_until is not None and self.at < self.minor_until
        asked = [
            it
            for name, it in self.quiet.items()
            if name == context
            or (name == "minor" and minor)
            or (name == "work" and it.consumer_too)
        ]
        moment = self.at.astimezone(ZoneInfo(self.zone))
        while any(it.hold(moment.time()) for it in asked):
            half = moment.replace(
                minute=moment.minute // 30 * 30, second=0, microsecond=0
            )
            moment = half + _HALF_AN_HOUR
        return moment.astimezone(self.at.tzinfo)
