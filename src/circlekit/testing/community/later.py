"""
Schedule posts and must-sees at random, and release what is due.
"""

from datetime import datetime, timedelta
from typing import Final

from attrs import evolve
from hypothesis import strategies as st
from hypothesis.stateful import rule

from circlekit.ids import CircleId, MemberId, PostId, ScheduledId
from circlekit.testing.community.drawn import CIRCLES, HOSTS, SOMEBODY, newest
from circlekit.testing.community.hosts import TwoHosts, Wanted
from circlekit.testing.community.plain import (
    Attempt,
    PlainCircle,
    PlainPost,
    PlainWaiting,
)
from circlekit.testing.machines.counting import Spent, has_room
from circlekit.testing.machines.machine import a_wait
from circlekit.testing.machines.waiting import MICROSECOND, Until, Wait

_FAR: Final = timedelta(days=366)
_NEAR_THE_END: Final = timedelta(days=80)
_BACK: Final = st.sampled_from((0, 0, 1, None))


class Later(TwoHosts):
    """
    What is written now and published later, and keeps its place meanwhile.
    """

    @rule(
        aheads=st.lists(a_wait(), min_size=1, max_size=3),
        circle=CIRCLES,
        by=SOMEBODY,
        must_see=st.sampled_from((True, True, False)),
        host=HOSTS,
    )
    def schedule(
        self,
        aheads: list[Wait],
        circle: CircleId,
        by: MemberId | None,
        host: int,
        *,
        must_see: bool,
    ) -> None:
        """
        Write some posts or must-sees for later.
        """
        for ahead in aheads:
            it, who = self._who(circle, by, host)
            self._schedule(it, self._ahead(it, ahead, host), who, host, must_see)

    @rule(
        aheads=st.lists(a_wait(), min_size=1, max_size=3),
        circle=CIRCLES,
        late=st.sampled_from((timedelta(0), timedelta(days=1))),
        host=HOSTS,
    )
    def promise_and_keep(
        self, aheads: list[Wait], circle: CircleId, late: timedelta, host: int
    ) -> None:
        """
        Schedule some must-sees, send one at once, and release those, perhaps late.
        """
        self.schedule(aheads, circle, None, host, must_see=True)
        self._act("must-see", circle, None, 1 - host)
        for _ in aheads:
            it = self._founded(circle, host)
            ahead = [waits.release_at for waits in it.waiting.values()]
            if ahead:
                self.wait(min(ahead) + late - self.now(host), it.zone)
            self._release(host)

    @rule(circle=CIRCLES, back=_BACK, by=SOMEBODY, host=HOSTS)
    def cancel_scheduled(
        self, circle: CircleId, back: int | None, by: MemberId | None, host: int
    ) -> None:
        """
        Do not publish what waits.
        """
        it, by = self._who(circle, by, host)
        place = newest(it.waiting, back)
        waits = it.waiting.get(place)
        own = waits is not None and waits.by == by and by in it.people
        against = {
            **it.shut(),
            "unknown-scheduled": waits is None,
            "not-the-author": waits is not None and not own and not it.runs(by),
        }
        at = self.at(it, host)
        command = self.command("cancel_scheduled", ScheduledId(circle, place), by=by)
        if self.ask(host, it, command, Wanted(at, against)):
            del it.waiting[place]
            self._carried_out(it, at)

    @rule(host=HOSTS, on_time=st.sampled_from((True, True, False)))
    def release_due(self, host: int, *, on_time: bool) -> None:
        """
        Release what is due, just before it is and at the very moment, or late.
        """
        ahead = [
            waits.release_at
            for it in self.community.circles.values()
            for waits in it.waiting.values()
        ]
        if on_time and ahead:
            for early in (MICROSECOND, timedelta(0)):
                self.wait(min(ahead) - early - self.now(host), "UTC")
                self._release(host)
        self._release(host)

    def _schedule(
        self,
        it: PlainCircle,
        when: datetime,
        by: MemberId,
        host: int,
        must_see: bool,  # noqa: FBT001
    ) -> None:
        at, place = self.at(it, host), it.length + 1
        coming = timedelta(0) < when - at <= _FAR
        against = {
            **it.shut(),
            "not-a-manager": must_see and not it.runs(by),
            "not-a-member": not must_see and by not in it.people,
            "not-in-the-future": when <= at,
            "too-far-ahead": when - at > _FAR,
        }
        wanted = Wanted(when, against, due=ScheduledId(it.id, place), asked_at=at)
        if coming:
            wanted = evolve(wanted, act="must-see" if must_see else "post")
        if coming and must_see:
            wanted = evolve(wanted, budgets=it.book.must_see)
        name = "schedule_must_see" if must_see else "schedule_post"
        text = "Then" if must_see else "Soon"
        command = self.command(name, it.id, release_at=when, by=by, text=text)
        given = self.give(host, command)
        if self.judge(it, given, wanted):
            books = [it.book.must_see] if must_see else []
            order = self.community.order
            it.waiting[place] = PlainWaiting(when, by, text, order, books)
            self._carried_out(it, at)
        elif must_see:
            self.community.attempts.append(
                Attempt(
                    circle=it.id,
                    by=by,
                    at=it.refused_at,
                    rules=given.verdict.rules,
                    allowance=it.allowance,
                )
            )

    def _release(self, host: int) -> None:
        now = self.now(host)
        report = self.kit(host).release_due()
        due = sorted(
            (waits.release_at, waits.order, it.id, place)
            for it in self.community.circles.values()
            for place, waits in it.waiting.items()
            if waits.release_at <= now
        )
        released, dropped, held = {}, {}, []
        for _, _, circle, place in due:
            it, id_ = self.community.circles[circle], ScheduledId(circle, place)
            rules = it.keeps_back(it.waiting[place])
            if rules:
                dropped[id_] = rules
                self._drop(it, place, host)
            elif self._finds_room(it, place, host):
                released[id_] = self._publish(it, place, host)
            else:
                held.append(id_)
        found = (
            report.released,
            {id_: verdict.rules for id_, verdict in report.dropped.items()},
            [*report.held],
        )
        if found != (released, dropped, held):
            self.fail(
                f"released, dropped and held at {now} are by the model\n"
                f"  {(released, dropped, held)}\nand by host {host}\n  {found}"
            )

    def _drop(self, it: PlainCircle, place: int, host: int) -> None:
        at = self.at(it, host)
        del it.waiting[place]
        it.refused_at = max(at, it.refused_at)
        self._carried_out(it, at)

    def _publish(self, it: PlainCircle, place: int, host: int) -> PostId:
        at, post, waits = self.at(it, host), it.length + 2, it.waiting.pop(place)
        it.posts[post] = PlainPost(waits.by, at, waits.text, self.community.order)
        if not waits.books:
            self._carried_out(it, at, 2)
            return PostId(it.id, post)
        it.posts[post].must_see_at = at
        it.posts[post].must_see_order = self.community.order
        self._carried_out(it, at, 3)
        it.sent.append(Spent(at, it.length))
        it.promised.append(it.length)
        self.community.attempts.append(
            Attempt(
                circle=it.id,
                by=waits.by,
                at=at,
                place=it.length,
                allowance=it.allowance,
            )
        )
        return PostId(it.id, post)

    def _finds_room(self, it: PlainCircle, place: int, host: int) -> bool:
        waits = it.waiting[place]
        sent = [spend for spend in it.sent if spend.place not in waits.excused]
        others = [spend for spend in it.reserved if spend.place != place]
        return not waits.books or any(
            has_room(budgets, sent, others, it.zone, self.at(it, host))
            for budgets in waits.books
        )

    def _ahead(self, it: PlainCircle, ahead: Wait, host: int) -> datetime:
        at = self.at(it, host)
        if isinstance(ahead, Until):
            when = ahead.after(at, zone=it.zone, free_at=self.free_at)
        else:
            when = at + ahead
        if timedelta(0) < _FAR - (when - at) < _NEAR_THE_END:
            when -= _NEAR_THE_END  # so that there is a next moment with room
        return when
