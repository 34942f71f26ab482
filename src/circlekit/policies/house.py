"""
Does the house allow it? A host's own rules, beside ours.

A service adds a rule by writing a policy: a frozen attrs class with a lasting
``name``, the acts it rules on, the numbers it goes by as its fields, and one pure
method that answers with a verdict. It is put into a rule book like any number,
its name and numbers are recorded in the circle's history, and its refusals are
explained, audited and asked "what if" like all others.

>>> from datetime import UTC, timedelta
>>> from attrs import frozen
>>> @frozen
... class NewMembersWait:
...     name: ClassVar[str] = "new-members-wait"
...     acts: ClassVar[frozenset[Act]] = frozenset({"post"})
...     hours: int = 24
...
...     def judge(self, asked: Asked) -> Verdict:
...         if asked.member_since is None:
...             return ALLOWED
...         free_at = asked.member_since + timedelta(hours=self.hours)
...         if asked.at >= free_at:
...             return ALLOWED
...         return no(self, f"new members wait {self.hours} hours", retry_at=free_at)
>>> noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
>>> newcomer = Asked(act="post", by="tao", role="member", member_since=noon, at=noon)
>>> str(NewMembersWait().judge(newcomer))
'new-members-wait: new members wait 24 hours'
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import ClassVar, Final, Literal, Protocol

from attrs import frozen

from circlekit.errors import InvalidInputError, UnknownPolicyError
from circlekit.events.circle import CircleKind
from circlekit.policies.authority import Role
from circlekit.rulebook import HouseRule
from circlekit.verdict import ALLOWED, Reason, Verdict, all_of, noted

Act = Literal["post", "comment", "must-see"]
ACTS: Final[frozenset[Act]] = frozenset({"post", "comment", "must-see"})


@frozen(kw_only=True)
class Asked:
    """
    What a host's policy is told of an act.

    Attributes:
        act: ``post``, ``comment`` or ``must-see``.

        by: Who acts.

        role: Their role in the circle, None if they are no member.

        member_since: When they joined, UTC; None if they are no member.

        last_must_see_at: When the circle last sent a must-see, None if never.

        kind: The circle's kind.

        zone: The circle's IANA zone.

        at: The moment of the act, UTC.
    """

    act: Act
    by: str
    role: Role | None
    member_since: datetime | None = None
    last_must_see_at: datetime | None = None
    kind: CircleKind = "community"
    zone: str = "UTC"
    at: datetime


class HousePolicy(Protocol):
    """
    A host's own rule: pure, total, and able to say why.

    A policy may also say ``monotone: ClassVar[bool] = True``, which means that what
    it once allows stays allowed as time alone goes on.
    :func:`circlekit.testing.assert_policy` holds it to that, and to the rest.
    """

    name: ClassVar[str]
    acts: ClassVar[frozenset[Act]]

    def judge(self, asked: Asked) -> Verdict:
        """
        Return whether the act is allowed, with reasons under the policy's name.
        """


Policies = Mapping[str, type[HousePolicy]]


def no(
    policy: HousePolicy,
    because: str,
    *,
    used: int | None = None,
    limit: int | None = None,
    retry_at: datetime | None = None,
) -> Verdict:
    """
    Return a policy's refusal, under its own name.
    """
    return Verdict(
        (
            Reason(
                rule=policy.name,
                because=because,
                used=used,
                limit=limit,
                retry_at=retry_at,
            ),
        )
    )


def known_policies(policies: Iterable[type[HousePolicy]]) -> Policies:
    """
    Return policies by their names.

    Raises:
        InvalidInputError: If one is no class, has no name or rules on no act we
            know, or two have the same name.
    """
    known: dict[str, type[HousePolicy]] = {}
    if not isinstance(policies, Iterable):
        raise InvalidInputError("policies", f"is {policies!r}", "several classes")
    for policy in policies:
        _must_be_class(policy)
        name = getattr(policy, "name", None)
        if not isinstance(name, str) or not name.strip():
            problem = f"{policy.__name__} has no name"
            raise InvalidInputError("policies", problem, "a class with a `name`")
        acts: frozenset[Act] = getattr(policy, "acts", frozenset())
        if not acts or not acts <= ACTS:
            problem = f"{name} rules on {sorted(acts)}"
            raise InvalidInputError("policies", problem, ", ".join(sorted(ACTS)))
        if known.setdefault(name, policy) is not policy:
            problem = f"{name} is the name of two"
            raise InvalidInputError("policies", problem, "a name of its own for each")
    return known


def _must_be_class(policy: object) -> None:
    if not isinstance(policy, type):
        problem = f"{policy!r} is no class"
        raise InvalidInputError("policies", problem, "a class with a `name`")


def found_again(rule: HouseRule, policies: Policies) -> HousePolicy:
    """
    Return the policy that a rule book names, with the numbers it names.

    Raises:
        UnknownPolicyError: If the host gave none of that name, or none that goes
            by those numbers.
    """
    policy = policies.get(rule.name)
    if policy is None:
        raise UnknownPolicyError(rule.name, "the kit was given no policy of that name")
    try:
        return policy(**rule.settings)
    except (TypeError, ValueError) as error:
        problem = f"it does not go by these numbers: {error}"
        raise UnknownPolicyError(rule.name, problem) from error


def house_allows(
    rules: Iterable[HouseRule], policies: Policies, asked: Asked
) -> Verdict:
    """
    Ask every rule of the house that rules on the act.

    Raises:
        UnknownPolicyError: If a rule's code is not there: nothing is decided
            without it.
    """
    verdicts = []
    for rule in rules:
        policy = found_again(rule, policies)
        if asked.act in policy.acts:
            verdicts.append(noted(policy.name, policy.judge(asked)))
    return all_of(*verdicts) if verdicts else ALLOWED
