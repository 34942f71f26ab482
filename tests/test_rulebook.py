"""
The rule books that are shipped, and those of a house of its own.
"""

from math import inf

import pytest

from circlekit.budget import CALENDAR_DAY, CALENDAR_MONTH, Budget, rolling
from circlekit.errors import InvalidInputError
from circlekit.rulebook import RULE_BOOKS, HouseRule, RuleBook, rule_book

MUST_SEE = (
    Budget("must-see-month", 4, CALENDAR_MONTH),
    Budget("must-see-spacing", 1, rolling(hours=24)),
)
A_DAY = Budget("moment-day", 1, CALENDAR_DAY)
A_MONTH = Budget("moment-month", 4, CALENDAR_MONTH)
SENDS = {
    "member_mass_sends": (Budget("mass-send-day", 1, CALENDAR_DAY),),
    "enterprise_mass_sends": (Budget("mass-send-month", 4, CALENDAR_MONTH),),
    "mass_sends_by_member": True,
    "mass_send_reminders": (Budget("mass-send-reminder", 3, rolling(hours=24)),),
}
EACH_DAY = Budget("mass-send-month", 1, CALENDAR_MONTH, per_day=True)

SHIPPED = {
    "dingtalk_2020": RuleBook(name="dingtalk_2020", must_see=MUST_SEE),
    "wecom_2020": RuleBook(
        name="wecom_2020",
        must_see=MUST_SEE,
        group_capacity=100,
        member_moments=(A_DAY,),
        enterprise_moments=(A_MONTH,),
        **SENDS,
    ),
    "wecom_2025": RuleBook(
        name="wecom_2025",
        must_see=MUST_SEE,
        group_capacity=500,
        member_moments=(A_DAY,),
        enterprise_moments=(A_MONTH,),
        member_mass_sends=(EACH_DAY,),
        enterprise_mass_sends=(EACH_DAY,),
        mass_sends_share_budgets=True,
        mass_send_reminders=SENDS["mass_send_reminders"],
    ),
    "seed_literal": RuleBook(
        name="seed_literal",
        must_see=MUST_SEE,
        group_capacity=100,
        member_moments=(A_DAY, A_MONTH),
        enterprise_moments=(A_DAY, A_MONTH),
        moments_share_budgets=True,
        **SENDS,
    ),
    "circlekit_2026": RuleBook(
        name="circlekit_2026",
        must_see=MUST_SEE,
        comment_relay="digest",
        comment_relay_choice=True,
    ),
}


@pytest.mark.covers("A001")
def test_what_is_shipped():
    """
    The numbers of a shipped book never change under its name.
    """
    assert SHIPPED == dict(RULE_BOOKS)


def test_what_a_book_says_of_itself():
    """
    A book that says nothing more has ten pins, shows every comment, limits nothing.
    """
    book = RuleBook(name="house")

    expected = RuleBook(
        name="house",
        must_see=(),
        pins=10,
        group_capacity=None,
        comment_relay="all",
        strict_private_chat=False,
        member_moments=(),
        enterprise_moments=(),
        moments_share_budgets=False,
        comment_digest_seconds=600,
        comment_relay_choice=False,
    )
    assert expected == book


@pytest.mark.parametrize("name", RULE_BOOKS)
def test_by_its_name(name):
    """
    A shipped book is found by its name, and is itself when given.
    """
    assert RULE_BOOKS[name] is rule_book(name)
    assert RULE_BOOKS[name] is rule_book(RULE_BOOKS[name])


def test_a_house_of_its_own():
    """
    A house may have numbers of its own, under a name of its own.
    """
    book = RuleBook(name="house", pins=3)

    assert book is rule_book(book)


def test_an_unknown_name():
    """
    A name nobody shipped is refused with those that are.
    """
    with pytest.raises(InvalidInputError) as trouble:
        rule_book("dingtalk_1999")

    expected = (
        "rules: 'dingtalk_1999' is not known; accepted: "
        "a RuleBook, or one of circlekit_2026, dingtalk_2020, seed_literal, "
        "wecom_2020, wecom_2025"
    )
    assert expected == str(trouble.value)


def test_a_name_that_is_taken():
    """
    Under a shipped book's name there are its numbers and no others.
    """
    with pytest.raises(InvalidInputError) as trouble:
        rule_book(RuleBook(name="dingtalk_2020", pins=3))

    expected = (
        "rules: 'dingtalk_2020' is a shipped book with other numbers; "
        "accepted: a name of its own"
    )
    assert expected == str(trouble.value)


KINDS = "a list of internal, teaching, business, community"


@pytest.mark.parametrize(
    ("field", "wrong", "accepted"),
    [
        ("name", "", "a text that is not empty"),
        ("name", ["ours"], "a text that is not empty"),
        ("pins", -1, "a whole number from 0 on"),
        ("pins", True, "a whole number from 0 on"),
        ("group_capacity", 0, "a whole number from 1 on, or None"),
        ("group_capacity", 100.0, "a whole number from 1 on, or None"),
        ("minor_live_minutes", 1_440, "a whole number from 0 to 1,439, or None"),
        ("homework_kinds", ("teachings",), KINDS),
        ("live_kinds", "teaching", KINDS),
        ("community_joining", "by invitation", "open, application"),
        ("newcomers_see", None, "all, nothing, newest, days"),
        ("strict_private_chat", "no", "True or False"),
        ("convention", ["2026-09"], "a text that is not empty, or None"),
        ("must_see", "", "a list of Budget"),
        ("must_see", ("four a month",), "a list of Budget"),
    ],
)
def test_numbers_that_are_none(field, wrong, accepted):
    """
    A book says which of its fields is wrong, and what would be accepted there.
    """
    with pytest.raises(InvalidInputError) as trouble:
        RuleBook(**{"name": "ours", field: wrong})

    told = trouble.value
    assert (field, f"is {wrong!r}", accepted) == (
        told.field,
        told.problem,
        told.accepted,
    )


@pytest.mark.parametrize(
    "settings", [{"from": object()}, {"from": (22, 6)}, {"from": inf}, {22: 6}]
)
def test_what_could_not_be_recorded(settings):
    """
    A house's own rule is refused where its numbers could not be recorded.
    """
    ((name, setting),) = settings.items()

    with pytest.raises(InvalidInputError) as trouble:
        HouseRule("nights", settings)

    assert f"settings: {name} is {setting!r}" == str(trouble.value).split(";")[0]


def test_a_list_is_as_good():
    """
    A book that is given its budgets as a list is taken with a tuple of them.
    """
    budgets = [Budget("one", 1, CALENDAR_DAY)]

    assert tuple(budgets) == rule_book(RuleBook(name="ours", must_see=budgets)).must_see


def test_two_rules_of_one_name():
    """
    No two rules of a book that judge the same act share a name.
    """
    month = Budget("must-see-month", 4, CALENDAR_MONTH)

    with pytest.raises(InvalidInputError) as caught:
        RuleBook(name="ours", must_see=(month, month))
    assert "must_see: 'must-see-month' twice" == str(caught.value).partition(";")[0]
    with pytest.raises(InvalidInputError):
        RuleBook(name="ours", must_see=(month,), house=(HouseRule("must-see-month"),))
