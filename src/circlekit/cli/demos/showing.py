"""
``circlekit demo NAME``: a scripted year, and whether its numbers hold.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, Final

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from circlekit.cli.demos.company import Company
from circlekit.cli.demos.franchise import Franchise
from circlekit.cli.demos.school import School
from circlekit.cli.demos.telling import Check, Played, Story, play
from circlekit.cli.history import DIFFERENT
from circlekit.cli.terminal import complain, one_line, print_json, print_report

_LONGEST_SAID: Final = 400


class Year(StrEnum):
    """
    Which year is lived.
    """

    SCHOOL = "school"
    FRANCHISE = "franchise"
    COMPANY = "company"


STORIES: Final[Mapping[Year, Callable[[], Story]]] = {
    Year.SCHOOL: School,
    Year.FRANCHISE: Franchise,
    Year.COMPANY: Company,
}


def show(year: Year, store: str, *, as_json: bool) -> None:
    """
    Live a scripted year, and print what came of it.

    Raises:
        Exit: With 4 if circlekit answers what the script did not count.
    """
    played = play(STORIES[year](), store)
    if as_json:
        print_json(shape(played))
    else:
        print_report(report(played))
    for check in played.wrong:
        complain(f"{check.what}: counted {_said(check.counted)}")
        complain(f"{check.what}: answered {_said(check.answered)}")
    if played.wrong:
        raise typer.Exit(DIFFERENT)


def shape(played: Played) -> dict[str, Any]:
    """
    Return what came of a year, as its JSON document.
    """
    return {
        "name": played.name,
        "numbers": dict(played.numbers),
        "events": played.events,
        "seconds": round(played.seconds, 3),
        "checks": [
            {"what": check.what, "figures": _figures(check), "holds": check.holds}
            for check in played.checks
        ],
    }


def report(played: Played) -> RenderableType:
    """
    Return what came of a year, for people.
    """
    lived = Table(box=SIMPLE_HEAD, show_edge=False)
    lived.add_column(f"A year of a {played.name}")
    lived.add_column("", justify="right")
    for name, number in played.numbers.items():
        lived.add_row(Text(name), Text(f"{number:,}"))
    checks = Table(box=SIMPLE_HEAD, show_edge=False)
    checks.add_column("Counted by the script, and answered by circlekit")
    checks.add_column("figures", justify="right")
    checks.add_column("")
    for check in played.checks:
        holds = "the same" if check.holds else "NOT the same"
        checks.add_row(Text(check.what), Text(f"{_figures(check):,}"), Text(holds))
    events, took = f"{played.events:,} events", f"{played.seconds:.1f} seconds"
    return Group(lived, Text(), checks, Text(), Text(f"{events}, lived in {took}."))


def _figures(check: Check) -> int:
    return len(check.counted) if isinstance(check.counted, dict | set) else 1


def _said(value: object) -> str:
    text = one_line(str(value))
    return text if len(text) <= _LONGEST_SAID else f"{text[:_LONGEST_SAID]}…"
