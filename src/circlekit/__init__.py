"""
Rules, history and read models for communities that live inside other services.
"""

from typing import TYPE_CHECKING, Any

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
from circlekit.events.homework import Scale
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
from circlekit.policies.graders import Grade, Submission
from circlekit.rulebook import RULE_BOOKS, RuleBook
from circlekit.verdict import Reason, RefusedError, Verdict

if TYPE_CHECKING:
    from circlekit.application import CircleKit, exactly_once
    from circlekit.application.async_kit import AsyncCircleKit
    from circlekit.audit import WhatIf

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


def __getattr__(name: str) -> Any:
    # The store brings the database libraries with it; whoever only needs the
    # rules, or is just starting up, does not wait for them.
    if name in {"CircleKit", "exactly_once"}:
        from circlekit import application  # noqa: PLC0415

        return getattr(application, name)
    if name == "AsyncCircleKit":
        try:
            from circlekit.application.async_kit import AsyncCircleKit  # noqa: PLC0415
        except ModuleNotFoundError as missing:
            if missing.name != "anyio":
                raise
            needs = "AsyncCircleKit needs `pip install circlekit[async]`"
            raise ModuleNotFoundError(needs, name="anyio") from None
        return AsyncCircleKit
    if name == "WhatIf":
        from circlekit.audit import WhatIf  # noqa: PLC0415

        return WhatIf
    raise AttributeError(f"module 'circlekit' has no attribute {name!r}")
