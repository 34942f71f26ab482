"""
A made-up community that lives through the year 2020 in a few seconds.

Nobody in it exists. Chance is seeded and time is a clock that the year moves by
itself, so every run tells the same year. It is written in one transaction: a
demo that is interrupted has left nothing behind.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from heapq import heappop, heappush
from itertools import count
from random import Random
from time import perf_counter
from typing import Final
from zoneinfo import ZoneInfo

from attrs import Factory, define, field, frozen

from circlekit.application import CircleKit
from circlekit.audit import MustSeeAudit
from circlekit.cli.progress import progress
from circlekit.clock import ManualClock
from circlekit.errors import NotFoundError, StoreError
from circlekit.events.circle import CircleKind
from circlekit.events.customer import MomentSource
from circlekit.ids import CommentId, MessageId, PostId
from circlekit.projections.group_timeline import TimelinePage
from circlekit.projections.member_feed import FeedPage
from circlekit.projections.quota_view import Quota
from circlekit.verdict import RefusedError, Verdict

READERS: Final = "reading-circle"
EVENINGS: Final = "reading-evenings"
STAFF: Final = "bookshop-staff"
SUPPLIERS: Final = "bookshop-suppliers"
CLASS: Final = "evening-class"
BOOKSHOP: Final = "corner-bookshop"
OWNER: Final = "mei"
MEMBER: Final = "ines"
CUSTOMER: Final = "agnes"

_ZONE: Final = ZoneInfo("Asia/Shanghai")
_MIDNIGHT: Final = datetime(2020, 1, 1, tzinfo=_ZONE).astimezone(UTC)
_DAYS: Final = 366
_THE_END: Final = datetime(2020, 12, 31, 21, 30, tzinfo=_ZONE).astimezone(UTC)
_SEED: Final = 2020

_PEOPLE: Final = (
    *("ana", "ben", "chen", "dina", "emil", "fei", "gao", "hana", "ines", "jun"),
    *("kofi", "lea", "mira", "nils", "omar", "pia", "qing", "rosa", "sami", "tess"),
    *("uma", "vera", "wei", "xin", "yara", "zoe"),
)
_CUSTOMERS: Final = ("agnes", "boris", "cai", "dora", "elif", "finn", "gina", "hugo")
_BOOKS: Final = (
    *("Middlemarch", "边城", "The Leopard", "倾城之恋", "Mrs Dalloway", "呼兰河传"),
    *("Life and Fate", "围城", "Invisible Cities", "茶馆", "Austerlitz", "Persuasion"),
)
_POSTS: Final = (
    "I stopped at page {page} of {book} and had to put it down for a while.",
    "Does anybody else distrust the narrator of {book}?",
    "我读到第 {page} 页。{book} 比我想的安静。",
    "Two translations of {book}, page {page}, side by side. Which one do you hear?",
    "What should we ask each other about {book} on Thursday?",
    "[b]{book}[/b], page {page}: the brackets are how I mark what I reread.",
)
_COMMENTS: Final = (
    "I read it the other way round.",
    "同意。",
    "Page numbers differ in my copy, which chapter is that?",
    "That is the sentence I underlined too.",
    "还没看到那里。别剧透。",
    "Bring it up on Thursday.",
)
_MESSAGES: Final = (
    "Is there a chair left for tonight?",
    "我会晚到十分钟。",
    "I have a spare copy, who wants it?",
    "On my way.",
    "Somebody left a green umbrella.",
    "The kettle is on.",
    "周四见。",
    "Which edition do you have?",
)
_SIGNS: Final = ("👍", "❤️", "📖", "🤔", "😂")


@frozen(kw_only=True)
class Explained:
    """
    What a command would be answered at a moment, for a person to understand.

    Attributes:
        command: Its name, as in ``send_must_see``.

        does: The same in words, as in ``send a must-see``.

        zone: The circle's zone, in which people live by the answer.
    """

    command: str
    does: str
    circle: str
    by: str
    at: datetime
    zone: str
    verdict: Verdict


@frozen(kw_only=True)
class Demo:
    """
    Everything the demo shows.

    Attributes:
        lived: Whether the year was lived just now, rather than found in the store.

        events: How many events the store holds.

        seconds: How long living and reading took.
    """

    lived: bool
    events: int
    seconds: float
    member: str
    feed: FeedPage
    group: str
    timeline: TimelinePage
    quotas: tuple[Quota, ...]
    refusal: Explained
    circle: str
    audit: MustSeeAudit


def run_demo(url: str) -> Demo:
    """
    Live the year in an empty store, or find it there, and show where it ended.

    Raises:
        StoreError: If the store holds somebody else's history.
    """
    began = perf_counter()
    clock = ManualClock(_MIDNIGHT)
    with CircleKit(url, clock=clock) as kit:
        empty = kit.newest_position() == 0
        if empty:
            with progress("Living through 2020", _DAYS) as advance_to, kit.batch():
                Year(kit, clock).live(advance_to)
        clock.now = _THE_END
        return _shown(kit, lived=empty, began=began)


def _shown(kit: CircleKit, *, lived: bool, began: float) -> Demo:
    try:
        circle, customer = kit.quota(circle=READERS), kit.quota(customer=CUSTOMER)
    except NotFoundError as somebody_elses:
        message = (
            "this store holds another community; the demo wants a store of its own"
        )
        raise StoreError(message) from somebody_elses
    words = "Happy new year! We meet again on 7 January."
    verdict = kit.would_allow("send_must_see", READERS, by=OWNER, text=words)
    refusal = Explained(
        command="send_must_see",
        does="send another must-see",
        circle=READERS,
        by=OWNER,
        at=circle.at,
        zone=circle.zone,
        verdict=verdict,
    )
    feed = kit.feed(MEMBER, limit=10)
    timeline = kit.group_timeline(READERS, limit=10)
    audit = kit.audit_must_sees(READERS)
    return Demo(
        lived=lived,
        events=kit.newest_position(),
        seconds=perf_counter() - began,
        member=MEMBER,
        feed=feed,
        group=READERS,
        timeline=timeline,
        quotas=(circle, customer),
        refusal=refusal,
        circle=READERS,
        audit=audit,
    )


@define
class _Circle:
    """
    What the year must remember of a circle to go on.

    Attributes:
        busy: Posts of an ordinary day.
    """

    id: str
    runs_it: tuple[str, ...]
    busy: float
    members: list[str]
    pinned: PostId | None = None
    posts: list[PostId] = Factory(list)
    comments: list[CommentId] = Factory(list)
    messages: list[MessageId] = Factory(list)


@define
class Year:
    """
    One year: an agenda of moments and what happens at each.
    """

    kit: CircleKit
    clock: ManualClock
    # Chance for a story, not for a secret.
    chance: Random = field(factory=lambda: Random(_SEED))  # noqa: S311
    _agenda: list[tuple[datetime, int, Callable[[], object]]] = Factory(list)
    _turns: "count[int]" = field(factory=count)
    _circles: dict[str, _Circle] = Factory(dict)

    def live(self, lived: Callable[[int], None]) -> None:
        """
        Live from the first midnight to the evening of the last day.
        """
        self._begin()
        self._plan_the_story()
        for day in range(_DAYS):
            midnight = _MIDNIGHT + timedelta(days=day)
            for circle in self._circles.values():
                self._plan_a_day(circle, midnight)
            if midnight.astimezone(_ZONE).weekday() == 3:  # noqa: PLR2004
                self._plan_moments(midnight)
            self._happen(until=min(midnight + timedelta(days=1), _THE_END))
            lived(day + 1)

    def _begin(self) -> None:
        self._found(READERS, "Reading circle", "community", _PEOPLE[:18], busy=1.0)
        self._found(STAFF, "Bookshop staff", "internal", _PEOPLE[:5], busy=0.3)
        self._found(SUPPLIERS, "Suppliers", "business", _PEOPLE[10:15], busy=0.15)
        self._found(CLASS, "Evening class", "teaching", _PEOPLE[5:14], busy=0.35)
        self.kit.link_group(READERS, by=OWNER, name="Reading evenings", group=EVENINGS)
        for member in _PEOPLE[:6]:
            self.kit.join_group(EVENINGS, member)
        self.kit.grant_override(READERS, "lin", by=OWNER)
        for customer in _CUSTOMERS:
            self.kit.add_customer(
                customer, channel="till", organisation=BOOKSHOP, by="tao"
            )
            for tag in ("newcomer", self.chance.choice(_BOOKS)):
                self.kit.tag_customer(customer, tag, by="tao")
        for customer in _CUSTOMERS[::2]:
            self.kit.complete_profile(customer, by="tao")
            self.kit.assign_customer(customer, "lin", by=OWNER)

    def _found(
        self,
        id_: str,
        name: str,
        kind: CircleKind,
        people: Sequence[str],
        *,
        busy: float,
    ) -> None:
        self.kit.found_circle(
            name=name,
            kind=kind,
            by=OWNER,
            organisation=BOOKSHOP if kind == "internal" else None,
            circle=id_,
        )
        runs_it = (OWNER, "tao", "lin")
        circle = self._circles[id_] = _Circle(id_, runs_it, busy, [OWNER])
        for member in (*runs_it[1:], *people):
            self._join(circle, member)
        for manager in runs_it[1:]:
            self.kit.appoint_manager(id_, manager, by=OWNER)

    def _join(self, circle: _Circle, member: str) -> None:
        # Each attests what one kind of circle asks; the others take no notice.
        self.kit.join_circle(
            circle.id,
            member,
            staff_of=BOOKSHOP,
            invited_by=OWNER,
            verified_role="student",
        )
        circle.members.append(member)

    def _go(self, circle: _Circle, member: str, *, by: str | None = None) -> None:
        if by is None:
            self.kit.leave_circle(circle.id, member)
        else:
            self.kit.remove_member(circle.id, member, by=by)
        circle.members.remove(member)

    # What happens on one day of the story and never again.

    def _plan_the_story(self) -> None:
        kit, readers = self.kit, self._circles[READERS]
        self._on(1, 6, 9, lambda: self._pin(readers, "Read along, but no spoilers."))
        for month, member in enumerate(_PEOPLE[18:], start=2):
            self._on(month, 3, 18, partial(self._join, readers, member))
        for customer in _CUSTOMERS:
            old = partial(kit.untag_customer, customer, "newcomer", by="tao")
            self._on(4, 1, 9, old)
        # Somebody sells books of their own to the others.
        self._on(3, 5, 10, lambda: kit.block_private_chat(READERS, by=OWNER))
        self._on(3, 5, 11, lambda: kit.open_private_chat(READERS, by="pia", to="qing"))
        self._on(3, 6, 11, lambda: kit.open_private_chat(READERS, by=OWNER, to="pia"))
        self._on(3, 20, 10, lambda: kit.allow_private_chat(READERS, by=OWNER))
        self._on(
            *(3, 20, 11), lambda: kit.send_friend_request(READERS, by="qing", to="pia")
        )
        # A quiet day; the mute ends by itself.
        tomorrow, why = _moment(4, 5, 8), "A day of quiet."
        self._on(
            *(4, 4, 8),
            lambda: kit.mute_group(READERS, by=OWNER, reason=why, until=tomorrow),
        )
        self._on(
            *(4, 4, 12), lambda: kit.send_message(READERS, by="kofi", text="Anybody?")
        )
        self._on(5, 20, 20, lambda: self._go(readers, "omar"))
        self._on(6, 2, 20, lambda: self._go(readers, "kofi", by=OWNER))
        # Summer.
        self._on(6, 30, 9, lambda: kit.unlink_group(READERS, EVENINGS, by=OWNER))
        self._on(
            *(7, 1, 9),
            lambda: kit.set_announcement(READERS, by="tao", text="暑假快乐。"),
        )
        self._on(7, 1, 10, lambda: kit.switch_post_sync(CLASS, on=False, by=OWNER))
        self._on(8, 3, 9, lambda: kit.dismiss_manager(SUPPLIERS, "lin", by=OWNER))
        self._on(9, 1, 9, lambda: kit.link_group(READERS, by=OWNER, group=EVENINGS))
        self._on(9, 1, 10, lambda: kit.hand_over_circle(CLASS, "tao", by=OWNER))
        # Four must-sees in October, and then a pipe bursts.
        for day in (2, 9, 16, 23):
            self._on(10, day, 20, lambda: self._announce(readers, OWNER))
        self._on(10, 29, 9, lambda: self._announce(readers, OWNER))
        self._on(
            *(10, 29, 10),
            lambda: self._announce(
                readers,
                "lin",
                "A pipe has burst: tonight we meet in the library instead.",
                override="The room is under water, and people would come to it.",
            ),
        )
        self._on(11, 1, 9, lambda: kit.revoke_override(READERS, "lin", by=OWNER))
        self._on(
            11, 2, 9, lambda: kit.mute_group(EVENINGS, by=OWNER, reason="安静一天。")
        )
        self._on(11, 3, 9, lambda: kit.unmute_group(EVENINGS, by=OWNER))
        self._on(12, 1, 9, lambda: self._pin(readers, "边城 or 茶馆 next? Vote below."))
        # Four in December, the last on New Year's Eve.
        for day in (3, 10, 20, 31):
            self._on(12, day, 20, lambda: self._announce(readers, OWNER))

    # What happens on any day.

    def _plan_a_day(self, circle: _Circle, midnight: datetime) -> None:
        # The story has must-sees of its own in these months.
        told = circle.id == READERS and midnight.astimezone(_ZONE).month in {10, 12}
        if not told and self.chance.random() < circle.busy / 5:
            for _ in range(self.chance.choice((1, 1, 1, 2))):
                by = self._who_announces(circle)
                self._sometime(midnight, partial(self._announce, circle, by))
        for happens, often in (
            (self._post, 1.0),
            (self._comment, 2.5),
            (self._react, 2.0),
            (self._say, 2.0),
            (self._read, 1.5),
            (self._think_again, 0.1),
        ):
            for _ in range(self._about(often * circle.busy)):
                self._sometime(midnight, partial(happens, circle))

    def _post(self, circle: _Circle) -> None:
        text = self._words(_POSTS)
        author = self.chance.choice(circle.members)
        circle.posts.append(self.kit.publish_post(circle.id, by=author, text=text))

    def _comment(self, circle: _Circle) -> None:
        if not circle.posts:
            return
        post, by = self._recent(circle), self.chance.choice(circle.members)
        text = self.chance.choice(_COMMENTS)
        circle.comments.append(self.kit.add_comment(post, by=by, text=text))

    def _react(self, circle: _Circle) -> None:
        if not circle.posts:
            return
        post, by = self._recent(circle), self.chance.choice(circle.members)
        sign = self.chance.choice(_SIGNS)
        self.kit.react(post, sign, by=by)
        if self.chance.random() < 1 / 30:
            self.kit.withdraw_reaction(post, sign, by=by)

    def _say(self, circle: _Circle) -> None:
        by, text = self.chance.choice(circle.members), self.chance.choice(_MESSAGES)
        circle.messages.append(self.kit.send_message(circle.id, by=by, text=text))
        if self.chance.random() < 1 / 4:
            answering = self.chance.choice(circle.members)
            sign = self.chance.choice(_SIGNS)
            self.kit.react_to_message(circle.messages[-1], sign, by=answering)

    def _read(self, circle: _Circle) -> None:
        by = self.chance.choice(circle.members)
        if seen := circle.posts[-self.chance.randint(1, 6) :]:
            self.kit.mark_read(seen, by=by)

    def _think_again(self, circle: _Circle) -> None:
        if not circle.comments or circle.posts[-1] == circle.pinned:
            return
        by, post = circle.runs_it[0], circle.posts[-1]
        match self.chance.randrange(3):
            case 0:
                self.kit.edit_post(post, by=by, text=self._words(_POSTS))
            case 1:
                self.kit.remove_comment(circle.comments.pop(), by=by)
            case 2:
                self.kit.remove_post(circle.posts.pop(), by=by)

    def _pin(self, circle: _Circle, text: str) -> None:
        post = self.kit.publish_post(circle.id, by=OWNER, text=text)
        circle.posts.append(post)
        if circle.pinned is not None:
            self.kit.unpin_post(circle.pinned, by=OWNER)
        self.kit.pin_post(post, by=OWNER)
        circle.pinned = post

    def _announce(
        self, circle: _Circle, by: str, text: str = "", override: str | None = None
    ) -> None:
        text = text or self._words(("Thursday, 19:30: {book} up to page {page}.",))
        post = self.kit.send_must_see(circle.id, by=by, text=text, override=override)
        circle.posts.append(post)
        for member in circle.members:
            if self.chance.random() < 19 / 20:
                seen = partial(self.kit.acknowledge, post, by=member)
                self._sometime(self.clock.now, seen)

    def _plan_moments(self, midnight: datetime) -> None:
        day = f"{midnight.astimezone(_ZONE):%m-%d}"
        new = self._words(("New in the shop: {book}.",))
        self._show(midnight, 10, "enterprise", f"new-{day}", new)
        self._show(midnight, 17, "member", f"evening-{day}", "See you at seven.")
        if self.chance.random() < 1 / 4:
            self._show(midnight, 18, "member", f"chairs-{day}", "Chairs are left.")

    def _show(
        self, midnight: datetime, hour: int, source: MomentSource, id_: str, text: str
    ) -> None:
        self._at(
            midnight + timedelta(hours=hour),
            lambda: self.kit.publish_moment(
                _CUSTOMERS, source=source, by="lin", text=text, moment=id_
            ),
        )

    # The agenda, and chance.

    def _at(self, moment: datetime, act: Callable[[], object]) -> None:
        heappush(self._agenda, (moment, next(self._turns), act))

    def _on(self, month: int, day: int, hour: int, act: Callable[[], object]) -> None:
        self._at(_moment(month, day, hour), act)

    def _sometime(self, after: datetime, act: Callable[[], object]) -> None:
        # After midnight, that is between eight in the morning and ten at night.
        seconds = self.chance.randrange(8 * 3_600, 22 * 3_600)
        self._at(after + timedelta(seconds=seconds), act)

    def _happen(self, *, until: datetime) -> None:
        while self._agenda and self._agenda[0][0] < until:
            self.clock.now, _, act = heappop(self._agenda)
            with suppress(RefusedError):  # it is recorded, and life goes on
                act()

    def _about(self, often: float) -> int:
        whole = int(often)
        return whole + (self.chance.random() < often - whole)

    def _who_announces(self, circle: _Circle) -> str:
        # Once in a while somebody tries who may not.
        people = circle.members if self.chance.random() < 1 / 12 else circle.runs_it
        return self.chance.choice(people)

    def _recent(self, circle: _Circle) -> PostId:
        return self.chance.choice(circle.posts[-9:])

    def _words(self, of: Sequence[str]) -> str:
        book = _BOOKS[self.clock.now.astimezone(_ZONE).month - 1]
        page = self.chance.randrange(1, 400)
        return self.chance.choice(of).format(book=book, page=page)


def _moment(month: int, day: int, hour: int) -> datetime:
    return datetime(2020, month, day, hour, tzinfo=_ZONE).astimezone(UTC)
