"""
What a circle allows, and what it refuses by which rules.
"""

from datetime import timedelta

import pytest

from circlekit.aggregates.circle import Circle
from circlekit.aggregates.history import replay
from circlekit.budget import CALENDAR_MONTH, Budget, Spend
from circlekit.events.circle import (
    CircleFounded,
    CommentAdded,
    CommentRemoved,
    GroupLinked,
    GroupUnlinked,
    ManagerAppointed,
    ManagerDismissed,
    MemberJoined,
    MemberLeft,
    MemberRemoved,
    MustSeeSent,
    OverrideGranted,
    OverrideRevoked,
    OwnerChanged,
    PostEdited,
    PostPinned,
    PostPublished,
    PostReacted,
    PostRemoved,
    PostSyncSwitched,
    PostUnpinned,
    ReactionWithdrawn,
)
from circlekit.events.record import Cited
from circlekit.events.rules import RuleBookAdopted
from circlekit.rulebook import DINGTALK_2020, WECOM_2020, RuleBook
from circlekit.testing import given
from circlekit.verdict import ALLOWED, Reason, Verdict
from tests.people import (
    BO,
    BOOK_CLUB,
    CLUB,
    CLUB_WITH_POST,
    DAY,
    FOUNDED,
    FOUNDING_DAY,
    LIN,
    LINS_POST,
    MEI,
    READERS,
    SECOND,
    TAO,
    THE_POST,
    WEI,
    shanghai,
)

MARCH_1, MARCH_2, MARCH_8, MARCH_15, MARCH_22 = (
    shanghai(3, day) for day in (1, 2, 8, 15, 22)
)
TAOS_COMMENT = CommentAdded(post=8, text="I have", by=TAO, at=MARCH_1)
THE_COMMENT = Cited(9, TAOS_COMMENT)
COMMENTED = (*CLUB_WITH_POST, TAOS_COMMENT)
NOTHING_THERE = Cited(99, None)


def blank():
    return Circle(BOOK_CLUB)


def the_club(*events):
    return given(blank(), *CLUB, *events)


def with_post(*events):
    return given(blank(), *CLUB_WITH_POST, *events)


def commented(*events):
    return given(blank(), *COMMENTED, *events)


def founded_as(kind, organisation=None):
    founding = CircleFounded(
        name="Book club",
        kind=kind,
        zone="Asia/Shanghai",
        organisation=organisation,
        by=MEI,
        at=FOUNDING_DAY,
    )
    return given(blank(), founding, *FOUNDED[1:])


def must_sees(*moments, first=8):
    """
    New posts, each sent as a must-see.
    """
    for number, at in enumerate(moments):
        yield PostPublished(text="Meet on Sunday", by=MEI, at=at)
        yield MustSeeSent(post=first + 2 * number, by=MEI, at=at)


class TestFound:
    def found(self, circle, *, kind="community", organisation=None):
        return circle.found(
            name="Book club",
            kind=kind,
            zone="Asia/Shanghai",
            organisation=organisation,
            book=DINGTALK_2020,
            group=READERS,
            by=MEI,
            at=FOUNDING_DAY,
        )

    def test_with_rules_and_a_group(self):
        """
        A circle begins with its rule book and its own group.
        """
        given(blank()).when(self.found).then(*FOUNDED)

    def test_internal(self):
        """
        An internal circle belongs to an organisation.
        """
        (
            given(blank())
            .when(lambda c: self.found(c, kind="internal", organisation="acme"))
            .then(
                CircleFounded(
                    name="Book club",
                    kind="internal",
                    zone="Asia/Shanghai",
                    organisation="acme",
                    by=MEI,
                    at=FOUNDING_DAY,
                ),
                *FOUNDED[1:],
            )
        )

    def test_internal_without_organisation(self):
        """
        Without an organisation there is no internal circle.
        """
        (
            given(blank())
            .when(lambda c: self.found(c, kind="internal"))
            .then_refused("organisation-required")
        )

    def test_twice(self):
        """
        A circle is founded once.
        """
        given(blank(), *FOUNDED).when(self.found).then_refused("already-founded")

    def test_everything_in_the_way(self):
        """
        All that stands in the way is named together.
        """
        (
            given(blank(), *FOUNDED)
            .when(lambda c: self.found(c, kind="internal"))
            .then_refused("already-founded", "organisation-required")
        )


class TestAdoptRuleBook:
    def test_by_the_owner(self):
        """
        The owner puts other numbers in force.
        """
        (
            the_club()
            .when(lambda c: c.adopt_rule_book(WECOM_2020, by=MEI, at=MARCH_1))
            .then(RuleBookAdopted(book=WECOM_2020, by=MEI, at=MARCH_1))
        )

    def test_by_a_manager(self):
        """
        A manager does not change the numbers.
        """
        (
            the_club()
            .when(lambda c: c.adopt_rule_book(WECOM_2020, by=TAO, at=MARCH_1))
            .then_refused("not-the-owner")
        )

    def test_counts_what_was_sent_before(self):
        """
        What was sent under the old numbers counts under the new ones.
        """
        one = RuleBook(name="one", must_see=(Budget("month", 1, CALENDAR_MONTH),))
        (
            the_club(*must_sees(MARCH_1), RuleBookAdopted(book=one, by=MEI, at=MARCH_2))
            .when(lambda c: c.send_must_see(text="Again", by=MEI, at=MARCH_8))
            .then_refused("month")
        )


class TestJoin:
    def test_community(self):
        """
        A community circle is open to everybody.
        """
        (
            the_club()
            .when(lambda c: c.join(BO, at=MARCH_1))
            .then(MemberJoined(member=BO, at=MARCH_1))
        )

    def test_twice(self):
        """
        Nobody joins twice.
        """
        (
            the_club()
            .when(lambda c: c.join(LIN, at=MARCH_1))
            .then_refused("already-a-member")
        )

    def test_again_after_leaving(self):
        """
        Who left may come back.
        """
        (
            the_club(MemberLeft(member=LIN, at=MARCH_1))
            .when(lambda c: c.join(LIN, at=MARCH_2))
            .then(MemberJoined(member=LIN, at=MARCH_2))
        )

    def test_internal_staff(self):
        """
        Staff of the organisation join its internal circle.
        """
        (
            founded_as("internal", "acme")
            .when(lambda c: c.join(BO, staff_of="acme", at=MARCH_1))
            .then(MemberJoined(member=BO, staff_of="acme", at=MARCH_1))
        )

    @pytest.mark.parametrize("staff_of", [None, "other"])
    def test_internal_others(self, staff_of):
        """
        Others do not.
        """
        (
            founded_as("internal", "acme")
            .when(lambda c: c.join(BO, staff_of=staff_of, at=MARCH_1))
            .then_refused("internal-staff-only")
        )

    def test_business_invited(self):
        """
        A business circle takes whom its owner invited.
        """
        (
            founded_as("business")
            .when(lambda c: c.join(BO, invited_by=MEI, at=MARCH_1))
            .then(MemberJoined(member=BO, invited_by=MEI, at=MARCH_1))
        )

    @pytest.mark.parametrize("invited_by", [None, BO, LIN])
    def test_business_uninvited(self, invited_by):
        """
        An invitation by a stranger, or by nobody, is none.
        """
        (
            founded_as("business")
            .when(lambda c: c.join(BO, invited_by=invited_by, at=MARCH_1))
            .then_refused("business-by-invitation")
        )

    def test_business_invited_by_a_member(self):
        """
        An ordinary member's invitation is not enough.
        """
        (
            founded_as("business")
            .when(lambda c: c.join(LIN, invited_by=MEI, at=MARCH_1))
            .then(MemberJoined(member=LIN, invited_by=MEI, at=MARCH_1))
            .when(lambda c: c.join(BO, invited_by=LIN, at=MARCH_1))
            .then_refused("business-by-invitation")
        )

    def test_teaching_verified(self):
        """
        A teaching circle takes people with a verified role.
        """
        (
            founded_as("teaching")
            .when(lambda c: c.join(BO, verified_role="parent", at=MARCH_1))
            .then(MemberJoined(member=BO, verified_role="parent", at=MARCH_1))
        )

    def test_teaching_unverified(self):
        """
        It takes nobody else.
        """
        (
            founded_as("teaching")
            .when(lambda c: c.join(BO, staff_of="acme", at=MARCH_1))
            .then_refused("teaching-verified-role")
        )

    def test_everything_in_the_way(self):
        """
        Who is a member already is also told what newcomers must have.
        """
        (
            founded_as("teaching")
            .when(lambda c: c.join(MEI, at=MARCH_1))
            .then_refused("already-a-member", "teaching-verified-role")
        )


class TestLeave:
    def test_a_member(self):
        """
        A member may go.
        """
        (
            the_club()
            .when(lambda c: c.leave(LIN, at=MARCH_1))
            .then(MemberLeft(member=LIN, at=MARCH_1))
        )

    def test_a_stranger(self):
        """
        Who is not in it cannot leave it.
        """
        the_club().when(lambda c: c.leave(BO, at=MARCH_1)).then_refused("not-a-member")

    def test_the_owner(self):
        """
        The owner stays until the circle is handed over.
        """
        the_club().when(lambda c: c.leave(MEI, at=MARCH_1)).then_refused("owner-stays")

    def test_takes_the_override_right_along(self):
        """
        Who left has no right to go beyond the quota any longer, even back again.
        """
        (
            the_club(
                OverrideGranted(member=LIN, by=MEI, at=MARCH_1),
                MemberLeft(member=LIN, at=MARCH_1),
                MemberJoined(member=LIN, at=MARCH_1),
            )
            .when(
                lambda c: c.send_must_see(
                    text="Flood", override="flood", by=LIN, at=MARCH_1
                )
            )
            .then_refused("no-override-right")
        )


class TestRemoveMember:
    def test_by_a_manager(self):
        """
        A manager takes a member out.
        """
        (
            the_club()
            .when(lambda c: c.remove_member(LIN, by=TAO, at=MARCH_1))
            .then(MemberRemoved(member=LIN, by=TAO, at=MARCH_1))
        )

    def test_a_manager_by_the_owner(self):
        """
        The owner takes a manager out.
        """
        (
            the_club()
            .when(lambda c: c.remove_member(TAO, by=MEI, at=MARCH_1))
            .then(MemberRemoved(member=TAO, by=MEI, at=MARCH_1))
        )

    def test_by_a_member(self):
        """
        Members do not take each other out.
        """
        (
            the_club()
            .when(lambda c: c.remove_member(WEI, by=LIN, at=MARCH_1))
            .then_refused("not-a-manager")
        )

    def test_a_stranger(self):
        """
        Who is not in it cannot be taken out.
        """
        (
            the_club()
            .when(lambda c: c.remove_member(BO, by=MEI, at=MARCH_1))
            .then_refused("not-a-member")
        )

    def test_the_owner(self):
        """
        Nobody takes the owner out.
        """
        (
            the_club()
            .when(lambda c: c.remove_member(MEI, by=TAO, at=MARCH_1))
            .then_refused("owner-stays")
        )

    def test_a_manager_by_another(self):
        """
        Managers do not take each other out.
        """
        (
            the_club(ManagerAppointed(member=LIN, by=MEI, at=MARCH_1))
            .when(lambda c: c.remove_member(LIN, by=TAO, at=MARCH_1))
            .then_refused("not-the-owner")
        )

    def test_everything_in_the_way(self):
        """
        A member who would take a manager out hears both reasons.
        """
        (
            the_club()
            .when(lambda c: c.remove_member(TAO, by=LIN, at=MARCH_1))
            .then_refused("not-a-manager", "not-the-owner")
        )


class TestAppointManager:
    def test_a_member(self):
        """
        The owner makes a member a manager.
        """
        (
            the_club()
            .when(lambda c: c.appoint_manager(LIN, by=MEI, at=MARCH_1))
            .then(ManagerAppointed(member=LIN, by=MEI, at=MARCH_1))
        )

    def test_by_a_manager(self):
        """
        Managers do not make managers.
        """
        (
            the_club()
            .when(lambda c: c.appoint_manager(LIN, by=TAO, at=MARCH_1))
            .then_refused("not-the-owner")
        )

    def test_a_stranger(self):
        """
        A manager is first of all a member.
        """
        (
            the_club()
            .when(lambda c: c.appoint_manager(BO, by=MEI, at=MARCH_1))
            .then_refused("not-a-member")
        )

    @pytest.mark.parametrize("member", [MEI, TAO])
    def test_twice(self, member):
        """
        Who runs the circle already is not appointed.
        """
        (
            the_club()
            .when(lambda c: c.appoint_manager(member, by=MEI, at=MARCH_1))
            .then_refused("already-a-manager")
        )


class TestDismissManager:
    def test_a_manager(self):
        """
        The owner makes a manager an ordinary member.
        """
        (
            the_club()
            .when(lambda c: c.dismiss_manager(TAO, by=MEI, at=MARCH_1))
            .then(ManagerDismissed(member=TAO, by=MEI, at=MARCH_1))
        )

    def test_by_a_manager(self):
        """
        Managers do not dismiss one another, nor themselves.
        """
        (
            the_club()
            .when(lambda c: c.dismiss_manager(TAO, by=TAO, at=MARCH_1))
            .then_refused("not-the-owner")
        )

    @pytest.mark.parametrize("member", [MEI, LIN, BO])
    def test_who_is_none(self, member):
        """
        Only a manager can be dismissed.
        """
        (
            the_club()
            .when(lambda c: c.dismiss_manager(member, by=MEI, at=MARCH_1))
            .then_refused("not-a-manager")
        )


class TestHandOver:
    def test_to_a_member(self):
        """
        The circle goes to another member.
        """
        (
            the_club()
            .when(lambda c: c.hand_over(LIN, by=MEI, at=MARCH_1))
            .then(OwnerChanged(owner=LIN, by=MEI, at=MARCH_1))
        )

    def test_the_old_owner_stays_a_member(self):
        """
        Who handed it over is an ordinary member afterwards.
        """
        circle = replay(blank(), [*CLUB, OwnerChanged(owner=TAO, by=MEI, at=MARCH_1)])

        expected = {MEI: "member", TAO: "owner", LIN: "member", WEI: "member"}
        assert expected == circle.members

    def test_by_a_manager(self):
        """
        Only the owner hands it over.
        """
        (
            the_club()
            .when(lambda c: c.hand_over(LIN, by=TAO, at=MARCH_1))
            .then_refused("not-the-owner")
        )

    def test_to_a_stranger(self):
        """
        The new owner is a member.
        """
        (
            the_club()
            .when(lambda c: c.hand_over(BO, by=MEI, at=MARCH_1))
            .then_refused("not-a-member")
        )

    def test_to_the_owner(self):
        """
        It is handed over to somebody else.
        """
        (
            the_club()
            .when(lambda c: c.hand_over(MEI, by=MEI, at=MARCH_1))
            .then_refused("already-the-owner")
        )

    def test_everything_in_the_way(self):
        """
        A stranger who would make the owner the owner hears both reasons.
        """
        (
            the_club()
            .when(lambda c: c.hand_over(MEI, by=BO, at=MARCH_1))
            .then_refused("already-the-owner", "not-the-owner")
        )


class TestOverrideRight:
    def test_grant(self):
        """
        The owner may give somebody the right to go beyond the quota.
        """
        (
            the_club()
            .when(lambda c: c.grant_override(LIN, by=MEI, at=MARCH_1))
            .then(OverrideGranted(member=LIN, by=MEI, at=MARCH_1))
        )

    def test_grant_by_a_manager(self):
        """
        Managers do not give it.
        """
        (
            the_club()
            .when(lambda c: c.grant_override(LIN, by=TAO, at=MARCH_1))
            .then_refused("not-the-owner")
        )

    def test_grant_to_a_stranger(self):
        """
        Only a member can have it.
        """
        (
            the_club()
            .when(lambda c: c.grant_override(BO, by=MEI, at=MARCH_1))
            .then_refused("not-a-member")
        )

    def test_grant_twice(self):
        """
        It is given once.
        """
        (
            the_club(OverrideGranted(member=LIN, by=MEI, at=MARCH_1))
            .when(lambda c: c.grant_override(LIN, by=MEI, at=MARCH_1))
            .then_refused("already-granted")
        )

    def test_revoke(self):
        """
        The owner takes it back.
        """
        (
            the_club(OverrideGranted(member=LIN, by=MEI, at=MARCH_1))
            .when(lambda c: c.revoke_override(LIN, by=MEI, at=MARCH_1))
            .then(OverrideRevoked(member=LIN, by=MEI, at=MARCH_1))
        )

    def test_revoke_by_a_manager(self):
        """
        Managers do not take it back.
        """
        (
            the_club(OverrideGranted(member=LIN, by=MEI, at=MARCH_1))
            .when(lambda c: c.revoke_override(LIN, by=TAO, at=MARCH_1))
            .then_refused("not-the-owner")
        )

    def test_revoke_what_was_not_granted(self):
        """
        It can only be taken from who has it.
        """
        (
            the_club(
                OverrideGranted(member=LIN, by=MEI, at=MARCH_1),
                OverrideRevoked(member=LIN, by=MEI, at=MARCH_1),
            )
            .when(lambda c: c.revoke_override(LIN, by=MEI, at=MARCH_1))
            .then_refused("not-granted")
        )


class TestGroups:
    def test_link(self):
        """
        A manager brings a group under the circle.
        """
        (
            the_club()
            .when(lambda c: c.link_group("more", linked=None, by=TAO, at=MARCH_1))
            .then(GroupLinked(group="more", by=TAO, at=MARCH_1))
        )

    def test_link_by_a_member(self):
        """
        Members do not.
        """
        (
            the_club()
            .when(lambda c: c.link_group("more", linked=None, by=LIN, at=MARCH_1))
            .then_refused("not-a-manager")
        )

    def test_link_what_is_linked(self):
        """
        A group belongs to one circle at a time.
        """
        (
            the_club()
            .when(lambda c: c.link_group("more", linked="chess", by=MEI, at=MARCH_1))
            .then_refused("group-linked")
        )

    def test_unlink(self):
        """
        A manager lets a group go.
        """
        (
            the_club(GroupLinked(group="more", by=MEI, at=MARCH_1))
            .when(lambda c: c.unlink_group("more", by=TAO, at=MARCH_1))
            .then(GroupUnlinked(group="more", by=TAO, at=MARCH_1))
        )

    def test_unlink_by_a_member(self):
        """
        Members do not.
        """
        (
            the_club(GroupLinked(group="more", by=MEI, at=MARCH_1))
            .when(lambda c: c.unlink_group("more", by=LIN, at=MARCH_1))
            .then_refused("not-a-manager")
        )

    def test_unlink_what_is_not_linked(self):
        """
        Only a linked group can be let go.
        """
        (
            the_club(
                GroupLinked(group="more", by=MEI, at=MARCH_1),
                GroupUnlinked(group="more", by=MEI, at=MARCH_1),
            )
            .when(lambda c: c.unlink_group("more", by=MEI, at=MARCH_1))
            .then_refused("group-not-linked")
        )

    def test_unlink_the_bound_one(self):
        """
        The group that was made with the circle stays with it.
        """
        (
            the_club()
            .when(lambda c: c.unlink_group(READERS, by=MEI, at=MARCH_1))
            .then_refused("bound-group-stays")
        )

    def test_switch_post_sync(self):
        """
        A manager stops posts from going on to the groups.
        """
        (
            the_club()
            .when(lambda c: c.switch_post_sync(on=False, by=TAO, at=MARCH_1))
            .then(PostSyncSwitched(on=False, by=TAO, at=MARCH_1))
        )

    def test_switch_post_sync_by_a_member(self):
        """
        Members do not switch it.
        """
        (
            the_club()
            .when(lambda c: c.switch_post_sync(on=False, by=LIN, at=MARCH_1))
            .then_refused("not-a-manager")
        )

    def test_switch_post_sync_to_what_it_is(self):
        """
        Only what is off is switched on.
        """
        (
            the_club()
            .when(lambda c: c.switch_post_sync(on=True, by=MEI, at=MARCH_1))
            .then_refused("already-so")
        )


class TestPublish:
    def test_a_member(self):
        """
        Every member may publish, with pictures, videos and a topic.
        """
        (
            the_club()
            .when(
                lambda c: c.publish(
                    text="Meet on Sunday",
                    images=("a.png",),
                    videos=("b.mp4",),
                    topic="Meetings",
                    groups=(READERS,),
                    by=LIN,
                    at=MARCH_1,
                )
            )
            .then(
                PostPublished(
                    text="Meet on Sunday",
                    images=("a.png",),
                    videos=("b.mp4",),
                    topic="Meetings",
                    synced=True,
                    groups=(READERS,),
                    by=LIN,
                    at=MARCH_1,
                )
            )
        )

    def test_goes_by_the_switch(self):
        """
        Whether a post goes on to the groups is the circle's default.
        """
        (
            the_club(PostSyncSwitched(on=False, by=MEI, at=MARCH_1))
            .when(lambda c: c.publish(text="Hello", by=LIN, at=MARCH_1))
            .then(PostPublished(text="Hello", synced=False, by=LIN, at=MARCH_1))
        )

    @pytest.mark.parametrize("sync", [True, False])
    def test_has_its_own_choice(self, sync):
        """
        A post may choose otherwise.
        """
        (
            the_club(PostSyncSwitched(on=not sync, by=MEI, at=MARCH_1))
            .when(lambda c: c.publish(text="Hello", sync=sync, by=LIN, at=MARCH_1))
            .then(PostPublished(text="Hello", synced=sync, by=LIN, at=MARCH_1))
        )

    def test_a_stranger(self):
        """
        Who is not a member does not publish.
        """
        (
            the_club()
            .when(lambda c: c.publish(text="Hello", by=BO, at=MARCH_1))
            .then_refused("not-a-member")
        )

    def test_to_a_group_of_others(self):
        """
        A post goes only to groups of the circle.
        """
        (
            the_club()
            .when(
                lambda c: c.publish(
                    text="Hello", groups=(READERS, "chess"), by=LIN, at=MARCH_1
                )
            )
            .then_refused("group-not-linked")
        )


class TestEditPost:
    @pytest.mark.parametrize("by", [LIN, TAO, MEI])
    def test_by_author_and_managers(self, by):
        """
        The author, a manager and the owner may change what a post says.
        """
        (
            with_post()
            .when(
                lambda c: c.edit_post(
                    THE_POST, text="New", images=("a.png",), by=by, at=MARCH_1
                )
            )
            .then(PostEdited(post=8, text="New", images=("a.png",), by=by, at=MARCH_1))
        )

    def test_by_another_member(self):
        """
        Other members may not.
        """
        (
            with_post()
            .when(lambda c: c.edit_post(THE_POST, text="New", by=WEI, at=MARCH_1))
            .then_refused("not-the-author")
        )

    def test_by_an_author_who_left(self):
        """
        An author who left no longer has a say.
        """
        (
            with_post(MemberLeft(member=LIN, at=MARCH_1))
            .when(lambda c: c.edit_post(THE_POST, text="New", by=LIN, at=MARCH_1))
            .then_refused("not-the-author")
        )

    def test_removed(self):
        """
        What was taken down stays as it was.
        """
        (
            with_post(PostRemoved(post=8, by=LIN, at=MARCH_1))
            .when(lambda c: c.edit_post(THE_POST, text="New", by=LIN, at=MARCH_1))
            .then_refused("post-removed")
        )

    @pytest.mark.parametrize("cited", [NOTHING_THERE, Cited(1, FOUNDED[0])])
    def test_no_post(self, cited):
        """
        Where no post stands there is nothing to change.
        """
        (
            with_post()
            .when(lambda c: c.edit_post(cited, text="New", by=BO, at=MARCH_1))
            .then_refused("unknown-post")
        )


class TestRemovePost:
    @pytest.mark.parametrize("by", [LIN, TAO, MEI])
    def test_by_author_and_managers(self, by):
        """
        The author, a manager and the owner may take a post down.
        """
        (
            with_post()
            .when(lambda c: c.remove_post(THE_POST, by=by, at=MARCH_1))
            .then(PostRemoved(post=8, by=by, at=MARCH_1))
        )

    def test_by_another_member(self):
        """
        Other members may not.
        """
        (
            with_post()
            .when(lambda c: c.remove_post(THE_POST, by=WEI, at=MARCH_1))
            .then_refused("not-the-author")
        )

    def test_twice(self):
        """
        A post is taken down once; a stranger hears that it is not theirs too.
        """
        (
            with_post(PostRemoved(post=8, by=LIN, at=MARCH_1))
            .when(lambda c: c.remove_post(THE_POST, by=BO, at=MARCH_1))
            .then_refused("not-the-author", "post-removed")
        )

    def test_no_post(self):
        """
        Where no post stands there is nothing to take down.
        """
        (
            with_post()
            .when(lambda c: c.remove_post(NOTHING_THERE, by=LIN, at=MARCH_1))
            .then_refused("unknown-post")
        )

    def test_frees_its_pin(self):
        """
        A post that is taken down is not pinned any longer.
        """
        circle = replay(
            blank(),
            [
                *CLUB_WITH_POST,
                PostPinned(post=8, by=MEI, at=MARCH_1),
                PostRemoved(post=8, by=MEI, at=MARCH_1),
            ],
        )

        assert [] == circle.pinned


class TestAddComment:
    def test_on_a_post(self):
        """
        A member comments on a post.
        """
        (
            with_post()
            .when(lambda c: c.add_comment(THE_POST, text="I have", by=TAO, at=MARCH_1))
            .then(TAOS_COMMENT)
        )

    def test_in_answer_to_a_comment(self):
        """
        A comment may answer another one on the same post.
        """
        (
            commented()
            .when(
                lambda c: c.add_comment(
                    THE_POST, text="When?", reply_to=THE_COMMENT, by=LIN, at=MARCH_2
                )
            )
            .then(CommentAdded(post=8, text="When?", reply_to=9, by=LIN, at=MARCH_2))
        )

    def test_a_stranger(self):
        """
        Who is not a member does not comment.
        """
        (
            with_post()
            .when(lambda c: c.add_comment(THE_POST, text="Hi", by=BO, at=MARCH_1))
            .then_refused("not-a-member")
        )

    def test_no_post(self):
        """
        There is no comment on nothing.
        """
        (
            with_post()
            .when(lambda c: c.add_comment(NOTHING_THERE, text="Hi", by=LIN, at=MARCH_1))
            .then_refused("unknown-post")
        )

    def test_on_a_removed_post(self):
        """
        What was taken down is not commented on.
        """
        (
            with_post(PostRemoved(post=8, by=LIN, at=MARCH_1))
            .when(lambda c: c.add_comment(THE_POST, text="Hi", by=WEI, at=MARCH_1))
            .then_refused("post-removed")
        )

    @pytest.mark.parametrize("reply_to", [NOTHING_THERE, THE_POST])
    def test_in_answer_to_nothing(self, reply_to):
        """
        An answer answers a comment, not a post and not nothing.
        """
        (
            commented()
            .when(
                lambda c: c.add_comment(
                    THE_POST, text="When?", reply_to=reply_to, by=LIN, at=MARCH_2
                )
            )
            .then_refused("unknown-comment")
        )

    def test_in_answer_to_a_comment_on_another_post(self):
        """
        A comment is answered under its own post.
        """
        other = PostPublished(text="Other", by=WEI, at=MARCH_1)
        (
            commented(other)
            .when(
                lambda c: c.add_comment(
                    Cited(10, other),
                    text="When?",
                    reply_to=THE_COMMENT,
                    by=LIN,
                    at=MARCH_2,
                )
            )
            .then_refused("unknown-comment")
        )

    def test_in_answer_to_a_removed_comment(self):
        """
        A comment that was taken down is not answered.
        """
        (
            commented(CommentRemoved(comment=9, post=8, by=TAO, at=MARCH_1))
            .when(
                lambda c: c.add_comment(
                    THE_POST, text="When?", reply_to=THE_COMMENT, by=LIN, at=MARCH_2
                )
            )
            .then_refused("comment-removed")
        )

    def test_everything_in_the_way(self):
        """
        A stranger answering nothing under nothing hears all three reasons.
        """
        (
            commented()
            .when(
                lambda c: c.add_comment(
                    NOTHING_THERE, text="?", reply_to=NOTHING_THERE, by=BO, at=MARCH_2
                )
            )
            .then_refused("not-a-member", "unknown-comment", "unknown-post")
        )


class TestRemoveComment:
    @pytest.mark.parametrize("by", [TAO, MEI])
    def test_by_author_and_owner(self, by):
        """
        The author and the owner may take a comment down.
        """
        (
            commented()
            .when(lambda c: c.remove_comment(THE_COMMENT, by=by, at=MARCH_2))
            .then(CommentRemoved(comment=9, post=8, by=by, at=MARCH_2))
        )

    def test_by_another_member(self):
        """
        Not even the post's author may take another's comment down.
        """
        (
            commented()
            .when(lambda c: c.remove_comment(THE_COMMENT, by=LIN, at=MARCH_2))
            .then_refused("not-the-author")
        )

    def test_twice(self):
        """
        A comment is taken down once.
        """
        (
            commented(CommentRemoved(comment=9, post=8, by=TAO, at=MARCH_1))
            .when(lambda c: c.remove_comment(THE_COMMENT, by=TAO, at=MARCH_2))
            .then_refused("comment-removed")
        )

    @pytest.mark.parametrize("cited", [NOTHING_THERE, THE_POST])
    def test_no_comment(self, cited):
        """
        Where no comment stands there is nothing to take down.
        """
        (
            commented()
            .when(lambda c: c.remove_comment(cited, by=MEI, at=MARCH_2))
            .then_refused("unknown-comment")
        )


class TestReactions:
    def test_react(self):
        """
        A member reacts to a post.
        """
        (
            with_post()
            .when(lambda c: c.react(THE_POST, "👍", by=WEI, at=MARCH_1))
            .then(PostReacted(post=8, emoji="👍", by=WEI, at=MARCH_1))
        )

    def test_react_as_a_stranger_to_what_is_gone(self):
        """
        Who is not a member does not react, nor does anybody to what is gone.
        """
        (
            with_post(PostRemoved(post=8, by=LIN, at=MARCH_1))
            .when(lambda c: c.react(THE_POST, "👍", by=BO, at=MARCH_1))
            .then_refused("not-a-member", "post-removed")
        )

    def test_react_to_nothing(self):
        """
        There is no reaction to nothing.
        """
        (
            with_post()
            .when(lambda c: c.react(NOTHING_THERE, "👍", by=WEI, at=MARCH_1))
            .then_refused("unknown-post")
        )

    def test_withdraw(self):
        """
        A member takes a reaction back, whether or not there was one.
        """
        (
            with_post()
            .when(lambda c: c.withdraw_reaction(THE_POST, "👍", by=WEI, at=MARCH_1))
            .then(ReactionWithdrawn(post=8, emoji="👍", by=WEI, at=MARCH_1))
        )

    def test_withdraw_as_a_stranger_from_what_is_gone(self):
        """
        Who is not a member takes nothing back, nor does anybody from what is gone.
        """
        (
            with_post(PostRemoved(post=8, by=LIN, at=MARCH_1))
            .when(lambda c: c.withdraw_reaction(THE_POST, "👍", by=BO, at=MARCH_1))
            .then_refused("not-a-member", "post-removed")
        )

    def test_withdraw_from_nothing(self):
        """
        There is nothing to take back from nothing.
        """
        (
            with_post()
            .when(
                lambda c: c.withdraw_reaction(NOTHING_THERE, "👍", by=WEI, at=MARCH_1)
            )
            .then_refused("unknown-post")
        )


class TestPins:
    def ten_pinned(self):
        """
        Ten posts in the places 8 to 17, and all of them pinned.
        """
        posts = [PostPublished(text="Hello", by=LIN, at=MARCH_1) for _ in range(10)]
        pins = [PostPinned(post=8 + n, by=MEI, at=MARCH_1) for n in range(10)]
        return (*posts, *pins)

    def test_pin(self):
        """
        A manager pins a post.
        """
        (
            with_post()
            .when(lambda c: c.pin(THE_POST, by=TAO, at=MARCH_1))
            .then(PostPinned(post=8, by=TAO, at=MARCH_1))
        )

    def test_pin_by_the_author(self):
        """
        Not even its author pins a post.
        """
        (
            with_post()
            .when(lambda c: c.pin(THE_POST, by=LIN, at=MARCH_1))
            .then_refused("not-a-manager")
        )

    def test_pin_twice(self):
        """
        Nothing is pinned twice.
        """
        (
            with_post(PostPinned(post=8, by=TAO, at=MARCH_1))
            .when(lambda c: c.pin(THE_POST, by=TAO, at=MARCH_1))
            .then_refused("already-pinned")
        )

    def test_pin_an_eleventh(self):
        """
        Ten are pinned at most, and the refusal names them.
        """
        pins = tuple(range(8, 18))
        (
            the_club(*self.ten_pinned(), LINS_POST)
            .when(lambda c: c.pin(Cited(28, LINS_POST), by=MEI, at=MARCH_1))
            .then_verdict(
                Verdict(
                    (
                        Reason(
                            rule="pin-limit",
                            because="10 of 10 pins in use",
                            used=10,
                            limit=10,
                            used_by=pins,
                        ),
                    )
                )
            )
        )

    def test_pin_after_one_is_taken_out(self):
        """
        A pin taken out makes room for another.
        """
        (
            the_club(
                *self.ten_pinned(), LINS_POST, PostUnpinned(post=9, by=MEI, at=MARCH_1)
            )
            .when(lambda c: c.pin(Cited(28, LINS_POST), by=MEI, at=MARCH_1))
            .then(PostPinned(post=28, by=MEI, at=MARCH_1))
        )

    @pytest.mark.parametrize("command", [Circle.pin, Circle.unpin])
    def test_what_is_gone(self, command):
        """
        What was taken down is neither pinned nor taken from the top.
        """
        outcome = with_post(PostRemoved(post=8, by=LIN, at=MARCH_1)).when(
            lambda c: command(c, THE_POST, by=MEI, at=MARCH_1)
        )

        if command is Circle.pin:
            outcome.then_refused("post-removed")
        else:
            outcome.then_refused("not-pinned", "post-removed")

    def test_pin_nothing(self):
        """
        There is nothing to pin where no post stands.
        """
        (
            with_post()
            .when(lambda c: c.pin(NOTHING_THERE, by=MEI, at=MARCH_1))
            .then_refused("unknown-post")
        )

    def test_unpin(self):
        """
        A manager takes a post from the top.
        """
        (
            with_post(PostPinned(post=8, by=MEI, at=MARCH_1))
            .when(lambda c: c.unpin(THE_POST, by=TAO, at=MARCH_1))
            .then(PostUnpinned(post=8, by=TAO, at=MARCH_1))
        )

    def test_unpin_what_is_not_pinned(self):
        """
        Only what is pinned is taken from the top, and by a manager.
        """
        (
            with_post()
            .when(lambda c: c.unpin(THE_POST, by=LIN, at=MARCH_1))
            .then_refused("not-a-manager", "not-pinned")
        )

    def test_unpin_nothing(self):
        """
        Where no post stands there is none to take from the top.
        """
        (
            with_post()
            .when(lambda c: c.unpin(NOTHING_THERE, by=MEI, at=MARCH_1))
            .then_refused("not-pinned", "unknown-post")
        )


class TestSendMustSee:
    @pytest.mark.parametrize("by", [MEI, TAO])
    def test_by_owner_and_manager(self, by):
        """
        The owner or a manager publishes a post that everybody must see.
        """
        (
            the_club()
            .when(
                lambda c: c.send_must_see(
                    text="Meet on Sunday",
                    images=("a.png",),
                    videos=("b.mp4",),
                    topic="Meetings",
                    groups=(READERS,),
                    by=by,
                    at=MARCH_1,
                )
            )
            .then(
                PostPublished(
                    text="Meet on Sunday",
                    images=("a.png",),
                    videos=("b.mp4",),
                    topic="Meetings",
                    synced=True,
                    groups=(READERS,),
                    by=by,
                    at=MARCH_1,
                ),
                MustSeeSent(post=8, by=by, at=MARCH_1),
            )
        )

    def test_goes_to_the_groups_whatever_the_switch(self):
        """
        A must-see always goes on to the groups.
        """
        (
            the_club(PostSyncSwitched(on=False, by=MEI, at=MARCH_1))
            .when(lambda c: c.send_must_see(text="Hello", by=MEI, at=MARCH_1))
            .then(
                PostPublished(text="Hello", synced=True, by=MEI, at=MARCH_1),
                MustSeeSent(post=9, by=MEI, at=MARCH_1),
            )
        )

    @pytest.mark.parametrize("by", [LIN, BO])
    def test_by_others(self, by):
        """
        Members and strangers do not send one.
        """
        (
            the_club()
            .when(lambda c: c.send_must_see(text="Hello", by=by, at=MARCH_1))
            .then_refused("not-a-manager")
        )

    def test_to_a_group_of_others(self):
        """
        It goes only to groups of the circle.
        """
        (
            the_club()
            .when(
                lambda c: c.send_must_see(
                    text="Hello", groups=("chess",), by=MEI, at=MARCH_1
                )
            )
            .then_refused("group-not-linked")
        )

    def test_a_day_too_early(self):
        """
        One in 24 hours; the refusal says which, and from when on again.
        """
        (
            the_club(*must_sees(MARCH_1))
            .when(lambda c: c.send_must_see(text="Again", by=TAO, at=MARCH_2 - SECOND))
            .then_verdict(
                Verdict(
                    (
                        Reason(
                            rule="must-see-spacing",
                            because="1 of 1 used within 24 hours; "
                            "free again 2020-03-02 12:00 UTC",
                            used=1,
                            limit=1,
                            window_start=MARCH_1 - SECOND,
                            window_end=MARCH_2 - SECOND,
                            used_by=(9,),
                            retry_at=MARCH_2,
                        ),
                    )
                )
            )
        )

    def test_exactly_a_day_later(self):
        """
        Exactly 24 hours later is late enough.
        """
        (
            the_club(*must_sees(MARCH_1))
            .when(lambda c: c.send_must_see(text="Again", by=TAO, at=MARCH_2))
            .then(
                PostPublished(text="Again", by=TAO, at=MARCH_2),
                MustSeeSent(post=10, by=TAO, at=MARCH_2),
            )
        )

    def test_everything_in_the_way(self):
        """
        A member who asks the day after the fourth hears all three reasons.
        """
        (
            the_club(*must_sees(MARCH_1, MARCH_8, MARCH_15, MARCH_22))
            .when(
                lambda c: c.send_must_see(
                    text="Again", by=LIN, at=MARCH_22 + timedelta(hours=23)
                )
            )
            .then_refused("must-see-month", "must-see-spacing", "not-a-manager")
        )

    def test_beyond_the_quota_by_override(self):
        """
        Who was granted the right sends one more, and the reason is kept.
        """
        (
            the_club(
                OverrideGranted(member=LIN, by=MEI, at=MARCH_1), *must_sees(MARCH_1)
            )
            .when(
                lambda c: c.send_must_see(
                    text="The river rises", override="flood", by=LIN, at=MARCH_1
                )
            )
            .then(
                PostPublished(text="The river rises", by=LIN, at=MARCH_1),
                MustSeeSent(post=11, override="flood", by=LIN, at=MARCH_1),
            )
        )

    @pytest.mark.parametrize("by", [MEI, TAO, LIN, BO])
    def test_override_without_the_right(self, by):
        """
        Nobody has that right by role, not even the owner.
        """
        (
            the_club()
            .when(
                lambda c: c.send_must_see(
                    text="Flood", override="flood", by=by, at=MARCH_1
                )
            )
            .then_refused("no-override-right")
        )

    def test_an_override_counts_too(self):
        """
        What was sent by override has used its share like any other.
        """
        (
            the_club(
                PostPublished(text="Flood", by=MEI, at=MARCH_1),
                MustSeeSent(post=8, override="flood", by=MEI, at=MARCH_1),
            )
            .when(lambda c: c.send_must_see(text="Again", by=MEI, at=MARCH_1))
            .then_refused("must-see-spacing")
        )

    def test_by_a_book_without_budgets(self):
        """
        A house without a must-see budget sends as many as it likes.
        """
        free = RuleBook(name="free")
        (
            the_club(RuleBookAdopted(book=free, by=MEI, at=MARCH_1))
            .when(lambda c: c.send_must_see(text="One", by=MEI, at=MARCH_1))
            .then(
                PostPublished(text="One", by=MEI, at=MARCH_1),
                MustSeeSent(post=9, by=MEI, at=MARCH_1),
            )
            .when(lambda c: c.send_must_see(text="Two", by=MEI, at=MARCH_1))
            .then(
                PostPublished(text="Two", by=MEI, at=MARCH_1),
                MustSeeSent(post=11, by=MEI, at=MARCH_1),
            )
        )

    def test_a_budget_of_none(self):
        """
        Where the limit is none, waiting does not help, and no moment is named.
        """
        never = RuleBook(name="never", must_see=(Budget("never", 0, CALENDAR_MONTH),))
        (
            the_club(RuleBookAdopted(book=never, by=MEI, at=MARCH_1))
            .when(lambda c: c.send_must_see(text="One", by=MEI, at=MARCH_1))
            .then_verdict(
                Verdict(
                    (
                        Reason(
                            rule="never",
                            because="0 of 0 used in this calendar month",
                            used=0,
                            limit=0,
                            window_start=shanghai(3, 1, 0),
                            window_end=shanghai(4, 1, 0),
                        ),
                    )
                )
            )
        )


class TestPromote:
    def test_a_post(self):
        """
        A post that is there already becomes a must-see.
        """
        (
            with_post()
            .when(lambda c: c.promote(THE_POST, by=TAO, at=MARCH_1))
            .then(MustSeeSent(post=8, by=TAO, at=MARCH_1))
        )

    def test_by_its_author(self):
        """
        Not even its author makes a must-see of a post.
        """
        (
            with_post()
            .when(lambda c: c.promote(THE_POST, by=LIN, at=MARCH_1))
            .then_refused("not-a-manager")
        )

    def test_counts_like_a_new_one(self):
        """
        A promotion uses the quota up like a new must-see.
        """
        (
            with_post(MustSeeSent(post=8, by=MEI, at=MARCH_1))
            .when(lambda c: c.send_must_see(text="Again", by=MEI, at=MARCH_1))
            .then_refused("must-see-spacing")
        )

    def test_needs_room(self):
        """
        A promotion needs room in the quota.
        """
        (
            with_post(*must_sees(MARCH_1, first=9))
            .when(lambda c: c.promote(THE_POST, by=MEI, at=MARCH_1))
            .then_refused("must-see-spacing")
        )

    def test_twice(self):
        """
        A post becomes a must-see once.
        """
        (
            with_post(MustSeeSent(post=8, by=MEI, at=MARCH_1))
            .when(lambda c: c.promote(THE_POST, by=MEI, at=MARCH_8))
            .then_refused("already-a-must-see")
        )

    def test_what_is_gone(self):
        """
        What was taken down does not become a must-see.
        """
        (
            with_post(PostRemoved(post=8, by=LIN, at=MARCH_1))
            .when(lambda c: c.promote(THE_POST, by=MEI, at=MARCH_1))
            .then_refused("post-removed")
        )

    def test_nothing(self):
        """
        Where no post stands there is none to promote.
        """
        (
            with_post()
            .when(lambda c: c.promote(THE_COMMENT, by=MEI, at=MARCH_1))
            .then_refused("unknown-post")
        )

    def test_by_override(self):
        """
        The right to go beyond the quota holds for promotions too.
        """
        (
            with_post(
                OverrideGranted(member=LIN, by=MEI, at=MARCH_1),
                *must_sees(MARCH_1, first=10),
            )
            .when(lambda c: c.promote(THE_POST, override="flood", by=LIN, at=MARCH_1))
            .then(MustSeeSent(post=8, override="flood", by=LIN, at=MARCH_1))
        )

    def test_by_override_without_the_right(self):
        """
        Without the right there is none, and a repeat is named as well.
        """
        (
            with_post(MustSeeSent(post=8, by=MEI, at=MARCH_1))
            .when(lambda c: c.promote(THE_POST, override="flood", by=MEI, at=MARCH_1))
            .then_refused("already-a-must-see", "no-override-right")
        )


class TestHistoryIsNotJudged:
    def test_sends_beyond_the_quota(self):
        """
        Must-sees beyond what today's rules allow are remembered all the same.
        """
        circle = replay(blank(), [*CLUB, *must_sees(*[MARCH_1] * 6)])

        assert [Spend(MARCH_1, 9 + 2 * n) for n in range(6)] == circle.must_sees
        assert {8 + 2 * n for n in range(6)} == circle.must_see_posts

    def test_acts_of_strangers(self):
        """
        What strangers did, and what was undone before it was done, has happened.
        """
        circle = replay(
            blank(),
            [
                MemberLeft(member=BO, at=MARCH_1),
                GroupUnlinked(group="more", by=BO, at=MARCH_1),
                OverrideRevoked(member=BO, by=BO, at=MARCH_1),
                PostUnpinned(post=3, by=BO, at=MARCH_1),
                OwnerChanged(owner=BO, by=BO, at=MARCH_2),
            ],
        )

        assert {BO: "owner"} == circle.members
        assert (5, MARCH_2) == (circle.version, circle.last_at)

    def test_more_pins_than_allowed(self):
        """
        Pins beyond today's limit stay; there is only no room for another.
        """
        pins = [PostPinned(post=20 + n, by=MEI, at=MARCH_1) for n in range(12)]
        (
            with_post(*pins)
            .when(lambda c: c.pin(THE_POST, by=MEI, at=MARCH_1))
            .then_refused("pin-limit")
        )

    def test_before_it_began(self):
        """
        A circle that nobody founded has no members, so nobody does anything.
        """
        (
            given(blank())
            .when(lambda c: c.send_must_see(text="Hello", by=MEI, at=MARCH_1))
            .then_refused("not-a-manager")
        )


def test_roles():
    """
    Everybody has one role; a stranger has none.
    """
    circle = replay(blank(), CLUB)

    expected = ["owner", "manager", "member", None]
    assert expected == [circle.role(who) for who in (MEI, TAO, LIN, BO)]


def test_a_month_of_must_sees():
    """
    Four in a month with a day between them are what everybody expects to work.
    """
    story = the_club()
    for number, at in enumerate((MARCH_1, MARCH_2, MARCH_8, MARCH_8 + DAY)):
        story = story.when(
            lambda c, at=at: c.send_must_see(text="Meet", by=MEI, at=at)
        ).then(
            PostPublished(text="Meet", by=MEI, at=at),
            MustSeeSent(post=8 + 2 * number, by=MEI, at=at),
        )
    story.when(
        lambda c: c.send_must_see(text="Meet", by=MEI, at=MARCH_22)
    ).then_refused("must-see-month")


def test_nothing_in_the_way_is_the_whole_answer():
    """
    What is allowed is allowed with nothing to add.
    """
    the_club().when(lambda c: c.join(BO, at=MARCH_1)).then_verdict(ALLOWED)
