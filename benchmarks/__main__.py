"""
Run the benchmarks: ``python -m benchmarks [W1 ...]``, and what ``--help`` tells.
"""

import argparse
from pathlib import Path

from benchmarks.missing import telling_what_is_missing
from benchmarks.names import NAMES


def main() -> None:
    """
    Run some workloads, or all, and tell what was found.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NAMES))
    parser.add_argument("--quick", action="store_true", help="a look, in small sizes")
    parser.add_argument("--json", action="store_true", help="print a JSON document")
    parser.add_argument("--profile", action="store_true", help="say where time goes")
    parser.add_argument("--write", action="store_true", help="put it into the docs")
    parser.add_argument("--folder", type=Path, help="where to work: the disk measured")
    options = parser.parse_args()
    unknown = [name for name in options.names if name not in NAMES]
    if unknown:
        parser.error(f"{unknown[0]!r} is none of {', '.join(NAMES)}")
    if options.profile and options.json:
        parser.error("a profile is a table")
    if options.write and options.quick:
        parser.error("what goes into the docs is measured in full")
    with telling_what_is_missing(parser, "benchmarks", "make bench"):
        # Only here: whoever asks for help need not have what is measured with.
        from benchmarks.running import run  # noqa: PLC0415
    typed = [*options.names, "--profile"] if options.profile else options.names
    run(
        options.names or NAMES,
        " ".join(["python -m benchmarks", *typed]),
        quick=options.quick,
        as_json=options.json,
        profile=options.profile,
        write=options.write,
        folder=options.folder,
    )


main()
