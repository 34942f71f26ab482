"""
Hypothesis strategies for whatever a community is made of.

Moments and spans lean towards the edges that break quotas; text leans towards
what breaks software. Everything named ``acceptable`` may be sent, everything
named ``unacceptable`` must be refused before any rule is asked.
"""

import types
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import combinations
from typing import (
    Any,
    Final,
    Literal,
    NewType,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)
from zoneinfo import ZoneInfo

import attrs
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from circlekit.budget import (
    CALENDAR_DAY,
    CALENDAR_MONTH,
    CALENDAR_WEEK,
    Budget,
    Window,
    rolling,
)
from circlekit.clock import zone_named
from circlekit.events.approval import ApprovalStep, FormField
from circlekit.events.homework import Scale
from circlekit.events.mass_send import Share
from circlekit.events.names import NAMES
from circlekit.events.personal import PERSONAL
from circlekit.ids import (
    CheckInId,
    CircleId,
    CommentId,
    CustomerId,
    GroupId,
    MemberId,
    MessageId,
    MomentId,
    PostId,
    TopicId,
)
from circlekit.rulebook import RuleBook
from circlekit.text import LONGEST_ID, LONGEST_TEXT
from circlekit.verdict import Reason, Verdict

_T = TypeVar("_T")

ZONES: Final = (
    "Asia/Shanghai",
    "America/New_York",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "America/St_Johns",
    "Africa/Casablanca",
    "UTC",
    "Asia/Kathmandu",
)
"""
Zones that differ in kind: one that never changes its clocks and one that does,
half an hour of summer time, the far side of the date line, odd offsets, clocks
changed by the moon.
"""

EARLIEST: Final = datetime(2020, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(2035, 12, 31, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_DAY: Final = timedelta(days=1)
SPANS: Final = (
    timedelta(0),
    timedelta(hours=1),
    _DAY,
    _DAY - _MICROSECOND,
    _DAY + _MICROSECOND,
    timedelta(hours=23),
    timedelta(hours=25),
    timedelta(days=7),
    timedelta(days=30),
    timedelta(seconds=-1),
    timedelta(hours=-1),
    timedelta(days=-2),
)
"""
Spans that are told apart by rules: a day to the microsecond, weeks, months, and
back, as when a host's clock is set back.
"""


# Names of things


def acceptable_names() -> SearchStrategy[str]:
    """
    Return one-line texts that may name something: people, groups, tags.
    """
    letters = st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp"))
    return st.one_of(
        st.sampled_from(("mei", "tao", "读书会", "a/b/7", "O'Brien & sons", "x" * 200)),
        st.text(letters, min_size=1, max_size=20).filter(lambda text: text.strip()),
    )


def circle_ids() -> SearchStrategy[CircleId]:
    """
    Return ids of circles.
    """
    return acceptable_names().map(CircleId)


def group_ids() -> SearchStrategy[GroupId]:
    """
    Return ids of groups.
    """
    return acceptable_names().map(GroupId)


def member_ids() -> SearchStrategy[MemberId]:
    """
    Return ids of members and staff.
    """
    return acceptable_names().map(MemberId)


def customer_ids() -> SearchStrategy[CustomerId]:
    """
    Return ids of customers.
    """
    return acceptable_names().map(CustomerId)


def moment_ids() -> SearchStrategy[MomentId]:
    """
    Return ids of moments that are shown to customers.
    """
    return acceptable_names().map(MomentId)


def topic_ids() -> SearchStrategy[TopicId]:
    """
    Return ids of topics.
    """
    return acceptable_names().map(TopicId)


def places() -> SearchStrategy[int]:
    """
    Return places in a history.
    """
    return st.integers(1, 10_000)


def post_ids() -> SearchStrategy[PostId]:
    """
    Return ids of posts.
    """
    return st.builds(PostId, circle_ids(), places())


def comment_ids() -> SearchStrategy[CommentId]:
    """
    Return ids of comments.
    """
    return st.builds(CommentId, circle_ids(), places())


def message_ids() -> SearchStrategy[MessageId]:
    """
    Return ids of group messages.
    """
    return st.builds(MessageId, group_ids(), places())


def check_in_ids() -> SearchStrategy[CheckInId]:
    """
    Return ids of check-ins.
    """
    return st.builds(CheckInId, topic_ids(), places())


# Text


def acceptable_text() -> SearchStrategy[str]:
    """
    Return texts that may be sent, however awkward they are to show or store.
    """
    letters = st.one_of(
        st.characters(exclude_categories=("Cc", "Cs")), st.sampled_from("\t\n\r")
    )
    return st.one_of(
        st.sampled_from(
            (
                "See you on Sunday",
                "星期天见",
                "\u202egpj.exe",
                "\u2066left\u2069",
                "👩‍👩‍👧‍👦 👍🏽 🇨🇳",
                "e\u0301 is not \u00e9",
                "Z\u0338\u0322a\u0337\u0321l\u0338g\u0335o\u0336",
                "\ufeffhas a byte order mark",
                "one\u2028two\u2029three",
                "[red]not markup[/red] <b>nor this</b>",
                "'); DROP TABLE events; --",
                "{0} %s \\n",
                "\U0001f4a9" * 50,
                "长" * LONGEST_TEXT,
            )
        ),
        st.text(letters, min_size=1, max_size=60).filter(lambda text: text.strip()),
    )


def unacceptable_text() -> SearchStrategy[object]:
    """
    Return what may not be sent as text: too long, blank, unprintable, no text.
    """
    broken = st.one_of(
        st.integers(0xD800, 0xDFFF).map(chr),
        st.integers(0x00, 0x1F).map(chr).filter(lambda sign: sign not in "\t\n\r"),
        st.integers(0x7F, 0x9F).map(chr),
    )
    some = st.text(st.sampled_from("ab 长\n"), max_size=10)
    return st.one_of(
        st.just(""),
        st.text(st.sampled_from(" \t\n\u3000\u2003"), min_size=1, max_size=5),
        st.builds(lambda before, bad, after: before + bad + after, some, broken, some),
        st.integers(1, 100).map(lambda more: "长" * (LONGEST_TEXT + more)),
        st.sampled_from((None, 7, b"bytes", ["list"])),
    )


def unacceptable_names() -> SearchStrategy[object]:
    """
    Return what may not name anything: as for text, and more than one line of it.
    """
    breaks = st.sampled_from("\t\n\r\u2028\u2029")
    return st.one_of(
        unacceptable_text(),
        st.builds(lambda sign: f"two{sign}lines", breaks),
        st.just("长" * (LONGEST_ID + 1)),
    )


# Moments


def zones() -> SearchStrategy[str]:
    """
    Return names of zones that differ in kind.
    """
    return st.sampled_from(ZONES)


def moments() -> SearchStrategy[datetime]:
    """
    Return moments in UTC, many of them at the edges of some zone.
    """
    anywhere = st.datetimes(
        EARLIEST.replace(tzinfo=None),
        LATEST.replace(tzinfo=None),
        timezones=st.just(UTC),
    )
    return st.one_of(anywhere, zones().flatmap(edges))


@lru_cache(maxsize=64)
def edges(zone: str) -> SearchStrategy[datetime]:
    """
    Return moments about the edges that break quotas in *zone*.

    Starts of months, years and days as its clocks show them, the ends of its
    Februaries, and where its clocks are changed: the instant, the microsecond
    and the second before, and a little after.
    """
    home = zone_named(zone)

    def begins(year: int, month: int, day: int) -> datetime:
        return datetime(year, month, day, tzinfo=home).astimezone(UTC)

    years = st.integers(EARLIEST.year + 1, LATEST.year - 1)
    starts = [
        st.builds(begins, years, st.integers(1, 12), st.just(1)),
        st.builds(begins, years, st.integers(1, 12), st.integers(1, 28)),
        st.builds(begins, st.sampled_from((2024, 2028, 2032)), st.just(2), st.just(29)),
        st.builds(begins, years, st.just(1), st.just(1)),
    ]
    if changes := clock_changes(zone):
        starts.append(st.sampled_from(changes))
    nearby = st.sampled_from(
        (
            timedelta(0),
            -_MICROSECOND,
            _MICROSECOND,
            timedelta(seconds=-1),
            timedelta(minutes=-30),
            timedelta(minutes=30),
        )
    )
    return st.builds(lambda edge, by: edge + by, st.one_of(starts), nearby)


def spans() -> SearchStrategy[timedelta]:
    """
    Return elapsed times between one act and the next.

    None at all, a day to the microsecond, weeks and months; some are negative,
    as when a host's clock is set back.
    """
    return st.one_of(
        st.sampled_from(SPANS),
        st.timedeltas(timedelta(0), timedelta(days=40)),
    )


@lru_cache(maxsize=64)
def clock_changes(
    zone: str, earliest: datetime = EARLIEST, latest: datetime = LATEST
) -> tuple[datetime, ...]:
    """
    Return the instants, UTC, at which the clocks of *zone* are changed.

    >>> clock_changes("America/New_York")[0].isoformat()
    '2020-03-08T07:00:00+00:00'
    """
    home = zone_named(zone)

    found = []
    day = earliest
    while day < latest:
        if _offset(day, home) != _offset(day + _DAY, home):
            found.append(_changed_within(day, home))
        day += _DAY
    return tuple(found)


def _changed_within(day: datetime, home: ZoneInfo) -> datetime:
    # Clocks are changed at whole seconds; halving a day finds which one.
    was = _offset(day, home)
    before, after = 0, 86_400
    while after - before > 1:
        middle = (before + after) // 2
        if _offset(day + timedelta(seconds=middle), home) == was:
            before = middle
        else:
            after = middle
    return day + timedelta(seconds=after)


def _offset(at: datetime, home: ZoneInfo) -> timedelta | None:
    return at.astimezone(home).utcoffset()


# Rules


def windows() -> SearchStrategy[Window]:
    """
    Return windows: calendar days, weeks and months, and rolling ones.
    """
    spans_ = st.sampled_from((1, 3_600, 43_200, 86_400, 172_800, 2_592_000))
    return st.one_of(
        st.sampled_from((CALENDAR_MONTH, CALENDAR_WEEK, CALENDAR_DAY)),
        spans_.map(lambda seconds: rolling(seconds=seconds)),
    )


def budgets(rule: str = "must-see-month") -> SearchStrategy[Budget]:
    """
    Return budgets with small limits, so that a short history uses them up.
    """
    return st.builds(Budget, st.just(rule), st.sampled_from((1, 2, 3, 0)), windows())


def daily_budgets(rule: str) -> SearchStrategy[Budget]:
    """
    Return budgets, some of the calendar with a limit for each day of the window.
    """
    windows_ = st.sampled_from((CALENDAR_MONTH, CALENDAR_WEEK, CALENDAR_DAY))
    each = st.builds(
        Budget,
        st.just(rule),
        st.sampled_from((1, 1, 0)),
        windows_,
        per_day=st.just(True),  # noqa: FBT003 - a strategy of one value
    )
    return st.one_of(budgets(rule), each)


def rule_books() -> SearchStrategy[RuleBook]:
    """
    Return rule books with small limits and none, one or several budgets.
    """
    must_see = some_budgets("must-see-month", "must-see-spacing", "must-see-day")
    moments_ = some_budgets("moment-day", "moment-month")
    return st.builds(
        RuleBook,
        name=st.just("small"),
        must_see=must_see,
        pins=st.integers(0, 3),
        group_capacity=st.one_of(st.none(), st.integers(1, 4)),
        comment_relay=st.sampled_from(("all", "digest", "off")),
        strict_private_chat=st.booleans(),
        member_moments=moments_,
        enterprise_moments=moments_,
        moments_share_budgets=st.booleans(),
        comment_digest_seconds=st.sampled_from((1, 60, 600)),
        comment_relay_choice=st.booleans(),
        homework_kinds=st.sampled_from((("teaching",), ("community", "teaching"), ())),
        must_see_reminders=some_budgets(
            "must-see-reminder-day", "must-see-reminder-spacing"
        ),
    )


def some_budgets(*rules: str) -> SearchStrategy[tuple[Budget, ...]]:
    """
    Return none, some or all of the budgets with these names, with small limits.
    """
    some: list[SearchStrategy[tuple[Budget, ...]]] = [
        st.tuples(*(budgets(name) for name in names))
        for size in range(len(rules) + 1)
        for names in combinations(rules, size)
    ]
    return st.one_of(some)


def form_fields() -> SearchStrategy[FormField]:
    """
    Return fields of a form, with choices where they go with the kind.
    """
    choices = st.lists(acceptable_names(), min_size=1, max_size=3, unique=True)
    return st.one_of(
        st.builds(
            FormField,
            name=acceptable_names(),
            kind=st.sampled_from(("text", "number", "date")),
            required=st.booleans(),
        ),
        st.builds(
            FormField,
            name=acceptable_names(),
            kind=st.just("choice"),
            choices=choices.map(tuple),
            required=st.booleans(),
        ),
    )


def reasons() -> SearchStrategy[Reason]:
    """
    Return reasons for a refusal.
    """
    return _built(Reason)


def shares() -> SearchStrategy[Share]:
    """
    Return what one sender of a mass send has to send.
    """
    return _built(Share)


def verdicts() -> SearchStrategy[Verdict]:
    """
    Return verdicts, allowed ones among them.
    """
    return st.builds(Verdict, st.lists(reasons(), max_size=3).map(tuple))


def scales() -> SearchStrategy[Scale]:
    """
    Return scales that homework is marked by.
    """
    letters = st.lists(acceptable_names(), min_size=1, max_size=4, unique=True)
    return st.one_of(
        st.just(Scale("passed")),
        st.builds(Scale, st.just("points"), most=st.integers(1, 100)),
        st.builds(Scale, st.just("letters"), letters=letters.map(tuple)),
    )


# Events


def events() -> SearchStrategy[Any]:
    """
    Return events of every kind that is stored.
    """
    return st.sampled_from(sorted(NAMES)).flatmap(lambda name: events_of(NAMES[name]))


def events_of(kind: type[_T]) -> SearchStrategy[_T]:
    """
    Return events of one kind, each field filled by what it is declared to hold.
    """
    return _built(kind)


_OF_TYPE: Final[Mapping[Any, Callable[[], SearchStrategy[Any]]]] = {
    CircleId: circle_ids,
    GroupId: group_ids,
    MemberId: member_ids,
    CustomerId: customer_ids,
    MomentId: moment_ids,
    PostId: post_ids,
    CommentId: comment_ids,
    MessageId: message_ids,
    TopicId: topic_ids,
    CheckInId: check_in_ids,
    Window: windows,
    Budget: budgets,
    RuleBook: rule_books,
    FormField: form_fields,
    ApprovalStep: lambda: _built(ApprovalStep),
    Reason: reasons,
    Share: shares,
    Verdict: verdicts,
    Scale: scales,
    datetime: moments,
    date: lambda: st.dates(EARLIEST.date(), LATEST.date()),
    str: acceptable_names,
    int: places,
    float: lambda: st.floats(-(2.0**53), 2.0**53),
    bool: st.booleans,
    types.NoneType: st.none,
}


def strategy_of(kind: Any) -> SearchStrategy[Any]:
    """
    Return the strategy for one of our ids, values or events.
    """
    return events_of(kind) if kind in NAMES.values() else _OF_TYPE[kind]()


def register_strategies() -> None:
    """
    Let ``st.from_type`` find these strategies for every id, value and event.
    """
    ours = {CircleId, GroupId, MemberId, CustomerId, MomentId, TopicId}
    for kind, strategy in _OF_TYPE.items():
        if kind in ours or attrs.has(kind):
            st.register_type_strategy(kind, strategy())
    for kind in NAMES.values():
        st.register_type_strategy(kind, events_of(kind))


def _built(kind: type[_T]) -> SearchStrategy[_T]:
    return st.deferred(lambda: st.builds(kind, **_fields(kind)))


def _fields(kind: type[Any]) -> dict[str, SearchStrategy[Any]]:
    declared = get_type_hints(kind)
    return {
        field.name: _field(field, declared[field.name]) for field in attrs.fields(kind)
    }


def _field(field: "attrs.Attribute[Any]", declared: Any) -> SearchStrategy[Any]:
    if field.name == "zone":
        return zones()
    if field.metadata == PERSONAL and declared is str:
        return acceptable_text()
    return _of_type(declared)


def _of_type(declared: Any) -> SearchStrategy[Any]:
    if declared in _OF_TYPE:
        return _OF_TYPE[declared]()
    arguments = get_args(declared)
    origin = get_origin(declared)
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin in {Union, types.UnionType}:
        return st.one_of([_of_type(option) for option in reversed(arguments)])
    if origin is tuple:
        return st.lists(_of_type(arguments[0]), max_size=3).map(tuple)
    if origin is dict:
        return st.dictionaries(*map(_of_type, arguments), max_size=3)
    if isinstance(declared, NewType):
        return _of_type(declared.__supertype__)
    raise TypeError(f"no strategy is known for a field of type {declared!r}")
