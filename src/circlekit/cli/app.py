"""
The commands: what each is called, what it takes, and what it prints.
"""

from enum import StrEnum
from errno import EPIPE
from importlib.metadata import version as version_of
from typing import Annotated, Any, Final

import typer
from rich.console import RenderableType
from typer.core import TyperGroup

from circlekit.application import CircleKit
from circlekit.cli import shapes, tables
from circlekit.cli.demo import run_demo
from circlekit.cli.demos.showing import Year, show
from circlekit.cli.export_command import export
from circlekit.cli.history import history
from circlekit.cli.house import PolicyNames, read_policies
from circlekit.cli.import_command import import_
from circlekit.cli.progress import progress
from circlekit.cli.stores import backup, migrate, verify
from circlekit.cli.terminal import NOT_DONE, complain, print_json, print_report
from circlekit.cli.what_if import read_what_if
from circlekit.cli.working import parked, work
from circlekit.errors import CirclekitError
from circlekit.store import READ_MODELS

EXIT_CODES: Final = (
    "0 if all went well; 1 if something was refused, not found or not accepted, "
    "be it one line of an import, or the store cannot be used or was altered; "
    "2 if the command was not understood, or the extra `cli` is not installed; 3 "
    "if an audit found violations; 4 if a golden history, or an export, is read "
    "otherwise today, or a scripted year is not what was counted."
)
VIOLATIONS: Final = 3


class Holder(StrEnum):
    """
    Who may have budgets.
    """

    CIRCLE = "circle"
    CUSTOMER = "customer"


class Explaining(TyperGroup):
    """
    Commands whose expected errors end in one line and an exit code.
    """

    def invoke(self, ctx: Any) -> Any:
        """
        Run the command that was asked for.
        """
        try:
            return super().invoke(ctx)
        except CirclekitError as error:
            complain(str(error))
            raise typer.Exit(NOT_DONE) from error
        except OSError as error:
            if error.errno == EPIPE:  # nobody reads any more: there is no one to tell
                raise
            said = error.strerror or str(error)
            complain(f"{said}: {error.filename!r}" if error.filename else said)
            raise typer.Exit(NOT_DONE) from error


app = typer.Typer(
    cls=Explaining,
    help="Communities' history: reports, imports and a demo.",
    epilog=f"Exit codes: {EXIT_CODES}",
    no_args_is_help=True,
    add_completion=False,
    # A traceback with local variables would show what members wrote.
    pretty_exceptions_enable=False,
)
audits = typer.Typer(
    help="Prove from the history that rules were kept.", no_args_is_help=True
)
app.add_typer(audits, name="audit")
app.add_typer(history, name="history")
app.command("import")(import_)
app.command()(export)
app.command()(migrate)
app.command()(verify)
app.command()(backup)
app.command()(work)
app.command()(parked)

Store = Annotated[
    str,
    typer.Option(metavar="URL", help="The store, as in sqlite:///community.db."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"circlekit {version_of('circlekit')}")
        raise typer.Exit


@app.callback()
def circlekit(
    _version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=_print_version,
            is_eager=True,
            help="Print the version and exit.",
        ),
    ] = False,
) -> None:
    """
    Communities' history: reports, imports and a demo.
    """


@app.command()
def demo(
    name: Annotated[
        Year | None,
        typer.Argument(metavar="NAME", help="school, franchise or company."),
    ] = None,
    store: Store = "sqlite://",
    as_json: AsJson = False,
) -> None:
    """
    Let a made-up community live through a year, and look at it.

    With a NAME, the year of a school, a franchise or a company is lived, and what
    circlekit answers is held against what the script counted: exits with 4 if
    anything differs.
    """
    if name is not None:
        show(name, store, as_json=as_json)
        return
    shown = run_demo(store)
    _print(as_json, shapes.demo(shown), tables.demo(shown))


@app.command()
def feed(
    member: Annotated[str, typer.Argument(metavar="MEMBER", help="Whose feed.")],
    store: Store,
    circle: Annotated[
        str | None, typer.Option(metavar="ID", help="Only this circle.")
    ] = None,
    limit: Annotated[int, typer.Option(help="Most posts, 1 to 200.")] = 20,
    after: Annotated[
        str | None,
        typer.Option(metavar="CURSOR", help="The next page: what the last one said."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """
    Show a page of a member's feed.
    """
    with CircleKit(store, create=False) as kit:
        page = kit.feed(member, circle=circle, after=after, limit=limit)
    _print(
        as_json, shapes.feed(member, circle, page), tables.feed(member, circle, page)
    )


@app.command()
def timeline(
    group: Annotated[str, typer.Argument(metavar="GROUP", help="Whose timeline.")],
    store: Store,
    limit: Annotated[int, typer.Option(help="Most entries, 1 to 200.")] = 50,
    before: Annotated[
        int | None,
        typer.Option(metavar="CURSOR", help="Older ones: what the last page said."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """
    Show a page of a group's timeline, newest first.
    """
    with CircleKit(store, create=False) as kit:
        page = kit.group_timeline(group, before=before, limit=limit)
    _print(as_json, shapes.timeline(group, page), tables.timeline(group, page))


@app.command()
def quota(
    id_: Annotated[str, typer.Argument(metavar="ID", help="A circle or customer.")],
    store: Store,
    kind: Annotated[
        Holder | None,
        typer.Option(help="Needed only if a circle and a customer share the id."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """
    Show what of each budget is used and left, and when there is room again.
    """
    with CircleKit(store, create=False) as kit:
        match kind:
            case None:
                found = kit.quota(id_)
            case Holder.CIRCLE:
                found = kit.quota(circle=id_)
            case Holder.CUSTOMER:
                found = kit.quota(customer=id_)
    _print(as_json, shapes.quota(found), tables.quota(found))


@app.command()
def rebuild(store: Store, as_json: AsJson = False) -> None:
    """
    Fill the read models again from the events, while the old ones are read.
    """
    names = tuple(model.name for model in READ_MODELS)
    done = dict.fromkeys(names, 0)
    with CircleKit(store, create=False) as kit:
        events = kit.newest_position()
        with progress("Rebuilding read models", events * len(names)) as advance_to:

            def step(name: str, position: int, newest: int) -> None:
                done[name] = min(position, newest)
                advance_to(sum(done.values()))

            kit.rebuild_read_models(progress=step)
    _print(as_json, shapes.rebuilt(names, events), tables.rebuilt(names, events))


@audits.command("must-see")
def audit_must_see(
    store: Store,
    circle: Annotated[
        str | None, typer.Option(metavar="ID", help="Only this circle.")
    ] = None,
    what_if: Annotated[
        str | None,
        typer.Option(
            metavar="NUMBERS",
            help="Decide the same attempts by other numbers, "
            "as in per-month=2,gap=48h,zone=UTC; without=RULE leaves a rule out.",
        ),
    ] = None,
    policy: PolicyNames = None,
    as_json: AsJson = False,
) -> None:
    """
    Account for every attempt to send a must-see, by the rule of its day.

    Exits with 3 if something was sent that the rule did not allow.
    """
    asked = None if what_if is None else read_what_if(what_if)
    policies = read_policies(policy)
    with CircleKit(store, create=False, policies=policies) as kit:
        newest = kit.newest_position()
        with progress("Replaying", newest) as advance_to:
            audit = kit.audit_must_sees(circle, what_if=asked, progress=advance_to)
    _print(as_json, shapes.audit(audit), tables.audit(circle, audit))
    if audit.violations:
        raise typer.Exit(VIOLATIONS)


def _print(as_json: bool, document: shapes.Shape, report: RenderableType) -> None:
    if as_json:
        print_json(document)
    else:
        print_report(report)


def _in_one_line(text: str) -> str:
    return "\n\n".join(" ".join(it.split()) for it in text.split("\n\n"))


# As the docstrings stand, typer would break lines where the source does.
for _group in (app, audits, history):
    for _command in _group.registered_commands:
        _command.help = _in_one_line(getattr(_command.callback, "__doc__", None) or "")
