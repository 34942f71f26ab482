"""
The history that `community.json` keeps: a little of everything that is read.

It was saved by ``python -m tests.golden_history.story``. A file of a release is
never saved again: what it holds has to be read to the same answers for ever. When
there is more to tell, it is told into a file of its own.
"""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from circlekit import (
    CALENDAR_MONTH,
    Budget,
    CircleKit,
    ManualClock,
    RefusedError,
    RuleBook,
    golden,
    rolling,
)

FILE = Path(__file__).with_name("community.json")
# The hour before clocks in New York go forward.
MORNING = datetime(2026, 3, 8, 6, tzinfo=UTC)
SPARSE = RuleBook(
    name="sparse",
    must_see=(
        Budget("must-see-month", 2, CALENDAR_MONTH),
        Budget("must-see-gap", 1, rolling(hours=48)),
    ),
    comment_relay="off",
    pins=2,
)


def tell(kit, clock):
    found(kit, clock)
    write(kit, clock)
    speak(kit, clock)
    send(kit, clock)
    part(kit, clock)
    show(kit, clock)


def found(kit, clock):
    kit.found_circle(
        name="Readers",
        kind="community",
        by="mei",
        circle="readers",
        zone="America/New_York",
    )
    kit.found_circle(
        name="歌友会", kind="community", by="ana", circle="choir", rules=SPARSE
    )
    for member in ("tao", "lin", "ana"):
        kit.join_circle("readers", member)
    kit.join_circle("choir", "lin")
    kit.appoint_manager("readers", "tao", by="mei")
    kit.grant_override("readers", "tao", by="mei")
    kit.link_group("readers", by="tao", name="Evenings", group="evenings")
    kit.join_group("evenings", "lin")
    clock.forward(hours=1)


def write(kit, clock):
    welcome = kit.publish_post(
        "readers", by="lin", text="Welcome! \u202egpj.exe 👩‍👩‍👧‍👦", topic="hello"
    )
    kit.pin_post(welcome, by="mei")
    kit.react(welcome, "👍", by="mei")
    kit.react(welcome, "👍", by="tao")
    kit.react(welcome, "🌱", by="ana")
    kit.withdraw_reaction(welcome, "🌱", by="ana")
    thanks = kit.add_comment(welcome, by="tao", text="Thank you.")
    kit.add_comment(welcome, by="ana", text="Me too.", reply_to=thanks)
    kit.remove_comment(kit.add_comment(welcome, by="ana", text="Oops."), by="ana")
    clock.forward(minutes=20)
    photos = kit.publish_post("readers", by="mei", images=["shelf.png"], sync=False)
    kit.edit_post(photos, by="mei", text="Our shelf.", images=["shelf.png", "cat.png"])
    kit.pin_post(photos, by="mei")
    kit.unpin_post(photos, by="tao")
    kit.remove_post(kit.publish_post("readers", by="tao", text="Wrong."), by="tao")
    kit.mark_read([welcome, photos], by="ana")


def speak(kit, clock):
    hello = kit.send_message("evenings", by="lin", text="早", videos=["cup.mp4"])
    kit.react_to_message(hello, "☕", by="tao")
    kit.set_announcement("evenings", by="tao", text="Tea at eight.")
    kit.mute_group(
        "evenings", by="tao", reason="Night.", until=clock() + timedelta(hours=8)
    )
    with suppress(RefusedError):
        kit.send_message("evenings", by="lin", text="Is anybody there?")
    kit.block_private_chat("readers", by="mei")
    clock.forward(hours=7)
    kit.unmute_group("evenings", by="tao")
    clock.forward(hours=2)


def send(kit, clock):
    sunday = kit.send_must_see("readers", by="mei", text="We meet on Sunday.")
    kit.acknowledge(sunday, by="lin")
    kit.add_comment(sunday, by="lin", text="I will be late.")
    with suppress(RefusedError):
        kit.send_must_see("readers", by="tao", text="And on Monday.")
    with suppress(RefusedError):
        kit.send_must_see("readers", by="lin", text="May I?")
    kit.send_must_see("readers", by="tao", text="Leave now!", override="A fire.")
    song = kit.publish_post("choir", by="lin", text="茉莉花")
    kit.promote_to_must_see(song, by="ana")
    kit.add_comment(song, by="ana", text="Not shown in the group.")
    clock.forward(days=1)
    with suppress(RefusedError):
        kit.send_must_see("choir", by="ana", text="Too soon.")
    clock.forward(days=1)
    kit.send_must_see("choir", by="ana", text="Bring water.")
    kit.adopt_rule_book("choir", "dingtalk_2020", by="ana")


def part(kit, clock):
    kit.unlink_group("readers", "evenings", by="tao")
    kit.publish_post("readers", by="mei", text="Without the evenings.")
    kit.leave_circle("readers", "ana")
    kit.hand_over_circle("readers", "tao", by="mei")
    kit.publish_post("readers", by="tao", text="I will do my best.")
    clock.forward(hours=3)


def show(kit, clock):
    kit.add_customer("hana", channel="till", by="tao", zone="America/New_York")
    kit.add_customer("hugo", channel="qr", by="tao", rules="seed_literal")
    everybody = ["hana", "hugo"]
    kit.publish_moment(everybody, source="member", by="tao", text="New!", moment="new")
    clock.forward(hours=1)
    kit.publish_moment(
        everybody, source="member", by="tao", text="Again!", moment="again"
    )
    kit.publish_moment(
        everybody, source="enterprise", by="shop", text="Sale.", moment="sale"
    )


def told():
    clock = ManualClock(MORNING)
    with CircleKit("sqlite://", clock=clock) as kit:
        tell(kit, clock)
        return golden.saved(kit)


if __name__ == "__main__":
    golden.write(told(), FILE)
