"""
The store is a recorder as the eventsourcing library understands it.

The library's own test kit for recorders is run against ours.
"""

import uuid
from datetime import UTC, datetime

import pytest
from eventsourcing.persistence import EventStore
from eventsourcing.tests.persistence import (
    ApplicationRecorderTestCase,
    NonInterleavingNotificationIDsBaseCase,
)

from circlekit import CircleKit
from circlekit.events.circle import MemberLeft
from circlekit.events.record import Recorded
from circlekit.store import open_store
from circlekit.store.recorder import EventMapper, EventRecorder


class _OnSqlite:
    @pytest.fixture
    def store_url(self, tmp_path):
        return f"sqlite:///{tmp_path / 'events.db'}"


class _OnPostgres:
    @pytest.fixture
    def store_url(self, server_url):
        return server_url


class _OnOurs:
    INITIAL_VERSION = 1

    @pytest.fixture(autouse=True)
    def _store(self, store_url):
        store = open_store(store_url)
        self.recorder = EventRecorder(store)
        yield
        store.close()

    def new_originator_id(self):
        return f"circle/{uuid.uuid4()}"

    def create_recorder(self):
        return self.recorder


class TestSqliteRecorder(_OnSqlite, _OnOurs, ApplicationRecorderTestCase):
    """
    Histories and the log of them all are written and read as the library expects.
    """


class TestPostgresRecorder(_OnPostgres, _OnOurs, ApplicationRecorderTestCase):
    """
    And so they are on PostgreSQL.
    """


class TestSqliteOrder(_OnSqlite, _OnOurs, NonInterleavingNotificationIDsBaseCase):
    """
    Positions of one transaction are never mixed with those of another.
    """


class TestPostgresOrder(_OnPostgres, _OnOurs, NonInterleavingNotificationIDsBaseCase):
    """
    Nor are they on PostgreSQL.
    """


# pytest would run the library's own abstract cases too.
del ApplicationRecorderTestCase, NonInterleavingNotificationIDsBaseCase


def test_event_store(url):
    """
    The library's event store reads what the kit wrote, and the kit what it wrote.
    """
    with CircleKit(url) as kit:
        club = kit.found_circle(name="Club", kind="community", by="mei", circle="club")
        kit.join_circle(club, "tao")
        events = EventStore[str](EventMapper(), EventRecorder(kit._store))

        assert list(kit.history(club)) == list(events.get("circle/club"))

        left = MemberLeft(member="tao", at=datetime.now(UTC))
        events.put([Recorded(0, "circle/club", 5, left)])

        assert [] == list(kit.circles("tao"))
        assert left == list(kit.history(club))[-1].event
