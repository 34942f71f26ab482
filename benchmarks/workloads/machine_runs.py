"""
How many runs of a state machine can be had in a minute?

Two processes drive ``CircleMachine`` at random, as a nightly run does: runs of up to
20 steps, in which all of a cast try what one of them is drawn to try. A machine with
as many rules, which take nothing and do nothing, is driven beside it: what that one
takes is what Hypothesis needs to choose, whatever is tested.
"""

import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from typing import Final

from hypothesis import Phase, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    rule,
    run_state_machine_as_test,
)

from benchmarks.bench import Bench
from benchmarks.measuring import Line, Spread
from circlekit.testing import CircleMachine

NAME: Final = "M1"
QUESTION: Final = "How many runs of a state machine can be had in a minute?"

PROCESSES: Final = 2
STEPS: Final = 20


def measure(bench: Bench) -> list[Line]:
    """
    Return the time of a run of each, by all processes together.
    """
    runs = bench.some(1_000, 100)
    unit = "runs/min"
    circle, bare = _runs_a_minute("circle", runs), _runs_a_minute("bare", runs)
    nothing = f"a machine that does nothing, {PROCESSES} processes"
    return [
        Line(what=nothing, value=bare, unit=unit),
        Line(
            what=f"CircleMachine, {PROCESSES} processes, {STEPS} steps a run",
            value=circle,
            unit=unit,
            over=nothing,
            ratio=Spread.of([circle / bare]),
        ),
    ]


def _runs_a_minute(which: str, runs: int) -> int:
    with ProcessPoolExecutor(PROCESSES, get_context("spawn")) as pool:
        # Once to start the processes and to fill what they keep; it is not counted.
        list(pool.map(partial(_drive, which), [10] * PROCESSES))
        times = list(pool.map(partial(_drive, which), [runs] * PROCESSES))
    began, ended = min(start for start, _ in times), max(end for _, end in times)
    return round(60 * runs * PROCESSES / (ended - began))


def _drive(which: str, runs: int) -> tuple[float, float]:
    machine = CircleMachine if which == "circle" else _bare()
    began = time.time()
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=runs,
            stateful_step_count=STEPS,
            phases=[Phase.generate],
            database=None,
            deadline=None,
            derandomize=True,
        ),
    )
    return began, time.time()


def _bare() -> type[RuleBasedStateMachine]:
    # Each with a name of its own: Hypothesis switches rules off by their names.
    rules = {}
    for it in CircleMachine.setup_state().rules:

        def nothing(_machine: RuleBasedStateMachine) -> None:
            pass

        nothing.__name__ = it.function.__name__
        rules[nothing.__name__] = rule()(nothing)
    return type("Bare", (RuleBasedStateMachine,), rules)
