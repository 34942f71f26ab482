"""
Rules of a house's own, beside those of every house.
"""

from datetime import timedelta
from typing import ClassVar

import pytest
from attrs import evolve, frozen

from circlekit.aggregates.circle import Circle
from circlekit.errors import InvalidInputError, UnknownPolicyError
from circlekit.events.circle import (
    CommentAdded,
    MemberJoined,
    MustSeeSent,
    PostPublished,
)
from circlekit.events.rules import RuleBookAdopted
from circlekit.policies.house import (
    Asked,
    found_again,
    house_allows,
    known_policies,
    no,
)
from circlekit.rulebook import HouseRule, RuleBook
from circlekit.testing import given
from circlekit.verdict import ALLOWED, Reason, Verdict
from tests.people import (
    BO,
    BOOK_CLUB,
    CLUB_WITH_POST,
    DAY,
    FOUNDING_DAY,
    LIN,
    MEI,
    TAO,
    THE_POST,
    shanghai,
)

NOON = shanghai(3, 1, 12)


@frozen
class NewMembersWait:
    """
    New members wait before they post or comment.
    """

    name: ClassVar[str] = "new-members-wait"
    acts: ClassVar[frozenset[str]] = frozenset({"post", "comment"})
    hours: int = 24

    def judge(self, asked):
        if asked.member_since is None:
            return ALLOWED
        free_at = asked.member_since + timedelta(hours=self.hours)
        if asked.at >= free_at:
            return ALLOWED
        return no(self, "you are new here", used=0, limit=1, retry_at=free_at)


@frozen
class Echo:
    """
    Refuses every must-see with all it was told.
    """

    name: ClassVar[str] = "echo"
    acts: ClassVar[frozenset[str]] = frozenset({"must-see"})

    def judge(self, asked):
        return no(self, str(asked))


POLICIES = known_policies([NewMembersWait, Echo])


def house(*rules):
    return RuleBook(name="house", house=rules)


def club_under(book):
    adopted = RuleBookAdopted(book=book, by=MEI, at=NOON)
    circle = Circle(BOOK_CLUB, policies=POLICIES)
    return given(circle, *CLUB_WITH_POST, adopted, MemberJoined(member=BO, at=NOON))


class TestInACircle:
    def test_posting(self):
        """
        A house may ask new members to wait; the others post as before.
        """
        club = club_under(house(NewMembersWait(48)))
        (
            club.when(lambda c: c.publish(text="Hi", by=BO, at=NOON)).then_verdict(
                Verdict(
                    (
                        Reason(
                            rule="new-members-wait",
                            because="you are new here",
                            used=0,
                            limit=1,
                            retry_at=NOON + 2 * DAY,
                        ),
                    )
                )
            )
        )
        (
            club.when(lambda c: c.publish(text="Hi", by=LIN, at=NOON)).then(
                PostPublished(text="Hi", by=LIN, at=NOON)
            )
        )

    def test_commenting(self):
        """
        When the time is over, they comment.
        """
        club = club_under(house(NewMembersWait()))
        (
            club.when(
                lambda c: c.add_comment(THE_POST, text="Hi", by=BO, at=NOON)
            ).then_refused("new-members-wait")
        )
        (
            club.when(
                lambda c: c.add_comment(THE_POST, text="Hi", by=BO, at=NOON + DAY)
            ).then(CommentAdded(post=8, text="Hi", by=BO, at=NOON + DAY))
        )

    def test_beside_our_rules(self):
        """
        Our rules and the house's are named together.
        """
        (
            club_under(house(Echo()))
            .when(lambda c: c.promote(THE_POST, by=LIN, at=NOON))
            .then_refused("echo", "not-a-manager")
        )

    def test_what_a_policy_is_told(self):
        """
        A policy is told who acts in which circle, since when, and the last must-see.
        """
        sent = MustSeeSent(post=8, by=MEI, at=NOON)
        asked = Asked(
            act="must-see",
            by=TAO,
            role="manager",
            member_since=FOUNDING_DAY,
            last_must_see_at=NOON,
            kind="community",
            zone="Asia/Shanghai",
            at=NOON + DAY,
        )
        adopted = RuleBookAdopted(book=house(Echo()), by=MEI, at=NOON)
        (
            given(Circle(BOOK_CLUB, policies=POLICIES), *CLUB_WITH_POST, sent, adopted)
            .when(lambda c: c.send_must_see(text="Hi", by=TAO, at=NOON + DAY))
            .then_verdict(Verdict((Reason(rule="echo", because=str(asked)),)))
        )

    @pytest.mark.parametrize(
        "rule", [HouseRule("quiet-hours"), HouseRule("echo", {"x": 1})]
    )
    def test_unknown(self, rule):
        """
        A book whose rules nobody knows is not adopted, and not gone by.
        """
        with pytest.raises(UnknownPolicyError):
            club_under(house()).when(
                lambda c: c.adopt_rule_book(house(rule), by=MEI, at=NOON)
            )
        with pytest.raises(UnknownPolicyError):
            club_under(house(rule)).when(
                lambda c: c.publish(text="Hi", by=MEI, at=NOON)
            )


def test_kept_by_name_and_numbers():
    """
    A book keeps a house's rule by its name and its numbers, and finds it again.
    """
    (rule,) = house(NewMembersWait(hours=48)).house

    assert HouseRule("new-members-wait", {"hours": 48}) == rule
    assert NewMembersWait(hours=48) == found_again(rule, POLICIES)
    assert (rule,) == house(rule).house


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        (HouseRule("quiet-hours"), "the kit was given no policy of that name"),
        (
            HouseRule("new-members-wait", {"days": 2}),
            "it does not go by these numbers: ",
        ),
    ],
)
def test_not_found_again(rule, problem):
    """
    Nothing is decided without a rule that the book names.
    """
    with pytest.raises(UnknownPolicyError) as trouble:
        found_again(rule, POLICIES)

    expected = f"the rule book names {rule.name!r}, but {problem}"
    assert str(trouble.value).startswith(expected)
    assert rule.name == trouble.value.name


def test_only_the_acts_it_rules_on():
    """
    A policy is asked of the acts it rules on, each with its own reasons.
    """
    asked = Asked(act="post", by=BO, role="member", member_since=NOON, at=NOON)
    rules = house(NewMembersWait(), Echo()).house

    assert ("new-members-wait",) == house_allows(rules, POLICIES, asked).rules
    must_see = evolve(asked, act="must-see")
    assert ("echo",) == house_allows(rules, POLICIES, must_see).rules
    later = evolve(asked, at=NOON + DAY)
    assert ALLOWED == house_allows(rules, POLICIES, later)
    assert ALLOWED == house_allows((), POLICIES, asked)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"name": ""}, "Odd has no name"),
        ({"name": None}, "Odd has no name"),
        ({"acts": frozenset()}, "odd rules on []"),
        ({"acts": frozenset({"leave"})}, "odd rules on ['leave']"),
        ({"name": "echo"}, "echo is the name of two"),
    ],
)
def test_policies_that_are_none(changes, problem):
    """
    A policy has a name of its own, and rules on acts there are.
    """
    odd = type("Odd", (), {"name": "odd", "acts": Echo.acts} | changes)

    with pytest.raises(InvalidInputError) as trouble:
        known_policies([Echo, odd])

    assert ("policies", problem) == (trouble.value.field, trouble.value.problem)


def test_given_twice():
    """
    The same policy may be given twice.
    """
    assert {"echo": Echo} == known_policies([Echo, Echo])
