"""
What can happen to a circle.
"""

from typing import Literal

from attrs import field, frozen

from circlekit.clock import Moment
from circlekit.events import roles
from circlekit.events.attention import Context
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
from circlekit.events.personal import PERSONAL
from circlekit.events.relay import CommentRelaySet
from circlekit.events.roles import RoleExpired, RoleVerified
from circlekit.events.rules import RuleBookAdopted
from circlekit.events.schedule import ScheduleEvent
from circlekit.ids import GroupId, MemberId

CircleKind = Literal["internal", "teaching", "business", "community"]
VerifiedRole = roles.VerifiedRole


@frozen(kw_only=True)
class CircleFounded:
    """
    Somebody founded a circle and became its owner.
    """

    name: str
    kind: CircleKind
    zone: str
    organisation: str | None = None
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class GroupLinked:
    """
    A group became one of the circle's; the bound one was made with the circle.
    """

    group: GroupId
    bound: bool = False
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class GroupUnlinked:
    """
    A group stopped being one of the circle's.
    """

    group: GroupId
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class GroupTopicsSet:
    """
    One of the circle's groups is for these topics from here on; none means any.
    """

    group: GroupId
    topics: tuple[str, ...]
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class MemberJoined:
    """
    Somebody became a member, with what the host attested of them.

    ``channel`` and ``source`` say what brought them; ``invitation`` is the place of
    the one they came by.
    """

    member: MemberId
    staff_of: str | None = None
    invited_by: MemberId | None = None
    verified_role: VerifiedRole | None = None
    channel: JoinChannel | None = None
    source: str | None = None
    invitation: int | None = None
    at: Moment


@frozen(kw_only=True)
class MemberLeft:
    """
    A member left, of their own accord or with their organisation.
    """

    member: MemberId
    at: Moment


@frozen(kw_only=True)
class MemberRemoved:
    """
    The owner or a manager removed a member.
    """

    member: MemberId
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class ManagerAppointed:
    """
    The owner made a member a manager.
    """

    member: MemberId
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class ManagerDismissed:
    """
    The owner made a manager an ordinary member again.
    """

    member: MemberId
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class OwnerChanged:
    """
    The owner handed the circle over to another member.
    """

    owner: MemberId
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class OwnerSucceeded:
    """
    A member became the owner in place of one who went without handing over.

    ``by`` is who reported that the former owner went.
    """

    owner: MemberId
    reason: str = field(metadata=PERSONAL)
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class AllStaffDesignated:
    """
    The circle was made that of all its organisation's staff.
    """

    by: MemberId
    at: Moment


@frozen(kw_only=True)
class PostSyncSwitched:
    """
    Posts of the circle are now sent on to its groups by default, or no longer.
    """

    on: bool
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class PostPublished:
    """
    A member published a post.

    ``synced`` says whether it was sent on to groups; ``groups`` names them, None
    meaning every group linked at that moment.
    """

    text: str = field(metadata=PERSONAL)
    images: tuple[str, ...] = field(default=(), metadata=PERSONAL)
    videos: tuple[str, ...] = field(default=(), metadata=PERSONAL)
    topic: str | None = None
    synced: bool = True
    groups: tuple[GroupId, ...] | None = None
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class PostEdited:
    """
    The author or a manager replaced a post's content.
    """

    post: int
    text: str = field(metadata=PERSONAL)
    images: tuple[str, ...] = field(default=(), metadata=PERSONAL)
    videos: tuple[str, ...] = field(default=(), metadata=PERSONAL)
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class PostRemoved:
    """
    The author or a manager took a post down.
    """

    post: int
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class CommentAdded:
    """
    A member commented on a post, perhaps in answer to another comment.
    """

    post: int
    text: str = field(metadata=PERSONAL)
    reply_to: int | None = None
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class CommentRemoved:
    """
    The author or a manager took a comment down.
    """

    comment: int
    post: int
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class PostReacted:
    """
    A member reacted to a post with an emoji; the same one twice counts once.
    """

    post: int
    emoji: str
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class ReactionWithdrawn:
    """
    A member took a reaction back.
    """

    post: int
    emoji: str
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class PostPinned:
    """
    The owner or a manager pinned a post to the top of the circle.
    """

    post: int
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class PostUnpinned:
    """
    The owner or a manager took a post from the top of the circle.
    """

    post: int
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class MustSeeSent:
    """
    A post was pushed to every member as a must-see.

    ``override`` holds the reason given when the right to go beyond the quota
    was used; it counts like any other.
    """

    post: int
    override: str | None = field(default=None, metadata=PERSONAL)
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class CircleLabelled:
    """
    The owner said what the circle is for; its pushes go by that.
    """

    context: Context
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class IndustriesSet:
    """
    The circle is of these industries from here on and found by them; none: not found.
    """

    industries: tuple[str, ...]
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class OverrideGranted:
    """
    The owner gave a member the right to send a must-see beyond the quota.
    """

    member: MemberId
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class OverrideRevoked:
    """
    The owner took the right to go beyond the quota back.
    """

    member: MemberId
    by: MemberId
    at: Moment


CircleEvent = (
    CircleFounded
    | RuleBookAdopted
    | GroupLinked
    | GroupUnlinked
    | MemberJoined
    | MemberLeft
    | MemberRemoved
    | ManagerAppointed
    | ManagerDismissed
    | OwnerChanged
    | PostSyncSwitched
    | PostPublished
    | PostEdited
    | PostRemoved
    | CommentAdded
    | CommentRemoved
    | PostReacted
    | ReactionWithdrawn
    | PostPinned
    | PostUnpinned
    | MustSeeSent
    | OverrideGranted
    | OverrideRevoked
    | GroupTopicsSet
    | CommentRelaySet
    | CircleClosed
    | CircleReopened
    | CircleArchived
    | ScheduleEvent
    | OwnerSucceeded
    | AllStaffDesignated
    | RoleVerified
    | RoleExpired
    | JoinRequested
    | RequestWithdrawn
    | RequestApproved
    | RequestDeclined
    | InvitationMade
    | InvitationDeclined
    | InvitationRevoked
    | ConventionAccepted
    | PartnerAdmitted
    | PartnershipEnded
    | CircleLabelled
    | IndustriesSet
)
