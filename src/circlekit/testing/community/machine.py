"""
Drive a whole community at random, beside a model of it.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from copy import deepcopy
from datetime import datetime, timedelta
from functools import partial
from threading import Barrier
from typing import Any, Final

from attrs import evolve
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule
from hypothesis.strategies import SearchStrategy

from circlekit.clock import EPOCH
from circlekit.events.circle import MustSeeSent, VerifiedRole
from circlekit.ids import CircleId, CommentId, MemberId, PostId
from circlekit.projections.member_feed import FeedItem, FeedPage
from circlekit.rulebook import RuleBook
from circlekit.testing.community.coming import Coming
from circlekit.testing.community.drawn import (
    CIRCLES,
    HOSTS,
    NAMES,
    POSTS,
    SOMEBODY,
    newest,
)
from circlekit.testing.community.duties import Duties
from circlekit.testing.community.homework import Homeworks
from circlekit.testing.community.hosts import Wanted
from circlekit.testing.community.later import Later
from circlekit.testing.community.plain import (
    KIND,
    Attempt,
    Given,
    PlainCircle,
    PlainPost,
)
from circlekit.testing.community.topics import Topics
from circlekit.testing.machines.counting import Spent, in_one_window
from circlekit.testing.machines.machine import CAST, PEOPLE, a_wait, a_zone
from circlekit.testing.machines.waiting import MICROSECOND, Wait
from circlekit.testing.strategies import moments, rule_books
from circlekit.testing.telling import tell_verdict

_MEI, _TAO, _LIN = CAST
_STRANGER: Final = MemberId("a stranger")
_NOT_AT_ALL: Final = timedelta(0)
_MOST_PAGES: Final = 10_000

_ROLES: Final[SearchStrategy[VerifiedRole | None]] = st.sampled_from(
    (None, None, "student", "student", "teacher")
)
_OVERRIDES: Final = st.sampled_from((None, None, None, "flood warning"))
_ACTS: Final = st.sampled_from(
    ("must-see", "post", "comment", "read the feed", "a stranger posts")
)
_APART: Final = st.sampled_from(
    [timedelta(0)] * 2 + [timedelta(seconds=1), timedelta(hours=-1), timedelta(days=2)]
)
# With no more in them than a circle goes by, so that failures are short to read.
_SMALL_BOOKS: Final = rule_books().map(
    lambda book: RuleBook(
        name=book.name,
        must_see=book.must_see,
        must_see_reminders=book.must_see_reminders,
        group_capacity=book.group_capacity,
        homework_kinds=book.homework_kinds,
    )
)
_THREE_SMALL_BOOKS: Final = st.tuples(*[_SMALL_BOOKS] * len(NAMES))
_NO_BOOK: Final = st.none()


def _books() -> SearchStrategy[tuple[RuleBook, ...] | None]:
    return st.runner().flatmap(
        lambda machine: _THREE_SMALL_BOOKS if machine.rule_book is None else _NO_BOOK
    )


def _one_book() -> SearchStrategy[RuleBook | None]:
    return st.runner().flatmap(
        lambda machine: _SMALL_BOOKS if machine.rule_book is None else _NO_BOOK
    )


class _BrokenOffError(Exception):
    """
    A host's own trouble in the middle of a batch.
    """


class CommunityMachine(Coming, Duties, Homeworks, Later, Topics):
    """
    Drive circles, people and posts through two hosts on one store.

    The hosts' clocks may differ, and jump; hosts are stopped and started again;
    commands come twice, at once, and in batches that are broken off. Whatever is
    answered must be what the model says: allowed exactly when no rule of the book
    stands in the way, and refused by exactly those that do. Feeds, inboxes, homework,
    memberships, quotas and the audit must come to the same as the model.

    A subclass may look at all this in rules and invariants of its own; to write is
    for the machine's own rules, or the model will not know of it.

    Attributes:
        rule_book: The numbers to go by; None draws small ones at random.

        policies: The host's own policies, which the rule book names.

        zones: The zones to draw from.

        store_url: Where the store is. ``{folder}`` stands for a new folder in each
            run; with ``sqlite://``, in memory, both hosts are one.

        community: What has happened, by the model.

        hosts: The kits; each rule picks one.

        clock: The moment it is for the first host, UTC.
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """
        Leave out how Hypothesis explains a failure.

        Before Python 3.12 it traces every line for that, and a failure takes minutes
        to become small. Whoever wants it asks for it in ``TestCase.settings``.
        """
        super().__init_subclass__(**kwargs)
        case = cls.TestCase
        phases = [it for it in case.settings.phases if it is not Phase.explain]
        case.settings = settings(case.settings, phases=phases)

    @initialize(
        zones=st.tuples(a_zone(), a_zone(), a_zone()),
        books=_books(),
        at=moments(),
        apart=_APART,
        settled=st.sampled_from((False, True, True)),
    )
    def begin(
        self,
        zones: tuple[str, ...],
        books: tuple[RuleBook, ...] | None,
        at: datetime,
        apart: timedelta,
        *,
        settled: bool,
    ) -> None:
        """
        Start the hosts; circles are founded, and settled, when first spoken of.
        """
        self.clock = at
        self.zone_of = dict(zip(NAMES, zones, strict=True))
        given = (self.rule_book,) * len(NAMES) if books is None else books
        self.book_of = dict(zip(NAMES, given, strict=True))
        self.settled = settled
        self.start(apart)

    @rule(wait=a_wait(), circle=CIRCLES)
    def time_passes(self, wait: Wait, circle: CircleId) -> None:
        """
        Move the hosts' clocks, sometimes back.
        """
        self.wait(wait, self.zone_of[circle])

    @rule(host=HOSTS)
    def restart(self, host: int) -> None:
        """
        Stop a host and start it again.
        """
        self.start_again(host)

    # People.

    @rule(circle=CIRCLES, member=PEOPLE, host=HOSTS, role=_ROLES)
    def join(
        self,
        circle: CircleId,
        member: MemberId,
        host: int,
        role: VerifiedRole | None = None,
    ) -> None:
        """
        Let somebody in, perhaps in a verified role, and into the group if it has room.
        """
        it = self._founded(circle, host)
        against = {
            **it.shut(),
            "already-a-member": member in it.people,
            "by-application": it.book.community_joining == "application",
        }
        command = self.command("join_circle", circle, member, verified_role=role)
        self._comes_in(it, member, host, command, against, verified=role)

    @rule(circle=CIRCLES, member=PEOPLE, host=HOSTS)
    def leave(self, circle: CircleId, member: MemberId, host: int) -> None:
        """
        Let a member go.
        """
        it = self._founded(circle, host)
        against = {
            "not-a-member": member not in it.people,
            "owner-stays": it.owns(member),
        }
        at = self.at(it, host)
        command = self.command("leave_circle", circle, member)
        if self.ask(host, it, command, Wanted(at, against)):
            self._went(it, member, at)

    @rule(circle=CIRCLES, member=PEOPLE, by=SOMEBODY, host=HOSTS)
    def remove_member(
        self, circle: CircleId, member: MemberId, by: MemberId | None, host: int
    ) -> None:
        """
        Take a member out.
        """
        it, by = self._who(circle, by, host)
        against = {
            "not-a-manager": not it.runs(by),
            "not-a-member": member not in it.people,
            "owner-stays": it.owns(member),
            "not-the-owner": it.people.get(member) == "manager" and not it.owns(by),
        }
        at = self.at(it, host)
        command = self.command("remove_member", circle, member, by=by)
        if self.ask(host, it, command, Wanted(at, against)):
            self._went(it, member, at)

    @rule(circle=CIRCLES, member=PEOPLE, by=SOMEBODY, host=HOSTS)
    def appoint_manager(
        self, circle: CircleId, member: MemberId, by: MemberId | None, host: int
    ) -> None:
        """
        Make a member a manager.
        """
        it, by = self._who(circle, by, host)
        against = {
            "not-the-owner": not it.owns(by),
            "not-a-member": member not in it.people,
            "already-a-manager": it.runs(member),
            **it.shut(),
        }
        at = self.at(it, host)
        command = self.command("appoint_manager", circle, member, by=by)
        if self.ask(host, it, command, Wanted(at, against)):
            it.people[member] = "manager"
            self._carried_out(it, at)

    @rule(circle=CIRCLES, member=PEOPLE, by=SOMEBODY, host=HOSTS)
    def hand_over(
        self, circle: CircleId, member: MemberId, by: MemberId | None, host: int
    ) -> None:
        """
        Hand a circle over; what was used of its quota stays used.
        """
        it, by = self._who(circle, by, host)
        against = {
            "not-the-owner": not it.owns(by),
            "not-a-member": member not in it.people,
            "already-the-owner": it.owns(member),
        }
        at = self.at(it, host)
        command = self.command("hand_over_circle", circle, member, by=by)
        if self.ask(host, it, command, Wanted(at, against)):
            it.people[by], it.people[member] = "member", "owner"
            self._carried_out(it, at)

    @rule(circle=CIRCLES, member=PEOPLE, by=SOMEBODY, host=HOSTS)
    def grant_override(
        self, circle: CircleId, member: MemberId, by: MemberId | None, host: int
    ) -> None:
        """
        Give the right to go beyond the quota.
        """
        it, by = self._who(circle, by, host)
        against = {
            "not-the-owner": not it.owns(by),
            "not-a-member": member not in it.people,
            "already-granted": member in it.may_override,
            **it.shut(),
        }
        at = self.at(it, host)
        command = self.command("grant_override", circle, member, by=by)
        if self.ask(host, it, command, Wanted(at, against)):
            it.may_override.append(member)
            self._carried_out(it, at)

    @rule(circle=CIRCLES, book=_one_book(), by=SOMEBODY, host=HOSTS)
    def adopt_rule_book(
        self, circle: CircleId, book: RuleBook | None, by: MemberId | None, host: int
    ) -> None:
        """
        Go by other numbers, or by the same ones again.
        """
        it, by = self._who(circle, by, host)
        book = book or it.book
        at = self.at(it, host)
        command = self.command("adopt_rule_book", circle, book, by=by)
        against = {"not-the-owner": not it.owns(by), **it.shut()}
        if self.ask(host, it, command, Wanted(at, against)):
            self._carried_out(it, at)
            it.adopted(book)

    # Posts.

    @rule(circle=CIRCLES, by=SOMEBODY, host=HOSTS)
    def publish(self, circle: CircleId, by: MemberId | None, host: int) -> None:
        """
        Publish a post.
        """
        it, by = self._who(circle, by, host)
        at, place = self.at(it, host), it.length + 1
        against = {"not-a-member": by not in it.people, **it.shut()}
        command = self.command("publish_post", circle, by=by, text="Meet")
        wanted = Wanted(at, against, due=PostId(circle, place), act="post")
        if self.ask(host, it, command, wanted):
            it.posts[place] = PlainPost(by, at, "Meet", self.community.order)
            self._carried_out(it, at)

    @rule(circle=CIRCLES, post=POSTS, by=SOMEBODY, host=HOSTS)
    def comment(
        self, circle: CircleId, post: int | None, by: MemberId | None, host: int
    ) -> None:
        """
        Comment on a post.
        """
        it, by = self._who(circle, by, host)
        place, at = _place(it, post), self.at(it, host)
        against = {
            **it.shut(),
            "not-a-member": by not in it.people,
            **it.not_there(place),
        }
        due = CommentId(circle, it.length + 1)
        about = PostId(circle, place)
        command = self.command("add_comment", about, by=by, text="Yes")
        wanted = Wanted(at, against, due=due, act="comment")
        if self.ask(host, it, command, wanted):
            it.posts[place].comments += 1
            self._carried_out(it, at)

    @rule(circle=CIRCLES, post=POSTS, by=SOMEBODY, host=HOSTS)
    def remove_post(
        self, circle: CircleId, post: int | None, by: MemberId | None, host: int
    ) -> None:
        """
        Take a post down; a must-see stays used.
        """
        it, by = self._who(circle, by, host)
        place, at = _place(it, post), self.at(it, host)
        found = it.posts.get(place)
        own = found is not None and found.author == by and by in it.people
        against = {
            **it.shut(),
            **it.not_there(place),
            "not-the-author": found is not None and not own and not it.runs(by),
        }
        command = self.command("remove_post", PostId(circle, place), by=by)
        if self.ask(host, it, command, Wanted(at, against)):
            it.posts[place].removed = True
            self._carried_out(it, at)

    @rule(circle=CIRCLES, post=POSTS, by=PEOPLE, host=HOSTS)
    def mark_read(
        self, circle: CircleId, post: int | None, by: MemberId, host: int
    ) -> None:
        """
        Read a post.
        """
        it = self._founded(circle, host)
        place = _place(it, post)
        against = {"not-a-member": by not in it.people, **it.not_there(place)}
        command = self.command("mark_read", PostId(circle, place), by=by)
        if self.ask(host, None, command, Wanted(self.now(host), against)):
            it.posts[place].read_by.append(by)
            self._has_read(by, host)

    @rule(circle=CIRCLES, post=POSTS, by=PEOPLE, host=HOSTS)
    def acknowledge(
        self, circle: CircleId, post: int | None, by: MemberId, host: int
    ) -> None:
        """
        Confirm having seen a must-see.
        """
        it = self._founded(circle, host)
        place = _place(it, post)
        found = it.posts.get(place)
        against = {
            "not-a-member": by not in it.people,
            "not-a-must-see": found is None or found.must_see_at is None,
            "already-acknowledged": found is not None and by in found.acknowledged_by,
        }
        command = self.command("acknowledge", PostId(circle, place), by=by)
        if self.ask(host, None, command, Wanted(self.now(host), against)):
            it.posts[place].acknowledged_by.append(by)
            it.posts[place].read_by.append(by)
            self._has_read(by, host)

    # Must-sees.

    @rule(wait=a_wait(), circle=CIRCLES, by=SOMEBODY, override=_OVERRIDES, host=HOSTS)
    def send_must_see(
        self,
        wait: Wait,
        circle: CircleId,
        by: MemberId | None,
        override: str | None,
        host: int,
    ) -> None:
        """
        Wait, then publish a must-see.
        """
        self.time_passes(wait, circle)
        it, by = self._who(circle, by, host)
        command = self.command(
            "send_must_see", circle, by=by, text="Now", override=override
        )
        self._sent(it, host, self.give(host, command))

    @rule(waits=st.lists(a_wait(), min_size=1, max_size=6), circle=CIRCLES, host=HOSTS)
    def send_must_sees(self, waits: list[Wait], circle: CircleId, host: int) -> None:
        """
        Send several, the two hosts in turn, waiting before each.
        """
        for number, wait in enumerate(waits):
            self.send_must_see(wait, circle, None, None, (host + number) % 2)

    @rule(
        wait=a_wait(),
        circle=CIRCLES,
        post=POSTS,
        by=SOMEBODY,
        override=_OVERRIDES,
        host=HOSTS,
    )
    def promote(
        self,
        wait: Wait,
        circle: CircleId,
        post: int | None,
        by: MemberId | None,
        override: str | None,
        host: int,
    ) -> None:
        """
        Wait, then make a must-see of a post that is there.
        """
        self.time_passes(wait, circle)
        it, by = self._who(circle, by, host)
        about = PostId(circle, _place(it, post))
        command = self.command("promote_to_must_see", about, by=by, override=override)
        self._sent(it, host, self.give(host, command), about.version)

    @rule(circle=CIRCLES, times=st.integers(2, 8), host=HOSTS)
    def send_as_soon_as_allowed(self, circle: CircleId, times: int, host: int) -> None:
        """
        Send again and again, each time when there is said to be room, and before.
        """
        for number in range(times):
            which = (host + number) % 2
            self._wait_for_room(circle, which)
            self.send_must_see(-MICROSECOND, circle, None, None, which)
            self.send_must_see(MICROSECOND, circle, None, None, which)

    @rule(circle=CIRCLES, before=st.integers(0, 6))
    def send_the_last_at_once(self, circle: CircleId, before: int) -> None:
        """
        Send some, wait until there is room for another, and let both hosts ask.
        """
        for _ in range(before):
            self._wait_for_room(circle, 0)
            self.send_must_see(_NOT_AT_ALL, circle, None, None, 0)
        self._wait_for_room(circle, 0)
        it, by = self._who(circle, None, 0)
        together = Barrier(2)

        def give(host: int) -> Given:
            together.wait()
            return self.give(host, commands[host])

        ids = [f"{self.ids} by host {host}" for host in range(2)]
        commands = [
            self.command("send_must_see", circle, by=by, text="Now", command_id=id_)
            for id_ in ids
        ]
        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(give, range(2)))
        # One was first; the model hears of them in the order of the history.
        for host in sorted(range(2), key=lambda host: self._position(answers[host])):
            self._sent(it, host, answers[host])

    # Commands that come again, and several in one.

    @rule(back=st.integers(0, 5), host=HOSTS)
    def resend(self, back: int, host: int) -> None:
        """
        Give an earlier command again: the same answer, and nothing written.
        """
        if back >= len(self.community.given):
            return
        first = self.community.given[-1 - back]
        before = self.kit(host).newest_position()
        again = self.give(host, first)
        if again != first:
            self.fail(
                f"{first}\nwas answered\n{_answer(first)}\n"
                f"and, when it came again,\n{_answer(again)}"
            )
        if self.kit(host).newest_position() != before:
            self.fail(f"{first}\ncame again, and something was written")

    @rule(
        circle=CIRCLES,
        acts=st.lists(st.tuples(_ACTS, SOMEBODY), min_size=1, max_size=4),
        breaks_off=st.booleans(),
        host=HOSTS,
    )
    def several_in_one(
        self,
        circle: CircleId,
        acts: list[tuple[str, MemberId | None]],
        *,
        breaks_off: bool,
        host: int,
    ) -> None:
        """
        Do several things in one batch: all that is allowed, or, broken off, none.
        """
        before = deepcopy(self.community)
        with suppress(_BrokenOffError), self.kit(host).batch():
            for act, by in acts:
                self._act(act, circle, by, host)
            if breaks_off:
                self.community = before
                raise _BrokenOffError

    # What people read.

    @rule(member=PEOPLE, host=HOSTS)
    def read_the_feed(self, member: MemberId, host: int) -> None:
        """
        Read a whole feed, page by page, and the list of one's circles.
        """
        kit = self.kit(host)
        expected = self.community.feed(member)
        actual = list(_pages(partial(kit.feed, member, limit=3)))
        if actual != expected:
            self.fail(
                f"the feed of {member} holds by the model\n{_told(expected)}\n"
                f"and by host {host}\n{_told(actual)}",
            )
        entries = self.community.entries(member)
        if kit.circles(member) != entries:
            self.fail(
                f"{member} is by the model in {entries}, "
                f"and by host {host} in {kit.circles(member)}"
            )

    @rule(circle=CIRCLES, host=HOSTS)
    def read_the_quota(self, circle: CircleId, host: int) -> None:
        """
        Ask what is used and left of each budget.
        """
        it = self._founded(circle, host)
        at = self.at(it, host)
        quota = self.kit(host).quota(circle=circle)
        actual = [(line.rule, line.used, line.left, line.limit) for line in quota.lines]
        expected = [
            (budget.rule, used, max(0, budget.limit - used), budget.limit)
            for budget, used in zip(it.book.must_see, it.used(at), strict=True)
        ]
        if (quota.at, actual) != (at, expected):
            self.fail(
                f"used, left and allowed at {at} are by the model {expected}, "
                f"and by host {host} at {quota.at} {actual}",
                it,
            )

    @rule(host=HOSTS)
    def read_the_audit(self, host: int) -> None:
        """
        Audit all circles: every attempt is accounted for, and nothing is wrong.
        """
        expected = self.community.audit()
        actual = self.kit(host).audit_must_sees()
        if actual != expected:
            self.fail(
                f"an audit comes by the model to\n  {expected}\n"
                f"and by host {host} to\n  {actual}"
            )

    def check_everything(self, host: int) -> None:
        """
        Compare all that a host can be asked with the model.
        """
        for member in (*CAST, _STRANGER):
            self.read_the_feed(member, host)
            self.look_into_the_inbox(member, host)
            self.look_at_the_homework(member, host)
        for circle, it in self.community.circles.items():
            self.read_the_quota(circle, host)
            self._check_history(it, host)
        self.read_the_audit(host)

    def _check_history(self, it: PlainCircle, host: int) -> None:
        history = list(self.kit(host).history(it.id))
        sent = [
            Spent(one.event.at, one.version, one.event.override is not None)
            for one in history
            if isinstance(one.event, MustSeeSent)
        ]
        if (len(history), sent) != (it.length, it.sent):
            self.fail(
                f"by the model these of {it.length} events are must-sees: {it.sent}", it
            )
        # Counted again from the history alone: no window holds more than it may.
        for last in sent:
            *_, book = (book for since, book in it.books if since < last.place)
            waited = last.place in it.promised
            for budget in () if last.beyond or waited else book.must_see:
                held = [
                    one.place
                    for one in sent
                    if one.place <= last.place
                    and in_one_window(budget, it.zone, one.at, last.at)
                ]
                if len(held) > budget.limit:
                    self.fail(f"{budget.rule} is overdrawn by the events at {held}", it)

    # What all this is made of.

    def _who(
        self, circle: CircleId, by: MemberId | None, host: int
    ) -> tuple[PlainCircle, MemberId]:
        it = self._founded(circle, host)
        return it, by or it.owner

    def _founded(self, name: CircleId, host: int) -> PlainCircle:
        if name in self.community.circles:
            return self.community.circles[name]
        at, zone = self.now(host), self.zone_of[name]
        book = self.book_of[name] or RuleBook(name="none")
        command = self.command(
            "found_circle",
            name=name,
            kind=KIND,
            by=_MEI,
            zone=zone,
            rules=book,
            circle=name,
        )
        self.ask(host, None, command, Wanted(at, {}, due=name))
        it = PlainCircle(name, zone, [(2, book)], at, at, at, chat=[_MEI])
        it.came_in(_MEI, "owner", at, self.community.order)
        self.community.circles[name] = it
        if self.settled:
            self.join(name, _TAO, host)
            self.join(name, _LIN, host, "student")
            self.appoint_manager(name, _TAO, None, host)
            self.grant_override(name, _TAO, None, host)
            self.publish(name, None, host)
        return it

    def _carried_out(self, it: PlainCircle, at: datetime, events: int = 1) -> None:
        it.length += events
        it.last_at = at
        self.community.order += 1

    def _has_read(self, by: MemberId, host: int) -> None:
        at = self.community.read_at.get(by, EPOCH)
        self.community.has_read(by, max(self.now(host), at))

    def _went(self, it: PlainCircle, member: MemberId, at: datetime) -> None:
        if member in it.chat:
            it.chat_at = max(at, it.chat_at)
        it.went(member, self.community.order)
        self._carried_out(it, at)

    def _sent(
        self, it: PlainCircle, host: int, given: Given, post: int | None = None
    ) -> None:
        by, override = given.kwargs["by"], given.kwargs.get("override")
        wanted = self._may_send(it, host, by, override, post)
        attempt = Attempt(
            circle=it.id, by=by, override=override, allowance=it.allowance
        )
        if not self.judge(it, given, wanted):
            self.community.attempts.append(
                evolve(attempt, at=it.refused_at, rules=given.verdict.rules)
            )
            return
        at, events = wanted.at, 1
        if post is None:
            post, events = it.length + 1, 2
            it.posts[post] = PlainPost(by, at, "Now", self.community.order)
        it.posts[post].must_see_at = at
        it.posts[post].must_see_order = self.community.order
        self._carried_out(it, at, events)
        it.sent.append(Spent(at, it.length, override is not None))
        if override is not None:
            it.overridden(it.length)
        self.community.attempts.append(evolve(attempt, at=at, place=it.length))

    def _may_send(
        self,
        it: PlainCircle,
        host: int,
        by: MemberId,
        override: str | None,
        post: int | None,
    ) -> Wanted:
        against = it.shut()
        if post is not None:
            found = it.posts.get(post)
            against |= it.not_there(post)
            against["already-a-must-see"] = (
                found is not None and found.must_see_at is not None
            )
        wanted = Wanted(
            self.at(it, host),
            against,
            due=PostId(it.id, it.length + 1) if post is None else None,
        )
        if override is not None:
            against["no-override-right"] = by not in it.may_override
            return wanted
        against["not-a-manager"] = not it.runs(by)
        return evolve(wanted, act="must-see", budgets=it.book.must_see)

    def _wait_for_room(self, circle: CircleId, host: int) -> None:
        it, by = self._who(circle, None, host)
        ask = self.kit(host).would_allow
        again = ask("send_must_see", circle, by=by, text="Now").retry_at
        if again is not None:
            self.wait(again - self.now(host), it.zone)

    def _position(self, given: Given) -> int:
        became = self.kit(0).became_of(given.kwargs["command_id"])
        if not became:
            self.fail(f"{given}\nhas left nothing behind")
        return became[0].position if became else 0

    def _act(self, act: str, circle: CircleId, by: MemberId | None, host: int) -> None:
        match act:
            case "must-see":
                self.send_must_see(_NOT_AT_ALL, circle, by, None, host)
            case "post":
                self.publish(circle, by, host)
            case "comment":
                self.comment(circle, 0, by, host)
            case "a stranger posts":
                self.publish(circle, _STRANGER, host)
            case _:
                self.read_the_feed(_MEI, host)


def _place(it: PlainCircle, back: int | None) -> int:
    return newest(it.posts, back)


def _pages(read: Callable[..., FeedPage]) -> Iterator[FeedItem]:
    cursor = None
    for _ in range(_MOST_PAGES):
        page = read(after=cursor)
        yield from page.items
        if page.next is None:
            return
        cursor = page.next


def _told(items: Sequence[FeedItem]) -> str:
    return "\n".join(f"  {item}" for item in items) or "  nothing"


def _answer(given: Given) -> str:
    return tell_verdict(given.verdict) + (f" {given.result}" if given.result else "")
