"""
Drive a reader at random, beside a model of it.
"""

from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    invariant,
    rule,
)
from hypothesis.strategies import SearchStrategy

from circlekit.aggregates.age import Age
from circlekit.aggregates.reader import Reader
from circlekit.budget import Spend
from circlekit.events.guardian import (
    GuardianDigestSent,
    GuardianDismissed,
    GuardianNamed,
)
from circlekit.events.reader import (
    MinorAttested,
    MustSeeAcknowledged,
    MustSeeReminded,
    PostsRead,
)
from circlekit.events.relay import CommentRelayChosen
from circlekit.ids import CircleId, MemberId
from circlekit.policies.authority import Role
from circlekit.policies.live import Minor
from circlekit.rulebook import RuleBook
from circlekit.settings import CommentRelay
from circlekit.testing.machines.counting import Spent
from circlekit.testing.machines.machine import (
    CAST,
    ROLES,
    RUN_IT,
    Machine,
    a_rule_book,
    a_wait,
    a_zone,
    some_waits,
)
from circlekit.testing.machines.waiting import Wait
from circlekit.testing.strategies import moments, rule_books
from circlekit.verdict import ALLOWED, refused

_HOST: Final = MemberId("host")
_GUARDIANS: Final = st.sampled_from((MemberId("ana"), MemberId("ben"), MemberId("lin")))
_SMALL: Final = rule_books()
_AT_ONCE: Final = timedelta(0)
_CLUBS: Final = (CircleId("book-club"), CircleId("chess-club"))


class ReaderMachine(Machine[Reader]):
    """
    Drive a reader: what they read and acknowledge, are reminded of, and who is told.
    """

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, int]] = []
        self.asked_for: dict[str | None, CommentRelay] = {}
        self.zones_of: dict[str, str] = {}
        self.told_to: dict[str, datetime] = {}
        self.digests: list[tuple[str, str, datetime, str]] = []
        self.reminded: dict[tuple[str, int], list[Spent]] = {}
        self.minor: Minor | None = None

    def blank(self) -> Reader:
        """
        Return the reader before they read anything.
        """
        return Reader("lin")

    def small_books(self) -> SearchStrategy[RuleBook]:
        """
        Return rule books with small numbers of reminders.
        """
        return _SMALL

    @initialize(zone=a_zone(), book=a_rule_book(), at=moments())
    def open_the_app(self, zone: str, book: RuleBook, at: datetime) -> None:
        """
        Begin somewhere, at some time, with some numbers.
        """
        self.clock, self.zone, self.book = at, zone, book

    @rule(
        circle=st.sampled_from([CircleId("book-club"), CircleId("chess-club")]),
        posts=st.lists(st.integers(1, 9), min_size=1, max_size=3).map(tuple),
        role=ROLES,
        there=st.sampled_from((True, True, False)),
    )
    def mark_read(
        self,
        circle: CircleId,
        posts: tuple[int, ...],
        role: Role | None,
        *,
        there: bool,
    ) -> None:
        """
        Have read some posts.
        """
        posts_are = ALLOWED if there else refused("unknown-post", "there is no post")
        self.ask(
            lambda at: self.it.mark_read(
                circle, posts, role=role, there=posts_are, at=at
            ),
            refused_if={"not-a-member": role is None, "unknown-post": not there},
            then=[PostsRead(circle=circle, posts=posts, at=self.at)],
        )

    @rule(
        wait=a_wait(),
        circle=st.sampled_from([CircleId("book-club"), CircleId("chess-club")]),
        post=st.integers(1, 4),
        must_sees=st.sets(st.integers(1, 4)),
        role=ROLES,
    )
    def acknowledge(
        self,
        wait: Wait,
        circle: CircleId,
        post: int,
        must_sees: set[int],
        role: Role | None,
    ) -> None:
        """
        Wait, then confirm having seen a must-see.
        """
        self.wait(wait)
        if self.ask(
            lambda at: self.it.acknowledge(
                circle, post, must_sees=must_sees, role=role, at=at
            ),
            refused_if={
                "not-a-member": role is None,
                "not-a-must-see": post not in must_sees,
                "already-acknowledged": (circle, post) in self.seen,
            },
            then=[MustSeeAcknowledged(circle=circle, post=post, at=self.at)],
        ):
            self.seen.append((circle, post))
            self.reminded.pop((circle, post), None)

    @rule(
        wait=a_wait(),
        circle=st.sampled_from([CircleId("book-club"), CircleId("chess-club")]),
        post=st.integers(1, 2),
        role=ROLES,
        others=st.sampled_from(("manager", "manager", "owner", "member", None)),
        there=st.sampled_from((True, True, False)),
    )
    def remind(
        self,
        wait: Wait,
        circle: CircleId,
        post: int,
        role: Role | None,
        others: Role | None,
        *,
        there: bool,
    ) -> None:
        """
        Wait, then be reminded of a must-see by somebody in some role.
        """
        self.wait(wait)
        runs_it = (
            ALLOWED if others in RUN_IT else refused("not-a-manager", "no manager")
        )
        gone = ALLOWED if there else refused("post-removed", "it was removed")
        spent = self.reminded.get((circle, post), [])
        if self.ask(
            lambda at: self.it.remind(
                circle,
                post,
                manager=runs_it,
                there=gone,
                role=role,
                budgets=self.book.must_see_reminders,
                zone=self.zone,
                by=CAST[0],
                at=at,
            ),
            refused_if={
                "not-a-manager": others not in RUN_IT,
                "not-a-member": role is None,
                "post-removed": not there,
                "already-acknowledged": (circle, post) in self.seen,
            },
            then=[MustSeeReminded(circle=circle, post=post, by=CAST[0], at=self.at)],
            budgets=self.book.must_see_reminders,
            spent=spent,
        ):
            newest = Spent(self.at, len(self.history))
            self.reminded[circle, post] = [*spent, newest]
            self.check_never_over(
                self.book.must_see_reminders, newest, self.reminded[circle, post]
            )

    @rule(waits=some_waits(), circle=st.sampled_from([*_CLUBS]))
    def remind_of_several(self, waits: list[Wait], circle: CircleId) -> None:
        """
        Wait, then be reminded of two must-sees, again and again.
        """
        for wait in waits:
            self.remind(wait, circle, 1, "member", "manager", there=True)
            self.remind(_AT_ONCE, circle, 2, "member", "manager", there=True)

    @rule(
        relay=st.sampled_from((None, "off", "digest", "all")),
        circle=st.sampled_from([None, CircleId("book-club"), CircleId("chess-club")]),
        there=st.sampled_from((True, True, False)),
    )
    def choose_comment_relay(
        self, relay: CommentRelay | None, circle: CircleId | None, *, there: bool
    ) -> None:
        """
        Ask to be shown less of the comments, or take that back.
        """
        it_is = ALLOWED if there else refused("comment-relay-fixed", "no choice")
        if self.ask(
            lambda at: self.it.choose_comment_relay(
                relay, circle=circle, there=it_is, at=at
            ),
            refused_if={
                "comment-relay-fixed": not there,
                "already-so": relay == self.asked_for.get(circle),
            },
            then=[CommentRelayChosen(relay=relay, circle=circle, at=self.at)],
        ):
            self.asked_for.pop(circle, None)
            if relay is not None:
                self.asked_for[circle] = relay

    @rule(guardian=_GUARDIANS, zone=a_zone(), name=st.booleans())
    def look_after(self, guardian: MemberId, zone: str, *, name: bool) -> None:
        """
        Have somebody look after them, or no longer.
        """
        child = MemberId("lin")
        if not name:
            if self.ask(
                lambda at: self.it.guardians.dismiss(guardian, by=_HOST, at=at),
                refused_if={"not-a-guardian": guardian not in self.zones_of},
                then=[GuardianDismissed(guardian=guardian, by=_HOST, at=self.at)],
            ):
                del self.zones_of[guardian]
        elif self.ask(
            lambda at: self.it.guardians.name(
                guardian, child=child, zone=zone, by=_HOST, at=at
            ),
            refused_if={
                "own-guardian": guardian == child,
                "already-a-guardian": guardian in self.zones_of,
            },
            then=[GuardianNamed(guardian=guardian, zone=zone, by=_HOST, at=self.at)],
        ):
            self.zones_of[guardian] = zone
            self.told_to[guardian] = self.it.last_at

    @rule(waits=some_waits(), guardian=_GUARDIANS)
    def tell(self, waits: list[Wait], guardian: MemberId) -> None:
        """
        Tell somebody what happened, again and again.
        """
        for wait in waits:
            self.wait(wait)
            at, zone = self.at, self.zones_of.get(guardian, "UTC")
            today = _date(zone, at)
            too_soon = any(
                _date(their_zone, at) == _date(their_zone, then)
                or _date(zone, then) == today
                or today <= day
                for whom, their_zone, then, day in self.digests
                if whom == guardian
            )
            if self.ask(
                lambda at: self.it.guardians.send_digest(
                    guardian, told={"graded": 2}, by=_HOST, at=at
                ),
                refused_if={
                    "not-a-guardian": guardian not in self.zones_of,
                    "guardian-digest-day": too_soon,
                },
                then=[
                    GuardianDigestSent(
                        guardian=guardian,
                        day=today,
                        since=self.told_to.get(guardian, at),
                        until=at,
                        graded=2,
                        by=_HOST,
                        at=at,
                    )
                ],
            ):
                self.digests.append((guardian, zone, at, today))
                self.told_to[guardian] = at

    @rule(guardian=_GUARDIANS, zone=a_zone(), waits=some_waits())
    def name_anew(self, guardian: MemberId, zone: str, waits: list[Wait]) -> None:
        """
        Have somebody look after them and be told, and again, perhaps in another zone.
        """
        for wait in waits:
            self.look_after(guardian, zone, name=True)
            self.tell([wait], guardian)
            self.look_after(guardian, zone, name=False)
            self.look_after(guardian, self.zone, name=True)
            self.tell([_AT_ONCE], guardian)

    def check_limits(self) -> None:
        """
        Check that no guardian was ever told twice on one day.
        """
        days = [(guardian, day) for guardian, _, _, day in self.digests]
        if len(set(days)) < len(days):
            self.fail("somebody was told twice on one day")

    @rule(until=moments(), zone=a_zone())
    def attest_minor(self, until: datetime, zone: str) -> None:
        """
        Let the host attest until when they are a minor.
        """
        self.ask(
            lambda at: self.it.attest_minor(until=until, zone=zone, at=at),
            refused_if={},
            then=[MinorAttested(until=until, zone=zone, at=self.at)],
        )
        self.minor = Minor(until=until, zone=zone)

    @invariant()
    def state_agrees(self) -> None:
        """
        Check that the reader remembers what the model remembers.
        """
        choices = self.it.relays
        for circle in (None, "book-club", "chess-club"):
            remembered, asked_for = choices.now(circle), self.asked_for.get(circle)
            if remembered != asked_for:
                self.fail(
                    f"for {circle} {remembered} is asked, by the model {asked_for}"
                )
        self.check_state(
            acknowledged=set(self.seen),
            reminders={
                of: [Spend(spend.at, spend.place) for spend in sent]
                for of, sent in self.reminded.items()
            },
            age=Age(self.minor),
        )
        if self.it.guardians.zones != self.zones_of:
            self.fail(f"guardians are {self.it.guardians.zones}")


def _date(zone: str, at: datetime) -> str:
    return f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%d}"
