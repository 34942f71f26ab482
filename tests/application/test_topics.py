"""
Topics that members make, and checking in on them, day after day.
"""

from datetime import UTC, date, datetime, timedelta

import pytest
from attrs import evolve

from circlekit import CircleKit, ManualClock, RuleBook
from circlekit.rulebook import DINGTALK_2020
from circlekit.verdict import ALLOWED, Reason, Verdict
from tests.application.town import MARCH_1, outcome, refused, written
from tests.people import MICROSECOND, in_zone

MAKE_UP = evolve(DINGTALK_2020, name="make-up", make_up_days=3, make_ups_a_month=2)
MARCH = (datetime(2020, 2, 29, 16, tzinfo=UTC), datetime(2020, 3, 31, 16, tzinfo=UTC))


@pytest.fixture
def club(kit):
    kit.found_circle(
        name="Club", kind="community", by="mei", circle="club", rules=MAKE_UP
    )
    for member in ("lin", "tao", "ben"):
        kit.join_circle("club", member)
    kit.make_topic("club", name="Running", kind="sport", by="tao", topic="run")
    return kit


def runs(kit, clock, member, *days, value=None):
    for day in days:
        clock.now = datetime(2020, 3, day, 12, tzinfo=UTC)
        kit.check_in("run", by=member, value=value)


def standing(kit, **asked):
    return [(it.rank, it.member, it.figure) for it in kit.leaderboard("run", **asked)]


@pytest.mark.covers("A044")
def test_any_member_makes_a_topic(club):
    """
    A topic is made by any member, and is there for all to see with who made it.
    """
    club.make_topic("club", name="Books", by="ben", topic="books")
    club.close_topic("books", by="ben")

    assert [
        ("run", "Running", "sport", "tao", None),
        ("books", "Books", "talk", "ben", MARCH_1),
    ] == [
        (it.topic, it.name, it.kind, it.made_by, it.closed_at)
        for it in club.topics("club")
    ]


def test_a_name_is_free_again(club):
    """
    The name of a closed topic may be taken, and so may the one a topic had before.
    """
    club.rename_topic("run", "Jogging", by="tao")
    club.make_topic("club", name="Running", by="ben", topic="two")
    club.close_topic("run", by="mei")
    club.make_topic("club", name="JOGGING", by="ben", topic="three")

    assert ["JOGGING", "Running", "Jogging"] == [it.name for it in club.topics("club")]


@pytest.mark.covers("A044")
def test_opened_again(club, clock):
    """
    A topic that was closed and opened again goes on, with what was checked in before.
    """
    runs(club, clock, "tao", 1, 2)
    club.close_topic("run", by="tao")
    clock.now = datetime(2020, 3, 3, 12, tzinfo=UTC)
    with refused("topic-closed"):
        club.check_in("run", by="tao")

    club.reopen_topic("run", by="mei")
    club.check_in("run", by="tao")

    assert 3 == club.streak("run", "tao").current
    assert [("run", None)] == [(it.topic, it.closed_at) for it in club.topics("club")]
    assert outcome(club.make_topic, "club", name="RUNNING", by="ben").rules == (
        "topic-name-taken",
    )


def test_its_name_is_gone(club):
    """
    A topic whose name another took meanwhile stays closed until that one lets it go.
    """
    club.close_topic("run", by="tao")
    club.make_topic("club", name="running", by="ben", topic="two")
    with refused("topic-name-taken"):
        club.reopen_topic("run", by="tao")

    club.rename_topic("two", "Jogging", by="ben")
    club.reopen_topic("run", by="tao")

    assert ["Jogging", "Running"] == [it.name for it in club.topics("club")]
    assert [None, None] == [it.closed_at for it in club.topics("club")]


def test_names_are_of_one_circle(club):
    """
    Two circles may have topics of one name.
    """
    club.found_circle(name="Guild", kind="community", by="ana", circle="guild")

    club.make_topic("guild", name="Running", by="ana")

    assert 1 == len(club.topics("guild"))


@pytest.mark.covers("A043")
@pytest.mark.parametrize("kind", ["sport", "results", "mood", "help"])
def test_check_ins_of_every_kind(club, kind):
    """
    People check in with sport, results, their mood, and what they need help with.
    """
    club.make_topic("club", name="Ours", kind=kind, by="ben", topic="ours")

    answer = club.check_in("ours", by="lin", text="Done", value=3)

    assert ALLOWED == answer.counted
    assert 1 == club.streak("ours", "lin").current


@pytest.mark.covers("A043", "A029", "A066", "A067")
def test_a_check_in_is_one_post(club):
    """
    What is said with a check-in is one post of the circle, about the topic by name.

    It has one id wherever it is read, and the check-in names it.
    """
    answer = club.check_in("run", by="tao", text="5 km", images=["a.png"], value=5)

    (item,) = club.feed("lin").items
    (told,) = club.check_ins("run")
    assert (answer.post, "5 km", ("a.png",), "Running") == (
        item.post,
        item.text,
        item.images,
        item.topic,
    )
    assert (answer.check_in, answer.post, 5) == (told.check_in, told.post, told.value)


@pytest.mark.covers("A043")
def test_one_a_day(club, clock):
    """
    The second check-in of a day is posted and not counted, and says why.

    At the midnight of the circle's zone the next one counts.
    """
    first = club.check_in("run", by="tao", text="5 km", value=5)
    second = club.check_in("run", by="tao", text="And again", value=50)

    day_ends = datetime(2020, 3, 1, 16, tzinfo=UTC)
    assert (
        Verdict(
            (
                Reason(
                    rule="check-in-day",
                    because="1 of 1 check-ins counted on 2020-03-01",
                    used=1,
                    limit=1,
                    window_start=day_ends - timedelta(hours=24),
                    window_end=day_ends,
                    used_by=(first.check_in.version,),
                    retry_at=day_ends,
                ),
            )
        )
        == second.counted
    )
    assert 2 == len(club.feed("lin").items)
    assert [(1, "tao", 5)] == standing(club, measure="value")
    clock.now = day_ends - MICROSECOND
    assert not club.check_in("run", by="tao").counted.allowed
    clock.now = day_ends
    assert club.check_in("run", by="tao").counted.allowed
    assert 2 == club.streak("run", "tao").current


def test_a_repeat(club, url, clock):
    """
    A check-in that comes again under its command id has the same answer.
    """
    club.check_in("run", by="tao")
    first = club.check_in("run", by="tao", text="More", command_id="one")
    after = written(club)

    with CircleKit(url, clock=clock) as other:
        clock.forward(days=3)
        assert first == other.check_in("run", by="tao", text="More", command_id="one")
        assert after == written(other)


@pytest.mark.covers("A045")
def test_offline(club):
    """
    A check-in at a place keeps the host's word for it.

    Unless something is said with it, it makes no post.
    """
    answer = club.check_in("run", by="tao", place="West gate")

    assert (None, ["West gate"]) == (
        answer.post,
        [it.place for it in club.check_ins("run")],
    )
    assert () == club.feed("lin").items


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("America/New_York", date(2026, 3, 8), 23),
        ("America/New_York", date(2026, 11, 1), 25),
        ("Australia/Lord_Howe", date(2026, 4, 5), 24.5),
        ("Asia/Shanghai", date(2026, 3, 8), 24),
    ],
)
def test_days_of_all_lengths(url, zone, day, hours):
    """
    A day is from one local midnight to the next, be it 23 hours long or 25.

    At the first instant a check-in is of that day, at the last it is not counted,
    and just after it is of the next.
    """
    starts = in_zone(zone, day.year, day.month, day.day)
    clock = ManualClock(starts)
    with CircleKit(url, clock=clock) as kit:
        kit.found_circle(
            name="Club", kind="community", by="mei", circle="club", zone=zone
        )
        kit.make_topic("club", name="Running", kind="sport", by="mei", topic="run")

        answers = []
        for at in (0, hours, hours):
            clock.now = starts + timedelta(hours=at)
            if at and len(answers) == 1:
                clock.now -= MICROSECOND
            answers.append(kit.check_in("run", by="mei"))

        next_day = day + timedelta(days=1)
        assert [(day, True), (day, False), (next_day, True)] == [
            (it.day, it.counted.allowed) for it in answers
        ]
        assert starts + timedelta(hours=hours) == answers[1].counted.retry_at
        assert 2 == kit.streak("run", "mei").current


def test_taken_back(club):
    """
    A check-in that is taken back no longer counts, and its post is gone with it.

    The day is free for another.
    """
    answer = club.check_in("run", by="tao", text="5 km")
    club.remove_check_in(answer.check_in, by="tao")

    assert (0, ()) == (club.streak("run", "tao").days, club.check_ins("run"))
    assert () == club.feed("lin").items
    assert club.check_in("run", by="tao").counted.allowed


def test_its_post_removed(club):
    """
    Whoever takes the post down takes the check-in back with it.
    """
    answer = club.check_in("run", by="tao", text="5 km")
    club.remove_post(answer.post, by="mei")

    assert (0, ()) == (club.streak("run", "tao").days, club.check_ins("run"))
    with refused("check-in-removed"):
        club.remove_check_in(answer.check_in, by="tao")
    assert club.check_in("run", by="tao", text="Really").counted.allowed
    assert 1 == club.streak("run", "tao").days


def test_what_was_not_counted_stays_so(club):
    """
    When the counted check-in is taken back, no other one of that day comes forward.
    """
    first = club.check_in("run", by="tao")
    club.check_in("run", by="tao")
    club.remove_check_in(first.check_in, by="tao")

    assert 0 == club.streak("run", "tao").days


def test_a_refusal_changes_nothing(club):
    """
    A check-in that the topic refuses leaves no post behind, late or not.
    """
    club.close_topic("run", by="tao")
    before = club.feed("lin"), club.check_ins("run")

    with refused("topic-closed"):
        club.check_in("run", by="tao", text="5 km")

    assert before == (club.feed("lin"), club.check_ins("run"))


def test_streaks(club, clock):
    """
    A streak goes on until a whole day has passed without a check-in.
    """
    runs(club, clock, "tao", 1, 2, 3, 4, 6, 7)

    def streak(day):
        clock.now = datetime(2020, 3, day, 12, tzinfo=UTC)
        it = club.streak("run", "tao")
        return it.current, it.longest, it.days, it.last_day

    assert (2, 4, 6, date(2020, 3, 7)) == streak(7)
    assert (2, 4, 6, date(2020, 3, 7)) == streak(8)
    assert (0, 4, 6, date(2020, 3, 7)) == streak(9)
    assert (0, 0, 0, None) == (
        club.streak("run", "lin").current,
        club.streak("run", "lin").longest,
        club.streak("run", "lin").days,
        club.streak("run", "lin").last_day,
    )


def test_made_up(club, clock):
    """
    A missed day that is made up for closes the gap in a streak.
    """
    runs(club, clock, "tao", 1, 2, 4)

    answer = club.make_up_check_in("run", date(2020, 3, 3), by="tao", text="I did run")

    assert (date(2020, 3, 3), ALLOWED) == (answer.day, answer.counted)
    assert 4 == club.streak("run", "tao").current
    assert [True, False, False, False] == [it.made_up for it in club.check_ins("run")]


def test_a_months_share(club, clock):
    """
    So many days are made up for in a month, and the refusal counts them.

    Taken back, one stays used; in the next month there is room again.
    """
    runs(club, clock, "tao", 1)
    clock.now = datetime(2020, 3, 4, 12, tzinfo=UTC)
    for day in (2, 3):
        made = club.make_up_check_in("run", date(2020, 3, day), by="tao")
    club.remove_check_in(made.check_in, by="tao")

    told = outcome(club.make_up_check_in, "run", date(2020, 3, 3), by="tao")

    assert [
        ("make-up-month", 2, 2, *MARCH, (3, 4), MARCH[1]),
    ] == [
        (
            it.rule,
            it.used,
            it.limit,
            it.window_start,
            it.window_end,
            it.used_by,
            it.retry_at,
        )
        for it in told.reasons
    ]
    clock.now = MARCH[1]
    assert club.make_up_check_in("run", date(2020, 3, 31), by="tao").counted.allowed


def test_too_late(club, clock):
    """
    What is too long ago to be made up for says how long, and how long there is.
    """
    clock.now = datetime(2020, 3, 9, 12, tzinfo=UTC)

    (reason,) = outcome(
        club.make_up_check_in, "run", date(2020, 3, 5), by="tao"
    ).reasons

    assert ("make-up-too-late", 4, 3) == (reason.rule, reason.used, reason.limit)


def test_a_newcomer(club, clock):
    """
    Nobody makes up for days before they were a member.
    """
    clock.now = datetime(2020, 3, 5, 12, tzinfo=UTC)
    club.join_circle("club", "eve")

    clock.forward(days=1)
    told = [
        outcome(club.make_up_check_in, "run", date(2020, 3, day), by="eve").rules
        for day in (4, 5)
    ]

    assert [("make-up-before-start",), ()] == told


def test_leaderboards(club, clock):
    """
    Who did most stands first, by days, by days in a row, or by what adds up.
    """
    runs(club, clock, "tao", 1, 2, 3, 5, value=4)
    runs(club, clock, "lin", 5, 6, 7, 8, value=1)
    runs(club, clock, "ben", 9, value=100)

    assert [(1, "tao", 4), (1, "lin", 4), (3, "ben", 1)] == standing(club)
    assert [(1, "lin", 4), (2, "tao", 3), (3, "ben", 1)] == standing(
        club, measure="streak"
    )
    assert [(1, "ben", 100), (2, "tao", 16), (3, "lin", 4)] == standing(
        club, measure="value"
    )


def test_a_period(club, clock):
    """
    A period has its first day and not its last one.
    """
    runs(club, clock, "tao", 1, 2, 3)
    runs(club, clock, "lin", 3, 4)
    runs(club, clock, "tao", 4)
    runs(club, clock, "lin", 5)
    period = {"since": date(2020, 3, 2), "until": date(2020, 3, 5)}

    assert [(1, "tao", 3), (2, "lin", 2)] == standing(club, **period)
    assert [(1, "tao", 3), (2, "lin", 2)] == standing(club, **period, measure="streak")
    assert [] == standing(club, since=date(2020, 3, 5), until=date(2020, 3, 5))


def test_equals(club, clock):
    """
    Equals share a rank, and whoever came to it first is named first.
    """
    runs(club, clock, "tao", 1, 3)
    runs(club, clock, "ben", 3)
    runs(club, clock, "lin", 3)
    runs(club, clock, "ben", 4)

    assert [(1, "tao", 2), (1, "ben", 2), (3, "lin", 1)] == standing(club)
    assert [(1, "ben", 2), (2, "tao", 1), (2, "lin", 1)] == standing(
        club, measure="streak"
    )
    assert [(1, "tao", 2)] == standing(club, limit=1)


def test_pages(club, clock):
    """
    Check-ins are read newest first, page by page, of all or of one member.
    """
    runs(club, clock, "tao", 1, 2, 3)
    runs(club, clock, "lin", 3)

    newest = club.check_ins("run", limit=2)
    older = club.check_ins("run", limit=2, before=newest[-1].check_in)

    assert [("lin", 3), ("tao", 3), ("tao", 2), ("tao", 1)] == [
        (it.member, it.day.day) for it in (*newest, *older)
    ]
    assert ["lin"] == [it.member for it in club.check_ins("run", member="lin")]


def test_an_archived_circle(club, clock):
    """
    In an archived circle nobody checks in, and what was done can be read.
    """
    runs(club, clock, "tao", 1)
    club.archive_circle("club", by="mei", reason="Over")

    for told in (
        outcome(club.check_in, "run", by="tao"),
        outcome(club.check_in, "run", by="tao", text="5 km"),
        outcome(club.make_topic, "club", name="Tea", by="tao"),
        outcome(club.close_topic, "run", by="tao"),
    ):
        assert ("circle-archived",) == told.rules
    assert [(1, "tao", 1)] == standing(club)


def test_a_book_without_it():
    """
    A rule book may not count less than nothing.
    """
    with pytest.raises(ValueError, match="make_up_days"):
        RuleBook(name="house", make_up_days=-1)
