"""
Where the files of an export are: in a folder, or in one zip file.
"""

import os
import shutil
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import IO, Final, Protocol
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile

from attrs import Factory, define, frozen

from circlekit.errors import ExportError, InvalidInputError

_CHUNK: Final = 2**20
_PACKED: Final = ".zip"
_NOT_UNPACKED: Final = (BadZipFile, EOFError, OSError, zlib.error)


@frozen
class Written:
    """
    One file of an export: how long it is, and a digest over it.
    """

    bytes: int
    sha256: str


class Place(Protocol):
    """
    Where an export is read from.
    """

    @contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        """
        Open one of its files.

        Raises:
            ExportError: If there is none.
        """
        ...


@define
class Folder:
    """
    A folder of files, each counted and digested as it is written.
    """

    path: Path
    written: dict[str, Written] = Factory(dict)

    @contextmanager
    def new(self, name: str) -> Iterator[IO[bytes]]:
        """
        Write one more file.
        """
        file = self.path / name
        file.parent.mkdir(exist_ok=True)
        with file.open("wb") as out:
            yield out
        self.written[name] = weighed(self, name)

    @contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        """
        Open one of its files.

        Raises:
            ExportError: If there is none.
        """
        try:
            opened = (self.path / name).open("rb")
        except OSError as error:
            raise _missing(name, error) from error
        with opened:
            yield opened


@define
class Packed:
    """
    A zip file with the same files in it.
    """

    archive: ZipFile

    @contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        """
        Open one of its files.

        Raises:
            ExportError: If there is none, or it cannot be unpacked.
        """
        try:
            unpacked = self.archive.open(name)
        except (*_NOT_UNPACKED, KeyError, RuntimeError) as error:
            raise _missing(name, error) from error
        try:
            with unpacked:
                yield unpacked
        except _NOT_UNPACKED as error:
            raise _missing(name, error) from error


def weighed(place: Place, name: str) -> Written:
    """
    Return how long a file is, and a digest over it.
    """
    digest, length = sha256(), 0
    with place.open(name) as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            length += len(chunk)
    return Written(length, digest.hexdigest())


@contextmanager
def new_place(path: Path) -> Iterator[Folder]:
    """
    Lend a folder beside *path*, which takes its place once all is written.

    Stopped anywhere before, there is nothing at *path*.

    Raises:
        InvalidInputError: If something is there already, or nothing can be written.
    """
    accepted = "a new folder, or a new file that ends in .zip"
    if path.exists() or path.is_symlink():
        raise InvalidInputError("path", f"{str(path)!r} is there already", accepted)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    packed = beside.with_name(f"{beside.name}{_PACKED}")
    try:
        try:
            beside.mkdir()
        except OSError as error:
            raise InvalidInputError("path", str(error.strerror), accepted) from error
        folder = Folder(beside)
        yield folder
        if path.suffix == _PACKED:
            _pack(folder, packed)
            packed.rename(path)
        else:
            beside.rename(path)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
        with suppress(OSError):
            packed.unlink()


@contextmanager
def place_at(path: Path) -> Iterator[Place]:
    """
    Open the place of an export that was written.

    Raises:
        ExportError: If there is none.
    """
    if path.is_dir():
        yield Folder(path)
        return
    try:
        archive = ZipFile(path)
    except (OSError, BadZipFile) as error:
        raise ExportError(f"cannot be opened: {error}") from error
    with archive:
        yield Packed(archive)


def _pack(folder: Folder, file: Path) -> None:
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        for name in (*sorted(folder.written), "manifest.json"):
            # What is packed already is only put in.
            how = ZIP_STORED if name.endswith(".parquet") else ZIP_DEFLATED
            archive.write(folder.path / name, name, how)


def _missing(name: str, error: Exception) -> ExportError:
    return ExportError(f"has a file {name!r} that cannot be read: {error}")
