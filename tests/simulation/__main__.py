"""
Run ``python -m tests.simulation``: many seeds, one seed, or the mutants.
"""

import argparse
import json
import os
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from tests.simulation.mutants import MOST_SEEDS, MUTANTS, tried
from tests.simulation.world import STEPS, run, several

PART = 25
PAGE = Path(__file__).parents[2] / "docs" / "simulation.md"
BEGIN = "<!-- simulation: begin -->"
END = "<!-- simulation: end -->"
_TO_REPLAY = "python -m tests.simulation --seed"


def main():
    """
    Do what the command line asks for; 1 if anything is not as it should be.
    """
    parser = argparse.ArgumentParser(prog="python -m tests.simulation")
    parser.add_argument("--seeds", type=int, default=2000, help="how many to run")
    parser.add_argument("--from", type=int, default=0, dest="first", help="the first")
    parser.add_argument("--seed", type=int, help="run this one and print its trace")
    parser.add_argument("--mutants", action="store_true", help="try the mutants")
    parser.add_argument("--write", action="store_true", help=f"into {PAGE.name}")
    parser.add_argument("--json", action="store_true", help="print a JSON document")
    parser.add_argument(
        "--processes", type=int, default=min(2, os.cpu_count() or 1), help="at most"
    )
    options = parser.parse_args()
    if options.seed is not None:
        return _one(options)
    began = time.perf_counter()
    with ProcessPoolExecutor(options.processes, get_context("spawn")) as pool:
        if options.mutants:
            return _mutants(options, pool, began)
        return _many(options, pool, began)


def _one(options):
    world, objection = run(options.seed)
    if options.json:
        print(json.dumps({"trace": world.trace, "wrong": objection}, indent=2))
    else:
        print("\n".join(world.trace))
        print(objection or "nothing is wrong")
    return 1 if objection else 0


def _many(options, pool, began):
    after = options.first + options.seeds
    parts = range(options.first, after, PART)
    done, wrong, met, events = 0, {}, Counter(), 0
    ends = [min(part + PART, after) for part in parts]
    results = pool.map(several, parts, ends)
    for part, end, (bad, its_met, its_events) in zip(parts, ends, results, strict=True):
        done += end - part
        wrong |= bad
        met += its_met
        events += its_events
        _progress(done, options.seeds, "seeds")
    seconds = round(time.perf_counter() - began, 1)
    if options.json:
        document = {
            "seeds": options.seeds,
            "from": options.first,
            "steps": options.seeds * STEPS,
            "events": events,
            "faults": dict(sorted(met.items())),
            "seconds": seconds,
            "wrong": {str(seed): said for seed, said in sorted(wrong.items())},
        }
        print(json.dumps(document, indent=2))
    else:
        for seed, said in sorted(wrong.items()):
            print(f"seed {seed}: {said}\n  {_TO_REPLAY} {seed}")
        for kind, times in sorted(met.items()):
            print(f"{kind:12} {times:8,}")
        print(
            f"{options.seeds:,} seeds, {options.seeds * STEPS:,} steps, "
            f"{met.total():,} faults, {events:,} events, {seconds} s, "
            f"{len(wrong)} wrong"
        )
    return 1 if wrong else 0


def _mutants(options, pool, began):
    found = {}
    for name, how in pool.map(tried, MUTANTS):
        found[name] = how
        _progress(len(found), len(MUTANTS), "mutants")
    stand = [name for name, how in found.items() if how.seeds is None]
    seconds = round(time.perf_counter() - began, 1)
    if options.json:
        rows = {
            name: {"fault": MUTANTS[name].fault, "seeds": how.seeds, "said": how.said}
            for name, how in found.items()
        }
        print(json.dumps({"mutants": rows, "seconds": seconds}, indent=2))
    else:
        for name, how in found.items():
            said = how.said.split("\n", 1)[0]
            print(f"{name:26} {how.seeds or 'stands':>6}  {said[:100]}")
        caught_ones = len(found) - len(stand)
        print(
            f"{caught_ones} of {len(found)} caught within {MOST_SEEDS} seeds, "
            f"{seconds} s"
        )
    if options.write:
        _write(found)
    return 1 if stand else 0


def _write(found):
    rows = [
        f"| {MUTANTS[name].fault.removesuffix('.')} | {how.seeds or 'stands'} |"
        for name, how in found.items()
    ]
    table = "\n".join(("| the fault | seeds until it is caught |", "|---|---:|", *rows))
    before, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    page = f"{before}{BEGIN}\n\n{table}\n\n{END}{after}"
    PAGE.write_text(page, "utf-8")


def _progress(done, total, what):
    if sys.stderr.isatty():
        end = "\n" if done == total else ""
        sys.stderr.write(f"\r{done:,} of {total:,} {what}{end}")
        sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
