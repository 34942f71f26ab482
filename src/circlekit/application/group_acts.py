"""
What the owner and managers do to a group, one at a time or many at once.

Each function here checks what was said and returns the act; who does it, and to
which group, comes later.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from inspect import signature
from types import MappingProxyType
from typing import Any, Final

from attrs import frozen

from circlekit.aggregates.group import Events, Group
from circlekit.clock import as_utc
from circlekit.errors import InvalidInputError
from circlekit.text import checked_text

MOST_SECONDS: Final = 86_400


@frozen
class GroupAct:
    """
    Something that is done to a group.

    Attributes:
        decide: The group's command, still without who and when.

        said: What was said, for telling a repeated command.
    """

    decide: Callable[..., Events]
    said: tuple[object, ...] = ()


def announce(*, text: str) -> GroupAct:
    """
    Put up an announcement.

    Raises:
        InvalidInputError: If the text cannot be accepted.
    """
    checked_text("text", text)

    def decide(chat: Group, **by: Any) -> Events:
        return chat.announce(text, **by)

    return GroupAct(decide, (text,))


def mute(*, reason: str, until: datetime | None = None) -> GroupAct:
    """
    Let only the owner and managers write.

    Raises:
        InvalidInputError: If there is no reason, or *until* has no zone.
    """
    checked_text("reason", reason)
    ends = _ends(until)
    return GroupAct(partial(Group.mute, reason=reason, until=ends), (reason, ends))


def slow_down(*, seconds: int, reason: str, until: datetime | None = None) -> GroupAct:
    """
    Let each member write once in so many seconds.

    Raises:
        InvalidInputError: If the seconds are none, there is no reason, or *until*
            has no zone.
    """
    if type(seconds) is not int or not 1 <= seconds <= MOST_SECONDS:
        accepted = f"1 to {MOST_SECONDS:,} whole seconds"
        raise InvalidInputError("seconds", f"is {seconds!r}", accepted)
    checked_text("reason", reason)
    ends = _ends(until)
    act = partial(Group.set_slow_mode, seconds=seconds, reason=reason, until=ends)
    return GroupAct(act, (seconds, reason, ends))


def keep_to_announcements(*, reason: str, until: datetime | None = None) -> GroupAct:
    """
    Let only the owner and managers write, with no thread left open.

    Raises:
        InvalidInputError: If there is no reason, or *until* has no zone.
    """
    checked_text("reason", reason)
    ends = _ends(until)
    act = partial(
        Group.set_announcements_only, reason=reason, until=ends, open_thread=None
    )
    return GroupAct(act, (reason, ends))


def _plain(decide: Callable[..., Events]) -> Callable[[], GroupAct]:
    def act() -> GroupAct:
        return GroupAct(decide)

    return act


ACTS: Final[Mapping[str, Callable[..., GroupAct]]] = MappingProxyType(
    {
        "allow_private_chat": _plain(Group.allow_private_chat),
        "block_private_chat": _plain(Group.block_private_chat),
        "lift_announcements_only": _plain(Group.lift_announcements_only),
        "lift_slow_mode": _plain(Group.lift_slow_mode),
        "mute_group": mute,
        "set_announcement": announce,
        "set_announcements_only": keep_to_announcements,
        "set_slow_mode": slow_down,
        "unmute_group": _plain(Group.unmute),
    }
)
"""
What can be done to many groups at once, by the name of the command for one.
"""


def act_named(action: str, **details: Any) -> GroupAct:
    """
    Return the act of that name, with what is said besides; None is not said.

    Raises:
        InvalidInputError: If nothing has that name, too little or too much is said,
            or what is said cannot be accepted.
    """
    if action not in tuple(ACTS):
        problem = f"{action!r} is nothing that is done to many groups"
        raise InvalidInputError("action", problem, ", ".join(ACTS))
    act = ACTS[action]
    asks_for = signature(act).parameters
    said = {name: value for name, value in details.items() if value is not None}
    for name in details:
        if name in said and name not in asks_for:
            accepted = ", ".join(asks_for) or "nothing more"
            raise InvalidInputError(name, f"has no meaning for {action}", accepted)
        if name not in said and name in asks_for and name != "until":
            raise InvalidInputError(name, "is missing", f"what {action} asks for")
    return act(**said)


def _ends(until: datetime | None) -> datetime | None:
    return None if until is None else as_utc("until", until)
