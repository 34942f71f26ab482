"""
Many customers at once: decided as each would be by themselves.
"""

from contextlib import ExitStack, suppress
from datetime import timedelta

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from circlekit import (
    CALENDAR_WEEK,
    Budget,
    CircleKit,
    ManualClock,
    NotFoundError,
    RefusedError,
    rolling,
)
from circlekit.application import deciding
from circlekit.application.customers import MomentReport
from circlekit.rulebook import WECOM_2020
from circlekit.store import log
from circlekit.store.transaction import Transaction
from circlekit.testing import ZONES
from tests.application.town import MARCH_1, everything, written

NAMES = [f"c{number}" for number in range(8)]
BOOKS = [
    "wecom_2020",
    "wecom_2025",
    "seed_literal",
    "dingtalk_2020",
    evolve(
        WECOM_2020,
        name="own",
        member_moments=(
            Budget("moment-week", 2, CALENDAR_WEEK),
            Budget("moment-spacing", 1, rolling(hours=30)),
        ),
        enterprise_moments=(Budget("moment-never", 0, CALENDAR_WEEK),),
    ),
]
SOURCES = st.sampled_from(["member", "enterprise"])
STEPS = st.sampled_from([0, 1, 3_600, 30 * 3_600, 86_400, 20 * 86_400, -3_600])
MOMENTS = st.sampled_from(["tea", "milk", "sale"])
STAFF = st.sampled_from(["sun", "tao", "hq"])
PEOPLE = st.lists(
    st.tuples(st.sampled_from(BOOKS), st.sampled_from(ZONES)), min_size=1, max_size=6
)
ONE = st.tuples(st.just("one"), MOMENTS, SOURCES, st.sampled_from(NAMES), STAFF)
MANY = st.tuples(
    st.just("many"),
    MOMENTS,
    SOURCES,
    st.lists(st.sampled_from(NAMES), max_size=10),
    STAFF,
)
SENT = st.tuples(
    st.just("sent"),
    MOMENTS,
    SOURCES,
    st.lists(st.sampled_from(NAMES), min_size=1, max_size=10),
    STAFF,
)
STORY = st.lists(st.tuples(STEPS, st.one_of(ONE, MANY, SENT)), min_size=1, max_size=15)


def publish_slowly(kit, customers, *, source, by, text, moment):
    """
    Publish as somebody would who asks one customer after the other.
    """
    kit.publish_moment([], source=source, by=by, text=text, moment=moment)
    shown, skipped, unknown = [], {}, []
    for customer in dict.fromkeys(customers):
        before = {
            it.event.moment
            for it in everything(kit)
            if it.stream == f"customer/{customer}" and hasattr(it.event, "moment")
        }
        if moment in before:
            shown.append(customer)
            continue
        try:
            kit.show_moment(moment, customer, source=source, by=by)
        except RefusedError as refusal:
            skipped[customer] = refusal.verdict
        except NotFoundError:
            unknown.append(customer)
        else:
            shown.append(customer)
    return MomentReport(moment, tuple(shown), skipped, tuple(unknown))


def append_slowly(transaction, additions):
    """
    Write as somebody would who adds to one history after the other.
    """
    for stream, version, _, events in additions:
        transaction.append(stream, version, events)


def shop(url, clock, people):
    kit = CircleKit(url, clock=clock)
    for name, (book, zone) in zip(NAMES, people, strict=False):
        kit.add_customer(name, channel="qr", by="sun", rules=book, zone=zone)
    return kit


def told(kit, story, publish):
    answers = []
    for number, (pause, (what, name, source, who, by)) in enumerate(story):
        kit._clock.forward(seconds=pause)
        said = {"source": source, "by": by, "text": name}
        if what == "one":
            with suppress(RefusedError, NotFoundError):
                kit.show_moment(name, who, source=source, by=by)
        elif what == "many":
            moment = f"{name} {source} {by}"
            answers.append(publish(kit, who, **said, moment=moment))
        else:
            with suppress(NotFoundError):
                kit.create_mass_send(**said, customers=who, mass_send=f"s{number}")
                shares = kit.mass_send(f"s{number}").shares
                answers += [
                    kit.confirm_mass_send(f"s{number}", by=it.sender) for it in shares
                ]
    return answers


@given(people=PEOPLE, story=STORY)
def test_many_are_decided_as_each(people, story):
    """
    To publish to many is to show it to one after the other: the same is written.

    In the same order, and with the same answer; whatever they were shown before. So
    it is with what is sent to many.
    """
    with ExitStack() as stack:
        fast = stack.enter_context(shop("sqlite://", ManualClock(MARCH_1), people))
        slow = stack.enter_context(shop("sqlite://", ManualClock(MARCH_1), people))
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setattr(deciding, "_BATCH", 3)
        answers = told(fast, story, CircleKit.publish_moment)
        patch.setattr(Transaction, "append_to_each", append_slowly)
        slowly = told(slow, story, publish_slowly)

        assert slowly == answers
        assert everything(slow) == everything(fast)
        assert written(slow) == written(fast)
        fast.verify()


@given(people=PEOPLE, story=STORY, source=SOURCES, moment=st.none() | MOMENTS)
def test_what_is_asked_is_what_will_be(people, story, source, moment):
    """
    A preview of a moment answers what publishing it then does, and writes nothing.
    """
    with shop("sqlite://", ManualClock(MARCH_1), people) as kit:
        told(kit, story, CircleKit.publish_moment)
        before = written(kit)

        seen = kit.preview_moment(NAMES, source=source, by="lin", moment=moment)

        assert before == written(kit)
        assert seen == kit.publish_moment(
            NAMES, source=source, by="lin", text="Tea", moment=seen.moment
        )


@pytest.mark.parametrize("count", [0, 1, 49, 50, 51, 120])
def test_blocks(url, clock, count, monkeypatch):
    """
    It makes no difference to anybody how many are read, or written, at once.
    """
    monkeypatch.setattr(deciding, "_BATCH", 70)
    monkeypatch.setattr(log, "BLOCK", 30)
    names = [f"c{number}" for number in range(count)]
    with CircleKit(url, clock=clock) as kit:
        with kit.batch():
            for name in names[::2]:
                kit.add_customer(name, channel="qr", by="sun")
        for name in names[::6]:
            kit.show_moment("earlier", name, source="member", by="sun")
        clock.forward(seconds=1)
        said = {"source": "member", "by": "sun"}

        seen = kit.preview_moment(names, **said, moment="tea")
        report = kit.publish_moment(names, **said, text="Tea", moment="tea")

        assert seen == report
        assert tuple(names[1::2]) == report.unknown
        assert names[::6] == list(report.skipped)
        assert (count + 1) // 2 == len(report.shown) + len(report.skipped)
        kit.verify()


def test_skipped_for_the_same_reasons(kit):
    """
    What many are skipped for alike is in memory once.
    """
    for name in NAMES:
        kit.add_customer(name, channel="qr", by="sun")
        kit.show_moment("earlier", name, source="member", by="sun")

    report = kit.preview_moment(NAMES, source="member", by="sun")

    assert NAMES == list(report.skipped)
    assert 1 == len({id(verdict) for verdict in report.skipped.values()})


def test_a_skip_is_not_before_an_earlier_refusal(kit, clock):
    """
    What is refused beside a history is never before what was refused there earlier.
    """
    kit.add_customer("c1", channel="qr", by="sun")
    kit.show_moment("one", "c1", source="member", by="sun")
    clock.forward(hours=2)
    with suppress(RefusedError):
        kit.show_moment("two", "c1", source="member", by="sun")
    clock.forward(hours=-1)

    kit.publish_moment(["c1"], source="member", by="sun", text="Tea", moment="three")

    beside = [it for it in everything(kit) if it.stream == "refused:customer/c1"]
    assert [(1, MARCH_1 + timedelta(hours=2)), (2, MARCH_1 + timedelta(hours=2))] == [
        (it.version, it.event.at) for it in beside
    ]


def test_no_refusals_kept(url, clock):
    """
    Where refusals are not kept, a customer who is skipped leaves no trace.
    """
    with CircleKit(url, clock=clock, record_refusals=False) as kit:
        kit.add_customer("c1", channel="qr", by="sun")
        kit.show_moment("one", "c1", source="member", by="sun")
        before = len(everything(kit))

        report = kit.publish_moment(
            ["c1"], source="member", by="sun", text="Tea", moment="two"
        )

        assert ["c1"] == list(report.skipped)
        assert before + 1 == len(everything(kit))


def test_a_customer_in_memory(kit, clock):
    """
    A customer who was loaded before many were decided about is not out of date.
    """
    kit.add_customer("c1", channel="qr", by="sun")
    kit.tag_customer("c1", "regular", by="sun")
    with kit.batch():
        kit.publish_moment(["c1"], source="member", by="sun", text="Tea", moment="tea")
        with pytest.raises(RefusedError, match="moment-day"):
            kit.show_moment("milk", "c1", source="member", by="sun")
    kit.untag_customer("c1", "regular", by="sun")

    assert [1, 2, 3, 4, 5] == [
        it.version for it in everything(kit) if it.stream == "customer/c1"
    ]
