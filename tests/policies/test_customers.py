"""
What may be recorded of a customer.
"""

import pytest

from circlekit.policies.customers import (
    is_tagged,
    not_yet_assigned,
    not_yet_tagged,
    profile_open,
)


@pytest.mark.parametrize(
    ("completed", "expected"), [(False, ()), (True, ("profile-complete",))]
)
def test_profile(completed, expected):
    """
    A profile is completed once.
    """
    assert expected == profile_open(completed=completed).rules


@pytest.mark.parametrize(
    ("tag", "expected"), [("new", ()), ("vip", ("already-tagged",))]
)
def test_putting_a_tag_on(tag, expected):
    """
    A tag is put on once.
    """
    assert expected == not_yet_tagged(tag, {"vip"}).rules


@pytest.mark.parametrize(("tag", "expected"), [("vip", ()), ("new", ("not-tagged",))])
def test_taking_a_tag_off(tag, expected):
    """
    Only a tag that is on comes off.
    """
    assert expected == is_tagged(tag, {"vip"}).rules


@pytest.mark.parametrize(
    ("current", "expected"), [(None, ()), ("tao", ()), ("lin", ("already-assigned",))]
)
def test_giving_a_customer_to_somebody(current, expected):
    """
    A customer is given to somebody who does not have them.
    """
    assert expected == not_yet_assigned("lin", current).rules
