"""
Who may do what in a circle.
"""

from typing import Any

from attrs import evolve

from benchmarks.mutants.planting import CIRCLE, Kept, bends
from circlekit.aggregates.circle import Circle
from circlekit.events.circle import MemberLeft
from circlekit.policies import membership as membership_policy
from circlekit.policies import posts as posts_policy
from circlekit.verdict import ALLOWED, Verdict, all_of, refused


@bends(Circle, "_may_send", CIRCLE)
def managers_may_not_send(
    kept: Kept, self: Circle, override: Any, by: Any, at: Any
) -> Any:
    """
    Managers may not send must-sees.
    """
    verdict = kept(self, override, by, at)
    if override is None and self.role(by) == "manager":
        return all_of(refused("not-a-manager", "owners only"), verdict)
    return verdict


@bends(Circle, "_may_send", CIRCLE)
def members_may_send(kept: Kept, self: Circle, override: Any, by: Any, at: Any) -> Any:
    """
    Ordinary members may send must-sees.
    """
    verdict = kept(self, override, by, at)
    if self.role(by) != "member":
        return verdict
    return Verdict(tuple(it for it in verdict.reasons if it.rule != "not-a-manager"))


@bends(membership_policy, "outranks", CIRCLE)
def managers_remove_managers(_kept: Kept, *_args: Any, **_kwargs: Any) -> Any:
    """
    A manager may take another manager out.
    """
    return ALLOWED


@bends(posts_policy, "may_pin", CIRCLE)
def one_pin_too_many(kept: Kept, post: int, pinned: Any, *, limit: int) -> Any:
    """
    One more post may be pinned than the limit.
    """
    return kept(post, pinned, limit=limit + (len(pinned) == limit))


@bends(posts_policy, "may_pin", CIRCLE)
def one_pin_too_few(kept: Kept, post: int, pinned: Any, *, limit: int) -> Any:
    """
    The last pin of the limit is refused.
    """
    return kept(post, pinned, limit=limit - 1)


@bends(Circle, "add_comment", CIRCLE)
def removed_post_open(kept: Kept, self: Circle, post: Any, **asked: Any) -> Any:
    """
    A post that was taken down may still be commented on.
    """
    return kept(evolve(self, removed=self.removed - {post.version}), post, **asked)


@bends(Circle, "_comment_there", CIRCLE)
def comment_of_another_post(
    kept: Kept, self: Circle, comment: Any, *, on: int | None = None
) -> Any:
    """
    A comment may answer one that stands under another post.
    """
    del on
    return kept(self, comment)


@bends(Circle, "_evolve", CIRCLE)
def right_kept_after_leaving(kept: Kept, self: Circle, event: Any) -> None:
    """
    Who leaves keeps the right to override the quota.
    """
    held = isinstance(event, MemberLeft) and event.member in self.override_holders
    kept(self, event)
    if held:
        self.override_holders.add(event.member)


@bends(Circle, "_evolve", CIRCLE)
def joined_at_kept(kept: Kept, self: Circle, event: Any) -> None:
    """
    Of who left, it is still remembered when they joined.
    """
    before = dict(self.joined_at)
    kept(self, event)
    if isinstance(event, MemberLeft) and event.member in before:
        self.joined_at[event.member] = before[event.member]


@bends(Circle, "_house", CIRCLE)
def house_not_asked(_kept: Kept, *_args: Any, **_asked: Any) -> Any:
    """
    The host's own rules are never asked.
    """
    return ALLOWED
