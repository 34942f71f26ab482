"""
Where a page that goes from the newest to the oldest has ended.
"""

from typing import Final, Self

from attrs import frozen

from circlekit.errors import InvalidInputError
from circlekit.text import checked_id

_END_OF_TIME: Final = 2**62


@frozen
class Cursor:
    """
    The last thing of a page: when it came to be, and its event's position.

    Attributes:
        ref: Which of the things that came to be by that event, if there are several.
    """

    at: int = _END_OF_TIME
    position: int = _END_OF_TIME
    ref: str = ""

    @classmethod
    def read(cls, text: str | None, *, with_ref: bool = False) -> Self:
        """
        Return where the next page begins: from the newest, if *text* is None.

        Raises:
            InvalidInputError: If no page ever ended with that.
        """
        if text is None:
            return cls()
        try:
            numbers, colon, ref = text.partition(":") if with_ref else (text, "", "")
            at, position = map(_number, numbers.split("."))
            last = cls(at, position, checked_id("after", ref) if colon else "")
        except (ValueError, TypeError, AttributeError) as error:
            accepted = "the `next` of an earlier page"
            raise InvalidInputError("after", f"{text!r} is none", accepted) from error
        return last

    def write(self) -> str:
        """
        Return it as the text that :meth:`read` reads.
        """
        ref = f":{self.ref}" if self.ref else ""
        return f"{self.at}.{self.position}{ref}"


def _number(text: str) -> int:
    number = int(text)
    if abs(number) > _END_OF_TIME:
        raise ValueError(text)
    return number
