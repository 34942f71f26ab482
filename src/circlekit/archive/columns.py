"""
The events of an export as a Parquet file, one row an event.

Common to all events are columns with types; the body is JSON text.
"""

from collections.abc import Iterator
from typing import IO, Any, Final

from circlekit.archive.belonging import REFUSED, kind_of
from circlekit.clock import micros
from circlekit.errors import CorruptEventError, ExportError
from circlekit.events.record import subject_of
from circlekit.store.log import ChainedRow

FILE: Final = "events.parquet"
_ROWS: Final = 20_000
_READ: Final = (
    *("position", "stream", "version", "name", "body"),
    *("checksum", "digest"),
)


class ColumnWriter:
    """
    Writes events to a Parquet file, some thousands at a time.
    """

    def __init__(self, file: IO[bytes]) -> None:
        pa, pq = arrow()
        self._table = pa.Table
        self._schema = pa.schema(
            [
                ("position", pa.int64()),
                ("stream", pa.string()),
                ("kind", pa.string()),
                ("subject", pa.string()),
                ("refused", pa.bool_()),
                ("version", pa.int32()),
                ("name", pa.string()),
                ("at", pa.timestamp("us", tz="UTC")),
                ("by", pa.string()),
                ("body", pa.string()),
                ("checksum", pa.int64()),
                ("digest", pa.string()),
            ]
        )
        self._writer = pq.ParquetWriter(file, self._schema, compression="zstd")
        self._rows: list[dict[str, Any]] = []

    def write(self, row: ChainedRow, event: Any) -> None:
        """
        Write one event.
        """
        position, stream, version, name, body, checksum, digest = row
        self._rows.append(
            {
                "position": position,
                "stream": stream,
                "kind": kind_of(stream),
                "subject": subject_of(stream),
                "refused": stream.startswith(REFUSED),
                "version": version,
                "name": name,
                "at": micros(event.at),
                "by": getattr(event, "by", None),
                "body": body.decode(),
                "checksum": checksum,
                "digest": digest.hex(),
            }
        )
        if len(self._rows) == _ROWS:
            self._put()

    def close(self) -> None:
        """
        Write the rest and the file's end.
        """
        if self._rows:
            self._put()
        self._writer.close()

    def _put(self) -> None:
        self._writer.write_table(self._table.from_pylist(self._rows, self._schema))
        self._rows.clear()


def read_columns(file: IO[bytes]) -> Iterator[tuple[str, ChainedRow]]:
    """
    Return every event with where it stands, as in ``row 12``; nothing is compared.

    Raises:
        CorruptEventError: If a row is no event.
        ExportError: If the file is no Parquet file of events.
    """
    pa, pq = arrow(to_write=False)
    number = 0
    try:
        for batch in pq.ParquetFile(file).iter_batches(_ROWS, columns=list(_READ)):
            for row in batch.to_pylist():
                number += 1
                where = f"row {number}"
                try:
                    body, digest = row["body"].encode(), bytes.fromhex(row["digest"])
                except (AttributeError, TypeError, ValueError) as error:
                    problem = f"is no row of an export: {error}"
                    raise CorruptEventError(FILE, number, problem) from error
                yield (
                    where,
                    (
                        row["position"],
                        row["stream"],
                        row["version"],
                        row["name"],
                        body,
                        row["checksum"],
                        digest,
                    ),
                )
    except (pa.ArrowException, KeyError, OSError) as error:
        raise ExportError(f"has no Parquet file of events: {error}") from error


def arrow(*, to_write: bool = True) -> tuple[Any, Any]:
    """
    Return the library that Parquet files are written and read with.

    Raises:
        ExportError: If it is not installed.
    """
    try:
        import pyarrow as pa  # noqa: PLC0415 - the extra's
        import pyarrow.parquet as pq  # noqa: PLC0415
    except ImportError:
        extra = "circlekit with the extra `parquet` installed"
        if to_write:
            problem = "cannot be written as Parquet without pyarrow"
            raise ExportError(problem, f"{extra}, or the format ndjson") from None
        problem = "is in Parquet, which cannot be read without pyarrow"
        raise ExportError(problem, extra) from None
    return pa, pq
