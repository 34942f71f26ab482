"""
The page of rules names every rule that can refuse.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from circlekit.budget import Budget
from circlekit.rulebook import RULE_BOOKS, RuleBook

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
FOLDERS = ("policies", "aggregates")


def sources() -> Iterator[Path]:
    for folder in FOLDERS:
        yield from (ROOT / "src" / "circlekit" / folder).glob("*.py")


def budgets(book: RuleBook) -> tuple[Budget, ...]:
    return (
        *book.must_see,
        *book.member_moments,
        *book.enterprise_moments,
        *book.member_mass_sends,
        *book.enterprise_mass_sends,
        *book.mass_send_reminders,
        *book.must_see_reminders,
    )


def refused_by(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        given = [it.value for it in node.keywords if it.arg == "rule"]
        if isinstance(node.func, ast.Name) and node.func.id == "refused":
            given += node.args[:1]
        names |= {it.value for it in given if isinstance(it, ast.Constant)}
    return names


def rows() -> Iterator[tuple[str, str, list[str]]]:
    for title, text in re.findall(
        r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL
    ):
        for rule, rest in re.findall(r"^\| `([a-z-]+)` \|(.+)\|$", text, re.MULTILINE):
            yield title, rule, [cell.strip() for cell in rest.split("|")]


def test_every_rule_is_on_the_page():
    """
    The page names each rule that the code can refuse by, and no other.
    """
    in_code = {budget.rule for book in RULE_BOOKS.values() for budget in budgets(book)}
    for path in sources():
        in_code |= refused_by(path)

    assert sorted(in_code) == sorted({rule for _, rule, _ in rows()})


def test_every_rule_has_a_question_and_a_source():
    """
    No rule stands on the page without the question it asks and where it is from.
    """
    assert [] == [
        rule
        for _, rule, (question, _, source, *_) in rows()
        if not (question.endswith("?") and source)
    ]


@pytest.mark.parametrize(
    "module",
    sorted(
        path.stem
        for path in sources()
        if path.parent.name == "policies" and refused_by(path)
    ),
)
def test_the_rules_of_a_policy_stand_in_its_table(module):
    """
    The table of a policy's module has exactly the rules which that module names.
    """
    (title,) = re.findall(
        rf"^## (.+)\n\n`circlekit\.policies\.{module}`", PAGE, re.MULTILINE
    )
    here = {rule for of, rule, _ in rows() if of == title}
    counted = {budget.rule for book in RULE_BOOKS.values() for budget in budgets(book)}

    assert (
        refused_by(ROOT / "src/circlekit/policies" / f"{module}.py") == here - counted
    )


def test_the_rules_of_an_aggregate_stand_beside_its_name():
    """
    A rule that an aggregate asks of itself is listed with that aggregate's module.
    """
    title = "What an aggregate asks of itself"
    on_the_page = {
        (module, rule)
        for of, rule, cells in rows()
        if of == title
        for module in re.findall(r"`(\w+)`", cells[3])
    }
    in_code = {
        (path.stem, rule)
        for path in sources()
        if path.parent.name == "aggregates"
        for rule in refused_by(path)
    }

    assert in_code == on_the_page


@pytest.mark.parametrize("name", sorted(RULE_BOOKS))
def test_every_shipped_rule_book_is_on_the_page(name):
    """
    A shipped rule book has a column with its numbers.
    """
    (header,) = re.findall(r"^\| \| (`.+`) \|$", PAGE, re.MULTILINE)
    book = RULE_BOOKS[name]
    column = header.split(" | ").index(f"`{name}`") + 1
    numbers = {
        row.split(" | ")[0].strip("| "): row.strip("| ").split(" | ")[column].strip()
        for row in re.findall(
            r"^\| (?:must-sees|pins|members).+\|$", PAGE, re.MULTILINE
        )
    }

    month, spacing = book.must_see
    assert {
        "must-sees in a calendar month": str(month.limit),
        "must-sees in 24 hours": str(spacing.limit),
        "pins": str(book.pins),
        "members of a group": str(book.group_capacity or "no limit"),
    } == numbers
