"""
What can happen to an approval.
"""

from typing import Literal

from attrs import field, frozen

from circlekit.clock import Moment
from circlekit.errors import InvalidInputError
from circlekit.events.personal import PERSONAL
from circlekit.ids import CircleId, MemberId

FieldKind = Literal["text", "number", "choice", "date"]
Outcome = Literal["approved", "rejected", "withdrawn", "expired"]
Answer = str | int | float


def _each_once(choices: object) -> bool:
    # A field is written as it is made, and what is no list could not be read again.
    return (
        isinstance(choices, tuple | list)
        and all(isinstance(choice, str) for choice in choices)
        and len(set(choices)) == len(choices)
    )


@frozen
class FormField:
    """
    One field of a form.

    >>> FormField("size", "choice", choices=("small", "large"))
    FormField(name='size', kind='choice', choices=('small', 'large'), required=True)

    Attributes:
        name: What it asks for.

        kind: ``text``, ``number``, ``choice`` or ``date``.

        choices: What may be chosen; empty for the other kinds.

        required: Whether it must be filled in.
    """

    name: str
    kind: FieldKind
    choices: tuple[str, ...] = ()
    required: bool = True

    def __attrs_post_init__(self) -> None:
        """
        Refuse a choice of nothing, or of the same twice, and choices of no choice.

        Raises:
            InvalidInputError: If the choices do not go with the kind.
        """
        known = self.kind in ("text", "number", "choice", "date")
        sound = _each_once(self.choices)
        if not known or not sound or bool(self.choices) != (self.kind == "choice"):
            raise InvalidInputError(
                "form",
                f"{self.name!r} is {self.kind!r} with choices {self.choices}",
                "text, number or date without choices, or choice with some",
            )


@frozen
class ApprovalStep:
    """
    One decision that an approval needs.

    Attributes:
        approver: Who decides.

        organisation: Whose person they have to be.
    """

    approver: MemberId
    organisation: str


@frozen(kw_only=True)
class ApprovalStarted:
    """
    Somebody filled in a form and asked named people to approve it.

    ``parallel`` says whether all are asked at once, or each after the one before.
    """

    circle: CircleId
    title: str = field(metadata=PERSONAL)
    form: tuple[FormField, ...] = ()
    answers: dict[str, Answer] = field(factory=dict, metadata=PERSONAL)
    steps: tuple[ApprovalStep, ...]
    parallel: bool = False
    due_at: Moment | None = None
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class ApprovalStepDecided:
    """
    The person of a step, counted from 0, approved or rejected.
    """

    step: int
    approved: bool
    comment: str | None = field(default=None, metadata=PERSONAL)
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class ApprovalDelegated:
    """
    The person of a step had somebody else of their organisation decide it.
    """

    step: int
    to: MemberId
    by: MemberId
    at: Moment


@frozen(kw_only=True)
class ApprovalWithdrawn:
    """
    Who had asked no longer asks.
    """

    by: MemberId
    at: Moment


@frozen(kw_only=True)
class ApprovalExpired:
    """
    It was noticed that the last moment had passed.
    """

    at: Moment


@frozen(kw_only=True)
class ApprovalClosed:
    """
    It came to its end, one way or another.
    """

    outcome: Outcome
    at: Moment


ApprovalEvent = (
    ApprovalStarted
    | ApprovalStepDecided
    | ApprovalDelegated
    | ApprovalWithdrawn
    | ApprovalExpired
    | ApprovalClosed
)
