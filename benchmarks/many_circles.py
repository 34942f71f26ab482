"""
A long history, written in bulk: 200 circles that post, comment and send must-sees.

One event in 20 is about a must-see: all are sent as ``dingtalk_2020`` allows, four a
month, and one attempt in 20 comes too early and is refused.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from circlekit.events.circle import (
    CircleFounded,
    CommentAdded,
    MemberJoined,
    MustSeeSent,
    PostPublished,
    PostReacted,
)
from circlekit.events.record import refusals_beside, stream_of
from circlekit.events.refusal import CommandRefused
from circlekit.events.rules import RuleBookAdopted
from circlekit.ids import MemberId
from circlekit.rulebook import DINGTALK_2020
from circlekit.store import open_store
from circlekit.verdict import Reason

CIRCLES: Final = 200
A_MONTH: Final = 4
ROUND: Final = 20
ZONE: Final = "Asia/Shanghai"
BEGAN: Final = datetime(2016, 1, 1, 4, tzinfo=UTC)
TEXTS: Final = tuple(
    "We meet on Thursday at seven, and read the third chapter. "[: 20 + 7 * number]
    * (1 + number % 4)
    for number in range(7)
)
_OWNER: Final = MemberId("mei")
_TRANSACTION: Final = 20_000


def fill(
    url: str, events: int, *, progress: Callable[[int, int], object] | None = None
) -> None:
    """
    Write so many events, round by round, each circle 20 of them at a time.
    """
    store = open_store(url)
    written = 0
    versions: dict[str, int] = {}
    rounds = _rounds()
    try:
        while written < events:
            with store.writing() as transaction:
                ends = min(events, written + _TRANSACTION)
                while written < ends:
                    stream, happened = next(rounds)
                    happened = happened[: events - written]
                    version = versions.get(stream, 0)
                    transaction.append(stream, version, happened)
                    versions[stream] = version + len(happened)
                    written += len(happened)
            if progress is not None:
                progress(written, events)
    finally:
        store.close()


def _rounds() -> Iterator[tuple[str, list[object]]]:
    streams = [stream_of("circle", f"circle-{number}") for number in range(CIRCLES)]
    for stream in streams:
        yield (
            stream,
            [
                CircleFounded(
                    name=stream, kind="community", zone=ZONE, by=_OWNER, at=BEGAN
                ),
                RuleBookAdopted(book=DINGTALK_2020, by=_OWNER, at=BEGAN),
                *(
                    MemberJoined(member=MemberId(f"member-{number}"), at=BEGAN)
                    for number in range(ROUND - 2)
                ),
            ],
        )
    number = 0
    while True:
        year, month = divmod(number // A_MONTH, 12)
        began = BEGAN.replace(year=BEGAN.year + year, month=1 + month)
        version = ROUND * (number + 1)
        for place, stream in enumerate(streams):
            # Each circle has a day of the week of its own.
            at = began + timedelta(days=7 * (number % A_MONTH) + place % 7)
            refuses = (number + place) % ROUND == 0
            yield stream, _round(version, at, ROUND - refuses)
            if refuses:
                yield refusals_beside(stream), [_refused(version, at)]
        number += 1


def _round(version: int, at: datetime, many: int) -> list[object]:
    happened: list[object] = []
    for place in range(many - 1):
        by = MemberId(f"member-{(version + 7 * place) % (ROUND - 2)}")
        moment = at + timedelta(minutes=place)
        if place % 5 == 0:
            text = TEXTS[(version + place) % len(TEXTS)]
            happened.append(PostPublished(text=text, by=by, at=moment))
        elif place % 5 == 1:
            post = version + place
            happened.append(PostReacted(post=post, emoji="+1", by=by, at=moment))
        else:
            text = TEXTS[(version + place) % len(TEXTS)]
            post = version + 1 + place // 5 * 5
            happened.append(CommentAdded(post=post, text=text, by=by, at=moment))
    moment = at + timedelta(minutes=30)
    happened.append(MustSeeSent(post=version + 1, by=_OWNER, at=moment))
    return happened


def _refused(version: int, at: datetime) -> CommandRefused:
    sent = at + timedelta(minutes=30)
    again = sent + timedelta(hours=24)
    return CommandRefused(
        command="send_must_see",
        reasons=(
            Reason(
                rule="must-see-spacing",
                because=f"1 of 1 used within 24 hours; free again {again:%F %H:%M} UTC",
                used=1,
                limit=1,
                window_start=again - timedelta(hours=47),
                window_end=again - timedelta(hours=23),
                used_by=(version,),
                retry_at=again,
            ),
        ),
        by=_OWNER,
        at=sent + timedelta(hours=1),
    )
