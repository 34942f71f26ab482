"""
Most must-sees are audited in a few steps, and it comes to what counting them comes to.
"""

from datetime import UTC, datetime, timedelta

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from circlekit import CALENDAR_MONTH, Budget, RuleBook, WhatIf, audit, rolling
from circlekit.audit import audit_must_sees, rules_ever
from circlekit.events.circle import CircleFounded, MustSeeSent
from circlekit.events.record import Recorded
from circlekit.events.rules import RuleBookAdopted
from circlekit.events.schedule import MustSeeScheduled, ScheduledReleased
from circlekit.rulebook import DINGTALK_2020, HouseRule
from circlekit.testing.strategies import edges, some_budgets, spans

BEGAN = datetime(1993, 1, 1, tzinfo=UTC)
# Clocks put back at midnight, a day that was left out, and both on the same coast.
ZONES = ("Asia/Shanghai", "America/Asuncion", "Pacific/Apia", "Pacific/Kwajalein")
SMALL = (
    Budget("must-see-month", 2, CALENDAR_MONTH),
    Budget("must-see-spacing", 1, rolling(hours=24)),
)
HOUSE = HouseRule("quiet", {})
BOOKS = st.one_of(
    st.just(DINGTALK_2020),
    st.just(RuleBook(name="small", must_see=SMALL)),
    st.just(RuleBook(name="house", must_see=SMALL, house=(HOUSE,))),
    some_budgets("must-see-month", "must-see-spacing").map(
        lambda budgets: RuleBook(name="drawn", must_see=budgets)
    ),
    some_budgets("must-see-month").map(
        lambda budgets: RuleBook(
            name="for each day",
            must_see=tuple(
                evolve(it, per_day=it.window.kind != "rolling") for it in budgets
            ),
        )
    ),
)


@st.composite
def histories(draw):
    """
    Histories of two circles that send about as often as they may, and more.
    """
    zone = draw(st.sampled_from(ZONES))
    at = draw(edges(zone) | st.just(BEGAN))
    happened = {stream: [] for stream in ("circle/club", "circle/cafe")}
    told = []

    def tell(stream, event):
        happened[stream].append(event)
        told.append(Recorded(len(told) + 1, stream, len(happened[stream]), event))
        return len(happened[stream])

    for stream in happened:
        tell(
            stream,
            CircleFounded(name="x", kind="community", zone=zone, by="mei", at=at),
        )
        tell(stream, RuleBookAdopted(book=draw(BOOKS), by="mei", at=at))
    for _ in range(draw(st.integers(5, 40))):
        stream = draw(st.sampled_from([*happened]))
        at = draw(
            st.sampled_from((at + timedelta(days=1), at + timedelta(days=8)))
            | spans().map(lambda by, at=at: at + abs(by))
            | edges(zone).map(lambda edge, at=at: max(edge, at))
        )
        match draw(st.integers(0, 12)):
            case 0:
                tell(stream, RuleBookAdopted(book=draw(BOOKS), by="mei", at=at))
            case 1:
                release_at = at + timedelta(days=draw(st.integers(0, 40)))
                planned = MustSeeScheduled(
                    text="x", release_at=release_at, by="mei", at=at
                )
                place = tell(stream, planned)
                if draw(st.booleans()):
                    released = ScheduledReleased(scheduled=place, post=place, at=at)
                    tell(stream, released)
                    tell(stream, MustSeeSent(post=place, by="mei", at=at))
            case 2:
                tell(
                    stream,
                    MustSeeSent(post=1, override="a fire", by="mei", at=at),
                )
            case _:
                tell(stream, MustSeeSent(post=1, by="mei", at=at))
    return told


def counted(told, what_if):
    """
    The audit in its own steps, and as it is where each must-see is counted.
    """

    def ask():
        ever = rules_ever(
            (it for it in told if isinstance(it.event, RuleBookAdopted)), what_if
        )
        return audit_must_sees(told, ever=ever, policies={}, what_if=what_if)

    quick = ask()
    few_steps = audit._Ledger.count_with_room
    audit._Ledger.count_with_room = lambda *_: False
    try:
        return quick, ask()
    finally:
        audit._Ledger.count_with_room = few_steps


@given(
    told=histories(),
    what_if=st.none()
    | st.sampled_from(
        (
            WhatIf(per_month=1),
            WhatIf(gap=timedelta(0)),
            WhatIf(gap=timedelta(days=3)),
            WhatIf(zone="America/Havana"),
            WhatIf(without=("must-see-month",)),
        )
    ),
)
def test_in_few_steps(told, what_if):
    """
    An audit says the same of every must-see, in few steps or by counting all again.
    """
    quick, slow = counted(told, what_if)

    assert slow == quick


def test_for_years():
    """
    What no longer counts is forgotten, and everything that does is remembered.
    """
    told = [
        Recorded(
            1,
            "circle/club",
            1,
            CircleFounded(name="x", kind="community", zone="UTC", by="mei", at=BEGAN),
        ),
        Recorded(
            2,
            "circle/club",
            2,
            RuleBookAdopted(book=DINGTALK_2020, by="mei", at=BEGAN),
        ),
    ]
    for number in range(600):
        at = BEGAN + timedelta(days=5 * number)
        sent = MustSeeSent(post=1, by="mei", at=at)
        told.append(Recorded(number + 3, "circle/club", number + 3, sent))

    quick, slow = counted(told, None)

    assert slow == quick
    assert 600 == quick.sent
