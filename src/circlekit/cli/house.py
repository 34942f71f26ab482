"""
``--policy``: finding a host's own policies, which are code of the host's.
"""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from pkgutil import resolve_name
from typing import Annotated, Final

import typer

from circlekit.errors import InvalidInputError
from circlekit.policies.house import HousePolicy, known_policies

_ACCEPTED: Final = (
    "MODULE:NAME of a policy's class, or of several in a tuple or list, as in "
    "shop.rules:POLICIES"
)

PolicyNames = Annotated[
    list[str] | None,
    typer.Option(
        "--policy",
        metavar="MODULE:NAME",
        help="A policy of your own, or several in a tuple or list; may be repeated. "
        "Modules are looked for in the current folder as well.",
    ),
]


def read_policies(names: Sequence[str] | None) -> tuple[type[HousePolicy], ...]:
    """
    Return the policies that stand under these names in the host's modules.

    Raises:
        InvalidInputError: If one cannot be imported, or is no policy.
    """
    if not names:
        return ()
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    found = tuple(policy for name in names for policy in _named(name))
    known_policies(found)
    return found


def _named(name: str) -> Iterable[type[HousePolicy]]:
    module, colon, _ = name.partition(":")
    if not (module and colon):
        raise InvalidInputError("policy", f"{name!r} names no module", _ACCEPTED)
    try:
        found = resolve_name(name)
    except (ImportError, AttributeError, ValueError) as error:
        problem = f"{name!r} cannot be found: {error}"
        raise InvalidInputError("policy", problem, _ACCEPTED) from error
    policies = found if isinstance(found, tuple | list) else (found,)
    if not all(isinstance(it, type) and hasattr(it, "judge") for it in policies):
        raise InvalidInputError("policy", f"{name!r} is no policy", _ACCEPTED)
    return policies
