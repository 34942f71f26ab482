"""
The page of actions, made from the code: `python -m tests.docs.actions_page`.

A little community is asked, for each role, what is open to it; then something is
done to the community, and whatever has changed is said again.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from circlekit import CircleKit
from circlekit.clock import ManualClock
from circlekit.verdict import Verdict

PAGE: Final = Path(__file__).parents[2] / "docs" / "actions.md"
ROLES: Final = {
    "nobody here": "zoe",
    "member": "tao",
    "manager": "lin",
    "owner": "mei",
}
_BEGIN, _END = "<!-- table: begin -->\n", "<!-- table: end -->\n"

State = Callable[[CircleKit, ManualClock], None]
Cells = dict[str, tuple[Verdict, ...]]


def lively(kit: CircleKit, clock: ManualClock) -> None:
    """
    Found a circle in which there is something of everything.
    """
    kit.found_circle(name="Book club", kind="community", by="mei", circle="club")
    for member in ("lin", "tao", "ben"):
        kit.join_circle("club", member)
    kit.appoint_manager("club", "lin", by="mei")
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
    clock.forward(days=2)


def muted(kit: CircleKit, _: ManualClock) -> None:
    """
    Both groups are muted, and block private chat.
    """
    for group in ("club", "side"):
        kit.mute_group(group, by="mei")
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


STATES: Final[dict[str, tuple[State, ...]]] = {
    "In a lively circle": (lively,),
    "Where the groups are muted and block private chat": (lively, muted),
    "Where the month's must-sees and the pins are used up": (lively, used_up),
}


def cells(states: tuple[State, ...]) -> Cells:
    """
    Return what each command is answered, role by role, in a community like that.
    """
    clock = ManualClock(datetime(2026, 3, 1, 4, tzinfo=UTC))
    with CircleKit("sqlite://", clock=clock) as kit:
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
