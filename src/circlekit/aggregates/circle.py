"""
A circle: its people and their roles, its pins, and the must-sees it has sent.

Posts and comments are named by their place in the history, so the circle does
not remember them; whoever asks hands over the event that stands there. What it
costs to decide therefore does not grow with what was written.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import assert_never, cast

from attrs import Factory, define, field

from circlekit.aggregates.closing import Closing
from circlekit.aggregates.history import HasHistory
from circlekit.aggregates.joining import Joining
from circlekit.aggregates.people import People
from circlekit.aggregates.roles import Verified
from circlekit.aggregates.routing import Routing
from circlekit.aggregates.schedule import Schedule
from circlekit.budget import Spend
from circlekit.events.attention import Context
from circlekit.events.circle import (
    AllStaffDesignated,
    CircleEvent,
    CircleFounded,
    CircleKind,
    CircleLabelled,
    CommentAdded,
    CommentRemoved,
    GroupLinked,
    GroupTopicsSet,
    GroupUnlinked,
    IndustriesSet,
    ManagerAppointed,
    ManagerDismissed,
    MemberJoined,
    MemberLeft,
    MemberRemoved,
    MustSeeSent,
    OverrideGranted,
    OverrideRevoked,
    OwnerChanged,
    OwnerSucceeded,
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
from circlekit.events.closing import CircleArchived, CircleClosed, CircleReopened
from circlekit.events.joining import (
    ConventionAccepted,
    InvitationDeclined,
    InvitationMade,
    InvitationRevoked,
    JoinChannel,
    JoinRequested,
    PartnerAdmitted,
    PartnershipEnded,
    RequestApproved,
    RequestDeclined,
    RequestWithdrawn,
)
from circlekit.events.record import Cited
from circlekit.events.relay import CommentRelaySet
from circlekit.events.roles import RoleExpired, RoleVerified
from circlekit.events.rules import RuleBookAdopted
from circlekit.events.schedule import (
    MustSeeScheduled,
    PostScheduled,
    ScheduledCancelled,
    ScheduledDropped,
    ScheduledMoved,
    ScheduledReleased,
)
from circlekit.ids import GroupId, MemberId
from circlekit.policies.attention import context_of
from circlekit.policies.authority import (
    Role,
    author_or_manager,
    managers_only,
    override_right,
    owner_only,
    teachers_only,
)
from circlekit.policies.closing import Standing, still_open
from circlekit.policies.groups import free_to_link, is_on, linked_to, may_unlink
from circlekit.policies.house import Act, Asked, Policies, found_again, house_allows
from circlekit.policies.membership import (
    all_staff_stays,
    may_join,
    members_only,
    not_yet_a_member,
)
from circlekit.policies.must_see import not_yet_a_must_see, within_must_see_budgets
from circlekit.policies.posts import (
    comment_is_there,
    is_pinned,
    may_pin,
    post_is_there,
)
from circlekit.policies.relay import relay_changes, relay_is_lower, relay_may_change
from circlekit.policies.schedule import (
    Planned,
    is_waiting,
)
from circlekit.rulebook import DINGTALK_2020, RuleBook
from circlekit.settings import CommentRelay, comment_relay
from circlekit.verdict import ALLOWED, Verdict, all_of, refused, require

Events = tuple[CircleEvent, ...]


@define
class Circle(HasHistory):
    """
    What a circle must remember to decide what happens next.

    ``Circle(id)`` is the circle before anything has happened to it.

    Attributes:
        people: Who is in it, and as what.

        groups: Linked groups; True marks the bound one.

        pinned: Pinned posts, by their place, in the order they were pinned.

        must_sees: Every must-see sent, oldest first; the place is its event's.

        must_see_posts: The posts that are must-sees, by their place.

        removed: Removed posts and comments, by their place.

        label: What the owner said it is for, None if they said nothing.

        schedule: What waits for its moment, and the must-sees reserved for.

        policies: The host's own policies, which its rule book may name.

        routing: Which groups are for which topics.

        own_relay: The owner's word on the relay of comments, None if none.

        closing: Whether it is open, closed or archived.

        joining: How its members came in, and as what they were verified.

        industries: By what it is found.
    """

    kind: CircleKind = "community"
    zone: str = "Asia/Shanghai"
    organisation: str | None = None
    book: RuleBook = DINGTALK_2020
    people: People = Factory(People)
    groups: dict[str, bool] = Factory(dict)
    syncs_posts: bool = True
    pinned: list[int] = Factory(list)
    must_sees: list[Spend] = Factory(list)
    must_see_posts: set[int] = Factory(set)
    removed: set[int] = Factory(set)
    label: Context | None = None
    schedule: Schedule = Factory(Schedule)
    policies: Policies = field(factory=dict, eq=False, repr=False, kw_only=True)
    routing: Routing = Factory(Routing)
    own_relay: CommentRelay | None = None
    closing: Closing = Factory(Closing)
    joining: Joining = Factory(Joining)
    industries: tuple[str, ...] = ()

    @property
    def owner(self) -> MemberId | None:
        """
        Return who owns it, None if nobody is left to.
        """
        return self.people.owner

    @property
    def members(self) -> dict[str, Role]:
        """
        Return everybody in it, with their role.
        """
        return self.people.members

    @property
    def joined_at(self) -> dict[str, datetime]:
        """
        Return when each member joined.
        """
        return self.people.joined_at

    @property
    def override_holders(self) -> set[str]:
        """
        Return who may go beyond the must-see quota.
        """
        return self.people.override_holders

    @property
    def all_staff(self) -> bool:
        """
        Return whether it is its organisation's circle of all staff.
        """
        return self.people.all_staff

    @property
    def standing(self) -> Standing:
        """
        Return whether it is open, closed or archived.
        """
        return self.closing.standing

    @property
    def context(self) -> Context:
        """
        Return what it is for: what its owner said, else what its kind is for.
        """
        return self.label or context_of(self.kind)

    def role(self, member: str) -> Role | None:
        """
        Return somebody's role here, None if they are no member.
        """
        return self.people.role(member)

    @property
    def bound_group(self) -> GroupId:
        """
        Return the group that was made with it.
        """
        return next(GroupId(group) for group, bound in self.groups.items() if bound)

    @property
    def group_capacity(self) -> int | None:
        """
        Return the most members that one of its groups may have, None for no limit.
        """
        return (
            self.book.all_staff_capacity if self.all_staff else self.book.group_capacity
        )

    def organisation_of(self, member: str) -> str | None:
        """
        Return the organisation a member works for, as far as it was attested.
        """
        return self.joining.works_for.get(member)

    def verified_role(self, member: str, at: datetime) -> VerifiedRole | None:
        """
        Return the role a member is verified in at that moment, None if in none.
        """
        return self.joining.verified_role(member, at)

    def verified_last(self, member: str) -> Verified | None:
        """
        Return what a member was verified as last, whether or not it still holds.
        """
        return self.joining.roles.verified.get(member)

    # Who may act here at all, also asked by what belongs to the circle.

    def still_open(self) -> Verdict:
        """
        Return whether anything may still be done here, by whomever.
        """
        return still_open(self.standing)

    def member_acts(self, by: str) -> Verdict:
        """
        Return whether somebody may do here what every member may.
        """
        return all_of(members_only(self.role(by), by=by), self.still_open())

    def manager_acts(self, by: str) -> Verdict:
        """
        Return whether somebody may do here what the owner and managers may.
        """
        return all_of(managers_only(self.role(by), by=by), self.still_open())

    def owner_acts(self, by: str) -> Verdict:
        """
        Return whether somebody may do here what the owner alone may.
        """
        return all_of(owner_only(self.role(by), by=by), self.still_open())

    def teacher_acts(self, by: str, at: datetime) -> Verdict:
        """
        Return whether somebody may do here what owner, managers and teachers may.

        Only in a teaching circle is somebody a teacher.
        """
        teaches = self.kind == "teaching" and self.verified_role(by, at) == "teacher"
        return all_of(
            self.member_acts(by),
            teachers_only(self.role(by), verified=teaches, by=by),
        )

    # Commands: may refuse, never change anything.

    def found(
        self,
        *,
        name: str,
        kind: CircleKind,
        zone: str,
        organisation: str | None,
        book: RuleBook,
        group: GroupId,
        staff: Verdict = ALLOWED,
        by: MemberId,
        at: datetime,
    ) -> Events:
        """
        Found the circle with its rule book and its bound group.

        *staff* says whether a directory, if there is one, lets the founder do so.
        """
        self._know(book)
        require(
            _not_founded(self.version), _organisation_named(kind, organisation), staff
        )
        return (
            CircleFounded(
                name=name, kind=kind, zone=zone, organisation=organisation, by=by, at=at
            ),
            RuleBookAdopted(book=book, by=by, at=at),
            GroupLinked(group=group, bound=True, by=by, at=at),
        )

    def adopt_rule_book(self, book: RuleBook, *, by: MemberId, at: datetime) -> Events:
        """
        Go by other numbers from now on.
        """
        self._know(book)
        require(self.owner_acts(by))
        return (RuleBookAdopted(book=book, by=by, at=at),)

    def join(
        self,
        member: MemberId,
        *,
        staff_of: str | None = None,
        invited_by: MemberId | None = None,
        verified_role: VerifiedRole | None = None,
        verified_until: datetime | None = None,
        channel: JoinChannel | None = None,
        source: str | None = None,
        at: datetime,
    ) -> Events:
        """
        Become a member, with what the host attests.
        """
        return self.joining.join(
            member,
            staff_of=staff_of,
            invited_by=invited_by,
            verified_role=verified_role,
            verified_until=verified_until,
            channel=channel,
            source=source,
            there=all_of(
                *self._may_join(
                    member,
                    staff_of=staff_of,
                    inviter_role=self.role(invited_by) if invited_by else None,
                    verified_role=verified_role,
                )
            ),
            at=at,
        )

    def accept_invitation(
        self,
        invitation: Cited,
        member: MemberId,
        *,
        staff_of: str | None = None,
        verified_role: VerifiedRole | None = None,
        verified_until: datetime | None = None,
        at: datetime,
    ) -> Events:
        """
        Become a member by an invitation, with what the host attests.
        """
        there = self._may_join(
            member,
            staff_of=staff_of,
            inviter_role="manager",
            verified_role=verified_role,
        )
        return self.joining.accept(
            invitation,
            member,
            staff_of=staff_of,
            verified_role=verified_role,
            verified_until=verified_until,
            there=all_of(*there),
            at=at,
        )

    def request_to_join(
        self,
        member: MemberId,
        *,
        staff_of: str | None = None,
        verified_role: VerifiedRole | None = None,
        channel: JoinChannel | None = None,
        source: str | None = None,
        at: datetime,
    ) -> Events:
        """
        Ask to become a member.
        """
        there = self._may_join(
            member,
            staff_of=staff_of,
            inviter_role="manager",
            verified_role=verified_role,
        )
        return self.joining.request(
            member,
            staff_of=staff_of,
            verified_role=verified_role,
            channel=channel,
            source=source,
            there=all_of(*there),
            at=at,
        )

    def approve_request(
        self,
        member: MemberId,
        *,
        staff_of: str | None,
        verified_role: VerifiedRole | None,
        verified_until: datetime | None = None,
        by: MemberId,
        at: datetime,
    ) -> Events:
        """
        Let somebody in who asked, with what is attested of them now.
        """
        return self.joining.approve(
            member,
            kind=self.kind,
            organisation=self.organisation,
            staff_of=staff_of,
            verified_role=verified_role,
            verified_until=verified_until,
            there=self.manager_acts(by),
            by=by,
            at=at,
        )

    def decline_request(
        self, member: MemberId, *, by: MemberId, at: datetime
    ) -> Events:
        """
        Do not let somebody in who asked.
        """
        return self.joining.decline(member, there=self.manager_acts(by), by=by, at=at)

    def withdraw_request(self, member: MemberId, *, at: datetime) -> Events:
        """
        No longer ask to become a member.
        """
        return self.joining.withdraw(member, at=at)

    def invite(
        self,
        *,
        channel: JoinChannel | None,
        source: str | None,
        member: MemberId | None,
        until: datetime | None,
        by: MemberId,
        at: datetime,
    ) -> Events:
        """
        Invite somebody, or whoever comes through a channel.

        Every member may where all may come; elsewhere only who runs the circle.
        """
        free = self.kind == "internal" or (
            self.kind == "community" and self.book.community_joining == "open"
        )
        return self.joining.invite(
            channel=channel,
            source=source,
            member=member,
            until=until,
            there=all_of(
                self.member_acts(by) if free else self.manager_acts(by),
                self._all_staff_stays(),
            ),
            by=by,
            at=at,
        )

    def decline_invitation(
        self, invitation: Cited, *, by: MemberId, at: datetime
    ) -> Events:
        """
        Do not come in by an invitation of one's own.
        """
        return self.joining.decline_invitation(invitation, by=by, at=at)

    def revoke_invitation(
        self, invitation: Cited, *, by: MemberId, at: datetime
    ) -> Events:
        """
        Take an invitation back.
        """
        manager = managers_only(self.role(by), by=by)
        return self.joining.revoke(invitation, manager=manager, by=by, at=at)

    def accept_convention(self, version: str, *, by: MemberId, at: datetime) -> Events:
        """
        Accept the convention in force.
        """
        return self.joining.accept_convention(
            version,
            convention=self.book.convention,
            there=self.member_acts(by),
            by=by,
            at=at,
        )

    def admit_partner(self, organisation: str, *, by: MemberId, at: datetime) -> Events:
        """
        Invite all staff of another organisation.
        """
        return self.joining.admit_partner(
            organisation, kind=self.kind, there=self.manager_acts(by), by=by, at=at
        )

    def end_partnership(
        self, organisation: str, *, by: MemberId, at: datetime
    ) -> Events:
        """
        Invite them no longer; who is in stays.
        """
        return self.joining.end_partnership(
            organisation, there=self.manager_acts(by), by=by, at=at
        )

    def leave(self, member: MemberId, *, at: datetime) -> Events:
        """
        Stop being a member.
        """
        return self.people.leave(member, at=at)

    def remove_member(self, member: MemberId, *, by: MemberId, at: datetime) -> Events:
        """
        Take a member out.
        """
        return self.people.remove(member, by=by, at=at)

    def follow_directory(self, *, by: MemberId, at: datetime) -> Events:
        """
        Be the circle of all staff from now on.
        """
        return (AllStaffDesignated(by=by, at=at),)

    def take_on(
        self, members: Iterable[MemberId], *, by: MemberId, at: datetime
    ) -> Events:
        """
        Take in staff whom the directory has; if nobody owns the circle, the first does.
        """
        return self.people.take_on(members, staff_of=self.organisation, by=by, at=at)

    def part_with(
        self, members: Iterable[MemberId], *, reason: str, by: MemberId, at: datetime
    ) -> Events:
        """
        Let people go whom the host reported gone; somebody who stays follows the owner.

        If nobody stays, the circle is archived, unless it is that of all staff.
        """
        return self.people.part_with(
            members, standing=self.standing, reason=reason, by=by, at=at
        )

    def succeed_owner(
        self,
        heir: MemberId | None = None,
        *,
        reason: str,
        by: MemberId,
        at: datetime,
    ) -> Events:
        """
        Let the owner go who is there no longer; the heir follows them.
        """
        return self.people.succeed_owner(heir, reason=reason, by=by, at=at)

    def verify_role(
        self,
        member: MemberId,
        role: VerifiedRole,
        *,
        until: datetime | None,
        by: MemberId,
        at: datetime,
    ) -> Events:
        """
        Verify a member's role.
        """
        there = members_only(self.role(member), by=member)
        return self.joining.roles.verify(
            member, role, until=until, there=there, by=by, at=at
        )

    def expire_role(
        self, member: MemberId, role: VerifiedRole, *, by: MemberId, at: datetime
    ) -> Events:
        """
        Let a member's verified role end now.
        """
        return self.joining.roles.expire(member, role, by=by, at=at)

    def appoint_manager(
        self, member: MemberId, *, by: MemberId, at: datetime
    ) -> Events:
        """
        Make a member a manager.
        """
        return self.people.appoint(member, owner=self.owner_acts(by), by=by, at=at)

    def dismiss_manager(
        self, member: MemberId, *, by: MemberId, at: datetime
    ) -> Events:
        """
        Make a manager an ordinary member again.
        """
        return self.people.dismiss(member, owner=self.owner_acts(by), by=by, at=at)

    def hand_over(self, owner: MemberId, *, by: MemberId, at: datetime) -> Events:
        """
        Make another member the owner; the old one stays as an ordinary member.
        """
        return self.people.hand_over(owner, by=by, at=at)

    def close(self, *, reason: str, by: MemberId, at: datetime) -> Events:
        """
        Let nothing more happen here for the time being.
        """
        return self.closing.close(reason=reason, owner=self._may_end(by), by=by, at=at)

    def reopen(self, *, by: MemberId, at: datetime) -> Events:
        """
        Let things happen here again.
        """
        return self.closing.reopen(owner=owner_only(self.role(by), by=by), by=by, at=at)

    def archive(self, *, reason: str, by: MemberId, at: datetime) -> Events:
        """
        Let nothing happen here ever again.
        """
        return self.closing.archive(
            reason=reason, owner=self._may_end(by), by=by, at=at
        )

    def grant_override(self, member: MemberId, *, by: MemberId, at: datetime) -> Events:
        """
        Give a member the right to go beyond the must-see quota, with a reason.
        """
        may = self.owner_acts(by)
        return self.people.grant_override(member, owner=may, by=by, at=at)

    def revoke_override(
        self, member: MemberId, *, by: MemberId, at: datetime
    ) -> Events:
        """
        Take that right back.
        """
        may = self.owner_acts(by)
        return self.people.revoke_override(member, owner=may, by=by, at=at)

    def link_group(
        self, group: GroupId, *, linked: str | None, by: MemberId, at: datetime
    ) -> Events:
        """
        Bring a group under the circle; *linked* names the circle it has, if any.
        """
        require(self.manager_acts(by), free_to_link(linked))
        return (GroupLinked(group=group, by=by, at=at),)

    def unlink_group(self, group: GroupId, *, by: MemberId, at: datetime) -> Events:
        """
        Let a group go; the bound one stays.
        """
        require(
            self.manager_acts(by),
            linked_to(self.id, self.id if group in self.groups else None),
            may_unlink(bound=self.groups.get(group, False)),
        )
        return (GroupUnlinked(group=group, by=by, at=at),)

    def set_topics(
        self, group: GroupId, topics: tuple[str, ...], *, by: MemberId, at: datetime
    ) -> Events:
        """
        Say which topics a group is for; none at all means any.
        """
        require(
            self.manager_acts(by),
            linked_to(self.id, self.id if group in self.groups else None),
            is_on(
                topics != self.routing.topics.get(group, ()),
                rule="already-so",
                because=f"{group} is for these topics already",
            ),
        )
        return (GroupTopicsSet(group=group, topics=topics, by=by, at=at),)

    def comment_relay(self, *, organisation: CommentRelay | None) -> CommentRelay:
        """
        Return what groups are shown of comments at most.

        *organisation* is what the circle's organisation says of it.
        """
        setting = comment_relay(
            book=self.book.comment_relay,
            may_choose=self.book.comment_relay_choice,
            organisation=organisation,
            circle=self.own_relay,
        )
        return cast("CommentRelay", setting.value)

    def set_comment_relay(
        self, relay: CommentRelay | None, *, by: MemberId, at: datetime
    ) -> Events:
        """
        Say how much of the comments groups are shown at most; None says nothing.
        """
        require(
            self.owner_acts(by),
            relay_may_change(may_choose=self.book.comment_relay_choice),
            relay_changes(self.own_relay, relay),
        )
        return (CommentRelaySet(relay=relay, by=by, at=at),)

    def may_ask_for(
        self,
        relay: CommentRelay | None,
        *,
        organisation: CommentRelay | None,
        by: str,
    ) -> Verdict:
        """
        Return whether a reader may ask for this much of the circle's comments.
        """
        return all_of(
            self.member_acts(by),
            relay_may_change(may_choose=self.book.comment_relay_choice),
            relay_is_lower(
                relay, maximum=self.comment_relay(organisation=organisation)
            ),
        )

    def switch_post_sync(self, *, on: bool, by: MemberId, at: datetime) -> Events:
        """
        Send posts on to the groups by default, or no longer.
        """
        require(
            self.manager_acts(by),
            is_on(
                on != self.syncs_posts,
                rule="already-so",
                because=f"posts are {'' if on else 'not '}sent on to groups already",
            ),
        )
        return (PostSyncSwitched(on=on, by=by, at=at),)

    def label_as(self, context: Context, *, by: MemberId, at: datetime) -> Events:
        """
        Say what the circle is for; pushes to its readers go by that.
        """
        require(
            self.owner_acts(by),
            is_on(
                context != self.context,
                rule="already-so",
                because=f"this circle is for {context} already",
            ),
        )
        return (CircleLabelled(context=context, by=by, at=at),)

    def set_industries(
        self, industries: tuple[str, ...], *, by: MemberId, at: datetime
    ) -> Events:
        """
        Be found by these industries, in place of those before; by none if empty.
        """
        require(
            self.owner_acts(by),
            is_on(
                industries != self.industries,
                rule="already-so",
                because="this circle is found by these industries already",
            ),
        )
        return (IndustriesSet(industries=industries, by=by, at=at),)

    def publish(
        self,
        *,
        text: str,
        images: tuple[str, ...] = (),
        videos: tuple[str, ...] = (),
        topic: str | None = None,
        sync: bool | None = None,
        groups: tuple[GroupId, ...] | None = None,
        by: MemberId,
        at: datetime,
    ) -> Events:
        """
        Publish a post; *sync* None goes by the circle's switch.

        Where it names no groups, its topic does.
        """
        require(
            self.member_acts(by),
            self._may_write(by),
            *self._all_linked(groups),
            self._house("post", by, at),
        )
        synced = self.syncs_posts if sync is None else sync
        if groups is None:
            groups = self.routing.groups_for(topic, self.groups)
        return (
            PostPublished(
                text=text,
                images=images,
                videos=videos,
                topic=topic,
                synced=synced,
                groups=groups,
                by=by,
                at=at,
            ),
        )

    def edit_post(
        self,
        post: Cited,
        *,
        text: str,
        images: tuple[str, ...] = (),
        videos: tuple[str, ...] = (),
        by: MemberId,
        at: datetime,
    ) -> Events:
        """
        Replace what a post says.
        """
        require(self.still_open(), self._there(post), self._author_or_manager(post, by))
        return (
            PostEdited(
                post=post.version, text=text, images=images, videos=videos, by=by, at=at
            ),
        )

    def remove_post(self, post: Cited, *, by: MemberId, at: datetime) -> Events:
        """
        Take a post down; if it was a must-see, its share stays used.
        """
        require(self.still_open(), self._there(post), self._author_or_manager(post, by))
        return (PostRemoved(post=post.version, by=by, at=at),)

    def add_comment(
        self,
        post: Cited,
        *,
        text: str,
        reply_to: Cited | None = None,
        by: MemberId,
        at: datetime,
    ) -> Events:
        """
        Comment on a post, or answer another comment on it.
        """
        require(
            self.member_acts(by),
            self._may_write(by),
            self._there(post),
            self._comment_there(reply_to, on=post.version) if reply_to else ALLOWED,
            self._house("comment", by, at),
        )
        return (
            CommentAdded(
                post=post.version,
                text=text,
                reply_to=reply_to.version if reply_to else None,
                by=by,
                at=at,
            ),
        )

    def remove_comment(self, comment: Cited, *, by: MemberId, at: datetime) -> Events:
        """
        Take a comment down.
        """
        require(
            self.still_open(),
            self._comment_there(comment),
            self._author_or_manager(comment, by),
        )
        return (
            CommentRemoved(
                comment=comment.version, post=comment.event.post, by=by, at=at
            ),
        )

    def react(self, post: Cited, emoji: str, *, by: MemberId, at: datetime) -> Events:
        """
        React to a post.
        """
        require(self.member_acts(by), self._there(post))
        return (PostReacted(post=post.version, emoji=emoji, by=by, at=at),)

    def withdraw_reaction(
        self, post: Cited, emoji: str, *, by: MemberId, at: datetime
    ) -> Events:
        """
        Take a reaction back.
        """
        require(self.member_acts(by), self._there(post))
        return (ReactionWithdrawn(post=post.version, emoji=emoji, by=by, at=at),)

    def pin(self, post: Cited, *, by: MemberId, at: datetime) -> Events:
        """
        Pin a post to the top.
        """
        require(
            self.manager_acts(by),
            self._there(post),
            may_pin(post.version, self.pinned, limit=self.book.pins),
        )
        return (PostPinned(post=post.version, by=by, at=at),)

    def unpin(self, post: Cited, *, by: MemberId, at: datetime) -> Events:
        """
        Take a post from the top.
        """
        require(
            self.manager_acts(by),
            self._there(post),
            is_pinned(post.version, self.pinned),
        )
        return (PostUnpinned(post=post.version, by=by, at=at),)

    def send_must_see(
        self,
        *,
        text: str,
        images: tuple[str, ...] = (),
        videos: tuple[str, ...] = (),
        topic: str | None = None,
        groups: tuple[GroupId, ...] | None = None,
        override: str | None = None,
        by: MemberId,
        at: datetime,
    ) -> Events:
        """
        Publish a post and push it to every member; it always goes to the groups.
        """
        require(self._may_send(override, by, at), *self._all_linked(groups))
        return (
            PostPublished(
                text=text,
                images=images,
                videos=videos,
                topic=topic,
                synced=True,
                groups=groups,
                by=by,
                at=at,
            ),
            MustSeeSent(post=self.version + 1, override=override, by=by, at=at),
        )

    def promote(
        self, post: Cited, *, override: str | None = None, by: MemberId, at: datetime
    ) -> Events:
        """
        Push a post that is there already to every member; it counts the same.
        """
        require(
            self._may_send(override, by, at),
            self._there(post),
            not_yet_a_must_see(post.version, self.must_see_posts),
        )
        return (MustSeeSent(post=post.version, override=override, by=by, at=at),)

    def _may_join(
        self,
        member: MemberId,
        *,
        staff_of: str | None,
        inviter_role: Role | None,
        verified_role: VerifiedRole | None,
    ) -> tuple[Verdict, ...]:
        return (
            self.still_open(),
            self._all_staff_stays(),
            not_yet_a_member(self.role(member), member=member),
            may_join(
                self.kind,
                organisation=self.organisation,
                staff_of=staff_of,
                inviter_role=inviter_role,
                verified_role=verified_role,
                by_application=self.book.community_joining == "application",
                partner=staff_of in self.joining.partners,
            ),
        )

    def _may_write(self, by: MemberId) -> Verdict:
        return self.joining.may_write(by, self.book.convention)

    def schedule_post(
        self,
        *,
        release_at: datetime,
        text: str,
        images: tuple[str, ...] = (),
        videos: tuple[str, ...] = (),
        topic: str | None = None,
        sync: bool | None = None,
        groups: tuple[GroupId, ...] | None = None,
        by: MemberId,
        at: datetime,
    ) -> Events:
        """
        Write a post for later; *sync* None goes by the circle's switch of that day.
        """
        return self.schedule.plan(
            PostScheduled(
                release_at=release_at,
                text=text,
                images=images,
                videos=videos,
                topic=topic,
                sync=sync,
                groups=groups,
                by=by,
                at=at,
            ),
            there=all_of(self.member_acts(by), self._may_write(by)),
            fits=partial(self._house, "post", by, release_at),
            linked=all_of(*self._all_linked(groups)),
        )

    def schedule_must_see(
        self,
        *,
        release_at: datetime,
        text: str,
        images: tuple[str, ...] = (),
        videos: tuple[str, ...] = (),
        topic: str | None = None,
        groups: tuple[GroupId, ...] | None = None,
        by: MemberId,
        at: datetime,
    ) -> Events:
        """
        Write a must-see for later, and reserve its share of the quota.
        """
        return self.schedule.plan(
            MustSeeScheduled(
                release_at=release_at,
                text=text,
                images=images,
                videos=videos,
                topic=topic,
                groups=groups,
                by=by,
                at=at,
            ),
            there=all_of(self.manager_acts(by), self._may_write(by)),
            fits=partial(self._fits, release_at, by),
            linked=all_of(*self._all_linked(groups)),
        )

    def move_scheduled(
        self, scheduled: int, release_at: datetime, *, by: MemberId, at: datetime
    ) -> Events:
        """
        Publish what waits at another moment, decided as if scheduled anew.
        """
        return self.schedule.move(
            scheduled,
            release_at,
            there=self._may_change(scheduled, by),
            fits=partial(self._would_fit, scheduled),
            by=by,
            at=at,
        )

    def cancel_scheduled(self, scheduled: int, *, by: MemberId, at: datetime) -> Events:
        """
        Do not publish what waits; what it has reserved is free at once.
        """
        there = self._may_change(scheduled, by)
        return self.schedule.cancel(scheduled, there=there, by=by, at=at)

    def release_scheduled(self, scheduled: Cited, *, at: datetime) -> Events:
        """
        Publish what is due; nothing if it is not due, or waits no longer.

        A must-see waits on where one that was released late stands before it.
        """
        planned = self.schedule.due(scheduled.version, at=at)
        if planned is None:
            return ()
        wrote = cast("PostScheduled | MustSeeScheduled", scheduled.event)
        return self.schedule.release(
            wrote,
            planned,
            scheduled=scheduled.version,
            post=self.version + 2,
            may=self.may_be_published(planned),
            sent=self.must_sees,
            zone=self.zone,
            synced=self.syncs_posts,
            groups=self._groups_of(wrote),
            at=at,
        )

    def may_be_published(self, planned: Planned) -> Verdict:
        """
        Return whether whoever scheduled it still may publish what they scheduled.
        """
        if planned.is_must_see:
            return self.manager_acts(planned.by)
        return self.member_acts(planned.by)

    def _groups_of(
        self, wrote: PostScheduled | MustSeeScheduled
    ) -> tuple[GroupId, ...] | None:
        # A group that was let go in the meantime is left out; nobody waits for it.
        if wrote.groups is not None:
            return tuple(group for group in wrote.groups if group in self.groups)
        if isinstance(wrote, PostScheduled):
            return self.routing.groups_for(wrote.topic, self.groups)
        return None

    def _may_change(self, scheduled: int, by: MemberId) -> Verdict:
        planned = self.schedule.waiting.get(scheduled)
        if planned is None:
            waits = is_waiting(scheduled, self.schedule.waiting)
        else:
            waits = author_or_manager(self.role(by), author=planned.by, by=by)
        return all_of(waits, self.still_open())

    def _would_fit(self, scheduled: int, at: datetime) -> Verdict:
        planned = self.schedule.waiting.get(scheduled)
        if planned is None:
            return ALLOWED  # refused already, as not waiting
        if planned.is_must_see:
            return self._fits(at, planned.by, but=scheduled)
        return self._house("post", planned.by, at)

    def _fits(self, at: datetime, by: MemberId, *, but: int | None = None) -> Verdict:
        quota = within_must_see_budgets(
            self.book.must_see, self._spends(but), zone=self.zone, at=at
        )
        return all_of(quota, self._house("must-see", by, at, but=but))

    def _may_end(self, by: MemberId) -> Verdict:
        return all_of(owner_only(self.role(by), by=by), self._all_staff_stays())

    def _all_staff_stays(self) -> Verdict:
        return all_staff_stays(all_staff=self.all_staff)

    def _may_send(self, override: str | None, by: MemberId, at: datetime) -> Verdict:
        if override is not None:
            return all_of(
                override_right(self.override_holders, by=by),
                self.still_open(),
                self._may_write(by),
            )
        return all_of(self.manager_acts(by), self._may_write(by), self._fits(at, by))

    def _spends(self, but: int | None = None) -> list[Spend]:
        reserved = self.schedule.reservations(but=but)
        if not reserved:
            return self.must_sees
        return sorted([*self.must_sees, *reserved], key=lambda spend: spend.at)

    def _house(
        self, act: Act, by: MemberId, at: datetime, *, but: int | None = None
    ) -> Verdict:
        if not self.book.house:
            return ALLOWED
        earlier = [spend.at for spend in self._spends(but) if spend.at <= at]
        asked = Asked(
            act=act,
            by=by,
            role=self.role(by),
            member_since=self.joined_at.get(by),
            last_must_see_at=earlier[-1] if earlier else None,
            kind=self.kind,
            zone=self.zone,
            at=at,
        )
        return house_allows(self.book.house, self.policies, asked)

    def _know(self, book: RuleBook) -> None:
        for rule in book.house:
            found_again(rule, self.policies)

    def _there(self, post: Cited) -> Verdict:
        found = isinstance(post.event, PostPublished)
        return post_is_there(post.version, found=found, removed=self.removed)

    def _comment_there(self, comment: Cited, *, on: int | None = None) -> Verdict:
        found = isinstance(comment.event, CommentAdded) and (
            on is None or comment.event.post == on
        )
        return comment_is_there(comment.version, found=found, removed=self.removed)

    def _author_or_manager(self, cited: Cited, by: MemberId) -> Verdict:
        if not isinstance(cited.event, PostPublished | CommentAdded):
            return ALLOWED  # refused already, as not there
        return author_or_manager(self.role(by), author=cited.event.by, by=by)

    def _all_linked(self, groups: Sequence[GroupId] | None) -> list[Verdict]:
        return [
            linked_to(self.id, self.id if group in self.groups else None)
            for group in groups or ()
        ]

    # History: never refuses, whatever today's rules say.

    def _evolve(self, event: CircleEvent) -> None:
        # The commonest first: a match is tried from the top.
        match event:
            case CommentAdded() | PostReacted() | PostPublished() | PostEdited():
                pass
            case MemberJoined():
                self.people.evolve(event)
                self.joining.came(event)
            case MemberLeft() | MemberRemoved():
                self.people.evolve(event)
                self.joining.went(event.member)
            case MustSeeSent():
                self.must_sees.append(Spend(event.at, self.version))
                self.must_see_posts.add(event.post)
                if event.override is not None:
                    self.schedule.excuse(self.version)
            case (
                PostScheduled()
                | MustSeeScheduled()
                | ScheduledMoved()
                | ScheduledCancelled()
                | ScheduledReleased()
                | ScheduledDropped()
            ):
                self.schedule.evolve(
                    event, place=self.version, budgets=self.book.must_see
                )
            case PostRemoved():
                self.removed.add(event.post)
                self._forget_pin(event.post)
            case CommentRemoved():
                self.removed.add(event.comment)
            case PostPinned():
                self.pinned.append(event.post)
            case PostUnpinned():
                self._forget_pin(event.post)
            case ReactionWithdrawn():
                pass
            case (
                ManagerAppointed()
                | ManagerDismissed()
                | OwnerChanged()
                | OwnerSucceeded()
                | OverrideGranted()
                | OverrideRevoked()
                | AllStaffDesignated()
            ):
                self.people.evolve(event)
            case GroupLinked():
                self.groups[event.group] = event.bound
            case GroupUnlinked():
                self.groups.pop(event.group, None)
                self.routing.forget(event.group)
            case GroupTopicsSet():
                self.routing.evolve(event)
            case CommentRelaySet():
                self.own_relay = event.relay
            case CircleLabelled():
                self.label = event.context
            case IndustriesSet():
                self.industries = event.industries
            case PostSyncSwitched():
                self.syncs_posts = event.on
            case CircleClosed() | CircleReopened() | CircleArchived():
                self.closing.evolve(event)
            case (
                JoinRequested()
                | RequestWithdrawn()
                | RequestApproved()
                | RequestDeclined()
                | InvitationMade()
                | InvitationDeclined()
                | InvitationRevoked()
                | ConventionAccepted()
                | PartnerAdmitted()
                | PartnershipEnded()
            ):
                self.joining.evolve(event, self.version)
            case RoleVerified() | RoleExpired():
                self.joining.roles.evolve(event)
            case RuleBookAdopted():
                self.book = event.book
                self.schedule.promise(event.book.must_see)
            case CircleFounded():
                self.kind = event.kind
                self.zone = event.zone
                self.organisation = event.organisation
                self.people.founded(event)
                if event.organisation is not None:
                    self.joining.works_for[event.by] = event.organisation
            case _:
                assert_never(event)

    def _forget_pin(self, post: int) -> None:
        if post in self.pinned:
            self.pinned.remove(post)


def _not_founded(version: int) -> Verdict:
    if version == 0:
        return ALLOWED
    return refused("already-founded", "this circle was founded already")


def _organisation_named(kind: CircleKind, organisation: str | None) -> Verdict:
    if kind == "internal" and organisation is None:
        return refused(
            "organisation-required", "an internal circle belongs to an organisation"
        )
    return ALLOWED
