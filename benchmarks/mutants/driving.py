"""
Drive the machines against every mutant, and tell what became of it.
"""

import contextlib
import io
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from types import ModuleType
from typing import Any, Final
from unittest.mock import patch

from attrs import frozen
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from benchmarks.mutants import (
    answers,
    approvals,
    attention,
    circles,
    groups,
    homework,
    house,
    joining,
    lives,
    mass_sends,
    must_sees,
    pace,
    people,
    promises,
    schedule,
    todos,
    topics,
)
from benchmarks.mutants.house import NewMembersWait
from benchmarks.mutants.planting import MUTANTS, POLICY, Mutant
from circlekit import testing
from circlekit.policies.house import Asked
from circlekit.testing import assert_policy
from circlekit.testing.machines.machine import Machine
from circlekit.verdict import Verdict

PROCESSES: Final = 2
STEPS: Final = 20
PARTS: Final[tuple[ModuleType, ...]] = (
    must_sees,
    answers,
    circles,
    joining,
    schedule,
    groups,
    pace,
    topics,
    todos,
    homework,
    approvals,
    lives,
    mass_sends,
    people,
    attention,
    promises,
    house,
)
"""
The mutants by what they are about, in the order of the page.
"""


@frozen(kw_only=True)
class Outcome:
    """
    What became of a mutant, or of a machine with nothing bent.

    Attributes:
        name: The mutant's name, or the machine's.

        fell: Whether anything objected.

        after: How many runs it took (questions, for a policy), or how many there
            were in all.

        seconds: How long that took.

        said: The first line of the objection.

        broke: What went wrong that is no objection: a mutant is to bend a rule, and
            not to break the code.
    """

    name: str
    fell: bool
    after: int
    seconds: float
    said: str = ""
    broke: str = ""


def mutants_of(part: ModuleType) -> list[Mutant]:
    """
    Return the mutants of one part, in the order in which they are written down.
    """
    return [it for it in MUTANTS.values() if it.instead.__module__ == part.__name__]


def all_tried(mutants: Sequence[Mutant], runs: int) -> list[Outcome]:
    """
    Try mutants, and before them what they are to fall to, with nothing bent.
    """
    # Each in a fresh process: nothing that one leaves behind reaches another.
    with ProcessPoolExecutor(
        PROCESSES, get_context("spawn"), max_tasks_per_child=1
    ) as pool:
        unbent = dict.fromkeys(it.caught_by for it in mutants)
        names = [*unbent, *(it.name for it in mutants)]
        return list(pool.map(tried, names, [runs] * len(names)))


def tried(name: str, runs: int) -> Outcome:
    """
    Bend one rule, or none if it is a machine that is named, and drive.
    """
    mutant = MUTANTS.get(name)
    if mutant is None:
        return drive(name, name, runs)
    with mutant.planted():
        return drive(mutant.caught_by, name, runs)


def drive(caught_by: str, name: str, runs: int) -> Outcome:
    """
    Drive a machine at random, and tell whether and when it objected.
    """
    began = time.perf_counter()
    counted = {"runs": 0, "fell after": 0}
    said = broke = ""
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            if caught_by == POLICY:
                _put_questions(counted)
            else:
                _run_machine(getattr(testing, caught_by), runs, counted)
        except AssertionError as objection:
            said = str(objection).split("\n", 1)[0]
            counted["fell after"] = counted["fell after"] or counted["runs"]
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told
            broke = f"{type(error).__name__}: {error}".split("\n", 1)[0]
    return Outcome(
        name=name,
        fell=bool(said),
        after=counted["fell after"] or counted["runs"],
        seconds=round(time.perf_counter() - began, 2),
        said=said,
        broke=broke,
    )


def _put_questions(counted: dict[str, int]) -> None:
    judge = NewMembersWait.judge

    def counting(self: NewMembersWait, asked: Asked) -> Verdict:
        counted["runs"] += 1
        return judge(self, asked)

    with patch.object(NewMembersWait, "judge", counting):
        assert_policy(NewMembersWait())


def _run_machine(
    machine: type[Machine[Any]], runs: int, counted: dict[str, int]
) -> None:
    # Hypothesis runs what it found once more, to tell of it; only the first counts.
    class Counted(machine):  # type: ignore[misc, valid-type]
        def __init__(self) -> None:
            super().__init__()
            counted["runs"] += 1

        def fail(self, *args: Any, **kwargs: Any) -> None:
            counted["fell after"] = counted["fell after"] or counted["runs"]
            super().fail(*args, **kwargs)

    run_state_machine_as_test(
        Counted,
        settings=settings(
            max_examples=runs,
            stateful_step_count=STEPS,
            phases=[Phase.generate],
            database=None,
            deadline=None,
            derandomize=True,
            report_multiple_bugs=False,
            print_blob=False,
            suppress_health_check=list(HealthCheck),
        ),
    )
