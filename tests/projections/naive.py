"""
The read models once more, as simply as can be: all of history, every time.
"""

from collections import Counter
from datetime import timedelta
from zoneinfo import ZoneInfo

from attrs import evolve

from circlekit import CommentId, MessageId, PostId
from circlekit.audit import (
    CircleMonth,
    MustSeeAudit,
    Override,
    Violation,
)
from circlekit.events import circle as c
from circlekit.events import group as g
from circlekit.events import pace as pc
from circlekit.events import reader as r
from circlekit.events import redirection as rd
from circlekit.events import relay as rl
from circlekit.events.refusal import CommandRefused
from circlekit.events.rules import RuleBookAdopted
from circlekit.projections.group_timeline import TimelineEntry
from circlekit.projections.member_feed import FeedItem

NOTICES = {
    g.AnnouncementSet: "announcement",
    g.GroupMuted: "muted",
    g.GroupUnmuted: "unmuted",
    g.PrivateChatBlocked: "private-chat-blocked",
    g.PrivateChatAllowed: "private-chat-allowed",
    pc.SlowModeSet: "slow-mode",
    pc.SlowModeLifted: "slow-mode-lifted",
    pc.AnnouncementsOnlySet: "announcements-only",
    pc.AnnouncementsOnlyLifted: "announcements-only-lifted",
}
AMOUNTS = ("off", "digest", "all")


def feed(told, member, circle=None):  # noqa: C901, PLR0912 - a case for each event
    """
    Return the items of a member's whole feed.
    """
    last_seen = {}  # circle: None while a member, else where they left
    posts, order = {}, {}
    reacted, read, acknowledged, pinned, must_see = {}, set(), set(), set(), set()
    comments = {}
    for it in told:
        event, where = it.event, it.subject
        match event:
            case c.CircleFounded() if event.by == member:
                last_seen[where] = None
            case c.MemberJoined() if event.member == member:
                last_seen[where] = None
            case c.MemberLeft() | c.MemberRemoved() if event.member == member:
                last_seen[where] = it.position
            case c.PostPublished():
                post = PostId(where, it.version)
                order[post] = (event.at, it.position)
                posts[post] = FeedItem(
                    post=post,
                    author=event.by,
                    at=event.at,
                    text=event.text,
                    images=event.images,
                    videos=event.videos,
                    topic=event.topic,
                    reactions={},
                )
                reacted[post] = set()
            case c.PostEdited():
                post = PostId(where, event.post)
                posts[post] = evolve(
                    posts[post],
                    text=event.text,
                    images=event.images,
                    videos=event.videos,
                    edited_at=event.at,
                )
            case c.PostRemoved():
                del posts[PostId(where, event.post)]
            case c.CommentAdded():
                comments[where, it.version] = PostId(where, event.post)
            case c.CommentRemoved():
                del comments[where, event.comment]
            case c.PostReacted():
                reacted[PostId(where, event.post)].add((event.emoji, event.by))
            case c.ReactionWithdrawn():
                reacted[PostId(where, event.post)].discard((event.emoji, event.by))
            case c.PostPinned():
                pinned.add(PostId(where, event.post))
            case c.PostUnpinned():
                pinned.discard(PostId(where, event.post))
            case c.MustSeeSent():
                post = PostId(where, event.post)
                must_see.add(post)
                posts[post] = evolve(posts[post], must_see_at=event.at)
            case r.PostsRead() if where == member:
                read |= {PostId(event.circle, post) for post in event.posts}
            case r.MustSeeAcknowledged() if where == member:
                acknowledged.add(PostId(event.circle, event.post))

    def on_top(post):
        return last_seen[post.circle] is None and (
            post in pinned or (post in must_see and post not in acknowledged)
        )

    visible = [
        post
        for post in posts
        if post.circle in last_seen
        and circle in {None, post.circle}
        and (last_seen[post.circle] is None or order[post][1] <= last_seen[post.circle])
    ]
    visible.sort(key=lambda post: (on_top(post), order[post]), reverse=True)
    return [
        evolve(
            posts[post],
            pinned=post in pinned,
            acknowledged=post in acknowledged,
            unread=posts[post].author != member
            and post not in read
            and post not in acknowledged,
            comments=sum(on == post for on in comments.values()),
            reactions=dict(Counter(emoji for emoji, _ in reacted[post])),
        )
        for post in visible
    ]


def timeline(told, group, reader=None):  # noqa: C901, PLR0912, PLR0915 - each event
    """
    Return every entry of a group's timeline, newest first, as a reader is shown it.
    """
    linked = {}  # circle of each group, as the history goes by
    books, own, content, sent_to = {}, {}, {}, {}
    company, of_company = {}, {}
    entries = {}  # by place
    reacted, chosen, wrote = {}, {}, {}
    form = {}  # how each comment reaches the reader: single, gathered or not at all
    messages = {}  # every message of every group, with its place among all events

    def relayed(circle):
        shown = books[circle].comment_relay
        if not books[circle].comment_relay_choice:
            return shown
        shown = own.get(circle) or of_company.get(company[circle]) or shown
        asked_for = chosen.get(circle) or chosen.get(None) or "all"
        return min(shown, asked_for, key=AMOUNTS.index)

    def shown_in(circle, post):
        named = sent_to[circle, post]
        return linked.get(group) == circle and (named is None or group in named)

    def forget(kinds, **fields):
        for place, entry in list(entries.items()):
            if entry.kind in kinds and all(
                getattr(entry, name) == value for name, value in fields.items()
            ):
                del entries[place]

    for it in told:
        event, where = it.event, it.subject
        at = {"at": event.at, "reactions": {}}
        match event:
            case g.CircleLinked():
                linked[where] = event.circle
            case g.CircleUnlinked():
                linked[where] = None
            case RuleBookAdopted() if it.stream.startswith("circle/"):
                books[where] = event.book
            case c.CircleFounded():
                company[where] = event.organisation
            case rl.OrganisationRelaySet():
                of_company[where] = event.relay
            case rl.CommentRelaySet():
                own[where] = event.relay
            case rl.CommentRelayChosen() if where == reader:
                chosen[event.circle] = event.relay
            case g.MessageSent():
                message = MessageId(where, it.version)
                reacted[message] = set()
                messages[message] = it.position
                entries[it.position] = TimelineEntry(
                    kind="message" if where == group else "elsewhere",
                    by=event.by,
                    text=event.text,
                    images=event.images,
                    videos=event.videos,
                    message=message,
                    **at,
                )
            case g.MessageReacted():
                reacted[MessageId(where, event.message)].add((event.emoji, event.by))
            case rd.ThreadRedirected():
                for version in event.messages:
                    place = messages[MessageId(where, version)]
                    kind = "message" if event.to == group else "elsewhere"
                    entries[place] = evolve(entries[place], kind=kind, group=where)
                if where == group:
                    entries[it.position] = TimelineEntry(
                        kind="thread-redirected",
                        by=event.by,
                        text=event.reason,
                        message=MessageId(group, event.messages[0]),
                        group=event.to,
                        **at,
                    )
            case rd.ThreadReceived() if where == group:
                entries[it.position] = TimelineEntry(
                    kind="thread-received",
                    by=event.by,
                    message=MessageId(event.group, event.messages[0]),
                    group=event.group,
                    **at,
                )
            case c.PostPublished():
                sent_to[where, it.version] = event.groups
                content[where, it.version] = event
                if event.synced and shown_in(where, it.version):
                    entries[it.position] = TimelineEntry(
                        kind="post",
                        by=event.by,
                        text=event.text,
                        images=event.images,
                        videos=event.videos,
                        post=PostId(where, it.version),
                        **at,
                    )
            case c.PostEdited():
                content[where, event.post] = event
                for place, entry in entries.items():
                    if entry.kind in {"post", "must-see"} and entry.post == PostId(
                        where, event.post
                    ):
                        entries[place] = evolve(
                            entry,
                            text=event.text,
                            images=event.images,
                            videos=event.videos,
                        )
            case c.PostRemoved():
                forget(
                    {"post", "must-see", "comment", "digest"},
                    post=PostId(where, event.post),
                )
            case c.MustSeeSent():
                forget({"post"}, post=PostId(where, event.post))
                if shown_in(where, event.post):
                    entries[it.position] = TimelineEntry(
                        kind="must-see",
                        by=event.by,
                        text=content[where, event.post].text,
                        images=content[where, event.post].images,
                        videos=content[where, event.post].videos,
                        post=PostId(where, event.post),
                        **at,
                    )
            case c.CommentAdded():
                form[where, it.version] = relayed(where)
                wrote[where, it.version] = event.by
                if relayed(where) == "all" and shown_in(where, event.post):
                    entries[it.position] = TimelineEntry(
                        kind="comment",
                        by=event.by,
                        text=event.text,
                        post=PostId(where, event.post),
                        comment=CommentId(where, it.version),
                        **at,
                    )
            case c.CommentRemoved():
                forget({"comment"}, comment=CommentId(where, event.comment))
                removed = CommentId(where, event.comment)
                for place, entry in list(entries.items()):
                    left = tuple(it for it in entry.comments if it != removed)
                    if entry.kind == "digest" and not left:
                        del entries[place]
                    elif left != entry.comments:
                        by = wrote[where, left[-1].version]
                        entries[place] = evolve(entry, comments=left, by=by)
            case rl.CommentDigestSent() if where == group:
                gathered = tuple(
                    CommentId(event.circle, comment)
                    for comment in event.comments
                    if form[event.circle, comment] == "digest"
                )
                if gathered:
                    entries[it.position] = TimelineEntry(
                        kind="digest",
                        by=wrote[event.circle, gathered[-1].version],
                        post=PostId(event.circle, event.post),
                        comments=gathered,
                        **at,
                    )
            case _ if type(event) in NOTICES and where == group:
                text = getattr(event, "text", getattr(event, "reason", None))
                entries[it.position] = TimelineEntry(
                    kind=NOTICES[type(event)], by=event.by, text=text, **at
                )
    return [
        entry
        if entry.kind != "message"
        else evolve(
            entry,
            reactions=dict(Counter(emoji for emoji, _ in reacted[entry.message])),
        )
        for _, entry in sorted(entries.items(), reverse=True)
        if entry.kind != "elsewhere"
    ]


def counted(budget, sent, zone, at):
    """
    Return how many of the moments *sent* a budget counts at a moment.
    """
    home = ZoneInfo(zone)
    match budget.window.kind:
        case "calendar-month":
            same = [f"{it.astimezone(home):%Y-%m}" for it in (*sent, at)]
        case "calendar-day":
            same = [f"{it.astimezone(home):%Y-%m-%d}" for it in (*sent, at)]
        case "calendar-week":
            same = [it.astimezone(home).isocalendar()[:2] for it in (*sent, at)]
        case "rolling":
            span = timedelta(seconds=budget.window.seconds)
            same = [at - it < span for it in sent] + [True]
    return sum(it == same[-1] for it in same[:-1])


def audit(told, what_if=None):  # noqa: C901, PLR0915 - a case for each event
    """
    Audit a history: every attempt against all must-sees before it.
    """
    result = MustSeeAudit(what_if=what_if)
    zones, books, sent, months = {}, {}, {}, {}

    def over(where, at):
        for budget in changed(books[where], what_if):
            used = counted(budget, sent[where], zones[where], at)
            if used >= budget.limit:
                yield budget.rule, used, budget.limit

    def month(where, at):
        name = f"{at.astimezone(ZoneInfo(zones[where])):%Y-%m}"
        row = months.setdefault(
            (where, name),
            CircleMonth(circle=where, month=name, zone=zones[where], allowance=None),
        )
        limits = [
            it.limit
            for it in changed(books[where], what_if)
            if it.window.kind == "calendar-month"
        ]
        row.allowance = limits[0] if limits else None
        return row

    def count_sent(where, at):
        result.attempts += 1
        result.sent += 1
        row = month(where, at)
        row.sent += 1
        if sent[where]:
            gap = (at - sent[where][-1]).total_seconds()
            if row.closest_gap_seconds is None or gap < row.closest_gap_seconds:
                row.closest_gap_seconds = gap
        sent[where].append(at)

    def count_refused(where, at, rules):
        result.attempts += 1
        result.refused += 1
        result.refused_by["+".join(sorted(set(rules)))] += 1
        month(where, at).refused += 1

    for it in told:
        event, where = it.event, it.subject
        match event:
            case c.CircleFounded():
                zones[where] = (what_if and what_if.zone) or event.zone
                sent[where] = []
            case RuleBookAdopted() if it.stream.startswith("circle/"):
                books[where] = event.book
            case c.MustSeeSent(override=str()):
                result.overrides.append(
                    Override(
                        circle=where,
                        version=it.version,
                        at=event.at,
                        by=event.by,
                        reason=event.override,
                    )
                )
                count_sent(where, event.at)
            case c.MustSeeSent():
                broken = list(over(where, event.at))
                if broken and what_if is not None:
                    count_refused(where, event.at, [rule for rule, _, _ in broken])
                    continue
                result.violations += [
                    Violation(
                        circle=where,
                        version=it.version,
                        at=event.at,
                        rule=rule,
                        used=used,
                        limit=limit,
                    )
                    for rule, used, limit in broken
                ]
                count_sent(where, event.at)
            case CommandRefused() if event.command in {
                "send_must_see",
                "promote_to_must_see",
            }:
                rules = [reason.rule for reason in event.reasons]
                if what_if is not None and "no-override-right" not in rules:
                    counting = {budget.rule for budget in books[where].must_see}
                    rules = [rule for rule in rules if rule not in counting]
                    rules += [rule for rule, _, _ in over(where, event.at)]
                    if not rules:
                        count_sent(where, event.at)
                        continue
                count_refused(where, event.at, rules)
    result.circles = [months[key] for key in sorted(months)]
    return result


def changed(book, what_if):
    """
    Return the must-see budgets of a book, with other numbers put in.
    """
    if what_if is None:
        yield from book.must_see
        return
    for budget in (what_if.rules or book).must_see:
        if budget.rule in what_if.without:
            continue
        if budget.window.kind == "calendar-month" and what_if.per_month is not None:
            yield evolve(budget, limit=what_if.per_month)
        elif (
            budget.window.kind == "rolling"
            and budget.limit == 1
            and what_if.gap is not None
        ):
            if what_if.gap:
                window = evolve(budget.window, seconds=int(what_if.gap.total_seconds()))
                yield evolve(budget, window=window)
        else:
            yield budget
