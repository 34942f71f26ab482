"""
``circlekit history``: keep a history with its answers, and see later if they hold.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from circlekit import golden
from circlekit.application import CircleKit
from circlekit.archive.comparing import Difference
from circlekit.cli.house import PolicyNames, read_policies
from circlekit.cli.progress import stages
from circlekit.cli.terminal import one_line, print_json, print_report

DIFFERENT: Final = 4
_MOST_SHOWN: Final = 100

history = typer.Typer(
    help="Keep a history with what is read from it, and check that later.",
    no_args_is_help=True,
)
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@history.command()
def save(
    store: Annotated[
        str,
        typer.Option(metavar="URL", help="The store, as in sqlite:///community.db."),
    ],
    out: Annotated[
        Path, typer.Option(metavar="FILE", help="Where to; replaced if it is there.")
    ],
    circle: Annotated[
        str | None, typer.Option(metavar="ID", help="Only this circle.")
    ] = None,
    policy: PolicyNames = None,
    as_json: AsJson = False,
) -> None:
    """
    Write a history, and every answer read from it, to one file.

    The file holds what members wrote.
    """
    policies = read_policies(policy)
    with (
        CircleKit(store, create=False, policies=policies) as kit,
        stages() as told,
    ):
        document = golden.saved(kit, circle=circle, progress=told)
    golden.write(document, out)
    shape = saved_shape(out, document)
    if as_json:
        print_json(shape)
    else:
        print_report(_saved(shape))


@history.command()
def check(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="What `history save` wrote.")
    ],
    policy: PolicyNames = None,
    as_json: AsJson = False,
) -> None:
    """
    Read a saved history with today's code, and say which answers differ.

    Exits with 4 if any does.
    """
    document = golden.read(file)
    policies = read_policies(policy)
    with stages() as told:
        differences = golden.check(document, policies=policies, progress=told)
    if as_json:
        print_json(checked_shape(file, document, differences))
    else:
        print_report(_checked(document, differences))
    if differences:
        raise typer.Exit(DIFFERENT)


def saved_shape(file: Path, document: golden.Document) -> dict[str, Any]:
    """
    Return what was saved, as its JSON document.
    """
    answers = document["answers"]
    return {
        "file": str(file),
        "circle": document["circle"],
        "events": len(document["events"]),
        "at": answers["at"],
        "feeds": len(answers["feeds"]),
        "timelines": len(answers["timelines"]),
        "quotas": len(answers["quotas"]),
    }


def checked_shape(
    file: Path, document: golden.Document, differences: Sequence[Difference]
) -> dict[str, Any]:
    """
    Return what came of checking, as its JSON document.
    """
    return {
        "file": str(file),
        "saved_by": document["circlekit"],
        "events": len(document["events"]),
        "equal": not differences,
        "differences": [
            {"answer": it.answer, "expected": it.expected, "actual": it.actual}
            for it in differences
        ],
    }


def _saved(shape: dict[str, Any]) -> RenderableType:
    answers = ", ".join(
        _counted(shape[kind], kind.removesuffix("s"))
        for kind in ("feeds", "timelines", "quotas")
    )
    file = one_line(shape["file"])
    return Text(
        f"Saved {_counted(shape['events'], 'event')}, with {answers} "
        f"and the must-see audit, to {file}."
    )


def _checked(
    document: golden.Document, differences: Sequence[Difference]
) -> RenderableType:
    events = _counted(len(document["events"]), "event")
    saved_by = one_line(document["circlekit"])
    since = f"{events}, saved by circlekit {saved_by}"
    if not differences:
        return Text(f"Every answer is the same: {since}.")
    lines = [Text(f"{_counted(len(differences), 'difference')}: {since}.")]
    lines += [Text(one_line(str(it))) for it in differences[:_MOST_SHOWN]]
    if (more := len(differences) - _MOST_SHOWN) > 0:
        lines.append(Text(f"and {more} more; --json says them all"))
    return Group(*lines)


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
