"""
May this message be sent to this customer or group?

A mass send is written once and goes to many. It is sent by members of staff: to
each customer by the one who last had to do with them. Nothing is sent, and nothing
counts, before a sender confirms; until then whoever wrote it may call it off. Limits
protect who receives, so they are counted by customer and group; who is over a limit
is skipped, for good, and the others receive it.

Source: 001_91e06b73f5afe1ab:18 (the assistant, for lecturers); the numbers are
those of WeCom's pages on mass sends of 2020 and 2025.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from attrs import frozen

from circlekit.budget import Spend
from circlekit.events.mass_send import MassSendSource
from circlekit.policies.budgets import within_budgets
from circlekit.rulebook import RuleBook
from circlekit.verdict import ALLOWED, Reason, Verdict, refused


@frozen
class Received:
    """
    A mass send that somebody received.

    Attributes:
        at: When.

        version: The place of its event in their history.

        source: Whether it was staff's own or the company's.

        by: Who sent it.
    """

    at: datetime
    version: int
    source: MassSendSource
    by: str


def within_mass_send_budgets(
    book: RuleBook,
    received: Sequence[Received],
    *,
    source: MassSendSource,
    by: str,
    zone: str,
    at: datetime,
) -> Verdict:
    """
    Ask the budgets of whoever sends, on what was received so far.
    """
    ours = book.mass_sends_by_member and source == "member"
    budgets = (
        book.member_mass_sends if source == "member" else book.enterprise_mass_sends
    )
    counted = [
        Spend(it.at, it.version)
        for it in received
        if book.mass_sends_share_budgets
        or (it.source == source and (it.by == by or not ours))
    ]
    return within_budgets(budgets, counted, zone=zone, at=at)


def not_too_many(customers: int, groups: int, *, book: RuleBook) -> Verdict:
    """
    A mass send goes to so many customers and groups at once.

    >>> book = RuleBook(name="small", mass_send_customers=2)
    >>> str(not_too_many(3, 0, book=book))
    'mass-send-customers: 3 customers, of at most 2'
    """
    reasons = []
    if customers > book.mass_send_customers:
        reasons.append(
            Reason(
                rule="mass-send-customers",
                because=f"{customers} customers, of at most {book.mass_send_customers}",
                used=customers,
                limit=book.mass_send_customers,
            )
        )
    if groups > book.mass_send_groups:
        reasons.append(
            Reason(
                rule="mass-send-groups",
                because=f"{groups} groups, of at most {book.mass_send_groups}",
                used=groups,
                limit=book.mass_send_groups,
            )
        )
    return Verdict(tuple(reasons))


def is_a_sender(by: str, senders: Collection[str]) -> Verdict:
    """
    Only who has a share of it to send confirms it.
    """
    if by in senders:
        return ALLOWED
    return refused("not-a-sender", f"{by} has nothing of this mass send to send")


def is_the_creator(by: str, creator: str | None) -> Verdict:
    """
    Only who wrote it calls it off.
    """
    if by == creator:
        return ALLOWED
    return refused("not-the-creator", f"{by} did not write this mass send")


def nobody_confirmed(confirmed: Collection[str]) -> Verdict:
    """
    What has begun to go out is not called off.

    >>> str(nobody_confirmed(["tao"]))
    'mass-send-confirmed: tao has confirmed'
    """
    if not confirmed:
        return ALLOWED
    who = ", ".join(confirmed)
    verb = "has" if len(confirmed) == 1 else "have"
    return refused("mass-send-confirmed", f"{who} {verb} confirmed")


def not_cancelled(*, cancelled: bool) -> Verdict:
    """
    Nothing is done about a mass send that was called off.
    """
    if cancelled:
        return refused("mass-send-cancelled", "this mass send was called off")
    return ALLOWED


def somebody_waits(waiting: Collection[str]) -> Verdict:
    """
    Senders are reminded while one of them has not confirmed.
    """
    if waiting:
        return ALLOWED
    return refused("nobody-to-remind", "every sender has confirmed")


def sender_of(
    contacts: Mapping[str, datetime], *, owner: str | None, otherwise: str
) -> str:
    """
    Return who sends to a customer: the one who last had to do with them.

    Of several at the same moment it is the customer's owner, else the lowest id.
    Where nobody has yet, it is the owner, and *otherwise* who took them in.

    >>> from datetime import UTC
    >>> noon = datetime(2020, 3, 1, 12, tzinfo=UTC)
    >>> sender_of({"tao": noon, "lin": noon}, owner="tao", otherwise="mei")
    'tao'
    >>> sender_of({"tao": noon, "lin": noon}, owner="mei", otherwise="mei")
    'lin'
    """
    if not contacts:
        return otherwise if owner is None else owner
    newest = max(contacts.values())
    last = [member for member, at in contacts.items() if at == newest]
    return owner if owner in last else min(last)
