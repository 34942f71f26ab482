"""
Faults, races and restarts by seed: nothing is lost, done twice, or wrongly answered.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulation.faults import KINDS
from tests.simulation.mutants import MOST_SEEDS, MUTANTS, caught
from tests.simulation.world import run

SEEDS = 160
PARTS = 8


@pytest.mark.parametrize("part", range(PARTS))
def test_every_promise_holds(part):
    """
    Whatever fails, each command comes to one thing, and it is the right one.
    """
    seeds = range(part, SEEDS, PARTS)

    wrong = {seed: said for seed in seeds if (said := run(seed)[1]) is not None}

    assert {} == wrong


@pytest.mark.parametrize("name", MUTANTS)
def test_a_fault_of_the_library_is_caught(name):
    """
    A fault that is put into the library is objected to within a hundred seeds.

    The seed that objects to it does so again, in the same words.
    """
    found = caught(MUTANTS[name])

    assert found.seeds is not None
    assert found.seeds <= MOST_SEEDS
    # Not because what was put in does not fit where it was put.
    assert "TypeError" not in found.said
    with MUTANTS[name].planted():
        _, again = run(found.seeds - 1)
    assert found.said == again


def test_everything_goes_wrong():
    """
    Every kind of fault is met within a few seeds.
    """
    met = set()

    for seed in range(20):
        met |= set(run(seed)[0].met)

    assert {kind for kinds in KINDS.values() for kind in kinds} == met


def test_a_seed_comes_again():
    """
    The same seed is the same run, step by step; another one is not.
    """
    first, again, other = (run(seed)[0].trace for seed in (7, 7, 8))

    assert first == again
    assert first != other


def test_a_seed_comes_again_elsewhere():
    """
    In another process, where sets have another order, a seed is the same run too.
    """
    root = Path(__file__).parents[2]
    told = [
        subprocess.run(
            [sys.executable, "-m", "tests.simulation", "--seed", "7"],
            cwd=root,
            env={**os.environ, "PYTHONHASHSEED": order},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for order in ("1", "2")
    ]

    assert told[0] == told[1]
    assert "\n".join(run(7)[0].trace) in told[0]
