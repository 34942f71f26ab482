"""
What a community is drawn from: circles, people, posts and hosts.
"""

from collections.abc import Iterable
from typing import Final

from hypothesis import strategies as st

from circlekit.ids import CircleId
from circlekit.testing.machines.machine import CAST

_MEI, _TAO, _LIN = CAST
NOWHERE: Final = 999

# Nothing that is drawn depends on what has happened: of two hosts that ask at once
# either may win, and Hypothesis must be able to draw the same again nevertheless.
NAMES: Final = (CircleId("book-club"), CircleId("chess-club"), CircleId("film-club"))
CIRCLES: Final = st.sampled_from((*NAMES[:1] * 3, *NAMES))
HOSTS: Final = st.sampled_from((0, 1))
# None is the owner, whoever that is by then.
SOMEBODY: Final = st.sampled_from((None, None, *CAST, _TAO))
# How many posts back from the newest; None is a place where nothing stands.
POSTS: Final = st.sampled_from((0, 0, 0, 1, 2, None))


def newest(places: Iterable[int], back: int | None) -> int:
    """
    Return the place that is so many back from the newest, or one that is nowhere.

    >>> newest([4, 9], 1)
    4
    """
    newest_first = sorted(places, reverse=True)
    if back is None or back >= len(newest_first):
        return NOWHERE
    return newest_first[back]
