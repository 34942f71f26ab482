"""
Errors that leave the thread, or the process, in which they were raised.
"""

import copy
import pickle

import pytest

from circlekit import errors
from circlekit.store import ConnectionLostError
from circlekit.verdict import Reason, RefusedError, Verdict

EVERY = [
    errors.CirclekitError("what"),
    errors.InvalidInputError("by", "is 7", "an id"),
    errors.NotFoundError("circle", "club"),
    errors.CommandIdReusedError("send-1"),
    errors.CorruptEventError("circle/club", 3, "is missing", position=9),
    errors.BusyError("busy"),
    errors.UnknownPolicyError("quiet-hours", "it is unknown"),
    errors.GraderError("strict", "raised"),
    errors.StoreError("gone"),
    errors.OutcomeUnknownError("send-1"),
    errors.GoldenHistoryError("is cut short"),
    errors.ExportError("is cut short", "a whole one"),
    errors.AlreadyThereError("circle/club", "is there"),
    ConnectionLostError("lost"),
    RefusedError(Verdict((Reason(rule="owner-stays", because="so it is"),))),
]


@pytest.mark.parametrize("error", EVERY, ids=lambda it: type(it).__name__)
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_sent_to_another_process(error, protocol):
    """
    An error that is pickled or copied says the same, and knows the same.
    """
    error.add_note("at night")
    for other in (
        pickle.loads(pickle.dumps(error, protocol)),  # noqa: S301 - our own
        copy.copy(error),
        copy.deepcopy(error),
    ):
        assert type(error) is type(other)
        assert str(error) == str(other)
        assert error.args == other.args
        assert vars(error) == vars(other)


def test_every_error():
    """
    None of the errors is left out here.
    """
    defined = {it for it in vars(errors).values() if isinstance(it, type)}
    errors_there = {it for it in defined if issubclass(it, Exception)}
    assert errors_there <= {type(error) for error in EVERY}
