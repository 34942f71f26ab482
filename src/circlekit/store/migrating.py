"""
Make a store's tables, and bring those of an earlier version up to date.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final

from attrs import evolve, frozen
from sqlalchemy.engine import Dialect
from sqlalchemy.schema import CreateIndex, CreateTable

from circlekit.errors import StoreError
from circlekit.projections.read_model import ReadModel
from circlekit.store import log
from circlekit.store.chain import FIRST, Head, digest_of
from circlekit.store.rebuilding import Beside
from circlekit.store.schema import HISTORY, READ_MODELS, SCHEMA_VERSION, SNAPSHOTS
from circlekit.store.session import Session

_ALL: Final = (
    HISTORY,
    SNAPSHOTS,
    *(model.tables for model in READ_MODELS),
    # Made beforehand: who rebuilds needs no right to make tables.
    *(Beside(model).tables for model in READ_MODELS),
)
TABLES: Final = frozenset(name for tables in _ALL for name in tables.tables)
_BEFORE_THE_CHAIN: Final = 1
_VERSIONS: Final = "SELECT version FROM circlekit_schema"
_BEGIN_LOG: Final = f"""
INSERT INTO circlekit_head (id, position, digest)
VALUES (1, 0, '{FIRST.hex()}') ON CONFLICT DO NOTHING
"""
_BEGIN_SCHEMA: Final = f"""
INSERT INTO circlekit_schema (version) VALUES ({SCHEMA_VERSION}) ON CONFLICT DO NOTHING
"""


@frozen(kw_only=True)
class Migration:
    """
    What bringing a store up to date came to.

    Attributes:
        before: The version it had, None if there was no store.

        version: The version it has.

        made: The tables that were made, by name.
    """

    before: int | None
    version: int
    made: tuple[str, ...]


def statements(dialect: Dialect) -> Iterator[str]:
    """
    Return the SQL that makes a store where there is none, statement by statement.

    Run where there is one already, it changes nothing.
    """
    # Putting them into words takes a hundred times as long as running them.
    if dialect.name not in _MADE:
        _MADE[dialect.name] = tuple(_statements(dialect))
    yield from _MADE[dialect.name]


_MADE: Final[dict[str, tuple[str, ...]]] = {}


def _statements(dialect: Dialect) -> Iterator[str]:
    for tables in _ALL:
        for table in tables.sorted_tables:
            create: Any = CreateTable(table, if_not_exists=True)
            yield _compiled(create, dialect)
            for index in sorted(table.indexes, key=lambda it: str(it.name)):
                make: Any = CreateIndex(index, if_not_exists=True)
                yield _compiled(make, dialect)
    yield from begin_log()


def begin_log() -> tuple[str, ...]:
    """
    Return the SQL that says in new tables that nothing has happened yet.
    """
    return _BEGIN_LOG.strip(), _BEGIN_SCHEMA.strip()


def version_of(session: Session, found: set[str]) -> int | None:
    """
    Return the version of a store with these tables, None if there is no store.

    Raises:
        StoreError: If it is not said.
    """
    if "circlekit_schema" not in found:
        return None
    versions = session.all(_VERSIONS)
    if len(versions) != 1:
        raise StoreError(f"the store has the versions {versions}, it should have one")
    ((version,),) = versions
    return int(version)


def must_be_ours(version: int) -> None:
    """
    Go on if a store of that version can be used.

    Raises:
        StoreError: If it cannot, and what to do then.
    """
    if version == SCHEMA_VERSION:
        return
    advice = (
        "run `circlekit migrate` on it first"
        if version == _BEFORE_THE_CHAIN
        else "use the circlekit that it was made with, or a later one"
    )
    raise StoreError(
        f"the store has version {version}, this code needs {SCHEMA_VERSION}; {advice}"
    )


def bring_up_to_date(
    session: Session,
    dialect: Dialect,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> Migration:
    """
    Make what is missing, in one transaction: nobody ever sees half of it.

    Args:
        session: No transaction may have begun on it.
        dialect: In which words tables are made there.
        progress: Called with the events that are chained, and all there are.

    Raises:
        StoreError: If the store is of a version that this code does not know.
        CorruptEventError: If an event that is to be chained was altered.
        BusyError: If somebody else kept the store for too long.
    """
    session.begin_changing()
    try:
        found = session.tables()
        before = version_of(session, found)
        if before == _BEFORE_THE_CHAIN:
            session.run(_ADD_DIGEST)
        elif before is not None:
            must_be_ours(before)
        # A read model may be newer than the store.
        for model in READ_MODELS:
            _begin_anew(session, model, found)
        for statement in statements(dialect):
            session.run(statement)
        if before == _BEFORE_THE_CHAIN:
            _chain(session, progress)
            session.run("DELETE FROM circlekit_schema WHERE version = 1")
        session.commit()
    except BaseException:
        session.rollback()
        raise
    made = tuple(sorted(TABLES - found))
    return Migration(before=before, version=SCHEMA_VERSION, made=made)


_ADD_DIGEST: Final = "ALTER TABLE circlekit_event ADD COLUMN digest BLOB"
_FORGET: Final = "DELETE FROM circlekit_reading WHERE model = :model"
_SET_DIGEST: Final = """
UPDATE circlekit_event SET digest = :digest WHERE position = :position
"""


def _chain(session: Session, progress: Callable[[int, int], None] | None) -> None:
    # Version 1, only ever in SQLite, had a checksum and no chain.
    newest = log.newest(session)
    head = Head()
    ends: dict[str, bytes] = {}
    while rows := log.rows_after(session, head.position, log.BLOCK):
        for row in rows:
            position, stream, version, name, body, _ = log.verified(row)
            before = ends.get(stream, FIRST)
            digest = digest_of(before, position, stream, version, name, body)
            session.run(_SET_DIGEST, {"digest": digest, "position": position})
            ends[stream] = digest
            head = head.after(position, digest)
        if progress is not None:
            progress(head.position, newest)
    # A position that was given once is not given again, even if its row is gone.
    log.move_head(session, evolve(head, position=max(newest, session.newest_ever())))


def _begin_anew(session: Session, model: ReadModel, found: set[str]) -> None:
    # A read model that misses a table is made and filled again from the first event:
    # its other tables may have changed with it.
    beside = Beside(model)
    own = set(model.tables.tables)
    if "circlekit_reading" in found and own - found:
        for name in (own | set(beside.tables.tables)) & found:
            session.run(f"DROP TABLE {name}")
        for name in (model.name, beside.name):
            session.run(_FORGET, {"model": name})


def _compiled(statement: Any, dialect: Dialect) -> str:
    lines = str(statement.compile(dialect=dialect)).strip().splitlines()
    return "\n".join(line.rstrip() for line in lines)
