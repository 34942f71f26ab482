"""
What the rules of a house say, asked one by one.
"""

from collections.abc import Iterable

from circlekit.policies.house import Asked, HousePolicy, known_policies
from circlekit.rulebook import RuleBook
from circlekit.verdict import Reason


def house_says(
    policies: Iterable[type[HousePolicy]], book: RuleBook, asked: Asked
) -> list[Reason]:
    """
    Return what the house's own policies have against it, those that the book names.
    """
    known = known_policies(policies)
    rules = [known[rule.name](**rule.settings) for rule in book.house]
    return [
        reason
        for policy in rules
        if asked.act in policy.acts
        for reason in policy.judge(asked).reasons
    ]
