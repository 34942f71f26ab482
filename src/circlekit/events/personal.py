"""
Which fields of an event hold what a person wrote.

Marked where they are defined, so that erasure by destroying a key can be added
in the store without touching an event class. The words belong to ``by``, but for
what is known of a member, which belongs to ``member``.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

PERSONAL: Final[Mapping[str, str]] = MappingProxyType({"personal": "by"})
OF_THE_MEMBER: Final[Mapping[str, str]] = MappingProxyType({"personal": "member"})
