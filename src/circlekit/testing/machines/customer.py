"""
Drive a customer at random, beside a model of it.
"""

from datetime import datetime
from itertools import chain
from typing import Final, Literal

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule
from hypothesis.strategies import SearchStrategy

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
    some_waits,
    someone,
)
from circlekit.testing.machines.waiting import Wait
from circlekit.testing.strategies import moments, some_budgets

_FEW: Final = some_budgets("moment-day", "moment-month")
_BOOKS: Final = st.builds(
    RuleBook,
    name=st.just("small"),
    member_moments=_FEW,
    enterprise_moments=_FEW,
    moments_share_budgets=st.booleans(),
)


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
            refused_if={"moment-already-shown": moment in self.shown},
            then=[MomentShown(moment=moment, source=source, by=by, at=self.at)],
            budgets=self._budgets(source),
            spent=self._counted(source),
        ):
            self.shown.append(moment)
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
