"""
What a kit has in memory, and believes, is what stands in the log.
"""

from contextlib import contextmanager, suppress
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circlekit import CircleKit, CirclekitError, ManualClock
from circlekit.aggregates.history import replay
from circlekit.application import snapshots
from tests.application.town import MARCH_1
from tests.store.workers import host_connection

PEOPLE = st.sampled_from(("mei", "tao", "lin"))
NAMED = st.none() | st.none() | st.sampled_from(("a", "b"))
CIRCLES = st.sampled_from(("club", "tea"))
WHICH = st.sampled_from((0, 0, 0, 1, 2, 3))
ACTS = st.one_of(
    st.tuples(st.just("publish_post"), CIRCLES, PEOPLE, NAMED),
    st.tuples(st.just("send_must_see"), CIRCLES, PEOPLE, NAMED),
    st.tuples(st.just("publish_post"), CIRCLES, st.just("mei"), st.none()),
    st.tuples(st.just("add_comment"), CIRCLES, PEOPLE, NAMED, WHICH),
    st.tuples(st.just("add_comment"), CIRCLES, st.just("mei"), st.none(), WHICH),
    st.tuples(st.just("join_circle"), CIRCLES, PEOPLE, NAMED),
    st.tuples(st.just("leave_circle"), CIRCLES, PEOPLE, NAMED),
    st.tuples(st.just("send_message"), CIRCLES, PEOPLE, NAMED),
    st.tuples(st.just("acknowledge"), CIRCLES, PEOPLE, NAMED, WHICH),
    st.tuples(st.just("publish_moment"), CIRCLES, PEOPLE, NAMED),
    st.tuples(st.just("mass_send"), CIRCLES, PEOPLE, NAMED),
    st.tuples(st.just("would_allow"), CIRCLES, PEOPLE, NAMED),
)
SHAPES = (
    "alone",
    "alone",
    "batch",
    "undone",
    "undone",
    "within",
    "within undone",
    "joined",
    "joined undone",
    "joined in part",
    "joined batch",
)
STEPS = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.sampled_from(SHAPES),
        st.lists(ACTS, min_size=1, max_size=4),
    ),
    min_size=3,
    max_size=12,
)


class _UndoneError(Exception):
    pass


def do(kit, act, posts):
    """
    Carry out one act, whatever comes of it.
    """
    what, circle, by, command_id, *which = act
    post = posts[-1 - which[0] % len(posts)] if which else ""
    named = {"by": by, "command_id": command_id}
    with suppress(CirclekitError):
        match what:
            case "publish_post" | "send_must_see":
                # Those too that are undone later: nobody may comment on them.
                posts.append(getattr(kit, what)(circle, text="Hello", **named))
            case "add_comment":
                kit.add_comment(post, text="Hm", **named)
            case "join_circle" | "leave_circle":
                getattr(kit, what)(circle, by, command_id=command_id)
            case "send_message":
                kit.send_message(circle, text="Hi", **named)
            case "acknowledge":
                kit.acknowledge(post, **named)
            case "publish_moment":
                kit.publish_moment(
                    ["a", "b", "c", "none"], text="New", source="member", by=by
                )
            case "mass_send":
                sent = kit.create_mass_send(
                    source="member",
                    by=by,
                    text="To all",
                    customers=["a", "b"],
                    groups=[circle],
                )
                kit.confirm_mass_send(sent, by=by)
            case "would_allow":
                kit.would_allow("publish_post", circle, by=by, text="May I?")


def carry_out(kit, shape, acts, posts, url):
    """
    Carry out some acts, by themselves or together.
    """
    with suppress(_UndoneError):
        match shape:
            case "alone":
                for act in acts:
                    do(kit, act, posts)
            case "batch" | "undone":
                with kit.batch():
                    for act in acts:
                        do(kit, act, posts)
                    if shape == "undone":
                        raise _UndoneError
            case "within" | "within undone":
                with kit.batch():
                    do(kit, acts[0], posts)
                    with suppress(_UndoneError), kit.batch():
                        for act in acts:
                            do(kit, act, posts)
                        if shape == "within undone":
                            raise _UndoneError
                    for act in reversed(acts):
                        do(kit, act, posts)
            case _:
                joined(kit, shape, acts, posts, url)


def joined(kit, shape, acts, posts, url):
    with host_connection(url) as host:
        host.execute("BEGIN")
        with kit.joined_to(host) as theirs:
            if shape == "joined batch":
                with theirs.batch():
                    for act in acts:
                        do(theirs, act, posts)
            else:
                do(theirs, acts[0], posts)
                host.execute("SAVEPOINT hosts")
                for act in acts:
                    do(theirs, act, posts)
                if shape == "joined in part":
                    host.execute("ROLLBACK TO hosts")
                for act in acts:
                    do(theirs, act, posts)
        host.execute("ROLLBACK" if shape == "joined undone" else "COMMIT")


def must_be_right(kit):
    """
    Compare everything that the kit would believe now with the log.
    """
    with kit._store.writing() as log:
        if log.at != kit._expected:
            return
        for stream, known in kit._aggregates.items():
            if known.as_of != kit._stretch:
                continue
            it = known.aggregate
            newest, digest = log.end_of(stream)
            fresh = replay(
                kit._blank(type(it), it.id), (one.event for one in log.history(stream))
            )
            assert fresh == it
            assert newest == known.newest
            assert known.digest in {None, digest}
        for place, cited in kit._cited.items():
            assert cited == log.at_place(*place)


@pytest.fixture
def new_url(backend, tmp_path, request):
    """
    How to come by the URL of a store that is empty, again and again.
    """
    if backend == "postgresql":
        return request.getfixturevalue("server").store
    numbers = count()

    @contextmanager
    def file():
        yield f"sqlite:///{tmp_path / f'{next(numbers)}.db'}"

    return file


def test_believed(new_url, monkeypatch):
    """
    Whatever was written before, by whomever, and whatever of it was undone.
    """
    monkeypatch.setattr(snapshots, "EVERY", 5)

    @given(STEPS)
    def right(steps):
        clock = ManualClock(MARCH_1)
        with (
            new_url() as url,
            CircleKit(url, clock=clock) as one,
            CircleKit(url, clock=clock, record_refusals=False) as two,
            CircleKit(url, clock=clock, most_loaded=2) as three,
        ):
            for circle in ("club", "tea"):
                one.found_circle(name="C", kind="community", by="mei", circle=circle)
                one.join_circle(circle, "tao")
            for customer in "abc":
                one.add_customer(customer, channel="shop", by="mei")
            posts = [one.publish_post("club", by="mei", text="First")]
            for which, shape, acts in steps:
                carry_out((one, two, three)[which], shape, acts, posts, url)
                for kit in (one, two, three):
                    must_be_right(kit)
            one.verify()

    right()
