"""
May this be recorded of a customer, and does anything reach them?

What staff and company send reaches a customer through the staff who are friends of
theirs. Whether somebody is one, the host reports; of whom it says nothing, it is
presumed.

Source: 000_5ed45e92f4bb09bc:129 (added by scan, profile completed);
004_5afab510c79021ef:77 (tags), :18 (staff appear as friends); WeCom's results of a
mass send have the state "not a friend".
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


def is_a_friend(member: str | None, *, friend: bool) -> Verdict:
    """
    Only a friend reaches a customer; *member* None means anybody of the staff.

    >>> str(is_a_friend("tao", friend=False))
    'not-a-friend: tao is no friend of this customer any more'
    """
    if friend:
        return ALLOWED
    who = "nobody of the staff is a" if member is None else f"{member} is no"
    return refused("not-a-friend", f"{who} friend of this customer any more")


def not_yet_a_friend(member: str, *, friend: bool) -> Verdict:
    """
    A friendship begins once before it ends.
    """
    if friend:
        return refused("already-a-friend", f"{member} is a friend already")
    return ALLOWED
