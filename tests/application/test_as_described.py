"""
What the sources describe of circles, said as plainly as they do.
"""

from datetime import timedelta

import pytest

from circlekit import InvalidInputError
from tests.application.town import refused


@pytest.mark.covers("A003", "A004")
@pytest.mark.parametrize("name", ["在线教学圈", "在线教育圈", "線上教育圈", "Teaching"])
def test_a_kind_has_one_name(kit, name):
    """
    There are four kinds of circles, and each has one name, in whatever language.
    """
    with pytest.raises(InvalidInputError) as caught:
        kit.found_circle(name="Class", kind=name, by="mei")

    assert "internal, teaching, business, community" == caught.value.accepted
    for kind in ("internal", "teaching", "business", "community"):
        founded = kit.found_circle(
            name="Class", kind=kind, by="mei", organisation="acme"
        )
        assert kind == next(kit.history(founded)).event.kind


@pytest.mark.covers("A006")
@pytest.mark.parametrize("organisation", ["acme", None])
@pytest.mark.parametrize("kind", ["teaching", "business", "community"])
def test_an_organisation_or_none(kit, kind, organisation):
    """
    But for internal ones, a circle names an organisation or does not.
    """
    club = kit.found_circle(name="C", kind=kind, by="mei", organisation=organisation)

    assert [organisation] == [it.organisation for it in kit.circles("mei")]
    assert [club] == [it.circle for it in kit.circles("mei")]


@pytest.mark.covers("A022", "A023")
def test_a_group_is_always_there(kit):
    """
    A circle comes with a group, which cannot be taken from it.
    """
    club = kit.found_circle(name="Club", kind="community", by="mei", group="room")

    (room,) = kit.groups(club)
    assert "room" == room.group
    with refused("bound-group-stays"):
        kit.unlink_group(club, "room", by="mei")


@pytest.mark.covers("A016", "A018", "P09")
def test_no_way_leads_through_another(town):
    """
    What somebody has is asked by who they are alone; no circle has to be named.
    """
    kit = town.kit

    assert ["club"] == [it.circle for it in kit.circles("tao")]
    assert {"club"} == {it.post.circle for it in kit.feed("tao").items}
    assert [("must-see", "club")] == [
        (it.kind, it.circle) for it in kit.inbox("tao").items
    ]


@pytest.mark.covers("A017")
def test_from_the_group_into_the_circle(town):
    """
    A post in a group's timeline names its circle, and its place there.
    """
    posts = [it.post for it in town.kit.group_timeline("club").entries if it.post]

    assert {"club"} == {post.circle for post in posts}
    assert set(posts) <= {it.post for it in town.kit.feed("tao", circle="club").items}


@pytest.mark.covers("A032", "A055", "A056")
def test_pictures_and_films_first(kit):
    """
    A post need not have words; of pictures, films and files references are kept.
    """
    club = kit.found_circle(name="Club", kind="community", by="mei", group="room")

    kit.publish_post(club, by="mei", images=["a.png"], videos=["b.mp4"])
    kit.send_message("room", by="mei", text="The minutes", images=["minutes.pdf"])

    (item,) = kit.feed("mei").items
    assert ("", ("a.png",), ("b.mp4",)) == (item.text, item.images, item.videos)
    message, _ = kit.group_timeline("room").entries
    assert ("minutes.pdf",) == message.images
    with pytest.raises(InvalidInputError):
        kit.publish_post(club, by="mei")


@pytest.mark.covers("A002", "A054", "A065")
def test_all_in_one_place(kit, clock):
    """
    Notice, class, homework and things to do of a circle's groups are the circle's.
    """
    kit.found_circle(name="3b", kind="teaching", by="mei", circle="3b")
    kit.join_circle("3b", "lin", verified_role="teacher")
    kit.join_circle("3b", "tao", verified_role="student")
    due_at = clock.now + timedelta(days=1)

    notice = kit.send_must_see("3b", by="mei", text="Bring your books")
    live = kit.schedule_live("3b", by="lin", title="Sums")
    essay = kit.assign_homework("3b", by="lin", title="Essay", due_at=due_at)
    todo = kit.assign_todo("3b", by="mei", title="Chairs", to=["tao"])

    assert [live] == [it.live for it in kit.lives("3b")]
    assert {
        ("must-see", str(notice)),
        ("homework", essay),
        ("to-do", todo),
    } == {(it.kind, it.ref) for it in kit.inbox("tao", circle="3b").items}
