"""
Organisations: the directory that the host reports, and the circles that follow it.
"""

from datetime import timedelta
from time import perf_counter

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from circlekit import CircleKit, ManualClock, NotFoundError
from circlekit.application.organisations import StaffReport
from circlekit.events import circle as c
from circlekit.events import closing as cl
from circlekit.events import group as g
from circlekit.events import organisation as o
from circlekit.rulebook import DINGTALK_2020
from circlekit.verdict import ALLOWED
from tests.application.town import MARCH_1, history, outcome, refused

AT = MARCH_1


@pytest.fixture
def acme(kit):
    kit.register_organisation("acme", name="Acme", by="boss", circle="all")
    kit.staff_joined("acme", ["mei", "lin", "tao"], by="hr")
    return kit


def people(kit, circle):
    """
    Return everybody in a circle with their role, by the history alone.
    """
    roles = {}
    for recorded in kit.history(circle):
        match recorded.event:
            case c.CircleFounded():
                roles[recorded.event.by] = "owner"
            case c.MemberJoined():
                roles[recorded.event.member] = "member"
            case c.MemberLeft() | c.MemberRemoved():
                del roles[recorded.event.member]
            case c.ManagerAppointed():
                roles[recorded.event.member] = "manager"
            case c.OwnerChanged() | c.OwnerSucceeded():
                roles = {
                    who: "member" if role == "owner" else role
                    for who, role in roles.items()
                }
                roles[recorded.event.owner] = "owner"
    return roles


def inside(kit, group):
    """
    Return everybody in a group, by the history alone.
    """
    there = []
    for stream, event in history(kit):
        if stream == f"group/{group}":
            if isinstance(event, g.GroupJoined):
                there.append(event.member)
            if isinstance(event, g.GroupLeft):
                there.remove(event.member)
    return sorted(there)


@pytest.mark.covers("A007")
def test_one_circle_of_all_staff(kit):
    """
    Registering makes one circle of all staff, however often it is repeated.
    """
    first = kit.register_organisation("acme", name="Acme", by="boss")
    so_far = history(kit)

    again = kit.register_organisation("acme", name="Acme again", by="mei", circle="x")

    assert first == again == kit.all_staff_circle("acme")
    assert so_far == history(kit)
    assert [(first, "internal", "acme", "owner")] == [
        (entry.circle, entry.kind, entry.organisation, entry.role)
        for entry in kit.circles("boss")
    ]


@pytest.mark.covers("A007", "A022", "A069")
def test_membership_follows_the_directory(acme):
    """
    Who joins the staff is in their circle and its group; who leaves is in neither.
    """
    acme.staff_left("acme", ["lin", "nobody"], by="hr")

    everybody = ["boss", "mei", "tao"]
    assert tuple(everybody) == acme.staff("acme")
    assert everybody == sorted(people(acme, "all")) == inside(acme, "all")


def test_reporting_again_changes_nothing(acme):
    """
    Somebody who is in the directory already, or is not, is left as they are.
    """
    so_far = history(acme)

    assert StaffReport(()) == acme.staff_joined("acme", ["mei", "lin"], by="hr")
    assert StaffReport(()) == acme.staff_left("acme", ["nobody"], by="hr")
    assert so_far == history(acme)


@pytest.mark.covers("A007")
def test_the_circle_of_all_staff_stays(acme):
    """
    It cannot be left, joined, closed, archived or thinned out by anybody.
    """
    with refused("all-staff-stays"):
        acme.leave_circle("all", "mei")
    with refused("all-staff-stays", "internal-staff-only"):
        acme.join_circle("all", "guest", staff_of="acme")
    with refused("all-staff-stays"):
        acme.remove_member("all", "mei", by="boss")
    with refused("all-staff-stays"):
        acme.close_circle("all", by="boss", reason="Saving")
    with refused("all-staff-stays"):
        acme.archive_circle("all", by="boss", reason="Saving")
    with refused("all-staff-stays"):
        acme.succeed_owner("all", by="hr", reason="Gone")
    acme.hand_over_circle("all", "mei", by="boss")

    assert {"boss": "member", "mei": "owner", "lin": "member", "tao": "member"} == (
        people(acme, "all")
    )


@pytest.mark.covers("A005", "A008")
def test_the_directory_decides(acme):
    """
    Of a registered organisation, not the host's word but its directory decides.
    """
    acme.found_circle(
        name="Chess", kind="internal", by="mei", organisation="acme", circle="chess"
    )

    acme.join_circle("chess", "lin")
    with refused("internal-staff-only"):
        acme.join_circle("chess", "guest", staff_of="acme")
    with refused("internal-staff-only"):
        acme.found_circle(
            name="Go", kind="internal", by="guest", organisation="acme", circle="go"
        )

    assert "acme" == list(acme.history("chess"))[-1].event.staff_of


@pytest.mark.covers("A008", "P26")
def test_leaving_the_organisation(acme):
    """
    Whoever leaves is out of all internal circles, in the same transaction.

    What they own goes to the manager who has been there longest, or else to the
    member; a circle with nobody left in it is archived.
    """
    for circle, owner, others in (
        ("chess", "mei", ("tao", "lin")),
        ("go", "mei", ("lin", "tao")),
        ("alone", "mei", ()),
        ("other", "lin", ("mei",)),
    ):
        acme.found_circle(
            name=circle, kind="internal", by=owner, organisation="acme", circle=circle
        )
        for member in others:
            acme.join_circle(circle, member)
    acme.appoint_manager("chess", "lin", by="mei")
    so_far = len(history(acme))

    acme.staff_left("acme", ["mei"], by="hr", command_id="one")

    went = {"reason": "left the organisation", "by": "hr", "at": AT}
    assert [
        ("organisation/acme", o.StaffLeft(member="mei", by="hr", at=AT)),
        ("circle/all", c.MemberLeft(member="mei", at=AT)),
        ("group/all", g.GroupLeft(member="mei", by="mei", at=AT)),
        ("circle/chess", c.OwnerSucceeded(owner="lin", **went)),
        ("circle/chess", c.MemberLeft(member="mei", at=AT)),
        ("group/chess", g.GroupLeft(member="mei", by="mei", at=AT)),
        ("circle/go", c.OwnerSucceeded(owner="lin", **went)),
        ("circle/go", c.MemberLeft(member="mei", at=AT)),
        ("group/go", g.GroupLeft(member="mei", by="mei", at=AT)),
        ("circle/alone", cl.CircleArchived(**(went | {"by": "mei"}))),
        ("circle/alone", c.MemberLeft(member="mei", at=AT)),
        ("group/alone", g.GroupLeft(member="mei", by="mei", at=AT)),
        ("circle/other", c.MemberLeft(member="mei", at=AT)),
        ("group/other", g.GroupLeft(member="mei", by="mei", at=AT)),
    ] == history(acme)[so_far:]
    assert StaffReport(("mei",)) == (
        acme.staff_left("acme", ["mei"], by="hr", command_id="one")
    )
    assert () == acme.circles("mei")
    assert {"lin": "owner", "tao": "member"} == people(acme, "chess")


def test_everybody_leaves(acme):
    """
    The circle of all staff outlives its staff; whoever comes first then owns it.
    """
    acme.staff_left("acme", acme.staff("acme"), by="hr")
    assert {} == people(acme, "all")

    acme.staff_joined("acme", ["wu", "sun"], by="hr")

    assert {"wu": "owner", "sun": "member"} == people(acme, "all")
    assert ALLOWED == acme.would_allow("publish_post", "all", by="wu", text="Hello")


def test_circles_of_before(kit):
    """
    Who was in an internal circle before, as attested, is staff from the start.
    """
    kit.found_circle(
        name="Firm", kind="internal", by="boss", organisation="acme", circle="firm"
    )
    kit.join_circle("firm", "sue", staff_of="acme")
    kit.found_circle(
        name="Shop", kind="business", by="sue", organisation="acme", circle="shop"
    )
    kit.join_circle("shop", "guest", invited_by="sue")

    kit.register_organisation("acme", name="Acme", by="mei", circle="all")

    assert ("boss", "mei", "sue") == kit.staff("acme")
    assert ["boss", "mei", "sue"] == sorted(people(kit, "all")) == inside(kit, "all")
    kit.staff_left("acme", ["boss"], by="hr")
    assert {"sue": "owner"} == people(kit, "firm")


def test_other_organisations_go_on_as_before(acme):
    """
    Where no directory was registered, the host's word decides as ever.
    """
    acme.found_circle(
        name="Firm", kind="internal", by="ana", organisation="other", circle="firm"
    )

    acme.join_circle("firm", "guest", staff_of="other")

    with refused("internal-staff-only"):
        acme.join_circle("firm", "mei", staff_of="acme")


def test_a_full_group(kit):
    """
    Beyond the capacity of its group, staff are in the circle without it.
    """
    book = evolve(DINGTALK_2020, name="small", all_staff_capacity=2)
    kit.register_organisation("acme", name="Acme", by="boss", circle="all", rules=book)

    report = kit.staff_joined("acme", ["mei", "lin", "tao"], by="hr")

    assert StaffReport(("mei", "lin", "tao"), no_room=2) == report
    assert ["boss", "mei"] == inside(kit, "all")
    assert ["boss", "lin", "mei", "tao"] == sorted(people(kit, "all"))
    with refused("group-full"):
        kit.join_group("all", "lin")


@pytest.mark.covers("A007", "A071")
def test_ten_thousand(kit):
    """
    Ten thousand people are reported by one command, and all have a place.
    """
    kit.register_organisation("acme", name="Acme", by="boss", circle="all")
    everybody = [f"p{number}" for number in range(9_999)]

    began = perf_counter()
    report = kit.staff_joined("acme", everybody, by="hr")
    took = perf_counter() - began

    assert StaffReport(tuple(everybody)) == report
    assert 10_000 == len(inside(kit, "all"))
    assert took < 60


@pytest.mark.covers("A009", "A088", "P22")
def test_a_role_and_its_end(kit, clock):
    """
    A verified role holds in the organisation's circles until, and not at, its end.
    """
    kit.register_organisation("school", name="School", by="head", circle="all")
    kit.found_circle(
        name="Class", kind="teaching", by="head", organisation="school", circle="class"
    )
    ends = AT + timedelta(days=30)

    kit.role_verified("school", "ana", "teacher", until=ends, by="hr")
    kit.join_circle("class", "ana")
    with refused("teaching-verified-role"):
        kit.join_circle("class", "guest")

    def role():
        with kit._store.alone() as transaction:
            it = kit._work(transaction).circle("class")
        return it.verified_role("ana", clock.now)

    assert "teacher" == role()
    clock.now = ends - timedelta(microseconds=1)
    assert "teacher" == role()
    clock.now = ends
    assert role() is None
    assert ["class"] == [entry.circle for entry in kit.circles("ana")]
    with refused("role-not-verified"):
        kit.role_expired("school", "ana", "teacher", by="hr")
    kit.role_verified("school", "ana", "teacher", by="hr")
    assert "teacher" == role()
    kit.role_expired("school", "ana", "teacher", by="hr")
    assert role() is None


@pytest.mark.covers("A015")
def test_an_owner_who_is_gone(town):
    """
    The host says that an owner is gone: somebody follows, and they have left.
    """
    kit = town.kit
    kit.succeed_owner("club", by="host", reason="Moved away")

    assert {"lin": "owner", "wu": "manager", "tao": "member", "ben": "member"} == (
        people(kit, "club")
    )
    assert "mei" not in inside(kit, "club")
    kit.succeed_owner("club", by="host", reason="Moved away", to="ben")
    assert {"ben": "owner", "wu": "manager", "tao": "member"} == people(kit, "club")


def test_what_was_never_registered(kit):
    """
    Nothing can be reported, or asked, of an organisation that never came in.
    """
    for command in (
        lambda: kit.staff_joined("acme", ["mei"], by="hr"),
        lambda: kit.staff_left("acme", ["mei"], by="hr"),
        lambda: kit.role_verified("acme", "mei", "teacher", by="hr"),
        lambda: kit.role_expired("acme", "mei", "teacher", by="hr"),
        lambda: kit.all_staff_circle("acme"),
        lambda: kit.staff("acme"),
    ):
        with pytest.raises(NotFoundError) as caught:
            command()
        assert ("organisation", "acme") == (caught.value.kind, caught.value.id)


PEOPLE = ("boss", "mei", "lin", "tao")
SOME = st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=3, unique=True)
ACTS = st.one_of(
    st.tuples(st.just("come"), SOME),
    st.tuples(st.just("go"), SOME),
    st.tuples(st.just("join"), st.sampled_from(PEOPLE)),
    st.tuples(st.just("leave"), st.sampled_from(PEOPLE)),
    st.tuples(st.just("hand over"), st.sampled_from(PEOPLE)),
    st.tuples(st.just("appoint"), st.sampled_from(PEOPLE)),
)


@given(st.lists(ACTS, max_size=12))
def test_never_out_of_step(acts):
    """
    Whatever happens, internal circles hold staff alone, and all of them have an owner.
    """
    staff = {"boss"}
    with CircleKit("sqlite://", clock=ManualClock(AT)) as kit:
        kit.register_organisation("acme", name="Acme", by="boss", circle="all")
        kit.found_circle(
            name="Chess",
            kind="internal",
            by="boss",
            organisation="acme",
            circle="chess",
        )
        for what, who in acts:
            chess = people(kit, "chess")
            owner = next((it for it in chess if chess[it] == "owner"), "nobody")
            match what:
                case "come":
                    kit.staff_joined("acme", who, by="hr")
                    staff |= set(who)
                case "go":
                    kit.staff_left("acme", who, by="hr")
                    staff -= set(who)
                case "join":
                    outcome(kit.join_circle, "chess", who, staff_of="acme")
                case "leave":
                    outcome(kit.leave_circle, "chess", who)
                case "hand over":
                    outcome(kit.hand_over_circle, "chess", who, by=owner)
                case "appoint":
                    outcome(kit.appoint_manager, "chess", who, by=owner)
            assert tuple(sorted(staff)) == kit.staff("acme")
            for circle in ("all", "chess"):
                there = people(kit, circle)
                assert set(there) <= staff
                assert sorted(there) == inside(kit, circle)
                assert list(there.values()).count("owner") == bool(there)
            assert staff == set(people(kit, "all"))
