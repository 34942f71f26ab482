"""
Who may join a circle, and who may leave it?

Internal circles take only staff of their organisation; business circles only
whom the owner or a manager invited; teaching circles only people with a
verified role; community circles are open. What a person is, the host attests.

Source: 001_91e06b73f5afe1ab:48 (internal, teaching, business);
000_5ed45e92f4bb09bc:115-117 (community: no condition stated, so open).
"""

from circlekit.events.circle import CircleKind, VerifiedRole
from circlekit.policies.authority import Role
from circlekit.verdict import ALLOWED, Verdict, refused


def may_join(
    kind: CircleKind,
    *,
    organisation: str | None,
    staff_of: str | None,
    inviter_role: Role | None,
    verified_role: VerifiedRole | None,
) -> Verdict:
    """
    Ask what the circle's kind demands of a newcomer.

    >>> ask = {"organisation": "acme", "inviter_role": None, "verified_role": None}
    >>> may_join("internal", staff_of="acme", **ask).allowed
    True
    >>> str(may_join("internal", staff_of="other", **ask))
    'internal-staff-only: only staff of acme may join'
    """
    match kind:
        case "internal" if staff_of is None or staff_of != organisation:
            return refused(
                "internal-staff-only", f"only staff of {organisation} may join"
            )
        case "business" if inviter_role not in {"owner", "manager"}:
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
