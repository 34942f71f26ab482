"""
A kit on a file of its own, and a town that it runs.
"""

import shutil

import pytest
from attrs import evolve

from circlekit import CircleKit, ManualClock
from tests.application.town import MARCH_1, settle


@pytest.fixture
def clock():
    return ManualClock(MARCH_1)


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path / 'kit.db'}"


@pytest.fixture
def kit(url, clock):
    with CircleKit(url, clock=clock) as opened:
        yield opened


@pytest.fixture(scope="session")
def settled(tmp_path_factory):
    path = tmp_path_factory.mktemp("town") / "kit.db"
    clock = ManualClock(MARCH_1)
    with CircleKit(f"sqlite:///{path}", clock=clock) as kit:
        return path, settle(kit, clock)


@pytest.fixture
def town(settled, tmp_path, url, clock):
    path, known = settled
    shutil.copy(path, tmp_path / "kit.db")
    with CircleKit(url, clock=clock) as kit:
        yield evolve(known, kit=kit, clock=clock)
