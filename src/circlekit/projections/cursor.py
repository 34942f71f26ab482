"""
Where a page that goes from the newest to the oldest has ended.
"""

from typing import Final, Self

from attrs import frozen

from circlekit.errors import InvalidInputError

_END_OF_TIME: Final = 2**62


@frozen
class Cursor:
    """
    The last thing of a page: when it came to be, and its event's position.
    """

    at: int = _END_OF_TIME
    position: int = _END_OF_TIME

    @classmethod
    def read(cls, text: str | None) -> Self:
        """
        Return where the next page begins: from the newest, if *text* is None.

        Raises:
            InvalidInputError: If no page ever ended with that.
        """
        if text is None:
            return cls()
        try:
            at, position = map(_number, text.split("."))
        except (ValueError, TypeError, AttributeError) as error:
            accepted = "the `next` of an earlier page"
            raise InvalidInputError("after", f"{text!r} is none", accepted) from error
        return cls(at, position)

    def write(self) -> str:
        """
        Return it as the text that :meth:`read` reads.
        """
        return f"{self.at}.{self.position}"


def _number(text: str) -> int:
    number = int(text)
    if abs(number) > _END_OF_TIME:
        raise ValueError(text)
    return number
