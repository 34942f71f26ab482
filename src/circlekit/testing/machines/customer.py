"""
Drive a customer at random, beside a model of it.
"""

from datetime import datetime
from itertools import chain
from typing import Final, Literal

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule
from hypothesis.strategies import SearchStrategy

from circlekit.aggregates.contacts import Contacts
from circlekit.aggregates.customer import Customer
from circlekit.aggregates.mass_sends_received import MassSendsReceived
from circlekit.budget import Budget, Spend
from circlekit.events.customer import (
    CustomerAdded,
    CustomerAssigned,
    CustomerContacted,
    CustomerTagged,
    CustomerUntagged,
    FriendshipBegun,
    FriendshipEnded,
    MomentShown,
    MomentSource,
    ProfileCompleted,
)
from circlekit.events.mass_send import MassSendDelivered
from circlekit.events.rules import RuleBookAdopted
from circlekit.ids import MassSendId, MemberId, MomentId
from circlekit.policies.mass_send import Received
from circlekit.rulebook import RuleBook
from circlekit.testing.machines.counting import Spent
from circlekit.testing.machines.machine import (
    CAST,
    PEOPLE,
    Machine,
    a_rule_book,
    a_wait,
    a_zone,
    some_waits,
    someone,
)
from circlekit.testing.machines.waiting import Wait
from circlekit.testing.strategies import daily_budgets, moments, some_budgets

_FEW: Final = some_budgets("moment-day", "moment-month")
_SENDS: Final = st.lists(daily_budgets("mass-send-month"), min_size=1, max_size=1).map(
    tuple
) | st.just(())
_BOOKS: Final = st.builds(
    RuleBook,
    name=st.just("small"),
    member_moments=_FEW,
    enterprise_moments=_FEW,
    moments_share_budgets=st.booleans(),
    member_mass_sends=_SENDS,
    enterprise_mass_sends=_SENDS,
    mass_sends_share_budgets=st.booleans(),
    mass_sends_by_member=st.sampled_from((True, False)),
)


class CustomerMachine(Machine[Customer]):
    """
    Drive a customer: profile, tags, owner, friends, and the moments they are shown.
    """

    def __init__(self) -> None:
        super().__init__()
        self.completed = False
        self.tags: list[str] = []
        self.owner: str | None = None
        self.shown: list[str] = []
        self.by_source: dict[str, list[Spent]] = {"member": [], "enterprise": []}
        self.received: list[tuple[str, MomentSource, str, Spent]] = []
        self.met: list[tuple[str, datetime]] = []
        self.reports: list[tuple[str | None, bool]] = []

    def blank(self) -> Customer:
        """
        Return the customer before anybody took them in.
        """
        return Customer("an")

    def small_books(self) -> SearchStrategy[RuleBook]:
        """
        Return small rule books, which differ in what concerns a customer.
        """
        return _BOOKS

    @initialize(book=a_rule_book(), zone=a_zone(), at=moments())
    def add(self, book: RuleBook, zone: str, at: datetime) -> None:
        """
        Take the customer in, and try it twice.
        """
        self.clock = at
        self._add(book, zone)
        self.book, self.zone = book, zone
        self._add(book, "UTC")

    @rule(
        what=st.sampled_from(("complete profile", "tag", "untag", "assign")),
        tag=st.sampled_from(("vip", "新客")),
        owner=PEOPLE,
        by=someone(),
    )
    def change(
        self,
        what: Literal["complete profile", "tag", "untag", "assign"],
        tag: str,
        owner: MemberId,
        by: MemberId,
    ) -> None:
        """
        Change what is known of the customer.
        """
        match what:
            case "complete profile":
                self.complete_profile(by)
            case "tag":
                self.put_tag_on(tag, by)
            case "untag":
                self.take_tag_off(tag, by)
            case "assign":
                self.assign(owner, by)

    def complete_profile(self, by: MemberId) -> None:
        """
        Say that the profile is complete.
        """
        self.ask(
            lambda at: self.it.complete_profile(by=by, at=at),
            refused_if={"profile-complete": self.completed},
            then=[ProfileCompleted(by=by, at=self.at)],
        )
        self.completed = True

    def put_tag_on(self, tag: str, by: MemberId) -> None:
        """
        Put a tag on.
        """
        if self.ask(
            lambda at: self.it.tag(tag, by=by, at=at),
            refused_if={"already-tagged": tag in self.tags},
            then=[CustomerTagged(tag=tag, by=by, at=self.at)],
        ):
            self.tags.append(tag)

    def take_tag_off(self, tag: str, by: MemberId) -> None:
        """
        Take a tag off.
        """
        if self.ask(
            lambda at: self.it.untag(tag, by=by, at=at),
            refused_if={"not-tagged": tag not in self.tags},
            then=[CustomerUntagged(tag=tag, by=by, at=self.at)],
        ):
            self.tags.remove(tag)

    def assign(self, owner: MemberId, by: MemberId) -> None:
        """
        Give the customer to one member of staff.
        """
        if self.ask(
            lambda at: self.it.assign(owner, by=by, at=at),
            refused_if={"already-assigned": owner == self.owner},
            then=[CustomerAssigned(owner=owner, by=by, at=self.at)],
        ):
            self.owner = owner

    @rule(
        wait=a_wait(),
        moment=st.integers(1, 9).map(lambda n: MomentId(f"moment-{n}")),
        source=st.sampled_from(("member", "enterprise")),
        by=someone(),
    )
    def show_moment(
        self, wait: Wait, moment: MomentId, source: MomentSource, by: MemberId
    ) -> None:
        """
        Wait, then show the customer a moment.
        """
        self.wait(wait)
        if self.ask(
            lambda at: self.it.show_moment(moment, source=source, by=by, at=at),
            refused_if={
                "moment-already-shown": moment in self.shown,
                "not-a-friend": not self._friend(
                    by if source == "member" else self._sender()
                ),
            },
            then=[MomentShown(moment=moment, source=source, by=by, at=self.at)],
            budgets=self._budgets(source),
            spent=self._counted(source),
        ):
            self.shown.append(moment)
            if source == "member":
                self.met.append((by, self.it.last_at))
            self.by_source[source].append(Spent(self.it.last_at, len(self.history)))

    @rule(
        waits=some_waits(),
        source=st.sampled_from(("member", "enterprise")),
    )
    def show_moments(self, waits: list[Wait], source: MomentSource) -> None:
        """
        Show several, waiting before each: what this machine is most about.
        """
        for wait in waits:
            moment = MomentId(f"moment-at-{self.place}")
            self.show_moment(wait, moment, source, MemberId("mei"))

    @rule(by=someone())
    def contact(self, by: MemberId) -> None:
        """
        Let somebody have had to do with the customer.
        """
        self.ask(
            lambda at: self.it.contact(by=by, at=at),
            refused_if={},
            then=[CustomerContacted(by=by, at=self.at)],
        )
        self.met.append((by, self.it.last_at))

    @rule(
        who=st.one_of(someone(), someone(), st.none()),
        by=someone(),
        begins=st.booleans(),
    )
    def report(self, who: MemberId | None, by: MemberId, *, begins: bool) -> None:
        """
        Report that a friendship began or ended; for nobody named, that all have.
        """
        if begins and who is not None:
            said = [friend for it, friend in self._since_all_ended() if it == who]
            if self.ask(
                lambda at: self.it.befriend(who, by=by, at=at),
                refused_if={"already-a-friend": said[-1:] == [True]},
                then=[FriendshipBegun(member=who, by=by, at=self.at)],
            ):
                self.reports.append((who, True))
                self.met.append((who, self.it.last_at))
            return
        left = [it for it in (*CAST, "anybody") if self._friend(it)]
        if self.ask(
            lambda at: self.it.part(who, by=by, at=at),
            refused_if={
                "not-a-friend": not left if who is None else not self._friend(who)
            },
            then=[FriendshipEnded(member=who, by=by, at=self.at)],
        ):
            self.reports.append((who, False))

    @rule(
        wait=a_wait(),
        number=st.integers(1, 60),
        source=st.sampled_from(("member", "enterprise")),
        by=someone(),
    )
    def receive_mass_send(
        self, wait: Wait, number: int, source: MomentSource, by: MemberId
    ) -> None:
        """
        Wait, then send the customer what goes out to many.
        """
        self.wait(wait)
        self._receive(MassSendId(f"send-{number}"), source, by)

    @rule(
        source=st.sampled_from(("member", "enterprise")),
        by=someone(),
        times=st.sampled_from((2, 7, 32)),
    )
    def receive_mass_sends(
        self, source: MomentSource, by: MemberId, times: int
    ) -> None:
        """
        Send them so many at once: a month may hold many.
        """
        for _ in range(times):
            self._receive(MassSendId(f"send-at-{self.place}"), source, by)

    def at_the_end(self) -> None:
        """
        Let each of the staff send as much as they may.
        """
        for by in CAST:
            self.report(by, by, begins=True)
            self.receive_mass_sends("member", by, 12)

    def _receive(
        self, mass_send: MassSendId, source: MomentSource, by: MemberId
    ) -> None:
        again = any(mass_send == it for it, *_ in self.received)
        delivered = MassSendDelivered(
            mass_send=mass_send, source=source, by=by, at=self.at
        )
        allowed = self.ask(
            lambda at: self.it.receive_mass_send(
                mass_send, source=source, by=by, at=at
            ),
            refused_if={"not-a-friend": not again and not self._friend(by)},
            then=[] if again else [delivered],
            budgets=() if again else self._sends(source),
            spent=self._sent(source, by),
        )
        if allowed and not again:
            spent = Spent(self.it.last_at, len(self.history))
            self.received.append((mass_send, source, by, spent))
            self.met.append((by, self.it.last_at))

    def _sends(self, source: MomentSource) -> tuple[Budget, ...]:
        if source == "member":
            return self.book.member_mass_sends
        return self.book.enterprise_mass_sends

    def _sent(self, source: MomentSource, by: str) -> list[Spent]:
        if self.book.mass_sends_share_budgets:
            return [spent for *_, spent in self.received]
        mine = source == "member" and self.book.mass_sends_by_member
        return [
            spent
            for _, from_, who, spent in self.received
            if from_ == source and (who == by or not mine)
        ]

    def _since_all_ended(self) -> list[tuple[str, bool]]:
        found: list[tuple[str, bool]] = []
        for who, friend in self.reports:
            if who is None:
                found = []
            else:
                found.append((who, friend))
        return found

    def _friend(self, who: str) -> bool:
        said = [friend for it, friend in self._since_all_ended() if it == who]
        return said[-1] if said else (None, False) not in self.reports

    def _sender(self) -> str:
        # Friends before others; the newest first, then the owner, then by name.
        everybody = {*dict(self.met), self.owner or "mei", "mei"}
        friends = {it for it in everybody if self._friend(it)} or everybody
        last = {it: at for it, at in dict(self.met).items() if it in friends}
        if not last:
            return self.owner if self.owner in friends else "mei"
        newest = max(last.values())
        return min(
            (it for it in last if last[it] == newest),
            key=lambda it: (it != self.owner, it),
        )

    def check_limits(self) -> None:
        """
        Check that whatever was shown was within the budgets of who showed it.
        """
        sources: tuple[MomentSource, ...] = ("member", "enterprise")
        for source in sources:
            for spend in self.by_source[source]:
                self.check_never_over(
                    self._budgets(source), spend, self._counted(source)
                )
        for _, from_, who, spend in self.received:
            self.check_never_over(self._sends(from_), spend, self._sent(from_, who))

    @invariant()
    def state_agrees(self) -> None:
        """
        Check that what is remembered of the customer is what the model has.
        """
        self.check_state(
            zone=self.zone,
            book=self.book,
            profile_completed=self.completed,
            tags=set(self.tags),
            owner=self.owner,
            by_members=self._spends("member"),
            by_enterprise=self._spends("enterprise"),
            shown=set(self.shown),
            mass_sends=MassSendsReceived(
                received=[
                    Received(spent.at, spent.place, source, by)
                    for _, source, by, spent in self.received
                ],
                ids={it for it, *_ in self.received},
            ),
            contacts=Contacts(
                added_by=MemberId("mei"),
                last=dict(self.met),
                friends=dict(self._since_all_ended()),
                presumed=(None, False) not in self.reports,
            ),
            sender=self._sender(),
        )

    def _add(self, book: RuleBook, zone: str) -> None:
        by, at = MemberId("mei"), self.at
        self.ask(
            lambda at: self.it.add(
                channel="qr", organisation="acme", zone=zone, book=book, by=by, at=at
            ),
            refused_if={"already-a-customer": bool(self.history)},
            then=[
                CustomerAdded(
                    channel="qr", organisation="acme", zone=zone, by=by, at=at
                ),
                RuleBookAdopted(book=book, by=by, at=at),
            ],
        )

    def _budgets(self, source: MomentSource) -> tuple[Budget, ...]:
        if source == "member":
            return self.book.member_moments
        return self.book.enterprise_moments

    def _spends(self, source: MomentSource) -> list[Spend]:
        return [Spend(spend.at, spend.place) for spend in self.by_source[source]]

    def _counted(self, source: MomentSource) -> list[Spent]:
        if self.book.moments_share_budgets:
            both = chain.from_iterable(self.by_source.values())
            return sorted(both, key=lambda spend: spend.place)
        return self.by_source[source]
