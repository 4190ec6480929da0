"""Uploaded files, copied into the store before anybody is told that they are accepted: ``<root>/uploads/<sha256>``."""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple
from uuid import uuid4

from leaderboard.queue.submissions import NotAcceptedError
from submissions.limits import Limits as ReadingLimits

if TYPE_CHECKING:
    from collections.abc import Container, Iterator
    from pathlib import Path

    from leaderboard.queue.admission import Limits

FOLDER = "uploads"
CHUNK_BYTES = 2**20
PARTIAL_AFTER_S = 3_600.0
"""A partial copy that nobody has written to for so long is one of a process that was killed."""


class Upload(NamedTuple):
    """A file in the store."""

    sha256: str
    size_bytes: int


class Uploads:
    """The folder of uploads; the same bytes are kept once."""

    def __init__(self, root: Path) -> None:
        """Below the store's folder; nothing is made yet."""
        self.folder = root / FOLDER

    def path(self, sha256: str) -> Path:
        """Where a file of this content is."""
        return self.folder / sha256

    def keep(self, source: Path, limits: Limits) -> Upload:
        """Copy a file into the store; when this returns it is on the disk, whole.

        Raises:
            NotAcceptedError: it is larger than a submission may be, or there is no room for it.
            OSError: the folder cannot be written.

        """
        size = source.stat().st_size
        _check_size(size)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._check_room(size, limits)
        partial = self.folder / f"{uuid4().hex}.part"
        try:
            upload = _copy(source, partial)
            partial.rename(self.path(upload.sha256))
        finally:
            partial.unlink(missing_ok=True)
        _sync_folder(self.folder)
        return upload

    def total_bytes(self) -> int:
        """Size of all that is kept, partial copies too."""
        return sum(status.st_size for _, status in self._files())

    def sweep(self, kept: Container[str]) -> list[Path]:
        """Delete the copies that killed processes left: partial ones, and whole ones that entered no queue."""
        if not self.folder.is_dir():
            return []
        old = time.time() - PARTIAL_AFTER_S
        left = [path for path, status in self._files() if path.name not in kept and status.st_mtime < old]
        for path in left:
            path.unlink(missing_ok=True)
        return left

    def _files(self) -> Iterator[tuple[Path, os.stat_result]]:
        """What is there; a partial copy may be renamed or gone by the time it is looked at."""
        for path in self.folder.iterdir():
            with suppress(FileNotFoundError):
                yield path, path.stat()

    def _check_room(self, size: int, limits: Limits) -> None:
        free = shutil.disk_usage(self.folder).free
        if limits.free_bytes is not None and free - size < limits.free_bytes:
            msg = (
                f"this server's disk is full: {_megabytes(free)} are free, of which {_megabytes(limits.free_bytes)} "
                "stay free; please tell the maintainers"
            )
            raise NotAcceptedError(msg)
        if limits.uploads_bytes is not None and self.total_bytes() + size > limits.uploads_bytes:
            msg = (
                f"this server keeps {_megabytes(limits.uploads_bytes)} of uploads and has no room for another "
                f"{_megabytes(size)}; please try again in a few days"
            )
            raise NotAcceptedError(msg)


def sha256_of(path: Path) -> str:
    """Hex sha256 of the bytes of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _copy(source: Path, target: Path) -> Upload:
    """Copy, hash and count in one pass: what is counted is what is kept."""
    digest, size = hashlib.sha256(), 0
    with source.open("rb") as read, target.open("xb") as written:
        while chunk := read.read(CHUNK_BYTES):
            size += len(chunk)
            _check_size(size)
            digest.update(chunk)
            written.write(chunk)
        written.flush()
        os.fsync(written.fileno())
    return Upload(digest.hexdigest(), size)


def _check_size(size: int) -> None:
    allowed = ReadingLimits().upload_bytes
    if size > allowed:
        msg = f"the file has more than {allowed:,} bytes, the most that a submission may have; compress it"
        raise NotAcceptedError(msg)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"
