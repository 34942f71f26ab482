"""
Mass sends: one message to many groups and customers, each within its budgets.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from attrs import Factory, define, frozen

from circlekit.aggregates.circle import Circle
from circlekit.aggregates.customer import Customer
from circlekit.aggregates.group import Group
from circlekit.aggregates.mass_send import MassSend
from circlekit.application.deciding import (
    Deciding,
    Work,
    batches,
    command,
    new_id,
    nothing,
)
from circlekit.errors import InvalidInputError, NotFoundError
from circlekit.events.mass_send import (
    MassSendCreated,
    MassSendReminded,
    MassSendSource,
    Share,
)
from circlekit.events.record import Recorded, stream_of
from circlekit.ids import CustomerId, GroupId, MassSendId, MemberId
from circlekit.rulebook import RuleBook, rule_book
from circlekit.text import (
    checked_id,
    checked_ids,
    checked_references,
    checked_text,
)
from circlekit.verdict import ALLOWED, RefusedError, Verdict

_NONE = RuleBook(name="none")


@define
class Reached:
    """
    Whom a mass send reaches, and who is skipped and why.

    Attributes:
        customers: Customers it reaches.

        groups: Groups it reaches.

        skipped_customers: Customers it does not reach, with the rules in the way.

        skipped_groups: Groups it does not reach, with the rules in the way.

        unknown_customers: Ids of which no customer is known.

        unknown_groups: Ids of which no group is known.

        senders: Who sends to each customer that is known.
    """

    customers: list[CustomerId] = Factory(list)
    groups: list[GroupId] = Factory(list)
    skipped_customers: dict[CustomerId, Verdict] = Factory(dict)
    skipped_groups: dict[GroupId, Verdict] = Factory(dict)
    unknown_customers: list[CustomerId] = Factory(list)
    unknown_groups: list[GroupId] = Factory(list)
    senders: dict[CustomerId, MemberId] = Factory(dict)

    @property
    def decided(self) -> int:
        """
        Return of how many that are known it says what becomes of them.
        """
        reached = len(self.customers) + len(self.groups)
        skipped = len(self.skipped_customers) + len(self.skipped_groups)
        return reached + skipped


@frozen(kw_only=True)
class MassSendState:
    """
    How far a mass send is.

    Attributes:
        mass_send: The mass send.

        source: Whether it is staff's own or the company's.

        shares: What each sender has to send.

        confirmed: When each sender confirmed, None for who has not.

        skipped_customers: Customers it was not sent to, with the rules in the way.

        skipped_groups: Groups it was not sent to, with the rules in the way.

        reminded: How often its senders were reminded.

        cancelled_at: When it was called off, None if it was not.
    """

    mass_send: MassSendId
    source: MassSendSource
    shares: tuple[Share, ...]
    confirmed: Mapping[MemberId, datetime | None]
    skipped_customers: Mapping[str, Verdict]
    skipped_groups: Mapping[str, Verdict]
    reminded: int
    cancelled_at: datetime | None = None


@define(eq=False, repr=False)
class MassSends(Deciding):
    """
    Use cases of mass sends.
    """

    @command
    def contact_customer(
        self,
        customer: CustomerId | str,
        *,
        by: MemberId | str,
        command_id: str | None = None,
    ) -> None:
        """
        Record that a member of staff had to do with a customer, as the host reports.

        Who did last is who sends them what the company sends to many.

        Raises:
            NotFoundError: If the customer is not known.
        """

        def plan(work: Work) -> None:
            it = work.customer(CustomerId(customer))
            work.record(it, it.contact(by=MemberId(by), at=work.at(it)))

        self._decide(
            "contact_customer",
            plan,
            nothing,
            about=stream_of("customer", customer),
            by=by,
            said=(),
            command_id=command_id,
        )

    def preview_mass_send(
        self,
        *,
        source: MassSendSource,
        by: MemberId | str,
        customers: Iterable[CustomerId | str] = (),
        groups: Iterable[GroupId | str] = (),
    ) -> Reached:
        """
        Answer whom a mass send would reach now, and who would be skipped and why.

        Nothing is written. It is decided by what a confirmed one is decided by, and
        takes one query for each 50 recipients, and a few for each circle.

        Args:
            source: ``member`` for one by staff, ``enterprise`` for the company's.
            by: Who would create it.
            customers: Customers it is meant for.
            groups: Groups it is meant for.

        Raises:
            InvalidInputError: If an argument is not accepted.
        """
        _source(source)
        creator = MemberId(checked_id("by", by))
        named, into = checked_ids("customers", customers), checked_ids("groups", groups)
        reached = Reached()
        made = MassSendId(new_id())
        with self._store.alone() as transaction:
            work = self._work(transaction)
            _look_at_customers(work, named, made, source, creator, reached)
            _look_at_groups(_Circles(work), into, made, source, creator, reached)
        return reached

    @command
    def create_mass_send(
        self,
        *,
        source: MassSendSource,
        by: MemberId | str,
        text: str = "",
        images: Sequence[str] = (),
        customers: Iterable[CustomerId | str] = (),
        groups: Iterable[GroupId | str] = (),
        rules: RuleBook | str = "wecom_2020",
        mass_send: MassSendId | str | None = None,
        command_id: str | None = None,
    ) -> MassSendId:
        """
        Write a message for many groups and customers; nobody has it yet.

        Whoever is to send it has to confirm: a member's own is sent by whoever
        creates it, the company's to each customer by the member of staff who last
        had to do with them, and into each group by its circle's owner.

        Args:
            source: ``member`` for one by staff, ``enterprise`` for the company's.
            by: Who creates it.
            text: Up to 20,000 characters; may be empty beside images.
            images: References that the host understands.
            customers: Customers it is meant for.
            groups: Groups it is meant for.
            rules: The rule book for how many it may be meant for, and reminders;
                who receives it has budgets by their own.
            mass_send: The mass send's id; made if not given.
            command_id: Makes the call safe to repeat.

        Raises:
            RefusedError: ``already-created``, ``mass-send-customers``,
                ``mass-send-groups``.
            InvalidInputError: If it is meant for nobody, or its content cannot be
                accepted.
            NotFoundError: If a customer or group is not known.
        """
        _source(source)
        seen = checked_references("images", images)
        checked_text("text", text, empty=bool(seen))
        named, into = checked_ids("customers", customers), checked_ids("groups", groups)
        if not named and not into:
            problem = "names nobody, and so does groups"
            raise InvalidInputError("customers", problem, "somebody to send it to")
        book = rule_book(rules)
        made = MassSendId(
            new_id() if mass_send is None else checked_id("mass_send", mass_send)
        )

        def plan(work: Work) -> None:
            it = work.blank_or_known(MassSend, made)
            created = it.create(
                source=source,
                text=text,
                images=seen,
                shares=_shares(work, source, MemberId(by), named, into),
                book=book,
                by=MemberId(by),
                at=work.at(it),
            )
            work.record(it, created)

        def answer(recorded: Sequence[Recorded]) -> MassSendId:
            return MassSendId(recorded[0].subject)

        return self._decide(
            "create_mass_send",
            plan,
            answer,
            about=stream_of("mass-send", made),
            by=by,
            said=(source, text, seen, named, into, book),
            command_id=command_id,
        )

    @command
    def confirm_mass_send(
        self,
        mass_send: MassSendId | str,
        *,
        by: MemberId | str,
        progress: Callable[[int], None] | None = None,
        command_id: str | None = None,
    ) -> Reached:
        """
        Send a sender's share to everybody in it who has room for it.

        Whoever has none is skipped with the reason, and for good; the others
        receive it. Confirmed again it has the same answer, and a share that was cut
        short is sent to its end.

        Args:
            mass_send: The mass send.
            by: One of its senders.
            progress: Called after each batch with the number decided so far.
            command_id: Makes the call safe to repeat.

        Raises:
            RefusedError: ``not-a-sender``, ``mass-send-cancelled``.
            NotFoundError: If the mass send is not known.
        """
        id_, sender = MassSendId(mass_send), MemberId(by)

        def confirmed(work: Work) -> None:
            it = work.mass_send(id_)
            events = it.confirm(by=sender, at=work.at(it))
            if events:
                work.record(it, events)

        self._decide(
            "confirm_mass_send",
            confirmed,
            nothing,
            about=stream_of("mass-send", mass_send),
            by=by,
            said=(),
            command_id=command_id,
        )
        with self._store.alone() as transaction:
            share = self._work(transaction).mass_send(id_).shares[sender]
        reached = Reached()
        for customers in batches(share.customers):
            self._carried_out(_to_customers(id_, sender, customers, reached))
            if progress is not None:
                progress(reached.decided)
        for groups in batches(share.groups):
            self._carried_out(_into_groups(id_, sender, groups, reached))
            if progress is not None:
                progress(reached.decided)
        return reached

    @command
    def cancel_mass_send(
        self,
        mass_send: MassSendId | str,
        *,
        by: MemberId | str,
        reason: str | None = None,
        command_id: str | None = None,
    ) -> None:
        """
        Call a mass send off before any of its senders has confirmed.

        Nobody confirms it then, nor is reminded to. It has used nothing of anybody's
        budgets up: that is only what was sent.

        Args:
            mass_send: The mass send.
            by: Who created it.
            reason: Why, up to 20,000 characters.
            command_id: Makes the call safe to repeat.

        Raises:
            RefusedError: ``not-the-creator``, ``mass-send-confirmed`` once a sender
                has, ``mass-send-cancelled``.
            InvalidInputError: If the reason cannot be accepted.
            NotFoundError: If the mass send is not known.
        """
        if reason is not None:
            checked_text("reason", reason)

        def plan(work: Work) -> None:
            it = work.mass_send(MassSendId(mass_send))
            cancelled = it.cancel(reason=reason, by=MemberId(by), at=work.at(it))
            work.record(it, cancelled)

        self._decide(
            "cancel_mass_send",
            plan,
            nothing,
            about=stream_of("mass-send", mass_send),
            by=by,
            said=(reason,),
            command_id=command_id,
        )

    @command
    def remind_mass_send(
        self,
        mass_send: MassSendId | str,
        *,
        by: MemberId | str,
        command_id: str | None = None,
    ) -> tuple[MemberId, ...]:
        """
        Record that the senders who have not confirmed are reminded; return them.

        Raises:
            RefusedError: ``mass-send-cancelled``, ``nobody-to-remind``,
                ``mass-send-reminder`` (or as the rule book names its budget).
            NotFoundError: If the mass send is not known.
        """

        def plan(work: Work) -> None:
            it = work.mass_send(MassSendId(mass_send))
            work.record(it, it.remind(by=MemberId(by), at=work.at(it)))

        def answer(recorded: Sequence[Recorded]) -> tuple[MemberId, ...]:
            (reminded,) = (
                it.event for it in recorded if isinstance(it.event, MassSendReminded)
            )
            senders: tuple[MemberId, ...] = reminded.senders
            return senders

        return self._decide(
            "remind_mass_send",
            plan,
            answer,
            about=stream_of("mass-send", mass_send),
            by=by,
            said=(),
            command_id=command_id,
        )

    def mass_send(self, mass_send: MassSendId | str) -> MassSendState:
        """
        Return how far a mass send is: who has confirmed, and who was skipped and why.

        Raises:
            NotFoundError: If the mass send is not known.
        """
        id_ = MassSendId(checked_id("mass_send", mass_send))
        with self._store.alone() as transaction:
            it = self._work(transaction).mass_send(id_)
            return MassSendState(
                mass_send=id_,
                source=it.source,
                shares=tuple(it.shares.values()),
                confirmed={
                    share.sender: it.confirmed.get(share.sender)
                    for share in it.shares.values()
                },
                skipped_customers=dict(it.skipped_customers),
                skipped_groups=dict(it.skipped_groups),
                reminded=len(it.reminders),
                cancelled_at=it.cancelled_at,
            )


def _to_customers(
    id_: MassSendId, sender: MemberId, batch: Sequence[str], reached: Reached
) -> Callable[[Work], None]:
    def plan(work: Work) -> None:
        it, skipped = work.mass_send(id_), []
        already = it.skipped_customers
        for named, customer in work.each(Customer, batch):
            customer_id = CustomerId(named)
            if customer is None:
                raise NotFoundError("customer", customer_id)
            if customer_id in already:
                reached.skipped_customers[customer_id] = already[customer_id]
                continue
            try:
                received = customer.receive_mass_send(
                    id_, source=it.source, by=sender, at=work.at(customer)
                )
            except RefusedError as refusal:
                verdict = refusal.verdict
                reached.skipped_customers[customer_id] = verdict
                skipped.append(
                    it.skip(verdict, customer=customer_id, by=sender, at=work.at(it))
                )
                continue
            if received:
                work.record_one(customer, received)
            reached.customers.append(customer_id)
        if skipped:
            work.record(it, skipped)

    return plan


def _into_groups(
    id_: MassSendId, sender: MemberId, batch: Sequence[str], reached: Reached
) -> Callable[[Work], None]:
    def plan(work: Work) -> None:
        it, skipped = work.mass_send(id_), []
        created: MassSendCreated = work.cited(it, 1).event
        circles, already = _Circles(work), it.skipped_groups
        for named, group in work.each(Group, batch):
            group_id = GroupId(named)
            if group is None:
                raise NotFoundError("group", group_id)
            if group_id in already:
                reached.skipped_groups[group_id] = already[group_id]
                continue
            try:
                received = circles.into(
                    group,
                    id_,
                    it.source,
                    sender,
                    created.text,
                    created.images,
                )
            except RefusedError as refusal:
                verdict = refusal.verdict
                reached.skipped_groups[group_id] = verdict
                skipped.append(
                    it.skip(verdict, group=group_id, by=sender, at=work.at(it))
                )
                continue
            if received:
                work.record_one(group, received)
            reached.groups.append(group_id)
        if skipped:
            work.record(it, skipped)

    return plan


def _look_at_customers(
    work: Work,
    ids: Sequence[str],
    made: MassSendId,
    source: MassSendSource,
    creator: MemberId,
    reached: Reached,
) -> None:
    for named, customer in work.each(Customer, ids):
        customer_id = CustomerId(named)
        if customer is None:
            reached.unknown_customers.append(customer_id)
            continue
        sender = creator if source == "member" else customer.sender
        reached.senders[customer_id] = sender
        try:
            customer.receive_mass_send(
                made, source=source, by=sender, at=work.at(customer)
            )
        except RefusedError as refusal:
            reached.skipped_customers[customer_id] = refusal.verdict
        else:
            reached.customers.append(customer_id)


def _look_at_groups(
    circles: "_Circles",
    ids: Sequence[str],
    made: MassSendId,
    source: MassSendSource,
    creator: MemberId,
    reached: Reached,
) -> None:
    for named, group in circles.work.each(Group, ids):
        group_id = GroupId(named)
        if group is None:
            reached.unknown_groups.append(group_id)
            continue
        sender = circles.sender(group, source, creator)
        try:
            circles.into(group, made, source, sender, "", ())
        except RefusedError as refusal:
            reached.skipped_groups[group_id] = refusal.verdict
        else:
            reached.groups.append(group_id)


@define
class _Circles:
    """
    The circles of groups, each looked up once for a batch.
    """

    work: Work
    known: dict[str, Circle] = Factory(dict)

    def of(self, group: Group) -> Circle | None:
        if group.circle is None:
            return None
        if group.circle not in self.known:
            self.known[group.circle] = self.work.circle(group.circle)
        return self.known[group.circle]

    def sender(self, group: Group, source: MassSendSource, by: MemberId) -> MemberId:
        circle = self.of(group)
        owner = None if circle is None or source == "member" else circle.owner
        return by if owner is None else owner

    def into(
        self,
        group: Group,
        mass_send: MassSendId,
        source: MassSendSource,
        by: MemberId,
        text: str,
        images: tuple[str, ...],
    ) -> Sequence[object]:
        circle, at = self.of(group), self.work.at(group)
        return group.receive_mass_send(
            mass_send,
            text=text,
            images=images,
            source=source,
            role=circle.role(by) if circle else None,
            there=circle.teacher_acts(by, at) if circle else ALLOWED,
            book=circle.book if circle else _NONE,
            zone=circle.zone if circle else "UTC",
            by=by,
            at=at,
        )


def _shares(
    work: Work,
    source: MassSendSource,
    by: MemberId,
    customers: Sequence[str],
    groups: Sequence[str],
) -> tuple[Share, ...]:
    to: dict[MemberId, tuple[list[CustomerId], list[GroupId]]] = {}
    circles = _Circles(work)
    for named, customer in work.each(Customer, customers):
        if customer is None:
            raise NotFoundError("customer", named)
        sender = by if source == "member" else customer.sender
        to.setdefault(sender, ([], []))[0].append(CustomerId(named))
    for named, group in work.each(Group, groups):
        if group is None:
            raise NotFoundError("group", named)
        sender = circles.sender(group, source, by)
        to.setdefault(sender, ([], []))[1].append(GroupId(named))
    return tuple(
        Share(sender=sender, customers=tuple(some), groups=tuple(into))
        for sender, (some, into) in to.items()
    )


def _source(source: str) -> None:
    if source not in ("member", "enterprise"):
        raise InvalidInputError("source", f"{source!r} is none", "member, enterprise")
