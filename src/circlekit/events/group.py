"""
What can happen to a chat group.
"""

from attrs import field, frozen

from circlekit.clock import Moment
from circlekit.events.mass_send import MassSendDelivered
from circlekit.events.pace import PaceEvent
from circlekit.events.personal import PERSONAL
from circlekit.events.redirection import RedirectionEvent
from circlekit.events.relay import CommentDigestSent
from circlekit.ids import CircleId, MemberId


@frozen(kw_only=True)
class GroupFounded:
    """
    A group was made.
    """

    name: str
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class CircleLinked:
    """
    The group came under a circle: its owner and managers now run it.
    """

    circle: CircleId
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class CircleUnlinked:
    """
    The group left its circle.
    """

    circle: CircleId
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class GroupJoined:
    """
    A member of the circle came into the group.
    """

    member: MemberId
    at: Moment


@frozen(kw_only=True)
class GroupLeft:
    """
    A member went out of the group, or was taken out by ``by``.
    """

    member: MemberId
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class MessageSent:
    """
    A member wrote in the group, perhaps in answer to another message.
    """

    text: str = field(metadata=PERSONAL)
    images: tuple[str, ...] = field(default=(), metadata=PERSONAL)
    videos: tuple[str, ...] = field(default=(), metadata=PERSONAL)
    reply_to: int | None = None
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class MessageReacted:
    """
    A member reacted to a message with an emoji; the same one twice counts once.
    """

    message: int
    emoji: str
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class AnnouncementSet:
    """
    The owner or a manager put up the group's announcement.
    """

    text: str = field(metadata=PERSONAL)
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class GroupMuted:
    """
    Only owner and managers may write from here on: until a moment, or until unmuted.
    """

    reason: str | None = field(default=None, metadata=PERSONAL)
    until: Moment | None = None
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class GroupUnmuted:
    """
    Everybody in the group may write again.
    """

    by: MemberId
    at: Moment


@frozen(kw_only=True)
class PrivateChatBlocked:
    """
    Members may no longer reach one another in private by way of this group.
    """

    by: MemberId
    at: Moment


@frozen(kw_only=True)
class PrivateChatAllowed:
    """
    Members may reach one another in private by way of this group again.
    """

    by: MemberId
    at: Moment


@frozen(kw_only=True)
class PrivateChatOpened:
    """
    A member opened a private chat with another by way of this group.
    """

    to: MemberId
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class FriendRequestSent:
    """
    A member asked another for friendship by way of this group.
    """

    to: MemberId
    by: MemberId
    at: Moment


GroupEvent = (
    GroupFounded
    | CircleLinked
    | CircleUnlinked
    | GroupJoined
    | GroupLeft
    | MessageSent
    | MessageReacted
    | AnnouncementSet
    | GroupMuted
    | GroupUnmuted
    | PrivateChatBlocked
    | PrivateChatAllowed
    | PrivateChatOpened
    | FriendRequestSent
    | MassSendDelivered
    | PaceEvent
    | RedirectionEvent
    | CommentDigestSent
)
