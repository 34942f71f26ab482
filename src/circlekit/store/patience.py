"""
Try again for as long as a host has patience.
"""

from collections.abc import Iterable
from contextlib import AbstractContextManager

import stamina


def attempts(
    on: type[Exception], busy_seconds: float
) -> Iterable[AbstractContextManager[object]]:
    """
    Return attempts until one does not fail in that way, or the time is over.

    Without any time there is one.
    """
    if not busy_seconds:
        return stamina.retry_context(on=on, attempts=1, timeout=None)
    return stamina.retry_context(
        on=on, attempts=None, timeout=busy_seconds, wait_max=0.5
    )
