"""
The must-see audit.
"""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from circlekit import (
    CALENDAR_MONTH,
    Budget,
    CircleKit,
    InvalidInputError,
    ManualClock,
    RuleBook,
    WhatIf,
    rolling,
)
from circlekit.audit import (
    CircleMonth,
    MustSeeAudit,
    Override,
    Violation,
)
from circlekit.events.circle import MustSeeSent
from circlekit.events.refusal import CommandRefused
from circlekit.rulebook import DINGTALK_2020
from circlekit.store import log
from circlekit.store.mapper import encode
from circlekit.verdict import Reason
from tests.application.communities import BOOKS, opened, scripts, started
from tests.application.town import MARCH_1, everything, outcome
from tests.projections import naive

SENDING = (
    "send_must_see",
    "send_must_see",
    "send_must_see",
    "promote_to_must_see",
    "publish_post",
    "remove_post",
    "adopt_rule_book",
    "grant_override",
    "revoke_override",
    "hand_over_circle",
    "appoint_manager",
    "join_circle",
    "leave_circle",
)
DAY = timedelta(days=1)


def _lived(things, clock=None):
    clock = clock or started()
    kit = CircleKit("sqlite://", clock=clock)
    community = opened(kit, clock)
    for act in things:
        community.do(act)
    return kit


def _forge(kit, event, stream="circle/club"):
    """
    Write an event into the file past the kit, with a right checksum.
    """
    with kit._store.writing() as transaction:
        newest = transaction.last_of(stream)
        version = newest.version + 1 if newest else 1
        transaction.put(stream, version, type(event).__name__, encode(event))
    return version


what_ifs = st.builds(
    WhatIf,
    per_month=st.none() | st.integers(0, 6),
    gap=st.none()
    | st.sampled_from((0, 1, 3_600, 86_400, 172_800, 30 * 86_400)).map(
        lambda seconds: timedelta(seconds=seconds)
    ),
    zone=st.none() | st.sampled_from(("UTC", "Asia/Shanghai", "America/New_York")),
    without=st.sampled_from(((), ("must-see-spacing",), ("must-see-month", "x"))),
    rules=st.none() | st.sampled_from(BOOKS),
)


@given(things=scripts(*SENDING, least=20, most=80))
def test_a_naive_audit(things):
    """
    An audit comes to what one finds by counting everything by hand.

    Every attempt, by month and rule, and every override; and it finds no violation,
    as the kit sent them.
    """
    with _lived(things) as kit:
        audit = kit.audit_must_sees()

        assert naive.audit(everything(kit)) == audit
        assert [] == audit.violations
        assert audit.attempts == audit.sent + audit.refused
        assert audit.refused == sum(audit.refused_by.values())
        assert audit.sent == sum(row.sent for row in audit.circles)
        assert audit.refused == sum(row.refused for row in audit.circles)


@given(things=scripts(*SENDING, least=20, most=80), what_if=what_ifs)
def test_a_naive_what_if(things, what_if):
    """
    A what-if comes to what one finds by deciding everything again by hand.

    Under other numbers, other rules, or in another zone.
    """
    with _lived(things) as kit:
        assert naive.audit(everything(kit), what_if) == kit.audit_must_sees(
            what_if=what_if
        )


@given(
    things=scripts(*SENDING, least=10, most=40),
    forged=st.lists(
        st.tuples(st.integers(0, 40), st.sampled_from((0, 1, 3_600, 86_400))),
        min_size=1,
        max_size=6,
    ),
)
def test_forged(things, forged):
    """
    A must-see written into the file past the rules is found.

    With a right checksum and whatever rule book was in force; and it counts for
    those after it.
    """
    clock = started()
    with CircleKit("sqlite://", clock=clock) as kit:
        community = opened(kit, clock)
        later = dict(forged)
        for number, act in enumerate(things):
            community.do(act)
            if number in later:
                clock.forward(seconds=later[number])
                at = max(clock.now, list(kit.history("club"))[-1].event.at)
                _forge(kit, MustSeeSent(post=1_000 + number, by="x", at=at))

        assert naive.audit(everything(kit)) == kit.audit_must_sees()


@pytest.mark.parametrize("what_if", [5, "wecom_2025", RuleBook(name="ours")], ids=str)
def test_what_if_it_is_none(kit, what_if):
    """
    Other numbers that are none are refused, and told from no other numbers at all.
    """
    with pytest.raises(InvalidInputError) as trouble:
        kit.audit_must_sees(what_if=what_if)

    told = trouble.value
    assert ("what_if", f"is {what_if!r}") == (told.field, told.problem)


@given(things=scripts(*SENDING[:5], least=20, most=60))
def test_what_if_nothing_changed(things):
    """
    Under the numbers that were in force, what would have been is what was.
    """
    with _lived(things) as kit:
        plain = kit.audit_must_sees()
        for same in (WhatIf(), WhatIf(per_month=4, gap=DAY)):
            again = kit.audit_must_sees(what_if=same)
            assert same == again.what_if
            again.what_if = None
            assert plain == again


@given(things=scripts(*SENDING, least=20, most=60))
def test_one_circle(things):
    """
    The audit of one circle is its part of the audit of all.
    """
    with _lived(things) as kit:
        whole = kit.audit_must_sees()
        parts = [kit.audit_must_sees(circle) for circle in ("club", "guild")]

        assert whole.attempts == sum(part.attempts for part in parts)
        assert whole.circles == [row for part in parts for row in part.circles]
        assert whole.refused_by == sum((part.refused_by for part in parts), Counter())


@pytest.fixture
def year(club, clock):
    """
    A must-see is tried on these days of 2020, at noon UTC, by the owner.
    """

    def live(*days):
        for month, day, hour in days:
            clock.now = datetime(2020, month, day, hour, tzinfo=UTC)
            outcome(club.send_must_see, "club", by="mei", text="News")
        return club

    return live


def _month(month, **found):
    row = {"circle": "club", "zone": "Asia/Shanghai", "allowance": 4}
    return CircleMonth(**(row | {"month": month} | found))


def test_by_hand(year):
    """
    Seven attempts in March and one in April, counted by hand.

    Five are sent, one comes too soon, one over the month's four, one both.
    """
    kit = year(
        (3, 1, 12),
        (3, 2, 11),  # an hour too soon
        (3, 2, 12),
        (3, 10, 12),
        (3, 12, 12),
        (3, 13, 11),  # too soon, and the fifth
        (3, 20, 12),  # the fifth
        (4, 1, 12),
    )

    audit = kit.audit_must_sees("club")

    assert (
        MustSeeAudit(
            attempts=8,
            sent=5,
            refused=3,
            refused_by=Counter(
                {
                    "must-see-spacing": 1,
                    "must-see-month": 1,
                    "must-see-month+must-see-spacing": 1,
                }
            ),
            circles=[
                _month("2020-03", sent=4, refused=3, closest_gap_seconds=86_400.0),
                _month("2020-04", sent=1, closest_gap_seconds=20 * 86_400.0),
            ],
        )
        == audit
    )
    assert [0, 3] == [row.left for row in audit.circles]


def _a_day_from_28_january(kit, clock, rules):
    clock.now = datetime(2020, 1, 1, 12, tzinfo=UTC)
    kit.found_circle(
        name="Club", kind="community", by="mei", circle="club", rules=rules
    )
    for day in range(10):
        clock.now = datetime(2020, 1, 28, 12, tzinfo=UTC) + day * DAY
        outcome(kit.send_must_see, "club", by="mei", text="News")
    return kit.audit_must_sees()


def test_v7_at_the_turn_of_the_month(kit, clock):
    """
    V7: an attempt a day from 28 January: eight in eight days, by calendar months.
    """
    audit = _a_day_from_28_january(kit, clock, "dingtalk_2020")

    assert (8, 2) == (audit.sent, audit.refused)
    assert [4, 4] == [row.sent for row in audit.circles]


def test_v8_rolling_months(kit, clock):
    """
    V8: the same attempts under four in thirty rolling days: four are sent.
    """
    book = RuleBook(
        name="rolling", must_see=(Budget("must-see-30-days", 4, rolling(days=30)),)
    )

    audit = _a_day_from_28_january(kit, clock, book)

    assert (4, 6) == (audit.sent, audit.refused)
    assert [None, None] == [row.allowance for row in audit.circles]
    assert [None, None] == [row.left for row in audit.circles]


@pytest.mark.parametrize(
    ("what_if", "sent", "refused_by"),
    [
        (WhatIf(per_month=2), 3, {"must-see-month": 4, "must-see-spacing": 1}),
        (WhatIf(per_month=9), 6, {"must-see-spacing": 2}),
        (WhatIf(per_month=0), 0, {"must-see-month": 8}),
        (WhatIf(gap=timedelta(0)), 5, {"must-see-month": 3}),
        (
            WhatIf(gap=timedelta(hours=23)),
            5,
            {"must-see-month": 2, "must-see-spacing": 1},
        ),
        (
            WhatIf(gap=timedelta(hours=48)),
            5,
            {"must-see-spacing": 3},
        ),
        (WhatIf(per_month=9, gap=timedelta(0)), 8, {}),
        (WhatIf(without=("must-see-month",)), 6, {"must-see-spacing": 2}),
        (WhatIf(rules=RuleBook(name="free")), 8, {}),
    ],
    ids=range(9),
)
def test_what_if_by_hand(year, what_if, sent, refused_by):
    """
    The same eight attempts under other numbers, worked out by hand.
    """
    kit = year(
        (3, 1, 12),
        (3, 2, 11),
        (3, 2, 12),
        (3, 10, 12),
        (3, 12, 12),
        (3, 13, 11),
        (3, 20, 12),
        (4, 1, 12),
    )

    audit = kit.audit_must_sees(what_if=what_if)

    assert (8, sent, Counter(refused_by)) == (
        audit.attempts,
        audit.sent,
        audit.refused_by,
    )
    assert [] == audit.violations
    assert "first-order" in audit.FIRST_ORDER


def test_what_if_in_another_zone(kit, clock):
    """
    V9: half past seven in Shanghai on 1 April is still March in UTC.

    Counted there, it would have been the fifth of the month.
    """
    kit.found_circle(name="Club", kind="community", by="mei", circle="club")
    for day in (5, 10, 15, 20):
        clock.now = datetime(2020, 3, day, 12, tzinfo=UTC)
        kit.send_must_see("club", by="mei", text="News")
    clock.now = datetime(2020, 3, 31, 23, 30, tzinfo=UTC)
    kit.send_must_see("club", by="mei", text="News")

    was = kit.audit_must_sees()
    would_be = kit.audit_must_sees(what_if=WhatIf(zone="UTC"))

    assert [("2020-03", 4), ("2020-04", 1)] == [
        (it.month, it.sent) for it in was.circles
    ]
    assert [("2020-03", "UTC", 4, 1)] == [
        (it.month, it.zone, it.sent, it.refused) for it in would_be.circles
    ]
    assert {"must-see-month": 1} == would_be.refused_by


def test_from_the_first_instant(kit, clock):
    """
    A must-see of a month's first instant counts until that month is over.
    """
    april = datetime(2020, 3, 31, 16, tzinfo=UTC)
    clock.now = april
    kit.found_circle(name="Club", kind="community", by="mei", circle="club")
    for day in range(5):
        clock.now = april + 5 * day * DAY
        outcome(kit.send_must_see, "club", by="mei", text="News")

    for what_if in (None, WhatIf(per_month=4)):
        audit = kit.audit_must_sees(what_if=what_if)
        assert (4, {"must-see-month": 1}) == (audit.sent, audit.refused_by)


def test_rules_of_the_day(year, club, clock):
    """
    Each must-see is judged by the book of its day.

    What a wide book let through is no violation under a narrow one, and counts from
    then on.
    """
    wide = RuleBook(
        name="wide", must_see=(Budget("must-see-hour", 1, rolling(hours=1)),)
    )
    club.adopt_rule_book("club", wide, by="mei")
    year(*[(3, 5, hour) for hour in range(6)])
    club.adopt_rule_book("club", "dingtalk_2020", by="mei")
    year((3, 9, 12), (4, 9, 12))

    audit = club.audit_must_sees()

    assert [] == audit.violations
    assert (7, {"must-see-month": 1}) == (audit.sent, audit.refused_by)
    assert [("2020-03", 6, 4, 0), ("2020-04", 1, 4, 3)] == [
        (it.month, it.sent, it.allowance, it.left) for it in audit.circles
    ]


def test_a_forged_one(year):
    """
    A must-see written past the rules is named by its place.

    So is what it broke; the kit itself decides on from there.
    """
    kit = year((3, 1, 12))
    at = datetime(2020, 3, 2, 11, tzinfo=UTC)
    version = _forge(kit, MustSeeSent(post=9, by="tao", at=at))

    audit = kit.audit_must_sees()

    assert [
        Violation(
            circle="club",
            version=version,
            at=at,
            rule="must-see-spacing",
            used=1,
            limit=1,
        )
    ] == audit.violations
    assert 2 == audit.sent
    assert 82_800.0 == audit.circles[0].closest_gap_seconds
    assert audit.violations == kit.audit_must_sees("club").violations
    assert 2 == kit.quota("club").lines[0].used


def test_a_forged_one_under_a_later_book(club, clock):
    """
    A must-see forged under a later book is judged with all sent before.

    Also with what the wider book of then had let through.
    """
    wide = RuleBook(
        name="wide", must_see=(Budget("must-see-hour", 1, rolling(hours=1)),)
    )
    club.adopt_rule_book("club", wide, by="mei")
    for hour in range(6):
        clock.now = MARCH_1 + timedelta(hours=hour)
        club.send_must_see("club", by="mei", text="News")
    club.adopt_rule_book("club", "dingtalk_2020", by="mei")
    at = MARCH_1 + 4 * DAY
    version = _forge(club, MustSeeSent(post=9, by="tao", at=at))

    assert [
        Violation(
            circle="club",
            version=version,
            at=at,
            rule="must-see-month",
            used=6,
            limit=4,
        )
    ] == club.audit_must_sees().violations


def test_overrides(club, clock):
    """
    Every use of the right to go beyond the quota is listed with its reason.

    Within the quota or not; it counts like any other, and is no violation.
    """
    club.grant_override("club", "tao", by="mei")
    club.send_must_see("club", by="tao", text="Storm!", override="A storm")
    club.send_must_see("club", by="tao", text="Flood!", override="A flood")

    audit = club.audit_must_sees()

    versions = [
        it.version for it in club.history("club") if isinstance(it.event, MustSeeSent)
    ]
    assert [
        Override(circle="club", version=version, at=MARCH_1, by="tao", reason=reason)
        for version, reason in zip(versions, ("A storm", "A flood"), strict=True)
    ] == audit.overrides
    assert (2, 0, []) == (audit.sent, audit.refused, audit.violations)
    assert 0.0 == audit.circles[0].closest_gap_seconds
    assert (
        audit.overrides == club.audit_must_sees(what_if=WhatIf(per_month=0)).overrides
    )
    assert 2 == club.audit_must_sees(what_if=WhatIf(per_month=0)).sent


def test_what_if_of_an_attempt_without_the_right(club):
    """
    Who asked for an override without the right was refused for that alone.

    Whatever the quota was; other numbers change nothing of it.
    """
    club.send_must_see("club", by="mei", text="News")
    outcome(club.send_must_see, "club", by="mei", text="Storm!", override="A storm")

    for what_if in (None, WhatIf(), WhatIf(per_month=0), WhatIf(gap=timedelta(0))):
        audit = club.audit_must_sees(what_if=what_if)
        assert 1 == audit.refused_by["no-override-right"]


def test_refused_for_other_reasons(club):
    """
    An attempt that more than the quota stood against stays refused for the rest.
    """
    outcome(club.send_must_see, "club", by="tao", text="Mine")
    club.send_must_see("club", by="mei", text="News")
    outcome(club.send_must_see, "club", by="tao", text="Mine")

    assert {
        "not-a-manager": 1,
        "must-see-spacing+not-a-manager": 1,
    } == club.audit_must_sees().refused_by
    assert {"not-a-manager": 2} == club.audit_must_sees(
        what_if=WhatIf(gap=timedelta(0))
    ).refused_by


def test_a_clock_that_went_back(club, clock):
    """
    However the clock went, what would have been sent is in order of time.

    No gap is less than nothing.
    """
    club.send_must_see("club", by="mei", text="News")
    for hours in (10, 5):
        clock.now = MARCH_1 + timedelta(hours=hours)
        outcome(club.send_must_see, "club", by="mei", text="More")

    audit = club.audit_must_sees(what_if=WhatIf(gap=timedelta(0)))

    assert 3 == audit.sent
    assert audit.circles[0].closest_gap_seconds >= 0


def test_no_attempts(club):
    """
    A circle that never tried is in no row, and the audit of it is empty.
    """
    assert MustSeeAudit() == club.audit_must_sees() == club.audit_must_sees("club")


def test_not_a_circles(club):
    """
    What a customer or a group is refused is no attempt at a must-see.

    Neither is a post that is refused.
    """
    club.add_customer("c1", channel="qr", by="mei")
    outcome(club.untag_customer, "c1", "x", by="mei")
    outcome(club.publish_post, "club", by="nobody", text="x")
    reason = Reason(rule="x", because="x")
    for stream in ("refused:customer/club", "refused:group/club"):
        _forge(
            club,
            CommandRefused(
                command="send_must_see", reasons=(reason,), by="x", at=MARCH_1
            ),
            stream,
        )

    assert 0 == club.audit_must_sees().attempts
    assert 0 == club.audit_must_sees("club").attempts


def test_progress(club, clock):
    """
    An audit tells how far it has come, from the first event to the newest.

    Twice, if it checks the store first.
    """
    for day in range(3):
        clock.now = MARCH_1 + day * DAY
        club.send_must_see("club", by="mei", text="News")
    head, once, twice = club.newest_position(), [], []

    club.audit_must_sees(verify=False, progress=once.append)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(log, "BLOCK", 5)
        club.audit_must_sees(progress=twice.append)

    assert sorted(once) == once
    assert head == once[-1]
    assert {
        it.position for it in everything(club) if isinstance(it.event, MustSeeSent)
    } <= set(once)
    checked = twice[: -len(once)]
    assert sorted({*range(5, head, 5), head}) == sorted(set(checked))
    assert sorted(checked) == checked
    assert once == twice[-len(once) :]


@given(things=scripts(*SENDING, least=10, most=40))
def test_unchecked(things):
    """
    Of a store that nobody altered, an audit that does not check it says the same.
    """
    with _lived(things) as kit:
        assert kit.audit_must_sees() == kit.audit_must_sees(verify=False)


def test_constant_memory(club, clock):
    """
    An audit of many blocks of events is that of one.
    """
    with club.batch():
        for day in range(40):
            clock.now = MARCH_1 + day * DAY / 2
            outcome(club.send_must_see, "club", by="mei", text="News")
    expected = club.audit_must_sees()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(log, "BLOCK", 3)
        assert expected == club.audit_must_sees()
    assert 40 == expected.attempts


@pytest.mark.parametrize(
    "wrong",
    [
        {"per_month": -1},
        {"gap": timedelta(seconds=-1)},
        {"zone": "Mars/Olympus"},
        {"gap": timedelta(milliseconds=500)},
    ],
    ids=["month", "gap", "zone", "half a second"],
)
def test_no_what_if(wrong):
    """
    Numbers that no rule book could hold cannot be asked about.
    """
    with pytest.raises(InvalidInputError):
        WhatIf(**wrong)


def test_days_of_a_zone_with_summer_time(kit):
    """
    V5 and V6: the spacing is a day of elapsed time, also when clocks are put forward.
    """
    noon = datetime(2026, 3, 7, 17, tzinfo=UTC)
    clock = ManualClock(noon)
    with CircleKit("sqlite://", clock=clock) as other:
        other.found_circle(
            name="Club",
            kind="community",
            by="mei",
            circle="club",
            zone="America/New_York",
        )
        other.send_must_see("club", by="mei", text="News")
        clock.now = noon + DAY - timedelta(seconds=1)
        assert not outcome(other.send_must_see, "club", by="mei", text="M").allowed
        clock.now = noon + DAY
        assert outcome(other.send_must_see, "club", by="mei", text="M").allowed
        audit = other.audit_must_sees()
    assert (2, 1) == (audit.sent, audit.refused)
    assert 86_400.0 == audit.circles[0].closest_gap_seconds


def test_what_if_leaves_other_budgets(kit, clock):
    """
    A budget that is neither of months nor a spacing stays as it was.
    """
    book = evolve(
        DINGTALK_2020,
        name="week",
        must_see=(
            Budget("must-see-month", 4, CALENDAR_MONTH),
            Budget("must-see-week", 2, rolling(days=7)),
        ),
    )
    kit.found_circle(name="Club", kind="community", by="mei", circle="club", rules=book)
    for day in range(3):
        clock.now = MARCH_1 + day * DAY
        outcome(kit.send_must_see, "club", by="mei", text="News")

    audit = kit.audit_must_sees(what_if=WhatIf(per_month=9, gap=timedelta(0)))

    assert (2, {"must-see-week": 1}) == (audit.sent, audit.refused_by)
