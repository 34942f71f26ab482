"""
Close circles for a while, and let people ask to come in or be invited, at random.
"""

from datetime import timedelta
from typing import Final

from hypothesis import strategies as st
from hypothesis.stateful import rule

from circlekit.events.circle import VerifiedRole
from circlekit.ids import CircleId, InvitationId, MemberId
from circlekit.testing.community.drawn import CIRCLES, HOSTS, SOMEBODY, newest
from circlekit.testing.community.hosts import TwoHosts, Wanted
from circlekit.testing.community.plain import Given, PlainCircle, PlainInvitation
from circlekit.testing.machines.machine import PEOPLE

_BACK: Final = st.sampled_from((0, 0, 1, None))
_LASTS: Final = st.sampled_from((None, timedelta(0), timedelta(days=1)))


class Coming(TwoHosts):
    """
    Whether a circle is open, and how people come into it.
    """

    @rule(circle=CIRCLES, by=SOMEBODY, for_good=st.sampled_from((False, False, True)))
    def close_and_reopen(
        self, circle: CircleId, by: MemberId | None, *, for_good: bool
    ) -> None:
        """
        Close a circle, let people try to come in and to write, and open it again.
        """
        self.close(circle, by, 0)
        self.close(circle, None, 1)
        for act in ("must-see", "post", "comment"):
            self._act(act, circle, None, 1)
        self.ask_to_come(circle, MemberId("sun"), by, 0, declined=False)
        if not for_good:
            self.reopen(circle, by, 1)
            self.reopen(circle, None, 0)

    @rule(circle=CIRCLES, by=SOMEBODY, host=HOSTS)
    def reopen(self, circle: CircleId, by: MemberId | None, host: int) -> None:
        """
        Open a circle again that was closed.
        """
        it, by = self._who(circle, by, host)
        against = {"not-the-owner": not it.owns(by), "not-closed": not it.closed}
        at = self.at(it, host)
        command = self.command("reopen_circle", circle, by=by)
        if self.ask(host, it, command, Wanted(at, against)):
            it.closed = False
            self._carried_out(it, at)

    def close(self, circle: CircleId, by: MemberId | None, host: int) -> None:
        """
        Close a circle for the time being.
        """
        it, by = self._who(circle, by, host)
        against = {"not-the-owner": not it.owns(by), **it.shut()}
        at = self.at(it, host)
        command = self.command("close_circle", circle, by=by, reason="holidays")
        if self.ask(host, it, command, Wanted(at, against)):
            it.closed = True
            self._carried_out(it, at)

    @rule(
        circle=CIRCLES,
        member=PEOPLE,
        by=SOMEBODY,
        host=HOSTS,
        declined=st.sampled_from((False, False, True)),
    )
    def ask_to_come(
        self,
        circle: CircleId,
        member: MemberId,
        by: MemberId | None,
        host: int,
        *,
        declined: bool,
    ) -> None:
        """
        Ask to be let in, and be let in, or not.
        """
        it, by = self._who(circle, by, host)
        against = {
            **it.shut(),
            "already-a-member": member in it.people,
            "already-requested": member in it.requests,
        }
        at = self.at(it, host)
        command = self.command("request_to_join", circle, member)
        if self.ask(host, it, command, Wanted(at, against)):
            it.requests.append(member)
            self._carried_out(it, at)
        against = {
            **it.shut(),
            "not-a-manager": not it.runs(by),
            "no-request": member not in it.requests,
        }
        if declined:
            at = self.at(it, host)
            command = self.command("decline_request", circle, member, by=by)
            if self.ask(host, it, command, Wanted(at, against)):
                it.requests.remove(member)
                self._carried_out(it, at)
        else:
            command = self.command("approve_request", circle, member, by=by)
            self._comes_in(it, member, host, command, against, events=2)

    @rule(
        circle=CIRCLES,
        member=st.one_of(st.none(), PEOPLE),
        lasts=_LASTS,
        by=SOMEBODY,
        host=HOSTS,
    )
    def invite(
        self,
        circle: CircleId,
        member: MemberId | None,
        lasts: timedelta | None,
        by: MemberId | None,
        host: int,
    ) -> None:
        """
        Invite somebody, or whoever comes, perhaps for a while.
        """
        it, by = self._who(circle, by, host)
        at, place = self.at(it, host), it.length + 1
        until = None if lasts is None else at + lasts
        free = it.book.community_joining == "open"
        against = {
            **it.shut(),
            "not-a-member": free and by not in it.people,
            "not-a-manager": not free and not it.runs(by),
            "invitation-over": until is not None and until <= at,
        }
        command = self.command(
            "invite", circle, by=by, channel="link", member=member, until=until
        )
        wanted = Wanted(at, against, due=InvitationId(circle, place))
        if self.ask(host, it, command, wanted):
            it.invitations[place] = PlainInvitation(member, until)
            self._carried_out(it, at)

    @rule(circle=CIRCLES, member=PEOPLE, other=PEOPLE, host=HOSTS)
    def be_invited(
        self, circle: CircleId, member: MemberId, other: MemberId, host: int
    ) -> None:
        """
        Take a member out, invite them, and let them and another come by that, twice.
        """
        self.remove_member(circle, member, None, host)
        self.invite(circle, member, None, None, host)
        for who in (other, member):
            self.accept_invitation(circle, 0, who, host)
        self.remove_member(circle, member, None, host)
        self.accept_invitation(circle, 0, member, host)

    @rule(circle=CIRCLES, back=_BACK, member=PEOPLE, host=HOSTS)
    def accept_invitation(
        self, circle: CircleId, back: int | None, member: MemberId, host: int
    ) -> None:
        """
        Come in by an invitation.
        """
        it = self._founded(circle, host)
        place = newest(it.invitations, back)
        made, at = it.invitations.get(place), max(self.at(it, host), it.chat_at)
        ended = made is not None and made.until is not None and made.until <= at
        against = {
            **it.shut(),
            "already-a-member": member in it.people,
            "unknown-invitation": made is None,
            "invitation-over": made is not None and (ended or made.used),
            "not-the-invited": made is not None and made.member not in {None, member},
        }
        about = InvitationId(circle, place)
        command = self.command("accept_invitation", about, member)
        if self._comes_in(it, member, host, command, against) and made is not None:
            made.used = made.member is not None

    def _comes_in(
        self,
        it: PlainCircle,
        member: MemberId,
        host: int,
        command: Given,
        against: dict[str, bool],
        *,
        events: int = 1,
        verified: VerifiedRole | None = None,
    ) -> bool:
        at = self.at(it, host)
        room = it.book.group_capacity is None or len(it.chat) < it.book.group_capacity
        wanted = Wanted(at, against, due=(it.id, () if room else ("group-full",)))
        if not self.ask(host, it, command, wanted):
            return False
        at = max(at, it.chat_at)
        it.came_in(member, "member", at, self.community.order, verified)
        for homework in self.community.homework_in(it):
            homework.by_role.pop(member, None)
            homework.came_as(
                member, it.verified.get(member), (at, self.community.order)
            )
        if room:
            it.chat.append(member)
            it.chat_at = at
        self._carried_out(it, at, events)
        return True
