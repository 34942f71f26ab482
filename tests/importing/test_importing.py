"""
Other communities' histories are taken in line by line, through the rules.
"""

import gzip
import json
import random
import signal
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime

import attrs
import pytest

from circlekit import CircleKit, GroupId, InvalidInputError, PostId
from circlekit.cli import ndjson
from circlekit.cli.importing import BATCH, ImportReport
from circlekit.projections.member_feed import FeedItem
from tests.importing.histories import (
    WEEK,
    WEEK_REPORT,
    everything_in,
    imported,
    line,
    whole_feed,
    written,
)


@pytest.fixture
def week(tmp_path):
    return written(tmp_path / "week.ndjson", WEEK)


_NEEDED = ("at", "actor", "action", "circle")


class TestOutcomes:
    def test_each_line_has_one(self, week, store):
        """
        Every line is recorded, repeated, refused or invalid, and the sum is read.
        """
        report = imported(week, store)

        assert WEEK_REPORT == report

    def test_again(self, week, store):
        """
        Importing the same file again answers the same and adds nothing.
        """
        imported(week, store)
        before = everything_in(store)

        report = imported(week, store)

        assert attrs.evolve(WEEK_REPORT, recorded=0, repeated=10) == report
        assert before == everything_in(store)

    def test_longer_file(self, tmp_path, week, store):
        """
        A longer export of the same community adds only what is new in it.
        """
        imported(week, store)
        later = line("2020-03-05T01:00:00Z", "mei", "message", post="m3", text="New")
        longer = written(tmp_path / "longer.ndjson", [*WEEK, later])

        report = imported(longer, store)

        assert attrs.evolve(WEEK_REPORT, read=15, recorded=1, repeated=10) == report

    def test_equal_lines(self, tmp_path, store):
        """
        A line that stands in the file twice is recorded once and repeated once.
        """
        twice = written(tmp_path / "twice.ndjson", [WEEK[1], WEEK[1]])

        assert ImportReport(read=2, recorded=1, repeated=1) == imported(twice, store)

    def test_one_id_two_lines(self, tmp_path, store):
        """
        Another text under an id that is taken is invalid, and the first one stays.
        """
        other = {**WEEK[1], "text": "Something else"}
        path = written(tmp_path / "ids.ndjson", [WEEK[1], other])

        assert ImportReport(read=2, recorded=1, invalid=1) == imported(path, store)

    @pytest.mark.parametrize(
        ("text", "problem"),
        [
            ("{", "line 2: Input data was truncated"),
            ("[]", "line 2: Expected `object`, got `array`"),
            (json.dumps({**WEEK[1], "at": "2020-03-02T02:00:00"}), "timezone"),
            (json.dumps({**WEEK[1], "action": "shout"}), "Invalid enum value 'shout'"),
            (json.dumps({**WEEK[1], "text": ""}), "line 2: text: is empty"),
            (json.dumps({**WEEK[1], "text": "a\0b"}), "U+0000"),
            (json.dumps({**WEEK[1], "text": "x" * 20_001}), "20001 characters"),
            (json.dumps({**WEEK[1], "actor": " "}), "member: is empty"),
            (json.dumps({**WEEK[1], "post": None}), "line 2: post: is not said"),
            (json.dumps({**WEEK[10], "post": None}), "line 2: post: is not said"),
            ('{"text": "\\ud800", "x": 1}', "utf-16"),
            ('{"x":' * 100_000, "maximum recursion depth"),
        ],
    )
    def test_bad_line(self, tmp_path, store, text, problem):
        """
        A bad line is reported with its number and never stops the others.
        """
        path = tmp_path / "bad.ndjson"
        good, last = json.dumps(WEEK[0]), json.dumps(WEEK[2])
        path.write_text(f"{good}\n{text}\n{last}\n")
        complaints = []

        report = imported(path, store, complaints=complaints)

        assert ImportReport(read=3, recorded=2, invalid=1) == report
        assert [True] == [problem in said for said in complaints]

    def test_null_is_missing(self, tmp_path, store):
        """
        What a line does not need may be null, which is the same as missing.
        """
        join = {
            name: value
            for name, value in WEEK[0].items()
            if name in {*_NEEDED, "group"}
        }
        nulls = {**dict.fromkeys(WEEK[0]), **join}
        pair = written(tmp_path / "nulls.ndjson", [nulls, join])

        assert ImportReport(read=2, recorded=1, repeated=1) == imported(pair, store)

    def test_not_utf_8(self, tmp_path, store):
        """
        A line that is not UTF-8 is invalid, and the others are taken in.
        """
        path = tmp_path / "latin.ndjson"
        path.write_bytes(b'{"text": "caf\xe9"}\n' + json.dumps(WEEK[0]).encode())

        assert ImportReport(read=2, recorded=1, invalid=1) == imported(path, store)

    def test_blank_lines(self, tmp_path, store):
        """
        Blank lines are no lines.
        """
        path = tmp_path / "blank.ndjson"
        path.write_text(f"\n{json.dumps(WEEK[0])}\n  \n")

        assert ImportReport(read=1, recorded=1) == imported(path, store)


class TestCommunity:
    def test_feed(self, week, store):
        """
        What was announced in vain is an ordinary post, and its thread is there.
        """
        imported(week, store)

        with CircleKit(store) as kit:
            items = whole_feed(kit, "tao")

        march_3 = datetime(2020, 3, 3, 1, tzinfo=UTC)
        expected = [
            FeedItem(
                post=PostId("readers", 12),
                author="mei",
                at=march_3,
                text="Friday at 8",
                must_see_at=march_3,
                reactions={},
            ),
            FeedItem(
                post=PostId("readers", 7),
                author="tao",
                at=datetime(2020, 3, 2, 3, tzinfo=UTC),
                text="Chapter one",
                pinned=True,
                unread=False,
                comments=1,
                reactions={"+1": 1},
            ),
            FeedItem(
                post=PostId("readers", 15),
                author="tao",
                at=march_3.replace(hour=2),
                text="Bring snacks",
                unread=False,
                comments=1,
                reactions={},
            ),
        ]
        assert expected == items

    def test_channels_are_groups(self, week, store):
        """
        Within one circle each channel is a linked group with its own timeline.
        """
        imported(week, store)

        with CircleKit(store) as kit:
            page = kit.group_timeline(GroupId("readers/general"), limit=200)

        assert Counter({"message": 1, "post": 2, "must-see": 1, "comment": 2}) == (
            Counter(entry.kind for entry in page.entries)
        )

    def test_channels_are_circles(self, tmp_path, store):
        """
        Imported by group, each channel is a circle and has a quota of its own.
        """
        path = written(
            tmp_path / "two.ndjson",
            [
                line("2020-03-03T01:00:00Z", "mei", "announce", post="a1", text="One"),
                line(
                    "2020-03-03T02:00:00Z",
                    "mei",
                    "announce",
                    group="books",
                    post="a2",
                    text="Two",
                ),
            ],
        )

        report = imported(path, store, circle_by="group")

        assert ImportReport(read=2, recorded=2) == report
        with CircleKit(store) as kit:
            circles = [entry.circle for entry in kit.circles("mei")]
        assert ["readers/books", "readers/general"] == circles

    @pytest.mark.parametrize("circle_by", ["circle", "group"])
    def test_two_of_one_name(self, tmp_path, store, circle_by):
        """
        Of two channels that would come to the same id, the later one is left out.
        """
        one = line("2020-03-03T01:00:00Z", "mei", "message", post="m", text="One")
        lines = [
            {**one, "circle": "town", "group": "readers/general"},
            {**one, "circle": "town/readers", "group": "general", "text": "Two"},
            {**one, "circle": "town/readers", "group": "books", "text": "Three"},
        ]
        path = written(tmp_path / "names.ndjson", lines)
        complaints = []

        report = imported(path, store, circle_by=circle_by, complaints=complaints)

        assert ImportReport(read=3, recorded=2, invalid=1) == report
        (said,) = complaints
        assert said.startswith(
            "line 2: group: 'general' of 'town/readers' would be "
            "'town/readers/general', as 'readers/general' of 'town' is already"
        )
        with CircleKit(store) as kit:
            entries = kit.group_timeline("town/readers/general").entries
        assert ["One"] == [it.text for it in entries]

    def test_left_and_announces(self, tmp_path, store):
        """
        Who had left and announces all the same is brought back: the quota answers.
        """
        lines = [
            line("2020-03-03T01:00:00Z", "mei", "message", post="m", text="Hello"),
            line("2020-03-03T02:00:00Z", "mei", "leave"),
            line("2020-03-03T03:00:00Z", "mei", "announce", post="a", text="News"),
        ]
        path = written(tmp_path / "left.ndjson", lines)

        assert ImportReport(read=3, recorded=3) == imported(
            path, store, circle_by="group"
        )

    def test_somebody_elses_circle(self, week, store):
        """
        A circle that the host founded itself is not imported into.
        """
        with CircleKit(store) as kit:
            kit.found_circle(name="R", kind="community", by="mei", circle="readers")
            before = kit.newest_position()

        report = imported(week, store)

        assert ImportReport(read=14, invalid=14) == report
        with CircleKit(store) as kit:
            assert before == kit.newest_position()


class TestFiles:
    def test_gzip(self, tmp_path, week, store):
        """
        A gzipped file is read as it is.
        """
        packed = tmp_path / "week.ndjson.gz"
        packed.write_bytes(gzip.compress(week.read_bytes()))

        assert WEEK_REPORT == imported(packed, store)

    def test_broken_off(self, tmp_path, week, store):
        """
        A gzip file that breaks off is an error, and what came before it is kept.
        """
        packed = tmp_path / "week.ndjson.gz"
        lines = "".join(
            json.dumps(
                line(
                    "2020-03-02T02:00:00Z",
                    "mei",
                    "message",
                    post=f"m{n}",
                    text=f"{random.Random(n).random()}",  # noqa: S311
                )
            )
            + "\n"
            for n in range(3 * BATCH)
        )
        whole = gzip.compress(lines.encode())
        packed.write_bytes(whole[: len(whole) // 2])

        with pytest.raises(InvalidInputError, match="accepted: a whole gzip file"):
            imported(packed, store)

        readable = []
        with pytest.raises(InvalidInputError):
            readable.extend(ndjson.read(packed))
        recorded = [row for row in everything_in(store) if row[3] == "MessageSent"]
        assert 0 < len(readable) == len(recorded)


def test_killed_and_run_again(tmp_path):
    """
    An import killed in the middle and run again ends like an undisturbed one.
    """
    rng = random.Random(2020)  # noqa: S311
    lines = [
        line(
            f"2020-03-{1 + n // 400:02}T{n % 400 // 20:02}:{n % 20:02}:00Z",
            rng.choice(["mei", "tao", "lin"]),
            "announce" if n % 97 == 0 else rng.choice(["message", "post"]),
            post=f"p{n}",
            text=f"Line {n}",
        )
        for n in range(8 * BATCH)
    ]
    path = written(tmp_path / "long.ndjson", lines)
    undisturbed = f"sqlite:///{tmp_path / 'undisturbed.db'}"
    disturbed = f"sqlite:///{tmp_path / 'disturbed.db'}"
    imported(path, undisturbed)

    for batches in (1, 3):
        child = subprocess.Popen(
            [sys.executable, "-c", _IMPORT, str(path), disturbed],
            stdout=subprocess.PIPE,
        )
        for _ in range(batches):
            child.stdout.readline()
        child.send_signal(signal.SIGKILL)
        child.communicate()
        assert -signal.SIGKILL == child.returncode
    report = imported(path, disturbed)

    assert report.repeated >= 3 * BATCH - sum(report.refused.values())
    assert everything_in(undisturbed) == everything_in(disturbed)


_IMPORT = """
import sys
from pathlib import Path
from circlekit import CircleKit, ManualClock
from circlekit.cli import ndjson
from circlekit.cli.importing import Importer
from circlekit.clock import EPOCH
clock = ManualClock(EPOCH)
kit = CircleKit(sys.argv[2], clock=clock)
Importer(kit, clock).take_all(
    ndjson.read(Path(sys.argv[1])),
    complain=print,
    progress=lambda done: print(done, flush=True),
)
"""
