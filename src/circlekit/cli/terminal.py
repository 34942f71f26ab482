"""
How reports and complaints are written, so that what members wrote stays text.

Nothing a member wrote is ever markup: it goes through :func:`one_line` into a
``rich.text.Text``, which knows no markup, or into JSON.
"""

import json
import os
import sys
from typing import Final

import typer
from rich.console import Console, RenderableType

from circlekit.text import visible, visible_json

NOT_DONE: Final = 1  # the exit code
_PIPED_WIDTH: Final = 100
_LEAST_WIDTH: Final = 80


def one_line(text: str) -> str:
    r"""
    Return *text* as it may stand in one line of a terminal.

    >>> one_line("two\nlines,\tone \x1b[2J trick")
    'two lines, one \\x1b[2J trick'
    """
    return " ".join(visible(text.replace("\r\n", "\n")).split())


def print_report(report: RenderableType) -> None:
    """
    Print a report for people to standard output.

    Piped, it is 100 columns wide unless ``COLUMNS`` says otherwise, and no line
    ends in spaces. Below 80 columns no table could say all it has to.
    """
    console = Console(markup=False, emoji=False, highlight=False)
    if not sys.stdout.isatty() and "COLUMNS" not in os.environ:
        console.width = _PIPED_WIDTH
    console.width = max(console.width, _LEAST_WIDTH)
    if console.is_terminal:
        console.print(report)
        return
    with console.capture() as captured:
        console.print(report)
    for line in captured.get().splitlines():
        typer.echo(line.rstrip())


def print_json(document: object) -> None:
    """
    Print one JSON document to standard output, in UTF-8 on every machine.

    Letters of all scripts stand as they are. Control and bidi characters are
    escaped, which is the same document and does nothing to a terminal.
    """
    text = json.dumps(document, ensure_ascii=False, indent=2)
    typer.echo(visible_json(text).encode())


def complain(problem: str) -> None:
    """
    Say in one line, on standard error, what went wrong.
    """
    typer.echo(f"circlekit: {one_line(problem)}", err=True)
