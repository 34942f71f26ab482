"""
A small town to try commands on: four circles, their people, posts and customers.
"""

from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from attrs import define, field

from circlekit import CircleKit, ManualClock, RefusedError
from circlekit.verdict import ALLOWED, Verdict

MARCH_1 = datetime(2020, 3, 1, 12, tzinfo=UTC)


@define
class Town:
    """
    A kit, and what was written in it so far.

    The club is run by mei (owner), lin and wu (managers); tao and ben are members.
    """

    kit: CircleKit
    clock: ManualClock
    post: str = ""
    removed: str = ""
    must_see: str = ""
    comment: str = ""
    removed_comment: str = ""
    message: str = ""
    elsewhere: str = ""
    check_in: str = ""
    ids: dict[str, Any] = field(factory=dict)

    def do(self, command: str, *args: Any, **kwargs: Any) -> Any:
        """
        Carry a command out.
        """
        return getattr(self.kit, command)(*args, **kwargs)

    def ask(self, command: str, *args: Any, **kwargs: Any) -> Verdict:
        """
        Ask what a command would be answered.
        """
        return self.kit.would_allow(command, *args, **kwargs)


def settle(kit: CircleKit, clock: ManualClock) -> Town:
    """
    Found the town.
    """
    kit.found_circle(name="Book club", kind="community", by="mei", circle="club")
    for member in ("lin", "wu", "tao", "ben"):
        kit.join_circle("club", member)
    for member in ("lin", "wu"):
        kit.appoint_manager("club", member, by="mei")
    kit.link_group("club", by="mei", name="Side room", group="side")
    kit.join_group("side", "tao")
    kit.link_group("club", by="mei", name="Lone room", group="lone")
    kit.unlink_group("club", "lone", by="mei")
    kit.found_circle(name="Guild", kind="community", by="ana", circle="guild")
    kit.found_circle(
        name="Firm", kind="internal", by="boss", organisation="acme", circle="firm"
    )
    kit.found_circle(name="School", kind="teaching", by="head", circle="school")
    kit.found_circle(name="Shop", kind="business", by="keeper", circle="shop")
    kit.join_circle("shop", "clerk", invited_by="keeper")
    town = Town(kit, clock)
    town.post = str(kit.publish_post("club", by="tao", text="Which book next?"))
    town.removed = str(kit.publish_post("club", by="tao", text="Never mind"))
    town.comment = str(kit.add_comment(town.post, by="ben", text="Emma"))
    town.removed_comment = str(kit.add_comment(town.post, by="ben", text="Or not"))
    kit.remove_comment(town.removed_comment, by="ben")
    kit.remove_post(town.removed, by="tao")
    town.must_see = str(kit.send_must_see("club", by="mei", text="We meet on Friday"))
    town.message = str(kit.send_message("club", by="tao", text="Good morning"))
    town.elsewhere = str(kit.publish_post("guild", by="ana", text="Hammers"))
    kit.add_customer("c1", channel="qr", by="sun")
    kit.make_topic("club", name="Running", kind="sport", by="tao", topic="run")
    town.check_in = str(kit.check_in("run", by="tao", value=5).check_in)
    return town


def history(kit: CircleKit) -> list[tuple[str, Any]]:
    """
    Return every event with its stream, but for records of refusals.
    """
    return [
        (recorded.stream, recorded.event)
        for recorded in everything(kit)
        if not recorded.stream.startswith("refused:")
    ]


def refusals(kit: CircleKit) -> list[tuple[str, Any]]:
    """
    Return every record of a refusal, with its stream.
    """
    return [
        (recorded.stream, recorded.event)
        for recorded in everything(kit)
        if recorded.stream.startswith("refused:")
    ]


def everything(kit: CircleKit) -> list[Any]:
    """
    Return all that is recorded, in commit order.
    """
    with kit._store.reading() as transaction:
        return transaction.span(1, transaction.head())


def written(kit: CircleKit) -> tuple[Any, Any]:
    """
    Return every row that commands write.
    """
    with kit._store.reading() as transaction:
        return (
            transaction.all("SELECT * FROM circlekit_event ORDER BY position"),
            transaction.all("SELECT * FROM circlekit_command ORDER BY id"),
        )


@contextmanager
def refused(*rules: str):
    """
    Expect a refusal by exactly these rules; what is yielded has it as ``value``.
    """
    with pytest.raises(RefusedError) as caught:
        yield caught
    assert tuple(sorted(rules)) == caught.value.verdict.rules


class StopItError(Exception):
    """
    Raised by the host in the middle of a batch.
    """


@contextmanager
def undone(batch, error: type[BaseException] = StopItError):
    """
    End a batch by an exception of the host's.
    """
    try:
        with batch:
            yield
            raise error  # noqa: TRY301 - so that the batch sees it
    except error:
        return


def outcome(command, *args: Any, **kwargs: Any) -> Verdict:
    """
    Carry a command out and return how it was answered.
    """
    try:
        command(*args, **kwargs)
    except RefusedError as refusal:
        return refusal.verdict
    return ALLOWED
