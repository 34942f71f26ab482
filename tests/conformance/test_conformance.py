"""
A policy of a host's own is held to its promises, and told where it breaks one.
"""

import os
import random
import time
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time
from typing import ClassVar
from uuid import uuid4

import pytest
from attrs import define, field, frozen
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from circlekit.clock import zone_named
from circlekit.policies.house import ACTS, Act, Asked, no
from circlekit.testing import assert_policy, questions
from circlekit.verdict import ALLOWED, Reason, Verdict

MUST_SEE: frozenset[Act] = frozenset({"must-see"})
POST: frozenset[Act] = frozenset({"post"})
DAY = timedelta(hours=24)
NOON = datetime(2026, 3, 8, 12, tzinfo=UTC)
ANY = settings(max_examples=500, derandomize=True, phases=[Phase.generate])


# Policies that keep their promises


@frozen
class QuietHours:
    """
    No must-see between two hours of the circle's own clocks.
    """

    name: ClassVar[str] = "quiet-hours"
    acts: ClassVar[frozenset[Act]] = MUST_SEE
    begins: int = 22
    ends: int = 8

    def judge(self, asked):
        home = zone_named(asked.zone)
        local = asked.at.astimezone(home)
        if self.ends <= local.hour < self.begins:
            return ALLOWED
        morning = local.date() + timedelta(days=local.hour >= self.begins)
        free_at = datetime.combine(morning, clock_time(self.ends), tzinfo=home)
        because = f"quiet from {self.begins}:00 to {self.ends}:00"
        return no(self, because, retry_at=free_at.astimezone(UTC))


@frozen
class NewMembersWait:
    """
    Who has just joined does not post yet.
    """

    name: ClassVar[str] = "new-members-wait"
    acts: ClassVar[frozenset[Act]] = frozenset({"post", "comment"})
    monotone: ClassVar[bool] = True
    hours: float = 24

    def judge(self, asked):
        if asked.member_since is None:
            return ALLOWED
        free_at = asked.member_since + timedelta(hours=self.hours)
        if asked.at >= free_at:
            return ALLOWED
        return no(self, f"new members wait {self.hours} hours", retry_at=free_at)


@frozen
class MinimumGap:
    """
    Must-sees of one circle lie so many hours apart.
    """

    name: ClassVar[str] = "minimum-gap"
    acts: ClassVar[frozenset[Act]] = MUST_SEE
    monotone: ClassVar[bool] = True
    hours: int = 48

    def judge(self, asked):
        if asked.last_must_see_at is None:
            return ALLOWED
        free_at = asked.last_must_see_at + timedelta(hours=self.hours)
        if asked.at >= free_at:
            return ALLOWED
        return no(self, "too soon after the last", used=1, limit=1, retry_at=free_at)


@frozen
class StaffOnly:
    """
    A rule that waiting does not help with.
    """

    name: ClassVar[str] = "staff-only"
    acts: ClassVar[frozenset[Act]] = ACTS
    spared: str | None = None

    def judge(self, asked):
        if asked.role in {"owner", "manager"} or asked.by == self.spared:
            return ALLOWED
        return no(self, f"{asked.by} is not of the staff")


@define
class Remembering:
    """
    Not frozen, which is no harm as long as judging leaves it as it is.
    """

    name: ClassVar[str] = "remembering"
    acts: ClassVar[frozenset[Act]] = POST
    share: float = 0.5

    def judge(self, asked):
        # Chance that is told what to begin with is no chance.
        lucky = random.Random(asked.by).random() < self.share  # noqa: S311
        return ALLOWED if lucky else no(self, "not among those who try this out")


GOOD = [
    QuietHours(),
    NewMembersWait(hours=0.5),
    MinimumGap(),
    StaffOnly(),
    Remembering(),
]


@pytest.mark.parametrize("policy", GOOD, ids=repr)
def test_a_policy_that_keeps_its_promises_passes(policy):
    """
    A policy that is pure, total, explained and honest is not complained about.
    """
    assert_policy(policy)


# Policies that break one


class _Broken:
    """
    What most of them share, so that each shows only what is wrong with it.
    """

    name: ClassVar[str] = "house-rule"
    acts: ClassVar[frozenset[Act]] = MUST_SEE

    def no(self, because="no", retry_at=None):
        return no(self, because, retry_at=retry_at)


@frozen
class NaiveRetry(_Broken):
    def judge(self, asked):
        local = asked.at.astimezone(zone_named(asked.zone))
        if local.hour < 22:
            return ALLOWED
        midnight = datetime.combine(local.date(), clock_time()) + DAY
        return self.no(retry_at=midnight)


@frozen
class LocalRetry(_Broken):
    def judge(self, asked):
        home = zone_named(asked.zone)
        return self.no(retry_at=(asked.at + DAY).astimezone(home))


@frozen
class LocalDay(_Broken):
    """
    Adds 24 hours to a local time, which moves the hands of a clock by a day.
    """

    def judge(self, asked):
        if asked.last_must_see_at is None or asked.at - asked.last_must_see_at >= DAY:
            return ALLOWED
        last = asked.last_must_see_at.astimezone(zone_named(asked.zone))
        return self.no(retry_at=(last + DAY).astimezone(UTC))


@frozen
class ElapsedNight(_Broken):
    """
    Counts the hours until morning on the hands of a clock, and lets them elapse.
    """

    def judge(self, asked):
        local = asked.at.astimezone(zone_named(asked.zone))
        if 8 <= local.hour < 22:
            return ALLOWED
        hour = local.replace(minute=0, second=0, microsecond=0).astimezone(UTC)
        return self.no(retry_at=hour + timedelta(hours=(8 - local.hour) % 24))


@frozen
class ForgetsFold(_Broken):
    """
    Is quiet until half past one, and takes the first of two where there are two.
    """

    def judge(self, asked):
        home = zone_named(asked.zone)
        local = asked.at.astimezone(home)
        if local.time() >= clock_time(1, 30):
            return ALLOWED
        free_at = datetime.combine(local.date(), clock_time(1, 30), tzinfo=home)
        return self.no(retry_at=free_at.astimezone(UTC))


@frozen
class RetryInThePast(_Broken):
    def judge(self, asked):
        return self.no(retry_at=asked.at - DAY)


@frozen
class RetryTooLate(_Broken):
    def judge(self, asked):
        if asked.last_must_see_at is None or asked.at - asked.last_must_see_at >= DAY:
            return ALLOWED
        return self.no(retry_at=asked.last_must_see_at + 2 * DAY)


@frozen
class RetryTomorrow(_Broken):
    """
    Is quiet from 22:00, and says so of tomorrow's night too.
    """

    def judge(self, asked):
        if asked.at.hour < 22:
            return ALLOWED
        midnight = asked.at.replace(hour=0, minute=0, second=0, microsecond=0)
        return self.no(retry_at=midnight + 2 * DAY)


@frozen
class ReadsTheClock(_Broken):
    def judge(self, asked):
        return ALLOWED if datetime.now(UTC) > asked.at else self.no()


@frozen
class ReadsToday(_Broken):
    def judge(self, asked):
        today = date.today()  # noqa: DTZ011 - just what must not be done
        return ALLOWED if today > asked.at.date() else self.no()


@frozen
class ReadsTime(_Broken):
    def judge(self, asked):
        return ALLOWED if time.time() > asked.at.timestamp() else self.no()


@frozen
class AsksChance(_Broken):
    def judge(self, asked):
        return ALLOWED if random.random() < 0.5 else self.no()  # noqa: S311


DICE = random.Random(6)  # noqa: S311


@frozen
class ThrowsDice(_Broken):
    def judge(self, asked):
        return ALLOWED if DICE.randint(1, 6) > 3 else self.no()


@frozen
class MakesIds(_Broken):
    def judge(self, asked):
        return self.no(f"no, and that is {uuid4()}")


@frozen
class CountsQuestions(_Broken):
    asked: ClassVar[list[Asked]] = []

    def judge(self, asked):
        self.asked.append(asked)
        return self.no() if len(self.asked) % 3 == 0 else ALLOWED


@define
class Changes(_Broken):
    refused: int = 0

    def judge(self, asked):
        self.refused += 1
        return self.no()


@define
class ChangesItsNumber(_Broken):
    refused: int = 0

    def judge(self, asked):
        self.refused += 1
        return self.no(24)


@frozen
class ServerTime(_Broken):
    def judge(self, asked):
        return ALLOWED if 8 <= asked.at.astimezone().hour < 22 else self.no()


@frozen
class RaisesAtNoRole(_Broken):
    def judge(self, asked):
        trusted = {"owner": True, "manager": True, "member": False}
        return ALLOWED if trusted[asked.role] else self.no()


@frozen
class RaisesBeforeJoining(_Broken):
    def judge(self, asked):
        return ALLOWED if asked.at - asked.member_since > DAY else self.no()


@frozen
class SaysFalse(_Broken):
    def judge(self, asked):
        return asked.role is not None


@frozen
class SaysWords(_Broken):
    def judge(self, asked):
        return Verdict(("no",))


@frozen
class WrongName(_Broken):
    def judge(self, asked):
        return Verdict((Reason(rule="other-rule", because="no"),))


@frozen
class NoName(_Broken):
    def judge(self, asked):
        return Verdict((Reason(rule="", because="no"),))


@frozen
class NoWords(_Broken):
    def judge(self, asked):
        return self.no(" ")


@frozen
class ControlsTheTerminal(_Broken):
    def judge(self, asked):
        return self.no("\x1b[31mno\x1b[0m")


@frozen
class NumberForWords(_Broken):
    def judge(self, asked):
        return self.no(24)


@frozen
class NumberInWords(_Broken):
    def judge(self, asked):
        return no(self, "no", limit="4")


@frozen
class PlacesInAList(_Broken):
    def judge(self, asked):
        return Verdict((Reason(rule=self.name, because="no", used_by=[1]),))


@frozen
class NaiveWindow(_Broken):
    def judge(self, asked):
        start = asked.at.replace(tzinfo=None)
        return Verdict((Reason(rule=self.name, because="no", window_start=start),))


@frozen
class RetryInHours(_Broken):
    def judge(self, asked):
        return self.no(retry_at=24)


@frozen
class NotMonotone(QuietHours):
    monotone: ClassVar[bool] = True


@pytest.mark.parametrize(
    ("policy", "sentence"),
    [
        (NaiveRetry(), "its retry_at has no zone; accepted: a moment in UTC"),
        (LocalRetry(), "its retry_at is in CST; accepted: a moment in UTC"),
        (
            LocalDay(),
            # As clocks go back that night, or forward; it is wrong both ways.
            (
                "asked again a microsecond before its retry_at, it allows already",
                "asked again at its retry_at, it still refuses",
            ),
        ),
        (ElapsedNight(), "asked again at its retry_at, it still refuses"),
        (ForgetsFold(), "its retry_at is not after the moment it was asked about"),
        (RetryInThePast(), "its retry_at is not after the moment it was asked about"),
        (
            RetryTooLate(),
            "asked again a microsecond before its retry_at, it allows already",
        ),
        (RetryTomorrow(), "it allows long before its retry_at"),
        (ReadsTheClock(), "it reads the clock: datetime.now"),
        (ReadsToday(), "it reads the clock: date.today"),
        (ReadsTime(), "it reads the clock: time.time"),
        (AsksChance(), "it asks chance: random.random"),
        (ThrowsDice(), "asked the same again, it answers otherwise"),
        (CountsQuestions(), "asked the same again, it answers otherwise"),
        (MakesIds(), "it asks chance: os.urandom"),
        (Changes(), "judging changes it"),
        (ChangesItsNumber(), "judging changes it"),
        (ServerTime(), "it goes by the time zone of the machine it runs on"),
        (RaisesAtNoRole(), "it raises KeyError: None"),
        (
            RaisesBeforeJoining(),
            (
                "it raises TypeError: unsupported operand type(s) for -: "
                "'datetime.datetime' and 'NoneType'"
            ),
        ),
        (SaysFalse(), "it answers True, which is no Verdict"),
        (SaysWords(), "('no',) are no Reasons"),
        (WrongName(), "it refuses as 'other-rule', which is not its name"),
        (NoName(), "it refuses as '', which is not its name"),
        (
            NoWords(),
            (
                "it does not say why: because: is empty; "
                "accepted: text of 1 to 20000 characters"
            ),
        ),
        (
            ControlsTheTerminal(),
            (
                "it does not say why: because: has U+001B "
                "(control character or lone surrogate) at place 0; "
                "accepted: text of 1 to 20000 characters, without that character"
            ),
        ),
        (
            NumberForWords(),
            (
                "it does not say why: because: is int; "
                "accepted: text of 1 to 20000 characters"
            ),
        ),
        (
            NumberInWords(),
            (
                "its refusal cannot be stored: no CommandRefused: "
                "Expected `int | null`, got `str` - at `$.reasons[0].limit`"
            ),
        ),
        (PlacesInAList(), "its refusal comes back from the store as another"),
        (NaiveWindow(), "its window_start has no zone; accepted: a moment in UTC"),
        (RetryInHours(), "its retry_at is 24; accepted: a moment in UTC"),
        (
            NotMonotone(),
            "it says that it is monotone, but refuses later what it allowed",
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_policy_that_breaks_a_promise_is_told_which(policy, sentence):
    """
    Each broken policy is caught, with the promise it breaks and a question to show it.
    """
    with pytest.raises(AssertionError) as caught:
        assert_policy(policy)

    sentences = (sentence,) if isinstance(sentence, str) else sentence
    first, second, *_ = str(caught.value).splitlines()
    assert first in {f"{policy.name}: {each}" for each in sentences}
    assert "asked" == second


def test_the_smallest_question_is_told_as_people_would_tell_it():
    """
    What fails is told in the circle's zone, with what was asked and answered.
    """
    with pytest.raises(AssertionError) as caught:
        assert_policy(NotMonotone())

    assert [
        "quiet-hours: it says that it is monotone, but refuses later what it allowed",
        "asked",
        "  act               must-see",
        "  by                mei",
        "  role              owner",
        "  member_since      None",
        "  last_must_see_at  None",
        "  kind              community",
        "  zone              Asia/Shanghai",
        "  at                2020-01-01 08:00:00+08:00",
        "it answers",
        "  allowed",
        "at 2020-01-01 22:00:00+08:00 it answers",
        "  quiet-hours: quiet from 22:00 to 8:00",
        "    no longer at 2020-01-02 08:00:00+08:00",
    ] == str(caught.value).splitlines()


def test_a_host_may_say_what_its_policy_is_asked():
    """
    A policy that never meets a question does not fail for it.
    """
    with pytest.raises(AssertionError, match="retry_at, it"):
        assert_policy(LocalDay())

    assert_policy(LocalDay(), asked=questions(MUST_SEE, zone=st.just("UTC")))


def test_a_machine_is_left_in_its_own_time_zone(monkeypatch):
    """
    Whoever is asked as if far away is back home afterwards.
    """
    for here in ("Asia/Shanghai", None):
        if here is None:
            monkeypatch.delenv("TZ", raising=False)
        else:
            monkeypatch.setenv("TZ", here)
        time.tzset()
        before = time.localtime(0)

        assert_policy(
            StaffOnly(), asked=st.just(Asked(act="post", by="mei", role=None, at=NOON))
        )

        assert (here, before) == (os.environ.get("TZ"), time.localtime(0))
    monkeypatch.undo()
    time.tzset()


# Policies that cannot be recorded, or not under their name


def policy(**said):
    made = {
        "name": "house-rule",
        "acts": MUST_SEE,
        "judge": lambda self, asked: ALLOWED,
        **said,
    }
    return frozen(type("Ours", (), made))()


class NotAttrs(_Broken):
    def judge(self, asked):
        return ALLOWED


@frozen
class HasField(_Broken):
    hours: object

    def judge(self, asked):
        return ALLOWED


@frozen
class NameIsAField:
    acts: ClassVar[frozenset[Act]] = MUST_SEE
    name: str = "house-rule"


@frozen
class Private(_Broken):
    _hours: int = 1


@frozen
class Counted(_Broken):
    hours: int = field(init=False, default=1)


@frozen
class Doubles(_Broken):
    hours: int = field(default=1, converter=lambda hours: hours * 2)


@frozen(eq=False)
class LikeNoOther(_Broken):
    hours: int = 1


EXPECTED_ACTS = "accepted: a frozenset of comment, must-see, post"
UNRECORDED = {
    "a class": (
        StaffOnly,
        "StaffOnly: this is a class; give a policy, as in StaffOnly()",
    ),
    "no name": (policy(name=None), "Ours: its class has no `name: ClassVar[str]`"),
    "a name that is a number of it": (
        NameIsAField(),
        "NameIsAField: its class has no `name: ClassVar[str]`",
    ),
    "a blank name": (
        policy(name=" "),
        " : name: is empty; accepted: text of 1 to 200 characters",
    ),
    "the name of a rule of ours": (
        policy(name="must-see-month"),
        "must-see-month: this is the name of a rule of circlekit's",
    ),
    "no act": (
        policy(acts=frozenset()),
        f"house-rule: it rules on []; {EXPECTED_ACTS}",
    ),
    "an unknown act": (
        policy(acts=frozenset({"shout"})),
        f"house-rule: it rules on ['shout']; {EXPECTED_ACTS}",
    ),
    "acts in a list": (
        policy(acts=["post"]),
        f"house-rule: it rules on ['post']; {EXPECTED_ACTS}",
    ),
    "monotone in words": (
        policy(monotone="yes"),
        "house-rule: its monotone is 'yes'; accepted: True or False",
    ),
    "no attrs class": (
        NotAttrs(),
        "house-rule: it is no attrs class, so that its numbers cannot be recorded",
    ),
    "a time of day": (
        HasField(clock_time(8)),
        (
            "house-rule: its hours is datetime.time(8, 0), which a rule book cannot "
            "record; accepted: text, a finite number, True, False, None"
        ),
    ),
    "two numbers in one": (
        HasField((22, 8)),
        (
            "house-rule: its hours is (22, 8), which a rule book cannot "
            "record; accepted: text, a finite number, True, False, None"
        ),
    ),
    "no number at all": (
        HasField(float("inf")),
        (
            "house-rule: its hours is inf, which a rule book cannot record; "
            "accepted: text, a finite number, True, False, None"
        ),
    ),
    "half a character": (
        HasField("\ud800"),
        (
            "house-rule: its numbers cannot be stored: event: this RuleBookAdopted "
            "'utf-8' codec can't encode character '\\ud800' in position 0: surrogates "
            "not allowed; accepted: what fits 8,388,608 bytes, with numbers of 64 bits"
        ),
    ),
    "a private number": (
        Private(),
        (
            "house-rule: it cannot be made again from its numbers: "
            "Private.__init__() got an unexpected keyword argument '_hours'"
        ),
    ),
    "a number that it makes itself": (
        Counted(),
        (
            "house-rule: it cannot be made again from its numbers: "
            "Counted.__init__() got an unexpected keyword argument 'hours'"
        ),
    ),
    "a number that grows": (
        Doubles(),
        (
            "house-rule: made again from its numbers it is another: "
            "Doubles(hours=4), not Doubles(hours=2)"
        ),
    ),
    "a policy like no other": (
        LikeNoOther(),
        (
            "house-rule: made again from its numbers it is another: "
            "LikeNoOther(hours=1), not LikeNoOther(hours=1)"
        ),
    ),
}


@pytest.mark.parametrize(("policy", "sentence"), UNRECORDED.values(), ids=UNRECORDED)
def test_a_policy_that_cannot_be_recorded_is_told_why(policy, sentence):
    """
    A policy that no rule book could name is not asked a single question.
    """
    with pytest.raises(AssertionError) as caught:
        assert_policy(policy)

    assert sentence == str(caught.value)


@given(questions(POST))
def test_questions_are_about_the_acts_that_were_named(asked):
    """
    A question is about one of the acts, at a moment in UTC.
    """
    assert ("post", UTC) == (asked.act, asked.at.tzinfo)


def test_questions_touch_every_edge():
    """
    Nobody, newcomers of the future, first must-sees and repeated hours all come up.
    """

    def repeated(asked):
        local = asked.at.astimezone(zone_named(asked.zone))
        return local.replace(fold=1).utcoffset() != local.replace(fold=0).utcoffset()

    for sees in (
        lambda asked: asked.role is None,
        lambda asked: asked.member_since is None,
        lambda asked: asked.member_since is not None and asked.member_since > asked.at,
        lambda asked: asked.last_must_see_at is None,
        lambda asked: asked.last_must_see_at == asked.at,
        repeated,
    ):
        found = find(questions(), sees, settings=ANY)
        assert sees(found)
