"""
The workloads: one module each, in the order of their names.
"""

from typing import Final, cast

from benchmarks.bench import Workload
from benchmarks.workloads import (
    machine_runs,
    w01_posts,
    w02_comments,
    w03_audit,
    w04_feed,
    w05_race,
    w06_read_models,
    w07_moments,
    w08_import,
    w09_weight,
    w10_many,
)

WORKLOADS: Final[tuple[Workload, ...]] = cast(
    "tuple[Workload, ...]",
    (
        w01_posts,
        w02_comments,
        w03_audit,
        w04_feed,
        w05_race,
        w06_read_models,
        w07_moments,
        w08_import,
        w09_weight,
        w10_many,
        machine_runs,
    ),
)
