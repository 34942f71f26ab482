"""
The cast: a book club in Shanghai, its people, and how it began.
"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from circlekit.events.circle import (
    CircleFounded,
    GroupLinked,
    ManagerAppointed,
    MemberJoined,
    PostPublished,
)
from circlekit.events.group import CircleLinked, GroupFounded, GroupJoined
from circlekit.events.record import Cited
from circlekit.events.rules import RuleBookAdopted
from circlekit.ids import CircleId, GroupId, MemberId
from circlekit.rulebook import DINGTALK_2020

BOOK_CLUB = CircleId("book-club")
READERS = GroupId("readers")

MEI = MemberId("mei")  # founded the club and owns it
TAO = MemberId("tao")  # manages it
LIN = MemberId("lin")  # is a member
WEI = MemberId("wei")  # is a member
BO = MemberId("bo")  # is nobody here

SECOND = timedelta(seconds=1)
MICROSECOND = timedelta(microseconds=1)
DAY = timedelta(days=1)


def in_zone(zone, year, month, day, hour=0, minute=0, second=0, *, fold=0):
    """
    What the clocks of a zone showed, as the instant it was.
    """
    home = ZoneInfo(zone)
    wall = datetime(year, month, day, hour, minute, second, tzinfo=home, fold=fold)
    return wall.astimezone(UTC)


def shanghai(month, day, hour=20, minute=0, second=0, *, year=2020):
    """
    An evening in Shanghai, unless told otherwise.
    """
    return in_zone("Asia/Shanghai", year, month, day, hour, minute, second)


FOUNDING_DAY = shanghai(1, 1)

FOUNDED = (
    CircleFounded(
        name="Book club",
        kind="community",
        zone="Asia/Shanghai",
        by=MEI,
        at=FOUNDING_DAY,
    ),
    RuleBookAdopted(book=DINGTALK_2020, by=MEI, at=FOUNDING_DAY),
    GroupLinked(group=READERS, bound=True, by=MEI, at=FOUNDING_DAY),
)
CLUB = (
    *FOUNDED,
    MemberJoined(member=TAO, at=FOUNDING_DAY),
    ManagerAppointed(member=TAO, by=MEI, at=FOUNDING_DAY),
    MemberJoined(member=LIN, at=FOUNDING_DAY),
    MemberJoined(member=WEI, at=FOUNDING_DAY),
)

LINS_POST = PostPublished(text="Who has read it?", by=LIN, at=FOUNDING_DAY)
THE_POST = Cited(8, LINS_POST)
CLUB_WITH_POST = (*CLUB, LINS_POST)

GROUP = (
    GroupFounded(name="Readers", by=MEI, at=FOUNDING_DAY),
    CircleLinked(circle=BOOK_CLUB, by=MEI, at=FOUNDING_DAY),
    GroupJoined(member=MEI, at=FOUNDING_DAY),
    GroupJoined(member=TAO, at=FOUNDING_DAY),
    GroupJoined(member=LIN, at=FOUNDING_DAY),
    GroupJoined(member=WEI, at=FOUNDING_DAY),
)
