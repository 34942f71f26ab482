"""
The kit for hosts with a loop: the same methods, and nothing done by halves.
"""

import asyncio
import inspect
import threading
from contextlib import suppress
from functools import partial
from queue import Queue

import anyio
import anyio.lowlevel
import pytest
from anyio.to_thread import run_sync

from circlekit import (
    AsyncCircleKit,
    CircleKit,
    InvalidInputError,
    ManualClock,
    NotFoundError,
    RefusedError,
    StoreError,
    exactly_once,
)
from tests.application.town import MARCH_1, StopItError, everything

pytestmark = pytest.mark.anyio

# A block of `with` cannot be offloaded: `in_batch` and plain functions are.
BLOCKS = {"batch", "joined_to", "rows"}


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request):
    return request.param


@pytest.fixture
async def club(url, clock):
    async with AsyncCircleKit(url, clock=clock) as kit:
        await kit.found_circle(name="Club", kind="community", by="mei", circle="club")
        await kit.join_circle("club", "tao")
        yield kit


class Doorkeeper:
    """
    A clock that lets whoever asks for the time wait; it is asked within a command.
    """

    def __init__(self):
        self.asked = threading.Event()
        self.answer = threading.Event()
        self.answer.set()

    def __call__(self):
        self.asked.set()
        assert self.answer.wait(30)
        return MARCH_1


@pytest.fixture
def door():
    return Doorkeeper()


@pytest.fixture
async def guarded(url, door):
    async with AsyncCircleKit(url, clock=door) as kit:
        await kit.found_circle(name="Club", kind="community", by="mei", circle="club")
        door.asked.clear()
        door.answer.clear()
        yield kit
        door.answer.set()


def _public(kind):
    return {
        name: method
        for name, method in inspect.getmembers(kind, callable)
        if not name.startswith("_")
    }


@pytest.mark.parametrize("name", sorted(_public(CircleKit).keys() - BLOCKS))
def test_the_same_method(name):
    """
    Every method of the kit is there under its name, with the same parameters.

    It says the same of itself.
    """
    expected, actual = getattr(CircleKit, name), getattr(AsyncCircleKit, name)

    same = [
        parameter.replace(annotation=parameter.empty)
        for parameter in inspect.signature(expected).parameters.values()
    ]
    assert same == [
        parameter.replace(annotation=parameter.empty)
        for parameter in inspect.signature(actual).parameters.values()
    ]
    assert inspect.iscoroutinefunction(actual) or inspect.isasyncgenfunction(actual)


def test_opened_in_the_same_way():
    """
    It is opened with what the kit is opened with, and a number of threads.
    """
    expected = inspect.signature(CircleKit).parameters
    actual = dict(inspect.signature(AsyncCircleKit).parameters)

    assert 10 == actual.pop("threads").default
    assert dict(expected) == actual


async def test_the_same_answers(club, url, clock):
    """
    What is done through it is there for everybody, and read back the same.
    """
    await club.publish_post("club", by="tao", text="Hello")
    await club.send_must_see("club", by="mei", text="We meet")

    with CircleKit(url, clock=clock) as kit:
        assert kit.feed("tao") == await club.feed("tao")
        assert kit.quota("club") == await club.quota("club")
        assert kit.audit_must_sees() == await club.audit_must_sees()
        assert list(kit.history("club")) == [it async for it in club.history("club")]
        asked = ("leave_circle", "club", "mei")
        assert kit.would_allow(*asked) == await club.would_allow(*asked)


async def test_long_histories(club):
    """
    A history is walked to its end, however many blocks it has.
    """

    def write(kit):
        for number in range(1_200):
            kit.publish_post("club", by="tao", text=f"{number}")

    await club.in_batch(write)

    versions = [it.version async for it in club.history("club")]
    assert list(range(1, versions[-1] + 1)) == versions
    assert len(versions) > 1_200


async def test_refusals(club):
    """
    A no is a no: the same exceptions come out of the thread.
    """
    with pytest.raises(RefusedError, match="owner-stays"):
        await club.leave_circle("club", "mei")
    with pytest.raises(InvalidInputError, match="text"):
        await club.publish_post("club", by="tao", text="")
    with pytest.raises(NotFoundError):
        _ = [it async for it in club.history("nowhere")]


async def test_a_batch(club, url):
    """
    A batch is carried out as a whole, and answers what its function answers.
    """

    def converse(kit):
        post = kit.publish_post("club", by="tao", text="Emma?")
        kit.add_comment(post, by="mei", text="Yes")
        return post

    post = await club.in_batch(converse)

    assert ["Yes"] == [it.text for it in await club.comments(post)]


async def test_a_batch_that_is_broken_off(club):
    """
    Nothing is left of a batch whose function raises.
    """

    def give_up(kit):
        kit.publish_post("club", by="tao", text="Emma?")
        raise StopItError

    with pytest.raises(StopItError):
        await club.in_batch(give_up)

    assert () == (await club.feed("tao")).items


@pytest.mark.parametrize("raised", [asyncio.CancelledError, SystemExit])
async def test_what_is_no_exception(club, raised):
    """
    Whatever is raised in the thread is raised where it is awaited, and as it was.
    """

    def give_up(kit):
        kit.publish_post("club", by="tao", text="Emma?")
        raise raised

    caught = None
    try:
        await club.in_batch(give_up)
    except BaseException as error:  # noqa: BLE001 - it is looked at below
        caught = error

    assert raised is type(caught)
    assert () == (await club.feed("tao")).items


async def test_all_at_once(club):
    """
    Many calls at once, more than there are threads, all get their answer.
    """

    async def publish(number):
        await club.publish_post("club", by="tao", text=f"{number}")

    async with anyio.create_task_group() as tasks:
        for number in range(40):
            tasks.start_soon(publish, number)

    feed = await club.feed("tao", limit=200)
    assert {f"{number}" for number in range(40)} == {it.text for it in feed.items}


async def test_the_loop_goes_on(guarded, door):
    """
    While a command is under way the host's loop does other work.
    """
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(guarded.join_circle, "club", "tao")
        await run_sync(door.asked.wait, 30)
        for _ in range(100):
            await anyio.lowlevel.checkpoint()
        door.answer.set()

    assert "member" == (await guarded.circles("tao"))[0].role


async def test_cancelled_under_way(guarded, door):
    """
    A command that is cancelled while it decides is seen through.

    Whoever cancelled waits until its thread is done and the store is free.
    """
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(guarded.join_circle, "club", "tao")
        await run_sync(door.asked.wait, 30)
        tasks.cancel_scope.cancel()
        door.answer.set()

    with guarded.kit._store.reading() as transaction:
        assert (
            "MemberJoined"
            == transaction.all(
                "SELECT name FROM circlekit_event WHERE stream = 'circle/club' "
                "ORDER BY version DESC LIMIT 1"
            )[0][0]
        )
    assert guarded.kit._store._writing is None


@pytest.mark.parametrize("anyio_backend", ["asyncio"], indirect=True)
async def test_cancelled_by_asyncio(guarded, door):
    """
    A task that asyncio itself cancels does not end before its thread has.

    To cancel it a second time changes nothing.
    """
    task = asyncio.create_task(guarded.join_circle("club", "tao"))
    await run_sync(door.asked.wait, 30)
    for _ in range(2):
        task.cancel()
        for _ in range(10):
            await asyncio.sleep(0)
        assert not task.done()
    door.answer.set()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert guarded.kit._store._writing is None
    assert ["club"] == [it.circle for it in await guarded.circles("tao")]


async def test_cancelled_before_it_began(url, door):
    """
    A command that is cancelled while it waits for a thread never happens.
    """
    async with AsyncCircleKit(url, clock=door, threads=1) as kit:
        await kit.found_circle(name="Club", kind="community", by="mei", circle="club")
        door.asked.clear()
        door.answer.clear()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(kit.join_circle, "club", "tao")
            await run_sync(door.asked.wait, 30)
            with anyio.CancelScope() as late:
                late.cancel()
                await kit.join_circle("club", "ben")
            door.answer.set()

        assert late.cancelled_caught
        assert () == await kit.circles("ben")
        assert ["club"] == [it.circle for it in await kit.circles("tao")]


async def test_a_batch_is_cancelled_as_a_whole(guarded, door):
    """
    A batch that is cancelled half way is carried out to its end.
    """

    def settle(kit):
        kit.join_circle("club", "tao")
        kit.join_circle("club", "ben")

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(guarded.in_batch, settle)
        await run_sync(door.asked.wait, 30)
        tasks.cancel_scope.cancel()
        door.answer.set()

    assert (1, 1) == (
        len(await guarded.circles("tao")),
        len(await guarded.circles("ben")),
    )


async def test_followed_until_cancelled(club):
    """
    A follower is shown what happens while it waits; cancelled, it ends with its event.
    """
    shown = Queue()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(partial(club.follow, "live", shown.put, poll=60))
        for _ in range(await club.newest_position()):
            await run_sync(shown.get, True, 30)  # noqa: FBT003
        tasks.cancel_scope.cancel()
    await club.publish_post("club", by="tao", text="News")

    assert {"live": await club.newest_position() - 1} == await club.followers()
    await club.catch_up("live", exactly_once(lambda it, rows: shown.put(it)))
    assert "News" == shown.get_nowait().event.text
    assert (() == await club.parked()) is shown.empty()


async def test_a_block_is_ended_with_its_event(club):
    """
    A follower that is cancelled within a block is shown no more of it.
    """
    shown, at_it, go_on = [], threading.Event(), threading.Event()

    def linger(recorded):
        shown.append(recorded.position)
        at_it.set()
        assert go_on.wait(30)

    async with anyio.create_task_group() as tasks:
        stop = threading.Event()
        tasks.start_soon(partial(club.follow, "slow", linger, stop=stop))
        await run_sync(at_it.wait, 30)
        tasks.cancel_scope.cancel()
        threading.Thread(target=_once_set, args=(stop, go_on)).start()

    assert [1] == shown
    assert {"slow": 1} == await club.followers()


async def test_a_follower_takes_nobodys_thread(url, clock):
    """
    However many followers there are, the threads of the kit are there for calls.
    """
    async with AsyncCircleKit(url, clock=clock, threads=1) as kit:
        stop = threading.Event()
        async with anyio.create_task_group() as tasks:
            for name in ("one", "two", "three"):
                tasks.start_soon(partial(kit.follow, name, print, stop=stop, poll=0.01))
            await kit.found_circle(name="Club", kind="community", by="mei")
            stop.set()


async def test_a_follower_that_cannot_be(club):
    """
    A follower that is not accepted is refused where it is awaited.
    """
    with pytest.raises(InvalidInputError, match="poll"):
        await club.follow("live", print, poll=0)


def _once_set(one, other):
    assert one.wait(30)
    other.set()


async def test_not_open():
    """
    A kit that was not opened, or is closed, says how it is opened.
    """
    kit = AsyncCircleKit("sqlite://")
    with pytest.raises(StoreError, match="async with"):
        await kit.newest_position()
    async with kit:
        assert 0 == await kit.newest_position()
    with pytest.raises(StoreError, match="async with"):
        await kit.newest_position()
    await kit.close()


async def test_cannot_be_opened(tmp_path):
    """
    A store that cannot be opened is refused when it is opened.
    """
    kit = AsyncCircleKit(f"sqlite:///{tmp_path / 'no.db'}", create=False)

    with pytest.raises(StoreError, match="there is no store"):
        await kit.__aenter__()


async def test_cancelled_while_opening(url):
    """
    A kit that is cancelled while it opens leaves nothing open.
    """
    kit = AsyncCircleKit(url, clock=ManualClock(MARCH_1))
    with anyio.CancelScope() as scope:
        scope.cancel()
        with suppress(StoreError):
            await kit.__aenter__()

    assert scope.cancelled_caught
    assert "AsyncCircleKit(None)" == repr(kit)


async def test_closed_when_cancelled(url):
    """
    A kit is closed at the end of its block, also if that is cancelled.
    """
    with anyio.CancelScope() as scope:
        async with AsyncCircleKit(url) as kit:
            await kit.found_circle(name="Club", kind="community", by="mei")
            behind = kit.kit
            scope.cancel()

    assert behind._store._writer is None


async def test_what_it_shows_of_itself(club):
    """
    A kit that is printed shows where it keeps its store, and nothing in it.
    """
    assert f"AsyncCircleKit({club.kit!r})" == repr(club)
    assert everything(club.kit)
