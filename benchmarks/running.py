"""
Run some workloads, and tell what was found.
"""

import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks import profiling, telling
from benchmarks.bench import Bench, Workload, bench
from benchmarks.measuring import Line
from benchmarks.workloads import WORKLOADS


def run(
    names: Sequence[str],
    command: str,
    *,
    quick: bool,
    as_json: bool,
    profile: bool,
    write: bool,
    folder: Path | None,
) -> None:
    """
    Run the workloads of these names.

    Args:
        names: Which.
        command: What was typed, for the docs.
        quick: Whether a look in small sizes is enough.
        as_json: Whether to print a JSON document, at the end.
        profile: Whether to say where the time goes, where a workload can, and to
            measure nothing.
        write: Whether to put it into the docs.
        folder: Where to work.
    """
    by_name = {it.NAME: it for it in WORKLOADS}
    found: dict[str, tuple[float, list[Line]]] = {}
    with bench(quick=quick, folder=folder) as place:
        for name in names:
            sys.stderr.write(f"{name}: {by_name[name].QUESTION}\n")
            if profile:
                _profile(by_name[name], place, command, write=write)
                continue
            began = time.monotonic()
            lines = by_name[name].measure(place)
            found[name] = time.monotonic() - began, lines
            if not as_json:
                print(f"{name}: {by_name[name].QUESTION}\n\n{telling.table(lines)}\n")
            if write:
                telling.put_down(name, command, lines)
    if as_json:
        print(json.dumps(telling.record(found, quick=quick), indent=2))


def _profile(workload: Workload, place: Bench, command: str, *, write: bool) -> None:
    profiles = getattr(workload, "profiles", None)
    if profiles is None:
        return
    found = profiling.table(profiles(place))
    print(f"{workload.NAME}: {workload.QUESTION}\n\n{found}\n")
    if write:
        telling.put_table(f"{workload.NAME} profile", command, found)
