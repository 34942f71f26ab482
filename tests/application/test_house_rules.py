"""
A host's own rules are asked, explained, recorded and audited like ours.
"""

from datetime import UTC, datetime, timedelta
from typing import ClassVar
from zoneinfo import ZoneInfo

import attrs
import pytest

from circlekit import (
    CircleKit,
    InvalidInputError,
    ManualClock,
    RefusedError,
    UnknownPolicyError,
    WhatIf,
)
from circlekit.events.circle import MustSeeSent
from circlekit.policies.house import Act, Asked, no
from circlekit.rulebook import DINGTALK_2020
from circlekit.verdict import ALLOWED, Reason, Verdict

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@attrs.frozen
class NightRest:
    """
    No must-see before the morning, in the circle's zone.
    """

    name: ClassVar[str] = "night-rest"
    acts: ClassVar[frozenset[Act]] = frozenset({"must-see"})
    until_hour: int = 8

    def judge(self, asked: Asked) -> Verdict:
        local = asked.at.astimezone(ZoneInfo(asked.zone))
        if local.hour >= self.until_hour:
            return ALLOWED
        return no(self, f"no must-see before {self.until_hour}:00")


@attrs.frozen
class NewMembersWait:
    """
    New members wait before they post or comment.
    """

    name: ClassVar[str] = "new-members-wait"
    acts: ClassVar[frozenset[Act]] = frozenset({"post", "comment"})
    hours: int = 24

    def judge(self, asked: Asked) -> Verdict:
        since = asked.member_since
        if since is None or asked.at >= since + timedelta(hours=self.hours):
            return ALLOWED
        free_at = since + timedelta(hours=self.hours)
        return no(self, f"new members wait {self.hours} hours", retry_at=free_at)


HOUSE = attrs.evolve(
    DINGTALK_2020, name="house_2026", house=(NightRest(), NewMembersWait(hours=48))
)
POLICIES = (NightRest, NewMembersWait)


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path / 'house.db'}"


@pytest.fixture
def clock():
    return ManualClock(NOON)


@pytest.fixture
def kit(url, clock):
    with CircleKit(url, clock=clock, policies=POLICIES) as kit:
        kit.found_circle(
            name="Club", kind="community", by="mei", circle="club", rules=HOUSE
        )
        clock.forward(days=3)
        yield kit


def test_asked_and_explained(kit, clock):
    """
    A newcomer is told by the house's rule how long to wait, and then may post.
    """
    kit.join_circle("club", "tao")
    clock.forward(hours=1)

    with pytest.raises(RefusedError) as caught:
        kit.publish_post("club", by="tao", text="Hello")

    free_at = NOON + timedelta(days=5)
    waits = Reason(
        rule="new-members-wait", because="new members wait 48 hours", retry_at=free_at
    )
    assert Verdict((waits,)) == caught.value.verdict
    assert ("new-members-wait",) == kit.would_allow(
        "add_comment", kit.publish_post("club", by="mei", text="Hi"), by="tao", text="x"
    ).rules
    clock.now = free_at
    kit.publish_post("club", by="tao", text="Hello")


def test_beside_ours(kit, clock):
    """
    A must-see is refused by the house's rules and ours together.
    """
    kit.send_must_see("club", by="mei", text="News")
    clock.now = datetime(2026, 3, 5, 20, tzinfo=UTC)  # 04:00 in Shanghai

    asked = kit.would_allow("send_must_see", "club", by="mei", text="More")

    assert ("must-see-spacing", "night-rest") == asked.rules


def test_without_its_code(kit, url, clock):
    """
    Without the policy's code nothing is decided, and what needs no rule goes on.
    """
    kit.join_circle("club", "tao")
    with CircleKit(url, clock=clock) as other:
        before = other.newest_position()
        with pytest.raises(UnknownPolicyError, match="'night-rest'"):
            other.send_must_see("club", by="mei", text="News")
        assert before == other.newest_position()
        other.leave_circle("club", "tao")
        with pytest.raises(UnknownPolicyError):
            other.found_circle(name="New", kind="community", by="mei", rules=HOUSE)


def test_other_numbers(kit, url, clock):
    """
    The numbers are the rule book's: code of the same name goes by those recorded.
    """
    kit.join_circle("club", "tao")
    clock.forward(hours=47)
    with CircleKit(url, clock=clock, policies=POLICIES) as other:
        asked = other.would_allow("publish_post", "club", by="tao", text="Hello")
    assert ("new members wait 48 hours",) == tuple(it.because for it in asked.reasons)


def test_known_to_the_audit(kit, clock):
    """
    The audit names the house's rule, and what-if leaves it out.
    """
    clock.now = datetime(2026, 3, 5, 20, tzinfo=UTC)
    with pytest.raises(RefusedError):
        kit.send_must_see("club", by="mei", text="At night")

    audit = kit.audit_must_sees()
    without = kit.audit_must_sees(what_if=WhatIf(without=("night-rest",)))
    other = kit.audit_must_sees(what_if=WhatIf(rules=DINGTALK_2020))

    assert (1, 0, {"night-rest": 1}) == (audit.attempts, audit.sent, audit.refused_by)
    assert (1, 1, {}) == (without.attempts, without.sent, without.refused_by)
    assert (1, 1, {}) == (other.attempts, other.sent, other.refused_by)


def test_forged(kit, url, clock):
    """
    A must-see that the house's rule forbade is a violation.

    Without the rule's code the audit says that it could not be judged.
    """
    post = kit.publish_post("club", by="mei", text="Sent at night")
    night = datetime(2026, 3, 6, 20, tzinfo=UTC)
    with kit._store.writing() as transaction:
        forged = MustSeeSent(post=post.version, by="mei", at=night)
        transaction.append("circle/club", 4, [forged])

    found = kit.audit_must_sees()
    with CircleKit(url, clock=clock) as other:
        unjudged = other.audit_must_sees()

    assert [("night-rest", 5)] == [(it.rule, it.version) for it in found.violations]
    assert ([], {"night-rest", "new-members-wait"}) == (
        unjudged.violations,
        unjudged.not_judged,
    )


@pytest.mark.parametrize(
    ("policies", "problem"),
    [
        (
            (type("Nameless", (), {"acts": frozenset({"post"})}),),
            "Nameless has no name",
        ),
        (
            (type("Idle", (), {"name": "idle", "acts": frozenset()}),),
            "idle rules on []",
        ),
        (
            (
                NightRest,
                type("Twin", (), {"name": "night-rest", "acts": frozenset({"post"})}),
            ),
            "night-rest is the name of two",
        ),
    ],
)
def test_no_policy(policies, problem):
    """
    What has no name, no act or another's name is no policy.
    """
    with pytest.raises(InvalidInputError) as caught:
        CircleKit("sqlite://", policies=policies)

    assert ("policies", problem) == (caught.value.field, caught.value.problem)
