"""
Groups: mute, private chat, and how many they hold.
"""

from datetime import datetime
from typing import Any

from benchmarks.mutants.planting import GROUP, MICROSECOND, Kept, bends
from circlekit.aggregates import group as group_module
from circlekit.aggregates.group import Group
from circlekit.events.group import GroupUnmuted
from circlekit.policies import groups as groups_policy
from circlekit.policies import private_chat as private_chat_policy


@bends(groups_policy, "is_muted", GROUP)
def mute_ends_late(kept: Kept, muted_at: Any, until: Any, *, at: datetime) -> Any:
    """
    A mute ends one microsecond late.
    """
    return kept(muted_at, until and until + MICROSECOND, at=at)


@bends(group_module, "is_muted", GROUP)
def mute_not_over(kept: Kept, muted_at: Any, _until: Any, *, at: datetime) -> Any:
    """
    A mute that is over can still be ended by hand.
    """
    return kept(muted_at, None, at=at)


@bends(Group, "_evolve", GROUP)
def unmute_does_nothing(kept: Kept, self: Group, event: Any) -> None:
    """
    To unmute is recorded, and does nothing.
    """
    if not isinstance(event, GroupUnmuted):
        kept(self, event)


@bends(private_chat_policy, "may_reach", GROUP)
def nobody_exempt(kept: Kept, **asked: Any) -> Any:
    """
    A private-chat block stands between owner or managers and members as well.
    """
    return kept(**{**asked, "role": "member", "other_role": "member"})


@bends(private_chat_policy, "may_reach", GROUP)
def exempt_one_way(kept: Kept, **asked: Any) -> Any:
    """
    Owner and managers may reach out, and may not be reached.
    """
    return kept(**{**asked, "other_role": "member"})


@bends(private_chat_policy, "may_reach", GROUP)
def related_not_exempt(kept: Kept, **asked: Any) -> Any:
    """
    A private-chat block stands between people who know each other as well.
    """
    return kept(**{**asked, "already_related": False})


@bends(private_chat_policy, "may_reach", GROUP)
def strict_ignored(kept: Kept, **asked: Any) -> Any:
    """
    Another group in common is a way round the block of a strict rule book too.
    """
    return kept(**{**asked, "strict": False})


@bends(groups_policy, "has_room", GROUP)
def one_place_too_many(kept: Kept, members: int, *, capacity: int | None) -> Any:
    """
    A group takes one person more than it holds.
    """
    return kept(members, capacity=capacity and capacity + (members == capacity))


@bends(groups_policy, "has_room", GROUP)
def one_place_too_few(kept: Kept, members: int, *, capacity: int | None) -> Any:
    """
    The last place of a group stays empty.
    """
    return kept(members, capacity=capacity and capacity - 1)
