"""
Who may join a circle, and who may leave it.
"""

from itertools import product

import pytest

from circlekit.policies.membership import (
    may_be_appointed,
    may_be_dismissed,
    may_join,
    members_only,
    not_the_owner,
    not_yet_a_member,
    outranks,
)

ROLES = ["owner", "manager", "member", None]


@pytest.mark.covers("A003", "A008", "A009", "A011", "A012")
@pytest.mark.parametrize("kind", ["internal", "business", "teaching", "community"])
def test_joining(kind):
    """
    Each kind of circle asks for one thing, and for nothing else.
    """
    attested = product(("acme", "other", None), ROLES, ("teacher", "student", None))
    for staff_of, inviter_role, verified_role in attested:
        verdict = may_join(
            kind,
            organisation="acme",
            staff_of=staff_of,
            inviter_role=inviter_role,
            verified_role=verified_role,
        )

        welcome, otherwise = {
            "internal": (staff_of == "acme", "internal-staff-only"),
            "business": (
                inviter_role in {"owner", "manager"},
                "business-by-invitation",
            ),
            "teaching": (verified_role is not None, "teaching-verified-role"),
            "community": (True, ""),
        }[kind]
        assert (() if welcome else (otherwise,)) == verdict.rules


def test_staff_of_nobody():
    """
    Where no organisation is named, who works for none is not its staff.
    """
    verdict = may_join(
        "internal",
        organisation=None,
        staff_of=None,
        inviter_role=None,
        verified_role=None,
    )

    assert ("internal-staff-only",) == verdict.rules


@pytest.mark.parametrize("role", ROLES)
def test_being_a_member(role):
    """
    Somebody is a member or is not: one of the two is always refused.
    """
    inside = role is not None

    assert (() if inside else ("not-a-member",)) == members_only(role, by="lin").rules
    assert (("already-a-member",) if inside else ()) == (
        not_yet_a_member(role, member="lin").rules
    )


@pytest.mark.covers("A015")
@pytest.mark.parametrize("role", ROLES)
def test_the_owner_stays(role):
    """
    Everybody may go but the owner.
    """
    expected = ("owner-stays",) if role == "owner" else ()
    assert expected == not_the_owner(role, member="lin").rules


@pytest.mark.parametrize(("role", "over"), list(product(ROLES, ROLES)))
def test_removing_a_manager(role, over):
    """
    A manager is removed by the owner alone.
    """
    refused = over == "manager" and role != "owner"
    expected = ("not-the-owner",) if refused else ()
    assert expected == outranks(role, over, member="lin").rules


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        ("member", ()),
        (None, ("not-a-member",)),
        ("manager", ("already-a-manager",)),
        ("owner", ("already-a-manager",)),
    ],
)
def test_appointing(role, expected):
    """
    Only an ordinary member is made a manager.
    """
    assert expected == may_be_appointed(role, member="lin").rules


@pytest.mark.parametrize("role", ROLES)
def test_dismissing(role):
    """
    Only a manager is dismissed.
    """
    expected = () if role == "manager" else ("not-a-manager",)
    assert expected == may_be_dismissed(role, member="lin").rules
