"""
How people come into a circle and go, what they are, and whether it is open.
"""

from datetime import datetime
from typing import Any

from attrs import evolve

from benchmarks.mutants.planting import (
    CIRCLE,
    IDENTITY,
    MICROSECOND,
    ORGANISATION,
    Kept,
    bends,
)
from circlekit.aggregates.circle import Circle
from circlekit.aggregates.identity import Identity
from circlekit.aggregates.joining import Joining
from circlekit.aggregates.organisation import Organisation
from circlekit.aggregates.people import People
from circlekit.events.identity import IdentityDetached
from circlekit.events.joining import (
    InvitationMade,
    InvitationRevoked,
    JoinRequested,
    PartnershipEnded,
    RequestDeclined,
)
from circlekit.events.organisation import StaffJoined
from circlekit.policies import closing as closing_policy
from circlekit.policies import identities as identities_policy
from circlekit.policies import joining as policy
from circlekit.policies import membership as membership_policy
from circlekit.policies import relay as relay_policy
from circlekit.policies import roles as roles_policy
from circlekit.verdict import ALLOWED, require


@bends(policy, "invitation_holds", CIRCLE)
def invited_at_its_end(
    kept: Kept, place: int, invitation: Any, *, over: Any, at: datetime
) -> Any:
    """
    An invitation still holds at the very moment that it ends.
    """
    return kept(place, invitation, over=over, at=at - MICROSECOND)


@bends(Joining, "came", CIRCLE)
def invited_twice(kept: Kept, self: Joining, event: Any) -> None:
    """
    An invitation of one person is used as often as they like.
    """
    kept(self, event)
    self.over.discard(event.invitation)


@bends(Joining, "came", CIRCLE)
def first_uses_it_up(kept: Kept, self: Joining, event: Any) -> None:
    """
    An invitation for whoever comes is used up by the first who does.
    """
    kept(self, event)
    if event.invitation is not None:
        self.over.add(event.invitation)


@bends(policy, "is_invited", CIRCLE)
def passed_on(_kept: Kept, *_args: Any, **_asked: Any) -> Any:
    """
    An invitation of one person lets in whoever has it.
    """
    return ALLOWED


@bends(Joining, "evolve", CIRCLE)
def revoked_and_holds(kept: Kept, self: Joining, event: Any, place: int) -> None:
    """
    An invitation that was taken back still lets in.
    """
    if not isinstance(event, InvitationRevoked):
        kept(self, event, place)


@bends(Joining, "revoke", CIRCLE)
def only_managers_revoke(
    kept: Kept, self: Joining, invitation: Any, **asked: Any
) -> Any:
    """
    Whoever made an invitation may not take it back.
    """
    if isinstance(invitation.event, InvitationMade):
        stranger = evolve(invitation.event, by="somebody else")
        invitation = invitation._replace(event=stranger)
    return kept(self, invitation, **asked)


@bends(Joining, "evolve", CIRCLE)
def declined_for_good(kept: Kept, self: Joining, event: Any, place: int) -> None:
    """
    Whoever was declined cannot ask again.
    """
    if not isinstance(event, RequestDeclined):
        kept(self, event, place)


@bends(Joining, "came", CIRCLE)
def request_left_behind(kept: Kept, self: Joining, event: Any) -> None:
    """
    A request still waits when whoever asked has come in another way.
    """
    asked = self.requests.get(event.member)
    kept(self, event)
    if isinstance(asked, JoinRequested):
        self.requests[event.member] = asked


@bends(Joining, "went", CIRCLE)
def accepted_for_ever(kept: Kept, self: Joining, member: str) -> None:
    """
    Whoever leaves and comes again has accepted the convention already.
    """
    accepted = self.accepted.get(member)
    kept(self, member)
    if accepted is not None:
        self.accepted[member] = accepted


@bends(policy, "has_accepted", CIRCLE)
def any_convention(kept: Kept, accepted: str | None, convention: str | None) -> Any:
    """
    Whoever accepted an earlier convention writes under the one in force.
    """
    return ALLOWED if accepted is not None else kept(accepted, convention)


@bends(membership_policy, "may_join", CIRCLE)
def anybody_invites(kept: Kept, kind: Any, **asked: Any) -> Any:
    """
    Where people come by application, any member lets in whom they invite.
    """
    if asked["inviter_role"] is not None and kind == "community":
        asked["inviter_role"] = "manager"
    return kept(kind, **asked)


@bends(membership_policy, "may_join", CIRCLE)
def staff_of_anybody(kept: Kept, kind: Any, **asked: Any) -> Any:
    """
    An internal circle takes staff of any organisation.
    """
    if asked["staff_of"] is not None:
        asked["staff_of"] = asked["organisation"]
    return kept(kind, **asked)


@bends(policy, "may_be_partner", CIRCLE)
def partners_anywhere(kept: Kept, _kind: Any, *asked: Any) -> Any:
    """
    Circles of any kind have partners.
    """
    return kept("business", *asked)


@bends(Joining, "evolve", CIRCLE)
def partners_for_ever(kept: Kept, self: Joining, event: Any, place: int) -> None:
    """
    Staff of a former partner are invited all the same.
    """
    if not isinstance(event, PartnershipEnded):
        kept(self, event, place)


@bends(membership_policy, "heir_of", CIRCLE)
def managers_passed_over(kept: Kept, members: Any, joined_at: Any, *, gone: Any) -> Any:
    """
    Whoever has been a member longest follows the owner, before any manager.
    """
    return kept(dict.fromkeys(members, "member"), joined_at, gone=gone)


@bends(membership_policy, "heir_of", CIRCLE)
def newest_follows(_kept: Kept, members: Any, joined_at: Any, *, gone: Any) -> Any:
    """
    Of several who could follow the owner, the one who came last does.
    """
    there = [who for who in members if who not in gone]
    first = [who for who in there if members[who] == "manager"] or there
    return max(first, key=lambda who: (joined_at[who], who), default=None)


@bends(People, "_succession", CIRCLE)
def all_staff_archived(kept: Kept, self: People, *args: Any, **asked: Any) -> Any:
    """
    The circle of all staff is archived when the last of them goes.
    """
    return kept(evolve(self, all_staff=False), *args, **asked)


@bends(membership_policy, "all_staff_stays", CIRCLE)
def all_staff_leave(kept: Kept, *, all_staff: bool) -> Any:
    """
    The circle of all staff can be left, and closed.
    """
    del all_staff
    return kept(all_staff=False)


@bends(roles_policy, "holds", ORGANISATION)
def verified_at_its_end(kept: Kept, until: datetime | None, *, at: datetime) -> Any:
    """
    A verified role still holds at the very moment that it ends.
    """
    return kept(until and until + MICROSECOND, at=at)


@bends(roles_policy, "holds", CIRCLE)
def verified_for_ever(_kept: Kept, *_args: Any, **_asked: Any) -> Any:
    """
    A verified role never ends by itself.
    """
    return True


@bends(roles_policy, "still_verified", ORGANISATION)
def any_role_expires(kept: Kept, held: Any, role: Any, *, member: str) -> Any:
    """
    Whatever somebody is verified as ends with any other role.
    """
    return kept(held and role, role, member=member)


@bends(Organisation, "take_on", ORGANISATION)
def reported_twice(
    _kept: Kept, self: Organisation, members: Any, *, by: Any, at: datetime
) -> Any:
    """
    Whoever is reported twice at once joins twice.
    """
    new = [member for member in members if member not in self.staff]
    return tuple(StaffJoined(member=member, by=by, at=at) for member in new)


@bends(Organisation, "take_on", ORGANISATION)
def reported_again(
    kept: Kept, self: Organisation, members: Any, *, by: Any, at: datetime
) -> Any:
    """
    Whoever is reported again has joined only now.
    """
    return kept(evolve(self, staff={}), members, by=by, at=at)


@bends(identities_policy, "free_to_attach", IDENTITY)
def taken_over(_kept: Kept, _system: str, *, member: str, holder: str | None) -> Any:
    """
    An identity goes over to whoever asks for it last.
    """
    holder = holder if holder == member else None
    return _kept(_system, member=member, holder=holder)


@bends(identities_policy, "free_to_attach", IDENTITY)
def attached_twice(kept: Kept, system: str, *, member: str, holder: str | None) -> Any:
    """
    An identity is attached once more to whoever has it.
    """
    return ALLOWED if holder == member else kept(system, member=member, holder=holder)


@bends(Identity, "_evolve", IDENTITY)
def detached_and_kept(kept: Kept, self: Identity, event: Any) -> None:
    """
    An identity that was detached is still its member's.
    """
    if not isinstance(event, IdentityDetached):
        kept(self, event)


@bends(closing_policy, "still_open", CIRCLE)
def closed_and_open(kept: Kept, standing: Any) -> Any:
    """
    In a closed circle people go on as before.
    """
    return kept("open" if standing == "closed" else standing)


@bends(closing_policy, "may_reopen", CIRCLE)
def archive_reopened(kept: Kept, standing: Any) -> Any:
    """
    An archived circle can be opened again.
    """
    return kept("closed" if standing == "archived" else standing)


@bends(closing_policy, "may_archive", CIRCLE)
def only_open_ones_archived(_kept: Kept, standing: Any) -> Any:
    """
    A circle that is closed cannot be archived.
    """
    return closing_policy.still_open(standing)


@bends(Circle, "_may_end", CIRCLE)
def managers_close(kept: Kept, self: Circle, by: Any) -> Any:
    """
    A manager may close the circle.
    """
    manages = self.role(by) == "manager"
    return kept(self, self.owner if manages else by)


@bends(Circle, "leave", CIRCLE)
def nobody_leaves_when_closed(
    kept: Kept, self: Circle, member: Any, *, at: datetime
) -> Any:
    """
    Nobody leaves a circle that is closed.
    """
    require(self.still_open())
    return kept(self, member, at=at)


@bends(relay_policy, "relay_is_lower", CIRCLE)
def more_comments_than_shown(_kept: Kept, *_args: Any, **_asked: Any) -> Any:
    """
    A reader may ask for more of the comments than the circle shows.
    """
    return ALLOWED
