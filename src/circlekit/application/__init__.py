"""
CircleKit: one method for each use case, and nothing decided here.
"""

from circlekit.application.kit import CircleKit

__all__ = ["CircleKit"]
