"""
May this approval be asked for, and who decides it?

Any member asks. Each step is decided by a named person of a named organisation, as
the host attested when they joined: whoever changes their organisation, or leaves the
circle, decides no longer. In order, a step is open once the one before is approved;
otherwise all are open at once. Nobody has two steps of one approval. One rejection
closes it, the last approval does too.

It expires at its moment: at that very moment nobody decides any more, whether or not
that was recorded.

Source: 000_5ed45e92f4bb09bc:51 (approval forms across organisations inside a
circle); all else is circlekit's decision.
"""

from collections.abc import Sequence
from datetime import datetime

from circlekit.events.approval import ApprovalStep, Outcome
from circlekit.verdict import ALLOWED, Verdict, refused


def not_yet_started(version: int) -> Verdict:
    """
    An approval is asked for once.
    """
    if version == 0:
        return ALLOWED
    return refused("already-started", "this approval was started already")


def ends_later(due_at: datetime | None, *, at: datetime) -> Verdict:
    """
    There is some time to decide.
    """
    if due_at is None or due_at > at:
        return ALLOWED
    return refused("due-has-passed", f"{due_at:%Y-%m-%d %H:%M} UTC has passed")


def still_undecided(outcome: Outcome | None) -> Verdict:
    """
    What has come to its end is not taken up again.
    """
    if outcome is None:
        return ALLOWED
    return refused("approval-closed", f"this approval was {outcome}")


def in_time(due_at: datetime | None, *, at: datetime) -> Verdict:
    """
    Nobody decides from its last moment on.
    """
    if due_at is None or at < due_at:
        return ALLOWED
    return refused("approval-expired", f"it expired {due_at:%Y-%m-%d %H:%M} UTC")


def has_expired(due_at: datetime | None, *, at: datetime) -> Verdict:
    """
    Only what has expired is recorded as such.
    """
    if due_at is not None and at >= due_at:
        return ALLOWED
    return refused("not-expired", "this approval has not expired")


def their_step(by: str, approvers: Sequence[str]) -> Verdict:
    """
    Only the person of a step decides it.
    """
    if by in approvers:
        return ALLOWED
    return refused("not-your-step", f"{by} is not asked to decide")


def not_yet_decided(by: str, *, decided: bool) -> Verdict:
    """
    Nobody decides twice.
    """
    if decided:
        return refused("already-decided", f"{by} has decided already")
    return ALLOWED


def step_is_open(step: int, *, decided: int, parallel: bool) -> Verdict:
    """
    In order, a step waits for those before it.

    >>> str(step_is_open(1, decided=0, parallel=False))
    'step-not-open: step 1 waits for step 0'
    """
    if parallel or step <= decided:
        return ALLOWED
    return refused("step-not-open", f"step {step} waits for step {decided}")


def of_the_organisation(
    member: str, organisation: str | None, *, named: str
) -> Verdict:
    """
    Who decides is a person of the organisation that is asked.

    >>> str(of_the_organisation("tao", None, named="acme"))
    'other-organisation: tao is not known to be of acme'
    """
    if organisation == named:
        return ALLOWED
    return refused("other-organisation", f"{member} is not known to be of {named}")


def one_step_each(approver: str, approvers: Sequence[str]) -> Verdict:
    """
    Nobody has two steps of one approval.
    """
    if approver in approvers:
        return refused("already-asked", f"{approver} has a step of it already")
    return ALLOWED


def their_own(by: str, started_by: str | None) -> Verdict:
    """
    Only who asked takes it back.
    """
    if by == started_by:
        return ALLOWED
    return refused("not-the-starter", f"{by} did not start this approval")


def all_of_their_organisations(
    steps: Sequence[ApprovalStep], organisations: Sequence[str | None]
) -> list[Verdict]:
    """
    Everybody who is asked is of the organisation they are asked for, and once.
    """
    return [
        verdict
        for place, (step, organisation) in enumerate(
            zip(steps, organisations, strict=True)
        )
        for verdict in (
            of_the_organisation(step.approver, organisation, named=step.organisation),
            one_step_each(step.approver, [it.approver for it in steps[:place]]),
        )
    ]
