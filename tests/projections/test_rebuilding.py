"""
Read at once, bit by bit, or again from the start: the same rows.
"""

from datetime import timedelta

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from circlekit import CircleKit, NotFoundError
from circlekit.rulebook import DINGTALK_2020
from circlekit.store import READ_MODELS, log
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

    However often and wherever its blocks end: those it has when it reads everything
    at once.
    """

    def look(kit, act):
        if act.switch in looks:
            for model in READ_MODELS:
                kit._store.up_to_date(model)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(log, "BLOCK", block)
        stopped = _live(things, look)
        stopped.read_ahead()
    with stopped, _live(things) as at_once:
        at_once.read_ahead()
        for model in READ_MODELS:
            expected = _rows(at_once, model)
            assert any(expected.values()), model.name
            assert expected == _rows(stopped, model)

            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(log, "BLOCK", block * 5)
                stopped._store.rebuild(model)
            assert expected == _rows(stopped, model)


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
            club._store._take_block(transaction, model)
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
        patch.setattr(log, "BLOCK", 7)
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
