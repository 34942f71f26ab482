"""
A year of a company: a circle of all its staff, must-sees, reminders and to-dos.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from functools import partial
from itertools import count
from typing import ClassVar, Final

from attrs import Factory, define, field

from circlekit.cli.demos.telling import Check, Life, oclock
from circlekit.ids import CircleId, PostId, TodoId

COMPANY: Final = "acme"
ALL: Final = CircleId("all-staff")
OWNER: Final = "mei"
_TEAM: Final = 40
_PAY_DAY: Final = 5


@define
class _Todo:
    """
    A to-do, as the script knows it.
    """

    due: datetime
    done: dict[str, datetime | None]
    cancelled: bool = False


@define
class Company:
    """
    One organisation, whose directory says who is in the circle of all staff.

    Attributes:
        people: How many work there in the beginning.

        months: How long a year is.
    """

    name: ClassVar[str] = "company"
    title: ClassVar[str] = "Living through a company's year"

    people: int = 10_000
    months: int = 12
    staff: set[str] = Factory(set)
    must_sees: dict[PostId, set[str]] = Factory(dict)
    reminded: Counter[PostId] = Factory(Counter)
    todos: dict[TodoId, _Todo] = Factory(dict)
    left: int = 0
    came: int = 0
    _numbers: "count[int]" = field(factory=count)

    def begins(self) -> date:
        """
        Return New Year's Day.
        """
        return date(2020, 1, 1)

    def ends(self) -> date:
        """
        Return the day after the last month.
        """
        return date(2020 + self.months // 12, self.months % 12 + 1, 1)

    def numbers(self) -> Mapping[str, int]:
        """
        Return how much of everything there was.
        """
        return {
            "staff": len(self.staff),
            "came": self.came,
            "left": self.left,
            "must-sees": len(self.must_sees),
            "acknowledgements": sum(map(len, self.must_sees.values())),
            "reminders": self.reminded.total(),
            "to-dos": len(self.todos),
        }

    # Who is there.

    def settle(self, life: Life) -> None:
        """
        Register the company, and report everybody in its directory.
        """
        life.kit.register_organisation(COMPANY, name="Acme", by=OWNER, circle=ALL)
        self.staff = {_person(next(self._numbers)) for _ in range(self.people)}
        life.kit.staff_joined(COMPANY, sorted(self.staff), by="directory")

    # What happens on a day.

    def day(self, life: Life, today: date) -> None:
        """
        Put what happens on a day on the agenda.
        """
        if today.day == 1:
            life.at(oclock(today, 7), partial(self._change, life))
        # The second comes within a day of the first: it is refused.
        if today.day == _PAY_DAY and today.month % 2:
            life.at(oclock(today, 9), partial(self._announce, life))
            life.at(oclock(today, 17), partial(self._announce, life))
        if today.weekday() == 0:
            life.at(oclock(today, 10), partial(self._give, life))

    def _change(self, life: Life) -> None:
        few = max(1, self.people // 200)
        gone = life.chance.sample(sorted(self.staff - {OWNER}), few)
        life.kit.staff_left(COMPANY, gone, by="directory")
        self.staff -= set(gone)
        self.left += few
        new = [_person(next(self._numbers)) for _ in range(few)]
        life.kit.staff_joined(COMPANY, new, by="directory")
        self.staff |= set(new)
        self.came += few

    def _announce(self, life: Life) -> None:
        post = life.announce(ALL, by=OWNER, text="Please read: safety at work")
        if post is None:
            return
        now = life.clock.now
        self.must_sees[post] = set()
        for member in sorted(self.staff):
            chance = life.chance.random()
            if chance < 7 / 10:
                after = timedelta(seconds=life.chance.randrange(60, 20 * 3_600))
                life.at(now + after, partial(self._confirm, life, post, member))
            elif chance < 9 / 10:  # not before they are reminded
                after = timedelta(days=2, seconds=life.chance.randrange(3_600))
                life.at(now + after, partial(self._confirm, life, post, member))
        life.at(now + timedelta(days=1, hours=12), partial(self._remind, life, post))

    def _confirm(self, life: Life, post: PostId, member: str) -> None:
        if member in self.staff:
            life.kit.acknowledge(post, by=member)
            self.must_sees[post].add(member)

    def _remind(self, life: Life, post: PostId) -> None:
        report = life.kit.remind(post, by=OWNER)
        waiting = self.staff - self.must_sees[post]
        if set(report.reminded) != waiting or report.skipped:
            life.surprises.append(f"{life.clock.now}: others were reminded of {post}")
        self.reminded[post] += len(waiting)

    def _give(self, life: Life) -> None:
        now = life.clock.now
        team = life.chance.sample(sorted(self.staff), min(_TEAM, len(self.staff)))
        due = now + timedelta(days=4)
        todo = life.kit.assign_todo(
            ALL,
            by=OWNER,
            title="Count what is on the shelves",
            to=team,
            due_at=due,
            todo=f"todo-{next(self._numbers)}",
        )
        self.todos[todo] = _Todo(due, dict.fromkeys(team))
        for member in team:
            if life.chance.random() < 17 / 20:
                after = timedelta(seconds=life.chance.randrange(3_600, 5 * 86_400))
                life.at(now + after, partial(self._do, life, todo, member))
        if life.chance.random() < 1 / 20:
            life.at(now + timedelta(days=6), partial(self._call_off, life, todo))

    def _do(self, life: Life, todo: TodoId, member: str) -> None:
        it = self.todos[todo]
        if member in self.staff and not it.cancelled:
            life.kit.complete_todo(todo, by=member)
            it.done[member] = life.clock.now

    def _call_off(self, life: Life, todo: TodoId) -> None:
        if not all(self.todos[todo].done.values()):
            life.kit.cancel_todo(todo, by=OWNER)
            self.todos[todo].cancelled = True

    # What it came to.

    def look_back(self, life: Life) -> Iterable[Check]:
        """
        Hold what circlekit says against what the script counted.
        """
        kit = life.kit
        yield Check("who works there", self.staff, set(kit.staff(COMPANY)))
        yield Check(
            "acknowledgements of each must-see",
            {str(post): seen for post, seen in self.must_sees.items()},
            {
                str(post): {it.member for it in kit.acknowledgements(post)}
                for post in self.must_sees
            },
        )
        some = sorted(self.staff)[:: max(1, len(self.staff) // 200)]
        yield Check(
            "must-sees in the inboxes of some people",
            {
                member: sum(member not in seen for seen in self.must_sees.values())
                for member in some
            },
            {
                member: len(kit.inbox(member, kinds=["must-see"], limit=200).items)
                for member in some
            },
        )
        yield Check(
            "to-dos in the inboxes of some people",
            {member: self._to_do(member) for member in some},
            {
                member: len(kit.inbox(member, kinds=["to-do"], limit=200).items)
                for member in some
            },
        )
        yield Check(
            "to-dos: done in time, done late, not done",
            {todo: self._how_it_went(it) for todo, it in self.todos.items()},
            {todo: _how_it_is(life, todo) for todo in self.todos},
        )
        yield Check(
            "posts in the feeds of some people",
            dict.fromkeys(some, len(self.must_sees)),
            {member: len(kit.feed(member, limit=200).items) for member in some},
        )

    def _to_do(self, member: str) -> int:
        return sum(
            not it.cancelled and member in it.done and it.done[member] is None
            for it in self.todos.values()
        )

    @staticmethod
    def _how_it_went(it: _Todo) -> tuple[int, int, int]:
        done = [at for at in it.done.values() if at is not None]
        in_time = sum(at < it.due for at in done)
        return in_time, len(done) - in_time, len(it.done) - len(done)


def _how_it_is(life: Life, todo: TodoId) -> tuple[int, int, int]:
    entry = life.kit.todo(todo)
    done = [part.done_at for part in entry.parts if part.done_at is not None]
    in_time = sum(entry.due_at is not None and at < entry.due_at for at in done)
    return in_time, len(done) - in_time, len(entry.parts) - len(done)


def _person(number: int) -> str:
    return OWNER if number == 0 else f"staff-{number:05}"
