"""
A mass send: who sends it to whom, who has confirmed, and who was skipped.
"""

from datetime import datetime
from typing import assert_never

from attrs import Factory, define

from circlekit.aggregates.history import HasHistory
from circlekit.budget import Spend
from circlekit.events.mass_send import (
    MassSendCancelled,
    MassSendConfirmed,
    MassSendCreated,
    MassSendEvent,
    MassSendReminded,
    MassSendSkipped,
    MassSendSource,
    Share,
)
from circlekit.events.rules import RuleBookAdopted
from circlekit.ids import CustomerId, GroupId, MemberId
from circlekit.policies.budgets import within_budgets
from circlekit.policies.mass_send import (
    is_a_sender,
    is_the_creator,
    nobody_confirmed,
    not_cancelled,
    not_too_many,
    somebody_waits,
)
from circlekit.rulebook import WECOM_2020, RuleBook
from circlekit.verdict import ALLOWED, Verdict, refused, require

Events = tuple[MassSendEvent, ...]


@define
class MassSend(HasHistory):
    """
    What must be remembered of a mass send to decide what happens next.

    Attributes:
        source: Whether it is staff's own or the company's.

        shares: What each sender has to send.

        confirmed: When each sender confirmed first, if they did.

        skipped_customers: Customers it was not sent to, and why.

        skipped_groups: Groups it was not sent to, and why.

        reminders: When its senders were reminded, oldest first.

        creator: Who wrote it.

        cancelled_at: When it was called off, None if it was not.
    """

    source: MassSendSource = "member"
    book: RuleBook = WECOM_2020
    shares: dict[str, Share] = Factory(dict)
    confirmed: dict[str, datetime] = Factory(dict)
    skipped_customers: dict[str, Verdict] = Factory(dict)
    skipped_groups: dict[str, Verdict] = Factory(dict)
    reminders: list[Spend] = Factory(list)
    creator: MemberId | None = None
    cancelled_at: datetime | None = None

    @property
    def waiting(self) -> tuple[MemberId, ...]:
        """
        Return the senders who have not confirmed, in the order of their shares.
        """
        return tuple(
            share.sender
            for share in self.shares.values()
            if share.sender not in self.confirmed
        )

    # Commands: may refuse, never change anything.

    def create(
        self,
        *,
        source: MassSendSource,
        text: str,
        images: tuple[str, ...] = (),
        shares: tuple[Share, ...],
        book: RuleBook,
        by: MemberId,
        at: datetime,
    ) -> Events:
        """
        Be written, for those named in the shares.
        """
        require(
            ALLOWED
            if self.version == 0
            else refused("already-created", f"mass send {self.id} was made already"),
            not_too_many(
                sum(len(share.customers) for share in shares),
                sum(len(share.groups) for share in shares),
                book=book,
            ),
        )
        return (
            MassSendCreated(
                source=source, text=text, images=images, shares=shares, by=by, at=at
            ),
            RuleBookAdopted(book=book, by=by, at=at),
        )

    def confirm(self, *, by: MemberId, at: datetime) -> Events:
        """
        Let a sender's share go out; confirmed again, nothing new has happened.
        """
        require(is_a_sender(by, self.shares), self._not_cancelled())
        if by in self.confirmed:
            return ()
        return (MassSendConfirmed(by=by, at=at),)

    def cancel(self, *, reason: str | None, by: MemberId, at: datetime) -> Events:
        """
        Call it off, as long as no sender has confirmed.
        """
        require(
            is_the_creator(by, self.creator),
            nobody_confirmed(self.confirmed),
            self._not_cancelled(),
        )
        return (MassSendCancelled(reason=reason, by=by, at=at),)

    def skip(
        self,
        verdict: Verdict,
        *,
        customer: CustomerId | None = None,
        group: GroupId | None = None,
        by: MemberId,
        at: datetime,
    ) -> MassSendSkipped:
        """
        Leave one recipient out; it was refused there, and is not judged again.
        """
        return MassSendSkipped(
            customer=customer, group=group, reasons=verdict.reasons, by=by, at=at
        )

    def remind(self, *, by: MemberId, at: datetime) -> Events:
        """
        Remind every sender who has not confirmed.
        """
        require(
            self._not_cancelled(),
            somebody_waits(self.waiting),
            within_budgets(
                self.book.mass_send_reminders, self.reminders, zone="UTC", at=at
            ),
        )
        return (MassSendReminded(senders=self.waiting, by=by, at=at),)

    def _not_cancelled(self) -> Verdict:
        return not_cancelled(cancelled=self.cancelled_at is not None)

    # History: never refuses, whatever today's rules say.

    def _evolve(self, event: MassSendEvent) -> None:
        match event:
            case MassSendSkipped():
                verdict = Verdict(event.reasons)
                if event.customer is not None:
                    self.skipped_customers[event.customer] = verdict
                if event.group is not None:
                    self.skipped_groups[event.group] = verdict
            case MassSendConfirmed():
                self.confirmed.setdefault(event.by, event.at)
            case MassSendReminded():
                self.reminders.append(Spend(event.at, self.version))
            case MassSendCancelled():
                self.cancelled_at = event.at
            case MassSendCreated():
                self.creator = event.by
                self.source = event.source
                self.shares = {share.sender: share for share in event.shares}
            case RuleBookAdopted():
                self.book = event.book
            case _:
                assert_never(event)
