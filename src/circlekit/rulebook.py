"""
Rule books: the numbers a community lives by, as dated data.

The numbers in force are recorded in a circle's history when it is founded and
whenever they change, so an old must-see is judged by the rule of its day.
"""

from collections.abc import Iterable, Mapping
from math import isfinite
from types import MappingProxyType
from typing import Any, Final, Literal, cast, get_args

import msgspec
from attrs import Factory, asdict, field, frozen

from circlekit.budget import CALENDAR_DAY, CALENDAR_MONTH, Budget, rolling
from circlekit.errors import InvalidInputError
from circlekit.fields import one_of, several, several_of, whole, word, yes_or_no
from circlekit.settings import COMMENT_RELAYS, CommentRelay
from circlekit.text import as_plain

NewcomersSee = Literal["all", "nothing", "newest", "days"]
CommunityJoining = Literal["open", "application"]
Kind = Literal["internal", "teaching", "business", "community"]
_KINDS: Final = get_args(Kind)
Setting = str | int | float | bool | None


@frozen
class HouseRule:
    """
    A host's own rule, as the rule book records it.

    Attributes:
        name: The rule's lasting name, by which the host's code is found again.

        settings: The numbers it goes by, by their names.
    """

    name: str = field(validator=word())
    settings: dict[str, Setting] = Factory(dict)

    def __attrs_post_init__(self) -> None:
        """
        Refuse settings that could not be recorded.

        Raises:
            InvalidInputError: If one has no name, or is neither a text, a finite
                number, a yes or no, nor none.
        """
        for name, setting in cast("dict[Any, Any]", self.settings).items():
            known = setting is None or isinstance(setting, str | int | float)
            if not isinstance(name, str) or not known or not _is_finite(setting):
                problem = f"{name} is {setting!r}"
                accepted = "text, a finite number, True, False, None"
                raise InvalidInputError("settings", problem, accepted)


def _is_finite(setting: object) -> bool:
    return not isinstance(setting, float) or isfinite(setting)


def _recorded(rules: Iterable[object]) -> tuple[HouseRule, ...]:
    """
    Return a host's rules as the rule book records them: their names and numbers.
    """
    return tuple(
        rule
        if isinstance(rule, HouseRule)
        else HouseRule(getattr(rule, "name", ""), asdict(cast("Any", rule)))
        for rule in rules
    )


MUST_SEE_REMINDERS: Final = (
    Budget("must-see-reminder-day", 3, rolling(hours=24)),
    Budget("must-see-reminder-spacing", 1, rolling(seconds=300)),
)
"""
How often somebody is reminded of one must-see, unless a rule book says otherwise.
"""


@frozen(kw_only=True)
class RuleBook:
    """
    The numbers one community goes by.

    Attributes:
        name: The book's lasting name; a host's own book takes its own name.

        must_see: Every budget a must-see has to fit.

        pins: How many posts may be pinned at once.

        group_capacity: Most members of one group, None for no limit.

        comment_relay: What group timelines show of comments: ``all`` of them,
            a ``digest``, or none (``off``).

        strict_private_chat: Whether a group's private-chat block holds even
            for members who share another group without one.

        member_moments: Every budget, per customer, of moments by staff.

        enterprise_moments: Every budget, per customer, of moments by the company.

        moments_share_budgets: Whether moments by staff and by the company
            count together.

        house: The host's own rules; given as policies, kept as their names and
            numbers.

        comment_digest_seconds: How many seconds of comments on one post are
            gathered into one digest.

        comment_relay_choice: Whether organisations and owners may set another
            relay of comments, and readers a lower one.
        homework_kinds: The kinds of circles that have homework.

        live_kinds: The kinds of circles that have live.

        minor_live_minutes: Most minutes a day that a minor watches live, less
            than 1,440; None for no limit.

        make_up_days: How many days back a missed check-in may be made up for; 0 for
            not at all.

        make_ups_a_month: How many check-ins one member may make up for in one topic
            and calendar month.

        all_staff_capacity: Most members of a group of the all-staff circle.

        member_mass_sends: Every budget, per customer or group, of mass sends by
            staff.

        enterprise_mass_sends: The same of mass sends by the company.

        mass_sends_share_budgets: Whether both count together.

        mass_sends_by_member: Whether each member of staff has budgets of their
            own, unless all count together.

        mass_send_reminders: Every budget, per mass send, of reminders to confirm it.

        mass_send_customers: Most customers of one mass send.

        mass_send_groups: Most groups of one mass send.

        must_see_reminders: Every budget, per must-see and reader, of reminders to
            acknowledge it.
        community_joining: How people come into a community circle.

        convention: The version that members accept before they write, None for none.

        newcomers_see: What of the past somebody sees who joins: all of it, nothing,
            the newest posts, or those of some days; pinned posts and must-sees
            always, and what they have to acknowledge of these is in their inbox.

        newcomers_see_number: How many posts, or days of 24 hours each.
    """

    name: str = field(validator=word())
    must_see: tuple[Budget, ...] = field(default=(), validator=several(Budget))
    pins: int = field(default=10, validator=whole(0))
    group_capacity: int | None = field(default=None, validator=whole(1, or_none=True))
    comment_relay: CommentRelay = field(default="all", validator=one_of(COMMENT_RELAYS))
    strict_private_chat: bool = field(default=False, validator=yes_or_no())
    member_moments: tuple[Budget, ...] = field(default=(), validator=several(Budget))
    enterprise_moments: tuple[Budget, ...] = field(
        default=(), validator=several(Budget)
    )
    moments_share_budgets: bool = field(default=False, validator=yes_or_no())
    house: tuple[HouseRule, ...] = field(default=(), converter=_recorded)
    comment_digest_seconds: int = field(default=600, validator=whole(1))
    comment_relay_choice: bool = field(default=False, validator=yes_or_no())
    homework_kinds: tuple[Kind, ...] = field(
        default=("teaching",), validator=several_of(_KINDS)
    )
    live_kinds: tuple[Kind, ...] = field(
        default=("teaching",), validator=several_of(_KINDS)
    )
    minor_live_minutes: int | None = field(
        default=None, validator=whole(0, 24 * 60 - 1, or_none=True)
    )
    make_up_days: int = field(default=0, validator=whole(0))
    make_ups_a_month: int = field(default=0, validator=whole(0))
    all_staff_capacity: int = field(default=10_000, validator=whole(1))
    member_mass_sends: tuple[Budget, ...] = field(default=(), validator=several(Budget))
    enterprise_mass_sends: tuple[Budget, ...] = field(
        default=(), validator=several(Budget)
    )
    mass_sends_share_budgets: bool = field(default=False, validator=yes_or_no())
    mass_sends_by_member: bool = field(default=False, validator=yes_or_no())
    mass_send_reminders: tuple[Budget, ...] = field(
        default=(), validator=several(Budget)
    )
    mass_send_customers: int = field(default=10_000, validator=whole(0))
    mass_send_groups: int = field(default=2_000, validator=whole(0))
    must_see_reminders: tuple[Budget, ...] = field(
        default=MUST_SEE_REMINDERS, validator=several(Budget)
    )
    community_joining: CommunityJoining = field(
        default="open", validator=one_of(get_args(CommunityJoining))
    )
    convention: str | None = field(default=None, validator=word(or_none=True))
    newcomers_see: NewcomersSee = field(
        default="all", validator=one_of(get_args(NewcomersSee))
    )
    newcomers_see_number: int = field(default=0, validator=whole(0, 10_000))

    def __attrs_post_init__(self) -> None:
        """
        Refuse two rules of one name: nobody could tell which of them said no.

        Raises:
            InvalidInputError: If a must-see, moment or mass send meets the same
                name twice.
        """
        for field_name, budgets in (
            ("must_see", self.must_see),
            ("member_moments", self.member_moments),
            ("enterprise_moments", self.enterprise_moments),
            ("member_mass_sends", self.member_mass_sends),
            ("enterprise_mass_sends", self.enterprise_mass_sends),
            ("mass_send_reminders", self.mass_send_reminders),
            ("must_see_reminders", self.must_see_reminders),
        ):
            names = [budget.rule for budget in budgets]
            names += (rule.name for rule in self.house)
            if len(names) == len({*names}):
                continue  # as nearly always: books are read with every history
            for name in names:
                if names.count(name) > 1:
                    accepted = "a name of its own for each rule"
                    raise InvalidInputError(field_name, f"{name!r} twice", accepted)


_MUST_SEE: Final = (
    Budget("must-see-month", 4, CALENDAR_MONTH),
    Budget("must-see-spacing", 1, rolling(hours=24)),
)
_MOMENT_OF_THE_DAY: Final = Budget("moment-day", 1, CALENDAR_DAY)
_MOMENTS_OF_THE_MONTH: Final = Budget("moment-month", 4, CALENDAR_MONTH)
_A_MESSAGE_FOR_EACH_DAY: Final = Budget(
    "mass-send-month", 1, CALENDAR_MONTH, per_day=True
)
_REMINDERS: Final = (Budget("mass-send-reminder", 3, rolling(hours=24)),)

DINGTALK_2020: Final = RuleBook(name="dingtalk_2020", must_see=_MUST_SEE)
"""
DingTalk Circles as described in February 2020: four must-sees a month, one in
24 hours, every comment shown in the groups.
"""

WECOM_2020: Final = RuleBook(
    name="wecom_2020",
    must_see=_MUST_SEE,
    group_capacity=100,
    member_moments=(_MOMENT_OF_THE_DAY,),
    enterprise_moments=(_MOMENTS_OF_THE_MONTH,),
    member_mass_sends=(Budget("mass-send-day", 1, CALENDAR_DAY),),
    enterprise_mass_sends=(Budget("mass-send-month", 4, CALENDAR_MONTH),),
    mass_sends_by_member=True,
    mass_send_reminders=_REMINDERS,
)
"""
WeCom 3.0 as described in 2020: customer groups of a hundred; a customer is
shown one moment a day by staff and, apart from that, four a month by the company.
A mass send by the company reaches whom it may four times a month, one by a member
of staff once a day.
"""

WECOM_2025: Final = RuleBook(
    name="wecom_2025",
    must_see=_MUST_SEE,
    group_capacity=500,
    member_moments=(_MOMENT_OF_THE_DAY,),
    enterprise_moments=(_MOMENTS_OF_THE_MONTH,),
    member_mass_sends=(_A_MESSAGE_FOR_EACH_DAY,),
    enterprise_mass_sends=(_A_MESSAGE_FOR_EACH_DAY,),
    mass_sends_share_budgets=True,
    mass_send_reminders=_REMINDERS,
)
"""
WeCom as described in 2025: groups of five hundred, and as many mass sends in a
calendar month as it has days, by staff and by the company together. A company may
choose seven a calendar week or one a calendar day instead. For moments nothing
newer is known than the numbers of 2020.
"""

SEED_LITERAL: Final = RuleBook(
    name="seed_literal",
    must_see=_MUST_SEE,
    group_capacity=100,
    member_moments=(_MOMENT_OF_THE_DAY, _MOMENTS_OF_THE_MONTH),
    enterprise_moments=(_MOMENT_OF_THE_DAY, _MOMENTS_OF_THE_MONTH),
    moments_share_budgets=True,
    member_mass_sends=WECOM_2020.member_mass_sends,
    enterprise_mass_sends=WECOM_2020.enterprise_mass_sends,
    mass_sends_by_member=True,
    mass_send_reminders=_REMINDERS,
)
"""
The same source read to the letter: one budget for all moments, one a day and
four a month.
"""

CIRCLEKIT_2026: Final = RuleBook(
    name="circlekit_2026",
    must_see=_MUST_SEE,
    comment_relay="digest",
    comment_relay_choice=True,
)
"""
What circlekit would choose: DingTalk's must-sees, and of comments one digest for
each post, group and ten minutes, which owners and readers may lower.
"""

RULE_BOOKS: Final[Mapping[str, RuleBook]] = MappingProxyType(
    {
        book.name: book
        for book in (
            DINGTALK_2020,
            WECOM_2020,
            WECOM_2025,
            SEED_LITERAL,
            CIRCLEKIT_2026,
        )
    }
)


def rule_book(book: RuleBook | str) -> RuleBook:
    """
    Return the book itself, or the one shipped under that name.

    Raises:
        InvalidInputError: If no book of that name is shipped, or a host's own
            book takes the name of a shipped one or holds what could not be read
            again.
    """
    accepted = "a RuleBook, or one of " + ", ".join(sorted(RULE_BOOKS))
    if isinstance(book, RuleBook):
        book = _as_recorded(book)
        if RULE_BOOKS.get(book.name, book) != book:
            problem = f"{book.name!r} is a shipped book with other numbers"
            raise InvalidInputError("rules", problem, "a name of its own")
        return book
    if book not in tuple(RULE_BOOKS):
        raise InvalidInputError("rules", f"{book!r} is not known", accepted)
    return RULE_BOOKS[book]


def _as_recorded(book: RuleBook) -> RuleBook:
    # Nothing looks at the types of what a host puts into its book before it is read.
    try:
        written = msgspec.json.encode(book, enc_hook=as_plain)
        read = msgspec.json.decode(written, type=RuleBook)
    except (msgspec.MsgspecError, TypeError, ValueError, OverflowError) as error:
        problem = f"{book.name!r} could not be read again: {error}"
        accepted = "a book with the numbers, words and lists that RuleBook names"
        raise InvalidInputError("rules", problem, accepted) from error
    return book if read == book else read
