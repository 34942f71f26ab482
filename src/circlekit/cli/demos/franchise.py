"""
A year of a franchise: circles with its partners, and what each has to approve.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from functools import partial
from itertools import count
from typing import ClassVar, Final

from attrs import Factory, define, field

from circlekit.cli.demos.telling import Check, Life, oclock
from circlekit.ids import ApprovalId, PostId
from circlekit.projections.approvals import STATES, ApprovalState

BRAND: Final = "tea-house"
OWNER: Final = "mei"
CIRCLES: Final = ("openings", "suppliers", "campaigns")


@define
class _Form:
    """
    An approval, as the script knows it.

    Attributes:
        waiting: Who still has to decide, in order.
    """

    id: ApprovalId
    circle: str
    by: str
    waiting: list[str]
    parallel: bool
    due: datetime
    state: ApprovalState = "open"
    decisions: int = 0

    def may_decide(self, member: str, now: datetime) -> bool:
        """
        Return whether it is somebody's turn.
        """
        if self.state != "open" or now >= self.due or member not in self.waiting:
            return False
        return self.parallel or self.waiting[0] == member


@define
class Franchise:
    """
    Business circles of a brand with the organisations that run its shops.

    Attributes:
        partners: How many organisations there are beside the brand's own.

        weeks: How long a year is.
    """

    name: ClassVar[str] = "franchise"
    title: ClassVar[str] = "Living through a franchise's year"

    partners: int = 30
    weeks: int = 52
    of: dict[str, str] = Factory(dict)
    members: dict[str, list[str]] = Factory(dict)
    forms: dict[ApprovalId, _Form] = Factory(dict)
    posts: Counter[str] = Factory(Counter)
    must_sees: dict[PostId, set[str]] = Factory(dict)
    _numbers: "count[int]" = field(factory=count)

    def begins(self) -> date:
        """
        Return New Year's Day.
        """
        return date(2020, 1, 1)

    def ends(self) -> date:
        """
        Return the day after the last week.
        """
        return self.begins() + timedelta(weeks=self.weeks)

    def numbers(self) -> Mapping[str, int]:
        """
        Return how much of everything there was.
        """
        return {
            "circles": len(CIRCLES),
            "partners": self.partners,
            "people": len(self.of),
            "approvals": len(self.forms),
            "posts": self.posts.total(),
            "must-sees": len(self.must_sees),
        }

    # Who is there.

    def settle(self, life: Life) -> None:
        """
        Found the circles, and have the partners' people come by invitation.
        """
        kit = life.kit
        self.of[OWNER] = BRAND
        for number in range(4):
            self.of[f"{BRAND}-{number}"] = BRAND
        for partner in range(self.partners):
            for number in range(3):
                self.of[f"shop-{partner + 1:02}-{number}"] = f"shop-{partner + 1:02}"
        for place, circle in enumerate(CIRCLES):
            kit.found_circle(
                name=circle.title(), kind="business", by=OWNER, circle=circle
            )
            kit.admit_partner(circle, BRAND, by=OWNER)
            self.members[circle] = [OWNER]
            for partner in range(self.partners):
                # Not everybody has to do with everything.
                if (partner + place) % 3:
                    kit.admit_partner(circle, f"shop-{partner + 1:02}", by=OWNER)
            for member, organisation in self.of.items():
                if member != OWNER and self._is_in(circle, organisation):
                    kit.join_circle(circle, member, staff_of=organisation)
                    self.members[circle].append(member)
            kit.appoint_manager(circle, f"{BRAND}-0", by=OWNER)

    def _is_in(self, circle: str, organisation: str) -> bool:
        if organisation == BRAND:
            return True
        number = int(organisation.removeprefix("shop-")) - 1
        return bool((number + CIRCLES.index(circle)) % 3)

    # What happens on a day.

    def day(self, life: Life, today: date) -> None:
        """
        Put what happens on a working day on the agenda.
        """
        if today.weekday() >= 5:  # noqa: PLR2004 - at the weekend shops only sell
            return
        for circle in CIRCLES:
            if life.chance.random() < 1 / 2:
                life.some_time(today, partial(self._post, life, circle))
            for _ in range(life.chance.choice((0, 1, 1, 2))):
                life.some_time(today, partial(self._ask, life, circle), last=17)
            if today.day in {2, 9, 10, 17, 24, 30}:
                life.at(oclock(today, 10), partial(self._announce, life, circle))
        life.at(oclock(today, 23), partial(self._close_the_day, life))

    def _post(self, life: Life, circle: str) -> None:
        by = life.chance.choice(self.members[circle])
        life.kit.publish_post(circle, by=by, text="How it sells here.")
        self.posts[circle] += 1

    def _announce(self, life: Life, circle: str) -> None:
        post = life.announce(circle, by=OWNER, text="New prices from Monday.")
        if post is None:
            return
        self.posts[circle] += 1
        self.must_sees[post] = set()
        for member in self.members[circle]:
            if life.chance.random() < 4 / 5:
                after = timedelta(seconds=life.chance.randrange(60, 48 * 3_600))
                confirm = partial(self._confirm, life, post, member)
                life.at(life.clock.now + after, confirm)

    def _confirm(self, life: Life, post: PostId, member: str) -> None:
        life.kit.acknowledge(post, by=member)
        self.must_sees[post].add(member)

    def _ask(self, life: Life, circle: str) -> None:
        chance, now = life.chance, life.clock.now
        by = chance.choice(self.members[circle])
        # Nobody attested of whom the owner is: they found the circle.
        others = [it for it in self.members[circle] if it not in {by, OWNER}]
        approvers = chance.sample(others, chance.choice((1, 2, 3)))
        parallel = chance.random() < 1 / 3
        due = now + timedelta(days=chance.choice((3, 7, 14)))
        id_ = life.kit.start_approval(
            circle,
            by=by,
            title="A sign above the door",
            steps=[(approver, self.of[approver]) for approver in approvers],
            parallel=parallel,
            due_at=due,
            approval=f"approval-{next(self._numbers)}",
        )
        self.forms[id_] = _Form(id_, circle, by, list(approvers), parallel, due)
        if chance.random() < 1 / 20:
            after = timedelta(hours=chance.randrange(1, 96))
            life.at(now + after, partial(self._withdraw, life, id_))
        for place, approver in enumerate(approvers, start=1):
            if chance.random() < 9 / 10:
                # Somebody who comes before their turn waits for it.
                hours = chance.uniform(1, 40) + (0 if parallel else 40 * place)
                after = timedelta(seconds=int(hours * 3_600))
                life.at(now + after, partial(self._decide, life, id_, approver))

    def _decide(self, life: Life, id_: ApprovalId, approver: str) -> None:
        form, now = self.forms[id_], life.clock.now
        approve = life.chance.random() < 9 / 10
        if not form.may_decide(approver, now):
            verdict = life.kit.would_allow(
                "decide_approval", id_, by=approver, approve=approve
            )
            if verdict.allowed:
                life.surprises.append(f"{now}: {approver} may decide {id_}")
            return
        life.kit.decide_approval(id_, by=approver, approve=approve)
        form.decisions += 1
        form.waiting.remove(approver)
        if not approve:
            form.state = "rejected"
        elif not form.waiting:
            form.state = "approved"

    def _withdraw(self, life: Life, id_: ApprovalId) -> None:
        form = self.forms[id_]
        if form.state == "open" and life.clock.now < form.due:
            life.kit.withdraw_approval(id_, by=form.by)
            form.state = "withdrawn"

    def _close_the_day(self, life: Life) -> None:
        now = life.clock.now
        over = {
            form.id
            for form in self.forms.values()
            if form.state == "open" and now >= form.due
        }
        for id_ in over:
            self.forms[id_].state = "expired"
        if over != set(life.kit.expire_approvals(by="evening-worker")):
            life.surprises.append(f"{now}: other approvals have expired")

    # What it came to.

    def look_back(self, life: Life) -> Iterable[Check]:
        """
        Hold what circlekit says against what the script counted.
        """
        now = life.clock.now
        for form in self.forms.values():
            if form.state == "open" and now >= form.due:
                form.state = "expired"
        yield self._states(life)
        yield Check(
            "decisions of each approval",
            {id_: form.decisions for id_, form in self.forms.items()},
            {id_: self._decisions(life, id_) for id_ in self.forms},
        )
        kit = life.kit
        yield Check(
            "acknowledgements of each must-see",
            {str(post): len(seen) for post, seen in self.must_sees.items()},
            {str(post): len(kit.acknowledgements(post)) for post in self.must_sees},
        )
        yield Check(
            "approvals in the inboxes",
            {member: self._waiting_for(member) for member in self.of},
            {
                member: len(kit.inbox(member, kinds=["approval"], limit=200).items)
                for member in self.of
            },
        )
        yield Check(
            "posts in the circles' feeds",
            {circle: self.posts[circle] for circle in CIRCLES},
            {circle: _items(life, circle) for circle in CIRCLES},
        )

    def _states(self, life: Life) -> Check:
        counted = Counter((form.circle, form.state) for form in self.forms.values())
        return Check(
            "approvals by circle and outcome",
            {
                f"{circle} {state}": counted[circle, state]
                for circle in CIRCLES
                for state in STATES
            },
            {
                f"{circle} {state}": _approvals(life, circle, state)
                for circle in CIRCLES
                for state in STATES
            },
        )

    @staticmethod
    def _decisions(life: Life, id_: ApprovalId) -> int:
        steps = life.kit.approval(id_).steps
        return sum(step.approved is not None for step in steps)

    def _waiting_for(self, member: str) -> int:
        return sum(
            member in (form.waiting if form.parallel else form.waiting[:1])
            for form in self.forms.values()
            if form.state == "open"
        )


def _approvals(life: Life, circle: str, state: ApprovalState) -> int:
    found, after = 0, None
    while True:
        page = life.kit.approvals(circle, state=state, after=after, limit=200)
        found += len(page.items)
        after = page.next
        if after is None:
            return found


def _items(life: Life, circle: str) -> int:
    found, after = 0, None
    while True:
        page = life.kit.feed(OWNER, circle=circle, after=after, limit=200)
        found += len(page.items)
        after = page.next
        if after is None:
            return found
