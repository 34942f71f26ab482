"""
Give people things to do at random, remind them, and look into their inboxes.
"""

from collections.abc import Sequence
from functools import partial
from typing import Final, Literal

from hypothesis import strategies as st
from hypothesis.stateful import rule

from circlekit.ids import CircleId, MemberId, PostId, TodoId
from circlekit.testing.community.drawn import CIRCLES, HOSTS, POSTS, SOMEBODY, newest
from circlekit.testing.community.hosts import TwoHosts, Wanted
from circlekit.testing.community.plain import PlainTodo
from circlekit.testing.machines.counting import Spent
from circlekit.testing.machines.machine import CAST, PEOPLE, a_wait
from circlekit.testing.machines.waiting import Wait

Act = Literal["complete", "reopen", "cancel"]
_NUMBERS: Final = st.sampled_from((1, 1, 2))
_TO: Final = st.sampled_from((CAST, CAST[:2], CAST[1:], CAST[2:]))
_ACTS: Final[st.SearchStrategy[Act]] = st.sampled_from(
    ("complete", "complete", "reopen", "cancel")
)


class Duties(TwoHosts):
    """
    To-dos and reminders, and what each person has to do.
    """

    @rule(circle=CIRCLES, number=_NUMBERS, to=_TO, by=SOMEBODY, host=HOSTS)
    def assign_todo(
        self,
        circle: CircleId,
        number: int,
        to: tuple[MemberId, ...],
        by: MemberId | None,
        host: int,
    ) -> None:
        """
        Give some people something to do, or oneself.
        """
        it, by = self._who(circle, by, host)
        known = self.community.todos.get(_todo(circle, number))
        oneself = to == (by,)
        others = [who for who in to if who != by]
        against = {
            **it.shut(),
            "already-given": known is not None,
            "not-a-member": (oneself and by not in it.people)
            or any(who not in it.people for who in others),
            "not-a-manager": not oneself and not it.runs(by),
        }
        todo = _todo(circle, number)
        command = self.command(
            "assign_todo", circle, by=by, title="Chairs", to=to, todo=todo
        )
        wanted = Wanted(self.at(it, host), against, due=todo)
        if self.ask(host, it, command, wanted):
            at = self.now(host)
            since = (at, self.community.order)
            self.community.order += 1
            parts = dict.fromkeys(to, since)
            self.community.todos[todo] = PlainTodo(circle, by, at, dict(parts))

    @rule(
        circle=CIRCLES,
        number=_NUMBERS,
        act=_ACTS,
        who=PEOPLE,
        by=SOMEBODY,
        host=HOSTS,
    )
    def treat_todo(
        self,
        circle: CircleId,
        number: int,
        act: Act,
        who: MemberId,
        by: MemberId | None,
        host: int,
    ) -> None:
        """
        Do one's part of it, have a part done again, or call it off.
        """
        it, by = self._who(circle, by, host)
        todo = self.community.todos.get(_todo(circle, number))
        if todo is None:
            self.assign_todo(circle, number, CAST, None, host)
            return
        if act == "complete":
            by = who
        theirs = by == todo.by or (act == "reopen" and by == who)
        member = act == "complete" or theirs
        part, done = who if act == "reopen" else by, todo.done()
        against = {
            **it.shut(),
            "not-a-member": member and by not in it.people,
            "not-a-manager": not member and not it.runs(by),
            "to-do-cancelled": todo.cancelled,
        }
        if act == "cancel":
            against["already-done"] = len(done) == len(todo.parts)
        else:
            against["not-assigned"] = part not in todo.parts
        if act == "complete":
            against["already-done"] = part in done
        elif act == "reopen":
            against["not-done"] = part in todo.parts and part not in done
        id_ = _todo(circle, number)
        args = (id_, who) if act == "reopen" else (id_,)
        at = max(self.now(host), todo.last_at)
        command = self.command(f"{act}_todo", *args, by=by)
        if self.ask(host, None, command, Wanted(at, against)):
            todo.last_at = at
            match act:
                case "complete":
                    todo.parts[by] = None
                case "reopen":
                    todo.parts[who] = at, self.community.order
                case _:
                    todo.cancelled = True
            self.community.order += 1

    @rule(
        wait=a_wait(),
        circle=CIRCLES,
        post=POSTS,
        readers=st.lists(PEOPLE, min_size=1, max_size=3),
        by=SOMEBODY,
        host=HOSTS,
    )
    def remind(
        self,
        wait: Wait,
        circle: CircleId,
        post: int | None,
        readers: list[MemberId],
        by: MemberId | None,
        host: int,
    ) -> None:
        """
        Wait, then remind some people of a must-see, some of them again.
        """
        it, by = self._who(circle, by, host)
        if post == 0:
            self._act("must-see", circle, None, host)
        self.wait(wait, it.zone)
        place = newest(it.posts, post)
        found = it.posts.get(place)
        for reader in readers:
            sent = self.community.reminded.setdefault((reader, circle, place), [])
            last = self.community.read_at.get(reader)
            at = max(self.now(host), last) if last else self.now(host)
            gone = found is not None and found.removed
            must_see = found is not None and found.must_see_at is not None
            against = {
                **it.shut(),
                "not-a-manager": not it.runs(by),
                "not-a-member": reader not in it.people,
                "post-removed": gone,
                "not-a-must-see": not gone and not must_see,
                "already-acknowledged": found is not None
                and reader in found.acknowledged_by,
            }
            about = PostId(circle, place)
            command = self.command("remind_reader", about, reader, by=by)
            wanted = Wanted(
                at,
                against,
                budgets=it.book.must_see_reminders,
                spent=sent,
                beside=False,
            )
            length = self.community.read_events.get(reader, 0)
            if self.ask(host, it, command, wanted):
                sent.append(Spent(at, length + 1))
                self.community.has_read(reader, at)

    @rule(member=PEOPLE, host=HOSTS)
    def look_into_the_inbox(self, member: MemberId, host: int) -> None:
        """
        Look at what somebody has to do, page by page.
        """
        read = partial(self.kit(host).inbox, member, limit=2)
        actual = []
        cursor = None
        while True:
            page = read(after=cursor)
            actual += [(it.kind, it.ref, it.circle, it.since) for it in page.items]
            cursor = page.next
            if cursor is None:
                break
        expected = self.community.inbox(member, self.now(host))
        if actual != expected:
            self.fail(
                f"{member} has to do by the model\n{_told(expected)}\n"
                f"and by host {host}\n{_told(actual)}"
            )


def _todo(circle: CircleId, number: int) -> TodoId:
    return TodoId(f"{circle}-{number}")


def _told(duties: Sequence[object]) -> str:
    return "\n".join(f"  {it}" for it in duties) or "  nothing"
