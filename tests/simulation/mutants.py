"""
Faults of the library's own, put in one by one: the simulation must object to each.

Each replaces one function or method in memory.
"""

import contextlib
from unittest.mock import patch

from attrs import frozen

from circlekit.application import deciding as deciding_module
from circlekit.application.deciding import Deciding, Work
from circlekit.clock import EPOCH
from circlekit.errors import BusyError, OutcomeUnknownError, StoreError
from circlekit.events.names import NAME_OF
from circlekit.store import database as database_module
from circlekit.store import log
from circlekit.store.chain import FIRST
from circlekit.store.database import Store, Transaction
from tests.simulation.world import run

MOST_SEEDS = 100


@frozen(kw_only=True)
class Mutant:
    """
    One fault.

    Attributes:
        name: What it is called.

        fault: What is wrong, in a sentence.

        owner: The module or class whose attribute is replaced.

        attribute: The name of that function or method.

        instead: Called in its place, with the original as its first argument.
    """

    name: str
    fault: str
    owner: object
    attribute: str
    instead: object

    @contextlib.contextmanager
    def planted(self):
        """
        Keep the fault in for as long as this lasts.
        """
        kept, instead = getattr(self.owner, self.attribute), self.instead
        static = isinstance(vars(self.owner).get(self.attribute), staticmethod)

        def new(*args, **kwargs):
            return instead(kept, *args, **kwargs)

        put = staticmethod(new) if static else new
        with patch.object(self.owner, self.attribute, put):
            yield


@frozen(kw_only=True)
class Caught:
    """
    How a mutant was caught.

    Attributes:
        seeds: How many seeds it took, None if none of them did.

        said: The objection.
    """

    seeds: int | None
    said: str = ""


MUTANTS = {}


def caught(mutant, most=MOST_SEEDS):
    """
    Try a mutant with one seed after another, until one objects.
    """
    with mutant.planted():
        for seed in range(most):
            _, objection = run(seed)
            if objection is not None:
                return Caught(seeds=seed + 1, said=objection)
    return Caught(seeds=None)


def tried(name):
    """
    Return a mutant's name, and how it was caught.
    """
    return name, caught(MUTANTS[name])


def plants(owner, attribute):
    """
    Register what is put in a function's place; its docstring says what is wrong.
    """

    def register(instead):
        name = instead.__name__.replace("_", "-")
        MUTANTS[name] = Mutant(
            name=name,
            fault=" ".join(instead.__doc__.split()),
            owner=owner,
            attribute=attribute,
            instead=instead,
        )
        return instead

    return register


# Commands that come twice.


@plants(Transaction, "keep_outcome")
def outcome_forgotten(kept, self, command_id, said, first, last):
    """
    What became of a command id is not kept.
    """


@plants(Transaction, "keep_outcome")
def refusal_forgotten(kept, self, command_id, said, first, last):
    """
    What became of a command id is not kept if it was refused.
    """
    if not self.span(first, last)[0].stream.startswith("refused:"):
        kept(self, command_id, said, first, last)


@plants(deciding_module, "_digest")
def any_content(kept, *said):
    """
    A command id answers for any command, whatever it says.
    """
    return "the same"


@plants(Deciding, "_decide")
def plain_retry(kept, self, *args, command_id, **asked):
    """
    A command whose acknowledgement was lost is given once more, under a new id.
    """
    try:
        return kept(self, *args, command_id=command_id, **asked)
    except OutcomeUnknownError:
        return kept(self, *args, command_id=f"{command_id} again", **asked)


# Commits.


@plants(Store, "_commit")
def failed_commit_passed_over(kept, self, transaction):
    """
    A commit that failed is taken for one that was done.
    """
    try:
        kept(self, transaction)
    except OutcomeUnknownError:
        raise
    except (StoreError, BusyError):
        transaction.session.rollback()


@plants(Store, "_was_committed")
def lost_means_not_done(kept, self, transaction):
    """
    A commit whose acknowledgement was lost is taken for one that failed.
    """
    kept(self, transaction)
    return False


@plants(Store, "_was_committed")
def lost_means_done(kept, self, transaction):
    """
    A commit whose acknowledgement was lost is taken for one that was done.
    """
    kept(self, transaction)
    return True


# What is remembered in memory.


@plants(Deciding, "_load")
def memory_believed(kept, self, transaction, kind, id_):
    """
    A circle in memory is not brought up to date before it decides.
    """
    found = self._aggregates.get(f"{deciding_module._KINDS[kind]}/{id_}")
    return found.aggregate if found else kept(self, transaction, kind, id_)


# Moments.


@plants(Work, "at")
def clock_believed(kept, self, *involved):
    """
    A command has the moment of the host's clock, even if that has gone back.
    """
    return self.now


@plants(Deciding, "_last_at")
def refusals_by_the_clock(kept, self, transaction, stream):
    """
    A refusal has the moment of the host's clock, even if that has gone back.
    """
    return EPOCH


# Batches.


@plants(Deciding, "batch")
@contextlib.contextmanager
def first_half_kept(kept, self):
    """
    Of a batch that is broken off, what was done until then is kept.
    """
    trouble = None
    with kept(self):
        try:
            yield
        except Exception as error:  # noqa: BLE001 - whatever it is, it is raised
            trouble = error
    if trouble is not None:
        raise trouble


@plants(Transaction, "back_to_mark")
def mark_passed_over(kept, self):
    """
    A batch within another is not undone when it is broken off.
    """
    self.forget_mark()


@plants(Transaction, "back_to_mark")
def head_not_put_back(kept, self):
    """
    When a batch within another is undone, the log's head is not.
    """
    head = self._head
    kept(self)
    self._head = head


@plants(Deciding, "_carry_out")
def half_a_command(kept, self, *args, **asked):
    """
    A batch goes on with half of a command that broke off.
    """
    broken = self._batch.broken
    try:
        return kept(self, *args, **asked)
    except BaseException:
        self._batch.broken = broken
        raise


# The log.


@plants(Transaction, "keep_head")
def head_left_behind(kept, self):
    """
    The log's head is not moved.
    """


@plants(log, "digest_before")
def chain_cut(kept, session, stream, version, *, gaps=False):
    """
    Events are not chained to the one before them.
    """
    return FIRST


# Read models.


def _move(transaction, model, position):
    transaction.run(database_module._MOVE_ON, model=model.name, position=position)


def _next(transaction, model):
    ever = dict(transaction.all(database_module._POSITIONS)).get(model.name, 0)
    return ever, log.rows_after(transaction.session, ever, log.AHEAD)


def _apply(transaction, model, rows):
    wanted = {NAME_OF[kind] for kind in model.kinds}
    for row in rows:
        if row[3] in wanted:
            model.apply(transaction, log.decoded(row))


def _commit_half(transaction):
    transaction.session.commit()
    transaction.session.begin_writing()


@plants(Store, "_take_block")
def position_first(kept, transaction, *models, limit):
    """
    A read model's position is committed before its rows are.
    """
    moved = {}
    for model in models:
        moved[model.name], rows = _next(transaction, model)
        if rows:
            moved[model.name] = rows[-1][0]
            _move(transaction, model, rows[-1][0])
            _commit_half(transaction)
        _apply(transaction, model, rows)
    return moved


@plants(Store, "_take_block")
def rows_first(kept, transaction, *models, limit):
    """
    A read model's rows are committed before its position is.
    """
    moved = {}
    for model in models:
        moved[model.name], rows = _next(transaction, model)
        _apply(transaction, model, rows)
        if rows:
            moved[model.name] = rows[-1][0]
            _commit_half(transaction)
            _move(transaction, model, rows[-1][0])
    return moved


@plants(Store, "up_to_date")
def position_read_too_early(kept, self, model, *, progress=None):
    """
    A read model's position is read before the write lock is held, and believed.
    """
    with self.reading() as transaction:
        newest = transaction.head()
        position, _ = _next(transaction, model)
    while position < newest:
        with self.writing() as transaction:
            rows = log.rows_after(transaction.session, position, log.AHEAD)
            _apply(transaction, model, rows)
            position = rows[-1][0]
            _move(transaction, model, position)
