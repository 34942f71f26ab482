"""
Every stored event: its lasting name, and the release that brought it.

A line is added for a new event and never changed or reused: stored history is
public API and outlives the code that wrote it.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from circlekit.events import (
    circle,
    closing,
    customer,
    group,
    live,
    organisation,
    reader,
    refusal,
    roles,
    rules,
    schedule,
    topic,
)

_SINCE_0_1: Final[tuple[tuple[str, type], ...]] = (
    ("CircleFounded", circle.CircleFounded),
    ("RuleBookAdopted", rules.RuleBookAdopted),
    ("GroupLinked", circle.GroupLinked),
    ("GroupUnlinked", circle.GroupUnlinked),
    ("MemberJoined", circle.MemberJoined),
    ("MemberLeft", circle.MemberLeft),
    ("MemberRemoved", circle.MemberRemoved),
    ("ManagerAppointed", circle.ManagerAppointed),
    ("ManagerDismissed", circle.ManagerDismissed),
    ("OwnerChanged", circle.OwnerChanged),
    ("PostSyncSwitched", circle.PostSyncSwitched),
    ("PostPublished", circle.PostPublished),
    ("PostEdited", circle.PostEdited),
    ("PostRemoved", circle.PostRemoved),
    ("CommentAdded", circle.CommentAdded),
    ("CommentRemoved", circle.CommentRemoved),
    ("PostReacted", circle.PostReacted),
    ("ReactionWithdrawn", circle.ReactionWithdrawn),
    ("PostPinned", circle.PostPinned),
    ("PostUnpinned", circle.PostUnpinned),
    ("MustSeeSent", circle.MustSeeSent),
    ("OverrideGranted", circle.OverrideGranted),
    ("OverrideRevoked", circle.OverrideRevoked),
    ("GroupFounded", group.GroupFounded),
    ("CircleLinked", group.CircleLinked),
    ("CircleUnlinked", group.CircleUnlinked),
    ("GroupJoined", group.GroupJoined),
    ("GroupLeft", group.GroupLeft),
    ("MessageSent", group.MessageSent),
    ("MessageReacted", group.MessageReacted),
    ("AnnouncementSet", group.AnnouncementSet),
    ("GroupMuted", group.GroupMuted),
    ("GroupUnmuted", group.GroupUnmuted),
    ("PrivateChatBlocked", group.PrivateChatBlocked),
    ("PrivateChatAllowed", group.PrivateChatAllowed),
    ("PrivateChatOpened", group.PrivateChatOpened),
    ("FriendRequestSent", group.FriendRequestSent),
    ("CustomerAdded", customer.CustomerAdded),
    ("ProfileCompleted", customer.ProfileCompleted),
    ("CustomerTagged", customer.CustomerTagged),
    ("CustomerUntagged", customer.CustomerUntagged),
    ("CustomerAssigned", customer.CustomerAssigned),
    ("MomentShown", customer.MomentShown),
    ("MomentPublished", customer.MomentPublished),
    ("PostsRead", reader.PostsRead),
    ("MustSeeAcknowledged", reader.MustSeeAcknowledged),
    ("MinorAttested", reader.MinorAttested),
    ("LiveScheduled", live.LiveScheduled),
    ("LiveStarted", live.LiveStarted),
    ("LiveCancelled", live.LiveCancelled),
    ("LiveJoined", live.LiveJoined),
    ("LiveLeft", live.LiveLeft),
    ("LiveLiked", live.LiveLiked),
    ("LiveEnded", live.LiveEnded),
    ("ReplayPublished", live.ReplayPublished),
    ("CommandRefused", refusal.CommandRefused),
    ("TopicMade", topic.TopicMade),
    ("TopicRenamed", topic.TopicRenamed),
    ("TopicClosed", topic.TopicClosed),
    ("CheckedIn", topic.CheckedIn),
    ("CheckInRemoved", topic.CheckInRemoved),
    ("TopicNameTaken", topic.TopicNameTaken),
    ("TopicNameFreed", topic.TopicNameFreed),
    ("PostScheduled", schedule.PostScheduled),
    ("MustSeeScheduled", schedule.MustSeeScheduled),
    ("ScheduledMoved", schedule.ScheduledMoved),
    ("ScheduledCancelled", schedule.ScheduledCancelled),
    ("ScheduledReleased", schedule.ScheduledReleased),
    ("ScheduledDropped", schedule.ScheduledDropped),
    ("CircleClosed", closing.CircleClosed),
    ("CircleReopened", closing.CircleReopened),
    ("CircleArchived", closing.CircleArchived),
    ("OwnerSucceeded", circle.OwnerSucceeded),
    ("AllStaffDesignated", circle.AllStaffDesignated),
    ("RoleVerified", roles.RoleVerified),
    ("RoleExpired", roles.RoleExpired),
    ("OrganisationRegistered", organisation.OrganisationRegistered),
    ("CircleAttached", organisation.CircleAttached),
    ("StaffJoined", organisation.StaffJoined),
    ("StaffLeft", organisation.StaffLeft),
)

NAMES: Final[Mapping[str, type]] = MappingProxyType(dict(_SINCE_0_1))
SINCE: Final[Mapping[str, str]] = MappingProxyType(dict.fromkeys(NAMES, "0.1"))
NAME_OF: Final[Mapping[type, str]] = MappingProxyType(
    {kind: name for name, kind in NAMES.items()}
)
