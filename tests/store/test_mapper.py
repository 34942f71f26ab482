"""
The mapper as the eventsourcing library's own parts use it.
"""

import json
from datetime import timedelta

import pytest
from attrs import evolve
from eventsourcing.persistence import EventStore, StoredEvent
from eventsourcing.popo import POPOAggregateRecorder
from hypothesis import given
from hypothesis import strategies as st

from circlekit import CircleKit, CorruptEventError
from circlekit.events.customer import CustomerTagged
from circlekit.events.names import NAME_OF, NAMES
from circlekit.events.record import Recorded
from circlekit.events.rules import RuleBookAdopted
from circlekit.rulebook import RULE_BOOKS, WECOM_2020
from circlekit.store import mapper
from circlekit.store.recorder import EventMapper
from tests.application.communities import opened, scripts, started
from tests.application.town import MARCH_1, everything, settle


@given(things=scripts(least=20, most=40))
def test_there_and_back(things):
    """
    Every event becomes stored bytes and the same event again.

    With its place, and whatever happens in a community.
    """
    clock, mapper = started(), EventMapper()
    with CircleKit("sqlite://", clock=clock) as kit:
        community = opened(kit, clock)
        community.live(things)
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


BOOKS = [*RULE_BOOKS.values(), evolve(WECOM_2020, name='\u5b57 "book":,"by":')]
ADOPTED = st.builds(
    RuleBookAdopted,
    book=st.sampled_from(BOOKS),
    by=st.sampled_from(
        ["sun", "", "null", '"book":', ',"by":', "zo\u00eb\n", "x" * 30]
    ),
    at=st.sampled_from([MARCH_1, MARCH_1 + timedelta(microseconds=5)]),
)


def read(body, *, slowly):
    with pytest.MonkeyPatch.context() as patch:
        if slowly:
            patch.setattr(mapper, "_with_known_book", lambda _: None)
        try:
            return mapper.decode("customer/an", 2, "RuleBookAdopted", body)
        except CorruptEventError as error:
            return str(error)


@given(event=ADOPTED, data=st.data())
def test_a_book_that_was_read_before(event, data):
    """
    A rule book that was read before is not read again, and nothing is read otherwise.

    However its event was written or altered.
    """
    body = mapper.encode(event)
    assert event == read(body, slowly=False) == read(body, slowly=True)

    fields = json.loads(body)
    places = st.integers(0, len(body) - 1)
    alter = data.draw(
        st.sampled_from(
            ["cut", "byte", "twice", "order", "more", "space", "zone", "no book"]
        )
    )
    if alter == "cut":
        body = body[: data.draw(places)]
    elif alter == "byte":
        place = data.draw(places)
        body = (
            body[:place] + bytes([data.draw(st.integers(0, 255))]) + body[place + 1 :]
        )
    elif alter == "twice":
        body = body[:-1] + b',"by":"sun"}'
    elif alter == "order":
        body = json.dumps(dict(reversed(fields.items()))).encode()
    elif alter == "more":
        body = body[:-1] + b',"why":"sun"}'
    elif alter == "space":
        body = body.replace(b',"by"', b' ,"by"')
    elif alter == "zone":
        body = body.replace(b'Z","book"', b'+00:00","book"')
    else:
        body = json.dumps({**fields, "book": None}, separators=(",", ":")).encode()

    assert read(body, slowly=True) == read(body, slowly=False)


def test_many_of_one_book():
    """
    The same rule book in thousands of histories is in memory once.
    """
    bodies = [
        mapper.encode(
            RuleBookAdopted(book=WECOM_2020, by=f"staff {number}", at=MARCH_1)
        )
        for number in range(20)
    ]
    tagged = mapper.encode(CustomerTagged(tag="x", by="sun", at=MARCH_1))

    found = mapper.decode_block(
        [*["RuleBookAdopted"] * 20, "CustomerTagged"], [*bodies, tagged]
    )

    assert [WECOM_2020] * 20 == [it.book for it in found[:20]]
    assert 1 == len({id(it.book) for it in found[:20]})
    assert [f"staff {number}" for number in range(20)] == [it.by for it in found[:20]]
    assert CustomerTagged(tag="x", by="sun", at=MARCH_1) == found[20]
    assert mapper.decode_block(["RuleBookAdopted"] * 20, bodies) == found[:20]
