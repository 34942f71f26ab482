"""
What the bookshop promises its readers, and that it keeps it whatever they do.
"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis.stateful import invariant

from circlekit.aggregates.circle import Circle
from circlekit.events.circle import MemberJoined
from circlekit.policies.house import known_policies
from circlekit.testing import CommunityMachine, assert_policy, given
from examples.bookshop.shop import BOOKSHOP_2026, POLICIES, Bookshop, open_shop

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_policies():
    """
    The shop's own rules are as dependable as circlekit's.
    """
    for policy in POLICIES:
        assert_policy(policy())


def test_a_new_reader():
    """
    Who joins may answer at once, but not begin on the same day.
    """
    with open_shop("sqlite://") as shop:
        crime = shop.open_circle("Crime", host="ana", zone="Europe/Lisbon")
        shop.join(crime, "rui")
        shop.comment(shop.post(crime, "Welcome", by="ana"), "Thank you", by="rui")
    blank = Circle(crime, book=BOOKSHOP_2026, policies=known_policies(POLICIES))
    joined = given(blank, MemberJoined(member="rui", at=NOON))
    post = {"text": "Who did it?", "by": "rui", "at": NOON + timedelta(hours=23)}
    joined.when(lambda it: it.publish(**post)).then_refused("new-readers-wait")


class Readers(CommunityMachine):
    rule_book, policies = BOOKSHOP_2026, POLICIES
    zones = ("Europe/Lisbon", "America/New_York")

    @invariant()
    def nobody_is_woken(self):
        for it in self.community.circles.values():
            for sent in it.sent:
                at = sent.at.astimezone(ZoneInfo(it.zone))
                assert sent.beyond or sent.place in it.promised or 8 <= at.hour < 22, at

    @invariant()
    def what_is_removed_stays_used(self):
        for circle, it in self.community.circles.items():
            used = it.used(self.at(it, 0))[0]
            assert max(0, 6 - used) == Bookshop(self.kit(0)).announcements_left(circle)


TestReaders = Readers.TestCase
