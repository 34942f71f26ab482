"""
How things are timed: in turns, within one run, so that only ratios are compared.

Machines differ and are noisy. What is done in turn meets the same noise, and the
ratio of two such times travels better than either of them.
"""

import gc
import time
from collections.abc import Callable, Mapping, Sequence
from statistics import median, quantiles
from typing import Any

from attrs import asdict, frozen


@frozen
class Spread:
    """
    The median of some numbers, and the quartiles beside it.
    """

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, numbers: Sequence[float]) -> "Spread":
        """
        Return the spread of at least one number.
        """
        if len(numbers) == 1:
            return cls(numbers[0], numbers[0], numbers[0])
        low, middle, high = quantiles(numbers, n=4, method="inclusive")
        return cls(middle, low, high)


@frozen(kw_only=True)
class Line:
    """
    One figure of a workload.

    Attributes:
        what: What was done, and with how much.

        value: The median of what it took, in *unit*.

        unit: ``s`` for seconds, ``B`` for bytes, or what was counted.

        over: What it is compared with, None for what others are compared with.

        ratio: How many times as much it took, round by round.

        at_most: The goal: the ratio is to be no more.

        at_least: The goal: the ratio is to be no less.
    """

    what: str
    value: float
    unit: str = "s"
    over: str | None = None
    ratio: Spread | None = None
    at_most: float | None = None
    at_least: float | None = None

    @property
    def reached(self) -> bool | None:
        """
        Return whether the goal is reached, None where there is none.
        """
        if self.ratio is None:
            return None
        if self.at_most is not None:
            return self.ratio.median <= self.at_most
        if self.at_least is not None:
            return self.ratio.median >= self.at_least
        return None

    def as_json(self) -> dict[str, Any]:
        """
        Return it as a record that scripts can read.
        """
        return {**asdict(self), "reached": self.reached}


@frozen
class Times:
    """
    What each contender took in each round, in seconds.
    """

    taken: Mapping[str, Sequence[float]]

    def line(
        self,
        name: str,
        *,
        over: str | None = None,
        what: str | None = None,
        at_most: float | None = None,
        at_least: float | None = None,
    ) -> Line:
        """
        Return a contender's median, and its ratio over another's.
        """
        return Line(
            what=what or name,
            value=median(self.taken[name]),
            over=over,
            ratio=None if over is None else self.ratio(name, over),
            at_most=at_most,
            at_least=at_least,
        )

    def ratio(self, name: str, over: str) -> Spread:
        """
        Return how many times as long one took as another, round by round.
        """
        pairs = zip(self.taken[name], self.taken[over], strict=True)
        return Spread.of([one / other for one, other in pairs])


def in_turns(
    contenders: Mapping[str, Callable[[], object]],
    *,
    rounds: int,
    warm_up: int = 1,
    before: Callable[[str], object] | None = None,
) -> Times:
    """
    Time all contenders in each round, each round beginning with another one.

    Args:
        contenders: What to call, by name.
        rounds: How many rounds count.
        warm_up: How many rounds before those do not count.
        before: Called with a contender's name before each of its turns, off the clock.
    """
    names = list(contenders)
    taken: dict[str, list[float]] = {name: [] for name in names}
    for number in range(-warm_up, rounds):
        if number % 64 == 0:
            gc.collect()
        first = number % len(names)
        for name in names[first:] + names[:first]:
            if before is not None:
                before(name)
            began = time.perf_counter()
            contenders[name]()
            took = time.perf_counter() - began
            if number >= 0:
                taken[name].append(took)
    return Times(taken)
