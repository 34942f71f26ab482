"""
Where the time goes: a profile of what a workload times, told by the parts of circlekit.

A profiler looks every tenth of a millisecond which line is being run. What a driver
does in C counts for the line that called it. Only one thread is looked at, and nobody
else is in the way; who waits for whom is told by the workload itself.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from attrs import frozen
from pyinstrument import Profiler
from pyinstrument.frame import Frame

from benchmarks.telling import measured

Act = Callable[[], object]

_EVERY: Final = 0.000_1  # seconds
_LEAST: Final = 0.02
_BUILT_IN: Final = {
    "Connection.commit": "SQLite's commit: the pages, and the disk",
    "Connection.execute": "SQLite's statements",
    "Connection.executemany": "SQLite's statements",
    "Cursor.fetchall": "SQLite's statements",
}
# The first that fits a file's path.
_PARTS: Final = (
    ("/psycopg", "the driver, psycopg, and waiting for the server"),
    ("/circlekit/store/mapper.py", "events to bytes and back"),
    ("/circlekit/store/bodies.py", "events to bytes and back"),
    ("/circlekit/store/chain.py", "checksums and digests"),
    ("/circlekit/store/", "transactions and rows"),
    ("/circlekit/application/snapshots.py", "reading a snapshot"),
    ("/circlekit/application/", "carrying out what is asked"),
    ("/circlekit/projections/", "read models"),
    ("/circlekit/cli/", "what an import makes of a line"),
    ("/circlekit/", "the rules, and what they know"),
    ("/sqlalchemy/", "the pool of connections"),
)
_ELSE: Final = "Python's own library, and the rest"
PARTS: Final = {*_BUILT_IN.values(), *(part for _, part in _PARTS), _ELSE}
"""
All the parts that time is told by.
"""


@frozen
class Profile:
    """
    Where the time of an act goes.

    Attributes:
        what: The act.

        each: What one of it took while nobody looked, in seconds.

        shares: The part of it that each part of the code took, the largest first.
    """

    what: str
    each: float
    shares: Mapping[str, float]


def profiled(what: str, act: Act, *, times: int) -> Profile:
    """
    Do something so many times to see how long it takes, and again under a profiler.
    """
    act()
    began = time.perf_counter()
    for _ in range(times):
        act()
    each = (time.perf_counter() - began) / times
    profiler = Profiler(interval=_EVERY, async_mode="disabled", use_timing_thread=True)
    profiler.start()
    for _ in range(times):
        act()
    session = profiler.stop()
    root = session.root_frame(trim_stem=False)
    found = Counter[str]()
    for part, taken in _taken(root, _ELSE) if root is not None else ():
        found[part] += taken
    together = sum(found.values())
    shares = {
        part: taken / together
        for part, taken in found.most_common()
        if taken / together >= _LEAST
    }
    return Profile(what, each, shares)


def table(profiles: Sequence[Profile]) -> str:
    """
    Return profiles as a Markdown table, a column for each.
    """
    parts = dict.fromkeys(part for it in profiles for part in it.shares)
    heads = "".join(f" {it.what}: {measured(it.each, 's')} |" for it in profiles)
    rows = [f"| Where the time goes |{heads}", f"|---|{'---:|' * len(profiles)}"]
    rows += [
        f"| {part} |"
        + "".join(f" {_percent(it.shares.get(part))} |" for it in profiles)
        for part in parts
    ]
    return "\n".join(rows)


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.0f} %"


def _taken(frame: Frame, within: str) -> Iterator[tuple[str, float]]:
    if frame.function == "[self]":
        return  # it is told with the frame itself
    part = _part(frame, within)
    yield part, frame.total_self_time
    for child in frame.children:
        yield from _taken(child, part)


def _part(frame: Frame, within: str) -> str:
    path = (frame.file_path or "").replace("\\", "/")
    if path == "<built-in>":
        return _BUILT_IN.get(frame.function, within)
    return next((part for where, part in _PARTS if where in path), _ELSE)
