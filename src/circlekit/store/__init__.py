"""
Where history and read models are kept: one database, one transaction for both.

Only this package knows the *eventsourcing* library and database drivers.
"""

from circlekit.store.database import Store, Transaction
from circlekit.store.opening import open_store
from circlekit.store.schema import (
    GROUP_TIMELINE,
    MEMBER_FEED,
    QUOTA_VIEW,
    READ_MODELS,
)

__all__ = [
    "GROUP_TIMELINE",
    "MEMBER_FEED",
    "QUOTA_VIEW",
    "READ_MODELS",
    "Store",
    "Transaction",
    "open_store",
]
