"""
The page of coverage, made from the tests: `python -m tests.docs.coverage_page`.

A test says which rows it shows, as in ``@pytest.mark.covers("A034")``. What the page
says beside that is kept in ``docs/coverage.toml``.
"""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

ROOT: Final = Path(__file__).parents[2]
WORDS: Final = ROOT / "docs" / "coverage.toml"
PAGE: Final = ROOT / "docs" / "coverage.md"
_BEGIN, _END = "<!-- rows: begin -->\n", "<!-- rows: end -->\n"


class Shown(NamedTuple):
    """
    A test that shows some rows.
    """

    file: str
    name: str
    fact: str
    rows: tuple[str, ...]


def words() -> dict[str, dict[str, str]]:
    """
    Return what the page says of each row.
    """
    return tomllib.loads(WORDS.read_text(encoding="utf-8"))


def shown() -> Iterator[Shown]:
    """
    Find every test that says which rows it shows, file by file.
    """
    for file in sorted((ROOT / "tests").rglob("test_*.py")):
        text = file.read_text(encoding="utf-8")
        if "covers" not in text:
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef):
                rows = tuple(_rows_of(node))
                if rows:
                    fact = (ast.get_docstring(node) or "").partition("\n\n")[0]
                    where = file.relative_to(ROOT).as_posix()
                    yield Shown(where, node.name, " ".join(fact.split()), rows)


def table() -> str:
    """
    Return the rows of the page.
    """
    by_row: dict[str, list[Shown]] = {}
    for test in shown():
        for row in test.rows:
            by_row.setdefault(row, []).append(test)
    lines = [
        "| Row | The sources describe | circlekit | Left to the host | Shown by |",
        "|---|---|---|---|---|",
    ]
    for row, said in words().items():
        tests = "<br>".join(
            f"`{Path(test.file).stem}.{test.name}`" for test in by_row.get(row, ())
        )
        described = f"{said['described']} ({said['source']})"
        lines.append(
            f"| {row} | {described} | {said['does']} | {said.get('host', '')} "
            f"| {tests} |"
        )
    return "\n".join(lines) + "\n"


def page() -> str:
    """
    Return the page as it should be.
    """
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(_BEGIN)
    _, _, after = rest.partition(_END)
    return f"{before}{_BEGIN}\n{table()}\n{_END}{after}"


def _rows_of(node: ast.FunctionDef) -> Iterator[str]:
    for decorator in node.decorator_list:
        match decorator:
            case ast.Call(func=ast.Attribute(attr="covers"), args=args):
                for arg in args:
                    yield _text(arg)


def _text(arg: Any) -> str:
    match arg:
        case ast.Constant(value=str(text)):
            return text
    problem = f"a row is named by a text, not by {ast.unparse(arg)}"
    raise ValueError(problem)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
