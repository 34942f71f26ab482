"""
May these two reach each other in private by way of this group?

While a group blocks private chat, a member may neither open one with another
member nor send a friend request by way of that group: the block keeps
competitors from taking members away. The owner and managers are exempt in both
directions, and so are people who already know each other. Two members who share
another group without the block may use that one, unless the rule book is strict.

Source: 000_5ed45e92f4bb09bc:37 (the switch and its purpose).
"""

from circlekit.policies.authority import Role
from circlekit.verdict import ALLOWED, Verdict, refused


def may_reach(
    *,
    blocked_at: int | None,
    role: Role | None,
    other_role: Role | None,
    already_related: bool,
    other_common_group: bool,
    strict: bool,
    group: str,
) -> Verdict:
    """
    Ask whether the group's block stands between two of its members.

    >>> may_reach(
    ...     blocked_at=7,
    ...     role="member",
    ...     other_role="member",
    ...     already_related=False,
    ...     other_common_group=False,
    ...     strict=False,
    ...     group="readers",
    ... ).rules
    ('private-chat-blocked',)
    """
    if blocked_at is None or already_related:
        return ALLOWED
    if {role, other_role} & {"owner", "manager"}:
        return ALLOWED
    if other_common_group and not strict:
        return ALLOWED
    return refused(
        "private-chat-blocked",
        f"group {group} does not let members reach one another in private",
        (blocked_at,),
    )


def two_people(by: str, to: str) -> Verdict:
    """
    Nobody reaches out to themselves.
    """
    if by == to:
        return refused("same-person", f"{by} cannot reach out to themselves")
    return ALLOWED
