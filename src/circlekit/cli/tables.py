"""
Every report as people read it at a terminal.

What members wrote comes in as :func:`_said`, one line of text without markup.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from circlekit.application.following import Parked
from circlekit.audit import (
    CircleMonth,
    MustSeeAudit,
    Override,
    Violation,
    WhatIf,
)
from circlekit.budget import spoken
from circlekit.cli.demo import Demo, Explained
from circlekit.cli.terminal import one_line
from circlekit.clock import zone_named
from circlekit.projections.group_timeline import TimelineEntry, TimelinePage
from circlekit.projections.member_feed import FeedItem, FeedPage
from circlekit.projections.quota_view import Quota, QuotaLine
from circlekit.verdict import Reason

_EXCERPT: Final = 160
_NOTICES: Final = {
    "muted": "only the owner and managers may write",
    "unmuted": "everybody may write again",
    "private-chat-blocked": "members may not reach one another in private",
    "private-chat-allowed": "members may reach one another in private again",
}


def feed(member: str, circle: str | None, page: FeedPage) -> RenderableType:
    """
    Return a page of a member's feed.
    """
    table = _table("when (UTC)", "post", "id", leading=1)
    for item in page.items:
        table.add_row(
            _lines(_minute(item.at), item.author),
            _lines(
                _excerpt(item.text, item.images, item.videos),
                _answers(item.comments, item.reactions),
            ),
            _lines(str(item.post), _marks(item)),
        )
    title = f"Feed of {member}" + (f" in {circle}" if circle else "")
    return _page(title, table, "--after", page.next)


def timeline(group: str, page: TimelinePage) -> RenderableType:
    """
    Return a page of a group's timeline.
    """
    table = _table("when (UTC)", "shown", "id", leading=1)
    for entry in page.entries:
        table.add_row(
            _lines(_minute(entry.at), entry.by),
            _lines(_told(entry), _answers(0, entry.reactions)),
            _lines(str(entry.comment or entry.message or entry.post or ""), entry.kind),
        )
    return _page(f"Timeline of {group}", table, "--before", page.next)


def quota(of: Quota) -> RenderableType:
    """
    Return every budget of a circle or customer, in the zone it is counted in.
    """
    table = _table("rule", "for", "window", "used", "left", "room again")
    for line in of.lines:
        table.add_row(
            _said(line.rule),
            _said(line.source),
            _said(line.window),
            _said(f"{line.used} of {line.limit}"),
            _said(str(line.left)),
            _said(_room_again(line, of)),
        )
    at = f"{_minute(of.at, of.zone)} {of.zone}"
    return _report(f"Quota of {of.holder} by {of.rules}, {at}", table)


def audit(circle: str | None, of: MustSeeAudit) -> RenderableType:
    """
    Return what became of every attempt to send a must-see.
    """
    title = "Must-see audit" + (f" of {circle}" if circle else "")
    parts: list[RenderableType] = []
    if of.what_if is not None:
        title += f", what if {_asked(of.what_if)}?"
        parts.append(_said(MustSeeAudit.FIRST_ORDER))
    tried = _counted(of.attempts, "attempt")
    parts.append(_said(f"{tried}: {of.sent} sent, {of.refused} refused"))
    for rules, number in sorted(of.refused_by.items()):
        parts.append(_said(f"- {number} refused by {rules}"))
    if of.circles:
        parts.append(_months(of.circles))
    parts.append(_said(_counted(len(of.violations), "violation")))
    parts += [_said(_violation(found)) for found in of.violations]
    parts.append(_said(_counted(len(of.overrides), "override")))
    parts += [_said(_override(used)) for used in of.overrides]
    if of.not_judged:
        rules = ", ".join(sorted(of.not_judged))
        parts.append(_said(f"not judged, for want of a --policy: {rules}"))
    return _report(title, *parts)


def rebuilt(read_models: Sequence[str], events: int) -> RenderableType:
    """
    Return which read models were filled again.
    """
    names = ", ".join(read_models)
    return _said(f"Rebuilt {names} from {_counted(events, 'event')}.")


def worked(
    before: Mapping[str, int], after: Mapping[str, int], newest: int, released: int
) -> RenderableType:
    """
    Return how much was published, and from where to where each read model has read.
    """
    table = _table("read model", "from", "to")
    for name, position in after.items():
        table.add_row(_said(name), _said(str(before[name])), _said(str(position)))
    title = f"Read models, of {_counted(newest, 'event')}"
    if not released:
        return _report(title, table)
    return _report(f"Published {released} that were due. {title}", table)


def parked(
    followers: Mapping[str, int], aside: Sequence[Parked], newest: int
) -> RenderableType:
    """
    Return where each follower is, and every event that it has parked.
    """
    counts = Counter(it.follower for it in aside)
    title = f"Followers, of {_counted(newest, 'event')}"
    if not followers:
        return _report(title, _said("nobody follows"))
    table = _table("follower", "position", "parked")
    for name, position in followers.items():
        table.add_row(_said(name), _said(str(position)), _said(str(counts[name])))
    if not aside:
        return _report(title, table)
    events = _table("follower", "event", "tried", "what went wrong")
    for it in aside:
        events.add_row(
            _said(it.follower),
            _said(f"{it.stream}, {it.version}"),
            _said(str(it.attempts)),
            _said("waits for one before it" if it.error is None else it.error),
        )
    return _report(title, table, events)


def explained(refusal: Explained) -> RenderableType:
    """
    Return what a command would be answered, with every rule in the way.
    """
    zone, verdict = refusal.zone, refusal.verdict
    at = _in_both(refusal.at, zone)
    title = f"May {refusal.by} {refusal.does} in {refusal.circle} at {at}?"
    if verdict.allowed:
        return _report(title, _said("Yes, no rule is in the way."))
    words = [
        _said(f"No, {reason.rule}: {reason.because}") for reason in verdict.reasons
    ]
    again = "Waiting alone does not help."
    if verdict.retry_at is not None:
        again = f"All of them allow it again from {_in_both(verdict.retry_at, zone)}."
    return _report(title, *words, _reasons(verdict.reasons, zone), _said(again))


def demo(of: Demo) -> RenderableType:
    """
    Return everything that the demo shows, and at its end what it took.
    """
    events, took = _counted(of.events, "event"), f"{of.seconds:.1f} seconds"
    told = f"{events}, lived and read in {took}."
    if not of.lived:
        told = f"{events} were in this store already; none was added. Read in {took}."
    return Group(
        feed(of.member, None, of.feed),
        timeline(of.group, of.timeline),
        *map(quota, of.quotas),
        explained(of.refusal),
        audit(of.circle, of.audit),
        _said(told),
    )


def _said(text: str) -> Text:
    return Text(one_line(text), overflow="fold")


def _lines(*texts: str) -> Text:
    return Text("\n", overflow="fold").join(_said(text) for text in texts if text)


def _table(*columns: str, leading: int = 0) -> Table:
    table = Table(
        box=SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0), leading=leading
    )
    for name in columns:
        table.add_column(_said(name), overflow="fold")
    return table


def _report(title: str, *parts: RenderableType) -> RenderableType:
    heading = _said(title)
    heading.stylize("bold")
    apart = [
        Padding(part, (1, 0)) if isinstance(part, Table) else part for part in parts
    ]
    below = 0 if isinstance(parts[-1], Table) else 1
    return Group(heading, Padding(Group(*apart), (0, 0, below, 2)))


def _page(
    title: str, table: Table, option: str, following: str | int | None
) -> RenderableType:
    if not table.rows:
        return _report(title, _said("nothing here"))
    if following is None:
        return _report(title, table)
    return _report(title, table, _said(f"there is more: {option} {following}"))


def _excerpt(text: str | None, *references: Sequence[str]) -> str:
    # Cut before it is made one line: a post may be long, and full of line ends.
    said = one_line(text or "")
    if len(said) > _EXCERPT:
        return said[:_EXCERPT] + "…"
    return said or ", ".join(name for names in references for name in names)


def _told(entry: TimelineEntry) -> str:
    notice, said = (
        _NOTICES.get(entry.kind, ""),
        _excerpt(entry.text, entry.images, entry.videos),
    )
    return f"{notice}: {said}" if notice and said else notice or said


def _answers(comments: int, reactions: Mapping[str, int]) -> str:
    counted = [_counted(comments, "comment")] if comments else []
    counted += [f"{emoji} {number}" for emoji, number in reactions.items()]
    return ", ".join(counted)


def _marks(item: FeedItem) -> str:
    marks = {
        "pinned": item.pinned,
        "must-see": item.must_see_at is not None,
        "acknowledged": item.acknowledged,
        "unread": item.unread,
        "edited": item.edited_at is not None,
    }
    return ", ".join(mark for mark, is_set in marks.items() if is_set)


def _room_again(line: QuotaLine, of: Quota) -> str:
    if line.next_allowed is None:
        return "never"
    now = line.next_allowed <= of.at
    return "now" if now else _minute(line.next_allowed, of.zone)


def _months(rows: Sequence[CircleMonth]) -> Table:
    table = _table("circle", "month", "zone", "sent", "left", "refused", "closest gap")
    for row in rows:
        gap = row.closest_gap_seconds
        table.add_row(
            _said(row.circle),
            _said(row.month),
            _said(row.zone),
            _said(f"{row.sent} of {'any' if row.allowance is None else row.allowance}"),
            _said("any" if row.left is None else str(row.left)),
            _said(str(row.refused)),
            _said("" if gap is None else _span(gap)),
        )
    return table


def _violation(found: Violation) -> str:
    return (
        f"- {found.circle}/{found.version} at {_minute(found.at)} UTC: "
        f"{found.rule}, {found.used} of {found.limit} were used"
    )


def _override(used: Override) -> str:
    return (
        f"- {used.circle}/{used.version} at {_minute(used.at)} UTC "
        f"by {used.by}: {used.reason}"
    )


def _asked(what_if: WhatIf) -> str:
    asked = {
        "per-month": what_if.per_month,
        "gap": None if what_if.gap is None else spoken(what_if.gap),
        "zone": what_if.zone,
    }
    said = [f"{name}={it}" for name, it in asked.items() if it is not None]
    return ", ".join([*said, *(f"without={rule}" for rule in what_if.without)])


def _reasons(reasons: Sequence[Reason], zone: str) -> RenderableType:
    table = _table("rule", "by events", "", "UTC", zone.rpartition("/")[2])
    for column in table.columns[-2:]:
        column.no_wrap = True  # a moment is not broken in two; the list before is
    for reason in reasons:
        if reason.limit is None:
            continue
        moments = {
            "from": reason.window_start,
            "until": reason.window_end,
            "again": reason.retry_at,
        }
        known = {name: at for name, at in moments.items() if at is not None}
        table.add_row(
            _lines(reason.rule, f"{reason.used} of {reason.limit} used"),
            _said(", ".join(map(str, reason.used_by))),
            _lines(*known),
            _lines(*(_minute(at) for at in known.values())),
            _lines(*(_minute(at, zone) for at in known.values())),
        )
    return table if table.rows else Group()


def _minute(at: datetime, zone: str = "UTC") -> str:
    return f"{at.astimezone(zone_named(zone)):%Y-%m-%d %H:%M}"


def _in_both(at: datetime, zone: str) -> str:
    return f"{_minute(at)} UTC ({_minute(at, zone)} {zone})"


def _span(seconds: float) -> str:
    span = timedelta(seconds=int(seconds))
    return f"{span.days} d {span - timedelta(days=span.days)!s:0>8}"


def _counted(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"
