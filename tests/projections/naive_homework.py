"""
Counting homework by hand: every event once, with dicts and lists.
"""

from datetime import timedelta
from fractions import Fraction

from circlekit.events import circle as c
from circlekit.events import homework as h
from circlekit.events.roles import RoleExpired, RoleVerified

NOTHING = dict.fromkeys(
    (
        "homework",
        "assigned",
        "submitted",
        "late",
        "missing",
        "awaited",
        "ungraded",
        "graded",
        "returned",
        "marks",
    ),
    0,
)


def counted(recorded, homework, at):
    """
    Return the figures of one piece of homework, and every time a mark took.
    """
    so_far = [item for item in recorded if item.event.at <= at]
    mine = [item for item in so_far if item.stream == f"homework/{homework}"]
    sheets = [it.event for it in mine if isinstance(it.event, h.HomeworkAssigned)]
    if not sheets or any(isinstance(it.event, h.HomeworkCancelled) for it in mine):
        return NOTHING, []
    dues = [
        (it.event.at, it.event.due_at)
        for it in mine
        if isinstance(it.event, h.HomeworkAssigned | h.HomeworkDueMoved)
    ]
    due = dues[-1][1]
    tries, waits = _tries(mine)
    waiting = _set_to(so_far, sheets[0], dues) - set(tries)
    states = [kept["state"] for kept in tries.values()]
    late = len([1 for kept in tries.values() if kept["moment"] >= due])
    return {
        "homework": 1,
        "assigned": len(waiting) + len(tries),
        "submitted": len(tries) - late,
        "late": late,
        "missing": len(waiting) if due <= at else 0,
        "awaited": len(waiting) if due > at else 0,
        "ungraded": states.count("submitted"),
        "graded": states.count("graded"),
        "returned": states.count("returned"),
        "marks": len(waits),
    }, waits


def _tries(mine):
    tries, waits, came_at = {}, [], {}
    for item in mine:
        event = item.event
        match event:
            case h.HomeworkSubmitted():
                came_at[item.version] = event.at
                kept = tries.setdefault(event.by, {"answers": False})
                kept["state"] = "submitted"
                if not kept["answers"]:
                    kept["moment"] = event.at
            case h.HomeworkWithdrawn() if tries[event.by]["answers"]:
                tries[event.by]["state"] = "returned"
            case h.HomeworkWithdrawn():
                del tries[event.by]
            case h.HomeworkGraded():
                tries[event.student]["state"] = "graded"
                if event.submission in came_at:
                    waits.append(event.at - came_at.pop(event.submission))
            case h.HomeworkReturned():
                tries[event.student] |= {"state": "returned", "answers": True}
    return tries, waits


def _set_to(so_far, sheet, dues):
    here, newcomers = set(), set()
    for item in so_far:
        event = item.event
        if item.stream != f"circle/{sheet.circle}":
            continue
        match event:
            case c.CircleFounded():
                here.add(event.by)
            case c.MemberJoined():
                here.add(event.member)
                newcomers.discard(event.member)
                if sheet.role is not None and event.verified_role == sheet.role:
                    in_time = _in_time(sheet, dues, event.at)
                    newcomers |= {event.member} if in_time else set()
            case RoleVerified():
                newcomers.discard(event.member)
                over = event.until is not None and event.until <= sheet.at
                if event.role == sheet.role and not over:
                    in_time = _in_time(sheet, dues, event.since or event.at)
                    newcomers |= {event.member} if in_time else set()
            case RoleExpired():
                newcomers.discard(event.member)
            case c.MemberLeft() | c.MemberRemoved():
                here.discard(event.member)
    return (set(sheet.to) | newcomers) & here


def _in_time(sheet, dues, moment):
    stood = [due for set_at, due in dues if set_at < moment]
    return moment < (stood or [sheet.due_at])[-1]


def median(waits):
    """
    Return the median of some spans, by whole microseconds, None of none.
    """
    if not waits:
        return None
    ordered = sorted(wait // timedelta(microseconds=1) for wait in waits)
    low, high = ordered[(len(ordered) - 1) // 2], ordered[len(ordered) // 2]
    return timedelta(microseconds=Fraction(low + high, 2).__floor__())
