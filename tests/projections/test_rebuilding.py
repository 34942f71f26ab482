"""
Read at once, bit by bit, or again from the start: the same rows.
"""

import re
from datetime import timedelta
from functools import partial

import pytest
from attrs import define, evolve
from hypothesis import given
from hypothesis import strategies as st

from circlekit import CircleKit, CorruptEventError, NotFoundError
from circlekit.projections.read_model import Rows
from circlekit.rulebook import DINGTALK_2020
from circlekit.store import READ_MODELS, log
from circlekit.store.schema import HISTORY
from tests.application.communities import opened, scripts, started
from tests.application.town import undone

HISTORIES = scripts(least=20, most=60)


def _rows(kit, model):
    with kit._store.reading() as transaction:
        return {
            table.name: sorted(
                transaction.all(f"SELECT * FROM {table.name}"),
                key=repr,
            )
            for table in model.tables.sorted_tables
        }


def _live(things, look=lambda kit, act: None):
    clock = started()
    kit = CircleKit("sqlite://", clock=clock)
    community = opened(kit, clock)
    for act in things:
        try:
            community.do(act)
        except NotFoundError:
            continue
        look(kit, act)
    _something_for_everybody(kit)
    return kit


def _something_for_everybody(kit):
    # In a circle of its own, so that no read model is without a row at the end.
    book = evolve(DINGTALK_2020, name="end", live_kinds=("community",))
    kit.found_circle(name="End", kind="community", by="mei", circle="end", rules=book)
    kit.join_circle("end", "tao")
    kit.link_group("end", by="mei", name="Last", group="last")
    post = kit.send_must_see("end", by="mei", text="The end")
    kit.push(post, by="mei")
    kit.schedule_post(
        "end", by="mei", text="x", release_at=kit._clock() + timedelta(days=1)
    )
    kit.assign_todo("end", by="mei", title="x", todo="end")
    kit.start_approval(
        "end", by="mei", title="x", steps=[_of_the_end(kit)], approval="end"
    )
    kit.schedule_live("end", by="mei", title="x", live="end")
    kit.make_topic("end", name="x", by="mei", topic="end")
    kit.attach_identity(
        "nia", system="shop", external_id="7", attested="oauth", by="mei"
    )
    kit.name_guardian("nia", "noa", by="mei")
    kit.found_circle(name="3b", kind="teaching", by="mei", circle="3b")
    kit.join_circle("3b", "wei", verified_role="teacher")
    kit.assign_homework(
        "3b",
        by="wei",
        title="x",
        due_at=kit._clock() + timedelta(days=1),
        to=["mei"],
        homework="end",
    )


def _of_the_end(kit):
    kit.join_circle("end", "ada", staff_of="somewhere")
    return "ada", "somewhere"


@given(
    things=HISTORIES, looks=st.sets(st.integers(0, 7)), block=st.sampled_from((1, 2, 7))
)
def test_the_same_rows(things, looks, block):
    """
    Stopped and gone on, or begun anew, every read model has the same rows.

    However often and wherever its blocks end, and whichever others go along: those it
    has when everything is done at once, event by event.
    """

    def look(kit, act):
        if act.switch in looks:
            for model in READ_MODELS:
                kit._store.up_to_date(model)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(log, "AHEAD", block)
        stopped = _live(things, look)
        stopped.read_ahead()
    with stopped, _live(things) as at_once:
        _take_in_by_hand(at_once)
        expected = {model.name: _rows(at_once, model) for model in READ_MODELS}
        assert all(any(tables.values()) for tables in expected.values())
        assert expected == {model.name: _rows(stopped, model) for model in READ_MODELS}

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(log, "AHEAD", block * 5)
            stopped.rebuild_read_models()
        assert expected == {model.name: _rows(stopped, model) for model in READ_MODELS}


def _take_in_by_hand(kit, models=READ_MODELS, seen=lambda rows: rows):
    # The slow twin: no statement is kept back, no answer is remembered.
    with kit._store.writing() as transaction:
        for model in models:
            for table in model.tables.tables:
                transaction.run(f"DELETE FROM {table}")
        for recorded in transaction.span(1, transaction.head()):
            for model in models:
                if type(recorded.event) in model.kinds:
                    model.apply(seen(transaction), recorded)


@given(things=HISTORIES, places=st.data(), block=st.sampled_from((3, 10, 500)))
def test_wherever_they_stand(things, places, block):
    """
    Read models that stand at different places catch up together, with the same rows.
    """
    with pytest.MonkeyPatch.context() as patch, _live(things) as kit:
        newest = kit.newest_position()
        for model in READ_MODELS:
            place = places.draw(st.integers(0, newest), label=model.name)
            with kit._store.writing() as transaction:
                if place:
                    kit._store._take_block(transaction, model, limit=place)
        patch.setattr(log, "AHEAD", block)

        kit.read_ahead()

        assert {model.name: newest for model in READ_MODELS} == kit.read_models()
        actual = {model.name: _rows(kit, model) for model in READ_MODELS}
        kit.rebuild_read_models()
        assert actual == {model.name: _rows(kit, model) for model in READ_MODELS}
        with _live(things) as by_hand:
            _take_in_by_hand(by_hand)
            assert actual == {
                model.name: _rows(by_hand, model) for model in READ_MODELS
            }


def test_each_is_overtaken(club):
    """
    Those that are behind take in what is new up to the next, then go on together.
    """
    told = []
    first, second, third = READ_MODELS[:3]
    for number in range(10):
        club.publish_post("club", by="tao", text=f"{number}")
    newest = club.newest_position()
    for model, place in ((first, 2), (second, 9)):
        with club._store.writing() as transaction:
            club._store._take_block(transaction, model, limit=place)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(log, "AHEAD", 4)
        club._store.all_up_to_date(
            [first, second, third], progress=lambda *step: told.append(step)
        )

    alone = [(third.name, 2)]
    two = [(it.name, place) for place in (6, 9) for it in (first, third)]
    all_three = [
        (it.name, place)
        for place in (*range(13, newest, 4), newest)
        for it in (first, second, third)
    ]
    assert [*alone, *two, *all_three] == [(name, place) for name, place, _ in told]
    assert {newest} == {of for *_, of in told}


@given(things=HISTORIES)
def test_only_its_own_tables(things):
    """
    A read model reads and writes its own tables, and no others of the kit's.

    So it does not matter which of several takes in an event first.
    """
    every = set(HISTORY.tables).union(*(it.tables.tables for it in READ_MODELS))
    with _live(things) as kit:
        for model in READ_MODELS:
            words = set()
            _take_in_by_hand(kit, [model], partial(_Noted, words))
            assert words & every <= set(model.tables.tables)


@define
class _Noted:
    """
    Rows, and the words that are in what is said about them.
    """

    words: set
    rows: Rows

    def run(self, sql, **values):
        self.words |= set(re.findall(r"\w+", sql))
        return self.rows.run(sql, **values)

    def all(self, sql, **values):
        self.words |= set(re.findall(r"\w+", sql))
        return self.rows.all(sql, **values)


@pytest.mark.parametrize("missing", [1, 2])
def test_an_event_that_is_lost(club, missing):
    """
    Where the event is lost that a read model stands at, the others go on all the same.

    Whether all events are there is for :meth:`verify` to say.
    """
    club.publish_post("club", by="tao", text="Lost")
    club._store.up_to_date(READ_MODELS[0])
    lost = club.newest_position()
    club.publish_post("club", by="tao", text="There")
    with club._store.writing() as rows:
        rows.run(
            "DELETE FROM circlekit_event WHERE position BETWEEN :first AND :last",
            first=lost - missing + 1,
            last=lost,
        )

    club.read_ahead()

    assert {lost + 1} == set(club.read_models().values())
    with pytest.raises(CorruptEventError):
        club.verify()


@pytest.mark.parametrize("model", READ_MODELS, ids=lambda model: model.name)
def test_stopped_in_a_block(club, model):
    """
    A read model that is stopped in the middle of a block has taken in none of it.
    """
    for number in range(10):
        club.publish_post("club", by="tao", text=f"{number}")
        club.send_message("club", by="tao", text=f"{number}")
    club.send_must_see("club", by="mei", text="News")
    _something_for_everybody(club)
    club._store.up_to_date(model)
    expected = _rows(club, model)
    empty = {name: [] for name in expected}
    with club._store.writing() as transaction:
        for name in expected:
            transaction.run(f"DELETE FROM {name}")
        transaction.run("DELETE FROM circlekit_reading")

    with undone(club._store.writing(), KeyboardInterrupt):
        with club._store.writing() as transaction:
            club._store._take_block(transaction, model, limit=500)
        assert empty != _rows(club, model)
    assert empty == _rows(club, model)

    club._store.up_to_date(model)
    assert expected == _rows(club, model)


def test_progress(club):
    """
    Who brings a read model up to date block by block is told how far it is.
    """
    told = []
    for number in range(10):
        club.publish_post("club", by="tao", text=f"{number}")
    head = club.newest_position()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(log, "AHEAD", 7)
        club._store.up_to_date(READ_MODELS[0], progress=lambda *step: told.append(step))

    assert [*range(7, head, 7), head] == [position for position, _ in told]
    assert {head} == {newest for _, newest in told}
    club._store.up_to_date(READ_MODELS[0], progress=lambda *_: told.clear())
    assert told


def test_each_by_itself(club):
    """
    To read one model brings no other up to date: each has a position of its own.
    """
    club.publish_post("club", by="tao", text="x")

    club.feed("tao")

    with club._store.reading() as transaction:
        assert [("member-feed", club.newest_position())] == transaction.all(
            "SELECT * FROM circlekit_reading"
        )
