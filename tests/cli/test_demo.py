"""
The demo lives the same year every time, and tells the truth about it.
"""

import json
from collections import Counter
from contextlib import closing, contextmanager

import pytest

from circlekit import CircleKit
from circlekit.cli import demo
from circlekit.events.names import NAME_OF
from circlekit.events.refusal import CommandRefused
from circlekit.store import open_store
from tests.cli.little_history import document, run, tell


@pytest.fixture(scope="module")
def lived(tmp_path_factory):
    url = f"sqlite:///{tmp_path_factory.mktemp('demo') / 'year.db'}"
    return url, document("demo", "--store", url)


@pytest.fixture
def year(lived):
    return lived[1]


@pytest.fixture
def store(lived):
    return lived[0]


def everything_in(url):
    with closing(open_store(url)) as kept:
        return list(kept.events_named(NAME_OF))


class TestTheYear:
    def test_full_of_events(self, store):
        """
        In that year something of every sort happens in a community.
        """
        happened = {type(recorded.event).__name__ for recorded in everything_in(store)}

        assert {
            *("CircleFounded", "MemberJoined", "MemberLeft", "MemberRemoved"),
            *("ManagerAppointed", "ManagerDismissed", "OwnerChanged"),
            *("GroupLinked", "GroupUnlinked", "GroupJoined", "GroupLeft"),
            *("PostPublished", "PostEdited", "PostRemoved", "PostSyncSwitched"),
            *("CommentAdded", "CommentRemoved", "PostReacted", "ReactionWithdrawn"),
            *("PostPinned", "PostUnpinned", "PostsRead"),
            *("MustSeeSent", "MustSeeAcknowledged", "OverrideGranted"),
            *("MessageSent", "MessageReacted", "AnnouncementSet"),
            *("GroupMuted", "GroupUnmuted", "PrivateChatBlocked"),
            *("PrivateChatAllowed", "PrivateChatOpened", "FriendRequestSent"),
            *("CustomerAdded", "ProfileCompleted", "CustomerTagged"),
            *("CustomerUntagged", "CustomerAssigned", "MomentPublished", "MomentShown"),
            "CommandRefused",
        } <= happened

    def test_refusals(self, store):
        """
        In that year people are told no, for reasons of every sort.
        """
        refused = Counter(
            "+".join(sorted({reason.rule for reason in recorded.event.reasons}))
            for recorded in everything_in(store)
            if isinstance(recorded.event, CommandRefused)
        )

        assert {
            "group-muted",
            "moment-day",
            "moment-month",
            "must-see-month",
            "must-see-month+must-see-spacing",
            "must-see-spacing",
            "not-a-manager",
            "private-chat-blocked",
        } <= set(refused)

    def test_twice_the_same(self, year):
        """
        Two runs tell the same year, but for the seconds they took.
        """
        again = document("demo")

        assert year | {"seconds": again["seconds"]} == again

    def test_in_time(self, year):
        """
        It takes seconds, and the number of events that it says is that of the store.
        """
        assert 0 < year["seconds"] < 60
        assert year["lived"]

    def test_counted(self, store, year):
        """
        It says how many events the store holds.
        """
        assert len(everything_in(store)) == year["events"]


class TestOnTheSameStore:
    def test_found(self, store, year):
        """
        A second run finds the year, adds nothing, and shows the same.
        """
        again = document("demo", "--store", store)

        assert year | {"lived": False, "seconds": again["seconds"]} == again

    def test_said(self, store, year):
        """
        A second run says that the year was there already.
        """
        last = run("demo", "--store", store).stdout.splitlines()[-1]

        said, _, took = last.partition(" Read in ")
        assert (
            f"{year['events']:,} events were in this store already; none was added."
            == said
        )
        assert took.endswith(" seconds.")

    def test_somebody_elses(self, tmp_path):
        """
        Made-up people are not mixed into a community that is there already.
        """
        url = f"sqlite:///{tmp_path / 'real.db'}"
        tell(url)
        before = everything_in(url)

        answer = run("demo", "--store", url)

        said = (
            "circlekit: this store holds another community; "
            "the demo wants a store of its own\n"
        )
        assert (1, "", said) == (answer.exit_code, answer.stdout, answer.stderr)
        assert before == everything_in(url)

    def test_interrupted(self, tmp_path, monkeypatch):
        """
        A demo that is interrupted leaves nothing behind, and can be run again.
        """
        url = f"sqlite:///{tmp_path / 'year.db'}"

        @contextmanager
        def stopping(_description, _total):
            def advance_to(day):
                if day == 9:
                    raise KeyboardInterrupt

            yield advance_to

        monkeypatch.setattr(demo, "progress", stopping)
        with pytest.raises(KeyboardInterrupt):
            demo.run_demo(url)

        with CircleKit(url) as kit:
            assert 0 == kit.newest_position()


class TestWhatItShows:
    def test_refusal(self, year):
        """
        One refusal is explained: every rule, what used it up, and when to try again.
        """
        refusal = year["refusal"]
        used_by = [reason.pop("used_by") for reason in refusal["reasons"]]

        assert {
            "command": "send_must_see",
            "circle": "reading-circle",
            "by": "mei",
            "at": "2020-12-31T13:30:00Z",
            "zone": "Asia/Shanghai",
            "allowed": False,
            "rules": ["must-see-month", "must-see-spacing"],
            "retry_at": "2021-01-01T12:00:00Z",
            "reasons": [
                {
                    "rule": "must-see-month",
                    "because": "4 of 4 used in this calendar month; "
                    "free again 2020-12-31 16:00 UTC",
                    "used": 4,
                    "limit": 4,
                    "window_start": "2020-11-30T16:00:00Z",
                    "window_end": "2020-12-31T16:00:00Z",
                    "retry_at": "2020-12-31T16:00:00Z",
                },
                {
                    "rule": "must-see-spacing",
                    "because": "1 of 1 used within 24 hours; "
                    "free again 2021-01-01 12:00 UTC",
                    "used": 1,
                    "limit": 1,
                    "window_start": "2020-12-30T13:30:00Z",
                    "window_end": "2020-12-31T13:30:00Z",
                    "retry_at": "2021-01-01T12:00:00Z",
                },
            ],
        } == refusal
        assert [4, 1] == list(map(len, used_by))
        assert used_by[0][-1:] == used_by[1]

    def test_audit(self, year):
        """
        The audit accounts for every attempt, and shows the one override.
        """
        audit = year["audit"]
        totals = audit["totals"]

        assert totals["attempts"] == totals["sent"] + totals["refused"]
        assert totals["refused"] == sum(totals["refused_by"].values())
        assert totals["sent"] == sum(month["sent"] for month in audit["circles"])
        assert [] == audit["violations"]
        assert [
            (
                "reading-circle",
                "2020-10-29T02:00:00Z",
                "lin",
                "The room is under water, and people would come to it.",
            )
        ] == [
            (used["circle"], used["at"], used["by"], used["reason"])
            for used in audit["overrides"]
        ]

    def test_same_as_the_commands(self, store, year):
        """
        What the demo shows is what the single reports show of its store.
        """
        ask = ("--store", store)

        assert year["feed"] == document("feed", "ines", *ask, "--limit", "10")
        assert year["timeline"] == document(
            "timeline", "reading-circle", *ask, "--limit", "10"
        )
        assert year["audit"] == document(
            "audit", "must-see", *ask, "--circle", "reading-circle"
        )

    def test_quotas(self, year):
        """
        The quotas of a circle and of a customer stand at the year's end.
        """
        assert [
            ("reading-circle", "2021-01-01T12:00:00Z", [(4, 0), (1, 0)]),
            ("agnes", "2020-12-31T16:00:00Z", [(1, 0), (4, 0), (0, 4)]),
        ] == [
            (
                quota["holder"],
                quota["next_allowed"],
                [(line["used"], line["left"]) for line in quota["lines"]],
            )
            for quota in year["quotas"]
        ]

    def test_for_people(self, store):
        """
        People read the feed, the timeline, the quotas, a refusal and the audit.
        """
        shown = run("demo", "--store", store).stdout.splitlines()

        assert [
            "Feed of ines",
            "Timeline of reading-circle",
            "Quota of reading-circle by dingtalk_2020, 2020-12-31 21:30 Asia/Shanghai",
            "Quota of agnes by wecom_2020, 2020-12-31 21:30 Asia/Shanghai",
            "May mei send another must-see in reading-circle at 2020-12-31 13:30 UTC",
            "Must-see audit of reading-circle",
        ] == [
            line.partition(" (2020")[0]
            for line in shown[:-1]
            if line and not line.startswith((" ", "Asia/"))
        ]

    def test_alone_on_stdout(self, store):
        """
        With --json, standard output holds one document and nothing else.
        """
        answer = run("demo", "--store", store, "--json")

        assert "" == answer.stderr
        assert json.loads(answer.stdout)
        assert answer.stdout.endswith("}\n")
