"""
Histories made ready: written as circlekit writes them, many events at once.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, Final

from circlekit import CircleKit, PostId
from circlekit.events.circle import CommentAdded, MemberJoined, PostPublished
from circlekit.events.record import stream_of
from circlekit.ids import MemberId

START: Final = datetime(2026, 1, 1, tzinfo=UTC)
OWNER: Final = MemberId("owner")
_AT_ONCE: Final = 10_000


def append(
    kit: CircleKit,
    stream: str,
    events: Iterable[object],
    *,
    told: Callable[[int], Any] | None = None,
) -> None:
    """
    Write events to the end of a history, as many at once as is good.
    """
    done, coming = 0, iter(events)
    while block := list(islice(coming, _AT_ONCE)):
        with kit._store.writing() as transaction:  # noqa: SLF001 - made ready, not asked for
            newest = transaction.last_of(stream)
            transaction.append(stream, newest.version if newest else 0, block)
        done += len(block)
        if told is not None:
            told(done)


def long_circle(kit: CircleKit, name: str, *, members: int, events: int) -> PostId:
    """
    Make a circle with so many members and events, and return its first post.
    """
    circle = kit.found_circle(name=name, kind="community", by=OWNER, circle=name)
    post = kit.publish_post(circle, by=OWNER, text="Where it begins")
    append(kit, stream_of("circle", name), _life(post.version, members, events))
    return post


def _life(post: int, members: int, events: int) -> Iterator[object]:
    for number in range(members):
        yield MemberJoined(member=MemberId(f"member-{number}"), at=START)
    for number in range(max(0, events - members)):
        at = START + timedelta(seconds=number)
        text = f"What was said as number {number}"
        if number % 5:
            yield CommentAdded(post=post, text=text, by=OWNER, at=at)
        else:
            yield PostPublished(text=text, by=OWNER, at=at)
