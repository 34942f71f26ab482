"""
The manifest of an export: what it is, and a digest over each of its files.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Final, Literal, get_args

import msgspec
from attrs import frozen

from circlekit.archive.places import Folder, Place, Written
from circlekit.clock import Moment
from circlekit.errors import ExportError
from circlekit.ids import CircleId

FORMAT: Final = "circlekit export"
FORMAT_VERSION: Final = 1
FILE: Final = "manifest.json"
Form = Literal["ndjson", "parquet"]
FORMS: Final[tuple[Form, ...]] = get_args(Form)


@frozen(kw_only=True)
class Manifest:
    """
    What an export says of itself.

    Attributes:
        circlekit: The release that wrote it.

        circle: The one circle that it is of, None if it is of everything.

        form: What the events are written as, ``ndjson`` or ``parquet``.

        at: The last recorded moment, UTC.

        head: The head of the log that it was taken from, as ``verify`` prints it.

        events: How many events it has.

        kinds: How many of them are about each kind of thing.

        feed_items: How many items of each feed it has at most, None for all.

        files: Every other file, by name.
    """

    circlekit: str
    circle: CircleId | None
    form: Form
    at: Moment
    head: str
    events: int
    kinds: Mapping[str, int]
    feed_items: Annotated[int, msgspec.Meta(ge=0)] | None
    files: dict[str, Written]

    def write(self, folder: Folder) -> None:
        """
        Write it beside the files that it is about.
        """
        document = {
            "format": FORMAT,
            "format_version": FORMAT_VERSION,
            **msgspec.to_builtins(self, builtin_types=(datetime,)),
        }
        text = msgspec.json.format(msgspec.json.encode(document))
        (folder.path / FILE).write_bytes(text + b"\n")

    @classmethod
    def read(cls, place: Place) -> "Manifest":
        """
        Return the manifest of an export.

        Raises:
            ExportError: If there is none, or one of another version.
        """
        with place.open(FILE) as file:
            text = file.read()
        try:
            document = msgspec.json.decode(text, type=dict)
            if document.pop("format", None) != FORMAT:
                raise ExportError(f"does not say that it is a {FORMAT}")
            if (found := document.pop("format_version", None)) != FORMAT_VERSION:
                problem = f"is of version {found!r}, and this code reads"
                raise ExportError(f"{problem} {FORMAT_VERSION}")
            return msgspec.convert(document, cls)
        except (ValueError, RecursionError) as error:
            if isinstance(error, ExportError):
                raise
            raise ExportError(f"has a manifest that is none: {error}") from error
