"""
Mass sends: previewed, written, confirmed, and each recipient within their budgets.
"""

from datetime import UTC, datetime, timedelta

import pytest
from attrs import evolve

from circlekit import CALENDAR_DAY, CALENDAR_WEEK, Budget, NotFoundError
from circlekit.application.mass_sends import MassSendState, Reached
from circlekit.events.group import MessageSent
from circlekit.events.mass_send import MassSendDelivered, MassSendSkipped, Share
from circlekit.rulebook import DINGTALK_2020, WECOM_2020, WECOM_2025
from tests.application.town import MARCH_1, everything, history, refused, written

DAY = timedelta(days=1)


@pytest.fixture
def shop(kit):
    for customer in ("an", "bo", "cai"):
        kit.add_customer(customer, channel="qr", by="sun")
    book = evolve(WECOM_2020, name="with live")
    kit.found_circle(
        name="School", kind="teaching", by="head", circle="school", rules=book
    )
    kit.join_circle("school", "ann", verified_role="teacher")
    kit.join_circle("school", "sam", verified_role="student")
    for group in ("class 1", "class 2"):
        kit.link_group("school", by="head", name=group, group=group)
    return kit


def _send(kit, name, *, by="sun", source="member", **recipients):
    kit.create_mass_send(
        source=source, by=by, text=f"About {name}", mass_send=name, **recipients
    )
    return kit.confirm_mass_send(name, by=by)


def _sent(kit):
    return [
        stream for stream, event in history(kit) if isinstance(event, MassSendDelivered)
    ]


def _rules(skipped):
    return {who: verdict.rules for who, verdict in skipped.items()}


@pytest.mark.covers("A063")
def test_preview_tells_what_will_be(shop):
    """
    A preview says who gets it and who is skipped and why; so it then is.

    Nothing is written by it.
    """
    _send(shop, "monday", customers=["bo"])
    shop.mute_group("class 2", by="head", reason="Exams")
    named = {"customers": ["an", "bo", "cai"], "groups": ["class 1", "class 2"]}
    before = written(shop)

    told = shop.preview_mass_send(
        source="member",
        by="sun",
        customers=["an", "bo", "nobody", "cai", "an"],
        groups=["class 1", "nowhere"],
    )

    assert before == written(shop)
    assert (["an", "cai"], ["nobody"]) == (told.customers, told.unknown_customers)
    assert {"bo": ("mass-send-day",)} == _rules(told.skipped_customers)
    assert ([], ["nowhere"]) == (told.groups, told.unknown_groups)
    assert {"class 1": ("not-a-member", "not-a-teacher")} == _rules(told.skipped_groups)
    assert {"an": "sun", "bo": "sun", "cai": "sun"} == told.senders

    seen = shop.preview_mass_send(source="member", by="ann", **named)
    done = _send(shop, "tuesday", by="ann", **named)

    assert seen == evolve_senders(done, seen)
    assert (["an", "bo", "cai"], ["class 1"]) == (done.customers, done.groups)
    assert {"class 2": ("group-muted",)} == _rules(done.skipped_groups)


def evolve_senders(done, seen):
    """
    A preview names the senders, which a report need not.
    """
    return evolve(done, senders=seen.senders)


@pytest.mark.covers("A063", "A028")
def test_a_message_in_every_group(shop):
    """
    What goes to many groups is a message in each, that members may answer.
    """
    done = _send(shop, "trip", by="ann", groups=["class 1", "class 2"])

    assert ["class 1", "class 2"] == done.groups
    for group in done.groups:
        (entry,) = shop.group_timeline(group).entries
        assert ("message", "ann", "About trip") == (entry.kind, entry.by, entry.text)
        shop.send_message(group, by="head", text="Yes", reply_to=entry.message)


def test_nothing_before_it_is_confirmed(shop):
    """
    A mass send that is only written has reached nobody, and used nothing up.
    """
    shop.create_mass_send(
        source="member", by="sun", text="x", customers=["an"], mass_send="one"
    )

    assert [] == _sent(shop)
    assert ["an"] == _send(shop, "two", customers=["an"]).customers
    assert {"an": ("mass-send-day",)} == _rules(
        shop.confirm_mass_send("one", by="sun").skipped_customers
    )


def _weekly(rules):
    budget = Budget("mass-send-week", 7, CALENDAR_WEEK)
    return evolve(
        rules,
        name="weekly",
        member_mass_sends=(budget,),
        enterprise_mass_sends=(budget,),
    )


def _daily(rules):
    budget = Budget("mass-send-day", 1, CALENDAR_DAY)
    return evolve(
        rules,
        name="daily",
        member_mass_sends=(budget,),
        enterprise_mass_sends=(budget,),
    )


# Of each rule that skips a recipient: by which book, how many go through from
# Monday 3 February 2020 on, an hour apart, and when there is room again.
SKIPPED = {
    "mass-send-month": (WECOM_2025, 29, datetime(2020, 2, 29, 16, tzinfo=UTC)),
    "mass-send-week": (_weekly(WECOM_2025), 7, datetime(2020, 2, 9, 16, tzinfo=UTC)),
    "mass-send-day": (_daily(WECOM_2025), 1, datetime(2020, 2, 3, 16, tzinfo=UTC)),
}


@pytest.mark.parametrize("rule", SKIPPED)
def test_three_modes_of_2025(kit, clock, rule):
    """
    By the rules of 2025 staff and company share what a customer may receive.

    As many a month as it has days, or seven a week, or one a day.
    """
    book, limit, again = SKIPPED[rule]
    monday = clock.now = datetime(2020, 2, 2, 16, tzinfo=UTC)
    kit.add_customer("an", channel="qr", by="sun", rules=book)
    for number in range(limit):
        clock.now = monday + timedelta(minutes=number)
        source = ("member", "enterprise")[number % 2]
        assert ["an"] == _send(
            kit, f"no. {number}", source=source, customers=["an"]
        ).customers

    for source in ("member", "enterprise"):
        told = kit.preview_mass_send(source=source, by="sun", customers=["an"])
        (reason,) = told.skipped_customers["an"].reasons
        assert (rule, limit, limit, again) == (
            reason.rule,
            reason.used,
            reason.limit,
            reason.retry_at,
        )
    clock.now = again
    assert ["an"] == _send(kit, "the next", customers=["an"]).customers


def test_by_the_rules_of_2020(shop, clock):
    """
    The company reaches a customer four times a month, also on one day.

    Each member of staff reaches them once a day, whatever the others and the
    company do.
    """
    for number in range(4):
        _send(shop, f"company {number}", source="enterprise", customers=["an"])
    fifth = _send(shop, "company 5", source="enterprise", customers=["an", "bo"])
    assert {"an": ("mass-send-month",)} == _rules(fifth.skipped_customers)
    assert ["bo"] == fifth.customers

    assert ["an"] == _send(shop, "mine", customers=["an"]).customers
    assert ["an"] == _send(shop, "yours", by="zoe", customers=["an"]).customers
    again = _send(shop, "mine again", customers=["an"])
    assert {"an": ("mass-send-day",)} == _rules(again.skipped_customers)
    clock.now = datetime(2020, 3, 1, 16, tzinfo=UTC)
    assert ["an"] == _send(shop, "tomorrow", customers=["an"]).customers


def test_groups_have_budgets_too(shop):
    """
    A group is over budget like a customer, by its circle's rule book.
    """
    _send(shop, "one", by="ann", groups=["class 1"])

    done = _send(shop, "two", by="ann", groups=["class 1", "class 2"])

    assert ["class 2"] == done.groups
    assert {"class 1": ("mass-send-day",)} == _rules(done.skipped_groups)


def test_who_sends_into_a_group(shop):
    """
    Pupils send nothing to many groups; nor does anybody to a group of no circle.
    """
    shop.unlink_group("school", "class 2", by="head")

    done = _send(shop, "party", by="sam", groups=["class 1", "class 2"])

    assert {
        "class 1": ("not-a-teacher",),
        "class 2": ("group-not-linked",),
    } == _rules(done.skipped_groups)


def test_a_closed_circle(shop):
    """
    Into the groups of a closed circle nothing is sent.
    """
    shop.close_circle("school", by="head", reason="Summer")

    told = shop.preview_mass_send(source="member", by="head", groups=["class 1"])

    assert {"class 1": ("circle-closed",)} == _rules(told.skipped_groups)


def test_the_sender_of_a_customer(shop, clock):
    """
    The company's message is sent by whoever last had to do with the customer.

    Of two at the same moment by the customer's owner, else by the lowest id; where
    nobody had, by the owner, or whoever took them in.
    """
    shop.contact_customer("an", by="tao")
    clock.forward(hours=1)
    shop.show_moment("m", "an", source="member", by="lin")
    shop.show_moment("m", "bo", source="enterprise", by="hq")
    for customer in ("bo", "cai"):
        for member in ("zoe", "tao"):
            shop.contact_customer(customer, by=member)
    shop.assign_customer("bo", "zoe", by="sun")
    shop.add_customer("dan", channel="qr", by="sun")
    shop.add_customer("eve", channel="qr", by="sun")
    shop.assign_customer("eve", "ann", by="sun")

    everybody = ["an", "bo", "cai", "dan", "eve"]
    told = shop.preview_mass_send(source="enterprise", by="hq", customers=everybody)
    shop.create_mass_send(
        source="enterprise",
        by="hq",
        text="x",
        customers=everybody,
        groups=["class 1"],
        mass_send="x",
    )

    expected = {"an": "lin", "bo": "zoe", "cai": "tao", "dan": "sun", "eve": "ann"}
    assert expected == told.senders
    assert {**{who: (it,) for it, who in expected.items()}, "head": ()} == {
        share.sender: share.customers for share in shop.mass_send("x").shares
    }


def test_each_sender_confirms_their_share(shop, clock):
    """
    A company's message goes out share by share, and the others are reminded.
    """
    shop.contact_customer("an", by="tao")
    shop.contact_customer("bo", by="lin")
    shop.create_mass_send(
        source="enterprise",
        by="hq",
        text="x",
        customers=["an", "bo"],
        mass_send="x",
    )
    assert ("tao", "lin") == shop.remind_mass_send("x", by="hq")
    assert ["an"] == shop.confirm_mass_send("x", by="tao").customers
    assert ["customer/an"] == _sent(shop)
    clock.forward(hours=5)
    assert ("lin",) == shop.remind_mass_send("x", by="hq")
    shop.remind_mass_send("x", by="hq")

    with refused("mass-send-reminder") as refusal:
        shop.remind_mass_send("x", by="hq")

    assert MARCH_1 + DAY == refusal.value.verdict.retry_at
    assert MassSendState(
        mass_send="x",
        source="enterprise",
        shares=(
            Share(sender="tao", customers=("an",)),
            Share(sender="lin", customers=("bo",)),
        ),
        confirmed={"tao": MARCH_1, "lin": None},
        skipped_customers={},
        skipped_groups={},
        reminded=3,
    ) == shop.mass_send("x")


def test_confirmed_again(shop, clock):
    """
    Confirmed again, a mass send has the same answer and reaches nobody twice.

    Whoever was skipped stays skipped, also when there is room again.
    """
    _send(shop, "first", customers=["bo"])
    done = _send(shop, "sale", customers=["an", "bo"], by="sun")
    before = len(everything(shop))
    clock.forward(days=3)

    assert done == shop.confirm_mass_send("sale", by="sun")
    assert done == shop.confirm_mass_send("sale", by="sun", command_id="one")
    assert done == shop.confirm_mass_send("sale", by="sun", command_id="one")
    assert before == len(everything(shop))
    assert ["bo"] == list(shop.mass_send("sale").skipped_customers)


def test_cut_short(shop):
    """
    A share that broke off in the middle is sent to its end by confirming again.
    """
    many = [f"many {number}" for number in range(2_100)]
    with shop.batch():
        for customer in many:
            shop.add_customer(customer, channel="qr", by="sun")
    _send(shop, "early", customers=["many 7"])
    shop.create_mass_send(
        source="member",
        by="ann",
        text="x",
        customers=many,
        groups=["class 1"],
        mass_send="x",
    )

    def break_off(done):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        shop.confirm_mass_send("x", by="ann", progress=break_off)
    assert 2_001 == len(_sent(shop))
    seen = []
    done = shop.confirm_mass_send("x", by="ann", progress=seen.append)

    assert [2_000, 2_100, 2_101] == seen
    assert Reached(customers=many, groups=["class 1"]) == done
    assert 2_102 == len(_sent(shop))
    assert 1 == sum(
        isinstance(event, MessageSent) and stream == "group/class 1"
        for stream, event in history(shop)
    )


def test_skipped_is_recorded(shop):
    """
    Who was skipped, and by which rules, stands in the mass send's history.
    """
    _send(shop, "one", customers=["an"])
    done = _send(shop, "two", customers=["an"])

    assert [
        MassSendSkipped(
            customer="an",
            reasons=done.skipped_customers["an"].reasons,
            by="sun",
            at=MARCH_1,
        )
    ] == [event for _, event in history(shop) if isinstance(event, MassSendSkipped)]


def test_without_budgets(kit):
    """
    By a rule book without budgets everybody receives everything.
    """
    kit.add_customer("an", channel="qr", by="sun", rules=DINGTALK_2020)
    for number in range(9):
        assert ["an"] == _send(kit, f"no. {number}", customers=["an"]).customers


def _used(quota):
    return [(it.source, it.rule, it.used, it.left) for it in quota.lines[2:]]


def test_the_quota_of_a_customer(shop):
    """
    A quota counts what a customer received, of each member if it is asked for one.
    """
    _send(shop, "one", customers=["an"])
    _send(shop, "two", source="enterprise", customers=["an"])

    company = ("enterprise-mass-send", "mass-send-month", 1, 3)
    assert [company] == _used(shop.quota(customer="an"))
    assert [("member-mass-send", "mass-send-day", 1, 0), company] == _used(
        shop.quota(customer="an", member="sun")
    )
    assert [("member-mass-send", "mass-send-day", 0, 1), company] == _used(
        shop.quota(customer="an", member="zoe")
    )


def test_the_quota_by_the_rules_of_2025(kit, clock):
    """
    Where staff and company share a budget, both lines count the same.
    """
    clock.now = datetime(2028, 2, 3, tzinfo=UTC)
    kit.add_customer("an", channel="qr", by="sun", rules="wecom_2025")
    _send(kit, "one", customers=["an"])
    _send(kit, "two", source="enterprise", customers=["an"])

    assert [
        ("member-mass-send", "mass-send-month", 2, 27),
        ("enterprise-mass-send", "mass-send-month", 2, 27),
    ] == _used(kit.quota(customer="an"))


def test_the_quota_of_a_group(shop):
    """
    A group has its budgets by the rule book of the circle that it is linked to.
    """
    _send(shop, "one", by="ann", groups=["class 1"])

    quota = shop.quota(group="class 1", member="ann")

    assert ("class 1", "with live", "Asia/Shanghai") == (
        quota.holder,
        quota.rules,
        quota.zone,
    )
    assert [("mass-send-day", 1), ("mass-send-month", 0)] == [
        (line.rule, line.used) for line in quota.lines
    ]
    shop.unlink_group("school", "class 1", by="head")
    with pytest.raises(NotFoundError):
        shop.quota(group="class 1")


@pytest.mark.covers("A063")
def test_called_off(shop, clock):
    """
    What was called off reaches nobody, and has used nothing up of anybody's budgets.
    """
    shop.create_mass_send(
        source="member", by="sun", text="x", customers=["an"], mass_send="typo"
    )
    clock.forward(minutes=5)
    shop.cancel_mass_send("typo", by="sun", reason="A typo")

    with refused("mass-send-cancelled"):
        shop.confirm_mass_send("typo", by="sun")
    assert [] == _sent(shop)
    assert MassSendState(
        mass_send="typo",
        source="member",
        shares=(Share(sender="sun", customers=("an",)),),
        confirmed={"sun": None},
        skipped_customers={},
        skipped_groups={},
        reminded=0,
        cancelled_at=MARCH_1 + timedelta(minutes=5),
    ) == shop.mass_send("typo")
    assert ["an"] == _send(shop, "right", customers=["an"]).customers


def test_once_it_goes_out(shop):
    """
    From the first confirmation on nothing is called off, whoever has yet to confirm.
    """
    shop.contact_customer("an", by="tao")
    shop.contact_customer("bo", by="lin")
    shop.create_mass_send(
        source="enterprise", by="hq", text="x", customers=["an", "bo"], mass_send="x"
    )
    shop.confirm_mass_send("x", by="tao")

    with refused("mass-send-confirmed"):
        shop.cancel_mass_send("x", by="hq")
    assert ["bo"] == shop.confirm_mass_send("x", by="lin").customers


@pytest.mark.covers("A063")
def test_no_friend_any_more(shop):
    """
    Who is no friend of the sender any more is skipped with that reason, and no other.

    In the preview as when it is sent; and nothing of their budgets is used.
    """
    shop.friendship_ended("an", "sun", by="wecom")
    told = shop.preview_mass_send(source="member", by="sun", customers=["an", "bo"])
    done = _send(shop, "sale", customers=["an", "bo"])

    assert {"an": ("not-a-friend",)} == _rules(told.skipped_customers)
    assert {"an": ("not-a-friend",)} == _rules(done.skipped_customers)
    assert ["bo"] == told.customers == done.customers
    assert ["customer/bo"] == _sent(shop)
    assert ["an"] == _send(shop, "other", by="tao", customers=["an"]).customers


def test_friends_again(shop):
    """
    Once they are friends again it reaches them, and who became one sends.
    """
    shop.friendship_ended("an", by="wecom")
    shop.friendship_begun("an", "lin", by="wecom")

    told = shop.preview_mass_send(source="enterprise", by="hq", customers=["an"])
    assert (["an"], {"an": "lin"}) == (told.customers, told.senders)
    assert {"an": ("not-a-friend",)} == _rules(
        shop.preview_mass_send(
            source="member", by="sun", customers=["an"]
        ).skipped_customers
    )


def test_the_company_goes_by_a_friend(shop, clock):
    """
    What the company sends goes by the last friend who had to do with the customer.

    If nobody is a friend any more, they are skipped.
    """
    for member in ("tao", "lin"):
        clock.forward(minutes=1)
        shop.contact_customer("an", by=member)
    senders = []
    for member in ("lin", "tao", "sun"):
        told = shop.preview_mass_send(source="enterprise", by="hq", customers=["an"])
        senders.append(told.senders["an"])
        shop.friendship_ended("an", member, by="wecom")

    told = shop.preview_mass_send(source="enterprise", by="hq", customers=["an"])

    assert ["lin", "tao", "sun"] == senders
    assert {"an": ("not-a-friend",)} == _rules(told.skipped_customers)


def test_no_friend_when_it_goes_out(shop):
    """
    It is asked when a sender confirms, whatever it was when it was written.
    """
    shop.create_mass_send(
        source="member", by="sun", text="x", customers=["an", "bo"], mass_send="x"
    )
    shop.friendship_ended("an", "sun", by="wecom")

    done = shop.confirm_mass_send("x", by="sun")

    assert {"an": ("not-a-friend",)} == _rules(done.skipped_customers)
    assert [
        MassSendSkipped(
            customer="an",
            reasons=done.skipped_customers["an"].reasons,
            by="sun",
            at=MARCH_1,
        )
    ] == [event for _, event in history(shop) if isinstance(event, MassSendSkipped)]
