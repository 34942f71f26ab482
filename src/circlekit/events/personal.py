"""
Which fields of an event hold what a person wrote.

Marked where they are defined, so that erasure by destroying a key can be added
in the store without touching an event class. The words belong to ``by``.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

PERSONAL: Final[Mapping[str, str]] = MappingProxyType({"personal": "by"})
