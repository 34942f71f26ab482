"""
The command ``circlekit``: reports, imports and a demo for people at a terminal.
"""

import io
import os
import sys
from pathlib import Path
from typing import TextIO

__all__ = ["main"]


def main() -> None:
    """
    Run the command line.

    Raises:
        SystemExit: Always, with the exit code that ``circlekit --help`` explains.
    """
    # Whoever started us may have closed them; a store must not get their place.
    sys.stdout = sys.stdout or _nowhere()
    sys.stderr = sys.stderr or _nowhere()
    try:
        # Only here: a service that embeds the library need not have them.
        from circlekit.cli.app import app  # noqa: PLC0415
    except ModuleNotFoundError as missing:
        needed = (missing.name or "").partition(".")[0]
        if needed not in {"rich", "typer"}:
            raise
        extra = "install circlekit with the extra `cli`, as in `pip install '.[cli]'`"
        sys.stderr.write(f"the command line needs {needed}; {extra}\n")
        raise SystemExit(2) from None
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A terminal that cannot show a character is shown its number instead.
        sys.stdout.reconfigure(errors="backslashreplace")
    app(prog_name="circlekit")


def _nowhere() -> TextIO:
    # Open to the end, like what it stands for.
    return Path(os.devnull).open("w", encoding="utf-8")
