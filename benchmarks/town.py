"""
What happens in 30 circles with a group each: a store full of it, made in bulk.

Of a hundred events some 30 are comments, 30 reactions, 12 messages, 10 posts and as
many readings; the rest are must-sees and who has acknowledged them.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final

from attrs import define, field

from circlekit import CircleKit, ManualClock
from circlekit.events.circle import (
    CommentAdded,
    MemberJoined,
    MustSeeSent,
    PostPublished,
    PostReacted,
)
from circlekit.events.group import MessageReacted, MessageSent
from circlekit.events.reader import MustSeeAcknowledged, PostsRead
from circlekit.events.record import stream_of
from circlekit.ids import CircleId, MemberId

CIRCLES: Final = 30
PEOPLE: Final = 1_000
MEMBERS: Final = 50
OWNER: Final = MemberId("mei")
TEXT: Final = "We meet on Thursday at seven, and read the third chapter. "
BEGIN: Final = datetime(2026, 3, 2, 9, tzinfo=UTC)
_EMOJIS: Final = ("+1", "heart", "smile", "wave", "party")
_A_COMMIT: Final = 10_000


@define
class _Town:
    """
    What happens, in order: some events of one history at a time.
    """

    versions: dict[str, int]
    chance: Random = field(factory=lambda: Random(6))
    posts: list[list[int]] = field(factory=lambda: [[] for _ in range(CIRCLES)])
    must_sees: list[list[int]] = field(factory=lambda: [[] for _ in range(CIRCLES)])
    at: datetime = BEGIN

    def happenings(self) -> Iterator[tuple[str, list[Any]]]:
        """
        Return what happens, without an end.
        """
        for number in range(CIRCLES):
            members = self.chance.sample(range(PEOPLE), MEMBERS)
            joined = [
                MemberJoined(member=_person(it), at=self._now()) for it in members
            ]
            yield _circle(number), joined
        while True:
            yield from self._some_hours(self.chance.randrange(CIRCLES))

    def _some_hours(self, number: int) -> Iterator[tuple[str, list[Any]]]:
        yield _circle(number), self._in_the_circle(number)
        yield _group(number), self._in_its_group(number)
        circle = CircleId(f"circle-{number}")
        recent, must_sees = self.posts[number][-30:], self.must_sees[number]
        for _ in range(6):
            read = tuple(self.chance.sample(recent, 3))
            yield self._reader(), [PostsRead(circle=circle, posts=read, at=self._now())]
        for post in must_sees[-1:] * 3:
            seen = MustSeeAcknowledged(circle=circle, post=post, at=self._now())
            yield self._reader(), [seen]

    def _in_the_circle(self, number: int) -> list[Any]:
        chance, posts = self.chance, self.posts[number]
        events: list[Any] = []
        for _ in range(3):
            text = TEXT * chance.randint(1, 4)
            events.append(PostPublished(text=text, **self._by()))
            posts.append(self.versions[_circle(number)] + len(events))
        if chance.randrange(2):
            events.append(MustSeeSent(post=posts[-1], by=OWNER, at=self._now()))
            self.must_sees[number].append(posts[-1])
        recent = posts[-30:]
        for _ in range(9):
            on, to = chance.choice(recent), chance.choice(recent)
            emoji = chance.choice(_EMOJIS)
            events += [
                CommentAdded(post=on, text=TEXT, **self._by()),
                PostReacted(post=to, emoji=emoji, **self._by()),
            ]
        return events

    def _in_its_group(self, number: int) -> list[Any]:
        first = self.versions[_group(number)] + 1
        messages = [MessageSent(text=TEXT, **self._by()) for _ in range(7)]
        return [*messages, MessageReacted(message=first, emoji="+1", **self._by())]

    def _by(self) -> dict[str, Any]:
        return {"by": _person(self.chance.randrange(PEOPLE)), "at": self._now()}

    def _reader(self) -> str:
        return stream_of("reader", _person(self.chance.randrange(PEOPLE)))

    def _now(self) -> datetime:
        self.at += timedelta(seconds=20)
        return self.at


def fill(url: str, events: int, *, told: Callable[[int, int], Any]) -> None:
    """
    Fill a new store with so many events.

    Args:
        url: Where the store is to be.
        events: How many; no less than 2,000.
        told: Told how many are there, and how many there are to be.
    """
    with CircleKit(url, clock=ManualClock(BEGIN)) as kit:
        town = _Town(_settled(kit))
        happenings, position = town.happenings(), kit.newest_position()
        while position < events:
            begun = position
            with kit._store.writing() as transaction:  # noqa: SLF001 - past the rules
                while position < min(events, begun + _A_COMMIT):
                    stream, happened = next(happenings)
                    version = town.versions.get(stream, 0)
                    happened = happened[: events - position]
                    transaction.append(stream, version, happened)
                    town.versions[stream] = version + len(happened)
                    position += len(happened)
            told(position, events)


def _settled(kit: CircleKit) -> dict[str, int]:
    # Circles and groups, by the rules; and how far their histories are.
    for number in range(CIRCLES):
        circle, group = f"circle-{number}", f"group-{number}"
        kit.found_circle(name=circle, kind="community", by=OWNER, circle=circle)
        kit.link_group(circle, by=OWNER, name=group, group=group)
    with kit._store.reading() as transaction:  # noqa: SLF001 - past the rules
        return {
            stream: len(list(transaction.history(stream)))
            for number in range(CIRCLES)
            for stream in (_circle(number), _group(number))
        }


def _circle(number: int) -> str:
    return stream_of("circle", f"circle-{number}")


def _group(number: int) -> str:
    return stream_of("group", f"group-{number}")


def _person(number: int) -> MemberId:
    return MemberId(f"member-{number}")
