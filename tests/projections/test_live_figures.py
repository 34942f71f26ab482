"""
The figures of lives are those that the whole history comes to.
"""

from random import Random

import pytest
from hypothesis import given

from circlekit import CircleKit, NotFoundError
from tests.application.communities import LIVES, an_act, opened, scripts, started
from tests.application.town import everything
from tests.projections.naive_lives import figures

ABOUT_LIVES = (
    "schedule_live",
    "start_live",
    "cancel_live",
    "end_live",
    *("join_live", "leave_live", "like_live") * 15,
    *("attest_minor",) * 4,
    "publish_replay",
    "join_group",
    "mute_group",
)


def _compare(kit, clock):
    told = everything(kit)
    found = []
    for live in LIVES:
        expected = figures(told, live, now=clock.now)
        if expected is None:
            with pytest.raises(NotFoundError):
                kit.live(live)
            continue
        assert expected == kit.live(live)
        found.append(expected)
    by_circle = [it for circle in ("class", "club") for it in kit.lives(circle)]
    assert sorted(found, key=lambda it: it.live) == sorted(
        by_circle, key=lambda it: it.live
    )
    return found


@given(things=scripts(*ABOUT_LIVES, least=20, most=80))
def test_as_the_history_tells(things):
    """
    Whoever comes, goes, likes and is turned away: the figures are those of history.
    """
    clock = started()
    with CircleKit("sqlite://", clock=clock) as kit:
        community = opened(kit, clock)
        community.live(things)

        assert _compare(kit, clock)


def test_on_each_store(kit, clock):
    """
    They are the same on every store, looked at again and again on the way.
    """
    community = opened(kit, clock)
    dice = Random(3)  # noqa: S311
    met = set()
    for number in range(300):
        act = an_act(dice, ABOUT_LIVES)
        try:
            met |= set(community.do(act).rules)
        except NotFoundError:
            continue
        if number % 30 == 0:
            _compare(kit, clock)

    found = _compare(kit, clock)
    assert {"minor-live-minutes", "already-watching", "live-not-running"} <= met
    assert any(it.minors_refused for it in found)
    kit.rebuild_read_models()
    assert found == _compare(kit, clock)
