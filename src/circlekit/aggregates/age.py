"""
Until when somebody is a minor.
"""

from datetime import datetime

from attrs import define

from circlekit.events.reader import MinorAttested
from circlekit.policies.live import Minor


@define
class Age:
    """
    The part of a reader that knows whether they are of age.

    Attributes:
        minor: What the host attested last, None if nothing.
    """

    minor: Minor | None = None

    def attest(
        self, *, until: datetime, zone: str, at: datetime
    ) -> tuple[MinorAttested, ...]:
        """
        Be a minor until then; what was attested before holds no longer.
        """
        return (MinorAttested(until=until, zone=zone, at=at),)

    # History: never refuses, whatever today's rules say.

    def evolve(self, event: MinorAttested) -> None:
        """
        Take in what the host attested.
        """
        self.minor = Minor(until=event.until, zone=event.zone)
