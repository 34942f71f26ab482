"""
Let people make topics and check in on them at random.
"""

from typing import Final
from zoneinfo import ZoneInfo

from hypothesis import strategies as st
from hypothesis.stateful import rule

from circlekit.events.topic import TopicKind
from circlekit.ids import CheckInId, CircleId, MemberId, PostId, TopicId
from circlekit.testing.community.drawn import CIRCLES, HOSTS, SOMEBODY
from circlekit.testing.community.hosts import TwoHosts, Wanted
from circlekit.testing.community.plain import PlainCircle, PlainPost, PlainTopic
from circlekit.testing.machines.machine import a_wait
from circlekit.testing.machines.waiting import Wait

_NUMBERS: Final = st.sampled_from((1, 1, 2))
_NAMES: Final = st.sampled_from(("Running", "RUNNING", "Swimming"))
_KINDS: Final[st.SearchStrategy[TopicKind]] = st.sampled_from(("sport", "mood", "talk"))


class Topics(TwoHosts):
    """
    Topics, of which no two share a name, and check-ins, of which one a day counts.
    """

    @rule(
        circle=CIRCLES,
        number=_NUMBERS,
        name=_NAMES,
        kind=_KINDS,
        by=SOMEBODY,
        host=HOSTS,
    )
    def make_topic(
        self,
        circle: CircleId,
        number: int,
        name: str,
        kind: TopicKind,
        by: MemberId | None,
        host: int,
    ) -> None:
        """
        Make a topic, which may be there, or be called as another is.
        """
        it, by = self._who(circle, by, host)
        topic = _topic(circle, number)
        known = self.community.topics
        taken = any(
            other != topic
            and theirs.circle == circle
            and not theirs.closed
            and theirs.name.lower() == name.lower()
            for other, theirs in known.items()
        )
        against = {
            **it.shut(),
            "not-a-member": by not in it.people,
            "topic-exists": topic in known,
            "topic-name-taken": taken,
        }
        command = self.command(
            "make_topic", circle, name=name, by=by, kind=kind, topic=topic
        )
        wanted = Wanted(self.at(it, host), against, due=topic)
        if self.ask(host, it, command, wanted):
            at = max(self.at(it, host), it.topics_at)
            known[topic] = PlainTopic(circle, name, kind, by, at)
            it.topics_at = at
            self.community.order += 1

    @rule(circle=CIRCLES, number=_NUMBERS, by=SOMEBODY, host=HOSTS)
    def close_topic(
        self, circle: CircleId, number: int, by: MemberId | None, host: int
    ) -> None:
        """
        Close a topic.
        """
        it, by = self._who(circle, by, host)
        topic = self.community.topics.get(_topic(circle, number))
        if topic is None:
            self.make_topic(circle, number, "Running", "sport", None, host)
            return
        own = by == topic.by
        against = {
            **it.shut(),
            "not-a-member": own and by not in it.people,
            "not-a-manager": not own and not it.runs(by),
            "topic-closed": topic.closed,
        }
        at = max(self.at(it, host), topic.last_at, it.topics_at)
        command = self.command("close_topic", _topic(circle, number), by=by)
        if self.ask(host, None, command, Wanted(at, against)):
            topic.closed, topic.length, topic.last_at = True, topic.length + 1, at
            it.topics_at = at
            self.community.order += 1

    @rule(
        waits=st.lists(a_wait(), min_size=1, max_size=3),
        circle=CIRCLES,
        number=_NUMBERS,
        by=SOMEBODY,
        text=st.sampled_from(("", "Five miles")),
        host=HOSTS,
    )
    def check_in(
        self,
        waits: list[Wait],
        circle: CircleId,
        number: int,
        by: MemberId | None,
        text: str,
        host: int,
    ) -> None:
        """
        Check in again and again, waiting before each, with a post or without.
        """
        for wait in waits:
            self.wait(wait, self.zone_of[circle])
            it, who = self._who(circle, by, host)
            topic = self.community.topics.get(_topic(circle, number))
            if topic is None:
                self.make_topic(circle, number, "Running", "sport", None, host)
            else:
                self._check_in(it, topic, _topic(circle, number), who, text, host)

    def _check_in(
        self,
        it: PlainCircle,
        topic: PlainTopic,
        id_: TopicId,
        by: MemberId,
        text: str,
        host: int,
    ) -> None:
        at = max(self.at(it, host), topic.last_at)
        day = at.astimezone(ZoneInfo(it.zone)).date()
        counts = not any(
            (made.by, made.day) == (by, day)
            and (made.post is None or not it.posts[made.post].removed)
            for made in topic.counted
        )
        post = it.length + 1 if text else None
        against = {
            **it.shut(),
            "not-a-member": by not in it.people,
            "topic-closed": topic.closed,
            "not-a-check-in-topic": topic.kind == "talk",
        }
        if text:
            house = it.house_refuses(self.policies, "post", by, at)
            against |= {reason.rule: True for reason in house}
        due = (
            CheckInId(id_, topic.length + 1),
            PostId(it.id, post) if post is not None else None,
            day,
            () if counts else ("check-in-day",),
        )
        command = self.command("check_in", id_, by=by, text=text)
        if self.ask(host, None, command, Wanted(at, against, due=due)):
            topic.took(by, day, post, at, counts=counts)
            if post is not None:
                order = self.community.order
                it.posts[post] = PlainPost(by, at, text, order, topic=topic.name)
                self._carried_out(it, at)
            else:
                self.community.order += 1


def _topic(circle: CircleId, number: int) -> TopicId:
    return TopicId(f"{circle}-{number}")
