"""
Rules, history and read models for communities that live inside other services.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from circlekit.budget import (
    CALENDAR_DAY,
    CALENDAR_MONTH,
    CALENDAR_WEEK,
    Budget,
    Window,
    rolling,
)
from circlekit.clock import ManualClock
from circlekit.errors import (
    AlreadyThereError,
    BusyError,
    CirclekitError,
    CommandIdReusedError,
    CorruptEventError,
    ExportError,
    GoldenHistoryError,
    GraderError,
    InvalidInputError,
    NotFoundError,
    OutcomeUnknownError,
    StoreError,
    UnknownPolicyError,
)
from circlekit.ids import (
    CheckInId,
    CircleId,
    CommentId,
    CustomerId,
    GroupId,
    HomeworkId,
    InvitationId,
    MemberId,
    MessageId,
    PostId,
    ScheduledId,
    TopicId,
)
from circlekit.rulebook import RULE_BOOKS, RuleBook
from circlekit.verdict import Reason, RefusedError, Verdict

if TYPE_CHECKING:
    from circlekit.application import CircleKit, exactly_once
    from circlekit.application.async_kit import AsyncCircleKit
    from circlekit.audit import WhatIf
    from circlekit.events.homework import Scale
    from circlekit.policies.graders import Grade, Submission

__all__ = [
    "CALENDAR_DAY",
    "CALENDAR_MONTH",
    "CALENDAR_WEEK",
    "RULE_BOOKS",
    "AlreadyThereError",
    "AsyncCircleKit",
    "Budget",
    "BusyError",
    "CheckInId",
    "CircleId",
    "CircleKit",
    "CirclekitError",
    "CommandIdReusedError",
    "CommentId",
    "CorruptEventError",
    "CustomerId",
    "ExportError",
    "GoldenHistoryError",
    "Grade",
    "GraderError",
    "GroupId",
    "HomeworkId",
    "InvalidInputError",
    "InvitationId",
    "ManualClock",
    "MemberId",
    "MessageId",
    "NotFoundError",
    "OutcomeUnknownError",
    "PostId",
    "Reason",
    "RefusedError",
    "RuleBook",
    "Scale",
    "ScheduledId",
    "StoreError",
    "Submission",
    "TopicId",
    "UnknownPolicyError",
    "Verdict",
    "WhatIf",
    "Window",
    "exactly_once",
    "rolling",
]


# The store brings the database libraries with it, and the events are many; whoever
# only needs the numbers, or is just starting up, does not wait for them.
_LATER: Final = {
    "AsyncCircleKit": "circlekit.application.async_kit",
    "CircleKit": "circlekit.application",
    "Grade": "circlekit.policies.graders",
    "Scale": "circlekit.events.homework",
    "Submission": "circlekit.policies.graders",
    "WhatIf": "circlekit.audit",
    "exactly_once": "circlekit.application",
}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module 'circlekit' has no attribute {name!r}")
    try:
        return getattr(import_module(_LATER[name]), name)
    except ModuleNotFoundError as missing:
        if missing.name != "anyio":
            raise
        needs = "AsyncCircleKit needs anyio; install circlekit with the extra `async`"
        raise ModuleNotFoundError(needs, name="anyio") from None
