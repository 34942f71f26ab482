"""
A year of a school: classes, homework, lives, check-ins, and guardians told weekly.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from functools import partial
from itertools import count
from statistics import median
from typing import ClassVar, Final

from attrs import Factory, define, field

from circlekit.cli.demos.telling import Check, Life, day_of, oclock
from circlekit.ids import HomeworkId, LiveId, PostId, TopicId

SCHOOL: Final = "school"
HEAD: Final = "mei"
_RUN: Final = TopicId("morning-run")
_MONDAY, _WEDNESDAY, _FRIDAY = 0, 2, 4
_RUNNERS: Final = 30


@define
class _Piece:
    """
    One pupil's part of a piece of homework.
    """

    handed_in: datetime | None = None
    graded: datetime | None = None


@define
class _Lesson:
    """
    A live class: who came, and how long each stayed.
    """

    live: LiveId
    minutes: dict[str, int] = Factory(dict)


@define
class School:
    """
    One teaching circle with a group for each class.

    Attributes:
        classes: How many classes.

        people: Everybody: the head, a teacher for each class, and of the others five
            pupils for every three of their guardians.

        weeks: How long a year is.
    """

    name: ClassVar[str] = "school"
    title: ClassVar[str] = "Living through a school year"

    classes: int = 12
    people: int = 400
    weeks: int = 44
    pupils: list[str] = Factory(list)
    guardian_of: dict[str, str] = Factory(dict)
    class_of: dict[str, int] = Factory(dict)
    homework: dict[HomeworkId, dict[str, _Piece]] = Factory(dict)
    due: dict[HomeworkId, datetime] = Factory(dict)
    lessons: list[_Lesson] = Factory(list)
    ran: dict[str, set[date]] = Factory(dict)
    news: set[str] = Factory(set)
    digests: Counter[str] = Factory(Counter)
    told_on: dict[str, date] = Factory(dict)
    must_sees: dict[PostId, set[str]] = Factory(dict)
    posts: int = 0
    _numbers: "count[int]" = field(factory=count)

    def begins(self) -> date:
        """
        Return the first of September.
        """
        return date(2020, 9, 1)

    def ends(self) -> date:
        """
        Return the day after the last week.
        """
        return self.begins() + timedelta(weeks=self.weeks)

    def numbers(self) -> Mapping[str, int]:
        """
        Return how much of everything there was.
        """
        return {
            "people": 1 + self.classes + len(self.pupils) + len(self.guardian_of),
            "groups": self.classes,
            "homework": len(self.homework),
            "live classes": len(self.lessons),
            "check-ins": sum(map(len, self.ran.values())),
            "guardian digests": self.digests.total(),
            "must-sees": len(self.must_sees),
        }

    # Who is there.

    def settle(self, life: Life) -> None:
        """
        Found the school, and let everybody into their class.
        """
        kit = life.kit
        kit.found_circle(name="School", kind="teaching", by=HEAD, circle=SCHOOL)
        others = self.people - 1 - self.classes
        self.pupils = [f"pupil-{number:03}" for number in range(others * 5 // 8)]
        guardians = [
            f"guardian-{number:03}" for number in range(others - len(self.pupils))
        ]
        of_age = oclock(date(2030, 1, 1))
        for number in range(self.classes):
            group = _group(number)
            kit.link_group(SCHOOL, by=HEAD, name=f"Class {number + 1}", group=group)
            kit.join_circle(SCHOOL, _teacher(number), verified_role="teacher")
            kit.join_group(group, _teacher(number))
        for place, pupil in enumerate(self.pupils):
            self.class_of[pupil] = place % self.classes
            kit.join_circle(SCHOOL, pupil, verified_role="student")
            kit.join_group(_group(self.class_of[pupil]), pupil)
            kit.attest_minor(pupil, until=of_age)
        for pupil, guardian in zip(self.pupils, guardians, strict=False):
            self.guardian_of[pupil] = guardian
            kit.join_circle(SCHOOL, guardian, verified_role="parent")
            kit.name_guardian(pupil, guardian, by=HEAD)
        kit.make_topic(SCHOOL, name="Morning run", kind="sport", by=HEAD, topic=_RUN)

    # What happens on a day.

    def day(self, life: Life, today: date) -> None:
        """
        Put what happens on a day of school on the agenda.
        """
        week = (today - self.begins()).days // 7
        for pupil in self.pupils[:_RUNNERS]:
            if life.chance.random() < 2 / 3:
                life.some_time(today, partial(self._run, life, pupil), first=6, last=8)
        if today.day in {1, 11, 12, 21, 28}:
            life.at(oclock(today, 9), partial(self._announce, life))
        match today.weekday():
            case day if day == _MONDAY and week % 2 == 0:
                for number in range(self.classes):
                    life.at(oclock(today, 15), partial(self._assign, life, number))
            case day if day == _WEDNESDAY:
                life.at(oclock(today, 19), partial(self._teach, life, week))
            case day if day == _FRIDAY:
                life.at(oclock(today, 12), partial(self._post, life, week))
                life.at(oclock(today, 20), partial(self._tell, life))
                # A worker that is started twice must not tell anybody twice.
                life.at(oclock(today, 21), partial(self._tell_again, life))

    def _run(self, life: Life, pupil: str) -> None:
        life.kit.check_in(_RUN, by=pupil)
        self.ran.setdefault(pupil, set()).add(day_of(life.clock.now))

    def _post(self, life: Life, week: int) -> None:
        by = _teacher(week % self.classes)
        life.kit.publish_post(SCHOOL, by=by, text=f"How week {week + 1} was.")
        self.posts += 1

    def _announce(self, life: Life) -> None:
        post = life.announce(SCHOOL, by=HEAD, text="Please read and confirm.")
        if post is None:
            return
        self.posts += 1
        self.news |= set(self.pupils)
        self.must_sees[post] = set()
        for member in (*self.pupils, *self.guardian_of.values()):
            if life.chance.random() < 9 / 10:
                after = timedelta(seconds=life.chance.randrange(60, 12 * 3_600))
                confirm = partial(self._confirm, life, post, member)
                life.at(life.clock.now + after, confirm)

    def _confirm(self, life: Life, post: PostId, member: str) -> None:
        life.kit.acknowledge(post, by=member)
        self.must_sees[post].add(member)

    def _assign(self, life: Life, number: int) -> None:
        pupils = [it for it in self.pupils if self.class_of[it] == number]
        due = life.clock.now + timedelta(days=4)
        it = life.kit.assign_homework(
            SCHOOL,
            by=_teacher(number),
            title="Read on, and write down what surprised you",
            to=pupils,
            due_at=due,
            homework=f"homework-{next(self._numbers)}",
        )
        self.due[it] = due
        self.homework[it] = {pupil: _Piece() for pupil in pupils}
        self.news |= set(pupils)
        life.at(due, partial(self._miss, it))
        for pupil in pupils:
            chance = life.chance.random()
            if chance < 8 / 10:  # in time
                hours = life.chance.uniform(1, 95)
            elif chance < 9 / 10:  # late
                hours = life.chance.uniform(96, 140)
            else:
                continue
            at = life.clock.now + timedelta(seconds=int(hours * 3_600))
            life.at(at, partial(self._hand_in, life, it, pupil))

    def _hand_in(self, life: Life, it: HomeworkId, pupil: str) -> None:
        life.kit.submit_homework(it, by=pupil, text="What surprised me")
        self.homework[it][pupil].handed_in = now = life.clock.now
        self.news.add(pupil)
        if life.chance.random() < 19 / 20:
            after = timedelta(seconds=life.chance.randrange(3_600, 72 * 3_600))
            life.at(now + after, partial(self._grade, life, it, pupil))

    def _grade(self, life: Life, it: HomeworkId, pupil: str) -> None:
        by = _teacher(self.class_of[pupil])
        life.kit.grade_homework(it, pupil, life.chance.random() < 9 / 10, by=by)
        self.homework[it][pupil].graded = life.clock.now
        self.news.add(pupil)

    def _miss(self, it: HomeworkId) -> None:
        for pupil, piece in self.homework[it].items():
            if piece.handed_in is None:
                self.news.add(pupil)

    def _teach(self, life: Life, week: int) -> None:
        kit, teacher = life.kit, _teacher(week % self.classes)
        classes = sorted({(week + step) % self.classes for step in range(4)})
        live = kit.schedule_live(
            SCHOOL,
            title=f"Lesson {week + 1}",
            by=teacher,
            groups=[_group(number) for number in classes],
            live=f"lesson-{week}",
        )
        kit.start_live(live, by=teacher)
        lesson = _Lesson(live)
        self.lessons.append(lesson)
        for pupil in self.pupils:
            if self.class_of[pupil] in classes and life.chance.random() < 2 / 3:
                kit.join_live(live, pupil)
                minutes = lesson.minutes[pupil] = life.chance.randrange(5, 40)
                self.news.add(pupil)
                until = life.clock.now + timedelta(minutes=minutes)
                life.at(until, partial(kit.leave_live, live, pupil))
        end = life.clock.now + timedelta(minutes=45)
        life.at(end, partial(kit.end_live, live, by=teacher))

    def _tell(self, life: Life) -> None:
        sent = life.kit.send_guardian_digests(by="evening-worker").sent
        expected = {pupil for pupil in self.news if pupil in self.guardian_of}
        if {digest.child for digest in sent} != expected:
            life.surprises.append(f"{life.clock.now}: digests of other children")
        for digest in sent:
            self.digests[digest.child] += 1
            self.told_on[digest.child] = day_of(life.clock.now)
        self.news.clear()

    def _tell_again(self, life: Life) -> None:
        if life.kit.send_guardian_digests(by="evening-worker").sent:
            life.surprises.append(f"{life.clock.now}: a second digest in a day")

    # What it came to.

    def look_back(self, life: Life) -> Iterable[Check]:
        """
        Hold what circlekit says against what the script counted.
        """
        yield self._homework(life)
        yield self._lives(life)
        yield from self._runs(life)
        yield from self._read(life)

    def _homework(self, life: Life) -> Check:
        now = life.clock.now
        counted: Counter[str] = Counter()
        waits = []
        for it, pieces in self.homework.items():
            for piece in pieces.values():
                counted["assigned"] += 1
                if piece.handed_in is None:
                    counted["missing" if now >= self.due[it] else "awaited"] += 1
                    continue
                late = piece.handed_in >= self.due[it]
                counted["late" if late else "submitted"] += 1
                counted["ungraded" if piece.graded is None else "graded"] += 1
                if piece.graded is not None:
                    waits.append((piece.graded - piece.handed_in).total_seconds())
        total = life.kit.homework_report(circle=SCHOOL).total
        kinds = (
            *("assigned", "submitted", "late", "missing", "awaited"),
            *("graded", "ungraded"),
        )
        to_grade = total.median_to_grade
        return Check(
            "homework: in time, late, missing, graded, and the median hours to grade",
            {
                **{kind: counted[kind] for kind in kinds},
                "median": round(median(waits) / 3_600, 3) if waits else None,
            },
            {
                **{kind: getattr(total, kind) for kind in kinds},
                "median": None
                if to_grade is None
                else round(to_grade.total_seconds() / 3_600, 3),
            },
        )

    def _lives(self, life: Life) -> Check:
        found = {
            str(lesson.live): life.kit.live(lesson.live) for lesson in self.lessons
        }
        return Check(
            "live classes: who came, and minutes watched",
            {
                str(it.live): (len(it.minutes), sum(it.minutes.values()))
                for it in self.lessons
            },
            {live: (it.joined, it.seconds / 60) for live, it in found.items()},
        )

    def _runs(self, life: Life) -> Iterable[Check]:
        board = life.kit.leaderboard(_RUN, limit=200)
        yield Check(
            "morning runs: days that count, by pupil",
            {pupil: len(days) for pupil, days in self.ran.items()},
            {standing.member: standing.figure for standing in board},
        )
        yield Check(
            "morning runs: longest streaks",
            {pupil: _longest(days) for pupil, days in self.ran.items()},
            {pupil: life.kit.streak(_RUN, pupil).longest for pupil in self.ran},
        )

    def _read(self, life: Life) -> Iterable[Check]:
        kit = life.kit
        yield Check(
            "acknowledgements of each must-see",
            {str(post): len(seen) for post, seen in self.must_sees.items()},
            {str(post): len(kit.acknowledgements(post)) for post in self.must_sees},
        )
        some = self.pupils[:: max(1, len(self.pupils) // 10)]
        yield Check(
            "must-sees in the inboxes of some pupils",
            {
                pupil: sum(pupil not in seen for seen in self.must_sees.values())
                for pupil in some
            },
            {
                pupil: len(kit.inbox(pupil, kinds=["must-see"], limit=200).items)
                for pupil in some
            },
        )
        yield Check(
            "posts in the feeds of some pupils",
            dict.fromkeys(some, self.posts),
            {pupil: len(kit.feed(pupil, limit=200).items) for pupil in some},
        )
        yield Check(
            "the days that guardians were last told on",
            {child: f"{day}" for child, day in self.told_on.items()},
            {child: kit.guardians(child)[0].told_day for child in self.told_on},
        )


def _longest(days: set[date]) -> int:
    best = 0
    for day in days:
        length = 1
        if day - timedelta(days=1) in days:
            continue
        while day + timedelta(days=length) in days:
            length += 1
        best = max(best, length)
    return best


def _group(number: int) -> str:
    return f"class-{number + 1}"


def _teacher(number: int) -> str:
    return f"teacher-{number + 1:02}"
