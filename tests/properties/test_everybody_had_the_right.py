"""
Nothing in any history was done by somebody who had no right to it at that place.
"""

from collections import defaultdict

from attrs import Factory, define
from hypothesis import given, settings
from hypothesis.stateful import run_state_machine_as_test

from circlekit import CircleKit, RuleBook
from circlekit.events.names import NAME_OF, NAMES
from circlekit.events.record import subject_of
from circlekit.testing.community import CommunityMachine
from tests.application.communities import opened, scripts, started
from tests.application.town import everything

OWNER, MANAGER, MEMBER = {"owner"}, {"owner", "manager"}, {"owner", "manager", "member"}

# Who does it, by their role in the circle just before.
BY_ROLE = {
    "RuleBookAdopted": OWNER,
    "ManagerAppointed": OWNER,
    "ManagerDismissed": OWNER,
    "OwnerChanged": OWNER,
    "OverrideGranted": OWNER,
    "OverrideRevoked": OWNER,
    "CommentRelaySet": OWNER,
    "CircleLabelled": OWNER,
    "CircleClosed": OWNER,
    "CircleReopened": OWNER,
    "IndustriesSet": OWNER,
    "GroupLinked": MANAGER,
    "GroupUnlinked": MANAGER,
    "GroupTopicsSet": MANAGER,
    "MemberRemoved": MANAGER,
    "PostSyncSwitched": MANAGER,
    "PostPinned": MANAGER,
    "PostUnpinned": MANAGER,
    "RequestApproved": MANAGER,
    "RequestDeclined": MANAGER,
    "PartnerAdmitted": MANAGER,
    "PartnershipEnded": MANAGER,
    "AnnouncementSet": MANAGER,
    "GroupMuted": MANAGER,
    "GroupUnmuted": MANAGER,
    "SlowModeSet": MANAGER,
    "SlowModeLifted": MANAGER,
    "AnnouncementsOnlySet": MANAGER,
    "AnnouncementsOnlyLifted": MANAGER,
    "PrivateChatBlocked": MANAGER,
    "PrivateChatAllowed": MANAGER,
    "ThreadRedirected": MANAGER,
    "MustSeeScheduled": MANAGER,
    "MustSeeReminded": MANAGER,
    "PostPublished": MEMBER,
    "PostScheduled": MEMBER,
    "CommentAdded": MEMBER,
    "PostReacted": MEMBER,
    "ReactionWithdrawn": MEMBER,
    "MessageSent": MEMBER,
    "MessageReacted": MEMBER,
    "PrivateChatOpened": MEMBER,
    "FriendRequestSent": MEMBER,
    "InvitationMade": MEMBER,
    "ConventionAccepted": MEMBER,
    "TopicMade": MEMBER,
    "CheckedIn": MEMBER,
    "TodoAssigned": MEMBER,
    "TodoDone": MEMBER,
    "ApprovalStarted": MEMBER,
    "ApprovalStepDecided": MEMBER,
    "ApprovalDelegated": MEMBER,
    "HomeworkSubmitted": MEMBER,
    "HomeworkWithdrawn": MEMBER,
}
# Whose thing it is, while they are members; otherwise who runs the circle.
BY_MAKER = {
    "PostEdited": "post",
    "PostRemoved": "post",
    "CommentRemoved": "comment",
    "ScheduledMoved": "scheduled",
    "ScheduledCancelled": "scheduled",
}
# Verified teachers, or who runs the circle.
BY_TEACHERS = {
    "LiveScheduled",
    "LiveStarted",
    "LiveCancelled",
    "LiveEnded",
    "ReplayPublished",
}
# Verified teachers; outside of teaching circles also who runs the circle.
BY_TEACHERS_ALONE = {
    "HomeworkAssigned",
    "HomeworkDueMoved",
    "HomeworkCancelled",
    "HomeworkGraded",
    "HomeworkReturned",
    "HomeworkCommented",
}
# What the host reports, what people do about themselves, and what follows by itself.
BY_NO_ROLE = (
    set(NAMES)
    - set(BY_ROLE)
    - set(BY_MAKER)
    - BY_TEACHERS
    - BY_TEACHERS_ALONE
    - {"MustSeeSent"}
)


@define
class Rights:
    """
    Who is who in every circle, kept by going through the history by hand.
    """

    roles: dict[str, dict[str, str]] = Factory(lambda: defaultdict(dict))
    kinds: dict[str, str] = Factory(dict)
    teachers: dict[str, set[str]] = Factory(lambda: defaultdict(set))
    holders: dict[str, set[str]] = Factory(lambda: defaultdict(set))
    circle_of: dict[str, str] = Factory(dict)
    made: dict[tuple[str, int], str] = Factory(dict)

    def had(self, recorded) -> bool:
        """
        Return whether somebody had the right to what they did.
        """
        name, event = NAME_OF[type(recorded.event)], recorded.event
        circle = self.circle_of.get(recorded.stream, getattr(event, "circle", None))
        if name in BY_NO_ROLE or circle is None:
            return True
        role = self.roles[circle].get(event.by)
        if name == "MustSeeSent":
            if event.override is not None:
                return event.by in self.holders[circle]
            return role in MANAGER
        if name in BY_MAKER:
            place = recorded.stream, getattr(event, BY_MAKER[name])
            return role in MANAGER or (role in MEMBER and self.made[place] == event.by)
        if name in BY_TEACHERS | BY_TEACHERS_ALONE:
            own = name == "HomeworkCommented" and event.by == event.student
            teaching = self.kinds[circle] == "teaching" and name in BY_TEACHERS_ALONE
            runs = role in MANAGER and not teaching
            return runs or event.by in self.teachers[circle] or (own and role in MEMBER)
        return role in BY_ROLE[name]

    def take_in(self, recorded) -> None:
        """
        Let it have happened.
        """
        event, stream = recorded.event, recorded.stream
        if stream.startswith("circle/"):
            self.circle_of[stream] = subject_of(stream)
        elif hasattr(event, "circle") and not stream.startswith("reader/"):
            self.circle_of[stream] = event.circle
        if hasattr(event, "by"):
            self.made[stream, recorded.version] = event.by
        circle, name = self.circle_of.get(stream, ""), NAME_OF[type(event)]
        self._come_or_go(name, event, circle)
        self._rise_or_fall(name, event, circle)

    def _come_or_go(self, name, event, circle) -> None:
        match name:
            case "CircleFounded":
                self.kinds[circle] = event.kind
                self.roles[circle][event.by] = "owner"
            case "MemberJoined":
                self.roles[circle][event.member] = "member"
                if event.verified_role == "teacher":
                    self.teachers[circle].add(event.member)
            case "MemberLeft" | "MemberRemoved":
                del self.roles[circle][event.member]
                self.teachers[circle].discard(event.member)
                self.holders[circle].discard(event.member)

    def _rise_or_fall(self, name, event, circle) -> None:
        roles = self.roles[circle]
        match name:
            case "RoleVerified" if event.role == "teacher":
                self.teachers[circle].add(event.member)
            case "RoleVerified" | "RoleExpired":
                self.teachers[circle].discard(event.member)
            case "ManagerAppointed":
                roles[event.member] = "manager"
            case "ManagerDismissed":
                roles[event.member] = "member"
            case "OwnerChanged" | "OwnerSucceeded":
                before = [member for member, role in roles.items() if role == "owner"]
                roles |= dict.fromkeys(before, "member") | {event.owner: "owner"}
            case "OverrideGranted":
                self.holders[circle].add(event.member)
            case "OverrideRevoked":
                self.holders[circle].discard(event.member)


@given(things=scripts(least=40, most=80))
def test_everybody_had_the_right(things):
    """
    Whoever did anything had, at that place of the history, the right to it.
    """
    clock = started()
    with CircleKit("sqlite://", clock=clock) as kit:
        community = opened(kit, clock)
        community.live(things)
        _go_through(kit)


def _go_through(kit):
    rights = Rights()
    for recorded in everything(kit):
        if not recorded.stream.startswith("refused:"):
            assert rights.had(recorded), recorded
            rights.take_in(recorded)


class Rightful(CommunityMachine):
    """
    Communities with homework, whose history is gone through in the end.
    """

    rule_book = RuleBook(name="ours", homework_kinds=("community",))
    store_url = "sqlite://"

    def check_everything(self, host):
        """
        Compare everything with the model, and go through all that happened.
        """
        super().check_everything(host)
        _go_through(self.kit(host))


def test_everybody_had_the_right_in_a_community():
    """
    The same of whole communities: who set, graded or returned homework might do so.
    """
    run_state_machine_as_test(Rightful, settings=settings(stateful_step_count=20))


def test_every_event_is_somebodys():
    """
    It is said of every event whether it takes a role, and which.
    """
    by_role = [*BY_ROLE, *BY_MAKER, *BY_TEACHERS, *BY_TEACHERS_ALONE, "MustSeeSent"]
    said = [*by_role, *BY_NO_ROLE]

    assert sorted(NAMES) == sorted(said)
