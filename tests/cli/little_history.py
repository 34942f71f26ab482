"""
A history small enough to say every report of it in full.

It is set in a year to come: no moment is read before the newest event, so that
the clock of the machine that runs the tests cannot change what is read.
"""

import json
import os
from contextlib import suppress
from datetime import UTC, datetime

from typer.testing import CliRunner

from circlekit import CircleKit, ManualClock, RefusedError
from circlekit.cli.app import app

EVENING = datetime(2999, 3, 1, 12, tzinfo=UTC)
TRICK = "[bold red]Hurry[/bold red]\u202e :bomb: 欢迎"


# Whatever terminal the tests are started from, it is not to be seen in a report.
UNPLAIN = ("COLUMNS", "FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE")
PLAIN = {name: value for name, value in os.environ.items() if name not in UNPLAIN}


def run(*args, **env):
    return CliRunner(env={**dict.fromkeys(UNPLAIN), **env}).invoke(app, args)


def document(*args):
    answer = run(*args, "--json")
    assert (0, "") == (answer.exit_code, answer.stderr)
    return json.loads(answer.stdout)


def tell(url):
    clock = ManualClock(EVENING)
    with CircleKit(url, clock=clock) as kit, kit.batch():
        kit.found_circle(name="Readers", kind="community", by="mei", circle="readers")
        kit.join_circle("readers", "tao")
        kit.join_circle("readers", "lin")
        kit.appoint_manager("readers", "tao", by="mei")
        kit.grant_override("readers", "tao", by="mei")
        welcome = kit.publish_post("readers", by="lin", text=TRICK, topic="hello")
        kit.pin_post(welcome, by="mei")
        kit.add_comment(welcome, by="tao", text="Take your time.")
        kit.react(welcome, "👍", by="mei")
        kit.react(welcome, "👍", by="tao")
        clock.forward(hours=1)
        thursday = kit.send_must_see("readers", by="mei", text="We meet on Thursday.")
        kit.acknowledge(thursday, by="lin")
        clock.forward(hours=1)
        with suppress(RefusedError):
            kit.send_must_see("readers", by="tao", text="And on Friday.")
        with suppress(RefusedError):
            kit.send_must_see("readers", by="lin", text="May I?")
        kit.send_message("readers", by="lin", text="早", images=["cup.png"])
        kit.mute_group("readers", by="mei", reason="Good night.")
        clock.forward(minutes=30)
        kit.send_must_see("readers", by="tao", text="Leave now!", override="A fire.")
        kit.found_circle(
            name="Choir", kind="community", by="ana", circle="choir", zone="UTC"
        )
        kit.send_must_see("choir", by="ana", text="Bring water.")
        kit.add_customer("hana", channel="till", by="tao")
        kit.publish_moment(["hana"], source="member", by="tao", text="New!", moment="n")
