"""
The tables that hold the history itself; their names never change.
"""

from typing import Final

from sqlalchemy import (
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

from circlekit.projections.group_timeline import GroupTimeline
from circlekit.projections.member_feed import MemberFeed
from circlekit.projections.quota_view import QuotaView
from circlekit.projections.read_model import WHOLE_NUMBER, ReadModel

SCHEMA_VERSION: Final = 1
MEMBER_FEED: Final = MemberFeed()
GROUP_TIMELINE: Final = GroupTimeline()
QUOTA_VIEW: Final = QuotaView()
READ_MODELS: Final[tuple[ReadModel, ...]] = (MEMBER_FEED, GROUP_TIMELINE, QUOTA_VIEW)

HISTORY: Final = MetaData()
Table(
    "circlekit_schema",
    HISTORY,
    Column("version", Integer, primary_key=True),
)
Table(
    "circlekit_event",
    HISTORY,
    # AUTOINCREMENT: a position is never used again, whatever becomes of its row.
    Column("position", WHOLE_NUMBER, primary_key=True, autoincrement=True),
    Column("stream", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("checksum", WHOLE_NUMBER, nullable=False),
    UniqueConstraint("stream", "version"),
    Index("circlekit_event_name", "name", "position"),
    sqlite_autoincrement=True,
)
Table(
    "circlekit_command",
    HISTORY,
    Column("id", Text, primary_key=True),
    Column("said", Text, nullable=False),
    Column("first", WHOLE_NUMBER, nullable=False),
    Column("last", WHOLE_NUMBER, nullable=False),
    sqlite_with_rowid=False,
)
Table(
    "circlekit_reading",
    HISTORY,
    Column("model", Text, primary_key=True),
    Column("position", WHOLE_NUMBER, nullable=False),
)
# Added in version 2: how far each follower of a host has come, and what it parked.
Table(
    "circlekit_follower",
    HISTORY,
    Column("name", Text, primary_key=True),
    Column("position", WHOLE_NUMBER, nullable=False),
)
Table(
    "circlekit_parked",
    HISTORY,
    Column("follower", Text, primary_key=True),
    Column("position", WHOLE_NUMBER, primary_key=True),
    Column("stream", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("error", Text),
    Column("attempts", Integer, nullable=False),
    Column("at", WHOLE_NUMBER, nullable=False),
    Index("circlekit_parked_stream", "follower", "stream"),
)
