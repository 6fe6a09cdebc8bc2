"""The files of the archive: lines, compressed, in a storage of Django's."""

import gzip
import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, Final

from django.conf import settings
from django.core.files import File
from django.core.files.storage import FileSystemStorage, Storage, storages

ALIAS: Final = "archive"


class Damaged(Exception):
    """A file is not there, or is not what was written."""


class Missing(Exception):
    """No storage is set up for the archive: a bug of whoever asked for it."""


@dataclass(frozen=True, slots=True)
class Written:
    """What was written: lines, compressed bytes, and their SHA-256."""

    rows: int
    size: int
    sha256: bytes


class DurableFiles(FileSystemStorage):
    """Files that are on the disk, and not only on their way to it, once they are saved."""

    def _save(self, name: str, content: "File[Any]") -> str:
        saved: str = super()._save(name, content)  # type: ignore[misc]
        path, root = Path(self.path(saved)), Path(self.location)
        for each in (path, *(folder for folder in path.parents if folder.is_relative_to(root))):
            number = os.open(each, os.O_RDONLY)
            try:
                os.fsync(number)
            finally:
                os.close(number)
        return saved


def there_is_one() -> bool:
    """Tell whether a storage is set up; without one nothing that is to be archived may go."""
    return ALIAS in settings.STORAGES


def write(name: str, lines: Iterable[bytes]) -> Written | None:
    """Write lines to a new file and read it back; no lines are no file, and None."""
    rows = 0
    with TemporaryFile() as file:
        with gzip.open(file, "wb") as packing:
            for line in lines:
                packing.write(line + b"\n")
                rows += 1
        if not rows:
            return None
        written = Written(rows=rows, size=file.tell(), sha256=_digest(file))
        _storage().save(name, File(file))
    with opened(name, sha256=written.sha256):
        return written


@contextmanager
def opened(name: str, *, sha256: bytes) -> Iterator[Iterator[bytes]]:
    """Give the lines of a file, all of which is as it was written.

    Raises:
        Damaged: it is not there, or its digest is another.
    """
    with TemporaryFile() as copy:
        try:
            with _storage().open(name) as stored:
                for chunk in stored.chunks():
                    copy.write(chunk)
        except FileNotFoundError:
            raise Damaged(f"{name} is not there") from None
        if _digest(copy) != sha256:
            raise Damaged(f"{name} is not what was written")
        with gzip.open(copy) as unpacking:
            yield (line.rstrip(b"\n") for line in unpacking)


def delete(name: str) -> None:
    """Delete a file; one that is not there is left alone."""
    _storage().delete(name)


def _storage() -> Storage:
    if not there_is_one():
        raise Missing
    return storages[ALIAS]


def _digest(file: Any) -> bytes:
    """Return the SHA-256 of a whole file, and leave it at its beginning."""
    file.seek(0)
    digest = hashlib.file_digest(file, "sha256").digest()
    file.seek(0)
    return digest
