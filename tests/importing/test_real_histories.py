"""
Real communities' histories, where they are at hand: pseudonymised, not ours to ship.

They are looked for beside the checkout, in ``../shared/data``.
"""

import gzip
import re
from pathlib import Path

import attrs
import pytest

from circlekit import CircleKit
from circlekit.audit import CircleMonth, MustSeeAudit
from circlekit.cli.importing import ImportReport
from tests.importing.histories import everything_in, imported, whole_feed

DATA = Path(__file__).parents[3] / "shared" / "data"

pytestmark = pytest.mark.skipif(
    not DATA.is_dir(), reason="the real histories of ../shared/data are not at hand"
)


def audited(store, **kwargs) -> MustSeeAudit:
    with CircleKit(store) as kit:
        return kit.audit_must_sees(**kwargs)


def test_haskell_jp(store):
    """
    Of 55 announcements 42 were must-sees, and each of the 13 others has its rules.
    """
    path = DATA / "haskelljp_slack.ndjson.gz"

    report = imported(path, store)
    audit = audited(store)
    again = imported(path, store)

    refused = {
        "must-see-spacing": 12,
        "must-see-month+must-see-spacing": 1,
        "unknown-post": 5,
    }
    assert report == ImportReport(
        read=23_564, recorded=23_520, refused=refused, invalid=26, demoted=13
    )
    del refused["unknown-post"]
    assert (55, 42, 13, refused) == (
        audit.attempts,
        audit.sent,
        audit.refused,
        audit.refused_by,
    )
    assert ([], []) == (audit.violations, audit.overrides)
    assert attrs.evolve(report, recorded=0, repeated=23_520) == again
    assert audit == audited(store)


def test_houston(tmp_path):
    """
    A raw Slack export and its lines give the same feed, timelines and audit.

    In the raw export the names of reactions were replaced when it was
    pseudonymised: two of one person became one. So reactions are not compared,
    nor the places in the history, which they move.
    """
    lines = f"sqlite:///{tmp_path / 'lines.db'}"
    raw = f"sqlite:///{tmp_path / 'raw.db'}"
    imported(DATA / "houston_slack.ndjson.gz", lines)
    imported(DATA / "raw" / "houston-slack-export", raw, export_of="houston-datavis")

    channel = "houston-datavis/general"
    with CircleKit(lines) as from_lines, CircleKit(raw) as from_raw:
        readers = [
            _comparable(whole_feed(kit, "u_fd24cf875bf8"))
            for kit in (from_lines, from_raw)
        ]
        timelines = [
            _comparable(kit.group_timeline(channel, limit=200).entries)
            for kit in (from_lines, from_raw)
        ]
    assert 64 == len(readers[0])
    assert readers[0] == readers[1]
    # Pseudonymised, mentions lost or won a space beside them.
    for entry in (*timelines[0], *timelines[1]):
        del entry["text"]
    assert timelines[0] == timelines[1]

    month = CircleMonth(
        circle="houston-datavis", month="", zone="Asia/Shanghai", allowance=4, sent=1
    )
    july, august, february = (
        attrs.evolve(month, month=name, closest_gap_seconds=gap)
        for name, gap in [
            ("2015-07", None),
            ("2015-08", 2_682_922.0),
            ("2016-02", 16_747_258.0),
        ]
    )
    expected = MustSeeAudit(attempts=3, sent=3, circles=[july, august, february])
    assert [expected, expected] == [audited(lines), audited(raw)]


def test_cofacts(store):
    """
    93,617 lines of Chinese: nothing is lost, and a second import adds nothing.
    """
    path = DATA / "cofacts_zh.ndjson.gz"

    report = imported(path, store)
    before = everything_in(store)
    again = imported(path, store)

    assert report == ImportReport(
        read=93_617, recorded=93_587, refused={"unknown-post": 7}, invalid=23
    )
    assert attrs.evolve(report, recorded=0, repeated=93_587) == again
    assert before == everything_in(store)
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        assert report.read == sum(1 for _ in lines)


def _comparable(items):
    # What pseudonymisation wrote differently in the two forms of one history.
    written = [
        attrs.asdict(
            attrs.evolve(
                item, text=re.sub(r"<token>|token-redacted", "token", item.text or "")
            )
        )
        for item in items
    ]
    moved = {"post", "comment", "message", "reactions"}
    return [{k: it[k] for k in it.keys() - moved} for it in written]
