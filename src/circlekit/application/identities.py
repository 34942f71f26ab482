"""
One member, whatever they are called in other systems.
"""

from hashlib import blake2b
from typing import Final

from attrs import define

from circlekit.aggregates.identity import Identity
from circlekit.application.deciding import Deciding, Work, command, nothing
from circlekit.errors import InvalidInputError
from circlekit.events.record import stream_of
from circlekit.ids import MemberId
from circlekit.projections.identities import IdentityEntry
from circlekit.store import IDENTITIES
from circlekit.text import checked_id, checked_name

LONGEST_SYSTEM: Final = 64


@define(eq=False, repr=False)
class MemberIdentities(Deciding):
    """
    Use cases of identities in other systems.
    """

    @command
    def attach_identity(
        self,
        member: MemberId | str,
        *,
        system: str,
        external_id: str,
        attested: str,
        by: MemberId | str,
        command_id: str | None = None,
    ) -> None:
        """
        Note that an identity in another system is a member's.

        A member may have any number of them, also several in one system.

        Args:
            member: The member.
            system: The other system, as in ``wechat``: up to 64 characters and no
                colon.
            external_id: Who they are there. The history is not named after it, and
                no refusal repeats it.
            attested: The host's word for how it made sure, as in ``oauth``.
            by: Who says so.
            command_id: Makes the call safe to repeat.

        Raises:
            RefusedError: ``identity-taken``, ``identity-attached``.
            InvalidInputError: If an id or a name is not accepted.
        """
        who = MemberId(checked_id("member", member))
        which = _named(system, external_id)
        checked_name("attested", attested)

        def plan(work: Work) -> None:
            it = work.blank_or_known(Identity, which)
            attached = it.attach(
                who,
                system=system,
                external_id=external_id,
                attested=attested,
                by=MemberId(by),
                at=work.at(it),
            )
            work.record(it, attached)

        self._decide(
            "attach_identity",
            plan,
            nothing,
            about=stream_of("identity", which),
            by=by,
            said=(who, external_id, attested),
            command_id=command_id,
        )

    @command
    def detach_identity(
        self,
        system: str,
        external_id: str,
        *,
        by: MemberId | str,
        command_id: str | None = None,
    ) -> None:
        """
        Note that an identity in another system is no longer anybody's.

        Raises:
            RefusedError: ``identity-not-attached``.
            InvalidInputError: If an id or a name is not accepted.
        """
        which = _named(system, external_id)

        def plan(work: Work) -> None:
            it = work.blank_or_known(Identity, which)
            work.record(it, it.detach(by=MemberId(by), at=work.at(it)))

        self._decide(
            "detach_identity",
            plan,
            nothing,
            about=stream_of("identity", which),
            by=by,
            said=(external_id,),
            command_id=command_id,
        )

    # Questions; they change nothing.

    def member_of(self, system: str, external_id: str) -> MemberId | None:
        """
        Return whose an identity in another system is, None if it is nobody's.

        Raises:
            InvalidInputError: If an id or a name is not accepted.
        """
        which = stream_of("identity", _named(system, external_id))
        with self._store.read(IDENTITIES) as (rows, _):
            return IDENTITIES.member(rows, which)

    def identities(self, member: MemberId | str) -> tuple[IdentityEntry, ...]:
        """
        Return what identities a member has in other systems, by system.

        Raises:
            InvalidInputError: If the id is not accepted.
        """
        who = MemberId(checked_id("member", member))
        with self._store.read(IDENTITIES) as (rows, _):
            return IDENTITIES.of(rows, who)


def _named(system: str, external_id: str) -> str:
    """
    Return what an identity goes by here, which does not say who it is.

    Raises:
        InvalidInputError: If the system or the id is not accepted.
    """
    checked_name("system", system)
    if ":" in system or len(system) > LONGEST_SYSTEM:
        accepted = f"up to {LONGEST_SYSTEM} characters without a colon"
        raise InvalidInputError("system", f"is {system!r}", accepted)
    outside = checked_id("external_id", external_id)
    return f"{system}:{blake2b(outside.encode(), digest_size=16).hexdigest()}"
