"""
``circlekit export``, and taking in what it wrote.
"""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from circlekit.application import CircleKit
from circlekit.application.archiving import Exported, Imported
from circlekit.application.reading import LONGEST_PAGE
from circlekit.cli.history import DIFFERENT
from circlekit.cli.house import PolicyNames, read_policies
from circlekit.cli.progress import stages
from circlekit.cli.terminal import one_line, print_json, print_report
from circlekit.errors import InvalidInputError

_MOST_SHOWN: Final = 100


class Form(StrEnum):
    """
    What the events are written as.
    """

    NDJSON = "ndjson"
    PARQUET = "parquet"


def export(
    path: Annotated[
        Path,
        typer.Argument(
            metavar="PATH", help="A new folder, or a new file that ends in .zip."
        ),
    ],
    store: Annotated[
        str,
        typer.Option(metavar="URL", help="The store, as in sqlite:///community.db."),
    ],
    circle: Annotated[
        str | None, typer.Option(metavar="ID", help="Only this circle.")
    ] = None,
    format_: Annotated[
        Form, typer.Option("--format", help="What the events are written as.")
    ] = Form.NDJSON,
    feed_items: Annotated[
        int, typer.Option(metavar="N", help="How many items of each member's feed.")
    ] = LONGEST_PAGE,
    whole_feeds: Annotated[
        bool, typer.Option("--whole-feeds", help="All items of each member's feed.")
    ] = False,
    events_only: Annotated[
        bool, typer.Option("--events-only", help="No answers, which is quicker.")
    ] = False,
    policy: PolicyNames = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document.")
    ] = False,
) -> None:
    """
    Write a history, and every answer read from it, to files of an open format.

    The files hold what members wrote.
    """
    policies = read_policies(policy)
    with CircleKit(store, create=False, policies=policies) as kit, stages() as told:
        done = kit.export(
            path,
            circle,
            format=format_.value,
            with_answers=not events_only,
            feed_items=None if whole_feeds else feed_items,
            progress=told,
        )
    if as_json:
        print_json(exported_shape(done))
    else:
        print_report(_exported(done))


def take_in(path: Path, store: str, *, as_json: bool) -> None:
    """
    Take an export in, and say what became of it.

    Raises:
        Exit: With 4 if an answer is another here.
    """
    if not path.exists():
        raise InvalidInputError("PATH", f"{path.name!r} does not exist", "an export")
    with CircleKit(store) as kit, stages() as told:
        done = kit.import_export(path, progress=told)
    if as_json:
        print_json(imported_shape(done))
    else:
        print_report(_imported(done))
    if done.differences:
        raise typer.Exit(DIFFERENT)


def exported_shape(done: Exported) -> dict[str, Any]:
    """
    Return what was written, as its JSON document.
    """
    return {
        "path": str(done.path),
        "circle": done.circle,
        "events": done.events,
        "streams": done.streams,
        "head": done.head,
        "answers": done.answers,
    }


def imported_shape(done: Imported) -> dict[str, Any]:
    """
    Return what was taken in, as its JSON document.
    """
    return {
        "circle": done.circle,
        "events": done.events,
        "repeated": done.repeated,
        "head": done.head,
        "equal": None if done.differences is None else not done.differences,
        "differences": [
            {"answer": it.answer, "expected": it.expected, "actual": it.actual}
            for it in done.differences or ()
        ],
    }


def _exported(done: Exported) -> RenderableType:
    said = f"{_counted(done.events, 'event')} of {done.streams:,} histories"
    if done.answers:
        counted = (_counted(done.answers[kind], word) for kind, word in _ANSWERS)
        said += f", with {', '.join(counted)} and the must-see audit,"
    where = one_line(str(done.path))
    return Text(f"{said} are in {where}.\n{done.head}", overflow="fold")


def _imported(done: Imported) -> RenderableType:
    said = f"{_counted(done.events, 'event')} were taken in"
    if done.repeated:
        said += f", {done.repeated:,} had been before"
    lines = [Text(f"{said}.")]
    if done.differences:
        number = _counted(len(done.differences), "difference")
        lines.append(Text(f"{number} to the answers of the export:"))
        shown = done.differences[:_MOST_SHOWN]
        lines += [Text(one_line(str(it))) for it in shown]
        if (more := len(done.differences) - _MOST_SHOWN) > 0:
            lines.append(Text(f"and {more} more; --json says them all"))
    elif done.differences is None:
        lines.append(Text("It has no answers to compare with."))
    else:
        lines.append(Text("Every answer is the same."))
    return Group(*lines, Text(done.head, overflow="fold"))


_ANSWERS: Final = (
    ("feeds", "feed item"),
    ("inboxes", "duty"),
    ("timelines", "timeline entry"),
    ("quotas", "quota"),
)


def _counted(number: int, thing: str) -> str:
    many = f"{thing.removesuffix('y')}ies" if thing.endswith("y") else f"{thing}s"
    return f"{number:,} {thing if number == 1 else many}"
