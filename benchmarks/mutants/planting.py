"""
What a mutant is, and how a rule is bent and let go again.
"""

import contextlib
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from types import ModuleType
from typing import Any, Final
from unittest.mock import patch

from attrs import frozen

MICROSECOND: Final = timedelta(microseconds=1)
# What decides and remembers; the models of the machines are not among them.
_BENT: Final = ("circlekit.aggregates.", "circlekit.policies.", "circlekit.events.")

APPROVAL: Final = "ApprovalMachine"
ATTENTION: Final = "AttentionMachine"
CIRCLE: Final = "CircleMachine"
CUSTOMER: Final = "CustomerMachine"
GROUP: Final = "GroupMachine"
HOMEWORK: Final = "HomeworkMachine"
IDENTITY: Final = "IdentityMachine"
LIVE: Final = "LiveMachine"
MASS_SEND: Final = "MassSendMachine"
NAMES: Final = "TopicNamesMachine"
ORGANISATION: Final = "OrganisationMachine"
POLICY: Final = "assert_policy"
READER: Final = "ReaderMachine"
SCHEDULE: Final = "ScheduleMachine"
TODO: Final = "TodoMachine"
TOPIC: Final = "TopicMachine"

Kept = Callable[..., Any]


@frozen(kw_only=True)
class Mutant:
    """
    One rule, bent.

    Attributes:
        name: What it is called.

        bent: What is bent, in a sentence.

        caught_by: The machine that is to object, or ``assert_policy``.

        must_fall: Whether it is a fault if nothing objects.

        owner: The module or class whose attribute is replaced. A function is also
            replaced where others have taken it in from the module that defines it.

        attribute: The name of that function or method.

        instead: Called in its place, with the original as its first argument.
    """

    name: str
    bent: str
    caught_by: str
    must_fall: bool
    owner: Any
    attribute: str
    instead: Callable[..., Any]

    @contextlib.contextmanager
    def planted(self) -> Iterator[None]:
        """
        Bend the rule for as long as this lasts.
        """
        kept = getattr(self.owner, self.attribute)
        instead = self.instead
        if isinstance(kept, property):
            new: Any = property(lambda it: instead(kept.fget, it))
        else:

            def new(*args: Any, **kwargs: Any) -> Any:
                return instead(kept, *args, **kwargs)

        with contextlib.ExitStack() as stack:
            for place in self._places(kept):
                stack.enter_context(patch.object(place, self.attribute, new))
            yield

    def _places(self, kept: Any) -> list[Any]:
        if not isinstance(self.owner, ModuleType):
            return [self.owner]
        if kept.__module__ != self.owner.__name__:
            return [self.owner]
        taken_in = [
            module
            for name, module in sys.modules.items()
            if name.startswith(_BENT)
            and module is not self.owner
            and getattr(module, self.attribute, None) is kept
        ]
        return [self.owner, *taken_in]


MUTANTS: Final[dict[str, Mutant]] = {}
"""
All mutants whose modules were imported, by name.
"""


def bends(
    owner: Any, attribute: str, caught_by: str, *, must_fall: bool = True
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """
    Register what is put in a function's place; its docstring says what is bent.
    """

    def register(instead: Callable[..., Any]) -> Callable[..., Any]:
        name = instead.__name__.replace("_", "-")
        if name in MUTANTS:
            raise ValueError(f"there are two mutants called {name}")
        bent = " ".join((instead.__doc__ or "").split())
        MUTANTS[name] = Mutant(
            name=name,
            bent=bent,
            caught_by=caught_by,
            must_fall=must_fall,
            owner=owner,
            attribute=attribute,
            instead=instead,
        )
        return instead

    return register
