"""
``circlekit work`` and ``circlekit parked``: what goes on while nobody asks.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import TIMEOUT_MAX, Event
from typing import Annotated

import typer

from circlekit.application import CircleKit
from circlekit.cli import shapes, tables
from circlekit.cli.progress import progress
from circlekit.cli.terminal import print_json, print_report
from circlekit.errors import BusyError, InvalidInputError

Store = Annotated[
    str,
    typer.Option(metavar="URL", help="The store, as in sqlite:///community.db."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


class _ToldToStopError(Exception):
    """
    Somebody ended the work in the middle of it.
    """


def work(
    store: Store,
    once: Annotated[
        bool, typer.Option("--once", help="End when everything is read.")
    ] = False,
    every: Annotated[
        float, typer.Option(metavar="SECONDS", help="How long to wait in between.")
    ] = 1.0,
    as_json: AsJson = False,
) -> None:
    """
    Publish what is due, send digests, and keep the read models up to the newest event.

    Ends when it is interrupted or told to terminate, and says what it has done.
    """
    if not 0 < every <= TIMEOUT_MAX:
        accepted = f"more than 0 seconds, and at most {TIMEOUT_MAX:.0f}"
        raise InvalidInputError("every", f"is {every:g}", accepted)
    with CircleKit(store, create=False) as kit, _until_told() as told:
        before, released = kit.read_models(), 0
        if once:
            released = _work(kit, told)
        while not (once or told.is_set()):
            with suppress(BusyError):  # somebody writes for long; later, then
                released += _work(kit, told)
            told.wait(every)
        after, newest = kit.read_models(), kit.newest_position()
    if as_json:
        print_json(shapes.worked(before, after, newest, released))
    else:
        print_report(tables.worked(before, after, newest, released))


def parked(
    store: Store,
    follower: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only this follower.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """
    Show how far each follower is, and the events that it could not take in.
    """
    with CircleKit(store, create=False) as kit:
        followers, aside = kit.followers(), kit.parked(follower)
        newest = kit.newest_position()
    if follower is not None:
        followers = {name: at for name, at in followers.items() if name == follower}
    if as_json:
        print_json(shapes.parked(followers, aside, newest))
    else:
        print_report(tables.parked(followers, aside, newest))


def _work(kit: CircleKit, told: Event) -> int:
    _read_ahead(kit, told)
    if told.is_set():
        return 0
    released = len(kit.release_due().released)
    if kit.send_due_digests() or released:
        _read_ahead(kit, told)
    return released


def _read_ahead(kit: CircleKit, told: Event) -> None:
    newest, positions = kit.newest_position(), kit.read_models()
    if all(position >= newest for position in positions.values()):
        return
    with progress("Reading ahead", newest * len(positions)) as advance_to:

        def step(name: str, position: int, newest: int) -> None:
            positions[name] = position
            advance_to(sum(min(at, newest) for at in positions.values()))
            if told.is_set():
                raise _ToldToStopError

        try:
            kit.read_ahead(progress=step)
        except _ToldToStopError:
            return


@contextmanager
def _until_told() -> Iterator[Event]:
    # The block that is being read is finished first: it is not long, and then
    # nothing has to be undone.
    told = Event()
    before = {
        number: signal.signal(number, lambda *_: told.set())
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield told
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
