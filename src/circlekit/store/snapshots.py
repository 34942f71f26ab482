"""
Where long histories have got to, so that they need not be read from the beginning.

A snapshot is no history: it can be deleted at any time, no audit reads one, and
none is believed that does not fit the event it was taken at.
"""

from typing import Final
from zlib import crc32

from attrs import frozen

from circlekit.events.record import Recorded
from circlekit.store import log
from circlekit.store.session import Session

_KEPT: Final = f"""
SELECT s.body, s.checksum, {", ".join(f"e.{it}" for it in log.COLUMNS.split(", "))},
e.digest
FROM circlekit_snapshot s
JOIN circlekit_event e
ON e.stream = s.stream AND e.version = s.version AND e.digest = s.digest
WHERE s.stream = :stream AND s.form = :form
"""
_KEEP: Final = """
INSERT INTO circlekit_snapshot (stream, version, form, digest, body, checksum)
VALUES (:stream, :version, :form, :digest, :body, :checksum)
ON CONFLICT (stream) DO UPDATE SET version = excluded.version, form = excluded.form,
digest = excluded.digest, body = excluded.body, checksum = excluded.checksum
"""


@frozen
class Snapshot:
    """
    What a history had come to.

    Attributes:
        newest: The event that it was taken at.

        digest: That event's.

        body: The state, in the form of this release.
    """

    newest: Recorded
    digest: bytes
    body: bytes


def kept(session: Session, stream: str, form: str) -> Snapshot | None:
    """
    Return the newest snapshot of a history that is in this form and fits it.

    A snapshot that was altered is passed over, as if there were none.

    Raises:
        CorruptEventError: If the event that it was taken at was altered.
    """
    for body, checksum, *row, digest in session.all(
        _KEPT, {"stream": stream, "form": form}, lenient=True
    ):
        newest = log.opened(tuple(row))
        if isinstance(body, bytes) and checksum == _checksum(newest, form, body):
            return Snapshot(newest, digest, body)
    return None


def keep(
    session: Session, newest: Recorded, digest: bytes, form: str, body: bytes
) -> None:
    """
    Keep the snapshot of a history, in place of its earlier one.
    """
    session.run(
        _KEEP,
        {
            "stream": newest.stream,
            "version": newest.version,
            "form": form,
            "digest": digest,
            "body": body,
            "checksum": _checksum(newest, form, body),
        },
    )


def _checksum(newest: Recorded, form: str, body: bytes) -> int:
    return crc32(body, crc32(f"{newest.stream}\n{newest.version}\n{form}\n".encode()))
