"""
What can happen to a piece of homework: set, handed in, graded, handed back.
"""

from collections.abc import Iterable
from typing import Literal

from attrs import field, frozen

from circlekit.clock import Moment
from circlekit.errors import InvalidInputError
from circlekit.events.circle import VerifiedRole
from circlekit.events.personal import PERSONAL
from circlekit.ids import CircleId, MemberId

ScaleKind = Literal["points", "letters", "passed"]
Mark = int | str | bool


def _letters(letters: Iterable[str]) -> tuple[str, ...]:
    try:
        return tuple(letters)
    except TypeError as error:
        problem = f"letters are {type(letters).__name__}"
        raise InvalidInputError("scale", problem, "a list of letters") from error


@frozen
class Scale:
    """
    How homework is marked.

    >>> Scale("points", most=20).holds(17), Scale("passed").holds(True)
    (True, True)
    >>> Scale("letters", letters=("A", "B", "C")).holds("D")
    False

    Attributes:
        kind: ``points`` from 0 to a most, one of some ``letters``, or ``passed``
            or not.

        most: The most points; None for the other kinds.

        letters: The letters, best first; empty for the other kinds.
    """

    kind: ScaleKind
    most: int | None = None
    letters: tuple[str, ...] = field(default=(), converter=_letters)

    def __attrs_post_init__(self) -> None:
        """
        Refuse a scale that no mark, or more than one kind of mark, would fit.

        Raises:
            InvalidInputError: If points have no most, letters are none or named
                twice, or a kind has what belongs to another.
        """
        points = type(self.most) is int and self.most > 0
        letters = bool(self.letters) and len(set(self.letters)) == len(self.letters)
        sound = {
            "points": points and not self.letters,
            "letters": letters and self.most is None,
            "passed": self.most is None and not self.letters,
        }
        if not sound.get(self.kind, False):
            raise InvalidInputError(
                "scale",
                f"is {self.kind!r} with most {self.most} and letters {self.letters}",
                "points with a most of 1 or more, letters, or passed",
            )

    def holds(self, mark: object) -> bool:
        """
        Return whether a mark is one of this scale's.
        """
        match self.kind:
            case "points":
                return type(mark) is int and 0 <= mark <= (self.most or 0)
            case "letters":
                return mark in self.letters
            case "passed":
                return isinstance(mark, bool)

    def __str__(self) -> str:
        """
        Return words for people, as in ``0 to 20 points``.
        """
        match self.kind:
            case "points":
                return f"0 to {self.most} points"
            case "letters":
                return ", ".join(self.letters)
            case "passed":
                return "passed or not"


@frozen(kw_only=True)
class HomeworkAssigned:
    """
    A teacher set homework to some members of a circle, to be handed in when due.

    ``to`` names everybody it was set to at that moment. With a ``role`` it is also
    set to whoever comes into that role before it is due.
    """

    circle: CircleId
    title: str = field(metadata=PERSONAL)
    text: str = field(default="", metadata=PERSONAL)
    attachments: tuple[str, ...] = field(default=(), metadata=PERSONAL)
    to: tuple[MemberId, ...] = ()
    role: VerifiedRole | None = None
    scale: Scale
    due_at: Moment
    late_until: Moment | None = None
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class HomeworkDueMoved:
    """
    A teacher gave everybody more time.
    """

    due_at: Moment
    late_until: Moment | None = None
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class HomeworkCancelled:
    """
    A teacher called the homework off.
    """

    reason: str | None = field(default=None, metadata=PERSONAL)
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class HomeworkSubmitted:
    """
    A student handed something in, for the first time or instead of what was there.
    """

    text: str = field(default="", metadata=PERSONAL)
    images: tuple[str, ...] = field(default=(), metadata=PERSONAL)
    attachments: tuple[str, ...] = field(default=(), metadata=PERSONAL)
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class HomeworkWithdrawn:
    """
    A student took back what nobody had graded yet.
    """

    by: MemberId
    at: Moment


@frozen(kw_only=True)
class HomeworkGraded:
    """
    What a student handed in got a mark, the first or another.

    ``submission`` is the place of what was graded. ``grader`` names the host's
    grader that gave the mark, None if ``by`` gave it.
    """

    student: MemberId
    submission: int
    mark: Mark
    comment: str | None = field(default=None, metadata=PERSONAL)
    grader: str | None = None
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class HomeworkReturned:
    """
    A teacher handed a student's work back for another try.
    """

    student: MemberId
    submission: int
    comment: str | None = field(default=None, metadata=PERSONAL)
    until: Moment | None = None
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class HomeworkCommented:
    """
    A teacher, or the student, said something about what the student handed in.
    """

    student: MemberId
    text: str = field(metadata=PERSONAL)
    by: MemberId
    at: Moment


HomeworkEvent = (
    HomeworkAssigned
    | HomeworkDueMoved
    | HomeworkCancelled
    | HomeworkSubmitted
    | HomeworkWithdrawn
    | HomeworkGraded
    | HomeworkReturned
    | HomeworkCommented
)
