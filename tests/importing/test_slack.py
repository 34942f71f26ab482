"""
A standard Slack export reads like what happened in the workspace.
"""

import json
import zipfile
from datetime import UTC, datetime

import pytest

from circlekit import InvalidInputError
from circlekit.cli import slack
from circlekit.cli.lines import BadLine, Line
from tests.importing.histories import imported

USERS = [{"id": "U1", "name": "mei"}, {"id": "U2", "name": "tao"}]
MONDAY = "1583114400"  # 2020-03-02T02:00:00Z


def message(ts, text, user="U1", **more):
    return {"type": "message", "user": user, "text": text, "ts": ts, **more}


GENERAL = [
    message(f"{MONDAY}.000100", "<@U1> has joined", subtype="channel_join"),
    message(f"{MONDAY}.000200", "Hello &amp; welcome <@U2>, see <#C1|books>"),
    message(f"{MONDAY}.000300", "<!channel> Friday at 8, <https://a.example|here>"),
    message(f"{MONDAY}.000400", "A thread", thread_ts=f"{MONDAY}.000400"),
    message(f"{MONDAY}.000500", "An answer", "U2", thread_ts=f"{MONDAY}.000400"),
    message(f"{MONDAY}.000600", "A picture", files=[{"id": "F1"}]),
    {
        "type": "message",
        "subtype": "file_comment",
        "text": "Lovely",
        "ts": f"{MONDAY}.000700",
        "file": {"id": "F1"},
        "comment": {"user": "U2"},
    },
    message(
        f"{MONDAY}.000800", "Ha", reactions=[{"name": "joy", "users": ["U1", "U2"]}]
    ),
    message(f"{MONDAY}.000900", "set the topic", subtype="channel_topic"),
    message(
        f"{MONDAY}.000901",
        "pinned",
        subtype="pinned_item",
        attachments=[{"ts": f"{MONDAY}.000400", "channel_name": "general"}],
    ),
    message(f"{MONDAY}.000902", "<@U1> has left", subtype="channel_leave"),
]


@pytest.fixture
def export(tmp_path):
    folder = tmp_path / "export"
    (folder / "general").mkdir(parents=True)
    (folder / "users.json").write_text(json.dumps(USERS))
    (folder / "channels.json").write_text("[]")
    (folder / "general" / "2020-03-02.json").write_text(json.dumps(GENERAL))
    return folder


def said(number, actor, action, text="", *, post="own", to=None):
    own = f"general:{MONDAY}.{number:04}00"
    return Line(
        at=datetime(2020, 3, 2, 2, tzinfo=UTC),
        actor=actor,
        action=action,
        circle="readers",
        group="general",
        post=own if post == "own" else post,
        in_reply_to=to,
        text=text,
    )


THREAD = f"general:{MONDAY}.000400"


def test_what_it_tells(export):
    """
    Messages, posts, comments, announcements, reactions, pins, joins and leaves.
    """
    expected = [
        said(1, "mei", "join", post=None),
        said(2, "mei", "message", "Hello & welcome @tao, see #books"),
        said(3, "mei", "announce", "@channel Friday at 8, here"),
        said(4, "mei", "post", "A thread"),
        said(5, "tao", "comment", "An answer", to=THREAD),
        said(6, "mei", "post", "A picture"),
        said(7, "tao", "comment", "Lovely", to=f"general:{MONDAY}.000600"),
        said(8, "mei", "message", "Ha"),
        said(8, "mei", "react", "joy"),
        said(8, "tao", "react", "joy"),
        said(9, "mei", "pin", post=THREAD),
        said(9, "mei", "leave", post=None),
    ]

    assert expected == [it.line for it in slack.read(export, circle="readers")]


def test_two_of_one_name(export):
    """
    Two people whom Slack calls by one name stay two, told apart by their ids.
    """
    named = [{"id": user["id"], "name": "mei"} for user in USERS]
    (export / "users.json").write_text(json.dumps(named))

    told = [it.line for it in slack.read(export, circle="readers")]

    assert {"mei.U1", "mei.U2"} == {line.actor for line in told}
    assert "Hello & welcome @mei.U2, see #books" == told[1].text


def test_zip(tmp_path, export):
    """
    The zip file an export came in tells the same, with or without its own folder.
    """
    for inside in ("", "readers-export/"):
        packed = tmp_path / "export.zip"
        with zipfile.ZipFile(packed, "w") as archive:
            for file in sorted(export.rglob("*.json")):
                archive.write(file, f"{inside}{file.relative_to(export)}")

        assert [it.line for it in slack.read(export, circle="readers")] == [
            it.line for it in slack.read(packed, circle="readers")
        ]
        assert slack.size(export) == slack.size(packed)


def test_bad_messages(export):
    """
    A message that is none, and a file that is no JSON, are invalid lines.
    """
    bad = [message("soon", "When?"), {"type": "message", "ts": f"{MONDAY}.1"}, {}]
    (export / "general" / "2020-03-03.json").write_text(json.dumps(bad))
    (export / "general" / "2020-03-04.json").write_text("[")

    lines = [it.line for it in slack.read(export, circle="readers")]

    assert 12 + 4 == len(lines)
    assert 4 == sum(isinstance(line, BadLine) for line in lines)


@pytest.mark.parametrize(
    "bad",
    [
        message("NaN", "When?"),
        message("sNaN", "When?"),
        message(f"{MONDAY}.1", "What?", files=[{"mode": "tombstone"}]),
        message(f"{MONDAY}.1", "What?", files=["F1"]),
        message(f"{MONDAY}.1", "What?", files=7),
        message(f"{MONDAY}.1", "Pinned", subtype="pinned_item", attachments=["ts"]),
        {**GENERAL[6], "ts": f"{MONDAY}.1", "file": {"id": ["F1"]}},
    ],
)
def test_a_message_that_is_none(export, bad):
    """
    Whatever is wrong with a message, the others are told.
    """
    (export / "general" / "2020-03-03.json").write_text(json.dumps([bad]))

    lines = [it.line for it in slack.read(export, circle="readers")]

    assert [12, 1] == [
        sum(isinstance(line, kind) for line in lines) for kind in (Line, BadLine)
    ]


def test_a_mark_of_nothing(export):
    """
    What stands for nobody and nothing is told by its label.
    """
    odd = message(f"{MONDAY}.1", "See <|the book> and <@>")
    (export / "general" / "2020-03-02.json").write_text(json.dumps([odd]))

    (line,) = [it.line for it in slack.read(export, circle="readers")]

    assert "See the book and @" == line.text


@pytest.mark.parametrize("users", [{}, None, [{}], [{"id": ["U1"]}], ["U1"], "["])
def test_no_users(export, users):
    """
    Without a list of who is who there is no export.
    """
    text = users if users == "[" else json.dumps(users)
    (export / "users.json").write_text(text)

    with pytest.raises(InvalidInputError, match=r"users\.json: "):
        list(slack.read(export, circle="readers"))


def altered(packed, name, how):
    # How a byte was changed on the way, a password set, or a newer packer used.
    with zipfile.ZipFile(packed) as archive:
        at = archive.getinfo(name).header_offset
    data = bytearray(packed.read_bytes())
    listed = data.index(name.encode(), data.index(b"PK\x01\x02")) - 46
    match how:
        case "a byte":
            data[at + 30 + len(name) + 5] ^= 1
        case "a password":
            data[at + 6] |= 1
            data[listed + 8] |= 1
        case "another packer":
            data[at + 8] = data[listed + 10] = 99
    packed.write_bytes(data)


@pytest.mark.parametrize("packing", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("how", ["a byte", "a password", "another packer"])
def test_not_to_be_unpacked(tmp_path, export, packing, how):
    """
    A file in a zip that cannot be unpacked is invalid, and the others are told.
    """
    packed = tmp_path / "export.zip"
    one = "general/2020-03-01.json"
    with zipfile.ZipFile(packed, "w", packing) as archive:
        archive.writestr(one, json.dumps([message(f"{MONDAY}.1", "One" * 99)]))
        for file in sorted(export.rglob("*.json")):
            archive.write(file, str(file.relative_to(export)))

    altered(packed, one, how)
    first, *others = slack.read(packed, circle="readers")

    assert one == first.where
    assert isinstance(first.line, BadLine)
    assert [it.line for it in slack.read(export, circle="readers")] == [
        it.line for it in others
    ]
    altered(packed, "users.json", how)
    with pytest.raises(InvalidInputError, match=r"users\.json: "):
        list(slack.read(packed, circle="readers"))


def test_a_folder_in_place_of_a_file(export):
    """
    What cannot be read is invalid, and the others are told.
    """
    (export / "general" / "2020-03-01.json").mkdir()

    first, *others = slack.read(export, circle="readers")

    assert "general/2020-03-01.json" == first.where
    assert isinstance(first.line, BadLine)
    assert 12 == len(others)


@pytest.mark.parametrize("name", ["nowhere", "empty", "file.zip"])
def test_no_export(tmp_path, name):
    """
    Whatever is no Slack export is refused with what would be one.
    """
    (tmp_path / "empty").mkdir()
    (tmp_path / "file.zip").write_bytes(b"no zip")

    with pytest.raises(InvalidInputError, match=r"accepted: a folder or zip file"):
        slack.size(tmp_path / name)


def test_a_name_in_no_letters(export, tmp_path):
    """
    Lines of a channel whose name the machine cannot tell are invalid.
    """
    (export / "general").rename(export / "\udcff")
    store = f"sqlite:///{tmp_path / 'readers.db'}"
    complaints = []

    report = imported(export, store, export_of="readers", complaints=complaints)

    assert (12, 12) == (report.read, report.invalid)
    assert 12 == len(complaints)


def test_import(export, tmp_path):
    """
    All of it can be imported, and again without adding anything.
    """
    store = f"sqlite:///{tmp_path / 'readers.db'}"

    first = imported(export, store, export_of="readers")
    second = imported(export, store, export_of="readers")

    assert (12, 12, 0) == (first.read, first.recorded, first.repeated)
    assert (12, 0, 12) == (second.read, second.recorded, second.repeated)
