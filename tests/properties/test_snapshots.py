"""
Whatever has happened to somebody, their snapshot says it.
"""

import pytest
from hypothesis.stateful import invariant, run_state_machine_as_test

from circlekit.application import snapshots
from circlekit.testing import (
    CircleMachine,
    GroupMachine,
    OrganisationMachine,
    ReaderMachine,
)


@pytest.mark.parametrize(
    "machine",
    [CircleMachine, GroupMachine, OrganisationMachine, ReaderMachine],
    ids=lambda machine: machine.__name__,
)
def test_kept_and_read(machine):
    """
    An aggregate that is kept and read again is what it was, after every step.
    """

    class Kept(machine):
        @invariant()
        def kept_is_what_it_was(self):
            state = snapshots.written(self.it)
            assert self.it == snapshots.read(type(self.it), state)

    run_state_machine_as_test(Kept)
