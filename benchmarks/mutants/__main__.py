"""
Bend the rules: ``python -m benchmarks.mutants``, and what ``--help`` tells.
"""

import argparse
import sys

from benchmarks.missing import telling_what_is_missing


def main() -> int:
    """
    Try every mutant, or some, and tell what became of them.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mutants")
    parser.add_argument("--runs", type=int, default=100, help="most runs for each")
    parser.add_argument("--only", action="append", help="only those so called")
    parser.add_argument("--json", action="store_true", help="print a JSON document")
    parser.add_argument("--write", action="store_true", help="put it into the docs")
    options = parser.parse_args()
    with telling_what_is_missing(parser, "mutants", "make mutants"):
        # Only here: whoever asks for help need not have what drives the machines.
        from benchmarks.mutants.running import run  # noqa: PLC0415
    return run(
        options.only or [], options.runs, as_json=options.json, write=options.write
    )


if __name__ == "__main__":
    sys.exit(main())
