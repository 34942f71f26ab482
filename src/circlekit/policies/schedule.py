"""
May this be scheduled, and may what was scheduled be released now?

Whoever schedules a must-see makes a reservation: at the moment it is for, it counts
as used from then on, also against a must-see that would come too shortly before it.
When it is due it is not judged a second time by what came later: neither by another
rule book nor by a must-see sent by override. It waits only where it is released late,
or one before it was, so that no window ever holds more than its limit.

Source: circlekit's decisions. No source speaks of scheduling.
"""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from attrs import frozen

from circlekit.budget import Budget, Spend
from circlekit.ids import MemberId
from circlekit.policies.budgets import within_budgets
from circlekit.verdict import ALLOWED, Verdict, all_of, refused

FARTHEST_AHEAD: Final = timedelta(days=366)
_NEVER: Final = datetime.max.replace(tzinfo=UTC)


@frozen(kw_only=True)
class Planned:
    """
    A post or must-see that waits for its moment.

    Attributes:
        release_at: The moment it is for, UTC.

        by: Who scheduled it, and publishes it.

        promised: The must-see budgets of each rule book that was in force since it
            was scheduled or last moved, oldest first; none for a post.

        excused: Places of must-sees sent by override since then.
    """

    release_at: datetime
    by: MemberId
    promised: tuple[tuple[Budget, ...], ...] = ()
    excused: tuple[int, ...] = ()

    @property
    def is_must_see(self) -> bool:
        """
        Return whether it is a must-see.
        """
        return bool(self.promised)


def still_to_come(release_at: datetime, *, at: datetime) -> Verdict:
    """
    Only for a moment to come, and at most 366 days ahead.

    >>> noon = datetime(2020, 3, 1, 12, tzinfo=UTC)
    >>> str(still_to_come(noon, at=noon))
    'not-in-the-future: 2020-03-01 12:00 UTC is not to come'
    """
    moment = f"{release_at:%Y-%m-%d %H:%M} UTC"
    if release_at <= at:
        return refused("not-in-the-future", f"{moment} is not to come")
    if release_at - at > FARTHEST_AHEAD:
        days = FARTHEST_AHEAD.days
        return refused("too-far-ahead", f"{moment} is more than {days} days ahead")
    return ALLOWED


def is_waiting(place: int, waiting: Collection[int]) -> Verdict:
    """
    Only what still waits is cancelled or moved.
    """
    if place in waiting:
        return ALLOWED
    return refused("unknown-scheduled", f"nothing scheduled waits under {place}")


def room_for_release(
    planned: Planned,
    sent: Sequence[Spend],
    others: Sequence[Spend],
    *,
    zone: str,
    at: datetime,
) -> Verdict:
    """
    Ask whether a must-see that is due has room at the moment it is released.

    It has if it has by any rule book that was in force while it waited. Within a
    rolling window only what was sent counts, and whoever comes after waits for it.
    Within a calendar's, what is reserved counts too: one that is released late has no
    right to another's place in the next month.

    Args:
        planned: What is due.
        sent: The must-sees sent, oldest first.
        others: The reservations of others, in the order of time.
        zone: The circle's zone.
        at: The moment it is released.
    """
    went = [spend for spend in sent if spend.version not in planned.excused]
    both = sorted([*went, *others], key=lambda spend: spend.at)
    answers = []
    for budgets in planned.promised:
        answer = all_of(
            *(
                within_budgets(
                    [budget],
                    went if budget.window.kind == "rolling" else both,
                    zone=zone,
                    at=at,
                )
                for budget in budgets
            )
        )
        if answer.allowed:
            return ALLOWED
        answers.append(answer)
    return min(answers, key=lambda answer: answer.retry_at or _NEVER)
