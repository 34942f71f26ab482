"""
May this happen? One module for each question, pure functions over values.
"""

from typing import Final

RULE_NAMES: Final[tuple[str, ...]] = (
    "already-a-customer",
    "already-a-manager",
    "already-a-member",
    "already-a-must-see",
    "already-acknowledged",
    "already-assigned",
    "already-blocked",
    "already-founded",
    "already-granted",
    "already-in-the-group",
    "already-pinned",
    "already-so",
    "already-tagged",
    "already-the-owner",
    "bound-group-stays",
    "business-by-invitation",
    "circle-archived",
    "circle-closed",
    "comment-removed",
    "group-full",
    "group-linked",
    "group-muted",
    "group-not-linked",
    "internal-staff-only",
    "moment-already-shown",
    "moment-day",
    "moment-month",
    "must-see-month",
    "must-see-spacing",
    "mute-already-over",
    "no-override-right",
    "not-a-manager",
    "not-a-member",
    "not-a-must-see",
    "not-blocked",
    "not-closed",
    "not-granted",
    "not-in-the-group",
    "not-muted",
    "not-pinned",
    "not-tagged",
    "not-the-author",
    "not-the-owner",
    "nothing-there",
    "organisation-required",
    "owner-stays",
    "pin-limit",
    "post-removed",
    "private-chat-blocked",
    "profile-complete",
    "same-person",
    "teaching-verified-role",
    "unknown-comment",
    "unknown-message",
    "unknown-post",
)
"""
The lasting names of all rules that circlekit itself refuses by, sorted.

Budgets are named as in the shipped rule books. A rule book of a host's own may
name its budgets otherwise and bring policies of its own; their names are not here.
"""
