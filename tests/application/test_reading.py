"""
Questions beside the three read models: who is where, and what has happened.
"""

from datetime import timedelta

import pytest

from circlekit import CircleKit, CommentId
from circlekit.projections.member_feed import Acknowledgement, CircleEntry, Comment
from tests.application.town import MARCH_1, everything, history, written


def test_circles(town):
    """
    A member's circles come by name, with their role in each.

    A circle that was left is not among them.
    """
    for circle in ("guild", "club"):
        for member in ("eve",):
            town.kit.join_circle(circle, member)
    town.kit.hand_over_circle("guild", "eve", by="ana")
    town.kit.appoint_manager("club", "eve", by="mei")
    entry = {"kind": "community", "zone": "Asia/Shanghai", "organisation": None}

    assert (
        CircleEntry(circle="club", name="Book club", role="manager", **entry),
        CircleEntry(circle="guild", name="Guild", role="owner", **entry),
    ) == town.kit.circles("eve")
    town.kit.dismiss_manager("club", "eve", by="mei")
    assert "member" == town.kit.circles("eve")[0].role
    town.kit.leave_circle("club", "eve")
    assert ["guild"] == [it.circle for it in town.kit.circles("eve")]
    assert ["guild"] == [it.circle for it in town.kit.circles("ana")]
    assert () == town.kit.circles("nobody")
    assert ("acme",) == tuple(it.organisation for it in town.kit.circles("boss"))


def test_comments(town):
    """
    Comments come oldest first, page by page, without the removed ones.
    """
    first = CommentId.parse(town.comment)
    second = town.kit.add_comment(town.post, by="tao", text="Yes", reply_to=first)
    third = town.kit.add_comment(town.post, by="mei", text="No")
    expected = (
        Comment(comment=first, author="ben", at=MARCH_1, text="Emma"),
        Comment(comment=second, author="tao", at=MARCH_1, text="Yes", reply_to=first),
        Comment(comment=third, author="mei", at=MARCH_1, text="No"),
    )

    assert expected == town.kit.comments(town.post)
    assert expected[:2] == town.kit.comments(town.post, limit=2)
    assert expected[2:] == town.kit.comments(town.post, after=second, limit=2)
    assert expected[1:] == town.kit.comments(town.post, after=str(first))
    assert () == town.kit.comments(town.must_see)
    town.kit.remove_comment(second, by="tao")
    assert (expected[0], expected[2]) == town.kit.comments(town.post)
    town.kit.remove_post(town.post, by="tao")
    assert () == town.kit.comments(town.post)


def test_acknowledgements(town):
    """
    Who acknowledged a must-see is known in the order they did, each once.
    """
    town.kit.acknowledge(town.must_see, by="tao")
    town.clock.forward(minutes=5)
    town.kit.acknowledge(town.must_see, by="ben")

    assert (
        Acknowledgement(member="tao", at=MARCH_1),
        Acknowledgement(member="ben", at=MARCH_1 + timedelta(minutes=5)),
    ) == town.kit.acknowledgements(town.must_see)
    assert () == town.kit.acknowledgements(town.post)


def test_history(town):
    """
    A circle's history has everything that happened to it, numbered from one.
    """
    of_club = [event for stream, event in history(town.kit) if stream == "circle/club"]

    told = list(town.kit.history("club"))

    assert of_club == [it.event for it in told]
    assert list(range(1, len(of_club) + 1)) == [it.version for it in told]
    assert {"club"} == {it.subject for it in told}


@pytest.mark.parametrize("url", ["sqlite://", None])
def test_acting_while_reading(url, tmp_path, clock):
    """
    Whoever acts while reading a history, and stops reading it half-way, has acted.
    """
    where = url or f"sqlite:///{tmp_path / 'other.db'}"
    with CircleKit(where, clock=clock) as kit:
        kit.found_circle(name="Club", kind="community", by="mei", circle="club")
        before = len(everything(kit))
        told = kit.history("club")
        next(told)

        kit.publish_post("club", by="mei", text="Meanwhile")
        told.close()

        assert before + 1 == len(everything(kit))
        assert ["Meanwhile"] == [it.text for it in kit.feed("mei").items]
        kit.publish_post("club", by="mei", text="Afterwards")
        assert before + 2 == len(everything(kit))


def test_newest_position(kit):
    """
    The newest position is nought in an empty store, and then that of the last event.
    """
    assert 0 == kit.newest_position()
    kit.found_circle(name="Club", kind="community", by="mei", circle="club")
    assert 6 == kit.newest_position() == len(everything(kit))


def test_questions_change_nothing(town):
    """
    No question writes an event.
    """
    kit, before = town.kit, written(town.kit)

    kit.feed("tao")
    kit.comments(town.post)
    kit.circles("tao")
    kit.acknowledgements(town.must_see)
    kit.group_timeline("club")
    kit.quota("club")
    kit.audit_must_sees()
    list(kit.history("club"))
    kit.rebuild_read_models()
    kit.would_allow("publish_post", "club", by="tao", text="x")

    assert before == written(kit)


def test_rebuilding_is_told(town):
    """
    While read models are rebuilt, the host is told how far each one is.
    """
    told = []

    town.kit.rebuild_read_models(progress=lambda *step: told.append(step))

    head = town.kit.newest_position()
    assert [
        ("member-feed", head, head),
        ("group-timeline", head, head),
        ("quota-view", head, head),
        ("duties", head, head),
        ("homework", head, head),
        ("guardians", head, head),
        ("schedule", head, head),
        ("todos", head, head),
        ("approvals", head, head),
        ("attention", head, head),
        ("live-figures", head, head),
        ("topic-board", head, head),
        ("identities", head, head),
        ("activity", head, head),
        ("group-console", head, head),
        ("discovery", head, head),
    ] == told


def test_an_empty_store(kit):
    """
    In a store in which nothing has happened, nobody has anything to read.
    """
    assert ((), None) == (kit.feed("mei").items, kit.feed("mei").next)
    assert () == kit.circles("mei")
    assert 0 == kit.audit_must_sees().attempts
    kit.rebuild_read_models()


def test_the_order_of_names(kit):
    """
    Names come in the order of their code points, whatever country the store is in.
    """
    names = ["Zoo", "apple", "Äpfel", "zoo", "éclair", "鳥", "a b", "ab", "A", "🎉"]
    for name in names:
        kit.found_circle(name=name, kind="community", by="mei")

    assert sorted(names) == [it.name for it in kit.circles("mei")]
