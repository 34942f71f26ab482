"""
What the workloads are called, in their order.
"""

from typing import Final

NAMES: Final = ("W1", "W2", "W3", "W4", "W5", "W6", "W7", "W8", "W9", "W10", "M1")
