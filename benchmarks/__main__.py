"""
Run the benchmarks: ``python -m benchmarks [--quick] [--json]``.
"""

import argparse
import json
import sys

from benchmarks import comments_in_a_long_history, machine_runs

WORKLOADS = (comments_in_a_long_history, machine_runs)


def main() -> None:
    """
    Run every workload and print what it found.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("--quick", action="store_true", help="fewer rounds, for a look")
    parser.add_argument("--json", action="store_true", help="print a JSON document")
    options = parser.parse_args()
    found = {}
    for workload in WORKLOADS:
        name = workload.__name__.rpartition(".")[2]
        if not options.json:
            sys.stderr.write(f"{name.replace('_', ' ')} ...\n")
        found[name] = workload.measure(quick=options.quick)
        if not options.json:
            print(workload.told(found[name]))
    if options.json:
        print(json.dumps(found, indent=2))


main()
