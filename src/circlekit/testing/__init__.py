"""
The kit that circlekit's own rules are tested with, for hosts too.

Needs Hypothesis, which comes with the extra ``testing``.
"""

from typing import TYPE_CHECKING, Any

from circlekit.testing.conformance import assert_policy, questions
from circlekit.testing.histories import (
    History,
    circle_histories,
    customer_histories,
    group_histories,
)
from circlekit.testing.machines import (
    ApprovalMachine,
    AttentionMachine,
    CircleMachine,
    CustomerMachine,
    GroupMachine,
    HomeworkMachine,
    IdentityMachine,
    LiveMachine,
    MassSendMachine,
    OrganisationMachine,
    ReaderMachine,
    ScheduleMachine,
    TodoMachine,
    TopicMachine,
    TopicNamesMachine,
)
from circlekit.testing.scenario import Given, Outcome, given
from circlekit.testing.strategies import (
    ZONES,
    acceptable_names,
    acceptable_text,
    budgets,
    check_in_ids,
    circle_ids,
    clock_changes,
    comment_ids,
    customer_ids,
    edges,
    events,
    events_of,
    group_ids,
    member_ids,
    message_ids,
    moment_ids,
    moments,
    places,
    post_ids,
    reasons,
    register_strategies,
    rule_books,
    spans,
    topic_ids,
    unacceptable_names,
    unacceptable_text,
    verdicts,
    windows,
    zones,
)
from circlekit.testing.telling import tell_history, tell_verdict

if TYPE_CHECKING:
    from circlekit.testing.community import CommunityMachine

__all__ = [
    "ZONES",
    "ApprovalMachine",
    "AttentionMachine",
    "CircleMachine",
    "CommunityMachine",
    "CustomerMachine",
    "Given",
    "GroupMachine",
    "History",
    "HomeworkMachine",
    "IdentityMachine",
    "LiveMachine",
    "MassSendMachine",
    "OrganisationMachine",
    "Outcome",
    "ReaderMachine",
    "ScheduleMachine",
    "TodoMachine",
    "TopicMachine",
    "TopicNamesMachine",
    "acceptable_names",
    "acceptable_text",
    "assert_policy",
    "budgets",
    "check_in_ids",
    "circle_histories",
    "circle_ids",
    "clock_changes",
    "comment_ids",
    "customer_histories",
    "customer_ids",
    "edges",
    "events",
    "events_of",
    "given",
    "group_histories",
    "group_ids",
    "member_ids",
    "message_ids",
    "moment_ids",
    "moments",
    "places",
    "post_ids",
    "questions",
    "reasons",
    "register_strategies",
    "rule_books",
    "spans",
    "tell_history",
    "tell_verdict",
    "topic_ids",
    "unacceptable_names",
    "unacceptable_text",
    "verdicts",
    "windows",
    "zones",
]


def __getattr__(name: str) -> Any:
    # It brings the store and the whole kit with it; the others do without.
    if name == "CommunityMachine":
        from circlekit.testing.community import CommunityMachine  # noqa: PLC0415

        return CommunityMachine
    raise AttributeError(f"module 'circlekit.testing' has no attribute {name!r}")
