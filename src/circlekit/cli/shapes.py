"""
The JSON of every report: attrs values in, plain values out.

These shapes are documented in ``docs/cli.md`` and kept. Keys may be added, never
renamed or taken away; moments are ISO 8601 in UTC and end in ``Z``.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from circlekit.application.following import Parked
from circlekit.audit import (
    CircleMonth,
    MustSeeAudit,
    Override,
    Violation,
    WhatIf,
)
from circlekit.cli.demo import Demo, Explained
from circlekit.clock import written, written_if_any
from circlekit.projections.group_timeline import TimelineEntry, TimelinePage
from circlekit.projections.member_feed import FeedItem, FeedPage
from circlekit.projections.quota_view import Quota, QuotaLine
from circlekit.verdict import Reason

Shape = dict[str, Any]

# An audit names these even where they refused nothing, so that two audits
# can be laid side by side.
ALWAYS_COUNTED: Final = (
    "must-see-month",
    "must-see-month+must-see-spacing",
    "must-see-spacing",
)


def feed(member: str, circle: str | None, page: FeedPage) -> Shape:
    """
    Return a page of a member's feed.
    """
    return {
        "member": member,
        "circle": circle,
        "items": [_feed_item(item) for item in page.items],
        "next": page.next,
    }


def timeline(group: str, page: TimelinePage) -> Shape:
    """
    Return a page of a group's timeline.
    """
    return {
        "group": group,
        "entries": [_timeline_entry(entry) for entry in page.entries],
        "next": page.next,
    }


def quota(of: Quota) -> Shape:
    """
    Return every budget of a circle or customer.
    """
    return {
        "holder": of.holder,
        "rules": of.rules,
        "zone": of.zone,
        "at": written(of.at),
        "next_allowed": written_if_any(of.next_allowed),
        "lines": [_quota_line(line) for line in of.lines],
    }


def audit(of: MustSeeAudit) -> Shape:
    """
    Return what became of every attempt to send a must-see.
    """
    counted = {rules: of.refused_by[rules] for rules in ALWAYS_COUNTED} | of.refused_by
    return {
        "totals": {
            "attempts": of.attempts,
            "sent": of.sent,
            "refused": of.refused,
            "refused_by": dict(sorted(counted.items())),
        },
        "circles": [_circle_month(row) for row in of.circles],
        "violations": [_violation(found) for found in of.violations],
        "overrides": [_override(used) for used in of.overrides],
        "not_judged": sorted(of.not_judged),
        "what_if": None if of.what_if is None else _what_if(of.what_if),
    }


def rebuilt(read_models: tuple[str, ...], events: int) -> Shape:
    """
    Return which read models were filled again, and up to which position.
    """
    return {"read_models": list(read_models), "events": events}


def worked(
    before: Mapping[str, int], after: Mapping[str, int], newest: int, released: int
) -> Shape:
    """
    Return how much was published, and from where to where each read model has read.
    """
    return {
        "newest": newest,
        "released": released,
        "read_models": [
            {"name": name, "from": before[name], "to": after[name]} for name in after
        ],
    }


def parked(followers: Mapping[str, int], aside: Sequence[Parked], newest: int) -> Shape:
    """
    Return where each follower is, and every event that it has parked.
    """
    counts = Counter(it.follower for it in aside)
    return {
        "newest": newest,
        "followers": [
            {"name": name, "position": position, "parked": counts[name]}
            for name, position in followers.items()
        ],
        "parked": [
            {
                "follower": it.follower,
                "position": it.position,
                "stream": it.stream,
                "version": it.version,
                "error": it.error,
                "attempts": it.attempts,
                "at": written(it.at),
            }
            for it in aside
        ],
    }


def explained(refusal: Explained) -> Shape:
    """
    Return what a command would be answered, with every rule in the way.
    """
    return {
        "command": refusal.command,
        "circle": refusal.circle,
        "by": refusal.by,
        "at": written(refusal.at),
        "zone": refusal.zone,
        "allowed": refusal.verdict.allowed,
        "rules": list(refusal.verdict.rules),
        "retry_at": written_if_any(refusal.verdict.retry_at),
        "reasons": [_reason(reason) for reason in refusal.verdict.reasons],
    }


def demo(of: Demo) -> Shape:
    """
    Return everything that the demo shows.
    """
    return {
        "lived": of.lived,
        "events": of.events,
        "seconds": round(of.seconds, 3),
        "feed": feed(of.member, None, of.feed),
        "timeline": timeline(of.group, of.timeline),
        "quotas": [quota(each) for each in of.quotas],
        "refusal": explained(of.refusal),
        "audit": audit(of.audit),
    }


def _feed_item(item: FeedItem) -> Shape:
    return {
        "post": str(item.post),
        "circle": item.post.circle,
        "author": item.author,
        "at": written(item.at),
        "text": item.text,
        "images": list(item.images),
        "videos": list(item.videos),
        "topic": item.topic,
        "edited_at": written_if_any(item.edited_at),
        "pinned": item.pinned,
        "must_see_at": written_if_any(item.must_see_at),
        "acknowledged": item.acknowledged,
        "unread": item.unread,
        "comments": item.comments,
        "reactions": item.reactions,
    }


def _timeline_entry(entry: TimelineEntry) -> Shape:
    return {
        "kind": entry.kind,
        "by": entry.by,
        "at": written(entry.at),
        "text": entry.text,
        "images": list(entry.images),
        "videos": list(entry.videos),
        "post": None if entry.post is None else str(entry.post),
        "comment": None if entry.comment is None else str(entry.comment),
        "message": None if entry.message is None else str(entry.message),
        "reactions": entry.reactions,
    }


def _quota_line(line: QuotaLine) -> Shape:
    return {
        "rule": line.rule,
        "source": line.source,
        "used": line.used,
        "left": line.left,
        "limit": line.limit,
        "window": line.window,
        "starts": written(line.starts),
        "ends": written(line.ends),
        "next_allowed": written_if_any(line.next_allowed),
    }


def _circle_month(row: CircleMonth) -> Shape:
    return {
        "circle": row.circle,
        "month": row.month,
        "zone": row.zone,
        "allowance": row.allowance,
        "sent": row.sent,
        "refused": row.refused,
        "left": row.left,
        "closest_gap_seconds": row.closest_gap_seconds,
    }


def _violation(found: Violation) -> Shape:
    return {
        "circle": found.circle,
        "version": found.version,
        "at": written(found.at),
        "rule": found.rule,
        "used": found.used,
        "limit": found.limit,
    }


def _override(used: Override) -> Shape:
    return {
        "circle": used.circle,
        "version": used.version,
        "at": written(used.at),
        "by": used.by,
        "reason": used.reason,
    }


def _what_if(asked: WhatIf) -> Shape:
    return {
        "per_month": asked.per_month,
        "gap_seconds": None if asked.gap is None else asked.gap.total_seconds(),
        "zone": asked.zone,
        "without": list(asked.without),
        "note": MustSeeAudit.FIRST_ORDER,
    }


def _reason(reason: Reason) -> Shape:
    return {
        "rule": reason.rule,
        "because": reason.because,
        "used": reason.used,
        "limit": reason.limit,
        "window_start": written_if_any(reason.window_start),
        "window_end": written_if_any(reason.window_end),
        "used_by": list(reason.used_by),
        "retry_at": written_if_any(reason.retry_at),
    }
