"""
What may be done with a topic, and what is remembered of it.
"""

from datetime import date, timedelta

import pytest

from circlekit.aggregates.topic import Topic
from circlekit.aggregates.topic_names import TopicNames
from circlekit.events.record import Cited
from circlekit.events.topic import (
    CheckedIn,
    CheckInRemoved,
    TopicClosed,
    TopicMade,
    TopicNameFreed,
    TopicNameTaken,
    TopicRenamed,
)
from circlekit.rulebook import DINGTALK_2020, RuleBook
from circlekit.testing import given
from circlekit.verdict import ALLOWED, refused
from tests.people import BOOK_CLUB, DAY, LIN, MEI, MICROSECOND, TAO, shanghai

MARCH_1 = shanghai(3, 1)
MIDNIGHT = shanghai(3, 2, 0)
NOBODY = refused("not-a-member", "bo is not a member of this circle")
NOT_RUN = refused("not-a-manager", "lin is neither owner nor manager of this circle")
MADE = TopicMade(
    circle=BOOK_CLUB,
    name="Running",
    kind="sport",
    zone="Asia/Shanghai",
    by=LIN,
    at=MARCH_1,
)
THREE_DAYS = RuleBook(name="ours", make_up_days=3, make_ups_a_month=1)


def running(*events):
    return given(Topic("running"), MADE, *events)


def checked_in(at=MARCH_1, by=TAO, day=date(2020, 3, 1), **more):
    return CheckedIn(day=day, by=by, at=at, **more)


class TestCheckingIn:
    def test_the_first_of_a_day(self):
        """
        The first check-in of a member and day counts.
        """
        (
            running()
            .when(lambda t: t.check_in(post=9, value=5, by=TAO, at=MARCH_1))
            .then(checked_in(post=9, value=5))
        )

    @pytest.mark.parametrize("at", [MARCH_1, MIDNIGHT - MICROSECOND])
    def test_the_second(self, at):
        """
        The second one is recorded as not counted, with the one that was.
        """
        (
            running(checked_in())
            .when(lambda t: t.check_in(by=TAO, at=at))
            .then(checked_in(at=at, counted=False, used_by=(2,)))
        )

    def test_the_next_day(self):
        """
        A day ends at midnight in the zone of the topic.
        """
        (
            running(checked_in())
            .when(lambda t: t.check_in(by=TAO, at=MIDNIGHT))
            .then(checked_in(at=MIDNIGHT, day=date(2020, 3, 2)))
        )

    def test_somebody_else(self):
        """
        Everybody has days of their own.
        """
        (
            running(checked_in())
            .when(lambda t: t.check_in(by=LIN, at=MARCH_1))
            .then(checked_in(by=LIN))
        )

    def test_after_the_post_is_gone(self):
        """
        A check-in whose post was removed leaves its day free.
        """
        (
            running(checked_in(post=9))
            .when(lambda t: t.check_in(gone={9}, by=TAO, at=MARCH_1))
            .then(checked_in())
        )

    def test_everything_in_the_way(self):
        """
        A refusal names all that stands in the way, in circle and topic.
        """
        (
            running(TopicClosed(by=LIN, at=MARCH_1))
            .when(lambda t: t.check_in(there=NOBODY, by=TAO, at=MARCH_1))
            .then_refused("not-a-member", "topic-closed")
        )


class TestMakingUp:
    def make_up(self, day, *events, book=THREE_DAYS, joined_at=None):
        at = MARCH_1 + 5 * DAY
        return running(*events).when(
            lambda t: t.make_up(day, book=book, joined_at=joined_at, by=TAO, at=at)
        )

    @pytest.mark.parametrize("day", [3, 4, 5])
    def test_within_its_days(self, day):
        """
        A missed day is made up for as long as the rule book gives.
        """
        missed = date(2020, 3, day)
        self.make_up(missed).then(
            checked_in(at=MARCH_1 + 5 * DAY, day=missed, made_up=True)
        )

    @pytest.mark.parametrize(
        ("day", "rule"),
        [
            (date(2020, 2, 29), "make-up-before-start"),
            (date(2020, 3, 2), "make-up-too-late"),
            (date(2020, 3, 6), "make-up-not-past"),
            (date(2021, 3, 6), "make-up-not-past"),
        ],
    )
    def test_at_another_time(self, day, rule):
        """
        Not before there was a topic, not too late, and not before the day is over.
        """
        self.make_up(day).then_refused(rule)

    def test_not_by_this_book(self):
        """
        The shipped books do not have it.
        """
        self.make_up(date(2020, 3, 5), book=DINGTALK_2020).then_refused(
            "make-up-not-enabled"
        )

    def test_before_joining(self):
        """
        The day of joining may be made up for, the one before may not.
        """
        joined_at = MARCH_1 + 3 * DAY + timedelta(hours=2)
        self.make_up(date(2020, 3, 3), joined_at=joined_at).then_refused(
            "make-up-before-start"
        )
        self.make_up(date(2020, 3, 4), joined_at=joined_at).then(
            checked_in(at=MARCH_1 + 5 * DAY, day=date(2020, 3, 4), made_up=True)
        )

    def test_too_often(self):
        """
        What was made up for and taken back stays used.
        """
        self.make_up(
            date(2020, 3, 5),
            checked_in(at=MARCH_1 + 4 * DAY, day=date(2020, 3, 4), made_up=True),
            CheckInRemoved(
                check_in=2,
                member=TAO,
                day=date(2020, 3, 4),
                by=TAO,
                at=MARCH_1 + 4 * DAY,
            ),
        ).then_refused("make-up-month")


class TestOwnAndRun:
    @pytest.mark.parametrize(
        ("by", "member", "run", "rules"),
        [
            (LIN, ALLOWED, NOT_RUN, ()),
            (LIN, NOBODY, NOT_RUN, ("not-a-member",)),
            (MEI, ALLOWED, ALLOWED, ()),
            (TAO, ALLOWED, NOT_RUN, ("not-a-manager",)),
        ],
    )
    def test_who_renames(self, by, member, run, rules):
        """
        Who made a topic renames it while a member, and so does whoever runs it.
        """
        asked = running().when(
            lambda t: t.rename(
                "Jogging", free=ALLOWED, member=member, run=run, by=by, at=MARCH_1
            )
        )
        if rules:
            asked.then_refused(*rules)
        else:
            asked.then(TopicRenamed(name="Jogging", by=by, at=MARCH_1))

    def test_who_takes_a_check_in_back(self):
        """
        Whose check-in it is takes it back, not who made the topic.
        """
        story = running(checked_in())
        story.when(
            lambda t: t.remove_check_in(
                _cited(2), member=ALLOWED, run=NOT_RUN, by=LIN, at=MARCH_1
            )
        ).then_refused("not-a-manager")
        story.when(
            lambda t: t.remove_check_in(
                _cited(2), member=ALLOWED, run=NOT_RUN, by=TAO, at=MARCH_1
            )
        ).then(
            CheckInRemoved(
                check_in=2, member=TAO, day=date(2020, 3, 1), by=TAO, at=MARCH_1
            )
        )


class TestNames:
    def test_a_name_let_go(self):
        """
        A name is taken in every spelling until its topic takes another, or closes.
        """
        names = given(
            TopicNames(BOOK_CLUB),
            TopicNameTaken(topic="one", name="Running", by=LIN, at=MARCH_1),
        )

        def take(name):
            return lambda it: it.take(name, topic="two", by=TAO, at=MARCH_1)

        for spelled in ("Running", "running", "RUNNING", " running"):
            names.when(take(spelled)).then_refused("topic-name-taken")
        names.when(lambda it: it.free(topic="one", by=LIN, at=MARCH_1)).then(
            TopicNameFreed(topic="one", by=LIN, at=MARCH_1)
        ).when(take("Running")).then(
            TopicNameTaken(topic="two", name="Running", by=TAO, at=MARCH_1)
        )


def _cited(place):
    return Cited(place, checked_in())
