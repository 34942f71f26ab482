"""
Try every mutant, or some, tell what became of them, and write the page.
"""

import json
import platform
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import hypothesis
from attrs import asdict

from benchmarks.mutants.driving import (
    PARTS,
    STEPS,
    Outcome,
    all_tried,
    mutants_of,
)
from benchmarks.mutants.planting import MUTANTS, POLICY, Mutant

MUST_FALL: Final = 200
PAGE: Final = Path(__file__).parents[2] / "docs" / "mutants.md"
BEGIN: Final = "<!-- mutants: begin -->"
END: Final = "<!-- mutants: end -->"


def told(outcomes: Sequence[Outcome]) -> str:
    """
    Return a plain table.
    """
    lines = []
    for it in outcomes:
        mutant = MUTANTS.get(it.name)
        by = it.name if mutant is None else mutant.caught_by
        what = "nothing bent" if mutant is None else it.name
        became = f"fell after {it.after}" if it.fell else f"stood for {it.after}"
        lines.append(
            f"{what:36} {by:20} {became:18} {it.seconds:7.2f} s  {it.said or it.broke}"
        )
    return "\n".join(lines)


def written(outcomes: Sequence[Outcome], runs: int) -> str:
    """
    Return the tables for the page, one for each part.
    """
    fell = sum(it.fell for it in outcomes)
    head = (
        f"{fell} of {len(outcomes)} fall, with at most {runs} runs of at most {STEPS} "
        f"steps each; Python {platform.python_version()}, "
        f"Hypothesis {hypothesis.__version__}."
    )
    lines = [head]
    became = {it.name: it for it in outcomes}
    for part in PARTS:
        title = (part.__doc__ or "").strip().split("\n", 1)[0].removesuffix(".")
        lines += ["", f"### {title}", ""]
        lines.append("| what is bent | caught by | runs until it fell | seconds |")
        lines.append("|---|---|---:|---:|")
        lines += [_row(became[it.name]) for it in mutants_of(part)]
    return "\n".join(lines)


def run(only: Sequence[str], runs: int, *, as_json: bool, write: bool) -> int:
    """
    Try mutants, and every machine that is to object to them with nothing bent.

    Args:
        only: Which: names of mutants, machines or parts; all if there are none.
        runs: How many runs each has at most.
        as_json: Whether to print a JSON document.
        write: Whether to put it into the docs, if all are tried.

    Returns:
        The exit code: 1 if anything is wrong.
    """
    chosen = [it for part in PARTS for it in mutants_of(part)]
    if only:
        chosen = [it for it in chosen if _names_of(it) & {*only}]
    outcomes = all_tried(chosen, runs)
    control = [it for it in outcomes if it.name not in MUTANTS]
    bent = [it for it in outcomes if it.name in MUTANTS]
    fell = sum(it.fell for it in bent)
    known = {name for it in chosen for name in _names_of(it)}
    wrong = [f"no mutant is called {name}" for name in only if name not in known]
    wrong += _wrong(control, bent)
    if fell < MUST_FALL and not only:
        wrong.append(f"only {fell} fall, and {MUST_FALL} must")
    if as_json:
        document = {
            "runs": runs,
            "control": [asdict(it) for it in control],
            "mutants": [
                {
                    **asdict(it),
                    "bent": MUTANTS[it.name].bent,
                    "caught_by": MUTANTS[it.name].caught_by,
                    "must_fall": MUTANTS[it.name].must_fall,
                }
                for it in bent
            ],
            "wrong": wrong,
        }
        print(json.dumps(document, indent=2, ensure_ascii=False))
    else:
        print(told(outcomes))
        print(f"{fell} of {len(bent)} fall")
    if write and not only:
        before, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
        _, _, after = rest.partition(END)
        tables = written(bent, runs)
        page = f"{before}{BEGIN}\n\n{tables}\n\n{END}{after}"
        PAGE.write_text(page, "utf-8")
    for problem in wrong:
        sys.stderr.write(f"{problem}\n")
    return 1 if wrong else 0


def _names_of(mutant: Mutant) -> set[str]:
    part = mutant.instead.__module__.rpartition(".")[2]
    return {mutant.name, mutant.caught_by, part}


def _row(it: Outcome) -> str:
    mutant = MUTANTS[it.name]
    unit = " questions" if mutant.caught_by == POLICY else ""
    until = f"{it.after}{unit}" if it.fell else f"stands after {it.after}"
    by = f"`{mutant.caught_by}`" if it.fell else f"not by `{mutant.caught_by}`"
    bent = mutant.bent.removesuffix(".")
    return f"| {bent} | {by} | {until} | {it.seconds:.1f} |"


def _wrong(control: Sequence[Outcome], bent: Sequence[Outcome]) -> list[str]:
    return [
        *(f"{it.name} objects to what is not bent" for it in control if it.fell),
        *(f"{it.name} breaks: {it.broke}" for it in (*control, *bent) if it.broke),
        *(
            f"{it.name} must fall, and stands"
            for it in bent
            if MUTANTS[it.name].must_fall and not it.fell and not it.broke
        ),
    ]
