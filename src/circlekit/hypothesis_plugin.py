"""
Let Hypothesis make circlekit's values: ``st.from_type`` works for all of them.

Hypothesis calls :func:`register` when it is imported, wherever circlekit is
installed; the strategies themselves are imported when the first one is asked for.
"""

from typing import Any, Final

from circlekit.budget import Budget, Window
from circlekit.events.names import NAMES
from circlekit.ids import (
    CircleId,
    CommentId,
    CustomerId,
    GroupId,
    MemberId,
    MessageId,
    MomentId,
    PostId,
)
from circlekit.rulebook import RuleBook
from circlekit.verdict import Reason, Verdict

KINDS: Final[tuple[Any, ...]] = (
    CircleId,
    GroupId,
    MemberId,
    CustomerId,
    MomentId,
    PostId,
    CommentId,
    MessageId,
    Window,
    Budget,
    RuleBook,
    Reason,
    Verdict,
    *NAMES.values(),
)


def register() -> None:
    """
    Register a strategy for every event, id and value.
    """
    from hypothesis import strategies as st  # noqa: PLC0415 - it is calling us

    for kind in KINDS:
        st.register_type_strategy(kind, _made)


def _made(kind: Any) -> Any:
    from circlekit.testing.strategies import strategy_of  # noqa: PLC0415 - heavy

    return strategy_of(kind)
