"""
CircleKit: one method for each use case, and nothing decided here.
"""

from circlekit.application.following import exactly_once
from circlekit.application.kit import CircleKit

__all__ = ["CircleKit", "exactly_once"]
