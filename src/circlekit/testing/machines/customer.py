"""
Drive a customer at random, beside a model of it.
"""

from datetime import datetime
from itertools import chain

from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    invariant,
    precondition,
    rule,
)

from circlekit.aggregates.customer import Customer
from circlekit.budget import Budget, Spend
from circlekit.events.customer import (
    CustomerAdded,
    CustomerAssigned,
    CustomerTagged,
    CustomerUntagged,
    MomentShown,
    MomentSource,
    ProfileCompleted,
)
from circlekit.events.rules import RuleBookAdopted
from circlekit.ids import MemberId, MomentId
from circlekit.rulebook import RuleBook
from circlekit.testing.machines.counting import Spent
from circlekit.testing.machines.machine import (
    PEOPLE,
    Machine,
    a_rule_book,
    a_wait,
    a_zone,
    someone,
)
from circlekit.testing.machines.waiting import Wait
from circlekit.testing.strategies import moments


class CustomerMachine(Machine[Customer]):
    """
    Drive a customer: profile, tags, owner, and the moments they are shown.
    """

    def __init__(self) -> None:
        super().__init__()
        self.completed = False
        self.tags: list[str] = []
        self.owner: str | None = None
        self.shown: list[str] = []
        self.by_source: dict[str, list[Spent]] = {"member": [], "enterprise": []}
        self.added_twice = False

    def blank(self) -> Customer:
        """
        Return the customer before anybody took them in.
        """
        return Customer("an")

    @initialize(book=a_rule_book(), zone=a_zone(), at=moments())
    def add(self, book: RuleBook, zone: str, at: datetime) -> None:
        """
        Take the customer in.
        """
        self.clock = at
        self._add(book, zone)
        self.book, self.zone = book, zone

    @precondition(lambda self: not self.added_twice)
    @rule()
    def add_again(self) -> None:
        """
        Take them in a second time.
        """
        self._add(self.book, "UTC")
        self.added_twice = True

    @rule(by=someone())
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

    @rule(tag=st.sampled_from(("vip", "新客")), by=someone())
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

    @rule(tag=st.sampled_from(("vip", "新客")), by=someone())
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

    @rule(owner=PEOPLE, by=someone())
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
            refused_if={"moment-already-shown": moment in self.shown},
            then=[MomentShown(moment=moment, source=source, by=by, at=self.at)],
            budgets=self._budgets(source),
            spent=self._counted(source),
        ):
            self.shown.append(moment)
            self.by_source[source].append(Spent(self.it.last_at, len(self.history)))

    @rule(
        waits=st.lists(a_wait(), min_size=1, max_size=6),
        source=st.sampled_from(("member", "enterprise")),
    )
    def show_moments(self, waits: list[Wait], source: MomentSource) -> None:
        """
        Show several, waiting before each: what this machine is most about.
        """
        for wait in waits:
            moment = MomentId(f"moment-at-{self.place}")
            self.show_moment(wait, moment, source, MemberId("mei"))

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

    @invariant()
    def state_agrees(self) -> None:
        """
        Check that what is remembered of the customer is what the model has.
        """
        self.check_state(
            version=len(self.history),
            zone=self.zone,
            book=self.book,
            profile_completed=self.completed,
            tags=set(self.tags),
            owner=self.owner,
            by_members=self._spends("member"),
            by_enterprise=self._spends("enterprise"),
            shown=set(self.shown),
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
