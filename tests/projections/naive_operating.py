"""
Streaks, leaderboards and activity counted in the plainest way, from the whole log.
"""

from datetime import timedelta
from zoneinfo import ZoneInfo

from circlekit.events import circle as c
from circlekit.events import group as g
from circlekit.events import homework as h
from circlekit.events import live as v
from circlekit.events.reader import MustSeeAcknowledged
from circlekit.events.topic import CheckedIn, CheckInRemoved, TopicMade

NAMES = {
    c.PostPublished: "posts",
    c.MustSeeSent: "must_sees",
    c.CommentAdded: "comments",
    c.PostReacted: "reactions",
    g.MessageReacted: "reactions",
    CheckedIn: "check_ins",
    g.MessageSent: "messages",
    g.AnnouncementSet: "announcements",
    TopicMade: "topics",
    h.HomeworkSubmitted: "homework_submitted",
    h.HomeworkGraded: "homework_graded",
    v.LiveStarted: "lives_started",
    v.LiveJoined: "lives_joined",
    MustSeeAcknowledged: "acknowledgements",
}


def counted_days(log, topic):
    """
    Which days of whom count in a topic, with value and place: those that stand.
    """
    circle = next(it.event.circle for it in log if it.stream == f"topic/{topic}")
    gone = {
        it.event.post
        for it in log
        if it.stream == f"circle/{circle}" and isinstance(it.event, c.PostRemoved)
    }
    back = {
        it.event.check_in
        for it in log
        if it.stream == f"topic/{topic}" and isinstance(it.event, CheckInRemoved)
    }
    return [
        (it.event.by, it.event.day, it.event.value, it.version)
        for it in log
        if it.stream == f"topic/{topic}"
        and isinstance(it.event, CheckedIn)
        and it.event.counted
        and it.version not in back
        and it.event.post not in gone
    ]


def longest_run(days):
    """
    The most days of a set that follow one another.
    """
    return max((_run_to(last, days) for last in days), default=0)


def current_run(days, today):
    """
    The days in a row that reach today, or yesterday.
    """
    return _run_to(today if today in days else today - timedelta(days=1), days)


def _run_to(last, days):
    length = 0
    while last - timedelta(days=length) in days:
        length += 1
    return length


def acts(log, circle):
    """
    Every act in a circle: when, on which day, by whom, what, and at which stage.
    """
    ours, homes, roles, wrote = f"circle/{circle}", {}, {}, {}
    (zone,) = [
        ZoneInfo(it.event.zone)
        for it in log
        if it.stream == ours and isinstance(it.event, c.CircleFounded)
    ]
    for it in log:
        event, about = it.event, it.stream
        _move(homes, about, event)
        home = homes.get(about)
        if isinstance(event, MustSeeAcknowledged):
            home = f"circle/{event.circle}"
        who, what = _deed(it)
        _rank(roles, about, event)
        runs = roles.get((home, who)) in {"owner", "manager"}
        if home is not None and what in {"posts", "comments", "messages"}:
            wrote[about, it.version] = runs
        if home == ours and what is not None:
            day = event.at.astimezone(zone).date()
            yield event.at, day, who, what, _stage(it, what, wrote, runs=runs)


def _deed(it):
    match it.event:
        case c.CircleFounded():
            return it.event.by, "joined"
        case c.MemberJoined():
            return it.event.member, "joined"
        case c.MemberLeft() | c.MemberRemoved():
            return it.event.member, "left"
        case MustSeeAcknowledged():
            return it.stream.partition("/")[2], "acknowledgements"
        case v.LiveJoined():
            return it.event.member, "lives_joined"
        case other:
            return getattr(other, "by", None), NAMES.get(type(other))


def _move(homes, about, event):
    if isinstance(event, c.CircleFounded):
        homes[about] = about
    elif isinstance(
        event, g.CircleLinked | TopicMade | h.HomeworkAssigned | v.LiveScheduled
    ):
        homes[about] = f"circle/{event.circle}"
    elif isinstance(event, g.CircleUnlinked):
        del homes[about]


def _rank(roles, about, event):
    match event:
        case c.CircleFounded():
            roles[about, event.by] = "owner"
        case c.MemberJoined() | c.ManagerDismissed():
            roles[about, event.member] = "member"
        case c.ManagerAppointed():
            roles[about, event.member] = "manager"
        case c.OwnerChanged() | c.OwnerSucceeded():
            for key, role in roles.items():
                if key[0] == about and role == "owner":
                    roles[key] = "member"
            roles[about, event.owner] = "owner"
        case c.MemberLeft() | c.MemberRemoved():
            del roles[about, event.member]


# At which stage something is by members, and by who runs the circle.
STAGES = {
    "joined": (None, None),
    "left": (None, None),
    "reactions": ("feedback", None),
    "acknowledgements": ("feedback", None),
    "lives_joined": ("activity", None),
    "check_ins": ("activity", "activity"),
    "homework_submitted": ("activity", "activity"),
    "homework_graded": ("service", "service"),
    "must_sees": ("operation", "operation"),
    "announcements": ("operation", "operation"),
    "lives_started": ("operation", "operation"),
}


def _stage(it, what, wrote, *, runs):
    if what in STAGES:
        return STAGES[what][runs]
    if not runs:
        return "feedback" if what == "comments" else "activity"
    to = getattr(it.event, "reply_to", None)
    if to is None and what == "comments":
        to = it.event.post
    return "service" if wrote.get((it.stream, to)) is False else "operation"
