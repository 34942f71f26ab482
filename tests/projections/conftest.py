"""
A kit on a file of its own, and a clock that stands at noon in Shanghai's evening.
"""

import pytest

from circlekit import CircleKit, ManualClock
from tests.application.town import MARCH_1


@pytest.fixture
def clock():
    return ManualClock(MARCH_1)


@pytest.fixture
def kit(url, clock):
    with CircleKit(url, clock=clock) as opened:
        yield opened


@pytest.fixture
def club(kit):
    kit.found_circle(name="Book club", kind="community", by="mei", circle="club")
    kit.join_circle("club", "lin")
    kit.appoint_manager("club", "lin", by="mei")
    for member in ("tao", "ben"):
        kit.join_circle("club", member)
    return kit
