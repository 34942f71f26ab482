"""
A history that is taken out, and taken in elsewhere, is the same history.
"""

import json
import shutil
import sys
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZipFile

import pytest
from hypothesis import given, settings

from circlekit import (
    AlreadyThereError,
    CircleKit,
    CorruptEventError,
    ExportError,
    InvalidInputError,
    ManualClock,
    NotFoundError,
    RefusedError,
)
from circlekit.application import archiving
from circlekit.archive.belonging import kind_of
from circlekit.archive.places import Folder, weighed
from circlekit.cli.demos.company import Company
from circlekit.cli.demos.franchise import Franchise
from circlekit.cli.demos.school import School
from circlekit.cli.demos.telling import play
from circlekit.store import READ_MODELS, log
from tests.application.communities import opened, scripts, started
from tests.application.town import MARCH_1, everything, settle

pytestmark = pytest.mark.covers("A033", "P36")
FORMS = ("ndjson", "parquet")


@contextmanager
def kit_at(url="sqlite://", clock=None):
    with CircleKit(url, clock=clock or ManualClock(MARCH_1)) as kit:
        yield kit


@pytest.fixture(scope="module")
def lived():
    with kit_at() as kit, suppress(RefusedError):
        settle(kit, kit._clock)
        kit.acknowledge(kit.feed("tao", circle="club").items[0].post, by="tao")
        kit.mark_read([kit.publish_post("guild", by="ana", text="Nails")], by="ana")
        kit.join_circle("guild", "tao", command_id="tao joins")
        elsewhere = kit.publish_post("guild", by="tao", text="And tongs")
        kit.mark_read([elsewhere], by="tao")
        with suppress(RefusedError):
            kit.send_must_see("club", by="mei", text="And again")
        yield kit


@pytest.fixture
def exported(lived, tmp_path):
    lived.export(tmp_path / "all")
    return tmp_path / "all"


@pytest.fixture
def club(lived, tmp_path):
    lived.export(tmp_path / "club", "club")
    return tmp_path / "club"


def rows_of(kit, model):
    """
    Return all that a read model has in its tables.
    """
    with kit._store.read(model) as (rows, _):
        return {
            name: sorted(map(repr, rows.all(f"SELECT * FROM {name}")))
            for name in model.tables.tables
        }


def read_models(kit):
    return {model.name: rows_of(kit, model) for model in READ_MODELS}


def events(kit):
    return list(kit._store.rows())


def answers(folder):
    return {
        path.name: path.read_text(encoding="utf-8")
        for path in (folder / "answers").iterdir()
    }


def documents(folder, name):
    lines = (folder / name).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def altered(folder, name, old, new):
    file = folder / name
    text = file.read_bytes()
    assert old in text
    file.write_bytes(text.replace(old, new, 1))


@contextmanager
def a_url(kind, server):
    if kind == "sqlite":
        with TemporaryDirectory() as folder:
            yield f"sqlite:///{folder}/kit.db"
    else:
        with server.store() as url:
            yield url


class TestEverything:
    @pytest.mark.parametrize(
        ("here", "there", "form"),
        [
            ("sqlite", "sqlite", "ndjson"),
            ("sqlite", "postgresql", "ndjson"),
            ("postgresql", "sqlite", "parquet"),
            ("postgresql", "postgresql", "ndjson"),
        ],
    )
    @settings(max_examples=5)
    @given(things=scripts(least=40, most=80))
    def test_from_store_to_store(self, form, here, there, things, circlekit_postgres):
        """
        Out of any store and into any other, head, events and answers are the same.

        So is every row of every read model, and what is written next.
        """
        clock = started()
        with ExitStack() as stack:
            urls = [
                stack.enter_context(a_url(kind, circlekit_postgres))
                for kind in (here, there)
            ]
            kit, other = (stack.enter_context(kit_at(url, clock)) for url in urls)
            folder = Path(stack.enter_context(TemporaryDirectory()))
            community = opened(kit, clock)
            for act in things:
                with suppress(NotFoundError, InvalidInputError):
                    community.do(act)

            done = kit.export(folder / "all", format=form)
            imported = other.import_export(folder / "all")

            assert (0, ()) == (imported.repeated, imported.differences)
            assert kit.verify() == done.head == imported.head == other.verify()
            assert events(kit) == events(other)
            assert read_models(kit) == read_models(other)
            assert kit.audit_must_sees() == other.audit_must_sees()
            clock.forward(days=40)
            for each in (kit, other):
                with suppress(RefusedError):
                    each.send_must_see("club", by="mei", text="Onwards")
            assert kit.verify() == other.verify()

    def test_what_it_says(self, lived, exported):
        """
        A manifest says what there is, and its files are what it says.
        """
        manifest = json.loads((exported / "manifest.json").read_bytes())
        files = manifest.pop("files")

        assert {
            "format": "circlekit export",
            "format_version": 1,
            "circlekit": "0.1.0",
            "circle": None,
            "form": "ndjson",
            "at": "2020-03-01T12:00:00Z",
            "head": lived.verify(),
            "events": lived.newest_position(),
            "feed_items": 200,
        } == {name: it for name, it in manifest.items() if name != "kinds"}
        assert lived.newest_position() == sum(manifest["kinds"].values())
        assert sorted(files) == sorted(
            path.relative_to(exported).as_posix()
            for path in exported.rglob("*")
            if path.is_file() and path.name != "manifest.json"
        )

    def test_a_line_is_what_is_stored(self, lived, exported):
        """
        Each event is a line with the bytes that are stored, and its place.
        """
        told = documents(exported, "events.ndjson")

        assert [
            (position, stream, version, name, json.loads(body), checksum)
            for position, stream, version, name, body, checksum in events(lived)
        ] == [tuple(line[key] for key in list(line)[:6]) for line in told]

    def test_the_answers_are_those_of_the_kit(self, lived, exported):
        """
        Answers beside the events are what the kit answers itself.
        """
        feeds = documents(exported, "answers/feeds.ndjson")
        (audit,) = documents(exported, "answers/must-see-audit.json")

        assert [
            (str(item.post), item.pinned, item.unread, item.acknowledged)
            for item in lived.feed("tao").items
        ] == [
            (it["post"], it["pinned"], it["unread"], it["acknowledged"])
            for it in feeds
            if it["member"] == "tao"
        ]
        assert (1, 1) == (audit["sent"], audit["refused"])
        assert [
            ("circle/club", ["must-see-month", "must-see-spacing"], [3, 0]),
            ("circle/firm", ["must-see-month", "must-see-spacing"], [4, 1]),
        ] == [
            (
                it["holder"],
                [line["rule"] for line in it["lines"]],
                [line["left"] for line in it["lines"]],
            )
            for it in documents(exported, "answers/quotas.ndjson")[:2]
        ]

    def test_command_ids_go_with_it(self, exported, lived):
        """
        A command that comes again at the other store is answered by its first outcome.
        """
        with kit_at() as other:
            other.import_export(exported)
            newest = other.newest_position()
            other.join_circle("guild", "tao", command_id="tao joins")

            assert newest == other.newest_position()
            assert lived.became_of("tao joins") == other.became_of("tao joins")

    def test_gone_on_with(self, exported, monkeypatch):
        """
        An import that is stopped is gone on with, and comes to the same head.
        """
        monkeypatch.setattr(archiving, "BATCH", 7)
        with kit_at() as other:

            def stop(what, done, of):
                if what == "Taking events in" and done > 20:
                    raise KeyboardInterrupt

            with pytest.raises(KeyboardInterrupt):
                other.import_export(exported, progress=stop)
            assert 21 == other.newest_position()
            imported = other.import_export(exported)

            assert (21, ()) == (imported.repeated, imported.differences)
            assert imported.head == other.verify()
            again = other.import_export(exported, compare=False)
            assert (0, None) == (again.events, again.differences)

    def test_not_into_another_history(self, exported):
        """
        An export of everything goes nowhere but into an empty store.
        """
        with kit_at() as other:
            other.found_circle(name="Tea", kind="community", by="mei", circle="tea")
            before = events(other)
            with pytest.raises(AlreadyThereError) as wrong:
                other.import_export(exported)

            assert ("the log", before) == (wrong.value.stream, events(other))

    def test_nobody_writes_in_between(self, exported, monkeypatch):
        """
        Somebody who writes while an export is taken in stops that.
        """
        monkeypatch.setattr(archiving, "BATCH", 7)
        with kit_at() as other:

            def interfere(what, _done, _of):
                if what == "Taking events in":
                    other.add_customer("walk-in", channel="till", by="tao")

            with pytest.raises(AlreadyThereError):
                other.import_export(exported, progress=interfere)

    def test_an_empty_store(self, tmp_path):
        """
        A store without any event has an export without any.
        """
        with kit_at() as kit, kit_at() as other:
            done = kit.export(tmp_path / "all")
            imported = other.import_export(tmp_path / "all")

            assert (0, 0, {0}) == (
                done.events,
                done.streams,
                set(done.answers.values()),
            )
            assert kit.verify() == imported.head

    def test_while_others_write(self, lived, tmp_path, monkeypatch):
        """
        What is written while an export is made is not in it.
        """
        monkeypatch.setattr(archiving, "BATCH", 7)
        lived.export(tmp_path / "then")
        with kit_at() as kit:
            kit.import_export(tmp_path / "then", compare=False)

            def write(what, _done, _of):
                if what == "Writing events":
                    kit.publish_post("club", by="tao", text="Meanwhile")

            head = kit.verify()
            done = kit.export(tmp_path / "now", progress=write)

            assert head == done.head
            assert answers(tmp_path / "then") == answers(tmp_path / "now")

    def test_a_body_of_several_lines(self, tmp_path):
        """
        A body that was stored over several lines comes back with each of them.
        """
        with kit_at() as kit, kit_at() as other:
            kit.found_circle(name="Tea", kind="community", by="mei", circle="tea")
            with kit._store.writing() as transaction:
                version = transaction.last_of("circle/tea").version + 1
                body = json.dumps(
                    {"text": "Hi", "by": "mei", "at": "2020-03-01T12:00:00Z"}, indent=1
                ).encode()
                transaction.put("circle/tea", version, "PostPublished", body)
            kit.export(tmp_path / "all")
            other.import_export(tmp_path / "all")

            assert events(kit) == events(other)
            assert body == events(other)[-1][4]

    @pytest.mark.parametrize("most", [0, 1, None])
    def test_how_much_of_a_feed(self, lived, tmp_path, most):
        """
        Of each feed there is as much as was asked for.
        """
        lived.export(tmp_path / "all", feed_items=most)
        feeds = documents(tmp_path / "all", "answers/feeds.ndjson")
        items = len(lived.feed("tao").items)

        assert (items if most is None else most) == sum(
            it["member"] == "tao" for it in feeds
        )
        with kit_at() as other:
            assert () == other.import_export(tmp_path / "all").differences


class TestOneCircle:
    @pytest.mark.parametrize("form", FORMS)
    @given(
        things=scripts(least=40, most=80),
        others=scripts("publish_post", "found_circle", least=0, most=10),
    )
    def test_into_a_store_of_others(self, form, things, others):
        """
        A circle taken in where other circles are has the answers that it had.
        """
        clock = started()
        with kit_at(clock=clock) as kit, kit_at() as other, TemporaryDirectory() as at:
            community = opened(kit, clock)
            for act in things:
                with suppress(NotFoundError, InvalidInputError):
                    community.do(act)
            _live_elsewhere(other)
            path = Path(at) / "guild"
            done = kit.export(path, "guild", format=form)
            foreign = events(other)
            linked = _linked_elsewhere(kit)
            imported = other.import_export(path)

            assert done.events == imported.events
            assert foreign == events(other)[: len(foreign)]
            assert imported.head == other.verify()
            assert list(_plain(kit, "guild")) == list(_plain(other, "guild"))
            if not linked:
                assert () == imported.differences
            assert (done.events, linked) == (
                other.import_export(path, compare=False).repeated,
                linked,
            )

    def test_what_belongs(self, lived, club):
        """
        A circle's export has it, its groups of any time and their refusals.

        Of readers it has what names the circle, and of others nothing.
        """
        assert {
            "circle/club": True,
            "group/club": True,
            "group/side": True,
            "group/lone": True,
            "reader/tao": False,
            "refused:circle/club": True,
            "topic-names/club": True,
            "topic/run": True,
        } == {it["stream"]: it["whole"] for it in documents(club, "streams.ndjson")}
        assert {"club"} == {
            it["body"]["circle"]
            for it in documents(club, "events.ndjson")
            if kind_of(it["stream"]) == "reader"
        }
        assert not (club / "commands.ndjson").exists()

    def test_posts_keep_their_ids(self, lived, club):
        """
        A post has the id that it had, and is commented on as if nothing had happened.
        """
        with kit_at() as other:
            _live_elsewhere(other)
            other.import_export(club)
            newest = list(lived.history("club"))[-1].version
            post = lived.feed("tao", circle="club").items[0].post
            comment = other.add_comment(post, by="tao", text="Still here")

            assert f"club/{newest + 1}" == str(comment)

    def test_a_reader_goes_on(self, club):
        """
        Who read in other circles there has read here and there afterwards.
        """
        with kit_at() as other:
            post = _live_elsewhere(other)
            other.import_export(club)
            other.acknowledge(
                next(it.post for it in other.feed("ben").items if it.must_see_at),
                by="ben",
            )

            assert [False] == [
                it.unread for it in other.feed("tao", circle="choir").items
            ]
            assert str(post) == str(other.feed("tao", circle="choir").items[0].post)
            assert 4 == [it.stream for it in everything(other)].count("reader/tao") + 2

    def test_gone_on_with(self, club, monkeypatch):
        """
        An import of a circle that is stopped is gone on with, and adds nothing twice.
        """
        monkeypatch.setattr(archiving, "BATCH", 7)
        with kit_at() as other, kit_at() as at_once:

            def stop(what, done, of):
                if what == "Taking events in" and done > 20:
                    raise KeyboardInterrupt

            with pytest.raises(KeyboardInterrupt):
                other.import_export(club, progress=stop)
            imported = other.import_export(club)
            at_once.import_export(club)

            assert (21, ()) == (imported.repeated, imported.differences)
            assert events(at_once) == events(other)

    @pytest.mark.parametrize("taken", ["club", "side"])
    def test_not_where_it_is_already(self, club, taken):
        """
        A circle or group of the same name is in the way, and stays as it was.
        """
        with kit_at() as other:
            circle, group = (taken, "it") if taken == "club" else ("it", taken)
            other.found_circle(
                name="It", kind="community", by="ana", circle=circle, group=group
            )
            before = events(other)
            with pytest.raises(AlreadyThereError) as wrong:
                other.import_export(club)

            kind = "circle" if taken == "club" else "group"
            assert (f"{kind}/{taken}", before) == (wrong.value.stream, events(other))

    def test_a_group_of_that_name_that_is_founded_meanwhile(self, club, monkeypatch):
        """
        Who takes a name while an export is taken in stops that.
        """
        monkeypatch.setattr(archiving, "BATCH", 2)
        with kit_at() as other:

            def interfere(what, done, _of):
                if what == "Taking events in" and done == 2:
                    other.found_circle(
                        name="X", kind="community", by="ana", circle="x", group="side"
                    )

            with pytest.raises(AlreadyThereError) as wrong:
                other.import_export(club, progress=interfere)
            assert "group/side" == wrong.value.stream


def _live_elsewhere(kit):
    kit.found_circle(name="Choir", kind="community", by="ana", circle="choir")
    kit.join_circle("choir", "tao")
    post = kit.publish_post("choir", by="ana", text="Bring water")
    kit.mark_read([post], by="tao")
    return post


def _linked_elsewhere(kit):
    # What such a group shows of the other circle stays behind.
    groups = {
        it.event.group
        for it in kit.history("guild")
        if type(it.event).__name__ == "GroupLinked"
    }
    return any(
        type(it.event).__name__ == "CircleLinked"
        and it.subject in groups
        and it.event.circle != "guild"
        for it in everything(kit)
    )


def _plain(kit, circle):
    return ((it.version, it.event) for it in kit.history(circle))


class TestWhatIsAltered:
    def test_any_byte_of_an_event(self, exported, tmp_path):
        """
        An altered line is named, with the event in it, before anything is taken in.
        """
        altered(exported, "events.ndjson", b"We meet on Friday", b"We meet on Monday")
        with kit_at() as other:
            with pytest.raises(CorruptEventError, match=r"\(line 60\)") as wrong:
                other.import_export(exported)

            assert ("circle/club", 60, 0) == (
                wrong.value.stream,
                wrong.value.position,
                other.newest_position(),
            )

    @pytest.mark.parametrize("kind", [None, "club"])
    def test_a_line_with_a_right_checksum(self, lived, tmp_path, kind):
        """
        Who alters a line and its checksum is found by the chain.
        """
        lived.export(tmp_path / "it", kind)
        (line,) = [
            it
            for it in documents(tmp_path / "it", "events.ndjson")
            if it["name"] == "MustSeeSent"
        ]
        file = tmp_path / "it" / "events.ndjson"
        text = file.read_text(encoding="utf-8")
        old = next(it for it in text.splitlines() if '"MustSeeSent"' in it)
        body = old[old.index('"body":') + 7 : old.index(',"checksum"')]
        new_body = body.replace('"mei"', '"tao"')
        new = old.replace(body, new_body).replace(
            str(line["checksum"]),
            str(
                log.checksum(
                    line["stream"], line["version"], line["name"], new_body.encode()
                )
            ),
        )
        file.write_text(text.replace(old, new), encoding="utf-8")
        with kit_at() as other, pytest.raises(CorruptEventError) as wrong:
            other.import_export(tmp_path / "it")

        assert (line["stream"], line["version"], line["position"]) == (
            wrong.value.stream,
            wrong.value.version,
            wrong.value.position,
        )

    @pytest.mark.parametrize(
        "line",
        [b"\n", b"{}\n", b"[]\n", b'{"position":1}\n', b"\xff\n", b"[" * 100_000],
    )
    def test_what_is_no_line(self, exported, line):
        """
        What is no line of an export is said to be none, and where.
        """
        file = exported / "events.ndjson"
        first, _, rest = file.read_bytes().partition(b"\n")
        file.write_bytes(first + b"\n" + line + rest)
        with kit_at() as other, pytest.raises(CorruptEventError) as wrong:
            other.import_export(exported)

        assert ("events.ndjson", 2) == (wrong.value.stream, wrong.value.version)

    @pytest.mark.parametrize("kind", [None, "club"])
    @pytest.mark.parametrize(("first", "last"), [(1, None), (0, -1), (0, -20)])
    def test_what_is_cut_out(self, lived, tmp_path, kind, first, last):
        """
        Lines that are missing are found, at the beginning, in the middle, at the end.
        """
        lived.export(tmp_path / "it", kind)
        file = tmp_path / "it" / "events.ndjson"
        lines = file.read_bytes().splitlines(keepends=True)
        file.write_bytes(b"".join(lines[first:last]))
        with kit_at() as other:
            with pytest.raises((CorruptEventError, ExportError)):
                other.import_export(tmp_path / "it")
            assert 0 == other.newest_position()

    def test_what_a_reader_did(self, club):
        """
        A line that no chain holds, of a reader in one circle's export, is held by all.
        """
        file = club / "events.ndjson"
        lines = file.read_bytes().splitlines(keepends=True)
        at = next(n for n, line in enumerate(lines) if b'"reader/tao"' in line)
        lines[at] = lines[at].replace(b'"reader/tao"', b'"reader/lin"')
        line = json.loads(lines[at])
        body = encode_of(lines[at])
        sum_ = log.checksum("reader/lin", line["version"], line["name"], body)
        lines[at] = lines[at].replace(
            str(line["checksum"]).encode(), str(sum_).encode()
        )
        file.write_bytes(b"".join(lines))
        with kit_at() as other:
            with pytest.raises(ExportError, match=r"'events\.ndjson' that was altered"):
                other.import_export(club)
            assert 0 == other.newest_position()

    @pytest.mark.parametrize(
        "name",
        [
            *("answers/feeds.ndjson", "answers/timelines.ndjson"),
            *("answers/quotas.ndjson", "answers/must-see-audit.json"),
            *("answers/inboxes.ndjson", "answers/homework.ndjson"),
            *("answers/lives.ndjson", "answers/check-ins.ndjson"),
            *("answers/to-dos.ndjson", "answers/approvals.ndjson"),
            *("streams.ndjson", "commands.ndjson"),
        ],
    )
    def test_any_other_file(self, exported, name):
        """
        A file that was altered, or is gone, is named.
        """
        file = exported / name
        file.write_bytes(file.read_bytes() + b"\n")
        with kit_at() as other:
            with pytest.raises(ExportError, match=f"'{name}' that was altered"):
                other.import_export(exported)
            file.unlink()
            with pytest.raises(ExportError, match=f"'{name}' that cannot be read"):
                other.import_export(exported)

    @pytest.mark.parametrize(
        ("old", "new", "problem"),
        [
            (b'"format_version": 1', b'"format_version": 2', "of version 2"),
            (b"circlekit export", b"somebody's export", "does not say"),
            (b'"events": ', b'"events": "', "manifest that is none"),
            (b'"feed_items": 200', b'"feed_items": -1', "manifest that is none"),
            (b'"form": "ndjson"', b'"form": "csv"', "manifest that is none"),
            (b'"form": "ndjson"', b'"form": "parquet"', "has no events"),
            (b"{", b"", "manifest that is none"),
        ],
    )
    def test_its_manifest(self, exported, old, new, problem):
        """
        A manifest of another version, or that is none, is said to be so.
        """
        altered(exported, "manifest.json", old, new)
        with kit_at() as other, pytest.raises(ExportError, match=problem):
            other.import_export(exported)

    @pytest.mark.parametrize("name", ["nowhere", "empty", "text.zip"])
    def test_no_export(self, tmp_path, name):
        """
        What is no export is said to be none.
        """
        (tmp_path / "empty").mkdir()
        (tmp_path / "text.zip").write_text("Hello")
        with kit_at() as other, pytest.raises(ExportError):
            other.import_export(tmp_path / name)

    def test_another_answer(self, exported):
        """
        An answer that is another here is said, and the events are there.
        """
        feeds = exported / "answers/feeds.ndjson"
        old = feeds.read_bytes()
        feeds.write_bytes(old.replace(b'"unread":true', b'"unread":null', 1))
        _sign(exported, "answers/feeds.ndjson")
        with kit_at() as other:
            imported = other.import_export(exported)

            assert [(None, True)] == [
                (it.expected, it.actual) for it in imported.differences
            ]
            assert imported.head == other.verify()

    @pytest.mark.parametrize(
        "line",
        [
            *(b"{}", b"[]", b"null", b'"x"', b"{"),
            b'{"id":"a","said":null,"first":1,"last":1}',
            b'{"id":"a","said":"b","first":1,"last":9223372036854775808}',
        ],
    )
    def test_no_command(self, exported, line):
        """
        A line that is no command is named before anything is taken in.
        """
        commands = exported / "commands.ndjson"
        commands.write_bytes(line + b"\n" + commands.read_bytes())
        _sign(exported, "commands.ndjson")
        with kit_at() as other:
            with pytest.raises(ExportError, match="in line 1 of commands"):
                other.import_export(exported)

            assert 0 == other.newest_position()

    @pytest.mark.parametrize("text", ["", "{}\n{}\n", "[]\n", "{"])
    def test_no_audit(self, exported, text):
        """
        A must-see audit that is none, or more than one, is said to be so.
        """
        (exported / "answers/must-see-audit.json").write_text(text)
        _sign(exported, "answers/must-see-audit.json")
        with kit_at() as other, pytest.raises(ExportError, match="must-see-audit"):
            other.import_export(exported)

    @pytest.mark.parametrize(
        "line",
        [
            *(b"{\n", b'{"member":"nobody"}\n', b'{"member":["mei"]}\n'),
            *(b"{}\n", b"[]\n", b"null\n", b"5\n"),
        ],
    )
    def test_no_answer(self, exported, line):
        """
        A line that is no answer, or of nobody in the history, is said to be so.
        """
        feeds = exported / "answers/feeds.ndjson"
        feeds.write_bytes(feeds.read_bytes() + line)
        _sign(exported, "answers/feeds.ndjson")
        with kit_at() as other, pytest.raises(ExportError):
            other.import_export(exported)

    def test_an_altered_store(self, lived, tmp_path):
        """
        A store that was altered is not exported, and nothing is left behind.
        """
        lived.export(tmp_path / "it")
        with kit_at() as kit:
            kit.import_export(tmp_path / "it", compare=False)
            with kit._store.writing() as transaction:
                transaction.run(
                    "UPDATE circlekit_event SET name = 'PostRemoved' "
                    "WHERE position = :position",
                    position=45,
                )
            shutil.rmtree(tmp_path / "it")
            with pytest.raises(CorruptEventError):
                kit.export(tmp_path / "it")
            assert [] == list(tmp_path.iterdir())


def encode_of(line):
    return line[line.index(b'"body":') + 7 : line.index(b',"checksum"')]


def _sign(folder, name):
    manifest = json.loads((folder / "manifest.json").read_bytes())
    weight = weighed(Folder(folder), name)
    manifest["files"][name] = {"bytes": weight.bytes, "sha256": weight.sha256}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


class TestWhereItIs:
    @pytest.mark.parametrize("form", FORMS)
    def test_one_file(self, lived, tmp_path, form):
        """
        A path that ends in .zip is one file, and taken in as well.
        """
        lived.export(tmp_path / "it.zip", format=form)
        assert [tmp_path / "it.zip"] == list(tmp_path.iterdir())
        with ZipFile(tmp_path / "it.zip") as packed:
            assert "manifest.json" in packed.namelist()
        with kit_at() as other:
            imported = other.import_export(tmp_path / "it.zip")

            assert (lived.verify(), ()) == (imported.head, imported.differences)

    @pytest.mark.parametrize(
        ("at", "listed", "byte"),
        [
            (6, 8, 1),  # it has a password
            (8, 10, 99),  # it is packed by something newer
            (None, None, 0xFF),  # it is packed by nothing
        ],
    )
    @pytest.mark.parametrize("name", ["events.ndjson", "manifest.json"])
    def test_not_to_be_unpacked(self, lived, tmp_path, name, at, listed, byte):
        """
        A file in a zip that cannot be unpacked is named, and nothing is taken in.
        """
        path = tmp_path / "it.zip"
        lived.export(path)
        with ZipFile(path) as packed:
            start = packed.getinfo(name).header_offset
        data = bytearray(path.read_bytes())
        data[start + (at or 30 + len(name))] = byte
        if listed is not None:
            data[data.index(name.encode(), packed.start_dir) - 46 + listed] = byte
        path.write_bytes(data)

        with kit_at() as other:
            with pytest.raises(ExportError, match=f"'{name}' that cannot be read"):
                other.import_export(path)
            assert 0 == other.newest_position()

    @pytest.mark.parametrize("name", ["it", "it.zip"])
    def test_nothing_is_written_over(self, lived, tmp_path, name):
        """
        What is there already is left alone.
        """
        (tmp_path / name).write_text("mine")
        with pytest.raises(InvalidInputError, match="is there already"):
            lived.export(tmp_path / name)

        assert "mine" == (tmp_path / name).read_text()

    @pytest.mark.parametrize("name", ["it", "it.zip"])
    @pytest.mark.parametrize("folder", ["nowhere", "file"])
    def test_no_folder(self, lived, tmp_path, folder, name):
        """
        Where nothing can be written, that is said.
        """
        (tmp_path / "file").write_text("mine")

        with pytest.raises(InvalidInputError, match="path"):
            lived.export(tmp_path / folder / name)

    def test_stopped(self, lived, tmp_path):
        """
        An export that is stopped leaves nothing behind.
        """

        def stop(what, done, of):
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            lived.export(tmp_path / "it.zip", progress=stop)

        assert [] == list(tmp_path.iterdir())

    @pytest.mark.parametrize(
        ("field", "given"),
        [
            ("format", {"format": "csv"}),
            ("feed_items", {"feed_items": -1}),
            ("feed_items", {"feed_items": True}),
            ("circle", {"circle": ""}),
        ],
    )
    def test_bad_input(self, lived, tmp_path, field, given):
        """
        What cannot be exported so is said before anything is written.
        """
        with pytest.raises(InvalidInputError) as wrong:
            lived.export(tmp_path / "it", **given)

        assert (field, []) == (wrong.value.field, list(tmp_path.iterdir()))

    def test_an_unknown_circle(self, lived, tmp_path):
        """
        A circle that nobody knows cannot be exported.
        """
        with pytest.raises(NotFoundError):
            lived.export(tmp_path / "it", "nowhere")

    def test_without_the_extra(self, lived, tmp_path, monkeypatch):
        """
        Who wants Parquet without its extra is told what to install.
        """
        monkeypatch.setitem(sys.modules, "pyarrow", None)
        with pytest.raises(ExportError, match="the extra `parquet`"):
            lived.export(tmp_path / "it", format="parquet")

    def test_read_without_the_extra(self, lived, tmp_path, monkeypatch):
        """
        Who is given Parquet without the extra is told what to install to read it.
        """
        lived.export(tmp_path / "it", format="parquet")
        monkeypatch.setitem(sys.modules, "pyarrow", None)

        with (
            CircleKit("sqlite://") as other,
            pytest.raises(ExportError, match=r"read without pyarrow.*extra `parquet`"),
        ):
            other.import_export(tmp_path / "it")


YEARS = {
    "school": (School(classes=2, people=24, weeks=3), "school"),
    "franchise": (Franchise(partners=4, weeks=3), "openings"),
    "company": (Company(people=40, months=2), "all-staff"),
}


@pytest.mark.parametrize("name", sorted(YEARS))
def test_a_year_goes_elsewhere(name, tmp_path):
    """
    Whatever a school, a franchise or a company has begun goes with its circle.

    Homework, lives, topics, approvals and to-dos are answered there as here; and
    everything together comes to the same rows of every read model.
    """
    story, circle = YEARS[name]
    play(story, f"sqlite:///{tmp_path / 'kit.db'}")
    with kit_at(f"sqlite:///{tmp_path / 'kit.db'}") as kit, kit_at() as other:
        kit.export(tmp_path / "all")
        assert () == other.import_export(tmp_path / "all").differences
        assert read_models(kit) == read_models(other)

        with kit_at() as shared:
            _live_elsewhere(shared)
            done = kit.export(tmp_path / "one", circle)
            imported = shared.import_export(tmp_path / "one")

            assert (done.events, ()) == (imported.events, imported.differences)
            whole = {
                kind_of(it["stream"])
                for it in documents(tmp_path / "one", "streams.ndjson")
                if it["whole"]
            }
            assert whole == KINDS[name]


KINDS = {
    "school": {"circle", "group", "homework", "live", "topic", "topic-names"},
    "franchise": {"circle", "group", "approval"},
    "company": {"circle", "group", "todo"},
}
