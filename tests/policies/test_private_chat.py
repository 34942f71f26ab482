"""
Whether two members may reach each other in private by way of a group.
"""

from itertools import product

import pytest

from circlekit.policies.private_chat import may_reach, two_people

ROLES = ["owner", "manager", "member", None]


@pytest.mark.parametrize(("role", "other_role"), list(product(ROLES, ROLES)))
def test_every_case(role, other_role):
    """
    A block stands between two people unless one of the exemptions holds.
    """
    cases = product((None, 7), (True, False), (True, False), (True, False))
    for blocked_at, related, another_way, strict in cases:
        verdict = may_reach(
            blocked_at=blocked_at,
            role=role,
            other_role=other_role,
            already_related=related,
            other_common_group=another_way,
            strict=strict,
            group="readers",
        )

        in_charge = {"owner", "manager"} & {role, other_role}
        free = [
            blocked_at is None,
            in_charge,
            related,
            another_way and not strict,
        ]
        assert (() if any(free) else ("private-chat-blocked",)) == verdict.rules


def test_two_people():
    """
    It takes two.
    """
    assert () == two_people("lin", "wei").rules
    assert ("same-person",) == two_people("lin", "lin").rules
