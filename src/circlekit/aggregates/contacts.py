"""
Who of the staff had to do with a customer and when last, and who is a friend.
"""

from datetime import datetime
from typing import assert_never

from attrs import Factory, define

from circlekit.events.customer import FriendshipBegun, FriendshipEnded
from circlekit.ids import MemberId
from circlekit.policies.customers import is_a_friend, not_yet_a_friend
from circlekit.policies.mass_send import sender_of
from circlekit.verdict import require


@define
class Contacts:
    """
    The part of a customer that knows who of the staff had to do with them.

    Attributes:
        added_by: Who took them in.

        last: When each member of staff last had to do with them.

        friends: Whether each of whom it was said is their friend, as was said last.

        presumed: Whether those of whom nothing was said are.
    """

    added_by: MemberId | None = None
    last: dict[str, datetime] = Factory(dict)
    friends: dict[str, bool] = Factory(dict)
    presumed: bool = True

    def is_friend(self, member: str) -> bool:
        """
        Return whether a member of staff is their friend.
        """
        return self.friends.get(member, self.presumed)

    def sender(self, owner: MemberId | None) -> MemberId:
        """
        Return who sends to them what goes out to many: a friend, if there is one.
        """
        otherwise = str(self.added_by)
        last = {who: at for who, at in self.last.items() if self.is_friend(who)}
        owned_by = owner if owner and self.is_friend(owner) else None
        if last or owned_by or self.is_friend(otherwise):
            return MemberId(sender_of(last, owner=owned_by, otherwise=otherwise))
        return MemberId(sender_of(self.last, owner=owner, otherwise=otherwise))

    # Commands: may refuse, never change anything.

    def befriend(
        self, member: MemberId, *, by: MemberId, at: datetime
    ) -> tuple[FriendshipBegun, ...]:
        """
        Become friends with a member of staff.
        """
        said = self.friends.get(member, False)
        require(not_yet_a_friend(member, friend=said))
        return (FriendshipBegun(member=member, by=by, at=at),)

    def part(
        self, member: MemberId | None, *, by: MemberId, at: datetime
    ) -> tuple[FriendshipEnded, ...]:
        """
        Be friends no longer with a member of staff; None means all of them.
        """
        friend = (
            self.presumed or any(self.friends.values())
            if member is None
            else self.is_friend(member)
        )
        require(is_a_friend(member, friend=friend))
        return (FriendshipEnded(member=member, by=by, at=at),)

    # History: never refuses, whatever today's rules say.

    def met(self, member: str, at: datetime) -> None:
        """
        Take in that somebody had to do with them.
        """
        self.last[member] = at

    def evolve(self, event: FriendshipBegun | FriendshipEnded) -> None:
        """
        Take in that a friendship began, or ended.
        """
        match event:
            case FriendshipBegun():
                self.friends[event.member] = True
                self.met(event.member, event.at)
            case FriendshipEnded():
                if event.member is None:
                    self.friends.clear()
                    self.presumed = False
                else:
                    self.friends[event.member] = False
            case _:
                assert_never(event)
