"""
The part of a reader that is a child: who looks after them, and what those were told.
"""

from datetime import datetime
from typing import assert_never

from attrs import Factory, define

from circlekit.events.guardian import (
    GuardianDigestSent,
    GuardianDismissed,
    GuardianEvent,
    GuardianNamed,
)
from circlekit.ids import MemberId
from circlekit.policies.guardians import (
    Told,
    day_of,
    guardians_only,
    not_yet_a_guardian,
    one_digest_a_day,
    two_people,
)
from circlekit.verdict import require

Events = tuple[GuardianEvent, ...]


@define
class Guardians:
    """
    Everybody who looks after one child.

    Attributes:
        zones: The zone of each guardian.

        named_at: Since when each has been told what happens.

        told: When each was last told; also of those who were dismissed, who may be
            named again.

        told_until: Up to which moment each has been told.
    """

    zones: dict[str, str] = Factory(dict)
    named_at: dict[str, datetime] = Factory(dict)
    told: dict[str, Told] = Factory(dict)
    told_until: dict[str, datetime] = Factory(dict)

    def told_since(self, guardian: str) -> datetime | None:
        """
        Return the moment after which the next digest begins, None for no guardian.
        """
        named = self.named_at.get(guardian)
        if named is None:
            return None
        return max(named, self.told_until.get(guardian, named))

    # Commands: may refuse, never change anything.

    def name(
        self,
        guardian: MemberId,
        *,
        child: MemberId,
        zone: str,
        by: MemberId,
        at: datetime,
    ) -> Events:
        """
        Say that somebody looks after the child.
        """
        require(two_people(child, guardian), not_yet_a_guardian(guardian, self.zones))
        return (GuardianNamed(guardian=guardian, zone=zone, by=by, at=at),)

    def dismiss(self, guardian: MemberId, *, by: MemberId, at: datetime) -> Events:
        """
        Say that somebody no longer does.
        """
        require(guardians_only(guardian, self.zones))
        return (GuardianDismissed(guardian=guardian, by=by, at=at),)

    def send_digest(
        self,
        guardian: MemberId,
        *,
        until: datetime | None = None,
        told: dict[str, int] | None = None,
        by: MemberId,
        at: datetime,
    ) -> Events:
        """
        Tell a guardian what happened, up to a moment; *told* says how much of what.
        """
        zone = self.zones.get(guardian, "UTC")
        require(
            guardians_only(guardian, self.zones),
            one_digest_a_day(self.told.get(guardian), zone=zone, at=at),
        )
        since = self.told_since(guardian)
        assert since is not None  # noqa: S101 - a guardian, or it was refused
        return (
            GuardianDigestSent(
                guardian=guardian,
                day=day_of(zone, at),
                since=since,
                until=at if until is None else until,
                by=by,
                at=at,
                **(told or {}),
            ),
        )

    # History: never refuses, whatever today's rules say.

    def evolve(self, event: GuardianEvent, version: int) -> None:
        """
        Take in an event that stands at a place of the child's history.
        """
        match event:
            case GuardianNamed():
                self.zones[event.guardian] = event.zone
                self.named_at[event.guardian] = event.at
            case GuardianDismissed():
                self.zones.pop(event.guardian, None)
                self.named_at.pop(event.guardian, None)
            case GuardianDigestSent():
                self.told[event.guardian] = Told(
                    zone=self.zones.get(event.guardian, "UTC"),
                    day=event.day,
                    at=event.at,
                    place=version,
                )
                self.told_until[event.guardian] = event.until
            case _:
                assert_never(event)
