"""
Where a run of the benchmarks works: a folder, a server, and how much it does.
"""

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final, Protocol

from attrs import define, field

from benchmarks.measuring import Line
from circlekit.store import migrate
from circlekit.store.trial import TrialServer, trial_server


class Workload(Protocol):
    """
    A module of ``benchmarks/workloads``: one question, and how it is answered.

    Attributes:
        NAME: As in ``W1``.

        QUESTION: What is asked, in a sentence.
    """

    NAME: Final[str]
    QUESTION: Final[str]

    def measure(self, bench: "Bench") -> list[Line]:
        """
        Return the figures, what others are compared with first.
        """


@define(eq=False)
class Bench:
    """
    One run.

    Attributes:
        quick: Whether a look is enough: fewer rounds, and no large sizes.

        folder: For the run's files; gone with the run.
    """

    quick: bool
    folder: Path
    _stack: ExitStack
    _server: TrialServer | None = None
    _made: int = field(default=0)

    def file(self, name: str) -> Path:
        """
        Return the path of a new file.
        """
        self._made += 1
        return self.folder / f"{self._made:03}-{name}"

    def sqlite_url(self, name: str) -> str:
        """
        Return the URL of a new store in a file.
        """
        return f"sqlite:///{self.file(name)}.db"

    @property
    def server(self) -> TrialServer:
        """
        Return a PostgreSQL server that waits for the disk at each commit.
        """
        if self._server is None:
            self.say("starting a server")
            started = trial_server(None, durable=True)
            self._server = self._stack.enter_context(started)
        return self._server

    def migrated(self) -> str:
        """
        Return the URL of a new store on that server.
        """
        url = self.server.database()
        migrate(url)
        return url

    def some(self, many: int, few: int) -> int:
        """
        Return how many of something: *few* where a look is enough.
        """
        return few if self.quick else many

    def say(self, doing: str) -> None:
        """
        Tell the person who waits what is being done.
        """
        sys.stderr.write(f"    {doing} ...\n")
        sys.stderr.flush()

    def progress(self, doing: str) -> Callable[[int, int], Any]:
        """
        Return somebody to be told how much is done, of how much.
        """
        told = -1

        def tell(done: int, of: int) -> None:
            nonlocal told
            tenth = 10 * done // max(of, 1)
            if tenth != told:
                told = tenth
                self.say(f"{doing}: {done:,} of {of:,}")

        return tell


@contextmanager
def bench(*, quick: bool, folder: Path | None = None) -> Iterator[Bench]:
    """
    Begin a run; its files and its server are gone at the end.

    Args:
        quick: Whether a look is enough.
        folder: Where to make its folder: the disk that is measured.
    """
    with ExitStack() as stack:
        made = Path(tempfile.mkdtemp(prefix="circlekit-bench-", dir=folder))
        stack.callback(shutil.rmtree, made, ignore_errors=True)
        yield Bench(quick, made, stack)
