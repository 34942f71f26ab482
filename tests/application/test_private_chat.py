"""
Who may reach whom in private by way of a group.
"""

import pytest
from attrs import evolve

from circlekit import RefusedError
from circlekit.rulebook import DINGTALK_2020
from tests.application.town import refused

WAYS = ("open_private_chat", "send_friend_request")


@pytest.fixture(params=WAYS)
def reach(request, town):
    """
    Reach out in private, in one of the two ways there are.
    """

    def out(by, to, group="club", **more):
        town.do(request.param, group, by=by, to=to, **more)

    return out


@pytest.fixture
def blocked(town):
    town.kit.block_private_chat("club", by="mei")
    return town


@pytest.mark.covers("A041", "A042")
def test_blocked(blocked, reach):
    """
    While a group blocks it, two members cannot reach each other through it.

    Neither can the other way round; the refusal names the group and the block.
    """
    with refused("private-chat-blocked") as refusal:
        reach("tao", "ben")
    with refused("private-chat-blocked"):
        reach("ben", "tao")

    (reason,) = refusal.value.verdict.reasons
    assert "club" in reason.because
    (version,) = reason.used_by
    with blocked.kit._store.reading() as transaction:
        event = transaction.at_place("group/club", version).event
    assert "PrivateChatBlocked" == type(event).__name__
    assert reason.retry_at is None


def test_not_blocked(town, reach):
    """
    Without a block members of a group may reach each other.
    """
    reach("tao", "ben")
    reach("ben", "tao")


def test_lifted(blocked, reach):
    """
    A lifted block no longer stands in the way; one put up again does.
    """
    blocked.kit.allow_private_chat("club", by="lin")
    reach("tao", "ben")
    blocked.kit.block_private_chat("club", by="lin")
    with refused("private-chat-blocked"):
        reach("tao", "ben")


@pytest.mark.parametrize("manager", ["mei", "lin"])
def test_owner_and_managers(blocked, reach, manager):
    """
    The owner and managers are exempt in both directions.
    """
    reach("tao", manager)
    reach(manager, "tao")


def test_a_former_manager(blocked, reach):
    """
    A dismissed manager is a member like any other.
    """
    blocked.kit.dismiss_manager("club", "lin", by="mei")

    with refused("private-chat-blocked"):
        reach("tao", "lin")


def test_known_to_each_other(blocked, reach):
    """
    People with a direct relation, as the host knows, are not kept apart.
    """
    reach("tao", "ben", already_related=True)


def test_another_common_group(blocked, reach):
    """
    Two who share another group without the block may reach each other.

    One of them being in it is not enough, and a block there ends it.
    """
    with refused("private-chat-blocked"):  # ben is not in the side room
        reach("tao", "ben")
    blocked.kit.join_group("side", "ben")
    reach("tao", "ben")
    reach("ben", "tao")
    blocked.kit.block_private_chat("side", by="mei")
    with refused("private-chat-blocked"):
        reach("tao", "ben")
    blocked.kit.allow_private_chat("side", by="mei")
    reach("tao", "ben")
    blocked.kit.leave_group("side", "tao")
    with refused("private-chat-blocked"):
        reach("tao", "ben")


def test_a_group_of_another_circle(blocked, reach):
    """
    The other common group may be another circle's.
    """
    for member in ("tao", "ben"):
        blocked.kit.join_circle("guild", member)

    reach("tao", "ben")

    blocked.kit.leave_circle("guild", "ben")
    with refused("private-chat-blocked"):
        reach("tao", "ben")


def test_an_unlinked_group(blocked, reach):
    """
    A group that no circle runs any longer opens no way round.
    """
    blocked.kit.join_group("side", "ben")
    blocked.kit.unlink_group("club", "side", by="mei")

    with refused("private-chat-blocked"):
        reach("tao", "ben")


def test_strict(blocked, reach):
    """
    Under a strict rule book another common group is no way round.

    A direct relation and the managers' exemption stay.
    """
    book = evolve(DINGTALK_2020, name="strict", strict_private_chat=True)
    blocked.kit.adopt_rule_book("club", book, by="mei")
    blocked.kit.join_group("side", "ben")

    with refused("private-chat-blocked"):
        reach("tao", "ben")
    reach("tao", "ben", already_related=True)
    reach("tao", "lin")
    reach("tao", "ben", group="side")


def test_asked_beforehand(blocked):
    """
    Asking whether the way is free answers what the command answers.

    Also when it takes another group to know.
    """
    for way in WAYS:
        asked = blocked.ask(way, "club", by="tao", to="ben")
        with pytest.raises(RefusedError) as caught:
            blocked.do(way, "club", by="tao", to="ben")
        assert asked == caught.value.verdict

    blocked.kit.join_group("side", "ben")

    assert all(blocked.ask(way, "club", by="tao", to="ben").allowed for way in WAYS)
