"""
How budgets are counted: windows that tile time, and what is used of them.
"""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circlekit.budget import (
    CALENDAR_DAY,
    CALENDAR_MONTH,
    CALENDAR_WEEK,
    Budget,
    Spend,
    Usage,
    Window,
    earliest_that_counts,
    has_room_at_once,
    rolling,
    spoken,
    usage,
    window_bounds,
)
from circlekit.errors import InvalidInputError
from circlekit.testing import ZONES, budgets, clock_changes, edges, moments, zones
from tests.people import DAY, MICROSECOND, in_zone

CALENDARS = [CALENDAR_DAY, CALENDAR_MONTH]
NOON = datetime(2020, 3, 1, 12, tzinfo=UTC)


def tiles(window, zone, first, last):
    """
    Every window from one moment to another, each found from where the last ended.
    """
    starts, ends = window_bounds(window, zone=zone, at=first)
    while starts < last:
        yield starts, ends
        starts, ends = window_bounds(window, zone=zone, at=ends)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("window", CALENDARS, ids=str)
def test_windows_tile_sixteen_years(window, zone):
    """
    From 2020 to 2035 each day and month begins where the last ended, in every zone.
    """
    first = in_zone(zone, 2020, 1, 1)
    last = in_zone(zone, 2036, 1, 1)
    windows = list(tiles(window, zone, first, last))

    days = [date(2020, 1, 1) + timedelta(days=n) for n in range(5844)]
    begins = days if window is CALENDAR_DAY else [d for d in days if d.day == 1]
    shown = [starts.astimezone(ZoneInfo(zone)) for starts, _ in windows]
    assert begins == [moment.date() for moment in shown]
    assert first == windows[0][0]
    assert last == windows[-1][1]
    assert all(before[1] == after[0] for before, after in pairwise(windows))
    for starts, ends in windows:
        until_the_end = window_bounds(window, zone=zone, at=ends - MICROSECOND)
        assert (starts, ends) == until_the_end


@pytest.mark.parametrize("zone", ZONES)
def test_windows_about_every_clock_change(zone):
    """
    Whatever is done to the clocks, each moment is in the window of its own date.
    """
    home = ZoneInfo(zone)
    for change in clock_changes(zone):
        for minutes in range(-26 * 60, 26 * 60, 15):
            at = change + timedelta(minutes=minutes)
            starts, ends = window_bounds(CALENDAR_DAY, zone=zone, at=at)

            assert starts <= at < ends
            assert at.astimezone(home).date() == starts.astimezone(home).date()
            lengths = {timedelta(hours=hours) for hours in (23, 23.5, 24, 24.5, 25)}
            assert ends - starts in lengths


@given(zone=zones(), data=st.data())
def test_windows_hold_the_moment_they_are_asked_for(zone, data):
    """
    A window holds the moment it was asked for, and answers the same all along.
    """
    at = data.draw(st.one_of(edges(zone), moments()))
    for window in CALENDARS:
        starts, ends = window_bounds(window, zone=zone, at=at)

        assert starts <= at < ends
        assert (starts, ends) == window_bounds(window, zone=zone, at=starts)
        assert (starts, ends) == window_bounds(window, zone=zone, at=ends - MICROSECOND)


def test_v11_days_that_are_not_a_day_long():
    """
    A day in New York has 23 hours in March and 25 in November.
    """
    lengths = {
        (starts.month, starts.day): (ends - starts) / timedelta(hours=1)
        for starts, ends in tiles(
            CALENDAR_DAY,
            "America/New_York",
            in_zone("America/New_York", 2026, 1, 1),
            in_zone("America/New_York", 2027, 1, 1),
        )
        if ends - starts != DAY
    }

    assert {(3, 8): 23, (11, 1): 25} == lengths


def test_half_an_hour_of_summer_time():
    """
    On Lord Howe Island the clocks move by half an hour.
    """
    zone = "Australia/Lord_Howe"
    lengths = {
        starts.astimezone(ZoneInfo(zone)).date(): ends - starts
        for starts, ends in tiles(
            CALENDAR_DAY, zone, in_zone(zone, 2026, 1, 1), in_zone(zone, 2027, 1, 1)
        )
        if ends - starts != DAY
    }

    expected = {
        date(2026, 4, 5): timedelta(hours=24, minutes=30),
        date(2026, 10, 4): timedelta(hours=23, minutes=30),
    }
    assert expected == lengths


def test_a_day_with_two_midnights():
    """
    In St John's the clocks once went back at a minute past midnight, on a first.

    The first of November 2009 begins at its first midnight. The evening of the
    thirty-first, which the clocks then show a second time, is November's already:
    what was sent in that hour cannot be in October again.
    """
    zone = "America/St_Johns"
    first_midnight = datetime(2009, 11, 1, 2, 30, tzinfo=UTC)
    second_midnight = datetime(2009, 11, 1, 3, 30, tzinfo=UTC)
    home = ZoneInfo(zone)

    def shown(at):
        return f"{at.astimezone(home):%d %H:%M}"

    assert ["01 00:00", "01 00:00"] == [shown(first_midnight), shown(second_midnight)]
    assert "31 23:30" == shown(second_midnight - timedelta(minutes=30))
    november = (first_midnight, in_zone(zone, 2009, 12, 1))
    for minutes in range(120):
        at = first_midnight + timedelta(minutes=minutes)
        assert november == window_bounds(CALENDAR_MONTH, zone=zone, at=at)
    before = window_bounds(CALENDAR_MONTH, zone=zone, at=first_midnight - MICROSECOND)
    assert (in_zone(zone, 2009, 10, 1), first_midnight) == before


def test_clocks_changed_at_a_minute_past_midnight():
    """
    While St John's changed its clocks at 00:01, its days tiled time all the same.
    """
    zone = "America/St_Johns"
    first, last = in_zone(zone, 1990, 1, 1), in_zone(zone, 2011, 10, 1)
    windows = list(tiles(CALENDAR_DAY, zone, first, last))

    assert (date(2011, 10, 1) - date(1990, 1, 1)).days == len(windows)
    for starts, ends in windows:
        assert (starts, ends) == window_bounds(CALENDAR_DAY, zone=zone, at=starts)
        end = window_bounds(CALENDAR_DAY, zone=zone, at=ends - MICROSECOND)
        assert (starts, ends) == end
    changes = clock_changes(zone, first, last)
    shown = {f"{change.astimezone(ZoneInfo(zone)):%H:%M}" for change in changes}
    assert {"01:01", "23:01"} == shown
    assert {23, 24, 25} == {
        (ends - starts) / timedelta(hours=1) for starts, ends in windows
    }


def test_a_day_that_never_was():
    """
    Samoa went from the 29th to the 31st of December 2011; the 30th has no length.
    """
    zone = "Pacific/Apia"
    midnight = datetime(2011, 12, 30, 10, tzinfo=UTC)

    days = [
        window_bounds(CALENDAR_DAY, zone=zone, at=at)
        for at in (midnight - MICROSECOND, midnight)
    ]
    assert [(midnight - DAY, midnight), (midnight, midnight + DAY)] == days
    month = window_bounds(CALENDAR_MONTH, zone=zone, at=midnight)
    assert timedelta(days=30) == month[1] - month[0]


@pytest.mark.parametrize(
    ("year", "month", "days"),
    [(2024, 2, 29), (2026, 2, 28), (2028, 2, 29), (2026, 12, 31), (2026, 4, 30)],
)
@pytest.mark.parametrize("zone", ["Asia/Shanghai", "UTC", "Asia/Kathmandu"])
def test_months_are_as_long_as_they_are(zone, year, month, days):
    """
    A month has its own number of days, also in leap years and at the year's end.
    """
    starts, ends = window_bounds(
        CALENDAR_MONTH, zone=zone, at=in_zone(zone, year, month, days, 23, 59, 59)
    )

    assert in_zone(zone, year, month, 1) == starts
    assert timedelta(days=days) == ends - starts


def test_a_rolling_window_ends_now():
    """
    A rolling window is so much elapsed time, up to the moment of asking.
    """
    expected = (NOON - timedelta(days=30), NOON)
    assert expected == window_bounds(rolling(days=30), zone="UTC", at=NOON)


def test_usage_of_a_month():
    """
    What is in the month counts, at its first instant and no longer at its last.
    """
    starts, ends = datetime(2020, 3, 1, tzinfo=UTC), datetime(2020, 4, 1, tzinfo=UTC)
    budget = Budget("must-see-month", 2, CALENDAR_MONTH)
    spends = [
        Spend(starts - MICROSECOND, 4),
        Spend(starts, 5),
        Spend(ends - MICROSECOND, 6),
        Spend(ends, 7),
    ]

    expected = Usage(
        budget=budget,
        limit=budget.limit,
        used=2,
        starts=starts,
        ends=ends,
        used_by=(5, 6),
        free_at=ends,
    )
    assert expected == usage(budget, spends, zone="UTC", at=NOON)
    assert 0 == expected.left


def test_usage_of_a_rolling_window():
    """
    What happened exactly one window ago does not count any longer.
    """
    budget = Budget("must-see-spacing", 2, rolling(hours=24))
    spends = [Spend(NOON - DAY, 4), Spend(NOON - DAY + MICROSECOND, 5), Spend(NOON, 6)]

    expected = Usage(
        budget=budget,
        limit=budget.limit,
        used=2,
        starts=NOON - DAY,
        ends=NOON,
        used_by=(5, 6),
        free_at=NOON + MICROSECOND,
    )
    assert expected == usage(budget, spends, zone="UTC", at=NOON)


def test_free_when_enough_have_gone():
    """
    Where more were sent than the limit, enough of them must have gone first.
    """
    budget = Budget("two-a-day", 2, rolling(hours=24))
    spends = [Spend(NOON + timedelta(hours=hours), 4 + hours) for hours in range(4)]
    at = NOON + timedelta(hours=3)

    used = usage(budget, spends, zone="UTC", at=at)
    assert (4, 0, NOON + DAY + timedelta(hours=2)) == (
        used.used,
        used.left,
        used.free_at,
    )


def test_free_at_says_nothing_where_there_is_room_or_never_will_be():
    """
    No moment is named while there is room, nor where there never will be.
    """
    room = usage(Budget("day", 1, CALENDAR_DAY), [], zone="UTC", at=NOON)
    never = usage(Budget("day", 0, CALENDAR_DAY), [], zone="UTC", at=NOON)

    assert [(1, None), (0, None)] == [
        (used.left, used.free_at) for used in (room, never)
    ]


@given(
    budget=budgets(),
    zone=zones(),
    at=moments(),
    waits=st.lists(st.timedeltas(timedelta(0), timedelta(days=45)), max_size=8),
)
def test_usage_is_a_plain_count(budget, zone, at, waits):
    """
    What is used is what lies in the window, and at free_at there is room.
    """
    spends = []
    for version, wait in enumerate(waits, start=4):
        at += wait
        spends.append(Spend(at, version))
    used = usage(budget, spends, zone=zone, at=at)

    rolls = budget.window.kind == "rolling"
    counted = [
        spend.version
        for spend in spends
        if (used.starts < spend.at if rolls else used.starts <= spend.at < used.ends)
    ]
    assert (len(counted), tuple(counted)) == (used.used, used.used_by)
    if used.free_at is not None:
        assert usage(budget, spends, zone=zone, at=used.free_at).left > 0
        just_before = used.free_at - MICROSECOND
        assert 0 == usage(budget, spends, zone=zone, at=just_before).left


@pytest.mark.parametrize("zone", ZONES)
def test_weeks_begin_on_mondays(zone):
    """
    From 2020 to 2035 each week begins on the Monday on which the last ended.
    """
    first = in_zone(zone, 2020, 1, 6)
    weeks = list(tiles(CALENDAR_WEEK, zone, first, in_zone(zone, 2035, 12, 31)))

    mondays = [date(2020, 1, 6) + timedelta(weeks=n) for n in range(len(weeks))]
    assert mondays == [starts.astimezone(ZoneInfo(zone)).date() for starts, _ in weeks]
    assert first == weeks[0][0]
    assert all(before[1] == after[0] for before, after in pairwise(weeks))
    assert (2034, 2036) == (mondays[-53].year, (mondays[-1] + timedelta(8)).year)


@pytest.mark.parametrize(
    ("window", "day", "limit"),
    [
        (CALENDAR_MONTH, (2026, 2, 11), 56),
        (CALENDAR_MONTH, (2028, 2, 29), 58),
        (CALENDAR_MONTH, (2026, 12, 31), 62),
        (CALENDAR_WEEK, (2026, 3, 29), 14),
        (CALENDAR_DAY, (2026, 3, 29), 2),
    ],
    ids=str,
)
@pytest.mark.parametrize("zone", ZONES)
def test_a_limit_for_each_day(window, day, limit, zone):
    """
    A limit for each day is as many times larger as the window has days.

    However long those are by the clock.
    """
    budget = Budget("mass-send", 2, window, per_day=True)

    assert limit == budget.limit_at(zone=zone, at=in_zone(zone, *day, 12))
    assert 2 == Budget("mass-send", 2, window).limit_at(zone=zone, at=NOON)


def test_no_limit_for_each_day_of_a_span():
    """
    A rolling window has no days of its own that a limit could be for.
    """
    with pytest.raises(InvalidInputError) as trouble:
        Budget("mass-send", 2, rolling(days=7), per_day=True)

    assert "limit" == trouble.value.field


@given(zone=zones(), at=moments())
def test_the_earliest_that_counts(zone, at):
    """
    What happened before the earliest of all windows cannot matter to any.
    """
    three = [
        Budget("day", 1, CALENDAR_DAY),
        Budget("month", 4, CALENDAR_MONTH),
        Budget("spacing", 1, rolling(days=30)),
    ]

    starts = [window_bounds(each.window, zone=zone, at=at)[0] for each in three]
    assert min(starts) == earliest_that_counts(three, zone=zone, at=at)
    assert at == earliest_that_counts([], zone=zone, at=at)


@pytest.mark.parametrize(
    ("kind", "seconds"),
    [
        ("rolling", None),
        ("rolling", 0),
        ("rolling", -1),
        ("rolling", 1.5),
        ("rolling", True),
        ("calendar-day", 0),
        ("calendar-day", 86_400),
        ("calendar-week", 604_800),
        ("calendar-month", 1),
    ],
)
def test_windows_that_are_none(kind, seconds):
    """
    A rolling window has a length and a calendar window has none of its own.
    """
    with pytest.raises(InvalidInputError) as trouble:
        Window(kind, seconds)

    assert "window" == trouble.value.field
    assert f"{kind} with {seconds} seconds" == trouble.value.problem


@pytest.mark.parametrize(
    ("rule", "limit", "window", "per_day", "told"),
    [
        ("", 1, CALENDAR_MONTH, False, "rule: is ''"),
        ("month", -1, CALENDAR_MONTH, False, "limit: is -1"),
        ("month", 1.5, CALENDAR_MONTH, False, "limit: is 1.5"),
        ("month", True, CALENDAR_MONTH, False, "limit: is True"),
        ("month", 1, None, False, "window: is None"),
        ("month", 1, CALENDAR_MONTH, 1, "per_day: is 1"),
    ],
)
def test_budgets_that_are_none(rule, limit, window, per_day, told):
    """
    A budget has a name, a window, and a limit that is no debt.
    """
    with pytest.raises(InvalidInputError) as trouble:
        Budget(rule, limit, window, per_day)

    assert told == str(trouble.value).split(";")[0]


@pytest.mark.parametrize(
    ("window", "words"),
    [
        (CALENDAR_DAY, "calendar day"),
        (CALENDAR_WEEK, "calendar week"),
        (CALENDAR_MONTH, "calendar month"),
        (rolling(hours=24), "24 hours"),
        (rolling(hours=1), "1 hour"),
        (rolling(days=2), "48 hours"),
        (rolling(days=3), "3 days"),
        (rolling(days=30), "30 days"),
        (rolling(days=3, hours=1), "73 hours"),
        (rolling(seconds=90), "90 seconds"),
        (rolling(seconds=60), "1 minute"),
        (rolling(seconds=1), "1 second"),
    ],
)
def test_windows_in_words(window, words):
    """
    A window is spoken of in the largest unit that says it exactly.
    """
    assert words == str(window)


def test_no_time_at_all_in_words():
    """
    No time is no seconds.
    """
    assert "0 seconds" == spoken(timedelta(0))


@given(
    budget=budgets(),
    zone=zones(),
    at=moments(),
    before=st.lists(
        st.one_of(
            st.timedeltas(timedelta(0), timedelta(days=70)),
            st.sampled_from([timedelta(0), MICROSECOND, DAY, 31 * DAY]),
        ),
        max_size=8,
    ),
    reserved=st.lists(st.timedeltas(MICROSECOND, timedelta(days=3)), max_size=2),
)
def test_room_seen_at_a_look(budget, zone, at, before, reserved):
    """
    Where a look is enough to see that there is room, counting finds room as well.

    And where fewer were used than the limit, a look is always enough.
    """
    moments_of = sorted(
        [*(at - span for span in before), *(at + it for it in reserved)]
    )
    spends = [
        Spend(moment, version, reserved=moment > at)
        for version, moment in enumerate(moments_of, start=1)
    ]

    seen = has_room_at_once(budget, spends, zone=zone, at=at)

    assert not seen or usage(budget, spends, zone=zone, at=at).left > 0
    assert seen or len(spends) >= budget.limit
