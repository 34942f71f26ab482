"""
Settings that several levels have a say in, and which level it was that decided.

A rule book says something of its circles, an organisation of its own, a circle of
itself, and a reader of what they are shown. Whoever wonders why a setting is what
it is can be told.
"""

from collections.abc import Sequence
from typing import Final, Literal

from attrs import frozen

Level = Literal["rule book", "organisation", "circle", "reader", "reader in circle"]
CommentRelay = Literal["all", "digest", "off"]

COMMENT_RELAYS: Final[tuple[CommentRelay, ...]] = ("off", "digest", "all")
"""
What groups may be shown of comments, from the least to the most.
"""


@frozen
class Said:
    """
    What one level says of a setting.

    Attributes:
        level: Which level.

        value: What it says, None if it says nothing.
    """

    level: Level
    value: str | None = None


@frozen(kw_only=True)
class Setting:
    """
    A setting, and how it came to be what it is.

    Attributes:
        name: Its name, as in ``comment_relay``.

        value: What holds.

        decided_by: The level that decided; the others said nothing, were
            overruled, or may not decide.

        levels: What each level says, the widest first.
    """

    name: str
    value: str
    decided_by: Level
    levels: tuple[Said, ...]


def comment_relay(
    *,
    book: CommentRelay,
    may_choose: bool,
    organisation: CommentRelay | None = None,
    circle: CommentRelay | None = None,
    reader: CommentRelay | None = None,
    reader_in_circle: CommentRelay | None = None,
) -> Setting:
    """
    Return what a circle's groups show of its comments, to one reader or to all.

    The circle's own word goes before its organisation's, and that before the rule
    book's. A reader may only ask for less; what they say of one circle goes before
    what they say of all. A book that leaves no choice decides alone.

    >>> comment_relay(book="all", may_choose=True, circle="digest").decided_by
    'circle'
    >>> comment_relay(book="all", may_choose=False, reader="off").value
    'all'
    """
    maximum = [
        Said("rule book", book),
        Said("organisation", organisation),
        Said("circle", circle),
    ]
    lower = [Said("reader", reader), Said("reader in circle", reader_in_circle)]
    decided = maximum[0]
    if may_choose:
        decided = _last_word(maximum) or decided
        asked_for = _last_word(lower)
        if asked_for is not None and _less(asked_for, decided):
            decided = asked_for
    return Setting(
        name="comment_relay",
        value=decided.value or book,
        decided_by=decided.level,
        levels=(*maximum, *lower),
    )


def _last_word(levels: Sequence[Said]) -> Said | None:
    spoken = [said for said in levels if said.value is not None]
    return spoken[-1] if spoken else None


def _less(one: Said, other: Said) -> bool:
    amounts: list[str | None] = [*COMMENT_RELAYS]
    return amounts.index(one.value) < amounts.index(other.value)
