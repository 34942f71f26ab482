"""
What group timelines show of comments: each by itself, in a digest, or not at all.

How a comment reaches a reader is settled when it is written: by what the circle
shows at that time, and by what the reader has asked for until then. So each comment
reaches each reader in one form, and later settings recall nothing.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, cast

from attrs import frozen
from sqlalchemy import Column, Index, Integer, MetaData, Table

from circlekit.clock import from_micros, micros
from circlekit.events.circle import CircleFounded
from circlekit.events.record import Recorded
from circlekit.events.relay import (
    CommentRelayChosen,
    CommentRelaySet,
    OrganisationRelaySet,
)
from circlekit.events.rules import RuleBookAdopted
from circlekit.ids import CircleId, CommentId, GroupId, MemberId
from circlekit.projections.read_model import TEXT, WHOLE_NUMBER, Rows
from circlekit.settings import CommentRelay, comment_relay

TABLES: Final = MetaData()
Table(
    "circlekit_timeline_circle",
    TABLES,
    Column("circle", TEXT, primary_key=True),
    Column("organisation", TEXT),
    Column("relay", TEXT, nullable=False),
    Column("may_choose", Integer, nullable=False),
    Column("seconds", WHOLE_NUMBER, nullable=False),
    Column("own", TEXT),
)
# What organisations say, whether or not their circles are made yet.
Table(
    "circlekit_timeline_organisation",
    TABLES,
    Column("organisation", TEXT, primary_key=True),
    Column("relay", TEXT),
)
Table(
    "circlekit_timeline_link",
    TABLES,
    Column("grp", TEXT, primary_key=True),
    Column("since", WHOLE_NUMBER, primary_key=True),
    Column("circle", TEXT, nullable=False),
    Column("until", WHOLE_NUMBER),
    Index("circlekit_timeline_link_circle", "circle"),
)
Table(
    "circlekit_timeline_member",
    TABLES,
    Column("member", TEXT, primary_key=True),
    Column("grp", TEXT, primary_key=True),
)
# From which event to which somebody was in a group: whom it was shown to.
Table(
    "circlekit_timeline_stay",
    TABLES,
    Column("grp", TEXT, primary_key=True),
    Column("member", TEXT, primary_key=True),
    Column("since", WHOLE_NUMBER, primary_key=True),
    Column("until", WHOLE_NUMBER),
)
# What readers asked for, from one event to another; no circle means all of them.
Table(
    "circlekit_timeline_choice",
    TABLES,
    Column("member", TEXT, primary_key=True),
    Column("circle", TEXT, primary_key=True),
    Column("since", WHOLE_NUMBER, primary_key=True),
    Column("until", WHOLE_NUMBER),
    Column("relay", TEXT, nullable=False),
    Index("circlekit_timeline_choice_circle", "circle", "relay"),
)
# Comments that wait for a group's next digest.
Table(
    "circlekit_timeline_waiting",
    TABLES,
    Column("grp", TEXT, primary_key=True),
    Column("circle", TEXT, primary_key=True),
    Column("comment", Integer, primary_key=True),
    Column("post", Integer, nullable=False),
    Column("position", WHOLE_NUMBER, nullable=False),
    Column("by", TEXT, nullable=False),
    Column("at", WHOLE_NUMBER, nullable=False),
    Column("relay", TEXT, nullable=False),
    Column("lowers", Integer, nullable=False),
    Index("circlekit_timeline_waiting_post", "circle", "post"),
)
# Comments that a digest stands for; the position is the digest's.
Table(
    "circlekit_timeline_digested",
    TABLES,
    Column("position", WHOLE_NUMBER, primary_key=True),
    Column("comment", Integer, primary_key=True),
    Column("circle", TEXT, nullable=False),
    Column("post", Integer, nullable=False),
    Column("written", WHOLE_NUMBER, nullable=False),
    Column("by", TEXT, nullable=False),
    Column("relay", TEXT, nullable=False),
    Column("lowers", Integer, nullable=False),
    Index("circlekit_timeline_digested_comment", "circle", "comment"),
    Index("circlekit_timeline_digested_post", "circle", "post"),
)


@frozen
class CircleRelay:
    """
    What a circle shows of comments, and whether readers may ask for less.
    """

    value: CommentRelay
    may_choose: bool


@frozen(kw_only=True)
class Reach:
    """
    Whom a circle reached in its groups, and how often it interrupted them.

    A post that somebody is shown in two groups reaches them once and interrupts them
    twice. What they wrote themselves does neither, and messages are not counted.

    Attributes:
        readers: How many people were shown something.

        interruptions: How many posts, must-sees, comments and digests they were
            shown, all together.

        most: The most that one of them was shown.

        a_day: How many one of them was shown in 24 hours, on average.
    """

    readers: int
    interruptions: int
    most: int
    a_day: float


@frozen
class WaitingComments:
    """
    The comments on a post that wait for a group's digest.

    Attributes:
        window: How long comments are gathered.

        comments: Their places in the circle and their moments, oldest first.
    """

    window: timedelta
    comments: tuple[tuple[int, datetime], ...]


def take_setting(rows: Rows, recorded: Recorded) -> None:
    """
    Take in what a circle, its organisation or a reader says of the relay.
    """
    event, subject = recorded.event, recorded.subject
    match event:
        case CircleFounded():
            rows.run(_FOUND, circle=subject, organisation=event.organisation)
        case RuleBookAdopted():
            rows.run(
                _ADOPT,
                circle=subject,
                relay=event.book.comment_relay,
                may_choose=int(event.book.comment_relay_choice),
                seconds=event.book.comment_digest_seconds,
            )
        case CommentRelaySet():
            rows.run(_OWN, circle=subject, own=event.relay)
        case OrganisationRelaySet():
            rows.run(_OF_ORGANISATION, organisation=subject, relay=event.relay)
        case CommentRelayChosen():
            of = {"member": subject, "circle": event.circle or _EVERYWHERE}
            rows.run(_END_CHOICE, position=recorded.position, **of)
            if event.relay is not None:
                rows.run(_CHOOSE, position=recorded.position, relay=event.relay, **of)


def relay_of(rows: Rows, circle: str) -> CircleRelay:
    """
    Return what a circle shows of comments now.
    """
    ((relay, may_choose, organisation, own),) = rows.all(_RELAY, circle=circle)
    setting = comment_relay(
        book=relay,
        may_choose=bool(may_choose),
        organisation=organisation,
        circle=own,
    )
    return CircleRelay(cast("CommentRelay", setting.value), bool(may_choose))


def wait_for_digest(
    rows: Rows, recorded: Recorded, relay: CircleRelay, named: Sequence[str] | None
) -> None:
    """
    Let a comment wait in every group where somebody is to have it in a digest.

    *named* are the groups that its post was sent to, None for all.
    """
    if relay.value == "all" and not relay.may_choose:
        return
    groups: Sequence[str | None] = [None] if named is None else named
    for group in groups:
        rows.run(
            _WAIT,
            grp=group,
            circle=recorded.subject,
            comment=recorded.version,
            post=recorded.event.post,
            position=recorded.position,
            by=recorded.event.by,
            at=micros(recorded.event.at),
            relay=relay.value,
            lowers=int(relay.may_choose),
        )


def gather(rows: Rows, recorded: Recorded) -> str:
    """
    Let a digest stand for its comments, and return who wrote the newest.
    """
    event, group = recorded.event, recorded.subject
    for comment in event.comments:
        of = {"grp": group, "circle": event.circle, "comment": comment}
        rows.run(_GATHER, position=recorded.position, **of)
        rows.run(_WAITED, **of)
    return str(rows.all(_GATHERED_BY, position=recorded.position)[0][0])


def gathered(
    rows: Rows, position: int, reader: MemberId | None
) -> tuple[tuple[CommentId, ...], MemberId]:
    """
    Return the comments that a digest stands for, and who wrote the newest.
    """
    found = rows.all(_GATHERED, position=position, reader=reader)
    comments = tuple(CommentId(CircleId(circle), place) for circle, place, _ in found)
    return comments, MemberId(found[-1][2])


def due(rows: Rows, *, at: datetime) -> list[tuple[GroupId, CircleId, int]]:
    """
    Return the groups and posts whose comments have waited long enough.
    """
    return [
        (GroupId(group), CircleId(circle), post)
        for group, circle, post in rows.all(_DUE, at=micros(at))
    ]


def waiting(rows: Rows, group: str, circle: str, post: int) -> WaitingComments:
    """
    Return the comments on a post that wait for a group's digest.
    """
    ((seconds,),) = rows.all(_SECONDS, circle=circle)
    return WaitingComments(
        timedelta(seconds=seconds),
        tuple(
            (comment, from_micros(at))
            for comment, at in rows.all(_WAITING, grp=group, circle=circle, post=post)
        ),
    )


def come_in(rows: Rows, recorded: Recorded) -> None:
    """
    Take in that somebody came into a group.
    """
    of = {"member": recorded.event.member, "grp": recorded.subject}
    rows.run(_ENTER_GROUP, **of)
    rows.run(_STAY, position=recorded.position, **of)


def go_out(rows: Rows, recorded: Recorded) -> None:
    """
    Take in that somebody went out of a group.
    """
    of = {"member": recorded.event.member, "grp": recorded.subject}
    rows.run(_LEAVE_GROUP, **of)
    rows.run(_END_STAY, position=recorded.position, **of)


def reach(rows: Rows, circle: str, *, since: datetime, until: datetime) -> Reach:
    """
    Return whom a circle reached in its groups, and how often it interrupted them.
    """
    found = rows.all(_REACH, circle=circle, start=micros(since), end=micros(until))
    counts = [count for _, count in found]
    days = (until - since) / timedelta(days=1)
    return Reach(
        readers=len(counts),
        interruptions=sum(counts),
        most=max(counts, default=0),
        a_day=sum(counts) / len(counts) / days if counts else 0.0,
    )


def forget_comment(rows: Rows, circle: str, comment: int) -> None:
    """
    Take a comment out of what waits, and out of every digest.
    """
    for statement in _FORGET_COMMENT:
        rows.run(statement, circle=circle, comment=comment)


def forget_post(rows: Rows, circle: str, post: int) -> None:
    """
    Do the same with all comments on a post.
    """
    for statement in _FORGET_POST:
        rows.run(statement, circle=circle, post=post)


def forget_group(rows: Rows, group: str) -> None:
    """
    Let nothing more wait for a group's digest.
    """
    rows.run(_FORGET_GROUP, grp=group)


_EVERYWHERE: Final = ""
_FOUND: Final = """
INSERT INTO circlekit_timeline_circle
(circle, organisation, relay, may_choose, seconds, own)
VALUES (:circle, :organisation, 'off', 0, 1, NULL)
"""
_ADOPT: Final = """
UPDATE circlekit_timeline_circle
SET relay = :relay, may_choose = :may_choose, seconds = :seconds
WHERE circle = :circle
"""
_OWN: Final = "UPDATE circlekit_timeline_circle SET own = :own WHERE circle = :circle"
_OF_ORGANISATION: Final = """
INSERT INTO circlekit_timeline_organisation (organisation, relay)
VALUES (:organisation, :relay)
ON CONFLICT (organisation) DO UPDATE SET relay = excluded.relay
"""
_END_CHOICE: Final = """
UPDATE circlekit_timeline_choice SET until = :position
WHERE member = :member AND circle = :circle AND until IS NULL
"""
_CHOOSE: Final = """
INSERT INTO circlekit_timeline_choice (member, circle, since, until, relay)
VALUES (:member, :circle, :position, NULL, :relay)
"""
_RELAY: Final = """
SELECT c.relay, c.may_choose, o.relay, c.own FROM circlekit_timeline_circle c
LEFT JOIN circlekit_timeline_organisation o ON o.organisation = c.organisation
WHERE c.circle = :circle
"""
_SECONDS: Final = """
SELECT seconds FROM circlekit_timeline_circle WHERE circle = :circle
"""
# All groups, where digests are what the circle shows; else those with a reader who
# asked for digests.
_WAIT: Final = """
INSERT INTO circlekit_timeline_waiting
(grp, circle, comment, post, position, "by", at, relay, lowers)
SELECT l.grp, l.circle, :comment, :post, :position, :by, :at, :relay, :lowers
FROM circlekit_timeline_link l
WHERE l.circle = :circle AND l.until IS NULL AND l.grp = coalesce(:grp, l.grp)
AND (:relay = 'digest' OR EXISTS (
    SELECT 1 FROM circlekit_timeline_choice c
    JOIN circlekit_timeline_member m ON m.member = c.member AND m.grp = l.grp
    WHERE c.circle IN (:circle, '') AND c.relay = 'digest' AND c.until IS NULL
    AND (c.circle <> '' OR NOT EXISTS (
        SELECT 1 FROM circlekit_timeline_choice o
        WHERE o.member = c.member AND o.circle = :circle AND o.until IS NULL))))
"""
_WAITED: Final = """
DELETE FROM circlekit_timeline_waiting
WHERE grp = :grp AND circle = :circle AND comment = :comment
"""
_GATHER: Final = """
INSERT INTO circlekit_timeline_digested
(position, comment, circle, post, written, "by", relay, lowers)
SELECT :position, w.comment, w.circle, w.post, w.position, w."by", w.relay, w.lowers
FROM circlekit_timeline_waiting w
WHERE w.grp = :grp AND w.circle = :circle AND w.comment = :comment
"""
_GATHERED_BY: Final = """
SELECT "by" FROM circlekit_timeline_digested WHERE position = :position
ORDER BY comment DESC LIMIT 1
"""
_DUE: Final = """
SELECT w.grp, w.circle, w.post FROM circlekit_timeline_waiting w
JOIN circlekit_timeline_circle c ON c.circle = w.circle
GROUP BY w.grp, w.circle, w.post, c.seconds
HAVING min(w.at) + c.seconds * 1000000 <= :at
ORDER BY min(w.position), w.grp
"""
_WAITING: Final = """
SELECT comment, at FROM circlekit_timeline_waiting
WHERE grp = :grp AND circle = :circle AND post = :post ORDER BY comment
"""
_FORGET_COMMENT: Final = (
    """
    DELETE FROM circlekit_timeline_waiting
    WHERE circle = :circle AND comment = :comment
    """,
    """
    DELETE FROM circlekit_timeline_digested
    WHERE circle = :circle AND comment = :comment
    """,
)
_FORGET_POST: Final = (
    "DELETE FROM circlekit_timeline_waiting WHERE circle = :circle AND post = :post",
    "DELETE FROM circlekit_timeline_digested WHERE circle = :circle AND post = :post",
)
_FORGET_GROUP: Final = "DELETE FROM circlekit_timeline_waiting WHERE grp = :grp"


_ENTER_GROUP: Final = """
INSERT INTO circlekit_timeline_member (member, grp) VALUES (:member, :grp)
ON CONFLICT DO NOTHING
"""
_LEAVE_GROUP: Final = """
DELETE FROM circlekit_timeline_member WHERE member = :member AND grp = :grp
"""
_STAY: Final = """
INSERT INTO circlekit_timeline_stay (grp, member, since, until)
SELECT m.grp, m.member, :position, NULL FROM circlekit_timeline_member m
WHERE m.grp = :grp AND m.member = :member AND NOT EXISTS (
    SELECT 1 FROM circlekit_timeline_stay s
    WHERE s.grp = m.grp AND s.member = m.member AND s.until IS NULL)
"""
_END_STAY: Final = """
UPDATE circlekit_timeline_stay SET until = :position
WHERE grp = :grp AND member = :member AND until IS NULL
"""


def _asked_for(who: str, circle: str, written: str) -> str:
    # What somebody had asked for when a comment was written; all, if nothing.
    def chosen(of: str) -> str:
        return f"""
        (SELECT c.relay FROM circlekit_timeline_choice c
         WHERE c.member = {who} AND c.circle = {of} AND c.since < {written}
         AND (c.until IS NULL OR c.until > {written}))"""

    return f"coalesce({chosen(circle)}, {chosen(repr(_EVERYWHERE))}, 'all')"


def _shown_singly(who: str) -> str:
    return f"(e.lowers = 0 OR {_asked_for(who, 'e.circle', 'e.position')} = 'all')"


def _in_a_digest(who: str) -> str:
    asked_for = _asked_for(who, "d.circle", "d.written")
    return f"""
    (d.lowers = 0
     OR (d.relay = 'digest' AND {asked_for} <> 'off')
     OR (d.relay = 'all' AND {asked_for} = 'digest'))"""


def _shown(who: str) -> str:
    return f"""
    (e.kind <> 'comment' OR {_shown_singly(who)})
    AND (e.kind <> 'digest' OR EXISTS (
        SELECT 1 FROM circlekit_timeline_digested d
        WHERE d.position = e.position AND {_in_a_digest(who)}))"""


SHOWN_TO_READER: Final = _shown(":reader")
"""
Whether the reader is shown an entry ``e``, as SQL.
"""

_GATHERED: Final = f"""
SELECT d.circle, d.comment, d."by" FROM circlekit_timeline_digested d
WHERE d.position = :position AND {_in_a_digest(":reader")} ORDER BY d.comment
"""
_REACH: Final = f"""
SELECT s.member, count(*) FROM circlekit_timeline_link l
JOIN circlekit_timeline_entry e ON e.circle = l.circle AND e.position > l.since
AND (l.until IS NULL OR e.position < l.until)
AND e.scope IN ('circle/' || l.circle, 'group/' || l.grp)
JOIN circlekit_timeline_stay s ON s.grp = l.grp AND s.since < e.position
AND (s.until IS NULL OR s.until > e.position) AND s.member <> e."by"
WHERE l.circle = :circle AND e.at >= :start AND e.at < :end AND {_shown("s.member")}
GROUP BY s.member
"""
