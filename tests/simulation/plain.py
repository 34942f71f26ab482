"""
What must come of every command, by plain dicts and lists.

Reads the stored bytes as JSON and counts by hand; asks nothing of the library.
"""

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from attrs import Factory, define, frozen

EARLY = datetime(1970, 1, 1, tzinfo=UTC)
OF_TODOS = {"complete_todo", "reopen_todo", "cancel_todo"}
OF_TOPICS = {"check_in", "close_topic"}
OF_HOMEWORK = {
    "submit_homework",
    "withdraw_homework",
    "grade_homework",
    "return_homework",
    "cancel_homework",
}
MARKS = {0, 1, 2, 3}


@frozen
class Numbers:
    """
    What a circle goes by.
    """

    zone: str
    month: int
    hours: int
    capacity: int


@frozen
class Happened:
    """
    One row of the log.
    """

    position: int
    stream: str
    version: int
    name: str
    at: datetime
    said: dict


@frozen
class Due:
    """
    What a command must come to: events, or a refusal by some rules.
    """

    rules: tuple[str, ...]
    events: tuple[tuple[str, str, datetime, dict], ...]


@define
class Waits:
    """
    A post or must-see that waits for its moment.

    Attributes:
        excused: Places of must-sees sent by override since, which it need not wait for.
    """

    at: datetime
    by: str
    text: str
    is_must_see: bool
    position: int
    excused: set[int] = Factory(set)


@define
class PlainTodo:
    """
    A to-do, and for each who was given it since when they have it to do, None if done.
    """

    circle: str
    title: str
    by: str
    parts: dict[str, tuple[datetime, int] | None] = Factory(dict)
    cancelled: bool = False


@define
class PlainTopic:
    """
    A topic, and what counts for each member and day: a check-in's place, and its post.
    """

    circle: str
    name: str
    kind: str
    by: str
    closed: bool = False
    counted: dict[tuple[str, str], tuple[int, int | None]] = Factory(dict)


@define
class Piece:
    """
    What one student has handed in, and the place of what was handed back last.
    """

    place: int
    marked: bool = False
    back: bool = False
    returned: int | None = None
    until: datetime | None = None

    @property
    def waits(self):
        """
        Return whether it waits for a mark.
        """
        return not self.marked and not self.back


@define
class PlainHomework:
    """
    Homework, and since when each has it to hand in; None if they need not.
    """

    circle: str
    title: str
    by: str
    closes: datetime | None
    to: dict[str, tuple[datetime, int] | None] = Factory(dict)
    pieces: dict[str, Piece] = Factory(dict)
    grading: tuple[datetime, int] | None = None
    cancelled: bool = False

    def closes_for(self, who):
        """
        Return from when on nothing of somebody's is taken in, None for never.
        """
        piece = self.pieces.get(who)
        return piece.until if piece and piece.returned else self.closes

    def duties(self, who, now):
        """
        Return since when somebody has it to hand in, and to grade, as of a moment.
        """
        since, closes = self.to.get(who), self.closes_for(who)
        if since is not None and (closes is None or now < closes):
            yield since, "homework"
        if self.grading is not None and self.by == who:
            yield self.grading, "grading"


@define
class PlainCircle:
    """
    A circle, its people and its posts.

    Attributes:
        sent: Every must-see: when, and at which place.

        pushed: When each post became a must-see, and at which position of the log.
    """

    numbers: Numbers
    people: dict[str, str] = Factory(dict)
    chat: set[str] = Factory(set)
    may_override: set[str] = Factory(set)
    posts: dict[int, Happened] = Factory(dict)
    removed: set[int] = Factory(set)
    comments: Counter[int] = Factory(Counter)
    sent: list[tuple[datetime, int]] = Factory(list)
    pushed: dict[int, tuple[datetime, int]] = Factory(dict)
    left: dict[str, int] = Factory(dict)
    closed: bool = False
    waiting: dict[int, Waits] = Factory(dict)
    names: dict[str, str] = Factory(dict)

    def runs(self, who):
        """
        Return whether somebody owns it or is a manager.
        """
        return self.people.get(who) in {"owner", "manager"}

    def owns(self, who):
        """
        Return whether somebody owns it.
        """
        return self.people.get(who) == "owner"

    def used(self, at):
        """
        Return how many must-sees a month and a rolling window hold, with those to come.
        """
        spent = [it for it, _ in self.sent]
        spent += [it.at for it in self.waiting.values() if it.is_must_see]
        before = [it for it in spent if it <= at and self.is_near(it, at)]
        after = [it for it in spent if it > at and self.is_near(it, at)]
        return (
            sum(self.same_month(it, at) for it in spent),
            len(before) or sum(it == min(after) for it in after),
        )

    def over_quota(self, at):
        """
        Return which budgets have no room for a must-see at a moment.
        """
        month, rolling = self.used(at)
        return {
            "must-see-month": month >= self.numbers.month,
            "must-see-spacing": rolling >= 1,
        }

    def same_month(self, one, other):
        """
        Return whether two moments are in one month of the circle's zone.
        """
        zone = ZoneInfo(self.numbers.zone)
        months = {f"{it.astimezone(zone):%Y-%m}" for it in (one, other)}
        return len(months) == 1

    def is_near(self, one, other):
        """
        Return whether two moments are too near to one another for two must-sees.
        """
        return abs(one - other) < timedelta(hours=self.numbers.hours)

    def finds_room(self, place, at):
        """
        Return whether a must-see that was promised its place is released now.
        """
        its = self.waiting[place]
        sent = [it for it, where in self.sent if where not in its.excused]
        others = [
            it.at
            for where, it in self.waiting.items()
            if it.is_must_see and where != place
        ]
        month = sum(self.same_month(it, at) for it in [*sent, *others])
        near = sum(self.is_near(it, at) for it in sent)
        return month < self.numbers.month and near < 1


@define
class Plain:
    """
    Everything that has happened so far.
    """

    numbers: dict[str, Numbers]
    circles: dict[str, PlainCircle] = Factory(dict)
    lengths: Counter[str] = Factory(Counter)
    last_at: dict[str, datetime] = Factory(lambda: defaultdict(lambda: EARLY))
    todos: dict[str, PlainTodo] = Factory(dict)
    topics: dict[str, PlainTopic] = Factory(dict)
    homework: dict[str, PlainHomework] = Factory(dict)
    read: set[tuple[str, str, int]] = Factory(set)
    acknowledged: set[tuple[str, str, int]] = Factory(set)

    def due(self, name, about, by, now):
        """
        Return what a command must come to now, None if it is about something unknown.

        Args:
            name: The command's.
            about: What it says: the circle, a member, a post, an override.
            by: Who gives it.
            now: The moment by the host's clock.
        """
        if not self.knows(name, about):
            return None
        it = self.circles.get(about["circle"])
        stream = self._decides(name, about, by)
        against = self._against(name, it, about, by, self._at(now, stream))
        rules = tuple(sorted(rule for rule, refuses in against.items() if refuses))
        if rules:
            beside = f"refused:{stream}"
            at = self._at(now, stream, beside)
            said = {"command": name, "by": by}
            return Due(rules, ((beside, "CommandRefused", at, said),))
        return Due((), tuple(self._events(name, it, about, by, now)))

    def knows(self, name, about):
        """
        Return whether what a command is about is there.
        """
        if name in OF_TODOS:
            return about["todo"] in self.todos
        if name in OF_TOPICS:
            return about["topic"] in self.topics
        if name in OF_HOMEWORK:
            return about["homework"] in self.homework
        return name == "found_circle" or about["circle"] in self.circles

    def released(self, club, place, now):
        """
        Return what releasing something must come to now, None if nothing happens.
        """
        it, stream = self.circles[club], f"circle/{club}"
        its, at = it.waiting.get(place), self._at(now, stream)
        if its is None or its.at > at:
            return None
        of = {"scheduled": place}
        against = ["circle-closed"] if it.closed else []
        if its.is_must_see and not it.runs(its.by):
            against.append("not-a-manager")
        if not its.is_must_see and its.by not in it.people:
            against.append("not-a-member")
        if against:
            beside = f"refused:{stream}"
            after = self._at(at, beside)
            skipped = {"command": "release_due", "by": its.by}
            return Due(
                (),
                (
                    (stream, "ScheduledDropped", at, of),
                    (beside, "CommandRefused", after, skipped),
                ),
            )
        if its.is_must_see and not it.finds_room(place, at):
            return None
        post = self.lengths[stream] + 2
        events = [
            (stream, "ScheduledReleased", at, {**of, "post": post}),
            (stream, "PostPublished", at, {"text": its.text, "by": its.by}),
        ]
        if its.is_must_see:
            events.append((stream, "MustSeeSent", at, {"post": post, "by": its.by}))
        return Due((), tuple(events))

    def overdue(self, now):
        """
        Return what is due by a clock, in no order.
        """
        return {
            f"{club}/{place}"
            for club, it in self.circles.items()
            for place, its in it.waiting.items()
            if its.at <= now
        }

    def inbox(self, member, now):
        """
        Return what somebody has to do at a moment, newest first.
        """
        found = []
        for club, it in self.circles.items():
            if member not in it.people:
                continue
            for post, since in it.pushed.items():
                known = (member, club, post) in self.acknowledged
                if post not in it.removed and not known:
                    title = it.posts[post].said["text"]
                    found.append((since, ("must-see", f"{club}/{post}", title)))
            for id_, todo in self.todos.items():
                since = todo.parts.get(member)
                here = todo.circle == club and not it.closed
                if here and since is not None and not todo.cancelled:
                    found.append((since, ("to-do", id_, todo.title)))
            for id_, its in self.homework.items():
                if its.circle == club and not it.closed and not its.cancelled:
                    for since, kind in its.duties(member, now):
                        found.append((since, (kind, id_, its.title)))
        return [duty for _, duty in sorted(found, reverse=True)]

    def feed(self, member):
        """
        Return what somebody's feed holds, in order.
        """
        found = []
        for club, it in self.circles.items():
            for place, post in it.posts.items():
                seen = member in it.people or post.position < it.left.get(member, 0)
                if place in it.removed or not seen:
                    continue
                known = (member, club, place)
                urgent = place in it.pushed and known not in self.acknowledged
                first = urgent and member in it.people
                item = (
                    f"{club}/{place}",
                    place in it.pushed,
                    known in self.acknowledged,
                    post.said["by"] != member and known not in self.read,
                    it.comments[place],
                )
                found.append(((first, post.at, post.position), item))
        return [item for _, item in sorted(found, reverse=True)]

    def take(self, row):
        """
        Take one row of the log in.
        """
        self.lengths[row.stream] += 1
        self.last_at[row.stream] = row.at
        kind, _, subject = row.stream.partition("/")
        said = row.said
        if kind == "reader":
            known = said["posts"] if row.name == "PostsRead" else [said["post"]]
            self.read |= {(subject, said["circle"], place) for place in known}
            if row.name == "MustSeeAcknowledged":
                self.acknowledged.add((subject, said["circle"], said["post"]))
        elif kind == "group":
            chat = self.circles[subject].chat
            if row.name == "GroupLeft":
                chat.discard(said["member"])
            elif row.name == "GroupJoined":
                chat.add(said["member"])
        elif kind == "circle":
            self._take_of_circle(subject, row, said)
        elif kind == "todo":
            self._take_of_todo(subject, row, said)
        elif kind == "topic":
            self._take_of_topic(subject, row, said)
        elif kind == "homework":
            self._take_of_homework(subject, row, said)
        elif kind == "topic-names":
            names = self.circles[subject].names
            taken = [it for it, topic in names.items() if topic == said["topic"]]
            for name in taken:
                del names[name]
            if row.name == "TopicNameTaken":
                names[said["name"].casefold()] = said["topic"]

    def _take_of_circle(self, club, row, said):
        if row.name == "CircleFounded":
            self.circles[club] = PlainCircle(self.numbers[club])
            self.circles[club].people[said["by"]] = "owner"
            return
        it = self.circles[club]
        match row.name:
            case "MemberJoined":
                it.people[said["member"]] = "member"
            case "MemberLeft" | "MemberRemoved":
                del it.people[said["member"]]
                it.may_override.discard(said["member"])
                it.left[said["member"]] = row.position
            case "ManagerAppointed":
                it.people[said["member"]] = "manager"
            case "OwnerChanged":
                it.people[said["by"]] = "member"
                it.people[said["owner"]] = "owner"
            case "OverrideGranted":
                it.may_override.add(said["member"])
            case "PostPublished":
                it.posts[row.version] = row
            case "PostRemoved":
                it.removed.add(said["post"])
            case "CommentAdded":
                it.comments[said["post"]] += 1
            case "MustSeeSent":
                it.sent.append((row.at, row.version))
                it.pushed[said["post"]] = row.at, row.position
                if said.get("override") is not None:
                    for its in it.waiting.values():
                        its.excused.add(row.version)
            case "CircleClosed" | "CircleReopened":
                it.closed = row.name == "CircleClosed"
            case "PostScheduled" | "MustSeeScheduled":
                it.waiting[row.version] = Waits(
                    datetime.fromisoformat(said["release_at"]),
                    said["by"],
                    said["text"],
                    row.name == "MustSeeScheduled",
                    row.position,
                )
            case "ScheduledCancelled" | "ScheduledReleased" | "ScheduledDropped":
                del it.waiting[said["scheduled"]]

    def _take_of_todo(self, id_, row, said):
        if row.name == "TodoAssigned":
            parts = dict.fromkeys(said["to"], (row.at, row.position))
            made = PlainTodo(said["circle"], said["title"], said["by"], parts)
            self.todos[id_] = made
            return
        it = self.todos[id_]
        match row.name:
            case "TodoDone":
                it.parts[said["by"]] = None
            case "TodoReopened":
                it.parts[said["member"]] = row.at, row.position
            case "TodoCancelled":
                it.cancelled = True

    def _take_of_topic(self, id_, row, said):
        if row.name == "TopicMade":
            kind = said.get("kind", "talk")
            made = PlainTopic(said["circle"], said["name"], kind, said["by"])
            self.topics[id_] = made
            return
        it = self.topics[id_]
        if row.name == "TopicClosed":
            it.closed = True
        elif said.get("counted", True):
            it.counted[said["by"], said["day"]] = row.version, said.get("post")

    def _take_of_homework(self, id_, row, said):
        now = row.at, row.position
        if row.name == "HomeworkAssigned":
            closes = said.get("late_until") and datetime.fromisoformat(
                said["late_until"]
            )
            made = PlainHomework(said["circle"], said["title"], said["by"], closes)
            made.to = dict.fromkeys(said["to"], now)
            self.homework[id_] = made
            return
        it = self.homework[id_]
        who = said.get("student", said["by"])
        piece = it.pieces.get(who)
        match row.name:
            case "HomeworkSubmitted":
                returned = piece and piece.returned
                until = piece and piece.until
                it.pieces[who] = Piece(row.version, returned=returned, until=until)
                it.to[who] = None
            case "HomeworkWithdrawn":
                if piece.returned:
                    piece.place, piece.back = piece.returned, True
                else:
                    del it.pieces[who]
                it.to[who] = now
            case "HomeworkGraded":
                piece.marked = True
            case "HomeworkReturned":
                piece.marked, piece.back, piece.returned = False, True, piece.place
                until = said.get("until")
                piece.until = until and datetime.fromisoformat(until)
                it.to[who] = now
            case "HomeworkCancelled":
                it.cancelled = True
        waits = any(its.waits for its in it.pieces.values())
        it.grading = (it.grading or now) if waits else None

    @staticmethod
    def _decides(name, about, by):
        if name in {"mark_read", "acknowledge"}:
            return f"reader/{by}"
        if name in OF_TODOS:
            return f"todo/{about['todo']}"
        if name in OF_TOPICS:
            return f"topic/{about['topic']}"
        if name in OF_HOMEWORK or name == "assign_homework":
            return f"homework/{about['homework']}"
        return f"circle/{about['circle']}"

    def _at(self, now, *streams):
        return max(now, *(self.last_at[stream] for stream in streams))

    def _against(self, name, it, about, by, at):
        if name == "found_circle":
            return {"already-founded": it is not None}
        member, post = about.get("member"), about.get("post")
        gone = {
            "unknown-post": post not in it.posts,
            "post-removed": post in it.removed,
        }
        if name in OF_TODOS or name == "assign_todo":
            return self._against_todo(name, it, about, by)
        if name in OF_TOPICS or name == "make_topic":
            return self._against_topic(name, it, about, by)
        if name in OF_HOMEWORK or name == "assign_homework":
            at = self._at(at, f"circle/{about['circle']}")
            return self._against_homework(name, it, about, by, at)
        joined = {"not-a-member": by not in it.people}
        open_ = {"circle-closed": it.closed}
        owner_only = {
            "not-the-owner": not it.owns(by),
            "not-a-member": member not in it.people,
        }
        match name:
            case "close_circle":
                return {**open_, "not-the-owner": not it.owns(by)}
            case "reopen_circle":
                return {"not-closed": not it.closed, "not-the-owner": not it.owns(by)}
            case "join_circle":
                return {**open_, "already-a-member": by in it.people}
            case "leave_circle":
                return {**joined, "owner-stays": it.owns(by)}
            case "remove_member":
                return {
                    "not-a-manager": not it.runs(by),
                    "not-a-member": member not in it.people,
                    "owner-stays": it.owns(member),
                    "not-the-owner": it.people.get(member) == "manager"
                    and not it.owns(by),
                }
            case "appoint_manager":
                return {**owner_only, **open_, "already-a-manager": it.runs(member)}
            case "hand_over_circle":
                return {**owner_only, "already-the-owner": it.owns(member)}
            case "grant_override":
                granted = member in it.may_override
                return {**owner_only, **open_, "already-granted": granted}
            case "publish_post":
                return {**joined, **open_}
            case "add_comment":
                return {**joined, **open_, **gone}
            case "mark_read":
                return {**joined, **gone}
            case "remove_post":
                own = post in it.posts and it.posts[post].said["by"] == by
                own = own and by in it.people
                free = post not in it.posts or own or it.runs(by)
                return {**gone, **open_, "not-the-author": not free}
            case "acknowledge":
                again = (by, about["circle"], post) in self.acknowledged
                return {
                    **joined,
                    "not-a-must-see": post not in it.pushed,
                    "already-acknowledged": again,
                }
            case "cancel_scheduled":
                its = it.waiting.get(about["scheduled"])
                own = its is not None and its.by == by and by in it.people
                free = its is None or own or it.runs(by)
                unknown = its is None
                return {
                    **open_,
                    "unknown-scheduled": unknown,
                    "not-the-author": not free,
                }
            case "schedule_post" | "schedule_must_see":
                when = datetime.fromisoformat(about["release_at"])
                past = {**open_, "not-in-the-future": when <= at}
                if name == "schedule_post":
                    return {**past, **joined}
                full = it.over_quota(when) if when > at else {}
                return {**past, **full, "not-a-manager": not it.runs(by)}
        if name == "send_must_see":
            gone = {}
        else:
            gone["already-a-must-see"] = post in it.pushed
        gone |= open_
        if about["override"] is not None:
            return {**gone, "no-override-right": by not in it.may_override}
        return {**gone, **it.over_quota(at), "not-a-manager": not it.runs(by)}

    def _against_todo(self, name, it, about, by):
        todo, who = self.todos.get(about["todo"]), about.get("member", by)
        runs = {"circle-closed": it.closed, "not-a-manager": not it.runs(by)}
        joined = {"circle-closed": it.closed, "not-a-member": by not in it.people}
        if name == "assign_todo":
            others = [one for one in about["to"] if one != by]
            there = all(one in it.people for one in others)
            may = joined if about["to"] == [by] else runs
            known = {"already-given": todo is not None}
            return {**may, **known, **({} if there else {"not-a-member": True})}
        may = joined if name == "complete_todo" or by in {who, todo.by} else runs
        if name == "cancel_todo":
            may = joined if by == todo.by else runs
        done = {one for one, since in todo.parts.items() if since is None}
        against = {**may, "to-do-cancelled": todo.cancelled}
        match name:
            case "complete_todo":
                against["not-assigned"] = by not in todo.parts
                against["already-done"] = by in done
            case "reopen_todo":
                against["not-assigned"] = who not in todo.parts
                against["not-done"] = who in todo.parts and who not in done
            case "cancel_todo":
                against["already-done"] = len(done) == len(todo.parts)
        return against

    def _against_topic(self, name, it, about, by):
        topic = self.topics.get(about["topic"])
        joined = {"circle-closed": it.closed, "not-a-member": by not in it.people}
        if name == "make_topic":
            named = it.names.get(about["name"].casefold(), about["topic"])
            return {
                **joined,
                "topic-exists": topic is not None,
                "topic-name-taken": named != about["topic"],
            }
        if name == "check_in":
            talk = topic.kind == "talk"
            closed = {"topic-closed": topic.closed}
            return {**joined, **closed, "not-a-check-in-topic": talk}
        runs = {"circle-closed": it.closed, "not-a-manager": not it.runs(by)}
        may = joined if by == topic.by else runs
        return {**may, "topic-closed": topic.closed}

    def _against_homework(self, name, it, about, by, at):
        its, student = self.homework.get(about["homework"]), about.get("student", by)
        there = {"circle-closed": it.closed, "not-a-member": by not in it.people}
        teaches = {**there, "not-a-teacher": not it.runs(by)}
        if name == "assign_homework":
            teaches["not-a-member"] |= any(who not in it.people for who in about["to"])
            past = datetime.fromisoformat(about["due_at"]) <= at
            return {
                **teaches,
                "homework-there": its is not None,
                "due-has-passed": past,
            }
        piece, closes = its.pieces.get(student), its.closes_for(student)
        goes_on = {"homework-cancelled": its.cancelled}
        nothing = {"nothing-handed-in": piece is None or piece.back}
        graded = {"already-graded": piece is not None and piece.marked}
        match name:
            case "submit_homework":
                closed = closes is not None and at >= closes
                mine = {"not-assigned": by not in its.to, "homework-closed": closed}
                return {**there, **goes_on, **mine, **graded}
            case "withdraw_homework":
                return {**there, **goes_on, **nothing, **graded}
            case "grade_homework":
                changed = piece is not None and about["submission"] not in {
                    None,
                    piece.place,
                }
                off = about["mark"] not in MARKS
                marks = {"submission-changed": changed, "mark-off-the-scale": off}
                return {**teaches, **goes_on, **nothing, **marks}
            case "return_homework":
                until = about["until"] and datetime.fromisoformat(about["until"])
                past = until is not None and until <= at
                return {**teaches, **goes_on, **nothing, "due-has-passed": past}
        return {**teaches, **goes_on}

    def _events(self, name, it, about, by, now):
        club, member = about["circle"], about.get("member")
        stream, chat = f"circle/{club}", f"group/{club}"
        at, both = self._at(now, stream), self._at(now, stream, chat)
        place = self.lengths[stream] + 1
        post = {"post": about.get("post"), "by": by}
        sent = {"override": about.get("override"), "by": by}
        reader, read_at = f"reader/{by}", self._at(now, f"reader/{by}")
        if name in OF_TODOS or name == "assign_todo":
            yield self._event_of_todo(name, about, by, now)
            return
        if name in OF_TOPICS or name == "make_topic":
            yield from self._events_of_topic(name, it, about, by, now)
            return
        if name in OF_HOMEWORK or name == "assign_homework":
            yield self._event_of_homework(name, about, by, now)
            return
        match name:
            case "found_circle":
                yield stream, "CircleFounded", both, {"by": by}
                yield stream, "RuleBookAdopted", both, {"by": by}
                yield stream, "GroupLinked", both, {"group": club, "by": by}
                yield chat, "GroupFounded", both, {"by": by}
                yield chat, "CircleLinked", both, {"circle": club}
                yield chat, "GroupJoined", both, {"member": by}
            case "join_circle":
                yield stream, "MemberJoined", both, {"member": by}
                if len(it.chat) < it.numbers.capacity:
                    yield chat, "GroupJoined", both, {"member": by}
                else:
                    beside = f"refused:{chat}"
                    full = self._at(both, beside)
                    yield beside, "CommandRefused", full, {"command": "join_group"}
            case "leave_circle" | "remove_member":
                gone = member or by
                what = "MemberRemoved" if member else "MemberLeft"
                yield stream, what, at, {"member": gone}
                if gone in it.chat:
                    yield chat, "GroupLeft", both, {"member": gone, "by": by}
            case "appoint_manager":
                yield stream, "ManagerAppointed", at, {"member": member, "by": by}
            case "hand_over_circle":
                yield stream, "OwnerChanged", at, {"owner": member, "by": by}
            case "grant_override":
                yield stream, "OverrideGranted", at, {"member": member, "by": by}
            case "close_circle":
                yield stream, "CircleClosed", at, {"by": by}
            case "reopen_circle":
                yield stream, "CircleReopened", at, {"by": by}
            case "schedule_post" | "schedule_must_see":
                what = "MustSee" if name == "schedule_must_see" else "Post"
                said = {"text": about["text"], "by": by}
                yield stream, f"{what}Scheduled", at, said
            case "cancel_scheduled":
                said = {"scheduled": about["scheduled"], "by": by}
                yield stream, "ScheduledCancelled", at, said
            case "publish_post":
                yield stream, "PostPublished", at, {"text": about["text"], "by": by}
            case "add_comment":
                yield stream, "CommentAdded", at, {"text": about["text"], **post}
            case "remove_post":
                yield stream, "PostRemoved", at, post
            case "send_must_see":
                yield stream, "PostPublished", at, {"text": about["text"], "by": by}
                yield stream, "MustSeeSent", at, {"post": place, **sent}
            case "promote_to_must_see":
                yield stream, "MustSeeSent", at, {**post, **sent}
            case "mark_read":
                said = {"circle": club, "posts": [about["post"]]}
                yield reader, "PostsRead", read_at, said
            case "acknowledge":
                said = {"circle": club, "post": about["post"]}
                yield reader, "MustSeeAcknowledged", read_at, said

    def _event_of_todo(self, name, about, by, now):
        stream = f"todo/{about['todo']}"
        at = self._at(now, stream)
        match name:
            case "assign_todo":
                given = {"circle": about["circle"], "title": about["title"]}
                return (
                    stream,
                    "TodoAssigned",
                    at,
                    {**given, "to": about["to"], "by": by},
                )
            case "complete_todo":
                return stream, "TodoDone", at, {"by": by}
            case "reopen_todo":
                return stream, "TodoReopened", at, {"member": about["member"], "by": by}
        return stream, "TodoCancelled", at, {"by": by}

    def _event_of_homework(self, name, about, by, now):
        stream = f"homework/{about['homework']}"
        at = self._at(now, stream, f"circle/{about['circle']}")
        if name == "assign_homework":
            said = {key: about[key] for key in ("circle", "title", "to")}
            return stream, "HomeworkAssigned", at, {**said, "by": by}
        its, student = self.homework[about["homework"]], about.get("student")
        piece = its.pieces.get(student)
        looked_at = {"student": student, "submission": piece and piece.place, "by": by}
        match name:
            case "submit_homework":
                return (
                    stream,
                    "HomeworkSubmitted",
                    at,
                    {"text": about["text"], "by": by},
                )
            case "withdraw_homework":
                return stream, "HomeworkWithdrawn", at, {"by": by}
            case "grade_homework":
                said = {"mark": about["mark"], "comment": about["comment"]}
                return stream, "HomeworkGraded", at, {**looked_at, **said}
            case "return_homework":
                return stream, "HomeworkReturned", at, looked_at
        return stream, "HomeworkCancelled", at, {"by": by}

    def _events_of_topic(self, name, it, about, by, now):
        topic, club = about["topic"], about["circle"]
        stream, around = f"topic/{topic}", f"circle/{club}"
        names, of = f"topic-names/{club}", {"topic": topic, "by": by}
        at = self._at(now, stream, around)
        if name == "check_in":
            post = None
            if about["text"]:
                post = self.lengths[around] + 1
                yield around, "PostPublished", at, {"text": about["text"], "by": by}
            day = f"{at.astimezone(ZoneInfo(it.numbers.zone)):%Y-%m-%d}"
            place, told = self.topics[topic].counted.get((by, day), (None, None))
            counts = place is None or told in it.removed
            said = {"day": day, "by": by, "used_by": [] if counts else [place]}
            yield stream, "CheckedIn", at, {**said, "counted": counts, "post": post}
            return
        at = max(at, self._at(now, names))
        if name == "make_topic":
            made = {"circle": club, "name": about["name"], "by": by}
            yield stream, "TopicMade", at, made
            yield names, "TopicNameTaken", at, {**of, "name": about["name"]}
        else:
            yield stream, "TopicClosed", at, {"by": by}
            yield names, "TopicNameFreed", at, of
