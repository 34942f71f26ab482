"""
What goes on in a circle, day by day: one report from one log.

Each act is one row, with the day it was done on in the circle's zone and what whoever
did it was at that moment. Nothing is taken out again: what was done on a day is
reported the same whenever somebody asks, whatever was removed or who left since.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import ClassVar, Final, Literal, get_args

from attrs import frozen
from sqlalchemy import Column, Index, Integer, MetaData, Table

from circlekit.budget import day_of
from circlekit.clock import micros
from circlekit.events.circle import (
    CircleFounded,
    CommentAdded,
    ManagerAppointed,
    ManagerDismissed,
    MemberJoined,
    MemberLeft,
    MemberRemoved,
    MustSeeSent,
    OwnerChanged,
    OwnerSucceeded,
    PostPublished,
    PostReacted,
)
from circlekit.events.group import (
    AnnouncementSet,
    CircleLinked,
    CircleUnlinked,
    MessageReacted,
    MessageSent,
)
from circlekit.events.homework import (
    HomeworkAssigned,
    HomeworkGraded,
    HomeworkSubmitted,
)
from circlekit.events.live import LiveJoined, LiveScheduled, LiveStarted
from circlekit.events.reader import MustSeeAcknowledged
from circlekit.events.record import Recorded, stream_of
from circlekit.events.topic import CheckedIn, TopicMade
from circlekit.ids import CircleId
from circlekit.projections.read_model import TEXT, WHOLE_NUMBER, ReadModel, Rows

Deed = Literal[
    "post",
    "must-see",
    "comment",
    "reaction",
    "check-in",
    "message",
    "announcement",
    "topic",
    "acknowledgement",
    "submission",
    "grading",
    "live",
    "watching",
    "joining",
    "leaving",
]
Stage = Literal["operation", "activity", "feedback", "service"]

_TABLES: Final = MetaData()
Table(
    "circlekit_activity_act",
    _TABLES,
    Column("position", WHOLE_NUMBER, primary_key=True, autoincrement=False),
    Column("circle", TEXT, nullable=False),
    Column("day", Integer, nullable=False),
    Column("at", WHOLE_NUMBER, nullable=False),
    Column("member", TEXT, nullable=False),
    Column("deed", TEXT, nullable=False),
    Column("stage", TEXT),
    Index("circlekit_activity_act_day", "circle", "day"),
    Index("circlekit_activity_act_deed", "circle", "deed", "day"),
)
Table(
    "circlekit_activity_home",
    _TABLES,
    Column("stream", TEXT, primary_key=True),
    Column("circle", TEXT, nullable=False),
    Column("zone", TEXT, nullable=False),
)
Table(
    "circlekit_activity_role",
    _TABLES,
    Column("circle", TEXT, primary_key=True),
    Column("member", TEXT, primary_key=True),
    Column("role", TEXT, nullable=False),
)
Table(
    "circlekit_activity_author",
    _TABLES,
    Column("stream", TEXT, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("ran_it", Integer, nullable=False),
)


@frozen(kw_only=True)
class Figures:
    """
    How often what was done.

    Attributes:
        posts: Posts that were published, must-sees and check-ins with words too.

        must_sees: Must-sees that were sent.

        comments: Comments that were made.

        reactions: Reactions to posts and messages.

        check_ins: Check-ins, counted for their day or not.

        messages: Messages in the circle's groups.

        announcements: Announcements that were put up in them.

        topics: Topics that were made.

        acknowledgements: Must-sees that were acknowledged.

        homework_submitted: How often homework was handed in, for the first time or
            another.

        homework_graded: Marks that were given, the first or another.

        lives_started: Live classes that began.

        lives_joined: How often somebody came to watch one, for the first time or
            again.

        joined: People who became members, the founder too.

        left: Members who left or were removed.

        active: Different members who did any of this but join and leave.
    """

    posts: int = 0
    must_sees: int = 0
    comments: int = 0
    reactions: int = 0
    check_ins: int = 0
    messages: int = 0
    announcements: int = 0
    topics: int = 0
    acknowledgements: int = 0
    homework_submitted: int = 0
    homework_graded: int = 0
    lives_started: int = 0
    lives_joined: int = 0
    joined: int = 0
    left: int = 0
    active: int = 0


@frozen(kw_only=True)
class FunnelStage:
    """
    One stage of the loop from what operators put in to what members get back.

    Attributes:
        stage: ``operation``: what the owner and managers put out, and live classes.
            ``activity``: what members do of themselves, and check-ins and homework of
            anybody. ``feedback``: what members say to what is there. ``service``: how
            the owner and managers answer members, and how teachers grade.

        acts: How much was done.

        people: How many different people did it.
    """

    stage: Stage
    acts: int
    people: int


@frozen(kw_only=True)
class Activity:
    """
    What went on in a circle from one day to another.

    Attributes:
        circle: The circle.

        zone: The zone that its days are counted in.

        since: The first day.

        until: The day after the last one.

        total: Everything in the period.

        days: Each day of it, in order.

        members: How many members there are at its end.

        returning: How many different members were active in it and in the period of
            as many days just before.

        funnel: Operation, activity, feedback and service.
    """

    circle: CircleId
    zone: str
    since: date
    until: date
    total: Figures
    days: tuple[tuple[date, Figures], ...]
    members: int
    returning: int
    funnel: tuple[FunnelStage, ...]


class ActivityView(ReadModel):
    """
    Who did what on which day in which circle.
    """

    name: ClassVar[str] = "activity"
    tables: ClassVar[MetaData] = _TABLES
    kinds: ClassVar[frozenset[type]] = frozenset(
        {
            AnnouncementSet,
            CheckedIn,
            CircleFounded,
            CircleLinked,
            CircleUnlinked,
            CommentAdded,
            HomeworkAssigned,
            HomeworkGraded,
            HomeworkSubmitted,
            LiveJoined,
            LiveScheduled,
            LiveStarted,
            ManagerAppointed,
            ManagerDismissed,
            MemberJoined,
            MemberLeft,
            MemberRemoved,
            MessageReacted,
            MessageSent,
            MustSeeAcknowledged,
            MustSeeSent,
            OwnerChanged,
            OwnerSucceeded,
            PostPublished,
            PostReacted,
            TopicMade,
        }
    )

    def apply(self, rows: Rows, recorded: Recorded) -> None:
        """
        Take in one event of a circle, its groups, topics, readers, homework and lives.
        """
        self._settle(rows, recorded)
        event = recorded.event
        match event:
            case PostPublished():
                self._authored(rows, recorded, "post")
            case CommentAdded():
                to = event.post if event.reply_to is None else event.reply_to
                self._authored(rows, recorded, "comment", to=to)
            case MessageSent():
                self._authored(rows, recorded, "message", to=event.reply_to)
            case PostReacted() | MessageReacted():
                self._did(rows, recorded, event.by, "reaction", "feedback", None)
            case CheckedIn():
                self._did(rows, recorded, event.by, "check-in", "activity", "activity")
            case HomeworkSubmitted():
                self._did(
                    rows, recorded, event.by, "submission", "activity", "activity"
                )
            case HomeworkGraded():
                self._did(rows, recorded, event.by, "grading", "service", "service")
            case LiveStarted():
                self._did(rows, recorded, event.by, "live", "operation", "operation")
            case LiveJoined():
                self._did(rows, recorded, event.member, "watching", "activity", None)
            case TopicMade():
                self._did(rows, recorded, event.by, "topic", "activity", "operation")
            case MustSeeSent():
                self._did(
                    rows, recorded, event.by, "must-see", "operation", "operation"
                )
            case AnnouncementSet():
                self._did(
                    rows, recorded, event.by, "announcement", "operation", "operation"
                )
            case MustSeeAcknowledged():
                self._did(
                    rows,
                    recorded,
                    recorded.subject,
                    "acknowledgement",
                    "feedback",
                    None,
                    home=stream_of("circle", event.circle),
                )
            case CircleFounded():
                self._did(rows, recorded, event.by, "joining", None, None)
            case MemberJoined():
                self._did(rows, recorded, event.member, "joining", None, None)
            case MemberLeft() | MemberRemoved():
                self._did(rows, recorded, event.member, "leaving", None, None)

    def report(
        self,
        rows: Rows,
        circle: CircleId,
        *,
        since: date,
        until: date,
        as_of: datetime | None,
    ) -> Activity | None:
        """
        Return what went on in a circle, None if it is not known.
        """
        home = rows.all(_HOME, stream=stream_of("circle", circle))
        if not home:
            return None
        first, end = since.toordinal(), until.toordinal()
        known_by = _FOR_EVER if as_of is None else micros(as_of)
        asked = {"circle": circle, "since": first, "until": end, "as_of": known_by}
        done: dict[int, Counter[str]] = {}
        for day, deed, number in rows.all(_DEEDS, **asked):
            done.setdefault(day, Counter())[deed] = number
        active = dict(rows.all(_ACTIVE_BY_DAY, **asked))
        stages = {
            stage: (acts, people) for stage, acts, people in rows.all(_STAGES, **asked)
        }
        everything: Counter[str] = sum(done.values(), Counter())
        ((joined, left),) = rows.all(_MEMBERS, circle=circle, until=end, as_of=known_by)
        return Activity(
            circle=circle,
            zone=home[0][1],
            since=since,
            until=until,
            total=_figures(everything, _one(rows.all(_ACTIVE, **asked))),
            days=tuple(
                (day, _figures(done.get(number, Counter()), active.get(number, 0)))
                for day, number in _days(since, until)
            ),
            members=int(joined or 0) - int(left or 0),
            returning=_one(rows.all(_RETURNING, **asked, before=first - (end - first))),
            funnel=tuple(
                FunnelStage(stage=stage, acts=acts, people=people)
                for stage in get_args(Stage)
                for acts, people in (stages.get(stage, (0, 0)),)
            ),
        )

    def _settle(self, rows: Rows, recorded: Recorded) -> None:
        # Whose home is where, and who runs it.
        event, about = recorded.event, recorded.subject
        match event:
            case CircleFounded():
                rows.run(_SETTLE, stream=recorded.stream, circle=about, zone=event.zone)
                rows.run(_JOIN, circle=about, member=event.by, role="owner")
            case MemberJoined():
                rows.run(_JOIN, circle=about, member=event.member, role="member")
            case ManagerAppointed():
                rows.run(_RANK, circle=about, member=event.member, role="manager")
            case ManagerDismissed():
                rows.run(_RANK, circle=about, member=event.member, role="member")
            case OwnerChanged() | OwnerSucceeded():
                rows.run(_STEP_DOWN, circle=about)
                rows.run(_RANK, circle=about, member=event.owner, role="owner")
            case CircleLinked() | TopicMade() | HomeworkAssigned() | LiveScheduled():
                rows.run(
                    _SETTLE_IN,
                    stream=recorded.stream,
                    home=stream_of("circle", event.circle),
                )
            case CircleUnlinked():
                rows.run(_MOVE_OUT, stream=recorded.stream)

    def _authored(
        self, rows: Rows, recorded: Recorded, deed: Deed, *, to: int | None = None
    ) -> None:
        stream, by = recorded.stream, recorded.event.by
        known = rows.all(_HOME, stream=stream)
        if not known:
            return
        circle = known[0][0]
        # Only of those who run the circle it matters whom they answer.
        service = (
            to is not None
            and rows.all(_RUNS, circle=circle, member=by)
            and rows.all(_BY_A_MEMBER, stream=stream, version=to)
        )
        self._did(
            rows,
            recorded,
            by,
            deed,
            "feedback" if deed == "comment" else "activity",
            "service" if service else "operation",
        )
        rows.run(
            _AUTHORED,
            stream=stream,
            version=recorded.version,
            circle=circle,
            member=by,
        )

    def _did(
        self,
        rows: Rows,
        recorded: Recorded,
        member: str,
        deed: Deed,
        as_member: Stage | None,
        who_runs_it: Stage | None,
        *,
        home: str | None = None,
    ) -> None:
        known = rows.all(_HOME, stream=home or recorded.stream)
        if known:
            circle, zone = known[0]
            at = recorded.event.at
            rows.run(
                _DID,
                position=recorded.position,
                circle=circle,
                day=day_of(at, zone=zone).toordinal(),
                at=micros(at),
                member=member,
                deed=deed,
                as_member=as_member,
                who_runs_it=who_runs_it,
            )
        if deed == "leaving":
            rows.run(_LEAVE, circle=recorded.subject, member=member)


def _figures(done: Counter[str], active: int) -> Figures:
    return Figures(
        posts=done["post"],
        must_sees=done["must-see"],
        comments=done["comment"],
        reactions=done["reaction"],
        check_ins=done["check-in"],
        messages=done["message"],
        announcements=done["announcement"],
        topics=done["topic"],
        acknowledgements=done["acknowledgement"],
        homework_submitted=done["submission"],
        homework_graded=done["grading"],
        lives_started=done["live"],
        lives_joined=done["watching"],
        joined=done["joining"],
        left=done["leaving"],
        active=active,
    )


def _days(since: date, until: date) -> Iterable[tuple[date, int]]:
    for further in range((until - since).days):
        day = since + timedelta(days=further)
        yield day, day.toordinal()


def _one(found: Iterable[tuple[int]]) -> int:
    ((number,),) = found
    return number


_FOR_EVER: Final = 2**62
_SETTLE: Final = """
INSERT INTO circlekit_activity_home (stream, circle, zone)
VALUES (:stream, :circle, :zone)
"""
_SETTLE_IN: Final = """
INSERT INTO circlekit_activity_home (stream, circle, zone)
SELECT :stream, circle, zone FROM circlekit_activity_home WHERE stream = :home
"""
_MOVE_OUT: Final = "DELETE FROM circlekit_activity_home WHERE stream = :stream"
_HOME: Final = """
SELECT circle, zone FROM circlekit_activity_home WHERE stream = :stream
"""
_JOIN: Final = """
INSERT INTO circlekit_activity_role (circle, member, role)
VALUES (:circle, :member, :role)
ON CONFLICT (circle, member) DO UPDATE SET role = excluded.role
"""
_RANK: Final = """
UPDATE circlekit_activity_role SET role = :role
WHERE circle = :circle AND member = :member
"""
_STEP_DOWN: Final = """
UPDATE circlekit_activity_role SET role = 'member'
WHERE circle = :circle AND role = 'owner'
"""
_LEAVE: Final = """
DELETE FROM circlekit_activity_role WHERE circle = :circle AND member = :member
"""
_RUNS: Final = """
SELECT 1 FROM circlekit_activity_role
WHERE circle = :circle AND member = :member AND role <> 'member'
"""
_AUTHORED: Final = f"""
INSERT INTO circlekit_activity_author (stream, version, ran_it)
SELECT :stream, :version, CASE WHEN EXISTS ({_RUNS}) THEN 1 ELSE 0 END
"""
_BY_A_MEMBER: Final = """
SELECT 1 FROM circlekit_activity_author
WHERE stream = :stream AND version = :version AND ran_it = 0
"""
_DID: Final = f"""
INSERT INTO circlekit_activity_act (position, circle, day, at, member, deed, stage)
SELECT :position, :circle, :day, :at, :member, :deed,
    CASE WHEN EXISTS ({_RUNS}) THEN :who_runs_it ELSE :as_member END
"""
_PERIOD: Final = "circle = :circle AND day >= :since AND day < :until AND at <= :as_of"
_IS_ACTIVE: Final = "deed NOT IN ('joining', 'leaving')"
_DEEDS: Final = f"""
SELECT day, deed, COUNT(*) FROM circlekit_activity_act
WHERE {_PERIOD} GROUP BY day, deed
"""
_ACTIVE_BY_DAY: Final = f"""
SELECT day, COUNT(DISTINCT member) FROM circlekit_activity_act
WHERE {_PERIOD} AND {_IS_ACTIVE} GROUP BY day
"""
_ACTIVE: Final = f"""
SELECT COUNT(DISTINCT member) FROM circlekit_activity_act
WHERE {_PERIOD} AND {_IS_ACTIVE}
"""
_RETURNING: Final = f"""
SELECT COUNT(DISTINCT member) FROM circlekit_activity_act
WHERE {_PERIOD} AND {_IS_ACTIVE} AND member IN (
    SELECT member FROM circlekit_activity_act
    WHERE circle = :circle AND day >= :before AND day < :since AND at <= :as_of
        AND {_IS_ACTIVE}
)
"""
_STAGES: Final = f"""
SELECT stage, COUNT(*), COUNT(DISTINCT member) FROM circlekit_activity_act
WHERE {_PERIOD} AND stage IS NOT NULL GROUP BY stage
"""
_MEMBERS: Final = """
SELECT SUM(CASE WHEN deed = 'joining' THEN 1 ELSE 0 END),
    SUM(CASE WHEN deed = 'leaving' THEN 1 ELSE 0 END)
FROM circlekit_activity_act
WHERE circle = :circle AND deed IN ('joining', 'leaving') AND day < :until
    AND at <= :as_of
"""
