"""
The tables that hold the history itself; their names never change.
"""

from typing import Final

from sqlalchemy import (
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    UniqueConstraint,
)

from circlekit.projections.activity import ActivityView
from circlekit.projections.approvals import Approvals
from circlekit.projections.attention import AttentionView
from circlekit.projections.discovery import DiscoveryView
from circlekit.projections.duties import Duties
from circlekit.projections.group_console import GroupConsole
from circlekit.projections.group_timeline import GroupTimeline
from circlekit.projections.guardians import GuardianView
from circlekit.projections.homework import HomeworkView
from circlekit.projections.identities import Identities
from circlekit.projections.live_figures import Lives
from circlekit.projections.member_feed import MemberFeed
from circlekit.projections.quota_view import QuotaView
from circlekit.projections.read_model import TEXT, WHOLE_NUMBER, ReadModel
from circlekit.projections.schedule import ScheduleView
from circlekit.projections.todos import Todos
from circlekit.projections.topic_board import TopicBoard

SCHEMA_VERSION: Final = 2
MEMBER_FEED: Final = MemberFeed()
GROUP_TIMELINE: Final = GroupTimeline()
QUOTA_VIEW: Final = QuotaView()
DUTIES: Final = Duties()
HOMEWORK_VIEW: Final = HomeworkView()
GUARDIAN_VIEW: Final = GuardianView()
SCHEDULE: Final = ScheduleView()
TODOS: Final = Todos()
APPROVALS: Final = Approvals()
ATTENTION: Final = AttentionView()
LIVES: Final = Lives()
TOPIC_BOARD: Final = TopicBoard()
IDENTITIES: Final = Identities()
ACTIVITY: Final = ActivityView()
GROUP_CONSOLE: Final = GroupConsole()
DISCOVERY: Final = DiscoveryView()
READ_MODELS: Final[tuple[ReadModel, ...]] = (
    MEMBER_FEED,
    GROUP_TIMELINE,
    QUOTA_VIEW,
    DUTIES,
    HOMEWORK_VIEW,
    GUARDIAN_VIEW,
    SCHEDULE,
    TODOS,
    APPROVALS,
    ATTENTION,
    LIVES,
    TOPIC_BOARD,
    IDENTITIES,
    ACTIVITY,
    GROUP_CONSOLE,
    DISCOVERY,
)

HISTORY: Final = MetaData()
Table(
    "circlekit_schema",
    HISTORY,
    Column("version", Integer, primary_key=True, autoincrement=False),
)
Table(
    "circlekit_event",
    HISTORY,
    # Positions are given by whoever writes: the head's and one more. AUTOINCREMENT
    # makes SQLite remember the newest, whatever becomes of its row.
    Column("position", WHOLE_NUMBER, primary_key=True, autoincrement=False),
    Column("stream", TEXT, nullable=False),
    Column("version", Integer, nullable=False),
    Column("name", TEXT, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("checksum", WHOLE_NUMBER, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    UniqueConstraint("stream", "version"),
    Index("circlekit_event_name", "name", "position"),
    sqlite_autoincrement=True,
)
# One row: the newest position and the digest over all events. Who writes holds it.
Table(
    "circlekit_head",
    HISTORY,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("position", WHOLE_NUMBER, nullable=False),
    Column("digest", TEXT, nullable=False),
    CheckConstraint("id = 1"),
)
Table(
    "circlekit_command",
    HISTORY,
    Column("id", TEXT, primary_key=True),
    Column("said", TEXT, nullable=False),
    Column("first", WHOLE_NUMBER, nullable=False),
    Column("last", WHOLE_NUMBER, nullable=False),
    sqlite_with_rowid=False,
)
Table(
    "circlekit_reading",
    HISTORY,
    Column("model", TEXT, primary_key=True),
    Column("position", WHOLE_NUMBER, nullable=False),
)
# Added in version 2: how far each follower of a host has come, and what it parked.
Table(
    "circlekit_follower",
    HISTORY,
    Column("name", TEXT, primary_key=True),
    Column("position", WHOLE_NUMBER, nullable=False),
)
Table(
    "circlekit_parked",
    HISTORY,
    Column("follower", TEXT, primary_key=True),
    Column("position", WHOLE_NUMBER, primary_key=True),
    Column("stream", TEXT, nullable=False),
    Column("version", Integer, nullable=False),
    Column("error", TEXT),
    Column("attempts", Integer, nullable=False),
    Column("at", WHOLE_NUMBER, nullable=False),
    Index("circlekit_parked_stream", "follower", "stream"),
)
# What long histories had come to; can be deleted at any time, and made again.
SNAPSHOTS: Final = MetaData()
Table(
    "circlekit_snapshot",
    SNAPSHOTS,
    Column("stream", TEXT, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("form", TEXT, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("checksum", WHOLE_NUMBER, nullable=False),
)
