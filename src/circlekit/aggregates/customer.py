"""
A customer: who looks after them, their tags, and the moments they were shown.
"""

from datetime import datetime
from typing import assert_never

from attrs import Factory, define

from circlekit.aggregates.contacts import Contacts
from circlekit.aggregates.history import HasHistory
from circlekit.aggregates.mass_sends_received import MassSendsReceived
from circlekit.budget import Spend
from circlekit.events.customer import (
    CustomerAdded,
    CustomerAssigned,
    CustomerContacted,
    CustomerEvent,
    CustomerTagged,
    CustomerUntagged,
    FriendshipBegun,
    FriendshipEnded,
    MomentShown,
    MomentSource,
    ProfileCompleted,
)
from circlekit.events.mass_send import MassSendDelivered, MassSendSource
from circlekit.events.rules import RuleBookAdopted
from circlekit.ids import MassSendId, MemberId, MomentId
from circlekit.policies.customers import (
    is_a_friend,
    is_tagged,
    not_yet_assigned,
    not_yet_tagged,
    profile_open,
)
from circlekit.policies.moments import not_yet_shown, within_moment_budgets
from circlekit.rulebook import WECOM_2020, RuleBook
from circlekit.verdict import ALLOWED, Verdict, refused, require

Events = tuple[CustomerEvent, ...]


@define
class Customer(HasHistory):
    """
    What must be remembered of a customer to decide what happens next.

    Attributes:
        by_members: Moments by staff that were shown, oldest first.

        by_enterprise: Moments by the company that were shown, oldest first.

        shown: Every moment that was shown, by its id.

        mass_sends: The mass sends they received.

        contacts: Who of the staff had to do with them, and who is their friend.
    """

    zone: str = "Asia/Shanghai"
    book: RuleBook = WECOM_2020
    profile_completed: bool = False
    tags: set[str] = Factory(set)
    owner: MemberId | None = None
    by_members: list[Spend] = Factory(list)
    by_enterprise: list[Spend] = Factory(list)
    shown: set[str] = Factory(set)
    mass_sends: MassSendsReceived = Factory(MassSendsReceived)
    contacts: Contacts = Factory(Contacts)

    @property
    def sender(self) -> MemberId:
        """
        Return who sends to them what goes out to many.
        """
        return self.contacts.sender(self.owner)

    # Commands: may refuse, never change anything.

    def add(
        self,
        *,
        channel: str,
        organisation: str | None,
        zone: str,
        book: RuleBook,
        by: MemberId,
        at: datetime,
    ) -> Events:
        """
        Take the customer in, by the numbers of a rule book.
        """
        require(
            ALLOWED
            if self.version == 0
            else refused("already-a-customer", f"{self.id} is a customer already")
        )
        return (
            CustomerAdded(
                channel=channel, organisation=organisation, zone=zone, by=by, at=at
            ),
            RuleBookAdopted(book=book, by=by, at=at),
        )

    def complete_profile(self, *, by: MemberId, at: datetime) -> Events:
        """
        Say that all of the profile is there.
        """
        require(profile_open(completed=self.profile_completed))
        return (ProfileCompleted(by=by, at=at),)

    def tag(self, tag: str, *, by: MemberId, at: datetime) -> Events:
        """
        Put a tag on.
        """
        require(not_yet_tagged(tag, self.tags))
        return (CustomerTagged(tag=tag, by=by, at=at),)

    def untag(self, tag: str, *, by: MemberId, at: datetime) -> Events:
        """
        Take a tag off.
        """
        require(is_tagged(tag, self.tags))
        return (CustomerUntagged(tag=tag, by=by, at=at),)

    def assign(self, owner: MemberId, *, by: MemberId, at: datetime) -> Events:
        """
        Give the customer to one member of staff.
        """
        require(not_yet_assigned(owner, self.owner))
        return (CustomerAssigned(owner=owner, by=by, at=at),)

    def show_moment(
        self, moment: MomentId, *, source: MomentSource, by: MemberId, at: datetime
    ) -> Events:
        """
        Show a moment, if the budgets leave room for it, by a friend.

        The company's is shown by whoever of the staff is one.
        """
        shown_by = by if source == "member" else self.sender
        require(
            not_yet_shown(moment, self.shown),
            self._is_friend(shown_by, of_all=source == "enterprise"),
            within_moment_budgets(
                self.book,
                source=source,
                by_members=self.by_members,
                by_enterprise=self.by_enterprise,
                zone=self.zone,
                at=at,
            ),
        )
        return (MomentShown(moment=moment, source=source, by=by, at=at),)

    def contact(self, *, by: MemberId, at: datetime) -> Events:
        """
        Have had to do with a member of staff.
        """
        return (CustomerContacted(by=by, at=at),)

    def befriend(self, member: MemberId, *, by: MemberId, at: datetime) -> Events:
        """
        Become friends with a member of staff.
        """
        return self.contacts.befriend(member, by=by, at=at)

    def part(self, member: MemberId | None, *, by: MemberId, at: datetime) -> Events:
        """
        Be friends no longer with a member of staff; None means all of them.
        """
        return self.contacts.part(member, by=by, at=at)

    def receive_mass_send(
        self,
        mass_send: MassSendId,
        *,
        source: MassSendSource,
        by: MemberId,
        at: datetime,
    ) -> Events:
        """
        Receive a mass send from a friend, if the budgets leave room for it.
        """
        return self.mass_sends.receive(
            mass_send,
            self._is_friend(by),
            source=source,
            book=self.book,
            zone=self.zone,
            by=by,
            at=at,
        )

    def _is_friend(self, member: MemberId, *, of_all: bool = False) -> Verdict:
        friend = self.contacts.is_friend(member)
        return is_a_friend(None if of_all else member, friend=friend)

    # History: never refuses, whatever today's rules say.

    def _evolve(self, event: CustomerEvent) -> None:
        match event:
            case MomentShown():
                spends = (
                    self.by_members if event.source == "member" else self.by_enterprise
                )
                spends.append(Spend(event.at, self.version))
                self.shown.add(event.moment)
                if event.source == "member":
                    self.contacts.met(event.by, event.at)
            case MassSendDelivered():
                self.mass_sends.evolve(event, self.version)
                self.contacts.met(event.by, event.at)
            case CustomerContacted():
                self.contacts.met(event.by, event.at)
            case FriendshipBegun() | FriendshipEnded():
                self.contacts.evolve(event)
            case CustomerTagged():
                self.tags.add(event.tag)
            case CustomerUntagged():
                self.tags.discard(event.tag)
            case CustomerAssigned():
                self.owner = event.owner
            case ProfileCompleted():
                self.profile_completed = True
            case RuleBookAdopted():
                self.book = event.book
            case CustomerAdded():
                self.zone = event.zone
                self.contacts.added_by = event.by
            case _:
                assert_never(event)
