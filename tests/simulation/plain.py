"""
What must come of every command, by plain dicts and lists.

Reads the stored bytes as JSON and counts by hand; asks nothing of the library.
"""

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from attrs import Factory, define, frozen

EARLY = datetime(1970, 1, 1, tzinfo=UTC)


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
class PlainCircle:
    """
    A circle, its people and its posts.
    """

    numbers: Numbers
    people: dict[str, str] = Factory(dict)
    chat: set[str] = Factory(set)
    may_override: set[str] = Factory(set)
    posts: dict[int, Happened] = Factory(dict)
    removed: set[int] = Factory(set)
    comments: Counter[int] = Factory(Counter)
    sent: list[datetime] = Factory(list)
    must_sees: set[int] = Factory(set)
    left: dict[str, int] = Factory(dict)

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
        Return how many must-sees a month and a rolling window hold.
        """
        zone = ZoneInfo(self.numbers.zone)
        month = f"{at.astimezone(zone):%Y-%m}"
        span = timedelta(hours=self.numbers.hours)
        return (
            sum(f"{it.astimezone(zone):%Y-%m}" == month for it in self.sent),
            sum(at - it < span for it in self.sent),
        )


@define
class Plain:
    """
    Everything that has happened so far.
    """

    numbers: dict[str, Numbers]
    circles: dict[str, PlainCircle] = Factory(dict)
    lengths: Counter[str] = Factory(Counter)
    last_at: dict[str, datetime] = Factory(lambda: defaultdict(lambda: EARLY))
    read: set[tuple[str, str, int]] = Factory(set)
    acknowledged: set[tuple[str, str, int]] = Factory(set)

    def due(self, name, about, by, now):
        """
        Return what a command must come to now, None if its circle is unknown.

        Args:
            name: The command's.
            about: What it says: the circle, a member, a post, an override.
            by: Who gives it.
            now: The moment by the host's clock.
        """
        club = about["circle"]
        it = self.circles.get(club)
        if it is None and name != "found_circle":
            return None
        stream = f"circle/{club}"
        if name in {"mark_read", "acknowledge"}:
            stream = f"reader/{by}"
        against = self._against(name, it, about, by, self._at(now, stream))
        rules = tuple(sorted(rule for rule, refuses in against.items() if refuses))
        if rules:
            beside = f"refused:{stream}"
            at = self._at(now, stream, beside)
            said = {"command": name, "by": by}
            return Due(rules, ((beside, "CommandRefused", at, said),))
        return Due((), tuple(self._events(name, it, about, by, now)))

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
                urgent = place in it.must_sees and known not in self.acknowledged
                first = urgent and member in it.people
                item = (
                    f"{club}/{place}",
                    place in it.must_sees,
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
                it.sent.append(row.at)
                it.must_sees.add(said["post"])

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
        joined = {"not-a-member": by not in it.people}
        owner_only = {
            "not-the-owner": not it.owns(by),
            "not-a-member": member not in it.people,
        }
        match name:
            case "join_circle":
                return {"already-a-member": by in it.people}
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
                return {**owner_only, "already-a-manager": it.runs(member)}
            case "hand_over_circle":
                return {**owner_only, "already-the-owner": it.owns(member)}
            case "grant_override":
                return {**owner_only, "already-granted": member in it.may_override}
            case "publish_post":
                return joined
            case "add_comment" | "mark_read":
                return {**joined, **gone}
            case "remove_post":
                own = post in it.posts and it.posts[post].said["by"] == by
                own = own and by in it.people
                free = post not in it.posts or own or it.runs(by)
                return {**gone, "not-the-author": not free}
            case "acknowledge":
                again = (by, about["circle"], post) in self.acknowledged
                return {
                    **joined,
                    "not-a-must-see": post not in it.must_sees,
                    "already-acknowledged": again,
                }
        if name == "send_must_see":
            gone = {}
        else:
            gone["already-a-must-see"] = post in it.must_sees
        if about["override"] is not None:
            return {**gone, "no-override-right": by not in it.may_override}
        month, rolling = it.used(at)
        return {
            **gone,
            "not-a-manager": not it.runs(by),
            "must-see-month": month >= it.numbers.month,
            "must-see-spacing": rolling >= 1,
        }

    def _events(self, name, it, about, by, now):
        club, member = about["circle"], about.get("member")
        stream, chat = f"circle/{club}", f"group/{club}"
        at, both = self._at(now, stream), self._at(now, stream, chat)
        place = self.lengths[stream] + 1
        post = {"post": about.get("post"), "by": by}
        sent = {"override": about.get("override"), "by": by}
        reader, read_at = f"reader/{by}", self._at(now, f"reader/{by}")
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
