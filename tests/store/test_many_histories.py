"""
Many histories at once: read and written as each would be by itself.
"""

from contextlib import closing
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circlekit import CorruptEventError, StoreError
from circlekit.events.customer import CustomerContacted, CustomerTagged
from circlekit.events.rules import RuleBookAdopted
from circlekit.rulebook import RULE_BOOKS
from circlekit.store import log, migrate, open_store
from circlekit.store.chain import FIRST, Head
from tests.application.town import MARCH_1

EVENTS = st.one_of(
    st.builds(
        CustomerTagged,
        tag=st.text(max_size=5),
        by=st.just("sun"),
        at=st.sampled_from([MARCH_1 + timedelta(hours=hour) for hour in range(3)]),
    ),
    st.builds(
        RuleBookAdopted,
        book=st.sampled_from([*RULE_BOOKS.values()]),
        by=st.text(max_size=5),
        at=st.just(MARCH_1),
    ),
    st.builds(CustomerContacted, by=st.just("lin"), at=st.just(MARCH_1)),
)
STREAMS = [f"customer/{name}" for name in ("an", "bo", "Bo", "字", "a b", "zoë")]
GROWN = st.lists(
    st.dictionaries(
        st.sampled_from(STREAMS), st.lists(EVENTS, max_size=4), max_size=len(STREAMS)
    ),
    max_size=4,
)


@pytest.fixture
def store(url):
    migrate(url)
    with closing(open_store(url)) as opened:
        yield opened


def tagged(*hours):
    return [
        CustomerTagged(tag="x", by="sun", at=MARCH_1 + timedelta(hours=hour))
        for hour in hours
    ]


@given(grown=GROWN)
def test_as_one_by_one(grown):
    """
    Added to many histories at once, events stand as if added to one after the other.

    Their digests too, and the head. And many are read as each by itself, in the order
    asked for, with what the next one is chained to.
    """
    with (
        closing(open_store("sqlite://")) as many,
        closing(open_store("sqlite://")) as one,
    ):
        versions = dict.fromkeys(STREAMS, 0)
        for added in grown:
            with many.writing() as transaction:
                transaction.append_to_each(
                    (stream, versions[stream], None, events)
                    for stream, events in added.items()
                )
            with one.writing() as transaction:
                for stream, events in added.items():
                    transaction.append(stream, versions[stream], events)
                    versions[stream] += len(events)
        rows = "SELECT * FROM circlekit_event ORDER BY position"
        head = "SELECT * FROM circlekit_head"
        with many.reading() as transaction, one.reading() as other:
            assert other.all(rows) == transaction.all(rows)
            assert other.all(head) == transaction.all(head)
            asked = [*reversed(STREAMS), "customer/nobody"]
            assert [
                (stream, [it.event for it in other.history(stream)]) for stream in asked
            ] == [(it.stream, it.events) for it in transaction.histories(asked)]
            ends = {
                stream: (last, log.digest_at(other.session, last.position))
                for stream in asked
                if (last := other.last_of(stream)) is not None
            }
            assert ends == transaction.newest_of_each(asked)
            assert {stream: digest for stream, (_, digest) in ends.items()} == {
                it.stream: it.digest
                for it in transaction.histories(asked)
                if it.digest != FIRST
            }
        many.verify()


def test_more_than_a_block(store):
    """
    Many are any number of histories, long or short.
    """
    streams = [f"customer/{number}" for number in range(120)]
    with store.writing() as transaction:
        transaction.append_to_each(
            (stream, 0, None, tagged(*range(number % 7)))
            for number, stream in enumerate(streams)
        )
        transaction.append("customer/long", 0, tagged(*range(1_100)))

    with store.reading() as transaction:
        found = list(transaction.histories([*streams, "customer/long"]))
        ends = transaction.newest_of_each(streams)

    assert [*(number % 7 for number in range(120)), 1_100] == [
        len(it.events) for it in found
    ]
    assert {stream for number, stream in enumerate(streams) if number % 7} == set(ends)
    store.verify()


def test_chained_to_what_was_read(store):
    """
    Who has read a history can go on from there, and need not ask again.
    """
    with store.writing() as transaction:
        transaction.append("customer/an", 0, tagged(0))
        (history,) = transaction.histories(["customer/an"])
        transaction.append_to_each(
            [
                ("customer/an", 1, history.digest, tagged(1, 2)),
                ("customer/bo", 0, None, tagged(3)),
            ]
        )

    assert str(Head.read(store.verify())).startswith("4:")


def test_nothing_to_add(store):
    """
    Nothing added to nobody is nothing.
    """
    with store.writing() as transaction:
        transaction.append_to_each([])
        transaction.append_to_each([("customer/an", 0, None, [])])
        assert Head() == transaction.at


@pytest.mark.parametrize(
    ("stream", "version"), [("customer/an", 0), ("customer/bo", 1)]
)
def test_not_where_it_ends(store, stream, version):
    """
    Nothing is added where something stands already, or where nothing stands before.
    """
    with store.writing() as transaction:
        transaction.append("customer/an", 0, tagged(0))

    with (
        pytest.raises((CorruptEventError, StoreError)),
        store.writing() as transaction,
    ):
        transaction.append_to_each([(stream, version, None, tagged(1))])

    assert str(store.verify()).startswith("1:")


@pytest.mark.parametrize("place", [1, 2, 3])
@pytest.mark.parametrize("alter", ["gone", "body"])
def test_altered(store, place, alter):
    """
    An event of many histories that was altered, or is gone, is one typed error.

    Its history is named, and no other history is read wrongly before.
    """
    with store.writing() as transaction:
        transaction.append_to_each(
            (f"customer/{name}", 0, None, tagged(0, 1, 2)) for name in "abcdef"
        )
        if alter == "gone":
            sql = "DELETE FROM circlekit_event WHERE stream = :of AND version = :at"
        else:
            sql = """
            UPDATE circlekit_event SET name = 'CustomerUntagged'
            WHERE stream = :of AND version = :at
            """
        transaction.run(sql, of="customer/d", at=place)

    with store.reading() as transaction:
        histories = transaction.histories(f"customer/{name}" for name in "abcdef")
        if alter == "gone" and place == 3:
            assert [3, 3, 3, 2, 3, 3] == [len(it.events) for it in histories]
            return
        with pytest.raises(CorruptEventError) as caught:
            list(histories)

    assert ("customer/d", place) == (caught.value.stream, caught.value.version)
