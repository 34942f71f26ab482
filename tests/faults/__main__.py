"""
Break things on purpose, and count what became of them.

Run as ``python -m tests.faults [NAME ...] [--long] [--json]``. The short form is
what the tests do; the long one takes some minutes. Fails if anything was lost,
doubled or out of order that must not be.
"""

import argparse
import json
import sys
import time
from functools import partial

from tests.faults import experiments as they

# What is called, with how much in the short form and in the long one.
ALL = {
    "killed-writers-sqlite": (partial(they.killed_writers, "sqlite"), 4, 100),
    "killed-writers-postgres": (partial(they.killed_writers, "postgres"), 3, 60),
    "killed-server": (they.killed_server, 2, 20),
    "failover": (they.failover, 1, 3),
    "failover-asynchronous": (partial(they.failover, synchronous=False), 1, 3),
    "contention-sqlite": (partial(they.contention, "sqlite"), 40, 400),
    "contention-postgres": (partial(they.contention, "postgres"), 40, 400),
    "tailed-sqlite": (partial(they.tailed, "sqlite"), 1, 30),
    "tailed-postgres": (partial(they.tailed, "postgres"), 1, 30),
    "disk-full": (they.disk_full, 20, 200),
}
# An asynchronous standby lacks what it was not told in time; how much is stated.
MAY_LOSE = {"failover-asynchronous"}


def run(name, *, long=False, progress=they.nothing):
    """
    Do one experiment, and return what it counted.
    """
    experiment, short_form, long_form = ALL[name]
    return experiment(long_form if long else short_form, progress=progress)


def wrong(name, found):
    """
    Return what must not be in what was counted.
    """
    must_be_nothing = {"doubled", "skipped", "out_of_order", "violations"}
    if name not in MAY_LOSE:
        must_be_nothing.add("lost")
    return {key: found[key] for key in must_be_nothing if found.get(key)}


def main():
    """
    Do the experiments that are named, or all of them.
    """
    parser = argparse.ArgumentParser(prog="python -m tests.faults")
    parser.add_argument("names", nargs="*", metavar="NAME", choices=[[], *ALL])
    parser.add_argument("--long", action="store_true", help="as often as it takes")
    parser.add_argument("--json", action="store_true", help="print a JSON document")
    asked = parser.parse_args()
    answers, failed = {}, False
    for name in asked.names or ALL:
        began = time.monotonic()
        found = run(name, long=asked.long, progress=partial(_shown, name))
        if found is None:
            found = {"not_tried": "the machine does not allow it"}
        seconds = round(time.monotonic() - began, 1)
        answers[name] = {**found, "seconds": seconds}
        failed |= bool(wrong(name, found))
        if not asked.json:
            told = ", ".join(f"{key} {value}" for key, value in answers[name].items())
            sys.stdout.write(f"{name}: {told}\n")
    if asked.json:
        sys.stdout.write(json.dumps(answers, indent=2) + "\n")
    return 1 if failed else 0


def _shown(name, done, of):
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{name} {done}/{of}" + ("\n" if done == of else ""))


if __name__ == "__main__":
    sys.exit(main())
