"""
The command ``circlekit``: reports, imports and a demo for people at a terminal.
"""

import io
import sys

__all__ = ["main"]


def main() -> None:
    """
    Run the command line.

    Raises:
        SystemExit: Always; with 0 if all went well, 1 if something was refused,
            not found or not accepted, 2 if the command was not understood or
            cannot run, 3 if an audit found violations, 4 if a golden history is
            read otherwise today.
    """
    try:
        # Only here: a service that embeds the library need not have them.
        from circlekit.cli.app import app  # noqa: PLC0415
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] not in {"rich", "typer"}:
            raise
        sys.stderr.write("the command line needs `pip install circlekit[cli]`\n")
        raise SystemExit(2) from None
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A terminal that cannot show a character is shown its number instead.
        sys.stdout.reconfigure(errors="backslashreplace")
    app(prog_name="circlekit")
