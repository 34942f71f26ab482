"""
A reader: which must-sees they have acknowledged, and been reminded of.

What people read is kept in a history of their own, so that ten thousand readers
of one must-see never wait for one another, nor for the circle.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import assert_never

from attrs import Factory, define

from circlekit.aggregates.age import Age
from circlekit.aggregates.attention import Attention
from circlekit.aggregates.guardians import Guardians
from circlekit.aggregates.history import HasHistory
from circlekit.aggregates.relaying import RelayChoices
from circlekit.budget import Budget, Spend
from circlekit.events.attention import (
    AttentionBudgetSet,
    CircleMuted,
    Context,
    PushDemoted,
    PushHeld,
    PushMade,
    QuietHoursSet,
)
from circlekit.events.guardian import (
    GuardianDigestSent,
    GuardianDismissed,
    GuardianNamed,
)
from circlekit.events.reader import (
    MinorAttested,
    MustSeeAcknowledged,
    MustSeeReminded,
    PostsRead,
    ReaderEvent,
)
from circlekit.events.relay import CommentRelayChosen
from circlekit.ids import CircleId, MemberId
from circlekit.policies.authority import Role
from circlekit.policies.membership import members_only
from circlekit.policies.must_see import is_a_must_see, may_be_reminded
from circlekit.policies.relay import relay_changes
from circlekit.settings import CommentRelay
from circlekit.verdict import ALLOWED, Verdict, all_of, refused, require

Events = tuple[ReaderEvent, ...]


@define
class Reader(HasHistory):
    """
    What must be remembered of a reader to decide what happens next.

    Attributes:
        acknowledged: The must-sees they have acknowledged: circle and place.

        reminders: When they were reminded of others, oldest first.

        guardians: Who looks after them, if they are a child.
    """

    acknowledged: set[tuple[str, int]] = Factory(set)
    reminders: dict[tuple[str, int], list[Spend]] = Factory(dict)
    relays: RelayChoices = Factory(RelayChoices)
    guardians: Guardians = Factory(Guardians)
    age: Age = Factory(Age)
    attention: Attention = Factory(Attention)

    # Commands: may refuse, never change anything.

    def mark_read(
        self,
        circle: CircleId,
        posts: tuple[int, ...],
        *,
        role: Role | None,
        there: Verdict = ALLOWED,
        at: datetime,
    ) -> Events:
        """
        Have read posts of a circle, on whatever surface.
        """
        require(members_only(role, by=self.id), there)
        return (PostsRead(circle=circle, posts=posts, at=at),)

    def acknowledge(
        self,
        circle: CircleId,
        post: int,
        *,
        must_sees: set[int],
        role: Role | None,
        at: datetime,
    ) -> Events:
        """
        Confirm having seen a must-see; once is enough.
        """
        require(
            members_only(role, by=self.id),
            is_a_must_see(post, must_sees),
            self._unacknowledged(circle, post),
        )
        return (MustSeeAcknowledged(circle=circle, post=post, at=at),)

    def remind(
        self,
        circle: CircleId,
        post: int,
        *,
        manager: Verdict,
        there: Verdict,
        role: Role | None,
        budgets: Iterable[Budget],
        zone: str,
        by: MemberId,
        at: datetime,
    ) -> Events:
        """
        Be reminded of a must-see; *manager*: whether whoever reminds may do so.
        """
        require(
            manager,
            members_only(role, by=self.id),
            there,
            self._unacknowledged(circle, post),
            may_be_reminded(
                budgets, self.reminders.get((circle, post), ()), zone=zone, at=at
            ),
        )
        return (MustSeeReminded(circle=circle, post=post, by=by, at=at),)

    def _unacknowledged(self, circle: str, post: int) -> Verdict:
        if (circle, post) not in self.acknowledged:
            return ALLOWED
        because = f"{self.id} has acknowledged this already"
        return refused("already-acknowledged", because)

    def choose_comment_relay(
        self,
        relay: CommentRelay | None,
        *,
        circle: CircleId | None = None,
        there: Verdict = ALLOWED,
        at: datetime,
    ) -> Events:
        """
        Ask to be shown less of the comments; *there* is a circle's word on it.
        """
        require(there, relay_changes(self.relays.now(circle), relay))
        return (CommentRelayChosen(relay=relay, circle=circle, at=at),)

    def attest_minor(self, *, until: datetime, zone: str, at: datetime) -> Events:
        """
        Be a minor until then, as the host attests.
        """
        return self.age.attest(until=until, zone=zone, at=at)

    def push(
        self,
        circle: CircleId,
        post: int,
        *,
        context: Context,
        emergency: str | None,
        there: Verdict,
        by: MemberId,
        at: datetime,
    ) -> Events:
        """
        Be interrupted by a must-see now, later or not at all, which is decided once.
        """
        seen = (
            refused("already-acknowledged", f"{self.id} has acknowledged this already")
            if (circle, post) in self.acknowledged
            else ALLOWED
        )
        minor = self.age.minor
        return self.attention.push(
            circle,
            post,
            context=context,
            is_minor=minor is not None and at < minor.until,
            emergency=emergency,
            there=all_of(there, seen),
            by=by,
            at=at,
        )

    # History: never refuses, whatever today's rules say.

    def _evolve(self, event: ReaderEvent) -> None:
        match event:
            case PostsRead():
                pass
            case MustSeeAcknowledged():
                self.acknowledged.add((event.circle, event.post))
                self.reminders.pop((event.circle, event.post), None)
            case MustSeeReminded():
                sent = self.reminders.setdefault((event.circle, event.post), [])
                sent.append(Spend(event.at, self.version))
            case CommentRelayChosen():
                self.relays.evolve(event)
            case GuardianNamed() | GuardianDismissed() | GuardianDigestSent():
                self.guardians.evolve(event, self.version)
            case MinorAttested():
                self.age.evolve(event)
            case (
                QuietHoursSet()
                | AttentionBudgetSet()
                | CircleMuted()
                | PushMade()
                | PushHeld()
                | PushDemoted()
            ):
                self.attention.evolve(event, place=self.version)
            case _:
                assert_never(event)
