"""
Graders of a host's own: marks given by a machine, at the asking of a person.

A grader is shown one submission and answers a grade. It is pure: the same
submission gets the same grade, and nothing else happens. It works outside of any
transaction, so it may take its time; circlekit records its name, and who asked.

>>> class WordCount:
...     name = "word-count"
...
...     def grade(self, submission: Submission) -> Grade:
...         return Grade(min(len(submission.text.split()), submission.scale.most))
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Protocol

from attrs import frozen

from circlekit.errors import InvalidInputError
from circlekit.events.homework import Mark, Scale
from circlekit.ids import CircleId, HomeworkId, MemberId
from circlekit.text import checked_name


@frozen(kw_only=True)
class Submission:
    """
    What a grader is shown.

    Attributes:
        title: The homework's title.

        task: The homework's text.

        text: What the student wrote.

        images: References that the host understands.

        attachments: The same.

        submitted_at: When this was handed in, UTC.

        late: Whether it counts as late.
    """

    homework: HomeworkId
    circle: CircleId
    title: str
    task: str
    scale: Scale
    student: MemberId
    text: str
    images: tuple[str, ...] = ()
    attachments: tuple[str, ...] = ()
    submitted_at: datetime
    late: bool = False


@frozen
class Grade:
    """
    What a grader answers: a mark of the homework's scale, and words with it.
    """

    mark: Mark
    comment: str | None = None


class Grader(Protocol):
    """
    A host's own grader: a lasting name, and a pure function.
    """

    @property
    def name(self) -> str:
        """
        Return the name that grades are recorded under.
        """

    def grade(self, submission: Submission) -> Grade:
        """
        Return the grade of one submission.
        """


Graders = Mapping[str, Grader]


def known_graders(graders: Iterable[Grader]) -> Graders:
    """
    Return graders by their names.

    Raises:
        InvalidInputError: If one has no name, or two have the same.
    """
    known: dict[str, Grader] = {}
    if not isinstance(graders, Iterable):
        raise InvalidInputError("graders", f"is {graders!r}", "several graders")
    for grader in graders:
        name = checked_name("graders", getattr(grader, "name", None))
        if known.setdefault(name, grader) is not grader:
            problem = f"{name} is the name of two"
            raise InvalidInputError("graders", problem, "a name of its own for each")
    return known
