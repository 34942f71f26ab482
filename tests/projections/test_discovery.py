"""
Who looks for a circle finds those of an industry, and what brought people is counted.
"""

from datetime import date, timedelta

import pytest
from hypothesis import given

from circlekit import CircleKit, NotFoundError, RuleBook
from circlekit.budget import day_of
from circlekit.events import circle as c
from circlekit.events import closing
from circlekit.events.rules import RuleBookAdopted
from circlekit.projections.discovery import ChannelJoins, FoundCircle
from tests.application.communities import opened, scripts, started
from tests.application.town import everything

BY_APPLICATION = RuleBook(name="asks", community_joining="application")
HAPPENING = (
    "set_industries",
    "set_industries",
    "set_industries",
    "found_circle",
    "join_circle",
    "join_circle",
    "leave_circle",
    "remove_member",
    "accept_invitation",
    "invite",
    "close_circle",
    "reopen_circle",
    "archive_circle",
    "adopt_rule_book",
)
WAYS_IN = {
    "internal": "staff",
    "teaching": "verified-role",
    "business": "invitation",
    "community": "open",
}


def naive(told):
    """
    Return what is found, and who came how, by going through all of history by hand.
    """
    founded, members, industries, standing, asks, joins = {}, {}, {}, {}, {}, {}
    for it in told:
        event, where = it.event, it.subject
        match event:
            case c.CircleFounded():
                founded[where], members[where] = event, {event.by}
            case RuleBookAdopted() if it.stream.startswith("circle/"):
                asks[where] = event.book.community_joining == "application"
            case c.MemberJoined():
                members[where].add(event.member)
                day = day_of(event.at, zone=founded[where].zone)
                key = event.channel, event.source
                joins.setdefault(where, []).append((day, key))
            case c.MemberLeft() | c.MemberRemoved():
                members[where].discard(event.member)
            case c.IndustriesSet():
                industries[where] = event.industries
            case closing.CircleClosed() | closing.CircleArchived():
                standing[where] = "over"
            case closing.CircleReopened():
                standing[where] = "open"
    found = [
        FoundCircle(
            circle=circle,
            name=event.name,
            kind=event.kind,
            industries=industries[circle],
            members=len(members[circle]),
            way_in="application"
            if event.kind == "community" and asks[circle]
            else WAYS_IN[event.kind],
        )
        for circle, event in founded.items()
        if industries.get(circle) and standing.get(circle) != "over"
    ]
    return sorted(found, key=lambda it: (it.name, it.circle)), founded, joins


def counted(joins, since=None, until=None):
    within = [
        key
        for day, key in joins
        if (since is None or day >= since) and (until is None or day < until)
    ]
    keys = sorted(set(within), key=lambda key: (key[0] or "", key[1] or ""))
    return tuple(
        ChannelJoins(channel=key[0], source=key[1], joined=within.count(key))
        for key in keys
    )


def all_found(kit, **asked):
    """
    Return what is found, two circles a page.
    """
    found, after = [], None
    while True:
        page = kit.find_circles(**asked, after=after, limit=2)
        found += page.items
        after = page.next
        if after is None:
            return found


@given(things=scripts(*HAPPENING, least=20, most=70))
def test_a_naive_search(things):
    """
    What is found and counted is history gone through by hand, also filled again.
    """
    clock = started()
    with CircleKit("sqlite://", clock=clock) as kit:
        community = opened(kit, clock)
        for number, act in enumerate(things):
            community.do(act)
            if number % 7 == 0:
                kit.find_circles()
        found, circles, joins = naive(everything(kit))
        middle = clock.now.date() - timedelta(days=3)
        for _ in ("kept", "filled again"):
            assert found == all_found(kit)
            for industry in ("Tea", "Books"):
                assert [it for it in found if industry in it.industries] == all_found(
                    kit, industry=industry
                )
            for kind in WAYS_IN:
                assert [it for it in found if it.kind == kind] == all_found(
                    kit, kind=kind
                )
            for circle in circles:
                came = joins.get(circle, [])
                assert counted(came) == kit.joins_by_channel(circle)
                assert counted(came, since=middle) == kit.joins_by_channel(
                    circle, since=middle
                )
                assert counted(came, until=middle) == kit.joins_by_channel(
                    circle, until=middle
                )
            kit.rebuild_read_models()


@pytest.mark.covers("A013", "A014")
def test_circles_of_an_industry(kit):
    """
    A merchant finds the circles of their industry, sees how to join, and is in several.
    """
    kit.found_circle(name="Tmall snacks", kind="business", by="mei", circle="snacks")
    for circle, rules in (("tea-1", "dingtalk_2020"), ("tea-2", BY_APPLICATION)):
        kit.found_circle(
            name="Tea houses", kind="community", by="lin", circle=circle, rules=rules
        )
        kit.set_industries(circle, ["Tea", "Retail"], by="lin")
    kit.found_circle(name="Secret", kind="community", by="tao", circle="secret")
    kit.set_industries("snacks", ["Tea", "Food"], by="mei")
    kit.join_circle("tea-1", "ana")
    kit.join_circle("snacks", "ana", invited_by="mei")

    tea = [
        FoundCircle(
            circle="tea-1",
            name="Tea houses",
            kind="community",
            industries=("Tea", "Retail"),
            members=2,
            way_in="open",
        ),
        FoundCircle(
            circle="tea-2",
            name="Tea houses",
            kind="community",
            industries=("Tea", "Retail"),
            members=1,
            way_in="application",
        ),
        FoundCircle(
            circle="snacks",
            name="Tmall snacks",
            kind="business",
            industries=("Tea", "Food"),
            members=2,
            way_in="invitation",
        ),
    ]
    assert tea == all_found(kit, industry="Tea") == all_found(kit)
    assert tea[2:] == all_found(kit, industry="Food")
    assert tea[2:] == all_found(kit, industry="Tea", kind="business")
    assert [] == all_found(kit, industry="tea")
    assert ["tea-1", "snacks"] == [it.circle for it in kit.circles("ana")]


@pytest.mark.covers("A014")
def test_found_no_longer(kit):
    """
    A circle is not found while it is closed, nor once it names no industries.
    """
    kit.found_circle(name="Tea", kind="community", by="mei", circle="tea")

    def found():
        return [it.circle for it in kit.find_circles("Tea").items]

    seen = [found()]
    for change in (
        lambda: kit.set_industries("tea", ["Tea"], by="mei"),
        lambda: kit.close_circle("tea", by="mei", reason="Holidays"),
        lambda: kit.reopen_circle("tea", by="mei"),
        lambda: kit.set_industries("tea", [], by="mei"),
        lambda: kit.set_industries("tea", ["Tea"], by="mei"),
        lambda: kit.archive_circle("tea", by="mei", reason="Over"),
    ):
        change()
        seen.append(found())

    assert [[], ["tea"], [], ["tea"], [], ["tea"], []] == seen


def test_what_brought_people(kit, clock):
    """
    Joins are counted by channel and source on the days of the circle's zone.
    """
    kit.found_circle(
        name="Tea", kind="community", by="mei", circle="tea", zone="Asia/Shanghai"
    )
    kit.join_circle("tea", "lin")
    kit.join_circle("tea", "tao", channel="qr", source="poster 7")
    kit.join_circle("tea", "ben", channel="qr", source="poster 7")
    kit.leave_circle("tea", "ben")
    day = day_of(clock.now, zone="Asia/Shanghai")
    clock.forward(hours=24)
    kit.join_circle("tea", "ben", channel="qr", source="poster 7")
    kit.join_circle("tea", "eve", channel="splash")

    nobody_said = ChannelJoins(channel=None, source=None, joined=1)
    splash = ChannelJoins(channel="splash", source=None, joined=1)

    def poster(joined):
        return ChannelJoins(channel="qr", source="poster 7", joined=joined)

    next_day = day + timedelta(days=1)
    assert date(2020, 3, 1) == day
    assert (nobody_said, poster(3), splash) == kit.joins_by_channel("tea")
    assert (nobody_said, poster(2)) == kit.joins_by_channel("tea", until=next_day)
    assert (poster(1), splash) == kit.joins_by_channel("tea", since=next_day)
    with pytest.raises(NotFoundError):
        kit.joins_by_channel("elsewhere")
