"""
What to say to whoever lacks a package that a command needs.
"""

from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def telling_what_is_missing(
    parser: ArgumentParser, what: str, target: str
) -> Iterator[None]:
    """
    Import what a command needs, or end it and say what to install.

    Args:
        parser: The command's.
        what: What needs it.
        target: What installs it and runs them.
    """
    try:
        yield
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] in {"benchmarks", "circlekit"}:
            raise
        parser.exit(
            2,
            f"the {what} need {missing.name}: `{target}` installs it and runs them, "
            "`pip install -e '.[dev]'` only installs it\n",
        )
