"""
Fuzz stored events for a while: ``python -m tests.fuzz --seconds 60 [--atheris]``.
"""

import argparse
import sys
import time
from importlib import import_module
from random import Random, SystemRandom

TARGET = "tests.fuzz.target"


def main():
    """
    Read the options, and fuzz.
    """
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=SystemRandom().randrange(2**32))
    parser.add_argument(
        "--atheris", action="store_true", help="be led by coverage; needs atheris"
    )
    options = parser.parse_args()
    (led if options.atheris else blind)(options.seconds, options.seed)


def blind(seconds, seed):
    """
    Alter at random; the seed says how.
    """
    target = import_module(TARGET)
    count = events = 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for _ in range(1_000):
            count += 1
            # Each has a number of its own, so that one that fails can be had again.
            case = target.made(_chance(seed, count))
            try:
                events += target.check(*case)
            except BaseException:
                _say(f"seed {seed}, number {count}: {case!r}")
                raise
    _say(f"{count:,} altered events, {events:,} of them still events; seed {seed}")


def led(seconds, seed):
    """
    Let atheris alter what leads it to lines that were not run before.
    """
    import atheris  # noqa: PLC0415 - it need not be there

    # What is to lead it has to be told before it is imported.
    with atheris.instrument_imports(include=["circlekit.store", "json"]):
        target = import_module(TARGET)

    def one(data):
        provider = atheris.FuzzedDataProvider(data)
        choose = provider.ConsumeIntInRange
        target.check(*target.made(lambda below: choose(0, below - 1)))

    atheris.Setup(
        [sys.argv[0], f"-max_total_time={max(1, int(seconds))}", f"-seed={seed}"], one
    )
    atheris.Fuzz()


def _chance(seed, count):
    return Random(f"{seed}/{count}").randrange  # noqa: S311 - no secret is made


def _say(line):
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    main()
