"""
Drive a topic, and the names of a circle's topics, at random beside models of them.
"""

from datetime import date, datetime, timedelta
from typing import Any, Final, Literal, NamedTuple
from zoneinfo import ZoneInfo

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule
from hypothesis.strategies import SearchStrategy

from circlekit.aggregates.topic import Topic
from circlekit.aggregates.topic_names import TopicNames
from circlekit.budget import CALENDAR_MONTH, Budget
from circlekit.events.topic import (
    CheckedIn,
    CheckInRemoved,
    TopicClosed,
    TopicKind,
    TopicMade,
    TopicNameFreed,
    TopicNameTaken,
    TopicRenamed,
    TopicReopened,
)
from circlekit.ids import CircleId, MemberId, TopicId
from circlekit.policies.authority import Role
from circlekit.rulebook import RuleBook
from circlekit.testing.machines.counting import Spent
from circlekit.testing.machines.machine import (
    CAST,
    ROLES,
    RUN_IT,
    Machine,
    a_rule_book,
    a_wait,
    a_zone,
    mostly,
    some_waits,
    someone,
)
from circlekit.testing.machines.waiting import Wait
from circlekit.testing.strategies import moments
from circlekit.verdict import ALLOWED, Verdict, refused

_CLUB: Final = CircleId("club")
_AT_ONCE: Final = timedelta(0)
_KINDS: Final[SearchStrategy[TopicKind]] = st.sampled_from(
    ("sport", "results", "mood", "help", "sport", "talk")
)
_NAMES: Final = ("Running", "RUNNING", "跑步", "Swimming")
_BOOKS: Final = st.builds(
    RuleBook,
    name=st.just("small"),
    make_up_days=st.sampled_from((0, 1, 3, 3, 40)),
    make_ups_a_month=st.sampled_from((0, 1, 2, 2)),
)


class _Made(NamedTuple):
    place: int
    by: MemberId
    day: date
    counted: bool
    post: int | None


class TopicMachine(Machine[Topic]):
    """
    Drive a topic: check-ins on days about midnight, made up for and taken back.
    """

    def __init__(self) -> None:
        super().__init__()
        self.kind: TopicKind = "sport"
        self.name = "Running"
        self.made_at: datetime | None = None
        self.closed = False
        self.check_ins: list[_Made] = []
        self.taken_back: list[int] = []
        self.made_up: dict[str, list[Spent]] = {}
        self.gone: list[int] = []

    def blank(self) -> Topic:
        """
        Return the topic before anybody made it.
        """
        return Topic("running")

    def small_books(self) -> SearchStrategy[RuleBook]:
        """
        Return small rule books, which differ in what may be made up for.
        """
        return _BOOKS

    @initialize(book=a_rule_book(), zone=a_zone(), at=moments(), kind=_KINDS)
    def make(self, book: RuleBook, zone: str, at: datetime, kind: TopicKind) -> None:
        """
        Make the topic, after a stranger tried, and try it twice.
        """
        self.clock, self.book, self.zone, self.kind = at, book, zone, kind
        self._make("Running", stranger=True)
        self.made_at = self.at
        self._make("Running", stranger=False)
        self._make("Swimming", stranger=False)

    @rule(
        what=st.sampled_from(("rename", "rename", "close", "reopen", "reopen")),
        name=st.sampled_from(_NAMES),
        role=ROLES,
        by=someone(),
        free=st.sampled_from((True, True, False)),
    )
    def change(
        self,
        what: Literal["rename", "close", "reopen"],
        name: str,
        role: Role | None,
        by: MemberId,
        *,
        free: bool,
    ) -> None:
        """
        Rename or close the topic, or open it again.
        """
        not_allowed = self._not_allowed(role, mine=by == "mei")
        acts = self._acts(role)
        its_name = ALLOWED if free else refused("topic-name-taken", "taken")
        match what:
            case "close":
                if self.ask(
                    lambda at: self.it.close(**acts, by=by, at=at),
                    refused_if={**not_allowed, "topic-closed": self.closed},
                    then=[TopicClosed(by=by, at=self.at)],
                ):
                    self.closed = True
            case "reopen":
                if self.ask(
                    lambda at: self.it.reopen(free=its_name, **acts, by=by, at=at),
                    refused_if={
                        **not_allowed,
                        "topic-not-closed": not self.closed,
                        "topic-name-taken": not free,
                    },
                    then=[TopicReopened(by=by, at=self.at)],
                ):
                    self.closed = False
            case "rename":
                if self.ask(
                    lambda at: self.it.rename(
                        name, free=its_name, **acts, by=by, at=at
                    ),
                    refused_if={
                        **not_allowed,
                        "topic-closed": self.closed,
                        "already-so": name == self.name,
                        "topic-name-taken": not free,
                    },
                    then=[TopicRenamed(name=name, by=by, at=self.at)],
                ):
                    self.name = name

    @rule(
        wait=a_wait(),
        by=someone(),
        told=st.booleans(),
        value=st.one_of(st.none(), st.integers(0, 50)),
        here=st.sampled_from((True, True, True, False)),
    )
    def check_in(
        self,
        wait: Wait,
        by: MemberId,
        *,
        told: bool,
        value: int | None = None,
        here: bool = True,
    ) -> None:
        """
        Wait, then check in, with a post or without.
        """
        self.wait(wait)
        at = self.at
        day = self._day(at)
        used_by = self._counted(by, day)
        post = 100 + self.place if told else None
        there = ALLOWED if here else refused("not-a-member", "no member")
        if self.ask(
            lambda at: self.it.check_in(
                post=post,
                value=value,
                place="hall" if value else None,
                gone=self.gone,
                there=there,
                by=by,
                at=at,
            ),
            refused_if={"not-a-member": not here, **self._not_taken()},
            then=[
                CheckedIn(
                    day=day,
                    counted=not used_by,
                    used_by=used_by,
                    post=post,
                    value=value,
                    place="hall" if value else None,
                    by=by,
                    at=at,
                )
            ],
        ):
            self.check_ins.append(_Made(len(self.history), by, day, not used_by, post))

    @rule(waits=some_waits(), by=someone())
    def check_in_again_and_again(self, waits: list[Wait], by: MemberId) -> None:
        """
        Check in several times, waiting before each: what this machine is most about.
        """
        for wait in waits:
            self.check_in(wait, by, told=True)

    @rule(
        wait=a_wait(),
        back=st.integers(-1, 4),
        member_for=st.sampled_from((None, 0, 1, 2)),
        by=someone(),
        here=st.sampled_from((True, True, True, False)),
    )
    def make_up(
        self,
        wait: Wait,
        back: int,
        member_for: int | None,
        by: MemberId,
        *,
        here: bool,
    ) -> None:
        """
        Wait, then check in for one of the days before.
        """
        self.wait(wait)
        at = self.at
        today = self._day(at)
        day = today - timedelta(days=back)
        joined = None if member_for is None else at - timedelta(days=member_for)
        since = self._day(max(it for it in (self.made_at, joined) if it is not None))
        enabled = self.book.make_up_days > 0
        over = enabled and back > 0
        spent = self.made_up.setdefault(by, [])
        budget = Budget("make-up-month", self.book.make_ups_a_month, CALENDAR_MONTH)
        if self.ask(
            lambda at: self.it.make_up(
                day,
                book=self.book,
                joined_at=joined,
                gone=self.gone,
                there=ALLOWED if here else refused("not-a-member", "no member"),
                by=by,
                at=at,
            ),
            refused_if={
                "not-a-member": not here,
                **self._not_taken(),
                "make-up-not-enabled": not enabled,
                "make-up-not-past": enabled and back <= 0,
                "make-up-before-start": over and day < since,
                "make-up-too-late": over
                and day >= since
                and back > self.book.make_up_days,
                "check-in-day": bool(self._counted(by, day)),
            },
            then=[CheckedIn(day=day, made_up=True, by=by, at=at)],
            budgets=[budget] if enabled else [],
            spent=spent,
        ):
            made = _Made(len(self.history), by, day, counted=True, post=None)
            self.check_ins.append(made)
            spent.append(Spent(at, len(self.history)))

    @rule(by=someone(), days=st.integers(1, 3))
    def miss_some_days(self, by: MemberId, days: int) -> None:
        """
        Check in and have it taken down, and again; then make up for the days since.

        One of them is taken back, which gives back nothing of the month's share.
        """
        for _ in range(2):
            self.check_in(_AT_ONCE, by, told=True)
            if self.check_ins and self.check_ins[-1].post is not None:
                self.gone.append(self.check_ins[-1].post)
        self.check_in(_AT_ONCE, by, told=False)
        if self.check_ins:
            self.take_back_one(self.check_ins[-1].place, "owner", by)
        self.wait(timedelta(days=days))
        for back in range(days, 0, -1):
            self.make_up(_AT_ONCE, back, None, by, here=True)
        if self.check_ins:
            self.take_back_one(self.check_ins[-1].place, "owner", by)
        for who in (by, *CAST):
            self.make_up(_AT_ONCE, 1, None, who, here=True)

    @rule(data=st.data(), role=ROLES, by=someone())
    def take_back(self, data: st.DataObject, role: Role | None, by: MemberId) -> None:
        """
        Take a check-in back.
        """
        places = [made.place for made in self.check_ins]
        self.take_back_one(data.draw(mostly(places)), role, by)

    def take_back_one(self, place: int, role: Role | None, by: MemberId) -> None:
        """
        Take back what stands at a place.
        """
        known = [made for made in self.check_ins if made.place == place]
        found = bool(known)
        then: list[Any] = [
            CheckInRemoved(
                check_in=place, member=made.by, day=made.day, by=by, at=self.at
            )
            for made in known
        ]
        not_allowed = self._not_allowed(role, mine=found and known[0].by == by)
        if self.ask(
            lambda at: self.it.remove_check_in(
                self.cited(place), gone=self.gone, **self._acts(role), by=by, at=at
            ),
            refused_if={
                "unknown-check-in": not found,
                "check-in-removed": found and not self._stands(known[0]),
                **{name: found and no for name, no in not_allowed.items()},
            },
            then=then,
        ):
            self.taken_back.append(place)

    @rule(data=st.data())
    def remove_the_post(self, data: st.DataObject) -> None:
        """
        Take down the post of a check-in, which is all that the circle says of it.
        """
        if told := [it.post for it in self.check_ins if it.post is not None]:
            self.gone.append(data.draw(st.sampled_from(told)))

    def check_limits(self) -> None:
        """
        Check that no day of anybody counts twice.
        """
        days = [
            (made.by, made.day)
            for made in self.check_ins
            if made.counted and self._stands(made)
        ]
        if len(days) != len(set(days)):
            self.fail("a day counts twice")

    @invariant()
    def state_agrees(self) -> None:
        """
        Check that what is remembered of the topic is what the model has.
        """
        self.check_state(
            circle=_CLUB,
            zone=self.zone,
            name=self.name,
            kind=self.kind,
            maker="mei",
            made_at=self.made_at,
            closed=self.closed,
            removed=set(self.taken_back),
        )

    def _make(self, name: str, *, stranger: bool) -> None:
        by, at = MemberId("mei"), self.at
        there = refused("not-a-member", "no member") if stranger else ALLOWED
        self.ask(
            lambda at: self.it.make(
                circle=_CLUB,
                name=name,
                kind=self.kind,
                zone=self.zone,
                there=there,
                by=by,
                at=at,
            ),
            refused_if={"not-a-member": stranger, "topic-exists": bool(self.history)},
            then=[
                TopicMade(
                    circle=_CLUB,
                    name=name,
                    kind=self.kind,
                    zone=self.zone,
                    by=by,
                    at=at,
                )
            ],
        )

    def _day(self, at: datetime) -> date:
        return at.astimezone(ZoneInfo(self.zone)).date()

    def _stands(self, made: _Made) -> bool:
        return made.place not in self.taken_back and made.post not in self.gone

    def _counted(self, by: str, day: date) -> tuple[int, ...]:
        return tuple(
            made.place
            for made in self.check_ins
            if (made.by, made.day) == (by, day) and made.counted and self._stands(made)
        )

    def _not_taken(self) -> dict[str, bool]:
        return {
            "topic-closed": self.closed,
            "not-a-check-in-topic": self.kind == "talk",
        }

    def _acts(self, role: Role | None) -> dict[str, Verdict]:
        return {
            "member": refused("not-a-member", "no") if role is None else ALLOWED,
            "run": ALLOWED if role in RUN_IT else refused("not-a-manager", "no"),
        }

    def _not_allowed(self, role: Role | None, *, mine: bool) -> dict[str, bool]:
        return {
            "not-a-member": mine and role is None,
            "not-a-manager": not mine and role not in RUN_IT,
        }


class TopicNamesMachine(Machine[TopicNames]):
    """
    Drive the names of a circle's topics: no two topics have the same.
    """

    def __init__(self) -> None:
        super().__init__()
        self.names: dict[str, str] = {}

    def blank(self) -> TopicNames:
        """
        Return the names before there was a topic.
        """
        return TopicNames("club")

    @initialize(at=moments())
    def begin(self, at: datetime) -> None:
        """
        Begin at some time.
        """
        self.clock = at

    @rule(
        name=st.sampled_from(_NAMES),
        topic=st.sampled_from((TopicId("one"), TopicId("two"), TopicId("three"))),
        by=someone(),
    )
    def take(self, name: str, topic: TopicId, by: MemberId) -> None:
        """
        Name a topic, or name it anew.
        """
        taken = any(
            other != topic and theirs.lower() == name.lower()
            for other, theirs in self.names.items()
        )
        if self.ask(
            lambda at: self.it.take(name, topic=topic, by=by, at=at),
            refused_if={"topic-name-taken": taken},
            then=[TopicNameTaken(topic=topic, name=name, by=by, at=self.at)],
        ):
            self.names[topic] = name

    @rule(
        topic=st.sampled_from((TopicId("one"), TopicId("two"), TopicId("three"))),
        by=someone(),
    )
    def free(self, topic: TopicId, by: MemberId) -> None:
        """
        Let the name of a topic go.
        """
        self.ask(
            lambda at: self.it.free(topic=topic, by=by, at=at),
            refused_if={},
            then=[TopicNameFreed(topic=topic, by=by, at=self.at)],
        )
        self.names.pop(topic, None)

    @invariant()
    def state_agrees(self) -> None:
        """
        Check that the names are those that the model has.
        """
        self.check_state(
            names={name.lower(): topic for topic, name in self.names.items()}
        )
