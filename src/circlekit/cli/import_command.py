"""
``circlekit import``: take in another community's history from a file.
"""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from circlekit.application import CircleKit
from circlekit.cli import ndjson, slack
from circlekit.cli.export_command import take_in
from circlekit.cli.importing import Importer, ImportReport
from circlekit.cli.progress import progress
from circlekit.cli.terminal import NOT_DONE, complain, print_json, print_report
from circlekit.clock import EPOCH, ManualClock, zone_named
from circlekit.errors import InvalidInputError


class Format(StrEnum):
    """
    What kind of history it is.
    """

    NDJSON = "ndjson"
    SLACK = "slack"


class CircleBy(StrEnum):
    """
    What becomes a circle.
    """

    CIRCLE = "circle"
    GROUP = "group"


def import_(
    path: Annotated[
        Path,
        typer.Argument(
            metavar="PATH", help="A file of lines, or an export's folder or zip."
        ),
    ],
    store: Annotated[
        str,
        typer.Option(metavar="URL", help="Where to, as in sqlite:///community.db."),
    ],
    format_: Annotated[
        Format | None,
        typer.Option("--format", help="What PATH is; this or --from-export."),
    ] = None,
    from_export: Annotated[
        bool,
        typer.Option("--from-export", help="PATH is what `circlekit export` wrote."),
    ] = False,
    circle_by: Annotated[
        CircleBy,
        typer.Option(help="What becomes a circle: the workspace, or each channel."),
    ] = CircleBy.CIRCLE,
    zone: Annotated[
        str,
        typer.Option(metavar="ZONE", help="Zone of the circles that are founded."),
    ] = "Asia/Shanghai",
    name: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="What a Slack workspace is called, if not as its folder.",
        ),
    ] = None,
    json_: Annotated[
        bool, typer.Option("--json", help="Print one JSON document.")
    ] = False,
) -> None:
    """
    Take in a history line by line, through the rules; run again, it adds nothing.

    A line that cannot be accepted is reported and left out, and the exit code is 1.

    With --from-export, what `circlekit export` wrote is taken in as it is. Its answers
    are compared with those here, and the exit code is 4 if one differs.
    """
    if from_export == (format_ is not None):
        problem = "both are given" if from_export else "is not given"
        raise InvalidInputError("--format", problem, "--format, or --from-export")
    if from_export:
        take_in(path, store, as_json=json_)
        return
    zone_named(zone)
    if not path.exists():
        raise InvalidInputError("PATH", f"{path.name!r} does not exist", "a history")
    if format_ is Format.SLACK:
        total, unit = slack.size(path), "files"
        lines = slack.read(path, circle=name or path.resolve().stem)
    else:
        total, unit = ndjson.size(path), "bytes"
        lines = ndjson.read(path)
    clock = ManualClock(EPOCH)
    with (
        CircleKit(store, clock=clock) as kit,
        progress(f"importing ({unit})", total) as advance_to,
    ):
        importer = Importer(kit, clock, circle_by.value, zone)
        report = importer.take_all(lines, complain=complain, progress=advance_to)
    if json_:
        print_json(shaped(report))
    else:
        print_report(_table(report))
    if report.invalid:
        raise typer.Exit(NOT_DONE)


def shaped(report: ImportReport) -> dict[str, object]:
    """
    Return the report as its JSON document.
    """
    return {
        "read": report.read,
        "recorded": report.recorded,
        "repeated": report.repeated,
        "refused": dict(sorted(report.refused.items())),
        "invalid": report.invalid,
        "demoted": report.demoted,
    }


def _table(report: ImportReport) -> RenderableType:
    table = Table(title="What became of every line", title_justify="left")
    table.add_column("outcome")
    table.add_column("lines", justify="right")
    table.add_row("recorded", str(report.recorded))
    table.add_row("repeated", str(report.repeated))
    for rules, number in sorted(report.refused.items()):
        table.add_row(Text(f"refused: {rules}"), str(number))
    table.add_row("invalid", str(report.invalid), end_section=True)
    table.add_row("read", str(report.read))
    if not report.demoted:
        return table
    demoted = f"{report.demoted} refused announcements became ordinary posts."
    return Group(table, Text(demoted))
