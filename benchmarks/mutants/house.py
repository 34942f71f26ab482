"""
A host's own policy.
"""

from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Final

from attrs import evolve, frozen

from benchmarks.mutants.planting import MICROSECOND, POLICY, Kept, bends
from circlekit.policies.house import Act, Asked, no
from circlekit.verdict import ALLOWED, Verdict

_ASKED: Final[list[Asked]] = []


@frozen
class NewMembersWait:
    """
    A host's own policy, to be bent: new members wait a day before they post.
    """

    name: ClassVar[str] = "new-members-wait"
    acts: ClassVar[frozenset[Act]] = frozenset({"post"})
    hours: int = 24

    def judge(self, asked: Asked) -> Verdict:
        """
        Refuse until the wait is over.
        """
        if asked.member_since is None:
            return ALLOWED
        free_at = asked.member_since + timedelta(hours=self.hours)
        if asked.at >= free_at:
            return ALLOWED
        return no(self, f"new members wait {self.hours} hours", retry_at=free_at)


@bends(NewMembersWait, "judge", POLICY)
def policy_retry_early(kept: Kept, self: NewMembersWait, asked: Asked) -> Any:
    """
    A policy's moment to try again is one microsecond early.
    """
    verdict = kept(self, asked)
    return Verdict(
        tuple(
            evolve(it, retry_at=it.retry_at and it.retry_at - MICROSECOND)
            for it in verdict.reasons
        )
    )


@bends(NewMembersWait, "judge", POLICY)
def policy_counts(kept: Kept, self: NewMembersWait, asked: Asked) -> Any:
    """
    A policy goes by what it was asked before.
    """
    again = asked in _ASKED
    _ASKED.append(asked)
    return ALLOWED if again else kept(self, asked)


@bends(NewMembersWait, "judge", POLICY)
def policy_goes_by_the_clock(kept: Kept, self: NewMembersWait, asked: Asked) -> Any:
    """
    A policy goes by the machine's clock instead of the moment of the act.
    """
    return kept(self, evolve(asked, at=datetime.now(UTC)))


@bends(NewMembersWait, "judge", POLICY)
def policy_raises(kept: Kept, self: NewMembersWait, asked: Asked) -> Any:
    """
    A policy has no answer for somebody who is not a member.
    """
    if asked.member_since is None:
        raise TypeError("when did they join?")
    return kept(self, asked)


@bends(NewMembersWait, "judge", POLICY)
def policy_under_another_name(kept: Kept, self: NewMembersWait, asked: Asked) -> Any:
    """
    A policy refuses under the name of another rule.
    """
    reasons = kept(self, asked).reasons
    return Verdict(tuple(evolve(it, rule="must-see-month") for it in reasons))
