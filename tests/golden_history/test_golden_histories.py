"""
What was once read from a history is read from it by every later release.
"""

import json
import os
import sqlite3
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from typing import ClassVar

import pytest
from attrs import frozen

from circlekit import CircleKit, ManualClock, RuleBook, golden
from circlekit.cli import history
from circlekit.errors import (
    CorruptEventError,
    GoldenHistoryError,
    InvalidInputError,
    NotFoundError,
    StoreError,
)
from circlekit.events.circle import CommentAdded, PostPinned
from circlekit.golden import Difference
from circlekit.policies.house import no
from circlekit.projections.group_timeline import GroupTimeline
from circlekit.projections.member_feed import MemberFeed
from circlekit.store import READ_MODELS, mapper
from circlekit.verdict import ALLOWED
from tests.cli.little_history import run
from tests.golden_history.story import FILE, MORNING, tell, told

SAVED_BY = version("circlekit")
NOON = datetime(2026, 3, 8, 12, tzinfo=UTC)
PIN_IS_GONE = Difference("feed of mei, club/4, pinned", expected=True, actual=False)
QUOTA = "quota of circle/club"
MONTH_STARTS = "2026-02-28T16:00:00Z"
MONTH_ENDS = "2026-03-31T16:00:00Z"


@contextmanager
def small_kit(url="sqlite://", **kwargs):
    clock = ManualClock(NOON)
    with CircleKit(url, clock=clock, **kwargs) as kit:
        kit.found_circle(name="Club", kind="community", by="mei", circle="club")
        post = kit.publish_post("club", by="mei", text="Hello")
        kit.pin_post(post, by="mei")
        kit.add_comment(post, by="mei", text="It is me.")
        clock.forward(hours=1)
        kit.send_must_see("club", by="mei", text="Now!\u202e")
        yield kit


@pytest.fixture
def small():
    with small_kit() as kit:
        return golden.saved(kit)


def unfit(monkeypatch, model, kind):
    # A release whose read model no longer takes a kind of event in.
    apply = model.apply

    def forgetful(self, rows, recorded):
        if not isinstance(recorded.event, kind):
            apply(self, rows, recorded)

    monkeypatch.setattr(model, "apply", forgetful)


def resealed(document, **changed):
    altered = {**document, **changed}
    rest = {key: value for key, value in altered.items() if key != "digest"}
    return {**rest, "digest": golden._digest(rest)}


# The file of this release


def test_the_kept_history_is_read_to_the_same_answers():
    """
    What 0.1 read from its history, today's code reads from it.
    """
    assert [] == golden.check(golden.read(FILE))


def test_the_kept_history_holds_something_of_everything():
    """
    The file has feeds, timelines, quotas and an audit that are worth comparing.
    """
    document = golden.read(FILE)
    answers = document["answers"]

    assert {
        "feeds": ["ana", "lin", "mei", "tao"],
        "timelines": ["choir", "evenings", "readers"],
        "quotas": ["circle/choir", "circle/readers", "customer/hana", "customer/hugo"],
    } == {kind: list(answers[kind]) for kind in ("feeds", "timelines", "quotas")}
    assert (7, 4, 3, 1) == (
        *(answers["must_see_audit"][key] for key in ("attempts", "sent", "refused")),
        len(answers["must_see_audit"]["overrides"]),
    )
    assert FILE.stat().st_size < 60_000


def test_the_same_story_told_today_is_read_to_what_it_says():
    """
    A history that is saved and checked by the same code has no difference.
    """
    assert [] == golden.check(told())


# What is saved


def test_a_saved_history_has_the_events_and_the_answers(small):
    """
    The document says what was recorded, in order, and what was read from it.
    """
    assert [
        (1, "circle/club", 1, "CircleFounded"),
        (2, "circle/club", 2, "RuleBookAdopted"),
        (3, "circle/club", 3, "GroupLinked"),
        (4, "group/club", 1, "GroupFounded"),
        (5, "group/club", 2, "CircleLinked"),
        (6, "group/club", 3, "GroupJoined"),
        (7, "circle/club", 4, "PostPublished"),
        (8, "circle/club", 5, "PostPinned"),
        (9, "circle/club", 6, "CommentAdded"),
        (10, "circle/club", 7, "PostPublished"),
        (11, "circle/club", 8, "MustSeeSent"),
    ] == [
        (event["position"], event["stream"], event["version"], event["name"])
        for event in small["events"]
    ]
    assert {
        "at": "2026-03-08T13:00:00Z",
        "by": "mei",
        "override": None,
        "post": 7,
    } == small["events"][-1]["body"]
    must_see = {"by": "mei", "images": [], "videos": [], "message": None}
    assert {
        "at": "2026-03-08T13:00:00Z",
        "feeds": {
            "mei": [
                {
                    "post": "club/7",
                    "pinned": False,
                    "must_see_at": "2026-03-08T13:00:00Z",
                    "acknowledged": False,
                    "unread": False,
                    "comments": 0,
                    "reactions": {},
                },
                {
                    "post": "club/4",
                    "pinned": True,
                    "must_see_at": None,
                    "acknowledged": False,
                    "unread": False,
                    "comments": 1,
                    "reactions": {},
                },
            ]
        },
        "timelines": {
            "club": [
                {
                    **must_see,
                    "kind": "must-see",
                    "at": "2026-03-08T13:00:00Z",
                    "text": "Now!\u202e",
                    "post": "club/7",
                    "comment": None,
                    "reactions": {},
                },
                {
                    **must_see,
                    "kind": "comment",
                    "at": "2026-03-08T12:00:00Z",
                    "text": "It is me.",
                    "post": "club/4",
                    "comment": "club/6",
                    "reactions": {},
                },
                {
                    **must_see,
                    "kind": "post",
                    "at": "2026-03-08T12:00:00Z",
                    "text": "Hello",
                    "post": "club/4",
                    "comment": None,
                    "reactions": {},
                },
            ]
        },
        "quotas": {
            "circle/club": {
                "rules": "dingtalk_2020",
                "zone": "Asia/Shanghai",
                "lines": [
                    {
                        "source": "must-see",
                        "rule": "must-see-month",
                        "used": 1,
                        "left": 3,
                        "limit": 4,
                        "window": "calendar month",
                        "starts": MONTH_STARTS,
                        "ends": MONTH_ENDS,
                        "next_allowed": "2026-03-08T13:00:00Z",
                    },
                    {
                        "source": "must-see",
                        "rule": "must-see-spacing",
                        "used": 1,
                        "left": 0,
                        "limit": 1,
                        "window": "24 hours",
                        "starts": "2026-03-07T13:00:00Z",
                        "ends": "2026-03-08T13:00:00Z",
                        "next_allowed": "2026-03-09T13:00:00Z",
                    },
                ],
            }
        },
        "must_see_audit": {
            "attempts": 1,
            "sent": 1,
            "refused": 0,
            "refused_by": {},
            "circles": [
                {
                    "circle": "club",
                    "month": "2026-03",
                    "zone": "Asia/Shanghai",
                    "allowance": 4,
                    "sent": 1,
                    "refused": 0,
                    "left": 3,
                    "closest_gap_seconds": None,
                }
            ],
            "violations": [],
            "overrides": [],
            "not_judged": [],
        },
    } == small["answers"]


def test_a_file_says_what_the_document_says(small, tmp_path):
    """
    A history that was written is read back as it was, letter by letter.
    """
    path = tmp_path / "golden.json"

    golden.write(small, path)

    assert small == golden.read(path)
    assert [path] == list(tmp_path.iterdir())


def test_a_file_can_be_reviewed(small, tmp_path):
    """
    Each event and each entry is a line; what would reorder a line is escaped.
    """
    path = tmp_path / "golden.json"

    golden.write(small, path)

    lines = path.read_text(encoding="utf-8").splitlines()
    assert "\u202e" not in path.read_text(encoding="utf-8")
    assert (
        '    {"position": 10, "stream": "circle/club", "version": 7, '
        '"name": "PostPublished", "body": {"at": "2026-03-08T13:00:00Z", "by": "mei", '
        '"groups": null, "images": [], "synced": true, "text": "Now!\\u202e", '
        '"topic": null, "videos": []}},'
    ) in lines
    assert (
        '        {"post": "club/4", "pinned": true, "must_see_at": null, '
        '"acknowledged": false, "unread": false, "comments": 1, "reactions": {}}'
    ) in lines


def test_a_file_is_replaced_by_the_next(small, tmp_path):
    """
    A history that is saved again takes the place of the one before.
    """
    path = tmp_path / "golden.json"
    path.write_text("before", encoding="utf-8")

    golden.write(small, path)

    assert small == golden.read(path)


@pytest.mark.parametrize("name", ["nowhere/golden.json", "."])
def test_a_place_where_nothing_can_be_written_is_said(small, tmp_path, name):
    """
    Where no file can be written none is left half-written.
    """
    with pytest.raises(InvalidInputError) as wrong:
        golden.write(small, tmp_path / name)

    assert "a file in a folder that can be written in" == wrong.value.accepted
    assert [] == list(tmp_path.iterdir())


def test_no_file_of_the_current_folder(small, tmp_path, monkeypatch):
    """
    A folder that goes by no name is no place to write to, either.
    """
    monkeypatch.chdir(tmp_path)

    with pytest.raises(InvalidInputError, match="path"):
        golden.write(small, ".")

    assert [] == list(tmp_path.iterdir())


def test_long_answers_are_read_to_their_end(monkeypatch):
    """
    Answers that come in many pages are kept whole.
    """
    monkeypatch.setattr("circlekit.application.answers.LONGEST_PAGE", 1)
    with small_kit() as kit:
        document = golden.saved(kit)

    answers = document["answers"]
    assert (["club/7", "club/4"], ["must-see", "comment", "post"]) == (
        [item["post"] for item in answers["feeds"]["mei"]],
        [entry["kind"] for entry in answers["timelines"]["club"]],
    )


def test_an_empty_store_has_an_empty_history():
    """
    Where nothing happened there is nothing to ask about.
    """
    with CircleKit("sqlite://") as kit:
        document = golden.saved(kit)

    assert ([], {}, {}, {}) == (
        document["events"],
        *(document["answers"][kind] for kind in ("feeds", "timelines", "quotas")),
    )
    assert [] == golden.check(document)


def test_one_circle_is_saved_without_the_others():
    """
    A circle's history has its groups and its readers, and nobody else's.
    """
    clock = ManualClock(MORNING)
    with CircleKit("sqlite://", clock=clock) as kit:
        tell(kit, clock)
        document = golden.saved(kit, circle="readers")

    assert {
        "circle/readers",
        "refused:circle/readers",
        "group/readers",
        "group/evenings",
        "refused:group/evenings",
        "reader/ana",
        "reader/lin",
    } == {event["stream"] for event in document["events"]}
    answers = document["answers"]
    assert (
        ["ana", "lin", "mei", "tao"],
        ["evenings", "readers"],
        ["circle/readers"],
        {"readers"},
    ) == (
        list(answers["feeds"]),
        list(answers["timelines"]),
        list(answers["quotas"]),
        {row["circle"] for row in answers["must_see_audit"]["circles"]},
    )
    assert [] == golden.check(document)


def test_what_was_read_elsewhere_stays_there():
    """
    A reader's history is kept as far as it is about the circle.
    """
    with small_kit() as kit:
        kit.found_circle(name="Choir", kind="community", by="ana", circle="choir")
        kit.join_circle("choir", "mei")
        song = kit.publish_post("choir", by="ana", text="La")
        kit.mark_read(song, by="mei")
        kit.join_circle("club", "ana")
        kit.mark_read("club/4", by="ana")

        document = golden.saved(kit, circle="club")

    assert [("reader/ana", {"circle": "club", "posts": [4]})] == [
        (it["stream"], {key: it["body"][key] for key in ("circle", "posts")})
        for it in document["events"]
        if it["stream"].startswith("reader/")
    ]


def test_an_unknown_circle_is_not_saved():
    """
    To save a circle that nobody founded is a mistake.
    """
    with small_kit() as kit, pytest.raises(NotFoundError):
        golden.saved(kit, circle="nowhere")


def test_a_history_that_was_altered_is_not_saved(tmp_path):
    """
    An altered event does not become golden.
    """
    path = tmp_path / "community.db"
    url = f"sqlite:///{path}"
    with small_kit(url):
        pass
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE circlekit_event SET body = '{}' WHERE position = 7")

    with (
        CircleKit(url, create=False) as kit,
        pytest.raises(CorruptEventError, match="was altered after it was written"),
    ):
        golden.saved(kit)


def test_progress_is_told_stage_by_stage():
    """
    Whoever waits for a long history is told what is being done, to its end.
    """
    stages = {}
    with small_kit() as kit:
        document = golden.saved(
            kit, progress=lambda what, done, of: stages.update({what: (done, of)})
        )
    filled = {f"Filling {model.name}": (11, 11) for model in READ_MODELS}
    assert {
        "Checking events": (11, 11),
        "Reading events": (11, 11),
        **filled,
        "Asking": (3, 3),
    } == stages

    stages.clear()
    golden.check(document, progress=lambda what, *done: stages.update({what: done}))
    assert {**filled, "Asking": (3, 3)} == stages


# What differs


def test_a_read_model_that_forgets_is_found(small, monkeypatch):
    """
    A release that no longer takes pins in says otherwise of each pinned post.
    """
    unfit(monkeypatch, MemberFeed, PostPinned)

    assert [PIN_IS_GONE] == golden.check(small)


def test_what_is_no_longer_shown_is_named(small, monkeypatch):
    """
    An entry that is gone is told with all that was shown of it.
    """
    unfit(monkeypatch, GroupTimeline, CommentAdded)

    (gone,) = golden.check(small)

    assert (
        'timeline of club, comment club/6 club/4: expected {"kind": "comment", '
        '"by": "mei", "at": "2026-03-08T12:00:00Z", "text": "It is me.", '
        '"images": [], "videos": [], "post": "club/4", '
        '"comment": "club/6", "message"…, actual nothing'
    ) == str(gone)


def test_what_is_shown_too_much_is_named(small, monkeypatch):
    """
    An entry that was not there before is a difference like one that is gone.
    """
    without = resealed(small)
    without["answers"]["timelines"]["club"].pop(1)

    (new,) = golden.check(resealed(without))

    assert ("timeline of club, comment club/6 club/4", None, "comment") == (
        new.answer,
        new.expected,
        new.actual["kind"],
    )


def test_another_order_is_a_difference(small):
    """
    The same items in another order are not the same answer.
    """
    small["answers"]["feeds"]["mei"].reverse()

    assert [
        Difference("feed of mei, order", ["club/4", "club/7"], ["club/7", "club/4"])
    ] == golden.check(resealed(small))


def test_entries_that_go_by_the_same_name_are_told_apart(small):
    """
    Two notices of one kind are the first and the second of it.
    """
    with small_kit() as kit:
        for text in ("Tea at eight.", "Tea at nine."):
            kit.set_announcement("club", by="mei", text=text)
        document = golden.saved(kit)
    document["answers"]["timelines"]["club"][1]["text"] = "No tea."

    assert [
        Difference(
            "timeline of club, announcement (2), text", "No tea.", "Tea at eight."
        )
    ] == golden.check(resealed(document))


def test_a_quota_and_an_audit_that_count_otherwise_are_found(small):
    """
    Every number of a quota and of the audit is compared.
    """
    answers = small["answers"]
    answers["quotas"]["circle/club"]["lines"][1]["left"] = 1
    answers["must_see_audit"]["circles"][0]["sent"] = 2
    answers["must_see_audit"]["not_judged"] = ["quiet-hours"]

    assert [
        Difference(
            "quota of circle/club, lines, must-see must-see-spacing, left", 1, 0
        ),
        Difference("must-see audit, circles, club 2026-03, sent", 2, 1),
        Difference("must-see audit, not_judged", ["quiet-hours"], []),
    ] == golden.check(resealed(small))


def test_an_event_that_can_no_longer_be_read_is_found(small, monkeypatch):
    """
    A release that lost an event's name is told so, before it is asked anything.
    """
    known = {name: it for name, it in mapper._DECODERS.items() if name != "PostPinned"}
    monkeypatch.setattr(mapper, "_DECODERS", known)

    assert [
        Difference(
            "event 5 of circle/club", "PostPinned", "'PostPinned' is no event's name"
        )
    ] == golden.check(small)


def test_an_answer_that_fails_is_a_difference(small, monkeypatch):
    """
    Where today's code has no answer, what it says instead is told.
    """

    def broken(self, rows, recorded):
        raise StoreError("no room")

    monkeypatch.setattr(GroupTimeline, "apply", broken)

    (difference,) = golden.check(small)

    assert ("timeline of club", "StoreError: no room") == (
        difference.answer,
        difference.actual,
    )


@frozen
class Never:
    """
    A rule of the host's own that lets nothing pass, since yesterday.
    """

    name: ClassVar[str] = "never"
    acts: ClassVar[frozenset] = frozenset({"must-see"})

    def judge(self, asked):
        return no(self, "never")


@frozen
class Always:
    """
    The same, as it was before.
    """

    name: ClassVar[str] = "never"
    acts: ClassVar[frozenset] = frozenset({"must-see"})

    def judge(self, asked):
        return ALLOWED


def test_a_policy_that_judges_otherwise_is_found():
    """
    A host's own policies are asked again, as they are today.
    """
    with CircleKit("sqlite://", clock=ManualClock(NOON), policies=[Always]) as kit:
        book = RuleBook(name="ours", house=(Always(),))
        kit.found_circle(
            name="Club", kind="community", by="mei", circle="club", rules=book
        )
        kit.send_must_see("club", by="mei", text="Now!")
        document = golden.saved(kit)

    assert [] == golden.check(document, policies=[Always])
    (violation,) = golden.check(document, policies=[Never])
    assert ("must-see audit, violations, never club 5", "never") == (
        violation.answer,
        violation.actual["rule"],
    )
    assert [Difference("must-see audit, not_judged", [], ["never"])] == golden.check(
        document
    )


# Files that are none


ALTERED = {
    "no object": ([1], "does not say that it is a circlekit golden history"),
    "of another kind": (
        {"format": "recipe"},
        "does not say that it is a circlekit golden history",
    ),
    "of a later version": (
        {"format": golden.FORMAT, "format_version": 2},
        "is of version 2, and this code reads 1",
    ),
    "without a digest": (
        {"format": golden.FORMAT, "format_version": 1},
        "was altered after it was saved",
    ),
    "without anything": (
        resealed({"format": golden.FORMAT, "format_version": 1}),
        "is not whole: Object missing required field `circlekit`",
    ),
}


@pytest.mark.parametrize(("document", "problem"), ALTERED.values(), ids=ALTERED)
def test_a_document_that_is_none_is_told_why(document, problem):
    """
    What is no golden history is not compared with anything.
    """
    with pytest.raises(GoldenHistoryError) as wrong:
        golden.check(document)

    assert problem == wrong.value.problem


def test_a_single_letter_that_was_changed_is_noticed(small, tmp_path):
    """
    Neither an event nor an answer can be changed by hand.
    """
    path = tmp_path / "golden.json"
    golden.write(small, path)
    text = path.read_text(encoding="utf-8")

    for before, after in (("It is me.", "It is he."), ('"left": 3', '"left": 2')):
        path.write_text(text.replace(before, after), encoding="utf-8")
        with pytest.raises(GoldenHistoryError) as wrong:
            golden.read(path)
        assert "was altered after it was saved" == wrong.value.problem


def test_events_that_stand_in_one_place_are_not_put_back(small):
    """
    A history with two events in one place is none.
    """
    twice = resealed(small, events=[*small["events"], small["events"][0]])

    with pytest.raises(GoldenHistoryError, match="cannot be put back"):
        golden.check(twice)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "is not JSON: Expecting value: line 1 column 1 (char 0)"),
        (b"{", "is not JSON: Expecting property name enclosed in double quotes"),
        (b"\xff\xfe\xfa", "is not JSON: "),
        (b"[" * 100_000, "is not JSON: "),
        (None, f"cannot be opened: {os.strerror(2)}"),
    ],
    ids=["empty", "cut short", "not text", "too deep", "not there"],
)
def test_a_file_that_cannot_be_read_is_told_why(tmp_path, content, problem):
    """
    A file that holds no golden history is a mistake of its own kind.
    """
    path = tmp_path / "golden.json"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(GoldenHistoryError) as wrong:
        golden.read(path)

    assert wrong.value.problem.startswith(problem)


# On the command line


@pytest.fixture
def url(tmp_path):
    url = f"sqlite:///{tmp_path / 'community.db'}"
    with small_kit(url):
        return url


def test_save_and_check(url, tmp_path):
    """
    A history that is saved and checked at a terminal is told to be the same.
    """
    file = str(tmp_path / "golden.json")

    saved = run("history", "save", "--store", url, "--out", file, COLUMNS="500")
    checked = run("history", "check", file, COLUMNS="500")

    assert (
        0,
        (
            "Saved 11 events, with 1 feed, 1 timeline, 1 quota and the must-see audit, "
            f"to {file}.\n"
        ),
    ) == (saved.exit_code, saved.stdout)
    assert (
        0,
        f"Every answer is the same: 11 events, saved by circlekit {SAVED_BY}.\n",
    ) == (checked.exit_code, checked.stdout)


def test_save_and_check_as_json(url, tmp_path):
    """
    Both say as JSON what they say in words.
    """
    file = str(tmp_path / "golden.json")

    saved = run(
        *("history", "save", "--store", url, "--out", file),
        *("--circle", "club", "--json"),
    )
    checked = run("history", "check", file, "--json")

    assert {
        "file": file,
        "circle": "club",
        "events": 11,
        "at": "2026-03-08T13:00:00Z",
        "feeds": 1,
        "timelines": 1,
        "quotas": 1,
    } == json.loads(saved.stdout)
    assert {
        "file": file,
        "saved_by": SAVED_BY,
        "events": 11,
        "equal": True,
        "differences": [],
    } == json.loads(checked.stdout)


def test_differences_end_in_four(small, tmp_path, monkeypatch):
    """
    Code that reads otherwise is told what differs, and ends in exit code 4.
    """
    file = tmp_path / "golden.json"
    golden.write(small, file)
    unfit(monkeypatch, MemberFeed, PostPinned)

    words = run("history", "check", str(file))
    document = run("history", "check", str(file), "--json")

    assert (
        4,
        (
            f"1 difference: 11 events, saved by circlekit {SAVED_BY}.\n"
            "feed of mei, club/4, pinned: expected true, actual false\n"
        ),
    ) == (words.exit_code, words.stdout)
    assert (
        4,
        False,
        [
            {
                "answer": "feed of mei, club/4, pinned",
                "expected": True,
                "actual": False,
            }
        ],
    ) == (
        document.exit_code,
        *(json.loads(document.stdout)[key] for key in ("equal", "differences")),
    )


def test_many_differences_are_cut_short(small, tmp_path, monkeypatch):
    """
    People are shown a hundred differences, JSON has them all.
    """
    monkeypatch.setattr(history, "_MOST_SHOWN", 1)
    file = tmp_path / "golden.json"
    golden.write(small, file)
    unfit(monkeypatch, MemberFeed, PostPinned | CommentAdded)

    assert [
        f"2 differences: 11 events, saved by circlekit {SAVED_BY}.",
        "feed of mei, club/4, pinned: expected true, actual false",
        "and 1 more; --json says them all",
    ] == run("history", "check", str(file)).stdout.splitlines()


def test_what_members_wrote_is_not_obeyed(small, tmp_path, monkeypatch):
    """
    A difference that holds a member's words shows them inert.
    """
    file = tmp_path / "golden.json"
    small["answers"]["timelines"]["club"][0]["text"] = "\x1b[2J [red]now[/red]"
    golden.write(resealed(small), file)

    assert (
        "timeline of club, must-see club/7, text: "
        "expected \\x1b[2J [red]now[/red], actual Now!\\u202e"
    ) in run("history", "check", str(file)).stdout


def test_a_file_that_is_none_ends_in_one(tmp_path):
    """
    A file that cannot be checked is a mistake, not a difference.
    """
    file = tmp_path / "golden.json"
    file.write_text("{}", encoding="utf-8")

    outcome = run("history", "check", str(file))

    assert (
        1,
        (
            "circlekit: this golden history does not say that it is a circlekit golden "
            "history; accepted: one that was saved by `circlekit history save`, as it "
            "was saved\n"
        ),
    ) == (outcome.exit_code, outcome.stderr)


def test_a_bar_follows_another(url, tmp_path, monkeypatch):
    """
    Where somebody watches, each stage has a bar of its own, and one at a time.
    """
    seen = []

    @contextmanager
    def bar(what, total):
        seen.append(("begin", what, total))
        yield lambda done: seen.append(("at", what, done))
        seen.append(("end", what))

    monkeypatch.setattr("circlekit.cli.progress.progress", bar)
    run("history", "save", "--store", url, "--out", str(tmp_path / "golden.json"))

    assert [
        ("begin", "Checking events", 11),
        ("at", "Checking events", 11),
        ("end", "Checking events"),
        ("begin", "Reading events", 11),
        ("at", "Reading events", 11),
        ("end", "Reading events"),
    ] == seen[:6]
    assert [("at", "Asking", 3), ("end", "Asking")] == seen[-2:]
