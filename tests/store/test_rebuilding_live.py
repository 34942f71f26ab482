"""
Read models that are rebuilt while people read and write.
"""

import random

import pytest

from circlekit import CircleKit, ManualClock
from circlekit.store import READ_MODELS
from tests.store import workers
from tests.store.workers import PROCESSES, START

EVENTS = 1_800


@pytest.fixture
def club(url):
    clock = ManualClock(START)
    with CircleKit(url, clock=clock) as kit:
        kit.found_circle(name="Club", kind="community", by="mei", circle="club")
        kit.join_circle("club", "tao")
        kit.send_must_see("club", by="mei", text="Welcome")
        with kit.batch():
            for number in range(EVENTS - kit.newest_position()):
                if number % 10:
                    kit.send_message("club", by="tao", text=f"{number}")
                else:
                    kit.publish_post("club", by="tao", text=f"{number}")
    return url


def rows(url):
    with CircleKit(url) as kit:
        for model in READ_MODELS:
            kit._store.up_to_date(model)
        with kit._store.reading() as transaction:
            return {
                table.name: sorted(
                    transaction.all(f"SELECT * FROM {table.name}"), key=repr
                )
                for model in READ_MODELS
                for table in model.tables.sorted_tables
            }


def started(work, url):
    ours, theirs = PROCESSES.Pipe()
    process = PROCESSES.Process(target=work, args=(theirs, url))
    process.start()
    theirs.close()
    return process, ours


def test_read_meanwhile(club):
    """
    Whoever reads while everything is rebuilt sees what they always saw, and no error.
    """
    before = rows(club)
    reader, pipe = started(workers.read_on, club)
    assert "reading" == pipe.recv()

    for _ in range(2):
        workers.rebuild_once(club)
    pipe.send("enough")

    seen, times = pipe.recv()
    reader.join()
    assert (1, 0) == (len(seen), reader.exitcode)
    assert times > 1
    assert before == rows(club)


def test_written_meanwhile(club):
    """
    What is written while read models are rebuilt is in them afterwards.

    Two who rebuild at once do not spoil each other's work.
    """
    answers = workers.run(
        _do,
        (workers.rebuild_once, club),
        (workers.rebuild_once, club),
        (workers.write_a_little, club, "mei"),
        (workers.write_a_little, club, "tao"),
    )

    assert [20, 20] == answers[2:]
    assert all(isinstance(newest, int) for newest in answers[:2])
    with CircleKit(club) as kit:
        newest = kit.feed("mei", limit=200)
    assert {f"{by} {number}" for by in ("mei", "tao") for number in range(20)} <= {
        item.text for item in newest.items
    }
    before = rows(club)
    workers.rebuild_once(club)
    assert before == rows(club)


def _do(work, *args):
    return work(*args)


@pytest.mark.parametrize("round_", range(4))
def test_killed(club, round_):
    """
    A builder that is killed, wherever it was, leaves what people read as it was.

    The next one is not hindered by what it left.
    """
    before = rows(club)
    chance = random.Random(round_)  # noqa: S311 - nobody is kept from guessing
    for _ in range(3):
        builder, pipe = started(workers.rebuild_until_killed, club)
        for _ in range(chance.randint(1, 24)):
            pipe.recv()
        builder.kill()
        builder.join()
        pipe.close()
        assert before == rows(club)

    workers.rebuild_once(club)
    assert before == rows(club)


def test_a_better_reading(club, monkeypatch):
    """
    What a new release reads otherwise is served all at once, when it is complete.
    """
    model = READ_MODELS[0]
    apply = type(model).apply
    with CircleKit(club) as kit:
        before = kit.feed("tao").items
        monkeypatch.setattr(
            type(model),
            "apply",
            lambda self, rows, it: apply(self, _Loud(rows), it),
        )
        served = []
        kit._store.rebuild(
            [model], progress=lambda *_: served.append(kit.feed("tao").items)
        )

        assert [before] == [it for n, it in enumerate(served) if it not in served[:n]]
        assert [it.text.upper() + "!" for it in before] == [
            it.text for it in kit.feed("tao").items
        ]


def test_never_behind(club):
    """
    A read model that is rebuilt is never put back behind what was already read.
    """
    model = READ_MODELS[0]
    left = [700, 600]

    def write(_, position, newest):
        if position == newest and left:
            with kit.batch():
                for number in range(left.pop()):
                    kit.publish_post("club", by="tao", text=f"{number}")
            kit.feed("tao")

    with CircleKit(club, clock=ManualClock(START)) as kit:
        kit._store.rebuild([model], progress=write)

        assert [] == left
        assert kit.newest_position() == kit.read_models()[model.name]


class _Loud:
    """
    Rows in which everybody shouts.
    """

    def __init__(self, rows):
        self.all = rows.all
        self._rows = rows

    def run(self, sql, **values):
        if isinstance(values.get("text"), str):
            values["text"] = values["text"].upper() + "!"
        return self._rows.run(sql, **values)


def test_what_is_left(club):
    """
    After a rebuild nothing of the other generation is left but empty tables.
    """
    workers.rebuild_once(club)

    with CircleKit(club) as kit, kit._store.reading() as transaction:
        names = [it for it in transaction.session.tables() if it.endswith("_next")]
        counts = [transaction.all(f"SELECT count(*) FROM {it}") for it in names]
        assert sum(len(model.tables.tables) for model in READ_MODELS) == len(names)
        assert len(names) * [[(0,)]] == counts
        assert {model.name for model in READ_MODELS} == {
            name for (name,) in transaction.all("SELECT model FROM circlekit_reading")
        }
