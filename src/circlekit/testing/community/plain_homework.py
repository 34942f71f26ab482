"""
What homework has come to, in plain dicts and lists.
"""

from datetime import datetime, timedelta
from typing import Protocol

from attrs import Factory, define, frozen

from circlekit.clock import EPOCH
from circlekit.events.circle import VerifiedRole
from circlekit.events.homework import Mark
from circlekit.ids import CircleId, MemberId
from circlekit.projections.homework import HomeworkFigures

Since = tuple[datetime, int]
Row = tuple[MemberId, str | None, int | None, bool, Mark | None]


@frozen
class PlainRole:
    """
    What somebody was verified as, since when without a break, and until when.
    """

    role: VerifiedRole
    since: datetime
    until: datetime | None = None

    def holds(self, at: datetime) -> bool:
        """
        Return whether they still are that.
        """
        return self.until is None or at < self.until


class Attended(Protocol):
    """
    A circle, for who is in it.
    """

    people: dict[str, str]


@define
class PlainWork:
    """
    What one student has handed in.

    Attributes:
        place: Where in the homework's history the newest of it stands.

        handed_in_at: The moment that counts for being late.

        marked: Whether it has a mark.

        marks: The last mark of what stands at each place.

        back: Whether it was returned, and not answered.

        returned: The place of what was returned last, None if nothing ever was.

        until: Until when the return may be answered.
    """

    place: int
    handed_in_at: datetime
    marked: bool = False
    marks: dict[int, Mark] = Factory(dict)
    back: bool = False
    returned: int | None = None
    until: datetime | None = None

    @property
    def state(self) -> str:
        """
        Return how far it is.
        """
        if self.back:
            return "returned"
        return "graded" if self.marked else "submitted"


@define(kw_only=True)
class PlainHomework:
    """
    Homework, and what came of it.

    Attributes:
        since: When it was set, and how many commands had come before that.

        to: Everybody it was set to then.

        role: Whoever comes into this role before it is due has it as well.

        by_role: Who did, and since when they have it.

        dues: Every moment it was due at, and when that was set.

        closes: From when on nothing is taken in.

        again: When each student was last given it back, by a return or because they
            took back what they had handed in.

        grading_since: Since when something waits for a mark, if anything does.

        worked_at: When somebody last handed in, took back, graded, returned or spoke.

        unmarked: What was handed in and never graded, by its place, and when.

        took: How long each of the others waited for its first mark.
    """

    circle: CircleId
    by: MemberId
    since: Since
    to: list[MemberId]
    role: VerifiedRole | None
    dues: list[tuple[datetime, datetime]]
    closes: datetime | None
    last_at: datetime
    length: int = 1
    cancelled: bool = False
    by_role: dict[MemberId, Since] = Factory(dict)
    work: dict[MemberId, PlainWork] = Factory(dict)
    again: dict[MemberId, Since] = Factory(dict)
    grading_since: Since | None = None
    worked_at: datetime = EPOCH
    unmarked: dict[int, datetime] = Factory(dict)
    took: list[timedelta] = Factory(list)

    @property
    def due_at(self) -> datetime:
        """
        Return when it is due.
        """
        return self.dues[-1][1]

    def waiting(self) -> list[MemberId]:
        """
        Return whose work waits for a mark.
        """
        return [who for who, work in self.work.items() if work.state == "submitted"]

    def is_set_to(self, who: MemberId, it: Attended) -> bool:
        """
        Return whether somebody has it, by name or because they came into its role.
        """
        return who in self.to or (who in it.people and who in self.by_role)

    def came_as(self, who: MemberId, role: PlainRole | None, now: Since) -> None:
        """
        Remember since when somebody has it, who is verified as something else now.
        """
        if role is None or role.role != self.role:
            self.by_role.pop(who, None)
            return
        stood = [due for set_at, due in self.dues if set_at < role.since]
        in_time = role.since < (stood[-1] if stood else self.dues[0][1])
        if in_time and role.holds(self.dues[0][0]):
            self.by_role.setdefault(who, now)
        else:
            self.by_role.pop(who, None)

    def closes_for(self, who: MemberId) -> datetime | None:
        """
        Return from when on nothing of somebody's is taken in, None for never.
        """
        work = self.work.get(who)
        answers = work is not None and work.returned is not None
        return work.until if work is not None and answers else self.closes

    def to_do_since(self, who: MemberId, it: Attended, now: datetime) -> Since | None:
        """
        Return since when a member has it to hand in, None if they have not.
        """
        work, closes = self.work.get(who), self.closes_for(who)
        if self.cancelled or (work is not None and not work.back):
            return None
        if not self.is_set_to(who, it) or (closes is not None and now >= closes):
            return None
        given = self.since if who in self.to else self.by_role[who]
        again = self.again.get(who, given)
        return max(given, again, key=lambda since: since[1])

    def works(self, it: Attended) -> list[Row]:
        """
        Return how far each student is, by name.
        """
        here = [MemberId(who) for who in it.people if self.is_set_to(MemberId(who), it)]
        rows: list[Row] = []
        for who in sorted({*here, *self.work}):
            work = self.work.get(who)
            if work is None:
                rows.append((who, None, None, False, None))
            else:
                late, mark = (
                    work.handed_in_at >= self.due_at,
                    work.marks.get(work.place),
                )
                rows.append((who, work.state, work.place, late, mark))
        return rows

    def figures(self, it: Attended, now: datetime) -> HomeworkFigures:
        """
        Return the teacher's figures.
        """
        if self.cancelled:
            return HomeworkFigures()
        late = sum(work.handed_in_at >= self.due_at for work in self.work.values())
        states = [work.state for work in self.work.values()]
        to_come = len(self.works(it)) - len(states)
        over = self.due_at <= max(now, self.worked_at)
        in_turn = sorted(self.took)
        middle = in_turn[(len(in_turn) - 1) // 2 : len(in_turn) // 2 + 1]
        return HomeworkFigures(
            homework=1,
            assigned=to_come + len(states),
            submitted=len(states) - late,
            late=late,
            missing=to_come if over else 0,
            awaited=0 if over else to_come,
            ungraded=states.count("submitted"),
            graded=states.count("graded"),
            returned=states.count("returned"),
            marks=len(self.took),
            median_to_grade=sum(middle, timedelta(0)) // len(middle)
            if middle
            else None,
        )
