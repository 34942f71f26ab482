"""
Lives once more, as simply as can be: all of history, every time.
"""

from circlekit.events import live as li
from circlekit.events.refusal import CommandRefused
from circlekit.projections.live_figures import LiveFigures, LiveGroup


def figures(told, live, *, now):  # noqa: C901 - a case for each event
    """
    Return a live as its whole history tells it, None if it was never planned.
    """
    said, there, visits, likes, most = {}, [], [], [], {}
    refused = set()
    for it in told:
        event = it.event
        if it.stream == f"refused:live/{live}" and isinstance(event, CommandRefused):
            rules = {reason.rule for reason in event.reasons}
            if event.command == "join_live" and "minor-live-minutes" in rules:
                refused.add(event.by)
        if it.stream != f"live/{live}":
            continue
        said[type(event)] = event
        match event:
            case li.LiveJoined():
                there.append(event)
                for group in (None, event.group):
                    here = sum(group in {None, one.group} for one in there)
                    most[group] = max(here, most.get(group, 0))
            case li.LiveLeft():
                (gone,) = (one for one in there if one.member == event.member)
                visits.append((gone, event.at))
                there.remove(gone)
            case li.LiveLiked():
                (one,) = (one for one in there if one.member == event.member)
                likes += [one.group] * event.times
            case li.LiveEnded():
                visits += ((one, event.at) for one in there)
                there = []
    if li.LiveScheduled not in said:
        return None
    planned = said[li.LiveScheduled]
    visits += ((one, max(now, one.at)) for one in there)

    def seconds(group):
        return sum(
            (went - one.at).total_seconds()
            for one, went in visits
            if group in {None, one.group}
        )

    def joined(group):
        return len({one.member for one, _ in visits if group in {None, one.group}})

    started, ended = said.get(li.LiveStarted), said.get(li.LiveEnded)
    replay = said.get(li.ReplayPublished)
    return LiveFigures(
        live=live,
        circle=planned.circle,
        title=planned.title,
        status=(
            "ended"
            if ended
            else "running"
            if started
            else "cancelled"
            if li.LiveCancelled in said
            else "scheduled"
        ),
        starts_at=planned.starts_at,
        planned_by=planned.by,
        started_by=started and started.by,
        started_at=started and started.at,
        ended_at=ended and ended.at,
        replay=replay and replay.reference,
        joined=joined(None),
        present=len(there),
        peak=most.get(None, 0),
        seconds=seconds(None),
        likes=len(likes),
        minors_refused=len(refused),
        groups=tuple(
            LiveGroup(
                group=group,
                joined=joined(group),
                present=sum(one.group == group for one in there),
                peak=most.get(group, 0),
                seconds=seconds(group),
                likes=likes.count(group),
            )
            for group in planned.groups
        ),
    )
