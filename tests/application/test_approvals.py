"""
Approvals: forms that go from one organisation to the next.
"""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circlekit import CircleKit, InvalidInputError
from circlekit.events.approval import FormField
from circlekit.projections.approvals import STATES, ApprovalEntry, StepEntry
from tests.application.communities import opened, scripts, started
from tests.application.duty_cases import ANSWERS, FORM, STEPS, TOMORROW, lease
from tests.application.town import MARCH_1, everything, outcome
from tests.projections import naive_duties

ASKING = (
    "start_approval",
    "start_approval",
    "decide_approval",
    "decide_approval",
    "decide_approval",
    "delegate_approval",
    "withdraw_approval",
    "expire_approval",
    "leave_circle",
    "join_circle",
)


def _asked(kit):
    return {
        who: [duty.ref for duty in kit.inbox(who, kinds=["approval"]).items]
        for who in ("ada", "bo", "cy")
    }


@pytest.mark.covers("A059")
def test_across_organisations(town):
    """
    A form goes from a person of one organisation to a person of the next.

    Each finds it in their inbox when it is their turn.
    """
    kit = town.kit
    lease(town, form=FORM, answers=ANSWERS)
    assert {"ada": ["lease"], "bo": [], "cy": []} == _asked(kit)

    kit.decide_approval("lease", by="ada", approve=True, comment="Gladly")
    assert {"ada": [], "bo": [], "cy": ["lease"]} == _asked(kit)
    town.clock.forward(hours=1)
    kit.decide_approval("lease", by="cy", approve=True)

    assert {"ada": [], "bo": [], "cy": []} == _asked(kit)
    assert ApprovalEntry(
        approval="lease",
        circle="club",
        title="Lease",
        form=FORM,
        answers={"Rent": 1200.5, "Floor": "first", "From": "2020-04-01"},
        started_by="tao",
        at=MARCH_1,
        steps=(
            StepEntry(
                approver="ada",
                organisation="acme",
                approved=True,
                comment="Gladly",
                decided_at=MARCH_1,
            ),
            StepEntry(
                approver="cy",
                organisation="bolt",
                approved=True,
                decided_at=MARCH_1 + timedelta(hours=1),
            ),
        ),
        due_at=TOMORROW,
        state="approved",
        closed_at=MARCH_1 + timedelta(hours=1),
    ) == kit.approval("lease")


@pytest.mark.covers("A059")
def test_all_at_once(town):
    """
    In parallel everybody is asked at once, and one rejection ends it for all.
    """
    lease(town, parallel=True)
    assert {"ada": ["lease"], "bo": [], "cy": ["lease"]} == _asked(town.kit)

    town.kit.decide_approval("lease", by="cy", approve=False)

    assert {"ada": [], "bo": [], "cy": []} == _asked(town.kit)
    assert "rejected" == town.kit.approval("lease").state


def test_standing_in(town):
    """
    Whoever stands in finds it in their inbox, and whoever asked them no longer.
    """
    lease(town)

    town.kit.delegate_approval("lease", "bo", by="ada")

    assert {"ada": [], "bo": ["lease"], "cy": []} == _asked(town.kit)
    town.kit.decide_approval("lease", by="bo", approve=True)
    assert {"ada": [], "bo": [], "cy": ["lease"]} == _asked(town.kit)


def test_expired(town):
    """
    From its last moment on it has expired, whether or not that was recorded.

    A worker records it of all of them, once.
    """
    kit = town.kit
    lease(town)
    kit.start_approval("club", by="tao", title="Sign", steps=STEPS, approval="sign")
    before = kit.newest_position()
    assert () == kit.expire_approvals(by="worker")
    town.clock.now = TOMORROW

    assert {"ada": ["sign"], "bo": [], "cy": []} == _asked(kit)
    assert ("expired", None) == (
        kit.approval("lease").state,
        kit.approval("lease").closed_at,
    )
    assert before == kit.newest_position()
    assert ("lease",) == kit.expire_approvals(by="worker")
    assert () == kit.expire_approvals(by="worker")
    assert TOMORROW == kit.approval("lease").closed_at
    assert ["lease"] == [
        it.approval for it in kit.approvals("club", state="expired").items
    ]
    assert ["sign"] == [it.approval for it in kit.approvals("club", state="open").items]


def test_somebody_faster(town, monkeypatch):
    """
    A worker goes on where somebody else has recorded one in between.
    """
    kit = town.kit
    lease(town)
    town.clock.now = TOMORROW
    late = kit._late()
    kit.expire_approval("lease", by="other")
    found = iter([late, ()])
    monkeypatch.setattr(CircleKit, "_late", lambda _: next(found))

    assert () == kit.expire_approvals(by="worker")


def test_another_employer(town):
    """
    Who has changed their organisation since decides no longer; nor who has left.
    """
    lease(town)
    town.kit.leave_circle("club", "ada")
    assert {"ada": [], "bo": [], "cy": []} == _asked(town.kit)
    town.kit.join_circle("club", "ada", staff_of="bolt")

    told = outcome(town.kit.decide_approval, "lease", by="ada", approve=True)

    assert ("other-organisation",) == told.rules


def test_the_founders_organisation(town):
    """
    Who founded an internal circle is of its organisation.
    """
    town.kit.start_approval(
        "firm", by="boss", title="Budget", steps=[("boss", "acme")], approval="budget"
    )
    town.kit.decide_approval("budget", by="boss", approve=True)

    assert "approved" == town.kit.approval("budget").state


@given(
    things=scripts(*ASKING, least=20, most=60),
    state=st.sampled_from((None, *STATES)),
    limit=st.integers(1, 4),
)
def test_a_naive_page(things, state, limit):
    """
    The pages are all of history gone through by hand.
    """
    clock = started()
    with CircleKit("sqlite://", clock=clock) as kit:
        community = opened(kit, clock)
        community.live(things)

        page = kit.approvals("club", state=state, limit=limit)
        pages = list(page.items)
        while page.next is not None:
            page = kit.approvals("club", state=state, limit=limit, after=page.next)
            pages += page.items

        told = naive_duties.approvals(everything(kit), now=clock.now)
        assert [
            entry
            for entry, _ in told
            if entry.circle == "club" and state in {None, entry.state}
        ] == pages


@pytest.mark.parametrize(
    ("kind", "choices"),
    [
        ("colour", ()),
        ("choice", ()),
        ("choice", ("a", "a")),
        ("text", ("a",)),
        ("choice", "ab"),
        ("choice", {"a", "b"}),
        ("choice", ("a", 5)),
        ("choice", (["a"],)),
        ("choice", 5),
        ("text", None),
        (["text"], ()),
    ],
)
def test_no_field(kind, choices):
    """
    A field is of a known kind, and has choices if it is one, each once.
    """
    with pytest.raises(InvalidInputError) as caught:
        FormField("Floor", kind, choices=choices)

    assert "form" == caught.value.field
