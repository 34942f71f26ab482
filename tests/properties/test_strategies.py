"""
What the strategies make is what their names promise.
"""

from datetime import UTC, timedelta
from typing import get_type_hints
from zoneinfo import ZoneInfo

import attrs
import pytest
from hypothesis import find, given
from hypothesis import strategies as st

from circlekit.clock import zone_named
from circlekit.events.names import NAMES
from circlekit.ids import CircleId, PostId
from circlekit.rulebook import RULE_BOOKS, RuleBook, rule_book
from circlekit.store.mapper import decode, encode
from circlekit.testing import (
    ZONES,
    clock_changes,
    edges,
    events,
    events_of,
    register_strategies,
    rule_books,
    spans,
    windows,
    zones,
)
from circlekit.testing.strategies import EARLIEST, LATEST
from circlekit.text import checked_id, checked_text


@pytest.mark.parametrize("name", NAMES)
def test_every_event(name):
    """
    Of every event there are examples, and each is stored and read as itself.
    """

    @given(events_of(NAMES[name]))
    def reads_as_itself(event):
        assert type(event) is NAMES[name]
        assert event == decode("circle/book-club", 1, name, encode(event))

    reads_as_itself()


@given(events())
def test_events_hold_what_may_be_sent(event):
    """
    Moments are in UTC, zones are known, ids and texts are what may be sent.
    """
    hints = get_type_hints(type(event))
    assert UTC is event.at.tzinfo
    for field in attrs.fields(type(event)):
        value = getattr(event, field.name)
        if field.name == "zone":
            assert zone_named(value)
        elif isinstance(value, str) and field.metadata:
            assert checked_text(field.name, value)
        elif isinstance(value, str):
            assert checked_id(field.name, value)
        assert hints[field.name] is not bool or isinstance(value, bool)


@given(rule_books())
def test_rule_books(book):
    """
    Small rule books are a house's own: accepted as they are.
    """
    assert book is rule_book(book)
    assert book.name not in RULE_BOOKS


@given(zone=zones(), data=st.data())
def test_edges_lie_close_to_an_edge(zone, data):
    """
    An edge is near a midnight or a change of the clocks, on the clocks of its zone.
    """
    at = data.draw(edges(zone))

    home = ZoneInfo(zone)
    near = timedelta(hours=1)
    times = [(at + by).astimezone(home) for by in (-near, near)]
    assert EARLIEST <= at <= LATEST
    assert times[0].date() != times[1].date() or any(
        abs(at - change) <= near for change in clock_changes(zone)
    )


@pytest.mark.parametrize("zone", ZONES)
def test_clock_changes(zone):
    """
    The second before a change the clocks still told the old time.
    """
    home = ZoneInfo(zone)
    for change in clock_changes(zone):
        before = (change - timedelta(seconds=1)).astimezone(home).utcoffset()
        assert before != change.astimezone(home).utcoffset()


def test_clock_changes_of_a_year():
    """
    New York changes its clocks twice a year, Shanghai never.
    """
    assert 32 == len(clock_changes("America/New_York"))
    assert () == clock_changes("Asia/Shanghai")
    assert () == clock_changes("UTC")


def test_spans_that_break_quotas():
    """
    Exactly a day, none at all, and a clock set back are all to be expected.
    """
    for expected in (timedelta(days=1), timedelta(0)):
        assert expected == find(spans(), lambda span, e=expected: span == e)
    assert find(spans(), lambda span: span < timedelta(0)) < timedelta(0)


def test_windows_of_each_kind():
    """
    Days, months and rolling windows all come up.
    """
    for kind in ("calendar-day", "calendar-month", "rolling"):
        assert kind == find(windows(), lambda window, k=kind: window.kind == k).kind


def test_from_their_types():
    """
    Once they are registered, a type is all it takes to ask for an example.
    """
    register_strategies()
    register_strategies()

    @given(st.from_type(NAMES["MustSeeSent"]), st.from_type(RuleBook))
    def by_type(event, book):
        assert event.post >= 1
        assert "small" == book.name

    @given(st.from_type(PostId), st.from_type(CircleId))
    def ids_by_type(post, circle):
        assert post.version >= 1
        assert circle == checked_id("circle", circle)

    by_type()
    ids_by_type()


def test_a_field_that_nobody_knows():
    """
    Of a type that no strategy is known for, no example is made up.
    """

    @attrs.frozen
    class Odd:
        number: complex

    with pytest.raises(TypeError, match="no strategy is known for a field of type"):
        find(events_of(Odd), lambda _: True)
