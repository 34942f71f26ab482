"""
Read a standard Slack export: a folder, or the zip file it came in.

Messages without replies are group messages; the roots of threads and shared
files are posts; replies and comments on files are comments; a message to
everybody (``<!channel>``, ``<!here>``, ``<!everyone>``) is an announcement. What
Slack itself writes about topics, names and purposes of channels is left out.
"""

import html
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from operator import attrgetter
from pathlib import Path
from typing import Any, Final

import msgspec
from attrs import Factory, define, frozen

from circlekit.cli.lines import Action, BadLine, Line, Numbered
from circlekit.clock import EPOCH
from circlekit.errors import InvalidInputError

_EVERYBODY: Final = re.compile(r"<!(?:channel|here|everyone)(?:\|[^<>]*)?>")
_MARKED: Final = re.compile(r"(?<=(.))?<([^<>]+)>(?=(\w?))")
_SPOKEN: Final = {None, "bot_message", "me_message", "thread_broadcast"}
_MEMBERSHIP: Final[dict[str, Action]] = {
    "channel_join": "join",
    "group_join": "join",
    "channel_leave": "leave",
    "group_leave": "leave",
}
_ACCEPTED: Final = "a folder or zip file with users.json and a folder for each channel"

_NO_MESSAGE: Final = (
    *(ArithmeticError, AttributeError),
    *(LookupError, TypeError, ValueError),
)
# No JSON, or a file of a zip that was altered, has a password, or is packed by
# something newer.
_NOT_READ: Final = (
    *(msgspec.DecodeError, OSError, EOFError),
    *(zipfile.BadZipFile, zlib.error, RuntimeError),
)

_Root = Path | zipfile.Path


def size(path: Path) -> int:
    """
    Return how much there is to read, in files of messages.

    Raises:
        InvalidInputError: If there is no Slack export at that path.
    """
    return len(_message_files(_opened(path)))


def read(path: Path, *, circle: str) -> Iterator[Numbered]:
    """
    Return what an export tells, in time order.

    Args:
        path: The folder or zip file.
        circle: What the workspace is called; an export does not say.

    Raises:
        InvalidInputError: If there is no Slack export at that path.
    """
    root = _opened(path)
    files = _message_files(root)
    told: list[_Told] = []
    for channel, file in files:
        where = f"{channel}/{file.name}"
        try:
            messages = msgspec.json.decode(file.read_bytes(), type=list[dict[str, Any]])
        except _NOT_READ as error:
            yield Numbered(where, BadLine(str(error)), 0)
            continue
        told += [_Told.of(channel, where, message) for message in messages]
    told.sort(key=attrgetter("order", "channel"))
    export = _Export(circle, _names(root))
    export.look_through(told)
    for number, message in enumerate(told, start=1):
        done = number * len(files) // len(told)
        try:
            for line in export.lines(message):
                yield Numbered(message.where, line, done)
        except _NO_MESSAGE as error:
            problem = f"no message of Slack's: {type(error).__name__} {error}"
            yield Numbered(message.where, BadLine(problem), done)


@frozen
class _Told:
    """
    One message of an export, as Slack wrote it.
    """

    channel: str
    where: str
    order: Decimal
    message: dict[str, Any]

    @classmethod
    def of(cls, channel: str, where: str, message: dict[str, Any]) -> "_Told":
        stamp = message.get("ts")
        try:
            order = Decimal(str(stamp))
        except InvalidOperation:
            order = Decimal(0)
        if order.is_nan():  # is neither before nor after anything
            order = Decimal(0)
        return cls(channel, f"{where} ts {stamp}", order, message)

    @property
    def id(self) -> str:
        return f"{self.channel}:{self.message['ts']}"

    @property
    def at(self) -> datetime:
        # The digits after the milliseconds only tell messages apart.
        milliseconds = int(Decimal(str(self.message["ts"])) * 1000)
        return EPOCH + timedelta(milliseconds=milliseconds)


@frozen
class _User:
    """
    Somebody in a workspace.
    """

    id: str
    name: str | None = None


@define
class _Export:
    """
    What has to be known of the whole export to read one message of it.
    """

    circle: str
    names: dict[str, str]
    thread_roots: set[str] = Factory(set)
    shared_files: dict[str, str] = Factory(dict)

    def look_through(self, told: list[_Told]) -> None:
        for it in told:
            thread = it.message.get("thread_ts")
            if thread is not None and thread != it.message.get("ts"):
                self.thread_roots.add(f"{it.channel}:{thread}")
            if "ts" not in it.message or it.message.get("subtype") == "file_comment":
                continue
            with suppress(*_NO_MESSAGE):  # it will be said when its turn comes
                for file in _files(it.message):
                    self.shared_files.setdefault(file, it.id)

    def lines(self, it: _Told) -> Iterator[Line]:
        message = it.message
        subtype = message.get("subtype")
        if subtype in _MEMBERSHIP:
            yield self._line(it, _MEMBERSHIP[subtype], post=None)
            return
        if subtype == "pinned_item":
            yield self._line(it, "pin", post=self._pinned(it))
            return
        if subtype == "file_comment":
            (file,) = _files(message)
            yield self._said(it, "comment", in_reply_to=self.shared_files.get(file))
        elif subtype in _SPOKEN or subtype == "file_share":
            thread = message.get("thread_ts")
            if thread is not None and thread != message["ts"]:
                root = f"{it.channel}:{thread}"
                yield self._said(it, "comment", in_reply_to=root)
            else:
                yield self._said(it, self._opening(it))
        else:
            return  # Slack's own words about topics, names and purposes
        for reaction in message.get("reactions", ()):
            for user in reaction["users"]:
                yield Line(
                    at=it.at,
                    actor=self._name(user),
                    action="react",
                    circle=self.circle,
                    group=it.channel,
                    post=it.id,
                    text=reaction["name"],
                )

    def _opening(self, it: _Told) -> Action:
        if _EVERYBODY.search(it.message["text"]):
            return "announce"
        is_root = it.id in self.thread_roots or it.message.get("reply_count")
        return "post" if is_root or _files(it.message) else "message"

    def _said(
        self, it: _Told, action: Action, *, in_reply_to: str | None = None
    ) -> Line:
        text = self._readable(it.message["text"])
        return self._line(it, action, post=it.id, in_reply_to=in_reply_to, text=text)

    def _line(
        self,
        it: _Told,
        action: Action,
        *,
        post: str | None,
        in_reply_to: str | None = None,
        text: str = "",
    ) -> Line:
        return Line(
            at=it.at,
            actor=self._name(_author(it.message)),
            action=action,
            circle=self.circle,
            group=it.channel,
            post=post,
            in_reply_to=in_reply_to,
            text=text,
        )

    def _pinned(self, it: _Told) -> str | None:
        for attachment in it.message.get("attachments", ()):
            if "ts" in attachment:
                channel = attachment.get("channel_name", it.channel)
                return f"{channel}:{attachment['ts']}"
        return None

    def _name(self, user: str) -> str:
        return self.names.get(user, user)

    def _readable(self, text: str) -> str:
        return html.unescape(_MARKED.sub(self._plain, text))

    def _plain(self, match: re.Match[str]) -> str:
        before, marked, after = match.groups()
        target, _, label = marked.partition("|")
        # Names that stand close to a word would grow together with it.
        left = " " if before and not before.isspace() and before not in "([{\"'" else ""
        right = " " if after else ""
        match target[:1]:
            case "@":
                return f"{left}@{label or self._name(target[1:])}{right}"
            case "#":
                return f"{left}#{label or target[1:]}{right}"
            case "!":
                return f"{left}@{target[1:]}{right}"
            case _:
                return label or target


def _opened(path: Path) -> _Root:
    if not path.exists():
        raise InvalidInputError("PATH", f"{path.name!r} does not exist", _ACCEPTED)
    root: _Root = path
    if path.is_file():
        try:
            root = zipfile.Path(zipfile.ZipFile(path))
        except zipfile.BadZipFile as error:
            raise InvalidInputError("PATH", str(error), _ACCEPTED) from error
    for candidate in (root, *(child for child in root.iterdir() if child.is_dir())):
        if (candidate / "users.json").is_file():
            return candidate
    raise InvalidInputError("PATH", f"{path.name!r} has no users.json", _ACCEPTED)


def _message_files(root: _Root) -> list[tuple[str, _Root]]:
    channels: list[_Root] = [child for child in root.iterdir() if child.is_dir()]
    files: list[tuple[str, _Root]] = [
        (channel.name, file)
        for channel in channels
        for file in channel.iterdir()
        if file.name.endswith(".json")
    ]
    return sorted(files, key=lambda it: (it[0], it[1].name))


def _names(root: _Root) -> dict[str, str]:
    try:
        users = msgspec.json.decode(
            (root / "users.json").read_bytes(), type=list[_User]
        )
    except _NOT_READ as error:
        raise InvalidInputError("users.json", str(error), _ACCEPTED) from error
    # Two people of one name stay two, and are called alike whatever their order.
    called = Counter(user.name for user in users)
    return {
        user.id: f"{user.name}.{user.id}"
        if user.name and called[user.name] > 1
        else user.name or user.id
        for user in users
    }


def _author(message: dict[str, Any]) -> str:
    author = message.get("user") or message.get("bot_id")
    if author is None and "comment" in message:
        author = message["comment"]["user"]
    if author is None:
        raise KeyError("user")
    return str(author)


def _files(message: dict[str, Any]) -> list[str]:
    shared = message.get("files") or [message.get("file")]
    return [file["id"] for file in shared if file]
