"""
The page about the command line shows what the commands answer today.
"""

import gzip
import json
import re
import shlex
from datetime import datetime
from pathlib import Path
from zipfile import ZipFile

import pytest

from circlekit.application import deciding
from tests.cli.little_history import run
from tests.importing.histories import WEEK, written

PAGE = Path(__file__).parents[2] / "docs" / "cli.md"
FENCES = re.compile(r"^```(console|json)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

# The moment at which the demo asks, on the last evening of its year.
EVENING = datetime.fromisoformat("2020-12-31T13:30:00Z")

# Another place stands for the server, which need not be there.
PLACES = {"postgresql://kit@db.example/communities": "sqlite:///server.db"}

# These would take long, never end, or need a store that somebody follows.
LEFT_OUT = {"circlekit demo company", "circlekit work --store sqlite:///community.db"}

# What differs from run to run, or is another if the page shows what went wrong.
ANYTHING = {"seconds", "from", "equal"}

# Where nothing went wrong, the page shows what it would look like.
WOULD_BE = {"violations", "differences", "followers", "parked"}


class Now(datetime):
    """
    A clock that stands still.
    """

    @classmethod
    def now(cls, tz=None):
        """
        Return that evening.
        """
        return EVENING.astimezone(tz)


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """
    Every example of the page, with its command and what that answered.
    """
    folder = tmp_path_factory.mktemp("page")
    week = written(folder / "history.ndjson", WEEK)
    (folder / "history.ndjson.gz").write_bytes(gzip.compress(week.read_bytes()))
    said = [{"type": "message", "user": "U1", "text": "Hi", "ts": "1583114400.000100"}]
    with ZipFile(folder / "slack-export.zip", "w") as export:
        export.writestr("users.json", "[]")
        export.writestr("general/2020-03-02.json", json.dumps(said))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(deciding, "datetime", Now)
        return {
            name: [*_examples(section)]
            for name, section in sorted(_sections().items(), key=_exported_first)
        }


SECTIONS = re.findall(r"^## (.+)$", PAGE.read_text(), re.MULTILINE)[1:]


@pytest.mark.parametrize("name", SECTIONS)
def test_section(shown, name):
    """
    What the page shows of a command is what it answers, as far as it is shown.
    """
    for example, answer in shown[name]:
        if name == "import" and "read" in example:
            # That one is the history of a real community.
            assert list(example) == list(answer)
        else:
            assert [] == list(differing(example, answer, name))


def test_every_section_has_an_example(shown):
    """
    No command is without an example of its JSON.
    """
    assert SECTIONS == [name for name in SECTIONS if shown[name]]


def differing(example, answer, where):
    """
    Say where an example shows what is not in the answer.
    """
    match example, answer:
        case dict(), dict():
            yield from _differing_members(example, answer, where)
        case list(), list():
            for item in example:
                if all([*differing(item, each, where)] for each in answer):
                    yield f"{where}: {item} is not in it"
        case str(), str() if example.endswith("..."):
            if not answer.startswith(example.removesuffix("...")):
                yield f"{where}: {example} instead of {answer}"
        case _:
            if example != answer:
                yield f"{where}: {example} instead of {answer}"


def _differing_members(example, answer, where):
    if example and list(example) != list(answer):
        yield f"{where}: {list(example)} instead of {list(answer)}"
        return
    for name, value in example.items():
        if name in ANYTHING or (name in WOULD_BE and not answer[name]):
            continue
        yield from differing(value, answer[name], f"{where}.{name}")


def _sections():
    parts = re.split(r"^## (.+)$", PAGE.read_text(), flags=re.MULTILINE)
    return dict(zip(parts[3::2], parts[4::2], strict=True))


def _exported_first(section):
    # What is taken in was written before.
    return section[0] == "import"


def _examples(section):
    answer = None
    for kind, text in FENCES.findall(section):
        if kind == "json":
            yield json.loads(text), json.loads(answer)
            continue
        commands = [line.removeprefix("$ ") for line in text.splitlines()]
        asked = next((it for it in commands if it.endswith(" --json")), commands[0])
        for command in commands:
            if command in LEFT_OUT:
                continue
            words = shlex.split(command)[1:]
            if command == asked and "--json" not in words:
                words.append("--json")
            done = run(*(PLACES.get(word, word) for word in words))
            assert (0, "") == (done.exit_code, done.stderr), command
            if command == asked:
                answer = done.stdout
