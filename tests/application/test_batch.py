"""
Many commands in one transaction.
"""

import gc
from contextlib import nullcontext, suppress

import pytest

from circlekit import CircleKit, InvalidInputError, NotFoundError, StoreError
from circlekit.aggregates.circle import Circle
from circlekit.aggregates.history import replay
from circlekit.events.record import Recorded
from circlekit.store import Transaction
from tests.application.town import (
    StopItError,
    history,
    outcome,
    refused,
    undone,
    written,
)


def _replayed(kit):
    return replay(Circle("club"), (it.event for it in kit.history("club")))


def _cached(kit):
    kit.would_allow("leave_circle", "club", "mei")
    return kit._aggregates["circle/club"].aggregate


def test_one_transaction(town, url):
    """
    Nobody else sees a batch before it is whole.
    """
    with CircleKit(url, clock=town.clock) as other:
        before = written(other)
        with town.kit.batch():
            town.kit.publish_post("club", by="tao", text="One")
            town.kit.publish_post("club", by="tao", text="Two")
            assert before == written(other)
            assert before != written(town.kit)
        assert written(town.kit) == written(other)


def test_a_refusal_inside(town):
    """
    A refused command within a batch changes nothing, and the others stand.

    The refusal is recorded with them.
    """
    before = len(history(town.kit))

    with town.kit.batch():
        town.kit.publish_post("club", by="tao", text="One")
        with refused("must-see-spacing"):
            town.kit.send_must_see("club", by="mei", text="More")
        town.kit.publish_post("club", by="tao", text="Two")

    new = [event for _, event in history(town.kit)[before:]]
    assert ["One", "Two"] == [event.text for event in new]
    assert 2 == town.kit.audit_must_sees("club").attempts


def test_a_refusal_that_is_not_caught(town):
    """
    A refusal that the host lets through ends the batch, and undoes it.
    """
    before = written(town.kit)

    with refused("must-see-spacing"), town.kit.batch():
        town.kit.publish_post("club", by="tao", text="One")
        town.kit.send_must_see("club", by="mei", text="More")

    assert before == written(town.kit)


@pytest.mark.parametrize("error", [StopItError, KeyboardInterrupt, SystemExit])
def test_an_exception_undoes_all(town, error):
    """
    An exception undoes all commands of the batch.

    The next command is decided as if none had been, though the circle was in
    memory.
    """
    before, known = written(town.kit), _replayed(town.kit)
    assert known == _cached(town.kit)

    with undone(town.kit.batch(), error):
        town.kit.join_circle("club", "new")
        town.kit.appoint_manager("club", "new", by="mei")
        town.kit.pin_post(town.post, by="new")
        town.kit.hand_over_circle("club", "new", by="mei")
        town.kit.tag_customer("c1", "regular", by="sun")
        town.kit.acknowledge(town.must_see, by="ben")
        town.kit.block_private_chat("club", by="new")
        town.kit.found_circle(name="Tea", kind="community", by="ana", circle="tea")

    assert before == written(town.kit)
    assert known == _cached(town.kit)
    assert ("not-a-member",) == outcome(town.kit.leave_circle, "club", "new").rules
    town.kit.tag_customer("c1", "regular", by="sun")
    town.kit.acknowledge(town.must_see, by="ben")
    town.kit.block_private_chat("club", by="mei")
    town.kit.pin_post(town.post, by="mei")
    assert "tea" == town.kit.found_circle(
        name="Tea", kind="community", by="ana", circle="tea"
    )
    assert _replayed(town.kit) == _cached(town.kit)


def test_bad_input_inside(town):
    """
    Bad input that the host catches leaves the rest of the batch alone.
    """
    with town.kit.batch():
        town.kit.publish_post("club", by="tao", text="One")
        with pytest.raises(InvalidInputError):
            town.kit.publish_post("club", by="tao", text="")
        with pytest.raises(NotFoundError):
            town.kit.publish_post("nowhere", by="tao", text="x")
        town.kit.publish_post("club", by="tao", text="Two")

    assert ["Two", "One"] == [it.text for it in town.kit.feed("ben").items[1:3]]


def test_reading_inside(town):
    """
    Inside a batch one reads what it has done so far.

    An undone batch takes that out of every read model again.
    """
    kit = town.kit
    feed, line = kit.feed("ben"), kit.group_timeline("club")
    quota = kit.quota("guild")

    with undone(kit.batch()):
        kit.publish_post("club", by="tao", text="One")
        kit.send_must_see("guild", by="ana", text="Two")
        assert "One" == kit.feed("ben").items[1].text
        assert "One" == kit.group_timeline("club").entries[0].text
        assert 3 == kit.quota("guild").lines[0].left
        assert kit.would_allow("leave_circle", "club", "tao").allowed

    assert feed == kit.feed("ben")
    assert line == kit.group_timeline("club")
    assert quota == kit.quota("guild")
    again = kit.publish_post("club", by="tao", text="Once more")
    assert again == kit.feed("ben").items[1].post


def test_a_batch_within_a_batch(town):
    """
    An inner batch is part of the outer one: undone with it, done with it.
    """
    before = written(town.kit)

    with undone(town.kit.batch()), town.kit.batch():
        town.kit.publish_post("club", by="tao", text="One")

    assert before == written(town.kit)
    with town.kit.batch(), town.kit.batch():
        town.kit.publish_post("club", by="tao", text="One")
    assert before != written(town.kit)


def test_an_inner_batch_that_fails(town):
    """
    If anything is raised within a batch, none of its commands was carried out.

    Also when it stands within another batch that goes on.
    """
    with town.kit.batch():
        town.kit.publish_post("club", by="tao", text="Outer")
        with undone(town.kit.batch()):
            town.kit.publish_post("club", by="tao", text="Inner")

    assert ["Outer"] == [
        event.text
        for _, event in history(town.kit)
        if getattr(event, "text", None) in {"Outer", "Inner"}
    ]


def test_after_an_inner_batch(town):
    """
    After an inner batch was undone, the outer one decides as if it had never been.
    """
    kit = town.kit
    with kit.batch():
        kit.join_circle("club", "one")
        with undone(kit.batch()):
            kit.join_circle("club", "two")
            kit.appoint_manager("club", "one", by="mei")
            kit.pin_post(town.post, by="one")
            assert kit.feed("two").items
        assert () == kit.feed("two").items
        with refused("not-a-manager"):
            kit.pin_post(town.post, by="one")
        kit.join_circle("club", "two")
        kit.appoint_manager("club", "two", by="mei")

    assert _replayed(kit) == _cached(kit)
    assert ["member"] == [it.role for it in kit.circles("one")]
    assert ["manager"] == [it.role for it in kit.circles("two")]


def test_publishing_a_moment_in_a_batch(town):
    """
    A moment published within a batch is undone with it, and done with it.
    """
    said = {"source": "member", "by": "sun", "text": "Tea", "moment": "tea"}
    before = written(town.kit)

    with undone(town.kit.batch()):
        assert ("c1",) == town.kit.publish_moment(["c1"], **said).shown
    assert before == written(town.kit)

    with town.kit.batch():
        assert ("c1",) == town.kit.publish_moment(["c1"], **said).shown
    assert 2 == len(written(town.kit)[0]) - len(before[0])


def test_a_small_memory(url, clock, town):
    """
    A kit that keeps one thing in memory at a time decides the same.
    """
    with CircleKit(url, clock=clock, most_loaded=1) as small:
        small.join_circle("club", "new")
        small.join_group("side", "new")
        small.block_private_chat("side", by="mei")
        small.block_private_chat("club", by="mei")
        with refused("private-chat-blocked"):
            small.open_private_chat("side", by="new", to="tao")
        small.mark_read([town.post, town.must_see], by="new")
        small.leave_circle("club", "new")

        assert 1 == len(small._aggregates)
        assert ("not-a-member",) == outcome(town.kit.leave_circle, "club", "new").rules


def test_little_is_kept_of_what_is_new(url, clock):
    """
    Of what a kit makes anew it keeps no more in memory than of all else.
    """
    with CircleKit(url, clock=clock, most_loaded=2) as small:
        before = _recorded_in_memory()
        for number in range(20):
            small.found_circle(name=f"Club {number}", kind="community", by="mei")

        assert _recorded_in_memory() - before <= 2


def _recorded_in_memory():
    gc.collect()
    return sum(isinstance(it, Recorded) for it in gc.get_objects())


def _fails_once(monkeypatch, name):
    kept, left = getattr(Transaction, name), ["the statement failed"]

    def meet(*given):
        if left:
            raise StoreError(left.pop())
        return kept(*given)

    monkeypatch.setattr(Transaction, name, meet)


def _nothing_carried_out():
    return pytest.raises(StoreError, match="none was carried out")


def _first_fails(town, within, *, broken_off=False):
    with town.kit.batch():
        with suppress(StoreError), within:
            town.kit.publish_post("club", by="tao", text="One", command_id="one")
            if broken_off:
                raise StopItError
        town.kit.publish_post("club", by="tao", text="Two")


def test_an_outcome_that_is_not_kept(town, monkeypatch):
    """
    A batch is not committed with a command in it whose id nobody would know again.
    """
    before = written(town.kit)
    _fails_once(monkeypatch, "keep_outcome")

    with pytest.raises(StoreError, match="broke off"):
        _first_fails(town, nullcontext())

    assert before == written(town.kit)
    town.kit.publish_post("club", by="tao", text="One", command_id="one")


@pytest.mark.parametrize(
    ("statement", "broken_off"), [("back_to_mark", True), ("forget_mark", False)]
)
def test_a_batch_within_that_cannot_be_ended(town, monkeypatch, statement, broken_off):
    """
    If a batch within neither stands nor can be undone, nothing of it is committed.
    """
    before = written(town.kit)
    _fails_once(monkeypatch, statement)

    with pytest.raises(StoreError, match="broke off"):
        _first_fails(town, town.kit.batch(), broken_off=broken_off)

    assert before == written(town.kit)


def test_after_half_a_founding(town, monkeypatch):
    """
    Once a command has broken off half-way, the rest of the batch is not decided.

    Nothing is judged by a circle that was founded by half.
    """
    before = written(town.kit)
    kept, left = Transaction._put_down, [1]

    def put(*given):
        if not left:
            raise StoreError("the statement failed")
        left.pop()
        return kept(*given)

    monkeypatch.setattr(Transaction, "_put_down", put)
    with _nothing_carried_out(), town.kit.batch():
        with suppress(StoreError):
            town.kit.found_circle(
                name="Tea", kind="community", by="ana", circle="tea", command_id="tea"
            )
        with _nothing_carried_out():
            town.kit.join_circle("tea", "ben")

    assert before == written(town.kit)


def test_closing_within_a_batch(town):
    """
    A kit is not closed by a thread that is in a batch, and the batch goes on.
    """
    before = town.kit.newest_position()

    with town.kit.batch():
        town.kit.publish_post("club", by="tao", text="One")
        with pytest.raises(StoreError, match="batch"):
            town.kit.close()
        town.kit.publish_post("club", by="tao", text="Two")

    assert before + 2 == town.kit.newest_position()
