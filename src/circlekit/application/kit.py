"""
CircleKit: what a host service holds in its hands.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from circlekit.application.actions import Actions
from circlekit.application.activity import Operating
from circlekit.application.approvals import Approvals
from circlekit.application.archiving import Archiving
from circlekit.application.attention import Attentions
from circlekit.application.circles import Circles
from circlekit.application.closing import Closings
from circlekit.application.customers import Customers
from circlekit.application.deciding import system_clock
from circlekit.application.discovery import Discovering
from circlekit.application.duties import Duties
from circlekit.application.following import Following
from circlekit.application.groups import Groups
from circlekit.application.guardians import GuardianDigests
from circlekit.application.homework import Homeworks
from circlekit.application.identities import MemberIdentities
from circlekit.application.joining import Joins
from circlekit.application.lives import Lives
from circlekit.application.managing import Managing
from circlekit.application.mass_sends import MassSends
from circlekit.application.organisations import Organisations
from circlekit.application.posts import Posts
from circlekit.application.reading import Reading
from circlekit.application.relaying import Relaying
from circlekit.application.schedule import Schedules
from circlekit.application.todos import Todos
from circlekit.application.topics import Topics
from circlekit.clock import Clock
from circlekit.errors import InvalidInputError, StoreError
from circlekit.policies.graders import Grader, known_graders
from circlekit.policies.house import HousePolicy, known_policies
from circlekit.store import (
    Durability,
    joined,
    must_be_some,
    must_be_switch,
    open_store,
)


class CircleKit(
    Actions,
    Circles,
    Posts,
    Groups,
    Managing,
    Relaying,
    Customers,
    Archiving,
    Closings,
    Joins,
    Discovering,
    Organisations,
    Duties,
    Schedules,
    Attentions,
    Homeworks,
    GuardianDigests,
    Todos,
    Approvals,
    Lives,
    Topics,
    MemberIdentities,
    Operating,
    MassSends,
    Reading,
    Following,
):
    """
    Communities on one store: commands, questions and the audit.

    Every command either does what it says or raises
    :class:`~circlekit.verdict.RefusedError` with all the rules in the way and
    changes nothing. In a circle that is closed or archived, ``circle-closed`` or
    ``circle-archived`` is one of them for every command that writes there. Safe to
    use from several threads, and beside other processes on the same store. Close it,
    or use it in a ``with`` block.

    >>> with CircleKit("sqlite://") as kit:
    ...     club = kit.found_circle(name="Book club", kind="community", by="mei")
    ...     kit.quota(club).lines[0].left
    4
    """

    def __init__(
        self,
        url: str,
        *,
        clock: Clock = system_clock,
        record_refusals: bool = True,
        most_loaded: int = 1_000,
        busy_seconds: float = 30.0,
        policies: Iterable[type[HousePolicy]] = (),
        graders: Iterable[Grader] = (),
        create: bool = True,
        durability: Durability = "full",
        most_connections: int = 15,
    ) -> None:
        """
        Open the store; an SQLite store that is new is made.

        Args:
            url: ``sqlite:///file.db``, ``sqlite://`` for a store in memory, or
                ``postgresql://user@host/database``.
            clock: Where every moment comes from; must answer aware datetimes.
            record_refusals: Whether refused commands are kept beside the history.
            most_loaded: How many circles, groups, customers and readers are
                kept in memory at most, one or more.
            busy_seconds: How long to wait for another process that is writing, 0 to
                1,000,000.
            policies: The host's own policies, which its rule books name.
            graders: The host's own graders of homework.
            create: Whether to make an SQLite store where there is none.
            durability: ``full``: a command that was answered is on the disk. With
                ``normal`` nobody waits for the disk; if the machine goes down, the
                commands of the last moments may be lost, and nothing else.
            most_connections: How many connections to the store there are at most, 2
                to 1,000: one writes, the others read.

        Raises:
            InvalidInputError: If a policy has no name or no act, a grader no name,
                or a setting is not accepted; nothing is made then.
            StoreError: If the URL is no store, the store is of another version,
                or there is none and none may be made.
        """
        _must_be_clock(clock)
        must_be_switch("record_refusals", record_refusals)
        must_be_some("most_loaded", most_loaded)
        known = known_policies(policies)
        named = known_graders(graders)
        super().__init__(
            open_store(
                url,
                busy_seconds=busy_seconds,
                create=create,
                durability=durability,
                most_connections=most_connections,
            ),
            clock,
            record_refusals,
            most_loaded,
            known,
            named,
        )

    def __repr__(self) -> str:
        """
        Return where the kit keeps its store, and nothing of what is in it.
        """
        return f"CircleKit({self._store.url!r})"

    @contextmanager
    def joined_to(self, connection: object) -> Iterator["CircleKit"]:
        """
        Lend a kit that works in a transaction of the host's own.

        Its commands are written over the host's connection, beside the host's own
        rows, and are there once the host commits. A command that is refused or fails
        changes nothing, and leaves what the host wrote. Nothing is ever committed,
        rolled back or closed here.

        From the block's beginning until that transaction ends nobody else can write.
        The kit itself cannot be used in this thread before the block ends, and should
        not be before the transaction ends: it would wait for its own lock.

        >>> import sqlite3, tempfile
        >>> folder = tempfile.TemporaryDirectory()
        >>> kit = CircleKit(f"sqlite:///{folder.name}/shop.db")
        >>> shop = sqlite3.connect(f"{folder.name}/shop.db")
        >>> with kit.joined_to(shop) as joined:
        ...     _ = joined.found_circle(name="Crime", kind="community", by="mei")
        >>> shop.rollback()
        >>> kit.newest_position()
        0
        >>> shop.close()
        >>> kit.close()
        >>> folder.cleanup()

        Args:
            connection: To the kit's own file or database: a connection of
                SQLAlchemy, of sqlite3 or of psycopg.

        Raises:
            StoreError: If the connection is closed, to another database, or in no
                transaction that could be joined; if the kit's store is in memory;
                or if this thread is in a batch of the kit, or has joined already.
            BusyError: If somebody else kept the store for too long.
        """
        with joined(self._store, connection) as store:
            kit = CircleKit.__new__(CircleKit)
            super(CircleKit, kit).__init__(
                store,
                self._clock,
                self._record_refusals,
                self._most_loaded,
                self._policies,
                self._graders,
            )
            yield kit

    def close(self) -> None:
        """
        Let go of the store.

        Raises:
            StoreError: If this thread is in a batch.
        """
        if self._store.writing_here is not None:
            raise StoreError(
                "a batch is open in this thread; "
                "accepted: to close the kit when it is over"
            )
        self._store.close()

    def __enter__(self) -> Self:
        """
        Use the kit in a ``with`` block.
        """
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """
        Close it at the block's end.
        """
        self.close()


def _must_be_clock(clock: object) -> None:
    if not callable(clock):
        accepted = "a function that answers the moment it is"
        raise InvalidInputError("clock", f"is {clock!r}", accepted)
