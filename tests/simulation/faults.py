"""
A database that fails on purpose: at the beginning, at a statement, at the commit.

Everything that succeeds is done by a real SQLite file.
"""

from collections import Counter
from collections.abc import Callable

from attrs import define, field, frozen

from circlekit.errors import BusyError, OutcomeUnknownError, StoreError
from circlekit.store.session import NOTHING, ConnectionLostError, Database, Session

BEGIN = "begin"
STATEMENT = "statement"
WRITE = "write"
COMMIT = "commit"

# What may happen where. Each is as likely as its place in the list is frequent.
KINDS = {
    BEGIN: ("race", "race", "race", "busy", "lost", "died"),
    STATEMENT: ("race", "failed", "failed", "failed", "undone", "lost", "died"),
    WRITE: ("failed", "failed", "failed", "undone", "died"),
    COMMIT: (
        "failed",
        "undone",
        "lost before",
        "lost before",
        "lost after",
        "lost after",
        "died before",
        "died after",
    ),
}
PLACES = {
    BEGIN: (1, 1, 2),
    STATEMENT: range(1, 25),
    WRITE: range(1, 9),
    COMMIT: (1, 1, 1, 2),
}


class DiedError(BaseException):
    """
    The process was killed: no code of it goes on.
    """


@frozen
class Fault:
    """
    What is to go wrong, and when.

    Attributes:
        point: At a transaction's beginning, any statement, one that writes, a commit.

        nth: At which of them, counted from where the fault is put in.

        kind: What happens there.

        unreachable: How many connections cannot be made afterwards.
    """

    point: str
    nth: int
    kind: str
    unreachable: int = 0

    @classmethod
    def drawn(cls, chance, points=(BEGIN, BEGIN, STATEMENT, WRITE, COMMIT, COMMIT)):
        """
        Return some fault.
        """
        point = chance.choice(points)
        return cls(
            point,
            chance.choice(PLACES[point]),
            chance.choice(KINDS[point]),
            chance.choice((0, 0, 1)),
        )


@define(eq=False)
class FaultyDatabase(Database):
    """
    One host's way to the file.

    Attributes:
        race: Lets another host act, in the middle of this one's work.

        fault: What is to go wrong next, if anything.

        met: What went wrong since the fault was put in.
    """

    makes_tables = True
    shared = False
    may_lose_replies = False
    real: Database
    race: Callable[[], None]
    fault: Fault | None = None
    met: list[str] = field(factory=list)
    counts: Counter[str] = field(factory=Counter)
    unreachable: int = 0
    sessions: list["FaultySession"] = field(factory=list)

    @property
    def dialect(self):
        return self.real.dialect

    @property
    def url(self):
        return self.real.url

    @property
    def busy_seconds(self):
        return self.real.busy_seconds

    def expect(self, fault):
        """
        Put a fault in, or None for a while in which all goes well.
        """
        self.fault, self.unreachable = fault, 0
        self.met.clear()
        self.counts.clear()

    def due(self, point, *, writing):
        """
        Return what goes wrong now, if anything.
        """
        if self.fault is None or self.fault.point != point:
            return None
        self.counts[point] += 1
        if self.counts[point] != self.fault.nth:
            return None
        fault, self.fault = self.fault, None
        # Nobody else can write while this host holds the write lock.
        if fault.kind == "race" and writing:
            return None
        self.met.append(f"{fault.kind} at {point} {fault.nth}")
        return fault

    def session(self):
        if self.unreachable:
            self.unreachable -= 1
            raise ConnectionLostError("the database cannot be reached")
        session = FaultySession(self, self.real.session())
        self.sessions.append(session)
        return session

    def new_session(self):
        return self.session()

    def close(self):
        """
        Let go of every connection of this host.
        """
        for session in list(self.sessions):
            session.lose()


@define(eq=False)
class FaultySession(Session):
    """
    One connection, which may break.
    """

    database: FaultyDatabase
    real: Session
    lost: bool = False
    writing: bool = False

    def begin_reading(self):
        self._meet(BEGIN)
        self.real.begin_reading()

    def begin_writing(self):
        self._meet(BEGIN)
        head = self.real.begin_writing()
        self.writing = True
        return head

    def begin_changing(self):
        self.real.begin_changing()

    def all(self, sql, values=NOTHING, *, lenient=False):
        self._meet(STATEMENT)
        return self.real.all(sql, values, lenient=lenient)

    def run(self, sql, values=NOTHING):
        self._meet(STATEMENT)
        if self.writing:
            self._meet(WRITE)
        return self.real.run(sql, values)

    def commit(self):
        self._still_there()
        fault = self.database.due(COMMIT, writing=True)
        what, _, when = fault.kind.partition(" ") if fault else ("", "", "")
        if what == "failed":
            raise StoreError("the commit failed")
        if what == "undone":
            self.real.rollback()
            raise StoreError("the disk was full at the commit")
        if when != "before":
            self.real.commit()
            self.writing = False
        if what == "died":
            self._die()
        if what == "lost":
            self.lose()
            self.database.unreachable = fault.unreachable
            raise OutcomeUnknownError

    def rollback(self):
        if not self.lost:
            self.real.rollback()
            self.writing = False

    def in_transaction(self):
        return not self.lost and self.real.in_transaction()

    def close(self):
        if not self.lost:
            self.lose()

    def tables(self):
        return self.real.tables()

    def newest_ever(self):
        self._meet(STATEMENT)
        return self.real.newest_ever()

    def back_up(self, path, *, progress=None):
        self.real.back_up(path, progress=progress)

    def lose(self):
        """
        Break the connection; the database undoes what was not committed.
        """
        self.real.rollback()
        self.real.close()
        self.lost = True
        self.database.sessions.remove(self)

    def _still_there(self):
        if self.lost:
            raise ConnectionLostError("the connection was lost; nothing was written")

    def _meet(self, point):
        self._still_there()
        fault = self.database.due(point, writing=self.writing)
        match fault and fault.kind:
            case "race":
                self.database.race()
            case "busy":
                raise BusyError("somebody else kept the store for too long")
            case "failed":
                raise StoreError("the statement failed; the transaction stands")
            case "undone":
                self.real.rollback()
                raise StoreError("the disk was full; the transaction is undone")
            case "lost":
                self.lose()
                self.database.unreachable = fault.unreachable
                raise ConnectionLostError("the connection was lost")
            case "died":
                self._die()

    def _die(self):
        self.database.close()
        raise DiedError
