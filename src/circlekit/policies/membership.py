"""
Who may join a circle, and who may leave it?

Internal circles take only staff of their organisation; business circles only
whom the owner or a manager invited; teaching circles only people with a
verified role; community circles are open, or by application where the rule book says
so. What a person is, the host attests.

Source: 001_91e06b73f5afe1ab:48 (internal, teaching, business);
000_5ed45e92f4bb09bc:115-117 (community: no condition stated, so open);
000_5ed45e92f4bb09bc:27 (the circle of all staff).
"""

from collections.abc import Container, Mapping
from datetime import datetime
from typing import Final

from circlekit.events.circle import CircleKind, VerifiedRole
from circlekit.policies.authority import Role
from circlekit.verdict import ALLOWED, Verdict, refused

_RUN_IT: Final = frozenset({"owner", "manager"})


def may_join(
    kind: CircleKind,
    *,
    organisation: str | None,
    staff_of: str | None,
    inviter_role: Role | None,
    verified_role: VerifiedRole | None,
    by_application: bool = False,
    partner: bool = False,
) -> Verdict:
    """
    Ask what the circle's kind demands of a newcomer.

    Staff of a partner are invited to a business circle by being that.

    >>> ask = {"organisation": "acme", "inviter_role": None, "verified_role": None}
    >>> may_join("internal", staff_of="acme", **ask).allowed
    True
    >>> str(may_join("internal", staff_of="other", **ask))
    'internal-staff-only: only staff of acme may join'
    """
    match kind:
        case "internal" if staff_of is None or staff_of != organisation:
            return staff_only(organisation, staff=False)
        case "community" if by_application and inviter_role not in _RUN_IT:
            return refused(
                "by-application", "people come in by asking, or by being invited"
            )
        case "business" if inviter_role not in _RUN_IT and not partner:
            return refused(
                "business-by-invitation",
                "only whom the owner or a manager invited may join",
            )
        case "teaching" if verified_role is None:
            return refused(
                "teaching-verified-role",
                "only a verified teacher, parent or student may join",
            )
    return ALLOWED


def staff_only(organisation: str | None, *, staff: bool) -> Verdict:
    """
    Only who works for its organisation is in an internal circle.
    """
    if staff:
        return ALLOWED
    return refused("internal-staff-only", f"only staff of {organisation} may join")


def not_yet_a_member(role: Role | None, *, member: str) -> Verdict:
    """
    Nobody joins twice.
    """
    if role is None:
        return ALLOWED
    return refused("already-a-member", f"{member} is a member already")


def members_only(role: Role | None, *, by: str) -> Verdict:
    """
    Only members take part.
    """
    if role is not None:
        return ALLOWED
    return refused("not-a-member", f"{by} is not a member of this circle")


def not_the_owner(role: Role | None, *, member: str) -> Verdict:
    """
    The owner stays: a circle is handed over before its owner goes.
    """
    if role != "owner":
        return ALLOWED
    return refused(
        "owner-stays", f"{member} owns this circle and hands it over before going"
    )


def outranks(role: Role | None, over: Role | None, *, member: str) -> Verdict:
    """
    A manager is removed by the owner alone.
    """
    if over == "manager" and role != "owner":
        return refused("not-the-owner", f"only the owner removes {member}, a manager")
    return ALLOWED


def may_be_appointed(role: Role | None, *, member: str) -> Verdict:
    """
    Only an ordinary member can be made a manager.
    """
    match role:
        case "member":
            return ALLOWED
        case None:
            return refused("not-a-member", f"{member} is not a member of this circle")
        case _:
            return refused("already-a-manager", f"{member} is {role} already")


def may_be_dismissed(role: Role | None, *, member: str) -> Verdict:
    """
    Only a manager can be dismissed.
    """
    if role == "manager":
        return ALLOWED
    return refused("not-a-manager", f"{member} is no manager of this circle")


def all_staff_stays(*, all_staff: bool) -> Verdict:
    """
    The circle of all staff is never closed, and nobody leaves or is taken out of it.

    >>> str(all_staff_stays(all_staff=True))
    'all-staff-stays: this is the circle of all staff, and follows the directory'
    """
    if not all_staff:
        return ALLOWED
    return refused(
        "all-staff-stays",
        "this is the circle of all staff, and follows the directory",
    )


def somebody_follows(heir: str | None) -> Verdict:
    """
    An owner who goes without handing over leaves the circle to somebody.
    """
    if heir is not None:
        return ALLOWED
    return refused("no-successor", "nobody else is in this circle")


def heir_of(
    members: Mapping[str, Role],
    joined_at: Mapping[str, datetime],
    *,
    gone: Container[str],
) -> str | None:
    """
    Return who follows an owner that goes, None if nobody else is there.

    The manager who has been a member longest, or else the member who has; of two that
    came at once, the one whose id sorts first.

    >>> came = {"mei": datetime(2020, 3, 1), "lin": datetime(2020, 3, 3)}
    >>> came["tao"] = datetime(2020, 3, 2)
    >>> heir_of({"mei": "owner", "lin": "manager", "tao": "member"}, came, gone={"mei"})
    'lin'
    """
    return min(
        (member for member in members if member not in gone),
        key=lambda member: (members[member] != "manager", joined_at[member], member),
        default=None,
    )
