"""
Run the benchmarks: ``python -m benchmarks [W1 ...] [--quick] [--json] [--write]``.
"""

import argparse
import json
import sys
import time
from pathlib import Path

from benchmarks import telling
from benchmarks.bench import bench
from benchmarks.measuring import Line
from benchmarks.workloads import WORKLOADS


def main() -> None:
    """
    Run some workloads, or all, and tell what was found.
    """
    by_name = {it.NAME: it for it in WORKLOADS}
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(by_name))
    parser.add_argument("--quick", action="store_true", help="a look, in small sizes")
    parser.add_argument("--json", action="store_true", help="print a JSON document")
    parser.add_argument("--write", action="store_true", help="put it into the docs")
    parser.add_argument("--folder", type=Path, help="where to work: the disk measured")
    options = parser.parse_args()
    unknown = [name for name in options.names if name not in by_name]
    if unknown:
        parser.error(f"{unknown[0]!r} is none of {', '.join(by_name)}")
    if options.write and options.quick:
        parser.error("what goes into the docs is measured in full")
    command = " ".join(["python -m benchmarks", *options.names])
    found: dict[str, tuple[float, list[Line]]] = {}
    with bench(quick=options.quick, folder=options.folder) as place:
        for name in options.names or by_name:
            sys.stderr.write(f"{name}: {by_name[name].QUESTION}\n")
            began = time.monotonic()
            lines = by_name[name].measure(place)
            found[name] = time.monotonic() - began, lines
            if not options.json:
                print(f"{name}: {by_name[name].QUESTION}\n\n{telling.table(lines)}\n")
            if options.write:
                telling.put_down(name, command, lines)
    if options.json:
        print(json.dumps(telling.record(found, quick=options.quick), indent=2))


main()
