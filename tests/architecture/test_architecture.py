"""
What keeps the house in order, beside the import contracts.
"""

import ast
import re
from pathlib import Path

import pytest

import circlekit
from circlekit import CircleKit
from circlekit.budget import Budget
from circlekit.rulebook import RULE_BOOKS
from circlekit.store.schema import HISTORY, READ_MODELS
from tests.application.test_mass_sends import SKIPPED
from tests.application.test_refused import CASES

SRC = Path(circlekit.__file__).parent
RULES = Path(__file__).parents[2] / "docs" / "rules.md"
# Where time and chance come in: the two functions that hosts may replace.
OUTSIDE = {
    ("application/deciding.py", "system_clock"): {"datetime.now"},
    ("application/deciding.py", "new_id"): {"uuid_utils.uuid7"},
}
BELOW = (
    "aggregates",
    "policies",
    "projections",
    "events",
    "audit.py",
    "budget.py",
    "rulebook.py",
    "verdict.py",
    "ids.py",
    "clock.py",
    "text.py",
    "errors.py",
)
MODULES = {"time", "random", "uuid", "uuid_utils", "secrets"}
CALLS = re.compile(
    r"(datetime|date)\.(now|utcnow|today)|os\.(urandom|getrandom|environ|getenv)"
    r"|(time|random|uuid|uuid_utils|secrets)\.\w+"
)


def _files(*parts):
    for part in parts:
        path = SRC / part
        yield from [path] if path.suffix else sorted(path.rglob("*.py"))


def _tree(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def _name(path):
    return path.relative_to(SRC).as_posix()


def _dotted(node):
    return ast.unparse(node) if isinstance(node, ast.Attribute) else ""


def _chance(tree):
    for node in ast.walk(tree):
        if found := CALLS.fullmatch(_dotted(node)):
            yield found.group()
        if isinstance(node, ast.Import):
            yield from (it.name for it in node.names if it.name in MODULES)
        if isinstance(node, ast.ImportFrom) and node.module in MODULES:
            yield node.module


@pytest.mark.parametrize("path", list(_files(*BELOW)), ids=_name)
def test_no_clock_and_no_chance(path):
    """
    Below the application nothing reads a clock, rolls dice or looks around.

    Time and ids are arguments.
    """
    assert [] == list(_chance(_tree(path)))


@pytest.mark.parametrize("path", list(_files("application", "store")), ids=_name)
def test_where_time_and_chance_come_in(path):
    """
    One function of the application reads the clock, and one makes ids.

    The store has none.
    """
    found = {}
    for node in _tree(path).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and (
            chance := set(_chance(node))
        ):
            found[_name(path), node.name] = chance

    assert {key: value for key, value in OUTSIDE.items() if key[0] == _name(path)} == (
        found
    )


def _public(tree, within=""):
    for node in tree.body:
        if isinstance(
            node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
        ) and not node.name.startswith("_"):
            yield f"{within}{node.name}", node
            if isinstance(node, ast.ClassDef):
                yield from _public(node, f"{within}{node.name}.")


@pytest.mark.parametrize("path", sorted(SRC.rglob("*.py")), ids=_name)
def test_docstrings(path):
    """
    Every module and everything public says in a sentence what it is.
    """
    tree = _tree(path)

    assert ast.get_docstring(tree)
    assert [] == [name for name, node in _public(tree) if not ast.get_docstring(node)]


@pytest.mark.parametrize("command", CASES)
def test_rules_in_docstrings(command):
    """
    A command's docstring names every rule that can refuse it.

    Or it says whose rules it shares.
    """
    told = _documented(command)
    rules = {rule for rules, *_ in CASES[command] for rule in rules.split()}

    assert set() == rules - told


def _documented(command):
    text = getattr(CircleKit, command).__doc__
    told = set(re.findall(r"``([a-z-]+)``", text))
    for other in re.findall(r"As :meth:`(\w+)`", text):
        told |= _documented(other)
    return told


def _rules_raised(path):
    for node in ast.walk(_tree(path)):
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        if called == "refused" and node.args:
            yield from _constant(node.args[0])
        if called == "Budget" and node.args:
            yield from _constant(node.args[0])
        for keyword in node.keywords:
            if keyword.arg == "rule":
                yield from _constant(keyword.value)


def _constant(node):
    if isinstance(node, ast.Constant):
        yield node.value


def test_rules_on_the_page():
    """
    Every rule that can be raised has its place on the page of rules.

    So has every budget of a shipped book.
    """
    raised = {
        rule
        for path in _files("policies", "aggregates", "rulebook.py")
        for rule in _rules_raised(path)
    }
    for book in RULE_BOOKS.values():
        for budget in (
            *book.must_see,
            *book.member_moments,
            *book.enterprise_moments,
            *book.member_mass_sends,
            *book.enterprise_mass_sends,
            *book.mass_send_reminders,
        ):
            assert isinstance(budget, Budget)
            raised.add(budget.rule)

    page = RULES.read_text(encoding="utf-8")
    assert len(raised) > 40
    assert set() == {rule for rule in raised if f"`{rule}`" not in page}


def test_rules_are_tried():
    """
    Every rule that can be raised refuses some command in the tests.

    But for those of attention: they skip a reader, and are tried with `push`; and for
    what `available_actions` says where there is nothing to act on.
    """
    skip = {"attention-budget", "circle-muted", "nothing-there"}
    raised = {
        rule
        for path in _files("policies", "aggregates", "rulebook.py")
        for rule in _rules_raised(path)
    }
    tried = {
        rule
        for cases in CASES.values()
        for rules, *_ in cases
        for rule in rules.split()
    }

    assert skip == raised - tried - set(SKIPPED)


def test_tables_are_frozen():
    """
    The tables that hold the history, and their columns, keep their names.

    A new name here is a new version of the store.
    """
    assert {
        "circlekit_schema": ["version"],
        "circlekit_event": [
            "position",
            "stream",
            "version",
            "name",
            "body",
            "checksum",
            "digest",
        ],
        "circlekit_head": ["id", "position", "digest"],
        "circlekit_command": ["id", "said", "first", "last"],
        "circlekit_reading": ["model", "position"],
        "circlekit_follower": ["name", "position"],
        "circlekit_parked": [
            "follower",
            "position",
            "stream",
            "version",
            "error",
            "attempts",
            "at",
        ],
    } == {
        table.name: [column.name for column in table.columns]
        for table in HISTORY.tables.values()
    }


def test_read_models_keep_to_their_names():
    """
    Read models keep the names under which their positions are kept.

    Each has tables of its own, all under one prefix.
    """
    assert {
        "member-feed": "circlekit_feed_",
        "group-timeline": "circlekit_timeline_",
        "quota-view": "circlekit_quota_",
        "group-console": "circlekit_console_",
        "duties": "circlekit_duty_",
        "schedule": "circlekit_schedule_",
        "attention": "circlekit_attention_",
        "homework": "circlekit_homework_",
        "guardians": "circlekit_guardian_",
        "todos": "circlekit_todo_",
        "approvals": "circlekit_approval_",
        "topic-board": "circlekit_board_",
        "identities": "circlekit_identity_",
        "activity": "circlekit_activity_",
        "live-figures": "circlekit_live_",
        "discovery": "circlekit_discovery_",
    } == {
        model.name: prefix
        for model in READ_MODELS
        for prefix in {
            re.match("circlekit_[a-z]+_", name)[0] for name in model.tables.tables
        }
    }


def test_what_is_public():
    """
    Everything that the package says it offers is there, and is documented.
    """
    for name in circlekit.__all__:
        assert getattr(circlekit, name) is not None
    with pytest.raises(AttributeError):
        circlekit.nothing_of_that_name  # noqa: B018
    assert len(set(circlekit.__all__)) == len(circlekit.__all__)
