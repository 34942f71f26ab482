"""
The page of actions, made from the code: `python -m tests.docs.actions_page`.

A little community is asked, for each role, what is open to it; then something is
done to the community, and whatever has changed is said again.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from attrs import evolve

from circlekit import CircleKit
from circlekit.clock import ManualClock
from circlekit.policies.graders import Grade, Submission
from circlekit.rulebook import CIRCLEKIT_2026
from circlekit.verdict import Verdict

PAGE: Final = Path(__file__).parents[2] / "docs" / "actions.md"
ROLES: Final = {
    "nobody here": "zoe",
    "member": "tao",
    "manager": "lin",
    "owner": "mei",
}
_BEGIN, _END = "<!-- table: begin -->\n", "<!-- table: end -->\n"


class AlwaysOne:
    """
    A grader, so that there is one.
    """

    name = "always-one"

    def grade(self, _submission: Submission) -> Grade:
        """
        Give the least there is.
        """
        return Grade(mark=True)


State = Callable[[CircleKit, ManualClock], None]
Cells = dict[str, tuple[Verdict, ...]]


def lively(kit: CircleKit, clock: ManualClock) -> None:
    """
    Found a circle in which there is something of everything.
    """
    school = evolve(
        CIRCLEKIT_2026,
        name="school",
        convention="2026",
        make_up_days=3,
        make_ups_a_month=3,
    )
    kit.found_circle(
        name="Class",
        kind="teaching",
        by="mei",
        circle="club",
        organisation="acme",
        rules=school,
    )
    for member in ("lin", "tao", "ben"):
        role = "teacher" if member == "lin" else "student"
        kit.join_circle("club", member, verified_role=role, staff_of="acme")
    kit.verify_role("club", "mei", "teacher", by="mei")
    kit.appoint_manager("club", "lin", by="mei")
    for member in ("mei", "lin", "tao", "ben"):
        kit.accept_convention("club", "2026", by=member)
    kit.link_group("club", by="mei", name="Side room", group="side")
    for member in ("tao", "ben"):
        kit.join_group("side", member)
    for author in ("mei", "lin", "ben", "tao"):
        post = kit.publish_post("club", by=author, text="Which book next?")
        kit.add_comment(post, by=author, text="Emma")
        kit.send_message("club", by=author, text="Good morning")
    kit.pin_post(post, by="mei")
    kit.grant_override("club", "lin", by="mei")
    kit.send_must_see("club", by="mei", text="We meet on Friday")
    kit.request_to_join("club", "zhu", verified_role="student")
    kit.invite("club", by="mei", channel="link")
    _duties(kit, clock)
    clock.forward(days=2)


def _duties(kit: CircleKit, clock: ManualClock) -> None:
    kit.make_topic("club", name="Running", kind="sport", by="tao", topic="run")
    kit.make_topic("club", name="Chess", by="tao", topic="chess")
    kit.close_topic("chess", by="tao")
    kit.check_in("run", by="tao")
    clock.forward(days=2)
    for by in ("mei", "lin", "tao"):
        kit.check_in("run", by=by)
        kit.assign_todo("club", by=by, title="Bring chairs")
        done = kit.assign_todo("club", by=by, title="Bring tea")
        kit.complete_todo(done, by=by)
        kit.start_approval("club", by=by, title="Lease", steps=[("ben", "acme")])
        kit.start_approval("club", by="ben", title="Trip", steps=[(by, "acme")])
        kit.schedule_post(
            "club", by=by, text="Later", release_at=clock.now + timedelta(days=90)
        )
    tomorrow = clock.now + timedelta(days=1)
    kit.start_approval(
        "club", by="ben", title="Late", steps=[("tao", "acme")], due_at=tomorrow
    )
    due_at = clock.now + timedelta(days=30)
    kit.assign_homework(
        "club", by="lin", title="Essay", due_at=due_at, homework="essay"
    )
    kit.assign_homework("club", by="lin", title="Sums", due_at=due_at, homework="sums")
    kit.submit_homework("sums", by="tao", text="4")
    kit.submit_homework("sums", by="ben", text="4")
    for live in ("planned", "running", "over"):
        kit.schedule_live("club", by="lin", title="Class", live=live)
    for live in ("running", "over"):
        kit.start_live(live, by="lin")
        kit.join_live(live, "tao")
    kit.end_live("over", by="lin")


def business(kit: CircleKit, clock: ManualClock) -> None:
    """
    Found a business circle with partners, and the same people in it.
    """
    kit.found_circle(name="Shop", kind="business", by="mei", circle="club")
    for member in ("lin", "tao", "ben"):
        kit.join_circle("club", member, invited_by="mei", staff_of="acme")
    kit.appoint_manager("club", "lin", by="mei")
    kit.admit_partner("club", "bolt", by="mei")
    clock.forward(days=2)


def by_application(kit: CircleKit, clock: ManualClock) -> None:
    """
    Found a community circle that is joined by application, and with a convention.
    """
    book = evolve(
        CIRCLEKIT_2026,
        name="club",
        community_joining="application",
        convention="2026",
    )
    kit.found_circle(name="Club", kind="community", by="mei", circle="club", rules=book)
    for member in ("lin", "tao"):
        kit.request_to_join("club", member)
        kit.approve_request("club", member, by="mei")
    kit.appoint_manager("club", "lin", by="mei")
    kit.request_to_join("club", "zhu")
    clock.forward(days=2)


def asked(kit: CircleKit, _: ManualClock) -> None:
    """
    Somebody has asked to join, and was invited.
    """
    kit.request_to_join("club", "zoe")
    kit.invite("club", by="mei", member="zoe")


def commons(kit: CircleKit, clock: ManualClock) -> None:
    """
    Found a community circle that is open to everybody.
    """
    kit.found_circle(name="Club", kind="community", by="mei", circle="club")
    for member in ("lin", "tao"):
        kit.join_circle("club", member)
    kit.appoint_manager("club", "lin", by="mei")
    clock.forward(days=2)


def muted(kit: CircleKit, _: ManualClock) -> None:
    """
    Both groups are muted and slow, and block private chat.
    """
    for group in ("club", "side"):
        kit.mute_group(group, by="mei", reason="Exams")
        kit.set_slow_mode(group, by="mei", seconds=60, reason="Exams")
        kit.set_announcements_only(group, by="mei", reason="Exams")
        kit.block_private_chat(group, by="mei")


def used_up(kit: CircleKit, clock: ManualClock) -> None:
    """
    The circle has sent four must-sees this month, and pinned ten posts.
    """
    for number in range(3):
        kit.send_must_see("club", by="mei", text=f"News {number}")
        clock.forward(days=2)
    for number in range(9):
        kit.pin_post(kit.publish_post("club", by="mei", text=f"{number}"), by="mei")


def closed(kit: CircleKit, _: ManualClock) -> None:
    """
    The circle is closed.
    """
    kit.close_circle("club", by="mei", reason="Holidays")


def archived(kit: CircleKit, _: ManualClock) -> None:
    """
    The circle is archived.
    """
    kit.archive_circle("club", by="mei", reason="The end")


STATES: Final[dict[str, tuple[State, ...]]] = {
    "In a lively circle": (lively,),
    "Where groups are muted, slow, for announcements, and block private chat": (
        lively,
        muted,
    ),
    "Where the month's must-sees and the pins are used up": (lively, used_up),
    "In a business circle where nothing was written yet": (business,),
    "In an open community circle where nothing was written yet": (commons,),
    "In a community circle by application, whose convention nobody accepted": (
        by_application,
    ),
    "The same, where somebody has asked to join and was invited": (
        by_application,
        asked,
    ),
    "In a closed circle": (lively, closed),
    "In an archived circle": (lively, archived),
}


def cells(states: tuple[State, ...]) -> Cells:
    """
    Return what each command is answered, role by role, in a community like that.
    """
    clock = ManualClock(datetime(2026, 3, 1, 4, tzinfo=UTC))
    with CircleKit("sqlite://", clock=clock, graders=[AlwaysOne()]) as kit:
        for state in states:
            state(kit, clock)
            clock.forward(hours=1)
        answers = [
            {it.command: it.verdict for it in kit.available_actions(member, "club")}
            for member in ROLES.values()
        ]
    return {name: tuple(each[name] for each in answers) for name in answers[0]}


def tables() -> Iterator[str]:
    """
    Return the lines of all tables: the first in full, the others where they differ.
    """
    usual = cells((lively,))
    for title, states in STATES.items():
        found = cells(states)
        yield f"\n## {title}\n\n"
        yield f"| Command | {' | '.join(ROLES)} |\n|---|{'---|' * len(ROLES)}\n"
        for name, verdicts in found.items():
            told = [_told(verdict) for verdict in verdicts]
            if states == (lively,) or told != [_told(it) for it in usual[name]]:
                yield f"| `{name}` | {' | '.join(told)} |\n"


def page() -> str:
    """
    Return the page as it should be.
    """
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(_BEGIN)
    _, _, after = rest.partition(_END)
    return f"{before}{_BEGIN}{''.join(tables())}\n{_END}{after}"


def _told(verdict: Verdict) -> str:
    return " ".join(f"`{rule}`" for rule in verdict.rules) or "yes"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
