"""
The mapper as the eventsourcing library's own parts use it.
"""

import pytest
from eventsourcing.persistence import EventStore, StoredEvent
from eventsourcing.popo import POPOAggregateRecorder
from hypothesis import given

from circlekit import CircleKit, CorruptEventError, NotFoundError
from circlekit.events.names import NAME_OF, NAMES
from circlekit.events.record import Recorded
from circlekit.store.recorder import EventMapper
from tests.application.communities import opened, scripts, started
from tests.application.town import everything, settle


@given(things=scripts(least=20, most=40))
def test_there_and_back(things):
    """
    Every event becomes stored bytes and the same event again.

    With its place, and whatever happens in a community.
    """
    clock, mapper = started(), EventMapper()
    with CircleKit("sqlite://", clock=clock) as kit:
        community = opened(kit, clock)
        for act in things:
            try:
                community.do(act)
            except NotFoundError:
                continue
        for recorded in everything(kit):
            stored = mapper.to_stored_event(recorded)

            assert recorded.stream == stored.originator_id
            assert recorded.version == stored.originator_version
            assert NAMES[stored.topic] is type(recorded.event)
            assert recorded[1:] == mapper.to_domain_event(stored)[1:]


def test_in_the_librarys_own_store(kit_of_town):
    """
    The library's event store keeps our events in a recorder of its own.

    It gives them back by their history.
    """
    told = everything(kit_of_town)
    store = EventStore[str](EventMapper(), POPOAggregateRecorder())

    store.put(told)

    of_club = [it for it in told if it.stream == "circle/club"]
    assert [it[1:] for it in of_club] == [it[1:] for it in store.get("circle/club")]
    assert [of_club[6][1:]] == [it[1:] for it in store.get("circle/club", gt=6, lte=7)]


@pytest.fixture
def kit_of_town():
    clock = started()
    with CircleKit("sqlite://", clock=clock) as kit:
        settle(kit, clock)
        yield kit


@pytest.mark.parametrize(
    ("topic", "state"),
    [
        ("this:that", b"{}"),  # the library's own mapper would import it
        ("circlekit.events.circle:MemberLeft", b"{}"),
        ("MemberLeft", b"{}"),
        ("MemberLeft", b"\x80\x04."),
        ("", b""),
    ],
)
def test_bytes_of_others(topic, state):
    """
    A stored event that is none of ours is the one typed error, and imports nothing.
    """
    stored = StoredEvent(
        originator_id="circle/club", originator_version=3, topic=topic, state=state
    )

    with pytest.raises(CorruptEventError) as caught:
        EventMapper().to_domain_event(stored)

    assert ("circle/club", 3) == (caught.value.stream, caught.value.version)


def test_what_is_no_event():
    """
    Only events of ours can be stored.
    """
    recorded = Recorded(0, "circle/club", 1, {"_type_": "anything"})

    with pytest.raises(KeyError):
        EventMapper().to_stored_event(recorded)


def test_names_are_names_of_one():
    """
    Every stored name has one class, and every class one stored name.
    """
    assert set(NAMES.values()) == set(NAME_OF)
    assert {name: name for name in NAMES} == {
        name: NAME_OF[kind] for name, kind in NAMES.items()
    }
