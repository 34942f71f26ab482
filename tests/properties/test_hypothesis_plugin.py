"""
Wherever circlekit is installed, Hypothesis knows its values.
"""

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circlekit.hypothesis_plugin import KINDS, register

_WITHOUT_WAITING = """
import sys
import hypothesis
heavy = {"sqlalchemy", "eventsourcing", "circlekit.application", "circlekit.testing"}
print(sorted(heavy & set(sys.modules)))
"""


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@given(data=st.data())
@settings(max_examples=3)
def test_from_type(kind, data):
    """
    Every event, id and value can be made from its type alone.
    """
    register()

    made = data.draw(st.from_type(kind))

    assert isinstance(made, getattr(kind, "__supertype__", kind))


def test_light_to_import():
    """
    Whoever only imports Hypothesis does not wait for the store, nor for the kit.
    """
    run = subprocess.run(
        [sys.executable, "-c", _WITHOUT_WAITING],
        capture_output=True,
        check=True,
        text=True,
    )

    assert "[]\n" == run.stdout
