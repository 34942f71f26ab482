"""
In which form the state of an aggregate is kept, so that it need not be replayed.

The form is named by the code that the state comes from: another release, with other
events or another way to take them in, reads the history instead.
"""

from functools import cache
from hashlib import blake2b
from importlib import resources
from typing import Any, Final, TypeVar

import msgspec
from attrs import evolve

from circlekit.aggregates.circle import Circle
from circlekit.aggregates.group import Group
from circlekit.aggregates.history import HasHistory
from circlekit.aggregates.organisation import Organisation
from circlekit.aggregates.reader import Reader
from circlekit.text import as_plain

EVERY: Final = 500
"""
After how many more events a history's snapshot is taken anew.
"""

KINDS: Final[tuple[type[HasHistory], ...]] = (Circle, Group, Reader, Organisation)
"""
Whose histories grow long.
"""

_PACKAGE: Final = "circlekit"
_FROM: Final = ("aggregates", "events", "policies")
_ALSO: Final = ("budget.py", "clock.py", "ids.py", "rulebook.py", "settings.py")
_ENCODE: Final = msgspec.msgpack.Encoder(enc_hook=as_plain).encode
_A = TypeVar("_A", bound=HasHistory)


def due(aggregate: HasHistory, version: int, before: int) -> bool:
    """
    Return whether a history that comes from one place to another has a new snapshot.
    """
    return version // EVERY != before // EVERY and type(aggregate) in KINDS


def written(aggregate: HasHistory) -> bytes:
    """
    Return the state of an aggregate as it is kept.
    """
    if isinstance(aggregate, Circle):
        # These are the host's code, and not what has happened.
        aggregate = evolve(aggregate, policies={})
    return _ENCODE(aggregate)


def read(kind: type[_A], body: bytes) -> _A:
    """
    Return the aggregate whose state was kept.
    """
    state: _A = _decoder(kind).decode(body)
    return state


@cache
def form() -> str | None:
    """
    Return the name of the form that this code keeps states in.

    None if the code's sources are not at hand, as in a program frozen into one file:
    then nothing tells one release from another, and nothing is kept.
    """
    package = resources.files(_PACKAGE)
    digest = blake2b(msgspec.__version__.encode(), digest_size=16)
    try:
        for folder in _FROM:
            found = {file.name: file for file in package.joinpath(folder).iterdir()}
            for name in sorted(found):
                if name.endswith(".py"):
                    digest.update(found[name].read_bytes())
        for name in _ALSO:
            digest.update(package.joinpath(name).read_bytes())
    except OSError:
        return None
    return digest.hexdigest()


@cache
def _decoder(kind: type[Any]) -> msgspec.msgpack.Decoder[Any]:
    return msgspec.msgpack.Decoder(kind)
