"""
Coming in: by asking, by invitation, as a partner, and what is accepted first.
"""

from datetime import timedelta

import pytest
from attrs import evolve

from circlekit import InvitationId
from circlekit.application.circles import Joined
from circlekit.rulebook import DINGTALK_2020
from circlekit.verdict import ALLOWED
from tests.application.town import MARCH_1, history, refused

BY_APPLICATION = evolve(
    DINGTALK_2020, name="by_application", community_joining="application"
)
WITH_CONVENTION = evolve(DINGTALK_2020, name="with_convention", convention="2020-03")


def joined(kit, circle="club"):
    """
    Return how the newest member came.
    """
    event = next(
        it.event
        for it in reversed(list(kit.history(circle)))
        if type(it.event).__name__ == "MemberJoined"
    )
    return event.member, event.invited_by, event.channel, event.source


@pytest.mark.covers("A012")
def test_by_application(town):
    """
    Where a rule book says so, people ask, and come in when that is approved.
    """
    kit = town.kit
    kit.adopt_rule_book("club", BY_APPLICATION, by="mei")
    with refused("by-application"):
        kit.join_circle("club", "new")

    kit.request_to_join("club", "new", channel="splash", source="app start")
    with refused("not-a-manager"):
        kit.approve_request("club", "new", by="tao")
    kit.decline_request("club", "new", by="lin")
    kit.request_to_join("club", "new", channel="qr", source="door")
    answer = kit.approve_request("club", "new", by="lin")

    assert Joined("club", ALLOWED) == answer
    assert ("new", None, "qr", "door") == joined(kit)
    assert ["club"] == [entry.circle for entry in kit.circles("new")]
    # Invited by who runs the circle, nobody has to ask.
    kit.join_circle("club", "amy", invited_by="mei")


@pytest.mark.covers("A011")
def test_approval_is_an_invitation(town):
    """
    To a business circle people come by invitation, or by asking for one.
    """
    kit = town.kit
    with refused("business-by-invitation"):
        kit.join_circle("shop", "new")

    kit.request_to_join("shop", "new", staff_of="acme")
    kit.approve_request("shop", "new", by="keeper")
    code = kit.invite("shop", by="keeper", channel="qr", source="stand 12")
    kit.accept_invitation(code, "amy", staff_of="other")

    assert ("amy", "keeper", "qr", "stand 12") == joined(kit, "shop")
    with kit._store.alone() as transaction:
        shop = kit._work(transaction).circle("shop")
    assert ["acme", "other", None] == [
        shop.organisation_of(member) for member in ("new", "amy", "clerk")
    ]


@pytest.mark.covers("A011", "A013")
def test_partners(town):
    """
    Staff of a partner organisation are invited by being that, until it ends.
    """
    kit = town.kit
    kit.admit_partner("shop", "acme", by="keeper")
    kit.join_circle("shop", "amy", staff_of="acme")
    kit.end_partnership("shop", "acme", by="keeper")

    with refused("business-by-invitation"):
        kit.join_circle("shop", "new", staff_of="acme")
    assert ["shop"] == [entry.circle for entry in kit.circles("amy")]


def test_a_partner_with_a_directory(town):
    """
    Of a partner that was registered, its directory says who works for it.
    """
    kit = town.kit
    kit.register_organisation("acme", name="Acme", by="amy")
    kit.admit_partner("shop", "acme", by="keeper")

    kit.join_circle("shop", "amy", staff_of="acme")
    with refused("business-by-invitation"):
        kit.join_circle("shop", "new", staff_of="acme")


@pytest.mark.covers("P24", "P25")
def test_a_code_for_everybody(town, clock):
    """
    A code lets in whoever comes, with an id and nothing else, until it ends.
    """
    kit, ends = town.kit, MARCH_1 + timedelta(days=1)
    code = kit.invite("club", by="tao", channel="qr", source="poster", until=ends)
    assert InvitationId.of(str(code)) == code

    kit.accept_invitation(code, "one")
    clock.now = ends - timedelta(microseconds=1)
    kit.accept_invitation(str(code), "two")
    assert ("two", "tao", "qr", "poster") == joined(kit)
    clock.now = ends
    with refused("invitation-over"):
        kit.accept_invitation(code, "three")


def test_an_invitation_for_one(town):
    """
    One person's invitation is theirs alone, and is used up by coming in by it.
    """
    kit = town.kit
    made = kit.invite("club", by="tao", member="new")
    with refused("not-the-invited"):
        kit.accept_invitation(made, "other")

    kit.accept_invitation(made, "new")
    kit.leave_circle("club", "new")

    with refused("invitation-over"):
        kit.accept_invitation(made, "new")


def test_taken_back(town):
    """
    An invitation that was declined or taken back lets nobody in.
    """
    kit = town.kit
    declined = kit.invite("club", by="tao", member="new")
    kit.decline_invitation(declined, by="new")
    revoked = kit.invite("club", by="tao", channel="link")
    with refused("not-a-manager"):
        kit.revoke_invitation(revoked, by="ben")
    kit.revoke_invitation(revoked, by="wu")

    for invitation in (declined, revoked):
        with refused("invitation-over"):
            kit.accept_invitation(invitation, "new")


@pytest.mark.covers("A154")
def test_the_convention_first(town):
    """
    Where a rule book names a convention, nobody writes who has not accepted it.
    """
    kit = town.kit
    kit.adopt_rule_book("club", WITH_CONVENTION, by="mei")
    for command in (
        lambda: kit.publish_post("club", by="tao", text="Hello"),
        lambda: kit.add_comment(town.post, by="tao", text="Hello"),
    ):
        with refused("convention-not-accepted"):
            command()
    kit.react(town.post, "+1", by="tao")

    kit.accept_convention("club", "2020-03", by="tao")
    kit.publish_post("club", by="tao", text="Hello")
    kit.adopt_rule_book(
        "club", evolve(WITH_CONVENTION, name="next", convention="2020-04"), by="mei"
    )

    with refused("convention-not-accepted"):
        kit.publish_post("club", by="tao", text="Hello")


def test_asked_and_invited(town):
    """
    Whoever comes in otherwise waits no longer.
    """
    kit = town.kit
    kit.request_to_join("club", "new")
    kit.join_circle("club", "new")

    with refused("no-request"):
        kit.approve_request("club", "new", by="lin")


def test_repeated(town):
    """
    An invitation, and coming in by it, are safe to repeat.
    """
    kit = town.kit
    first = kit.invite("club", by="tao", channel="qr", command_id="one")
    came = kit.accept_invitation(first, "new", command_id="two")
    so_far = history(kit)

    assert first == kit.invite("club", by="tao", channel="qr", command_id="one")
    assert came == kit.accept_invitation(first, "new", command_id="two")
    assert so_far == history(kit)
