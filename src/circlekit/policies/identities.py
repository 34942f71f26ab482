"""
May this identity of another system be attached to this member?

A member has one identity here and any number elsewhere; an identity elsewhere is one
member's at most. How the host made sure that it is theirs, it attests.

Source: 000_5ed45e92f4bb09bc:109 (tools, accounts and data that are not one); the
rest is ours.
"""

from circlekit.verdict import ALLOWED, Verdict, refused


def free_to_attach(system: str, *, member: str, holder: str | None) -> Verdict:
    """
    Nobody has what is another's, nor the same twice.

    The identity itself is personal, so the reason does not name it.

    >>> str(free_to_attach("wechat", member="tao", holder="mei"))
    "identity-taken: this wechat identity is another member's"
    """
    if holder is None:
        return ALLOWED
    if holder == member:
        return refused(
            "identity-attached", f"this {system} identity is {member}'s already"
        )
    return refused("identity-taken", f"this {system} identity is another member's")


def is_attached(holder: str | None) -> Verdict:
    """
    Only what is somebody's is detached.
    """
    if holder is not None:
        return ALLOWED
    return refused("identity-not-attached", "this identity is no member's")
