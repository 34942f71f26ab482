"""
How long until the read models know what happened?

A store is filled with what happens in 30 circles, and one read model, then all of them,
are brought up to date from the beginning. Beside one, a bare loop writes the feed's rows
into the same tables: it reads as many events at a time, decodes those that it needs,
and sends its rows many at once. Beside all, what all of them write was noted before,
and a bare loop reads and decodes the events and sends those notes: it has nothing to
find out. The library's projection is run as its documentation teaches, each event in a
transaction of its own, on fewer events; what it took is what so many would take.
"""

import re
import shutil
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec
from attrs import define, field

from benchmarks import bare, feeds, town
from benchmarks.bench import Bench
from benchmarks.measuring import Line, Times, in_turns
from circlekit import CircleKit
from circlekit.events.names import NAMES
from circlekit.events.record import Recorded
from circlekit.store import MEMBER_FEED, READ_MODELS, log, open_store
from circlekit.store.batched import BatchedRows

NAME: Final = "W6"
QUESTION: Final = "How long until the read models know what happened?"

_MODELS: Final = f"all {len(READ_MODELS)} read models"
_PARAMETER: Final = re.compile(r":([a-z_0-9]+)")
_AFTER: Final = """
SELECT position, stream, version, name, body, checksum FROM circlekit_event
WHERE position > ? ORDER BY position LIMIT ?
"""


def measure(bench: Bench) -> list[Line]:
    """
    Return what so many events take, and ten times as many.
    """
    few, many = bench.some(30_000, 3_000), bench.some(300_000, 30_000)
    taught = _taught(bench, bench.some(1_500, 300))
    return [*_caught_up(bench, few, taught), *_caught_up(bench, many, taught)]
