"""
Let people ask, be invited and accept at random, beside a model of it.
"""

from datetime import datetime, timedelta
from typing import Final

from attrs import frozen
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from circlekit.events.circle import (
    CircleKind,
    IndustriesSet,
    MemberJoined,
    VerifiedRole,
)
from circlekit.events.joining import (
    ConventionAccepted,
    InvitationDeclined,
    InvitationMade,
    InvitationRevoked,
    JoinRequested,
    PartnerAdmitted,
    PartnershipEnded,
    RequestApproved,
    RequestDeclined,
    RequestWithdrawn,
)
from circlekit.ids import MemberId
from circlekit.testing.machines.machine import CAST, mostly, someone
from circlekit.testing.machines.staff import StaffMachine

_PEOPLE: Final = st.sampled_from((*CAST, MemberId("sun")))
_LASTS: Final = st.sampled_from((None, None, timedelta(0), timedelta(days=1)))
_ROLES: Final[st.SearchStrategy[VerifiedRole | None]] = st.sampled_from(
    ("teacher", None)
)


@frozen
class _Invited:
    by: str
    member: str | None
    until: datetime | None


def _an_invitation() -> st.SearchStrategy[int]:
    return st.runner().flatmap(lambda machine: mostly(machine.invitations))


class JoiningMachine(StaffMachine):
    """
    Drive how people come into a circle: requests, invitations, partners.
    """

    def __init__(self) -> None:
        super().__init__()
        self.kind: CircleKind = "community"
        self.requests: dict[str, JoinRequested] = {}
        self.invitations: dict[int, _Invited] = {}
        self.over: list[int] = []
        self.accepted: dict[str, str] = {}
        self.partners: list[str] = []
        self.industries: list[str] = []

    @rule(
        industries=st.sampled_from(((), ("tea",), ("books",), ("tea", "books"))),
        by=someone(),
    )
    def set_industries(self, industries: tuple[str, ...], by: MemberId) -> None:
        """
        Let somebody say by which industries the circle is found.
        """
        if self.ask(
            lambda at: self.it.set_industries(industries, by=by, at=at),
            refused_if={
                **self._closed(),
                "not-the-owner": not self._owns(by),
                "already-so": list(industries) == self.industries,
            },
            then=[IndustriesSet(industries=industries, by=by, at=self.at)],
        ):
            self.industries = list(industries)

    @invariant()
    def industries_agree(self) -> None:
        """
        Check that the circle is found by what was said last.
        """
        if list(self.it.industries) != self.industries:
            self.fail(f"it is found by {self.it.industries}, not {self.industries}")

    @rule(
        member=_PEOPLE,
        staff_of=st.sampled_from(("acme", None)),
        verified_role=_ROLES,
        withdrawn=st.sampled_from((False, False, True)),
    )
    def request_to_join(
        self,
        member: MemberId,
        staff_of: str | None,
        verified_role: VerifiedRole | None,
        *,
        withdrawn: bool,
    ) -> None:
        """
        Let somebody ask to be let in, or no longer.
        """
        if withdrawn:
            if self.ask(
                lambda at: self.it.withdraw_request(member, at=at),
                refused_if={"no-request": member not in self.requests},
                then=[RequestWithdrawn(member=member, at=self.at)],
            ):
                del self.requests[member]
            return
        due = JoinRequested(
            member=member,
            staff_of=staff_of,
            verified_role=verified_role,
            channel="qr",
            source="poster",
            at=self.at,
        )
        if self.ask(
            lambda at: self.it.request_to_join(
                member,
                staff_of=staff_of,
                verified_role=verified_role,
                channel="qr",
                source="poster",
                at=at,
            ),
            refused_if={
                **self._may_not_come(member),
                **self._not_of_the_kind(staff_of, verified_role),
                "already-requested": member in self.requests,
            },
            then=[due],
        ):
            self.requests[member] = due

    @rule(member=_PEOPLE, by=someone(), declined=st.sampled_from((False, False, True)))
    def decide_request(self, member: MemberId, by: MemberId, *, declined: bool) -> None:
        """
        Let somebody in who asked, or not.
        """
        asked = self.requests.get(member)
        against = {
            **self._closed(),
            "not-a-manager": not self._runs(by),
            "no-request": asked is None,
        }
        if declined:
            if self.ask(
                lambda at: self.it.decline_request(member, by=by, at=at),
                refused_if=against,
                then=[RequestDeclined(member=member, by=by, at=self.at)],
            ):
                del self.requests[member]
            return
        staff_of = asked.staff_of if asked else None
        role = asked.verified_role if asked else None
        if self.ask(
            lambda at: self.it.approve_request(
                member, staff_of=staff_of, verified_role=role, by=by, at=at
            ),
            refused_if=against,
            then=[
                RequestApproved(member=member, by=by, at=self.at),
                MemberJoined(
                    member=member,
                    staff_of=staff_of,
                    verified_role=role,
                    channel="qr",
                    source="poster",
                    at=self.at,
                ),
            ],
        ):
            self._came(member, staff_of, role)

    @rule(member=st.one_of(st.none(), _PEOPLE), lasts=_LASTS, by=someone())
    def invite(
        self, member: MemberId | None, lasts: timedelta | None, by: MemberId
    ) -> None:
        """
        Invite somebody, or anybody, perhaps for a while.
        """
        until = None if lasts is None else self.at + lasts
        free = self.kind == "internal" or (
            self.kind == "community" and self.book.community_joining == "open"
        )
        place = self.place
        if self.ask(
            lambda at: self.it.invite(
                channel="link",
                source="mail",
                member=member,
                until=until,
                by=by,
                at=at,
            ),
            refused_if={
                **self._closed(),
                **self._stays(),
                "not-a-member": free and by not in self.people,
                "not-a-manager": not free and not self._runs(by),
                "invitation-over": lasts == timedelta(0),
            },
            then=[
                InvitationMade(
                    channel="link",
                    source="mail",
                    member=member,
                    until=until,
                    by=by,
                    at=self.at,
                )
            ],
        ):
            self.invitations[place] = _Invited(by, member, until)

    @rule(
        invitation=_an_invitation(),
        member=_PEOPLE,
        staff_of=st.sampled_from(("acme", None)),
        verified_role=_ROLES,
    )
    def accept_invitation(
        self,
        invitation: int,
        member: MemberId,
        staff_of: str | None,
        verified_role: VerifiedRole | None,
    ) -> None:
        """
        Come in by an invitation.
        """
        made = self.invitations.get(invitation)
        if self.ask(
            lambda at: self.it.accept_invitation(
                self.cited(invitation),
                member,
                staff_of=staff_of,
                verified_role=verified_role,
                at=at,
            ),
            refused_if={
                **self._may_not_come(member),
                **self._not_of_the_kind(staff_of, verified_role),
                **self._does_not_hold(invitation),
                "not-the-invited": made is not None
                and made.member not in {None, member},
            },
            then=[
                MemberJoined(
                    member=member,
                    staff_of=staff_of,
                    invited_by=MemberId(made.by) if made else None,
                    verified_role=verified_role,
                    channel="link",
                    source="mail",
                    invitation=invitation,
                    at=self.at,
                )
            ],
        ):
            self._came(member, staff_of, verified_role)
            if made is not None and made.member is not None:
                self.over.append(invitation)

    @rule(member=_PEOPLE, other=_PEOPLE, at_its_end=st.booleans())
    def be_invited(
        self, member: MemberId, other: MemberId, *, at_its_end: bool
    ) -> None:
        """
        Let somebody be invited, another try to come by that, and both come twice.
        """
        owner = self._an_owner()
        if owner in {member, other}:
            return
        for whom in (member, None):
            self.part_with([*dict.fromkeys((member, other))])
            place = self.place
            self.invite(whom, timedelta(days=1), owner)
            if at_its_end and place in self.invitations:
                self.clock = max(self.clock, self.at + timedelta(days=1))
            for who in (other, member):
                self.accept_invitation(place, who, "acme", "teacher")
            self.part_with([member])
            self.accept_invitation(place, member, "acme", "teacher")

    @rule(member=_PEOPLE)
    def be_declined(self, member: MemberId) -> None:
        """
        Let somebody ask, be declined and ask again, and come in another way.
        """
        owner = self._an_owner()
        if owner == member:
            return
        self.part_with([member])
        for declined in (True, False):
            self.request_to_join(member, "acme", "teacher", withdrawn=False)
            self.decide_request(member, owner, declined=declined)
        self.part_with([member])
        self.request_to_join(member, "acme", "teacher", withdrawn=False)
        self.take_on([member])
        self.decide_request(member, owner, declined=False)

    @rule(
        invitation=_an_invitation(),
        by=someone(),
        what=st.sampled_from(("decline", "revoke")),
    )
    def end_invitation(self, invitation: int, by: MemberId, what: str) -> None:
        """
        Let an invitation be declined or taken back.
        """
        made = self.invitations.get(invitation)
        if what == "decline":
            done = self.ask(
                lambda at: self.it.decline_invitation(
                    self.cited(invitation), by=by, at=at
                ),
                refused_if={
                    **self._does_not_hold(invitation),
                    "not-the-invited": made is not None and made.member != by,
                },
                then=[InvitationDeclined(invitation=invitation, by=by, at=self.at)],
            )
        else:
            own = made is not None and made.by == by
            done = self.ask(
                lambda at: self.it.revoke_invitation(
                    self.cited(invitation), by=by, at=at
                ),
                refused_if={
                    **self._does_not_hold(invitation),
                    "not-a-manager": not own and not self._runs(by),
                },
                then=[InvitationRevoked(invitation=invitation, by=by, at=self.at)],
            )
        if done:
            self.over.append(invitation)

    @rule(version=st.sampled_from(("v1", "v2", "v0")), by=someone())
    def accept_convention(self, version: str, by: MemberId) -> None:
        """
        Accept the convention, or another.
        """
        in_force = self.book.convention
        if self.ask(
            lambda at: self.it.accept_convention(version, by=by, at=at),
            refused_if={
                **self._closed(),
                "not-a-member": by not in self.people,
                "not-the-convention": version != in_force,
                "already-accepted": version == in_force
                and self.accepted.get(by) == version,
            },
            then=[ConventionAccepted(version=version, by=by, at=self.at)],
        ):
            self.accepted[by] = version

    @rule(by=someone(), ended=st.booleans())
    def change_partners(self, by: MemberId, *, ended: bool) -> None:
        """
        Invite all staff of another organisation, or no longer.
        """
        partner = "other"
        against = {**self._closed(), "not-a-manager": not self._runs(by)}
        if ended:
            if self.ask(
                lambda at: self.it.end_partnership(partner, by=by, at=at),
                refused_if={**against, "not-a-partner": partner not in self.partners},
                then=[PartnershipEnded(organisation=partner, by=by, at=self.at)],
            ):
                self.partners.remove(partner)
            return
        business = self.kind == "business"
        if self.ask(
            lambda at: self.it.admit_partner(partner, by=by, at=at),
            refused_if={
                **against,
                "no-business-circle": not business,
                "already-a-partner": business and partner in self.partners,
            },
            then=[PartnerAdmitted(organisation=partner, by=by, at=self.at)],
        ):
            self.partners.append(partner)

    def _an_owner(self) -> MemberId:
        return next((MemberId(who) for who in self.people if self._owns(who)), CAST[0])

    def _came(
        self, member: MemberId, staff_of: str | None, role: VerifiedRole | None
    ) -> None:
        super()._came(member, staff_of, role)
        self.requests.pop(member, None)

    def _gone(self, who: str) -> None:
        super()._gone(who)
        self.accepted.pop(who, None)

    def _may_not_come(self, member: MemberId) -> dict[str, bool]:
        return {
            **self._closed(),
            **self._stays(),
            "already-a-member": member in self.people,
        }

    def _not_of_the_kind(
        self, staff_of: str | None, role: VerifiedRole | None
    ) -> dict[str, bool]:
        return {
            "internal-staff-only": self.kind == "internal"
            and staff_of != self.organisation,
            "teaching-verified-role": self.kind == "teaching" and role is None,
        }

    def _does_not_hold(self, invitation: int) -> dict[str, bool]:
        made = self.invitations.get(invitation)
        ended = made is not None and made.until is not None and made.until <= self.at
        return {
            "unknown-invitation": made is None,
            "invitation-over": made is not None and (ended or invitation in self.over),
        }

    def _unaccepted(self, by: str) -> dict[str, bool]:
        convention = self.book.convention
        return {
            "convention-not-accepted": convention is not None
            and self.accepted.get(by) != convention
        }
