"""
What hosts may rely on.
"""

import subprocess
import sys
from importlib.metadata import metadata
from pathlib import Path

import pytest

import circlekit
import circlekit.testing

HEAVY = (
    "anyio",
    "eventsourcing",
    "hypothesis",
    "psycopg",
    "rich",
    "sqlalchemy",
    "typer",
)


@pytest.mark.parametrize("module", [circlekit, circlekit.testing])
def test_every_public_name_is_there(module):
    """
    Each name that is promised is there, and is promised once.
    """
    assert sorted(set(module.__all__)) == sorted(module.__all__)
    assert all(getattr(module, name) is not None for name in module.__all__)


def test_a_name_that_is_not_there():
    """
    A name that was never promised is not there, and is asked for by that name.
    """
    with pytest.raises(AttributeError, match="'circlekit' has no attribute 'Cirlce'"):
        _ = circlekit.Cirlce


def loaded_by(statement):
    """
    Which heavy libraries a fresh Python has loaded after one statement.
    """
    code = f"import sys; {statement}; print(*(set({HEAVY!r}) & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, text=True
    )
    return set(done.stdout.split())


def test_the_extra_for_a_loop():
    """
    Whoever wants the async kit without its extra is told what to install.
    """
    code = "import sys; sys.modules['anyio'] = None; from circlekit import "
    done = subprocess.run(
        [sys.executable, "-c", f"{code} AsyncCircleKit"],
        capture_output=True,
        check=False,
        text=True,
    )

    expected = (
        "ModuleNotFoundError: AsyncCircleKit needs anyio; "
        "install circlekit with the extra `async`"
    )
    assert (1, expected) == (done.returncode, done.stderr.splitlines()[-1])


def test_the_rules_are_light():
    """
    Whoever only needs the rules does not wait for a database, nor for a terminal.
    """
    assert set() == loaded_by("import circlekit; circlekit.RuleBook(name='house')")


def test_deciding_is_light():
    """
    Nor does whoever decides with an aggregate alone.
    """
    assert set() == loaded_by("import circlekit.aggregates.circle")


def test_only_the_test_kit_needs_hypothesis():
    """
    Hypothesis is loaded for tests, and never in a service.
    """
    assert "hypothesis" not in loaded_by("from circlekit import CircleKit")
    assert {"hypothesis"} == loaded_by("import circlekit.testing") & {"hypothesis"}


@pytest.mark.covers("A070")
def test_it_is_free():
    """
    Anybody may use circlekit: what is installed says so, and the licence does.
    """
    licence = Path(__file__).parents[1] / "LICENSE"

    assert "MIT" == metadata("circlekit")["License-Expression"]
    assert licence.read_text(encoding="utf-8").startswith("MIT License\n")
