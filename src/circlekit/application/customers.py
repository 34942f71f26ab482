"""
Customers: taking them in, looking after them, and showing them moments.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from attrs import Factory, define, frozen

from circlekit.aggregates.customer import Customer, Events
from circlekit.application.deciding import (
    Deciding,
    Work,
    batches,
    command,
    new_id,
    nothing,
    own_command_id,
)
from circlekit.clock import zone_named
from circlekit.errors import InvalidInputError
from circlekit.events.customer import MomentPublished, MomentSource
from circlekit.events.record import stream_of
from circlekit.events.refusal import CommandRefused
from circlekit.ids import CustomerId, MemberId, MomentId
from circlekit.rulebook import RuleBook, rule_book
from circlekit.text import (
    checked_id,
    checked_ids,
    checked_name,
    checked_references,
    checked_text,
)
from circlekit.verdict import ALLOWED, RefusedError, Verdict


@frozen
class MomentReport:
    """
    Whom a moment reached, and who was skipped and why.

    Attributes:
        moment: The moment that was published.

        shown: Customers it was shown to.

        skipped: Customers it was not shown to, each with the rules in the way.

        unknown: Ids of which no customer is known.
    """

    moment: MomentId
    shown: tuple[CustomerId, ...]
    skipped: Mapping[CustomerId, Verdict]
    unknown: tuple[CustomerId, ...] = ()


@define(eq=False, repr=False)
class Customers(Deciding):
    """
    Use cases of customers.
    """

    @command
    def add_customer(
        self,
        customer: CustomerId | str,
        *,
        channel: str,
        by: MemberId | str,
        organisation: str | None = None,
        zone: str = "Asia/Shanghai",
        rules: RuleBook | str = "wecom_2020",
        command_id: str | None = None,
    ) -> CustomerId:
        """
        Take a customer in.

        Args:
            customer: The customer's id, unique for the company.
            channel: What brought them, as in ``qr`` or ``splash``.
            by: The member of staff, or whatever system reported it.
            organisation: The company.
            zone: IANA zone in which calendar windows are counted.
            rules: A rule book, or the name of one that is shipped.
            command_id: Makes the call safe to repeat.

        Raises:
            RefusedError: ``already-a-customer``.
            InvalidInputError: If a name, zone or rule book is not accepted.
        """
        checked_name("channel", channel)
        zone_named(zone)
        book = rule_book(rules)
        if organisation is not None:
            checked_id("organisation", organisation)
        who = CustomerId(checked_id("customer", customer))

        def plan(work: Work) -> None:
            it = work.blank_or_known(Customer, who)
            added = it.add(
                channel=channel,
                organisation=organisation,
                zone=zone,
                book=book,
                by=MemberId(by),
                at=work.at(it),
            )
            work.record(it, added)

        return self._decide(
            "add_customer",
            plan,
            lambda _: who,
            about=stream_of("customer", who),
            by=by,
            said=(channel, organisation, zone, book),
            command_id=command_id,
        )

    @command
    def complete_profile(
        self,
        customer: CustomerId | str,
        *,
        by: MemberId | str,
        command_id: str | None = None,
    ) -> None:
        """
        Say that all of a customer's profile is there.

        Raises:
            RefusedError: ``profile-complete``.
        """
        self._on_customer(
            "complete_profile", Customer.complete_profile, customer, by, command_id
        )

    @command
    def tag_customer(
        self,
        customer: CustomerId | str,
        tag: str,
        *,
        by: MemberId | str,
        command_id: str | None = None,
    ) -> None:
        """
        Put a tag on a customer.

        Raises:
            RefusedError: ``already-tagged``.
            InvalidInputError: If the tag is no name.
        """
        checked_name("tag", tag)
        self._on_customer("tag_customer", Customer.tag, customer, by, command_id, tag)

    @command
    def untag_customer(
        self,
        customer: CustomerId | str,
        tag: str,
        *,
        by: MemberId | str,
        command_id: str | None = None,
    ) -> None:
        """
        Take a tag off a customer.

        Raises:
            RefusedError: ``not-tagged``.
        """
        checked_name("tag", tag)
        self._on_customer(
            "untag_customer", Customer.untag, customer, by, command_id, tag
        )

    @command
    def assign_customer(
        self,
        customer: CustomerId | str,
        owner: MemberId | str,
        *,
        by: MemberId | str,
        command_id: str | None = None,
    ) -> None:
        """
        Give a customer to one member of staff.

        Raises:
            RefusedError: ``already-assigned``.
        """
        checked_id("owner", owner)
        self._on_customer(
            "assign_customer", Customer.assign, customer, by, command_id, owner
        )

    @command
    def friendship_begun(
        self,
        customer: CustomerId | str,
        member: MemberId | str,
        *,
        by: MemberId | str,
        command_id: str | None = None,
    ) -> None:
        """
        Record that a customer and a member of staff became friends.

        The host reports it. Nobody has to say so of staff who never ceased to be
        friends: it is presumed. Whoever becomes one just had to do with them.

        Raises:
            RefusedError: ``already-a-friend``.
            NotFoundError: If the customer is not known.
        """
        checked_id("member", member)
        self._on_customer(
            "friendship_begun", Customer.befriend, customer, by, command_id, member
        )

    @command
    def friendship_ended(
        self,
        customer: CustomerId | str,
        member: MemberId | str | None = None,
        *,
        by: MemberId | str,
        command_id: str | None = None,
    ) -> None:
        """
        Record that a customer and a member of staff are friends no longer.

        The host reports it, whichever of the two ended it. What that member sends to
        many or publishes does not reach the customer from then on; the company's goes
        by whoever else of the staff is a friend, and does not if nobody is.

        Args:
            customer: The customer.
            member: The member of staff; None means all of the company's.
            by: Who reports it.
            command_id: Makes the call safe to repeat.

        Raises:
            RefusedError: ``not-a-friend`` if they are none already.
            NotFoundError: If the customer is not known.
        """
        if member is not None:
            checked_id("member", member)
        self._on_customer(
            "friendship_ended", Customer.part, customer, by, command_id, member
        )

    @command
    def show_moment(
        self,
        moment: MomentId | str,
        customer: CustomerId | str,
        *,
        source: MomentSource,
        by: MemberId | str,
        command_id: str | None = None,
    ) -> None:
        """
        Show a moment to one customer, if the budgets leave room for it.

        Raises:
            RefusedError: ``moment-day``, ``moment-month`` (or as the rule book
                names its budgets), ``moment-already-shown``, ``not-a-friend``.
        """
        _source(source)
        checked_id("moment", moment)

        def decide(it: Customer, shown: str, *, by: MemberId, at: datetime) -> Events:
            return it.show_moment(MomentId(shown), source=source, by=by, at=at)

        self._on_customer("show_moment", decide, customer, by, command_id, moment)

    def publish_moment(
        self,
        customers: Iterable[CustomerId | str],
        *,
        source: MomentSource,
        by: MemberId | str,
        text: str = "",
        images: Sequence[str] = (),
        moment: MomentId | str | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> MomentReport:
        """
        Publish a moment once, and show it to every customer with room for it.

        A customer over budget, or who is no friend any more, is skipped with the
        reason; the others still get it. Published again under the same id, it reaches
        only whom it did not reach yet, so a publication that was cut short can be run
        again.

        Args:
            customers: Whom it is meant for.
            source: ``member`` of staff, or ``enterprise``; each has its budget.
            by: Who publishes.
            text: Up to 20,000 characters; may be empty beside images.
            images: References that the host understands.
            moment: The moment's id; made if not given.
            progress: Called after each batch with the number decided so far.

        Raises:
            InvalidInputError: If the content cannot be accepted.
        """
        _source(source)
        seen = checked_references("images", images)
        checked_text("text", text, empty=bool(seen))
        named = checked_ids("customers", customers)
        made = MomentId(new_id() if moment is None else checked_id("moment", moment))
        showing = _Showing(made, source, MemberId(by))
        self._publish_once(made, source, MemberId(by), text, seen)
        for batch in batches(named):
            self._carried_out(showing.to(batch))
            if progress is not None:
                progress(showing.decided)
        return showing.report()

    def preview_moment(
        self,
        customers: Iterable[CustomerId | str],
        *,
        source: MomentSource,
        by: MemberId | str,
        moment: MomentId | str | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> MomentReport:
        """
        Answer whom a moment would reach now, and who would be skipped and why.

        Nothing is written. It is decided by what :meth:`publish_moment` decides by,
        for all customers as they are at one moment.

        Args:
            customers: Whom it would be meant for.
            source: ``member`` of staff, or ``enterprise``.
            by: Who would publish.
            moment: A moment's id, if it was published before; else one is made,
                under which this one may be published.
            progress: Called after each batch with the number looked at so far.

        Raises:
            InvalidInputError: If an argument is not accepted.
        """
        _source(source)
        publisher = MemberId(checked_id("by", by))
        named = checked_ids("customers", customers)
        made = MomentId(new_id() if moment is None else checked_id("moment", moment))
        showing = _Showing(made, source, publisher)
        with self._store.reading() as transaction:
            for batch in batches(named):
                for _ in showing.each(self._work(transaction), batch):
                    pass  # It keeps count, and nothing is written.
                if progress is not None:
                    progress(showing.decided)
        return showing.report()

    def _publish_once(
        self,
        moment: MomentId,
        source: MomentSource,
        by: MemberId,
        text: str,
        images: tuple[str, ...],
    ) -> None:
        stream = stream_of("moment", moment)

        def plan(work: Work) -> None:
            event = MomentPublished(
                source=source, text=text, images=images, by=by, at=work.now
            )
            work.publish(stream, [event])

        self._decide(
            "publish_moment",
            plan,
            nothing,
            about=stream,
            by=by,
            said=(source, text, images),
            command_id=own_command_id("publish_moment", moment),
        )

    def _on_customer(
        self,
        name: str,
        decide: Callable[..., Events],
        customer: CustomerId | str,
        by: MemberId | str,
        command_id: str | None,
        *said: str | None,
    ) -> None:
        def plan(work: Work) -> None:
            it = work.customer(CustomerId(customer))
            work.record(it, decide(it, *said, by=MemberId(by), at=work.at(it)))

        self._decide(
            name,
            plan,
            nothing,
            about=stream_of("customer", customer),
            by=by,
            said=said,
            command_id=command_id,
        )


@define
class _Showing:
    """
    A moment on its way to many customers.
    """

    moment: MomentId
    source: MomentSource
    by: MemberId
    shown: list[CustomerId] = Factory(list)
    skipped: dict[CustomerId, Verdict] = Factory(dict)
    unknown: list[CustomerId] = Factory(list)
    # Many are skipped for the very same reasons.
    verdicts: dict[Verdict, Verdict] = Factory(dict)

    @property
    def decided(self) -> int:
        return len(self.shown) + len(self.skipped) + len(self.unknown)

    def report(self) -> MomentReport:
        return MomentReport(
            self.moment, tuple(self.shown), self.skipped, tuple(self.unknown)
        )

    def to(self, customers: Sequence[str]) -> Callable[[Work], None]:
        def plan(work: Work) -> None:
            for customer, verdict, events in self.each(work, customers):
                if events:
                    work.record_one(customer, events)
                elif verdict.reasons:
                    refused = CommandRefused(
                        command="show_moment",
                        reasons=verdict.reasons,
                        by=self.by,
                        at=work.at(customer),
                    )
                    work.record_one(customer, refused)

        return plan

    def each(
        self, work: Work, customers: Sequence[str]
    ) -> Iterator[tuple[Customer, Verdict, Events]]:
        for id_, customer in work.each(Customer, customers):
            customer_id = CustomerId(id_)
            if customer is None:
                self.unknown.append(customer_id)
            elif self.moment in customer.shown:
                self.shown.append(customer_id)
            else:
                try:
                    events = customer.show_moment(
                        self.moment,
                        source=self.source,
                        by=self.by,
                        at=max(work.now, customer.last_at),
                    )
                except RefusedError as refusal:
                    verdict = self.verdicts.setdefault(refusal.verdict, refusal.verdict)
                    self.skipped[customer_id] = verdict
                    yield customer, verdict, ()
                else:
                    self.shown.append(customer_id)
                    yield customer, ALLOWED, events


def _source(source: str) -> None:
    if source not in ("member", "enterprise"):
        raise InvalidInputError("source", f"{source!r} is none", "member, enterprise")
