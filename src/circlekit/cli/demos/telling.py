"""
What every scripted year has: a clock to move, an agenda, chance, and a tally.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from heapq import heappop, heappush
from itertools import count
from random import Random
from time import perf_counter
from typing import Any, ClassVar, Final, Protocol
from zoneinfo import ZoneInfo

from attrs import Factory, define, field, frozen

from circlekit.application import CircleKit
from circlekit.cli.progress import progress
from circlekit.clock import ManualClock
from circlekit.errors import StoreError
from circlekit.ids import PostId
from circlekit.verdict import RefusedError

ZONE: Final = ZoneInfo("Asia/Shanghai")
_SEED: Final = 2020


@frozen
class Check:
    """
    One thing that was counted twice.

    Attributes:
        what: What, in words.

        counted: What the script counted.

        answered: What circlekit answers.
    """

    what: str
    counted: Any
    answered: Any

    @property
    def holds(self) -> bool:
        """
        Return whether both are the same.
        """
        return bool(self.counted == self.answered)


@frozen(kw_only=True)
class Played:
    """
    A scripted year that was lived.

    Attributes:
        name: Which one, as in ``school``.

        numbers: How much of everything there was.

        events: How many events the store holds.

        seconds: How long living and reading took.

        checks: Everything that was counted twice.
    """

    name: str
    numbers: Mapping[str, int]
    events: int
    seconds: float
    checks: tuple[Check, ...]

    @property
    def wrong(self) -> tuple[Check, ...]:
        """
        Return what does not agree.
        """
        return tuple(check for check in self.checks if not check.holds)


class Story(Protocol):
    """
    A year that can be lived, and looked back at.
    """

    name: ClassVar[str]
    title: ClassVar[str]

    def begins(self) -> date:
        """
        Return its first day.
        """
        ...

    def ends(self) -> date:
        """
        Return the day after its last.
        """
        ...

    def settle(self, life: "Life") -> None:
        """
        Bring everybody together.
        """
        ...

    def day(self, life: "Life", today: date) -> None:
        """
        Put what happens on a day on the agenda.
        """
        ...

    def look_back(self, life: "Life") -> Iterable[Check]:
        """
        Hold what circlekit says against what the script counted.
        """
        ...

    def numbers(self) -> Mapping[str, int]:
        """
        Return how much of everything there was.
        """
        ...


@define
class Life:
    """
    A kit, its clock, an agenda of moments, and what came of the must-sees.
    """

    kit: CircleKit
    clock: ManualClock
    # Chance for a story, not for a secret.
    chance: Random = field(factory=lambda: Random(_SEED))  # noqa: S311
    must_sees: dict[str, "Tally"] = Factory(dict)
    surprises: list[str] = Factory(list)
    _agenda: list[tuple[datetime, int, Callable[[], object]]] = Factory(list)
    _turns: "count[int]" = field(factory=count)

    def at(self, moment: datetime, act: Callable[[], object]) -> None:
        """
        Have something happen at a moment.
        """
        heappush(self._agenda, (moment, next(self._turns), act))

    def some_time(
        self, today: date, act: Callable[[], object], *, first: int = 8, last: int = 22
    ) -> None:
        """
        Have something happen on a day, between two hours.
        """
        seconds = self.chance.randrange(first * 3_600, last * 3_600)
        self.at(oclock(today) + timedelta(seconds=seconds), act)

    def happen(self, until: datetime) -> None:
        """
        Live through what is on the agenda up to a moment.
        """
        while self._agenda and self._agenda[0][0] < until:
            self.clock.now, _, act = heappop(self._agenda)
            try:
                act()
            except RefusedError as refusal:
                # A script knows beforehand what is refused; this it did not.
                self.surprises.append(f"{self.clock.now:%Y-%m-%d %H:%M}: {refusal}")

    def announce(self, circle: str, *, by: str, text: str) -> PostId | None:
        """
        Send a must-see, and know by a count of one's own whether it may be sent.
        """
        tally = self.must_sees.setdefault(circle, Tally())
        foreseen = tally.room(self.clock.now)
        try:
            post = self.kit.send_must_see(circle, by=by, text=text)
        except RefusedError:
            post = None
        if foreseen != (post is not None):
            self.surprises.append(f"{self.clock.now}: a must-see in {circle}")
        tally.note(self.clock.now, sent=post is not None)
        return post


@define
class Tally:
    """
    The must-sees of one circle, by four a month of its zone and one in 24 hours.
    """

    sent: list[datetime] = Factory(list)
    refused: list[datetime] = Factory(list)

    def room(self, now: datetime) -> bool:
        """
        Return whether another may be sent.
        """
        in_month = [at for at in self.sent if month_of(at) == month_of(now)]
        if len(in_month) >= 4:  # noqa: PLR2004 - the rule, said once more
            return False
        return not self.sent or now - self.sent[-1] >= timedelta(hours=24)

    def note(self, now: datetime, *, sent: bool) -> None:
        """
        Note an attempt.
        """
        (self.sent if sent else self.refused).append(now)

    def months(self) -> dict[str, tuple[int, int]]:
        """
        Return what was sent and refused in each month.
        """
        return {
            month: (
                sum(month_of(at) == month for at in self.sent),
                sum(month_of(at) == month for at in self.refused),
            )
            for month in sorted(map(month_of, self.sent + self.refused))
        }


def play(story: Story, url: str) -> Played:
    """
    Live a story in an empty store, and look back at it.

    Raises:
        StoreError: If the store holds anything.
    """
    began = perf_counter()
    first, after = story.begins(), story.ends()
    clock = ManualClock(oclock(first))
    with CircleKit(url, clock=clock) as kit:
        if kit.newest_position():
            message = "this store is not empty; the demo wants a store of its own"
            raise StoreError(message)
        life = Life(kit, clock)
        days = (after - first).days
        with progress(story.title, days) as advance_to, kit.batch():
            story.settle(life)
            for number in range(days):
                today = first + timedelta(days=number)
                story.day(life, today)
                life.happen(oclock(today, 24))
                advance_to(number + 1)
            clock.now = oclock(after)
        with progress("Looking back", None):
            checks = [
                *_must_sees(life),
                *story.look_back(life),
                Check("what nobody foresaw", [], life.surprises),
            ]
        return Played(
            name=story.name,
            numbers=story.numbers(),
            events=kit.newest_position(),
            seconds=perf_counter() - began,
            checks=tuple(checks),
        )


def oclock(day: date, hour: int = 0) -> datetime:
    """
    Return the moment of an hour of a day where the stories are set, UTC.
    """
    midnight = datetime.combine(day, time(), ZONE).astimezone(UTC)
    return midnight + timedelta(hours=hour)


def day_of(moment: datetime) -> date:
    """
    Return the day it is where the stories are set.
    """
    return moment.astimezone(ZONE).date()


def month_of(moment: datetime) -> str:
    """
    Return the month it is where the stories are set, as in ``2020-03``.
    """
    return f"{moment.astimezone(ZONE):%Y-%m}"


def _must_sees(life: Life) -> Iterable[Check]:
    audit = life.kit.audit_must_sees()
    yield Check(
        "must-sees sent and refused, by circle and month",
        {
            f"{circle} {month}": numbers
            for circle, tally in sorted(life.must_sees.items())
            for month, numbers in tally.months().items()
        },
        {f"{row.circle} {row.month}": (row.sent, row.refused) for row in audit.circles},
    )
    yield Check("must-sees beyond the rule", 0, len(audit.violations))
