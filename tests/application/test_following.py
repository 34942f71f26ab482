"""
A host's followers: what they are shown, and what becomes of what they cannot take.
"""

import threading
from contextlib import suppress
from queue import Queue
from time import monotonic, sleep

import pytest

from circlekit import (
    CircleKit,
    CorruptEventError,
    InvalidInputError,
    ManualClock,
    RefusedError,
    StoreError,
    exactly_once,
)
from circlekit.application.following import Parked
from circlekit.events.circle import MemberJoined, PostPublished
from tests.application.town import MARCH_1, StopItError, everything, undone

MODES = pytest.mark.parametrize("once", [False, True], ids=["at-least", "exactly"])
HELD = pytest.mark.parametrize(
    ("column", "value"),
    [
        ("body", b"{}"),
        ("name", "NoSuchEvent"),
        ("name", "PostPinned"),
        ("version", 99),
        ("checksum", 1),
    ],
)


@pytest.fixture
def club(kit):
    for circle in ("club", "choir"):
        kit.found_circle(name=circle, kind="community", by="mei", circle=circle)
    with kit.rows() as rows:
        rows.run("DROP TABLE IF EXISTS seen")  # of another test, on a server
        rows.run("CREATE TABLE seen (place INTEGER, position INTEGER, stream TEXT)")
    return kit


class Notebook:
    """
    A handler that notes what it is shown, and cannot bear some of it.

    Either in memory, as somebody does whose work is outside of the database, or in a
    table of the host's.
    """

    def __init__(self, kit, *, once, unbearable=()):
        self.kit = kit
        self.unbearable = set(unbearable)
        self.noted = []
        self.written = 0
        self.handler = exactly_once(self.write) if once else self.note
        self.once = once

    def note(self, recorded):
        self.check(recorded)
        self.noted.append((recorded.position, recorded.stream))

    def write(self, recorded, rows):
        self.written += 1
        rows.run(
            "INSERT INTO seen VALUES (:place, :position, :stream)",
            place=self.written,
            position=recorded.position,
            stream=recorded.stream,
        )
        self.check(recorded)

    def check(self, recorded):
        if getattr(recorded.event, "text", None) in self.unbearable:
            raise ValueError(f"I cannot bear {recorded.event.text!r}")

    def seen(self):
        if not self.once:
            return self.noted
        with self.kit.rows() as rows:
            return rows.all("SELECT position, stream FROM seen ORDER BY place")


def _wait_for(it_is_so):
    until = monotonic() + 30
    while not it_is_so():
        assert monotonic() < until
        sleep(0.01)


def _all(kit):
    return [(it.position, it.stream) for it in everything(kit)]


def _alter(kit, position, column, value):
    with kit._store.writing() as transaction:
        ((before,),) = transaction.all(
            f"SELECT {column} FROM circlekit_event WHERE position = :position",
            position=position,
        )
        transaction.run(
            f"UPDATE circlekit_event SET {column} = :value WHERE position = :position",
            value=value,
            position=position,
        )
    return before


@MODES
@pytest.mark.parametrize("block", [1, 3, 500])
def test_everything_in_order(club, once, block):
    """
    A follower is shown every event once, in commit order, and goes on where it was.
    """
    book = Notebook(club, once=once)

    for number in range(5):
        club.publish_post("club", by="mei", text=f"{number}")
        position = club.catch_up("book", book.handler, block=block)
        assert club.newest_position() == position

    assert _all(club) == book.seen()
    assert {"book": club.newest_position()} == club.followers()
    assert () == club.parked()


@MODES
def test_each_by_its_name(club, once):
    """
    Every follower has a position of its own, and one that is new begins at the first.
    """
    book, late = Notebook(club, once=False), Notebook(club, once=once)
    club.catch_up("book", book.handler)
    club.publish_post("club", by="mei", text="News")

    club.catch_up("late", late.handler)

    assert _all(club) == late.seen()
    newest = club.newest_position()
    assert {"book": newest - 1, "late": newest} == club.followers()


@MODES
def test_some_kinds_only(club, once):
    """
    A follower may ask for events of some kinds, and for those of a later day.
    """
    book = Notebook(club, once=once)
    club.publish_post("club", by="mei", text="Old news")
    before = club.newest_position()
    club.join_circle("club", "tao")
    club.publish_post("club", by="tao", text="Hello")

    kinds = {MemberJoined, PostPublished}
    club.catch_up("book", book.handler, kinds=kinds, after=before)
    club.catch_up("book", book.handler, kinds=kinds, after=0)

    assert [
        (it.position, it.stream)
        for it in everything(club)
        if it.position > before and type(it.event) in kinds
    ] == book.seen()
    assert {"book": club.newest_position()} == club.followers()


def test_interrupted(club):
    """
    A plain follower that is interrupted is shown the event it was at once more.
    """
    shown = []

    def stumble(recorded):
        shown.append(recorded.position)
        if len(shown) == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        club.catch_up("book", stumble)
    assert {"book": 3} == club.followers()
    club.catch_up("book", stumble)

    assert [1, 2, 3, 4, *range(4, club.newest_position() + 1)] == shown


def test_interrupted_exactly_once(club):
    """
    What is to happen exactly once has not happened if the follower is interrupted.
    """
    book = Notebook(club, once=True)
    shown = []

    @exactly_once
    def stumble(recorded, rows):
        book.write(recorded, rows)
        shown.append(recorded.position)
        if len(shown) == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        club.catch_up("book", stumble)
    assert [] == book.seen()
    assert {"book": 0} == club.followers()
    club.catch_up("book", stumble)

    assert _all(club) == book.seen()


@MODES
@pytest.mark.parametrize("block", [1, 4, 500])
def test_a_poisonous_event(club, clock, once, block):
    """
    An event that a follower cannot take is parked with what comes after it there.

    Every other history goes on. Shown again after the repair, it is as if nothing
    had ever been wrong.
    """
    book = Notebook(club, once=once, unbearable={"poison"})
    expected = []
    for number, text in enumerate(["sweet", "poison", "sour", "poison", "salt"]):
        club.publish_post("club", by="mei", text=text)
        club.publish_post("choir", by="mei", text=f"{number}")
        if number:
            expected.append(("circle/club", club.newest_position() - 1))

    assert club.newest_position() == club.catch_up("book", book.handler, block=block)

    aside = [position for _, position in expected]
    assert [it for it in _all(club) if it[0] not in aside] == book.seen()
    error = "ValueError: I cannot bear 'poison'"
    assert [
        Parked(
            follower="book",
            position=position,
            stream=stream,
            version=version,
            error=error if version == 5 else None,
            attempts=1 if version == 5 else 0,
            at=clock(),
        )
        for version, (stream, position) in enumerate(expected, start=5)
    ] == list(club.parked("book"))
    assert () == club.parked("other")

    clock.forward(hours=1)
    assert 0 == club.retry_parked("book", book.handler)
    assert [2, 0, 0, 0] == [it.attempts for it in club.parked()]
    assert clock() == club.parked()[0].at

    club.publish_post("club", by="mei", text="late")
    club.catch_up("book", book.handler, block=block)
    assert 5 == len(club.parked())

    book.unbearable = set()
    assert 5 == club.retry_parked("book", book.handler)
    assert () == club.parked()
    assert sorted(_all(club)) == sorted(book.seen())
    for stream in {stream for _, stream in _all(club)}:
        assert [it for it in _all(club) if it[1] == stream] == [
            it for it in book.seen() if it[1] == stream
        ]


@MODES
def test_stuck_again_further_on(club, once):
    """
    What is shown again goes as far as it can, and the rest stays parked.
    """
    book = Notebook(club, once=once, unbearable={"one", "three"})
    for text in ("one", "two", "three", "four"):
        club.publish_post("club", by="mei", text=text)
    club.catch_up("book", book.handler)
    first = club.parked()[0].position

    book.unbearable = {"three"}
    assert 2 == club.retry_parked("book", book.handler)

    assert [
        (first + 2, "ValueError: I cannot bear 'three'", 1),
        (first + 3, None, 0),
    ] == [(it.position, it.error, it.attempts) for it in club.parked()]


@MODES
def test_many_parked(club, once):
    """
    More may be parked than is taken in with one transaction.
    """
    book = Notebook(club, once=once, unbearable={"0"})
    with club.batch():
        for number in range(1_100):
            club.publish_post("club", by="mei", text=f"{number}")
    club.catch_up("book", book.handler)
    assert 1_100 == len(club.parked("book"))

    book.unbearable = set()
    assert 1_100 == club.retry_parked("book", book.handler)

    assert sorted(_all(club)) == sorted(book.seen())


@MODES
@HELD
def test_an_altered_event(club, once, column, value):
    """
    An event that was altered is parked by a host's follower, which goes on.

    The read models and the audit stop there: they never leave one out. Once the
    event is as it was, it is shown.
    """
    book = Notebook(club, once=once)
    poison = str(club.publish_post("club", by="mei", text="Hello"))
    position = club.newest_position()
    club.publish_post("choir", by="mei", text="La")
    club.add_comment(poison, by="mei", text="World")
    before = _alter(club, position, column, value)

    club.catch_up("book", book.handler)

    assert [position, position + 2] == [it.position for it in club.parked("book")]
    assert "CorruptEventError" in club.parked()[0].error
    assert position + 1 in [seen for seen, _ in book.seen()]
    with pytest.raises(CorruptEventError):
        club.feed("mei")
    with pytest.raises(CorruptEventError):
        club.audit_must_sees()

    assert 0 == club.retry_parked("book", book.handler)
    _alter(club, position, column, before)
    assert 2 == club.retry_parked("book", book.handler)
    assert sorted(_all(club)) == sorted(book.seen())


@MODES
def test_text_that_is_none(tmp_path, once):
    """
    A row that SQLite cannot even hand out is parked by itself.
    """
    with CircleKit(f"sqlite:///{tmp_path / 'altered.db'}") as kit:
        with kit.rows() as rows:
            rows.run("CREATE TABLE seen (place INTEGER, position INTEGER, stream TEXT)")
        book = Notebook(kit, once=once)
        for circle in ("club", "choir"):
            kit.found_circle(name=circle, kind="community", by="mei", circle=circle)
        kit.publish_post("club", by="mei", text="Hello")
        position = kit.newest_position()
        kit.publish_post("choir", by="mei", text="La")
        with kit._store.writing() as transaction:
            transaction.run(
                "UPDATE circlekit_event SET name = CAST(x'ff' AS TEXT) "
                "WHERE position = :position",
                position=position,
            )

        kit.catch_up("book", book.handler)

        assert [(position, "circle/club")] == [
            (it.position, it.stream) for it in kit.parked()
        ]
        assert [it for it in range(1, position + 2) if it != position] == [
            seen for seen, _ in book.seen()
        ]


@MODES
def test_altered_while_parked(club, once):
    """
    A parked event that now claims to stand elsewhere still keeps its history waiting.
    """
    book = Notebook(club, once=once, unbearable={"poison"})
    for text in ("poison", "sweet"):
        club.publish_post("club", by="mei", text=text)
    club.catch_up("book", book.handler)
    before = book.seen()
    position = club.newest_position() - 1
    _alter(club, position, "stream", "circle/elsewhere")

    book.unbearable = set()
    assert 0 == club.retry_parked("book", book.handler)

    assert before == book.seen()
    assert [position, position + 1] == [it.position for it in club.parked()]


@MODES
def test_taken_out_while_parked(club, once):
    """
    A parked event that is not there any more is never taken for the one after it.
    """
    book = Notebook(club, once=once, unbearable={"poison"})
    club.publish_post("club", by="mei", text="poison")
    position = club.newest_position()
    club.publish_post("choir", by="mei", text="La")
    club.catch_up("book", book.handler)
    before = book.seen()
    with club._store.writing() as transaction:
        transaction.run(
            "DELETE FROM circlekit_event WHERE position = :position", position=position
        )

    book.unbearable = set()
    assert 0 == club.retry_parked("book", book.handler)

    assert before == book.seen()
    (parked,) = club.parked()
    assert (position, 2) == (parked.position, parked.attempts)
    assert f"event {position} of 'the log': is missing" in parked.error


@MODES
def test_begun_anew(club, once):
    """
    A follower that is forgotten begins at the first event again, with nothing parked.
    """
    book = Notebook(club, once=once, unbearable={"poison"})
    club.publish_post("club", by="mei", text="poison")
    club.catch_up("book", book.handler)
    club.catch_up("other", Notebook(club, once=False).note)

    book.unbearable = set()
    with club.batch():
        club.forget_follower("book")
        book.noted.clear()
        with club.rows() as rows:
            rows.run("DELETE FROM seen")
    assert {"other": club.newest_position()} == club.followers()
    assert () == club.parked()
    club.catch_up("book", book.handler)

    assert _all(club) == book.seen()


def test_half_a_handler(club):
    """
    A handler that raises has written nothing, whatever it wrote before.
    """
    book = Notebook(club, once=True, unbearable={"poison"})
    club.publish_post("club", by="mei", text="poison")

    club.catch_up("book", book.handler)

    assert club.newest_position() - 1 == len(book.seen())


def test_a_reaction(club):
    """
    What a follower does with the kit itself also happens once, or not at all.
    """

    @exactly_once
    def welcome(recorded, rows):
        club.publish_post("club", by="mei", text=f"Welcome, {recorded.event.member}!")
        if recorded.event.member == "tao" and not repaired:
            raise StopItError

    repaired = False
    for member in ("lin", "tao"):
        club.join_circle("choir", member)
    club.join_circle("club", "ben")
    club.catch_up("welcome", welcome, kinds={MemberJoined})
    repaired = True
    club.retry_parked("welcome", welcome)

    assert [
        "Welcome, tao!",
        "Welcome, ben!",
        "Welcome, lin!",
    ] == [it.text for it in club.feed("mei", circle="club").items]


def test_a_refused_reaction(club):
    """
    A command that is refused a follower leaves no record, and the event is parked.
    """

    @exactly_once
    def leave(recorded, rows):
        club.leave_circle("club", "mei")

    club.join_circle("club", "tao")
    before = club.newest_position()

    club.catch_up("leave", leave, kinds={MemberJoined})

    (parked,) = club.parked()
    assert parked.error.startswith("RefusedError: owner-stays")
    assert before == club.newest_position()
    with pytest.raises(RefusedError):
        club.leave_circle("club", "mei")
    assert before + 1 == club.newest_position()


@pytest.mark.parametrize(
    "sql",
    [
        "COMMIT",
        " rollback",
        "Savepoint x",
        "; COMMIT",
        "-- done\nCOMMIT",
        "/* done **/ /* now */ COMMIT",
        "DELETE FROM circlekit_event",
        "INSERT INTO seen SELECT 1, position, stream FROM CIRCLEKIT_EVENT",
    ],
)
def test_only_its_own_tables(club, sql):
    """
    A host writes its own tables, and cannot end the kit's transaction by mistake.
    """
    with club.rows() as rows:
        for way in (rows.run, rows.all):
            with pytest.raises(InvalidInputError, match="host's own tables"):
                way(sql)


def test_one_statement(club):
    """
    A second statement behind the first is not run: it could end the transaction.
    """
    with undone(club.batch()):
        club.publish_post("club", by="mei", text="News")
        for way in ("run", "all"):
            with pytest.raises(StoreError), club.rows() as rows:
                getattr(rows, way)("INSERT INTO seen VALUES (1, 0, 'mine'); COMMIT")
        with club.rows() as rows:
            rows.run("INSERT INTO seen VALUES (1, 0, 'mine; COMMIT');")

    assert () == club.feed("mei").items
    with club.rows() as rows:
        assert [] == rows.all("SELECT * FROM seen")
    club.verify()


def test_an_error_that_is_looked_away_from(club, backend):
    """
    A handler that goes on after a statement failed does not stop its follower.

    Where the database takes no more then, the event is parked like any other.
    """

    @exactly_once
    def write(recorded, rows):
        rows.run("INSERT INTO seen VALUES (1, :it, '')", it=recorded.position)
        if recorded.position == 2:
            with suppress(StoreError):
                rows.run("INSERT INTO nowhere VALUES (1)")

    newest = club.newest_position()
    assert newest == club.catch_up("book", write)

    aside = [it.position for it in club.parked() if it.error]
    assert aside == ([2] if backend == "postgresql" else [])
    with club.rows() as rows:
        written = [it for (it,) in rows.all("SELECT position FROM seen")]
    everywhere = {it.position for it in everything(club)}
    assert everywhere == {*written, *(it.position for it in club.parked())}


def test_colons(club):
    """
    A colon is the beginning of a parameter only where a parameter can be.
    """
    with club.rows() as rows:
        rows.run(
            """
            INSERT INTO seen VALUES (:Place, 0, 'at 12:30, 100% :sure, it''s :so')
            -- it isn't :here
            """,
            Place=3,
        )
        ((place, text),) = rows.all(
            'SELECT place, stream AS "the :stream" FROM seen WHERE place=:place_1',
            place_1=3,
        )

    assert (3, "at 12:30, 100% :sure, it's :so") == (place, text)


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_casts(club):
    """
    A cast is no parameter.
    """
    with club.rows() as rows:
        assert [(7,)] == rows.all("SELECT '7'::integer")
        assert [(8,)] == rows.all("SELECT :it::integer", it="8")


def test_rows_beside_commands(club):
    """
    Rows of the host's are written together with the commands of a batch, or not.
    """
    with undone(club.batch()):
        club.publish_post("club", by="mei", text="News")
        with club.rows() as rows:
            assert 1 == rows.run("INSERT INTO seen VALUES (1, 0, 'mine')")

    with club.rows() as rows:
        assert [] == rows.all("SELECT * FROM seen")
    assert () == club.feed("mei").items


def test_rows_that_are_given_up(club):
    """
    Rows of the host's that are given up within a batch leave the rest of it standing.
    """
    with club.batch():
        club.publish_post("club", by="mei", text="News")
        with undone(club.rows()):
            club.publish_post("club", by="mei", text="More news")

    assert ["News"] == [it.text for it in club.feed("mei").items]


@MODES
def test_followed_as_it_happens(club, url, once):
    """
    A follower is shown what others write while it waits, until it is stopped.
    """
    shown, stop = Queue(), threading.Event()
    plain = shown.put
    handler = exactly_once(lambda it, rows: shown.put(it)) if once else plain
    follower = threading.Thread(
        target=club.follow,
        args=("live", handler),
        kwargs={"poll": 0.01, "stop": stop},
    )
    follower.start()
    try:
        before = [shown.get(timeout=30) for _ in range(club.newest_position())]
        with CircleKit(url, clock=ManualClock(MARCH_1)) as other:
            other.publish_post("club", by="mei", text="News")
        assert "News" == shown.get(timeout=30).event.text
    finally:
        stop.set()
        follower.join()

    assert everything(club)[:-1] == before
    assert {"live": club.newest_position()} == club.followers()


@MODES
def test_stopped_within_a_block(club, once):
    """
    A follower that is stopped ends with the event it is at, and goes on after it.
    """
    stop = threading.Event()
    book = Notebook(club, once=once)

    def note(recorded, *rows):
        (book.write if once else book.note)(recorded, *rows)
        if recorded.position == 3:
            stop.set()

    handler = exactly_once(note) if once else note
    club.follow("book", handler, stop=stop)
    assert {"book": 3} == club.followers()
    club.catch_up("book", handler)

    assert _all(club) == book.seen()


def test_never_back(club, url):
    """
    Of two that follow under one name by mistake, the slower moves nobody back.
    """
    shown = []
    stop = threading.Event()

    def overtaken(recorded):
        shown.append(recorded.position)
        if len(shown) == 1:
            with CircleKit(url) as other:
                other.catch_up("book", shown.append)
            stop.set()

    club.follow("book", overtaken, stop=stop)

    assert [1, *everything(club)] == shown
    assert {"book": club.newest_position()} == club.followers()


class Patient(threading.Event):
    """
    A signal to stop that says when somebody waits for it.
    """

    def __init__(self):
        super().__init__()
        self.waited_for = threading.Event()

    def wait(self, timeout=None):
        self.waited_for.set()
        return super().wait(timeout)


@MODES
def test_a_busy_store(club, url, once):
    """
    A follower that finds the store busy for long asks again, and loses nothing.
    """
    book = Notebook(club, once=once)
    club.catch_up("book", book.handler)
    stop = Patient()
    done = threading.Event()

    def note(recorded, *rows):
        (book.write if once else book.note)(recorded, *rows)
        if recorded.position == newest:
            done.set()

    with CircleKit(url, busy_seconds=0.01) as hasty, CircleKit(url) as slow:
        newest = slow.newest_position() + 1
        slow.publish_post("club", by="mei", text="News")
        follower = threading.Thread(
            target=hasty.follow,
            args=("book", exactly_once(note) if once else note),
            kwargs={"poll": 0.01, "stop": stop},
        )
        with slow.batch():
            follower.start()
            assert stop.waited_for.wait(30)
        try:
            assert done.wait(30)
        finally:
            stop.set()
            follower.join()

    assert _all(club) == book.seen()
    assert {"book": newest} == club.followers()


def test_stopped_beforehand(club):
    """
    A follower that is stopped before it begins is shown nothing.
    """
    stop = threading.Event()
    stop.set()

    club.follow("book", pytest.fail, stop=stop)

    assert {"book": 0} == club.followers()


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("name", {"name": ""}),
        ("kinds", {"kinds": [str]}),
        ("after", {"after": -1}),
        ("after", {"after": True}),
        ("after", {"after": 2**63}),
        ("block", {"block": 0}),
        ("block", {"block": "many"}),
        ("poll", {"poll": 0}),
        ("poll", {"poll": "often"}),
        ("poll", {"poll": None}),
        ("poll", {"poll": float("nan")}),
        ("poll", {"poll": float("inf")}),
    ],
)
def test_what_is_not_accepted(club, field, given):
    """
    A follower that cannot be is refused by what is wrong with it, and not enrolled.
    """
    with pytest.raises(InvalidInputError) as caught:
        club.follow(**{"name": "book", "handler": pytest.fail, **given})

    assert field == caught.value.field
    assert {} == club.followers()


@pytest.mark.parametrize("name", ["", "a\x00b", "\ud800", 7])
def test_nobody_of_that_name(club, name):
    """
    Nothing is looked for under what can be no follower's name.
    """
    with pytest.raises(InvalidInputError) as caught:
        club.parked(name)

    assert "name" == caught.value.field


@MODES
def test_the_largest_block(club, once):
    """
    A block may be larger than any store.
    """
    book = Notebook(club, once=once)

    club.catch_up("book", book.handler, block=2**80)

    assert _all(club) == book.seen()


@MODES
def test_forgotten_while_it_follows(club, once):
    """
    A follower that is forgotten while it follows begins anew, and goes on.
    """
    book = Notebook(club, once=once)
    before, stop = _all(club), threading.Event()
    follower = threading.Thread(
        target=club.follow,
        args=("book", book.handler),
        kwargs={"poll": 0.01, "stop": stop},
    )
    follower.start()
    try:
        _wait_for(lambda: book.seen() == before)
        club.forget_follower("book")
        _wait_for(lambda: book.seen() == before + before)
        club.publish_post("club", by="mei", text="Goes on")
        _wait_for(lambda: book.seen() == before + _all(club))
    finally:
        stop.set()
        follower.join()

    assert {"book": club.newest_position()} == club.followers()


def test_forgotten_within_a_block(club):
    """
    What a follower was shown before it was forgotten counts for nothing after that.
    """
    shown = []

    def forgets_once(recorded):
        shown.append((recorded.position, recorded.stream))
        if len(shown) == 3:
            club.forget_follower("book")
            raise ValueError("I cannot bear it")

    assert 0 == club.catch_up("book", forgets_once)
    assert ({}, ()) == (club.followers(), club.parked())
    club.catch_up("book", forgets_once)

    everything_there = _all(club)
    assert everything_there == shown[-len(everything_there) :]
    assert {"book": club.newest_position()} == club.followers()
    assert () == club.parked()


def test_in_memory():
    """
    A store in memory is followed in the same way.
    """
    shown = []
    with CircleKit("sqlite://") as kit:
        kit.found_circle(name="Club", kind="community", by="mei", circle="club")
        kit.catch_up("plain", shown.append)
        kit.catch_up("once", exactly_once(lambda it, rows: shown.append(it)))

        assert [*everything(kit), *everything(kit)] == shown
