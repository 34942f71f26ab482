"""
Quotas: what is left, and when there is room again.
"""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circlekit import CALENDAR_MONTH, Budget, CircleKit, RuleBook, rolling
from circlekit.events.circle import MustSeeSent
from circlekit.projections.quota_view import Quota, QuotaLine
from tests.application.communities import BOOKS, PAUSES, opened, scripts, started
from tests.application.town import MARCH_1, everything, outcome
from tests.projections import naive

SENDING = (
    "send_must_see",
    "send_must_see",
    "promote_to_must_see",
    "publish_post",
    "remove_post",
    "adopt_rule_book",
    "grant_override",
    "hand_over_circle",
    "join_circle",
)
TICK = timedelta(microseconds=1)


def _owner(kit, circle):
    return next(
        who
        for who in ("mei", "lin", "tao", "ben", "eve")
        if any(it.circle == circle and it.role == "owner" for it in kit.circles(who))
    )


@given(
    things=scripts(*SENDING, least=15, most=40),
    later=st.lists(st.sampled_from(PAUSES), max_size=5),
    circle=st.sampled_from(("club", "guild")),
)
def test_the_view_is_the_decision(things, later, circle):
    """
    Something is left of every budget exactly when the owner may send.

    The next allowed moment is allowed, and the one just before it is not.
    """
    clock = started()
    with CircleKit("sqlite://", clock=clock) as kit:
        community = opened(kit, clock)
        for act in things:
            community.do(act)
        for pause in (0, *later):
            clock.forward(seconds=pause)
            _the_same(kit, clock, circle)


def _the_same(kit, clock, circle):
    owner = _owner(kit, circle)
    if kit.would_allow("accept_convention", circle, "v1", by=owner).allowed:
        kit.accept_convention(circle, "v1", by=owner)
    now, quota = clock.now, kit.quota(circle)

    def may_send():
        return kit.would_allow("send_must_see", circle, by=owner, text="x")

    told = may_send()
    assert told.allowed == all(line.left for line in quota.lines)
    assert {line.rule for line in quota.lines if not line.left} == set(told.rules)
    assert quota.next_allowed == (quota.at if told.allowed else told.retry_at)
    for line in quota.lines:
        assert line.left == max(0, line.limit - line.used)
        assert (line.next_allowed == quota.at) == bool(line.left)
    if quota.next_allowed is not None and quota.next_allowed > now:
        clock.now = quota.next_allowed
        assert may_send().allowed
        clock.now -= TICK
        assert not may_send().allowed
        clock.now = now


@given(things=scripts(*SENDING, least=15, most=50))
def test_a_naive_count(things):
    """
    What a quota says is used is what one counts by hand.
    """
    clock = started()
    with CircleKit("sqlite://", clock=clock) as kit:
        community = opened(kit, clock)
        for act in things:
            community.do(act)
        for circle, zone in (("club", "UTC"), ("guild", "Asia/Shanghai")):
            quota = kit.quota(circle)
            book = next(it for it in BOOKS if it.name == quota.rules)
            sent = [
                it.event.at
                for it in everything(kit)
                if isinstance(it.event, MustSeeSent) and it.subject == circle
            ]

            assert [
                (
                    it.rule,
                    it.limit,
                    naive.counted(it, sent, zone, quota.at),
                )
                for it in book.must_see
            ] == [(line.rule, line.limit, line.used) for line in quota.lines]


def test_lines(club, clock):
    """
    A quota tells of each budget what is used and left of what.

    Over which window, and when there is room again.
    """
    club.send_must_see("club", by="mei", text="News")
    clock.forward(hours=1)
    march = (
        datetime(2020, 2, 29, 16, tzinfo=UTC),
        datetime(2020, 3, 31, 16, tzinfo=UTC),
    )
    now = MARCH_1 + timedelta(hours=1)

    quota = club.quota("club")

    assert (
        Quota(
            holder="club",
            rules="dingtalk_2020",
            zone="Asia/Shanghai",
            at=now,
            lines=(
                QuotaLine(
                    rule="must-see-month",
                    source="must-see",
                    used=1,
                    left=3,
                    limit=4,
                    window="calendar month",
                    starts=march[0],
                    ends=march[1],
                    next_allowed=now,
                ),
                QuotaLine(
                    rule="must-see-spacing",
                    source="must-see",
                    used=1,
                    left=0,
                    limit=1,
                    window="24 hours",
                    starts=now - timedelta(hours=24),
                    ends=now,
                    next_allowed=MARCH_1 + timedelta(hours=24),
                ),
            ),
        )
        == quota
    )
    assert MARCH_1 + timedelta(hours=24) == quota.next_allowed


@pytest.mark.covers("A035", "A036")
def test_v1_to_v4(kit, clock):
    """
    V1 to V4: month and spacing each end at their moment.

    The month with that of the circle's zone, the spacing after exactly a day;
    neither lifts the other.
    """
    kit.found_circle(name="Club", kind="community", by="mei", circle="club")
    for day in (1, 8, 15, 22):
        clock.now = datetime(2020, 3, day, 12, tzinfo=UTC)
        kit.send_must_see("club", by="mei", text=f"{day}")
    april = datetime(2020, 3, 31, 16, tzinfo=UTC)

    clock.now = april - TICK
    assert april == kit.quota("club").next_allowed
    clock.now = april
    assert [0, 0] == [line.used for line in kit.quota("club").lines]
    assert april == kit.quota("club").next_allowed
    clock.now = april - timedelta(hours=4)
    club = kit.found_circle(name="Two", kind="community", by="mei", circle="two")
    kit.send_must_see(club, by="mei", text="31 March, 20:00")
    clock.now = april
    assert [0, 1] == [line.used for line in kit.quota("two").lines]
    assert april + timedelta(hours=20) == kit.quota("two").next_allowed


def test_the_first_instant(kit, clock):
    """
    What is sent at the first instant of a month is of that month.
    """
    clock.now = datetime(2020, 3, 31, 16, tzinfo=UTC)
    kit.found_circle(name="Club", kind="community", by="mei", circle="club")
    kit.send_must_see("club", by="mei", text="April")

    for days in (0, 1, 29):
        clock.now = datetime(2020, 3, 31, 16, tzinfo=UTC) + timedelta(days=days)
        assert 1 == kit.quota("club").lines[0].used
    clock.forward(days=1)
    assert 0 == kit.quota("club").lines[0].used


def test_an_earlier_clock(club, clock):
    """
    Asked by a clock that went back, a quota is that of the last moment.

    As the decision would be.
    """
    club.send_must_see("club", by="mei", text="News")
    clock.now = MARCH_1 - timedelta(days=40)

    assert (MARCH_1, 1) == (
        club.quota("club").at,
        club.quota("club").lines[0].used,
    )


def test_a_customers_budgets(kit, clock):
    """
    A customer's quota has the budgets of staff and company.

    Each by its own count, or one for both, as the rule book says.
    """
    kit.add_customer("c1", channel="qr", by="sun")
    kit.add_customer("c2", channel="qr", by="sun", rules="seed_literal")
    for customer in ("c1", "c2"):
        kit.show_moment("one", customer, source="enterprise", by="hq")

    assert [
        ("moment-day", "member", 0, 1),
        ("moment-month", "enterprise", 1, 3),
        ("mass-send-month", "enterprise-mass-send", 0, 4),
    ] == [(it.rule, it.source, it.used, it.left) for it in kit.quota("c1").lines]
    assert [
        ("moment-day", "member", 1, 0),
        ("moment-month", "member", 1, 3),
        ("moment-day", "enterprise", 1, 0),
        ("moment-month", "enterprise", 1, 3),
        ("mass-send-month", "enterprise-mass-send", 0, 4),
    ] == [(it.rule, it.source, it.used, it.left) for it in kit.quota("c2").lines]
    assert datetime(2020, 3, 1, 16, tzinfo=UTC) == kit.quota("c2").next_allowed


@given(things=scripts("show_moment", "add_customer", least=10, most=40))
def test_customers_too(things):
    """
    A moment may be shown exactly when the customer's quota has room.
    """
    clock = started()
    with CircleKit("sqlite://", clock=clock) as kit:
        community = opened(kit, clock)
        kit.add_customer("c2", channel="qr", by="mei", rules="seed_literal")
        for act in things:
            community.do(act)
            for customer in ("c1", "c2"):
                lines = kit.quota(customer=customer).lines
                for source in ("member", "enterprise"):
                    told = kit.would_allow(
                        "show_moment", "new", customer, source=source, by="mei"
                    )
                    assert told.allowed == all(
                        line.left for line in lines if line.source == source
                    )


def test_no_budgets(kit):
    """
    Without must-see budgets there is nothing to count, and always room.
    """
    kit.found_circle(
        name="Club",
        kind="community",
        by="mei",
        circle="club",
        rules=RuleBook(name="free"),
    )
    kit.send_must_see("club", by="mei", text="x")

    assert ((), MARCH_1) == (kit.quota("club").lines, kit.quota("club").next_allowed)


def test_never(kit):
    """
    Where a budget holds nothing, no moment is the next allowed one.
    """
    book = RuleBook(
        name="none",
        must_see=(
            Budget("must-see-month", 0, CALENDAR_MONTH),
            Budget("must-see-spacing", 1, rolling(hours=24)),
        ),
    )
    kit.found_circle(name="Club", kind="community", by="mei", circle="club", rules=book)

    quota = kit.quota("club")

    assert [None, MARCH_1] == [line.next_allowed for line in quota.lines]
    assert quota.next_allowed is None
    assert outcome(kit.send_must_see, "club", by="mei", text="x").retry_at is None


@pytest.mark.parametrize("limit", [2, 3])
def test_more_than_one_in_a_rolling_window(kit, clock, limit):
    """
    In a rolling window of several, the oldest one is what has to go first.
    """
    book = RuleBook(
        name="week", must_see=(Budget("must-see-week", limit, rolling(days=7)),)
    )
    kit.found_circle(name="Club", kind="community", by="mei", circle="club", rules=book)
    for day in range(limit):
        clock.now = MARCH_1 + timedelta(days=day)
        kit.send_must_see("club", by="mei", text=f"{day}")

    assert MARCH_1 + timedelta(days=7) == kit.quota("club").next_allowed
    clock.now = MARCH_1 + timedelta(days=7)
    kit.send_must_see("club", by="mei", text="more")
    assert MARCH_1 + timedelta(days=8) == kit.quota("club").next_allowed
