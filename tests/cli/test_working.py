"""
What goes on while nobody asks: read models kept warm, and followers watched.
"""

import json
import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta

import pytest

from circlekit import CircleKit, ManualClock
from circlekit.cli import working
from circlekit.store import READ_MODELS, log
from tests.cli.little_history import EVENING, PLAIN, document, run, tell

NAMES = [model.name for model in READ_MODELS]


@pytest.fixture
def store(tmp_path):
    url = f"sqlite:///{tmp_path / 'community.db'}"
    tell(url)
    return url


def _unbearable(recorded):
    if recorded.stream == "circle/choir":
        raise ValueError("no [bold]choirs[/bold]\n\x1b[2J")


class TestWork:
    def test_once(self, store):
        """
        Asked to work once, it reads what is new and says from where to where.
        """
        ask = ("work", "--store", store, "--once")

        assert {
            "newest": 38,
            "released": 0,
            "read_models": [{"name": name, "from": 0, "to": 38} for name in NAMES],
        } == document(*ask)
        assert {
            "newest": 38,
            "released": 0,
            "read_models": [{"name": name, "from": 38, "to": 38} for name in NAMES],
        } == document(*ask)

    def test_digests(self, store):
        """
        It sends the digests that are due, which nobody has asked for.
        """
        long_ago = ManualClock(datetime(2020, 3, 1, tzinfo=UTC))
        with CircleKit(store, clock=long_ago) as kit:
            kit.found_circle(
                name="Tea",
                kind="community",
                by="mei",
                circle="tea",
                rules="circlekit_2026",
            )
            post = kit.publish_post("tea", by="mei", text="Pu-erh?")
            comment = kit.add_comment(post, by="mei", text="Or not")

        document("work", "--store", store, "--once")

        with CircleKit(store) as kit:
            newest = kit.group_timeline("tea").entries[0]
            assert ("digest", (comment,)) == (newest.kind, newest.comments)
            assert () == kit.send_due_digests()

    def test_for_people(self, store):
        """
        People read the same as a table.
        """
        rows = "".join(f"  {name:<14}  0     38\n" for name in NAMES)
        expected = f"""\
Read models, of 38 events

  read model      from  to
  ─────────────────────────
{rows}
"""
        assert expected == run("work", "--store", store, "--once").stdout

    def test_what_is_due(self, tmp_path):
        """
        It publishes what was scheduled for a moment that has come, and says so.
        """
        store = f"sqlite:///{tmp_path / 'new.db'}"
        long_ago = datetime(2020, 3, 1, tzinfo=UTC)
        with CircleKit(store, clock=ManualClock(long_ago)) as kit:
            club = kit.found_circle(name="Club", kind="community", by="mei")
            for days in (1, 2):
                kit.schedule_post(
                    club, by="mei", text="x", release_at=long_ago + timedelta(days)
                )

        assert (
            "Published 2 that were due"
            in run("work", "--store", store, "--once").stdout
        )
        with CircleKit(store) as kit:
            assert () == kit.scheduled(club)
            assert 2 == len(kit.feed("mei").items)

    @pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
    def test_until_told(self, store, how):
        """
        It goes on reading what is written, and ends well when it is told to.
        """
        worker = subprocess.Popen(
            [
                *(sys.executable, "-m", "circlekit", "work", "--store", store),
                *("--every", "0.01", "--json"),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=PLAIN,
        )
        try:
            with CircleKit(store, clock=ManualClock(EVENING)) as kit:
                _wait_for(kit, worker)
                kit.publish_post("readers", by="lin", text="News")
                _wait_for(kit, worker)
        finally:
            worker.send_signal(how)
        said, complaints = worker.communicate(timeout=60)

        assert (0, b"") == (worker.returncode, complaints)
        assert {
            "newest": 39,
            "released": 0,
            "read_models": [{"name": name, "from": 0, "to": 39} for name in NAMES],
        } == json.loads(said)

    def test_told_within_a_read_model(self, store, monkeypatch):
        """
        Told to end while it has much to read, it ends after the block it is at.
        """
        monkeypatch.setattr(log, "AHEAD", 7)
        told = threading.Event()
        told.set()

        with CircleKit(store) as kit:
            working._read_ahead(kit, told)
            assert [7] * len(NAMES) == list(kit.read_models().values())
            working._read_ahead(kit, threading.Event())
            assert [38] * len(NAMES) == list(kit.read_models().values())

    def test_an_altered_event(self, store):
        """
        An event that was altered ends the work: a read model leaves none out.
        """
        with CircleKit(store) as kit, kit._store.writing() as transaction:
            transaction.run("UPDATE circlekit_event SET body = 'x' WHERE position = 3")

        answer = run("work", "--store", store)

        assert (1, "") == (answer.exit_code, answer.stdout)
        assert "was altered after it was written" in answer.stderr

    @pytest.mark.parametrize("every", ["0", "-1", "nan", "inf", "1e+300"])
    def test_no_time_at_all(self, store, every):
        """
        To wait between two looks for no time, or for ever, is not accepted.
        """
        answer = run("work", "--store", store, "--every", every)

        assert (1, "") == (answer.exit_code, answer.stdout)
        assert f"every: is {every}; accepted: more than 0 seconds" in answer.stderr


def _wait_for(kit, worker):
    # As long as it works, however slowly the machine runs.
    while set(kit.read_models().values()) != {kit.newest_position()}:
        assert worker.poll() is None
        threading.Event().wait(0.01)


class TestParked:
    def test_json(self, store):
        """
        The JSON says where each follower is, and all that it has put aside.
        """
        with CircleKit(store, clock=ManualClock(EVENING)) as kit:
            kit.catch_up("mailer", _unbearable)
            kit.catch_up("counter", len)
            aside = [it.position for it in kit.parked()]

        shown = document("parked", "--store", store)

        assert {
            "newest": 38,
            "followers": [
                {"name": "counter", "position": 38, "parked": 0},
                {"name": "mailer", "position": 38, "parked": len(aside)},
            ],
        } == {key: shown[key] for key in ("newest", "followers")}
        assert [
            {
                "follower": "mailer",
                "position": position,
                "stream": "circle/choir",
                "version": version,
                "error": _error() if version == 1 else None,
                "attempts": 1 if version == 1 else 0,
                "at": "2999-03-01T12:00:00Z",
            }
            for version, position in enumerate(aside, start=1)
        ] == shown["parked"]

    def test_of_one_follower(self, store):
        """
        Asked for one follower, nothing is said of the others.
        """
        with CircleKit(store) as kit:
            kit.catch_up("mailer", _unbearable)
            kit.catch_up("counter", len)

        expected = {
            "newest": 38,
            "followers": [{"name": "counter", "position": 38, "parked": 0}],
            "parked": [],
        }
        assert expected == document("parked", "--store", store, "--follower", "counter")

    @pytest.mark.parametrize("name", ["", "a\0b", "\udcff"])
    def test_of_no_name(self, store, name):
        """
        What cannot be a follower's name is said in one line.
        """
        answer = run("parked", "--store", store, "--follower", name)

        assert (1, "") == (answer.exit_code, answer.stdout)
        assert answer.stderr.startswith("circlekit: name: ")

    def test_for_people(self, store):
        """
        People read what went wrong, and which events only wait for that one.
        """
        with CircleKit(store, clock=ManualClock(EVENING)) as kit:
            kit.catch_up("mailer", _unbearable, kinds=_first_and_last(kit))

        expected = r"""
Followers, of 38 events

  follower  position  parked
  ───────────────────────────
  mailer    38        2


  follower  event            tried  what went wrong
  ─────────────────────────────────────────────────────────────────────────────
  mailer    circle/choir, 1  1      ValueError: no [bold]choirs[/bold] \x1b[2J
  mailer    circle/choir, 5  0      waits for one before it

"""
        shown = run("parked", "--store", store).stdout
        assert expected == "\n" + shown

    def test_nobody(self, store):
        """
        Where nobody follows, that is said.
        """
        assert (
            "Followers, of 38 events\n  nobody follows\n\n"
            == run("parked", "--store", store).stdout
        )


def _error():
    return "ValueError: no [bold]choirs[/bold]\n\\x1b[2J"


def _first_and_last(kit):
    told = list(kit.history("choir"))
    return {type(told[0].event), type(told[-1].event)}


def test_every_read_model_is_worked_on():
    """
    The read models that are kept warm are all there are.
    """
    assert NAMES == [model.name for model in READ_MODELS]
