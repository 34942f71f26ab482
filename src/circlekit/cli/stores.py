"""
``circlekit migrate``, ``verify`` and ``backup``: what a store's keeper needs.
"""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from circlekit.application import CircleKit
from circlekit.cli.progress import progress
from circlekit.cli.terminal import one_line, print_json, print_report
from circlekit.store import Migration, migration_sql
from circlekit.store import migrate as migrate_store

Store = Annotated[
    str,
    typer.Option(metavar="URL", help="The store, as in sqlite:///community.db."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def migrate(
    store: Store,
    sql: Annotated[
        bool,
        typer.Option("--sql", help="Print what makes a store, and do nothing."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """
    Make a store, or bring one of an earlier version up to date.

    Safe to run again, and by many at once.
    """
    if sql:
        text = migration_sql(store)
        if as_json:
            print_json({"sql": text})
        else:
            typer.echo(text, nl=False)
        return
    with progress("Chaining events", None) as advance_to:
        done = migrate_store(store, progress=lambda at, _newest: advance_to(at))
    shape = {"before": done.before, "version": done.version, "made": list(done.made)}
    _print(shape, _migrated(done), as_json=as_json)


def verify(
    store: Store,
    head: Annotated[
        str | None,
        typer.Option(metavar="HEAD", help="What it printed before, kept elsewhere."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """
    Check that every event is there and as it was written; print the log's head.
    """
    with CircleKit(store, create=False) as kit:
        newest = kit.newest_position()
        with progress("Verifying", newest) as advance_to:
            found = kit.verify(head, progress=advance_to)
    events = int(found.partition(":")[0])
    shape = {"events": events, "head": found, "since": head}
    said = f"{events:,} events are as they were written."
    if head is not None:
        said += f" The log has come by {head}."
    _print(shape, f"{said}\n{found}", as_json=as_json)


def backup(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="Where to; it must not be there.")
    ],
    store: Store,
    as_json: AsJson = False,
) -> None:
    """
    Copy an SQLite store to a file while it is in use, and verify the copy.
    """
    with (
        CircleKit(store, create=False) as kit,
        progress("Copying pages", None) as advance_to,
    ):
        kit.back_up(file, progress=lambda done, _pages: advance_to(done))
    with (
        CircleKit(f"sqlite:///{file.absolute()}", create=False) as copy,
        progress("Verifying", copy.newest_position()) as advance_to,
    ):
        found = copy.verify(progress=advance_to)
    events = int(found.partition(":")[0])
    shape = {"file": str(file), "events": events, "head": found}
    said = f"{events:,} events were copied to {file} and verified.\n{found}"
    _print(shape, said, as_json=as_json)


def _migrated(done: Migration) -> str:
    if done.before is None:
        return f"A store of version {done.version} was made."
    if done.before == done.version and not done.made:
        return f"The store has version {done.version} already."
    if done.before == done.version:
        return f"The store has version {done.version}; made {', '.join(done.made)}."
    return f"The store had version {done.before} and has version {done.version} now."


def _print(shape: dict[str, Any], said: str, *, as_json: bool) -> None:
    if as_json:
        print_json(shape)
    else:
        lines = "\n".join(one_line(line) for line in said.splitlines())
        print_report(Text(lines, overflow="fold"))
