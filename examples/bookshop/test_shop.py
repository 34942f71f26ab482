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
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    with open_shop("sqlite://") as shop:
        crime = shop.open_circle("Crime", host="ana", zone="Europe/Lisbon")
        shop.join(crime, "rui")
        shop.comment(shop.post(crime, "Welcome", by="ana"), "Thank you", by="rui")
    blank = Circle(crime, book=BOOKSHOP_2026, policies=known_policies(POLICIES))
    joined = given(blank, MemberJoined(member="rui", at=noon))
    post = {"text": "Who did it?", "by": "rui", "at": noon + timedelta(hours=23)}
    joined.when(lambda it: it.publish(**post)).then_refused("new-readers-wait")


class Readers(CommunityMachine):
    rule_book, policies = BOOKSHOP_2026, POLICIES
    zones = ("Europe/Lisbon", "America/New_York")

    @invariant()
    def nobody_is_woken(self):
        for it in self.community.circles.values():
            for sent in it.sent:
                excused = sent.beyond or sent.place in it.promised
                there = sent.at.astimezone(ZoneInfo(it.zone))
                assert 8 <= there.hour < 22 or excused, f"sent at {there:%H:%M}"

    @invariant()
    def what_is_removed_stays_used(self):
        for circle, it in self.community.circles.items():
            used = it.used(self.at(it, 0))[0]
            assert max(0, 6 - used) == Bookshop(self.kit(0)).announcements_left(circle)


TestReaders = Readers.TestCase
