"""
Who decides in a circle.
"""

import pytest

from circlekit.policies.authority import (
    author_or_manager,
    managers_only,
    override_right,
    owner_only,
)

ROLES = ["owner", "manager", "member", None]


@pytest.mark.parametrize("role", ROLES)
def test_the_owner_alone(role):
    """
    Some things only the owner does.
    """
    expected = () if role == "owner" else ("not-the-owner",)
    assert expected == owner_only(role, by="mei").rules


@pytest.mark.parametrize("role", ROLES)
def test_who_runs_the_circle(role):
    """
    Most things the owner and the managers do.
    """
    expected = () if role in {"owner", "manager"} else ("not-a-manager",)
    assert expected == managers_only(role, by="mei").rules


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("author", ["mei", "tao"])
def test_who_wrote_it(role, author):
    """
    What somebody wrote is theirs while they are a member, and the managers'.
    """
    theirs = author == "mei" and role is not None
    expected = () if theirs or role in {"owner", "manager"} else ("not-the-author",)
    assert expected == author_or_manager(role, author=author, by="mei").rules


@pytest.mark.parametrize("holders", [set(), {"lin"}, {"lin", "mei"}])
def test_the_right_to_go_beyond_the_quota(holders):
    """
    Only who was granted the right has it.
    """
    expected = () if "mei" in holders else ("no-override-right",)
    assert expected == override_right(holders, by="mei").rules


def test_the_words_name_who_asked():
    """
    A refusal says of whom it speaks.
    """
    assert "not-the-owner: tao is not the owner of this circle" == str(
        owner_only("member", by="tao")
    )
