"""
How given / when / then tells what went wrong.
"""

from textwrap import dedent

import pytest
from attrs import define

from circlekit.aggregates.circle import Circle
from circlekit.aggregates.customer import Customer
from circlekit.aggregates.group import Group
from circlekit.events.circle import MemberLeft, MustSeeSent, PostPublished
from circlekit.events.refusal import CommandRefused
from circlekit.testing import given, tell_history, tell_verdict
from circlekit.verdict import ALLOWED, Reason, Verdict
from tests.people import (
    BO,
    BOOK_CLUB,
    CLUB_WITH_POST,
    FOUNDED,
    LIN,
    MEI,
    READERS,
    THE_POST,
    shanghai,
)

NOON = shanghai(3, 1, 12)
SENT = MustSeeSent(post=8, by=MEI, at=NOON)
SPACING = Reason(
    rule="must-see-spacing",
    because="1 of 1 used within 24 hours; free again 2020-03-02 04:00 UTC",
    used=1,
    limit=1,
    window_start=shanghai(2, 29, 12),
    window_end=NOON,
    used_by=(9,),
    retry_at=shanghai(3, 2, 12),
)


def the_club(*events):
    return given(Circle(BOOK_CLUB), *CLUB_WITH_POST, *events)


def told(call):
    with pytest.raises(AssertionError) as failure:
        call()
    return str(failure.value)


def test_other_events():
    """
    Where other events came about, the history is told, and what differs.
    """
    outcome = given(Circle(BOOK_CLUB), *FOUNDED).when(
        lambda c: c.publish(text="Meet on\nSunday", by=MEI, at=NOON)
    )

    expected = dedent("""\
        Circle book-club, moments as in Asia/Shanghai

        given
          1  2020-01-01 20:00:00+08:00  CircleFounded    name='Book club' \
kind=community zone=Asia/Shanghai by=mei
          2  2020-01-01 20:00:00+08:00  RuleBookAdopted  book=dingtalk_2020 \
(must-see-month 4 per calendar month, must-see-spacing 1 per 24 hours) by=mei
          3  2020-01-01 20:00:00+08:00  GroupLinked      group=readers bound=True \
by=mei

        expected
          4  2020-03-01 12:00:00+08:00  PostPublished  text=Hello by=bo

        actual
          allowed
          4  2020-03-01 12:00:00+08:00  PostPublished  text='Meet on\\nSunday' by=mei

        differs in
          PostPublished.text: expected Hello, actual 'Meet on\\nSunday'
          PostPublished.by: expected bo, actual mei""")
    actual = told(lambda: outcome.then(PostPublished(text="Hello", by=BO, at=NOON)))
    assert expected == actual


def test_refused_against_expectation():
    """
    Where rules were in the way, they are told with their numbers and moments.
    """
    outcome = the_club(SENT).when(lambda c: c.send_must_see(text="!", by=BO, at=NOON))

    expected = dedent("""\
        actual
          not-a-manager: bo is neither owner nor manager of this circle
          must-see-spacing: 1 of 1 used within 24 hours; \
free again 2020-03-02 04:00 UTC
            1 of 1 used from 2020-02-29 12:00:00+08:00 to 2020-03-01 12:00:00+08:00
            by the events at 9
            no longer at 2020-03-02 12:00:00+08:00""")
    assert told(outcome.then).endswith(expected)


def test_refused_by_other_rules():
    """
    The rules in the way must be exactly those that are named.
    """
    outcome = the_club(SENT).when(lambda c: c.send_must_see(text="!", by=BO, at=NOON))

    assert "refused by must-see-spacing" in told(
        lambda: outcome.then_refused("must-see-spacing")
    )
    outcome.then_refused("not-a-manager", "must-see-spacing")


def test_allowed_against_expectation():
    """
    Where nothing was in the way, it is told what would be recorded.
    """
    outcome = the_club().when(lambda c: c.promote(THE_POST, by=MEI, at=NOON))

    expected = dedent("""\
        expected
          refused by must-see-spacing

        actual
          allowed
          9  2020-03-01 12:00:00+08:00  MustSeeSent  post=8 by=mei""")
    assert told(lambda: outcome.then_refused("must-see-spacing")).endswith(expected)


def test_another_verdict():
    """
    Verdicts are compared whole, and it is told in which field they differ.
    """
    outcome = the_club(SENT).when(lambda c: c.send_must_see(text="!", by=MEI, at=NOON))

    outcome.then_verdict(Verdict((SPACING,)))
    other = Reason(rule="must-see-spacing", because=SPACING.because)
    story = told(lambda: outcome.then_verdict(Verdict((other,))))
    assert "  Reason.limit: expected None, actual 1" in story.splitlines()
    assert "expected\n  allowed" in told(lambda: outcome.then_verdict(ALLOWED))


def test_a_refusal_without_rules():
    """
    To expect a refusal is to name its rules.
    """
    outcome = the_club().when(lambda c: c.join(LIN, at=NOON))

    with pytest.raises(TypeError, match="name the rules"):
        outcome.then_refused()


def test_the_story_goes_on():
    """
    What was allowed has happened in the next scene; what was refused has not.
    """
    left = MemberLeft(member=LIN, at=NOON)
    (
        the_club()
        .when(lambda c: c.leave(BO, at=NOON))
        .then_refused("not-a-member")
        .when(lambda c: c.leave(LIN, at=NOON))
        .then(left)
        .when(lambda c: c.leave(LIN, at=NOON))
        .then_refused("not-a-member")
    )


@define
class Forgetful(Circle):
    """
    A circle that changes while it is asked.
    """

    def leave(self, member, *, at):
        del self.members[member]
        self.pinned.append(1)
        return ()


def test_a_command_that_changes_something():
    """
    A command only answers; one that changes what it was asked of is found out.
    """
    story = given(Forgetful(BOOK_CLUB), *CLUB_WITH_POST)

    expected = (
        "a command answers with events and changes nothing, but this one changed "
        "people, pinned"
    )
    assert expected == told(lambda: story.when(lambda c: c.leave(LIN, at=NOON)))


def test_moments_in_a_zone_of_choice():
    """
    Moments are told in the zone of whom it is about, or the one that is asked for.
    """
    group = given(Group(READERS), zone="America/New_York").when(
        lambda g: g.leave(LIN, at=NOON)
    )
    customer = given(Customer("an")).when(lambda c: c.assign(LIN, by=MEI, at=NOON))

    expected = "Group readers, moments as in America/New_York\n\ngiven\n  nothing"
    assert told(group.then).startswith(expected)
    assert "moments as in Asia/Shanghai" in told(customer.then)


def test_nothing_to_tell():
    """
    Of nothing, nothing is told, and of a free way that it is free.
    """
    assert "" == tell_history([])
    assert "  allowed" == tell_verdict(ALLOWED)


def test_what_members_wrote_is_shown_safely():
    """
    What members wrote can neither move the cursor nor fill the screen.
    """
    post = PostPublished(text="\x1b[2J\u202e" + "长" * 100, by=MEI, at=NOON)
    reason = Reason(rule="house", because="because \x1b[2J")
    refusal = CommandRefused(command="publish", reasons=(reason,), by=LIN, at=NOON)

    shown = "\\x1b[2J\\u202e" + "长" * 27 + "…"
    expected = (
        f"  7  2020-03-01 12:00:00+08:00  PostPublished   text='{shown}' by=mei\n"
        "  8  2020-03-01 12:00:00+08:00  CommandRefused  "
        "command=publish reasons=[house] by=lin"
    )
    assert expected == tell_history([post, refusal], zone="Asia/Shanghai", first=7)
    assert "  house: because \\x1b[2J" == tell_verdict(Verdict((reason,)))


def test_an_unknown_zone():
    """
    In a zone that nobody knows, moments are told in UTC.
    """
    left = MemberLeft(member=LIN, at=NOON)

    expected = "  1  2020-03-01 04:00:00+00:00  MemberLeft  member=lin"
    assert expected == tell_history([left], zone="Mars/Olympus")
