"""
``circlekit import`` at a terminal.
"""

import json

import pytest
from typer.testing import CliRunner

from circlekit.cli.app import app
from tests.importing.histories import WEEK, written

RECORDED = {
    "read": 14,
    "recorded": 10,
    "repeated": 0,
    "refused": {
        "must-see-spacing": 1,
        "not-a-manager": 1,
        "not-in-the-group": 1,
        "unknown-post": 1,
    },
    "invalid": 0,
    "demoted": 1,
}


def run(*words):
    return CliRunner().invoke(app, ["import", *(str(word) for word in words)])


def test_json(tmp_path, store):
    """
    The report is one JSON document, and the second one says that nothing was added.
    """
    week = written(tmp_path / "week.ndjson", WEEK)
    ask = (week, "--store", store, "--format", "ndjson", "--json")

    first, second = run(*ask), run(*ask)

    assert (0, 0) == (first.exit_code, second.exit_code)
    assert RECORDED == json.loads(first.stdout)
    assert {**RECORDED, "recorded": 0, "repeated": 10} == json.loads(second.stdout)


def test_for_people(tmp_path, store):
    """
    People are shown a table, and told of every bad line with its number.

    A script is told by the exit code.
    """
    lines = [*WEEK, {**WEEK[1], "post": "m9", "text": "\0"}]
    path = written(tmp_path / "week.ndjson", lines)

    shown = run(path, "--store", store, "--format", "ndjson")

    assert 1 == shown.exit_code
    assert "refused: must-see-spacing" in shown.stdout
    assert "1 refused announcements became ordinary posts." in shown.stdout
    assert "line 15: text: has U+0000" in shown.stderr


def test_bad_lines_only(tmp_path, store):
    """
    A file without one good line is told as such, and still has its report.
    """
    path = tmp_path / "bad.ndjson"
    path.write_text("{\n[]\n")

    shown = run(path, "--store", store, "--format", "ndjson", "--json")

    said = json.loads(shown.stdout)
    assert (1, 2, 2) == (shown.exit_code, said["read"], said["invalid"])
    assert shown.stderr.startswith("circlekit: line 1: Input data was truncated; ")


def test_a_folder_in_place_of_a_file(tmp_path, store):
    """
    What the machine will not read is said in one line.
    """
    shown = run(tmp_path, "--store", store, "--format", "ndjson", "--json")

    said = f"circlekit: Is a directory: {str(tmp_path)!r}\n"
    assert (1, "", said) == (shown.exit_code, shown.stdout, shown.stderr)


def test_nothing_demoted(tmp_path, store):
    """
    Where nothing was demoted nothing is said of it.
    """
    path = written(tmp_path / "one.ndjson", WEEK[:1])

    shown = run(path, "--store", store, "--format", "ndjson")

    assert "ordinary posts" not in shown.stdout


def test_slack(tmp_path, store):
    """
    A Slack export is called by its folder's name unless another is given.
    """
    folder = tmp_path / "readers"
    (folder / "general").mkdir(parents=True)
    (folder / "users.json").write_text("[]")
    said = [{"type": "message", "user": "U1", "text": "Hi", "ts": "1583114400.000100"}]
    (folder / "general" / "2020-03-02.json").write_text(json.dumps(said))
    ask = (folder, "--store", store, "--format", "slack", "--json")

    first, renamed = run(*ask), run(*ask, "--name", "others")

    assert [1, 1] == [json.loads(it.stdout)["recorded"] for it in (first, renamed)]


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("nowhere.ndjson", "--format", "ndjson"), "'nowhere.ndjson' does not exist"),
        (("nowhere", "--format", "slack"), "'nowhere' does not exist"),
        (("nowhere", "--format", "ndjson", "--zone", "Mars"), "'Mars' is not known"),
    ],
)
def test_not_accepted(store, words, problem):
    """
    What cannot be imported is said in one line.
    """
    shown = run(*words, "--store", store)

    assert 1 == shown.exit_code
    assert problem in shown.stderr
