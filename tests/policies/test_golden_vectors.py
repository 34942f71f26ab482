"""
Vectors that were worked out by hand and never change, by their numbers.
"""

from datetime import datetime, timedelta

import pytest

from circlekit.aggregates.circle import Circle
from circlekit.aggregates.customer import Customer
from circlekit.aggregates.group import Group
from circlekit.aggregates.history import replay
from circlekit.budget import (
    CALENDAR_DAY,
    CALENDAR_MONTH,
    Budget,
    Spend,
    rolling,
    usage,
    window_bounds,
)
from circlekit.events.circle import (
    CircleFounded,
    GroupLinked,
    MustSeeSent,
    OwnerChanged,
    PostPublished,
    PostRemoved,
)
from circlekit.events.customer import CustomerAdded, MomentShown
from circlekit.events.group import GroupMuted, MessageSent
from circlekit.events.record import Cited
from circlekit.events.rules import RuleBookAdopted
from circlekit.policies.must_see import within_must_see_budgets
from circlekit.rulebook import (
    DINGTALK_2020,
    SEED_LITERAL,
    WECOM_2020,
    WECOM_2025,
    RuleBook,
)
from circlekit.testing import given
from tests.people import (
    BOOK_CLUB,
    CLUB,
    DAY,
    GROUP,
    LIN,
    MEI,
    MICROSECOND,
    READERS,
    SECOND,
    TAO,
    in_zone,
    shanghai,
)


def utc(text):
    return datetime.fromisoformat(text)


def sent(*moments):
    """
    Must-sees at these moments.
    """
    for number, at in enumerate(moments):
        yield PostPublished(text="Meet", by=MEI, at=at)
        yield MustSeeSent(post=8 + 2 * number, by=MEI, at=at)


def the_club(*moments):
    return given(Circle(BOOK_CLUB), *CLUB, *sent(*moments))


def new_york(*moments):
    at = in_zone("America/New_York", 2026, 1, 1)
    founding = (
        CircleFounded(
            name="Book club", kind="community", zone="America/New_York", by=MEI, at=at
        ),
        RuleBookAdopted(book=DINGTALK_2020, by=MEI, at=at),
        GroupLinked(group=READERS, bound=True, by=MEI, at=at),
    )
    return given(Circle(BOOK_CLUB), *founding, *sent(*moments))


def one_more(at, by=MEI):
    return lambda circle: circle.send_must_see(text="One more", by=by, at=at)


def allowed(outcome, at, post, by=MEI):
    return outcome.then(
        PostPublished(text="One more", by=by, at=at),
        MustSeeSent(post=post, by=by, at=at),
    )


def retry_at(circle, at):
    """
    When each rule in the way would let one more pass.
    """
    verdict = within_must_see_budgets(
        circle.book.must_see, circle.must_sees, zone=circle.zone, at=at
    )
    return {reason.rule: reason.retry_at for reason in verdict.reasons}


def answers(budgets, attempts):
    """
    Whether each of these attempts is sent, knowing only what was sent before.
    """
    spends = []
    for place, at in enumerate(attempts, start=1):
        verdict = within_must_see_budgets(budgets, spends, zone="Asia/Shanghai", at=at)
        if verdict.allowed:
            spends.append(Spend(at, place))
        yield verdict.rules


FOUR_IN_MARCH = [shanghai(3, day) for day in (1, 8, 15, 22)]
TEN_DAYS = [shanghai(1, 28) + day * DAY for day in range(10)]


def test_v1_the_last_second_of_a_full_month():
    """
    After four in March a fifth is refused until April begins in Shanghai.
    """
    at = shanghai(3, 31, 23, 59, 59)
    circle = replay(Circle(BOOK_CLUB), [*CLUB, *sent(*FOUR_IN_MARCH)])

    the_club(*FOUR_IN_MARCH).when(one_more(at)).then_refused("must-see-month")
    assert {"must-see-month": utc("2020-03-31T16:00Z")} == retry_at(circle, at)


def test_v2_the_first_instant_of_the_next_month():
    """
    At midnight in Shanghai, which is 16:00 UTC, there is room again.
    """
    at = shanghai(4, 1, 0)

    assert utc("2020-03-31T16:00Z") == at
    allowed(the_club(*FOUR_IN_MARCH).when(one_more(at)), at, post=16)


def test_v3_a_new_month_does_not_lift_the_gap():
    """
    One on the last evening of March keeps the next away until the next evening.
    """
    at = shanghai(4, 1, 19, 59, 59)
    circle = replay(Circle(BOOK_CLUB), [*CLUB, *sent(shanghai(3, 31))])

    the_club(shanghai(3, 31)).when(one_more(at)).then_refused("must-see-spacing")
    assert {"must-see-spacing": utc("2020-04-01T12:00Z")} == retry_at(circle, at)


def test_v4_exactly_a_day_later():
    """
    Exactly 24 hours later is late enough.
    """
    at = shanghai(4, 1, 20)

    allowed(the_club(shanghai(3, 31)).when(one_more(at)), at, post=10)


def test_v5_a_day_of_twenty_three_hours():
    """
    Where clocks go forward, the same time next day is only 23 hours later.
    """
    noon = in_zone("America/New_York", 2026, 3, 7, 12)
    at = in_zone("America/New_York", 2026, 3, 8, 12, 59, 59)

    assert timedelta(hours=23, minutes=59, seconds=59) == at - noon
    new_york(noon).when(one_more(at)).then_refused("must-see-spacing")


def test_v6_twenty_four_hours_elapsed():
    """
    It takes 24 hours on a stopwatch, though the clock on the wall shows 25.
    """
    noon = in_zone("America/New_York", 2026, 3, 7, 12)
    at = in_zone("America/New_York", 2026, 3, 8, 13)

    allowed(new_york(noon).when(one_more(at)), at, post=6)


def test_v7_a_burst_at_the_turn_of_the_month():
    """
    Calendar months let eight pass in eight days, four on either side.
    """
    expected = [()] * 8 + [("must-see-month",)] * 2
    assert expected == list(answers(DINGTALK_2020.must_see, TEN_DAYS))


def test_v8_thirty_rolling_days():
    """
    Thirty rolling days let four pass, and no burst at the turn of the month.
    """
    strict = RuleBook(
        name="strict",
        must_see=(
            Budget("must-see-month", 4, rolling(days=30)),
            Budget("must-see-spacing", 1, rolling(hours=24)),
        ),
    )

    expected = [()] * 4 + [("must-see-month",)] * 6
    assert expected == list(answers(strict.must_see, TEN_DAYS))


def test_v9_the_month_is_that_of_the_circle():
    """
    Half past seven on the first of April in Shanghai is April, though UTC says March.
    """
    at = shanghai(4, 1, 7, 30)

    expected = (shanghai(4, 1, 0), shanghai(5, 1, 0))
    assert utc("2020-03-31T23:30Z") == at
    assert expected == window_bounds(CALENDAR_MONTH, zone="Asia/Shanghai", at=at)
    allowed(the_club(*FOUR_IN_MARCH).when(one_more(at)), at, post=16)


@pytest.mark.parametrize(
    ("year", "month", "days"), [(2026, 2, 28), (2028, 2, 29), (2026, 3, 31)]
)
def test_v10_as_many_as_the_month_has_days(year, month, days):
    """
    By the rules of 2025 a month holds as many mass sends as it has days.
    """
    (budget,) = WECOM_2025.enterprise_mass_sends
    first = in_zone("Asia/Shanghai", year, month, 1)
    at = first + timedelta(days=days) - MICROSECOND
    spends = [Spend(first + timedelta(hours=hour), hour + 1) for hour in range(days)]

    full = usage(budget, spends, zone="Asia/Shanghai", at=at)
    nearly = usage(budget, spends[1:], zone="Asia/Shanghai", at=at)

    assert (days, days, 0) == (full.limit, full.used, full.left)
    assert (days, days - 1, 1) == (nearly.limit, nearly.used, nearly.left)
    assert at + MICROSECOND == full.free_at


@pytest.mark.parametrize(("month", "day", "hours"), [(3, 8, 23), (11, 1, 25)])
def test_v11_days_that_are_not_a_day_long(month, day, hours):
    """
    In New York a calendar day has 23 hours in March and 25 in November.
    """
    noon = in_zone("America/New_York", 2026, month, day, 12)
    starts, ends = window_bounds(CALENDAR_DAY, zone="America/New_York", at=noon)

    assert timedelta(hours=hours) == ends - starts


def test_v13_taking_it_down_gives_nothing_back():
    """
    A must-see that is taken down at once has still been sent.
    """
    at = shanghai(3, 1)
    removed = PostRemoved(post=8, by=MEI, at=at)
    (
        given(Circle(BOOK_CLUB), *CLUB, *sent(at), removed)
        .when(one_more(at + timedelta(minutes=1)))
        .then_refused("must-see-spacing")
    )


@pytest.mark.parametrize(
    ("book", "rules"),
    [(WECOM_2020, ()), (SEED_LITERAL, ("moment-day", "moment-month"))],
    ids=lambda value: getattr(value, "name", None),
)
def test_v14_moments_by_staff_and_by_the_company(book, rules):
    """
    Four by the company leave room for one by staff, unless read to the letter.
    """
    at = shanghai(3, 2, 12)
    added = CustomerAdded(channel="qr", zone="Asia/Shanghai", by=MEI, at=at)
    four = [
        MomentShown(moment=f"moment-{n}", source="enterprise", by=MEI, at=at)
        for n in range(4)
    ]
    outcome = given(
        Customer("an"), added, RuleBookAdopted(book=book, by=MEI, at=at), *four
    ).when(lambda c: c.show_moment("moment-4", source="member", by=LIN, at=at))

    if rules:
        outcome.then_refused(*rules)
    else:
        outcome.then(MomentShown(moment="moment-4", source="member", by=LIN, at=at))


def test_v16_a_new_owner_inherits_what_was_used():
    """
    After three by the old owner, the new one sends the fourth and no fifth.
    """
    twentieth, twenty_fifth = shanghai(3, 20), shanghai(3, 25)
    handed_over = OwnerChanged(owner=LIN, by=MEI, at=shanghai(3, 16))
    story = given(Circle(BOOK_CLUB), *CLUB, *sent(*FOUR_IN_MARCH[:3]), handed_over)

    story = allowed(story.when(one_more(twentieth, by=LIN)), twentieth, post=15, by=LIN)
    story.when(one_more(twenty_fifth, by=LIN)).then_refused("must-see-month")


def test_v17_a_mute_of_seven_days():
    """
    A mute of seven days is over at the same second a week later, not before.
    """
    muted_at = shanghai(5, 11, 11, 32, 24)
    until = shanghai(5, 18, 11, 32, 24)
    muted = GroupMuted(until=until, by=MEI, at=muted_at)
    story = given(Group(READERS), *GROUP, muted)
    group = replay(Group(READERS), [*GROUP, muted])

    def speak(at):
        return lambda g: g.send_message(text="Hello", role="member", by=LIN, at=at)

    assert [True, True, False] == [
        group.is_muted(at) for at in (until - SECOND, until - MICROSECOND, until)
    ]
    story.when(speak(until - SECOND)).then_refused("group-muted")
    story.when(speak(until)).then(MessageSent(text="Hello", by=LIN, at=until))


def test_a_promotion_is_no_way_around():
    """
    What a new must-see may not do, a promotion may not do either.
    """
    post = PostPublished(text="Who has read it?", by=LIN, at=shanghai(1, 1))
    at = shanghai(3, 31, 23, 59, 59)
    (
        given(Circle(BOOK_CLUB), *CLUB, *sent(*FOUR_IN_MARCH), post)
        .when(lambda c: c.promote(Cited(16, post), by=TAO, at=at))
        .then_refused("must-see-month")
    )
