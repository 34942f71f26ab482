"""
What was once stored can be read for ever.

For each stored event there is one file, with every field filled, holding the
bytes that its release wrote. Files are added and never changed.
"""

from datetime import UTC, date, datetime
from pathlib import Path

import attrs
import pytest

from circlekit.budget import (
    CALENDAR_DAY,
    CALENDAR_MONTH,
    CALENDAR_WEEK,
    Budget,
    Window,
    rolling,
)
from circlekit.events.approval import (
    ApprovalClosed,
    ApprovalDelegated,
    ApprovalExpired,
    ApprovalStarted,
    ApprovalStep,
    ApprovalStepDecided,
    ApprovalWithdrawn,
    FormField,
)
from circlekit.events.attention import (
    AttentionBudgetSet,
    CircleMuted,
    PushDemoted,
    PushHeld,
    PushMade,
    QuietHoursSet,
)
from circlekit.events.circle import (
    AllStaffDesignated,
    CircleFounded,
    CircleLabelled,
    CommentAdded,
    CommentRemoved,
    GroupLinked,
    GroupTopicsSet,
    GroupUnlinked,
    IndustriesSet,
    ManagerAppointed,
    ManagerDismissed,
    MemberJoined,
    MemberLeft,
    MemberRemoved,
    MustSeeSent,
    OverrideGranted,
    OverrideRevoked,
    OwnerChanged,
    OwnerSucceeded,
    PostEdited,
    PostPinned,
    PostPublished,
    PostReacted,
    PostRemoved,
    PostSyncSwitched,
    PostUnpinned,
    ReactionWithdrawn,
)
from circlekit.events.closing import CircleArchived, CircleClosed, CircleReopened
from circlekit.events.customer import (
    CustomerAdded,
    CustomerAssigned,
    CustomerContacted,
    CustomerTagged,
    CustomerUntagged,
    FriendshipBegun,
    FriendshipEnded,
    MomentPublished,
    MomentShown,
    ProfileCompleted,
)
from circlekit.events.group import (
    AnnouncementSet,
    CircleLinked,
    CircleUnlinked,
    FriendRequestSent,
    GroupFounded,
    GroupJoined,
    GroupLeft,
    GroupMuted,
    GroupUnmuted,
    MessageReacted,
    MessageSent,
    PrivateChatAllowed,
    PrivateChatBlocked,
    PrivateChatOpened,
)
from circlekit.events.guardian import (
    GuardianDigestSent,
    GuardianDismissed,
    GuardianNamed,
)
from circlekit.events.homework import (
    HomeworkAssigned,
    HomeworkCancelled,
    HomeworkCommented,
    HomeworkDueMoved,
    HomeworkGraded,
    HomeworkReturned,
    HomeworkSubmitted,
    HomeworkWithdrawn,
    Scale,
)
from circlekit.events.identity import IdentityAttached, IdentityDetached
from circlekit.events.joining import (
    ConventionAccepted,
    InvitationDeclined,
    InvitationMade,
    InvitationRevoked,
    JoinRequested,
    PartnerAdmitted,
    PartnershipEnded,
    RequestApproved,
    RequestDeclined,
    RequestWithdrawn,
)
from circlekit.events.live import (
    LiveCancelled,
    LiveEnded,
    LiveJoined,
    LiveLeft,
    LiveLiked,
    LiveScheduled,
    LiveStarted,
    ReplayPublished,
)
from circlekit.events.mass_send import (
    MassSendCancelled,
    MassSendConfirmed,
    MassSendCreated,
    MassSendDelivered,
    MassSendReminded,
    MassSendSkipped,
    Share,
)
from circlekit.events.names import NAME_OF, NAMES
from circlekit.events.organisation import (
    CircleAttached,
    OrganisationRegistered,
    StaffJoined,
    StaffLeft,
)
from circlekit.events.pace import (
    AnnouncementsOnlyLifted,
    AnnouncementsOnlySet,
    SlowModeLifted,
    SlowModeSet,
)
from circlekit.events.reader import (
    MinorAttested,
    MustSeeAcknowledged,
    MustSeeReminded,
    PostsRead,
)
from circlekit.events.redirection import ThreadReceived, ThreadRedirected
from circlekit.events.refusal import CommandRefused
from circlekit.events.relay import (
    CommentDigestSent,
    CommentRelayChosen,
    CommentRelaySet,
    OrganisationRelaySet,
)
from circlekit.events.roles import RoleExpired, RoleVerified
from circlekit.events.rules import RuleBookAdopted
from circlekit.events.schedule import (
    MustSeeScheduled,
    PostScheduled,
    ScheduledCancelled,
    ScheduledDropped,
    ScheduledMoved,
    ScheduledReleased,
)
from circlekit.events.todo import (
    TodoAssigned,
    TodoCancelled,
    TodoDone,
    TodoDueMoved,
    TodoReassigned,
    TodoReopened,
)
from circlekit.events.topic import (
    CheckedIn,
    CheckInRemoved,
    TopicClosed,
    TopicMade,
    TopicNameFreed,
    TopicNameTaken,
    TopicRenamed,
    TopicReopened,
)
from circlekit.rulebook import MUST_SEE_REMINDERS, HouseRule, RuleBook
from circlekit.store.mapper import decode, encode
from circlekit.verdict import Reason

FOLDER = Path(__file__).parent
AT = datetime(2020, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC)
LATER = datetime(2020, 3, 8, 12, tzinfo=UTC)
LATEST = datetime(2020, 3, 9, 12, tzinfo=UTC)
EARLIER = datetime(2020, 2, 29, 12, tzinfo=UTC)

COMPLETE = [
    CircleFounded(
        name="读书会",
        kind="internal",
        zone="Asia/Shanghai",
        organisation="acme",
        by="mei",
        at=AT,
    ),
    RuleBookAdopted(
        book=RuleBook(
            name="house",
            must_see=(
                Budget("must-see-month", 6, Window("rolling", 2_592_000)),
                Budget("must-see-spacing", 1, rolling(hours=12)),
            ),
            pins=3,
            group_capacity=200,
            comment_relay="off",
            strict_private_chat=True,
            member_moments=(Budget("moment-day", 2, CALENDAR_DAY),),
            enterprise_moments=(Budget("moment-month", 8, CALENDAR_MONTH),),
            moments_share_budgets=True,
            all_staff_capacity=5_000,
            community_joining="application",
            convention="2020-03",
            newcomers_see="newest",
            newcomers_see_number=20,
            house=(
                HouseRule("quiet-hours", {"from_hour": 22, "to_hour": 8}),
                HouseRule("new-members-wait", {}),
            ),
            comment_digest_seconds=900,
            comment_relay_choice=True,
            homework_kinds=("business", "teaching"),
            must_see_reminders=(Budget("must-see-reminder-day", 2, CALENDAR_DAY),),
            live_kinds=("teaching", "community"),
            minor_live_minutes=40,
            make_up_days=7,
            make_ups_a_month=2,
            member_mass_sends=(
                Budget("mass-send-month", 1, CALENDAR_MONTH, per_day=True),
            ),
            enterprise_mass_sends=(Budget("mass-send-week", 7, CALENDAR_WEEK),),
            mass_sends_share_budgets=True,
            mass_sends_by_member=True,
            mass_send_reminders=(Budget("mass-send-reminder", 2, rolling(hours=6)),),
            mass_send_customers=500,
            mass_send_groups=20,
        ),
        by="mei",
        at=AT,
    ),
    GroupLinked(group="readers", bound=True, by="mei", at=AT),
    GroupUnlinked(group="readers", by="mei", at=AT),
    MemberJoined(
        member="lin",
        staff_of="acme",
        invited_by="mei",
        verified_role="teacher",
        channel="qr",
        source="门口",
        invitation=5,
        at=AT,
    ),
    MemberLeft(member="lin", at=AT),
    MemberRemoved(member="lin", by="mei", at=AT),
    ManagerAppointed(member="lin", by="mei", at=AT),
    ManagerDismissed(member="lin", by="mei", at=AT),
    OwnerChanged(owner="lin", by="mei", at=AT),
    PostSyncSwitched(on=False, by="mei", at=AT),
    PostPublished(
        text='星期天见 👍\n"See you"',
        images=("a.png", "b.png"),
        videos=("c.mp4",),
        topic="Meetings",
        synced=False,
        groups=("readers", "more"),
        by="lin",
        at=AT,
    ),
    PostEdited(
        post=8, text="Monday", images=("a.png",), videos=("c.mp4",), by="lin", at=AT
    ),
    PostRemoved(post=8, by="lin", at=AT),
    CommentAdded(post=8, text="Yes", reply_to=9, by="wei", at=AT),
    CommentRemoved(comment=10, post=8, by="wei", at=AT),
    PostReacted(post=8, emoji="👍", by="wei", at=AT),
    ReactionWithdrawn(post=8, emoji="👍", by="wei", at=AT),
    PostPinned(post=8, by="mei", at=AT),
    PostUnpinned(post=8, by="mei", at=AT),
    MustSeeSent(post=8, override="flood warning", by="mei", at=AT),
    OverrideGranted(member="lin", by="mei", at=AT),
    OverrideRevoked(member="lin", by="mei", at=AT),
    GroupFounded(name="Readers", by="mei", at=AT),
    CircleLinked(circle="book-club", by="mei", at=AT),
    CircleUnlinked(circle="book-club", by="mei", at=AT),
    GroupJoined(member="lin", at=AT),
    GroupLeft(member="lin", by="mei", at=AT),
    MessageSent(
        text="Hello",
        images=("a.png",),
        videos=("c.mp4",),
        reply_to=7,
        by="lin",
        at=AT,
    ),
    MessageReacted(message=7, emoji="👍", by="lin", at=AT),
    AnnouncementSet(text="Welcome", by="mei", at=AT),
    GroupMuted(reason="exam week", until=LATER, by="mei", at=AT),
    GroupUnmuted(by="mei", at=AT),
    PrivateChatBlocked(by="mei", at=AT),
    PrivateChatAllowed(by="mei", at=AT),
    PrivateChatOpened(to="wei", by="lin", at=AT),
    FriendRequestSent(to="wei", by="lin", at=AT),
    CustomerAdded(
        channel="qr", organisation="acme", zone="Asia/Shanghai", by="mei", at=AT
    ),
    ProfileCompleted(by="mei", at=AT),
    CustomerTagged(tag="vip", by="mei", at=AT),
    CustomerUntagged(tag="vip", by="mei", at=AT),
    CustomerAssigned(owner="lin", by="mei", at=AT),
    MomentShown(moment="spring", source="enterprise", by="mei", at=AT),
    MomentPublished(
        source="member", text="Spring sale", images=("a.png",), by="mei", at=AT
    ),
    PostsRead(circle="book-club", posts=(8, 11), at=AT),
    MustSeeAcknowledged(circle="book-club", post=8, at=AT),
    HomeworkAssigned(
        circle="school",
        title="作文",
        text="My village",
        attachments=("sheet.pdf",),
        to=("tao", "wei"),
        role="student",
        scale=Scale("points", most=20),
        due_at=LATER,
        late_until=LATEST,
        by="lin",
        at=AT,
    ),
    HomeworkDueMoved(due_at=LATER, late_until=LATEST, by="lin", at=AT),
    HomeworkCancelled(reason="snow", by="lin", at=AT),
    HomeworkSubmitted(
        text="My village is small.",
        images=("a.png",),
        attachments=("b.odt",),
        by="tao",
        at=AT,
    ),
    HomeworkWithdrawn(by="tao", at=AT),
    HomeworkGraded(
        student="tao",
        submission=2,
        mark=17,
        comment="Well told",
        grader="word-count",
        by="lin",
        at=AT,
    ),
    HomeworkReturned(
        student="tao", submission=2, comment="Go on", until=LATER, by="lin", at=AT
    ),
    HomeworkCommented(student="tao", text="Which river?", by="lin", at=AT),
    GuardianNamed(guardian="ana", zone="Asia/Shanghai", by="mei", at=AT),
    GuardianDismissed(guardian="ana", by="mei", at=AT),
    GuardianDigestSent(
        guardian="ana",
        day="2020-03-01",
        since=EARLIER,
        until=AT,
        assigned=1,
        submitted=2,
        late=3,
        graded=4,
        returned=5,
        missing=6,
        must_sees=7,
        live_minutes=8,
        by="worker",
        at=AT,
    ),
    CustomerContacted(by="lin", at=AT),
    FriendshipBegun(member="lin", by="wecom", at=AT),
    FriendshipEnded(member="lin", by="wecom", at=AT),
    MassSendCreated(
        source="enterprise",
        text="春茶到了 · Tea",
        images=("tea.png",),
        shares=(
            Share(sender="lin", customers=("an", "bo"), groups=("readers",)),
            Share(sender="tao", customers=("cai",)),
        ),
        by="mei",
        at=AT,
    ),
    MassSendConfirmed(by="lin", at=AT),
    MassSendSkipped(
        customer="an",
        group="readers",
        reasons=(
            Reason(
                rule="mass-send-month",
                because="4 of 4 used in this calendar month",
                used=4,
                limit=4,
                window_start=AT,
                window_end=LATER,
                used_by=(3, 4, 5, 6),
                retry_at=LATER,
            ),
        ),
        by="lin",
        at=AT,
    ),
    MassSendReminded(senders=("tao",), by="mei", at=AT),
    MassSendCancelled(reason="卖完了", by="mei", at=AT),
    MassSendDelivered(mass_send="tea", source="enterprise", by="lin", at=AT),
    MustSeeReminded(circle="book-club", post=8, by="mei", at=AT),
    TodoAssigned(
        circle="book-club",
        title="Bring chairs",
        to=("lin", "wei"),
        due_at=LATER,
        by="mei",
        at=AT,
    ),
    TodoDone(by="lin", at=AT),
    TodoReopened(member="lin", by="mei", at=AT),
    TodoReassigned(member="lin", to="tao", by="mei", at=AT),
    TodoDueMoved(due_at=LATER, by="mei", at=AT),
    TodoCancelled(by="mei", at=AT),
    ApprovalStarted(
        circle="book-club",
        title="Lease",
        form=(
            FormField("Rent", "number"),
            FormField("Floor", "choice", choices=("ground", "first"), required=False),
        ),
        answers={"Rent": 1200.5, "Floor": "first"},
        steps=(ApprovalStep("lin", "acme"), ApprovalStep("wei", "bolt")),
        parallel=True,
        due_at=LATER,
        by="mei",
        at=AT,
    ),
    ApprovalStepDecided(step=1, approved=True, comment="Gladly", by="wei", at=AT),
    ApprovalDelegated(step=1, to="tao", by="wei", at=AT),
    ApprovalWithdrawn(by="mei", at=AT),
    ApprovalExpired(at=AT),
    ApprovalClosed(outcome="expired", at=AT),
    MinorAttested(until=LATER, zone="Asia/Shanghai", at=AT),
    LiveScheduled(
        circle="school",
        groups=("class-1", "class-2"),
        title="分数 · Fractions",
        starts_at=LATER,
        by="lin",
        at=AT,
    ),
    LiveStarted(by="lin", at=AT),
    LiveCancelled(reason="no power", by="lin", at=AT),
    LiveJoined(member="wei", group="class-1", until=LATER, at=AT),
    LiveLeft(member="wei", at=AT),
    LiveLiked(member="wei", times=3, at=AT),
    LiveEnded(by="lin", at=AT),
    ReplayPublished(reference="fractions.mp4", by="lin", at=AT),
    CommandRefused(
        command="send_must_see",
        reasons=(
            Reason(
                rule="must-see-spacing",
                because="1 of 1 used within 24 hours",
                used=1,
                limit=1,
                window_start=datetime(2020, 2, 29, 12, tzinfo=UTC),
                window_end=AT,
                used_by=(9,),
                retry_at=LATER,
            ),
        ),
        by="mei",
        at=AT,
    ),
    GroupTopicsSet(group="readers", topics=("Meetings", "读书"), by="mei", at=AT),
    SlowModeSet(seconds=30, reason="exam week", until=LATER, by="mei", at=AT),
    SlowModeLifted(by="mei", at=AT),
    AnnouncementsOnlySet(
        reason="exam week", until=LATER, open_thread=7, by="mei", at=AT
    ),
    AnnouncementsOnlyLifted(by="mei", at=AT),
    ThreadRedirected(messages=(7, 9), to="more", reason="off topic", by="mei", at=AT),
    ThreadReceived(group="readers", messages=(7, 9), by="mei", at=AT),
    CommentRelaySet(relay="digest", by="mei", at=AT),
    OrganisationRelaySet(relay="digest", by="hr", at=AT),
    CommentRelayChosen(relay="off", circle="book-club", at=AT),
    CommentDigestSent(circle="book-club", post=8, comments=(9, 10), seconds=600, at=AT),
    CircleClosed(reason="放假", by="mei", at=AT),
    CircleReopened(by="mei", at=AT),
    CircleArchived(reason="毕业", by="mei", at=AT),
    TopicMade(
        circle="book-club",
        name="跑步",
        kind="sport",
        zone="Asia/Shanghai",
        by="lin",
        at=AT,
    ),
    TopicRenamed(name="Running", by="lin", at=AT),
    TopicClosed(by="lin", at=AT),
    TopicReopened(by="lin", at=AT),
    CheckedIn(
        day=date(2020, 2, 29),
        counted=False,
        used_by=(2,),
        made_up=True,
        post=8,
        value=5000,
        place="West gate",
        by="lin",
        at=AT,
    ),
    CheckInRemoved(check_in=3, member="lin", day=date(2020, 2, 29), by="mei", at=AT),
    TopicNameTaken(topic="running", name="跑步", by="lin", at=AT),
    TopicNameFreed(topic="running", by="lin", at=AT),
    IdentityAttached(
        member="lin",
        system="wechat",
        external_id="o-123",
        attested="oauth",
        by="desk",
        at=AT,
    ),
    IdentityDetached(member="lin", by="desk", at=AT),
    PostScheduled(
        release_at=LATER,
        text="Next week",
        images=("a.png",),
        videos=("c.mp4",),
        topic="Meetings",
        sync=False,
        groups=("readers",),
        by="lin",
        at=AT,
    ),
    MustSeeScheduled(
        release_at=LATER,
        text="Next week",
        images=("a.png",),
        videos=("c.mp4",),
        topic="Meetings",
        groups=("readers",),
        by="mei",
        at=AT,
    ),
    ScheduledMoved(scheduled=12, release_at=LATER, by="mei", at=AT),
    ScheduledCancelled(scheduled=12, by="mei", at=AT),
    ScheduledReleased(scheduled=12, post=15, at=AT),
    ScheduledDropped(scheduled=12, rules=("not-a-manager",), at=AT),
    CircleLabelled(context="work", by="mei", at=AT),
    IndustriesSet(industries=("Tea", "零售"), by="mei", at=AT),
    QuietHoursSet(
        context="work",
        starts="22:00",
        ends="07:00",
        zone="Asia/Shanghai",
        consumer_too=False,
        at=AT,
    ),
    AttentionBudgetSet(context="consumer", pushes=3, zone="Asia/Shanghai", at=AT),
    CircleMuted(circle="book-club", on=True, at=AT),
    PushMade(
        circle="book-club",
        post=8,
        context="consumer",
        emergency="flood warning",
        by="mei",
        at=AT,
    ),
    PushHeld(circle="book-club", post=8, context="work", until=LATER, by="mei", at=AT),
    PushDemoted(
        circle="book-club",
        post=8,
        context="work",
        reasons=(
            Reason(
                rule="attention-budget",
                because="3 of 3 used in this calendar day",
                used=3,
                limit=3,
                window_start=AT,
                window_end=LATER,
                used_by=(4, 5, 6),
                retry_at=LATER,
            ),
        ),
        by="mei",
        at=AT,
    ),
    OwnerSucceeded(owner="lin", reason="离职", by="hr", at=AT),
    AllStaffDesignated(by="mei", at=AT),
    RoleVerified(
        member="lin", role="teacher", until=LATER, since=EARLIER, by="hr", at=AT
    ),
    RoleExpired(member="lin", role="teacher", by="hr", at=AT),
    OrganisationRegistered(
        name="学校", zone="Asia/Shanghai", all_staff="all", by="mei", at=AT
    ),
    CircleAttached(circle="book-club", kind="internal", by="mei", at=AT),
    StaffJoined(member="lin", by="hr", at=AT),
    StaffLeft(member="lin", by="hr", at=AT),
    JoinRequested(
        member="lin",
        staff_of="acme",
        verified_role="parent",
        channel="splash",
        source="门口",
        at=AT,
    ),
    RequestWithdrawn(member="lin", at=AT),
    RequestApproved(member="lin", by="mei", at=AT),
    RequestDeclined(member="lin", by="mei", at=AT),
    InvitationMade(
        channel="link", source="门口", member="lin", until=LATER, by="mei", at=AT
    ),
    InvitationDeclined(invitation=5, by="lin", at=AT),
    InvitationRevoked(invitation=5, by="mei", at=AT),
    ConventionAccepted(version="2020-03", by="lin", at=AT),
    PartnerAdmitted(organisation="acme", by="mei", at=AT),
    PartnershipEnded(organisation="acme", by="mei", at=AT),
]

# The same with nothing in them but what they must have: what an older release may
# have written, before the other fields came to be.
MINIMAL = [
    (
        (
            b'{"name":"Book club","kind":"community","zone":"UTC","by":"mei",'
            b'"at":"2020-03-01T12:00:00Z"}'
        ),
        CircleFounded(
            name="Book club",
            kind="community",
            zone="UTC",
            organisation=None,
            by="mei",
            at=AT.replace(microsecond=0),
        ),
    ),
    (
        b'{"book":{"name":"house"},"by":"mei","at":"2020-03-01T12:00:00.25Z"}',
        RuleBookAdopted(
            book=RuleBook(
                name="house",
                must_see=(),
                pins=10,
                group_capacity=None,
                comment_relay="all",
                strict_private_chat=False,
                member_moments=(),
                enterprise_moments=(),
                moments_share_budgets=False,
                house=(),
                comment_digest_seconds=600,
                comment_relay_choice=False,
                homework_kinds=("teaching",),
                must_see_reminders=MUST_SEE_REMINDERS,
                live_kinds=("teaching",),
                minor_live_minutes=None,
                make_up_days=0,
                make_ups_a_month=0,
                member_mass_sends=(),
                enterprise_mass_sends=(),
                mass_sends_share_budgets=False,
                mass_sends_by_member=False,
                mass_send_reminders=(),
                mass_send_customers=10_000,
                mass_send_groups=2_000,
            ),
            by="mei",
            at=AT,
        ),
    ),
    (
        b'{"seconds":30,"reason":"ads","by":"mei","at":"2020-03-01T12:00:00.25Z"}',
        SlowModeSet(seconds=30, reason="ads", until=None, by="mei", at=AT),
    ),
    (
        b'{"reason":"ads","by":"mei","at":"2020-03-01T12:00:00.25Z"}',
        AnnouncementsOnlySet(
            reason="ads", until=None, open_thread=None, by="mei", at=AT
        ),
    ),
    (
        b'{"relay":"off","at":"2020-03-01T12:00:00.25Z"}',
        CommentRelayChosen(relay="off", circle=None, at=AT),
    ),
    (
        b'{"group":"readers","by":"mei","at":"2020-03-01T12:00:00.25Z"}',
        GroupLinked(group="readers", bound=False, by="mei", at=AT),
    ),
    (
        b'{"member":"lin","at":"2020-03-01T12:00:00.25Z"}',
        MemberJoined(
            member="lin", staff_of=None, invited_by=None, verified_role=None, at=AT
        ),
    ),
    (
        b'{"text":"Hello","by":"lin","at":"2020-03-01T12:00:00.25Z"}',
        PostPublished(
            text="Hello",
            images=(),
            videos=(),
            topic=None,
            synced=True,
            groups=None,
            by="lin",
            at=AT,
        ),
    ),
    (
        b'{"post":8,"text":"New","by":"lin","at":"2020-03-01T12:00:00.25Z"}',
        PostEdited(post=8, text="New", images=(), videos=(), by="lin", at=AT),
    ),
    (
        b'{"post":8,"text":"Yes","by":"wei","at":"2020-03-01T12:00:00.25Z"}',
        CommentAdded(post=8, text="Yes", reply_to=None, by="wei", at=AT),
    ),
    (
        b'{"post":8,"by":"mei","at":"2020-03-01T12:00:00.25Z"}',
        MustSeeSent(post=8, override=None, by="mei", at=AT),
    ),
    (
        b'{"text":"Hello","by":"lin","at":"2020-03-01T12:00:00.25Z"}',
        MessageSent(text="Hello", images=(), videos=(), reply_to=None, by="lin", at=AT),
    ),
    (
        b'{"by":"mei","at":"2020-03-01T12:00:00.25Z"}',
        GroupMuted(reason=None, until=None, by="mei", at=AT),
    ),
    (
        b'{"channel":"qr","zone":"UTC","by":"mei","at":"2020-03-01T12:00:00.25Z"}',
        CustomerAdded(channel="qr", organisation=None, zone="UTC", by="mei", at=AT),
    ),
    (
        b'{"source":"member","text":"Sale","by":"mei","at":"2020-03-01T12:00:00.25Z"}',
        MomentPublished(source="member", text="Sale", images=(), by="mei", at=AT),
    ),
    (
        (
            b'{"circle":"school","title":"Essay","scale":{"kind":"passed"},'
            b'"due_at":"2020-03-08T12:00:00Z","by":"lin",'
            b'"at":"2020-03-01T12:00:00.25Z"}'
        ),
        HomeworkAssigned(
            circle="school",
            title="Essay",
            text="",
            attachments=(),
            to=(),
            role=None,
            scale=Scale("passed", most=None, letters=()),
            due_at=LATER,
            late_until=None,
            by="lin",
            at=AT,
        ),
    ),
    (
        (
            b'{"circle":"book-club","title":"Bring chairs","to":["lin"],"by":"mei",'
            b'"at":"2020-03-01T12:00:00.25Z"}'
        ),
        TodoAssigned(
            circle="book-club",
            title="Bring chairs",
            to=("lin",),
            due_at=None,
            by="mei",
            at=AT,
        ),
    ),
    (
        (
            b'{"circle":"book-club","title":"Lease","steps":[{"approver":"lin",'
            b'"organisation":"acme"}],"by":"mei","at":"2020-03-01T12:00:00.25Z"}'
        ),
        ApprovalStarted(
            circle="book-club",
            title="Lease",
            form=(),
            answers={},
            steps=(ApprovalStep("lin", "acme"),),
            parallel=False,
            due_at=None,
            by="mei",
            at=AT,
        ),
    ),
    (
        b'{"step":0,"approved":false,"by":"lin","at":"2020-03-01T12:00:00.25Z"}',
        ApprovalStepDecided(step=0, approved=False, comment=None, by="lin", at=AT),
    ),
    (
        (
            b'{"circle":"school","groups":["class-1"],"title":"Sums","by":"lin",'
            b'"at":"2020-03-01T12:00:00.25Z"}'
        ),
        LiveScheduled(
            circle="school",
            groups=("class-1",),
            title="Sums",
            starts_at=None,
            by="lin",
            at=AT,
        ),
    ),
    (
        (
            b'{"due_at":"2020-03-08T12:00:00Z","by":"lin",'
            b'"at":"2020-03-01T12:00:00.25Z"}'
        ),
        HomeworkDueMoved(due_at=LATER, late_until=None, by="lin", at=AT),
    ),
    (
        b'{"by":"lin","at":"2020-03-01T12:00:00.25Z"}',
        HomeworkCancelled(reason=None, by="lin", at=AT),
    ),
    (
        b'{"by":"tao","at":"2020-03-01T12:00:00.25Z"}',
        HomeworkSubmitted(text="", images=(), attachments=(), by="tao", at=AT),
    ),
    (
        (
            b'{"student":"tao","submission":2,"mark":true,"by":"lin",'
            b'"at":"2020-03-01T12:00:00.25Z"}'
        ),
        HomeworkGraded(
            student="tao",
            submission=2,
            mark=True,
            comment=None,
            grader=None,
            by="lin",
            at=AT,
        ),
    ),
    (
        (
            b'{"source":"member","text":"Tea","shares":[{"sender":"lin"}],"by":"lin",'
            b'"at":"2020-03-01T12:00:00.25Z"}'
        ),
        MassSendCreated(
            source="member",
            text="Tea",
            images=(),
            shares=(Share(sender="lin", customers=(), groups=()),),
            by="lin",
            at=AT,
        ),
    ),
    (
        (b'{"student":"tao","submission":2,"by":"lin","at":"2020-03-01T12:00:00.25Z"}'),
        HomeworkReturned(
            student="tao", submission=2, comment=None, until=None, by="lin", at=AT
        ),
    ),
    (
        (
            b'{"guardian":"ana","day":"2020-03-01","since":"2020-02-29T12:00:00Z",'
            b'"until":"2020-03-01T12:00:00.25Z","by":"worker",'
            b'"at":"2020-03-01T12:00:00.25Z"}'
        ),
        GuardianDigestSent(
            guardian="ana",
            day="2020-03-01",
            since=EARLIER,
            until=AT,
            assigned=0,
            submitted=0,
            late=0,
            graded=0,
            returned=0,
            missing=0,
            must_sees=0,
            live_minutes=0,
            by="worker",
            at=AT,
        ),
    ),
    (
        b'{"reasons":[],"by":"lin","at":"2020-03-01T12:00:00.25Z"}',
        MassSendSkipped(customer=None, group=None, reasons=(), by="lin", at=AT),
    ),
    (
        b'{"by":"lin","at":"2020-03-01T12:00:00.25Z"}',
        LiveCancelled(reason=None, by="lin", at=AT),
    ),
    (
        b'{"by":"mei","at":"2020-03-01T12:00:00.25Z"}',
        MassSendCancelled(reason=None, by="mei", at=AT),
    ),
    (
        b'{"by":"wecom","at":"2020-03-01T12:00:00.25Z"}',
        FriendshipEnded(member=None, by="wecom", at=AT),
    ),
    (
        b'{"member":"wei","group":"class-1","at":"2020-03-01T12:00:00.25Z"}',
        LiveJoined(member="wei", group="class-1", until=None, at=AT),
    ),
    (
        b'{"member":"wei","at":"2020-03-01T12:00:00.25Z"}',
        LiveLiked(member="wei", times=1, at=AT),
    ),
    (
        (
            b'{"command":"leave_circle","reasons":[{"rule":"owner-stays","because":"no"}],'
            b'"by":"mei","at":"2020-03-01T12:00:00.25Z"}'
        ),
        CommandRefused(
            command="leave_circle",
            reasons=(
                Reason(
                    rule="owner-stays",
                    because="no",
                    used=None,
                    limit=None,
                    window_start=None,
                    window_end=None,
                    used_by=(),
                    retry_at=None,
                ),
            ),
            by="mei",
            at=AT,
        ),
    ),
    (
        b'{"day":"2020-03-01","by":"lin","at":"2020-03-01T12:00:00.25Z"}',
        CheckedIn(
            day=date(2020, 3, 1),
            counted=True,
            used_by=(),
            made_up=False,
            post=None,
            value=None,
            place=None,
            by="lin",
            at=AT,
        ),
    ),
    (
        b'{"member":"lin","at":"2020-03-01T12:00:00.25Z"}',
        JoinRequested(
            member="lin",
            staff_of=None,
            verified_role=None,
            channel=None,
            source=None,
            at=AT,
        ),
    ),
    (
        (
            b'{"release_at":"2020-03-08T12:00:00Z","text":"Hello","by":"lin",'
            b'"at":"2020-03-01T12:00:00.25Z"}'
        ),
        PostScheduled(
            release_at=LATER,
            text="Hello",
            images=(),
            videos=(),
            topic=None,
            sync=None,
            groups=None,
            by="lin",
            at=AT,
        ),
    ),
    (
        b'{"by":"mei","at":"2020-03-01T12:00:00.25Z"}',
        InvitationMade(
            channel=None, source=None, member=None, until=None, by="mei", at=AT
        ),
    ),
    (
        (
            b'{"release_at":"2020-03-08T12:00:00Z","text":"Hello","by":"mei",'
            b'"at":"2020-03-01T12:00:00.25Z"}'
        ),
        MustSeeScheduled(
            release_at=LATER,
            text="Hello",
            images=(),
            videos=(),
            topic=None,
            groups=None,
            by="mei",
            at=AT,
        ),
    ),
    (
        b'{"context":"minor","at":"2020-03-01T12:00:00.25Z"}',
        QuietHoursSet(
            context="minor", starts=None, ends=None, zone=None, consumer_too=True, at=AT
        ),
    ),
    (
        b'{"context":"work","at":"2020-03-01T12:00:00.25Z"}',
        AttentionBudgetSet(context="work", pushes=None, zone=None, at=AT),
    ),
    (
        (
            b'{"circle":"book-club","post":8,"context":"work","by":"mei",'
            b'"at":"2020-03-01T12:00:00.25Z"}'
        ),
        PushMade(
            circle="book-club",
            post=8,
            context="work",
            emergency=None,
            by="mei",
            at=AT,
        ),
    ),
    (
        b'{"member":"lin","role":"parent","by":"hr","at":"2020-03-01T12:00:00.25Z"}',
        RoleVerified(member="lin", role="parent", until=None, by="hr", at=AT),
    ),
]


def name_of(value):
    return NAME_OF.get(type(value), "")


def stored(name):
    path = FOLDER / f"{name}.json"
    assert path.exists(), (
        f"{name} has no golden file. Write one event of it, with every field filled "
        f"with something other than its default, to COMPLETE in {Path(__file__).name}; "
        f"write down by hand the JSON that it must be stored as, in one line, in "
        f"{path}; and never change that file once a release has stored such events."
    )
    return path.read_bytes().removesuffix(b"\n")


@pytest.mark.parametrize("name", NAMES)
def test_every_stored_event_has_a_file(name):
    """
    Nothing is stored of which it was not written down how it is stored.
    """
    assert b"{" == stored(name)[:1]
    assert name in {name_of(event) for event in COMPLETE}


def test_no_file_without_an_event():
    """
    An event that was once stored is still known by its name.
    """
    files = sorted(path.stem for path in FOLDER.glob("*.json"))

    assert sorted(NAMES) == files
    assert sorted(NAMES) == sorted(name_of(event) for event in COMPLETE)


@pytest.mark.parametrize("event", COMPLETE, ids=name_of)
def test_reading(event):
    """
    What was stored is read as the event that it was.
    """
    name = name_of(event)

    assert event == decode("circle/book-club", 1, name, stored(name))


@pytest.mark.parametrize("event", COMPLETE, ids=name_of)
def test_writing(event):
    """
    The same event is stored as the same bytes today.
    """
    assert stored(name_of(event)) == encode(event)


@pytest.mark.parametrize("event", COMPLETE, ids=name_of)
def test_every_field_is_filled(event):
    """
    Each file shows every field, none of them at its default.
    """
    unfilled = [
        field.name
        for field in attrs.fields(type(event))
        if getattr(event, field.name) == field.default
    ]

    assert [] == unfilled


@pytest.mark.parametrize(
    ("body", "event"), MINIMAL, ids=[name_of(event) for _, event in MINIMAL]
)
def test_reading_the_least(body, event):
    """
    What holds only the fields it must have is read with the others at their defaults.
    """
    assert event == decode("circle/book-club", 1, name_of(event), body)


def test_the_least_of_every_event_with_defaults():
    """
    Every event with a field that may be missing is read without it somewhere above.
    """
    with_defaults = {
        name
        for name, kind in NAMES.items()
        if any(field.default is not attrs.NOTHING for field in attrs.fields(kind))
    }

    assert with_defaults <= {name_of(event) for _, event in MINIMAL}
