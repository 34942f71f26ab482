"""
Progress bars: on standard error, and only where somebody watches.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from time import monotonic
from typing import Final

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

_BETWEEN_STEPS: Final = 0.05


@contextmanager
def progress(description: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """
    Show a bar while the block runs; it is gone afterwards.

    Args:
        description: What is going on, plain text.
        total: How much there is to do, None if nobody knows.

    Yields:
        ``advance_to(done)``, to be called as often as one likes.
    """
    if not sys.stderr.isatty():
        yield _unseen
        return
    bar = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    with bar:
        task = bar.add_task(description, total=total)
        drawn = -_BETWEEN_STEPS

        def advance_to(done: int) -> None:
            # Whoever reads a hundred thousand events must not wait for the bar.
            nonlocal drawn
            if (now := monotonic()) - drawn >= _BETWEEN_STEPS or done == total:
                drawn = now
                bar.update(task, completed=done)

        yield advance_to


@contextmanager
def stages() -> Iterator[Callable[[str, int, int], None]]:
    """
    Show one bar after the other: a new one where something else begins.

    Yields:
        ``told(what, done, of)``, to be called as often as one likes.
    """
    with ExitStack() as shown:
        bars: dict[str, Callable[[int], None]] = {}

        def told(what: str, done: int, of: int) -> None:
            if what not in bars:
                shown.close()
                bars[what] = shown.enter_context(progress(what, of))
            bars[what](done)

        yield told


def _unseen(_done: int) -> None:
    pass
