"""
How much faster is a history imported than it was lived?

Two public data sets are imported as ``circlekit import`` does it, some hundred lines in
a transaction. Beside each, as many lines from its beginning as a look allows are
imported with a commit for each line; what that took is scaled up to all of them. The
data sets are looked for beside the checkout, in ``../shared/data``, and are not
shipped; where they are not, nothing is measured.
"""

from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final
from unittest.mock import patch

from benchmarks.bench import Bench
from benchmarks.measuring import Line, Times, in_turns
from benchmarks.profiling import Profile, profiled
from circlekit import CircleKit, ManualClock
from circlekit.cli import importing, ndjson
from circlekit.cli.importing import Importer
from circlekit.cli.lines import Numbered
from circlekit.clock import EPOCH

NAME: Final = "W8"
QUESTION: Final = "How much faster is a history imported than it was lived?"

_DATA: Final = Path(__file__).parents[3] / "shared" / "data"
_SETS: Final = ("haskelljp_slack", "cofacts_zh")


def measure(bench: Bench) -> list[Line]:
    """
    Return what an import takes, and what it would with a commit for each line.
    """
    lines: list[Line] = []
    for name in _SETS:
        path = _DATA / f"{name}.ndjson.gz"
        if path.exists():
            lines += _imported(bench, path)
        else:
            bench.say(f"{name} is not at hand")
    return lines


def profiles(bench: Bench) -> list[Profile]:
    """
    Return where the time of an import goes.
    """
    found = []
    for name in _SETS:
        path = _DATA / f"{name}.ndjson.gz"
        if path.exists():
            lines = list(islice(ndjson.read(path), bench.some(20_000, 1_000)))
            take_in = partial(_take_in, bench, lines, importing.BATCH)
            found.append(profiled(f"{name}, {len(lines):,} lines", take_in, times=1))
        else:
            bench.say(f"{name} is not at hand")
    return found


def _imported(bench: Bench, path: Path) -> list[Line]:
    lines = list(islice(ndjson.read(path), bench.some(10**6, 3_000)))
    sample = lines[: bench.some(1_500, 200)]
    name = path.name.partition(".")[0]
    slowly = f"{name}, a commit for each line"
    at_once = f"{name}, {len(lines):,} lines imported"
    bench.say(f"importing {name}")
    times = in_turns(
        {
            slowly: partial(_take_in, bench, sample, 1),
            at_once: partial(_take_in, bench, lines, importing.BATCH),
        },
        rounds=1,
        warm_up=0,
    )
    scaled = [it * len(lines) / len(sample) for it in times.taken[slowly]]
    times = Times({**times.taken, slowly: scaled})
    return [times.line(at_once), times.line(slowly, over=at_once, at_least=10)]


def _take_in(bench: Bench, lines: list[Numbered], batch: int) -> None:
    clock = ManualClock(EPOCH)
    with (
        CircleKit(bench.sqlite_url("import"), clock=clock) as kit,
        patch.object(importing, "BATCH", batch),
    ):
        Importer(kit, clock).take_all(
            lines, complain=lambda _: None, progress=lambda _: None
        )
