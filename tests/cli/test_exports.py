"""
A history is exported and taken in at a terminal.
"""

import json
import sys

import pytest

from circlekit import CircleKit
from tests.archive.test_exports import _sign
from tests.cli.little_history import document, run, tell


@pytest.fixture
def store(tmp_path):
    url = f"sqlite:///{tmp_path / 'here.db'}"
    tell(url)
    return url


@pytest.fixture
def there(tmp_path):
    return f"sqlite:///{tmp_path / 'there.db'}"


def head(url):
    with CircleKit(url, create=False) as kit:
        return kit.verify()


def test_there_and_back(store, there, tmp_path):
    """
    What is exported says what is in it, and is taken in as what it was.
    """
    path = str(tmp_path / "all")
    exported = document("export", path, "--store", store)
    imported = document("import", path, "--from-export", "--store", there)

    assert {
        "path": path,
        "circle": None,
        "events": 38,
        "streams": 8,
        "head": head(store),
        "answers": {
            "feeds": 10,
            "inboxes": 6,
            "timelines": 7,
            "quotas": 3,
            "homework": 0,
            "lives": 0,
            "check-ins": 0,
            "to-dos": 0,
            "approvals": 0,
        },
    } == exported
    assert {
        "circle": None,
        "events": 38,
        "repeated": 0,
        "head": head(there),
        "equal": True,
        "differences": [],
    } == imported
    assert head(store) == head(there)


def test_for_people(store, there, tmp_path):
    """
    People are told how much there is, and that every answer is the same.
    """
    path = tmp_path / "readers.zip"
    exported = run("export", str(path), "--store", store, "--circle", "readers")
    imported = run("import", str(path), "--from-export", "--store", there)
    again = run("import", str(path), "--from-export", "--store", there)

    assert (0, 0, 0) == (exported.exit_code, imported.exit_code, again.exit_code)
    assert "feed items, " in exported.stdout
    assert head(store) in exported.stdout
    assert "Every answer is the same." in imported.stdout
    assert head(there) in imported.stdout
    assert again.stdout.startswith("0 events were taken in, ")


def test_events_only(store, there, tmp_path):
    """
    Without answers there is nothing to compare.
    """
    path = str(tmp_path / "all")
    exported = run(
        "export", path, "--store", store, "--events-only", "--format", "parquet"
    )
    imported = run("import", path, "--from-export", "--store", there)
    again = document("import", path, "--from-export", "--store", there)

    assert "38 events of 8 histories are in " in exported.stdout
    said = "38 events were taken in.\nIt has no answers to compare with."
    assert (0, f"{said}\n{head(store)}\n") == (imported.exit_code, imported.stdout)
    assert (None, []) == (again["equal"], again["differences"])


def test_differences_end_in_four(store, there, tmp_path):
    """
    An answer that is another here is shown, and the exit code is 4.
    """
    path = tmp_path / "all"
    run("export", str(path), "--store", store, "--whole-feeds")
    feeds = path / "answers" / "feeds.ndjson"
    feeds.write_bytes(feeds.read_bytes().replace(b'"pinned":true', b'"pinned":false'))
    _sign(path, "answers/feeds.ndjson")
    shown = run("import", str(path), "--from-export", "--store", there)

    assert 4 == shown.exit_code
    assert "3 differences to the answers of the export:" in shown.stdout
    assert "pinned: expected false, actual true" in shown.stdout


@pytest.mark.parametrize(
    ("args", "problem"),
    [
        (("export", "{here}", "--store", "{store}"), "is there already"),
        (("export", "{new}", "--store", "{none}"), "there is no store"),
        (("export", "{new}", "--store", "{store}", "--circle", "x"), "no circle 'x'"),
        (("import", "{new}", "--from-export", "--store", "{store}"), "does not exist"),
        (("import", "{here}", "--from-export", "--store", "{store}"), "this export"),
        (("import", "{here}", "--store", "{store}"), "--format: is not given"),
        (
            (
                "import",
                "{here}",
                "--from-export",
                "--format",
                "slack",
                "--store",
                "{store}",
            ),
            "--format: both are given",
        ),
    ],
)
def test_what_cannot_be(store, there, tmp_path, args, problem):
    """
    What cannot be done is said in one line, and changes nothing.
    """
    before = head(store)
    known = {
        "here": str(tmp_path),
        "new": str(tmp_path / "new"),
        "store": store,
        "none": there,
    }
    answer = run(*(it.format(**known) for it in args))

    assert (1, "") == (answer.exit_code, answer.stdout)
    assert problem in answer.stderr
    assert before == head(store)
    assert not (tmp_path / "new").exists()


def test_without_the_extra(store, tmp_path, monkeypatch):
    """
    Parquet without its extra says what to install, or what else to write.

    Nothing is made then.
    """
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    answer = run("export", str(tmp_path / "x"), "--store", store, "--format", "parquet")

    said = (
        "circlekit: this export cannot be written as Parquet without pyarrow; "
        "accepted: circlekit with the extra `parquet` installed, or the format ndjson\n"
    )
    assert (1, said) == (answer.exit_code, answer.stderr)
    assert not (tmp_path / "x").exists()


def test_alone_on_stdout(store, tmp_path):
    """
    With --json, standard output holds one document and nothing else.
    """
    answer = run("export", str(tmp_path / "x"), "--store", store, "--json")

    assert "" == answer.stderr
    assert json.loads(answer.stdout)
