"""
What can go wrong that is not a rule's refusal.

A rule that says no raises :class:`circlekit.verdict.RefusedError`. Everything
here is about input, stored bytes or the machine.
"""

from copyreg import __newobj__  # type: ignore[attr-defined]
from typing import Any


class CirclekitError(Exception):
    """
    The root of every exception that circlekit raises on purpose.
    """

    def __reduce__(self) -> tuple[Any, ...]:
        """
        Return how to make it again in another process, or as a copy.
        """
        # Those that put their message together cannot be made of their message.
        return __newobj__, (type(self), *self.args), self.__dict__


class InvalidInputError(CirclekitError, ValueError):
    """
    A value could not be accepted, whatever the rules say.

    Attributes:
        field: The argument that held the value.

        problem: What is wrong and where in the value it is wrong.

        accepted: What would have been accepted.
    """

    def __init__(self, field: str, problem: str, accepted: str) -> None:
        super().__init__(f"{field}: {problem}; accepted: {accepted}")
        self.field = field
        self.problem = problem
        self.accepted = accepted


class NotFoundError(CirclekitError, LookupError):
    """
    No history exists under that id.

    Attributes:
        kind: What was looked for: ``circle``, ``group``, ``customer``.

        id: The id that nothing is known of.
    """

    def __init__(self, kind: str, id_: str) -> None:
        super().__init__(f"no {kind} {id_!r} is known here")
        self.kind = kind
        self.id = id_


class CommandIdReusedError(CirclekitError):
    """
    A command id came again with a different command.

    Attributes:
        command_id: The id that already names another command.
    """

    def __init__(self, command_id: str) -> None:
        super().__init__(
            f"command id {command_id!r} was already used for a different command; "
            "accepted: the same command again, or a new id"
        )
        self.command_id = command_id


class CorruptEventError(CirclekitError):
    """
    A stored event is not what was once written.

    Attributes:
        stream: The history it stands in.

        version: Its place in that history, from 1.

        problem: How it differs from what was written.

        position: Its place in the log, None if that is not known.
    """

    def __init__(
        self, stream: str, version: int, problem: str, *, position: int | None = None
    ) -> None:
        at = "" if position is None else f", position {position}"
        super().__init__(f"event {version} of {stream!r}{at}: {problem}")
        self.stream = stream
        self.version = version
        self.problem = problem
        self.position = position


class BusyError(CirclekitError):
    """
    The store could not be written in time; nothing was changed.
    """


class UnknownPolicyError(CirclekitError):
    """
    A rule book names a rule of the host's own that the kit was not given.

    Attributes:
        name: The rule's name.
    """

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(
            f"the rule book names {name!r}, but {problem}; "
            "accepted: CircleKit(..., policies=[...]) with the policy of that name"
        )
        self.name = name


class GraderError(CirclekitError):
    """
    A grader of the host's own gave no grade; nothing was changed.

    What it raised, if it did, is the cause.

    Attributes:
        grader: The grader's name.

        problem: What it did instead.
    """

    def __init__(self, grader: str, problem: str) -> None:
        super().__init__(
            f"the grader {grader!r} {problem}; accepted: a Grade, whose mark is of "
            "the homework's scale"
        )
        self.grader = grader
        self.problem = problem


class StoreError(CirclekitError):
    """
    The store cannot be used: wrong place, wrong kind or wrong version.
    """


class OutcomeUnknownError(StoreError):
    """
    The server did not say whether it committed a command.

    The same command with the same command id is answered by what became of it, and
    is carried out only if it was not.

    Attributes:
        command_id: The command's id, one that the kit made if the host gave none;
            None in a batch, whose commands have the ids that the host gave them.
    """

    def __init__(self, command_id: str | None = None) -> None:
        self.command_id = command_id
        super().__init__(
            "the connection was lost while the command was committed, and whether it "
            "was is not known; accepted: the same command with the same command id"
        )


class GoldenHistoryError(CirclekitError):
    """
    A golden history cannot be read, or was altered after it was saved.

    Attributes:
        problem: What is wrong with it.
    """

    def __init__(self, problem: str) -> None:
        super().__init__(
            f"this golden history {problem}; "
            "accepted: one that was saved by `circlekit history save`, as it was saved"
        )
        self.problem = problem


class ExportError(CirclekitError):
    """
    An export cannot be read or written: not whole, altered, or of another version.

    Attributes:
        problem: What is wrong with it.

        accepted: What would have been accepted.
    """

    def __init__(
        self,
        problem: str,
        accepted: str = "one that was written by `circlekit export`, as it was written",
    ) -> None:
        super().__init__(f"this export {problem}; accepted: {accepted}")
        self.problem = problem
        self.accepted = accepted


class AlreadyThereError(CirclekitError):
    """
    An export cannot be taken in where another history has its place.

    Attributes:
        stream: The history that stands there already.
    """

    def __init__(self, stream: str, problem: str) -> None:
        super().__init__(f"{stream!r} {problem}")
        self.stream = stream
