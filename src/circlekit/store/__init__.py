"""
Where history and read models are kept: one database, one transaction for both.

Only this package knows the *eventsourcing* library and database drivers.
"""

from circlekit.store.attempt import NeedsLockError
from circlekit.store.chain import Head
from circlekit.store.database import Store
from circlekit.store.joining import joined
from circlekit.store.log import asking_end, asking_history, asking_short_history
from circlekit.store.migrating import Migration
from circlekit.store.opening import migrate, migration_sql, open_store
from circlekit.store.schema import (
    ACTIVITY,
    APPROVALS,
    ATTENTION,
    DISCOVERY,
    DUTIES,
    GROUP_CONSOLE,
    GROUP_TIMELINE,
    GUARDIAN_VIEW,
    HOMEWORK_VIEW,
    IDENTITIES,
    LIVES,
    MEMBER_FEED,
    QUOTA_VIEW,
    READ_MODELS,
    SCHEDULE,
    TODOS,
    TOPIC_BOARD,
)
from circlekit.store.session import (
    ConnectionLostError,
    Durability,
    Question,
    must_be_some,
    must_be_switch,
)
from circlekit.store.transaction import Addition, Transaction

__all__ = [
    "ACTIVITY",
    "APPROVALS",
    "ATTENTION",
    "DISCOVERY",
    "DUTIES",
    "GROUP_CONSOLE",
    "GROUP_TIMELINE",
    "GUARDIAN_VIEW",
    "HOMEWORK_VIEW",
    "IDENTITIES",
    "LIVES",
    "MEMBER_FEED",
    "QUOTA_VIEW",
    "READ_MODELS",
    "SCHEDULE",
    "TODOS",
    "TOPIC_BOARD",
    "Addition",
    "ConnectionLostError",
    "Durability",
    "Head",
    "Migration",
    "NeedsLockError",
    "Question",
    "Store",
    "Transaction",
    "asking_end",
    "asking_history",
    "asking_short_history",
    "joined",
    "migrate",
    "migration_sql",
    "must_be_some",
    "must_be_switch",
    "open_store",
]
