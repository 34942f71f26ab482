"""
What may be recorded of a customer, and what is refused by which rules.
"""

from datetime import timedelta

import pytest

from circlekit.aggregates.contacts import Contacts
from circlekit.aggregates.customer import Customer
from circlekit.aggregates.history import replay
from circlekit.budget import Spend
from circlekit.events.customer import (
    CustomerAdded,
    CustomerAssigned,
    CustomerTagged,
    CustomerUntagged,
    MomentShown,
    ProfileCompleted,
)
from circlekit.events.rules import RuleBookAdopted
from circlekit.ids import CustomerId
from circlekit.rulebook import SEED_LITERAL, WECOM_2020
from circlekit.testing import given
from circlekit.verdict import Reason, Verdict
from tests.people import LIN, MEI, MICROSECOND, TAO, shanghai

AN = CustomerId("an")
ADDED_AT = shanghai(3, 1)
NOON = shanghai(3, 2, 12)
ADDED = CustomerAdded(
    channel="qr", organisation="acme", zone="Asia/Shanghai", by=MEI, at=ADDED_AT
)


def customer(*events, book=WECOM_2020):
    adopted = RuleBookAdopted(book=book, by=MEI, at=ADDED_AT)
    return given(Customer(AN), ADDED, adopted, *events)


def shown(number, at, source="member"):
    return MomentShown(moment=f"moment-{number}", source=source, by=LIN, at=at)


def show(number, at, source="member"):
    return lambda c: c.show_moment(f"moment-{number}", source=source, by=LIN, at=at)


class TestAdd:
    def add(self, customer):
        return customer.add(
            channel="qr",
            organisation="acme",
            zone="Asia/Shanghai",
            book=WECOM_2020,
            by=MEI,
            at=ADDED_AT,
        )

    def test_through_a_channel(self):
        """
        A customer comes in through a channel, with the numbers to go by.
        """
        (
            given(Customer(AN))
            .when(self.add)
            .then(ADDED, RuleBookAdopted(book=WECOM_2020, by=MEI, at=ADDED_AT))
        )

    def test_twice(self):
        """
        Nobody becomes a customer twice.
        """
        customer().when(self.add).then_refused("already-a-customer")


class TestProfile:
    def test_complete(self):
        """
        Staff say that a profile is complete.
        """
        (
            customer()
            .when(lambda c: c.complete_profile(by=LIN, at=NOON))
            .then(ProfileCompleted(by=LIN, at=NOON))
        )

    def test_complete_twice(self):
        """
        It is completed once.
        """
        (
            customer(ProfileCompleted(by=LIN, at=NOON))
            .when(lambda c: c.complete_profile(by=LIN, at=NOON))
            .then_refused("profile-complete")
        )


class TestTags:
    def test_tag(self):
        """
        Staff put a tag on.
        """
        (
            customer()
            .when(lambda c: c.tag("vip", by=LIN, at=NOON))
            .then(CustomerTagged(tag="vip", by=LIN, at=NOON))
        )

    def test_tag_twice(self):
        """
        A tag is put on once.
        """
        (
            customer(CustomerTagged(tag="vip", by=LIN, at=NOON))
            .when(lambda c: c.tag("vip", by=LIN, at=NOON))
            .then_refused("already-tagged")
        )

    def test_untag(self):
        """
        Staff take a tag off, and it can be put on again.
        """
        (
            customer(CustomerTagged(tag="vip", by=LIN, at=NOON))
            .when(lambda c: c.untag("vip", by=TAO, at=NOON))
            .then(CustomerUntagged(tag="vip", by=TAO, at=NOON))
            .when(lambda c: c.tag("vip", by=LIN, at=NOON))
            .then(CustomerTagged(tag="vip", by=LIN, at=NOON))
        )

    def test_untag_what_is_not_on(self):
        """
        Only a tag that is on comes off.
        """
        (
            customer(CustomerTagged(tag="vip", by=LIN, at=NOON))
            .when(lambda c: c.untag("new", by=LIN, at=NOON))
            .then_refused("not-tagged")
        )


class TestAssign:
    def test_to_staff(self):
        """
        A customer has one member of staff who looks after them.
        """
        (
            customer()
            .when(lambda c: c.assign(LIN, by=MEI, at=NOON))
            .then(CustomerAssigned(owner=LIN, by=MEI, at=NOON))
        )

    def test_to_somebody_else(self):
        """
        They may be given to somebody else.
        """
        (
            customer(CustomerAssigned(owner=LIN, by=MEI, at=NOON))
            .when(lambda c: c.assign(TAO, by=MEI, at=NOON))
            .then(CustomerAssigned(owner=TAO, by=MEI, at=NOON))
        )

    def test_to_who_has_them(self):
        """
        But not to who has them already.
        """
        (
            customer(CustomerAssigned(owner=LIN, by=MEI, at=NOON))
            .when(lambda c: c.assign(LIN, by=MEI, at=NOON))
            .then_refused("already-assigned")
        )


class TestShowMoment:
    def test_by_staff(self):
        """
        Staff show a moment.
        """
        customer().when(show(1, NOON)).then(shown(1, NOON))

    def test_by_the_company(self):
        """
        So does the company.
        """
        (
            customer()
            .when(show(1, NOON, "enterprise"))
            .then(shown(1, NOON, "enterprise"))
        )

    def test_the_second_of_the_day(self):
        """
        One a day by staff, all of them together; the next is free at midnight.
        """
        (
            customer(shown(1, NOON))
            .when(lambda c: c.show_moment("moment-2", source="member", by=TAO, at=NOON))
            .then_verdict(
                Verdict(
                    (
                        Reason(
                            rule="moment-day",
                            because="1 of 1 used in this calendar day; "
                            "free again 2020-03-02 16:00 UTC",
                            used=1,
                            limit=1,
                            window_start=shanghai(3, 2, 0),
                            window_end=shanghai(3, 3, 0),
                            used_by=(3,),
                            retry_at=shanghai(3, 3, 0),
                        ),
                    )
                )
            )
        )

    def test_the_next_day(self):
        """
        After midnight on the customer's clock there is room again.
        """
        midnight = shanghai(3, 3, 0)
        (
            customer(shown(1, midnight - MICROSECOND))
            .when(show(2, midnight))
            .then(shown(2, midnight))
        )

    def test_the_fifth_of_the_month(self):
        """
        Four a month by the company, even on one day.
        """
        four = [shown(n, NOON, "enterprise") for n in range(4)]
        (
            customer(*four)
            .when(show(5, NOON + timedelta(days=20), "enterprise"))
            .then_verdict(
                Verdict(
                    (
                        Reason(
                            rule="moment-month",
                            because="4 of 4 used in this calendar month; "
                            "free again 2020-03-31 16:00 UTC",
                            used=4,
                            limit=4,
                            window_start=shanghai(3, 1, 0),
                            window_end=shanghai(4, 1, 0),
                            used_by=(3, 4, 5, 6),
                            retry_at=shanghai(4, 1, 0),
                        ),
                    )
                )
            )
        )

    def test_twice(self):
        """
        Nobody is shown the same moment twice.
        """
        (
            customer(shown(1, NOON))
            .when(show(1, NOON + timedelta(days=1)))
            .then_refused("moment-already-shown")
        )

    def test_everything_in_the_way(self):
        """
        A repeat on a day that is used up hears both reasons.
        """
        (
            customer(shown(1, NOON))
            .when(show(1, NOON))
            .then_refused("moment-already-shown", "moment-day")
        )

    @pytest.mark.parametrize("source", ["member", "enterprise"])
    def test_read_to_the_letter(self, source):
        """
        Read to the letter, there is one budget for staff and company together.
        """
        (
            customer(
                shown(1, NOON, "enterprise"),
                shown(2, NOON + timedelta(days=1)),
                shown(3, NOON + timedelta(days=2), "enterprise"),
                shown(4, NOON + timedelta(days=3)),
                book=SEED_LITERAL,
            )
            .when(show(5, NOON + timedelta(days=3), source))
            .then_verdict(
                Verdict(
                    (
                        Reason(
                            rule="moment-day",
                            because="1 of 1 used in this calendar day; "
                            "free again 2020-03-05 16:00 UTC",
                            used=1,
                            limit=1,
                            window_start=shanghai(3, 5, 0),
                            window_end=shanghai(3, 6, 0),
                            used_by=(6,),
                            retry_at=shanghai(3, 6, 0),
                        ),
                        Reason(
                            rule="moment-month",
                            because="4 of 4 used in this calendar month; "
                            "free again 2020-03-31 16:00 UTC",
                            used=4,
                            limit=4,
                            window_start=shanghai(3, 1, 0),
                            window_end=shanghai(4, 1, 0),
                            used_by=(3, 4, 5, 6),
                            retry_at=shanghai(4, 1, 0),
                        ),
                    )
                )
            )
        )


def test_history_is_not_judged():
    """
    Moments beyond today's budgets, and a tag that was never on, have happened.
    """
    adopted = RuleBookAdopted(book=WECOM_2020, by=MEI, at=ADDED_AT)
    it = replay(
        Customer(AN),
        [
            ADDED,
            adopted,
            *[shown(n, NOON) for n in range(3)],
            shown(3, NOON, "enterprise"),
            CustomerUntagged(tag="vip", by=LIN, at=NOON),
        ],
    )

    expected = Customer(
        AN,
        version=7,
        last_at=NOON,
        by_members=[Spend(NOON, 3), Spend(NOON, 4), Spend(NOON, 5)],
        by_enterprise=[Spend(NOON, 6)],
        shown={"moment-0", "moment-1", "moment-2", "moment-3"},
        contacts=Contacts(added_by=ADDED.by, last={LIN: NOON}),
    )
    assert expected == it
