"""
Take in the history of another community, line by line, through the rules.

Every line becomes a command with an id made from the line itself, so an import
can be run again, or go on after it was cut short, and never adds anything twice.
Actors are joined on first sight; whoever announces is made a manager first, so
that the quota is what answers.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import blake2b
from typing import Final, Literal

import msgspec
from attrs import Factory, define, evolve

from circlekit.application import CircleKit
from circlekit.cli.lines import BadLine, Line, Numbered
from circlekit.clock import ManualClock
from circlekit.errors import (
    CirclekitError,
    CommandIdReusedError,
    InvalidInputError,
    NotFoundError,
)
from circlekit.events.circle import PostPublished
from circlekit.events.group import MessageSent
from circlekit.events.record import Recorded
from circlekit.events.refusal import CommandRefused
from circlekit.ids import CircleId, GroupId, MessageId, PostId
from circlekit.verdict import RefusedError

BATCH: Final = 500
OWNER: Final = "circlekit-import"
CircleBy = Literal["circle", "group"]

_ACCEPTED: Final = "accepted: a line as the import format describes it"


@define
class ImportReport:
    """
    What became of every line: each has exactly one outcome.

    Attributes:
        read: How many there were: the sum of the next four.

        recorded: Taken in by this run.

        repeated: Taken in by an earlier run, or by an equal line before.

        refused: Refused by rules, by the rules' names joined with ``+``.

        invalid: Not to be read, or not acceptable whatever the rules say.

        demoted: Announcements among the refused that became ordinary posts.
    """

    read: int = 0
    recorded: int = 0
    repeated: int = 0
    refused: Counter[str] = Factory(Counter)
    invalid: int = 0
    demoted: int = 0


@define
class Importer:
    """
    Takes lines into a kit whose clock it moves.

    Attributes:
        kit: The kit to take them into.

        clock: The kit's clock.

        circle_by: Whether a workspace is a circle and its channels are groups,
            or every channel is a circle of its own.

        zone: Zone of the circles it founds.
    """

    kit: CircleKit
    clock: ManualClock
    circle_by: CircleBy = "circle"
    zone: str = "Asia/Shanghai"
    report: ImportReport = Factory(ImportReport)
    _seen: set[tuple[str, ...]] = Factory(set)
    _sources: dict[GroupId, tuple[str, str | None]] = Factory(dict)
    _managers: set[tuple[str, str]] = Factory(set)

    def take_all(
        self,
        lines: Iterable[Numbered],
        *,
        complain: Callable[[str], None],
        progress: Callable[[int], None],
    ) -> ImportReport:
        """
        Take every line, some hundred in a transaction.

        Args:
            lines: The lines, in time order.
            complain: Told of each line that is invalid, and where it stands.
            progress: Told how much of the source is done after each batch.
        """
        for batch in _batches(lines):
            before = evolve(self.report, refused=Counter(self.report.refused))
            try:
                with self.kit.batch():
                    for numbered in batch:
                        self._count(numbered, complain)
            except BaseException:
                self.report = before
                raise
            progress(batch[-1].done)
        return self.report

    def _count(self, numbered: Numbered, complain: Callable[[str], None]) -> None:
        report = self.report
        report.read += 1
        if isinstance(numbered.line, BadLine):
            report.invalid += 1
            complain(f"{numbered.where}: {numbered.line.problem}; {_ACCEPTED}")
            return
        try:
            repeated = self._take(numbered.line)
        except RefusedError as refusal:
            report.refused["+".join(refusal.verdict.rules)] += 1
        except (InvalidInputError, CommandIdReusedError, UnicodeEncodeError) as error:
            report.invalid += 1
            complain(f"{numbered.where}: {error}")
        else:
            report.repeated += repeated
            report.recorded += not repeated

    def _take(self, line: Line) -> bool:
        """
        Carry out what a line says; return whether it had been before.
        """
        self.clock.now = line.at
        place = _Place.of(line, self.circle_by)
        command_id = _command_id(line)
        repeated = self.kit.became_of(command_id) is not None
        self._prepare(line, place)
        match line.action:
            case "message":
                self.kit.send_message(
                    place.group, by=line.actor, text=line.said, command_id=command_id
                )
            case "post":
                self._publish(line, place, command_id)
            case "announce":
                self._announce(line, place, command_id)
            case "comment":
                self._comment(line, place, command_id)
            case "react":
                self._react(line, place, command_id)
            case "pin":
                target = self._post(line, _named("post", line.post), place)
                self.kit.pin_post(target, by=line.actor, command_id=command_id)
            case "join":
                self._join(line, place, command_id)
            case "leave":
                self._leave(line, place, command_id)
        return repeated

    # What has to be there before a line can be carried out.

    def _prepare(self, line: Line, place: "_Place") -> None:
        self._keep_apart(line, place)
        self._once(("circle", place.circle), self._found, place)
        self._once(("group", place.group), self._link, place)
        if line.action == "join":
            if not place.is_bound:
                self._once(
                    ("in", place.circle, line.actor), self._bring_in, line, place
                )
            return
        self._once(("in", place.circle, line.actor), self._bring_in, line, place)
        if not place.is_bound:
            self._once(("in", place.group, line.actor), self._let_in, line, place)

    def _keep_apart(self, line: Line, place: "_Place") -> None:
        # "a" of "b/c" and "a/b" of "c" are two, and nobody may read in the other.
        source = (line.circle, line.group or None)
        first = self._sources.setdefault(place.group, source)
        if first != source:
            (one, channel), (other, others) = first, source
            said = f"{others!r} of {other!r} would be {str(place.group)!r}"
            problem = f"{said}, as {channel!r} of {one!r} is already"
            accepted = "names that stay apart when joined by /"
            raise InvalidInputError("group", problem, accepted)

    def _once(
        self, key: tuple[str, ...], do: Callable[..., None], *args: object
    ) -> None:
        if key not in self._seen:
            do(*args)
            self._seen.add(key)

    def _found(self, place: "_Place") -> None:
        command_id = _digest("circle", place.circle)
        if self.kit.became_of(command_id) is None and self._exists(place.circle):
            problem = f"{place.circle!r} is here already and no import made it"
            raise InvalidInputError("circle", problem, "a store without that circle")
        self.kit.found_circle(
            name=place.circle,
            kind="community",
            by=OWNER,
            zone=self.zone,
            circle=place.circle,
            command_id=command_id,
        )

    def _exists(self, circle: CircleId) -> bool:
        try:
            self.kit.quota(circle=circle)
        except NotFoundError:
            return False
        return True

    def _link(self, place: "_Place") -> None:
        if not place.is_bound:
            self.kit.link_group(
                place.circle,
                group=place.group,
                name=place.group,
                by=OWNER,
                command_id=_digest("group", place.group),
            )

    def _bring_in(self, line: Line, place: "_Place") -> None:
        self.kit.join_circle(
            place.circle,
            line.actor,
            command_id=_digest("in", place.circle, line.actor),
        )

    def _let_in(self, line: Line, place: "_Place") -> None:
        self.kit.join_group(
            place.group,
            line.actor,
            command_id=_digest("in", place.circle, place.group, line.actor),
        )

    # What a line says.

    def _join(self, line: Line, place: "_Place", command_id: str) -> None:
        if place.is_bound:
            self.kit.join_circle(place.circle, line.actor, command_id=command_id)
        else:
            self.kit.join_group(place.group, line.actor, command_id=command_id)
        self._seen.add(("in", place.circle, line.actor))
        self._seen.add(("in", place.group, line.actor))

    def _leave(self, line: Line, place: "_Place", command_id: str) -> None:
        if place.is_bound:
            self.kit.leave_circle(place.circle, line.actor, command_id=command_id)
            self._managers.discard((place.circle, line.actor))
        else:
            self.kit.leave_group(place.group, line.actor, command_id=command_id)

    def _publish(self, line: Line, place: "_Place", command_id: str) -> None:
        self.kit.publish_post(
            place.circle,
            by=line.actor,
            text=line.said,
            groups=None if place.is_bound else (place.group,),
            command_id=command_id,
        )

    def _announce(self, line: Line, place: "_Place", command_id: str) -> None:
        self._make_manager(line, place, command_id)
        try:
            self.kit.send_must_see(
                place.circle, by=line.actor, text=line.said, command_id=command_id
            )
        except RefusedError:
            # Its thread would otherwise have nothing to hang on.
            self._publish(line, place, f"{command_id}/demoted")
            self.report.demoted += 1
            raise

    def _make_manager(self, line: Line, place: "_Place", command_id: str) -> None:
        if (place.circle, line.actor) in self._managers:
            return
        try:
            self.kit.appoint_manager(
                place.circle,
                line.actor,
                by=OWNER,
                command_id=f"{command_id}/manager",
            )
        except RefusedError:  # they had left, and still announce
            self.kit.join_circle(
                place.circle, line.actor, command_id=f"{command_id}/back"
            )
            self.kit.appoint_manager(
                place.circle,
                line.actor,
                by=OWNER,
                command_id=f"{command_id}/manager-again",
            )
        self._managers.add((place.circle, line.actor))

    def _comment(self, line: Line, place: "_Place", command_id: str) -> None:
        target = self._target(line, line.in_reply_to)
        if isinstance(target, MessageId):
            self.kit.send_message(
                target.group,
                by=line.actor,
                text=line.said,
                reply_to=target,
                command_id=command_id,
            )
            return
        self.kit.add_comment(
            target or _nowhere(place),
            by=line.actor,
            text=line.said,
            command_id=command_id,
        )

    def _react(self, line: Line, place: "_Place", command_id: str) -> None:
        target = self._target(line, _named("post", line.post))
        if isinstance(target, MessageId):
            self.kit.react_to_message(
                target, line.said, by=line.actor, command_id=command_id
            )
            return
        self.kit.react(
            target or _nowhere(place), line.said, by=line.actor, command_id=command_id
        )

    def _post(self, line: Line, source_id: str, place: "_Place") -> PostId:
        target = self._target(line, source_id)
        return target if isinstance(target, PostId) else _nowhere(place)

    def _target(self, line: Line, source_id: str | None) -> PostId | MessageId | None:
        if source_id is None:
            return None
        made = _digest("said", line.circle, source_id)
        recorded = self.kit.became_of(made)
        if recorded is not None and _was_refused(recorded):
            recorded = self.kit.became_of(f"{made}/demoted")
        for it in recorded or ():
            match it.event:
                case PostPublished():
                    return PostId(CircleId(it.subject), it.version)
                case MessageSent():
                    return MessageId(GroupId(it.subject), it.version)
        return None


def _batches(lines: Iterable[Numbered]) -> Iterator[list[Numbered]]:
    batch: list[Numbered] = []
    try:
        for numbered in lines:
            batch.append(numbered)
            if len(batch) == BATCH:
                yield batch
                batch = []
    except CirclekitError:  # the source breaks off: what came before it counts
        if batch:
            yield batch
        raise
    if batch:
        yield batch


@define
class _Place:
    """
    Where in the kit a line belongs.
    """

    circle: CircleId
    group: GroupId

    @property
    def is_bound(self) -> bool:
        return str(self.circle) == str(self.group)

    @classmethod
    def of(cls, line: Line, circle_by: CircleBy) -> "_Place":
        inner = f"{line.circle}/{line.group}" if line.group else line.circle
        circle = line.circle if circle_by == "circle" else inner
        return cls(CircleId(circle), GroupId(inner))


def _nowhere(place: _Place) -> PostId:
    # No event stands at place 0: the rules will say that the post is not there.
    return PostId(place.circle, 0)


def _named(field: str, value: str | None) -> str:
    if value is None:
        raise InvalidInputError(field, "is not said", "the id of the line it is about")
    return value


def _was_refused(recorded: Sequence[Recorded]) -> bool:
    return len(recorded) == 1 and isinstance(recorded[0].event, CommandRefused)


def _command_id(line: Line) -> str:
    if line.action in {"message", "post", "comment", "announce"}:
        return _digest("said", line.circle, _named("post", line.post))
    plain = evolve(line, text=line.said)
    return _digest("did", msgspec.json.encode(plain).decode())


def _digest(*parts: str) -> str:
    joined = msgspec.json.encode(parts)
    return f"import/{blake2b(joined, digest_size=16).hexdigest()}"
