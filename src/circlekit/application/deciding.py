"""
How one command is carried out: load, decide, write, in one transaction.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from hashlib import blake2b
from threading import local
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

import msgspec
import uuid_utils
from attrs import Factory, define, evolve, field

from circlekit.aggregates.approval import Approval
from circlekit.aggregates.circle import Circle
from circlekit.aggregates.customer import Customer
from circlekit.aggregates.group import Group
from circlekit.aggregates.history import HasHistory, replay
from circlekit.aggregates.homework import Homework
from circlekit.aggregates.identity import Identity
from circlekit.aggregates.live import Live
from circlekit.aggregates.mass_send import MassSend
from circlekit.aggregates.organisation import Organisation
from circlekit.aggregates.reader import Reader
from circlekit.aggregates.todo import Todo
from circlekit.aggregates.topic import Topic
from circlekit.aggregates.topic_names import TopicNames
from circlekit.application import snapshots
from circlekit.clock import EPOCH, Clock, as_utc
from circlekit.errors import (
    CommandIdReusedError,
    InvalidInputError,
    NotFoundError,
    OutcomeUnknownError,
    StoreError,
)
from circlekit.events.record import Cited, Recorded, refusals_beside, stream_of
from circlekit.events.refusal import CommandRefused
from circlekit.ids import (
    ApprovalId,
    CircleId,
    CustomerId,
    GroupId,
    HomeworkId,
    LiveId,
    MassSendId,
    MemberId,
    TodoId,
    TopicId,
)
from circlekit.policies.authority import Role
from circlekit.policies.graders import Graders
from circlekit.policies.house import Policies
from circlekit.store import (
    Addition,
    Head,
    NeedsLockError,
    Question,
    Store,
    Transaction,
    asking_end,
    asking_history,
    asking_short_history,
)
from circlekit.text import as_plain, checked_id
from circlekit.verdict import ALLOWED, RefusedError, Verdict

_KINDS: Final[dict[type[HasHistory], str]] = {
    Circle: "circle",
    Group: "group",
    Customer: "customer",
    Reader: "reader",
    Homework: "homework",
    Todo: "todo",
    Approval: "approval",
    Live: "live",
    Identity: "identity",
    Topic: "topic",
    TopicNames: "topic-names",
    Organisation: "organisation",
    MassSend: "mass-send",
}

_KEPT: Final = frozenset(_KINDS[kind] for kind in snapshots.KINDS)
_OWN: Final = "circlekit:"
_WITHIN_A_BATCH: Final = 2
_MOST_CITED: Final = 256
# No stretch: what was loaded then is compared with the log before it is believed.
_BEFORE: Final = -1
_BATCH: Final = 2_000
_A = TypeVar("_A", bound=HasHistory)
_T = TypeVar("_T")
_P = ParamSpec("_P")
_COMMANDS: Final[dict[str, Callable[..., Any]]] = {}

Plan = Callable[["Work"], None]
Answer = Callable[[Sequence[Recorded]], _T]


def command(
    method: Callable[Concatenate[Any, _P], _T],
) -> Callable[Concatenate[Any, _P], _T]:
    """
    Mark a method as a command that may be asked about beforehand.
    """
    _COMMANDS[method.__name__] = method
    return method


def nothing(_recorded: Sequence[Recorded]) -> None:
    """
    Answer a command that has nothing to say but that it was done.
    """


def new_id() -> str:
    """
    Return a new id, a UUIDv7 as text.
    """
    return str(uuid_utils.uuid7())


def own_command_id(*parts: str) -> str:
    """
    Return an id for a command that the kit gives itself, apart from any host's.
    """
    text = msgspec.json.encode(parts, enc_hook=as_plain)
    return f"{_OWN}{blake2b(text, digest_size=16).hexdigest()}"


def batches(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    """
    Return parts of many ids, each of which is decided in a transaction of its own.
    """
    for first in range(0, len(ids), _BATCH):
        yield ids[first : first + _BATCH]


def system_clock() -> datetime:
    """
    Return the moment it is, UTC.
    """
    return datetime.now(UTC)


@define
class Work:
    """
    One command while it is being decided.

    Aggregates are loaded, asked and left as they are; what they answer is kept
    until the whole command is decided, and only then written and taken in.
    """

    transaction: Transaction
    now: datetime
    _loaded: Callable[[type[Any], str], Any]
    _at_place: Callable[[str, int], Recorded | None]
    decided: list[tuple[HasHistory, Sequence[object]]] = Factory(list)
    published: list[tuple[str, Sequence[object]]] = Factory(list)
    set_aside: list[tuple[str, CommandRefused]] = Factory(list)
    of_many: list[tuple[str, int, bytes | None, Sequence[object] | CommandRefused]] = (
        Factory(list)
    )
    _read: tuple[str, bytes] = ("", b"")

    def circle(self, id_: CircleId) -> Circle:
        """
        Return a circle as it stands.
        """
        return self._known(Circle, id_)

    def group(self, id_: GroupId) -> Group:
        """
        Return a group as it stands.
        """
        return self._known(Group, id_)

    def customer(self, id_: CustomerId) -> Customer:
        """
        Return a customer as they stand.
        """
        return self._known(Customer, id_)

    def reader(self, id_: MemberId) -> Reader:
        """
        Return a reader, who may not have read anything yet.
        """
        return self.blank_or_known(Reader, id_)

    def homework(self, id_: HomeworkId) -> Homework:
        """
        Return homework as it stands.
        """
        return self._known(Homework, id_)

    def todo(self, id_: TodoId) -> Todo:
        """
        Return a to-do as it stands.
        """
        return self._known(Todo, id_)

    def approval(self, id_: ApprovalId) -> Approval:
        """
        Return an approval as it stands.
        """
        return self._known(Approval, id_)

    def live(self, id_: LiveId) -> Live:
        """
        Return a live as it stands.
        """
        return self._known(Live, id_)

    def topic(self, id_: TopicId) -> Topic:
        """
        Return a topic as it stands.
        """
        return self._known(Topic, id_)

    def organisation(self, id_: str) -> Organisation:
        """
        Return an organisation that was registered.
        """
        return self._known(Organisation, id_)

    def registered(self, id_: str | None) -> Organisation | None:
        """
        Return an organisation, None if it was not registered.
        """
        known = None if id_ is None else self.blank_or_known(Organisation, id_)
        return known if known is not None and known.version else None

    def mass_send(self, id_: MassSendId) -> MassSend:
        """
        Return a mass send as it stands.
        """
        return self._known(MassSend, id_)

    def each(
        self, kind: type[_A], ids: Sequence[str]
    ) -> Iterator[tuple[str, _A | None]]:
        """
        Return many aggregates as they stand, each with its id; None where unknown.

        They are read with a query for each block, and are not kept in memory.
        """
        streams = (stream_of(_KINDS[kind], id_) for id_ in ids)
        for id_, history in zip(ids, self.transaction.histories(streams), strict=True):
            self._read = history.stream, history.digest
            yield id_, replay(kind(id_), history.events) if history.events else None

    def blank_or_known(self, kind: type[_A], id_: str) -> _A:
        """
        Return an aggregate that need not exist yet.
        """
        loaded: _A = self._loaded(kind, id_)
        return loaded

    def run_by(self, group: Group, *members: MemberId) -> tuple[Role | None, ...]:
        """
        Return the roles of some people in the circle a group is linked to.
        """
        if group.circle is None:
            return tuple(None for _ in members)
        circle = self.circle(group.circle)
        return tuple(circle.role(member) for member in members)

    def there(self, group: Group) -> Verdict:
        """
        Return whether the circle a group is linked to, if any, is still open.
        """
        if group.circle is None:
            return ALLOWED
        return self.circle(group.circle).still_open()

    def at(self, *involved: HasHistory) -> datetime:
        """
        Return the command's moment: never before what is already recorded.
        """
        return max(self.now, *(aggregate.last_at for aggregate in involved))

    def cited(self, aggregate: HasHistory, version: int) -> Cited:
        """
        Return the event that stands at a place of an aggregate's history.
        """
        found = self._at_place(_stream(aggregate), version)
        return Cited(version, None if found is None else found.event)

    def record(self, aggregate: HasHistory, events: Sequence[object]) -> None:
        """
        Keep what an aggregate decided, to be written when all is decided.
        """
        self.decided.append((aggregate, events))

    def record_one(
        self, aggregate: HasHistory, events: Sequence[object] | CommandRefused
    ) -> None:
        """
        Keep what one of many decided, or its refusal, to be written with theirs.
        """
        stream, digest = _stream(aggregate), None
        if isinstance(events, CommandRefused):
            self.of_many.append((refusals_beside(stream), 0, None, events))
            return
        if self._read[0] == stream:
            digest = self._read[1]
        self.of_many.append((stream, aggregate.version, digest, events))

    def additions(self, *, with_refusals: bool) -> Iterator[Addition]:
        """
        Return what is to be written of many, in the order in which it was decided.

        No refusal comes before an earlier one beside the same history.
        """
        newest = self.transaction.newest_of_each(
            stream
            for stream, *_, events in self.of_many
            if with_refusals and isinstance(events, CommandRefused)
        )
        for stream, version, digest, events in self.of_many:
            if not isinstance(events, CommandRefused):
                yield stream, version, digest, events
            elif stream in newest:
                last, known = newest[stream]
                late = evolve(events, at=max(events.at, last.event.at))
                yield stream, last.version, known, (late,)
            elif with_refusals:
                yield stream, 0, None, (events,)

    def publish(self, stream: str, events: Sequence[object]) -> None:
        """
        Keep events of a history that nobody has to decide about.
        """
        self.published.append((stream, events))

    def skip(
        self,
        command_name: str,
        aggregate: HasHistory,
        verdict: Verdict,
        *,
        by: str,
        at: datetime,
    ) -> None:
        """
        Keep a refusal of a part that does not stop the whole command.
        """
        beside = refusals_beside(_stream(aggregate))
        newest = self.transaction.last_of(beside)
        refused = CommandRefused(
            command=command_name,
            reasons=verdict.reasons,
            by=by,
            at=at if newest is None else max(at, newest.event.at),
        )
        self.set_aside.append((beside, refused))

    def _known(self, kind: type[_A], id_: str) -> _A:
        aggregate = self.blank_or_known(kind, id_)
        if aggregate.version == 0:
            raise NotFoundError(_KINDS[kind], id_)
        return aggregate


class _Asked(Exception):  # noqa: N818 - it carries an answer, it is no error
    def __init__(self, verdict: Verdict) -> None:
        super().__init__()
        self.verdict = verdict


@define
class _Known:
    """
    An aggregate in memory, and the newest event that it has taken in.

    Attributes:
        digest: That event's, None if it was not needed yet.

        as_of: In which stretch of our own writing it was last up to date.
    """

    aggregate: HasHistory
    newest: Recorded
    digest: bytes | None = field(default=None, eq=False)
    as_of: int = field(default=_BEFORE, eq=False)


@define(eq=False)
class _Batch:
    """
    The commands of one transaction.

    Attributes:
        depth: How many of them we are in: a command, within a batch, within a batch.

        broken: Whether one broke off when it may have been half written.
    """

    depth: int = 0
    broken: bool = False

    def hold(self) -> None:
        """
        Go on if no half of a command is there: nothing may be decided by that.
        """
        if self.broken:
            message = "a command of this batch broke off; none was carried out"
            raise StoreError(message)


# There are some of these for every command, and thousands of commands in an import:
# they take fewer steps than a generator would.


@define(eq=False)
class _Within:
    batch: _Batch
    transaction: Transaction

    def __enter__(self) -> Transaction:
        self.batch.hold()
        self.batch.depth += 1
        return self.transaction

    def __exit__(self, *_how: object) -> None:
        self.batch.depth -= 1


@define(eq=False)
class _Whole:
    # Half of what is done within may be written, or not be undone: whoever holds the
    # batch and catches what comes of that must not commit it.
    batch: _Batch

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, *_more: object) -> None:
        if kind is not None:
            self.batch.broken = True


@define(eq=False, repr=False)
class Deciding:
    """
    What all use cases stand on: a store, a clock, and the aggregates in use.
    """

    _store: Store
    _clock: Clock
    _record_refusals: bool
    _most_loaded: int
    _policies: Policies
    _graders: Graders = Factory(dict)
    _aggregates: OrderedDict[str, _Known] = field(factory=OrderedDict)
    _touched: set[str] = field(factory=set)
    _cited: OrderedDict[tuple[str, int], Recorded] = field(factory=OrderedDict)
    _expected: Head | None = None
    _stretch: int = 0
    _calm: bool = False
    _batch: _Batch = field(factory=_Batch)
    _asking: local = field(factory=local)

    @contextmanager
    def batch(self) -> Iterator[None]:
        """
        Carry out all commands inside in one transaction.

        Each is decided by itself; a refused one changes nothing and the others
        stand. If anything else is raised, none of them was carried out.

        Raises:
            BusyError: If another process kept the store for too long.
        """
        with self._transaction() as transaction:
            if self._batch.depth == 1:
                yield
                return
            transaction.mark()
            broken = self._batch.broken
            try:
                yield
                transaction.session.must_be_sound()
            except BaseException:
                with self._whole():
                    transaction.back_to_mark()
                self._forget()
                self._batch.broken = broken
                raise
            with self._whole():
                transaction.forget_mark()

    def would_allow(self, command_name: str, *args: Any, **kwargs: Any) -> Verdict:
        """
        Answer what a command would be answered now, without writing anything.

        >>> from circlekit import CircleKit
        >>> kit = CircleKit("sqlite://")
        >>> club = kit.found_circle(name="Book club", kind="community", by="mei")
        >>> kit.would_allow("leave_circle", club, "mei").rules
        ('owner-stays',)

        Args:
            command_name: The method's name, as in ``send_must_see``.
            args: What the method would be given.
            kwargs: The same.

        Raises:
            InvalidInputError: If no command has that name, or the input is bad.
            NotFoundError: If a circle, group or customer is not known.
        """
        if command_name not in _COMMANDS:
            accepted = ", ".join(sorted(_COMMANDS))
            problem = f"{command_name!r} is no command"
            raise InvalidInputError("command_name", problem, accepted)
        self._asking.now = True
        try:
            getattr(self, command_name)(*args, **kwargs)
        except _Asked as asked:
            return asked.verdict
        finally:
            self._asking.now = False
        return ALLOWED  # pragma: no cover - every command asks

    def _decide(
        self,
        name: str,
        plan: Plan,
        answer: Answer[_T],
        *,
        about: str,
        by: str,
        said: Sequence[object],
        command_id: str | None,
        light: bool = False,
    ) -> _T:
        # *light*: it writes a few events of one history, and can be planned again.
        checked_id("by", by)
        kind, _, id_ = about.partition("/")
        checked_id(kind, id_)
        if getattr(self._asking, "now", False):
            raise _Asked(self._ask(plan))
        digest = ""
        # Should the server's answer be lost, the command can be said again.
        made = (
            command_id is None
            and self._store.may_lose_replies
            and self._store.writing_here is None
        )
        if made:
            command_id = new_id()
        if command_id is not None:
            checked_id("command_id", command_id)
            digest = _digest(name, about, by, said)

        def carry_out(
            transaction: Transaction,
        ) -> tuple[list[Recorded], RefusedError | None]:
            if command_id is not None and not made:
                earlier = _earlier(transaction, command_id, digest)
                if earlier is not None:
                    return earlier, _refusal_of(earlier, about)
            recorded, refusal = self._carry_out(
                transaction, name, plan, about=about, by=by
            )
            if command_id is not None and (recorded or refusal is None):
                first = recorded[0].position if recorded else 0
                last = recorded[-1].position if recorded else -1
                with self._whole():
                    transaction.keep_outcome(command_id, digest, first, last)
            return recorded, refusal

        try:
            recorded, refusal = self._done(carry_out, light=light, about=about)
        except OutcomeUnknownError:
            # Only the outermost commit can end so; whoever asks there named the
            # command.
            raise OutcomeUnknownError(command_id) from None
        # Raised only now: the record of the refusal is committed like any other.
        if refusal is not None:
            raise refusal
        return answer(recorded)

    def _done(
        self, carry_out: Callable[[Transaction], _T], *, light: bool, about: str
    ) -> _T:
        done = self._tried(carry_out) if light and self._is_calm else None
        if done is not None:
            return done
        # Somebody else writes: what they wrote will be asked for.
        ahead = self._foreseen(about) if light and self._store.tries else ()
        with self._transaction(ahead) as transaction:
            return carry_out(transaction)

    def _foreseen(self, about: str) -> Sequence[Question]:
        known = self._aggregates.get(about)
        form = snapshots.form() if about.partition("/")[0] in _KEPT else None
        if known is not None:
            begun = asking_history(about, after=known.aggregate.version - 1)
        elif form is not None:
            begun = asking_short_history(about, form)
        else:
            begun = asking_history(about, after=0)
        if not self._record_refusals:
            return (begun,)
        return begun, asking_end(refusals_beside(about))

    @property
    def _is_calm(self) -> bool:
        # Whether a command that is tried has good chances.
        return (
            self._calm
            and self._expected is not None
            and self._store.tries
            and self._store.writing_here is None
        )

    def _tried(self, carry_out: Callable[[Transaction], _T]) -> _T | None:
        before: Head | None = None

        def left() -> Head | None:
            # Where threads share a kit, another one may have written just now.
            nonlocal before
            before = self._expected if self._calm else None
            return before

        def undone() -> None:
            self._begin_stretch(before)
            self._calm = False

        try:
            with self._store.attempting(left, undone=undone) as attempt:
                return carry_out(attempt)
        except NeedsLockError:
            return None

    def _carried_out(self, plan: Callable[[Work], _T]) -> _T:
        # A part of a command that was allowed as a whole, in a transaction of its own.
        with self._transaction() as transaction:
            work = self._work(transaction)
            answer = plan(work)
            with self._whole():
                self._write_of_many(transaction, work)
                self._write(transaction, work)
        return answer

    def _ask(self, plan: Plan) -> Verdict:
        with self._store.alone() as transaction:
            try:
                plan(self._work(transaction))
            except RefusedError as refusal:
                return refusal.verdict
        return ALLOWED

    def _carry_out(
        self, transaction: Transaction, name: str, plan: Plan, *, about: str, by: str
    ) -> tuple[list[Recorded], RefusedError | None]:
        work = self._work(transaction)
        try:
            plan(work)
        except RefusedError as refusal:
            if not self._record_refusals:
                return [], refusal
            written = self._take_note(
                transaction, refusal, name, about=about, by=by, now=work.now
            )
            return written, refusal
        with self._whole():
            return self._write(transaction, work), None

    def _take_note(
        self,
        transaction: Transaction,
        refusal: RefusedError,
        name: str,
        *,
        about: str,
        by: str,
        now: datetime,
    ) -> list[Recorded]:
        beside = refusals_beside(about)
        end = transaction.end_of(beside)
        at = max(
            now,
            self._last_at(transaction, about),
            EPOCH if end is None else end[0].event.at,
        )
        event = CommandRefused(
            command=name, reasons=refusal.verdict.reasons, by=by, at=at
        )
        return self._append(transaction, beside, end, [event])

    def _write(self, transaction: Transaction, work: Work) -> list[Recorded]:
        recorded: list[Recorded] = []
        for aggregate, events in work.decided:
            recorded += self._take_down(transaction, aggregate, events)
        for stream, events in work.published:
            recorded += self._add(transaction, stream, events)
        if self._record_refusals:
            for beside, skipped in work.set_aside:
                recorded += self._add(transaction, beside, [skipped])
        self._expected = transaction.at
        return recorded

    def _take_down(
        self, transaction: Transaction, aggregate: HasHistory, events: Sequence[object]
    ) -> list[Recorded]:
        stream = _stream(aggregate)
        self._touched.add(stream)
        known = self._aggregates.get(stream)
        if known is not None and known.aggregate is not aggregate:
            del self._aggregates[stream]
            known = None
        before, stood_at = None, aggregate.version
        if known is not None and known.as_of == self._stretch:
            before = known.digest
        if snapshots.due(aggregate, stood_at + len(events), stood_at):
            transaction.must_hold_lock()
        written = transaction.append(stream, aggregate.version, events, before=before)
        digest = transaction.newest_digest

        def take_in() -> None:
            for happened in events:
                aggregate.apply(happened)
            if written and known is not None:
                known.newest, known.digest = written[-1], digest
                self._keep_snapshot(transaction, known, stood_at)

        transaction.then(take_in)
        return written

    def _write_of_many(self, transaction: Transaction, work: Work) -> None:
        additions = work.additions(with_refusals=self._record_refusals)
        transaction.append_to_each(additions)
        for stream, *_ in work.of_many:
            self._aggregates.pop(stream, None)
        self._expected = transaction.at

    def _work(self, transaction: Transaction) -> Work:
        def loaded(kind: type[HasHistory], id_: str) -> HasHistory:
            return self._load(transaction, kind, id_)

        if not self._store.remembers and self._batch.depth < _WITHIN_A_BATCH:
            self._aggregates.clear()
        # Before anything is written: a plan that loads nothing would else leave behind
        # a head that nobody compared with the one we knew.
        self._nobody_else_wrote(transaction)

        def at_place(stream: str, version: int) -> Recorded | None:
            return self._at_place(transaction, stream, version)

        return Work(transaction, as_utc("clock", self._clock()), loaded, at_place)

    def _nobody_else_wrote(self, transaction: Transaction) -> bool:
        # Return whether what was loaded in this stretch is still the newest.
        #
        # The head has a digest over the whole log. While it is the one that we left,
        # what is in memory need not be compared with anything.
        if not transaction.decides:
            return False
        if transaction.at is not self._expected and transaction.at != self._expected:
            self._calm = self._expected is None
            self._begin_stretch(transaction.at)
        return True

    def _begin_stretch(self, expected: Head | None) -> None:
        # Nothing that was loaded before is believed without being compared.
        self._expected = expected
        self._stretch += 1
        self._cited.clear()

    def _load(
        self, transaction: Transaction, kind: type[HasHistory], id_: str
    ) -> HasHistory:
        stream = stream_of(_KINDS[kind], checked_id(_KINDS[kind], id_))
        known = self._aggregates.get(stream)
        newest_known = self._nobody_else_wrote(transaction)
        stretch = self._stretch if newest_known else _BEFORE
        if known is not None and known.as_of == stretch != _BEFORE:
            self._aggregates.move_to_end(stream)
            return known.aggregate
        if known is not None:
            # The newest event that was taken in is read once more: where it is no
            # longer, or is another, the store was set back to an earlier state.
            events = transaction.history(stream, after=known.aggregate.version - 1)
            if next(events, None) != known.newest:
                known = None
        if known is None:
            aggregate, newest, digest, events = self._begun(transaction, kind, id_)
        else:
            aggregate, newest, digest = known.aggregate, known.newest, known.digest
        before = aggregate.version
        for newest in events:
            aggregate.apply(newest.event)
        if aggregate.version != before:
            digest = None
        if newest is not None:
            known = _Known(aggregate, newest, digest, as_of=stretch)
            self._keep_snapshot(transaction, known, before)
            self._aggregates[stream] = known
            self._aggregates.move_to_end(stream)
            if len(self._aggregates) > self._most_loaded:
                self._aggregates.popitem(last=False)
        return aggregate

    def _at_place(
        self, transaction: Transaction, stream: str, version: int
    ) -> Recorded | None:
        # Much is said about few posts. What stands in a place stays as it is.
        remembered = self._nobody_else_wrote(transaction) and self._store.remembers
        place = stream, version
        if remembered and place in self._cited:
            self._cited.move_to_end(place)
            return self._cited[place]
        found = transaction.at_place(stream, version)
        if remembered and found is not None:
            self._cited[place] = found
            if len(self._cited) > _MOST_CITED:
                self._cited.popitem(last=False)
        return found

    def _begun(
        self, transaction: Transaction, kind: type[HasHistory], id_: str
    ) -> tuple[HasHistory, Recorded | None, bytes | None, Iterator[Recorded]]:
        # From where a history is to be read on, and what comes after that.
        blank, stream = self._blank(kind, id_), stream_of(_KINDS[kind], id_)
        form = snapshots.form() if kind in snapshots.KINDS else None
        if form is None:
            return blank, None, None, transaction.history(stream)
        short = transaction.short_history(stream, form)
        if short is not None:
            return blank, None, None, iter(short)
        kept = transaction.snapshot(stream, form)
        if kept is None:
            return blank, None, None, transaction.history(stream)
        aggregate = snapshots.read(kind, kept.body)
        if isinstance(aggregate, Circle):
            aggregate.policies = self._policies
        since = transaction.history(stream, after=aggregate.version)
        return aggregate, kept.newest, kept.digest, since

    def _keep_snapshot(
        self, transaction: Transaction, known: _Known, before: int
    ) -> None:
        it, form = known.aggregate, snapshots.form()
        if (
            form is not None
            and transaction.holds_lock
            and snapshots.due(it, it.version, before)
        ):
            body = snapshots.written(it)
            transaction.keep_snapshot(known.newest, known.digest, form, body)

    def _blank(self, kind: type[HasHistory], id_: str) -> HasHistory:
        return Circle(id_, policies=self._policies) if kind is Circle else kind(id_)

    def _last_at(self, transaction: Transaction, stream: str) -> datetime:
        known = self._aggregates.get(stream)
        # In this order: to look may begin a new stretch.
        believed = self._nobody_else_wrote(transaction)
        if known is not None and believed and known.as_of == self._stretch:
            return known.aggregate.last_at
        newest = transaction.last_of(stream)
        return EPOCH if newest is None else newest.event.at

    def _add(
        self, transaction: Transaction, stream: str, events: Sequence[object]
    ) -> list[Recorded]:
        return self._append(transaction, stream, transaction.end_of(stream), events)

    def _append(
        self,
        transaction: Transaction,
        stream: str,
        end: tuple[Recorded, bytes] | None,
        events: Sequence[object],
    ) -> list[Recorded]:
        written = transaction.append_after(end, stream, events)
        self._aggregates.pop(stream, None)
        self._expected = transaction.at
        return written

    def _transaction(
        self, ahead: Sequence[Question] = ()
    ) -> AbstractContextManager[Transaction]:
        # What a host's transaction holds has to be looked at each time.
        inside = self._batch.depth and self._store.remembers
        joined = self._store.writing_here if inside else None
        if joined is not None:
            return _Within(self._batch, joined)
        return self._a_transaction(ahead)

    @contextmanager
    def _a_transaction(self, ahead: Sequence[Question]) -> Iterator[Transaction]:
        with self._store.writing(undone=self._forget, ahead=ahead) as transaction:
            if not self._batch.depth:
                self._touched.clear()
                self._batch.broken = False
                self._calm = True
            with _Within(self._batch, transaction):
                yield transaction
            if not self._batch.depth:
                self._batch.hold()

    def _whole(self) -> _Whole:
        return _Whole(self._batch)

    def _forget(self) -> None:
        # What was taken in but not committed must not be believed any longer.
        self._begin_stretch(None)
        for stream in self._touched:
            self._aggregates.pop(stream, None)


def _stream(aggregate: HasHistory) -> str:
    return stream_of(_KINDS[type(aggregate)], aggregate.id)


def _digest(name: str, about: str, by: str, said: Sequence[object]) -> str:
    text = msgspec.json.encode((name, about, by, said), enc_hook=as_plain)
    return blake2b(text, digest_size=16).hexdigest()


def _earlier(
    transaction: Transaction, command_id: str, digest: str
) -> list[Recorded] | None:
    outcome = transaction.outcome(command_id)
    if outcome is None:
        return None
    said, first, last = outcome
    if said != digest:
        raise CommandIdReusedError(command_id)
    return transaction.span(first, last)


def _refusal_of(recorded: Sequence[Recorded], about: str) -> RefusedError | None:
    # A command that was refused as a whole wrote that and nothing else.
    if len(recorded) == 1 and recorded[0].stream == refusals_beside(about):
        return RefusedError(Verdict(recorded[0].event.reasons))
    return None
