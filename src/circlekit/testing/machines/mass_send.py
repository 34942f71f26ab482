"""
Drive a mass send at random, beside a model of it.
"""

from datetime import datetime
from typing import Final

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule
from hypothesis.strategies import SearchStrategy

from circlekit.aggregates.mass_send import MassSend
from circlekit.budget import Spend
from circlekit.events.mass_send import (
    MassSendCancelled,
    MassSendConfirmed,
    MassSendCreated,
    MassSendReminded,
    MassSendSkipped,
    MassSendSource,
    Share,
)
from circlekit.events.rules import RuleBookAdopted
from circlekit.ids import CustomerId, GroupId, MemberId
from circlekit.rulebook import RuleBook
from circlekit.testing.machines.counting import Spent
from circlekit.testing.machines.machine import (
    CAST,
    Machine,
    a_rule_book,
    a_wait,
    someone,
)
from circlekit.testing.machines.waiting import Wait
from circlekit.testing.strategies import moments, some_budgets
from circlekit.verdict import refused

_BOOKS: Final = st.builds(
    RuleBook,
    name=st.just("small"),
    mass_send_reminders=some_budgets("mass-send-reminder", "mass-send-reminder-day"),
    mass_send_customers=st.sampled_from((3, 2, 10)),
    mass_send_groups=st.sampled_from((2, 1, 10)),
)
_CUSTOMERS: Final = tuple(CustomerId(f"customer {number}") for number in range(4))
_GROUPS: Final = (GroupId("class 1"), GroupId("class 2"))
_OVER: Final = refused("mass-send-month", "4 of 4 used in this calendar month")


class MassSendMachine(Machine[MassSend]):
    """
    Drive a mass send: its shares, who confirms them, reminders, who is skipped.

    Now and then it is called off.
    """

    def __init__(self) -> None:
        super().__init__()
        self.source: MassSendSource = "member"
        self.shares: list[Share] = []
        self.confirmed: list[tuple[str, datetime]] = []
        self.skipped: list[str] = []
        self.reminded: list[Spent] = []
        self.cancelled_at: datetime | None = None

    def blank(self) -> MassSend:
        """
        Return the mass send before it was written.
        """
        return MassSend("sale")

    def small_books(self) -> SearchStrategy[RuleBook]:
        """
        Return small rule books, which differ in what concerns a mass send.
        """
        return _BOOKS

    @initialize(
        book=a_rule_book(),
        at=moments(),
        source=st.sampled_from(("member", "enterprise")),
        senders=st.sampled_from((1, 2)),
    )
    def write(
        self, book: RuleBook, at: datetime, source: MassSendSource, senders: int
    ) -> None:
        """
        Write it for few enough, and try it twice.
        """
        self.clock, self.book, self.source = at, book, source
        shares = tuple(
            Share(sender=sender, customers=_CUSTOMERS[place : place + 1])
            for place, sender in enumerate(CAST[:senders])
        )
        self._write(shares)
        self._write(shares)

    @rule(customers=st.integers(0, 4), groups=st.integers(0, 2))
    def write_for_many(self, customers: int, groups: int) -> None:
        """
        Write it again, for some more.
        """
        share = Share(
            sender=CAST[0], customers=_CUSTOMERS[:customers], groups=_GROUPS[:groups]
        )
        self._write((share,))

    @rule(by=someone())
    def confirm(self, by: MemberId) -> None:
        """
        Let somebody confirm their share.
        """
        already = by in dict(self.confirmed)
        allowed = self.ask(
            lambda at: self.it.confirm(by=by, at=at),
            refused_if={
                "not-a-sender": by not in self._senders(),
                "mass-send-cancelled": self.cancelled_at is not None,
            },
            then=[] if already else [MassSendConfirmed(by=by, at=self.at)],
        )
        if allowed and not already:
            self.confirmed.append((by, self.it.last_at))

    @rule(by=someone(), reason=st.sampled_from((None, "Sold out")))
    def cancel(self, by: MemberId, reason: str | None) -> None:
        """
        Call it off.
        """
        if self.ask(
            lambda at: self.it.cancel(reason=reason, by=by, at=at),
            refused_if={
                "not-the-creator": by != "mei",
                "mass-send-confirmed": bool(self.confirmed),
                "mass-send-cancelled": self.cancelled_at is not None,
            },
            then=[MassSendCancelled(reason=reason, by=by, at=self.at)],
        ):
            self.cancelled_at = self.it.last_at

    @rule(customer=st.sampled_from(_CUSTOMERS), by=someone())
    def skip(self, customer: CustomerId, by: MemberId) -> None:
        """
        Leave a customer out who had no room for it.
        """
        skipped = MassSendSkipped(
            customer=customer, reasons=_OVER.reasons, by=by, at=self.at
        )
        self.ask(
            lambda at: (self.it.skip(_OVER, customer=customer, by=by, at=at),),
            refused_if={},
            then=[skipped],
        )
        self.skipped.append(customer)

    @rule(wait=a_wait(), by=someone())
    def remind(self, wait: Wait, by: MemberId) -> None:
        """
        Wait, then remind whoever has not confirmed.
        """
        self.wait(wait)
        waiting = tuple(
            share.sender
            for share in self.shares
            if share.sender not in dict(self.confirmed)
        )
        if self.ask(
            lambda at: self.it.remind(by=by, at=at),
            refused_if={
                "nobody-to-remind": not waiting,
                "mass-send-cancelled": self.cancelled_at is not None,
            },
            then=[MassSendReminded(senders=waiting, by=by, at=self.at)],
            budgets=self.book.mass_send_reminders,
            spent=self.reminded,
        ):
            self.reminded.append(Spent(self.it.last_at, len(self.history)))

    def check_limits(self) -> None:
        """
        Check that its senders were never reminded more than they may be.
        """
        for spend in self.reminded:
            self.check_never_over(self.book.mass_send_reminders, spend, self.reminded)

    @invariant()
    def state_agrees(self) -> None:
        """
        Check that what is remembered of the mass send is what the model has.
        """
        self.check_state(
            source=self.source,
            book=self.book,
            shares={share.sender: share for share in self.shares},
            confirmed=dict(self.confirmed),
            skipped_customers=dict.fromkeys(self.skipped, _OVER),
            skipped_groups={},
            reminders=[Spend(it.at, it.place) for it in self.reminded],
            creator="mei",
            cancelled_at=self.cancelled_at,
        )

    def _senders(self) -> list[str]:
        return [share.sender for share in self.shares]

    def _write(self, shares: tuple[Share, ...]) -> None:
        by = MemberId("mei")
        customers = [it for share in shares for it in share.customers]
        groups = [it for share in shares for it in share.groups]
        created = MassSendCreated(
            source=self.source, text="Tea", shares=shares, by=by, at=self.at
        )
        if self.ask(
            lambda at: self.it.create(
                source=self.source,
                text="Tea",
                shares=shares,
                book=self.book,
                by=by,
                at=at,
            ),
            refused_if={
                "already-created": bool(self.history),
                "mass-send-customers": len(customers) > self.book.mass_send_customers,
                "mass-send-groups": len(groups) > self.book.mass_send_groups,
            },
            then=[created, RuleBookAdopted(book=self.book, by=by, at=self.at)],
        ):
            self.shares = list(shares)
