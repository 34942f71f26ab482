"""
Strategies for whole histories that could have happened.

People try one thing after another, at the moments where quotas break: about the
ends of months and years, clock changes and windows. What the rules refuse is left
out; what stands is a history that today's rules would allow.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final

from attrs import Factory, define, frozen
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from circlekit.aggregates.circle import Circle
from circlekit.aggregates.customer import Customer
from circlekit.aggregates.group import Group
from circlekit.aggregates.history import HasHistory, replay
from circlekit.events.circle import CommentAdded, PostPublished
from circlekit.events.group import MessageSent
from circlekit.events.record import Cited
from circlekit.ids import CircleId, GroupId, MemberId, MomentId
from circlekit.rulebook import RuleBook
from circlekit.testing.machines.waiting import Until, Wait, waits
from circlekit.testing.strategies import moments, rule_books, zones
from circlekit.verdict import RefusedError

_CAST: Final = tuple(MemberId(name) for name in ("mei", "tao", "lin", "sun"))
_MORE: Final = GroupId("more")
_CLUB: Final = CircleId("club")
_MOST: Final = 40
_OFTEN: Final = ("must-see", "show by staff")


@frozen
class History:
    """
    What happened to one circle, group or customer.

    Attributes:
        blank: The circle, group or customer before any of it.

        zone: The IANA zone it happened in.

        book: The rule book it began with.

        events: What happened, in order.
    """

    blank: Any
    zone: str
    book: RuleBook
    events: tuple[Any, ...]

    def replayed(self) -> Any:
        """
        Return what it comes to.
        """
        return replay(self.blank, self.events)


@frozen
class _Tried:
    act: str
    wait: Wait
    who: MemberId
    other: MemberId
    number: int


@define
class _Telling:
    it: Any
    zone: str
    at: datetime
    events: list[Any] = Factory(list)

    def try_to(self, command: Callable[..., Sequence[Any]]) -> None:
        """
        Give a command at this moment; if it is refused, nothing has happened.
        """
        try:
            happened = command(at=max(self.at, self.it.last_at))
        except RefusedError:
            return
        for event in happened:
            self.it.apply(event)
            self.events.append(event)

    def cited(self, kind: type, number: int) -> Cited:
        """
        Return one of the newest events of a kind, with its place.
        """
        places = [
            place
            for place, event in enumerate(self.events, start=1)
            if isinstance(event, kind)
        ]
        if not places:
            return Cited(len(self.events) + 1, None)
        place = places[-1 - number % len(places)]
        return Cited(place, self.events[place - 1])


Act = Callable[[_Telling, _Tried, datetime], Sequence[Any]]


def circle_histories(
    *, rule_book: RuleBook | None = None, zone: str | None = None, most: int = _MOST
) -> SearchStrategy[History]:
    """
    Return histories of a circle: members, groups, posts, comments and must-sees.

    Args:
        rule_book: The numbers to go by; None draws small ones.
        zone: The zone it lives in; None draws any.
        most: How much is tried at most.
    """
    return _circle_histories(_books(rule_book), _zones(zone), most)


def group_histories(
    *, rule_book: RuleBook | None = None, zone: str | None = None, most: int = _MOST
) -> SearchStrategy[History]:
    """
    Return histories of a group: members, messages, mutes and private chat.

    Args:
        rule_book: The numbers to go by; None draws small ones.
        zone: The zone its circle lives in; None draws any.
        most: How much is tried at most.
    """
    return _group_histories(_books(rule_book), _zones(zone), most)


def customer_histories(
    *, rule_book: RuleBook | None = None, zone: str | None = None, most: int = _MOST
) -> SearchStrategy[History]:
    """
    Return histories of a customer: profile, tags, owner, and moments shown.

    Args:
        rule_book: The numbers to go by; None draws small ones.
        zone: The zone they live in; None draws any.
        most: How much is tried at most.
    """
    return _customer_histories(_books(rule_book), _zones(zone), most)


@st.composite
def _circle_histories(
    draw: DrawFn,
    books: SearchStrategy[RuleBook],
    zones_: SearchStrategy[str],
    most: int,
) -> History:
    book, zone = draw(books), draw(zones_)
    telling = _Telling(Circle(_CLUB), zone, draw(moments()))
    telling.try_to(
        partial(
            telling.it.found,
            name="Club",
            kind="community",
            zone=zone,
            organisation=None,
            book=book,
            group=GroupId("own"),
            by=_CAST[0],
        )
    )
    for member in _CAST[1:]:
        telling.try_to(
            partial(
                telling.it.join,
                member,
                staff_of=None,
                invited_by=None,
                verified_role=None,
            )
        )
    return _told(draw, Circle(_CLUB), telling, book, _CIRCLE, most)


@st.composite
def _group_histories(
    draw: DrawFn,
    books: SearchStrategy[RuleBook],
    zones_: SearchStrategy[str],
    most: int,
) -> History:
    book, zone = draw(books), draw(zones_)
    telling = _Telling(Group("readers"), zone, draw(moments()))
    telling.try_to(partial(telling.it.found, name="Readers", circle=_CLUB, by=_CAST[0]))
    capacity = book.group_capacity

    def join(told: _Telling, tried: _Tried, at: datetime) -> Sequence[Any]:
        happened: Sequence[Any] = told.it.join(
            tried.who, role="member", capacity=capacity, at=at
        )
        return happened

    return _told(draw, Group("readers"), telling, book, {**_GROUP, "join": join}, most)


@st.composite
def _customer_histories(
    draw: DrawFn,
    books: SearchStrategy[RuleBook],
    zones_: SearchStrategy[str],
    most: int,
) -> History:
    book, zone = draw(books), draw(zones_)
    telling = _Telling(Customer("an"), zone, draw(moments()))
    telling.try_to(
        partial(
            telling.it.add,
            channel="qr",
            organisation="acme",
            zone=zone,
            book=book,
            by=_CAST[0],
        )
    )
    return _told(draw, Customer("an"), telling, book, _CUSTOMER, most)


def _told(
    draw: DrawFn,
    blank: HasHistory,
    telling: _Telling,
    book: RuleBook,
    acts: Mapping[str, Act],
    most: int,
) -> History:
    tries = _tries(tuple(sorted(acts)), book)
    for tried in draw(st.lists(tries, min_size=most // 4, max_size=most)):
        if isinstance(tried.wait, Until):
            telling.at = tried.wait.after(telling.at, zone=telling.zone, free_at=None)
        else:
            telling.at += tried.wait
        telling.try_to(partial(acts[tried.act], telling, tried))
    return History(blank, telling.zone, book, tuple(telling.events))


def _tries(acts: tuple[str, ...], book: RuleBook) -> SearchStrategy[_Tried]:
    budgets = (*book.must_see, *book.member_moments, *book.enterprise_moments)
    seconds = frozenset(it.window.seconds for it in budgets if it.window.seconds)
    often = [act for act in _OFTEN if act in acts]
    return st.builds(
        _Tried,
        act=st.sampled_from((*often, *often, *acts)),
        wait=waits(seconds),
        who=st.sampled_from((_CAST[0], *_CAST)),
        other=st.sampled_from(_CAST),
        number=st.integers(0, 3),
    )


def _books(rule_book: RuleBook | None) -> SearchStrategy[RuleBook]:
    return rule_books() if rule_book is None else st.just(rule_book)


def _zones(zone: str | None) -> SearchStrategy[str]:
    return zones() if zone is None else st.just(zone)


_CIRCLE: Final[Mapping[str, Act]] = {
    "appoint": lambda told, it, at: told.it.appoint_manager(it.other, by=it.who, at=at),
    "comment": lambda told, it, at: told.it.add_comment(
        told.cited(PostPublished, it.number), text="Yes", by=it.who, at=at
    ),
    "answer": lambda told, it, at: told.it.add_comment(
        told.cited(PostPublished, it.number),
        text="No",
        reply_to=told.cited(CommentAdded, it.number),
        by=it.who,
        at=at,
    ),
    "hand over": lambda told, it, at: told.it.hand_over(it.other, by=it.who, at=at),
    "join": lambda told, it, at: told.it.join(
        it.who, staff_of=None, invited_by=None, verified_role=None, at=at
    ),
    "leave": lambda told, it, at: told.it.leave(it.who, at=at),
    "link": lambda told, it, at: told.it.link_group(
        _MORE, linked=None, by=it.who, at=at
    ),
    "may override": lambda told, it, at: told.it.grant_override(
        it.other, by=it.who, at=at
    ),
    "must-see": lambda told, it, at: told.it.send_must_see(
        text="Now", groups=None, override=None, by=it.who, at=at
    ),
    "must-see by override": lambda told, it, at: told.it.send_must_see(
        text="Fire", groups=None, override="fire", by=it.who, at=at
    ),
    "pin": lambda told, it, at: told.it.pin(
        told.cited(PostPublished, it.number), by=it.who, at=at
    ),
    "post": lambda told, it, at: told.it.publish(
        text="Meet", sync=None, groups=None, by=it.who, at=at
    ),
    "promote": lambda told, it, at: told.it.promote(
        told.cited(PostPublished, it.number), override=None, by=it.who, at=at
    ),
    "take down": lambda told, it, at: told.it.remove_post(
        told.cited(PostPublished, it.number), by=it.who, at=at
    ),
    "unlink": lambda told, it, at: told.it.unlink_group(_MORE, by=it.who, at=at),
}

_GROUP: Final[Mapping[str, Act]] = {
    "allow private chat": lambda told, it, at: told.it.allow_private_chat(
        role="owner", by=it.who, at=at
    ),
    "block private chat": lambda told, it, at: told.it.block_private_chat(
        role="owner", by=it.who, at=at
    ),
    "leave": lambda told, it, at: told.it.leave(it.who, by=None, at=at),
    "mute": lambda told, it, at: told.it.mute(
        reason=None, until=None, role="owner", by=it.who, at=at
    ),
    "react": lambda told, it, at: told.it.react(
        told.cited(MessageSent, it.number), "👍", by=it.who, at=at
    ),
    "send": lambda told, it, at: told.it.send_message(
        text="Hello", reply_to=None, role="member", by=it.who, at=at
    ),
    "unmute": lambda told, it, at: told.it.unmute(role="owner", by=it.who, at=at),
}

_CUSTOMER: Final[Mapping[str, Act]] = {
    "assign": lambda told, it, at: told.it.assign(it.other, by=it.who, at=at),
    "complete": lambda told, it, at: told.it.complete_profile(by=it.who, at=at),
    "show by company": lambda told, it, at: told.it.show_moment(
        MomentId(f"moment-{len(told.events)}"), source="enterprise", by=it.who, at=at
    ),
    "show by staff": lambda told, it, at: told.it.show_moment(
        MomentId(f"moment-{len(told.events)}"), source="member", by=it.who, at=at
    ),
    "tag": lambda told, it, at: told.it.tag("vip", by=it.who, at=at),
    "untag": lambda told, it, at: told.it.untag("vip", by=it.who, at=at),
}
