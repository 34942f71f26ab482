"""
The command line is told where a host's own policies are.
"""

import sys
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from circlekit import InvalidInputError, ManualClock
from circlekit.cli.house import read_policies
from examples.bookshop.shop import POLICIES, open_shop
from tests.cli.little_history import document, run

NIGHT = datetime(2026, 3, 1, 23, tzinfo=ZoneInfo("Europe/Lisbon"))
SHOP = "examples.bookshop.shop"


@pytest.fixture
def store(tmp_path):
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    clock = ManualClock(NIGHT)
    with open_shop(url, clock=clock) as shop:
        crime = shop.open_circle("Crime", host="ana", zone="Europe/Lisbon")
        clock.forward(hours=12)
        shop.announce(crime, "We meet", by="ana")
    return url


def test_judged(store):
    """
    An audit that is given the host's policies judges by them.
    """
    ask = ("audit", "must-see", "--store", store)
    names = sorted(policy.name for policy in POLICIES)

    assert names == document(*ask)["not_judged"]
    assert [] == document(*ask, "--policy", f"{SHOP}:POLICIES")["not_judged"]
    assert f"not judged, for want of a --policy: {', '.join(names)}" in run(*ask).stdout


def test_one_by_one():
    """
    Policies are named one by one, or several at once.
    """
    names = [f"{SHOP}:{policy.__name__}" for policy in POLICIES]

    assert POLICIES == read_policies(names) == read_policies([f"{SHOP}:POLICIES"])
    assert () == read_policies(None)


def test_left_out(store):
    """
    What if a rule had not been there is asked by its name, and said again.
    """
    ask = ("audit", "must-see", "--store", store, "--what-if", "without=a,without=b")

    assert ["a", "b"] == document(*ask)["what_if"]["without"]
    assert "what if without=a, without=b?" in run(*ask).stdout


def test_golden(store, tmp_path):
    """
    A golden history is saved and checked with the host's policies.
    """
    file, policies = str(tmp_path / "shop.json"), ("--policy", f"{SHOP}:POLICIES")
    document("history", "save", "--store", store, "--out", file, *policies)

    assert document("history", "check", file, *policies)["equal"]
    assert 4 == run("history", "check", file).exit_code


def test_in_the_current_folder(tmp_path, monkeypatch):
    """
    Modules are found in the folder that the command is called in.
    """
    (tmp_path / "house_rules_here.py").write_text(
        "class Rule:\n    name = 'rule'\n    acts = frozenset({'post'})\n"
        "    def judge(self, asked): ...\n",
        "utf-8",
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))

    (rule,) = read_policies(["house_rules_here:Rule"])
    assert "rule" == rule.name


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("Rule", "'Rule' names no module"),
        (":Rule", "':Rule' names no module"),
        ("no_such_module:Rule", "'no_such_module:Rule' cannot be found: No module"),
        (f"{SHOP}:Rule", f"'{SHOP}:Rule' cannot be found: module"),
        ("math:pi", "'math:pi' is no policy"),
        ("builtins:int", "'builtins:int' is no policy"),
    ],
)
def test_not_found(name, problem):
    """
    What is no policy is named, with what would have been accepted.
    """
    with pytest.raises(InvalidInputError, match="accepted: MODULE:NAME") as error:
        read_policies([name])

    assert str(error.value).startswith(f"policy: {problem}")
