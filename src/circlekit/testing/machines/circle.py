"""
Drive a circle at random, beside a model of it.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import ClassVar, Final, Literal

from attrs import evolve, frozen
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule
from hypothesis.strategies import SearchStrategy

from circlekit.aggregates.circle import Circle
from circlekit.aggregates.roles import Verified
from circlekit.aggregates.schedule import Schedule
from circlekit.audit import audit_must_sees, rules_ever
from circlekit.budget import Spend
from circlekit.events.circle import (
    CircleFounded,
    CircleKind,
    CommentAdded,
    CommentRemoved,
    GroupLinked,
    GroupUnlinked,
    ManagerAppointed,
    ManagerDismissed,
    MemberJoined,
    MemberLeft,
    MemberRemoved,
    MustSeeSent,
    OverrideGranted,
    OverrideRevoked,
    OwnerChanged,
    PostEdited,
    PostPinned,
    PostPublished,
    PostReacted,
    PostRemoved,
    PostSyncSwitched,
    PostUnpinned,
    ReactionWithdrawn,
    VerifiedRole,
)
from circlekit.events.record import Recorded, stream_of
from circlekit.events.roles import RoleVerified
from circlekit.events.rules import RuleBookAdopted
from circlekit.ids import GroupId, MemberId
from circlekit.policies.house import Act, Asked, HousePolicy, known_policies, no
from circlekit.policies.schedule import Planned
from circlekit.rulebook import RuleBook
from circlekit.testing.machines.circle_groups import A_TOPIC, CircleGroups
from circlekit.testing.machines.counting import Spent, has_room
from circlekit.testing.machines.house import house_says
from circlekit.testing.machines.joining import JoiningMachine
from circlekit.testing.machines.machine import (
    CAST,
    EMOJI,
    RUN_IT,
    a_rule_book,
    a_wait,
    a_zone,
    mostly,
    some_waits,
    someone,
)
from circlekit.testing.machines.waiting import MICROSECOND, Until, Wait
from circlekit.testing.strategies import moments, some_budgets
from circlekit.verdict import ALLOWED, Verdict

Meanwhile = Literal["nothing", "taken down", "handed over"]
_AT_ONCE: Final = timedelta(0)
_CAST: Final = (*CAST, MemberId("sun"))
_PEOPLE: Final = st.sampled_from(_CAST)
_GROUPS: Final = st.sampled_from([GroupId(name) for name in ("own", "more", "other")])
_SOME_GROUPS: Final[SearchStrategy[tuple[GroupId, ...] | None]] = st.one_of(
    st.none(), st.lists(_GROUPS, max_size=2).map(tuple)
)


@frozen
class NewcomersWait:
    """
    A rule of the house, to be drawn: who has just joined waits before they write.

    Attributes:
        hours: How long they wait.
    """

    name: ClassVar[str] = "newcomers-wait"
    acts: ClassVar[frozenset[Act]] = frozenset({"post", "comment", "must-see"})
    hours: int = 24

    def judge(self, asked: Asked) -> Verdict:
        """
        Refuse whoever runs nothing, until the wait is over.
        """
        if asked.member_since is None or asked.role in RUN_IT:
            return ALLOWED
        free_at = asked.member_since + timedelta(hours=self.hours)
        if asked.at >= free_at:
            return ALLOWED
        return no(self, f"newcomers wait {self.hours} hours", retry_at=free_at)


@lru_cache(maxsize=64)
def _small_books(policies: tuple[type[HousePolicy], ...]) -> SearchStrategy[RuleBook]:
    return st.builds(
        RuleBook,
        name=st.just("small"),
        must_see=some_budgets("must-see-month", "must-see-spacing", "must-see-day"),
        pins=st.sampled_from((1, 2, 0)),
        comment_relay=st.sampled_from(("all", "digest", "off")),
        comment_relay_choice=st.booleans(),
        house=st.sampled_from(((), tuple(policy() for policy in policies))),
        community_joining=st.sampled_from(("open", "open", "application")),
        convention=st.sampled_from((None, None, None, None, "v1", "v2")),
    )


def _in_turn(first: MemberId) -> tuple[MemberId, ...]:
    """
    Return the cast, beginning with one of them; the founder comes last.

    What one may and another may not is seen at once, in a single step: to choose a
    step takes much longer than to ask.
    """
    return (first, *(who for who in reversed(_CAST) if who != first))


def _somebody_but(*people: MemberId) -> MemberId:
    return next(who for who in _CAST if who not in people)


def _a_post() -> SearchStrategy[int]:
    return st.runner().flatmap(
        lambda machine: mostly(machine.posts, [*machine.comments][-1:])
    )


def _a_comment() -> SearchStrategy[int]:
    return st.runner().flatmap(
        lambda machine: mostly(machine.comments, [*machine.posts][-1:])
    )


class CircleMachine(CircleGroups, JoiningMachine):
    """
    Drive a circle: its people, posts, pins and must-sees.

    Attributes:
        policies: The house's own policies, which the rule book may name. Where the
            machine draws its rule books, some name them all, with the numbers that
            they have by themselves.
    """

    policies: ClassVar[Sequence[type[HousePolicy]]] = (NewcomersWait,)

    def __init__(self) -> None:
        super().__init__()
        self.groups: dict[str, bool] = {}
        self.synced = True
        self.posts: dict[int, str] = {}
        self.comments: dict[int, str] = {}
        self.comment_on: dict[int, int] = {}
        self.gone: list[int] = []
        self.pins: list[int] = []
        self.must_sees: list[int] = []
        self.sent: list[Spent] = []
        self.may_override: list[str] = []
        self.books: list[tuple[int, RuleBook]] = []
        self.other_book = self.book
        # What waits for its moment; CircleMachine itself schedules nothing.
        self.planned: dict[int, Planned] = {}
        self.promised: dict[int, Planned] = {}

    @property
    def reserved(self) -> list[Spent]:
        """
        Return what must-sees that wait have reserved, in the order of time.
        """
        found = [
            Spent(it.release_at, place)
            for place, it in self.planned.items()
            if it.promised
        ]
        return sorted(found)

    @property
    def spent(self) -> list[Spent]:
        """
        Return what was sent and what is reserved, in the order of time.
        """
        return sorted([*self.sent, *self.reserved], key=lambda spend: spend.at)

    def blank(self) -> Circle:
        """
        Return the circle before it is founded.
        """
        return Circle("book-club", policies=known_policies(self.policies))

    def small_books(self) -> SearchStrategy[RuleBook]:
        """
        Return small rule books, some with the rules of the house.
        """
        return _small_books(tuple(self.policies))

    def actors(self) -> Iterable[MemberId]:
        """
        Return the cast, those who run the circle more often than others.
        """
        run_it = [MemberId(who) for who in self.people if self._runs(who)]
        return (*run_it, *run_it, *_CAST)

    @initialize(
        kind=st.sampled_from(("community", "internal", "teaching", "business")),
        organisation=st.sampled_from(("acme", None)),
        zone=a_zone(),
        book=a_rule_book(),
        other_book=a_rule_book(),
        at=moments(),
        settled=st.sampled_from((False, True, True)),
    )
    def found(
        self,
        kind: CircleKind,
        organisation: str | None,
        zone: str,
        book: RuleBook,
        at: datetime,
        *,
        other_book: RuleBook,
        settled: bool,
    ) -> None:
        """
        Found the circle, and try it twice; perhaps settle it.

        An internal one needs an organisation, and is refused without.
        """
        self.clock, self.other_book = at, other_book
        if not self._found(kind, organisation, zone, book):
            self._found(kind, "acme", zone, book)
        self._found(kind, organisation, "UTC", book)
        if settled:
            self._settle()

    @rule(by=someone())
    def change_rule_book(self, by: MemberId) -> None:
        """
        Go by the other numbers, and perhaps back again.
        """
        for who in _in_turn(by):
            self.adopt_rule_book(self.other_book, who)

    def adopt_rule_book(self, book: RuleBook, by: MemberId) -> None:
        """
        Go by other numbers.
        """
        if self.ask(
            lambda at: self.it.adopt_rule_book(book, by=by, at=at),
            refused_if={**self._closed(), "not-the-owner": not self._owns(by)},
            then=[RuleBookAdopted(book=book, by=by, at=self.at)],
        ):
            self.book, self.other_book = book, self.book
            self.books.append((len(self.history), book))
            for place, it in self.planned.items():
                if it.promised and book.must_see not in it.promised:
                    promised = (*it.promised, book.must_see)
                    self.planned[place] = evolve(it, promised=promised)

    @rule(
        member=_PEOPLE,
        staff_of=st.sampled_from(("acme", "other", None)),
        invited_by=st.one_of(_PEOPLE, st.none()),
        verified_role=st.sampled_from(("teacher", None)),
        lasts=st.sampled_from((None, None, timedelta(microseconds=1))),
    )
    def join(
        self,
        member: MemberId,
        staff_of: str | None,
        invited_by: MemberId | None,
        verified_role: VerifiedRole | None,
        lasts: timedelta | None,
    ) -> None:
        """
        Let somebody in, as the circle's kind demands.
        """
        until = None if lasts is None else self.at + lasts
        ends = []
        if verified_role is not None and until is not None:
            ends.append(
                RoleVerified(
                    member=member,
                    role=verified_role,
                    until=until,
                    by=member,
                    at=self.at,
                )
            )
        if self.ask(
            lambda at: self.it.join(
                member,
                staff_of=staff_of,
                invited_by=invited_by,
                verified_role=verified_role,
                verified_until=until,
                at=at,
            ),
            refused_if={
                **self._stays(),
                **self._closed(),
                "already-a-member": member in self.people,
                "internal-staff-only": self.kind == "internal"
                and staff_of != self.organisation,
                "business-by-invitation": self.kind == "business"
                and not self._runs(invited_by)
                and staff_of not in self.partners,
                "by-application": self.kind == "community"
                and self.book.community_joining == "application"
                and not self._runs(invited_by),
                "teaching-verified-role": self.kind == "teaching"
                and verified_role is None,
            },
            then=[
                MemberJoined(
                    member=member,
                    staff_of=staff_of,
                    invited_by=invited_by,
                    verified_role=verified_role,
                    at=self.at,
                ),
                *ends,
            ],
        ):
            self._came(member, staff_of, None)
            if verified_role is not None:
                self.verified[member] = Verified(verified_role, self.at, until)

    @rule(member=_PEOPLE)
    def come_with_others(self, member: MemberId) -> None:
        """
        Let somebody try to come whom each of the others invites, or a partner sends.
        """
        owner = self._an_owner()
        if owner == member:
            return
        for inviter in (None, *_CAST):
            self.part_with([member])
            self.join(member, "acme", inviter, "teacher", None)
        for ended in (False, True):
            self.change_partners(owner, ended=ended)
            self.part_with([member])
            self.join(member, "other", None, "teacher", None)

    @rule(member=_PEOPLE)
    def change_convention(self, member: MemberId) -> None:
        """
        Let all accept the convention, then go by other numbers, and come and go.
        """
        for _ in range(2):
            for who in _CAST:
                if self.book.convention is not None:
                    self.accept_convention(self.book.convention, who)
                self.publish(who, sync=None, groups=None)
            if not self._owns(member):
                self.part_with([member])
                self.take_on([member])
            self.publish(member, sync=None, groups=None)
            self.adopt_rule_book(self.other_book, self._an_owner())

    @rule(
        what=st.sampled_from(
            (
                "appoint_manager",
                "dismiss_manager",
                "grant_override",
                "hand_over",
                "leave",
                "remove_member",
                "revoke_override",
            )
        ),
        member=_PEOPLE,
        by=someone(),
    )
    def change_people(self, what: str, member: MemberId, by: MemberId) -> None:
        """
        Let all try to change what somebody may do here, or that they are here.
        """
        if what == "leave":
            self.leave(member)
            return
        for who in _in_turn(by):
            getattr(self, what)(member, who)

    def leave(self, member: MemberId) -> None:
        """
        Let a member go.
        """
        if self.ask(
            lambda at: self.it.leave(member, at=at),
            refused_if={
                **self._stays(),
                "not-a-member": member not in self.people,
                "owner-stays": self._owns(member),
            },
            then=[MemberLeft(member=member, at=self.at)],
        ):
            self._gone(member)

    def remove_member(self, member: MemberId, by: MemberId) -> None:
        """
        Take a member out.
        """
        role = self.people.get(member)
        if self.ask(
            lambda at: self.it.remove_member(member, by=by, at=at),
            refused_if={
                **self._stays(),
                "not-a-manager": not self._runs(by),
                "not-a-member": role is None,
                "owner-stays": role == "owner",
                "not-the-owner": role == "manager" and not self._owns(by),
            },
            then=[MemberRemoved(member=member, by=by, at=self.at)],
        ):
            self._gone(member)

    def appoint_manager(self, member: MemberId, by: MemberId) -> None:
        """
        Make a member a manager.
        """
        role = self.people.get(member)
        if self.ask(
            lambda at: self.it.appoint_manager(member, by=by, at=at),
            refused_if={
                **self._closed(),
                "not-the-owner": not self._owns(by),
                "not-a-member": role is None,
                "already-a-manager": role in RUN_IT,
            },
            then=[ManagerAppointed(member=member, by=by, at=self.at)],
        ):
            self.people[member] = "manager"

    def dismiss_manager(self, member: MemberId, by: MemberId) -> None:
        """
        Make a manager an ordinary member.
        """
        if self.ask(
            lambda at: self.it.dismiss_manager(member, by=by, at=at),
            refused_if={
                **self._closed(),
                "not-the-owner": not self._owns(by),
                "not-a-manager": self.people.get(member) != "manager",
            },
            then=[ManagerDismissed(member=member, by=by, at=self.at)],
        ):
            self.people[member] = "member"

    def hand_over(self, owner: MemberId, by: MemberId) -> None:
        """
        Hand the circle over; what was used of its quota stays used.
        """
        if self.ask(
            lambda at: self.it.hand_over(owner, by=by, at=at),
            refused_if={
                "not-the-owner": not self._owns(by),
                "not-a-member": owner not in self.people,
                "already-the-owner": self._owns(owner),
            },
            then=[OwnerChanged(owner=owner, by=by, at=self.at)],
        ):
            self.people[by] = "member"
            self.people[owner] = "owner"

    def grant_override(self, member: MemberId, by: MemberId) -> None:
        """
        Give the right to go beyond the quota.
        """
        if self.ask(
            lambda at: self.it.grant_override(member, by=by, at=at),
            refused_if={
                **self._closed(),
                "not-the-owner": not self._owns(by),
                "not-a-member": member not in self.people,
                "already-granted": member in self.may_override,
            },
            then=[OverrideGranted(member=member, by=by, at=self.at)],
        ):
            self.may_override.append(member)

    def revoke_override(self, member: MemberId, by: MemberId) -> None:
        """
        Take that right back.
        """
        if self.ask(
            lambda at: self.it.revoke_override(member, by=by, at=at),
            refused_if={
                **self._closed(),
                "not-the-owner": not self._owns(by),
                "not-granted": member not in self.may_override,
            },
            then=[OverrideRevoked(member=member, by=by, at=self.at)],
        ):
            self.may_override.remove(member)

    @rule(
        what=st.sampled_from(("link", "link elsewhere", "unlink", "sync", "no sync")),
        group=_GROUPS,
        by=someone(),
    )
    def change_groups(self, what: str, group: GroupId, by: MemberId) -> None:
        """
        Let all try to change which groups there are, or whether they get posts.
        """
        for who in _in_turn(by):
            match what:
                case "link":
                    self.link_group(group, None, who)
                case "link elsewhere":
                    self.link_group(group, "elsewhere", who)
                case "unlink":
                    self.unlink_group(group, who)
                case _:
                    self.switch_post_sync(on=what == "sync", by=who)

    def link_group(self, group: GroupId, linked: str | None, by: MemberId) -> None:
        """
        Bring a group under the circle, perhaps one that another has.
        """
        circle = self.it.id if group in self.groups else linked
        if self.ask(
            lambda at: self.it.link_group(group, linked=circle, by=by, at=at),
            refused_if={
                **self._closed(),
                "not-a-manager": not self._runs(by),
                "group-linked": circle is not None,
            },
            then=[GroupLinked(group=group, by=by, at=self.at)],
        ):
            self.groups[group] = False

    def unlink_group(self, group: GroupId, by: MemberId) -> None:
        """
        Let a group go.
        """
        if self.ask(
            lambda at: self.it.unlink_group(group, by=by, at=at),
            refused_if={
                **self._closed(),
                "not-a-manager": not self._runs(by),
                "group-not-linked": group not in self.groups,
                "bound-group-stays": self.groups.get(group, False),
            },
            then=[GroupUnlinked(group=group, by=by, at=self.at)],
        ):
            del self.groups[group]
            self.topics.pop(group, None)

    def switch_post_sync(self, *, on: bool, by: MemberId) -> None:
        """
        Send posts on to the groups by default, or not.
        """
        if self.ask(
            lambda at: self.it.switch_post_sync(on=on, by=by, at=at),
            refused_if={
                **self._closed(),
                "not-a-manager": not self._runs(by),
                "already-so": on == self.synced,
            },
            then=[PostSyncSwitched(on=on, by=by, at=self.at)],
        ):
            self.synced = on

    @rule(
        by=someone(),
        sync=st.sampled_from((None, True, False)),
        groups=_SOME_GROUPS,
        topic=A_TOPIC,
    )
    def publish(
        self,
        by: MemberId,
        *,
        sync: bool | None,
        groups: tuple[GroupId, ...] | None,
        topic: str | None = None,
    ) -> None:
        """
        Publish a post.
        """
        post = self.place
        if self.ask(
            lambda at: self.it.publish(
                text="Meet", topic=topic, sync=sync, groups=groups, by=by, at=at
            ),
            refused_if={
                **self._closed(),
                **self._unaccepted(by),
                "not-a-member": by not in self.people,
                "group-not-linked": not self._all_linked(groups),
                **self._house("post", by),
            },
            then=[
                PostPublished(
                    text="Meet",
                    topic=topic,
                    synced=self.synced if sync is None else sync,
                    groups=self.routed(topic) if groups is None else groups,
                    by=by,
                    at=self.at,
                )
            ],
        ):
            self.posts[post] = by

    @rule(
        what=st.sampled_from(
            ("edit_post", "pin", "react", "remove_post", "unpin", "withdraw_reaction")
        ),
        post=_a_post(),
        by=someone(),
    )
    def treat_post(self, what: str, post: int, by: MemberId) -> None:
        """
        Let all try to do something with a post that is there, or is not.
        """
        for who in _in_turn(by):
            getattr(self, what)(post, who)

    @rule(down=_a_post(), by=someone())
    def treat_all_posts(self, down: int, by: MemberId) -> None:
        """
        Pin and comment on all posts, then take one down and try it again.
        """
        owner = self._an_owner()
        newest = [*self.posts][-3:]
        for post in newest:
            self.pin(post, owner)
            self.add_comment(post, None, by)
            answered = [*self.comments][-1] if self.comments else 1
            for other in newest:
                self.add_comment(other, answered, by)
        self.remove_post(down, owner)
        self.pin(down, owner)
        self.add_comment(down, None, by)
        self.react(down, by)

    def edit_post(self, post: int, by: MemberId) -> None:
        """
        Replace what a post says.
        """
        self.ask(
            lambda at: self.it.edit_post(self.cited(post), text="New", by=by, at=at),
            refused_if={
                **self._closed(),
                **self._not_there(post),
                **self._not_the_author(post, by),
            },
            then=[PostEdited(post=post, text="New", by=by, at=self.at)],
        )

    def remove_post(self, post: int, by: MemberId) -> None:
        """
        Take a post down.
        """
        if self.ask(
            lambda at: self.it.remove_post(self.cited(post), by=by, at=at),
            refused_if={
                **self._closed(),
                **self._not_there(post),
                **self._not_the_author(post, by),
            },
            then=[PostRemoved(post=post, by=by, at=self.at)],
        ):
            self.gone.append(post)
            self.pins = [pin for pin in self.pins if pin != post]

    @rule(post=_a_post(), reply_to=st.one_of(st.none(), _a_comment()), by=someone())
    def add_comment(self, post: int, reply_to: int | None, by: MemberId) -> None:
        """
        Comment on a post, or answer a comment.
        """
        place = self.place
        answered = None if reply_to is None else self.cited(reply_to)
        known = reply_to is None or self.comment_on.get(reply_to) == post
        if self.ask(
            lambda at: self.it.add_comment(
                self.cited(post), text="Yes", reply_to=answered, by=by, at=at
            ),
            refused_if={
                **self._closed(),
                **self._unaccepted(by),
                "not-a-member": by not in self.people,
                **self._not_there(post),
                "unknown-comment": not known,
                "comment-removed": known and reply_to in self.gone,
                **self._house("comment", by),
            },
            then=[
                CommentAdded(
                    post=post, text="Yes", reply_to=reply_to, by=by, at=self.at
                )
            ],
        ):
            self.comments[place] = by
            self.comment_on[place] = post

    @rule(comment=_a_comment(), by=someone())
    def remove_comment(self, comment: int, by: MemberId) -> None:
        """
        Take a comment down.
        """
        post = self.comment_on.get(comment, 0)
        if self.ask(
            lambda at: self.it.remove_comment(self.cited(comment), by=by, at=at),
            refused_if={
                **self._closed(),
                "unknown-comment": comment not in self.comments,
                "comment-removed": comment in self.comments and comment in self.gone,
                **self._not_the_author(comment, by),
            },
            then=[CommentRemoved(comment=comment, post=post, by=by, at=self.at)],
        ):
            self.gone.append(comment)

    def react(self, post: int, by: MemberId) -> None:
        """
        React to a post.
        """
        emoji = EMOJI[0]
        self.ask(
            lambda at: self.it.react(self.cited(post), emoji, by=by, at=at),
            refused_if={
                **self._closed(),
                "not-a-member": by not in self.people,
                **self._not_there(post),
            },
            then=[PostReacted(post=post, emoji=emoji, by=by, at=self.at)],
        )

    def withdraw_reaction(self, post: int, by: MemberId) -> None:
        """
        Take a reaction back.
        """
        emoji = EMOJI[0]
        self.ask(
            lambda at: self.it.withdraw_reaction(self.cited(post), emoji, by=by, at=at),
            refused_if={
                **self._closed(),
                "not-a-member": by not in self.people,
                **self._not_there(post),
            },
            then=[ReactionWithdrawn(post=post, emoji=emoji, by=by, at=self.at)],
        )

    def pin(self, post: int, by: MemberId) -> None:
        """
        Pin a post.
        """
        pinned = post in self.pins
        if self.ask(
            lambda at: self.it.pin(self.cited(post), by=by, at=at),
            refused_if={
                **self._closed(),
                "not-a-manager": not self._runs(by),
                **self._not_there(post),
                "already-pinned": pinned,
                "pin-limit": not pinned and len(self.pins) >= self.book.pins,
            },
            then=[PostPinned(post=post, by=by, at=self.at)],
        ):
            self.pins.append(post)

    def unpin(self, post: int, by: MemberId) -> None:
        """
        Take a pin out.
        """
        if self.ask(
            lambda at: self.it.unpin(self.cited(post), by=by, at=at),
            refused_if={
                **self._closed(),
                "not-a-manager": not self._runs(by),
                **self._not_there(post),
                "not-pinned": post not in self.pins,
            },
            then=[PostUnpinned(post=post, by=by, at=self.at)],
        ):
            self.pins.remove(post)

    @rule(
        wait=a_wait(),
        by=someone(),
        groups=_SOME_GROUPS,
        override=st.sampled_from((None, None, None, "flood warning")),
    )
    def send_must_see(
        self,
        wait: Wait,
        by: MemberId,
        groups: tuple[GroupId, ...] | None,
        override: str | None,
    ) -> None:
        """
        Wait, then publish a must-see.
        """
        self.wait(wait)
        at, post = self.at, self.place
        if self.ask(
            lambda at: self.it.send_must_see(
                text="Now", groups=groups, override=override, by=by, at=at
            ),
            refused_if={
                **self._may_not_send(by, override),
                "group-not-linked": not self._all_linked(groups),
            },
            then=[
                PostPublished(text="Now", synced=True, groups=groups, by=by, at=at),
                MustSeeSent(post=post, override=override, by=by, at=at),
            ],
            budgets=() if override else self.book.must_see,
            spent=self.spent,
        ):
            self.posts[post] = by
            self._sent(post, override)

    @rule(
        waits=some_waits(),
        meanwhile=st.sampled_from(("nothing", "taken down", "handed over")),
    )
    def send_must_sees(self, waits: list[Wait], meanwhile: Meanwhile) -> None:
        """
        Send several, waiting before each: what this machine is most about.

        What happens meanwhile, after each of them, must not give anything back.
        """
        self._get_ready()
        for wait in waits:
            owner = self._an_owner()
            self.send_must_see(wait, owner, None, None)
            if meanwhile == "taken down" and self.must_sees:
                self.remove_post(self.must_sees[-1], owner)
            elif meanwhile == "handed over":
                self.hand_over(MemberId([*self.people][-1]), owner)

    @rule(times=st.integers(1, 3))
    def send_as_soon_as_there_is_room(self, times: int) -> None:
        """
        Send one, and another at once; then just before there is room, and just then.
        """
        self._get_ready()
        owner = self._an_owner()
        for _ in range(times):
            for wait in (_AT_ONCE, _AT_ONCE, Until("free", MICROSECOND), Until("free")):
                self.send_must_see(wait, owner, None, None)

    def _get_ready(self) -> None:
        # Little can be tried where nothing may be written.
        owner = self._an_owner()
        if self.standing == "closed":
            self.reopen(owner)
        if self.book.convention is not None:
            self.accept_convention(self.book.convention, owner)

    @rule(
        wait=a_wait(),
        post=_a_post(),
        by=someone(),
        override=st.sampled_from((None, None, "flood warning")),
    )
    def promote(
        self, wait: Wait, post: int, by: MemberId, override: str | None
    ) -> None:
        """
        Wait, then make a must-see of a post that is there.
        """
        self.wait(wait)
        if self.ask(
            lambda at: self.it.promote(
                self.cited(post), override=override, by=by, at=at
            ),
            refused_if={
                **self._may_not_send(by, override),
                **self._not_there(post),
                "already-a-must-see": post in self.must_sees,
            },
            then=[MustSeeSent(post=post, override=override, by=by, at=self.at)],
            budgets=() if override else self.book.must_see,
            spent=self.spent,
        ):
            self._sent(post, override)

    def at_the_end(self) -> None:
        """
        Send must-sees up to the edge, over a clock change and beyond the quota.

        Then come by invitation, go by other rule books, and close the circle.
        """
        super().at_the_end()
        self._get_ready()
        owner = self._an_owner()
        other = _somebody_but(owner)
        self.wait(Until("clock change", timedelta(hours=6)))
        self.grant_override(owner, owner)
        self.send_must_see(_AT_ONCE, owner, None, "flood warning")
        self.send_as_soon_as_there_is_room(2)
        # An hour apart, so that each use ends by itself, and with one too many.
        for override in (None, None, None, "flood warning", None):
            self.send_must_see(timedelta(hours=1), owner, None, override)
        self.invite_and_revoke(other)
        self.go_by_another_book(other)
        self.go_by_another_convention(owner)
        self.leave_when_it_is_closed(other)
        self.succeed_owner(None)

    def invite_and_revoke(self, member: MemberId) -> None:
        """
        Let a member invite whoever comes, and take that back.
        """
        owner = self._an_owner()
        stranger = _somebody_but(owner, member)
        self.be_invited(member, stranger, at_its_end=False)
        self.take_on([member])
        place = self.place
        self.invite(None, None, member)
        self.end_invitation(place, member, "revoke")
        self.part_with([stranger])
        self.accept_invitation(place, stranger, "acme", "teacher")

    def go_by_another_book(self, member: MemberId) -> None:
        """
        Let a member ask for more of the comments, and invite where people apply.
        """
        owner = self._an_owner()
        stranger = _somebody_but(owner, member)
        book = evolve(
            self.book,
            comment_relay="digest",
            comment_relay_choice=True,
            community_joining="application",
        )
        self.adopt_rule_book(book, owner)
        self.set_comment_relay(None, None, "all", owner)
        self.dismiss_manager(member, owner)
        self.part_with([stranger])
        self.join(stranger, "acme", member, "teacher", None)

    def go_by_another_convention(self, owner: MemberId) -> None:
        """
        Accept a convention, and write under another.
        """
        for version in ("v1", "v2"):
            self.adopt_rule_book(evolve(self.book, convention=version), owner)
            self.publish(owner, sync=None, groups=None)
            self.accept_convention(version, owner)
            self.publish(owner, sync=None, groups=None)

    def leave_when_it_is_closed(self, member: MemberId) -> None:
        """
        Close the circle, a manager not; let a member leave it; then archive it.
        """
        owner = self._an_owner()
        self.appoint_manager(member, owner)
        self.close(member)
        self.close(owner)
        self.publish(owner, sync=None, groups=None)
        self.leave(member)
        self.reopen(owner)
        self.archive(owner)
        self.reopen(owner)

    def check_limits(self) -> None:
        """
        Check that what was not sent by override was within the book of its day.
        """
        for spend in self.sent:
            if spend.place in self.promised:
                self._check_promise(spend, self.promised[spend.place])
            elif not spend.beyond:
                books = (book for since, book in self.books if since < spend.place)
                *_, book = books
                self.check_never_over(book.must_see, spend, self.sent)
        self._check_audit()

    @invariant()
    def state_agrees(self) -> None:
        """
        Check that the circle remembers what the model remembers.
        """
        self.check_state(
            kind=self.kind,
            zone=self.zone,
            organisation=self.organisation,
            book=self.book,
            owner=next(filter(self._owns, self.people), None),
            members=self.people,
            joined_at=self.joined,
            groups=self.groups,
            syncs_posts=self.synced,
            pinned=self.pins,
            must_sees=[Spend(spend.at, spend.place) for spend in self.sent],
            must_see_posts=set(self.must_sees),
            removed=set(self.gone),
            override_holders=set(self.may_override),
            standing=self.standing,
            all_staff=self.all_staff,
            schedule=Schedule(self.planned),
        )

    @invariant()
    def joining_agrees(self) -> None:
        """
        Check that the circle remembers how people came as the model does.
        """
        known = self.it.joining
        for name, actual, expected in (
            ("roles", known.roles.verified, self.verified),
            ("requests", known.requests, self.requests),
            ("over", known.over, set(self.over)),
            ("accepted", known.accepted, self.accepted),
            ("partners", known.partners, set(self.partners)),
        ):
            if actual != expected:
                self.fail(f"{name} are {actual}, and by the model {expected}")

    def _check_promise(self, spend: Spent, it: Planned) -> None:
        # By some book that was in force while it waited, no window held too many, not
        # counting what went beyond by override.
        earlier = [
            one
            for one in self.sent
            if one.place < spend.place and one.place not in it.excused
        ]
        if not any(
            has_room(budgets, earlier, (), self.zone, spend.at)
            for budgets in it.promised
        ):
            self.fail(f"the one released at {spend.place} came too soon")

    def _found(
        self, kind: CircleKind, organisation: str | None, zone: str, book: RuleBook
    ) -> bool:
        by, bound, at = MemberId("mei"), GroupId("own"), self.at
        done = self.ask(
            lambda at: self.it.found(
                name="Book club",
                kind=kind,
                zone=zone,
                organisation=organisation,
                book=book,
                group=bound,
                by=by,
                at=at,
            ),
            refused_if={
                "already-founded": bool(self.history),
                "organisation-required": kind == "internal" and organisation is None,
            },
            then=[
                CircleFounded(
                    name="Book club",
                    kind=kind,
                    zone=zone,
                    organisation=organisation,
                    by=by,
                    at=at,
                ),
                RuleBookAdopted(book=book, by=by, at=at),
                GroupLinked(group=bound, bound=True, by=by, at=at),
            ],
        )
        if done:
            self.kind, self.organisation = kind, organisation
            self.zone, self.book = zone, book
            self.people = {by: "owner"}
            self.joined = {by: at}
            self.groups = {bound: True}
            self.books = [(2, book)]
        return done

    def _settle(self) -> None:
        # Two managers, one with the right to override, and a member; two posts, one
        # of them pinned, and a comment on it.
        mei, tao, lin, sun = _CAST
        at = self.at
        self.take_in(
            [
                MemberJoined(member=tao, at=at),
                MemberJoined(member=lin, at=at),
                MemberJoined(member=sun, at=at),
                ManagerAppointed(member=tao, by=mei, at=at),
                ManagerAppointed(member=sun, by=mei, at=at),
                OverrideGranted(member=tao, by=mei, at=at),
                PostPublished(text="Meet", by=lin, at=at),
                CommentAdded(post=10, text="Yes", by=tao, at=at),
                PostPinned(post=10, by=mei, at=at),
                PostPublished(text="Read", by=tao, at=at),
            ]
        )
        self.pins = [10]
        self.people.update({tao: "manager", lin: "member", sun: "manager"})
        self.joined.update({tao: at, lin: at, sun: at})
        self.may_override = [tao]
        self.posts.update({10: lin, 13: tao})
        self.comments[11] = tao
        self.comment_on[11] = 10

    def _check_audit(self) -> None:
        # An audit of the history must come to the same, and find nothing wrong.
        history = [
            Recorded(place, stream_of("circle", self.it.id), place, event)
            for place, event in enumerate(self.history, start=1)
        ]
        adopted = (it for it in history if isinstance(it.event, RuleBookAdopted))
        audit = audit_must_sees(
            history, ever=rules_ever(adopted), policies=known_policies(self.policies)
        )
        beyond = sum(spend.beyond for spend in self.sent)
        found = (audit.sent, len(audit.overrides), audit.violations)
        if found != (len(self.sent), beyond, []):
            self.fail(
                f"an audit finds {found}, and the model {len(self.sent)} must-sees, "
                f"{beyond} of them by override"
            )

    def _gone(self, who: str) -> None:
        super()._gone(who)
        self.may_override = [holder for holder in self.may_override if holder != who]

    def _all_linked(self, groups: tuple[GroupId, ...] | None) -> bool:
        return all(group in self.groups for group in groups or ())

    def _not_there(self, post: int) -> dict[str, bool]:
        return {
            "unknown-post": post not in self.posts,
            "post-removed": post in self.posts and post in self.gone,
        }

    def _not_the_author(self, place: int, by: str) -> dict[str, bool]:
        author = self.posts.get(place) or self.comments.get(place)
        own = author == by and by in self.people
        return {"not-the-author": author is not None and not own and not self._runs(by)}

    def _may_not_send(self, by: str, override: str | None) -> dict[str, bool]:
        if override is not None:
            return {
                **self._closed(),
                **self._unaccepted(by),
                "no-override-right": by not in self.may_override,
            }
        return {
            **self._closed(),
            **self._unaccepted(by),
            "not-a-manager": not self._runs(by),
            **self._house("must-see", by),
        }

    def _house(
        self, act: Act, by: str, at: datetime | None = None, but: int | None = None
    ) -> dict[str, bool]:
        when = self.at if at is None else at
        earlier = [
            it.at for it in self.spent if it.at <= when and it.place != (but or 0)
        ]
        asked = Asked(
            act=act,
            by=by,
            role=self.people.get(by),  # type: ignore[arg-type] # one of the roles
            member_since=self.joined.get(by),
            last_must_see_at=max(earlier, default=None),
            kind=self.kind,
            zone=self.zone,
            at=when,
        )
        against = house_says(self.policies, self.book, asked)
        return {reason.rule: True for reason in against}

    def _sent(self, post: int, override: str | None) -> None:
        self.must_sees.append(post)
        place = len(self.history)
        self.sent.append(Spent(self.it.last_at, place, override is not None))
        if override is not None:
            for waits, it in self.planned.items():
                if it.promised:
                    excused = (*it.excused, place)
                    self.planned[waits] = evolve(it, excused=excused)
