"""
Reports say what was read, as JSON and for people, and show members' words inert.
"""

import io
import json
import os
import re
import subprocess
import sys
from contextlib import closing, suppress
from datetime import timedelta
from pathlib import Path

import pytest
from rich.console import Console

from circlekit import (
    CALENDAR_MONTH,
    Budget,
    CircleKit,
    InvalidInputError,
    ManualClock,
    Reason,
    RuleBook,
    Verdict,
    WhatIf,
)
from circlekit.cli import shapes, tables
from circlekit.cli.demo import Explained
from circlekit.cli.progress import progress
from circlekit.cli.terminal import one_line, print_json
from circlekit.cli.what_if import read_what_if
from circlekit.clock import written
from circlekit.events.circle import MustSeeSent, PostPublished
from circlekit.projections.group_timeline import TimelineEntry, TimelinePage
from circlekit.store import READ_MODELS, open_store
from tests.cli.little_history import (
    EVENING,
    PLAIN,
    TRICK,
    document,
    run,
    tell,
)

LEAVE_NOW = {
    "post": "readers/15",
    "circle": "readers",
    "author": "tao",
    "at": "2999-03-01T14:30:00Z",
    "text": "Leave now!",
    "images": [],
    "videos": [],
    "topic": None,
    "edited_at": None,
    "pinned": False,
    "must_see_at": "2999-03-01T14:30:00Z",
    "acknowledged": False,
    "unread": True,
    "comments": 0,
    "reactions": {},
}
WELCOME = {
    "post": "readers/8",
    "circle": "readers",
    "author": "lin",
    "at": "2999-03-01T12:00:00Z",
    "text": TRICK,
    "images": [],
    "videos": [],
    "topic": "hello",
    "edited_at": None,
    "pinned": True,
    "must_see_at": None,
    "acknowledged": False,
    "unread": False,
    "comments": 1,
    "reactions": {"👍": 2},
}
THURSDAY = {
    "post": "readers/13",
    "circle": "readers",
    "author": "mei",
    "at": "2999-03-01T13:00:00Z",
    "text": "We meet on Thursday.",
    "images": [],
    "videos": [],
    "topic": None,
    "edited_at": None,
    "pinned": False,
    "must_see_at": "2999-03-01T13:00:00Z",
    "acknowledged": True,
    "unread": False,
    "comments": 0,
    "reactions": {},
}
MONTH = {
    "rule": "must-see-month",
    "source": "must-see",
    "used": 2,
    "left": 2,
    "limit": 4,
    "window": "calendar month",
    "starts": "2999-02-28T16:00:00Z",
    "ends": "2999-03-31T16:00:00Z",
    "next_allowed": "2999-03-01T14:30:00Z",
}
SPACING = {
    "rule": "must-see-spacing",
    "source": "must-see",
    "used": 2,
    "left": 0,
    "limit": 1,
    "window": "24 hours",
    "starts": "2999-02-28T14:30:00Z",
    "ends": "2999-03-01T14:30:00Z",
    "next_allowed": "2999-03-02T14:30:00Z",
}
CHOIR = {
    "circle": "choir",
    "month": "2999-03",
    "zone": "UTC",
    "allowance": 4,
    "sent": 1,
    "refused": 0,
    "left": 3,
    "closest_gap_seconds": None,
}
READERS = {
    "circle": "readers",
    "month": "2999-03",
    "zone": "Asia/Shanghai",
    "allowance": 4,
    "sent": 2,
    "refused": 2,
    "left": 2,
    "closest_gap_seconds": 5400.0,
}
FIRE = {
    "circle": "readers",
    "version": 16,
    "at": "2999-03-01T14:30:00Z",
    "by": "tao",
    "reason": "A fire.",
}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "community.db"


@pytest.fixture
def store(path):
    url = f"sqlite:///{path}"
    tell(url)
    return url


class TestFeed:
    def test_json(self, store):
        """
        The JSON of a feed is its items, and the cursor of the next page.
        """
        expected = {
            "member": "lin",
            "circle": None,
            "items": [LEAVE_NOW, WELCOME, THURSDAY],
            "next": None,
        }

        assert expected == document("feed", "lin", "--store", store)

    def test_pages(self, store):
        """
        Page by page, a feed shows what it shows on one page.
        """
        ask = ("feed", "lin", "--store", store, "--circle", "readers", "--limit", "2")

        first = document(*ask)
        second = document(*ask, "--after", first["next"])

        assert [LEAVE_NOW, WELCOME] == first["items"]
        assert {
            "member": "lin",
            "circle": "readers",
            "items": [THURSDAY],
            "next": None,
        } == second

    def test_for_people(self, store):
        """
        People read who wrote what and when, what it means to them, and its id.
        """
        ask = ("feed", "lin", "--store", store, "--limit", "2")
        after = document(*ask)["next"]

        expected = f"""\
Feed of lin

  when (UTC)        post                                          id
  ─────────────────────────────────────────────────────────────────────────────────
  2999-03-01 14:30  Leave now!                                    readers/15
  tao                                                             must-see, unread

  2999-03-01 12:00  [bold red]Hurry[/bold red]\\u202e :bomb: 欢迎  readers/8
  lin               1 comment, 👍 2                               pinned

  there is more: --after {after}

"""
        assert expected == run(*ask).stdout

    def test_nothing(self, store):
        """
        Whoever is in no circle has an empty feed, and is told so.
        """
        expected = {"member": "ida", "circle": None, "items": [], "next": None}

        assert expected == document("feed", "ida", "--store", store)
        assert (
            "Feed of ida\n  nothing here\n\n"
            == run("feed", "ida", "--store", store).stdout
        )


class TestTimeline:
    def test_json(self, store):
        """
        The JSON of a timeline is its entries, newest first, each with all its ids.
        """
        expected = {
            "group": "readers",
            "entries": [
                _entry("must-see", "tao", 150, "Leave now!", post="readers/15"),
                _entry("muted", "mei", 120, "Good night."),
                _entry(
                    "message", "lin", 120, "早", message="readers/6", images=["cup.png"]
                ),
                _entry("must-see", "mei", 60, THURSDAY["text"], post="readers/13"),
                _entry(
                    *("comment", "tao", 0, "Take your time."),
                    post="readers/8",
                    comment="readers/10",
                ),
                _entry("post", "lin", 0, TRICK, post="readers/8"),
            ],
            "next": None,
        }

        assert expected == document("timeline", "readers", "--store", store)

    def test_pages(self, store):
        """
        Page by page, a timeline shows what it shows on one page.
        """
        ask = ("timeline", "readers", "--store", store)

        first = document(*ask, "--limit", "4")
        second = document(*ask, "--before", str(first["next"]))

        assert document(*ask) == second | {
            "entries": first["entries"] + second["entries"]
        }

    def test_for_people(self, store):
        """
        People read what was shown and by whom, and what a notice means.
        """
        ask = ("timeline", "readers", "--store", store, "--limit", "3")
        before = document(*ask)["next"]

        expected = f"""\
Timeline of readers

  when (UTC)        shown                                               id
  ─────────────────────────────────────────────────────────────────────────────────
  2999-03-01 14:30  Leave now!                                          readers/15
  tao                                                                   must-see

  2999-03-01 14:00  only the owner and managers may write: Good night.  muted
  mei

  2999-03-01 14:00  早                                                  readers/6
  lin                                                                   message

  there is more: --before {before}

"""
        assert expected == run(*ask).stdout


class TestQuota:
    def test_json(self, store):
        """
        The JSON of a quota is every budget, and when all of them have room.
        """
        expected = {
            "holder": "readers",
            "rules": "dingtalk_2020",
            "zone": "Asia/Shanghai",
            "at": "2999-03-01T14:30:00Z",
            "next_allowed": "2999-03-02T14:30:00Z",
            "lines": [MONTH, SPACING],
        }

        assert expected == document("quota", "readers", "--store", store)

    def test_of_a_customer(self, store):
        """
        A customer's quota has a budget of staff and one of the company.
        """
        ask = ("quota", "hana", "--store", store, "--kind", "customer")

        shown = {
            (line["rule"], line["source"]): (line["used"], line["next_allowed"])
            for line in document(*ask)["lines"]
        }

        expected = {
            ("moment-day", "member"): (1, "2999-03-01T16:00:00Z"),
            ("moment-month", "enterprise"): (0, "2999-03-01T14:30:00Z"),
            ("mass-send-month", "enterprise-mass-send"): (0, "2999-03-01T14:30:00Z"),
        }
        assert expected == shown

    def test_for_people(self, store):
        """
        People read a quota in the zone it is counted in.
        """
        expected = """\
Quota of readers by dingtalk_2020, 2999-03-01 22:30 Asia/Shanghai

  rule              for       window          used    left  room again
  ───────────────────────────────────────────────────────────────────────────
  must-see-month    must-see  calendar month  2 of 4  2     now
  must-see-spacing  must-see  24 hours        2 of 1  0     2999-03-02 22:30

"""
        assert expected == run("quota", "readers", "--store", store).stdout

    def test_one_id_for_two(self, store):
        """
        Where a circle and a customer share an id, the kind says which is meant.
        """
        with CircleKit(store) as kit:
            kit.add_customer("readers", channel="till", by="tao")
        ask = ("quota", "readers", "--store", store)

        assert 1 == run(*ask).exit_code
        assert "dingtalk_2020" == document(*ask, "--kind", "circle")["rules"]
        assert "wecom_2020" == document(*ask, "--kind", "customer")["rules"]

    def test_never(self):
        """
        A budget of nothing is never free, and people are told so.
        """
        line = tables.quota(_quota_of_nothing())

        assert (
            "  must-see-month  must-see  calendar month  0 of 0  0     never"
            in drawn(line)
        )


class TestMustSeeAudit:
    def test_json(self, store):
        """
        The JSON of an audit counts every attempt, sent or refused.
        """
        expected = {
            "totals": {
                "attempts": 5,
                "sent": 3,
                "refused": 2,
                "refused_by": {
                    "must-see-month": 0,
                    "must-see-month+must-see-spacing": 0,
                    "must-see-spacing": 1,
                    "must-see-spacing+not-a-manager": 1,
                },
            },
            "circles": [CHOIR, READERS],
            "violations": [],
            "overrides": [FIRE],
            "not_judged": [],
            "what_if": None,
        }

        assert expected == document("audit", "must-see", "--store", store)

    def test_of_one_circle(self, store):
        """
        An audit of one circle leaves the others out.
        """
        ask = ("audit", "must-see", "--store", store, "--circle", "choir")

        expected = {
            "totals": {
                "attempts": 1,
                "sent": 1,
                "refused": 0,
                "refused_by": {
                    "must-see-month": 0,
                    "must-see-month+must-see-spacing": 0,
                    "must-see-spacing": 0,
                },
            },
            "circles": [CHOIR],
            "violations": [],
            "overrides": [],
            "not_judged": [],
            "what_if": None,
        }
        assert expected == document(*ask)

    def test_what_if(self, store):
        """
        Asked what if, an audit says by which numbers, and how far to trust it.
        """
        ask = ("audit", "must-see", "--store", store, "--circle", "readers")

        expected = {
            "totals": {
                "attempts": 4,
                "sent": 2,
                "refused": 2,
                "refused_by": {
                    "must-see-month": 1,
                    "must-see-month+must-see-spacing": 0,
                    "must-see-month+not-a-manager": 1,
                    "must-see-spacing": 0,
                },
            },
            "circles": [READERS | {"zone": "UTC", "allowance": 1, "left": 0}],
            "violations": [],
            "overrides": [FIRE],
            "not_judged": [],
            "what_if": {
                "per_month": 1,
                "gap_seconds": 3600.0,
                "zone": "UTC",
                "without": [],
                "note": "first-order only: under other numbers people would have "
                "acted differently",
            },
        }
        assert expected == document(*ask, "--what-if", "per-month=1,gap=1h,zone=UTC")

    def test_for_people(self, store):
        """
        People read the totals, each circle's months, and every override.
        """
        expected = """\
Must-see audit, what if per-month=3, gap=48 hours?
  first-order only: under other numbers people would have acted differently
  5 attempts: 3 sent, 2 refused
  - 1 refused by must-see-spacing
  - 1 refused by must-see-spacing+not-a-manager

  circle   month    zone           sent    left  refused  closest gap
  ─────────────────────────────────────────────────────────────────────
  choir    2999-03  UTC            1 of 3  2     0
  readers  2999-03  Asia/Shanghai  2 of 3  1     2        0 d 01:30:00

  0 violations
  1 override
  - readers/16 at 2999-03-01 14:30 UTC by tao: A fire.

"""
        ask = ("audit", "must-see", "--store", store)

        assert expected == run(*ask, "--what-if", "per-month=3,gap=48h").stdout

    def test_violations(self, store):
        """
        A must-see that no rule allowed is named, and the exit code is 3.
        """
        _send_past_the_rules(store)

        answer = run("audit", "must-see", "--store", store, "--json")
        told = run("audit", "must-see", "--store", store)

        found = {
            "circle": "choir",
            "version": 7,
            "at": "2999-03-01T14:31:00Z",
            "rule": "must-see-spacing",
            "used": 1,
            "limit": 1,
        }
        assert (3, 3) == (answer.exit_code, told.exit_code)
        assert [found] == json.loads(answer.stdout)["violations"]
        assert (
            "  1 violation\n"
            "  - choir/7 at 2999-03-01 14:31 UTC: must-see-spacing, 1 of 1 were used\n"
        ) in told.stdout

    def test_nothing_happened(self, path):
        """
        In an empty store nothing was attempted, and that is an answer.
        """
        CircleKit(f"sqlite:///{path}").close()

        expected = "Must-see audit\n  0 attempts: 0 sent, 0 refused\n"
        expected += "  0 violations\n  0 overrides\n\n"
        assert (
            expected == run("audit", "must-see", "--store", f"sqlite:///{path}").stdout
        )


class TestWhatIf:
    @pytest.mark.parametrize(
        ("text", "meant"),
        [
            ("per-month=2", WhatIf(per_month=2)),
            ("gap=48h", WhatIf(gap=timedelta(hours=48))),
            ("gap=90m", WhatIf(gap=timedelta(minutes=90))),
            ("gap=2d", WhatIf(gap=timedelta(days=2))),
            ("gap=30s", WhatIf(gap=timedelta(seconds=30))),
            ("gap=0h", WhatIf(gap=timedelta(0))),
            ("zone=Asia/Tokyo", WhatIf(zone="Asia/Tokyo")),
            ("without=a,without=b", WhatIf(without=("a", "b"))),
            (
                " zone = UTC, per-month = 0 ,gap=1d",
                WhatIf(per_month=0, gap=timedelta(days=1), zone="UTC"),
            ),
        ],
    )
    def test_understood(self, text, meant):
        """
        Numbers are named in any order, a span in days, hours, minutes or seconds.
        """
        assert meant == read_what_if(text)

    @pytest.mark.parametrize(
        ("text", "problem"),
        [
            ("", "what-if: '' is none of them"),
            ("per-week=1", "what-if: 'per-week=1' is none of them"),
            ("gap", "what-if: 'gap' is none of them"),
            ("per-month=", "what-if: 'per-month=' is none of them"),
            ("without=", "what-if: 'without=' is none of them"),
            ("per-month=-1", "what-if: '-1' is no number up to 99999"),
            ("per-month=²", "what-if: '²' is no number up to 99999"),
            ("per-month=100000", "what-if: '100000' is no number up to 99999"),
            ("gap=48", "what-if: '48' is no span of time"),
            ("gap=1.5h", "what-if: '1.5h' is no span of time"),
            ("gap=1w", "what-if: '1w' is no span of time"),
            ("gap=1h,gap=2h", "what-if: gap stands there twice"),
            ("zone=Mars/Base", "zone: 'Mars/Base' is not known"),
        ],
    )
    def test_not_understood(self, text, problem):
        """
        What is not understood is named, with what would have been accepted.
        """
        with pytest.raises(InvalidInputError) as error:
            read_what_if(text)

        said, _, accepted = str(error.value).partition("; accepted: ")
        assert problem == said
        assert accepted

    def test_longest_gap(self, store):
        """
        The longest gap that can be asked for can be counted back from any must-see.
        """
        ask = ("audit", "must-see", "--store", store, "--what-if", "gap=99999d")

        assert 3 == document(*ask)["totals"]["sent"]


class TestRebuild:
    def test_same_again(self, store):
        """
        Read models that were emptied and filled again answer as before.
        """
        before = document("feed", "lin", "--store", store)

        rebuilt = document("rebuild", "--store", store)

        names = [model.name for model in READ_MODELS]
        assert {"read_models": names, "events": 38} == rebuilt
        assert before == document("feed", "lin", "--store", store)

    def test_for_people(self, store):
        """
        People are told which read models were rebuilt, from how many events.
        """
        names = ", ".join(model.name for model in READ_MODELS)
        told = run("rebuild", "--store", store).stdout

        assert f"Rebuilt {names} from 38 events." == " ".join(told.split())


READING = [
    ("feed", "lin"),
    ("timeline", "readers"),
    ("quota", "readers"),
    ("audit", "must-see"),
    ("rebuild",),
    ("work", "--once"),
    ("parked",),
]


class TestRefusing:
    @pytest.mark.parametrize("ask", READING)
    def test_no_store(self, ask, tmp_path, monkeypatch):
        """
        Reading a store that is not there says so, and makes none.
        """
        monkeypatch.chdir(tmp_path)

        answer = run(*ask, "--store", "sqlite:///mistyped.db")

        said = (
            "circlekit: there is no store at 'mistyped.db'; accepted: a store that is "
            "there, as in sqlite:///path/to/file.db\n"
        )
        assert (1, "", said) == (answer.exit_code, answer.stdout, answer.stderr)
        assert [] == list(tmp_path.iterdir())

    @pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
    def test_nothing_to_read(self, url):
        """
        A store in memory is no store to read from.
        """
        answer = run("feed", "lin", "--store", url)

        said = (
            "circlekit: a store in memory has nothing to read yet; accepted: a store "
            "that is there, as in sqlite:///path/to/file.db\n"
        )
        assert (1, "", said) == (answer.exit_code, answer.stdout, answer.stderr)

    @pytest.mark.parametrize("url", ["community.db", "mysql://me:secret@host/it"])
    def test_no_url(self, url):
        """
        What is no URL of a store is refused with one that would be, no password told.
        """
        answer = run("feed", "lin", "--store", url)

        assert (1, "") == (answer.exit_code, answer.stdout)
        assert "accepted: sqlite:///path/to/file.db" in answer.stderr
        assert "secret" not in answer.stderr

    def test_no_database(self, path):
        """
        A file that is no database is refused in one line.
        """
        path.write_text("Dear diary,\n" * 100)

        answer = run("feed", "lin", "--store", f"sqlite:///{path}")

        assert (1, "", 1) == (answer.exit_code, answer.stdout, _lines(answer.stderr))

    @pytest.mark.parametrize(
        ("ask", "said"),
        [
            (("timeline", "nowhere"), "no group 'nowhere' is known here"),
            (("quota", "nobody"), "no circle or customer 'nobody' is known here"),
            (
                ("quota", "hana", "--kind", "circle"),
                "no circle 'hana' is known here",
            ),
            (("feed", "lin", "--circle", "no"), "no circle 'no' is known here"),
            (("audit", "must-see", "--circle", "no"), "no circle 'no' is known here"),
            (("feed", "lin", "--limit", "0"), "limit: is 0; accepted: 1 to 200"),
            (
                ("feed", "lin", "--after", "later"),
                "after: 'later' is none; accepted: the `next` of an earlier page",
            ),
        ],
    )
    def test_in_one_line(self, store, ask, said):
        """
        What is not known or not accepted is said in one line; the exit code is 1.
        """
        answer = run(*ask, "--store", store, "--json")

        assert (1, "", f"circlekit: {said}\n") == (
            answer.exit_code,
            answer.stdout,
            answer.stderr,
        )

    def test_altered_event(self, store):
        """
        An event that was altered is named in one line, not traced back to.
        """
        with closing(open_store(store)) as kept, kept.writing() as transaction:
            transaction.run(
                "UPDATE circlekit_event SET body = :body "
                "WHERE stream = 'circle/choir' AND version = 5",
                body=b"{}",
            )

        answer = run("audit", "must-see", "--store", store)

        said = (
            "circlekit: event 5 of 'circle/choir', position 34: "
            "was altered after it was written\n"
        )
        assert (1, "", said) == (answer.exit_code, answer.stdout, answer.stderr)

    @pytest.mark.parametrize("ask", [("feed",), ("feed", "lin"), ("fed",), ()])
    def test_not_understood(self, ask):
        """
        A command that is not understood ends with exit code 2.
        """
        assert 2 == run(*ask).exit_code

    def test_the_words_of_a_complaint_are_inert(self, store):
        """
        A complaint that quotes somebody can neither colour nor break its line.
        """
        asked = "a\x1b[31m\n[red]"

        answer = run("timeline", asked, "--store", store)

        assert (1, "", 1) == (answer.exit_code, answer.stdout, _lines(answer.stderr))
        assert "\x1b" not in answer.stderr


class TestMembersWords:
    def test_in_a_table(self):
        """
        Markup, emoji names, line ends and control characters are shown as they are.
        """
        said = "[red]no[/red] :bomb:\n\x1b[31m\u202e\x9b1m"
        entry = TimelineEntry(
            kind="message", by=said, at=EVENING, text=said, reactions={said: 1}
        )

        shown = drawn(tables.timeline(said, TimelinePage((entry,), None)), width=200)

        inert = r"[red]no[/red] :bomb: \x1b[31m\u202e\x9b1m"
        wide = len(inert)
        assert [
            f"Timeline of {inert}",
            "",
            f"  {'when (UTC)':{wide}}  {'shown':{wide + 2}}  id",
            "  " + "─" * (wide + 2 + wide + 2 + 2 + len("message") + 1),
            f"  {'2999-03-01 12:00':{wide}}  {inert:{wide + 2}}  message",
            f"  {inert}  {inert} 1",
            "",
        ] == shown

    def test_in_json(self, store):
        """
        JSON leaves every script readable, and escapes what would reorder it.
        """
        answer = run("feed", "lin", "--store", store, "--json")

        assert r'"[bold red]Hurry[/bold red]\u202e :bomb: 欢迎"' in answer.stdout
        assert "👍" in answer.stdout

    def test_json_is_the_same_document(self, capfdbinary):
        """
        Whatever is escaped, the document that is read is the one that was written.
        """
        document = {"said": "".join(map(chr, range(0x2100))) + "\U0001f44d欢迎"}

        print_json(document)

        written = capfdbinary.readouterr().out
        assert document == json.loads(written)
        assert not {*written.decode()} & {
            *map(chr, range(0x80, 0xA0)),
            "\x7f",
            "\u202e",
        }

    def test_long_ones_are_cut_in_tables_alone(self, path):
        """
        A table shows the beginning of a long post; JSON has all of it.
        """
        url, text = f"sqlite:///{path}", "word " * 1_000
        with CircleKit(url, clock=ManualClock(EVENING)) as kit:
            kit.found_circle(name="Choir", kind="community", by="ana", circle="choir")
            kit.publish_post("choir", by="ana", text=text)

        shown = run("feed", "ana", "--store", url).stdout

        assert text == document("feed", "ana", "--store", url)["items"][0]["text"]
        assert 160 // len("word ") == shown.count("word")
        assert "…" in shown

    def test_one_line(self):
        """
        Line ends, tabs and separators of every kind become one space.
        """
        assert "a b c d" == one_line("a\r\n\tb\u3000c\n\nd")

    def test_pictures_stand_for_themselves(self):
        """
        Where there are pictures and no words, the pictures are named.
        """
        entry = TimelineEntry(
            kind="message", by="lin", at=EVENING, images=("a.png", "b"), reactions={}
        )

        shown = drawn(tables.timeline("readers", TimelinePage((entry,), None)))

        assert "  2999-03-01 12:00  a.png, b  message" in shown


ASKED = (
    "May ana send a must-see in choir at 2999-03-01 12:00 UTC "
    "(2999-03-01 20:00 Asia/Shanghai)?"
)


class TestExplained:
    def test_waiting_does_not_help(self):
        """
        Where no moment changes the answer, that is said.
        """
        reason = Reason(rule="not-a-manager", because="ana is neither")

        shown = drawn(tables.explained(_asked(Verdict((reason,)))))

        assert [
            ASKED,
            "  No, not-a-manager: ana is neither",
            "  Waiting alone does not help.",
            "",
        ] == shown

    def test_allowed(self):
        """
        What no rule stands against is allowed.
        """
        explained = _asked(Verdict())

        assert [
            ASKED,
            "  Yes, no rule is in the way.",
            "",
        ] == drawn(tables.explained(explained))
        assert {
            "command": "send_must_see",
            "circle": "choir",
            "by": "ana",
            "at": "2999-03-01T12:00:00Z",
            "zone": "Asia/Shanghai",
            "allowed": True,
            "rules": [],
            "retry_at": None,
            "reasons": [],
        } == shapes.explained(explained)


NEEDS_A_TERMINAL = pytest.mark.skipif(
    sys.platform == "win32", reason="there are no pseudo-terminals"
)


class TestTerminal:
    def test_piped(self, store):
        """
        Into a pipe go neither colours nor progress, and no line ends in a space.
        """
        answer = subprocess.run(
            [*CIRCLEKIT, "audit", "must-see", "--store", store],
            capture_output=True,
            check=True,
            env=PLAIN,
        )

        said = answer.stdout.decode()
        assert b"" == answer.stderr
        assert "\x1b" not in said
        assert [line.rstrip() for line in said.splitlines()] == said.splitlines()

    @NEEDS_A_TERMINAL
    def test_on_a_terminal(self, store):
        """
        On a terminal a report says the same as in a pipe, and members' words no more.
        """
        ask = ("feed", "lin", "--store", store)

        drawn, _ = on_a_terminal(*ask, stream="stdout", TERM="xterm", COLUMNS="100")

        plain = re.sub(r"\x1b\[[0-9;]*m", "", drawn)
        assert {"\x1b[1m", "\x1b[0m"} == set(re.findall(r"\x1b\[[0-9;]*m", drawn))
        assert run(*ask, COLUMNS="100").stdout.splitlines() == [
            line.rstrip() for line in plain.splitlines()
        ]

    @NEEDS_A_TERMINAL
    def test_watched(self, store):
        """
        On a terminal, progress is drawn on standard error and JSON stays alone.
        """
        ask = ("audit", "must-see", "--store", store, "--json")

        drawn, said = on_a_terminal(*ask, stream="stderr", TERM="xterm", NO_COLOR="1")

        assert document(*ask[:-1]) == json.loads(said)
        assert re.search(r"Replaying .*/38 ", drawn)

    def test_nobody_watches(self, capsys):
        """
        Where standard error is no terminal, progress is not drawn.
        """
        with progress("Reading", 2) as advance_to:
            advance_to(2)

        assert ("", "") == capsys.readouterr()

    @pytest.mark.parametrize("total", [1_000, None])
    def test_watched_progress(self, total, monkeypatch):
        """
        A bar says what goes on, as plain text, and how much of it is done.
        """
        terminal = Terminal()
        monkeypatch.setattr(sys, "stderr", terminal)
        monkeypatch.setenv("TERM", "xterm")

        with progress("Reading [b]it[/b]", total) as advance_to:
            for done in range(1_001):
                advance_to(done)

        assert "Reading [b]it[/b]" in terminal.getvalue()
        assert ("1000/1000" in terminal.getvalue()) == (total is not None)

    def test_narrow(self, store):
        """
        However narrow the terminal, no column of a report is lost.
        """
        ask = ("audit", "must-see", "--store", store)

        assert run(*ask, COLUMNS="80").stdout == run(*ask, COLUMNS="20").stdout

    def test_version(self):
        """
        The version is printed by name.
        """
        answer = run("--version")

        assert (0, "circlekit 0.1.0\n") == (answer.exit_code, answer.stdout)

    def test_exit_codes(self):
        """
        ``circlekit --help`` says of the exit codes what the docs say.
        """
        page = (Path(__file__).parents[2] / "docs" / "cli.md").read_text()
        _, _, after = page.partition("**Exit codes.**\n")

        said = " ".join(run("--help").stdout.split())
        assert f"Exit codes: {after.splitlines()[0]}" in said

    def test_paragraphs(self):
        """
        The help of a command is broken where the terminal ends, and not before.
        """
        for command in ("import", "demo"):
            shown = run(command, "--help", COLUMNS="200").stdout
            prose, _, _ = shown.partition("╭")
            lines = [line.strip() for line in prose.splitlines() if line.strip()]

            assert {"."} == {line[-1] for line in lines[1:]}

    def test_as_a_module(self):
        """
        ``python -m circlekit`` is the same command.
        """
        answer = subprocess.run(
            [*CIRCLEKIT, "--version"], capture_output=True, check=True
        )

        assert b"circlekit 0.1.0" == answer.stdout.strip()

    @pytest.mark.parametrize("closed", [1, 2])
    @pytest.mark.parametrize("ask", [("verify",), ("verify", "--json")])
    def test_closed(self, store, ask, closed):
        """
        A command that was started with an output closed does what it does.
        """
        without = ("sh", "-c", f'exec "$@" {closed}>&-', "sh")
        answer = subprocess.run(
            [*without, *CIRCLEKIT, *ask, "--store", store],
            capture_output=True,
            check=False,
        )

        assert (0, b"") == (answer.returncode, answer.stderr)
        assert (closed == 1) == (answer.stdout == b"")

    @pytest.mark.parametrize("missing", ["typer", "rich"])
    def test_without_its_extra(self, missing):
        """
        Without the extra, the command says in one line what to install.
        """
        start = (
            f"import sys; sys.modules[{missing!r}] = None; import circlekit.cli as c"
        )

        answer = subprocess.run(
            [sys.executable, "-c", f"{start}; c.main()"],
            capture_output=True,
            check=False,
        )

        said = (
            f"the command line needs {missing}; "
            "install circlekit with the extra `cli`, as in `pip install '.[cli]'`"
        ).encode()
        assert (2, b"", said) == (
            answer.returncode,
            answer.stdout,
            answer.stderr.strip(),
        )

    def test_other_missing_modules_are_not_hidden(self):
        """
        A missing module that the extra does not bring is not blamed on the extra.
        """
        start = "import sys; sys.modules['attrs'] = None; import circlekit.cli as c"

        answer = subprocess.run(
            [sys.executable, "-c", f"{start}; c.main()"],
            capture_output=True,
            check=False,
        )

        assert (1, True) == (answer.returncode, b"ModuleNotFoundError" in answer.stderr)


CIRCLEKIT = (sys.executable, "-m", "circlekit")


def on_a_terminal(*ask, stream, **env):
    import pty  # noqa: PLC0415 - there is none on Windows

    watching, terminal = pty.openpty()
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, stream: terminal}
    with subprocess.Popen([*CIRCLEKIT, *ask], **streams, env=PLAIN | env) as started:
        os.close(terminal)
        drawn = b""
        # Linux ends a closed terminal with an error, others with nothing to read.
        with suppress(OSError):
            while chunk := os.read(watching, 4_096):
                drawn += chunk
        os.close(watching)
        said = b"".join(filter(None, started.communicate()))
    return drawn.decode(), said.decode()


class Terminal(io.StringIO):
    def isatty(self):
        return True


def drawn(report, width=100):
    console = Console(width=width, file=io.StringIO(), color_system=None)
    console.print(report)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def _entry(kind, by, minutes, text, **more):
    at = written(EVENING + timedelta(minutes=minutes))
    ids = {"post": None, "comment": None, "message": None}
    said = {
        "kind": kind,
        "by": by,
        "at": at,
        "text": text,
        "images": [],
        "videos": [],
    }
    return {**said, **ids, "reactions": {}, **more}


def _asked(verdict):
    return Explained(
        command="send_must_see",
        does="send a must-see",
        circle="choir",
        by="ana",
        at=EVENING,
        zone="Asia/Shanghai",
        verdict=verdict,
    )


def _quota_of_nothing():
    book = RuleBook(
        name="silence", must_see=(Budget("must-see-month", 0, CALENDAR_MONTH),)
    )
    with CircleKit("sqlite://", clock=ManualClock(EVENING)) as kit:
        kit.found_circle(
            name="Choir", kind="community", by="ana", circle="choir", rules=book
        )
        return kit.quota("choir")


def _send_past_the_rules(store):
    at = EVENING + timedelta(hours=2, minutes=31)
    post = PostPublished(
        text="Again!",
        images=(),
        videos=(),
        topic=None,
        synced=True,
        groups=None,
        by="ana",
        at=at,
    )
    with closing(open_store(store)) as kept, kept.writing() as transaction:
        version = transaction.last_of("circle/choir").version
        sent = MustSeeSent(post=version + 1, by="ana", at=at)
        transaction.append("circle/choir", version, [post, sent])


def _lines(said):
    return len(said.splitlines())
