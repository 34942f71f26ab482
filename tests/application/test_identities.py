"""
One member, whatever they are called elsewhere.
"""

import pytest

from circlekit import CircleKit
from circlekit.projections.identities import IdentityEntry
from tests.application.town import MARCH_1, everything, refused

WECHAT = {"system": "wechat", "external_id": "o-123", "attested": "oauth"}


@pytest.mark.covers("P12")
def test_one_member(town):
    """
    A member is found by any of their identities, and all of them are told together.
    """
    town.kit.attach_identity(
        "tao", system="shop", external_id="77", attested="receipt", by="desk"
    )

    assert ["tao", "tao", None] == [
        town.kit.member_of(*it)
        for it in (("wechat", "o-123"), ("shop", "77"), ("shop", "o-123"))
    ]
    assert (
        IdentityEntry(system="shop", external_id="77", attested="receipt", at=MARCH_1),
        IdentityEntry(
            system="wechat", external_id="o-123", attested="oauth", at=MARCH_1
        ),
    ) == town.kit.identities("tao")


@pytest.mark.covers("P12")
def test_one_member_at_a_time(town):
    """
    What is another's is attached only when they have let it go.
    """
    with refused("identity-taken"):
        town.kit.attach_identity("ben", **WECHAT, by="ben")
    assert "tao" == town.kit.member_of("wechat", "o-123")

    town.kit.detach_identity("wechat", "o-123", by="tao")
    town.kit.attach_identity("ben", **WECHAT, by="ben")

    assert "ben" == town.kit.member_of("wechat", "o-123")
    assert () == town.kit.identities("tao")


def test_nothing_else_names_it(town):
    """
    Who somebody is elsewhere stands in one field of one event, and nowhere else.

    No history is named after it and no refusal repeats it.
    """
    with refused("identity-taken"):
        town.kit.attach_identity("ben", **WECHAT, by="ben", command_id="one")

    log = everything(town.kit)
    assert not any("o-123" in it.stream for it in log)
    assert ["IdentityAttached"] == [
        type(it.event).__name__ for it in log if "o-123" in repr(it.event)
    ]


def test_a_colon_in_the_id(kit):
    """
    Systems and ids are kept apart, whatever signs an id has.
    """
    kit.attach_identity("tao", system="a", external_id="b:c", attested="x", by="desk")

    assert ("tao", None) == (kit.member_of("a", "b:c"), kit.member_of("a", "c"))


def test_a_repeat(town, url):
    """
    An identity that is attached again under its command id was attached once.
    """
    said = {"system": "shop", "external_id": "77", "attested": "x", "by": "desk"}
    town.kit.attach_identity("ben", **said, command_id="one")

    with CircleKit(url, clock=town.clock) as other:
        other.attach_identity("ben", **said, command_id="one")
        with refused("identity-attached"):
            other.attach_identity("ben", **said)
