"""
A read model that is filled a second time, beside the one that people read.

It is a read model like any other, with tables and a position of its own, and takes
events in by the same statements; only the names of the tables in them are others.
When it has taken everything in, its rows are put in the place of the old ones.
"""

import re
from collections.abc import Sequence
from functools import cache
from threading import Event
from typing import Any, Final

from attrs import define, field
from sqlalchemy import MetaData
from sqlalchemy.sql import quoted_name

from circlekit.events.record import Recorded
from circlekit.projections.read_model import ReadModel, Rows

_NEXT: Final = "_next"
_BREATH: Final = 0.03
_NOBODY: Final = Event()


class Beside(ReadModel):
    """
    The next generation of a read model's rows.
    """

    def __init__(self, model: ReadModel) -> None:
        self._model = model
        # Set for this one alone: each stands beside a model of its own.
        self.name = f"{model.name}{_NEXT}"  # type: ignore[misc]
        self.kinds = model.kinds  # type: ignore[misc]
        self.tables = MetaData()  # type: ignore[misc]
        for table in model.tables.sorted_tables:
            copy = table.to_metadata(self.tables, name=f"{table.name}{_NEXT}")
            for index in copy.indexes:
                index.name = quoted_name(f"{index.name}{_NEXT}", quote=None)
        self._renamed = _renaming(tuple(model.tables.tables))

    def apply(self, rows: Rows, recorded: Recorded) -> None:
        """
        Take in one event.
        """
        self._model.apply(_Renamed(rows, self._renamed), recorded)

    def begin(self, rows: Rows) -> None:
        """
        Begin with empty tables, whatever an earlier rebuilding left in them.
        """
        for table in self.tables.sorted_tables:
            rows.run(f"DELETE FROM {table.name}")
        rows.run(_FORGET, name=self.name)

    def take_over(self, rows: Rows) -> None:
        """
        Put these rows, and the position they stand for, in the place of the old.
        """
        # Rows and not tables change their names: a reader in another process is
        # neither kept waiting nor told that a table it read is gone.
        for table in self._model.tables.sorted_tables:
            columns = ", ".join(f'"{column.name}"' for column in table.columns)
            rows.run(f"DELETE FROM {table.name}")
            rows.run(
                f"INSERT INTO {table.name} ({columns}) "
                f"SELECT {columns} FROM {table.name}{_NEXT}"
            )
            # Somebody else may be filling it just now; they begin again then.
            rows.run(f"DELETE FROM {table.name}{_NEXT}")
        rows.run(_FORGET, name=self._model.name)
        rows.run(_RENAME, name=self.name, as_=self._model.name)


def let_others_write() -> None:
    """
    Leave others a moment to write.

    SQLite does not queue who waits to write: they look again every few
    milliseconds, and one who takes block after block would always be there first.
    """
    _NOBODY.wait(_BREATH)


@define
class _Renamed:
    _rows: Rows
    _renamed: Any = field(repr=False)

    def run(self, sql: str, **values: Any) -> None:
        """
        Run a statement on the tables beside.
        """
        self._rows.run(self._renamed(sql), **values)

    def all(self, sql: str, **values: Any) -> Sequence[tuple[Any, ...]]:
        """
        Run a query on the tables beside.
        """
        return self._rows.all(self._renamed(sql), **values)


def _renaming(names: Sequence[str]) -> Any:
    named = re.compile(rf"\b({'|'.join(map(re.escape, names))})\b")

    @cache
    def renamed(sql: str) -> str:
        return named.sub(rf"\1{_NEXT}", sql)

    return renamed


_FORGET: Final = "DELETE FROM circlekit_reading WHERE model = :name"
_RENAME: Final = "UPDATE circlekit_reading SET model = :as_ WHERE model = :name"
