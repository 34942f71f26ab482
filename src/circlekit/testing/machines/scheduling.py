"""
Drive a circle and its schedule at random, beside a model of both.
"""

from datetime import datetime, timedelta
from typing import Final, Literal

from hypothesis import strategies as st
from hypothesis.stateful import rule
from hypothesis.strategies import SearchStrategy

from circlekit.budget import Budget
from circlekit.events.circle import MustSeeSent, PostPublished
from circlekit.events.schedule import (
    MustSeeScheduled,
    PostScheduled,
    ScheduledCancelled,
    ScheduledDropped,
    ScheduledMoved,
    ScheduledReleased,
)
from circlekit.ids import GroupId, MemberId
from circlekit.policies.schedule import Planned
from circlekit.testing.machines.circle import CircleMachine
from circlekit.testing.machines.counting import Spent, has_room
from circlekit.testing.machines.machine import a_wait, mostly, someone
from circlekit.testing.machines.waiting import MICROSECOND, Until, Wait
from circlekit.verdict import Verdict

_FAR: Final = timedelta(days=366)
_DAY: Final = timedelta(days=1)
_SOON: Final = timedelta(minutes=1)
_SOME_GROUPS: Final[SearchStrategy[tuple[GroupId, ...] | None]] = st.sampled_from(
    (None, None, (GroupId("own"),), (GroupId("more"), GroupId("own")))
)
_NEAR_THE_END: Final = timedelta(days=80)
_AHEAD: Final = st.one_of(a_wait(), st.sampled_from((_FAR + MICROSECOND, timedelta(0))))
_POST_AHEAD: Final = st.one_of(_AHEAD, st.just(_FAR))
When = Literal["now", "on time"]


def _what_waits() -> SearchStrategy[int]:
    return st.runner().flatmap(
        lambda machine: mostly(machine.planned, [*machine.posts][-1:])
    )


class ScheduleMachine(CircleMachine):
    """
    Drive a circle: all that :class:`CircleMachine` does, and its schedule.

    Whatever is scheduled, moved, cancelled, sent at once or released late, no window
    ever holds more must-sees than the rule book says, and what was promised a place
    is released at its time.
    """

    def __init__(self) -> None:
        super().__init__()
        self.is_late = False
        self.wanted: dict[int, tuple[tuple[GroupId, ...] | None, bool | None]] = {}

    @rule(
        wait=a_wait(),
        ahead=_POST_AHEAD,
        by=someone(),
        groups=_SOME_GROUPS,
        sync=st.sampled_from((None, True, False)),
    )
    def schedule_post(
        self,
        wait: Wait,
        ahead: Wait,
        by: MemberId,
        *,
        groups: tuple[GroupId, ...] | None,
        sync: bool | None,
    ) -> None:
        """
        Wait, then write a post for later.
        """
        self.wait(wait)
        when, now = self._ahead(ahead), self.at
        place, coming = self.place, self._is_to_come(when)
        if self.ask(
            lambda at: self.it.schedule_post(
                release_at=at, text="Soon", sync=sync, groups=groups, by=by, at=now
            ),
            refused_if={
                **self._closed(),
                **self._unaccepted(by),
                "not-a-member": by not in self.people,
                "group-not-linked": not self._all_linked(groups),
                **self._not_to_come(when),
                **(self._house("post", by, when) if coming else {}),
            },
            then=[
                PostScheduled(
                    release_at=when,
                    text="Soon",
                    sync=sync,
                    groups=groups,
                    by=by,
                    at=now,
                )
            ],
            when=when,
        ):
            self.planned[place] = Planned(release_at=when, by=by)
            self.wanted[place] = (groups, sync)

    @rule(wait=a_wait(), ahead=_AHEAD, by=someone(), groups=_SOME_GROUPS)
    def schedule_must_see(
        self,
        wait: Wait,
        ahead: Wait,
        by: MemberId,
        groups: tuple[GroupId, ...] | None,
    ) -> None:
        """
        Wait, then write a must-see for later.
        """
        self.wait(wait)
        when, now = self._ahead(ahead), self.at
        place, coming = self.place, self._is_to_come(when)
        if self.ask(
            lambda at: self.it.schedule_must_see(
                release_at=at, text="Then", groups=groups, by=by, at=now
            ),
            refused_if={
                **self._closed(),
                **self._unaccepted(by),
                "not-a-manager": not self._runs(by),
                "group-not-linked": not self._all_linked(groups),
                **self._not_to_come(when),
                **(self._house("must-see", by, when) if coming else {}),
            },
            then=[
                MustSeeScheduled(
                    release_at=when, text="Then", groups=groups, by=by, at=now
                )
            ],
            budgets=self.book.must_see if coming else (),
            spent=self.spent,
            when=when,
        ):
            self.planned[place] = Planned(
                release_at=when, by=by, promised=(self.book.must_see,)
            )
            self.wanted[place] = (groups, True)

    @rule(
        aheads=st.lists(a_wait(), min_size=2, max_size=4),
    )
    def schedule_several(self, aheads: list[Wait]) -> None:
        """
        Schedule several must-sees at once, near to one another.
        """
        self._get_ready()
        owner = self._an_owner()
        for ahead in aheads:
            self.schedule_must_see(timedelta(0), ahead, owner, None)

    @rule(
        ahead=st.sampled_from((timedelta(hours=1), timedelta(days=2), Until("month"))),
        late=st.sampled_from((timedelta(0), timedelta(0), timedelta(days=1))),
        meanwhile=st.sampled_from(("nothing", "flood", "another rule book")),
    )
    def promise_and_keep(self, ahead: Wait, late: timedelta, meanwhile: str) -> None:
        """
        Schedule two must-sees and move one; release them in time, or late.

        Before their moment nothing is released, and what happens meanwhile changes
        nothing about what was promised.
        """
        self._get_ready()
        owner = self._an_owner()
        place = self.place
        self.schedule_must_see(timedelta(0), ahead, owner, None)
        self.move_scheduled(place, self._ahead(ahead) - self.at + _SOON, owner)
        self.schedule_must_see(
            timedelta(0), self._ahead(ahead) - self.at + _DAY, owner, None
        )
        if meanwhile == "flood":
            for who in self.may_override[:1]:
                self.send_must_see(timedelta(0), MemberId(who), None, "flood")
        elif meanwhile == "another rule book":
            self.adopt_rule_book(self.other_book, owner)
        in_turn = sorted(self.planned, key=lambda it: self.planned[it].release_at)
        for lateness, waits in zip((late, timedelta(0)), in_turn[-2:], strict=False):
            self.clock = max(self.clock, self.planned[waits].release_at - MICROSECOND)
            self.release_one(waits)
            if waits in self.planned:
                self.clock = max(self.clock, self.planned[waits].release_at + lateness)
                self.release_one(waits)

    @rule(scheduled=_what_waits(), ahead=_AHEAD, by=someone())
    def move_scheduled(self, scheduled: int, ahead: Wait, by: MemberId) -> None:
        """
        Publish what waits at another moment.
        """
        when, now = self._ahead(ahead), self.at
        it = self.planned.get(scheduled)
        asked = it is not None and self._is_to_come(when)
        act: Literal["post", "must-see"] = (
            "must-see" if it is not None and it.promised else "post"
        )
        if self.ask(
            lambda at: self.it.move_scheduled(scheduled, at, by=by, at=now),
            refused_if={
                **self._may_not_change(scheduled, by),
                **self._not_to_come(when),
                **(
                    self._house(act, it.by, when, scheduled)
                    if asked and it is not None
                    else {}
                ),
            },
            then=[ScheduledMoved(scheduled=scheduled, release_at=when, by=by, at=now)],
            budgets=self.book.must_see if asked and act == "must-see" else (),
            spent=[spend for spend in self.spent if spend.place != scheduled],
            when=when,
        ):
            by_whom = self.planned[scheduled].by
            self.planned[scheduled] = Planned(
                release_at=when,
                by=by_whom,
                promised=(self.book.must_see,) if act == "must-see" else (),
            )

    @rule(scheduled=_what_waits(), by=someone())
    def cancel_scheduled(self, scheduled: int, by: MemberId) -> None:
        """
        Do not publish what waits.
        """
        if self.ask(
            lambda at: self.it.cancel_scheduled(scheduled, by=by, at=at),
            refused_if=self._may_not_change(scheduled, by),
            then=[ScheduledCancelled(scheduled=scheduled, by=by, at=self.at)],
        ):
            del self.planned[scheduled]

    @rule(when=st.sampled_from(("on time", "on time", "now")), times=st.integers(1, 3))
    def release(self, when: When, times: int) -> None:
        """
        Release what is due, perhaps at the very moment, some of them in turn.
        """
        for _ in range(times):
            ahead = [it.release_at for it in self.planned.values()]
            if when == "on time" and ahead:
                self.clock = max(self.clock, min(ahead))
            due = [it for it in self.planned.items() if it[1].release_at <= self.at]
            for place, _ in sorted(due, key=lambda it: (it[1].release_at, it[0])):
                self.release_one(place)

    @rule(scheduled=_what_waits())
    def release_one(self, scheduled: int) -> None:
        """
        Release one of them, if it is due.
        """
        at = self.at
        it = self.planned.get(scheduled)
        events, verdict = self.answer(
            lambda at: self.it.release_scheduled(self.cited(scheduled), at=at), at
        )
        if it is None or it.release_at > at:
            if events or not verdict.allowed:
                self.fail("what is not due is not released", verdict)
            return
        rules = tuple(name for name, no in self._may_not_publish(it).items() if no)
        if rules:
            dropped = ScheduledDropped(
                scheduled=scheduled, rules=tuple(sorted(rules)), at=at
            )
            self._expect(events, [dropped])
            del self.planned[scheduled]
            return
        if it.promised and not self._finds_room(it, scheduled, at):
            self._check_held(it, scheduled, at)
            return
        self._released(it, scheduled, at, events)

    def at_the_end(self) -> None:
        """
        Keep promises, also beside one sent by override, and under another rule book.
        """
        self._get_ready()
        owner = self._an_owner()
        self.grant_override(owner, owner)
        for meanwhile in ("nothing", "flood", "another rule book"):
            self.promise_and_keep(timedelta(hours=1), _DAY, meanwhile)
            self.wait(timedelta(days=31))  # so that there is room again
        super().at_the_end()

    def _released(
        self, it: Planned, scheduled: int, at: datetime, events: object
    ) -> None:
        groups, sync = self.wanted[scheduled]
        left = None if it.promised else self.routed(None)
        if groups is not None:
            left = tuple(g for g in groups if g in self.groups)
        post = self.place + 1
        due: list[object] = [
            ScheduledReleased(scheduled=scheduled, post=post, at=at),
            PostPublished(
                text="Then" if it.promised else "Soon",
                synced=self.synced if sync is None else sync,
                groups=left,
                by=it.by,
                at=at,
            ),
        ]
        if it.promised:
            due.append(MustSeeSent(post=post, by=it.by, at=at))
        del self.planned[scheduled]
        self._expect(events, due)
        self.posts[post] = it.by
        if it.promised:
            self.is_late |= at > it.release_at
            self._sent(post, None)
            self.promised[len(self.history)] = it

    def _check_held(self, it: Planned, scheduled: int, at: datetime) -> None:
        def asked(at: datetime) -> Verdict:
            _, verdict = self.answer(
                lambda at: self.it.release_scheduled(self.cited(scheduled), at=at), at
            )
            return verdict

        verdict = asked(at)
        if verdict.allowed:
            self.fail(f"the one scheduled at {scheduled} has to wait on", verdict)
        if it.release_at == at and not self.is_late and len(self.books) == 1:
            self.fail("what was promised a place is not released at its time", verdict)
        if not any(
            self._says_when(budgets, it, scheduled, verdict) for budgets in it.promised
        ):
            self.fail("by no book that promised it a place is it held so", verdict)
        # By then something else that is reserved may be in the way of another rule.
        again = verdict.retry_at
        if again is not None:
            finds_room = self._finds_room(it, scheduled, again)
            if asked(again).allowed != finds_room:
                still = "not held any more" if finds_room else "held still"
                self.fail(f"it has to be {still} at {again}", verdict)

    def _says_when(
        self,
        budgets: tuple[Budget, ...],
        it: Planned,
        scheduled: int,
        verdict: Verdict,
    ) -> bool:
        sent, others = self._counted(it, scheduled)

        def is_full(budget: Budget, at: datetime) -> bool:
            return not has_room([budget], sent, others, self.zone, at)

        full = {budget.rule: budget for budget in budgets if is_full(budget, self.at)}
        if {*full} != {*verdict.rules}:
            return False
        for reason in verdict.reasons:
            budget, again = full[reason.rule], reason.retry_at
            if (again is None) != (budget.limit == 0):
                return False
            if again is not None and (
                is_full(budget, again) or not is_full(budget, again - MICROSECOND)
            ):
                return False
        return True

    def _finds_room(self, it: Planned, scheduled: int, at: datetime) -> bool:
        sent, others = self._counted(it, scheduled)
        return any(
            has_room(budgets, sent, others, self.zone, at) for budgets in it.promised
        )

    def _counted(self, it: Planned, scheduled: int) -> tuple[list[Spent], list[Spent]]:
        sent = [spend for spend in self.sent if spend.place not in it.excused]
        others = [
            Spent(other.release_at, place)
            for place, other in self.planned.items()
            if other.promised and place != scheduled
        ]
        return sent, others

    def _expect(self, events: object, due: list[object]) -> None:
        if events != tuple(due):
            self.fail(f"due are {due}, and answered was {events}")
        self.take_in(due)

    def _may_not_publish(self, it: Planned) -> dict[str, bool]:
        if it.promised:
            return {**self._closed(), "not-a-manager": not self._runs(it.by)}
        return {**self._closed(), "not-a-member": it.by not in self.people}

    def _may_not_change(self, scheduled: int, by: MemberId) -> dict[str, bool]:
        it = self.planned.get(scheduled)
        own = it is not None and it.by == by and by in self.people
        return {
            **self._closed(),
            "unknown-scheduled": it is None,
            "not-the-author": it is not None and not own and not self._runs(by),
        }

    def _ahead(self, ahead: Wait) -> datetime:
        if isinstance(ahead, Until):
            when = ahead.after(self.at, zone=self.zone, free_at=self.free_at)
        else:
            when = self.at + ahead
        if timedelta(0) < _FAR - (when - self.at) < _NEAR_THE_END:
            when -= _NEAR_THE_END  # so that there is a next moment with room
        return when

    def _is_to_come(self, when: datetime) -> bool:
        return timedelta(0) < when - self.at <= _FAR

    def _not_to_come(self, when: datetime) -> dict[str, bool]:
        return {
            "not-in-the-future": when <= self.at,
            "too-far-ahead": when - self.at > _FAR,
        }
