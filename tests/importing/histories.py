"""
Small histories in the formats that can be imported, made for the tests.
"""

import json
from pathlib import Path

from circlekit import CircleKit, ManualClock
from circlekit.cli import ndjson, slack
from circlekit.cli.importing import Importer, ImportReport
from circlekit.clock import EPOCH


def line(at, actor, action, *, group="general", post=None, to=None, text="", **more):
    return {
        "at": at,
        "actor": actor,
        "action": action,
        "circle": "readers",
        "group": group,
        "post": post,
        "in_reply_to": to,
        "text": text,
        **more,
    }


WEEK = [
    line("2020-03-02T01:00:00Z", "mei", "join"),
    line("2020-03-02T02:00:00Z", "mei", "message", post="m1", text="早上好"),
    line("2020-03-02T03:00:00Z", "tao", "post", post="p1", text="Chapter one"),
    line("2020-03-02T04:00:00Z", "mei", "comment", post="c1", to="p1", text="Good"),
    line("2020-03-02T05:00:00Z", "lin", "react", post="p1", text="+1"),
    line("2020-03-02T06:00:00Z", "lin", "react", post="m1", text="wave"),
    line("2020-03-03T01:00:00Z", "mei", "announce", post="a1", text="Friday at 8"),
    line("2020-03-03T02:00:00Z", "tao", "announce", post="a2", text="Bring snacks"),
    line("2020-03-03T03:00:00Z", "lin", "comment", post="c2", to="a2", text="I will"),
    line("2020-03-03T04:00:00Z", "lin", "comment", post="c3", to="gone", text="Hm"),
    line("2020-03-03T05:00:00Z", "lin", "pin", post="p1"),
    line("2020-03-03T06:00:00Z", "tao", "pin", post="p1"),
    line("2020-03-04T01:00:00Z", "lin", "leave"),
    line("2020-03-04T02:00:00Z", "lin", "message", post="m2", text="Still here?"),
]
WEEK_REPORT = ImportReport(
    read=14,
    recorded=10,
    refused={
        "must-see-spacing": 1,
        "not-a-manager": 1,
        "not-in-the-group": 1,
        "unknown-post": 1,
    },
    demoted=1,
)


def written(path: Path, lines) -> Path:
    text = "".join(f"{json.dumps(it, ensure_ascii=False)}\n" for it in lines)
    path.write_text(text, encoding="utf-8")
    return path


def imported(
    path: Path, store: str, *, circle_by="circle", export_of=None, complaints=None
):
    """
    Import a file or a Slack export; return the report.
    """
    clock = ManualClock(EPOCH)
    lines = slack.read(path, circle=export_of) if export_of else ndjson.read(path)
    complain = (lambda _: None) if complaints is None else complaints.append
    with CircleKit(store, clock=clock) as kit:
        return Importer(kit, clock, circle_by).take_all(
            lines, complain=complain, progress=lambda _: None
        )


def everything_in(store: str):
    """
    Return all that a store holds: every event with its place, as it is stored.
    """
    with CircleKit(store) as kit, kit._store.reading() as transaction:
        return transaction.all(
            "SELECT position, stream, version, name, body FROM circlekit_event"
        )


def whole_feed(kit: CircleKit, member: str):
    items, after = [], None
    while True:
        page = kit.feed(member, after=after, limit=200)
        items += page.items
        after = page.next
        if after is None:
            return items
