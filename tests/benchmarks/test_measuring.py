"""
How the benchmarks measure, so that their figures can be believed.
"""

import doctest
import json
import subprocess
import sys
from functools import partial

import pytest

from benchmarks import telling
from benchmarks.measuring import Line, Spread, Times, in_turns
from benchmarks.names import NAMES
from benchmarks.profiling import PARTS, Profile, profiled, table
from benchmarks.workloads import WORKLOADS
from circlekit import CircleKit
from circlekit.events.circle import PostPublished


def test_turns():
    """
    In each round another contender begins, and warming up does not count.
    """
    order = []
    times = in_turns(
        {name: lambda name=name: order.append(name) for name in "abc"},
        rounds=3,
        warm_up=1,
        before=lambda name: order.append(name.upper()),
    )

    assert "CcAaBb AaBbCc BbCcAa CcAaBb".replace(" ", "") == "".join(order)
    assert {"a": 3, "b": 3, "c": 3} == {
        name: len(taken) for name, taken in times.taken.items()
    }


def test_a_ratio_is_taken_round_by_round():
    """
    A ratio is the median of the rounds' ratios, not the ratio of two medians.
    """
    times = Times({"bare": [1, 10, 100], "ours": [3, 20, 100]})

    assert Spread(median=2, low=1.5, high=2.5) == times.ratio("ours", "bare")


@pytest.mark.parametrize(
    ("goal", "reached"),
    [
        ({"at_most": 2}, True),
        ({"at_most": 1.9}, False),
        ({"at_least": 2}, True),
        ({"at_least": 2.1}, False),
        ({}, None),
    ],
    ids=str,
)
def test_goals(goal, reached):
    """
    A goal is the most or the least that a ratio may be; without one none is missed.
    """
    ratio = Spread.of([1, 2, 3])
    line = Line(what="a post", value=1, over="a row", ratio=ratio, **goal)

    assert reached is line.reached
    assert json.loads(json.dumps(line.as_json()))["reached"] is reached


def test_in_words():
    """
    Figures are told in units that people read.
    """
    assert (0, 2) == tuple(doctest.testmod(telling))


def test_every_workload_has_its_place():
    """
    Each workload has a name of its own, and a place for its figures in the docs.
    """
    names = [workload.NAME for workload in WORKLOADS]
    page = telling.PAGE.read_text()

    assert list(NAMES) == names
    assert len(names) == len(set(names))
    places = [*names, *(f"{it.NAME} profile" for it in WORKLOADS if _profiles(it))]
    assert [] == [it for it in places if f"<!-- {it}: begin -->" not in page]


def _profiles(workload):
    return getattr(workload, "profiles", None)


def test_a_profile_as_a_table():
    """
    What was profiled stands side by side, in percent.
    """
    profiles = [
        Profile("a post", 0.000_2, {"the disk": 0.6, "the rules": 0.35}),
        Profile("a page", 0.001, {"the rules": 0.97}),
    ]

    assert [
        "| Where the time goes | a post: 200 us | a page: 1 ms |",
        "|---|---:|---:|",
        "| the disk | 60 % |  |",
        "| the rules | 35 % | 97 % |",
    ] == table(profiles).splitlines()


def test_a_profile(tmp_path):
    """
    A profile names the parts of circlekit that an act ran through, each once.
    """
    with CircleKit(f"sqlite:///{tmp_path}/kit.db") as kit:
        kit.found_circle(name="Club", kind="community", by="mei", circle="club")
        post = partial(kit.publish_post, "club", by="mei", text="Welcome")
        found = profiled("a post", post, times=200)
        posts = sum(type(it.event) is PostPublished for it in kit.history("club"))

    shares = list(found.shares.values())
    assert 401 == posts
    assert sorted(shares, reverse=True) == shares
    assert 0 < sum(shares) < 1.001
    assert found.shares.keys() <= PARTS


def test_a_look(tmp_path):
    """
    A quick run answers with a record that scripts can read, and leaves no file.
    """
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "benchmarks",
            "W9",
            "--quick",
            "--json",
            "--folder",
            str(tmp_path),
        ],
        check=True,
        capture_output=True,
        text=True,
        cwd=telling.PAGE.parents[1],
    )
    found = json.loads(done.stdout)

    assert found["quick"]
    assert {"W9"} == found["workloads"].keys()
    assert [] == list(tmp_path.iterdir())


BARE = """
import runpy, sys
for name in ("psycopg", "eventsourcing", "hypothesis"):
    sys.modules[name] = None
del sys.argv[0]
runpy.run_module(sys.argv[0], run_name="__main__")
"""


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("benchmarks --help", 0, "usage: python -m benchmarks"),
        ("benchmarks W0", 2, "'W0' is none of W1, W2"),
        ("benchmarks W9 --quick", 2, "need psycopg: `make bench` installs it"),
        ("benchmarks.mutants --help", 0, "usage: python -m benchmarks.mutants"),
        ("benchmarks.mutants", 2, "need hypothesis: `make mutants` installs it"),
    ],
)
def test_without_what_is_measured_with(words, code, said):
    """
    Help is there for everybody; whoever lacks something is told what to install.
    """
    done = subprocess.run(
        [sys.executable, "-c", BARE, *words.split()],
        check=False,
        capture_output=True,
        text=True,
        cwd=telling.PAGE.parents[1],
    )

    assert (code, True) == (done.returncode, said in done.stdout + done.stderr)
    assert "Traceback" not in done.stderr


def test_no_such_mutant():
    """
    Whoever asks for a mutant by a name that none has is told so.
    """
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.mutants", "--only", "one-pin"],
        check=False,
        capture_output=True,
        text=True,
        cwd=telling.PAGE.parents[1],
    )

    assert (1, "no mutant is called one-pin\n") == (done.returncode, done.stderr)
