"""
May this be recorded of a customer?

Source: 000_5ed45e92f4bb09bc:129 (added by scan, profile completed);
004_5afab510c79021ef:77 (tags).
"""

from collections.abc import Container

from circlekit.verdict import ALLOWED, Verdict, refused


def profile_open(*, completed: bool) -> Verdict:
    """
    A profile is completed once.
    """
    if completed:
        return refused("profile-complete", "the profile is complete already")
    return ALLOWED


def not_yet_tagged(tag: str, tags: Container[str]) -> Verdict:
    """
    A tag is put on once.
    """
    if tag in tags:
        return refused("already-tagged", f"the customer has the tag {tag} already")
    return ALLOWED


def is_tagged(tag: str, tags: Container[str]) -> Verdict:
    """
    Only a tag that is on is taken off.
    """
    if tag in tags:
        return ALLOWED
    return refused("not-tagged", f"the customer does not have the tag {tag}")


def not_yet_assigned(owner: str, current: str | None) -> Verdict:
    """
    A customer is handed to somebody else, not to whoever has them.
    """
    if owner == current:
        return refused("already-assigned", f"{owner} has this customer already")
    return ALLOWED
