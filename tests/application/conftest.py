"""
A kit on a file of its own, and a town that it runs.
"""

import shutil

import pytest
from attrs import evolve

from circlekit import CircleKit, ManualClock
from tests.application.town import GRADERS, MARCH_1, settle


@pytest.fixture
def clock():
    return ManualClock(MARCH_1)


@pytest.fixture
def kit(url, clock):
    with CircleKit(url, clock=clock) as opened:
        yield opened


@pytest.fixture(scope="session")
def settled_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("town") / "kit.db"
    return path, _settled(f"sqlite:///{path}")


@pytest.fixture(scope="session")
def settled_rows(circlekit_postgres):
    with circlekit_postgres.store() as url:
        known = _settled(url)
        return circlekit_postgres.rows(url), known


def _settled(url):
    clock = ManualClock(MARCH_1)
    with CircleKit(url, clock=clock) as kit:
        return settle(kit, clock)


@pytest.fixture
def town_url(backend, url, tmp_path, request):
    if backend == "sqlite":
        path, known = request.getfixturevalue("settled_file")
        shutil.copy(path, tmp_path / "kit.db")
    else:
        rows, known = request.getfixturevalue("settled_rows")
        request.getfixturevalue("server").fill(url, rows)
    return url, known


@pytest.fixture
def town(town_url, clock):
    url, known = town_url
    with CircleKit(url, clock=clock, graders=GRADERS) as kit:
        yield evolve(known, kit=kit, clock=clock)
