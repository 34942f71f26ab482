"""
How figures are told: as a table, in the docs, and as a picture.
"""

import platform
import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from benchmarks.measuring import Line, Spread

PAGE: Final = Path(__file__).parents[1] / "docs" / "performance.md"
PICTURES: Final = PAGE.parent / "performance"
_UNITS: Final = ((1.0, "s"), (1e-3, "ms"), (1e-6, "us"), (1e-9, "ns"))
_SIZES: Final = ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"), (1.0, "B"))


def measured(value: float, unit: str) -> str:
    """
    Return a measured value in words.

    >>> measured(0.000_21, "s"), measured(2_500_000, "B"), measured(31_500, "acts/s")
    ('210 us', '2.5 MB', '31,500 acts/s')
    """
    scale = {"s": _UNITS, "B": _SIZES}.get(unit)
    if scale is None:
        # From 10,000 on the other form would say 3.15e+04.
        return f"{value:,.0f} {unit}" if value >= 1_000 else f"{value:.4g} {unit}"  # noqa: PLR2004
    size, name = next((it for it in scale if abs(value) >= it[0]), scale[-1])
    return f"{value / size:,.3g} {name}"


def compared(ratio: Spread | None) -> str:
    """
    Return a ratio with its quartiles.

    >>> compared(Spread(1.2, 1.1, 1.42))
    '1.20 (1.10 to 1.42)'
    """
    if ratio is None:
        return ""
    return f"{_short(ratio.median)} ({_short(ratio.low)} to {_short(ratio.high)})"


def goal(line: Line) -> str:
    """
    Return the goal of a line, and whether it is reached.
    """
    if line.reached is None:
        return ""
    at = line.at_most if line.at_most is not None else line.at_least
    sign = "<=" if line.at_most is not None else ">="
    return f"{sign} {at:g}: {'reached' if line.reached else 'missed'}"


def table(lines: Sequence[Line]) -> str:
    """
    Return the figures as a Markdown table.
    """
    rows = [
        "| What | Median | Over | Ratio (quartiles) | Goal |",
        "|---|---:|---|---:|---|",
    ]
    rows += [
        f"| {it.what} | {measured(it.value, it.unit)} | {it.over or ''} "
        f"| {compared(it.ratio)} | {goal(it)} |"
        for it in lines
    ]
    return "\n".join(rows)


def record(
    found: dict[str, tuple[float, list[Line]]], *, quick: bool
) -> dict[str, Any]:
    """
    Return a run as a JSON document.
    """
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "quick": quick,
        "versions": versions(),
        "workloads": {
            name: {"seconds": round(took, 1), "lines": [it.as_json() for it in lines]}
            for name, (took, lines) in found.items()
        },
    }


def versions() -> dict[str, str]:
    """
    Return the versions of what is measured.
    """
    packages = ("attrs", "eventsourcing", "msgspec", "psycopg", "sqlalchemy")
    return {
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        **{name: version(name) for name in packages},
    }


def put_down(name: str, command: str, lines: Sequence[Line]) -> None:
    """
    Put a workload's figures into the docs, with their command, and draw them.
    """
    picture = f"{name}: how many times as much, beside the goals"
    put_table(name, command, f"{table(lines)}\n\n![{picture}](performance/{name}.svg)")
    draw(name, lines)


def put_table(place: str, command: str, found: str) -> None:
    """
    Put what was found into the docs, with its command, where they have a place for it.
    """
    begin, end = f"<!-- {place}: begin -->", f"<!-- {place}: end -->"
    text = PAGE.read_text()
    before, is_there, rest = text.partition(begin)
    _, ended, after = rest.partition(end)
    if not (is_there and ended):
        raise SystemExit(f"{PAGE.name} has no place for {place}")
    told = ", ".join(f"{what} {it}" for what, it in versions().items())
    today = datetime.now(UTC).date().isoformat()
    block = f"{begin}\n\n`{command}`, {today}; {told}.\n\n{found}\n\n{end}"
    PAGE.write_text(before + block + after)


def draw(name: str, lines: Sequence[Line]) -> None:
    """
    Draw a workload's ratios, with their quartiles and goals.
    """
    # Heavy, and of no use to whoever only wants the numbers.
    import matplotlib as mpl  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    shown = [it for it in lines if it.ratio is not None]
    mpl.rcParams["svg.hashsalt"] = name  # the same figures are the same bytes
    mpl.rcParams["svg.fonttype"] = "none"
    figure = Figure(figsize=(8, 0.9 + 0.45 * len(shown)), layout="constrained")
    axes = figure.subplots()
    for place, it in enumerate(reversed(shown)):
        if it.ratio is None:
            continue
        colour = {True: "#3a7d44", False: "#b5442e", None: "#6b7a8f"}[it.reached]
        axes.barh(place, it.ratio.median, color=colour, height=0.6)
        axes.plot([it.ratio.low, it.ratio.high], [place, place], color="black", lw=1)
        at = it.at_most if it.at_most is not None else it.at_least
        if at is not None:
            axes.plot([at, at], [place - 0.4, place + 0.4], color="black", lw=2)
    axes.set_yticks(
        range(len(shown)),
        [f"{it.what}\nover {it.over}" for it in reversed(shown)],
        fontsize=7,
    )
    ratios = [it.ratio.median for it in shown if it.ratio is not None]
    if max(ratios) / min(ratios) > 20:  # noqa: PLR2004 - else the small ones are gone
        axes.set_xscale("log")
    axes.axvline(1, color="grey", lw=0.8, ls=":")
    axes.set_xlabel("times as much (line: quartiles; bar: the goal)", fontsize=7)
    axes.set_title(name, loc="left", fontsize=9)
    PICTURES.mkdir(exist_ok=True)
    figure.savefig(PICTURES / f"{name}.svg", metadata={"Date": None, "Creator": None})


def _short(number: float) -> str:
    return f"{number:.2f}" if number < 100 else f"{number:,.0f}"  # noqa: PLR2004
