"""
How rules answer.
"""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circlekit.errors import CirclekitError
from circlekit.testing import verdicts
from circlekit.verdict import (
    ALLOWED,
    Reason,
    RefusedError,
    Verdict,
    all_of,
    refused,
    require,
)

NOON = datetime(2020, 3, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)
MONTH = Reason(rule="must-see-month", because="4 of 4 used", retry_at=LATER)
SPACING = Reason(rule="must-see-spacing", because="1 of 1 used", retry_at=NOON)
ROLE = Reason(rule="not-a-manager", because="tao is neither")


def test_nothing_in_the_way():
    """
    What nothing stands in the way of is allowed, with no more to say.
    """
    assert (True, (), None, "allowed") == (
        ALLOWED.allowed,
        ALLOWED.rules,
        ALLOWED.retry_at,
        str(ALLOWED),
    )


def test_everything_in_the_way():
    """
    A refusal names every rule, and says each reason.
    """
    verdict = Verdict((ROLE, MONTH))

    assert not verdict.allowed
    assert ("must-see-month", "not-a-manager") == verdict.rules
    expected = "not-a-manager: tao is neither; must-see-month: 4 of 4 used"
    assert expected == str(verdict)


def test_a_rule_is_named_once():
    """
    A rule with two reasons is named once.
    """
    assert ("not-a-manager",) == Verdict((ROLE, ROLE)).rules


@pytest.mark.parametrize(
    ("reasons", "expected"),
    [
        ((), None),
        ((MONTH,), LATER),
        ((SPACING, MONTH), LATER),
        ((MONTH, SPACING), LATER),
        ((MONTH, ROLE), None),
        ((ROLE,), None),
    ],
)
def test_when_to_ask_again(reasons, expected):
    """
    It is worth asking again when the last rule lets go, if every rule can tell.
    """
    assert expected == Verdict(reasons).retry_at


def test_one_reason():
    """
    A rule that counts nothing gives its name, its words and what is in the way.
    """
    expected = Verdict((Reason(rule="post-removed", because="gone", used_by=(8,)),))
    assert expected == refused("post-removed", "gone", (8,))


@given(st.lists(verdicts(), max_size=4))
def test_answers_together(answers):
    """
    Several answers are one: allowed if all are, else with every reason in order.
    """
    together = all_of(*answers)

    assert [r for answer in answers for r in answer.reasons] == list(together.reasons)
    assert all(answer.allowed for answer in answers) == together.allowed
    assert set().union(*(answer.rules for answer in answers)) == set(together.rules)


@given(st.lists(verdicts(), max_size=4))
def test_requiring_answers(answers):
    """
    To require answers is to stop at a refusal, with every reason there is.
    """
    together = all_of(*answers)
    if together.allowed:
        require(*answers)
        return
    with pytest.raises(RefusedError) as refusal:
        require(*answers)

    assert together == refusal.value.verdict
    assert str(together) == str(refusal.value)


def test_a_refusal_is_one_of_ours():
    """
    Whoever catches what circlekit raises catches refusals too.
    """
    with pytest.raises(CirclekitError):
        require(refused("owner-stays", "mei owns this circle"))
