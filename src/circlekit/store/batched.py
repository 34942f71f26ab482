"""
The rows of one read model, for the length of a block: written late, read once.

A read model writes a row or two for an event, and often asks what it asked for the
event before. So its statements are kept back and sent many at once, and what was
answered is remembered. It cannot be told from doing everything at once: no statement
overtakes another that changes a table it reads, or reads a table it changes, no query
overtakes a statement that changes a table it reads, and what was answered from a table
is forgotten as soon as something is to change that table.
"""

import re
from collections.abc import Sequence
from functools import cache
from typing import Any, Final

from attrs import define, field, frozen

from circlekit.projections.read_model import ReadModel, Rows
from circlekit.store.session import Session

_WORD: Final = re.compile(r"\w+")
_CHANGED: Final = re.compile(r"\s*(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM)\s+(\w+)")

_Question = tuple[Any, ...]


@define(eq=False)
class BatchedRows(Rows):
    """
    The rows of one read model.

    Of two statements that are kept back, none changes a table that the other names: it
    does not matter which is sent first.
    """

    _session: Session
    _tables: frozenset[str]
    # The values of every statement that is kept back, and those statements by the table
    # that they change, and by the tables that they only read.
    _kept: dict[str, list[dict[str, Any]]] = field(factory=dict)
    _changing: dict[str, str] = field(factory=dict)
    _reading: dict[str, set[str]] = field(factory=dict)
    # What was answered, and the questions by the tables that they are about.
    _known: dict[_Question, Sequence[tuple[Any, ...]]] = field(factory=dict)
    _about: dict[str, list[_Question]] = field(factory=dict)

    @classmethod
    def of(cls, model: ReadModel, session: Session) -> "BatchedRows":
        """
        Return the rows of a read model.
        """
        return cls(session, frozenset(model.tables.tables))

    def run(self, sql: str, **values: Any) -> None:
        """
        Run a statement, before anything asks for what it changes.
        """
        kept = self._kept.get(sql)
        if kept is None:
            self._begin(sql, values)
        else:
            kept.append(values)

    def all(self, sql: str, **values: Any) -> Sequence[tuple[Any, ...]]:
        """
        Run a query and return its rows.
        """
        question = (sql, *values.items())
        known = self._known.get(question)
        if known is not None:
            return known
        about = _named_in(sql, self._tables)
        if not about.tables:
            self.send()
            return self._session.all(sql, values)
        for table in about.tables:
            self._send(self._changing.get(table))
            self._about.setdefault(table, []).append(question)
        found = self._known[question] = self._session.all(sql, values)
        return found

    def send(self) -> None:
        """
        Send everything that is kept back.
        """
        for sql in list(self._kept):
            self._send(sql)

    def _begin(self, sql: str, values: dict[str, Any]) -> None:
        about = _named_in(sql, self._tables)
        if about.changed is None:  # it may change anything
            self.send()
            self._known.clear()
            self._session.run(sql, values)
            return
        for table in about.tables:
            self._send(self._changing.get(table))
        for other in list(self._reading.get(about.changed, ())):
            self._send(other)
        for question in self._about.pop(about.changed, ()):
            self._known.pop(question, None)
        self._kept[sql] = [values]
        self._changing[about.changed] = sql
        for table in about.read:
            self._reading.setdefault(table, set()).add(sql)

    def _send(self, sql: str | None) -> None:
        if sql is None:
            return
        about = _named_in(sql, self._tables)
        del self._changing[str(about.changed)]
        for table in about.read:
            self._reading[table].discard(sql)
        self._session.run_each(sql, self._kept.pop(sql))


@frozen
class _Named:
    """
    Which of a read model's tables a statement names.

    Attributes:
        changed: The one that it changes, None if that cannot be told.

        read: The others.
    """

    tables: tuple[str, ...]
    changed: str | None
    read: tuple[str, ...]


@cache
def _named_in(sql: str, tables: frozenset[str]) -> _Named:
    named = tuple(sorted(tables.intersection(_WORD.findall(sql))))
    begins = _CHANGED.match(sql)
    changed = begins[1] if begins and begins[1] in tables else None
    return _Named(named, changed, tuple(it for it in named if it != changed))
