"""
Moments shown to customers: two budgets, and nobody shown the same one twice.
"""

from datetime import UTC, datetime, timedelta

import pytest

from circlekit import CommandIdReusedError, InvalidInputError, RefusedError
from circlekit.events.customer import MomentPublished, MomentShown
from tests.application.town import (
    MARCH_1,
    everything,
    history,
    outcome,
    refused,
    written,
)


@pytest.fixture
def shop(kit):
    for customer in ("c1", "c2", "c3"):
        kit.add_customer(customer, channel="qr", by="sun")
    return kit


def _shown(kit):
    return [
        (stream, event.moment, event.source)
        for stream, event in history(kit)
        if isinstance(event, MomentShown)
    ]


def _four_by_the_company(kit, clock, customer):
    for day in range(4):
        clock.now = MARCH_1 + timedelta(days=day)
        kit.show_moment(f"company {day}", customer, source="enterprise", by="hq")


def test_v14_independent(shop, clock):
    """
    V14: four moments by the company leave room for one by staff on the same day.
    """
    _four_by_the_company(shop, clock, "c1")

    shop.show_moment("staff", "c1", source="member", by="sun")

    with refused("moment-month"):
        shop.show_moment("company 5", "c1", source="enterprise", by="hq")
    with refused("moment-day"):
        shop.show_moment("staff 2", "c1", source="member", by="sun")


def test_v14_to_the_letter(kit, clock):
    """
    V14: to the letter, one budget counts all moments, and the same four fill it.
    """
    kit.add_customer("c1", channel="qr", by="sun", rules="seed_literal")
    _four_by_the_company(kit, clock, "c1")

    with refused("moment-day", "moment-month") as refusal:
        kit.show_moment("staff", "c1", source="member", by="sun")

    day, month = refusal.value.verdict.reasons
    assert (1, 1, (6,)) == (day.used, day.limit, day.used_by)
    assert (4, 4, (3, 4, 5, 6)) == (month.used, month.limit, month.used_by)
    assert datetime(2020, 3, 31, 16, tzinfo=UTC) == refusal.value.verdict.retry_at


def test_all_staff_together(shop, clock):
    """
    The day's one moment by staff is the customer's, not each member's.

    Whoever shows it first, the others come too late until midnight in the
    customer's zone.
    """
    shop.show_moment("mine", "c1", source="member", by="sun")

    with refused("moment-day") as refusal:
        shop.show_moment("yours", "c1", source="member", by="zoe")

    midnight = datetime(2020, 3, 1, 16, tzinfo=UTC)
    assert midnight == refusal.value.verdict.retry_at
    clock.now = midnight - timedelta(microseconds=1)
    assert not outcome(
        shop.show_moment, "yours", "c1", source="member", by="zoe"
    ).allowed
    clock.now = midnight
    shop.show_moment("yours", "c1", source="member", by="zoe")


def test_publish_skips(shop, clock):
    """
    A customer over budget is skipped with the reason; the others are reached.

    An unknown customer is named, and the publication is recorded once.
    """
    shop.show_moment("earlier", "c2", source="member", by="sun")
    seen = []

    report = shop.publish_moment(
        ["c1", "c2", "nobody", "c3", "c1"],
        source="member",
        by="sun",
        text="Tea is here",
        images=["tea.png"],
        moment="tea",
        progress=seen.append,
    )

    assert "tea" == report.moment
    assert ("c1", "c3") == report.shown
    assert ("nobody",) == report.unknown
    assert {"c2": ("moment-day",)} == {
        who: verdict.rules for who, verdict in report.skipped.items()
    }
    assert [4] == seen
    assert [
        ("customer/c2", "earlier", "member"),
        ("customer/c1", "tea", "member"),
        ("customer/c3", "tea", "member"),
    ] == _shown(shop)
    assert [
        (
            "moment/tea",
            MomentPublished(
                source="member",
                text="Tea is here",
                images=("tea.png",),
                by="sun",
                at=MARCH_1,
            ),
        )
    ] == [it for it in history(shop) if it[0] == "moment/tea"]


def test_publish_again(shop, clock):
    """
    Published again under the same id, a moment reaches only whom it did not.

    Nobody is shown it twice, and it is published once.
    """
    said = {"source": "member", "by": "sun", "text": "Tea", "moment": "tea"}
    shop.show_moment("earlier", "c2", source="member", by="sun")
    assert ("c1",) == shop.publish_moment(["c1", "c2"], **said).shown
    clock.forward(days=1)

    report = shop.publish_moment(["c1", "c2", "c3"], **said)

    assert (("c1", "c2", "c3"), {}) == (report.shown, report.skipped)
    assert [f"customer/{who}" for who in ("c2", "c1", "c2", "c3")] == [
        stream for stream, _, _ in _shown(shop)
    ]
    assert 1 == sum(isinstance(event, MomentPublished) for _, event in history(shop))


def test_cut_short(shop):
    """
    A publication that broke off in the middle is made whole by running it again.
    """
    said = {"source": "enterprise", "by": "hq", "text": "Tea", "moment": "tea"}
    many = [f"many {number}" for number in range(2_100)]
    with shop.batch():
        for customer in many:
            shop.add_customer(customer, channel="qr", by="sun")

    def break_off(done):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        shop.publish_moment(many, **said, progress=break_off)
    first = len(_shown(shop))
    seen = []
    report = shop.publish_moment(many, **said, progress=seen.append)

    assert 2_000 == first
    assert (tuple(many), {}) == (report.shown, report.skipped)
    assert [2_000, 2_100] == seen
    assert 2_100 == len(_shown(shop)) == len(set(_shown(shop)))


def test_preview(shop, clock):
    """
    A preview says whom a moment would reach and who would be skipped, and why.

    It writes nothing, and makes the id to publish it under.
    """
    shop.show_moment("earlier", "c2", source="member", by="sun")
    before, seen = written(shop), []
    everybody = ["c3", "c2", "nobody", "c1", "c3"]

    told = shop.preview_moment(
        everybody, source="member", by="sun", progress=seen.append
    )

    assert before == written(shop)
    assert (("c3", "c1"), ("nobody",)) == (told.shown, told.unknown)
    assert {"c2": ("moment-day",)} == {
        who: verdict.rules for who, verdict in told.skipped.items()
    }
    assert [4] == seen
    assert told == shop.publish_moment(
        everybody, source="member", by="sun", text="Tea", moment=told.moment
    )
    assert told.moment != shop.preview_moment([], source="member", by="sun").moment


def test_preview_of_what_was_published(shop):
    """
    Who was shown a moment already is among those whom it would have reached.
    """
    said = {"source": "member", "by": "sun", "moment": "tea"}
    shop.publish_moment(["c1"], **said, text="Tea")

    told = shop.preview_moment(["c1", "c2"], **said)

    assert (("c1", "c2"), {}) == (told.shown, told.skipped)


def test_preview_in_a_batch(shop):
    """
    Within a batch a preview sees what the batch has done.
    """
    with shop.batch():
        shop.show_moment("earlier", "c2", source="member", by="sun")
        told = shop.preview_moment(["c1", "c2"], source="member", by="sun")

    assert (("c1",), ["c2"]) == (told.shown, list(told.skipped))


def test_another_moment_under_the_same_id(shop):
    """
    A moment's id names one moment; another text under it is an error.

    It reaches nobody.
    """
    shop.publish_moment(["c1"], source="member", by="sun", text="Tea", moment="tea")
    before = len(everything(shop))

    with pytest.raises(CommandIdReusedError):
        shop.publish_moment(
            ["c2"], source="member", by="sun", text="Milk", moment="tea"
        )

    assert before == len(everything(shop))


def test_ids_are_made(shop):
    """
    Without an id each publication is a moment of its own.
    """
    said = {"source": "enterprise", "by": "hq", "text": "Tea"}

    first, second = (shop.publish_moment(["c1"], **said) for _ in range(2))

    assert first.moment != second.moment
    assert ("c1",) == first.shown == second.shown


def test_publish_to_nobody(shop):
    """
    A moment may be published to nobody: it is recorded, and reached nobody.
    """
    report = shop.publish_moment([], source="member", by="sun", text="Tea")

    assert ((), {}, ()) == (report.shown, report.skipped, report.unknown)
    assert 1 == sum(isinstance(event, MomentPublished) for _, event in history(shop))


def test_without_budgets(kit):
    """
    A rule book without moment budgets shows a customer everything, once.
    """
    kit.add_customer("c1", channel="qr", by="sun", rules="dingtalk_2020")
    for number in range(20):
        kit.show_moment(f"m{number}", "c1", source="member", by="sun")

    with pytest.raises(RefusedError, match="moment-already-shown"):
        kit.show_moment("m7", "c1", source="enterprise", by="hq")


def test_no_friend_any_more(shop):
    """
    A moment by staff is shown to whose friend they are, and the others are skipped.

    The company's is shown to whoever has a friend among the staff.
    """
    shop.friendship_ended("c1", "tao", by="wecom")
    shop.friendship_ended("c2", by="wecom")
    customers = ["c1", "c2", "c3"]

    for source, skipped in (("member", ["c1", "c2"]), ("enterprise", ["c2"])):
        told = shop.preview_moment(customers, source=source, by="tao")
        done = shop.publish_moment(
            customers, source=source, by="tao", text="Tea", moment=told.moment
        )

        assert done == told
        assert dict.fromkeys(skipped, ("not-a-friend",)) == {
            who: verdict.rules for who, verdict in done.skipped.items()
        }
    shop.friendship_begun("c2", "tao", by="wecom")
    assert ("c2",) == shop.preview_moment(["c2"], source="member", by="tao").shown


def test_a_preview(shop, clock):
    """
    A preview says whom a moment would reach, writes nothing, and so it then is.
    """
    shop.show_moment("monday", "c1", source="member", by="sun")
    before = history(shop)

    told = shop.preview_moment(["c1", "c2", "c9", "c2"], source="member", by="sun")

    assert before == history(shop)
    assert (("c2",), ("c9",)) == (told.shown, told.unknown)
    assert {"c1": ("moment-day",)} == {
        who: verdict.rules for who, verdict in told.skipped.items()
    }
    assert told == shop.publish_moment(
        ["c1", "c2", "c9"], source="member", by="sun", text="x", moment=told.moment
    )
    again = shop.preview_moment(
        ["c1", "c2"], source="member", by="sun", moment=told.moment
    )
    assert ("c2",) == again.shown


@pytest.mark.parametrize(
    ("field", "asked"),
    [
        ("source", {"customers": [], "source": "friend", "by": "sun"}),
        ("customers", {"customers": "c1", "source": "member", "by": "sun"}),
        ("by", {"customers": [], "source": "member", "by": ""}),
        ("moment", {"customers": [], "source": "member", "by": "a", "moment": ""}),
    ],
)
def test_a_preview_of_nonsense(shop, field, asked):
    """
    What a moment would not be published for is not previewed either.
    """
    with pytest.raises(InvalidInputError) as problem:
        shop.preview_moment(**asked)

    assert field == problem.value.field
