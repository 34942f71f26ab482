"""
How comments reach groups and their readers.
"""

from collections import defaultdict
from datetime import timedelta
from itertools import pairwise

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from circlekit import CircleKit, ManualClock
from circlekit.application.relaying import SentDigest
from circlekit.events.relay import CommentDigestSent
from circlekit.projections.group_timeline import TimelineEntry
from circlekit.rulebook import CIRCLEKIT_2026
from circlekit.settings import Said
from tests.application.communities import GROUPS, opened, scripts, started
from tests.application.town import MARCH_1, everything, refused
from tests.projections import naive

TEN_MINUTES = timedelta(minutes=10)
LOUD = evolve(CIRCLEKIT_2026, name="loud", comment_relay="all")
READERS = (None, "mei", "lin", "tao", "ben")


@pytest.fixture
def side(club):
    club.adopt_rule_book("club", "circlekit_2026", by="mei")
    club.link_group("club", by="mei", name="Side room", group="side")
    club.join_group("side", "tao")
    return club


def _kinds(kit, group, reader=None):
    return [entry.kind for entry in kit.group_timeline(group, reader=reader).entries]


def _said(kit, group, reader=None):
    return [
        entry.text if entry.kind == "comment" else len(entry.comments)
        for entry in kit.group_timeline(group, reader=reader).entries
        if entry.kind in {"comment", "digest"}
    ]


@pytest.mark.covers("A052", "P04")
def test_one_digest(side, clock):
    """
    Comments on a post are one message in each group, ten minutes after the first.

    Not a moment earlier, and not twice.
    """
    post = side.publish_post("club", by="tao", text="Emma?")
    first = side.add_comment(post, by="ben", text="Yes")
    clock.forward(minutes=9)
    second = side.add_comment(post, by="lin", text="No")
    clock.forward(minutes=1, seconds=-0.000001)
    assert () == side.send_due_digests()
    clock.forward(seconds=0.000001)

    sent = side.send_due_digests()

    at = MARCH_1 + TEN_MINUTES
    assert (
        SentDigest(group="club", post=post, comments=(first, second), at=at),
        SentDigest(group="side", post=post, comments=(first, second), at=at),
    ) == sent
    assert () == side.send_due_digests()
    for group in ("club", "side"):
        assert (
            TimelineEntry(
                kind="digest",
                by="lin",
                at=at,
                post=post,
                comments=(first, second),
                reactions={},
            )
            == side.group_timeline(group).entries[0]
        )


@pytest.mark.covers("P03", "P04")
@given(
    gaps=st.lists(st.integers(0, 240), min_size=100, max_size=100),
    asleep=st.sampled_from((1, 30, 599, 600, 5_000)),
)
def test_a_hundred_comments(gaps, asleep):
    """
    However fast people comment, a group has one message for a post in ten minutes.

    And however seldom the digests are sent, every comment is in one of them, once.
    """
    clock = ManualClock(MARCH_1)
    with CircleKit("sqlite://", clock=clock) as kit:
        kit.found_circle(
            name="Club",
            kind="community",
            by="mei",
            circle="club",
            rules="circlekit_2026",
        )
        post = kit.publish_post("club", by="mei", text="Emma?")
        written, sent, last = [], [], MARCH_1
        for gap in gaps:
            clock.forward(seconds=gap)
            written.append(kit.add_comment(post, by="mei", text="Yes"))
            if (clock.now - last).total_seconds() >= asleep:
                last = clock.now
                sent += kit.send_due_digests()
        clock.forward(minutes=10)
        sent += kit.send_due_digests()

        assert written == [it for digest in sent for it in digest.comments]
        assert all(one.at + TEN_MINUTES <= two.at for one, two in pairwise(sent))
        assert 1 == len(kit.feed("mei").items)


@pytest.mark.covers("P04")
def test_a_hundred_comments_in_ten_minutes(side, clock):
    """
    A hundred comments in ten minutes are one message in each group.
    """
    post = side.publish_post("club", by="tao", text="Emma?")
    for _ in range(100):
        side.add_comment(post, by="ben", text="Yes")
        clock.forward(seconds=6)
        side.send_due_digests()

    assert [100] == _said(side, "club") == _said(side, "side")


def test_a_post_and_a_group_each(side, clock):
    """
    Each post has its own digest, and each group those of the posts it was sent.
    """
    one = side.publish_post("club", by="tao", text="One")
    two = side.publish_post("club", by="tao", text="Two", groups=["side"])
    side.add_comment(one, by="ben", text="Yes")
    side.add_comment(two, by="ben", text="No")
    clock.forward(minutes=10)

    assert [("club", one), ("side", one), ("side", two)] == [
        (it.group, it.post) for it in side.send_due_digests()
    ]


@pytest.mark.covers("P04")
def test_what_is_removed_drops_out(side, clock):
    """
    A comment that was removed is in no digest, nor later in one that was sent.

    A digest of nothing is none.
    """
    post = side.publish_post("club", by="tao", text="Emma?")
    gone = side.add_comment(post, by="ben", text="Never mind")
    side.remove_comment(gone, by="ben")
    clock.forward(minutes=10)
    assert () == side.send_due_digests()
    kept = side.add_comment(post, by="ben", text="Yes")
    late = side.add_comment(post, by="lin", text="No")
    clock.forward(minutes=10)
    side.send_due_digests()

    side.remove_comment(late, by="lin")

    digest = side.group_timeline("club").entries[0]
    assert ("digest", "ben", (kept,)) == (digest.kind, digest.by, digest.comments)
    side.remove_comment(kept, by="ben")
    assert ["post"] == _kinds(side, "club")


def test_what_is_taken_down(side, clock):
    """
    A post that is taken down takes its digests along, sent and waiting.
    """
    post = side.publish_post("club", by="tao", text="Emma?")
    side.add_comment(post, by="ben", text="Yes")
    clock.forward(minutes=10)
    side.send_due_digests()
    side.add_comment(post, by="ben", text="Or no")
    side.remove_post(post, by="tao")
    clock.forward(minutes=10)

    assert () == side.send_due_digests()
    assert [] == _kinds(side, "club")


def test_a_group_that_was_let_go(side, clock):
    """
    A group that is no longer the circle's is sent no digest of what waited for it.
    """
    post = side.publish_post("club", by="tao", text="Emma?")
    side.add_comment(post, by="ben", text="Yes")
    side.unlink_group("club", "side", by="mei")
    clock.forward(minutes=10)

    assert ["club"] == [digest.group for digest in side.send_due_digests()]


def test_two_workers(side, url, clock):
    """
    Two that send digests at once send none twice.
    """
    post = side.publish_post("club", by="tao", text="Emma?")
    side.add_comment(post, by="ben", text="Yes")
    clock.forward(minutes=10)
    with CircleKit(url, clock=clock) as other:
        sent = [*other.send_due_digests(), *side.send_due_digests()]

    assert ["club", "side"] == [digest.group for digest in sent]
    digests = [it for it in everything(side) if isinstance(it.event, CommentDigestSent)]
    assert 2 == len(digests)


@pytest.mark.covers("A049", "A050", "A051", "P05")
def test_as_in_2020(club, clock):
    """
    By DingTalk's book of 2020 every comment is shown, and nobody can switch that off.

    Not the owner, and no reader, whatever they ask for elsewhere.
    """
    post = club.publish_post("club", by="tao", text="Emma?", sync=False)
    with refused("comment-relay-fixed"):
        club.set_comment_relay("club", "off", by="mei")
    with refused("comment-relay-fixed"):
        club.choose_comment_relay("off", by="ben", circle="club")
    club.choose_comment_relay("off", by="ben")
    for _ in range(3):
        club.add_comment(post, by="tao", text="Yes")
    clock.forward(hours=1)

    assert () == club.send_due_digests()
    assert ["Yes"] * 3 == _said(club, "club") == _said(club, "club", reader="ben")


@pytest.mark.covers("P05")
def test_a_reader_who_wants_none(side, clock):
    """
    A reader who switched comments off gets none; the others get theirs.
    """
    side.set_comment_relay("club", "all", by="mei")
    side.choose_comment_relay("off", by="tao")
    side.choose_comment_relay("digest", by="ben", circle="club")
    post = side.publish_post("club", by="mei", text="Emma?")
    side.add_comment(post, by="lin", text="One")
    side.add_comment(post, by="lin", text="Two")
    clock.forward(minutes=10)
    side.send_due_digests()

    assert {
        None: ["Two", "One"],
        "mei": ["Two", "One"],
        "lin": ["Two", "One"],
        "tao": [],
        "ben": [2],
    } == {reader: _said(side, "club", reader=reader) for reader in READERS}
    # Nobody in the side room asked for digests, and so it has none.
    assert ["Two", "One"] == _said(side, "side")


def test_settled_when_written(side, clock):
    """
    What is asked for holds for what is written from then on, and recalls nothing.
    """
    side.set_comment_relay("club", "all", by="mei")
    post = side.publish_post("club", by="mei", text="Emma?")
    for number, relay in enumerate(("off", "digest", "all", None), start=1):
        side.choose_comment_relay(relay, by="ben", circle="club")
        side.add_comment(post, by="lin", text=f"{number}")
    clock.forward(minutes=10)
    side.send_due_digests()
    side.set_comment_relay("club", "digest", by="mei")
    side.add_comment(post, by="lin", text="5")
    clock.forward(minutes=10)
    side.send_due_digests()

    assert [1, "4", "3", "2", "1"] == _said(side, "club")
    assert [1, 1, "4", "3"] == _said(side, "club", reader="ben")


@pytest.mark.covers("P06")
def test_explained(side):
    """
    Each level's word is told, and which of them decided.
    """

    def explained(reader="ben"):
        setting = side.explain_setting(reader, "comment_relay", circle="club")
        return setting.value, setting.decided_by

    assert ("digest", "rule book") == explained()
    side.set_comment_relay("club", "all", by="mei")
    assert ("all", "circle") == explained()
    side.choose_comment_relay("digest", by="ben")
    assert ("digest", "reader") == explained()
    side.choose_comment_relay("off", by="ben", circle="club")
    assert ("off", "reader in circle") == explained()
    assert ("all", "circle") == explained("tao")
    side.set_comment_relay("club", "off", by="mei")
    assert ("off", "circle") == explained()
    assert (
        Said("rule book", "digest"),
        Said("organisation", None),
        Said("circle", "off"),
        Said("reader", "digest"),
        Said("reader in circle", "off"),
    ) == side.explain_setting("ben", "comment_relay", circle="club").levels
    side.adopt_rule_book("club", "dingtalk_2020", by="mei")
    assert ("all", "rule book") == explained()


@pytest.mark.covers("P05", "P06")
def test_each_level_decides(kit, clock):
    """
    Every level that may decide is named as the one that did.

    An organisation's word holds for the comments written from then on, where its
    circle says nothing; and where it was said before the circle was made.
    """
    kit.register_organisation("acme", name="Acme", by="hr", rules="circlekit_2026")
    circle = kit.found_circle(
        name="Choir",
        kind="community",
        by="mei",
        organisation="acme",
        circle="choir",
        rules="circlekit_2026",
    )
    kit.join_circle(circle, "ben")
    post = kit.publish_post(circle, by="mei", text="Sing?", sync=False)
    told = []

    def explain():
        setting = kit.explain_setting("ben", "comment_relay", circle=circle)
        told.append((setting.decided_by, setting.value))
        kit.add_comment(post, by="mei", text=f"{len(told)}")
        clock.forward(minutes=10)
        kit.send_due_digests()

    explain()
    kit.set_organisation_comment_relay("acme", "all", by="hr")
    explain()
    kit.set_organisation_comment_relay("acme", "off", by="hr")
    explain()
    with refused("comment-relay-above"):
        kit.choose_comment_relay("digest", by="ben", circle=circle)
    kit.set_comment_relay(circle, "all", by="mei")
    explain()
    kit.choose_comment_relay("digest", by="ben")
    explain()
    kit.choose_comment_relay("off", by="ben", circle=circle)
    explain()

    assert [
        ("rule book", "digest"),
        ("organisation", "all"),
        ("organisation", "off"),
        ("circle", "all"),
        ("reader", "digest"),
        ("reader in circle", "off"),
    ] == told
    assert [1, "4", "2", 1] == _said(kit, "choir", reader="ben")
    assert ["6", "5", "4", "2", 1] == _said(kit, "choir", reader="mei")
    later = kit.found_circle(
        name="Band",
        kind="community",
        by="mei",
        organisation="acme",
        circle="band",
        rules="circlekit_2026",
    )
    song = kit.publish_post(later, by="mei", text="Play?", sync=False)
    kit.add_comment(song, by="mei", text="Yes")
    kit.set_organisation_comment_relay("acme", None, by="hr")
    kit.add_comment(song, by="mei", text="When?")
    clock.forward(minutes=10)
    kit.send_due_digests()
    assert [1] == _said(kit, "band")


@pytest.mark.covers("P05")
def test_an_organisation_in_2020(kit):
    """
    In a circle that goes by DingTalk's book of 2020 its organisation has no say.

    An organisation whose own circle goes by that book cannot switch anything.
    """
    kit.register_organisation(
        "acme", name="Acme", by="hr", circle="all", rules="circlekit_2026"
    )
    kit.found_circle(
        name="Choir", kind="community", by="mei", organisation="acme", circle="choir"
    )
    kit.set_organisation_comment_relay("acme", "off", by="hr")
    post = kit.publish_post("choir", by="mei", text="Sing?", sync=False)
    kit.add_comment(post, by="mei", text="Yes")

    relay = kit.explain_setting("mei", "comment_relay", circle="choir")
    assert ("rule book", "all") == (relay.decided_by, relay.value)
    assert ["Yes"] == _said(kit, "choir")
    kit.adopt_rule_book("all", "dingtalk_2020", by="hr")
    with refused("comment-relay-fixed"):
        kit.set_organisation_comment_relay("acme", "all", by="hr")


@pytest.mark.covers("P05")
def test_never_more(side):
    """
    A reader may ask for less than their circle shows, and never for more.

    Where the owner shows less later, a reader's wish for more has no effect.
    """
    with refused("comment-relay-above"):
        side.choose_comment_relay("all", by="ben", circle="club")
    side.choose_comment_relay("all", by="ben")
    side.set_comment_relay("club", "off", by="mei")
    post = side.publish_post("club", by="mei", text="Emma?")
    side.add_comment(post, by="lin", text="Yes")

    assert [] == _said(side, "club", reader="ben")


@given(
    things=scripts(
        *(12 * ["add_comment"]),
        "publish_post",
        "remove_comment",
        "remove_comment",
        "remove_post",
        "set_comment_relay",
        "set_organisation_comment_relay",
        "choose_comment_relay",
        "choose_comment_relay",
        "join_group",
        "join_circle",
        "link_group",
        "unlink_group",
        "redirect_thread",
        "send_message",
        least=30,
        most=80,
    ),
    often=st.integers(1, 9),
    group=st.sampled_from(GROUPS),
)
def test_the_same_rebuilt(things, often, group):
    """
    Read bit by bit or filled again from the events, the timelines are the same.

    They are what going through all of history by hand comes to, for every reader,
    and no group has two digests of one post within the time of the first.
    """
    clock = started()
    with CircleKit("sqlite://", clock=clock) as kit:
        community = opened(kit, clock)
        kit.adopt_rule_book("club", LOUD, by="mei")
        for number, act in enumerate(things):
            community.do(act)
            if number % often == 0:
                kit.send_due_digests()
        clock.forward(hours=1)
        kit.send_due_digests()
        read = {it: kit.group_timeline(group, reader=it, limit=200) for it in READERS}

        kit.rebuild_read_models()

        again = {it: kit.group_timeline(group, reader=it, limit=200) for it in READERS}
        told = everything(kit)
        by_hand = {it: naive.timeline(told, group, it) for it in READERS}
        assert read == again
        assert by_hand == {it: list(page.entries) for it, page in again.items()}
        digests = defaultdict(list)
        for it in told:
            if isinstance(it.event, CommentDigestSent):
                digests[it.subject, it.event.circle, it.event.post].append(it.event)
        for sent in digests.values():
            for one, two in pairwise(sent):
                assert one.at + timedelta(seconds=one.seconds) <= two.at
