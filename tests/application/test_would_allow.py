"""
To ask beforehand is to be told what the command will be told.
"""

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from circlekit import CircleKit, NotFoundError
from circlekit.application.deciding import _COMMANDS
from tests.application.communities import COMMANDS, opened, scripts, started
from tests.application.town import everything

# What was reported already is left as it is.
NOTHING_NEW = {"register_organisation", "staff_joined", "staff_left"}


@given(things=scripts(least=40, most=80))
def test_the_same_verdict(things):
    """
    Asking first answers what doing it answers, word for word.

    Whatever people do; and it writes nothing.
    """
    clock = started()
    with CircleKit("sqlite://", clock=clock) as kit:
        community = opened(kit, clock)
        for act in things:
            clock.forward(seconds=act.pause)
            name, args, kwargs = community.asked(act)
            before = kit.newest_position()
            asked = _answer(kit.would_allow, name, *args, **kwargs)
            assert before == kit.newest_position()

            told = _answer(community.do_now, act)

            assert asked == told
            written = before != kit.newest_position()
            assert not (written and isinstance(told, str))
            assert written or isinstance(told, str) or name in NOTHING_NEW


def _answer(ask, *args, **kwargs):
    try:
        return ask(*args, **kwargs)
    except NotFoundError as unknown:
        return str(unknown)


@given(things=scripts(least=30, most=60), switched=st.booleans())
def test_cached_is_replayed(things, switched):
    """
    What a kit keeps in memory is what another reads from the history.

    Whatever was refused or undone in between.
    """
    clock = started()
    with CircleKit("sqlite://", clock=clock, record_refusals=switched) as kit:
        community = opened(kit, clock)
        for act in things:
            try:
                community.do(act)
                # A grader works outside of a batch.
                if act.switch == 0 and act.command != "grade_with":
                    _do_and_undo(community, act)
            except NotFoundError:
                continue
        kept = dict(kit._aggregates)
        kit._aggregates.clear()
        for stream in kept:
            kind, _, id_ = stream.partition("/")
            _load(kit, kind, id_)

        assert kept == {stream: kit._aggregates[stream] for stream in kept}
        for known in kept.values():
            assert known.aggregate.version > 0


def _do_and_undo(community, act):
    known = evolve(
        community,
        posts=list(community.posts),
        comments=list(community.comments),
        messages=list(community.messages),
        check_ins=list(community.check_ins),
        invitations=list(community.invitations),
    )
    try:
        with community.kit.batch():
            known.do_now(act)
            raise ZeroDivisionError  # noqa: TRY301
    except ZeroDivisionError:
        pass


def _load(kit, kind, id_):
    ask = {
        "circle": lambda: kit.would_allow("leave_circle", id_, "nobody"),
        "group": lambda: kit.would_allow("leave_group", id_, "nobody"),
        "organisation": lambda: kit.would_allow(
            "register_organisation", id_, name="x", by="nobody"
        ),
        "customer": lambda: kit.would_allow("untag_customer", id_, "x", by="nobody"),
        "mass-send": lambda: kit.would_allow("confirm_mass_send", id_, by="nobody"),
        "live": lambda: kit.would_allow("leave_live", id_, "nobody"),
        "todo": lambda: kit.would_allow("cancel_todo", id_, by="nobody"),
        "approval": lambda: kit.would_allow("expire_approval", id_, by="nobody"),
        "reader": lambda: kit.would_allow("mark_read", [], by=id_),
        "homework": lambda: kit.would_allow("withdraw_homework", id_, by="nobody"),
        "identity": lambda: [
            kit.would_allow(
                "detach_identity", id_.partition(":")[0], f"id {number}", by="nobody"
            )
            for number in range(8)
        ],
        "topic": lambda: kit.would_allow("remove_check_in", f"{id_}/1", by="nobody"),
        "topic-names": lambda: kit.would_allow(
            "make_topic", id_, name="x", by="nobody"
        ),
    }
    ask[kind]()


def test_asking_within_a_batch(town):
    """
    Within a batch one is answered from what the batch has done so far.
    """
    with town.kit.batch():
        town.kit.join_circle("club", "new")
        assert town.kit.would_allow("publish_post", "club", by="new", text="x").allowed
        before = len(everything(town.kit))
        assert ("not-a-manager",) == town.kit.would_allow(
            "pin_post", town.post, by="new"
        ).rules
        assert before == len(everything(town.kit))


def test_every_command_is_done_by_somebody():
    """
    Random communities know every command there is.
    """
    assert set(_COMMANDS) == set(COMMANDS)
